"""One build, killed eight times in a row at random moments, in training, writing and publishing, then let finish."""

from __future__ import annotations

from pathlib import Path

from tests.faults.soak import TRAINING, WRITING, soak


def test_killed_eight_times(place: Path, tmp_path: Path) -> None:
    """Every kill leaves a whole cache and a whole report or none; in the end every byte is as if nothing had been."""
    images = place / "cache" / "data" / "mnist.npz"
    world = soak(tmp_path / "world", images, kills=8, seed=20, options=["--edition", "en"])
    assert world.hits.total() == 8
    assert world.hits.keys() & {*TRAINING}, world.hits
    assert len(world.hits.keys() & {*WRITING}) > 1, world.hits
    assert "swap" in world.hits, world.hits
