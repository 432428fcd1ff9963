"""The result cache: one folder a run, found by the digest of its spec.

    CACHE/runs/KEY/run.json         spec, progress, curves, environment, a checksum of itself and of the state
    CACHE/runs/KEY/state-EPOCH.npz  weights, optimizer slots

`run.json` names the state that belongs to it. A new state is written under a new name, then `run.json` is replaced,
then the old state goes: after a crash at any point `run.json` and its state still fit. A damaged entry is a miss
with a named reason; nothing is ever unpickled.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from lrreport.atomic import sync_folder, write_atomically
from lrreport.checkpoints import Checkpoint, Entry, Progress
from lrreport.errors import CacheError, SpecError
from lrreport.keys import run_key
from lrreport.results import Environment, History
from lrreport.spec import PlateauSpec, RunSpec

_FORMAT: Final = 1
_MAX_JSON_BYTES: Final = 64_000_000
_MAX_STATE_BYTES: Final = 4_000_000_000
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


def _pack_arrays(checkpoint: Checkpoint) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(checkpoint.arrays))
    return buffer.getvalue()


class _PackedArrays(Mapping[str, Any]):
    """The arrays of a state file whose digest was checked; unpacked when the first of them is asked for.

    A plan looks at every entry and needs no array of any.
    """

    def __init__(self, packed: bytes, path: Path) -> None:
        self._packed = packed
        self._path = path

    @functools.cached_property
    def _arrays(self) -> dict[str, Any]:
        try:
            with np.load(io.BytesIO(self._packed), allow_pickle=False) as arrays:
                return dict(arrays)
        except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            raise CacheError(
                "A state in the cache is not what it says",
                where=str(self._path),
                got=str(error),
                fix="delete the folder that holds it; the run is trained again",
            ) from error

    def __getitem__(self, name: str) -> Any:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


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
            folder.mkdir(parents=True, exist_ok=True)
            state: dict[str, Any] | None = None
            if entry.checkpoint is not None:
                content = _pack_arrays(entry.checkpoint)
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
            write_atomically(
                folder / "run.json", f'{{"sha256": "{_digest(body.encode())}",\n"run": {body}}}\n'.encode()
            )
            for stale in folder.glob("state-*.npz"):
                if state is None or stale.name != state["file"]:
                    stale.unlink(missing_ok=True)
            sync_folder(folder)
        except OSError as error:
            raise CacheError(
                "A result could not be written to the cache",
                where=str(folder),
                got=str(error),
                fix="free some space or choose another folder with --cache; what was there before is untouched",
            ) from error

    def read(self, spec: RunSpec) -> Entry | Damage | None:
        """The entry of a run; None when there is none, `Damage` when what is there cannot be trusted."""
        return self._read_folder(self._folder(run_key(spec)), run_key(spec))

    def entries(self) -> Iterator[Entry | Damage]:
        """Every entry of the cache, by key."""
        if self.runs.is_dir():
            for folder in sorted(path for path in self.runs.iterdir() if path.is_dir()):
                if (entry := self._read_folder(folder, folder.name)) is not None:
                    yield entry

    def _read_folder(self, folder: Path, key: str) -> Entry | Damage | None:
        path = folder / "run.json"
        try:
            if not path.exists():
                return Damage(folder, "run.json is missing") if _has_files(folder) else None
            if path.stat().st_size > _MAX_JSON_BYTES:
                return Damage(path, "is too large")
            return _decode(path, key)
        except OSError as error:
            return Damage(path, f"cannot be read: {error}")
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            RecursionError,
            SpecError,
            zipfile.BadZipFile,
            EOFError,
        ) as error:
            return Damage(path, f"is not an entry: {type(error).__name__}: {error}".splitlines()[0])


def _has_files(folder: Path) -> bool:
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())


def _decode(path: Path, key: str) -> Entry | Damage:
    content = path.read_bytes()
    document = json.loads(content)
    wanted = document["sha256"]
    body = content[content.index(b'"run": ') + len(b'"run": ') :].rstrip()
    if not body.endswith(b"}") or _digest(body[:-1]) != wanted:
        return Damage(path, "its checksum does not fit its content")
    run = document["run"]
    if run["format"] != _FORMAT:
        return Damage(path, f"has format {run['format']}, and this version reads {_FORMAT}")
    spec = _decode_spec(run["spec"])
    if run_key(spec) != key or run["key"] != key:
        return Damage(path, "belongs to another run")
    history = History(*(np.array(run["history"][name], np.float32) for name in _CURVES))
    if len(history) != run["epochs"] or not all(np.isfinite(getattr(history, name)).all() for name in _CURVES):
        return Damage(path, "has curves that are not what it says")
    checkpoint: Checkpoint | None = None
    if (state := run["state"]) is not None:
        state_path = path.parent / Path(state["file"]).name
        with contextlib.suppress(FileNotFoundError):
            if state_path.stat().st_size > _MAX_STATE_BYTES:
                return Damage(state_path, "is too large")
            packed = state_path.read_bytes()
            if _digest(packed) != state["sha256"]:
                return Damage(state_path, "its checksum does not fit its content")
            arrays = _PackedArrays(packed, state_path)
            checkpoint = Checkpoint(arrays, state["learning_rate"], state["best"], state["wait"])
        if checkpoint is None:
            return Damage(state_path, "is missing")
    return Entry(
        spec=spec,
        progress=Progress(run["progress"]),
        history=history,
        checkpoint=checkpoint,
        environment=Environment(**run["environment"]),
        data_digest=run["data_digest"],
        engine_version=run["engine_version"],
        wall_s=run["wall_s"],
        group_epoch_s=run["group_epoch_s"],
    )
