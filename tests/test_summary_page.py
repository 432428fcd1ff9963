"""The summary by itself is one page for the wall: what every study found, and what to do about a curve."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from lrreport.article.environment import make_environment
from lrreport.article.facts import Facts
from lrreport.article.pages import render_one_page, render_print_page
from lrreport.figures.words import LANGUAGES, Language
from lrreport.study_files import load_built_in_studies, parse_study
from tests.full_results import SEEDS, full_results
from tests.layouts import lay_out
from tests.test_prose import GRID, diverging, jumping, make_facts, state_facts

#: Of every study with a paragraph of its own, and of the ground covered.
FINDINGS = ("learning-rate", "ground", "momentum", "decay", "plateau", "optimizers")
ADVICE = 5
CASES: dict[str, Callable[[], Facts]] = {
    "as measured": lambda: state_facts(full_results(), SEEDS),
    "jumping": lambda: make_facts(load_built_in_studies(), make_history=jumping),
    "some diverged": lambda: make_facts(load_built_in_studies(), make_history=diverging),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_summary_stands_on_one_page(case: str, language: Language, tmp_path: Path) -> None:
    """Whatever came out, the findings of all studies and all advice are on one page, with nothing that leads off it."""
    page = render_one_page(CASES[case](), make_environment(), language)
    found = re.findall(rf'<p id="{language}-p-summary-([^"]+)">', page)
    assert tuple(found) == tuple(name for name in FINDINGS if name != "ground" or name in found)
    chart = page.partition('<ol class="chart">')[2].partition("</ol>")[0]
    assert chart.count('class="ask"') == chart.count('class="then"') == chart.count("<li>") == ADVICE
    assert "<a " not in page
    assert len(lay_out(page, tmp_path).pages) == 1


def test_what_is_measured_is_told_of_all() -> None:
    """With the results that the words were written for, the ground covered is among the findings."""
    page = render_one_page(CASES["as measured"](), make_environment(), "en")
    assert tuple(re.findall('<p id="en-p-summary-([^"]+)">', page)) == FINDINGS


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_says_what_the_article_says(language: Language) -> None:
    """Word for word, but for what leads elsewhere, the page has the paragraphs of the article's own summary."""
    facts = CASES["as measured"]()
    one, article = (render(facts, make_environment(), language) for render in (render_one_page, render_print_page))
    for name in FINDINGS:
        paragraph = re.compile(rf'<p id="{language}-p-summary-{name}">(.*?)</p>', re.DOTALL)
        (ours,), (theirs,) = paragraph.findall(one), paragraph.findall(article)
        assert ours == re.sub(r"</?a\b[^>]*>", "", theirs)


def test_a_user_s_study_is_on_the_page(tmp_path: Path) -> None:
    """A study without prose of its own has its paragraph, too, and the page is still one."""
    facts = make_facts((*load_built_in_studies(), parse_study(GRID, "grid.toml")))
    page = render_one_page(facts, make_environment(), "en")
    assert 'id="en-p-summary-grid"' in page
    assert len(lay_out(page, tmp_path).pages) == 1
