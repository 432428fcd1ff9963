"""The picture of the ravine: its paths are those of heavy-ball momentum, and what it says of them is true."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format
from lrreport.figures.ravine import CURVATURES, DRAWING, MOMENTA, RATE, RING, START, STEPS, find_arrival, walk
from lrreport.figures.theme import NARROW_IN, WIDTH_IN, theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.results import Results

NOTHING = Results((), (), {})


def draw(language: Language = "en", form: Format = WIDE) -> Figure:
    with theme():
        return DRAWING.make(NOTHING, NO_SAMPLES, language, form)


def paths_of(figure: Figure) -> list[np.ndarray]:
    return [line.get_xydata() for axes in figure.axes for line in axes.lines if line.get_gid() == "path"]


def solve(momentum: float, steps: int) -> np.ndarray:
    """The same paths from the powers of a matrix, for each direction by itself."""
    places = []
    for curvature, start in zip(CURVATURES, START, strict=True):
        pull = RATE * curvature
        move = np.array([[1 - pull, momentum], [-pull, momentum]])
        states = [np.linalg.matrix_power(move, number) @ np.array([start, 0.0]) for number in range(steps + 1)]
        places.append([state[0] for state in states])
    return np.array(places).T


def test_the_panels_draw_what_the_rule_gives() -> None:
    """Each panel's path is that of its momentum, as matrix powers give it, and has as many steps as the others."""
    paths = paths_of(draw())
    assert [len(path) for path in paths] == [STEPS + 1] * 3
    for momentum, path in zip(MOMENTA, paths, strict=True):
        np.testing.assert_allclose(path, solve(momentum, STEPS), atol=1e-9)


def test_without_momentum_it_is_plain_sgd() -> None:
    """Each direction shrinks by 1 - rate × curvature a step."""
    shrunk = [(np.array(START) * (1 - RATE * np.array(CURVATURES)) ** number) for number in range(STEPS + 1)]
    np.testing.assert_allclose(walk(0.0), shrunk)


def test_the_arrivals_in_the_picture_are_those_of_the_paths() -> None:
    """Before the step that is written some place lies outside of the ring, and from it on none does."""
    figure = draw()
    for axes, momentum in zip(figure.axes, MOMENTA, strict=True):
        step = find_arrival(momentum)
        far = np.hypot(*solve(momentum, 900).T)
        assert far[step - 1] > RING
        assert (far[step:] <= RING).all()
        assert f"stays in the ring from step {step}" in [text.get_text() for text in axes.texts]


def test_the_words_are_true_of_the_paths() -> None:
    """Plain SGD is still more than half way off; 0.9 has arrived, at least four times as early; 0.99 goes far past."""
    creeping, gliding, flying = (solve(momentum, STEPS) for momentum in MOMENTA)
    far = -START[0]
    assert np.hypot(*creeping[-1]) > far / 2
    assert np.hypot(*gliding[-1]) < RING
    assert find_arrival(0.9) * 4 < find_arrival(0.0)
    assert gliding[:, 0].max() < 0.2 * far
    assert flying[:, 0].max() > 0.8 * far
    assert find_arrival(0.99) > find_arrival(0.0)


def test_no_path_leaves_its_panel_and_the_ring_is_round() -> None:
    """Everything that is told is seen, and both directions have one scale."""
    for form in (WIDE, NARROW):
        for axes, path in zip(draw(form=form).axes, paths_of(draw(form=form)), strict=True):
            for column, (low, high) in enumerate((axes.get_xlim(), axes.get_ylim())):
                assert low < path[:, column].min()
                assert path[:, column].max() < high
            across = axes.bbox.width / np.ptp(axes.get_xlim())
            assert axes.bbox.height / np.ptp(axes.get_ylim()) == pytest.approx(across)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_narrow_format_has_its_panels_one_above_the_other(language: Language) -> None:
    """A row of three panels, or three rows; the words are the same."""
    wide, narrow = draw(language), draw(language, NARROW)
    assert (wide.get_size_inches()[0], narrow.get_size_inches()[0]) == (WIDTH_IN, NARROW_IN)
    assert len({round(axes.get_position().y0, 6) for axes in wide.axes}) == 1
    assert len({round(axes.get_position().x0, 6) for axes in narrow.axes}) == 1
    words = [[[text.get_text() for text in axes.texts] for axes in figure.axes] for figure in (wide, narrow)]
    assert words[0] == words[1]


def test_the_data_say_how_far_each_came() -> None:
    """A row a momentum: its distance after the last step, how far past the bottom it went, and its arrival."""
    rows = DRAWING.list_data(NOTHING, "en").rows
    for momentum, row in zip(MOMENTA, rows, strict=True):
        path = solve(momentum, STEPS)
        farthest = max(0.0, path[:, 0].max())
        assert row == (
            f"{momentum:g}",
            f"{np.hypot(*path[-1]):.1f}",
            f"{farthest:.1f}",
            str(find_arrival(momentum)),
        )
