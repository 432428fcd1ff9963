"""Nothing of others is deleted, overwritten or followed, whatever a cache or an output folder that was handed over holds."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import matplotlib
import pytest

from lrreport.checkpoints import Progress
from lrreport.store import Store
from tests.faults.world import (
    CHOICE,
    ONE_PAGE,
    assert_whole,
    at_stage,
    copy_cache,
    fingerprint,
    processes_marked,
    read_until,
    run,
    started,
    wait_until_gone,
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Somebody's home folder, with names that look like ours."""
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    names = (".bashrc", ".ssh/id", "thesis.doc", "mnist.npz", ".a.4194305-0123abcd.tmp", "run.json", "a" * 64)
    for name in names:
        (folder / name).write_bytes(b"mine" * 100)
    return folder


NOTES = {"content": b"my own notes", "more than a holder": b"process 1, since 2020: x\nmy own notes\n"}


def make_marked(cache: Path) -> Path:
    """A cache that somebody handed over, marked as ours."""
    cache.mkdir(exist_ok=True)
    (cache / "lrreport-cache.json").write_text('{"generator": "lrreport", "schema": 1}')
    return cache


@pytest.mark.parametrize("part", ["render", "data", "runs", "libraries", "work"])
def test_a_part_of_the_cache_that_is_a_link(part: str, home: Path, place: Path, tmp_path: Path) -> None:
    """No command deletes, writes or changes anything where a link in a cache points to, and none falls over it."""
    cache = make_marked(copy_cache(place, tmp_path / "cache", with_figures=True))
    if (cache / part).exists():
        shutil.rmtree(cache / part)
    (cache / part).symlink_to(home)
    before = fingerprint(home)
    images = str(place / "cache" / "data" / "mnist.npz")
    environment = {"HOME": "/nonexistent"} if part == "libraries" else {}
    for arguments in (
        ["render", *ONE_PAGE, "--out", "report", "--data", images],
        ["train", *CHOICE, "--device", "cpu", "--data", images],
        ["data", "fetch", "--data", images],
        ["cache", "ls"],
        ["cache", "verify"],
        ["cache", "gc", "--yes", "--max-size", "1k"],
    ):
        if part == "libraries" and arguments[0] in ("train", "data"):
            continue  # these load no library that keeps anything
        done = run([*arguments, "--cache", "cache"], tmp_path, **environment)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode in (0, 3, 6), done.stderr
        assert fingerprint(home) == before
    assert (cache / part).is_symlink()


def test_a_folder_that_is_no_cache(home: Path, place: Path, tmp_path: Path) -> None:
    """A folder with a `render/` of its own is refused by every command, before anything is made or removed in it."""
    (home / "render").mkdir()
    (home / "render" / "scene.blend").write_bytes(b"mine")
    (home / "render" / ("b" * 64)).write_bytes(b"mine")
    before = fingerprint(home)
    for arguments in (
        ["render", *ONE_PAGE, "--out", "report"],
        ["build", *CHOICE, "--out", "report"],
        ["train", *CHOICE],
        ["plan", *CHOICE],
        ["data", "fetch"],
        ["cache", "ls"],
        ["cache", "verify"],
        ["cache", "gc", "--yes", "--max-size", "1"],
    ):
        done = run([*arguments, "--cache", str(home)], tmp_path)
        assert done.returncode == 6, (arguments, done.stderr)
        assert "is no cache of ours" in done.stderr
        assert "--cache" in done.stderr
        assert fingerprint(home) == before
    assert not (tmp_path / "report").exists()
    alone = tmp_path / "project"
    (alone / "render").mkdir(parents=True)
    (alone / "render" / "scene.blend").write_bytes(b"mine")
    assert run(["cache", "gc", "--yes", "--max-size", "1", "--cache", str(alone)], tmp_path).returncode == 6
    assert (alone / "render" / "scene.blend").exists()


def test_a_cache_of_before(place: Path, tmp_path: Path) -> None:
    """A cache that an older lrreport has made bears no mark: it is taken over with all its results, and marked."""
    cache = copy_cache(place, tmp_path / "cache", with_figures=True)
    (cache / "lrreport-cache.json").unlink()
    planned = json.loads(run(["plan", *CHOICE, "--cache", "cache", "--json"], tmp_path).stdout)
    assert all(each["cached"] for each in planned["runs"])
    assert not (cache / "lrreport-cache.json").exists(), "looking changes nothing"
    assert run(["render", *ONE_PAGE, "--out", "report", "--cache", "cache"], tmp_path).returncode == 0
    assert json.loads((cache / "lrreport-cache.json").read_bytes())["generator"] == "lrreport"
    (cache / "lrreport-cache.json").unlink()
    (cache / "notes.txt").write_text("mine", "utf-8")
    assert run(["cache", "ls", "--cache", "cache"], tmp_path).returncode == 0, "it has a record of its last build"
    (cache / "last-build.json").unlink()
    assert run(["cache", "ls", "--cache", "cache"], tmp_path).returncode == 6, "nothing tells it from somebody's folder"


