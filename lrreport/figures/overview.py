"""The main result in one picture: where the last test accuracy stands for every learning rate."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.colours import colours_of
from lrreport.figures.comparison import set_stretched_axis
from lrreport.figures.envelopes import make_envelope
from lrreport.figures.labels import TextStyle, write_label
from lrreport.figures.panels import Margins
from lrreport.figures.theme import CONTEXT_COLOUR, POINTS_PER_INCH, SEMI_BOLD
from lrreport.figures.words import Language, describe_seeds, format_number, format_percent, join_words, say
from lrreport.results import Results, Status
from lrreport.spec import Study

_HEIGHT_IN: Final = 2.15
_MARGINS: Final = Margins(left=0.74, right=0.2, top=0.22)
_PER_CENT: Final = 100.0
_FEWEST: Final = 3


def choose_overview_study(results: Results) -> Study | None:
    """The first study that varies nothing but the learning rate, with three values or more; None without one."""
    for study in results.studies:
        rates = {setting.spec.rate for setting in study.settings}
        if study.varied_keys == ("learning_rate",) and len(rates) >= _FEWEST:
            return study
    return None


def make_overview(results: Results, study: Study, language: Language) -> Figure:
    """Draw the last test accuracy against the learning rate; to be called inside `theme()`.

    A dot a seed, a line through the means, each mean named. The axes are logarithms: of the rate, and of the error.
    Runs that diverged have no accuracy and no dot.
    """
    panel_in = _HEIGHT_IN - _MARGINS.top - _MARGINS.bottom
    figure, grid = panels.make_grid(1, 1, [panel_in], _MARGINS)
    axes = grid[0][0]
    points = []
    for setting, colour in zip(study.settings, colours_of(results, study), strict=True):
        runs = [run for run in results.of(setting) if run.status is Status.COMPLETE]
        if not runs:
            continue
        last_r = _PER_CENT * np.array([run.history.test_accuracy_t[-1] for run in runs], dtype=np.float64)
        points.append((setting.spec.rate, last_r, colour))
    points.sort(key=lambda point: point[0])
    means = [float(last_r.mean()) for _, last_r, _ in points]
    axes.set_xscale("log")
    axes.minorticks_off()
    rates = [setting.spec.rate for setting in study.settings]
    axes.set_xlim(min(rates) / 1.9, max(rates) * 1.9)
    ticks = sorted(set(rates))
    axes.set_xticks(ticks, labels=["" for _ in ticks])
    for tick in ticks:
        style = TextStyle(align="center", offset_pt=(0, -12))
        write_label(axes, format_number(tick), (tick, 0), axes.get_xaxis_transform(), style)
    lowest = min((float(last_r.min()) for _, last_r, _ in points), default=0.0)
    highest = max((float(last_r.max()) for _, last_r, _ in points), default=90.0)
    set_stretched_axis(axes, lowest, highest, panel_in * POINTS_PER_INCH)
    axes.plot([rate for rate, _, _ in points], means, color=CONTEXT_COLOUR, linewidth=1.0, gid="mean-line", zorder=2)
    best = max(means, default=math.nan)
    for (rate, last_r, colour), mean in zip(points, means, strict=True):
        axes.plot(
            np.full(len(last_r), rate),
            last_r,
            linestyle="none",
            marker="o",
            markersize=4.2,
            markeredgewidth=0,
            color=colour,
            alpha=0.75,
            gid="seed-mark",
            zorder=3,
        )
        style = TextStyle(align="center", offset_pt=(0, 7), weight=SEMI_BOLD if mean == best else 400)
        write_label(axes, format_percent(mean / _PER_CENT), (rate, float(last_r.max())), axes.transData, style)
    panels.write_axis_labels(figure, x_label=say("rate-log", language), margins=_MARGINS)
    label = say("stretched", language, axis=say("accuracy", language))
    panels.write_row_label(figure, [axes], label)
    return figure


def describe_overview(results: Results, study: Study, language: Language) -> str:
    """The text alternative of `make_overview`, its numbers computed from the same curves."""
    epochs = max(setting.epochs for setting in study.settings)
    items = []
    for setting in study.settings:
        envelope = make_envelope(results.of(setting), "test_accuracy_t")
        name = format_number(setting.spec.rate)
        ending = format_percent(float(envelope.mean_t[-1])) if envelope else say("diverged", language)
        items.append(f"{name} ได้ {ending}" if language == "th" else f"{name}: {ending}")
    endings = join_words(tuple(items), language)
    n = len(results.seeds)
    if language == "th":
        seeds = f"แต่ละจุดคือค่าตั้งต้นการสุ่มหนึ่งค่า จากทั้งหมด {n} ค่า" if n > 1 else describe_seeds(n, language)
        return (
            f"ความถูกต้องของข้อมูลทดสอบหลังรอบที่ {epochs:,} เทียบกับอัตราการเรียนรู้บนสเกลลอการิทึม {seeds} "
            f"ค่าเฉลี่ยของแต่ละอัตราเป็นดังนี้ {endings}"
        )
    seeds = f"a dot for each of {n} seeds" if n > 1 else describe_seeds(n, language)
    return (
        f"Test accuracy after epoch {epochs:,} against the learning rate on a logarithmic axis, {seeds}. "
        f"Means by rate: {endings}."
    )
