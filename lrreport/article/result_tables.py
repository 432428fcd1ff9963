"""The tables of measured results: one for each study, and the ranking of all settings."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final, TypeVar

import pandas as pd
from markupsafe import Markup

from lrreport.analysis.summaries import Reach, SettingSummary, Spread
from lrreport.article.filters import num, percent_number
from lrreport.article.settings_text import grid_head, grid_value
from lrreport.article.tables import HtmlTable
from lrreport.article.words import Language, say
from lrreport.spec import Study

#: More cuts than these, of all seeds together, are told by their number.
_CUTS_SHOWN: Final = 6
#: A table of more rows than these is cut to its first and its last ones; the files under `data/` have them all.
MOST_ROWS: Final = 60
ROWS_KEPT: Final = 20
#: A table of more rows than these may go on overleaf.
LONG_TABLE: Final = 10
_Row = TypeVar("_Row")
_PLUS_MINUS: Final = "\u00a0±\u00a0"


def keep_ends(rows: Sequence[_Row]) -> Sequence[_Row]:
    """All rows of a table, or the first and the last of one that would go on for pages."""
    return rows if len(rows) <= MOST_ROWS else [*rows[:ROWS_KEPT], *rows[-ROWS_KEPT:]]


def results_table(study: Study, summaries: Sequence[SettingSummary], language: Language) -> HtmlTable:
    """One row per setting: accuracies, swing, epochs to 95 %, overfitting; of a plateau also its cuts.

    Where seeds diverged, or are not as many in every row, the last column tells how many count.
    A study of more than `MOST_ROWS` settings has the best and the worst `ROWS_KEPT` of them, the best first.

    Args:
        study: The study.
        summaries: Of its settings, in file order.
        language: Of heads and words.
    """
    has_seeds = any(summary.n_diverged or summary.n != summaries[0].n for summary in summaries)
    has_plateau = any(setting.spec.plateau for setting in study.settings)
    rows: list[dict[str, str | Markup]] = []
    pairs = list(zip(study.settings, summaries, strict=True))
    if len(pairs) > MOST_ROWS:
        pairs.sort(key=lambda pair: (pair[1].n_diverged, -(pair[1].last_test_accuracy.mean or 0.0)))
    for setting, summary in keep_ends(pairs):
        row: dict[str, str | Markup] = {
            "setting": grid_value(study, setting, language),
            "test-accuracy": spread_text(summary.last_test_accuracy, language),
            "train-accuracy": spread_text(summary.last_train_accuracy, language),
            "swing": spread_text(summary.swing, language),
            "epochs-to-95": reach_text(summary.epochs_to_95, language),
            "lowest-loss": _lowest_loss_text(summary, language),
        }
        if has_plateau:
            row["cuts"] = _cuts_text(summary, language)
        if has_seeds:
            row["n"] = seeds_text(summary.n, summary.n_diverged, language)
        rows.append(row)
    frame = pd.DataFrame(rows, dtype=object)
    heads = {name: say(name, language) for name in frame.columns}
    heads["setting"] = grid_head(study, language)
    numeric = frozenset({"test-accuracy", "train-accuracy", "swing", "epochs-to-95", "lowest-loss", "n"})
    return HtmlTable(frame, heads, numeric, kind="results long" if len(rows) > LONG_TABLE else "results")


def spread_text(spread: Spread, language: Language) -> str:
    """Mean and standard deviation of a fraction, in per cent without the sign; one seed has no deviation."""
    if spread.mean is None:
        return say("no-value", language)
    mean = percent_number(spread.mean)
    return mean if spread.sd is None else f"{mean}{_PLUS_MINUS}{percent_number(spread.sd)}"


def reach_text(reach: Reach, language: Language) -> str:
    """The median epoch, with how many seeds got there when not all did."""
    if not reach.n:
        return say("no-value", language)
    if reach.median is None:
        return say("reached-none", language, n=reach.n)
    key = "reached-all" if reach.reached == reach.n else "reached-some"
    return say(key, language, median=num(reach.median), reached=reach.reached, n=reach.n)


def seeds_text(n: int, n_diverged: int, language: Language) -> str:
    """How many seeds count, and how many diverged."""
    return say("n-diverged", language, n=n, k=n_diverged) if n_diverged else str(n)


def _lowest_loss_text(summary: SettingSummary, language: Language) -> str:
    """From which to which epoch the seeds had their lowest test loss."""
    if not summary.n:
        return say("no-value", language)
    pairs = zip(summary.overfitting_epochs, summary.diverged_at, strict=True)
    epochs = [epoch if epoch is not None else summary.epochs for epoch, diverged in pairs if diverged is None]
    low, high = min(epochs), max(epochs)
    if low == summary.epochs:
        return say("last-epoch", language)
    if high == summary.epochs:
        return say("or-last-epoch", language, epochs=low)
    return str(low) if low == high else say("lowest-range", language, low=low, high=high)


def _cuts_text(summary: SettingSummary, language: Language) -> str:
    """The epochs at whose end the rate was cut: seed by seed where they differ and are few, else how many."""
    kept = [
        epochs for epochs, diverged in zip(summary.plateau_epochs, summary.diverged_at, strict=True) if diverged is None
    ]
    if not any(kept):
        return say("cuts-none", language)
    texts = [", ".join(str(epoch) for epoch in epochs) or "–" for epochs in kept]
    if len(set(texts)) == 1:
        return say("cuts-at", language, epochs=texts[0])
    if max(map(len, kept)) == 1:
        epochs = ", ".join(str(epoch) for cuts in kept for epoch in cuts)
        return say("cuts-some", language, cut=sum(map(len, kept)), n=len(kept), epochs=epochs)
    if sum(len(epochs) for epochs in kept) <= _CUTS_SHOWN:
        return say("cuts-at", language, epochs=say("by-seed", language).join(texts))
    return say("cuts-count", language, median=num(statistics.median(len(epochs) for epochs in kept)))
