"""The picture of the network: what it shows of a run is what the run's inspection has."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from lrreport.errors import RenderError
from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format, Samples
from lrreport.figures.drawn import save_figure
from lrreport.figures.network import DRAWING, choose_run, count_parameters
from lrreport.figures.theme import BEST_COLOUR, NARROW_IN, WIDTH_IN, theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.inspection import Inspection, inspect_network
from lrreport.keys import run_key
from lrreport.results import Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up

IMAGES = np.random.default_rng(7).integers(0, 256, (30, 28, 28), dtype=np.uint8)
LABELS = np.arange(30, dtype=np.uint8) % 10
SAMPLES = Samples(IMAGES[:0], LABELS[:0], IMAGES, LABELS)


def study_of(text: str, name: str = "own") -> Study:
    return parse_study(f'id = "{name}"\n[title]\nth = "ของเรา"\nen = "Our own"\n{text}', "own.toml")


def inspect(spec: RunSpec, epochs: int, scale: float = 1.0) -> Inspection:
    """A look into a network with made-up weights."""
    random = np.random.default_rng([spec.seed, int(1e6 * spec.rate)])
    widths = (784, *spec.hidden_units, 10)
    arrays: dict[str, np.ndarray] = {}
    for layer, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        kernel = random.normal(0, scale / np.sqrt(inputs), (inputs, outputs))
        arrays[f"weight/{layer}/kernel"] = kernel.astype(np.float32)
        arrays[f"weight/{layer}/bias"] = np.zeros(outputs, np.float32)
    found = inspect_network(arrays, IMAGES, LABELS, epochs=epochs)
    assert found is not None
    return found


def results_of(
    *studies: Study, seeds: tuple[int, ...] = (1,), right: Mapping[str, int] | None = None, scale: float = 1.0
) -> Results:
    """Made-up results with a look into every run, or into those of the settings named, with so many right answers."""
    inspections = {}
    for study in studies:
        for setting in study.settings:
            for seed in seeds:
                found = inspect(setting.run(seed), setting.epochs, scale)
                if right is not None and setting.text not in right:
                    continue
                if right is not None:
                    found = dataclasses.replace(found, right=right[setting.text])
                inspections[run_key(setting.run(seed)), setting.epochs] = found
    return dataclasses.replace(made_up.results(studies, seeds=seeds), inspections=inspections)


def rates(epochs: int = 3) -> Study:
    return load_built_in_studies({"epochs": epochs})[0]


def draw(results: Results, language: Language = "en", form: Format = WIDE) -> Figure:
    with theme():
        return DRAWING.make(results, SAMPLES, language, form)


def circles_of(figure: Figure, gid: str) -> np.ndarray:
    (found,) = (item for item in figure.axes[0].collections if item.get_gid() == gid)
    return found.get_facecolors()


def test_circles_are_as_dark_as_the_answers() -> None:
    """A unit's share of the largest answer of a unit, and an answer's probability; the best answer has its own colour."""
    results = results_of(rates(), scale=4.0)
    choice = choose_run(results)
    assert choice is not None
    figure = draw(results)
    activations_h = choice.inspection.activations_h
    np.testing.assert_allclose(circles_of(figure, "unit")[:, 3], activations_h / activations_h.max(), atol=1e-6)
    answer_kc = circles_of(figure, "answer")
    np.testing.assert_allclose(answer_kc[:, 3], choice.inspection.shares_k, atol=1e-6)
    best = int(np.argmax(choice.inspection.shares_k))
    orange = [int(BEST_COLOUR[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    assert [number for number in range(10) if np.allclose(answer_kc[number, :3], orange)] == [best]
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert [text for text in texts if "%" in text] == [f"{best}  {100 * choice.inspection.shares_k[best]:.1f}%"]


def test_a_probability_is_never_rounded_up_to_certainty() -> None:
    """Where one decimal would say 100.0%, the picture says that it is more than 99.9%."""
    results = results_of(rates())
    sure = np.zeros(10, np.float32)
    sure[3] = 1
    results = dataclasses.replace(
        results,
        inspections={place: dataclasses.replace(found, shares_k=sure) for place, found in results.inspections.items()},
    )
    assert "3  over 99.9%" in [text.get_text() for text in draw(results).axes[0].texts]
    assert "over 99.9%" in DRAWING.describe(results, SAMPLES, "en")


def test_the_image_is_the_first_of_the_test_set_dark_on_white() -> None:
    """Its pixels as they are, the other way round than the data have them."""
    (image,) = (item for axes in draw(results_of(rates())).axes for item in axes.images)
    np.testing.assert_array_equal(image.get_array(), 255 - IMAGES[0])


def test_lines_lead_to_every_unit_row_and_to_every_answer() -> None:
    """From each row of units a line to each answer, and to each row one from the upper and the lower end of the image."""
    first, second = (item for item in draw(results_of(rates())).axes[0].collections if isinstance(item, LineCollection))
    assert len(second.get_segments()) == 10 * 10
    assert len({tuple(segment[1]) for segment in second.get_segments()}) == 10
    assert len({tuple(segment[1]) for segment in first.get_segments()}) == 10


def test_weights_and_biases_are_counted_as_the_arrays_have_them() -> None:
    """39,760 for 50 units; for 20 units as many as the arrays of such a network."""
    assert sum(count_parameters(RunSpec())) == 39_760
    assert count_parameters(RunSpec(hidden_units=(20,))) == (784 * 20 + 20, 20 * 10 + 10)
    texts = [text.get_text() for text in draw(results_of(rates())).axes[0].texts]
    assert "39,250 + 510 = 39,760 weights and biases" in texts
    assert "50 hidden units" in texts
    assert "28 × 28 = 784 pixels" in texts
    assert "10 answers" in texts


def test_rate_0_1_is_shown_from_the_first_seed_that_there_is() -> None:
    """The run of the study of rates, however many answers others have right; a seed that diverged is passed over."""
    results = results_of(rates(), seeds=(1, 2))
    choice = choose_run(results)
    assert choice is not None
    assert (choice.setting.text, choice.seed) == ("0.1", 1)
    lost = (run_key(choice.setting.run(1)), choice.setting.epochs)
    left = {place: found for place, found in results.inspections.items() if place != lost}
    choice = choose_run(dataclasses.replace(results, inspections=left))
    assert choice is not None
    assert (choice.setting.text, choice.seed) == ("0.1", 2)


def test_without_it_the_best_small_network_is_shown() -> None:
    """The run with most right answers, and `shows` names its setting alone."""
    results = results_of(rates(), right={"1": 3, "0.01": 12, "0.001": 7})
    choice = choose_run(results)
    assert choice is not None
    assert choice.setting.text == "0.01"
    assert [setting.text for setting in DRAWING.shows(results)] == ["0.01"]


@pytest.mark.parametrize("units", ["[[]]", "[[65]]", "[[20, 20]]"])
def test_other_networks_have_no_such_picture(units: str) -> None:
    """Neither one without a hidden layer, nor a wide one, nor a deep one."""
    assert not DRAWING.is_possible(results_of(study_of(f"[vary]\nhidden_units = {units}")))


def test_without_a_look_inside_there_is_no_picture() -> None:
    """As where every run diverged."""
    assert not DRAWING.is_possible(made_up.results([rates()], seeds=(1,)))
    assert DRAWING.is_possible(results_of(rates()))


def test_without_an_image_it_refuses() -> None:
    """It never draws an empty frame."""
    with theme(), pytest.raises(RenderError, match="no image"):
        DRAWING.make(results_of(rates()), NO_SAMPLES, "en", WIDE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "text",
    ["[vary]\nhidden_units = [[1], [3], [50], [64]]", '[base]\ndataset = "fashion-mnist"\n[vary]\nmomentum = [0.0]'],
)
def test_every_size_and_dataset_fits_into_both_formats(text: str, language: Language) -> None:
    """No label is cut, whatever the classes are called and however many units there are."""
    study = study_of(text)
    for setting in study.settings:
        results = results_of(study, right={setting.text: 1})
        wide, narrow = draw(results, language), draw(results, language, NARROW)
        assert (wide.get_size_inches()[0], narrow.get_size_inches()[0]) == (WIDTH_IN, NARROW_IN)
        with theme():
            save_figure(wide, narrow, name="network", language=language, alt="")
        assert len(circles_of(narrow, "unit")) == setting.spec.hidden_units[0]


def test_the_description_and_the_data_have_the_numbers() -> None:
    """How many units answer, what the network answers and how surely."""
    results = results_of(rates(), scale=4.0)
    choice = choose_run(results)
    assert choice is not None
    shares_k = choice.inspection.shares_k
    text = DRAWING.describe(results, SAMPLES, "en")
    assert f"{int((choice.inspection.activations_h > 0).sum())} of the hidden units" in text
    assert f"answers {int(shares_k.argmax())}, with a probability of {100 * shares_k.max():.1f}%" in text
    rows = DRAWING.list_data(results, "en").rows
    np.testing.assert_allclose([float(row[1].rstrip("%")) for row in rows], 100 * shares_k, atol=0.006)
