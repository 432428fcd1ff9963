"""What the engine is measured against: Keras as a user would write it, and the machine's matrix product."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf

from lrreport.datasets import Dataset, scale_images
from lrreport.groups import CLASSES

_GEMM_SIDE: Final = 2048
_GEMM_S: Final = 0.5


def time_keras(dataset: Dataset, options: dict[str, Any]) -> Iterator[float]:
    """Seconds of an epoch by `model.fit`, as the source's code has it, one epoch after the other.

    Args:
        dataset: Which images.
        options: For `model.compile`.
    """
    one_hot = np.eye(CLASSES, dtype=np.float32)
    train = (scale_images(dataset.train_images), one_hot[dataset.train_labels])
    test = (scale_images(dataset.test_images), one_hot[dataset.test_labels])
    model = keras.Sequential(
        [
            keras.layers.Input((train[0].shape[1],)),
            keras.layers.Dense(50, activation="relu", kernel_initializer="he_uniform"),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.01), "categorical_crossentropy", metrics=["accuracy"], **options)
    while True:
        began = time.perf_counter()
        model.fit(*train, validation_data=test, epochs=1, verbose=0)
        yield time.perf_counter() - began


def measure_gemm() -> Iterator[float]:
    """GFLOP/s of TensorFlow's float32 matrix product, 2048 x 2048, on all cores."""
    matrix = tf.random.stateless_uniform([_GEMM_SIDE, _GEMM_SIDE], seed=[1, 2])
    tf.matmul(matrix, matrix).numpy()
    while True:
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < _GEMM_S:
            tf.matmul(matrix, matrix).numpy()
            count += 1
        yield 2 * _GEMM_SIDE**3 * count / (time.perf_counter() - began) / 1e9
