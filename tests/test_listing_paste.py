"""Listings can be taken from the page and from the PDF: the text that comes out is the code, indents and all."""

from __future__ import annotations

import ast
import html
import re
import subprocess
import textwrap
import tomllib
from typing import Final

import pytest

from lrreport.article.environment import find_listing, find_templates, make_environment
from lrreport.article.listings import listing_css
from lrreport.article.pages import render_page
from lrreport.article.pdf.lay_out import lay_out_pdf
from lrreport.study_files import load_built_in_studies, parse_study
from tests.test_prose import make_facts

FILES: Final = {path.name: path for path in sorted((find_templates() / "listings").iterdir())}
STUDY_FILES: Final = sorted(name for name in FILES if name.endswith(".toml"))


def _name(file: str) -> str:
    return file.removesuffix(".py")


def test_page_gives_every_listing_letter_by_letter() -> None:
    """What a browser copies from a listing is its file, which a reader can run as it is."""
    page = render_page(make_facts(load_built_in_studies()), make_environment(), "en")
    blocks = re.findall(r'<pre class="hl"[^>]*><code>(.*?)</code></pre>', page, re.DOTALL)
    shown = {html.unescape(re.sub(r"<[^>]*>", "", block)) for block in blocks}
    assert shown == {path.read_text("utf-8").strip("\n") for path in FILES.values()}


#: The ways in which pdftotext reads: as the page looks, as a reader selects, as it was written.
MODES: Final = {"layout": ["-layout"], "selection": [], "raw": ["-raw"]}


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """The text of every listing, each on a sheet of its own, in every mode."""
    environment = make_environment()
    css = "\n".join((find_templates() / "css" / f"{name}.css").read_text("utf-8") for name in ("shared", "print"))
    figures = "".join(
        f'<figure class="listing" style="break-after: page"><pre class="hl" lang="en"><code>'
        f"{find_listing(environment, _name(file)).for_print}</code></pre></figure>"
        for file in FILES
    )
    page = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Listings</title><style>{css}{listing_css()}'
        "@page { @top-left { content: none } @bottom-center { content: none } }</style></head>"
        f'<body><h1 style="position: absolute; font-size: 1pt; color: white">Listings</h1>{figures}</body></html>'
    )
    folder = tmp_path_factory.mktemp("listings")
    pdf = folder / "listings.pdf"
    pdf.write_bytes(lay_out_pdf(page, base_folder=folder, language="en"))
    sheets = {}
    for mode, options in MODES.items():
        text = subprocess.run(["pdftotext", *options, pdf, "-"], check=True, capture_output=True, text=True).stdout
        sheets[mode] = dict(zip(FILES, text.replace("Listings", "", 1).split("\f"), strict=False))
    return sheets


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("file", [name for name in FILES if name.endswith(".py")])
def test_pdf_gives_a_listing_that_runs(file: str, mode: str, sheets: dict[str, dict[str, str]]) -> None:
    """What is taken from the PDF is the same program: every line, in blocks as deep as they were."""
    taken = textwrap.dedent("\n".join(line for line in sheets[mode][file].splitlines() if line.strip()))
    assert ast.dump(ast.parse(taken)) == ast.dump(ast.parse(FILES[file].read_text("utf-8")))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("file", STUDY_FILES)
def test_pdf_gives_a_study_file_that_is_read(file: str, mode: str, sheets: dict[str, dict[str, str]]) -> None:
    """What is taken from the PDF is the same study."""
    assert tomllib.loads(sheets[mode][file]) == tomllib.loads(FILES[file].read_text("utf-8"))


@pytest.mark.parametrize("file", STUDY_FILES)
def test_study_file_of_the_article_is_allowed(file: str) -> None:
    """A study that the article tells its readers to write is one, and is called as its file."""
    study = parse_study(FILES[file].read_text("utf-8"), file)
    assert f"{study.id}.toml" == file
    assert len(study.settings) >= 3
    assert study.id not in {known.id for known in load_built_in_studies()}


def test_commands_of_the_article_are_commands() -> None:
    """Every command line that the article prints has a study file of the article, and options that exist."""
    source = "".join(path.read_text("utf-8") for path in (find_templates() / "studies").glob("*.j2"))
    commands = set(re.findall(r'<code class="command">(.*?)</code>', source))
    assert len(commands) == len(STUDY_FILES) + 1
    known = {study.id for study in load_built_in_studies()} | {name.removesuffix(".toml") for name in STUDY_FILES}
    for command in commands:
        words = re.sub(r"\{\{.*?\}\}", "1", command).split()
        assert words[:2] == ["lrreport", "build"]
        assert set(words[2::2]) <= {"--studies", "--study", "--epochs", "--out"}
        assert {words[at + 1] for at, word in enumerate(words) if word == "--study"} <= known
