"""The commands: parse, call, turn errors into words and exit codes. Nothing else."""

from __future__ import annotations

from typing import Annotated

import typer

from lrreport import __version__
from lrreport.cli import benching, caching, comparing, data, reports, showing
from lrreport.cli.running import open_standard_streams

app = typer.Typer(
    name="lrreport",
    help="How the learning rate shapes a neural network's training: trains every study, writes the article.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
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
    _: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


app.command()(reports.build)
app.command()(reports.train)
app.command()(reports.render)
app.command()(showing.plan)
app.command("studies")(showing.list_studies)
app.add_typer(data_app)
data_app.command("fetch")(data.fetch_data)
data_app.command("verify")(data.verify_data)
data_app.command("where")(data.where_data)
app.add_typer(cache_app)
cache_app.command("ls")(caching.list_cache)
cache_app.command("verify")(caching.verify_cache)
cache_app.command("gc")(caching.collect_garbage)
app.command()(comparing.diff)
app.command()(benching.bench)
app.command()(showing.doctor)


def main() -> None:
    """The `lrreport` command."""
    open_standard_streams()
    app()
