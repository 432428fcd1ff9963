"""The whole article, all studies in both languages, as it was measured: the PDF says all that the page says, on few pages."""

from __future__ import annotations

import html
import io
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import pikepdf
import pytest

from lrreport.analysis.claims import decide_claims
from lrreport.article.figure_data import WEB_ONLY
from lrreport.article.pdf.check import check_pdf
from lrreport.article.pdf.finish import named_destinations
from lrreport.figures import list_figures
from lrreport.figures.data import MOST_ROWS
from lrreport.figures.words import LANGUAGES
from lrreport.rendering.report import Rendered
from lrreport.results import Results
from tests.full_report import render_full_report
from tests.full_results import full_results

MEGABYTE: Final = 1_000_000
#: Of one language's PDF.
MOST_PAGES: Final = 28
#: The first experiment begins no later.
LATEST_START: Final = 4
#: The title on the first page, and at the head of every other.
TITLES: Final = {"th": "ก้าวยาวแค่ไหนจึงพอดี", "en": "How Long Should a Step Be?"}
_VOID: Final = frozenset({"br", "img", "input", "link", "meta", "wbr", "hr", "col"})


@pytest.fixture(scope="module")
def results() -> Results:
    return full_results()


@pytest.fixture(scope="module")
def report(data_cache: Path, mnist: object, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    """Every file of the report."""
    return render_full_report(data_cache / "data" / "mnist.npz", tmp_path_factory.getbasetemp().parent)


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


def _read(pdf: bytes, folder: Path, *, is_whole: bool = False) -> str:
    """What pdftotext reads, of whole pages or of their text block, without white space: lines end where they will."""
    path = folder / "article.pdf"
    path.write_bytes(pdf)
    # In points from the top left; headers and footers stand in the margins of 24 and 22 mm.
    crop = [] if is_whole else ["-x", "0", "-y", "62", "-W", "595", "-H", "722"]
    done = subprocess.run(["pdftotext", "-raw", *crop, path, "-"], check=True, capture_output=True, encoding="utf-8")
    return _squeeze(done.stdout)


def _squeeze(text: str) -> str:
    return re.sub(r"\s", "", text)


def _count_pages(pdf: bytes) -> int:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return len(opened.pages)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_says_all_that_the_page_says(language: str, report: Rendered, tmp_path: Path) -> None:
    """Every text node of the page's main part, but formulas and pictures, is read in the PDF letter by letter."""
    page = _Text(report.files[f"{language}.html"].decode())
    assert page.web_only == set(WEB_ONLY), "the list of what stands on pages alone is closed"
    read = _read(report.files[f"lrreport-{language}.pdf"], tmp_path)
    assert len(page.nodes) > 1000
    missing = [node for node in page.nodes if _squeeze(node) not in read]
    assert missing == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_headers_and_footers_are_cut_off(language: str, report: Rendered, tmp_path: Path) -> None:
    """The text block is read and nothing else, or the test above proves less; every page but the first has the title above."""
    document = report.files[f"lrreport-{language}.pdf"]
    pages = _count_pages(document)
    block, whole = _read(document, tmp_path), _read(document, tmp_path, is_whole=True)
    title = _squeeze(TITLES[language])
    assert (block.count(title), whole.count(title)) == (1, pages)
    for number in range(1, pages + 1):
        assert f"{number}/{pages}" in whole
    assert f"2/{pages}" not in block


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_article_is_short(language: str, report: Rendered) -> None:
    """A language's PDF has no more pages than a lesson has time for, and its first experiment begins early."""
    with pikepdf.open(io.BytesIO(report.files[f"lrreport-{language}.pdf"])) as pdf:
        numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages, start=1)}
        starts = {name: numbers[place[0].objgen] for name, place in named_destinations(pdf).items()}
    assert len(numbers) <= MOST_PAGES
    assert starts[f"{language}-introduction"] < starts[f"{language}-learning-rate"] <= LATEST_START


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_summary_by_itself_is_one_page(language: str, report: Rendered, tmp_path: Path) -> None:
    """The PDF for the wall is a single page with the title, and says what the article's summary says."""
    document = report.files[f"lrreport-onepage-{language}.pdf"]
    assert _count_pages(document) == 1
    assert check_pdf(document, languages=[language]) == []
    read = _read(document, tmp_path, is_whole=True)
    assert _squeeze(TITLES[language]) in read
    page = report.files[f"{language}.html"].decode()
    told = re.findall(rf'<p id="{language}-p-summary-[^"]*">(.*?)</p>', page, re.DOTALL)
    assert len(told) == 6
    for paragraph in told:
        words = [_squeeze(html.unescape(text)) for text in re.split("<[^>]*>", paragraph)]
        assert [word for word in words if word not in read] == []


