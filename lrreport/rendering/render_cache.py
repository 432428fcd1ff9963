"""Figures and PDFs that are kept between builds: found by a digest of everything that they are made from.

One file an entry, `CACHE/render/KEY`: a line of JSON that names the parts with their sizes and carries their
signature, then the parts' bytes. An entry that cannot be read, or whose signature is wrong, is no entry. The folder is
kept below a size: what was used least recently goes first. Deleting it costs time and nothing else.

The signature is made with a key that lies in the user's own folder, and never in a cache: a cache may be a stranger's,
and what it keeps would be published. Without a place for a key nothing is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import platformdirs

from lrreport.cache.folder import KEPT_FILE, RENDER, look_into_cache, open_cache
from lrreport.errors import CacheError
from lrreport.system.folders import Folder, make_token

#: A full report in both languages takes about 10 MB; this holds many editions.
LIMIT_BYTES: Final = 256 * 1024 * 1024
_SCHEMA: Final = 2
_KEY_FILE: Final = "render-cache.key"
_KEY_BYTES: Final = 32
_MAX_HEAD_BYTES: Final = 10_000


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


def find_signing_key() -> bytes | None:
    """The user's key for what is kept; made at random when it is first asked for.

    It lies in the user's state folder, or in systemd's STATE_DIRECTORY, with mode 0600.

    Returns:
        32 bytes, or None where there is no such folder, or somebody else could have read or written the key.
    """
    named = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    try:
        place = Path(named or platformdirs.user_state_dir("lrreport"))
    except RuntimeError:  # pathlib's, where '~' means nothing
        return None
    if not place.is_absolute():
        return None
    with suppress(OSError), Folder.open(place, make=True) as folder:
        if folder.status(_KEY_FILE) is None:
            temporary = f".{_KEY_FILE}.{make_token()}.tmp"
            folder.create(temporary, secrets.token_bytes(_KEY_BYTES), is_private=True)
            with suppress(FileExistsError):  # another process was first: its key is the one
                os.link(temporary, _KEY_FILE, src_dir_fd=folder.descriptor, dst_dir_fd=folder.descriptor)
            folder.remove(temporary)
        status = folder.status(_KEY_FILE)
        is_private = status is not None and status.st_uid == os.geteuid() and not status.st_mode & 0o077
        key = folder.read(_KEY_FILE, _KEY_BYTES) if is_private else b""
        return key if len(key) == _KEY_BYTES else None
    return None


@dataclass(frozen=True, slots=True)
class RenderCache:
    """The kept files of one cache folder; the build's lock keeps other builds out.

    Attributes:
        root: The cache folder; `render/` in it is made when the first entry is written.
        key: What entries are signed with; None keeps nothing and finds nothing.
        limit_bytes: How large the folder may be after `prune`.
        damaged: Paths of entries that could not be used, in the order in which they were found.
    """

    root: Path
    key: bytes | None = field(default_factory=find_signing_key, repr=False)
    limit_bytes: int = LIMIT_BYTES
    damaged: list[str] = field(default_factory=list)

    @contextmanager
    def _open(self) -> Iterator[Folder | None]:
        """`render/`; None where there is none, or it cannot be used: then nothing is kept."""
        root = folder = None
        with suppress(OSError, CacheError):
            root = look_into_cache(self.root)
            folder = root.find(RENDER) if root is not None else None
        try:
            yield folder
        finally:
            for each in (folder, root):
                if each is not None:
                    each.close()

    def load(self, name: str) -> dict[str, bytes] | None:
        """The parts that were saved under a name, or None when there are none, or not by this user."""
        if self.key is None:
            return None
        with self._open() as folder:
            if folder is None or folder.status(name) is None:
                return None
            parts = None
            with suppress(OSError):
                parts = _unpack(folder.read(name, self.limit_bytes), name, self.key)
            if parts is not None:
                with suppress(OSError):  # used just now: the last to go
                    os.utime(name, dir_fd=folder.descriptor, follow_symlinks=False)
        if parts is None:
            self.drop(name)
        return parts

    def drop(self, name: str) -> None:
        """Note that an entry cannot be used, and remove it."""
        self.damaged.append(str(self.root / RENDER / name))
        with self._open() as folder:
            if folder is not None and KEPT_FILE.fullmatch(name):
                folder.remove(name)

    def save(self, name: str, parts: Mapping[str, bytes]) -> None:
        """Keep parts under a name; a folder that is full or cannot be written keeps nothing, and no build fails of it."""
        if self.key is None:
            return
        with suppress(OSError, CacheError), open_cache(self.root) as root:
            root.make(RENDER)
            with root.enter(RENDER) as folder:
                folder.write(name, _pack(name, parts, self.key))

    def prune(self) -> int:
        """Remove what was used least recently until the folder is below its limit; and what a kill left half written.

        Only files that bear names of ours go, and only they count.

        Returns:
            How many entries went.
        """
        removed = 0
        with self._open() as folder:
            if folder is None:
                return 0
            folder.remove_temporary(KEPT_FILE.fullmatch)
            ours = ((name, folder.status(name)) for name in folder.names() if KEPT_FILE.fullmatch(name))
            ages = [(status.st_mtime_ns, name, status.st_size) for name, status in ours if status is not None]
            total = sum(size for _, _, size in ages)
            for _, name, size in sorted(ages):
                if total <= self.limit_bytes:
                    break
                if folder.remove(name):
                    total -= size
                    removed += 1
        return removed


def _pack(name: str, parts: Mapping[str, bytes], key: bytes) -> bytes:
    payload = b"".join(parts.values())
    sizes = [[part, len(data)] for part, data in parts.items()]
    head = {"schema": _SCHEMA, "key": name, "parts": sizes, "signature": _sign(name, sizes, payload, key)}
    return json.dumps(head, separators=(",", ":")).encode() + b"\n" + payload


def _sign(name: str, sizes: object, payload: bytes, key: bytes) -> str:
    return hmac.new(
        key, digest_parts(str(_SCHEMA), name, json.dumps(sizes), payload).encode(), hashlib.sha256
    ).hexdigest()


def _unpack(content: bytes, name: str, key: bytes) -> dict[str, bytes] | None:
    line, newline, payload = content[:_MAX_HEAD_BYTES].partition(b"\n")
    payload = content[len(line) + 1 :]
    try:
        head = json.loads(line)
        if not newline or (head["schema"], head["key"]) != (_SCHEMA, name):
            return None
        if not hmac.compare_digest(str(head["signature"]).encode(), _sign(name, head["parts"], payload, key).encode()):
            return None
        sizes = [(str(part), int(size)) for part, size in head["parts"]]
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return None
    if sum(size for _, size in sizes) != len(payload) or any(size < 0 for _, size in sizes):
        return None
    parts: dict[str, bytes] = {}
    start = 0
    for part, size in sizes:
        parts[part] = payload[start : start + size]
        start += size
    return parts
