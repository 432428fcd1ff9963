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
