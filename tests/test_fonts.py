"""Fonts: the files behind the names, and the style sheets that carry them."""

from __future__ import annotations

import base64
import io
import re

import pytest
from fontTools.ttLib import TTFont

from lrreport.article.fonts import (
    CODE_FAMILY,
    FALLBACK_FAMILY,
    MATHS_FAMILY,
    PRINT_FACES,
    TEXT_FAMILY,
    Face,
    characters_of,
    font_face_css,
    font_licences,
    missing_characters,
    pdf_font_files,
    subset_woff2,
)
from lrreport.errors import RenderError

_RULE = re.compile(
    r'font-family:"([^"]+)";font-weight:(\d+);font-style:(\w+);src:url\("data:font/woff2;base64,([^"]+)"\)'
)


def _fonts(css: str) -> dict[tuple[str, str, str], TTFont]:
    return {
        (family, weight, style): TTFont(io.BytesIO(base64.b64decode(data)))
        for family, weight, style, data in _RULE.findall(css)
    }


def test_every_face_has_its_file() -> None:
    """Every face is a TrueType file of that family, and the names that PDFs use lead to it."""
    for face in PRINT_FACES:
        assert face.path.suffix == ".ttf"
        assert face.family.replace(" ", "") in face.path.name
        assert pdf_font_files()[face.pdf_name] == face.path


def test_a_page_carries_its_own_characters_alone() -> None:
    """On the web a subset has the characters of the page and no others."""
    css = font_face_css("web", "น้ำ abc", code="x = 1")
    fonts = _fonts(css)
    assert set(map(chr, fonts[TEXT_FAMILY, "400", "normal"].getBestCmap())) == set("น้ำ abc")
    assert "x" in map(chr, fonts[CODE_FAMILY, "400", "normal"].getBestCmap())
    assert {family for family, _, _ in fonts} == {TEXT_FAMILY, CODE_FAMILY}


def test_greek_and_maths_bring_their_fonts() -> None:
    """A sign that Sarabun lacks brings the fallback with that sign; MathML brings the maths font with its tables."""
    fonts = _fonts(font_face_css("web", "η", maths="∇η"))
    assert set(map(chr, fonts[FALLBACK_FAMILY, "400", "normal"].getBestCmap())) == {"η"}
    assert "MATH" in fonts[MATHS_FAMILY, "400", "normal"]
    assert "fvar" not in fonts[FALLBACK_FAMILY, "400", "normal"]


def test_thai_marks_keep_their_features() -> None:
    """Subsets keep every feature of the font that their characters can use: Thai marks are placed by features."""
    text = "น้ำปั้นที่ญู"
    subset = TTFont(io.BytesIO(subset_woff2(Face(TEXT_FAMILY), frozenset(text))))
    for table in ("GSUB", "GPOS"):
        tags = {record.FeatureTag for record in subset[table].table.FeatureList.FeatureRecord}
        assert tags & {"ccmp", "mark", "mkmk"}, table


def test_subsets_are_deterministic_and_renamed() -> None:
    """The same characters give the same bytes; a subset does not bear a reserved name, but keeps its copyright."""
    face = Face(CODE_FAMILY)
    first = subset_woff2(face, frozenset("abc"))
    subset_woff2.cache_clear()
    assert subset_woff2(face, frozenset("abc")) == first
    names = {record.nameID: record.toUnicode() for record in TTFont(io.BytesIO(first))["name"].names}
    assert "Plex" not in names[1] + names[4] + names[6]
    assert "IBM" in names[0]


def test_a_character_without_a_font_is_refused() -> None:
    """A page with a character that no font has is not written, and the error names it."""
    assert missing_characters("η น้ำ ₂ → ok") == ""
    with pytest.raises(RenderError, match=r"U\+4E2D"):
        font_face_css("web", "中")
    with pytest.raises(RenderError, match=r"U\+4E2D"):
        font_face_css("web", "a", maths="中")


def test_print_rules_point_at_files() -> None:
    """In print every face is there whole, as a file."""
    css = font_face_css("print", "")
    assert css.count("@font-face") == len(PRINT_FACES)
    assert all(face.path.as_uri() in css for face in PRINT_FACES)


def test_licences_are_open() -> None:
    """Every family is under the SIL Open Font License, with its copyright."""
    licences = font_licences()
    assert [item.family for item in licences] == [TEXT_FAMILY, CODE_FAMILY, FALLBACK_FAMILY, MATHS_FAMILY]
    assert all("Copyright" in item.copyright and "SIL Open Font License" in item.licence for item in licences)


def test_sarabun_covers_thai() -> None:
    """Sarabun has every Thai character."""
    thai = {chr(code) for code in (*range(0x0E01, 0x0E3B), *range(0x0E3F, 0x0E5C))}
    assert thai <= characters_of(Face(TEXT_FAMILY))
