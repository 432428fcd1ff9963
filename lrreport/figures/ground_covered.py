"""The test accuracy over the sum of all learning rates so far: settings that went separate ways walk one road."""

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
from lrreport.figures.data import FigureData
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.endings import PER_CENT, format_end
from lrreport.figures.envelopes import FloatArray, is_scattered, make_envelope
from lrreport.figures.forms import MOST_LINES
from lrreport.figures.free_names import Name, Place, fill_in, write_names
from lrreport.figures.labels import DIGIT_MIDDLE_EM, TextStyle, measure_label, write_label
from lrreport.figures.panels import Margins
from lrreport.figures.scales import set_stretched_axis
from lrreport.figures.theme import BEST_COLOUR, CUT_COLOUR, POINTS_PER_INCH, SMALL_PT
from lrreport.figures.words import Language, format_number, format_percent, join_words, say
from lrreport.results import Results, Status
from lrreport.schedules.ground import sum_rates
from lrreport.spec import RunSpec, Setting, Study

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "ground": {
        "th": "ระยะทางสะสม คือผลรวมอัตราของทุกก้าว (สเกลลอการิทึม)",
        "en": "Ground covered: the sum of the rates of all steps (log scale)",
    },
    "ground-narrow": {
        "th": "ระยะทางสะสม คือผลรวมอัตราของทุกก้าว\n(สเกลลอการิทึม)",
        "en": "Ground covered: the sum of the rates\nof all steps (log scale)",
    },
    "accuracy": {
        "th": "ค่าความถูกต้องบนชุดทดสอบ (%)\nขยายช่วงใกล้ 100",
        "en": "Test accuracy (%)\nstretched towards 100",
    },
    "rate": {"th": "อัตรา {value}", "en": "rate {value}"},
    "decay": {"th": "decay {value}", "en": "decay {value}"},
    "seeds": {"th": "อัตรา {value} ทีละค่า seed", "en": "rate {value}, each seed"},
    "setting": {"th": "การตั้งค่า", "en": "Setting"},
    "accuracy-end": {"th": "ค่าความถูกต้องบนชุดทดสอบเมื่อจบ (%)", "en": "Test accuracy at the end (%)"},
    "ground-end": {"th": "ระยะทางสะสมเมื่อจบ", "en": "Ground covered at the end"},
}
_HEIGHT_IN: Final = 2.9
#: A rate that lies more than so many points below the smaller ones, where both have been, is not on their road.
_OFF_POINTS: Final = 3.0
_ROAD_PT: Final = 8.0
_ROAD_COLOUR: Final = "#dddddd"
_DECAY_COLOUR: Final = CUT_COLOUR
#: Of the dashes of a decay, which lie inside the line of a rate.
_DASH_COLOUR: Final = "#ffffff"
#: Between a name and a line; the road is a little wider.
_LINE_CLEARANCE_PT: Final = 2.0
_ROAD_CLEARANCE_PT: Final = 4.5
_FEWEST: Final = 3
_MOST_DECAYS: Final = 6
_WHOLE_FROM: Final = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """What the figure shows of a setting, at most as many points as a curve has.

    Attributes:
        setting: Which.
        ground_t: Ground covered after each epoch that is drawn, shape (T,).
        mean_t: Mean test accuracy over the seeds that did not diverge, in per cent, shape (T,).
        accuracy_rt: The same of each of these seeds, shape (R, T).
    """

    setting: Setting
    ground_t: FloatArray
    mean_t: FloatArray
    accuracy_rt: FloatArray

    @property
    def is_scattered(self) -> bool:
        """Whether the seeds end so far from each other that their mean describes none of them."""
        return is_scattered(self.accuracy_rt[:, -1])

    @property
    def lines(self) -> FloatArray:
        """What is drawn: the mean, or each seed, shape (lines, T)."""
        return self.accuracy_rt if self.is_scattered else self.mean_t[np.newaxis]


def list_walks(results: Results, settings: Sequence[Setting]) -> list[Walk]:
    """The walk of every setting, but those whose seeds have all diverged."""
    walks = []
    for setting in settings:
        runs = results.of(setting)
        envelope = make_envelope(runs, "test_accuracy_t")
        if envelope is None:
            continue
        index_t = envelope.epoch_t.astype(np.intp) - 1
        curves = [
            run.history.test_accuracy_t[index_t] for run in runs if run.status is Status.COMPLETE and len(run.history)
        ]
        accuracy_rt = PER_CENT * np.stack(curves).astype(np.float64)
        walks.append(
            Walk(setting, sum_rates(setting.spec, setting.epochs)[index_t], accuracy_rt.mean(axis=0), accuracy_rt)
        )
    return walks


