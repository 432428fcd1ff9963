"""A process that trains groups, one after the other, as the driver in `execute.py` hands them to it.

On the CPU there is one such process a core, and TensorFlow computes in one thread in each: programs of one process
would share a thread pool, and then either wait for each other or be split over threads, which costs time and makes
the bits depend on the number of threads (docs/decisions). Importing this module does not import TensorFlow.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from lrreport.checkpoints import Entry
from lrreport.datasets import load_dataset
from lrreport.environment import current_environment, without_chatter
from lrreport.errors import TOO_LITTLE_MEMORY, LrreportError
from lrreport.groups import EpochReport, Group
from lrreport.system.processes import Failed, work_for_parent

if TYPE_CHECKING:
    from lrreport.engine.device import Device, DeviceChoice, DeviceData


@dataclass(frozen=True, slots=True)
class Assignment:
    """A group to train.

    Attributes:
        group: The group.
        entries: What its runs go on from, by run key.
    """

    group: Group
    entries: dict[str, Entry]


@dataclass(frozen=True, slots=True)
class Stop:
    """The group that is being trained shall end after its epoch; a worker without one takes no notice."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The worker can begin.

    Attributes:
        kind: `cpu` or `gpu`: the device that it will train on.
        reason: Why, in words.
    """

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class GroupDone:
    """The group has come to its end, or was stopped after an epoch."""


FromWorker: TypeAlias = Ready | EpochReport | Entry | GroupDone | Failed


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker process is started with.

    Attributes:
        device: `auto`, `cpu` or `gpu`.
        cache: The cache folder, for data.
        data_path: The user's own data, or None.
    """

    device: DeviceChoice
    cache: Path
    data_path: Path | None


def serve(connection: Connection) -> None:
    """Work until the driver hangs up.

    Args:
        connection: Takes `WorkerSettings` first, then an `Assignment` or a `Stop`; gives what `FromWorker` lists.
    """

    def work() -> None:
        settings: WorkerSettings = connection.recv()
        with without_chatter():
            from lrreport.engine.device import set_up_device  # noqa: PLC0415 - TensorFlow takes seconds to load

            device = set_up_device(settings.device)
        connection.send(Ready(device.kind, device.reason))
        data: dict[str, DeviceData] = {}
        while True:
            if isinstance(assignment := connection.recv(), Assignment):
                _train(assignment, device, data, connection, settings)
                connection.send(GroupDone())

    too_little = LrreportError("A process that trains has too little memory", fix=TOO_LITTLE_MEMORY)
    work_for_parent(connection, work, without_memory=too_little)


def _train(
    assignment: Assignment,
    device: Device,
    data: dict[str, DeviceData],
    connection: Connection,
    settings: WorkerSettings,
) -> None:
    from lrreport.engine.device import put_on_device  # noqa: PLC0415 - as above
    from lrreport.engine.training import GroupTraining  # noqa: PLC0415

    name = assignment.group.dataset
    if name not in data:
        dataset = load_dataset(
            name, cache_dir=settings.cache, data_path=settings.data_path, report=lambda _: None
        )  # the driver has fetched it and told about it
        data[name] = put_on_device(dataset, device)
    with device.place():
        GroupTraining(
            assignment.group,
            data[name],
            entries=assignment.entries,
            environment=current_environment(device.kind),
            save=connection.send,
            clock=time.monotonic,
        ).train(connection.poll, connection.send)  # in the middle of a group nothing comes but a `Stop`
