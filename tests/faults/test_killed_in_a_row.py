"""One build, killed a dozen times in a row at random moments, in every stage, then let finish."""

from __future__ import annotations

from pathlib import Path

from tests.faults.soak import STAGES, soak


def test_killed_a_dozen_times(place: Path, tmp_path: Path) -> None:
    """Every kill leaves a whole cache and a whole report or none; in the end every byte is as if nothing had been."""
    images = place / "cache" / "data" / "mnist.npz"
    world = soak(tmp_path / "world", images, kills=12, seed=20, options=["--edition", "en"])
    assert world.hits.total() == 12
    assert STAGES.keys() <= world.hits.keys(), world.hits
