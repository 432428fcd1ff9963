"""matplotlib's SVG, made fit to stand inside a page or a PDF.

What matplotlib writes carries a style sheet that applies to the whole page it is put into, ids that collide with the
next figure's, `style` attributes that WeasyPrint warns about one by one, and six decimals. All this goes; what is
seen stays.
"""

from __future__ import annotations

import base64
import functools
import io
import itertools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final
from xml.etree import ElementTree as ET

import numpy as np
from PIL import Image

from lrreport.figures.theme import FONT_FAMILIES

_SVG: Final = "http://www.w3.org/2000/svg"
_XLINK: Final = "http://www.w3.org/1999/xlink"
_HREF: Final = f"{{{_XLINK}}}href"
_PNG: Final = "data:image/png;base64,"
_NUMBER: Final = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?")
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")
_TRANSFORM: Final = re.compile(r"(\w+)\(([^)]*)\)")
#: A hundredth of a point is a quarter of a micrometre on paper; a scale needs its significant digits instead.
_DECIMALS: Final = 2
_SCALE_DIGITS: Final = 6
_OPACITY_DECIMALS: Final = 3
_ROUNDED: Final = ("width", "height", "stroke-width", "stroke-dasharray", "font-size")
#: What elements of a kind say once where they follow each other and agree on all of it.
_SHARED: Final = {
    "text": ("fill", "font-size", "font-weight", "text-anchor"),
    "use": ("fill", "stroke", "stroke-width"),
    "path": ("fill", "stroke-linecap"),
}
_PAINT: Final = frozenset({"fill", "stroke", "stroke-width"})
#: What makes lines look otherwise when they are one: where they cross, or where their dashes begin.
_NOT_JOINED: Final = frozenset({"id", "opacity", "stroke-opacity", "stroke-dasharray"})
_POLYLINE: Final = re.compile(r"\s*(M[^A-Za-z]*(?:L[^A-Za-z]*)+)([zZ]?)\s*")
_LONG_LINE: Final = 12
_NOBODY_SEES_PT: Final = 0.1
#: As a table of colours has room for.
_MOST_COLOURS: Final = 256
#: What SVG assumes anyway; matplotlib leaves its defaults to the style sheet that is dropped here.
_ROOT_STYLE: Final = {"stroke-linejoin": "round", "stroke-linecap": "butt"}


def clean_svg(raw: str, *, prefix: str, title: str, is_standalone: bool = False, titled_by: str = "") -> str:
    """Rewrite an SVG of matplotlib's so that it can be put into a page, once, beside other figures.

    Args:
        raw: What `Figure.savefig` wrote.
        prefix: Put before every id that is used; unique in the page.
        title: The text alternative; WeasyPrint and screen readers take it from the `<title>`.
        is_standalone: For a file of its own: keeps the size in points, and `xlink:href` for older programs.
        titled_by: Prefix of another SVG on the same page whose title is this one's, too; this one then has none.

    Returns:
        One `<svg>` element without declaration, comments, metadata, style sheet or `style` attributes.
    """
    root = ET.fromstring(raw)  # noqa: S314 - written by matplotlib a moment ago, not by a stranger
    used = _used_ids(root)
    _clean_children(root)
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        _clean_attributes(element, used, prefix, is_standalone=is_standalone)
    _unwrap_groups(root)
    _drop_overridden(root)
    _join_lines(root)
    _inherit_letters(root)
    _gather(root)
    _unwrap_groups(root)
    _shorten_ids(root, prefix)
    _finish_root(root, titled_by or prefix, "" if titled_by else title, is_standalone=is_standalone)
    return ET.tostring(root, encoding="unicode", short_empty_elements=True)


def _used_ids(root: ET.Element) -> frozenset[str]:
    def references() -> Iterator[str]:
        for element in root.iter():
            for name, value in element.attrib.items():
                if name == _HREF and value.startswith("#"):
                    yield value[1:]
                yield from _REFERENCE.findall(value)

    return frozenset(references())


