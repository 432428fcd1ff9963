"""Caches of earlier versions stay good: a field that a spec has gained since then changes no key."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from lrreport.checkpoints import Entry
from lrreport.keys import run_key
from lrreport.spec import RunSpec
from lrreport.store import Store

#: Written by the version that knew neither `shuffle` nor inspections: two trainings of one epoch.
BEFORE = Path(__file__).parent / "fixtures" / "cache-of-before"
SPECS = {
    "0ba3c71655b050e50f62": RunSpec(hidden_units=(2,)),
    "17efb61bc9149f782603": RunSpec(hidden_units=(2,), optimizer="adam"),
}


@pytest.fixture
def keys() -> list[str]:
    return sorted(path.name for path in (BEFORE / "runs").iterdir())


def test_every_entry_of_before_is_a_hit(keys: list[str]) -> None:
    """Each run is found under the key that it was written under, with its curves and its weights."""
    store = Store(BEFORE)
    assert keys == sorted(SPECS)
    for key, spec in SPECS.items():
        assert run_key(spec) == key
        entry = store.read(spec)
        assert isinstance(entry, Entry), entry
        assert entry.spec.shuffle == "every-epoch"
        assert entry.checkpoint is not None
        assert entry.checkpoint.arrays["weight/0/kernel"].shape == (784, 2)
    assert len(list(store.entries())) == len(SPECS)


def test_a_new_field_counts_where_it_is_used() -> None:
    """A run with one order of images has a key of its own, and its document says so; the default stands nowhere."""
    spec = RunSpec(hidden_units=(2,))
    assert run_key(replace(spec, shuffle="once")) != run_key(spec)
    for path in (BEFORE / "runs").glob("*/run.json"):
        assert "shuffle" not in json.loads(path.read_text())["run"]["spec"]
