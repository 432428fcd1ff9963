"""Limits on memory (`ulimit -v`), and how libraries say that they met one."""

from __future__ import annotations

from typing import Final

from lrreport.errors import TOO_LITTLE_MEMORY, LrreportError

try:
    import resource
except ImportError:  # pragma: no cover - Windows has no such limits
    resource = None  # type: ignore[assignment]

#: With less than this not even NumPy can be loaded: its BLAS ends the process itself.
_LEAST_BYTES: Final = 300 * 1024 * 1024
#: What the loader of shared libraries says when the room is too small for one.
_NO_ROOM: Final = ("failed to map segment", "cannot allocate memory", "cannot allocate")


def check_address_space() -> None:
    """Refuse a limit on the process's memory with which nothing works.

    Raises:
        LrreportError: `ulimit -v` allows too little.
    """
    if resource is None:
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit not in (resource.RLIM_INFINITY, -1) and limit < _LEAST_BYTES:
        raise LrreportError(
            "The limit on this process's memory is too small",
            got=f"`ulimit -v` {limit // 1024} (kB)",
            expected="some 1,000,000 to render, 3,000,000 to train, or unlimited",
            fix=TOO_LITTLE_MEMORY,
        )


def is_lack_of_memory(error: BaseException) -> bool:
    """Whether an error means that memory was refused, in the words of Python or of the loader.

    >>> is_lack_of_memory(ImportError("libx.so: failed to map segment from shared object")), is_lack_of_memory(OSError())
    (True, False)
    """
    return isinstance(error, MemoryError) or (
        isinstance(error, ImportError | OSError) and any(words in str(error).lower() for words in _NO_ROOM)
    )
