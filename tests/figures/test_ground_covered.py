"""The figure of the ground covered: its sums are those of the rates, and who is on the road is told by the numbers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.figure import Figure

from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format
from lrreport.figures.drawn import save_figure
from lrreport.figures.ground_covered import DRAWING, find_road, list_walks
from lrreport.figures.theme import NARROW_IN, WIDTH_IN, theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.results import History, Results
from lrreport.schedules.ground import sum_rates
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies
from tests import made_up

EPOCHS = 20


def studies(epochs: int = EPOCHS) -> list[Study]:
    both = [study for study in load_built_in_studies({"epochs": epochs}) if study.id in ("learning-rate", "decay")]
    assert len(both) == 2
    return both


def walk_one_road(spec: RunSpec, epochs: int) -> History:
    """An accuracy that depends on the sum of the rates alone; at rate 1 it is lower, each seed by itself."""
    rates = spec.rate / (1 + spec.decay * np.arange(epochs * 1875))
    ground_t = rates.cumsum()[1874::1875]
    accuracy_t = 0.1 + 0.87 * ground_t / (ground_t + 2)
    if spec.rate == 1:
        accuracy_t = accuracy_t - 0.1 * spec.seed
    curve = accuracy_t.astype(np.float32)
    return History(rates[1874::1875].astype(np.float32), 1 - curve, curve, 1 - curve, curve)


def results(epochs: int = EPOCHS, make_history: Callable[[RunSpec, int], History] = walk_one_road, seeds=(1, 2, 3)):
    return made_up.results(studies(epochs), seeds=seeds, make_history=make_history)


def draw(of: Results, language: Language = "en", form: Format = WIDE) -> Figure:
    with theme():
        return DRAWING.make(of, NO_SAMPLES, language, form)


def lines_of(figure: Figure, gid: str) -> list[np.ndarray]:
    return [line.get_xydata() for axes in figure.axes for line in axes.lines if line.get_gid() == gid]


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("epochs", [1, 7])
def test_ground_is_the_sum_of_the_rates_of_all_updates(epochs: int) -> None:
    """After each epoch: one rate after the other, added up by hand."""
    for study in studies(epochs):
        for setting in study.settings:
            total, sums = 0.0, []
            for update in range(epochs * 1875):
                total += setting.spec.rate / (1 + setting.spec.decay * update)
                if (update + 1) % 1875 == 0:
                    sums.append(total)
            np.testing.assert_allclose(sum_rates(setting.spec, setting.epochs), sums, rtol=1e-9)


def test_a_smaller_last_batch_counts_as_one_step() -> None:
    setting = studies(2)[0].setting("0.1")
    large = dataclasses.replace(setting, spec=dataclasses.replace(setting.spec, batch_size=7000))
    np.testing.assert_allclose(sum_rates(large.spec, large.epochs), [9 * 0.1, 18 * 0.1])


def test_every_setting_is_drawn_over_its_ground() -> None:
    """Rates whose seeds agree have one line, the mean; rate 1 has one for each seed; decays are drawn, too."""
    found = results()
    figure = draw(found)
    rates, decays = found.studies
    drawn = lines_of(figure, "rate-line")
    assert len(drawn) == len(rates.settings) - 1 + 3
    ends = sorted(round(float(line[-1, 0]), 9) for line in drawn)
    assert ends == sorted(
        round(setting.spec.rate * 1875 * EPOCHS, 9)
        for setting in rates.settings
        for _ in range(3 if setting.spec.rate == 1 else 1)
    )
    for line in drawn:
        if line[-1, 0] < 1875 * EPOCHS:
            np.testing.assert_allclose(line[:, 1], 100 * (0.1 + 0.87 * line[:, 0] / (line[:, 0] + 2)), atol=1e-4)
    assert len(lines_of(figure, "decay-line")) == len(decays.settings)


def test_the_road_is_for_those_who_walk_it() -> None:
    """Rate 1, 10 points and more below the smaller ones, is not on the road; all others are."""
    found = results()
    road = find_road(list_walks(found, found.studies[0].settings))
    rates = [setting.spec.rate for setting in found.studies[0].settings]
    assert [walk.setting.spec.rate for walk in road] == sorted(rates)[:-1]
    assert len(lines_of(draw(found), "road")) == len(rates) - 1


def test_with_everybody_on_the_road_nobody_is_left_out() -> None:
    """The same curves without the loss at rate 1."""

    def walk(spec: RunSpec, epochs: int) -> History:
        return walk_one_road(dataclasses.replace(spec, seed=1) if spec.rate != 1 else spec, epochs)

    def all_on_it(spec: RunSpec, epochs: int) -> History:
        curves = walk(spec, epochs)
        lift = np.float32(0.1 * spec.seed if spec.rate == 1 else 0)
        return dataclasses.replace(curves, test_accuracy_t=curves.test_accuracy_t + lift)

    found = results(make_history=all_on_it)
    assert len(find_road(list_walks(found, found.studies[0].settings))) == len(found.studies[0].settings)
    assert "runs below" not in DRAWING.describe(found, NO_SAMPLES, "en")


def test_the_words_tell_the_numbers() -> None:
    """Rate 1 ends 10, 20 and 30 points below what its ground would give."""
    text = DRAWING.describe(results(), NO_SAMPLES, "en")
    assert "Rate 1 runs below the line of the smaller rates and ends at 67.0% to 87.0%" in text
    assert "from 10⁻⁷ to 0.1 follow one line" in text
    # The line is known at the ends of epochs alone; between them it is a little lower than the curve.
    assert "4 decays lie within 0.1 points of that line" in text

    def lower_decays(spec: RunSpec, epochs: int) -> History:
        curves = walk_one_road(spec, epochs)
        return dataclasses.replace(
            curves, test_accuracy_t=curves.test_accuracy_t - np.float32(0.04 if spec.decay else 0)
        )

    assert "4 decays lie within 4.0 points" in DRAWING.describe(results(make_history=lower_decays), NO_SAMPLES, "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_stand_apart_and_keep_off_the_lines(language: Language) -> None:
    """No name covers another or a line, in either format."""
    for form, width_in in ((WIDE, WIDTH_IN), (NARROW, NARROW_IN)):
        figure = draw(results(50), language, form)
        assert figure.get_size_inches()[0] == pytest.approx(width_in)
        axes = figure.axes[0]
        names = [text for text in axes.texts if any(letter.isalpha() for letter in text.get_text())]
        assert len(names) >= (4 if form.is_narrow else 12)
        boxes = [text.get_window_extent() for text in names]
        middles = [((box.x0, box.x1), (box.y0 + box.y1) / 2) for box in boxes]
        for number, ((left, right), level) in enumerate(middles):
            for (other_left, other_right), other_level in middles[:number]:
                assert right <= other_left or other_right <= left or abs(level - other_level) > 7
        for gid in ("rate-line", "decay-line"):
            for line in lines_of(figure, gid):
                points = axes.transData.transform(line)
                for (left, right), level in middles:
                    x = np.linspace(max(left, points[0, 0]), min(right, points[-1, 0]), 30)
                    if x[0] < x[-1]:
                        assert np.abs(np.interp(x, *points.T) - level).min() > 3


def test_a_short_report_of_one_seed_draws() -> None:
    """Three epochs, in which no two rates cover the same ground; and one alone."""
    for epochs in (1, 3):
        found = results(epochs, seeds=(1,))
        for language in LANGUAGES:
            with theme():
                wide, narrow = (DRAWING.make(found, NO_SAMPLES, language, form) for form in (WIDE, NARROW))
                save_figure(wide, narrow, name=DRAWING.name, language=language, alt="")
            assert "follow one line" not in DRAWING.describe(found, NO_SAMPLES, language)


def test_diverged_runs_have_no_line() -> None:
    """Of a rate whose seeds all diverge nothing is drawn, and the words and the table say so."""

    def diverge(spec: RunSpec, epochs: int) -> History:
        curves = walk_one_road(spec, epochs)
        return curves.first(2) if spec.rate == 1 or (spec.decay == 0.01 and spec.seed == 2) else curves

    found = results(make_history=diverge)
    assert max(line[-1, 0] for line in lines_of(draw(found), "rate-line")) < 1875 * EPOCHS
    assert "At rate 1 every seed diverged" in DRAWING.describe(found, NO_SAMPLES, "en")
    assert DRAWING.list_data is not None
    table = {row[0]: row[1:] for row in DRAWING.list_data(found, "en").rows}
    assert table["rate 1"] == (f"{1875 * EPOCHS:,}", "–", "–", "–")
    assert table["rate 0.1"][0] == f"{1875 * EPOCHS // 10:,}"


def test_without_its_studies_it_is_absent() -> None:
    """Another rule than plain SGD has no such sum; decays of another base do not belong here."""
    rates, decays = studies()
    assert not DRAWING.is_possible(made_up.results([decays]))
    assert DRAWING.is_possible(made_up.results([rates]))
    assert len(lines_of(draw(made_up.results([rates])), "decay-line")) == 0
    fast = dataclasses.replace(
        rates,
        settings=tuple(
            dataclasses.replace(item, spec=dataclasses.replace(item.spec, momentum=0.9)) for item in rates.settings
        ),
    )
    assert not DRAWING.is_possible(made_up.results([fast]))
