"""The manifest of an output folder. It may be a stranger's: its paths never lead out of the folder."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lrreport.documents import load_document

MANIFEST: Final = "manifest.json"
GENERATOR: Final = "lrreport"
SCHEMA: Final = 1
#: Names that a report of ours may have: no `..`, nothing absolute, nothing that begins with a dot.
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,7}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_FILES: Final = 100_000
_SETTINGS: Final = ("studies", "editions", "formats")


def is_report_name(name: object) -> bool:
    """Whether a report of ours may have a file of this name, relative to its folder.

    >>> [is_report_name(name) for name in ("figures/a.th.svg", "../a", "/etc/passwd", "a//b", ".git/config", "")]
    [True, False, False, False, False, False]
    """
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def read_manifest(out: Path) -> dict[str, Any] | None:
    """The manifest of a report of ours, or None when the folder holds none that can be trusted.

    What it returns has `files`, each with `path`, `size` and `sha256` of the right kind, and `settings`, whose
    `studies`, `editions` and `formats` are lists of words where they are there.
    """
    manifest = load_document(out / MANIFEST)
    if manifest is None or manifest.get("generator") != GENERATOR or manifest.get("schema") != SCHEMA:
        return None
    files, settings = manifest.get("files"), manifest.setdefault("settings", {})
    if not isinstance(files, list) or len(files) > _MAX_FILES or not all(map(_is_item, files)):
        return None
    if not isinstance(settings, dict) or not all(_is_words(settings.get(name, [])) for name in _SETTINGS):
        return None
    return manifest


def _is_item(item: object) -> bool:
    if not isinstance(item, dict):
        return False
    size, digest = item.get("size"), item.get("sha256")
    return (
        is_report_name(item.get("path"))
        and isinstance(size, int)
        and not isinstance(size, bool)
        and size >= 0
        and isinstance(digest, str)
        and _SHA256.fullmatch(digest) is not None
    )


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def is_intact(out: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether every file that the manifest lists is there, byte for byte; links do not count as files."""
    try:
        for item in manifest["files"]:
            path = out / item["path"]
            steps = [
                out.joinpath(*path.relative_to(out).parts[: depth + 1]) for depth in range(item["path"].count("/"))
            ]
            if any(step.is_symlink() for step in (*steps, path)) or not path.is_file():
                return False
            # The size first: a file that grew to a terabyte is not read.
            if path.stat().st_size != item["size"]:
                return False
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != item["sha256"]:
                    return False
    except OSError:
        return False
    return True
