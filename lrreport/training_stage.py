"""From a request to results: plan, train what is missing, read everything back from the cache."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lrreport.checkpoints import Entry
from lrreport.datasets import Dataset, pinned_digest
from lrreport.engine import ENGINE_VERSION
from lrreport.environment import current_environment, refuse_missing_gpu
from lrreport.errors import MissingResultsError
from lrreport.events import Message, Report
from lrreport.execute import Workplace, train_groups
from lrreport.groups import Group
from lrreport.inspection import Inspection, inspect_network
from lrreport.keys import run_key
from lrreport.plan import Plan, Present, Reason, list_runs, make_plan
from lrreport.results import Results
from lrreport.spec import Study
from lrreport.store import Store
from lrreport.system.interrupts import stop_if_interrupted


def has_nvidia_device() -> bool:
    """Whether the machine shows an NVIDIA GPU; a guess that costs nothing, for plans made without TensorFlow.

    A container may show one card of several, under its own number; Windows's Linux shows cards by another name.
    """
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists()


def expected_device(choice: str) -> str:
    """The device class that training would use now, as far as one can tell without TensorFlow."""
    return "gpu" if choice == "gpu" or (choice == "auto" and has_nvidia_device()) else "cpu"


def present(device: str) -> Present:
    """What a plan made now is held against."""
    return Present(current_environment(device), ENGINE_VERSION, pinned_digest)


@dataclass(frozen=True, slots=True)
class TrainingOutcome:
    """What a training stage did.

    Attributes:
        trained: Names of the runs that were trained, or trained further.
        cached: Number of runs that the cache had already.
        diverged: How many of the trained ones diverged.
        reasons: Why they were trained, from the closed list, with the number of each.
    """

    trained: tuple[str, ...]
    cached: int
    diverged: int
    reasons: Mapping[str, int] = field(default_factory=dict)

    def followed_by(self, later: TrainingOutcome) -> TrainingOutcome:
        """This stage and a later one over other runs, as one."""
        return TrainingOutcome(
            self.trained + later.trained,
            self.cached + later.cached,
            self.diverged + later.diverged,
            Counter(self.reasons) + Counter(later.reasons),
        )


def plan_runs(studies: Sequence[Study], seeds: Sequence[int], store: Store, device: str, *, is_forced: bool) -> Plan:
    """What the cache has of the studies, and what would be trained."""
    return make_plan(
        studies, seeds, store.read, present(device), is_forced=is_forced, past=store.entries, look_begun=store.read_next
    )


def train_missing(
    studies: Sequence[Study],
    seeds: Sequence[int],
    store: Store,
    workplace: Workplace,
    report: Report,
    *,
    is_forced: bool = False,
) -> TrainingOutcome:
    """Train whatever the studies need and the cache does not have.

    Raises:
        LrreportError: Data, device or cache fail; see `train_groups`.
    """
    plan = plan_runs(studies, seeds, store, workplace.expected_device, is_forced=is_forced)
    for run in plan.runs:
        if run.reason is Reason.CORRUPT:
            report(
                Message(
                    "plan", f"damaged in the cache, will be trained again: {run.name} ({run.note})", is_warning=True
                )
            )
        elif run.reason is Reason.OTHER_ENVIRONMENT:
            report(Message("plan", f"{run.name} starts again: {run.note}", is_warning=True))
    warn_of_elsewhere(plan, report)
    misses = plan.misses
    if not misses:
        if workplace.device == "gpu" and not has_nvidia_device():
            raise refuse_missing_gpu("this machine shows none")  # as when there is something to train
        report(Message("plan", f"all {len(plan.runs)} runs are in the cache"))
        return TrainingOutcome((), len(plan.runs), 0)
    report(Message("plan", f"{len(misses)} of {len(plan.runs)} runs to train, groups: {len(plan.groups)}"))

    def groups_for(device: str) -> Sequence[Group]:
        if device == workplace.expected_device:
            return plan.groups
        return plan_runs(studies, seeds, store, device, is_forced=is_forced).groups

    ended = train_groups(groups_for, workplace=workplace, read=store.read_to_go_on, save=store.write, report=report)
    return TrainingOutcome(
        tuple(run.name for run in misses),
        len(plan.runs) - len(misses),
        ended["diverged"],
        Counter(str(run.reason) for run in misses),
    )


def warn_of_elsewhere(plan: Plan, report: Report) -> None:
    """Tell of results that another machine or another version measured."""
    elsewhere = [run for run in plan.runs if run.reason is None and run.note]
    if elsewhere:
        text = f"{len(elsewhere)} of {len(plan.runs)} results come from another environment ({elsewhere[0].note})"
        report(Message("plan", text, is_warning=True))


def load_results(
    studies: Sequence[Study],
    seeds: Sequence[int],
    store: Store,
    load_images: Callable[[str], Dataset],
    report: Report,
    *,
    is_preview: bool = False,
) -> Results:
    """Read the results of every run of the studies, and look into the networks that nobody has looked into yet.

    Args:
        studies: In the article's order.
        seeds: In ascending order.
        store: Where the results are.
        load_images: Gives a dataset by its name; called only when there is a network to look into.
        report: Told of what takes time.
        is_preview: Whether this is only for a look.

    Raises:
        MissingResultsError: The cache lacks some; the message lists them.
    """
    entries: dict[str, Entry] = {}
    missing = []
    for key, (name, spec, epochs) in list_runs(studies, seeds).items():
        entry = store.read(spec)
        if not isinstance(entry, Entry) or not entry.answers(epochs):
            missing.append(name)
        elif entry.engine_version != ENGINE_VERSION or entry.data_digest != pinned_digest(spec.dataset):
            missing.append(f"{name} (of another engine or of other data)")
        else:
            entries[key] = entry
    if missing:
        shown = missing if len(missing) <= 20 else [*missing[:20], f"and {len(missing) - 20} more"]  # noqa: PLR2004
        raise MissingResultsError(
            f"{len(missing)} results are not in the cache",
            where=str(store.runs),
            got="missing: " + ", ".join(shown),
            fix="train them with `lrreport train` or `lrreport build`, with the same options",
        )
    settings = [setting for study in studies for setting in study.settings]
    wanted = dict.fromkeys((run_key(setting.run(seed)), setting.epochs) for setting in settings for seed in seeds)
    return Results(
        studies=tuple(studies),
        seeds=tuple(seeds),
        runs={key: entry.result() for key, entry in entries.items()},
        is_preview=is_preview,
        inspections=_look_inside(entries, list(wanted), store, load_images, report),
    )


def _look_inside(
    entries: Mapping[str, Entry],
    wanted: Sequence[tuple[str, int]],
    store: Store,
    load_images: Callable[[str], Dataset],
    report: Report,
) -> dict[tuple[str, int], Inspection]:
    """What the weights of runs show, by key and number of epochs: as it is kept, else looked at now, and kept.

    There is none of a run that diverged, nor of epochs that a run has since gone beyond.
    """
    found = {place: store.read_inspection(entries[place[0]], place[1]) for place in wanted}
    new = [
        (entries[key], epochs)
        for key, epochs in wanted
        if found[key, epochs] is None and entries[key].checkpoint is not None and len(entries[key].history) == epochs
    ]
    if new:
        report(Message("train", f"looking into {len(new)} trained networks"))
    images: dict[str, Dataset] = {}
    for entry, epochs in new:
        stop_if_interrupted()
        name = entry.spec.dataset
        dataset = images[name] = images.get(name) or load_images(name)
        assert entry.checkpoint is not None  # narrows the type; it was looked for above
        arrays = entry.checkpoint.arrays
        inspection = inspect_network(arrays, dataset.test_images, dataset.test_labels, epochs=epochs)
        found[entry.key, epochs] = inspection
        if inspection is not None:
            with suppress(OSError):  # a cache that can only be read: the next command looks again
                store.write_inspection(entry, inspection)
    return {place: inspection for place, inspection in found.items() if inspection is not None}
