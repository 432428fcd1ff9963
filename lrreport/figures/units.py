"""What hidden units look at: the incoming weights of the same units under several rates, and how many units fell silent."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import Transform
from numpy.typing import NDArray

from lrreport.figures import panels
from lrreport.figures.data import FigureData
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.labels import TextStyle, measure_label, write_label
from lrreport.figures.shown_rates import list_shown_rates
from lrreport.figures.theme import BEST_COLOUR, PALETTE, POINTS_PER_INCH, QUIET_COLOUR, SEMI_BOLD, TEXT_COLOUR
from lrreport.figures.words import DASH, MINUS, Language, format_number, join_words, say
from lrreport.results import Results
from lrreport.spec import Setting

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "rate": {"th": "อัตรา", "en": "Rate"},
    "unit": {"th": "หน่วยที่", "en": "Unit"},
    "silent": {"th": "หน่วยเงียบ", "en": "Silent units"},
    "of": {"th": "จาก {width}", "en": "of {width}"},
    "by-seed": {"th": " ทีละค่า seed", "en": ", by seed"},
    "none": {"th": "ไม่มี", "en": "none"},
    "down": {"th": "หมึกตรงนี้กดหน่วยให้เงียบ", "en": "ink here quiets the unit"},
    "up": {"th": "หมึกตรงนี้ปลุกหน่วย", "en": "ink here wakes it"},
    "size": {"th": "ค่าน้ำหนักที่ไกลจาก 0 ที่สุด", "en": "Weight furthest from 0, its size"},
}
_FEWEST: Final = 3
#: Units that a phone has room for.
_NARROW_UNITS: Final = 6
_SIDE: Final = 28
_MIDDLE: Final = (_SIDE - 1) / 2
_GAP: Final = 3
_FRAME_COLOUR: Final = "#c9c9c9"
#: Weights beyond this share of all that are shown have the full colour: one scale for every row.
_SHARE: Final = 0.97
#: Steps of the colours, from no colour to full: few enough that the picture is small.
_STEPS: Final = 6
_UP_COLOUR: Final = BEST_COLOUR
_DOWN_COLOUR: Final = PALETTE[0]
#: From one unit to the next, where there is room.
_PITCH_IN: Final = 0.418
_HEAD_IN: Final = 0.24
_FOOT_IN: Final = 0.26
_NARROW_FOOT_IN: Final = 0.44
_LINE_PT: Final = 11.5
_COLUMN_GAP_PT: Final = 9.0
_LABEL_GAP_PT: Final = 6.0
#: The bar of the key.
_CELLS: Final = 9
_CELL_PT: Final = 6.0
_BAR_PT: Final = 7.0
_BELOW_PT: Final = 8.0
_ASIDE_PT: Final = 5.0
#: More seeds than these are told as a range.
_MOST_SEEDS: Final = 6


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One rate of the figure.

    Attributes:
        setting: Which.
        incoming_ud: Incoming weights of its first units for the first seed, shape (U, D); None where that run diverged.
        silent: For each seed, how many units of the first hidden layer are silent; None for a run that diverged.
    """

    setting: Setting
    incoming_ud: NDArray[np.float32] | None
    silent: tuple[int | None, ...]


def list_rows(results: Results) -> list[Row]:
    """The rates that can be shown, the largest first; none where a network is not of the kind that can be shown."""
    rows = []
    for setting in list_shown_rates(results):
        found = results.inspections_of(setting)
        runs = results.of(setting)
        is_known = all(inspection or run.diverged_at for inspection, run in zip(found, runs, strict=True))
        is_picture = all(inspection.incoming_ud.shape[1] == _SIDE**2 for inspection in found if inspection)
        if setting.spec.hidden_units and is_known and is_picture:
            silent = tuple(inspection.silent_units[0] if inspection else None for inspection in found)
            rows.append(Row(setting, found[0].incoming_ud if found[0] else None, silent))
    return rows


