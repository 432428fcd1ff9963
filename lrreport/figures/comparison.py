"""All settings of a study in one panel: a line each, named at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
from matplotlib.axes import Axes

from lrreport.figures import panels
from lrreport.figures.colours import find_best, find_plain, shade_settings
from lrreport.figures.envelopes import FloatArray, draw_envelope, draw_seed, is_scattered, make_envelope
from lrreport.figures.labels import TextStyle, measure_label, shorten_label, write_label
from lrreport.figures.scales import set_stretched_axis
from lrreport.figures.theme import CONTEXT_COLOUR, PALETTE, POINTS_PER_INCH, QUIET_COLOUR, SEMI_BOLD, TEXT_COLOUR
from lrreport.figures.words import (
    DASH,
    Language,
    format_percent,
    format_setting_value,
    name_key,
    name_settings,
    name_short,
    say,
    shown_keys,
)
from lrreport.results import CURVES, Results, RunResult, Status
from lrreport.spec import Study

__all__ = [
    "ROW_PT",
    "Line",
    "Quantity",
    "describe_ends",
    "draw_lines",
    "list_curves",
    "list_lines",
    "measure_ends",
    "name_curves",
    "name_rates",
    "set_stretched_axis",
    "write_end",
    "write_ends",
]

Quantity: TypeAlias = Literal["test_accuracy_t", "test_loss_t"]

_PER_CENT: Final = 100.0
_SCALE: Final[Mapping[Quantity, float]] = {"test_accuracy_t": _PER_CENT, "test_loss_t": 1.0}
_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "no-decay": {"th": "ไม่ใช้ decay", "en": "no decay"},
    "no-callback": {"th": "ไม่ใช้ callback", "en": "no callback"},
    "all-patiences": {"th": "ทั้ง {n} ระยะรอ", "en": "all {n} patiences"},
    "all-settings": {"th": "เหมือนกันทั้ง {n} ค่า", "en": "all {n} settings"},
}
#: Names stand so far apart.
ROW_PT: Final = 11.5
_LEADER_PT: Final = 10.0
_GAP_PT: Final = 3.0
#: Widths that are added up differ in their last bits.
_SLACK_PT: Final = 0.1
#: Letters are a little wider when they are drawn.
_AS_DRAWN: Final = 1.02
#: Of two names at one place the lower is lower by so much, as a share of the panel.
_HAIR: Final = 1e-6
#: Between a name and its value.
_SPACE_PT: Final = 7.0
_WIDTH: Final = 1.2
_BEST_WIDTH: Final = 1.9
_DASHES: Final = (0, (4, 2.2))


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One setting of the comparison, or several whose runs are the same.

    Attributes:
        name: At its end.
        colour: The setting's.
        runs: One a seed.
        is_best: Drawn thicker than the others.
        is_plain: Drawn grey and dashed: the training at a fixed rate that the others are compared with.
    """

    name: str
    colour: str
    runs: tuple[RunResult, ...]
    is_best: bool = False
    is_plain: bool = False

    def end(self, quantity: Quantity) -> FloatArray:
        """What the seeds that did not diverge end at, shape (R,)."""
        ends = [getattr(run.history, quantity)[-1] for run in self.runs if run.status is Status.COMPLETE]
        return _SCALE[quantity] * np.array(ends, dtype=np.float64)

    @property
    def is_scattered(self) -> bool:
        """As `is_scattered` has it."""
        return is_scattered(self.end("test_accuracy_t"))

    @property
    def epochs(self) -> int:
        """Of the longest run."""
        return max(len(run.history) for run in self.runs)


def name_curves(study: Study, language: Language) -> tuple[str, tuple[str, ...]]:
    """A heading, and short names below it: the keys that vary, and each setting's values alone.

    The heading is empty where the names need none.
    """
    keys = shown_keys(study)
    if len(keys) > 1:
        heading = " · ".join(name_key(key, language) for key in keys)
        names = [
            " · ".join(format_setting_value(key, value, language) for key, value in setting.varied if key in keys)
            for setting in study.settings
        ]
        return heading, tuple(names)
    return name_short(study, language)


def list_lines(results: Results, study: Study, language: Language) -> tuple[str, list[Line]]:
    """The heading of the names, and a line for each setting of a study in file order.

    In front of them stands the same training at a fixed rate, where the report has it; where it ends higher than the best
    of them, none of them stands out. Settings whose runs are the same, seed by seed, share a line; where all do, its name
    needs no heading.
    """
    heading, names = name_curves(study, language)
    plain = find_plain(results, study)
    best = find_best(results, study, plain)
    groups: dict[tuple[bytes, ...], list[int]] = {}
    for place, setting in enumerate(study.settings):
        groups.setdefault(_identify(results.of(setting)), []).append(place)
    colours = shade_settings(study, best) if len(groups) > 1 else PALETTE
    lines = []
    if plain is not None:
        has_callback = any(setting.spec.plateau for setting in study.settings)
        name = _WORDS["no-callback" if has_callback else "no-decay"][language]
        lines.append(Line(name, CONTEXT_COLOUR, results.of(plain), is_plain=True))
    for places in groups.values():
        name = _name_group(study, places, names, language)
        if len(study.settings) == 1:  # alone, it needs no name
            name = name_settings(study, language)[0] if lines else ""
        runs = results.of(study.settings[places[0]])
        lines.append(Line(name, colours[places[0]], runs, is_best=best in places))
    return heading if len(groups) > 1 else "", lines


