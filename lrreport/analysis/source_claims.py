"""The claims of the source article, each decided by our own results, and the same questions where it left them open.

A claim is made only when the article has its study with the settings it speaks of, and the runs it is held against;
otherwise it is absent, not undecided. The intervals are Student's 95 % intervals, one a comparison, with no
correction for the number of claims: the article names that among its limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lrreport.analysis.claim_forms import (
    below_each_claim,
    claims_against,
    comparison_claim,
    differs_claim,
    find_setting,
    runs_of,
    runs_of_spec,
    threshold_claim,
)
from lrreport.analysis.comparisons import (
    ACCURACY_MARGIN,
    EPOCHS_TO_95,
    FIRST_TEST_ACCURACY,
    LAST_TEST_ACCURACY,
    SWING,
    compare,
    decide_sooner,
)
from lrreport.analysis.verdicts import Claim
from lrreport.results import Results

HIGH_RATES: Final = ("1", "0.1", "0.01", "0.001")
LOW_RATES: Final = ("0.0001", "1e-05", "1e-06", "1e-07")
MOMENTA: Final = ("0.5", "0.9", "0.99")
DECAYS: Final = ("0.1", "0.01", "0.001", "0.0001")
PATIENCES: Final = ("2", "5", "10", "15")
PLATEAU_STUDIES: Final = ("plateau", "plateau-fast")
ADAPTIVE: Final = ("rmsprop", "adagrad", "adam")
#: The source has neither this study nor this claim: it compares the optimizers and states nothing.
OUR_STUDY: Final = "plateau-fast"
OUR_GROUP: Final = "adaptive-beats-sgd"


def decide_source_claims(results: Results) -> Iterator[Claim]:
    """Every claim of the source that these results can speak about, in the order of the source.

    Among them stand the eight that we ask by ourselves in the same words: `whose` tells them apart.
    """
    for claim in _decide_all(results):
        is_ours = claim.study == OUR_STUDY or claim.group == OUR_GROUP
        yield replace(claim, whose="ours" if is_ours else "source")


def _decide_all(results: Results) -> Iterator[Claim]:
    yield from _lr_above_80(results)
    yield from _lr_rest_low(results)
    yield from _lr_slow_start(results)
    yield from _momentum_faster(results)
    yield from _momentum_damps(results)
    yield from _decay_damps(results)
    yield from _decay_accurate(results)
    yield from _decay_slow(results)
    yield from _plateau_helps(results)
    yield from _patience_matters(results)
    yield from _adaptive_beats_sgd(results)


def _lr_above_80(results: Results) -> Iterator[Claim]:
    """`lr-above-80`: each of the four largest rates ends above 80 % in every seed."""
    for text in HIGH_RATES:
        if setting := find_setting(results, "learning-rate", text):
            yield threshold_claim("lr-above-80", results, setting, 0.80)


def _lr_rest_low(results: Results) -> Iterator[Claim]:
    """`lr-rest-low`: each of the four smallest rates ends below each of the four largest, by more than 0.2 points."""
    others = runs_of(results, "learning-rate", HIGH_RATES)
    if len(others) < len(HIGH_RATES):
        return
    for text in LOW_RATES:
        if setting := find_setting(results, "learning-rate", text):
            yield below_each_claim("lr-rest-low", results, setting, others, claim_id=f"lr-rest-low/{text}")


def _lr_slow_start(results: Results) -> Iterator[Claim]:
    """`lr-slow-start`: after epoch 1 the rate 0.001 is below 0.01, by more than 0.2 points of test accuracy."""
    setting = find_setting(results, "learning-rate", "0.001")
    other = find_setting(results, "learning-rate", "0.01")
    if setting and other:
        yield comparison_claim(
            "lr-slow-start",
            setting,
            compare(results.of(setting), results.of(other), FIRST_TEST_ACCURACY, lower=True),
            margin=ACCURACY_MARGIN,
            claim_id="lr-slow-start",
        )


def _momentum_faster(results: Results) -> Iterator[Claim]:
    """`momentum-faster`: fewer epochs to 95 % test accuracy than with momentum 0, by any number of epochs.

    Epochs are whole numbers, so the margin is 0. A run that never gets to 95 % is later than any that does, by an
    unknown number of epochs: see `decide_sooner`. Where that happens the verdict rests on signs, and there is no
    interval: one over the other seeds alone would leave out the largest differences. n counts the seeds in which at
    least one of the two gets there.
    """
    base = find_setting(results, "momentum", "0")
    for text in MOMENTA:
        setting = find_setting(results, "momentum", text)
        if not setting or not base:
            continue
        comparison = compare(results.of(setting), results.of(base), EPOCHS_TO_95, lower=True)
        finished = [
            (EPOCHS_TO_95.of(ours), EPOCHS_TO_95.of(theirs))
            for ours, theirs in zip(results.of(setting), results.of(base), strict=True)
            if not ours.diverged_at and not theirs.diverged_at
        ]
        claim = comparison_claim("momentum-faster", setting, comparison, margin=0.0)
        has_open_end = any(None in pair and pair != (None, None) for pair in finished)
        yield replace(
            claim,
            interval=None if has_open_end else comparison.interval,
            n=sum(pair != (None, None) for pair in finished),
            verdict=decide_sooner(
                [ours for ours, _ in finished], [theirs for _, theirs in finished], comparison.interval
            ),
            numbers={
                **claim.numbers,
                "reached": sum(value is not None for value in comparison.values),
                "reference_reached": sum(value is not None for value in comparison.reference),
            },
        )


def _momentum_damps(results: Results) -> Iterator[Claim]:
    """`momentum-damps`: a smaller swing than with momentum 0.

    The margin is 0. A swing is a mean over many epochs, far finer than a single accuracy, and can itself be smaller
    than 0.2 points: with that margin nothing could be shown to damp it, whatever was measured.
    """
    base = find_setting(results, "momentum", "0")
    found = [setting for text in MOMENTA if (setting := find_setting(results, "momentum", text))]
    pairs = [(setting, results.of(base)) for setting in found] if base else []
    yield from claims_against(results, "momentum-damps", pairs, SWING, margin=0.0, lower=True)


def _decay_damps(results: Results) -> Iterator[Claim]:
    """`decay-damps`: a smaller swing than the same run without decay; margin 0, as for `momentum-damps`."""
    found = [setting for text in DECAYS if (setting := find_setting(results, "decay", text))]
    pairs = [
        (setting, runs)
        for setting in found
        if (runs := runs_of_spec(results, setting, replace(setting.spec, decay=0.0)))
    ]
    yield from claims_against(results, "decay-damps", pairs, SWING, margin=0.0, lower=True)


def _decay_accurate(results: Results) -> Iterator[Claim]:
    """`decay-accurate`: each decay ends above 90 % test accuracy in every seed."""
    for text in DECAYS:
        if setting := find_setting(results, "decay", text):
            yield threshold_claim("decay-accurate", results, setting, 0.90)


def _decay_slow(results: Results) -> Iterator[Claim]:
    """`decay-0.1-slow`: decay 0.1 ends lowest of the four: below each of the others by more than 0.2 points."""
    others = runs_of(results, "decay", DECAYS[1:])
    setting = find_setting(results, "decay", DECAYS[0])
    if setting and len(others) == len(DECAYS) - 1:
        yield below_each_claim("decay-0.1-slow", results, setting, others, claim_id="decay-0.1-slow")


def _plateau_helps(results: Results) -> Iterator[Claim]:
    """`plateau-helps`: last test accuracy above that of the same run without the callback, by more than 0.2 points.

    A callback that never fires leaves the run as it is, bit for bit: the differences are 0 and the claim fails.
    """
    for study_id in PLATEAU_STUDIES:
        found = [setting for text in PATIENCES if (setting := find_setting(results, study_id, text))]
        pairs = [
            (setting, runs)
            for setting in found
            if (runs := runs_of_spec(results, setting, replace(setting.spec, plateau=None)))
        ]
        claims = claims_against(results, "plateau-helps", pairs, LAST_TEST_ACCURACY, margin=ACCURACY_MARGIN)
        for claim in claims:
            yield replace(claim, id=f"plateau-helps/{study_id}/{claim.setting}")


def _patience_matters(results: Results) -> Iterator[Claim]:
    """`patience-matters`: the last test accuracy differs between patiences, any two of them: see `differs_claim`."""
    for study_id in PLATEAU_STUDIES:
        by_text = runs_of(results, study_id, PATIENCES)
        if len(by_text) == len(PATIENCES):
            yield differs_claim(f"patience-matters/{study_id}", "patience-matters", study_id, by_text)


def _adaptive_beats_sgd(results: Results) -> Iterator[Claim]:
    """`adaptive-beats-sgd`: last test accuracy above SGD's by more than 0.2 points, each at its defaults.

    A question of our own: the source only compares the optimizers.
    """
    base = find_setting(results, "optimizers", "sgd")
    found = [setting for text in ADAPTIVE if (setting := find_setting(results, "optimizers", text))]
    pairs = [(setting, results.of(base)) for setting in found] if base else []
    yield from claims_against(results, "adaptive-beats-sgd", pairs, LAST_TEST_ACCURACY, margin=ACCURACY_MARGIN)
