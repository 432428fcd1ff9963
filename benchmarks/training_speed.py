"""Training speed against plain Keras: seconds per epoch and run, in short rounds that alternate, medians.

    .venv/bin/python benchmarks/training_speed.py [--rounds N] [--json]

Contestants, each on the full 60,000 + 10,000 MNIST images with batch 32:
  keras    one run by `model.fit` as the source's code has it (defaults, validation on the test set)
  engine   the 22 distinct runs of the source, in groups, on all cores

A round trains one epoch of Keras and two epochs of every group of the engine (the first of a program's life, which
compiles it, is not counted). The ratio is taken within each round, so that a noisy machine does not decide.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import threading
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import platformdirs

from lrreport.datasets import load_dataset, scale_images
from lrreport.engine.device import put_on_device, set_up_device
from lrreport.engine.training import GroupTraining
from lrreport.environment import available_cores, cpu_model, current_environment
from lrreport.groups import Task, make_groups
from lrreport.keys import run_key
from lrreport.study_files import load_built_in_studies

EPOCHS = 2


def source_runs():
    """The 22 distinct runs of the source's studies."""
    studies = [study for study in load_built_in_studies() if study.id != "plateau-fast"]
    return list({run_key(item.spec): item.spec for study in studies for item in study.settings}.values())


def keras_epoch(dataset, images, tests):
    import keras
    import numpy as np

    model = keras.Sequential(
        [
            keras.layers.Input((784,)),
            keras.layers.Dense(50, activation="relu", kernel_initializer="he_uniform"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.01), "categorical_crossentropy", metrics=["accuracy"])
    one_hot = np.eye(10, dtype=np.float32)
    data = (images, one_hot[dataset.train_labels])
    check = (tests, one_hot[dataset.test_labels])
    model.fit(data[0][:320], data[1][:320], validation_data=(check[0][:320], check[1][:320]), verbose=0)
    while True:
        began = time.perf_counter()
        model.fit(*data, validation_data=check, epochs=1, verbose=0)
        yield time.perf_counter() - began


def engine_seconds(groups, data, device):
    """Seconds for EPOCHS epochs of all groups, on as many threads as the device has workers."""
    waiting = list(reversed(groups))
    lock = threading.Lock()

    def work():
        while True:
            with lock:
                if not waiting:
                    return
                group = waiting.pop()
            GroupTraining(
                group,
                data,
                entries={},
                environment=current_environment(device.kind),
                save=lambda _: None,
                clock=time.monotonic,
            ).train(lambda: False, lambda _: None)

    threads = [threading.Thread(target=work) for _ in range(device.workers)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    cache = Path(os.environ.get("LRREPORT_CACHE") or platformdirs.user_cache_dir("lrreport"))
    dataset = load_dataset("mnist", cache_dir=cache, report=print)
    device = set_up_device("auto", available_cores())
    data = put_on_device(dataset, device)
    runs = source_runs()
    groups = make_groups([Task(spec, 0, EPOCHS) for spec in runs], device.kind)
    one_epoch = make_groups([Task(spec, 0, 1) for spec in (runs[0], runs[-1])], device.kind)
    engine_seconds(one_epoch, data, device)  # compiles both programs
    keras_rounds = keras_epoch(dataset, scale_images(dataset.train_images), scale_images(dataset.test_images))
    rounds = []
    for number in range(options.rounds):
        plain = next(keras_rounds)
        ours = engine_seconds(groups, data, device) / (EPOCHS * len(runs))
        rounds.append({"keras_s": plain, "engine_s": ours, "ratio": plain / ours})
        if not options.json:
            print(
                f"round {number + 1}: keras {plain:.2f} s, engine {ours:.3f} s per epoch and run, {plain / ours:.1f} times"
            )
    medians = {name: statistics.median(item[name] for item in rounds) for name in rounds[0]}
    if options.json:
        print(
            json.dumps(
                {
                    "machine": cpu_model(),
                    "cores": available_cores(),
                    "runs": len(runs),
                    "rounds": rounds,
                    "median": medians,
                }
            )
        )
    else:
        print(f"{cpu_model()}, {available_cores()} cores, {len(runs)} runs, medians of {len(rounds)} rounds:")
        print(
            f"keras {medians['keras_s']:.2f} s, engine {medians['engine_s']:.3f} s per epoch and run: {medians['ratio']:.1f} times"
        )


if __name__ == "__main__":
    main()
