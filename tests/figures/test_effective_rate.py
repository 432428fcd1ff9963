"""Momentum laid over its effective rate: the pairs follow from the formula, and what is drawn is what was measured."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format
from lrreport.figures.effective_rate import DRAWING, find_pairs
from lrreport.figures.theme import theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.results import History, Results
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies
from tests import made_up


def make_results(epochs: int, seeds: tuple[int, ...], scatter: float = 0.0) -> Results:
    """Made-up results; at rate 1 each seed lies `scatter` below the one before."""

    def make_history(spec: RunSpec, count: int) -> History:
        curves = made_up.history(spec, count)
        if spec.rate != 1:
            return curves
        lower_t = curves.test_accuracy_t - np.float32(scatter * (spec.seed - 1))
        return dataclasses.replace(curves, test_accuracy_t=lower_t)

    studies = [
        study for study in load_built_in_studies({"epochs": epochs}) if study.id in ("learning-rate", "momentum")
    ]
    return made_up.results(studies, seeds=seeds, make_history=make_history)


@functools.cache
def scattered_results() -> Results:
    return make_results(12, (1, 2, 3), scatter=0.06)


def draw(results: Results, form: Format = WIDE, language: Language = "en") -> Figure:
    with theme():
        figure = DRAWING.make(results, NO_SAMPLES, language, form)
        figure.draw_without_rendering()
        return figure


def lines_of(figure: Figure, panel: int, gid: str) -> list[Line2D]:
    return [line for line in figure.axes[panel].lines if line.get_gid() == gid]


def test_each_momentum_stands_beside_the_rate_that_it_is_worth() -> None:
    """0.01 / (1 - 0.9) = 0.1 and 0.01 / (1 - 0.99) = 1 were trained; 0.01 / (1 - 0.5) = 0.02 was not."""
    pairs = [(pair.setting.text, pair.plain.text) for pair in find_pairs(scattered_results())]
    assert pairs == [("0.9", "0.1"), ("0.99", "1")]


def test_what_is_drawn_is_the_mean_of_the_seeds() -> None:
    """Where seeds agree, one line in the panel has their mean accuracies in per cent."""
    results = scattered_results()
    figure = draw(results)
    for study_id, text, gid in (("momentum", "0.9", "momentum-line"), ("learning-rate", "0.1", "plain-line")):
        study = results.study(study_id)
        assert study is not None
        runs = results.of(study.setting(text))
        expected = 100 * np.mean([run.history.test_accuracy_t.astype(np.float64) for run in runs], axis=0)
        (line,) = lines_of(figure, 0, gid)
        np.testing.assert_allclose(line.get_ydata(), expected)


def test_seeds_that_scatter_have_a_line_each() -> None:
    """Rate 1, whose seeds end 12 points apart, has three thin lines and no mean; 4 points apart, it has one line."""
    ends = [float(line.get_ydata()[-1]) for line in lines_of(draw(scattered_results()), 1, "plain-line")]
    assert len(ends) == 3
    assert max(ends) - min(ends) == pytest.approx(12, abs=1.5)
    assert len(lines_of(draw(make_results(12, (1, 2, 3), scatter=0.02)), 1, "plain-line")) == 1


def test_the_text_alternative_names_where_both_end() -> None:
    """The ends of the scattering seeds are given from the lowest to the highest."""
    text = DRAWING.describe(scattered_results(), NO_SAMPLES, "en")
    ends = sorted(float(line.get_ydata()[-1]) for line in lines_of(draw(scattered_results()), 1, "plain-line"))
    assert f"{ends[0]:.1f} to {ends[-1]:.1f}%" in text


def test_without_the_learning_rates_there_is_nothing_to_lay_over() -> None:
    """A report that has the momentum study alone does not have the figure."""
    momentum = scattered_results().study("momentum")
    assert momentum is not None
    assert not DRAWING.is_possible(made_up.results([momentum]))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("epochs", [1, 3])
def test_a_short_report_draws(language: Language, epochs: int) -> None:
    """One seed and few epochs are enough, and a phone has the panels one above the other."""
    results = make_results(epochs, (1,))
    narrow = draw(results, NARROW, language)
    assert float(narrow.get_size_inches()[0]) == 3.35
    upper, lower = (axes.get_position() for axes in narrow.axes)
    assert upper.x0 == pytest.approx(lower.x0)
    assert upper.y0 > lower.y1
    assert DRAWING.list_data is not None
    assert len(DRAWING.list_data(results, language).rows) == epochs
