"""The output folder: whole reports only, and nothing of anybody else's is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lrreport.errors import OutputError
from lrreport.publishing.manifest import is_intact, read_manifest
from lrreport.publishing.output_folder import Extent, check_output_folder
from tests.publishing import publish_into

FULL = Extent(("momentum", "decay"), ("th", "en"), ("html", "pdf"))
SETTINGS = {"settings": {"studies": ["momentum", "decay"], "editions": ["th", "en"], "formats": ["html", "pdf"]}}


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "reports"


def test_a_report_is_published_with_its_manifest(out: Path) -> None:
    """Every file is listed with size and digest; the manifest is ours and fits."""
    publish_into(out, {"index.html": b"page", "data/results.csv": b"a,b\n"}, SETTINGS)
    manifest = read_manifest(out)
    assert manifest is not None
    assert [item["path"] for item in manifest["files"]] == ["data/results.csv", "index.html"]
    assert manifest["files"][1]["size"] == 4
    assert is_intact(out, manifest)
    (out / "index.html").write_bytes(b"pag3")
    assert not is_intact(out, manifest)


def test_only_our_old_files_go(out: Path) -> None:
    """What the older manifest lists and the new report lacks is removed; notes and dot files of others stay."""
    publish_into(out, {"index.html": b"old", "figures/old.svg": b"x"}, SETTINGS)
    (out / "notes.txt").write_text("keep me", "utf-8")
    (out / ".gitignore").write_text("*", "utf-8")
    (out / "mine").mkdir()
    (out / "mine" / "lesson.txt").write_text("keep me too", "utf-8")
    publish_into(out, {"index.html": b"new"}, SETTINGS)
    assert names(out) == [".gitignore", "index.html", "manifest.json", "mine/lesson.txt", "notes.txt"]
    assert (out / "index.html").read_bytes() == b"new"
    assert [path.name for path in out.parent.iterdir()] == ["reports"]


def test_a_failure_leaves_the_old_report(out: Path) -> None:
    """A name that no report has ends in an OutputError; the older report is whole, nothing is left beside it."""
    publish_into(out, {"index.html": b"old"}, SETTINGS)
    with pytest.raises(OutputError):
        publish_into(out, {"index.html": b"new", "x/" * 9 + "y": b"too deep"}, SETTINGS)
    assert (out / "index.html").read_bytes() == b"old"
    manifest = read_manifest(out)
    assert manifest is not None
    assert is_intact(out, manifest)
    assert [path.name for path in out.parent.iterdir()] == ["reports"]


def test_foreign_folders_are_refused(out: Path) -> None:
    """A non-empty folder without our manifest is refused, a foreign manifest does not help; --adopt does."""
    out.mkdir()
    (out / ".hidden").write_text("", "utf-8")
    check_output_folder(out, FULL, adopt=False)
    (out / "thesis.doc").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match="no report of ours") as caught:
        check_output_folder(out, FULL, adopt=False)
    assert caught.value.exit_code == 7
    (out / "manifest.json").write_text(json.dumps({"files": []}), "utf-8")
    with pytest.raises(OutputError, match="no report of ours"):
        check_output_folder(out, FULL, adopt=False)
    check_output_folder(out, FULL, adopt=True)


@pytest.mark.parametrize(
    "less",
    [
        Extent(("decay",), ("th", "en"), ("html", "pdf")),
        Extent(("momentum", "decay"), ("th",), ("html", "pdf")),
        Extent(("momentum", "decay"), ("th", "en"), ("pdf",)),
    ],
)
def test_less_does_not_replace_more(out: Path, less: Extent) -> None:
    """Fewer studies, editions or formats would leave old beside new: refused unless --adopt."""
    publish_into(out, {"index.html": b"old"}, SETTINGS)
    check_output_folder(out, FULL, adopt=False)
    with pytest.raises(OutputError, match="more than this build"):
        check_output_folder(out, less, adopt=False)
    check_output_folder(out, less, adopt=True)


def test_folders_that_matter_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The root, the home folder, the checkout and their parents are never an output folder, not even adopted."""
    (tmp_path / "work" / ".git").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "people" / "me"))
    for folder in (Path("/"), tmp_path / "people" / "me", tmp_path / "people", tmp_path / "work", tmp_path, Path()):
        with pytest.raises(OutputError, match="not a place"):
            check_output_folder(folder, FULL, adopt=True)
    check_output_folder(tmp_path / "work" / "reports", FULL, adopt=False)


def test_a_file_is_no_folder(out: Path) -> None:
    """A file in the place of the output folder is named."""
    out.write_text("", "utf-8")
    with pytest.raises(OutputError, match="is a file"):
        check_output_folder(out, FULL, adopt=False)
