"""Keras's `ReduceLROnPlateau`, as a function from state to state."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lrreport.spec import PlateauSpec


@dataclass(frozen=True, slots=True)
class PlateauState:
    """What the callback remembers between epochs.

    Attributes:
        learning_rate: The rate in force, a float32 value.
        best: The lowest test loss that counted as an improvement, or None before the first epoch.
        wait: Epochs since then.
    """

    learning_rate: float
    best: float | None = None
    wait: int = 0


def step_plateau(spec: PlateauSpec, state: PlateauState, test_loss: float) -> PlateauState:
    """The state after an epoch that ended with `test_loss`.

    An epoch improves when float32(loss + min_delta) < best, strictly; NaN never improves. After `patience` epochs
    without improvement the rate is multiplied by `factor` and the count starts again; the best loss stays.
    Keras turns the sign of min_delta round for a loss before it subtracts it, and compares in float32.

    Source: `keras.callbacks.ReduceLROnPlateau` and `MonitorCallback`, Keras 3.15, with cooldown 0 and min_lr 0.

    >>> state = PlateauState(learning_rate=0.5)
    >>> for loss in (1.0, 0.9, 0.9, 0.9):
    ...     state = step_plateau(PlateauSpec(patience=2, factor=0.5), state, loss)
    >>> state
    PlateauState(learning_rate=0.25, best=0.9, wait=0)
    """
    if state.best is None or np.float32(test_loss + spec.min_delta) < np.float32(state.best):
        return replace(state, best=test_loss, wait=0)
    waited = state.wait + 1
    if waited < spec.patience or state.learning_rate <= 0:
        return replace(state, wait=waited)
    return replace(state, learning_rate=float(np.float32(state.learning_rate * spec.factor)), wait=0)
