"""`cache ls | verify | gc`: what the cache holds, whether it is sound, and what may go."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrreport.cache.folder import hold_cache
from lrreport.cache_survey import CachedRun, choose_garbage, parse_size, survey_runs
from lrreport.checkpoints import Entry
from lrreport.datasets import Dataset, pinned_digest
from lrreport.engine import ENGINE_VERSION
from lrreport.errors import UsageError
from lrreport.keys import run_key
from lrreport.plan import Present
from lrreport.spec import RunSpec
from lrreport.store import Store
from lrreport.study_files import load_built_in_studies
from tests.commands import lrreport
from tests.made_up import HERE
from tests.test_store import make_entry

MINE = 'id = "mine"\n[title]\nth = "ของฉัน"\nen = "Mine"\n[vary]\nmomentum = [0.9, 0.95]\n'
ASKED = RunSpec(momentum=0.9, seed=7)
ASKED_WITH_OPTION = RunSpec(momentum=0.9, dataset="fashion-mnist")
MINE_ALONE = RunSpec(momentum=0.95)
NOBODYS = RunSpec(learning_rate=0.3, seed=2)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Four runs: a built-in study's, one of its on other data, a user's study's, and nobody's; and things of others."""
    root = tmp_path / "cache"
    store = Store(root)
    for spec in (ASKED, ASKED_WITH_OPTION, MINE_ALONE, NOBODYS):
        store.write(make_entry(3, spec=spec))
    (root / "notes").mkdir()
    (root / "notes" / "mine.txt").write_text("not lrreport's", "utf-8")
    (root / "runs" / "backup").mkdir()
    (root / "runs" / "backup" / "mine.txt").write_text("not lrreport's", "utf-8")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "mine.toml").write_text(MINE, "utf-8")
    return root


def keys_in(cache: Path) -> set[str]:
    return {path.name for path in (cache / "runs").iterdir() if path.name != "backup"}


def test_ls_names_every_run_and_who_asks_for_it(cache: Path, tmp_path: Path) -> None:
    """Runs of studies bear the studies' names, others what defines them; what is not ours is named as such."""
    listed = json.loads(lrreport("cache", "ls", "--json", "--cache", str(cache)).stdout)
    names = {run["name"]: (run["is_asked"], run["dataset"]) for run in listed["runs"] if run["state"] != "damaged"}
    assert names == {
        "momentum/0.9/seed-7": (True, "mnist"),
        "momentum/0.9/seed-1": (True, "fashion-mnist"),
        "sgd, momentum 0.95, seed 1": (False, "mnist"),
        "sgd, learning_rate 0.3, seed 2": (False, "mnist"),
    }
    assert {part["name"]: bool(part["about"]) for part in listed["parts"]} == {
        "lrreport-cache.json": True,
        "runs": True,
        "notes": False,
    }
    text = lrreport("cache", "ls", "--cache", str(cache), "--studies", str(tmp_path / "mine")).stdout
    assert "mine/0.95/seed-1" in text
    assert "momentum/0.9/seed-1 on fashion-mnist" in text
    assert "notes: 14 B, not ours; left alone" in text
    assert (
        text.index("momentum/0.9/seed-7") < text.index("asked for by no study file") < text.index("learning_rate 0.3")
    )


def test_an_empty_cache_is_no_error(tmp_path: Path) -> None:
    """A cache that is not there yet holds nothing, is sound, has nothing to delete, and is not made."""
    for command in ("ls", "verify", "gc"):
        done = lrreport("cache", command, "--cache", str(tmp_path / "none"))
        assert done.returncode == 0, done.stderr
    assert lrreport("cache", "gc", "--yes", "--cache", str(tmp_path / "none")).returncode == 0
    assert not (tmp_path / "none").exists()


