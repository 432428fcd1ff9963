"""Curves of more settings than one panel can hold: a panel for each, on as many figures as they need."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.colours import find_best, shade_settings
from lrreport.figures.comparison import Line, describe_ends, draw_lines, list_curves, name_curves, write_end
from lrreport.figures.drawing import Format
from lrreport.figures.forms import Part, count_columns
from lrreport.figures.labels import TextStyle, measure_label, shorten_label, write_label
from lrreport.figures.panels import Margins
from lrreport.figures.plateau import choose_seed, draw_rates, set_rate_axis
from lrreport.figures.scales import set_accuracy_axis
from lrreport.figures.theme import POINTS_PER_INCH, QUIET_COLOUR, SEMI_BOLD
from lrreport.figures.words import Language, describe_seeds, say
from lrreport.results import Results, Status
from lrreport.spec import Study

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "accuracy": {"th": "ค่าความถูกต้องบนชุดทดสอบ (%)", "en": "Test accuracy (%)"},
    "strip": {"th": "แถบล่างคืออัตราการเรียนรู้", "en": "strip: learning rate"},
}
#: Of a panel of accuracies; where a strip with the rate stands below it; and of the strip.
_PANEL_IN: Final = 0.82
_LOW_PANEL_IN: Final = 0.62
_STRIP_IN: Final = 0.24
_MARGINS: Final = Margins(left=0.36, top=0.62, between_rows=0.32, in_group=0.08)
_NARROW_COLUMNS: Final = 2
_VALUE_GAP_PT: Final = 5.0
#: How far above the first panel the heading of titles stands, and the title of all.
_HEADING_PT: Final = 18.0
_TITLE_PT: Final = 33.0


def make_small_multiples(results: Results, study: Study, part: Part, language: Language, form: Format) -> Figure:
    """Draw a panel with the test accuracy of each setting of a part; to be called inside `theme()`.

    Above a panel stand its setting and what it ends at; below it, where any rate moves, a strip with the rate in force.
    The axes are those of all settings of the study.
    """
    heading, names = name_curves(study, language)
    best = find_best(results, study)
    colours = shade_settings(study, best)
    lines = [
        Line(names[place], colours[place], results.of(setting), is_best=place == best)
        for place, setting in enumerate(study.settings)
    ]
    has_strips = any(setting.spec.plateau or setting.spec.decay for setting in study.settings)
    heights_in = (_LOW_PANEL_IN, _STRIP_IN) if has_strips else (_PANEL_IN,)
    columns = _NARROW_COLUMNS if form.is_narrow else count_columns(study)
    rows = len(heights_in)
    figure, grid = panels.make_grid(math.ceil(len(part.shown) / columns), columns, heights_in, _MARGINS, form.width_in)
    epochs = max(setting.epochs for setting in study.settings)
    curves = list_curves(lines, "test_accuracy_t")
    runs = [run for line in lines for run in line.runs]
    bold = choose_seed([line.runs for line in lines])
    note = ""
    for index, place in enumerate(part.shown):
        row, column = divmod(index, columns)
        stack = [grid[rows * row + level][column] for level in range(rows)]
        note = set_accuracy_axis(stack[0], curves, language, is_labelled=column == 0)
        draw_lines(stack[0], [lines[place]], "test_accuracy_t")
        _write_titles(stack[0], lines[place], language)
        for strip in stack[1:]:
            set_rate_axis(strip, runs, is_labelled=column == 0)
            draw_rates(strip, lines[place].runs, lines[place].colour, bold)
        for axes in stack:
            is_labelled = axes is stack[-1] and index + columns >= len(part.shown)
            panels.set_epoch_axis(axes, epochs, most_ticks=4, is_labelled=is_labelled)
    for index in range(len(part.shown), len(grid) // rows * columns):
        for level in range(rows):
            grid[rows * (index // columns) + level][index % columns].remove()
    _write_heading(grid[0][0], note, [heading, _WORDS["strip"][language] if has_strips else ""], form, language)
    panels.write_axis_labels(figure, x_label=say("epoch", language), margins=_MARGINS)
    return figure


def _write_titles(axes: Axes, line: Line, language: Language) -> None:
    """Above a panel its setting and what it ends at; at its foot, how many seeds diverged."""
    weight = SEMI_BOLD if line.is_best else 400
    value = write_end(line, "test_accuracy_t", language)
    write_label(axes, value, (1, 1), axes.transAxes, TextStyle(align="right", weight=weight, offset_pt=(0, 4)))
    room_pt = float(axes.bbox.width) - measure_label(value, weight=SEMI_BOLD) - _VALUE_GAP_PT
    name = shorten_label(line.name, room_pt, weight=SEMI_BOLD)
    write_label(axes, name, (0, 1), axes.transAxes, TextStyle(weight=SEMI_BOLD, offset_pt=(0, 4)))
    if lost := sum(run.status is Status.DIVERGED for run in line.runs):
        style = TextStyle(align="right", colour=QUIET_COLOUR, has_ground=True, offset_pt=(0, 4))
        write_label(axes, say("n-diverged", language, k=lost, n=len(line.runs)), (1, 0), axes.transAxes, style)


def _write_heading(first: Axes, note: str, headings: Sequence[str], form: Format, language: Language) -> None:
    """Above all panels what they show and what is odd about their axis; below it what titles and strips are values of."""
    start_pt = 2 - POINTS_PER_INCH * _MARGINS.left
    panels.write_heading(first, _WORDS["accuracy"][language], note, (start_pt, _TITLE_PT))
    if any(headings):
        room_pt = POINTS_PER_INCH * (form.width_in - _MARGINS.left - _MARGINS.right)
        text = shorten_label(" · ".join(filter(None, headings)), room_pt, weight=SEMI_BOLD)
        style = TextStyle(weight=SEMI_BOLD, colour=QUIET_COLOUR, offset_pt=(0, _HEADING_PT))
        write_label(first, text, (0, 1), first.transAxes, style)


def describe_small_multiples(results: Results, study: Study, part: Part, language: Language) -> str:
    """The text alternative of `make_small_multiples`."""
    count, epochs = len(part.shown), max(setting.epochs for setting in study.settings)
    seeds = describe_seeds(len(results.seeds), language)
    endings = describe_ends(results, study, language, ("test_accuracy_t",), part.shown)
    if language == "th":
        return (
            f"ค่าความถูกต้องบนชุดทดสอบของการทดลองเรื่อง {study.title['th']} ตั้งแต่รอบที่ 1 ถึง {epochs:,} มี {count} ช่อง "
            f"ช่องละหนึ่งค่า {seeds} เมื่อจบรอบสุดท้ายเป็นดังนี้ {endings}"
        )
    return (
        f"Test accuracy of {count} settings of the study '{study.title['en']}' over epochs 1 to {epochs:,}, a panel each; "
        f"{seeds}. After the last epoch: {endings}."
    )
