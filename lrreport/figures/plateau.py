"""Studies with a plateau callback: learning rate, loss and accuracy of every setting, one above the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lrreport.figures import panels
from lrreport.figures.curves import describe_endings, draw_diverged, write_notes
from lrreport.figures.envelopes import FloatArray, count_band, draw_envelope, make_envelope
from lrreport.figures.labels import TextStyle, write_label
from lrreport.figures.legend import draw_legend, legend_height_in, list_legend
from lrreport.figures.panels import Margins
from lrreport.figures.theme import CUT_COLOUR, QUIET_COLOUR, RATE_COLOUR
from lrreport.figures.words import (
    Language,
    describe_seeds,
    describe_settings,
    format_number,
    format_range,
    join_words,
    name_settings,
    say,
)
from lrreport.results import Results, RunResult, Status
from lrreport.spec import Study

_MOST_COLUMNS: Final = 4
#: The rate, the loss and the accuracy of a setting stand one above the other.
_ROWS: Final = 3
_PANEL_IN: Final = 1.15
_PER_CENT: Final = 100.0
#: Above this loss (guessing has ln 10 = 2.3) a linear axis would flatten everything else.
_LINEAR_LOSS: Final = 10.0


def is_plateau_study(study: Study) -> bool:
    """Whether any setting of the study cuts its rate on a plateau."""
    return any(setting.spec.plateau is not None for setting in study.settings)


def find_cuts(run: RunResult) -> tuple[int, ...]:
    """The epochs, counted from 1, at whose end the callback cut the rate.

    A cut at the end of the very last epoch changes no curve and is not seen in one.
    """
    rate_t = np.asarray(run.history.learning_rate_t)
    return tuple(int(index) + 1 for index in np.flatnonzero(rate_t[1:] < rate_t[:-1]))


def make_plateau(results: Results, study: Study, language: Language) -> Figure:
    """Draw a plateau study; to be called inside `theme()`.

    Columns are settings; rows are the rate of every seed on a logarithmic axis with a mark at each cut, the loss and
    the accuracy, whose panels have a thin line at each cut. More than four settings go on in further rows.

    Args:
        results: Where the curves come from.
        study: One of its studies.
        language: `th` or `en`.
    """
    runs = [results.of(setting) for setting in study.settings]
    titles = describe_settings(study, language)
    epochs = max(setting.epochs for setting in study.settings)
    columns = min(len(titles), _MOST_COLUMNS)
    blocks = math.ceil(len(titles) / columns)
    legend = list_legend(
        language,
        n=count_band(runs),
        has_cuts=any(find_cuts(run) for group in runs for run in group),
        has_diverged=any(run.status is Status.DIVERGED for group in runs for run in group),
    )
    extra_in = 0.18 * (max(len(lines) for lines in titles) - 1)
    margins = Margins(left=0.72, between_rows=0.4 + extra_in, group_rows=_ROWS)
    margins = replace(margins, top=legend_height_in(legend, margins) + 0.27 + extra_in)
    figure, grid = panels.make_grid(_ROWS * blocks, columns, _PANEL_IN, margins)
    scales = _choose_scales(runs)
    for index, (group, lines) in enumerate(zip(runs, titles, strict=True)):
        block, column = divmod(index, columns)
        stack = [grid[_ROWS * block + row][column] for row in range(_ROWS)]
        panels.write_title(stack[0], lines)
        _draw_rates(stack[0], group, language)
        _draw_curves(stack[1], group, "loss", 1.0, floor=scales.loss[0])
        _draw_curves(stack[2], group, "accuracy", _PER_CENT, floor=scales.accuracy[0])
        _set_log_axis(stack[0], *scales.rate, is_labelled=column == 0)
        _set_loss_axis(stack[1], scales, is_labelled=column == 0)
        panels.set_accuracy_axis(stack[2], *scales.accuracy, is_labelled=column == 0)
        for row, axes in enumerate(stack):
            panels.set_epoch_axis(
                axes, epochs, most_ticks=panels.most_epoch_ticks(columns), is_labelled=row == _ROWS - 1
            )
        write_notes(stack[2], group, language)
    for index in range(len(titles), blocks * columns):
        for row in range(_ROWS):
            grid[_ROWS * (index // columns) + row][index % columns].remove()
    for row, line in enumerate(grid):
        panels.write_row_label(figure, line[:1], _row_label(row % _ROWS, scales, language))
    draw_legend(figure, legend, margins)
    panels.write_axis_labels(figure, x_label=say("epoch", language), margins=margins)
    return figure


def describe_plateau(results: Results, study: Study, language: Language) -> str:
    """The text alternative of `make_plateau`, with how often the rate was cut and where accuracies end."""
    count, epochs = len(study.settings), max(setting.epochs for setting in study.settings)
    seeds = describe_seeds(len(results.seeds), language)
    named = zip(study.settings, name_settings(study, language), strict=True)
    cuts = join_words(tuple(_describe_cuts(results.of(setting), name, language) for setting, name in named), language)
    endings = describe_endings(results, study, language)
    if language == "th":
        return (
            f"กราฟของการทดลองเรื่อง {study.title['th']} {count} ชุดค่า ชุดละหนึ่งคอลัมน์ แกนนอนคือรอบที่ 1 ถึง {epochs:,} "
            f"แถวบนคืออัตราการเรียนรู้บนสเกลลอการิทึม ถัดลงมาคือค่าความสูญเสียและความถูกต้องเป็นร้อยละ {seeds} "
            f"การลดอัตราเป็นดังนี้ {cuts} เมื่อจบรอบสุดท้าย ความถูกต้องของข้อมูลทดสอบเป็นดังนี้ {endings}"
        )
    columns = f"a column for each of its {count} settings" if count > 1 else "one column"
    return (
        f"Curves of the study '{study.title['en']}', {columns}: the learning rate on a logarithmic axis, the loss, and "
        f"the accuracy in per cent against epochs 1 to {epochs:,}; {seeds}. "
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
    rates = np.concatenate([*_values(runs, "learning_rate_t"), np.array([group[0].spec.rate for group in runs])])
    losses = np.concatenate([*_values(runs, "train_loss_t", "test_loss_t"), np.zeros(1)])
    highest = float(losses.max())
    is_log_loss = highest > _LINEAR_LOSS
    lowest = float(losses[losses > 0].min()) if is_log_loss else 0.0
    low_rate, high_rate = float(rates[rates > 0].min()), float(rates.max())
    return _Scales(
        # Half a decade of air, so that a constant rate does not lie on the frame and marks have room.
        rate=(low_rate / 10**0.5, high_rate * 10**0.5),
        loss=(lowest / 2, highest * 2) if is_log_loss else (0.0, 1.05 * highest or 1.0),
        is_log_loss=is_log_loss,
        accuracy=panels.choose_accuracy_range(_values(runs, "train_accuracy_t", "test_accuracy_t")),
    )


def _row_label(row: int, scales: _Scales, language: Language) -> str:
    if row == 0:
        return say("rate", language)
    if row == 1:
        return say("log-scale", language, axis=say("loss", language)) if scales.is_log_loss else say("loss", language)
    return panels.accuracy_label(scales.accuracy[0], language, is_short=True)


def _draw_rates(axes: Axes, runs: Sequence[RunResult], language: Language) -> None:
    """The rate in force during each epoch, a step for each cut, one line a seed; or the words 'never fired'."""
    for run in runs:
        rate_t = np.asarray(run.history.learning_rate_t, dtype=np.float64)
        if not len(rate_t):
            continue
        # The rate of epoch e is in force from the end of epoch e - 1 to the end of epoch e.
        edges = np.arange(len(rate_t) + 1)
        axes.plot(
            edges,
            np.concatenate([rate_t[:1], rate_t]),
            drawstyle="steps-pre",
            color=RATE_COLOUR,
            linewidth=0.9,
            alpha=0.75,
            gid="rate-line",
        )
        cuts = find_cuts(run)
        axes.plot(
            cuts,
            rate_t[np.array(cuts, dtype=np.intp) - 1],
            linestyle="none",
            marker="v",
            markersize=3.6,
            markeredgewidth=0,
            color=CUT_COLOUR,
            gid="cut-mark",
            zorder=4,
        )
    if not any(find_cuts(run) for run in runs):
        write_label(
            axes,
            say("never-fired", language),
            (0.97, 0.1),
            axes.transAxes,
            TextStyle(align="right", colour=QUIET_COLOUR),
        )


def _draw_curves(axes: Axes, runs: Sequence[RunResult], quantity: str, scale: float, *, floor: float) -> None:
    for epoch in sorted({epoch for run in runs for epoch in find_cuts(run)}):
        axes.axvline(epoch, color=CUT_COLOUR, linewidth=0.4, alpha=0.35, gid="cut-line", zorder=1)
    for which in ("train", "test"):
        if envelope := make_envelope(runs, f"{which}_{quantity}_t"):
            draw_envelope(axes, envelope, is_train=which == "train", scale=scale)
    for run in runs:
        if run.status is Status.DIVERGED:
            draw_diverged(axes, run, f"test_{quantity}_t", scale=scale, floor=floor)


def _set_log_axis(axes: Axes, low: float, high: float, *, is_labelled: bool) -> None:
    """A logarithmic axis with a label at powers of ten, four at most."""
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.minorticks_off()
    decades = list(range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1))
    step = max(1, math.ceil(len(decades) / 4))
    ticks = [10.0**decade for decade in reversed(decades[::-1][::step])]
    panels.write_ticks(axes, {tick: format_number(float(f"{tick:.6g}")) for tick in ticks}, is_labelled=is_labelled)


def _set_loss_axis(axes: Axes, scales: _Scales, *, is_labelled: bool) -> None:
    if scales.is_log_loss:
        _set_log_axis(axes, *scales.loss, is_labelled=is_labelled)
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
