"""The fonts of pages, PDFs and figures: where their files are, how a style sheet names them, and their licences.

All of them come as files inside Python packages, so a build looks the same on every machine and never depends on
what happens to be installed there. Text is set in Sarabun (Thai and Latin), code in IBM Plex Mono, the Greek letters
and signs that Sarabun lacks in IBM Plex Sans, and MathML on the web in STIX Two Math.
"""

from __future__ import annotations

import base64
import functools
import importlib.util
import io
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import fontpkg
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from lrreport.errors import RenderError

Medium = Literal["web", "print"]
Style = Literal["normal", "italic"]

#: Family names, as style sheets write them.
TEXT_FAMILY: Final = "Sarabun"
CODE_FAMILY: Final = "IBM Plex Mono"
FALLBACK_FAMILY: Final = "IBM Plex Sans"
MATHS_FAMILY: Final = "STIX Two Math"

#: The words with which Pango, and so WeasyPrint, spells a weight in a font's name; regular is not spelled.
_WEIGHT_WORDS: Final[Mapping[int, str]] = {
    100: "Thin",
    200: "Ultra-Light",
    300: "Light",
    400: "",
    500: "Medium",
    600: "Semi-Bold",
    700: "Bold",
}
#: Names that a subset on a page bears inside its file. The Open Font License reserves "Plex" for unmodified fonts.
_SUBSET_NAMES: Final[Mapping[str, str]] = {
    TEXT_FAMILY: "Report Text",
    CODE_FAMILY: "Report Code",
    FALLBACK_FAMILY: "Report Signs",
    MATHS_FAMILY: "Report Maths",
}
_COPYRIGHT, _LICENCE, _LICENCE_URL = 0, 13, 14
_FAMILY, _SUBFAMILY, _FULL_NAME, _POSTSCRIPT_NAME = 1, 2, 4, 6


@dataclass(frozen=True, slots=True)
class Face:
    """One font: a family at one weight and style.

    Args:
        family: A family name as style sheets write it.
        weight: CSS weight, 100 to 700.
        style: Upright or italic.
    """

    family: str
    weight: int = 400
    style: Style = "normal"

    @property
    def path(self) -> Path:
        """The TrueType file; for IBM Plex Sans one variable file holds every weight of a style."""
        if self.family == MATHS_FAMILY:
            return _maths_path()
        return fontpkg_path(self.family, self.weight, self.style)

    @property
    def pdf_name(self) -> str:
        """The name that WeasyPrint gives the font in a PDF, without the tag of its subset.

        >>> Face("Sarabun", 600, "italic").pdf_name
        'Sarabun-Semi-Bold-Italic'
        """
        words = [*self.family.split(), _WEIGHT_WORDS[self.weight], "Italic" if self.style == "italic" else ""]
        return "-".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class FontLicence:
    """Who made a family, and on which terms it is used."""

    family: str
    copyright: str
    licence: str


_STYLES: Final[tuple[Style, ...]] = ("normal", "italic")

#: Every face that a printed page may ask for.
PRINT_FACES: Final = (
    *(
        Face(family, weight, style)
        for family in (TEXT_FAMILY, CODE_FAMILY)
        for weight in (400, 600, 700)
        for style in _STYLES
    ),
    *(Face(FALLBACK_FAMILY, 400, style) for style in _STYLES),
)
#: The faces that a web page carries inside it; a browser slants or thickens the rest.
WEB_FACES: Final = (
    Face(TEXT_FAMILY, 400),
    Face(TEXT_FAMILY, 400, "italic"),
    Face(TEXT_FAMILY, 600),
    Face(CODE_FAMILY, 400),
)


def fontpkg_path(family: str, weight: int, style: Style) -> Path:
    """The file of a family that comes as a `fontpkg-...` package.

    Raises:
        RenderError: The package is not installed, or has no such style.
    """
    try:
        found = fontpkg.path(family, weight, style)
    except fontpkg.FontpkgError as error:
        message = f"the font {family} {weight} {style} is not there"
        fix = f"pip install fontpkg-{family.lower().replace(' ', '-')}"
        raise RenderError(message, got=str(error), fix=fix) from error
    return Path(found)


@functools.cache
def _maths_path() -> Path:
    # Found without importing ziamath, which takes a third of a second.
    spec = importlib.util.find_spec("ziamath")
    folder = Path(spec.origin).parent if spec and spec.origin else None
    path = folder / "fonts" / "STIXTwoMath-Regular.ttf" if folder else None
    if path is None or not path.is_file():
        message = "the font STIX Two Math is not there: it comes with the package ziamath"
        raise RenderError(message, fix="pip install ziamath")
    return path


def pdf_font_files() -> dict[str, Path]:
    """The file behind every font name that WeasyPrint can write into our PDFs."""
    faces = [*PRINT_FACES, *(Face(FALLBACK_FAMILY, weight, style) for weight in _WEIGHT_WORDS for style in _STYLES)]
    return {face.pdf_name: face.path for face in faces}


@functools.cache
def characters_of(face: Face) -> frozenset[str]:
    """The characters that a face can show."""
    with TTFont(face.path, lazy=True) as font:
        return frozenset(map(chr, font.getBestCmap()))


def missing_characters(text: str) -> str:
    """The characters of a text that no text or code font has, each once and in order.

    >>> missing_characters("η น้ำ ← 中文")
    '中文'
    """
    families = (TEXT_FAMILY, FALLBACK_FAMILY, CODE_FAMILY)
    known = frozenset().union(*(characters_of(Face(family)) for family in families))
    return "".join(sorted(character for character in set(text) - known if character.isprintable()))


