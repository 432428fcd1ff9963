"""A report that has been published: its files, checked against its manifest."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lrreport.errors import OutputError
from lrreport.publishing.change import recover
from lrreport.publishing.manifest import MANIFEST, find_damaged, read_manifest
from lrreport.system.folders import Folder

#: Of a file that is read whole; `results.csv` is the largest.
_MAX_READ_BYTES: Final = 100_000_000


@dataclass(frozen=True, slots=True)
class PublishedReport:
    """A folder whose every listed file is there, byte for byte.

    Attributes:
        folder: Where.
        manifest: The content of its manifest.
        digests: SHA-256 of each file, by its path in the folder.
    """

    folder: Path
    manifest: dict[str, Any]
    digests: dict[str, str]

    def read(self, name: str, *, limit: int = _MAX_READ_BYTES) -> bytes:
        """The content of a file that the manifest lists, of at most `limit` bytes.

        Raises:
            OutputError: It does not list it, or it cannot be read.
        """
        if name not in self.digests:
            raise OutputError("A report lacks a file", where=str(self.folder / name), fix=_again(self.folder))
        try:
            return read_report_file(self.folder, name, limit=limit)
        except OSError as error:
            raise OutputError(
                "A file of a report cannot be read", where=str(self.folder / name), got=error.strerror or str(error)
            ) from error


def _again(folder: Path) -> str:
    return f"make the report again: lrreport render --out {folder}"


def read_report_file(folder: Path, name: str, *, limit: int = _MAX_READ_BYTES) -> bytes:
    """Read a file of a report, up to a number of bytes; links are not followed.

    Raises:
        OSError: It cannot be read, is no regular file, or is larger.
    """
    with ExitStack() as stack:
        place = stack.enter_context(Folder.open(folder))
        *above, last = name.split("/")
        for step in above:
            place = stack.enter_context(place.enter(step))
        return place.read(last, limit)


def open_report(folder: Path) -> PublishedReport:
    """Open a report, after checking every byte of it; a change that a killed build left half made is finished first.

    Raises:
        OutputError: There is no folder, no report of ours in it, or a file of it is missing or damaged.
    """
    recover(folder)
    if not folder.is_dir():
        raise OutputError(
            "There is no such folder", where=str(folder), fix="name the folder that a build was given as --out"
        )
    manifest = read_manifest(folder)
    if manifest is None:
        raise OutputError(
            "This folder holds no report of ours",
            where=str(folder),
            got=f"no {MANIFEST} that lrreport has written",
            expected="a folder that a build was given as --out",
        )
    if (damaged := find_damaged(folder, manifest)) is not None:
        raise OutputError(
            "A file of a report is not what its manifest says",
            where=str(folder / damaged),
            got="it is missing, or has another size or content",
            fix=_again(folder),
        )
    return PublishedReport(folder, manifest, {item["path"]: item["sha256"] for item in manifest["files"]})
