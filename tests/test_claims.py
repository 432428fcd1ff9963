"""Claims: every group turned to every verdict by made-up results, intervals against known quantiles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrreport.analysis.claims import Claim, Verdict, decide_claims, join_verdicts, joint
from lrreport.analysis.comparisons import decide_above, decide_differs, decide_sooner
from lrreport.analysis.intervals import Interval, student_interval, student_quantile
from lrreport.errors import LrreportError
from lrreport.keys import run_key
from lrreport.results import Curve, History, Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up

HOLDS, FAILS, CANNOT_TELL = Verdict.HOLDS, Verdict.FAILS, Verdict.CANNOT_TELL
#: The fewest epochs, an even number, whose last half has the seven that a swing needs.
EPOCHS = 14
STUDIES = load_built_in_studies({"epochs": EPOCHS})
PLAIN = "learning-rate/0.01"  # which is momentum/0 and optimizers/sgd too, and a new order of images in every epoch

#: What a setting's seeds give: a number stands for a flat curve; a curve shorter than EPOCHS diverged.
Seeds: TypeAlias = Sequence[float | Sequence[float]]
World: TypeAlias = Mapping[str, Mapping[str, Seeds]]


def make_results(world: World, *, seeds: Sequence[int] = (1, 2, 3), studies: Sequence[Study] = STUDIES) -> Results:
    """Results with the given test accuracies, losses and rates, by 'study/setting'.

    Where nothing is given the accuracy is 0.97 throughout, the loss falls to the end and the rate stays.
    """
    by_key: dict[str, dict[str, Seeds]] = {}
    for curve, settings in world.items():
        for name, values in settings.items():
            study_id, text = name.split("/")
            (study,) = (study for study in STUDIES if study.id == study_id)
            by_key.setdefault(run_key(study.setting(text).run(1)), {})[curve] = values

    def history(spec: RunSpec, epochs: int) -> History:
        given_curves = by_key.get(run_key(replace(spec, seed=1)), {})

        def take(curve: str, default: Sequence[float]) -> Curve:
            value = given_curves[curve][spec.seed - 1] if curve in given_curves else default
            return np.array([value] * epochs if isinstance(value, float) else value, np.float32)

        accuracy = take("accuracy", [0.97] * epochs)
        loss = take("loss", [1 / epoch for epoch in range(1, epochs + 1)])
        rate = take("rate", [spec.rate] * epochs)
        train = take("train", [float(value) for value in accuracy])
        length = min(len(accuracy), len(loss), len(rate), len(train))
        return History(*(curve[:length] for curve in (rate, loss, train, loss, accuracy)))

    return made_up.results(studies, seeds=seeds, make_history=history)


def decide(world: World, *, seeds: Sequence[int] = (1, 2, 3), studies: Sequence[Study] = STUDIES) -> dict[str, Claim]:
    """All claims about such results, by id."""
    return {claim.id: claim for claim in decide_claims(make_results(world, seeds=seeds, studies=studies))}


def swings(size: float) -> list[float]:
    """A curve that jumps up and down over its last half; its swing is 0.46657 of that size."""
    return [0.9] * (EPOCHS // 2) + [0.5 + size * (number % 2 == 0) for number in range(EPOCHS // 2)]


def gains(size: float) -> list[float]:
    """A curve that is level until its last epoch, in which it rises."""
    return [0.5] * (EPOCHS - 1) + [0.5 + size]


def reaches(epoch: int | None) -> list[float]:
    """A curve that gets to 95 % in that epoch, or never."""
    return [0.96 if epoch is not None and number >= epoch else 0.9 for number in range(1, EPOCHS + 1)]


def begins(first: float) -> list[float]:
    """A curve that is at 97 % from its second epoch on."""
    return [first] + [0.97] * (EPOCHS - 1)


LOW = (0.10, 0.11, 0.12)
MIXED = (0.95, 0.97, 0.99)  # against 0.97: on average no difference, and a wide spread
ABOVE = (0.981, 0.980, 0.982)
CALM = [swings(0.01), swings(0.011), swings(0.009)]
WILD = [swings(0.1), swings(0.11), swings(0.09)]
UNSTEADY = [swings(0.0), swings(0.1), swings(0.2)]
MIDDLING = [swings(0.1)] * 3
EARLY = [reaches(1), reaches(1), reaches(1)]
LATE = [reaches(3), reaches(4), reaches(3)]
NEVER = [reaches(None)] * 3
CUT = [0.1] * 7 + [0.01] * 7
KEPT = [0.1] * EPOCHS
RISES = [0.4, 0.2] + [0.3] * (EPOCHS - 2)
FALLS = [1 / epoch for epoch in range(1, EPOCHS + 1)]
FIRST_LOW = [begins(0.80), begins(0.81), begins(0.79)]
FIRST_MIXED = [begins(0.87), begins(0.97), begins(0.99)]
LOSSY = (0.5, 0.6, 0.7)  # against 1/8 to 1/14 over the last half

CASES: list[tuple[str, Verdict, World]] = [
    # Each rate ends above 80 % in every seed: a value of exactly 80 % is not above.
    ("lr-above-80/1", HOLDS, {"accuracy": {"learning-rate/1": (0.8001, 0.9, 0.95)}}),
    ("lr-above-80/1", FAILS, {"accuracy": {"learning-rate/1": (0.80, 0.9, 0.95)}}),
    ("lr-above-80/0.1", FAILS, {"accuracy": {"learning-rate/0.1": (0.79, 0.7, 0.6)}}),
    ("lr-above-80/0.01", FAILS, {"accuracy": {PLAIN: (0.97, [0.97, 0.97], 0.97)}}),  # one diverged
    ("lr-above-80/0.001", HOLDS, {}),
    # The small rates end below each of the four large ones.
    ("lr-rest-low/0.0001", HOLDS, {"accuracy": {"learning-rate/0.0001": LOW}}),
    ("lr-rest-low/1e-05", FAILS, {}),
    ("lr-rest-low/1e-06", CANNOT_TELL, {"accuracy": {"learning-rate/1e-06": MIXED}}),
    (
        "lr-rest-low/1e-07",  # below three of the four, and not below the last: the joint verdict is that of the last
        FAILS,
        {"accuracy": {"learning-rate/1e-07": LOW, "learning-rate/1": (0.01, 0.02, 0.03)}},
    ),
    (
        "lr-rest-low/1e-07",
        CANNOT_TELL,
        {"accuracy": {"learning-rate/1e-07": LOW, "learning-rate/1": (0.01, 0.11, 0.99)}},
    ),
    # After epoch 1, 0.001 is behind 0.01; where they end is another matter.
    ("lr-slow-start", HOLDS, {"accuracy": {"learning-rate/0.001": FIRST_LOW}}),
    ("lr-slow-start", FAILS, {"accuracy": {"learning-rate/0.001": [[0.97] + [0.1] * (EPOCHS - 1)] * 3}}),
    ("lr-slow-start", CANNOT_TELL, {"accuracy": {"learning-rate/0.001": FIRST_MIXED}}),
    # Fewer epochs to 95 %.
    ("momentum-faster/0.5", HOLDS, {"accuracy": {PLAIN: LATE, "momentum/0.5": EARLY}}),
    ("momentum-faster/0.9", FAILS, {"accuracy": {PLAIN: EARLY, "momentum/0.9": LATE}}),
    ("momentum-faster/0.9", FAILS, {}),  # the same epoch in every seed
    (
        "momentum-faster/0.9",
        CANNOT_TELL,
        {"accuracy": {PLAIN: [reaches(2)] * 3, "momentum/0.9": [reaches(1), reaches(2), reaches(3)]}},
    ),
    ("momentum-faster/0.99", CANNOT_TELL, {"accuracy": {PLAIN: NEVER, "momentum/0.99": NEVER}}),
    ("momentum-faster/0.99", HOLDS, {"accuracy": {PLAIN: NEVER, "momentum/0.99": LATE}}),
    ("momentum-faster/0.99", FAILS, {"accuracy": {PLAIN: LATE, "momentum/0.99": NEVER}}),
    (
        "momentum-faster/0.99",
        HOLDS,
        {"accuracy": {PLAIN: [reaches(2), reaches(4), reaches(None)], "momentum/0.99": EARLY}},
    ),
    (
        "momentum-faster/0.99",
        CANNOT_TELL,
        {"accuracy": {PLAIN: [reaches(2), reaches(None), reaches(2)], "momentum/0.99": [*EARLY[:2], reaches(None)]}},
    ),
    # A smaller swing.
    ("momentum-damps/0.5", HOLDS, {"accuracy": {PLAIN: MIDDLING, "momentum/0.5": CALM}}),
    ("momentum-damps/0.9", FAILS, {"accuracy": {PLAIN: CALM, "momentum/0.9": WILD}}),
    ("momentum-damps/0.99", CANNOT_TELL, {"accuracy": {PLAIN: MIDDLING, "momentum/0.99": UNSTEADY}}),
    ("decay-damps/0.1", HOLDS, {"accuracy": {PLAIN: MIDDLING, "decay/0.1": CALM}}),
    ("decay-damps/0.01", FAILS, {"accuracy": {PLAIN: CALM, "decay/0.01": WILD}}),
    ("decay-damps/0.001", CANNOT_TELL, {"accuracy": {PLAIN: MIDDLING, "decay/0.001": UNSTEADY}}),
    ("decay-damps/0.0001", FAILS, {}),
    ("decay-accurate/0.0001", HOLDS, {}),
    ("decay-accurate/0.001", FAILS, {"accuracy": {"decay/0.001": (0.90, 0.95, 0.95)}}),
    # Decay 0.1 ends lowest of the four.
    ("decay-0.1-slow", HOLDS, {"accuracy": {"decay/0.1": LOW}}),
    ("decay-0.1-slow", FAILS, {"accuracy": {"decay/0.1": LOW, "decay/0.001": (0.05, 0.06, 0.07)}}),
    ("decay-0.1-slow", CANNOT_TELL, {"accuracy": {"decay/0.1": MIXED}}),
    # The callback helps; patience matters. Each study has its own reference.
    ("plateau-helps/plateau/2", HOLDS, {"accuracy": {"plateau/2": ABOVE}}),
    ("plateau-helps/plateau/5", FAILS, {}),
    ("plateau-helps/plateau/10", CANNOT_TELL, {"accuracy": {"plateau/10": MIXED}}),
    ("plateau-helps/plateau-fast/2", HOLDS, {"accuracy": {"plateau-fast/2": ABOVE}}),
    ("plateau-helps/plateau-fast/15", FAILS, {"accuracy": {"learning-rate/0.1": ABOVE}}),
    ("plateau-helps/plateau-fast/5", CANNOT_TELL, {"accuracy": {"plateau-fast/5": MIXED}}),
    ("patience-matters/plateau", HOLDS, {"accuracy": {"plateau/2": ABOVE}}),
    ("patience-matters/plateau", HOLDS, {"accuracy": {"plateau/15": ABOVE}}),  # in either direction
    ("patience-matters/plateau", FAILS, {"accuracy": {"plateau/10": (0.971, 0.9712, 0.9711)}}),  # within the margin
    ("patience-matters/plateau-fast", FAILS, {}),
    ("patience-matters/plateau-fast", CANNOT_TELL, {"accuracy": {"plateau-fast/5": MIXED}}),
    # Adaptive optimizers against SGD.
    ("adaptive-beats-sgd/rmsprop", HOLDS, {"accuracy": {"optimizers/rmsprop": ABOVE}}),
    ("adaptive-beats-sgd/adagrad", FAILS, {"accuracy": {"optimizers/adagrad": (0.93, 0.94, 0.92)}}),
    ("adaptive-beats-sgd/adagrad", FAILS, {"accuracy": {"optimizers/adagrad": (0.9711, 0.9712, 0.9713)}}),  # too little
    ("adaptive-beats-sgd/adam", CANNOT_TELL, {"accuracy": {"optimizers/adam": MIXED}}),
    # Facts of our own.
    ("own-plateau-fired/plateau-fast/2", HOLDS, {"rate": {"plateau-fast/2": [CUT] * 3}}),
    ("own-plateau-fired/plateau/2", FAILS, {}),
    ("own-plateau-fired/plateau-fast/5", CANNOT_TELL, {"rate": {"plateau-fast/5": [CUT, KEPT, CUT]}}),
    ("own-overfits/learning-rate/0.1", HOLDS, {"loss": {"learning-rate/0.1": [RISES] * 3}}),
    ("own-overfits/momentum/0.9", FAILS, {}),
    ("own-overfits/optimizers/adam", CANNOT_TELL, {"loss": {"optimizers/adam": [RISES, FALLS, RISES]}}),
    ("own-reaches-95/momentum/0.9", HOLDS, {}),
    ("own-reaches-95/learning-rate/0.001", FAILS, {"accuracy": {"learning-rate/0.001": NEVER}}),
    ("own-reaches-95/decay/0.1", CANNOT_TELL, {"accuracy": {"decay/0.1": [*EARLY[:2], reaches(None)]}}),
    ("own-reaches-97/optimizers/adam", HOLDS, {}),  # exactly 97 % is there
    ("own-reaches-97/momentum/0.9", FAILS, {"accuracy": {"momentum/0.9": EARLY}}),
    ("own-reaches-97/optimizers/adam", CANNOT_TELL, {"accuracy": {"optimizers/adam": (0.96, 0.97, 0.98)}}),
    # The last tenth of 14 epochs is one epoch.
    (
        "own-unfinished/learning-rate/0.001",
        HOLDS,
        {"accuracy": {"learning-rate/0.001": [*map(gains, (0.01, 0.011, 0.009))]}},
    ),
    ("own-unfinished/learning-rate/0.001", FAILS, {}),
    ("own-unfinished/decay/0.1", CANNOT_TELL, {"accuracy": {"decay/0.1": [*map(gains, (0.0, 0.1, 0.2))]}}),
    ("own-memorises/momentum/0.9", HOLDS, {"train": {"momentum/0.9": (0.99, 0.991, 0.992)}}),
    ("own-memorises/momentum/0.9", FAILS, {"train": {"momentum/0.9": (0.98, 0.98, 0.98)}}),  # one point is not more
    ("own-memorises/optimizers/adam", CANNOT_TELL, {"train": {"optimizers/adam": (0.97, 0.98, 0.999)}}),
    ("own-roughest/decay", HOLDS, {"accuracy": {"decay/0.01": WILD}}),
    ("own-roughest/momentum", FAILS, {}),
    ("own-roughest/momentum", CANNOT_TELL, {"accuracy": {"momentum/0.9": UNSTEADY}}),
    ("own-best-on-edge/decay", HOLDS, {"accuracy": {"decay/0.0001": ABOVE}}),
    ("own-best-on-edge/learning-rate", HOLDS, {"accuracy": {"learning-rate/1": ABOVE}}),
    ("own-best-on-edge/momentum", FAILS, {"accuracy": {"momentum/0.9": ABOVE}}),
    ("own-best-on-edge/plateau", CANNOT_TELL, {}),  # all alike: inner and outer values share the first place
    ("own-best-on-edge/decay", CANNOT_TELL, {"accuracy": {"decay/0.1": (0.99, 0.9, 0.9), "decay/0.01": ABOVE}}),
    ("own-decay-spent/decay/0.1", HOLDS, {"rate": {"decay/0.1": [[0.01] * (EPOCHS - 1) + [0.00009]] * 3}}),
    ("own-decay-spent/decay/0.1", FAILS, {}),
    ("own-decay-spent/decay/0.1", CANNOT_TELL, {"accuracy": {"decay/0.1": ([0.5],) * 3}}),  # all diverged
    ("own-jumps", HOLDS, {"accuracy": {"learning-rate/1": WILD}}),
    ("own-jumps", FAILS, {}),
    ("own-jumps", CANNOT_TELL, {"accuracy": {"learning-rate/1": UNSTEADY, PLAIN: MIDDLING}}),
    ("own-effective-rate/0.9", HOLDS, {}),
    ("own-effective-rate/0.9", FAILS, {"accuracy": {"learning-rate/0.1": [reaches(4)] * 3, "momentum/0.9": EARLY}}),
    ("own-effective-rate/0.99", FAILS, {"accuracy": {"learning-rate/1": NEVER, "momentum/0.99": EARLY}}),
    ("own-effective-rate/0.99", CANNOT_TELL, {"accuracy": {"learning-rate/1": NEVER, "momentum/0.99": NEVER}}),
    (
        "own-effective-rate/0.9",
        CANNOT_TELL,
        {"accuracy": {"learning-rate/0.1": [*EARLY[:2], reaches(None)], "momentum/0.9": EARLY}},
    ),
    # A decay against the constant rate that had covered as much ground: within half a point either way.
    ("own-ground/0.1", HOLDS, {}),
    ("own-ground/0.01", HOLDS, {"accuracy": {"decay/0.01": (0.9745, 0.9746, 0.9744)}}),
    ("own-ground/0.01", HOLDS, {"accuracy": {"decay/0.01": (0.9655, 0.9656, 0.9654)}}),
    ("own-ground/0.001", FAILS, {"accuracy": {"decay/0.001": (0.98, 0.9801, 0.9799)}}),
    ("own-ground/0.001", FAILS, {"accuracy": {"decay/0.001": (0.96, 0.9601, 0.9599)}}),
    ("own-ground/0.0001", CANNOT_TELL, {"accuracy": {"decay/0.0001": MIXED}}),
    # One order of images against a new one in every epoch: the test loss of the last half.
    ("own-one-order/1", HOLDS, {"loss": {"image-order/learning_rate=1 shuffle=once": LOSSY}}),
    ("own-one-order/momentum", HOLDS, {"loss": {"image-order-momentum/once": LOSSY}}),
    ("own-one-order/0.1", FAILS, {}),  # the same loss: one order is not worse
    ("own-one-order/0.1", FAILS, {"loss": {"image-order/learning_rate=0.1 shuffle=every-epoch": LOSSY}}),
    ("own-one-order/0.01", CANNOT_TELL, {"loss": {"image-order/learning_rate=0.01 shuffle=once": (0.01, 0.1, 0.9)}}),
    ("own-cut-calms/plateau-fast/2", HOLDS, {"accuracy": {"learning-rate/0.1": WILD, "plateau-fast/2": CALM}}),
    ("own-cut-calms/plateau/2", FAILS, {}),
    (
        "own-cut-calms/plateau-fast/5",
        CANNOT_TELL,
        {"accuracy": {"learning-rate/0.1": MIDDLING, "plateau-fast/5": UNSTEADY}},
    ),
    ("own-below-sgd/adagrad", HOLDS, {"accuracy": {"optimizers/adagrad": (0.93, 0.94, 0.92)}}),
    ("own-below-sgd/adagrad", FAILS, {"accuracy": {"optimizers/adagrad": (0.9689, 0.9688, 0.9687)}}),
    ("own-below-sgd/adam", CANNOT_TELL, {"accuracy": {"optimizers/adam": MIXED}}),
    ("own-tuned-sgd", HOLDS, {"accuracy": {"learning-rate/0.1": ABOVE}}),
    ("own-tuned-sgd", FAILS, {}),
    ("own-tuned-sgd", CANNOT_TELL, {"accuracy": {"optimizers/adam": MIXED}}),
    ("own-best-setting", HOLDS, {"accuracy": {"momentum/0.9": ABOVE}}),
    ("own-best-setting", FAILS, {}),  # all the same: none is better
    ("own-best-setting", CANNOT_TELL, {"accuracy": {"momentum/0.9": (0.95, 0.97, 0.995)}}),
    ("own-best-of-study/momentum", HOLDS, {"accuracy": {"momentum/0.9": ABOVE}}),
    ("own-best-of-study/decay", FAILS, {"accuracy": {"momentum/0.9": ABOVE}}),
    ("own-best-of-study/decay", CANNOT_TELL, {"accuracy": {"decay/0.1": (0.95, 0.97, 0.995)}}),
]


@pytest.mark.parametrize(("claim_id", "verdict", "world"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES])
def test_the_verdict_follows_the_results(claim_id: str, verdict: Verdict, world: World) -> None:
    """The same claim holds, fails or cannot be told, as the made-up results have it."""
    assert decide(world)[claim_id].verdict is verdict


def test_every_group_is_turned_to_every_verdict() -> None:
    """No group of claims is without a case for each verdict (thresholds cannot be told only with one seed)."""
    groups = {claim.group for claim in decide({}).values()}
    turned = {(case[0].split("/")[0], case[1]) for case in CASES}
    turned |= {("lr-above-80", CANNOT_TELL), ("decay-accurate", CANNOT_TELL)}  # test_one_seed_never_tells
    turned |= {(case[0].split("/")[0], case[1]) for case in TENTHS}
    assert turned == {(group, verdict) for group in groups for verdict in Verdict}


#: Accuracies of three seeds: of 0.1 after its first epoch of ten, and of 0.01 after all ten.
TENTHS: list[tuple[str, Verdict, Sequence[float], Sequence[float]]] = [
    ("own-tenth/0.01", HOLDS, (0.95, 0.94, 0.93), (0.951, 0.941, 0.931)),
    ("own-tenth/0.01", FAILS, (0.95, 0.94, 0.93), (0.96, 0.951, 0.939)),
    ("own-tenth/0.01", CANNOT_TELL, (0.95, 0.94, 0.93), (0.96, 0.94, 0.92)),
]


@pytest.mark.parametrize(("claim_id", "verdict", "early", "late"), TENTHS, ids=[case[1] for case in TENTHS])
def test_a_tenth_of_the_rate_takes_ten_times_as_long(
    claim_id: str, verdict: Verdict, early: Sequence[float], late: Sequence[float]
) -> None:
    """A rate's last epoch is held against an epoch of the rate ten times larger, either way, within the margin."""

    def history(spec: RunSpec, epochs: int) -> History:
        first = early if spec.rate == 0.1 else late
        curve = np.array([first[spec.seed - 1]] + [late[spec.seed - 1]] * (epochs - 1), np.float32)
        return History(*[curve] * 5)

    studies = [study for study in load_built_in_studies({"epochs": 10}) if study.id == "learning-rate"]
    claims = {claim.id: claim for claim in decide_claims(made_up.results(studies, make_history=history))}
    assert claims[claim_id].verdict is verdict
    assert (claims[claim_id].numbers["larger"], claims[claim_id].numbers["early"]) == (["0.1"], 1)
    assert (claims[claim_id].numbers["values"], claims[claim_id].numbers["reference"]) == ([*late], [*early])
    assert "own-tenth/1" not in claims  # there is no rate 10


