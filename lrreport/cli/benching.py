"""`bench`."""

from __future__ import annotations

from typing import Annotated

import typer

from lrreport.cli.options import AsJson, Cache, Data
from lrreport.cli.running import cache_folder, guard, print_json, print_text
from lrreport.console import Console

Rounds = Annotated[int, typer.Option("--rounds", min=1, max=1000, help="How often each contestant has its turn.")]


@guard
def bench(rounds: Rounds = 5, data: Data = None, cache: Cache = None, as_json: AsJson = False) -> None:
    """This machine's training speed against Keras's, in one run of about three minutes.

    Contestants take turns: the source's Keras code as it stands, Keras at its best, this engine with 1 run and with the
    source's 22, and the machine's matrix product. Figures are medians, ratios medians of the ratios within a round.

    Example: lrreport bench --rounds 3 --json

    Exit codes: 0 done, 4 data.
    """
    from lrreport.bench import format_bench, own_contestants, run_bench  # noqa: PLC0415

    console = Console("auto")
    folder = cache_folder(cache)
    try:
        result = run_bench(own_contestants(folder, data), rounds, folder, data, console.report)
    finally:
        console.close()
    if as_json:
        print_json(result.document())
    else:
        print_text(format_bench(result))