def _clean_children(element: ET.Element) -> None:
    """Drop metadata, style sheets and shapes that neither fill nor stroke; and the white space between elements."""
    for child in list(element):
        name = child.tag.removeprefix(f"{{{_SVG}}}") if isinstance(child.tag, str) else ""
        if name in ("metadata", "style", "") or (name == "path" and _is_invisible(child)):
            element.remove(child)
            continue
        _clean_children(child)
        child.tail = None
        if len(child):
            child.text = None
    if len(element):
        element.text = None


def _is_invisible(path: ET.Element) -> bool:
    style = _read_style(path.get("style", ""))
    return "id" not in path.attrib and style.get("fill") == "none" and style.get("stroke", "none") == "none"


def _read_style(style: str) -> dict[str, str]:
    """The declarations of a `style` attribute; of a name that stands twice, the last counts, as in CSS."""
    pairs = (item.partition(":") for item in style.split(";") if ":" in item)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _clean_attributes(element: ET.Element, used: frozenset[str], prefix: str, *, is_standalone: bool) -> None:
    old = dict(element.attrib)
    new = {**{name: value for name, value in old.items() if name != "style"}, **_read_style(old.get("style", ""))}
    element.attrib.clear()
    for name, value in new.items():
        if name == _HREF:
            target = f"#{prefix}-{value[1:]}" if value.startswith("#") else _shorten_image(re.sub(r"\s+", "", value))
            element.set("xlink:href" if is_standalone else "href", target)
        elif name == "id":
            if value in used:
                element.set("id", f"{prefix}-{value}")
        elif (short := _shorten_value(name, value, prefix)) is not None:
            element.set(name, short)


@functools.lru_cache(maxsize=4)
def _shorten_image(address: str) -> str:
    """A picture's data URL: grey pixels in one channel, few colours in a table, instead of matplotlib's four channels."""
    if not address.startswith(_PNG):
        return address
    image = Image.open(io.BytesIO(base64.b64decode(address.removeprefix(_PNG)))).convert("RGBA")
    red, green, blue, alpha = image.split()
    is_opaque = alpha.getextrema() == (255, 255)
    target = io.BytesIO()
    if is_opaque and red.tobytes() == green.tobytes() == blue.tobytes():
        red.save(target, "PNG", optimize=True)
    else:
        pixels = np.asarray(image)
        colours, places = np.unique(pixels.reshape(-1, pixels.shape[-1]), axis=0, return_inverse=True)
        if len(colours) > _MOST_COLOURS:
            return address
        few = Image.fromarray(places.reshape(pixels.shape[:2]).astype(np.uint8), "L")
        few.putpalette(colours[:, :3].tobytes())
        few.save(target, "PNG", compress_level=9, transparency=colours[:, 3].tobytes())
    return _PNG + base64.b64encode(target.getvalue()).decode("ascii")


def _shorten_value(name: str, value: str, prefix: str) -> str | None:
    """The value of any other attribute; None when it says nothing or the root says it for all."""
    if name == "font-family" or value == _ROOT_STYLE.get(name):
        return None
    if name == "transform":
        return _shorten_transform(value) or None
    if name == "d":
        return _shorten_path(value)
    if name.endswith("opacity"):
        return f"{float(value):.{_OPACITY_DECIMALS}f}".rstrip("0").rstrip(".")
    if name in ("x", "y"):  # of texts and marks: nobody sees a twentieth of a point
        return _shorten(f"{float(value):.1f}")
    if name in _ROUNDED:
        return _NUMBER.sub(lambda match: _shorten(match[0]), value)
    return _REFERENCE.sub(rf"url(#{prefix}-\1)", value)


def _shorten(number: str) -> str:
    text = f"{float(number):.{_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


