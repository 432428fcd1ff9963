"""A report is published where others look at the folder, hold it, or share it: what `docs/nightly.md` describes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.world import CHOICE, ONE_PAGE, assert_whole, copy_cache, run, run_in_namespace

HAS_ACL = shutil.which("setfacl") is not None
#: Only the calls that shall fail are stopped for.
STRACE = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]


def test_a_container_that_mounted_the_folder(place: Path, tmp_path: Path) -> None:
    """A second mount namespace holds the folder read-only; after a build outside it sees the new report, whole."""
    copy_cache(place, tmp_path / "cache", with_figures=True)
    render = f"$LRREPORT render {' '.join(ONE_PAGE)} --cache cache --out report"
    script = f"""
        {render} --byline before; mkfifo go
        unshare --mount --propagation private sh -euc '
            mount --bind report /mnt; mount -o remount,ro,bind /mnt
            (cd /mnt; echo held > "$OLDPWD/held"; cat "$OLDPWD/go"; grep -c after en.html; ls -a > "$OLDPWD/seen"
             cat en.html > "$OLDPWD/seen.html")' > counted &
        while ! [ -e held ]; do sleep 0.1; done
        {render} --byline after; echo now > go; wait
        cmp seen.html report/en.html
    """
    done = run_in_namespace(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert int((tmp_path / "counted").read_text().split()[-1]) >= 1
    seen = sorted((tmp_path / "seen").read_text().split())
    assert seen == [".", "..", "data", "en.html", "figures", "listings", "manifest.json"]


def test_a_mounted_output_folder(place: Path, tmp_path: Path) -> None:
    """The output folder may be a file system of its own, another one may be mounted inside it, and the folder above it be closed."""
    copy_cache(place, tmp_path / "cache", with_figures=True)
    render = f"$LRREPORT render {' '.join(ONE_PAGE)} --cache cache --out above/report"
    script = f"""
        mkdir -p above/report; mount --bind above above; mount -t tmpfs -o size=50m none above/report
        mount -o remount,ro,bind above
        {render} --byline first
        mount -t tmpfs -o size=50m none above/report/data
        {render} --byline second
        ls -A above/report; ls -A above/report/data
        $LRREPORT diff above/report above/report
    """
    done = run_in_namespace(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split("\n")) >= {"data", "en.html", "figures", "manifest.json", "results.csv", "claims.json"}
    assert ".lrreport" not in done.stdout


@pytest.mark.parametrize("is_hardened", [False, True])
def test_a_shared_folder_with_a_group(is_hardened: bool, place: Path, tmp_path: Path) -> None:
    """Under umask 077 in a setgid folder, files and folders are the group's, and readable for whom the folder lets in.

    So they are where the system refuses every chmod, as a sandbox does with setgid bits.
    """
    if is_hardened and shutil.which("strace") is None:
        pytest.skip("strace, which makes system calls fail, is not installed here (Debian: apt-get install strace)")
    calls = "?chmod,?fchmod,?fchmodat"
    refuse = f"{' '.join(STRACE)} -e trace={calls} -e inject={calls}:error=EPERM " if is_hardened else ""
    copy_cache(place, tmp_path / "cache", with_figures=True)
    report = tmp_path / "report"
    report.mkdir()
    shutil.chown(report, group=4242)
    report.chmod(0o2750)
    command = f"umask 077; exec {refuse}{sys.executable} -m lrreport render {' '.join(CHOICE)} --format html --cache cache --out report"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert_whole(report)
    for path in report.rglob("*"):
        status = path.stat()
        assert status.st_gid == 4242, path
        assert status.st_mode & 0o777 == (0o750 if path.is_dir() else 0o640), path
        assert not path.is_dir() or status.st_mode & 0o2000, path


@pytest.mark.skipif(not HAS_ACL, reason="setfacl and getfacl are not installed here (Debian: apt-get install acl)")
def test_a_folder_with_a_default_acl(place: Path, tmp_path: Path) -> None:
    """What a default ACL of the folder grants holds for every file and folder of the report, under umask 077 too."""
    copy_cache(place, tmp_path / "cache", with_figures=True)
    report = tmp_path / "report"
    report.mkdir()
    subprocess.run(["setfacl", "-m", "d:g:4242:rwx,d:u:4243:r-x,g:4242:rwx,u:4243:r-x", report], check=True)
    command = f"umask 077; exec {sys.executable} -m lrreport render {' '.join(ONE_PAGE)} --cache cache --out report"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = subprocess.run(["getfacl", "-nR", report], capture_output=True, text=True, check=True).stdout
    entries = [entry for entry in listed.split("\n\n") if entry.strip()]
    assert len(entries) > 5
    for entry in entries:
        # getfacl notes what the mask leaves of a grant.
        user = next(line for line in entry.splitlines() if line.startswith("user:4243:"))
        group = next(line for line in entry.splitlines() if line.startswith("group:4242:"))
        assert "effective:-" not in user, entry
        assert "r" in user.split(":")[2].split()[0], entry
        assert "effective:---" not in group, entry


@pytest.mark.parametrize(
    ("number", "call", "codes"),
    [
        ("EPERM", "chmod,fchmod,fchmodat", {0}),
        ("EINVAL", "fsync", {0}),
        ("EXDEV", "renameat2,exchange", {0}),
        ("ENOSPC", "fsync", {7, 6}),
        ("EDQUOT", "mkdirat", {7, 6}),
        ("ENOLCK", "flock", {7}),
        ("EOPNOTSUPP", "flock", {7}),
        ("EACCES", "mkdirat", {7, 6}),
        ("EROFS", "mkdirat", {7, 6}),
    ],
)
def test_what_a_system_may_refuse(number: str, call: str, codes: set[int], place: Path, tmp_path: Path) -> None:
    """What publishing does not need may be refused; each other refusal ends with a remedy of its own, before anything is made."""
    if shutil.which("strace") is None:
        pytest.skip("strace, which makes system calls fail, is not installed here (Debian: apt-get install strace)")
    copy_cache(place, tmp_path / "cache", with_figures=True)
    calls = ",".join(f"?{name}" for name in call.split(","))
    command = [*STRACE, "-e", f"trace={calls}", "-e", f"inject={calls}:error={number}",
               sys.executable, "-m", "lrreport", "render", *ONE_PAGE, "--cache", "cache", "--out", "report"]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode in codes, done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert "fix:" in done.stderr
        assert ("free some space" in done.stderr) == (number == "ENOSPC")
        assert "is as it was" not in done.stderr, "there was no report"
        assert not (tmp_path / "report" / "manifest.json").exists()
    else:
        assert_whole(tmp_path / "report")


def test_another_user_s_folders(place: Path, tmp_path: Path) -> None:
    """Under another user's id a cache or a report that is not its own is refused with the owner's name."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root may run a command as another user, through setpriv")
    copy_cache(place, tmp_path / "cache", with_figures=True)
    for folder in (*tmp_path.parents, tmp_path):
        if folder != Path("/") and not folder.stat().st_mode & 0o001:
            folder.chmod(folder.stat().st_mode | 0o011)
    assert run(["render", *ONE_PAGE, "--cache", "cache", "--out", "report"], tmp_path).returncode == 0
    (tmp_path / "own").mkdir()
    os.chown(tmp_path / "own", 12345, 12345)
    other = ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", "env", "-u", "XDG_STATE_HOME",
             f"HOME={tmp_path / 'own'}", "PYTHONDONTWRITEBYTECODE=1", sys.executable, "-m", "lrreport"]  # fmt: skip
    if subprocess.run([*other, "--version"], cwd=tmp_path, check=False, capture_output=True).returncode:
        pytest.skip("another user may not read this Python environment")
    for arguments, code in (
        (["build", *ONE_PAGE, "--cache", "cache", "--out", "own/report"], 6),
        (["render", *ONE_PAGE, "--cache", "cache", "--out", "report"], 7),
    ):
        done = subprocess.run([*other, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        assert "belongs to root" in done.stderr
        assert "free some space" not in done.stderr