@pytest.mark.parametrize(
    ("values", "is_there"),
    [
        ((0.1, 0.1, 0.1), False),
        ((0.1499, 0.15, 0.15), False),
        ((0.15, 0.15, 0.15), True),  # exactly so much is no longer guessing
        ((0.1, 0.1, 0.4), True),  # on average it has left
        ((0.1, [0.9], 0.1), False),  # of those that did not diverge
        (([0.9], [0.9], [0.9]), True),  # none is left: it cannot be told
    ],
)
def test_who_still_guesses_confirms_nothing(values: Seeds, is_there: bool) -> None:
    """A rate whose networks have not left guessing is like any other such rate: there is no claim about it."""
    claims = decide({"accuracy": {"learning-rate/1e-06": values, "learning-rate/1e-05": (0.1, 0.1, 0.1)}})
    assert ("own-tenth/1e-06" in claims) is is_there
    assert "own-tenth/1e-05" not in claims
    assert "own-tenth/0.0001" in claims
    if not isinstance(values[0], float):
        assert claims["own-tenth/1e-06"].verdict is CANNOT_TELL


#: The rate 0.01 over 14 epochs, and decay 0.001 from it: 10 ln(1 + 0.001 * 14 * 1,875), nearly, of 18.75 an epoch.
RAMP = [0.5 + 0.03 * epoch for epoch in range(EPOCHS)]


