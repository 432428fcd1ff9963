"""Progress and messages on stderr, results on stdout: the only module that writes to the terminal beside the CLI."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import threading
import time
from dataclasses import asdict
from typing import IO, Any, Final, Literal

from lrreport.errors import LrreportError, escape_controls
from lrreport.events import Event, Message, TrainingProgress
from lrreport.system.interrupts import stop_if_interrupted

ProgressMode = Literal["auto", "plain", "none", "json"]

#: Where no bar is drawn, no more seconds than these pass without a line: one a minute, with room to be late.
HEARTBEAT_S: Final = 55.0


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


def format_size(size_bytes: int) -> str:
    """A size for people.

    >>> [format_size(size) for size in (0, 999, 210_000, 18_400_000, 2_500_000_000)]
    ['0 B', '999 B', '210 kB', '18.4 MB', '2.5 GB']
    """
    for unit, factor in (("GB", 10**9), ("MB", 10**6)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes / 1000:.0f} kB" if size_bytes >= 1000 else f"{size_bytes} B"  # noqa: PLR2004


def count(number: int, word: str) -> str:
    """A number of things.

    >>> count(1, "run"), count(1234, "run")
    ('1 run', '1,234 runs')
    """
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


class Console:
    """Puts events into words.

    Args:
        mode: `auto` draws a bar on a terminal and writes plain lines elsewhere; `json` writes one object a line.
        is_quiet: Only warnings and errors.
        is_verbose: Details too.
        stream: Where to; stderr by default.
        heartbeat_s: Where no bar is drawn, no more seconds than these pass without a line.
    """

    def __init__(
        self,
        mode: ProgressMode,
        *,
        is_quiet: bool = False,
        is_verbose: bool = False,
        stream: IO[str] | None = None,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        self._stream = stream or sys.stderr
        is_terminal = self._stream.isatty() and os.environ.get("TERM", "") != "dumb"
        self._is_quiet = is_quiet or mode == "none"
        self._is_json = mode == "json"
        self._is_verbose = is_verbose
        self._bar: _Bar | None = _Bar() if mode == "auto" and is_terminal and not self._is_quiet else None
        self._heartbeat_s = heartbeat_s
        self._lock = threading.RLock()
        self._told_at = self._progress_at = -math.inf
        self._stage, self._stage_since = "", 0.0
        self._progress: TrainingProgress | None = None
        self._ended = threading.Event()
        self._pulse: threading.Thread | None = None

    def report(self, event: Event) -> None:
        """Tell an event; may be called from worker threads.

        Raises:
            InterruptedBuildError: Ctrl-C came, and the main thread is not done yet; likewise TerminatedBuildError.
        """
        if not self._ended.is_set():
            stop_if_interrupted()
        with self._lock:
            self._note_stage(event)
            if self._is_json and not self._is_quiet:
                kind = "message" if isinstance(event, Message) else "progress"
                self._write_json({"event": kind, **asdict(event)})
            elif isinstance(event, TrainingProgress):
                self._tell_progress(event)
            elif event.is_warning:
                self._end_bar()
                self._write(_in_one_line(f"warning: {event.text}"))
            elif not self._is_quiet and (self._is_verbose or not event.is_detail):
                self._end_bar()
                self._write(_in_one_line(f"{event.stage}: {event.text}"))
            if self._pulse is None and not self._is_quiet and not self._ended.is_set():
                self._told_at = max(self._told_at, time.monotonic() - self._heartbeat_s / 2)  # a detail may come first
                self._pulse = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
                self._pulse.start()

    def _note_stage(self, event: Event) -> None:
        if isinstance(event, TrainingProgress):
            self._progress = event
        elif not event.is_detail:
            self._progress = None
        stage = "train" if isinstance(event, TrainingProgress) else event.stage
        if stage != self._stage and not (isinstance(event, Message) and event.is_detail):
            self._stage, self._stage_since = stage, time.monotonic()

    def _tell_progress(self, event: TrainingProgress) -> None:
        if self._is_quiet:
            return
        if self._bar is not None:
            self._bar.show(event)
            return
        is_last = event.run_epochs == event.total_run_epochs
        if time.monotonic() - self._progress_at >= self._heartbeat_s or is_last:
            self._progress_at = time.monotonic()
            self._write(f"train: {describe_progress(event)}")

    def _beat(self) -> None:
        """Write a line whenever nothing else has been written for long: a night's log shows where it stands."""
        while not self._ended.wait(max(self._told_at + self._heartbeat_s - time.monotonic(), 0.05)):
            with self._lock:
                is_due = time.monotonic() - self._told_at >= self._heartbeat_s
                if not is_due or self._ended.is_set() or (self._bar is not None and self._bar.is_drawn):
                    continue
                seconds = round(time.monotonic() - self._stage_since, 1)
                if self._is_json:
                    self._write_json({"event": "heartbeat", "stage": self._stage, "stage_s": seconds})
                    continue
                text = describe_progress(self._progress) if self._progress else format_duration(seconds)
                self._write(f"{self._stage}: still at work, {text}")

    def fail(self, error: LrreportError) -> None:
        """Tell an error that ends the command."""
        self.close()
        self._write(f"error: {error}")

    def close(self) -> None:
        """End the heartbeat, and a bar that is being drawn."""
        self._ended.set()
        with self._lock:
            self._end_bar()

    def _end_bar(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _write_json(self, document: dict[str, Any]) -> None:
        self._write(json.dumps({"time": round(time.time(), 3), **document}, allow_nan=False))

    def _write(self, line: str) -> None:
        self._told_at = time.monotonic()
        # Whoever read our messages may have gone; the work goes on without them.
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(escape_controls(line) + "\n")
            self._stream.flush()


def _in_one_line(text: str) -> str:
    """A message that quotes names of strangers, which make no line of their own."""
    return text.replace("\n", "\\n")


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

    @property
    def is_drawn(self) -> bool:
        """Whether it stands on the terminal now."""
        return self._progress is not None

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
