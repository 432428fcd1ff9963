"""The results of a full report, five seeds of every built-in study, as they were measured: what the article's words were written for.

`python -m tests.full_results CACHE` writes them anew from a cache that has them all.
"""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import Final

import numpy as np

from lrreport.datasets import load_dataset
from lrreport.inspection import Inspection
from lrreport.keys import run_key
from lrreport.results import CURVES, Environment, History, Results, RunResult, Status
from lrreport.store import Store
from lrreport.study_files import load_built_in_studies
from lrreport.training_stage import load_results

FILE: Final = Path(__file__).parent / "fixtures" / "full-results.npz"
SEEDS: Final = (1, 2, 3, 4, 5)
#: Numbers of an inspection that are kept of every run; pictures of weights are kept of these rates, seed 1.
NUMBERS: Final = ("epochs", "right", "silent_units", "layer_norms", "confidence_right", "confidence_wrong")
PICTURED: Final = (1.0, 0.1, 0.01, 0.001, 1e-05)


@functools.cache
def full_results() -> Results:
    """Every built-in study with seeds 1 to 5, 50 epochs each, on MNIST."""
    studies = load_built_in_studies()
    with np.load(FILE) as arrays:
        kept = {name: arrays[name] for name in arrays.files}
    keys = kept["keys"].tolist()
    numbers = json.loads(str(kept["numbers"]))
    environment = Environment(**json.loads(str(kept["environment"])))
    specs = {
        run_key(spec): spec
        for study in studies
        for setting in study.settings
        for seed in SEEDS
        for spec in [setting.run(seed)]
    }
    runs, inspections = {}, {}
    for place, key in enumerate(keys):
        history = History(*kept["curves"][place])
        runs[key] = RunResult(specs[key], Status.COMPLETE, history, environment, wall_s=1.0)
        scalars = {**numbers[place], "silent_units": tuple(numbers[place]["silent_units"])}
        scalars["layer_norms"] = tuple(numbers[place]["layer_norms"])
        pictured = kept["pictured"].tolist()
        incoming = kept["incoming"][pictured.index(key)] if key in pictured else np.zeros((10, 784), np.float16)
        inspections[key, len(history)] = Inspection(
            **scalars,
            answers_i=kept["answers"][place].astype(np.int64),
            confidences_i=kept["confidences"][place],
            incoming_ud=incoming.astype(np.float32),
            activations_h=kept["activations"][place],
            shares_k=kept["shares"][place],
        )
    return Results(studies, SEEDS, runs, inspections=inspections)


def write(cache: Path) -> None:
    """Write the file from a cache."""
    studies = load_built_in_studies()

    def load(name: str) -> object:
        return load_dataset(name, cache_dir=cache, report=lambda _: None)

    results = load_results(studies, SEEDS, Store(cache), load, lambda _: None)  # type: ignore[arg-type]
    keys = list(results.runs)
    found = [results.inspections[key, 50] for key in keys]
    pictured = [key for key in keys if (spec := results.runs[key].spec).seed == 1 and spec.rate in PICTURED]
    environment = results.runs[keys[0]].environment
    np.savez_compressed(
        FILE,
        keys=np.array(keys),
        curves=np.stack([[getattr(results.runs[key].history, name) for name in CURVES] for key in keys]),
        numbers=np.array(json.dumps([{name: getattr(item, name) for name in NUMBERS} for item in found])),
        environment=np.array(json.dumps({name: getattr(environment, name) for name in environment.__slots__})),
        answers=np.stack([item.answers_i for item in found]).astype(np.int8),
        confidences=np.stack([item.confidences_i for item in found]),
        activations=np.stack([item.activations_h for item in found]),
        shares=np.stack([item.shares_k for item in found]),
        pictured=np.array(pictured),
        incoming=np.stack([results.inspections[key, 50].incoming_ud for key in pictured]).astype(np.float16),
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]))
