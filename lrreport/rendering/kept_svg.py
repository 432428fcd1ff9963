"""The texts and the picture of a figure that somebody may have left: parsed, and refused unless our writers write them so.

Nothing is searched for bad words. A text is parsed, holds known elements with known attributes alone, and is, byte for
byte, what our writer makes of what was parsed. A picture is unpacked to its last row.
"""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as ET
from xml.parsers import expat

from lrreport.documents import odd_letters
from lrreport.figures import DrawnFigure
from lrreport.figures.theme import FONT_FAMILIES, NARROW_IN, POINTS_PER_INCH

#: A full figure takes 140 kB.
MOST_BYTES: Final = 2_000_000
#: Of a figure's sides; a page is 842 points high.
LARGEST_PT: Final = 2_000
# A full figure has 900 elements and 600 uses.
_MOST_ELEMENTS: Final = 20_000
_DEEPEST: Final = 12
_MOST_PIXEL_BYTES: Final = 64_000_000
_MOST_CHUNKS: Final = 1_000


def require(holds: object) -> None:
    """Refuse what is being read, unless something holds.

    Raises:
        ValueError: It does not.
    """
    if not holds:
        message = "nothing of ours"
        raise ValueError(message)


# SVG

_NUMBER: Final = r"-?(?:\d{1,5}(?:\.\d{1,2})?|\.\d{1,2})"
_SCALE: Final = r"-?\d{1,5}(?:\.\d{1,9})?(?:e-\d\d)?"
_STEP: Final = (
    rf"(?:translate\({_NUMBER} {_NUMBER}\)|rotate\({_NUMBER}\)|scale\({_SCALE}(?: {_SCALE})?\)"
    rf"|matrix\({_SCALE}(?: {_SCALE}){{5}}\))"
)
_WIDTH: Final = r"\d{1,2}(?:\.\d{1,2})?"
#: Not below a tenth of a point: a long line in the finest dashes takes a reader's machine minutes.
_DASH: Final = r"(?:[1-9]\d?(?:\.\d{1,2})?|0\.[1-9]\d?)"
_OPACITY: Final = r"[01](?:\.\d{1,4})?"
_COLOUR: Final = r"none|#[0-9a-f]{6}"
#: In place of ID stands the figure's prefix with a number.
_ID: Final = r"[0-9a-f]{1,4}"
_PICTURE: Final = "data:image/png;base64,"
#: Every attribute of an element inside a figure, with its values.
_VALUES: Final = {
    "id": "ID",
    "href": rf"#ID|{_PICTURE}[A-Za-z0-9+/]++={{0,2}}",
    "clip-path": r"url\(#ID\)",
    # Numbers are parted by a letter, a space or a sign; nothing is tried twice, however long the path is.
    "d": rf"M(?:{_NUMBER}(?:[ LlCcQqMm]|(?=-)|[Zz]M?|\Z))++",
    "transform": rf"{_STEP}(?: {_STEP}){{0,3}}",
    **dict.fromkeys(("x", "y", "width", "height"), _NUMBER),
    **dict.fromkeys(("fill", "stroke"), _COLOUR),
    **dict.fromkeys(("opacity", "fill-opacity", "stroke-opacity"), _OPACITY),
    "stroke-width": _WIDTH,
    "stroke-dasharray": rf"{_DASH}(?:,{_DASH}){{0,5}}",
    "stroke-dashoffset": _WIDTH,
    "stroke-linecap": "square|round",
    "stroke-linejoin": "miter|bevel",
    "font-size": rf"{_WIDTH}px",
    "font-weight": r"\d{3}",
    "text-anchor": "middle|end",
    "image-rendering": "pixelated",
}
_PAINT: Final = frozenset({
    "fill", "stroke", "opacity", "fill-opacity", "stroke-opacity", "stroke-width", "stroke-dasharray",
    "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "clip-path", "transform",
})  # fmt: skip
#: The elements inside a figure, with what they may have and what they may stand in.
_ELEMENTS: Final[Mapping[str, tuple[frozenset[str], tuple[str, ...]]]] = {
    "defs": (frozenset(), ("svg", "g")),
    "g": (_PAINT | {"font-size", "font-weight", "text-anchor"}, ("svg", "g")),
    "path": (_PAINT | {"id", "d"}, ("svg", "g", "defs")),
    "use": (_PAINT | {"href", "x", "y"}, ("svg", "g")),
    "text": (_PAINT | {"x", "y", "font-size", "font-weight", "text-anchor"}, ("svg", "g")),
    "clipPath": (frozenset({"id"}), ("defs",)),
    "rect": (frozenset({"x", "y", "width", "height"}), ("clipPath",)),
    "image": (frozenset({"href", "width", "height", "transform", "image-rendering"}), ("svg", "g")),
}


