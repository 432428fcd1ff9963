"""A quantity over the seeds: its mean as a line, its range as a band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from lrreport.figures.theme import (
    BAND_ALPHA,
    TEST_COLOUR,
    TEST_LINE,
    TEST_WIDTH,
    TRAIN_COLOUR,
    TRAIN_LINE,
    TRAIN_WIDTH,
)
from lrreport.results import RunResult, Status

#: More points than this on a curve cannot be seen at the printed width and make pages and PDFs slow.
MAX_POINTS: Final = 200

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


def count_band(runs: Sequence[Sequence[RunResult]]) -> int:
    """How many seeds a legend says that bands are made of; 1 where no setting has two seeds that did not diverge."""
    complete = (sum(run.status is Status.COMPLETE for run in group) for group in runs)
    return max(map(len, runs)) if max(complete) > 1 else 1


def draw_envelope(
    axes: Axes, envelope: Envelope, *, is_train: bool, scale: float = 1.0, colour: str = TEST_COLOUR
) -> None:
    """The mean as a line, and the range over the seeds as a band when there is more than one seed.

    Train and test differ by dashes as well as by colour. The artists carry the gids `train-line`, `train-band`,
    `test-line` and `test-band`.

    Args:
        axes: The panel.
        envelope: Mean and range.
        is_train: Whether it is a train curve: dashed and grey.
        scale: What values are multiplied by.
        colour: Of a test curve: its setting's.
    """
    which = "train" if is_train else "test"
    colour = TRAIN_COLOUR if is_train else colour
    if envelope.n > 1:
        x = np.concatenate([envelope.epoch_t, envelope.epoch_t[::-1]])
        y = scale * np.concatenate([envelope.low_t, envelope.high_t[::-1]])
        axes.fill(x, y, facecolor=colour, alpha=BAND_ALPHA, linewidth=0, gid=f"{which}-band", zorder=2)
    axes.plot(
        envelope.epoch_t,
        scale * envelope.mean_t,
        color=colour,
        linestyle=TRAIN_LINE if is_train else TEST_LINE,
        linewidth=TRAIN_WIDTH if is_train else TEST_WIDTH,
        marker="o" if len(envelope.epoch_t) == 1 else "",
        markersize=3.5,
        gid=f"{which}-line",
        zorder=4 if is_train else 3,  # the dashes on top: where both run together, both are seen
    )
