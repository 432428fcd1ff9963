"""Every sentence that results choose is read, in both languages: of verdicts, and of paragraphs told for what came out."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import pytest
from jinja2 import Environment, StrictUndefined, nodes
from jinja2.parser import Parser
from jinja2.runtime import Context

from lrreport.analysis.claims import Verdict
from lrreport.article.environment import find_templates, make_environment
from lrreport.article.facts import Facts
from lrreport.article.pages import compose_part
from lrreport.article.rows import Block, pair_blocks
from lrreport.article.tags import ArticleTags
from lrreport.figures.words import LANGUAGES, Language
from lrreport.results import History, Results
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies, parse_study
from tests.full_results import SEEDS, full_results
from tests.test_claims import CASES, STUDIES, Seeds, World, decide, make_results
from tests.test_prose import CASES as PROSE_CASES
from tests.test_prose import find_gaps, make_facts, read_words, state_facts
from tests.test_told import guards

HOLDS, FAILS, CANNOT_TELL = Verdict.HOLDS, Verdict.FAILS, Verdict.CANNOT_TELL

#: A verdict tag: its template, line, and how many stand before it on that line.
Place = tuple[str, int, int]
PLACES: Final[set[Place]] = set()
#: A paragraph that was written for what came out, and whether it was read so or plainly.
TOLD: Final[set[tuple[str, bool]]] = set()
READ: Final[set[tuple[Place, str]]] = set()


class WatchedTags(ArticleTags):
    """The article's tags, which write down every variant that is read of a verdict tag and of a told paragraph."""

    _place: Place = ("", 0, 0)

    def _parse_verdict(self, parser: Parser, line: int) -> nodes.Node:
        before = sum(1 for place in PLACES if place[:2] == (parser.name or "", line))
        place = (parser.name or "", line, before)
        PLACES.add(place)
        node = super()._parse_verdict(parser, line)
        call = node.values[0]
        call.args.append(nodes.Const(place))
        return node

    def _verdict(self, context: Context, subject: object, place: Place = ("", 0, 0)) -> str:
        chosen = super()._verdict(context, subject)
        READ.add((place, chosen))
        return chosen

    def _told(self, context: Context, identifier: str, guard: object) -> bool:
        holds = super()._told(context, identifier, guard)
        TOLD.add((identifier, holds))
        return holds


@functools.cache
def watched() -> Environment:
    """The article's environment with watched tags."""
    known = make_environment()
    environment = Environment(
        loader=known.loader, extensions=[WatchedTags], undefined=StrictUndefined, autoescape=True, auto_reload=False
    )
    environment.filters.update(known.filters)
    return environment


def merge(one: World, other: World) -> World | None:
    """Both worlds in one, or None where they say different things of a setting."""
    merged: dict[str, dict[str, Seeds]] = {curve: dict(settings) for curve, settings in one.items()}
    for curve, settings in other.items():
        here = merged.setdefault(curve, {})
        if any(name in here and here[name] != seeds for name, seeds in settings.items()):
            return None
        here.update(settings)
    return merged


@functools.cache
def worlds() -> tuple[tuple[Mapping[str, Verdict], World], ...]:
    """As few worlds as need be, each with the claims that it turns: cases that do not disturb each other share one."""
    found: list[tuple[dict[str, Verdict], World]] = []
    for claim_id, verdict, world in CASES:
        for number, (wanted, known) in enumerate(found):
            merged = merge(known, world) if wanted.get(claim_id, verdict) is verdict else None
            if merged is None:
                continue
            claims = decide(merged)
            asked = {**wanted, claim_id: verdict}
            if all(claims[name].verdict is expected for name, expected in asked.items()):
                found[number] = (asked, merged)
                break
        else:
            found.append(({claim_id: verdict}, world))
    return tuple(found)


