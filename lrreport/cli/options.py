"""The options that commands share, each declared once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lrreport.request import DEFAULT_MAX_SEEDS, DEFAULT_SEEDS, PREVIEW_EPOCHS, PREVIEW_SEEDS


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


Out = Annotated[Path, typer.Option("--out", help="Folder of the report.", metavar="DIR")]
StudyIds = Annotated[list[str] | None, typer.Option("--study", help="Only this study; repeatable.", metavar="ID")]
StudyFolder = Annotated[Path | None, typer.Option("--studies", help="A folder of more study files.", metavar="DIR")]
Epochs = Annotated[
    int | None, typer.Option("--epochs", min=1, max=100_000, help="Epochs, where a study does not vary them.")
]
Seeds = Annotated[
    int | None, typer.Option("--seeds", min=1, max=1000, help=f"Train with seeds 1 to N (default {DEFAULT_SEEDS}).")
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
    Path | None, typer.Option("--data", help="Your own mnist.npz, or a folder of IDX files.", metavar="PATH")
]
Cache = Annotated[
    Path | None,
    typer.Option("--cache", help="Folder of the result cache.", envvar="LRREPORT_CACHE", metavar="DIR"),
]
Templates = Annotated[Path | None, typer.Option("--templates", help="Templates that come before ours.", metavar="DIR")]
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
