"""Figures and tables that would leave a page half empty let the text that follows them go first.

A figure that no longer fits on a page moves to the next as a whole, and leaves a gap. A book fills it with the
paragraphs that come after: the figure stays at the top of the next page, and nothing else changes its place.
WeasyPrint has no such floats, so a page is laid out, its gaps are found, paragraphs change places with the figures,
and the page is laid out again.

The print template marks its parts with comments, `<!--part fig:momentum-->`, which lay-out does not see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lrreport.article.pdf.boxes import FOOTNOTE_AREA, boxes_of, footnote_areas, identifier_of, page_box

if TYPE_CHECKING:
    from weasyprint import Document

#: Gaps up to this are left as they are, in CSS pixels: 18 mm.
SMALLEST_GAP: Final = 68.0
#: No gap should be larger: a fifth of the text's height.
LARGEST_GAP: Final = 190.0
_MARK: Final = re.compile(r"<!--part ([\w-]+):([\w.-]*)-->")
_END: Final = "<!--end of parts-->"
_NOTE: Final = re.compile(r'<span class="fn" data-number="(\d+)">')
#: A heading inside a section; what stands below it may go before a figure above it, with the heading.
_SUBHEADING: Final = "sub"
#: What may be put off, and what may go before it.
_FLOATS: Final = frozenset({"fig", "tab"})
_FILLERS: Final = frozenset({"p", "tab", _SUBHEADING})
_HEADINGS: Final = frozenset({"sec", _SUBHEADING})
#: An element that begins a page stands within this distance of its top.
_NEAR: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Part:
    """A marked part of the page's HTML: its key, and what stands up to the next mark."""

    key: str
    html: str

    @property
    def kind(self) -> str:
        kind = self.key.partition(":")[0]
        return _SUBHEADING if kind == "sec" and self.html.lstrip().startswith("<h3") else kind

    def identifier(self, language: str) -> str:
        """The id of its element; a part of another kind has none that is looked for."""
        kind, _, name = self.key.partition(":")
        return f"{language}-{name}" if kind == "sec" else f"{language}-{kind}-{name}"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an element begins, and what its style says of space and page breaks.

    Attributes:
        page: Counted from 0.
        top: How far its border is below the page's top.
        last_page: The page on which it ends.
        bottom: Where it ends on that page, without its margin.
        above: Its margin, which is dropped at a page's top.
        below: Likewise.
        is_whole: Whether it is never divided.
        is_forced: Whether it begins a page in any case.
    """

    page: int
    top: float
    last_page: int
    bottom: float
    above: float
    below: float
    is_whole: bool
    is_forced: bool


@dataclass(frozen=True, slots=True)
class _Unit:
    """A part whose place is known, or those without an id between two such parts.

    Attributes:
        parts: In order.
        page: On which it begins, counted from 0.
        top: How far its border is below the page's top.
        height: Inside its margins, over all pages that it takes.
        last_page: The page on which it ends.
        bottom: Where it ends on that page.
        above: Its margin, which is dropped at a page's top; of two that meet the larger counts.
        below: Likewise.
        feet: What its footnotes take from the foot of its page.
        is_whole: Whether it is never divided.
        is_forced: Whether it begins a page in any case.
    """

    parts: tuple[_Part, ...]
    page: int
    top: float
    height: float
    last_page: int
    bottom: float
    above: float = 0.0
    below: float = 0.0
    feet: float = 0.0
    is_whole: bool = False
    is_forced: bool = False

    @property
    def kind(self) -> str:
        return self.parts[0].kind


@dataclass(slots=True)
class _Pen:
    """How far the pages are filled.

    Attributes:
        length: Of a page.
        page: Counted from 0.
        y: Where the last unit ends on it.
        below: The margin below that.
        feet: What the page's footnotes take so far.
    """

    length: float
    page: int = 0
    y: float = 0.0
    below: float = 0.0
    feet: float = 0.0

    @property
    def room(self) -> float:
        """What is left of the page."""
        return self.length - self.feet - self.y

    def has_room_for(self, units: Sequence[_Unit]) -> bool:
        """Whether units end on this page, with their footnotes."""
        feet = self.feet + sum(unit.feet for unit in units)
        return self._reach(units) + feet <= self.length

    def turn(self) -> None:
        """Begin a page."""
        self.page, self.y, self.below, self.feet = self.page + 1, 0.0, 0.0, 0.0

    def put(self, *units: _Unit) -> None:
        """Add units below the last; those that are not whole go on overleaf."""
        for unit in units:
            y = self._reach([unit])
            self.feet += unit.feet
            if abs(y - unit.height - unit.top) <= _NEAR:
                self._end(unit, pages=unit.last_page - unit.page)  # it is cut where it was
                continue
            while y > self.length - self.feet:
                y -= self.length - self.feet
                self.page, self.feet = self.page + 1, 0.0
            self.y, self.below = y, unit.below

    def put_as_laid_out(self, unit: _Unit) -> None:
        """Add a unit where it was."""
        self.feet = unit.feet + (self.feet if unit.page == self.page else 0.0)
        self.page = unit.page
        self._end(unit, pages=unit.last_page - unit.page)

    def _end(self, unit: _Unit, *, pages: int) -> None:
        self.page, self.y, self.below = self.page + pages, unit.bottom, unit.below
        self.feet = 0.0 if pages else self.feet

    def _reach(self, units: Iterable[_Unit]) -> float:
        y, below = self.y, self.below
        for unit in units:
            y += unit.height + (max(below, unit.above) if y > 0 else 0.0)
            below = unit.below
        return y


def fill_gaps(html: str, document: Document, *, language: str) -> str | None:
    """Put paragraphs before the figures and tables that leave gaps on the pages before them.

    What comes after the first change is reckoned, not known: the layout that follows shows how well.

    Args:
        html: The page that was laid out.
        document: Its layout.
        language: The language with which ids begin.

    Returns:
        The page with its parts in another order, or None when there is nothing to gain.
    """
    head, parts, tail = _split(html)
    before, units = _list_units(parts, document, language)
    order = _reorder(units, _page_height(document))
    if order == units:
        return None
    moved = [*before, *(part for unit in order for part in unit.parts)]
    return head + "".join(f"<!--part {part.key}-->{part.html}" for part in moved) + _END + tail


def _list_units(parts: Sequence[_Part], document: Document, language: str) -> tuple[list[_Part], list[_Unit]]:
    """The parts before the first whose place is known, and the units after it."""
    boxes = _boxes_by_id(document)
    feet = _measure_footnotes(document)
    filled = [_measure_page(page)[0] for page in document.pages]
    starts = [sum(filled[:number]) for number in range(len(filled) + 1)]
    known = [number for number, part in enumerate(parts) if part.identifier(language) in boxes]
    units: list[_Unit] = []
    if not known:
        return list(parts), units
    for number, after in zip(known, [*known[1:], len(parts)], strict=True):
        place = boxes[parts[number].identifier(language)]
        following = boxes[parts[after].identifier(language)] if after < len(parts) else None
        height = starts[place.last_page] + place.bottom - starts[place.page] - place.top
        unit = _Unit(
            parts=tuple(parts[number : number + 1]),
            page=place.page,
            top=place.top,
            height=height,
            last_page=place.last_page,
            bottom=place.bottom,
            above=place.above,
            below=place.below,
            feet=sum(feet.get(note, 0.0) for note in _NOTE.findall(parts[number].html)),
            is_whole=place.is_whole or parts[number].kind in _HEADINGS,
            is_forced=place.is_forced,
        )
        units.append(unit)
        if rest := tuple(parts[number + 1 : after]):
            # What follows it without an id goes on below it, maybe overleaf: where is not needed.
            end = _flow_to(following, starts) if following else starts[-1]
            last_page = following.page if following else place.last_page
            taken = place.bottom + place.below
            left = max(0.0, end - starts[place.last_page] - taken)
            units.append(_Unit(rest, place.last_page, taken, left, last_page, end - starts[last_page]))
    return list(parts[: known[0]]), units


def _flow_to(place: _Place, starts: Sequence[float]) -> float:
    """Where a place's upper margin begins, were all pages one."""
    return starts[place.page] + place.top - (place.above if place.top > _NEAR else 0.0)


