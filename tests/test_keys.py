"""A run's key is a function of everything that shapes the run, and of nothing else."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrreport.keys import canonical, run_key
from lrreport.spec import PlateauSpec, RunSpec
from lrreport.study_files import load_built_in_studies

GOLDEN = Path(__file__).parent / "golden" / "run_keys.json"

OTHER_VALUES = {
    "dataset": "fashion-mnist",
    "hidden_units": (50, 50),
    "optimizer": "adam",
    "learning_rate": 0.02,
    "momentum": 0.5,
    "decay": 0.1,
    "batch_size": 64,
    "plateau": PlateauSpec(),
    "seed": 2,
}


def test_keys_of_the_built_in_runs_are_pinned() -> None:
    """A changed key would lose every cache; LRREPORT_UPDATE_GOLDEN=1 rewrites the table on purpose."""
    keys = {
        f"{study.id}/{item.text}": run_key(item.spec) for study in load_built_in_studies() for item in study.settings
    }
    if os.environ.get("LRREPORT_UPDATE_GOLDEN"):
        GOLDEN.write_text(json.dumps(keys, indent=1) + "\n", "utf-8")
    assert keys == json.loads(GOLDEN.read_text("utf-8"))


@pytest.mark.parametrize("field", [item.name for item in dataclasses.fields(RunSpec)])
def test_every_field_counts(field: str) -> None:
    """Changing any one field of a spec changes its key."""
    if field == "nesterov":
        base, changed = RunSpec(momentum=0.9), RunSpec(momentum=0.9, nesterov=True)
    else:
        base = RunSpec(learning_rate=0.01)
        changed = dataclasses.replace(base, **{field: OTHER_VALUES[field]})
    assert run_key(base) != run_key(changed)


@pytest.mark.parametrize("field", [item.name for item in dataclasses.fields(PlateauSpec)])
def test_every_field_of_the_plateau_counts(field: str) -> None:
    """The same holds inside the plateau's settings."""
    other = {"patience": 3, "factor": 0.5, "min_delta": 1e-3}[field]
    changed = dataclasses.replace(PlateauSpec(), **{field: other})
    assert run_key(RunSpec(plateau=PlateauSpec())) != run_key(RunSpec(plateau=changed))


@given(st.floats(min_value=1e-30, max_value=1e30))
def test_equal_rates_are_equal_runs(rate: float) -> None:
    """A key depends on the number, not on how it was written."""
    assert run_key(RunSpec(learning_rate=rate)) == run_key(RunSpec(learning_rate=float(repr(rate))))


def test_whole_numbers_and_signs_of_zero_do_not_matter() -> None:
    """1 and 1.0, 0.0 and -0.0 are the same value and the same run."""
    assert run_key(RunSpec(learning_rate=1)) == run_key(RunSpec(learning_rate=1.0))
    assert run_key(RunSpec(momentum=0.0)) == run_key(RunSpec(momentum=-0.0))


def test_what_has_no_canonical_form_is_refused() -> None:
    """NaN and strange objects never reach a digest."""
    with pytest.raises(ValueError, match="may not hold"):
        canonical(float("nan"))
    with pytest.raises(TypeError, match="no canonical form"):
        canonical({"a": 1})
