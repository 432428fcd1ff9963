"""A folder that is held: no link is followed, no name is looked up by its path, modes follow the folder."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import pytest

from lrreport.system.failures import find_remedy
from lrreport.system.files import read_file
from lrreport.system.folders import Folder, later_name


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Somebody's folder with somebody's file."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "mine.txt").write_bytes(b"mine")
    return folder


def test_links_are_not_followed(tmp_path: Path, outside: Path) -> None:
    """A link to a folder is no folder, a link to a file no file; writing replaces a link, and not what it points to."""
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "away").symlink_to(outside)
    (tmp_path / "ours" / "note").symlink_to(outside / "mine.txt")
    with Folder.open(tmp_path / "ours") as folder:
        assert folder.find("away") is None
        with pytest.raises(OSError, match="away"):
            folder.make("away")
        with pytest.raises(OSError, match="note"):
            folder.read("note", 100)
        folder.write("note", b"ours")
        assert folder.remove_tree("away") == 0
        assert folder.measure("away")[0] < 1000
    assert (outside / "mine.txt").read_bytes() == b"mine"
    assert (tmp_path / "ours" / "note").read_bytes() == b"ours"


def test_a_folder_that_is_exchanged_is_not_the_one(tmp_path: Path, outside: Path) -> None:
    """Once it is open, work goes on in the folder that was opened, whatever takes its name."""
    (tmp_path / "ours").mkdir()
    with Folder.open(tmp_path / "ours") as folder:
        (tmp_path / "ours").rename(tmp_path / "moved")
        (tmp_path / "ours").symlink_to(outside)
        assert not folder.is_at(tmp_path / "ours")
        folder.write("mine.txt", b"ours")
    assert (outside / "mine.txt").read_bytes() == b"mine"
    assert (tmp_path / "moved" / "mine.txt").read_bytes() == b"ours"


def test_only_what_is_ours_is_removed(tmp_path: Path, outside: Path) -> None:
    """A tree loses the names that are ours, links as links; whatever else is in it stays, with its folder."""
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "b" / "ours.1").write_bytes(bytes(10))
    (tree / "a" / "ours.2").symlink_to(outside)
    (tree / "a" / "thesis").write_bytes(bytes(10))
    (tree / "b").mkdir()
    with Folder.open(tmp_path) as folder:
        freed = folder.remove_tree("tree", is_ours=lambda name: name.startswith("ours") or name in ("a", "b"))
        assert freed >= 10
        assert sorted(path.relative_to(tree).as_posix() for path in tree.rglob("*")) == ["a", "a/thesis"]
        folder.remove_tree("tree")
    assert not tree.exists()
    assert (outside / "mine.txt").read_bytes() == b"mine"


def test_deep_trees_are_not_gone_into(tmp_path: Path) -> None:
    """1,100 nested folders are nobody's of ours: measured and removed only as deep as ours are, and at once."""
    path = tmp_path / "deep"
    path.mkdir()
    descriptor = os.open(path, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("x", dir_fd=descriptor)
        inner = os.open("x", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    with Folder.open(tmp_path) as folder:
        assert folder.measure("deep")[0] == 0
        folder.remove_tree("deep")
        assert folder.has_folder("deep")
    subprocess.run(["rm", "-rf", path], check=True)


@pytest.mark.parametrize(
    ("mode", "file_mode", "folder_mode"),
    [
        (0o755, 0o644, 0o755),
        (0o750, 0o640, 0o750),
        (0o700, 0o600, 0o700),
        (0o711, 0o644, 0o755),
        (0o2775, 0o644, 0o755),
    ],
)
def test_readers_of_a_folder_read_what_is_made_in_it(
    tmp_path: Path, mode: int, file_mode: int, folder_mode: int
) -> None:
    """Under umask 077, too, files are readable for all whom the folder lets in, and for nobody whom it does not."""
    place = tmp_path / "place"
    place.mkdir()
    place.chmod(mode)
    before = os.umask(0o077)
    try:
        with Folder.open(place) as folder:
            folder.write("file", b"x")
            folder.make("inner")
            folder.create("key", b"x", is_private=True)
    finally:
        assert os.umask(before) == 0o077
    assert stat.S_IMODE((place / "file").stat().st_mode) == file_mode
    assert stat.S_IMODE((place / "inner").stat().st_mode) & 0o777 == folder_mode
    assert stat.S_IMODE((place / "key").stat().st_mode) == 0o600
    assert (place / "inner").stat().st_mode & stat.S_ISGID == place.stat().st_mode & stat.S_ISGID


def test_temporary_names(tmp_path: Path) -> None:
    """What dead processes were writing goes, what a living one writes stays; names of others are none of ours."""
    dead, alive = ".a.4194305-0123abcd.tmp", f".a.{os.getpid()}-0123abcd.tmp"
    theirs = (".thesis.4194305-0123abcd.tmp", ".mine.tmp", "notes.tmp")
    for name in (dead, alive, *theirs):
        (tmp_path / name).write_bytes(b"x")
    tree = ".b.4194305-0123abcd.tmp"
    (tmp_path / tree).mkdir()
    (tmp_path / tree / "x").write_bytes(b"x")
    with Folder.open(tmp_path) as folder:
        folder.remove_temporary({"a", "b"}.__contains__)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([alive, tree, *theirs])
    assert later_name(".mine.tmp") is None


def test_files_that_never_end_are_not_read(tmp_path: Path) -> None:
    """Pipes, devices, folders and files beyond the limit are refused at once, sparse ones of 400 GB too."""
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(400 * 10**9)
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/tty"), tmp_path, tmp_path / "sparse"):
        with pytest.raises(OSError, match=r"regular file|larger|device|no such"):
            read_file(path, 1000)
    with Folder.open(tmp_path) as folder:
        for name in ("pipe", "sparse"):
            with pytest.raises(OSError, match=r"regular file|larger"):
                folder.read(name, 1000)


def test_every_refusal_has_its_remedy(tmp_path: Path) -> None:
    """Each kind of refusal names what helps against it, and not always space."""
    remedies = {
        number: find_remedy(OSError(number, os.strerror(number)), tmp_path, "--out")
        for number in (28, 122, 30, 18, 37, 95, 40, 5, 24, 27)
    }
    assert len(set(remedies.values())) == len(remedies) - 1, "no locks: ENOLCK and EOPNOTSUPP are one"
    assert all("--out" in text or "ulimit" in text or "link" in text for text in remedies.values())
    mine = find_remedy(PermissionError(13, "Permission denied"), tmp_path, "--out")
    assert str(tmp_path) in mine
