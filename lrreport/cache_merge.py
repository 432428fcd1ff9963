"""`cache merge`: the runs of another cache that this one lacks, each looked at before it is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lrreport.checkpoints import Entry, Progress
from lrreport.datasets import Dataset
from lrreport.errors import LrreportError
from lrreport.retraining import find_lie
from lrreport.store import Damage, Store


@dataclass(slots=True)
class Merged:
    """What became of the runs of the other cache.

    Attributes:
        taken: Keys of the runs that were taken.
        kept: How many were here already, trained as far or further.
        refused: Path -> why a run was left where it is.
    """

    taken: list[str] = field(default_factory=list)
    kept: int = 0
    refused: dict[str, str] = field(default_factory=dict)


def merge_runs(
    ours: Store, theirs: Store, images: Mapping[str, Dataset], *, engine_version: int, digest_of: Callable[[str], str]
) -> Merged:
    """Take what is longer, or not here yet. Call it with the lock of our cache held.

    A run is refused where its file is damaged, its numbers cannot be, its weights answer otherwise than its accuracy
    says, or another engine or other images trained it: a build would not use it.

    Args:
        ours: Where runs are written.
        theirs: Where they come from; nothing is changed there.
        images: The datasets that are here, to ask the weights about.
        engine_version: Of this engine.
        digest_of: Gives the digest that a dataset must have.

    Raises:
        CacheError: Ours cannot be written, or theirs is no cache.
    """
    merged = Merged()
    for found in theirs.entries():
        if isinstance(found, Damage):
            merged.refused[str(found.path)] = found.reason
            continue
        here = ours.read(found.spec)
        if isinstance(here, Entry) and _rank(here) >= _rank(found):
            merged.kept += 1
            continue
        if problem := _find_problem(theirs, found, images, engine_version, digest_of):
            merged.refused[str(theirs.runs / found.key)] = problem
            continue
        ours.write(found)
        if (kept := theirs.read_inspection(found, len(found.history))) is not None:
            ours.write_inspection(found, kept)
        merged.taken.append(found.key)
    return merged


def _rank(entry: Entry) -> tuple[bool, int]:
    """What is complete, or longer, is worth more; a run that diverged has come to its end."""
    return entry.progress is Progress.DIVERGED, len(entry.history)


def _find_problem(
    theirs: Store,
    found: Entry,
    images: Mapping[str, Dataset],
    engine_version: int,
    digest_of: Callable[[str], str],
) -> str | None:
    if found.engine_version != engine_version:
        return f"was trained by engine version {found.engine_version}, and this one is {engine_version}"
    if found.data_digest != digest_of(found.spec.dataset):
        return "was trained on other images"
    try:
        if found.checkpoint is not None:
            dict(found.checkpoint.arrays)  # every byte of the weights is read, and checked
        if (dataset := images.get(found.spec.dataset)) is None:
            return None
        return find_lie(theirs, found, dataset)
    except (LrreportError, OSError, ValueError) as error:
        return str(error).splitlines()[0]
