"""The one place that opens, lists, writes and removes below a cache or an output folder.

A `Folder` is held open by its descriptor. Names below it are looked up from there, and no link is ever followed: what a
link in a cache or a report points to cannot be read, written or removed through it, and a folder that somebody
exchanges for another while we work is not the one that we go on with.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import stat
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, Self

from lrreport.system.files import CAREFULLY, read_at
from lrreport.system.processes import is_alive

_OPENING: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | CAREFULLY
_CREATING: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | CAREFULLY
#: A file or folder that a process is writing: its name, the process, and a token.
_TEMPORARY: Final = re.compile(r"\.(?P<name>.+)\.(?P<process>\d{1,10})-[0-9a-f]{8}\.tmp", re.ASCII)
#: File systems that cannot make a file or a folder durable say so with one of these; there is nothing to be done then.
_CANNOT_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.EACCES, errno.EROFS})
#: Folders of ours are a few levels deep. Whatever lies deeper is not ours, and is neither measured nor removed.
_MOST_LEVELS: Final = 8
_MOST_MEASURED: Final = 200_000
_PERMISSIONS: Final = 0o777
_HAS_EFFECTIVE_IDS: Final = os.access in os.supports_effective_ids


class Folder:
    """A folder that is held open. Use it in a `with` statement, or close it.

    Args:
        descriptor: Of the open folder; the `Folder` closes it.
        path: Where it was found. Only for messages: nothing is looked up by it.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self.path = path

    @classmethod
    def open(cls, path: Path, *, make: bool = False) -> Folder:
        """Open a folder that a user named. The path may lead through links: who names it means what it leads to.

        Args:
            path: The folder.
            make: Make it, and the folders above it, where they are missing.

        Raises:
            OSError: It cannot be opened or made; FileNotFoundError where it is missing.
        """
        resolved = Path(os.path.realpath(path))
        if make:
            resolved.mkdir(parents=True, exist_ok=True)
        return cls(os.open(resolved, _OPENING), resolved)

    def __enter__(self) -> Self:
        """Nothing more to do: it is open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Close the descriptor; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    @property
    def descriptor(self) -> int:
        """Of the open folder, for what `os` does relative to one."""
        return self._descriptor

    def is_at(self, path: Path) -> bool:
        """Whether a path still leads to this very folder."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), path.stat())
        except OSError:
            return False

    # Looking

    def names(self) -> list[str]:
        """The names of everything in it, sorted.

        Raises:
            OSError: It cannot be read.
        """
        with os.scandir(self._descriptor) as found:
            return sorted(entry.name for entry in found)

    def status(self, name: str) -> os.stat_result | None:
        """What the system says of a name in it, not of what a link points to; None where there is nothing.

        Raises:
            OSError: It cannot be looked at.
        """
        try:
            return os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        except FileNotFoundError:
            return None

    def has_file(self, name: str) -> bool:
        """Whether a name is a regular file."""
        with contextlib.suppress(OSError):
            status = self.status(name)
            return status is not None and stat.S_ISREG(status.st_mode)
        return False

    def has_folder(self, name: str) -> bool:
        """Whether a name is a folder, and no link to one."""
        with contextlib.suppress(OSError):
            status = self.status(name)
            return status is not None and stat.S_ISDIR(status.st_mode)
        return False

    def read(self, name: str, limit: int) -> bytes:
        """Read a regular file in it.

        Raises:
            OSError: It is missing, a link or no regular file, larger than `limit` bytes, or cannot be read.
        """
        return read_at(name, limit, folder=self._descriptor, follow=False)

    def enter(self, name: str, *, make: bool = False) -> Folder:
        """Open a folder in it.

        Args:
            name: Its name.
            make: Make it where it is missing.

        Raises:
            OSError: It is missing, a link, or no folder.
        """
        if make:
            self.make(name)
        return Folder(os.open(name, _OPENING, dir_fd=self._descriptor), self.path / name)

    def find(self, name: str) -> Folder | None:
        """Open a folder in it; None where there is none, or a link or a file in its place."""
        with contextlib.suppress(OSError):
            return self.enter(name)
        return None

    def measure(self, name: str | None = None) -> tuple[int, float]:
        """Bytes of everything below a name, or below the folder, and when the newest of it was written.

        Links count as themselves. What lies deeper than folders of ours do is left out.
        """
        size, changed = 0, 0.0
        for status in itertools.islice(self._statuses(name, _MOST_LEVELS), _MOST_MEASURED):
            changed = max(changed, status.st_mtime)
            size += 0 if stat.S_ISDIR(status.st_mode) else status.st_size
        return size, changed

    def _statuses(self, name: str | None, levels: int) -> Iterator[os.stat_result]:
        with contextlib.suppress(OSError):
            if name is None:
                yield os.fstat(self._descriptor)
                for inner in self.names():
                    yield from self._statuses(inner, levels)
                return
            status = self.status(name)
            if status is None:
                return
            if not stat.S_ISDIR(status.st_mode):
                yield status
            elif levels:
                with self.enter(name) as folder:
                    yield os.fstat(folder.descriptor)
                    for inner in folder.names():
                        yield from folder._statuses(inner, levels - 1)  # noqa: SLF001 - another of our kind

    # Changing

    def check_writable(self) -> None:
        """Ask whether names can be made in it and removed from it, and make none.

        Raises:
            OSError: They cannot.
        """
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=self._descriptor, effective_ids=_HAS_EFFECTIVE_IDS):
            is_read_only = os.fstatvfs(self._descriptor).f_flag & os.ST_RDONLY
            number = errno.EROFS if is_read_only else errno.EACCES
            raise OSError(number, os.strerror(number), str(self.path))

    def make(self, name: str) -> None:
        """Make a folder in it, unless there is one; readers get what this folder gives them.

        Raises:
            OSError: It cannot be made, or something else stands there.
        """
        try:
            with self._lending_modes():
                os.mkdir(name, _PERMISSIONS, dir_fd=self._descriptor)
        except FileExistsError:
            if not self.has_folder(name):
                raise

    def create(self, name: str, content: bytes, *, is_private: bool = False) -> None:
        """Write a new file and make it durable; nothing is at that name yet.

        Args:
            name: Its name.
            content: What it holds.
            is_private: Whether only its owner may read it, whatever the folder is like.

        Raises:
            OSError: It cannot be made or written, or something stands there.
        """
        with contextlib.nullcontext() if is_private else self._lending_modes():
            mode = 0o600 if is_private else 0o666
            descriptor = os.open(name, _CREATING, mode, dir_fd=self._descriptor)
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(descriptor, left) :]
            _sync(descriptor)
        finally:
            os.close(descriptor)

    def write(self, name: str, content: bytes) -> None:
        """Write a file so that nobody, not even after a power cut, finds half of it.

        Raises:
            OSError: The folder is not writable or full; no temporary file is left then.
        """
        temporary = f".{name}.{make_token()}.tmp"
        try:
            self.create(temporary, content)
            self.rename(temporary, name)
        except BaseException:
            self.remove(temporary)
            raise
        self.sync()

    def rename(self, name: str, new_name: str, into: Folder | None = None) -> None:
        """Give something in it another name, here or in another folder; what is there of that name is replaced.

        Raises:
            OSError: It cannot be done.
        """
        target = self._descriptor if into is None else into.descriptor
        os.rename(name, new_name, src_dir_fd=self._descriptor, dst_dir_fd=target)

    def remove(self, name: str) -> bool:
        """Remove a file or a link from it; whether it was there and is gone."""
        with contextlib.suppress(OSError):
            os.unlink(name, dir_fd=self._descriptor)
            return True
        return False

    def remove_empty(self, name: str) -> bool:
        """Remove a folder in it that holds nothing; whether it was there and is gone."""
        with contextlib.suppress(OSError):
            os.rmdir(name, dir_fd=self._descriptor)
            return True
        return False

    def remove_tree(self, name: str, *, is_ours: Callable[[str], bool] = lambda _: True) -> int:
        """Remove a folder of ours with all that is in it; links go as links.

        Args:
            name: The folder.
            is_ours: Says of each name in it, at any depth, whether it may go. What stays keeps its folder.

        Returns:
            Bytes that were freed. What could not go is still there: look.
        """
        return self._remove_tree(name, is_ours, _MOST_LEVELS)

    def _remove_tree(self, name: str, is_ours: Callable[[str], bool], levels: int) -> int:
        freed = 0
        folder = self.find(name)
        if folder is None or not levels:
            return freed
        with folder, contextlib.suppress(OSError):
            for inner in folder.names():
                if not is_ours(inner):
                    continue
                status = folder.status(inner)
                if status is not None and stat.S_ISDIR(status.st_mode):
                    freed += folder._remove_tree(inner, is_ours, levels - 1)  # noqa: SLF001 - another of our kind
                elif status is not None and folder.remove(inner):
                    freed += status.st_size
        self.remove_empty(name)
        return freed

    def remove_temporary(self, is_ours: Callable[[str], object], *, since: float | None = None) -> None:
        """Remove the files that processes were writing here which have ended.

        Args:
            is_ours: Says of a file's later name whether we would write a file of that name here.
            since: Seconds since 1970. Those that were changed before that go too, whoever has the process's number now.
        """
        with contextlib.suppress(OSError):
            for name in self.names():
                match = _TEMPORARY.fullmatch(name)
                if match is None or not is_ours(match["name"]) or not self.has_file(name):
                    continue
                status = self.status(name)
                is_old = since is not None and status is not None and status.st_mtime < since
                if is_old or not is_alive(int(match["process"])):
                    self.remove(name)

    def sync(self) -> None:
        """Make renames and removals in it durable, where the file system can.

        Raises:
            OSError: The disk failed.
        """
        _sync(self._descriptor)

    @contextlib.contextmanager
    def _lending_modes(self) -> Iterator[None]:
        """Let what is made here be read by all whom this folder lets in, whatever the process's umask says.

        A umask set aside for a moment, and no `chmod` afterwards: file systems and sandboxes may refuse that, and it
        would undo a default ACL. `r` goes where the folder has `x`; `w` stays what the umask makes it.
        """
        mode = os.fstat(self._descriptor).st_mode
        before = os.umask(0o077)
        try:
            os.umask(before & ~(mode & 0o055) & ~((mode & 0o011) << 2))
            yield
        finally:
            os.umask(before)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise


def make_token() -> str:
    """What makes a temporary name this process's own: its number, and eight random digits."""
    return f"{os.getpid()}-{uuid.uuid4().hex[:8]}"


def later_name(name: str) -> str | None:
    """Which name a file or folder that a process is writing, or was, would have had; None of any other name.

    >>> later_name(".run.json.4711-0a1b2c3d.tmp"), later_name(".mine.tmp"), later_name("run.json")
    ('run.json', None, None)
    """
    match = _TEMPORARY.fullmatch(name)
    return None if match is None else match["name"]
