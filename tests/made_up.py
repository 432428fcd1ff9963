"""Made-up results for tests of what comes after training: known shapes, no training, never published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from lrreport.keys import run_key
from lrreport.plausibility import replay_rates
from lrreport.results import Environment, History, Results, RunResult, Status
from lrreport.spec import RunSpec, Study

HERE = Environment(tensorflow="2.21.0", numpy="2.4.6", cpu_model="made-up processor", device="cpu")


def history(spec: RunSpec, epochs: int) -> History:
    """Smooth curves that rise faster with a larger effective rate, with a little noise from the seed."""
    noise_t = np.random.default_rng([spec.seed, int(1e6 * spec.momentum)]).normal(0, 0.002, epochs)
    epoch_t = np.arange(1, epochs + 1)
    speed = min(3.0, 30 * spec.rate / (1.01 - spec.momentum))
    accuracy_t = _of(60_000, np.clip(0.1 + 0.87 * (1 - np.exp(-speed * epoch_t)) + noise_t, 0, 1))
    loss_t = 2.3 * (1 - accuracy_t) + 0.05
    rate_t = spec.rate / (1 + spec.decay * (epoch_t * -(-60_000 // spec.batch_size) - 1))
    as_curve = np.float32
    return History(
        rate_t.astype(as_curve),
        loss_t.astype(as_curve),
        accuracy_t.astype(as_curve),
        (loss_t + 0.01).astype(as_curve),
        _of(10_000, (accuracy_t - 0.004).clip(0, 1)).astype(as_curve),
    )


def measured(spec: RunSpec, epochs: int) -> History:
    """The same, as a training could have measured them: with the rates that a plateau callback makes of the losses."""
    curves = history(spec, epochs)
    return replace(curves, learning_rate_t=replay_rates(spec, curves)[0].astype(np.float32))


def _of(images: int, accuracy_t: np.ndarray) -> np.ndarray:
    """An accuracy is a number of images."""
    return np.round(accuracy_t * images) / images


def results(
    studies: Sequence[Study],
    *,
    seeds: Sequence[int] = (1, 2, 3),
    make_history: Callable[[RunSpec, int], History] = history,
) -> Results:
    """Results for every run of the studies; a history shorter than asked for counts as diverged."""
    runs: dict[str, RunResult] = {}
    for study in studies:
        for setting in study.settings:
            for seed in seeds:
                spec = setting.run(seed)
                curves = make_history(spec, setting.epochs)
                status = Status.COMPLETE if len(curves) == setting.epochs else Status.DIVERGED
                runs[run_key(spec)] = RunResult(spec, status, curves, HERE, wall_s=1.0)
    return Results(tuple(studies), tuple(seeds), runs)
