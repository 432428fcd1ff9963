"""Which folder is a cache of ours: it says so itself, in a file that was written when the cache was made.

A build writes and removes below the cache. So a folder that is not known to be one is left alone, however much it looks
like one: a project may have a `render/` or `data/` of its own.
"""

from __future__ import annotations

import errno
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from lrreport.documents import parse_document
from lrreport.errors import CacheError
from lrreport.system.failures import describe_failure, find_remedy
from lrreport.system.folders import Folder, later_name, make_token
from lrreport.system.locks import hold_lock

#: Written when a cache is made.
MARKER: Final = "lrreport-cache.json"
RUNS: Final = "runs"
DATA: Final = "data"
RENDER: Final = "render"
LIBRARIES: Final = "libraries"
WORK: Final = "work"
LOCK: Final = "lock"
LAST_BUILD: Final = "last-build.json"

#: Names that our own files have, and nothing else; whatever else stands in a cache is somebody else's, and stays.
RUN_FOLDER: Final = re.compile(r"[0-9a-f]{20}", re.ASCII)
RUN_FILE: Final = re.compile(
    r"(?:run|next)\.json|state-\d{1,6}(?:-[0-9a-f]{8})?\.npz|inspection-\d{1,6}\.json", re.ASCII
)
KEPT_FILE: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
DATA_FILE: Final = re.compile(r"(?:mnist|fashion-mnist)\.npz", re.ASCII)
WORK_FOLDER: Final = re.compile(r"\d{1,10}-[0-9a-f]{8}", re.ASCII)
#: What matplotlib and fontconfig keep. Source: `matplotlib.font_manager`, and fontconfig's `FcDirCacheBasename`.
LIBRARY_FILE: Final = re.compile(
    r"fontlist-v\d+\.json(?:\.matplotlib-lock)?|[0-9a-f-]{32,60}(?:-[a-z0-9]+)*\.cache-\d+(?:\.(?:LCK|NEW|TMP-\w+))?"
    r"|CACHEDIR\.TAG|matplotlib|fontconfig",
    re.ASCII,
)


def is_name(names: re.Pattern[str], name: str) -> bool:
    """Whether a name is one of ours, or the one under which such a file is written."""
    return names.fullmatch(later_name(name) or name) is not None


class Part(NamedTuple):
    """One thing in the cache folder.

    Attributes:
        about: What it is, for people.
        is_remade: Whether the next build makes it again.
        names: Names that our own files in it have; None for a file.
    """

    about: str
    is_remade: bool = False
    names: re.Pattern[str] | None = None


#: Everything that lrreport puts into a cache folder.
PARTS: Final[Mapping[str, Part]] = {
    MARKER: Part("says that this folder is a cache of lrreport's"),
    RUNS: Part("results, one folder a run", names=RUN_FOLDER),
    DATA: Part("images, every byte checked when they are read", names=DATA_FILE),
    RENDER: Part("figures and pages, kept for the next build", is_remade=True, names=KEPT_FILE),
    LIBRARIES: Part(
        "what matplotlib and others kept where there was no home folder", is_remade=True, names=LIBRARY_FILE
    ),
    WORK: Part("temporary files of the command that is at work", names=WORK_FOLDER),
    LOCK: Part("held while a build is at work"),
    LAST_BUILD: Part("how the last build ended"),
}
#: What systems put into any folder.
_SYSTEMS_OWN: Final = frozenset({"lost+found", ".DS_Store", "desktop.ini"})
_ABOUT: Final = "A result cache of lrreport: its commands write and delete in this folder."
_MARK: Final = (json.dumps({"generator": "lrreport", "schema": 1, "about": _ABOUT}, indent=1) + "\n").encode()
_MAX_MARKER_BYTES: Final = 10_000
_MAX_RECORD_BYTES: Final = 100_000
_SHOWN: Final = 5
_CANNOT_WRITE: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def open_cache(root: Path) -> Folder:
    """Open a cache folder to write in it; it is made, and marked as ours, where it is missing or empty.

    Raises:
        CacheError: It cannot be made or opened, or holds files and is no cache of ours.
    """
    try:
        return _prove(Folder.open(root, make=True), is_to_mark=True)
    except OSError as error:
        raise refuse_cache(root, error) from error


