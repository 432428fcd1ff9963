"""The command line as users meet it: help, plan, errors, exit codes, and what it never loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lrreport.store import Store
from lrreport.study_files import load_built_in_studies
from tests.commands import lrreport
from tests.test_store import make_entry

#: Runs the command in a fresh interpreter and prints, last, which heavy modules it loaded.
PROBE = """
import sys
from lrreport.cli import main
sys.argv = ["lrreport", *{arguments!r}]
try:
    main()
except SystemExit as end:
    code = end.code or 0
heavy = sorted({{"tensorflow", "keras", "pandas", "matplotlib", "weasyprint", "jinja2"}} & set(sys.modules))
print("LOADED", code, ",".join(heavy))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["plan"],
        ["plan", "--grow", "1"],
        ["studies"],
        ["build", "--help"],
        ["data", "where"],
        ["cache", "ls"],
        ["cache", "gc"],
        ["cache", "verify"],
        ["diff", "nowhere", "nowhere"],
        ["--version"],
    ],
)
def test_light_commands_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    """Help, plan and studies never load TensorFlow, pandas, matplotlib, WeasyPrint or Jinja2."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LRREPORT_CACHE": str(tmp_path)},
    )
    last = done.stdout.splitlines()[-1].split(" ")
    assert last[0] == "LOADED"
    assert last[2] == ""


@pytest.mark.parametrize("command", ["build", "train", "render", "plan", "studies", "doctor"])
def test_every_command_has_help_with_exit_codes(command: str) -> None:
    """Help says what a command does and how it can end."""
    done = lrreport(command, "--help")
    assert done.returncode == 0
    assert "Exit codes" in done.stdout


def test_plan_of_an_empty_cache(tmp_path: Path) -> None:
    """78 runs are absent; nothing is trained, no data is needed, nothing is written."""
    done = lrreport("plan", "--json", "--cache", str(tmp_path / "cache"))
    plan = json.loads(done.stdout)
    assert done.returncode == 0
    assert len(plan["runs"]) == 78
    assert {run["reason"] for run in plan["runs"]} == {"absent"}
    assert plan["estimate_s"] is None
    assert not (tmp_path / "cache").exists()


def test_adding_a_study_plans_only_what_is_new(tmp_path: Path) -> None:
    """With the built-in studies cached, a study file of two settings, one of them known, leaves one run to train."""
    store = Store(tmp_path / "cache")
    for study in load_built_in_studies():
        for setting in study.settings:
            store.write(make_entry(50, spec=setting.spec))
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.toml").write_text(
        'id = "mine"\n[title]\nth = "ของฉัน"\nen = "Mine"\n[vary]\nmomentum = [0.9, 0.95]\n', "utf-8"
    )
    done = lrreport("plan", "--json", "--cache", str(tmp_path / "cache"), "--studies", str(folder), "--seeds", "1")
    reasons = {run["name"]: run["reason"] for run in json.loads(done.stdout)["runs"]}
    # The made-up entries were not trained by this engine on this data: those of the plan say so, none is absent.
    assert [name for name, reason in reasons.items() if reason == "absent"] == ["mine/0.95/seed-1"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["plan", "--study", "nothing"], 2, "no such study"),
        (["plan", "--studies", "nowhere"], 2, "no such folder"),
        (["build"], 2, "--out"),
        (["build", "--out", "/"], 7, "not a place"),
        (["plan", "--epochs", "0"], 2, "epochs"),
        (["build", "--out", "x", "--device", "tpu"], 2, "device"),
    ],
)
def test_bad_usage_is_named(arguments: list[str], code: int, says: str, tmp_path: Path) -> None:
    """Each mistake has its exit code and a message on stderr, and no traceback."""
    done = lrreport(*arguments, cwd=tmp_path, LRREPORT_CACHE=str(tmp_path / "cache"))
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_render_without_results_lists_what_is_missing(tmp_path: Path) -> None:
    """`render` never trains: exit code 3, the missing runs and the remedy."""
    done = lrreport(
        "render",
        "--out",
        "report",
        "--seeds",
        "1",
        "--study",
        "momentum",
        cwd=tmp_path,
        LRREPORT_CACHE=str(tmp_path / "cache"),
    )
    assert done.returncode == 3
    assert "momentum/0.9/seed-1" in done.stderr
    assert "lrreport train" in done.stderr
    assert not (tmp_path / "report").exists()


def test_studies_as_data() -> None:
    """`studies --json` tells ids, titles and settings."""
    listed = json.loads(lrreport("studies", "--json").stdout)
    assert [study["id"] for study in listed] == [
        "learning-rate",
        "momentum",
        "decay",
        "plateau",
        "plateau-fast",
        "optimizers",
    ]
    assert listed[0]["settings"][5] == {"text": "1e-05", "epochs": 50}


def test_a_study_file_with_a_mistake_ends_before_training(tmp_path: Path) -> None:
    """File, line and key are named, exit code 2, nothing is made."""
    (tmp_path / "bad.toml").write_text('id = "bad"\n[title]\nth = "ก"\nen = "Bad"\n[vary]\nmomentun = [0.9]\n', "utf-8")
    done = lrreport("build", "--out", "report", "--studies", ".", cwd=tmp_path, LRREPORT_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert "bad.toml, line 6, key 'momentun'" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "cache") == ["bad.toml"]
