"""What the figures of curves share: grids of panels, their axes and what is written around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.figures.labels import TextStyle, measure_label, shorten_label, write_label
from lrreport.figures.theme import POINTS_PER_INCH, QUIET_COLOUR, SEMI_BOLD, TEXT_PT, WIDTH_IN

_TICK_STYLE: Final = TextStyle(align="right", is_level=True, offset_pt=(-3.5, 0))
#: A title may reach a little into the room between two panels; letters are a little wider when they are drawn.
_TITLE_OVERHANG_PT: Final = 2.0
_TITLE_SHARE: Final = 0.98
_NOTE_GAP_PT: Final = 6.0
_NICE: Final = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 2500, 5000, 10_000, 20_000, 25_000, 50_000)


@dataclass(frozen=True, slots=True)
class Margins:
    """Distances in inches around a grid of panels and between them.

    Attributes:
        left: Room for the labels of the vertical axes.
        right: Room for half a tick label.
        top: Room for legend and titles.
        bottom: Room for the labels of the horizontal axis.
        between_columns: Between panels side by side.
        between_rows: Between groups of rows one above the other.
        in_group: Between the rows of one group.
    """

    left: float = 0.5
    right: float = 0.09
    top: float = 0.55
    bottom: float = 0.46
    between_columns: float = 0.14
    between_rows: float = 0.34
    in_group: float = 0.13


def make_grid(
    groups: int, columns: int, heights_in: Sequence[float], margins: Margins, width_in: float = WIDTH_IN
) -> tuple[Figure, list[list[Axes]]]:
    """A figure with panels at fixed places, equally wide.

    Explicit places instead of matplotlib's layout engines: these draw everything twice.

    Args:
        groups: Groups of rows one above the other.
        columns: Panels side by side.
        heights_in: Height of each row of a group, in inches.
        margins: Distances around and between them.
        width_in: Of the figure, in inches.

    Returns:
        The figure, and its panels as `axes[row][column]`, the upper left one first.
    """
    group_in = sum(heights_in) + margins.in_group * (len(heights_in) - 1)
    height_in = margins.top + margins.bottom + groups * group_in + (groups - 1) * margins.between_rows
    figure = Figure(figsize=(width_in, height_in))
    inner_in = width_in - margins.left - margins.right - (columns - 1) * margins.between_columns
    panel_width_in = inner_in / columns
    axes: list[list[Axes]] = []
    for group in range(groups):
        top_in = height_in - margins.top - group * (group_in + margins.between_rows)
        for row_in in heights_in:
            line = []
            for column in range(columns):
                left_in = margins.left + column * (panel_width_in + margins.between_columns)
                line.append(add_panel(figure, (left_in, top_in - row_in), panel_width_in, row_in))
            axes.append(line)
            top_in -= row_in + margins.in_group
    return figure, axes


def add_panel(figure: Figure, corner_in: tuple[float, float], width_in: float, height_in: float) -> Axes:
    """One more panel, its lower left corner and its size in inches."""
    full_width_in, full_height_in = figure.get_size_inches()
    return figure.add_axes(
        (
            corner_in[0] / full_width_in,
            corner_in[1] / full_height_in,
            width_in / full_width_in,
            height_in / full_height_in,
        )
    )


def write_ticks(axes: Axes, labels: Mapping[float, str], *, is_labelled: bool) -> None:
    """Grid lines of the vertical axis, and their labels level with them.

    matplotlib centres a tick label by its font's full height, which in a Thai font is far above the digits.
    """
    axes.set_yticks(list(labels), labels=["" for _ in labels])
    for tick, label in labels.items() if is_labelled else ():
        write_label(
            axes,
            label,
            (0, tick),
            axes.get_yaxis_transform(),
            _TICK_STYLE,
        )


def write_title(axes: Axes, lines: Sequence[str], *, line_pt: float = 13.0) -> None:
    """Write a panel's title above its upper left corner, one line for each varied key, cut where the next panel begins."""
    room_pt = _TITLE_SHARE * float(axes.bbox.width) + _TITLE_OVERHANG_PT  # at 72 dots an inch, a dot is a point
    for number, line in enumerate(reversed(lines)):
        text = shorten_label(line, room_pt, weight=SEMI_BOLD)
        write_label(
            axes, text, (0, 1), axes.transAxes, TextStyle(weight=SEMI_BOLD, offset_pt=(0, 5 + number * line_pt))
        )


