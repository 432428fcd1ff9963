"""What a run's last bits depend on beside its spec, and what the machine has for it, told without TensorFlow."""

from __future__ import annotations

import functools
import importlib.metadata
import math
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lrreport.errors import UsageError
from lrreport.results import Environment

#: What a worker has for itself, and what there is once: the driver, and TensorFlow's libraries, whose pages workers
#: share. Measured with TensorFlow 2.21: 575 MB; 85 MB and 430 MB.
WORKER_BYTES: Final = 600_000_000
SHARED_BYTES: Final = 500_000_000
_ROOT: Final = Path("/")


@functools.cache
def cpu_model() -> str:
    """The processor's name, from /proc/cpuinfo where there is one."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return " ".join(line.split(":", 1)[1].split())
    except OSError:
        pass
    return platform.processor() or platform.machine() or "unknown"


def current_environment(device: str) -> Environment:
    """The environment of a training that began now on a device class, `cpu` or `gpu`."""
    return Environment(
        tensorflow=importlib.metadata.version("tensorflow"),
        numpy=importlib.metadata.version("numpy"),
        cpu_model=cpu_model(),
        device=device,
    )


@dataclass(frozen=True, slots=True)
class Room:
    """What this process may use of the machine.

    Attributes:
        cores: Cores of the affinity mask.
        quota: Cores' worth of time that control groups allow, or None where they set no limit.
        memory_bytes: Memory that is free for it, within the limits of its control groups; None where nobody tells.
    """

    cores: int
    quota: float | None = None
    memory_bytes: int | None = None

    @property
    def cpus(self) -> int:
        """Workers that the cores and the quota can keep busy; a quota of 1.5 cores feeds a second one half the time."""
        return self.cores if self.quota is None else max(1, min(self.cores, math.ceil(self.quota)))

    @property
    def fitting(self) -> int | None:
        """Workers for which memory has room, 0 where one may be too many; None where nobody tells."""
        return None if self.memory_bytes is None else max(0, self.memory_bytes - SHARED_BYTES) // WORKER_BYTES

    @property
    def workers(self) -> int:
        """How many workers to start unless somebody says otherwise."""
        return self.cpus if self.fitting is None else max(1, min(self.cpus, self.fitting))

    def warn(self, workers: int) -> str:
        """What to know before so many workers are started; empty where memory has room for them.

        >>> Room(8, memory_bytes=2_000_000_000).warn(3)
        'memory has room for 2: 2.0 GB are free, and a worker takes 0.6 GB'
        """
        if self.memory_bytes is None or self.fitting is None or workers <= self.fitting:
            return ""
        free = f"{self.memory_bytes / 1e9:.1f} GB are free, and a worker takes {WORKER_BYTES / 1e9:.1f} GB"
        return f"memory has room for {self.fitting or 'less than one'}: {free}"

    def explain(self, most: int) -> str:
        """Why there are fewer workers than cores, as a part of a sentence; empty where no limit matters.

        Args:
            most: Workers that there would be something to do for.

        >>> Room(8, quota=1.0).explain(7)
        'the CPU quota is 1 of 8 cores'
        >>> Room(8, quota=4.0, memory_bytes=9_000_000_000).explain(3)
        ''
        """
        is_slowed = self.quota is not None and self.cpus < min(self.cores, most)
        quota = f"the CPU quota is {self.quota:g} of {self.cores} cores" if is_slowed else ""
        return "; ".join(filter(None, (quota, self.warn(min(self.cpus, most)))))


def measure_room(root: Path = _ROOT) -> Room:
    """What this process may use now.

    Args:
        root: Where /proc and /sys are looked for.
    """
    return Room(
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        quota=min(_quotas(root), default=None),
        memory_bytes=min(_free_memory(root), default=None),
    )


def available_cores() -> int:
    """Cores that this process may use: the affinity mask, and what control groups allow (a container, a service)."""
    return measure_room().cpus


def _control_groups(controller: str, root: Path) -> Iterator[Path]:
    """The control groups that limit this process, its own and those around it; some of the folders may be missing.

    In a container its own group is the top of what is mounted, whatever it is called outside.

    Source: cgroups(7); version 2, version 1, and both side by side.
    """
    mounted = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        match line.split(":", 2):
            case [_, "", path]:
                tops = [mounted, mounted / "unified"]
            case [_, controllers, path] if controller in controllers.split(","):
                tops = [mounted / controllers, mounted / controller]
            case _:
                continue
        for top in tops:
            group = top / path.lstrip("/")
            yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(top))


def _quotas(root: Path) -> Iterator[float]:
    for group in _control_groups("cpu", root):
        limit = _read_numbers(group / "cpu.max")
        limit = limit or _read_numbers(group / "cpu.cfs_quota_us") + _read_numbers(group / "cpu.cfs_period_us")
        if len(limit) == 2 and min(limit) > 0:  # noqa: PLR2004 - microseconds of work, in a period of so many
            yield limit[0] / limit[1]


def _free_memory(root: Path) -> Iterator[int]:
    if (available := _read_table(root / "proc/meminfo").get("MemAvailable:")) is not None:
        yield available * 1024
    for group in _control_groups("memory", root):
        limits = [
            number for name in ("max", "high", "limit_in_bytes") for number in _read_numbers(group / f"memory.{name}")
        ]
        used = _read_numbers(group / "memory.current") or _read_numbers(group / "memory.usage_in_bytes")
        if limits and used:
            held = _read_table(group / "memory.stat")
            # Files that the system only keeps at hand go when the room is wanted. Version 1 counts those of inner
            # groups in numbers of their own.
            files = sum(held.get(f"total_{kind}", held.get(kind, 0)) for kind in ("inactive_file", "active_file"))
            yield max(0, min(limits) - max(0, sum(used) - files))


def _read_numbers(file: Path) -> list[int]:
    """The numbers in a file; none where it is missing or says `max`, which is no limit."""
    try:
        return [int(word) for word in file.read_text("ascii").split()]
    except (OSError, ValueError):
        return []


def _read_table(file: Path) -> dict[str, int]:
    """The first number of each line, by the line's first word."""
    try:
        rows = [line.split() for line in file.read_text("ascii").splitlines()]
        return {row[0]: int(row[1]) for row in rows if len(row) > 1}
    except (OSError, ValueError):
        return {}


@contextmanager
def without_chatter() -> Iterator[None]:
    """Keep what TensorFlow's libraries write to file descriptor 2 while they are loaded out of our messages.

    They do so before their log level counts. Whoever sets TF_CPP_MIN_LOG_LEVEL below 2 (`-v` does) sees it.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "0") < "2":
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def refuse_missing_gpu(reason: str) -> UsageError:
    """The error where a GPU is asked for and none works."""
    return UsageError(
        "There is no GPU that works here",
        got=reason,
        expected="a GPU that TensorFlow can use",
        fix="leave --device out to train on the CPU, or install the extra 'gpu' and look at `lrreport doctor`",
    )
