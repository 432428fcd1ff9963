"""Figures: the same results give the same bytes, Thai stays text, and what is drawn is what was measured."""

from __future__ import annotations

import base64
import dataclasses
import functools
import io
import itertools
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import fontpkg
import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from PIL import Image

from lrreport.article.pdf.environment import layout_environment
from lrreport.errors import RenderError, SpecError
from lrreport.figures import OVERVIEW, DrawnFigure, Language, draw_figure, draw_figures, list_figures
from lrreport.figures.decay_curve import decay_curve, make_decay_curve
from lrreport.figures.digits import PER_CLASS, make_mosaic
from lrreport.figures.drawing import WIDE, Samples
from lrreport.figures.drawn import save_figure
from lrreport.figures.panels import spread_labels
from lrreport.figures.theme import theme
from lrreport.figures.words import LANGUAGES
from lrreport.results import History, Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up

#: The figures that have no test of their own beside this file.
NAMES = (
    "main-result",
    "sample-digits",
    "decay-curve",
    "learning-rate",
    "momentum",
    "decay",
    "plateau",
    "plateau-fast",
    "optimizers",
)
EPOCHS = 14
SVG = "{http://www.w3.org/2000/svg}"
IMAGES = np.random.default_rng(0).integers(0, 256, (120, 28, 28), dtype=np.uint8)
LABELS = np.arange(120, dtype=np.uint8) % 10
SAMPLES = Samples(IMAGES, LABELS, IMAGES[:20], LABELS[:20])
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
    return draw_figure(name, built_in_results(), SAMPLES, language)


def every_figure() -> Iterator[DrawnFigure]:
    return (drawn(name, language) for name, language in itertools.product(NAMES, LANGUAGES))


def study_of(text: str) -> Study:
    return parse_study(f'id = "own"\n[title]\nth = "ของเรา"\nen = "Our own"\n{text}', "own.toml")


def texts_of(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


def said(root: ET.Element, element: ET.Element, name: str) -> str:
    """What an element says of itself, or the nearest of those around it that says it; empty where none does."""
    around = {child: parent for parent in root.iter() for child in parent}
    here: ET.Element | None = element
    while here is not None:
        if name in here.attrib:
            return here.attrib[name]
        here = around.get(here)
    return ""


def marked(figure: Figure, gid: str) -> list[tuple[Axes, object]]:
    """Every artist that carries this gid, with its panel."""
    return [(axes, artist) for axes in figure.axes for artist in axes.get_children() if artist.get_gid() == gid]


def test_the_figures_are_drawings_and_studies() -> None:
    """The main result comes first, the studies last; a drawing that needs another study is not there."""
    names = list_figures(built_in_results())
    assert names[0] == OVERVIEW == "main-result"
    assert set(NAMES) <= set(names)
    studies = tuple(study.id for study in built_in_results().studies)
    assert names[-len(studies) :] == studies
    momentum = built_in_results().study("momentum")
    assert momentum is not None
    alone = list_figures(made_up.results([momentum]))
    assert not {"main-result", "decay-curve", "learning-rate"} & set(alone)
    assert {"sample-digits", "momentum"} <= set(alone)


def test_figures_are_drawn_one_by_one() -> None:
    """`draw_figures` yields the figures of `list_figures` in order, each before the next is begun."""
    figures = draw_figures(built_in_results(), SAMPLES, "en")
    for name in list_figures(built_in_results())[:2]:
        assert next(figures).name == name


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
        draw_figure("learning_rate", built_in_results(), SAMPLES, "en")
    with pytest.raises(RenderError, match="th or en"):
        draw_figure("momentum", built_in_results(), SAMPLES, "de")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["momentum", "plateau-fast", "sample-digits"])
def test_the_same_results_give_the_same_bytes(name: str) -> None:
    """Drawn again, under a user's own matplotlib settings, every form is the same byte for byte."""
    first = drawn(name, "th")
    with mpl.rc_context({"font.size": 23, "lines.linewidth": 7, "svg.hashsalt": None, "savefig.bbox": "tight"}):
        again = draw_figure(name, built_in_results(), SAMPLES, "th")
        assert mpl.rcParams["font.size"] == 23
    assert again == first


