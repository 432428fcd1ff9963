"""The summary is one page: the findings of every study and the whole decision chart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lrreport.article.environment import make_environment
from lrreport.article.pages import render_print_page
from lrreport.figures.words import LANGUAGES, Language
from lrreport.study_files import load_built_in_studies
from tests.layouts import lay_out
from tests.test_prose import jumping, make_facts


@pytest.mark.parametrize("language", LANGUAGES)
def test_summary_stands_on_one_page(language: Language, tmp_path: Path) -> None:
    """Whatever came out, all six studies and all seven boxes of the chart are on the page that the heading opens."""
    facts = make_facts(load_built_in_studies(), make_history=jumping)
    page = render_print_page(facts, make_environment(), language)
    start, end = (page.index(f'id="{language}-summary{name}"') for name in ("", "-ranking"))
    head, part = page[: page.index("<body>")], page[start - len("<h2 ") : end - len("<h3 ")]
    assert part.count('class="ask') == 7
    assert len(re.findall(r"<li>", part)) == 6 + 7
    document = lay_out(f"{head}<body><main>{part}</main></body></html>", tmp_path)
    assert len(document.pages) == 1
