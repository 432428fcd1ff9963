"""`build`, `train` and `render`: the only module that knows every stage."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lrreport.cache.folder import hold_cache, work_in_cache
from lrreport.datasets import Dataset, load_dataset
from lrreport.editions.edition_digest import digest_edition, digest_measurements
from lrreport.editions.edition_stage import compare_with_previous, date_edition, describe_edition
from lrreport.events import Message, Report, message_of
from lrreport.execute import Workplace
from lrreport.growth import choose_seeds
from lrreport.last_build import record_beginning
from lrreport.publishing.manifest import is_intact, read_manifest
from lrreport.publishing.output_folder import open_output
from lrreport.publishing.publish import publish
from lrreport.request import MOST_SEEDS, Request
from lrreport.store import Store
from lrreport.system.folders import Folder
from lrreport.training_stage import (
    TrainingOutcome,
    expected_device,
    load_results,
    plan_runs,
    train_missing,
    warn_of_elsewhere,
)
from lrreport.versions import renderer_versions

#: What a manifest may say of paragraphs that wait, whoever wrote it: ids are short, and there are some forty.
_PARAGRAPH: Final = re.compile(r"[a-z0-9]{1,40}(?:-[a-z0-9]{1,40}){0,9}")
_MOST_WAITING: Final = 200


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What a build did.

    Attributes:
        out: The report's folder.
        training: What was trained.
        seeds: That the article rests on.
        is_unchanged: Nothing had to be written.
        why: What made it necessary to write, out of a closed list.
        files: Number of files of the report.
        unchanged_files: How many of them are, byte for byte, what was there before.
        drawn: Figures that were drawn, each in each language.
        kept: Figures that were kept from an earlier build.
        laid_out: PDFs that were laid out or joined.
        kept_pdfs: PDFs that were kept from an earlier build.
        waiting: Ids of paragraphs that were written for other results, and wait for their author.
    """

    out: Path
    training: TrainingOutcome
    seeds: tuple[int, ...]
    is_unchanged: bool
    why: tuple[str, ...]
    files: int
    unchanged_files: int
    drawn: int
    kept: int
    laid_out: int
    kept_pdfs: int
    waiting: tuple[str, ...]


def _tell(report: Report, stage: str, text: str) -> None:
    report(Message(stage, text))


@contextmanager
def _at_work(request: Request, command: str, report: Report, out: Path | None = None) -> Iterator[Request]:
    """Hold the cache's lock, leave word of the beginning, and settle how many seeds there are."""

    def tell(text: str) -> None:
        _tell(report, "plan", text)

    def warn(text: str) -> None:
        report(Message("plan", text, is_warning=True))

    with (
        hold_cache(request.cache, wait=request.wait, tell=tell, warn=warn if command == "render" else None),
        work_in_cache(request.cache),
    ):
        record_beginning(request.cache, command, request.command_line)
        yield _settle_seeds(request, out, report)


def _settle_seeds(request: Request, out: Path | None, report: Report) -> Request:
    if request.growth is None:
        there = _count_seeds(out) if out is not None and not request.are_seeds_asked else 0
        if there <= len(request.seeds):
            return request
        _tell(report, "plan", f"the report in {out} rests on {there} seeds, and keeps them; --seeds takes fewer")
        return replace(request, seeds=tuple(range(1, there + 1)))
    seeds = choose_seeds(request, Store(request.cache), expected_device(request.device))
    _tell(report, "plan", f"growing: {len(seeds)} seeds this time, {request.growth.most} at most")
    return replace(request, seeds=seeds, growth=None)


def _read_settings(out: Path) -> Mapping[str, Any]:
    """What the report in a folder was asked for; nothing where there is none."""
    manifest = read_manifest(out)
    return manifest["settings"] if manifest else {}


def _count_seeds(out: Path) -> int:
    """How many seeds the report in a folder rests on, 1 to N; 0 where there is none, or one of a preview."""
    settings = _read_settings(out)
    seeds = None if settings.get("preview") else settings.get("seeds")
    is_whole = isinstance(seeds, list) and len(seeds) <= MOST_SEEDS and seeds == list(range(1, len(seeds) + 1))
    return len(seeds) if is_whole and isinstance(seeds, list) else 0


def train(request: Request, report: Report) -> TrainingOutcome:
    """Train what is missing, and write nothing but the cache."""
    with _at_work(request, "train", report) as settled:
        return _train(settled, settled.seeds, report)


def _train(request: Request, seeds: tuple[int, ...], report: Report) -> TrainingOutcome:
    expected = expected_device(request.device)
    workplace = Workplace(request.cache, request.data_path, request.device, request.threads, expected)
    return train_missing(request.studies, seeds, Store(request.cache), workplace, report, is_forced=request.is_forced)


@contextmanager
def _hold_output(request: Request, out: Path, report: Report) -> Iterator[Folder]:
    """Be the only build at work on the output folder; always before the cache, so that nobody waits in a circle."""

    def tell(text: str) -> None:
        _tell(report, "plan", text)

    with open_output(out, request.extent, adopt=request.adopt, wait=request.wait, tell=tell) as folder:
        yield folder


def build(request: Request, out: Path, report: Report) -> BuildOutcome:
    """Train what is missing, then write everything.

    Into an empty folder a first edition goes as soon as seed 1 is trained, so that nobody waits for the others.

    Raises:
        LrreportError: Whatever went wrong; the report that was there is as it was.
    """
    with _hold_output(request, out, report) as folder, _at_work(request, "build", report, out) as settled:
        _warn_of_what_goes(settled, out, report)
        first, others = settled.seeds[:1], settled.seeds[1:]
        early = TrainingOutcome((), 0, 0)
        if others and read_manifest(out) is None:
            early = _train(settled, first, report)
        if early.trained:
            _tell(report, "publish", "a first edition from seed 1 alone; the full one follows")
            _write(settled, first, out, folder, early, report, is_first_look=True)
            _tell(report, "publish", f"a first look is ready in {out}; the other {len(others)} seeds are trained now")
            training = early.followed_by(_train(settled, others, report))
        else:
            training = _train(settled, settled.seeds, report)
        return _write(settled, settled.seeds, out, folder, training, report)


