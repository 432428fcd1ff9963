"""The figure of the test digits: every answer stands below its image, and the wrong ones are marked."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure

from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format, Samples
from lrreport.figures.drawn import save_figure
from lrreport.figures.test_digits import DRAWING, make_mosaic
from lrreport.figures.theme import NARROW_IN, SEMI_BOLD, WIDTH_IN, theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.inspection import Inspection
from lrreport.keys import run_key
from lrreport.results import Results, Status
from lrreport.study_files import load_built_in_studies
from tests import made_up

LABELS = (np.arange(20) * 7 + 3) % 10
#: Images, counted from 0, whose answers are wrong, by rate.
WRONG = {1.0: (8,), 0.1: (), 0.01: (8, 19), 0.001: (0, 8, 9, 10), 1e-5: tuple(range(5, 20))}
IMAGES = np.random.default_rng(0).integers(1, 256, (20, 28, 28), dtype=np.uint8)
SAMPLES = Samples(IMAGES, LABELS, IMAGES, LABELS)


def inspection(rate: float, epochs: int) -> Inspection:
    answers_i = LABELS.copy()
    answers_i[list(WRONG.get(rate, ()))] += 1
    return Inspection(
        epochs=epochs,
        right=9000,
        silent_units=(0,),
        layer_norms=(1.0, 1.0),
        confidence_right=0.9,
        confidence_wrong=0.5,
        answers_i=answers_i % 10,
        confidences_i=np.ones(20, np.float32),
        incoming_ud=np.zeros((10, 784), np.float32),
        activations_h=np.zeros(50, np.float32),
        shares_k=np.ones(10, np.float32),
    )


def results(epochs: int = 3, seeds: tuple[int, ...] = (1, 2), diverged: tuple[float, ...] = ()) -> Results:
    studies = [study for study in load_built_in_studies({"epochs": epochs}) if study.id == "learning-rate"]
    found = made_up.results(studies, seeds=seeds)
    runs, inspections = dict(found.runs), {}
    for setting in studies[0].settings:
        for seed in seeds:
            key = run_key(setting.run(seed))
            if setting.spec.rate in diverged:
                runs[key] = dataclasses.replace(runs[key], status=Status.DIVERGED, history=runs[key].history.first(1))
            else:
                inspections[key, epochs] = inspection(setting.spec.rate, epochs)
    return dataclasses.replace(found, runs=runs, inspections=inspections)


def draw(of: Results, language: Language = "en", form: Format = WIDE) -> Figure:
    with theme():
        return DRAWING.make(of, SAMPLES, language, form)


def digits_of(figure: Figure) -> list[tuple[float, float, str, bool]]:
    """Every digit that stands alone: its place, what it is, and whether it is bold; from the upper left one on."""
    found = []
    for text in figure.axes[0].texts:
        if len(text.get_text()) == 1 and text.get_text().isdigit() and text.get_ha() == "center":
            x, y = figure.axes[0].transData.transform(text.xy)
            found.append((round(float(x), 2), round(float(y), 2), text.get_text(), text.get_weight() == SEMI_BOLD))
    return sorted(found, key=lambda digit: (-digit[1], digit[0]))


def test_every_answer_stands_below_its_image_and_wrong_ones_are_marked() -> None:
    figure = draw(results())
    digits = digits_of(figure)
    assert len(digits) == 6 * 20
    lines = [digits[start : start + 20] for start in range(0, 120, 20)]
    assert "".join(text for _, _, text, _ in lines[0]) == "".join(map(str, LABELS))
    marks = [line.get_xydata() for line in figure.axes[0].lines if line.get_gid() == "wrong-box"]
    assert len(marks) == sum(map(len, WRONG.values()))
    middles = {tuple(np.round((mark.min(axis=0) + mark.max(axis=0)) / 2, 2)) for mark in marks}
    for line, (rate, wrong) in zip(lines[1:], WRONG.items(), strict=True):
        expected = [(label + (number in wrong)) % 10 for number, label in enumerate(LABELS)]
        assert [int(text) for _, _, text, _ in line] == expected, rate
        assert [is_bold for *_, is_bold in line] == [number in wrong for number in range(20)]
        assert [(x, y) in middles for x, y, *_ in line] == [number in wrong for number in range(20)]


def test_a_phone_has_two_blocks_of_ten() -> None:
    """The same digits, ten in a line, each in the column of its image; one picture still."""
    figure = draw(results(), form=NARROW)
    assert figure.get_size_inches()[0] == pytest.approx(NARROW_IN)
    digits = digits_of(figure)
    lines = [digits[start : start + 10] for start in range(0, 120, 10)]
    assert "".join(text for line in (lines[0], lines[6]) for _, _, text, _ in line) == "".join(map(str, LABELS))
    assert len({x for x, *_ in digits}) == 10
    (image,) = figure.axes[0].images
    assert image.get_array().shape[1] == 10 * 32 - 4
    left, right, bottom, top = image.get_extent()
    pixel = (right - left) / image.get_array().shape[1]
    assert pixel == pytest.approx((top - bottom) / image.get_array().shape[0]), "digits are not stretched"
    assert left + 14 * pixel == pytest.approx(lines[0][0][0], abs=0.02)
    assert bottom > lines[6][0][1] > bottom - 20
    assert lines[5][0][1] > bottom + 28 * pixel, "the second block begins below the answers of the first"


def test_the_mosaic_is_ink_on_nothing() -> None:
    """Each image in its place, and no ink elsewhere."""
    mosaic = make_mosaic(IMAGES, 10, 100)
    assert mosaic.shape == (128, 316, 4)
    for number, image in enumerate(IMAGES):
        top, left = 100 * (number // 10), 32 * (number % 10)
        np.testing.assert_array_equal(mosaic[top : top + 28, left : left + 28, 3], image)
    assert int(mosaic[..., 3].astype(np.int64).sum()) == int(IMAGES.astype(np.int64).sum())
    assert not mosaic[..., :3].any()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", [WIDE, NARROW])
def test_right_answers_and_accuracies_stand_beside(language: Language, form: Format) -> None:
    found = results()
    texts = [text.get_text() for text in draw(found, language, form).axes[0].texts]
    word = "of" if language == "en" else "จาก"
    for wrong in WRONG.values():
        assert f"{20 - len(wrong)} {word} 20" in texts
    for setting in found.studies[0].settings:
        if setting.spec.rate in WRONG:
            accuracy = float(found.of(setting)[0].history.test_accuracy_t[-1])
            assert f"{100 * accuracy:.1f}%" in texts


def test_the_words_tell_the_numbers() -> None:
    text = DRAWING.describe(results(), SAMPLES, "en")
    assert f"1: 19 (image 9 is {LABELS[8]} and read as {(LABELS[8] + 1) % 10})" in text
    assert "0.1: 20, of the whole" in text
    assert "10⁻⁵: 5 (image 6 is" in text


def test_it_is_low() -> None:
    width, height = draw(results()).get_size_inches()
    assert width == pytest.approx(WIDTH_IN)
    assert height <= 2.0


def test_a_short_report_with_diverged_runs_is_saved() -> None:
    """One seed, three epochs, rate 1 diverged; and without images nothing breaks."""
    found = results(seeds=(1,), diverged=(1.0,))
    for language in LANGUAGES:
        with theme():
            wide, narrow = (DRAWING.make(found, SAMPLES, language, form) for form in (WIDE, NARROW))
            drawn = save_figure(wide, narrow, name=DRAWING.name, language=language, alt="")
            DRAWING.make(found, NO_SAMPLES, language, WIDE)
        assert (drawn.svg.count("<image"), drawn.svg_narrow.count("<image")) == (1, 1)
        DRAWING.describe(found, NO_SAMPLES, language)
    assert "1: diverged" in DRAWING.describe(found, SAMPLES, "en")
    assert len(digits_of(draw(found))) == 5 * 20
    assert DRAWING.list_data is not None
    assert DRAWING.list_data(found, "en").rows[0] == ("1", *["–"] * 21)


def test_it_is_about_digits_and_needs_answers() -> None:
    found = results()
    assert DRAWING.is_possible(found)
    assert not DRAWING.is_possible(dataclasses.replace(found, inspections={}))
    assert not DRAWING.is_possible(results(diverged=(1.0, 0.1, 0.01)))
    clothes = [
        study
        for study in load_built_in_studies({"epochs": 3, "dataset": "fashion-mnist"})
        if study.id == "learning-rate"
    ]
    inspections = {(run_key(setting.run(1)), 3): inspection(setting.spec.rate, 3) for setting in clothes[0].settings}
    worn = dataclasses.replace(made_up.results(clothes, seeds=(1,)), inspections=inspections)
    assert not DRAWING.is_possible(worn)
