"""A clock that jumps back, in training and between two nights: nothing is measured or dated wrongly."""

from __future__ import annotations

import datetime
import json
import shutil
from pathlib import Path

from lrreport.checkpoints import Entry
from lrreport.store import Store
from tests.bits import bits
from tests.faults.world import CHOICE, ONE_PAGE, at_stage, copy_cache, read_until, run, started

FAKETIME = shutil.which("faketime")


def fake(clock: Path) -> dict[str, str]:
    """The environment in which a process takes its time of day from an offset in a file, as often as it asks.

    The monotonic clock is left alone: no jump of the time of day moves it.
    """
    assert FAKETIME is not None, "faketime is missing: `make test` installs it"
    library = next(Path("/usr/lib").rglob("libfaketimeMT.so.1"))
    return {"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"}  # fmt: skip


def test_the_clock_jumps_back_in_training(place: Path, tmp_path: Path) -> None:
    """Two days back while runs train: the same bits, no negative time, and the record of the build stands."""
    copy_cache(place, tmp_path / "cache")
    shutil.rmtree(tmp_path / "cache" / "runs")
    clock = tmp_path / "clock"
    clock.write_text("+0")
    train = ["train", *CHOICE, "--device", "cpu", "--cache", "cache"]
    with started(train, tmp_path, **fake(clock)) as process:
        read_until(process, at_stage("progress"))
        clock.write_text("-2d")
        told = process.communicate(timeout=300)[1]
    assert process.returncode == 0, told
    events = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    now = datetime.datetime.now(datetime.UTC).timestamp()
    assert min(event["time"] for event in events) < now - 86_400, "the clock must have jumped"
    assert all(event["elapsed_s"] >= 0 for event in events if event["event"] == "progress")
    before = {entry.key: entry for entry in Store(place / "cache").entries() if isinstance(entry, Entry)}
    after = {entry.key: entry for entry in Store(tmp_path / "cache").entries() if isinstance(entry, Entry)}
    assert {key: bits(entry) for key, entry in after.items()} == {key: bits(entry) for key, entry in before.items()}
    assert all(0 < entry.wall_s < 3600 and 0 < entry.group_epoch_s < 3600 for entry in after.values())
    assert json.loads((tmp_path / "cache" / "last-build.json").read_bytes())["exit_code"] == 0


def test_a_night_before_the_night_before(place: Path, tmp_path: Path) -> None:
    """With the clock a year behind, the same edition keeps its date; with it ahead, too; bytes and all."""
    copy_cache(place, tmp_path / "cache", with_figures=True)
    clock = tmp_path / "clock"
    render = ["render", *ONE_PAGE, "--out", "report", "--cache", "cache"]
    clock.write_text("+0")
    assert run(render, tmp_path, **fake(clock)).returncode == 0
    page = tmp_path / "report" / "en.html"
    sound = page.read_bytes()
    for offset in ("-365d", "+365d"):
        clock.write_text(offset)
        page.write_bytes(sound[:100])
        done = run(render, tmp_path, **fake(clock))
        assert done.returncode == 0, done.stderr
        assert page.read_bytes() == sound
