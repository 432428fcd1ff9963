"""The listings run as they stand, and so do the notebooks that are made of them.

They are run whole, with three things cut down: one epoch, 2,000 rows, and the data from the checked cache instead of
Keras's download. Importing TensorFlow takes long, so one process runs them all, each in a namespace of its own. Once
more they run for two epochs of 320 rows, to look at the order in which `fit` visits the images.
"""

from __future__ import annotations

import ast
import dataclasses
import doctest
import hashlib
import json
import os
import re
import runpy
import subprocess
import sys
import tokenize
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest

from lrreport.analysis.summaries import summarise
from lrreport.article import notebooks
from lrreport.article.environment import find_listing, make_environment, read_listing
from lrreport.article.listings import choose_language, choose_shown
from lrreport.article.notebooks import make_listing_files
from lrreport.article.words import LANGUAGES, Language
from lrreport.datasets import Dataset, load_dataset, pinned_digest
from lrreport.errors import RenderError
from lrreport.results import History
from lrreport.spec import RunSpec, format_value
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up

ROOT = Path(__file__).parent.parent
LISTINGS = {path.stem: path for path in sorted((ROOT / "templates" / "listings").glob("*.py"))}
STUDIES = {study.id: study for study in load_built_in_studies() if study.id in LISTINGS}
ENVIRONMENT = make_environment()
#: The listing that is printed whole.
FIRST = "learning-rate"
ROWS = 2_000
#: Rows of the run that looks at orders; 0 to 319 are told by two pixels of the corner, which no digit sets.
ORDERED_ROWS = 320
CODED = 256

#: The constant of a listing that holds what its study varies.
VARIED = {
    "learning-rate": "RATES",
    "momentum": "MOMENTA",
    "decay": "DECAYS",
    "plateau": "PATIENCES",
    "plateau-fast": "PATIENCES",
    "optimizers": "OPTIMIZERS",
}
#: Keras 3.15's ReduceLROnPlateau reads the rate in a way that NumPy 2 deprecates; no listing can help it.
NOT_OURS = "__array__ implementation doesn't accept a copy keyword"
#: Of other data, epochs and values than the listing's file.
OTHER_STUDY = parse_study(
    'id = "momentum"\n[title]\nth = "ของเรา"\nen = "Ours"\n[base]\nepochs = 7\ndataset = "fashion-mnist"\n'
    "[vary]\nmomentum = [0.3, 0.6]\n",
    "momentum.toml",
)
#: Must be seen to fail: Keras ignores the argument and only warns.
OUTDATED = """import keras
keras.optimizers.SGD(0.01, decay=0.1)
"""


def _shorten(text: str, epochs: int) -> str:
    return re.sub(r"(?m)^EPOCHS = \d+$", f"EPOCHS = {epochs}", text)


def _run_program(program: Path, epochs: int) -> str | None:
    """Run a Python file, or the code cells of a notebook one after the other; returns what it raised."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", message=NOT_OURS, category=DeprecationWarning)
            if program.suffix == ".ipynb":
                namespace: dict[str, Any] = {"__name__": "__main__"}
                for cell in nbformat.read(program, as_version=4).cells:
                    if cell.cell_type == "code":
                        exec(compile(_shorten(cell.source, epochs), f"{program.stem}, {cell.id}", "exec"), namespace)
            else:
                script = program.with_name(f"{program.stem}-shortened.py")
                script.write_text(_shorten(program.read_text(encoding="utf-8"), epochs), encoding="utf-8")
                runpy.run_path(str(script), run_name="__main__")
    except Exception as error:  # noqa: BLE001 - whatever a listing raises is the finding
        return f"{type(error).__name__}: {error}"
    return None


@contextmanager
def _given(images: np.ndarray, labels: np.ndarray) -> Iterator[list[int]]:
    """Keras's data are these; the list that is yielded takes an item for each time that they are asked for."""
    import keras  # type: ignore[import-untyped]

    calls: list[int] = []

    def answer() -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        calls.append(1)
        return (images, labels), (images, labels)

    known = (keras.datasets.mnist, keras.datasets.fashion_mnist)
    before = [data.load_data for data in known]
    for data in known:
        data.load_data = answer
    try:
        yield calls
    finally:
        for data, load_data in zip(known, before, strict=True):
            data.load_data = load_data


