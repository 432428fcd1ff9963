"""`plan`, `studies` and `doctor`: commands that look and change nothing."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import typer

from lrreport.cli.config import describe_config
from lrreport.cli.options import (
    AsJson,
    Cache,
    DatasetChoice,
    DeviceChoiceOption,
    DeviceOption,
    Epochs,
    Force,
    Grow,
    MaxSeeds,
    Preview,
    Seeds,
    StudyFolder,
    StudyIds,
    Threads,
    Verbose,
)
from lrreport.cli.running import (
    cache_folder,
    guard,
    make_request,
    print_json,
    print_line,
    print_text,
    warn_of_neighbours,
)
from lrreport.environment import measure_room
from lrreport.errors import CacheError
from lrreport.library_folders import settle_home
from lrreport.request import choose_studies


@guard
def plan(
    context: typer.Context,
    study: StudyIds = None,
    studies: StudyFolder = None,
    epochs: Epochs = None,
    seeds: Seeds = None,
    grow: Grow = None,
    max_seeds: MaxSeeds = None,
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
    from lrreport.growth import choose_seeds  # noqa: PLC0415
    from lrreport.last_build import read_last_build  # noqa: PLC0415
    from lrreport.plan_text import describe_plan, plan_document  # noqa: PLC0415
    from lrreport.store import Store  # noqa: PLC0415
    from lrreport.training_stage import expected_device, plan_runs  # noqa: PLC0415

    request = make_request(
        study=study, studies=studies, epochs=epochs, seeds=seeds, grow=grow, max_seeds=max_seeds, dataset=dataset,
        cache=cache, device=device, threads=threads, force=force, preview=preview,
    )  # fmt: skip
    kind = expected_device(request.device)
    store = Store(request.cache)
    chosen = choose_seeds(request, store, kind)
    made = plan_runs(request.studies, chosen, store, kind, is_forced=request.is_forced)
    workers, limits = (request.threads, measure_room().explain(len(made.groups))) if kind == "cpu" else (1, "")
    last = read_last_build(request.cache)
    config = describe_config(context)
    if as_json:
        print_json({**plan_document(made, chosen, workers, last, limits=limits), "config": config or None})
    else:
        if config:
            print_line(f"configuration {config}")
        print_text(describe_plan(made, chosen, workers, last, limits=limits, show_all=verbose))


@guard
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
    warn_of_neighbours(studies)
    if as_json:
        print_json(studies_document(chosen))
    else:
        print_text(describe_studies(chosen))


@guard
def doctor(
    context: typer.Context, cache: Cache = None, device: DeviceChoiceOption = DeviceOption.AUTO, as_json: AsJson = False
) -> None:
    """What works here and what does not, with the remedy.

    Versions, Pango, fonts, the home folder, the temporary folder, the key that figures are kept with, processors and
    memory with their limits, the device, the cache, the disk, the images, and how the last build ended.

    Example: lrreport doctor --cache /var/cache/lrreport

    Exit codes: 0 everything works, 1 something does not.
    """
    from lrreport.doctor import Finding, examine  # noqa: PLC0415

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    folder: Path | CacheError
    try:
        folder = cache_folder(cache)
    except CacheError as error:
        folder = error
    settle_home(os.environ)
    findings = []
    config = Finding("configuration", works=True, text=describe_config(context) or "none")
    for finding in itertools.chain([config], examine(folder, device.value)):
        findings.append(finding)
        if not as_json:
            print_text(finding.describe())
    if as_json:
        print_json([finding.document() for finding in findings])
    if not all(finding.works for finding in findings):
        raise typer.Exit(1)
