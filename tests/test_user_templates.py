"""A folder of one's own templates: what is a template is read, within bounds; what cannot be read is refused by name."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from lrreport.article.environment import make_environment, render_template
from lrreport.article.template_files import check_templates, find_templates, list_templates
from lrreport.editions import edition_digest
from lrreport.errors import RenderError, UsageError


def make_sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(60 * 10**9)


def make_deep(folder: Path) -> None:
    (folder / "/".join("12345678")).mkdir(parents=True)


def make_many(folder: Path) -> None:
    for number in range(1_001):
        (folder / f"{number}.html.j2").touch()


def test_our_own_templates_are_all_taken() -> None:
    """Nothing that stands among our own is passed over, so a user may replace each of it."""
    folder = find_templates()
    own = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(list_templates(folder)) == {name for name in own if "__pycache__" not in name}
    check_templates(folder)


def test_what_is_no_template_is_not_read(tmp_path: Path) -> None:
    """A pipe, a file of 60 GB, a repository and compiled files beside the templates cost no time and change no edition."""
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "web.css").write_text("a {}", "utf-8")
    before = edition_digest._digest_texts(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    make_sparse(tmp_path / "video.mp4")
    make_sparse(tmp_path / ".~lock.web.css")
    (tmp_path / ".git").mkdir()
    make_many(tmp_path / ".git")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.py").write_bytes(b"\xff")
    (tmp_path / ".#web.css").symlink_to("someone@somewhere.123")
    start = time.perf_counter()
    check_templates(tmp_path)
    assert list(list_templates(tmp_path)) == ["css/web.css"]
    assert edition_digest._digest_texts(tmp_path) == before
    assert time.perf_counter() - start < 2
    (tmp_path / "css" / "web.css").write_text("b {}", "utf-8")
    assert edition_digest._digest_texts(tmp_path) != before


def test_a_link_to_a_file_counts_with_its_content(tmp_path: Path) -> None:
    """A template may lie elsewhere: another text there makes another edition, and the page has it."""
    folder = tmp_path / "mine"
    (folder / "partials").mkdir(parents=True)
    (tmp_path / "title.txt").write_text("\ufeffone", "utf-8")
    (folder / "partials" / "title.html.j2").symlink_to(tmp_path / "title.txt")
    check_templates(folder)
    first = edition_digest._digest_texts(folder)
    assert render_template(make_environment(folder), "partials/title.html.j2", {}) == "one"
    (tmp_path / "title.txt").write_text("two", "utf-8")
    assert edition_digest._digest_texts(folder) != first
    assert render_template(make_environment(folder), "partials/title.html.j2", {}) == "two"


REFUSED: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a pipe": (lambda folder: os.mkfifo(folder / "x.j2"), "no regular file", "x.j2"),
    "a device": (lambda folder: (folder / "x.css").symlink_to("/dev/zero"), "no regular file", "x.css"),
    "too large": (lambda folder: make_sparse(folder / "x.toml"), "too large", "x.toml"),
    "a link to a folder": (lambda folder: (folder / "x").symlink_to("/"), "leads to a folder", "x"),
    "a link to its own folder": (lambda folder: (folder / "x").symlink_to("."), "leads to a folder", "x"),
    "a link to nothing": (lambda folder: (folder / "x.j2").symlink_to("none.j2"), "leads nowhere", "x.j2"),
    "a link to itself": (lambda folder: (folder / "x.j2").symlink_to("x.j2"), "leads nowhere", "x.j2"),
    "too many": (make_many, "holds too much", "999.html.j2"),
    "too deep": (make_deep, "too deep", "1/2/3/4/5/6/7/8"),
    "not UTF-8": (lambda folder: (folder / "x.j2").write_bytes("ก".encode("cp874")), "not UTF-8", "x.j2"),
    "no folder": (lambda folder: folder.rmdir(), "no such folder", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_refused_by_name(name: str, tmp_path: Path) -> None:
    """The error is one of usage, names the file and the remedy, and comes at once."""
    make, message, place = REFUSED[name]
    folder = tmp_path / "mine"
    folder.mkdir()
    make(folder)
    start = time.perf_counter()
    with pytest.raises(UsageError, match=message) as caught:
        check_templates(folder)
    assert time.perf_counter() - start < 1
    assert caught.value.where == str(folder / place)
    assert caught.value.fix
    assert caught.value.exit_code == 2


def test_a_template_that_changes_into_a_pipe_ends_the_build(tmp_path: Path) -> None:
    """What was a file when the command began is not waited for when it has become a pipe."""
    path = tmp_path / "page.html.j2"
    path.write_text("x", "utf-8")
    environment = make_environment(tmp_path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(RenderError, match="cannot be read") as caught:
        render_template(environment, "page.html.j2", {})
    assert "page.html.j2" in caught.value.where


def test_a_page_takes_nothing_that_its_edition_does_not_count(tmp_path: Path) -> None:
    """What is no template by its name, or is hidden, cannot be included: a change in it would go unnoticed."""
    for name in ("note.txt", ".note.j2"):
        (tmp_path / name).write_text("x", "utf-8")
        (tmp_path / "page.html.j2").write_text(f"{{% include '{name}' %}}", "utf-8")
        with pytest.raises(RenderError, match="missing"):
            render_template(make_environment(tmp_path), "page.html.j2", {})


def test_the_program_counts_with_its_own_files_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled files, and what editors and crashes leave beside the code, change no edition; the code does."""
    package = tmp_path / "lrreport"
    (package / "editions" / "__pycache__").mkdir(parents=True)
    (package / "editions" / "edition_digest.py").write_text("1", "utf-8")
    monkeypatch.setattr(edition_digest, "__file__", str(package / "editions" / "edition_digest.py"))
    before = edition_digest._digest_texts(None)
    (package / "editions" / "__pycache__" / "x.pyc").write_bytes(b"x")
    make_sparse(package / "core")
    os.mkfifo(package / "editions" / "pipe.py")
    (package / ".#x.py").symlink_to("nowhere")
    assert edition_digest._digest_texts(None) == before
    (package / "editions" / "edition_digest.py").write_text("2", "utf-8")
    assert edition_digest._digest_texts(None) != before


def test_the_check_loads_nothing_heavy() -> None:
    """Looking at the folder when a command begins costs no import of Jinja2 or NumPy."""
    code = "import sys, lrreport.article.template_files; sys.exit('jinja2' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
