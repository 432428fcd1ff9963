"""The numbers behind a figure, as a table of at most 50 rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lrreport.figures.decay_curve import UPDATES, decay_curve
from lrreport.figures.envelopes import FloatArray, make_envelope
from lrreport.figures.words import Language, format_number, name_settings, say
from lrreport.results import Results, Status
from lrreport.spec import Study

#: More rows than these say no more about a curve.
MOST_ROWS: Final = 50
_PER_CENT: Final = 100.0
_NOTHING: Final = "–"


@dataclass(frozen=True, slots=True)
class FigureData:
    """What a figure shows, in numbers.

    Attributes:
        groups: Heads over several columns, with how many; a group without a name has one column.
        heads: One a column; the first column heads its row.
        rows: As written.
    """

    groups: tuple[tuple[str, int], ...]
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def list_curve_data(results: Results, study: Study, language: Language, *, has_loss: bool) -> FigureData:
    """Means over the seeds that did not diverge: accuracies in per cent, losses when asked for, and rates that change.

    Args:
        results: Where the curves come from.
        study: One of its studies.
        language: `th` or `en`.
        has_loss: Whether the figure shows losses, too.
    """
    quantities = [("test", "test_accuracy_t", _PER_CENT, 2), ("train", "train_accuracy_t", _PER_CENT, 2)]
    if has_loss:
        quantities += [("test-loss", "test_loss_t", 1.0, 4), ("train-loss", "train_loss_t", 1.0, 4)]
    is_moving = any(setting.spec.plateau or setting.spec.decay for setting in study.settings)
    epochs = max(setting.epochs for setting in study.settings)
    index_t = _pick(epochs)
    groups: list[tuple[str, int]] = [("", 1)]
    heads = [say("epoch", language)]
    columns: list[list[str]] = [[f"{index + 1:,}" for index in index_t]]
    for setting, name in zip(study.settings, name_settings(study, language), strict=True):
        runs = results.of(setting)
        for key, quantity, scale, decimals in quantities:
            envelope = make_envelope(runs, quantity, most=None)
            heads.append(say(key, language))
            curve_t = scale * envelope.mean_t if envelope else np.empty(0)
            columns.append([_write(curve_t, index, decimals) for index in index_t])
        if is_moving:
            heads.append(say("rate", language))
            complete = [run for run in runs if run.status is Status.COMPLETE]
            rates = [np.asarray(run.history.learning_rate_t, dtype=np.float64) for run in complete]
            columns.append([_write_rates(rates, index) for index in index_t])
        groups.append((name, len(quantities) + is_moving))
    return FigureData(tuple(groups), tuple(heads), tuple(zip(*columns, strict=True)))


def list_decay_data(study: Study, language: Language) -> FigureData:
    """The rate of every fourth update or so, a column a setting."""
    names = name_settings(study, language)
    index_i = _pick(UPDATES)
    rows = [
        (
            str(index),
            *(
                format_number(float(f"{decay_curve(setting.spec.rate, setting.spec.decay)[index]:.3g}"))
                for setting in study.settings
            ),
        )
        for index in index_i
    ]
    return FigureData((), (say("update", language), *names), tuple(rows))


def list_ending_data(results: Results, study: Study, language: Language) -> FigureData:
    """The last test accuracy of each setting: mean, lowest and highest of the seeds, in per cent."""
    rows = []
    for setting in study.settings:
        envelope = make_envelope(results.of(setting), "test_accuracy_t")
        ends = (envelope.mean_t, envelope.low_t, envelope.high_t) if envelope else ()
        texts = [f"{_PER_CENT * float(curve[-1]):.2f}" for curve in ends] or [_NOTHING] * 3
        rows.append((format_number(setting.spec.rate), *texts))
    heads = (say("rate", language), *(say(key, language) for key in ("mean", "lowest", "highest")))
    return FigureData((), heads, tuple(rows))


def _pick(count: int) -> list[int]:
    """Indices of at most `MOST_ROWS` of so many, evenly spread, the first and the last among them."""
    if count <= MOST_ROWS:
        return list(range(count))
    return [int(index) for index in np.unique(np.linspace(0, count - 1, MOST_ROWS).round())]


def _write(curve_t: FloatArray, index: int, decimals: int) -> str:
    return f"{float(curve_t[index]):.{decimals}f}" if index < len(curve_t) else _NOTHING


def _write_rates(rates: Sequence[FloatArray], index: int) -> str:
    """The rate in force, once where all seeds have the same, else from the lowest to the highest."""
    here = sorted({float(f"{rate_t[index]:.3g}") for rate_t in rates if index < len(rate_t)})
    if not here:
        return _NOTHING
    return format_number(here[0]) if len(here) == 1 else f"{format_number(here[0])} – {format_number(here[-1])}"
