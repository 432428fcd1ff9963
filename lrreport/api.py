"""What Python programs call: a build with the command's own options, and the numbers of a report as a table."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrreport import pipeline
from lrreport.cli.parsing import parse_build_options
from lrreport.editions.published import RESULTS_FILE
from lrreport.events import Event
from lrreport.library_folders import check_pango, settle_libraries
from lrreport.publishing.report_folder import open_report

if TYPE_CHECKING:
    import pandas as pd


def build(
    out: Path | str, *, report: Callable[[Event], None] = lambda _: None, **options: Any
) -> pipeline.BuildOutcome:
    """Train what is missing, then write everything, as `lrreport build` does; `lrreport.toml` is not read.

    Args:
        out: The output folder.
        report: Told of every step.
        **options: The options of the command by their long names, with underscores for dashes: `seeds=7`,
            `study=["momentum"]`, `format="html"`, `preview=True`.

    Returns:
        What was done.

    Raises:
        UsageError: There is no such option, or it does not take that value.
        LrreportError: Whatever else went wrong; the class says what.
    """
    request = parse_build_options(Path(out), options)
    settle_libraries(request.cache, os.environ)
    check_pango(request.formats)
    return pipeline.build(request, Path(out), report)


def load_results(folder: Path | str) -> pd.DataFrame:
    """The numbers of a report, after checking every byte of it.

    Args:
        folder: An output folder.

    Returns:
        One row per study, setting, seed and epoch, with the columns of `data/results.csv`: `study`, `setting` and
        `run_key` as text, `seed` and `epoch` as int64, rate, losses and accuracies (fractions) as float32.

    Raises:
        OutputError: There is no report of ours, or a file of it is missing or damaged.
    """
    import pandas as pd  # noqa: PLC0415 - half a second, and a build does without

    from lrreport.analysis.tables import CURVE_COLUMNS  # noqa: PLC0415 - likewise

    kinds = dict.fromkeys(("study", "setting", "run_key"), "str") | dict.fromkeys(CURVE_COLUMNS, "float32")
    return pd.read_csv(io.BytesIO(open_report(Path(folder)).read(RESULTS_FILE)), dtype=kinds, keep_default_na=False)
