"""What a run's training can go on from, and what the cache keeps of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lrreport.groups import Family
from lrreport.keys import run_key
from lrreport.results import Environment, History, RunResult, Status
from lrreport.spec import RunSpec

#: Optimizer slots that a checkpoint has for each weight, by family of update rules.
SLOT_NAMES: Final[Mapping[Family, tuple[str, ...]]] = {
    "sgd": (),
    "momentum": ("velocity",),
    "adaptive": ("first", "second"),
}


class Progress(StrEnum):
    """How far a run's training has come."""

    PARTIAL = "partial"
    COMPLETE = "complete"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A run between two epochs. The random streams need no state: they are functions of seed and epoch.

    Attributes:
        arrays: Weights and optimizer slots, float32, by name: `weight/0/kernel`, `velocity/0/kernel`, ...
        learning_rate: The rate in force; only a plateau callback changes it.
        best: The plateau callback's lowest test loss.
        wait: The plateau callback's epochs without improvement.
    """

    arrays: Mapping[str, NDArray[np.float32]]
    learning_rate: float
    best: float | None = None
    wait: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One run in the cache.

    Attributes:
        spec: What was asked for.
        progress: How far it came.
        history: The curves so far.
        checkpoint: Where to go on; None for a diverged run.
        environment: Where all of it was trained.
        data_digest: The pinned digest of its dataset.
        engine_version: The engine that trained it.
        wall_s: Seconds of training, the groups' time shared evenly over their runs.
        group_epoch_s: Seconds that its group took for an epoch, the median over epochs; for estimates.
    """

    spec: RunSpec
    progress: Progress
    history: History
    checkpoint: Checkpoint | None
    environment: Environment
    data_digest: str
    engine_version: int
    wall_s: float
    group_epoch_s: float

    @property
    def key(self) -> str:
        """The run's key."""
        return run_key(self.spec)

    def answers(self, epochs: int) -> bool:
        """Whether the entry holds all that a run of `epochs` epochs would."""
        return self.progress is Progress.DIVERGED or len(self.history) >= epochs

    def result(self) -> RunResult:
        """The entry as a result, with all epochs that it has."""
        status = Status.DIVERGED if self.progress is Progress.DIVERGED else Status.COMPLETE
        return RunResult(self.spec, status, self.history, self.environment, self.wall_s)
