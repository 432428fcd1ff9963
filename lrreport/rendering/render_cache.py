"""Figures and PDFs that are kept between builds: found by a digest of everything that they are made from.

One file an entry, `CACHE/render/KEY`: a line of JSON that names the parts with their sizes and carries their
checksum, then the parts' bytes. An entry that cannot be read, or whose checksum is wrong, is no entry. The folder is
kept below a size: what was used least recently goes first. Deleting it costs time and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lrreport.atomic import write_atomically

#: Where it stands, below the cache folder.
CACHE_FOLDER: Final = "render"
#: A full report in both languages takes about 10 MB; this holds many editions.
LIMIT_BYTES: Final = 256 * 1024 * 1024
_SCHEMA: Final = 1


def digest_parts(*parts: bytes | str) -> str:
    """A key over parts in order; where one ends and the next begins counts.

    >>> digest_parts("ab", "c") == digest_parts("a", "bc")
    False
    """
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(len(data).to_bytes(8, "big"))
        total.update(data)
    return total.hexdigest()


@dataclass(frozen=True, slots=True)
class RenderCache:
    """The kept files of one cache folder; the build's lock keeps other builds out.

    Attributes:
        folder: Where the entries stand; made when the first is written. None keeps nothing and finds nothing.
        limit_bytes: How large the folder may be after `prune`.
        damaged: Paths of entries that could not be used, in the order in which they were found.
    """

    folder: Path | None
    limit_bytes: int = LIMIT_BYTES
    damaged: list[str] = field(default_factory=list)

    def load(self, key: str) -> dict[str, bytes] | None:
        """The parts that were saved under a key, or None when there are none or they are damaged."""
        if self.folder is None:
            return None
        path = self.folder / key
        try:
            status = path.lstat()
            is_file = stat.S_ISREG(status.st_mode) and status.st_size <= self.limit_bytes
            parts = _unpack(path.read_bytes(), key) if is_file else None
        except FileNotFoundError:
            return None
        except OSError:
            parts = None
        if parts is None:
            self.drop(key)
            return None
        with suppress(OSError):
            os.utime(path)  # used just now: the last to go
        return parts

    def drop(self, key: str) -> None:
        """Note that an entry cannot be used, and remove it."""
        if self.folder is not None:
            self.damaged.append(str(self.folder / key))
            with suppress(OSError):
                (self.folder / key).unlink()

    def save(self, key: str, parts: Mapping[str, bytes]) -> None:
        """Keep parts under a key; a folder that is full or cannot be written keeps nothing, and no build fails of it."""
        if self.folder is None:
            return
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / key, _pack(key, parts))

    def prune(self) -> int:
        """Remove what was used least recently until the folder is below its limit; and what a kill left half written.

        Returns:
            How many entries went.
        """
        if self.folder is None or not self.folder.is_dir():
            return 0
        ages: list[tuple[int, str, int]] = []
        for path in self.folder.iterdir():
            with suppress(OSError):
                if path.name.startswith("."):
                    path.unlink()
                    continue
                status = path.stat()
                ages.append((status.st_mtime_ns, path.name, status.st_size))
        total = sum(size for _, _, size in ages)
        removed = 0
        for _, name, size in sorted(ages):
            if total <= self.limit_bytes:
                break
            with suppress(OSError):
                (self.folder / name).unlink()
                total -= size
                removed += 1
        return removed


def _pack(key: str, parts: Mapping[str, bytes]) -> bytes:
    payload = b"".join(parts.values())
    sizes = [[name, len(data)] for name, data in parts.items()]
    head = {"schema": _SCHEMA, "key": key, "parts": sizes, "checksum": _checksum(sizes, payload)}
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + payload


def _checksum(sizes: object, payload: bytes) -> str:
    return digest_parts(json.dumps(sizes), payload)


def _unpack(content: bytes, key: str) -> dict[str, bytes] | None:
    line, newline, payload = content.partition(b"\n")
    try:
        head = json.loads(line)
        if not newline or (head["schema"], head["key"]) != (_SCHEMA, key):
            return None
        if head["checksum"] != _checksum(head["parts"], payload):
            return None
        sizes = [(str(name), int(size)) for name, size in head["parts"]]
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
    if sum(size for _, size in sizes) != len(payload) or any(size < 0 for _, size in sizes):
        return None
    parts: dict[str, bytes] = {}
    start = 0
    for name, size in sizes:
        parts[name] = payload[start : start + size]
        start += size
    return parts
