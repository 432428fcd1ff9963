"""The pages: complete in themselves, the same in both languages, honest about their edition, safe, and readable."""

from __future__ import annotations

import base64
import datetime as dt
import doctest
import functools
import hashlib
import importlib
import itertools
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from jinja2 import Environment
from markupsafe import Markup

from lrreport.analysis.claims import decide_claims, rank_settings
from lrreport.analysis.summaries import Reach, SettingSummary, Spread, summarise
from lrreport.article.appendix_tables import environment_table
from lrreport.article.environment import find_templates, make_environment
from lrreport.article.facts import Facts, describe_data
from lrreport.article.listings import DARK_GROUND, LIGHT_GROUND, DarkStyle, LightStyle, highlight_listing
from lrreport.article.pages import render_bilingual_page, render_page, render_print_page
from lrreport.article.result_tables import results_table
from lrreport.article.settings_text import describe
from lrreport.article.tables import HtmlTable
from lrreport.editions.edition import Edition
from lrreport.errors import RenderError
from lrreport.figures import draw_figure, list_figures
from lrreport.figures.drawing import Samples
from lrreport.figures.drawn import DrawnFigure
from lrreport.figures.words import LANGUAGES
from lrreport.results import History, Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up

SCRIPT: Final = "<script>alert(1)</script>"
USER_STUDY: Final = f"""
id = "mine"
[title]
th = "ของฉัน {SCRIPT}"
en = "Mine {SCRIPT}"
[question]
th = "ถามว่าอะไร {SCRIPT}"
en = "What? {SCRIPT}"
[base]
epochs = 6
[vary]
momentum = [0.0, 0.9]
"""
SIBLINGS: Final = frozenset({"index.html", "th.html", "en.html", "lrreport.pdf", "lrreport-th.pdf", "lrreport-en.pdf"})
#: A word of U+FFFD or of the marks that split the page would show that something leaked.
LEAKS: Final = re.compile("[\ue000-\uf8ff\ufffd]")


@functools.cache
def environment() -> Environment:
    return make_environment()


@functools.cache
def studies() -> tuple[Study, ...]:
    built_in = load_built_in_studies({"epochs": 6})
    return (built_in[0], built_in[1], parse_study(USER_STUDY, "mine.toml"))


@functools.cache
def draw(seeds: tuple[int, ...]) -> tuple[DrawnFigure, ...]:
    """Every figure of the article of these seeds, in both languages."""
    results = made_up.results(studies(), seeds=seeds)
    images, labels = np.zeros((100, 28, 28), np.uint8), np.arange(100) % 10
    samples = Samples(images, labels, images, labels)
    return tuple(
        draw_figure(name, results, samples, language) for language in LANGUAGES for name in list_figures(results)
    )


@functools.cache
def make_facts(*, seeds: tuple[int, ...] = (1, 2, 3), is_preview: bool = False) -> Facts:
    """An article of three studies, one of them a user's, with real figures of made-up results."""
    results = made_up.results(studies(), seeds=seeds)
    return Facts(
        results=results,
        summaries=summarise(results),
        claims=decide_claims(results),
        ranking=rank_settings(results),
        data=describe_data("mnist", np.arange(60_000) % 10, np.arange(10_000) % 10),
        figures=draw(seeds),
        edition=Edition("0123456789abcdef", dt.date(2026, 11, 22), seeds, 6, is_preview=is_preview),
        siblings=SIBLINGS,
    )


@functools.cache
def make_pages(*, seeds: tuple[int, ...] = (1, 2, 3), is_preview: bool = False) -> dict[str, str]:
    facts = make_facts(seeds=seeds, is_preview=is_preview)
    return {
        "th.html": render_page(facts, environment(), "th"),
        "en.html": render_page(facts, environment(), "en"),
        "index.html": render_bilingual_page(facts, environment()),
        "print.th": render_print_page(facts, environment(), "th"),
        "print.en": render_print_page(facts, environment(), "en"),
    }


