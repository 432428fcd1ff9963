"""Numbers that cannot be, whoever wrote them: what a run's curves must fulfil whatever was trained.

A checksum says that a file is what somebody wrote, and not that it was measured. Here stands what can be known of any
training without training again; `cache verify --retrain` does the rest.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from lrreport.checkpoints import Entry, Progress
from lrreport.results import Environment, History
from lrreport.schedules.inverse_time import inverse_time
from lrreport.schedules.plateau import PlateauState, step_plateau
from lrreport.spec import TEST_SIZE, TRAIN_SIZE, RunSpec

#: An accuracy is a count over a number of images, in float32: so far may the product be from a whole number.
_COUNT_ERROR: Final = 0.02
#: How far rates may differ that were computed on other hardware, relative.
_RATE_ERROR: Final = 1e-5
#: Below this a float32 loses digits, and hardware may take it for 0.
_LEAST_RATE: Final = float(np.finfo(np.float32).tiny)
#: An image that is answered wrongly gives its class a half at most, and so a loss of at least ln 2.
_LEAST_LOSS_OF_AN_ERROR: Final = float(np.log(2))
_LOSS_ERROR: Final = 1e-4
_MOST_SECONDS: Final = 1e8
_MOST_THREADS: Final = 4096
_DEVICES: Final = ("cpu", "gpu")
#: What processors call themselves; it stands in the article.
_PROCESSOR: Final = re.compile(r"[A-Za-z0-9()@.,+/_:® -]{1,100}")
_VERSION: Final = re.compile(r"\d+(?:\.\w+){1,5}(?:[-+]\w+(?:[.-]\w+)*)?", re.ASCII)


def check_plausible(entry: Entry) -> str | None:
    """Why an entry cannot have been measured; None when nothing speaks against it.

    Args:
        entry: Its curves have one value an epoch, all finite, and accuracies between 0 and 1.
    """
    return _check_origin(entry) or _check_counts(entry.history) or _check_losses(entry.history) or _check_rates(entry)


def _check_origin(entry: Entry) -> str | None:
    place: Environment = entry.environment
    if place.device not in _DEVICES:
        return f"was trained on a device that there is not: '{place.device[:40]}'"
    if not _PROCESSOR.fullmatch(place.cpu_model):
        return "was trained on a processor whose name no processor has"
    if not 1 <= place.threads <= _MOST_THREADS:
        return f"was trained by {place.threads} threads"
    for name, version in (("TensorFlow", place.tensorflow), ("NumPy", place.numpy)):
        if not _VERSION.fullmatch(version):
            return f"was trained with a version of {name} that is none: '{version[:40]}'"
    if max(entry.wall_s, entry.group_epoch_s) > _MOST_SECONDS:
        return "took longer than can be"
    if entry.progress is not Progress.DIVERGED and not len(entry.history):
        return "has no epoch, and did not diverge"
    return None


def _check_counts(history: History) -> str | None:
    for name, curve, images in (
        ("train_accuracy_t", history.train_accuracy_t, TRAIN_SIZE),
        ("test_accuracy_t", history.test_accuracy_t, TEST_SIZE),
    ):
        right = curve.astype(np.float64) * images
        if (wrong := np.flatnonzero(np.abs(right - np.round(right)) > _COUNT_ERROR)).size:
            epoch = int(wrong[0])
            return (
                f"has an accuracy that no number of {images:,} images gives: {name}, epoch {epoch + 1}: {curve[epoch]}"
            )
    return None


def _check_losses(history: History) -> str | None:
    for name in ("train", "test"):
        loss: Any = getattr(history, f"{name}_loss_t").astype(np.float64)
        accuracy: Any = getattr(history, f"{name}_accuracy_t").astype(np.float64)
        least = (1 - accuracy) * _LEAST_LOSS_OF_AN_ERROR
        if (wrong := np.flatnonzero(loss < least - _LOSS_ERROR)).size:
            epoch = int(wrong[0])
            return (
                f"has a loss that is too low for its accuracy: {name}_loss_t, epoch {epoch + 1}: {loss[epoch]:.6g}, "
                f"and at an accuracy of {accuracy[epoch]:.4f} it is at least {least[epoch]:.4g}"
            )
    return None


def _check_rates(entry: Entry) -> str | None:
    """Compare the rates with the schedule and with what the plateau callback makes of the test losses."""
    spec, history = entry.spec, entry.history
    rates, state = replay_rates(spec, history)
    found = history.learning_rate_t.astype(np.float64)
    if (wrong := np.flatnonzero(np.abs(found - rates) > _RATE_ERROR * rates + _LEAST_RATE)).size:
        epoch = int(wrong[0])
        return (
            f"has a learning rate that its settings do not give: epoch {epoch + 1}: {found[epoch]:.6g}, "
            f"expected {rates[epoch]:.6g}"
        )
    saved = entry.checkpoint
    if saved is None:
        return None
    is_best = saved.best == state.best or (
        saved.best is not None and state.best is not None and _is_near(saved.best, state.best)
    )
    is_same = is_best and _is_near(saved.learning_rate, state.learning_rate) and saved.wait == state.wait
    return None if is_same else "has a callback's state that its losses do not give"


def replay_rates(spec: RunSpec, history: History) -> tuple[Any, PlateauState]:
    """The rate at the last update of each epoch, as the spec and the test losses give it.

    Args:
        spec: The run.
        history: Its curves.

    Returns:
        Rates, float64 of shape (T,), and the callback's state after the last epoch.
    """
    state = PlateauState(float(np.float32(spec.rate)))
    epochs = len(history)
    if spec.plateau is None:
        updates = -(-TRAIN_SIZE // spec.batch_size)
        last_update_t = np.arange(1, epochs + 1) * updates - 1
        return inverse_time(state.learning_rate, float(np.float32(spec.decay)), last_update_t), state
    rates = np.empty(epochs)
    for epoch, loss in enumerate(history.test_loss_t):
        rates[epoch] = state.learning_rate
        state = step_plateau(spec.plateau, state, float(loss))
    return rates, state


def _is_near(one: float, other: float) -> bool:
    return abs(one - other) <= _RATE_ERROR * max(abs(one), abs(other)) + _LEAST_RATE
