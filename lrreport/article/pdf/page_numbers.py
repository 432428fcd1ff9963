"""The page numbers that a layout prints behind its links, held against where the links lead.

WeasyPrint prints 0, and says nothing, where it never comes to reckon a number: in a flex box, for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from weasyprint import Document

_NUMBER: Final = re.compile(r"\d+")


def find_wrong_page_numbers(document: Document) -> list[str]:
    """What is printed after links (`a::after`) and is not the number of the page to which the link leads.

    Returns:
        One line each, `#th-data says 0, and is on page 3`; empty when all are right.
    """
    pages: dict[str, int] = {}
    for number, page in enumerate(document.pages, start=1):
        for box in _boxes(page):
            identifier = box.element.get("id") if getattr(box, "element", None) is not None else None
            if identifier:
                pages.setdefault(f"#{identifier}", number)
    wrong = []
    for page in document.pages:
        for target, text in _numbered_links(page):
            if (found := _NUMBER.search(text)) and pages.get(target) != int(found[0]):
                wrong.append(f"{target} says {found[0]}, and is on page {pages.get(target, 'none')}")
    return wrong


def _numbered_links(page: Any) -> Iterator[tuple[str, str]]:
    """Where each link leads, and the text after it."""
    for box in _boxes(page):
        if box.element_tag == "a::after" and type(box).__name__ != "TextBox":
            text = "".join(item.text for item in box.descendants() if type(item).__name__ == "TextBox")
            yield box.element.get("href", ""), text


def _boxes(page: Any) -> Iterator[Any]:
    yield from page._page_box.descendants()  # noqa: SLF001 - WeasyPrint shows its layout nowhere else
