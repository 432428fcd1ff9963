"""A long list of settings: a dot each for the test accuracy after the last epoch, whiskers over the seeds, a band of the best."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes as Panel
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.comparison import set_stretched_axis
from lrreport.figures.endings import (
    PER_CENT,
    Ending,
    choose_scale,
    find_best,
    format_tick,
    list_endings,
    name_axis,
    name_panel,
    rank_endings,
    span_of,
)
from lrreport.figures.envelopes import FloatArray
from lrreport.figures.forms import (
    LIST_IN,
    LIST_MARGINS,
    LIST_PANEL_IN,
    Axes,
    Part,
    count_across,
    list_panels,
    list_values,
)
from lrreport.figures.labels import TextStyle, measure_label, shorten_label, write_label
from lrreport.figures.legend import LegendItem, draw_legend
from lrreport.figures.theme import (
    BAND_ALPHA,
    BEST_COLOUR,
    CONTEXT_COLOUR,
    PALETTE,
    POINTS_PER_INCH,
    QUIET_COLOUR,
    SEMI_BOLD,
    TEXT_COLOUR,
)
from lrreport.figures.words import Language, format_number, format_percent, name_settings, say
from lrreport.results import Results
from lrreport.spec import Study, Value

_AIR: Final = 0.03
_TICK_GAP_PT: Final = 7.0
_FEWEST_POWERS: Final = 3
_BAND_COLOUR: Final = PALETTE[0]


def make_list(results: Results, study: Study, part: Part, axes: Axes, language: Language) -> Figure:
    """Draw some panels of a list; to be called inside `theme()`.

    Numbers stand at their place along the axis, on a logarithm where they span decades; anything else is sorted, the best
    first. The vertical axis, stretched towards 100, and the band of the best, which is the range of its seeds, are the same in
    all panels of the study.
    """
    endings = list_endings(results, study)
    groups = list_panels(study, axes)
    shown = [places for places in groups if set(places) <= set(part.shown)]
    side = count_across(study, axes, len(groups))
    row_in = LIST_IN if len(groups) == 1 else LIST_PANEL_IN
    figure, grid = panels.make_grid(math.ceil(len(shown) / side), side, [row_in], LIST_MARGINS)
    best = find_best(endings)
    low, high = span_of(endings)
    scale = choose_scale(list_values(study, axes.across)) if axes.across else ""
    for number, places in enumerate(shown):
        row, column = divmod(number, side)
        panel = grid[row][column]
        if title := name_panel(study, axes, places[0], language):
            panels.write_title(panel, [title])
        here = [endings[place] for place in places]
        if axes.across:
            values = [dict(study.settings[place].varied)[axes.across] for place in places]
            x = _set_value_axis(panel, axes.across, scale, list_values(study, axes.across), values, language)
        else:
            here, values = rank_endings(here), []
            x = np.arange(1, len(here) + 1, dtype=np.float64)
            _set_rank_axis(panel, len(here))
        set_stretched_axis(panel, low, high, row_in * POINTS_PER_INCH)
        _draw_endings(panel, here, x, best)
        _name_best(panel, here, best, name_settings(study, language), language, measure_label(title, weight=SEMI_BOLD))
    for number in range(len(shown), len(grid) * side):
        grid[number // side][number % side].remove()
    items = _list_legend(endings, [endings[place] for place in part.shown], len(results.seeds), language)
    draw_legend(figure, items, LIST_MARGINS, top_in=0.02)
    x_label = name_axis(axes.across, scale, language) if axes.across else say("sorted-axis", language)
    panels.write_axis_labels(figure, x_label=x_label, margins=LIST_MARGINS)
    label = say("stretched", language, axis=say("accuracy", language))
    panels.write_row_label(figure, [line[0] for line in grid], label)
    return figure


def _set_value_axis(
    panel: Panel, key: str, scale: str, all_values: Sequence[Value], values: Sequence[Value], language: Language
) -> FloatArray:
    """Set the axis of a key's numbers; give where the values stand on it."""
    every = np.array([float(value) for value in all_values], dtype=np.float64)  # type: ignore[arg-type]
    own = np.array([float(value) for value in values], dtype=np.float64)  # type: ignore[arg-type]
    if scale == "uneven":
        every, own = np.arange(len(every), dtype=np.float64), np.searchsorted(every, own).astype(np.float64)
    if scale == "log":
        panel.set_xscale("log")
        panel.minorticks_off()
        reach = (every[-1] / every[0]) ** _AIR
        panel.set_xlim(every[0] / reach, every[-1] * reach)
    else:
        reach = _AIR * float(np.ptp(every)) or 1.0
        panel.set_xlim(every[0] - reach, every[-1] + reach)
    named = dict(
        zip((float(place) for place in every), (format_tick(key, value, language) for value in all_values), strict=True)
    )
    if scale == "log" and (powers := _list_powers(every)):
        named = {power: format_number(power) for power in powers}
    ticks = _choose_ticks(panel, named)
    panel.set_xticks(list(ticks), labels=["" for _ in ticks])
    for place, text in ticks.items():
        style = TextStyle(align="center", offset_pt=(0, -12))
        write_label(panel, text, (place, 0), panel.get_xaxis_transform(), style)
    return own


