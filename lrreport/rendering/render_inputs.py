"""What figures and PDFs are made from beside their data: the program's own code, the packages, the libraries.

A key of the render cache must change whenever a byte of what is kept could. So nothing is picked by hand here: the
code is every module that can be reached by imports, the packages are all that are installed, the libraries are those
that the process has loaded.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import importlib.metadata
import platform
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lrreport.rendering.render_cache import digest_parts

_PACKAGE: Final = Path(__file__).resolve().parent.parent
#: Libraries that have a say in a line's breaks and a glyph's place, as parts of their files' names.
_TEXT_LIBRARIES: Final = ("pango", "harfbuzz", "thai", "datrie", "fribidi", "fontconfig", "freetype", "glib", "gobject")
_MAPS: Final = Path("/proc/self/maps")


@functools.cache
def digest_code(name: str) -> str:
    """Digest of a part of this package, of every module of ours that it imports, and of the data beside them.

    Args:
        name: A module or package, "lrreport.figures" say.
    """
    files: set[Path] = set()
    for path in _reach(name):
        files.add(path)
        files.update(item for item in path.parent.iterdir() if item.is_file() and item.suffix not in (".py", ".pyc"))
    return digest_parts(
        *(
            part
            for path in sorted(files)
            for part in (path.relative_to(_PACKAGE).as_posix(), hashlib.sha256(path.read_bytes()).digest())
        )
    )


def _reach(name: str) -> frozenset[Path]:
    """Every file of this package that importing a part of it can run."""
    reached: set[Path] = set()
    waiting = [path for path in _files_of(name) if path.is_file()]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        waiting.extend(found for imported in _imports(path) for found in _module_files(imported))
    return frozenset(reached)


def _files_of(name: str) -> Iterator[Path]:
    """A module's file, or all files of a package."""
    folder = _PACKAGE.joinpath(*name.split(".")[1:])
    yield from (sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")])


def _module_files(name: str) -> Iterator[Path]:
    """The files that `import name` runs: the packages above it and the module itself."""
    parts = name.split(".")[1:]
    for count in range(len(parts) + 1):
        folder = _PACKAGE.joinpath(*parts[:count])
        for path in (folder / "__init__.py", folder.with_suffix(".py")):
            if path.is_file() and path.is_relative_to(_PACKAGE):
                yield path


def _imports(path: Path) -> Iterator[str]:
    own = "lrreport"
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.split(".")[0] == own)


@functools.cache
def digest_packages() -> str:
    """Digest of Python and of every installed package's version."""
    versions = sorted({(item.name or "", item.version or "") for item in importlib.metadata.distributions()})
    machine = (sys.version, platform.machine(), sys.byteorder)
    return digest_parts(*machine, *(part for version in versions for part in version))


def digest_text_libraries() -> str:
    """Digest of the system's text libraries that this process has loaded: their files, sizes and times.

    To be asked after WeasyPrint was imported. Where the system does not tell (only Linux does), its name and version.
    """
    parts = [platform.platform()]
    if _MAPS.is_file():
        loaded = {line.split(maxsplit=5)[-1] for line in _MAPS.read_text("utf-8").splitlines() if "/" in line}
        for path in sorted(loaded):
            file = Path(path)
            if any(word in file.name for word in _TEXT_LIBRARIES) and file.is_file():
                status = file.stat()
                parts += [path, str(status.st_size), str(status.st_mtime_ns)]
    return digest_parts(*parts)
