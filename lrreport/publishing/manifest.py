"""The manifest of an output folder. It may be a stranger's: its paths never lead out of the folder."""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from lrreport.documents import MAX_DOCUMENT_BYTES, parse_document
from lrreport.system.folders import Folder

MANIFEST: Final = "manifest.json"
GENERATOR: Final = "lrreport"
SCHEMA: Final = 1
#: Names that a report of ours may have: no `..`, nothing absolute, nothing that begins with a dot, nothing too long.
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,149}(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,149}){0,7}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MAX_FILES: Final = 100_000
#: A report takes some 10 MB. More than this is nobody's report, and would be read for minutes.
MAX_FILE_BYTES: Final = 500_000_000
_MAX_BYTES: Final = 2_000_000_000
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
    with contextlib.suppress(OSError), Folder.open(out) as folder:
        return read_manifest_in(folder)
    return None


def read_manifest_in(folder: Folder) -> dict[str, Any] | None:
    """The manifest in an open folder; as `read_manifest`."""
    try:
        return parse_manifest(folder.read(MANIFEST, MAX_DOCUMENT_BYTES))
    except OSError:
        return None


def parse_manifest(content: bytes) -> dict[str, Any] | None:
    """A manifest from its file's bytes; as `read_manifest`."""
    try:
        manifest = parse_document(content)
    except ValueError:
        return None
    if manifest.get("generator") != GENERATOR or manifest.get("schema") != SCHEMA:
        return None
    files, settings = manifest.get("files"), manifest.setdefault("settings", {})
    if not isinstance(files, list) or len(files) > _MAX_FILES or not all(map(_is_item, files)):
        return None
    is_once = len({item["path"] for item in files}) == len(files)
    if not is_once or sum(item["size"] for item in files) > _MAX_BYTES:
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
        and item.get("path") != MANIFEST
        and isinstance(size, int)
        and not isinstance(size, bool)
        and 0 <= size <= MAX_FILE_BYTES
        and isinstance(digest, str)
        and _SHA256.fullmatch(digest) is not None
    )


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def is_intact(out: Path, manifest: Mapping[str, Any]) -> bool:
    """Whether every file that the manifest lists is there, byte for byte; links do not count as files."""
    return find_damaged(out, manifest) is None


def find_damaged(out: Path, manifest: Mapping[str, Any]) -> str | None:
    """The first file that is not there as the manifest lists it, by its path; None when all are."""
    try:
        with Folder.open(out) as folder:
            for item in manifest["files"]:
                if not holds(folder, item["path"], item["size"], item["sha256"]):
                    return str(item["path"])
    except OSError:
        return str(out)
    return None


def holds(folder: Folder, path: str, size: int, digest: str) -> bool:
    """Whether a folder has a regular file of that path, size in bytes and SHA-256; links do not count."""
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        *above, name = path.split("/")
        for step in above:
            folder = stack.enter_context(folder.enter(step))
        status = folder.status(name)
        # The size first: a file that grew to a terabyte is not read.
        if status is None or status.st_size != size:
            return False
        return hashlib.sha256(folder.read(name, size)).hexdigest() == digest
    return False
