"""Lines of the printed article: none stands stray, no heading ends a page, nothing runs over the margin."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from lrreport.figures.words import LANGUAGES
from tests.layouts import lay_out, paragraphs, stray_lines
from tests.pdf_pages import page
from tests.test_article import make_pages


@functools.cache
def _document(language: str) -> Any:
    return lay_out(make_pages()[f"print.{language}"], Path(__file__).parent)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_stands_stray(language: str) -> None:
    """Every line but a paragraph's last is filled to four fifths, or as far as the next word lets it."""
    assert sum(len(box.children) for box in paragraphs(_document(language))) > 200
    assert stray_lines(_document(language), share=0.8) == []


def test_the_detector_sees_a_stray_line(tmp_path: Path) -> None:
    """A line that ends early for no reason is found; one that ends early before a long word is not."""
    words = "many small words stand in this paragraph " * 6
    stray = lay_out(page(f"<p>{words[:40]}\N{LINE SEPARATOR}{words}</p>", language="en"), tmp_path)
    assert len(stray_lines(stray, share=0.8)) == 1
    long = lay_out(page(f"<p>{words[:40]}{'w' * 60} {words}</p>", language="en"), tmp_path)
    assert stray_lines(long, share=0.8) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_heading_ends_a_page(language: str) -> None:
    """Below every heading there is text on the same page."""
    headings = 0
    for number, sheet in enumerate(_document(language).pages):
        lines = [
            (box.position_y, tag)
            for box in sheet._page_box.descendants()
            if type(box).__name__ in ("BlockBox", "BlockReplacedBox", "TableBox")
            and (tag := getattr(box, "element_tag", "")) in ("h1", "h2", "h3", "p", "li", "img", "table", "figcaption")
        ]
        headings += sum(tag in ("h2", "h3") for _, tag in lines)
        if lines:
            assert max(lines)[1] not in ("h2", "h3"), f"page {number + 1}"
    assert headings > 10


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_runs_over_the_margin(language: str) -> None:
    """No line is wider than its paragraph, no picture and no table wider than the text block."""
    wide = []
    for sheet in _document(language).pages:
        box = sheet._page_box
        right = box.content_box_x() + box.width + 0.5
        for item in box.descendants():
            if type(item).__name__ in ("TextBox", "TableBox", "BlockReplacedBox", "InlineReplacedBox"):
                end = item.position_x + item.width
                if box.content_box_x() <= item.position_x and box.content_box_y() <= item.position_y and end > right:
                    wide.append((getattr(item, "text", type(item).__name__), round(end - right, 1)))
    assert wide == []
