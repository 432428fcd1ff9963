"""Metrics of one curve: pure functions over arrays of shape (T,), one value an epoch.

An accuracy of 9,711 right answers in 10,000 is stored as the float32 nearest to 0.9711. `exact` reads it back as the
decimal number that it stands for, so that differences and thresholds are not decided by the rounding of float32.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from lrreport.results import Curve

#: Seven values times these add up to how far the middle one lies above the parabola that fits all seven best.
_STRAY: Final = np.array([2, -3, -6, 14, -6, -3, 2], np.float64) / 21
#: What they leave of the variance of independent values: the sum of their squares.
_STRAY_SHARE: Final = 2 / 3
#: Finer than any accuracy, coarser than the rounding of binary numbers.
_SWING_DIGITS: Final = 6


def exact(number: np.float32) -> float:
    """The shortest decimal number that reads back as this float32.

    >>> float(np.float32(0.9711)), exact(np.float32(0.9711))
    (0.9710999727249146, 0.9711)
    """
    return float(str(np.float32(number)))


def last_value(curve_t: Curve) -> float | None:
    """The value after the last epoch, never the best one.

    Args:
        curve_t: float32 of shape (T,).

    Returns:
        The value, or None when there is no epoch.
    """
    return exact(curve_t[-1]) if len(curve_t) else None


def first_value(curve_t: Curve) -> float | None:
    """The value after epoch 1, or None when there is no epoch."""
    return exact(curve_t[0]) if len(curve_t) else None


def swing(test_accuracy_t: Curve) -> float | None:
    r"""How far the test accuracy strays from its own smooth course over the last half of the training.

    Through every seven neighbouring epochs of the last half goes the parabola that fits them best; $r_t$ is what the
    middle one lies above it, $r_t = (2a_{t-3} - 3a_{t-2} - 6a_{t-1} + 14a_t - 6a_{t+1} - 3a_{t+2} + 2a_{t+3}) / 21$ with
    $a_t$ = ``test_accuracy_t``. The swing is $\sqrt{\overline{r_t^2} / (2/3)}$: a curve that climbs smoothly has none,
    and independent jumps of standard deviation $s$ around a smooth course have the swing $s$.

    Args:
        test_accuracy_t: float32 of shape (T,), fractions.

    Returns:
        The swing as a fraction, or None when the last half has fewer than seven epochs.

    Source: the weights are those of Savitzky and Golay 1964, table I (seven points, quadratic), taken from 1 at the middle.

    >>> swing(np.float32([0.01 * t for t in range(20)])), swing(np.float32([0.5, 0.6] * 10))
    (0.0, 0.046657)
    """
    half = np.array([exact(value) for value in test_accuracy_t[len(test_accuracy_t) // 2 :]], np.float64)
    if len(half) < len(_STRAY):
        return None
    stray_t = np.convolve(half, _STRAY, mode="valid")
    return round(math.sqrt(math.fsum(stray_t**2) / len(stray_t) / _STRAY_SHARE), _SWING_DIGITS)


def epochs_to(test_accuracy_t: Curve, threshold: float) -> int | None:
    r"""The first epoch at whose end the accuracy is at or above a threshold: $\min \{t : a_t \ge \theta\}$.

    Args:
        test_accuracy_t: float32 of shape (T,), fractions.
        threshold: $\theta$, a fraction.

    Returns:
        The epoch, counted from 1, or None when no epoch gets there.

    >>> epochs_to(np.float32([0.94, 0.95, 0.94]), 0.95)
    2
    """
    # numerics: float32(0.95) is less than 0.95, so the two must meet as float32 (test_metrics: at the threshold).
    reached = np.flatnonzero(test_accuracy_t >= np.float32(threshold))
    return int(reached[0]) + 1 if len(reached) else None


def lowest_epoch(test_loss_t: Curve) -> int | None:
    """The epoch of the lowest test loss, counted from 1; the first of equals; None when there is no epoch."""
    return int(np.argmin(test_loss_t)) + 1 if len(test_loss_t) else None


def overfitting_start(test_loss_t: Curve) -> int | None:
    r"""The epoch from which on the test loss is never as low again: $\arg\min_t L_t$, if that is not the last.

    Args:
        test_loss_t: float32 of shape (T,).

    Returns:
        The epoch, counted from 1, or None when the loss is lowest at the last epoch: not within T epochs.

    >>> overfitting_start(np.float32([0.3, 0.2, 0.25])), overfitting_start(np.float32([0.3, 0.2, 0.1]))
    (2, None)
    """
    lowest = lowest_epoch(test_loss_t)
    return None if lowest == len(test_loss_t) else lowest


def longest_wait(test_loss_t: Curve, min_delta: float) -> int:
    r"""The most epochs in a row that set no new low, as ReduceLROnPlateau counts them while it has not fired.

    An epoch sets a new low when $L_t - \delta < L^*$ with $\delta$ = ``min_delta`` and $L^*$ the lowest so far that did.

    Args:
        test_loss_t: float32 of shape (T,).
        min_delta: By how much a loss must be lower to count, 0 or more.

    >>> longest_wait(np.float32([0.3, 0.2, 0.25, 0.21, 0.1]), 1e-7)
    2
    """
    best, wait, longest = math.inf, 0, 0
    for loss in test_loss_t:
        # numerics: the callback subtracts in float32 (schedules/plateau.py)
        if np.float32(loss) - np.float32(min_delta) < best:
            best, wait = float(loss), 0
        else:
            wait += 1
        longest = max(longest, wait)
    return longest


def cut_epochs(learning_rate_t: Curve) -> tuple[int, ...]:
    r"""The epochs at whose end a plateau callback cut the rate: every $t$ with $\eta_{t+1} < \eta_t$.

    A cut at the end of the last epoch is not seen: no update was made at the lower rate.

    Args:
        learning_rate_t: float32 of shape (T,), the rate in force in each epoch. Of runs with a plateau callback only:
            under inverse-time decay the rate falls in every epoch and nothing was cut.

    Returns:
        Epochs, counted from 1, ascending.

    >>> cut_epochs(np.float32([0.1, 0.1, 0.01, 0.01, 0.001]))
    (2, 4)
    """
    return tuple(int(index) + 1 for index in np.flatnonzero(learning_rate_t[1:] < learning_rate_t[:-1]))
