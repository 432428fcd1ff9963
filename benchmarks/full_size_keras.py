"""Whether the engine ends where Keras ends, on all of MNIST, in the two settings where luck counts most.

Rate 1, and momentum 0.99 at rate 0.01, from several seeds, after a few epochs: Keras draws its own starting weights
and is handed the images in another order every epoch, drawn by NumPy. No single run can agree, so that the two sets of
accuracies and losses are compared as distributions: their ranges, and the exact test of Mann and Whitney.

PYTHONPATH=. .venv/bin/python benchmarks/full_size_keras.py [--seeds 8] [--epochs 5]     (minutes)
"""

import argparse
import os
from itertools import combinations
from pathlib import Path

import keras
import numpy as np
import platformdirs

from lrreport.datasets import load_dataset, scale_images
from lrreport.engine.device import put_on_device, set_up_device
from lrreport.groups import Task
from lrreport.keys import run_key
from lrreport.spec import RunSpec
from tests.engine.training_alone import train

SETTINGS = {"rate 1": (1.0, 0.0), "momentum 0.99 at rate 0.01": (0.01, 0.99)}


def train_with_keras(rate, momentum, seed, epochs, dataset):
    """The last test accuracy and loss of plain Keras, whose images NumPy puts into another order every epoch."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.layers.Input((784,)),
            keras.layers.Dense(50, activation="relu", kernel_initializer="he_uniform"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.SGD(rate, momentum), "sparse_categorical_crossentropy", metrics=["accuracy"])
    images, tests = scale_images(dataset.train_images), scale_images(dataset.test_images)
    random = np.random.default_rng(seed)
    for _ in range(epochs):
        order = random.permutation(len(images))
        model.fit(images[order], dataset.train_labels[order], batch_size=32, shuffle=False, verbose=0)
    loss, accuracy = model.evaluate(tests, dataset.test_labels, batch_size=1000, verbose=0)
    return accuracy, loss


def mann_whitney(first, second):
    """The two-sided p value of the rank sum, exact: over every way to deal the values into two hands."""
    values = sorted([*first, *second])
    ranks = [np.mean([place for place, other in enumerate(values) if other == value]) for value in values]
    middle = len(first) * (len(values) - 1) / 2
    seen = abs(sum(ranks[values.index(value)] for value in first) - middle)
    sums = [abs(sum(hand) - middle) for hand in combinations(ranks, len(first))]
    return float(np.mean([total >= seen - 1e-9 for total in sums]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=5)
    options = parser.parse_args()
    cache = Path(os.environ.get("LRREPORT_CACHE") or platformdirs.user_cache_dir("lrreport"))
    dataset = load_dataset("mnist", cache_dir=cache, report=lambda _: None)
    data = put_on_device(dataset, set_up_device("cpu"))
    seeds = range(1, options.seeds + 1)
    for name, (rate, momentum) in SETTINGS.items():
        specs = [RunSpec(learning_rate=rate, momentum=momentum, seed=seed) for seed in seeds]
        saved = train(data, [Task(spec, 0, options.epochs) for spec in specs])
        histories = [saved[run_key(spec)].history for spec in specs]
        ours = [(float(item.test_accuracy_t[-1]), float(item.test_loss_t[-1])) for item in histories]
        theirs = [train_with_keras(rate, momentum, seed, options.epochs, dataset) for seed in seeds]
        print(f"{name}, {options.seeds} seeds, after epoch {options.epochs}")
        for place, measure in enumerate(("accuracy", "loss")):
            pair = [[run[place] for run in runs] for runs in (ours, theirs)]
            for who, values in zip(("lrreport", "Keras"), pair, strict=True):
                low, median, high = np.quantile(values, (0, 0.5, 1))
                print(f"  {measure:8} {who:8} {low:.4f} to {high:.4f}, median {median:.4f}, mean {np.mean(values):.4f}")
            print(f"  {measure:8} Mann-Whitney p = {mann_whitney(*pair):.3f}")


if __name__ == "__main__":
    main()