def choose_limit(rows: Sequence[Row]) -> float:
    """The weight from which on a colour is full, in every row: that of `_SHARE` of all weights, to one digit."""
    sizes = np.abs(np.concatenate([row.incoming_ud.ravel() for row in rows if row.incoming_ud is not None]))
    return float(f"{float(np.quantile(sizes.astype(np.float64), _SHARE)):.1g}") or 1.0


def shade_weights(weights: NDArray[np.floating], limit: float) -> NDArray[np.uint8]:
    """Colours of weights: one for each sign, the denser the further from 0, none at 0.

    The paper shows through, so that the same picture stands on a white page and on a dark one.

    Args:
        weights: Of any shape.
        limit: The size from which on a colour is full.

    Returns:
        Red, green, blue and opacity along one more axis, uint8.
    """
    up, down = (tuple(bytes.fromhex(colour.removeprefix("#"))) for colour in (_UP_COLOUR, _DOWN_COLOUR))
    colours = np.where((weights > 0)[..., np.newaxis], np.array(up, np.uint8), np.array(down, np.uint8))
    step = np.round(_STEPS * np.minimum(np.abs(weights) / limit, 1.0))
    opacity = np.round(255 * step / _STEPS).astype(np.uint8)
    return np.concatenate([colours, opacity[..., np.newaxis]], axis=-1)


def make_unit_mosaic(rows: Sequence[Row], units: int, limit: float) -> NDArray[np.uint8]:
    """One picture of all weights, a row a rate and a column a unit, with nothing in the gaps between them.

    Returns:
        As `shade_weights`, of shape (height, width, 4).
    """
    pitch = _SIDE + _GAP
    mosaic = np.zeros((len(rows) * pitch - _GAP, units * pitch - _GAP, 4), np.uint8)
    for number, row in enumerate(rows):
        if row.incoming_ud is None:
            continue
        for unit, incoming_d in enumerate(row.incoming_ud[:units]):
            top, left = number * pitch, unit * pitch
            tile = shade_weights(incoming_d.reshape(_SIDE, _SIDE), limit)
            mosaic[top : top + _SIDE, left : left + _SIDE] = tile
    return mosaic


def make_units(results: Results, _samples: Samples, language: Language, form: Format) -> Figure:
    """Draw the incoming weights of the first units, a row a rate, with the number of silent units at its end.

    To be called inside `theme()`. All rows have one scale: a row that looks pale has small weights.
    """
    rows = list_rows(results)
    limit = choose_limit(rows)
    units = min(_count_units(row) for row in rows if row.incoming_ud is not None)
    units = min(units, _NARROW_UNITS) if form.is_narrow else units
    names = [format_number(row.setting.spec.rate) for row in rows]
    counts = [format_silent(row.silent, language, a_line=3 if form.is_narrow else _MOST_SEEDS) for row in rows]
    heads = _head_silent(rows[0].setting.spec.hidden_units[0], len(results.seeds), language, form)
    left_pt = max(map(measure_label, [*names, _WORDS["rate"][language]])) + _LABEL_GAP_PT + 2
    right_pt = max(
        *(measure_label(line, weight=SEMI_BOLD) for count in counts for line in count),
        *(measure_label(line, weight=SEMI_BOLD) for line in heads),
    )
    room_in = form.width_in - (left_pt + _COLUMN_GAP_PT + right_pt + 4) / POINTS_PER_INCH
    pitch_in = min(_PITCH_IN, room_in / units)
    head_in = _HEAD_IN + _LINE_PT / POINTS_PER_INCH * (len(heads) - 1)
    height_in = head_in + len(rows) * pitch_in + (_NARROW_FOOT_IN if form.is_narrow else _FOOT_IN)
    figure = Figure(figsize=(form.width_in, height_in))
    gap_in = pitch_in * _GAP / (_SIDE + _GAP)
    wide_in, high_in = units * pitch_in - gap_in, len(rows) * pitch_in - gap_in
    corner_in = (left_pt / POINTS_PER_INCH, height_in - head_in - high_in)
    axes = panels.add_panel(figure, corner_in, wide_in, high_in)
    axes.set_axis_off()
    # 'none' keeps the pixels as they are: one small image in the SVG, whatever its resolution.
    axes.imshow(make_unit_mosaic(rows, units, limit), interpolation="none", aspect="auto")
    _draw_frames(axes, len(rows), units)
    _write_heads(axes, heads, units, language, form)
    for number, (row, name, count) in enumerate(zip(rows, names, counts, strict=True)):
        _write_row(axes, number, row, name, count, language)
    _draw_key(axes, limit, language, form)
    return figure


