"""What works on this machine and what does not, each with its remedy."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lrreport import __version__
from lrreport.cache.folder import WORK, look_into_cache, refuse_cache, work_in_cache
from lrreport.checkpoints import Entry
from lrreport.datasets import verify_dataset
from lrreport.engine.worker import WorkerSettings, serve
from lrreport.environment import available_cores, cpu_model, measure_room
from lrreport.errors import CacheError, InterruptedBuildError, LrreportError, TerminatedBuildError
from lrreport.last_build import read_last_build
from lrreport.library_folders import (
    PANGO_REMEDY,
    can_write,
    check_temporary,
    find_home,
    find_missing_pango,
    find_temporary,
    has_home,
)
from lrreport.rendering.render_cache import find_signing_key
from lrreport.store import Store
from lrreport.system.failures import describe_failure, name_user
from lrreport.system.folders import Folder, make_token
from lrreport.system.locks import hold_lock
from lrreport.system.processes import Child, ChildLostError, Failed

if TYPE_CHECKING:
    from lrreport.engine.device import DeviceChoice

_PACKAGES: Final = ("tensorflow", "keras", "numpy", "pandas", "matplotlib", "weasyprint", "pikepdf", "typer")
_NEEDED_BYTES: Final = 500_000_000
#: Seconds after which a process that loads TensorFlow is taken for hung.
_SILENCE_S: Final = 300.0
_AGAIN: Final = "install lrreport again, with its dependencies"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: What.
        works: Whether a build can go on with it.
        text: What was found.
        remedy: What to do where it does not work, or could be better.
    """

    name: str
    works: bool
    text: str
    remedy: str = ""

    def describe(self) -> str:
        """One line, and the remedy on a second."""
        line = f"{'ok  ' if self.works else 'FAIL'}  {self.name}: {self.text}"
        return f"{line}\n      -> {self.remedy}" if self.remedy else line

    def document(self) -> dict[str, Any]:
        """The finding as data."""
        return asdict(self)


def examine(cache: Path | CacheError, device: DeviceChoice) -> Iterator[Finding]:
    """Look at everything a build needs.

    Args:
        cache: The cache folder, or why there is none.
        device: `auto`, `cpu` or `gpu`: where training shall happen.

    Yields:
        What was found, each as soon as it is; whatever cannot be looked at is a finding as well.
    """
    place = cache if isinstance(cache, Path) else Path(os.devnull)  # where there is none, nothing can be written
    checks: dict[str, Callable[[], Iterator[Finding]]] = {
        "lrreport": _examine_versions,
        "Pango": _examine_pango,
        "fonts": _examine_fonts,
        "home folder": partial(_examine_home, place),
        "temporary folder": partial(_examine_temporary, place),
        "signing key": _examine_signing_key,
        "processors": _examine_processors,
        "memory": _examine_memory,
        "device": partial(_examine_device, place, device),
        "cache": partial(_examine_cache, cache),
    }
    if isinstance(cache, Path):
        checks |= {
            "disk": partial(_examine_disk, cache),
            "images": partial(_examine_data, cache),
            "last build": partial(_examine_last_build, cache),
        }
    for name, check in checks.items():
        try:
            yield from check()
        except (InterruptedBuildError, TerminatedBuildError):
            raise
        except LrreportError as error:
            text = f"{error.message}: {error.got}" if error.got else error.message
            yield Finding(name, works=False, text=text, remedy=error.fix or "")
        except OSError as error:
            yield Finding(name, works=False, text=describe_failure(error), remedy="look at its owner and permissions")
        except ImportError as error:
            yield Finding(name, works=False, text=str(error), remedy=_AGAIN)


