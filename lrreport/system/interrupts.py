"""Ctrl-C and SIGTERM: a handler notes the signal, and our own points raise it.

An exception out of a handler can come at any instruction: inside a library that swallows whatever it catches, inside a
destructor, between a change and the line that records it. So the handler only notes what came.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType
from typing import Final, NoReturn

from lrreport.errors import InterruptedBuildError, LrreportError, TerminatedBuildError

_GO_ON: Final = "run the same command again: it goes on from there"
#: A second signal within this time is the same wish, sent twice: a terminal and a supervisor may both send one.
_SAME_WISH_S: Final = 2.0

_received: list[tuple[int, float]] = []


def watch_signals() -> None:
    """From now on Ctrl-C and SIGTERM are noted, and raised by `stop_if_interrupted`. Call it in the main thread."""
    signal.signal(signal.SIGTERM, _note)
    signal.signal(signal.SIGINT, _note)  # said outright: a shell's background job would ignore it


def ignore_signals() -> None:
    """From now on they come too late: the command has ended, and only the interpreter has not.

    While it ends, Python would give signals back to the system, which would end the process with another exit code.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def _note(number: int, _frame: FrameType | None) -> None:
    now = time.monotonic()
    if _received and now - _received[0][1] > _SAME_WISH_S:
        # Asked for again: at once, as kill -9 would. What is half done is finished by the next command.
        os._exit(128 + number)
    if not _received:
        _received.append((number, now))


def stop_if_interrupted() -> None:
    """Raise what a signal asked for, if one has come. Does nothing outside the main thread.

    Raises:
        InterruptedBuildError: Ctrl-C.
        TerminatedBuildError: SIGTERM.
    """
    if _received and threading.current_thread() is threading.main_thread():
        _raise(_received[0][0])


def _raise(number: int) -> NoReturn:
    kind: type[LrreportError] = InterruptedBuildError if number == signal.SIGINT else TerminatedBuildError
    word = "Interrupted" if number == signal.SIGINT else "Terminated"
    raise kind(f"{word}; every run is saved up to its last whole epoch", fix=_GO_ON)
