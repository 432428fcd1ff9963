"""Where groups run: worker processes, one a core on the CPU, one in all on a GPU.

The driver, this process, never loads TensorFlow: it hands out groups, writes what comes back to the store, and counts.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lrreport.checkpoints import Entry, Progress
from lrreport.datasets import load_dataset
from lrreport.engine.worker import Assignment, Failed, FromWorker, GroupDone, Ready, WorkerSettings, serve
from lrreport.errors import LrreportError
from lrreport.events import Message, Report, TrainingProgress
from lrreport.groups import EpochReport, Group, GroupShape
from lrreport.spec import RunSpec

if TYPE_CHECKING:
    from lrreport.engine.device import DeviceChoice

_END_WITHIN_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where and with what training happens.

    Attributes:
        cache: The cache folder, for data.
        data_path: The user's own data, or None.
        device: `auto`, `cpu` or `gpu`.
        threads: Cores to use.
        expected_device: The device class that is most likely the one, `cpu` or `gpu`, told without TensorFlow.
    """

    cache: Path
    data_path: Path | None
    device: DeviceChoice
    threads: int
    expected_device: str


class _Tally:
    """Counts epochs and runs over all workers, and estimates the time that is left."""

    def __init__(self, groups: Sequence[Group], report: Report) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._total = sum(task.epochs - task.start_epoch for group in groups for task in group.tasks)
        self._group_epochs = sum(group.epochs - group.start_epoch for group in groups)
        self._total_runs = sum(len(group.tasks) for group in groups)
        self._done = self._runs = self._group_done = 0

    def add(self, epoch: EpochReport) -> None:
        """Count one epoch of a group and tell about it."""
        with self._lock:
            self._done += epoch.active
            self._runs += epoch.finished
            self._group_done += 1
            elapsed = time.monotonic() - self._began
            left = elapsed / self._group_done * (self._group_epochs - self._group_done)
            self._report(
                TrainingProgress(self._done, self._total, self._runs, self._total_runs, elapsed, max(left, 0.0))
            )