def _reorder(units: Sequence[_Unit], length: float) -> list[_Unit]:
    """Go through the pages; where a float leaves a gap, take what follows it first."""
    waiting, order = list(units), list[_Unit]()
    pen = _Pen(length)
    is_known = True
    while waiting:
        unit = waiting.pop(0)
        if is_known:
            begins_page = unit.page > pen.page and unit.top <= _NEAR
        else:
            held = _held_together(unit, waiting)
            begins_page = unit.is_forced or (unit.is_whole and not pen.has_room_for(held))
        if begins_page and unit.kind in _FLOATS and pen.room >= SMALLEST_GAP:
            fillers = _find_fillers(unit, waiting, pen)
            if fillers:
                order += fillers
                pen.put(*fillers)
                del waiting[: len(fillers)]
                is_known = False
        order.append(unit)
        if is_known:
            pen.put_as_laid_out(unit)
        else:
            if begins_page:
                pen.turn()
            pen.put(unit)
    return order


def _held_together(unit: _Unit, following: Sequence[_Unit]) -> list[_Unit]:
    """A unit; and of a heading what stands below it, since no heading ends a page."""
    held = [unit]
    for item in following:
        if held[-1].kind not in _HEADINGS:
            break
        held.append(item)
    return held


def _find_fillers(unit: _Unit, waiting: Sequence[_Unit], pen: _Pen) -> list[_Unit]:
    """What follows a float and fits whole into the gap before it; a heading does not end it."""
    fillers: list[_Unit] = []
    for item in waiting:
        is_filler = item.kind in _FILLERS and item.kind != unit.kind and item.is_whole
        if not is_filler or not pen.has_room_for([*fillers, item]):
            break
        fillers.append(item)
    while fillers and fillers[-1].kind == _SUBHEADING:
        fillers.pop()
    return fillers


