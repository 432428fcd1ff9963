"""One command at a time on a cache and on an output folder: operating-system locks, which die with their process."""

from __future__ import annotations

import contextlib
import datetime
import errno
import os
import re
import shlex
import stat
import sys
import time
from collections.abc import Callable, Iterator
from typing import Final

from lrreport.errors import BusyError
from lrreport.system.files import CAREFULLY
from lrreport.system.folders import Folder
from lrreport.system.interrupts import stop_if_interrupted
from lrreport.system.processes import is_stopped

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no fcntl; there two builds at once are the user's care
    fcntl = None  # type: ignore[assignment]

_POLL_S: Final = 0.2
_MAX_HOLDER_BYTES: Final = 400
_OPENING: Final = os.O_RDWR | os.O_CREAT | CAREFULLY
#: What a holder writes; whatever else a file holds, it is no lock of ours.
_HOLDER: Final = re.compile(rb"process \d+, since [0-9T:+-]+: [^\n]*\n?", re.ASCII)


@contextlib.contextmanager
def hold_lock(
    folder: Folder, name: str, *, what: str, wait: bool, tell: Callable[[str], None], stays: bool = False
) -> Iterator[None]:
    """Hold a lock while the context lasts; a file tells others who holds it.

    Args:
        folder: Where the file stands.
        name: The file; made if it is missing.
        what: What is locked, for messages.
        wait: Wait for the holder instead of giving up.
        tell: Told once when waiting begins.
        stays: Leave the file there afterwards, empty.

    Raises:
        BusyError: Another process holds the lock, and `wait` is not asked for.
        OSError: The file cannot be made or locked, or is a link, a pipe or a folder.
    """
    file = _take(folder, name, what=what, wait=wait, tell=tell)
    try:
        yield
    finally:
        # Emptied or removed before it is let go: nobody reads of a holder that has gone.
        with contextlib.suppress(OSError):
            if _is_at(file, folder, name) and _is_ours(file):
                os.ftruncate(file, 0)
                if not stays:
                    folder.remove(name)
        os.close(file)


def _take(folder: Folder, name: str, *, what: str, wait: bool, tell: Callable[[str], None]) -> int:
    """Open and lock the file, and write into it who holds it now; return its descriptor."""
    told = False
    while True:
        _check_regular(folder.status(name), folder, name)
        file = os.open(name, _OPENING, 0o666, dir_fd=folder.descriptor)
        try:
            _check_regular(os.fstat(file), folder, name)
            if fcntl is not None:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(file, folder, name):
                with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
                    if _is_ours(file):
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
                    where=str(folder.path),
                    got=f"the lock is held by {holder}",
                    fix=_advise(holder),
                ) from error
            if not told:
                tell(f"waiting for another build: {holder}")
                told = True
            time.sleep(_POLL_S)
            stop_if_interrupted()
        except BaseException:
            os.close(file)
            raise


def _check_regular(status: os.stat_result | None, folder: Folder, name: str) -> None:
    """Refuse what no lock of ours can be: a link, a pipe, a folder.

    Raises:
        OSError: It is one.
    """
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EEXIST, "is no regular file, and no lock of ours", str(folder.path / name))


def _is_ours(file: int) -> bool:
    """Whether we may write into the file: it has one name, and is empty or holds what a holder wrote.

    Another one is locked as well as ours, and left as it is.
    """
    content = os.pread(file, _MAX_HOLDER_BYTES + 1, 0)
    return os.fstat(file).st_nlink <= 1 and (not content or _is_holder(content))


def _is_holder(content: bytes) -> bool:
    return len(content) <= _MAX_HOLDER_BYTES and _HOLDER.fullmatch(content) is not None


def _read_holder(file: int) -> str:
    """What the holder wrote; it writes just after it has locked the file."""
    for _ in range(10):
        content = os.pread(file, _MAX_HOLDER_BYTES + 1, 0)
        if content:
            text = content.decode(errors="replace").strip() if _is_holder(content) else "an unknown process"
            return "".join(letter if letter.isprintable() else "?" for letter in text)
        time.sleep(0.02)
    return "an unknown process"


def _advise(holder: str) -> str:
    match = re.match(r"process (\d{1,10}),", holder)
    if match is not None and is_stopped(int(match[1])):
        return f"it is stopped (SIGSTOP): `kill -CONT {match[1]}` lets it go on, `kill -9 {match[1]}` ends it; --wait waits for it"
    return "wait for it to end, or add --wait"


def _is_at(file: int, folder: Folder, name: str) -> bool:
    status = folder.status(name)
    return status is not None and os.path.samestat(os.fstat(file), status)


def _describe_us() -> str:
    """Process, command and local time, for whoever finds the lock taken."""
    command = shlex.join(["lrreport", *sys.argv[1:]])
    printable = "".join(letter if letter.isprintable() else "?" for letter in command)
    since = datetime.datetime.now(datetime.UTC).astimezone().isoformat(timespec="seconds")
    return f"process {os.getpid()}, since {since}: {printable}\n"
