"""Real processes are interrupted, terminated and killed in training; the next command goes on, to the same bits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lrreport.checkpoints import Entry, Progress
from lrreport.datasets import Dataset
from lrreport.store import Store
from tests.bits import bits

STUDY = """
id = "small"
[title]
th = "เล็ก"
en = "Small"
[base]
hidden_units = [10]
epochs = 40
[vary]
optimizer = ["sgd", "adam"]
"""


@pytest.fixture
def command(tmp_path: Path, data_cache: Path, mnist: Dataset) -> list[str]:
    """A training of two small runs on the whole of MNIST, about half a minute long."""
    (tmp_path / "studies").mkdir()
    (tmp_path / "studies" / "small.toml").write_text(STUDY, "utf-8")
    data = data_cache / "data" / "mnist.npz"
    return [sys.executable, "-m", "lrreport", "train", "--study", "small", "--studies", str(tmp_path / "studies"),
            "--seeds", "1", "--device", "cpu", "--progress", "json", "--data", str(data)]  # fmt: skip


def start(command: list[str], cache: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, "--cache", str(cache)], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def read_until(process: subprocess.Popen[str], is_reached: Callable[[int], bool]) -> None:
    """Read progress until `is_reached` says so of the run-epochs so far."""
    assert process.stderr is not None
    for line in process.stderr:
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "progress" and is_reached(event["run_epochs"]):
            return
    pytest.fail("training ended before it could be disturbed")


def entries(cache: Path) -> dict[str, Entry]:
    found = {entry.key: entry for entry in Store(cache).entries() if isinstance(entry, Entry)}
    assert len(found) == len(list((cache / "runs").iterdir()) if (cache / "runs").is_dir() else [])
    return found


def test_disturbed_training_ends_in_the_same_bits(command: list[str], tmp_path: Path) -> None:
    """SIGTERM saves the last whole epoch (143), SIGINT likewise (130), kill -9 loses at most 30 s; then it goes on."""
    calm = start(command, tmp_path / "calm")
    calm.communicate(timeout=300)
    assert calm.returncode == 0

    cache = tmp_path / "disturbed"
    terminated = start(command, cache)
    read_until(terminated, lambda epochs: epochs >= 6)
    terminated.send_signal(signal.SIGTERM)
    assert "run the same command again" in terminated.communicate(timeout=60)[1]
    assert terminated.returncode == 143
    after_term = entries(cache)
    assert {entry.progress for entry in after_term.values()} == {Progress.PARTIAL}
    assert sum(len(entry.history) for entry in after_term.values()) >= 6

    interrupted = start(command, cache)
    read_until(interrupted, lambda epochs: epochs >= 4)
    interrupted.send_signal(signal.SIGINT)
    interrupted.communicate(timeout=60)
    assert interrupted.returncode == 130
    after_int = entries(cache)
    for key, entry in after_int.items():
        assert len(entry.history) > len(after_term[key].history)

    killed = start(command, cache)
    began = time.monotonic()
    read_until(killed, lambda _: time.monotonic() - began > 45 or bool(newer(entries(cache), after_int)))
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate(timeout=60)
    after_kill = entries(cache)
    assert newer(after_kill, after_int), "a checkpoint must be written every 15 s"

    last = start(command, cache)
    last.communicate(timeout=300)
    assert last.returncode == 0
    undisturbed = entries(tmp_path / "calm")
    assert {key: bits(entry) for key, entry in entries(cache).items()} == {
        key: bits(entry) for key, entry in undisturbed.items()
    }


def newer(now: dict[str, Entry], before: dict[str, Entry]) -> list[str]:
    """Keys of entries that have more epochs than before."""
    return [key for key, entry in now.items() if len(entry.history) > len(before[key].history)]
