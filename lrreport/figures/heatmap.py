"""A grid of two keys as a map: the test accuracy after the last epoch as a number on a colour, a map for each third value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes as Panel
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from lrreport.figures import panels
from lrreport.figures.endings import (
    Ending,
    find_best,
    format_tick,
    has_even_steps,
    list_endings,
    name_axis,
    name_panel,
    span_of,
)
from lrreport.figures.forms import (
    MAP_MARGINS,
    MOST_CELL_IN,
    TITLE_LINE_IN,
    Axes,
    Part,
    are_numbers,
    count_across,
    list_panels,
    list_values,
    measure_map,
)
from lrreport.figures.labels import TextStyle, measure_label, shorten_label, write_label
from lrreport.figures.theme import (
    BEST_COLOUR,
    POINTS_PER_INCH,
    QUIET_COLOUR,
    RAMP,
    SEMI_BOLD,
    SMALL_PT,
    TEXT_COLOUR,
    TEXT_PT,
    WIDTH_IN,
)
from lrreport.figures.words import Language, name_key, say
from lrreport.results import Results
from lrreport.spec import Study, Value

_NUMBER_PT: Final = 7.0
_SMALL_NUMBER_PT: Final = 6.0
#: From this step of the ramp on the colour is so dark that its numbers are white.
FIRST_DARK: Final = 5
_GAP: Final = 0.03
_KEY_TOP_PT: Final = 11.0
_KEY_CELL_PT: Final = 27.0
_KEY_HEIGHT_PT: Final = 8.0
#: A name may reach so far beyond its maps.
_BELOW_PT: Final = 16.0
#: Beside the names of a map's rows: the axis's own name, and air.
_ROW_NAMES_IN: Final = 0.36
_WHITE: Final = "#ffffff"


def make_map(results: Results, study: Study, part: Part, axes: Axes, language: Language) -> Figure:
    """Draw some of a study's maps; to be called inside `theme()`.

    A row and a column for each value, numbers from small to large, upwards and to the right. Colours are steps of one
    ramp, the same in all maps of the study, even on the logarithm of the error as the stretched axes have it. The best
    setting has a frame. Where seeds diverged stands a cross, a large one without a number where all did.
    """
    endings = list_endings(results, study)
    maps = [places for places in list_panels(study, axes) if set(places) <= set(part.shown)]
    across_values, up_values = list_values(study, axes.across), list_values(study, axes.up)
    side = count_across(study, axes, len(list_panels(study, axes)))
    margins = _choose_margins(axes, across_values, up_values, side, language)
    figure, grid = panels.make_grid(math.ceil(len(maps) / side), side, [measure_map(len(up_values))], margins)
    bounds = choose_bounds(endings)
    best = find_best(endings)
    for number, places in enumerate(maps):
        row, column = divmod(number, side)
        panel = grid[row][column]
        cells = {}
        for place in places:
            varied = dict(study.settings[place].varied)
            cells[across_values.index(varied[axes.across]), up_values.index(varied[axes.up])] = endings[place]
        _draw_cells(panel, cells, (len(across_values), len(up_values)), bounds, best)
        _name_cells(panel, axes, across_values, up_values, language, is_first=column == 0)
        if title := name_panel(study, axes, places[0], language):
            panels.write_title(panel, [title])
    for number in range(len(maps), len(grid) * side):
        grid[number // side][number % side].remove()
    _draw_key(figure, bounds, [endings[place] for place in part.shown], language)
    x_label = _label_axis(axes.across, across_values, language)
    panels.write_axis_labels(figure, x_label=x_label, margins=margins)
    first = [line[0] for line in grid]
    panels.write_row_label(figure, first, _label_rows(axes.up, up_values, first, language))
    return figure


def _choose_margins(
    axes: Axes, across_values: Sequence[Value], up_values: Sequence[Value], side: int, language: Language
) -> panels.Margins:
    """The margins around the maps: as much at the left as the names of the rows take, and cells no wider than they need be."""
    widest_pt = max(measure_label(format_tick(axes.up, value, language), _NUMBER_PT) for value in up_values)
    left_in = min(MAP_MARGINS.left, _ROW_NAMES_IN + widest_pt / POINTS_PER_INCH)
    maps_in = side * len(across_values) * MOST_CELL_IN + (side - 1) * MAP_MARGINS.between_columns
    right_in = max(MAP_MARGINS.right, WIDTH_IN - left_in - maps_in)
    top_in = MAP_MARGINS.top if axes.others else MAP_MARGINS.top - TITLE_LINE_IN
    return replace(MAP_MARGINS, left=left_in, right=right_in, top=top_in)


def choose_bounds(endings: Sequence[Ending]) -> list[float]:
    """The accuracies in per cent between the steps of the ramp, from the lowest mean to the highest.

    They are even on the logarithm of the error: between 90 and 98 per cent there are as many steps as between 50 and 90.
    """
    means = [ending.mean for ending in endings if ending.mean is not None]
    low, high = (min(means), max(means)) if means else span_of(endings)
    smallest = max(100 - high, 0.1)
    errors = np.geomspace(max(100 - low, smallest * 1.02), smallest, len(RAMP) + 1)
    return [float(100 - error) for error in errors]


def _step(mean: float, bounds: Sequence[float]) -> int:
    return int(np.clip(np.searchsorted(bounds[1:-1], mean, side="right"), 0, len(RAMP) - 1))


def _draw_cells(
    panel: Panel,
    cells: Mapping[tuple[int, int], Ending],
    size: tuple[int, int],
    bounds: Sequence[float],
    best: Ending | None,
) -> None:
    """Colours, numbers, crosses and the frame of the best."""
    panel.set_xlim(0, size[0])
    panel.set_ylim(0, size[1])
    panel.grid(visible=False)
    for spine in panel.spines.values():
        spine.set_visible(False)
    width_pt = float(panel.bbox.width) / size[0]
    is_narrow = measure_label("97.5", _NUMBER_PT) + 2 > width_pt
    number_pt = _SMALL_NUMBER_PT if is_narrow else _NUMBER_PT
    boxes: dict[str, list[tuple[int, int]]] = {}
    for at, ending in cells.items():
        step = None if ending.mean is None else _step(ending.mean, bounds)
        boxes.setdefault(RAMP[step] if step is not None else "", []).append(at)
        middle = (at[0] + 0.5, at[1] + 0.5)
        if ending.mean is None or step is None:
            panel.plot(
                *zip(*((at[0] + x, at[1] + y) for x, y in ((0.3, 0.2), (0.7, 0.8), (0.5, 0.5), (0.3, 0.8), (0.7, 0.2))), strict=True),
                color=TEXT_COLOUR, linewidth=0.9, gid="lost-cell",
            )  # fmt: skip
            continue
        colour = _WHITE if step >= FIRST_DARK else TEXT_COLOUR
        is_best = best is not None and ending.place == best.place
        text = f"{ending.mean:.0f}" if is_narrow else f"{ending.mean:.1f}"
        style = TextStyle(
            size=number_pt, align="center", is_level=True, colour=colour, weight=SEMI_BOLD if is_best else 400
        )
        write_label(panel, text, middle, panel.transData, style)
        if ending.n_diverged:
            panel.plot(
                [at[0] + 0.9], [at[1] + 0.76], linestyle="none", marker="x", markersize=3, markeredgewidth=0.9,
                color=colour, gid="diverged-cell",
            )  # fmt: skip
    for colour, found in boxes.items():
        path = Path.make_compound_path(*(_box(*at) for at in found))
        fill = {"facecolor": colour, "linewidth": 0} if colour else {"facecolor": "none", "edgecolor": QUIET_COLOUR}
        panel.add_patch(PathPatch(path, **({"linewidth": 0.5} | fill), gid="cells", zorder=1))
    frame = next((at for at, ending in cells.items() if best is not None and ending.place == best.place), None)
    if frame is not None:
        panel.add_patch(
            PathPatch(
                _box(*frame),
                facecolor="none",
                edgecolor=BEST_COLOUR,
                linewidth=1.6,
                gid="best-cell",
                clip_on=False,
                zorder=5,
            )
        )


def _box(column: int, row: int) -> Path:
    left, low = column + _GAP, row + _GAP
    right, high = column + 1 - _GAP, row + 1 - _GAP
    return Path([(left, low), (right, low), (right, high), (left, high), (left, low)], [1, 2, 2, 2, 79])


def _name_cells(
    panel: Panel,
    axes: Axes,
    across_values: Sequence[Value],
    up_values: Sequence[Value],
    language: Language,
    *,
    is_first: bool,
) -> None:
    """Values below the columns, as many as there is room for, and beside the rows of the first map."""
    panel.set_xticks([])
    panel.set_yticks([])
    width_pt = float(panel.bbox.width) / len(across_values)
    end_pt = -width_pt
    for column, value in enumerate(across_values):
        text = shorten_label(format_tick(axes.across, value, language), max(width_pt - 2, 24), _NUMBER_PT)
        half_pt = measure_label(text, _NUMBER_PT) / 2
        middle_pt = (column + 0.5) * width_pt
        if middle_pt - half_pt < end_pt + 1:
            continue
        end_pt = middle_pt + half_pt
        style = TextStyle(size=_NUMBER_PT, align="center", offset_pt=(0, -10))
        write_label(panel, text, (column + 0.5, 0), panel.transData, style)
    for row, value in enumerate(up_values) if is_first else ():
        room_pt = POINTS_PER_INCH * MAP_MARGINS.left - 22
        text = shorten_label(format_tick(axes.up, value, language), room_pt, _NUMBER_PT)
        style = TextStyle(size=_NUMBER_PT, align="right", is_level=True, offset_pt=(-4, 0))
        write_label(panel, text, (0, row + 0.5), panel.transData, style)


def _label_axis(key: str, values: Sequence[Value], language: Language) -> str:
    return name_axis(key, has_even_steps(values) if are_numbers(values) else "", language)


def _label_rows(key: str, values: Sequence[Value], first: Sequence[Panel], language: Language) -> str:
    """The name of the vertical axis, without its scale where the maps are too low for both."""
    room_pt = float(first[0].bbox.y1 - first[-1].bbox.y0) + _BELOW_PT
    label = _label_axis(key, values, language)
    return (
        label if measure_label(label, TEXT_PT) <= room_pt else shorten_label(name_key(key, language), room_pt, TEXT_PT)
    )


def _draw_key(figure: Figure, bounds: Sequence[float], shown: Sequence[Ending], language: Language) -> None:
    """The ramp with the accuracies between its steps, and what frame and crosses mean."""
    width_in, height_in = (float(size) for size in figure.get_size_inches())
    panel = panels.add_panel(figure, (0, 0), width_in, height_in)
    panel.set_axis_off()
    panel.set_xlim(0, POINTS_PER_INCH * width_in)
    panel.set_ylim(-POINTS_PER_INCH * height_in, 0)
    left, top = 4.0, -_KEY_TOP_PT
    style = TextStyle(is_level=True)
    heading = say("ends-percent", language)
    write_label(panel, heading, (left, top), panel.transData, style)
    start = left + measure_label(heading) + 10
    low = top - _KEY_HEIGHT_PT / 2
    for step, colour in enumerate(RAMP):
        box = Path(
            [
                (start + _KEY_CELL_PT * (step + x), low + _KEY_HEIGHT_PT * y)
                for x, y in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
            ],
            [1, 2, 2, 2, 79],
        )
        panel.add_patch(PathPatch(box, facecolor=colour, linewidth=0, gid="ramp"))
    for number, bound in enumerate(bounds):
        place = (start + _KEY_CELL_PT * number, low - 8.5)
        write_label(panel, f"{bound:.1f}", place, panel.transData, TextStyle(size=_NUMBER_PT, align="center"))
    items = [("best", say("best", language))]
    if any(ending.n_diverged and ending.n for ending in shown):
        items.append(("some", say("some-diverged", language)))
    if any(not ending.n for ending in shown):
        items.append(("all", say("all-diverged", language)))
    x, y = left, top - 25
    for kind, text in items:
        mark = {"best": ("s", BEST_COLOUR, 6.0), "some": ("x", TEXT_COLOUR, 3.0), "all": ("x", TEXT_COLOUR, 7.0)}[kind]
        panel.plot(
            [x + 5], [y], linestyle="none", marker=mark[0], markersize=mark[2], markeredgecolor=mark[1],
            markerfacecolor="none", markeredgewidth=1.1, gid="key-mark",
        )  # fmt: skip
        write_label(panel, text, (x + 13, y), panel.transData, style)
        x += 13 + measure_label(text, SMALL_PT) + 14
