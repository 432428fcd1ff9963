"""Dates and times that people read are those of the place where they live; what programs read bears its offset."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lrreport.last_build import LastBuild
from lrreport.system.locks import _HOLDER

TODAY = """
import sys
from lrreport.article.filters import date
from lrreport.editions.edition_stage import today
day = today(lambda: float(sys.argv[1]))
print(day, date(day, "th"), sep="|")
"""
TOLD = """
import sys
from lrreport.cache_survey import CachedRun
from lrreport.cli.caching import _describe_run
from lrreport.last_build import LastBuild
from lrreport.system.locks import _describe_us
run = CachedRun("key", "a run", "mnist", True, "complete", 3, "", 7, float(sys.argv[1]))
print(_describe_run(run))
print(run.document()["changed"])
print(LastBuild("build", (), "2026-12-04T19:30:00+00:00", "2026-12-04T19:40:00+00:00", 0, "done", 1).describe())
print(_describe_us(), end="")
"""


def at(text: str) -> float:
    return datetime.datetime.fromisoformat(text).timestamp()


def run(script: str, clock: str, zone: str | None, **environment: str) -> list[str]:
    """The lines that a Python process prints in that zone, its clock at that time."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("TZ", "SOURCE_DATE_EPOCH")}
    place = {} if zone is None else {"TZ": zone}
    command = [sys.executable, "-c", script, str(at(clock))]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**inherited, **place, **environment}, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("zone", "clock", "date"),
    [
        ("Asia/Bangkok", "2026-12-05T02:30:00+07:00", "2026-12-05|5 ธันวาคม 2569"),
        ("Asia/Bangkok", "2026-12-31T23:59:59+07:00", "2026-12-31|31 ธันวาคม 2569"),
        ("Asia/Bangkok", "2027-01-01T00:00:00+07:00", "2027-01-01|1 มกราคม 2570"),
        ("Asia/Bangkok", "2027-01-01T06:59:00+07:00", "2027-01-01|1 มกราคม 2570"),
        ("America/New_York", "2027-01-01T02:00:00+00:00", "2026-12-31|31 ธันวาคม 2569"),
        ("ICT-7", "2026-12-05T02:30:00+07:00", "2026-12-05|5 ธันวาคม 2569"),
        ("UTC", "2026-12-05T02:30:00+07:00", "2026-12-04|4 ธันวาคม 2569"),
        ("Nowhere/At all", "2026-12-05T02:30:00+07:00", "2026-12-04|4 ธันวาคม 2569"),
        ("", "2026-12-05T02:30:00+07:00", "2026-12-04|4 ธันวาคม 2569"),
        ("../../etc", "2026-12-05T02:30:00+07:00", "2026-12-04|4 ธันวาคม 2569"),
        ("Asia", "2026-12-05T02:30:00+07:00", "2026-12-04|4 ธันวาคม 2569"),
    ],
)
def test_an_edition_bears_the_local_date(zone: str, clock: str, date: str) -> None:
    """Made in the small hours of Bangkok, an edition bears Bangkok's date; a zone that is none is UTC."""
    assert run(TODAY, clock, zone) == [date]


def test_without_tz_the_system_says(tmp_path: Path) -> None:
    """Without TZ the date is the one that the system's own `date` tells."""
    clock = "2026-12-05T02:30:00+07:00"
    environment = {name: value for name, value in os.environ.items() if name != "TZ"}
    told = subprocess.run(
        ["date", "-d", f"@{at(clock):.0f}", "+%F"], capture_output=True, text=True, check=False, env=environment
    )
    if told.returncode:
        pytest.skip("this system's date does not take -d")
    assert run(TODAY, clock, None)[0].startswith(told.stdout.strip())


def test_a_machine_without_zones(tmp_path: Path) -> None:
    """Where the system has no files of zones the package tzdata serves; without both it is UTC, and no error."""
    nothing = {"TZDIR": str(tmp_path), "PYTHONTZPATH": ""}
    clock = "2026-12-05T02:30:00+07:00"
    blocked = "import sys; sys.modules['tzdata'] = None\n" + TODAY
    assert run(blocked, clock, "Asia/Bangkok", **nothing)[0].startswith("2026-12-04")
    pytest.importorskip("tzdata")
    assert run(TODAY, clock, "Asia/Bangkok", **nothing)[0].startswith("2026-12-05")


def test_source_date_epoch_is_utc() -> None:
    """SOURCE_DATE_EPOCH gives the same date everywhere, whatever the clock and the zone."""
    epoch = f"{at('2026-12-04T19:30:00+00:00'):.0f}"
    for zone in ("Asia/Bangkok", "America/New_York", None):
        assert run(TODAY, "2020-01-01T00:00:00+00:00", zone, SOURCE_DATE_EPOCH=epoch)[0].startswith("2026-12-04")


def test_people_are_told_local_times() -> None:
    """`cache ls`, the last build and a lock tell the time of Bangkok; data keep ISO 8601 with an offset."""
    listed, changed, last, holder = run(TOLD, "2026-12-05T02:30:00+07:00", "Asia/Bangkok")
    assert listed.split()[1] == "2026-12-05"
    assert changed == "2026-12-04T19:30:00+00:00"
    assert last == "`build` ended 2026-12-05 02:40:00+07:00 with exit code 0: done"
    since = holder.split("since ")[1].partition(": lrreport")[0]
    assert datetime.datetime.fromisoformat(since).utcoffset() == datetime.timedelta(hours=7)
    assert _HOLDER.fullmatch(holder.encode())
    assert _HOLDER.fullmatch(b"process 7, since 2026-01-01T00:00:00+00:00: lrreport build\n")


@pytest.mark.parametrize("text", ["", "yesterday", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "\ud800"])
def test_a_time_that_is_none_stays_as_it_is(text: str) -> None:
    """A record that somebody wrote by hand is told with his words."""
    told = " ".join(f"began {text} and".split())
    assert told in LastBuild("build", (), text, None, None, "", 2**22 + 1).describe()


@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed here")
@pytest.mark.parametrize(
    ("zone", "clock"), [("UTC", "2026-12-04 19:30:00"), ("Asia/Bangkok", "2026-12-05 02:30:00")], ids=["utc", "bangkok"]
)
def test_the_real_clock_is_asked(zone: str, clock: str) -> None:
    """Without an injected clock the process's own is asked, at the same moment in both places."""
    script = "from lrreport.editions.edition_stage import today; print(today())"
    command = ["faketime", "-f", f"@{clock}", sys.executable, "-c", script]
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**environment, "TZ": zone})
    assert done.stdout.strip() == clock[:10]
