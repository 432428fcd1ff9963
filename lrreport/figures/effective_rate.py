"""Momentum laid over plain SGD at the rate that it is worth: rate / (1 - momentum)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.colours import identify
from lrreport.figures.data import MOST_ROWS, FigureData
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.envelopes import FloatArray, is_scattered, make_envelope, pick_epochs
from lrreport.figures.labels import TextStyle, measure_label, write_label
from lrreport.figures.panels import Margins
from lrreport.figures.theme import CONTEXT_COLOUR, PALETTE, POINTS_PER_INCH, QUIET_COLOUR, SEMI_BOLD
from lrreport.figures.words import DASH, MINUS, Language, format_number, format_percent, say
from lrreport.results import Results, RunResult, Status
from lrreport.spec import Setting

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "accuracy": {"th": "ค่าความถูกต้อง\nบนชุดทดสอบ (%)", "en": "Test accuracy (%)"},
    "effective": {"th": "อัตราเทียบเท่า {formula}", "en": "Effective rate {formula}"},
    "momentum": {"th": "โมเมนตัม {value}", "en": "momentum {value}"},
    "plain": {"th": "SGD อัตรา {value}", "en": "SGD, rate {value}"},
    "by-seed": {"th": "แยกตามค่า seed", "en": "one line per seed"},
}
#: More panels than these, the ones of the largest momenta, would show the same thing again.
_MOST_PANELS: Final = 2
#: Where last accuracies lie further apart than this, in points, a mean would be close to none of them.
_HIGH: Final = 90.0
_TICK_STEPS: Final = (1, 2, 5, 10, 25)
_MOST_TICKS: Final = 4
_PER_CENT: Final = 100.0
_PANEL_IN: Final = 1.28
_MARGINS: Final = Margins(left=0.62, top=0.23, between_rows=0.5)
_GAP_IN: Final = 0.36
_LEADER_PT: Final = 9.0
_LINE_PT: Final = 10.5
#: The broad pale line lies below, the thin dark one runs on it: both are seen where they are the same.
_BROAD: Final = 3.6
_THIN: Final = 1.3
_HAIR: Final = 0.7
_PALE: Final = 0.6
#: The upper line of the upper label stays below the heading, as a share of the panel's height.
_HIGHEST_LABEL: Final = 0.99
_MOMENTUM_COLOUR: Final = PALETTE[0]


@dataclass(frozen=True, slots=True)
class Pair:
    """A momentum, and the plain training that has its effective rate.

    Attributes:
        setting: Of the momentum study.
        plain: Of the learning-rate study.
    """

    setting: Setting
    plain: Setting


def effective_rate(setting: Setting) -> float:
    r"""The rate of a plain step that goes as far as a step with momentum does in the long run.

    $\eta / (1 - m)$ with $\eta$ the rate and $m$ the momentum: a velocity adds up $1 + m + m^2 + \dots$ of one gradient.
    """
    return float(f"{setting.spec.rate / (1 - setting.spec.momentum):.12g}")


def find_pairs(results: Results) -> tuple[Pair, ...]:
    """The momenta whose effective rate was trained without momentum: the largest ones, at most two, the smaller first.

    A pair in which every run of one side diverged has nothing to show and is left out.
    """
    study, rates = results.study("momentum"), results.study("learning-rate")
    if study is None or rates is None:
        return ()
    plain = {(identify(setting.spec), setting.epochs): setting for setting in rates.settings}
    pairs = []
    for setting in study.settings:
        spec = setting.spec
        if not 0 < spec.momentum < 1 or spec.nesterov:
            continue
        other = plain.get(
            (identify(replace(spec, learning_rate=effective_rate(setting), momentum=0.0)), setting.epochs)
        )
        if other and all(make_envelope(results.of(item), "test_accuracy_t") for item in (setting, other)):
            pairs.append(Pair(setting, other))
    return tuple(sorted(pairs, key=lambda pair: pair.setting.spec.momentum)[-_MOST_PANELS:])


@dataclass(frozen=True, slots=True, eq=False)
class _Curves:
    """What is drawn of a setting.

    Attributes:
        epoch_t: Epochs, counted from 1.
        accuracies: In per cent, one array an epoch each: the mean alone, or one a seed where the seeds scatter.
        ends: Of all seeds that did not diverge, in per cent.
    """

    epoch_t: FloatArray
    accuracies: tuple[FloatArray, ...]
    ends: tuple[float, ...]

    @property
    def is_scattered(self) -> bool:
        """Whether the seeds end so far apart that their mean describes none of them."""
        return is_scattered(np.array(self.ends))


def _collect(runs: Sequence[RunResult], *, by_seed: bool = False) -> _Curves:
    curves = [
        _PER_CENT * np.asarray(run.history.test_accuracy_t, np.float64)
        for run in runs
        if run.status is Status.COMPLETE and len(run.history)
    ]
    index_t = pick_epochs(len(curves[0]))
    ends = tuple(float(curve_t[-1]) for curve_t in curves)
    found = _Curves((index_t + 1).astype(np.float64), tuple(curve_t[index_t] for curve_t in curves), ends)
    return found if by_seed or found.is_scattered else replace(found, accuracies=(np.mean(found.accuracies, axis=0),))


def choose_range(curves: Sequence[FloatArray]) -> tuple[int, int, int]:
    """Where the accuracy axis of one panel begins and ends, in per cent, and the step of its ticks.

    Curves that begin high are shown from their first epoch on. Of others the axis shows where they go: it begins below
    the lowest accuracy of the last half.

    >>> choose_range([np.array([94.5, 97.4])]), choose_range([np.array([20.0, *[92.0] * 20, 80.9])])
    ((94, 98, 1), (80, 95, 5))
    """
    lowest = min(float(curve_t.min()) for curve_t in curves)
    if lowest < _HIGH:
        lowest = min(float(curve_t[len(curve_t) // 2 :].min()) for curve_t in curves)
    highest = max(float(curve_t.max()) for curve_t in curves)
    for step in _TICK_STEPS:
        low, high = int(lowest // step) * step, int(-(-highest // step)) * step
        if high - low <= _MOST_TICKS * step:
            return low, max(high, low + step), step
    return 0, int(_PER_CENT), _TICK_STEPS[-1]


def make_effective_rate(results: Results, _samples: Samples, language: Language, form: Format) -> Figure:
    """Draw each pair in a panel of its own, with an accuracy axis of its own; to be called inside `theme()`."""
    pairs = find_pairs(results)
    labels = [_label_pair(results, pair, language) for pair in pairs]
    room_in = (
        max(measure_label(line, weight=SEMI_BOLD) for label in labels for lines in label for line in lines)
        + _LEADER_PT
        + 5
    ) / POINTS_PER_INCH
    columns = 1 if form.is_narrow else len(pairs)
    margins = replace(_MARGINS, right=room_in, between_columns=room_in + _GAP_IN)
    groups = len(pairs) // columns
    figure, grid = panels.make_grid(groups, columns, [_PANEL_IN], margins, form.width_in)
    axes_of_pairs = [axes for row in grid for axes in row]
    for number, (pair, label, axes) in enumerate(zip(pairs, labels, axes_of_pairs, strict=True)):
        _draw_pair(axes, results, pair, label)
        is_lowest = number >= len(pairs) - columns
        panels.set_epoch_axis(axes, pair.setting.epochs, most_ticks=6, is_labelled=is_lowest)
        style = TextStyle(weight=SEMI_BOLD, offset_pt=(0, 6))
        write_label(
            axes, _WORDS["effective"][language].format(formula=_write_formula(pair)), (0, 1), axes.transAxes, style
        )
    for axes in axes_of_pairs[-columns:]:
        box = axes.get_position()
        figure.text(
            (box.x0 + box.x1) / 2,
            5 / POINTS_PER_INCH / float(figure.get_size_inches()[1]),
            say("epoch", language),
            ha="center",
            va="baseline",
        )
    panels.write_row_label(figure, axes_of_pairs, _WORDS["accuracy"][language])
    return figure


def _write_formula(pair: Pair) -> str:
    spec = pair.setting.spec
    rate, momentum = format_number(spec.rate), format_number(spec.momentum)
    return f"{rate}/(1 {MINUS} {momentum}) = {format_number(effective_rate(pair.setting))}"


def _label_pair(results: Results, pair: Pair, language: Language) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The lines of both labels: what the curve is, and where it ends."""
    names = (
        _WORDS["momentum"][language].format(value=format_number(pair.setting.spec.momentum)),
        _WORDS["plain"][language].format(value=format_number(pair.plain.spec.rate)),
    )
    first, second = (
        (name, _write_end(_collect(results.of(setting)).ends))
        + ((_WORDS["by-seed"][language],) if _collect(results.of(setting)).is_scattered else ())
        for name, setting in zip(names, (pair.setting, pair.plain), strict=True)
    )
    return first, second


