"""What worker processes tell while they work, brought to the build's own `report`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext

from lrreport.events import Message, Report

#: Set once in a worker; in the build's own process `tell` goes straight to its report.
_sender: Connection | None = None


def speak_through(sender: Connection) -> None:
    """In a worker process: send everything that is told from now on."""
    global _sender  # noqa: PLW0603 - a process has one pipe, and a pool's tasks cannot be handed one
    _sender = sender


def tell(message: Message, report: Report | None = None) -> None:
    """Tell a message: to `report` where there is one, else through the worker's pipe, else to nobody."""
    if report is not None:
        report(message)
    elif _sender is not None:
        with contextlib.suppress(OSError):  # the build has ended; so will this process
            _sender.send(message)


@contextlib.contextmanager
def listen(context: BaseContext, report: Report) -> Iterator[Connection]:
    """Bring what workers tell to `report` while the context lasts.

    A message is shorter than what a pipe takes in one piece, so that workers share it without a lock: one that is
    killed blocks nobody.

    Args:
        context: How the workers are started.
        report: Called from a thread of its own.

    Yields:
        What the workers shall speak through.
    """
    receiver, sender = context.Pipe(duplex=False)

    def carry() -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                report(receiver.recv())

    listener = threading.Thread(target=carry, name="listener", daemon=True)
    listener.start()
    try:
        yield sender
    finally:
        sender.close()  # the workers' ends go with them; then the listener reads the end
        listener.join(timeout=2)
        if not listener.is_alive():
            receiver.close()
