"""The same run by `keras.Model.fit`: the reference that the engine is held against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
from numpy.typing import NDArray

from lrreport.datasets import Dataset, scale_images
from lrreport.engine.random_streams import initial_weights, minibatch_order
from lrreport.results import History
from lrreport.spec import RunSpec


@dataclass(frozen=True)
class OracleRun:
    """Curves and final weights of a Keras training."""

    history: History
    weights: list[NDArray[np.float32]]


def _ordered_batches(
    images: NDArray[np.float32], targets: NDArray[np.float32], spec: RunSpec, epochs: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Batches of all epochs in the engine's order: another order every epoch, or the first one's in all."""
    for epoch in range(epochs):
        order = minibatch_order(spec.seed, 0 if spec.shuffle == "once" else epoch, len(images))
        for start in range(0, len(images), spec.batch_size):
            rows = order[start : start + spec.batch_size]
            yield images[rows], targets[rows]


class _RateMonitor(keras.callbacks.Callback):
    """The rate in force at each epoch's last update, before the plateau callback may lower it."""

    def __init__(self) -> None:
        super().__init__()
        self.rates: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        optimizer = self.model.optimizer
        schedule = optimizer._learning_rate
        if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            self.rates.append(float(schedule(optimizer.iterations - 1)))
        else:
            self.rates.append(float(optimizer.learning_rate))


def _make_optimizer(spec: RunSpec) -> keras.optimizers.Optimizer:
    rate: object = spec.rate
    if spec.decay:
        rate = keras.optimizers.schedules.InverseTimeDecay(spec.rate, decay_steps=1, decay_rate=spec.decay)
    if spec.optimizer == "sgd":
        return keras.optimizers.SGD(rate, momentum=spec.momentum, nesterov=spec.nesterov)
    makers = {"rmsprop": keras.optimizers.RMSprop, "adagrad": keras.optimizers.Adagrad, "adam": keras.optimizers.Adam}
    return makers[spec.optimizer](rate)


def train_with_keras(spec: RunSpec, epochs: int, dataset: Dataset) -> OracleRun:
    """Train a run with plain Keras from the engine's initial weights, in the engine's order."""
    model = keras.Sequential([keras.layers.Input((784,))])
    for width in spec.hidden_units:
        model.add(keras.layers.Dense(width, activation="relu"))
    model.add(keras.layers.Dense(10, activation="softmax"))
    layers = initial_weights(spec.seed, (784, *spec.hidden_units, 10))
    model.set_weights([array for pair in layers for array in pair])
    model.compile(_make_optimizer(spec), "categorical_crossentropy", metrics=["accuracy"])
    monitor = _RateMonitor()
    callbacks: list[keras.callbacks.Callback] = [monitor]
    if spec.plateau is not None:
        callbacks.append(
            keras.callbacks.ReduceLROnPlateau(
                monitor="val_loss",
                factor=spec.plateau.factor,
                patience=spec.plateau.patience,
                min_delta=spec.plateau.min_delta,
            )
        )
    one_hot = np.eye(10, dtype=np.float32)
    fitted = model.fit(
        _ordered_batches(scale_images(dataset.train_images), one_hot[dataset.train_labels], spec, epochs),
        steps_per_epoch=-(-len(dataset.train_labels) // spec.batch_size),
        validation_data=(scale_images(dataset.test_images), one_hot[dataset.test_labels]),
        shuffle=False,
        validation_batch_size=len(dataset.test_labels),
        epochs=epochs,
        verbose=0,
        callbacks=callbacks,
    ).history
    curves = [monitor.rates, *(fitted[name] for name in ("loss", "accuracy", "val_loss", "val_accuracy"))]
    return OracleRun(History(*(np.array(curve, np.float32) for curve in curves)), model.get_weights())