def test_equal_ground_by_hand() -> None:
    """The constant rate's accuracy is read off between the two epochs in which it passed the decay's ground."""
    near = 0.5 + 0.03 * (math.fsum(0.01 / (1 + 0.001 * t) for t in range(EPOCHS * 1875)) / 18.75 - 1)
    claims = decide({"accuracy": {PLAIN: [RAMP] * 3, "decay/0.001": (near, near + 0.001, near + 0.002)}})
    claim = claims["own-ground/0.001"]
    ground = 10 * math.log1p(0.001 * EPOCHS * 1875)
    assert claim.numbers["ground"] == pytest.approx(ground, abs=0.01)
    assert claim.numbers["constant"] == ["0.01"]
    assert claim.numbers["reference"] == pytest.approx([near] * 3, abs=1e-7)
    assert 0.5 < near < 0.53  # between epochs 1 and 2
    assert claim.numbers["differences"] == pytest.approx([0, 0.001, 0.002], abs=1e-7)
    assert (claim.study, claim.setting, claim.metric, claim.margin) == ("decay", "0.001", "last_test_accuracy", 0.005)
    assert claim.interval is not None
    assert claim.interval.mean == pytest.approx(0.001, abs=1e-7)
    assert (claim.verdict, claim.whose, claim.n) == (HOLDS, "ours", 3)


