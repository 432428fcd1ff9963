"""The paths of four trainings, test loss over test accuracy: who is right more often, and who is surer when wrong."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.figures import panels
from lrreport.figures.data import MOST_ROWS, FigureData
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.envelopes import FloatArray, make_envelope
from lrreport.figures.labels import TextStyle, measure_label, write_label
from lrreport.figures.panels import Margins
from lrreport.figures.theme import BEST_COLOUR, LINE_RAMP, PALETTE, POINTS_PER_INCH, QUIET_COLOUR, SEMI_BOLD, SMALL_PT
from lrreport.figures.words import DASH, NAMES, Language, format_number, format_percent, say
from lrreport.results import Results
from lrreport.spec import Setting

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "accuracy": {"th": "ค่าความถูกต้องบนชุดทดสอบ (%)", "en": "Test accuracy (%)"},
    "loss": {"th": "ค่าความสูญเสียบนชุดทดสอบ", "en": "Test loss"},
    "to-the-right": {"th": "ตอบถูกมากขึ้น →", "en": "more right answers →"},
    "up": {"th": "↑ ค่าความสูญเสียสูงขึ้น", "en": "↑ more loss"},
    "sgd": {"th": "SGD อัตรา {rate}", "en": "SGD, rate {rate}"},
    "cut": {"th": "ลดอัตรา ระยะรอ {patience}", "en": "cut, patience {patience}"},
    "confidence": {"th": "เวลาตอบผิด มั่นใจ {value}", "en": "sure when wrong: {value}"},
}
_HEIGHT_IN: Final = 2.3
_NARROW_HEIGHT_IN: Final = 3.2
_MARGINS: Final = Margins(left=0.66, top=0.27, bottom=0.46)
_PER_CENT: Final = 100.0
#: What lies below ends no path that comes so far: the ends, close together, need the room.
_LOWEST_POINTS: Final = 96.0
#: A path that ends lower is shown from so many points below its end.
_AIR_POINTS: Final = 1.0
_DOT_EPOCHS: Final = 10
_DOT_SIZE: Final = 3.2
_END_SIZE: Final = 6.5
_LINE_PT: Final = 10.5
_LEADER_PT: Final = 9.0
#: How far a label stands below its end.
_DROP_PT: Final = 4.0
_TRACE_POINTS: Final = 40
_AIR_SHARE: Final = 0.04
_MOST_TICKS: Final = 6
_MOST_LOSSES: Final = 4
_STEPS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class _Look:
    """Which training a path is of, and how it is drawn.

    Attributes:
        study_id: The study that has it.
        text: The setting's text there.
        colour: Of line, dots and label.
        marker: Of the dots, beside the colour.
    """

    study_id: str
    text: str
    colour: str
    marker: str


_UNRANKED: Final = [colour for colour in PALETTE if colour != BEST_COLOUR]
#: In the colours that they have among the settings of their studies.
_LOOKS: Final = (
    _Look("optimizers", "adam", _UNRANKED[3], "o"),
    _Look("learning-rate", "0.1", BEST_COLOUR, "s"),
    _Look("learning-rate", "0.01", _UNRANKED[0], "^"),
    _Look("plateau-fast", "2", LINE_RAMP[0], "D"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """How a training went, means over the seeds that did not diverge: arrays of shape (T,), one value an epoch.

    Attributes:
        setting: Which training.
        look: How it is drawn.
        accuracy_t: Test accuracy in per cent.
        loss_t: Test loss.
        confidence: Mean confidence in wrong answers after the last epoch, as a fraction; None where no run has one.
    """

    setting: Setting
    look: _Look
    accuracy_t: FloatArray
    loss_t: FloatArray
    confidence: float | None

    @property
    def end(self) -> tuple[float, float]:
        """Accuracy and loss after the last epoch."""
        return float(self.accuracy_t[-1]), float(self.loss_t[-1])


def find_settings(results: Results) -> tuple[tuple[_Look, Setting], ...]:
    """Those of the four trainings that the report has."""
    found = []
    for look in _LOOKS:
        study = results.study(look.study_id)
        found += [(look, setting) for setting in (study.settings if study else ()) if setting.text == look.text]
    return tuple(found)


def collect_paths(results: Results) -> tuple[Path, ...]:
    """The paths of those trainings of which at least one seed did not diverge."""
    paths = []
    for look, setting in find_settings(results):
        runs = results.of(setting)
        accuracy = make_envelope(runs, "test_accuracy_t", most=None)
        loss = make_envelope(runs, "test_loss_t", most=None)
        if accuracy is None or loss is None:
            continue
        found = [item.confidence_wrong for item in results.inspections_of(setting) if item is not None]
        known = [value for value in found if value is not None]
        confidence = math.fsum(known) / len(known) if known else None
        paths.append(Path(setting, look, _PER_CENT * accuracy.mean_t, loss.mean_t, confidence))
    return tuple(paths)


def name_path(path: Path, language: Language) -> tuple[str, ...]:
    """What a training is called, on one line or two."""
    spec = path.setting.spec
    if spec.optimizer != "sgd":
        return (NAMES[spec.optimizer],)
    name = _WORDS["sgd"][language].format(rate=format_number(spec.rate))
    return (name, _WORDS["cut"][language].format(patience=spec.plateau.patience)) if spec.plateau else (name,)


def make_loss_accuracy(results: Results, _samples: Samples, language: Language, form: Format) -> Figure:
    """Draw the paths, a dot every ten epochs and a larger one at the end; to be called inside `theme()`."""
    paths = collect_paths(results)
    labels = [_label_path(path, language) for path in paths]
    room_pt = max(map(_measure, paths, labels)) + _LEADER_PT + 5
    margins = replace(_MARGINS, right=room_pt / POINTS_PER_INCH)
    height_in = _NARROW_HEIGHT_IN if form.is_narrow else _HEIGHT_IN
    panel_in = height_in - margins.top - margins.bottom
    figure, grid = panels.make_grid(1, 1, [panel_in], margins, form.width_in)
    axes = grid[0][0]
    _set_axes(axes, paths)
    for path in paths:
        _draw_path(axes, path)
    _write_labels(axes, paths, labels)
    width_in = float(figure.get_size_inches()[0])
    baseline = 5 / POINTS_PER_INCH / height_in
    figure.text(margins.left / width_in, baseline, _WORDS["accuracy"][language], ha="left", va="baseline")
    for key, x, y, align in (
        ("to-the-right", 1 - 2 / POINTS_PER_INCH / width_in, baseline, "right"),
        ("up", margins.left / width_in, 1 - 10 / POINTS_PER_INCH / height_in, "left"),
    ):
        figure.text(x, y, _WORDS[key][language], ha=align, va="baseline", fontsize=SMALL_PT, color=QUIET_COLOUR)
    panels.write_row_label(figure, [axes], _WORDS["loss"][language])
    return figure


def _label_path(path: Path, language: Language) -> tuple[str, ...]:
    """The lines of a label: the name, and how sure the network is when it is wrong."""
    if path.confidence is None:
        return name_path(path, language)
    value = format_percent(path.confidence, decimals=0)
    return (*name_path(path, language), _WORDS["confidence"][language].format(value=value))


def _measure(path: Path, lines: Sequence[str]) -> float:
    """Width of a label in points."""
    return max(measure_label(line, weight=_style(path, number, len(lines)).weight) for number, line in enumerate(lines))


def _set_axes(axes: Axes, paths: Sequence[Path]) -> None:
    """The axes show where the paths end; what comes before, far to the left and above, runs out of the panel."""
    low = float(min(_LOWEST_POINTS, math.floor(min(path.end[0] for path in paths) - _AIR_POINTS)))
    low = max(0.0, low)
    shown = [path.accuracy_t >= low for path in paths]
    high = max(float(path.accuracy_t.max()) for path in paths)
    axes.set_xlim(low, high + _AIR_SHARE * (high - low))
    step = next(step for step in (0.5, 1, 2, 5, 10, 20) if (high - low) / step <= _MOST_TICKS)
    ticks = [step * number for number in range(math.ceil(low / step), math.floor(axes.get_xlim()[1] / step) + 1)]
    axes.set_xticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    losses = np.concatenate([path.loss_t[is_shown] for path, is_shown in zip(paths, shown, strict=True)])
    bottom, top = float(losses.min()), float(losses.max())
    step_loss = next((step for step in _STEPS if (top - bottom) / step <= _MOST_LOSSES), _STEPS[-1])
    first = math.floor(bottom / step_loss)
    ceiling = max(top + _AIR_SHARE * (top - bottom), (first + 1) * step_loss)
    axes.set_ylim(first * step_loss, ceiling)
    decimals = max(0, -math.floor(math.log10(step_loss) + 1e-9))
    heights = [round(count * step_loss, 6) for count in range(first, math.floor(ceiling / step_loss) + 1)]
    panels.write_ticks(axes, {height: f"{height:.{decimals}f}" for height in heights}, is_labelled=True)


def _draw_path(axes: Axes, path: Path) -> None:
    """A thin line, a dot every ten epochs, a larger one at the end."""
    look = path.look
    axes.plot(path.accuracy_t, path.loss_t, color=look.colour, linewidth=0.8, gid="path", solid_joinstyle="round")
    tenth = np.arange(_DOT_EPOCHS - 1, len(path.loss_t) - 1, _DOT_EPOCHS)
    for x, y, size, gid in (
        (path.accuracy_t[tenth], path.loss_t[tenth], _DOT_SIZE, "ten-epochs"),
        (path.accuracy_t[-1:], path.loss_t[-1:], _END_SIZE, "end"),
    ):
        axes.plot(
            x,
            y,
            linestyle="none",
            marker=look.marker,
            markersize=size,
            markeredgewidth=0,
            color=look.colour,
            gid=gid,
            zorder=3,
        )


def _write_labels(axes: Axes, paths: Sequence[Path], labels: Sequence[Sequence[str]]) -> None:
    """Write each label below and to the left of its end where nothing else is, else to the right of the panel."""
    corners = [np.column_stack((path.accuracy_t, path.loss_t)) for path in paths]
    traces = np.concatenate([_trace(axes.transData.transform(points)) for points in corners])
    in_column = []
    for path, lines in zip(paths, labels, strict=True):
        x_pt, y_pt = (float(value) for value in axes.transData.transform(path.end))
        top_pt = y_pt - _DROP_PT
        right_pt = x_pt - _DROP_PT
        box = (right_pt - _measure(path, lines), top_pt - (len(lines) + 0.2) * _LINE_PT, right_pt, top_pt)
        is_inside = box[0] > axes.bbox.x0 and box[1] > axes.bbox.y0
        if is_inside and not _has_points(box, traces):
            for line_number, line in enumerate(lines):
                offset_pt = (-_DROP_PT, -_DROP_PT - (line_number + 0.7) * _LINE_PT)
                style = replace(
                    _style(path, line_number, len(lines)), align="right", has_ground=True, offset_pt=offset_pt
                )
                write_label(axes, line, path.end, axes.transData, style)
        else:
            in_column.append((path, lines))
    _write_column(axes, in_column)


def _trace(points: FloatArray) -> FloatArray:
    """Points close together along a broken line, shape (N, 2), from its corners."""
    share = np.linspace(0, 1, _TRACE_POINTS)[:, None]
    parts = [one + share * (other - one) for one, other in itertools.pairwise(points)]
    return np.concatenate([points, *parts])


def _has_points(box: tuple[float, float, float, float], points: FloatArray) -> bool:
    x, y = points[:, 0], points[:, 1]
    return bool(((x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3])).any())


def _style(path: Path, number: int, count: int) -> TextStyle:
    """Of a line of a label: the name stands out, the confidence below it does not."""
    is_name = number < count - (path.confidence is not None)
    return TextStyle(weight=SEMI_BOLD if is_name else 400, colour=path.look.colour)


def _write_column(axes: Axes, items: Sequence[tuple[Path, Sequence[str]]]) -> None:
    """Labels to the right of the panel, one below the other in the order of the ends, with leaders."""
    if not items:
        return
    ends = (axes.transData + axes.transAxes.inverted()).transform([path.end for path, _ in items])
    gap = (max(len(lines) for _, lines in items) + 0.3) * _LINE_PT / float(axes.bbox.height)
    places = panels.spread_labels([float(height) for _, height in ends], gap)
    lead = _LEADER_PT / float(axes.bbox.width)
    for (path, lines), (x, y), place in zip(items, ends, places, strict=True):
        axes.plot(
            [x, 1, 1 + lead],
            [y, y, place],
            transform=axes.transAxes,
            color=path.look.colour,
            linewidth=0.6,
            clip_on=False,
            gid="leader",
            zorder=1,
        )
        for number, line in enumerate(lines):
            offset_pt = (_LEADER_PT + 2, ((len(lines) - 1) / 2 - number) * _LINE_PT)
            style = replace(_style(path, number, len(lines)), is_level=True, offset_pt=offset_pt)
            write_label(axes, line, (1, place), axes.transAxes, style)


def describe_loss_accuracy(results: Results, _samples: Samples, language: Language) -> str:
    """The text alternative of `make_loss_accuracy`."""
    items = []
    for path in collect_paths(results):
        name = " ".join(name_path(path, language))
        accuracy, loss = path.end
        lowest = float(path.loss_t.min())
        sure = format_percent(path.confidence, decimals=0) if path.confidence is not None else ""
        if language == "th":
            item = f"{name} จบที่ {accuracy:.1f}% ค่าความสูญเสีย {loss:.3f} (ต่ำสุด {lowest:.3f})"
            items.append(f"{item} เวลาตอบผิดมั่นใจ {sure}" if sure else item)
        else:
            item = f"{name} ends at {accuracy:.1f}% with a loss of {loss:.3f} (lowest {lowest:.3f})"
            items.append(f"{item}, {sure} sure when wrong" if sure else item)
    if language == "th":
        return (
            "เส้นทางของการฝึก ค่าความสูญเสียบนชุดทดสอบเทียบกับค่าความถูกต้องบนชุดทดสอบ "
            f"วงกลมเล็กคือทุก {_DOT_EPOCHS} รอบ วงกลมใหญ่คือรอบสุดท้าย {' ส่วน '.join(items)}"
        )
    return (
        f"Paths of trainings, test loss over test accuracy, a small mark every {_DOT_EPOCHS} epochs and a large one at the "
        f"end. {'; '.join(items)}."
    )


def list_loss_accuracy_data(results: Results, language: Language) -> FigureData:
    """Accuracy in per cent and loss, two columns a path."""
    paths = collect_paths(results)
    epochs = max(len(path.loss_t) for path in paths)
    index_t = sorted({round(float(index)) for index in np.linspace(0, epochs - 1, min(epochs, MOST_ROWS))})
    rows = []
    for index in index_t:
        cells = [
            (f"{path.accuracy_t[index]:.2f}", f"{path.loss_t[index]:.4f}") if index < len(path.loss_t) else (DASH, DASH)
            for path in paths
        ]
        rows.append((f"{index + 1:,}", *itertools.chain.from_iterable(cells)))
    heads = (_WORDS["accuracy"][language], _WORDS["loss"][language])
    groups = (("", 1), *((" ".join(name_path(path, language)), 2) for path in paths))
    return FigureData(groups, (say("epoch", language), *(heads * len(paths))), tuple(rows))


DRAWING: Final = Drawing(
    "loss-and-accuracy",
    make_loss_accuracy,
    describe_loss_accuracy,
    list_data=list_loss_accuracy_data,
    shows=lambda results: [setting for _, setting in find_settings(results)],
    # The section on optimizers shows it.
    is_possible=lambda results: results.study("optimizers") is not None and len(collect_paths(results)) >= _FEWEST,
)