WEB: Final = ("th.html", "en.html", "index.html")
ALL: Final = (*WEB, "print.th", "print.en")


class Elements(HTMLParser):
    """Every start tag of a page, with its attributes; and whether tags are closed in order."""

    VOID: Final = frozenset({"br", "img", "input", "link", "meta", "wbr"})

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.faults: list[str] = []
        self.text: list[str] = []
        self.scripts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts.append(data)
        elif not self.open or self.open[-1] not in ("style", "title"):
            self.text.append(data)


@functools.cache
def elements(name: str) -> Elements:
    return Elements(make_pages()[name])


@pytest.mark.parametrize("name", ALL)
def test_pages_are_well_formed(name: str) -> None:
    """Every element is closed in order, no id stands twice, and nothing of the machinery is left in the text."""
    page = elements(name)
    assert page.faults == []
    assert page.open == []
    ids = [attributes["id"] for _, attributes in page.found if "id" in attributes]
    assert len(ids) > 50
    assert [item for item in ids if ids.count(item) > 1] == []
    assert LEAKS.findall(make_pages()[name]) == []


@pytest.mark.parametrize("name", ALL)
def test_pages_are_complete_in_themselves(name: str) -> None:
    """Nothing is loaded from anywhere: no address but data URLs and links that a reader may follow."""
    page = elements(name)
    for tag, attributes in page.found:
        assert not [key for key in attributes if key.startswith("on")]
        if "src" in attributes:
            assert attributes["src"].startswith("data:")
        if "href" in attributes and tag == "link":
            assert attributes["href"] in SIBLINGS
        elif "href" in attributes:
            assert attributes["href"].startswith(("#", "https://", "data:")) or attributes["href"] in SIBLINGS
            assert not attributes["href"].startswith("https://") or tag == "a"
    css = "".join(re.findall(r"<style>(.*?)</style>", make_pages()[name], re.DOTALL))
    assert {url.split(":")[0] for url in re.findall(r"url\([\"']?([^)]*)", css)} <= {"data"}
    assert "@import" not in css
    if name in WEB:
        policy = next(a["content"] for _, a in page.found if a.get("http-equiv") == "Content-Security-Policy")
        assert policy.startswith("default-src 'none';")


@pytest.mark.parametrize("name", ALL)
def test_one_script_is_allowed_by_its_digest(name: str) -> None:
    """A web page runs the script of the templates and nothing else; what is printed has none."""
    page = elements(name)
    assert [attributes for tag, attributes in page.found if tag == "script"] == ([{}] if name in WEB else [])
    if name in WEB:
        (script,) = page.scripts
        assert script == (find_templates() / "js" / "page.js").read_text("utf-8")
        assert allowed_scripts(page) == [digest_of(script)]


def allowed_scripts(page: Elements) -> list[str]:
    """The sources of scripts that the page's policy names."""
    policy = next(a["content"] for _, a in page.found if a.get("http-equiv") == "Content-Security-Policy")
    (rule,) = (rule.split() for rule in policy.split(";") if rule.split()[0] == "script-src")
    return rule[1:]


def digest_of(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_a_script_of_ones_own_is_allowed_in_its_place(tmp_path: Path) -> None:
    """A folder of templates may replace the script; the policy then names that one and ours no more."""
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "page.js").write_text('document.title = "x && y < z";\n', "utf-8")
    page = Elements(render_page(make_facts(), make_environment(tmp_path), "en"))
    assert page.scripts == ['document.title = "x && y < z";\n']
    assert allowed_scripts(page) == [digest_of(page.scripts[0])] != allowed_scripts(elements("en.html"))


