"""Which characters of a user's texts our fonts lack: asked before anything is trained, and at no cost where nothing is odd."""

from __future__ import annotations

import re
from typing import Final

from lrreport.text_files import describe_letter

#: Characters that the text font is known to have: ASCII, Latin-1, Thai, and the usual quotation marks and dashes.
USUAL: Final = re.compile("[ -~\u00a0-\u00ff\u0e01-\u0e3a\u0e3f-\u0e5b\u2013\u2014\u2018\u2019\u201c\u201d\u2026]*")


def find_unprintable(text: str) -> str | None:
    """The first character of a text that neither the text font nor its fallback has, as people can look it up.

    The fonts are only opened where a text holds something unusual. Characters that show nothing do not count.

    Args:
        text: A title, a question, or a line of the byline.

    Returns:
        The character's number and name, and itself; None where every character can be printed.

    >>> find_unprintable("โมเมนตัม “β” Łódź"), find_unprintable("ok 🙂")
    (None, 'U+1F642 SLIGHTLY SMILING FACE (🙂)')
    """
    if USUAL.fullmatch(text):
        return None
    from lrreport.article.fonts import FALLBACK_FAMILY, TEXT_FAMILY, Face, characters_of  # noqa: PLC0415 - loads fontTools

    known = characters_of(Face(TEXT_FAMILY)) | characters_of(Face(FALLBACK_FAMILY))
    missing = (letter for letter in text if letter.isprintable() and letter not in known)
    return next(map(describe_letter, missing), None)