def test_different_results_give_different_figures() -> None:
    """The bytes follow the numbers: one accuracy more or less shows in picture and alt text."""

    def worse(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        return dataclasses.replace(curves, test_accuracy_t=curves.test_accuracy_t * np.float32(0.9))

    momentum = built_in_results().study("momentum")
    assert momentum is not None
    other = draw_figure("momentum", made_up.results([momentum], make_history=worse), SAMPLES, "en")
    assert other.svg != drawn("momentum", "en").svg
    assert other.alt != drawn("momentum", "en").alt


def test_the_packaged_fonts_are_used() -> None:
    """Sarabun is the package's file, whatever the machine has under that name."""
    with theme():
        assert Path(findfont("Sarabun")).samefile(fontpkg.path("Sarabun"))


def test_thai_labels_are_text_and_exact() -> None:
    """The page's SVG carries every Thai label as one text node, letter by letter as it was written."""
    for texts in (texts_of(drawn("learning-rate", "th").svg), texts_of(drawn("learning-rate", "th").svg_narrow)):
        assert "ค่าความถูกต้องบนชุดทดสอบ (%)" in texts
        assert "ค่าความสูญเสียบนชุดทดสอบ" in texts
        assert "รอบ (epoch)" in texts
        assert "อัตราการเรียนรู้" in texts
    assert "ทั้ง 4 ระยะรอ" in texts_of(drawn("plateau", "th").svg)


def test_english_figures_have_no_thai() -> None:
    """Each language has its own figure; nothing is left over from the other."""
    for name in NAMES:
        english = drawn(name, "en")
        assert not re.search("[\u0e00-\u0e7f]", english.svg + english.svg_narrow + english.alt), name


def test_exponents_are_drawn_as_superscripts() -> None:
    """1e-05 is 10 with a small raised −5; the superscript minus, which no font here has, is never asked for."""
    figure = ET.fromstring(drawn("learning-rate", "en").svg)
    texts = list(figure.iter(f"{SVG}text"))
    place = next(number for number, text in enumerate(texts) if text.text == "\N{MINUS SIGN}5")
    base, exponent = texts[place - 1], texts[place]
    assert base.text == "10"
    sizes = {text: float(said(figure, text, "font-size").removesuffix("px")) for text in (base, exponent)}
    assert sizes[exponent] < sizes[base]
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
            save_figure(figure, None, name="boxes", language="th", alt="")


def test_greek_falls_back_to_the_second_font() -> None:
    """Sarabun has no Greek; IBM Plex Sans has, in every weight that is asked for, without a warning."""
    with theme():
        figure = Figure(figsize=(2, 1))
        figure.text(0.1, 0.5, "\N{GREEK SMALL LETTER ETA} = 0.1", fontweight=600)
        assert "\N{GREEK SMALL LETTER ETA} = 0.1" in texts_of(
            save_figure(figure, None, name="g", language="en", alt="").svg
        )


def test_dollar_signs_do_not_switch_on_mathtext() -> None:
    """Mathtext would take the label apart and not shape Thai."""
    with theme():
        figure = Figure(figsize=(2, 1))
        figure.text(0.1, 0.5, "$ก_1$")
        assert texts_of(save_figure(figure, None, name="m", language="th", alt="").svg) == ["$ก_1$"]


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
    for figure, narrow in itertools.product(every_figure(), (False, True)):
        svg = figure.svg_narrow if narrow else figure.svg
        ids = re.findall(r' id="([^"]+)"', svg)
        assert len(ids) == len(set(ids))
        assert not seen & set(ids)
        seen |= set(ids)
        assert all(name.startswith(f"{figure.language}-fig-{figure.name}--") for name in ids)
        references = re.findall(r'(?:href="#|url\(#|labelledby=")([^")]+)', svg)
        # One figure has one title: the narrow form is called as the wide one that stands before it.
        title = {f"{figure.language}-fig-{figure.name}--title"}
        assert set(references) == set(ids) | title
        assert (title <= set(ids)) is ("<title" in svg) is not narrow


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
    shapes = {path.get("id") for path in root.iter(f"{SVG}path")}
    elements = list(root.iter())
    shaped = 0
    for place, text in enumerate(elements):
        if text.tag != f"{SVG}text":
            continue
        if re.search("[\u0e31\u0e33-\u0e3a\u0e47-\u0e4e]", text.text or ""):
            assert (said(root, text, "fill"), said(root, text, "stroke")) == ("none", "none")
            beside = next(element for element in elements[place:] if element.tag != f"{SVG}text")
            uses = [use.get("href", "").removeprefix("#") for use in beside.findall(f"{SVG}use")]
            assert len(uses) > 5, text.text
            assert set(uses) <= shapes
            shaped += 1
        else:
            assert said(root, text, "fill") != "none"
    assert shaped >= 5
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


def test_the_decay_curve_is_the_formula() -> None:
    """Each line is lr0 / (1 + d i) for the update i, counted from 0, up to the last of the training."""
    study = built_in_results().study("decay")
    assert study is not None
    with theme():
        figure = make_decay_curve(built_in_results(), SAMPLES, "en", WIDE)
    lines = [line for _, line in marked(figure, "decay-line")]
    assert len(lines) == len(study.settings) == 4
    for line, setting in zip(lines, study.settings, strict=True):
        assert (line.get_xdata()[0], line.get_xdata()[-1]) == pytest.approx((1, 1875 * EPOCHS))
        assert line.get_ydata() == pytest.approx(0.01 / (1 + setting.spec.decay * (line.get_xdata() - 1)))
    assert len({(line.get_color(), line.get_linestyle()) for line in lines}) == 4
    assert decay_curve(study.settings[0], np.array([0.0, 10.0])) == pytest.approx([0.01, 0.005])


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
    thai = draw_figure("sample-digits", fashion, SAMPLES, "th")
    assert "กระเป๋า" in texts_of(thai.svg)
    # On a phone ten words have no room side by side.
    assert texts_of(thai.svg_narrow) == texts_of(thai.svg)
    assert (thai.svg.count("<image "), thai.svg_narrow.count("<image ")) == (1, 2)
    assert "Fashion-MNIST" in thai.alt
    assert "Ankle boot" in draw_figure("sample-digits", fashion, SAMPLES, "en").alt
