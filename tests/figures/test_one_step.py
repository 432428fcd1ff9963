"""The picture of one step: its paths are SGD's on L = 2 w², and its words stand at the rates that they are true of."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format
from lrreport.figures.one_step import DRAWING, RATES, measure_factor, walk
from lrreport.figures.theme import NARROW_IN, WIDTH_IN, theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.results import Results

NOTHING = Results((), (), {})


def draw(language: Language = "en", form: Format = WIDE) -> Figure:
    with theme():
        return DRAWING.make(NOTHING, NO_SAMPLES, language, form)


def lines_of(figure: Figure, gid: str) -> list[np.ndarray]:
    return [line.get_xydata() for axes in figure.axes for line in axes.lines if line.get_gid() == gid]


def texts_of(figure: Figure) -> list[list[str]]:
    return [[text.get_text() for text in axes.texts] for axes in figure.axes]


def test_every_path_is_the_powers_of_its_factor() -> None:
    """After n steps from 1 at rate r, w is (1 - 4 r)ⁿ."""
    for rate in RATES:
        np.testing.assert_allclose(walk(rate), [(1 - 4 * rate) ** number for number in range(7)], atol=1e-12)


def test_the_panels_draw_these_paths_on_the_valley() -> None:
    """Each panel has all seven places of its rate at their heights; only of rate 0.6 some lie outside."""
    paths = lines_of(draw(), "path")
    assert [len(path) for path in paths] == [7, 7, 7, 7, 7, 2]
    for rate, path in zip(RATES, paths, strict=True):
        powers = np.array([(1 - 4 * rate) ** number for number in range(len(path))])
        np.testing.assert_allclose(path, np.stack([powers, 2 * powers**2], axis=1), atol=1e-12)


def test_the_path_that_flies_off_ends_in_an_arrow_at_the_edge() -> None:
    """The arrow of rate 0.6 points from -1.4 towards 1.96 and ends on the panel's edge; no other panel has one."""
    figure = draw()
    arrows = [[item for item in axes.patches if item.get_gid() == "off"] for axes in figure.axes]
    assert [len(found) for found in arrows] == [0, 0, 0, 0, 0, 1]
    (start, end), axes = arrows[-1][0]._posA_posB, figure.axes[-1]
    assert start == pytest.approx((-1.4, 2 * 1.4**2))
    slope = (2 * 1.96**2 - 2 * 1.4**2) / (1.96 + 1.4)
    assert (end[1] - start[1]) / (end[0] - start[0]) == pytest.approx(slope)
    assert end[1] == pytest.approx(axes.get_ylim()[1])
    assert axes.get_xlim()[0] < end[0] < axes.get_xlim()[1]


def test_the_factors_are_written_with_a_real_minus() -> None:
    """The factors of the six rates, as they are computed by hand."""
    factors = ["0.96", "0.6", "0", "−0.8", "−1", "−1.4"]
    for texts, factor in zip(texts_of(draw()), factors, strict=True):
        assert f"factor {factor}" in texts


def test_the_words_are_true_of_the_factors() -> None:
    """What settles has a factor between -1 and 1, below 0 it goes to and fro, at -1 for ever, and beyond it flies off."""
    words = [texts[-1] for texts in texts_of(draw())]
    for rate, word in zip(RATES, words, strict=True):
        factor = measure_factor(rate)
        expected = (
            "flies off"
            if factor < -1
            else "to and fro for ever"
            if factor == -1
            else "overshoots, settles"
            if factor < 0
            else "one step"
            if factor == 0
            else "creeps"
            if factor**6 > 0.5
            else "arrives"
        )
        assert word == expected


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_narrow_format_has_two_rows_of_three_panels(language: Language) -> None:
    """All six panels in both formats, the wide one no taller than 1.75 inches."""
    wide, narrow = draw(language), draw(language, NARROW)
    assert wide.get_size_inches()[0] == WIDTH_IN
    assert wide.get_size_inches()[1] <= 1.75
    assert narrow.get_size_inches()[0] == NARROW_IN
    assert texts_of(wide) == texts_of(narrow)
    corners = {(round(axes.get_position().x0, 6), round(axes.get_position().y0, 6)) for axes in narrow.axes}
    assert len({x for x, _ in corners}) == 3
    assert len({y for _, y in corners}) == 2


def test_the_data_have_every_place() -> None:
    """Seven rows of six rates; at rate 0.45 the last is 0.8⁶."""
    data = DRAWING.list_data(NOTHING, "en")
    assert data.heads == ("Step", "0.01", "0.1", "0.25", "0.45", "0.5", "0.6")
    assert [row[0] for row in data.rows] == [str(number) for number in range(7)]
    assert data.rows[-1][4] == f"{0.8**6:.3f}"
    assert data.rows[1][1:] == ("0.96", "0.6", "0", "−0.8", "−1", "−1.4")
