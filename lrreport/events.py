"""What a build tells while it works. The library sends these; only `console.py` puts them into words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Message:
    """One step, in words.

    Attributes:
        stage: `data`, `plan`, `train`, `checkpoint`, `figures`, `pages`, `pdf`, `publish`, `swap`, `done`.
        text: One line.
        is_warning: Warnings go to stderr whatever was asked for.
        is_detail: Told only with `-v` and in JSON: there are many of these.
    """

    stage: str
    text: str
    is_warning: bool = False
    is_detail: bool = False


def message_of(stage: str, line: str) -> Message:
    """The message of a line; one that begins with `warning: ` is a warning.

    >>> message_of("data", "warning: damaged").is_warning
    True
    """
    text = line.removeprefix("warning: ")
    return Message(stage, text, is_warning=text != line)


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How far training is.

    Attributes:
        run_epochs: Epochs trained so far, summed over runs.
        total_run_epochs: Epochs to train, summed over runs.
        runs: Runs that have ended.
        total_runs: Runs to train.
        elapsed_s: Seconds since training began.
        left_s: Seconds that are left, as far as one can tell; None in the beginning.
    """

    run_epochs: int
    total_run_epochs: int
    runs: int
    total_runs: int
    elapsed_s: float
    left_s: float | None


Event: TypeAlias = Message | TrainingProgress
Report: TypeAlias = Callable[[Event], None]
