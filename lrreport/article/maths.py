"""Formulas: MathML on the web, drawn glyphs in print, and always the words in which they are read aloud.

WeasyPrint does not lay MathML out, and browsers do not need pictures: so a formula is written twice from one TeX text.
Both carry its spoken form.
"""

from __future__ import annotations

import functools
import re
import warnings
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as ET

from latex2mathml import exceptions
from latex2mathml.converter import convert
from markupsafe import Markup

from lrreport.article.words import Language
from lrreport.errors import RenderError

#: Size at which ziamath draws; the result is scaled by the text that it stands in.
_DRAWN_SIZE: Final = 24.0
#: Drawn formulas look a little large beside Sarabun, whose letters are small for their size.
_SCALE: Final = 1.0
#: latex2mathml's errors have no common parent of their own.
_PARSE_ERRORS: Final = tuple(
    item for item in vars(exceptions).values() if isinstance(item, type) and issubclass(item, Exception)
)
_NUMBER: Final = re.compile(r"-?\d+\.\d+")
_TOKEN: Final = re.compile(r"\\[a-zA-Z]+|\\.|[0-9.]+|[a-zA-Z]|[^\s]")

#: What TeX's words are called aloud; what is not here is read as it is written.
_SPOKEN: Final[Mapping[str, Mapping[Language, str]]] = {
    r"\alpha": {"th": "แอลฟา", "en": "alpha"},
    r"\beta": {"th": "บีตา", "en": "beta"},
    r"\gamma": {"th": "แกมมา", "en": "gamma"},
    r"\delta": {"th": "เดลตา", "en": "delta"},
    r"\epsilon": {"th": "เอปไซลอน", "en": "epsilon"},
    r"\varepsilon": {"th": "เอปไซลอน", "en": "epsilon"},
    r"\eta": {"th": "อีตา", "en": "eta"},
    r"\theta": {"th": "ทีตา", "en": "theta"},
    r"\lambda": {"th": "แลมบ์ดา", "en": "lambda"},
    r"\mu": {"th": "มิว", "en": "mu"},
    r"\rho": {"th": "โร", "en": "rho"},
    r"\sigma": {"th": "ซิกมา", "en": "sigma"},
    r"\nabla": {"th": "เดล", "en": "nabla"},
    r"\times": {"th": "คูณ", "en": "times"},
    r"\cdot": {"th": "คูณ", "en": "times"},
    r"\leftarrow": {"th": "กลายเป็น", "en": "becomes"},
    r"\to": {"th": "ไปยัง", "en": "to"},
    r"\le": {"th": "น้อยกว่าหรือเท่ากับ", "en": "less than or equal to"},
    r"\ge": {"th": "มากกว่าหรือเท่ากับ", "en": "greater than or equal to"},
    r"\sqrt": {"th": "รากที่สองของ", "en": "the square root of"},
    "=": {"th": "เท่ากับ", "en": "equals"},
    "+": {"th": "บวก", "en": "plus"},
    "-": {"th": "ลบ", "en": "minus"},
    "/": {"th": "หารด้วย", "en": "over"},
    "<": {"th": "น้อยกว่า", "en": "less than"},
    ">": {"th": "มากกว่า", "en": "greater than"},
    "_": {"th": "ห้อย", "en": "sub"},
    "^": {"th": "ยกกำลัง", "en": "to the power"},
}
_SILENT: Final = frozenset(
    {"{", "}", r"\,", r"\;", r"\:", r"\!", r"\left", r"\right", r"\mathrm", r"\text", "&", "\\\\"}
)


def speak_formula(tex: str, language: Language) -> str:
    r"""A short formula in words, for where nobody gave them.

    >>> speak_formula(r"\eta_0", "en"), speak_formula(r"\eta", "th")
    ('eta sub 0', 'อีตา')
    """
    words = []
    for token in _TOKEN.findall(tex):
        if token in _SILENT:
            continue
        words.append(_SPOKEN[token][language] if token in _SPOKEN else token.removeprefix("\\"))
    return " ".join(words)


@functools.lru_cache(maxsize=512)
def write_mathml(tex: str, spoken: str, *, is_display: bool) -> Markup:
    """A formula as MathML.

    Raises:
        RenderError: The TeX cannot be read.
    """
    try:
        mathml = convert(tex, display="block" if is_display else "inline")
    except _PARSE_ERRORS as error:
        raise _bad_tex(tex, type(error).__name__) from error
    root = ET.fromstring(mathml)  # noqa: S314 - written by latex2mathml from a template's text
    for element in root.iter():
        if element.text and "\\" in element.text:
            raise _bad_tex(tex, f"unknown: {element.text}")
        element.tag = element.tag.rpartition("}")[2]
        # A minus in MathML is U+2212; latex2mathml leaves the hyphen.
        if element.tag == "mo" and element.text == "-":
            element.text = "\u2212"
    root.set("alttext", spoken)
    text = ET.tostring(root, encoding="unicode")
    return Markup(text)  # noqa: S704 - serialised XML


@functools.lru_cache(maxsize=512)
def _draw(tex: str, *, is_display: bool) -> tuple[str, float, float, float]:
    """Path data as SVG, and width, height and depth below the baseline in em."""
    with warnings.catch_warnings():
        # ziamath finds its font by a function that Python 3.11 calls deprecated and 3.13 does not.
        warnings.simplefilter("ignore", DeprecationWarning)
        import ziamath  # noqa: PLC0415 - a third of a second, and only print needs it

    write_mathml(tex, "", is_display=is_display)  # refuses, in words, what ziamath would refuse or draw as it stands
    ziamath.config.svg2 = False
    raw = ziamath.Latex(tex, size=_DRAWN_SIZE, inline=not is_display).svg()
    root = ET.fromstring(raw)  # noqa: S314 - written by ziamath
    _, top, width, height = (float(part) for part in root.attrib["viewBox"].split())
    return raw, width / _DRAWN_SIZE, height / _DRAWN_SIZE, (top + height) / _DRAWN_SIZE


@functools.lru_cache(maxsize=512)
def draw_formula(tex: str, spoken: str, *, is_display: bool) -> Markup:
    """A formula as inline SVG whose baseline is the text's.

    Raises:
        RenderError: The TeX cannot be read.
    """
    raw, width_em, height_em, depth_em = _draw(tex, is_display=is_display)
    inner = raw[raw.index(">") + 1 : raw.rindex("</svg>")]
    inner = _NUMBER.sub(lambda match: f"{float(match[0]):.2f}".rstrip("0").rstrip("."), inner)
    box = re.search(r'viewBox="([^"]+)"', raw)
    style = f"width:{_SCALE * width_em:.3f}em;height:{_SCALE * height_em:.3f}em"
    if not is_display:
        style += f";vertical-align:{-_SCALE * depth_em:.3f}em"
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" class="formula" role="img" viewBox="{}" style="{}"><title>{}</title>{}</svg>'
    ).format(box[1] if box else "", style, spoken, Markup(inner))  # noqa: S704 - paths drawn by ziamath


def _bad_tex(tex: str, reason: str) -> RenderError:
    return RenderError("A formula cannot be read", got=f"{tex} ({reason})", expected="TeX that latex2mathml knows")
