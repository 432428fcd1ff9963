"""Course, name and institution on the title page, and answers left out: what a teacher asks for is what the pages say."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lrreport.article.environment import make_environment
from lrreport.article.pages import render_bilingual_page, render_page, render_print_page
from lrreport.byline import Byline, read_byline
from lrreport.editions.edition_digest import digest_edition
from lrreport.errors import UsageError
from lrreport.request import Request
from lrreport.study_files import load_built_in_studies
from tests import made_up
from tests.test_prose import make_facts

FULL = """
[report]
institution = "Example University"
course = { th = "การเรียนรู้ของเครื่อง", en = "Machine learning" }
name = "สมชาย ใจดี"
"""


def test_a_line_of_text_is_the_byline() -> None:
    """The same in both languages, without spaces around it."""
    assert read_byline(" ML 101, Somchai ").in_language("th") == ("ML 101, Somchai",)


def test_a_file_gives_its_parts_in_order(tmp_path: Path) -> None:
    """Course, name, institution, whatever their order in the file; in the page's language where both are given."""
    path = tmp_path / "report.toml"
    path.write_text(FULL, "utf-8")
    byline = read_byline(str(path))
    assert byline.in_language("th") == ("การเรียนรู้ของเครื่อง", "สมชาย ใจดี", "Example University")
    assert byline.in_language("en") == ("Machine learning", "สมชาย ใจดี", "Example University")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no table"),
        ("[report]\n", "no table"),
        ("report = 1", "no table"),
        ("[report", "not valid TOML"),
        ('[report]\nteacher = "x"', "nobody reads"),
        ("[report]\nname = 3", "not a text"),
        ('[report]\nname = " "', "not a text"),
        ('[report]\nname = { de = "x" }', "not a text"),
        ('[report]\nname = """a\nb"""', "not a text"),
        (f'[report]\nname = "{"x" * 300}"', "not a text"),
    ],
)
def test_a_bad_file_is_refused(text: str, message: str, tmp_path: Path) -> None:
    """A file that holds anything else is refused, and the message names it."""
    path = tmp_path / "report.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=message) as caught:
        read_byline(str(path))
    assert str(path) in str(caught.value)


def test_one_language_serves_both(tmp_path: Path) -> None:
    """Who writes one language alone, or keeps other tables in the same file, is understood."""
    path = tmp_path / "report.toml"
    path.write_text('seeds = 3\n[report]\nname = { th = "สมชาย" }\n', "utf-8")
    assert read_byline(str(path)).in_language("en") == ("สมชาย",)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """A name that ends in .toml is a file, never a line of text."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_byline(str(tmp_path / "none.toml"))
    with pytest.raises(UsageError, match="not a text"):
        read_byline("  ")


def test_a_file_of_any_spelling_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ending in capitals, spaces around the name, a byte order mark, Windows line ends, and `~` for the home folder."""
    (tmp_path / "Report.TOML").write_bytes(FULL.replace("\n", "\r\n").encode("utf-8-sig"))
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read_byline(" ~/Report.TOML ").in_language("en")[0] == "Machine learning"
    with pytest.raises(UsageError, match="cannot be read"):
        read_byline("~nobody-of-this-name/report.toml")


def test_files_that_never_end_are_refused_at_once(tmp_path: Path) -> None:
    """A pipe, a device and a file of 60 GB are refused by name, and nothing waits for them."""
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "zero.toml").symlink_to("/dev/zero")
    with (tmp_path / "large.toml").open("wb") as file:
        file.truncate(60 * 10**9)
    for path in sorted(tmp_path.iterdir()):
        start = time.perf_counter()
        with pytest.raises(UsageError, match="cannot be read") as caught:
            read_byline(str(path))
        assert caught.value.where == str(path)
        assert time.perf_counter() - start < 1


@pytest.mark.parametrize(
    ("text", "where", "got"),
    [
        ("[report]\nname = “x”", "line 2", "U+201C"),
        ('[report]\ncourse = "a"\nname = { th = "ก", en = "a\u202eb" }', "line 3, key 'name' of [report]", "U+202E"),
        ('[report]\nname = "a"\nteacher = "b"', "line 3, key 'teacher' of [report]", "teacher"),
        ('[report]\nname = "a"\nname = "b"', "line 3, key 'name' of [report]", "on line 2 and on line 3"),
        ("[report]\nname = " + "[" * 90_000, "line 2", "more than 50"),
    ],
)
def test_the_line_of_a_mistake_is_named(text: str, where: str, got: str, tmp_path: Path) -> None:
    """A byline's file is read as a study file is: the error has line, key and character."""
    path = tmp_path / "report.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as caught:
        read_byline(str(path))
    assert type(caught.value) is UsageError
    assert where in caught.value.where
    assert got in caught.value.got


@pytest.mark.parametrize("text", ["“สมชาย” ๕", "a\u00a0b", "โมเมน\u200bตัม", "x" * 200])
def test_a_byline_may_have_what_a_title_may_have(text: str) -> None:
    """The same characters as in titles: joiners of Thai words, no-break spaces, curly quotes, Thai digits."""
    assert read_byline(text).in_language("th") == (text,)


def test_pages_have_the_byline_and_no_answers_when_asked(tmp_path: Path) -> None:
    """The lines stand on every page below the title, as text; without answers the exercises stay, with no link to any."""
    path = tmp_path / "report.toml"
    path.write_text(FULL.replace("Example", "<b>Example"), "utf-8")
    studies = load_built_in_studies()
    (momentum,) = (study for study in studies if study.id == "momentum")
    full = make_facts((momentum,))
    facts = replace(full, byline=read_byline(str(path)), has_answers=False)
    environment = make_environment()
    for page, known in (
        (render_print_page(facts, environment, "en"), render_print_page(full, environment, "en")),
        (render_page(facts, environment, "th"), render_page(full, environment, "th")),
        (render_bilingual_page(facts, environment), render_bilingual_page(full, environment)),
    ):
        assert "&lt;b&gt;Example University" in page
        assert 'class="byline"' not in known
        assert page.count('class="exercise"') == known.count('class="exercise"') >= 2
        assert ('class="answer"' in known, 'class="answer"' in page) == (True, False)
        assert "to-answer" not in page.partition("</style>")[2]
    assert '<span lang="th">สมชาย ใจดี</span>' in render_print_page(facts, environment, "en")


def test_byline_and_answers_make_another_edition() -> None:
    """A report with another byline, or without answers, is not taken for the one that is there."""
    studies = load_built_in_studies({"epochs": 2})[:1]
    results = made_up.results(studies)
    request = Request(studies, (1, 2, 3), Path("cache"))
    digests = {
        digest_edition(results, item, {})
        for item in (
            request,
            replace(request, answers="none"),
            replace(request, byline=Byline(({"th": "ก", "en": "a"},))),
        )
    }
    assert len(digests) == 3
