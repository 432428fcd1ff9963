"""The first thing to see: six learning rates on one parabola, the same start and six steps each."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch

from lrreport.figures import panels
from lrreport.figures.data import FigureData
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.labels import TextStyle, write_label
from lrreport.figures.panels import Margins
from lrreport.figures.theme import BEST_COLOUR, LINE_RAMP, QUIET_COLOUR, SEMI_BOLD, TEXT_COLOUR
from lrreport.figures.words import Language, format_number
from lrreport.results import Results
from lrreport.rules.sgd import step

#: From a rate that creeps to one that flies off.
RATES: Final = (0.01, 0.1, 0.25, 0.45, 0.5, 0.6)
START: Final = 1.0
STEPS: Final = 6
_CURVATURE: Final = 4.0

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "rate": {"th": "อัตรา {rate}", "en": "rate {rate}"},
    "rates": {"th": "อัตราการเรียนรู้", "en": "Learning rate"},
    "factor": {"th": "ตัวคูณ {factor}", "en": "factor {factor}"},
    "step": {"th": "ก้าวที่", "en": "Step"},
}
#: What each rate of `RATES` does, in its order.
_FATES: Final[Mapping[Language, tuple[str, ...]]] = {
    "th": ("คืบไปทีละนิด", "เดินถึง", "ก้าวเดียวถึง", "ข้ามไปมาแล้วนิ่ง", "ข้ามไปมาไม่รู้จบ", "หลุดออกไป"),
    "en": ("creeps", "arrives", "one step", "overshoots, settles", "to and fro for ever", "flies off"),
}
_NARROW_COLUMNS: Final = 3
_PANEL_IN: Final = 0.87
_MARGINS: Final = Margins(left=0.06, right=0.06, top=0.22, bottom=0.6, between_columns=0.1, between_rows=0.88)
#: The panel ends between the second place of rate 0.6 and its third, and a little below the bottom of the valley.
_REACH: Final = 1.62
_LOWEST: Final = -0.25
_HIGHEST: Final = 2 * _REACH**2
_POINTS: Final = 41
_VALLEY_COLOUR: Final = "#c9c9c9"
_DECIMALS: Final = 12


def measure_height(place: float) -> float:
    """The height of the valley at w: L = 2 w²."""
    return _CURVATURE / 2 * place**2


def measure_slope(place: float) -> float:
    """The slope of the valley at w: 4 w, the gradient of `measure_height`."""
    return _CURVATURE * place


def walk(rate: float, steps: int = STEPS) -> tuple[float, ...]:
    """The start and the places after each step of plain SGD.

    >>> walk(0.25, 2), walk(0.5, 2)
    ((1.0, 0.0, 0.0), (1.0, -1.0, 1.0))
    """
    places = [START]
    for _ in range(steps):
        places.append(float(step(places[-1], measure_slope(places[-1]), rate)))
    return tuple(places)


def measure_factor(rate: float) -> float:
    """What a step multiplies the place by: where it leads from 1, without the last bits of its arithmetic."""
    return round(float(step(1.0, measure_slope(1.0), rate)), _DECIMALS)


def make_one_step(_results: Results, _samples: Samples, language: Language, form: Format) -> Figure:
    """Draw six steps at each rate, a panel a rate; to be called inside `theme()`."""
    columns = _NARROW_COLUMNS if form.is_narrow else len(RATES)
    figure, grid = panels.make_grid(len(RATES) // columns, columns, [_PANEL_IN], _MARGINS, form.width_in)
    best = min(RATES, key=lambda rate: abs(measure_factor(rate)))
    shades = [LINE_RAMP[round(rank)] for rank in np.linspace(0, len(LINE_RAMP) - 1, len(RATES))]
    for axes, rate, shade, fate in zip(itertools.chain(*grid), RATES, shades, _FATES[language], strict=True):
        _draw_valley(axes)
        _draw_path(axes, walk(rate), BEST_COLOUR if rate == best else shade)
        is_best = rate == best
        lines = (
            (_WORDS["rate"][language].format(rate=format_number(rate)), 1.0, 6.0, SEMI_BOLD),
            (_WORDS["factor"][language].format(factor=format_number(measure_factor(rate))), 0.0, -23.5, 400),
            (fate, 0.0, -36.5, SEMI_BOLD if is_best else 400),
        )
        for text, edge, offset_pt, weight in lines:
            style = TextStyle(align="center", weight=weight, offset_pt=(0, offset_pt))
            write_label(axes, text, (0.5, edge), axes.transAxes, style)
    return figure


def _draw_valley(axes: Axes) -> None:
    axes.set_xlim(-_REACH, _REACH)
    axes.set_ylim(_LOWEST, _HIGHEST)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xticks([0, START], labels=["", ""])
    for place in (0, START):
        style = TextStyle(align="center", colour=QUIET_COLOUR, offset_pt=(0, -11))
        write_label(axes, f"{place:g}", (place, 0), axes.get_xaxis_transform(), style)
    place_i = np.linspace(-_REACH, _REACH, _POINTS)
    height_i = [measure_height(float(place)) for place in place_i]
    axes.plot(place_i, height_i, color=_VALLEY_COLOUR, linewidth=1.2, gid="valley", zorder=2)


def _draw_path(axes: Axes, places: tuple[float, ...], colour: str) -> None:
    """The start, every step, and an arrow where the path leaves the panel."""
    inside = tuple(itertools.takewhile(lambda place: abs(place) < _REACH, places))
    heights = [measure_height(place) for place in inside]
    axes.plot(
        inside,
        heights,
        color=colour,
        linewidth=1.1,
        marker="o",
        markersize=4.2,
        markeredgewidth=0.5,
        markeredgecolor="#ffffff",
        gid="path",
        zorder=3,
    )
    if len(inside) < len(places):
        here = (inside[-1], heights[-1])
        beyond = (places[len(inside)], measure_height(places[len(inside)]))
        _draw_arrow(axes, here, _cut(here, beyond), "-|>", colour)
    elif places[2] == places[0]:  # it comes back to where it started, and so for ever
        _draw_arrow(axes, (places[1], heights[1]), (places[0], heights[0]), "<|-|>", colour)
    axes.plot(
        [places[0]],
        [measure_height(places[0])],
        linestyle="none",
        marker="o",
        markersize=6,
        markeredgewidth=0,
        color=TEXT_COLOUR,
        gid="start",
        zorder=4,
    )


def _cut(here: tuple[float, float], beyond: tuple[float, float]) -> tuple[float, float]:
    """Where the way from a place in the panel to one outside of it crosses the panel's edge."""
    to_side = (_REACH - abs(here[0])) / (abs(beyond[0]) - abs(here[0]))
    if beyond[0] * here[0] < 0:  # it crosses the valley first
        to_side = (_REACH + abs(here[0])) / (abs(beyond[0]) + abs(here[0]))
    share = min(to_side, (_HIGHEST - here[1]) / (beyond[1] - here[1]))
    return here[0] + share * (beyond[0] - here[0]), here[1] + share * (beyond[1] - here[1])


