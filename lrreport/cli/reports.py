"""`build`, `train` and `render`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import typer

from lrreport.cli.options import (
    Adopt,
    Answers,
    AnswersOption,
    AsJson,
    BylineOption,
    Cache,
    Data,
    DatasetChoice,
    DeviceChoiceOption,
    DeviceOption,
    Editions,
    Epochs,
    Force,
    Formats,
    Grow,
    MaxSeeds,
    Out,
    Preview,
    ProgressChoice,
    ProgressOption,
    Quiet,
    Seeds,
    StudyFolder,
    StudyIds,
    Templates,
    Threads,
    Verbose,
    Wait,
)
from lrreport.cli.running import guard, make_console, make_request, print_json
from lrreport.console import Console
from lrreport.events import Message
from lrreport.library_folders import check_pango, check_temporary, settle_libraries

if TYPE_CHECKING:
    from lrreport.pipeline import BuildOutcome
    from lrreport.request import Request


@guard
def build(
    out: Out,
    study: StudyIds = None,
    studies: StudyFolder = None,
    epochs: Epochs = None,
    seeds: Seeds = None,
    grow: Grow = None,
    max_seeds: MaxSeeds = None,
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
) -> str:
    """Train what is missing, then write everything.

    Example: lrreport build --out reports/
    Every night, one more seed: lrreport build --out reports/ --grow 1

    Exit codes: 0 done, 2 usage or study file, 4 data, 5 rendering, 6 cache, 7 output folder, 8 busy,
    130 interrupted, 143 terminated.
    """
    from lrreport import pipeline  # noqa: PLC0415 - help must not wait for it

    console = make_console(progress, quiet=quiet, verbose=verbose)
    request = make_request(
        study=study, studies=studies, epochs=epochs, seeds=seeds, grow=grow, max_seeds=max_seeds,
        dataset=dataset, data=data, cache=cache, templates=templates, device=device, threads=threads,
        edition=edition, formats=formats, force=force, preview=preview,
        answers=answers, byline=byline, adopt=adopt, wait=wait,
    )  # fmt: skip
    settle_libraries(request.cache, os.environ)
    check_pango(request.formats)
    try:
        outcome = pipeline.build(request, out, console.report)
    finally:
        console.close()
    return _tell_outcome(console, outcome, request, as_json=as_json)


@guard
def train(
    study: StudyIds = None,
    studies: StudyFolder = None,
    epochs: Epochs = None,
    seeds: Seeds = None,
    grow: Grow = None,
    max_seeds: MaxSeeds = None,
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
) -> str:
    """Train what is missing, and write nothing but the cache.

    Example: lrreport train --study momentum --seeds 1

    Exit codes: 0 done, 2 usage or study file, 4 data, 6 cache, 8 busy, 130 interrupted, 143 terminated.
    """
    from lrreport import pipeline  # noqa: PLC0415
    from lrreport.outcome_text import describe_training, training_document  # noqa: PLC0415

    console = make_console(progress, quiet=quiet, verbose=verbose)
    request = make_request(
        study=study, studies=studies, epochs=epochs, seeds=seeds, grow=grow, max_seeds=max_seeds,
        dataset=dataset, data=data, cache=cache, device=device, threads=threads, force=force, preview=preview,
        wait=wait,
    )  # fmt: skip
    settle_libraries(request.cache, os.environ)
    try:
        outcome = pipeline.train(request, console.report)
    finally:
        console.close()
    text = describe_training(outcome)
    console.report(Message("done", text))
    if as_json:
        print_json(training_document(outcome))
    return text


@guard
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
) -> str:
    """Write everything from the cache: never trains, never loads TensorFlow.

    Example: lrreport render --out reports/ --edition th --format pdf

    Exit codes: 0 done, 2 usage or study file, 3 results missing, 4 data, 5 rendering, 7 output folder, 8 busy.
    """
    from lrreport import pipeline  # noqa: PLC0415

    console = make_console(progress, quiet=quiet, verbose=verbose)
    request = make_request(
        study=study, studies=studies, epochs=epochs, seeds=seeds, dataset=dataset, data=data, cache=cache,
        templates=templates, edition=edition, formats=formats, preview=preview, answers=answers, byline=byline,
        adopt=adopt, wait=wait,
    )  # fmt: skip
    settle_libraries(request.cache, os.environ)
    check_pango(request.formats)
    check_temporary(request.cache)
    try:
        outcome = pipeline.render(request, out, console.report)
    finally:
        console.close()
    return _tell_outcome(console, outcome, request, as_json=as_json)


def _tell_outcome(console: Console, outcome: BuildOutcome, request: Request, *, as_json: bool) -> str:
    from lrreport.outcome_text import build_document, describe_build, name_entrance  # noqa: PLC0415

    text = describe_build(outcome)
    console.report(Message("done", text))
    if as_json:
        print_json(build_document(outcome))
    else:
        typer.echo(outcome.out)
    if sys.stderr.isatty():  # a log ends with what was done
        console.report(Message("done", f"open {outcome.out / name_entrance(request.editions, request.formats)}"))
    return text
