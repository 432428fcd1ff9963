"""Real processes in a small world of their own: copies of a trained cache, file systems that are full or read-only."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

PROGRAM = [sys.executable, "-m", "lrreport"]
#: What the session's preview was built from (`tests/commands.py`); its cache and its report lie in `place`.
CHOICE = ["--preview", "--study", "momentum", "--epochs", "2"]
#: The smallest article: one page.
ONE_PAGE = [*CHOICE, "--edition", "en", "--format", "html"]


def copy_cache(place: Path, target: Path, *, with_figures: bool = False) -> Path:
    """A copy of the session's cache; the images, which nobody changes, are the same file.

    Args:
        place: The session's preview.
        target: The folder of the copy.
        with_figures: Whether the preview's figures and PDFs come along, for a test that asks nothing of how they are made.
    """
    shutil.copytree(place / "cache" / "runs", target / "runs")
    if with_figures:
        shutil.copytree(place / "cache" / "render", target / "render")
    shutil.copy(place / "cache" / "lrreport-cache.json", target)
    (target / "data").mkdir()
    link_images(place, target / "data" / "mnist.npz")
    return target


def link_images(place: Path, target: Path) -> None:
    images = place / "cache" / "data" / "mnist.npz"
    try:
        os.link(images, target)
    except OSError:
        shutil.copyfile(images, target)


@contextlib.contextmanager
def started(arguments: Sequence[str], cwd: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs and tells its progress as JSON lines; killed at the end of the context."""
    with subprocess.Popen(
        [*PROGRAM, *arguments, "--progress", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: subprocess.Popen[str], is_reached: Callable[[dict], bool]) -> dict:
    """Read JSON lines until one is what is waited for."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        event = json.loads(line) if line.startswith("{") else {}
        if is_reached(event):
            return event
    pytest.fail("the command ended too early:\n" + "".join(seen))


def at_stage(*stages: str) -> Callable[[dict], bool]:
    return lambda event: event.get("stage") in stages or (event.get("event") == "progress" and "progress" in stages)


def run(arguments: Sequence[str], cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, **environment},
        timeout=600,
    )


def run_in_namespace(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell script that may mount file systems which nobody else sees; $LRREPORT is our command.

    Skips where the system allows no mount namespace, as in many containers.
    """
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if os.getuid() != 0:
        unshare.append("--map-root-user")
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("this system allows no mount namespace, in which a file system could be made full or read-only")
    program = " ".join(PROGRAM)
    return subprocess.run(
        [*unshare, "sh", "-eu", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "LRREPORT": program, "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=600,
    )


def skip_below_tmp() -> None:
    """Skip where the program itself lies below a folder that the test is about to cover."""
    if any(
        Path(place).resolve().is_relative_to(tmp)
        for place in (sys.prefix, Path(__file__).parent)
        for tmp in ("/tmp", "/var/tmp")
    ):
        pytest.skip("this checkout or its environment lies below /tmp, which the test takes away")


def processes_marked(mark: str) -> list[int]:
    """Living processes whose environment holds MARK=mark: a command and all that it started."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                environment = (folder / "environ").read_bytes()
                is_dead = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            except OSError:
                continue
            if f"MARK={mark}".encode() in environment and not is_dead:
                found.append(int(folder.name))
    return found


def wait_until_gone(mark: str, seconds: float) -> list[int]:
    """What is left of a command's processes after at most so many seconds."""
    give_up_at = time.monotonic() + seconds
    while (left := processes_marked(mark)) and time.monotonic() < give_up_at:
        time.sleep(0.05)
    return left


def fingerprint(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, byte for byte."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_whole(report: Path) -> None:
    """A report is all there, as its manifest says."""
    from lrreport.publishing.manifest import is_intact, read_manifest

    manifest = read_manifest(report)
    assert manifest is not None
    assert is_intact(report, manifest)
