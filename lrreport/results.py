"""What was measured: curves of runs, and the results that an article is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lrreport.inspection import Inspection
from lrreport.keys import run_key
from lrreport.spec import RunSpec, Setting, Study

Curve: TypeAlias = NDArray[np.float32]


class Status(StrEnum):
    """How a run ended. Divergence is a result, not a failure."""

    COMPLETE = "complete"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """The curves of one run, one value an epoch, all finite, float32 of shape (T,).

    Attributes:
        learning_rate_t: The rate in force at the epoch's last update.
        train_loss_t: Mean over the epoch's samples, each taken before its batch's update.
        train_accuracy_t: The same mean of hits, a fraction.
        test_loss_t: Mean over the test set after the epoch.
        test_accuracy_t: Fraction of the test set that is right after the epoch.
    """

    learning_rate_t: Curve
    train_loss_t: Curve
    train_accuracy_t: Curve
    test_loss_t: Curve
    test_accuracy_t: Curve

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, item.name)) for item in fields(self)}
        if len(lengths) != 1:
            message = f"curves of different lengths: {sorted(lengths)}"
            raise ValueError(message)

    def __len__(self) -> int:
        """The number of epochs, T."""
        return len(self.test_loss_t)

    def first(self, epochs: int) -> History:
        """The curves of the first `epochs` epochs."""
        return History(*(getattr(self, item.name)[:epochs] for item in fields(self)))


#: The names of a history's curves, in their order.
CURVES: Final = tuple(item.name for item in fields(History))


@dataclass(frozen=True, slots=True)
class Environment:
    """What a run's last bits depend on beside its spec.

    Attributes:
        tensorflow: TensorFlow's version.
        numpy: NumPy's version.
        cpu_model: The processor's name.
        device: `cpu` or `gpu`.
        threads: Threads that compute one program: 1 on the CPU, where speed comes from a process a core.
    """

    tensorflow: str
    numpy: str
    cpu_model: str
    device: str
    threads: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class RunResult:
    """One run as the cache has it.

    Attributes:
        spec: What was asked for.
        status: How it ended.
        history: Its curves; of a diverged run, the epochs before the first that was not finite.
        environment: Where it was trained.
        wall_s: Training time in seconds, the group's time shared evenly over its runs.
    """

    spec: RunSpec
    status: Status
    history: History
    environment: Environment
    wall_s: float

    @property
    def key(self) -> str:
        """The run's key."""
        return run_key(self.spec)

    @property
    def diverged_at(self) -> int | None:
        """The epoch, counted from 1, in which a loss or a weight stopped being finite."""
        return len(self.history) + 1 if self.status is Status.DIVERGED else None

    def first(self, epochs: int) -> RunResult:
        """The result as a run of `epochs` epochs has it: a prefix, which may end before the divergence."""
        if epochs > len(self.history):
            return self
        return replace(self, history=self.history.first(epochs), status=Status.COMPLETE)


@dataclass(frozen=True, slots=True, eq=False)
class Results:
    """Everything an article is written from: studies, seeds, and a result for each run of theirs.

    Attributes:
        studies: In the article's order.
        seeds: In ascending order; every run of every study has a result for each.
        runs: By run key, with as many epochs as the longest study asks for.
        is_preview: Few epochs and seeds, only for a look; every page says so.
        inspections: What weights show, by run key and number of epochs, where the cache has the weights.
    """

    studies: tuple[Study, ...]
    seeds: tuple[int, ...]
    runs: Mapping[str, RunResult]
    is_preview: bool = False
    inspections: Mapping[tuple[str, int], Inspection] = field(default_factory=dict)

    def of(self, setting: Setting) -> tuple[RunResult, ...]:
        """The results of a setting, one a seed in the order of `seeds`, cut to the setting's epochs."""
        return tuple(self.runs[run_key(setting.run(seed))].first(setting.epochs) for seed in self.seeds)

    def inspections_of(self, setting: Setting) -> tuple[Inspection | None, ...]:
        """What the weights of a setting's runs show after its last epoch, one a seed; None for a run that diverged."""
        return tuple(self.inspections.get((run_key(setting.run(seed)), setting.epochs)) for seed in self.seeds)

    def study(self, study_id: str) -> Study | None:
        """The study of that id, or None when this article does not have it."""
        return next((study for study in self.studies if study.id == study_id), None)

    @property
    def epochs(self) -> int:
        """Epochs that the longest study asks for."""
        return max(setting.epochs for study in self.studies for setting in study.settings)

    @property
    def is_single_seed(self) -> bool:
        """One seed alone shows no spread; every page says so."""
        return len(self.seeds) == 1
