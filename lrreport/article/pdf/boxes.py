"""WeasyPrint's layout, looked into: its boxes, which it shows nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

#: WeasyPrint's name for the box of a page's footnotes, which take away from its height.
FOOTNOTE_AREA: Final = "FootnoteAreaBox"


def page_box(page: Any) -> Any:
    """The box of a page of a `weasyprint.Document`."""
    return page._page_box  # noqa: SLF001 - WeasyPrint shows its layout nowhere else


def boxes_of(page: Any) -> Iterator[Any]:
    """Every box on a page, a parent before its children."""
    yield from page_box(page).descendants()


def identifier_of(box: Any) -> str:
    """The id of the element that a box belongs to; empty for none."""
    element = getattr(box, "element", None)
    return element.get("id", "") if element is not None else ""


def footnote_areas(page: Any) -> Iterator[Any]:
    """The box of a page's footnotes; none where it has none."""
    yield from (child for child in page_box(page).children if type(child).__name__ == FOOTNOTE_AREA)
