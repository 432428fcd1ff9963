"""The curves of a study: what is drawn is what was measured, and every line has its own name."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from lrreport.figures import draw_figure
from lrreport.figures.comparison import list_lines
from lrreport.figures.data import MOST_ROWS
from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format
from lrreport.figures.envelopes import MAX_POINTS
from lrreport.figures.plateau import choose_seed, find_cuts
from lrreport.figures.study_curves import make_study_curves
from lrreport.figures.theme import BEST_COLOUR, CONTEXT_COLOUR, TEXT_COLOUR, theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.results import Curve, History, Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up

EPOCHS = 14
#: After these epochs the made-up callback cuts the rate of `plateau-fast`, by patience.
CUTS = {2: (3, 7), 5: (6,), 10: (), 15: ()}


def study_of(text: str) -> Study:
    return parse_study(f'id = "own"\n[title]\nth = "ของเรา"\nen = "Our own"\n{text}', "own.toml")


def cutting_history(spec: RunSpec, epochs: int) -> History:
    """Made-up curves; at rate 0.1 with a plateau, the rate falls after the epochs of `CUTS`, and the loss is lower."""
    curves = made_up.history(spec, epochs)
    if spec.plateau is None or spec.rate != 0.1:
        return curves
    rate_t = curves.learning_rate_t.copy()
    for epoch in CUTS[spec.plateau.patience]:
        rate_t[epoch:] *= np.float32(0.1)
    loss_t = curves.test_loss_t * np.float32(0.9 ** len(CUTS[spec.plateau.patience]))
    return dataclasses.replace(curves, learning_rate_t=rate_t, test_loss_t=loss_t)


@functools.cache
def built_in_results() -> Results:
    return made_up.results(load_built_in_studies({"epochs": EPOCHS}), make_history=cutting_history)


def find_study(name: str) -> Study:
    study = built_in_results().study(name)
    assert study is not None
    return study


def curve_of(
    values: Callable[[RunSpec], float], quantity: str = "test_accuracy_t"
) -> Callable[[RunSpec, int], History]:
    """Made-up curves, but for one that stays at a value chosen by the run."""

    def make(spec: RunSpec, epochs: int) -> History:
        curve: Curve = np.full(epochs, values(spec), np.float32)
        return dataclasses.replace(made_up.history(spec, epochs), **{quantity: curve})

    return make


def figure_of(results: Results, study: Study, form: Format = WIDE, language: Language = "en") -> Figure:
    with theme():
        return make_study_curves(results, study, language, form)


def marked(figure: Figure, gid: str, panel: int = 0) -> list[object]:
    """The artists of a panel that carry this gid: accuracies are 0, losses 1, rates 2."""
    return [artist for artist in figure.axes[panel].get_children() if artist.get_gid() == gid]


def texts_of(figure: Figure, panel: int = 0) -> list[str]:
    return [text.get_text() for text in figure.axes[panel].texts]


@pytest.mark.parametrize(("panel", "quantity", "scale"), [(0, "test_accuracy_t", 100), (1, "test_loss_t", 1)])
def test_lines_are_means_in_bands_of_all_seeds(panel: int, quantity: str, scale: float) -> None:
    """In both panels each setting has the mean of its seeds, in a band from the lowest to the highest."""
    study = find_study("momentum")
    figure = figure_of(built_in_results(), study)
    lines, bands = marked(figure, "mean-line", panel), marked(figure, "band", panel)
    assert len(lines) == len(bands) == len(study.settings) == 4
    for setting, line, band in zip(study.settings, lines, bands, strict=True):
        values_rt = np.array([getattr(run.history, quantity) for run in built_in_results().of(setting)], np.float64)
        assert line.get_ydata() == pytest.approx(scale * values_rt.mean(axis=0))
        corners = band.get_path().vertices
        assert corners[:EPOCHS, 1] == pytest.approx(scale * values_rt.min(axis=0))
        assert corners[EPOCHS : 2 * EPOCHS, 1] == pytest.approx(scale * values_rt.max(axis=0)[::-1])


def test_one_seed_has_no_band() -> None:
    """With one seed there is no band, and the text alternative says that it is one."""
    study = find_study("momentum")
    one = made_up.results([study], seeds=[1])
    assert not marked(figure_of(one, study), "band")
    assert "one seed" in draw_figure("momentum", one, NO_SAMPLES, "en").alt


def test_each_line_is_named_with_what_it_ends_at() -> None:
    """Beside the accuracies stand names and means in per cent, beside the losses names and mean losses."""
    study = find_study("momentum")
    figure = figure_of(built_in_results(), study)
    for panel, quantity in enumerate(("test_accuracy_t", "test_loss_t")):
        for setting in study.settings:
            runs = built_in_results().of(setting)
            end = np.mean([getattr(run.history, quantity)[-1] for run in runs], dtype=np.float64)
            assert f"{setting.spec.momentum:g}" in texts_of(figure, panel)
            assert (f"{100 * end:.1f}%" if panel == 0 else f"{end:.3f}") in texts_of(figure, panel)
    assert "Momentum" in texts_of(figure)
    alt = draw_figure("momentum", built_in_results(), NO_SAMPLES, "en").alt
    end = np.mean(
        [run.history.test_accuracy_t[-1] for run in built_in_results().of(study.settings[3])], dtype=np.float64
    )
    assert f"Momentum 0.99: {100 * end:.1f}%, " in alt


def test_the_best_stands_out() -> None:
    """The setting that leads by more than 0.2 points is thicker and in a colour of its own; a smaller lead is none."""
    study = study_of("[vary]\nmomentum = [0.0, 0.5, 0.9]")
    for lead, is_found in ((0.003, True), (0.001, False)):
        results = made_up.results([study], make_history=curve_of(lambda s, by=lead: 0.95 + by * (s.momentum == 0.5)))
        lines = marked(figure_of(results, study), "mean-line")
        assert (lines[1].get_color() == BEST_COLOUR) == is_found
        assert (lines[1].get_linewidth() > lines[0].get_linewidth()) == is_found


@pytest.mark.parametrize(("name", "label"), [("decay", "no decay"), ("plateau-fast", "no callback")])
def test_the_fixed_rate_stands_beside_it(name: str, label: str) -> None:
    """A grey dashed line is the same training at a fixed rate, named so."""
    study = find_study(name)
    figure = figure_of(built_in_results(), study)
    dashed = [line for line in marked(figure, "mean-line") if line.is_dashed()]
    plain = dataclasses.replace(study.settings[0].spec, decay=0.0, plateau=None)
    rates = find_study("learning-rate")
    setting = next(setting for setting in rates.settings if setting.spec == plain)
    mean_t = np.mean([run.history.test_accuracy_t for run in built_in_results().of(setting)], axis=0, dtype=np.float64)
    assert [line.get_color() for line in dashed] == [CONTEXT_COLOUR]
    assert dashed[0].get_ydata() == pytest.approx(100 * mean_t)
    assert label in texts_of(figure)


def test_seeds_that_scatter_are_drawn_one_by_one() -> None:
    """More than 5 points apart at the end, seeds have thin lines, no band and a range instead of a mean."""
    study = study_of("[vary]\nlearning_rate = [1.0, 0.1]")
    ends = {1: 0.93, 2: 0.92, 3: 0.809}
    results = made_up.results([study], make_history=curve_of(lambda s: ends[s.seed] if s.rate == 1 else 0.975))
    figure = figure_of(results, study)
    seeds = marked(figure, "seed-line")
    assert [line.get_ydata()[-1] for line in seeds] == pytest.approx([93, 92, 80.9], abs=1e-4)
    assert len(marked(figure, "mean-line")) == len(marked(figure, "band")) == 1
    assert "80.9–93.0%" in texts_of(figure)
    assert "88.6%" not in texts_of(figure)
    ends[3] = 0.885
    results = made_up.results([study], make_history=curve_of(lambda s: ends[s.seed] if s.rate == 1 else 0.975))
    assert not marked(figure_of(results, study), "seed-line"), "4.5 points apart, a mean describes them"


def test_settings_with_the_same_bits_share_a_line() -> None:
    """Patiences that never cut are one line with one name; where one seed differs in one bit, they are two."""
    study = find_study("plateau")
    heading, lines = list_lines(built_in_results(), study, "en")
    assert heading == ""
    assert [line.name for line in lines] == ["no callback", "all 4 patiences"]
    figure = figure_of(built_in_results(), study)
    assert len(figure.axes) == 2, "a rate that was never cut has no strip"
    assert {"never cut,", "at any of the 4 patiences"} <= set(texts_of(figure))
    assert {"ไม่ได้ลดอัตราเลย", "ทั้ง 4 ระยะรอ"} <= set(texts_of(figure_of(built_in_results(), study, WIDE, "th")))

    def differing(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        if spec.plateau and spec.plateau.patience == 5 and spec.seed == 3:
            return dataclasses.replace(curves, test_loss_t=np.nextafter(curves.test_loss_t, np.float32(9)))
        return curves

    _, lines = list_lines(made_up.results([study], make_history=differing), study, "en")
    assert [line.name for line in lines] == ["2, 10, 15", "5"]


def test_cuts_are_found_at_the_end_of_their_epoch() -> None:
    """A rate that is lower from epoch 4 on was cut at the end of epoch 3; a decay is no cut."""
    for setting in find_study("plateau-fast").settings:
        assert setting.spec.plateau is not None
        for run in built_in_results().of(setting):
            assert find_cuts(run) == CUTS[setting.spec.plateau.patience]
    assert not any(find_cuts(run) for run in built_in_results().of(find_study("decay").settings[0]))


def test_cuts_are_marked_once() -> None:
    """The strip has a staircase for each setting, which falls where its epoch ends, and a dot at every cut; nothing else."""
    figure = figure_of(built_in_results(), find_study("plateau-fast"))
    assert len(figure.axes) == 3
    assert figure.axes[2].get_yscale() == "log"
    stairs, dots = marked(figure, "rate-line", 2), marked(figure, "cut-mark", 2)
    assert len(stairs) == 3, "patience 10 and 15 cut nothing and are one line"
    assert [tuple(dot.get_xdata()) for dot in dots] == [CUTS[2], CUTS[5]]
    assert stairs[0].get_drawstyle() == "steps-pre"
    assert stairs[0].get_xdata().tolist() == [0, 3, 7, EPOCHS]
    assert stairs[0].get_ydata() == pytest.approx([0.1, 0.1, 0.01, 0.001])
    assert not marked(figure, "cut-mark", 0)
    assert "Patience 2 2 times" in draw_figure("plateau-fast", built_in_results(), NO_SAMPLES, "en").alt


def test_the_bold_seed_is_the_first_that_cut() -> None:
    """Where the first seed never cut and another did, the other is bold, and the strip says which it is."""
    study = find_study("plateau-fast")

    def late(spec: RunSpec, epochs: int) -> History:
        return cutting_history(spec, epochs) if spec.seed == 2 else made_up.history(spec, epochs)

    results = made_up.results([study], make_history=late)
    assert choose_seed([results.of(setting) for setting in study.settings]) == 1
    figure = figure_of(results, study)
    assert [tuple(dot.get_xdata()) for dot in marked(figure, "cut-mark", 2)] == [CUTS[2], CUTS[5]]
    assert "seed 2, a dot at each cut" in texts_of(figure, 2)


def test_cuts_that_change_nothing() -> None:
    """Where all settings end alike, as printed, the rates stand beside the accuracy, and no loss is drawn."""
    study = find_study("plateau-fast")

    def alike(spec: RunSpec, epochs: int) -> History:
        curves = cutting_history(spec, epochs)
        return dataclasses.replace(curves, test_loss_t=made_up.history(spec, epochs).test_loss_t)

    figure = figure_of(made_up.results([study], make_history=alike), study)
    assert len(figure.axes) == 2
    assert [tuple(dot.get_xdata()) for dot in marked(figure, "cut-mark", 1)] == [CUTS[2], CUTS[5]]
    assert "Learning rate" in texts_of(figure, 1)
    assert not [text for axes in (0, 1) for text in texts_of(figure, axes) if "loss" in text]


def test_a_diverged_seed_is_marked_and_left_out() -> None:
    """The cross stands at the seed's last finite epoch inside of both panels, and the mean is over the others."""
    study = study_of("[vary]\nlearning_rate = [1.0, 0.01]")

    def diverging(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        if spec.rate == 1.0 and spec.seed == 2:
            return dataclasses.replace(curves, test_loss_t=curves.test_loss_t * np.float32(1e6)).first(9)
        return curves

    results = made_up.results([study], make_history=diverging)
    figure = figure_of(results, study)
    for panel, axes in enumerate(figure.axes):
        (mark,) = marked(figure, "diverged-mark", panel)
        assert list(mark.get_xdata()) == [9]
        assert axes.get_ylim()[0] <= mark.get_ydata()[0] <= axes.get_ylim()[1]
        assert mark.get_color() == TEXT_COLOUR
    kept = [run.history.test_accuracy_t for run in results.of(study.settings[0]) if run.spec.seed != 2]
    assert marked(figure, "mean-line")[0].get_ydata() == pytest.approx(100 * np.mean(kept, axis=0, dtype=np.float64))
    assert "× diverged" in texts_of(figure)
    assert "1 of 3 diverged" in draw_figure("own", results, NO_SAMPLES, "en").alt


@pytest.mark.parametrize("text", ["[vary]\nlearning_rate = [5.0]", "[vary]\nplateau.patience = [1, 2]"])
def test_a_setting_whose_seeds_all_diverge_is_drawn(text: str) -> None:
    """Even in the first epoch: crosses on the axis, no mean, and no number in the text alternative."""
    study = study_of(text)
    results = made_up.results([study], make_history=lambda spec, epochs: made_up.history(spec, epochs).first(0))
    figure = figure_of(results, study)
    marks = marked(figure, "diverged-mark")
    assert {(mark.get_xdata()[0], mark.get_ydata()[0]) for mark in marks} == {(1, figure.axes[0].get_ylim()[0])}
    assert "diverged" in texts_of(figure)
    alt = draw_figure("own", results, NO_SAMPLES, "en").alt
    assert "3 of 3 diverged" in alt
    assert "%" not in alt


def test_the_stretched_axis_keeps_its_numbers() -> None:
    """Where settings spread, a tenth of the error is a step of one height, ticks stand at their accuracy, and a note says so."""
    figure = figure_of(built_in_results(), find_study("learning-rate"))
    panel = figure.axes[0]
    ticks = [f"{tick:g}" for tick in panel.get_yticks()]
    assert [text for text in texts_of(figure) if text in ticks][: len(ticks)] == ticks
    upper = panel.transData.transform([(1, tick) for tick in (90, 99)])[:, 1]
    lower = panel.transData.transform([(1, tick) for tick in (0, 90)])[:, 1]
    assert upper[1] - upper[0] == pytest.approx(lower[1] - lower[0])
    assert "stretched towards 100" in texts_of(figure)


def test_an_even_axis_begins_where_it_says() -> None:
    """Where all settings are high, the axis begins at a tick, names it, and shows two points at least."""
    study = study_of("[vary]\nmomentum = [0.0, 0.5]")
    results = made_up.results([study], make_history=curve_of(lambda spec: 0.972 + spec.momentum / 1000))
    panel = figure_of(results, study).axes[0]
    low, high = panel.get_ylim()
    assert low == panel.get_yticks()[0]
    assert high - low >= 2
    assert f"axis from {low:g}" in [text.get_text() for text in panel.texts]


def test_losses_that_span_a_decade_have_a_logarithmic_axis() -> None:
    """From 0.1 to 2 the axis is a logarithm and says so; from 0.1 to 0.5 it begins at 0."""
    study = study_of("[vary]\nlearning_rate = [0.1, 0.01]")
    for highest, scale in ((2.0, "log"), (0.5, "linear")):
        make = curve_of(lambda spec, high=highest: high if spec.rate == 0.01 else 0.1, "test_loss_t")
        figure = figure_of(made_up.results([study], make_history=make), study)
        assert figure.axes[1].get_yscale() == scale
        assert ("log scale" in texts_of(figure, 1)) == (scale == "log")
        assert (figure.axes[1].get_ylim()[0] == 0) == (scale == "linear")


def test_long_runs_are_thinned() -> None:
    """A curve of 1,000 epochs is drawn with at most 200 points, its first and its last epoch among them."""
    study = study_of("[base]\nepochs = 1000")
    x = marked(figure_of(made_up.results([study]), study), "mean-line")[0].get_xdata()
    assert len(x) <= MAX_POINTS
    assert (x[0], x[-1]) == (1, 1000)


def core_of(box: Bbox) -> Bbox:
    """A label's box without the room that Thai marks may take; boxes of Sarabun are far taller than its letters."""
    return (
        box.padded(0, -0.3 * box.height) if box.width > box.height else box.padded(-0.3 * box.width, -0.3 * box.height)
    )


@pytest.mark.parametrize("form", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "text",
    [
        "learning-rate", "decay", "plateau", "plateau-fast", "optimizers", "[base]\nepochs = 1",
        "[vary]\nlearning_rate = [1.0, 0.1, 0.01]\nmomentum = [0.0, 0.5, 0.99]",
        "[base]\nepochs = 3\n[vary]\nlearning_rate = [1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001, 0.00003]",
        "[vary]\nepochs = [3, 5, 9]", "[vary]\nhidden_units = [[], [40, 20]]",
    ],
)  # fmt: skip
def test_labels_stand_apart(text: str, language: Language, form: Format) -> None:
    """In every study, format and language no two labels run into each other, and the figure is as wide as it should be."""
    is_built_in = "[" not in text
    study = find_study(text) if is_built_in else study_of(text)
    results = built_in_results() if is_built_in else made_up.results([study], seeds=[1])
    figure = figure_of(results, study, form, language)
    assert figure.get_size_inches()[0] == pytest.approx(3.35 if form is NARROW else 6.3)
    with theme():
        figure.dpi = 300  # at 72, letters are as wide as whole pixels
        figure.draw_without_rendering()
    texts = [text for axes in figure.axes for text in axes.texts if text.get_text().strip()]
    boxes = [(text.get_text(), core_of(text.get_window_extent())) for text in texts]
    for (one, left), (other, right) in itertools.combinations(boxes, 2):
        is_exponent = "\N{MINUS SIGN}" in one + other
        assert is_exponent or not left.overlaps(right), (one, other)


def test_the_numbers_behind_a_figure() -> None:
    """At most 12 rows of means of accuracy and loss; what the curves end at stands in the last; rates stand where they move."""
    study = find_study("decay")
    data = draw_figure("decay", built_in_results(), NO_SAMPLES, "en").data
    assert data is not None
    assert len(data.rows) == MOST_ROWS == 12
    assert sum(count for _, count in data.groups) == len(data.heads) == len(data.rows[0]) == 1 + 4 * 5
    runs = built_in_results().of(study.settings[0])
    accuracy, loss = (
        np.mean([getattr(run.history, curve)[-1] for run in runs], dtype=np.float64)
        for curve in ("test_accuracy_t", "test_loss_t")
    )
    assert f"{100 * accuracy:.2f}" in data.rows[-1]
    assert f"{loss:.4f}" in data.rows[-1]
    long = study_of("[base]\nepochs = 1000")
    data = draw_figure("own", made_up.results([long]), NO_SAMPLES, "en").data
    assert data is not None
    assert len(data.rows) == MOST_ROWS
    assert (data.rows[0][0], data.rows[-1][0]) == ("1", "1,000")
