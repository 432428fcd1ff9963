"""Where groups run: worker threads of this process, one a core, each with a one-threaded program."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lrreport.checkpoints import Entry, Progress
from lrreport.datasets import load_dataset
from lrreport.environment import current_environment, without_chatter
from lrreport.events import Message, Report, TrainingProgress, message_of
from lrreport.groups import Group
from lrreport.spec import RunSpec

if TYPE_CHECKING:
    from lrreport.engine.device import Device, DeviceChoice, DeviceData
    from lrreport.engine.training import EpochReport


@dataclass(frozen=True, slots=True)
class Workplace:
    """Where and with what training happens.

    Attributes:
        cache: The cache folder, for data.
        data_path: The user's own data, or None.
        device: `auto`, `cpu` or `gpu`.
        threads: Cores to use.
    """

    cache: Path
    data_path: Path | None
    device: DeviceChoice
    threads: int


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


def _load_data(groups: Sequence[Group], workplace: Workplace, device: Device, report: Report) -> dict[str, DeviceData]:
    from lrreport.engine.device import put_on_device  # noqa: PLC0415 - TensorFlow, only when something is trained

    names = sorted({group.dataset for group in groups})
    return {
        name: put_on_device(
            load_dataset(
                name,
                cache_dir=workplace.cache,
                data_path=workplace.data_path,
                report=lambda text: report(message_of("data", text)),
            ),
            device,
        )
        for name in names
    }


def train_groups(
    groups: Sequence[Group],
    *,
    workplace: Workplace,
    read: Callable[[RunSpec], object],
    save: Callable[[Entry], None],
    report: Report,
) -> Mapping[str, int]:
    """Train groups to their ends.

    Args:
        groups: In the order in which they shall begin.
        workplace: Device, threads, data.
        read: Finds the entries that groups go on from.
        save: Keeps an entry; called from worker threads, never twice at once.
        report: Told of every epoch.

    Returns:
        How many runs ended in which way: `complete`, `diverged`.

    Raises:
        DataError: The data cannot be had.
        UsageError: `gpu` was asked for and there is none.
        KeyboardInterrupt: Or whatever else a signal handler raised; the workers have written their checkpoints then.
    """
    report(Message("train", "starting TensorFlow"))
    with without_chatter():
        from lrreport.engine.device import set_up_device  # noqa: PLC0415 - see above
        from lrreport.engine.training import GroupTraining  # noqa: PLC0415

    device = set_up_device(workplace.device, workplace.threads)
    where = f"training on the {device.kind.upper()} ({device.reason}), {device.workers} groups at a time"
    # A GPU that is there and does not work is a reason to look; a machine without one is not.
    report(Message("train", where, is_warning="failed" in device.reason))
    data = _load_data(groups, workplace, device, report)
    environment = current_environment(device.kind)
    waiting: queue.SimpleQueue[Group] = queue.SimpleQueue()
    for group in groups:
        waiting.put(group)
    tally, saving = _Tally(groups, report), threading.Lock()
    ended: dict[str, int] = {str(Progress.COMPLETE): 0, str(Progress.DIVERGED): 0}
    stop = threading.Event()

    def keep(entry: Entry) -> None:
        with saving:
            save(entry)
            text = f"{len(entry.history)} epochs of run {entry.key} are kept ({entry.progress})"
            report(Message("checkpoint", text, is_detail=True))
            if entry.progress is not Progress.PARTIAL:
                ended[str(entry.progress)] += 1

    def entries_of(group: Group) -> dict[str, Entry]:
        found = (read(task.spec) for task in group.tasks if task.start_epoch)
        return {entry.key: entry for entry in found if isinstance(entry, Entry)}

    def work() -> None:
        try:
            while not stop.is_set():
                group = waiting.get_nowait()
                with device.place():
                    GroupTraining(
                        group,
                        data[group.dataset],
                        entries=entries_of(group),
                        environment=environment,
                        save=keep,
                        clock=time.monotonic,
                    ).train(stop.is_set, tally.add)
        except queue.Empty:
            return
        except BaseException:
            stop.set()  # the other workers end after their epochs; `result` below raises this error
            raise

    _run_workers(work, device.workers, stop)
    return ended


def _run_workers(work: Callable[[], None], count: int, stop: threading.Event) -> None:
    """Run `work` in threads until all have returned; an exception anywhere stops the others after their epochs."""
    with ThreadPoolExecutor(count, thread_name_prefix="worker") as pool:
        working = [pool.submit(work) for _ in range(count)]
        try:
            # Short waits, so that signal handlers run; and no Thread.join, which takes a thread for ended when a
            # handler raises in it.
            while wait(working, timeout=0.2).not_done:
                pass
        finally:
            stop.set()
    for worker in working:
        worker.result()