def _head_silent(width: int, seeds: int, language: Language, form: Format) -> list[str]:
    """What stands above the numbers of silent units, one line or, on a phone, two."""
    lines = [_WORDS["silent"][language], _WORDS["of"][language].format(width=width)]
    if form.is_narrow:
        return lines
    return [" ".join(lines) + (_WORDS["by-seed"][language] if seeds > 1 else "")]


def _write_heads(axes: Axes, heads: Sequence[str], units: int, language: Language, form: Format) -> None:
    """Number the units, and write what stands at the left and at the right of them."""
    style = TextStyle(align="center", offset_pt=(0, 4), colour=QUIET_COLOUR)
    for unit in range(units):
        text = f"{_WORDS['unit'][language]} {unit + 1}" if unit == 0 and not form.is_narrow else str(unit + 1)
        write_label(axes, text, (unit * (_SIDE + _GAP) + _MIDDLE, -0.5), axes.transData, style)
    if form.is_narrow:
        style = replace(style, offset_pt=(0, 4 + _LINE_PT))
        write_label(axes, _WORDS["unit"][language], (0.5, 1), axes.transAxes, style)
    style = TextStyle(align="right", offset_pt=(-_LABEL_GAP_PT, 4), colour=QUIET_COLOUR)
    write_label(axes, _WORDS["rate"][language], (0, 1), axes.transAxes, style)
    for number, line in enumerate(reversed(heads)):
        style = TextStyle(offset_pt=(_COLUMN_GAP_PT, 4 + _LINE_PT * number), weight=SEMI_BOLD)
        write_label(axes, line, (1, 1), axes.transAxes, style)


def _write_row(axes: Axes, number: int, row: Row, name: str, count: Sequence[str], language: Language) -> None:
    """The rate at the left of a row, and its silent units at the right: they stand out where there are any."""
    place, side = number * (_SIDE + _GAP) + _MIDDLE, axes.get_yaxis_transform()
    style = TextStyle(align="right", is_level=True, offset_pt=(-_LABEL_GAP_PT, 0))
    write_label(axes, name, (0, place), side, style)
    has_silent = any(row.silent)
    for line, text in enumerate(count):
        style = TextStyle(
            is_level=True,
            offset_pt=(_COLUMN_GAP_PT, _LINE_PT * ((len(count) - 1) / 2 - line)),
            weight=SEMI_BOLD if has_silent else 400,
            colour=TEXT_COLOUR if has_silent else QUIET_COLOUR,
        )
        write_label(axes, text, (1, place), side, style)
    if row.incoming_ud is None:
        style = TextStyle(is_level=True, offset_pt=(4, 0), colour=QUIET_COLOUR, has_ground=True)
        write_label(axes, say("diverged", language), (0, place), side, style)


def format_silent(silent: Sequence[int | None], language: Language, *, a_line: int = _MOST_SEEDS) -> list[str]:
    """How many units are silent, seed by seed, on one or more lines; of many seeds, from the fewest to the most.

    >>> format_silent((33, 28, None), "en"), format_silent((0, 0), "en"), format_silent((1, 2, 3), "en", a_line=2)
    (['33, 28, –'], ['none'], ['1, 2,', '3'])
    """
    known = [count for count in silent if count is not None]
    if not any(silent) and len(known) == len(silent):
        return [_WORDS["none"][language]]
    if len(silent) > _MOST_SEEDS:
        return [f"{min(known)}{DASH}{max(known)}"] if known else [DASH]
    texts = [DASH if count is None else str(count) for count in silent]
    lines = [", ".join(texts[start : start + a_line]) for start in range(0, len(texts), a_line)]
    return [line + "," * (number < len(lines) - 1) for number, line in enumerate(lines)]


