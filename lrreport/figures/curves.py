"""Learning curves of a study: all settings in one panel, then each by itself with train, test and its rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.figures import comparison, panels
from lrreport.figures.colours import colour_settings, colours_of, find_plain, identify
from lrreport.figures.comparison import Line
from lrreport.figures.envelopes import FloatArray, count_band, draw_envelope, make_envelope, pick_epochs
from lrreport.figures.forms import BETWEEN_IN, TITLE_IN, TITLE_LINE_IN, Part, choose_grid, places_of
from lrreport.figures.labels import TextStyle, write_label
from lrreport.figures.legend import draw_legend, legend_height_in, list_legend
from lrreport.figures.panels import Margins
from lrreport.figures.rates import choose_rate_range, draw_rates, set_log_axis
from lrreport.figures.theme import QUIET_COLOUR, TEXT_COLOUR
from lrreport.figures.words import (
    Language,
    describe_seeds,
    describe_settings,
    format_percent,
    join_words,
    name_settings,
    name_short,
    say,
)
from lrreport.results import Results, RunResult, Status
from lrreport.spec import Study

_PER_CENT: Final = 100.0
_NOTE_LINE_PT: Final = 12.5
#: Room above and below a note, as a share of the panel, beyond which more room is no better.
_ENOUGH: Final = 0.04


def make_learning_curves(results: Results, study: Study, language: Language, part: Part | None = None) -> Figure:
    """Draw a study's learning curves; to be called inside `theme()`.

    At the top stand the test curves of all settings in one panel. Below it each setting has a panel of its own: the
    mean over the seeds and their range for train and test, a cross where a seed diverged, and a strip with the rate.

    Args:
        results: Where the curves come from.
        study: One of its studies.
        language: `th` or `en`.
        part: Which of its settings are shown; by default all of them. The axes are those of all.
    """
    all_runs = [results.of(setting) for setting in study.settings]
    shown = places_of(study, part)
    runs = [all_runs[place] for place in shown]
    all_titles = describe_settings(study, language)
    titles = [all_titles[place] for place in shown]
    all_colours = colours_of(results, study)
    colours = [all_colours[place] for place in shown]
    epochs = max(setting.epochs for setting in study.settings)
    own = choose_grid(results, study)
    columns = own.columns
    low, high = panels.choose_accuracy_range(_accuracy_curves(all_runs))
    has_diverged = any(run.status is Status.DIVERGED for group in runs for run in group)
    lines = list_lines(results, study, language) if shown[0] == 0 else []
    legend = list_legend(language, n=count_band(runs), has_diverged=has_diverged)
    extra_in = TITLE_LINE_IN * (max(len(texts) for texts in titles) - 1)
    margins = Margins(left=0.74, between_rows=BETWEEN_IN + extra_in)
    above_in = comparison.height_in() if lines else 0.0
    margins = replace(margins, top=above_in + legend_height_in(legend, margins) + TITLE_IN + extra_in)
    figure, grid = panels.make_grid(math.ceil(len(titles) / columns), columns, own.heights_in, margins)
    rates = choose_rate_range(all_runs)
    for index, (group, texts) in enumerate(zip(runs, titles, strict=True)):
        row, column = divmod(index, columns)
        axes, strip = grid[2 * row][column], grid[2 * row + 1][column]
        _draw_panel(axes, group, colours[index], low)
        panels.write_title(axes, texts)
        panels.set_accuracy_axis(axes, low, high, is_labelled=column == 0)
        write_notes(axes, group, language, has_value=not lines)
        draw_rates(strip, group, language)
        set_log_axis(strip, *rates, is_labelled=column == 0, most=2)
        most_ticks = panels.most_epoch_ticks(columns)
        panels.set_epoch_axis(axes, epochs, most_ticks=most_ticks, is_labelled=False)
        panels.set_epoch_axis(strip, epochs, most_ticks=most_ticks, is_labelled=index + columns >= len(titles))
    for index in range(len(titles), len(grid) // 2 * columns):
        for line in (0, 1):
            grid[2 * (index // columns) + line][index % columns].remove()
    draw_legend(figure, legend, margins, top_in=above_in)
    if lines:
        comparison.draw_comparison(figure, lines, name_short(study, language)[0], language, left_in=margins.left)
    panels.write_axis_labels(figure, x_label=say("epoch", language), margins=margins)
    label = panels.accuracy_label(low, language, is_short=len(titles) <= columns)
    panels.write_row_label(figure, [line[0] for line in grid[::2]], label)
    return figure


def list_lines(results: Results, study: Study, language: Language) -> list[Line]:
    """What the panel of all settings shows; empty where there is nothing to compare, or too much.

    In front of a study's own lines stands the same training at a fixed rate, where the report has it.
    """
    _, names = name_short(study, language)
    settings = list(zip(study.settings, names, strict=True))
    if (plain := find_plain(results, study)) is not None:
        name = say("no-callback" if is_plateau_study(study) else "no-decay", language)
        settings.insert(0, (plain, name))
    colours = colour_settings(results)
    lines = [
        Line(name, colours[identify(setting.spec)], envelope)
        for setting, name in settings
        if (envelope := make_envelope(results.of(setting), "test_accuracy_t"))
    ]
    return lines if 1 < len(lines) <= comparison.MOST_LINES else []


def is_plateau_study(study: Study) -> bool:
    """Whether any setting of the study cuts its rate on a plateau."""
    return any(setting.spec.plateau is not None for setting in study.settings)


def describe_learning_curves(results: Results, study: Study, language: Language, part: Part | None = None) -> str:
    """The text alternative of `make_learning_curves`, its numbers computed from the same curves."""
    shown = places_of(study, part)
    count, epochs = len(shown), max(setting.epochs for setting in study.settings)
    seeds = describe_seeds(len(results.seeds), language)
    endings = describe_endings(results, study, language, shown)
    has_lines = shown[0] == 0 and list_lines(results, study, language)
    if language == "th":
        panels_text = f"มี {count} ชุดค่า ชุดละหนึ่งช่อง" if count > 1 else "มีชุดค่าเดียว"
        together = "ช่องบนสุดเทียบข้อมูลทดสอบของทุกชุดค่า " if has_lines else ""
        return (
            f"เส้นโค้งการเรียนรู้ของการทดลองเรื่อง {study.title['th']} {panels_text} แกนนอนคือรอบที่ 1 ถึง {epochs:,} "
            f"แกนตั้งคือความถูกต้องเป็นร้อยละ {together}เส้นประคือข้อมูลฝึก เส้นทึบคือข้อมูลทดสอบ "
            f"แถบใต้แต่ละช่องคืออัตราการเรียนรู้ที่ใช้จริง {seeds} "
            f"เมื่อจบรอบสุดท้าย ความถูกต้องของข้อมูลทดสอบเป็นดังนี้ {endings}"
        )
    whole = count == len(study.settings)
    panels_text = f"one panel for each of {'its ' if whole else ''}{count} settings" if count > 1 else "one panel"
    together = "the top panel has the test data of all settings, " if has_lines else ""
    return (
        f"Learning curves of the study '{study.title['en']}', {panels_text}: epochs 1 to {epochs:,} across, accuracy in "
        f"per cent upwards, {together}training data dashed, test data solid, below each panel a strip with the learning "
        f"rate in force; {seeds}. "
        f"Test accuracy after the last epoch: {endings}."
    )


def describe_endings(results: Results, study: Study, language: Language, shown: Sequence[int] | None = None) -> str:
    """Each setting with its mean test accuracy after the last epoch, and how many seeds diverged."""
    items = []
    names = name_settings(study, language)
    for place in range(len(study.settings)) if shown is None else shown:
        runs, name = results.of(study.settings[place]), names[place]
        numbers = []
        if envelope := make_envelope(runs, "test_accuracy_t"):
            ending = format_percent(float(envelope.mean_t[-1]))
            numbers.append(f"ได้ {ending}" if language == "th" else ending)
        if lost := sum(run.status is Status.DIVERGED for run in runs):
            numbers.append(say("n-diverged", language, k=lost, n=len(runs)))
        items.append(f"{name} {' '.join(numbers)}" if language == "th" else f"{name}: {', '.join(numbers)}")
    if language == "en" and any("," in item for item in items):
        return "; ".join(items)
    return join_words(tuple(items), language)


def _accuracy_curves(runs: Sequence[Sequence[RunResult]]) -> list[FloatArray]:
    return [
        np.asarray(curve, dtype=np.float64)
        for group in runs
        for run in group
        for curve in (run.history.train_accuracy_t, run.history.test_accuracy_t)
    ]


def _draw_panel(axes: Axes, runs: Sequence[RunResult], colour: str, low: float) -> None:
    if train := make_envelope(runs, "train_accuracy_t"):
        draw_envelope(axes, train, is_train=True, scale=_PER_CENT)
    if test := make_envelope(runs, "test_accuracy_t"):
        draw_envelope(axes, test, is_train=False, scale=_PER_CENT, colour=colour)
    for run in runs:
        if run.status is Status.DIVERGED:
            draw_diverged(axes, run, "test_accuracy_t", scale=_PER_CENT, floor=low, colour=colour)


def draw_diverged(
    axes: Axes, run: RunResult, quantity: str, *, colour: str, scale: float = 1.0, floor: float = 0.0
) -> None:
    """The curve of a seed that diverged as a thin line of its own, ending in a cross at its last finite epoch.

    A seed that diverged in the first epoch has no curve: its cross stands at epoch 1 on the axis.
    """
    curve = scale * np.asarray(getattr(run.history, quantity), dtype=np.float64)
    index_t = pick_epochs(len(curve))
    if len(curve):
        axes.plot(index_t + 1, curve[index_t], color=colour, linewidth=0.7, alpha=0.6, gid="diverged-line", zorder=3)
    end = (len(curve), max(floor, float(curve[-1]))) if len(curve) else (1, floor)
    axes.plot(
        [end[0]],
        [end[1]],
        linestyle="none",
        marker="x",
        markersize=5,
        markeredgewidth=1.3,
        color=TEXT_COLOUR,
        gid="diverged-mark",
        clip_on=False,
        zorder=5,
    )


def write_notes(axes: Axes, runs: Sequence[RunResult], language: Language, *, has_value: bool = True) -> None:
    """Write the last test accuracy, and how many seeds diverged, where a panel of accuracies is emptiest.

    Args:
        axes: The panel, its limits already set.
        runs: The runs it shows.
        language: `th` or `en`.
        has_value: Whether the accuracy is written: not where it stands beside its line in another panel.
    """
    notes = []
    if has_value and (test := make_envelope(runs, "test_accuracy_t")):
        notes.append((say("last-test", language, value=format_percent(float(test.mean_t[-1]))), TEXT_COLOUR))
    if lost := sum(run.status is Status.DIVERGED for run in runs):
        notes.append((say("n-diverged", language, k=lost, n=len(runs)), QUIET_COLOUR))
    bottom, top = axes.get_ylim()
    own = [curve[len(curve) // 3 :] for curve in _accuracy_curves([runs])]
    line = _NOTE_LINE_PT / float(axes.bbox.height)  # at 72 dots an inch, a dot is a point
    half = line * len(notes) / 2

    def clearance(place: float) -> float:
        heights = (_PER_CENT * np.concatenate([*own, np.empty(0)]) - bottom) / (top - bottom)
        return float(min([_ENOUGH, *(np.abs(heights - place) - half)]))

    middle = max((0.03 + half, 0.3, 0.5, 0.7, 1 - half), key=clearance)
    for number, (text, colour) in enumerate(notes):
        write_label(
            axes,
            text,
            (0.98, middle + half - (number + 0.5) * line),
            axes.transAxes,
            TextStyle(align="right", is_level=True, colour=colour, has_ground=True),
        )
