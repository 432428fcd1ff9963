"""What works on this machine and what does not, each with its remedy."""

from __future__ import annotations

import ctypes.util
import importlib.metadata
import platform
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from lrreport import __version__
from lrreport.checkpoints import Entry
from lrreport.datasets import verify_dataset
from lrreport.environment import available_cores, cpu_model, without_chatter
from lrreport.errors import InterruptedBuildError, LrreportError
from lrreport.last_build import read_last_build
from lrreport.store import Store

_PACKAGES: Final = ("tensorflow", "keras", "numpy", "pandas", "matplotlib", "weasyprint", "pikepdf", "typer")
_LIBRARIES: Final = ("pango-1.0", "pangoft2-1.0")
_NEEDED_BYTES: Final = 500_000_000


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


def examine(cache: Path, device: str) -> list[Finding]:
    """Look at everything a build needs.

    Args:
        cache: The cache folder.
        device: `auto`, `cpu` or `gpu`: where training shall happen.
    """
    return [
        *_examine_versions(),
        _examine_pango(),
        _examine_fonts(),
        _examine_device(device),
        *_examine_data(cache),
        *_examine_cache(cache),
        _examine_last_build(cache),
    ]


def _examine_versions() -> Iterator[Finding]:
    yield Finding(
        "lrreport", works=True, text=f"{__version__}, Python {platform.python_version()}, {platform.system()}"
    )
    for name in _PACKAGES:
        try:
            yield Finding(name, works=True, text=importlib.metadata.version(name))
        except importlib.metadata.PackageNotFoundError:
            yield Finding(
                name, works=False, text="is not installed", remedy="install lrreport again, with its dependencies"
            )


def _examine_pango() -> Finding:
    missing = [name for name in _LIBRARIES if ctypes.util.find_library(name) is None]
    if missing:
        return Finding(
            "Pango",
            works=False,
            text=f"the system lacks {', '.join(missing)}, and no PDF can be made",
            remedy="apt-get install libpango-1.0-0 libpangoft2-1.0-0, dnf install pango, or brew install pango",
        )
    return Finding("Pango", works=True, text="found")


def _examine_fonts() -> Finding:
    from lrreport.article.fonts import pdf_font_files  # noqa: PLC0415 - fontTools takes a while to load

    try:
        files = pdf_font_files()
    except LrreportError as error:
        return Finding("fonts", works=False, text=error.message, remedy=error.fix or "install lrreport again")
    lost = [name for name, path in files.items() if not path.is_file()]
    if lost:
        return Finding(
            "fonts", works=False, text=f"files are missing: {', '.join(lost)}", remedy="install lrreport again"
        )
    return Finding("fonts", works=True, text=f"{len(files)} faces, from packages")


def _examine_device(choice: str) -> Finding:
    with without_chatter():
        from lrreport.engine.device import set_up_device  # noqa: PLC0415 - loads TensorFlow, which takes seconds

    try:
        device = set_up_device(choice)  # type: ignore[arg-type]
    except LrreportError as error:
        return Finding("device", works=False, text=error.got or error.message, remedy=error.fix or "")
    where = cpu_model() if device.kind == "cpu" else device.name
    return Finding(
        "device", works=True, text=f"{device.kind.upper()} ({device.reason}): {where}, {available_cores()} cores"
    )


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


def _examine_cache(cache: Path) -> Iterator[Finding]:
    entries = list(Store(cache).entries())
    damaged = [entry for entry in entries if not isinstance(entry, Entry)]
    yield Finding(
        "cache",
        works=True,
        text=f"{len(entries) - len(damaged)} runs in {cache}" + (f", {len(damaged)} damaged" if damaged else ""),
        remedy="the next build trains the damaged ones again" if damaged else "",
    )
    place = next(folder for folder in (cache, *cache.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    yield Finding(
        "disk",
        works=free >= _NEEDED_BYTES,
        text=f"{free / 1e9:.1f} GB free for the cache",
        remedy="" if free >= _NEEDED_BYTES else "free some space, or choose another folder with --cache",
    )


def _examine_last_build(cache: Path) -> Finding:
    last = read_last_build(cache)
    if last is None:
        return Finding("last build", works=True, text="none is recorded in this cache")
    has_failed = last.has_failed and last.exit_code != InterruptedBuildError.exit_code
    return Finding(
        "last build",
        works=not has_failed,
        text=last.describe(),
        remedy="run it again, and read what it says" if last.has_failed else "",
    )
