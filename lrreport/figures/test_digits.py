"""The same test digits under several rates: what each network answers, and which of its answers are wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lrreport.analysis.metrics import exact
from lrreport.figures import panels
from lrreport.figures.data import FigureData
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.labels import TextStyle, measure_label, write_label
from lrreport.figures.shown_rates import list_shown_rates
from lrreport.figures.theme import BEST_COLOUR, POINTS_PER_INCH, QUIET_COLOUR, SEMI_BOLD, TEXT_COLOUR
from lrreport.figures.words import DASH, Language, format_number, format_percent, say
from lrreport.inspection import IMAGES, Inspection
from lrreport.results import Results, RunResult
from lrreport.spec import TEST_SIZE, Setting

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "rate": {"th": "อัตรา {value}", "en": "rate {value}"},
    "label": {"th": "เฉลย", "en": "Digit"},
    "right": {"th": "ถูก", "en": "Right"},
    "of": {"th": "{right} จาก {count}", "en": "{right} of {count}"},
    "all": {"th": "ทั้ง {size} ภาพ", "en": "All {size}"},
    "image": {"th": "คำตอบของภาพที่", "en": "Answer to image"},
    "accuracy": {"th": "ค่าความถูกต้องบนชุดทดสอบ (%)", "en": "Test accuracy (%)"},
}
_FEWEST: Final = 3
_SIDE: Final = 28
_GAP: Final = 4
_BLOCK: Final = 10
_WIDEST_PITCH_PT: Final = 17.0
_EDGE_PT: Final = 4.0
_COLUMN_GAP_PT: Final = 10.0
_LINE_PT: Final = 14.6
_BLOCK_GAP_PT: Final = 13.0
#: Half the height and half the width of the box around a wrong answer.
_BOX_PT: Final = (5.2, 6.0)
_BOX_ALPHA: Final = 0.18


@dataclass(frozen=True, slots=True)
class Row:
    """One rate of the figure, for the first seed.

    Attributes:
        setting: Which.
        run: Its run.
        inspection: What its weights answer; None where the run diverged.
    """

    setting: Setting
    run: RunResult
    inspection: Inspection | None

    @property
    def answers(self) -> tuple[int, ...]:
        """Its answers to the first test images; none where the run diverged."""
        return () if self.inspection is None else tuple(self.inspection.answers_i.tolist())

    @property
    def accuracy(self) -> float | None:
        """On the whole test set, a fraction."""
        return None if self.inspection is None else exact(self.run.history.test_accuracy_t[-1])


def list_rows(results: Results) -> list[Row]:
    """The rates whose answers are known, the largest first; none where the images are no digits."""
    rows = []
    for setting in list_shown_rates(results):
        inspection, run = results.inspections_of(setting)[0], results.of(setting)[0]
        if setting.spec.dataset == "mnist" and (inspection or run.diverged_at):
            rows.append(Row(setting, run, inspection))
    return rows


def count_images(rows: Sequence[Row], samples: Samples) -> int:
    """How many of the first test images are there, with an answer of every network."""
    return min([len(samples.test_images), IMAGES, *(len(row.answers) for row in rows if row.inspection)])


def make_mosaic(images: NDArray[np.uint8], a_block: int, stride: int) -> NDArray[np.uint8]:
    """Put images side by side, in blocks one below the other, as ink on nothing: the paper shows through.

    Args:
        images: uint8 of shape (N, 28, 28), 0 for the background; one at least.
        a_block: Images side by side.
        stride: Pixels from one block to the next.

    Returns:
        Red, green, blue and opacity along the last axis, uint8.
    """
    pitch = _SIDE + _GAP
    blocks = -(-len(images) // a_block)
    mosaic = np.zeros(((blocks - 1) * stride + _SIDE, min(len(images), a_block) * pitch - _GAP, 4), np.uint8)
    for number, image in enumerate(images):
        block, column = divmod(number, a_block)
        top, left = block * stride, column * pitch
        mosaic[top : top + _SIDE, left : left + _SIDE, 3] = image
    return mosaic


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand, in points from the lower left corner of the figure."""

    left: float
    pitch: float
    a_block: int
    blocks: int
    rows: int

    @property
    def stride(self) -> int:
        """From one block to the next, in pixels of the images, of which a pitch has so many as an image and a gap."""
        needed = self.pitch + (self.rows + 1) * _LINE_PT + _BLOCK_GAP_PT
        return math.ceil(needed / self.pitch * (_SIDE + _GAP))

    @property
    def block_pt(self) -> float:
        return self.stride * self.pitch / (_SIDE + _GAP)

    @property
    def height(self) -> float:
        return self.blocks * self.block_pt - _BLOCK_GAP_PT + 2 * _EDGE_PT

    @property
    def right(self) -> float:
        return self.left + self.a_block * self.pitch

    def top(self, block: int) -> float:
        """The upper edge of the images of a block."""
        return self.height - _EDGE_PT - block * self.block_pt

    def level(self, block: int, line: int) -> float:
        """The middle of a line of digits, 0 being the right answers."""
        return self.top(block) - self.pitch - (line + 0.5) * _LINE_PT

    def place(self, number: int, line: int) -> tuple[float, float]:
        """The middle of an answer to an image."""
        block, column = divmod(number, self.a_block)
        return self.left + (column + 0.5 * _SIDE / (_SIDE + _GAP)) * self.pitch, self.level(block, line)


