"""Files of the cache that were cut, flipped, emptied or deleted: each is named, made again, and counted."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lrreport.checkpoints import Entry
from lrreport.datasets import verify_dataset
from lrreport.store import Store
from tests.bits import bits
from tests.faults.world import CHOICE, ONE_PAGE, copy_cache, run

Harm = Callable[[Path], object]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 4
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


HARMS: list[Harm] = [cut, flip, empty, Path.unlink]


@pytest.mark.parametrize("name", ["run.json", "state-2-*.npz"])
def test_every_damage_is_named_and_made_again(name: str, place: Path, tmp_path: Path) -> None:
    """Four runs, damaged in four ways: each is named, the summary counts them, and the same bits come back."""
    cache = copy_cache(place, tmp_path / "cache")
    before = {entry.key: entry for entry in Store(place / "cache").entries() if isinstance(entry, Entry)}
    folders = sorted((cache / "runs").iterdir())
    assert len(folders) == len(HARMS)
    for folder, harm in zip(folders, HARMS, strict=True):
        (path,) = folder.glob(name)
        harm(path)

    plan = json.loads(run(["plan", *CHOICE, "--device", "cpu", "--cache", "cache", "--json"], tmp_path).stdout)
    assert [planned["reason"] for planned in plan["runs"]] == ["corrupt"] * 4

    done = run(["train", *CHOICE, "--device", "cpu", "--cache", "cache"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "4 runs trained (4 corrupt), 0 from the cache" in done.stderr.splitlines()[-1]
    warnings = [line for line in done.stderr.splitlines() if line.startswith("warning: damaged in the cache")]
    assert len(warnings) == 4
    for folder in folders:
        assert any(folder.name in line for line in warnings), folder.name
    after = {entry.key: entry for entry in Store(cache).entries() if isinstance(entry, Entry)}
    assert {key: bits(entry) for key, entry in after.items()} == {key: bits(entry) for key, entry in before.items()}


def test_damaged_inspections(place: Path, tmp_path: Path) -> None:
    """What is kept of four runs' weights, damaged in four ways: no run is trained again; it is looked at again, and is the same."""
    cache = copy_cache(place, tmp_path / "cache", with_figures=True)
    kept = sorted((cache / "runs").glob("*/inspection-2.json"))
    before = [path.read_bytes() for path in kept]
    render = ["render", *ONE_PAGE, "--cache", "cache", "--out", "report"]
    done = run(render, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "looking into" not in done.stderr
    for path, harm in zip(kept, HARMS, strict=True):
        harm(path)
    plan = json.loads(run(["plan", *CHOICE, "--cache", "cache", "--json"], tmp_path).stdout)
    assert all(planned["cached"] for planned in plan["runs"])
    done = run(render, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "looking into 4 trained networks" in done.stderr
    assert "nothing has changed" in done.stderr
    assert [path.read_bytes() for path in kept] == before


@pytest.mark.parametrize("harm", HARMS, ids=["cut", "flipped", "emptied", "deleted"])
def test_damaged_images(harm: Harm, place: Path, tmp_path: Path) -> None:
    """The kept copy of the images is named when it is damaged, and made again from what --data names."""
    kept = tmp_path / "cache" / "data" / "mnist.npz"
    kept.parent.mkdir(parents=True)
    kept.write_bytes((place / "cache" / "data" / "mnist.npz").read_bytes())
    harm(kept)
    named = str(place / "cache" / "data" / "mnist.npz")
    done = run(["data", "fetch", "--data", named, "--cache", "cache"], tmp_path)
    assert done.returncode == 0, done.stderr
    if harm is not Path.unlink:
        assert f"the kept copy of mnist ({kept}) is damaged" in done.stderr
    assert verify_dataset("mnist", tmp_path / "cache").is_intact


def test_kept_figures_and_pdfs(place: Path, tmp_path: Path) -> None:
    """Figures and PDFs that an earlier build kept, all damaged, in three ways: named, made again, the report the same."""
    cache = copy_cache(place, tmp_path / "cache")
    render = ["render", *CHOICE, "--edition", "en", "--cache", "cache", "-q", "--out"]
    calm = json.loads(run([*render, "calm", "--json"], tmp_path).stdout)
    kept = sorted((cache / "render").iterdir())
    assert len(kept) == calm["figures"]["drawn"] + calm["pdfs"]["laid_out"]
    for path, harm in zip(kept, itertools.cycle([Path.unlink, cut, empty])):
        harm(path)
    damaged = [path for path in kept if path.exists()]
    done = run([*render, "report", "--json"], tmp_path)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["figures"]["kept"], summary["pdfs"]["kept"]) == (0, 0)
    assert summary["figures"]["drawn"] == calm["figures"]["drawn"]
    assert summary["pdfs"]["laid_out"] == calm["pdfs"]["laid_out"] == 2
    (told,) = [line for line in done.stderr.splitlines() if "made again" in line]
    assert any(str(path) in told for path in damaged)
    assert f"and {len(damaged) - 1} more" in told, "what was deleted is not damaged"
    for name in ("en.html", "lrreport-en.pdf", "lrreport-onepage-en.pdf", "figures/momentum.en.svg"):
        assert (tmp_path / "report" / name).read_bytes() == (tmp_path / "calm" / name).read_bytes()


def test_other_files_of_the_cache(place: Path, tmp_path: Path) -> None:
    """A damaged lock file or record of the last build stops nothing, and is made again."""
    cache = copy_cache(place, tmp_path / "cache")
    for name in ("lock", "last-build.json"):
        (cache / name).write_bytes(b"\xff\x00[[[")
    done = run(["train", *CHOICE, "--device", "cpu", "--cache", "cache"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((cache / "last-build.json").read_bytes())["exit_code"] == 0
    assert (cache / "lock").read_bytes() == b"\xff\x00[[[", "what is no lock of ours is locked, and left as it is"


def test_what_a_killed_build_was_writing_goes(place: Path, tmp_path: Path) -> None:
    """Temporary files at the top of the cache, among kept figures and images are gone after the next command, whatever it finds to do."""
    cache = copy_cache(place, tmp_path / "cache")
    (cache / "render").mkdir(exist_ok=True)
    nobody = "4194305-0123abcd.tmp"  # one more than the largest process number of Linux
    left = [
        cache / f".last-build.json.{nobody}",
        cache / "render" / f".{'0' * 64}.{nobody}",
        cache / "data" / f".mnist.npz.{nobody}",
    ]
    alive = cache / "data" / f".mnist.npz.{os.getpid()}-0123abcd.tmp"
    for path in (*left, alive):
        path.write_bytes(b"half of some")
    done = run(["train", *CHOICE, "--device", "cpu", "--cache", "cache", "-q"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert not [path for path in left if path.exists()]
    assert alive.exists(), "somebody may be fetching images"
