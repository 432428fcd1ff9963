"""A block of plain SGD's updates is the same mathematics as one update after another."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from lrreport.datasets import scale_images
from lrreport.engine.network import forward_and_back, spread_over_columns
from lrreport.engine.packing import pack_layers
from lrreport.engine.program import scale
from lrreport.engine.random_streams import initial_weights
from lrreport.engine.updates import State, update_block
from lrreport.groups import GroupShape

#: TensorFlow has to be set up before it is used.
pytestmark = pytest.mark.usefixtures("device")

INPUTS, SLOTS = 784, 3
RATES = np.array([0.1, 0.01, 0.5], np.float32)
DECAYS = np.array([0.0, 0.1, 0.01], np.float32)
FIRST_UPDATE = 7


def one_by_one(shape: GroupShape, sizes: list[int], images: np.ndarray, labels: np.ndarray, weights):
    """The updates as a textbook has them: signal, gradient, step; float64 rates."""
    for index, (start, end) in enumerate(itertools.pairwise(itertools.accumulate(sizes, initial=0))):
        (kernel, bias), later = weights[0], weights[1:]
        batch = forward_and_back(shape, later, tf.matmul(images[start:end], kernel) + bias, labels[start:end])
        rate = tf.constant((RATES / (1 + DECAYS * (FIRST_UPDATE + index))).astype(np.float32))
        wide = spread_over_columns(shape, rate)
        first = (
            kernel - wide * tf.matmul(images[start:end], batch.error_bc, transpose_a=True),
            bias - wide * tf.reduce_sum(batch.error_bc, 0),
        )
        rest = [
            (kernel - rate[:, None, None] * kernel_gradient, bias - rate[:, None] * bias_gradient)
            for (kernel, bias), (kernel_gradient, bias_gradient) in zip(later, batch.later_gradients, strict=True)
        ]
        weights = (first, *rest)
    return weights


@pytest.mark.parametrize("sizes", [[32, 32, 32, 32], [32, 32, 7], [5], [1, 1, 1, 1, 1, 1, 1, 1]], ids=str)
@pytest.mark.parametrize("hidden", [(50,), (20, 15), ()], ids=str)
def test_a_block_is_its_updates(sizes: list[int], hidden: tuple[int, ...]) -> None:
    """Weights after a block agree with one update after another, for every slot's rate and decay, with a rest too."""
    width = hidden[0] if hidden else 10
    shape = GroupShape("sgd", hidden, sizes[0], SLOTS, -(-SLOTS * width // 16) * 16)
    random = np.random.default_rng(3)
    images = random.random((sum(sizes), INPUTS), np.float32) * (random.random((sum(sizes), INPUTS)) < 0.2)
    images, labels = images.astype(np.float32), random.integers(0, 10, sum(sizes)).astype(np.int32)
    runs = [initial_weights(seed, shape.widths) for seed in range(1, SLOTS + 1)]
    weights = tf.nest.map_structure(tf.constant, pack_layers(shape, runs, np.arange(INPUTS)))
    settings = {"initial_rate": tf.constant(RATES), "decay": tf.constant(DECAYS)}
    zero = tf.zeros([SLOTS])
    state = State(weights, (), zero, zero, zero)
    block = update_block(shape, sizes, images, labels, tf.constant(FIRST_UPDATE), settings, state)
    expected = one_by_one(shape, sizes, images, labels, weights)
    for ours, theirs, start in zip(
        tf.nest.flatten(block.weights), tf.nest.flatten(expected), tf.nest.flatten(weights), strict=True
    ):
        assert np.abs(theirs - start).max() > 1e-4, "the updates must move every array"
        np.testing.assert_allclose(ours, theirs, atol=2e-6)
    last = (RATES / (1 + DECAYS * (FIRST_UPDATE + len(sizes) - 1))).astype(np.float32)
    np.testing.assert_allclose(block.rate_r, last, rtol=1e-6)


def test_scaling_is_the_division_of_the_source() -> None:
    """All 256 grey values come out of the compiled program with the bits of float32(x / 255), here and on the host."""
    grey = np.arange(256, dtype=np.uint8)
    compiled = tf.function(scale, jit_compile=True, autograph=False)
    on_host = scale_images(grey).ravel()
    np.testing.assert_array_equal(compiled(tf.constant(grey), tf.constant(255.0)).numpy(), on_host)
    np.testing.assert_array_equal(on_host, (grey / 255.0).astype(np.float32))
