"""A disk runs full, a small file system of its own: nothing that was there is lost, and the next build goes on."""

from __future__ import annotations

from pathlib import Path

from lrreport.checkpoints import Entry
from lrreport.store import Store
from tests.bits import bits
from tests.faults.world import CHOICE, ONE_PAGE, assert_whole, copy_cache, fingerprint, link_images, run_in_namespace


def entries(cache: Path) -> dict[str, Entry]:
    found = list(Store(cache).entries())
    assert all(isinstance(entry, Entry) for entry in found), found
    return {entry.key: entry for entry in found if isinstance(entry, Entry)}


def test_disk_full_while_the_cache_is_written(place: Path, tmp_path: Path) -> None:
    """Exit code 6 and a remedy; every older result is whole; with room again the same command ends in the same bits."""
    copy_cache(place, tmp_path / "cache")
    link_images(place, tmp_path / "mnist.npz")
    for name in ("small", "after-full", "after-room"):
        (tmp_path / name).mkdir()
    more = " ".join([*CHOICE[:-1], "3", "--device", "cpu"])
    # Less room than one more state takes; a state is written before the older one of its run goes.
    size = sum(path.stat().st_size for path in (tmp_path / "cache" / "runs").rglob("*")) // 1024 + 120
    script = f"""
        mount -t tmpfs -o size={size}k none small
        cp -r cache/runs small/; mkdir small/data; : > small/data/mnist.npz; mount --bind mnist.npz small/data/mnist.npz
        code=0; $LRREPORT train {more} --cache small || code=$?
        test $code = 6
        cp -r small/runs after-full/
        mount -o remount,size=50m small
        $LRREPORT train {more} --cache small
        cp -r small/runs after-room/
    """
    done = run_in_namespace(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "free some space" in done.stderr
    assert "Traceback" not in done.stderr
    before, full, room = entries(place / "cache"), entries(tmp_path / "after-full"), entries(tmp_path / "after-room")
    assert before.keys() == full.keys() == room.keys()
    assert {key: bits(entry) for key, entry in full.items()} == {key: bits(entry) for key, entry in before.items()}
    assert {len(entry.history) for entry in room.values()} == {3}
    assert not [path for path in (tmp_path / "after-room").rglob("*") if path.name.endswith(".tmp")]


def test_disk_full_while_the_report_is_written(place: Path, tmp_path: Path) -> None:
    """Exit code 7 and a remedy; the older report is as it was, no staging folder stays; with room again it is made."""
    copy_cache(place, tmp_path / "cache")
    for name in ("small", "after-full", "after-room"):
        (tmp_path / name).mkdir()
    size = sum(path.stat().st_size for path in (place / "report").rglob("*")) // 1024 + 300
    render = f"$LRREPORT render {' '.join(ONE_PAGE)} --adopt --cache cache --out small/report --wait"
    script = f"""
        mount -t tmpfs -o size={size}k none small
        cp -r "{place}/report" small/
        code=0; {render} || code=$?
        test $code = 7
        cp -a small/. after-full/
        mount -o remount,size=50m small
        {render}
        cp -a small/. after-room/
    """
    done = run_in_namespace(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "free some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "after-full").iterdir()] == ["report"]
    assert fingerprint(tmp_path / "after-full" / "report") == fingerprint(place / "report")
    assert_whole(tmp_path / "after-room" / "report")
    assert (tmp_path / "after-room/report/en.html").read_bytes() != (place / "report/en.html").read_bytes()
