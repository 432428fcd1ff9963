"""The commands: parse, call, turn errors into words and exit codes. Nothing else."""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import platformdirs
import typer

from lrreport import __version__
from lrreport.byline import Byline, read_byline
from lrreport.console import Console, ProgressMode
from lrreport.environment import available_cores
from lrreport.errors import InterruptedBuildError, LrreportError, TerminatedBuildError
from lrreport.events import Message
from lrreport.request import DEFAULT_SEEDS, PREVIEW_EPOCHS, PREVIEW_SEEDS, Request, choose_studies

P = ParamSpec("P")
R = TypeVar("R")


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

app = typer.Typer(
    name="lrreport",
    help="How the learning rate shapes a neural network's training: trains every study, writes the article.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
data_app = typer.Typer(
    name="data", help="Fetch, check or find the images.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(data_app)


def _show_version(value: bool) -> None:  # noqa: FBT001 - Typer's callback signature
    if value:
        typer.echo(f"lrreport {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


def _terminate(*_: object) -> NoReturn:
    message = "Terminated; every run is saved up to its last whole epoch"
    raise TerminatedBuildError(message, fix="run the same command again: it goes on from there")


def _guard(command: Callable[P, R]) -> Callable[P, R]:
    """Turn errors into one message on stderr and the exit code of their kind."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        signal.signal(signal.SIGTERM, _terminate)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job would ignore it
        console = Console("plain")
        try:
            result = command(*args, **kwargs)
            sys.stdout.flush()
        except LrreportError as error:
            console.fail(error)
            _record(command.__name__, kwargs, error.exit_code, error.message)
            raise typer.Exit(error.exit_code) from error
        except KeyboardInterrupt as error:
            text = "Interrupted; every run is saved up to its last whole epoch"
            interrupted = InterruptedBuildError(text, fix="run the same command again: it goes on from there")
            console.fail(interrupted)
            _record(command.__name__, kwargs, interrupted.exit_code, text)
            raise typer.Exit(interrupted.exit_code) from error
        except BrokenPipeError as error:  # whoever read our stdout has gone; the work itself is done
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from error
        _record(command.__name__, kwargs, 0, "done")
        return result

    return guarded


def _record(command: str, options: dict[str, Any], exit_code: int, text: str) -> None:
    if command in ("build", "train", "render"):
        from lrreport.pipeline import record_last_build  # noqa: PLC0415 - only these three need it

        record_last_build(_cache_folder(options.get("cache")), command, exit_code, text)


def _cache_folder(cache: Path | None) -> Path:
    return (cache or Path(platformdirs.user_cache_dir("lrreport"))).expanduser().absolute()


def _make_request(
    *,
    study: list[str] | None = None,
    studies: Path | None = None,
    epochs: int | None = None,
    seeds: int | None = None,
    dataset: DatasetOption | None = None,
    data: Path | None = None,
    cache: Path | None = None,
    templates: Path | None = None,
    device: DeviceOption = DeviceOption.AUTO,
    threads: int | None = None,
    edition: list[EditionOption] | None = None,
    formats: list[FormatOption] | None = None,
    force: bool = False,
    preview: bool = False,
    answers: AnswersOption = AnswersOption.APPENDIX,
    byline: str | None = None,
    adopt: bool = False,
    wait: bool = False,
) -> Request:
    if preview:
        epochs, seeds = epochs or PREVIEW_EPOCHS, seeds or PREVIEW_SEEDS
    if templates is not None and not templates.is_dir():
        message = f"--templates: there is no folder '{templates}'"
        raise typer.BadParameter(message)
    return Request(
        studies=choose_studies(wanted=study or (), folder=studies, epochs=epochs, dataset=dataset and dataset.value),
        seeds=tuple(range(1, (seeds or DEFAULT_SEEDS) + 1)),
        cache=_cache_folder(cache),
        data_path=data,
        device=device.value,
        threads=threads or available_cores(),
        templates=templates,
        editions=tuple(name.value for name in EditionOption if not edition or name in edition),
        formats=tuple(name.value for name in FormatOption if not formats or name in formats),
        is_forced=force,
        is_preview=preview,
        answers=answers.value,
        byline=read_byline(byline) if byline is not None else Byline(),
        adopt=adopt,
        wait=wait,
    )


def _make_console(progress: ProgressOption, *, quiet: bool, verbose: bool) -> Console:
    # TensorFlow's own chatter on stderr is for its developers.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if verbose else "3")
    mode: ProgressMode = progress.value
    return Console(mode, is_quiet=quiet)


def _print_json(document: object) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))


@app.command()
@_guard
def build(
    out: Out,
    study: StudyIds = None,
    studies: StudyFolder = None,
    epochs: Epochs = None,
    seeds: Seeds = None,
    dataset: DatasetChoice = None,
    data: Data = None,
    cache: Cache = None,
    templates: Templates = None,
    device: DeviceChoiceOption = DeviceOption.AUTO,
    threads: Threads = None,
    edition: Editions = None,
    formats: Formats = None,
    force: Force = False,
    preview: Preview = False,
    answers: Answers = AnswersOption.APPENDIX,
    byline: BylineOption = None,
    adopt: Adopt = False,
    wait: Wait = False,
    as_json: AsJson = False,
    progress: ProgressChoice = ProgressOption.AUTO,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train what is missing, then write everything.

    Example: lrreport build --out reports/

    Exit codes: 0 done, 2 usage or study file, 4 data, 5 rendering, 6 cache, 7 output folder, 8 busy,
    130 interrupted, 143 terminated.
    """
    from lrreport import pipeline  # noqa: PLC0415 - help must not wait for it

    console = _make_console(progress, quiet=quiet, verbose=verbose)
    request = _make_request(
        study=study, studies=studies, epochs=epochs, seeds=seeds, dataset=dataset, data=data, cache=cache,
        templates=templates, device=device, threads=threads, edition=edition, formats=formats, force=force,
        preview=preview, answers=answers, byline=byline, adopt=adopt, wait=wait,
    )  # fmt: skip
    try:
        outcome = pipeline.build(request, out, console.report)
    finally:
        console.close()
    _tell_outcome(console, outcome, as_json=as_json)


@app.command()
@_guard
def train(
    study: StudyIds = None,
    studies: StudyFolder = None,
    epochs: Epochs = None,
    seeds: Seeds = None,
    dataset: DatasetChoice = None,
    data: Data = None,
    cache: Cache = None,
    device: DeviceChoiceOption = DeviceOption.AUTO,
    threads: Threads = None,
    force: Force = False,
    preview: Preview = False,
    wait: Wait = False,
    as_json: AsJson = False,
    progress: ProgressChoice = ProgressOption.AUTO,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Train what is missing, and write nothing but the cache.

    Example: lrreport train --study momentum --seeds 1

    Exit codes: 0 done, 2 usage or study file, 4 data, 6 cache, 8 busy, 130 interrupted, 143 terminated.
    """
    from lrreport import pipeline  # noqa: PLC0415

    console = _make_console(progress, quiet=quiet, verbose=verbose)
    request = _make_request(
        study=study, studies=studies, epochs=epochs, seeds=seeds, dataset=dataset, data=data, cache=cache,
        device=device, threads=threads, force=force, preview=preview, wait=wait,
    )  # fmt: skip
    try:
        outcome = pipeline.train(request, console.report)
    finally:
        console.close()
    if as_json:
        _print_json({"trained": outcome.trained, "cached": outcome.cached, "diverged": outcome.diverged})
    else:
        console.report(Message("train", _describe_training(outcome)))


@app.command()
@_guard
def render(
    out: Out,
    study: StudyIds = None,
    studies: StudyFolder = None,
    epochs: Epochs = None,
    seeds: Seeds = None,
    dataset: DatasetChoice = None,
    data: Data = None,
    cache: Cache = None,
    templates: Templates = None,
    edition: Editions = None,
    formats: Formats = None,
    preview: Preview = False,
    answers: Answers = AnswersOption.APPENDIX,
    byline: BylineOption = None,
    adopt: Adopt = False,
    wait: Wait = False,
    as_json: AsJson = False,
    progress: ProgressChoice = ProgressOption.AUTO,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write everything from the cache: never trains, never loads TensorFlow.

    Example: lrreport render --out reports/ --edition th --format pdf

    Exit codes: 0 done, 2 usage or study file, 3 results missing, 4 data, 5 rendering, 7 output folder, 8 busy.
    """
    from lrreport import pipeline  # noqa: PLC0415

    console = _make_console(progress, quiet=quiet, verbose=verbose)
    request = _make_request(
        study=study, studies=studies, epochs=epochs, seeds=seeds, dataset=dataset, data=data, cache=cache,
        templates=templates, edition=edition, formats=formats, preview=preview, answers=answers, byline=byline, adopt=adopt,
        wait=wait,
    )  # fmt: skip
    try:
        outcome = pipeline.render(request, out, console.report)
    finally:
        console.close()
    _tell_outcome(console, outcome, as_json=as_json)


def _describe_training(outcome: Any) -> str:
    diverged = f" ({outcome.diverged} diverged)" if outcome.diverged else ""
    return f"{len(outcome.trained)} runs trained{diverged}, {outcome.cached} from the cache"


def _tell_outcome(console: Console, outcome: Any, *, as_json: bool) -> None:
    wrote = "nothing to write" if outcome.is_unchanged else f"{outcome.files} files written"
    console.report(Message("done", f"{_describe_training(outcome.training)}, {wrote}"))
    if as_json:
        _print_json(
            {
                "out": str(outcome.out),
                "unchanged": outcome.is_unchanged,
                "files": outcome.files,
                "trained": outcome.training.trained,
                "cached": outcome.training.cached,
                "diverged": outcome.training.diverged,
            }
        )
    else:
        typer.echo(outcome.out)


@app.command()
@_guard
def plan(
    study: StudyIds = None,
    studies: StudyFolder = None,
    epochs: Epochs = None,
    seeds: Seeds = None,
    dataset: DatasetChoice = None,
    cache: Cache = None,
    device: DeviceChoiceOption = DeviceOption.AUTO,
    threads: Threads = None,
    force: Force = False,
    preview: Preview = False,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """What is cached, what would be trained, why, and about how long it takes here. Trains nothing, needs no data.

    Example: lrreport plan --seeds 5

    Exit codes: 0 done, 2 usage or study file.
    """
    from lrreport.plan_text import describe_plan, plan_document  # noqa: PLC0415
    from lrreport.store import Store  # noqa: PLC0415
    from lrreport.training_stage import expected_device, plan_runs  # noqa: PLC0415

    request = _make_request(
        study=study, studies=studies, epochs=epochs, seeds=seeds, dataset=dataset, cache=cache, device=device,
        threads=threads, force=force, preview=preview,
    )  # fmt: skip
    kind = expected_device(request.device)
    made = plan_runs(request.studies, request.seeds, Store(request.cache), kind, is_forced=request.is_forced)
    workers = request.threads if kind == "cpu" else 1
    if as_json:
        _print_json(plan_document(made, workers))
    else:
        typer.echo(describe_plan(made, workers, show_all=verbose))


@app.command("studies")
@_guard
def list_studies(
    studies: StudyFolder = None,
    epochs: Epochs = None,
    dataset: DatasetChoice = None,
    as_json: AsJson = False,
) -> None:
    """The studies and their settings.

    Example: lrreport studies --studies my-studies/

    Exit codes: 0 done, 2 usage or study file.
    """
    from lrreport.plan_text import describe_studies, studies_document  # noqa: PLC0415

    chosen = choose_studies(folder=studies, epochs=epochs, dataset=dataset and dataset.value)
    if as_json:
        _print_json(studies_document(chosen))
    else:
        typer.echo(describe_studies(chosen))


DataName = Annotated[DatasetOption, typer.Option("--dataset", help="Which dataset.")]


@data_app.command("fetch")
@_guard
def fetch_data(dataset: DataName = DatasetOption.MNIST, data: Data = None, cache: Cache = None) -> None:
    """Find or download the images, check every byte, keep them in the cache.

    Example: lrreport data fetch --dataset fashion-mnist

    Exit codes: 0 done, 4 data, 6 cache.
    """
    from lrreport.datasets import load_dataset, locate_dataset  # noqa: PLC0415

    console = Console("auto")
    folder = _cache_folder(cache)
    load_dataset(
        dataset.value, cache_dir=folder, data_path=data, report=lambda text: console.report(Message("data", text))
    )
    typer.echo(locate_dataset(dataset.value, folder))


@data_app.command("verify")
@_guard
def verify_data(dataset: DataName = DatasetOption.MNIST, cache: Cache = None) -> None:
    """Check every byte of the images in the cache.

    Exit codes: 0 sound, 4 missing or damaged.
    """
    from lrreport.datasets import verify_dataset  # noqa: PLC0415
    from lrreport.errors import DataError  # noqa: PLC0415

    kept = verify_dataset(dataset.value, _cache_folder(cache))
    if not kept.is_intact:
        raise DataError(
            f"The images of {dataset.value} in the cache cannot be used",
            where=str(kept.path),
            got=kept.problem or "nothing",
            fix=f"lrreport data fetch --dataset {dataset.value}",
        )
    typer.echo(f"{kept.path}: every byte is as it should be")


@data_app.command("where")
@_guard
def where_data(dataset: DataName = DatasetOption.MNIST, cache: Cache = None) -> None:
    """Where the images are kept.

    Exit codes: 0 there, 4 not there.
    """
    from lrreport.datasets import locate_dataset  # noqa: PLC0415
    from lrreport.errors import DataError  # noqa: PLC0415

    folder = _cache_folder(cache)
    if (path := locate_dataset(dataset.value, folder)) is None:
        raise DataError(
            f"The cache does not hold {dataset.value}",
            where=str(folder),
            fix=f"lrreport data fetch --dataset {dataset.value}",
        )
    typer.echo(path)


@app.command()
@_guard
def doctor(cache: Cache = None, device: DeviceChoiceOption = DeviceOption.AUTO, as_json: AsJson = False) -> None:
    """What works here and what does not, with the remedy: versions, device, fonts, Pango, data, cache, last build.

    Exit codes: 0 everything works, 1 something does not.
    """
    from lrreport.doctor import examine  # noqa: PLC0415

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    findings = examine(_cache_folder(cache), device.value)
    if as_json:
        _print_json([finding.document() for finding in findings])
    else:
        for finding in findings:
            typer.echo(finding.describe())
    if not all(finding.works for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """The `lrreport` command."""
    app()