def _identify(runs: Sequence[RunResult]) -> tuple[bytes, ...]:
    """Equal for settings whose curves are the same bits."""
    return tuple(getattr(run.history, curve).tobytes() for run in runs for curve in CURVES)


def _name_group(study: Study, places: Sequence[int], names: Sequence[str], language: Language) -> str:
    if len(places) == len(names) > 1:
        word = "all-patiences" if shown_keys(study) == ("plateau.patience",) else "all-settings"
        return _WORDS[word][language].format(n=len(places))
    return ", ".join(names[place] for place in places)


def list_curves(lines: Sequence[Line], quantity: Quantity) -> list[FloatArray]:
    """The curves of all seeds that did not diverge; of a loss as it is, of an accuracy in per cent."""
    return [
        _SCALE[quantity] * np.asarray(getattr(run.history, quantity), dtype=np.float64)
        for line in lines
        for run in line.runs
        if run.status is Status.COMPLETE
    ]


def draw_lines(axes: Axes, lines: Sequence[Line], quantity: Quantity) -> None:
    """The mean of each line with a band over the seeds; seeds that scatter, or that diverged, as lines of their own.

    The limits of the panel must be set.
    """
    scale = _SCALE[quantity]
    for line in lines:
        zorder = 5 if line.is_plain else 4 if line.is_best else 3  # the dashes on top: what they run along is seen, too
        if line.is_scattered:
            alone = list(line.runs)
        else:
            alone = [run for run in line.runs if run.status is Status.DIVERGED]
            if envelope := make_envelope(line.runs, quantity):
                width = _BEST_WIDTH if line.is_best else 0.9 if line.is_plain else _WIDTH
                style = _DASHES if line.is_plain else "-"
                draw_envelope(
                    axes, envelope, colour=line.colour, scale=scale, linewidth=width, linestyle=style, zorder=zorder
                )
        for run in alone:
            draw_seed(axes, run, quantity, colour=line.colour, scale=scale)


def write_end(line: Line, quantity: Quantity, language: Language) -> str:
    """What a setting ends at: the mean, or the range of seeds that scatter."""
    end_r = line.end(quantity)
    if not len(end_r):
        return say("diverged", language)
    low, high, mean = float(end_r.min()), float(end_r.max()), float(end_r.mean())
    if quantity == "test_loss_t":
        return f"{low:.2f}{DASH}{high:.2f}" if line.is_scattered else f"{mean:.3f}"
    if line.is_scattered:
        return f"{low:.1f}{DASH}{high:.1f}%"
    return format_percent(mean / _PER_CENT)


def describe_ends(
    results: Results, study: Study, language: Language, quantities: Sequence[Quantity], shown: Sequence[int]
) -> str:
    """Settings with what they end at, and with how many seeds diverged, for text alternatives.

    Args:
        results: Where the curves come from.
        study: One of its studies.
        language: `th` or `en`.
        quantities: What is told.
        shown: Places of the settings.
    """
    names = name_settings(study, language)
    items = []
    for place in shown:
        line = Line(names[place], "", results.of(study.settings[place]))
        lost = sum(run.status is Status.DIVERGED for run in line.runs)
        numbers = [write_end(line, quantity, language) for quantity in quantities] if lost < len(line.runs) else []
        numbers += [say("n-diverged", language, k=lost, n=len(line.runs))] if lost else []
        items.append(
            f"{line.name} {' กับ '.join(numbers)}" if language == "th" else f"{line.name}: {', '.join(numbers)}"
        )
    return ", ".join(items) if language == "th" else "; ".join(items)


def measure_ends(lines: Sequence[Line], quantity: Quantity, heading: str, language: Language) -> float:
    """How wide `write_ends` writes beside a panel, in inches, where nothing is shortened."""
    names = max(measure_label(line.name, weight=SEMI_BOLD) for line in lines)
    values = max(measure_label(write_end(line, quantity, language), weight=SEMI_BOLD) for line in lines)
    label_pt = max(names + (_SPACE_PT if names else 0) + values, measure_label(heading, weight=SEMI_BOLD))
    return (_AS_DRAWN * label_pt + _LEADER_PT + 2 * _GAP_PT) / POINTS_PER_INCH


