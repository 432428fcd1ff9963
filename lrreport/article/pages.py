"""Whole pages: one language for the web, both languages for the web, one language for print.

Every page is complete in itself: style sheet, fonts, figures and formulas are inside, nothing is fetched. One short
script of ours is inside, too, allowed by its digest; without it everything still reads.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup, escape

from lrreport.article.blocks import Medium, Writer
from lrreport.article.context import make_context
from lrreport.article.environment import find_listing, read_source, render_template
from lrreport.article.facts import Facts
from lrreport.article.figure_data import figure_css, write_picture
from lrreport.article.filters import date
from lrreport.article.line_breaking import load_terms
from lrreport.article.listings import listing_css
from lrreport.article.numbering import SECTION_LEVEL, Label, Labels, Numbering, check_same_structure
from lrreport.article.page_fonts import FONTS_MARK, embed_fonts
from lrreport.article.rows import CONTENTS_MARK, Block, pair_blocks, split_blocks
from lrreport.article.words import LANGUAGES, Language, say
from lrreport.editions.edition import BLANK_DIGEST
from lrreport.figures import OVERVIEW

#: What a page may do: show what is inside it, and run the one script whose digest is named. Nothing is loaded or sent.
_POLICY: Final = (
    "default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; font-src data:; img-src data:; "
    "base-uri 'none'; form-action 'none'"
    # The script connects to nothing; tools that look for a site's robots.txt in the page's name may.
    "; connect-src 'self'"
)
_REFERENCE_BEGINS: Final = re.compile(r'(?<=[\u0e01-\u0e4e])(?=<a class="ref[^"]* whole")')
_REFERENCE_ENDS: Final = re.compile(r'<a class="ref[^"]* whole"[^>]*>[^<]*</a>(?=[\u0e01-\u0e4e])')
#: Who the PDF says wrote it.
AUTHOR: Final = "The lrreport authors"
#: The section before the contents, which does not list it.
_ABSTRACT: Final = "abstract"
#: The key of the section that stands on one page.
_SUMMARY: Final = "sec:summary"
#: What Thai line breaking must leave alone: pictures, formulas, code, and the inside of tags.
_OPAQUE: Final = re.compile(r"(<svg\b.*?</svg>|<math\b.*?</math>|<pre\b.*?</pre>|<[^>]*>)", re.DOTALL)
#: A word of so many letters may be longer than a line, or than a column of a table.
_LONG_WORD: Final = 30
_THAI: Final = re.compile("[\u0e01-\u0e5b]")
#: Files that a page links to when they stand beside it, by page.
_DOWNLOADS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "th": (("lrreport-th.pdf", "PDF"), ("data/results.csv", "CSV")),
    "en": (("lrreport-en.pdf", "PDF"), ("data/results.csv", "CSV")),
    "both": (("lrreport.pdf", "PDF"), ("data/results.csv", "CSV")),
}
_PAGES: Final[Mapping[str, str]] = {"th": "th.html", "en": "en.html", "both": "index.html"}


@dataclass(frozen=True, slots=True)
class Part:
    """The article in one language and medium, ready to be put into a page.

    Attributes:
        language: Of every word in it.
        title: The article's title.
        short_title: The same in fewer words, for the head of every printed page.
        heading: The title for the page's top, its loan words kept whole.
        subtitle: The line below it.
        notices: What a preview or a single-seed edition must say at the top.
        running_notice: The same for the foot of every printed page; empty for a full edition.
        edition_line: Date and digest.
        byline: What the teacher gave to stand below the title, line by line.
        picture: The main result, for the title page; empty where there is none.
        abstract: What stands before the contents.
        blocks: Everything after them.
        headings: The sections, for the contents.
        labels: Everything that has an id.
    """

    language: Language
    title: Markup
    short_title: Markup
    heading: Markup
    subtitle: Markup
    notices: tuple[str, ...]
    running_notice: str
    edition_line: Markup
    byline: tuple[Markup, ...]
    picture: Markup
    abstract: tuple[Block, ...]
    blocks: tuple[Block, ...]
    headings: tuple[Label, ...]
    labels: Labels


def compose_part(facts: Facts, environment: Environment, language: Language, medium: Medium) -> Part:
    """Render the article's body in two passes: the first numbers everything, the second refers to it.

    Raises:
        RenderError: A template is wrong, a reference points at nothing, or two parts have the same id.
    """
    first, _ = _run_pass(facts, environment, language, medium, None)
    numbering, body = _run_pass(facts, environment, language, medium, first.labels)
    body = body.replace(" ๆ", "\u00a0ๆ")  # the sign of repetition never begins a line
    body = let_long_words_break(body, _users_words(facts))
    if language == "th":
        body = keep_words_whole(body) if medium == "web" else part_references(body)
    abstract, _, rest = body.partition(CONTENTS_MARK)
    values = make_context(facts, _make_writer(facts, environment, language, medium, Numbering(language)))
    title, short_title, subtitle, caption = (
        Markup(render_template(environment, f"partials/{name}.html.j2", values).strip())  # noqa: S704 - autoescaped
        for name in ("title", "short-title", "subtitle", "picture")
    )
    return Part(
        language=language,
        title=title,
        short_title=short_title,
        heading=Markup(keep_words_whole(title)) if medium == "web" and language == "th" else title,  # noqa: S704
        subtitle=subtitle,
        notices=_notices(facts, language),
        running_notice=_running_notice(facts, language),
        edition_line=_edition_line(facts, language, BLANK_DIGEST if medium == "print" else facts.edition.short_digest),
        byline=_byline(facts, language),
        picture=write_picture(facts.figures_in(language).get(OVERVIEW), caption, medium),
        abstract=split_blocks(abstract),
        blocks=split_blocks(rest),
        headings=tuple(label for label in numbering.contents if label.level == SECTION_LEVEL and label.id != _ABSTRACT),
        labels=numbering.labels,
    )


def _run_pass(
    facts: Facts, environment: Environment, language: Language, medium: Medium, known: Labels | None
) -> tuple[Numbering, str]:
    numbering = Numbering(language, known)
    writer = _make_writer(facts, environment, language, medium, numbering)
    values = {**make_context(facts, writer), "contents_mark": CONTENTS_MARK}
    return numbering, render_template(environment, "partials/body.html.j2", values)


def _make_writer(
    facts: Facts, environment: Environment, language: Language, medium: Medium, numbering: Numbering
) -> Writer:
    return Writer(
        language,
        medium,
        numbering,
        facts.figures_in(language),
        lambda name: find_listing(environment, name, language, facts.results.study(name)),
        facts.waiting,
    )


def _notices(facts: Facts, language: Language) -> tuple[str, ...]:
    edition = facts.edition
    notices = []
    if edition.is_preview:
        n = len(edition.seeds)
        seeds = say("seeds-one" if n == 1 else "seeds-many", language, n=n)
        notices.append(say("preview", language, epochs=edition.epochs, seeds=seeds))
    if edition.is_single_seed:
        notices.append(say("single-seed", language))
    return tuple(notices)


def _running_notice(facts: Facts, language: Language) -> str:
    edition = facts.edition
    kinds = (("preview-short", edition.is_preview), ("single-seed-short", edition.is_single_seed))
    return " · ".join(say(word, language) for word, is_so in kinds if is_so)


def _edition_line(facts: Facts, language: Language, digest: str) -> Markup:
    day = say("edition", language, date=date(facts.edition.date, language))
    words = escape(say("digest", language, digest="{}")).format(Markup("<code>{}</code>").format(digest))
    return Markup("{} · {}").format(day, words)


def _byline(facts: Facts, language: Language) -> tuple[Markup, ...]:
    """The teacher's lines; Thai ones on an English page say what they are."""
    lines = []
    for line in facts.byline.in_language(language):
        is_foreign = language == "en" and any("\u0e00" <= letter <= "\u0e7f" for letter in line)
        html = Markup(let_long_words_break(escape(line), line))  # noqa: S704 - escaped in this line
        lines.append(Markup('<span lang="th">{}</span>').format(html) if is_foreign else html)
    return tuple(lines)


