"""Figures: the same results give the same bytes, Thai stays text, and what is drawn is what was measured."""

from __future__ import annotations

import base64
import dataclasses
import functools
import io
import itertools
import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import fontpkg
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from matplotlib.transforms import Bbox
from PIL import Image

from lrreport.article.pdf.environment import layout_environment
from lrreport.errors import RenderError, SpecError
from lrreport.figures import DrawnFigure, Language, draw_figure, draw_figures, list_figures
from lrreport.figures.colours import colour_settings, identify
from lrreport.figures.curves import make_learning_curves
from lrreport.figures.decay_curve import decay_curve, make_decay_curve
from lrreport.figures.digits import PER_CLASS, make_mosaic
from lrreport.figures.drawn import save_figure
from lrreport.figures.envelopes import MAX_POINTS, make_envelope
from lrreport.figures.overview import make_overview
from lrreport.figures.panels import spread_labels
from lrreport.figures.plateau import make_plateau
from lrreport.figures.rates import find_cuts
from lrreport.figures.theme import TEXT_COLOUR, theme
from lrreport.figures.words import LANGUAGES, say
from lrreport.results import History, Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up

NAMES = (
    "main-result",
    "sample-digits",
    "learning-rate",
    "momentum",
    "decay-curve",
    "decay",
    "plateau",
    "plateau-fast",
    "optimizers",
)
EPOCHS = 14
SVG = "{http://www.w3.org/2000/svg}"
IMAGES = np.random.default_rng(0).integers(0, 256, (120, 28, 28), dtype=np.uint8)
LABELS = np.arange(120, dtype=np.uint8) % 10
#: After these epochs the made-up callback cuts the rate of `plateau-fast`.
CUTS = {2: (3, 7), 5: (6,), 10: (), 15: ()}


def cutting_history(spec: RunSpec, epochs: int) -> History:
    """Made-up curves; at rate 0.1 with a plateau, the rate falls after the epochs of `CUTS`."""
    curves = made_up.history(spec, epochs)
    if spec.plateau is None or spec.rate != 0.1:
        return curves
    rate_t = curves.learning_rate_t.copy()
    for epoch in CUTS[spec.plateau.patience]:
        rate_t[epoch:] *= np.float32(0.1)
    return dataclasses.replace(curves, learning_rate_t=rate_t)


@functools.cache
def built_in_results() -> Results:
    return made_up.results(load_built_in_studies({"epochs": EPOCHS}), make_history=cutting_history)


@functools.cache
def drawn(name: str, language: Language) -> DrawnFigure:
    return draw_figure(name, built_in_results(), IMAGES, LABELS, language)


def every_figure() -> Iterator[DrawnFigure]:
    return (drawn(name, language) for name, language in itertools.product(NAMES, LANGUAGES))


def study_of(text: str) -> Study:
    return parse_study(f'id = "own"\n[title]\nth = "ของเรา"\nen = "Our own"\n{text}', "own.toml")


def texts_of(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def marked(figure: Figure, gid: str) -> list[tuple[Axes, object]]:
    """Every artist that carries this gid, with its panel."""
    return [(axes, artist) for axes in figure.axes for artist in axes.get_children() if artist.get_gid() == gid]


def core_of(box: Bbox) -> Bbox:
    """A label's box without the room that Thai marks may take; boxes of Sarabun are far taller than its letters."""
    if box.height > box.width:  # a turned label, or a single digit
        return box.padded(-0.3 * box.width, 0)
    return box.padded(0, -0.3 * box.height)


def figure_of(
    make: Callable[[Results, Study, Language], Figure], results: Results, study: Study, language: Language = "en"
) -> Figure:
    with theme():
        return make(results, study, language)


def test_the_figures_are_the_studies_and_three_more() -> None:
    """The main result and sample digits come first, and the analytic curve stands before the decay study alone."""
    assert list_figures(built_in_results()) == NAMES
    momentum = built_in_results().study("momentum")
    assert momentum is not None
    assert list_figures(made_up.results([momentum])) == ("sample-digits", "momentum")


def test_figures_are_drawn_one_by_one() -> None:
    """`draw_figures` yields the figures of `list_figures` in order, each before the next is begun."""
    figures = draw_figures(built_in_results(), IMAGES, LABELS, "en")
    assert next(figures).name == NAMES[0]
    assert next(figures).name == NAMES[1]


@pytest.mark.parametrize(
    "vary",
    ["momentum = [0.0, 0.9]", "learning_rate = [0.1, 0.01]", "learning_rate = [1.0, 0.1, 0.01]\nmomentum = [0.0]"],
)
def test_without_learning_rates_there_is_no_main_result(vary: str) -> None:
    """A report that compares fewer than three rates, or varies something else beside them, has no such picture."""
    assert "main-result" not in list_figures(made_up.results([study_of(f"[vary]\n{vary}")]))


@pytest.mark.parametrize("name", ["decay-curve", "sample-digits", "main-result"])
def test_a_study_may_not_take_the_name_of_another_figure(name: str) -> None:
    """Two figures of one name would overwrite each other's files: refused before anything is trained."""
    with pytest.raises(SpecError, match="'id'"):
        dataclasses.replace(study_of(""), id=name)


def test_what_does_not_exist_is_refused() -> None:
    """An unknown figure and an unknown language are errors that name what there is."""
    with pytest.raises(RenderError, match="learning-rate"):
        draw_figure("learning_rate", built_in_results(), IMAGES, LABELS, "en")
    with pytest.raises(RenderError, match="th or en"):
        draw_figure("momentum", built_in_results(), IMAGES, LABELS, "de")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["momentum", "plateau-fast", "sample-digits"])