def test_verify_names_every_damage(cache: Path) -> None:
    """A flipped bit in a state, a cut run.json: each is named, with exit code 6; a sound cache has exit code 0."""
    state = next((cache / "runs" / run_key(ASKED)).glob("state-*.npz"))
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 1
    entry = cache / "runs" / run_key(NOBODYS) / "run.json"
    (cache / "runs" / "backup" / "mine.txt").unlink()
    (cache / "runs" / "backup").rmdir()
    assert lrreport("cache", "verify", "--cache", str(cache)).returncode == 0
    state.write_bytes(content)
    entry.write_bytes(entry.read_bytes()[:-100])
    done = lrreport("cache", "verify", "--json", "--cache", str(cache))
    assert done.returncode == 6
    found = json.loads(done.stdout)
    assert found["sound_runs"] == 2
    assert {problem["path"] for problem in found["problems"]} == {str(state), str(entry)}
    assert "2 damaged items" in done.stderr
    assert "makes it again" in done.stderr


def test_gc_only_lists(cache: Path) -> None:
    """Without --yes nothing is deleted, and the text says how to."""
    before = keys_in(cache)
    done = lrreport("cache", "gc", "--cache", str(cache))
    assert "2 runs would go" in done.stdout
    assert "--yes deletes" in done.stdout
    assert keys_in(cache) == before


def test_gc_keeps_what_any_study_file_asks_for(cache: Path, tmp_path: Path) -> None:
    """Built-in studies and those of --studies keep their runs, whatever seed or dataset; so do strangers' folders."""
    done = lrreport("cache", "gc", "--yes", "--json", "--cache", str(cache), "--studies", str(tmp_path / "mine"))
    assert done.returncode == 0, done.stderr
    assert [run["key"] for run in json.loads(done.stdout)["runs"]] == [run_key(NOBODYS)]
    assert keys_in(cache) == {run_key(spec) for spec in (ASKED, ASKED_WITH_OPTION, MINE_ALONE)}
    assert lrreport("cache", "gc", "--yes", "--cache", str(cache)).returncode == 0
    assert keys_in(cache) == {run_key(spec) for spec in (ASKED, ASKED_WITH_OPTION)}
    assert (cache / "notes" / "mine.txt").is_file()
    assert (cache / "runs" / "backup" / "mine.txt").is_file()


def test_gc_stops_at_a_bad_study_file(cache: Path, tmp_path: Path) -> None:
    """Where one study file cannot be read nobody knows what it asks for: nothing is deleted."""
    before = keys_in(cache)
    (tmp_path / "mine" / "bad.toml").write_text("id = 7\n", "utf-8")
    done = lrreport("cache", "gc", "--yes", "--cache", str(cache), "--studies", str(tmp_path / "mine"))
    assert done.returncode == 2
    assert keys_in(cache) == before


def test_gc_waits_for_nobody_at_work(cache: Path) -> None:
    """While a build holds the cache nothing is deleted: exit code 8; listing goes on."""
    with hold_cache(cache, wait=False, tell=lambda _: None):
        assert lrreport("cache", "gc", "--yes", "--cache", str(cache)).returncode == 8
        assert lrreport("cache", "gc", "--cache", str(cache)).returncode == 0
    assert len(keys_in(cache)) == 4


def test_a_stranger_keeps_a_folder_but_not_the_run(cache: Path) -> None:
    """Of a run's folder only our own files go; a file that somebody put there stays, with its folder."""
    folder = cache / "runs" / run_key(NOBODYS)
    (folder / "why.txt").write_text("a note", "utf-8")
    assert lrreport("cache", "gc", "--yes", "--cache", str(cache)).returncode == 0
    assert [path.name for path in folder.iterdir()] == ["why.txt"]


def test_damage_that_a_study_asks_for_stays_for_the_build_to_name(cache: Path) -> None:
    """A damaged run of a study is kept, by its folder's name; a damaged run of nobody goes."""
    for spec in (ASKED, NOBODYS):
        (cache / "runs" / run_key(spec) / "run.json").write_text("{}", "utf-8")
    listed = json.loads(lrreport("cache", "ls", "--json", "--cache", str(cache)).stdout)["runs"]
    damaged = {run["key"]: run["is_asked"] for run in listed if run["state"] == "damaged"}
    assert damaged == {run_key(ASKED): True, run_key(NOBODYS): False, "backup": False}
    assert lrreport("cache", "gc", "--yes", "--cache", str(cache)).returncode == 0
    assert keys_in(cache) == {run_key(ASKED), run_key(ASKED_WITH_OPTION)}


