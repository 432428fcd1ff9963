"""A build's request from the options of the command as Python values, read as the command line reads them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import typer
from typer.core import TyperGroup

from lrreport.cli import app
from lrreport.cli.running import make_request
from lrreport.errors import UsageError
from lrreport.request import Request

#: Options of the command that say where it writes, or how it talks to a terminal.
_NO_REQUEST: Final = frozenset({"out", "as_json", "progress", "quiet", "verbose"})
#: What Typer raises of options that a command does not have or take: the class above the one that it names.
_REFUSED: Final = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])


def parse_build_options(out: Path, options: Mapping[str, Any]) -> Request:
    """What `lrreport build` would be asked for.

    Args:
        out: The output folder.
        options: By their long names, with underscores for dashes.

    Raises:
        UsageError: There is no such option, it does not take that value, or options do not go together.
    """
    words = []
    for name, value in options.items():
        option = f"--{name.replace('_', '-')}"
        if value is True:
            words.append(option)
        elif value is not None and value is not False:
            items = value if isinstance(value, list | tuple) else [value]
            words += [word for item in items for word in (option, str(item))]
    program = typer.main.get_command(app)
    assert isinstance(program, TyperGroup)  # it has commands; narrows the type
    try:
        if {"--help", "-h"} & {*words}:
            raise typer.BadParameter("No such option: --help")
        asked = program.commands["build"].make_context("build", ["--out", str(out), *words]).params
    except _REFUSED as error:
        got = error.format_message()
        raise UsageError("A build takes no such option", got=got, fix="see `lrreport build --help`") from error
    return make_request(**{name: value for name, value in asked.items() if name not in _NO_REQUEST})
