"""Where libraries keep their own files when the user has no home folder, as a service often has not.

Without a place, matplotlib warns and looks at every font anew in each process, fontconfig complains on stderr, and
others (ziafont, platformdirs) end with a traceback when they ask whose home folder it is.
"""

from __future__ import annotations

import atexit
import ctypes.util
import os
import tempfile
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from lrreport.cache.folder import make_work_folder, remove_work_folder
from lrreport.errors import CacheError, RenderError

#: What draws text in PDFs: no Python package brings it.
_PANGO: Final = ("pango-1.0", "pangoft2-1.0")
PANGO_REMEDY: Final = "apt-get install libpango-1.0-0 libpangoft2-1.0-0, dnf install pango, or brew install pango"


def find_missing_pango() -> list[str]:
    """Libraries of Pango that the system lacks."""
    return [name for name in _PANGO if ctypes.util.find_library(name) is None]


def check_pango(formats: Sequence[str]) -> None:
    """Ask for the system's libraries that PDFs need, before anything is trained for them.

    Raises:
        RenderError: A PDF is wanted, and one of them is missing.
    """
    if "pdf" in formats and (missing := find_missing_pango()):
        raise RenderError(
            "No PDF can be made here",
            got=f"the system lacks {', '.join(missing)}",
            fix=f"{PANGO_REMEDY}; or write only pages: --format html",
        )


def find_home() -> str:
    """The user's home folder as libraries find it; a relative path or nothing where there is none."""
    return os.environ.get("HOME", os.path.expanduser("~"))  # noqa: PTH111 - pathlib raises where there is none


def has_home() -> bool:
    """Whether the user has a home folder that can be written."""
    home = find_home()
    return Path(home).is_absolute() and os.access(home, os.W_OK | os.X_OK) and home != "/"


def settle_home(environment: MutableMapping[str, str]) -> None:
    """Name a home folder where there is none at all: libraries that look for one go on, and find it useless.

    It is none below which anything can be made. One in the cache would get the key that kept figures are signed with,
    and a cache may be handed over.

    Args:
        environment: `os.environ`; worker processes inherit it.
    """
    if not Path(find_home()).is_absolute():
        environment["HOME"] = os.devnull


def settle_libraries(cache: Path, environment: MutableMapping[str, str]) -> None:
    """Give the libraries a folder of this command in our cache where there is no home folder; what is set already stays.

    It is a fresh one, which the next command clears: what lies in a cache may be a stranger's, and the libraries would
    read it, and write through its links.

    Args:
        cache: The cache folder.
        environment: `os.environ`; worker processes inherit it.
    """
    settle_home(environment)
    if has_home():
        return
    # A cache that cannot be used is told of when its lock is taken.
    with suppress(OSError, CacheError):
        place = make_work_folder(cache)
        environment.setdefault("MPLCONFIGDIR", str(place / "matplotlib"))
        environment.setdefault("XDG_CACHE_HOME", str(place))
        atexit.register(remove_work_folder, place)


def can_write(folder: Path) -> bool:
    """Whether something can be made in a folder, or where it would be made itself."""
    place = next((each for each in (folder, *folder.parents) if os.path.exists(each)), folder)  # noqa: PTH110 - pathlib raises
    return os.access(place, os.W_OK | os.X_OK)


def find_temporary() -> str | None:
    """The folder for temporary files outside of the cache; None where the system has none that can be written."""
    try:
        return tempfile.gettempdir()
    except OSError:
        return None


def check_temporary(cache: Path) -> None:
    """See to it that temporary files can be written somewhere: they lie in the cache, and elsewhere where that is refused.

    Args:
        cache: The cache folder.

    Raises:
        RenderError: Neither the cache nor any folder for temporary files can be written.
    """
    if find_temporary() is not None or can_write(cache):
        return
    raise RenderError(
        "There is no place for temporary files",
        got=f"neither the cache {cache} nor TMPDIR, /tmp or /var/tmp can be written",
        expected="one folder that can be written and has some 20 MB of room",
        fix="name one: TMPDIR=/var/lib/lrreport say, or --cache",
    )