SPENT: Final[Seeds] = [[0.01, 0.001, 0.0001, 0.00009]] * 3
CUT: Final[Seeds] = [[0.1, 0.1, 0.01, 0.01]] * 3
CUT_IN_SOME: Final[Seeds] = [[0.1, 0.1, 0.01, 0.01], [0.1] * 4, [0.1] * 4]
SHORT: Final[Seeds] = ([0.5],) * 3
CALM: Final[Seeds] = [[0.9, 0.9, 0.981, 0.981], [0.9, 0.9, 0.980, 0.980], [0.9, 0.9, 0.982, 0.982]]
WILD: Final[Seeds] = [[0.9, 0.9, 0.5, 0.97], [0.9, 0.9, 0.51, 0.97], [0.9, 0.9, 0.49, 0.97]]
WIDE: Final[Seeds] = (0.95, 0.97, 0.99)


def every(study_id: str, seeds: Seeds) -> dict[str, Seeds]:
    """The same seeds for each setting of a study; momentum 0 is plain SGD and left alone."""
    (study,) = (study for study in STUDIES if study.id == study_id)
    return {f"{study_id}/{item.text}": seeds for item in study.settings if f"{study_id}/{item.text}" != "momentum/0"}


#: Worlds in which all settings of a study are alike, so that what is said of all of them at once holds or cannot be told.
ALIKE: Final[tuple[World, ...]] = (
    {
        "accuracy": {
            "learning-rate/0.01": WILD,
            "learning-rate/0.1": WILD,
            **every("momentum", CALM),
            **every("decay", CALM),
            **every("plateau", CALM),
            **every("plateau-fast", CALM),
        },
        "rate": {**every("decay", SPENT), **every("plateau", CUT), **every("plateau-fast", CUT)},
    },
    {
        "accuracy": {**every("decay", SHORT), **every("plateau", WIDE)},
        "rate": {**every("plateau", CUT_IN_SOME), **every("plateau-fast", CUT_IN_SOME)},
    },
    {"accuracy": {"decay/0.01": (0.981, 0.980, 0.982), "learning-rate/1": WIDE}},
)


def _ten_epochs(late: tuple[float, float, float]) -> Facts:
    """Trainings of ten epochs that end so; after the first each is at 95, 94 and 93 %."""
    studies = load_built_in_studies({"epochs": 10})

    def history(spec: RunSpec, epochs: int) -> History:
        first, last = (0.95, 0.94, 0.93)[spec.seed - 1], late[spec.seed - 1]
        curve = np.array([first] + [last] * (epochs - 1), np.float32)
        return History(*[curve] * 5)

    return make_facts(studies, make_history=history)


GENERIC: Final = """
id = "mine"
[title]
th = "ของฉัน"
en = "Mine"
[base]
epochs = 4
[vary]
momentum = [0.1, 0.2]
"""


def _generic(second: tuple[float, float, float]) -> Facts:
    """A study without prose of its own, with such accuracies of its second setting."""
    study = parse_study(GENERIC, "mine.toml")

    def history(spec: RunSpec, epochs: int) -> History:
        value = second[spec.seed - 1] if spec.momentum == 0.2 else 0.97
        return History(*[np.full(epochs, value, np.float32)] * 5)

    return make_facts((study,), make_history=history)


def _without_silent_units(results: Results) -> Results:
    """The same results, but for networks of which every unit answers to some image."""
    inspections = {
        key: None if item is None else replace(item, silent_units=(0,) * len(item.silent_units))
        for key, item in results.inspections.items()
    }
    return replace(results, inspections=inspections)


def all_facts() -> Iterator[tuple[str, Facts]]:
    """The articles that this file reads, by name."""
    yield "full report", state_facts(full_results(), SEEDS)
    yield "no silent units", state_facts(_without_silent_units(full_results()), SEEDS)
    for number, (_, world) in enumerate(worlds()):
        yield f"world {number}", state_facts(make_results(world))
    for number, world in enumerate(ALIKE):
        yield f"alike {number}", state_facts(make_results(world))
    yield "one seed", state_facts(make_results({}, seeds=(1,)), (1,))
    for number, late in enumerate(((0.951, 0.941, 0.931), (0.96, 0.951, 0.939), (0.96, 0.94, 0.92))):
        yield f"ten epochs {number}", _ten_epochs(late)
    for number, second in enumerate(((0.98, 0.981, 0.982), (0.97, 0.97, 0.97), (0.95, 0.97, 0.995))):
        yield f"generic {number}", _generic(second)