@pytest.mark.parametrize("name", ALL)
def test_links_within_a_page_lead_somewhere(name: str) -> None:
    """Every `#anchor` that is linked to is there, in the language of the link."""
    page = elements(name)
    ids = {attributes["id"] for _, attributes in page.found if "id" in attributes}
    targets = {attributes["href"][1:] for _, attributes in page.found if attributes.get("href", "").startswith("#")}
    assert targets <= ids
    assert len(targets) > 10


def test_only_files_that_exist_are_linked() -> None:
    """A report without PDFs and without the other language links to neither."""
    page = render_page(replace(make_facts(), siblings=frozenset({"en.html", "data/results.csv"})), environment(), "en")
    links = {
        a["href"] for _, a in Elements(page).found if "href" in a and not a["href"].startswith(("#", "https:", "data:"))
    }
    assert links == {"data/results.csv"}


@pytest.mark.parametrize("name", ALL)
def test_titles_of_studies_are_text(name: str) -> None:
    """A study's title and question come out as they were typed, and never as markup."""
    page = make_pages()[name]
    assert page.lower().count("<script") == (name in WEB)
    assert all("alert" not in script for script in elements(name).scripts)
    assert page.count("&lt;script&gt;") >= 3
    assert SCRIPT in "".join(elements(name).text)


def test_languages_have_the_same_paragraphs() -> None:
    """Both pages have the same paragraphs, figures, tables, equations and listings, in the same order."""

    def parts(name: str, language: str) -> Iterator[str]:
        for _, attributes in elements(name).found:
            if (identifier := attributes.get("id", "")).startswith(f"{language}-") and "title" not in identifier:
                yield identifier.removeprefix(f"{language}-")

    def plain(items: Iterator[str]) -> list[str]:
        # Ids inside figures follow what is drawn, not what is written.
        return [item for item in items if not re.match(r"fig-.*-[a-z]?[0-9a-f]{6,}", item)]

    thai, english = plain(parts("th.html", "th")), plain(parts("en.html", "en"))
    assert thai == english
    assert sum(item.startswith("p-") for item in thai) > 20
    assert set(plain(parts("index.html", "th"))) == set(thai)
    assert set(plain(parts("index.html", "en"))) == set(thai)


def test_bilingual_page_switches_without_a_script() -> None:
    """Three radio buttons choose the language by `:has()`; every text has its partner in the same row."""
    page = make_pages()["index.html"]
    buttons = [a for tag, a in elements("index.html").found if tag == "input"]
    assert [a["id"] for a in buttons] == ["view-th", "view-en", "view-both"]
    assert len({a["name"] for a in buttons}) == 1
    assert ["checked" in a for a in buttons] == [True, False, False]
    for rule in (".two:has(#view-th:checked) .part:lang(en)", ".two:has(#view-en:checked) .part:lang(th)"):
        assert rule in page
    rows = re.findall(r'<div class="row [\w-]+">\s*<div class="part" lang="(\w+)">', page)
    assert len(rows) > 50
    assert set(rows) == {"th"}
    assert len(re.findall(r'<div class="part" lang="th">', page)) == len(
        re.findall(r'<div class="part" lang="en">', page)
    )