def test_what_dead_processes_left_goes(cache: Path) -> None:
    """Temporary files of an hour ago go; a new one may belong to somebody who is writing it."""
    old, new = (cache / "runs" / run_key(ASKED) / f".run.json.{name}.tmp" for name in ("1-0123abcd", "2-0123abcd"))
    for path in (old, new):
        path.write_bytes(b"x" * 100)
    os.utime(old, (time.time() - 7200,) * 2)
    assert lrreport("cache", "gc", "--yes", "--cache", str(cache)).returncode == 0
    assert (old.exists(), new.exists()) == (False, True)


def test_max_size_takes_the_oldest_first(cache: Path) -> None:
    """With room to spare nothing goes; then the oldest run of nobody; what is made again goes last; studies' runs never."""
    (cache / "render").mkdir()
    (cache / "render" / "figure").write_bytes(b"x" * 5000)
    store = Store(cache)
    studies = [*load_built_in_studies(), *load_built_in_studies({"dataset": "fashion-mnist"})]
    runs = survey_runs(store, studies, Present(HERE, ENGINE_VERSION, lambda _: "digest"))
    folder = cache / "runs" / run_key(MINE_ALONE)
    for path in folder.iterdir():
        os.utime(path, (1_000_000_000,) * 2)
    runs = [dataclasses.replace(run, changed=1.0) if run.key == folder.name else run for run in runs]
    size = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
    one = next(run.size_bytes for run in runs if run.key == folder.name)

    def going(limit: int) -> tuple[list[str], list[str]]:
        found, others = choose_garbage(cache, runs, limit)
        return [run.key for run in found], [item.path.name for item in others]

    assert going(size) == ([], [])
    assert going(size - 1) == ([folder.name], [])
    assert going(size - one - 1) == ([folder.name, run_key(NOBODYS)], [])
    assert going(0) == ([folder.name, run_key(NOBODYS)], ["render"])


def test_max_size_that_cannot_be_kept_is_told(cache: Path) -> None:
    """What studies ask for is not deleted for want of space; a warning says that the cache is still larger."""
    done = lrreport("cache", "gc", "--yes", "--max-size", "1k", "--cache", str(cache))
    assert done.returncode == 0
    assert "warning: " in done.stderr
    assert "asked for" in done.stderr
    assert run_key(ASKED) in keys_in(cache)


@given(st.integers(0, 10**6), st.sampled_from(["", "k", "M", "G"]), st.sampled_from(["", "B", "iB"]))
def test_sizes_are_read_as_people_write_them(number: int, unit: str, suffix: str) -> None:
    """1000 for k, M and G; 1024 with an i; with or without B and a space."""
    power = ["", "k", "M", "G"].index(unit)
    factor = (1024 if suffix == "iB" else 1000) ** power
    assert parse_size(f"{number} {unit}{suffix}") == number * factor


@pytest.mark.parametrize("text", ["", "much", "-1", "1e9", "1 GB of it", "nan", "9" * 40])
def test_what_is_no_size_is_refused(text: str) -> None:
    """Anything else is a usage error that names what was found."""
    with pytest.raises(UsageError, match="no size"):
        parse_size(text)


def test_ls_says_what_a_build_would_train_again(cache: Path) -> None:
    """A run of another engine or of other data is sound, and of no use: its line says why."""
    runs: list[CachedRun] = survey_runs(
        Store(cache), load_built_in_studies(), Present(HERE, ENGINE_VERSION, lambda _: "other")
    )
    assert {run.note for run in runs if run.state == "complete"} == {"other-data"}