def find_road(walks: Sequence[Walk]) -> list[Walk]:
    """The walks at a constant rate that follow one road, from the smallest rate up.

    A walk is off the road where half of its epochs or more lie more than `_OFF_POINTS` below the last walk on the road,
    as far as that one goes; one that only sets out beyond it is judged by its first epoch.
    """
    road: list[Walk] = []
    for walk in sorted(walks, key=lambda walk: walk.setting.spec.rate):
        if road and measure_gap(road[-1], walk) > _OFF_POINTS:
            continue
        road.append(walk)
    return road


def measure_gap(before: Walk, walk: Walk) -> float:
    """How many points a walk lies below another at the same ground, the median over the epochs that both cover."""
    below_t = np.interp(np.log(walk.ground_t), np.log(before.ground_t), before.mean_t) - walk.mean_t
    is_shared = walk.ground_t <= before.ground_t[-1]
    return float(np.median(below_t[is_shared])) if is_shared.any() else float(below_t[0])


def make_ground_covered(results: Results, _samples: Samples, language: Language, form: Format) -> Figure:
    """Draw the test accuracy of every rate and every decay over the ground covered; to be called inside `theme()`.

    Under the walks that follow one road lies the road itself, wide and pale.
    """
    study = _require_study(results)
    rates, decays = list_walks(results, study.settings), list_walks(results, _list_decays(results))
    shades = shade_settings(study, find_best(results, study))
    colours = dict(zip((setting.text for setting in study.settings), shades, strict=True))
    margins = Margins(left=0.72, right=0.2, top=0.1, bottom=0.62 if form.is_narrow else 0.46)
    panel_in = _HEIGHT_IN - margins.top - margins.bottom
    figure, grid = panels.make_grid(1, 1, [panel_in], margins, form.width_in)
    axes = grid[0][0]
    _set_axes(axes, [*rates, *decays], panel_in, form)
    for walk in find_road(rates):
        axes.plot(
            walk.ground_t,
            walk.mean_t,
            color=_ROAD_COLOUR,
            linewidth=_ROAD_PT,
            solid_capstyle="round",
            gid="road",
            zorder=1.5,
        )
    names, scattered = [], []
    for walk in rates:
        colour = colours[walk.setting.text]
        for line_t in walk.lines:
            axes.plot(
                walk.ground_t,
                line_t,
                color=colour,
                linewidth=0.8 if walk.is_scattered else 2.4,
                solid_capstyle="round",
                gid="rate-line",
                zorder=3,
            )
            _mark_end(axes, walk, float(line_t[-1]), colour, "o")
        value = format_number(walk.setting.spec.rate)
        if walk.is_scattered:
            scattered.append((_WORDS["seeds"][language].format(value=value), walk))
        else:
            name = value if form.is_narrow else _WORDS["rate"][language].format(value=value)
            end = (float(walk.ground_t[-1]), float(walk.mean_t[-1]))
            names.append(Name(name, end, is_best=colour == BEST_COLOUR))
    for walk in decays:
        axes.plot(
            walk.ground_t,
            walk.mean_t,
            color=_DASH_COLOUR,
            linewidth=1.0,
            linestyle=(0, (2.2, 2.0)),
            gid="decay-line",
            zorder=4,
        )
        _mark_end(axes, walk, float(walk.mean_t[-1]), _DECAY_COLOUR, "D", fill=_DASH_COLOUR)
        name = _WORDS["decay"][language].format(value=format_number(walk.setting.spec.decay))
        names.append(
            Name(name, (float(walk.ground_t[-1]), float(walk.mean_t[-1])), is_above=True, leader_colour=_DECAY_COLOUR)
        )
    taken = [_write_below(axes, name, walk) for name, walk in scattered]
    thick = [_trace(axes, walk) for walk in rates if not walk.is_scattered]
    thin = [_trace(axes, walk) for walk in rates if walk.is_scattered]
    obstacles = [
        *((points, _ROAD_CLEARANCE_PT) for points in thick),
        *((points, _LINE_CLEARANCE_PT) for points in thin),
    ]
    write_names(axes, names, obstacles, taken)
    words = _WORDS["ground-narrow" if form.is_narrow else "ground"][language]
    panels.write_axis_labels(figure, x_label=words, margins=margins)
    panels.write_row_label(figure, [axes], _WORDS["accuracy"][language])
    return figure


