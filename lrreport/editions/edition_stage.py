"""The edition that a build makes: what its manifest says of it, its date, and what changed since the one before."""

from __future__ import annotations

import datetime
import hashlib
import os
import time
import zoneinfo
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from lrreport.documents import parse_document
from lrreport.editions.edition import Edition
from lrreport.editions.edition_diff import Difference, compare_editions
from lrreport.editions.edition_digest import digest_measurements
from lrreport.editions.published import check_words, read_edition
from lrreport.errors import OutputError, UsageError
from lrreport.publishing.manifest import read_manifest
from lrreport.publishing.report_folder import read_report_file
from lrreport.request import Request
from lrreport.results import Results

_EDITION_FILE: Final = "data/edition.json"
_MAX_EDITION_BYTES: Final = 1_000_000
_FIRST_DAY: Final = datetime.date(2020, 1, 1)
_LAST_DAY: Final = datetime.date(2200, 1, 1)


def describe_edition(results: Results, request: Request, digest: str, versions: Mapping[str, str]) -> dict[str, Any]:
    """What the manifest says of the edition."""
    return {
        "edition": digest,
        "versions": dict(versions),
        "settings": {
            "studies": list(request.extent.studies),
            "editions": list(request.editions),
            "formats": list(request.formats),
            "seeds": list(results.seeds),
            "epochs": results.epochs,
            "preview": results.is_preview,
            "answers": request.answers,
            "byline": len(request.byline.lines),
        },
    }


def compare_with_previous(
    previous: Mapping[str, Any] | None, out: Path, results: Results, head: Mapping[str, Any]
) -> tuple[Difference | None, tuple[str, ...]]:
    """What differs from the edition in the folder, and why there is something to write, out of a closed list.

    The difference is None when there is no edition to compare with, or only a first look that a build published
    while it went on: whether that was published depends on when a build was interrupted.
    """
    if previous is None:
        return None, ("no-report",)
    if previous.get("edition") == head["edition"]:
        is_same = previous.get("measurements") == digest_measurements(results)
        return None, ("damaged",) if is_same else ("wall-times",)
    from lrreport.analysis.claims import decide_claims  # noqa: PLC0415 - pandas, only where something is written
    from lrreport.analysis.tables import make_measured_files  # noqa: PLC0415

    files = make_measured_files(results, decide_claims(results))
    try:
        older = read_edition(previous, lambda name: read_report_file(out, name))
    except (OutputError, OSError):
        return None, ("unreadable",)
    difference = compare_editions(older, read_edition(head, files.__getitem__))
    return None if previous.get("first_look") else difference, difference.reasons or ("texts",)


def date_edition(digest: str, results: Results, out: Path, difference: Difference | None) -> Edition:
    """The edition with its date and changes: read back while the digest stays the same, else made today."""
    epochs = results.epochs
    previous = _read_edition_file(out)
    if previous is not None and previous.get("digest") == digest:
        with suppress(KeyError, ValueError, TypeError):
            date = datetime.date.fromisoformat(previous["date"])
            if not _FIRST_DAY <= date < _LAST_DAY:  # a clock that was set back does not count
                raise ValueError("a day on which no edition was made")
            changes = tuple(
                {name: check_words(change[name]) for name in ("th", "en")} for change in previous["changes"]
            )
            return Edition(digest, date, results.seeds, epochs, results.is_preview, changes)
    changes = ()
    if difference is not None:
        from lrreport.editions.changes import list_changes  # noqa: PLC0415 - leads to the article's words

        changes = list_changes(difference, results.studies)
    return Edition(digest, today(), results.seeds, epochs, results.is_preview, changes)


def _read_edition_file(out: Path) -> dict[str, Any] | None:
    """The edition file in a folder; not one that differs from what the report's manifest says of it."""
    try:
        content = read_report_file(out, _EDITION_FILE, limit=_MAX_EDITION_BYTES)
        document = parse_document(content)
    except (OSError, ValueError):
        return None
    listed = {item["path"]: item["sha256"] for item in (read_manifest(out) or {"files": ()})["files"]}
    is_sound = listed.get(_EDITION_FILE) in (None, hashlib.sha256(content).hexdigest())
    return document if is_sound else None


def today(clock: Callable[[], float] = time.time) -> datetime.date:
    """Today where the reader lives, as TZ or the system says; with SOURCE_DATE_EPOCH that day in UTC.

    Args:
        clock: Tells the seconds since 1970.

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
    return datetime.datetime.fromtimestamp(clock(), _find_zone()).date()


def _find_zone() -> datetime.tzinfo | None:
    """The zone that TZ names; None leaves it to the system, which knows `ICT-7` and its own zone as well.

    Without its files of zones, as in small images, the system takes every name for UTC; the package tzdata has them too.
    """
    with suppress(KeyError, ValueError, OSError):
        return zoneinfo.ZoneInfo(os.environ["TZ"])
    return None
