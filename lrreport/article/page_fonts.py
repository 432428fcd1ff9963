"""The fonts inside a web page: which characters it shows, in which font, and no more."""

from __future__ import annotations

import html
import re
from typing import Final

from lrreport.article.fonts import font_face_css, missing_characters

#: Where the fonts go in a page's style sheet.
FONTS_MARK: Final = "/*fonts*/"
_MATHS: Final = re.compile(r"<math\b.*?</math>", re.DOTALL)
_CODE: Final = re.compile(r"<(code|pre|kbd)\b.*?</\1>", re.DOTALL)
_ITALIC: Final = re.compile(r"<(i|em|cite)\b.*?</\1>", re.DOTALL)
_NO_TEXT: Final = re.compile(r"<(style|head|title)\b.*?</\1>", re.DOTALL)
_TAG: Final = re.compile(r"<[^>]*>")
#: A shaper takes SARA AM apart: its halves must be in the fonts even where no word of the page has them by themselves.
_SARA_AM_PARTS: Final = "\N{THAI CHARACTER NIKHAHIT}\N{THAI CHARACTER SARA AA}"


def embed_fonts(page: str, foreign: str = "") -> str:
    """Put the fonts into a page's style sheet, with the characters that the page shows and no more.

    Args:
        page: With `FONTS_MARK` in its style sheet.
        foreign: Characters that may be missing in our fonts: a browser takes them from another.
    """
    maths = "".join(_text(match) for match in _MATHS.findall(page)) + ("√" if "<msqrt" in page else "")
    body = _NO_TEXT.sub("", _MATHS.sub("", page))
    code = "".join(_text(match[0]) for match in _CODE.finditer(body))
    italic = "".join(_text(match[0]) for match in _ITALIC.finditer(body))
    text, italic = _text(body) + _SARA_AM_PARTS, italic + _SARA_AM_PARTS
    if foreign and (missing := set(missing_characters(foreign))):
        text, code = ("".join(letter for letter in some if letter not in missing) for some in (text, code))
    rules = font_face_css("web", text, code=code, italic=italic, maths=with_italics(maths))
    return page.replace(FONTS_MARK, rules, 1)


def _text(markup: str) -> str:
    return html.unescape(_TAG.sub("", markup))


def with_italics(characters: str) -> str:
    """Add the mathematical italics that a browser puts in place of single letters in `<mi>`."""
    italic = []
    for character in set(characters):
        for first, last, target in (("A", "Z", 0x1D434), ("a", "z", 0x1D44E), ("Α", "Ω", 0x1D6E2), ("α", "ω", 0x1D6FC)):
            if first <= character <= last:
                # U+1D455 is not assigned: the italic h is Planck's constant.
                italic.append("ℎ" if character == "h" else chr(target + ord(character) - ord(first)))
    return "".join(sorted({*characters, *italic}))
