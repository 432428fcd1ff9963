"""`lrreport.toml`: what the command line says nothing of; found, read, refused, shown, and outdone by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup, TyperOption

from lrreport.byline import read_byline
from lrreport.cli import app
from lrreport.cli.config import find_config, read_config
from lrreport.errors import UsageError
from tests.commands import lrreport

#: A value for each option, in TOML, and how it comes to the command that has it; of a path, relative to the file.
VALUES: dict[str, tuple[str, Any]] = {
    "adopt": ("true", True),
    "answers": ('"none"', "none"),
    "byline": ('"Somchai"', "Somchai"),
    "cache": ('"kept"', "kept"),
    "data": ('"mnist.npz"', "mnist.npz"),
    "dataset": ('"fashion-mnist"', "fashion-mnist"),
    "device": ('"cpu"', "cpu"),
    "edition": ('["th"]', ["th"]),
    "epochs": ("7", "7"),
    "force": ("true", True),
    "format": ('"html"', ["html"]),
    "grow": ("1", "1"),
    "json": ("true", True),
    "max-seeds": ("9", "9"),
    "max-size": ('"1G"', "1G"),
    "out": ('"pages"', "pages"),
    "preview": ("true", True),
    "progress": ('"plain"', "plain"),
    "quiet": ("true", True),
    "retrain": ("2", "2"),
    "rounds": ("3", "3"),
    "seeds": ("4", "4"),
    "studies": ('"mine"', "mine"),
    "study": ('["momentum", "decay"]', ["momentum", "decay"]),
    "templates": ('"words"', "words"),
    "threads": ("1", "1"),
    "verbose": ("false", False),
    "wait": ("true", True),
}
PATHS = {"cache", "data", "out", "studies", "templates"}
#: Given once, and by no file.
NOT_KEPT = {"help", "version", "config", "yes", "install-completion", "show-completion"}


def program() -> TyperGroup:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


def options(group: TyperGroup, place: tuple[str, ...] = ()) -> dict[str, list[tuple[tuple[str, ...], str]]]:
    """The commands that have each long option, and the name of its parameter there."""
    found: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            for option, places in options(command, (*place, name)).items():
                found.setdefault(option, []).extend(places)
            continue
        for option in command.params:
            if isinstance(option, TyperOption):
                for text in option.opts:
                    if text.startswith("--") and text[2:] not in NOT_KEPT:
                        found.setdefault(text[2:], []).append(((*place, name), str(option.name)))
    return found


def read(path: Path, text: str) -> dict[str, Any]:
    path.write_text(text, "utf-8")
    group = program()
    return read_config(path, group, typer.Context(group))[0]


def test_every_option_can_be_written_down() -> None:
    """The table above has each option of each command, so that the next test holds them all."""
    assert set(VALUES) == set(options(program()))


@pytest.mark.parametrize("key", VALUES)
def test_an_option_reaches_every_command_that_has_it(key: str, tmp_path: Path) -> None:
    """And no other; paths are meant from the file's folder."""
    text, value = VALUES[key]
    defaults = read(tmp_path / "lrreport.toml", f"{key} = {text}\n")
    expected: dict[str, Any] = {}
    for place, name in options(program())[key]:
        here = expected
        for step in place:
            here = here.setdefault(step, {})
        here[name] = str(tmp_path / value) if key in PATHS else value
    assert defaults == expected


@pytest.mark.parametrize(
    ("text", "where", "got"),
    [
        ("seedz = 3", "line 1, key 'seedz'", "'seedz'"),
        ("yes = true", "key 'yes'", "'yes'"),
        ('seeds = "many"', "key 'seeds'", "integer"),
        ("seeds = 0", "key 'seeds'", "greater"),
        ("\nedition = 'de'", "line 2, key 'edition'", "'de'"),
        ("force = 1", "key 'force'", "1"),
        ("seeds = true", "key 'seeds'", "True"),
        ("answers = ['none']", "key 'answers'", "none"),
        ("out = '~nobody-of-this-name/x'", "key 'out'", "home folder"),
        ("seeds = ", "line 1", "Invalid"),
        ("byline = 'x'\n[report]\nname = 'y'", "key 'byline'", ""),
    ],
)
def test_a_bad_file_is_refused(text: str, where: str, got: str, tmp_path: Path) -> None:
    """With its name, the line and the key, before anything is done."""
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "lrreport.toml", text)
    assert where in (caught.value.where or "")
    assert str(tmp_path) in (caught.value.where or "")
    assert got in str(caught.value)


def test_the_report_table_is_the_byline(tmp_path: Path) -> None:
    """The same table as in a file of a byline, beside the options."""
    path = tmp_path / "lrreport.toml"
    defaults = read(path, 'seeds = 3\n[report]\ncourse = "01"\nname = { th = "สมชาย", en = "Somchai" }\n')
    assert defaults["build"]["byline"] == defaults["render"]["byline"] == str(path)
    assert read_byline(str(path)).in_language("en") == ("01", "Somchai")


def test_where_the_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was named comes first, then the working folder."""
    monkeypatch.chdir(tmp_path)
    assert find_config(None) is None
    (tmp_path / "lrreport.toml").write_text("seeds = 3\n")
    assert find_config(None) == tmp_path / "lrreport.toml"
    assert find_config(Path("other.toml")) == Path("other.toml")


def test_commands_take_it_and_say_so(tmp_path: Path) -> None:
    """`plan` and `doctor` show it; the command line wins; a bad file ends every command with 2, and help never."""
    (tmp_path / "lrreport.toml").write_text('seeds = 7\nstudy = ["momentum"]\ncache = "kept"\n', "utf-8")
    planned = lrreport("plan", "--json", cwd=tmp_path)
    assert planned.returncode == 0, planned.stderr
    document = json.loads(planned.stdout)
    assert (len(document["runs"]), document["config"]) == (28, f"{tmp_path}/lrreport.toml: seeds, study, cache")
    fewer = lrreport("plan", "--seeds", "2", "--study", "decay", cwd=tmp_path)
    assert fewer.stdout.startswith(f"configuration {tmp_path}/lrreport.toml: seeds, study, cache\n8 runs with 2 seeds")
    (tmp_path / "other.toml").write_text("seeds = 1\n")
    other = lrreport("--config", "other.toml", "plan", "--study", "decay", cwd=tmp_path)
    assert "4 runs with 1 seed" in other.stdout
    (tmp_path / "lrreport.toml").write_text("seedz = 7\n", "utf-8")
    refused = lrreport("cache", "ls", cwd=tmp_path)
    assert refused.returncode == 2
    assert "lrreport.toml, line 1, key 'seedz'" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert lrreport("build", "--help", cwd=tmp_path).returncode == 0
