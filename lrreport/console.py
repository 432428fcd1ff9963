"""Progress and messages on stderr, results on stdout: the only module that writes to the terminal beside the CLI."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from typing import IO, Any, Final, Literal

from lrreport.errors import LrreportError
from lrreport.events import Event, Message, TrainingProgress

ProgressMode = Literal["auto", "plain", "none", "json"]

#: Without a terminal, training tells how far it is so often.
HEARTBEAT_S: Final = 30.0


def format_duration(seconds: float) -> str:
    """A duration for people.

    >>> [format_duration(s) for s in (0.4, 42, 200, 5000)]
    ['under 1 s', '42 s', '3 min 20 s', '1 h 23 min']
    """
    whole = round(seconds)
    if whole < 1:
        return "under 1 s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


class Console:
    """Puts events into words.

    Args:
        mode: `auto` draws a bar on a terminal and writes plain lines elsewhere; `json` writes one object a line.
        is_quiet: Only warnings and errors.
        stream: Where to; stderr by default.
    """

    def __init__(self, mode: ProgressMode, *, is_quiet: bool = False, stream: IO[str] | None = None) -> None:
        self._stream = stream or sys.stderr
        is_terminal = self._stream.isatty() and os.environ.get("TERM", "") != "dumb"
        self._is_quiet = is_quiet or mode == "none"
        self._is_json = mode == "json"
        self._bar: _Bar | None = _Bar() if mode == "auto" and is_terminal and not self._is_quiet else None
        self._told_at = -HEARTBEAT_S

    def report(self, event: Event) -> None:
        """Tell an event; may be called from worker threads, one at a time."""
        if self._is_json and not self._is_quiet:
            kind = "message" if isinstance(event, Message) else "progress"
            self._write(json.dumps({"event": kind, "time": round(time.time(), 3), **asdict(event)}, allow_nan=False))
        elif isinstance(event, TrainingProgress):
            self._tell_progress(event)
        elif event.is_warning:
            self.close()
            self._write(f"warning: {event.text}")
        elif not self._is_quiet:
            self.close()
            self._write(f"{event.stage}: {event.text}")

    def _tell_progress(self, event: TrainingProgress) -> None:
        if self._is_quiet:
            return
        if self._bar is not None:
            self._bar.show(event)
            return
        is_last = event.run_epochs == event.total_run_epochs
        if time.monotonic() - self._told_at >= HEARTBEAT_S or is_last:
            self._told_at = time.monotonic()
            self._write(f"train: {describe_progress(event)}")

    def fail(self, error: LrreportError) -> None:
        """Tell an error that ends the command."""
        self.close()
        self._write(f"error: {error}")

    def close(self) -> None:
        """End a bar that is being drawn."""
        if self._bar is not None:
            self._bar.close()

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def describe_progress(event: TrainingProgress) -> str:
    """Training progress in one line."""
    share = 100 * event.run_epochs // max(event.total_run_epochs, 1)
    left = f", about {format_duration(event.left_s)} left" if event.left_s is not None and event.left_s >= 1 else ""
    return (
        f"{event.run_epochs:,} of {event.total_run_epochs:,} epochs ({share} %), "
        f"{event.runs} of {event.total_runs} runs done{left}"
    )


class _Bar:
    """A rich progress bar, made when the first epoch is told of; rich honours NO_COLOR."""

    def __init__(self) -> None:
        self._progress: Any = None
        self._task: Any = None

    def show(self, event: TrainingProgress) -> None:
        if self._progress is None:
            from rich.console import Console as RichConsole  # noqa: PLC0415 - only where a bar is drawn
            from rich.progress import BarColumn, Progress, TextColumn  # noqa: PLC0415

            self._progress = Progress(
                TextColumn("train:"),
                BarColumn(bar_width=30),
                TextColumn("{task.description}"),
                console=RichConsole(stderr=True),
                transient=True,
            )
            self._task = self._progress.add_task("", total=event.total_run_epochs)
            self._progress.start()
        self._progress.update(self._task, completed=event.run_epochs, description=describe_progress(event))

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None
