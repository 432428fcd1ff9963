"""The cache is dull and cannot lie."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lrreport.checkpoints import Checkpoint, Entry, Progress
from lrreport.errors import CacheError
from lrreport.results import History
from lrreport.spec import PlateauSpec, RunSpec
from lrreport.state_files import expected_arrays
from lrreport.store import Damage, Store
from tests.made_up import HERE, history

SPEC = RunSpec(learning_rate=0.1, plateau=PlateauSpec(patience=2))


def make_entry(epochs: int = 3, *, spec: RunSpec = SPEC, progress: Progress = Progress.COMPLETE) -> Entry:
    checkpoint = None
    if progress is not Progress.DIVERGED:
        shapes = expected_arrays(spec)
        arrays = {name: np.arange(np.prod(shape), dtype=np.float32).reshape(shape) for name, shape in shapes.items()}
        checkpoint = Checkpoint(arrays, learning_rate=0.05, best=0.25, wait=1)
    return Entry(spec, progress, history(spec, epochs), checkpoint, HERE, "digest", 1, 12.5, 0.25)


def assert_same(found: object, entry: Entry) -> None:
    assert isinstance(found, Entry)
    assert (found.spec, found.progress, found.environment) == (entry.spec, entry.progress, entry.environment)
    assert (found.data_digest, found.engine_version, found.wall_s, found.group_epoch_s) == ("digest", 1, 12.5, 0.25)
    for name in ("learning_rate_t", "train_loss_t", "train_accuracy_t", "test_loss_t", "test_accuracy_t"):
        np.testing.assert_array_equal(getattr(found.history, name), getattr(entry.history, name), strict=True)
    if entry.checkpoint is None:
        assert found.checkpoint is None
        return
    assert found.checkpoint is not None
    assert (found.checkpoint.learning_rate, found.checkpoint.best, found.checkpoint.wait) == (0.05, 0.25, 1)
    assert found.checkpoint.arrays.keys() == entry.checkpoint.arrays.keys()
    for name, array in entry.checkpoint.arrays.items():
        np.testing.assert_array_equal(found.checkpoint.arrays[name], array, strict=True)


@pytest.mark.parametrize("progress", Progress)
def test_what_is_written_is_read(tmp_path: Path, progress: Progress) -> None:
    """Write then read is the identity, for every kind of ending."""
    entry = make_entry(progress=progress)
    Store(tmp_path).write(entry)
    assert_same(Store(tmp_path).read(SPEC), entry)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(curve=np.full(4, np.finfo(np.float32).max), share=np.zeros(4, np.float32))
@given(
    curve=hnp.arrays(np.float32, 4, elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),
    share=hnp.arrays(np.float32, 4, elements=st.floats(0, 1, width=32)),
)
def test_curves_keep_every_bit(tmp_path: Path, curve: np.ndarray, share: np.ndarray) -> None:
    """Any finite float32 survives the JSON."""
    entry = make_entry()
    entry = Entry(
        SPEC, Progress.COMPLETE, History(curve, curve, share, curve, share), entry.checkpoint, HERE, "d", 1, 1.0, 1.0
    )
    Store(tmp_path).write(entry)
    found = Store(tmp_path).read(SPEC)
    assert isinstance(found, Entry)
    assert found.history.test_loss_t.tobytes() == curve.tobytes()
    assert found.history.test_accuracy_t.tobytes() == share.tobytes()


def test_an_absent_run_is_none(tmp_path: Path) -> None:
    """No entry is not damage."""
    assert Store(tmp_path).read(SPEC) is None


def test_a_longer_entry_replaces_the_shorter_one(tmp_path: Path) -> None:
    """Only one state file stays, the one that run.json names."""
    store = Store(tmp_path)
    store.write(make_entry(3))
    store.write(make_entry(5))
    found = store.read(SPEC)
    assert isinstance(found, Entry)
    assert len(found.history) == 5
    assert [path.name for path in (store.runs / found.key).glob("*.npz")] == ["state-5.npz"]


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "deleted":
        path.unlink()
    elif how == "emptied":
        path.write_bytes(b"")
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "bit flipped":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    else:
        path.write_bytes(b"[" * 100_000)


@pytest.mark.parametrize("how", ["deleted", "emptied", "truncated", "bit flipped", "nested"])
@pytest.mark.parametrize("name", ["run.json", "state-3.npz"])
def test_damage_is_a_miss_with_a_reason(tmp_path: Path, name: str, how: str) -> None:
    """A file that was deleted, emptied, cut, flipped or replaced is named; nothing of it is used."""
    store = Store(tmp_path)
    entry = make_entry()
    store.write(entry)
    damage(store.runs / entry.key / name, how)
    found = store.read(SPEC)
    assert isinstance(found, Damage)
    assert found.reason
    store.write(entry)
    assert_same(store.read(SPEC), entry)


def test_an_entry_under_another_key_is_damage(tmp_path: Path) -> None:
    """A copied folder does not answer for another run."""
    store = Store(tmp_path)
    entry, other = make_entry(), RunSpec(learning_rate=0.2)
    store.write(entry)
    (store.runs / entry.key).rename(store.runs / make_entry(spec=other).key)
    assert isinstance(store.read(other), Damage)


def test_nan_never_reaches_a_file(tmp_path: Path) -> None:
    """JSON has no NaN: writing one is refused, and the older entry stays."""
    store = Store(tmp_path)
    store.write(make_entry())
    curve = np.array([np.nan], np.float32)
    with pytest.raises(ValueError, match="JSON"):
        store.write(
            Entry(SPEC, Progress.COMPLETE, History(curve, curve, curve, curve, curve), None, HERE, "d", 1, 1.0, 1.0)
        )
    assert_same(store.read(SPEC), make_entry())


def test_no_temporary_file_stays(tmp_path: Path) -> None:
    """A write leaves run.json and its state, and nothing else."""
    store = Store(tmp_path)
    store.write(make_entry())
    assert sorted(path.name for path in (store.runs / make_entry().key).iterdir()) == ["run.json", "state-3.npz"]
    json.loads((store.runs / make_entry().key / "run.json").read_text("utf-8"))


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """A file in the place of the folder is a CacheError with a remedy, exit code 6."""
    (tmp_path / "runs").write_text("in the way", "utf-8")
    with pytest.raises(CacheError) as caught:
        Store(tmp_path).write(make_entry())
    assert caught.value.exit_code == 6
    assert caught.value.fix
