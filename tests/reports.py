"""Reports for tests of what compares them: real data files of made-up results, pages of a few paragraphs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lrreport.analysis.claims import decide_claims
from lrreport.analysis.tables import format_document, make_measured_files
from lrreport.editions.published import PublishedEdition, read_edition
from lrreport.results import History, Results
from lrreport.spec import RunSpec, Study
from tests import made_up
from tests.publishing import publish_into

VERSIONS = {"lrreport": "0.1.0", "keras": "3.15.1"}


def make_manifest(
    results: Results, versions: Mapping[str, str] = VERSIONS, *, digest: str = "d" * 64
) -> dict[str, Any]:
    """What a manifest says beside its files."""
    return {
        "edition": digest,
        "versions": dict(versions),
        "settings": {
            "studies": [study.id for study in results.studies],
            "editions": ["th", "en"],
            "formats": ["html"],
            "seeds": list(results.seeds),
            "epochs": results.epochs,
            "preview": results.is_preview,
        },
    }


def make_edition(results: Results, versions: Mapping[str, str] = VERSIONS) -> PublishedEdition:
    """An edition as it is read back."""
    files = make_measured_files(results, decide_claims(results))
    return read_edition(make_manifest(results, versions), files.__getitem__)


def make_page(paragraphs: Mapping[str, str], language: str, day: dt.date) -> str:
    """A page with an edition line, a heading, paragraphs and a list below the heading."""
    year = day.year + 543 if language == "th" else day.year
    body = "".join(f'<p id="{language}-p-{key}">{text}</p>' for key, text in paragraphs.items())
    return (
        f'<html><head><title>T</title><style>p {{}}</style></head><body><main id="main">'
        f'<p class="edition">{day.day} November {year}</p><h2 id="{language}-results">Results</h2>{body}'
        f'<p id="{language}-p-colophon">Dated {day.day} November {year}.</p>'
        f'<ul><li>a list&nbsp;item</li></ul><svg id="x"><text>drawn</text></svg></main></body></html>'
    )


def write_report(
    folder: Path,
    results: Results,
    *,
    versions: Mapping[str, str] = VERSIONS,
    paragraphs: Mapping[str, str] | None = None,
    figure: bytes = b"<svg/>",
    day: dt.date = dt.date(2026, 11, 25),
) -> Path:
    """Publish a report of these results."""
    edition = {"schema": 1, "digest": "d" * 64, "date": day.isoformat(), "changes": []}
    texts = {"one": "The first.", "two": "The second."} if paragraphs is None else paragraphs
    files = {
        **make_measured_files(results, decide_claims(results)),
        "data/edition.json": format_document(edition).encode(),
        "th.html": make_page(texts, "th", day).encode(),
        "en.html": make_page(texts, "en", day).encode(),
        "figures/momentum.en.svg": figure,
        "figures/momentum.en.png": figure + b"png",
    }
    publish_into(folder, files, make_manifest(results, versions))
    return folder


def shifted(setting: float, by: float) -> Callable[[RunSpec, int], History]:
    """Made-up curves, with the test accuracy of one momentum moved by a number."""

    def make(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        if spec.momentum != setting:
            return curves
        return replace(curves, test_accuracy_t=(curves.test_accuracy_t + np.float32(by)).clip(0, 1))

    return make


def made_results(studies: Sequence[Study], seeds: Sequence[int] = (1, 2, 3), **options: Any) -> Results:
    """Made-up results."""
    return made_up.results(studies, seeds=seeds, **options)
