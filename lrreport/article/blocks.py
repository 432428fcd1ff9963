"""The HTML of each part of the article: headings, paragraphs, figures, tables, equations, listings, boxes.

Parts that stand at the top level are marked, so that the bilingual page can set the two languages side by side, part
by part: see `rows.py`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from jinja2.runtime import Undefined
from markupsafe import Markup

from lrreport.analysis.verdicts import Claim, Verdict, joint
from lrreport.article.figure_data import write_drawing, write_figure_data
from lrreport.article.listings import Listing
from lrreport.article.maths import draw_formula, speak_formula, write_mathml
from lrreport.article.numbering import SECTION_LEVEL, Label, Numbering
from lrreport.article.rows import mark_block
from lrreport.article.settings_text import HEAD_TITLE
from lrreport.article.tables import HtmlTable
from lrreport.article.words import Language, say
from lrreport.errors import RenderError
from lrreport.figures.drawn import DrawnFigure
from lrreport.figures.words import cut_text

Medium = Literal["web", "print"]
Caller = Callable[[], str]

_LEADING_LINE: Final = re.compile(r"\A\s*\n\s*")
_TRAILING_LINE: Final = re.compile(r"\s*\n\s*\Z")
_STARTS_WITH_BLOCK: Final = re.compile(r"\s*<(?:p|ul|ol|dl|div|figure|table|h[1-6]|section|pre)\b")


@dataclass(slots=True)
class Writer:
    """Writes the parts of one pass in one language for one medium; the tags of the templates call it.

    Attributes:
        language: Of the pass.
        medium: `web` or `print`.
        numbering: Numbers and references of the pass.
        figures: By name, in this language.
        find_listing: Gives the highlighted listing of a name.
        waiting: Takes the ids of paragraphs that were written for other results than these.
    """

    language: Language
    medium: Medium
    numbering: Numbering
    figures: Mapping[str, DrawnFigure]
    find_listing: Callable[[str], Listing]
    waiting: set[str] = field(default_factory=set)
    _depth: int = 0
    _boxes: int = 0
    _paragraph: str | None = None
    _footnotes: list[Markup] = field(default_factory=list)

    @contextmanager
    def _inside(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def _call(self, caller: Caller) -> Markup:
        with self._inside():
            return Markup(caller().strip())  # noqa: S704 - written by an autoescaping template

    def _finish(self, key: str, html: Markup) -> Markup:
        if self._paragraph is not None and not key.startswith("p:"):
            raise RenderError(
                "A paragraph holds what cannot stand inside one",
                where=f"paragraph '{self._paragraph}'",
                got=key,
                fix="end the paragraph before it",
            )
        return html if self._depth else mark_block(key, html)

    def heading(self, level: int, identifier: str, caller: Caller, *, numbered: bool | None = None) -> Markup:
        """`h`: levels 2 (numbered unless told otherwise) and 3."""
        if level not in (SECTION_LEVEL, SECTION_LEVEL + 1):
            raise RenderError("A heading has a level that is not allowed", got=repr(level), expected="2 or 3")
        title = self._call(caller)
        is_numbered = level == SECTION_LEVEL if numbered is None else numbered
        label = self.numbering.add("sec", identifier, title, level=level, is_numbered=is_numbered)
        number = Markup('<span class="number">{}</span> ').format(label.number) if label.number else Markup("")
        inner = number + title
        if self.medium == "web":
            inner = Markup('<a class="anchor" href="#{}">{}</a>').format(label.anchor, inner)
        short = Markup("")
        if self.medium == "print" and len(plain := title.striptags()) > HEAD_TITLE:
            # For the head of the page and the outline.
            words = f"{label.number} {cut_text(plain, HEAD_TITLE)}".strip()
            short = Markup(' data-short="{}"').format(words)
        html = Markup('<h{0} id="{1}"{2}>{3}</h{0}>').format(level, label.anchor, short, inner)
        return self._finish(f"sec:{identifier}", html)

    def paragraph(self, identifier: str, caller: Caller) -> Markup:
        """`p`: a paragraph with an id."""
        label = self.numbering.add("p", identifier, Markup(""))
        if self._paragraph is not None:
            raise RenderError(
                "A paragraph stands inside a paragraph", where=f"paragraph '{self._paragraph}'", got=identifier
            )
        self._paragraph = identifier
        try:
            text = self._call(caller)
        finally:
            self._paragraph = None
            footnotes, self._footnotes = self._footnotes, []
        html = Markup('<p id="{}">{}</p>{}').format(label.anchor, text, Markup("").join(footnotes))
        return self._finish(f"p:{identifier}", html)

    def footnote(self, identifier: str, caller: Caller) -> Markup:
        """`fn`: a remark at the foot of the printed page; on a web page, where nobody turns over, below its paragraph."""
        if self._paragraph is None:
            raise RenderError("A footnote stands outside a paragraph", got=identifier, fix="put it into a {% p %}")
        text = self._call(caller)
        label = self.numbering.add("fn", identifier, Markup(""))
        if self.medium == "print":
            return Markup('<span class="fn" data-number="{}">{}</span>').format(label.number, text)
        foot = Markup('<p class="fn" id="{}"><sup>{}</sup> {}</p>')
        self._footnotes.append(foot.format(label.anchor, label.number, text))
        name = say("fn", self.language, number=label.number)
        call = Markup('<a class="fn-call" href="#{}" aria-label="{}"><sup>{}</sup></a>')
        return call.format(label.anchor, name, label.number)

    def inline(self, caller: Caller) -> Markup:
        """`bi`: words in both languages, without markup of their own; spaces at the ends count, line breaks do not."""
        with self._inside():
            return Markup(trim_end(trim_start(caller())))  # noqa: S704 - written by an autoescaping template

    def _caption(self, label: Label, caption: Markup, *, tag: str) -> Markup:
        name = say(label.kind, self.language, number=label.number)
        return Markup('<{0}><span class="caption"><b class="label">{1}</b> {2}</span></{0}>').format(tag, name, caption)

    def figure(self, name: str, caller: Caller) -> Markup:
        """`fig`: a drawn figure with its caption."""
        caption = self._call(caller)
        label = self.numbering.add("fig", name, caption)
        drawn = self.figures.get(name)
        if drawn is None:
            raise RenderError(
                "The article asks for a figure that was not drawn",
                got=name,
                expected="one of " + ", ".join(self.figures),
                fix="put the figure under has_figure(...) or has_study(...)",
            )
        foot = self._caption(label, caption, tag="figcaption")
        if self.medium == "print":
            picture = Markup('<img src="{}" alt="{}" style="width:{}pt">').format(
                data_url(drawn.svg_print), drawn.alt, f"{drawn.width_pt:g}"
            )
        else:
            picture = write_drawing(drawn, say(label.kind, self.language, number=label.number))
        html = Markup('<figure class="figure" id="{}">{}{}</figure>').format(label.anchor, picture, foot)
        if self.medium == "web" and drawn.data is not None:
            html += write_figure_data(drawn.data, say(label.kind, self.language, number=label.number), self.language)
        return self._finish(f"fig:{name}", html)

    def _scroll(self, label: Label, inner: Markup) -> Markup:
        """A box that scrolls sideways by itself, and by keyboard, on a narrow screen."""
        name = say(label.kind, self.language, number=label.number)
        return Markup('<div class="scroll" tabindex="0" role="group" aria-label="{}">{}</div>').format(name, inner)

    def table(self, table: object, identifier: str, caller: Caller) -> Markup:
        """`tab`: a table with its caption above it."""
        if isinstance(table, Undefined):
            str(table)  # raises, naming what is not there
        if not isinstance(table, HtmlTable):
            raise RenderError(
                "The tag tab needs a table", got=type(table).__name__, expected="results_table(...) or another table"
            )
        caption = self._call(caller)
        label = self.numbering.add("tab", identifier, caption)
        body = table.to_html(self._caption(label, caption, tag="caption"))
        if self.medium == "web":
            body = self._scroll(label, body)
        html = Markup('<div class="table {}" id="{}">{}</div>').format(table.kind, label.anchor, body)
        return self._finish(f"tab:{identifier}", html)

    def listing(self, name: str, caller: Caller) -> Markup:
        """`lst`: a highlighted listing with its caption above it."""
        caption = self._call(caller)
        label = self.numbering.add("lst", name, caption)
        listing = self.find_listing(name)
        attributes = Markup("")
        if self.medium == "web":
            title = say("code-of", self.language, label=say("lst", self.language, number=label.number))
            attributes = Markup(' tabindex="0" role="group" aria-label="{}"').format(title)
        lines = listing.for_print if self.medium == "print" else listing.html
        # Code is read in Latin letters whatever the page's language.
        code = Markup('<pre class="hl" lang="en"{}><code>{}</code></pre>').format(attributes, lines)
        head = self._caption(label, caption, tag="figcaption")
        kind = "listing whole" if listing.is_short else "listing"
        html = Markup('<figure class="{}" id="{}">{}{}</figure>').format(kind, label.anchor, head, code)
        return self._finish(f"lst:{name}", html)

    def box(self, kind: str, caller: Caller) -> Markup:
        """`note`, `takeaway` and `source_box`: a box beside the thread of the text."""
        self._boxes += 1
        key = f"{kind}:{self._boxes}"
        inner = self._call(caller)
        if not _STARTS_WITH_BLOCK.match(inner):
            inner = Markup("<p>{}</p>").format(inner)
        if kind != "note":
            title = say(kind, self.language)
            head = Markup('<p class="box-title">{}</p>').format(title)
            inner = Markup("{}{}").format(head, inner)
        html = Markup('<div class="box {}" id="{}">{}</div>').format(
            kind, f"{self.language}-{kind}-{self._boxes}", inner
        )
        return self._finish(key, html)

    def exercise(self, identifier: str, caller: Caller) -> Markup:
        """`ex`: a numbered exercise, in print with a link to its answer where the article has one."""
        text = self._call(caller)
        label = self.numbering.add("ex", identifier, Markup(""))
        link = Markup("")
        if self.medium == "print" and ("answer", identifier) in (self.numbering.known or {}):
            link = Markup(' <span class="to-answer">{}</span>').format(self.refer(f"answer:{identifier}"))
        head = say("ex", self.language, number=label.number)
        html = Markup('<p class="exercise" id="{}"><b class="label">{}</b> {}{}</p>').format(
            label.anchor, head, text, link
        )
        return self._finish(f"ex:{identifier}", html)

    def answer(self, identifier: str, caller: Caller) -> Markup:
        """`answer`: the answer of the exercise of that id: on a page folded under it, in print led back to it."""
        text = self._call(caller)
        label = self.numbering.add("answer", identifier, Markup(""))
        exercise = self.numbering.find(f"ex:{identifier}")
        if exercise and exercise.number != label.number:
            raise RenderError(
                "Answers stand in another order than their exercises",
                where=f"answer '{identifier}'",
                got=f"number {label.number}",
                expected=f"number {exercise.number}",
            )
        if self.medium == "web":
            form = Markup('<details class="answer" id="{}"><summary>{}</summary><p>{}</p></details>')
            html = form.format(label.anchor, say("answer-folded", self.language), text)
            return self._finish(f"answer:{identifier}", html)
        back = self.refer(f"ex:{identifier}")
        html = Markup('<p class="answer" id="{}"><b class="label">{}</b> {}</p>').format(label.anchor, back, text)
        return self._finish(f"answer:{identifier}", html)

    def bibliography_entry(self, identifier: str, caller: Caller) -> Markup:
        """`bib`: one entry of the list of references; to stand in an `<ol class="references">`."""
        text = self._call(caller)
        label = self.numbering.add("bib", identifier, text)
        return Markup('<li id="{}">{}</li>').format(label.anchor, text)

    def maths(self, tex: str, *, th: str | None = None, en: str | None = None) -> Markup:
        """`m(tex)`: a formula within a line."""
        return self._formula(tex, {"th": th, "en": en}[self.language], is_display=False)

    def equation(self, identifier: str, tex: str, *, th: str, en: str) -> Markup:
        """`equation(id, tex, th=, en=)`: a numbered formula on a line of its own, with its spoken form."""
        spoken = {"th": th, "en": en}[self.language]
        label = self.numbering.add("eq", identifier, Markup.escape(spoken))
        formula = self._formula(tex, spoken, is_display=True)
        focus = Markup("")
        if self.medium == "web":
            # A long formula scrolls sideways on a narrow screen, by keyboard too.
            name = say("eq", self.language, number=label.number)
            focus = Markup(' tabindex="0" role="group" aria-label="{}"').format(name)
        html = Markup(
            '<div class="equation" id="{}"><div class="formula"{}>{}</div><span class="number">({})</span></div>'
        ).format(label.anchor, focus, formula, label.number)
        return self._finish(f"eq:{identifier}", html)

    def _formula(self, tex: str, spoken: str | None, *, is_display: bool) -> Markup:
        spoken = spoken or speak_formula(tex, self.language)
        if self.numbering.is_collecting:
            return Markup("")
        if self.medium == "print":
            return draw_formula(tex, spoken, is_display=is_display)
        return write_mathml(tex, spoken, is_display=is_display)

    def refer(self, target: str) -> Markup:
        """`ref("fig:momentum")`: a link named by the number."""
        return self.numbering.refer(target, medium=self.medium)

    def cite(self, *identifiers: str) -> Markup:
        """`cite("robbins1951")`: a number in brackets that links to the list of references."""
        return self.numbering.cite(identifiers)

    def told(self, identifier: str, *, holds: bool) -> bool:
        """Whether a paragraph may be printed that was written for what came out; one that may not is noted."""
        if not holds:
            self.waiting.add(identifier)
        return holds

    @staticmethod
    def verdict(subject: object) -> str:
        """The verdict that chooses the words of a `verdict` tag.

        Args:
            subject: A claim, several claims (all of them at once: see `joint`), or a verdict.

        Raises:
            RenderError: It is none of these.
        """
        if isinstance(subject, Undefined):
            str(subject)  # raises, naming what is not there
        if isinstance(subject, Verdict):
            return str(subject)
        if isinstance(subject, Claim):
            return str(subject.verdict)
        if isinstance(subject, list | tuple) and all(isinstance(item, Claim) for item in subject):
            return str(joint(subject))
        raise RenderError(
            "The tag verdict needs a claim",
            got=type(subject).__name__,
            expected="a claim, a list of claims, or a verdict",
        )


def trim_start(text: str) -> str:
    r"""Take off leading white space when it holds a line break: it is the template's layout, not its text.

    >>> trim_start("\n  a"), trim_start(" b")
    ('a', ' b')
    """
    return _LEADING_LINE.sub("", text)


def trim_end(text: str) -> str:
    """The same at the end."""
    return _TRAILING_LINE.sub("", text)


def data_url(svg: str) -> str:
    """An SVG as a URL that carries it."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("utf-8")).decode("ascii")
