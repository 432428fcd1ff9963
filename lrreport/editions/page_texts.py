"""The texts of a published page, by paragraph, so that two pages can be compared. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

#: Elements without an end tag.
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
#: What is no text of the article: drawings, style, and the contents, which repeat the headings.
_SKIPPED: Final = frozenset({"svg", "style", "script", "nav", "head", "title"})
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LANGUAGES: Final = ("th-", "en-")


@dataclass(frozen=True, slots=True)
class TextChange:
    """A paragraph, caption, heading, table or listing whose text is not what it was.

    Attributes:
        page: `th.html`, say.
        id: As the templates name it; `ID, below the heading` for lists, which have no id of their own.
        before: None when it is new.
        after: None when it is gone.
    """

    page: str
    id: str
    before: str | None
    after: str | None


@dataclass
class _Reader(HTMLParser):
    """Gathers text by the innermost element that has an id."""

    texts: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[tuple[str, str | None]] = []
        self._skipping = 0
        self._heading = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Go into an element."""
        if tag in _VOID:
            return
        values = dict(attrs)
        key = values.get("id")
        if key is None or tag in {"main", "body"}:
            key = self._open[-1][1] if self._open else None
        key = key[3:] if key and key.startswith(_LANGUAGES) else key
        key = key.removeprefix("p-") if key and tag == "p" else key
        if tag in _HEADINGS and values.get("id"):
            self._heading = key or ""
        self._skipping += tag in _SKIPPED
        self._open.append((tag, key))

    def handle_endtag(self, tag: str) -> None:
        """Leave an element, and whatever was left open in it."""
        if not any(name == tag for name, _ in self._open):
            return
        while self._open:
            name, _ = self._open.pop()
            self._skipping -= name in _SKIPPED
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        """Take text to the element that it belongs to."""
        if self._skipping or not data.strip():
            return
        key = self._open[-1][1] if self._open else None
        if key is None and self._heading:
            key = f"{self._heading}, below the heading"
        if key is not None:
            self.texts[key].append(data)


def read_texts(page: str) -> dict[str, str]:
    """The texts of a page of ours: id -> text, white space made even; in the page's order."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return {key: " ".join(" ".join(parts).split()) for key, parts in reader.texts.items()}


def compare_texts(page: str, before: dict[str, str], after: dict[str, str]) -> tuple[TextChange, ...]:
    """What differs between two versions of a page, in the newer one's order; what is gone comes last."""
    names = [*after, *(name for name in before if name not in after)]
    return tuple(
        TextChange(page, name, before.get(name), after.get(name))
        for name in names
        if before.get(name) != after.get(name)
    )
