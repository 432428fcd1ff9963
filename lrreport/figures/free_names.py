"""Names at the ends of lines, each where it covers neither a line nor another name."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from matplotlib.axes import Axes

from lrreport.figures.envelopes import FloatArray
from lrreport.figures.labels import DIGIT_MIDDLE_EM, TextStyle, measure_label, write_label
from lrreport.figures.theme import CONTEXT_COLOUR, SEMI_BOLD, SMALL_PT
from lrreport.figures.words import split_superscripts

_LEADER_PT: Final = 0.7
#: A direction is sideways, up or down where its sine or cosine is more than this.
_SIDEWAYS: Final = 0.3


@dataclass(frozen=True, slots=True)
class Name:
    """What stands at the end of a walk: on its right and below, or on its left and above."""

    text: str
    end: tuple[float, float]
    is_above: bool = False
    is_best: bool = False
    leader_colour: str = CONTEXT_COLOUR

    @property
    def weight(self) -> int:
        """Of its letters: semi-bold for the best."""
        return SEMI_BOLD if self.is_best else 400


@dataclass(frozen=True, slots=True)
class Place:
    """A place for a name, in points of the figure: a box, and where a leader would meet it."""

    left: float
    bottom: float
    right: float
    top: float
    tip: tuple[float, float]
    align: Literal["left", "right", "center"]
    cost: float

    def count_inside(self, points: FloatArray, padding: float) -> int:
        """How many points, of shape (N, 2), lie in the box or nearer to it than that."""
        x, y = points.T
        is_across = (x > self.left - padding) & (x < self.right + padding)
        return int((is_across & (y > self.bottom - padding) & (y < self.top + padding)).sum())

    def overlaps(self, other: Place) -> bool:
        """Whether two boxes touch, or nearly."""
        return (
            self.left < other.right + _PADDING_PT
            and other.left < self.right + _PADDING_PT
            and self.bottom < other.top + _PADDING_PT
            and other.bottom < self.top + _PADDING_PT
        )


#: Directions in which a name is tried, in degrees, the one that looks best first.
_BELOW: Final = (-45, -30, -65, -80, -90, 115, 135, 90, -115, -135, 45, 0)
_ABOVE: Final = (135, 150, 115, 165, 90, 180, -45, 0)
_DISTANCES_PT: Final = (6.0, 10.0, 14.0, 19.0, 25.0, 32.0)
_PADDING_PT: Final = 2.0
#: What a superscript adds to the height of a name.
_RAISED_PT: Final = 1.5
#: Between a leader and its name.
_BESIDE_PT: Final = 1.5
_TURN_COST: Final = 1.5
#: A name on the other side of the road than its kind.
_SIDE_COST: Final = 20.0
_LINE_COST: Final = 20.0
_OVERLAP_COST: Final = 1000.0
#: A leader shorter than this says nothing that nearness does not.
_SHORTEST_LEADER_PT: Final = 8.0


def write_names(
    axes: Axes,
    names: Sequence[Name],
    obstacles: Sequence[tuple[FloatArray, float]],
    places: Sequence[Place],
) -> None:
    """Write every name where it covers neither a line nor another name, as near to its end as there is room.

    Args:
        axes: The panel, its limits already set.
        names: What is written, the most important first.
        obstacles: Points of the figure that names keep clear of, each group with the distance that it needs.
        places: Where other names stand already.
    """
    ends = np.array([axes.transData.transform(name.end) for name in names], np.float64).reshape(-1, 2)
    obstacles = [(ends, obstacles[0][1] if obstacles else _PADDING_PT), *obstacles]
    taken = list(places)
    for name, end in zip(names, ends, strict=True):
        place = min(_list_places(axes, name, (float(end[0]), float(end[1])), obstacles, taken), key=lambda it: it.cost)
        taken.append(place)
        distance = float(np.hypot(place.tip[0] - end[0], place.tip[1] - end[1]))
        if distance > _SHORTEST_LEADER_PT:
            start = end + (np.array(place.tip) - end) * (4.0 / distance)
            ends_xy = axes.transAxes.inverted().transform(np.array([start, place.tip]))
            axes.plot(
                *ends_xy.T,
                transform=axes.transAxes,
                color=name.leader_colour,
                linewidth=_LEADER_PT,
                clip_on=False,
                gid="leader",
                zorder=2,
            )
        x = {"left": place.left, "right": place.right, "center": (place.left + place.right) / 2}[place.align]
        at = axes.transAxes.inverted().transform((x, place.bottom))
        style = TextStyle(weight=name.weight, align=place.align)
        write_label(axes, name.text, (float(at[0]), float(at[1])), axes.transAxes, style)


def fill_in(points: FloatArray) -> FloatArray:
    """Points on a line, no more than two points of the figure apart."""
    parts = [points[:1]]
    for start, stop in itertools.pairwise(points):
        count = max(1, int(np.ceil(np.hypot(*(stop - start)) / 2)))
        parts.append(start + (stop - start) * np.linspace(0, 1, count + 1)[1:, np.newaxis])
    return np.concatenate(parts)


def _list_places(
    axes: Axes,
    name: Name,
    end: tuple[float, float],
    obstacles: Sequence[tuple[FloatArray, float]],
    taken: Sequence[Place],
) -> list[Place]:
    width = measure_label(name.text, weight=name.weight)
    height = 2 * DIGIT_MIDDLE_EM * SMALL_PT
    if len(split_superscripts(name.text)) > 1:
        height += _RAISED_PT
    frame = axes.bbox
    places = []
    for (turn, degrees), distance in itertools.product(enumerate(_ABOVE if name.is_above else _BELOW), _DISTANCES_PT):
        across, up = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        tip = (end[0] + distance * float(across), end[1] + distance * float(up))
        align: Literal["left", "right", "center"]
        align = "left" if across > _SIDEWAYS else "right" if across < -_SIDEWAYS else "center"
        left = tip[0] + {"left": _BESIDE_PT, "right": -_BESIDE_PT - width, "center": -width / 2}[align]
        bottom = tip[1] - (height if up < -_SIDEWAYS else 0 if up > _SIDEWAYS else height / 2)
        place = Place(left, bottom, left + width, bottom + height, tip, align, 0.0)
        is_outside = place.left < frame.x0 or place.right > axes.figure.bbox.x1 - 2 or place.bottom < frame.y0 + 1
        is_outside = is_outside or place.top > frame.y1 + 3
        covered = sum(place.count_inside(points, clearance) for points, clearance in obstacles)
        is_across_the_road = up < -_SIDEWAYS if name.is_above else up > _SIDEWAYS
        cost = distance + turn * _TURN_COST + _LINE_COST * covered + _SIDE_COST * is_across_the_road
        cost += _OVERLAP_COST * (is_outside + sum(map(place.overlaps, taken)))
        places.append(replace(place, cost=cost))
    return places
