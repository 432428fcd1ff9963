"""A quantity over the seeds: its mean as a line, its range as a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from lrreport.figures.theme import TEXT_COLOUR
from lrreport.results import RunResult, Status

#: More points than this on a curve cannot be seen at the printed width and make pages and PDFs slow.
MAX_POINTS: Final = 200
#: In points.
_SCATTERED: Final = 5.0
#: Most errors of a setting's seeds may be so many times the least.
_APART: Final = 1.25
#: Bands lie over each other.
_BAND_ALPHA: Final = 0.15

FloatArray: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """A quantity over the seeds that count, one value an epoch: arrays of shape (T,).

    Attributes:
        epoch_t: Epochs counted from 1, at most `MAX_POINTS` of them, the first and the last among them.
        mean_t: Mean over the seeds.
        low_t: Lowest of the seeds.
        high_t: Highest of the seeds.
        n: How many seeds count: those that did not diverge.
    """

    epoch_t: FloatArray
    mean_t: FloatArray
    low_t: FloatArray
    high_t: FloatArray
    n: int


def pick_epochs(count: int) -> NDArray[np.intp]:
    """Indices of at most `MAX_POINTS` of `count` epochs, evenly spread, the first and the last among them.

    >>> pick_epochs(3).tolist(), len(pick_epochs(5000)), int(pick_epochs(5000)[-1])
    ([0, 1, 2], 200, 4999)
    """
    if count <= MAX_POINTS:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, MAX_POINTS).round().astype(np.intp))


def make_envelope(runs: Sequence[RunResult], quantity: str, *, most: int | None = MAX_POINTS) -> Envelope | None:
    """Mean, lowest and highest of a curve over the runs that did not diverge; None when all of them did.

    Args:
        runs: The runs of one setting, one a seed.
        quantity: A field of `History`, `test_accuracy_t` say.
        most: How many epochs are kept at most; None keeps all.
    """
    complete = [run for run in runs if run.status is Status.COMPLETE and len(run.history)]
    if not complete:
        return None
    values_rt = np.stack([np.asarray(getattr(run.history, quantity), dtype=np.float64) for run in complete])
    index_t = np.arange(values_rt.shape[1]) if most is None else pick_epochs(values_rt.shape[1])
    values_rt = values_rt[:, index_t]
    return Envelope(
        epoch_t=(index_t + 1).astype(np.float64),
        mean_t=values_rt.mean(axis=0),
        low_t=values_rt.min(axis=0),
        high_t=values_rt.max(axis=0),
        n=len(complete),
    )


def is_scattered(end_r: FloatArray) -> bool:
    """Whether seeds end so far apart that their mean describes none of them: in points, and in how much they get wrong.

    Half of the answers right in one seed and 58% in another are far apart in points, but on one slow climb.

    Args:
        end_r: The last test accuracy of each seed that did not diverge, in per cent, shape (R,).
    """
    errors = 100.0 - end_r
    return len(end_r) > 1 and float(np.ptp(end_r)) > _SCATTERED and float(errors.max()) > _APART * float(errors.min())


def draw_envelope(axes: Axes, envelope: Envelope, *, colour: str, scale: float = 1.0, **line: Any) -> None:
    """The mean as a line, and the range over the seeds as a band when there is more than one seed.

    The artists carry the gids `mean-line` and `band`.

    Args:
        axes: The panel.
        envelope: Mean and range.
        colour: Of both.
        scale: What values are multiplied by.
        **line: How the line looks.
    """
    if envelope.n > 1:
        x = np.concatenate([envelope.epoch_t, envelope.epoch_t[::-1]])
        y = scale * np.concatenate([envelope.low_t, envelope.high_t[::-1]])
        axes.fill(x, y, facecolor=colour, alpha=_BAND_ALPHA, linewidth=0, gid="band", zorder=2)
    draw_curve(axes, envelope.epoch_t, scale * envelope.mean_t, color=colour, gid="mean-line", **line)


def draw_seed(axes: Axes, run: RunResult, quantity: str, *, colour: str, scale: float = 1.0) -> None:
    """The curve of one seed as a line of its own; of one that diverged, with a cross at its last finite epoch.

    A seed that diverged in the first epoch has no curve: its cross stands at epoch 1 on the axis. No cross leaves the
    panel. The artists carry the gids `seed-line` and `diverged-mark`.

    Args:
        axes: The panel, its limits set.
        run: Of that seed.
        quantity: A field of `History`.
        colour: Of the line.
        scale: What values are multiplied by.
    """
    curve_t = scale * np.asarray(getattr(run.history, quantity), dtype=np.float64)
    index_t = pick_epochs(len(curve_t))
    if len(curve_t):
        draw_curve(
            axes,
            (index_t + 1).astype(np.float64),
            curve_t[index_t],
            color=colour,
            linewidth=0.6,
            gid="seed-line",
            zorder=2,
        )
    if run.status is Status.DIVERGED:
        low, high = axes.get_ylim()
        end = min(max(low, float(curve_t[-1])), high) if len(curve_t) else low
        axes.plot(
            [max(1, len(curve_t))], [end], linestyle="none", marker="x", markersize=5, markeredgewidth=1.3, color=TEXT_COLOUR,
            gid="diverged-mark", clip_on=False, zorder=5,
        )  # fmt: skip


def draw_curve(axes: Axes, epoch_t: FloatArray, value_t: FloatArray, **line: Any) -> None:
    """A line over the epochs; of a single epoch, a dot."""
    dot: dict[str, Any] = {"marker": "o", "markersize": 3.5, "clip_on": False} if len(epoch_t) == 1 else {}
    axes.plot(epoch_t, value_t, **({"zorder": 3} | dot | line))
