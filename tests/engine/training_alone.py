"""Train tasks through the engine without a cache, for tests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from lrreport.checkpoints import Entry
from lrreport.engine.device import DeviceData
from lrreport.engine.training import GroupTraining
from lrreport.environment import current_environment
from lrreport.groups import Task, make_groups


def train(
    data: DeviceData,
    tasks: Iterable[Task],
    *,
    entries: Mapping[str, Entry] | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> dict[str, Entry]:
    """Train tasks in as few groups as possible; the last entry that each run saved, by key."""
    saved: dict[str, Entry] = {}
    for group in make_groups(tasks, "cpu"):
        GroupTraining(
            group,
            data,
            entries=entries or {},
            environment=current_environment("cpu"),
            save=lambda entry: saved.__setitem__(entry.key, entry),
            clock=time.monotonic,
        ).train(should_stop, lambda _: None)
    return saved
