"""How a new report takes the place of the old one, so that nobody ever finds half of one.

Beside an output folder `reports` stand, while a build works on it:

    .reports.lock             who works on it; gone with that build
    .reports.staging-TOKEN    the new report; after the swap, for a moment, the old one
    .reports.journal          only where two folders cannot be exchanged: the two renames that are about to happen
    .reports.old-TOKEN        only there: the old report between the two renames

The two folders change names in one step where the system can do that. Elsewhere there are two renames, and a moment
without a report between them; the journal is written before the first, and the next command finishes what it says.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from lrreport.atomic import sync_folder, write_atomically
from lrreport.documents import load_document
from lrreport.errors import BusyError, CacheError, OutputError
from lrreport.locks import hold_lock_file, is_locked, lock_folder
from lrreport.publishing.manifest import is_intact, read_manifest

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_TOKEN: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)


def _beside(out: Path, kind: str) -> Path:
    return out.with_name(f".{out.name}.{kind}")


def _tokens(out: Path, kind: str) -> list[str]:
    """Tokens of the folders of a kind, `staging` or `old`, beside the output folder."""
    start = f".{out.name}.{kind}-"
    with contextlib.suppress(OSError):
        names = (path.name for path in out.parent.iterdir() if path.name.startswith(start))
        return sorted(name[len(start) :] for name in names if _TOKEN.fullmatch(name[len(start) :]))
    return []


@contextlib.contextmanager
def hold_output(out: Path, *, wait: bool, tell: Callable[[str], None]) -> Iterator[None]:
    """Be the only build at work on an output folder; what a killed build left undone is finished first.

    Args:
        out: The output folder; its parent folder exists.
        wait: Wait for another build instead of giving up.
        tell: Told when waiting begins, and of what was finished.

    Raises:
        BusyError: Another build is at work on it, and `wait` is not asked for.
        OutputError: The folder beside it cannot be written, or a swap that was cut short cannot be finished.
    """
    out = out.resolve()
    try:
        with hold_lock_file(_beside(out, "lock"), what="output folder", wait=wait, tell=tell):
            if (done := finish_swap(out)) is not None:
                tell(done)
            remove_dead_staging(out)
            yield
    except CacheError as error:
        if error.where != str(_beside(out, "lock")):
            raise
        raise OutputError(
            "The output folder cannot be written", where=str(out), got=error.got, fix="choose another with --out"
        ) from error


def recover(out: Path) -> str | None:
    """Finish a swap that a killed build left undone, for commands that only read a report.

    Does nothing while a living build holds the folder, or where it cannot be written.

    Returns:
        What was done, in one line; None when there was nothing to do.
    """
    out = out.resolve()
    if not _beside(out, "journal").exists() and (out.exists() or not _tokens(out, "old")):
        return None
    told: list[str] = []
    with contextlib.suppress(BusyError, OutputError), hold_output(out, wait=False, tell=told.append):
        pass
    return "; ".join(told) or None


def finish_swap(out: Path) -> str | None:
    """Finish or undo the two renames of a build that was killed between them. Call it with the lock held.

    Returns:
        What was done, in one line; None when there was nothing to do.

    Raises:
        OutputError: The renames fail, or somebody has put another folder in the report's place meanwhile.
    """
    journal = _beside(out, "journal")
    document = load_document(journal) or {}
    # A journal may be lost or wrong; the names beside the folder say as much.
    tokens = [token for token in (document.get("token"),) if isinstance(token, str) and _TOKEN.fullmatch(token)]
    done = None
    try:
        for token in dict.fromkeys([*tokens, *_tokens(out, "old")]):
            staging, aside = _beside(out, f"staging-{token}"), _beside(out, f"old-{token}")
            if not aside.is_dir():
                continue
            if out.is_dir() and (staging.is_dir() or read_manifest(out) is None):
                # Between the renames nothing stands in the report's place: what stands there now is not ours.
                if any(out.iterdir()):
                    raise OutputError(
                        "A build was killed while it put its report in place, and the place has been taken meanwhile",
                        where=str(out),
                        got=f"files in it, and the older report in {aside}",
                        fix=f"move {out} away and run the command again, or delete {aside}",
                    )
                out.rmdir()
            if not out.exists():
                manifest = read_manifest(staging)
                is_new = manifest is not None and is_intact(staging, manifest)
                (staging if is_new else aside).rename(out)
                which = "the new report stands in its place" if is_new else "the older report is back in its place"
                done = f"a build was killed while it put its report in place: {which}"
            sync_folder(out.parent)
            shutil.rmtree(aside, ignore_errors=True)
        journal.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            "A report that a killed build left half in place cannot be put in place",
            where=str(out),
            got=str(error),
            fix="make the folder above it writable, and run the command again",
        ) from error
    return done


def remove_dead_staging(out: Path) -> None:
    """Remove what killed builds left beside the output folder; a living build holds a lock on its own.

    Process numbers say nothing: they are given again.
    """
    for kind in ("staging", "old"):
        for token in _tokens(out, kind):
            path = _beside(out, f"{kind}-{token}")
            if path.is_dir() and not path.is_symlink() and not is_locked(path):
                shutil.rmtree(path, ignore_errors=True)
    for left in out.parent.glob(f".{_beside(out, 'journal').name}.*.tmp"):
        left.unlink(missing_ok=True)


@contextlib.contextmanager
def make_staging(out: Path) -> Iterator[Path]:
    """An empty folder beside the output folder, locked while the context lasts and gone afterwards.

    Raises:
        OSError: It cannot be made.
    """
    staging = _beside(out, f"staging-{secrets.token_hex(8)}")
    staging.mkdir()
    try:
        with lock_folder(staging):
            yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def swap(staging: Path, out: Path) -> None:
    """Let the staged folder and the output folder change names; the older report, if any, is in `staging` then.

    The new folder takes over the older one's owner and mode: readers may depend on them.

    Raises:
        OSError: It failed; the older report is where it was.
    """
    if out.exists():
        status = out.stat()
        with contextlib.suppress(PermissionError):
            os.chown(staging, status.st_uid, status.st_gid)
        staging.chmod(status.st_mode & 0o7777)
    if not out.exists():
        staging.rename(out)
    elif not _exchange(staging, out):
        _rename_twice(staging, out)
    sync_folder(out.parent)


def _rename_twice(staging: Path, out: Path) -> None:
    token = staging.name.rpartition("-")[2]
    aside, journal = _beside(out, f"old-{token}"), _beside(out, "journal")
    write_atomically(journal, json.dumps({"token": token}).encode())
    try:
        out.rename(aside)
        staging.rename(out)
    except BaseException:  # a signal's exception, too
        if aside.exists() and not out.exists():
            aside.rename(out)
        journal.unlink(missing_ok=True)
        raise
    sync_folder(out.parent)
    aside.rename(staging)
    journal.unlink(missing_ok=True)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one step; False where the system or the file system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    if rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(second))
