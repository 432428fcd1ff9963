"""Facts of our own about one setting or one study by itself: what it reached, how it swung, whether it was done."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from lrreport.analysis import metrics
from lrreport.analysis.claim_forms import comparison_claim
from lrreport.analysis.comparisons import (
    ACCURACY_MARGIN,
    EPOCHS_TO_95,
    EPOCHS_TO_97,
    LAST_TEST_ACCURACY,
    SWING,
    Metric,
    Runs,
    compare,
    count_diverged,
    decide_above,
    decide_every,
)
from lrreport.analysis.intervals import FEWEST_SEEDS, student_interval
from lrreport.analysis.summaries import spread
from lrreport.analysis.verdicts import Claim, Verdict
from lrreport.results import Results, RunResult
from lrreport.spec import Setting, Study

#: How far the train accuracy must lie above the test accuracy to be called learning by heart: one point.
MEMORY_MARGIN: Final = 0.01
#: A rate below this share of its first value is called spent.
SPENT_SHARE: Final = 0.01
#: 'The end' of a training is its last tenth.
TAIL_PARTS: Final = 10
_TRAIT_STUDIES: Final = ("learning-rate", "momentum", "decay", "optimizers")
#: Studies over fewer values have no inside.
_FEWEST_FOR_AN_INSIDE: Final = 3
_PLACES: Final = 12


def decide_traits(results: Results) -> Iterator[Claim]:
    """Claims about single settings and studies, group by group."""
    studies = [study for study in results.studies if study.id in _TRAIT_STUDIES]
    settings = [setting for study in studies for setting in study.settings]
    for threshold, metric in ((0.95, EPOCHS_TO_95), (0.97, EPOCHS_TO_97)):
        for setting in settings:
            yield _reaches(results, setting, threshold, metric)
    yield from (_unfinished(results, setting) for setting in settings)
    yield from (_memorises(results, setting) for setting in settings)
    for study in results.studies:
        yield from _roughest(results, study)
    for study in results.studies:
        yield from _best_on_edge(results, study)
    for study in results.studies:
        yield from (_decay_spent(results, setting) for setting in study.settings if setting.spec.decay)


def _trait(
    group: str, setting: Setting, metric: str, runs: Runs, values: Sequence[float | None], verdict: Verdict
) -> Claim:
    return Claim(
        id=f"{group}/{setting.study_id}/{setting.text}",
        group=group,
        study=setting.study_id,
        setting=setting.text,
        metric=metric,
        margin=0.0,
        n=len(runs) - count_diverged(runs),
        n_diverged=count_diverged(runs),
        verdict=verdict,
        numbers={"values": [*values]},
    )


def _reaches(results: Results, setting: Setting, threshold: float, metric: Metric) -> Claim:
    """`own-reaches-95`, `own-reaches-97`: the test accuracy gets to that threshold within the training.

    Holds when it does in every seed, fails when in none, and cannot be told else or with fewer than two seeds. Seeds
    that diverged are left out.
    """
    runs = results.of(setting)
    values = [metric.of(run) for run in runs]
    answers = [value is not None for value, run in zip(values, runs, strict=True) if not run.diverged_at]
    verdict = decide_every(answers) if len(answers) >= FEWEST_SEEDS else Verdict.CANNOT_TELL
    return _trait(f"own-reaches-{100 * threshold:.0f}", setting, metric.name, runs, values, verdict)


def _tail_gain(run: RunResult, epochs: int) -> float | None:
    """How much the test accuracy rose over the last tenth of the epochs, at least one."""
    curve_t, tail = run.history.test_accuracy_t, max(1, epochs // TAIL_PARTS)
    if run.diverged_at or len(curve_t) <= tail:
        return None
    return round(metrics.exact(curve_t[-1]) - metrics.exact(curve_t[-1 - tail]), _PLACES) + 0.0


def _memory_gap(run: RunResult) -> float | None:
    """How far the train accuracy of the last epoch lies above the test accuracy."""
    train, test = metrics.last_value(run.history.train_accuracy_t), metrics.last_value(run.history.test_accuracy_t)
    return None if run.diverged_at or train is None or test is None else round(train - test, _PLACES) + 0.0


def _mean_claim(
    group: str, setting: Setting, metric: str, runs: Runs, values: Sequence[float | None], margin: float
) -> Claim:
    """The claim that a number of each run is, on average over the seeds, above a margin."""
    interval = student_interval([value for value in values if value is not None])
    claim = _trait(group, setting, metric, runs, values, decide_above(interval, margin))
    return replace(claim, margin=margin, n=sum(value is not None for value in values), interval=interval)


def _unfinished(results: Results, setting: Setting) -> Claim:
    """`own-unfinished`: over the last tenth of the epochs the test accuracy still rose by more than 0.2 points."""
    runs = results.of(setting)
    values = [_tail_gain(run, setting.epochs) for run in runs]
    return _mean_claim("own-unfinished", setting, "tail_gain", runs, values, ACCURACY_MARGIN)


def _memorises(results: Results, setting: Setting) -> Claim:
    """`own-memorises`: in the last epoch the train accuracy lies above the test accuracy by more than one point."""
    runs = results.of(setting)
    return _mean_claim("own-memorises", setting, "memory_gap", runs, [_memory_gap(run) for run in runs], MEMORY_MARGIN)


def _roughest(results: Results, study: Study) -> Iterator[Claim]:
    """`own-roughest`: the setting with the largest mean swing swings more than the one with the smallest, margin 0.

    Both were picked by looking at the results, which favours 'holds'. Absent when fewer than two settings have a swing.
    """
    means = [(spread(SWING.of(run) for run in results.of(setting)).mean, setting) for setting in study.settings]
    known = [(mean, setting) for mean, setting in means if mean is not None]
    if len(known) <= 1:
        return
    roughest = max(known, key=lambda item: item[0])[1]
    calmest = min(reversed(known), key=lambda item: item[0])[1]
    comparison = compare(results.of(roughest), results.of(calmest), SWING)
    claim = comparison_claim("own-roughest", roughest, comparison, margin=0.0, claim_id=f"own-roughest/{study.id}")
    yield replace(claim, numbers={**claim.numbers, "calmest": [calmest.text]})


def _best_on_edge(results: Results, study: Study) -> Iterator[Claim]:
    """`own-best-on-edge`: the value that ends best is the smallest or the largest of those that were tried.

    Holds when that is so in every seed, fails when in none, and cannot be told else or with fewer than two seeds. A
    seed whose best is shared by an outer and an inner value does not count, nor one in which a setting diverged.
    Asked of studies that vary one number over three or more values.
    """
    if len(study.varied_keys) != 1 or len(study.settings) < _FEWEST_FOR_AN_INSIDE:
        return
    numbers = [setting.varied[0][1] for setting in study.settings]
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        return
    order = sorted(range(len(numbers)), key=lambda index: float(str(numbers[index])))
    outer = {order[0], order[-1]}
    values: list[float | str | None] = []
    for runs in zip(*(results.of(setting) for setting in study.settings), strict=True):
        ends = [LAST_TEST_ACCURACY.of(run) for run in runs]
        known = [end for end in ends if end is not None]
        best = {index for index, end in enumerate(ends) if end is not None and end == max(known)}
        is_clear = len(known) == len(ends) and (best <= outer or not best & outer)
        values.append(study.settings[min(best)].text if is_clear else None)
    texts = {study.settings[index].text for index in outer}
    answers = [value in texts for value in values if value is not None]
    yield Claim(
        id=f"own-best-on-edge/{study.id}",
        group="own-best-on-edge",
        study=study.id,
        setting=None,
        metric="best_setting",
        margin=0.0,
        n=len(answers),
        n_diverged=count_diverged(*(results.of(setting) for setting in study.settings)),
        verdict=decide_every(answers) if len(answers) >= FEWEST_SEEDS else Verdict.CANNOT_TELL,
        numbers={"values": values},
    )


def _decay_spent(results: Results, setting: Setting) -> Claim:
    """`own-decay-spent`: by the end the decay has left less than a hundredth of the rate at the start.

    Holds when that is so in every seed, fails when in none, and cannot be told else. The schedule knows no chance, so
    one seed tells. Seeds that diverged are left out.
    """
    runs = results.of(setting)
    rates = [None if run.diverged_at else metrics.last_value(run.history.learning_rate_t) for run in runs]
    shares = [None if rate is None else rate / setting.spec.rate for rate in rates]
    known = [share for share in shares if share is not None and math.isfinite(share)]
    verdict = decide_every([share < SPENT_SHARE for share in known])
    return _trait("own-decay-spent", setting, "rate_share", runs, shares, verdict)
