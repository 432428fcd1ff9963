"""Run the command line as users do: in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def lrreport(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `lrreport` with these arguments; additions to the environment by name."""
    return subprocess.run(
        [sys.executable, "-m", "lrreport", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, **environment},
        timeout=900,
    )


def preview_command(data_cache: Path) -> list[str]:
    """A build that takes a few seconds of training: four settings, two epochs, one seed."""
    data = str(data_cache / "data" / "mnist.npz")
    return ["build", "--preview", "--study", "momentum", "--epochs", "2", "--device", "cpu", "--out", "report",
            "--cache", "cache", "--data", data, "--progress", "plain"]  # fmt: skip
