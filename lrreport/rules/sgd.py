"""Stochastic gradient descent, plain and with momentum, as Keras has it.

The functions use the operators of arrays alone, so that they take NumPy's arrays, TensorFlow's tensors and plain numbers.

Source: `keras.optimizers.SGD`, Keras 3.15.
"""

from __future__ import annotations

from typing import Any

Array = Any


def step(weight: Array, gradient: Array, learning_rate: Array) -> Array:
    r"""One step of plain SGD: $w - \eta g$.

    Args:
        weight: w, of any shape.
        gradient: g, of w's shape.
        learning_rate: $\eta$, a number or what broadcasts against w.

    Returns:
        The new w.

    >>> step(1.0, 4.0, 0.1)
    0.6
    """
    return weight - gradient * learning_rate


def push(velocity: Array, gradient: Array, learning_rate: Array, momentum: Array) -> Array:
    r"""The velocity after one more gradient: $m v - \eta g$; the weight then moves by it.

    The rate is inside the velocity, so a rate that falls leaves old velocity as it is.

    Args:
        velocity: v, of w's shape.
        gradient: g, likewise.
        learning_rate: $\eta$, a number or what broadcasts against w.
        momentum: m, likewise.

    Returns:
        The new v.

    >>> push(push(0.0, 1.0, 0.5, 0.5), 1.0, 0.5, 0.5)
    -0.75
    """
    return velocity * momentum - gradient * learning_rate