def test_the_road_of_a_decay_is_the_largest_constant_rate_on_it() -> None:
    """Of the rates no larger than the decay's first that trained for an epoch on that ground, the largest is taken."""
    claims = decide({})
    roads = {claim.setting: claim.numbers["constant"] for claim in claims.values() if claim.group == "own-ground"}
    assert roads == {"0.1": ["0.0001"], "0.01": ["0.001"], "0.001": ["0.01"], "0.0001": ["0.01"]}
    by_id = {study.id: study for study in STUDIES}
    assert not [claim for claim in decide({}, studies=(by_id["decay"],)) if claim.startswith("own-ground")]
    rates = replace(by_id["learning-rate"], settings=by_id["learning-rate"].settings[:2])  # 1 and 0.1: both are larger
    assert not [claim for claim in decide({}, studies=(rates, by_id["decay"])) if claim.startswith("own-ground")]


def test_a_seed_in_which_the_decay_or_its_road_diverged_is_left_out() -> None:
    """It is counted, and no number stands in its place."""
    claims = decide({"accuracy": {PLAIN: ([0.97], 0.97, 0.97), "decay/0.001": (0.97, [0.97], 0.97)}})
    claim = claims["own-ground/0.001"]
    assert (claim.n, claim.n_diverged, claim.verdict) == (1, 2, CANNOT_TELL)
    assert claim.numbers["values"] == [0.97, None, 0.97]
    assert claim.numbers["reference"] == [None, 0.97, 0.97]
    assert claim.numbers["differences"] == [None, None, 0.0]


