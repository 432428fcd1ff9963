"""A report takes the place of the one before: staged, read back, then put in place (`change.py`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from lrreport.errors import OutputError
from lrreport.publishing.change import begin_change, clear_work, finish_change, stage_files
from lrreport.publishing.manifest import GENERATOR, MANIFEST, SCHEMA, is_report_name, read_manifest_in
from lrreport.publishing.output_folder import refuse_output
from lrreport.system.folders import Folder


def publish(
    folder: Folder,
    files: Mapping[str, bytes],
    manifest: Mapping[str, Any],
    *,
    before_change: Callable[[], None] = lambda: None,
) -> None:
    """Put a report in the place of the one before.

    What the older manifest does not list (a teacher's notes, dot files) stays where it is; what it lists and the new
    report does not have is gone afterwards. A file that is not ours and bears a name of the new report's is kept
    beside it, as NAME.kept.

    Args:
        folder: The output folder, from `open_output`.
        files: Relative path -> content.
        manifest: Everything of `manifest.json` but the list of files.
        before_change: Called when everything is written, and only the change is left.

    Raises:
        OutputError: Disk full or not writable. The message says what has become of the report that was there.
    """
    if odd := [name for name in files if not is_report_name(name) or name == MANIFEST]:
        raise OutputError("A report has no file of this name", where=str(folder.path), got=repr(odd[0])[:200])
    has_report = read_manifest_in(folder) is not None
    untouched = "the report that was there is as it was" if has_report else "there is no report yet"
    try:
        staged = stage_files(folder, dict(sorted(files.items())))
        listing = [{"path": item.path, "size": item.size, "sha256": item.digest} for item in staged]
        document = {"generator": GENERATOR, "schema": SCHEMA, **manifest, "files": listing}
        text = json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        staged += stage_files(folder, {MANIFEST: text.encode()}, first=len(staged))
        before_change()
        _check_place(folder)
        begin_change(folder, staged)
    except BaseException as error:
        clear_work(folder)
        if isinstance(error, OSError):
            raise refuse_output(folder.path, error, after=untouched) from error
        raise
    try:
        if not finish_change(folder):
            _refuse_damage(folder)
    except OSError as error:
        halfway = "the new report is only partly in place, and the next command completes it"
        raise refuse_output(folder.path, error, after=halfway) from error


def _check_place(folder: Folder) -> None:
    if not folder.is_at(folder.path):
        raise OutputError(
            "The output folder was moved, removed or exchanged while the build was at work",
            where=str(folder.path),
            fix="see what has become of it, and run the command again: what was trained is kept",
        )


def _refuse_damage(folder: Folder) -> NoReturn:
    clear_work(folder)
    raise OutputError(
        "What was written is not what is read back; the report is damaged, and the next command makes it again",
        where=str(folder.path),
        fix="look at the disk, and choose another folder with --out",
    )
