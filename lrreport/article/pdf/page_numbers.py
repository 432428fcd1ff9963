"""The page numbers that a page prints behind its links, and whether a layout has them and its footnotes right.

A style sheet could ask WeasyPrint for them (`target-counter`). It then lays out again every page that prints one, and
loses footnotes: they come twice, or pages late. So a page carries its numbers, `<a href="#th-data" data-page="3">`, as
the layout before has them, and is laid out until they are right.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from lrreport.article.pdf.boxes import boxes_of, footnote_areas, identifier_of

if TYPE_CHECKING:
    from weasyprint import Document

_LINK: Final = re.compile(r'href="#([^"]+)"(?: data-page="[^"]*")?')
#: As wide as most numbers are, for the first layout.
_UNKNOWN: Final = 10
_NUMBER: Final = re.compile(r"\d+")


def find_pages(document: Document) -> dict[str, int]:
    """The number of the page on which each element with an id begins, by id."""
    pages: dict[str, int] = {}
    for number, page in enumerate(document.pages, start=1):
        for box in boxes_of(page):
            if identifier := identifier_of(box):
                pages.setdefault(identifier, number)
    return pages


def set_page_numbers(html: str, pages: Mapping[str, int]) -> str:
    """Write the page of its target beside every link inside the page.

    >>> set_page_numbers('<a href="#a" data-page="1">', {"a": 7})
    '<a href="#a" data-page="7">'
    """
    return _LINK.sub(lambda match: f'href="#{match[1]}" data-page="{pages.get(match[1], _UNKNOWN)}"', html)


def find_wrong_page_numbers(document: Document) -> list[str]:
    """What is printed after links (`a::after`) and is not the number of the page to which the link leads.

    Returns:
        One line each, `#th-data says 0, and is on page 3`; empty when all are right.
    """
    pages = find_pages(document)
    wrong = []
    for page in document.pages:
        for target, text in _numbered_links(page):
            actual = pages.get(target.removeprefix("#"), "none")
            if (found := _NUMBER.search(text)) and str(actual) != found[0]:
                wrong.append(f"{target} says {found[0]}, and is on page {actual}")
    return wrong


def has_lost_footnotes(document: Document) -> bool:
    """Whether a footnote stands on another page than its number, or not just once, or in the middle of a listing."""
    for page, following in itertools.zip_longest(document.pages, document.pages[1:]):
        calls = [box.element.get("data-number") for box in boxes_of(page) if _is_call(box)]
        notes = [box.element.get("data-number") for area in footnote_areas(page) for box in area.children]
        if calls != notes or (notes and following and not _listings(page).isdisjoint(_listings(following))):
            return True
    return False


def _listings(page: Any) -> set[Any]:
    return {box.element for box in boxes_of(page) if box.element_tag == "pre"}


def _is_call(box: Any) -> bool:
    return str(box.element_tag).endswith("::footnote-call") and type(box).__name__ != "TextBox"


def _numbered_links(page: Any) -> Iterator[tuple[str, str]]:
    """Where each link leads, and the text after it."""
    for box in boxes_of(page):
        if box.element_tag == "a::after" and type(box).__name__ != "TextBox":
            text = "".join(item.text for item in box.descendants() if type(item).__name__ == "TextBox")
            yield box.element.get("href", ""), text
