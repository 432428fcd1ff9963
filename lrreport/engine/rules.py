"""Update rules, element by element, as Keras has them.

Each rule takes weights, gradient, optimizer slots and the settings of the runs, already spread so that they
broadcast against the weights, and returns new weights and slots. It knows nothing of layers or groups.

Source: `keras.optimizers.SGD`, `RMSprop`, `Adagrad` and `Adam`, Keras 3.15.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import tensorflow as tf

from lrreport.rules.sgd import push

RHO: Final = 0.9
BETA_1: Final = 0.9
BETA_2: Final = 0.999
EPSILON: Final = 1e-7
ADAGRAD_START: Final = 0.1

#: Optimizer slots per family: their names in checkpoints, and how many a weight has.
SLOT_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "sgd": (),
    "momentum": ("velocity",),
    "adaptive": ("first", "second"),
}

Tensor = Any  # TensorFlow has no type stubs
Settings = Mapping[str, Tensor]


def apply_momentum(
    weight: Tensor, gradient: Tensor, slots: tuple[Tensor, ...], settings: Settings
) -> tuple[Tensor, tuple[Tensor, ...]]:
    r"""SGD with momentum: $v \leftarrow m v - \eta g$ (`push`), then $w \leftarrow w + v$, or $w + m v - \eta g$ for Nesterov.

    Args:
        weight: w.
        gradient: g, of w's shape.
        slots: (v,).
        settings: `learning_rate`, `momentum` and `nesterov` (bool), each broadcasting against w.

    Returns:
        New w and slots.
    """
    (velocity,) = slots
    rate, momentum = settings["learning_rate"], settings["momentum"]
    velocity = push(velocity, gradient, rate, momentum)
    ahead = push(velocity, gradient, rate, momentum)
    return weight + tf.where(settings["nesterov"], ahead, velocity), (velocity,)


def apply_adaptive(
    weight: Tensor, gradient: Tensor, slots: tuple[Tensor, ...], settings: Settings
) -> tuple[Tensor, tuple[Tensor, ...]]:
    r"""RMSprop, AdaGrad or Adam, chosen per run by masks.

    RMSprop: $a \leftarrow \rho a + (1-\rho) g^2$, AdaGrad: $a \leftarrow a + g^2$, both
    $w \leftarrow w - \eta g / \sqrt{a + \epsilon}$. Adam: $m \leftarrow m + (g - m)(1-\beta_1)$,
    $a \leftarrow a + (g^2 - a)(1-\beta_2)$, $w \leftarrow w - \alpha m / (\sqrt{a} + \epsilon)$ with
    $\alpha = \eta \sqrt{1-\beta_2^t} / (1-\beta_1^t)$.

    Args:
        weight: w.
        gradient: g, of w's shape.
        slots: (m, a).
        settings: `learning_rate`, `adam_rate` ($\alpha$), `is_adam` and `is_rmsprop` (bool), each broadcasting against w.

    Returns:
        New w and slots.
    """
    first, second = slots
    is_adam, is_rmsprop = settings["is_adam"], settings["is_rmsprop"]
    square = gradient * gradient
    first = first + (gradient - first) * (1 - BETA_1)
    second = tf.where(
        is_adam,
        second + (square - second) * (1 - BETA_2),
        tf.where(is_rmsprop, RHO * second + (1 - RHO) * square, second + square),
    )
    # One root and one division serve all three; adding 0 changes no bit.
    numerator = tf.where(is_adam, first * settings["adam_rate"], gradient * settings["learning_rate"])
    inside, outside = tf.where(is_adam, 0.0, EPSILON), tf.where(is_adam, EPSILON, 0.0)
    return weight - numerator / (tf.sqrt(second + inside) + outside), (first, second)


def adam_rate(learning_rate_r: Tensor, update: Tensor) -> Tensor:
    r"""$\alpha = \eta \sqrt{1-\beta_2^t} / (1-\beta_1^t)$ with t counted from 1, float32 of shape (R,).

    Args:
        learning_rate_r: $\eta$, float32 of shape (R,).
        update: Number of updates before this one, float32 scalar.
    """
    count = update + 1
    return learning_rate_r * tf.sqrt(1 - tf.pow(BETA_2, count)) / (1 - tf.pow(BETA_1, count))


#: Plain SGD has no function here: its update is folded into the GEMM (`updates.update_block`).
RULES: Final = {"momentum": apply_momentum, "adaptive": apply_adaptive}
