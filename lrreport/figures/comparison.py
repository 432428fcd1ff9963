"""All settings of a study in one panel: their test accuracies, each line named at its end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.envelopes import Envelope, FloatArray, draw_envelope
from lrreport.figures.labels import TextStyle, measure_label, shorten_label, write_label
from lrreport.figures.theme import POINTS_PER_INCH, QUIET_COLOUR, SEMI_BOLD, WIDTH_IN
from lrreport.figures.words import Language, format_percent, say

#: More lines than these cannot be told apart, and their labels would not fit.
MOST_LINES: Final = 10
#: Height of the panel; of its heading and of the room for its ticks below.
PANEL_IN: Final = 1.5
HEADING_IN: Final = 0.3
FOOT_IN: Final = 0.42
_PER_CENT: Final = 100.0
#: Spaces that an SVG does not fold.
_SPACE: Final = "\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}"
_LABEL_PT: Final = 11.5
_LEADER_PT: Final = 12.0
_GAP_PT: Final = 5.0
_WIDEST_LABEL_IN: Final = 2.2
_HIGH: Final = 90.0
_MOST_STEPS: Final = 5
#: Bands lie over each other here.
_BAND_ALPHA: Final = 0.14
#: Errors in per cent, those that a reader knows first: 10 stands for an accuracy of 90.
_ERRORS: Final = (10, 5, 50, 2, 20, 90, 1, 3, 30, 70, 0.5)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One setting of the comparison.

    Attributes:
        name: At its end.
        colour: The setting's.
        envelope: Of its test accuracy.
        is_quiet: Drawn grey and thin: what the others are compared with.
    """

    name: str
    colour: str
    envelope: Envelope
    is_quiet: bool = False


def height_in() -> float:
    """Room that a comparison takes at the top of a figure, in inches."""
    return HEADING_IN + PANEL_IN + FOOT_IN


def draw_comparison(figure: Figure, lines: Sequence[Line], heading: str, language: Language, *, left_in: float) -> Axes:
    """Draw the panel at the top of a figure.

    The axis of accuracies is stretched towards 100 where the settings spread from low to high, as a logarithm of the
    error: between 90 and 98 per cent there is as much to see as between 10 and 90.

    Args:
        figure: Of the final size, with `height_in()` inches left free at its top.
        lines: At most `MOST_LINES`.
        heading: What the names are values of; may be empty.
        language: `th` or `en`.
        left_in: Where the panel begins, in inches.
    """
    is_close = min(_settled_ends(lines)) >= _HIGH
    ends = [
        f"{_SPACE}{format_percent(float(line.envelope.mean_t[-1]), decimals=2 if is_close else 1)}" for line in lines
    ]
    most_pt = _WIDEST_LABEL_IN * POINTS_PER_INCH - _LEADER_PT - _GAP_PT - 2
    heading = shorten_label(heading, most_pt, weight=SEMI_BOLD)
    labels = [
        shorten_label(line.name, most_pt - measure_label(end)) + end for line, end in zip(lines, ends, strict=True)
    ]
    widest_pt = max(measure_label(text) for text in [*labels, heading])
    room_in = min(_WIDEST_LABEL_IN, (widest_pt + _LEADER_PT + _GAP_PT + 2) / POINTS_PER_INCH)
    width_in = WIDTH_IN - left_in - room_in - 0.02
    top_in = float(figure.get_size_inches()[1]) - HEADING_IN
    axes = panels.add_panel(figure, (left_in, top_in - PANEL_IN), width_in, PANEL_IN)
    epochs = int(max(line.envelope.epoch_t[-1] for line in lines))
    panels.set_epoch_axis(axes, epochs, most_ticks=6, is_labelled=True)
    axes.set_xlim(axes.get_xlim()[0], epochs)
    is_stretched = _set_axis(axes, lines)
    for line in lines:
        draw_envelope(axes, line.envelope, is_train=False, scale=_PER_CENT, colour=line.colour)
    for artist in axes.lines:
        artist.set_gid("compared-line")
    for patch in axes.patches:
        patch.set_gid("compared-band")
        patch.set_alpha(_BAND_ALPHA)
    for line, artist in zip(lines, axes.lines, strict=True):
        if line.is_quiet:
            artist.set_linewidth(0.8)
    _name_lines(axes, lines, labels, heading)
    panels.write_title(axes, [say("together", language)])
    label = say("accuracy", language)
    low = axes.get_ylim()[0]
    if is_stretched:
        label = say("stretched", language, axis=label)
    elif low > 0:
        label = say("axis-from-below", language, axis=label, low=f"{low:g}")
    panels.write_row_label(figure, [axes], label)
    middle = (left_in + width_in / 2) / WIDTH_IN
    place = (top_in - PANEL_IN - FOOT_IN + 0.12) / float(figure.get_size_inches()[1])
    figure.text(middle, place, say("epoch", language), ha="center", va="baseline")
    return axes


