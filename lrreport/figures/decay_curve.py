"""The inverse-time decay itself: the learning rate over all updates of a training, without any training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.colours import shade_settings
from lrreport.figures.data import FigureData
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.envelopes import FloatArray
from lrreport.figures.labels import TextStyle, measure_label, write_label
from lrreport.figures.panels import Margins
from lrreport.figures.theme import DASHES, POINTS_PER_INCH, QUIET_COLOUR
from lrreport.figures.words import Language, format_number, join_words, name_settings
from lrreport.results import Results
from lrreport.schedules.inverse_time import inverse_time
from lrreport.spec import TRAIN_SIZE, Setting, Study

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "updates": {"th": "ก้าวที่ (สเกลลอการิทึม)", "en": "Step, counted from 1 (log scale)"},
    "rate": {"th": "อัตราการเรียนรู้ (สเกลลอการิทึม)", "en": "Learning rate (log scale)"},
    "first-epoch": {"th": "จบรอบที่ 1", "en": "end of epoch 1"},
    "step": {"th": "ก้าวที่", "en": "Step"},
}
_HEIGHT_IN: Final = 2.6
_POINTS: Final = 160
_GAP_PT: Final = 12.0
_LEADER_PT: Final = 10.0
_ROWS_A_DECADE: Final = 2


def count_updates(setting: Setting) -> tuple[int, int]:
    """How many updates a setting has in an epoch, and in all."""
    each = -(-TRAIN_SIZE // setting.spec.batch_size)
    return each, each * setting.epochs


def decay_curve(setting: Setting, update_i: FloatArray) -> FloatArray:
    """The rates of updates that are counted from 0; the formula stands with `inverse_time`."""
    return inverse_time(setting.spec.rate, setting.spec.decay, update_i)


def make_decay_curve(results: Results, _samples: Samples, language: Language, form: Format) -> Figure:
    """Draw the rate of every setting over all its updates on two logarithmic axes; to be called inside `theme()`."""
    study = _require_study(results)
    names = name_settings(study, language)
    room_in = (max(map(measure_label, names)) + _LEADER_PT + 4) / POINTS_PER_INCH
    margins = Margins(left=0.72, right=room_in, top=0.2)
    panel_in = _HEIGHT_IN - margins.top - margins.bottom
    figure, grid = panels.make_grid(1, 1, [panel_in], margins, form.width_in)
    axes = grid[0][0]
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.minorticks_off()
    last = max(count_updates(setting)[1] for setting in study.settings)
    step_i = np.geomspace(1, last, _POINTS)
    lines = []
    for number, (setting, colour) in enumerate(zip(study.settings, shade_settings(study, None), strict=True)):
        rate_i = decay_curve(setting, step_i - 1)
        axes.plot(step_i, rate_i, color=colour, linestyle=DASHES[number % len(DASHES)], linewidth=1.4, gid="decay-line")
        lines.append((float(rate_i[-1]), colour))
    axes.set_xlim(1, last)
    lowest, highest = min(rate for rate, _ in lines), max(setting.spec.rate for setting in study.settings)
    axes.set_ylim(lowest / 1.6, highest * 1.6)
    powers = range(int(np.ceil(np.log10(lowest / 1.6))), int(np.floor(np.log10(highest * 1.6))) + 1)
    panels.write_ticks(axes, {10.0**power: format_number(10.0**power) for power in powers}, is_labelled=True)
    ticks = [10**power for power in range(len(str(last)))]
    axes.set_xticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    first, _ = count_updates(study.settings[0])
    axes.axvline(first, color=QUIET_COLOUR, linewidth=0.8, linestyle=(0, (1.5, 2)), gid="first-epoch")
    style = TextStyle(align="center", colour=QUIET_COLOUR, offset_pt=(0, 4))
    write_label(axes, _WORDS["first-epoch"][language], (first, 1), axes.get_xaxis_transform(), style)
    to_place = axes.transData + axes.transAxes.inverted()
    ends = [float(to_place.transform((last, rate))[1]) for rate, _ in lines]
    places = panels.spread_labels(ends, _GAP_PT / (panel_in * POINTS_PER_INCH))
    lead = _LEADER_PT / float(axes.bbox.width)
    for name, (_, colour), end, place in zip(names, lines, ends, places, strict=True):
        axes.plot(
            [1, 1 + lead],
            [end, place],
            transform=axes.transAxes,
            color=colour,
            linewidth=0.8,
            clip_on=False,
            gid="leader",
        )
        write_label(axes, name, (1, place), axes.transAxes, TextStyle(is_level=True, offset_pt=(_LEADER_PT + 2, 0)))
    panels.write_axis_labels(figure, x_label=_WORDS["updates"][language], margins=margins)
    panels.write_row_label(figure, [axes], _WORDS["rate"][language])
    return figure


def describe_decay_curve(results: Results, _samples: Samples, language: Language) -> str:
    """The text alternative of `make_decay_curve`."""
    study = _require_study(results)
    first, last = count_updates(study.settings[0])
    ends = []
    for setting, name in zip(study.settings, name_settings(study, language), strict=True):
        after_one, after_all = (
            format_number(float(f"{rate:.2g}")) for rate in decay_curve(setting, np.array([first - 1, last - 1]))
        )
        if language == "th":
            ends.append(f"{name} เหลือ {after_one} แล้วเหลือ {after_all}")
        else:
            ends.append(f"{name}: {after_one}, then {after_all}")
    if language == "th":
        return (
            f"อัตราการเรียนรู้ตามสูตรตลอด {last:,} ก้าว แกนทั้งสองเป็นสเกลลอการิทึม มีเส้นตั้งตรงที่จบรอบที่ 1 คือก้าวที่ {first:,} "
            f"อัตราเมื่อจบรอบที่ 1 และเมื่อจบการฝึกเป็นดังนี้ {join_words(tuple(ends), language)}"
        )
    return (
        f"The learning rate as the formula gives it, over all {last:,} steps, both axes logarithmic, with a mark at the end of "
        f"epoch 1, step {first:,}. At the end of epoch 1 and of the training: {'; '.join(ends)}."
    )


def list_decay_data(results: Results, language: Language) -> FigureData:
    """The rate of two updates a decade, a column a setting."""
    study = _require_study(results)
    last = max(count_updates(setting)[1] for setting in study.settings)
    count = int(_ROWS_A_DECADE * np.log10(last)) + 1
    steps = sorted({round(float(step)) for step in np.geomspace(1, last, count)})
    rates = [decay_curve(setting, np.array(steps, np.float64) - 1) for setting in study.settings]
    rows = [
        (f"{step:,}", *(format_number(float(f"{rate_i[row]:.3g}")) for rate_i in rates))
        for row, step in enumerate(steps)
    ]
    return FigureData((), (_WORDS["step"][language], *name_settings(study, language)), tuple(rows))


def _find_study(results: Results) -> Study | None:
    """The study of decay, where every setting has one and as many updates an epoch."""
    study = results.study("decay")
    is_right = study and all(setting.spec.decay for setting in study.settings)
    return study if study and is_right and len({count_updates(setting) for setting in study.settings}) == 1 else None


def _require_study(results: Results) -> Study:
    study = _find_study(results)
    assert study is not None  # narrows the type: without one the figure is not possible
    return study


DRAWING: Final = Drawing(
    "decay-curve",
    make_decay_curve,
    describe_decay_curve,
    list_data=list_decay_data,
    shows=lambda results: _require_study(results).settings,
    is_possible=lambda results: _find_study(results) is not None,
)
