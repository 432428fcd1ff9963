"""Documents that anybody may have written: JSON that is bounded, or not read at all, and what else is known of them."""

from __future__ import annotations

import json
import tokenize
from typing import Any, Final

#: Nothing that we write is larger; and no JSON of this size takes more than a few hundred megabytes once it is read.
MAX_DOCUMENT_BYTES: Final = 16_000_000
#: What NumPy raises about the header of an `npy` file that is none; it reads the header as Python reads a literal.
NPY_ERRORS: Final = (
    ValueError,
    TypeError,
    SyntaxError,
    KeyError,
    OverflowError,
    MemoryError,
    RecursionError,
    tokenize.TokenError,
)

#: Not printable by Python's word, and part of texts: they join letters, or forbid or allow a line to break.
_JOINERS: Final = frozenset("\u00a0\u200b\u200c\u200d\u2060")


def odd_letters(text: str) -> str:
    r"""The letters of a text that a page cannot print and a terminal might obey: control codes, directions, surrogates.

    >>> odd_letters("โมเมนตัม\u200b 0.9 \x1b[2J")
    '\x1b'
    """
    return "".join(letter for letter in text if not letter.isprintable() and letter not in _JOINERS)


def parse_document(content: bytes, limit: int = MAX_DOCUMENT_BYTES) -> dict[str, Any]:
    """Read a JSON object.

    Args:
        content: The file's bytes.
        limit: The most bytes that it may have.

    Raises:
        ValueError: It is larger, not JSON, nested too deeply, holds NaN, or is no object.
    """
    if len(content) > limit:
        message = f"is larger than {limit:,} bytes"
        raise ValueError(message)
    try:
        document = json.loads(content, parse_constant=_refuse_constant)
    except RecursionError as error:
        message = "is nested too deeply"
        raise ValueError(message) from error
    if not isinstance(document, dict):
        message = "is no JSON object"
        raise ValueError(message)  # noqa: TRY004 - a wrong document, not a wrong call
    return document


def _refuse_constant(name: str) -> None:
    message = f"holds {name}, which is not JSON"
    raise ValueError(message)
