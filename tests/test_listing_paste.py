"""Listings can be taken from the page and from the PDF: the text that comes out is the code, indents and all."""

from __future__ import annotations

import ast
import html
import re
import subprocess
import textwrap
from pathlib import Path
from typing import Final

import pytest

from lrreport.article.environment import find_listing, find_templates, make_environment, read_listing
from lrreport.article.listings import listing_css
from lrreport.article.pages import render_page
from lrreport.article.pdf.lay_out import lay_out_pdf
from lrreport.article.words import LANGUAGES, Language
from lrreport.study_files import load_built_in_studies
from tests.test_prose import make_facts

ENVIRONMENT: Final = make_environment()
NAMES: Final = sorted(path.stem for path in (find_templates() / "listings").glob("*.py"))
#: The second callback study stands in the section of the first, whose listing serves both.
PRINTED: Final = [name for name in NAMES if name != "plateau-fast"]


def shown(name: str, language: Language) -> str:
    return find_listing(ENVIRONMENT, name, language).text


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_gives_every_listing_letter_by_letter(language: Language) -> None:
    """What a browser copies from a listing is what is shown of its file; of the first that is a program to run as it is."""
    page = render_page(make_facts(load_built_in_studies()), ENVIRONMENT, language)
    blocks = re.findall(r'<pre class="hl"[^>]*><code>(.*?)</code></pre>', page, re.DOTALL)
    copied = {html.unescape(re.sub(r"<[^>]*>", "", block)) for block in blocks}
    assert copied == {shown(name, language) for name in PRINTED}
    assert read_listing(ENVIRONMENT, "learning-rate", language).strip("\n") in copied


def test_thai_comments_are_marked_as_thai() -> None:
    """Code is read in Latin letters, and its Thai comments in Thai, on the page and in print."""
    listing = find_listing(ENVIRONMENT, "learning-rate", "th")
    for form in (listing.html, listing.spans):
        marked = re.findall(r'<span class="c1" lang="th">([^<]*)</span>', form)
        assert [comment.strip() for comment in marked] == re.findall(r"# .*", listing.text)
    assert 'lang="th"' not in find_listing(ENVIRONMENT, "learning-rate", "en").html


#: The ways in which pdftotext reads: as the page looks, as a reader selects, as it was written.
MODES: Final = {"layout": ["-layout"], "selection": [], "raw": ["-raw"]}


@pytest.fixture(scope="module", params=LANGUAGES)
def sheets(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Language, Path]:
    """A PDF with every listing in one language, each on a sheet of its own."""
    language: Language = request.param
    css = "\n".join((find_templates() / "css" / f"{name}.css").read_text("utf-8") for name in ("shared", "print"))
    figures = "".join(
        f'<figure class="listing" style="break-after: page"><pre class="hl" lang="en"><code>'
        f"{find_listing(ENVIRONMENT, name, language).for_print}</code></pre></figure>"
        for name in NAMES
    )
    page = (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8"><title>Listings</title>'
        f"<style>{css}{listing_css()}@page {{ @top-left {{ content: none }} @bottom-center {{ content: none }} }}</style>"
        '</head><body><h1 style="position: absolute; font-size: 1pt; color: white">Listings</h1>'
        f"{figures}</body></html>"
    )
    folder = tmp_path_factory.mktemp("listings")
    pdf = folder / "listings.pdf"
    pdf.write_bytes(lay_out_pdf(page, base_folder=folder, language=language))
    return language, pdf


@pytest.mark.parametrize("mode", MODES)
def test_pdf_gives_the_lines_that_are_shown(mode: str, sheets: tuple[Language, Path]) -> None:
    """What is taken from the PDF is the same code: every line, in blocks as deep as they were, and every comment."""
    language, pdf = sheets
    command = ["pdftotext", *MODES[mode], pdf, "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout.replace("Listings", "", 1)
    for name, sheet in zip(NAMES, text.split("\f"), strict=False):
        taken = textwrap.dedent("\n".join(line for line in sheet.splitlines() if line.strip()))
        assert ast.dump(ast.parse(taken)) == ast.dump(ast.parse(shown(name, language))), name
        assert re.findall(r"# .*", taken) == re.findall(r"# .*", shown(name, language)), name
