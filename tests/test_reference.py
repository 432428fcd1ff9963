"""The reference and the commands say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from lrreport.cli import app
from lrreport.errors import LrreportError

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
