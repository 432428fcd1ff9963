"""What a layout looks like from inside: paragraphs and their lines."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lrreport.article.fonts import font_face_css
from lrreport.article.pdf.environment import layout_environment


def lay_out(html: str, folder: Path) -> Any:
    """Lay out a page as the product does, and give WeasyPrint's document."""
    with layout_environment():
        import weasyprint
        from weasyprint.text.fonts import FontConfiguration

        fonts = FontConfiguration()
        faces = weasyprint.CSS(string=font_face_css("print", ""), font_config=fonts)
        page = weasyprint.HTML(string=html, base_url=f"{folder.as_uri()}/")
        return page.render(stylesheets=[faces], font_config=fonts)


def paragraphs(document: Any) -> Iterator[Any]:
    """Every block that holds lines, of paragraphs and list items."""
    for page in document.pages:
        for box in page._page_box.descendants():
            if getattr(box, "element_tag", "") in ("p", "li") and type(box).__name__ == "BlockBox":
                yield box


def stray_lines(document: Any, *, share: float) -> list[str]:
    """Lines that end before this share of their paragraph's width although the next word would have fitted."""
    found = []
    for box in paragraphs(document):
        lines = [child for child in box.children if type(child).__name__ == "LineBox"]
        for line, following in itertools.pairwise(lines):
            used = _right(line) - line.position_x
            if used < share * box.width and not _ends_forced(line) and used + _first_word(following) <= box.width:
                found.append(f"{_text(line)!r} before {_text(following)[:30]!r}: {used / box.width:.2f}")
    return found


def _first_word(line: Any) -> float:
    """The width of what stands before a line's first space at which it may end."""
    width = 0.0
    for box in _texts(line):
        if box.style["white_space"] == "nowrap":
            width += box.width
            continue
        word, space, _ = box.text.partition(" ")
        width += box.width * len(word) / max(1, len(box.text))
        if space:
            break
    return width


def _texts(box: Any) -> Iterator[Any]:
    if type(box).__name__ == "TextBox":
        yield box
    for child in getattr(box, "children", ()):
        yield from _texts(child)


def _right(line: Any) -> float:
    boxes = [box for box in line.descendants() if isinstance(getattr(box, "width", None), int | float)]
    return max((box.position_x + box.width for box in boxes), default=line.position_x)


def _ends_forced(line: Any) -> bool:
    return any(getattr(box, "element_tag", "") == "br" for box in line.descendants())


def _text(line: Any) -> str:
    return "".join(box.text for box in _texts(line))
