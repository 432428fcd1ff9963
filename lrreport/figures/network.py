"""The network that is trained, with one digit going through: pixels, hidden units, answers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lrreport.errors import RenderError
from lrreport.figures import panels
from lrreport.figures.data import FigureData
from lrreport.figures.digits import CLASSES, class_names
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.labels import TextStyle, measure_label, write_label
from lrreport.figures.theme import BEST_COLOUR, CONTEXT_COLOUR, POINTS_PER_INCH, QUIET_COLOUR, SEMI_BOLD, TEXT_COLOUR
from lrreport.figures.words import TIMES, Language, format_number, format_percent
from lrreport.inspection import MOST_ACTIVATIONS, Inspection
from lrreport.results import Results
from lrreport.spec import RunSpec, Setting

SIDE: Final = 28
PIXELS: Final = SIDE * SIDE
#: The run that is shown, where the report has it.
_STUDY: Final = "learning-rate"
_SETTING: Final = "0.1"

#: A bar shows where a line is broken in the narrow format.
_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "pixels": {"th": "{side} × {side} =|{count} พิกเซล", "en": "{side} × {side} =|{count} pixels"},
    "units": {"th": "ชั้นซ่อน|{count} หน่วย", "en": "{count} hidden|units"},
    "answers": {"th": "คำตอบ|{count} แบบ", "en": "{count}|answers"},
    "total": {"th": "ค่าน้ำหนักและไบแอส {sum} = {count} ค่า", "en": "{sum} = {count} weights and biases"},
    "total-short": {"th": "= ค่าน้ำหนักและไบแอส {count} ค่า", "en": "= {count} weights and biases"},
    "almost": {"th": "เกิน 99.9%", "en": "over 99.9%"},
    "answer": {"th": "คำตอบ", "en": "Answer"},
    "probability": {"th": "ความน่าจะเป็น", "en": "Probability"},
}
#: Shares are kept to four decimals: a larger one may say 100.0% of what is less.
_ALMOST: Final = 0.9995
_FAN_COLOUR: Final = "#dddddd"
_FAN_WIDTH_PT: Final = 0.4
_UNIT_COLUMNS: Final = 5
#: Places on the edge of the image from which lines start, for all its pixels.
_FAN_STARTS: Final = 6
_EDGE_PT: Final = 3.0
_GAP_PT: Final = 7.0
#: From an answer's circle to its name.
_LABEL_PT: Final = 3.0
_LINE_PT: Final = 11.5
#: Radius of a circle over the pitch.
_FILLED: Final = 0.41

Place: TypeAlias = tuple[float, float]


class Choice(NamedTuple):
    """The run whose network is drawn.

    Attributes:
        setting: What is trained.
        seed: From which seed.
        inspection: What its weights show.
    """

    setting: Setting
    seed: int
    inspection: Inspection


class _Layout(NamedTuple):
    """Sizes in points.

    Attributes:
        image: Side of the image.
        pitch: From a circle to the next, in both directions.
        top: Room for the headings.
        bottom: Room for the words below.
    """

    image: float
    pitch: float
    top: float
    bottom: float


class _Places(NamedTuple):
    """Where everything stands, in points from the figure's lower left corner.

    Attributes:
        height: Of the figure.
        pitch: From a circle to the next.
        bottom: Where the words below end and the diagram begins.
        middle: The middle of the diagram.
        top: The upper end of the circles.
        image: Side of the image, which stands at the left edge.
        image_right: Its right side.
        grid_left: The left side of the hidden units.
        grid_right: Their right side.
        answer_left: The left side of the answers' circles.
        unit_h: The centres of the hidden units.
        answer_k: The centres of the answers.
    """

    height: float
    pitch: float
    bottom: float
    middle: float
    top: float
    image: float
    image_right: float
    grid_left: float
    grid_right: float
    answer_left: float
    unit_h: Sequence[Place]
    answer_k: Sequence[Place]


_WIDE: Final = _Layout(image=106, pitch=10.6, top=17, bottom=31)
_NARROW: Final = _Layout(image=72, pitch=10, top=29, bottom=43)


def choose_run(results: Results) -> Choice | None:
    """The run at rate 0.1 of the study of rates from the first seed that there is, else the one with most right answers.

    None without a network of one hidden layer that is small enough to be drawn whole, or without a look into one. All
    come from the dataset whose images the figures show.
    """
    choices = []
    dataset = results.studies[0].settings[0].spec.dataset if results.studies else ""
    for setting in (setting for study in results.studies for setting in study.settings):
        if setting.spec.dataset != dataset or not _is_small(setting.spec):
            continue
        for seed, inspection in zip(results.seeds, results.inspections_of(setting), strict=True):
            if inspection is not None:
                if (setting.study_id, setting.text) == (_STUDY, _SETTING):
                    return Choice(setting, seed, inspection)
                choices.append(Choice(setting, seed, inspection))
    return max(choices, key=lambda choice: choice.inspection.right, default=None)


def _is_small(spec: RunSpec) -> bool:
    return len(spec.hidden_units) == 1 and spec.hidden_units[0] <= MOST_ACTIVATIONS


def _require_run(results: Results) -> Choice:
    choice = choose_run(results)
    assert choice is not None  # narrows the type: without one the figure is not possible
    return choice


def count_parameters(spec: RunSpec) -> tuple[int, ...]:
    """Weights and biases of each layer.

    >>> count_parameters(RunSpec())
    (39250, 510)
    """
    widths = (PIXELS, *spec.hidden_units, CLASSES)
    return tuple(inputs * outputs + outputs for inputs, outputs in itertools.pairwise(widths))


def make_network(results: Results, samples: Samples, language: Language, form: Format) -> Figure:
    """Draw the first test image, what the hidden units answer to it and what the network answers; inside `theme()`.

    Raises:
        RenderError: There is no test image.
    """
    choice, image = _require_run(results), _require_image(samples)
    spec, shares_k = choice.setting.spec, choice.inspection.shares_k
    names, chance = class_names(spec.dataset, language), _write_share(float(shares_k.max()), language)
    label_pt = max(measure_label(name, weight=SEMI_BOLD) for name in names) + measure_label(chance, weight=SEMI_BOLD)
    places = _arrange(spec.hidden_units[0], label_pt, form)
    figure = Figure(figsize=(form.width_in, places.height / POINTS_PER_INCH))
    axes = panels.add_panel(figure, (0, 0), form.width_in, places.height / POINTS_PER_INCH)
    axes.set_axis_off()
    axes.set_xlim(0, form.width_in * POINTS_PER_INCH)
    axes.set_ylim(0, places.height)
    _draw_image(figure, image, (_EDGE_PT, places.middle - places.image / 2), places.image)
    starts = np.linspace(places.middle + places.image / 2, places.middle - places.image / 2, _FAN_STARTS)
    rows = [places.unit_h[first : first + _UNIT_COLUMNS] for first in range(0, len(places.unit_h), _UNIT_COLUMNS)]
    _draw_fan(axes, [(places.image_right, float(start)) for start in starts], [row[0] for row in rows])
    _draw_fan(axes, [row[-1] for row in rows], places.answer_k)
    activations_h = choice.inspection.activations_h.astype(np.float64)
    darkness_h = activations_h / (float(activations_h.max()) or 1.0)
    fills = [to_rgba(TEXT_COLOUR, float(darkness)) for darkness in darkness_h]
    _draw_circles(axes, places.unit_h, places.pitch, fills, "unit")
    best = int(shares_k.argmax())
    fills = [
        to_rgba(BEST_COLOUR if number == best else TEXT_COLOUR, float(share)) for number, share in enumerate(shares_k)
    ]
    _draw_circles(axes, places.answer_k, places.pitch, fills, "answer")
    for number, (place, name) in enumerate(zip(places.answer_k, names, strict=True)):
        weight = SEMI_BOLD if number == best else 400
        style = TextStyle(is_level=True, weight=weight, offset_pt=(places.pitch / 2 + _LABEL_PT, 0))
        write_label(axes, f"{name}  {chance}" if number == best else name, place, axes.transData, style)
    _write_heads(axes, places, language, form)
    _write_counts(axes, places, spec, language, form)
    return figure


def _arrange(units: int, label_pt: float, form: Format) -> _Places:
    """The places of so many hidden units between the image and the answers, whose labels need so many points."""
    layout = _NARROW if form.is_narrow else _WIDE
    tall = layout.pitch * max(-(-units // _UNIT_COLUMNS), CLASSES)
    middle = layout.bottom + tall / 2
    image_right = _EDGE_PT + layout.image
    answer_left = form.width_in * POINTS_PER_INCH - _EDGE_PT - label_pt - _GAP_PT - _LABEL_PT - layout.pitch
    grid_left = (image_right + answer_left - layout.pitch * _UNIT_COLUMNS) / 2
    return _Places(
        height=layout.bottom + tall + layout.top,
        pitch=layout.pitch,
        bottom=layout.bottom,
        middle=middle,
        top=middle + tall / 2,
        image=layout.image,
        image_right=image_right,
        grid_left=grid_left,
        grid_right=grid_left + layout.pitch * _UNIT_COLUMNS,
        answer_left=answer_left,
        unit_h=_place_circles(units, _UNIT_COLUMNS, (grid_left, middle), layout.pitch),
        answer_k=_place_circles(CLASSES, 1, (answer_left, middle), layout.pitch),
    )


def _write_heads(axes: Axes, places: _Places, language: Language, form: Format) -> None:
    """What each part is, above it, and what is done there, below it."""
    grid_centre, answer_centre = (places.grid_left + places.grid_right) / 2, places.answer_left + places.pitch / 2
    heads = (
        ((_EDGE_PT + places.image / 2, places.middle + places.image / 2), "pixels", PIXELS),
        ((grid_centre, places.top), "units", len(places.unit_h)),
        ((answer_centre, places.top), "answers", CLASSES),
    )
    for (centre, above), key, count in heads:
        text = _WORDS[key][language].format(side=SIDE, count=count)
        lines = text.split("|") if form.is_narrow else [text.replace("|", " ")]
        for raised, line in enumerate(reversed(lines)):
            _write(axes, line, (centre, above + 5 + raised * _LINE_PT), SEMI_BOLD)
    for centre, name in ((grid_centre, "ReLU"), (answer_centre, "softmax")):
        _write(axes, name, (centre, places.bottom - _LINE_PT))


def _write_counts(axes: Axes, places: _Places, spec: RunSpec, language: Language, form: Format) -> None:
    """How many weights and biases there are, below the lines that stand for them."""
    layers = itertools.pairwise((PIXELS, *spec.hidden_units, CLASSES))
    sums = [f"{inputs} {TIMES} {outputs} + {outputs}" for inputs, outputs in layers]
    counts = [f"{count:,}" for count in count_parameters(spec)]
    total = f"{sum(count_parameters(spec)):,}"
    below = places.bottom - _LINE_PT
    centre = (places.grid_left + places.grid_right) / 2
    if form.is_narrow:
        centre = form.width_in * POINTS_PER_INCH / 2
        _write(axes, " + ".join(sums), (centre, below - 15))
        _write(axes, _WORDS["total-short"][language].format(count=total), (centre, below - 15 - _LINE_PT))
        return
    fans = ((places.image_right + places.grid_left) / 2, (places.grid_right + places.answer_left) / 2)
    for middle, text, count in zip(fans, sums, counts, strict=True):
        _write(axes, f"{text} = {count}", (middle, below), colour=QUIET_COLOUR)
    _write(axes, _WORDS["total"][language].format(sum=" + ".join(counts), count=total), (centre, below - 14))


def _require_image(samples: Samples) -> NDArray[np.uint8]:
    if samples.test_images.shape[1:] != (SIDE, SIDE) or not len(samples.test_images):
        raise RenderError(
            "The picture of the network has no image to show",
            got=f"test images of shape {samples.test_images.shape}",
            expected=f"one or more of shape ({SIDE}, {SIDE})",
        )
    image: NDArray[np.uint8] = samples.test_images[0]
    return image


def _write_share(share: float, language: Language) -> str:
    return _WORDS["almost"][language] if share >= _ALMOST else format_percent(share)


def _place_circles(count: int, columns: int, left_middle: Place, pitch: float) -> list[Place]:
    """The centres of so many circles in rows, the block's left edge and the middle of its height given."""
    rows = -(-count // columns)
    top = left_middle[1] + rows * pitch / 2
    return [
        (left_middle[0] + (number % columns + 0.5) * pitch, top - (number // columns + 0.5) * pitch)
        for number in range(count)
    ]


def _draw_fan(axes: Axes, starts: Sequence[Place], ends: Sequence[Place]) -> None:
    """A line from every start to every end."""
    lines = [np.array(pair) for pair in itertools.product(starts, ends)]
    axes.add_collection(LineCollection(lines, colors=_FAN_COLOUR, linewidths=_FAN_WIDTH_PT, zorder=1, gid="fan"))


def _draw_image(figure: Figure, image: NDArray[np.uint8], corner: Place, side: float) -> None:
    """The image, its ink dark on white paper, with a thin frame."""
    corner_in = (corner[0] / POINTS_PER_INCH, corner[1] / POINTS_PER_INCH)
    axes = panels.add_panel(figure, corner_in, side / POINTS_PER_INCH, side / POINTS_PER_INCH)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)
    axes.imshow(255 - image, cmap="gray", vmin=0, vmax=255, interpolation="none", aspect="auto")


def _draw_circles(
    axes: Axes, places: Sequence[Place], pitch: float, fills: Sequence[tuple[float, float, float, float]], gid: str
) -> None:
    """Circles with a fill each; paper lies below them, so that lines end at their edges."""
    area = (2 * _FILLED * pitch) ** 2
    x_i, y_i = zip(*places, strict=True)
    axes.scatter(x_i, y_i, s=area, facecolors="#ffffff", edgecolors="none", zorder=2)
    axes.scatter(x_i, y_i, s=area, facecolors=fills, edgecolors=CONTEXT_COLOUR, linewidths=0.5, zorder=3, gid=gid)


def _write(axes: Axes, text: str, place: Place, weight: int = 400, colour: str = TEXT_COLOUR) -> None:
    write_label(axes, text, place, axes.transData, TextStyle(align="center", weight=weight, colour=colour))


def describe_network(results: Results, samples: Samples, language: Language) -> str:
    """The text alternative of `make_network`."""
    choice = _require_run(results)
    spec, inspection = choice.setting.spec, choice.inspection
    names = class_names(spec.dataset, language)
    truth, answer = names[int(samples.test_labels[0])], names[int(inspection.shares_k.argmax())]
    share = _write_share(float(inspection.shares_k.max()), language)
    units, awake = spec.hidden_units[0], int((inspection.activations_h > 0).sum())
    total, rate = sum(count_parameters(spec)), format_number(spec.rate)
    if language == "th":
        gap = " " if share[0].isdigit() else ""  # no space between two Thai words
        return (
            f"โครงข่ายที่ฝึกด้วยอัตรา {rate} ค่า seed {choice.seed} รับภาพ {SIDE} × {SIDE} พิกเซล ผ่านหน่วยซ่อน {units} หน่วย ไปยังคำตอบ {CLASSES} แบบ "
            f"มีค่าน้ำหนักและไบแอสรวม {total:,} ค่า ภาพทดสอบภาพแรกคือ {truth} หน่วยซ่อนตอบค่ามากกว่า 0 อยู่ {awake} หน่วย "
            f"แล้วโครงข่ายตอบ {answer} ด้วยความน่าจะเป็น{gap}{share}"
        )
    return (
        f"A network trained at rate {rate} from seed {choice.seed}: {SIDE} × {SIDE} pixels, {units} hidden units and "
        f"{CLASSES} answers, with {total:,} weights and biases. "
        f"The first test image, {truth}, goes through: {awake} of the hidden units answer more than 0, and the network "
        f"answers {answer}, with a probability of {share}."
    )


def list_network_data(results: Results, language: Language) -> FigureData:
    """The probability of every answer."""
    choice = _require_run(results)
    names = class_names(choice.setting.spec.dataset, language)
    rows = [
        (name, _write_share(float(share), language) if share >= _ALMOST else f"{100 * float(share):.2f}%")
        for name, share in zip(names, choice.inspection.shares_k, strict=True)
    ]
    return FigureData((), (_WORDS["answer"][language], _WORDS["probability"][language]), tuple(rows))


DRAWING: Final = Drawing(
    "network",
    make_network,
    describe_network,
    list_data=list_network_data,
    shows=lambda results: (_require_run(results).setting,),
    is_possible=lambda results: choose_run(results) is not None,
    has_images=True,
)