def _write_end(ends: Sequence[float]) -> str:
    """The mean of the last accuracies, or the lowest and the highest where they scatter."""
    low, high = min(ends), max(ends)
    if is_scattered(np.array(ends)):
        return f"{low:.1f}{DASH}{high:.1f}%"
    return format_percent(float(np.mean(ends)) / _PER_CENT)


def _draw_pair(axes: Axes, results: Results, pair: Pair, labels: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    """Both curves on an axis of their own, and their labels to the right of their ends."""
    ours, plain = _collect(results.of(pair.setting)), _collect(results.of(pair.plain))
    if plain.is_scattered:  # a mean among single seeds would look calm for no reason of its own
        ours = _collect(results.of(pair.setting), by_seed=True)
    low, high, step = choose_range((*ours.accuracies, *plain.accuracies))
    axes.set_ylim(low, high)
    panels.write_ticks(axes, {tick: str(tick) for tick in range(low, high + 1, step)}, is_labelled=True)
    # The plain one first: the other runs on it.
    for curves, gid, colour, width, alpha in (
        (plain, "plain-line", CONTEXT_COLOUR, _BROAD, _PALE),
        (ours, "momentum-line", _MOMENTUM_COLOUR, _THIN, 1.0),
    ):
        for accuracy_t in curves.accuracies:
            axes.plot(
                curves.epoch_t,
                accuracy_t,
                color=colour,
                linewidth=width if len(curves.accuracies) == 1 else _HAIR,
                alpha=alpha if len(curves.accuracies) == 1 else 1.0,
                marker="o" if len(curves.epoch_t) == 1 else "",
                markersize=3.5,
                solid_joinstyle="round",
                gid=gid,
            )
    ends = [
        [float(np.clip((accuracy_t[-1] - low) / (high - low), 0, 1)) for accuracy_t in curves.accuracies]
        for curves in (ours, plain)
    ]
    _write_labels(axes, labels, ends)


def _write_labels(axes: Axes, labels: Sequence[Sequence[str]], ends: Sequence[Sequence[float]]) -> None:
    """Write both labels to the right of a panel, with a leader from the end of each line.

    Args:
        axes: The panel.
        labels: The lines of each label.
        ends: Where the lines that each label names end, as shares of the panel's height.
    """
    line = _LINE_PT / float(axes.bbox.height)  # at 72 dots an inch, a dot is a point
    gap = (sum(map(len, labels)) / 2 + 0.3) * line
    places = panels.spread_labels([float(np.mean(heights)) for heights in ends], gap)
    tops = [place + (len(lines) - 1) / 2 * line for place, lines in zip(places, labels, strict=True)]
    too_high = max(0.0, max(tops) - _HIGHEST_LABEL)
    lead = _LEADER_PT / float(axes.bbox.width)
    looks = ((_MOMENTUM_COLOUR, _MOMENTUM_COLOUR), (CONTEXT_COLOUR, QUIET_COLOUR))
    for lines, heights, place, (colour, text_colour) in zip(labels, ends, places, looks, strict=True):
        for height in heights:
            axes.plot(
                [1 + 0.15 * lead, 1 + lead],
                [height, place - too_high],
                transform=axes.transAxes,
                color=colour,
                linewidth=_HAIR,
                clip_on=False,
                gid="leader",
            )
        for number, text in enumerate(lines):
            style = TextStyle(
                is_level=True,
                colour=text_colour,
                weight=SEMI_BOLD if number == 0 else 400,
                offset_pt=(_LEADER_PT + 2, ((len(lines) - 1) / 2 - number) * _LINE_PT),
            )
            write_label(axes, text, (1, place - too_high), axes.transAxes, style)


def describe_effective_rate(results: Results, _samples: Samples, language: Language) -> str:
    """The text alternative of `make_effective_rate`."""
    items = []
    for pair in find_pairs(results):
        ours, plain = (_write_end(_collect(results.of(item)).ends) for item in (pair.setting, pair.plain))
        momentum, rate = format_number(pair.setting.spec.momentum), format_number(pair.setting.spec.rate)
        effective = format_number(pair.plain.spec.rate)
        ours, plain = (text.replace(DASH, " ถึง " if language == "th" else " to ") for text in (ours, plain))
        if language == "th":
            items.append(f"โมเมนตัม {momentum} ที่อัตรา {rate} จบที่ {ours} ส่วน SGD ที่อัตรา {effective} จบที่ {plain}")
        else:
            items.append(f"momentum {momentum} at rate {rate} ends at {ours}, plain SGD at rate {effective} at {plain}")
    if language == "th":
        return "ค่าความถูกต้องบนชุดทดสอบตลอดการฝึก เส้นของโมเมนตัมวางทับเส้นของ SGD ธรรมดาที่อัตราเทียบเท่า " + " และ".join(items)
    return f"Test accuracy over the epochs, momentum laid over plain SGD at its effective rate: {'; '.join(items)}."


def list_effective_data(results: Results, language: Language) -> FigureData:
    """Mean accuracies in per cent, two columns a pair."""
    pairs = find_pairs(results)
    epochs = max(pair.setting.epochs for pair in pairs)
    index_t = np.unique(np.linspace(0, epochs - 1, min(epochs, MOST_ROWS)).round().astype(int)).tolist()
    heads, columns = [say("epoch", language)], [[f"{index + 1:,}" for index in index_t]]
    for pair in pairs:
        for setting, lines in zip((pair.setting, pair.plain), _label_pair(results, pair, language), strict=True):
            envelope = make_envelope(results.of(setting), "test_accuracy_t", most=None)
            mean_t = envelope.mean_t if envelope else np.empty(0)
            heads.append(lines[0])
            columns.append([f"{_PER_CENT * mean_t[index]:.2f}" if index < len(mean_t) else DASH for index in index_t])
    groups = (("", 1), *((_WORDS["effective"][language].format(formula=_write_formula(pair)), 2) for pair in pairs))
    return FigureData(groups, tuple(heads), tuple(zip(*columns, strict=True)))


DRAWING: Final = Drawing(
    "effective-rate",
    make_effective_rate,
    describe_effective_rate,
    list_data=list_effective_data,
    shows=lambda results: [setting for pair in find_pairs(results) for setting in (pair.setting, pair.plain)],
    is_possible=lambda results: bool(find_pairs(results)),
)
