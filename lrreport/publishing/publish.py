"""The output folder: what may be written there, and what happens to what is there.

Everything is written into a staging folder beside the output folder, the manifest last, and read back. Then the two
change names (`swap.py`). Only this module, `carry_over.py` and `swap.py` touch `--out`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Any, Final

from lrreport.atomic import sync_folder, write_atomically
from lrreport.errors import OutputError
from lrreport.publishing.carry_over import carry_over
from lrreport.publishing.manifest import GENERATOR, MANIFEST, SCHEMA, is_intact, is_report_name, read_manifest
from lrreport.publishing.mounts import is_mount_point
from lrreport.publishing.swap import finish_swap, hold_output, make_staging, remove_dead_staging, swap

__all__ = ["MANIFEST", "Extent", "check_output_folder", "is_intact", "open_output", "publish", "read_manifest"]

#: Files that are open at once while a report is written; systems allow 256 and more.
_OPEN_FILES: Final = 64


@dataclass(frozen=True, slots=True)
class Extent:
    """What a report holds: a report of less may not take the place of one of more.

    Attributes:
        studies: Study ids.
        editions: `th`, `en`.
        formats: `html`, `pdf`.
    """

    studies: tuple[str, ...]
    editions: tuple[str, ...]
    formats: tuple[str, ...]

    def lacks(self, other: Extent) -> list[str]:
        """What `other` holds and this does not, in words."""
        parts = (("study", "studies"), ("edition", "editions"), ("format", "formats"))
        return [
            f"{word} {name}"
            for word, field in parts
            for name in getattr(other, field)
            if name not in getattr(self, field)
        ]


def _protected_folders() -> Iterator[tuple[Path, str]]:
    yield Path("/"), "the root folder"
    with contextlib.suppress(RuntimeError):
        yield Path.home(), "the home folder"
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".git").exists():
            yield folder, "the checkout"
            break
    package = Path(__file__).resolve().parent.parent.parent
    if (package / "pyproject.toml").exists():
        yield package, "the checkout"


@contextlib.contextmanager
def open_output(out: Path, extent: Extent, *, adopt: bool, wait: bool, tell: Callable[[str], None]) -> Iterator[None]:
    """Be the only build at work on an output folder, once it is known to be a place for the report.

    Args:
        out: The output folder.
        extent: What will be written.
        adopt: Accept a foreign folder, or one that holds more.
        wait: Wait for another build instead of giving up.
        tell: Told when waiting begins, and of what a killed build had left to be finished.

    Raises:
        OutputError: See `check_output_folder`.
        BusyError: Another build is at work on it.
    """
    check_output_folder(out, extent, adopt=adopt)
    with hold_output(out, wait=wait, tell=tell):
        check_output_folder(out, extent, adopt=adopt)  # again: what stands there may have changed
        yield


def check_output_folder(out: Path, extent: Extent, *, adopt: bool) -> None:
    """Refuse an output folder before any work is done for it.

    Raises:
        OutputError: It is the root, home or checkout folder or a parent of one; a file; not writable; it holds files
            and no manifest of ours; or it holds more than this build would make.
    """
    resolved = out.resolve()
    for folder, name in _protected_folders():
        protected = folder.resolve()
        if resolved == protected or resolved in protected.parents:
            raise OutputError(
                "This folder is not a place for a report",
                where=str(resolved),
                got=name if resolved == protected else f"a parent of {name}",
                expected="a folder of its own",
                fix="choose another, --out reports/ say",
            )
    if out.exists() and not out.is_dir():
        raise OutputError("The output folder is a file", where=str(out), fix="choose another folder with --out")
    _check_writable(resolved)
    if not out.is_dir() or adopt:
        return
    manifest = read_manifest(out)
    if manifest is None:
        foreign = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
        if foreign:
            raise OutputError(
                "The output folder holds files, and no report of ours",
                where=str(out),
                got=", ".join(foreign[:5]) + (" ..." if len(foreign) > 5 else ""),  # noqa: PLR2004
                expected="an empty folder, or one that lrreport has written",
                fix="choose another folder, or add --adopt to put the report beside these files",
            )
        return
    settings = manifest["settings"]
    older = Extent(*(tuple(settings.get(name, ())) for name in ("studies", "editions", "formats")))
    if lacking := extent.lacks(older):
        raise OutputError(
            "The output folder holds a report of more than this build would make",
            where=str(out),
            got="it also has " + ", ".join(lacking),
            fix="build all of it, choose another folder, or add --adopt to replace the report",
        )


def _check_writable(out: Path) -> None:
    """Make the parent folder, and try to write in it and in the output folder: the two change names there."""
    if is_mount_point(out):
        raise OutputError(
            "The output folder is a file system of its own, and cannot change names with a new report",
            where=str(out),
            expected="a folder inside it",
            fix=f"--out {out / 'report'}",
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        for folder in (out.parent, out) if out.is_dir() else (out.parent,):
            probe = folder / f".lrreport-{uuid.uuid4().hex[:8]}.tmp"
            probe.write_bytes(b"")
            probe.unlink()
    except OSError as error:
        raise OutputError(
            "The output folder cannot be written",
            where=str(out),
            got=str(error),
            fix="choose another folder with --out, or make it and the folder above it writable: reports change places there",
        ) from error


def publish(
    out: Path,
    files: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    *,
    before_swap: Callable[[], None] = lambda: None,
) -> None:
    """Put a report in the place of the one before.

    What the older manifest does not list (a teacher's notes, dot files) is carried over; what it lists and the new
    report does not have is gone afterwards. A file that is not ours and bears a name of the new report's is kept
    beside it, as NAME.kept.

    Args:
        out: The output folder.
        files: Relative path -> content.
        manifest: Everything of `manifest.json` but the list of files.
        before_swap: Called when everything is written, and only the swap is left.

    Raises:
        OutputError: Disk full or not writable; the older report is as it was.
    """
    out = out.resolve()
    if odd := [name for name in files if not is_report_name(name)]:
        raise OutputError("A report has no file of this name", where=str(out), got=repr(odd[0])[:200])
    try:
        finish_swap(out)
        remove_dead_staging(out)
        with make_staging(out) as staging:
            _write_files(staging, files)
            carry_over(out, staging, files)
            listing = [
                {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                for name, content in sorted(files.items())
            ]
            document = {"generator": GENERATOR, "schema": SCHEMA, **manifest, "files": listing}
            text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
            write_atomically(staging / MANIFEST, text.encode())
            if not is_intact(staging, document):
                raise OutputError(
                    "What was written is not what is read back; the report that was there is as it was",
                    where=str(out),
                    fix="look at the disk, and choose another folder with --out",
                )
            before_swap()
            swap(staging, out)
            with contextlib.suppress(OSError):  # the report is in its place; what came meanwhile comes along
                carry_over(staging, out, files)
    except OSError as error:
        raise OutputError(
            "The report could not be written",
            where=str(out),
            got=str(error),
            fix="free some space or choose another folder; the report that was there is as it was",
        ) from error


def _write_files(staging: Path, files: Mapping[str, bytes]) -> None:
    """Write all files, then make all of them durable: a swap may reach the disk before what it swaps."""
    opened = []
    with contextlib.ExitStack() as stack:
        for name, content in sorted(files.items()):
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True)
            file = stack.enter_context(path.open("wb"))
            file.write(content)
            file.flush()
            opened.append(file)
            if len(opened) >= _OPEN_FILES:
                _sync(opened)
        _sync(opened)
    for folder in {(staging / name).parent for name in files}:
        sync_folder(folder)


def _sync(opened: list[BufferedWriter]) -> None:
    for file in opened:
        os.fsync(file.fileno())
        file.close()
    opened.clear()