def _users_words(facts: Facts) -> str:
    """What others than us wrote on the pages: titles, questions, settings and the byline."""
    texts = [
        text for study in facts.results.studies for words in (study.title, study.question) for text in words.values()
    ]
    texts += [setting.text for study in facts.results.studies for setting in study.settings]
    return " ".join([*texts, *(line for language in LANGUAGES for line in facts.byline.in_language(language))])


def let_long_words_break(body: str, words: str) -> str:
    """Mark the words of others that are as long as a line, wherever they stand in the text, whole or cut short.

    Thai is left alone: it breaks between its words.

    Args:
        body: HTML.
        words: What others wrote, as plain text.

    >>> let_long_words_break("<b>ok aaaaa…</b>", "a" * 99)
    '<b>ok aaaaa…</b>'
    >>> let_long_words_break("<b>" + "a" * 32 + "…</b>", "a" * 99) == '<b><span class="any">' + "a" * 32 + "…</span></b>"
    True
    """
    begins = {word[:_LONG_WORD] for word in words.split() if len(word) >= _LONG_WORD and not _THAI.search(word)}
    if not begins:
        return body
    pattern = re.compile("(?:" + "|".join(re.escape(str(escape(begin))) for begin in sorted(begins)) + r")[^\s<>]*")
    pieces = _OPAQUE.split(body)
    pieces[::2] = [pattern.sub(r'<span class="any">\g<0></span>', piece) for piece in pieces[::2]]
    return "".join(pieces)


def keep_words_whole(body: str) -> str:
    """Wrap loan words that a browser's dictionary would break inside, in text alone.

    >>> keep_words_whole("<p>โมเมนตัม</p>")
    '<p><span class="nb">โมเมนตัม</span></p>'
    """
    words = sorted(load_terms(), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, words)))
    pieces = _OPAQUE.split(body)
    pieces[::2] = [pattern.sub(r'<span class="nb">\g<0></span>', piece) for piece in pieces[::2]]
    return "".join(pieces)