def write_heading(axes: Axes, title: str, note: str, offset_pt: tuple[float, float]) -> None:
    """Write what a panel shows, and in grey beside it what is odd about its axis.

    Args:
        axes: The panel.
        title: What it shows.
        note: May be empty.
        offset_pt: Of its beginning from the panel's upper left corner, in points.
    """
    style = TextStyle(size=TEXT_PT, weight=SEMI_BOLD, offset_pt=offset_pt)
    write_label(axes, title, (0, 1), axes.transAxes, style)
    if note:
        after_pt = offset_pt[0] + measure_label(title, TEXT_PT, SEMI_BOLD) + _NOTE_GAP_PT
        write_label(
            axes, note, (0, 1), axes.transAxes, TextStyle(colour=QUIET_COLOUR, offset_pt=(after_pt, offset_pt[1]))
        )


def epoch_ticks(epochs: int, most: int) -> list[int]:
    """Epoch 1 and round epochs after it, at most `most` in all; steps that end at the last epoch come first.

    >>> epoch_ticks(50, 6), epoch_ticks(50, 4), epoch_ticks(3, 4), epoch_ticks(1, 4)
    ([1, 10, 20, 30, 40, 50], [1, 25, 50], [1, 2, 3], [1])
    """
    fitting = [step for step in _NICE if 1 + epochs // step <= most] or [_NICE[-1]]
    step = next((step for step in fitting if epochs % step == 0 and step < epochs), fitting[0])
    return sorted({1, *range(step, epochs + 1, step)}) if step > 1 else list(range(1, epochs + 1))


def set_epoch_axis(axes: Axes, epochs: int, *, most_ticks: int, is_labelled: bool) -> None:
    """The same axis of epochs for every panel."""
    pad = max(0.5, 0.02 * epochs)
    axes.set_xlim(1 - pad, epochs + pad)
    ticks = epoch_ticks(epochs, most_ticks)
    axes.set_xticks(ticks, labels=[f"{tick:,}" for tick in ticks] if is_labelled else ["" for _ in ticks])


def spread_labels(wanted: Sequence[float], gap: float) -> list[float]:
    """Places for labels in a column: as near as possible to where they belong, and at least `gap` apart.

    Neighbours that would touch are moved together, centred on where they belong.

    >>> spread_labels([0.0, 0.1, 5.0], 1.0)
    [-0.45, 0.55, 5.0]
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    blocks: list[list[int]] = []
    starts: list[float] = []
    for index in order:
        blocks.append([index])
        starts.append(wanted[index])
        while len(blocks) > 1 and starts[-2] + gap * len(blocks[-2]) > starts[-1] + 1e-12:
            merged = blocks[-2] + blocks[-1]
            middle = sum(wanted[item] for item in merged) / len(merged)
            blocks[-2:] = [merged]
            starts[-2:] = [middle - gap * (len(merged) - 1) / 2]
    places = [0.0] * len(wanted)
    for block, start in zip(blocks, starts, strict=True):
        for offset, index in enumerate(block):
            places[index] = round(start + offset * gap, 9)
    return places


def write_axis_labels(figure: Figure, *, x_label: str, margins: Margins) -> None:
    """The horizontal axis's label, once, below the grid."""
    width_in, height_in = (float(size) for size in figure.get_size_inches())
    middle = (margins.left + width_in - margins.right) / 2 / width_in
    figure.text(middle, 5 / POINTS_PER_INCH / height_in, x_label, ha="center", va="baseline")


def write_row_label(figure: Figure, axes: Sequence[Axes], label: str) -> None:
    """A vertical axis's label, once, to the left of the panels given."""
    boxes = [item.get_position() for item in axes]
    middle = (min(box.y0 for box in boxes) + max(box.y1 for box in boxes)) / 2
    figure.text(
        2 / POINTS_PER_INCH / float(figure.get_size_inches()[0]),
        middle,
        label,
        rotation=90,
        ha="left",
        va="center",
        multialignment="center",
        linespacing=1.15,
    )
