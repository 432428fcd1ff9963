"""Where groups run: worker processes, one a core on the CPU, one in all on a GPU.

The driver, this process, never loads TensorFlow: it hands out groups, writes what comes back to the store, and counts.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from lrreport.checkpoints import Entry, Progress
from lrreport.datasets import load_dataset
from lrreport.engine.worker import Assignment, FromWorker, GroupDone, Ready, Stop, WorkerSettings, serve
from lrreport.environment import measure_room
from lrreport.errors import TOO_LITTLE_MEMORY, LrreportError
from lrreport.events import Message, Report, TrainingProgress, message_of
from lrreport.groups import EpochReport, Group, GroupShape
from lrreport.spec import RunSpec
from lrreport.system.interrupts import stop_if_interrupted
from lrreport.system.processes import Child, ChildLostError, Failed

if TYPE_CHECKING:
    from lrreport.engine.device import DeviceChoice

_POLL_S: Final = 0.2
#: A worker that says nothing for so long hangs: loading TensorFlow, compiling a program and an epoch take less.
_SILENCE_S: Final = 1800.0
#: Asked to stop, it has as long as some of its epochs, and a minute at least.
_LEAST_HURRY_S: Final = 60.0
_HURRY_EPOCHS: Final = 4.0


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


#: Of all epochs, before anybody is told how long the rest takes.
_SHARE_BEFORE_GUESSING: Final = 0.02


class _Tally:
    """Counts epochs and runs over all workers, and estimates the time that is left."""

    def __init__(self, groups: Sequence[Group], report: Report) -> None:
        self._report = report
        self._began = time.monotonic()
        self._total = sum(task.epochs - task.start_epoch for group in groups for task in group.tasks)
        self._group_epochs = sum(group.epochs - group.start_epoch for group in groups)
        self._total_runs = sum(len(group.tasks) for group in groups)
        self._done = self._runs = self._group_done = 0
        self._first_told: float | None = None

    def add(self, epoch: EpochReport) -> None:
        """Count one epoch of a group and tell about it."""
        self._done += epoch.active
        self._runs += epoch.finished
        self._group_done += 1
        elapsed = time.monotonic() - self._began
        self._report(
            TrainingProgress(self._done, self._total, self._runs, self._total_runs, elapsed, self._guess_left())
        )

    def _guess_left(self) -> float | None:
        """Seconds that are left at the pace since the first epoch, whose compiling and loading is no measure."""
        if self._first_told is None:
            self._first_told = time.monotonic()
        if self._group_done <= 1 + _SHARE_BEFORE_GUESSING * self._group_epochs:
            return None
        pace = (time.monotonic() - self._first_told) / (self._group_done - 1)
        return max(pace * (self._group_epochs - self._group_done), 0.0)


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

    def __init__(self, settings: WorkerSettings) -> None:
        self._child = Child(serve, silence_s=_SILENCE_S)
        self._child.send(settings)
        self._lock = threading.Lock()
        self._is_stopping = False
        self._longest_s = 0.0
        self._ready: Ready | None = None
        self.compiled: set[GroupShape] = set()

    def wait_until_ready(self) -> Ready:
        """Wait until TensorFlow is loaded there."""
        if self._ready is None:
            message = self._receive()
            assert isinstance(message, Ready), message
            self._ready = message
        return self._ready

    def train(self, assignment: Assignment, tell: Callable[[Entry | EpochReport], None]) -> None:
        """Let it train a group; returns when the group has ended or was stopped."""
        self.compiled.add(assignment.group.shape)
        with self._lock:  # either it never gets the group, or the stop comes after it
            if self._is_stopping:
                return
            self._send(assignment)
        while not isinstance(message := self._receive(), GroupDone):
            assert isinstance(message, Entry | EpochReport), message
            if isinstance(message, EpochReport):
                self._longest_s = max(self._longest_s, message.wall_s)
            tell(message)

    def stop(self) -> None:
        """Let it end its group after the epoch that it is in; a process that does not is killed."""
        self._child.hurry(max(_LEAST_HURRY_S, _HURRY_EPOCHS * self._longest_s))
        while not self._lock.acquire(timeout=_POLL_S):  # a group is being sent, to a process that may be stopped
            self._child.look_after()
        try:
            if not self._is_stopping:
                self._is_stopping = True
                with contextlib.suppress(ChildLostError):
                    self._child.send(Stop())
        finally:
            self._lock.release()

    def look_after(self) -> None:
        """Kill it when it does not take what is sent to it."""
        self._child.look_after()

    def end(self) -> None:
        """Let it end, by force if need be."""
        self._child.end()

    def _send(self, assignment: Assignment) -> None:
        try:
            self._child.send(assignment)
        except ChildLostError as error:
            raise _explain(error) from error

    def _receive(self) -> FromWorker:
        try:
            message: FromWorker = self._child.receive()
        except ChildLostError as error:
            raise _explain(error) from error
        if isinstance(message, Failed):
            raise message.as_exception()
        return message


def _explain(error: ChildLostError) -> LrreportError:
    return LrreportError(
        "A process that trained was ended from outside",
        got=str(error),
        expected="a process that tells its results",
        fix=f"see whether memory ran out, and run the command again, which goes on from the last checkpoint: "
        f"{TOO_LITTLE_MEMORY}",
    )


class Crew:
    """The worker processes of one command; used in a `with` statement, which ends them.

    Args:
        workplace: Device, cores, data.
    """

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._stop = threading.Event()
        self._workers: list[_Worker] = []

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End every worker."""
        for worker in self._workers:
            worker.end()

    def __len__(self) -> int:
        """How many groups are trained at a time."""
        return len(self._workers)

    def hire(self, device: DeviceChoice, count: int) -> None:
        """Start worker processes; they load TensorFlow while this one goes on."""
        settings = WorkerSettings(device, self._workplace.cache, self._workplace.data_path)
        self._workers.extend(_Worker(settings) for _ in range(count))

    def dismiss_all_but_first(self) -> None:
        """End the workers that a GPU leaves nothing to do for."""
        for worker in self._workers[1:]:
            worker.end()
        del self._workers[1:]

    def wait_until_ready(self) -> Ready:
        """Wait for the first worker to say on which device it will train."""
        return self._workers[0].wait_until_ready()

    def train(
        self,
        groups: Sequence[Group],
        *,
        read: Callable[[RunSpec, int], Entry | None],
        tell: Callable[[Entry | EpochReport], None],
    ) -> None:
        """Train groups to their ends, or after an exception to the end of their epochs.

        Args:
            groups: In the order in which they shall begin.
            read: Finds the entry of a run that a group goes on from, after so many epochs.
            tell: Takes what workers tell; never called twice at once.
        """
        waiting, telling = _Waiting(groups), threading.Lock()

        def tell_one(message: Entry | EpochReport) -> None:
            with telling:
                tell(message)

        def entries_of(group: Group) -> dict[str, Entry]:
            found = (read(task.spec, task.start_epoch) for task in group.tasks if task.start_epoch)
            return {entry.key: entry for entry in found if entry is not None}

        def lead(worker: _Worker) -> None:
            worker.wait_until_ready()
            while not self._stop.is_set() and (group := waiting.take(worker.compiled)) is not None:
                worker.train(Assignment(group, entries_of(group)), tell_one)

        self._lead_all(lead)

    def train_everywhere(self, groups: Sequence[Group]) -> None:
        """Let every worker train all the groups, and forget the results: their programs are compiled afterwards."""

        def lead(worker: _Worker) -> None:
            worker.wait_until_ready()
            for group in groups:
                worker.train(Assignment(group, {}), lambda _: None)

        self._lead_all(lead)

    def _look_after(self) -> None:
        for worker in self._workers:
            worker.look_after()

    def _lead_all(self, lead: Callable[[_Worker], None]) -> None:
        """Lead each worker from a thread; an exception anywhere stops them all after their epochs.

        The main thread looks for signals meanwhile.
        """

        def stop() -> None:
            self._stop.set()
            for worker in self._workers:
                worker.stop()

        def lead_or_stop(worker: _Worker) -> None:
            try:
                lead(worker)
            except BaseException:
                stop()  # the others end after their epochs; `result` below raises this error
                raise

        with ThreadPoolExecutor(len(self._workers), thread_name_prefix="lead") as pool:
            leading = [pool.submit(lead_or_stop, worker) for worker in self._workers]
            try:
                while wait(leading, timeout=_POLL_S).not_done:
                    self._look_after()
                    stop_if_interrupted()
            except BaseException:
                stop()
                while wait(leading, timeout=_POLL_S).not_done:
                    self._look_after()
                raise
        for thread in leading:
            thread.result()


