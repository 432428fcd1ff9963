"""The small curves of the decision chart: what is measured, without axes, as large as a word."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final

import numpy as np
from markupsafe import Markup
from numpy.typing import ArrayLike

from lrreport.figures.theme import BEST_COLOUR, CONTEXT_COLOUR

_WIDTH: Final = 96
_HEIGHT: Final = 30
_MARGIN: Final = 2
_STROKE: Final = 1.1
#: The first epochs of a curve are left out of its scale: a jump from guessing would press the rest flat.
_WARM_UP: Final = 2


def draw_small_curve(groups: Sequence[Sequence[ArrayLike]], alt: str) -> Markup:
    """Draw curves over one another, a colour for each group, from their lowest value at the foot to their highest at the top.

    Args:
        groups: Of curves, of shape (epochs,), a value an epoch.
        alt: The text alternative.

    Returns:
        An `<img>`; nothing where there is nothing to draw.
    """
    curves = [np.asarray(curve, dtype=float) for group in groups for curve in group]
    longest = max((curve.size for curve in curves), default=0)
    if longest <= _WARM_UP + 1:
        return Markup("")
    settled = np.concatenate([curve[_WARM_UP:] for curve in curves])
    low, high = float(settled.min()), float(settled.max())

    def place(index: int, value: float) -> str:
        x = _MARGIN + (_WIDTH - 2 * _MARGIN) * index / (longest - 1)
        share = min(max((value - low) / ((high - low) or 1.0), 0.0), 1.0)
        return f"{x:.1f},{_HEIGHT - _MARGIN - (_HEIGHT - 2 * _MARGIN) * share:.1f}"

    colours = [CONTEXT_COLOUR] * (len(groups) - 1) + [BEST_COLOUR]
    lines = [
        f'<polyline points="{" ".join(place(*point) for point in enumerate(np.asarray(curve, dtype=float)))}" '
        f'stroke="{colour}"/>'
        for colour, group in zip(colours, groups, strict=True)
        for curve in group
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'fill="none" stroke-width="{_STROKE}" stroke-linejoin="round">{"".join(lines)}</svg>'
    )
    source = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")
    return Markup('<img class="curve" src="{}" alt="{}">').format(source, alt)