def _set_axes(axes: Axes, walks: Sequence[Walk], panel_in: float, form: Format) -> None:
    lowest = min((float(walk.lines.min()) for walk in walks), default=0.0)
    highest = max((float(walk.lines.max()) for walk in walks), default=90.0)
    axes.set_xscale("log")
    axes.minorticks_off()
    ends = [float(place) for walk in walks for place in (walk.ground_t[0], walk.ground_t[-1])] or [1.0]
    axes.set_xlim(min(ends) / 1.6, max(ends) * 1.6)
    set_stretched_axis(axes, lowest, highest, panel_in * POINTS_PER_INCH)
    first, last = (int(bound(np.log10(end))) for bound, end in zip((np.ceil, np.floor), axes.get_xlim(), strict=True))
    powers = range(first, last + 1)
    axes.set_xticks([10.0**power for power in powers], labels=["" for _ in powers])
    for power in powers:
        if form.is_narrow and (power - last) % 2:
            continue
        text = f"{10**power:,}" if power >= 0 else format_number(10.0**power)
        style = TextStyle(align="center", offset_pt=(0, -12))
        write_label(axes, text, (10.0**power, 0), axes.get_xaxis_transform(), style)


def _mark_end(axes: Axes, walk: Walk, accuracy: float, colour: str, marker: str, fill: str | None = None) -> None:
    axes.plot(
        walk.ground_t[-1:],
        [accuracy],
        linestyle="none",
        marker=marker,
        markersize=3.6 if fill else 4.6,
        markerfacecolor=fill or colour,
        markeredgecolor=colour,
        markeredgewidth=1.0 if fill else 0.0,
        gid="walk-end",
        clip_on=False,
        zorder=5,
    )


def _write_below(axes: Axes, name: str, walk: Walk) -> Place:
    """Write the name of seeds that went separate ways below all of them, or above where there is no room."""
    width, gap = measure_label(name), 2 * DIGIT_MIDDLE_EM * SMALL_PT + 6.0
    right = axes.transData.transform((walk.ground_t[-1], PER_CENT / 2))[0] + 4.0
    points = _trace(axes, walk)
    near = points[points[:, 0] > right - width - 4, 1]
    bottom = near.min() - gap
    if bottom < axes.bbox.y0 + 2:
        bottom = near.max() + 4.0
    at = axes.transAxes.inverted().transform((right, bottom))
    write_label(axes, name, (float(at[0]), float(at[1])), axes.transAxes, TextStyle(align="right", has_ground=True))
    return Place(right - width, bottom, right, bottom + gap, (right, bottom), "right", 0.0)


def _trace(axes: Axes, walk: Walk) -> FloatArray:
    """Points along all lines of a walk, in points of the figure: at 72 dots an inch, a dot is a point."""
    lines = [axes.transData.transform(np.column_stack((walk.ground_t, line_t))) for line_t in walk.lines]
    return np.concatenate([fill_in(line) for line in lines])


def read_road(road: Sequence[Walk], ground: float) -> float | None:
    """The accuracy at which the road passes some ground, from the smallest rate that got so far; None beyond its ends."""
    for walk in road:
        if walk.ground_t[0] <= ground <= walk.ground_t[-1]:
            return float(np.interp(np.log(ground), np.log(walk.ground_t), walk.mean_t))
    return None


def describe_ground_covered(results: Results, _samples: Samples, language: Language) -> str:
    """The text alternative of `make_ground_covered`."""
    study = _require_study(results)
    walks, decays = list_walks(results, study.settings), list_walks(results, _list_decays(results))
    road = find_road(walks)
    texts = [_describe_road(road, language)] if len(road) > 1 else []
    texts += [_describe_stray(walk, language) for walk in walks if walk not in road]
    lost = [setting for setting in study.settings if setting not in [walk.setting for walk in walks]]
    if lost:
        rates = join_words(tuple(format_number(setting.spec.rate) for setting in lost), language)
        texts.append(
            f"อัตรา {rates} ลู่ออกทุกค่า seed จึงไม่มีเส้น"
            if language == "th"
            else f"At rate {rates} every seed diverged, so there is no line."
        )
    places = [(walk, read_road(road, float(walk.ground_t[-1]))) for walk in decays]
    gaps = [abs(float(walk.mean_t[-1]) - place) for walk, place in places if place is not None]
    if gaps and len(gaps) == len(decays):
        most = f"{max(gaps):.1f}"
        texts.append(
            f"decay ทั้ง {len(gaps)} ค่าจบห่างจากเส้นนั้นไม่เกิน {most} จุด"
            if language == "th"
            else f"The ends of all {len(gaps)} decays lie within {most} points of that line."
        )
    if language == "th":
        start = "ค่าความถูกต้องบนชุดทดสอบตามระยะทางสะสม คือผลรวมอัตราการเรียนรู้ของทุกก้าวที่ผ่านมา แกนนอนเป็นสเกลลอการิทึม"
        return " ".join([start, *texts])
    start = "Test accuracy over the ground covered, the sum of the learning rates of all steps so far, on a logarithmic axis."
    return " ".join([start, *texts])


