"""Where matplotlib and fontconfig keep their own caches when the user has no home folder, as a service often has not.

Without a place, matplotlib warns and looks at every font anew in each process, and fontconfig complains on stderr.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Final

#: Folder of the cache; it may be deleted at any time.
LIBRARIES: Final = "libraries"


def has_home() -> bool:
    """Whether the user has a home folder that can be written."""
    home = os.path.expanduser("~")  # noqa: PTH111 - pathlib raises where there is none
    return Path(home).is_absolute() and os.access(home, os.W_OK | os.X_OK) and home != "/"


def settle_libraries(cache: Path, environment: MutableMapping[str, str]) -> None:
    """Give the libraries a folder in our cache where there is no home folder; what is set already stays.

    Args:
        cache: The cache folder.
        environment: `os.environ`; worker processes inherit it.
    """
    if has_home():
        return
    folder = cache / LIBRARIES
    with suppress(OSError):  # a cache that cannot be written is told of when its lock is taken
        folder.mkdir(parents=True, exist_ok=True)
        environment.setdefault("MPLCONFIGDIR", str(folder / "matplotlib"))
        environment.setdefault("XDG_CACHE_HOME", str(folder))
        Path(environment["MPLCONFIGDIR"]).mkdir(parents=True, exist_ok=True)