def test_gc_says_what_it_did(place: Path, tmp_path: Path) -> None:
    """Of a part that can be made again our files go; what somebody put beside them stays, is named, and is not counted."""
    cache = copy_cache(place, tmp_path / "cache", with_figures=True)
    (cache / "libraries" / "matplotlib").mkdir(parents=True)
    mine = [cache / "render" / "scene.blend", cache / "libraries" / "books.txt"]
    for path in mine:
        path.write_bytes(bytes(3000))
    fonts = cache / "libraries" / "matplotlib" / "fontlist-v390.json"
    fonts.write_bytes(bytes(3000))
    kept = sum(path.stat().st_size for path in (cache / "render").iterdir()) - 3000
    done = run(["cache", "gc", "--yes", "--max-size", "1k", "--json", "--cache", "cache"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["freed_bytes"] == kept + 3000
    assert not fonts.exists()
    assert [path.exists() for path in mine] == [True, True]
    assert sorted(path.name for path in (cache / "render").iterdir()) == ["scene.blend"]
    assert f"{cache / 'render'} is still there" in done.stderr


@pytest.mark.parametrize("how", ["hard link", "content", "more than a holder", "link", "pipe"])
@pytest.mark.parametrize("what", ["cache/lock", "report/.lrreport.lock"])
def test_a_lock_that_is_somebody_s_file(what: str, how: str, home: Path, place: Path, tmp_path: Path) -> None:
    """A lock that is a second name of a file, or holds something else, is not emptied or removed; a link or a pipe is refused."""
    make_marked(copy_cache(place, tmp_path / "cache", with_figures=True))
    (tmp_path / "report").mkdir()
    lock = tmp_path / what
    if how == "hard link":
        os.link(home / "thesis.doc", lock)
    elif how in ("content", "more than a holder"):
        lock.write_bytes(NOTES[how])
    elif how == "link":
        lock.symlink_to(home / "thesis.doc")
    else:
        os.mkfifo(lock)
    before = fingerprint(home)
    is_cache = what.startswith("cache")
    # A train that has nothing to train holds the cache's lock as well, and takes a moment.
    command = ["train", *CHOICE, "--device", "cpu"] if is_cache else ["render", *ONE_PAGE, "--out", "report"]
    done = run([*command, "--cache", "cache"], tmp_path)
    refused = 6 if is_cache else 7
    assert done.returncode == (refused if how in ("link", "pipe") else 0), done.stderr
    assert fingerprint(home) == before
    assert os.path.lexists(lock)
    if how in NOTES:
        assert lock.read_bytes() == NOTES[how]


@pytest.fixture(scope="module")
def one_page(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the smallest report, and the cache that it was made from."""
    folder = tmp_path_factory.mktemp("one-page")
    copy_cache(place, folder / "cache", with_figures=True)
    assert run(["render", *ONE_PAGE, "--out", "report", "--cache", "cache"], folder).returncode == 0
    return folder


FOLDERS = (".lrreport", "data", "figures", "listings")


@pytest.mark.parametrize("name", [*FOLDERS, ".lrreport/journal.json", "en.html", "manifest.json"])
def test_links_in_a_report(name: str, home: Path, one_page: Path, tmp_path: Path) -> None:
    """A link in an output folder is kept aside or refused: nothing is written, renamed or removed where it points to."""
    copy_cache(one_page, tmp_path / "cache", with_figures=True)
    shutil.copytree(one_page / "report", tmp_path / "report")
    link = tmp_path / "report" / name
    if link.is_dir():
        shutil.rmtree(link)
    link.unlink(missing_ok=True)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(home if name in FOLDERS else home / "thesis.doc")
    before = fingerprint(home)
    again = ["render", *ONE_PAGE, "--out", "report", "--cache", "cache", "--adopt", "--answers", "none"]
    done = run(again, tmp_path)
    assert done.returncode in (0, 7), done.stderr
    assert fingerprint(home) == before
    if done.returncode == 0:
        assert_whole(tmp_path / "report")
        if "/" not in name:
            assert (tmp_path / "report" / f"{name}.kept").is_symlink()


@pytest.mark.parametrize("into", ["a link", "another folder", "nothing"])
def test_the_output_folder_is_exchanged_meanwhile(into: str, home: Path, place: Path, tmp_path: Path) -> None:
    """What takes the folder's place while the build is at work is not published into: exit code 7, and nothing changed."""
    copy_cache(place, tmp_path / "cache")
    (tmp_path / "report").mkdir()
    before = fingerprint(home)
    with started(["render", *ONE_PAGE, "--out", "report", "--cache", "cache"], tmp_path) as process:
        read_until(process, at_stage("figures"))
        (tmp_path / "report").rename(tmp_path / "moved")
        if into == "a link":
            (tmp_path / "report").symlink_to(home)
        elif into == "another folder":
            shutil.copytree(home, tmp_path / "report")
        said = process.communicate(timeout=120)[1]
    assert process.returncode == 7, said
    assert "moved, removed or exchanged" in said
    assert fingerprint(home) == before
    if into == "another folder":
        assert fingerprint(tmp_path / "report") == before


def test_a_report_s_own_files_alone_are_removed(place: Path, tmp_path: Path) -> None:
    """A file that the older manifest lists goes when it is ours, byte for byte; what somebody wrote over it stays."""
    copy_cache(place, tmp_path / "cache", with_figures=True)
    render = ["render", *CHOICE, "--format", "html", "--out", "report", "--cache", "cache", "--adopt"]
    assert run(render, tmp_path).returncode == 0
    report = tmp_path / "report"
    (report / "th.html").write_bytes(b"mine")
    (report / "figures" / "private").mkdir(mode=0o700)
    done = run([*render, "--edition", "en"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert_whole(report)
    assert (report / "th.html").read_bytes() == b"mine"
    assert not (report / "index.html").exists()
    assert not list((report / "figures").glob("*.th.svg"))
    assert (report / "figures" / "private").stat().st_mode & 0o777 == 0o700


def test_force_keeps_the_good_result_until_the_better_one_is_whole(place: Path, tmp_path: Path) -> None:
    """`--force`, ended after an epoch: every run is complete as before; the same command goes on; nothing is shortened."""
    cache = copy_cache(place, tmp_path / "cache")
    study = tmp_path / "studies"
    study.mkdir()
    (study / "long.toml").write_text(
        'id = "long"\n[title]\nth = "ยาว"\nen = "Long"\n[base]\nhidden_units = [10]\nepochs = 12\n', "utf-8"
    )
    train = ["train", "--study", "long", "--studies", "studies", "--seeds", "1", "--device", "cpu", "--cache", "cache"]
    assert run(train, tmp_path).returncode == 0
    first = {entry.key: entry.history.test_loss_t.tobytes() for entry in Store(cache).entries()}
    with started([*train, "--force"], tmp_path) as process:
        read_until(process, lambda event: event.get("run_epochs", 0) >= 3)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 143
    entries = list(Store(cache).entries())
    assert {entry.progress for entry in entries} == {Progress.COMPLETE}
    assert {entry.key: entry.history.test_loss_t.tobytes() for entry in entries} == first
    planned = json.loads(run(["plan", *train[1:], "--force", "--json"], tmp_path).stdout)["runs"]
    assert planned[0]["reason"] == "forced"
    assert planned[0]["start_epoch"] >= 3
    assert run([*train, "--force", "--epochs", "2"], tmp_path).returncode == 0
    again = {entry.key: entry.history.test_loss_t.tobytes() for entry in Store(cache).entries()}
    assert again == first, "the same bits, and as many epochs as before"


@pytest.mark.parametrize("stage", ["progress", "figures"])
def test_a_stopped_worker_holds_nothing(stage: str, place: Path, tmp_path: Path) -> None:
    """A worker that is stopped (SIGSTOP) delays a signalled build, and does not hold it: it is killed after a while."""
    copy_cache(place, tmp_path / "cache")
    command = ["train", *CHOICE[:-1], "200", "--device", "cpu", "--threads", "1", "--cache", "cache"]
    if stage == "figures":
        command = ["render", *ONE_PAGE, "--out", "report", "--cache", "cache"]
    mark = f"stopped-{stage}-{os.getpid()}"
    with started(command, tmp_path, MARK=mark) as process:
        read_until(
            process, at_stage(stage) if stage == "progress" else lambda event: "is drawn" in event.get("text", "")
        )
        workers = [pid for pid in processes_marked(mark) if pid != process.pid and is_worker(pid)]
        assert workers
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode == 143
    assert wait_until_gone(mark, 5) == []
    done = run(["cache", "verify", "--cache", "cache"], tmp_path)
    assert done.returncode == 0, done.stderr


def is_worker(pid: int) -> bool:
    """Whether a process is one of multiprocessing's own, and not the tracker of its resources."""
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def test_libraries_of_a_stranger_are_not_used(home: Path, place: Path, tmp_path: Path) -> None:
    """Without a home folder, what lies in the cache for matplotlib is neither read nor written through; what is made now goes again."""
    cache = copy_cache(place, tmp_path / "cache", with_figures=True)
    (cache / "libraries" / "matplotlib").mkdir(parents=True)
    for path in Path(matplotlib.get_cachedir()).glob("fontlist-v*.json"):
        (cache / "libraries" / "matplotlib" / path.name).symlink_to(home / "thesis.doc")
    os.mkfifo(cache / "libraries" / "matplotlib" / "matplotlibrc")
    before = fingerprint(home)
    done = run(["render", *ONE_PAGE, "--cache", "cache", "--out", "report"], tmp_path, HOME="/nonexistent")
    assert done.returncode == 0, done.stderr
    assert fingerprint(home) == before
    assert not (cache / "work").exists()


def test_names_that_look_temporary(place: Path, tmp_path: Path) -> None:
    """Somebody's files and folders whose names look like temporary ones stay, in a cache, a report, and a folder that is none."""
    copy_cache(place, tmp_path / "cache", with_figures=True)
    (tmp_path / "own").mkdir()
    (tmp_path / "report").mkdir()
    mine = []
    for folder in ("own", "cache", "cache/runs", "cache/data", "report"):
        tree = tmp_path / folder / ".thesis.4194305-deadbeef.tmp"
        tree.mkdir()
        mine += [tree / "chapter", tmp_path / folder / ".notes.4194305-deadbeef.tmp"]
    for path in mine:
        path.write_bytes(b"mine")
        os.utime(path, (1, 1))
    for arguments, code in (
        (["cache", "gc", "--yes", "--cache", "own"], 6),
        (["cache", "gc", "--yes", "--max-size", "1", "--cache", "cache"], 0),
        (["render", *ONE_PAGE, "--cache", "cache", "--out", "report"], 0),
    ):
        done = run(arguments, tmp_path)
        assert done.returncode == code, done.stderr
        assert all(path.read_bytes() == b"mine" for path in mine)


def test_a_cache_behind_a_link(place: Path, tmp_path: Path) -> None:
    """A cache that is named through a link works as any other, with a damaged run in it too."""
    cache = copy_cache(place, tmp_path / "cache")
    (tmp_path / "link").symlink_to(cache)
    path = next((cache / "runs").iterdir()) / "run.json"
    path.write_bytes(path.read_bytes()[:-50])
    for arguments, code in ((["cache", "ls"], 0), (["cache", "gc"], 0), (["cache", "verify"], 6)):
        done = run([*arguments, "--cache", "link"], tmp_path)
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr


def test_names_do_not_speak(place: Path, tmp_path: Path) -> None:
    """Line ends and escapes in names and texts that were handed over print no line of their own."""
    cache = copy_cache(place, tmp_path / "cache")
    says = "x\nerror: The cache holds malware\x1b[2J"
    for folder in (cache, cache / "runs"):
        (folder / says).mkdir()
        (folder / says / "x").write_bytes(b"")
    record = {"command": "build", "arguments": [says], "began": "2026-01-01T00:00:00+00:00", "finished": says, "exit_code": 0,
              "outcome": says, "process": 1, "process_start": ""}  # fmt: skip
    (cache / "last-build.json").write_text(json.dumps(record))
    for arguments in (["cache", "ls"], ["cache", "verify"], ["cache", "gc"], ["plan", *CHOICE]):
        done = run([*arguments, "--cache", "cache"], tmp_path)
        for line in (done.stdout + done.stderr).splitlines():
            assert not line.startswith("error: The cache holds malware"), done.stdout
            assert "\x1b" not in line
    record |= {"finished": None, "exit_code": None, "process": 10**23}
    (cache / "last-build.json").write_text(json.dumps(record))
    assert "is at work" not in run(["plan", *CHOICE, "--cache", "cache"], tmp_path).stdout
