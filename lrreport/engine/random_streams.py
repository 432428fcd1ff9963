"""Initial weights and minibatch orders, as functions of seed and position alone.

They are made from raw Philox output, whose stream NumPy promises to keep, and not through NumPy's distributions,
which may change between releases. Every epoch has a stream of its own, so any epoch can be replayed alone.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_ORDER_STREAM: Final = 1
_WEIGHT_STREAM: Final = 2


def _raw_words(seed: int, stream: int, position: int, count: int) -> NDArray[np.uint64]:
    """`count` words of 64 random bits from the stream's own part of Philox's counter space."""
    generator = np.random.Philox(key=np.array([seed, stream], np.uint64), counter=[0, 0, position, 0])
    return np.asarray(generator.random_raw(count), np.uint64)


@functools.lru_cache(maxsize=4)
def minibatch_order(seed: int, epoch: int, size: int) -> NDArray[np.int32]:
    """The order in which an epoch visits the training images.

    Args:
        seed: The run's seed.
        epoch: Counted from 0.
        size: Number of training images, N.

    Returns:
        A permutation of 0 to N-1, int32 of shape (N,), read-only.
    """
    order = np.argsort(_raw_words(seed, _ORDER_STREAM, epoch, size), kind="stable").astype(np.int32)
    order.setflags(write=False)
    return order


def _uniform(seed: int, layer: int, shape: tuple[int, int], limit: float) -> NDArray[np.float32]:
    """Uniform on (-limit, limit), from the upper 24 bits of each word, which float32 holds exactly."""
    words = _raw_words(seed, _WEIGHT_STREAM, layer, shape[0] * shape[1]) >> np.uint64(40)
    unit = (words.astype(np.float64) + 0.5) * 2.0**-24
    return (limit * (2.0 * unit - 1.0)).astype(np.float32).reshape(shape)


def initial_weights(seed: int, widths: Sequence[int]) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Initial kernels and biases of a multilayer perceptron.

    Hidden layers are He-uniform, limit sqrt(6 / fan_in); the output layer is Glorot-uniform,
    limit sqrt(6 / (fan_in + fan_out)); biases are zero.

    Args:
        seed: The run's seed.
        widths: Inputs, hidden layers, classes: `(784, 50, 10)`.

    Returns:
        One (kernel, bias) a layer, float32 of shapes (fan_in, fan_out) and (fan_out,).

    Source: He et al. 2015, section 2.2; Glorot & Bengio 2010, equation 16; `keras.initializers`.
    """
    layers = []
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        is_output = layer == len(widths) - 2
        limit = float(np.sqrt(6 / (fan_in + fan_out) if is_output else 6 / fan_in))
        layers.append((_uniform(seed, layer, (fan_in, fan_out), limit), np.zeros(fan_out, np.float32)))
    return layers
