"""`build`, `train` and `render`: the only module that knows every stage."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lrreport.atomic import write_atomically
from lrreport.edition import Edition
from lrreport.edition_digest import digest_edition, digest_measurements
from lrreport.errors import UsageError
from lrreport.events import Message, Report
from lrreport.execute import Workplace
from lrreport.locks import hold_lock
from lrreport.plan import list_runs
from lrreport.publish import check_output_folder, is_intact, publish, read_manifest
from lrreport.request import Request
from lrreport.results import Results
from lrreport.store import Store
from lrreport.training_stage import TrainingOutcome, expected_device, load_results, train_missing
from lrreport.versions import renderer_versions

_EDITION_FILE: Final = "data/edition.json"
LAST_BUILD: Final = "last-build.json"


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What a build did.

    Attributes:
        out: The report's folder.
        training: What was trained.
        is_unchanged: Nothing had to be written.
        files: Number of files of the report.
        drawn: Figures that were drawn, each in each language.
        kept: Figures that were kept from an earlier build.
    """

    out: Path
    training: TrainingOutcome
    is_unchanged: bool
    files: int
    drawn: int = 0
    kept: int = 0


def _tell(report: Report, stage: str, text: str) -> None:
    report(Message(stage, text))


def train(request: Request, report: Report) -> TrainingOutcome:
    """Train what is missing, and write nothing but the cache."""
    with hold_lock(request.cache, wait=request.wait, tell=lambda text: _tell(report, "train", text)):
        return _train(request, request.seeds, report)


def _train(request: Request, seeds: tuple[int, ...], report: Report) -> TrainingOutcome:
    expected = expected_device(request.device)
    workplace = Workplace(request.cache, request.data_path, request.device, request.threads, expected)
    return train_missing(request.studies, seeds, Store(request.cache), workplace, report, is_forced=request.is_forced)


def build(request: Request, out: Path, report: Report) -> BuildOutcome:
    """Train what is missing, then write everything.

    Into an empty folder a first edition goes as soon as seed 1 is trained, so that nobody waits for the others.

    Raises:
        LrreportError: Whatever went wrong; the report that was there is as it was.
    """
    check_output_folder(out, request.extent, adopt=request.adopt)
    with hold_lock(request.cache, wait=request.wait, tell=lambda text: _tell(report, "plan", text)):
        first = request.seeds[:1]
        early = TrainingOutcome((), 0, 0)
        if len(request.seeds) > 1 and read_manifest(out) is None:
            early = _train(request, first, report)
            if early.trained:
                _tell(report, "publish", "a first edition from seed 1 alone; the full one follows")
                _write(request, first, out, early, report)
                request = replace(request, is_forced=False)  # everything was trained again just now
        outcome = _train(request, request.seeds, report)
        cached = outcome.cached - len(early.trained)
        training = TrainingOutcome(early.trained + outcome.trained, cached, early.diverged + outcome.diverged)
        return _write(request, request.seeds, out, training, report)


def render(request: Request, out: Path, report: Report) -> BuildOutcome:
    """Write everything from the cache; never trains.

    Raises:
        MissingResultsError: Results are missing; the message lists them.
    """
    check_output_folder(out, request.extent, adopt=request.adopt)
    with hold_lock(request.cache, wait=request.wait, tell=lambda text: _tell(report, "plan", text)):
        cached = len(list_runs(request.studies, request.seeds))
        return _write(request, request.seeds, out, TrainingOutcome((), cached, 0), report)


def _write(
    request: Request, seeds: tuple[int, ...], out: Path, training: TrainingOutcome, report: Report
) -> BuildOutcome:
    """Render and publish, unless the folder holds just this edition already."""
    results = load_results(request.studies, seeds, Store(request.cache), is_preview=request.is_preview)
    versions = renderer_versions()
    digest = digest_edition(results, request, versions)
    measured = digest_measurements(results)
    previous = read_manifest(out)
    if previous is not None and (previous.get("edition"), previous.get("measurements")) == (digest, measured):
        if is_intact(out, previous):
            _tell(report, "publish", "nothing has changed: the report is up to date")
            return BuildOutcome(out, training, is_unchanged=True, files=len(previous["files"]))
        report(Message("publish", "files of the report are damaged or missing; they are made again", is_warning=True))
    edition = _date_edition(digest, results, out)
    from lrreport.rendering import render_report  # noqa: PLC0415 - leads to pandas, matplotlib and WeasyPrint

    rendered = render_report(results, edition, request, report)
    files = rendered.files
    _tell(report, "pages", f"drew {rendered.drawn} figures, kept {rendered.kept}")
    manifest: Mapping[str, Any] = {
        "edition": digest,
        "measurements": measured,
        "versions": versions,
        "settings": {
            "studies": list(request.extent.studies),
            "editions": list(request.editions),
            "formats": list(request.formats),
            "seeds": list(seeds),
            "epochs": edition.epochs,
            "preview": request.is_preview,
        },
        "runs": {
            "total": len(results.runs),
            "trained": list(training.trained),
            "cached": len(results.runs) - len(training.trained),
        },
        "training_wall_s": round(sum(run.wall_s for run in results.runs.values()), 1),
    }
    _tell(report, "publish", f"{len(files) + 1} files into {out}")
    publish(out, files, manifest)
    return BuildOutcome(
        out, training, is_unchanged=False, files=len(files) + 1, drawn=rendered.drawn, kept=rendered.kept
    )


def _date_edition(digest: str, results: Results, out: Path) -> Edition:
    """The edition with its date and changes: read back while the digest stays the same, else made today."""
    from lrreport.changes import list_changes  # noqa: PLC0415

    epochs = max(setting.epochs for study in results.studies for setting in study.settings)
    previous: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        previous = json.loads((out / _EDITION_FILE).read_bytes())
    if not isinstance(previous, dict):
        previous = {}
    date, changes = today(), list_changes(previous, results)
    if previous.get("digest") == digest:
        with suppress(KeyError, ValueError, TypeError):
            date = datetime.date.fromisoformat(previous["date"])
            changes = tuple(dict(change) for change in previous["changes"])
    return Edition(digest, date, results.seeds, epochs, results.is_preview, changes)


def today() -> datetime.date:
    """Today in UTC, or the day of SOURCE_DATE_EPOCH.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is not a number of seconds.
    """
    if (text := os.environ.get("SOURCE_DATE_EPOCH")) is not None:
        try:
            return datetime.datetime.fromtimestamp(int(text), datetime.UTC).date()
        except (ValueError, OverflowError, OSError) as error:
            raise UsageError(
                "SOURCE_DATE_EPOCH is not a time", got=repr(text), expected="seconds since 1970", fix="unset it"
            ) from error
    return datetime.datetime.now(datetime.UTC).date()


def record_last_build(cache: Path, command: str, exit_code: int, text: str) -> None:
    """Leave the outcome in the cache, for `doctor` and for the morning; failing to is no failure of the build."""
    document = {
        "command": command,
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "exit_code": exit_code,
        "outcome": text,
    }
    with suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        write_atomically(cache / LAST_BUILD, (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode())