def read_xml(text: str, *, separator: str | None = None) -> ET.Element:
    """Parse a text into elements.

    Args:
        text: Whatever it is.
        separator: What parts a name from its namespace; without one names stay as they are written, with prefixes.

    Raises:
        ValueError: It has a document type, and with it entities, or more elements than anything of ours.
        ExpatError: It is not XML.
    """
    builder = ET.TreeBuilder()
    count = depth = 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal count, depth
        count, depth = count + 1, depth + 1
        require(count <= _MOST_ELEMENTS and depth <= _DEEPEST)
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    parser = expat.ParserCreate(None, separator)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = lambda *_: require(holds=False)
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.Parse(text, True)  # noqa: FBT003 - the parser's own, positional alone
    return builder.close()


def check_svg(
    text: str, prefix: str, figure: DrawnFigure, *, is_standalone: bool = False, is_narrow: bool = False
) -> None:
    """Refuse a text that is not one of a figure's.

    Args:
        text: Whatever it is.
        prefix: What the ids of that text begin with.
        figure: What it says of itself, without its texts.
        is_standalone: Whether the text is the one for slides.
        is_narrow: Whether it is the one for a phone.

    Raises:
        ValueError: It is none; or another of the errors of the parsers that are used here.
    """
    root = read_xml(text)
    # Comments, instructions, CDATA, and other spellings of the same do not come back as they were written.
    require(ET.tostring(root, encoding="unicode") == text)
    _check_root(root, prefix, figure, is_standalone=is_standalone, is_narrow=is_narrow)
    href = "xlink:href" if is_standalone else "href"
    patterns = {
        href if name == "href" else name: re.compile(pattern.replace("ID", f"{re.escape(prefix)}--{_ID}"), re.ASCII)
        for name, pattern in _VALUES.items()
    }
    for above, element in ((each, child) for each in root.iter() for child in each if child.tag != "title"):
        allowed, parents = _ELEMENTS[element.tag]
        require(above.tag in parents and (not element.text or element.tag == "text") and not element.tail)
        require(not odd_letters(element.text or ""))
        for name, value in element.items():
            require(name.removeprefix("xlink:") in allowed and patterns[name].fullmatch(value))
    identifiers = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    require(len(set(identifiers)) == len(identifiers))
    frames = {element.attrib["id"] for element in root.iter("clipPath")}
    clips = [element.attrib["clip-path"] for element in root.iter() if "clip-path" in element.attrib]
    require(all(clip.removeprefix("url(#").removesuffix(")") in frames for clip in clips))
    # What is used is a path, so that uses cannot nest; and all that they draw is no more than a text of ours can hold.
    shapes = {element.get("id"): len(element.get("d", "")) for element in root.iter("path")}
    require(sum(shapes[use.attrib[href].removeprefix("#")] for use in root.iter("use")) <= MOST_BYTES)
    images = list(root.iter("image"))
    require(len(images) <= 1)
    for image in images:
        picture = base64.b64decode(image.attrib[href].removeprefix(_PICTURE), validate=True)
        check_png(picture, float(image.attrib["width"]), float(image.attrib["height"]))


