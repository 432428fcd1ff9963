"""The figure of hidden units: it shows the weights as they are, on one scale, and counts the silent units."""

from __future__ import annotations

import base64
import dataclasses
import io
import re

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format
from lrreport.figures.drawn import save_figure
from lrreport.figures.theme import DARK_COLOURS, NARROW_IN, WIDTH_IN, theme
from lrreport.figures.units import DRAWING, choose_limit, list_rows, make_unit_mosaic, shade_weights
from lrreport.figures.words import LANGUAGES, Language
from lrreport.inspection import Inspection
from lrreport.keys import run_key
from lrreport.results import Results, Status
from lrreport.study_files import load_built_in_studies
from tests import made_up

RATES = (1.0, 0.1, 0.01, 0.001, 1e-5)
#: How far weights reach, by rate.
REACH = {1.0: 4.0, 0.1: 0.5, 0.01: 0.3, 0.001: 0.15}
SILENT = {1: 33, 2: 28, 3: 41}


def inspection(rate: float, seed: int, epochs: int, units: int = 10) -> Inspection:
    random = np.random.default_rng([seed, int(1e6 * rate)])
    reach = np.full((units, 1), REACH.get(rate, 0.09))
    if rate == 1:
        reach[4:] = 0.4  # as it is: a few units run wild, the others keep small weights
    return Inspection(
        epochs=epochs,
        right=9000,
        silent_units=(SILENT[seed] if rate == 1 else 0,),
        layer_norms=(1.0, 1.0),
        confidence_right=0.9,
        confidence_wrong=0.5,
        answers_i=np.zeros(20, np.int64),
        confidences_i=np.ones(20, np.float32),
        incoming_ud=random.uniform(-reach, reach, (units, 784)).astype(np.float32),
        activations_h=np.zeros(50, np.float32),
        shares_k=np.ones(10, np.float32),
    )


def results(
    epochs: int = 3, seeds: tuple[int, ...] = (1, 2, 3), diverged: tuple[tuple[float, int], ...] = ()
) -> Results:
    studies = [study for study in load_built_in_studies({"epochs": epochs}) if study.id == "learning-rate"]
    found = made_up.results(studies, seeds=seeds)
    runs, inspections = dict(found.runs), {}
    for setting in studies[0].settings:
        for seed in seeds:
            key = run_key(setting.run(seed))
            if (setting.spec.rate, seed) in diverged:
                runs[key] = dataclasses.replace(runs[key], status=Status.DIVERGED, history=runs[key].history.first(1))
            else:
                inspections[key, epochs] = inspection(setting.spec.rate, seed, epochs)
    return dataclasses.replace(found, runs=runs, inspections=inspections)


def draw(of: Results, language: Language = "en", form: Format = WIDE) -> Figure:
    with theme():
        return DRAWING.make(of, NO_SAMPLES, language, form)


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_the_rows_are_the_rates_from_large_to_small() -> None:
    assert [row.setting.spec.rate for row in list_rows(results())] == list(RATES)


def test_colours_tell_sign_and_size() -> None:
    """Nothing at 0, half the opacity at half the limit, all of it from the limit on; a colour for each sign."""
    shades = shade_weights(np.array([0.0, 0.2, -0.2, 0.4, -0.4, 3.0, -3.0]), 0.4)
    assert shades[:, 3].tolist() == [0, 128, 128, 255, 255, 255, 255]
    assert (shades[1, :3] == shades[5, :3]).all()
    assert (shades[2, :3] == shades[6, :3]).all()
    assert (shades[1, :3] != shades[2, :3]).any()


def test_all_rows_have_one_scale() -> None:
    """The mosaic is as dense as the weights are large, from row to row; a weight has the same colour in every row."""
    rows = list_rows(results())
    limit = choose_limit(rows)
    mosaic = make_unit_mosaic(rows, 10, limit)
    density = [mosaic[31 * row : 31 * row + 28, :, 3].mean() for row in range(5)]
    assert density == sorted(density, reverse=True)
    assert density[0] > 3 * density[4]
    for number, row in enumerate(rows):
        assert row.incoming_ud is not None
        for unit in (0, 7):
            tile = mosaic[31 * number : 31 * number + 28, 31 * unit : 31 * unit + 28]
            weights = row.incoming_ud[unit].reshape(28, 28)
            is_strong = np.abs(weights) > 0.1 * limit
            assert (np.sign(weights) == np.where(tile[..., 0] > tile[..., 2], 1, -1))[is_strong].all()
            np.testing.assert_allclose(tile[..., 3] / 255, np.minimum(np.abs(weights) / limit, 1), atol=1 / 12 + 0.01)


