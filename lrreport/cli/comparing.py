"""`diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from lrreport.cli.options import AsJson, Verbose, expand_path
from lrreport.cli.running import guard, print_json, print_text

#: `diff` found a difference.
DIFFERENT: Final = 9

OldReport = Annotated[Path, typer.Argument(help="Folder of the older report.", metavar="OLD", parser=expand_path)]
NewReport = Annotated[Path, typer.Argument(help="Folder of the newer report.", metavar="NEW", parser=expand_path)]


@guard
def diff(old: OldReport, new: NewReport, as_json: AsJson = False, verbose: Verbose = False) -> None:
    """What differs between two output folders: results, verdicts, versions, figures, and which paragraphs.

    Results are told apart: moved beyond the noise of seeds, or only in their bits. Dates and wall times do not count.

    Example: lrreport diff reports-of-monday/ reports/ -v

    Exit codes: 0 no difference, 7 a folder holds no report or a damaged one, 9 a difference.
    """
    from lrreport.editions.report_diff import compare_reports, describe_difference  # noqa: PLC0415

    difference = compare_reports(old, new)
    if as_json:
        print_json(difference.document())
    else:
        print_text(describe_difference(difference, show_texts=verbose))
    if difference.is_different:
        raise typer.Exit(DIFFERENT)
