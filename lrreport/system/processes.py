"""Child processes: they never outlive the command that started them, and it never waits for one for ever."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

from lrreport.errors import LrreportError
from lrreport.system.interrupts import stop_if_interrupted
from lrreport.system.memory import is_lack_of_memory

_PR_SET_PDEATHSIG: Final = 1
_POLL_S: Final = 0.2
#: Seconds of ours that a pause between two looks counts for at most: while this process itself is stopped or the machine
#: sleeps, nobody is late.
_LONGEST_STEP_S: Final = 1.0
#: A child that somebody has stopped (SIGSTOP, a debugger) may be let on again for so long; in a hurry, less.
_STOPPED_S: Final = 60.0
_STOPPED_IN_A_HURRY_S: Final = 5.0
_END_WITHIN_S: Final = 5.0


class ChildLostError(Exception):
    """A child has ended, or does not answer any more; its text says which, and how."""


def follow_parent() -> None:
    """Let this process end when its parent is killed, where the system can (Linux), and leave Ctrl-C to the parent.

    A terminal sends SIGINT to every process of a command; the parent alone decides what becomes of it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:  # killed before we could ask to be told
        os._exit(1)


def is_alive(process: int) -> bool:
    """Whether a process of that number is there, ours or somebody else's."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OverflowError:
        return False  # no process has such a number
    except OSError:
        pass  # somebody else's
    return True


def is_stopped(process: int) -> bool:
    """Whether a process is stopped by a signal or a debugger; False where the system does not tell."""
    return _read_status(process, 3) in ("T", "t")


def start_of(process: int) -> str:
    """When a process began, in ticks since the system did; empty where /proc does not tell."""
    return _read_status(process, 22)


def _read_status(process: int, field: int) -> str:
    """A field of /proc/PID/stat, counted from 1, behind the process's name; empty where there is none.

    Source: proc(5).
    """
    try:
        text = Path(f"/proc/{process}/stat").read_text("utf-8", "replace")
        return text.rpartition(")")[2].split()[field - 3]
    except (OSError, IndexError):
        return ""


@dataclass(frozen=True, slots=True)
class Failed:
    """What a child sends when it cannot go on.

    Attributes:
        error: What the user has to know; None for a bug of ours.
        details: The traceback.
    """

    error: LrreportError | None
    details: str

    def as_exception(self) -> Exception:
        """What the parent raises for it."""
        return self.error or RuntimeError(f"a child process failed\n{self.details}")


def work_for_parent(connection: Connection, work: Callable[[], None], *, without_memory: LrreportError) -> None:
    """In a child: do its work, and send a `Failed` when that goes wrong; a parent that has gone ends it quietly.

    Args:
        connection: The child's end of the pipe.
        work: What it does.
        without_memory: What the user has to know when memory was refused.
    """
    follow_parent()
    try:
        work()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return  # the parent is gone, and nobody is left to tell
    except Exception as error:  # noqa: BLE001 - told to the parent, which raises it
        told = error if isinstance(error, LrreportError) else without_memory if is_lack_of_memory(error) else None
        with contextlib.suppress(OSError):
            connection.send(Failed(told, traceback.format_exc()))


class Child:
    """A process of ours, started afresh, and the pipe to it.

    What it works on is sent to it, and is no argument: Python would wait for ever for a process that ends while it
    still reads its arguments.

    Args:
        target: What it does; its one argument is its end of the pipe.
        silence_s: Seconds without a message after which it is taken for hung.
    """

    def __init__(self, target: Callable[[Connection], None], *, silence_s: float) -> None:
        context = multiprocessing.get_context("spawn")  # TensorFlow's threads would not survive a fork
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=target, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._sending = threading.Lock()
        self._silence_s = silence_s
        self._stopped_s = min(_STOPPED_S, silence_s)
        self._is_sending = False
        self._unsent_s = 0.0
        self._looked = time.monotonic()

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid or 0

    def hurry(self, silence_s: float) -> None:
        """From now on wait no longer than this for its next message."""
        self._silence_s = min(self._silence_s, silence_s)
        self._stopped_s = min(self._stopped_s, _STOPPED_IN_A_HURRY_S)

    def send(self, message: object) -> None:
        """Send a message; may be called from several threads.

        Raises:
            ChildLostError: It has ended.
        """
        try:
            with self._sending:
                self._is_sending = True
                self._connection.send(message)
        except OSError as error:
            raise self._loss() from error
        finally:
            self._is_sending = False

    def look_after(self) -> None:
        """Kill it when it does not take what is sent to it; for a thread that waits for the one that sends."""
        step = min(time.monotonic() - self._looked, _LONGEST_STEP_S)
        self._looked = time.monotonic()
        self._unsent_s = self._unsent_s + step if self._is_sending else 0.0
        if self._unsent_s > (self._stopped_s if is_stopped(self.pid) else self._silence_s):
            self._process.kill()

    def receive(self) -> Any:
        """Its next message.

        Raises:
            ChildLostError: It has ended; or it was stopped, or silent, for too long, and has been killed.
            InterruptedBuildError: Ctrl-C, where the main thread waits; likewise TerminatedBuildError.
        """
        waited = stopped = 0.0
        looked = time.monotonic()
        try:
            while not self._connection.poll(_POLL_S):
                stop_if_interrupted()
                step = min(time.monotonic() - looked, _LONGEST_STEP_S)
                looked = time.monotonic()
                waited += step
                stopped = stopped + step if is_stopped(self.pid) else 0.0
                if stopped > self._stopped_s or waited > self._silence_s:
                    why = "was stopped from outside (SIGSTOP)" if stopped else "gave no sign of life"
                    self._process.kill()
                    raise ChildLostError(f"it {why} for {max(stopped, waited):.0f} s, and was killed")
            return self._connection.recv()
        except (EOFError, OSError) as error:
            raise self._loss() from error

    def end(self, within_s: float = _END_WITHIN_S) -> None:
        """Hang up, and let it end; by force when it does not."""
        self.hang_up()
        self._process.join(within_s)
        self.kill()

    def hang_up(self) -> None:
        """Close our end of the pipe; nobody may be waiting for a message."""
        with contextlib.suppress(OSError):
            self._connection.close()

    def kill(self) -> None:
        """End it at once, whoever waits for a message of its: SIGKILL ends a stopped process too."""
        self._process.kill()
        self._process.join(_END_WITHIN_S)

    def _loss(self) -> ChildLostError:
        self._process.join(_END_WITHIN_S)
        return ChildLostError(f"exit code {self._process.exitcode}")