@functools.lru_cache(maxsize=4096)  # every curve comes three times: as the page, print and slides have it
def _shorten_path(data: str) -> str:
    """Write path data with short numbers, and a command letter only where it changes.

    A number that follows a moveto without a letter is a lineto, as the SVG grammar has it. Long polylines, the curves
    and bands, are written as steps from point to point, in tenths of a point: half the length, and nobody sees it.
    """
    if (polyline := _shorten_polyline(data)) is not None:
        return polyline
    parts: list[str] = []
    current = ""
    for item in re.findall(rf"[A-Za-z]|{_NUMBER.pattern}", data):
        if item.isalpha():
            if item != current or item in "MmZz":
                parts.append(item)
            current = {"M": "L", "m": "l"}.get(item, item)
            continue
        number = _shorten(item)
        needs_space = parts and not parts[-1].isalpha() and not number.startswith("-")
        parts.append(f" {number}" if needs_space else number)
    return "".join(parts).replace("ML", "M")


def _shorten_polyline(data: str) -> str | None:
    """One long line, open or closed, as relative steps; None for anything else.

    Steps are taken between rounded places, so that their errors do not add up.
    """
    match = _POLYLINE.fullmatch(data)
    if match is None:
        return None
    numbers = [round(float(number), 1) for number in _NUMBER.findall(match[1])]
    points = list(zip(numbers[::2], numbers[1::2], strict=True))
    if len(points) < _LONG_LINE:
        return None
    points = _drop_straight(points)
    parts = [f"M{_shorten(str(points[0][0]))} {_shorten(str(points[0][1]))}l"]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        for step in (x1 - x0, y1 - y0):
            text = _shorten(f"{step:.1f}").replace("0.", ".", 1) if abs(step) < 1 else _shorten(f"{step:.1f}")
            is_first = parts[-1].endswith("l")
            parts.append(text if is_first or text.startswith("-") else f" {text}")
    return "".join(parts) + ("z" if match[2] else "")


def _drop_straight(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Leave out the points of a line that lie on the way from one that stays to the next that stays."""
    kept = [points[0]]
    waiting: list[tuple[float, float]] = []
    for end in points[1:]:
        (x0, y0), (dx, dy) = kept[-1], (end[0] - kept[-1][0], end[1] - kept[-1][1])
        length = math.hypot(dx, dy)
        # Along the way, not only beside it: a line may turn back on itself.
        if not all(
            abs(dx * (y - y0) - dy * (x - x0)) <= _NOBODY_SEES_PT * length
            and 0 <= dx * (x - x0) + dy * (y - y0) <= length**2
            for x, y in waiting
        ):
            kept.append(waiting[-1])
            waiting.clear()
        waiting.append(end)
    return kept + waiting[-1:]


def _shorten_transform(transform: str) -> str:
    kept = []
    for name, arguments in _TRANSFORM.findall(transform):
        numbers = _NUMBER.findall(arguments)
        if name in ("scale", "matrix"):
            short = [f"{float(number):.{_SCALE_DIGITS}g}" for number in numbers]
        else:
            short = [_shorten(number) for number in numbers]
        if (name == "rotate" and short[0] == "0") or (name == "translate" and set(short) == {"0"}):
            continue
        kept.append(f"{name}({' '.join(short)})")
    return " ".join(kept)


def _unwrap_groups(element: ET.Element) -> None:
    """Put the children of a group that says nothing into its place; drop groups and definitions left empty."""
    for child in list(element):
        _unwrap_groups(child)
        if child.tag in ("g", "defs") and not len(child):
            element.remove(child)
        elif child.tag == "g" and not child.attrib:
            place = list(element).index(child)
            element.remove(child)
            for offset, grandchild in enumerate(child):
                element.insert(place + offset, grandchild)


def _drop_overridden(root: ET.Element) -> None:
    """Drop what a use of a shape says of it where the shape says it itself, which counts in any case."""
    shapes = {path.get("id"): path.attrib for path in root.iter("path") if "id" in path.attrib}
    for use in root.iter("use"):
        reference = use.get("href") or use.get("xlink:href") or ""
        for name in set(use.attrib) & set(shapes.get(reference.removeprefix("#"), {})) & _PAINT:
            del use.attrib[name]


def _join_lines(element: ET.Element) -> None:
    """Make one path of lines that follow each other and look alike: opaque, not filled, so that nothing is seen of it."""
    for child in list(element):
        _join_lines(child)
    before: ET.Element | None = None
    for child in list(element):
        look = {name: value for name, value in child.attrib.items() if name != "d"}
        is_line = child.tag == "path" and look.get("fill") == "none" and not set(look) & _NOT_JOINED
        if is_line and before is not None and look == {n: v for n, v in before.attrib.items() if n != "d"}:
            before.set("d", before.get("d", "") + child.get("d", ""))
            element.remove(child)
        else:
            before = child if is_line else None


def _gather(element: ET.Element) -> None:
    """Say once, of a group, what siblings have in common that follow each other: their clip, their paint, their letters."""
    for child in list(element):
        _gather(child)
    _gather_runs(element, functools.partial(_take, names=("clip-path",)), fewest=2)
    for tag, names in _SHARED.items():
        _gather_runs(element, functools.partial(_take, names=names, tag=tag), fewest=3)


def _take(element: ET.Element, names: tuple[str, ...], tag: str = "") -> tuple[tuple[str, str], ...]:
    """Those of an element's attributes that are named; none of an element of another kind."""
    if tag and element.tag != tag:
        return ()
    return tuple((name, element.attrib[name]) for name in names if name in element.attrib)


def _gather_runs(
    element: ET.Element, look: Callable[[ET.Element], tuple[tuple[str, str], ...]], *, fewest: int
) -> None:
    """Put children that follow each other and look alike into a group that says how."""
    for common, run in itertools.groupby(list(element), key=look):
        members = list(run)
        if not common or len(members) < fewest:
            continue
        group = ET.Element("g", dict(common))
        element.insert(list(element).index(members[0]), group)
        for member in members:
            element.remove(member)
            for name, _ in common:
                del member.attrib[name]
            group.append(member)


def _shorten_ids(root: ET.Element, prefix: str) -> None:
    """Replace matplotlib's ids, hashes and names of glyphs, by short numbers."""
    short = {
        element.attrib["id"]: f"{prefix}--{number:x}"
        for number, element in enumerate(item for item in root.iter() if "id" in item.attrib)
    }
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, short[value])
            elif name in ("href", "xlink:href") and value[1:] in short:
                element.set(name, f"#{short[value[1:]]}")
            elif value.startswith("url(#"):
                element.set(name, f"url(#{short[value[5:-1]]})")


