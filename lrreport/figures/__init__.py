"""Figures of the article: results in, drawn figures out. One theme, no pyplot, the same results the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lrreport.errors import RenderError
from lrreport.figures.colours import find_plain
from lrreport.figures.curves import describe_learning_curves, is_plateau_study, make_learning_curves
from lrreport.figures.data import FigureData, list_curve_data, list_decay_data, list_ending_data
from lrreport.figures.decay_curve import describe_decay_curve, make_decay_curve
from lrreport.figures.digits import describe_sample_digits, make_sample_digits
from lrreport.figures.drawn import DrawnFigure, save_figure
from lrreport.figures.overview import choose_overview_study, describe_overview, make_overview
from lrreport.figures.plateau import describe_plateau, make_plateau
from lrreport.figures.theme import theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.keys import run_key
from lrreport.results import Results

__all__ = [
    "OVERVIEW",
    "SAMPLE_DIGITS",
    "DrawnFigure",
    "FigureData",
    "Language",
    "draw_figure",
    "draw_figures",
    "list_figures",
    "narrow_results",
]

SAMPLE_DIGITS: Final = "sample-digits"
OVERVIEW: Final = "main-result"
DECAY_CURVE: Final = "decay-curve"
#: The study whose settings the analytic curve is drawn for.
_DECAY_STUDY: Final = "decay"


def list_figures(results: Results) -> tuple[str, ...]:
    """The names of all figures, in the article's order; no study's id is one of the other three names."""
    names = [OVERVIEW, SAMPLE_DIGITS] if choose_overview_study(results) else [SAMPLE_DIGITS]
    for study in results.studies:
        if study.id == _DECAY_STUDY:
            names.append(DECAY_CURVE)
        names.append(study.id)
    return tuple(names)


def narrow_results(name: str, results: Results) -> Results:
    """The same studies with no more runs than a figure shows: whatever else is measured cannot change it.

    Args:
        name: One of `list_figures(results)`.
        results: Of the whole report.
    """
    study = choose_overview_study(results) if name == OVERVIEW else results.study(name)
    settings = list(study.settings) if study else []
    if study and (plain := find_plain(results, study)):
        settings.append(plain)
    keys = dict.fromkeys(run_key(setting.run(seed)) for setting in settings for seed in results.seeds)
    return replace(results, runs={key: results.runs[key] for key in keys})


def draw_figure(
    name: str,
    results: Results,
    train_images: NDArray[np.uint8],
    train_labels: NDArray[np.integer],
    language: Language,
) -> DrawnFigure:
    """Draw one figure.

    Args:
        name: One of `list_figures(results)`.
        results: Where the curves come from.
        train_images: uint8 of shape (N, 28, 28); only `sample-digits` looks at them.
        train_labels: Classes 0 to 9, shape (N,).
        language: `th` or `en`.

    Raises:
        RenderError: There is no such figure or language, a font is missing, or a character has no glyph.
    """
    if language not in LANGUAGES:
        raise RenderError("Figures have no such language", got=repr(language), expected="th or en")
    if name not in list_figures(results):
        raise RenderError(
            "There is no such figure", got=repr(name), expected="one of " + ", ".join(list_figures(results))
        )
    with theme():
        if name == SAMPLE_DIGITS:
            dataset = results.studies[0].settings[0].spec.dataset if results.studies else "mnist"
            figure = make_sample_digits(train_images, train_labels, dataset, language)
            alt = describe_sample_digits(train_labels, dataset, language)
            return save_figure(figure, name=name, language=language, alt=alt)
        study = results.study(_DECAY_STUDY if name == DECAY_CURVE else name)
        if name == OVERVIEW:
            study = choose_overview_study(results)
        assert study is not None  # narrows the type; the name was checked above
        if name == OVERVIEW:
            figure, alt = make_overview(results, study, language), describe_overview(results, study, language)
            data = list_ending_data(results, study, language)
        elif name == DECAY_CURVE:
            figure, alt = make_decay_curve(results, study, language), describe_decay_curve(study, language)
            data = list_decay_data(study, language)
        elif is_plateau_study(study):
            figure, alt = make_plateau(results, study, language), describe_plateau(results, study, language)
            data = list_curve_data(results, study, language, has_loss=True)
        else:
            figure = make_learning_curves(results, study, language)
            alt = describe_learning_curves(results, study, language)
            data = list_curve_data(results, study, language, has_loss=False)
        return save_figure(figure, name=name, language=language, alt=alt, data=data)


def draw_figures(
    results: Results, train_images: NDArray[np.uint8], train_labels: NDArray[np.integer], language: Language
) -> Iterator[DrawnFigure]:
    """Draw every figure, one after the other as they are asked for; see `draw_figure`."""
    for name in list_figures(results):
        yield draw_figure(name, results, train_images, train_labels, language)
