"""Hardened places: no home folder, no passwd entry, no place for temporary files, a cache of somebody else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.world import CHOICE, ONE_PAGE, assert_whole, copy_cache, run_in_namespace, skip_below_tmp

#: A user that the system knows nothing of. What it may not enter (root's home folder, where Python may lie, and the
#: test's own folder) is shown to it in a place of its own.
STRANGER = 12345
PLACE = "/mnt"


def closed_folder(path: Path) -> Path | None:
    """The topmost folder on the way to a path that strangers may not enter."""
    return next((each for each in reversed((path, *path.parents)) if not each.stat().st_mode & 0o001), None)


def as_stranger(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a mount namespace, in which $STRANGER begins a command line of that user, without environment."""
    skip_below_tmp()
    if os.getuid() != 0:
        pytest.skip("only root can run a command as somebody else")
    if any(closed_folder(Path(place)) for place in (sys.prefix, Path(__file__).parent.parent.parent)):
        pytest.skip("another user cannot read this checkout or its environment")
    base = Path(sys.base_prefix).resolve()
    closed = closed_folder(base)
    opening = f"""
        mount --bind {base} {PLACE}; mkdir -p python; mount --move {PLACE} python
        mount -t tmpfs -o mode=755 none {closed}; mkdir -p {base}; mount --bind python {base}
    """
    start = f"setpriv --reuid {STRANGER} --regid {STRANGER} --clear-groups env -i PATH=$PATH"
    return run_in_namespace(
        f"""
        {opening if closed else ""}
        mount --bind "$PWD" {PLACE}; cd {PLACE}; chmod 755 .
        STRANGER="{start} PYTHONPATH=$PYTHONPATH"
        {script}
        """,
        cwd,
    )


def give_to_stranger(path: Path) -> None:
    for each in (path, *path.rglob("*")):
        if each.name != "mnist.npz":  # the same file as others'
            os.chown(each, STRANGER, STRANGER)


READ_ONLY = "for place in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o ro none $place; done"
FULL = """for place in /tmp /var/tmp /dev/shm; do
    mount -t tmpfs -o size=4k,mode=1777 none $place; head -c 4096 /dev/zero > $place/full
done"""
PLACES = {
    "no home, nowhere to write": (READ_ONLY, ""),
    "a home of somebody else, full folders": (FULL, "HOME=/usr LC_ALL=C TERM="),
}
COMMANDS = [
    "--help",
    f"plan {' '.join(CHOICE)} --cache cache",
    "studies",
    "data where --cache cache",
    "data verify --cache cache",
    "cache ls --cache cache",
    "cache verify --cache cache",
    "cache gc --cache cache --yes",
    "diff report report",
]


@pytest.mark.parametrize("name", PLACES)
def test_every_command_works(name: str, place: Path, tmp_path: Path) -> None:
    """A cache that can be written is all that is needed; standard input may be closed."""
    mounts, environment = PLACES[name]
    give_to_stranger(copy_cache(place, tmp_path / "cache"))
    (tmp_path / "out").mkdir()
    give_to_stranger(tmp_path / "out")
    commands = [*COMMANDS, f"render {' '.join(ONE_PAGE)} --out out/report --cache cache"]
    script = "\n".join(
        f"$STRANGER {environment} $LRREPORT {command.replace('diff report report', 'diff out/report out/report')} "
        f"</dev/null >output 2>&1 || {{ echo '{command}' >&2; cat output >&2; exit 1; }}"
        for command in sorted(commands, key=lambda line: line.startswith("diff"))
    )
    done = as_stranger(f"{mounts}\n{script}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert_whole(tmp_path / "out" / "report")
    assert not (tmp_path / "cache" / "work").exists()
    # The key that kept figures are signed with is never put into a cache.
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.name == "render-cache.key"]


def test_a_build_with_nothing_but_a_cache(place: Path, tmp_path: Path) -> None:
    """Training, figures and a PDF: no home folder, no passwd entry, nowhere to write but the cache, stdin closed."""
    cache = copy_cache(place, tmp_path / "cache")
    for path in sorted((cache / "runs").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tmp_path / "out").mkdir()
    for folder in (cache, tmp_path / "out"):
        give_to_stranger(folder)
    build = f"build {' '.join(CHOICE)} --edition en --device cpu --out out/report --cache cache"
    done = as_stranger(
        f"{READ_ONLY}\n$STRANGER $LRREPORT {build} <&-\n$STRANGER $LRREPORT doctor --device cpu --cache cache", tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 runs trained" in done.stderr
    for line in ("home folder: none", "temporary folder: none that can be written", "signing key: none"):
        assert f"ok    {line}" in done.stdout
    assert f"which belongs to user {STRANGER}" in done.stdout
    assert_whole(tmp_path / "out" / "report")


def test_a_cache_of_somebody_else(place: Path, tmp_path: Path) -> None:
    """Who owns it is named, and what helps; a cache that can be read is read, one that cannot be is exit code 6."""
    copy_cache(place, tmp_path / "cache")
    choice = " ".join([*CHOICE[:-1], "3"])
    script = f"""
        try() {{ code=0; $STRANGER HOME=/nonexistent $LRREPORT "$@" </dev/null || code=$?; echo "$1 $code"; }}
        try plan {choice} --cache cache
        try train {choice} --cache cache --device cpu
        try doctor --cache cache --device cpu
        chmod 700 cache
        try plan {choice} --cache cache
        try cache ls --cache cache
        try data where --cache cache
        try render {choice} --out /var/tmp/lrreport-nothing --cache cache
        try doctor --cache cache --device cpu
    """
    done = as_stranger(script, tmp_path)
    assert done.returncode == 0, done.stderr
    codes = [
        line
        for line in done.stdout.splitlines()
        if line.split()[0] in ("plan", "train", "cache", "data", "render", "doctor")
    ]
    assert codes == ["plan 0", "train 6", "doctor 1", "plan 6", "cache 6", "data 6", "render 6", "doctor 1"], (
        done.stderr
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert f"{PLACE}/cache belongs to root, and this command runs as user {STRANGER}" in done.stderr
    assert "FAIL  cache: The cache folder cannot be used" in done.stdout
    assert f"-> {PLACE}/cache belongs to root" in done.stdout


def test_nowhere_to_write(place: Path, tmp_path: Path) -> None:
    """Neither the cache nor a folder for temporary files: exit code 5, and what to name."""
    copy_cache(place, tmp_path / "cache")
    (tmp_path / "out").mkdir()
    give_to_stranger(tmp_path / "out")
    script = f"""
        {READ_ONLY}
        code=0; $STRANGER $LRREPORT render {" ".join(ONE_PAGE)} --out out/report --cache cache || code=$?
        test $code = 5
        code=0; $STRANGER $LRREPORT plan || code=$?
        test $code = 6
    """
    done = as_stranger(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "There is no place for temporary files" in done.stderr
    assert "TMPDIR" in done.stderr
    assert "There is no folder for the cache: this user has no home folder" in done.stderr
    assert "Traceback" not in done.stderr
