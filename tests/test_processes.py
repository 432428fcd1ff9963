"""Child processes: told from each other when they end, hang or are stopped, and never waited for for ever."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import pytest

from lrreport import execute
from lrreport.engine.worker import Assignment, WorkerSettings
from lrreport.errors import LrreportError
from lrreport.system.processes import Child, ChildLostError, follow_parent, is_stopped


def answer(connection: Connection) -> None:
    """Answer whatever is asked; hang, or end, when that is asked for."""
    follow_parent()
    while True:
        asked = connection.recv()
        if asked == "hang":
            time.sleep(1000)
        if asked == "end":
            os._exit(3)
        connection.send(asked)


def test_a_child_answers_and_ends() -> None:
    """What is sent comes back; a child that ends by itself is lost with its exit code; ending it leaves no process."""
    child = Child(answer, silence_s=30)
    child.send("hello")
    assert child.receive() == "hello"
    child.send("end")
    with pytest.raises(ChildLostError, match="exit code 3"):
        child.receive()
    child.end()


def test_a_child_that_hangs_is_killed() -> None:
    """Silence for longer than is allowed ends a child; one that waits longer than a moment is not hurried by that."""
    child = Child(answer, silence_s=30)
    child.send("ready")
    child.receive()
    child.hurry(1.0)
    child.send("hang")
    began = time.monotonic()
    with pytest.raises(ChildLostError, match="no sign of life"):
        child.receive()
    assert 0.9 < time.monotonic() - began < 20
    child.end()


def test_a_child_that_is_stopped_is_killed() -> None:
    """A stopped process is seen as such, and ends though no signal but SIGKILL reaches it."""
    child = Child(answer, silence_s=2.0)
    child.send("ready")
    child.receive()
    os.kill(child.pid, signal.SIGSTOP)
    while not is_stopped(child.pid):
        time.sleep(0.01)
    with pytest.raises(ChildLostError, match="SIGSTOP"):
        child.receive()
    child.end()
    with pytest.raises(ProcessLookupError):
        os.kill(child.pid, 0)


def die_at_once(_: Connection) -> None:
    """End before anything is read."""
    os._exit(9)


def take_nothing(_: Connection) -> None:
    """Live, and never read what is sent."""
    time.sleep(1000)


def test_a_child_that_dies_or_reads_nothing_takes_nobody_along() -> None:
    """A large message to a child that is gone, or does not read, ends in an error, and is not waited for for ever."""
    child = Child(die_at_once, silence_s=30)
    with pytest.raises(ChildLostError, match="exit code 9"):
        child.send(bytes(10**8))
    child = Child(take_nothing, silence_s=2.0)
    lost = threading.Event()

    def send() -> None:
        with contextlib.suppress(ChildLostError):
            child.send(bytes(10**7))
        lost.set()

    threading.Thread(target=send, daemon=True).start()
    give_up_at = time.monotonic() + 30
    while not lost.wait(0.1) and time.monotonic() < give_up_at:
        child.look_after()
    assert lost.is_set()
    child.end()


def test_stopping_a_crew_waits_for_no_stopped_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A worker that is stopped while a large group is sent to it does not hold whoever ends the training."""
    monkeypatch.setattr(execute, "serve", take_nothing)
    worker = execute._Worker(WorkerSettings("cpu", tmp_path, None))
    os.kill(worker._child.pid, signal.SIGSTOP)
    group = SimpleNamespace(shape=None, load=bytes(10**7))

    def lead() -> None:
        with contextlib.suppress(LrreportError):
            worker.train(Assignment(group, {}), lambda _: None)

    leading = threading.Thread(target=lead, daemon=True)
    leading.start()
    while not worker._lock.locked():
        time.sleep(0.01)
    stopping = threading.Thread(target=worker.stop, daemon=True)
    stopping.start()
    for thread in (stopping, leading):
        thread.join(40)
        assert not thread.is_alive()
    worker.end()
