"""Listings: code files beside the templates, highlighted in colours that can be read on their ground."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer, TOMLLexer
from pygments.style import Style
from pygments.token import STANDARD_TYPES, Comment, Keyword, Name, Number, Operator, Punctuation, String, Token

#: Grounds that the code stands on; the colours below keep a contrast of 4.5:1 and more with them (tested).
LIGHT_GROUND: Final = "#f5f7f9"
DARK_GROUND: Final = "#1c222b"


#: Lines up to which a listing is never divided.
_SHORT: Final = 24
_SPAN: Final = re.compile(r'<span class="([a-z0-9]+)">([^<]*)</span>')


class LightStyle(Style):
    """Few colours, all dark: names and punctuation stay in the text's own."""

    background_color = LIGHT_GROUND
    styles = {  # noqa: RUF012 - Pygments reads it so
        Token: "#1b1f24",
        Comment: "#57606a",
        Keyword: "#8b1a6b",
        Keyword.Constant: "#0a4fa3",
        Operator.Word: "#8b1a6b",
        Name.Builtin: "#0a4fa3",
        Name.Decorator: "#7a4300",
        Name.Function: "#0b5c8a",
        Name.Class: "#0b5c8a",
        String: "#0f5f3c",
        Number: "#8a3b00",
        Punctuation: "#1b1f24",
    }


class DarkStyle(Style):
    """The same colours, light, for a dark screen."""

    background_color = DARK_GROUND
    styles = {  # noqa: RUF012 - Pygments reads it so
        Token: "#e3e8ee",
        Comment: "#9aa7b4",
        Keyword: "#f29ad4",
        Keyword.Constant: "#8fc1ff",
        Operator.Word: "#f29ad4",
        Name.Builtin: "#8fc1ff",
        Name.Decorator: "#f0b775",
        Name.Function: "#7fd0f0",
        Name.Class: "#7fd0f0",
        String: "#8fd9a8",
        Number: "#f0b775",
        Punctuation: "#e3e8ee",
    }


@dataclass(frozen=True, slots=True)
class Listing:
    """A code file of the article.

    Attributes:
        name: Its file's name without suffix.
        text: Its source, without empty lines at the ends.
        html: The same, highlighted, each line in a span: spaces stay spaces, so that indents survive copying.
        spans: The same with a span around every token, which takes in two or more spaces before it. In print such
            spaces are glyphs then, and what is taken from the PDF keeps its indents (test_listing_paste).
    """

    name: str
    text: str
    html: Markup
    spans: Markup

    @property
    def is_short(self) -> bool:
        """Whether it stays on one page with its caption."""
        return self.html.count("\n") < _SHORT

    @property
    def for_print(self) -> Markup:
        """The same as a block of its own, which may go on overleaf with some lines on either side.

        Kept whole, a listing of most of a page's height would leave the page before it half empty.
        """
        return Markup('<span class="chunk">{}</span>').format(self.spans)


def highlight_listing(name: str, source: str) -> Listing:
    r"""Highlight a Python file, or a study file where the name ends in `.toml`.

    >>> print(highlight_listing("x", "if a:\n    b = 1\n").html)
    <span><span class="k">if</span> a:</span>
    <span>    b = <span class="mi">1</span></span>
    """
    text = source.expandtabs(4).strip("\n")
    lexer = TOMLLexer if name.endswith(".toml") else PythonLexer
    html = highlight(text, lexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True, style=LightStyle))
    # Spans around mere spaces, and on a page around what has the text's own colour, carry nothing but bytes.
    plain = re.sub(r'<span class="w">(\s*)</span>', r"\1", html.rstrip("\n"))
    spans = re.sub(r'( {2,})(<span class="\w+">)', r"\2\1", plain)
    html = _SPAN.sub(lambda match: match[0] if match[1] in _coloured() else match[2], plain)
    # A line is an element: no text runs over a line's end, where a page's may be.
    html = "\n".join(f"<span>{line}</span>" if line else line for line in html.split("\n"))
    return Listing(name, text, Markup(html), Markup(spans))  # noqa: S704 - Pygments escapes the code


@functools.cache
def _coloured() -> frozenset[str]:
    """The classes of tokens that one of the styles gives a colour of its own."""
    return frozenset(
        STANDARD_TYPES[token]
        for style in (LightStyle, DarkStyle)
        for token in STANDARD_TYPES
        if style.style_for_token(token)["color"] != style.style_for_token(Token)["color"]
    )


def listing_css(*, is_dark: bool = False) -> str:
    """The rules for highlighted code, under `.hl`."""
    style = DarkStyle if is_dark else LightStyle
    text = style.style_for_token(Token)["color"] or ""
    by_colour: dict[str, list[str]] = {}
    for token in STANDARD_TYPES:
        colour = style.style_for_token(token)["color"] or ""
        if colour != text:
            by_colour.setdefault(colour, []).append(f".hl .{STANDARD_TYPES[token]}")
    rules = [f".hl{{color:#{text};background:{style.background_color}}}"]
    rules += [f"{','.join(selectors)}{{color:#{colour}}}" for colour, selectors in by_colour.items()]
    return "\n".join(rules)
