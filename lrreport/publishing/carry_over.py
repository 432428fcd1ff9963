"""What is not ours in an output folder comes along when a new report takes its place."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Final

from lrreport.publishing.manifest import MANIFEST, read_manifest
from lrreport.publishing.mounts import mount_points

_KEPT: Final = ".kept"


def carry_over(source: Path, target: Path, files: Collection[str]) -> None:
    """Let what is not ours in one folder stand in another, too.

    What is ours is what the manifest in `source` lists, and the manifest. Everything else gets a second name in
    `target`, or a copy where the file system cannot give it one. Called again, it does what is left to do.

    Args:
        source: The folder of the older report; may be missing.
        target: The folder of the new report.
        files: Names of the new report's files. What is not ours and bears one of them gets `.kept` behind its name.

    Raises:
        OSError: Disk full or not writable; or another file system is mounted inside `source`.
    """
    if not source.is_dir():
        return
    manifest = read_manifest(source)
    ours = {MANIFEST, *(item["path"] for item in manifest["files"])} if manifest else {MANIFEST}
    taken = {MANIFEST, *files}
    folders = {parent.as_posix() for name in taken for parent in PurePosixPath(name).parents}
    for path in _walk(source, mount_points()):
        name = path.relative_to(source).as_posix()
        if name in ours:
            continue
        place = target / _free_name(name, taken, folders, is_folder=path.is_dir() and not path.is_symlink())
        while os.path.lexists(place) and not _is_same(path, place):
            place = place.with_name(place.name + _KEPT)
        if not os.path.lexists(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            _give_place(path, place)


def _walk(folder: Path, mounted: Collection[str]) -> Iterator[Path]:
    """Every file, every link and every empty folder below a folder; links are not followed."""
    if str(folder) in mounted:
        raise OSError(errno.EBUSY, "another file system is mounted inside the output folder", str(folder))
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        path = folder / entry.name
        if not entry.is_dir(follow_symlinks=False):
            yield path
            continue
        is_empty = True
        for inner in _walk(path, mounted):
            is_empty = False
            yield inner
        if is_empty:
            yield path


def _free_name(name: str, taken: set[str], folders: set[str], *, is_folder: bool) -> str:
    """The name itself, or one with `.kept` where the new report has a file or a folder of that name.

    >>> _free_name("index.html", {"index.html", "data/a"}, {"data"}, is_folder=False)
    'index.html.kept'
    >>> _free_name("index.html/x", {"index.html", "data/a"}, {"data"}, is_folder=False)
    'index.html.kept/x'
    >>> _free_name("data/b", {"index.html", "data/a"}, {"data"}, is_folder=False)
    'data/b'
    """
    parts = name.split("/")
    for depth in range(1, len(parts) + 1):
        start = "/".join(parts[:depth])
        clashes = start in taken or (start in folders and depth == len(parts) and not is_folder)
        if clashes:
            return "/".join([start + _KEPT, *parts[depth:]])
    return name


def _is_same(path: Path, place: Path) -> bool:
    """Whether the one was carried over to the other before."""
    one, other = path.lstat(), place.lstat()
    if os.path.samestat(one, other) or (stat.S_ISDIR(one.st_mode) and stat.S_ISDIR(other.st_mode)):
        return True
    return (one.st_mode, one.st_size, one.st_mtime_ns) == (other.st_mode, other.st_size, other.st_mtime_ns)


def _give_place(path: Path, place: Path) -> None:
    """A second name for a file, or a copy of it; an empty folder anew."""
    status = path.lstat()
    if stat.S_ISDIR(status.st_mode):
        place.mkdir()
        with contextlib.suppress(PermissionError):
            shutil.copystat(path, place)
        return
    try:
        os.link(path, place, follow_symlinks=False)
    except OSError:
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            raise
        shutil.copy2(path, place, follow_symlinks=False)
