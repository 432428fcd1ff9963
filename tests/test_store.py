"""The cache is dull and cannot lie."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lrreport.checkpoints import Checkpoint, Entry, Progress
from lrreport.errors import CacheError
from lrreport.plausibility import replay_rates
from lrreport.results import CURVES, History
from lrreport.spec import PlateauSpec, RunSpec
from lrreport.state_files import expected_arrays
from lrreport.store import Damage, Store, _decode_history, _encode_curve
from tests.made_up import HERE, measured

SPEC = RunSpec(learning_rate=0.1, plateau=PlateauSpec(patience=2))


def make_entry(epochs: int = 3, *, spec: RunSpec = SPEC, progress: Progress = Progress.COMPLETE) -> Entry:
    checkpoint = None
    if progress is not Progress.DIVERGED:
        shapes = expected_arrays(spec)
        arrays = {name: np.arange(np.prod(shape), dtype=np.float32).reshape(shape) for name, shape in shapes.items()}
        state = replay_rates(spec, measured(spec, epochs))[1]
        checkpoint = Checkpoint(arrays, state.learning_rate, state.best, state.wait)
    return Entry(spec, progress, measured(spec, epochs), checkpoint, HERE, "digest", 1, 12.5, 0.25)


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
    for name in ("learning_rate", "best", "wait"):
        assert getattr(found.checkpoint, name) == getattr(entry.checkpoint, name)
    assert found.checkpoint.arrays.keys() == entry.checkpoint.arrays.keys()
    for name, array in entry.checkpoint.arrays.items():
        np.testing.assert_array_equal(found.checkpoint.arrays[name], array, strict=True)


@pytest.mark.parametrize("progress", Progress)
def test_what_is_written_is_read(tmp_path: Path, progress: Progress) -> None:
    """Write then read is the identity, for every kind of ending."""
    entry = make_entry(progress=progress)
    Store(tmp_path).write(entry)
    assert_same(Store(tmp_path).read(SPEC), entry)


@settings(max_examples=200, deadline=None)
@example(curve=np.full(4, np.finfo(np.float32).max), share=np.zeros(4, np.float32))
@given(
    curve=hnp.arrays(np.float32, 4, elements=st.floats(width=32, allow_nan=False, allow_infinity=False)),
    share=hnp.arrays(np.float32, 4, elements=st.floats(0, 1, width=32)),
)
def test_curves_keep_every_bit(curve: np.ndarray, share: np.ndarray) -> None:
    """Any finite float32 survives the JSON."""
    curves = History(curve, curve, share, curve, share)
    written = json.dumps({name: _encode_curve(getattr(curves, name)) for name in CURVES}, allow_nan=False)
    found = _decode_history(json.loads(written), 4)
    assert found.test_loss_t.tobytes() == curve.tobytes()
    assert found.test_accuracy_t.tobytes() == share.tobytes()


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
    assert [path.name[:8] for path in (store.runs / found.key).glob("*.npz")] == ["state-5-"]


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
@pytest.mark.parametrize("name", ["run.json", "state-3-*.npz"])
def test_damage_is_a_miss_with_a_reason(tmp_path: Path, name: str, how: str) -> None:
    """A file that was deleted, emptied, cut, flipped or replaced is named; nothing of it is used."""
    store = Store(tmp_path)
    entry = make_entry()
    store.write(entry)
    (path,) = (store.runs / entry.key).glob(name)
    damage(path, how)
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
    assert sorted(path.name[:8] for path in (store.runs / make_entry().key).iterdir()) == ["run.json", "state-3-"]
    json.loads((store.runs / make_entry().key / "run.json").read_text("utf-8"))


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """A file in the place of the folder is a CacheError with a remedy, exit code 6."""
    Store(tmp_path).write(make_entry(spec=RunSpec()))
    shutil.rmtree(tmp_path / "runs")
    (tmp_path / "runs").write_text("in the way", "utf-8")
    with pytest.raises(CacheError) as caught:
        Store(tmp_path).write(make_entry())
    assert caught.value.exit_code == 6
    assert caught.value.fix


def names(store: Store) -> set[str]:
    """The files of the run's folder, without the tokens of states."""
    return {path.name.partition("-")[0] for path in (store.runs / make_entry().key).iterdir()}


