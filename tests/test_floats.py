"""Figures float: text that follows fills the gap that a figure leaves, and nothing is lost; no line stands stray."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrreport.article.pdf import lay_out
from lrreport.article.pdf.floats import has_large_gap, measure_gaps, rate_gaps
from lrreport.article.pdf.lay_out import lay_out_pdf
from tests.layouts import lay_out as lay_out_page
from tests.pdf_pages import page, text_of

PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M0 0L9 9' stroke='black'/></svg>"


def _part(kind: str, name: str, html: str) -> str:
    return f"<!--part {kind}:{name}-->{html}"


def _paragraph(name: str) -> str:
    text = f"This is the paragraph {name}, and it says so at some length, so that it takes more than a line. " * 3
    return _part("p", name, f'<p id="en-p-{name}" style="break-inside:avoid">{text}</p>')


def _article(*, before: int, after: str) -> str:
    figure = (
        '<figure id="en-fig-tall" style="break-inside:avoid;margin:0"><img alt="A line" '
        f'src="data:image/svg+xml,{PICTURE}" style="width:100mm;height:150mm"></figure>'
    )
    first = "".join(_paragraph(f"before-{number}") for number in range(before))
    body = f"<h1>A</h1>{first}{_part('fig', 'tall', figure)}{after}<!--end of parts-->"
    return page(body, language="en")


def _order(html: str, folder: Path) -> list[str]:
    text = text_of(lay_out_pdf(html, base_folder=folder, language="en"), folder)
    words = text.split()
    return list(dict.fromkeys(words[i + 1].rstrip(",") for i, word in enumerate(words[:-1]) if word == "paragraph"))


def _laid_out(html: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, ...]]:
    """The gaps of the best layout so far, after every layout that was made on the way."""
    seen: list[tuple[float, ...]] = []

    def watch(document: object) -> bool:
        seen.append(measure_gaps(document))  # type: ignore[arg-type]
        return has_large_gap(document)  # type: ignore[arg-type]

    monkeypatch.setattr(lay_out, "has_large_gap", watch)
    lay_out_pdf(html, base_folder=folder, language="en")
    return seen


def test_what_follows_a_figure_fills_the_page_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gap shrinks to less than a paragraph, and the figure keeps its place at the top of the next page."""
    html = _article(before=5, after="".join(_paragraph(f"after-{number}") for number in range(8)))
    first, *_, last = _laid_out(html, tmp_path, monkeypatch)
    assert first[0] > 200
    assert last[0] < 100


def test_nothing_is_lost_and_text_keeps_its_order(tmp_path: Path) -> None:
    """Every paragraph is there, in the order in which it was written: only the figure has moved."""
    html = _article(before=5, after="".join(_paragraph(f"after-{number}") for number in range(8)))
    assert _order(html, tmp_path) == [f"before-{n}" for n in range(5)] + [f"after-{n}" for n in range(8)]


@pytest.mark.parametrize("between", ["sec", "lst", "between"])
def test_a_figure_stays_in_its_section(between: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A heading, a listing or a box after a figure goes before it in no case, nor does what comes after that."""
    stop = _part(between, "stop", '<h2 id="en-stop">Next</h2>')
    html = _article(before=5, after=stop + _paragraph("after-0"))
    assert len(_laid_out(html, tmp_path, monkeypatch)) == 1


def test_a_figure_that_fits_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a gap, a page is laid out once."""
    html = _article(before=1, after=_paragraph("after-0"))
    assert len(_laid_out(html, tmp_path, monkeypatch)) == 1


@pytest.mark.parametrize(("style", "is_bad"), [("break-before:page", False), ("margin-top:250mm", True)])
def test_an_end_before_a_forced_break_is_no_gap(style: str, is_bad: bool, tmp_path: Path) -> None:
    """A part that begins on a new page by rule leaves what is before it as short as it is."""
    document = lay_out_page(page(f'<h1>A</h1><p>First.</p><h2 style="{style}">B</h2><p>Second.</p>'), tmp_path)
    assert measure_gaps(document)[0] > 500
    assert (rate_gaps(document) > 0) is is_bad
