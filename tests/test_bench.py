"""`lrreport bench`: contestants answer when asked; figures are medians of what they answered within rounds."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lrreport.bench import BenchResult, Contestant, format_bench, own_contestants, run_bench
from lrreport.contestants import needed_flops, source_runs
from lrreport.datasets import Dataset
from lrreport.errors import LrreportError


def answering(name: str, values: list[float]) -> Contestant:
    """A process that answers with these values, one a round."""
    code = f"import sys\nprint('{{}}')\nfor value in {values}:\n sys.stdout.flush(); next(sys.stdin)\n"
    code += ' print(\'{"value": %s, "memory_bytes": null}\' % value)'
    return Contestant(name, f"what {name} is", (sys.executable, "-c", code))


def bench(contestants: list[Contestant], rounds: int, cache: Path) -> BenchResult:
    return run_bench(contestants, rounds, cache, None, lambda _: None)


def test_ratios_are_taken_within_rounds(mnist: Dataset, data_cache: Path) -> None:
    """A round in which the machine was slow for all changes no ratio; the median decides."""
    values = {"keras": [8.0, 80.0, 9.0], "engine": [1.0, 10.0, 1.0], "engine-alone": [2, 2, 2], "sgemm": [10, 10, 10]}
    result = bench([answering(name, numbers) for name, numbers in values.items()], 3, data_cache)
    assert result.ratio("keras", "engine") == 8.0
    assert result.median("keras") == 9.0
    assert result.peak_share("engine") == pytest.approx(result.flops / 1e10)
    document = result.document()
    assert [item["name"] for item in document["contestants"]] == ["keras", "engine", "engine-alone"]
    assert "what keras is" in format_bench(result)


def test_a_contestant_that_fails_is_named(mnist: Dataset, data_cache: Path) -> None:
    """No figure is made up for a process that ends without an answer."""
    with pytest.raises(LrreportError, match="contestant of the benchmark failed") as caught:
        bench([answering("keras", [1.0]), Contestant("broken", "", (sys.executable, "-c", "exit(3)"))], 1, data_cache)
    assert "broken" in str(caught.value)
    assert "exit code 3" in str(caught.value)


def test_the_engine_answers(mnist: Dataset, data_cache: Path) -> None:
    """The real contestants for one run and for the matrix product give figures of a sensible size."""
    own = {item.name: item for item in own_contestants(data_cache, None)}
    assert list(own) == ["keras", "keras-steps", "keras-steps-jit", "engine-alone", "engine", "sgemm"]
    others = [answering("keras", [5.0]), answering("engine", [0.1])]
    result = bench([*others, own["engine-alone"], own["sgemm"]], 1, data_cache)
    assert 0 < result.peak_share("engine-alone") < 1
    assert result.memory_bytes["engine-alone"] is None or result.memory_bytes["engine-alone"] > 100_000_000


def test_what_is_counted(mnist: Dataset) -> None:
    """22 distinct runs; the operations of an epoch by hand, with the 717 or so inputs that some image sets."""
    assert len(source_runs()) == 22
    used = int((mnist.train_images.reshape(60_000, -1).any(0) | mnist.test_images.reshape(10_000, -1).any(0)).sum())
    forward = 2 * (used * 50 + 50 * 10)
    backward = 2 * (used * 50 + 2 * 50 * 10)
    assert needed_flops(mnist) == 60_000 * (forward + backward) + 10_000 * forward
