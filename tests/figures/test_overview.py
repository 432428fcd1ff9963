"""The picture of the title page: words stand where they are true, and numbers at the dots that they name."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from matplotlib.figure import Figure

from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format
from lrreport.figures.overview import DRAWING, choose_words, list_stops
from lrreport.figures.theme import BEST_COLOUR, theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.results import History, Results
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up

#: What each rate ends at with each seed, in per cent, much as it was measured; and how much it rises in its last tenth.
ENDS: Mapping[float, Sequence[float]] = {
    1.0: (93.0, 91.7, 80.9),
    0.1: (97.5, 97.6, 97.5),
    0.01: (97.0, 97.2, 97.1),
    0.001: (93.2, 93.3, 93.4),
    1e-4: (87.2, 87.9, 87.6),
    1e-5: (50.6, 54.5, 56.0),
    1e-6: (11.7, 10.6, 17.5),
    1e-7: (9.9, 7.5, 10.2),
}
RISES: Mapping[float, float] = {1.0: 0.5, 1e-4: 0.6, 1e-5: 3.0, 1e-6: 0.4}


def results_of(ends: Mapping[float, Sequence[float]] = ENDS, *, seeds: int = 3, epochs: int = 20) -> Results:
    """Results of the study of learning rates that end so; the rise takes place in the last two of twenty epochs."""

    def make(spec: RunSpec, count: int) -> History:
        end = ends[spec.rate][spec.seed - 1]
        accuracy_t = np.full(count, (end - RISES.get(spec.rate, 0.1)) / 100, np.float32)
        accuracy_t[-1] = end / 100
        return dataclasses.replace(made_up.history(spec, count), test_accuracy_t=accuracy_t)

    study = load_built_in_studies({"epochs": epochs})[0]
    return made_up.results([study], seeds=range(1, seeds + 1), make_history=make)


def figure_of(results: Results, form: Format = WIDE, language: Language = "en") -> Figure:
    with theme():
        return DRAWING.make(results, NO_SAMPLES, language, form)


def words_of(results: Results) -> list[str]:
    """The words from the lowest rate to the highest."""
    return choose_words(list_stops(results, results.studies[0]))


def test_every_seed_has_its_dot() -> None:
    """Each seed's last accuracy stands at its rate, on a logarithm; the line has the means, but none of a lottery."""
    figure = figure_of(results_of())
    (axes,) = figure.axes
    marks = {float(line.get_xdata()[0]): line.get_ydata() for line in axes.lines if line.get_gid() == "seed-mark"}
    assert axes.get_xscale() == "log"
    assert set(marks) == set(ENDS)
    for rate, ends in ENDS.items():
        assert marks[rate] == pytest.approx(ends, abs=1e-4)
    (line,) = [line for line in axes.lines if line.get_gid() == "mean-line"]
    means = [np.mean(ENDS[rate]) for rate in sorted(ENDS)]
    assert line.get_ydata()[:-1] == pytest.approx(means[:-1], abs=1e-4)
    assert np.isnan(line.get_ydata()[-1])


def test_words_follow_the_numbers() -> None:
    """Guessing barely moves, what rises below the best climbs, what leads is just right, and a lottery scatters."""
    assert words_of(results_of()) == ["barely", "barely", "climbing", "climbing", "", "", "right", "lottery"]


@pytest.mark.parametrize(
    ("rate", "ends", "word"),
    [
        (0.1, (97.2, 97.2, 97.2), ""),  # leads by a tenth of a point only
        (1.0, (93.0, 91.7, 88.5), ""),  # 4.5 points apart
        (1e-6, (21.0, 21.0, 21.0), "climbing"),  # further than 10 points from guessing
        (1e-5, (18.0, 18.0, 18.0), "barely"),
        (1e-5, (50.0, 54.0, 60.0), "climbing"),  # scattered, but on its way
    ],
)
def test_a_word_that_is_not_true_is_not_written(rate: float, ends: Sequence[float], word: str) -> None:
    """At the edge of each condition."""
    words = dict(zip(sorted(ENDS), words_of(results_of({**ENDS, rate: ends})), strict=True))
    assert words[rate] == word


