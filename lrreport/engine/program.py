"""One epoch of one group, compiled: all its updates, then the evaluation. Axes as in `network`."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from lrreport.engine.network import Layers, Tensor, all_finite, forward, loss_and_hits
from lrreport.engine.updates import State, update_block, update_once
from lrreport.groups import GroupShape

_BUILDING = threading.Lock()


class DeviceArrays(NamedTuple):
    """A dataset's arrays on the device; a tuple, since TensorFlow looks into no other kind of value.

    Attributes:
        train_images_nd: Grey values, uint8, shape (N, D): a quarter of the memory that scaled ones take.
        train_labels_n: int32, shape (N,).
        test_images_md: Likewise, shape (M, D).
        test_labels_m: int32, shape (M,).
        white: The grey value that becomes 1, float32: 255.
    """

    train_images_nd: Tensor
    train_labels_n: Tensor
    test_images_md: Tensor
    test_labels_m: Tensor
    white: Tensor


def scale(images_bd: Tensor, white: Tensor) -> Tensor:
    """Grey values uint8 -> float32 in [0, 1], to the bit as `datasets.scale_images` does it.

    numerics: `white` is an argument of the program, since XLA multiplies by the inverse of a constant, which is
    another number for 126 of the 256 values (tests/engine/test_updates.py).
    """
    return tf.cast(images_bd, tf.float32) / white


def _train_epoch(
    shape: GroupShape,
    arrays: DeviceArrays,
    order_n: Tensor,
    first_update: Tensor,
    settings: Mapping[str, Tensor],
    state: State,
) -> State:
    """All updates of an epoch, block after block; the last block takes what is left."""
    size = order_n.shape[0]
    per_block = shape.updates_per_block
    blocks = size // shape.batch_size // per_block
    images_per_block = per_block * shape.batch_size

    def one_block(block: Tensor, sizes: Sequence[int], state: State) -> State:
        rows_n = tf.slice(order_n, [block * images_per_block], [sum(sizes)])
        images_nd = scale(tf.gather(arrays.train_images_nd, rows_n), arrays.white)
        labels_n = tf.gather(arrays.train_labels_n, rows_n)
        update = first_update + block * per_block
        if shape.family == "sgd":
            return update_block(shape, sizes, images_nd, labels_n, update, settings, state)
        return update_once(shape, images_nd, labels_n, update, settings, state)

    if blocks:
        _, state = tf.while_loop(
            lambda block, _: block < blocks,
            lambda block, state: (block + 1, one_block(block, [shape.batch_size] * per_block, state)),
            (tf.constant(0), state),
        )
    rest = size - blocks * images_per_block
    if rest:
        full, part = divmod(rest, shape.batch_size)
        sizes = [shape.batch_size] * full + [part] * (part > 0)
        state = one_block(tf.constant(blocks), sizes, state)
    return state


def _evaluate(shape: GroupShape, arrays: DeviceArrays, weights: Layers) -> tuple[Tensor, Tensor]:
    """Mean loss and fraction of right answers on the test set, (R,) each, in one wide pass."""
    kernel_dc, bias_c = weights[0]
    logits_rmk, _ = forward(
        shape, weights[1:], tf.matmul(scale(arrays.test_images_md, arrays.white), kernel_dc) + bias_c
    )
    loss_r, hits_r, _ = loss_and_hits(logits_rmk, arrays.test_labels_m)
    tests = arrays.test_labels_m.shape[0]
    return loss_r / tests, hits_r / tests


def compile_epoch(shape: GroupShape) -> Callable[..., Any]:
    """The compiled epoch of a group shape; equal shapes share one program, whatever thread asks first.

    The function takes (arrays, order_n, first_update, settings, weights, slots) and returns (weights, slots, metrics),
    where settings maps names to float32 or bool vectors (R,) and metrics maps `train_loss`, `train_accuracy`,
    `test_loss`, `test_accuracy`, `learning_rate` (float32) and `is_finite` (bool) to vectors (R,).
    """
    with _BUILDING:
        return _make_epoch(shape)


@functools.lru_cache(maxsize=16)
def _make_epoch(shape: GroupShape) -> Callable[..., Any]:
    @tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
    def epoch(
        arrays: DeviceArrays,
        order_n: Tensor,
        first_update: Tensor,
        settings: Mapping[str, Tensor],
        weights: Layers,
        slots: tuple[Layers, ...],
    ) -> Any:
        zero_r = tf.zeros([shape.slots])
        start = State(weights, slots, zero_r, zero_r, settings["initial_rate"])
        end = _train_epoch(shape, arrays, order_n, first_update, settings, start)
        test_loss_r, test_accuracy_r = _evaluate(shape, arrays, end.weights)
        size = order_n.shape[0]
        metrics = {
            "train_loss": end.loss_r / size,
            "train_accuracy": end.hits_r / size,
            "test_loss": test_loss_r,
            "test_accuracy": test_accuracy_r,
            "learning_rate": end.rate_r,
            "is_finite": all_finite(shape, end.weights),
        }
        return end.weights, end.slots, metrics

    return epoch  # type: ignore[no-any-return]
