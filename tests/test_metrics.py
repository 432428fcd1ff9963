"""Metrics of one curve, against answers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrreport.analysis import metrics
from lrreport.results import Curve

fractions = st.lists(st.integers(0, 10_000).map(lambda hits: hits / 10_000), max_size=30)


def curve(*values: float) -> Curve:
    """A curve as the engine stores it."""
    return np.array(values, np.float32)


@given(st.integers(0, 10_000))
def test_exact_gives_back_the_fraction_that_was_counted(hits: int) -> None:
    """Any number of right answers in 10,000 survives its storage as float32."""
    assert metrics.exact(np.float32(hits / 10_000)) == hits / 10_000


def test_last_and_first_value() -> None:
    """The last value is the last epoch's, not the best one's; an empty curve has neither."""
    assert metrics.last_value(curve(0.1, 0.9711, 0.95)) == 0.95
    assert metrics.first_value(curve(0.1, 0.9711, 0.95)) == 0.1
    assert metrics.last_value(curve()) is None
    assert metrics.first_value(curve()) is None


@pytest.mark.parametrize(
    "course",
    [lambda t: 0.5 + 0.004 * t, lambda t: 0.9 + 0.003 * t - 0.00003 * t**2, lambda t: 0.1, lambda t: 0.9 - 0.01 * t],
    ids=["climbing", "bending", "flat", "falling"],
)
def test_a_smooth_course_has_no_swing(course: Callable[[int], float]) -> None:
    """A straight line and a parabola, up or down, have the swing 0: a trend is no swing."""
    assert metrics.swing(curve(*(course(t) for t in range(50)))) == pytest.approx(0, abs=2e-6)


def test_a_zigzag_swings_whatever_it_lies_on() -> None:
    """A zigzag has about its own height for its swing, on level ground and on a slope alike; twice the height, twice the swing."""
    level = metrics.swing(curve(*(0.5 + 0.01 * (-1) ** t for t in range(50))))
    slope = metrics.swing(curve(*(0.2 + 0.01 * t + 0.01 * (-1) ** t for t in range(50))))
    high = metrics.swing(curve(*(0.5 + 0.02 * (-1) ** t for t in range(50))))
    assert level == pytest.approx(0.0093, abs=1e-4)
    assert slope == pytest.approx(level, abs=1e-5)
    assert high == pytest.approx(2 * 0.009331, abs=1e-5)


def test_independent_jumps_have_their_standard_deviation() -> None:
    """Noise of standard deviation 0.01 around a bend has a swing of 0.01, give or take what 400 epochs leave open."""
    noise = 0.01 * np.random.default_rng(5).standard_normal(800)
    swing = metrics.swing(np.float32(0.5 + 1e-4 * np.arange(800) + noise))
    assert swing == pytest.approx(0.01, rel=0.1)


@pytest.mark.parametrize(("epochs", "has_swing"), [(0, False), (1, False), (12, False), (13, True), (14, True)])
def test_seven_epochs_are_the_least(epochs: int, *, has_swing: bool) -> None:
    """A last half of fewer than seven epochs has no swing, and the first half never counts."""
    values = [0.1 if t < epochs // 2 else 0.9 for t in range(epochs)]
    assert metrics.swing(curve(*values)) == (0.0 if has_swing else None)


@given(fractions)
def test_swing_does_not_see_direction(values: list[float]) -> None:
    """Turning a curve upside down leaves its swing, and no swing is negative."""
    swing = metrics.swing(curve(*values))
    mirrored = metrics.swing(curve(*(1 - value for value in values)))
    if swing is None:
        assert mirrored is None
        assert len(values) < 13
    else:
        assert swing >= 0
        assert mirrored == pytest.approx(swing, abs=1e-7)


def test_epochs_to_counts_from_one_and_includes_the_threshold() -> None:
    """An accuracy of exactly 95 % is at the threshold, although float32(0.95) is less than 0.95."""
    assert float(np.float32(0.95)) < 0.95
    assert metrics.epochs_to(curve(0.9499, 0.95, 0.9), 0.95) == 2
    assert metrics.epochs_to(curve(0.96), 0.95) == 1
    assert metrics.epochs_to(curve(0.9499, 0.9), 0.95) is None
    assert metrics.epochs_to(curve(), 0.95) is None


@given(fractions, st.integers(1, 9999))
def test_epochs_to_is_the_first_epoch_that_gets_there(values: list[float], hits: int) -> None:
    """No epoch before it is at the threshold, and it is."""
    threshold = hits / 10_000
    epoch = metrics.epochs_to(curve(*values), threshold)
    if epoch is None:
        assert all(value < threshold for value in values)
    else:
        assert values[epoch - 1] >= threshold
        assert all(value < threshold for value in values[: epoch - 1])


def test_overfitting_starts_at_the_lowest_test_loss() -> None:
    """It is the first of equal lows; a loss that is lowest at the end has not started to rise."""
    assert metrics.overfitting_start(curve(0.5, 0.2, 0.3)) == 2
    assert metrics.overfitting_start(curve(0.5, 0.2, 0.2)) == 2
    assert metrics.overfitting_start(curve(0.5, 0.4, 0.3)) is None
    assert metrics.overfitting_start(curve(0.5)) is None
    assert metrics.overfitting_start(curve()) is None
    assert metrics.lowest_epoch(curve(0.5, 0.4, 0.3)) == 3
    assert metrics.lowest_epoch(curve()) is None


def test_cuts_are_at_the_end_of_the_epoch_before_the_lower_rate() -> None:
    """The history holds the rate before the cut, so the epoch before the drop is the one that ended in a cut."""
    assert metrics.cut_epochs(curve(0.1, 0.1, 0.01, 0.01, 0.001)) == (2, 4)
    assert metrics.cut_epochs(curve(0.1, 0.1, 0.1)) == ()
    assert metrics.cut_epochs(curve()) == ()
