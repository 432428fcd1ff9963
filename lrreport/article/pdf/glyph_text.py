"""The text behind each glyph of a PDF's fonts, and their /ToUnicode maps written anew from the font files.

Source: PDF 32000-1:2008, 9.10.3; the Adobe Glyph List specification, for glyph names.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pikepdf
from fontTools import agl
from fontTools.ttLib import TTFont
from pikepdf import Name

from lrreport.errors import RenderError

#: The text of each glyph, by glyph index.
GlyphTexts = Mapping[int, str]

_FIRST_THAI, _LAST_THAI = "\u0e01", "\u0e5b"
_PRIVATE_USE: Final = range(0xE000, 0xF900)
_BFCHAR: Final = re.compile(rb"<([0-9a-fA-F]{4})>\s*<([0-9a-fA-F]*)>")
_BFCHARS_PER_BLOCK: Final = 100
_CMAP_HEAD: Final = """/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <ffff>
endcodespacerange"""
_CMAP_TAIL: Final = """endcmap
CMapName currentdict /CMap defineresource pop
end
end"""


def is_thai(text: str) -> bool:
    """Tell whether a text begins with a Thai character.

    >>> is_thai("ก"), is_thai("a"), is_thai("")
    (True, False, False)
    """
    return bool(text) and _FIRST_THAI <= text[0] <= _LAST_THAI


class FontTexts:
    """The glyph texts of a document's fonts; a font's /ToUnicode is rewritten when the font is first met.

    Args:
        pdf: The document.
        font_files: The TrueType file behind each font name, without the tag of its subset.
    """

    def __init__(self, pdf: pikepdf.Pdf, font_files: Mapping[str, Path]) -> None:
        self._pdf = pdf
        self._files = font_files
        self._maps: dict[tuple[int, int], GlyphTexts] = {}

    @property
    def count(self) -> int:
        """The number of fonts met so far."""
        return len(self._maps)

    def of_resources(self, resources: pikepdf.Object | None) -> dict[str, GlyphTexts]:
        """Return the glyph texts of the fonts of a page or form, by the names that its operators use.

        Raises:
            RenderError: A font is not one of ours.
        """
        fonts = resources.get("/Font") if resources is not None else None
        if fonts is None:
            return {}
        return {name: self._of_font(font) for name, font in fonts.items()}

    def _of_font(self, font: pikepdf.Object) -> GlyphTexts:
        key = font.objgen
        if key not in self._maps:
            self._maps[key] = self._rewrite(font)
        return self._maps[key]

    def _rewrite(self, font: pikepdf.Object) -> GlyphTexts:
        name = str(font.BaseFont).removeprefix("/").split("+")[-1]
        path = self._files.get(name)
        if path is None or font.get("/Subtype") != Name.Type0:
            message = "the PDF uses a font that is not one of ours"
            fix = "use the families of lrreport/article/fonts.py in the style sheets"
            raise RenderError(message, got=name, expected=", ".join(sorted(self._files)), fix=fix)
        own = glyph_texts(path)
        written = read_cmap(font.ToUnicode.read_bytes())
        texts = {code: _best_text(own.get(code, ""), text) for code, text in written.items()}
        texts = {code: text for code, text in texts.items() if text}
        font.ToUnicode = self._pdf.make_stream(_write_cmap(texts))
        return texts


@functools.cache
def glyph_texts(path: Path) -> GlyphTexts:
    """The text that each glyph of a font stands for, by glyph index.

    A glyph of the font's character map stands for its character; others, such as a raised tone mark, tell it by
    their name (`uni0E49.narrow`), in the Adobe Glyph List's way.
    """
    with TTFont(path, lazy=True) as font:
        order: Sequence[str] = font.getGlyphOrder()
        mapped: dict[str, str] = {}
        for code, name in sorted(font.getBestCmap().items()):
            if code not in _PRIVATE_USE:
                mapped.setdefault(name, chr(code))
    texts = (mapped.get(name) or ("" if name.startswith(".") else agl.toUnicode(name)) for name in order)
    return {index: text for index, text in enumerate(texts) if text}


def _best_text(own: str, written: str) -> str:
    """Choose between a font's own text for a glyph and the one that WeasyPrint wrote.

    WeasyPrint's is better where it is not Thai: it spells the ligature ﬁ as two letters.
    """
    if is_thai(own):
        return own
    if written.isspace():
        return " "
    return written or own


def read_cmap(data: bytes) -> dict[int, str]:
    """The text of each glyph, as a /ToUnicode map that this module or WeasyPrint wrote has it."""
    return {
        int(code, 16): bytes.fromhex(text.decode("ascii")).decode("utf-16-be") for code, text in _BFCHAR.findall(data)
    }


def _write_cmap(texts: GlyphTexts) -> bytes:
    items = sorted(texts.items())
    lines = [_CMAP_HEAD]
    for start in range(0, len(items), _BFCHARS_PER_BLOCK):
        block = items[start : start + _BFCHARS_PER_BLOCK]
        lines.append(f"{len(block)} beginbfchar")
        lines += [f"<{code:04x}> <{text.encode('utf-16-be').hex()}>" for code, text in block]
        lines.append("endbfchar")
    return "\n".join([*lines, _CMAP_TAIL]).encode("ascii")
