"""The result cache: one folder a run, found by the digest of its spec.

    CACHE/runs/KEY/run.json         spec, progress, curves, environment, a checksum of itself and of the state
    CACHE/runs/KEY/state-EPOCH.npz  weights, optimizer slots

`run.json` names the state that belongs to it. A run's first folder comes whole, by a rename. Later a new state is written under a new name, then `run.json` is replaced,
then the old state goes: after a crash at any point `run.json` and its state still fit. A damaged entry is a miss
with a named reason; nothing is ever unpickled.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from lrreport.atomic import sync_folder, write_atomically
from lrreport.checkpoints import Checkpoint, Entry, Progress
from lrreport.documents import MAX_DOCUMENT_BYTES, parse_document
from lrreport.errors import CacheError, SpecError
from lrreport.keys import run_key
from lrreport.results import Environment, History
from lrreport.spec import PlateauSpec, RunSpec
from lrreport.state_files import StateArrays, check_state, pack_arrays

_FORMAT: Final = 1
_MAX_WORD: Final = 300
#: As its shortest text has it, which is what curves are written as: a little more than the number itself.
_FLOAT32_MAX: Final = float(str(np.finfo(np.float32).max))
_CURVES: Final = tuple(item.name for item in dataclasses.fields(History))


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


def _encode_spec(spec: RunSpec) -> dict[str, Any]:
    return dataclasses.asdict(spec)


def _decode_spec(document: dict[str, Any]) -> RunSpec:
    plateau = document["plateau"]
    values = {**document, "hidden_units": tuple(document["hidden_units"])}
    return RunSpec(**{**values, "plateau": PlateauSpec(**plateau) if plateau is not None else None})


def _encode_curve(curve: np.ndarray[Any, Any]) -> list[float]:
    """Decimal numbers that read back as the same float32."""
    return [float(str(value)) for value in curve]


class Store:
    """The runs of one cache folder.

    Args:
        root: The cache folder; it is made when something is written.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.runs = root / "runs"

    def _folder(self, key: str) -> Path:
        return self.runs / key

    def write(self, entry: Entry) -> None:
        """Keep an entry, in place of an older one of the same run.

        Raises:
            CacheError: The folder is not writable, or the disk is full; the older entry is still whole.
        """
        folder = self._folder(entry.key)
        try:
            if folder.is_symlink():  # whoever made it: nothing is written where it points to
                folder.unlink()
            self._remove_leftovers(folder)
            if _has_files(folder):
                _write_files(folder, entry)
            else:
                # A state without its run.json would look like damage: the first time both come at once.
                self.runs.mkdir(parents=True, exist_ok=True)
                fresh = self.runs / f".{entry.key}.{uuid.uuid4().hex[:8]}.tmp"
                fresh.mkdir()
                try:
                    _write_files(fresh, entry)
                    fresh.rename(folder)
                except BaseException:
                    shutil.rmtree(fresh, ignore_errors=True)
                    raise
                sync_folder(self.runs)
        except OSError as error:
            raise CacheError(
                "A result could not be written to the cache",
                where=str(folder),
                got=str(error),
                fix="free some space or choose another folder with --cache; what was there before is untouched",
            ) from error

    def _remove_leftovers(self, folder: Path) -> None:
        """Remove what a build left that was killed while it wrote this run; the cache's lock is ours."""
        for left in folder.glob(".*.tmp"):
            left.unlink(missing_ok=True)
        for left in self.runs.glob(f".{folder.name}.*.tmp"):
            shutil.rmtree(left, ignore_errors=True)

    def read(self, spec: RunSpec) -> Entry | Damage | None:
        """The entry of a run; None when there is none, `Damage` when what is there cannot be trusted."""
        return self._read_folder(self._folder(run_key(spec)), run_key(spec))

    def entries(self) -> Iterator[Entry | Damage]:
        """Every entry of the cache, by key."""
        if self.runs.is_dir():
            folders = (path for path in self.runs.iterdir() if path.is_dir() and not path.name.startswith("."))
            for folder in sorted(folders):
                if (entry := self._read_folder(folder, folder.name)) is not None:
                    yield entry

    def _read_folder(self, folder: Path, key: str) -> Entry | Damage | None:
        path = folder / "run.json"
        try:
            if folder.is_symlink():
                return Damage(folder, "is a link, and not a folder of the cache")
            if not path.is_file() or path.is_symlink():
                return Damage(folder, "run.json is missing") if _has_files(folder) else None
            if path.stat().st_size > MAX_DOCUMENT_BYTES:
                return Damage(path, "is too large")
            return _decode(path, key)
        except OSError as error:
            return Damage(path, f"cannot be read: {error.strerror or error}")
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, SpecError) as error:
            # A key may be as long as the file.
            return Damage(path, f"is not an entry: {type(error).__name__}: {error}".splitlines()[0][:200])


def _write_files(folder: Path, entry: Entry) -> None:
    """Write the state, then the `run.json` that names it; then the older state goes."""
    state: dict[str, Any] | None = None
    if entry.checkpoint is not None:
        content = pack_arrays(entry.checkpoint)
        name = f"state-{len(entry.history)}.npz"
        write_atomically(folder / name, content)
        state = {
            "file": name,
            "sha256": _digest(content),
            "learning_rate": entry.checkpoint.learning_rate,
            "best": entry.checkpoint.best,
            "wait": entry.checkpoint.wait,
        }
    document = {
        "format": _FORMAT,
        "key": entry.key,
        "spec": _encode_spec(entry.spec),
        "data_digest": entry.data_digest,
        "engine_version": entry.engine_version,
        "environment": dataclasses.asdict(entry.environment),
        "progress": str(entry.progress),
        "epochs": len(entry.history),
        "history": {name: _encode_curve(getattr(entry.history, name)) for name in _CURVES},
        "state": state,
        "wall_s": entry.wall_s,
        "group_epoch_s": entry.group_epoch_s,
    }
    body = json.dumps(document, allow_nan=False, indent=1, sort_keys=True)
    write_atomically(folder / "run.json", f'{{"sha256": "{_digest(body.encode())}",\n"run": {body}}}\n'.encode())
    for stale in folder.glob("state-*.npz"):
        if state is None or stale.name != state["file"]:
            stale.unlink(missing_ok=True)
    sync_folder(folder)


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())


def _decode(path: Path, key: str) -> Entry | Damage:
    content = path.read_bytes()
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
        sha256 = _word(state["sha256"])
        state_path = path.parent / Path(_word(state["file"])).name
        if (problem := check_state(state_path, sha256, spec)) is not None:
            return Damage(state_path, problem)
        checkpoint = Checkpoint(
            StateArrays(state_path, sha256, spec),
            _number(state["learning_rate"]),
            None if state["best"] is None else _number(state["best"]),
            _whole(state["wait"]),
        )
    return Entry(
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


def _decode_environment(document: Any) -> Environment:
    words = {name: _word(document[name]) for name in ("tensorflow", "numpy", "cpu_model", "device")}
    return Environment(**words, threads=_whole(document["threads"]))


def _decode_history(document: Any, epochs: Any) -> History:
    """The curves of an entry.

    Raises:
        ValueError: They are not what the entry says.
    """
    curves = {name: document[name] for name in _CURVES}
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
