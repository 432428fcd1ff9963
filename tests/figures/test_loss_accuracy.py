"""Loss over accuracy: the paths are the means that were measured, and each label stands for its own end."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format
from lrreport.figures.loss_accuracy import DRAWING
from lrreport.figures.theme import theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.inspection import Inspection
from lrreport.keys import run_key
from lrreport.results import Curve, History, Results
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies
from tests import made_up

STUDIES = ("learning-rate", "plateau-fast", "optimizers")
SHOWN = (("optimizers", "adam"), ("learning-rate", "0.1"), ("learning-rate", "0.01"), ("plateau-fast", "2"))


def look_into(epochs: int, confidence_wrong: float | None) -> Inspection:
    """What a network shows of which only this confidence matters."""
    return Inspection(
        epochs=epochs,
        right=9_000,
        silent_units=(0,),
        layer_norms=(1.0, 1.0),
        confidence_right=0.9,
        confidence_wrong=confidence_wrong,
        answers_i=np.zeros(20, np.int64),
        confidences_i=np.ones(20, np.float32),
        incoming_ud=np.zeros((10, 784), np.float32),
        activations_h=np.zeros(50, np.float32),
        shares_k=np.zeros(10, np.float32),
    )


def make_results(epochs: int = 25, seeds: tuple[int, ...] = (1, 2)) -> Results:
    """Made-up results; wrong answers of Adam's seeds are given with a confidence of 0.8 and 0.9."""

    def make_history(spec: RunSpec, count: int) -> History:
        curves = made_up.history(spec, count)
        if spec.optimizer != "adam":
            return curves
        loss_t: Curve = (curves.test_loss_t + np.linspace(0, 0.2, count)).astype(np.float32)
        return dataclasses.replace(curves, test_loss_t=loss_t)

    studies = [study for study in load_built_in_studies({"epochs": epochs}) if study.id in STUDIES]
    results = made_up.results(studies, seeds=seeds, make_history=make_history)
    adam = next(setting for study in studies for setting in study.settings if setting.text == "adam")
    found = {(run_key(adam.run(seed)), epochs): look_into(epochs, 0.7 + 0.1 * seed) for seed in seeds}
    return dataclasses.replace(results, inspections=found)


@functools.cache
def usual_results() -> Results:
    return make_results()


def draw(results: Results, form: Format = WIDE, language: Language = "en") -> Figure:
    with theme():
        figure = DRAWING.make(results, NO_SAMPLES, language, form)
        figure.draw_without_rendering()
        return figure


def expected_path(results: Results, study_id: str, text: str) -> tuple[np.ndarray, np.ndarray]:
    study = results.study(study_id)
    assert study is not None
    histories = [run.history for run in results.of(study.setting(text))]
    accuracy = np.mean([100 * history.test_accuracy_t.astype(np.float64) for history in histories], axis=0)
    return accuracy, np.mean([history.test_loss_t.astype(np.float64) for history in histories], axis=0)


def texts_of(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_paths_are_means_over_the_seeds() -> None:
    """Four paths, accuracy to the right and loss up, with a mark after epochs 10 and 20 and a large one at the end."""
    axes = draw(usual_results()).axes[0]
    paths = [line for line in axes.lines if line.get_gid() == "path"]
    tens = [line for line in axes.lines if line.get_gid() == "ten-epochs"]
    ends = [line for line in axes.lines if line.get_gid() == "end"]
    assert len(paths) == len(SHOWN)
    for (study_id, text), path, ten, end in zip(SHOWN, paths, tens, ends, strict=True):
        accuracy, loss = expected_path(usual_results(), study_id, text)
        np.testing.assert_allclose(path.get_xdata(), accuracy)
        np.testing.assert_allclose(path.get_ydata(), loss)
        np.testing.assert_allclose(ten.get_ydata(), loss[[9, 19]])
        np.testing.assert_allclose(end.get_xydata(), [[accuracy[-1], loss[-1]]])
        assert ten.get_markersize() < end.get_markersize()


def test_confidence_when_wrong_is_the_mean_of_the_seeds() -> None:
    """Adam's 0.8 and 0.9 make 85 %; paths of networks that nobody looked into have no such line."""
    texts = texts_of(draw(usual_results()).axes[0])
    assert [text for text in texts if "sure when wrong" in text] == ["sure when wrong: 85%"]
    assert "85% sure when wrong" in DRAWING.describe(usual_results(), NO_SAMPLES, "en")


def test_every_end_lies_inside_the_panel() -> None:
    """The axes leave out where paths come from, never where they end."""
    for form in (WIDE, NARROW):
        axes = draw(usual_results(), form).axes[0]
        box = axes.get_window_extent()
        for end in (line for line in axes.lines if line.get_gid() == "end"):
            assert box.contains(*axes.transData.transform(end.get_xydata()[0]))


def test_a_report_with_one_of_them_alone_has_no_such_figure() -> None:
    """Two paths are the fewest that can be compared."""
    optimizers = usual_results().study("optimizers")
    assert optimizers is not None
    assert not DRAWING.is_possible(made_up.results([optimizers]))
    assert DRAWING.is_possible(usual_results())


def test_a_training_that_diverged_in_every_seed_is_left_out() -> None:
    """Its path has no end; the other three are drawn."""

    def diverge(spec: RunSpec, epochs: int) -> History:
        return made_up.history(spec, epochs // 2 if spec.optimizer == "adam" else epochs)

    results = made_up.results(usual_results().studies, make_history=diverge)
    names = texts_of(draw(results).axes[0])
    assert "Adam" not in names
    assert "SGD, rate 0.01" in names


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("epochs", [1, 3])
def test_a_short_report_draws(language: Language, epochs: int) -> None:
    """One seed and few epochs are enough, for a phone, too."""
    results = make_results(epochs, (1,))
    assert float(draw(results, NARROW, language).get_size_inches()[0]) == 3.35
    assert DRAWING.list_data is not None
    assert len(DRAWING.list_data(results, language).rows) == epochs
