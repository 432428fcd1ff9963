"""Runs into a group's arrays and out of them again. NumPy only.

A group's first layer is one matrix whose columns are the slots' units side by side; its later layers have the slot
as their first axis. A run alone is a list of (kernel, bias), as Keras would have it.

Inputs that are zero in every image (the corners of a digit) never change a signal, and their weights never change: a
group leaves them out. A run has them, with the values that it began with.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lrreport.groups import GroupShape

Array = NDArray[np.float32]
RunLayers = list[tuple[Array, Array]]
GroupLayers = tuple[tuple[Array, Array], ...]
#: Positions of the inputs that a group works with, ascending, int64.
Inputs = NDArray[np.int64]

#: Inputs are padded with zeros to whole vector registers.
_INPUT_STEP = 16


def used_inputs(*images: NDArray[np.uint8]) -> Inputs:
    """The inputs that are not zero in some image.

    Args:
        images: Arrays of shape (N, ...), each with the same number of inputs an image.
    """
    used = np.logical_or.reduce([array.reshape(len(array), -1).any(0) for array in images])
    return np.flatnonzero(used)


def padded_count(inputs: Inputs) -> int:
    """D: how many inputs a group computes with."""
    return max(1, -(-len(inputs) // _INPUT_STEP)) * _INPUT_STEP


def pack_layers(shape: GroupShape, runs: Sequence[RunLayers], inputs: Inputs) -> GroupLayers:
    """Lay runs into the slots, in order; idle slots and the padding are zero.

    Args:
        shape: The group's shape.
        runs: Kernels (fan_in, fan_out) and biases (fan_out,) of each run.
        inputs: The inputs that the group works with.

    Returns:
        Kernel and bias of each layer: (D, C) and (C,) for the first, (R, H, J) and (R, J) for the others.
    """
    layers = []
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(shape.widths)):
        if layer == 0:
            kernel = np.zeros((padded_count(inputs), shape.columns), np.float32)
            bias = np.zeros(shape.columns, np.float32)
            for slot, run in enumerate(runs):
                columns = slice(slot * fan_out, (slot + 1) * fan_out)
                kernel[: len(inputs), columns], bias[columns] = run[0][0][inputs], run[0][1]
        else:
            kernel = np.zeros((shape.slots, fan_in, fan_out), np.float32)
            bias = np.zeros((shape.slots, fan_out), np.float32)
            for slot, run in enumerate(runs):
                kernel[slot], bias[slot] = run[layer]
        layers.append((kernel, bias))
    return tuple(layers)


def unpack_layers(
    shape: GroupShape, layers: GroupLayers, slot: int, *, inputs: Inputs, beginning: RunLayers
) -> RunLayers:
    """The run in a slot; the inverse of `pack_layers`. Copies, so that the group's arrays may go.

    Args:
        shape: The group's shape.
        layers: The group's arrays.
        slot: Which run.
        inputs: The inputs that the group works with.
        beginning: What the run began with; the inputs that the group leaves out have it still.
    """
    run: RunLayers = []
    for layer, (kernel, bias) in enumerate(layers):
        if layer == 0:
            width = shape.widths[1]
            columns = slice(slot * width, (slot + 1) * width)
            whole = beginning[0][0].copy()
            whole[inputs] = kernel[: len(inputs), columns]
            run.append((whole, np.ascontiguousarray(bias[columns])))
        else:
            run.append((np.ascontiguousarray(kernel[slot]), np.ascontiguousarray(bias[slot])))
    return run


def name_arrays(kind: str, run: RunLayers) -> dict[str, Array]:
    """A run's layers as a checkpoint names them: `weight/0/kernel`, `weight/0/bias`, ..."""
    return {
        f"{kind}/{layer}/{part}": array
        for layer, pair in enumerate(run)
        for part, array in zip(("kernel", "bias"), pair, strict=True)
    }


def find_arrays(kind: str, widths: Sequence[int], arrays: Mapping[str, Array]) -> RunLayers:
    """A run's layers from a checkpoint; the inverse of `name_arrays`.

    Raises:
        KeyError: An array is missing.
        ValueError: An array has another shape than the run's layers.
    """
    run: RunLayers = []
    for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        kernel, bias = arrays[f"{kind}/{layer}/kernel"], arrays[f"{kind}/{layer}/bias"]
        if kernel.shape != (fan_in, fan_out) or bias.shape != (fan_out,):
            message = f"layer {layer} of '{kind}' has shapes {kernel.shape} and {bias.shape}"
            raise ValueError(message)
        run.append((kernel, bias))
    return run
