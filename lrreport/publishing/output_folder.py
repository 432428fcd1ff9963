"""Which folder may hold a report, and who works on it: asked before anything is trained for it."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lrreport.errors import OutputError
from lrreport.publishing.change import LOCK, PROBE, RECOVERED, WORK, clear_work, finish_change, has_journal
from lrreport.publishing.manifest import MANIFEST, read_manifest_in
from lrreport.system.failures import describe_failure, find_remedy, name_user
from lrreport.system.files import CAREFULLY
from lrreport.system.folders import Folder, make_token
from lrreport.system.locks import hold_lock

_SHOWN: Final = 5


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
def open_output(out: Path, extent: Extent, *, adopt: bool, wait: bool, tell: Callable[[str], None]) -> Iterator[Folder]:
    """Be the only build at work on an output folder, once it is known to be a place for the report.

    The folder is made where it is missing, and goes again when nothing has come into it.

    Args:
        out: The output folder.
        extent: What will be written.
        adopt: Accept a foreign folder, or one that holds more.
        wait: Wait for another build instead of giving up.
        tell: Told when waiting begins, and of what a killed build had left to be finished.

    Yields:
        The folder, held open: whatever is put in its place meanwhile, the report goes into this one or nowhere.

    Raises:
        OutputError: See `check_output_folder`; or something that publishing needs is refused there.
        BusyError: Another build is at work on it.
    """
    check_output_folder(out, extent, adopt=adopt)
    is_new = not out.exists()
    try:
        folder = Folder.open(out, make=True)
    except OSError as error:
        raise refuse_output(out, error) from error
    with folder:
        try:
            with contextlib.ExitStack() as stack:
                try:
                    lock = hold_lock(folder, LOCK, what="output folder", wait=wait, tell=tell)
                    stack.enter_context(lock)
                    if finish_change(folder):
                        tell(RECOVERED)
                    clear_work(folder)
                    # Again: while we waited, what stands there may have changed.
                    _check_content(folder, read_manifest_in(folder), extent, adopt=adopt)
                    _try_out(folder)
                except OSError as error:
                    raise refuse_output(out, error) from error
                yield folder
        finally:
            if is_new and folder.is_at(out):
                with contextlib.suppress(OSError):
                    folder.path.rmdir()  # only where nothing is in it


def check_output_folder(out: Path, extent: Extent, *, adopt: bool) -> None:
    """Refuse an output folder before any work is done for it; looks, and changes nothing.

    Where a killed build had begun to put its report in place, files may stand without a manifest. What they are is
    known when that change has been finished, and asked then.

    Raises:
        OutputError: It is the root, home or checkout folder or a parent of one; a file; it holds files
            and no manifest of ours; or it holds more than this build would make.
    """
    resolved = Path(os.path.realpath(out))
    for place, name in _protected_folders():
        protected = place.resolve()
        if resolved == protected or resolved in protected.parents:
            raise OutputError(
                "This folder is not a place for a report",
                where=str(resolved),
                got=name if resolved == protected else f"a parent of {name}",
                expected="a folder of its own",
                fix="choose another, --out reports/ say",
            )
    if os.path.lexists(resolved) and not resolved.is_dir():
        raise OutputError("The output folder is a file", where=str(out), fix="choose another folder with --out")
    try:
        with Folder.open(resolved) as folder:
            if not has_journal(folder):
                _check_content(folder, read_manifest_in(folder), extent, adopt=adopt)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise refuse_output(out, error) from error


def _check_content(folder: Folder, manifest: Mapping[str, Any] | None, extent: Extent, *, adopt: bool) -> None:
    if adopt:
        return
    if manifest is None:
        foreign = [name for name in folder.names() if not name.startswith(".")]
        if foreign:
            raise OutputError(
                "The output folder holds files, and no report of ours",
                where=str(folder.path),
                got=", ".join(foreign[:_SHOWN]) + (" ..." if len(foreign) > _SHOWN else ""),
                expected="an empty folder, or one that lrreport has written",
                fix="choose another folder, or add --adopt to put the report beside these files",
            )
        return
    settings = manifest["settings"]
    older = Extent(*(tuple(settings.get(name, ())) for name in ("studies", "editions", "formats")))
    if lacking := extent.lacks(older):
        raise OutputError(
            "The output folder holds a report of more than this build would make",
            where=str(folder.path),
            got="it also has " + ", ".join(lacking),
            fix="build all of it, choose another folder, or add --adopt to replace the report",
        )


def _try_out(folder: Folder) -> None:
    """Do once what publishing will do, and look at whatever could refuse: now, and not after all the work.

    Raises:
        OSError: The system refuses it.
    """
    probe = f".{PROBE}.{make_token()}.tmp"
    folder.make(WORK)
    with folder.enter(WORK) as work:
        work.create(probe, b"probe")
        work.sync()
        manifest = read_manifest_in(folder) or {"files": []}
        paths = [MANIFEST, *(item["path"] for item in manifest["files"])]
        places = sorted({path.rpartition("/")[0] for path in paths})
        for place in places:
            with contextlib.ExitStack() as stack:
                target: Folder | None = folder
                for step in filter(None, place.split("/")):
                    target = target and target.find(step)
                    if target is not None:
                        stack.enter_context(target)
                if target is None:
                    continue
                names = {path.rpartition("/")[2] for path in paths if path.rpartition("/")[0] == place}
                for name in names:
                    _look_at(target, name)
                target.remove_temporary({PROBE, *names}.__contains__)
                target.check_writable()
        work.rename(probe, probe, into=folder)
        folder.remove(probe)
    folder.remove_empty(WORK)


def _look_at(parent: Folder, name: str) -> None:
    """Refuse a file of ours that cannot be replaced: in a sticky folder another user's, or one that is immutable."""
    status = parent.status(name)
    if status is None or not stat.S_ISREG(status.st_mode):
        return
    above = os.fstat(parent.descriptor)
    uid = os.geteuid()
    if above.st_mode & stat.S_ISVTX and uid not in (0, status.st_uid, above.st_uid):
        reason = f"belongs to {name_user(status.st_uid)}, and only its owner may replace it in this folder"
        raise OSError(errno.EPERM, reason, str(parent.path / name))
    try:
        os.close(os.open(name, os.O_WRONLY | CAREFULLY, dir_fd=parent.descriptor))
    except OSError as error:
        if error.errno == errno.EPERM:  # EACCES, its own mode, keeps nobody from replacing it
            reason = "cannot be replaced: it is immutable or only to be appended to (lsattr shows it)"
            raise OSError(errno.EPERM, reason, str(parent.path / name)) from error


def refuse_output(out: Path, error: OSError, *, after: str = "") -> OutputError:
    """The error of an output folder that cannot be used.

    Args:
        out: The folder.
        error: What the system said.
        after: What has become of the report, in words.
    """
    name = error.filename if isinstance(error.filename, str) else ""
    place = Path(name) if name.startswith("/") else out
    return OutputError(
        "The output folder cannot be written" if not after else "The report could not be written",
        where=os.path.realpath(out),
        got=describe_failure(error),
        fix=find_remedy(error, place, "--out") + (f"; {after}" if after else ""),
    )
