"""Figures of the article: results in, drawn figures out. One theme, no pyplot, the same results the same bytes.

A study has figures of its own (`forms.py`); every other figure is a drawing, in a module of its own, and stands in
`DRAWINGS` here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from matplotlib.figure import Figure

from lrreport.errors import RenderError
from lrreport.figures import (
    claims,
    decay_curve,
    digits,
    effective_rate,
    ground_covered,
    loss_accuracy,
    network,
    one_step,
    overview,
    ravine,
    test_digits,
    units,
)
from lrreport.figures.colours import find_plain
from lrreport.figures.data import FigureData, list_curve_data, list_dot_data, list_map_data
from lrreport.figures.dots import make_list
from lrreport.figures.drawing import NARROW, WIDE, Drawing, Samples
from lrreport.figures.drawn import DrawnFigure, save_figure
from lrreport.figures.endings import describe_large
from lrreport.figures.forms import MOST_LINES, Part, choose_axes, find_part, list_parts
from lrreport.figures.heatmap import make_map
from lrreport.figures.small_multiples import describe_small_multiples, make_small_multiples
from lrreport.figures.study_curves import describe_study_curves, make_study_curves
from lrreport.figures.theme import theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.keys import run_key
from lrreport.results import Results
from lrreport.spec import Study

__all__ = [
    "OVERVIEW",
    "DrawnFigure",
    "FigureData",
    "Language",
    "Part",
    "Samples",
    "draw_figure",
    "draw_figures",
    "has_images",
    "list_figures",
    "list_parts",
    "narrow_results",
]

#: Every figure that is no study's own.
DRAWINGS: Final[tuple[Drawing, ...]] = (
    overview.DRAWING,
    digits.DRAWING,
    network.DRAWING,
    one_step.DRAWING,
    units.DRAWING,
    test_digits.DRAWING,
    ground_covered.DRAWING,
    ravine.DRAWING,
    effective_rate.DRAWING,
    decay_curve.DRAWING,
    loss_accuracy.DRAWING,
    claims.DRAWING,
)
_BY_NAME: Final = {drawing.name: drawing for drawing in DRAWINGS}
#: The drawing on the title page.
OVERVIEW: Final = overview.DRAWING.name


def list_figures(results: Results) -> tuple[str, ...]:
    """The names of all figures: drawings first, then the studies' in the article's order."""
    names = [drawing.name for drawing in DRAWINGS if drawing.is_possible(results)]
    for study in results.studies:
        names += [part.name for part in list_parts(study)]
    return tuple(names)


def has_images(name: str) -> bool:
    """Whether a figure shows images of the dataset."""
    return name in _BY_NAME and _BY_NAME[name].has_images


def narrow_results(name: str, results: Results) -> Results:
    """The same studies with no more runs than a figure shows: whatever else is measured cannot change it.

    Args:
        name: One of `list_figures(results)`.
        results: Of the whole report.
    """
    if name in _BY_NAME:
        settings = list(_BY_NAME[name].shows(results))
    else:
        study = _find_study(name, results)
        settings = [*study.settings, *filter(None, [find_plain(results, study)])]
    keys = dict.fromkeys(run_key(setting.run(seed)) for setting in settings for seed in results.seeds)
    inspections = {place: found for place, found in results.inspections.items() if place[0] in keys}
    return replace(results, runs={key: results.runs[key] for key in keys}, inspections=inspections)


def _find_study(name: str, results: Results) -> Study:
    """The study that a figure belongs to."""
    study = results.study(name.partition(".")[0])
    assert study is not None  # narrows the type: the names come from these studies
    return study


def draw_figure(name: str, results: Results, samples: Samples, language: Language) -> DrawnFigure:
    """Draw one figure.

    Args:
        name: One of `list_figures(results)`.
        results: Where the curves come from.
        samples: The images that it may show.
        language: `th` or `en`.

    Raises:
        RenderError: There is no such figure or language, a font is missing, a character has no glyph, or the figure does
            not fit on a page.
    """
    if language not in LANGUAGES:
        raise RenderError("Figures have no such language", got=repr(language), expected="th or en")
    # Whether a drawing is possible is a question about the whole report; these results may be narrowed to its own.
    known = [*_BY_NAME, *(part.name for study in results.studies for part in list_parts(study))]
    if name not in known:
        raise RenderError("There is no such figure", got=repr(name), expected="one of " + ", ".join(known))
    with theme():
        if (drawing := _BY_NAME.get(name)) is not None:
            return save_figure(
                drawing.make(results, samples, language, WIDE),
                drawing.make(results, samples, language, NARROW),
                name=name,
                language=language,
                alt=drawing.describe(results, samples, language),
                data=drawing.list_data(results, language) if drawing.list_data else None,
            )
        study = _find_study(name, results)
        figure, narrow, alt, data = _make_figure(results, study, find_part(study, name), language)
        return save_figure(figure, narrow, name=name, language=language, alt=alt, data=data, study=study.id)


def _make_figure(
    results: Results, study: Study, part: Part, language: Language
) -> tuple[Figure, Figure | None, str, FigureData]:
    """A study's figure, the same for a phone where it has curves, its text alternative and its numbers."""
    if part.form != "curves":
        axes = choose_axes(study)
        make = make_map if part.form == "map" else make_list
        figure = make(results, study, part, axes, language)
        alt = describe_large(results, study, part, axes, language)
        if part.form == "map":
            return figure, None, alt, list_map_data(results, study, axes, part.shown, language)
        return figure, None, alt, list_dot_data(results, study, part.shown, language)
    if len(study.settings) > MOST_LINES:
        wide, narrow = (make_small_multiples(results, study, part, language, form) for form in (WIDE, NARROW))
        alt = describe_small_multiples(results, study, part, language)
        return wide, narrow, alt, list_curve_data(results, study, language, has_loss=False, shown=part.shown)
    wide, narrow = (make_study_curves(results, study, language, form) for form in (WIDE, NARROW))
    alt = describe_study_curves(results, study, language)
    return wide, narrow, alt, list_curve_data(results, study, language, has_loss=True)


def draw_figures(results: Results, samples: Samples, language: Language) -> Iterator[DrawnFigure]:
    """Draw every figure, one after the other as they are asked for; see `draw_figure`."""
    for name in list_figures(results):
        yield draw_figure(name, results, samples, language)
