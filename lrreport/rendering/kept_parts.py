"""What is kept of figures and PDFs, read back as a stranger's: it is what our writers write, or it is nothing.

Nothing is searched for bad words. A figure's texts are parsed, hold known elements with known attributes alone, and
are, byte for byte, what our writer makes of what was parsed. Its picture is unpacked to its last row. A PDF is laid
out as `save_pdf` lays it out, its dictionaries have known keys alone, and its pages and places are those of the page
that it was made from. What does not fit is made again; nothing in here raises an error.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
import struct
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from xml.etree import ElementTree as ET
from xml.parsers import expat

import pikepdf

from lrreport.article.pdf.finish import named_destinations, parent_tree
from lrreport.article.pdf.stamp import stamp_digest
from lrreport.documents import odd_letters, parse_document
from lrreport.editions.edition import BLANK_DIGEST
from lrreport.errors import RenderError
from lrreport.figures import DrawnFigure, FigureData, Language
from lrreport.figures.drawn import PNG_DPI
from lrreport.figures.theme import FONT_FAMILIES, POINTS_PER_INCH

_TEXTS: Final = ("svg", "svg_print", "svg_standalone")
#: What a damaged or foreign part is to the parsers that are used here.
_ERRORS: Final = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError, expat.ExpatError,
    struct.error, zlib.error, pikepdf.PikepdfError,
)  # fmt: skip

# A full figure takes 140 kB, 900 elements and 600 uses; a page is 842 points high.
_MOST_BYTES: Final = 2_000_000
_MOST_ELEMENTS: Final = 20_000
_MOST_ROWS: Final = 1_000
_DEEPEST: Final = 12
_LARGEST_PT: Final = 2_000
_MOST_PIXEL_BYTES: Final = 64_000_000
_MOST_CHUNKS: Final = 1_000
# A full PDF of both languages takes 1.6 MB, 9 MB unpacked, of which a page's 0.5 MB; 800 streams and 24,000 objects.
_MOST_PDF_BYTES: Final = 16_000_000
_MOST_UNPACKED_BYTES: Final = 64_000_000
_MOST_STREAM_BYTES: Final = 2_000_000
_MOST_OBJECTS: Final = 100_000


def pack_figure(figure: DrawnFigure) -> dict[str, bytes]:
    """Turn a figure into the parts that are kept.

    Returns:
        The texts and the picture by their names, and everything else as JSON under `head`.
    """
    head = {item.name: getattr(figure, item.name) for item in dataclasses.fields(figure)}
    head = {name: value for name, value in head.items() if name not in (*_TEXTS, "png", "data")}
    head["data"] = dataclasses.asdict(figure.data) if figure.data else None
    texts = {name: getattr(figure, name).encode() for name in _TEXTS}
    return {"head": json.dumps(head, ensure_ascii=False).encode(), **texts, "png": figure.png}


def unpack_figure(parts: Mapping[str, bytes], name: str, language: Language) -> DrawnFigure | None:
    """Turn kept parts back into the figure that they were made from.

    Args:
        parts: As `pack_figure` gives them, or as somebody else has left them.
        name: The figure's name.
        language: The figure's language.

    Returns:
        The figure, or None when `pack_figure` cannot have made these parts of a figure of ours.
    """
    try:
        if max(map(len, parts.values())) > _MOST_BYTES:
            return None
        head = parse_document(parts["head"])
        data = _read_data(head.pop("data"))
        texts: dict[str, Any] = {text: parts[text].decode() for text in _TEXTS}
        figure = DrawnFigure(**head, **texts, png=parts["png"], data=data)
        _check_head(figure, name, language)
        _require(pack_figure(figure) == parts)
        prefix = f"{language}-fig-{name}"
        _check_svg(figure.svg, prefix, figure)
        _check_svg(figure.svg_print, prefix, figure)
        _check_svg(figure.svg_standalone, f"{prefix}-s", figure, is_standalone=True)
        dots = PNG_DPI / POINTS_PER_INCH
        _check_png(figure.png, figure.width_pt * dots, figure.height_pt * dots)
    except _ERRORS:
        return None
    return figure


def _require(holds: object) -> None:
    """Refuse what is being read, with a ValueError, unless something holds."""
    if not holds:
        message = "nothing of ours"
        raise ValueError(message)


def _read_data(data: Any) -> FigureData | None:
    if data is None:
        return None
    groups = tuple((name, count) for name, count in data["groups"])
    return FigureData(groups, tuple(data["heads"]), tuple(tuple(row) for row in data["rows"]))


def _check_head(figure: DrawnFigure, name: str, language: Language) -> None:
    _require((figure.name, figure.language) == (name, language))
    texts: list[Any] = [figure.alt]
    if (data := figure.data) is not None:
        width = len(data.heads)
        _require(all(type(count) is int and count >= 1 for _, count in data.groups))
        _require(not data.groups or sum(count for _, count in data.groups) == width)
        _require(0 < len(data.rows) <= _MOST_ROWS and all(len(row) == width for row in data.rows))
        texts += [*(group for group, _ in data.groups), *data.heads, *(cell for row in data.rows for cell in row)]
    _require(all(isinstance(text, str) and not odd_letters(text) for text in texts))
    _require(all(type(size) is float and 0 < size <= _LARGEST_PT for size in (figure.width_pt, figure.height_pt)))


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
#: In place of ID stands the figure's prefix with one of matplotlib's names: a hash, or a font's glyph.
_ID: Final = r"(?:[a-z][0-9a-f]{10}|[A-Za-z]+(?:-[A-Za-z]+)?-[0-9a-f]{1,5})"
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
    "text-anchor": "start|middle|end",
    "image-rendering": "pixelated",
}
_PAINT: Final = frozenset({
    "fill", "stroke", "opacity", "fill-opacity", "stroke-opacity", "stroke-width", "stroke-dasharray",
    "stroke-dashoffset", "stroke-linecap", "stroke-linejoin", "clip-path", "transform",
})  # fmt: skip
#: The elements inside a figure, with what they may have and what they may stand in.
_ELEMENTS: Final[Mapping[str, tuple[frozenset[str], tuple[str, ...]]]] = {
    "defs": (frozenset(), ("svg", "g")),
    "g": (_PAINT, ("svg", "g")),
    "path": (_PAINT | {"id", "d"}, ("svg", "g", "defs")),
    "use": (_PAINT | {"href", "x", "y"}, ("svg", "g")),
    "text": (_PAINT | {"x", "y", "font-size", "font-weight", "text-anchor"}, ("svg", "g")),
    "clipPath": (frozenset({"id"}), ("defs",)),
    "rect": (frozenset({"x", "y", "width", "height"}), ("clipPath",)),
    "image": (frozenset({"href", "width", "height", "transform", "image-rendering"}), ("svg", "g")),
}


def _read_xml(text: str, *, separator: str | None = None) -> ET.Element:
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
        _require(count <= _MOST_ELEMENTS and depth <= _DEEPEST)
        builder.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(name)

    parser = expat.ParserCreate(None, separator)
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = lambda *_: _require(holds=False)
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.Parse(text, True)  # noqa: FBT003 - the parser's own, positional alone
    return builder.close()


def _check_svg(text: str, prefix: str, figure: DrawnFigure, *, is_standalone: bool = False) -> None:
    root = _read_xml(text)
    # Comments, instructions, CDATA, and other spellings of the same do not come back as they were written.
    _require(ET.tostring(root, encoding="unicode") == text)
    _check_root(root, prefix, figure, is_standalone=is_standalone)
    href = "xlink:href" if is_standalone else "href"
    patterns = {
        href if name == "href" else name: re.compile(pattern.replace("ID", f"{re.escape(prefix)}-{_ID}"), re.ASCII)
        for name, pattern in _VALUES.items()
    }
    for above, element in ((each, child) for each in root.iter() for child in each if child is not root[0]):
        allowed, parents = _ELEMENTS[element.tag]
        _require(above.tag in parents and (not element.text or element.tag == "text") and not element.tail)
        _require(not odd_letters(element.text or ""))
        for name, value in element.items():
            _require(name.removeprefix("xlink:") in allowed and patterns[name].fullmatch(value))
    identifiers = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    _require(len(set(identifiers)) == len(identifiers))
    frames = {element.attrib["id"] for element in root.iter("clipPath")}
    clips = [element.attrib["clip-path"] for element in root.iter() if "clip-path" in element.attrib]
    _require(all(clip.removeprefix("url(#").removesuffix(")") in frames for clip in clips))
    # What is used is a path, so that uses cannot nest; and all that they draw is no more than a text of ours can hold.
    shapes = {element.get("id"): len(element.get("d", "")) for element in root.iter("path")}
    _require(sum(shapes[use.attrib[href].removeprefix("#")] for use in root.iter("use")) <= _MOST_BYTES)
    images = list(root.iter("image"))
    _require(len(images) <= 1)
    for image in images:
        picture = base64.b64decode(image.attrib[href].removeprefix(_PICTURE), validate=True)
        _check_png(picture, float(image.attrib["width"]), float(image.attrib["height"]))


def _check_root(root: ET.Element, prefix: str, figure: DrawnFigure, *, is_standalone: bool) -> None:
    """Compare a figure's root and its title with what the figure is."""
    width, height = (f"{size:.2f}".rstrip("0").rstrip(".") for size in (figure.width_pt, figure.height_pt))
    expected = {"xmlns": "http://www.w3.org/2000/svg"}
    if is_standalone:
        expected["xmlns:xlink"] = "http://www.w3.org/1999/xlink"
        # matplotlib writes more decimals than we do.
        for name, size in (("width", figure.width_pt), ("height", figure.height_pt)):
            written = root.attrib[name]
            _require(re.fullmatch(r"[0-9]{1,4}(?:\.[0-9]{1,6})?pt", written))
            _require(abs(float(written.removesuffix("pt")) - size) < 0.01)  # noqa: PLR2004 - a rounding
            expected[name] = written
    expected |= {
        "viewBox": f"0 0 {width} {height}",
        "role": "img",
        "aria-labelledby": f"{prefix}-title",
        "font-family": ", ".join(f"'{family}'" for family in FONT_FAMILIES),
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }
    _require(root.tag == "svg" and root.attrib == expected and not root.text)
    title = root[0]
    _require(title.tag == "title" and title.attrib == {"id": f"{prefix}-title"} and not len(title) and not title.tail)
    _require((title.text or "") == figure.alt)