def test_one_order_by_hand() -> None:
    """The loss of the last half alone is compared, as a mean, seed by seed."""
    half = [9.0] * 7
    world: World = {
        "loss": {
            "image-order/learning_rate=0.1 shuffle=once": [
                half + [0.5, 0.7] * 3 + [0.6],
                [0.6] * 14,
                half + [0.61] * 7,
            ],
            "image-order/learning_rate=0.1 shuffle=every-epoch": (0.5, 0.5, 0.5),
        }
    }
    claim = decide(world)["own-one-order/0.1"]
    assert claim.numbers["values"] == pytest.approx([0.6, 0.6, 0.61], abs=1e-7)
    assert claim.numbers["reference"] == [0.5, 0.5, 0.5]
    assert (claim.study, claim.setting) == ("image-order", "learning_rate=0.1 shuffle=once")
    assert (claim.metric, claim.margin, claim.n, claim.whose) == ("late_test_loss", 0.0, 3, "ours")
    assert claim.verdict is HOLDS
    early = decide({"loss": {"image-order/learning_rate=0.1 shuffle=once": [half + FALLS[7:]] * 3}})
    assert early["own-one-order/0.1"].verdict is FAILS
    assert early["own-one-order/0.1"].interval == Interval(0.0, 0.0, 0.0, 3)
    short = decide({"accuracy": {"image-order/learning_rate=1 shuffle=once": ([0.9], 0.9, 0.9)}})
    assert (short["own-one-order/1"].n, short["own-one-order/1"].n_diverged) == (2, 1)
    by_id = {study.id: study for study in STUDIES}
    alone = replace(by_id["image-order-momentum"], settings=by_id["image-order-momentum"].settings[1:])
    assert not [claim for claim in decide({}, studies=(alone,)) if claim.startswith("own-one-order")]


def test_all_claims_of_the_source_are_there_with_their_ids() -> None:
    """The full article has each claim of the source's table for each of its settings."""
    expected = [f"lr-above-80/{rate}" for rate in ("1", "0.1", "0.01", "0.001")]
    expected += [f"lr-rest-low/{rate}" for rate in ("0.0001", "1e-05", "1e-06", "1e-07")]
    expected += ["lr-slow-start"]
    expected += [
        f"{group}/{momentum}" for group in ("momentum-faster", "momentum-damps") for momentum in (0.5, 0.9, 0.99)
    ]
    expected += [f"{group}/{d}" for group in ("decay-damps", "decay-accurate") for d in (0.1, 0.01, 0.001, 0.0001)]
    expected += ["decay-0.1-slow"]
    expected += [f"plateau-helps/{study}/{n}" for study in ("plateau", "plateau-fast") for n in (2, 5, 10, 15)]
    expected += ["patience-matters/plateau", "patience-matters/plateau-fast"]
    expected += [f"adaptive-beats-sgd/{name}" for name in ("rmsprop", "adagrad", "adam")]
    claims = decide({})
    assert [claim_id for claim_id in claims if not claim_id.startswith("own-")] == expected
    assert all(claim.id.split("/")[0] == claim.group for claim in claims.values())


