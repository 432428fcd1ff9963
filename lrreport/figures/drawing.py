"""A drawing: a figure of the article that is no study's own. One module has one, and the list stands in `__init__.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lrreport.figures.data import FigureData
from lrreport.figures.theme import NARROW_IN, WIDTH_IN
from lrreport.figures.words import Language
from lrreport.results import Results
from lrreport.spec import Setting


@dataclass(frozen=True, slots=True)
class Format:
    """A width that figures are drawn for.

    Attributes:
        width_in: Of the figure, in inches.
        is_narrow: Whether it is for a phone: panels one above the other, fewer labels, letters as large as ever.
    """

    width_in: float
    is_narrow: bool = False


WIDE: Final = Format(WIDTH_IN)
NARROW: Final = Format(NARROW_IN, is_narrow=True)


class Samples(NamedTuple):
    """The images that drawings may show.

    Attributes:
        train_images: The first of the training set, uint8 of shape (N, 28, 28).
        train_labels: Their classes, shape (N,).
        test_images: The first of the test set, uint8 of shape (M, 28, 28).
        test_labels: Their classes, shape (M,).
    """

    train_images: NDArray[np.uint8]
    train_labels: NDArray[np.integer]
    test_images: NDArray[np.uint8]
    test_labels: NDArray[np.integer]


_NO_IMAGES: Final = np.zeros((0, 28, 28), np.uint8)
_NO_LABELS: Final = np.zeros(0, np.uint8)
#: For a figure that shows no images.
NO_SAMPLES: Final = Samples(_NO_IMAGES, _NO_LABELS, _NO_IMAGES, _NO_LABELS)


def _show_nothing(_: Results) -> tuple[Setting, ...]:
    return ()


def _always(_: Results) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Drawing:
    """How a figure is made.

    Attributes:
        name: Of the figure and its files; no study has it for its id.
        make: Draws it, inside `theme()`.
        describe: Its text alternative: what it shows, in one to three sentences, every number computed.
        list_data: Its numbers; None for a picture that has none.
        shows: The settings whose runs it shows: whatever else is measured cannot change it.
        is_possible: Whether these results have what it shows.
        has_images: Whether it shows images of the dataset.
    """

    name: str
    make: Callable[[Results, Samples, Language, Format], Figure]
    describe: Callable[[Results, Samples, Language], str]
    list_data: Callable[[Results, Language], FigureData] | None = None
    shows: Callable[[Results], Sequence[Setting]] = _show_nothing
    is_possible: Callable[[Results], bool] = _always
    has_images: bool = False
