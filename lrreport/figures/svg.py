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
import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

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
_ROUNDED: Final = ("x", "y", "width", "height", "stroke-width", "stroke-dasharray", "font-size")
_POLYLINE: Final = re.compile(r"\s*(M[^A-Za-z]*(?:L[^A-Za-z]*)+)([zZ]?)\s*")
_LONG_LINE: Final = 12
#: What SVG assumes anyway; matplotlib leaves its defaults to the style sheet that is dropped here.
_ROOT_STYLE: Final = {"stroke-linejoin": "round", "stroke-linecap": "butt"}


def clean_svg(raw: str, *, prefix: str, title: str, is_standalone: bool = False) -> str:
    """Rewrite an SVG of matplotlib's so that it can be put into a page, once, beside other figures.

    Args:
        raw: What `Figure.savefig` wrote.
        prefix: Put before every id that is used; unique in the page.
        title: The text alternative; WeasyPrint and screen readers take it from the `<title>`.
        is_standalone: For a file of its own: keeps the size in points, and `xlink:href` for older programs.

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
    _finish_root(root, prefix, title, is_standalone=is_standalone)
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
    """A picture's data URL; of grey pixels in one channel instead of matplotlib's four."""
    if not address.startswith(_PNG):
        return address
    image = Image.open(io.BytesIO(base64.b64decode(address.removeprefix(_PNG)))).convert("RGBA")
    red, green, blue, alpha = image.split()
    if alpha.getextrema() != (255, 255) or red.tobytes() != green.tobytes() or red.tobytes() != blue.tobytes():
        return address
    target = io.BytesIO()
    red.save(target, "PNG", optimize=True)
    return _PNG + base64.b64encode(target.getvalue()).decode("ascii")


def _shorten_value(name: str, value: str, prefix: str) -> str | None:
    """The value of any other attribute; None when it says nothing or the root says it for all."""
    if name == "font-family" or value == _ROOT_STYLE.get(name):
        return None
    if name == "transform":
        return _shorten_transform(value) or None
    if name == "d":
        return _shorten_path(value)
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
    parts = [f"M{_shorten(str(points[0][0]))} {_shorten(str(points[0][1]))}l"]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        for step in (x1 - x0, y1 - y0):
            text = _shorten(f"{step:.1f}").replace("0.", ".", 1) if abs(step) < 1 else _shorten(f"{step:.1f}")
            is_first = parts[-1].endswith("l")
            parts.append(text if is_first or text.startswith("-") else f" {text}")
    return "".join(parts) + ("z" if match[2] else "")


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


def _finish_root(root: ET.Element, prefix: str, title: str, *, is_standalone: bool) -> None:
    view_box, width, height = root.get("viewBox", ""), root.get("width", ""), root.get("height", "")
    root.attrib.clear()
    root.set("xmlns", _SVG)
    if is_standalone:
        root.set("xmlns:xlink", _XLINK)
        root.set("width", width)
        root.set("height", height)
    root.set("viewBox", _NUMBER.sub(lambda match: _shorten(match[0]), view_box))
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}-title")
    root.set("font-family", ", ".join(f"'{family}'" for family in FONT_FAMILIES))
    for name, value in _ROOT_STYLE.items():
        root.set(name, value)
    heading = ET.Element("title", {"id": f"{prefix}-title"})
    heading.text = title
    root.insert(0, heading)
