"""Large studies: whatever a study file may ask for fits on its pages, in maps, lists and parts; nothing is cut."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from lrreport.analysis.claims import decide_claims, rank_settings
from lrreport.analysis.summaries import summarise
from lrreport.article.environment import make_environment
from lrreport.article.facts import Facts, describe_data
from lrreport.article.fonts import TEXT_FAMILY, Face, characters_of
from lrreport.article.pages import render_bilingual_page, render_page, render_print_page
from lrreport.article.pdf.lay_out import lay_out_pdf
from lrreport.article.printable import USUAL, find_unprintable
from lrreport.byline import Byline
from lrreport.editions.edition import Edition
from lrreport.errors import RenderError
from lrreport.figures import DrawnFigure, Language, draw_figure, list_figures, list_parts
from lrreport.figures.drawing import Samples
from lrreport.figures.endings import find_best, list_endings
from lrreport.figures.forms import MOST_CURVES, choose_axes
from lrreport.figures.heatmap import FIRST_DARK, choose_bounds, make_map
from lrreport.figures.page_fit import MOST_HEIGHT_IN, check_fit
from lrreport.figures.theme import DARK_COLOURS, POINTS_PER_INCH, RAMP, TEXT_COLOUR, WIDTH_IN, theme
from lrreport.figures.words import LANGUAGES, cut_text
from lrreport.results import History, Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up
from tests.layouts import lay_out

IMAGES = np.zeros((100, 28, 28), np.uint8)
LABELS = np.arange(100) % 10
SAMPLES = Samples(IMAGES, LABELS, IMAGES[:20], LABELS[:20])
WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerk"
#: The text block of a printed page in CSS pixels: A4 less margins.
BLOCK = (162 / 25.4 * 96, 251 / 25.4 * 96)


def some(key: str, low: float, high: float, count: int) -> str:
    """So many values, evenly spread on a logarithm."""
    return f"{key} = [{', '.join(repr(float(f'{value:.4g}')) for value in np.geomspace(low, high, count))}]"


def even(key: str, high: float, count: int) -> str:
    return f"{key} = [{', '.join(repr(round(float(value), 4)) for value in np.linspace(0, high, count))}]"


MANY_WIDTHS = f"hidden_units = [{', '.join(str([4096] * (1 + place % 16) + [place + 1]) for place in range(15))}]"
#: What is varied, the forms of the figures, and how many settings that is.
GRIDS = {
    "learning_rate = [0.1]": (["curves"], 1),
    some("learning_rate", 1e-4, 1, 10): (["curves"], 10),
    "learning_rate = [1.0, 0.1, 0.01]\nmomentum = [0.0, 0.5, 0.9]": (["curves"], 9),
    "learning_rate = [1.0, 0.1, 0.01]\nmomentum = [0.0, 0.9]\nbatch_size = [32, 128]": (["map", "curves"], 12),
    some("learning_rate", 1e-5, 1, 24): (["list", "curves", "curves"], 24),
    some("learning_rate", 1e-5, 1, 25): (["list"], 25),
    "plateau.patience = [1, 2, 3, 4, 5, 6, 7, 8]": (["curves"], 8),
    f"plateau.patience = {list(range(1, 18))}": (["list", "curves", "curves"], 17),
    some("decay", 1e-6, 1, 59).replace("[", "[0.0, "): (["list"], 60),
    MANY_WIDTHS: (["list", "curves", "curves"], 15),
    f"{MANY_WIDTHS}\nnesterov = [true, false]\n{even('momentum', 0.9, 11).replace('[0.0, ', '[')}": (["map"], 300),
    f"{some('learning_rate', 1e-5, 1, 33)}\n{even('momentum', 0.97, 30)}": (["map"], 990),
    f"{some('learning_rate', 1e-5, 1, 10)}\n{even('momentum', 0.9, 10)}\nbatch_size = {[8 << n for n in range(10)]}": (
        ["map"] * 4,
        1000,
    ),
    f"{some('learning_rate', 1e-5, 1, 40)}\n{even('momentum', 0.9, 25)}": (["list"] * 4, 1000),
    some("learning_rate", 1e-5, 1, 1000): (["list"], 1000),
    "learning_rate = [0.1, 0.01]\nmomentum = [0.5, 0.9]\nnesterov = [true, false]\nbatch_size = [32, 64]": (
        ["list", "curves", "curves"],
        16,
    ),
    'optimizer = ["sgd", "rmsprop", "adagrad", "adam"]\n' + some("learning_rate", 1e-4, 1, 8): (["map"], 32),
}


def study_of(vary: str, *, name: str = "own", th: str = "ของเรา", en: str = "Our own", question: str = "") -> Study:
    asked = f'[question]\nth = "{question}"\nen = "{question}"\n' if question else ""
    text = f'id = "{name}"\n[title]\nth = "{th}"\nen = "{en}"\n{asked}[base]\nepochs = 4\n[vary]\n{vary}'
    return parse_study(text, f"{name}.toml")


def uneven_history(spec: RunSpec, epochs: int) -> History:
    """Made-up curves that end differently for every run; some diverge, and all do where steps are very long."""
    curves = made_up.history(spec, epochs)
    chance = np.random.default_rng(zlib.crc32(repr(spec).encode())).normal(0, 0.002)
    best = 0.97 - 0.02 * (np.log10(spec.rate / (1.01 - spec.momentum)) + 0.6) ** 2 + chance
    accuracy_t = np.round(10_000 * np.clip(best, 0.1, 0.99) * (1 - np.exp(-np.arange(1, epochs + 1)))) / 10_000
    curves = dataclasses.replace(curves, test_accuracy_t=accuracy_t.astype(np.float32))
    if spec.rate / (1.01 - spec.momentum) > 16 or chance > 0.0045:
        return History(**{item.name: getattr(curves, item.name)[:2] for item in dataclasses.fields(History)})
    return curves


def results_of(*studies: Study, seeds: tuple[int, ...] = (1, 2, 3)) -> Results:
    return made_up.results(studies, seeds=seeds, make_history=uneven_history)


def draw(results: Results, language: Language) -> list[DrawnFigure]:
    names = [name for name in list_figures(results) if name != "sample-digits"]
    return [draw_figure(name, results, SAMPLES, language) for name in names]


def facts_of(results: Results, byline: Byline | None = None) -> Facts:
    figures = [
        draw_figure(name, results, SAMPLES, language) for language in LANGUAGES for name in list_figures(results)
    ]
    return Facts(
        results=results,
        summaries=summarise(results),
        claims=decide_claims(results),
        ranking=rank_settings(results),
        data=describe_data("mnist", np.arange(60_000) % 10, np.arange(10_000) % 10),
        figures=figures,
        edition=Edition("0123456789abcdef", dt.date(2026, 11, 22), results.seeds, 4, is_preview=False),
        byline=byline or Byline(),
    )


@pytest.mark.parametrize("vary", GRIDS)
def test_any_study_fits_on_its_pages(vary: str) -> None:
    """Whatever is varied, every setting is shown, in figures that fit on a page with no label cut.

    Large ones are drawn in Thai alone, whose labels are the longer ones.
    """
    forms, count = GRIDS[vary]
    study = study_of(vary)
    assert len(study.settings) == count
    results = results_of(study, seeds=(1, 2) if count > 100 else (1, 2, 3))
    parts = list_parts(study)
    assert [part.form for part in parts] == forms
    for form in set(forms):
        shown = [place for part in parts if part.form == form for place in part.shown]
        assert sorted(shown) == list(range(count))
    assert [part.name for part in parts] == ["own", *(f"own.{number}" for number in range(2, len(parts) + 1))]
    for language in LANGUAGES if count <= 12 else ("th",):
        for figure in draw(results, language):
            assert figure.height_pt <= MOST_HEIGHT_IN * POINTS_PER_INCH
            assert figure.data is not None
            assert 1 <= len(figure.data.rows) <= 200
            assert "—" not in figure.alt


def test_built_in_studies_are_drawn_as_ever() -> None:
    """No built-in study is large: one figure each, of curves."""
    results = made_up.results(load_built_in_studies({"epochs": 2}))
    for study in results.studies:
        assert [(part.name, part.form, part.count) for part in list_parts(study)] == [(study.id, "curves", 1)]


def test_what_does_not_fit_fails_the_build() -> None:
    """A figure that is taller than a page, or a label at its edge, is an error that names study and figure."""
    with theme():
        tall = Figure(figsize=(WIDTH_IN, MOST_HEIGHT_IN + 0.1))
        cut = Figure(figsize=(WIDTH_IN, 2))
        cut.text(0.9, 0.5, WORD)
        for figure in (tall, cut):
            figure.draw_without_rendering()
            with pytest.raises(RenderError, match="study own, figure own"):
                check_fit(figure, "study own, figure own", figure.dpi)


def test_a_map_shows_what_was_measured() -> None:
    """Every cell has its setting's mean; numbers grow upwards and to the right; the best one is framed, lost ones crossed."""
    study = study_of(f"{some('learning_rate', 1e-3, 1, 6)}\n{even('momentum', 0.95, 5)}")
    results = results_of(study)
    (part,) = list_parts(study)
    axes = choose_axes(study)
    assert (axes.across, axes.up, axes.others) == ("learning_rate", "momentum", ())
    with theme():
        figure = make_map(results, study, part, axes, "en")
    panel = figure.axes[0]
    written = {
        (int(text.xy[0]), int(text.xy[1])): text.get_text()
        for text in panel.texts
        if text.xy[0] % 1 == 0.5 and text.xy[1] % 1 == 0.5
    }
    endings = list_endings(results, study)
    rates = sorted({setting.spec.rate for setting in study.settings})
    momenta = sorted({setting.spec.momentum for setting in study.settings})
    lost = 0
    for setting, ending in zip(study.settings, endings, strict=True):
        at = rates.index(setting.spec.rate), momenta.index(setting.spec.momentum)
        lost += ending.mean is None
        assert written.get(at) == (None if ending.mean is None else f"{ending.mean:.1f}")
    assert lost
    assert sum(line.get_gid() == "lost-cell" for line in panel.lines) == lost
    best = find_best(endings)
    assert best is not None
    assert not best.n_diverged
    frame = next(patch for patch in panel.patches if patch.get_gid() == "best-cell")
    setting = study.settings[best.place]
    corner = frame.get_path().vertices.min(axis=0).astype(int).tolist()
    assert corner == [rates.index(setting.spec.rate), momenta.index(setting.spec.momentum)]
    assert "Learning rate (log scale)" in [text.get_text() for text in figure.texts]


