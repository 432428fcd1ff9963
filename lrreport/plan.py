"""What has to be trained, what the cache has already, and why. Pure: the store's answers are passed in."""

from __future__ import annotations

import heapq
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lrreport.checkpoints import Entry, Progress
from lrreport.groups import Group, GroupShape, Task, make_groups, shape_for
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
        group_seconds: What each group will take, or None when this machine has no past to judge from.
    """

    runs: tuple[PlannedRun, ...]
    groups: tuple[Group, ...]
    group_seconds: tuple[float, ...] | None

    def estimate_s(self, workers: int) -> float | None:
        """Seconds until the last worker ends: the next group goes to whoever is free."""
        if self.group_seconds is None:
            return None
        free_at = [0.0] * workers
        for seconds in self.group_seconds:
            heapq.heapreplace(free_at, free_at[0] + seconds)
        return max(free_at)

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


def decide(
    name: str,
    spec: RunSpec,
    epochs: int,
    found: Found,
    present: Present,
    *,
    is_forced: bool,
    look_begun: Callable[[RunSpec], Entry | None] = lambda _: None,
) -> PlannedRun:
    """Hit or miss, with the reason out of the closed list.

    Args:
        name: The run, for people.
        spec: The run.
        epochs: That are asked for.
        found: What the cache has of it.
        present: What that is held against.
        is_forced: Train it again whatever the cache has.
        look_begun: How far a training came that shall replace what the cache has, and was interrupted; asked for only
            where the run begins again.
    """

    def miss(reason: Reason, start_epoch: int = 0, note: str = "") -> PlannedRun:
        begun = None if start_epoch else look_begun(spec)
        if begun is not None and len(begun.history) < epochs and _fits(begun, present):
            start_epoch = len(begun.history)
        return PlannedRun(name, spec, epochs, reason, start_epoch, note)

    if found is None:
        return miss(Reason.FORCED if is_forced else Reason.ABSENT)
    if isinstance(found, Damage):
        return miss(Reason.CORRUPT, note=f"{found.path.parent.name}/{found.path.name} {found.reason}")
    if is_forced:
        # A shorter training may not take the place of a longer one.
        epochs, asked = max(epochs, len(found.history)), epochs
        return miss(Reason.FORCED, note="" if epochs == asked else f"to epoch {epochs}, which the cache has")
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


def _fits(begun: Entry, present: Present) -> bool:
    """Whether a training can go on here and now from where it was interrupted."""
    return (
        begun.progress is Progress.PARTIAL
        and begun.data_digest == present.data_digest(begun.spec.dataset)
        and begun.engine_version == present.engine_version
        and begun.environment == present.environment
    )


def describe_environment(environment: Environment) -> str:
    """An environment in one line."""
    return (
        f"TensorFlow {environment.tensorflow}, NumPy {environment.numpy}, "
        f"{environment.cpu_model}, {environment.device.upper()}, threads: {environment.threads}"
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
    past: Callable[[], Iterable[Found]] = tuple,
    look_begun: Callable[[RunSpec], Entry | None] = lambda _: None,
) -> Plan:
    """Decide for every run of the studies, and pack what is missing into groups.

    Args:
        studies: In the article's order.
        seeds: 1 to N.
        lookup: What the cache has of a run.
        present: What it is held against.
        is_forced: Train everything again.
        past: Every run of the cache, asked for only where the runs of the plan itself leave the time open.
        look_begun: How far a training came that shall replace what the cache has of a run.
    """
    runs = list_runs(studies, seeds)
    found = {key: lookup(spec) for key, (_, spec, _) in runs.items()}
    planned = tuple(
        decide(name, spec, epochs, found[key], present, is_forced=is_forced, look_begun=look_begun)
        for key, (name, spec, epochs) in runs.items()
    )
    tasks = [Task(run.spec, run.start_epoch, run.epochs) for run in planned if run.reason is not None]
    groups = make_groups(tasks, present.environment.device)
    speeds = measure_speeds(found.values(), present.environment)
    if any(group.shape not in speeds for group in groups):
        speeds = {**measure_speeds(past(), present.environment), **speeds}
    return Plan(planned, groups, estimate_groups(groups, speeds))


def measure_speeds(found: Iterable[Found], environment: Environment) -> dict[GroupShape, float]:
    """Seconds that an epoch of a group took on this machine, the median over runs, by the shape of the program."""
    past: dict[GroupShape, list[float]] = {}
    for entry in found:
        if isinstance(entry, Entry) and entry.environment == environment and entry.group_epoch_s > 0:
            past.setdefault(shape_for(entry.spec, environment.device), []).append(entry.group_epoch_s)
    return {shape: statistics.median(values) for shape, values in past.items()}


def estimate_groups(groups: Sequence[Group], speeds: Mapping[GroupShape, float]) -> tuple[float, ...] | None:
    """Seconds for each group; None when one of them has a shape that was never timed here."""
    if any(group.shape not in speeds for group in groups):
        return None
    return tuple((group.epochs - group.start_epoch) * speeds[group.shape] for group in groups)