def _draw_frames(axes: Axes, rows: int, units: int) -> None:
    """A thin square around each unit: where weights are small, nothing else shows how far it reaches."""
    pitch = _SIDE + _GAP
    for row, unit in itertools.product(range(rows), range(units)):
        left, top = unit * pitch - 0.5, row * pitch - 0.5
        _draw_frame(axes, (left, top), (left + _SIDE, top + _SIDE), axes.transData, "unit-frame")


def _draw_frame(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], transform: Transform, gid: str
) -> None:
    (left, top), (right, bottom) = start, end
    axes.plot(
        [left, right, right, left, left],
        [top, top, bottom, bottom, top],
        transform=transform,
        color=_FRAME_COLOUR,
        linewidth=0.5,
        clip_on=False,
        gid=gid,
    )


def _draw_key(axes: Axes, limit: float, language: Language, form: Format) -> None:
    """What the colours say: a bar of them from one full colour to the other, below the picture."""
    down, up = _WORDS["down"][language], _WORDS["up"][language]
    low, high = MINUS + format_number(limit), format_number(limit)
    if form.is_narrow:
        start_pt = (float(axes.bbox.width) - _CELLS * _CELL_PT) / 2
    else:
        start_pt = measure_label(down) + measure_label(low) + 2 * _ASIDE_PT
    end_pt = start_pt + _CELLS * _CELL_PT
    to_axes = axes.transAxes.inverted()
    x0, y0 = axes.bbox.x0, axes.bbox.y0 - _BELOW_PT - _BAR_PT  # at 72 dots an inch, a dot is a point
    for cell in range(_CELLS):
        share = 2 * cell / (_CELLS - 1) - 1
        left, right = x0 + start_pt + cell * _CELL_PT, x0 + start_pt + (cell + 1) * _CELL_PT
        corners = to_axes.transform([(left, y0), (right, y0), (right, y0 + _BAR_PT), (left, y0 + _BAR_PT)])
        if share:
            axes.fill(
                *corners.T,
                transform=axes.transAxes,
                facecolor=_UP_COLOUR if share > 0 else _DOWN_COLOUR,
                alpha=abs(share),
                linewidth=0,
                clip_on=False,
                gid="key-cell",
            )
    ends = to_axes.transform([(x0 + start_pt, y0), (x0 + end_pt, y0 + _BAR_PT)]).tolist()
    _draw_frame(axes, tuple(ends[0]), tuple(ends[1]), axes.transAxes, "key-frame")
    level = -_BELOW_PT - _BAR_PT / 2
    _write_beside(axes, low, (start_pt - _ASIDE_PT, level), "right")
    _write_beside(axes, high, (end_pt + _ASIDE_PT, level), "left")
    if form.is_narrow:
        middle_pt = (start_pt + end_pt) / 2
        _write_beside(axes, down, (middle_pt - 2 * _ASIDE_PT, level - _LINE_PT - 2), "right")
        _write_beside(axes, up, (middle_pt + 2 * _ASIDE_PT, level - _LINE_PT - 2), "left")
    else:
        _write_beside(axes, down, (0, level), "left")
        _write_beside(axes, up, (end_pt + measure_label(high) + 2 * _ASIDE_PT, level), "left")


def _write_beside(axes: Axes, text: str, at_pt: tuple[float, float], align: Literal["left", "right"]) -> None:
    """Write a part of the key, its place in points from the lower left corner of the picture."""
    style = TextStyle(align=align, is_level=True, offset_pt=at_pt, colour=QUIET_COLOUR)
    write_label(axes, text, (0, 0), axes.transAxes, style)