def make_test_digits(results: Results, samples: Samples, language: Language, form: Format) -> Figure:
    """Draw the first test images once, and below them what the network of each rate answers.

    To be called inside `theme()`. On a phone the images stand in two blocks, the number of right answers beside the
    first, the accuracy beside the last.
    """
    rows = list_rows(results)
    count = count_images(rows, samples)
    labels = samples.test_labels[:count].tolist()
    names = [_WORDS["label"][language], *(format_number(row.setting.spec.rate) for row in rows)]
    names[1] = _WORDS["rate"][language].format(value=names[1])
    columns = (
        (_WORDS["right"][language], *(_say_right(row, labels, language) for row in rows)),
        (_WORDS["all"][language].format(size=f"{TEST_SIZE:,}"), *(_say_accuracy(row) for row in rows)),
    )
    widths = [max(measure_label(text) for text in column) for column in columns]
    left = max(map(measure_label, names)) + 2 * _EDGE_PT + 2
    a_block = _BLOCK if form.is_narrow else IMAGES
    beside = max(widths) if form.is_narrow else sum(widths) + _COLUMN_GAP_PT
    width = form.width_in * POINTS_PER_INCH
    pitch = min(_WIDEST_PITCH_PT, (width - left - _COLUMN_GAP_PT - beside - _EDGE_PT) / a_block)
    layout = _Layout(left, pitch, a_block, max(1, -(-count // a_block)), len(rows))
    figure = Figure(figsize=(form.width_in, layout.height / POINTS_PER_INCH))
    axes = panels.add_panel(figure, (0, 0), form.width_in, layout.height / POINTS_PER_INCH)
    axes.set_axis_off()
    _draw_images(axes, samples.test_images[:count], layout)
    axes.set_xlim(0, width)
    axes.set_ylim(0, layout.height)
    for number, label in enumerate(labels):
        _write(axes, str(label), layout.place(number, 0), "center", weight=SEMI_BOLD)
    for line, row in enumerate(rows, start=1):
        for number, (answer, label) in enumerate(zip(row.answers, labels, strict=False)):
            _draw_answer(axes, str(answer), layout.place(number, line), is_right=answer == label)
        if row.inspection is None:
            _write(axes, say("diverged", language), (layout.left, layout.level(0, line)), "left", QUIET_COLOUR)
    for block in range(layout.blocks):
        for line, name in enumerate(names):
            colour = TEXT_COLOUR if line else QUIET_COLOUR
            _write(axes, name, (layout.left - _EDGE_PT - 2, layout.level(block, line)), "right", colour)
    for number, column in enumerate(columns):
        block = min(number, layout.blocks - 1)
        is_beside = number == 1 and (layout.blocks == 1)
        x = layout.right + _COLUMN_GAP_PT + (widths[0] + _COLUMN_GAP_PT if is_beside else 0)
        for line, text in enumerate(column):
            _write(axes, text, (x, layout.level(block, line)), "left", TEXT_COLOUR if line else QUIET_COLOUR)
    return figure


def _draw_images(axes: Axes, images: NDArray[np.uint8], layout: _Layout) -> None:
    """All images as one picture, which is transparent between its blocks."""
    if not len(images):
        return
    mosaic = make_mosaic(images, layout.a_block, layout.stride)
    a_pixel = layout.pitch / (_SIDE + _GAP)
    height, width = mosaic.shape[0] * a_pixel, mosaic.shape[1] * a_pixel
    top = layout.top(0)
    # 'none' keeps the pixels as they are: one small image in the SVG, whatever its resolution.
    axes.imshow(
        mosaic, interpolation="none", aspect="auto", extent=(layout.left, layout.left + width, top - height, top)
    )


def _draw_answer(axes: Axes, answer: str, at: tuple[float, float], *, is_right: bool) -> None:
    """A right answer quietly; a wrong one bold, in a box."""
    if is_right:
        _write(axes, answer, at, "center", QUIET_COLOUR)
        return
    (x, y), (half_width, half_height) = at, _BOX_PT
    corners = [
        (x + across * half_width, y + up * half_height) for across, up in ((-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1))
    ]
    xs, ys = zip(*corners, strict=True)
    axes.fill(xs, ys, facecolor=BEST_COLOUR, alpha=_BOX_ALPHA, linewidth=0, gid="wrong-ground")
    axes.plot(xs, ys, color=BEST_COLOUR, linewidth=1.0, gid="wrong-box")
    _write(axes, answer, at, "center", weight=SEMI_BOLD)


def _write(
    axes: Axes,
    text: str,
    at: tuple[float, float],
    align: Literal["left", "right", "center"],
    colour: str = TEXT_COLOUR,
    weight: int = 400,
) -> None:
    style = TextStyle(align=align, is_level=True, colour=colour, weight=weight)
    write_label(axes, text, at, axes.transData, style)


def count_right(row: Row, labels: Sequence[int]) -> int:
    """How many of the first test images a network answers rightly."""
    return sum(answer == label for answer, label in zip(row.answers, labels, strict=False))


def _say_right(row: Row, labels: Sequence[int], language: Language) -> str:
    if row.inspection is None:
        return DASH
    return _WORDS["of"][language].format(right=count_right(row, labels), count=len(labels))


def _say_accuracy(row: Row) -> str:
    return DASH if row.accuracy is None else format_percent(row.accuracy)


def describe_test_digits(results: Results, samples: Samples, language: Language) -> str:
    """The text alternative of `make_test_digits`."""
    rows = list_rows(results)
    count = count_images(rows, samples)
    labels = samples.test_labels[:count].tolist()
    texts = []
    for row in rows:
        rate = format_number(row.setting.spec.rate)
        if row.accuracy is None:
            texts.append(f"อัตรา {rate} ลู่ออก" if language == "th" else f"{rate}: {say('diverged', language)}")
            continue
        right, whole = count_right(row, labels), format_percent(row.accuracy)
        wrong = [
            (number + 1, answer, label)
            for number, (answer, label) in enumerate(zip(row.answers, labels, strict=False))
            if answer != label
        ]
        if language == "th":
            first = f" (เช่น ภาพที่ {wrong[0][0]} เฉลยคือ {wrong[0][2]} แต่ตอบ {wrong[0][1]})" if wrong else ""
            texts.append(f"อัตรา {rate} ถูก {right} ภาพ{first} ทั้งชุดทดสอบถูก {whole}")
        else:
            first = f" (image {wrong[0][0]} is {wrong[0][2]} and read as {wrong[0][1]})" if wrong else ""
            texts.append(f"{rate}: {right}{first}, of the whole test set {whole}")
    seed = results.seeds[0]
    if language == "th":
        return (
            f"ภาพทดสอบ {count} ภาพแรก กับคำตอบของโครงข่ายที่ฝึกด้วยแต่ละอัตรา ค่า seed {seed} คำตอบที่ผิดเป็นตัวหนาในกรอบ "
            f"จำนวนที่ตอบถูกเป็นดังนี้ {' '.join(texts)}"
        )
    return (
        f"The first {count} test images with the answer of the network of each rate, seed {seed}; wrong answers are bold in "
        f"a box. Right answers by rate: {'; '.join(texts)}."
    )


def list_digit_data(results: Results, language: Language) -> FigureData:
    """The answers of every network to the first test images, and its accuracy on all of them in per cent."""
    rows = list_rows(results)
    count = max((len(row.answers) for row in rows), default=0)
    table = tuple(
        (
            format_number(row.setting.spec.rate),
            *(str(row.answers[number]) if number < len(row.answers) else DASH for number in range(count)),
            DASH if row.accuracy is None else f"{100 * row.accuracy:.2f}",
        )
        for row in rows
    )
    heads = (say("rate", language), *map(str, range(1, count + 1)), _WORDS["accuracy"][language])
    return FigureData((("", 1), (_WORDS["image"][language], count), ("", 1)), heads, table)


DRAWING: Final = Drawing(
    "test-digits",
    make_test_digits,
    describe_test_digits,
    list_data=list_digit_data,
    shows=lambda results: [row.setting for row in list_rows(results)],
    is_possible=lambda results: sum(row.inspection is not None for row in list_rows(results)) >= _FEWEST,
    has_images=True,
)
