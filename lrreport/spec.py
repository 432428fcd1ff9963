"""What is asked for: runs, settings and studies, checked when they are made.

Everything here is a frozen value. `study_files.py` reads them from TOML; `keys.py` gives a run its identity.
"""

from __future__ import annotations

import re
import reprlib
from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields, replace
from typing import Any, Final, Literal, get_args

import numpy as np

from lrreport.errors import SpecError

Optimizer = Literal["sgd", "rmsprop", "adagrad", "adam"]
DatasetName = Literal["mnist", "fashion-mnist"]
Shuffle = Literal["every-epoch", "once"]
Value = float | int | bool | str | tuple[int, ...]

OPTIMIZERS: Final = get_args(Optimizer)
DATASET_NAMES: Final = get_args(DatasetName)
SHUFFLES: Final = get_args(Shuffle)

#: Keras's default learning rate of each optimizer. Source: the constructors in `keras.optimizers`, Keras 3.15.
DEFAULT_LEARNING_RATE: Final[Mapping[str, float]] = {"sgd": 0.01, "rmsprop": 0.001, "adagrad": 0.001, "adam": 0.001}
#: Both datasets have as many training images; a batch cannot be larger.
TRAIN_SIZE: Final = 60_000
#: And as many test images.
TEST_SIZE: Final = 10_000
DEFAULT_EPOCHS: Final = 50

_FLOAT32: Final = np.finfo(np.float32)
_MAX_WIDTH: Final = 4096
_MAX_LAYERS: Final = 16
_MAX_EPOCHS: Final = 100_000
_MAX_ID_LENGTH: Final = 60
#: Names of figures that are no study's.
_RESERVED_IDS: Final = (
    "main-result", "one-step", "network", "sample-digits", "units", "test-digits", "ground-covered", "ravine",
    "effective-rate", "decay-curve", "loss-and-accuracy", "claims",
)  # fmt: skip
_ID: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


#: Marks a field that the first caches do not know: it is left out of keys and documents while it has its default.
_CAME_LATER: Final = {"came_later": True}


def is_left_out(item: Field[Any], value: object) -> bool:
    """Whether a field of a dataclass came later and has its default in a value."""
    return "came_later" in item.metadata and getattr(value, item.name) == item.default


def describe_spec(spec: RunSpec) -> dict[str, Any]:
    """A run's spec as documents have it: every field by its name, without those that are left out."""
    left_out = {item.name for item in fields(spec) if is_left_out(item, spec)}
    return {name: value for name, value in asdict(spec).items() if name not in left_out}


def _refuse(key: str, got: object, expected: str) -> SpecError:
    return SpecError(f"'{key}' has a value that is not allowed", where=key, got=reprlib.repr(got), expected=expected)