def test_what_we_ask_in_the_words_of_the_source_is_ours() -> None:
    """The source has no faster plateau and states nothing of the optimizers: those eight are never counted as its own."""
    claims = decide({})
    asked = {claim_id: claim.whose for claim_id, claim in claims.items() if not claim_id.startswith("own-")}
    assert [claim_id for claim_id, whose in asked.items() if whose == "ours"] == [
        *(f"plateau-helps/plateau-fast/{patience}" for patience in (2, 5, 10, 15)),
        "patience-matters/plateau-fast",
        *(f"adaptive-beats-sgd/{name}" for name in ("rmsprop", "adagrad", "adam")),
    ]
    assert sum(whose == "source" for whose in asked.values()) == 29
    assert {claim.whose for claim_id, claim in claims.items() if claim_id.startswith("own-")} == {"ours"}


def test_one_seed_never_tells() -> None:
    """With a single seed nothing is decided but what happened in it: a callback that fired, a rate that decayed."""
    world: World = {"accuracy": {"learning-rate/1": LOW, "momentum/0.9": ABOVE}, "rate": {"plateau/2": [CUT] * 3}}
    claims = decide(world, seeds=(1,))
    certain = ("own-plateau-fired", "own-decay-spent")
    fired = {claim_id: claims.pop(claim_id) for claim_id in list(claims) if claim_id.startswith(certain)}
    assert {claim.verdict for claim in claims.values()} == {CANNOT_TELL}
    assert all(claim.interval is None and claim.n <= 1 for claim in claims.values())
    assert fired["own-plateau-fired/plateau/2"].verdict is HOLDS
    assert fired["own-plateau-fired/plateau/5"].verdict is FAILS


#: Groups that ask for a value, or for likeness, and so do not fail where all runs are alike.
ALIKE = (
    "lr-above-80", "decay-accurate", "own-reaches-95", "own-reaches-97", "own-effective-rate", "own-best-on-edge",
    "own-tenth", "own-ground",
)  # fmt: skip


def test_identical_runs_give_an_exact_verdict() -> None:
    """Differences of exactly 0 have an interval without width: nothing is better, faster, calmer or different."""
    claims = decide({})
    for claim_id, claim in claims.items():
        if claim.group not in ALIKE:
            assert claim.verdict is FAILS, claim_id
        if claim.interval is not None:
            assert claim.interval == Interval(0.0, 0.0, 0.0, 3), claim_id
            assert not claim.is_too_small, "nothing at all is not a small difference"
            assert not claim.is_real
    for claim_id in ("plateau-helps/plateau/2", "patience-matters/plateau", "decay-damps/0.1", "momentum-faster/0.5"):
        assert claims[claim_id].interval == Interval(0.0, 0.0, 0.0, 3)


def test_a_difference_of_exactly_the_margin_is_not_beyond_it() -> None:
    """0.2 points are not more than 0.2 points, whatever float32 makes of 0.972 - 0.97."""
    claims = decide({"accuracy": {"optimizers/adam": (0.972, 0.972, 0.972), "optimizers/rmsprop": (0.9721,) * 3}})
    assert claims["adaptive-beats-sgd/adam"].interval == Interval(0.002, 0.002, 0.002, 3)
    assert claims["adaptive-beats-sgd/adam"].verdict is FAILS
    assert claims["adaptive-beats-sgd/rmsprop"].verdict is HOLDS


def test_a_claim_by_hand() -> None:
    """Every field, for differences of 1, 2 and 3 points: mean 2, standard deviation 1, t = 4.3027 over root 3."""
    claim = decide({"accuracy": {"optimizers/adam": (0.98, 0.99, 1.0)}})["adaptive-beats-sgd/adam"]
    half = 0.01 * 4.302652729749462 / math.sqrt(3)
    assert (claim.group, claim.study, claim.setting) == ("adaptive-beats-sgd", "optimizers", "adam")
    assert (claim.metric, claim.margin, claim.n, claim.n_diverged) == ("last_test_accuracy", 0.002, 3, 0)
    assert claim.interval is not None
    assert claim.interval.low == pytest.approx(0.02 - half, abs=1e-12)
    assert claim.interval.high == pytest.approx(0.02 + half, abs=1e-12)
    assert claim.verdict is CANNOT_TELL  # three seeds that far apart do not settle it
    assert claim.numbers == {
        "values": [0.98, 0.99, 1.0],
        "reference": [0.97, 0.97, 0.97],
        "differences": [0.01, 0.02, 0.03],
    }


def test_differences_are_positive_in_the_claims_favour() -> None:
    """A claim of 'lower' has its differences turned round, so that every interval reads the same way."""
    claims = decide({"accuracy": {"decay/0.1": LOW, PLAIN: WILD, "momentum/0.9": CALM}})
    for claim_id in ("decay-0.1-slow", "momentum-damps/0.9"):
        interval = claims[claim_id].interval
        assert interval is not None
        assert interval.low > 0


def test_diverged_seeds_are_counted_and_left_out_of_pairs() -> None:
    """A seed in which either run diverged has no difference; fewer than two pairs never tell."""
    short = [0.97]
    world: World = {"accuracy": {"optimizers/adam": (0.981, short, 0.980), "optimizers/rmsprop": (0.99, short, short)}}
    claims = decide(world)
    adam, rmsprop = claims["adaptive-beats-sgd/adam"], claims["adaptive-beats-sgd/rmsprop"]
    assert (adam.n, adam.n_diverged, adam.numbers["differences"]) == (2, 1, [0.011, None, 0.01])
    assert adam.verdict is HOLDS
    assert (rmsprop.n, rmsprop.n_diverged, rmsprop.verdict, rmsprop.interval) == (1, 2, CANNOT_TELL, None)
    base = decide({"accuracy": {PLAIN: (short, 0.9, 0.9)}})
    assert base["momentum-damps/0.9"].n_diverged == base["plateau-helps/plateau/2"].n_diverged == 1
    assert base["plateau-helps/plateau-fast/2"].n_diverged == 0