def test_only_one_language_is_a_fault_of_the_template(tmp_path: Path) -> None:
    """A paragraph that a template writes for one language alone fails the bilingual page."""
    (tmp_path / "sections").mkdir()
    (tmp_path / "sections" / "limits.html.j2").write_text(
        '{% h 2 "limits" %}{% th %}ก{% en %}a{% endh %}'
        '{% if lang == "th" %}{% p "odd" %}{% th %}ก{% en %}a{% endp %}{% endif %}',
        "utf-8",
    )
    with pytest.raises(RenderError, match="same parts") as caught:
        render_bilingual_page(make_facts(), make_environment(tmp_path))
    assert "p:odd" in str(caught.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_preview_says_so(language: str) -> None:
    """A preview of one seed says both at the top of its pages and at the foot of every printed page; a full one neither."""
    words = {
        "th": ("ฉบับทดลองอ่าน ฝึกเพียง 6 รอบ ใช้ค่า seed 1 ค่า", "ใช้ค่า seed ค่าเดียว", "ฉบับทดลองอ่าน · ค่า seed ค่าเดียว"),
        "en": (
            "Preview edition: 6 epochs and 1 seed only",
            "rests on a single seed",
            "Preview edition · A single seed",
        ),
    }[language]
    preview = make_pages(seeds=(1,), is_preview=True)
    for name in (f"{language}.html", "index.html", f"print.{language}"):
        page = preview[name]
        notices = "".join(re.findall(r'<p class="notice">(.*?)</p>', page))
        assert words[0] in notices
        assert words[1] in re.sub(r"<[^>]*>", "", notices)
        assert page.index('class="notice"') < page.index(f'id="{language}-introduction"')
        assert 'class="notice"' not in make_pages()[name]
    assert f'content: "{words[2]}"' in preview[f"print.{language}"]
    assert words[2] not in make_pages()[f"print.{language}"]
    single = make_pages(seeds=(1,))[f"print.{language}"]
    assert f'content: "{words[2].partition(" · ")[2]}"' in single


@pytest.mark.parametrize("name", WEB)
def test_tables_and_pictures_can_be_read_aloud(name: str) -> None:
    """Every head of a table says what it heads, every picture and formula has words, what scrolls can be reached."""
    found = elements(name).found
    heads = [attributes for tag, attributes in found if tag == "th"]
    assert len(heads) > 30
    assert {attributes.get("scope") for attributes in heads} == {"row", "col", "colgroup"}
    assert all(attributes.get("alttext") for tag, attributes in found if tag == "math")
    assert all("aria-labelledby" in attributes for tag, attributes in found if tag == "svg")
    scrolling = [attributes for _, attributes in found if attributes.get("class") in ("scroll", "formula", "hl")]
    assert all(attributes.get("tabindex") == "0" and attributes.get("aria-label") for attributes in scrolling)
    levels = [int(tag[1]) for tag, _ in found if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in itertools.pairwise(levels))


@pytest.mark.parametrize("language", LANGUAGES)
def test_printed_pictures_have_words(language: str) -> None:
    """In print a figure is an image with alternative text, a formula a drawing with a title."""
    found = elements(f"print.{language}").found
    pictures = [attributes for tag, attributes in found if tag == "img"]
    figures = make_facts().figures_in(language)  # type: ignore[arg-type]
    alts = [attributes["alt"] for attributes in pictures]
    assert all(alts.count(figure.alt) == 1 for figure in figures.values())
    assert all(len(attributes["alt"]) > 15 for attributes in pictures)
    page = make_pages()[f"print.{language}"]
    drawings = re.findall(r"<svg\b.*?</svg>", page, re.DOTALL)
    assert len(drawings) > 5
    assert all(re.search(r"<title>[^<]+</title>", drawing) for drawing in drawings)


def test_pages_carry_the_halves_of_sara_am() -> None:
    """A shaper takes ำ apart, so the fonts of the Thai page hold both halves."""
    import base64
    import io

    from fontTools.ttLib import TTFont

    page = make_pages()["th.html"]
    encoded = re.search(
        r'font-family:"Sarabun";font-weight:400;font-style:normal;src:url\("data:font/woff2;base64,([^"]+)', page
    )
    assert encoded
    known = TTFont(io.BytesIO(base64.b64decode(encoded[1]))).getBestCmap()
    assert {ord("ำ"), ord("ํ"), ord("า")} <= set(known)


def test_roots_and_italics_are_in_the_maths_font() -> None:
    """The maths font holds what MathML shows beyond its text: italic letters, and the root sign of a root."""
    from lrreport.article.page_fonts import with_italics

    assert {"𝑤", "ℎ", "𝜂", "w", "h", "η"} == set(with_italics("whη"))


def test_same_facts_same_bytes() -> None:
    """A page is a function of its facts: rendered again, from templates read again, it is the same."""
    facts = make_facts()
    assert render_page(facts, make_environment(), "th") == make_pages()["th.html"]
    assert render_print_page(facts, make_environment(), "en") == make_pages()["print.en"]


def test_study_without_template_is_written_up() -> None:
    """A user's study has its heading, question, settings, figure, table and a sentence about its best setting."""
    text = re.sub(r"\s+", " ", "".join(elements("en.html").text))
    start = text.index("What? ")
    section = text[start : start + 1500]
    assert "This study has 2 settings: momentum 0 and momentum 0.9." in section
    assert "SGD, learning rate 0.01, minibatches of 32 images, a hidden layer of 50 units and 6 epochs" in section
    assert "The mean accuracy after the last epoch is highest with momentum 0.9" in section
    ids = {attributes.get("id") for _, attributes in elements("en.html").found}
    assert {"en-study-mine", "en-fig-mine", "en-tab-study-mine", "en-p-study-mine-question"} <= ids


@pytest.mark.parametrize("name", ["introduction", "summary", "references", "generic", "environments"])
def test_study_may_have_any_name(name: str) -> None:
    """A user's study that is called as a section, a table or a template of ours is written up beside them."""
    study = parse_study(USER_STUDY.replace('"mine"', f'"{name}"'), "mine.toml")
    facts = make_facts()
    results = made_up.results((*studies()[:2], study))
    figures = [replace(figure, name=name) if figure.name == "mine" else figure for figure in facts.figures]
    facts = replace(
        facts, results=results, summaries=summarise(results), figures=figures, claims=decide_claims(results)
    )
    facts = replace(facts, ranking=rank_settings(results))
    assert f'id="en-study-{name}"' in render_print_page(facts, environment(), "en")


def test_private_use_characters_are_refused() -> None:
    """A character that the machinery uses as a mark cannot come in through a title and cut the page."""
    study = parse_study(USER_STUDY, "mine.toml")
    study = replace(study, title={language: f"{text}\ue002" for language, text in study.title.items()})
    results = made_up.results((*studies()[:2], study))
    facts = replace(make_facts(), results=results, summaries=summarise(results), claims=decide_claims(results))
    with pytest.raises(RenderError, match="stands for nothing"):
        render_print_page(replace(facts, ranking=rank_settings(results)), environment(), "en")


def cells(table: HtmlTable) -> list[list[str]]:
    return [[re.sub(r"<[^>]*>", " ", str(value)) for value in row] for row in table.frame.to_numpy().tolist()]


def summary(setting: str, **changes: object) -> SettingSummary:
    known = SettingSummary(
        study="momentum",
        setting=setting,
        epochs=6,
        n=3,
        n_diverged=0,
        last_test_accuracy=Spread(0.97314, 0.00051, 0.97, 0.98, 3),
        last_train_accuracy=Spread(1.0, 0.0, 1.0, 1.0, 3),
        last_test_loss=Spread(0.1, 0.0, 0.1, 0.1, 3),
        last_train_loss=Spread(0.1, 0.0, 0.1, 0.1, 3),
        swing=Spread(0.0012, 0.0001, 0.001, 0.002, 3),
        epochs_to_95=Reach(3, 3, 4.0),
        epochs_to_97=Reach(0, 3, None),
        overfitting_epochs=(3, 5, 4),
        last_learning_rate=(0.01, 0.01, 0.01),
        plateau_epochs=((), (), ()),
        diverged_at=(None, None, None),
    )
    return replace(known, **changes)  # type: ignore[arg-type]


def test_results_table_writes_what_was_measured() -> None:
    """Per cent, deviations, medians, epochs and seeds stand as numbers; what is missing stands in words."""
    study = next(study for study in studies() if study.id == "momentum")
    nothing = Spread(None, None, None, None, 0)
    table = results_table(
        study,
        [
            summary("0"),
            summary("0.5", epochs_to_95=Reach(2, 3, 4.5), overfitting_epochs=(None, 5, None)),
            summary("0.9", epochs_to_95=Reach(0, 3, None), overfitting_epochs=(None, None, None)),
            summary(
                "0.99",
                n=0,
                n_diverged=3,
                last_test_accuracy=nothing,
                last_train_accuracy=nothing,
                swing=nothing,
                epochs_to_95=Reach(0, 0, None),
                overfitting_epochs=(None, None, None),
                diverged_at=(1, 2, 2),
            ),
        ],
        "en",
    )
    nbsp = "\u00a0"
    assert cells(table) == [
        ["0", f"97.31{nbsp}±{nbsp}0.05", f"100.00{nbsp}±{nbsp}0.00", f"0.12{nbsp}±{nbsp}0.01", "4", "3 to 5", "3"],
        ["0.5", f"97.31{nbsp}±{nbsp}0.05", f"100.00{nbsp}±{nbsp}0.00", f"0.12{nbsp}±{nbsp}0.01", "4.5 (2 of 3)", "5 to the last", "3"],
        ["0.9", f"97.31{nbsp}±{nbsp}0.05", f"100.00{nbsp}±{nbsp}0.00", f"0.12{nbsp}±{nbsp}0.01", "– (0 of 3)", "the last", "3"],
        ["0.99", "no value", "no value", "no value", "no value", "no value", "0 (3 diverged)"],
    ]  # fmt: skip
    assert table.heads["setting"] == "Momentum"


def test_plateau_table_says_when_the_rate_was_cut() -> None:
    """Seeds that were cut alike stand once; others by how many were cut, or seed by seed; none at all in a word."""
    study = next(study for study in load_built_in_studies({"epochs": 6}) if study.id == "plateau")
    cuts: list[tuple[tuple[int, ...], ...]] = [
        ((3, 5), (3, 5), (3, 5)),
        ((3,), (), (4,)),
        ((), (), ()),
        ((9,), (9,), (9,)),
    ]
    table = results_table(
        study,
        [summary(item.text, plateau_epochs=epochs) for item, epochs in zip(study.settings, cuts, strict=True)],
        "en",
    )
    assert list(table.frame["cuts"]) == ["epochs 3, 5", "epochs 3, 4 (2 of 3)", "never", "epochs 9"]


def test_the_table_of_machines_counts_their_runs() -> None:
    """Each machine with its software has a row, the busiest first, and together they trained every run."""
    results = made_up.results(studies())
    runs = {
        key: replace(run, environment=replace(run.environment, threads=7)) if place % 3 == 0 else run
        for place, (key, run) in enumerate(results.runs.items())
    }
    facts = replace(make_facts(), results=replace(results, runs=runs))
    table = cells(environment_table(facts, "en"))
    counts = [int(row[-1]) for row in table]
    assert [row[-2] == "7" for row in table] == [False, True]
    assert counts == sorted(counts, reverse=True)
    # Learning rate 0.01 is momentum 0, and the user's momentum 0: one run, which counts once.
    assert sum(counts) == len(facts.run_keys) == len(runs)


def test_settings_in_words() -> None:
    """A grid's setting names what it varies, small rates as powers of ten, switches in words."""
    study = parse_study(
        'id = "x"\n[title]\nth = "ก"\nen = "a"\n[vary]\nlearning_rate = [1e-5]\nmomentum = [0.9]\nnesterov = [true]\nhidden_units = [[40, 20]]\n',
        "x.toml",
    )
    assert describe(study.settings[0], "en") == Markup(
        "learning rate 10<sup>−5</sup>, momentum 0.9, Nesterov, hidden units 40 × 20"
    )


def luminance(colour: str) -> float:
    channels = [int(colour.lstrip("#")[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("style", "ground"), [(LightStyle, LIGHT_GROUND), (DarkStyle, DARK_GROUND)])
def test_code_can_be_read(style: type, ground: str) -> None:
    """Every colour of highlighted code has the contrast that WCAG asks of text, 4.5 to 1."""
    colours = {f"#{item['color']}" for _, item in style if item["color"]}  # type: ignore[attr-defined]
    assert len(colours) > 4
    assert min(contrast(colour, ground) for colour in colours) >= 4.5


@pytest.mark.parametrize("sheet", ["shared", "web"])
def test_text_can_be_read(sheet: str) -> None:
    """The same of every colour of text on every ground, on a light screen, on paper and on a dark screen."""
    css = (find_templates() / "css" / f"{sheet}.css").read_text("utf-8")
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", css))
    for name in ("text", "quiet", "accent", "holds", "fails", "cannot"):
        for ground in ("ground", "soft"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
    assert contrast(colours["text"], colours["notice"]) >= 4.5


def test_a_printed_listing_is_its_code() -> None:
    """In print a listing is one block with every line of its code, empty ones too; a long one may go on overleaf."""
    block = "\n".join(f"a{line} = {line}" for line in range(10))
    long = highlight_listing("x", f"{block}\n\n\n{block}\n\n{block}")
    assert highlight_listing("x", "a = 1\n\nb = 2").is_short
    assert not long.is_short
    assert long.for_print.count('class="chunk"') == 1
    assert re.sub(r"<[^>]*>", "", long.for_print) == long.text


def test_diverged_results_have_pages() -> None:
    """An article of which every run diverged has pages, with words where numbers are missing."""

    def nothing(spec: RunSpec, epochs: int) -> History:
        return made_up.history(spec, epochs).first(0)

    results: Results = made_up.results(studies(), make_history=nothing)
    facts = replace(
        make_facts(),
        results=results,
        summaries=summarise(results),
        claims=decide_claims(results),
        ranking=rank_settings(results),
    )
    page = render_page(facts, environment(), "en")
    assert "no value" in page
    assert re.search(r"\bNone\b|\bnan\b", "".join(Elements(page).text)) is None


@pytest.mark.parametrize(
    "name", ["filters", "words", "blocks", "maths", "listings", "pages", "numbering", "settings_text"]
)
def test_examples_of_docstrings_are_true(name: str) -> None:
    """Every example in a docstring gives what it says."""
    result = doctest.testmod(importlib.import_module(f"lrreport.article.{name}"))
    assert result.failed == 0


def test_printed_preview_says_so_on_every_page(tmp_path: Path) -> None:
    """WeasyPrint takes the whole article without a word of complaint; every page is numbered and says what it is."""
    from lrreport.article.pdf.lay_out import lay_out_pdf

    page = make_pages(seeds=(1,), is_preview=True)["print.en"]
    pdf = tmp_path / "article.pdf"
    pdf.write_bytes(lay_out_pdf(page, base_folder=tmp_path, language="en"))
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True).stdout
    sheets = text.removesuffix("\f").split("\f")
    assert len(sheets) > 5
    for number, sheet in enumerate(sheets, start=1):
        assert "Preview edition" in sheet
        assert f"{number} / {len(sheets)}" in sheet
        # The running head names the article from the second page on.
        head = "How Long Should a Step Be?"
        line = sheet.split("\n")[0].strip()
        assert line.startswith(head)
        # And the section, while the first page begins with the title alone.
        assert (line != head) == (number > 1)
    # The contents give the page on which a section begins.
    begins = next(
        number for number, sheet in enumerate(sheets, start=1) if re.search(r"^ *2 +One step$", sheet, re.MULTILINE)
    )
    assert re.search(rf"2\s+One step\s+{begins}\b", "".join(sheets[:2]))
    # A reference into another section gives its page.
    assert re.search(r"Section \d+ \(page \d+\)", text)
