"""Numbers of sections, figures, tables, equations and listings, and what refers to them.

A template is rendered twice. The first pass collects every label; the second knows them all, so that a reference may
stand before what it points at, and one that points at nothing is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from lrreport.article.words import REFERENCE_FORMS, Language, say
from lrreport.errors import RenderError
from lrreport.figures.words import LANGUAGES

#: Level of the headings that begin a section; the page itself is headed by level 1.
SECTION_LEVEL: Final = 2
_ID: Final = re.compile(r"[a-z0-9]+(?:[-.][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Label:
    """Something that has a place of its own in the article.

    Attributes:
        kind: `sec`, `fig`, `tab`, `eq`, `lst`, `bib`, `ex`, `answer`, `fn`, or `p` for a paragraph.
        id: Unique within its kind, the same in both languages.
        number: As printed; empty for what is not numbered.
        anchor: The HTML id, which begins with the language.
        title: Heading or caption.
        level: Of a heading, 2 or 3; else 0.
        section: The id of the numbered section in which it stands; empty before the first.
    """

    kind: str
    id: str
    number: str
    anchor: str
    title: Markup
    level: int = 0
    section: str = ""


Labels = Mapping[tuple[str, str], Label]


@dataclass(slots=True)
class Numbering:
    """One pass over the article in one language.

    Attributes:
        language: Of the pass.
        known: The labels of the first pass; None during it.
        labels: Those that this pass has met, in order.
    """

    language: Language
    known: Labels | None = None
    labels: dict[tuple[str, str], Label] = field(default_factory=dict)
    _anchors: set[str] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=dict)
    _section: str = ""

    @property
    def is_collecting(self) -> bool:
        """Whether this is the first pass, in which nothing can be resolved."""
        return self.known is None

    def add(self, kind: str, identifier: str, title: Markup, *, level: int = 0, is_numbered: bool = True) -> Label:
        """Give something its number and its anchor.

        Raises:
            RenderError: The id is malformed, or something has it already.
        """
        if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
            raise RenderError(
                "An id of the article is malformed",
                got=repr(identifier),
                expected="lower-case letters and digits, joined by single hyphens or points",
            )
        anchor = f"{self.language}-{identifier}" if kind == "sec" else f"{self.language}-{kind}-{identifier}"
        if anchor in self._anchors:
            raise RenderError(
                "Two parts of the article have the same id",
                got=f"{kind} '{identifier}'",
                expected="an id of its own for every heading, paragraph, figure, table, equation and listing",
            )
        self._anchors.add(anchor)
        number = ""
        if is_numbered and kind != "p":
            self._counts[kind] = self._counts.get(kind, 0) + 1
            number = str(self._counts[kind])
        if kind == "sec" and level == SECTION_LEVEL:
            self._section = identifier
        label = Label(kind, identifier, number, anchor, title, level, self._section)
        self.labels[kind, identifier] = label
        return label

    def find(self, target: str) -> Label | None:
        """The label that `kind:id` points at; None in the first pass.

        Raises:
            RenderError: There is no such thing in the article.
        """
        if self.known is None:
            return None
        kind, _, identifier = target.partition(":")
        label = self.known.get((kind, identifier))
        if label is None:
            near = ", ".join(f"{kind}:{name}" for form, name in self.known if form == kind)
            raise RenderError(
                "A reference points at nothing",
                got=target,
                expected=f"one of {near}" if near else "one of " + ", ".join(f"{form}:..." for form in REFERENCE_FORMS),
                fix="correct the reference, or put it under the same condition as what it points at",
            )
        return label

    def refer(self, target: str, *, medium: str) -> Markup:
        """A link to what `kind:id` points at, named by its number.

        In print the link asks for the page number when its target stands in another section.
        """
        label = self.find(target)
        if label is None:
            return Markup("")
        if label.number:
            text = say(label.kind, self.language, number=label.number)
        else:
            text = say("unnumbered", self.language, title=label.title.striptags())
        is_far = label.section != self._section and label.kind != "eq"
        kind = "ref far" if medium == "print" and is_far else "ref"
        if medium == "print" and label.number:
            kind += " whole"
        return Markup('<a class="{}" href="#{}">{}</a>').format(kind, label.anchor, text)

    def cite(self, identifiers: tuple[str, ...]) -> Markup:
        """Numbers in brackets that link to the list of references."""
        labels = [label for identifier in identifiers if (label := self.find(f"bib:{identifier}"))]
        links = [
            Markup('<a class="cite" href="#{}">{}</a>').format(
                label.anchor, say("bib", self.language, number=label.number)
            )
            for label in labels
        ]
        return Markup(" ").join(links)

    @property
    def contents(self) -> tuple[Label, ...]:
        """The headings of the whole article; empty in the first pass."""
        return tuple(label for label in (self.known or {}).values() if label.kind == "sec")


def check_same_structure(labels: Mapping[Language, Labels]) -> None:
    """Refuse an article whose two languages do not have the same parts in the same order.

    Raises:
        RenderError: A heading, paragraph, figure or the like stands in one language alone, or elsewhere.
    """
    first, second = (list(labels[language]) for language in LANGUAGES)
    if first == second:
        return
    odd = sorted({f"{kind}:{name}" for kind, name in set(first) ^ set(second)})
    raise RenderError(
        "The two languages of the article do not have the same parts",
        got=", ".join(odd) if odd else "the same parts in another order",
        expected="every part in both languages, in the same order",
    )
