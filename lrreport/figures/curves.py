"""Learning curves of a study: one panel for each setting, train and test accuracy against the epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.envelopes import Envelope, FloatArray, count_band, draw_envelope, make_envelope, pick_epochs
from lrreport.figures.labels import TextStyle, write_label
from lrreport.figures.legend import draw_legend, legend_height_in, list_legend
from lrreport.figures.panels import Margins
from lrreport.figures.theme import CONTEXT_COLOUR, QUIET_COLOUR, TEST_COLOUR, TEXT_COLOUR
from lrreport.figures.words import (
    Language,
    describe_seeds,
    describe_settings,
    format_percent,
    join_words,
    name_settings,
    say,
)
from lrreport.results import Results, RunResult, Status
from lrreport.spec import Study

#: With more settings than this, the other settings' curves behind each panel would be a grey cloud.
_MAX_CONTEXT: Final = 12
_PER_CENT: Final = 100.0
_NOTE_LINE_PT: Final = 12.5
#: Room above and below a note, as a share of the panel, beyond which more room is no better.
_ENOUGH: Final = 0.04


def make_learning_curves(results: Results, study: Study, language: Language) -> Figure:
    """Draw a study's learning curves; to be called inside `theme()`.

    Each panel shows the mean over the seeds and their range for train and test, grey behind it the test curves of
    the study's other settings, and a cross where a seed diverged.

    Args:
        results: Where the curves come from.
        study: One of its studies.
        language: `th` or `en`.
    """
    runs = [results.of(setting) for setting in study.settings]
    titles = describe_settings(study, language)
    epochs = max(setting.epochs for setting in study.settings)
    columns = panels.choose_columns(len(titles), len({lines[-1] for lines in titles}) if len(titles[0]) > 1 else 1)
    rows = math.ceil(len(titles) / columns)
    low, high = panels.choose_accuracy_range(_accuracy_curves(runs))
    extra_in = 0.18 * (max(len(lines) for lines in titles) - 1)
    has_diverged = any(run.status is Status.DIVERGED for group in runs for run in group)
    test = [make_envelope(group, "test_accuracy_t") for group in runs]
    has_context = len([item for item in test if item]) > 1 and len(titles) <= _MAX_CONTEXT
    legend = list_legend(language, n=count_band(runs), has_diverged=has_diverged, has_context=has_context)
    margins = Margins(between_rows=0.36 + extra_in)
    margins = replace(margins, top=legend_height_in(legend, margins) + 0.27 + extra_in)
    height_in = {1: 2.3, 2: 1.6, 3: 1.35}.get(columns, 1.2)
    if rows == 1:
        height_in = max(height_in, 2.1)  # the vertical axis's label needs as much
    figure, grid = panels.make_grid(rows, columns, height_in, margins)
    for index, (group, lines) in enumerate(zip(runs, titles, strict=True)):
        row, column = divmod(index, columns)
        axes = grid[row][column]
        context = [item for other, item in enumerate(test) if item and other != index] if has_context else []
        _draw_panel(axes, group, test[index], context, low)
        panels.write_title(axes, lines)
        panels.set_epoch_axis(
            axes, epochs, most_ticks=panels.most_epoch_ticks(columns), is_labelled=index + columns >= len(titles)
        )
        panels.set_accuracy_axis(axes, low, high, is_labelled=column == 0)
        write_notes(axes, group, language, context)
    for axes in [axes for line in grid for axes in line][len(titles) :]:
        axes.remove()
    draw_legend(figure, legend, margins)
    panels.write_axis_labels(figure, x_label=say("epoch", language), margins=margins)
    label = panels.accuracy_label(low, language, is_short=False)
    panels.write_row_label(figure, [line[0] for line in grid], label)
    return figure


def describe_learning_curves(results: Results, study: Study, language: Language) -> str:
    """The text alternative of `make_learning_curves`, its numbers computed from the same curves."""
    count, epochs = len(study.settings), max(setting.epochs for setting in study.settings)
    seeds = describe_seeds(len(results.seeds), language)
    endings = describe_endings(results, study, language)
    if language == "th":
        panels_text = f"{count} ชุดค่า ชุดละหนึ่งช่อง" if count > 1 else "ชุดค่าเดียว"
        return (
            f"เส้นโค้งการเรียนรู้ของการทดลองเรื่อง {study.title['th']} {panels_text} แกนนอนคือรอบที่ 1 ถึง {epochs:,} "
            f"แกนตั้งคือความถูกต้องเป็นร้อยละ เส้นประคือข้อมูลฝึก เส้นทึบคือข้อมูลทดสอบ {seeds} "
            f"เมื่อจบรอบสุดท้าย ความถูกต้องของข้อมูลทดสอบเป็นดังนี้ {endings}"
        )
    panels_text = f"one panel for each of its {count} settings" if count > 1 else "one panel"
    return (
        f"Learning curves of the study '{study.title['en']}', {panels_text}: epochs 1 to {epochs:,} across, accuracy in "
        f"per cent upwards, training data dashed, test data solid; {seeds}. "
        f"Test accuracy after the last epoch: {endings}."
    )


def describe_endings(results: Results, study: Study, language: Language) -> str:
    """Each setting with its mean test accuracy after the last epoch, and how many seeds diverged."""
    items = []
    for setting, name in zip(study.settings, name_settings(study, language), strict=True):
        runs = results.of(setting)
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


def _draw_panel(
    axes: Axes, runs: Sequence[RunResult], test: Envelope | None, context: Sequence[Envelope], low: float
) -> None:
    for other in context:
        axes.plot(
            other.epoch_t, _PER_CENT * other.mean_t, color=CONTEXT_COLOUR, linewidth=0.6, gid="context-line", zorder=1
        )
    if train := make_envelope(runs, "train_accuracy_t"):
        draw_envelope(axes, train, is_train=True, scale=_PER_CENT)
    if test:
        draw_envelope(axes, test, is_train=False, scale=_PER_CENT)
    for run in runs:
        if run.status is Status.DIVERGED:
            draw_diverged(axes, run, "test_accuracy_t", scale=_PER_CENT, floor=low)


def draw_diverged(axes: Axes, run: RunResult, quantity: str, *, scale: float = 1.0, floor: float = 0.0) -> None:
    """The curve of a seed that diverged as a thin line of its own, ending in a cross at its last finite epoch.

    A seed that diverged in the first epoch has no curve: its cross stands at epoch 1 on the axis.
    """
    curve = scale * np.asarray(getattr(run.history, quantity), dtype=np.float64)
    index_t = pick_epochs(len(curve))
    if len(curve):
        axes.plot(
            index_t + 1, curve[index_t], color=TEST_COLOUR, linewidth=0.7, alpha=0.6, gid="diverged-line", zorder=3
        )
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


def write_notes(axes: Axes, runs: Sequence[RunResult], language: Language, context: Sequence[Envelope] = ()) -> None:
    """Write the last test accuracy, and how many seeds diverged, where a panel of accuracies is emptiest.

    Args:
        axes: The panel, its limits already set.
        runs: The runs it shows.
        language: `th` or `en`.
        context: Other curves drawn into it.
    """
    notes = []
    if test := make_envelope(runs, "test_accuracy_t"):
        notes.append((say("last-test", language, value=format_percent(float(test.mean_t[-1]))), TEST_COLOUR))
    if lost := sum(run.status is Status.DIVERGED for run in runs):
        notes.append((say("n-diverged", language, k=lost, n=len(runs)), QUIET_COLOUR))
    bottom, top = axes.get_ylim()
    own = [curve[len(curve) // 3 :] for curve in _accuracy_curves([runs])]
    behind = [item.mean_t[len(item.mean_t) // 3 :] for item in context]
    line = _NOTE_LINE_PT / float(axes.bbox.height)  # at 72 dots an inch, a dot is a point
    half = line * len(notes) / 2

    def clearance(curves: Sequence[FloatArray], place: float) -> float:
        heights = (_PER_CENT * np.concatenate([*curves, np.empty(0)]) - bottom) / (top - bottom)
        return float(min([_ENOUGH, *(np.abs(heights - place) - half)]))

    candidates = (0.03 + half, 0.3, 0.5, 0.7, 1 - half)
    middle = max(candidates, key=lambda place: 5 * clearance(own, place) + clearance(behind, place))
    for number, (text, colour) in enumerate(notes):
        write_label(
            axes,
            text,
            (0.98, middle + half - (number + 0.5) * line),
            axes.transAxes,
            TextStyle(align="right", is_level=True, colour=colour, has_ground=True),
        )
