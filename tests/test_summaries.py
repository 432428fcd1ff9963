"""Summaries over seeds and the ranking of settings."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from lrreport.analysis.summaries import Reach, SettingSummary, Spread, rank_settings, spread, summarise
from lrreport.results import History, Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up

EPOCHS = 4
STUDIES = load_built_in_studies({"epochs": EPOCHS})
#: The fewest epochs, two, whose last half has the seven that a swing needs.
LONG = 14
LONG_STUDIES = load_built_in_studies({"epochs": LONG})


def make_results(
    accuracy: Mapping[tuple[float, float], Sequence[Sequence[float]]],
    *,
    seeds: Sequence[int] = (1, 2, 3),
    studies: Sequence[Study] = STUDIES,
) -> Results:
    """Results in which the runs of (rate, momentum) have the given test accuracies, a curve a seed; others 0.5."""

    def history(spec: RunSpec, epochs: int) -> History:
        plain = spec.optimizer == "sgd" and not spec.decay and spec.plateau is None and spec.shuffle == "every-epoch"
        curves = accuracy.get((spec.rate, spec.momentum)) if plain else None
        values = np.array(curves[spec.seed - 1] if curves else [0.5] * epochs, np.float32)
        loss = np.array([0.4, 0.2, 0.3, *[0.35] * (LONG - 3)], np.float32)[: len(values)]
        rate = np.full(len(values), spec.rate, np.float32)
        if spec.plateau and spec.plateau.patience == 2:
            rate[2:] *= np.float32(0.1)
        return History(rate, loss + np.float32(1), values + np.float32(0.25), loss, values)

    return made_up.results(studies, seeds=seeds, make_history=history)


def find(results: Results, study: str, setting: str) -> SettingSummary:
    """The one summary of that study and setting."""
    (found,) = (item for item in summarise(results) if (item.study, item.setting) == (study, setting))
    return found


def test_spread_by_hand() -> None:
    """Mean, standard deviation over n - 1, extremes; what is not there is None, never 0."""
    assert spread([1.0, 2.0, None, 3.0]) == Spread(2.0, 1.0, 1.0, 3.0, 3)
    assert spread([0.25]) == Spread(0.25, None, 0.25, 0.25, 1)
    assert spread([None]) == Spread(None, None, None, None, 0)


def test_there_is_a_summary_for_every_study_and_setting_in_order() -> None:
    """Studies come in the article's order and settings in file order, shared runs in each."""
    names = [(item.study, item.setting) for item in summarise(make_results({}))]
    assert names == [(study.id, setting.text) for study in STUDIES for setting in study.settings]
    assert len(names) == 36


def test_a_summary_by_hand() -> None:
    """Every field of a setting whose three curves are known: one settles, one has a dent, one climbs to its end."""
    settled = [0.5, 0.95, 0.96, *[0.98] * 11]
    dented = [0.5, 0.6, 0.95, *[0.94] * 7, 0.91, *[0.94] * 3]
    climbing = [0.5, 0.6, *[0.7] * 5, 0.84, 0.85, 0.86, 0.87, 0.88, 0.89, 0.9]
    results = make_results({(0.01, 0.9): [settled, dented, climbing]}, studies=LONG_STUDIES)
    summary = find(results, "momentum", "0.9")
    assert (summary.epochs, summary.n, summary.n_diverged) == (LONG, 3, 0)
    last = summary.last_test_accuracy
    assert last.mean == pytest.approx(0.94)
    assert last.sd == pytest.approx(0.04)
    assert (last.low, last.high, last.n) == (0.9, 0.98, 3)
    assert (summary.last_test_loss.low, summary.last_test_loss.high) == (0.35, 0.35)
    assert summary.last_train_loss.mean == pytest.approx(1.35)
    assert summary.last_train_accuracy.mean == pytest.approx(1.19)
    # The dent of 3 points stands in the middle of the last seven epochs: 14/21 of it is left over the parabola.
    dent = 0.03 * 14 / 21 / math.sqrt(2 / 3)
    assert (summary.swing.low, summary.swing.n) == (0.0, 3)
    assert summary.swing.high == pytest.approx(dent, abs=1e-6)
    assert summary.swing.mean == pytest.approx(dent / 3, abs=1e-6)
    assert summary.epochs_to_95 == Reach(2, 3, 2.5)
    assert summary.epochs_to_97 == Reach(1, 3, 4.0)
    assert summary.overfitting_epochs == (2, 2, 2)
    assert summary.last_learning_rate == (0.01, 0.01, 0.01)
    assert summary.plateau_epochs == ((), (), ())
    assert summary.diverged_at == (None, None, None)


def test_few_epochs_have_no_swing() -> None:
    """Where the last half has fewer than seven epochs nothing is said of it; everything else is."""
    curves = [[0.5, 0.95, 0.96, 0.98], [0.5, 0.6, 0.95, 0.94], [0.5, 0.6, 0.7, 0.9]]
    summary = find(make_results({(0.01, 0.9): curves}), "momentum", "0.9")
    assert summary.swing == Spread(None, None, None, None, 0)
    assert summary.last_test_accuracy.mean == pytest.approx(0.94)
    assert summary.epochs_to_95 == Reach(2, 3, 2.5)


