"""What is kept of figures and PDFs, read back as a stranger's: it is what our writers write, or it is nothing.

Nothing is searched for bad words. A figure's texts are parsed, hold known elements with known attributes alone, and
are, byte for byte, what our writer makes of what was parsed. Its picture is unpacked to its last row. A PDF is laid
out as `save_pdf` lays it out, its dictionaries have known keys alone, and its pages and places are those of the page
that it was made from. What does not fit is made again; nothing in here raises an error.
"""

from __future__ import annotations

import dataclasses
import io
import json
import re
import struct
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from xml.parsers import expat

import pikepdf

from lrreport.article.pdf.finish import named_destinations, parent_tree
from lrreport.article.pdf.stamp import stamp_digest
from lrreport.documents import odd_letters, parse_document
from lrreport.editions.edition import BLANK_DIGEST
from lrreport.errors import RenderError
from lrreport.figures import DrawnFigure, FigureData, Language
from lrreport.figures.drawn import PNG_DPI
from lrreport.figures.theme import POINTS_PER_INCH
from lrreport.rendering.kept_svg import LARGEST_PT, MOST_BYTES, check_png, check_svg, inflate, read_xml, require

_TEXTS: Final = ("svg", "svg_narrow", "svg_print", "svg_standalone")
#: What a damaged or foreign part is to the parsers that are used here.
_ERRORS: Final = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError, expat.ExpatError,
    struct.error, zlib.error, pikepdf.PikepdfError,
)  # fmt: skip

_MOST_ROWS: Final = 1_000
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
        if max(map(len, parts.values())) > MOST_BYTES:
            return None
        head = parse_document(parts["head"])
        data = _read_data(head.pop("data"))
        texts: dict[str, Any] = {text: parts[text].decode() for text in _TEXTS}
        figure = DrawnFigure(**head, **texts, png=parts["png"], data=data)
        _check_head(figure, name, language)
        require(pack_figure(figure) == parts)
        prefix = f"{language}-fig-{name}"
        check_svg(figure.svg, prefix, figure)
        check_svg(figure.svg_print, prefix, figure)
        if figure.svg_narrow:
            check_svg(figure.svg_narrow, f"{prefix}--n", figure, is_narrow=True)
        check_svg(figure.svg_standalone, f"{prefix}--s", figure, is_standalone=True)
        dots = PNG_DPI / POINTS_PER_INCH
        check_png(figure.png, figure.width_pt * dots, figure.height_pt * dots)
    except _ERRORS:
        return None
    return figure


def _read_data(data: Any) -> FigureData | None:
    if data is None:
        return None
    groups = tuple((name, count) for name, count in data["groups"])
    return FigureData(groups, tuple(data["heads"]), tuple(tuple(row) for row in data["rows"]))


def _check_head(figure: DrawnFigure, name: str, language: Language) -> None:
    require((figure.name, figure.language) == (name, language))
    texts: list[Any] = [figure.alt]
    if (data := figure.data) is not None:
        width = len(data.heads)
        require(all(type(count) is int and count >= 1 for _, count in data.groups))
        require(not data.groups or sum(count for _, count in data.groups) == width)
        require(0 < len(data.rows) <= _MOST_ROWS and all(len(row) == width for row in data.rows))
        texts += [*(group for group, _ in data.groups), *data.heads, *(cell for row in data.rows for cell in row)]
    require(all(isinstance(text, str) and not odd_letters(text) for text in texts))
    require(all(type(size) is float and 0 < size <= LARGEST_PT for size in (figure.width_pt, figure.height_pt)))


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
    require(len(document) <= _MOST_PDF_BYTES and document.startswith(_PDF_HEAD))
    streams: dict[int, tuple[bytes, bytes]] = {}
    head, last, place, budget = b"", 0, len(_PDF_HEAD), _MOST_UNPACKED_BYTES
    while len(streams) < _MOST_OBJECTS and (found := _STREAM.match(document, place)):
        number, head = int(found[1]), found[2]
        names = re.findall(r"/[^\s/<>\[\]]*", head.decode("latin-1"))
        require(number not in streams and _STREAM_NAMES.issuperset(names))
        (length,) = _LENGTH.findall(head)
        packed = document[found.end() : found.end() + int(length)]
        if "/Filter" in names:
            require(head.count(b"/Filter /FlateDecode") == 1)
            budget -= len(inflate(packed, min(budget, _MOST_STREAM_BYTES)))
        streams[number] = head, packed
        # Where the stream does not end as it says, the next is not found.
        end = _STREAM_END.match(document, found.end() + len(packed))
        last, place = place, end.end() if end else len(document)
    require(b"/Type /XRef" in head and document[place:] == b"startxref\n%d\n%%%%EOF\n" % last)
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
    require(pages and len(pdf.objects) <= _MOST_OBJECTS)
    require(all(place[0].objgen in pages for place in places.values()))
    for item in pdf.objects:
        if isinstance(item, pikepdf.Stream):
            # No object hides where the file's layout has none.
            require(streams[item.objgen[0]][1] == item.read_raw_bytes())
        _check_object(item, pages, places)
    own = [int(page.obj.StructParents) for page in pdf.pages]
    for page in pdf.pages:
        for note in page.obj.get("/Annots", ()):
            require(note.Subtype == pikepdf.Name.Link and ("/Dest" in note or note.A.S == pikepdf.Name.URI))
            own.append(int(note.StructParent))
    # The structure numbers pages and links without a gap, so that none goes unseen.
    require(sorted(own) == sorted(parent_tree(pdf.Root.StructTreeRoot)) == list(range(len(own))))
    described = list(read_xml(pdf.Root.Metadata.read_bytes().decode(), separator="/").iter())
    names = {f"/{element.tag.rpartition('/')[2]}" for element in described}
    require({"/xmpmeta", "/title"} <= names <= _XMP_NAMES)
    require(not odd_letters("".join(element.text or "" for element in described).replace("\n", "")))


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
                require(key in _KEYS or _RESOURCE.fullmatch(key))
                if key in _KINDS:
                    require(isinstance(value, pikepdf.Name) and str(value) in _KINDS[key])
                elif key == "/Pg":
                    require(value.objgen in pages)
                elif key == "/Dest":
                    require(value[0].objgen in pages if isinstance(value, pikepdf.Array) else str(value) in places)
                elif key == "/URI":
                    require(_URI.fullmatch(str(value)))
                inner.append(value)
        else:
            continue
        left += [each for each in inner if isinstance(each, pikepdf.Object) and not each.is_indirect]