def _examine_versions() -> Iterator[Finding]:
    yield Finding(
        "lrreport", works=True, text=f"{__version__}, Python {platform.python_version()}, {platform.system()}"
    )
    for name in _PACKAGES:
        try:
            yield Finding(name, works=True, text=importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(name, works=False, text="is not installed", remedy=_AGAIN)


def _examine_pango() -> Iterator[Finding]:
    missing = find_missing_pango()
    yield Finding(
        "Pango",
        works=not missing,
        text=f"the system lacks {', '.join(missing)}, and no PDF can be made" if missing else "found",
        remedy=PANGO_REMEDY if missing else "",
    )


def _examine_fonts() -> Iterator[Finding]:
    from lrreport.article.fonts import pdf_font_files  # noqa: PLC0415 - fontTools takes a while to load

    files = pdf_font_files()
    lost = [name for name, path in files.items() if not path.is_file()]
    yield Finding(
        "fonts",
        works=not lost,
        text=f"files are missing: {', '.join(lost)}" if lost else f"{len(files)} faces, from packages",
        remedy=_AGAIN if lost else "",
    )


def _examine_home(cache: Path) -> Iterator[Finding]:
    home = find_home()
    text = "none" if home == os.devnull else f"{home} cannot be written"
    kept = f"; what matplotlib and fontconfig keep lies in {cache / WORK}" if can_write(cache) else ""
    yield Finding("home folder", works=True, text=home if has_home() else text + kept)


def _examine_temporary(cache: Path) -> Iterator[Finding]:
    check_temporary(cache)
    text = find_temporary() or "none that can be written"
    kept = f"; a build's temporary files lie in {cache / WORK}" if can_write(cache) else ""
    yield Finding("temporary folder", works=True, text=text + kept)


def _examine_signing_key() -> Iterator[Finding]:
    if find_signing_key() is not None:
        yield Finding("signing key", works=True, text="there: figures and PDFs are kept for the next build")
        return
    yield Finding(
        "signing key",
        works=True,
        text="none that is this user's alone: every figure and PDF is made again",
        remedy="set STATE_DIRECTORY to a folder that this user alone can write, or give the user a home folder",
    )


def _examine_processors() -> Iterator[Finding]:
    room = measure_room()
    quota = "no quota" if room.quota is None else f"a quota of {room.quota:g}"
    yield Finding(
        "processors", works=True, text=f"{room.cores} cores, {quota}: {room.cpus} groups can be trained at a time"
    )


def _examine_memory() -> Iterator[Finding]:
    room = measure_room()
    if room.memory_bytes is None or room.fitting is None:
        yield Finding("memory", works=True, text="this system does not tell how much is free")
        return
    short = room.fitting < room.cpus
    yield Finding(
        "memory",
        works=True,
        text=room.warn(room.cpus) if short else f"{room.memory_bytes / 1e9:.1f} GB are free",
        remedy="give it more, where training shall be faster" if short else "",
    )


def _examine_device(cache: Path, choice: DeviceChoice) -> Iterator[Finding]:
    """Start a process as training does, in which TensorFlow may do whatever it likes."""
    with nullcontext() if find_temporary() else work_in_cache(cache):
        child = Child(serve, silence_s=_SILENCE_S)
        try:
            child.send(WorkerSettings(choice, cache, None))
            told = child.receive()
        except ChildLostError as error:
            yield Finding(
                "device",
                works=False,
                text=f"a process that loads TensorFlow ended: {error}",
                remedy="see what `python -c 'import tensorflow'` says; its wheels want a processor with AVX, and memory",
            )
            return
        finally:
            child.end()
    if isinstance(told, Failed):
        if told.error is not None:
            raise told.error
        text = told.details.strip().splitlines()[-1]
        yield Finding("device", works=False, text=f"TensorFlow does not work: {text}", remedy=_AGAIN)
        return
    where = f": {cpu_model()}, {available_cores()} cores" if told.kind == "cpu" else ""
    yield Finding("device", works=True, text=f"{told.kind.upper()} ({told.reason}){where}")


def _examine_data(cache: Path) -> Iterator[Finding]:
    for name in ("mnist", "fashion-mnist"):
        kept = verify_dataset(name, cache)
        fetch = f"lrreport data fetch --dataset {name}"
        if kept.is_intact:
            yield Finding(name, works=True, text=f"every byte is right: {kept.path}")
        elif kept.is_present:
            yield Finding(name, works=False, text=f"{kept.path}: {kept.problem}", remedy=fetch)
        else:
            yield Finding(name, works=True, text="not in the cache yet; a build that needs it fetches it", remedy=fetch)


def _examine_cache(cache: Path | CacheError) -> Iterator[Finding]:
    if isinstance(cache, CacheError):
        raise cache
    folder = look_into_cache(cache)
    if folder is None:
        is_possible = can_write(cache)
        yield Finding(
            "cache",
            works=is_possible,
            text=f"{cache} is not there yet" + ("" if is_possible else ", and cannot be made"),
            remedy="" if is_possible else "choose another folder with --cache or LRREPORT_CACHE",
        )
        return
    with folder:
        owner = name_user(os.fstat(folder.descriptor).st_uid)
        _try_to_lock(folder)
    entries = list(Store(cache).entries())
    damaged = [entry for entry in entries if not isinstance(entry, Entry)]
    yield Finding(
        "cache",
        works=True,
        text=f"{len(entries) - len(damaged)} runs in {cache}, which belongs to {owner} and can be written and locked"
        + (f", {len(damaged)} damaged" if damaged else ""),
        remedy="the next build trains the damaged ones again" if damaged else "",
    )


def _try_to_lock(folder: Folder) -> None:
    """Make, lock and remove a file in the cache, as builds do.

    Raises:
        CacheError: That cannot be done there.
    """
    try:
        with hold_lock(folder, f".doctor.{make_token()}.tmp", what="cache", wait=False, tell=lambda _: None):
            pass
    except OSError as error:
        raise refuse_cache(folder.path, error) from error


def _examine_disk(cache: Path) -> Iterator[Finding]:
    place = next(folder for folder in (cache, *cache.parents) if os.path.exists(folder))  # noqa: PTH110 - pathlib raises
    free = shutil.disk_usage(place).free
    yield Finding(
        "disk",
        works=free >= _NEEDED_BYTES,
        text=f"{free / 1e9:.1f} GB free for the cache",
        remedy="" if free >= _NEEDED_BYTES else "free some space, or choose another folder with --cache",
    )


def _examine_last_build(cache: Path) -> Iterator[Finding]:
    last = read_last_build(cache)
    if last is None:
        yield Finding("last build", works=True, text="none is recorded in this cache")
        return
    has_failed = last.has_failed and last.exit_code != InterruptedBuildError.exit_code
    yield Finding(
        "last build",
        works=not has_failed,
        text=last.describe(),
        remedy="run it again, and read what it says" if last.has_failed else "",
    )
