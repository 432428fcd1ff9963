"""The commands: parse, call, turn errors into words and exit codes. Nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.core import TyperGroup

from lrreport import __version__
from lrreport.cli import benching, caching, comparing, data, reports, showing
from lrreport.cli.config import CONFIG, find_config, read_config
from lrreport.cli.options import expand_path
from lrreport.cli.running import open_standard_streams
from lrreport.console import Console
from lrreport.errors import LrreportError, UsageError

app = typer.Typer(
    name="lrreport",
    help="How the learning rate shapes a neural network's training: trains every study, writes the article.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(
    name="data", help="Fetch, check or find the images.", no_args_is_help=True, rich_markup_mode=None
)
cache_app = typer.Typer(
    name="cache", help="List, check or tidy the result cache.", no_args_is_help=True, rich_markup_mode=None
)


def _show_version(value: bool) -> None:  # noqa: FBT001 - Typer's callback signature
    if value:
        typer.echo(f"lrreport {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            help=f"Defaults of options (without it: {CONFIG} here, or beside the checkout).",
            metavar="FILE",
            parser=expand_path,
        ),
    ] = None,
    _: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    if {"-h", "--help"} & {*sys.argv} or (path := find_config(config)) is None:
        return  # help helps, whatever a file says
    assert isinstance(context.command, TyperGroup)  # it is the one that commands are added to; narrows the type
    try:
        context.default_map, keys = read_config(path, context.command, context)
    except LrreportError as error:
        Console("plain").fail(error)
        raise typer.Exit(error.exit_code) from error
    context.obj = {"path": str(path), "keys": keys}


# A command's first sentence is cut where the list of commands has no room for it: here each has a short one.
app.command(short_help="Train what is missing, then write everything.")(reports.build)
app.command(short_help="Train what is missing; write only the cache.")(reports.train)
app.command(short_help="Write everything from the cache; never train.")(reports.render)
app.command(short_help="What is cached, what would be trained, and why.")(showing.plan)
app.command("studies", short_help="The studies and their settings.")(showing.list_studies)
app.add_typer(data_app)
data_app.command("fetch", short_help="Get the images and keep them in the cache.")(data.fetch_data)
data_app.command("verify", short_help="Check every byte of the images.")(data.verify_data)
data_app.command("where", short_help="Where the images are kept.")(data.where_data)
app.add_typer(cache_app)
cache_app.command("ls", short_help="What the cache holds.")(caching.list_cache)
cache_app.command("verify", short_help="Check every byte of the cache.")(caching.verify_cache)
cache_app.command("merge", short_help="Take what another cache has and this one lacks.")(caching.merge_cache)
cache_app.command("gc", short_help="List what no study asks for; --yes deletes it.")(caching.collect_garbage)
app.command(short_help="What differs between two output folders.")(comparing.diff)
app.command(short_help="This machine's training speed against Keras's.")(benching.bench)
app.command(short_help="What works here and what does not.")(showing.doctor)


def main() -> None:
    """The `lrreport` command."""
    open_standard_streams()
    try:
        app(prog_name="lrreport")  # so that completion works for `python -m lrreport`, too
    except (OSError, RuntimeError) as error:
        if "--install-completion" not in sys.argv:
            raise
        fix = "put what `lrreport --show-completion bash` says (or zsh, fish) into a file that your shell reads"
        sys.stderr.write(f"error: {UsageError('Completion cannot be installed', got=str(error), fix=fix)}\n")
        sys.exit(UsageError.exit_code)
