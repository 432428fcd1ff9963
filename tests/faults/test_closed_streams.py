"""Nobody reads what a command writes: the work is done all the same, and no traceback is left behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.faults.world import ONE_PAGE, PROGRAM, assert_whole, copy_cache

WAYS = {
    "a pipe without a reader": "{ $LRREPORT $ARGUMENTS; echo $? >code; } | true",
    "a closed stdout": "$LRREPORT $ARGUMENTS >&-; echo $? >code",
    "both closed": "$LRREPORT $ARGUMENTS >&- 2>&-; echo $? >code",
    "both on a pipe without a reader": "{ $LRREPORT $ARGUMENTS; echo $? >code; } 2>&1 | true",
}


def in_shell(script: str, arguments: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LRREPORT": " ".join(PROGRAM), "ARGUMENTS": " ".join(arguments)}
    return subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=False, cwd=cwd, env=environment, timeout=300
    )


@pytest.mark.parametrize("way", WAYS)
def test_nobody_reads(way: str, place: Path, tmp_path: Path) -> None:
    """A render whose stdout, or stderr too, leads nowhere writes its report and ends with 0."""
    copy_cache(place, tmp_path / "cache", with_figures=True)
    render = ["render", *ONE_PAGE, "--out", "report", "--cache", "cache", "--json", "--progress", "plain"]
    done = in_shell(WAYS[way], render, tmp_path)
    assert (tmp_path / "code").read_text().strip() == "0", done.stderr
    assert_whole(tmp_path / "report")
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr
    # What was written for a stream that was closed must not land in a file that was opened under its number.
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.stat().st_size < 1_000_000 and path.name not in ("last-build.json", "manifest.json"):
            assert b"files written" not in path.read_bytes(), path
