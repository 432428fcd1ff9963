"""Figures of the article: results in, drawn figures out. One theme, no pyplot, the same results the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lrreport.errors import RenderError
from lrreport.figures.colours import find_plain
from lrreport.figures.curves import describe_learning_curves, is_plateau_study, make_learning_curves
from lrreport.figures.data import (
    FigureData,
    list_curve_data,
    list_decay_data,
    list_dot_data,
    list_ending_data,
    list_map_data,
)
from lrreport.figures.decay_curve import describe_decay_curve, make_decay_curve
from lrreport.figures.digits import describe_sample_digits, make_sample_digits
from lrreport.figures.dots import make_list
from lrreport.figures.drawn import DrawnFigure, save_figure
from lrreport.figures.endings import describe_large
from lrreport.figures.forms import Part, choose_axes, find_part, list_parts
from lrreport.figures.heatmap import make_map
from lrreport.figures.overview import choose_overview_study, describe_overview, make_overview
from lrreport.figures.plateau import describe_plateau, make_plateau
from lrreport.figures.theme import theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.keys import run_key
from lrreport.results import Results
from lrreport.spec import Study

__all__ = [
    "OVERVIEW",
    "SAMPLE_DIGITS",
    "DrawnFigure",
    "FigureData",
    "Language",
    "Part",
    "draw_figure",
    "draw_figures",
    "list_figures",
    "list_parts",
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
        names += [part.name for part in list_parts(results, study)]
    return tuple(names)


def find_study(name: str, results: Results) -> Study | None:
    """The study that a figure shows; None for the sample of digits, which shows none."""
    if name == OVERVIEW:
        return choose_overview_study(results)
    return results.study(_DECAY_STUDY if name == DECAY_CURVE else name.partition(".")[0])


def narrow_results(name: str, results: Results) -> Results:
    """The same studies with no more runs than a figure shows: whatever else is measured cannot change it.

    Args:
        name: One of `list_figures(results)`.
        results: Of the whole report.
    """
    study = None if name == DECAY_CURVE else find_study(name, results)
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
        RenderError: There is no such figure or language, a font is missing, a character has no glyph, or the figure does
            not fit on a page.
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
        study = find_study(name, results)
        assert study is not None  # narrows the type; the name was checked above
        figure, alt, data = _make_figure(name, results, study, language)
        return save_figure(figure, name=name, language=language, alt=alt, data=data, study=study.id)


def _make_figure(name: str, results: Results, study: Study, language: Language) -> tuple[Figure, str, FigureData]:
    """A study's figure, its text alternative and its numbers."""
    if name == DECAY_CURVE:
        figure, alt = make_decay_curve(results, study, language), describe_decay_curve(study, language)
        return figure, alt, list_decay_data(study, language)
    part = list_parts(results, study)[0] if name == OVERVIEW else find_part(results, study, name)
    shown = part.shown
    if part.form == "curves" and name == OVERVIEW:
        figure, alt = make_overview(results, study, language), describe_overview(results, study, language)
        return figure, alt, list_ending_data(results, study, language)
    if part.form != "curves":
        axes = choose_axes(study)
        make = make_map if part.form == "map" else make_list
        figure = make(results, study, part, axes, language)
        alt = describe_large(results, study, part, axes, language)
        if part.form == "map":
            return figure, alt, list_map_data(results, study, axes, shown, language)
        return figure, alt, list_dot_data(results, study, shown, language)
    is_plateau = is_plateau_study(study)
    make_curves, describe = (
        (make_plateau, describe_plateau) if is_plateau else (make_learning_curves, describe_learning_curves)
    )
    figure, alt = make_curves(results, study, language, part), describe(results, study, language, part)
    return figure, alt, list_curve_data(results, study, language, has_loss=is_plateau, shown=shown)


def draw_figures(
    results: Results, train_images: NDArray[np.uint8], train_labels: NDArray[np.integer], language: Language
) -> Iterator[DrawnFigure]:
    """Draw every figure, one after the other as they are asked for; see `draw_figure`."""
    for name in list_figures(results):
        yield draw_figure(name, results, train_images, train_labels, language)
