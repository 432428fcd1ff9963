"""Folders that cannot be written are named before any work is done for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.world import CHOICE, ONE_PAGE, copy_cache, fingerprint, run_in_namespace

READ_ONLY = {
    "the folder above": ("mount --bind above above; mount -o remount,ro,bind above", "Read-only file system"),
    "the folder itself": (
        "mount --bind above/report above/report; mount -o remount,ro,bind above/report",
        "Read-only file system",
    ),
}


@pytest.mark.parametrize("what", READ_ONLY)
def test_read_only_output_folder(what: str, place: Path, tmp_path: Path) -> None:
    """Exit code 7 before anything is trained, with the folder and the remedy; the report that is there stays."""
    (tmp_path / "above").mkdir()
    (tmp_path / "above" / "report").mkdir()
    for name, content in fingerprint(place / "report").items():
        (tmp_path / "above" / "report" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "above" / "report" / name).write_bytes(content)
    mount, says = READ_ONLY[what]
    script = f"""
        {mount}
        code=0; $LRREPORT build {" ".join(CHOICE)} --out above/report --cache empty || code=$?
        test $code = 7
    """
    done = run_in_namespace(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert says in done.stderr
    assert str(tmp_path / "above" / "report") in done.stderr
    assert "--out" in done.stderr
    assert "TensorFlow" not in done.stderr
    assert fingerprint(tmp_path / "above" / "report") == fingerprint(place / "report")


def test_read_only_cache(place: Path, tmp_path: Path) -> None:
    """A cache that cannot be written is exit code 6 with the remedy, and no report is begun."""
    copy_cache(place, tmp_path / "cache")
    script = f"""
        mount --bind cache cache; mount -o remount,ro,bind cache
        code=0; $LRREPORT build {" ".join(ONE_PAGE)} --out report --cache cache || code=$?
        test $code = 6
    """
    done = run_in_namespace(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--cache" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache"]
