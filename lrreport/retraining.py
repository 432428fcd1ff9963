"""Proof of results: a run's weights are asked again, and a few runs are trained again for some epochs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lrreport.answers import answer
from lrreport.checkpoints import Entry, Progress
from lrreport.datasets import Dataset
from lrreport.engine import ENGINE_VERSION
from lrreport.environment import current_environment
from lrreport.events import Report
from lrreport.execute import Workplace, train_groups
from lrreport.groups import Task, make_groups
from lrreport.inspection import Inspection, inspect_network
from lrreport.results import CURVES, Environment
from lrreport.store import Damage, Store

#: So many epochs of each run are trained.
EPOCHS: Final = 3
#: Another machine sums in another order, and training makes more of it with every epoch. So only the first epoch is
#: compared, and its accuracies may lie this far apart: a wide margin, for a proof that shall not accuse the innocent.
_ELSEWHERE: Final = 0.05
#: Test images that other rounding may decide otherwise; of 78 runs here, none had one.
_ROUNDING: Final = 5
#: The same of the few whose answers are kept one by one.
_ROUNDING_OF_FEW: Final = 1
#: How far sums of float32, which are kept to four decimals, may lie apart where they are added in another order.
_NEARLY: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Proof:
    """What training a run again has shown.

    Attributes:
        key: The run's key.
        epochs: That were compared.
        is_bitwise: Whether bits were compared: the run was trained in this very environment.
        problem: What differs; empty when nothing does.
    """

    key: str
    epochs: int
    is_bitwise: bool
    problem: str


def check_answers(entry: Entry, dataset: Dataset) -> str | None:
    """Why a run's weights and its last test accuracy cannot belong together; None when they do, or it has no weights.

    Args:
        entry: The run.
        dataset: What it was trained on.
    """
    if entry.checkpoint is None:
        return None
    answers_n = answer(entry.checkpoint.arrays, dataset.test_images).argmax(axis=1)
    right = int((answers_n == dataset.test_labels).sum())
    said = round(float(entry.history.test_accuracy_t[-1]) * len(dataset.test_labels))
    if abs(right - said) <= _ROUNDING:
        return None
    return f"its weights answer {right:,} test images rightly, and its last test accuracy says {said:,}"


def check_inspection(entry: Entry, kept: Inspection, dataset: Dataset) -> str | None:
    """Why what was kept of a run's weights is not what they show; None when it is, or the run has no weights.

    Weights are compared bit by bit, and units that are silent one by one; what is made of sums, nearly.

    Args:
        entry: The run.
        kept: What its weights after the last epoch are said to show.
        dataset: What it was trained on.
    """
    if entry.checkpoint is None:
        return None
    seen = inspect_network(entry.checkpoint.arrays, dataset.test_images, dataset.test_labels, epochs=kept.epochs)
    if seen is None or not _shows(kept, seen):
        return "what was kept of its weights is not what they show"
    return None


def find_lie(store: Store, entry: Entry, dataset: Dataset) -> str | None:
    """What of a run's numbers its weights do not confirm: its last accuracy, or what was kept of them."""
    kept = store.read_inspection(entry, len(entry.history))
    return check_answers(entry, dataset) or (check_inspection(entry, kept, dataset) if kept else None)


def _shows(kept: Inspection, seen: Inspection) -> bool:
    numbers = ("layer_norms", "confidences_i", "activations_h", "shares_k")
    pairs = [(getattr(kept, name), getattr(seen, name)) for name in numbers]
    return (
        kept.silent_units == seen.silent_units
        and abs(kept.right - seen.right) <= _ROUNDING
        and np.array_equal(kept.incoming_ud, seen.incoming_ud)
        and int((kept.answers_i != seen.answers_i).sum()) <= _ROUNDING_OF_FEW
        and all(len(one) == len(other) and np.allclose(one, other, _NEARLY, _NEARLY) for one, other in pairs)
    )


def choose_runs(store: Store, number: int, source: random.Random) -> list[Entry]:
    """Runs of one seed, at random: so many, or all that the seed has. Only those of this engine can be trained again."""
    found = [
        entry for entry in store.entries() if not isinstance(entry, Damage) and entry.engine_version == ENGINE_VERSION
    ]
    if not found:
        return []
    seed = source.choice(sorted({entry.spec.seed for entry in found}))
    of_seed = [entry for entry in found if entry.spec.seed == seed]
    return source.sample(of_seed, min(number, len(of_seed)))


def prove(entries: Sequence[Entry], workplace: Workplace, report: Report) -> list[Proof]:
    """Train runs again for a few epochs and compare; nothing is written to the cache.

    Args:
        entries: What the cache holds of them.
        workplace: Where to train.
        report: Told of every epoch.

    Raises:
        LrreportError: Data or device fail.
    """
    tasks = [Task(entry.spec, 0, min(EPOCHS, max(len(entry.history), 1))) for entry in entries]
    again: dict[str, Entry] = {}

    def keep(entry: Entry) -> None:
        again[entry.key] = entry

    train_groups(
        lambda device: make_groups(tasks, device),
        workplace=workplace,
        read=lambda _spec, _epochs: None,
        save=keep,
        report=report,
    )
    return [_compare(entry, again[entry.key]) for entry in entries]


def _compare(kept: Entry, again: Entry) -> Proof:
    is_bitwise = kept.environment == _here(again)
    epochs = min(len(kept.history), len(again.history))
    problem = _find_difference(kept, again, epochs if is_bitwise else min(epochs, 1), is_bitwise=is_bitwise)
    if not problem and again.progress is Progress.DIVERGED and kept.progress is not Progress.DIVERGED:
        problem = f"trained again, it diverges in epoch {len(again.history) + 1}"
    return Proof(kept.key, epochs, is_bitwise, problem)


def _here(again: Entry) -> Environment:
    return current_environment(again.environment.device)


def _find_difference(kept: Entry, again: Entry, epochs: int, *, is_bitwise: bool) -> str:
    for name in CURVES if is_bitwise else ("train_accuracy_t", "test_accuracy_t"):
        one, other = getattr(kept.history, name)[:epochs], getattr(again.history, name)[:epochs]
        if is_bitwise and one.tobytes() == other.tobytes():
            continue
        far = np.flatnonzero((one != other) if is_bitwise else (np.abs(one - other) > _ELSEWHERE))
        if far.size:
            epoch = int(far[0])
            return f"{name}, epoch {epoch + 1}: the cache has {one[epoch]}, and training gives {other[epoch]}"
    return ""
