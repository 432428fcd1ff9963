"""An edition's digest, put into a PDF that was laid out without it.

The digest on the title page changes whenever a word of either language does. A language whose own words are the same
is laid out already; only the glyphs of these few digits are exchanged for others, as wide as they are.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Final

import pikepdf
from pikepdf import Array, Operator, String

from lrreport.article.pdf.finish import save_pdf
from lrreport.article.pdf.glyph_text import read_cmap
from lrreport.editions.edition import BLANK_DIGEST
from lrreport.errors import RenderError

_FONT: Final = Operator("Tf")
_SHOW: Final = Operator("TJ")
_BYTES_PER_GLYPH: Final = 2


def stamp_digest(document: bytes, digest: str) -> bytes:
    """Put an edition's digest on the first page, in place of `BLANK_DIGEST`.

    The same document and digest give the same bytes.

    Args:
        document: A finished PDF whose first page shows `BLANK_DIGEST` once, in a font whose digits are equally wide.
        digest: As many lowercase hexadecimal digits as `BLANK_DIGEST` has.

    Raises:
        RenderError: The first page does not show it just once, or the digest is no such.
    """
    if len(digest) != len(BLANK_DIGEST) or not set(digest) <= set(BLANK_DIGEST):
        message = "the digest cannot be put on the title page"
        raise RenderError(message, got=digest, expected=f"{len(BLANK_DIGEST)} hexadecimal digits")
    with pikepdf.open(io.BytesIO(document)) as pdf:
        page = pdf.pages[0]
        fonts = {name: _glyphs_of_digits(font) for name, font in page.Resources.get("/Font", {}).items()}
        instructions = list(pikepdf.parse_content_stream(page))
        found = 0
        glyphs: Mapping[str, bytes] = {}
        for number, (operands, operator) in enumerate(instructions):
            if operator == _FONT:
                glyphs = fonts[str(operands[0])]
            elif operator == _SHOW and glyphs and _shown(operands[0]) == _encode(BLANK_DIGEST, glyphs):
                stamped = Array([String(_encode(digest, glyphs))])
                instructions[number] = pikepdf.ContentStreamInstruction([stamped], operator)
                found += 1
        if found != 1:
            message = "the title page has no place for the edition's digest"
            fix = "show part.edition_line once, in a font of one width, in article.print.html.j2"
            raise RenderError(message, got=f"{found} places", expected="one", fix=fix)
        page.Contents = pdf.make_stream(pikepdf.unparse_content_stream(instructions))
        return save_pdf(pdf)


def _glyphs_of_digits(font: pikepdf.Object) -> dict[str, bytes]:
    """The code of each hexadecimal digit's glyph, by digit; empty for a font that lacks one."""
    codes = {
        text: code.to_bytes(_BYTES_PER_GLYPH, "big") for code, text in read_cmap(font.ToUnicode.read_bytes()).items()
    }
    glyphs = {digit: codes[digit] for digit in BLANK_DIGEST if digit in codes}
    return glyphs if len(glyphs) == len(BLANK_DIGEST) else {}


def _shown(pieces: pikepdf.Object) -> bytes:
    return b"".join(bytes(piece) for piece in pieces if isinstance(piece, String))


def _encode(text: str, glyphs: Mapping[str, bytes]) -> bytes:
    return b"".join(glyphs[digit] for digit in text)
