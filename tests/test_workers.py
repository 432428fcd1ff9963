"""Worker processes: the bits do not depend on how many there are, and one that dies is told about."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from lrreport.checkpoints import Entry, Progress
from lrreport.datasets import Dataset
from lrreport.errors import LrreportError
from lrreport.events import Event, Message, TrainingProgress
from lrreport.execute import Workplace, train_groups
from lrreport.groups import Task, make_groups
from lrreport.spec import RunSpec
from tests.bits import bits

SPECS = [
    RunSpec(seed=seed, optimizer=optimizer, momentum=momentum)
    for seed in (1, 2, 3)
    for optimizer, momentum in (("sgd", 0.0), ("sgd", 0.9), ("adam", 0.0))
]


def train(cache: Path, threads: int, specs: list[RunSpec], epochs: int, events: list[Event]) -> dict[str, Entry]:
    """Train on the CPU with so many cores; the last entry of each run, by key."""
    entries: dict[str, Entry] = {}
    train_groups(
        lambda device: make_groups([Task(spec, 0, epochs) for spec in specs], device),
        workplace=Workplace(cache, None, "cpu", threads, "cpu"),
        read=lambda _spec, _epochs: None,
        save=lambda entry: entries.__setitem__(entry.key, entry),
        report=events.append,
    )
    return entries


def test_the_number_of_cores_does_not_matter(mnist: Dataset, data_cache: Path) -> None:
    """Nine groups of three programs on the whole of MNIST, with 1 and 4 workers: the same bits of every run."""
    assert len(make_groups([Task(spec, 0, 1) for spec in SPECS], "cpu")) == len(SPECS)
    found = []
    for threads in (1, 4):
        events: list[Event] = []
        entries = train(data_cache, threads, SPECS, 1, events)
        assert f"{threads} groups at a time" in "".join(item.text for item in events if isinstance(item, Message))
        assert {entry.progress for entry in entries.values()} == {Progress.COMPLETE}
        found.append({key: bits(entry) for key, entry in entries.items()})
    assert found[0] == found[1]


def test_a_worker_that_dies_is_told_about(mnist: Dataset, data_cache: Path) -> None:
    """When the system kills a worker, the error says so, says what helps, and no process is left behind."""
    events: list[Event] = []

    def kill_one() -> None:
        children = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
        workers = [child for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text("ascii")]
        os.kill(int(workers[0]), signal.SIGKILL)

    class Killing(list[Event]):
        def append(self, item: Event) -> None:
            if isinstance(item, TrainingProgress) and not events:
                events.append(item)
                kill_one()

    with pytest.raises(LrreportError, match="ended from outside") as caught:
        train(data_cache, 1, SPECS[:1], 200, Killing())
    assert "--threads 1" in str(caught.value)
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
    assert not [child for child in children if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text("ascii")]