@functools.cache
def texts() -> Mapping[tuple[str, Language], str]:
    """The words of each of them, in both languages."""
    return {
        (name, language): read_words(facts, language, watched())
        for name, facts in all_facts()
        for language in LANGUAGES
    }


def test_every_variant_of_every_verdict_is_read() -> None:
    """Each verdict tag of the templates has chosen each of its three variants in some article of this file."""
    texts()
    unread = sorted((place, str(verdict)) for place in PLACES for verdict in Verdict if (place, verdict) not in READ)
    assert unread == []
    written = sum(
        len(re.findall(r"\{%-? verdict ", path.read_text("utf-8"))) for path in find_templates().rglob("*.j2")
    )
    assert len(PLACES) == written > 5


def test_every_told_paragraph_is_read_both_ways() -> None:
    """Each stands as it was written in one of these articles, and in another the plain sentence, or nothing, in its place."""
    texts()
    assert {(name, holds) for name in guards() for holds in (True, False)} == TOLD
    assert len(guards()) > 25


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_variant_has_a_gap(language: Language) -> None:
    """None of these articles shows a missing number, an empty bracket, a doubled stop or a word of the other language."""
    gaps = {
        name: found
        for (name, spoken), text in texts().items()
        if spoken == language and (found := find_gaps(text, language))
    }
    assert gaps == {}


def test_each_claim_is_turned_in_a_world_that_is_read() -> None:
    """The worlds that are read turn every case of the claims' own tests: nothing is left out to make them fit."""
    turned = {(claim_id, verdict) for wanted, _ in worlds() for claim_id, verdict in wanted.items()}
    assert turned == {(claim_id, verdict) for claim_id, verdict, _ in CASES}


def _decimals(text: str) -> Counter[str]:
    return Counter(re.findall(r"\d[\d,]*\.\d+", text))


def test_both_languages_give_the_same_decimals() -> None:
    """Every measured number with decimals stands as often in one language as in the other, whatever the results."""
    for name in {name for name, _ in texts()}:
        assert _decimals(texts()[name, "th"]) == _decimals(texts()[name, "en"]), name


#: The articles that are compared part by part.
SIDE_BY_SIDE: Final[dict[str, Callable[[], Facts]]] = {
    "full report": lambda: state_facts(full_results(), SEEDS),
    **{name: PROSE_CASES[name] for name in ("as published", "jumping", "some diverged", "a user's study too")},
}


@pytest.mark.parametrize("case", SIDE_BY_SIDE)
def test_both_languages_say_the_same_part_by_part(case: str) -> None:
    """Part by part both languages have the same numbers with decimals, verdicts, references, citations and figures."""
    facts = SIDE_BY_SIDE[case]()
    thai, english = (compose_part(facts, watched(), language, "web") for language in LANGUAGES)
    pairs = pair_blocks((*thai.abstract, *thai.blocks), (*english.abstract, *english.blocks))
    assert len(pairs) > 120
    for ours, theirs in pairs:
        if "glossary" in ours.html:
            continue  # each language has its own order, and its own words
        assert _content(ours) == _content(theirs), ours.key


def _content(block: Block) -> tuple[Counter[str], Counter[str], Counter[str]]:
    html = re.sub(r"<(svg|pre|math)\b.*?</\1>", "", block.html, flags=re.DOTALL)
    targets = re.findall(r'href="#(?:th|en)-([^"]+)"', html)
    verdicts = re.findall(r'class="verdict ([\w-]+)"', html)
    return _decimals(re.sub(r"<[^>]*>", " ", html)), Counter(targets), Counter(verdicts)