def look_into_cache(root: Path) -> Folder | None:
    """Open a cache folder to read in it; None where there is none yet.

    Raises:
        CacheError: It cannot be opened, or holds files and is no cache of ours.
    """
    try:
        return _prove(Folder.open(root), is_to_mark=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise refuse_cache(root, error) from error


def _prove(folder: Folder, *, is_to_mark: bool) -> Folder:
    """Give a folder back that is a cache of ours, or may become one; close any other.

    Raises:
        CacheError: It holds files and is no cache of ours.
        OSError: It cannot be read, or not be marked.
    """
    with ExitStack() as closing:
        closing.enter_context(folder)
        if not _is_marked(folder):
            _check_ours(folder)
            if is_to_mark:
                folder.write(MARKER, _MARK)
        closing.pop_all()
    return folder


@contextmanager
def hold_cache(
    root: Path, *, wait: bool, tell: Callable[[str], None], warn: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Be the only build at work on a cache while the context lasts.

    What a killed build was writing at its top and in its parts is cleared first.

    Args:
        root: The cache folder; made if it is missing.
        wait: Wait for the other build instead of giving up.
        tell: Told once when waiting begins.
        warn: Told where the cache can only be read. It is gone on without the lock then: nobody else writes there
            either. None where the cache must be written.

    Raises:
        BusyError: Another build holds the lock, and `wait` is not asked for.
        CacheError: It cannot be used, or is no cache of ours.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(open_cache(root))
            stack.enter_context(hold_lock(folder, LOCK, what="cache", wait=wait, tell=tell, stays=True))
            _clear(folder)
        except (CacheError, OSError) as error:
            cause = error.__cause__ if isinstance(error, CacheError) else error
            is_refused = isinstance(cause, OSError) and cause.errno in _CANNOT_WRITE
            if warn is not None and is_refused and look_into_cache(root) is not None:
                warn(f"the cache {root} cannot be written: what is drawn now is not kept for the next time")
            elif isinstance(error, CacheError):
                raise
            else:
                raise refuse_cache(root, error) from error
        yield


@contextmanager
def work_in_cache(root: Path) -> Iterator[None]:
    """Let temporary files of this process and its children lie in the cache while the context lasts.

    There a killed command's are found by the next one; and a small or read-only /tmp does not matter. Where the cache
    cannot be written they lie where the system puts them.
    """
    try:
        place = make_work_folder(root)
    except CacheError:
        yield
        return
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(place)
    try:
        yield
    finally:
        tempfile.tempdir = before[0]
        if before[1] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[1]
        remove_work_folder(place)


def make_work_folder(root: Path) -> Path:
    """Make a fresh folder of this process's own in a cache.

    Raises:
        CacheError: The cache cannot be written, or is none of ours.
    """
    with open_cache(root) as folder:
        try:
            folder.make(WORK)
            with folder.enter(WORK) as work:
                work.make(name := make_token())
        except OSError as error:
            raise refuse_cache(folder.path / WORK, error) from error
        return folder.path / WORK / name


def remove_work_folder(place: Path) -> None:
    """Remove a folder that `make_work_folder` made; what cannot go, the next command clears."""
    with suppress(OSError, CacheError), open_cache(place.parent.parent) as folder, folder.enter(WORK) as work:
        work.remove_tree(place.name)
        folder.remove_empty(WORK)


def _clear(folder: Folder) -> None:
    """Remove what a killed build left; the lock is ours."""
    folder.remove_temporary(PARTS.__contains__)
    for part, names in ((DATA, DATA_FILE), (RENDER, KEPT_FILE)):
        if (inner := folder.find(part)) is not None:
            with inner:
                inner.remove_temporary(names.fullmatch)
    if (inner := folder.find(WORK)) is not None:
        with inner:
            for name in filter(WORK_FOLDER.fullmatch, inner.names()):
                if not name.startswith(f"{os.getpid()}-"):
                    inner.remove_tree(name)


def refuse_cache(place: Path, error: OSError) -> CacheError:
    """The error of a cache that cannot be used."""
    return CacheError(
        "The cache folder cannot be used",
        where=str(place),
        got=describe_failure(error),
        fix=find_remedy(error, place, "--cache or LRREPORT_CACHE"),
    )


def _is_marked(folder: Folder) -> bool:
    if folder.status(MARKER) is None:
        return False
    try:
        marker = parse_document(folder.read(MARKER, _MAX_MARKER_BYTES))
    except (OSError, ValueError):
        return False
    return marker.get("generator") == "lrreport"


def _check_ours(folder: Folder) -> None:
    """Refuse a folder that bears no mark, unless it is empty or an older lrreport's: a cache then had no mark.

    Raises:
        CacheError: It holds something else.
    """
    names = [name for name in folder.names() if name not in _SYSTEMS_OWN and later_name(name) not in PARTS]
    if all(_is_ours(folder, name) for name in names) or _has_record(folder):
        return
    foreign = [name for name in names if name not in PARTS] or names
    raise CacheError(
        "This folder holds files, and is no cache of ours",
        where=str(folder.path),
        got=", ".join(foreign[:_SHOWN]) + (" ..." if len(foreign) > _SHOWN else ""),
        expected="an empty folder, one that is not there yet, or a cache that lrreport has made",
        fix="choose another folder with --cache or LRREPORT_CACHE",
    )


def _is_ours(folder: Folder, name: str) -> bool:
    """Whether a name in an unmarked folder is one of ours, and all that is in it as well."""
    part = PARTS.get(name)
    if part is None:
        return False
    if part.names is None:
        return folder.has_file(name)
    inner = folder.find(name)
    if inner is None:
        return False
    with inner:
        return all(is_name(part.names, each) for each in inner.names())


def _has_record(folder: Folder) -> bool:
    """Whether an older lrreport has left word of its last build there."""
    try:
        record = parse_document(folder.read(LAST_BUILD, _MAX_RECORD_BYTES))
    except (OSError, ValueError):
        return False
    return record.get("command") in ("build", "train", "render") and {"began", "process", "outcome"} <= record.keys()