def _draw_arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], style: str, colour: str) -> None:
    is_double = style.startswith("<")
    arrow = FancyArrowPatch(
        start,
        end,
        arrowstyle=style,
        mutation_scale=7,
        shrinkA=2.5 if is_double else 0,
        shrinkB=3.5 if is_double else 0,
        color=colour,
        linewidth=1.1,
        clip_on=False,
        gid="to-and-fro" if is_double else "off",
        zorder=3,
    )
    axes.add_patch(arrow)


def describe_one_step(_results: Results, _samples: Samples, language: Language) -> str:
    """The text alternative of `make_one_step`."""
    items = []
    for rate, fate in zip(RATES, _FATES[language], strict=True):
        factor, last = format_number(measure_factor(rate)), _shorten(walk(rate)[-1])
        if language == "th":
            items.append(f"อัตรา {format_number(rate)} {fate} (ตัวคูณ {factor} จบที่ {last})")
        else:
            items.append(f"{format_number(rate)}: {fate} (factor {factor}, ends at {last})")
    start = format_number(START)
    if language == "th":
        return (
            f"เส้นทาง {STEPS} ก้าวในหุบเขา L = 2w² ออกเดินจาก w = {start} ทุกครั้ง ตัวคูณคือ 1 − 4 × อัตรา "
            f"ผลของแต่ละอัตราเป็นดังนี้ {', '.join(items)}"
        )
    return (
        f"{STEPS} steps in the valley L = 2w², each time from w = {start}; a step multiplies w by the factor "
        f"1 − 4 × rate. Rate {'; '.join(items)}."
    )


def list_one_step_data(_results: Results, language: Language) -> FigureData:
    """The places after every step, a column a rate; after the first of them the place is the factor."""
    paths = [walk(rate) for rate in RATES]
    rows = [(str(number), *(_shorten(path[number]) for path in paths)) for number in range(STEPS + 1)]
    groups = (("", 1), (_WORDS["rates"][language], len(RATES)))
    return FigureData(groups, (_WORDS["step"][language], *map(format_number, RATES)), tuple(rows))


def _shorten(place: float) -> str:
    """Three decimals at most, and neither a bare end of zeros nor a minus before 0."""
    return format_number(round(place, 3) + 0.0)


DRAWING: Final = Drawing("one-step", make_one_step, describe_one_step, list_data=list_one_step_data)