def test_where_all_seeds_diverged_nothing_is_compared() -> None:
    """No number is made up; only 'in every seed' is refuted, for none got there."""
    claims = decide({"accuracy": {"learning-rate/1": ([0.5],) * 3, "plateau/2": ([0.5],) * 3}})
    assert claims["lr-above-80/1"].verdict is FAILS
    assert (claims["lr-above-80/1"].n, claims["lr-above-80/1"].n_diverged) == (0, 3)
    assert claims["own-overfits/learning-rate/1"].verdict is CANNOT_TELL
    assert claims["own-plateau-fired/plateau/2"].verdict is CANNOT_TELL
    assert (claims["plateau-helps/plateau/2"].n, claims["plateau-helps/plateau/2"].verdict) == (0, CANNOT_TELL)
    assert claims["patience-matters/plateau"].verdict is CANNOT_TELL
    assert claims["own-best-of-study/learning-rate"].setting != "1"


def test_signs_have_no_interval() -> None:
    """Where a run never gets to 95 % the size of the difference is unknown, and none is given."""
    claim = decide({"accuracy": {PLAIN: [reaches(2), reaches(4), reaches(None)], "momentum/0.9": EARLY}})[
        "momentum-faster/0.9"
    ]
    assert (claim.verdict, claim.interval, claim.n) == (HOLDS, None, 3)
    assert claim.numbers["differences"] == [1.0, 3.0, None]
    assert (claim.numbers["reached"], claim.numbers["reference_reached"]) == (3, 2)


def test_the_shown_interval_is_one_that_has_the_verdict() -> None:
    """Of several comparisons the claim shows one that leads to its verdict, and its seeds."""
    claims = decide(
        {"accuracy": {"decay/0.1": LOW, "decay/0.01": (0.05, 0.06, 0.07), "plateau/2": MIXED, "plateau/5": ABOVE}}
    )
    slow, patience = claims["decay-0.1-slow"], claims["patience-matters/plateau"]
    assert slow.verdict is FAILS
    assert slow.interval is not None
    assert slow.interval.high < 0
    assert patience.verdict is HOLDS
    assert patience.numbers["pair"] == ["5", "10"]
    assert patience.interval is not None
    assert patience.interval.low > patience.margin


def test_claims_need_their_study_settings_and_reference() -> None:
    """A claim that these results cannot speak about is absent, not undecided."""
    by_id = {study.id: study for study in STUDIES}
    assert [claim.group for claim in decide_claims(make_results({}, studies=(by_id["momentum"],)))] == [
        *["momentum-faster"] * 3,
        *["momentum-damps"] * 3,
        *["own-overfits"] * 4,
        *["own-reaches-95"] * 4,
        *["own-reaches-97"] * 4,
        *["own-unfinished"] * 4,
        *["own-memorises"] * 4,
        "own-roughest",
        "own-best-on-edge",
        "own-best-of-study",
        "own-best-setting",
    ]
    orders = (by_id["image-order"], by_id["image-order-momentum"])
    assert [
        claim.id for claim in decide_claims(make_results({}, studies=orders)) if claim.group == "own-one-order"
    ] == [
        "own-one-order/1",
        "own-one-order/0.1",
        "own-one-order/0.01",
        "own-one-order/momentum",
    ]
    decay_alone = decide({}, studies=(by_id["decay"],))
    assert "decay-0.1-slow" in decay_alone
    assert not [claim_id for claim_id in decay_alone if claim_id.startswith("decay-damps")]  # nothing without decay
    with_plain = decide({}, studies=(by_id["decay"], by_id["optimizers"]))
    assert "decay-damps/0.1" in with_plain  # plain SGD is the run without decay, whichever study brought it

    text = 'id = "learning-rate"\n[title]\nth = "ก"\nen = "a"\n[base]\nepochs = 14\n[vary]\nlearning_rate = [0.1, 0.0001]\n'
    narrow = decide({}, studies=(parse_study(text, "narrow.toml"),))
    assert [claim_id for claim_id in narrow if not claim_id.startswith("own-")] == ["lr-above-80/0.1"]


def test_a_reference_of_fewer_epochs_is_no_reference() -> None:
    """A run that was asked for only two epochs says nothing about the fourteenth."""
    text = 'id = "short"\n[title]\nth = "ก"\nen = "a"\n[base]\nepochs = 2\n[vary]\nlearning_rate = [0.01, 0.02]\n'
    decay = next(study for study in STUDIES if study.id == "decay")
    claims = decide({}, studies=(decay, parse_study(text, "short.toml")))
    assert not [claim_id for claim_id in claims if claim_id.startswith("decay-damps")]


def test_claims_are_the_same_every_time_and_ids_are_unique() -> None:
    """Deciding twice gives equal claims in the same order, each id once."""
    results = made_up.results(STUDIES)
    first, second = decide_claims(results), decide_claims(results)
    assert first == second
    assert len({claim.id for claim in first}) == len(first)


def test_few_epochs_have_no_swing_to_compare() -> None:
    """Where the last half has fewer than seven epochs nothing is told of swings, and nobody is called the roughest."""
    for epochs, is_told in ((12, False), (13, True), (14, True)):
        claims = decide_claims(made_up.results(load_built_in_studies({"epochs": epochs})))
        swung = [claim for claim in claims if claim.metric == "swing"]
        assert all((claim.n == 3) is is_told for claim in swung)
        assert all(claim.verdict is CANNOT_TELL for claim in swung) is not is_told
        assert any(claim.group == "own-roughest" for claim in swung) is is_told


# Verdicts


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((HOLDS, HOLDS), HOLDS),
        ((HOLDS, CANNOT_TELL), CANNOT_TELL),
        ((CANNOT_TELL, FAILS, HOLDS), FAILS),
    ],
)
def test_joint_verdict(verdicts: Sequence[Verdict], expected: Verdict) -> None:
    """All hold: holds; any fails: fails; else it cannot be told."""
    claims = [Claim(str(i), "g", "s", None, "m", 0.0, 3, 0, verdict) for i, verdict in enumerate(verdicts)]
    assert joint(claims) is join_verdicts(verdicts) is expected


def test_a_joint_verdict_about_nothing_is_refused() -> None:
    """'All of nothing hold' would be a sentence without a subject."""
    with pytest.raises(LrreportError, match="at least one claim"):
        joint([])


