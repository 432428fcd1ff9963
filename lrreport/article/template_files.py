"""The files of templates: where ours are, and which of a user's folder are read, within bounds."""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import lrreport
from lrreport.errors import RenderError, UsageError
from lrreport.system.files import read_file

#: How the names of our own end: pages, style sheets, a script, listings. Whatever else stands beside them is no template.
_SUFFIXES: Final = (".j2", ".css", ".js", ".py", ".toml")
_MAX_BYTES: Final = 1_000_000
#: Files and folders of any kind, so that a home folder named by mistake is not searched for long.
_MAX_ENTRIES: Final = 1_000
_MAX_LEVELS: Final = 8
_FIX: Final = "take it out of the folder that --templates names, or put a file of text in its place"


def find_templates() -> Path:
    """The templates that belong to this package: inside the wheel, or beside the package in a checkout.

    Raises:
        RenderError: They are at neither place.
    """
    package = Path(lrreport.__file__).resolve().parent
    for folder in (package / "templates", package.parent / "templates"):
        if (folder / "article.html.j2").is_file():
            return folder
    raise RenderError(
        "The templates of the article are not there",
        expected=f"{package / 'templates'}, or {package.parent / 'templates'} in a checkout",
        fix="install lrreport again, from a wheel or with 'pip install -e .'",
    )


def list_templates(folder: Path) -> dict[str, Path]:
    """The templates of a folder by the names that other templates call them, in the order of these names.

    Names that begin with a dot, `__pycache__`, and what does not end as a template are passed over.

    Args:
        folder: Ours, or the one that `--templates` names.

    Raises:
        UsageError: The folder is not there, or holds a link to a folder or to nothing, a template that is not a
            regular file or is too large, or more files or levels than templates need.
    """
    if not folder.is_dir():
        raise UsageError("There is no such folder of templates", where=str(folder), fix="name a folder that exists")
    found: dict[str, Path] = {}
    for count, (path, status) in enumerate(_walk(folder, 1)):
        if count >= _MAX_ENTRIES:
            raise UsageError(
                "The folder of templates holds too much",
                where=str(path),
                got=f"more than {_MAX_ENTRIES:,} files and folders",
                fix="name a folder that holds templates and little else",
            )
        if not path.name.endswith(_SUFFIXES) or stat.S_ISDIR(status.st_mode):
            continue
        if not stat.S_ISREG(status.st_mode):
            raise _refuse("A template is no regular file", path, "a pipe, a socket or a device", "a file")
        if status.st_size > _MAX_BYTES:
            raise _refuse("A template is too large", path, f"{status.st_size:,} bytes", f"at most {_MAX_BYTES:,}")
        found[path.relative_to(folder).as_posix()] = path
    return dict(sorted(found.items()))


def read_template(path: Path) -> bytes:
    """The bytes of a template that `list_templates` found.

    Raises:
        UsageError: It cannot be read, or has become something else.
    """
    try:
        return read_file(path, _MAX_BYTES)
    except OSError as error:
        raise _refuse("A template cannot be read", path, error.strerror, "a file that may be read") from error


def check_templates(folder: Path) -> None:
    """Refuse a folder of templates that cannot be read, before hours of training rather than after.

    Raises:
        UsageError: As for `list_templates` and `read_template`, or a template is not UTF-8.
    """
    for path in list_templates(folder).values():
        decode_template(path)


def decode_template(path: Path) -> str:
    """The text of a template that `list_templates` found, without a byte order mark.

    Raises:
        UsageError: As for `read_template`, or it is not UTF-8.
    """
    try:
        return read_template(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            "A template is not UTF-8 text", where=str(path), got=str(error), fix="save it as UTF-8"
        ) from error


def _walk(folder: Path, level: int) -> Iterator[tuple[Path, os.stat_result]]:
    """Everything below a folder that is not hidden; no link to a folder is followed."""
    if level > _MAX_LEVELS:
        raise _refuse("A folder of templates lies too deep", folder, f"{level} levels", f"at most {_MAX_LEVELS}")
    try:
        with os.scandir(folder) as entries:
            shown = (entry for entry in entries if not entry.name.startswith((".", "__pycache__")))
            names = sorted(entry.name for entry in itertools.islice(shown, _MAX_ENTRIES + 1))
    except OSError as error:
        raise _refuse("A folder of templates cannot be read", folder, error.strerror, "one that may be read") from error
    for path in (folder / name for name in names):
        try:
            status = path.stat()
        except OSError as error:
            what = "a link to a file" if path.is_symlink() else "a file that may be read"
            raise _refuse("A file or link among the templates leads nowhere", path, error.strerror, what) from error
        is_folder = stat.S_ISDIR(status.st_mode)
        if is_folder and path.is_symlink():  # it could lead anywhere, and round in a circle
            raise _refuse(
                "A link among the templates leads to a folder", path, str(path.readlink()), "a link to a file"
            )
        yield path, status
        if is_folder:
            yield from _walk(path, level + 1)


def _refuse(message: str, path: Path, got: str | None, expected: str) -> UsageError:
    return UsageError(message, where=str(path), got=got, expected=expected, fix=_FIX)