def _run_listings(cache: Path, folder: Path, programs: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Run each program in a folder of its own; called in the subprocess, which alone loads TensorFlow."""
    import keras
    import matplotlib.pyplot as plt

    mnist = load_dataset("mnist", cache_dir=cache, report=lambda _: None)
    fit = keras.Model.fit
    seen: dict[str, list[Any]] = {"optimizers": [], "callbacks": [], "epochs": [], "starts": []}

    def watched_fit(model: Any, *arguments: Any, **named: Any) -> Any:
        seen["optimizers"].append(keras.optimizers.serialize(model.optimizer))
        seen["starts"].append(hashlib.sha256(b"".join(each.tobytes() for each in model.get_weights())).hexdigest())
        for callback in named.get("callbacks", []):
            known = {key: getattr(callback, key) for key in ("monitor", "patience", "factor", "min_delta")}
            seen["callbacks"].append({"class_name": type(callback).__name__, **known})
        history = fit(model, *arguments, **named)
        seen["epochs"].append(len(history.epoch))
        return history

    keras.Model.fit = watched_fit
    outcomes: dict[str, dict[str, Any]] = {}
    for program in programs:
        for values in seen.values():
            values.clear()
        place = folder / f"of-{program.name}"
        place.mkdir()
        os.chdir(place)
        with _given(mnist.train_images[:ROWS], mnist.train_labels[:ROWS]) as calls:
            problem = _run_program(program, epochs=1)
        outcomes[program.name] = {
            "problem": problem,
            "data_calls": len(calls),
            **{name: list(values) for name, values in seen.items()},
            "curves": [len(axes.lines) for number in plt.get_fignums() for axes in plt.figure(number).axes],
            "files": sorted(path.name for path in place.iterdir()),
        }
        plt.close("all")
    keras.Model.fit = fit
    return outcomes


def _watch_orders(folder: Path, programs: Iterable[Path]) -> dict[str, list[list[list[int]]]]:
    """The numbers of the images in the order in which each training visits them, epoch by epoch.

    Each image carries its number in two pixels, and every step is looked at as Keras makes it.
    """
    import keras
    import matplotlib.pyplot as plt

    images = np.zeros((ORDERED_ROWS, 28, 28), dtype=np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(ORDERED_ROWS), CODED)
    labels = np.arange(ORDERED_ROWS) % 10
    fit, train_step = keras.Model.fit, keras.Model.train_step
    visited: list[int] = []
    orders: list[list[list[int]]] = []

    def eager_fit(model: Any, *arguments: Any, **named: Any) -> Any:
        visited.clear()
        model.run_eagerly = True
        history = fit(model, *arguments, **named)
        orders.append([visited[at : at + ORDERED_ROWS] for at in range(0, len(visited), ORDERED_ROWS)])
        return history

    def watched_step(model: Any, data: Any) -> Any:
        high, low = np.rint(data[0].numpy()[:, :2] * 255).astype(int).T
        visited.extend((high * CODED + low).tolist())
        return train_step(model, data)

    keras.Model.fit, keras.Model.train_step = eager_fit, watched_step
    os.chdir(folder)
    found = {}
    for program in programs:
        orders.clear()
        with _given(images, labels):
            problem = _run_program(program, epochs=2)
        assert problem is None, problem
        found[program.name] = list(orders)
        plt.close("all")
    return found


@pytest.fixture(scope="module")
def outcomes(
    mnist: Dataset,
    data_cache: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, dict[str, Any]]:
    """What came of every listing, of a notebook, and of a program that is known to be out of date."""
    assert mnist.digest == pinned_digest("mnist")  # fetched before the subprocess asks for it
    folder = tmp_path_factory.mktemp("listings")
    programs = [folder / f"{name}.py" for name in LISTINGS]
    for program in programs:
        program.write_text(read_listing(ENVIRONMENT, program.stem, "th"), encoding="utf-8")
    notebook, outdated, ordered = folder / "decay.ipynb", folder / "outdated.py", folder / "one-order.py"
    filled = folder / "filled.py"
    filled.write_text(read_listing(ENVIRONMENT, "momentum", "th", OTHER_STUDY), encoding="utf-8")
    notebook.write_bytes(_make_files()["listings/th/decay.ipynb"])
    outdated.write_text(OUTDATED, encoding="utf-8")
    one_order = read_listing(ENVIRONMENT, "momentum", "th").replace(
        "    first = keras", "    keras.utils.set_random_seed(1)\n    first = keras"
    )
    ordered.write_text(one_order, encoding="utf-8")
    result = folder / "outcomes.json"
    command = [sys.executable, "-m", "tests.test_listings", str(data_cache.resolve()), str(folder), str(result)]
    environment = {**os.environ, "MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(
        [*command, *map(str, (*programs, notebook, outdated, filled)), "--orders", *map(str, (*programs, ordered))],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
    for name in (*(path.name for path in programs), notebook.name):
        figure = folder / f"of-{name}" / f"{name.partition('.')[0]}.png"
        found[name]["figure_start"] = figure.read_bytes()[:8] if figure.exists() else b""
    return found


def _make_files(
    languages: tuple[Language, ...] = LANGUAGES, overrides: dict[str, Any] | None = None, **options: Any
) -> dict[str, bytes]:
    """The report's listings with made-up results."""
    results = made_up.results(load_built_in_studies(overrides), **options)
    return make_listing_files(results, summarise(results), languages, ENVIRONMENT)


def _constant(name: str, constant: str) -> list[Any]:
    """The value that a listing assigns to one of its constants."""
    for node in ast.parse(LISTINGS[name].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == constant:
            value = ast.literal_eval(node.value)
            return value if isinstance(value, list) else [value]
    pytest.fail(f"{name}.py has no constant {constant}")


def _comments(source: str) -> list[str]:
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def test_every_study_of_the_source_has_its_listing() -> None:
    """The folder holds one listing for each study that the source asks for and for our second plateau, and each is run here."""
    assert set(LISTINGS) == set(STUDIES) == set(VARIED)
    without = {study.id for study in load_built_in_studies()} - set(LISTINGS)
    assert all(name.startswith("image-order") for name in without)  # what they show no reader would want to run


@pytest.mark.parametrize("program", [*(f"{name}.py" for name in LISTINGS), "decay.ipynb"])
def test_listing_runs_whole(program: str, outcomes: dict[str, dict[str, Any]]) -> None:
    """A listing runs to its end without any warning and writes its figure, with every curve in it, and nothing else."""
    outcome, name = outcomes[program], program.partition(".")[0]
    values = len(_constant(name, VARIED[name]))
    assert outcome["problem"] is None
    assert outcome["files"] == [f"{name}.png"]
    assert outcome["figure_start"] == b"\x89PNG\r\n\x1a\n"
    assert outcome["curves"] == [values, values]
    assert outcome["data_calls"] == 1
    assert outcome["epochs"] == [1] * values


def test_outdated_argument_is_noticed(outcomes: dict[str, dict[str, Any]]) -> None:
    """The run fails a script whose argument Keras no longer heeds."""
    assert "decay" in outcomes["outdated.py"]["problem"]


def test_every_training_sets_out_from_the_same_weights(outcomes: dict[str, dict[str, Any]]) -> None:
    """The initializers' seeds give all settings of all listings the same start."""
    starts = [start for name in LISTINGS for start in outcomes[f"{name}.py"]["starts"]]
    assert len(starts) == sum(len(study.settings) for study in STUDIES.values())
    assert len(set(starts)) == 1


@pytest.mark.parametrize("name", LISTINGS)
def test_listing_visits_the_images_in_new_orders(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    """Both epochs of every training visit every image once, each in an order of its own."""
    trainings = outcomes["orders"][f"{name}.py"]
    assert len(trainings) == len(_constant(name, VARIED[name]))
    for epochs in trainings:
        first, second = epochs
        assert sorted(first) == sorted(second) == list(range(ORDERED_ROWS))
        assert first != second
        assert list(range(ORDERED_ROWS)) not in epochs


def test_one_seed_for_all_would_keep_one_order(outcomes: dict[str, dict[str, Any]]) -> None:
    """With `keras.utils.set_random_seed` the epochs of the same program have one order: the test above can fail."""
    trainings = outcomes["orders"]["one-order.py"]
    assert len(trainings) == len(_constant("momentum", "MOMENTA"))
    for first, second in trainings:
        assert first == second
        assert first != list(range(ORDERED_ROWS))


@pytest.mark.parametrize("name", LISTINGS)
def test_listing_has_its_study_settings(name: str) -> None:
    """A listing varies what its study varies, over the same values, for as many epochs, and is called as its study."""
    study = STUDIES[name]
    varied = [format_value(value) for value in _constant(name, VARIED[name])]
    assert varied == [setting.text for setting in study.settings]
    assert _constant(name, "EPOCHS") == [study.settings[0].epochs]
    assert _constant(name, "NAME") == [name]


@pytest.mark.parametrize("name", STUDIES)
def test_listing_trains_what_the_study_trains(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    """The optimizers and callbacks that Keras got from a listing are those of the study's specs."""
    specs = [setting.spec for setting in STUDIES[name].settings]
    found = outcomes[f"{name}.py"]["optimizers"]
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
    assert outcomes[f"{name}.py"]["callbacks"] == plateaus


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LISTINGS)
def test_listing_fits_the_page(name: str, language: Language) -> None:
    """A listing is short enough to be printed: at most 46 lines of at most 78 characters."""
    lines = read_listing(ENVIRONMENT, name, language).splitlines()
    assert len(lines) <= 46
    assert max(map(len, lines)) <= 78


@pytest.mark.parametrize("name", LISTINGS)
def test_both_languages_have_the_same_program(name: str) -> None:
    """Only comments differ, which stand at the same places, in the language that was asked for, without any mark."""
    sources = {language: read_listing(ENVIRONMENT, name, language) for language in LANGUAGES}
    assert ast.dump(ast.parse(sources["th"])) == ast.dump(ast.parse(sources["en"]))
    code = {tuple(line for line in source.splitlines() if "#" not in line) for source in sources.values()}
    assert len(code) == 1
    for language, source in sources.items():
        comments = _comments(source)
        assert 4 <= len(comments) <= 6
        assert not any("[" in comment for comment in comments)
        assert all(bool(re.search("[\u0e01-\u0e5b]", comment)) == (language == "th") for comment in comments)
    assert len(set(map(len, map(_comments, sources.values())))) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_listing_is_shown_whole(language: Language) -> None:
    """The article prints all of it."""
    whole = read_listing(ENVIRONMENT, FIRST, language)
    assert find_listing(ENVIRONMENT, FIRST, language).text == whole.strip("\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(set(LISTINGS) - {FIRST}))
def test_the_shown_lines_are_those_that_change(name: str, language: Language) -> None:
    """Whatever is not shown of a listing stands in the first one, in the same order, and what is shown is short."""
    first, source = (read_listing(ENVIRONMENT, FIRST, language), LISTINGS[name].read_text("utf-8"))
    at = 0
    for kept in re.split(r"(?ms)^ *# \[shown\]\n.*?^ *# \[end\]\n", source):
        text = choose_language(kept, language)
        at = first.index(text, at) + len(text)
    assert at == len(first)
    shown = find_listing(ENVIRONMENT, name, language).text
    assert not re.search(r"\[(shown|end|th|en)\]", shown)
    assert len(shown.splitlines()) <= 17
    whole = read_listing(ENVIRONMENT, name, language).splitlines()
    assert [line for line in shown.splitlines() if line.strip() != "..." and line not in whole] == []
    ast.parse(shown)


@pytest.mark.parametrize("source", ["# [shown]\na = 1\n", "a = 1\n# [end]\n", "# [shown]\n# [shown]\n# [end]\n"])
def test_a_mark_without_its_other_is_refused(source: str) -> None:
    """Nobody prints half a listing without knowing."""
    with pytest.raises(RenderError, match="do not come in pairs") as caught:
        choose_shown("x", source, "en")
    assert caught.value.where == "listings/x"


def test_a_listing_shows_its_study(outcomes: dict[str, dict[str, Any]]) -> None:
    """Data, epochs and values are those of the study, in print and in the file, and what is filled in runs."""
    for text in (
        read_listing(ENVIRONMENT, "momentum", "en", OTHER_STUDY),
        find_listing(ENVIRONMENT, "momentum", "en", OTHER_STUDY).text,
    ):
        assert "\nMOMENTA = [0.3, 0.6]\n" in text
        assert ("keras.datasets.fashion_mnist.load_data()" in text) is ("EPOCHS = 7" in text)
        assert "mnist" not in text.replace("fashion_mnist", "")
    assert "EPOCHS = 7" in read_listing(ENVIRONMENT, "momentum", "en", OTHER_STUDY)
    ran = outcomes["filled.py"]
    assert ran["problem"] is None
    assert [optimizer["config"]["momentum"] for optimizer in ran["optimizers"]] == [0.3, 0.6]
    for name, study in STUDIES.items():
        assert read_listing(ENVIRONMENT, name, "en", study) == read_listing(ENVIRONMENT, name, "en")


def test_a_file_without_marks_is_one_for_all(tmp_path: Path) -> None:
    """A user's own program takes the place of ours as it is, comments and all."""
    (tmp_path / "listings").mkdir()
    source = "# [note] mine\nx = [1]  # [th]\n"
    (tmp_path / "listings" / "momentum.py").write_text(source, "utf-8")
    environment = make_environment(tmp_path)
    for language in LANGUAGES:
        assert read_listing(environment, "momentum", language) == source
        assert find_listing(environment, "momentum", language).text == source.strip("\n")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", LISTINGS)
def test_notebook_is_the_listing(name: str, language: Language) -> None:
    """A notebook is valid, has no output, and its code is the program; before it stands what it should end at."""
    files = _make_files()
    code = files[f"listings/{language}/{name}.py"].decode()
    assert code == read_listing(ENVIRONMENT, name, language)
    notebook = nbformat.reads(files[f"listings/{language}/{name}.ipynb"].decode(), as_version=4)
    nbformat.validate(notebook)
    introduction, *cells = notebook.cells
    assert introduction.cell_type == "markdown"
    assert {cell.cell_type for cell in cells} == {"code"}
    assert not any(cell.outputs or cell.execution_count for cell in cells)
    assert "\n\n\n".join(cell.source for cell in cells) == code.strip("\n")
    assert len(cells) == 3
    assert notebook.metadata.kernelspec.name == "python3"
    title, what, end, time, colab = introduction.source.split("\n\n")
    assert title == f"# {STUDIES[name].title[language]}"
    assert "MNIST" in what
    assert str(len(STUDIES[name].settings)) in what
    best = max((item for item in _summaries() if item.study == name), key=lambda item: item.last_test_accuracy.mean)
    assert f"{100 * best.last_test_accuracy.mean:.1f}%" in end
    assert ("50 รอบ" if language == "th" else "50 epochs") in end
    assert str(25 if name == FIRST else 10) in time
    assert "Colab" in colab


def _summaries() -> tuple[Any, ...]:
    return summarise(made_up.results(load_built_in_studies()))


def test_listings_of_a_report_are_those_of_its_studies_and_languages() -> None:
    """Each study with a listing has two files a language, byte for byte the same when they are made again."""
    both, thai = _make_files(), _make_files(("th",))
    assert set(both) == {
        f"listings/{lang}/{name}.{end}" for lang in LANGUAGES for name in LISTINGS for end in ("py", "ipynb")
    }
    assert thai == {name: content for name, content in both.items() if name.startswith("listings/th/")}
    assert both == _make_files()


def test_notebook_promises_no_more_than_was_measured() -> None:
    """Of a short training it tells the short end, of other data their end, and of a study that diverged nothing."""

    def diverging(spec: RunSpec, epochs: int) -> History:
        return made_up.history(spec, epochs).first(1)

    def introduction(**options: Any) -> str:
        text = _make_files(("en",), **options)["listings/en/momentum.ipynb"].decode()
        return str(nbformat.reads(text, as_version=4).cells[0].source)

    assert "right after 3 epochs." in introduction(overrides={"epochs": 3})
    assert "right after 1 epoch." in introduction(overrides={"epochs": 1})
    assert "the pictures of Fashion-MNIST" in introduction(overrides={"dataset": "fashion-mnist"})
    assert "In the report" not in introduction(make_history=diverging)


def test_examples_of_docstrings_are_true() -> None:
    """Every example in the notebooks' module gives what it says."""
    assert doctest.testmod(notebooks).failed == 0


if __name__ == "__main__":
    _arguments = sys.argv[1:]
    _at = _arguments.index("--orders")
    _cache, _folder, _result, *_programs = map(Path, _arguments[:_at])
    _found: dict[str, Any] = dict(_run_listings(_cache, _folder, _programs))
    _found["orders"] = _watch_orders(_folder, map(Path, _arguments[_at + 1 :]))
    _result.write_text(json.dumps(_found), encoding="utf-8")
