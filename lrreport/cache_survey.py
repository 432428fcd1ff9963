"""What a cache folder holds: runs and who asks for them, data, and the rest; and what of it may go."""

from __future__ import annotations

import dataclasses
import datetime
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lrreport.cache.folder import PARTS, RUN_FILE, RUN_FOLDER, RUNS, is_name, look_into_cache
from lrreport.errors import UsageError
from lrreport.keys import run_key
from lrreport.plan import Found, Present, decide
from lrreport.spec import RunSpec, Study, format_value
from lrreport.store import Damage, Store
from lrreport.system.folders import Folder, later_name

#: The last day but one of a calendar of four digits, wherever one lives: some file systems tell of later times.
_LAST_MOMENT: Final = 253402300799.0 - 86_400
#: A temporary file that is older belongs to a process that is dead.
_ABANDONED_S: Final = 3600.0
_MOST_SEEDS: Final = 1000
_UNITS: Final = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


@dataclass(frozen=True, slots=True)
class CachedRun:
    """One folder under `CACHE/runs/`.

    Attributes:
        key: The folder's name.
        name: `momentum/0.9/seed-3` where a study asks for it, else what defines it.
        dataset: What it was trained on; empty where that cannot be read.
        is_asked: Whether a study file asks for it, with whatever seed, dataset or number of epochs.
        state: `complete`, `partial`, `diverged`, or `damaged`.
        epochs: How many it has.
        note: Damage, or why a build would train it again.
        size_bytes: On disk.
        changed: When it was written last, seconds since 1970.
    """

    key: str
    name: str
    dataset: str
    is_asked: bool
    state: str
    epochs: int
    note: str
    size_bytes: int
    changed: float

    def document(self) -> dict[str, Any]:
        """The run as data."""
        changed = datetime.datetime.fromtimestamp(self.changed, datetime.UTC).isoformat(timespec="seconds")
        return {**dataclasses.asdict(self), "changed": changed}


@dataclass(frozen=True, slots=True)
class Leftover:
    """A temporary file of a process that is dead, or a part that can be made again.

    Attributes:
        path: File or folder.
        about: What it is.
        size_bytes: On disk.
        changed: When it was written last, seconds since 1970.
    """

    path: Path
    about: str
    size_bytes: int
    changed: float


def _asked_settings(studies: Iterable[Study]) -> dict[str, str]:
    """Key of a setting's run with seed 1 -> `study/setting`."""
    asked: dict[str, str] = {}
    for study in studies:
        for setting in study.settings:
            asked.setdefault(run_key(setting.run(1)), f"{study.id}/{setting.text}")
    return asked


def survey_runs(store: Store, studies: Sequence[Study], present: Present) -> list[CachedRun]:
    """Every run of the cache: those that a study asks for in the studies' order, then the others by key.

    Args:
        store: The result cache.
        studies: All that count as asking, each with every dataset that it can be asked for.
        present: What a build made now would hold the runs against.
    """
    asked = _asked_settings(studies)
    order = {name: place for place, name in enumerate(asked.values())}
    damaged_names: dict[str, str] | None = None
    runs = []
    for found in store.entries():
        folder = store.runs / found.key if not isinstance(found, Damage) else _folder_of(store, found)
        size, changed = store.measure(folder.name)
        changed = min(changed, _LAST_MOMENT)
        if isinstance(found, Damage):
            if damaged_names is None:
                damaged_names = _names_by_key(studies)
            name = damaged_names.get(folder.name)
            note = f"{found.path.name} {found.reason}" if found.path != folder else found.reason
            runs.append(CachedRun(folder.name, name or "?", "", name is not None, "damaged", 0, note, size, changed))
            continue
        setting = asked.get(run_key(dataclasses.replace(found.spec, seed=1)))
        name = f"{setting}/seed-{found.spec.seed}" if setting else describe_spec(found.spec)
        runs.append(
            CachedRun(
                key=found.key,
                name=name,
                dataset=found.spec.dataset,
                is_asked=setting is not None,
                state=str(found.progress),
                epochs=len(found.history),
                note=_say_why(name, found.spec, len(found.history), found, present),
                size_bytes=size,
                changed=changed,
            )
        )

    def place(run: CachedRun) -> tuple[bool, int, str]:
        setting, _, seed = run.name.rpartition("/seed-")
        return not run.is_asked, order.get(setting, len(order)), seed.zfill(6) + run.key

    return sorted(runs, key=place)


def _say_why(name: str, spec: RunSpec, epochs: int, found: Found, present: Present) -> str:
    """Why a build would train a run again although it is sound, or where it was trained."""
    made = decide(name, spec, epochs, found, present, is_forced=False)
    return ": ".join(part for part in (str(made.reason or ""), made.note) if part)


def _folder_of(store: Store, damage: Damage) -> Path:
    return next(path for path in (damage.path, *damage.path.parents) if path.parent == store.runs)


def _names_by_key(studies: Sequence[Study]) -> dict[str, str]:
    """Key -> name of every run that the studies can ask for: a damaged entry is known by its folder's name alone."""
    return {
        run_key(setting.run(seed)): f"{study.id}/{setting.text}/seed-{seed}"
        for study in reversed(studies)
        for setting in study.settings
        for seed in range(1, _MOST_SEEDS + 1)
    }