def test_merge_takes_what_is_missing_or_longer(tmp_path: Path, mnist: Dataset) -> None:
    """Runs that are not here, and trainings that went further; what is here stays, and the other cache is as it was."""
    ours, theirs = Store(tmp_path / "ours"), Store(tmp_path / "theirs")
    digest = pinned_digest("mnist")
    kinds = {name: RunSpec(momentum=0.1 * number) for number, name in enumerate(("new", "longer", "shorter", "same"))}

    def put(store: Store, name: str, epochs: int, **changes: object) -> None:
        entry = make_entry(epochs, spec=kinds[name])
        store.write(dataclasses.replace(entry, engine_version=ENGINE_VERSION, data_digest=digest, **changes))

    for name, here, there in (("new", 0, 3), ("longer", 3, 5), ("shorter", 5, 3), ("same", 3, 3)):
        for store, epochs in ((ours, here), (theirs, there)):
            if epochs:
                put(store, name, epochs)
    before = {path: path.read_bytes() for path in (tmp_path / "theirs").rglob("*") if path.is_file()}
    done = lrreport("cache", "merge", str(tmp_path / "theirs"), "--cache", str(tmp_path / "ours"), "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (sorted(told["taken"]), told["kept"]) == (sorted(run_key(kinds[name]) for name in ("new", "longer")), 2)
    assert told["refused"] == {}
    entries = {name: ours.read(spec) for name, spec in kinds.items()}
    assert {name: len(entry.history) for name, entry in entries.items() if isinstance(entry, Entry)} == {
        "new": 3, "longer": 5, "shorter": 5, "same": 3,
    }  # fmt: skip
    assert {path: path.read_bytes() for path in (tmp_path / "theirs").rglob("*") if path.is_file()} == before
    again = lrreport("cache", "merge", str(tmp_path / "theirs"), "--cache", str(tmp_path / "ours"))
    assert again.stdout.endswith(": 0 runs taken, 4 were here, 0 not taken\n")


def test_merge_leaves_what_no_build_would_use(tmp_path: Path) -> None:
    """Damage, another engine, other images, and weights that answer otherwise than the numbers say: each is named."""
    theirs = Store(tmp_path / "theirs")
    specs = [RunSpec(momentum=0.1 * number) for number in range(4)]
    good = {"engine_version": ENGINE_VERSION, "data_digest": pinned_digest("mnist")}
    for spec, changes in zip(specs, ({}, {"engine_version": 1}, {"data_digest": "0" * 64}, {}), strict=True):
        theirs.write(dataclasses.replace(make_entry(3, spec=spec), **{**good, **changes}))
    (tmp_path / "theirs" / "runs" / run_key(specs[0]) / "run.json").write_text("{", "utf-8")
    state = next((tmp_path / "theirs" / "runs" / run_key(specs[3])).glob("state-*.npz"))
    state.write_bytes(state.read_bytes()[:-1] + b"x")
    done = lrreport("cache", "merge", str(tmp_path / "theirs"), "--cache", str(tmp_path / "ours"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(": 0 runs taken, 0 were here, 4 not taken\n")
    for spec, problem in zip(specs, ("is not an entry", "engine version 1", "other images", "state"), strict=True):
        line = next(line for line in done.stderr.splitlines() if run_key(spec) in line)
        assert problem in line
    assert not list((tmp_path / "ours" / "runs").glob("*")) if (tmp_path / "ours" / "runs").exists() else True


def test_merge_of_nothing_and_of_itself(tmp_path: Path) -> None:
    """A folder that is no cache, and the cache itself, are refused."""
    Store(tmp_path / "ours").write(make_entry(3))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"mine")
    for other, says in (("none", "no such cache"), ("photos", "cache"), ("ours", "Both caches are one")):
        done = lrreport("cache", "merge", str(tmp_path / other), "--cache", str(tmp_path / "ours"))
        assert done.returncode == 6
        assert says in done.stderr
    assert (tmp_path / "photos" / "a.jpg").read_bytes() == b"mine"
