"""Files of strangers: a value or one of our errors, in time, within 1 GiB; never a traceback.

LRREPORT_FUZZ says how many inputs a target gets; `make fuzz` gives each 10,000.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.fuzz.targets import TARGETS

INPUTS = int(os.environ.get("LRREPORT_FUZZ", "200"))


@pytest.mark.parametrize("target", TARGETS)
def test_strangers(target: str) -> None:
    """Each target takes as many inputs as asked for, and the process that reads them ends well."""
    command = [sys.executable, "-m", "tests.fuzz.run", target, str(INPUTS)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=3600)
    assert done.returncode == 0, done.stderr[-3000:]
    tried = re.search(r": ([\d,]+) inputs", done.stdout)
    assert tried is not None
    assert int(tried[1].replace(",", "")) >= INPUTS * 0.9
