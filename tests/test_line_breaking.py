"""Thai line breaking: the dictionary, and lines that end between words."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from lrreport.article import line_breaking
from lrreport.article.line_breaking import dictionary_words, find_dictionary, load_terms, write_dictionary
from lrreport.article.pdf.environment import layout_environment, layout_warnings
from lrreport.article.pdf.lay_out import lay_out_pdf
from lrreport.errors import RenderError
from tests.pdf_pages import page, text_of


def test_the_dictionary_has_old_words_and_new(tmp_path: Path) -> None:
    """The written dictionary holds every word of libthai's and every term."""
    source = find_dictionary()
    assert source is not None
    before, after = set(dictionary_words(source)), set(dictionary_words(write_dictionary(tmp_path, load_terms())))
    assert not before >= set(load_terms())
    assert after == before | set(load_terms())
    assert len(before) > 20_000


def test_terms_are_thai_and_listed_once() -> None:
    """Every term is Thai letters alone, and stands in the list once."""
    terms = load_terms()
    assert len(set(terms)) == len(terms)
    assert all(re.fullmatch("[\u0e01-\u0e4e]+", term) for term in terms)


def test_a_word_that_is_not_thai_is_refused(tmp_path: Path) -> None:
    """The dictionary's alphabet is Thai; another word is an error that names it."""
    with pytest.raises(RenderError, match="SGD"):
        write_dictionary(tmp_path, ["SGD"])


def test_without_a_dictionary_the_build_goes_on_with_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine without libthai's dictionary the layout is prepared all the same, and says what is missing."""
    monkeypatch.setattr(line_breaking, "_DATA_FOLDERS", (str(tmp_path),))
    with pytest.raises(RenderError, match="dictionary"):
        write_dictionary(tmp_path, load_terms())
    with layout_environment() as warnings:
        assert "FONTCONFIG_FILE" in os.environ
        assert "LIBTHAI_DICTDIR" not in os.environ
    assert len(warnings) == 1
    assert layout_warnings() == warnings


def test_here_nothing_is_missing() -> None:
    """Where libthai and libdatrie are, there is nothing to warn of."""
    assert layout_warnings() == ()


def test_no_line_ends_inside_a_term(tmp_path: Path) -> None:
    """In a narrow column full of loan words, every line ends where a word does."""
    source = random.Random(5)
    words = [source.choice((*load_terms(), "และ", "ของ", "คือ", "เป็น")) for _ in range(400)]
    html = page(
        f"<h1>ก</h1><p>{''.join(words)}</p>",
        css="p{width:52mm}@page{@top-left{content:none}@bottom-center{content:none}}",
    )
    lines = text_of(lay_out_pdf(html, base_folder=tmp_path, language="th"), tmp_path, "-raw").split()[1:]
    assert "".join(lines) == "".join(words)
    ends_of_words = _ends(words)
    ends_of_lines = _ends(lines)
    assert len(ends_of_lines) > 50
    assert not ends_of_lines - ends_of_words


def _ends(pieces: list[str]) -> set[int]:
    ends, length = set(), 0
    for piece in pieces:
        length += len(piece)
        ends.add(length)
    return ends