def test_the_limit_leaves_few_weights_beyond_it() -> None:
    """About 3 in 100, as far as a limit of one digit can."""
    rows = list_rows(results())
    sizes = np.concatenate([np.abs(row.incoming_ud).ravel() for row in rows if row.incoming_ud is not None])
    limit = choose_limit(rows)
    assert f"{limit:.1g}" == f"{limit:g}"
    step = 10.0 ** np.floor(np.log10(limit))
    assert (sizes > limit + step / 2).mean() <= 0.03 <= (sizes > limit - step / 2).mean()
    assert {"0.3", "−0.3"} <= set(texts_of(draw(_small())))


def _small() -> Results:
    """Without the large weights, so that the limit is known."""
    found = results()
    small = {
        place: dataclasses.replace(item, incoming_ud=np.float32(0.28) * np.sign(item.incoming_ud))
        for place, item in found.inspections.items()
    }
    return dataclasses.replace(found, inspections=small)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", [WIDE, NARROW])
def test_silent_units_are_counted_seed_by_seed(language: Language, form: Format) -> None:
    texts = texts_of(draw(results(), language, form))
    assert "33, 28, 41" in texts
    assert texts.count("none" if language == "en" else "ไม่มี") == 4


def test_seeds_that_diverged_have_no_number() -> None:
    """And where it is the first seed, no weights."""
    found = results(diverged=((1.0, 1), (0.1, 2)))
    texts = texts_of(draw(found))
    assert {"–, 28, 41", "0, –, 0", "diverged"} <= set(texts)
    assert texts.count("diverged") == 1
    mosaic = make_unit_mosaic(list_rows(found), 10, 0.3)
    assert not mosaic[:28].any()
    assert mosaic[31:59].any()


def test_the_words_and_the_table_tell_the_numbers() -> None:
    found = results()
    text = DRAWING.describe(found, NO_SAMPLES, "en")
    assert "33, 28 and 41 at rate 1; none at 0.1, 0.01, 0.001 and 10⁻⁵" in text
    assert "is 4.00 in size at rate 1 and 0.09 at rate 10⁻⁵" in text
    assert DRAWING.list_data is not None
    table = DRAWING.list_data(found, "en")
    assert table.rows[0][:4] == ("1", "33", "28", "41")
    assert table.rows[1][:4] == ("0.1", "0", "0", "0")
    assert sum(count for _, count in table.groups) == len(table.heads) == len(table.rows[0])


def test_a_phone_has_fewer_units() -> None:
    wide, narrow = draw(results()), draw(results(), form=NARROW)
    assert wide.get_size_inches()[0] == pytest.approx(WIDTH_IN)
    assert wide.get_size_inches()[1] <= 2.6
    assert narrow.get_size_inches()[0] == pytest.approx(NARROW_IN)
    assert {"6", "7", "8", "9"} <= set(texts_of(wide))
    assert {"6", "7", "8", "9"} & set(texts_of(narrow)) == {"6"}


def test_a_short_report_of_one_seed_is_saved() -> None:
    """One picture an SVG, transparent, with no other colours than those that a dark page knows."""
    found = results(seeds=(1,))
    with theme():
        wide, narrow = (DRAWING.make(found, NO_SAMPLES, "th", form) for form in (WIDE, NARROW))
        drawn = save_figure(wide, narrow, name=DRAWING.name, language="th", alt="")
    for svg in (drawn.svg, drawn.svg_narrow):
        assert svg.count("<image") == 1
        assert set(re.findall(r'(?:fill|stroke)="(#\w+)"', svg)) <= set(DARK_COLOURS)
        content = re.search(r'href="data:image/png;base64,([^"]+)"', svg)
        assert content is not None
        image = Image.open(io.BytesIO(base64.b64decode(content[1])))
        assert image.convert("RGBA").getchannel("A").getextrema() == (0, 255)


def test_it_needs_three_rates_with_weights() -> None:
    found = results()
    kept = {key: item for key, item in found.inspections.items() if key[0] not in _keys(found, 1.0, 0.1, 0.01)}
    assert DRAWING.is_possible(found)
    assert not DRAWING.is_possible(dataclasses.replace(found, inspections=kept))
    assert not DRAWING.is_possible(dataclasses.replace(found, studies=()))


def _keys(found: Results, *rates: float) -> set[str]:
    return {
        run_key(setting.run(seed))
        for setting in found.studies[0].settings
        for seed in found.seeds
        if setting.spec.rate in rates
    }
