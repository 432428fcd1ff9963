"""Which runs train together: runs of one seed, order of images, data, batch size, architecture and family of update rules.

A run's last bits depend on the shape of the program it is trained in, and on nothing else in it. So the shape is a
function of the run's own spec and the device class, never of how many runs there are: empty slots stay idle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from lrreport.spec import DatasetName, RunSpec, Shuffle

Family = Literal["sgd", "momentum", "adaptive"]

INPUTS: Final = 784
CLASSES: Final = 10

#: Columns of the first layer's GEMM that a group may fill, by device class. More make the GEMM faster, but a group
#: with empty slots wasteful, and a run alone slow; the rules that read and write kernel, gradient and optimizer slots
#: at every update are fastest when these fit a core's second-level cache (docs/decisions). A GPU wants wide work.
_COLUMNS: Final[dict[str, dict[Family, int]]] = {
    "cpu": {"sgd": 208, "momentum": 160, "adaptive": 160},
    "gpu": {"sgd": 4096, "momentum": 4096, "adaptive": 4096},
}
_MAX_SLOTS: Final = {"cpu": 10, "gpu": 64}
#: Columns are padded to whole vector registers, so that no column is computed by tail code.
_COLUMN_STEP: Final = 16
#: A block of updates covers about so many images: more make the corrections within a block dear.
_IMAGES_PER_BLOCK: Final = 128
_MAX_UPDATES_PER_BLOCK: Final = 8


@dataclass(frozen=True, slots=True)
class GroupShape:
    """Everything that a compiled program depends on.

    Attributes:
        family: `sgd` (plain), `momentum` (with a velocity, Nesterov's or not) or `adaptive` (RMSprop, AdaGrad, Adam).
        hidden_units: Widths of the hidden layers.
        batch_size: Images per update.
        slots: Runs side by side, R.
        columns: Columns of the first layer, at least slots times its width.
    """

    family: Family
    hidden_units: tuple[int, ...]
    batch_size: int
    slots: int
    columns: int

    @property
    def widths(self) -> tuple[int, ...]:
        """Inputs, hidden layers, classes."""
        return (INPUTS, *self.hidden_units, CLASSES)

    @property
    def updates_per_block(self) -> int:
        """Updates that the program computes together; 1 where the rule needs the whole kernel each time."""
        if self.family != "sgd":
            return 1
        return max(1, min(_IMAGES_PER_BLOCK // self.batch_size, _MAX_UPDATES_PER_BLOCK))


def family_of(spec: RunSpec) -> Family:
    """The family of update rules that trains a run."""
    if spec.optimizer != "sgd":
        return "adaptive"
    return "momentum" if spec.momentum else "sgd"


def shape_for(spec: RunSpec, device: str) -> GroupShape:
    """The shape of the program that trains a run on a device class, `cpu` or `gpu`.

    >>> shape_for(RunSpec(), "cpu")
    GroupShape(family='sgd', hidden_units=(50,), batch_size=32, slots=4, columns=208)
    """
    family = family_of(spec)
    first_width = spec.hidden_units[0] if spec.hidden_units else CLASSES
    slots = max(1, min(_COLUMNS[device][family] // first_width, _MAX_SLOTS[device]))
    columns = -(-slots * first_width // _COLUMN_STEP) * _COLUMN_STEP
    return GroupShape(family, spec.hidden_units, spec.batch_size, slots, columns)


@dataclass(frozen=True, slots=True)
class Task:
    """One run that has to be trained.

    Attributes:
        spec: The run.
        start_epoch: Epochs that its checkpoint holds already; 0 starts afresh.
        epochs: Epochs that it shall have in the end.
    """

    spec: RunSpec
    start_epoch: int
    epochs: int


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that train together; as many as the shape has slots, or fewer.

    Attributes:
        shape: The program.
        dataset: The data they share.
        seed: The minibatch order and initial weights they share.
        shuffle: Whether they have one order of images or one for each epoch.
        tasks: All with the same start epoch.
    """

    shape: GroupShape
    dataset: DatasetName
    seed: int
    shuffle: Shuffle
    tasks: tuple[Task, ...]

    @property
    def start_epoch(self) -> int:
        """The epoch, counted from 0, with which the group goes on."""
        return self.tasks[0].start_epoch

    @property
    def epochs(self) -> int:
        """Epochs that the longest of its runs shall have."""
        return max(task.epochs for task in self.tasks)


@dataclass(frozen=True, slots=True)
class EpochReport:
    """One epoch of a group is done.

    Attributes:
        epoch: Counted from 1.
        active: Runs that were still training in it.
        finished: Runs that ended with it, complete or diverged.
        wall_s: Seconds that it took.
    """

    epoch: int
    active: int
    finished: int
    wall_s: float


def make_groups(tasks: Iterable[Task], device: str) -> tuple[Group, ...]:
    """Pack tasks into as few groups as their slots allow: lower seeds first, then longer groups first."""
    together: defaultdict[tuple[int, Shuffle, DatasetName, GroupShape, int], list[Task]] = defaultdict(list)
    for task in tasks:
        spec = task.spec
        together[spec.seed, spec.shuffle, spec.dataset, shape_for(spec, device), task.start_epoch].append(task)

    def pack() -> Iterator[Group]:
        for (seed, shuffle, dataset, shape, _), members in together.items():
            members.sort(key=lambda task: -task.epochs)  # stable: runs of equal length finish together
            for first in range(0, len(members), shape.slots):
                yield Group(shape, dataset, seed, shuffle, tuple(members[first : first + shape.slots]))

    return tuple(sorted(pack(), key=lambda group: (group.seed, group.start_epoch - group.epochs)))
