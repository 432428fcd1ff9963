"""What a child process of ours does first, so that it never outlives the command that started it."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def follow_parent(parent: int) -> None:
    """Let this process end when its parent is killed, where the system can (Linux), and leave Ctrl-C to the parent.

    A terminal sends SIGINT to every process of a command; the parent alone decides what becomes of it.

    Args:
        parent: The parent's process id.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we could ask
        os._exit(1)
