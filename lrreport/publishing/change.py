"""How a new report takes the place of the old one, file by file, in the folder that is there.

In an output folder stand, while a build works on it:

    .lrreport.lock              who works on it; gone with that build
    .lrreport/NUMBER-SHA256     the files of the new report, each whole and durable
    .lrreport/journal.json      written when all of them are: from then on the change is made, whatever happens

Then each file is renamed over the one of its name, what only the old report had is removed, and the manifest comes
last. All of that takes milliseconds. A build that is killed in them leaves the journal, and the next command that
looks at the folder finishes what it says.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lrreport.documents import MAX_DOCUMENT_BYTES, parse_document
from lrreport.errors import BusyError
from lrreport.publishing.manifest import (
    MANIFEST,
    MAX_FILE_BYTES,
    holds,
    is_report_name,
    parse_manifest,
    read_manifest_in,
)
from lrreport.system.folders import Folder, later_name
from lrreport.system.locks import hold_lock

WORK: Final = ".lrreport"
LOCK: Final = ".lrreport.lock"
JOURNAL: Final = "journal.json"
KEPT: Final = ".kept"
#: Written for a moment when a build begins, to see whether publishing will work.
PROBE: Final = "probe"
_SCHEMA: Final = 1
_STAGED: Final = re.compile(r"(?P<number>\d{6})-(?P<digest>[0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class StagedFile:
    """One file of the new report, before it is in its place.

    Attributes:
        path: Its path in the report.
        staged: Its name in `.lrreport/`: a number, and the SHA-256 of its content.
        size: In bytes.
    """

    path: str
    staged: str
    size: int

    @property
    def digest(self) -> str:
        """SHA-256 of its content."""
        return self.staged.partition("-")[2]


def stage_files(folder: Folder, files: Mapping[str, bytes], *, first: int = 0) -> list[StagedFile]:
    """Write files of a new report beside the old one, and read every byte back.

    Args:
        folder: The output folder, whose lock is held.
        files: Path in the report -> content; the manifest comes last, in a call of its own.
        first: The first file's number.

    Raises:
        OSError: The disk is full or fails; what was written is not what is read back.
    """
    folder.make(WORK)
    with folder.enter(WORK) as work:
        staged = []
        for number, (path, content) in enumerate(files.items(), start=first):
            item = StagedFile(path, f"{number:06d}-{hashlib.sha256(content).hexdigest()}", len(content))
            work.create(item.staged, content)
            staged.append(item)
        work.sync()
        for item in staged:
            if hashlib.sha256(work.read(item.staged, item.size)).hexdigest() != item.digest:
                raise OSError(errno.EIO, "what was written is not what is read back", str(work.path / item.staged))
    return staged


def begin_change(folder: Folder, staged: list[StagedFile]) -> None:
    """Write the journal: from here on the change will be made.

    Raises:
        OSError: It cannot be written; nothing has changed then.
    """
    files = [{"path": item.path, "staged": item.staged, "size": item.size} for item in staged]
    with folder.enter(WORK) as work:
        work.write(JOURNAL, json.dumps({"schema": _SCHEMA, "files": files}, indent=1).encode())


def finish_change(folder: Folder) -> bool:
    """Make the change that a journal tells of, or what is left of it. Call it with the lock held.

    Returns:
        Whether there was one.

    Raises:
        OSError: The file system refuses; called again, it goes on from there.
    """
    work = folder.find(WORK)
    if work is None:
        return False
    with work:
        staged = _read_journal(work)
        if staged is None or not _is_whole(folder, work, staged):
            return False  # nothing of ours, or damaged since: the report that is there is looked at as it is
        before = read_manifest_in(folder)
        ours = {item["path"]: item for item in before["files"]} if before else {}
        if before:
            ours[MANIFEST] = {}
        with _Places(folder) as places:
            *files, manifest = staged
            for item in files:
                _put_in_place(places, work, item, is_ours=item.path in ours)
            if not all(holds(folder, item.path, item.size, item.digest) for item in files):
                return False  # they were not what the journal says: nothing is removed for their sake
            wanted = {item.path for item in staged}
            for path in ours.keys() - wanted:
                # Our name and our bytes: whoever wrote something else there keeps it.
                if holds(folder, path, ours[path]["size"], ours[path]["sha256"]):
                    places.remove(path)
            places.sync()
            _put_in_place(places, work, manifest, is_ours=MANIFEST in ours)
            places.sync()
    clear_work(folder)
    return True


def clear_work(folder: Folder) -> None:
    """Remove what a change has left, or one that a killed build never began. Call it with the lock held."""
    work = folder.find(WORK)
    if work is None:
        return
    with work:
        work.remove(JOURNAL)  # first: without its files it says nothing that is true
        for name in work.names():
            if _STAGED.fullmatch(later_name(name) or name) or later_name(name) in (JOURNAL, PROBE):
                work.remove(name)
    folder.remove_empty(WORK)


def has_journal(folder: Folder) -> bool:
    """Whether a change has been begun there, and not been finished."""
    work = folder.find(WORK)
    if work is None:
        return False
    with work:
        return work.has_file(JOURNAL)


def recover(out: Path) -> str | None:
    """Finish a change that a killed build left half made, for commands that only read a report.

    Does nothing while a living build holds the folder, or where it cannot be written.

    Returns:
        What was done, in one line; None when there was nothing to do.
    """
    with contextlib.suppress(OSError, BusyError), Folder.open(out) as folder:
        if not has_journal(folder):
            return None
        with hold_lock(folder, LOCK, what="output folder", wait=False, tell=lambda _: None):
            return RECOVERED if finish_change(folder) else None
    return None


#: What is told of a change that was finished.
RECOVERED: Final = "a build was killed while it put its report in place: the new report is whole now"


def _read_journal(work: Folder) -> list[StagedFile] | None:
    """What a journal says; None when there is none that we wrote. The manifest is its last file."""
    try:
        document = parse_document(work.read(JOURNAL, MAX_DOCUMENT_BYTES))
        files = [StagedFile(str(item["path"]), str(item["staged"]), item["size"]) for item in document["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    is_sound = (
        document.get("schema") == _SCHEMA
        and len({item.path for item in files}) == len({item.staged for item in files}) == len(files) > 0
        and files[-1].path == MANIFEST
        and all(is_report_name(item.path) and _STAGED.fullmatch(item.staged) for item in files)
        and all(type(item.size) is int and 0 <= item.size <= MAX_FILE_BYTES for item in files)
    )
    return files if is_sound else None


def _is_whole(folder: Folder, work: Folder, staged: list[StagedFile]) -> bool:
    """Whether every file of a change is there, and its manifest lists just these."""
    if not all(_is_at_hand(folder, work, item) for item in staged):
        return False
    *files, last = staged
    place, name = (work, last.staged) if work.has_file(last.staged) else (folder, MANIFEST)
    try:
        manifest = parse_manifest(place.read(name, last.size))
    except OSError:
        return False
    listed = {(item["path"], item["size"], item["sha256"]) for item in manifest["files"]} if manifest else set()
    return manifest is not None and listed == {(item.path, item.size, item.digest) for item in files}


def _is_at_hand(folder: Folder, work: Folder, item: StagedFile) -> bool:
    """Whether a file of a change is staged, or in its place already, byte for byte."""
    return holds(work, item.staged, item.size, item.digest) or holds(folder, item.path, item.size, item.digest)


def _put_in_place(places: _Places, work: Folder, item: StagedFile, *, is_ours: bool) -> None:
    """Rename a staged file to its place; what stands there and is not ours is kept beside it."""
    if not work.has_file(item.staged):
        return  # it is in its place already
    parent, name = places.enter_parent(item.path)
    status = parent.status(name)
    if status is not None and not (is_ours and stat.S_ISREG(status.st_mode)):
        is_same = stat.S_ISREG(status.st_mode) and holds(parent, name, item.size, item.digest)
        if not is_same:
            _keep_aside(parent, name)
    try:
        work.rename(item.staged, name, into=parent)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        parent.write(name, work.read(item.staged, item.size))  # another file system is mounted there
        work.remove(item.staged)


def _keep_aside(parent: Folder, name: str) -> None:
    aside = name + KEPT
    while parent.status(aside) is not None:
        aside += KEPT
    parent.rename(name, aside)


class _Places(contextlib.ExitStack):
    """The folders of a report, opened as they are needed; used in a `with` statement, which closes them."""

    def __init__(self, folder: Folder) -> None:
        super().__init__()
        self._folders = {"": folder}

    def enter_parent(self, path: str) -> tuple[Folder, str]:
        """The folder that a path stands in, made where it is missing, and its name there.

        Somebody's file or link that stands where a folder belongs is kept beside it.
        """
        *above, name = path.split("/")
        place = ""
        for step in above:
            parent, place = self._folders[place], f"{place}/{step}"
            if place not in self._folders:
                if parent.status(step) is not None and not parent.has_folder(step):
                    _keep_aside(parent, step)
                self._folders[place] = self.enter_context(parent.enter(step, make=True))
        return self._folders[place], name

    def remove(self, path: str) -> None:
        """Remove a file, and the folders above it that are empty then."""
        *above, name = path.split("/")
        parents = list(self._open_parents(above))
        if len(parents) != len(above) + 1:
            return
        parents[-1].remove(name)
        for depth in range(len(above), 0, -1):
            place = "".join(f"/{step}" for step in above[:depth])
            if place in self._folders or not parents[depth - 1].remove_empty(above[depth - 1]):
                break

    def _open_parents(self, above: list[str]) -> Iterator[Folder]:
        folder: Folder | None = self._folders[""]
        for step in [*above, None]:
            if folder is None:
                return
            yield folder
            if step is not None and (folder := folder.find(step)) is not None:
                self.enter_context(folder)

    def sync(self) -> None:
        """Make all renames and removals durable."""
        for folder in self._folders.values():
            folder.sync()
