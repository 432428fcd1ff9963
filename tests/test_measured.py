"""What prose asks about settings: right numbers, and an answer where there is none; a guard is always decided."""

from __future__ import annotations

import base64
import inspect
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrreport.analysis.claims import decide_claims
from lrreport.analysis.verdicts import Claim, Verdict
from lrreport.article.measured import Measured, apart, every, mean_curve, more, within
from lrreport.article.small_curves import draw_small_curve
from lrreport.figures.theme import BEST_COLOUR, CONTEXT_COLOUR
from lrreport.inspection import Inspection
from lrreport.keys import run_key
from lrreport.results import History, Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies
from tests import made_up

EPOCHS = 20
STUDIES = {study.id: study for study in load_built_in_studies({"epochs": EPOCHS})}
MOMENTUM = STUDIES["momentum"]
PLACE = ("momentum", "0.9")
LEVEL = [0.5] * EPOCHS


def ends_at(value: float) -> list[float]:
    return [0.5] * (EPOCHS - 1) + [value]


def measured(
    accuracy: Mapping[str, Sequence[Sequence[float]]],
    loss: Mapping[str, Sequence[Sequence[float]]] | None = None,
    *,
    study: Study = MOMENTUM,
    inspections: Mapping[str, Sequence[Inspection | None]] | None = None,
    seeds: Sequence[int] = (1, 2, 3),
) -> Measured:
    """Made-up results of a study with these curves, one a seed, by the setting's text; a shorter curve diverged."""
    keys = {run_key(setting.run(seed)): (setting.text, seed) for setting in study.settings for seed in seeds}

    def history(spec: RunSpec, epochs: int) -> History:
        text, seed = keys[run_key(spec)]
        curve = np.array(accuracy[text][seed - 1] if text in accuracy else [0.5] * epochs, np.float32)
        losses = np.array(loss[text][seed - 1] if loss and text in loss else [1.0] * len(curve), np.float32)
        return History(np.full(len(curve), 0.01, np.float32), losses, curve, losses, curve)

    found = {
        (run_key(setting.run(seed)), setting.epochs): item
        for setting in study.settings
        for seed, item in zip(seeds, (inspections or {}).get(setting.text, ()), strict=False)
        if item is not None
    }
    results = made_up.results([study], seeds=seeds, make_history=history)
    return Measured(replace(results, inspections=found), {claim.id: claim for claim in decide_claims(results)})


def seen(silent: tuple[int, ...] = (0,), right: float | None = 0.9, wrong: float | None = 0.5) -> Inspection:
    """A look into a network, as far as it is asked about."""
    none = np.zeros(0, np.float32)
    return Inspection(EPOCHS, 9000, silent, (), right, wrong, np.zeros(0, np.int64), none, none, none, none)


# Numbers


def test_ends_by_hand() -> None:
    """One test accuracy a seed, that of the last epoch and not of the best; their mean, the lowest and the highest."""
    curves = [[0.99] * 19 + [0.971], ends_at(0.972), ends_at(0.976)]
    found = measured({"0.9": curves})
    assert found.ends(*PLACE) == [0.971, 0.972, 0.976]
    assert found.end(*PLACE) == pytest.approx(0.973, abs=1e-12)
    assert (found.low(*PLACE), found.high(*PLACE)) == (0.971, 0.976)


def test_passes_by_hand() -> None:
    """The median of the epochs in which seeds were first at a threshold; at it is there."""
    first, second, third = ([0.5] * 3 + [0.95] * 17, [0.96, 0.5] + [0.9] * 18, [0.5] * 8 + [0.97] * 12)
    found = measured({"0.9": [first, second, third], "0.5": [first, second, LEVEL], "0": [LEVEL] * 3})
    assert found.passes(*PLACE) == 4.0  # of 4, 1 and 9
    assert found.passes(*PLACE, 0.9) == 4.0
    assert found.passes("momentum", "0.5", 0.5) == 1.0
    assert found.passes("momentum", "0.5") is None, "one seed never gets there"
    assert found.passes("momentum", "0") is None
    two = measured({"0.9": [first, third]}, seeds=(1, 2))
    assert two.passes(*PLACE) == 6.5