def describe_spec(spec: RunSpec) -> str:
    """What sets a run apart, in a line.

    >>> describe_spec(RunSpec(learning_rate=0.3, seed=2))
    'sgd, learning_rate 0.3, seed 2'
    """
    usual = RunSpec(optimizer=spec.optimizer)
    words: list[str] = [spec.optimizer]
    for item in dataclasses.fields(RunSpec):
        value = getattr(spec, item.name)
        if item.name in ("optimizer", "seed") or value == getattr(usual, item.name):
            continue
        if item.name == "plateau":
            words.append(f"plateau {value.patience} {value.factor:g} {value.min_delta:g}")
        else:
            words.append(f"{item.name} {format_value(value)}")
    return ", ".join([*words, f"seed {spec.seed}"])


def measure_parts(root: Path) -> list[tuple[str, int, str]]:
    """Name, size and purpose of everything in a cache folder; of what is not ours the purpose is empty."""
    folder = look_into_cache(root)
    if folder is None:
        return []
    with folder:
        return [
            (name, folder.measure(name)[0], PARTS[name].about if name in PARTS else "")
            for name in folder.names()
            if later_name(name) not in PARTS
        ]


def find_leftovers(root: Path) -> Iterator[Leftover]:
    """Temporary files and folders that a process left behind when it was killed; of names that only we give."""
    folder = look_into_cache(root)
    if folder is None:
        return
    with folder:
        yield from _find_temporary(folder, root, PARTS.__contains__)
        for part, about in PARTS.items():
            if about.names is None or (inner := folder.find(part)) is None:
                continue
            with inner:
                yield from _find_temporary(inner, root / part, about.names.fullmatch)
                for run in inner.names() if part == RUNS else ():
                    if RUN_FOLDER.fullmatch(run) and (own := inner.find(run)) is not None:
                        with own:
                            yield from _find_temporary(own, root / part / run, RUN_FILE.fullmatch)


def _find_temporary(folder: Folder, path: Path, is_ours: Callable[[str], object]) -> Iterator[Leftover]:
    for name in folder.names():
        if (later := later_name(name)) is not None and is_ours(later):
            size, changed = folder.measure(name)
            if time.time() - changed > _ABANDONED_S:
                yield Leftover(path / name, "left by a process that was killed", size, changed)


def find_remade(root: Path) -> Iterator[Leftover]:
    """Parts of the cache that the next build makes again; they go only for want of space."""
    folder = look_into_cache(root)
    if folder is None:
        return
    with folder:
        for name, part in PARTS.items():
            if part.is_remade and folder.has_folder(name):
                yield Leftover(root / name, part.about, *folder.measure(name))


@contextmanager
def _open_above(root: Path, item: Leftover) -> Iterator[Folder | None]:
    """The folder in which a leftover stands."""
    folder = look_into_cache(root)
    with ExitStack() as stack:
        for step in item.path.relative_to(root).parts[:-1]:
            folder = folder and stack.enter_context(folder).find(step)
        yield folder and stack.enter_context(folder)


def measure_leftover(root: Path, item: Leftover) -> int:
    """Bytes that are there now of a leftover."""
    with _open_above(root, item) as folder:
        return 0 if folder is None else folder.measure(item.path.name)[0]


def remove_leftover(root: Path, item: Leftover) -> int:
    """Delete a leftover: of a part, the files that bear names of ours; what else is in it stays, with its folder.

    Returns:
        Bytes that were freed.
    """
    with _open_above(root, item) as folder:
        if folder is None:
            return 0
        name = item.path.name
        if folder.has_file(name):
            return item.size_bytes if folder.remove(name) else 0
        # A part; or a run's folder that never came to its name.
        names = RUN_FILE if later_name(name) is not None else PARTS[name].names
        return 0 if names is None else folder.remove_tree(name, is_ours=lambda each: is_name(names, each))


def choose_garbage(
    root: Path, runs: Sequence[CachedRun], max_size: int | None
) -> tuple[list[CachedRun], list[Leftover]]:
    """What may go: left-over files, runs that no study asks for, and for want of space what can be made again.

    Args:
        root: The cache folder.
        runs: What it holds.
        max_size: Bytes. Runs then go only until the cache is no larger, the oldest first; what a study asks for
            stays in any case. None lets every run go that nobody asks for.
    """
    leftovers = list(find_leftovers(root))
    unasked = sorted(
        (run for run in runs if not run.is_asked and RUN_FOLDER.fullmatch(run.key)), key=lambda run: run.changed
    )
    if max_size is None:
        return unasked, leftovers
    size = sum(size for _, size, _ in measure_parts(root)) - sum(item.size_bytes for item in leftovers)
    going: list[CachedRun] = []
    for run in unasked:
        if size <= max_size:
            return going, leftovers
        going.append(run)
        size -= run.size_bytes
    for item in find_remade(root):
        if size > max_size:
            leftovers.append(item)
            size -= item.size_bytes
    return going, leftovers


def parse_size(text: str) -> int:
    """A size as people write it, in bytes.

    >>> parse_size("500 MB"), parse_size("2G"), parse_size("1048576")
    (500000000, 2000000000, 1048576)

    Raises:
        UsageError: It is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", text.strip().lower())
    if match is None or len(text) > 30:  # noqa: PLR2004 - more digits than any disk has bytes
        raise UsageError("--max-size is no size", got=text, expected="a number with k, M, G or T: 500MB, 2G, 1.5GiB")
    unit = _UNITS[match[2]]
    binary = 1024 ** list(_UNITS).index(match[2])
    return int(float(match[1]) * (binary if match[3] else unit))
