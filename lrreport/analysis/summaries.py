"""What the seeds of one setting have in common, and the ranking of all settings."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lrreport.analysis import metrics
from lrreport.keys import run_key
from lrreport.results import Results, RunResult
from lrreport.spec import RunSpec, Setting


@dataclass(frozen=True, slots=True)
class Spread:
    """A number over the seeds that have one.

    Attributes:
        mean: None where no seed has a number.
        sd: Standard deviation over seeds (divided by n - 1); None for fewer than two.
        low: The smallest.
        high: The largest.
        n: How many seeds have one.
    """

    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Reach:
    """How many seeds got somewhere, and when.

    Attributes:
        reached: Seeds that got there.
        n: Seeds that were asked, the diverged ones left out.
        median: Median of the epochs of those that got there, never a mean; None where none did.
    """

    reached: int
    n: int
    median: float | None


@dataclass(frozen=True, slots=True)
class SettingSummary:
    """One setting of one study over its seeds. Diverged seeds are counted and left out of every spread.

    Attributes:
        study: The study's id.
        setting: The setting's text.
        epochs: How many were asked for.
        n: Seeds that did not diverge.
        n_diverged: Seeds that did.
        last_test_accuracy: After the last epoch, a fraction.
        last_train_accuracy: Running mean of the last epoch, a fraction.
        last_test_loss: After the last epoch.
        last_train_loss: Running mean of the last epoch.
        swing: How far the test accuracy strays from its own smooth course over the last half: `metrics.swing`.
        epochs_to_95: When the test accuracy first was 95 % or more.
        epochs_to_97: The same for 97 %.
        overfitting_epochs: By seed, the epoch of the lowest test loss; None when that is the last epoch, and for a
            diverged seed.
        last_learning_rate: By seed, the rate in force in the last epoch that was recorded; None when none was.
        plateau_epochs: By seed, the epochs at whose end the callback cut the rate; empty without a callback.
        diverged_at: By seed, the first epoch that was not finite; None when all were.
    """

    study: str
    setting: str
    epochs: int
    n: int
    n_diverged: int
    last_test_accuracy: Spread
    last_train_accuracy: Spread
    last_test_loss: Spread
    last_train_loss: Spread
    swing: Spread
    epochs_to_95: Reach
    epochs_to_97: Reach
    overfitting_epochs: tuple[int | None, ...]
    last_learning_rate: tuple[float | None, ...]
    plateau_epochs: tuple[tuple[int, ...], ...]
    diverged_at: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class RankedSetting:
    """A setting's place among all.

    Attributes:
        rank: From 1; equal means share a rank; None for a setting with a diverged seed, whose mean is one of the
            seeds that survived.
        names: (study, setting) of every setting that is this same run, in the article's order.
        spec: The run of seed 1.
        epochs: How many were asked for.
        n: Seeds that did not diverge.
        n_diverged: Seeds that did.
        last_test_accuracy: What the ranking goes by: the last epoch's, never the best one's.
    """

    rank: int | None
    names: tuple[tuple[str, str], ...]
    spec: RunSpec
    epochs: int
    n: int
    n_diverged: int
    last_test_accuracy: Spread


def spread(values: Iterable[float | None]) -> Spread:
    """The spread of those values that are there.

    >>> spread([1.0, None, 3.0])
    Spread(mean=2.0, sd=1.4142135623730951, low=1.0, high=3.0, n=2)
    """
    known = [value for value in values if value is not None]
    n = len(known)
    if not known:
        return Spread(None, None, None, None, 0)
    mean = math.fsum(known) / n
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in known) / (n - 1)) if n > 1 else None
    return Spread(mean, deviation, min(known), max(known), n)


def reach(runs: Sequence[RunResult], threshold: float) -> Reach:
    """When the runs' test accuracy first was at or above a threshold; diverged runs are left out."""
    finished = [run for run in runs if not run.diverged_at]
    epochs = [metrics.epochs_to(run.history.test_accuracy_t, threshold) for run in finished]
    reached = [epoch for epoch in epochs if epoch is not None]
    return Reach(len(reached), len(finished), float(statistics.median(reached)) if reached else None)


def summarise_setting(results: Results, setting: Setting) -> SettingSummary:
    """One setting over the seeds."""
    runs = results.of(setting)
    finished = [run.history for run in runs if not run.diverged_at]
    return SettingSummary(
        study=setting.study_id,
        setting=setting.text,
        epochs=setting.epochs,
        n=len(finished),
        n_diverged=len(runs) - len(finished),
        last_test_accuracy=spread(metrics.last_value(history.test_accuracy_t) for history in finished),
        last_train_accuracy=spread(metrics.last_value(history.train_accuracy_t) for history in finished),
        last_test_loss=spread(metrics.last_value(history.test_loss_t) for history in finished),
        last_train_loss=spread(metrics.last_value(history.train_loss_t) for history in finished),
        swing=spread(metrics.swing(history.test_accuracy_t) for history in finished),
        epochs_to_95=reach(runs, 0.95),
        epochs_to_97=reach(runs, 0.97),
        overfitting_epochs=tuple(
            None if run.diverged_at else metrics.overfitting_start(run.history.test_loss_t) for run in runs
        ),
        last_learning_rate=tuple(metrics.last_value(run.history.learning_rate_t) for run in runs),
        plateau_epochs=tuple(
            metrics.cut_epochs(run.history.learning_rate_t) if run.spec.plateau else () for run in runs
        ),
        diverged_at=tuple(run.diverged_at for run in runs),
    )


def summarise(results: Results) -> tuple[SettingSummary, ...]:
    """A summary for every study and setting: studies in the article's order, settings in file order."""
    return tuple(summarise_setting(results, setting) for study in results.studies for setting in study.settings)


def rank_settings(results: Results) -> tuple[RankedSetting, ...]:
    """Rank all settings by the mean test accuracy after the last epoch, but for those with one order of images.

    Nobody would choose one order: it is there to be compared with. Settings that are the same run for as many epochs
    stand once, under all their names. Ranks are counted within a dataset, datasets in the order in which they first
    occur. A setting with diverged seeds comes after those with fewer, and last where no seed is left. Equals keep the
    article's order.
    """
    named: dict[tuple[str, int], list[Setting]] = {}
    for study in results.studies:
        for setting in (item for item in study.settings if item.spec.shuffle == "every-epoch"):
            named.setdefault((run_key(setting.run(1)), setting.epochs), []).append(setting)
    datasets = list(dict.fromkeys(settings[0].spec.dataset for settings in named.values()))
    ranked: list[RankedSetting] = []
    for dataset in datasets:
        here = [_unranked(results, settings) for settings in named.values() if settings[0].spec.dataset == dataset]
        here.sort(key=lambda item: (item.n_diverged, -(item.last_test_accuracy.mean or 0.0)))
        means = [item.last_test_accuracy.mean for item in here if item.n_diverged == 0]
        ranked.extend(_with_rank(item, means) for item in here)
    return tuple(ranked)


def _unranked(results: Results, settings: Sequence[Setting]) -> RankedSetting:
    summary = summarise_setting(results, settings[0])
    return RankedSetting(
        rank=None,
        names=tuple((setting.study_id, setting.text) for setting in settings),
        spec=settings[0].run(1),
        epochs=settings[0].epochs,
        n=summary.n,
        n_diverged=summary.n_diverged,
        last_test_accuracy=summary.last_test_accuracy,
    )


def _with_rank(item: RankedSetting, means: Sequence[float | None]) -> RankedSetting:
    if item.n_diverged:
        return item
    return replace(item, rank=means.index(item.last_test_accuracy.mean) + 1)
