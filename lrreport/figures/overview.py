"""The main result in one picture: where the last test accuracy stands for every learning rate, with words at the curve."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.colours import find_best, shade_settings
from lrreport.figures.data import list_ending_data
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.envelopes import FloatArray, is_scattered
from lrreport.figures.forms import MOST_CURVES
from lrreport.figures.labels import TextStyle, measure_label, write_label
from lrreport.figures.panels import Margins
from lrreport.figures.scales import STRETCHED, set_stretched_axis
from lrreport.figures.theme import (
    BEST_COLOUR,
    CONTEXT_COLOUR,
    POINTS_PER_INCH,
    QUIET_COLOUR,
    SEMI_BOLD,
    TEXT_COLOUR,
    TEXT_PT,
)
from lrreport.figures.words import DASH, NAMES, Language, format_number, join_words, say
from lrreport.results import Results, Status
from lrreport.spec import Study

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "title": {"th": "ค่าความถูกต้องบนชุดทดสอบหลังรอบที่ {epochs} (%)", "en": "Test accuracy after epoch {epochs} (%)"},
    "rate": {"th": "อัตราการเรียนรู้{whose} (สเกลลอการิทึม)", "en": "Learning rate{whose} (log scale)"},
    "whose": {"th": "ของ {optimizer}", "en": " of {optimizer}"},
    "barely": {"th": "แทบไม่ขยับ", "en": "barely moves"},
    "climbing": {"th": "ยังไต่อยู่", "en": "still climbing"},
    "right": {"th": "กำลังดี", "en": "just right"},
    "lottery": {"th": "เสี่ยงดวง", "en": "a lottery"},
}
_PANEL_IN: Final = 1.34
_NARROW_PANEL_IN: Final = 1.8
_MARGINS: Final = Margins(left=0.34, right=0.08, top=0.54, bottom=0.42)
#: On a phone, the title takes two lines.
_SECOND_LINE_IN: Final = 0.16
_PER_CENT: Final = 100.0
_FEWEST: Final = 3
#: Guessing one of ten classes has 10 per cent right; so far from it a rate has barely moved.
_GUESSING: Final = 10.0
_BARELY: Final = 10.0
#: A rate is still climbing when it rose by more than so many points in the last tenth of its epochs.
_CLIMBING: Final = 0.2
_DOT_PT: Final = 4.6
#: From a dot to its number, and from there on to a word; the height of digits.
_NUMBER_PT: Final = 6.0
_ROW_PT: Final = 11.5
_THAI_ROW_PT: Final = 14.0
_LETTER_PT: Final = 6.0
_BESIDE_PT: Final = 5.0
_BRACKET_PT: Final = 4.0
#: The axis begins at so many times the largest error: there is room for a number below its dot.
_BELOW: Final = 1.6
#: As wide as numbers are.
_A_NUMBER: Final = "50.0%"
_APART_PT: Final = 1.0
_REACH_PT: Final = 5.0
_TITLE_PT: Final = 11.0


@dataclass(frozen=True, slots=True, eq=False)
class Stop:
    """Where a learning rate ends.

    Attributes:
        rate: The learning rate.
        colour: Of its dots.
        end_r: The last test accuracy in per cent of each seed that did not diverge.
        rise: By how many points their mean rose over the last tenth of the epochs.
        is_best: Whether its mean leads all others clearly.
    """

    rate: float
    colour: str
    end_r: FloatArray
    rise: float
    is_best: bool

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return float(self.end_r.mean())

    @property
    def ending(self) -> str:
        """The mean in words, or the range of seeds that scatter."""
        if is_scattered(self.end_r):
            return f"{float(self.end_r.min()):.1f}{DASH}{float(self.end_r.max()):.1f}%"
        return f"{self.mean:.1f}%"


def choose_overview_study(results: Results) -> Study | None:
    """The first study that varies nothing but the learning rate, with three values to two dozen; None without one.

    Of more, the list of the study shows the same.
    """
    for study in results.studies:
        rates = {setting.spec.rate for setting in study.settings}
        if study.varied_keys == ("learning_rate",) and _FEWEST <= len(rates) <= MOST_CURVES:
            return study
    return None


def _require_study(results: Results) -> Study:
    study = choose_overview_study(results)
    assert study is not None  # narrows the type: without one the figure is not possible
    return study


def name_optimizer(results: Results) -> str:
    """Whose rates the figure shows, where that is not plain SGD; empty for SGD, and without the figure."""
    study = choose_overview_study(results)
    optimizer = study.settings[0].spec.optimizer if study else "sgd"
    return "" if optimizer == "sgd" else NAMES[optimizer]


def list_stops(results: Results, study: Study) -> list[Stop]:
    """Where each rate ends, from the lowest rate on, without rates whose seeds all diverged."""
    stops = []
    best = find_best(results, study)
    for place, (setting, colour) in enumerate(zip(study.settings, shade_settings(study, best), strict=True)):
        runs = [run for run in results.of(setting) if run.status is Status.COMPLETE]
        if runs:
            curve_rt = _PER_CENT * np.array([run.history.test_accuracy_t for run in runs], dtype=np.float64)
            before = max(0, curve_rt.shape[1] - 1 - -(-curve_rt.shape[1] // 10))
            rise = float((curve_rt[:, -1] - curve_rt[:, before]).mean())
            stops.append(Stop(setting.spec.rate, colour, curve_rt[:, -1], rise, place == best))
    return sorted(stops, key=lambda stop: stop.rate)


def choose_words(stops: Sequence[Stop]) -> list[str]:
    """For each rate, from the lowest on, `barely`, `climbing`, `right`, `lottery`, or nothing where no word is true.

    Only rates below the one that leads can still be climbing towards it.
    """
    leading = max(stops, key=lambda stop: stop.mean, default=None)
    words = []
    for stop in stops:
        if abs(stop.mean - _GUESSING) <= _BARELY:
            words.append("barely")
        elif leading is not None and stop.rate < leading.rate and stop.rise > _CLIMBING:
            words.append("climbing")
        elif is_scattered(stop.end_r):
            words.append("lottery")
        else:
            words.append("right" if stop.is_best else "")
    return words


def make_overview(results: Results, _samples: Samples, language: Language, form: Format) -> Figure:
    """Draw the last test accuracy against the learning rate; to be called inside `theme()`.

    A dot a seed, a line through the means and a band over the seeds, which opens like a fan where they scatter. Numbers
    are means; where seeds scatter, the lowest and the highest stand at their dots. The axes are logarithms: of the rate,
    and of the error. Runs that diverged have no accuracy and no dot.
    """
    study = _require_study(results)
    stops = list_stops(results, study)
    panel_in = _NARROW_PANEL_IN if form.is_narrow else _PANEL_IN
    margins = Margins(
        _MARGINS.left, _MARGINS.right, _MARGINS.top + (_SECOND_LINE_IN if form.is_narrow else 0), _MARGINS.bottom
    )
    figure, grid = panels.make_grid(1, 1, [panel_in], margins, form.width_in)
    axes = grid[0][0]
    _set_rates(axes, sorted({setting.spec.rate for setting in study.settings}))
    ends = np.concatenate([np.array([]), *(stop.end_r for stop in stops)])
    lowest, highest = (float(ends.min()), float(ends.max())) if len(ends) else (0.0, 90.0)
    set_stretched_axis(axes, lowest, highest, panel_in * POINTS_PER_INCH)
    axes.set_ylim(bottom=100 - _BELOW * (100 - lowest))
    words = choose_words(stops)
    _draw_stops(axes, stops, words)
    _write_numbers(axes, stops, words)
    _write_words(axes, stops, words, language)
    epochs = max(setting.epochs for setting in study.settings)
    _write_titles(axes, margins, f"{epochs:,}", form, language)
    optimizer = name_optimizer(results)
    whose = _WORDS["whose"][language].format(optimizer=optimizer) if optimizer else ""
    panels.write_axis_labels(figure, x_label=_WORDS["rate"][language].format(whose=whose), margins=margins)
    return figure


def _set_rates(axes: Axes, rates: Sequence[float]) -> None:
    """A logarithmic axis that names every rate, or as many as there is room for."""
    axes.set_xscale("log")
    axes.minorticks_off()
    axes.grid(visible=False)  # every dot has its number
    axes.set_xlim(rates[0] / 3, rates[-1] * 3)
    names = [format_number(rate) for rate in rates]
    shown = _choose_named(axes, rates, names)
    axes.set_xticks([rates[place] for place in shown], labels=["" for _ in shown])
    for place in shown:
        style = TextStyle(align="center", offset_pt=(0, -12))
        write_label(axes, names[place], (rates[place], 0), axes.get_xaxis_transform(), style)


def _choose_named(axes: Axes, rates: Sequence[float], texts: Sequence[str], first: int | None = None) -> list[int]:
    """The places of rates whose texts, centred at their rates, do not touch each other.

    Args:
        axes: The panel.
        rates: In ascending order.
        texts: One a rate.
        first: The place of the one that is shown whatever the others are.
    """
    x_pt = [float(axes.transData.transform((rate, 50.0))[0]) for rate in rates]
    half_pt = [measure_label(text) / 2 for text in texts]
    shown: list[int] = [] if first is None else [first]
    for place in range(len(rates)):
        if all(abs(x_pt[place] - x_pt[other]) >= half_pt[place] + half_pt[other] + _APART_PT for other in shown):
            shown.append(place)
    return sorted(shown)


def _draw_stops(axes: Axes, stops: Sequence[Stop], words: Sequence[str]) -> None:
    """Dots, a line through the means but of a lottery, and the band from the lowest seed to the highest."""
    rates = [stop.rate for stop in stops]
    edges = [*(stop.end_r.min() for stop in stops), *(stop.end_r.max() for stop in reversed(stops))]
    axes.fill(
        [*rates, *reversed(rates)], edges, facecolor=CONTEXT_COLOUR, alpha=0.18, linewidth=0, gid="seed-band", zorder=1
    )
    means = [np.nan if word == "lottery" else stop.mean for stop, word in zip(stops, words, strict=True)]
    axes.plot(rates, means, color=CONTEXT_COLOUR, linewidth=1.2, gid="mean-line", zorder=2)
    for stop in stops:
        axes.plot(
            np.full(len(stop.end_r), stop.rate),
            stop.end_r,
            linestyle="none", marker="o", markersize=_DOT_PT * (1.35 if stop.is_best else 1), markeredgewidth=0,
            color=stop.colour, alpha=0.85, clip_on=False, gid="seed-mark", zorder=3,
        )  # fmt: skip


def _write_numbers(axes: Axes, stops: Sequence[Stop], words: Sequence[str]) -> None:
    """At each rate what it ends at, above its dots, or at the right below where the curve goes on steeply upwards.

    Of a lottery, the highest stands above and the lowest below. Where rates stand close, not all have a number.
    """
    best = next((number for number, stop in enumerate(stops) if stop.is_best), None)
    shown = _choose_named(axes, [stop.rate for stop in stops], [_A_NUMBER] * len(stops), best)
    for number in shown:
        stop, word = stops[number], words[number]
        low, high = float(stop.end_r.min()), float(stop.end_r.max())
        style = TextStyle(weight=SEMI_BOLD if stop.is_best else 400, align="center", offset_pt=(0, _NUMBER_PT))
        if word == "lottery":
            write_label(axes, f"{high:.1f}%", (stop.rate, high), axes.transData, style)
            style = replace(style, offset_pt=(0, -_NUMBER_PT - _LETTER_PT))
            write_label(axes, f"{low:.1f}%", (stop.rate, low), axes.transData, style)
        elif _is_steep(axes, stops[number : number + 2], stop.ending):
            style = replace(style, align="left", offset_pt=(_BESIDE_PT, -_LETTER_PT))
            write_label(axes, stop.ending, (stop.rate, stop.mean), axes.transData, style)
        else:
            write_label(axes, stop.ending, (stop.rate, high), axes.transData, style)


def _is_steep(axes: Axes, pair: Sequence[Stop], text: str) -> bool:
    """Whether the curve goes on so steeply upwards that it would run through a text above its dot, and there is room."""
    places = axes.transData.transform([(stop.rate, stop.mean) for stop in pair])
    (right_pt, up_pt), width_pt = places[-1] - places[0], measure_label(text)
    has_room = axes.bbox.x1 - places[0][0] >= _BESIDE_PT + width_pt
    return bool(len(pair) > 1 and has_room and up_pt / right_pt * width_pt / 2 > _NUMBER_PT / 2)


def _write_words(axes: Axes, stops: Sequence[Stop], words: Sequence[str], language: Language) -> None:
    """Each word once, over most neighbouring rates of its kind, above their numbers; of a lottery below, where there is room."""
    groups: dict[str, list[Stop]] = {}
    for word, found in itertools.groupby(zip(words, stops, strict=True), key=lambda pair: pair[0]):
        groups[word] = max(groups.get(word, []), [stop for _, stop in found], key=len)
    for word, group in groups.items():
        if not word:
            continue
        is_below = word == "lottery"
        ends = np.concatenate([stop.end_r for stop in group])
        value = float(ends.min() if is_below else ends.max())
        left, up = axes.transData.transform((group[0].rate, value)) - axes.bbox.p0
        right, _ = axes.transData.transform((group[-1].rate, value)) - axes.bbox.p0
        # A line of letters lies above its baseline, and Thai letters have marks above them.
        up += -_NUMBER_PT - _LETTER_PT - _THAI_ROW_PT if is_below else _NUMBER_PT + _ROW_PT
        if len(group) > 1:
            up += -_BRACKET_PT if is_below else _BRACKET_PT
            _draw_bracket(axes, left, right, up + (_ROW_PT if is_below else -_BRACKET_PT), is_below=is_below)
        text = _WORDS[word][language]
        half = measure_label(text, TEXT_PT, SEMI_BOLD) / 2
        last = float(axes.bbox.width) + POINTS_PER_INCH * _MARGINS.right - half - 1
        middle = min(max((left + right) / 2, half + 2), last)
        colour = BEST_COLOUR if word == "right" else TEXT_COLOUR
        style = TextStyle(TEXT_PT, SEMI_BOLD, align="center", colour=colour, offset_pt=(middle, up))
        write_label(axes, text, (0, 0), axes.transAxes, style)


def _draw_bracket(axes: Axes, left: float, right: float, up: float, *, is_below: bool) -> None:
    """A thin line over rates that share a word, or below them, its ends bent towards them; places in points."""
    bend = up + (_BRACKET_PT / 2 if is_below else -_BRACKET_PT / 2)
    x = np.array([left, left, right, right]) + np.array([-1, -1, 1, 1]) * _REACH_PT
    axes.plot(
        x / float(axes.bbox.width), np.array([bend, up, up, bend]) / float(axes.bbox.height), transform=axes.transAxes,
        color=QUIET_COLOUR, linewidth=0.7, clip_on=False, gid="bracket",
    )  # fmt: skip


def _write_titles(axes: Axes, margins: Margins, epochs: str, form: Format, language: Language) -> None:
    """At the top what the dots show, and what is odd about their axis: beside it, or on a phone below."""
    start_pt, up_pt = 2 - POINTS_PER_INCH * margins.left, POINTS_PER_INCH * margins.top - _TITLE_PT
    title = _WORDS["title"][language].format(epochs=epochs)
    panels.write_heading(axes, title, "" if form.is_narrow else STRETCHED[language], (start_pt, up_pt))
    if form.is_narrow:
        style = TextStyle(colour=QUIET_COLOUR, offset_pt=(start_pt, up_pt - POINTS_PER_INCH * _SECOND_LINE_IN))
        write_label(axes, STRETCHED[language], (0, 1), axes.transAxes, style)


def describe_overview(results: Results, _samples: Samples, language: Language) -> str:
    """The text alternative of `make_overview`: what each rate ends at, and the word that stands there."""
    study = _require_study(results)
    epochs = max(setting.epochs for setting in study.settings)
    stops = list_stops(results, study)
    items = []
    for stop, word in zip(stops, choose_words(stops), strict=True):
        saying = f" ({_WORDS[word][language]})" if word else ""
        items.append(f"{format_number(stop.rate)} {'ได้ ' if language == 'th' else 'ends at '}{stop.ending}{saying}")
    lost = [format_number(setting.spec.rate) for setting in study.settings]
    known = {format_number(stop.rate) for stop in stops}
    items += [f"{rate} {say('diverged', language)}" for rate in lost if rate not in known]
    endings = join_words(tuple(items), language)
    n = len(results.seeds)
    if language == "th":
        seeds = f"จุดละหนึ่งค่า seed รวม {n} ค่า" if n > 1 else "ใช้ค่า seed ค่าเดียว"
        return (
            f"ค่าความถูกต้องบนชุดทดสอบหลังรอบที่ {epochs:,} เทียบกับอัตราการเรียนรู้บนสเกลลอการิทึม {seeds} อัตราแต่ละค่าจบดังนี้ {endings}"
        )
    seeds = f"a dot for each of {n} seeds" if n > 1 else "one seed"
    return (
        f"Test accuracy after epoch {epochs:,} against the learning rate on a logarithmic axis, {seeds}. "
        f"Rate {endings}."
    )


DRAWING: Final = Drawing(
    "main-result",
    make_overview,
    describe_overview,
    list_data=lambda results, language: list_ending_data(results, _require_study(results), language),
    shows=lambda results: _require_study(results).settings,
    is_possible=lambda results: choose_overview_study(results) is not None,
)
