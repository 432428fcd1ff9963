"""The result cache: one folder a run, found by the digest of its spec.

    CACHE/runs/KEY/run.json               spec, progress, curves, environment, a checksum of itself and of the state
    CACHE/runs/KEY/state-EPOCH-TOKEN.npz  weights, optimizer slots
    CACHE/runs/KEY/next.json              the same as run.json, of a training that shall replace it once it is whole
    CACHE/runs/KEY/inspection-EPOCH.json  what the weights after that epoch show; it can be made again

`run.json` names the state that belongs to it. A run's first folder comes whole, by a rename. Later a new state is written under a new name, then `run.json` is replaced,
then the old state goes: after a crash at any point `run.json` and its state still fit. A damaged entry is a miss
with a named reason; nothing is ever unpickled.

A run that is trained again from its beginning (`--force`, damage, another engine) leaves `run.json` alone until it has
come to its end: till then its checkpoints are `next.json`'s.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from lrreport.cache.folder import RUN_FILE, RUN_FOLDER, RUNS, is_name, look_into_cache, open_cache, refuse_cache
from lrreport.checkpoints import Checkpoint, Entry, Progress
from lrreport.documents import MAX_DOCUMENT_BYTES, parse_document
from lrreport.errors import CacheError, SpecError
from lrreport.inspection import Inspection
from lrreport.inspection_files import (
    INSPECTION_FILE,
    MAX_INSPECTION_BYTES,
    inspection_name,
    pack_inspection,
    unpack_inspection,
)
from lrreport.keys import run_key
from lrreport.plausibility import check_plausible
from lrreport.results import CURVES, Environment, History
from lrreport.spec import PlateauSpec, RunSpec, describe_spec
from lrreport.state_files import StateArrays, check_state, pack_arrays
from lrreport.system.failures import describe_failure, find_remedy
from lrreport.system.folders import Folder, later_name, make_token
from lrreport.system.interrupts import stop_if_interrupted

_FORMAT: Final = 1
_MAX_WORD: Final = 300
#: As its shortest text has it, which is what curves are written as: a little more than the number itself.
_FLOAT32_MAX: Final = float(str(np.finfo(np.float32).max))
_RUN: Final = "run.json"
_NEXT: Final = "next.json"


@dataclass(frozen=True, slots=True)
class Damage:
    """An entry that cannot be used.

    Attributes:
        path: The file or folder.
        reason: What is wrong with it.
    """

    path: Path
    reason: str


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _decode_spec(document: dict[str, Any]) -> RunSpec:
    plateau = document["plateau"]
    values = {**document, "hidden_units": tuple(document["hidden_units"])}
    return RunSpec(**{**values, "plateau": PlateauSpec(**plateau) if plateau is not None else None})


def _encode_curve(curve: np.ndarray[Any, Any]) -> list[float]:
    """Decimal numbers that read back as the same float32."""
    return [float(str(value)) for value in curve]


class Store:
    """The runs of one cache folder. The folder is opened when it is first needed, and held from then on.

    Args:
        root: The cache folder; it is made, and marked as ours, when something is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self.runs = self.root / RUNS
        self._folder: Folder | None = None

    def close(self) -> None:
        """Let go of the folder; the store may be used again."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None

    def __del__(self) -> None:
        """Let go of the folder with the store."""
        with suppress(Exception):
            self.close()

    def _look(self) -> Folder | None:
        """The cache folder; None where there is none yet."""
        if self._folder is None:
            self._folder = look_into_cache(self.root)
        return self._folder

    @contextmanager
    def _open_runs(self) -> Iterator[Folder | None]:
        """`runs/`, or None where it is missing.

        Raises:
            CacheError: A link or a file stands in its place.
        """
        root = self._look()
        status = None if root is None else root.status(RUNS)
        if root is None or status is None:
            yield None
            return
        try:
            folder = root.enter(RUNS)
        except OSError as error:
            raise refuse_cache(self.runs, error) from error
        with folder:
            yield folder

    def write(self, entry: Entry) -> None:
        """Keep an entry. An older one of the same run stays until this one goes on from it, or is whole.

        Raises:
            CacheError: The folder is not writable, or the disk is full; the older entry is still whole.
        """
        older = self.read(entry.spec)
        if self._folder is None:
            self._folder = open_cache(self.root)
        replaces = older is None or entry.progress is not Progress.PARTIAL or _goes_on(entry, older)
        try:
            self._folder.make(RUNS)
            with self._folder.enter(RUNS) as runs:
                self._write_into(runs, entry, _RUN if replaces else _NEXT)
        except OSError as error:
            raise CacheError(
                "A result could not be written to the cache",
                where=str(self.runs / entry.key),
                got=describe_failure(error),
                fix=find_remedy(error, self.runs, "--cache") + "; what was there before is untouched",
            ) from error

    def _write_into(self, runs: Folder, entry: Entry, name: str) -> None:
        key = entry.key
        for left in runs.names():  # of a build that was killed while it wrote this run; the cache's lock is ours
            if later_name(left) == key:
                runs.remove_tree(left, is_ours=_is_ours)
        if runs.status(key) is not None and not runs.has_folder(key):
            # Whoever put a link or a file here: nothing is written where it points to, and it is not ours to delete.
            runs.rename(key, f".{key}.set-aside-{make_token()}")
        if runs.status(key) is not None:
            with runs.enter(key) as folder:
                _write_files(folder, entry, name)
            return
        # A state without its run.json would look like damage: the first time both come at once.
        fresh = f".{key}.{make_token()}.tmp"
        runs.make(fresh)
        try:
            with runs.enter(fresh) as folder:
                _write_files(folder, entry, name)
            runs.rename(fresh, key)
        except BaseException:
            runs.remove_tree(fresh, is_ours=_is_ours)
            raise
        runs.sync()

    def read(self, spec: RunSpec) -> Entry | Damage | None:
        """The entry of a run; None when there is none, `Damage` when what is there cannot be trusted."""
        return self._read(run_key(spec), _RUN)

    def read_next(self, spec: RunSpec) -> Entry | None:
        """What a training that shall replace a run's entry has come to; None when there is none that is sound."""
        found = self._read(run_key(spec), _NEXT)
        return found if isinstance(found, Entry) else None

    def read_to_go_on(self, spec: RunSpec, epochs: int) -> Entry | None:
        """The checkpoint of a run after so many epochs, wherever it is."""
        for found in (self.read_next(spec), self.read(spec)):
            if isinstance(found, Entry) and found.checkpoint is not None and len(found.history) == epochs:
                return found
        return None

    def entries(self) -> Iterator[Entry | Damage]:
        """Every entry of the cache, by key."""
        with self._open_runs() as runs:
            # A name that cannot be printed is none of ours, and would print what it likes.
            names = [] if runs is None else [name for name in runs.names() if name[0] != "." and name.isprintable()]
            folders = [name for name in names if runs is not None and not runs.has_file(name)]
        for name in folders:
            stop_if_interrupted()
            if (entry := self._read(name, _RUN)) is not None:
                yield entry

    def remove(self, key: str) -> int:
        """Delete a run's folder, and nothing in it that is not ours.

        Returns:
            Bytes that were freed.

        Raises:
            CacheError: It cannot be deleted.
        """
        if not RUN_FOLDER.fullmatch(key):
            return 0
        with self._open_runs() as runs:
            if runs is None or not runs.has_folder(key):
                return 0
            with runs.enter(key) as folder:
                # run.json first: whatever is left after a crash is then no entry.
                status = folder.status(_RUN)
                if status is not None and not folder.remove(_RUN):
                    raise CacheError(
                        "A run cannot be deleted",
                        where=str(folder.path),
                        fix="make the folder writable, or run the command as its owner",
                    )
            return (status.st_size if status else 0) + runs.remove_tree(key, is_ours=_is_ours)

    def measure(self, key: str) -> tuple[int, float]:
        """Bytes of a run's folder, and when it was written last."""
        with self._open_runs() as runs:
            return (0, 0.0) if runs is None else runs.measure(key)

    def read_file(self, key: str, name: str, limit: int) -> bytes:
        """A file of a run's folder.

        Raises:
            OSError: It cannot be read, or is larger than `limit` bytes.
        """
        with self._open_runs() as runs:
            if runs is None:
                raise FileNotFoundError(str(self.runs))
            with runs.enter(key) as folder:
                return folder.read(name, limit)

    def read_inspection(self, entry: Entry, epochs: int) -> Inspection | None:
        """What a run's weights show after so many epochs; None where that is not kept, or not of this run."""
        with suppress(OSError):
            content = self.read_file(entry.key, inspection_name(epochs), MAX_INSPECTION_BYTES)
            return unpack_inspection(content, entry, epochs)
        return None

    def write_inspection(self, entry: Entry, inspection: Inspection) -> None:
        """Keep an inspection beside the run's result, and clear what a killed process was writing there.

        Raises:
            OSError: It cannot be written.
        """
        with self._open_runs() as runs:
            if runs is None:
                raise FileNotFoundError(str(self.runs))
            with runs.enter(entry.key) as folder:
                folder.remove_temporary(_is_ours)
                folder.write(inspection_name(inspection.epochs), pack_inspection(entry, inspection))

    def _read(self, key: str, name: str) -> Entry | Damage | None:
        place = self.runs / key
        with ExitStack() as stack:
            runs = stack.enter_context(self._open_runs())
            status = None if runs is None else runs.status(key)
            if runs is None or status is None:
                return None
            if not stat.S_ISDIR(status.st_mode):
                return Damage(place, "is a link or a file, and not a folder of the cache")
            try:
                folder = stack.enter_context(runs.enter(key))
                if folder.status(name) is None:
                    return Damage(place, f"{name} is missing") if name == _RUN and _has_files(folder) else None
                return _decode(folder.read(name, MAX_DOCUMENT_BYTES), key, name, folder, self)
            except OSError as error:
                return Damage(place / name, f"cannot be read: {error.strerror or error}")
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, SpecError) as error:
                # A key may be as long as the file.
                return Damage(place / name, f"is not an entry: {type(error).__name__}: {error}".splitlines()[0][:200])


