"""What a trained network answers: the forward pass in NumPy, from the weights of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

_WHITE: Final = np.float32(255)


def answer(arrays: Mapping[str, NDArray[np.float32]], images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The logits that a network gives to images: ReLU after every layer but the last.

    Args:
        arrays: `weight/LAYER/kernel` of shape (fan-in, fan-out) and `weight/LAYER/bias` of shape (fan-out,), by name.
        images: uint8 of shape (N, ...); 255 is full ink.

    Returns:
        Logits, float32 of shape (N, K).

    >>> layers = {"weight/0/kernel": np.eye(2, dtype=np.float32), "weight/0/bias": np.zeros(2, np.float32)}
    >>> answer(layers, np.array([[255, 0]], np.uint8)).tolist()
    [[1.0, 0.0]]
    """
    return list_signals(arrays, images)[-1]


def list_signals(
    arrays: Mapping[str, NDArray[np.float32]], images: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], ...]:
    """What every layer of a network gives to images: that of the hidden ones after ReLU, then the logits.

    Args:
        arrays: As for `answer`.
        images: Likewise.

    Returns:
        float32 of shape (N, fan-out) for each layer.
    """
    signal_nd: NDArray[np.float32] = images.reshape(len(images), -1).astype(np.float32) / _WHITE
    count = sum(name.startswith("weight/") and name.endswith("/kernel") for name in arrays)
    signals = []
    for layer in range(count):
        signal_nd = signal_nd @ arrays[f"weight/{layer}/kernel"] + arrays[f"weight/{layer}/bias"]
        if layer < count - 1:
            signal_nd = np.maximum(signal_nd, 0)
        signals.append(signal_nd)
    return tuple(signals)