def train_groups(
    groups_for: Callable[[str], Sequence[Group]],
    *,
    workplace: Workplace,
    read: Callable[[RunSpec, int], Entry | None],
    save: Callable[[Entry], None],
    report: Report,
) -> Mapping[str, int]:
    """Train groups to their ends.

    Args:
        groups_for: The groups to train on a device class, `cpu` or `gpu`, in the order in which they shall begin.
        workplace: Device, cores, data.
        read: Finds the entry of a run that a group goes on from, after so many epochs.
        save: Keeps an entry; never called twice at once.
        report: Told of every epoch.

    Returns:
        How many runs ended in which way: `complete`, `diverged`.

    Raises:
        DataError: The data cannot be had.
        UsageError: `gpu` was asked for and there is none.
        InterruptedBuildError: Ctrl-C; likewise TerminatedBuildError. The workers' checkpoints are written then.
    """
    report(Message("train", "starting TensorFlow"))
    with Crew(workplace) as crew:
        groups = _gather(crew, groups_for, workplace, report)
        tally = _Tally(groups, report)
        ended: dict[str, int] = {str(Progress.COMPLETE): 0, str(Progress.DIVERGED): 0}

        def take_over(message: Entry | EpochReport) -> None:
            if isinstance(message, EpochReport):
                tally.add(message)
                return
            save(message)
            text = f"epoch {len(message.history)} of run {message.key} is kept ({message.progress})"
            report(Message("checkpoint", text, is_detail=True))
            if message.progress is not Progress.PARTIAL:
                ended[str(message.progress)] += 1

        crew.train(groups, read=read, tell=take_over)
        return ended


