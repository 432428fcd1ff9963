"""Fuzz one target in a process of its own: `python -m tests.fuzz.run TARGET INPUTS`.

The process may not take more than 1 GiB beyond what it has when it begins, and no input may take 20 seconds.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NoReturn

from hypothesis import HealthCheck, Verbosity, given, settings

from tests.fuzz.targets import TARGETS, make_target

LIMIT_BYTES = 2**30
PATIENCE_S = 20


class HangError(BaseException):
    """An input takes too long."""


def give_up(*_: object) -> NoReturn:
    raise HangError


def limit_memory() -> None:
    """Let no allocation take the process beyond 1 GiB more than its libraries take."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    size = pages * resource.getpagesize() + LIMIT_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def fuzz(target: str, inputs: int) -> str:
    """Try so many inputs; return a line with the figures."""
    tried, slowest = 0, 0.0
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="lrreport-fuzz-", dir=memory) as name:
        strategy, check = make_target(target, Path(name))

        @settings(
            max_examples=inputs,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
        )
        @given(strategy)
        def try_one(drawn: Any) -> None:
            nonlocal tried, slowest
            tried += 1
            began = time.monotonic()
            signal.alarm(PATIENCE_S)
            try:
                check(drawn)
            finally:
                signal.alarm(0)
            slowest = max(slowest, time.monotonic() - began)

        limit_memory()
        began = time.monotonic()
        try_one()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    took = time.monotonic() - began
    return f"{target}: {tried:,} inputs in {took:.1f} s, the slowest {slowest:.2f} s, peak memory {peak:.0f} MiB"


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    for each in TARGETS if sys.argv[1] == "all" else [sys.argv[1]]:
        print(fuzz(each, int(sys.argv[2])), flush=True)  # noqa: T201
