"""Two settings compared seed by seed: same seed, same initial weights, same minibatch order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from lrreport.analysis import metrics
from lrreport.analysis.intervals import FEWEST_SEEDS, Interval, student_interval
from lrreport.analysis.verdicts import Verdict
from lrreport.results import RunResult

#: The runs of one setting, in seed order.
Runs: TypeAlias = tuple[RunResult, ...]

#: 0.2 points of accuracy: what a difference of accuracies must exceed unless a claim says otherwise.
ACCURACY_MARGIN: Final = 0.002
#: Differences of decimal numbers are exact to far more than this many places; the noise of binary beyond goes.
_PLACES: Final = 12


@dataclass(frozen=True, slots=True)
class Metric:
    """What is compared.

    Attributes:
        name: As claims name it.
        of: Gives a run's number, or None: a diverged run has none.
    """

    name: str
    of: Callable[[RunResult], float | None]


def _last_test_accuracy(run: RunResult) -> float | None:
    return None if run.diverged_at else metrics.last_value(run.history.test_accuracy_t)


def _first_test_accuracy(run: RunResult) -> float | None:
    return None if run.diverged_at else metrics.first_value(run.history.test_accuracy_t)


def _swing(run: RunResult) -> float | None:
    return None if run.diverged_at else metrics.swing(run.history.test_accuracy_t)


def _epochs_to_95(run: RunResult) -> float | None:
    return None if run.diverged_at else metrics.epochs_to(run.history.test_accuracy_t, 0.95)


def _epochs_to_97(run: RunResult) -> float | None:
    return None if run.diverged_at else metrics.epochs_to(run.history.test_accuracy_t, 0.97)


#: Test accuracy after the last epoch, never the best one.
LAST_TEST_ACCURACY: Final = Metric("last_test_accuracy", _last_test_accuracy)
#: Test accuracy after epoch 1.
FIRST_TEST_ACCURACY: Final = Metric("first_test_accuracy", _first_test_accuracy)
#: Swing of the test accuracy; too few epochs have none.
SWING: Final = Metric("swing", _swing)
#: The first epoch with 95 % test accuracy; a run that never gets there has none.
EPOCHS_TO_95: Final = Metric("epochs_to_95", _epochs_to_95)
#: The same for 97 %.
EPOCHS_TO_97: Final = Metric("epochs_to_97", _epochs_to_97)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Differences of two settings, one a seed.

    Attributes:
        metric: Name of what was compared.
        values: The metric of the setting in question, by seed; None where it has none.
        reference: The metric of the other setting.
        differences: Of the two, by seed; None where one is missing.
        n_diverged: Seeds in which one of the two diverged.
        interval: Of the mean difference; None for fewer than two pairs.
    """

    metric: str
    values: tuple[float | None, ...]
    reference: tuple[float | None, ...]
    differences: tuple[float | None, ...]
    n_diverged: int
    interval: Interval | None

    @property
    def n(self) -> int:
        """How many seeds have a difference."""
        return sum(difference is not None for difference in self.differences)


def count_diverged(*settings: Runs) -> int:
    """In how many seeds at least one of the settings diverged."""
    return sum(any(run.diverged_at for run in runs) for runs in zip(*settings, strict=True))


def compare(setting: Runs, other: Runs, metric: Metric, *, lower: bool = False) -> Comparison:
    """Compare two settings by a metric, seed by seed.

    Args:
        setting: Runs of the setting in question, in seed order.
        other: Runs of the setting that it is held against, in the same order.
        metric: What is compared.
        lower: A lower number is what is claimed. The differences are positive in the claim's favour either way.
    """
    values = tuple(metric.of(run) for run in setting)
    reference = tuple(metric.of(run) for run in other)
    sign = -1 if lower else 1
    differences = tuple(
        None if value is None or base is None else round(sign * (value - base), _PLACES) + 0.0  # no -0.0
        for value, base in zip(values, reference, strict=True)
    )
    interval = student_interval([difference for difference in differences if difference is not None])
    return Comparison(metric.name, values, reference, differences, count_diverged(setting, other), interval)


def decide_above(interval: Interval | None, margin: float) -> Verdict:
    """Whether a mean difference is larger than a margin.

    It holds when the interval lies wholly above the margin and fails when no part of it does; an interval without
    width decides exactly, so identical runs fail. Without an interval (one seed) it cannot be told.
    """
    if interval is None:
        return Verdict.CANNOT_TELL
    if interval.low > margin:
        return Verdict.HOLDS
    return Verdict.FAILS if interval.high <= margin else Verdict.CANNOT_TELL


def decide_differs(interval: Interval | None, margin: float) -> Verdict:
    """Whether a mean difference is larger than a margin in either direction.

    It holds when the interval lies wholly above the margin or wholly below its negative, fails when it lies within
    the two, and cannot be told else. Identical runs fail.
    """
    if interval is None:
        return Verdict.CANNOT_TELL
    if interval.low > margin or interval.high < -margin:
        return Verdict.HOLDS
    return Verdict.FAILS if -margin <= interval.low and interval.high <= margin else Verdict.CANNOT_TELL


def decide_same(interval: Interval | None, margin: float) -> Verdict:
    """Whether a mean difference is no larger than a margin in either direction: the opposite of `decide_differs`.

    >>> decide_same(Interval(0.0, -0.001, 0.001, 3), 0.002)
    <Verdict.HOLDS: 'holds'>
    """
    opposite = {Verdict.HOLDS: Verdict.FAILS, Verdict.FAILS: Verdict.HOLDS}
    differs = decide_differs(interval, margin)
    return opposite.get(differs, differs)


def decide_sooner(setting: Sequence[float | None], other: Sequence[float | None], interval: Interval | None) -> Verdict:
    """Whether a setting gets somewhere in fewer epochs, when a run may never get there.

    Where every seed that can be ordered has two epochs, the interval of their differences decides with margin 0.
    Where in some seed only one of the two gets there, it is sooner by a number of epochs that nobody knows: no
    interval can say so, and the verdict rests on signs. It holds when the setting is sooner in every seed that can
    be ordered, fails when it is sooner in none, and cannot be told else. A seed in which neither gets there cannot be
    ordered and is left out. Fewer than two seeds never tell.

    Args:
        setting: Epochs of the setting in question, by seed; None where it never got there.
        other: Epochs of the other setting. Both without the seeds in which either diverged.
        interval: Of the differences (other - setting) where both have an epoch.
    """
    pairs = [pair for pair in zip(setting, other, strict=True) if pair != (None, None)]
    if len(pairs) < FEWEST_SEEDS:
        return Verdict.CANNOT_TELL
    if all(None not in pair for pair in pairs):
        return decide_above(interval, 0.0)
    sooner = [ours is not None and (theirs is None or ours < theirs) for ours, theirs in pairs]
    if all(sooner):
        return Verdict.HOLDS
    return Verdict.CANNOT_TELL if any(sooner) else Verdict.FAILS


def decide_every(answers: Sequence[bool]) -> Verdict:
    """Whether something is so in every seed: holds when in all, fails when in none, cannot be told else."""
    if not answers:
        return Verdict.CANNOT_TELL
    if all(answers):
        return Verdict.HOLDS
    return Verdict.CANNOT_TELL if any(answers) else Verdict.FAILS
