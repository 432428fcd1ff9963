"""Files that are whole or not there: a temporary name beside the target, fsync, rename."""

from __future__ import annotations

import os
import uuid
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that nobody, not even after a power cut, finds half of it.

    Raises:
        OSError: The folder is not writable or full; no temporary file is left then.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def remove_temporary_files(folder: Path) -> None:
    """Remove the files that processes were writing which have ended since."""
    for path in folder.glob(".*.tmp"):
        process = path.name.split(".")[-2].partition("-")[0]
        if path.is_file() and not (process.isdigit() and is_alive(int(process))):
            path.unlink(missing_ok=True)


def is_alive(process: int) -> bool:
    """Whether a process of that number is there, ours or somebody else's."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass  # somebody else's
    return True


def sync_folder(folder: Path) -> None:
    """Make renames and removals in a folder durable, where the system can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