def _check_number(key: str, value: object, *, low: float, high: float, expected: str) -> None:
    """Refuse what is not a number within [low, high]; a bool is not a number here."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refuse(key, value, expected)
    if not low <= value <= high:  # NaN is in no range; and no integer is too large for a comparison
        raise _refuse(key, value, expected)


def _check_whole(key: str, value: object, *, low: int, high: int) -> None:
    expected = f"a whole number from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _refuse(key, value, expected)


@dataclass(frozen=True, slots=True)
class PlateauSpec:
    """Keras's `ReduceLROnPlateau` on the test loss, with cooldown 0 and min_lr 0.

    Attributes:
        patience: Epochs without improvement before the rate is cut.
        factor: What the rate is multiplied by, between 0 and 1.
        min_delta: How much lower a test loss must be to count as an improvement.
    """

    patience: int = 10
    factor: float = 0.1
    min_delta: float = 1e-4

    def __post_init__(self) -> None:
        _check_whole("plateau.patience", self.patience, low=1, high=_MAX_EPOCHS)
        between = "a number between 0 and 1, both excluded"
        _check_number("plateau.factor", self.factor, low=0, high=1, expected=between)
        if not 0 < self.factor < 1:
            raise _refuse("plateau.factor", self.factor, between)
        _check_number("plateau.min_delta", self.min_delta, low=0, high=1e6, expected="a number from 0 up")
        object.__setattr__(self, "factor", float(self.factor))
        object.__setattr__(self, "min_delta", float(self.min_delta))


@dataclass(frozen=True, slots=True)
class RunSpec:
    """One training, complete: what is trained, on what, how, and from which seed.

    The number of epochs is not part of it: no schedule here depends on it, so a longer run begins with the same
    bits as a shorter one.

    Attributes:
        dataset: Name of the dataset.
        hidden_units: Width of every hidden layer, from the input on; ReLU each; empty for a linear model.
        optimizer: Update rule.
        learning_rate: Rate at the first update; None stands for the optimizer's Keras default.
        momentum: Momentum of SGD, 0 to 1.
        nesterov: Nesterov's form of momentum.
        decay: d of the inverse-time decay lr / (1 + d * update).
        batch_size: Images per update; the last batch of an epoch may be smaller.
        plateau: When to cut the rate, or None.
        seed: Chooses initial weights and minibatch order; 1 or larger.
        shuffle: Whether every epoch visits the training images in an order of its own, or all in the first one's.
    """

    dataset: DatasetName = "mnist"
    hidden_units: tuple[int, ...] = (50,)
    optimizer: Optimizer = "sgd"
    learning_rate: float | None = None
    momentum: float = 0.0
    nesterov: bool = False
    decay: float = 0.0
    batch_size: int = 32
    plateau: PlateauSpec | None = None
    seed: int = 1
    shuffle: Shuffle = field(default="every-epoch", metadata=_CAME_LATER)

    def __post_init__(self) -> None:
        if self.shuffle not in SHUFFLES:
            raise _refuse("shuffle", self.shuffle, "one of " + ", ".join(SHUFFLES))
        if self.dataset not in DATASET_NAMES:
            raise _refuse("dataset", self.dataset, "one of " + ", ".join(DATASET_NAMES))
        if self.optimizer not in OPTIMIZERS:
            raise _refuse("optimizer", self.optimizer, "one of " + ", ".join(OPTIMIZERS))
        self._check_hidden_units()
        if self.learning_rate is None:
            object.__setattr__(self, "learning_rate", DEFAULT_LEARNING_RATE[self.optimizer])
        _check_number(
            "learning_rate",
            self.learning_rate,
            low=float(_FLOAT32.tiny),
            high=float(_FLOAT32.max),
            expected="a number greater than 0 that a 32-bit float can hold",
        )
        _check_number("momentum", self.momentum, low=0, high=1, expected="a number from 0 to 1")
        _check_number("decay", self.decay, low=0, high=float(_FLOAT32.max), expected="a number from 0 up")
        if not isinstance(self.nesterov, bool):
            raise _refuse("nesterov", self.nesterov, "true or false")
        _check_whole("batch_size", self.batch_size, low=1, high=TRAIN_SIZE)
        _check_whole("seed", self.seed, low=1, high=2**32 - 1)
        for name in ("learning_rate", "momentum", "decay"):
            object.__setattr__(self, name, float(getattr(self, name)) + 0.0)  # 1 is 1.0, and -0.0 is 0.0
        self._check_combinations()

    def _check_hidden_units(self) -> None:
        expected = f"a list of at most {_MAX_LAYERS} whole numbers from 1 to {_MAX_WIDTH}"
        if not isinstance(self.hidden_units, tuple) or len(self.hidden_units) > _MAX_LAYERS:
            raise _refuse("hidden_units", self.hidden_units, expected)
        for width in self.hidden_units:
            if isinstance(width, bool) or not isinstance(width, int) or not 1 <= width <= _MAX_WIDTH:
                raise _refuse("hidden_units", list(self.hidden_units), expected)

    def _check_combinations(self) -> None:
        if self.optimizer != "sgd" and self.momentum != 0:
            raise SpecError(
                "Momentum belongs to SGD alone",
                where="momentum",
                got=f"momentum {self.momentum!r} with optimizer '{self.optimizer}'",
                expected="momentum only with optimizer 'sgd'",
            )
        if self.optimizer != "sgd" and self.nesterov:
            raise SpecError(
                "Nesterov's momentum belongs to SGD alone",
                where="nesterov",
                got=f"nesterov with optimizer '{self.optimizer}'",
                expected="nesterov only with optimizer 'sgd'",
            )
        if self.nesterov and self.momentum == 0:
            raise SpecError(
                "Nesterov's form needs a momentum",
                where="nesterov",
                got="nesterov = true with momentum 0",
                expected="a momentum greater than 0, or nesterov = false",
            )
        if self.plateau is not None and self.decay > 0:
            raise SpecError(
                "Decay and a plateau callback cannot be combined: both would set the rate",
                where="decay",
                got=f"decay {self.decay!r} with a plateau",
                expected="one of the two",
            )

    @property
    def rate(self) -> float:
        """The learning rate, which is always set once the spec exists."""
        assert self.learning_rate is not None
        return self.learning_rate


def format_value(value: Value) -> str:
    """Write a setting's value as every file and table has it.

    >>> [format_value(v) for v in (1.0, 1e-5, 0.0, "adam", True, (40, 20), ())]
    ['1', '1e-05', '0', 'adam', 'true', '40x20', 'none']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return "x".join(str(width) for width in value) or "none"
    return repr(float(value)).removesuffix(".0")


