"""From Python: a build with the command's options, and the numbers of a report as a table."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lrreport
from lrreport.analysis.tables import COLUMNS, CURVE_COLUMNS
from lrreport.errors import OutputError, UsageError
from lrreport.events import Event


def test_a_build_and_its_numbers(place: Path, data_cache: Path, tmp_path: Path) -> None:
    """The same options as on the command line give the same report; its numbers come as a table."""
    shutil.copytree(place / "cache", tmp_path / "cache")
    told: list[Event] = []
    outcome = lrreport.build(
        tmp_path / "report", report=told.append, preview=True, study=["momentum"], epochs=2, device="cpu", edition="en",
        format="html", cache=tmp_path / "cache", data=data_cache / "data" / "mnist.npz",
    )  # fmt: skip
    assert (outcome.training.trained, outcome.training.cached, outcome.seeds) == ((), 4, (1,))
    assert told
    table = lrreport.load_results(tmp_path / "report")
    assert tuple(table.columns) == COLUMNS
    assert len(table) == 4 * 2
    assert set(table["setting"]) == {"0", "0.5", "0.9", "0.99"}
    assert all(table[name].dtype == np.float32 for name in CURVE_COLUMNS)


@pytest.mark.parametrize(
    ("options", "got"),
    [
        ({"sedes": 3}, "--sedes"),
        ({"seeds": 0}, "seeds"),
        ({"edition": ["de"]}, "de"),
        ({"help": True}, "--help"),
        ({"grow": 1, "seeds": 2}, "--grow"),
    ],
)
def test_what_a_build_does_not_take(options: dict[str, object], got: str, tmp_path: Path) -> None:
    """Is a UsageError, before anything is done, and nothing is printed or ended."""
    with pytest.raises(UsageError) as caught:
        lrreport.build(tmp_path / "report", cache=tmp_path / "cache", **options)
    assert got in str(caught.value)
    assert not (tmp_path / "report").exists()


def test_no_report_has_no_numbers(tmp_path: Path) -> None:
    """A folder that holds none is named."""
    with pytest.raises(OutputError, match="no report of ours"):
        lrreport.load_results(tmp_path)


def test_the_package_is_light_and_typed() -> None:
    """Importing it loads nothing of what a build needs, and it says that it has types."""
    code = "import sys, lrreport; print(lrreport.__version__, {'pandas', 'typer', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split(maxsplit=1) == [lrreport.__version__, "set()\n"]
    assert (Path(lrreport.__file__).parent / "py.typed").exists()
    assert not hasattr(lrreport, "nothing")