def test_a_lottery_is_named_by_both_ends() -> None:
    """The highest and the lowest seed of a lottery stand at their dots, not the mean; the best mean is bold."""
    (axes,) = figure_of(results_of()).axes
    at_one = {text.get_text(): text.xy[1] for text in axes.texts if text.get_text().endswith("%") and text.xy[0] == 1.0}
    assert at_one == {"93.0%": pytest.approx(93.0, abs=1e-4), "80.9%": pytest.approx(80.9, abs=1e-4)}
    bold = [text.get_text() for text in axes.texts if text.get_fontweight() == 600 and text.get_text().endswith("%")]
    assert bold == [f"{np.mean(ENDS[0.1]):.1f}%"]
    (word,) = [text for text in axes.texts if text.get_text() == "just right"]
    assert word.get_color() == BEST_COLOUR
    alt = DRAWING.describe(results_of(), NO_SAMPLES, "en")
    assert "0.1 ends at 97.5% (just right)" in alt
    assert "1 ends at 80.9–93.0% (a lottery)" in alt


@pytest.mark.parametrize("form", [WIDE, NARROW], ids=["wide", "narrow"])
def test_numbers_have_room(form: Format) -> None:
    """Each of eight rates has a number, even on a phone; of two dozen, as many as stand apart, the best among them."""
    (axes,) = figure_of(results_of(), form).axes
    assert len({text.xy[0] for text in axes.texts if text.get_text().endswith("%")}) == len(ENDS)
    rates = [0.5**power for power in range(24)]
    study = parse_study(f'id = "own"\n[title]\nth = "ก"\nen = "Own"\n[vary]\nlearning_rate = {rates}', "own.toml")
    results = made_up.results(
        [study],
        make_history=lambda spec, epochs: dataclasses.replace(
            made_up.history(spec, epochs),
            test_accuracy_t=np.full(epochs, 0.96 if spec.rate == rates[7] else 0.95, np.float32),
        ),
    )
    (axes,) = figure_of(results, form).axes
    numbers = [text for text in axes.texts if text.get_text().endswith("%")]
    assert 3 < len(numbers) < 24
    assert rates[7] in [text.xy[0] for text in numbers]
    assert len([tick for tick in axes.get_xticks() if tick in rates]) < 24


def test_a_word_stands_over_its_rates() -> None:
    """Neighbouring rates share a word, with a bracket from the first of them to the last."""
    figure = figure_of(results_of())
    (axes,) = figure.axes
    brackets = [line for line in axes.lines if line.get_gid() == "bracket"]
    assert len(brackets) == 2
    to_rate = axes.transAxes + axes.transData.inverted()
    for bracket, (first, last) in zip(brackets, ((1e-7, 1e-6), (1e-5, 1e-4)), strict=True):
        left, right = (to_rate.transform((x, 0.5))[0] for x in (bracket.get_xdata()[0], bracket.get_xdata()[-1]))
        assert first / 2 < left < first
        assert last < right < 2 * last


@functools.cache
def diverging_results() -> Results:
    """The highest rate diverges with every seed, and the next with one."""

    def make(spec: RunSpec, epochs: int) -> History:
        is_lost = spec.rate == 1.0 or (spec.rate == 0.1 and spec.seed == 2)
        return made_up.history(spec, epochs).first(1 if is_lost else epochs)

    return made_up.results([load_built_in_studies({"epochs": 3})[0]], make_history=make)


@pytest.mark.parametrize("form", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_stand_apart(language: Language, form: Format) -> None:
    """No two labels run into each other, whatever was measured; the picture is low on paper and fits a phone."""
    small = results_of({rate: ends[:1] for rate, ends in ENDS.items()}, seeds=1, epochs=3)
    for results in (results_of(), small, diverging_results()):
        figure = figure_of(results, form, language)
        width_in, height_in = figure.get_size_inches()
        assert width_in == pytest.approx(3.35 if form is NARROW else 6.3)
        assert height_in <= (2.31 if form is WIDE else 3)
        with theme():
            figure.dpi = 300  # at 72, letters are as wide as whole pixels
            figure.draw_without_rendering()
        texts = [text for text in figure.axes[0].texts if text.get_text().strip()]
        boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
        cores = [(text, box.padded(-2, -0.3 * box.height)) for text, box in boxes]
        for (one, left), (other, right) in itertools.combinations(cores, 2):
            assert "\N{MINUS SIGN}" in one + other or not left.overlaps(right), (one, other)
        assert DRAWING.list_data is not None
        assert len(DRAWING.list_data(results, language).rows) == 8
    assert "1 diverged" in DRAWING.describe(diverging_results(), NO_SAMPLES, "en")