# PNG

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_CHUNKS: Final = re.compile(rb"IHDR(?:pHYs)?(?:IDAT)+IEND")
#: Bytes a pixel by the kinds of colour that ours have: grey, RGB, RGB with alpha.
_CHANNELS: Final = {0: 1, 2: 3, 6: 4}
_MOST_FILTER: Final = 4


def _check_png(content: bytes, width: float, height: float) -> None:
    """Refuse what is not a PNG of a size: chunks of ours alone, their sums right, every row there, nothing after it."""
    _require(content.startswith(_PNG))
    chunks: list[tuple[bytes, bytes]] = []
    place = len(_PNG)
    while place < len(content) and len(chunks) <= _MOST_CHUNKS:
        (length,) = struct.unpack_from(">I", content, place)
        body = content[place + 4 : place + 8 + length]
        _require(content[place + 8 + length : place + 12 + length] == zlib.crc32(body).to_bytes(4, "big"))
        chunks.append((body[:4], body[4:]))
        place += 12 + length
    _require(_CHUNKS.fullmatch(b"".join(kind for kind, _ in chunks)) and not chunks[-1][1])
    columns, rows, depth, colour, *others = struct.unpack(">IIBBBBB", chunks[0][1])
    _require(depth == 8 and not any(others))  # noqa: PLR2004 - bits
    # matplotlib cuts a fraction of a dot off.
    _require(abs(columns - width) <= 1 and abs(rows - height) <= 1)
    stride = 1 + columns * _CHANNELS[colour]
    _require(0 < rows * stride <= _MOST_PIXEL_BYTES)
    pixels = _inflate(b"".join(data for kind, data in chunks if kind == b"IDAT"), rows * stride)
    _require(len(pixels) == rows * stride and max(pixels[::stride]) <= _MOST_FILTER)


