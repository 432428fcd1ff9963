"""Lines of text inside a figure, measured in points, with superscripts that no font here has as characters."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Final, Literal

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from matplotlib.transforms import Transform

from lrreport.figures.theme import FONT_FAMILIES, SMALL_PT, TEXT_COLOUR
from lrreport.figures.words import cut_text, split_superscripts

#: Half the height of Sarabun's digits.
DIGIT_MIDDLE_EM: Final = 0.33
_RAISED_SIZE: Final = 0.72
_RAISED_EM: Final = 0.36
_GROUND: Final = {"boxstyle": "square,pad=0.02", "facecolor": "white", "alpha": 0.8, "linewidth": 0}


def measure_width(text: str, size: float, weight: int = 400) -> float:
    """Width of one line of text in points."""
    properties = FontProperties(family=list(FONT_FAMILIES), size=size, weight=weight)
    width, _, _ = TextToPath().get_text_width_height_descent(text, properties, ismath=False)
    return float(width)


def measure_label(text: str, size: float = SMALL_PT, weight: int = 400) -> float:
    """Width of what `write_label` writes, in points: superscripts are small."""
    parts = split_superscripts(text)
    return sum(measure_width(part, size * (_RAISED_SIZE if is_raised else 1), weight) for part, is_raised in parts)


def shorten_label(text: str, room_pt: float, size: float = SMALL_PT, weight: int = 400) -> str:
    """A label no wider than its room, an ellipsis in place of what does not fit."""
    if measure_label(text, size, weight) <= room_pt:
        return text
    low, high = 1, len(text)
    while high - low > 1:
        middle = (low + high) // 2
        if measure_label(cut_text(text, middle), size, weight) <= room_pt:
            low = middle
        else:
            high = middle
    return cut_text(text, low)


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a label looks and where it stands around its place.

    Attributes:
        size: Size in points.
        weight: 400 or 600.
        align: `left`, `right` or `center`.
        is_level: Whether the middle of the digits, not the baseline, is at the place.
        colour: Colour of the text.
        has_ground: Whether paper white lies under it, so that lines do not run through the letters.
        offset_pt: Moves it from its place, in points.
    """

    size: float = SMALL_PT
    weight: int = 400
    align: Literal["left", "right", "center"] = "left"
    is_level: bool = False
    colour: str = TEXT_COLOUR
    has_ground: bool = False
    offset_pt: tuple[float, float] = (0, 0)


def write_label(
    axes: Axes,
    text: str,
    at: tuple[float, float],
    transform: Transform,
    style: TextStyle,
) -> None:
    """Write one line whose superscripts are drawn small and raised.

    Args:
        axes: Where to write.
        text: The line, superscripts as Unicode has them.
        at: Its place in the coordinates of `transform`.
        transform: `axes.transData`, `axes.transAxes` or a mixture.
        style: How it looks and where it stands around its place.
    """
    parts = [
        (part, style.size * (_RAISED_SIZE if is_raised else 1), style.size * _RAISED_EM if is_raised else 0.0)
        for part, is_raised in split_superscripts(text)
    ]
    widths = [measure_width(part, size, style.weight) for part, size, _ in parts]
    total = sum(widths)
    x_pt = style.offset_pt[0] - {"left": 0.0, "center": total / 2, "right": total}[style.align]
    y_pt = style.offset_pt[1] - (DIGIT_MIDDLE_EM * style.size if style.is_level else 0.0)
    is_plain = len(parts) == 1
    for (part, size, raise_pt), start_pt in zip(parts, itertools.accumulate(widths, initial=0.0), strict=False):
        axes.annotate(
            part if is_plain else part.replace(" ", "\N{NO-BREAK SPACE}"),  # SVG drops spaces at an end of a text
            at,
            xycoords=transform,
            xytext=(style.offset_pt[0] if is_plain else x_pt + start_pt, y_pt + raise_pt),
            textcoords="offset points",
            ha=style.align if is_plain else "left",
            va="baseline",
            fontsize=size,
            fontweight=style.weight,
            color=style.colour,
            annotation_clip=False,
            bbox=_GROUND if style.has_ground else None,
            zorder=6,
        )
