"""The identity of an edition: one set of results, texts and versions."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from lrreport.article.template_files import find_templates, list_templates, read_template
from lrreport.keys import canonical
from lrreport.request import Request
from lrreport.results import CURVES, Results

#: How the names of the program's own files end; whatever else lies beside them is a tool's, and changes no page.
_OWN_SUFFIXES = (".py", ".toml", ".txt")


def _digest(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def _digest_texts(templates: Path | None) -> bytes:
    """Templates, style sheets, listings and the program itself: whatever can change a page."""
    package = Path(__file__).resolve().parent.parent
    program = sorted(path for path in package.rglob("*") if path.suffix in _OWN_SUFFIXES and path.is_file())
    total = hashlib.sha256()
    for files in (
        {path.relative_to(package).as_posix(): path for path in program},
        list_templates(find_templates()),
        list_templates(templates) if templates else {},
    ):
        for name, path in files.items():
            total.update(os.fsencode(name))
            total.update(hashlib.sha256(read_template(path)).digest())
    return total.digest()


def digest_edition(results: Results, request: Request, versions: Mapping[str, str]) -> str:
    """Digest of results, texts, versions and settings; wall times do not count."""
    studies = [
        [
            study.id,
            dict(study.title),
            dict(study.question),
            [[item.text, item.epochs, canonical(item.spec)] for item in study.settings],
        ]
        for study in results.studies
    ]
    settings = {
        "studies": studies,
        "seeds": results.seeds,
        "editions": request.editions,
        "formats": request.formats,
        "preview": results.is_preview,
        "answers": request.answers,
        "byline": [dict(line) for line in request.byline.lines],
        "versions": dict(versions),
    }
    curves = [
        part
        for key, run in sorted(results.runs.items())
        for part in (
            key.encode(),
            str(run.status).encode(),
            repr(run.environment).encode(),
            *(getattr(run.history, name).tobytes() for name in CURVES),
        )
    ]
    inside = [repr(place).encode() + item.content for place, item in sorted(results.inspections.items())]
    texts = _digest_texts(request.templates)
    return _digest(json.dumps(settings, sort_keys=True).encode(), texts, *curves, *inside)


def digest_measurements(results: Results) -> str:
    """Digest of the wall times, which `runs.json` and `manifest.json` hold beside the edition."""
    return _digest(*(f"{key} {run.wall_s}".encode() for key, run in sorted(results.runs.items())))
