r"""The updates of one minibatch after another: one by one, or several of plain SGD at a time.

**One by one** is what every rule can do: signal, gradient, rule.

**Several at a time** is for SGD without momentum. The first layer's kernel is by far the largest array (D x C), and
reading and writing it costs about as much as the arithmetic on it. But a minibatch needs the kernel only through its
signal, and with $W_t = W_0 - \sum_{s<t} X_s^\top E_s$ (E: error times learning rate) that is

$$X_t W_t = X_t W_0 - \sum_{s<t} (X_t X_s^\top) E_s,$$

where $X_t X_s^\top$ is only B x B and the same for all runs. So a block of minibatches takes one wide GEMM for
$X W_0$, small ones for the corrections, and one wide GEMM that adds all its updates to the kernel. It is the same
mathematics as one update after another, summed in another order: nothing is delayed or approximated. Biases and
later layers are small and are updated after each minibatch as ever.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from lrreport.engine import rules
from lrreport.engine.network import Layers, Tensor, forward_and_back, spread, spread_over_columns
from lrreport.groups import GroupShape
from lrreport.rules.sgd import step


class State(NamedTuple):
    """What updates change.

    Attributes:
        weights: Kernel and bias of each layer.
        slots: The optimizer's slots, each laid out like the weights.
        loss_r: Summed loss of the epoch so far, (R,).
        hits_r: Right answers so far, (R,).
        rate_r: The learning rate of the last update, (R,).
    """

    weights: Layers
    slots: tuple[Layers, ...]
    loss_r: Tensor
    hits_r: Tensor
    rate_r: Tensor


def rate_at(settings: Mapping[str, Tensor], update: Tensor) -> Tensor:
    """Inverse-time decay: the rate of the update with that number, counted from 0, (R,)."""
    return settings["initial_rate"] / (1.0 + settings["decay"] * tf.cast(update, tf.float32))


def _apply_rule(
    shape: GroupShape, state: State, gradients: Layers, settings: Mapping[str, Tensor]
) -> tuple[Layers, tuple[Layers, ...]]:
    """Every layer's weights and slots after one update."""
    rule = rules.RULES[shape.family]
    new_weights, new_slots = [], []
    for layer, (weight_pair, gradient_pair) in enumerate(zip(state.weights, gradients, strict=True)):
        spread_settings = spread(shape, layer, settings)
        pair = [
            rule(
                weight_pair[part],
                gradient_pair[part],
                tuple(slot[layer][part] for slot in state.slots),
                spread_settings[part],
            )
            for part in (0, 1)
        ]
        new_weights.append((pair[0][0], pair[1][0]))
        new_slots.append(tuple(zip(pair[0][1], pair[1][1], strict=True)))
    return tuple(new_weights), tuple(zip(*new_slots, strict=True))


def update_once(
    shape: GroupShape,
    images_bd: Tensor,
    labels_b: Tensor,
    update: Tensor,
    settings: Mapping[str, Tensor],
    state: State,
) -> State:
    """One update by the family's rule.

    Args:
        shape: The group's shape.
        images_bd: The minibatch, (B, D).
        labels_b: Its labels, (B,).
        update: Number of updates before this one, int32 scalar.
        settings: Per-run settings, (R,) each.
        state: Before the update.
    """
    kernel_dc, bias_c = state.weights[0]
    batch = forward_and_back(shape, state.weights[1:], tf.matmul(images_bd, kernel_dc) + bias_c, labels_b)
    first = (tf.matmul(images_bd, batch.error_bc, transpose_a=True), tf.reduce_sum(batch.error_bc, 0))
    rate_r = rate_at(settings, update)
    at_update = {**settings, "learning_rate": rate_r}
    if shape.family == "adaptive":
        at_update["adam_rate"] = rules.adam_rate(rate_r, tf.cast(update, tf.float32))
    weights, slots = _apply_rule(shape, state, (first, *batch.later_gradients), at_update)
    return State(weights, slots, state.loss_r + batch.loss_r, state.hits_r + batch.hits_r, rate_r)


def update_block(
    shape: GroupShape,
    sizes: Sequence[int],
    images_nd: Tensor,
    labels_n: Tensor,
    update: Tensor,
    settings: Mapping[str, Tensor],
    state: State,
) -> State:
    """Several updates of SGD without momentum; see the module's text.

    Args:
        shape: The group's shape, of the family `sgd`.
        sizes: Images of each minibatch, in order.
        images_nd: All of them, (sum(sizes), D).
        labels_n: Their labels, (sum(sizes),).
        update: Number of updates before the first of these, int32 scalar.
        settings: Per-run settings, (R,) each.
        state: Before the updates.
    """
    (kernel_dc, bias_c), later = state.weights[0], state.weights[1:]
    loss_r, hits_r, rate_r = state.loss_r, state.hits_r, state.rate_r
    signal_nc = tf.matmul(images_nd, kernel_dc)
    steps: list[Any] = []  # learning rate times error, (B, C), of each minibatch so far
    for index, (start, end) in enumerate(itertools.pairwise(itertools.accumulate(sizes, initial=0))):
        signal_bc = signal_nc[start:end]
        if steps:
            overlap_bn = tf.matmul(images_nd[start:end], images_nd[:start], transpose_b=True)
            signal_bc = signal_bc - tf.matmul(overlap_bn, tf.concat(steps, 0))
        batch = forward_and_back(shape, later, signal_bc + bias_c, labels_n[start:end])
        rate_r = rate_at(settings, update + index)
        step_bc = batch.error_bc * spread_over_columns(shape, rate_r)
        steps.append(step_bc)
        bias_c = bias_c - tf.reduce_sum(step_bc, 0)
        later = tuple(
            (
                step(kernel_rhj, kernel_gradient, rate_r[:, None, None]),
                step(bias_rj, bias_gradient, rate_r[:, None]),
            )
            for (kernel_rhj, bias_rj), (kernel_gradient, bias_gradient) in zip(
                later, batch.later_gradients, strict=True
            )
        )
        loss_r, hits_r = loss_r + batch.loss_r, hits_r + batch.hits_r
    kernel_dc = kernel_dc - tf.matmul(images_nd, tf.concat(steps, 0), transpose_a=True)
    return State(((kernel_dc, bias_c), *later), state.slots, loss_r, hits_r, rate_r)
