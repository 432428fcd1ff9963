"""Train one group to its end: epochs on the device; callbacks, records and checkpoints between them on the host."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import tensorflow as tf

from lrreport.checkpoints import Checkpoint, Entry, Progress
from lrreport.datasets import pinned_digest
from lrreport.engine import ENGINE_VERSION
from lrreport.engine.device import DeviceData
from lrreport.engine.packing import RunLayers, find_arrays, name_arrays, pack_layers, unpack_layers
from lrreport.engine.program import compile_epoch
from lrreport.engine.random_streams import initial_weights, minibatch_order
from lrreport.engine.rules import ADAGRAD_START, SLOT_NAMES
from lrreport.groups import EpochReport, Group, Task
from lrreport.keys import run_key
from lrreport.results import Environment, History
from lrreport.schedules.plateau import PlateauState, step_plateau
from lrreport.spec import RunSpec

#: A group writes its checkpoint after an epoch when so many seconds have passed since the last.
CHECKPOINT_EVERY_S: Final = 15.0
_CURVES: Final = ("learning_rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy")


@dataclass(slots=True)
class _Run:
    """A run in its slot while its group trains."""

    task: Task
    slot: int
    plateau: PlateauState
    curves: dict[str, list[np.float32]]
    wall_s: float = 0.0
    progress: Progress = Progress.PARTIAL
    epoch_seconds: list[float] = field(default_factory=list)

    @property
    def is_active(self) -> bool:
        return self.progress is Progress.PARTIAL

    @property
    def history(self) -> History:
        return History(*(np.array(self.curves[name], np.float32) for name in _CURVES))


def _fresh_layers(spec: RunSpec, kind: str, widths: tuple[int, ...]) -> RunLayers:
    """What a run starts with: initial weights, or optimizer slots."""
    weights = initial_weights(spec.seed, widths)
    if kind == "weight":
        return weights
    start = ADAGRAD_START if kind == "second" and spec.optimizer == "adagrad" else 0.0
    return [(np.full_like(kernel, start), np.full_like(bias, start)) for kernel, bias in weights]


class GroupTraining:
    """The training of one group.

    Args:
        group: What to train.
        data: Its dataset, on the device.
        entries: Cache entries of the runs that go on from a checkpoint, by run key.
        environment: Recorded with every result.
        save: Keeps an entry.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        group: Group,
        data: DeviceData,
        *,
        entries: Mapping[str, Entry],
        environment: Environment,
        save: Callable[[Entry], None],
        clock: Callable[[], float],
    ) -> None:
        self._group = group
        self._shape = group.shape
        self._data = data
        self._environment = environment
        self._save = save
        self._clock = clock
        self._runs = [self._begin(task, slot, entries) for slot, task in enumerate(group.tasks)]
        self._kinds = ("weight", *SLOT_NAMES[self._shape.family])
        layers = {
            kind: pack_layers(
                self._shape,
                [self._layers_of(run, kind, entries) for run in self._runs],
                data.inputs,
            )
            for kind in self._kinds
        }
        as_tensors = {kind: tf.nest.map_structure(tf.constant, value) for kind, value in layers.items()}
        self._weights = as_tensors["weight"]
        self._slots = tuple(as_tensors[kind] for kind in self._kinds[1:])

    def _entry_of(self, task: Task, entries: Mapping[str, Entry]) -> Entry | None:
        return entries[run_key(task.spec)] if task.start_epoch else None

    def _begin(self, task: Task, slot: int, entries: Mapping[str, Entry]) -> _Run:
        entry = self._entry_of(task, entries)
        if entry is None or entry.checkpoint is None:
            rate = float(np.float32(task.spec.rate))
            return _Run(task, slot, PlateauState(rate), {name: [] for name in _CURVES})
        saved = entry.checkpoint
        curves = {name: list(getattr(entry.history, f"{name}_t")) for name in _CURVES}
        return _Run(task, slot, PlateauState(saved.learning_rate, saved.best, saved.wait), curves, entry.wall_s)

    def _layers_of(self, run: _Run, kind: str, entries: Mapping[str, Entry]) -> RunLayers:
        entry = self._entry_of(run.task, entries)
        if entry is None or entry.checkpoint is None:
            return _fresh_layers(run.task.spec, kind, self._shape.widths)
        return find_arrays(kind, self._shape.widths, entry.checkpoint.arrays)

    def _settings(self) -> dict[str, Any]:
        """Per-run settings as vectors (R,); idle slots get rate 0."""
        specs = [run.task.spec for run in self._runs]
        idle = self._shape.slots - len(specs)

        def vector(values: list[Any], kind: Any) -> Any:
            return tf.constant(np.array(values + [0] * idle, kind))

        settings = {
            "initial_rate": vector([run.plateau.learning_rate for run in self._runs], np.float32),
            "decay": vector([spec.decay for spec in specs], np.float32),
        }
        if self._shape.family == "momentum":
            settings["momentum"] = vector([spec.momentum for spec in specs], np.float32)
            settings["nesterov"] = vector([spec.nesterov for spec in specs], np.bool_)
        elif self._shape.family == "adaptive":
            settings["is_adam"] = vector([spec.optimizer == "adam" for spec in specs], np.bool_)
            settings["is_rmsprop"] = vector([spec.optimizer == "rmsprop" for spec in specs], np.bool_)
        return settings

    def _run_epoch(self, epoch: int) -> dict[str, Any]:
        """Train one epoch, counted from 0, and return its metrics as NumPy vectors (R,)."""
        size = int(self._data.arrays.train_labels_n.shape[0])
        updates = -(-size // self._shape.batch_size)
        order_epoch = 0 if self._group.shuffle == "once" else epoch
        self._weights, self._slots, metrics = compile_epoch(self._shape)(
            self._data.arrays,
            tf.constant(minibatch_order(self._group.seed, order_epoch, size)),
            tf.constant(epoch * updates, tf.int32),
            self._settings(),
            self._weights,
            self._slots,
        )
        return {name: value.numpy() for name, value in metrics.items()}

    def _record(self, run: _Run, metrics: Mapping[str, Any]) -> None:
        """Take over a run's metrics of an epoch, or end it if something in it is not finite."""
        values = {name: metrics[name][run.slot] for name in _CURVES}
        if not metrics["is_finite"][run.slot] or not all(np.isfinite(value) for value in values.values()):
            run.progress = Progress.DIVERGED
            return
        for name, value in values.items():
            run.curves[name].append(value)
        spec = run.task.spec
        if spec.plateau is not None:
            run.plateau = step_plateau(spec.plateau, run.plateau, float(values["test_loss"]))
        if len(run.curves["test_loss"]) >= run.task.epochs:
            run.progress = Progress.COMPLETE

    def _save_runs(self, runs: list[_Run]) -> None:
        """Write entries of these runs, with weights and optimizer slots unless they diverged."""
        if not runs:
            return
        layers = {
            kind: tf.nest.map_structure(lambda tensor: tensor.numpy(), value)
            for kind, value in zip(self._kinds, (self._weights, *self._slots), strict=True)
        }
        for run in runs:
            checkpoint = None
            if run.progress is not Progress.DIVERGED:
                arrays: dict[str, Any] = {}
                for kind, value in layers.items():
                    beginning = _fresh_layers(run.task.spec, kind, self._shape.widths)
                    layers_of_run = unpack_layers(
                        self._shape, value, run.slot, inputs=self._data.inputs, beginning=beginning
                    )
                    arrays.update(name_arrays(kind, layers_of_run))
                checkpoint = Checkpoint(arrays, run.plateau.learning_rate, run.plateau.best, run.plateau.wait)
            entry = Entry(
                spec=run.task.spec,
                progress=run.progress,
                history=run.history,
                checkpoint=checkpoint,
                environment=self._environment,
                data_digest=pinned_digest(run.task.spec.dataset),
                engine_version=ENGINE_VERSION,
                wall_s=round(run.wall_s, 3),
                group_epoch_s=round(statistics.median(run.epoch_seconds), 4) if run.epoch_seconds else 0.0,
            )
            self._save(entry)

    def train(self, should_stop: Callable[[], bool], report: Callable[[EpochReport], None]) -> bool:
        """Train until every run is complete or diverged, or until `should_stop`.

        Args:
            should_stop: Asked after every epoch; the checkpoint is written before it is obeyed.
            report: Told of every epoch.

        Returns:
            Whether the group came to its end.
        """
        saved_at = self._clock()
        for epoch in range(self._group.start_epoch, self._group.epochs):
            active = [run for run in self._runs if run.is_active]
            if not active:
                break
            began = self._clock()
            metrics = self._run_epoch(epoch)
            seconds = self._clock() - began
            for run in active:
                run.wall_s += seconds / len(active)
                run.epoch_seconds.append(seconds)
                self._record(run, metrics)
            ended = [run for run in active if not run.is_active]
            going = [run for run in active if run.is_active]
            stopping = should_stop()
            if stopping or self._clock() - saved_at >= CHECKPOINT_EVERY_S:
                ended, saved_at = active, self._clock()
            self._save_runs(ended)
            report(EpochReport(epoch + 1, len(active), len(active) - len(going), seconds))
            if stopping and going:
                return False
        return True