def _settled_ends(lines: Sequence[Line]) -> tuple[float, float]:
    """The lowest and the highest accuracy in per cent after the first tenth of the epochs."""
    curves = [_PER_CENT * line.envelope.mean_t for line in lines]
    settled = [curve[math.ceil(len(curve) / 10) :] if len(curve) > 1 else curve for curve in curves]
    return min(float(curve.min()) for curve in settled), max(float(curve.max()) for curve in settled)


def _set_axis(axes: Axes, lines: Sequence[Line]) -> bool:
    """Choose the axis of accuracies; whether it is stretched."""
    lowest, highest = _settled_ends(lines)
    if lowest >= _HIGH:
        span = max(highest - lowest, 0.5)
        step = next(step for step in (0.1, 0.2, 0.5, 1, 2) if span / step <= _MOST_STEPS)
        # The axis begins at a tick, so that its label can say where.
        first = max(0, math.floor((lowest - 0.02 * span) / step + 1e-9))
        high = min(100.5, highest + 0.08 * span)
        axes.set_ylim(round(step * first, 1), high)
        ticks = [round(step * number, 1) for number in range(first, math.floor(min(high, 100.0) / step + 1e-9) + 1)]
        panels.write_ticks(axes, {tick: f"{tick:g}" for tick in ticks}, is_labelled=True)
        return False
    set_stretched_axis(axes, lowest, highest, PANEL_IN * POINTS_PER_INCH)
    return True


def set_stretched_axis(axes: Axes, lowest: float, highest: float, height_pt: float) -> None:
    """An axis of accuracies in per cent that is the logarithm of the error, with labels at round accuracies.

    Args:
        axes: The panel.
        lowest: Lowest accuracy that must be seen.
        highest: Likewise.
        height_pt: Height of the panel in points: as many labels as there is room for.
    """
    largest, smallest = 100 - max(lowest, 0.0), max(100 - highest, 0.1)
    axes.set_yscale("function", functions=(_stretch, _shrink))
    axes.set_ylim(100 - 1.15 * largest, 100 - smallest / 1.25)
    axes.minorticks_off()
    bottom, top = (float(_stretch(np.array(end))) for end in axes.get_ylim())
    points = height_pt / (top - bottom)
    chosen: dict[float, float] = {}
    for error in _ERRORS:
        place = (float(_stretch(np.array(100 - error))) - bottom) * points
        if 0 <= place <= height_pt and all(abs(place - other) >= _LABEL_PT for other in chosen.values()):
            chosen[100 - error] = place
    panels.write_ticks(axes, {tick: f"{tick:g}" for tick in sorted(chosen)}, is_labelled=True)


def _stretch(accuracy: FloatArray) -> FloatArray:
    return -np.log10(np.maximum(100.0 - np.asarray(accuracy, dtype=np.float64), 0.01))


def _shrink(place: FloatArray) -> FloatArray:
    return 100.0 - 10.0 ** -np.asarray(place, dtype=np.float64)


def _name_lines(axes: Axes, lines: Sequence[Line], labels: Sequence[str], heading: str) -> None:
    """Names and last accuracies in a column beside the panel, each joined to its line's end."""
    to_place = axes.transData + axes.transAxes.inverted()
    ends = [
        float(to_place.transform((axes.get_xlim()[1], _PER_CENT * float(line.envelope.mean_t[-1])))[1])
        for line in lines
    ]
    height_pt = PANEL_IN * POINTS_PER_INCH
    gap = _LABEL_PT / height_pt
    places = _keep_inside(panels.spread_labels([min(max(end, 0), 1) for end in ends], gap), gap)
    width_pt = float(axes.bbox.width)
    for line, text, end, place in zip(lines, labels, ends, places, strict=True):
        if line.envelope.epoch_t[-1] == axes.get_xlim()[1]:
            axes.plot(
                [1, 1 + _LEADER_PT / width_pt],
                [end, place],
                transform=axes.transAxes,
                color=line.colour,
                linewidth=0.8,
                clip_on=False,
                gid="leader",
            )
        style = TextStyle(is_level=True, offset_pt=(_LEADER_PT + _GAP_PT / 2, 0))
        write_label(axes, text, (1, place), axes.transAxes, style)
    if heading:
        style = TextStyle(offset_pt=(_LEADER_PT + _GAP_PT / 2, 0), colour=QUIET_COLOUR, weight=SEMI_BOLD)
        top = max([1.0, max(places) + 0.5 * gap])
        write_label(axes, heading, (1, top + 4 / height_pt), axes.transAxes, style)


def _keep_inside(places: list[float], gap: float) -> list[float]:
    """Move a column that runs out at the panel's head or foot back, keeping its order and distances."""
    order = sorted(range(len(places)), key=lambda index: places[index])
    moved = list(places)
    ceiling = 1.0
    for index in reversed(order):
        moved[index] = min(moved[index], ceiling)
        ceiling = moved[index] - gap
    floor = -0.5 * gap
    for index in order:
        moved[index] = max(moved[index], floor)
        floor = moved[index] + gap
    return moved