@dataclass(frozen=True, slots=True)
class Setting:
    """One point of a study's grid.

    Attributes:
        study_id: The study it belongs to.
        varied: The varied keys with their values, in file order.
        spec: The run of seed 1.
        epochs: How many epochs are asked for.
    """

    study_id: str
    varied: tuple[tuple[str, Value], ...]
    spec: RunSpec
    epochs: int = DEFAULT_EPOCHS

    def __post_init__(self) -> None:
        _check_whole("epochs", self.epochs, low=1, high=_MAX_EPOCHS)

    @property
    def text(self) -> str:
        """The setting as `results.csv` has it: `0.9`, or `momentum=0.9 batch_size=64` for a grid."""
        if not self.varied:
            return "base"
        if len(self.varied) == 1:
            return format_value(self.varied[0][1])
        return " ".join(f"{key}={format_value(value)}" for key, value in self.varied)

    def run(self, seed: int) -> RunSpec:
        """The run of this setting that starts from `seed`."""
        return replace(self.spec, seed=seed)


@dataclass(frozen=True, slots=True)
class Study:
    """A question and the grid of settings that answers it.

    Attributes:
        id: Lower-case words joined by hyphens; names files, anchors and templates.
        title: The heading, by language (`th`, `en`).
        settings: The grid, in file order.
        question: What the study asks, by language; empty when the file has none.
        source: Where it was read from, for messages.
    """

    id: str
    title: Mapping[str, str]
    settings: tuple[Setting, ...]
    question: Mapping[str, str] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not _ID.fullmatch(self.id) or len(self.id) > _MAX_ID_LENGTH:
            raise _refuse("id", self.id, f"lower-case letters, digits and single hyphens, at most {_MAX_ID_LENGTH}")
        if self.id in _RESERVED_IDS:
            raise _refuse("id", self.id, f"an id other than {' and '.join(_RESERVED_IDS)}, which are names of figures")
        if not self.settings:
            raise SpecError("A study needs at least one setting", where="vary", got="none", expected="one or more")
        seen: set[str] = set()
        for setting in self.settings:
            if setting.text in seen:
                raise SpecError(
                    "A setting stands twice in one study",
                    where="vary",
                    got=setting.text,
                    expected="each value once (1 and 1.0 are the same value)",
                )
            seen.add(setting.text)

    @property
    def varied_keys(self) -> tuple[str, ...]:
        """The keys under `[vary]`, in file order."""
        return tuple(key for key, _ in self.settings[0].varied)

    def setting(self, text: str) -> Setting:
        """Find a setting by its text.

        Raises:
            KeyError: No setting has that text.
        """
        for setting in self.settings:
            if setting.text == text:
                return setting
        raise KeyError(text)
