"""The article's parts in order, cut from rendered HTML, and paired row by row across the two languages.

Each part is wrapped in marks that no text contains; what the templates write between parts is a part, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from lrreport.errors import RenderError

# Private-use characters, which no font of ours has: a page that still held one would be refused by the fonts' check.
_START, _KEY_END, _END = "\ue000", "\ue001", "\ue002"
#: Between the abstract and the rest of the article, where the contents go.
CONTENTS_MARK: Final = "\ue003"
_MARKS: Final = re.compile("[\ue000-\ue003]")
_BLOCK: Final = re.compile(f"{_START}([^{_KEY_END}]*){_KEY_END}([^{_END}]*){_END}")
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][\w-]*)([^<>]*?)(/?)>")
_VOID: Final = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr", "col", "source"})


@dataclass(frozen=True, slots=True)
class Block:
    """One part of the article at its top level.

    Attributes:
        key: The same in both languages, `fig:momentum` say; `between` for HTML that no tag wrote.
        html: Of one language.
    """

    key: str
    html: Markup

    @property
    def kind(self) -> str:
        """The part's kind, for style sheets: `sec`, `p`, `fig` and so on."""
        return self.key.partition(":")[0]


def mark_block(key: str, html: Markup) -> Markup:
    """Wrap a part in the marks by which `split_blocks` finds it.

    Raises:
        RenderError: The part holds such a mark itself: a private-use character in a study's title, say.
    """
    if found := _MARKS.search(html):
        raise RenderError(
            "A text holds a character that stands for nothing",
            where=key,
            got=f"U+{ord(found[0]):04X}",
            expected="no private-use characters",
            fix="take it out of the study's title or question, or of the template",
        )
    return Markup(f"{_START}{key}{_KEY_END}{html}{_END}\n")  # noqa: S704 - both are HTML


def split_blocks(html: str) -> tuple[Block, ...]:
    """Cut rendered HTML into its top-level parts.

    HTML between the parts that opens an element and does not close it is kept together with what follows, up to
    where the element ends.
    """
    pieces: list[Block] = []
    end = 0
    for match in _BLOCK.finditer(html):
        pieces.append(Block("between", Markup(html[end : match.start()])))  # noqa: S704 - rendered with autoescape
        pieces.append(Block(match[1], Markup(match[2])))  # noqa: S704 - likewise
        end = match.end()
    pieces.append(Block("between", Markup(html[end:])))  # noqa: S704 - likewise

    blocks: list[Block] = []
    pending: list[Block] = []
    depth = 0
    for piece in pieces:
        if piece.key == "between":
            depth += _open_elements(piece.html)
        pending.append(piece)
        if depth <= 0:
            if joined := Markup("").join(item.html for item in pending).strip():
                key = piece.key if len(pending) == 1 else "between"
                blocks.append(Block(key, Markup(joined)))  # noqa: S704 - likewise
            pending, depth = [], 0
    if pending:
        blocks.append(Block("between", Markup("").join(item.html for item in pending)))
    return tuple(blocks)


def _open_elements(html: str) -> int:
    depth = 0
    for closing, name, _, empty in _TAG.findall(html):
        if name.lower() not in _VOID and not empty:
            depth += -1 if closing else 1
    return depth


def pair_blocks(first: tuple[Block, ...], second: tuple[Block, ...]) -> tuple[tuple[Block, Block], ...]:
    """The parts of two languages, row by row.

    Raises:
        RenderError: They do not pair: a template writes other HTML in one language than in the other.
    """
    keys = [block.key for block in first]
    others = [block.key for block in second]
    if keys != others:
        at = next(
            (i for i, (one, other) in enumerate(zip(keys, others, strict=False)) if one != other),
            min(len(keys), len(others)),
        )
        raise RenderError(
            "The two languages of the article do not have the same parts",
            where=f"part {at + 1} of the page",
            got=f"{keys[at] if at < len(keys) else 'nothing'} in Thai, {others[at] if at < len(others) else 'nothing'} in English",
            expected="every part in both languages, in the same order",
        )
    return tuple(zip(first, second, strict=True))
