"""Kill a process before each thing that it does to the file system, one after the other.

Run as a program, so that it may fork: `python -m tests.faults.kill_points KIND FOLDER`. It prints one JSON line a
kill point: what the process was about to do, and what the folder held afterwards.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from lrreport.checkpoints import Entry
from lrreport.publishing.change import recover
from lrreport.publishing.manifest import is_intact, read_manifest
from lrreport.store import Store
from tests.publishing import publish_into

#: Audit events of Python that change the file system.
CHANGES = {
    "os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.chmod", "os.chown", "os.truncate", "os.utime",
    "shutil.rmtree", "shutil.copyfile",
}  # fmt: skip
SETTINGS = {"settings": {"studies": ["momentum"], "editions": ["th"], "formats": ["html"]}}
OLD = {"index.html": b"old", "data/results.csv": b"old,old\n", "figures/gone.svg": b"old", "once/gone.svg": b"old"}
NEW = {"index.html": b"new", "data/results.csv": b"new,new\n", "figures/come.svg": b"new", "data/notes.csv": b"new"}
NEWEST = {**NEW, "index.html": b"newest"}
#: What somebody put into the folder, and under which name it is there afterwards.
FOREIGN = {"notes.txt": "notes.txt", ".htaccess": ".htaccess", "data/notes.csv": "data/notes.csv.kept", "a/b": "a/b"}


def die_before(number: int) -> None:
    """Kill this process before its change number `number`, counted from 1; a file that is being written is cut."""
    count = 0

    def step(about_to: str) -> bool:
        nonlocal count
        count += 1
        if count == number:
            os.write(2, f"{about_to}\n".encode())
        return count == number

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        is_writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in CHANGES or is_writing) and step(f"{event} {arguments[:2]!r}"):
            os.kill(os.getpid(), signal.SIGKILL)

    def sync_half(file: int) -> None:
        status = os.fstat(file)
        if stat.S_ISREG(status.st_mode) and step("the end of a write"):
            os.truncate(file, status.st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        sync(file)

    sync, os.fsync = os.fsync, sync_half
    sys.addaudithook(watch)


def kill_everywhere(prepare: Callable[[], None], act: Callable[[], None], look: Callable[[], object]) -> Iterator[dict]:
    """Let a child act and die before its first change, then another before its second, until one survives."""
    for number in range(1, 1000):
        prepare()
        sys.stdout.flush()
        said, saying = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(saying, 2)
            try:
                die_before(number)
                act()
            finally:
                os._exit(0)
        os.close(saying)
        with os.fdopen(said) as pipe:
            about_to = pipe.read().strip()
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status)
        yield {"killed": killed, "before": about_to, "found": look()}
        if not killed:
            return


def report_in(out: Path, foreign_files: Mapping[str, str] = FOREIGN) -> str:
    """Which report a reader finds: old, new, files of both, or a broken one. Every file is whole, and notes are there."""
    manifest = read_manifest(out)
    if manifest is None:
        return "no manifest"
    for name in OLD.keys() | NEW.keys():
        allowed = [content for content in (OLD.get(name), NEW.get(name), NEWEST.get(name)) if content is not None]
        foreign = [b"mine"] if name in foreign_files else []
        if (out / name).exists() and (out / name).read_bytes() not in [*allowed, *foreign]:
            return f"broken: {name}"
    for before, after in foreign_files.items():
        places = [out / place for place in {before, after} if (out / place).exists()]
        if b"mine" not in [place.read_bytes() for place in places]:
            return f"lost: {before}"
    if not is_intact(out, manifest):
        return "both"
    ours = {"manifest.json", *(item["path"] for item in manifest["files"])}
    found = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    work = {name for name in found if name.startswith(".lrreport") or name.endswith(".tmp")}
    if found - ours - work - foreign_files.keys() - {*foreign_files.values()}:
        return "both"
    return (out / "index.html").read_text()


def publishing_first(folder: Path) -> Iterator[dict]:
    """A report is published into a folder that is not there yet; then a build that takes no foreign folder publishes."""
    out = folder / "reports"

    def look() -> dict:
        found = {"has journal": has_journal_in(out), "has manifest": read_manifest(out) is not None}
        publish_into(out, NEWEST, SETTINGS, adopt=False)
        return {**found, "next": report_in(out, {}), "left": names_below(folder)}

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    return kill_everywhere(prepare, lambda: publish_into(out, NEW, SETTINGS, adopt=False), look)


def has_journal_in(out: Path) -> bool:
    return (out / ".lrreport" / "journal.json").exists()


def names_below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def publishing(folder: Path) -> Iterator[dict]:
    """A report is published over another one; the next command recovers; the one after publishes again."""
    out = folder / "reports"

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        publish_into(out, OLD, SETTINGS)
        for name in FOREIGN:
            (out / name).parent.mkdir(exist_ok=True)
            (out / name).write_bytes(b"mine")

    def look() -> dict:
        found = {"at once": report_in(out), "has journal": has_journal_in(out)}
        recover(out)
        found["recovered"] = report_in(out)
        publish_into(out, NEWEST, SETTINGS)
        return {**found, "next": report_in(out), "left": names_below(folder)}

    return kill_everywhere(prepare, lambda: publish_into(out, NEW, SETTINGS), look)


def storing(folder: Path, kind: str) -> Iterator[dict]:
    """A run is kept for the first time; a longer training takes the place of a shorter one; or one that began again does.

    Or what a run's weights show is kept beside it, which the shorter trainings above have as well.
    """
    from tests.test_store import SPEC, Progress, make_entry, make_inspection, replace

    def inspect() -> None:
        Store(folder).write_inspection(make_entry(3), make_inspection(make_entry(3)))

    def prepare() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        if kind != "first-store":
            Store(folder).write(make_entry(3))
        if kind in ("store", "store-anew"):
            inspect()
        if kind == "store-anew":
            Store(folder).write(replace(make_entry(2, progress=Progress.PARTIAL), engine_version=2))

    def found() -> object:
        """How many epochs the run has, and after which of them it is known what its weights show; or what is wrong."""
        store = Store(folder)
        entry = store.read(SPEC)
        if not isinstance(entry, Entry) or entry.checkpoint is None or not dict(entry.checkpoint.arrays):
            return entry and repr(entry)
        seen = {epochs: store.read_inspection(entry, epochs) for epochs in range(1, 8)}
        whole = [epochs for epochs, each in seen.items() if each is not None]
        assert all(seen[epochs].content == make_inspection(entry, epochs).content for epochs in whole)
        return [len(entry.history), *whole]

    def look() -> dict:
        at_once = found()
        if kind == "inspect":
            inspect()
        else:
            Store(folder).write(make_entry(7))
        names = [path.name for path in (folder / "runs").rglob("*") if path.is_file() or path.suffix]
        return {
            "at once": at_once,
            "next": found(),
            "left": sorted(re.sub(r"-[0-9a-f]{8}\.npz", ".npz", name) for name in names),
        }

    entry = replace(make_entry(5), engine_version=2) if kind == "store-anew" else make_entry(5)
    return kill_everywhere(prepare, inspect if kind == "inspect" else lambda: Store(folder).write(entry), look)


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    kinds = {"publish": publishing, "first-publish": publishing_first}
    for found in kinds[kind](folder) if kind in kinds else storing(folder, kind):
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
