"""Momentum in one look: three walkers in the same ravine, at the same rate and for as many steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse

from lrreport.figures import panels
from lrreport.figures.data import FigureData
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.envelopes import FloatArray
from lrreport.figures.labels import TextStyle, write_label
from lrreport.figures.panels import Margins
from lrreport.figures.theme import BEST_COLOUR, LINE_RAMP, QUIET_COLOUR, SEMI_BOLD, TEXT_COLOUR
from lrreport.figures.words import Language, format_number
from lrreport.results import Results
from lrreport.rules.sgd import push

#: Curvatures along the ravine and across it: L = (x² + 20 y²) / 2.
CURVATURES: Final = (1.0, 20.0)
#: The rate and the momenta of the article's study. At rates from 1 / 20 to 1 / 10, where plain SGD zigzags in this ravine,
#: momentum 0.9 runs past the bottom by about half of the way that it came, or more, and does not glide in.
RATE: Final = 0.01
MOMENTA: Final = (0.0, 0.9, 0.99)
START: Final = (-10.0, 3.0)
STEPS: Final = 50
#: Who stays within the ring around the bottom has arrived.
RING: Final = 1.0
#: Many more steps than the slowest needs, so that nobody leaves the ring later.
_HORIZON: Final = 2000

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "heading": {"th": "โมเมนตัม {momentum}: {fate}", "en": "Momentum {momentum}: {fate}"},
    "arrival": {"th": "อยู่ในวงกลมตั้งแต่ก้าวที่ {step}", "en": "stays in the ring from step {step}"},
    "step": {"th": "ก้าวที่ {step}", "en": "step {step}"},
    "start": {"th": "ออกเดิน", "en": "start"},
    "bottom": {"th": "ก้นหุบ", "en": "bottom"},
    "momentum": {"th": "โมเมนตัม", "en": "Momentum"},
    "farthest": {"th": "เลยก้นหุบไปไกลสุด", "en": "Farthest past the bottom"},
    "distance": {"th": "ห่างก้นหุบหลัง {steps} ก้าว", "en": "From the bottom after {steps} steps"},
    "arrives": {"th": "อยู่ในวงกลมตั้งแต่ก้าวที่", "en": "In the ring from step"},
}
#: What each momentum of `MOMENTA` does, in its order.
_FATES: Final[Mapping[Language, tuple[str, ...]]] = {
    "th": ("คืบไปทีละนิด", "วิ่งถึงเร็ว", "วิ่งเลยก้นหุบ"),
    "en": ("creeps", "glides in", "flies past"),
}
_COLOURS: Final = (LINE_RAMP[0], BEST_COLOUR, LINE_RAMP[-1])
_MARGINS: Final = Margins(left=0.03, right=0.03, top=0.22, bottom=0.22, between_columns=0.12, between_rows=0.52)
#: The ends of a panel; both directions have one scale, so that the ring is round.
_X_RANGE: Final = (-10.9, 9.7)
_Y_RANGE: Final = (-3.55, 3.55)
#: Where the contour lines cross the floor.
_CONTOURS: Final = (3.0, 6.0, 9.0, 12.0, 15.0)


def walk(momentum: float, steps: int = STEPS) -> FloatArray:
    """The start and the places after every step of SGD with momentum; momentum 0 is plain SGD.

    Args:
        momentum: m, from 0 to below 1.
        steps: T, how many.

    Returns:
        Places of shape (T + 1, 2).

    >>> walk(0.0, 1).round(3).tolist()
    [[-10.0, 3.0], [-9.9, 2.4]]
    """
    place, velocity = np.array(START), np.zeros(2)
    places = [place]
    for _ in range(steps):
        velocity = push(velocity, np.array(CURVATURES) * place, RATE, momentum)
        place = place + velocity
        places.append(place)
    return np.array(places)


def find_arrival(momentum: float) -> int:
    """The first step from which on the walker stays within `RING` of the bottom."""
    outside = np.flatnonzero(np.hypot(*walk(momentum, _HORIZON).T) > RING)
    return int(outside[-1]) + 1


def make_ravine(_results: Results, _samples: Samples, language: Language, form: Format) -> Figure:
    """Draw the same number of steps with each momentum, a panel a momentum; to be called inside `theme()`."""
    rows, columns = (len(MOMENTA), 1) if form.is_narrow else (1, len(MOMENTA))
    inner_in = form.width_in - _MARGINS.left - _MARGINS.right - (columns - 1) * _MARGINS.between_columns
    panel_in = inner_in / columns * float(np.ptp(_Y_RANGE) / np.ptp(_X_RANGE))
    figure, grid = panels.make_grid(rows, columns, [panel_in], _MARGINS, form.width_in)
    stands = [axes for line in grid for axes in line]
    for axes, momentum, colour, fate in zip(stands, MOMENTA, _COLOURS, _FATES[language], strict=True):
        _draw_ground(axes)
        _draw_path(axes, walk(momentum), colour)
        heading = _WORDS["heading"][language].format(momentum=format_number(momentum), fate=fate)
        style = TextStyle(weight=SEMI_BOLD, align="center", offset_pt=(0, 5))
        write_label(axes, heading, (0.5, 1), axes.transAxes, style)
        arrival = _WORDS["arrival"][language].format(step=find_arrival(momentum))
        write_label(axes, arrival, (0.5, 0), axes.transAxes, TextStyle(align="center", offset_pt=(0, -11)))
    first = stands[0]
    style = TextStyle(is_level=True, offset_pt=(6, 0), has_ground=True)
    write_label(first, _WORDS["start"][language], START, first.transData, style)
    write_label(first, _WORDS["bottom"][language], (RING, 0), first.transData, style)
    last = first.transData, TextStyle(align="center", offset_pt=(0, -12), has_ground=True)
    write_label(first, _WORDS["step"][language].format(step=STEPS), tuple(walk(MOMENTA[0])[-1]), *last)
    return figure


def _draw_ground(axes: Axes) -> None:
    """The contour lines, the bottom and the ring around it."""
    axes.set_axis_off()
    axes.set_xlim(*_X_RANGE)
    axes.set_ylim(*_Y_RANGE)
    narrowing = float(np.sqrt(CURVATURES[0] / CURVATURES[1]))
    for reach in _CONTOURS:
        axes.add_patch(
            Ellipse(
                (0, 0), 2 * reach, 2 * reach * narrowing, fill=False, edgecolor="#c9c9c9", linewidth=0.6, gid="contour"
            )
        )
    axes.add_patch(
        Circle(
            (0, 0),
            RING,
            fill=False,
            edgecolor=QUIET_COLOUR,
            linewidth=0.9,
            linestyle=(0, (2, 1.2)),
            zorder=4,
            gid="ring",
        )
    )


def _draw_path(axes: Axes, place_tc: FloatArray, colour: str) -> None:
    axes.plot(
        *place_tc.T,
        color=colour,
        linewidth=0.9,
        marker="o",
        markersize=2.2,
        markeredgewidth=0,
        gid="path",
        zorder=3,
    )
    for place, size, shade, gid in ((START, 5.5, TEXT_COLOUR, "start"), (place_tc[-1], 4.0, colour, "end")):
        axes.plot(
            *place, linestyle="none", marker="o", markersize=size, markeredgewidth=0, color=shade, gid=gid, zorder=5
        )


def describe_ravine(_results: Results, _samples: Samples, language: Language) -> str:
    """The text alternative of `make_ravine`."""
    items = []
    for momentum, fate in zip(MOMENTA, _FATES[language], strict=True):
        name, arrival = format_number(momentum), find_arrival(momentum)
        if language == "th":
            items.append(f"โมเมนตัม {name} {fate} อยู่ในวงกลมตั้งแต่ก้าวที่ {arrival}")
        else:
            items.append(f"momentum {name} {fate} and stays in the ring from step {arrival}")
    rate, ring, across = format_number(RATE), format_number(RING), format_number(CURVATURES[1])
    if language == "th":
        return (
            f"ทางเดิน {STEPS} ก้าวที่อัตรา {rate} ในร่องเขาที่ด้านขวางโค้งเป็น {across} เท่าของด้านยาว "
            f"มีวงกลมรัศมี {ring} ล้อมก้นหุบ ผลเป็นดังนี้ {', '.join(items)}"
        )
    return (
        f"{STEPS} steps at rate {rate} in a ravine that is {across} times as curved across as along, with a ring of radius "
        f"{ring} around its bottom: {'; '.join(items)}."
    )


def list_ravine_data(_results: Results, language: Language) -> FigureData:
    """How far each momentum leads, and when it has arrived."""
    heads = tuple(_WORDS[key][language].format(steps=STEPS) for key in ("momentum", "distance", "farthest", "arrives"))
    rows = []
    for momentum in MOMENTA:
        place_tc = walk(momentum)
        distance, farthest = float(np.hypot(*place_tc[-1])), max(0.0, float(place_tc[:, 0].max()))
        rows.append((format_number(momentum), f"{distance:.1f}", f"{farthest:.1f}", str(find_arrival(momentum))))
    return FigureData((), heads, tuple(rows))


DRAWING: Final = Drawing("ravine", make_ravine, describe_ravine, list_data=list_ravine_data)
