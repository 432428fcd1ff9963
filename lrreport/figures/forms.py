"""Which figures show a study: by how many settings it has, and how many of them fit on a page.

Up to ten settings can be told apart in one panel. Beyond that a map of a grid, or a list of dots, takes its place; up to two
dozen have curves of their own as well, on two figures at most. The numbers are those of decision 19.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from lrreport.figures.page_fit import count_rows
from lrreport.figures.panels import Margins
from lrreport.figures.theme import POINTS_PER_INCH, WIDTH_IN
from lrreport.figures.words import format_setting_value, shown_keys
from lrreport.spec import Study, Value

#: Up to so many settings stand in one panel, and all in one figure: more lines cannot be told apart.
MOST_LINES: Final = 10
#: Up to so many settings a study has curves of each: two dozen fill two figures, and nobody reads a third.
MOST_CURVES: Final = 24
#: Rows and columns of a map, at most: more do not fit on a page.
MOST_MAP_ROWS: Final = 36
#: A grid of more keys has no map: nobody finds a value among its panels.
MOST_MAP_KEYS: Final = 3
#: So many panels of curves a figure has at most: a phone has room for two side by side, and for six rows.
MOST_PANELS: Final = 12
#: A title takes one line.
TITLE_LINE_IN: Final = 0.18
#: A map is at least so high; a cell has a height, a least width, and a width at most.
LEAST_MAP_IN: Final = 0.75
CELL_IN: Final = 0.2
LEAST_CELL_IN: Final = 0.31
MOST_CELL_IN: Final = 0.66
#: Around the maps of a figure and between them; the colours' key stands above them.
MAP_MARGINS: Final = Margins(left=0.95, right=0.1, top=0.88, bottom=0.45, between_columns=0.16, between_rows=0.52)
#: Height of a panel of a list that stands alone; and of one of several.
LIST_IN: Final = 2.2
LIST_PANEL_IN: Final = 1.15
LIST_MARGINS: Final = Margins(left=0.74, right=0.14, top=0.74, bottom=0.46, between_columns=0.5, between_rows=0.6)

_LETTER_PT: Final = 4.0

Form: TypeAlias = Literal["curves", "map", "list"]


@dataclass(frozen=True, slots=True)
class Part:
    """One figure of a study.

    Attributes:
        name: The figure's: the study's id, then the id with a point and a number.
        form: `curves`, or `map` and `list` of the test accuracies at the end.
        number: Which of the figures of this form it is, from 1.
        count: How many figures have this form.
        shown: Places of the settings that it shows, in file order.
    """

    name: str
    form: Form
    number: int
    count: int
    shown: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Axes:
    """The keys of a grid as a map or a list has them.

    Attributes:
        across: The key along the horizontal axis; empty where settings are sorted.
        up: The key along the vertical axis of a map; empty in a list.
        others: The keys that have a panel for each value.
    """

    across: str
    up: str
    others: tuple[str, ...]


def list_parts(study: Study) -> tuple[Part, ...]:
    """The figures of a study, the first under its id."""
    count = len(study.settings)
    groups: list[tuple[Form, tuple[int, ...]]] = []
    if count > MOST_LINES:
        axes = choose_axes(study)
        panels = list_panels(study, axes)
        side = count_across(study, axes, len(panels))
        lines = [
            tuple(itertools.chain.from_iterable(panels[place] for place in line)) for line in _batch(len(panels), side)
        ]
        groups += [("map" if axes.up else "list", some) for some in split_evenly(lines, _count_lines(study, axes))]
    if count <= MOST_CURVES:
        columns = count_columns(study)
        groups += [("curves", some) for some in split_evenly(_batch(count, columns), MOST_PANELS // columns)]
    forms = [form for form, _ in groups]
    return tuple(
        Part(
            name=study.id if place == 0 else f"{study.id}.{place + 1}",
            form=form,
            number=place - forms.index(form) + 1,
            count=forms.count(form),
            shown=shown,
        )
        for place, (form, shown) in enumerate(groups)
    )


def count_columns(study: Study) -> int:
    """How many panels of curves stand side by side on a page; the three values of a grid's last key stay together."""
    keys = shown_keys(study)
    return 3 if len(keys) > 1 and len(list_values(study, keys[-1])) == 3 else 4  # noqa: PLR2004 - three values


