"""The listings that the article prints run as they stand.

They are run whole, with three things cut down: one epoch, 2,000 rows, and the data from the checked cache instead of
Keras's download. Importing TensorFlow takes long, so one process runs them all, each in a namespace of its own.
"""

from __future__ import annotations

import ast
import dataclasses
import json
import os
import re
import runpy
import subprocess
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from lrreport.datasets import Dataset, load_dataset, pinned_digest
from lrreport.spec import format_value
from lrreport.study_files import load_built_in_studies

ROOT = Path(__file__).parent.parent
LISTINGS = {path.stem: path for path in sorted((ROOT / "templates" / "listings").glob("*.py"))}
STUDIES = {study.id: study for study in load_built_in_studies()}
ROWS = 2_000

#: The constant of a listing that holds what its study varies.
VARIED = {
    "learning-rate": "RATES",
    "momentum": "MOMENTA",
    "decay": "DECAYS",
    "decay-curve": "DECAYS",
    "plateau": "PATIENCES",
    "plateau-fast": "PATIENCES",
    "optimizers": "OPTIMIZERS",
}
#: Curves in each panel of a listing's figure.
CURVES = {
    "learning-rate": [2] * 8,
    "momentum": [2] * 4,
    "decay": [2] * 4,
    "decay-curve": [4],
    "plateau": [1] * 4 + [2] * 8,
    "plateau-fast": [1] * 4 + [2] * 8,
    "optimizers": [2] * 4,
}
#: Keras 3.15's ReduceLROnPlateau reads the rate in a way that NumPy 2 deprecates; no listing can help it.
NOT_OURS = "__array__ implementation doesn't accept a copy keyword"
#: Must be seen to fail: Keras ignores the argument and only warns.
OUTDATED = """import keras
keras.optimizers.SGD(0.01, decay=0.1)
"""


def _shorten(text: str) -> str:
    return re.sub(r"(?m)^EPOCHS = \d+$", "EPOCHS = 1", text)