def test_curves_by_hand() -> None:
    """One curve a seed, of accuracies and of losses; their mean is a list of one, or of none."""
    first, second = ([0.1] * 10 + [0.9] * 10, [0.3] * 20)
    found = measured({"0.9": [first, second]}, {"0.9": [second, first]}, seeds=(1, 2))
    assert [curve.tolist() for curve in found.accuracies(*PLACE)] == [pytest.approx(first), pytest.approx(second)]
    assert [curve.tolist() for curve in found.loss_curves(*PLACE)] == [pytest.approx(second), pytest.approx(first)]
    (mean,) = mean_curve(found.accuracies(*PLACE))
    assert mean.tolist() == pytest.approx([0.2] * 10 + [0.6] * 10)
    assert found.accuracies("nothing", "1") == mean_curve([]) == []


def test_small_curves_by_hand() -> None:
    """The first two epochs do not count for the scale; the last group stands out; of nothing there is nothing."""
    low, high = np.linspace(0, 1, 5), np.linspace(0.5, 0.5, 5)
    picture = draw_small_curve([[low], [high]], 'a "b"')
    assert 'alt="a &#34;b&#34;"' in picture
    svg = base64.b64decode(picture.partition("base64,")[2].partition('"')[0]).decode()
    lines = re.findall(r'points="([^"]*)" stroke="(#\w+)"', svg)
    assert [colour for _, colour in lines] == [CONTEXT_COLOUR, BEST_COLOUR]
    assert lines[0][0].split() == ["2.0,28.0", "25.0,28.0", "48.0,28.0", "71.0,15.0", "94.0,2.0"]
    assert {point.partition(",")[2] for point in lines[1][0].split()} == {"28.0"}
    assert draw_small_curve([], "") == draw_small_curve([[]], "") == draw_small_curve([[low[:3]]], "") == ""


def test_after_by_hand() -> None:
    """The mean after an epoch counted from 1; there is none before the first nor beyond the last."""
    curve = [round(0.01 * epoch, 2) for epoch in range(1, EPOCHS + 1)]
    found = measured({"0.9": [curve, curve, [0.04 + value for value in curve[:-1]] + [0.2]]})
    assert found.after(*PLACE, 1) == pytest.approx((0.01 + 0.01 + 0.05) / 3, abs=1e-9)
    assert found.after(*PLACE, 20) == found.end(*PLACE) == pytest.approx(0.2)
    assert [found.after(*PLACE, epoch) for epoch in (21, 0, -1, -5, -100)] == [None] * 5


def test_losses_by_hand() -> None:
    """The last loss and the lowest one on the way, and the accuracy at the epoch of the lowest, the first of equals."""
    falls = [round(1 - 0.02 * epoch, 2) for epoch in range(EPOCHS)]
    dips = [1.0, 0.2, *[0.4] * 18]
    accuracy = [[0.5] * 19 + [0.9], [0.1, 0.7, *[0.8] * 18], [0.1, 0.3, *[0.8] * 18]]
    found = measured({"0.9": accuracy}, {"0.9": [falls, dips, [1.0, 0.2, 0.2, *[0.9] * 17]]})
    assert found.losses(*PLACE) == [0.62, 0.4, 0.9]
    assert found.loss(*PLACE) == pytest.approx((0.62 + 0.4 + 0.9) / 3, abs=1e-12)
    assert found.lowest_loss(*PLACE) == pytest.approx((0.62 + 0.2 + 0.2) / 3, abs=1e-12)
    assert found.accuracy_at_lowest_loss(*PLACE) == pytest.approx((0.9 + 0.7 + 0.3) / 3, abs=1e-12)


def test_the_last_loss_is_the_lowest_where_it_falls_to_the_end() -> None:
    """The two are then the same number: nobody may read a difference out of how float32 is written."""
    falls = [float(np.float32(1 / epoch)) for epoch in range(1, EPOCHS + 1)]
    found = measured({}, {"0.9": [falls] * 3})
    assert found.loss(*PLACE) == found.lowest_loss(*PLACE)
    assert not more(found.lowest_loss(*PLACE), found.loss(*PLACE))
    assert not more(found.loss(*PLACE), found.lowest_loss(*PLACE))


