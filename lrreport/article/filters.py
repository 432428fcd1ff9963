"""How the article writes numbers and dates: the filters of the templates.

Accuracies are fractions everywhere else; here, and only here, they become per cent. A missing number (a setting whose
every seed diverged has no mean) is written in words, never as a zero.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from jinja2 import pass_context
from jinja2.runtime import Context, Undefined
from markupsafe import Markup

from lrreport.article.words import MONTHS, Language, say
from lrreport.figures.words import cut_text
from lrreport.spec import format_value

#: U+2212; a hyphen is too short before a number.
MINUS: Final = "\u2212"
_BUDDHIST_ERA: Final = 543
_SIGNIFICANT: Final = 3
#: Below this a learning rate is easier to read as a power of ten.
_SMALLEST_PLAIN: Final = 1e-4


def _signed(text: str) -> str:
    return text.replace("-", MINUS)


def _fixed(value: float, digits: int) -> str:
    """Round to `digits` decimals, without a negative zero."""
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not any(digit in text for digit in "123456789") else _signed(text)


def percent_number(fraction: float, digits: int = 2) -> str:
    """A fraction in per cent, without the sign, for columns that carry the sign in their head.

    >>> percent_number(0.97314)
    '97.31'
    """
    return _fixed(100 * float(fraction), digits)


def pct(fraction: float, digits: int = 2) -> str:
    """A fraction in per cent.

    >>> pct(0.97314), pct(0.8, 0), pct(1)
    ('97.31%', '80%', '100.00%')
    """
    return percent_number(fraction, digits) + "%"


def points(fraction: float, digits: int = 2) -> str:
    """A difference of two fractions in percentage points, always with its sign.

    >>> points(0.0042), points(-0.0042), points(0.00001)
    ('+0.42', '−0.42', '0.00')
    """
    text = _fixed(100 * float(fraction), digits)
    return text if text.startswith(MINUS) or not text.strip("0.,") else f"+{text}"


def num(value: float, digits: int = _SIGNIFICANT) -> str:
    """A plain number: whole ones in full, others with that many significant digits and no idle zeros.

    >>> num(0.9), num(12.0), num(0.012345), num(1875), num(-3.14159), num(9376.25)
    ('0.9', '12', '0.0123', '1,875', '−3.14', '9,376')
    """
    value = float(value)
    if value == int(value):
        return _fixed(value, 0)
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = _fixed(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def whole(value: float) -> str:
    """A whole number with commas between thousands.

    >>> whole(60000), whole(7.0)
    ('60,000', '7')

    Raises:
        ValueError: The value is not whole.
    """
    if value != int(value):
        message = f"{value!r} is not a whole number"
        raise ValueError(message)
    return _fixed(float(value), 0)


def rate(value: float) -> Markup:
    """A learning rate or another setting as it was typed, the very small and the very large as powers of ten.

    >>> rate(0.01), rate(1), rate(1e-05), rate(2.5e-07)
    (Markup('0.01'), Markup('1'), Markup('10<sup>−5</sup>'), Markup('2.5 × 10<sup>−7</sup>'))
    """
    # A float32 curve holds 0.1 as 0.10000000149: seven digits give back what was typed.
    value = float(f"{float(value):.7g}")
    text = format_value(value)
    if "e" not in text and 0 < abs(value) < _SMALLEST_PLAIN:
        text = f"{value:e}"
    mantissa, e, exponent = text.partition("e")
    if not e:
        return Markup(_signed(mantissa))  # noqa: S704 - digits
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    power = f"10<sup>{_signed(str(int(exponent)))}</sup>"
    return Markup(power if mantissa == "1" else f"{_signed(mantissa)} × {power}")  # noqa: S704 - digits


def minus_log(probability: float) -> float:
    """What an image costs whose right answer has that probability.

    >>> minus_log(1.0)
    0.0
    """
    return abs(math.log(probability))


def date(day: dt.date, language: Language) -> str:
    """A day in words, the year in the Buddhist era in Thai.

    >>> date(dt.date(2026, 11, 22), "th"), date(dt.date(2026, 11, 22), "en")
    ('22 พฤศจิกายน 2569', '22 November 2026')
    """
    year = day.year + _BUDDHIST_ERA if language == "th" else day.year
    return f"{day.day} {MONTHS[language][day.month - 1]} {year}"


def _or_words(write: Callable[..., str]) -> Callable[..., str]:
    """The filter that writes numbers by `write`, and None as words."""

    @pass_context
    def filter_(context: Context, value: Any, *arguments: Any, **options: Any) -> str:
        if value is None:
            language: Language = context["lang"]
            return say("no-value", language)
        if isinstance(value, Undefined):
            str(value)  # raises, naming what is not there
        return write(value, *arguments, **options)

    return filter_


def thai_order(word: str) -> str:
    """What a Thai word is ordered by: consonants before the vowels written in front of them, tone marks left out.

    >>> sorted(["โมเมนตัม", "มินิแบตช์", "รอบ"], key=thai_order)
    ['มินิแบตช์', 'โมเมนตัม', 'รอบ']
    """
    return re.sub(r"([เแโใไ])([ก-ฮ])", r"\2\1", re.sub(r"[็-์]", "", word))


def in_order(terms: Iterable[Mapping[str, str]], language: Language) -> list[Mapping[str, str]]:
    """Terms, each with `th` and `en`, as a dictionary of that language has them."""
    return sorted(terms, key=lambda term: thai_order(term["th"]) if language == "th" else term["en"].lower())


@pass_context
def _date(context: Context, value: dt.date) -> str:
    return date(value, context["lang"])


#: What `{{ value|name }}` in a template calls.
FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "pct": _or_words(pct),
    "points": _or_words(points),
    "num": _or_words(num),
    "int": _or_words(whole),
    "rate": _or_words(rate),
    "date": _date,
    "in_order": in_order,
    "short": cut_text,
    "minus_log": minus_log,
}
