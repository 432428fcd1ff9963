"""One build at a time on a cache and on an output folder: operating-system locks, which die with their process."""

from __future__ import annotations

import contextlib
import datetime
import os
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from lrreport.errors import BusyError, CacheError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no fcntl; there two builds at once are the user's care
    fcntl = None  # type: ignore[assignment]

_POLL_S: Final = 0.5
_MAX_HOLDER_BYTES: Final = 400


@contextlib.contextmanager
def hold_lock(folder: Path, *, wait: bool, tell: Callable[[str], None]) -> Iterator[None]:
    """Hold a cache folder's lock while the context lasts.

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
    except OSError as error:
        raise _cannot_write(folder, error) from error
    with hold_lock_file(folder / "lock", what="cache", wait=wait, tell=tell, stays=True):
        yield


@contextlib.contextmanager
def hold_lock_file(
    path: Path, *, what: str, wait: bool, tell: Callable[[str], None], stays: bool = False
) -> Iterator[None]:
    """Hold a lock while the context lasts; the file tells others who holds it.

    Args:
        path: The file; made if it is missing.
        what: What is locked, for messages.
        wait: Wait for the holder instead of giving up.
        tell: Told once when waiting begins.
        stays: Leave the file there afterwards, empty.

    Raises:
        BusyError: Another process holds the lock, and `wait` is not asked for.
        CacheError: The file cannot be made or locked; `where` is its path.
    """
    try:
        file = _take(path, what=what, wait=wait, tell=tell)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield
    finally:
        # Emptied or removed before it is let go: nobody reads of a holder that has gone.
        with contextlib.suppress(OSError):
            os.ftruncate(file, 0)
            if not stays:
                path.unlink()
        os.close(file)


def _take(path: Path, *, what: str, wait: bool, tell: Callable[[str], None]) -> int:
    """Open and lock the file, and write into it who holds it now; return its descriptor."""
    told = False
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, path):
                with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
                    os.ftruncate(file, 0)
                    os.pwrite(file, _describe_us().encode()[:_MAX_HOLDER_BYTES], 0)
                return file
            os.close(file)  # its holder removed it when it ended: lock the one that is there now
        except BlockingIOError as error:
            holder = _read_holder(file)
            os.close(file)
            if not wait:
                raise BusyError(
                    f"Another build is at work on this {what}",
                    where=str(path.parent if what == "cache" else path),
                    got=f"the lock is held by {holder}",
                    fix="wait for it to end, or add --wait",
                ) from error
            if not told:
                tell(f"waiting for another build: {holder}")
                told = True
            time.sleep(_POLL_S)
        except BaseException:
            os.close(file)
            raise


def _read_holder(file: int) -> str:
    """What the holder wrote; it writes just after it has locked the file."""
    for _ in range(10):
        text = os.pread(file, _MAX_HOLDER_BYTES, 0).decode(errors="replace").strip()
        if text:
            return "".join(letter if letter.isprintable() else "?" for letter in text)
        time.sleep(0.02)
    return "an unknown process"


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.lstat())
    except FileNotFoundError:
        return False


def _describe_us() -> str:
    """Process, command and time, for whoever finds the lock taken."""
    command = shlex.join(["lrreport", *sys.argv[1:]])
    printable = "".join(letter if letter.isprintable() else "?" for letter in command)
    since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return f"process {os.getpid()}, since {since}: {printable}\n"


def _cannot_write(where: Path, error: OSError) -> CacheError:
    return CacheError(
        "The cache folder cannot be written",
        where=str(where),
        got=str(error),
        fix="choose another folder with --cache or LRREPORT_CACHE",
    )


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock a folder of our own making while the context lasts, whatever its name becomes meanwhile."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # file systems without locks: the output folder's lock is all there is
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def is_locked(folder: Path) -> bool:
    """Whether a living process holds the folder with `lock_folder`."""
    if fcntl is None:
        return False
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False
