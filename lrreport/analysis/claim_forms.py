"""The forms that claims take: one setting against another, against several, against a threshold."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from lrreport.analysis.comparisons import (
    ACCURACY_MARGIN,
    LAST_TEST_ACCURACY,
    Comparison,
    Metric,
    Runs,
    compare,
    count_diverged,
    decide_above,
    decide_differs,
)
from lrreport.analysis.intervals import FEWEST_SEEDS
from lrreport.analysis.verdicts import Claim, Evidence, Verdict, join_verdicts
from lrreport.keys import run_key
from lrreport.results import Results
from lrreport.spec import RunSpec, Setting


def find_setting(results: Results, study_id: str, text: str) -> Setting | None:
    """The setting of that study and text, or None when the article does not have it."""
    study = results.study(study_id)
    return next((setting for setting in study.settings if setting.text == text), None) if study else None


def runs_of(results: Results, study_id: str, texts: Sequence[str]) -> dict[str, Runs]:
    """The runs of those of the settings that the article has, by text."""
    found = {text: find_setting(results, study_id, text) for text in texts}
    return {text: results.of(setting) for text, setting in found.items() if setting is not None}


def runs_of_spec(results: Results, setting: Setting, spec: RunSpec) -> Runs | None:
    """The runs that a setting would have with another spec, whichever study they were trained for.

    None when a seed lacks its run, or has it with fewer epochs than the setting.
    """
    other = replace(setting, spec=spec)
    if any(run_key(other.run(seed)) not in results.runs for seed in results.seeds):
        return None
    runs = results.of(other)
    return runs if all(run.diverged_at or len(run.history) == setting.epochs for run in runs) else None


def comparison_claim(
    group: str, setting: Setting, comparison: Comparison, *, margin: float, claim_id: str | None = None
) -> Claim:
    """The claim that one setting is beyond another by more than a margin, seed by seed."""
    return Claim(
        id=claim_id or f"{group}/{setting.text}",
        group=group,
        study=setting.study_id,
        setting=setting.text,
        metric=comparison.metric,
        margin=margin,
        n=comparison.n,
        n_diverged=comparison.n_diverged,
        verdict=decide_above(comparison.interval, margin),
        interval=comparison.interval,
        numbers={
            "values": list(comparison.values),
            "reference": list(comparison.reference),
            "differences": list(comparison.differences),
        },
    )


def threshold_claim(group: str, results: Results, setting: Setting, threshold: float) -> Claim:
    """The claim that the last test accuracy is above a threshold in every seed.

    It is about each seed and not about a mean, so there is neither interval nor margin. A seed that diverged did not
    end above the threshold: it makes the claim fail. One seed never tells, whatever its value.
    """
    runs = results.of(setting)
    values = [LAST_TEST_ACCURACY.of(run) for run in runs]
    is_above = all(value is not None and value > threshold for value in values)
    verdict = Verdict.HOLDS if is_above else Verdict.FAILS
    return Claim(
        id=f"{group}/{setting.text}",
        group=group,
        study=setting.study_id,
        setting=setting.text,
        metric=LAST_TEST_ACCURACY.name,
        margin=0.0,
        n=sum(value is not None for value in values),
        n_diverged=count_diverged(runs),
        verdict=verdict if len(runs) >= FEWEST_SEEDS else Verdict.CANNOT_TELL,
        numbers={
            "threshold": threshold,
            "values": [*values],
            "above": sum(v is not None and v > threshold for v in values),
        },
    )


def below_each_claim(
    group: str, results: Results, setting: Setting, others: Mapping[str, Runs], *, claim_id: str
) -> Claim:
    """The claim that the last test accuracy is below that of each of several settings, as one joint verdict.

    Of the comparisons that have the joint verdict, n and interval are those of the one with the lowest interval.
    """
    runs = results.of(setting)
    comparisons = [compare(runs, other, LAST_TEST_ACCURACY, lower=True) for other in others.values()]
    intervals = [comparison.interval for comparison in comparisons]
    verdicts = [decide_above(interval, ACCURACY_MARGIN) for interval in intervals]
    verdict = join_verdicts(verdicts)
    deciding = [interval for interval, found in zip(intervals, verdicts, strict=True) if interval and found is verdict]
    lowest = min(deciding, key=lambda interval: interval.low, default=None)
    numbers: dict[str, Evidence] = {
        "values": list(comparisons[0].values),
        "against": list(others),
        "against_mean": [interval.mean if interval else None for interval in intervals],
        "against_low": [interval.low if interval else None for interval in intervals],
        "against_high": [interval.high if interval else None for interval in intervals],
    }
    return Claim(
        id=claim_id,
        group=group,
        study=setting.study_id,
        setting=setting.text,
        metric=LAST_TEST_ACCURACY.name,
        margin=ACCURACY_MARGIN,
        n=lowest.n if lowest else min(comparison.n for comparison in comparisons),
        n_diverged=count_diverged(runs, *others.values()),
        verdict=verdict,
        interval=lowest,
        numbers=numbers,
    )


def claims_against(
    results: Results,
    group: str,
    pairs: Sequence[tuple[Setting, Runs]],
    metric: Metric,
    *,
    margin: float,
    lower: bool = False,
) -> Iterator[Claim]:
    """A claim for each setting, held against the runs beside it."""
    for setting, other in pairs:
        comparison = compare(results.of(setting), other, metric, lower=lower)
        yield comparison_claim(group, setting, comparison, margin=margin)


def differs_claim(claim_id: str, group: str, study_id: str, by_text: Mapping[str, Runs]) -> Claim:
    """The claim that the last test accuracy differs between settings, by more than 0.2 points either way.

    All pairs are compared. It holds when any pair differs, fails when no pair does (every interval within the
    margin), and cannot be told else. Of the pairs that have the verdict, n and interval are those of the pair with the
    largest mean difference, named in `numbers` (the first less the second).
    """
    pairs = list(itertools.combinations(by_text, 2))
    comparisons = [compare(by_text[one], by_text[other], LAST_TEST_ACCURACY) for one, other in pairs]
    verdicts = [decide_differs(comparison.interval, ACCURACY_MARGIN) for comparison in comparisons]
    if Verdict.HOLDS in verdicts:
        verdict = Verdict.HOLDS
    else:
        verdict = Verdict.FAILS if set(verdicts) == {Verdict.FAILS} else Verdict.CANNOT_TELL
    deciding = [
        (item.interval, pair)
        for item, pair, found in zip(comparisons, pairs, verdicts, strict=True)
        if item.interval and found is verdict
    ]
    widest = max(deciding, key=lambda item: abs(item[0].mean), default=None)
    numbers: dict[str, Evidence] = {
        text: [LAST_TEST_ACCURACY.of(run) for run in runs] for text, runs in by_text.items()
    }
    if widest:
        numbers["pair"] = [*widest[1]]
    return Claim(
        id=claim_id,
        group=group,
        study=study_id,
        setting=None,
        metric=LAST_TEST_ACCURACY.name,
        margin=ACCURACY_MARGIN,
        n=widest[0].n if widest else min(comparison.n for comparison in comparisons),
        n_diverged=count_diverged(*by_text.values()),
        verdict=verdict,
        interval=widest[0] if widest else None,
        numbers=numbers,
    )
