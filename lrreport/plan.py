"""What has to be trained, what the cache has already, and why. Pure: the store's answers are passed in."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lrreport.checkpoints import Entry, Progress
from lrreport.groups import Group, Task, make_groups, shape_for
from lrreport.keys import run_key
from lrreport.results import Environment
from lrreport.spec import RunSpec, Study
from lrreport.store import Damage

Found = Entry | Damage | None


class Reason(StrEnum):
    """Why a run is trained."""

    ABSENT = "absent"
    CORRUPT = "corrupt"
    OTHER_DATA = "other-data"
    OTHER_ENGINE = "other-engine"
    OTHER_ENVIRONMENT = "other-environment"
    MORE_EPOCHS = "more-epochs"
    INTERRUPTED = "interrupted"
    FORCED = "forced"


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run of a plan.

    Attributes:
        name: For people: `momentum/0.9/seed-3`; the first setting that asks for the run.
        spec: The run.
        epochs: Epochs that are asked for, the most of all settings that share it.
        reason: Why it is trained, or None for a hit.
        start_epoch: Epochs that need not be trained again.
        note: What else there is to say: damage, or another environment.
    """

    name: str
    spec: RunSpec
    epochs: int
    reason: Reason | None
    start_epoch: int = 0
    note: str = ""

    @property
    def key(self) -> str:
        """The run's key."""
        return run_key(self.spec)


@dataclass(frozen=True, slots=True)
class Plan:
    """All runs that the studies ask for, each once, and the groups that train what is missing.

    Attributes:
        runs: In the order of studies, settings and seeds.
        groups: What to train, in the order of training.
        estimate_s: Seconds that one worker would need, or None when this machine has no past to judge from.
    """

    runs: tuple[PlannedRun, ...]
    groups: tuple[Group, ...]
    estimate_s: float | None

    @property
    def misses(self) -> tuple[PlannedRun, ...]:
        """The runs that have to be trained."""
        return tuple(run for run in self.runs if run.reason is not None)


@dataclass(frozen=True, slots=True)
class Present:
    """What the plan is made against.

    Attributes:
        environment: Where training would happen now.
        engine_version: Of this program.
        data_digest: Pinned digest of a dataset, by name.
    """

    environment: Environment
    engine_version: int
    data_digest: Callable[[str], str]


def decide(name: str, spec: RunSpec, epochs: int, found: Found, present: Present, *, is_forced: bool) -> PlannedRun:
    """Hit or miss, with the reason out of the closed list."""

    def miss(reason: Reason, start_epoch: int = 0, note: str = "") -> PlannedRun:
        return PlannedRun(name, spec, epochs, reason, start_epoch, note)

    if is_forced:
        return miss(Reason.FORCED)
    if found is None:
        return miss(Reason.ABSENT)
    if isinstance(found, Damage):
        return miss(Reason.CORRUPT, note=f"{found.path.parent.name}/{found.path.name} {found.reason}")
    if found.data_digest != present.data_digest(spec.dataset):
        return miss(Reason.OTHER_DATA)
    if found.engine_version != present.engine_version:
        return miss(Reason.OTHER_ENGINE, note=f"engine {found.engine_version}, now {present.engine_version}")
    is_elsewhere = found.environment != present.environment
    if found.answers(epochs):
        note = f"trained elsewhere: {describe_environment(found.environment)}" if is_elsewhere else ""
        return PlannedRun(name, spec, epochs, None, epochs, note)
    if is_elsewhere:
        return miss(Reason.OTHER_ENVIRONMENT, note=f"begun elsewhere: {describe_environment(found.environment)}")
    reason = Reason.MORE_EPOCHS if found.progress is Progress.COMPLETE else Reason.INTERRUPTED
    return miss(reason, len(found.history))


def describe_environment(environment: Environment) -> str:
    """An environment in one line."""
    return (
        f"TensorFlow {environment.tensorflow}, NumPy {environment.numpy}, "
        f"{environment.cpu_model}, {environment.device.upper()}"
    )


def list_runs(studies: Iterable[Study], seeds: Sequence[int]) -> dict[str, tuple[str, RunSpec, int]]:
    """Every distinct run of the studies: key -> name, spec, epochs."""
    runs: dict[str, tuple[str, RunSpec, int]] = {}
    for study in studies:
        for setting in study.settings:
            for seed in seeds:
                spec = setting.run(seed)
                name, _, epochs = runs.get(run_key(spec), (f"{study.id}/{setting.text}/seed-{seed}", spec, 0))
                runs[run_key(spec)] = (name, spec, max(epochs, setting.epochs))
    return runs


def make_plan(
    studies: Iterable[Study],
    seeds: Sequence[int],
    lookup: Callable[[RunSpec], Found],
    present: Present,
    *,
    is_forced: bool = False,
) -> Plan:
    """Decide for every run of the studies, and pack what is missing into groups."""
    runs = list_runs(studies, seeds)
    found = {key: lookup(spec) for key, (_, spec, _) in runs.items()}
    planned = tuple(
        decide(name, spec, epochs, found[key], present, is_forced=is_forced)
        for key, (name, spec, epochs) in runs.items()
    )
    tasks = [Task(run.spec, run.start_epoch, run.epochs) for run in planned if run.reason is not None]
    groups = make_groups(tasks, present.environment.device)
    return Plan(planned, groups, estimate_seconds(groups, found, present.environment))


def estimate_seconds(groups: Sequence[Group], found: Mapping[str, Found], environment: Environment) -> float | None:
    """Training time of the groups, one after the other, from what this machine took before; None without a past."""
    past: dict[object, list[float]] = {}
    for entry in found.values():
        if isinstance(entry, Entry) and entry.environment == environment and entry.group_epoch_s > 0:
            past.setdefault(shape_for(entry.spec, environment.device), []).append(entry.group_epoch_s)
    if not past and groups:
        return None
    every = statistics.median(value for values in past.values() for value in values) if past else 0.0
    typical = {shape: statistics.median(values) for shape, values in past.items()}
    return sum((group.epochs - group.start_epoch) * typical.get(group.shape, every) for group in groups)
