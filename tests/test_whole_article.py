"""The whole article, all studies in both languages, from made-up results: the PDF says all that the page says."""

from __future__ import annotations

import datetime as dt
import io
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pikepdf
import pytest

from lrreport.article.figure_data import WEB_ONLY
from lrreport.article.pdf.check import check_pdf
from lrreport.editions.edition import Edition
from lrreport.figures import list_figures
from lrreport.figures.words import LANGUAGES
from lrreport.rendering.report import Rendered, render_report
from lrreport.request import Request
from lrreport.results import Results
from lrreport.study_files import load_built_in_studies
from tests import made_up

MEGABYTE: Final = 1_000_000
SEEDS: Final = (1, 2, 3)
_VOID: Final = frozenset({"br", "img", "input", "link", "meta", "wbr", "hr", "col"})


@pytest.fixture(scope="module")
def results() -> Results:
    return made_up.results(load_built_in_studies({}), seeds=SEEDS)


@pytest.fixture(scope="module")
def report(results: Results, data_cache: Path, mnist: object, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Every file of the report, made once, by the product's own two processes."""
    request = Request(
        studies=results.studies,
        seeds=SEEDS,
        cache=tmp_path_factory.mktemp("cache"),
        data_path=data_cache / "data" / "mnist.npz",
    )
    edition = Edition("fedcba9876543210" * 4, dt.date(2026, 11, 22), SEEDS, 50)
    return render_report(results, edition, request, lambda _: None)


class _Text(HTMLParser):
    """The text nodes of `<main>` that are to be read in print, too; and the values of `data-web-only`."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.nodes: list[str] = []
        self.web_only: set[str] = set()
        self._open: list[tuple[str, bool]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            return
        only = dict(attrs).get("data-web-only")
        if only is not None:
            self.web_only.add(only)
        self._open.append((tag, tag in ("math", "svg") or only is not None))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if any(tag == "main" for tag, _ in self._open) and not any(is_out for _, is_out in self._open) and data.strip():
            self.nodes.append(data)


def _read(pdf: bytes, folder: Path) -> str:
    """What pdftotext reads of the pages' text block, without white space: lines end where they will."""
    path = folder / "article.pdf"
    path.write_bytes(pdf)
    # In points from the top left; headers and footers stand in the margins of 24 and 22 mm.
    crop = ["-x", "0", "-y", "62", "-W", "595", "-H", "722"]
    done = subprocess.run(["pdftotext", "-raw", *crop, path, "-"], check=True, capture_output=True, encoding="utf-8")
    return re.sub(r"\s", "", done.stdout)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_says_all_that_the_page_says(language: str, report: Rendered, tmp_path: Path) -> None:
    """Every text node of the page's main part, but formulas and pictures, is read in the PDF letter by letter."""
    page = _Text(report.files[f"{language}.html"].decode())
    assert page.web_only == set(WEB_ONLY), "the list of what stands on pages alone is closed"
    read = _read(report.files[f"lrreport-{language}.pdf"], tmp_path)
    assert len(page.nodes) > 1000
    missing = [node for node in page.nodes if re.sub(r"\s", "", node) not in read]
    assert missing == []


def test_headers_and_footers_are_cut_off(report: Rendered, tmp_path: Path) -> None:
    """The text block is read and nothing else: a page's number is not among its words, or the test above proves less."""
    read = _read(report.files["lrreport-en.pdf"], tmp_path)
    with pikepdf.open(io.BytesIO(report.files["lrreport-en.pdf"])) as pdf:
        assert f"2/{len(pdf.pages)}" not in read
    assert "TheLearningRate&Training" not in read, "the running head"
    assert "HowtheLearningRateShapestheTrainingofaNeuralNetwork" in read


def test_sizes(report: Rendered) -> None:
    """The page with both languages is no larger than 1.5 MB, the bilingual PDF no larger than 3 MB."""
    assert len(report.files["index.html"]) <= 1.5 * MEGABYTE
    assert len(report.files["lrreport.pdf"]) <= 3 * MEGABYTE


def test_pdfs_are_accessible(report: Rendered) -> None:
    """Editions and joined file pass the checks: languages, alternatives, scopes, outline, labels, fonts, text."""
    for name, languages in (("lrreport-th", ["th"]), ("lrreport-en", ["en"]), ("lrreport", ["th", "en"])):
        assert check_pdf(report.files[f"{name}.pdf"], languages=languages) == [], name


def test_every_curve_has_its_numbers(results: Results, report: Rendered) -> None:
    """Behind each figure but the sample digits stands its table, folded, with 50 rows at most."""
    page = report.files["en.html"].decode()
    tables = re.findall(r'<details class="data" data-web-only="figure-data">.*?</details>', page, re.DOTALL)
    assert len(tables) == len(list_figures(results)) - 1
    assert all(1 < table.count("<tr>") <= 52 for table in tables)


def test_nothing_is_made_twice(report: Rendered, results: Results) -> None:
    """A cold cache draws every figure in both languages and lays out three PDFs."""
    assert (report.drawn, report.kept) == (2 * len(list_figures(results)), 0)
    assert (report.laid_out, report.kept_pdfs) == (3, 0)