def _inflate(packed: bytes, most: int) -> bytes:
    """Unpack a whole zlib stream of at most so many bytes, with nothing after it."""
    engine = zlib.decompressobj()
    found = engine.decompress(packed, most + 1)
    _require(len(found) <= most and engine.eof and not engine.unused_data)
    return found


# PDF


def _names(text: str) -> frozenset[str]:
    return frozenset(f"/{word}" for word in text.split())


_PDF_HEAD: Final = b"%PDF-1.7\n%\xbf\xf7\xa2\xfe\n"
_STREAM: Final = re.compile(rb"(\d{1,8}) 0 obj\n<< ([^\n()#%]{1,2000}) >>\nstream\n")
_STREAM_END: Final = re.compile(rb"\n?endstream\nendobj\n")
_LENGTH: Final = re.compile(rb"/Length (\d{1,8})(?! \d+ R)(?!\d)")
#: What the dictionaries of streams hold, keys and values.
_STREAM_NAMES: Final = _names(
    "BBox Group CS DeviceRGB I S Transparency Type Resources Subtype Form XObject Length Filter FlateDecode ObjStm N "
    "First Length1 XML Metadata BitsPerComponent ColorSpace DeviceGray DecodeParms Columns Colors Predictor Height "
    "Interpolate Image Width XRef W Info Root Size ID"
)
#: The keys of all dictionaries: none of them holds a script, a form, an attachment or an action, but for /A and /URI.
_KEYS: Final = _names(
    "A Alt Annots Ascent Author BBox BS BaseFont BitsPerComponent BleedBox CA CIDSystemInfo CIDToGIDMap CS CapHeight "
    "ColSpan ColorSpace Colors Columns Contents Count CreationDate Creator DW DecodeParms DescendantFonts Descent Dest "
    "Dests DisplayDocTitle Encoding ExtGState F Filter First Flags Font FontBBox FontDescriptor FontFamily FontFile2 "
    "FontName Group Headers Height I ID IDTree Info Interpolate ItalicAngle K Keywords Kids Lang Last Length Length1 "
    "MarkInfo Marked MediaBox Metadata ModDate N Names Next Nums O Obj Ordering Outlines P PageLabels PageMode Pages "
    "Parent ParentTree ParentTreeNextKey Pattern Pg Predictor Prev Producer Range Rect Registry Resources Root RowSpan "
    "S Scope Shading Size StemH StemV StructParent StructParents StructTreeRoot Subject Subtype Supplement Tabs Title "
    "ToUnicode TrimBox Type URI ViewerPreferences W WhitePoint Width XObject ca"
)
#: What WeasyPrint calls fonts, forms, pictures, opacities and colour spaces in a page's resources.
_RESOURCE: Final = re.compile(r"/(?:[A-Z]{6}|[xi][0-9a-f]{1,40}|[aA][01](?:\.\d{1,6})?|lab-d50|lab-d65)")
#: The keys whose value decides what an object is; /S is a structure element's kind, a label's, or the one action's.
_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "/Type": _names(
        "Action Annot Catalog ExtGState Font FontDescriptor Group Metadata OBJR ObjStm Outlines Page Pages StructElem "
        "StructTreeRoot XObject XRef"
    ),
    "/Subtype": _names("CIDFontType2 Form Image Link Type0 XML"),
    "/S": _names(
        "Art BlockQuote Caption Code D Div Document Figure Formula H H1 H2 H3 H4 H5 H6 L LBody LI Lbl Link NonStruct "
        "Note P Part Quote Reference Sect Span TBody TD TFoot TH THead TOC TOCI TR Table Transparency URI"
    ),
}
_URI: Final = re.compile(r"(?:https?://|mailto:)[!-~]{1,2000}")
_XMP_NAMES: Final = _names(
    "xmpmeta RDF Description Alt Seq Bag li title creator description language subject Producer Keywords part "
    "CreatorTool CreateDate ModifyDate MetadataDate"
)
_INLINE_SVG: Final = re.compile(r"<svg\b.*?</svg>", re.DOTALL)
_PLACE: Final = re.compile(r'<[a-z][^<>]*?\sid="([^"]+)"')