def describe_units(results: Results, _samples: Samples, language: Language) -> str:
    """The text alternative of `make_units`."""
    rows = list_rows(results)
    limit = format_number(choose_limit(rows))
    shown = [row for row in rows if row.incoming_ud is not None]
    units = min(_count_units(row) for row in shown)
    rates = [format_number(row.setting.spec.rate) for row in rows]
    sizes = [f"{find_furthest(row):.2f}" for row in (shown[0], shown[-1])]
    ends = [format_number(row.setting.spec.rate) for row in (shown[0], shown[-1])]
    width = rows[0].setting.spec.hidden_units[0]
    seed = results.seeds[0]
    counts = [
        join_words(tuple(DASH if count is None else str(count) for count in row.silent), language) for row in rows
    ]
    empty = [all(count == 0 for count in row.silent) for row in rows]
    counted = [item for item, is_empty in zip(zip(rates, counts, strict=True), empty, strict=True) if not is_empty]
    without = join_words(tuple(rate for rate, is_empty in zip(rates, empty, strict=True) if is_empty), language)
    if language == "th":
        silent = [f"อัตรา {rate} มี {count}" for rate, count in counted]
        silent += [f"ไม่มีเลยที่อัตรา {without}"] if without else []
        return (
            f"ค่าน้ำหนักขาเข้าของหน่วยที่ 1 ถึง {units} ในชั้นซ่อน ค่า seed {seed} อัตรา {join_words(tuple(rates), language)} แถวละอัตรา "
            f"ทุกแถวใช้สเกลเดียวกัน สีหนึ่งคือค่าบวก อีกสีคือค่าลบ และเข้มที่สุดตั้งแต่ {limit} ขึ้นไป "
            f"ค่าน้ำหนักที่ไกลจาก 0 ที่สุดของอัตรา {ends[0]} คือ {sizes[0]} ส่วนของอัตรา {ends[1]} คือ {sizes[1]} "
            f"จำนวนหน่วยเงียบจาก {width} หน่วย ทีละค่า seed เป็นดังนี้ {' '.join(silent)}"
        )
    silent = [f"{count} at rate {rate}" for rate, count in counted] + ([f"none at {without}"] if without else [])
    return (
        f"Incoming weights of hidden units 1 to {units}, seed {seed}, in a row for each of the rates "
        f"{join_words(tuple(rates), language)}; all rows have one scale, a colour for each sign, full from {limit} on. "
        f"The weight furthest from 0 is {sizes[0]} in size at rate {ends[0]} and {sizes[1]} at rate {ends[1]}. "
        f"Silent units of {width}, seed by seed: {'; '.join(silent)}."
    )


def find_furthest(row: Row) -> float:
    """The size of the weight that is furthest from 0."""
    return 0.0 if row.incoming_ud is None else float(np.abs(row.incoming_ud).max())


def _count_units(row: Row) -> int:
    return 0 if row.incoming_ud is None else len(row.incoming_ud)


def list_unit_data(results: Results, language: Language) -> FigureData:
    """For each rate, the silent units of every seed and the size of the weight furthest from 0."""
    rows = list_rows(results)
    width = rows[0].setting.spec.hidden_units[0]
    table = []
    for row in rows:
        counts = (DASH if count is None else str(count) for count in row.silent)
        furthest = DASH if row.incoming_ud is None else f"{find_furthest(row):.3f}"
        table.append((format_number(row.setting.spec.rate), *counts, furthest))
    silent = f"{_WORDS['silent'][language]} {_WORDS['of'][language].format(width=width)}"
    heads = (say("rate", language), *(f"seed {seed}" for seed in results.seeds), _WORDS["size"][language])
    return FigureData((("", 1), (silent, len(results.seeds)), ("", 1)), heads, tuple(table))


def _list_possible(results: Results) -> list[Row]:
    """The rows, where there are enough of them for a figure."""
    rows = list_rows(results)
    shown = [row for row in rows if row.incoming_ud is not None]
    return rows if len(shown) >= _FEWEST else []


DRAWING: Final = Drawing(
    "units",
    make_units,
    describe_units,
    list_data=list_unit_data,
    shows=lambda results: [row.setting for row in list_rows(results)],
    is_possible=lambda results: bool(_list_possible(results)),
)