def part_references(body: str) -> str:
    r"""Let a line end before and after a reference that is not divided, where Thai stands beside it without a space.

    >>> part_references('ใน<a class="ref whole" href="#a">รูปที่ 1</a> มี')
    'ใน\u200b<a class="ref whole" href="#a">รูปที่ 1</a> มี'
    """
    body = _REFERENCE_BEGINS.sub("\u200b", body)
    return _REFERENCE_ENDS.sub(lambda match: f"{match[0]}\u200b", body)


def render_page(facts: Facts, environment: Environment, language: Language) -> str:
    """One language as a self-contained web page: `th.html`, `en.html`.

    Raises:
        RenderError: A template is wrong, or a character has no glyph in the page's fonts.
    """
    part = compose_part(facts, environment, language, "web")
    values = _page_values(facts, environment, {language: part}, page=language)
    return embed_fonts(render_template(environment, "article.html.j2", values), _users_words(facts))


def render_bilingual_page(facts: Facts, environment: Environment) -> str:
    """Both languages as one self-contained web page: Thai, English or side by side, also where scripts do not run.

    Raises:
        RenderError: As for `render_page`; or the two languages do not have the same parts.
    """
    parts: dict[Language, Part] = {
        language: compose_part(facts, environment, language, "web") for language in LANGUAGES
    }
    check_same_structure({language: part.labels for language, part in parts.items()})
    values = _page_values(facts, environment, parts, page="both")
    values["abstract_rows"] = pair_blocks(parts["th"].abstract, parts["en"].abstract)
    values["rows"] = pair_blocks(parts["th"].blocks, parts["en"].blocks)
    return embed_fonts(render_template(environment, "article.bilingual.html.j2", values), _users_words(facts))


def render_print_page(facts: Facts, environment: Environment, language: Language) -> str:
    """One language as the page that WeasyPrint lays out; its fonts are added there, and the edition's digest after it.

    Raises:
        RenderError: A template is wrong.
    """
    part = compose_part(facts, environment, language, "print")
    values = _page_values(facts, environment, {language: part}, page=language)
    values["short_edition"] = say("edition", language, date=date(facts.edition.date, language))
    values["author"] = AUTHOR
    code = Markup(listing_css())  # noqa: S704 - written by us
    values["css"] = Markup("\n").join([_css(environment, "shared"), _css(environment, "print"), code])
    return render_template(environment, "article.print.html.j2", values)


def render_one_page(facts: Facts, environment: Environment, language: Language) -> str:
    """The article's summary by itself, for the wall, as the page that WeasyPrint lays out; empty without a summary.

    Raises:
        RenderError: A template is wrong.
    """
    part = compose_part(facts, environment, language, "print")
    keys = [block.key for block in part.blocks]
    if _SUMMARY not in keys:
        return ""
    start = keys.index(_SUMMARY) + 1
    sections = {f"sec:{label.id}" for label in part.headings}
    end = next((place for place in range(start, len(keys)) if keys[place] in sections), len(keys))
    # Nothing that it could lead to is on the page; and its headings are one level higher here.
    html = [re.sub(r"<(/?)h3\b", r"<\1h2", re.sub(r"</?a\b[^>]*>", "", block.html)) for block in part.blocks[start:end]]
    values = _page_values(facts, environment, {language: part}, page=language)
    values["author"] = AUTHOR
    values["blocks"] = [Markup(block) for block in html]  # noqa: S704 - rendered with autoescape
    values["css"] = Markup("\n").join([_css(environment, "shared"), _css(environment, "print")])
    return render_template(environment, "article.onepage.html.j2", values)


def _page_values(
    facts: Facts, environment: Environment, parts: Mapping[Language, Part], *, page: str
) -> dict[str, Any]:
    dark = f"@media screen and (prefers-color-scheme:dark){{{listing_css(is_dark=True)}\n{figure_css()}}}"
    code = Markup(f"{listing_css()}\n{dark}")  # noqa: S704 - written by us
    only = next(iter(parts.values()))
    script = read_source(environment, "js/page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return {
        "page": page,
        "lang": only.language,
        "part": only,
        "parts": parts,
        "policy": _POLICY.format(digest=digest),
        "script": Markup(script),  # noqa: S704 - a file of the templates
        "css": Markup("\n").join([escape(FONTS_MARK), _css(environment, "shared"), _css(environment, "web"), code]),
        "edition": facts.edition,
        "pages": {name: file for name, file in _PAGES.items() if name != page and file in facts.siblings},
        "downloads": [item for item in _DOWNLOADS[page] if item[0] in facts.siblings],
        "say": say,
        "languages": LANGUAGES,
    }


def _css(environment: Environment, name: str) -> Markup:
    source = read_source(environment, f"css/{name}.css")
    text = re.sub(r"/\*.*?\*/\s*", "", source, flags=re.DOTALL)
    return Markup(text)  # noqa: S704 - a style sheet of the templates
