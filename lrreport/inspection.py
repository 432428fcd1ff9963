"""What a trained network looks like inside: computed once from its weights, in NumPy, and kept beside its result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lrreport.answers import list_signals

#: The first units of the first hidden layer whose incoming weights are kept, and no others, whatever they show.
UNITS: Final = 10
#: The first images of the test set whose answers are kept, right or wrong.
IMAGES: Final = 20
#: Units of the first hidden layer whose answers to the first test image are kept.
MOST_ACTIVATIONS: Final = 64
#: Sums of float32 may differ beyond these decimals from one processor to the next.
_DIGITS: Final = 6
_FEW_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """What the weights of one run show after some epoch.

    Attributes:
        epochs: After how many epochs.
        right: How many of the test images are answered rightly.
        silent_units: For each hidden layer, how many of its units answer 0 to every test image.
        layer_norms: For each layer, the Frobenius norm of its kernel.
        confidence_right: Mean probability that the network gives to its answer, over the test images that it answers
            rightly; None where there is none.
        confidence_wrong: The same over those that it answers wrongly.
        answers_i: Its answers to the first `IMAGES` test images, int64 of shape (I,).
        confidences_i: The probability that it gives to each of these answers, float32 of shape (I,).
        incoming_ud: Weights from the pixels to the first `UNITS` units of the first layer, float32 of shape (U, D).
        activations_h: What the first hidden units answer to the first test image, float32 of shape (H,), H at most
            `MOST_ACTIVATIONS`; of shape (0,) where there is no hidden layer.
        shares_k: The probabilities of the classes for that image, float32 of shape (K,).
    """

    epochs: int
    right: int
    silent_units: tuple[int, ...]
    layer_norms: tuple[float, ...]
    confidence_right: float | None
    confidence_wrong: float | None
    answers_i: NDArray[np.int64]
    confidences_i: NDArray[np.float32]
    incoming_ud: NDArray[np.float32]
    activations_h: NDArray[np.float32]
    shares_k: NDArray[np.float32]

    @property
    def content(self) -> bytes:
        """All of it as bytes, for digests."""
        values = [getattr(self, item.name) for item in fields(self)]
        return b"".join(value.tobytes() if isinstance(value, np.ndarray) else repr(value).encode() for value in values)


def inspect_network(
    arrays: Mapping[str, NDArray[np.float32]],
    test_images: NDArray[np.uint8],
    test_labels: NDArray[np.integer[Any]],
    *,
    epochs: int,
) -> Inspection | None:
    """Look into a network; None where its answers are not finite, so that they show nothing.

    Args:
        arrays: Its weights by name, as a checkpoint has them; see `answer`.
        test_images: uint8 of shape (M, 28, 28).
        test_labels: Classes 0 to 9, shape (M,).
        epochs: After how many epochs these are its weights.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # a number that is not finite is seen below
        signals = list_signals(arrays, test_images)
    *hidden, logits_mk = signals
    if not np.isfinite(logits_mk).all():
        return None
    shares_mk = softmax(logits_mk)
    answers_m = logits_mk.argmax(axis=1)  # as in training; probabilities may be equal where logits are not
    confidences_m = shares_mk.max(axis=1)
    is_right_m = answers_m == test_labels
    kernel_dh = arrays["weight/0/kernel"]
    first_m = hidden[0] if hidden else np.zeros((1, 0), np.float32)
    return Inspection(
        epochs=epochs,
        right=int(is_right_m.sum()),
        silent_units=tuple(int((signal.max(axis=0) <= 0).sum()) for signal in hidden),
        layer_norms=tuple(
            round(float(np.linalg.norm(arrays[f"weight/{layer}/kernel"].astype(np.float64))), _DIGITS)
            for layer in range(len(signals))
        ),
        confidence_right=_mean(confidences_m[is_right_m]),
        confidence_wrong=_mean(confidences_m[~is_right_m]),
        answers_i=answers_m[:IMAGES].astype(np.int64),
        confidences_i=_round(confidences_m[:IMAGES]),
        incoming_ud=np.ascontiguousarray(kernel_dh[:, :UNITS].T),
        activations_h=_round(first_m[0, :MOST_ACTIVATIONS]),
        shares_k=_round(shares_mk[0]),
    )


def softmax(logits_mk: NDArray[np.float32]) -> NDArray[np.float64]:
    r"""Probabilities of the classes: $p_k = e^{z_k} / \sum_j e^{z_j}$, with the largest logit taken off first.

    Args:
        logits_mk: z, of shape (M, K).

    >>> softmax(np.float32([[0, 0], [1000, 0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    logits = logits_mk.astype(np.float64)
    grown = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


def _round(values: NDArray[Any]) -> NDArray[np.float32]:
    return np.asarray(values, np.float64).round(_FEW_DIGITS).astype(np.float32)


def _mean(values: NDArray[np.float64]) -> float | None:
    return round(float(values.mean()), _DIGITS) if len(values) else None
