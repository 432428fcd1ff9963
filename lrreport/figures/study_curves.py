"""The figure of a study: the test accuracy of all its settings over the epochs, and beside it their test loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.comparison import (
    ROW_PT,
    Line,
    Quantity,
    describe_ends,
    draw_lines,
    list_curves,
    list_lines,
    measure_ends,
    name_rates,
    write_end,
    write_ends,
)
from lrreport.figures.drawing import Format
from lrreport.figures.labels import TextStyle, write_label
from lrreport.figures.plateau import (
    choose_seed,
    describe_cuts,
    draw_rates,
    has_cuts,
    is_plateau_study,
    say_never,
    set_rate_axis,
)
from lrreport.figures.scales import set_accuracy_axis, set_loss_axis
from lrreport.figures.theme import POINTS_PER_INCH, QUIET_COLOUR, TEXT_PT
from lrreport.figures.words import Language, describe_seeds, say
from lrreport.results import Results, Status
from lrreport.spec import Study

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "test_accuracy_t": {"th": "ค่าความถูกต้องบนชุดทดสอบ (%)", "en": "Test accuracy (%)"},
    "test_loss_t": {"th": "ค่าความสูญเสียบนชุดทดสอบ", "en": "Test loss"},
    "rate": {"th": "อัตราที่ใช้จริง", "en": "Learning rate"},
    "rate-note": {"th": "จุดคือรอบที่ลดอัตรา", "en": "a dot at each cut"},
    "rate-note-seeds": {"th": "ค่า seed {seed}, จุดคือรอบที่ลดอัตรา", "en": "seed {seed}, a dot at each cut"},
    "diverged": {"th": "× ลู่ออก", "en": "× diverged"},
}
_QUANTITIES: Final[tuple[Quantity, ...]] = ("test_accuracy_t", "test_loss_t")
#: Heights in inches of the accuracy and the loss, one above the other on a phone.
_NARROW_IN: Final = (1.6, 1.4)
#: Of accuracy and loss side by side; of the accuracy above the rate; and of the rate.
_PANEL_IN: Final = 1.62
_LOW_PANEL_IN: Final = 1.1
_STRIP_IN: Final = 0.6
_TITLE_IN: Final = 0.24
#: A heading of names stands below the title.
_HEADING_IN: Final = 0.17
_FOOT_IN: Final = 0.42
#: Room for the numbers of an axis.
_TICKS_IN: Final = 0.35
_BETWEEN_IN: Final = 0.14
#: A column of names and values is no wider.
_MOST_NAMES_IN: Final = 1.5
#: Titles are flush with the numbers of the axis.
_START_PT: Final = 2 - POINTS_PER_INCH * _TICKS_IN
_UP_PT: Final = 7.0


def make_study_curves(results: Results, study: Study, language: Language, form: Format) -> Figure:
    """Draw the curves of a study of few settings; to be called inside `theme()`.

    Accuracy at the left and loss at the right, or on a phone one above the other. Below the accuracy of a study with a
    plateau callback stands the rate in force, where any run cut it; where the cuts made no difference that is printed,
    it stands in the place of the loss.
    """
    heading, lines = list_lines(results, study, language)
    has_rates = has_cuts(results, study)
    is_one_curve = has_rates and _end_alike(lines, language)
    quantities = _QUANTITIES[:1] if is_one_curve else _QUANTITIES
    names_in = [min(measure_ends(lines, quantity, heading, language), _MOST_NAMES_IN) for quantity in _QUANTITIES]
    above_in = _HEADING_IN if heading else 0.0
    figure, shown = _place_panels(
        form,
        names_in,
        _TITLE_IN + above_in,
        len(lines) * ROW_PT / POINTS_PER_INCH,
        has_strip=has_rates and not is_one_curve,
    )
    epochs = max(setting.epochs for setting in study.settings)
    for axes in shown:
        panels.set_epoch_axis(axes, epochs, most_ticks=6, is_labelled=False)
        axes.set_xlim(axes.get_xlim()[0], epochs)
    for quantity, axes, room_in in zip(quantities, shown, names_in, strict=False):
        set_axis = set_accuracy_axis if quantity == "test_accuracy_t" else set_loss_axis
        note = set_axis(axes, list_curves(lines, quantity), language)
        draw_lines(axes, lines, quantity)
        write_ends(axes, lines, quantity, heading, language, room_in=room_in)
        panels.write_heading(axes, _WORDS[quantity][language], note, (_START_PT, _UP_PT + POINTS_PER_INCH * above_in))
    for strip in shown[len(quantities) :]:
        _draw_strip(strip, lines, language)
    _write_notes(shown[0], results, study, lines, language)
    for axes in shown[-1:] if form.is_narrow else shown[1:] if len(shown) > len(_QUANTITIES) else shown:
        _name_epochs(axes, epochs, language)
    return figure


def _end_alike(lines: list[Line], language: Language) -> bool:
    """Whether all settings end at the same accuracy and the same loss, as they are printed."""
    return all(len({write_end(line, quantity, language) for line in lines}) == 1 for quantity in _QUANTITIES)


def _place_panels(
    form: Format, names_in: list[float], top_in: float, least_in: float, *, has_strip: bool
) -> tuple[Figure, list[Axes]]:
    """The panels of accuracy and loss, and of the rate where there is one.

    Args:
        form: For which width.
        names_in: Room for names at the right of the accuracy and of the loss, in inches.
        top_in: Room above each of these panels.
        least_in: So high they are at least: their names need it.
        has_strip: Whether there is a strip with the rate.
    """
    if form.is_narrow:
        heights_in = [max(height_in, least_in) for height_in in _NARROW_IN] + [_STRIP_IN] * has_strip
        width_in = form.width_in - _TICKS_IN - max(names_in)
        ceiling_in = _FOOT_IN + sum(heights_in) + top_in * len(names_in) + (_TITLE_IN if has_strip else 0.0)
        ceiling_in += _BETWEEN_IN * (len(heights_in) - 1)
        figure = Figure(figsize=(form.width_in, ceiling_in))
        shown = []
        for number, height_in in enumerate(heights_in):
            ceiling_in -= height_in + (top_in if number < len(names_in) else _TITLE_IN)
            shown.append(panels.add_panel(figure, (_TICKS_IN, ceiling_in), width_in, height_in))
            ceiling_in -= _BETWEEN_IN
        return figure, shown
    below_in = _STRIP_IN + _TITLE_IN + _BETWEEN_IN if has_strip else 0.0
    high_in = max(_LOW_PANEL_IN if has_strip else _PANEL_IN, least_in) + below_in
    width_in = (form.width_in - 2 * _TICKS_IN - sum(names_in) - _BETWEEN_IN) / 2
    figure = Figure(figsize=(form.width_in, top_in + high_in + _FOOT_IN))
    second_in = _TICKS_IN + width_in + names_in[0] + _BETWEEN_IN + _TICKS_IN
    shown = [
        panels.add_panel(figure, (_TICKS_IN, _FOOT_IN + below_in), width_in, high_in - below_in),
        panels.add_panel(figure, (second_in, _FOOT_IN), width_in, high_in),
    ]
    if has_strip:
        shown.append(panels.add_panel(figure, (_TICKS_IN, _FOOT_IN), width_in, _STRIP_IN))
    return figure, shown


def _name_epochs(axes: Axes, epochs: int, language: Language) -> None:
    """Number the epochs below a panel, and name the axis."""
    ticks = panels.epoch_ticks(epochs, 6)
    axes.set_xticks(ticks, labels=[f"{tick:,}" for tick in ticks])
    style = TextStyle(size=TEXT_PT, align="center", offset_pt=(0, 5 - POINTS_PER_INCH * _FOOT_IN))
    write_label(axes, say("epoch", language), (0.5, 0), axes.transAxes, style)


def _draw_strip(axes: Axes, lines: list[Line], language: Language) -> None:
    """The rate in force of each setting with a callback, of one seed: those of all would hide each other."""
    own = [line for line in lines if not line.is_plain]
    set_rate_axis(axes, [run for line in own for run in line.runs])
    bold = choose_seed([line.runs for line in own])
    for line in own:
        draw_rates(axes, [line.runs[bold]], line.colour, 0)
    if len(own) * ROW_PT <= float(axes.bbox.height) + ROW_PT:
        name_rates(axes, own, bold)
    word = "rate-note-seeds" if len(own[0].runs) > 1 else "rate-note"
    note = _WORDS[word][language].format(seed=own[0].runs[bold].spec.seed)
    panels.write_heading(axes, _WORDS["rate"][language], note, (_START_PT, _UP_PT))


def _write_notes(axes: Axes, results: Results, study: Study, lines: list[Line], language: Language) -> None:
    """At the foot of the accuracies: that no rate was cut, and what a cross means."""
    notes = []
    if any(run.status is Status.DIVERGED for line in lines for run in line.runs):
        notes.append(_WORDS["diverged"][language])
    if is_plateau_study(study) and not has_cuts(results, study):
        notes += reversed(say_never(study, language))
    for number, note in enumerate(notes):
        style = TextStyle(align="right", colour=QUIET_COLOUR, has_ground=True, offset_pt=(-3, 6 + ROW_PT * number))
        write_label(axes, note, (1, 0), axes.transAxes, style)


def describe_study_curves(results: Results, study: Study, language: Language) -> str:
    """The text alternative of `make_study_curves`: what each setting ends at, and how often a callback cut its rate."""
    epochs = max(setting.epochs for setting in study.settings)
    seeds = describe_seeds(len(results.seeds), language)
    endings = describe_ends(results, study, language, _QUANTITIES, range(len(study.settings)))
    if language == "th":
        cuts = f" จำนวนครั้งที่ลดอัตรา: {describe_cuts(results, study, language)}" if is_plateau_study(study) else ""
        return (
            f"ค่าความถูกต้องและค่าความสูญเสียบนชุดทดสอบของการทดลองเรื่อง {study.title['th']} ตั้งแต่รอบที่ 1 ถึง {epochs:,} {seeds}"
            f"{cuts} เมื่อจบรอบสุดท้าย ค่าความถูกต้องกับค่าความสูญเสียเป็นดังนี้ {endings}"
        )
    cuts = f" Cuts of the rate: {describe_cuts(results, study, language)}." if is_plateau_study(study) else ""
    return (
        f"Test accuracy and test loss of the study '{study.title['en']}' over epochs 1 to {epochs:,}; {seeds}.{cuts} "
        f"Accuracy and loss after the last epoch: {endings}."
    )
