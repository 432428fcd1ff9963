"""Facts of our own that hold one setting against another: what the formulas lead one to expect, and whether it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from lrreport.analysis import metrics
from lrreport.analysis.claim_forms import comparison_claim, find_setting, runs_of_spec
from lrreport.analysis.comparisons import (
    ACCURACY_MARGIN,
    EPOCHS_TO_95,
    LAST_TEST_ACCURACY,
    SWING,
    Metric,
    Runs,
    compare,
    count_diverged,
    decide_same,
)
from lrreport.analysis.intervals import FEWEST_SEEDS, Interval, student_interval
from lrreport.analysis.summaries import rank_settings
from lrreport.analysis.verdicts import Claim, Verdict
from lrreport.results import Results, RunResult
from lrreport.schedules.ground import sum_rates
from lrreport.spec import format_value

#: Below this test accuracy a network has not left guessing: ten classes, of nearly as many images each.
GUESSING: Final = 0.15
#: Half a point: how far two that have covered the same ground may lie apart and be on one line.
GROUND_MARGIN: Final = 0.005
#: Speeds that differ by no more than this many epochs are called the same.
SPEED_MARGIN: Final = 1.0
_TENFOLD: Final = 10
_ADAPTIVE: Final = ("rmsprop", "adagrad", "adam")
_PLACES: Final = 12


def decide_comparisons(results: Results) -> Iterator[Claim]:
    """Claims about pairs of settings, group by group."""
    yield from _jumps(results)
    yield from _tenth(results)
    yield from _equal_ground(results)
    yield from _effective_rate(results)
    yield from _cut_calms(results)
    yield from _below_sgd(results)
    yield from _tuned_sgd(results)
    yield from _one_order(results)


def _jumps(results: Results) -> Iterator[Claim]:
    """`own-jumps`: the rate 1 swings more than the rate 0.01; margin 0, as for every swing."""
    large, calm = (find_setting(results, "learning-rate", text) for text in ("1", "0.01"))
    if large and calm:
        comparison = compare(results.of(large), results.of(calm), SWING)
        yield comparison_claim("own-jumps", large, comparison, margin=0.0, claim_id="own-jumps")


def _accuracy_after(run: RunResult, epochs: int) -> float | None:
    return None if run.diverged_at else metrics.exact(run.history.test_accuracy_t[epochs - 1])


def _tenth(results: Results) -> Iterator[Claim]:
    """`own-tenth`: a rate gets as far in all its epochs as a rate ten times larger in a tenth of them.

    'As far' means a test accuracy that differs by no more than 0.2 points: see `decide_same`. Where the steps are
    short, their number times their length is what counts. A rate that has not left guessing confirms nothing: it has no
    such claim.
    """
    study = results.study("learning-rate")
    for setting in study.settings if study else ():
        larger = find_setting(results, "learning-rate", format_value(float(f"{_TENFOLD * setting.spec.rate:.12g}")))
        early = setting.epochs // _TENFOLD
        if not larger or not early:
            continue
        slow, fast = results.of(setting), results.of(larger)
        values = [_accuracy_after(run, setting.epochs) for run in slow]
        known = [value for value in values if value is not None]
        if known and sum(known) / len(known) < GUESSING:
            continue
        reference = [_accuracy_after(run, early) for run in fast]
        differences = [
            None if ours is None or theirs is None else round(ours - theirs, _PLACES) + 0.0
            for ours, theirs in zip(values, reference, strict=True)
        ]
        interval = student_interval([item for item in differences if item is not None])
        yield Claim(
            id=f"own-tenth/{setting.text}",
            group="own-tenth",
            study="learning-rate",
            setting=setting.text,
            metric=LAST_TEST_ACCURACY.name,
            margin=ACCURACY_MARGIN,
            n=sum(item is not None for item in differences),
            n_diverged=count_diverged(slow, fast),
            verdict=decide_same(interval, ACCURACY_MARGIN),
            interval=interval,
            numbers={
                "values": [*values],
                "reference": [*reference],
                "differences": [*differences],
                "larger": [larger.text],
                "early": early,
            },
        )


def _equal_ground(results: Results) -> Iterator[Claim]:
    """`own-ground`: a decay ends as far as a constant rate was when it had covered as much ground.

    'As far' means a test accuracy that differs by no more than half a point. The constant rate is the largest that is no
    larger than the decay's first and had trained for an epoch by then; its accuracy is read off between two epochs. Absent
    where no constant rate has covered just so much.
    """
    rates, decays = results.study("learning-rate"), results.study("decay")
    if rates is None or decays is None:
        return
    for setting in decays.settings:
        if setting.spec.plateau or not setting.spec.decay:
            continue
        ground = float(sum_rates(setting.spec, setting.epochs)[-1])
        roads = [
            (other, covered_t)
            for other in rates.settings
            if other.spec.rate <= setting.spec.rate
            and (covered_t := sum_rates(other.spec, other.epochs))[0] <= ground <= covered_t[-1]
        ]
        if not roads:
            continue
        other, covered_t = max(roads, key=lambda road: road[0].spec.rate)
        runs, walks = results.of(setting), results.of(other)
        values = [LAST_TEST_ACCURACY.of(run) for run in runs]
        reference = [
            None
            if run.diverged_at
            else round(
                float(np.interp(ground, covered_t, [metrics.exact(a) for a in run.history.test_accuracy_t])), _PLACES
            )
            for run in walks
        ]
        differences = [
            None if ours is None or theirs is None else round(ours - theirs, _PLACES) + 0.0
            for ours, theirs in zip(values, reference, strict=True)
        ]
        interval = student_interval([item for item in differences if item is not None])
        yield Claim(
            id=f"own-ground/{setting.text}",
            group="own-ground",
            study="decay",
            setting=setting.text,
            metric=LAST_TEST_ACCURACY.name,
            margin=GROUND_MARGIN,
            n=sum(item is not None for item in differences),
            n_diverged=count_diverged(runs, walks),
            verdict=decide_same(interval, GROUND_MARGIN),
            interval=interval,
            numbers={
                "values": [*values],
                "reference": [*reference],
                "differences": [*differences],
                "ground": round(ground, 6),
                "constant": [other.text],
            },
        )


def _late_test_loss(run: RunResult) -> float | None:
    """Mean test loss over the last half of the epochs."""
    half_t = run.history.test_loss_t[len(run.history) // 2 :]
    return None if run.diverged_at or not len(half_t) else round(float(np.mean(half_t, dtype=np.float64)), _PLACES)


def _one_order(results: Results) -> Iterator[Claim]:
    """`own-one-order`: with one order of images in every epoch the test loss is higher than with a new one each; margin 0.

    The loss is the mean over the last half of the epochs.
    """
    for study_id in ("image-order", "image-order-momentum"):
        study = results.study(study_id)
        for setting in study.settings if study else ():
            if setting.spec.shuffle != "once":
                continue
            other = runs_of_spec(results, setting, replace(setting.spec, shuffle="every-epoch"))
            if other is not None:
                name = "momentum" if setting.spec.momentum else format_value(setting.spec.rate)
                comparison = compare(results.of(setting), other, Metric("late_test_loss", _late_test_loss))
                yield comparison_claim(
                    "own-one-order", setting, comparison, margin=0.0, claim_id=f"own-one-order/{name}"
                )


def _effective_rate(results: Results) -> Iterator[Claim]:
    """`own-effective-rate`: momentum m at a rate gets to 95 % as soon as plain SGD at the rate / (1 - m).

    As soon means within one epoch. Asked where that plain run was trained. A run that never gets there differs from
    one that does by more than any margin; a seed in which neither does cannot be compared.
    """
    study = results.study("momentum")
    for setting in study.settings if study else ():
        spec = setting.spec
        if not spec.momentum or spec.nesterov:
            continue
        rate = float(f"{spec.rate / (1 - spec.momentum):.12g}")
        other = runs_of_spec(results, setting, replace(spec, learning_rate=rate, momentum=0.0))
        if other is None:
            continue
        comparison = compare(results.of(setting), other, EPOCHS_TO_95, lower=True)
        claim = comparison_claim(
            "own-effective-rate",
            setting,
            comparison,
            margin=SPEED_MARGIN,
            claim_id=f"own-effective-rate/{setting.text}",
        )
        pairs = [
            (EPOCHS_TO_95.of(ours), EPOCHS_TO_95.of(theirs)) for ours, theirs in _finished(results.of(setting), other)
        ]
        known = [pair for pair in pairs if pair != (None, None)]
        has_open_end = any(None in pair for pair in known)
        yield replace(
            claim,
            n=len(known),
            interval=None if has_open_end else comparison.interval,
            verdict=_decide_same_speed(known, comparison.interval),
            numbers={
                **claim.numbers,
                "rate": rate,
                "reached": sum(value is not None for value in comparison.values),
                "reference_reached": sum(value is not None for value in comparison.reference),
            },
        )


def _finished(runs: Runs, others: Runs) -> list[tuple[RunResult, RunResult]]:
    pairs = zip(runs, others, strict=True)
    return [(ours, theirs) for ours, theirs in pairs if not ours.diverged_at and not theirs.diverged_at]


def _decide_same_speed(pairs: Sequence[tuple[float | None, float | None]], interval: Interval | None) -> Verdict:
    """Whether two settings get somewhere in the same epoch, give or take one."""
    if len(pairs) < FEWEST_SEEDS:
        return Verdict.CANNOT_TELL
    if all(None not in pair for pair in pairs):
        return decide_same(interval, SPEED_MARGIN)
    apart = [ours is None or theirs is None or abs(ours - theirs) > SPEED_MARGIN for ours, theirs in pairs]
    return Verdict.FAILS if all(apart) else Verdict.CANNOT_TELL


def _cut_calms(results: Results) -> Iterator[Claim]:
    """`own-cut-calms`: a smaller swing than the same run without the callback; margin 0."""
    for study in results.studies:
        for setting in study.settings:
            if not setting.spec.plateau:
                continue
            other = runs_of_spec(results, setting, replace(setting.spec, plateau=None))
            if other is not None:
                comparison = compare(results.of(setting), other, SWING, lower=True)
                claim_id = f"own-cut-calms/{setting.study_id}/{setting.text}"
                yield comparison_claim("own-cut-calms", setting, comparison, margin=0.0, claim_id=claim_id)


def _below_sgd(results: Results) -> Iterator[Claim]:
    """`own-below-sgd`: an adaptive optimizer ends below SGD by more than 0.2 points, each at its defaults."""
    base = find_setting(results, "optimizers", "sgd")
    for text in _ADAPTIVE:
        setting = find_setting(results, "optimizers", text)
        if base and setting:
            comparison = compare(results.of(setting), results.of(base), LAST_TEST_ACCURACY, lower=True)
            yield comparison_claim("own-below-sgd", setting, comparison, margin=ACCURACY_MARGIN)


def _tuned_sgd(results: Results) -> Iterator[Claim]:
    """`own-tuned-sgd`: SGD at the best of the rates tried ends above Adam at its defaults by more than 0.2 points.

    The rate was picked by looking at the results, which favours 'holds'.
    """
    study, adam = results.study("learning-rate"), find_setting(results, "optimizers", "adam")
    if study is None or adam is None:
        return
    best = next((item for item in rank_settings(replace(results, studies=(study,))) if item.rank == 1), None)
    setting = find_setting(results, *best.names[0]) if best else None
    if setting:
        comparison = compare(results.of(setting), results.of(adam), LAST_TEST_ACCURACY)
        yield comparison_claim("own-tuned-sgd", setting, comparison, margin=ACCURACY_MARGIN, claim_id="own-tuned-sgd")
