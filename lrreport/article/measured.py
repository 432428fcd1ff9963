"""What prose asks about settings: the numbers that it prints, and the conditions under which it may be printed.

A paragraph that was written for what came out leans on verdicts and numbers. Its guard is a condition made of the
functions here, each of which answers None, or False, where the article does not have what is asked about: another study,
another dataset, one seed, fewer epochs. So a guard never fails to be decided.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from lrreport.analysis import metrics
from lrreport.analysis.comparisons import ACCURACY_MARGIN
from lrreport.analysis.own_comparisons import GUESSING
from lrreport.analysis.own_traits import TAIL_PARTS
from lrreport.analysis.verdicts import Claim, Verdict
from lrreport.inspection import Inspection
from lrreport.results import Curve, Results, RunResult
from lrreport.spec import Setting

#: Differences of decimal numbers are exact to far more than this many places; the noise of binary beyond goes.
_PLACES: Final = 12

Course = Literal["arrived", "climbing", "never-left"]


@dataclass(frozen=True, slots=True)
class Measured:
    """The numbers of an article, by study and setting. Means are over the seeds; a setting with a diverged seed has none.

    Attributes:
        results: What was measured.
        claims: By id.
    """

    results: Results
    claims: Mapping[str, Claim]

    def functions(self) -> dict[str, Callable[..., Any]]:
        """Everything that a template may call, by name."""
        names = (
            "end", "ends", "low", "high", "passes", "after", "loss", "losses", "lowest_loss", "accuracy_at_lowest_loss",
            "accuracies", "loss_curves", "silent", "sure_wrong", "sure_right", "cut_runs", "course", "holds", "fails", "cannot_tell",
        )  # fmt: skip
        return {name: getattr(self, name) for name in names} | {
            "more": more, "within": within, "every": every, "apart": apart, "mean_curve": mean_curve,
        }  # fmt: skip

    def _find(self, study_id: str, text: str) -> Setting | None:
        study = self.results.study(study_id)
        return next((item for item in study.settings if item.text == text), None) if study else None

    def _runs(self, study_id: str, text: str) -> Sequence[RunResult]:
        """The runs of a setting; none where the article lacks it or a seed diverged."""
        setting = self._find(study_id, text)
        runs = self.results.of(setting) if setting else ()
        return () if any(run.diverged_at for run in runs) else runs

    def ends(self, study_id: str, text: str) -> list[float]:
        """Test accuracies after the last epoch, one a seed."""
        return [metrics.exact(run.history.test_accuracy_t[-1]) for run in self._runs(study_id, text)]

    def end(self, study_id: str, text: str) -> float | None:
        """Mean test accuracy after the last epoch."""
        return _mean(self.ends(study_id, text))

    def low(self, study_id: str, text: str) -> float | None:
        """The lowest of them."""
        return min(self.ends(study_id, text), default=None)

    def high(self, study_id: str, text: str) -> float | None:
        """The highest of them."""
        return max(self.ends(study_id, text), default=None)

    def passes(self, study_id: str, text: str, threshold: float = 0.95) -> float | None:
        """The median epoch in which the test accuracy first was at a threshold; None unless every seed got there."""
        epochs = [metrics.epochs_to(run.history.test_accuracy_t, threshold) for run in self._runs(study_id, text)]
        known = [epoch for epoch in epochs if epoch is not None]
        return float(statistics.median(known)) if known and len(known) == len(epochs) else None

    def after(self, study_id: str, text: str, epoch: int) -> float | None:
        """Mean test accuracy after an epoch, counted from 1; None before the first and beyond the last."""
        curves = [run.history.test_accuracy_t for run in self._runs(study_id, text)] if epoch >= 1 else []
        return _mean([metrics.exact(curve[epoch - 1]) for curve in curves if len(curve) >= epoch])

    def losses(self, study_id: str, text: str) -> list[float]:
        """Test losses after the last epoch, one a seed."""
        return [metrics.exact(run.history.test_loss_t[-1]) for run in self._runs(study_id, text)]

    def loss(self, study_id: str, text: str) -> float | None:
        """Mean test loss after the last epoch."""
        return _mean(self.losses(study_id, text))

    def lowest_loss(self, study_id: str, text: str) -> float | None:
        """Mean over the seeds of the lowest test loss on the way."""
        return _mean([metrics.exact(run.history.test_loss_t.min()) for run in self._runs(study_id, text)])

    def accuracy_at_lowest_loss(self, study_id: str, text: str) -> float | None:
        """Mean test accuracy after the epoch of the lowest test loss."""
        runs = self._runs(study_id, text)
        return _mean(
            [metrics.exact(run.history.test_accuracy_t[int(run.history.test_loss_t.argmin())]) for run in runs]
        )

    def accuracies(self, study_id: str, text: str) -> list[Curve]:
        """Test accuracies after each epoch, an array of shape (epochs,) a seed."""
        return [run.history.test_accuracy_t for run in self._runs(study_id, text)]

    def loss_curves(self, study_id: str, text: str) -> list[Curve]:
        """Test losses after each epoch, an array of shape (epochs,) a seed."""
        return [run.history.test_loss_t for run in self._runs(study_id, text)]

    def _inspections(self, study_id: str, text: str) -> list[Inspection]:
        """One a seed; none where a seed has none."""
        setting = self._find(study_id, text)
        found = self.results.inspections_of(setting) if setting else ()
        known = [item for item in found if item is not None]
        return known if len(known) == len(found) else []

    def silent(self, study_id: str, text: str) -> list[int]:
        """Units of the first hidden layer that answer 0 to every test image, one a seed."""
        return [item.silent_units[0] for item in self._inspections(study_id, text) if item.silent_units]

    def sure_wrong(self, study_id: str, text: str) -> float | None:
        """Mean probability that is given to wrong answers."""
        return _mean([item.confidence_wrong for item in self._inspections(study_id, text)])

    def sure_right(self, study_id: str, text: str) -> float | None:
        """Mean probability that is given to right answers."""
        return _mean([item.confidence_right for item in self._inspections(study_id, text)])

    def cut_runs(self, study_id: str) -> tuple[int, int] | None:
        """In how many runs of a study a plateau callback cut the rate, and how many runs it has."""
        study = self.results.study(study_id)
        if study is None:
            return None
        runs = [run for setting in study.settings for run in self.results.of(setting)]
        # A rate that falls by decay is not cut.
        cut = [run for run in runs if run.spec.plateau and metrics.cut_epochs(run.history.learning_rate_t)]
        return len(cut), len(runs)

    def course(self, study_id: str, text: str) -> Course | None:
        """Why a curve is flat at its end, or that it is not: it has arrived, it still climbs, or it never left guessing.

        One epoch alone does not show whether it climbs.
        """
        setting, end = self._find(study_id, text), self.end(study_id, text)
        if setting is None or end is None:
            return None
        if end < GUESSING:
            return "never-left"
        before = self.after(study_id, text, setting.epochs - max(1, setting.epochs // TAIL_PARTS))
        if before is None:
            return None
        return "climbing" if more(end, before, ACCURACY_MARGIN) else "arrived"

    def _have(self, verdict: Verdict, identifiers: Iterable[str]) -> bool:
        found = [self.claims.get(identifier) for identifier in identifiers]
        return bool(found) and all(claim is not None and claim.verdict is verdict for claim in found)

    def holds(self, *identifiers: str) -> bool:
        """Whether all these claims are there and hold."""
        return self._have(Verdict.HOLDS, identifiers)

    def fails(self, *identifiers: str) -> bool:
        """Whether all these claims are there and fail."""
        return self._have(Verdict.FAILS, identifiers)

    def cannot_tell(self, *identifiers: str) -> bool:
        """Whether all these claims are there and cannot be told."""
        return self._have(Verdict.CANNOT_TELL, identifiers)


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.fmean(known) if known and len(known) == len(values) else None


def mean_curve(curves: Sequence[Curve]) -> list[Curve]:
    """The mean of curves of the same shape (epochs,), as a list of one; an empty list of none."""
    return [np.asarray(np.mean(curves, axis=0, dtype=np.float64), np.float32)] if curves else []


def more(one: float | None, other: float | None, by: float = 0.0) -> bool:
    """Whether one number is larger than another by more than `by`; no, where one of them is missing.

    >>> more(0.97, 0.96, 0.002), more(0.972, 0.97, 0.002), more(None, 0.96), more(0.97, None)
    (True, False, False, False)
    """
    return one is not None and other is not None and round(one - other, _PLACES) > by


def within(one: float | None, other: float | None, by: float) -> bool:
    """Whether two numbers are there and differ by no more than `by`.

    >>> within(0.971, 0.973, 0.002), within(0.971, 0.9731, 0.002), within(0.971, None, 0.002)
    (True, False, False)
    """
    return one is not None and other is not None and round(abs(one - other), _PLACES) <= by


def every(values: Sequence[float], *, low: float = float("-inf"), high: float = float("inf")) -> bool:
    """Whether there are numbers, and all lie from `low` to `high`.

    >>> every([1, 2], low=1), every([], low=1), every([1, 3], high=2)
    (True, False, False)
    """
    return bool(values) and all(low <= value <= high for value in values)


def apart(values: Sequence[float], by: float) -> bool:
    """Whether there are two numbers or more, and the largest lies above the smallest by more than `by`.

    >>> apart([0.81, 0.93], 0.05), apart([0.93], 0.05)
    (True, False)
    """
    return len(values) > 1 and round(max(values) - min(values), _PLACES) > by