def _run_listings(cache: Path, folder: Path, listings: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Run each listing in a folder of its own; called in the subprocess, which alone loads TensorFlow."""
    import keras  # type: ignore[import-untyped]
    import matplotlib.pyplot as plt

    mnist = load_dataset("mnist", cache_dir=cache, report=lambda _: None)
    calls = 0

    def answer() -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        nonlocal calls
        calls += 1
        return (
            (mnist.train_images[:ROWS], mnist.train_labels[:ROWS]),
            (mnist.test_images[:ROWS], mnist.test_labels[:ROWS]),
        )

    keras.datasets.mnist.load_data = answer
    fit = keras.Model.fit
    optimizers: list[dict[str, Any]] = []
    callbacks: list[dict[str, Any]] = []
    epochs: list[int] = []

    def watched_fit(model: Any, *arguments: Any, **named: Any) -> Any:
        optimizers.append(keras.optimizers.serialize(model.optimizer))
        for callback in named.get("callbacks", []):
            known = {key: getattr(callback, key) for key in ("monitor", "patience", "factor", "min_delta")}
            callbacks.append({"class_name": type(callback).__name__, **known})
        history = fit(model, *arguments, **named)
        epochs.append(len(history.epoch))
        return history

    keras.Model.fit = watched_fit
    outcomes: dict[str, dict[str, Any]] = {}
    for listing in listings:
        calls = 0
        optimizers.clear()
        callbacks.clear()
        epochs.clear()
        place = folder / listing.stem
        place.mkdir()
        os.chdir(place)
        script = folder / f"{listing.stem}-shortened.py"
        script.write_text(_shorten(listing.read_text(encoding="utf-8")), encoding="utf-8")
        problem = None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.filterwarnings("ignore", message=NOT_OURS, category=DeprecationWarning)
                runpy.run_path(str(script), run_name="__main__")
        except Exception as error:  # noqa: BLE001 - whatever a listing raises is the finding
            problem = f"{type(error).__name__}: {error}"
        outcomes[listing.stem] = {
            "problem": problem,
            "data_calls": calls,
            "optimizers": list(optimizers),
            "callbacks": list(callbacks),
            "epochs": list(epochs),
            "curves": [len(axes.lines) for number in plt.get_fignums() for axes in plt.figure(number).axes],
            "files": sorted(path.name for path in place.iterdir()),
        }
        plt.close("all")
    return outcomes


@pytest.fixture(scope="module")
def outcomes(
    mnist: Dataset,
    data_cache: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, dict[str, Any]]:
    """What came of every listing, and of one that is known to be out of date."""
    assert mnist.digest == pinned_digest("mnist")  # fetched before the subprocess asks for it
    folder = tmp_path_factory.mktemp("listings")
    outdated = folder / "outdated.py"
    outdated.write_text(OUTDATED, encoding="utf-8")
    result = folder / "outcomes.json"
    listings = [str(path) for path in (*LISTINGS.values(), outdated)]
    command = [sys.executable, "-m", "tests.test_listings", str(data_cache.resolve()), str(folder), str(result)]
    environment = {**os.environ, "MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(
        [*command, *listings], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
    for name in LISTINGS:
        figure = folder / name / f"{name}.png"
        found[name]["figure_start"] = figure.read_bytes()[:8] if figure.exists() else b""
    return found


def _constant(name: str, constant: str) -> list[Any]:
    """The value that a listing assigns to one of its constants."""
    for node in ast.parse(LISTINGS[name].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == constant:
            value = ast.literal_eval(node.value)
            return value if isinstance(value, list) else [value]
    pytest.fail(f"{name}.py has no constant {constant}")


def test_every_study_has_its_listing() -> None:
    """The folder holds one listing per built-in study and one for the decay curve, and each is run here."""
    assert set(LISTINGS) == {*STUDIES, "decay-curve"} == set(VARIED) == set(CURVES)


@pytest.mark.parametrize("name", LISTINGS)
def test_listing_runs_whole(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    """A listing runs to its end without any warning and writes its figure, with every curve in it, and nothing else."""
    outcome = outcomes[name]
    assert outcome["problem"] is None
    assert outcome["files"] == [f"{name}.png"]
    assert outcome["figure_start"] == b"\x89PNG\r\n\x1a\n"
    assert outcome["curves"] == CURVES[name]
    assert outcome["data_calls"] == (0 if name == "decay-curve" else 1)
    assert outcome["epochs"] == ([] if name == "decay-curve" else [1] * len(_constant(name, VARIED[name])))


def test_outdated_argument_is_noticed(outcomes: dict[str, dict[str, Any]]) -> None:
    """The run fails a script whose argument Keras no longer heeds."""
    assert "decay" in outcomes["outdated"]["problem"]


@pytest.mark.parametrize("name", LISTINGS)
def test_listing_has_its_study_settings(name: str) -> None:
    """A listing varies what its study varies, over the same values, for as many epochs."""
    study = STUDIES[name.removesuffix("-curve")]
    varied = [format_value(value) for value in _constant(name, VARIED[name])]
    assert varied == [setting.text for setting in study.settings]
    if name != "decay-curve":
        assert _constant(name, "EPOCHS") == [study.settings[0].epochs]


@pytest.mark.parametrize("name", STUDIES)
def test_listing_trains_what_the_study_trains(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    """The optimizers and callbacks that Keras got from a listing are those of the study's specs."""
    specs = [setting.spec for setting in STUDIES[name].settings]
    found = outcomes[name]["optimizers"]
    assert [each["class_name"].lower() for each in found] == [spec.optimizer for spec in specs]
    for optimizer, spec in zip((each["config"] for each in found), specs, strict=True):
        rate = optimizer["learning_rate"]
        if spec.decay:
            schedule = rate["config"]
            assert rate["class_name"] == "InverseTimeDecay"
            assert (schedule["initial_learning_rate"], schedule["decay_rate"]) == (spec.rate, spec.decay)
            assert (schedule["decay_steps"], schedule["staircase"]) == (1, False)
        else:
            assert rate == pytest.approx(spec.rate, rel=1e-6)
        assert optimizer.get("momentum", 0.0) == spec.momentum
    plateaus = [
        {"class_name": "ReduceLROnPlateau", "monitor": "val_loss", **dataclasses.asdict(spec.plateau)}
        for spec in specs
        if spec.plateau is not None
    ]
    assert outcomes[name]["callbacks"] == plateaus


@pytest.mark.parametrize("name", LISTINGS)
def test_listing_fits_the_page(name: str) -> None:
    """A listing is short enough to be printed: at most 46 lines of at most 78 characters."""
    lines = LISTINGS[name].read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 46
    assert max(map(len, lines)) <= 78


if __name__ == "__main__":
    _cache, _folder, _result, *_listings = map(Path, sys.argv[1:])
    _result.write_text(json.dumps(_run_listings(_cache, _folder, _listings)), encoding="utf-8")
