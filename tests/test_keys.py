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
from lrreport.spec import PlateauSpec, RunSpec, describe_spec
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
    "shuffle": "once",
}
#: What the first caches knew of a run; a field that came later is no part of a key while it has its default.
FIRST_FIELDS = {
    "dataset",
    "hidden_units",
    "optimizer",
    "learning_rate",
    "momentum",
    "nesterov",
    "decay",
    "batch_size",
    "plateau",
    "seed",
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


def test_a_field_that_came_later_counts_only_where_it_is_used() -> None:
    """Runs of before keep their keys and their documents; whoever sets the new field has another run."""
    usual, once = RunSpec(), RunSpec(shuffle="once")
    assert set(canonical(usual)) == set(describe_spec(usual)) == FIRST_FIELDS
    assert run_key(usual) == run_key(RunSpec(shuffle="every-epoch")) == run_key(RunSpec(**describe_spec(usual)))
    assert set(canonical(once)) == set(describe_spec(once)) == FIRST_FIELDS | {"shuffle"}
    assert canonical(once)["shuffle"] == describe_spec(once)["shuffle"] == "once"
    assert {key: value for key, value in canonical(once).items() if key != "shuffle"} == canonical(usual)


def test_the_orders_of_images_share_the_runs_that_there_were() -> None:
    """A new order in every epoch is what every run has: those settings are runs of the older studies."""
    studies = {study.id: study for study in load_built_in_studies()}
    rates, momenta = studies["learning-rate"], studies["momentum"]
    for rate in ("1", "0.1", "0.01"):
        shuffled = studies["image-order"].setting(f"learning_rate={rate} shuffle=every-epoch")
        assert run_key(shuffled.spec) == run_key(rates.setting(rate).spec)
    shuffled = studies["image-order-momentum"].setting("every-epoch")
    assert run_key(shuffled.spec) == run_key(momenta.setting("0.99").spec)


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
