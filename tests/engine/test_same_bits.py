"""A run's bits depend on its spec alone: not on neighbours, slot, order, interruption or the number asked for."""

from __future__ import annotations

import itertools
import threading

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrreport.checkpoints import Progress
from lrreport.engine.device import DeviceData
from lrreport.groups import Task
from lrreport.keys import run_key
from lrreport.spec import PlateauSpec, RunSpec
from tests.bits import bits
from tests.engine.training_alone import train

EPOCHS = 3
SGD = [
    RunSpec(learning_rate=0.1),
    RunSpec(learning_rate=0.01, momentum=0.9),
    RunSpec(learning_rate=0.01, momentum=0.9, nesterov=True),
    RunSpec(learning_rate=0.05, decay=0.01),
    RunSpec(learning_rate=0.5, plateau=PlateauSpec(patience=1, factor=0.5, min_delta=0.05)),
    RunSpec(learning_rate=1e30),
    RunSpec(learning_rate=1e-7),
]
ADAPTIVE = [
    RunSpec(optimizer="rmsprop"),
    RunSpec(optimizer="adagrad", learning_rate=0.05),
    RunSpec(optimizer="adam"),
    RunSpec(optimizer="adam", decay=0.01),
    RunSpec(optimizer="adam", learning_rate=0.1),
]
_alone: dict[tuple[RunSpec, int], bytes] = {}


def bits_alone(spec: RunSpec, data: DeviceData, epochs: int = EPOCHS) -> bytes:
    """The run in a group of its own, uninterrupted."""
    if (spec, epochs) not in _alone:
        (entry,) = train(data, [Task(spec, 0, epochs)]).values()
        _alone[spec, epochs] = bits(entry)
    return _alone[spec, epochs]


CHOICES = st.one_of(
    st.lists(st.sampled_from(SGD), min_size=1, max_size=5, unique=True),
    st.lists(st.sampled_from(ADAPTIVE), min_size=1, max_size=5, unique=True),
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(specs=CHOICES, stop_after=st.integers(1, EPOCHS))
def test_neighbours_slots_and_interruptions_do_not_matter(
    specs: list[RunSpec], stop_after: int, small_data: DeviceData
) -> None:
    """In any slot beside any runs, interrupted after any epoch and resumed in another order: the bits are the same."""
    epochs_done = itertools.count(1)
    first = train(
        small_data, [Task(spec, 0, EPOCHS) for spec in specs], should_stop=lambda: next(epochs_done) >= stop_after
    )
    unfinished = [entry for entry in first.values() if entry.progress is Progress.PARTIAL]
    tasks = [Task(entry.spec, len(entry.history), EPOCHS) for entry in reversed(unfinished)]
    last = {**first, **train(small_data, tasks, entries=first)}
    for spec in specs:
        assert bits(last[run_key(spec)]) == bits_alone(spec, small_data), spec


def test_more_epochs_continue_and_fewer_are_a_prefix(small_data: DeviceData) -> None:
    """Asking for more epochs gives the bits of a fresh long run; a short run is the long one's prefix."""
    specs = [SGD[1], SGD[4], ADAPTIVE[2]]
    short = train(small_data, [Task(spec, 0, 2) for spec in specs])
    longer = train(small_data, [Task(spec, 2, 5) for spec in specs], entries=short)
    for spec in specs:
        assert bits(longer[run_key(spec)]) == bits_alone(spec, small_data, 5)
        np.testing.assert_array_equal(
            longer[run_key(spec)].history.first(2).test_loss_t, short[run_key(spec)].history.test_loss_t
        )


def test_groups_side_by_side_do_not_matter(small_data: DeviceData) -> None:
    """Eight groups in eight threads at once: each run has the bits that it has alone."""
    expected = {spec: bits_alone(spec, small_data) for spec in (*SGD, *ADAPTIVE)}
    found: dict[RunSpec, bytes] = {}

    def work(specs: list[RunSpec]) -> None:
        for entry in train(small_data, [Task(spec, 0, EPOCHS) for spec in specs]).values():
            found[entry.spec] = bits(entry)

    shares = [[*SGD, *ADAPTIVE][start::8] for start in range(8)]
    threads = [threading.Thread(target=work, args=(share,)) for share in shares]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected


def test_a_diverged_run_is_a_short_finite_curve(small_data: DeviceData) -> None:
    """A rate of 1e30 diverges in the first epoch: no curve, no checkpoint, and its neighbour notices nothing."""
    entries = train(small_data, [Task(RunSpec(learning_rate=1e30), 0, EPOCHS), Task(SGD[0], 0, EPOCHS)])
    diverged = entries[run_key(RunSpec(learning_rate=1e30))]
    assert (diverged.progress, len(diverged.history), diverged.checkpoint) == (Progress.DIVERGED, 0, None)
    assert bits(entries[run_key(SGD[0])]) == bits_alone(SGD[0], small_data)
