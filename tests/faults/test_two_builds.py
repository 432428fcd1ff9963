"""Two builds at once: the second says who holds the lock, or waits; a killed holder lets go."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

from tests.faults.world import ONE_PAGE, assert_whole, at_stage, copy_cache, read_until, run, started


def test_two_builds_at_once(place: Path, tmp_path: Path) -> None:
    """Exit code 8 names process, command and time, for one cache and for one output; --wait waits and finds it done."""
    copy_cache(place, tmp_path / "cache")
    copy_cache(place, tmp_path / "other-cache")
    render = ["render", *ONE_PAGE, "--out", "report", "--cache"]
    with started([*render, "cache"], tmp_path) as first:
        read_until(first, at_stage("pages"))
        first.send_signal(signal.SIGSTOP)
        for arguments, what in (
            ([*render, "cache"], "this output folder"),
            ([*render, "other-cache"], "this output folder"),
            (["render", *ONE_PAGE, "--out", "elsewhere", "--cache", "cache"], "this cache"),
        ):
            busy = run(arguments, tmp_path)
            assert busy.returncode == 8
            assert f"Another build is at work on {what}" in busy.stderr
            assert f"process {first.pid}, since 20" in busy.stderr
            assert "lrreport render --preview" in busy.stderr
            assert "--wait" in busy.stderr
        assert not (tmp_path / "elsewhere").exists()
        with started([*render, "cache", "--wait"], tmp_path) as waiting:
            event = read_until(waiting, lambda event: "waiting" in event.get("text", ""))
            assert f"process {first.pid}" in event["text"]
            first.send_signal(signal.SIGCONT)
            first.communicate(timeout=120)
            assert first.returncode == 0
            assert "nothing has changed" in waiting.communicate(timeout=120)[1]
            assert waiting.returncode == 0
    assert_whole(tmp_path / "report")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "other-cache", "report"]


def test_a_killed_build_lets_go(place: Path, tmp_path: Path) -> None:
    """A lock dies with its process: after kill -9 the next build works at once, and clears up behind the dead one."""
    copy_cache(place, tmp_path / "cache")
    render = ["render", *ONE_PAGE, "--out", "report", "--cache", "cache"]
    with started(render, tmp_path) as first:
        read_until(first, at_stage("pages"))
    assert (tmp_path / "report" / ".lrreport.lock").exists()
    assert run(render, tmp_path).returncode == 0
    assert_whole(tmp_path / "report")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "report"]


def test_builds_that_race(place: Path, tmp_path: Path) -> None:
    """Four builds that wait for each other on one cache and one output all end well, and the report is whole."""
    copy_cache(place, tmp_path / "cache", with_figures=True)
    command = ["render", *ONE_PAGE, "--out", "report", "--cache", "cache", "--wait"]
    with contextlib.ExitStack() as stack:
        builds = [stack.enter_context(started(command, tmp_path)) for _ in range(4)]
        told = [build.communicate(timeout=300)[1] for build in builds]
    assert [build.returncode for build in builds] == [0] * 4, told
    assert sum("nothing has changed" in text for text in told) == 3
    assert_whole(tmp_path / "report")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "report"]
