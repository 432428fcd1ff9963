"""Figures and tables that would leave a page half empty let the text that follows them go first.

A figure that no longer fits on a page moves to the next as a whole, and leaves a gap. A book fills it with the
paragraphs that come after: the figure stays at the top of the next page, and nothing else changes its place.
WeasyPrint has no such floats, so a page is laid out, its gaps are found, paragraphs change places with the figures,
and the page is laid out again.

The print template marks its parts with comments, `<!--part fig:momentum-->`, which lay-out does not see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from weasyprint import Document

#: Gaps up to this are left as they are, in CSS pixels: 18 mm.
SMALLEST_GAP: Final = 68.0
_MARK: Final = re.compile(r"<!--part ([\w-]+):([\w.-]*)-->")
_END: Final = "<!--end of parts-->"
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
    """Where an element begins, and what its style says of page breaks.

    Attributes:
        page: Counted from 0.
        top: How far below the page's top.
        height: With margins, of what stands on that page.
        is_whole: Whether it is never divided.
        is_forced: Whether it begins a page in any case.
        margin: Above it, where it does not begin a page.
    """

    page: int
    top: float
    height: float
    is_whole: bool
    is_forced: bool
    margin: float


@dataclass(frozen=True, slots=True)
class _Unit:
    """A part whose place is known, or those without an id between two such parts.

    Attributes:
        parts: In order.
        page: On which it begins, counted from 0.
        top: How far below the page's top.
        extent: What it takes of the text's height, with the space to the next.
        is_whole: Whether it is never divided.
        is_forced: Whether it begins a page in any case.
        margin: What more it takes inside a page than at its top.
    """

    parts: tuple[_Part, ...]
    page: int
    top: float
    extent: float
    is_whole: bool
    is_forced: bool = False
    margin: float = 0.0

    def takes(self, *, begins_page: bool) -> float:
        """The height that it takes elsewhere than where it was laid out."""
        began_page = self.top <= _NEAR
        return self.extent + self.margin * (began_page - begins_page)

    @property
    def kind(self) -> str:
        return self.parts[0].kind


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
    height = _page_height(document)
    filled = [height - gap for gap in (*measure_gaps(document), 0.0)]
    starts = [sum(filled[:number]) for number in range(len(filled) + 1)]
    known = [number for number, part in enumerate(parts) if part.identifier(language) in boxes]
    units: list[_Unit] = []
    if not known:
        return list(parts), units
    for number, after in zip(known, [*known[1:], len(parts)], strict=True):
        place = boxes[parts[number].identifier(language)]
        following = boxes[parts[after].identifier(language)] if after < len(parts) else None
        end = starts[following.page] + following.top if following else starts[-1]
        extent = end - starts[place.page] - place.top
        is_whole = place.is_whole or parts[number].kind in _HEADINGS
        is_alone = after == number + 1
        if is_whole and is_alone and following and following.page > place.page:
            extent = place.height  # with its margins, of which the text's height on that page tells nothing
        if is_whole and not is_alone and place.height < extent:
            first, rest = tuple(parts[number : number + 1]), tuple(parts[number + 1 : after])
            units.append(_Unit(first, place.page, place.top, place.height, is_whole, place.is_forced, place.margin))
            # What follows it without an id goes on below it, maybe overleaf: where is not needed.
            units.append(_Unit(rest, place.page, place.top + place.height, extent - place.height, is_whole=False))
        else:
            own = tuple(parts[number:after])
            is_whole = is_whole and is_alone
            units.append(_Unit(own, place.page, place.top, extent, is_whole, place.is_forced, place.margin))
    return list(parts[: known[0]]), units


def _reorder(units: Sequence[_Unit], height: float) -> list[_Unit]:
    """Go through the pages; where a float leaves a gap, take what follows it first."""
    waiting, order = list(units), list[_Unit]()
    is_known, y, page = True, 0.0, 0
    while waiting:
        unit = waiting.pop(0)
        if is_known:
            begins_page = unit.page > page
            gap = height - y if begins_page and unit.top <= _NEAR else 0.0
        else:
            needed = unit.takes(begins_page=False)
            if unit.kind in _HEADINGS and waiting:
                needed += waiting[0].takes(begins_page=False)
            begins_page = unit.is_forced or (unit.is_whole and y + needed > height)
            gap = height - y if begins_page else 0.0
        if unit.kind in _FLOATS and gap >= SMALLEST_GAP and (count := _count_fillers(unit, waiting, gap)):
            order += waiting[:count]
            y += sum(item.takes(begins_page=False) for item in waiting[:count])
            del waiting[:count]
            is_known = False
        order.append(unit)
        if is_known:
            page, y = unit.page, unit.top + unit.extent
        else:
            y = (0.0 if begins_page else y) + unit.takes(begins_page=begins_page)
        while y > height:
            page, y = page + 1, y - height
    return order


def _count_fillers(unit: _Unit, waiting: Sequence[_Unit], gap: float) -> int:
    """How many of the units that follow a float fit whole into the gap before it; the last of them is no heading."""
    used = 0.0
    count = 0
    for number, item in enumerate(waiting, start=1):
        used += item.takes(begins_page=False)
        if item.kind not in _FILLERS or item.kind == unit.kind or not item.is_whole or used > gap:
            break
        if item.kind != _SUBHEADING:
            count = number
    return count


def _page_height(document: Document) -> float:
    return float(document.pages[0]._page_box.height)  # noqa: SLF001 - WeasyPrint shows its layout nowhere else


def rate_gaps(document: Document) -> float:
    """How bad a layout's gaps are: one large gap is worse than two half as large; before a forced break is none."""
    gaps = zip(measure_gaps(document), document.pages[1:], strict=True)
    return sum(gap * gap for gap, following in gaps if gap >= SMALLEST_GAP and not _is_forced(following))


def measure_gaps(document: Document) -> tuple[float, ...]:
    """The empty height at the foot of every page but the last, in CSS pixels."""
    gaps = []
    for page in document.pages[:-1]:
        box = page._page_box  # noqa: SLF001 - WeasyPrint shows its layout nowhere else
        bottom = box.content_box_y() + box.height
        lowest = max((_bottom(item) for item in _content(box)), default=box.content_box_y())
        gaps.append(max(0.0, bottom - lowest))
    return tuple(gaps)


def _is_forced(page: Any) -> bool:
    """Whether a page begins because its first element asks for it."""
    box = page._page_box  # noqa: SLF001 - WeasyPrint shows its layout nowhere else
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
        page_box = page._page_box  # noqa: SLF001 - WeasyPrint shows its layout nowhere else
        for box in page_box.descendants():
            identifier = box.element.get("id") if getattr(box, "element", None) is not None else None
            if identifier and identifier not in found and hasattr(box, "margin_height"):
                found[identifier] = _Place(
                    page=number,
                    top=float(box.position_y - page_box.content_box_y()),
                    height=float(box.margin_height()),
                    is_whole=box.style["break_inside"] == "avoid",
                    is_forced=box.style["break_before"] == "page",
                    margin=_length(getattr(box.style["margin_top"], "value", 0.0)),
                )
    return found


def _content(page_box: Any) -> Iterator[Any]:
    """Lines, pictures and tables of a page's text, without header and footer."""
    for child in page_box.children:
        if type(child).__name__ == "MarginBox":
            continue
        for box in (child, *child.descendants()):
            if type(box).__name__ in ("LineBox", "TableBox", "BlockReplacedBox", "InlineReplacedBox", "FlexBox"):
                yield box


def _bottom(box: Any) -> float:
    return float(box.position_y + _length(box.height))


def _length(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
