"""What a user names with `--data`: a file, or a folder in which the files of the dataset are looked for."""

from __future__ import annotations

import hashlib
import heapq
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

from lrreport.datasets.decoding import (
    ZIP_START,
    decode_idx_file,
    decode_npz_file,
    describe_kind,
    find_part,
    has_name_of,
    name_part,
    read_start,
    refuse,
    refuse_part,
)
from lrreport.datasets.pinned import PARTS, Bytes, Part
from lrreport.errors import DataError

#: What is looked at of a folder that a user names, a folder of downloads say, and so much of it is opened.
_MAX_FOLDERS_DOWN: Final = 2
_MAX_NAMES: Final = 10_000
_MAX_ENTRIES: Final = 300
_MAX_ENTRIES_OF_ONE: Final = 100
#: As many files are read to find the one with the right bytes: torchvision keeps each part of each dataset twice.
_MAX_CANDIDATES: Final = 16
_MAX_TOLD: Final = 5
_ALIKE: Final = re.compile("mnist|ubyte|raw", re.IGNORECASE)
_Found = TypeVar("_Found")


def decode_path(path: Path, pinned: Mapping[str, str]) -> Mapping[str, Bytes]:
    """Read what a user names: an `npz` file, or a folder with IDX files or an `npz` file in it or below it.

    Args:
        path: The file or folder.
        pinned: The SHA-256 that each part must have, by its key; of several files the right one is taken by it.

    Raises:
        DataError: It is neither, or not what it should be.
    """
    try:
        if path.is_dir():
            return decode_folder(path, pinned)
        start = read_start(path)
    except FileNotFoundError as error:
        raise DataError("There is no such file", where=str(path)) from error
    except OSError as error:
        raise DataError("The path cannot be read", where=str(path), got=error.strerror or str(error)) from error
    if start.startswith(ZIP_START):
        return decode_npz_file(path)
    if (part := find_part(start)) is not None:
        raise DataError(
            f"This is one of the four files, the {name_part(part)}, and the other three are needed as well",
            where=str(path),
            fix=f"name the folder that holds them: --data {shlex.quote(str(path.parent))}",
        )
    # Without reading the rest: a table of the images is larger than the dataset.
    raise refuse(start, "an npz file", str(path))


def decode_folder(folder: Path, pinned: Mapping[str, str]) -> Mapping[str, Bytes]:
    """Read the four IDX files, or the `npz` file, that lie in a folder or up to two folders below it.

    What a file holds is told from its first bytes, whatever its name. Where several could be a part, the one with the
    right bytes is taken, so that a folder may hold other datasets and damaged copies as well.

    Args:
        folder: The folder; hidden files in it are left alone.
        pinned: The SHA-256 that each part must have, by its key.

    Returns:
        The arrays by their keys. Where no file has the right bytes they are of the first that can be read.

    Raises:
        DataError: A part is missing, or is not what it should be; or the folder cannot be read.
    """
    try:
        with os.scandir(folder) as found:
            is_empty = next(found, None) is None
    except FileNotFoundError as error:
        raise DataError("There is no such folder", where=str(folder)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError("The folder cannot be read", where=str(folder), got=reason) from error
    if is_empty:
        raise DataError("The folder is empty", where=str(folder), got="an empty folder", expected="the four IDX files")
    starts: dict[Path, bytes] = {}
    for path in _list_files(folder):
        with suppress(OSError, DataError):
            starts[path] = read_start(path)
    readers: list[Callable[[], Mapping[str, Bytes]]] = []
    archives = [path for path, start in starts.items() if start.startswith(ZIP_START)]
    if not archives or any(map(find_part, starts.values())):
        readers.append(lambda: _decode_idx_files(folder, starts, pinned))
    readers += [partial(decode_npz_file, path) for path in archives]
    return _take_right(readers, lambda arrays: all(_digest(arrays[part.key]) == pinned[part.key] for part in PARTS))


def _list_files(folder: Path) -> list[Path]:
    """The files of a folder and of the folders below it, the nearest first, and of each those with a likely name."""
    files: list[Path] = []
    level, seen = [folder], set()
    names_left, entries_left = _MAX_NAMES, _MAX_ENTRIES
    for _ in range(1 + _MAX_FOLDERS_DOWN):
        below: list[Path] = []
        for place in level:
            with suppress(OSError):
                status = place.stat()
                if (status.st_dev, status.st_ino) in seen:  # a link that leads back
                    continue
                seen.add((status.st_dev, status.st_ino))
                with os.scandir(place) as found:
                    names = [entry.name for entry in islice(found, names_left)]
                names_left -= len(names)
                visible = (name for name in names if not name.startswith("."))
                limit = min(entries_left, _MAX_ENTRIES_OF_ONE)
                chosen = heapq.nsmallest(limit, visible, key=lambda name: (not _ALIKE.search(name), name))
                entries_left -= len(chosen)
                for path in (place / name for name in chosen):
                    with suppress(OSError):
                        (below if path.is_dir() else files).append(path)
        level = below
    return files


def _decode_idx_files(folder: Path, starts: Mapping[Path, bytes], pinned: Mapping[str, str]) -> Mapping[str, Bytes]:
    """The four parts from files of which the beginnings are known."""
    candidates = {part: [path for path, start in starts.items() if find_part(start) == part] for part in PARTS}
    missing = [part for part in PARTS if not candidates[part]]
    for part in missing:
        for path in (path for path in starts if has_name_of(path.name, part)):
            # What is there under its name says more than that it is missing.
            raise refuse_part(starts[path], part, str(path))
    if missing:
        found = [str(path.relative_to(folder)) for part in PARTS for path in candidates[part][:1]]
        others = [f"{path.name} ({describe_kind(start)})" for path, start in starts.items() if not find_part(start)]
        raise DataError(
            f"{len(missing)} of the four IDX files {'is' if len(missing) == 1 else 'are'} missing in the folder",
            where=str(folder),
            got=f"{', '.join(found) or 'none of them'}; missing: {', '.join(part.file_name for part in missing)}"
            + (f"; also there: {', '.join(others[:_MAX_TOLD])}" if others else "")
            + (", ..." if len(others) > _MAX_TOLD else ""),
            expected=", ".join(part.file_name for part in PARTS) + ", each with or without .gz",
        )
    return {part.key: _read_right_part(paths, part, pinned[part.key]) for part, paths in candidates.items()}


def _read_right_part(paths: Sequence[Path], part: Part, digest: str) -> Bytes:
    return _take_right(
        [partial(decode_idx_file, path, part) for path in paths], lambda values: _digest(values) == digest
    )


def _take_right(readers: Sequence[Callable[[], _Found]], is_right: Callable[[_Found], bool]) -> _Found:
    """What the first reader brings that is right; else what the first one brings that can read at all.

    Raises:
        DataError: None can; it is the first one's error.
    """
    if len(readers) == 1:
        return readers[0]()
    errors: list[DataError] = []
    able: list[Callable[[], _Found]] = []
    for read in readers[:_MAX_CANDIDATES]:
        try:
            found = read()
        except DataError as error:
            errors.append(error)
            continue
        if is_right(found):
            return found
        able.append(read)
        del found  # two at a time would be twice the memory
    if able:
        return able[0]()
    raise errors[0]


def _digest(values: Bytes) -> str:
    return hashlib.sha256(values.data).hexdigest()