def _inherit_letters(root: ET.Element) -> None:
    """Say of the whole figure what most of its texts have in common: their size and their colour."""
    texts = list(root.iter("text"))
    names = ["font-size"]
    # A shape that does not say its own colour would take the letters'.
    if all("fill" in shape.attrib or "id" in shape.attrib for tag in ("path", "use") for shape in root.iter(tag)):
        names.append("fill")
    for text in texts:
        if text.get("text-anchor") == "start":  # as SVG has it anyway
            del text.attrib["text-anchor"]
    for name in names:
        counts = Counter(text.attrib[name] for text in texts if name in text.attrib)
        if sum(counts.values()) < len(texts) or not counts:
            continue
        common = max(counts, key=lambda value: (counts[value], value))
        for text in texts:
            if text.attrib[name] == common:
                del text.attrib[name]
        root.set(name, common)


def _finish_root(root: ET.Element, prefix: str, title: str, *, is_standalone: bool) -> None:
    view_box, width, height = root.get("viewBox", ""), root.get("width", ""), root.get("height", "")
    letters: dict[str, str] = {name: root.attrib[name] for name in ("font-size", "fill") if name in root.attrib}
    root.attrib.clear()
    root.set("xmlns", _SVG)
    if is_standalone:
        root.set("xmlns:xlink", _XLINK)
        root.set("width", width)
        root.set("height", height)
    root.set("viewBox", _NUMBER.sub(lambda match: _shorten(match[0]), view_box))
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}--title")
    root.set("font-family", ", ".join(f"'{family}'" for family in FONT_FAMILIES))
    root.attrib.update(letters)
    for name, value in _ROOT_STYLE.items():
        root.set(name, value)
    if title:
        heading = ET.Element("title", {"id": f"{prefix}--title"})
        heading.text = title
        root.insert(0, heading)
