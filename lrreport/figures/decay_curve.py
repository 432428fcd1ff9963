"""The inverse-time decay itself: the learning rate over the first updates, without any training."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.colours import colours_of
from lrreport.figures.envelopes import FloatArray
from lrreport.figures.labels import TextStyle, write_label
from lrreport.figures.panels import Margins
from lrreport.figures.theme import DASHES, POINTS_PER_INCH
from lrreport.figures.words import Language, format_number, join_words, name_settings, say
from lrreport.results import Results
from lrreport.schedules.inverse_time import inverse_time
from lrreport.spec import Study

UPDATES: Final = 200
#: A label that had to move further from its line than this gets a leader.
_LEADER_PT: Final = 2
_LABEL_PT: Final = 12
_HEIGHT_IN: Final = 2.5
_MARGINS: Final = Margins(left=0.62, right=1.35, top=0.1)


def decay_curve(lr0: float, decay: float, updates: int = UPDATES) -> FloatArray:
    """The rates of the first updates, float64 of shape (updates,); the formula stands with `inverse_time`.

    >>> decay_curve(0.01, 0.1, updates=11)[[0, 10]].tolist()
    [0.01, 0.005]
    """
    return inverse_time(lr0, decay, np.arange(updates))


def make_decay_curve(results: Results, study: Study, language: Language) -> Figure:
    """Draw the analytic curve of every setting, each named at its end; to be called inside `theme()`."""
    figure, grid = panels.make_grid(1, 1, [_HEIGHT_IN - _MARGINS.top - _MARGINS.bottom], _MARGINS)
    axes = grid[0][0]
    update_i = np.arange(UPDATES)
    ends, top = [], 0.0
    named = zip(study.settings, name_settings(study, language), colours_of(results, study), strict=True)
    for number, (setting, name, colour) in enumerate(named):
        rate_i = decay_curve(setting.spec.rate, setting.spec.decay)
        axes.plot(
            update_i, rate_i, color=colour, linestyle=DASHES[number % len(DASHES)], linewidth=1.4, gid="decay-line"
        )
        ends.append((float(rate_i[-1]), name, colour))
        top = max(top, float(rate_i[0]))
    axes.set_ylim(0, 1.04 * top)
    axes.set_xlim(0, UPDATES - 1)
    ticks = [0, 50, 100, 150, UPDATES - 1]
    axes.set_xticks(ticks, labels=[str(tick) for tick in ticks])
    steps = [top * fraction for fraction in (0, 0.25, 0.5, 0.75, 1)]
    panels.write_ticks(axes, {step: format_number(float(f"{step:.6g}")) for step in steps}, is_labelled=True)
    points_per_unit = POINTS_PER_INCH * (_HEIGHT_IN - _MARGINS.top - _MARGINS.bottom) / (1.04 * top)
    places = panels.spread_labels([end for end, _, _ in ends], _LABEL_PT / points_per_unit)
    for place, (end, text, colour) in zip(places, ends, strict=True):
        if abs(place - end) * points_per_unit > _LEADER_PT:
            axes.plot(
                [UPDATES - 1, UPDATES + 4], [end, place], color=colour, linewidth=0.5, clip_on=False, gid="leader"
            )
        write_label(axes, text, (1, place), axes.get_yaxis_transform(), TextStyle(is_level=True, offset_pt=(10, 0)))
    panels.write_axis_labels(figure, x_label=say("update", language), margins=_MARGINS)
    panels.write_row_label(figure, [axes], say("rate", language))
    return figure


def describe_decay_curve(study: Study, language: Language) -> str:
    """The text alternative of `make_decay_curve`."""
    ends = tuple(
        f"{name}{' เหลือ ' if language == 'th' else ': '}"
        + format_number(float(f"{decay_curve(setting.spec.rate, setting.spec.decay)[-1]:.3g}"))
        for setting, name in zip(study.settings, name_settings(study, language), strict=True)
    )
    if language == "th":
        return (
            f"กราฟอัตราการเรียนรู้ที่คำนวณจากสูตร ตั้งแต่การปรับปรุงค่าครั้งที่ 0 ถึง {UPDATES - 1} ชุดค่าละหนึ่งเส้น "
            f"อัตราในครั้งสุดท้ายเป็นดังนี้ {join_words(ends, language)}"
        )
    return (
        f"The learning rate as the formula gives it, from update 0 to {UPDATES - 1}, one line for each setting. "
        f"At the last of them: {join_words(ends, language)}."
    )
