"""One epoch of one group, compiled: the numeric core.

Axes: R runs (slots), B minibatch, D inputs, C columns of the first layer (the slots' units side by side, then
padding), H and J hidden units, K classes. The first layer of all runs is one matrix of shape (D, C), so that its
forward pass and its gradient are one wide GEMM each; later layers are batched GEMMs of shape (R, H, J).
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from lrreport.engine import rules
from lrreport.groups import GroupShape

Tensor = Any  # TensorFlow has no type stubs
#: weights[layer] = (kernel, bias); slots[i][layer] likewise.
Layers = tuple[tuple[Tensor, Tensor], ...]

_BUILDING = threading.Lock()


class DeviceData(NamedTuple):
    """A dataset on the device; a tuple, since TensorFlow looks into no other kind of value.

    Attributes:
        train_images_nd: float32 in [0, 1], shape (N, D).
        train_labels_n: int32, shape (N,).
        test_images_md: float32, shape (M, D).
        test_labels_m: int32, shape (M,).
    """

    train_images_nd: Tensor
    train_labels_n: Tensor
    test_images_md: Tensor
    test_labels_m: Tensor


def _by_run(shape: GroupShape, wide_bc: Tensor) -> Tensor:
    """(B, C) -> (R, B, H): each run's units, without the padding."""
    width = shape.widths[1]
    narrow = wide_bc[:, : shape.slots * width]
    return tf.transpose(tf.reshape(narrow, [-1, shape.slots, width]), [1, 0, 2])


def _side_by_side(shape: GroupShape, split_rbh: Tensor) -> Tensor:
    """(R, B, H) -> (B, C): the runs' units side by side, zero in the padding."""
    used = shape.slots * shape.widths[1]
    wide = tf.reshape(tf.transpose(split_rbh, [1, 0, 2]), [-1, used])
    return tf.pad(wide, [[0, 0], [0, shape.columns - used]])


def _forward(shape: GroupShape, weights: Layers, images_bd: Tensor) -> tuple[Tensor, list[Tensor]]:
    """Logits (R, B, K), and the input of every layer after the first, (R, B, H) each, after ReLU."""
    kernel_dc, bias_c = weights[0]
    signal_rbh = _by_run(shape, tf.matmul(images_bd, kernel_dc) + bias_c)
    inputs = []
    for kernel_rhj, bias_rj in weights[1:]:
        signal_rbh = tf.nn.relu(signal_rbh)
        inputs.append(signal_rbh)
        signal_rbh = tf.matmul(signal_rbh, kernel_rhj) + bias_rj[:, None, :]
    return signal_rbh, inputs


