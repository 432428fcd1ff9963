"""Choose the device, and set TensorFlow up for it. Importing this module imports TensorFlow."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from lrreport.datasets import Dataset
from lrreport.engine.packing import Inputs, padded_count, used_inputs
from lrreport.engine.program import DeviceArrays
from lrreport.environment import refuse_missing_gpu

DeviceChoice = Literal["auto", "cpu", "gpu"]


@dataclass(frozen=True, slots=True)
class Device:
    """Where runs are trained.

    Attributes:
        kind: `cpu` or `gpu`, the device class of an environment.
        name: TensorFlow's name of it.
        reason: Why it was taken, in words.
    """

    kind: Literal["cpu", "gpu"]
    name: str
    reason: str

    def place(self) -> AbstractContextManager[None]:
        """Within this context a thread's work goes to the device."""
        return tf.device(self.name)  # type: ignore[no-any-return]


def _works(name: str) -> str | None:
    """None when a compiled trial step runs on the device, else what went wrong, in one line."""

    @tf.function(jit_compile=True, autograph=False)  # type: ignore[untyped-decorator]
    def step(matrix: Any) -> Any:
        return tf.nn.log_softmax(tf.matmul(matrix, matrix))

    try:
        with tf.device(name):
            step(tf.ones([8, 8])).numpy()
    except (tf.errors.OpError, RuntimeError, ValueError) as error:
        return str(error).strip().splitlines()[0][:200]
    return None


def set_up_device(choice: DeviceChoice) -> Device:
    """Prepare this process's TensorFlow for training and say where it will happen.

    On the CPU everything is computed in one thread.

    Args:
        choice: `auto` takes a GPU when TensorFlow sees one and a trial step works on it.

    Raises:
        UsageError: `gpu` was asked for and none works here.
    """
    tf.get_logger().setLevel("ERROR")  # it warns of 'retracing' where many architectures are trained
    # numerics: with more threads XLA splits a matrix product over them, into parts that other kernels compute, and a
    # run's bits depend on its slot (tests/engine/test_same_bits.py). Speed comes from one process a core.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    reason = "asked for" if choice == "cpu" else "TensorFlow sees no GPU"
    gpus = tf.config.list_physical_devices("GPU")
    if choice == "cpu":
        tf.config.set_visible_devices([], "GPU")
    elif gpus:
        for gpu in gpus:
            tf.config.experimental.set_memory_growth(gpu, True)  # noqa: FBT003 - TensorFlow's own signature
        fault = _works("/GPU:0")
        if fault is None:
            # Not on the CPU: programs of one thread are deterministic without it.
            tf.config.experimental.enable_op_determinism()
            return Device("gpu", "/GPU:0", "a trial step worked")
        reason = f"the GPU failed a trial step: {fault}"
    if choice == "gpu":
        raise refuse_missing_gpu(reason)
    return Device("cpu", "/CPU:0", reason)


@dataclass(frozen=True, slots=True, eq=False)
class DeviceData:
    """A dataset on the device.

    Attributes:
        arrays: Images with the used inputs alone, then padding; and labels.
        inputs: Which inputs these are.
    """

    arrays: DeviceArrays
    inputs: Inputs


def put_on_device(dataset: Dataset, device: Device) -> DeviceData:
    """Move a dataset to the device, without the inputs that are zero in every image."""
    inputs = used_inputs(dataset.train_images, dataset.test_images)

    def images(array: NDArray[np.uint8]) -> Any:
        used = np.zeros((len(array), padded_count(inputs)), np.uint8)
        np.take(array.reshape(len(array), -1), inputs, 1, used[:, : len(inputs)])
        return tf.constant(used)

    with tf.device(device.name):
        arrays = DeviceArrays(
            images(dataset.train_images),
            tf.constant(dataset.train_labels.astype(np.int32)),
            images(dataset.test_images),
            tf.constant(dataset.test_labels.astype(np.int32)),
            tf.constant(255.0),
        )
    return DeviceData(arrays, inputs)