def write_ends(
    axes: Axes, lines: Sequence[Line], quantity: Quantity, heading: str, language: Language, *, room_in: float
) -> None:
    """Names and last values in a column beside the panel, each joined to its line's end.

    Args:
        axes: The panel, its limits set; the last epoch is its right edge.
        lines: Whose names are written.
        quantity: What they show.
        heading: Above the names; may be empty.
        language: `th` or `en`.
        room_in: As wide as the column may be, in inches.
    """
    right = axes.get_xlim()[1]
    ends = [_place_ends(axes, line.end(quantity)) for line in lines]
    values = [write_end(line, quantity, language) for line in lines]
    places = _spread(axes, _keep_order(lines, [sum(end) / len(end) if end else 0.0 for end in ends], values))
    room_pt = (POINTS_PER_INCH * room_in - _LEADER_PT - 2 * _GAP_PT) / _AS_DRAWN
    widths = [measure_label(value, weight=SEMI_BOLD) for value in values]
    names = [
        shorten_label(line.name, room_pt - width - _SPACE_PT + _SLACK_PT, weight=SEMI_BOLD)
        for line, width in zip(lines, widths, strict=True)
    ]
    column_pt = max(
        measure_label(name, weight=SEMI_BOLD) + (_SPACE_PT if name else 0) + width
        for name, width in zip(names, widths, strict=True)
    )
    for line, name, value, end, place in zip(lines, names, values, ends, places, strict=True):
        if line.epochs == right:
            for one in end if line.is_scattered else [sum(end) / len(end)] if end else []:
                _draw_leader(axes, one, place, line.colour)
        look = {"weight": SEMI_BOLD if line.is_best else 400, "colour": QUIET_COLOUR if line.is_plain else TEXT_COLOUR}
        start_pt = _LEADER_PT + _GAP_PT
        for text, align, at_pt in ((name, "left", start_pt), (value, "right", start_pt + column_pt)):
            if text:
                style = TextStyle(align=align, is_level=True, offset_pt=(at_pt, 0), **look)  # type: ignore[arg-type]
                write_label(axes, text, (1, place), axes.transAxes, style)
    if heading:
        style = TextStyle(weight=SEMI_BOLD, colour=QUIET_COLOUR, offset_pt=(_LEADER_PT + _GAP_PT, 5))
        write_label(axes, shorten_label(heading, room_pt + _SLACK_PT, weight=SEMI_BOLD), (1, 1), axes.transAxes, style)


def name_rates(axes: Axes, lines: Sequence[Line], seed: int) -> None:
    """Name the rates of one seed at their ends, the seed given by its place."""
    ends = [_place_ends(axes, line.runs[seed].history.learning_rate_t[-1:].astype(np.float64)) for line in lines]
    places = _spread(axes, [sum(end) for end in ends])
    for line, end, place in zip(lines, ends, places, strict=True):
        if end:
            _draw_leader(axes, end[0], place, line.colour)
            style = TextStyle(is_level=True, offset_pt=(_LEADER_PT + _GAP_PT, 0))
            write_label(axes, line.name, (1, place), axes.transAxes, style)


def _place_ends(axes: Axes, values: FloatArray) -> list[float]:
    """How high values stand at the right edge of a panel, as shares of it."""
    to_place = axes.transData + axes.transAxes.inverted()
    right = axes.get_xlim()[1]
    return [min(max(float(to_place.transform((right, value))[1]), 0.0), 1.0) for value in values]


def _keep_order(lines: Sequence[Line], wanted: Sequence[float], values: Sequence[str]) -> list[float]:
    """Where values are printed alike, names stand from the top as the settings do, what they are compared with below."""
    places = list(wanted)
    for value in set(values):
        alike = sorted((line.is_plain, index) for index, line in enumerate(lines) if values[index] == value)
        high_to_low = sorted((wanted[index] for _, index in alike), reverse=True)
        for rank, ((_, index), place) in enumerate(zip(alike, high_to_low, strict=True)):
            places[index] = place - rank * _HAIR
    return places


def _draw_leader(axes: Axes, end: float, place: float, colour: str) -> None:
    """From a line's end to its name; at 72 dots an inch, a dot is a point."""
    axes.plot(
        [1, 1 + _LEADER_PT / float(axes.bbox.width)], [end, place], transform=axes.transAxes, color=colour,
        linewidth=0.7, clip_on=False, gid="leader",
    )  # fmt: skip


def _spread(axes: Axes, wanted: Sequence[float]) -> list[float]:
    """Places for labels beside a panel, as shares of its height: far enough apart, and inside of it where they fit."""
    gap = ROW_PT / float(axes.bbox.height)
    places = panels.spread_labels(wanted, gap)
    order = sorted(range(len(places)), key=lambda index: places[index])
    ceiling = 1.0 - 0.2 * gap
    for index in reversed(order):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - gap
    floor = -0.5 * gap
    for index in order:
        places[index] = max(places[index], floor)
        floor = places[index] + gap
    return places
