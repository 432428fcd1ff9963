"""The options that commands share, each declared once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lrreport.errors import LrreportError
from lrreport.request import DEFAULT_MAX_SEEDS, DEFAULT_SEEDS, MOST_SEEDS, PREVIEW_EPOCHS, PREVIEW_SEEDS, choose_studies


def expand_path(text: str) -> Path:
    """The path that a user means: `~` is the home folder, which shells expand at the beginning of a word alone.

    Whether it can be read is not looked at here: whoever opens it says what helps.

    Raises:
        typer.BadParameter: There is no such home folder.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise typer.BadParameter(f"{text!r}: there is no such home folder; write the whole path") from error


def complete_study(context: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The ids of studies that begin with what is typed so far, with their titles; those of `--studies`, too."""
    try:
        studies = choose_studies(folder=context.params.get("studies"))
    except LrreportError:
        studies = choose_studies()
    return [(study.id, study.title["en"]) for study in studies if study.id.startswith(incomplete)]


class DeviceOption(StrEnum):
    """Where to train."""

    AUTO = "auto"
    CPU = "cpu"
    GPU = "gpu"


class DatasetOption(StrEnum):
    """What to train on."""

    MNIST = "mnist"
    FASHION = "fashion-mnist"


class EditionOption(StrEnum):
    """A language of the article."""

    TH = "th"
    EN = "en"


class FormatOption(StrEnum):
    """A form of the article."""

    HTML = "html"
    PDF = "pdf"


class AnswersOption(StrEnum):
    """Where the answers of the exercises stand."""

    APPENDIX = "appendix"
    NONE = "none"


class ProgressOption(StrEnum):
    """How progress is told."""

    AUTO = "auto"
    PLAIN = "plain"
    NONE = "none"
    JSON = "json"


Out = Annotated[Path, typer.Option("--out", help="Folder of the report.", metavar="DIR", parser=expand_path)]
StudyIds = Annotated[
    list[str] | None,
    typer.Option("--study", help="Only this study; repeatable.", metavar="ID", autocompletion=complete_study),
]
StudyFolder = Annotated[
    Path | None,
    typer.Option("--studies", help="A folder of more study files.", metavar="DIR", parser=expand_path),
]
Epochs = Annotated[
    int | None, typer.Option("--epochs", min=1, max=100_000, help="Epochs, where a study does not vary them.")
]
Seeds = Annotated[
    int | None,
    typer.Option("--seeds", min=1, max=MOST_SEEDS, help=f"Train with seeds 1 to N (default {DEFAULT_SEEDS})."),
]
Grow = Annotated[
    int | None,
    typer.Option("--grow", min=1, max=1000, help="Train N more seeds than the cache holds complete.", metavar="N"),
]
MaxSeeds = Annotated[
    int | None,
    typer.Option(
        "--max-seeds", min=1, max=1000, help=f"Where --grow stops (default {DEFAULT_MAX_SEEDS}).", metavar="N"
    ),
]
DatasetChoice = Annotated[
    DatasetOption | None, typer.Option("--dataset", help="Dataset, where a study does not vary it.")
]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="Your own mnist.npz, or a folder with the images.", metavar="PATH", parser=expand_path),
]
Cache = Annotated[
    Path | None,
    # What `~` means is settled in `cache_folder`, which has an exit code of its own for a cache that cannot be.
    typer.Option("--cache", help="Folder of the result cache.", envvar="LRREPORT_CACHE", metavar="DIR", parser=Path),
]
Templates = Annotated[
    Path | None,
    typer.Option("--templates", help="Templates that come before ours.", metavar="DIR", parser=expand_path),
]
DeviceChoiceOption = Annotated[DeviceOption, typer.Option("--device", help="Where to train.")]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, max=1024, help="Cores to use (default: all that are allowed).")
]
Editions = Annotated[list[EditionOption] | None, typer.Option("--edition", help="Only this language; repeatable.")]
Formats = Annotated[list[FormatOption] | None, typer.Option("--format", help="Only this form; repeatable.")]
Force = Annotated[bool, typer.Option("--force", help="Train again what is in the cache.")]
Preview = Annotated[
    bool,
    typer.Option(
        "--preview", help=f"A look: {PREVIEW_SEEDS} seed, {PREVIEW_EPOCHS} epochs, every page marked as a preview."
    ),
]
Answers = Annotated[AnswersOption, typer.Option("--answers", help="Where the answers of the exercises stand.")]
BylineOption = Annotated[
    str | None,
    typer.Option("--byline", help="Below the title: a line, or a .toml file with a [report] table.", metavar="TEXT"),
]
Adopt = Annotated[bool, typer.Option("--adopt", help="Accept a foreign folder, or one that holds more.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for another build instead of giving up.")]
AsJson = Annotated[bool, typer.Option("--json", help="The result on stdout as JSON.")]
ProgressChoice = Annotated[ProgressOption, typer.Option("--progress", help="How progress is told on stderr.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="Only warnings and errors.")]
Verbose = Annotated[bool, typer.Option("-v", "--verbose", help="Also tell what is told to developers.")]
DataName = Annotated[DatasetOption, typer.Option("--dataset", help="Which dataset.")]
Retrain = Annotated[
    int | None,
    typer.Option("--retrain", min=1, max=1000, help="Train N runs of one seed again and compare.", metavar="N"),
]
Yes = Annotated[bool, typer.Option("--yes", help="Delete; without it, only list what would go.")]
MaxSize = Annotated[
    str | None,
    typer.Option("--max-size", help="Delete, oldest first, only until the cache is no larger.", metavar="SIZE"),
]