def _gather(
    crew: Crew, groups_for: Callable[[str], Sequence[Group]], workplace: Workplace, report: Report
) -> Sequence[Group]:
    """Start the workers that the device wants, fetch the data meanwhile, and say what will be trained on what."""
    groups = groups_for(workplace.expected_device)
    room = measure_room()  # before the workers take their part of it
    crew.hire(workplace.device, 1)
    if workplace.expected_device == "cpu":
        crew.hire("cpu", min(workplace.threads, len(groups)) - 1)
    _fetch_data(groups, workplace, report)
    ready = crew.wait_until_ready()
    if ready.kind != workplace.expected_device:
        crew.dismiss_all_but_first()
        groups = groups_for(ready.kind)
        if ready.kind == "cpu":
            crew.hire("cpu", min(workplace.threads, len(groups)) - 1)
    limits = room.explain(len(groups)) if ready.kind == "cpu" else ""
    text = f"training on the {ready.kind.upper()} ({ready.reason}), {len(crew)} groups at a time"
    # A GPU that is there and does not work is a reason to look; a machine without one is not.
    report(Message("train", f"{text} ({limits})" if limits else text, is_warning="failed" in ready.reason))
    if ready.kind == "cpu" and (warning := room.warn(len(crew))):
        text = f"{warning}; where the system ends a process for it, {TOO_LITTLE_MEMORY}"
        report(Message("train", text, is_warning=True))
    return groups


def _fetch_data(groups: Sequence[Group], workplace: Workplace, report: Report) -> None:
    """See to it that every worker will find the data, checked, in the cache."""
    for name in sorted({group.dataset for group in groups}):
        load_dataset(
            name,
            cache_dir=workplace.cache,
            data_path=workplace.data_path,
            report=lambda text: report(message_of("data", text)),
        )