def test_a_diverged_seed_is_counted_and_left_out() -> None:
    """A run that broke off says when, and no mean, median or rate is made up for it."""
    curves: list[list[float]] = [[0.97, 0.97], [0.5, 0.6, 0.95, 0.9], []]
    summary = find(make_results({(0.01, 0.9): curves}), "momentum", "0.9")
    assert (summary.n, summary.n_diverged, summary.diverged_at) == (1, 2, (3, None, 1))
    assert summary.last_test_accuracy == Spread(0.9, None, 0.9, 0.9, 1)
    assert summary.epochs_to_95 == Reach(1, 1, 3.0)
    assert summary.overfitting_epochs == (None, 2, None)
    assert summary.last_learning_rate == (0.01, 0.01, None)


def test_where_all_seeds_diverged_there_are_no_numbers() -> None:
    """Nothing is filled in."""
    summary = find(make_results({(0.01, 0.9): [[0.9], [0.9], [0.9]]}), "momentum", "0.9")
    nothing = Spread(None, None, None, None, 0)
    assert summary.last_test_accuracy == summary.swing == summary.last_train_loss == nothing
    assert summary.epochs_to_95 == Reach(0, 0, None)


def test_only_a_callback_cuts() -> None:
    """A rate that falls by decay is not a cut; a rate that the callback lowered is."""
    results = made_up.results(STUDIES)
    assert find(results, "decay", "0.1").plateau_epochs == ((), (), ())
    assert find(results, "decay", "0.1").last_learning_rate[0] != 0.01
    fired = make_results({})
    assert find(fired, "plateau", "2").plateau_epochs == ((2,), (2,), (2,))
    assert find(fired, "plateau", "5").plateau_epochs == ((), (), ())
    assert find(fired, "plateau", "2").last_learning_rate == (0.001, 0.001, 0.001)


def test_ranking_by_the_last_epoch_with_shared_runs_once() -> None:
    """The mean of the last epoch ranks, not a better epoch before; one run has one row with all its names."""
    level = [[0.5, 0.5, 0.5, 0.8]] * 3
    results = make_results({(0.01, 0.0): level, (0.1, 0.0): [[0.5, 0.99, 0.5, 0.7]] * 3, (0.01, 0.9): level})
    ranking = rank_settings(results)
    usual = ("image-order", "learning_rate=0.01 shuffle=every-epoch")
    assert ranking[0].names == (("learning-rate", "0.01"), ("momentum", "0"), ("optimizers", "sgd"), usual)
    assert ranking[1].names == (("momentum", "0.9"),)
    assert ranking[2].names == (("learning-rate", "0.1"), ("image-order", "learning_rate=0.1 shuffle=every-epoch"))
    assert [item.rank for item in ranking[:4]] == [1, 1, 3, 4]  # equals share a rank
    assert len(ranking) == 26
    assert sum(len(item.names) for item in ranking) == 32


def test_one_order_of_images_is_not_ranked() -> None:
    """Nobody would choose it: the best of all is the best of those that one may choose, whatever it has reached."""

    def history(spec: RunSpec, epochs: int) -> History:
        level = 0.99 if spec.shuffle == "once" else 0.5 if spec.rate == 0.01 else 0.4
        return History(*[np.full(epochs, level, np.float32)] * 5)

    orders = [study for study in STUDIES if study.id.startswith("image-order")]
    ranking = rank_settings(made_up.results(orders, make_history=history))
    assert [item.spec.shuffle for item in ranking] == ["every-epoch"] * 4
    assert ranking[0].names == (("image-order", "learning_rate=0.01 shuffle=every-epoch"),)
    assert ranking[0].last_test_accuracy.mean == 0.5
    alone = made_up.results([replace(orders[1], settings=orders[1].settings[1:])], make_history=history)
    assert rank_settings(alone) == ()


def test_ranking_puts_diverged_settings_last() -> None:
    """A mean over the seeds that survived has no rank; the more seeds diverged, the later."""
    curves = {
        (1.0, 0.0): [[0.5], [0.5], [0.5]],
        (0.1, 0.0): [[0.9] * 4, [0.5], [0.9] * 4],
        (0.01, 0.0): [[0.1] * 4] * 3,
    }
    ranking = rank_settings(make_results(curves))
    assert [item.names[0][1] for item in ranking[-3:]] == ["0.01", "0.1", "1"]
    assert [item.rank for item in ranking[-3:]] == [24, None, None]
    assert [item.last_test_accuracy.mean for item in ranking[-2:]] == [0.9, None]


def test_ranking_keeps_lengths_and_datasets_apart() -> None:
    """The same run for fewer epochs is another setting, and ranks start anew for another dataset."""
    text = 'id = "{0}"\n[title]\nth = "ก"\nen = "a"\n[base]\n{1}\n[vary]\nlearning_rate = [0.1, 0.01]\n'
    studies = (
        parse_study(text.format("long", "epochs = 4"), "long.toml"),
        parse_study(text.format("short", "epochs = 2"), "short.toml"),
        parse_study(text.format("clothes", 'epochs = 4\ndataset = "fashion-mnist"'), "clothes.toml"),
    )
    shared = made_up.results((studies[0], studies[2]))
    ranking = rank_settings(replace(shared, studies=studies))
    assert [item.rank for item in ranking] == [1, 2, 3, 4, 1, 2]
    assert {item.names[0][0] for item in ranking[4:]} == {"clothes"}
    assert all(len(item.names) == 1 for item in ranking)