def test_a_whole_result_stays_until_another_is_whole(tmp_path: Path) -> None:
    """What is trained again from its beginning stands beside the result, goes on from there, and replaces it when it is complete."""
    store = Store(tmp_path)
    store.write(make_entry(5))
    again = replace(make_entry(3, progress=Progress.PARTIAL), engine_version=2)
    store.write(again)
    assert_same(store.read(SPEC), make_entry(5))
    begun = store.read_next(SPEC)
    assert begun is not None
    assert (len(begun.history), begun.engine_version) == (3, 2)
    assert store.read_to_go_on(SPEC, 3) is not None
    assert len(dict(store.read_to_go_on(SPEC, 3).checkpoint.arrays)) == 4
    store.write(replace(make_entry(4, progress=Progress.PARTIAL), engine_version=2))
    assert len(store.read_next(SPEC).history) == 4
    assert len(list((store.runs / again.key).glob("state-*"))) == 2
    store.write(replace(make_entry(5), engine_version=2))
    assert store.read(SPEC).engine_version == 2
    assert store.read_next(SPEC) is None
    assert names(store) == {"run.json", "state"}
    assert len(list((store.runs / again.key).glob("state-*"))) == 1


def test_a_damaged_entry_stays_until_it_is_replaced(tmp_path: Path) -> None:
    """While a damaged run is trained again, not a byte of what looks damaged is touched."""
    store = Store(tmp_path)
    store.write(make_entry(5))
    path = store.runs / make_entry().key / "run.json"
    path.write_bytes(path.read_bytes()[:-200])
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    store.write(make_entry(3, progress=Progress.PARTIAL))
    after = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    assert before.items() <= after.items()
    store.write(make_entry(5))
    assert_same(store.read(SPEC), make_entry(5))
    assert len(list(path.parent.iterdir())) == 2


def test_what_goes_on_replaces_at_once(tmp_path: Path) -> None:
    """A training that goes on from an entry, with the same curves so far, is its successor before it is complete."""
    store = Store(tmp_path)
    store.write(make_entry(3))
    store.write(make_entry(4, progress=Progress.PARTIAL))
    assert len(store.read(SPEC).history) == 4
    assert names(store) == {"run.json", "state"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"history": {"test_accuracy": [0.2, 0.3, 0.99123]}}, "number of 10,000 images"),
        ({"history": {"train_accuracy": [0.2, 0.3, 0.999991]}}, "number of 60,000 images"),
        ({"history": {"test_loss": [1.0, 0.9, -0.1]}}, "too low"),
        ({"history": {"train_loss": [2.0, 2.0, 0.0]}}, "too low"),
        ({"history": {"learning_rate": [0.1, 0.1, 0.2]}}, "learning rate"),
        ({"history": {"learning_rate": [0.1, 0.1, 0.0]}}, "learning rate"),
        ({"environment": {"device": "quantum"}}, "device"),
        ({"environment": {"threads": 0}}, "threads"),
        ({"environment": {"tensorflow": "mine"}}, "TensorFlow"),
        ({"state": {"wait": 7}}, "callback"),
        ({"state": {"learning_rate": 0.2}}, "callback"),
        ({"state": {"best": None}}, "callback"),
        ({"state": {"file": "../../../etc/passwd"}}, "none of the cache's files"),
        ({"wall_s": 1e12}, "longer than can be"),
    ],
)
def test_numbers_that_cannot_be_are_not_believed(tmp_path: Path, change: dict[str, object], says: str) -> None:
    """With checksums that fit: no count of images, a loss below what the errors cost, rates that no schedule gives, odd words."""
    store = Store(tmp_path)
    store.write(make_entry(3))
    path = store.runs / make_entry().key / "run.json"
    document = json.loads(path.read_bytes())["run"]
    for key, value in change.items():
        if isinstance(value, dict):
            names = {f"{name}_t" if key == "history" else name: item for name, item in value.items()}
            document[key].update(names)
        else:
            document[key] = value
    body = json.dumps(document)
    path.write_text(f'{{"sha256": "{hashlib.sha256(body.encode()).hexdigest()}",\n"run": {body}}}')
    found = store.read(SPEC)
    assert isinstance(found, Damage)
    assert says in found.reason