def check_kept_pdf(document: bytes, page: str) -> bool:
    """Whether a document can be the PDF that was laid out from a page, and has a place for an edition's digest.

    Args:
        document: The PDF without its edition's digest, or what somebody else has left in its place.
        page: The page as it is laid out; every element that has an id there is a place in its PDF.
    """
    places = set(_PLACE.findall(_INLINE_SVG.sub("", page)))
    try:
        streams = _read_streams(document)
        with pikepdf.open(io.BytesIO(document), attempt_recovery=False) as pdf:
            _check_pdf(pdf, streams)
            numbers = [int(each.obj.StructParents) for each in pdf.pages]
            is_whole = set(named_destinations(pdf)) == places and numbers == list(range(len(numbers)))
        stamp_digest(document, BLANK_DIGEST)
    except (*_ERRORS, RenderError):
        return False
    return is_whole


def check_kept_join(document: bytes, parts: Sequence[bytes]) -> bool:
    """Whether a document can be what was joined of others: it draws what they draw, page for page.

    Args:
        document: The joined PDF, or what somebody else has left in its place.
        parts: The PDFs that it is made of, in order, as this build has them.
    """
    try:
        streams = _read_streams(document)
        with pikepdf.open(io.BytesIO(document), attempt_recovery=False) as pdf:
            _check_pdf(pdf, streams)
            found = _count_content(streams), _list_pages(pdf), set(named_destinations(pdf))
        content: Counter[bytes] = Counter()
        pages: list[bytes] = []
        places: set[str] = set()
        for part in parts:
            content += _count_content(_read_streams(part))
            with pikepdf.open(io.BytesIO(part)) as pdf:
                pages += _list_pages(pdf)
                places |= set(named_destinations(pdf))
    except _ERRORS:
        return False
    return found == (content, pages, places)


