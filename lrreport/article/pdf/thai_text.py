"""Thai that reads as it was written when text is copied from the PDF, searched in it, or read aloud.

WeasyPrint remembers one piece of text per glyph, the first that it meets. Thai breaks this twice: the shaper splits
ำ into two glyphs and puts the tone mark elsewhere, so that a glyph is first met in a cluster which it shares; and
marks that are shifted leave gaps which readers take for spaces. The page looks right and its text is wrong.

Repairs, after which pdftotext returns the source's words exactly:

1. every font's /ToUnicode is written anew: for a Thai glyph, from the font file that it comes from;
2. a cluster of several glyphs (a consonant with its marks) is wrapped in a /Span that carries its true text as
   /ActualText. Wrapping only those that are spelled wrongly or shifted far is enough for readers that keep the order
   of the page's operators; those that sort by position still confuse marks, in bold text in one word of fifteen.

Every glyph stays where it was, to the last pixel; only numbers that move the pen by nothing are dropped.

Source: PDF 32000-1:2008, 9.10.3 (ToUnicode) and 14.9.4 (ActualText).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Operator, Stream, String

from lrreport.article.pdf.glyph_text import FontTexts, GlyphTexts, is_thai
from lrreport.article.pdf.thai_clusters import Glyph, Item, Move, Rise, Span, as_written, needed_spans, refuse_lone_mark
from lrreport.errors import RenderError

#: One text object; WeasyPrint writes every operator on a line of its own.
_TEXT_OBJECT: Final = re.compile(rb"^BT\n(?:.*?\n)??ET$", re.DOTALL | re.MULTILINE)

#: The text rendering mode that paints nothing.
_INVISIBLE: Final = 3

_Instruction = tuple[Collection[Object], Operator]
_END_SPAN: Final[_Instruction] = ([], Operator("EMC"))


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair did: fonts given a new /ToUnicode, and clusters given their true text."""

    fonts: int
    spans: int


def repair_text_layer(pdf: pikepdf.Pdf, font_files: Mapping[str, Path]) -> RepairReport:
    """Make the Thai text of a PDF from WeasyPrint exact, in place.

    Args:
        pdf: The document.
        font_files: The TrueType file behind each font name, without the tag of its subset.

    Raises:
        RenderError: The document has a font that is not among `font_files`, or Thai text that was laid out letter
            by letter, which puts marks in the wrong place (WeasyPrint does so inside SVG).
    """
    fonts = FontTexts(pdf, font_files)
    spans = 0
    for holder, stream in _streams_with_text(pdf):
        repaired, count = _repair_content(stream.read_bytes(), fonts.of_resources(holder.get("/Resources")))
        spans += count
        if repaired is not None:
            stream.write(repaired)
    return RepairReport(fonts.count, spans)


def _streams_with_text(pdf: pikepdf.Pdf) -> Iterator[tuple[Object, Stream]]:
    """Yield each page with its content stream, then each form with itself."""
    for page in pdf.pages:
        page.contents_coalesce()
        if isinstance(content := page.obj.get("/Contents"), Stream):
            yield page.obj, content
    for item in pdf.objects:
        if isinstance(item, Stream) and item.get("/Subtype") == Name.Form:
            yield item, item


def _repair_content(content: bytes, fonts: Mapping[str, GlyphTexts]) -> tuple[bytes | None, int]:
    """Repair the text objects of a content stream; the rest, mostly drawings, is not even parsed.

    Returns:
        The new content, or None when it has no text, and the number of spans in it.
    """
    objects = _TEXT_OBJECT.findall(content)
    if not objects:
        return None, 0
    repaired: list[bytes] = []
    spans = 0
    with pikepdf.new() as scratch:
        for instructions in _text_objects(Stream(scratch, b"\n".join(objects))):
            repair = _TextObject(fonts, is_invisible=_is_invisible(instructions))
            for operands, operator in instructions:
                repair.take(operands, operator)
            repaired.append(pikepdf.unparse_content_stream(repair.instructions))
            spans += repair.spans
    if len(repaired) != len(objects):
        message = "the text of a PDF page cannot be told from its drawings"
        raise RenderError(message, got=f"{len(repaired)} text objects", expected=str(len(objects)))
    pieces = iter(repaired)
    return _TEXT_OBJECT.sub(lambda _: next(pieces), content), spans


def _text_objects(content: Stream) -> Iterator[list[_Instruction]]:
    group: list[_Instruction] = []
    for instruction in pikepdf.parse_content_stream(content):
        group.append((instruction.operands, instruction.operator))
        if str(instruction.operator) == "ET":
            yield group
            group = []


