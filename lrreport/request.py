"""What the command line asks for, checked and resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from lrreport.article.printable import find_unprintable
from lrreport.byline import Byline
from lrreport.errors import SpecError, UsageError
from lrreport.publishing.output_folder import Extent
from lrreport.spec import Study, Value
from lrreport.study_files import join_studies, load_built_in_studies, load_study_folder

if TYPE_CHECKING:
    from lrreport.engine.device import DeviceChoice

EditionName = Literal["th", "en"]
FormatName = Literal["html", "pdf"]
AnswersPlace = Literal["appendix", "none"]

DEFAULT_SEEDS: Final = 5
MOST_SEEDS: Final = 1000
#: Where growing stops.
DEFAULT_MAX_SEEDS: Final = 20
#: A preview is for a look at the pages, not at the numbers.
PREVIEW_SEEDS: Final = 1
PREVIEW_EPOCHS: Final = 3


@dataclass(frozen=True, slots=True)
class Growth:
    """More seeds than the cache holds.

    Attributes:
        by: How many more.
        most: The number of seeds that is not exceeded.
    """

    by: int
    most: int


@dataclass(frozen=True, slots=True)
class Request:
    """One command's settings.

    Attributes:
        studies: In the article's order.
        seeds: 1 to N.
        are_seeds_asked: Whether somebody said how many; else a report that rests on more keeps them.
        cache: The cache folder.
        data_path: The user's own data, or None.
        device: `auto`, `cpu` or `gpu`.
        threads: Cores to use.
        templates: A folder whose templates come before ours, or None.
        editions: Languages to write.
        formats: `html`, `pdf`.
        is_forced: Train everything again.
        is_preview: Mark every page as a preview.
        answers: Where the answers of the exercises stand.
        byline: What the title page says of course, teacher and institution.
        adopt: Accept a foreign or fuller output folder.
        wait: Wait for another build.
        growth: Take as many seeds as the cache holds complete and some more, in place of `seeds`; None to take these.
        command_line: For the record of the last build.
    """

    studies: tuple[Study, ...]
    seeds: tuple[int, ...]
    cache: Path
    data_path: Path | None = None
    device: DeviceChoice = "auto"
    threads: int = 1
    templates: Path | None = None
    editions: tuple[EditionName, ...] = ("th", "en")
    formats: tuple[FormatName, ...] = ("html", "pdf")
    is_forced: bool = False
    is_preview: bool = False
    answers: AnswersPlace = "appendix"
    byline: Byline = field(default_factory=Byline)
    adopt: bool = False
    wait: bool = False
    growth: Growth | None = None
    are_seeds_asked: bool = True
    command_line: tuple[str, ...] = ()

    @property
    def extent(self) -> Extent:
        """What the report will hold."""
        return Extent(tuple(study.id for study in self.studies), self.editions, self.formats)


def choose_studies(
    *,
    wanted: Sequence[str] = (),
    folder: Path | None = None,
    epochs: int | None = None,
    dataset: str | None = None,
) -> tuple[Study, ...]:
    """The built-in studies and those of the user's folder, or the wanted ones of them.

    Args:
        wanted: Study ids; empty means all.
        folder: More study files.
        epochs: Overrides every study's default and `[base]`, not what it varies.
        dataset: Likewise.

    Raises:
        SpecError: A study file is not allowed.
        UsageError: A wanted study does not exist, or two studies use different datasets.
    """
    overrides: dict[str, Value] = {}
    if epochs is not None:
        overrides["epochs"] = epochs
    if dataset is not None:
        overrides["dataset"] = dataset
    own = load_study_folder(folder, overrides) if folder is not None else ()
    studies = join_studies(load_built_in_studies(overrides), own)
    unknown = [name for name in wanted if name not in {study.id for study in studies}]
    if unknown:
        raise UsageError(
            "There is no such study",
            got=", ".join(unknown),
            expected="one of " + ", ".join(study.id for study in studies),
            fix="look at `lrreport studies`; name more files with --studies",
        )
    return tuple(study for study in studies if not wanted or study.id in wanted)


def check_letters(studies: Sequence[Study], byline: Byline) -> None:
    """Refuse texts of users that no font of the PDF can show, before anything is trained for them.

    Raises:
        SpecError: A title or question of a study has such a character.
        UsageError: The byline has one.
    """
    texts: list[tuple[str, str, type[UsageError]]] = [
        (f"{study.source}, key '{key}.{language}'", text, SpecError)
        for study in studies
        for key, words in (("title", study.title), ("question", study.question))
        for language, text in words.items()
    ]
    texts += [(f"--byline, {language}", text, UsageError) for line in byline.lines for language, text in line.items()]
    for where, text, kind in texts:
        if found := find_unprintable(text):
            raise kind(
                "A text has a character that no font of the PDF has",
                where=where,
                got=found,
                expected="Thai, Latin, Greek or Cyrillic letters",
                fix="take it out, or write only pages: --format html",
            )
