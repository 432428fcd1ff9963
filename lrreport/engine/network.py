"""Forward and backward pass of a group's runs on one minibatch. Pure functions over tensors.

Axes: R runs (slots), B minibatch, D inputs, C columns of the first layer (the slots' units side by side, then
padding), H and J hidden units, K classes. The first layer of all runs is one matrix of shape (D, C), so that its
forward pass and its gradient are one wide GEMM each; both are left to the caller, who may do them for several
minibatches at once. Later layers are batched GEMMs of shape (R, H, J).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from lrreport.groups import GroupShape

Tensor = Any  # TensorFlow has no type stubs
#: weights[layer] = (kernel, bias).
Layers = tuple[tuple[Tensor, Tensor], ...]


class Pass(NamedTuple):
    """What one minibatch tells of the runs.

    Attributes:
        loss_r: Summed cross-entropy, (R,).
        hits_r: Number of right answers, (R,).
        error_bc: Gradient of the mean loss with respect to the first layer's output, (B, C), zero in the padding.
        later_gradients: Gradients of the later layers' kernels and biases.
    """

    loss_r: Tensor
    hits_r: Tensor
    error_bc: Tensor
    later_gradients: Layers


def by_run(shape: GroupShape, wide_bc: Tensor) -> Tensor:
    """(B, C) -> (R, B, H): each run's units, without the padding."""
    width = shape.widths[1]
    narrow = wide_bc[:, : shape.slots * width]
    return tf.transpose(tf.reshape(narrow, [-1, shape.slots, width]), [1, 0, 2])


def side_by_side(shape: GroupShape, split_rbh: Tensor) -> Tensor:
    """(R, B, H) -> (B, C): the runs' units side by side, zero in the padding."""
    used = shape.slots * shape.widths[1]
    wide = tf.reshape(tf.transpose(split_rbh, [1, 0, 2]), [-1, used])
    return tf.pad(wide, [[0, 0], [0, shape.columns - used]])


def spread_over_columns(shape: GroupShape, values_r: Tensor) -> Tensor:
    """(R,) -> (C,): a value a run, repeated for each of its units; zero (False) in the padding."""
    width = shape.widths[1]
    return tf.pad(tf.repeat(values_r, width), [[0, shape.columns - shape.slots * width]])


def forward(shape: GroupShape, later: Layers, signal_bc: Tensor) -> tuple[Tensor, list[Tensor]]:
    """From the first layer's output to the logits.

    Args:
        shape: The group's shape.
        later: The layers after the first.
        signal_bc: The first layer's output with its bias, before ReLU, (B, C).

    Returns:
        Logits (R, B, K), and the input of every later layer, (R, B, H) each, after ReLU.
    """
    signal_rbh = by_run(shape, signal_bc)
    inputs = []
    for kernel_rhj, bias_rj in later:
        signal_rbh = tf.nn.relu(signal_rbh)
        inputs.append(signal_rbh)
        signal_rbh = tf.matmul(signal_rbh, kernel_rhj) + bias_rj[:, None, :]
    return signal_rbh, inputs


def loss_and_hits(logits_rbk: Tensor, labels_b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Summed cross-entropy (R,), number of right answers (R,), and softmax minus one-hot (R, B, K)."""
    log_share_rbk = tf.nn.log_softmax(logits_rbk)
    target_bk = tf.one_hot(labels_b, logits_rbk.shape[-1])
    loss_r = -tf.reduce_sum(log_share_rbk * target_bk, [1, 2])
    hits = tf.equal(tf.argmax(logits_rbk, axis=-1, output_type=tf.int32), labels_b)
    return loss_r, tf.reduce_sum(tf.cast(hits, tf.float32), 1), tf.exp(log_share_rbk) - target_bk


def forward_and_back(shape: GroupShape, later: Layers, signal_bc: Tensor, labels_b: Tensor) -> Pass:
    """Loss, hits and gradients of one minibatch; ReLU's derivative at 0 is 0."""
    logits_rbk, inputs = forward(shape, later, signal_bc)
    loss_r, hits_r, error_rbk = loss_and_hits(logits_rbk, labels_b)
    error_rbk = error_rbk / labels_b.shape[0]
    backward: list[tuple[Tensor, Tensor]] = []
    for (kernel_rhj, _), input_rbh in zip(reversed(later), reversed(inputs), strict=True):
        backward.append((tf.matmul(input_rbh, error_rbk, transpose_a=True), tf.reduce_sum(error_rbk, 1)))
        error_rbk = tf.where(input_rbh > 0, tf.matmul(error_rbk, kernel_rhj, transpose_b=True), 0.0)
    return Pass(loss_r, hits_r, side_by_side(shape, error_rbk), tuple(reversed(backward)))


def spread(
    shape: GroupShape, layer: int, settings: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Per-run settings (R,), spread so that they broadcast against a layer's kernel and bias."""
    if layer == 0:
        wide = {name: spread_over_columns(shape, value) for name, value in settings.items()}
        return wide, wide
    kernel = {name: value[:, None, None] for name, value in settings.items()}
    return kernel, {name: value[:, None] for name, value in settings.items()}


def all_finite(shape: GroupShape, weights: Layers) -> Tensor:
    """Whether all weights of a run are finite, bool (R,)."""
    kernel_dc, bias_c = weights[0]
    wide = [by_run(shape, value) for value in (kernel_dc, bias_c[None, :])]
    parts = [value for pair in weights[1:] for value in pair] + wide
    finite = [tf.reduce_all(tf.math.is_finite(part), list(range(1, part.shape.rank))) for part in parts]
    return tf.reduce_all(tf.stack(finite), 0)