def test_what_weights_show_by_hand() -> None:
    """Silent units of the first hidden layer, one number a seed; mean probabilities of right and of wrong answers."""
    looks = [seen((3, 9), 0.98, 0.6), seen((0, 9), 0.97, 0.5), seen((5, 9), 0.96, 0.7)]
    found = measured({}, inspections={"0.9": looks})
    assert found.silent(*PLACE) == [3, 0, 5]
    assert found.sure_right(*PLACE) == pytest.approx(0.97, abs=1e-12)
    assert found.sure_wrong(*PLACE) == pytest.approx(0.6, abs=1e-12)


def test_weights_that_were_not_seen() -> None:
    """Where a seed's weights are gone, or a seed has no answer of a kind, there is no mean of the others."""
    some = measured(
        {}, inspections={"0.9": [seen(), None, seen()], "0.5": [seen(), seen(wrong=None), seen(right=None)]}
    )
    assert (some.silent(*PLACE), some.sure_right(*PLACE), some.sure_wrong(*PLACE)) == ([], None, None)
    place = ("momentum", "0.5")
    assert (some.silent(*place), some.sure_right(*place), some.sure_wrong(*place)) == ([0, 0, 0], None, None)
    linear = measured({}, inspections={"0.9": [seen(())] * 3})
    assert linear.silent(*PLACE) == []
    assert linear.sure_right(*PLACE) == pytest.approx(0.9)
    assert measured({}).silent(*PLACE) == []