def _is_ours(name: str) -> bool:
    """Whether a name in a run's folder is one that we gave."""
    return is_name(RUN_FILE, name)


def _goes_on(entry: Entry, older: Entry | Damage) -> bool:
    """Whether an entry is what an older one became: of the same origin, with the same curves as far as those go."""
    if not isinstance(older, Entry):
        return False
    origin, before = ((each.data_digest, each.engine_version, each.environment) for each in (entry, older))
    epochs = len(older.history)
    return (
        origin == before
        and len(entry.history) >= epochs
        and all(
            getattr(entry.history, name)[:epochs].tobytes() == getattr(older.history, name).tobytes() for name in CURVES
        )
    )


def _write_files(folder: Folder, entry: Entry, name: str) -> None:
    """Write the state, then the document that names it; then what nothing names any more goes."""
    state: dict[str, Any] | None = None
    file: str | None = None
    if entry.checkpoint is not None:
        content = pack_arrays(entry.checkpoint)
        digest = _digest(content)
        # A name of its own: the older document and its state fit together until the new one is there.
        file = f"state-{len(entry.history)}-{digest[:8]}.npz"
        state = {
            "file": file,
            "sha256": digest,
            "learning_rate": entry.checkpoint.learning_rate,
            "best": entry.checkpoint.best,
            "wait": entry.checkpoint.wait,
        }
        folder.write(file, content)
    document = {
        "format": _FORMAT,
        "key": entry.key,
        "spec": describe_spec(entry.spec),
        "data_digest": entry.data_digest,
        "engine_version": entry.engine_version,
        "environment": dataclasses.asdict(entry.environment),
        "progress": str(entry.progress),
        "epochs": len(entry.history),
        "history": {name: _encode_curve(getattr(entry.history, name)) for name in CURVES},
        "state": state,
        "wall_s": entry.wall_s,
        "group_epoch_s": entry.group_epoch_s,
    }
    body = json.dumps(document, allow_nan=False, indent=1, sort_keys=True)
    folder.write(name, f'{{"sha256": "{_digest(body.encode())}",\n"run": {body}}}\n'.encode())
    if name == _RUN:
        folder.remove(_NEXT)
        _remove_old_inspections(folder, entry)
    _remove_stale(folder, file, is_next=name == _NEXT)
    folder.sync()