def test_the_same_results_give_the_same_bytes(name: str) -> None:
    """Drawn again, under a user's own matplotlib settings, every form is the same byte for byte."""
    first = drawn(name, "th")
    with mpl.rc_context({"font.size": 23, "lines.linewidth": 7, "svg.hashsalt": None, "savefig.bbox": "tight"}):
        again = draw_figure(name, built_in_results(), IMAGES, LABELS, "th")
        assert mpl.rcParams["font.size"] == 23
    assert again == first


def test_different_results_give_different_figures() -> None:
    """The bytes follow the numbers: one accuracy more or less shows in picture and alt text."""

    def worse(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        return dataclasses.replace(curves, test_accuracy_t=curves.test_accuracy_t * np.float32(0.9))

    momentum = built_in_results().study("momentum")
    assert momentum is not None
    other = draw_figure("momentum", made_up.results([momentum], make_history=worse), IMAGES, LABELS, "en")
    assert other.svg != drawn("momentum", "en").svg
    assert other.alt != drawn("momentum", "en").alt


def test_the_packaged_fonts_are_used() -> None:
    """Sarabun is the package's file, whatever the machine has under that name."""
    with theme():
        assert Path(findfont("Sarabun")).samefile(fontpkg.path("Sarabun"))


def test_thai_labels_are_text_and_exact() -> None:
    """The page's SVG carries every Thai label as one text node, letter by letter as it was written."""
    texts = texts_of(drawn("learning-rate", "th").svg)
    assert "ความถูกต้อง (%)" in texts
    assert "รอบ (epoch)" in texts
    assert "ค่าต่ำสุดถึงสูงสุดของค่าตั้งต้น 3 ค่า" in texts
    assert "อัตราการเรียนรู้ 0.1" in texts
    assert "ไม่เคยลดอัตรา" in texts_of(drawn("plateau", "th").svg)
    assert "รูปแบบ" not in texts


def test_english_figures_have_no_thai() -> None:
    """Each language has its own figure; nothing is left over from the other."""
    for name in NAMES:
        english = drawn(name, "en")
        assert not re.search("[\u0e00-\u0e7f]", english.svg + english.alt), name


def test_exponents_are_drawn_as_superscripts() -> None:
    """1e-05 is 10 with a small raised −5; the superscript minus, which no font here has, is never asked for."""
    figure = ET.fromstring(drawn("learning-rate", "en").svg)
    texts = list(figure.iter(f"{SVG}text"))
    place = next(number for number, text in enumerate(texts) if text.text == "\N{MINUS SIGN}5")
    base, exponent = texts[place - 1], texts[place]
    assert (base.text or "").endswith("10")
    assert "Learning rate 10" in [text.text for text in texts]
    assert float(exponent.get("font-size", "").removesuffix("px")) < float(base.get("font-size", "").removesuffix("px"))
    drawn_text = "".join(texts_of(drawn("learning-rate", "en").svg))
    assert "\N{SUPERSCRIPT MINUS}" not in drawn_text
    assert "e-0" not in drawn_text
    assert "10\N{SUPERSCRIPT MINUS}\N{SUPERSCRIPT FIVE}" in drawn("learning-rate", "en").alt


def test_a_character_without_a_glyph_is_an_error() -> None:
    """An empty box is never published: RenderError names the figure and the character."""
    with theme():
        figure = Figure(figsize=(2, 1))
        figure.text(0.1, 0.5, "ก 漢")
        with pytest.raises(RenderError, match="28450"):
            save_figure(figure, name="boxes", language="th", alt="")


def test_greek_falls_back_to_the_second_font() -> None:
    """Sarabun has no Greek; IBM Plex Sans has, in every weight that is asked for, without a warning."""
    with theme():
        figure = Figure(figsize=(2, 1))
        figure.text(0.1, 0.5, "\N{GREEK SMALL LETTER ETA} = 0.1", fontweight=600)
        assert "\N{GREEK SMALL LETTER ETA} = 0.1" in texts_of(save_figure(figure, name="g", language="en", alt="").svg)


def test_dollar_signs_do_not_switch_on_mathtext() -> None:
    """Mathtext would take the label apart and not shape Thai."""
    with theme():
        figure = Figure(figsize=(2, 1))
        figure.text(0.1, 0.5, "$ก_1$")
        assert texts_of(save_figure(figure, name="m", language="th", alt="").svg) == ["$ก_1$"]


def test_page_svg_is_clean() -> None:
    """No style sheet that leaks into the page, no comment, metadata or long number; a title and a role."""
    for figure in every_figure():
        root = ET.fromstring(figure.svg)
        assert figure.svg.startswith("<svg ")
        assert not re.search(r"<style|<!--|<metadata|style=|xlink|matplotlib", figure.svg)
        assert root.get("role") == "img"
        assert root.findtext(f"{SVG}title") == figure.alt
        assert root.get("font-family") == "'Sarabun', 'IBM Plex Sans'"
        assert "width" not in root.attrib
        assert root.get("viewBox") == f"0 0 {figure.width_pt:g} {figure.height_pt:g}"
        paths = " ".join(path.get("d", "") for path in root.iter(f"{SVG}path"))
        assert not re.search(r"\.\d{3}", paths)


def test_ids_do_not_collide() -> None:
    """All figures of both languages can stand in one page: ids are unique, and every reference finds its own."""
    seen: set[str] = set()
    for figure in every_figure():
        ids = re.findall(r' id="([^"]+)"', figure.svg)
        assert len(ids) == len(set(ids))
        assert not seen & set(ids)
        seen |= set(ids)
        assert all(name.startswith(f"{figure.language}-fig-{figure.name}-") for name in ids)
        references = re.findall(r'(?:href="#|url\(#|labelledby=")([^")]+)', figure.svg)
        assert set(references) == set(ids)


def test_slides_need_no_font() -> None:
    """The standalone SVG has its glyphs as paths and its size in points."""
    for name in ("momentum", "plateau-fast"):
        figure = drawn(name, "th")
        root = ET.fromstring(figure.svg_standalone)
        assert not texts_of(figure.svg_standalone)
        assert root.get("width") == f"{figure.width_pt:g}pt"


def test_png_has_300_dots_an_inch() -> None:
    """The picture is as wide as the print, 300 dots an inch, on white, without a note of the program."""
    figure = drawn("momentum", "th")
    with Image.open(io.BytesIO(figure.png)) as image:
        assert image.width == round(figure.width_pt / 72 * 300)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert "Software" not in image.info
        assert image.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


def test_print_draws_thai_as_shapes_over_the_text() -> None:
    """In the print form each Thai text with marks is invisible, with as many texts as before, and shapes beside it."""
    figure = drawn("plateau-fast", "th")
    assert texts_of(figure.svg_print) == texts_of(figure.svg)
    root = ET.fromstring(figure.svg_print)
    glyphs = {path.get("id") for path in root.iter(f"{SVG}path") if "Sarabun" in path.get("id", "")}
    assert glyphs
    for group in root.iter(f"{SVG}g"):
        for text in group.findall(f"{SVG}text"):
            if re.search("[\u0e31\u0e33-\u0e3a\u0e47-\u0e4e]", text.text or ""):
                assert (text.get("fill"), text.get("stroke")) == ("none", "none")
                assert group.find(f"{SVG}g/{SVG}use") is not None
            else:
                assert text.get("fill") != "none"
    assert drawn("plateau-fast", "en").svg_print == drawn("plateau-fast", "en").svg


def test_weasyprint_has_nothing_to_say(caplog: pytest.LogCaptureFixture) -> None:
    """As an `<img>` in print and inline in a page, no figure makes WeasyPrint log anything."""
    faces = "".join(
        f"@font-face {{ font-family: '{family}'; font-weight: {weight}; src: url('{path.as_uri()}') }}"
        for family, weight, path in (
            ("Sarabun", 400, fontpkg.path("Sarabun")),
            ("Sarabun", 600, fontpkg.path("Sarabun", weight=600)),
            ("IBM Plex Sans", 400, fontpkg.path("IBM Plex Sans")),
        )
    )
    images = "".join(
        f'<img alt="" src="data:image/svg+xml;base64,{base64.b64encode(figure.svg_print.encode()).decode()}">'
        for figure in every_figure()
    )
    inline = drawn("plateau-fast", "th").svg + drawn("learning-rate", "en").svg
    html = f"<html lang=th><title>t</title><style>{faces} img {{ width: 160mm }}</style>{images}{inline}</html>"
    # Within the layout's own environment: Pango keeps the dictionary and fonts that its first layout finds.
    with layout_environment():
        import weasyprint

        with caplog.at_level(logging.DEBUG, logger="weasyprint"):
            logging.getLogger("weasyprint.progress").setLevel(logging.CRITICAL)
            assert weasyprint.HTML(string=html).write_pdf().startswith(b"%PDF")
            assert not [record.getMessage() for record in caplog.records if record.name.startswith("weasyprint")]
            weasyprint.HTML(
                string='<svg viewBox="0 0 9 9"><path style="fill: none; no-such: 1" d="M0 0"/></svg>'
            ).write_pdf()
            assert caplog.records, "a fault must reach this test's ear, or the silence above proves nothing"


def test_train_and_test_differ_without_colour() -> None:
    """In every panel the train line is dashed and the test line is not, and their colours differ too."""
    study = built_in_results().study("momentum")
    assert study is not None
    figure = figure_of(make_learning_curves, built_in_results(), study)
    train, test = marked(figure, "train-line"), marked(figure, "test-line")
    assert len(train) == len(test) == len(study.settings) == 4
    for (_, one), (_, other) in zip(train, test, strict=True):
        assert one.is_dashed()
        assert not other.is_dashed()
        assert one.get_color() != other.get_color()


def test_a_band_needs_two_seeds() -> None:
    """With three seeds each line has its band from lowest to highest; with one there is none, nor in the legend."""
    study = built_in_results().study("momentum")
    assert study is not None
    three = built_in_results()
    figure = figure_of(make_learning_curves, three, study)
    bands = marked(figure, "test-band")
    assert len(bands) == len(marked(figure, "train-band")) == 4
    values_rt = np.stack([run.history.test_accuracy_t for run in three.of(study.settings[2])])
    corners = bands[2][1].get_path().vertices
    assert corners[:EPOCHS, 1] == pytest.approx(100 * values_rt.min(axis=0))
    assert corners[EPOCHS : 2 * EPOCHS, 1] == pytest.approx(100 * values_rt.max(axis=0)[::-1])
    line = marked(figure, "test-line")[2][1]
    assert line.get_ydata() == pytest.approx(100 * values_rt.mean(axis=0))

    one = made_up.results([study], seeds=[1])
    figure = figure_of(make_learning_curves, one, study)
    assert not marked(figure, "test-band")
    assert not marked(figure, "train-band")
    assert not [text for text in figure.texts if "lowest" in text.get_text()]
    assert "one seed" in draw_figure("momentum", one, IMAGES, LABELS, "en").alt


def test_a_diverged_seed_is_marked_and_left_out() -> None:
    """The cross stands at the seed's last finite epoch, the mean is over the others, and the panel counts them."""
    study = study_of("[vary]\nlearning_rate = [1.0, 0.01]")

    def diverging(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        return curves.first(9) if spec.rate == 1.0 and spec.seed == 2 else curves

    results = made_up.results([study], make_history=diverging)
    figure = figure_of(make_learning_curves, results, study)
    marks = marked(figure, "diverged-mark")
    assert [(axes, list(mark.get_xdata())) for axes, mark in marks] == [(figure.axes[0], [9])]
    assert "1 of 3 diverged" in [text.get_text() for text in figure.axes[0].texts]
    assert [mark.get_color() for _, mark in marked(figure, "diverged-mark")] == [TEXT_COLOUR]
    envelope = make_envelope(results.of(study.settings[0]), "test_accuracy_t")
    assert envelope is not None
    assert envelope.n == 2
    assert "1 of 3 diverged" in draw_figure("own", results, IMAGES, LABELS, "en").alt


def test_a_setting_whose_seeds_all_diverge_is_drawn() -> None:
    """Even in the first epoch: crosses on the axis, no mean, and no number in the alt text."""
    study = study_of("[base]\nlearning_rate = 0.1\n[vary]\nplateau.patience = [1, 2]")
    results = made_up.results([study], make_history=lambda spec, epochs: made_up.history(spec, epochs).first(0))
    figure = figure_of(make_plateau, results, study)
    assert {tuple(mark.get_xdata()) for _, mark in marked(figure, "diverged-mark")} == {(1,)}
    alt = draw_figure("own", results, IMAGES, LABELS, "en").alt
    assert "Patience 1: 3 of 3 diverged" in alt
    assert "%" not in alt
    curves = study_of("[vary]\nlearning_rate = [5.0]")
    assert draw_figure(
        "own",
        made_up.results([curves], make_history=lambda spec, epochs: made_up.history(spec, epochs).first(0)),
        IMAGES,
        LABELS,
        "th",
    ).svg


def test_cuts_are_found_at_the_end_of_their_epoch() -> None:
    """A rate that is lower from epoch 4 on was cut at the end of epoch 3."""
    study = built_in_results().study("plateau-fast")
    assert study is not None
    for setting in study.settings:
        assert setting.spec.plateau is not None
        for run in built_in_results().of(setting):
            assert find_cuts(run) == CUTS[setting.spec.plateau.patience]


def test_cuts_are_marked_at_their_epochs() -> None:
    """Marks in the strip and at the edge of loss and accuracy stand at the cuts; a callback at rest is said to be so."""
    study = built_in_results().study("plateau-fast")
    assert study is not None
    figure = figure_of(make_plateau, built_in_results(), study)
    losses, accuracies, rates = figure.axes[0:4], figure.axes[4:8], figure.axes[8:12]
    for column, cuts in enumerate(CUTS.values()):
        marks = [mark for axes, mark in marked(figure, "cut-mark") if axes is rates[column]]
        assert {tuple(mark.get_xdata()) for mark in marks} == {cuts}
        for row in (losses, accuracies):
            events = [mark for axes, mark in marked(figure, "cut-event") if axes is row[column]]
            assert [tuple(mark.get_xdata()) for mark in events] == [cuts]
        says_never = say("never-fired", "en") in [text.get_text() for text in rates[column].texts]
        assert says_never == (not cuts)
    steps = next(line for axes, line in marked(figure, "rate-line") if axes is rates[0])
    assert steps.get_drawstyle() == "steps-pre"
    # The step of epoch e ends at x = e: at its end the rate falls.
    assert steps.get_xdata().tolist() == [0, 3, 7, EPOCHS]
    assert steps.get_ydata() == pytest.approx([0.1, 0.1, 0.01, 0.001])
    assert "Patience 2 cut 2 times" in drawn("plateau-fast", "en").alt
    assert "Patience 10 never fired" in drawn("plateau-fast", "en").alt


def test_strips_show_the_rate_that_was_applied() -> None:
    """Under each curve: a falling line from the first rate on where there is decay, one flat line where there is none."""
    results = built_in_results()
    for name in ("decay", "momentum"):
        study = results.study(name)
        assert study is not None
        lines = marked(figure_of(make_learning_curves, results, study), "rate-line")
        assert len(lines) == len(study.settings), "the seeds of a fixed schedule have one line"
        for setting, (axes, line) in zip(study.settings, lines, strict=True):
            assert axes.get_yscale() == "log"
            measured = results.of(setting)[0].history.learning_rate_t
            assert line.get_ydata()[0] == pytest.approx(0.01)
            assert line.get_ydata()[-1] == pytest.approx(float(measured[-1]))
            assert (line.get_ydata()[1:] == pytest.approx(measured)) == (name == "decay")


def test_a_setting_has_one_colour_everywhere() -> None:
    """The run that is in three studies is drawn in one colour; within a panel no two settings share one."""
    results = built_in_results()
    found: dict[str, str] = {}
    for study in results.studies:
        figure = figure_of(make_plateau if study.id.startswith("plateau") else make_learning_curves, results, study)
        lines = marked(figure, "compared-line")
        assert len({line.get_color() for _, line in lines}) == len(lines)
        own = marked(figure, "test-line")[:: 2 if study.id.startswith("plateau") else 1]
        for setting, (_, line) in zip(study.settings, marked(figure, "test-line"), strict=False):
            if not study.id.startswith("plateau"):
                assert found.setdefault(identify(setting.spec), line.get_color()) == line.get_color()
        assert own
    assert len(found) == 8 + 3 + 4 + 3
    assert len(colour_settings(results)) == 8 + 3 + 4 + 3 + 8


def test_all_settings_stand_together_with_their_names() -> None:
    """The panel of all settings has every mean, names each at its end, and has the plain training beside a decay."""
    results = built_in_results()
    study = results.study("decay")
    assert study is not None
    figure = figure_of(make_learning_curves, results, study)
    panel = figure.axes[-1]
    lines = [line for axes, line in marked(figure, "compared-line") if axes is panel]
    assert len(lines) == 5
    for setting, line in zip(study.settings, lines[1:], strict=True):
        mean_t = np.mean([run.history.test_accuracy_t for run in results.of(setting)], axis=0, dtype=np.float64)
        assert line.get_ydata() == pytest.approx(100 * mean_t)
    names = [text.get_text() for text in panel.texts]
    assert [name.split("\N{NO-BREAK SPACE}")[0] for name in names if "%" in name] == [
        "no decay",
        "0.1",
        "0.01",
        "0.001",
        "0.0001",
    ]
    assert "Decay" in names


def test_the_stretched_axis_keeps_its_numbers() -> None:
    """A tick of the axis that is stretched towards 100 stands where its accuracy is, and the axis says what it is."""
    results = built_in_results()
    study = results.study("learning-rate")
    assert study is not None
    figure = figure_of(make_learning_curves, results, study)
    panel = figure.axes[-1]
    ticks = panel.get_yticks()
    shown = [text.get_text() for text in panel.texts if re.fullmatch(r"[\d.]+", text.get_text())]
    assert [f"{tick:g}" for tick in ticks] == shown[: len(ticks)]
    places = panel.transData.transform([(1, tick) for tick in (90, 99)])[:, 1]
    lower = panel.transData.transform([(1, tick) for tick in (0, 90)])[:, 1]
    assert places[1] - places[0] == pytest.approx(lower[1] - lower[0]), "a tenth of the error is a step of one height"
    assert "Accuracy (%)\nstretched towards 100" in [text.get_text() for text in figure.texts]


def test_a_comparison_begins_where_it_says() -> None:
    """Where all settings are high, the panel's axis is linear, begins at a tick below them, and names that tick."""
    study = study_of("[vary]\nmomentum = [0.0, 0.5]")

    def high(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        accuracy_t = np.linspace(0.9513, 0.9742 + spec.momentum / 1000, epochs, dtype=np.float32)
        return dataclasses.replace(curves, test_accuracy_t=accuracy_t)

    figure = figure_of(make_learning_curves, made_up.results([study], make_history=high), study)
    panel = figure.axes[-1]
    low = panel.get_ylim()[0]
    assert low == panel.get_yticks()[0]
    assert 94 < low <= 95.6
    assert f"Accuracy (%)\naxis from {low:g}" in [text.get_text() for text in figure.texts]


def test_the_main_result_has_a_dot_for_every_seed() -> None:
    """The picture of the title page shows each seed's last accuracy at its rate, and the best mean in bold."""
    results = built_in_results()
    study = results.study("learning-rate")
    assert study is not None
    figure = figure_of(make_overview, results, study)
    marks = {float(mark.get_xdata()[0]): mark.get_ydata() for _, mark in marked(figure, "seed-mark")}
    assert len(marks) == 8
    for setting in study.settings:
        last = [100 * float(run.history.test_accuracy_t[-1]) for run in results.of(setting)]
        assert marks[setting.spec.rate] == pytest.approx(last)
    assert figure.axes[0].get_xscale() == "log"
    bold = [text.get_text() for text in figure.axes[0].texts if text.get_fontweight() == 600]
    best = max(np.mean(values) for values in marks.values())
    assert bold
    assert set(bold) == {f"{best:.1f}%"}


def test_the_numbers_behind_a_figure() -> None:
    """At most 50 rows of means; what the curves end at stands in the last; rates stand there where they move."""
    results = built_in_results()
    study = results.study("decay")
    assert study is not None
    data = drawn("decay", "en").data
    assert data is not None
    assert len(data.rows) == EPOCHS
    assert sum(count for _, count in data.groups) == len(data.heads) == len(data.rows[0]) == 1 + 4 * 3
    last = np.mean([run.history.test_accuracy_t[-1] for run in results.of(study.settings[0])], dtype=np.float64)
    assert data.rows[-1][1] == f"{100 * last:.2f}"
    long = made_up.results([parse_study('id = "own"\n[title]\nth = "ก"\nen = "a"\n[base]\nepochs = 1000', "own.toml")])
    data = draw_figure("own", long, IMAGES, LABELS, "en").data
    assert data is not None
    assert len(data.rows) == 50
    assert (data.rows[0][0], data.rows[-1][0]) == ("1", "1,000")
    assert drawn("sample-digits", "en").data is None


def test_panels_share_their_axes() -> None:
    """Panels are comparable: every accuracy panel of a study has the same limits, and each row of a plateau study."""
    study = built_in_results().study("learning-rate")
    assert study is not None
    figure = figure_of(make_learning_curves, built_in_results(), study)
    assert len(figure.axes) == 17
    curves, strips = [*figure.axes[0:4], *figure.axes[8:12]], [*figure.axes[4:8], *figure.axes[12:16]]
    for group in (curves, strips):
        assert len({(axes.get_xlim(), axes.get_ylim()) for axes in group}) == 1
    assert curves[0].get_ylim()[0] == 0, "low accuracies need the whole range"
    plateau = built_in_results().study("plateau-fast")
    assert plateau is not None
    panels = figure_of(make_plateau, built_in_results(), plateau).axes
    for row in range(3):
        assert len({axes.get_ylim() for axes in panels[4 * row : 4 * row + 4]}) == 1
    assert all(axes.get_yscale() == "log" for axes in panels[8:12])


def test_a_tight_axis_says_where_it_begins() -> None:
    """Where every setting is above 90 %, the axis begins there, and its label says so."""
    study = study_of("[vary]\nmomentum = [0.0, 0.5]")

    def high(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        return dataclasses.replace(
            curves,
            train_accuracy_t=np.linspace(0.955, 0.99, epochs, dtype=np.float32),
            test_accuracy_t=np.linspace(0.953, 0.972, epochs, dtype=np.float32),
        )

    figure = figure_of(make_learning_curves, made_up.results([study], make_history=high), study)
    assert figure.axes[0].get_ylim()[0] == 95
    assert "Accuracy (%)\naxis from 95" in [text.get_text() for text in figure.texts]


def test_long_runs_are_thinned() -> None:
    """A curve of 1,000 epochs is drawn with at most 200 points, its first and its last epoch among them."""
    study = parse_study('id = "own"\n[title]\nth = "ก"\nen = "a"\n[base]\nepochs = 1000', "own.toml")
    figure = figure_of(make_learning_curves, made_up.results([study]), study)
    x = marked(figure, "test-line")[0][1].get_xdata()
    assert len(x) <= MAX_POINTS
    assert (x[0], x[-1]) == (1, 1000)


@pytest.mark.parametrize(
    ("vary", "panels", "title"),
    [
        ("", 1, "The only setting"),
        ("learning_rate = [0.1, 0.01, 1e-5]\nmomentum = [0, 0.5, 0.9, 0.99]", 12, "Momentum 0.99"),
        ("hidden_units = [[], [40, 20]]", 2, "No hidden layer"),
        ("momentum = [0.9]\nnesterov = [true, false]\nbatch_size = [16, 32, 64]", 6, "No Nesterov"),
        ("epochs = [3, 5, 9, 10, 14]", 5, "14 epochs"),
        ('dataset = ["mnist", "fashion-mnist"]', 2, "Fashion-MNIST"),
        ("decay = [" + ", ".join(str(step / 100) for step in range(15)) + "]", 15, "Decay 0.14"),
    ],
)
def test_any_study_can_be_drawn(vary: str, panels: int, title: str) -> None:
    """Grids, one setting or fifteen: each has its panel, named by what tells it apart."""
    study = study_of(f"[vary]\n{vary}" if vary else "")
    figure = figure_of(make_learning_curves, made_up.results([study]), study)
    assert len({axes for axes, _ in marked(figure, "test-line")}) == panels
    assert len(figure.axes) in (2 * panels, 2 * panels + 1)
    titles = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert title in titles
    assert "Momentum 0.9" not in titles or "momentum = [0.9]" not in vary, "a key with one value tells nothing apart"


def test_labels_do_not_overlap() -> None:
    """In every study's figure no two labels of a panel's surroundings run into each other, in both languages."""
    for name in ("learning-rate", "momentum", "plateau-fast", "plateau"):
        for language in LANGUAGES:
            study = built_in_results().study(name)
            assert study is not None
            make = make_plateau if name.startswith("plateau") else make_learning_curves
            with theme():
                figure = make(built_in_results(), study, language)
                texts = [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]
                figure.draw_without_rendering()
                boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text().strip()]
            slim = [(text, core_of(box)) for text, box in boxes]
            for (one, left), (other, right) in itertools.combinations(slim, 2):
                is_exponent = other.startswith("\N{MINUS SIGN}") or one.startswith("\N{MINUS SIGN}")
                assert is_exponent or not left.overlaps(right), (name, language, one, other)


def test_nothing_is_cut_off() -> None:
    """Every label lies inside the figure, in both languages."""
    for name, language in itertools.product(("learning-rate", "optimizers", "plateau-fast"), LANGUAGES):
        study = built_in_results().study(name)
        assert study is not None
        make = make_plateau if name.startswith("plateau") else make_learning_curves
        with theme():
            figure = make(built_in_results(), study, language)
            figure.draw_without_rendering()
            for text in [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]:
                box = text.get_window_extent()
                assert box.x0 >= 0, (name, language, text.get_text())
                assert box.x1 <= figure.bbox.x1, (name, language, text.get_text())


def test_the_decay_curve_is_the_formula() -> None:
    """Each line starts at lr0 and is lr0 / (1 + d i) for i = 0 ... 199."""
    study = built_in_results().study("decay")
    assert study is not None
    with theme():
        figure = make_decay_curve(built_in_results(), study, "en")
    lines = [line for _, line in marked(figure, "decay-line")]
    assert len(lines) == 4
    for line, setting in zip(lines, study.settings, strict=True):
        assert len(line.get_ydata()) == 200
        assert line.get_ydata()[0] == pytest.approx(0.01)
        assert line.get_ydata()[199] == pytest.approx(0.01 / (1 + setting.spec.decay * 199))
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 4
    assert decay_curve(0.5, 0.0).tolist() == [0.5] * 200
    assert "Decay 0.1: 0.000478" in drawn("decay-curve", "en").alt


def test_direct_labels_keep_their_distance() -> None:
    """However close the lines end, labels stand at least a gap apart and in the lines' order."""
    wanted = [0.0, 0.2, 0.1, 5.0, 5.0, 9.0]
    places = spread_labels(wanted, 1.0)
    assert all(after - before >= 1.0 - 1e-9 for before, after in itertools.pairwise(sorted(places)))
    assert places[0] < places[2] < places[1] < places[3] < places[5]
    assert places[5] == 9.0


def test_sample_digits_are_the_first_of_each_class() -> None:
    """Column c of the mosaic holds the first images of class c, pixel for pixel; a rare class leaves places empty."""
    mosaic = make_mosaic(IMAGES, LABELS)
    for label, row in itertools.product(range(10), range(PER_CLASS)):
        place = mosaic[32 * row : 32 * row + 28, 32 * label : 32 * label + 28]
        assert np.array_equal(place, IMAGES[10 * row + label])
    rare = make_mosaic(IMAGES[:11], LABELS[:11])
    assert rare[32:60, :28].any(), "class 0 has a second image"
    assert not rare[32:60, 32:].any()
    with pytest.raises(RenderError, match="shape"):
        make_mosaic(IMAGES, LABELS[:5])


def test_sample_images_name_their_classes() -> None:
    """Digits are named by themselves, clothes in the figure's language; the picture is one image, dark on white."""
    assert texts_of(drawn("sample-digits", "th").svg) == [str(label) for label in range(10)]
    assert drawn("sample-digits", "th").svg.count("<image ") == 1
    fashion = made_up.results(load_built_in_studies({"epochs": 2, "dataset": "fashion-mnist"}), seeds=[1])
    thai = draw_figure("sample-digits", fashion, IMAGES, LABELS, "th")
    assert "กระเป๋า" in texts_of(thai.svg)
    assert "Fashion-MNIST" in thai.alt
    assert "Ankle boot" in draw_figure("sample-digits", fashion, IMAGES, LABELS, "en").alt


def test_alt_texts_state_the_numbers() -> None:
    """The alternative says how many seeds and epochs, and each setting's mean accuracy after the last epoch."""
    study = built_in_results().study("momentum")
    assert study is not None
    for language, seeds in (("en", "3 seeds"), ("th", "3 ค่า")):
        alt = drawn("momentum", language).alt
        assert seeds in alt
        assert str(EPOCHS) in alt
        for setting in study.settings:
            last = np.mean(
                [run.history.test_accuracy_t[-1] for run in built_in_results().of(setting)], dtype=np.float64
            )
            assert f"{100 * last:.1f}%" in alt