def rates_of(study: Study, cut: Callable[[RunSpec], bool]) -> Measured:
    """Results of a study in which the rate falls by a tenth, in the middle, in those runs."""

    def history(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(replace(spec, plateau=None, decay=spec.decay), epochs)
        rate_t = curves.learning_rate_t.copy()
        if cut(spec):
            rate_t[epochs // 2 :] *= np.float32(0.1)
        return replace(curves, learning_rate_t=rate_t)

    return Measured(made_up.results([study], make_history=history), {})


def test_cut_runs_by_hand() -> None:
    """Runs whose callback cut, of all runs of the study; a rate that falls by decay, and one that is kept, was not cut."""
    plateau = STUDIES["plateau"]

    def is_cut(spec: RunSpec) -> bool:
        return spec.plateau is not None and (
            spec.plateau.patience == 2 or (spec.plateau.patience == 5 and spec.seed == 3)
        )

    assert rates_of(plateau, is_cut).cut_runs("plateau") == (4, 12)
    assert rates_of(plateau, lambda _: False).cut_runs("plateau") == (0, 12)
    assert rates_of(STUDIES["decay"], lambda _: False).cut_runs("decay") == (0, 12)
    assert rates_of(MOMENTUM, lambda _: False).cut_runs("momentum") == (0, 12)
    assert measured({}).cut_runs("plateau") is None


@pytest.mark.parametrize(
    ("curve", "course"),
    [
        ([0.9] * 20, "arrived"),
        ([0.9] * 18 + [0.902, 0.902], "arrived"),  # exactly the margin is not more
        ([0.9] * 18 + [0.9021, 0.9021], "climbing"),  # over the last tenth, two epochs
        ([0.9] * 17 + [0.95] * 3, "arrived"),  # it rose before
        ([0.9] * 18 + [0.8, 0.8], "arrived"),  # it falls: flat it is not, but it does not climb
        ([0.1] * 20, "never-left"),
        ([0.1] * 19 + [0.1499], "never-left"),  # whatever it gained
        ([0.1] * 19 + [0.15], "climbing"),
    ],
)
def test_course(curve: Sequence[float], course: str) -> None:
    """Why a curve is flat at its end, by the same margins as claims have."""
    assert measured({"0.9": [curve] * 3}).course(*PLACE) == course


def test_course_of_few_epochs() -> None:
    """Of two epochs the last is held against the first; one alone shows no course, but that it has not left guessing."""
    for epochs, curve, expected in (
        (2, [0.5, 0.6], "climbing"),
        (2, [0.5, 0.5], "arrived"),
        (1, [0.9], None),
        (1, [0.1], "never-left"),
    ):
        (study,) = (study for study in load_built_in_studies({"epochs": epochs}) if study.id == "momentum")
        assert (
            measured({setting.text: [curve] * 3 for setting in study.settings}, study=study).course(*PLACE) == expected
        )


# What is missing

NUMBERS = (
    "end",
    "low",
    "high",
    "passes",
    "loss",
    "lowest_loss",
    "accuracy_at_lowest_loss",
    "sure_wrong",
    "sure_right",
    "course",
)
LISTS = ("ends", "losses", "silent")


@pytest.mark.parametrize("place", [("nothing", "0.9"), ("momentum", "0.95"), ("decay", "0.1"), ("", "")])
def test_what_the_article_lacks_has_no_number(place: tuple[str, str]) -> None:
    """Another study, or another setting: None, or an empty list."""
    found = measured({}, inspections={"0.9": [seen()] * 3})
    assert {name: getattr(found, name)(*place) for name in NUMBERS} == dict.fromkeys(NUMBERS)
    assert {name: getattr(found, name)(*place) for name in LISTS} == {name: [] for name in LISTS}
    assert found.after(*place, 1) is None


def test_a_setting_with_a_diverged_seed_has_no_number() -> None:
    """The seeds that survived are not the setting: nothing is said of their mean."""
    found = measured({"0.9": [[0.9] * 20, [0.9] * 3, [0.9] * 20], "0.5": [[], [], []]})
    for text in ("0.9", "0.5"):
        place = ("momentum", text)
        without = [name for name in NUMBERS if not name.startswith("sure")]
        assert {name: getattr(found, name)(*place) for name in without} == dict.fromkeys(without)
        assert (found.ends(*place), found.losses(*place), found.after(*place, 1)) == ([], [], None)
    assert found.end("momentum", "0") == 0.5, "its neighbours have theirs"


def test_one_seed_has_its_own_numbers() -> None:
    """Its number is the mean, the lowest and the highest; how far seeds lie apart cannot be said."""
    found = measured({"0.9": [ends_at(0.97)]}, seeds=(1,))
    assert (found.ends(*PLACE), found.end(*PLACE)) == ([0.97], 0.97)
    assert found.low(*PLACE) == found.high(*PLACE) == 0.97
    assert not apart(found.ends(*PLACE), 0.0)


# Verdicts


def claims_of(**verdicts: Verdict) -> Measured:
    claims = [Claim(name, name, "momentum", None, "m", 0.0, 3, 0, verdict) for name, verdict in verdicts.items()]
    return Measured(Results((MOMENTUM,), (1,), {}), {claim.id: claim for claim in claims})


def test_verdicts() -> None:
    """All that are named are there with that verdict; a claim that there is not has none; of nothing nothing is said."""
    found = claims_of(a=Verdict.HOLDS, b=Verdict.HOLDS, c=Verdict.FAILS, d=Verdict.CANNOT_TELL)
    asked: dict[str, Callable[..., bool]] = {
        "holds": found.holds,
        "fails": found.fails,
        "cannot_tell": found.cannot_tell,
    }
    expected = {
        ("a",): "holds", ("a", "b"): "holds", ("c",): "fails", ("d",): "cannot_tell", ("d", "d"): "cannot_tell",
        ("a", "c"): None, ("a", "d"): None, ("c", "d"): None, ("e",): None, ("a", "e"): None, ("c", "e"): None, (): None,
    }  # fmt: skip
    for names, word in expected.items():
        assert {name: ask(*names) for name, ask in asked.items()} == {name: name == word for name in asked}, names


# Comparisons


@pytest.mark.parametrize(
    ("one", "other", "by", "is_more", "is_within"),
    [
        (0.98, 0.97, 0.0, True, False),
        (0.97, 0.98, 0.0, False, False),
        (0.97, 0.97, 0.0, False, True),
        (0.972, 0.97, 0.002, False, True),  # whatever binary makes of the difference
        (0.97, 0.972, 0.002, False, True),
        (0.9721, 0.97, 0.002, True, False),
        (0.97, 0.9721, 0.002, False, False),
        (0.3, 0.1 + 0.2, 0.0, False, True),
        (None, 0.97, 0.002, False, False),
        (0.97, None, 0.002, False, False),
        (None, None, 0.002, False, False),
        (0.0, None, 0.0, False, False),
    ],
)
def test_more_and_within(one: float | None, other: float | None, by: float, is_more: bool, is_within: bool) -> None:
    """Beyond a margin and inside it exclude each other, and together need both numbers."""
    assert (more(one, other, by), within(one, other, by)) == (is_more, is_within)


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 500))
def test_margins_are_decimal(one: int, other: int, by: int) -> None:
    """Of accuracies, which are counted in ten-thousandths, the counts decide."""
    numbers = (one / 10_000, other / 10_000, by / 10_000)
    assert more(*numbers) == (one - other > by)
    assert within(*numbers) == (abs(one - other) <= by)
    assert apart([numbers[0], numbers[1]], numbers[2]) == (abs(one - other) > by)


