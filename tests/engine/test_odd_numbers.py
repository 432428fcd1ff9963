"""Settings at the edge end in a result: a finite curve, or a run that is known to have diverged."""

from __future__ import annotations

import numpy as np
import pytest

from lrreport.checkpoints import Progress
from lrreport.engine.device import DeviceData
from lrreport.groups import Task
from lrreport.spec import PlateauSpec, RunSpec
from tests.engine.training_alone import train

ODD = {
    "rate 1 with momentum 0.99": RunSpec(learning_rate=1, momentum=0.99),
    "rate 1e30": RunSpec(learning_rate=1e30),
    "the largest rate that float32 holds": RunSpec(learning_rate=3e38),
    "Adam at rate 1e30": RunSpec(learning_rate=1e30, optimizer="adam"),
    "decay 1e30": RunSpec(learning_rate=0.1, decay=1e30),
    "batch 1": RunSpec(batch_size=1),
    "a batch that leaves one image": RunSpec(batch_size=1999),
    "a batch that leaves a block and a rest": RunSpec(batch_size=33),
    "the whole set": RunSpec(batch_size=2000),
    "one hidden unit": RunSpec(hidden_units=(1,)),
    "no hidden layer": RunSpec(hidden_units=()),
    "three hidden layers": RunSpec(hidden_units=(3, 2, 1)),
    "more units than a group has columns": RunSpec(hidden_units=(700,)),
    "a plateau that always fires": RunSpec(plateau=PlateauSpec(patience=1, factor=1e-6, min_delta=100.0)),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_numbers_end_in_a_result(name: str, small_data: DeviceData) -> None:
    """Every number in a curve is finite, and a run that is not complete is marked as diverged."""
    epochs = 2
    (entry,) = train(small_data, [Task(ODD[name], 0, epochs)]).values()
    history = entry.history
    curves = (history.learning_rate_t, history.train_loss_t, history.test_loss_t)
    assert all(np.isfinite(curve).all() for curve in curves)
    for accuracy_t in (history.train_accuracy_t, history.test_accuracy_t):
        assert ((accuracy_t >= 0) & (accuracy_t <= 1)).all()
    assert entry.progress is (Progress.COMPLETE if len(history) == epochs else Progress.DIVERGED)
    if entry.progress is Progress.COMPLETE:
        assert entry.checkpoint is not None
        assert all(np.isfinite(array).all() for array in entry.checkpoint.arrays.values())


def test_the_rates_that_must_diverge_do(small_data: DeviceData) -> None:
    """A rate of 1e30 leaves no curve, and its neighbours are what they are without it."""
    calm = RunSpec(learning_rate=0.1)
    (alone,) = train(small_data, [Task(calm, 0, 1)]).values()
    entries = train(small_data, [Task(RunSpec(learning_rate=1e30), 0, 1), Task(calm, 0, 1)])
    by_spec = {entry.spec: entry for entry in entries.values()}
    assert by_spec[RunSpec(learning_rate=1e30)].progress is Progress.DIVERGED
    np.testing.assert_array_equal(by_spec[calm].history.test_loss_t, alone.history.test_loss_t)