def render(request: Request, out: Path, report: Report) -> BuildOutcome:
    """Write everything from the cache; never trains.

    Raises:
        MissingResultsError: Results are missing; the message lists them.
    """
    with _hold_output(request, out, report) as folder, _at_work(request, "render", report, out) as settled:
        _warn_of_what_goes(settled, out, report)
        plan = plan_runs(settled.studies, settled.seeds, Store(settled.cache), expected_device("auto"), is_forced=False)
        warn_of_elsewhere(plan, report)
        cached = len(plan.runs)
        return _write(settled, settled.seeds, out, folder, TrainingOutcome((), cached, 0), report)


def _warn_of_what_goes(request: Request, out: Path, report: Report) -> None:
    """A report that shrinks, or loses its byline, is what was asked for, but perhaps not what was meant."""
    settings = _read_settings(out)
    seeds = settings.get("seeds")
    if settings.get("byline") in range(1, 100) and not request.byline.lines:
        text = f"the report in {out} has a byline, and this one will have none; --byline, or lrreport.toml, keeps it"
        report(Message("plan", text, is_warning=True))
    if settings.get("answers") == "none" and request.answers != "none":
        text = f"the report in {out} has no answers, and this one will have them; --answers none leaves them out"
        report(Message("plan", text, is_warning=True))
    if isinstance(seeds, list) and len(seeds) > len(request.seeds):
        text = (
            f"the report in {out} rests on {len(seeds)} seeds, and this one will on {len(request.seeds)}; "
            f"--seeds {len(seeds)} keeps them"
        )
        report(Message("plan", text, is_warning=True))


def _write(
    request: Request,
    seeds: tuple[int, ...],
    out: Path,
    folder: Folder,
    training: TrainingOutcome,
    report: Report,
    *,
    is_first_look: bool = False,
) -> BuildOutcome:
    """Render and publish, unless the folder holds just this edition already."""

    def load_images(name: str) -> Dataset:
        return load_dataset(
            name,
            cache_dir=request.cache,
            data_path=request.data_path,
            report=lambda text: report(message_of("data", text)),
        )

    results = load_results(
        request.studies, seeds, Store(request.cache), load_images, report, is_preview=request.is_preview
    )
    versions = renderer_versions()
    digest = digest_edition(results, request, versions)
    measured = digest_measurements(results)
    previous = read_manifest(out)
    if previous is not None and (previous.get("edition"), previous.get("measurements")) == (digest, measured):
        if is_intact(out, previous):
            _tell(report, "publish", "nothing has changed: the report is up to date")
            there = list(_digests(previous))
            return BuildOutcome(
                out=out,
                training=training,
                seeds=seeds,
                is_unchanged=True,
                why=(),
                files=len(there) + 1,
                unchanged_files=len(there) + 1,
                drawn=0,
                kept=sum(name.startswith("figures/") and name.endswith(".svg") for name in there),
                laid_out=0,
                kept_pdfs=sum(name.endswith(".pdf") for name in there),
                waiting=_read_waiting(previous),
            )
        report(Message("publish", "files of the report are damaged or missing; they are made again", is_warning=True))
    head = describe_edition(results, request, digest, versions)
    difference, why = compare_with_previous(previous, out, results, head)
    edition = date_edition(digest, results, out, difference)
    from lrreport.rendering.report import render_report  # noqa: PLC0415 - leads to pandas, matplotlib and WeasyPrint

    rendered = render_report(results, edition, request, report)
    files = rendered.files
    manifest: Mapping[str, Any] = {
        **head,
        "measurements": measured,
        "first_look": is_first_look,
        "waiting": list(rendered.waiting),
        "runs": {
            "total": len(results.runs),
            "trained": list(training.trained),
            "cached": len(results.runs) - len(training.trained),
        },
        "training_wall_s": round(sum(run.wall_s for run in results.runs.values()), 1),
    }
    _tell(report, "publish", f"{len(files) + 1} files into {out}")
    before = _digests(previous)
    unchanged = sum(before.get(name) == hashlib.sha256(content).hexdigest() for name, content in files.items())
    changing = Message("swap", f"the new report takes its place in {out}", is_detail=True)
    publish(folder, files, manifest, before_change=lambda: report(changing))
    return BuildOutcome(
        out=out,
        training=training,
        seeds=seeds,
        is_unchanged=False,
        why=why,
        files=len(files) + 1,
        unchanged_files=unchanged,
        drawn=rendered.drawn,
        kept=rendered.kept,
        laid_out=rendered.laid_out,
        kept_pdfs=rendered.kept_pdfs,
        waiting=rendered.waiting,
    )


def _read_waiting(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    found = manifest.get("waiting")
    known = found[:_MOST_WAITING] if isinstance(found, list) else []
    return tuple(item for item in known if isinstance(item, str) and _PARAGRAPH.fullmatch(item))


def _digests(manifest: Mapping[str, Any] | None) -> dict[str, str]:
    """The digest of each file that a manifest lists, by path."""
    with suppress(KeyError, TypeError):
        return {str(item["path"]): str(item["sha256"]) for item in manifest["files"]} if manifest else {}
    return {}