def _remove_stale(folder: Folder, state: str | None, *, is_next: bool) -> None:
    """Remove states that nothing names any more, and what a killed build was writing.

    While a training is on its way to replace an entry, the entry's own state stays; so does whatever else a damaged
    one has, for nobody knows what belongs to it.
    """
    kept = {state}
    if is_next:
        with suppress(OSError, ValueError, KeyError, TypeError):
            kept.add(parse_document(folder.read(_RUN, MAX_DOCUMENT_BYTES))["run"]["state"]["file"])
    is_known = not is_next or len(kept) > 1
    for name in folder.names():
        is_state = name.startswith("state-") and RUN_FILE.fullmatch(name) is not None
        is_left = later_name(name) is not None and _is_ours(name)
        if is_left or (is_state and is_known and name not in kept):
            folder.remove(name)


def _remove_old_inspections(folder: Folder, entry: Entry) -> None:
    """Remove what the weights of another training of this run have shown; nobody would read it any more."""
    for name in folder.names():
        if (match := INSPECTION_FILE.fullmatch(name)) is not None:
            with suppress(OSError):
                content = folder.read(name, MAX_INSPECTION_BYTES)
                if unpack_inspection(content, entry, int(match["epochs"])) is None:
                    folder.remove(name)


def _has_files(folder: Folder) -> bool:
    return any(not name.startswith(".") and name != _NEXT for name in folder.names())