@pytest.mark.parametrize(
    ("low", "high", "above", "differs"),
    [
        (3.0, 4.0, HOLDS, HOLDS),
        (1.0, 3.0, CANNOT_TELL, CANNOT_TELL),
        (-1.0, 1.0, FAILS, FAILS),
        (-4.0, -3.0, FAILS, HOLDS),
        (-3.0, 1.0, FAILS, CANNOT_TELL),
        (2.0, 3.0, CANNOT_TELL, CANNOT_TELL),
        (2.0, 2.0, FAILS, FAILS),
    ],
)
def test_verdict_of_an_interval(low: float, high: float, above: Verdict, differs: Verdict) -> None:
    """Wholly beyond a margin of 2, wholly on the other side, or across it."""
    interval = Interval((low + high) / 2, low, high, 3)
    assert decide_above(interval, 2.0) is above
    assert decide_differs(interval, 2.0) is differs
    assert decide_above(None, 2.0) is decide_differs(None, 2.0) is CANNOT_TELL


@pytest.mark.parametrize(
    ("verdict", "low", "high", "margin", "is_too_small", "is_real"),
    [
        (FAILS, 0.0005, 0.0015, 0.002, True, True),  # better, and by less than is counted
        (FAILS, -0.0015, -0.0005, 0.002, True, True),  # worse, by as little
        (FAILS, -0.001, 0.002, 0.002, True, False),
        (FAILS, -0.002, 0.002, 0.002, True, False),
        (FAILS, -0.0021, 0.001, 0.002, False, False),
        (FAILS, -0.03, -0.01, 0.002, False, True),  # it is the other way round
        (FAILS, 0.0, 0.0, 0.002, False, False),  # the same runs
        (FAILS, 0.001, 0.001, 0.002, False, True),
        (FAILS, -0.001, 0.0, 0.0, False, False),  # without a margin nothing is too small
        (HOLDS, 0.003, 0.004, 0.002, False, True),
        (CANNOT_TELL, -0.001, 0.003, 0.002, False, False),
        (CANNOT_TELL, 0.001, 0.003, 0.002, False, True),
        (HOLDS, -0.001, 0.001, 0.002, False, False),  # a claim of likeness
    ],
)
def test_too_small_is_not_the_other_way_round(
    verdict: Verdict, low: float, high: float, margin: float, is_too_small: bool, is_real: bool
) -> None:
    """A claim that fails for want of size is told from one that fails since the opposite is so."""
    claim = Claim("a", "a", "s", None, "m", margin, 3, 0, verdict, Interval((low + high) / 2, low, high, 3))
    assert (claim.is_too_small, claim.is_real) == (is_too_small, is_real)


def test_without_an_interval_nothing_is_small_or_real() -> None:
    """Thresholds, signs and single seeds have none."""
    claim = Claim("a", "a", "s", None, "m", 0.002, 3, 0, FAILS)
    assert (claim.is_too_small, claim.is_real) == (False, False)


def test_sooner_leaves_out_seeds_in_which_neither_gets_there() -> None:
    """Such a seed has no order; one seed that has is not enough."""
    assert decide_sooner([1, None, None], [None, None, None], None) is CANNOT_TELL
    assert decide_sooner([1, None, 2], [None, None, 3], None) is HOLDS
    assert decide_sooner([None, None, 3], [1, None, 3], None) is FAILS


# Intervals


def test_quantiles() -> None:
    """Against the closed forms of 1 and 2 degrees of freedom, and a printed table for more."""
    assert student_quantile(1) == pytest.approx(math.tan(0.475 * math.pi), rel=1e-12)
    assert student_quantile(2) == pytest.approx(0.95 * math.sqrt(2 / (1 - 0.95**2)), rel=1e-12)
    # Source: NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2, column 0.975.
    table = {3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 9: 2.262, 10: 2.228, 19: 2.093, 29: 2.045, 30: 2.042, 100: 1.984}
    assert {freedom: round(student_quantile(freedom), 3) for freedom in table} == table
    with pytest.raises(ValueError, match="at least 1 degree"):
        student_quantile(0)


def test_quantiles_fall_towards_the_normal_one() -> None:
    """More seeds never widen the interval, and it never gets narrower than the normal one."""
    quantiles = [student_quantile(freedom) for freedom in range(1, 200)]
    assert quantiles == sorted(quantiles, reverse=True)
    assert quantiles[-1] > 1.959963984540054


def test_interval_by_hand() -> None:
    """1, 2, 3: mean 2, standard deviation 1, half a width of t / root 3."""
    interval = student_interval([1.0, 2.0, 3.0])
    assert interval is not None
    assert (interval.mean, interval.n, interval.is_exact) == (2.0, 3, False)
    assert interval.high - interval.mean == pytest.approx(4.302652729749462 / math.sqrt(3), rel=1e-12)
    assert interval.mean - interval.low == pytest.approx(4.302652729749462 / math.sqrt(3), rel=1e-12)


def test_one_difference_has_no_interval_and_equal_ones_have_no_width() -> None:
    """One seed shows no spread; no spread is an exact answer."""
    assert student_interval([]) is None
    assert student_interval([0.1]) is None
    interval = student_interval([0.1, 0.1, 0.1])
    assert interval == Interval(0.1, 0.1, 0.1, 3)
    assert interval.is_exact


@given(st.lists(st.integers(-10_000, 10_000).map(lambda hits: hits / 10_000), min_size=2, max_size=20), st.randoms())
def test_intervals_mirror_and_do_not_depend_on_order(differences: list[float], random: Random) -> None:
    """The interval of the opposite claim is the mirror image; the order of the seeds is nothing."""
    interval = student_interval(differences)
    mirror = student_interval([-difference for difference in differences])
    shuffled = list(differences)
    random.shuffle(shuffled)
    assert interval is not None
    assert mirror is not None
    assert (mirror.low, mirror.high) == (-interval.high, -interval.low)
    assert student_interval(shuffled) == interval
    assert interval.low <= interval.mean <= interval.high
    if decide_above(interval, 0.0) is HOLDS:
        assert decide_above(mirror, 0.0) is FAILS
