"""One build, killed 20 times in a row at random moments, in every stage, then let finish."""

from __future__ import annotations

from pathlib import Path

from tests.faults.soak import STAGES, soak


def test_killed_twenty_times(place: Path, tmp_path: Path) -> None:
    """Every kill leaves a whole cache and a whole report or none; in the end every byte is as if nothing had been."""
    images = place / "cache" / "data" / "mnist.npz"
    world = soak(tmp_path / "world", images, kills=20, seed=20)
    assert world.hits.total() == 20
    assert STAGES.keys() <= world.hits.keys(), world.hits