def font_face_css(
    medium: Medium, text: str, *, code: str | None = None, italic: str | None = None, maths: str = ""
) -> str:
    """The `@font-face` rules of a page.

    In print the rules point at the font files, whole, and the text does not matter. On the web each rule carries a
    WOFF2 subset as a data URL: exactly the characters that are used, with every OpenType feature that acts on them,
    since Thai marks are placed by features. The same arguments give the same bytes.

    Args:
        medium: "web" or "print".
        text: All characters of the page that are not inside MathML (more does no harm).
        code: The characters set in the code font; by default those of `text`.
        italic: The characters set in italics; by default those of `text`.
        maths: The characters inside MathML; empty leaves the maths font out.

    Raises:
        RenderError: A character is in none of the fonts, or a font is missing.
    """
    if medium == "print":
        return "\n".join(_print_rule(face) for face in PRINT_FACES)
    code = text if code is None else code
    unknown = sorted(character for character in set(maths) - _maths_characters(maths) if character.isprintable())
    if missing := missing_characters(text + code) + "".join(unknown):
        message = "the page uses characters that none of its fonts has"
        got = ", ".join(f"{character} (U+{ord(character):04X})" for character in missing)
        raise RenderError(message, got=got, fix="write them another way, or add a font that has them")
    slanted = frozenset(text if italic is None else italic)
    wanted = {
        TEXT_FAMILY: frozenset(text),
        # Thai comments in code fall back to the text font, so that only Latin letters and signs are carried here.
        CODE_FAMILY: frozenset(code) | frozenset(string.ascii_letters + string.digits),
    }
    signs = frozenset(text + code) - characters_of(Face(TEXT_FAMILY))
    rules = [_web_rule(face, slanted if face.style == "italic" else wanted[face.family]) for face in WEB_FACES]
    if signs & characters_of(Face(FALLBACK_FAMILY)):
        rules.append(_web_rule(Face(FALLBACK_FAMILY), signs))
    if maths:
        rules.append(_web_rule(Face(MATHS_FAMILY), frozenset(maths)))
    return "\n".join(rules)


def _maths_characters(maths: str) -> frozenset[str]:
    return characters_of(Face(MATHS_FAMILY)) | characters_of(Face(TEXT_FAMILY)) if maths else frozenset()


def _print_rule(face: Face) -> str:
    # A variable font takes its weight from the text: WeasyPrint knows no range of weights in a rule.
    weight = "" if face.family == FALLBACK_FAMILY else f"font-weight:{face.weight};"
    return f'@font-face{{font-family:"{face.family}";{weight}font-style:{face.style};src:url("{face.path.as_uri()}")}}'


def _web_rule(face: Face, characters: frozenset[str]) -> str:
    encoded = base64.b64encode(subset_woff2(face, characters & characters_of(face))).decode("ascii")
    return (
        f'@font-face{{font-family:"{face.family}";font-weight:{face.weight};font-style:{face.style};'
        f'src:url("data:font/woff2;base64,{encoded}") format("woff2")}}'
    )


@functools.lru_cache(maxsize=64)
def subset_woff2(face: Face, characters: frozenset[str]) -> bytes:
    """A WOFF2 file of a face with these characters alone, without hinting, under a name of its own."""
    options = subset.Options()
    options.layout_features = ["*"]
    options.name_IDs = [_COPYRIGHT, _FAMILY, _LICENCE, _LICENCE_URL]
    options.hinting = False
    options.notdef_outline = True
    options.drop_tables += ["meta"]  # STIX has one, and fontTools cannot cut it down
    worker = subset.Subsetter(options)
    worker.populate(unicodes=[ord(character) for character in characters])
    target = io.BytesIO()
    # Lazily: tables that do not stay are not taken apart. From memory: fontTools would keep the file open.
    font = TTFont(io.BytesIO(face.path.read_bytes()), recalcTimestamp=False, lazy=True)
    worker.subset(font)
    if "fvar" in font:
        font = _at_weight(font, face.weight)
    _rename(font, face)
    font.flavor = "woff2"
    font.save(target, reorderTables=True)
    return target.getvalue()


def _at_weight(font: Any, weight: int) -> Any:
    axes = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
    return instancer.instantiateVariableFont(font, {**axes, "wght": weight}, static=True)


def _rename(font: Any, face: Face) -> None:
    name = _SUBSET_NAMES[face.family]
    words = f"{_WEIGHT_WORDS[face.weight]} {face.style if face.style == 'italic' else ''}".strip() or "Regular"
    full = f"{name} {words}"
    names = {_FAMILY: name, _SUBFAMILY: words, _FULL_NAME: full, _POSTSCRIPT_NAME: full.replace(" ", "-")}
    for identifier, value in names.items():
        font["name"].setName(value, identifier, 3, 1, 0x409)


def font_licences(
    families: Iterable[str] = (TEXT_FAMILY, CODE_FAMILY, FALLBACK_FAMILY, MATHS_FAMILY),
) -> tuple[FontLicence, ...]:
    """Copyright and licence of each family, read from the font files themselves, for the colophon."""
    found = []
    for family in families:
        with TTFont(Face(family).path, lazy=True) as font:
            names = font["name"]
            found.append(FontLicence(family, names.getDebugName(_COPYRIGHT) or "", names.getDebugName(_LICENCE) or ""))
    return tuple(found)