def _list_powers(every: FloatArray) -> list[float]:
    """The powers of ten on an axis, where there are enough of them to read it by."""
    first, last = (math.log10(value) for value in (every[0], every[-1]))
    powers = [float(f"1e{power}") for power in range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)]
    return powers if len(powers) >= _FEWEST_POWERS else []


def _choose_ticks(panel: Panel, named: Mapping[float, str]) -> dict[float, str]:
    """As many places of an axis, evenly spread, as there is room to name."""
    for step in range(1, len(named) + 1):
        chosen = dict(list(named.items())[::step])
        middles = [float(panel.transData.transform((place, 1.0))[0]) for place in chosen]
        halves = [measure_label(text) / 2 for text in chosen.values()]
        ends = zip(itertools.pairwise(middles), itertools.pairwise(halves), strict=True)
        if all(right - left >= sum(half) + _TICK_GAP_PT for (left, right), half in ends):
            break
    return chosen


def _set_rank_axis(panel: Panel, count: int) -> None:
    reach = _AIR * count
    panel.set_xlim(1 - reach, count + reach)
    ticks = panels.epoch_ticks(count, 6)
    panel.set_xticks(ticks, labels=[f"{tick:,}" for tick in ticks])


def _draw_endings(panel: Panel, here: Sequence[Ending], x: FloatArray, best: Ending | None) -> None:
    """The band of the best, whiskers, dots, and crosses on the axis where seeds diverged."""
    if best is not None and best.mean is not None and best.high > best.low:
        panel.axhspan(
            best.low, best.high, facecolor=BEST_COLOUR, alpha=BAND_ALPHA, linewidth=0, gid="best-band", zorder=1
        )
    groups: dict[str, list[tuple[float, Ending]]] = {CONTEXT_COLOUR: [], _BAND_COLOUR: [], BEST_COLOUR: []}
    for place, ending in zip(x, here, strict=True):
        if ending.mean is not None:
            is_best = best is not None and ending.place == best.place
            is_in = best is not None and not ending.n_diverged and ending.mean >= best.low
            groups[BEST_COLOUR if is_best else _BAND_COLOUR if is_in else CONTEXT_COLOUR].append((float(place), ending))
        if ending.n_diverged:
            panel.plot(
                [place], [0.035], transform=panel.get_xaxis_transform(), linestyle="none", marker="x", markersize=4,
                markeredgewidth=1.0, color=TEXT_COLOUR, clip_on=False, gid="diverged-mark", zorder=5,
            )  # fmt: skip
    for zorder, (colour, found) in enumerate(groups.items(), start=2):
        if not found:
            continue
        spread = [(place, ending) for place, ending in found if ending.high > ending.low]
        if spread:
            # One line for all whiskers, with gaps: a thousand lines would be a thousand elements.
            panel.plot(
                np.array([[place, place, np.nan] for place, _ in spread]).ravel(),
                np.array([[ending.low, ending.high, np.nan] for _, ending in spread]).ravel(),
                color=colour, linewidth=1.1 if colour == BEST_COLOUR else 0.7, gid="whiskers", zorder=zorder,
            )  # fmt: skip
        size = 5.5 if colour == BEST_COLOUR else 3.4 if len(here) <= 150 else 2.4  # noqa: PLR2004 - where dots would touch
        panel.plot(
            [place for place, _ in found],
            [float(ending.mean or 0.0) for _, ending in found],
            linestyle="none", marker="o", markersize=size, markeredgewidth=0, color=colour, gid="ending", zorder=zorder,
        )  # fmt: skip


def _name_best(
    panel: Panel, here: Sequence[Ending], best: Ending | None, names: Sequence[str], language: Language, title_pt: float
) -> None:
    """Name the best setting above its panel, at the right end of the line of its title."""
    if best is None or best.mean is None or all(ending.place != best.place for ending in here):
        return
    value = format_percent(best.mean / PER_CENT, decimals=2)
    room_pt = (
        0.97 * float(panel.bbox.width) - title_pt - 9 - measure_label(say("best-is", language, name="", value=value))
    )
    name = shorten_label(names[best.place], room_pt, weight=SEMI_BOLD)
    text = say("best-is", language, name=name, value=value)
    style = TextStyle(align="right", weight=SEMI_BOLD, colour=BEST_COLOUR, offset_pt=(0, 5))
    write_label(panel, text, (1, 1), panel.transAxes, style)


def _list_legend(endings: Sequence[Ending], shown: Sequence[Ending], n: int, language: Language) -> list[LegendItem]:
    """What the legend names: as much as the figure shows, and no more."""
    best = find_best(endings)
    items = [LegendItem(say("seed-mean", language), CONTEXT_COLOUR, marker="o")]
    if best is not None and best.mean is not None and best.high > best.low:
        items.append(LegendItem(say("in-band", language), _BAND_COLOUR, marker="o"))
        items.append(LegendItem(say("best-band", language), BEST_COLOUR))
    if any(ending.high > ending.low for ending in shown):
        items.append(LegendItem(say("whisker", language, n=n), QUIET_COLOUR, line="-", width=0.8))
    if any(ending.n_diverged for ending in shown):
        items.append(LegendItem(say("any-diverged", language), TEXT_COLOUR, marker="x"))
    return items
