"""Some numbers are pinned, so that the mathematics cannot change without a new engine version."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from lrreport.engine import ENGINE_VERSION
from lrreport.engine.device import DeviceData
from lrreport.engine.random_streams import initial_weights, minibatch_order
from lrreport.groups import Task
from lrreport.keys import run_key
from lrreport.spec import RunSpec
from tests.engine.training_alone import train

GOLDEN = Path(__file__).parent.parent / "golden" / "engine.json"
RUNS = {
    "sgd": RunSpec(learning_rate=0.1),
    "momentum": RunSpec(momentum=0.9),
    "nesterov": RunSpec(momentum=0.9, nesterov=True),
    "decay": RunSpec(learning_rate=0.1, decay=0.01),
    "rmsprop": RunSpec(optimizer="rmsprop"),
    "adagrad": RunSpec(optimizer="adagrad"),
    "adam": RunSpec(optimizer="adam"),
    "two layers": RunSpec(hidden_units=(40, 20), learning_rate=0.1),
}


def test_numbers_are_the_pinned_ones(small_data: DeviceData) -> None:
    """Losses and accuracies of 2 epochs of 2,000 images agree to a relative 1e-4: other processors give other bits.

    LRREPORT_UPDATE_GOLDEN=1 writes the table anew; that needs a new ENGINE_VERSION.
    """
    entries = train(small_data, [Task(spec, 0, 2) for spec in RUNS.values()])
    measured = {
        name: {
            curve: [float(str(value)) for value in getattr(entries[run_key(spec)].history, f"{curve}_t")]
            for curve in ("train_loss", "train_accuracy", "test_loss", "test_accuracy")
        }
        for name, spec in RUNS.items()
    }
    if os.environ.get("LRREPORT_UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps({"engine_version": ENGINE_VERSION, "runs": measured}, indent=1) + "\n", "utf-8")
    golden = json.loads(GOLDEN.read_text("utf-8"))
    assert golden["engine_version"] == ENGINE_VERSION
    for name, curves in golden["runs"].items():
        for curve, values in curves.items():
            np.testing.assert_allclose(measured[name][curve], values, rtol=1e-4, err_msg=f"{name}: {curve}")


def test_random_streams_are_pinned() -> None:
    """Order and initial weights come from raw Philox words and stay what they are."""
    assert minibatch_order(1, 0, 60_000)[:5].tolist() == [58224, 35111, 31602, 4732, 36335]
    assert minibatch_order(2, 7, 10).tolist() == [8, 1, 9, 2, 0, 7, 5, 3, 6, 4]
    (first, bias), (last, _) = initial_weights(1, (784, 50, 10))
    assert first[0, :2].tolist() == [-0.03336293622851372, -0.025027448311448097]
    assert last[-1, -1] == np.float32(-0.11316535621881485)
    assert not bias.any()


def test_orders_are_permutations_that_differ() -> None:
    """Every epoch and seed has an order of its own, of all images."""
    orders = [minibatch_order(seed, epoch, 1000) for seed in (1, 2) for epoch in (0, 1, 2)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(1000))
    assert len({order.tobytes() for order in orders}) == len(orders)


def test_initial_weights_have_the_right_spread() -> None:
    """He-uniform and Glorot-uniform: the limits are reached and not passed, the mean is near 0."""
    (first, _), (last, _) = initial_weights(3, (784, 50, 10))
    for kernel, limit in ((first, np.sqrt(6 / 784)), (last, np.sqrt(6 / 60))):
        assert np.abs(kernel).max() <= limit
        assert np.abs(kernel).max() > 0.98 * limit
        assert abs(kernel.mean()) < 0.05 * limit
