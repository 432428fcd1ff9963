"""Inverse-time decay: the rate falls with every update."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def inverse_time(initial_rate: float, decay: float, update: NDArray[Any] | int) -> NDArray[np.float64]:
    r"""The learning rate of an update.

    $\eta_t = \eta_0 / (1 + d\,t)$ with $\eta_0$ = ``initial_rate`` and $d$ = ``decay``.

    Args:
        initial_rate: The rate of the first update.
        decay: d, 0 for a constant rate.
        update: t, the number of updates before this one; a number or an array of any shape.

    Returns:
        The rates, of the shape of `update`.

    Source: the `decay` argument of Keras 2's SGD; `InverseTimeDecay(decay_steps=1)` in Keras 3.

    >>> inverse_time(0.01, 0.1, np.array([0, 10, 90])).round(6).tolist()
    [0.01, 0.005, 0.001]
    """
    return np.float64(initial_rate) / (1.0 + decay * np.asarray(update, np.float64))
