"""Listings: code files beside the templates, highlighted in colours that can be read on their ground.

A listing speaks both languages. Comments that begin with `# [th]` and `# [en]` are for the readers of one; what stands
between the lines `# [shown]` and `# [end]` is what the article prints of it. A file without them is one for all.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer, TOMLLexer
from pygments.style import Style
from pygments.token import STANDARD_TYPES, Comment, Keyword, Name, Number, Operator, Punctuation, String, Token

from lrreport.article.words import Language
from lrreport.errors import RenderError
from lrreport.spec import Study

#: Grounds that the code stands on; the colours below keep a contrast of 4.5:1 and more with them (tested).
LIGHT_GROUND: Final = "#f5f7f9"
DARK_GROUND: Final = "#1c222b"


#: Lines up to which a listing is never divided.
_SHORT: Final = 13
_SPAN: Final = re.compile(r'<span class="([a-z0-9]+)">([^<]*)</span>')
_THAI_COMMENT: Final = re.compile(r'<span class="(c\w*)">([^<]*[\u0e01-\u0e5b][^<]*)</span>')
#: A line that is a comment for the readers of one language.
_SPOKEN: Final = re.compile(r"(?P<indent>\s*)# \[(?P<language>th|en)\] (?P<text>.*)")
#: The line of a program that says for how many epochs it trains.
EPOCHS: Final = re.compile(r"^EPOCHS = (\d+)$", re.MULTILINE)
#: What `fill_in_study` fills in beside it.
_DATASET: Final = re.compile(r"\b(keras\.datasets\.)\w+(?=\.load_data)")
_VALUES: Final = re.compile(r"^(?P<name>[A-Z]+) = (?P<values>\[[^\]\n]*\])$", re.MULTILINE)
#: A line that says where the printed lines begin, or where they end.
_MARK: Final = re.compile(r"\s*# \[(?P<mark>shown|end)\]")


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
    """What the article prints of a code file.

    Attributes:
        name: The file's name without suffix.
        text: The printed lines, without empty lines at the ends.
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


def fill_in_study(source: str, study: Study) -> str:
    """A program with a study's data, epochs and values in place of those that stand in its file.

    What is filled in are whole lines: `EPOCHS = 50`, the one list in capitals, `RATES = [0.1, 0.01]`, and the dataset's
    name behind `keras.datasets`. A line that says the same already stays as it is written.
    """
    spec, epochs = study.settings[0].spec, max(setting.epochs for setting in study.settings)
    source = _DATASET.sub(lambda match: match[1] + spec.dataset.replace("-", "_"), source)
    source = EPOCHS.sub(f"EPOCHS = {epochs}", source)
    values = [dict(setting.varied).get(study.varied_keys[0]) for setting in study.settings]

    def write(match: re.Match[str]) -> str:
        is_same = ast.literal_eval(match["values"]) == values
        return match[0] if is_same else f"{match['name']} = [{', '.join(map(repr, values))}]"

    return _VALUES.sub(write, source) if len(study.varied_keys) == 1 else source


def choose_language(source: str, language: Language) -> str:
    r"""The whole program with the comments of one language, and without any mark.

    >>> choose_language("# [shown]\n# [th] ก\n# [en] A\nx = 1\n# [end]\n", "en")
    '# A\nx = 1\n'
    """
    lines = (line for line in source.splitlines(keepends=True) if not _MARK.fullmatch(line.rstrip()))
    return "".join(_speak(lines, language))


def choose_shown(name: str, source: str, language: Language) -> str:
    r"""The lines of a program that the article prints, with the comments of one language.

    Three dots stand for what is left out between them: Python reads them, too. A program without marks is printed whole.

    Raises:
        RenderError: A mark lacks the other one of its pair.

    >>> choose_shown("x", "# [shown]\na = 1\n# [end]\nb = 2\n# [shown]\nc = 3\n# [end]\n", "en")
    'a = 1\n...\nc = 3\n'
    """
    shown: list[list[str]] = []
    is_inside = False
    for number, line in enumerate(source.splitlines(keepends=True), start=1):
        if mark := _MARK.fullmatch(line.rstrip()):
            if is_inside == (mark["mark"] == "shown"):
                raise _refuse_mark(name, f"line {number}: {line.strip()}")
            is_inside = not is_inside
            if is_inside:
                shown.append([])
        elif is_inside:
            shown[-1].append(line)
    if is_inside:
        raise _refuse_mark(name, "the end of the file")
    if not shown:
        return choose_language(source, language)
    parts = ["".join(_speak(part, language)) for part in shown]
    return parts[0] + "".join(f"{_indent_of(part)}...\n{part}" for part in parts[1:])


def _speak(lines: Iterable[str], language: Language) -> Iterator[str]:
    """Lines without the comments of other languages; the others lose their tag."""
    for line in lines:
        comment = _SPOKEN.match(line)
        if comment is None:
            yield line
        elif comment["language"] == language:
            yield f"{comment['indent']}# {comment['text']}\n"


def _indent_of(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" "))]


def _refuse_mark(name: str, got: str) -> RenderError:
    return RenderError(
        "The marks of a listing do not come in pairs",
        where=f"listings/{name}",
        got=got,
        expected="'# [shown]', lines, '# [end]'",
        fix="write the mark that is missing",
    )


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
    # Code is English whatever the page's language; a comment in Thai is not.
    html, spans = (_THAI_COMMENT.sub(r'<span class="\1" lang="th">\2</span>', form) for form in (html, spans))
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
