"""A kill before any single change of the file system leaves the old or the new, whole, and nothing for ever."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from lrreport.publishing.change import recover
from lrreport.publishing.manifest import is_intact, read_manifest
from tests.faults.kill_points import OLD, SETTINGS
from tests.publishing import publish_into


def kill_everywhere(kind: str, folder: Path) -> list[dict]:
    command = [sys.executable, "-m", "tests.faults.kill_points", kind, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    points = [json.loads(line) for line in done.stdout.splitlines()]
    assert [point["killed"] for point in points] == [True] * (len(points) - 1) + [False]
    return points


def test_publishing_killed_anywhere(tmp_path: Path) -> None:
    """At any moment every file is whole, old or new; the next command completes what was begun; notes stay; no litter.

    Before the journal is there the old report is whole, and stays. Afterwards the new one comes.
    """
    points = kill_everywhere("publish", tmp_path / "place")
    assert len(points) > 40
    assert {point["found"]["at once"] for point in points} == {"old", "both", "new"}
    for point in points:
        found = point["found"]
        if found["has journal"]:
            assert found["recovered"] == "new", point
        else:
            assert found["at once"] in ("old", "new"), point
            assert found["recovered"] == found["at once"], point
        assert found["next"] == "newest", point
        assert not [name for name in found["left"] if ".lrreport" in name or ".tmp" in name], point


def test_first_publishing_killed_anywhere(tmp_path: Path) -> None:
    """A report that is the first in its folder: whenever its build is killed, the next one knows the folder for ours."""
    points = [point["found"] for point in kill_everywhere("first-publish", tmp_path / "place")]
    assert {(found["has journal"], found["has manifest"]) for found in points} == {
        (False, False), (True, False), (True, True), (False, True),
    }  # fmt: skip
    for found in points:
        assert found["next"] == "newest", found
        assert not [name for name in found["left"] if ".lrreport" in name or ".tmp" in name], found


#: How many epochs a run has, and after which of them it is known what its weights show: before, and afterwards.
STORED = {
    "first-store": (None, [5]),
    "store": ([3, 3], [5, 3]),
    "store-anew": ([3, 3], [5]),
    "inspect": ([3], [3, 3]),
}


@pytest.mark.parametrize("kind", STORED)
def test_cache_write_killed_anywhere(kind: str, tmp_path: Path) -> None:
    """The cache has nothing or the older or the newer training of a run, whole; the next write leaves no litter.

    What the older one's weights show stays, whole, for as long as a training goes on from them, and no longer.
    """
    points = kill_everywhere(kind, tmp_path / "cache")
    before, after = STORED[kind]
    at_once = [point["found"]["at once"] for point in points]
    assert at_once[0] == before
    assert at_once[-1] == after
    assert all(found in (before, after) for found in at_once), at_once
    assert points[-1]["found"]["next"][1:] == after[1:]
    for point in points:
        found = point["found"]
        epochs, *seen = found["next"]
        assert epochs == (3 if kind == "inspect" else 7), point
        assert set(seen) >= {*(found["at once"] or ())[1:]}, point
        inspections = [f"inspection-{each}.json" for each in seen]
        assert found["left"] == [*inspections, "run.json", f"state-{epochs}.npz"], "no file that nobody reads"


STRANGE = [
    b"", b"{", b"[" * 100_000, b'{"schema": 1, "files": []}',
    b'{"schema": 1, "files": [{"path": "../../x", "staged": "000000-%s", "size": 4}]}' % (b"0" * 64),
    b'{"schema": 1, "files": [{"path": "manifest.json", "staged": "../../outside", "size": 4}]}',
    b'{"schema": 1, "files": [{"path": "manifest.json", "staged": "000000-%s", "size": 4}]}' % (b"0" * 64),
    b'{"schema": 1, "files": [{"path": "manifest.json", "staged": "000000-%s", "size": true}]}' % (b"0" * 64),
]  # fmt: skip


@pytest.mark.parametrize("content", STRANGE)
def test_a_stranger_s_journal(content: bytes, tmp_path: Path) -> None:
    """A journal that says nonsense, or names files that are not there, changes nothing and does not stay."""
    out = tmp_path / "reports"
    publish_into(out, OLD, SETTINGS)
    (tmp_path / "outside").write_bytes(b"mine")
    (out / ".lrreport").mkdir()
    (out / ".lrreport" / "journal.json").write_bytes(content)
    (out / ".lrreport" / f"000000-{'0' * 64}").write_bytes(b"evil")
    recover(out)
    assert report_is(out, OLD)
    publish_into(out, OLD, SETTINGS)
    assert report_is(out, OLD)
    assert not (out / ".lrreport").exists()
    assert (tmp_path / "outside").read_bytes() == b"mine"


def report_is(out: Path, files: dict[str, bytes]) -> bool:
    manifest = read_manifest(out)
    assert manifest is not None
    return is_intact(out, manifest) and all((out / name).read_bytes() == content for name, content in files.items())


def test_a_journal_that_names_one_file_twice(tmp_path: Path) -> None:
    """A change in which two paths share one staged file is none of ours: the older report stays whole."""
    out = tmp_path / "reports"
    publish_into(out, OLD, SETTINGS)
    page = hashlib.sha256(b"page").hexdigest()
    listed = [{"path": path, "size": 4, "sha256": page} for path in ("en.html", "gone.html")]
    manifest = json.dumps({"generator": "lrreport", "schema": 1, "files": listed}).encode()
    last = f"000001-{hashlib.sha256(manifest).hexdigest()}"
    files = [{"path": path, "staged": f"000000-{page}", "size": 4} for path in ("en.html", "gone.html")]
    files.append({"path": "manifest.json", "staged": last, "size": len(manifest)})
    (out / ".lrreport").mkdir()
    (out / ".lrreport" / f"000000-{page}").write_bytes(b"page")
    (out / ".lrreport" / last).write_bytes(manifest)
    (out / ".lrreport" / "journal.json").write_text(json.dumps({"schema": 1, "files": files}))
    assert recover(out) is None
    assert report_is(out, OLD)
