"""Studies of more settings than one panel can hold: a panel each, on two figures at most, with the same axes."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from lrreport.figures import list_parts
from lrreport.figures.drawing import NARROW, WIDE, Format
from lrreport.figures.forms import Part
from lrreport.figures.small_multiples import describe_small_multiples, make_small_multiples
from lrreport.figures.theme import theme
from lrreport.results import History, Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import parse_study
from tests import made_up

RATES = ", ".join(repr(0.5**power) for power in range(15))


def study_of(vary: str) -> Study:
    return parse_study(f'id = "own"\n[title]\nth = "ก"\nen = "Own"\n[base]\nepochs = 8\n[vary]\n{vary}', "own.toml")


def curve_parts(results: Results, study: Study) -> list[Part]:
    return [part for part in list_parts(study) if part.form == "curves"]


def figure_of(results: Results, study: Study, part: Part, form: Format = WIDE) -> Figure:
    with theme():
        return make_small_multiples(results, study, part, "en", form)


@pytest.mark.parametrize("form", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_setting_has_its_panel(form: Format) -> None:
    """Each panel has its setting's mean, named above with what it ends at; all panels of both figures share their axes."""
    study = study_of(f"learning_rate = [{RATES}]")
    results = made_up.results([study])
    parts = curve_parts(results, study)
    assert [len(part.shown) for part in parts] == [8, 7]
    limits = set()
    for part in parts:
        figure = figure_of(results, study, part, form)
        assert figure.get_size_inches()[0] == pytest.approx(3.35 if form is NARROW else 6.3)
        assert len(figure.axes) == len(part.shown), "a rate that is constant has no strip"
        for place, axes in zip(part.shown, figure.axes, strict=True):
            setting = study.settings[place]
            mean_t = np.mean([run.history.test_accuracy_t for run in results.of(setting)], axis=0, dtype=np.float64)
            (line,) = [line for line in axes.lines if line.get_gid() == "mean-line"]
            assert line.get_ydata() == pytest.approx(100 * mean_t)
            assert f"{100 * mean_t[-1]:.1f}%" in [text.get_text() for text in axes.texts]
            limits.add((axes.get_xlim(), axes.get_ylim()))
    assert len(limits) == 1


def test_rates_that_move_have_a_strip() -> None:
    """Below each curve of a decay stands its rate, from the first to what was measured in the last epoch."""
    study = study_of("decay = [" + ", ".join(str(step / 1000) for step in range(11)) + "]")
    results = made_up.results([study])
    (part,) = curve_parts(results, study)
    figure = figure_of(results, study, part)
    assert len(figure.axes) == 2 * len(study.settings)
    lines = [line for axes in figure.axes for line in axes.lines if line.get_gid() == "rate-line"]
    measured = [float(results.of(setting)[0].history.learning_rate_t[-1]) for setting in study.settings]
    assert [float(line.get_ydata()[0]) for line in lines] == pytest.approx([0.01] * 11)
    assert sorted(float(line.get_ydata()[-1]) for line in lines) == pytest.approx(sorted(measured))


def test_diverged_seeds_are_counted() -> None:
    """A panel says how many of its seeds diverged, and so does the text alternative."""
    study = study_of(f"learning_rate = [{RATES}]")

    def diverging(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        return curves.first(3) if spec.rate == 1 and spec.seed == 2 else curves

    results = made_up.results([study], make_history=diverging)
    part, _ = curve_parts(results, study)
    figure = figure_of(results, study, part)
    assert [text.get_text() for axes in figure.axes for text in axes.texts].count("1 of 3 diverged") == 1
    assert "Learning rate 1: 96.6%, 1 of 3 diverged" in describe_small_multiples(results, study, part, "en")