def _decode(content: bytes, key: str, name: str, folder: Folder, store: Store) -> Entry | Damage:
    path = folder.path / name
    document = parse_document(content)
    wanted = document["sha256"]
    body = content[content.index(b'"run": ') + len(b'"run": ') :].rstrip()
    if not body.endswith(b"}") or _digest(body[:-1]) != wanted:
        return Damage(path, "its checksum does not fit its content")
    run = document["run"]
    if run["format"] != _FORMAT:
        return Damage(path, f"has another format than {_FORMAT}, which this version reads")
    spec = _decode_spec(run["spec"])
    if run_key(spec) != key or run["key"] != key:
        return Damage(path, "belongs to another run")
    history = _decode_history(run["history"], run["epochs"])
    progress = Progress(run["progress"])
    state = run["state"]
    if (state is None) != (progress is Progress.DIVERGED):
        return Damage(path, "has a state where there must be none, or none where there must be one")
    checkpoint: Checkpoint | None = None
    if state is not None:
        sha256, file = _word(state["sha256"]), _word(state["file"])
        if RUN_FILE.fullmatch(file) is None:
            return Damage(path, "names a state that is none of the cache's files")
        if (problem := check_state(folder, file, sha256, spec)) is not None:
            return Damage(folder.path / file, problem)
        checkpoint = Checkpoint(
            StateArrays(store, key, file, sha256, spec),
            _number(state["learning_rate"]),
            None if state["best"] is None else _number(state["best"]),
            _whole(state["wait"]),
        )
    entry = Entry(
        spec=spec,
        progress=progress,
        history=history,
        checkpoint=checkpoint,
        environment=_decode_environment(run["environment"]),
        data_digest=_word(run["data_digest"]),
        engine_version=_whole(run["engine_version"]),
        wall_s=_number(run["wall_s"]),
        group_epoch_s=_number(run["group_epoch_s"]),
    )
    problem = check_plausible(entry)
    return entry if problem is None else Damage(path, problem)


def _decode_environment(document: Any) -> Environment:
    words = {name: _word(document[name]) for name in ("tensorflow", "numpy", "cpu_model", "device")}
    return Environment(**words, threads=_whole(document["threads"]))


def _decode_history(document: Any, epochs: Any) -> History:
    """The curves of an entry.

    Raises:
        ValueError: They are not what the entry says.
    """
    curves = {name: document[name] for name in CURVES}
    for name, values in curves.items():
        if not isinstance(values, list) or len(values) != _whole(epochs):
            message = f"has a curve of another length than it says: {name}"
            raise ValueError(message)
        if not all(isinstance(value, float) and abs(value) <= _FLOAT32_MAX for value in values):
            message = f"has a curve with something in it that is no finite number: {name}"
            raise ValueError(message)
        if "accuracy" in name and not all(0 <= value <= 1 for value in values):
            message = f"has an accuracy that is no fraction: {name}"
            raise ValueError(message)
    return History(**{name: np.array(values, np.float32) for name, values in curves.items()})


def _word(value: Any) -> str:
    """A short printable text.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, str) or len(value) > _MAX_WORD or not value.isprintable():
        message = "holds something else where a short text should be"
        raise ValueError(message)
    return value


def _number(value: Any) -> float:
    """A finite number that is not negative.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _FLOAT32_MAX:
        message = "holds something else where a number from 0 up should be"
        raise ValueError(message)
    return float(value)


def _whole(value: Any) -> int:
    """A whole number that is not negative.

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        message = "holds something else where a whole number from 0 up should be"
        raise ValueError(message)
    return value