class _Waiting:
    """Groups that nobody trains yet. A worker takes one of the first seed whose program it has compiled already."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = list(groups)
        self._lock = threading.Lock()

    def take(self, compiled: set[GroupShape]) -> Group | None:
        """The next group for a worker with these programs, or None when all are taken."""
        with self._lock:
            if not self._groups:
                return None
            first = [group for group in self._groups if group.seed == self._groups[0].seed]
            group = next((group for group in first if group.shape in compiled), first[0])
            self._groups.remove(group)
            return group


class _Worker:
    """A worker process, seen from the driver."""

    def __init__(self, context: SpawnContext, stop: Event, settings: WorkerSettings) -> None:
        self._connection, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(target=serve, args=(theirs, stop, settings), daemon=True)
        self._process.start()
        theirs.close()
        self.compiled: set[GroupShape] = set()

    def wait_until_ready(self) -> Ready:
        """Wait until TensorFlow is loaded there."""
        message = self._receive()
        assert isinstance(message, Ready), message
        return message

    def train(self, assignment: Assignment, tell: Callable[[Entry | EpochReport], None]) -> None:
        """Let it train a group; returns when the group has ended or was stopped."""
        self.compiled.add(assignment.group.shape)
        self._send(assignment)
        while not isinstance(message := self._receive(), GroupDone):
            assert isinstance(message, Entry | EpochReport), message
            tell(message)

    def end(self) -> None:
        """Let it end, by force if need be."""
        with contextlib.suppress(OSError):  # it may have ended by itself
            self._connection.send(None)
        self._connection.close()
        self._process.join(_END_WITHIN_S)
        self._process.kill()

    def _send(self, assignment: Assignment) -> None:
        try:
            self._connection.send(assignment)
        except OSError as error:
            raise self._loss() from error

    def _receive(self) -> FromWorker:
        try:
            message: FromWorker = self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._loss() from error
        if isinstance(message, Failed):
            raise message.error or RuntimeError(f"a worker process failed\n{message.details}")
        return message

    def _loss(self) -> LrreportError:
        self._process.join(_END_WITHIN_S)
        return LrreportError(
            "A process that trained was ended from outside",
            got=f"exit code {self._process.exitcode}",
            expected="a process that tells its results",
            fix="see whether the machine ran out of memory (--threads 1 needs least), and run the command again:"
            " it goes on from the last checkpoint",
        )


def train_groups(
    groups_for: Callable[[str], Sequence[Group]],
    *,
    workplace: Workplace,
    read: Callable[[RunSpec], object],
    save: Callable[[Entry], None],
    report: Report,
) -> Mapping[str, int]:
    """Train groups to their ends.

    Args:
        groups_for: The groups to train on a device class, `cpu` or `gpu`, in the order in which they shall begin.
        workplace: Device, threads, data.
        read: Finds the entries that groups go on from.
        save: Keeps an entry; never called twice at once.
        report: Told of every epoch.

    Returns:
        How many runs ended in which way: `complete`, `diverged`.

    Raises:
        DataError: The data cannot be had.
        UsageError: `gpu` was asked for and there is none.
        KeyboardInterrupt: Or whatever else a signal handler raised; the workers' checkpoints are written then.
    """
    report(Message("train", "starting TensorFlow"))
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    workers: list[_Worker] = []

    def hire(device: DeviceChoice, count: int) -> None:
        settings = WorkerSettings(device, workplace.cache, workplace.data_path, os.getpid())
        workers.extend(_Worker(context, stop, settings) for _ in range(count))

    try:
        expected = groups_for(workplace.expected_device)
        hire(workplace.device, 1)
        if workplace.expected_device == "cpu":
            hire("cpu", min(workplace.threads, len(expected)) - 1)
        _fetch_data(expected, workplace, report)  # while TensorFlow is loaded
        ready = workers[0].wait_until_ready()
        groups = groups_for(ready.kind)
        if ready.kind != workplace.expected_device:
            for worker in workers[1:]:
                worker.end()
            del workers[1:]
            if ready.kind == "cpu":
                hire("cpu", min(workplace.threads, len(groups)) - 1)
        text = f"training on the {ready.kind.upper()} ({ready.reason}), {len(workers)} groups at a time"
        report(Message("train", text))
        return _train(groups, workers, stop, read, save, report)
    finally:
        for worker in workers:
            worker.end()


def _fetch_data(groups: Sequence[Group], workplace: Workplace, report: Report) -> None:
    """See to it that every worker will find the data, checked, in the cache."""
    for name in sorted({group.dataset for group in groups}):
        load_dataset(
            name,
            cache_dir=workplace.cache,
            data_path=workplace.data_path,
            report=lambda text: report(Message("data", text)),
        )


def _train(
    groups: Sequence[Group],
    workers: Sequence[_Worker],
    stop: Event,
    read: Callable[[RunSpec], object],
    save: Callable[[Entry], None],
    report: Report,
) -> Mapping[str, int]:
    tally, saving, waiting = _Tally(groups, report), threading.Lock(), _Waiting(groups)
    ended: dict[str, int] = {str(Progress.COMPLETE): 0, str(Progress.DIVERGED): 0}

    def take_over(message: Entry | EpochReport) -> None:
        if isinstance(message, EpochReport):
            tally.add(message)
            return
        with saving:
            save(message)
            if message.progress is not Progress.PARTIAL:
                ended[str(message.progress)] += 1

    def entries_of(group: Group) -> dict[str, Entry]:
        found = (read(task.spec) for task in group.tasks if task.start_epoch)
        return {entry.key: entry for entry in found if isinstance(entry, Entry)}

    def lead(worker: _Worker) -> None:
        try:
            if worker is not workers[0]:
                worker.wait_until_ready()
            while not stop.is_set() and (group := waiting.take(worker.compiled)) is not None:
                worker.train(Assignment(group, entries_of(group)), take_over)
        except BaseException:
            stop.set()  # the other workers end after their epochs; `result` below raises this error
            raise

    _lead_all(lead, workers, stop)
    return ended


def _lead_all(lead: Callable[[_Worker], None], workers: Sequence[_Worker], stop: Event) -> None:
    """Lead each worker from a thread until all are done; an exception anywhere stops them after their epochs.

    Not from the main thread: a signal handler that raises in the middle of a message would leave half of it unread.
    """
    with ThreadPoolExecutor(len(workers), thread_name_prefix="lead") as pool:
        leading = [pool.submit(lead, worker) for worker in workers]
        try:
            # Short waits, so that signal handlers run; and no Thread.join, which takes a thread for ended when a
            # handler raises in it.
            while wait(leading, timeout=0.2).not_done:
                pass
        finally:
            stop.set()
    for thread in leading:
        thread.result()
