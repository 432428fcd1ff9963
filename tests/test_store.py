"""The cache is dull and cannot lie."""

from __future__ import annotations

import hashlib
import json
import os
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
from lrreport.inspection import Inspection
from lrreport.plausibility import replay_rates
from lrreport.results import CURVES, History
from lrreport.spec import PlateauSpec, RunSpec
from lrreport.state_files import expected_arrays
from lrreport.store import Damage, Store, _decode_history, _encode_curve
from tests.commands import lrreport
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


# What weights show


def make_inspection(entry: Entry, epochs: int | None = None) -> Inspection:
    """What the weights of an entry may show after so many epochs."""
    epochs = epochs or len(entry.history)
    hidden = entry.spec.hidden_units
    first = (*hidden, 10)[0]
    random = np.random.default_rng(epochs)
    return Inspection(
        epochs=epochs,
        right=round(float(entry.history.test_accuracy_t[epochs - 1]) * 10_000),
        silent_units=tuple(width // 2 for width in hidden),
        layer_norms=tuple(1.5 + place for place in range(len(hidden) + 1)),
        confidence_right=0.987654,
        confidence_wrong=0.5,
        answers_i=np.arange(20) % 10,
        confidences_i=np.linspace(0.1, 1, 20).round(4).astype(np.float32),
        incoming_ud=random.normal(0, 0.1, (min(10, first), 784)).astype(np.float32),
        activations_h=np.abs(random.normal(0, 1, min(64, first) if hidden else 0)).round(4).astype(np.float32),
        shares_k=np.full(10, 0.1, np.float32),
    )


def kept(tmp_path: Path, epochs: int = 3) -> tuple[Store, Entry, Path]:
    """A store with a run whose weights were looked into, and the file that says what they show."""
    store, entry = Store(tmp_path), make_entry(epochs)
    store.write(entry)
    store.write_inspection(entry, make_inspection(entry))
    return store, entry, store.runs / entry.key / f"inspection-{epochs}.json"


def test_an_inspection_is_kept_beside_its_run(tmp_path: Path) -> None:
    """It is one file more in the run's folder, read back as it was; the run itself is not touched by it."""
    store, entry, path = kept(tmp_path)
    assert path.is_file()
    assert names(store) == {"run.json", "state", "inspection"}
    for reader in (store, Store(tmp_path)):
        found = reader.read_inspection(entry, 3)
        assert found is not None
        assert found.content == make_inspection(entry).content
    assert_same(store.read(SPEC), entry)
    assert [item.key for item in store.entries() if isinstance(item, Entry)] == [entry.key]
    assert store.measure(entry.key)[0] >= path.stat().st_size + (path.parent / "run.json").stat().st_size


def test_what_nobody_looked_into_is_none(tmp_path: Path) -> None:
    """Without a cache, without a run, without the file: None; and nothing is written where there is no run."""
    store, entry = Store(tmp_path / "cache"), make_entry()
    assert store.read_inspection(entry, 3) is None
    with pytest.raises(OSError, match="runs"):
        store.write_inspection(entry, make_inspection(entry))
    assert not (tmp_path / "cache").exists()
    store.write(make_entry(spec=RunSpec()))
    with pytest.raises(OSError, match=entry.key):
        store.write_inspection(entry, make_inspection(entry))
    assert store.read_inspection(entry, 3) is None
    store.write(entry)
    assert [store.read_inspection(entry, epochs) for epochs in (1, 3, 50)] == [None, None, None]


def test_an_inspection_is_believed_for_the_same_curves_alone(tmp_path: Path) -> None:
    """A run that goes on keeps what it was; one that is trained again, elsewhere or by another engine, has none until it is looked into."""
    store, entry, path = kept(tmp_path)
    longer = make_entry(5)
    store.write(longer)
    assert path.is_file()
    found = store.read_inspection(longer, 3)
    assert found is not None
    assert found.content == make_inspection(entry).content
    assert store.read_inspection(longer, 5) is None

    curves = replace(longer.history, train_loss_t=np.nextafter(longer.history.train_loss_t, np.float32(9)))
    for other in (
        replace(longer, engine_version=2),
        replace(longer, data_digest="other"),
        replace(longer, environment=replace(HERE, cpu_model="another processor")),
        replace(longer, history=curves),
    ):
        assert store.read_inspection(other, 3) is None
    again = replace(longer, engine_version=2)
    store.write(again)
    store.write_inspection(again, make_inspection(again, 3))
    assert store.read_inspection(again, 3) is not None
    assert store.read_inspection(longer, 3) is None, "one file an epoch: the newer one has replaced it"
    assert [item.name for item in path.parent.glob("inspection-*")] == ["inspection-3.json"]


@pytest.mark.parametrize("how", ["deleted", "emptied", "truncated", "bit flipped", "nested"])
def test_a_damaged_inspection_is_none(tmp_path: Path, how: str) -> None:
    """It is not believed, the run beside it stays sound, and it can be made again in its place."""
    store, entry, path = kept(tmp_path)
    damage(path, how)
    assert store.read_inspection(entry, 3) is None
    assert_same(store.read(SPEC), entry)
    store.write_inspection(entry, make_inspection(entry))
    assert store.read_inspection(entry, 3) is not None


def test_a_foreign_inspection_is_none(tmp_path: Path) -> None:
    """What was copied from another run or another epoch, a link, a pipe, a folder, and what is far too large, is not read."""
    store, entry, path = kept(tmp_path)
    other = make_entry(spec=RunSpec(learning_rate=0.2))
    store.write(other)
    store.write_inspection(other, make_inspection(other))
    sound = path.read_bytes()
    theirs = store.runs / other.key / "inspection-3.json"
    path.write_bytes(theirs.read_bytes())
    assert store.read_inspection(entry, 3) is None
    path.with_name("inspection-2.json").write_bytes(sound)
    assert store.read_inspection(entry, 2) is None
    (tmp_path / "elsewhere").write_bytes(sound)
    for put in (
        lambda: path.symlink_to(tmp_path / "elsewhere"),
        lambda: os.mkfifo(path),
        path.mkdir,
        lambda: path.write_bytes(sound + b" " * 10_000_000),
    ):
        path.unlink() if not path.is_dir() else path.rmdir()
        put()
        assert store.read_inspection(entry, 3) is None
    path.write_bytes(sound)
    assert store.read_inspection(entry, 3) is not None
    assert (tmp_path / "elsewhere").read_bytes() == sound


def test_no_temporary_file_stays_of_an_inspection(tmp_path: Path) -> None:
    """Written twice, there is the file and nothing else."""
    store, entry, path = kept(tmp_path)
    store.write_inspection(entry, make_inspection(entry))
    assert sorted(item.name.partition("-")[0] for item in path.parent.iterdir()) == ["inspection", "run.json", "state"]


def test_an_inspection_goes_with_its_run(tmp_path: Path) -> None:
    """Whoever deletes a run deletes what its weights showed, and its bytes are counted; what is not ours stays."""
    store, entry, path = kept(tmp_path)
    store.write(make_entry(5))
    store.write_inspection(make_entry(5), make_inspection(make_entry(5)))
    size = sum(item.stat().st_size for item in path.parent.iterdir())
    assert store.remove(entry.key) == size
    assert not path.parent.exists()
    assert store.read_inspection(entry, 3) is None

    store, entry, path = kept(tmp_path)
    strange = [path.with_name(name) for name in ("inspection-x.json", "inspection-3.json.bak", "my-inspection-3.json")]
    for item in strange:
        item.write_text("not ours", "utf-8")
    store.remove(entry.key)
    assert sorted(path.parent.iterdir()) == sorted(strange)


def test_gc_knows_inspections(tmp_path: Path) -> None:
    """Half-written ones of dead processes go, of a run that stays too; with a run that nobody asks for its own goes."""
    root = tmp_path / "cache"
    store = Store(root)
    asked, nobodys = make_entry(spec=RunSpec(momentum=0.9)), make_entry(spec=RunSpec(learning_rate=0.3))
    for entry in (asked, nobodys):
        store.write(entry)
        store.write_inspection(entry, make_inspection(entry))
    half = store.runs / asked.key / ".inspection-3.json.4194305-0123abcd.tmp"
    half.write_bytes(b"half of one")
    os.utime(half, (0, 0))
    done = lrreport("cache", "gc", "--json", "--cache", str(root))
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [item["path"] for item in found["files"]] == [str(half)]
    assert [run["key"] for run in found["runs"]] == [nobodys.key]
    assert half.exists()
    assert lrreport("cache", "gc", "--yes", "--cache", str(root)).returncode == 0
    assert not half.exists()
    assert not (store.runs / nobodys.key).exists()
    assert store.read_inspection(asked, 3) is not None
    assert sorted(path.name for path in store.runs.iterdir()) == [asked.key]
