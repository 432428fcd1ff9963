"""The numbers behind a figure, as a table of at most 12 rows; of a map, of as many as its cells have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lrreport.figures.endings import Ending, format_end, list_endings, name_panel, rank_endings
from lrreport.figures.envelopes import FloatArray, make_envelope
from lrreport.figures.forms import Axes, list_panels, list_values
from lrreport.figures.words import Language, format_number, format_setting_value, name_key, name_settings, say
from lrreport.results import Results, Status
from lrreport.spec import Study

#: More rows than these say no more about a curve.
MOST_ROWS: Final = 12
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


def list_curve_data(
    results: Results, study: Study, language: Language, *, has_loss: bool, shown: Sequence[int] | None = None
) -> FigureData:
    """Means over the seeds that did not diverge: accuracies in per cent, losses when asked for, and rates that change.

    Args:
        results: Where the curves come from.
        study: One of its studies.
        language: `th` or `en`.
        has_loss: Whether the figure shows losses, too.
        shown: Places of the settings that it shows; by default all of them.
    """
    names = name_settings(study, language)
    places = range(len(names)) if shown is None else shown
    quantities = [("test", "test_accuracy_t", _PER_CENT, 2), ("train", "train_accuracy_t", _PER_CENT, 2)]
    if has_loss:
        quantities += [("test-loss", "test_loss_t", 1.0, 4), ("train-loss", "train_loss_t", 1.0, 4)]
    is_moving = any(setting.spec.plateau or setting.spec.decay for setting in study.settings)
    epochs = max(setting.epochs for setting in study.settings)
    index_t = _pick(epochs)
    groups: list[tuple[str, int]] = [("", 1)]
    heads = [say("epoch", language)]
    columns: list[list[str]] = [[f"{index + 1:,}" for index in index_t]]
    for setting, name in ((study.settings[place], names[place]) for place in places):
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


def list_ending_data(results: Results, study: Study, language: Language) -> FigureData:
    """The last test accuracy of each rate: mean, lowest and highest of the seeds, in per cent."""
    heads = (say("rate", language), *(say(key, language) for key in ("mean", "lowest", "highest")))
    rows = [
        (format_number(study.settings[ending.place].spec.rate), *_write_ending(ending))
        for ending in list_endings(results, study)
    ]
    return FigureData((), heads, tuple(rows))


def list_map_data(results: Results, study: Study, axes: Axes, shown: Sequence[int], language: Language) -> FigureData:
    """The means of a figure's maps, in per cent: a row of the table for each of theirs, a column for each of theirs."""
    endings = list_endings(results, study)
    columns = list_values(study, axes.across)
    heads = [format_setting_value(axes.across, value, language) for value in columns]
    rows = []
    for places in list_panels(study, axes):
        if not set(places) <= set(shown):
            continue
        title = name_panel(study, axes, places[0], language)
        for value in list_values(study, axes.up):
            name = f"{name_key(axes.up, language)} {format_setting_value(axes.up, value, language)}"
            row = dict.fromkeys(columns, _NOTHING)
            for place in places:
                varied = dict(study.settings[place].varied)
                if varied[axes.up] == value:
                    row[varied[axes.across]] = format_end(endings[place].mean)
            rows.append((" · ".join(text for text in (title, name) if text), *row.values()))
    groups = (("", 1), (name_key(axes.across, language), len(columns)))
    return FigureData(groups, (say("setting", language), *heads), tuple(rows))


def list_dot_data(results: Results, study: Study, shown: Sequence[int], language: Language) -> FigureData:
    """The last test accuracies of a list in per cent, the best first: all, or half of `MOST_ROWS` from either end."""
    names = name_settings(study, language)
    endings = list_endings(results, study)
    ranked = rank_endings(endings[place] for place in shown)
    if len(ranked) > MOST_ROWS:
        ranked = [*ranked[: MOST_ROWS // 2], *ranked[-MOST_ROWS // 2 :]]
    heads = (say("setting", language), *(say(key, language) for key in ("mean", "lowest", "highest")))
    return FigureData((), heads, tuple((names[ending.place], *_write_ending(ending)) for ending in ranked))


def _write_ending(ending: Ending) -> tuple[str, str, str]:
    if ending.mean is None:
        return (_NOTHING, _NOTHING, _NOTHING)
    return (format_end(ending.mean), format_end(ending.low), format_end(ending.high))


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
