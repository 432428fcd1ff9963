"""What the article's templates and tables are told: everything measured, none of it typed."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lrreport.analysis.summaries import RankedSetting, SettingSummary
from lrreport.analysis.verdicts import Claim
from lrreport.article.words import LANGUAGES, Language
from lrreport.byline import Byline
from lrreport.editions.edition import Edition
from lrreport.figures.drawn import DrawnFigure
from lrreport.figures.words import FASHION_CLASSES, NAMES
from lrreport.keys import run_key
from lrreport.results import Environment, Results

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CLASS_COUNT: Final = 10


@dataclass(frozen=True, slots=True)
class ClassCount:
    """One class of the dataset.

    Attributes:
        label: 0 to 9.
        name: By language; the digit itself for MNIST.
        train: Images in the training set.
        test: Images in the test set.
    """

    label: int
    name: Mapping[Language, str]
    train: int
    test: int


@dataclass(frozen=True, slots=True)
class DataFacts:
    """What the dataset holds.

    Attributes:
        name: `mnist` or `fashion-mnist`.
        image_shape: Height and width in pixels.
        classes: In the order of their labels.
    """

    name: str
    image_shape: tuple[int, int]
    classes: tuple[ClassCount, ...]

    @property
    def title(self) -> str:
        """The dataset's name as it is written in a text."""
        return NAMES.get(self.name, self.name)

    @property
    def train_count(self) -> int:
        """Images in the training set."""
        return sum(item.train for item in self.classes)

    @property
    def test_count(self) -> int:
        """Images in the test set."""
        return sum(item.test for item in self.classes)

    @property
    def total_count(self) -> int:
        """Images in both."""
        return self.train_count + self.test_count

    @property
    def pixel_count(self) -> int:
        """Pixels of an image, which is the width of the network's input."""
        return self.image_shape[0] * self.image_shape[1]


def describe_data(
    name: str, train_labels: NDArray[Any], test_labels: NDArray[Any], *, image_shape: tuple[int, int] = (28, 28)
) -> DataFacts:
    """Count the classes.

    Args:
        name: Of the dataset.
        train_labels: Integers 0 to 9 of shape (N,).
        test_labels: Likewise.
        image_shape: Height and width in pixels.
    """
    import numpy as np  # noqa: PLC0415 - the templates' side of this module needs none

    train_k, test_k = (np.bincount(labels, minlength=_CLASS_COUNT).tolist() for labels in (train_labels, test_labels))
    classes = tuple(
        ClassCount(
            label,
            {
                language: " ".join(FASHION_CLASSES[language][label].split()) if name == "fashion-mnist" else str(label)
                for language in LANGUAGES
            },
            train_k[label],
            test_k[label],
        )
        for label in range(_CLASS_COUNT)
    )
    return DataFacts(name, image_shape, classes)


@dataclass(frozen=True)
class Facts:
    """Everything that goes into one edition of the article.

    Attributes:
        results: Studies, seeds and runs.
        summaries: One per study and setting.
        claims: The source's and our own, each with its verdict.
        ranking: All settings by their last test accuracy.
        data: What the dataset holds.
        figures: In both languages.
        edition: Date, digest and kind of the edition.
        has_answers: Whether the answers of the exercises stand in the appendix.
        byline: What the title page says of course, teacher and institution.
        siblings: Names of the files that stand beside the page in the output folder; only these are linked to.
        waiting: Takes the ids of paragraphs that were written for other results, as pages are made.
    """

    results: Results
    summaries: Sequence[SettingSummary]
    claims: Sequence[Claim]
    ranking: Sequence[RankedSetting]
    data: DataFacts
    figures: Sequence[DrawnFigure]
    edition: Edition
    has_answers: bool = True
    byline: Byline = field(default_factory=Byline)
    siblings: frozenset[str] = frozenset()
    waiting: set[str] = field(default_factory=set)

    def figures_in(self, language: Language) -> dict[str, DrawnFigure]:
        """The figures of one language, by name."""
        return {figure.name: figure for figure in self.figures if figure.language == language}

    @functools.cached_property
    def environments(self) -> tuple[tuple[Environment, int], ...]:
        """Where the runs were trained, with their number, the most frequent first."""
        counts: dict[Environment, int] = {}
        for key in self.run_keys:
            environment = self.results.runs[key].environment
            counts[environment] = counts.get(environment, 0) + 1
        return tuple(sorted(counts.items(), key=lambda item: -item[1]))

    @functools.cached_property
    def run_keys(self) -> tuple[str, ...]:
        """The key of every distinct run of the article."""
        settings = [setting for study in self.results.studies for setting in study.settings]
        return tuple(dict.fromkeys(run_key(setting.run(seed)) for setting in settings for seed in self.results.seeds))