def test_sizes(report: Rendered) -> None:
    """The page with both languages is no larger than 1.5 MB, the bilingual PDF no larger than 3 MB."""
    assert len(report.files["index.html"]) <= 1.5 * MEGABYTE
    assert len(report.files["lrreport.pdf"]) <= 3 * MEGABYTE


def test_pdfs_are_accessible(report: Rendered) -> None:
    """Editions and joined file pass the checks: languages, alternatives, scopes, outline, labels, fonts, text."""
    for name, languages in (("lrreport-th", ["th"]), ("lrreport-en", ["en"]), ("lrreport", ["th", "en"])):
        assert check_pdf(report.files[f"{name}.pdf"], languages=languages) == [], name


#: Images of the training set, of which there are no numbers to fold behind them.
WITHOUT_NUMBERS: Final = {"sample-digits"}
#: Studies that are told in words alone; their figures are among the files.
TOLD_IN_WORDS: Final = {"image-order", "image-order-momentum"}


def test_every_figure_is_shown(results: Results, report: Rendered) -> None:
    """Each figure is among the files in both languages, and stands in the article: the first on the title page."""
    first, *others = list_figures(results)
    for language in LANGUAGES:
        page = report.files[f"{language}.html"].decode()
        shown = re.findall(rf'<figure class="figure" id="{language}-fig-([^"]*)">', page)
        assert sorted(shown) == sorted(set(others) - TOLD_IN_WORDS)
        assert page.count('<figure class="figure picture">') == 1
        for name in (first, *others):
            assert {f"figures/{name}.{language}.svg", f"figures/{name}.{language}.png"} <= report.files.keys()


def test_every_figure_has_a_narrow_form(report: Rendered) -> None:
    """On a page every figure stands twice, wide and narrow; none is a picture that scrolls sideways."""
    page = report.files["en.html"].decode()
    figures = re.findall(r'<figure class="figure\b.*?</figure>', page, re.DOTALL)
    assert len(figures) > 15
    for figure in figures:
        assert re.findall(r'<div class="(\w+)"', figure) == ["wide", "narrow"]
        assert len(re.findall(r"<svg\b", figure)) == 2


def test_every_curve_has_its_numbers(results: Results, report: Rendered) -> None:
    """Behind each figure of measured numbers stands its table, folded, with 12 rows at most; of claims, with a row for each."""
    page = report.files["en.html"].decode()
    tables = re.findall(r'<details class="data" data-web-only="figure-data">.*?</details>', page, re.DOTALL)
    assert len(tables) == len(set(list_figures(results)) - WITHOUT_NUMBERS - TOLD_IN_WORDS)
    *others, most = sorted(table.partition("<tbody>")[2].count("<tr>") for table in tables)
    assert 0 < others[0] <= others[-1] <= MOST_ROWS == 12
    assert most == sum(not claim.group.startswith("own-") for claim in decide_claims(results))


def test_nothing_is_made_twice(report: Rendered, results: Results) -> None:
    """A cold cache draws every figure in both languages and makes five PDFs: two editions, their summaries, and all in one."""
    assert (report.drawn, report.kept) == (2 * len(list_figures(results)), 0)
    assert sorted(name for name in report.files if name.endswith(".pdf")) == [
        "lrreport-en.pdf",
        "lrreport-onepage-en.pdf",
        "lrreport-onepage-th.pdf",
        "lrreport-th.pdf",
        "lrreport.pdf",
    ]
    assert (report.laid_out, report.kept_pdfs) == (5, 0)


def test_nothing_waits_for_its_author(report: Rendered) -> None:
    """The words of every guarded paragraph fit these results: none is replaced by its plain form."""
    assert report.waiting == ()