def find_part(study: Study, name: str) -> Part:
    """The figure of that name."""
    return next(part for part in list_parts(study) if part.name == name)


def split_evenly(lines: Sequence[tuple[int, ...]], most: int) -> list[tuple[int, ...]]:
    """What stands on each figure: so many lines at most, on as few figures as there must be, as even as they can be.

    >>> split_evenly([(1, 2), (3, 4), (5, 6), (7, 8)], 3)
    [(1, 2, 3, 4), (5, 6, 7, 8)]
    """
    count = math.ceil(len(lines) / most)
    ends = [round(len(lines) * number / count) for number in range(count + 1)]
    return [tuple(itertools.chain.from_iterable(lines[start:end])) for start, end in itertools.pairwise(ends)]


def _batch(count: int, size: int) -> list[tuple[int, ...]]:
    return [tuple(range(start, min(count, start + size))) for start in range(0, count, size)]


def choose_axes(study: Study) -> Axes:
    """The keys along the axes: the two with most values, the longer one upwards where a page is too narrow for it.

    A list has the key with most values along its axis, when these are numbers, and a panel for each combination of the others;
    or all settings in one panel, sorted.
    """
    values = {key: list_values(study, key) for key in shown_keys(study)}
    keys = sorted(values, key=lambda key: -len(values[key]))
    others = tuple(key for key in values if key not in keys[:2])
    if 1 < len(keys) <= MOST_MAP_KEYS and len(values[keys[0]]) <= MOST_MAP_ROWS:
        is_wide = len(values[keys[0]]) * LEAST_CELL_IN > WIDTH_IN - MAP_MARGINS.left - MAP_MARGINS.right
        across, up = (keys[1], keys[0]) if is_wide else (keys[0], keys[1])
        return Axes(across, up, others)
    if len(keys) <= MOST_MAP_KEYS and are_numbers(values[keys[0]]):
        return Axes(keys[0], "", tuple(key for key in values if key != keys[0]))
    return Axes("", "", ())


def list_values(study: Study, key: str) -> list[Value]:
    """The values of a varied key, each once: numbers from the smallest on, others in file order."""
    values = list(dict.fromkeys(dict(setting.varied)[key] for setting in study.settings))
    return sorted(values, key=float) if are_numbers(values) else values  # type: ignore[arg-type]


def are_numbers(values: Sequence[Value]) -> bool:
    """Whether values stand on an axis."""
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def list_panels(study: Study, axes: Axes) -> list[tuple[int, ...]]:
    """Places of the settings of each panel, panels in the order of their values."""
    found: dict[tuple[Value, ...], list[int]] = {
        point: [] for point in itertools.product(*(list_values(study, key) for key in axes.others))
    }
    for place, setting in enumerate(study.settings):
        varied = dict(setting.varied)
        found[tuple(varied[key] for key in axes.others)].append(place)
    return [tuple(places) for places in found.values()]


def count_across(study: Study, axes: Axes, panels: int) -> int:
    """How many maps, or panels of a list, stand side by side."""
    if not axes.up:
        return min(panels, 2)
    margins = MAP_MARGINS
    values = list_values(study, axes.across)
    # An estimate: which figures there are must not depend on fonts.
    longest = max(len(format_setting_value(axes.across, value, "en")) for value in values)
    cell_in = min(MOST_CELL_IN, max(LEAST_CELL_IN, (_LETTER_PT * longest + 4) / POINTS_PER_INCH))
    room_in = WIDTH_IN - margins.left - margins.right + margins.between_columns
    return max(1, min(panels, int(room_in / (len(values) * cell_in + margins.between_columns))))


def measure_map(rows: int) -> float:
    """The height of a map in inches: low cells, but never so low that its axis cannot be named beside it."""
    return max(LEAST_MAP_IN, CELL_IN * rows)


def _count_lines(study: Study, axes: Axes) -> int:
    """How many maps, or panels of a list, a figure has one above the other at most."""
    margins = MAP_MARGINS if axes.up else LIST_MARGINS
    line_in = measure_map(len(list_values(study, axes.up))) if axes.up else LIST_PANEL_IN
    return count_rows(line_in, margins.between_rows, margins.top + margins.bottom)
