"""One build at a time on a cache: an operating-system lock, which dies with its process."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from lrreport.errors import BusyError, CacheError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no fcntl; there two builds at once are the user's care
    fcntl = None  # type: ignore[assignment]


@contextlib.contextmanager
def hold_lock(folder: Path, *, wait: bool, tell: Callable[[str], None]) -> Iterator[None]:
    """Hold the folder's lock while the context lasts.

    Args:
        folder: The cache folder; made if it is missing.
        wait: Wait for the other build instead of giving up.
        tell: Told once when waiting begins.

    Raises:
        BusyError: Another build holds the lock, and `wait` is not asked for.
        CacheError: The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a+")
    except OSError as error:
        raise CacheError(
            "The cache folder cannot be written",
            where=str(folder),
            got=str(error),
            fix="choose another folder with --cache or LRREPORT_CACHE",
        ) from error
    with file:
        told = False
        while fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                file.seek(0)
                holder = file.read(200).strip() or "an unknown process"
                if not wait:
                    raise BusyError(
                        "Another build is at work on this cache",
                        where=str(folder),
                        got=f"the lock is held by {holder}",
                        fix="wait for it to end, or add --wait",
                    ) from error
                if not told:
                    tell(f"waiting for another build: {holder}")
                    told = True
                time.sleep(0.5)
        file.seek(0)
        file.truncate()
        file.write(f"process {os.getpid()}\n")
        file.flush()
        yield
