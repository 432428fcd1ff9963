"""What every command does around its own work: signals, errors into exit codes, the record of the last build."""

from __future__ import annotations

import datetime
import functools
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NoReturn, ParamSpec

import platformdirs
import typer

from lrreport.article.template_files import check_templates
from lrreport.byline import Byline, read_byline
from lrreport.cli.options import AnswersOption, DatasetOption, DeviceOption, EditionOption, FormatOption, ProgressOption
from lrreport.console import Console, ProgressMode
from lrreport.environment import measure_room
from lrreport.errors import TOO_LITTLE_MEMORY, BusyError, CacheError, LrreportError, UsageError, escape_controls
from lrreport.events import Message
from lrreport.last_build import LastBuild, read_last_build, record_last_build
from lrreport.request import (
    DEFAULT_MAX_SEEDS,
    DEFAULT_SEEDS,
    PREVIEW_EPOCHS,
    PREVIEW_SEEDS,
    Growth,
    Request,
    check_letters,
    choose_studies,
)
from lrreport.study_files import odd_neighbours
from lrreport.system.interrupts import ignore_signals, stop_if_interrupted, watch_signals
from lrreport.system.memory import is_lack_of_memory
from lrreport.system.processes import start_of

P = ParamSpec("P")

_RECORDED: Final = ("build", "train", "render")


def open_standard_streams() -> None:
    """Give the process its three standard streams where whoever started it closed them.

    A file opened later would get the free number, and whatever is written to "standard error" would land in it.
    Characters that a stream's encoding lacks (a cron job's locale knows no Thai) are written as escapes.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
            if getattr(sys, name) is None:
                setattr(sys, name, open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - a number, for good
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def guard(command: Callable[P, str | None]) -> Callable[P, None]:
    """Turn errors into one message on stderr and the exit code of their kind.

    How `build`, `train` and `render` ended is recorded in the cache; the text that a command returns is its outcome.
    """

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        watch_signals()
        began = datetime.datetime.now(datetime.UTC)

        def record(exit_code: int, text: str) -> None:
            if command.__name__ in _RECORDED:
                _record(command.__name__, kwargs, began, exit_code, text)

        def fail(error: LrreportError) -> NoReturn:
            Console("plain").fail(error)
            record(error.exit_code, error.message)
            raise typer.Exit(error.exit_code) from error

        try:
            try:
                stop_if_interrupted()
                # A command that has come to its end has done what was asked for, whatever signal came meanwhile.
                outcome = command(*args, **kwargs) or "done"
                sys.stdout.flush()
            except LrreportError as error:
                fail(error)
            except BrokenPipeError as error:  # whoever read our stdout has gone; the work itself is done
                with suppress(OSError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                record(0, "done; nobody read the result on stdout")
                raise typer.Exit(0) from error
            except typer.Exit:
                raise
            except Exception as error:
                if is_lack_of_memory(error):
                    fail(LrreportError("There is too little memory", fix=TOO_LITTLE_MEMORY))
                record(1, f"a bug of ours: {type(error).__name__}: {error}"[:500])
                raise
            record(0, outcome)
        finally:
            ignore_signals()

    return guarded


def _record(command: str, options: dict[str, Any], began: datetime.datetime, exit_code: int, text: str) -> None:
    with suppress(CacheError, MemoryError):  # no folder to record it in; the command itself has said so
        folder = cache_folder(options.get("cache"))
        last = read_last_build(folder)
        if exit_code == BusyError.exit_code and last is not None and last.is_running:
            return  # the build that is at work will say how it ended; this one did nothing
        record_last_build(
            folder,
            LastBuild(
                command=command,
                arguments=tuple(sys.argv[1:]),
                began=began.isoformat(timespec="seconds"),
                finished=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                exit_code=exit_code,
                outcome=text,
                process=os.getpid(),
                process_start=start_of(os.getpid()),
            ),
        )


def cache_folder(cache: Path | None) -> Path:
    """The folder that was asked for, or the platform's user cache.

    Raises:
        CacheError: None was asked for, and this user has no home folder; a service often has none.
    """
    with suppress(RuntimeError):  # pathlib's, where '~' means nothing
        if cache is not None:
            return cache.expanduser().absolute()
        if Path(platformdirs.user_cache_dir("lrreport")).is_absolute():
            return Path(platformdirs.user_cache_dir("lrreport"))
    raise CacheError(
        "There is no folder for the cache: this user has no home folder",
        got="--cache not given" if cache is None else str(cache),
        expected="a folder that can be written",
        fix="name one: --cache /var/cache/lrreport say, or LRREPORT_CACHE, or set HOME",
    )


def make_request(
    *,
    study: list[str] | None = None,
    studies: Path | None = None,
    epochs: int | None = None,
    seeds: int | None = None,
    grow: int | None = None,
    max_seeds: int | None = None,
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
    """The request that a command's options make.

    Raises:
        UsageError: The options do not go together, or name what is not there.
    """
    if grow is not None and seeds is not None:
        raise UsageError(
            "--grow and --seeds do not go together",
            got=f"--grow {grow} --seeds {seeds}",
            expected="one of the two: --grow counts from what the cache holds, --seeds from 0",
            fix="leave one out; --max-seeds says where --grow shall stop",
        )
    if max_seeds is not None and grow is None:
        raise UsageError("--max-seeds has no meaning without --grow", fix="add --grow 1, or use --seeds instead")
    if preview:
        epochs = epochs or PREVIEW_EPOCHS
        seeds = seeds or (PREVIEW_SEEDS if grow is None else None)
    if templates is not None:
        check_templates(templates)
    chosen = choose_studies(wanted=study or (), folder=studies, epochs=epochs, dataset=dataset and dataset.value)
    warn_of_neighbours(studies)
    lines = read_byline(byline) if byline is not None else Byline()
    if not formats or FormatOption.PDF in formats:
        check_letters(chosen, lines)
    return Request(
        studies=chosen,
        seeds=tuple(range(1, (seeds or DEFAULT_SEEDS) + 1)),
        are_seeds_asked=seeds is not None,
        growth=None if grow is None else Growth(grow, max_seeds or DEFAULT_MAX_SEEDS),
        cache=cache_folder(cache),
        data_path=data,
        device=device.value,
        threads=threads or measure_room().workers,
        templates=templates,
        editions=tuple(name.value for name in EditionOption if not edition or name in edition),
        formats=tuple(name.value for name in FormatOption if not formats or name in formats),
        is_forced=force,
        is_preview=preview,
        answers=answers.value,
        byline=lines,
        adopt=adopt,
        wait=wait,
        command_line=tuple(sys.argv[1:]),
    )


def warn_of_neighbours(folder: Path | None) -> None:
    """Tell of files beside a user's studies that look like studies and are not read."""
    for text in odd_neighbours(folder) if folder is not None else ():
        Console("plain").report(Message("plan", text, is_warning=True))


def make_console(progress: ProgressOption, *, quiet: bool, verbose: bool) -> Console:
    """The console that the options ask for."""
    # TensorFlow's own chatter on stderr is for its developers.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "0" if verbose else "3")
    mode: ProgressMode = progress.value
    return Console(mode, is_quiet=quiet, is_verbose=verbose)


def print_text(text: str) -> None:
    """A result on stdout for people. It may quote files of strangers: what a terminal would obey is an escape."""
    typer.echo(escape_controls(text))


def print_line(text: str) -> None:
    """One line of a result for people; names that it quotes make no other."""
    print_text(text.replace("\n", "\\n"))


def print_json(document: object) -> None:
    """A result on stdout as JSON."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False))
