"""The strip below a curve: the learning rate that was really applied, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes

from lrreport.figures import panels
from lrreport.figures.envelopes import pick_epochs
from lrreport.figures.labels import TextStyle, write_label
from lrreport.figures.theme import CUT_COLOUR, QUIET_COLOUR, RATE_COLOUR
from lrreport.figures.words import Language, format_number, say
from lrreport.results import RunResult

STRIP_IN: Final = 0.27
#: Half a decade of air, so that a constant rate does not lie on the frame and marks have room.
_AIR: Final = 10**0.5


def find_cuts(run: RunResult) -> tuple[int, ...]:
    """The epochs, counted from 1, at whose end a plateau callback cut the rate.

    A cut at the end of the very last epoch changes no curve and is not seen in one. Inverse-time decay lowers the
    rate in every update: that is no cut.
    """
    if run.spec.plateau is None:
        return ()
    rate_t = np.asarray(run.history.learning_rate_t)
    return tuple(int(index) + 1 for index in np.flatnonzero(rate_t[1:] < rate_t[:-1]))


def choose_rate_range(runs: Sequence[Sequence[RunResult]]) -> tuple[float, float]:
    """Where the logarithmic axis of the strips begins and ends, the same for all of a figure."""
    rates = np.concatenate(
        [
            np.array([group[0].spec.rate for group in runs], dtype=np.float64),
            *(np.asarray(run.history.learning_rate_t, dtype=np.float64) for group in runs for run in group),
        ]
    )
    rates = rates[rates > 0]
    return float(rates.min()) / _AIR, float(rates.max()) * _AIR


def draw_rates(axes: Axes, runs: Sequence[RunResult], language: Language) -> None:
    """The rate of every seed against the epoch: steps, or with a decay a falling line; a mark at each cut.

    Where a callback was there and never cut, the words say so. The artists carry the gids `rate-line`, `cut-mark`.
    """
    drawn: set[bytes] = set()
    for run in runs:
        rate_t = np.asarray(run.history.learning_rate_t, dtype=np.float64)
        if not len(rate_t):
            continue
        cuts = find_cuts(run)
        axes.plot(
            cuts,
            rate_t[np.array(cuts, dtype=np.intp) - 1],
            linestyle="none",
            marker="v",
            markersize=3.4,
            markeredgewidth=0,
            color=CUT_COLOUR,
            gid="cut-mark",
            zorder=4,
        )
        if rate_t.tobytes() in drawn:  # the seeds of a fixed schedule have one line
            continue
        drawn.add(rate_t.tobytes())
        if run.spec.decay:
            index_t = pick_epochs(len(rate_t))
            x, y = np.concatenate([[0], index_t + 1]), np.concatenate([[run.spec.rate], rate_t[index_t]])
            drawstyle = "default"
        else:
            # The rate of epoch e is in force from the end of epoch e - 1 to the end of epoch e: at both ends of each
            # stretch of one rate, a point is enough.
            edges = np.flatnonzero(np.diff(rate_t)) + 1
            x = np.concatenate([[0], edges, [len(rate_t)]])
            y = np.concatenate([rate_t[:1], rate_t[edges - 1], rate_t[-1:]])
            drawstyle = "steps-pre"
        axes.plot(x, y, drawstyle=drawstyle, color=RATE_COLOUR, linewidth=0.9, alpha=0.8, gid="rate-line")
    if runs and runs[0].spec.plateau is not None and not any(find_cuts(run) for run in runs):
        style = TextStyle(align="right", colour=QUIET_COLOUR)
        write_label(axes, say("never-fired", language), (0.97, 0.08), axes.transAxes, style)


def set_log_axis(axes: Axes, low: float, high: float, *, is_labelled: bool, most: int = 4) -> None:
    """A logarithmic axis with a label at powers of ten, so many at most; at the rate itself where there is but one."""
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.minorticks_off()
    decades = list(range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1))
    if not decades:
        middle = float(f"{math.sqrt(low * high):.3g}")
        panels.write_ticks(axes, {middle: format_number(middle)}, is_labelled=is_labelled)
        return
    step = max(1, math.ceil(len(decades) / most))
    if most == 2 and len(decades) > 1:  # noqa: PLR2004 - first and last
        step = len(decades) - 1
    ticks = [10.0**decade for decade in reversed(decades[::-1][::step])]
    panels.write_ticks(axes, {tick: format_number(float(f"{tick:.6g}")) for tick in ticks}, is_labelled=is_labelled)