def _read_streams(document: bytes) -> dict[int, tuple[bytes, bytes]]:
    """Read a file as `save_pdf` writes it: streams one after the other, the last of them the table of all objects.

    Returns:
        The text of its dictionary, and its packed bytes, of every stream by its number.

    Raises:
        ValueError: There is anything else in the file, or it unpacks to more than anything of ours.
    """
    _require(len(document) <= _MOST_PDF_BYTES and document.startswith(_PDF_HEAD))
    streams: dict[int, tuple[bytes, bytes]] = {}
    head, last, place, budget = b"", 0, len(_PDF_HEAD), _MOST_UNPACKED_BYTES
    while len(streams) < _MOST_OBJECTS and (found := _STREAM.match(document, place)):
        number, head = int(found[1]), found[2]
        names = re.findall(r"/[^\s/<>\[\]]*", head.decode("latin-1"))
        _require(number not in streams and _STREAM_NAMES.issuperset(names))
        (length,) = _LENGTH.findall(head)
        packed = document[found.end() : found.end() + int(length)]
        if "/Filter" in names:
            _require(head.count(b"/Filter /FlateDecode") == 1)
            budget -= len(_inflate(packed, min(budget, _MOST_STREAM_BYTES)))
        streams[number] = head, packed
        # Where the stream does not end as it says, the next is not found.
        end = _STREAM_END.match(document, found.end() + len(packed))
        last, place = place, end.end() if end else len(document)
    _require(b"/Type /XRef" in head and document[place:] == b"startxref\n%d\n%%%%EOF\n" % last)
    return streams


def _count_content(streams: Mapping[int, tuple[bytes, bytes]]) -> Counter[bytes]:
    """What the streams draw and with which fonts: all but metadata and what packs other objects."""
    packing = (b"/Type /ObjStm", b"/Type /XRef", b"/Type /Metadata")
    return Counter(packed for head, packed in streams.values() if not any(kind in head for kind in packing))


def _list_pages(pdf: pikepdf.Pdf) -> list[bytes]:
    return [page.obj.Contents.read_raw_bytes() for page in pdf.pages]


def _check_pdf(pdf: pikepdf.Pdf, streams: Mapping[int, tuple[bytes, bytes]]) -> None:
    """Refuse objects that are none of ours; and pages that the structure does not know, or the other way round."""
    pages = {page.obj.objgen for page in pdf.pages}
    places = named_destinations(pdf)
    _require(pages and len(pdf.objects) <= _MOST_OBJECTS)
    _require(all(place[0].objgen in pages for place in places.values()))
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream):
            # No object hides where the file's layout has none.
            _require(streams[item.objgen[0]][1] == item.read_raw_bytes())
        _check_object(item, pages, places)
    own = [int(page.obj.StructParents) for page in pdf.pages]
    for page in pdf.pages:
        for note in page.obj.get("/Annots", ()):
            _require(note.Subtype == pikepdf.Name.Link and ("/Dest" in note or note.A.S == pikepdf.Name.URI))
            own.append(int(note.StructParent))
    # The structure numbers pages and links without a gap, so that none goes unseen.
    _require(sorted(own) == sorted(parent_tree(pdf.Root.StructTreeRoot)) == list(range(len(own))))
    described = list(_read_xml(pdf.Root.Metadata.read_bytes().decode(), separator="/").iter())
    names = {f"/{element.tag.rpartition('/')[2]}" for element in described}
    _require({"/xmpmeta", "/title"} <= names <= _XMP_NAMES)
    _require(not odd_letters("".join(element.text or "" for element in described).replace("\n", "")))


def _check_object(item: pikepdf.Object, pages: set[tuple[int, int]], places: Mapping[str, Any]) -> None:
    """Refuse an object with a key or a value that ours do not have, in itself or in what lies directly inside it."""
    left = [item]
    while left:
        found = left.pop()
        if isinstance(found, pikepdf.Array):
            inner = list(found)
        elif isinstance(found, (pikepdf.Dictionary, pikepdf.Stream)):
            inner = []
            for key, value in found.items():
                _require(key in _KEYS or _RESOURCE.fullmatch(key))
                if key in _KINDS:
                    _require(isinstance(value, pikepdf.Name) and str(value) in _KINDS[key])
                elif key == "/Pg":
                    _require(value.objgen in pages)
                elif key == "/Dest":
                    _require(value[0].objgen in pages if isinstance(value, pikepdf.Array) else str(value) in places)
                elif key == "/URI":
                    _require(_URI.fullmatch(str(value)))
                inner.append(value)
        else:
            continue
        left += [each for each in inner if isinstance(each, pikepdf.Object) and not each.is_indirect]
