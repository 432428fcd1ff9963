"""The output folder: what may be written there, and how a new report takes the place of the old one.

Everything is written into a staging folder beside the output folder, the manifest last. Then the two change names:
in one step where the system can exchange two folders, in two renames elsewhere. Only this module touches `--out`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lrreport.atomic import sync_folder, write_atomically
from lrreport.errors import OutputError

MANIFEST: Final = "manifest.json"
_SCHEMA: Final = 1
_MAX_MANIFEST_BYTES: Final = 50_000_000
_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2


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


def read_manifest(out: Path) -> dict[str, Any] | None:
    """The manifest of a report of ours, or None when the folder holds none that can be read."""
    path = out / MANIFEST
    try:
        if path.stat().st_size > _MAX_MANIFEST_BYTES:
            return None
        manifest = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    is_ours = (
        isinstance(manifest, dict) and manifest.get("generator") == "lrreport" and manifest.get("schema") == _SCHEMA
    )
    return manifest if is_ours and isinstance(manifest.get("files"), list) else None


def _protected_folders() -> Iterator[tuple[Path, str]]:
    yield Path("/"), "the root folder"
    with contextlib.suppress(RuntimeError):
        yield Path.home(), "the home folder"
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".git").exists():
            yield folder, "the checkout"
            break
    package = Path(__file__).resolve().parent.parent
    if (package / "pyproject.toml").exists():
        yield package, "the checkout"


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
    settings = manifest.get("settings", {})
    older = Extent(*(tuple(settings.get(name, ())) for name in ("studies", "editions", "formats")))
    if lacking := extent.lacks(older):
        raise OutputError(
            "The output folder holds a report of more than this build would make",
            where=str(out),
            got="it also has " + ", ".join(lacking),
            fix="build all of it, choose another folder, or add --adopt to replace the report",
        )


def _check_writable(out: Path) -> None:
    """Make the parent folder, and try to write in it."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        probe = (out if out.is_dir() else out.parent) / f".lrreport-{uuid.uuid4().hex[:8]}.tmp"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise OutputError(
            "The output folder cannot be written",
            where=str(out),
            got=str(error),
            fix="choose another folder with --out, or change its permissions",
        ) from error


def is_intact(out: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether every file that the manifest lists is there, byte for byte."""
    try:
        for item in manifest["files"]:
            content = (out / item["path"]).read_bytes()
            if len(content) != item["size"] or hashlib.sha256(content).hexdigest() != item["sha256"]:
                return False
    except (OSError, KeyError, TypeError):
        return False
    return True


def publish(
    out: Path,
    files: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    *,
    before_swap: Callable[[], None] = lambda: None,
) -> None:
    """Put a report in the place of the one before.

    What the older manifest does not list (a teacher's notes, dot files) is carried over; what it lists and the new
    report does not have is gone afterwards.

    Args:
        out: The output folder.
        files: Relative path -> content.
        manifest: Everything of `manifest.json` but the list of files.
        before_swap: Called when everything is written, and only the swap is left.

    Raises:
        OutputError: Disk full or not writable; the older report is as it was.
    """
    out = out.resolve()
    staging = out.with_name(f".{out.name}.staging-{os.getpid()}")
    try:
        _remove_dead_staging(out)
        staging.mkdir()
        for name, content in sorted(files.items()):
            path = staging / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _carry_over(out, staging)
        listing = [
            {"path": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for name, content in sorted(files.items())
        ]
        document = {"generator": "lrreport", "schema": _SCHEMA, **manifest, "files": listing}
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        write_atomically(staging / MANIFEST, text.encode())
        before_swap()
        _swap(staging, out)
    except OSError as error:
        raise OutputError(
            "The report could not be written",
            where=str(out),
            got=str(error),
            fix="free some space or choose another folder; the report that was there is as it was",
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _remove_dead_staging(out: Path) -> None:
    """Remove staging folders whose builds are dead."""
    for path in out.parent.glob(f".{out.name}.staging-*"):
        process = path.name.rpartition("-")[2]
        if process.isdigit() and not _is_alive(int(process)):
            shutil.rmtree(path, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _carry_over(out: Path, staging: Path) -> None:
    """Copy what is not ours from the older report's folder, unless the new report has a file of that name."""
    if not out.is_dir():
        return
    manifest = read_manifest(out)
    ours = {MANIFEST, *(item["path"] for item in manifest["files"])} if manifest else {MANIFEST}
    for path in sorted(out.rglob("*")):
        name = path.relative_to(out).as_posix()
        target = staging / name
        if name in ours or target.exists() or (path.is_dir() and not path.is_symlink()):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)


def _swap(staging: Path, out: Path) -> None:
    """Let the staged folder and the output folder change names; the older report ends up in `staging`."""
    if not out.exists():
        staging.rename(out)
    elif not _exchange(staging, out):
        aside = out.with_name(f".{out.name}.old-{os.getpid()}")
        out.rename(aside)
        try:
            staging.rename(out)
        except OSError:
            aside.rename(out)
            raise
        shutil.rmtree(aside, ignore_errors=True)
    sync_folder(out.parent)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two folders in one step; False where the system or the file system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    if rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(number, os.strerror(number), str(second))
