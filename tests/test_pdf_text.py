"""The text layer of PDFs: Thai comes back from a reader as it was written."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest

from lrreport.article.fonts import pdf_font_files
from lrreport.article.line_breaking import dictionary_words, find_dictionary
from lrreport.article.pdf.finish import save_pdf
from lrreport.article.pdf.glyph_text import glyph_texts
from lrreport.article.pdf.lay_out import lay_out_pdf, lay_out_unrepaired
from lrreport.article.pdf.thai_clusters import as_written
from lrreport.article.pdf.thai_text import repair_text_layer
from lrreport.errors import RenderError
from tests.pdf_pages import HARD_WORDS, made_up_words, page, pixels_of, text_of

_BARE = "@page{@top-left{content:none}@bottom-center{content:none}}"


def _words_page(words: tuple[str, ...], css: str) -> str:
    """A page of many words a line; none is broken at the end of one, so that words can be told apart."""
    paragraphs = (" ".join(words[start : start + 12]) for start in range(0, len(words), 12))
    body = "<h1>ก</h1>" + "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return page(body, css=f"{_BARE}@page{{size:A3 landscape}}p{{white-space:nowrap;margin:0}}{css}")


@pytest.mark.parametrize(
    "css",
    ["", "p{font-weight:600}", "p{font-weight:700;font-size:20pt}", "p{font-style:italic;font-size:7pt}"],
)
def test_500_words_come_back_exact(css: str, tmp_path: Path) -> None:
    """500 Thai words in random order, in any weight and size, are read by pdftotext word by word as written."""
    words = made_up_words(500, seed=11)
    pdf = lay_out_pdf(_words_page(words, css), base_folder=tmp_path, language="th")
    for options in ((), ("-raw",), ("-layout",)):
        assert text_of(pdf, tmp_path, *options).split() == ["ก", *words], options


def test_words_of_a_dictionary_come_back_exact(tmp_path: Path) -> None:
    """So do words that people use, run together without spaces: no letter and no space is added."""
    source = find_dictionary()
    assert source is not None
    words = tuple(word for word in dictionary_words(source) if len(word) > 1)[::41]
    assert len(words) > 500
    html = page(f"<h1>ก</h1><p>{''.join(words)}</p>", css=_BARE)
    lines = text_of(lay_out_pdf(html, base_folder=tmp_path, language="th"), tmp_path, "-raw").splitlines()
    assert "".join(line.rstrip("\f") for line in lines) == "ก" + "".join(words)


def test_the_repair_is_needed(tmp_path: Path) -> None:
    """WeasyPrint's own text layer is wrong for these words; when it is right, the repair can go."""
    pdf = lay_out_unrepaired(_words_page(HARD_WORDS, ""), base_folder=tmp_path)
    assert text_of(pdf, tmp_path).split() != ["ก", *HARD_WORDS]


def test_the_repair_changes_no_pixel(tmp_path: Path) -> None:
    """The repaired page looks the same, to the last pixel, in text of several sizes, code and a figure's label."""
    body = (
        f"<h1>{' '.join(HARD_WORDS[:9])} η</h1><p>{''.join(HARD_WORDS)} <b>{''.join(HARD_WORDS)}</b> office fi</p>"
        f'<pre><code>x = "{HARD_WORDS[0]}"</code></pre><p style="opacity:.5">{"".join(HARD_WORDS)}</p>'
    )
    raw = lay_out_unrepaired(page(body), base_folder=tmp_path)
    with pikepdf.open(io.BytesIO(raw)) as pdf:
        report = repair_text_layer(pdf, pdf_font_files())
        repaired = save_pdf(pdf)
    assert report.spans > len(HARD_WORDS)
    assert repaired != raw
    assert pixels_of(repaired, tmp_path) == pixels_of(raw, tmp_path)


def test_text_in_forms_is_repaired(tmp_path: Path) -> None:
    """Text that is drawn through a form, as transparent text is, comes back exact, too."""
    html = page(f'<h1>ก</h1><p style="opacity:.5">{" ".join(HARD_WORDS)}</p>', css=_BARE)
    raw = lay_out_unrepaired(html, base_folder=tmp_path)
    with pikepdf.open(io.BytesIO(raw)) as pdf:
        assert any(item.get("/Subtype") == "/Form" for item in pdf.objects if isinstance(item, pikepdf.Stream))
        repair_text_layer(pdf, pdf_font_files())
        assert text_of(save_pdf(pdf), tmp_path).split() == ["ก", *HARD_WORDS]


def test_english_is_left_as_it_was(tmp_path: Path) -> None:
    """Ligatures, Greek, signs and code read as they were written."""
    text = "The office of the first η = 10\N{MINUS SIGN}2 → ≤ ≈ “quoted” 5 %"
    html = page(f'<h1>A</h1><p>{text}</p><pre><code>if x &lt;= 1: print("fi")</code></pre>', css=_BARE)
    lines = text_of(lay_out_pdf(html, base_folder=tmp_path, language="th"), tmp_path).split("\n")
    assert text in lines
    assert 'if x <= 1: print("fi")' in lines


def test_a_label_behind_shapes_is_one_text(tmp_path: Path) -> None:
    """A figure's Thai label that is drawn as shapes over invisible text is read as it was written."""
    label = "น้ำท่วมที่ราบสูงครั้งที่ป้ำ"
    picture = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 300 30'><text x='5' y='20' "
        f"style='font: 12px Sarabun; fill: none; stroke: none'>{label}</text></svg>"
    )
    html = page(f'<h1>ก</h1><img alt="x" src="data:image/svg+xml,{picture}">', css=_BARE)
    pdf = lay_out_pdf(html, base_folder=tmp_path, language="th")
    assert text_of(pdf, tmp_path).split() == ["ก", label]


def test_visible_thai_in_svg_is_refused(tmp_path: Path) -> None:
    """WeasyPrint sets SVG text letter by letter, which puts Thai marks in the wrong place: the build fails."""
    picture = (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 99 30'><text y='20' font-family='Sarabun'>ที่</text></svg>"
    )
    html = page(f'<h1>ก</h1><img alt="x" src="data:image/svg+xml,{picture}">')
    with pytest.raises(RenderError, match="glyphs as paths"):
        lay_out_pdf(html, base_folder=tmp_path, language="th")


def test_an_unknown_font_is_refused(tmp_path: Path) -> None:
    """A PDF with a font that is not one of ours is not repaired by guesswork."""
    raw = lay_out_unrepaired(page("<h1>ก</h1>"), base_folder=tmp_path)
    with pikepdf.open(io.BytesIO(raw)) as pdf, pytest.raises(RenderError, match="not one of ours"):
        repair_text_layer(pdf, {})


def test_every_thai_glyph_has_its_text() -> None:
    """Each glyph of Sarabun that a Thai letter can turn into tells its letters, raised and narrow ones included."""
    texts = glyph_texts(pdf_font_files()["Sarabun"])
    known = set(texts.values())
    assert {"น", "้", "ํ", "ำ", "ํ้"} <= known
    assert sum(text == "้" for text in texts.values()) == 3


@pytest.mark.parametrize(
    ("glyphs", "written"), [("นํ้า", "น้ำ"), ("กํา", "กำ"), ("นํา", "นำ"), ("ที่", "ที่"), ("ู่", "ู่"), ("ู่", "ู่"), ("กา", "กา")]
)
def test_clusters_are_spelled_as_written(glyphs: str, written: str) -> None:
    """What the shaper takes apart is put together again, and marks stand in canonical order."""
    assert as_written(glyphs) == written
