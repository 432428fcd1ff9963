"""Where matplotlib and fontconfig keep their own caches when the user has no home folder, as a service often has not.

Without a place, matplotlib warns and looks at every font anew in each process, and fontconfig complains on stderr.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path

from lrreport.cache.folder import LIBRARIES, open_cache
from lrreport.errors import CacheError


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
    # A cache that cannot be used is told of when its lock is taken.
    with suppress(OSError, CacheError), open_cache(cache) as root:
        root.make(LIBRARIES)
        with root.enter(LIBRARIES) as folder:
            folder.make("matplotlib")
            if not all(map(folder.has_folder, folder.names())):
                return  # a link in a cache that was handed over: the libraries would write where it points to
        environment.setdefault("MPLCONFIGDIR", str(root.path / LIBRARIES / "matplotlib"))
        environment.setdefault("XDG_CACHE_HOME", str(root.path / LIBRARIES))
