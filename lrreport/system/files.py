"""Files that somebody else may have made: regular ones, up to a size, without waiting for anybody."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
#: How whatever somebody else may have made is opened. A pipe would wait for its other end, a terminal would take us over,
#: a link would lead elsewhere.
CAREFULLY: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_CLOEXEC", 0) | _NOFOLLOW
_CHUNK_BYTES: Final = 1024 * 1024


def read_file(path: Path, limit: int) -> bytes:
    """Read a file that a user named, through links if they lead to one.

    Args:
        path: The file.
        limit: The most bytes that it may have.

    Raises:
        OSError: It is not there, cannot be read, is not a regular file, or is larger than `limit`.
    """
    return read_at(path, limit)


def read_at(name: str | Path, limit: int, *, folder: int | None = None, follow: bool = True) -> bytes:
    """Read a regular file of at most `limit` bytes.

    Args:
        name: Its path, or its name below `folder`.
        limit: The most bytes that it may have.
        folder: The descriptor of an open folder, or None for a path.
        follow: Whether `name` may be a link.

    Raises:
        OSError: As for `read_file`.
    """
    # Looked at before it is opened: to open a device can do something. Looked at again once it is open.
    _check_regular(os.stat(name, dir_fd=folder, follow_symlinks=follow), name, limit)
    flags = CAREFULLY & ~_NOFOLLOW if follow else CAREFULLY
    descriptor = os.open(name, os.O_RDONLY | flags, dir_fd=folder)
    try:
        _check_regular(os.fstat(descriptor), name, limit)
        content = bytearray()
        while len(content) <= limit and (part := os.read(descriptor, min(_CHUNK_BYTES, limit + 1 - len(content)))):
            content += part
    finally:
        os.close(descriptor)
    if len(content) > limit:
        raise OSError(errno.EFBIG, f"is larger than {limit:,} bytes", str(name))
    return bytes(content)


def _check_regular(status: os.stat_result, name: str | Path, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(name))
    if status.st_size > limit:
        raise OSError(errno.EFBIG, f"is larger than {limit:,} bytes", str(name))
