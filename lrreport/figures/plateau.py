"""Studies with a plateau callback: loss, accuracy and learning rate of every setting, one above the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lrreport.figures import comparison, panels
from lrreport.figures.colours import colours_of
from lrreport.figures.curves import describe_endings, draw_diverged, list_lines, write_notes
from lrreport.figures.envelopes import FloatArray, count_band, draw_envelope, make_envelope
from lrreport.figures.forms import (
    BETWEEN_IN,
    MOST_COLUMNS,
    PLATEAU_HEIGHTS_IN,
    TITLE_IN,
    TITLE_LINE_IN,
    Part,
    places_of,
)
from lrreport.figures.legend import draw_legend, legend_height_in, list_legend
from lrreport.figures.panels import Margins
from lrreport.figures.rates import choose_rate_range, draw_rates, find_cuts, set_log_axis
from lrreport.figures.theme import CUT_COLOUR
from lrreport.figures.words import (
    Language,
    describe_seeds,
    describe_settings,
    format_range,
    join_words,
    name_settings,
    name_short,
    say,
)
from lrreport.results import Results, RunResult, Status
from lrreport.spec import Study

_ROWS: Final = len(PLATEAU_HEIGHTS_IN)
_PER_CENT: Final = 100.0
#: Above this loss (guessing has ln 10 = 2.3) a linear axis would flatten everything else.
_LINEAR_LOSS: Final = 10.0


def make_plateau(results: Results, study: Study, language: Language, part: Part | None = None) -> Figure:
    """Draw a plateau study; to be called inside `theme()`.

    Where a callback ever cut the rate, all settings stand in one panel first, beside the same training without the
    callback. Below, columns are settings; rows are the loss, the accuracy and the rate of every seed, on a logarithmic
    axis with a mark at each cut. The same marks stand at the top edge of loss and accuracy. More than four settings go
    on in further rows.

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
    columns = min(len(all_titles), MOST_COLUMNS)
    blocks = math.ceil(len(titles) / columns)
    has_cuts = any(find_cuts(run) for group in all_runs for run in group)
    has_diverged = any(run.status is Status.DIVERGED for group in runs for run in group)
    lines = list_lines(results, study, language) if has_cuts and shown[0] == 0 else []
    legend = list_legend(language, n=count_band(runs), has_cuts=has_cuts, has_diverged=has_diverged)
    extra_in = TITLE_LINE_IN * (max(len(texts) for texts in titles) - 1)
    margins = Margins(left=0.78, between_rows=BETWEEN_IN + extra_in)
    above_in = comparison.height_in() if lines else 0.0
    margins = replace(margins, top=above_in + legend_height_in(legend, margins) + TITLE_IN + extra_in)
    figure, grid = panels.make_grid(blocks, columns, PLATEAU_HEIGHTS_IN, margins)
    scales = _choose_scales(all_runs)
    for index, (group, texts) in enumerate(zip(runs, titles, strict=True)):
        block, column = divmod(index, columns)
        stack = [grid[_ROWS * block + row][column] for row in range(_ROWS)]
        panels.write_title(stack[0], texts)
        _draw_curves(stack[0], group, "loss", 1.0, colour=colours[index], floor=scales.loss[0])
        _draw_curves(stack[1], group, "accuracy", _PER_CENT, colour=colours[index], floor=scales.accuracy[0])
        draw_rates(stack[2], group, language)
        _set_loss_axis(stack[0], scales, is_labelled=column == 0)
        panels.set_accuracy_axis(stack[1], *scales.accuracy, is_labelled=column == 0)
        set_log_axis(stack[2], *scales.rate, is_labelled=column == 0, most=3)
        for row, axes in enumerate(stack):
            panels.set_epoch_axis(
                axes, epochs, most_ticks=panels.most_epoch_ticks(columns), is_labelled=row == _ROWS - 1
            )
        write_notes(stack[1], group, language, has_value=not lines)
    for index in range(len(titles), blocks * columns):
        for row in range(_ROWS):
            grid[_ROWS * (index // columns) + row][index % columns].remove()
    for row, line in enumerate(grid):
        if label := _row_label(row % _ROWS, scales, language):
            panels.write_row_label(figure, line[:1], label)
    draw_legend(figure, legend, margins, top_in=above_in)
    if lines:
        comparison.draw_comparison(figure, lines, name_short(study, language)[0], language, left_in=margins.left)
    panels.write_axis_labels(figure, x_label=say("epoch", language), margins=margins)
    return figure


def describe_plateau(results: Results, study: Study, language: Language, part: Part | None = None) -> str:
    """The text alternative of `make_plateau`, with how often the rate was cut and where accuracies end."""
    shown = places_of(study, part)
    count, epochs = len(shown), max(setting.epochs for setting in study.settings)
    seeds = describe_seeds(len(results.seeds), language)
    names = name_settings(study, language)
    cuts = join_words(
        tuple(_describe_cuts(results.of(study.settings[place]), names[place], language) for place in shown), language
    )
    endings = describe_endings(results, study, language, shown)
    if language == "th":
        return (
            f"กราฟของการทดลองเรื่อง {study.title['th']} มี {count} ชุดค่า ชุดละหนึ่งคอลัมน์ แกนนอนคือรอบที่ 1 ถึง {epochs:,} "
            f"แถวบนคือค่าความสูญเสีย ถัดลงมาคือความถูกต้องเป็นร้อยละ และแถบล่างคืออัตราการเรียนรู้บนสเกลลอการิทึม {seeds} "
            f"การลดอัตราเป็นดังนี้ {cuts} เมื่อจบรอบสุดท้าย ความถูกต้องของข้อมูลทดสอบเป็นดังนี้ {endings}"
        )
    columns = (
        f"a column for each of {'its ' if count == len(study.settings) else ''}{count} settings"
        if count > 1
        else "one column"
    )
    return (
        f"Curves of the study '{study.title['en']}', {columns}: the loss, the accuracy in per cent, and in a strip below "
        f"the learning rate on a logarithmic axis, against epochs 1 to {epochs:,}; {seeds}. "
        f"Cuts of the rate: {cuts}. Test accuracy after the last epoch: {endings}."
    )


@dataclass(frozen=True, slots=True)
class _Scales:
    """The axes that all panels of a row share: lower and upper end of each."""

    rate: tuple[float, float]
    loss: tuple[float, float]
    is_log_loss: bool
    accuracy: tuple[float, float]


def _values(runs: Sequence[Sequence[RunResult]], *quantities: str) -> list[FloatArray]:
    return [
        np.asarray(getattr(run.history, quantity), dtype=np.float64)
        for group in runs
        for run in group
        for quantity in quantities
        if len(run.history)
    ]


def _choose_scales(runs: Sequence[Sequence[RunResult]]) -> _Scales:
    losses = np.concatenate([*_values(runs, "train_loss_t", "test_loss_t"), np.zeros(1)])
    highest = float(losses.max())
    is_log_loss = highest > _LINEAR_LOSS
    lowest = float(losses[losses > 0].min()) if is_log_loss else 0.0
    return _Scales(
        rate=choose_rate_range(runs),
        loss=(lowest / 2, highest * 2) if is_log_loss else (0.0, 1.05 * highest or 1.0),
        is_log_loss=is_log_loss,
        accuracy=panels.choose_accuracy_range(_values(runs, "train_accuracy_t", "test_accuracy_t")),
    )


def _row_label(row: int, scales: _Scales, language: Language) -> str:
    """The vertical axis's name; the strip is named in the legend."""
    if row == 0:
        return say("log-scale", language, axis=say("loss", language)) if scales.is_log_loss else say("loss", language)
    return panels.accuracy_label(scales.accuracy[0], language, is_short=True) if row == 1 else ""


def _draw_curves(
    axes: Axes, runs: Sequence[RunResult], quantity: str, scale: float, *, colour: str, floor: float
) -> None:
    cuts = sorted({epoch for run in runs for epoch in find_cuts(run)})
    axes.plot(
        cuts,
        np.full(len(cuts), 1.0),
        transform=axes.get_xaxis_transform(),
        linestyle="none",
        marker="v",
        markersize=3.0,
        markeredgewidth=0,
        color=CUT_COLOUR,
        alpha=0.8,
        clip_on=False,
        gid="cut-event",
        zorder=5,
    )
    for which in ("train", "test"):
        if envelope := make_envelope(runs, f"{which}_{quantity}_t"):
            draw_envelope(axes, envelope, is_train=which == "train", scale=scale, colour=colour)
    for run in runs:
        if run.status is Status.DIVERGED:
            draw_diverged(axes, run, f"test_{quantity}_t", scale=scale, floor=floor, colour=colour)


def _set_loss_axis(axes: Axes, scales: _Scales, *, is_labelled: bool) -> None:
    if scales.is_log_loss:
        set_log_axis(axes, *scales.loss, is_labelled=is_labelled)
        return
    axes.set_ylim(*scales.loss)
    ticks = [float(f"{tick:.6g}") for tick in MaxNLocator(4).tick_values(*scales.loss) if 0 <= tick <= scales.loss[1]]
    panels.write_ticks(axes, {tick: f"{tick:g}" for tick in ticks}, is_labelled=is_labelled)


def _describe_cuts(runs: Sequence[RunResult], name: str, language: Language) -> str:
    counts = [len(find_cuts(run)) for run in runs]
    if not any(counts):
        return f"{name} {say('never-fired', language)}"
    times = format_range(min(counts), max(counts))
    if language == "th":
        return f"{name} ลด {times} ครั้ง"
    return f"{name} cut {'once' if times == '1' else f'{times} times'}"
