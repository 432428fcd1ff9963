"""This machine's figures against Keras, in one run: contestants take turns in short rounds, medians are quoted.

A noisy machine does not decide: ratios are taken within each round, and the median of the rounds is the figure.
"""

from __future__ import annotations

import json
import os
import select
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lrreport.contestants import needed_flops, source_runs
from lrreport.datasets import load_dataset
from lrreport.environment import available_cores, cpu_model
from lrreport.errors import LrreportError
from lrreport.events import Message, Report
from lrreport.system.interrupts import stop_if_interrupted


@dataclass(frozen=True, slots=True)
class Contestant:
    """A process that measures one thing whenever it is asked; see `contestants.py` for how it answers.

    Attributes:
        name: In tables and data.
        text: What it is, for people.
        command: How it is started.
    """

    name: str
    text: str
    command: tuple[str, ...]


_OURS: Final = {
    "keras": "the source's Keras code as it stands (model.fit)",
    "keras-steps": "Keras at its best, one call an epoch, no jit",
    "keras-steps-jit": "Keras at its best, one call an epoch, jit",
    "engine-alone": "this engine, 1 run",
    "engine": "this engine, the source's 22 runs",
    "sgemm": "TensorFlow's matrix product, 2048 x 2048",
}
_PEAK: Final = "sgemm"
_POLL_S: Final = 0.2


def own_contestants(cache: Path, data_path: Path | None) -> list[Contestant]:
    """The contestants of `lrreport bench`; the matrix product is one of them."""
    places = (str(cache), *((str(data_path),) if data_path is not None else ()))
    start = (sys.executable, "-m", "lrreport.contestants")
    return [Contestant(name, text, (*start, name, *places)) for name, text in _OURS.items()]


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What was measured.

    Attributes:
        texts: What each contestant is, by name.
        rounds: Seconds for an epoch and run (of `sgemm`, GFLOP/s), by contestant; one mapping a round.
        memory_bytes: Memory in use at the end of a round, the most of all rounds, by contestant.
        flops: Operations that an epoch of a run needs.
    """

    texts: dict[str, str]
    rounds: tuple[dict[str, float], ...]
    memory_bytes: dict[str, int | None]
    flops: int

    def median(self, name: str) -> float:
        """The median of a contestant's rounds."""
        return statistics.median(values[name] for values in self.rounds)

    def ratio(self, name: str, other: str) -> float:
        """How many times as long `name` takes as `other`: the median of the ratios within rounds."""
        return statistics.median(values[name] / values[other] for values in self.rounds)

    def peak_share(self, name: str) -> float:
        """The share of the matrix product's speed that a contestant reaches with the operations it needs."""
        return statistics.median(self.flops / values[name] / 1e9 / values[_PEAK] for values in self.rounds)

    def document(self) -> dict[str, Any]:
        """The result as data."""
        timed = [name for name in self.texts if name != _PEAK]
        return {
            "machine": {"cpu_model": cpu_model(), "cores": available_cores()},
            "runs": len(source_runs()),
            "flops_per_epoch_and_run": self.flops,
            "sgemm_gflops": self.median(_PEAK),
            "rounds": list(self.rounds),
            "contestants": [
                {
                    "name": name,
                    "text": self.texts[name],
                    "seconds_per_epoch_and_run": self.median(name),
                    "ratio_to_engine": self.ratio(name, "engine"),
                    "ratio_to_engine_alone": self.ratio(name, "engine-alone"),
                    "sgemm_share": self.peak_share(name),
                    "memory_bytes": self.memory_bytes[name],
                }
                for name in timed
            ],
        }


def run_bench(
    contestants: Sequence[Contestant], rounds: int, cache: Path, data_path: Path | None, report: Report
) -> BenchResult:
    """Let contestants take turns.

    Args:
        contestants: `own_contestants` and whatever else answers as they do.
        rounds: How often each has its turn.
        cache: For data.
        data_path: The user's own data, or None.
        report: Told of every round.

    Raises:
        DataError: The data cannot be had.
        LrreportError: A contestant failed.
    """
    dataset = load_dataset(
        "mnist", cache_dir=cache, data_path=data_path, report=lambda text: report(Message("data", text))
    )
    flops = needed_flops(dataset)
    del dataset
    with ExitStack() as stack:
        running = {}
        for contestant in contestants:  # one after the other: their compilations would disturb each other
            report(Message("bench", f"warming up: {contestant.text}"))
            running[contestant.name] = stack.enter_context(_running(contestant))
        measured: list[dict[str, float]] = []
        memory: dict[str, int | None] = dict.fromkeys(running)
        for number in range(1, rounds + 1):
            values = {}
            for name, process in running.items():
                answer = _ask(name, process)
                values[name] = float(answer["value"])
                if answer["memory_bytes"] is not None:
                    memory[name] = max(memory[name] or 0, int(answer["memory_bytes"]))
            measured.append(values)
            report(
                Message(
                    "bench",
                    f"round {number} of {rounds}: keras {values['keras']:.2f} s, "
                    f"engine {values['engine']:.3f} s for an epoch of a run",
                )
            )
    return BenchResult({item.name: item.text for item in contestants}, tuple(measured), memory, flops)


@contextmanager
def _running(contestant: Contestant) -> Iterator[subprocess.Popen[str]]:
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    with subprocess.Popen(  # noqa: S603 - our own commands, no shell
        contestant.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            _read(contestant.name, process)
            yield process
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _ask(name: str, process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    return _read(name, process)


def _read(name: str, process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    while not select.select([process.stdout], [], [], _POLL_S)[0]:
        stop_if_interrupted()
    line = process.stdout.readline()
    stop_if_interrupted()  # Ctrl-C in a terminal ends the contestants, too
    try:
        answer = json.loads(line)
        assert isinstance(answer, dict)
    except (ValueError, AssertionError) as error:
        raise LrreportError(
            "A contestant of the benchmark failed",
            where=name,
            got=line.strip() or f"exit code {process.wait(30)}",
            fix="read what it wrote above",
        ) from error
    return answer


def format_bench(result: BenchResult) -> str:
    """One table for people."""
    lines = [
        f"{cpu_model()}, {available_cores()} cores; medians of {len(result.rounds)} rounds",
        f"matrix product: {result.median(_PEAK):.0f} GFLOP/s",
        "",
        f"{'s / epoch / run':>15}  {'x engine':>8}  {'x alone':>8}  {'of sgemm':>8}  {'MiB':>6}",
    ]
    for name, text in result.texts.items():
        if name == _PEAK:
            continue
        memory = result.memory_bytes[name]
        lines.append(
            f"{result.median(name):>15.3f}  {result.ratio(name, 'engine'):>8.2f}  "
            f"{result.ratio(name, 'engine-alone'):>8.2f}  {result.peak_share(name):>8.1%}  "
            f"{'' if memory is None else format(memory / 2**20, '.0f'):>6}  {text}"
        )
    return "\n".join(lines)
