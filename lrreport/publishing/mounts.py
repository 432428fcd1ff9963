"""Folders on which a file system is mounted: they cannot be renamed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_MOUNTS: Final = Path("/proc/self/mountinfo")
_PLACE: Final = 4


def is_mount_point(folder: Path) -> bool:
    """Whether something is mounted on a folder; `Path.is_mount` does not see a folder that is bound to another one."""
    return folder.is_mount() or str(folder.resolve()) in mount_points()


def mount_points() -> frozenset[str]:
    """Where file systems are mounted; empty where the system does not tell (it does on Linux)."""
    try:
        lines = _MOUNTS.read_bytes().decode(errors="surrogateescape").splitlines()
    except OSError:
        return frozenset()
    fields = (line.split(" ") for line in lines)
    return frozenset(_unescape(line[_PLACE]) for line in fields if len(line) > _PLACE)


def _unescape(text: str) -> str:
    r"""A path with its spaces and backslashes, which the kernel writes as octal numbers.

    >>> _unescape(r"/srv/my\040report")
    '/srv/my report'
    """
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