def _is_invisible(instructions: Sequence[_Instruction]) -> bool:
    """Tell whether a text object only puts text behind shapes that are drawn: all of it is painted not at all."""
    modes = [int(next(iter(operands))) for operands, operator in instructions if str(operator) == "Tr"]
    return bool(modes) and all(mode == _INVISIBLE for mode in modes)


class _TextObject:
    """Gathers what is shown between two changes of font or position, and shows it again with the spans it needs.

    Invisible text is the text of a figure's label, laid out letter by letter behind its shapes: there the whole label
    becomes one span, since the places of its letters mean little.
    """

    def __init__(self, fonts: Mapping[str, GlyphTexts], *, is_invisible: bool) -> None:
        self.instructions: list[_Instruction] = []
        self.spans = 0
        self._fonts = fonts
        self._is_invisible = is_invisible
        self._texts: GlyphTexts | None = None
        self._gathered: list[Item] = []
        self._label = ""

    def take(self, operands: Collection[Object], operator: Operator) -> None:
        """Take the next operator of the text object; the last one is ET."""
        name = str(operator)
        if name in {"TJ", "Tj"}:
            if self._texts is None:
                message = "a PDF page shows text in a font that it has not chosen"
                raise RenderError(message)
            shown = next(iter(operands))
            self._gathered += _items(list(shown) if isinstance(shown, Array) else [shown], self._texts)
            return
        if name == "Ts":
            self._gathered.append(Rise(operands))
            return
        self._show_gathered()
        if name == "Tf":
            self._texts = self._fonts.get(str(next(iter(operands))))
        elif name == "ET" and any(map(is_thai, self._label)):
            self._span_label()
        self.instructions.append((operands, operator))

    def _show_gathered(self) -> None:
        if self._is_invisible:
            self._label += "".join(item.text for item in self._gathered if isinstance(item, Glyph))
            spans: list[Span] = []
        else:
            refuse_lone_mark(self._gathered)
            spans = [*_indent_span(self._gathered), *needed_spans(self._gathered)]
        self.instructions += _show(self._gathered, spans)
        self.spans += len(spans)
        self._gathered = []

    def _span_label(self) -> None:
        begin = self.instructions[0]  # BT
        self.instructions[:1] = [begin, _begin_span(as_written(self._label))]
        self.instructions.append(_END_SPAN)
        self.spans += 1


def _indent_span(items: Sequence[Item]) -> list[Span]:
    """A span over the spaces that code begins with, and the letter after them; none where it begins without.

    Readers throw away spaces before a line's first letter, but not those of an /ActualText.
    """
    texts = [item.text if isinstance(item, Glyph) else "" for item in items]
    count = sum(1 for _ in itertools.takewhile(lambda text: text == " ", texts))
    first = texts[count] if count < len(texts) else ""
    return [Span(0, count, " " * count + first)] if count > 1 and first and not is_thai(first) else []


def _items(shown: Iterable[Object], texts: GlyphTexts) -> Iterator[Item]:
    for part in shown:
        if isinstance(part, String):
            codes = bytes(part)
            for index in range(0, len(codes), 2):
                code = int.from_bytes(codes[index : index + 2], "big")
                yield Glyph(code, texts.get(code, ""))
        elif float(part):
            yield Move(part)


def _show(items: Sequence[Item], spans: Sequence[Span]) -> Iterator[_Instruction]:
    """Yield the operators that show the items, with the spans around their glyphs."""
    begins = {span.first: span.text for span in spans}
    ends = {span.last for span in spans}
    pending: list[Object | bytearray] = []
    for place, item in enumerate(items):
        if place in begins:
            yield from _shown(pending)
            yield _begin_span(begins[place])
        if isinstance(item, Rise):
            yield from _shown(pending)
            yield item.operands, Operator("Ts")
        elif isinstance(item, Move):
            pending.append(item.thousandths)
        else:
            if not pending or not isinstance(pending[-1], bytearray):
                pending.append(bytearray())
            pending[-1] += item.code.to_bytes(2, "big")
        if place in ends:
            yield from _shown(pending)
            yield _END_SPAN
    yield from _shown(pending)


def _begin_span(text: str) -> _Instruction:
    return [Name.Span, Dictionary(ActualText=String(text))], Operator("BDC")


def _shown(pending: list[Object | bytearray]) -> Iterator[_Instruction]:
    """Yield one TJ of what is pending, which is emptied."""
    if pending:
        parts = [String(bytes(part)) if isinstance(part, bytearray) else part for part in pending]
        yield [Array(parts)], Operator("TJ")
        pending.clear()
