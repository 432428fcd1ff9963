"""What a run's last bits depend on beside its spec, told without importing TensorFlow."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lrreport.results import Environment


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


def available_cores() -> int:
    """Cores that this process may use: the affinity mask, where the system has one."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
