"""Ground covered: the learning rates of all updates so far, added up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lrreport.schedules.inverse_time import inverse_time
from lrreport.spec import TRAIN_SIZE, RunSpec


def sum_rates(spec: RunSpec, epochs: int) -> NDArray[np.float64]:
    r"""The ground that a run has covered after each epoch: $G_t = \sum_{s < t u} \eta_s$ with $u$ updates an epoch.

    Args:
        spec: The run, without a plateau callback, which sets rates by what it sees.
        epochs: T.

    Returns:
        G after epoch 1 to T, float64 of shape (T,).

    >>> sum_rates(RunSpec(learning_rate=0.01), 2).tolist()
    [18.75, 37.5]
    """
    each = -(-TRAIN_SIZE // spec.batch_size)
    if not spec.decay:
        return spec.rate * each * np.arange(1, epochs + 1, dtype=np.float64)
    # An epoch at a time: all updates of a long training at once would not fit into the memory.
    sums = [
        float(inverse_time(spec.rate, spec.decay, np.arange(epoch * each, (epoch + 1) * each)).sum())
        for epoch in range(epochs)
    ]
    return np.cumsum(np.array(sums, np.float64))