def _page_height(document: Document) -> float:
    return float(page_box(document.pages[0]).height)


def rate_gaps(document: Document) -> float:
    """How bad a layout's gaps are: one large gap is worse than two half as large; before a forced break is none."""
    return sum(gap * gap for gap in _avoidable_gaps(document) if gap >= SMALLEST_GAP)


def has_large_gap(document: Document) -> bool:
    """Whether a page ends with a gap that a reader takes for the end of a chapter."""
    return max(_avoidable_gaps(document), default=0.0) > LARGEST_GAP


def _avoidable_gaps(document: Document) -> list[float]:
    gaps = zip(measure_gaps(document), document.pages[1:], strict=True)
    return [gap for gap, following in gaps if not _is_forced(following)]


def measure_gaps(document: Document) -> tuple[float, ...]:
    """The empty height at the foot of every page but the last, in CSS pixels."""
    return tuple(_measure_page(page)[1] for page in document.pages[:-1])


def _measure_page(page: Any) -> tuple[float, float]:
    """How far a page is filled, and what is left down to its footnotes or its end."""
    box = page_box(page)
    feet = sum(area.margin_height() for area in footnote_areas(page))
    top = box.content_box_y()
    lowest = max((_bottom(item) for item in _content(box)), default=top)
    return float(lowest - top), max(0.0, float(top + box.height - feet - lowest))


def _measure_footnotes(document: Document) -> dict[str, float]:
    """What each footnote takes from a page that has no other, by its number."""
    heights = {}
    for page in document.pages:
        for area in footnote_areas(page):
            notes = {box.element.get("data-number"): box.margin_height() for box in area.children}
            frame = area.margin_height() - sum(notes.values())
            heights.update({number: float(height + frame) for number, height in notes.items()})
    return heights


def _is_forced(page: Any) -> bool:
    """Whether a page begins because its first element asks for it."""
    box = page_box(page)
    while children := [item for item in getattr(box, "children", ()) if type(item).__name__ != "MarginBox"]:
        box = children[0]
        if box.style["break_before"] == "page":
            return True
    return False


def _split(html: str) -> tuple[str, list[_Part], str]:
    body, _, tail = html.partition(_END)
    pieces = _MARK.split(body)
    parts = [
        _Part(f"{kind}:{name}", text) for kind, name, text in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True)
    ]
    return pieces[0], parts, tail


def _boxes_by_id(document: Document) -> dict[str, _Place]:
    """The place of the first box of every element that has an id."""
    found: dict[str, _Place] = {}
    for number, page in enumerate(document.pages):
        page_top = page_box(page).content_box_y()
        for box in boxes_of(page):
            identifier = identifier_of(box)
            if not identifier or not hasattr(box, "margin_height"):
                continue
            top = float(box.border_box_y() - page_top)
            bottom = top + float(box.border_height())
            if (first := found.get(identifier)) is not None:
                # What goes on overleaf is a box of its own there, and so are the lines inside.
                lowest = max(bottom, first.bottom) if number == first.last_page else bottom
                found[identifier] = replace(first, last_page=number, bottom=lowest)
                continue
            found[identifier] = _Place(
                page=number,
                top=top,
                last_page=number,
                bottom=bottom,
                above=_length(getattr(box.style["margin_top"], "value", 0.0)),
                below=_length(getattr(box.style["margin_bottom"], "value", 0.0)),
                is_whole=box.style["break_inside"] == "avoid",
                is_forced=box.style["break_before"] == "page",
            )
    return found


def _content(parent: Any) -> Iterator[Any]:
    """Lines, pictures and tables of a page's text, without header and footer."""
    for child in parent.children:
        if type(child).__name__ in ("MarginBox", FOOTNOTE_AREA):
            continue
        for box in (child, *child.descendants()):
            if type(box).__name__ in ("LineBox", "TableBox", "BlockReplacedBox", "InlineReplacedBox", "FlexBox"):
                yield box


def _bottom(box: Any) -> float:
    return float(box.position_y + _length(box.height))


def _length(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
