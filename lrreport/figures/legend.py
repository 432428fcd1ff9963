"""The legend above the panels: items that flow from left to right and wrap like words.

matplotlib's own legend fills columns from top to bottom, makes every column as wide as its widest item, and costs as
much time as a panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from lrreport.figures.labels import DIGIT_MIDDLE_EM, measure_width
from lrreport.figures.panels import Margins
from lrreport.figures.theme import BAND_ALPHA, POINTS_PER_INCH, SMALL_PT, WIDTH_IN

_HANDLE_PT: Final = 17.0
_PAD_PT: Final = 4.0
_BETWEEN_PT: Final = 10.0
_ROW_PT: Final = 14.0
_FIRST_ROW_PT: Final = 8.0


@dataclass(frozen=True, slots=True)
class LegendItem:
    """One name and what it stands for.

    Attributes:
        label: The name.
        colour: Of the line, the band or the mark.
        line: A line's style, or None.
        marker: A mark's shape, or None; without line and marker, it is a band.
        width: Width of the line in points.
    """

    label: str
    colour: str
    line: Any = None
    marker: str | None = None
    width: float = 1.0

    @property
    def width_pt(self) -> float:
        """How much room it takes in a row."""
        return (_HANDLE_PT if self.marker is None else 7.0) + _PAD_PT + measure_width(self.label, SMALL_PT)


def _flow(items: Sequence[LegendItem], margins: Margins) -> list[list[LegendItem]]:
    room = POINTS_PER_INCH * (WIDTH_IN - margins.left - margins.right)
    rows: list[list[LegendItem]] = [[]]
    used = 0.0
    for item in items:
        if rows[-1] and used + item.width_pt > room:
            rows.append([])
            used = 0.0
        rows[-1].append(item)
        used += item.width_pt + _BETWEEN_PT
    return rows


def draw_legend(figure: Figure, items: Sequence[LegendItem], margins: Margins, *, top_in: float = 0.0) -> None:
    """Draw one legend for all small panels, flush with them, so far below the figure's top."""
    height_pt = POINTS_PER_INCH * float(figure.get_size_inches()[1])
    width_pt = POINTS_PER_INCH * WIDTH_IN
    for number, row in enumerate(_flow(items, margins)):
        x_pt = POINTS_PER_INCH * margins.left
        y = 1 - (POINTS_PER_INCH * top_in + _FIRST_ROW_PT + number * _ROW_PT) / height_pt
        for item in row:
            text_pt = x_pt + item.width_pt - measure_width(item.label, SMALL_PT)
            left, right = x_pt / width_pt, (text_pt - _PAD_PT) / width_pt
            if item.marker is not None:
                handle: Any = Line2D(
                    [(left + right) / 2],
                    [y],
                    linestyle="none",
                    marker=item.marker,
                    markersize=5 if item.marker == "x" else 4,
                    markeredgewidth=1.3 if item.marker == "x" else 0,
                    color=item.colour,
                )
            elif item.line is not None:
                handle = Line2D([left, right], [y, y], color=item.colour, linestyle=item.line, linewidth=item.width)
            else:
                handle = Rectangle(
                    (left, y - 3.2 / height_pt),
                    right - left,
                    6.4 / height_pt,
                    facecolor=item.colour,
                    alpha=BAND_ALPHA,
                    linewidth=0,
                )
            handle.set_transform(figure.transFigure)
            figure.add_artist(handle)
            figure.text(
                text_pt / width_pt,
                y - DIGIT_MIDDLE_EM * SMALL_PT / height_pt,
                item.label,
                fontsize=SMALL_PT,
                va="baseline",
            )
            x_pt += item.width_pt + _BETWEEN_PT
