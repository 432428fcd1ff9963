"""Signals while a report is written: the older report stays, no process is left, one line says how to go on.

Signals in training are tried in `tests/test_interruption.py`.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
import uuid
from pathlib import Path

import pytest

from tests.faults.world import (
    CHOICE,
    ONE_PAGE,
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


#: How many signals the test below sends; 200 by hand: `LRREPORT_SIGNALS=200 make test`.
SIGNALS = int(os.environ.get("LRREPORT_SIGNALS", "8"))
#: Until so long after its start a process may not have come to its first line.
INTERPRETER_S = 0.5


def test_signals_at_any_moment(place: Path, tmp_path: Path) -> None:
    """Whatever the moment: 130 or 143 and the older report, or done and the new one, and the record says the same."""
    copy_cache(place, tmp_path / "cache")
    render = ["render", *ONE_PAGE, "--out", "report", "--cache", "cache", "--adopt"]
    began = time.monotonic()
    assert run([*render, "--byline", "first"], tmp_path).returncode == 0
    calm_s = time.monotonic() - began
    source = random.Random(7)
    codes: list[int] = []
    for number in range(SIGNALS):
        what = source.choice([signal.SIGINT, signal.SIGTERM])
        delay_s = source.uniform(0, calm_s * 1.1)
        mark = uuid.uuid4().hex
        before = (tmp_path / "report" / "manifest.json").read_bytes()
        with started([*render, "--byline", f"number {number}"], tmp_path, MARK=mark) as process:
            time.sleep(delay_s)
            process.send_signal(what)
            said = process.communicate(timeout=60)[1]
        code = process.returncode
        codes.append(code)
        assert_whole(tmp_path / "report")
        assert "Traceback" not in said, said
        assert wait_until_gone(mark, 5) == []
        is_new = (tmp_path / "report" / "manifest.json").read_bytes() != before
        if code == -what:
            assert delay_s < INTERPRETER_S
            continue
        assert code == (0 if is_new else 128 + what), (number, what, delay_s, said)
        last = json.loads((tmp_path / "cache" / "last-build.json").read_bytes())
        if f"number {number}" in last["arguments"] or is_new:
            assert last["exit_code"] == code
    assert any(codes), codes
