"""Small and hardened places: too little memory, a cache that can only be read, no place for temporary files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.world import CHOICE, ONE_PAGE, assert_whole, copy_cache, run_in_namespace, skip_below_tmp


@pytest.mark.parametrize(("kilobytes", "command"), [(150_000, "plan"), (310_000, "render"), (800_000, "train")])
def test_too_little_memory(kilobytes: int, command: str, place: Path, tmp_path: Path) -> None:
    """Under a limit that is too small a command ends with 1 and says what needs less; there is no traceback."""
    copy_cache(place, tmp_path / "cache")
    arguments = {
        "plan": f"plan {' '.join(CHOICE)}",
        "render": f"render {' '.join(ONE_PAGE)} --out report",
        "train": f"train {' '.join(CHOICE[:-1])} 3 --device cpu",
    }[command]
    done = run_in_namespace(f"ulimit -v {kilobytes}; $LRREPORT {arguments} --cache cache", tmp_path)
    assert done.returncode == 1, done.stderr
    assert "ulimit -v" in done.stderr
    assert "Traceback" not in done.stderr


def test_render_from_a_cache_that_can_only_be_read(place: Path, tmp_path: Path) -> None:
    """A report is made from a read-only cache, with a warning; with a read-only /tmp the cache holds what is temporary."""
    copy_cache(place, tmp_path / "cache")
    script = f"""
        mount --bind cache cache; mount -o remount,ro,bind cache
        $LRREPORT render {" ".join(ONE_PAGE)} --out report --cache cache
    """
    done = run_in_namespace(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "warning: the cache" in done.stderr
    assert "cannot be written" in done.stderr
    assert_whole(tmp_path / "report")
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == ["data", "lrreport-cache.json", "runs"]


def test_a_temporary_folder_that_cannot_be_written(place: Path, tmp_path: Path) -> None:
    """Temporary files lie in the cache, and are gone afterwards: a read-only /tmp, /var/tmp and /dev/shm stop nothing."""
    skip_below_tmp()
    copy_cache(place, tmp_path / "cache")
    # The own folder of the test may lie below /tmp: a second way leads to it.
    script = f"""
        mount --bind "$PWD" /mnt; cd /mnt
        for place in /tmp /var/tmp /dev/shm; do mount -t tmpfs -o ro none $place; done
        unset TMPDIR; export HOME=/root
        $LRREPORT render {" ".join(CHOICE)} --edition en --format pdf --out report --cache cache
        ls cache
    """
    done = run_in_namespace(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "work" not in done.stdout.split()
    assert_whole(tmp_path / "report")
