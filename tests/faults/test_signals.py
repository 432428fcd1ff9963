"""Signals while a report is written: the older report stays, no process is left, one line says how to go on.

Signals in training are tried in `tests/test_interruption.py`.
"""

from __future__ import annotations

import signal
import uuid
from pathlib import Path

import pytest

from tests.faults.world import (
    CHOICE,
    assert_whole,
    copy_cache,
    processes_marked,
    read_until,
    run,
    started,
    wait_until_gone,
)


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)]
)
def test_signals_while_pages_are_made(number: signal.Signals, exit_code: int, place: Path, tmp_path: Path) -> None:
    """SIGTERM ends with 143, SIGINT with 130, soon; kill -9 takes the workers along; then the report is made."""
    copy_cache(place, tmp_path / "cache")
    render = ["render", *CHOICE, "--out", "report", "--cache", "cache"]
    mark = uuid.uuid4().hex
    with started(render, tmp_path, MARK=mark) as process:
        # A worker tells of its first figure: it is at work, and would go on.
        read_until(process, lambda event: "is drawn" in event.get("text", ""))
        assert len(processes_marked(mark)) >= 3, "the two languages have a process each"
        process.send_signal(number)
        told = process.communicate(timeout=120)[1]
        assert process.returncode == exit_code
        assert "pdf is made" not in told, "nobody waits for pages that are not wanted any more"
        if number != signal.SIGKILL:
            assert "fix: run the same command again" in told
            assert "Traceback" not in told
    # Sooner than the workers would have come to their ends by themselves.
    assert wait_until_gone(mark, 3) == []
    assert not (tmp_path / "report" / "manifest.json").exists()
    assert (tmp_path / "report").exists() == (number == signal.SIGKILL), "an empty folder that was made goes again"
    done = run([*render, "--edition", "en", "--format", "html"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert_whole(tmp_path / "report")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "report"]
