"""The reference and the commands say the same."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import typer

from lrreport.analysis.tables import COLUMNS, NETWORK_COLUMNS, SETTING_COLUMNS, make_measured_files
from lrreport.analysis.verdicts import Whose
from lrreport.cache.folder import RUN_FILE
from lrreport.cli import app
from lrreport.errors import LrreportError
from lrreport.figures import DRAWINGS
from lrreport.inspection_files import inspection_name
from lrreport.outcome_text import build_document
from lrreport.pipeline import BuildOutcome
from lrreport.request import DEFAULT_MAX_SEEDS, DEFAULT_SEEDS
from lrreport.spec import _RESERVED_IDS, DATASET_NAMES, OPTIMIZERS, SHUFFLES, RunSpec
from lrreport.study_files import _KEYS, load_built_in_studies
from lrreport.training_stage import TrainingOutcome
from tests import made_up

REFERENCE = (Path(__file__).parent.parent / "docs" / "reference.md").read_text("utf-8")


def commands() -> dict[str, object]:
    group = typer.main.get_command(app)
    found: dict[str, object] = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found.update({f"{name} {inner}": item for inner, item in command.commands.items()})
        else:
            found[name] = command
    return found


def rows_of_options() -> dict[str, str]:
    """Option -> the commands that the reference gives it."""
    table = REFERENCE.split("### Options")[1].split("### Exit codes")[0]
    rows = re.findall(r"^\| (`--.*?) \| (.*?) \|", table, re.MULTILINE)
    return {name: listed for cell, listed in rows for name in re.findall(r"--[a-z-]+", cell)[:1]}


@pytest.mark.parametrize("name", commands())
def test_every_command_is_documented(name: str) -> None:
    """Each command stands in the reference's table."""
    assert f"`lrreport {name}" in REFERENCE or f"`{name}`" in REFERENCE


@pytest.mark.parametrize("name", commands())
def test_every_option_is_documented_for_its_command(name: str) -> None:
    """Each option of each command stands in the table, with that command among those that take it; and no other."""
    group, documented = name.split(" ", maxsplit=1)[0], rows_of_options()
    taken = {option for item in commands()[name].params for option in item.opts if option.startswith("--")} - {"--help"}
    for option, listed in documented.items():
        everyone = listed.startswith("all but ")
        named = {item.strip() for item in listed.removeprefix("all but ").split(",")}
        says = (name in named or group in named) != everyone
        assert says == (option in taken), f"{option} of {name}: the reference says '{listed}'"
    assert taken <= documented.keys()


def test_every_exit_code_is_documented() -> None:
    """Each error class's code stands in the table."""
    classes = [LrreportError]
    for item in classes:
        classes += item.__subclasses__()
    for code in {item.exit_code for item in classes}:
        assert re.search(rf"^\| {code} \| ", REFERENCE, re.MULTILINE), code


def section(start: str, end: str) -> str:
    return REFERENCE.split(start)[1].split(end)[0]


def test_every_key_of_a_study_file_is_documented() -> None:
    """The table has just the keys that a study file may have, and the words that each of them may be."""
    table = section("## A study file", "Several keys under")
    rows = dict(re.findall(r"^\| `([a-z_.]+)` \| (.*) \|$", table, re.MULTILINE))
    assert rows.keys() == _KEYS.keys()
    for key, words in (("optimizer", OPTIMIZERS), ("dataset", DATASET_NAMES), ("shuffle", SHUFFLES)):
        values, default = rows[key].split(" | ")
        assert re.findall(r"`([a-z-]+)`", values) == [*words]
        assert default == f"`{getattr(RunSpec(), key)}`"


def test_reserved_ids_are_documented() -> None:
    """Just those names are refused as a study's id that the reference lists; every figure of ours is among them."""
    listed = re.findall(r"`([a-z-]+)`", section("Names of figures are reserved:", "Settings with"))
    assert sorted(listed) == sorted(_RESERVED_IDS)
    assert {drawing.name for drawing in DRAWINGS} <= set(listed)


def test_every_data_file_and_its_columns_are_documented() -> None:
    """Each data file stands in the table of the output folder; the columns are written out in their order."""
    table = section("## The output folder", "Every page is self-contained")
    files = make_measured_files(made_up.results(load_built_in_studies({"epochs": 1}), seeds=(1,)), [])
    assert set(re.findall(r"^\| `(data/[a-z.]+)` \|", table, re.MULTILINE)) == {*files, "data/edition.json"}
    for columns in (COLUMNS, SETTING_COLUMNS, NETWORK_COLUMNS):
        assert f"`{','.join(columns)}`" in REFERENCE
    for name in np.load(io.BytesIO(files["data/networks.npz"])):
        assert f"`{name}`" in section("`networks.npz` has", "than ten units")
    for whose in get_args(Whose):
        assert f"`{whose}`" in table


def test_what_a_build_tells_as_data_is_documented() -> None:
    """Each name of the JSON summary stands in the reference, with the reasons to write."""
    told = section("With `--json` it stands on stdout as data:", "### How the last build ended")
    outcome = BuildOutcome(Path(), TrainingOutcome((), 0, 0), (1,), True, (), 0, 0, 0, 0, 0, 0, ())
    named = re.findall(r"`([a-z_-]+)`", told)
    document = build_document(outcome)
    assert document.keys() <= set(named)
    assert {name for value in document.values() if isinstance(value, dict) for name in value} <= set(named)


def test_defaults_are_documented() -> None:
    """The numbers in brackets are those that the program has."""
    assert f"| seeds 1 to N ({DEFAULT_SEEDS}) |" in REFERENCE
    assert f"| where `--grow` stops ({DEFAULT_MAX_SEEDS}) |" in REFERENCE


def test_what_stands_in_a_runs_folder_is_documented() -> None:
    """A look into the weights has the name that the reference gives it, among those that the cache knows as its own."""
    assert "`runs/KEY/inspection-EPOCH.json`" in section("## Cache and resuming", "### Figures and PDFs")
    assert RUN_FILE.fullmatch("inspection-EPOCH.json".replace("EPOCH", "50"))
    assert inspection_name(50) == "inspection-50.json"