def test_every() -> None:
    """All of them, the bounds included; of none nothing is so."""
    assert every([0, 0])
    assert every([1, 2, 3], low=1, high=3)
    assert not every([0, 2], low=1)
    assert not every([1, 4], high=3)
    assert not every([], low=0)


def test_apart() -> None:
    """The largest above the smallest, wherever they stand; one number is not apart from itself."""
    assert apart([0.93, 0.81, 0.9], 0.05)
    assert not apart([0.93, 0.88], 0.05)  # exactly so much
    assert not apart([0.9], 0.0)
    assert not apart([], 0.0)


# Guards


def test_templates_may_call_everything() -> None:
    """Every public function has its name in the templates, and no other name is there."""
    functions = measured({}).functions()
    public = {name for name, item in inspect.getmembers(Measured, inspect.isfunction) if not name.startswith("_")} - {
        "functions"
    }
    assert set(functions) == public | {"more", "within", "every", "apart", "mean_curve"}
    assert functions["end"](*PLACE) == 0.5
    assert functions["more"] is more


def diverging(spec: RunSpec, epochs: int) -> History:
    """All runs of seed 2 break off at once, those of others in their second epoch where the rate is large."""
    curves = made_up.history(spec, epochs)
    return curves.first(0 if spec.seed == 2 else 1) if spec.seed == 2 or spec.rate > 0.05 else curves


WORLDS: dict[str, Callable[[], Results]] = {
    "everything": lambda: made_up.results(tuple(STUDIES.values())),
    "one seed": lambda: made_up.results(tuple(STUDIES.values()), seeds=(1,)),
    "one epoch": lambda: made_up.results(load_built_in_studies({"epochs": 1})),
    "two epochs": lambda: made_up.results(load_built_in_studies({"epochs": 2})),
    "other data": lambda: made_up.results(load_built_in_studies({"dataset": "fashion-mnist", "epochs": 3})),
    "diverged": lambda: made_up.results(tuple(STUDIES.values()), make_history=diverging),
    "one study": lambda: made_up.results((MOMENTUM,)),
}


@pytest.mark.parametrize("world", WORLDS)
def test_guards_never_raise(world: str) -> None:
    """Whatever is asked about whatever results, there is an answer of its kind, and comparisons take it."""
    results = WORLDS[world]()
    found = Measured(results, {claim.id: claim for claim in decide_claims(results)})
    places = [(study.id, setting.text) for study in STUDIES.values() for setting in study.settings]
    numbers: list[float | None] = []
    for place in [*places, ("nothing", "1"), ("momentum", "nothing")]:
        numbers += [getattr(found, name)(*place) for name in NUMBERS[:-1]]
        numbers += [found.after(*place, epoch) for epoch in range(-6, EPOCHS + 7)]
        numbers += [found.passes(*place, threshold) for threshold in (0.0, 0.5, 1.0, 2.0)]
        assert found.course(*place) in {None, "arrived", "climbing", "never-left"}
        for name in LISTS:
            values = getattr(found, name)(*place)
            assert isinstance(values, list)
            assert len(values) in {0, len(results.seeds)}
            assert isinstance(every(values, low=0.1), bool)
            assert isinstance(apart(values, 0.1), bool)
    assert all(number is None or isinstance(number, float) for number in numbers)
    for one, other in itertools.pairwise(numbers):
        assert isinstance(more(one, other, 0.002), bool)
        assert isinstance(within(one, other, 0.002), bool)
    for study in (*STUDIES, "nothing"):
        cut: Any = found.cut_runs(study)
        assert cut is None or 0 <= cut[0] <= cut[1]
    for ask in (found.holds, found.fails, found.cannot_tell):
        assert isinstance(ask("own-tuned-sgd", "nothing", ""), bool)