def _describe_road(road: Sequence[Walk], language: Language) -> str:
    """Which rates follow one road, where it leads, and how close they keep to it."""
    first, last = (format_number(walk.setting.spec.rate) for walk in (road[0], road[-1]))
    start, end = (format_percent(float(accuracy) / PER_CENT) for accuracy in (road[0].mean_t[0], road[-1].mean_t[-1]))
    apart = [
        abs(measure_gap(before, walk))
        for before, walk in itertools.pairwise(road)
        if walk.ground_t[0] <= before.ground_t[-1]
    ]
    if not apart:
        if language == "th":
            return f"อัตรา {first} ถึง {last} ไต่จาก {start} ไปถึง {end} เมื่อระยะทางสะสมมากขึ้น"
        return f"The rates from {first} to {last} climb from {start} to {end} as they cover more ground."
    most = f"{max(apart):.1f}"
    if language == "th":
        return (
            f"อัตรา {first} ถึง {last} อยู่บนเส้นเดียวกัน ซึ่งไต่จาก {start} ไปถึง {end} "
            f"ที่ระยะทางสะสมเท่ากันต่างกันไม่เกิน {most} จุดเปอร์เซ็นต์ (มัธยฐาน)"
        )
    return (
        f"The rates from {first} to {last} follow one line, which climbs from {start} to {end}; at equal ground neighbours "
        f"differ by at most {most} points (median)."
    )


def _describe_stray(walk: Walk, language: Language) -> str:
    rate = format_number(walk.setting.spec.rate)
    low, high = (format_percent(float(end(walk.accuracy_rt[:, -1])) / PER_CENT) for end in (np.min, np.max))
    if language == "th":
        ends = low if low == high else f"{low} ถึง {high}"
        return f"ส่วนอัตรา {rate} อยู่ต่ำกว่าเส้นของอัตราที่ต่ำกว่า จบที่ {ends}"
    return f"Rate {rate} runs below the line of the smaller rates and ends at {low if low == high else f'{low} to {high}'}."


def list_ground_data(results: Results, language: Language) -> FigureData:
    """The ground that each setting has covered at its end, and its accuracy there, in per cent."""
    study = _require_study(results)
    rows = []
    for key, settings in (("rate", study.settings), ("decay", _list_decays(results))):
        walks = {walk.setting.text: walk for walk in list_walks(results, settings)}
        for setting in settings:
            value = setting.spec.rate if key == "rate" else setting.spec.decay
            walk = walks.get(setting.text)
            accuracies = (
                [float(of(walk.accuracy_rt[:, -1])) for of in (np.mean, np.min, np.max)] if walk else [None, None, None]
            )
            rows.append(
                (
                    _WORDS[key][language].format(value=format_number(value)),
                    format_ground(float(sum_rates(setting.spec, setting.epochs)[-1])),
                    *map(format_end, accuracies),
                )
            )
    heads = (
        _WORDS["setting"][language],
        _WORDS["ground-end"][language],
        *(say(word, language) for word in ("mean", "lowest", "highest")),
    )
    return FigureData((("", 2), (_WORDS["accuracy-end"][language], 3)), heads, tuple(rows))


def format_ground(ground: float) -> str:
    """A sum of rates with four significant digits, or whole.

    >>> format_ground(0.009375), format_ground(93750.0)
    ('0.009375', '93,750')
    """
    return f"{ground:,.0f}" if ground >= _WHOLE_FROM else format_number(float(f"{ground:.4g}"))


def _list_decays(results: Results) -> tuple[Setting, ...]:
    """The settings of the study of decay, where they differ from the rates' in nothing but rate and decay."""
    study, others = _require_study(results), results.study("decay")
    if others is None or others.varied_keys != ("decay",) or len(others.settings) > _MOST_DECAYS:
        return ()
    base = _forget_rate(study.settings[0].spec)
    return tuple(item for item in others.settings if item.spec.decay and _forget_rate(item.spec) == base)


def _forget_rate(spec: RunSpec) -> RunSpec:
    return replace(spec, learning_rate=1.0, decay=0.0)


def _find_study(results: Results) -> Study | None:
    """The study of the learning rate, where its rates alone differ and the rule is plain SGD."""
    study = results.study("learning-rate")
    if study is None or len({_forget_rate(setting.spec) for setting in study.settings}) > 1:
        return None
    spec = study.settings[0].spec
    is_plain = spec.optimizer == "sgd" and not spec.momentum and spec.plateau is None
    return study if is_plain and _FEWEST <= len(study.settings) <= MOST_LINES else None


def _require_study(results: Results) -> Study:
    study = _find_study(results)
    assert study is not None  # narrows the type: without one the figure is not possible
    return study


DRAWING: Final = Drawing(
    "ground-covered",
    make_ground_covered,
    describe_ground_covered,
    list_data=list_ground_data,
    shows=lambda results: (*_require_study(results).settings, *_list_decays(results)),
    is_possible=lambda results: _find_study(results) is not None,
)
