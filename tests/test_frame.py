"""What stands around the studies, from the title to the licences, says nothing that this report does not have."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Final

import pytest

from lrreport.article.context import SOURCE_STUDIES
from lrreport.article.facts import Facts
from lrreport.figures.words import LANGUAGES, Language
from lrreport.study_files import load_built_in_studies, parse_study
from tests.test_prose import CASES, make_facts, read_words

ADAM: Final = """
id = "adam-rates"
[title]
th = "อัตราของ Adam"
en = "Rates of Adam"
[base]
optimizer = "adam"
[vary]
learning_rate = [0.01, 0.001, 0.0001]
"""
BATCHES: Final = """
id = "batch-size"
[title]
th = "ขนาดมินิแบตช์"
en = "Batch size"
[vary]
batch_size = [16, 128]
"""
ONE: Final = """
id = "one"
[title]
th = "แบบเดียว"
en = "One"
[vary]
momentum = [0.5]
"""
OWN: Final[dict[str, Callable[[], Facts]]] = {
    "two of one's own": lambda: make_facts((parse_study(ADAM, "a.toml"), parse_study(BATCHES, "b.toml"))),
    "one setting": lambda: make_facts((parse_study(ONE, "one.toml"),)),
    "one's own beside one of the source": lambda: make_facts(
        (load_built_in_studies()[0], parse_study(ADAM, "a.toml"), parse_study(BATCHES, "b.toml"))
    ),
}
REPORTS: Final = {**OWN, **{name: make for name, make in CASES.items() if "alone" in name or name == "other data"}}
#: What a sentence may speak of only where the report has it.
PROMISES: Final[dict[Language, dict[str, str]]] = {
    "en": {"exercise": r"\b[Ee]xercise", "listing": r"\b[Ll]isting", "source": r"\bthe source\b"},
    "th": {"exercise": "แบบฝึกหัด", "listing": "โค้ดที่", "source": "ต้นฉบับ"},
}


@functools.cache
def words(name: str, language: Language) -> str:
    """A report as its readers see it, without the list of references."""
    heading = "\nเอกสารอ้างอิง\n" if language == "th" else "\nReferences\n"
    text = read_words(REPORTS[name](), language)
    before, found, after = re.sub(r"(?m)^\s*\d* ?", "", text).partition(heading)
    assert found, heading
    return before + after[re.search(r"\n(?:ภาคผนวก|Appendix)\n", after).start() :]  # type: ignore[union-attr]


def has(name: str) -> dict[str, bool]:
    """What a report has, by the names of `PROMISES`."""
    studies = {study.id for study in REPORTS[name]().results.studies}
    told = SOURCE_STUDIES | {"plateau-fast"}
    return {"exercise": bool(studies & told), "listing": bool(studies & told), "source": bool(studies & SOURCE_STUDIES)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", REPORTS)
def test_the_frame_promises_what_is_there(name: str, language: Language) -> None:
    """Exercises, listings and the source are spoken of where the report has them, and nowhere else."""
    there = has(name)
    for what, pattern in PROMISES[language].items():
        found = re.findall(f".{{0,60}}{pattern}.{{0,40}}", words(name, language))
        if what == "source" and not there[what]:
            # Where the program comes from is told once, in the introduction.
            assert len(found) == 1, found
        else:
            assert bool(found) is there[what], (what, found)


def test_some_or_most_of_the_questions() -> None:
    """How much of a report is the source's is told in words that fit."""
    assert "Most of the questions" in words("learning-rate alone", "en")
    assert "Some of the questions" in words("one's own beside one of the source", "en")
    assert "คำถามบางข้อมาจาก" in words("one's own beside one of the source", "th")
    for name in ("two of one's own", "one setting"):
        assert "are not those of the source" in words(name, "en")


def test_the_order_of_images_is_told_as_it_is() -> None:
    """A report of runs that keep one order does not say that the images are shuffled anew."""
    assert "shuffle the images anew in every epoch, and" in words("momentum alone", "en")
    assert "shuffle the images anew in every epoch but where it says otherwise" in words("image-order alone", "en")


def test_other_data_is_spoken_of_by_its_name() -> None:
    """Where the report is about Fashion-MNIST, no sentence calls its pictures digits."""
    text = words("other data", "en")
    assert "pictures of clothes, shoes and bags" in text
    assert re.findall(r".{0,40}handwritten.{0,40}", text) == []