def _check_root(root: ET.Element, prefix: str, figure: DrawnFigure, *, is_standalone: bool, is_narrow: bool) -> None:
    """Compare a figure's root and its title with what the figure is."""
    width, height = (_write_size(size) for size in (figure.width_pt, figure.height_pt))
    if is_narrow:
        # Nobody but the text itself knows its height.
        width = _write_size(NARROW_IN * POINTS_PER_INCH)
        height = root.attrib["viewBox"].rpartition(" ")[2]
        require(0 < float(height) <= LARGEST_PT and _write_size(float(height)) == height)
    expected = {"xmlns": "http://www.w3.org/2000/svg"}
    if is_standalone:
        expected["xmlns:xlink"] = "http://www.w3.org/1999/xlink"
        # matplotlib writes more decimals than we do.
        for name, size in (("width", figure.width_pt), ("height", figure.height_pt)):
            written = root.attrib[name]
            require(re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]{1,6})?pt", written))
            require(abs(float(written.removesuffix("pt")) - size) < 0.01)  # noqa: PLR2004 - a rounding
            expected[name] = written
    expected |= {
        "viewBox": f"0 0 {width} {height}",
        "role": "img",
        "aria-labelledby": f"{prefix.removesuffix('--n') if is_narrow else prefix}--title",
        "font-family": ", ".join(f"'{family}'" for family in FONT_FAMILIES),
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    for name in ("font-size", "fill"):
        if name in root.attrib:
            require(re.fullmatch(_VALUES[name], root.attrib[name]))
            expected[name] = root.attrib[name]
    require(root.tag == "svg" and root.attrib == expected and not root.text)
    titles = list(root.iter("title"))
    if is_narrow:  # the wide one's title is its, too
        require(not titles)
        return
    title = root[0]
    require(titles == [title])
    require(title.tag == "title" and title.attrib == {"id": f"{prefix}--title"} and not len(title) and not title.tail)
    require((title.text or "") == figure.alt)


def _write_size(size: float) -> str:
    return f"{size:.2f}".rstrip("0").rstrip(".")


# PNG

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHUNKS: Final = re.compile(rb"IHDR(?:pHYs)?(?:PLTE(?:tRNS)?)?(?:IDAT)+IEND")
#: Bytes a pixel by the kinds of colour that ours have: grey, RGB, a table's, RGB with alpha.
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 6: 4}
_PALETTE: Final = 3
#: Bits a channel; few colours are packed into fewer.
_DEPTHS: Final = {0: (8,), 2: (8,), _PALETTE: (1, 2, 4, 8), 6: (8,)}
_MOST_FILTER: Final = 4


def check_png(content: bytes, width: float, height: float) -> None:
    """Refuse what is not a PNG of a size: chunks of ours alone, their sums right, every row there, nothing after it.

    Args:
        content: Whatever it is.
        width: In dots; a fraction of one does not count.
        height: Likewise.

    Raises:
        ValueError: It is none; or another of the errors of the parsers that are used here.
    """
    require(content.startswith(_PNG))
    chunks: list[tuple[bytes, bytes]] = []
    place = len(_PNG)
    while place < len(content) and len(chunks) <= _MOST_CHUNKS:
        (length,) = struct.unpack_from(">I", content, place)
        body = content[place + 4 : place + 8 + length]
        require(content[place + 8 + length : place + 12 + length] == zlib.crc32(body).to_bytes(4, "big"))
        chunks.append((body[:4], body[4:]))
        place += 12 + length
    require(_CHUNKS.fullmatch(b"".join(kind for kind, _ in chunks)) and not chunks[-1][1])
    columns, rows, depth, colour, *others = struct.unpack(">IIBBBBB", chunks[0][1])
    require(depth in _DEPTHS[colour] and not any(others))
    # matplotlib cuts a fraction of a dot off.
    require(abs(columns - width) <= 1 and abs(rows - height) <= 1)
    tables = {kind: len(data) for kind, data in chunks if kind in (b"PLTE", b"tRNS")}
    require((colour == _PALETTE) == (b"PLTE" in tables))
    shades, rest = divmod(tables.get(b"PLTE", 0), 3)
    require(not rest and shades <= 2**depth and tables.get(b"tRNS", 0) <= shades and (shades or not tables))
    stride = 1 + (columns * _CHANNELS[colour] * depth + 7) // 8
    require(0 < rows * stride <= _MOST_PIXEL_BYTES)
    pixels = inflate(b"".join(data for kind, data in chunks if kind == b"IDAT"), rows * stride)
    require(len(pixels) == rows * stride and max(pixels[::stride]) <= _MOST_FILTER)


def inflate(packed: bytes, most: int) -> bytes:
    """Unpack a whole zlib stream of at most so many bytes, with nothing after it.

    Raises:
        ValueError: It is larger, cut, or not alone.
        zlib.error: It is none.
    """
    engine = zlib.decompressobj()
    found = engine.decompress(packed, most + 1)
    require(len(found) <= most and engine.eof and not engine.unused_data)
    return found
