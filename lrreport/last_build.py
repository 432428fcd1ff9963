"""How the last build on a cache ended: left there for `doctor`, for `plan` and for the morning."""

from __future__ import annotations

import datetime
import json
import os
import shlex
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

from lrreport.cache.folder import LAST_BUILD, look_into_cache, open_cache
from lrreport.documents import parse_document
from lrreport.errors import CacheError
from lrreport.system.processes import is_alive, start_of

_MAX_BYTES: Final = 100_000
_MAX_WORD: Final = 20_000


@dataclass(frozen=True, slots=True)
class LastBuild:
    """One `build`, `train` or `render`.

    Attributes:
        command: Its name.
        arguments: Its command line.
        began: UTC, ISO 8601.
        finished: None while it runs, and for ever when it was killed.
        exit_code: None likewise.
        outcome: What it did, or the message of the error that ended it.
        process: Its process id.
        process_start: When that process began, in the system's own count; empty where it does not tell. A number
            alone may be another process's by the morning.
    """

    command: str
    arguments: tuple[str, ...]
    began: str
    finished: str | None
    exit_code: int | None
    outcome: str
    process: int
    process_start: str = ""

    @property
    def has_failed(self) -> bool:
        """It ended with an error, or without a word."""
        return self.exit_code != 0 and not self.is_running

    @property
    def is_running(self) -> bool:
        """It has not ended, and its process lives, as far as one can tell."""
        if self.finished is not None or not is_alive(self.process):
            return False
        if not start_of(os.getpid()):
            return True  # the system does not tell when processes began
        return bool(self.process_start) and start_of(self.process) == self.process_start

    def describe(self) -> str:
        """The record in one line, whoever wrote it, with local times."""
        return " ".join(self._describe().split())

    def _describe(self) -> str:
        began, finished = _tell_time(self.began), _tell_time(self.finished or "")
        line = f"`lrreport {shlex.join(self.arguments)}`" if self.arguments else f"`{self.command}`"
        if self.is_running:
            return f"{line} began {began} and is at work (process {self.process})"
        if self.finished is None:
            return (
                f"{line} began {began} and never came to its end: it was killed, or the machine stopped; "
                "what it had trained is in the cache"
            )
        return f"{line} ended {finished} with exit code {self.exit_code}: {self.outcome}"

    def document(self) -> dict[str, Any]:
        """The record as data."""
        return {**asdict(self), "is_running": self.is_running, "has_failed": self.has_failed}


def _tell_time(text: str) -> str:
    """A time as people read it: the local one, with its offset from UTC; a text that is no time stays as it is."""
    try:
        return datetime.datetime.fromisoformat(text).astimezone().isoformat(" ", "seconds")
    except (ValueError, OverflowError, OSError):
        return text


def record_beginning(cache: Path, command: str, arguments: tuple[str, ...]) -> None:
    """Leave word that a command is at work: if it is killed, nothing else will."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    process = os.getpid()
    record_last_build(cache, LastBuild(command, arguments, now, None, None, "", process, start_of(process)))


def record_last_build(cache: Path, last: LastBuild) -> None:
    """Leave a record in the cache; failing to is no failure of the build."""
    with suppress(OSError, CacheError), open_cache(cache) as folder:
        text = json.dumps({"schema": 1, **asdict(last)}, indent=1, ensure_ascii=False) + "\n"
        folder.write(LAST_BUILD, text.encode(errors="replace"))


def read_last_build(cache: Path) -> LastBuild | None:
    """The record in a cache; None when there is none that can be read."""
    try:
        folder = look_into_cache(cache)
        if folder is None:
            return None
        with folder:
            document = parse_document(folder.read(LAST_BUILD, _MAX_BYTES))
        values = {item.name: document[item.name] for item in fields(LastBuild) if item.name in document}
        last = LastBuild(**{**values, "arguments": tuple(map(str, values["arguments"]))})
    except (OSError, CacheError, ValueError, KeyError, TypeError):
        return None
    words = (last.command, last.began, last.outcome, last.process_start)
    is_sound = (
        all(isinstance(word, str) and len(word) <= _MAX_WORD for word in words)
        and isinstance(last.finished, str | None)
        and isinstance(last.exit_code, int | None)
        and isinstance(last.process, int)
        and last.process > 0
    )
    return last if is_sound else None