def _loss_and_hits(logits_rbk: Tensor, labels_b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Summed cross-entropy (R,), number of right answers (R,), and softmax minus one-hot (R, B, K)."""
    log_share_rbk = tf.nn.log_softmax(logits_rbk)
    target_bk = tf.one_hot(labels_b, logits_rbk.shape[-1])
    loss_r = -tf.reduce_sum(log_share_rbk * target_bk, [1, 2])
    hits = tf.equal(tf.argmax(logits_rbk, axis=-1, output_type=tf.int32), labels_b)
    return loss_r, tf.reduce_sum(tf.cast(hits, tf.float32), 1), tf.exp(log_share_rbk) - target_bk


def _gradients(
    shape: GroupShape, weights: Layers, images_bd: Tensor, inputs: list[Tensor], error_rbk: Tensor
) -> Layers:
    """Back-propagation of the mean loss's gradient; ReLU's derivative at 0 is 0."""
    backward: list[tuple[Tensor, Tensor]] = []
    for (kernel_rhj, _), input_rbh in zip(reversed(weights[1:]), reversed(inputs), strict=True):
        backward.append((tf.matmul(input_rbh, error_rbk, transpose_a=True), tf.reduce_sum(error_rbk, 1)))
        error_rbk = tf.where(input_rbh > 0, tf.matmul(error_rbk, kernel_rhj, transpose_b=True), 0.0)
    error_bc = _side_by_side(shape, error_rbk)
    backward.append((tf.matmul(images_bd, error_bc, transpose_a=True), tf.reduce_sum(error_bc, 0)))
    return tuple(reversed(backward))


def _spread(
    shape: GroupShape, layer: int, settings: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Per-run settings (R,), spread so that they broadcast against a layer's kernel and bias."""
    if layer == 0:
        width = shape.widths[1]
        padding = [[0, shape.columns - shape.slots * width]]
        wide = {name: tf.pad(tf.repeat(value, width), padding) for name, value in settings.items()}
        return wide, wide
    kernel = {name: value[:, None, None] for name, value in settings.items()}
    return kernel, {name: value[:, None] for name, value in settings.items()}


def _update(
    shape: GroupShape, weights: Layers, slots: tuple[Layers, ...], gradients: Layers, settings: Mapping[str, Tensor]
) -> tuple[Layers, tuple[Layers, ...]]:
    rule = rules.RULES[shape.family]
    new_weights, new_slots = [], []
    for layer, (weight_pair, gradient_pair) in enumerate(zip(weights, gradients, strict=True)):
        spread = _spread(shape, layer, settings)
        pair = [
            rule(weight_pair[part], gradient_pair[part], tuple(slot[layer][part] for slot in slots), spread[part])
            for part in (0, 1)
        ]
        new_weights.append((pair[0][0], pair[1][0]))
        new_slots.append(tuple(zip(pair[0][1], pair[1][1], strict=True)))
    return tuple(new_weights), tuple(zip(*new_slots, strict=True))


def _train_epoch(
    shape: GroupShape,
    data: tuple[Tensor, Tensor],
    order_n: Tensor,
    first_update: Tensor,
    settings: Mapping[str, Tensor],
    weights: Layers,
    slots: tuple[Layers, ...],
) -> tuple[Layers, tuple[Layers, ...], Tensor, Tensor, Tensor]:
    """All updates of an epoch; returns weights, slots, mean loss (R,), mean hits (R,) and the last rate (R,)."""
    images_nd, labels_n = data
    size = order_n.shape[0]
    full_batches, rest = divmod(size, shape.batch_size)

    def one_update(index: Tensor, count: int, start: Tensor, state: tuple[Any, ...]) -> tuple[Any, ...]:
        weights, slots, loss_r, hits_r, _ = state
        rows_b = tf.slice(order_n, [start], [count])
        images_bd, labels_b = tf.gather(images_nd, rows_b), tf.gather(labels_n, rows_b)
        update = tf.cast(first_update + index, tf.float32)
        rate_r = settings["initial_rate"] / (1.0 + settings["decay"] * update)
        logits_rbk, inputs = _forward(shape, weights, images_bd)
        batch_loss_r, batch_hits_r, error_rbk = _loss_and_hits(logits_rbk, labels_b)
        gradients = _gradients(shape, weights, images_bd, inputs, error_rbk / count)
        at_update = {"learning_rate": rate_r, **settings}
        if shape.family == "adaptive":
            at_update["adam_rate"] = rules.adam_rate(rate_r, update)
        weights, slots = _update(shape, weights, slots, gradients, at_update)
        return weights, slots, loss_r + batch_loss_r, hits_r + batch_hits_r, rate_r

    zero_r = tf.zeros([shape.slots])
    state = (weights, slots, zero_r, zero_r, settings["initial_rate"])
    if full_batches:
        _, state = tf.while_loop(
            lambda index, _: index < full_batches,
            lambda index, state: (index + 1, one_update(index, shape.batch_size, index * shape.batch_size, state)),
            (tf.constant(0), state),
        )
    if rest:
        state = one_update(tf.constant(full_batches), rest, tf.constant(size - rest), state)
    weights, slots, loss_r, hits_r, rate_r = state
    return weights, slots, loss_r / size, hits_r / size, rate_r


def _all_finite(shape: GroupShape, weights: Layers) -> Tensor:
    """Whether all weights of a run are finite, bool (R,)."""
    kernel_dc, bias_c = weights[0]
    wide = [_by_run(shape, value) for value in (kernel_dc, bias_c[None, :])]
    parts = [value for pair in weights[1:] for value in pair] + wide
    finite = [tf.reduce_all(tf.math.is_finite(part), list(range(1, part.shape.rank))) for part in parts]
    return tf.reduce_all(tf.stack(finite), 0)


def compile_epoch(shape: GroupShape) -> Callable[..., Any]:
    """The compiled epoch of a group shape; equal shapes share one program, whatever thread asks first.

    The function takes (data, order_n, first_update, settings, weights, slots) and returns (weights, slots, metrics),
    where settings maps names to float32 or bool vectors (R,) and metrics maps `train_loss`, `train_accuracy`,
    `test_loss`, `test_accuracy`, `learning_rate` (float32) and `is_finite` (bool) to vectors (R,).
    """
    with _BUILDING:
        return _make_epoch(shape)


@functools.lru_cache(maxsize=16)
def _make_epoch(shape: GroupShape) -> Callable[..., Any]:
    @tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
    def epoch(
        data: DeviceData,
        order_n: Tensor,
        first_update: Tensor,
        settings: Mapping[str, Tensor],
        weights: Layers,
        slots: tuple[Layers, ...],
    ) -> Any:
        train = (data.train_images_nd, data.train_labels_n)
        weights, slots, loss_r, hits_r, rate_r = _train_epoch(
            shape, train, order_n, first_update, settings, weights, slots
        )
        logits_rmk, _ = _forward(shape, weights, data.test_images_md)
        test_loss_r, test_hits_r, _ = _loss_and_hits(logits_rmk, data.test_labels_m)
        tests = data.test_labels_m.shape[0]
        metrics = {
            "train_loss": loss_r,
            "train_accuracy": hits_r,
            "test_loss": test_loss_r / tests,
            "test_accuracy": test_hits_r / tests,
            "learning_rate": rate_r,
            "is_finite": _all_finite(shape, weights),
        }
        return weights, slots, metrics

    return epoch  # type: ignore[no-any-return]