def test_colours_of_a_map_can_be_read() -> None:
    """Numbers have a contrast of 4.5:1 with every colour, on paper and on a dark page; steps go from low to high."""

    def brightness(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    def contrast(one: str, other: str) -> float:
        low, high = sorted((brightness(one), brightness(other)))
        return (high + 0.05) / (low + 0.05)

    for step, colour in enumerate(RAMP):
        number = "#ffffff" if step >= FIRST_DARK else TEXT_COLOUR
        assert contrast(number, colour) >= 4.5, colour
        assert contrast(DARK_COLOURS[number], DARK_COLOURS[colour]) >= 4.5, colour
    assert sorted(RAMP, key=brightness, reverse=True) == list(RAMP)
    dark = [brightness(DARK_COLOURS[colour]) for colour in RAMP]
    assert dark == sorted(dark)
    study = study_of(f"{some('learning_rate', 1e-3, 0.1, 6)}\n{even('momentum', 0.9, 5)}")
    bounds = choose_bounds(list_endings(results_of(study), study))
    assert bounds == sorted(bounds)


def test_parts_have_settings_of_their_own() -> None:
    """The second figure of curves has none of the first's settings, in its text alternative and among its numbers."""
    study = study_of(some("learning_rate", 1e-5, 1, MOST_CURVES))
    results = results_of(study)
    first, second = [draw_figure(name, results, SAMPLES, "en") for name in ("own.2", "own.3")]
    assert "10⁻⁵" in first.alt
    assert "10⁻⁵" not in second.alt
    assert first.data is not None
    assert second.data is not None
    assert {name for name, _ in first.data.groups}.isdisjoint({name for name, _ in second.data.groups} - {""})


def test_what_is_cut_keeps_its_letters_whole() -> None:
    """No Thai mark is torn from its letter, and no vowel from the letter that it stands before."""
    for most in range(1, 40):
        text = cut_text("เมื่อโมเมนตัมต่ำ ค่าที่ได้ก็ไม่แน่ว่าจะดีที่สุดน้ำ", most)
        assert len(text) <= most
        assert text.endswith("…") or most >= 50
        assert not re.search("[เแโใไ]…", text)
    for most in (5, 12):
        assert not re.match("[\u0e31-\u0e3a\u0e47-\u0e4e]", "ที่นี่ที่นั่นที่โน่น"[len(cut_text("ที่นี่ที่นั่นที่โน่น", most)) - 1 :])


def test_unusual_characters_are_found_by_name() -> None:
    """Emoji, Lao, Khmer, Arabic and Chinese are named; ASCII, Latin-1 and Thai are in every style of the text font."""
    for text, name in (
        ("ok \U0001f642", "U+1F642 SLIGHTLY SMILING FACE"),
        ("ລາວ", "U+0EA5 LAO LETTER LO LOOT"),
        ("ខ", "U+1781 KHMER LETTER KHA"),
        ("ع", "U+0639 ARABIC LETTER AIN"),
        ("学", "U+5B66 CJK UNIFIED IDEOGRAPH-5B66"),
    ):
        assert (find_unprintable(f"โมเมนตัม {text}") or "").startswith(name)
    assert find_unprintable("โมเมนตัม “Ångström” – Кириллица, βήτα, Việt ≤ 5 → x\u200by") is None
    usual = [chr(code) for code in range(0x2100) if USUAL.fullmatch(chr(code)) and chr(code).isprintable()]
    assert len(usual) > 270
    for weight in (400, 600, 700):
        for style in ("normal", "italic"):
            known = characters_of(Face(TEXT_FAMILY, weight, style))  # type: ignore[arg-type]
            assert [letter for letter in usual if letter not in known] == []


def test_pages_alone_keep_unusual_characters() -> None:
    """A web page shows what our fonts lack in a font of the browser; the template's own words are still held to ours."""
    study = study_of("learning_rate = [0.1]", en="Smile \U0001f642", question="学")
    facts = facts_of(results_of(study), Byline(({"th": "ລາວ", "en": "Lao"},)))
    environment = make_environment()
    assert "\U0001f642" in render_page(facts, environment, "en")
    assert "ລາວ" in render_bilingual_page(facts, environment)


@pytest.fixture(scope="module")
def odd_facts() -> Facts:
    """Three studies whose titles and questions are as long as they may be, and without a space."""
    long = (WORD * 4)[:200]
    return facts_of(
        results_of(
            study_of("learning_rate = [0.1]", name="one", th="ก" * 200, en=long, question="W" * 240),
            study_of(
                f"{some('learning_rate', 1e-3, 1, 8)}\n{even('momentum', 0.9, 8)}",
                name="map",
                th="ที่" * 66,
                en=long[::-1],
            ),
            study_of(MANY_WIDTHS, name="widths", th="W" * 200, en=("many words " * 20)[:200].strip()),
        ),
        Byline(({"th": WORD * 3, "en": WORD * 3},)),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_long_words_stay_on_the_page(odd_facts: Facts, language: Language, tmp_path: Path) -> None:
    """Nothing of a printed page reaches into its margins, running heads are short, and tables of many rows repeat their head."""
    page = render_print_page(odd_facts, make_environment(), language)
    document = lay_out(page, tmp_path)
    heads = 0
    for number, item in enumerate(document.pages):
        box = item._page_box
        left, right = box.content_box_x(), box.content_box_x() + box.width
        bottom = box.content_box_y() + box.height
        assert (round(box.width), round(box.height)) == tuple(round(size) for size in BLOCK)
        for child in box.descendants():
            if type(child).__name__ in ("TextBox", "InlineReplacedBox", "BlockReplacedBox"):
                assert child.position_x >= left - 1, (number, child)
                assert child.position_x + child.width <= right + 1, (number, getattr(child, "text", child))
                assert child.position_y <= bottom + 1 or child.position_y > bottom, number
        heads += sum(getattr(child, "element_tag", "") == "thead" for child in box.descendants())
    assert heads > page.count("<thead>"), "a table that goes on overleaf has its head again"
    _, *outline = [label for label, *_ in _flatten(document.make_bookmark_tree())]
    assert max(map(len, outline)) <= 50
    assert any(label.endswith("…") for label in outline)


def _flatten(tree: list[Any]) -> list[Any]:
    return [item for node in tree for item in (node, *_flatten(node[2]))]


def test_a_thousand_settings_are_shortened() -> None:
    """Tables have both ends of a large study and say so; sentences name keys, not settings; all results are in the files."""
    study = study_of(
        f"{some('learning_rate', 1e-5, 1, 10)}\n{even('momentum', 0.9, 10)}\nbatch_size = {[8 << n for n in range(10)]}"
    )
    facts = dataclasses.replace(facts_of(results_of(study_of("learning_rate = [0.1]"))), figures=[])
    results = results_of(study, seeds=(1, 2))
    facts = dataclasses.replace(
        facts,
        results=results,
        summaries=summarise(results),
        claims=decide_claims(results),
        ranking=rank_settings(results),
        figures=[draw_figure("sample-digits", results, SAMPLES, language) for language in LANGUAGES],
    )
    page = render_print_page(facts, make_environment(), "en")
    text = " ".join(re.sub("<[^>]*>", " ", page.partition("<main>")[2]).split())
    assert "1,000 settings, every combination of learning rate (10 values from" in text
    assert "of the best 20 settings and of the last 20; those of all are in data/results.csv" in text
    assert "after the last epoch: the best 20 settings and the last 20" in text
    assert 2 * 20 < page.count("<tr>") < 250


@pytest.mark.parametrize(
    ("vary", "th", "en"),
    [
        (
            "learning_rate = [0.1]",
            "การทดลองนี้มีแบบเดียว ได้แก่ SGD อัตราการเรียนรู้ 0.1",
            "This study has a single setting: SGD, learning rate 0.1,",
        ),
        (
            "learning_rate = [0.1, 0.01]",
            "การทดลองนี้มี 2 แบบ ได้แก่",
            "This study has 2 settings: learning rate 0.1 and learning rate 0.01. They have in common: SGD,",
        ),
    ],
)
def test_one_setting_and_two(vary: str, th: str, en: str) -> None:
    """A single setting is not called several, nor compared with another, in either language."""
    facts = facts_of(results_of(study_of(vary)))
    for language, words, shared, compared in (
        ("th", th, "ค่าอื่นเหมือนกันทุกแบบ", "รองลงมาคือ"),
        ("en", en, "They have in common", "next comes"),
    ):
        text = " ".join(re.sub("<[^>]*>", "", render_print_page(facts, make_environment(), language)).split())  # type: ignore[arg-type]
        assert words in text
        assert (shared in text) == (compared in text) == ("," in vary)


def test_a_large_study_is_laid_out(tmp_path: Path) -> None:
    """A study on several figures becomes a PDF, each figure whole on its page above its caption."""
    facts = facts_of(results_of(study_of(some("learning_rate", 1e-5, 1, 24))))
    page = render_print_page(facts, make_environment(), "th")
    assert page.count("จาก 2)") >= 2
    assert lay_out_pdf(page, base_folder=tmp_path, language="th").startswith(b"%PDF")
