"""A kill before any single change of the file system leaves the old or the new, whole, and nothing for ever."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


def kill_everywhere(kind: str, folder: Path) -> list[dict]:
    command = [sys.executable, "-m", "tests.faults.kill_points", kind, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    points = [json.loads(line) for line in done.stdout.splitlines()]
    assert [point["killed"] for point in points] == [True] * (len(points) - 1) + [False]
    return points


def test_publishing_killed_anywhere(tmp_path: Path) -> None:
    """Readers find the old report or the new one at any moment; notes stay; the next publishing leaves no litter."""
    points = kill_everywhere("exchange", tmp_path / "place")
    assert len(points) > 20
    assert {point["found"]["at once"] for point in points} == {"old", "new"}
    for point in points:
        found = point["found"]
        assert found["recovered"] == found["at once"], point
        assert (found["next"], found["left"]) == ("newest", ["reports"]), point
    assert any("dlsym" in point["before"] for point in points)


def test_two_renames_killed_anywhere(tmp_path: Path) -> None:
    """Where folders cannot be exchanged, a kill between the two renames leaves none; the next command finishes them."""
    points = kill_everywhere("two-renames", tmp_path / "place")
    assert {point["found"]["at once"] for point in points} == {"old", "none", "new"}
    for point in points:
        found = point["found"]
        assert found["recovered"] in ("old", "new"), point
        assert (found["next"], found["left"]) == ("newest", ["reports"]), point


@pytest.mark.parametrize(("kind", "before"), [("first-store", None), ("store", 3)])
def test_cache_write_killed_anywhere(kind: str, before: int | None, tmp_path: Path) -> None:
    """The cache has nothing or the older or the newer training of a run, whole; the next write leaves no litter."""
    points = kill_everywhere(kind, tmp_path / "cache")
    assert {point["found"]["at once"] for point in points} == {before, 5}
    for point in points:
        assert (point["found"]["next"], point["found"]["left"]) == (7, ["run.json", "state-7.npz"]), point


@pytest.mark.parametrize("content", [b"", b"{", b'{"token": "../../etc"}', b'{"token": 7}', b"[" * 100_000])
def test_a_stranger_s_journal(content: bytes, tmp_path: Path) -> None:
    """A journal that says nonsense leads nowhere: the older report is found by its name, and comes back."""
    from lrreport.publishing.publish import publish
    from lrreport.publishing.swap import recover
    from tests.faults.kill_points import OLD, SETTINGS

    out = tmp_path / "reports"
    publish(out, OLD, SETTINGS)
    out.rename(tmp_path / ".reports.old-0123456789abcdef")
    (tmp_path / ".reports.journal").write_bytes(content)
    assert "the older report is back" in (recover(out) or "")
    assert (out / "index.html").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["reports"]
