"""Paragraphs written for what came out: each stands on the results that it was written for, and goes when they turn."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from lrreport.analysis.claims import Verdict
from lrreport.article.environment import find_templates, make_environment
from lrreport.article.facts import Facts
from lrreport.article.pages import compose_part
from lrreport.figures.words import LANGUAGES, Language
from lrreport.study_files import load_built_in_studies
from tests.full_results import SEEDS, full_results
from tests.test_prose import CASES, find_gaps, make_facts, read_words, state_facts

TAG: Final = re.compile(r'\{% told "([\w-]+)" when (.*?) %\}', re.DOTALL)
VERDICTS: Final = {"holds": Verdict.HOLDS, "fails": Verdict.FAILS, "cannot_tell": Verdict.CANNOT_TELL}


@functools.cache
def guards() -> dict[str, str]:
    """Every told paragraph with its guard as the templates have it."""
    sources = [path.read_text("utf-8") for path in sorted(find_templates().rglob("*.j2"))]
    return {name: guard for source in sources for name, guard in TAG.findall(source)}


@functools.cache
def as_measured() -> Facts:
    """The article of the full report."""
    return state_facts(full_results(), SEEDS)


def fresh(facts: Facts, **changes: object) -> Facts:
    """The same facts with something changed, and nothing waiting yet."""
    return replace(facts, waiting=set(), **changes)  # type: ignore[arg-type]


def names_of(guard: str) -> Iterator[tuple[str, Verdict]]:
    """The claims that a guard names, with the verdict that it wants; `not holds(...)` wants any other."""
    for negation, word, names in re.findall(r"(not )?\b(holds|fails|cannot_tell)\(([^)]*)\)", guard):
        for name in re.findall(r'"([^"]+)"', names):
            if not negation:
                yield name, VERDICTS[word]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_full_report_waits_for_nobody(language: Language) -> None:
    """On the results that they were written for, all told paragraphs stand, without a gap, in both languages."""
    facts = fresh(as_measured())
    text = read_words(facts, language)
    assert facts.waiting == set()
    assert len(guards()) > 25
    assert find_gaps(text, language) == []


def test_every_verdict_of_a_guard_is_turned() -> None:
    """Each claim that a guard names is turned to each other verdict: the paragraph waits, and what stands there is whole."""
    facts = as_measured()
    environment = make_environment()
    wanted: dict[str, set[str]] = {}
    for paragraph, guard in guards().items():
        for name, _ in names_of(guard):
            wanted.setdefault(name, set()).add(paragraph)
    known = {claim.id: claim for claim in facts.claims}
    assert set(wanted) <= set(known), "a guard names a claim that there is not"
    assert len(wanted) > 20
    for name, paragraphs in wanted.items():
        others = [verdict for verdict in Verdict if verdict is not known[name].verdict]
        for verdict in others[:1] if len(paragraphs) == 1 else others:
            turned = [replace(claim, verdict=verdict) if claim.id == name else claim for claim in facts.claims]
            for language in LANGUAGES:
                world = fresh(facts, claims=turned)
                text = read_words(world, language, environment)
                assert paragraphs <= world.waiting, (name, verdict)
                assert find_gaps(text, language) == [], (name, verdict)


@pytest.mark.parametrize("case", CASES)
def test_waiting_is_the_same_in_both_languages(case: str) -> None:
    """Both languages share the guard, whatever the results; and most paragraphs wait where nothing fits them."""
    facts = CASES[case]()
    found = []
    for language in LANGUAGES:
        world = fresh(facts)
        compose_part(world, make_environment(), language, "web")
        found.append(world.waiting)
    assert found[0] == found[1] <= set(guards())


def test_other_data_and_fewer_epochs_are_told_plainly() -> None:
    """With Fashion-MNIST, with three epochs and with one seed, no paragraph that leans on the full report is printed."""
    for facts in (
        make_facts(load_built_in_studies({"dataset": "fashion-mnist"})),
        make_facts(load_built_in_studies({"epochs": 3})),
        make_facts(load_built_in_studies(), seeds=(1,)),
    ):
        world = fresh(facts)
        text = read_words(world, "en")
        assert "abstract" in world.waiting
        assert "Nat" not in text
        assert "a lottery" not in text


def test_both_languages_are_written_to_the_same_end() -> None:
    """Every told paragraph has as many lines in Thai as in English, give or take one: no language leaves a thought out."""
    pattern = re.compile(
        r'\{% told "([\w-]+)".*?%\}\s*\{% th %\}(.*?)\{% en %\}(.*?)\{% (?:plain_th|endtold) %\}', re.DOTALL
    )
    for path in find_templates().rglob("*.j2"):
        for name, thai, english in pattern.findall(path.read_text("utf-8")):
            numbers = [set(re.findall(r"\{\{(.*?)\}\}", text)) for text in (thai, english)]
            shared = {re.sub(r"\s", "", item) for item in numbers[0]} & {re.sub(r"\s", "", item) for item in numbers[1]}
            assert shared or not (numbers[0] or numbers[1]), f"{path.name}: {name}"
