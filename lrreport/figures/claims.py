"""The claims of the source in one picture: what was measured for each, how sure that is, and the verdict."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.analysis.intervals import Interval
from lrreport.analysis.source_claims import decide_source_claims
from lrreport.analysis.verdicts import Claim, Verdict, Whose
from lrreport.figures import panels
from lrreport.figures.data import FigureData
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.labels import TextStyle, measure_label, write_label
from lrreport.figures.theme import (
    CONTEXT_COLOUR,
    CUT_COLOUR,
    PALETTE,
    POINTS_PER_INCH,
    QUIET_COLOUR,
    SEMI_BOLD,
    TEXT_COLOUR,
)
from lrreport.figures.words import DASH, MINUS, NAMES, Language, format_number
from lrreport.results import Results

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "source": {"th": "สิ่งที่ต้นฉบับกล่าว", "en": "What the source says"},
    "ours": {"th": "คำถามที่เราถามเพิ่มเอง", "en": "What we asked ourselves"},
    "threshold": {"th": "ค่าความถูกต้อง เหนือเกณฑ์ (จุด)", "en": "Accuracy, above a threshold (points)"},
    "accuracy": {"th": "ค่าความถูกต้อง เทียบกัน (จุด)", "en": "Accuracy, compared (points)"},
    "epochs": {"th": "ผ่าน 95% ก่อน (รอบ)", "en": "Past 95% sooner (epochs)"},
    "swing": {"th": "การแกว่งที่ลดลง (จุด)", "en": "Swing, how much less (points)"},
    "legend-mean": {"th": "ผลต่างเฉลี่ย", "en": "mean difference"},
    "legend-interval": {"th": "ช่วงความเชื่อมั่น 95%", "en": "95% interval"},
    "legend-band": {"th": "ต่างกันน้อยเกินกว่าจะนับ (±{margin} จุด)", "en": "too small to count (±{margin} points)"},
    "legend-only-seed": {"th": "ค่า seed เดียวที่มี", "en": "the only seed"},
    "legend-seed": {"th": "ค่า seed ที่ต่ำสุด และค่าอื่น", "en": "lowest seed, other seeds"},
    "legend-axes": {"th": "แกนถี่ขึ้นเมื่อไกลจาก 0", "en": "scales compressed away from 0"},
    "legend-right": {"th": "ทางขวาของ 0: ตรงตามข้อความ", "en": "right of 0: as stated"},
    "holds": {"th": "เป็นจริง", "en": "holds"},
    "fails": {"th": "ไม่เป็นจริง", "en": "fails"},
    "too-small": {"th": "ไม่เป็นจริง เพราะน้อยเกินจะนับ", "en": "fails, too small to count"},
    "cannot-tell": {"th": "ยังสรุปไม่ได้", "en": "cannot tell"},
    "claim": {"th": "ข้อความ", "en": "Statement"},
    "unit": {"th": "หน่วย", "en": "Unit"},
    "unit-points": {"th": "จุด", "en": "points"},
    "unit-epochs": {"th": "รอบ", "en": "epochs"},
    "mean": {"th": "ผลต่างเฉลี่ย", "en": "Mean difference"},
    "interval": {"th": "ช่วงความเชื่อมั่น 95%", "en": "95% interval"},
    "lowest": {"th": "ค่า seed ที่ต่ำสุด", "en": "Lowest seed"},
    "verdict": {"th": "ผลการตรวจสอบ", "en": "Verdict"},
}
#: A claim in a few words, by group.
_NAMES: Final[Mapping[str, Mapping[Language, str]]] = {
    "lr-above-80": {"th": "อัตรา {value} จบเกิน 80%", "en": "rate {value} ends above 80%"},
    "lr-rest-low": {"th": "อัตรา {value} ต่ำกว่าอัตรา {last} ถึง {first}", "en": "rate {value} below {last} to {first}"},
    "lr-slow-start": {"th": "รอบแรก อัตรา {value} ต่ำกว่า 0.01", "en": "epoch 1: {value} below 0.01"},
    "momentum-faster": {"th": "โมเมนตัม {value} ผ่านก่อน", "en": "momentum {value} is sooner"},
    "momentum-damps": {"th": "โมเมนตัม {value} แกว่งน้อยลง", "en": "momentum {value} swings less"},
    "decay-damps": {"th": "decay {value} แกว่งน้อยลง", "en": "decay {value} swings less"},
    "decay-accurate": {"th": "decay {value} จบเกิน 90%", "en": "decay {value} ends above 90%"},
    "decay-0.1-slow": {"th": "decay {value} จบต่ำสุดในสี่ค่า", "en": "decay {value} ends lowest"},
    "plateau-helps": {
        "th": "เริ่มที่ {rate} ระยะรอ {value} รอบ จบสูงกว่า",
        "en": "from {rate}, patience {value} ends higher",
    },
    "patience-matters": {"th": "เริ่มที่ {rate} ระยะรอมีผล", "en": "from {rate}, patience matters"},
    "adaptive-beats-sgd": {"th": "{value} จบสูงกว่า SGD", "en": "{value} ends above SGD"},
}


@dataclass(frozen=True, slots=True)
class _Kind:
    """Claims that may share an axis.

    Attributes:
        name: What heads their panel.
        unit: What its numbers are counted in.
        scale: What a claim's numbers are multiplied by.
        linear: Up to here the axis is nearly even; beyond, it is a logarithm. Differences of a tenth of a point and of
            80 points stand in one panel.
        ticks: Numbers that the axis names while there is room, the first ones first.
        decimals: Of its numbers in a table.
    """

    name: str
    unit: str
    scale: float
    linear: float
    ticks: tuple[float, ...]
    decimals: int


_PER_CENT: Final = 100.0
_THRESHOLD: Final = _Kind("threshold", "points", _PER_CENT, 1.0, (0, 10, -10, 1, -1, 50, -50), 2)
_EPOCHS: Final = _Kind("epochs", "epochs", 1.0, 1000.0, (0, 5, -5, 10, -10, 20, -20, 50, -50), 1)
_ACCURACY: Final = _Kind("accuracy", "points", _PER_CENT, 0.2, (0, 1, -1, 10, -10, 100, -100, 0.2, -0.2), 2)
_SWING: Final = _Kind("swing", "points", _PER_CENT, 0.02, (0, 0.1, -0.1, 1, -1, 0.01, -0.01), 3)
#: In the order in which their panels stand.
_KINDS: Final = (_THRESHOLD, _EPOCHS, _SWING, _ACCURACY)
_BY_METRIC: Final[Mapping[str, _Kind]] = {
    "last_test_accuracy": _ACCURACY,
    "first_test_accuracy": _ACCURACY,
    "epochs_to_95": _EPOCHS,
    "swing": _SWING,
}
_SIGNS: Final[Mapping[Verdict, str]] = {Verdict.HOLDS: "✓", Verdict.FAILS: "×", Verdict.CANNOT_TELL: "?"}
#: Of what fails because the difference is too small to count.
_TOO_SMALL: Final = "≈"
_COLOURS: Final[Mapping[Verdict, str]] = {
    Verdict.HOLDS: PALETTE[2],
    Verdict.FAILS: CUT_COLOUR,
    Verdict.CANNOT_TELL: QUIET_COLOUR,
}
_BAND_COLOUR: Final = "#dddddd"

_SIZE: Final = 7.5
_ROW_IN: Final = 0.155
_NARROW_ROW_IN: Final = 0.145
_HEADING_IN: Final = 0.25
_TITLE_IN: Final = 0.17
_TICKS_IN: Final = 0.17
_GAP_IN: Final = 0.08
_LEGEND_IN: Final = 0.165
_BETWEEN_IN: Final = 0.24
_NAME_GAP_PT: Final = 5.0
_SIGN_PT: Final = 15.0
_AIR_SHARE: Final = 0.08
_TICK_GAP_PT: Final = 3.5
_SYMBOL_PT: Final = 15.0
_ITEM_GAP_PT: Final = 10.0
#: An interval reaches at most so many times as far as the largest mean; beyond, an arrow stands for it.
_REACH: Final = 2.0


@dataclass(frozen=True, slots=True)
class Row:
    """A claim as it is drawn, in the unit of its panel.

    Attributes:
        claim: As it was decided.
        name: In a few words.
        interval: Of the mean difference, as it counts for the statement; None where the claim has none.
        margin: What is too small to count.
        seeds: Where there is no interval: a number for each seed that has one.
    """

    claim: Claim
    name: str
    interval: Interval | None
    margin: float
    seeds: tuple[float, ...]

    @property
    def numbers(self) -> tuple[float, ...]:
        """What must stand inside the panel."""
        return (self.interval.mean,) if self.interval else self.seeds


@dataclass(frozen=True, slots=True)
class _Block:
    """Rows of one panel."""

    whose: Whose
    kind: _Kind
    rows: tuple[Row, ...]


def is_of_source(claim: Claim) -> bool:
    """Whether the source states it; what we asked by ourselves is never counted with it."""
    return claim.whose == "source"


def find_kind(claim: Claim) -> _Kind | None:
    """Which claims it may stand with; None for one that is not drawn."""
    if claim.group not in _NAMES:
        return None
    return _THRESHOLD if "threshold" in claim.numbers else _BY_METRIC.get(claim.metric)


def name_claim(claim: Claim, results: Results, language: Language) -> str:
    """A claim in a few words, by its group, with the value that it is about."""
    study = results.study(claim.study)
    assert study is not None  # narrows the type: a claim is about a study of the report
    spec = (study.setting(claim.setting) if claim.setting is not None else study.settings[0]).spec
    values = {
        "learning-rate": format_number(spec.rate),
        "momentum": format_number(spec.momentum),
        "decay": format_number(spec.decay),
        "optimizers": NAMES[spec.optimizer],
    }
    value = str(spec.plateau.patience) if spec.plateau else values.get(claim.study, "")
    against = claim.numbers.get("against")
    others = sorted(float(str(text)) for text in against) if isinstance(against, list) else [spec.rate]
    return _NAMES[claim.group][language].format(
        value=value, rate=format_number(spec.rate), last=format_number(others[0]), first=format_number(others[-1])
    )


def make_row(claim: Claim, kind: _Kind, results: Results, language: Language) -> Row:
    """A claim's numbers in the unit of its panel, positive in its favour."""
    found = claim.interval
    if found and "pair" in claim.numbers and found.mean < 0:
        # Which of two patiences comes first is chance: what counts is that they differ.
        found = Interval(-found.mean, -found.high, -found.low, found.n)
    interval = found and Interval(found.mean * kind.scale, found.low * kind.scale, found.high * kind.scale, found.n)
    threshold = claim.numbers.get("threshold", 0.0)
    values = claim.numbers.get("values" if "threshold" in claim.numbers else "differences", [])
    known = [value for value in values if isinstance(value, float | int)] if isinstance(values, list) else []
    shift = threshold if isinstance(threshold, float) else 0.0
    seeds = () if interval else tuple((value - shift) * kind.scale for value in known)
    return Row(claim, name_claim(claim, results, language), interval, claim.margin * kind.scale, seeds)


def _list_blocks(results: Results, language: Language) -> list[_Block]:
    """What the source says, panel by panel, then what we asked."""
    rows: dict[tuple[Whose, str], list[Row]] = {}
    for claim in decide_source_claims(results):
        if (kind := find_kind(claim)) is not None:
            place: tuple[Whose, str] = ("source" if is_of_source(claim) else "ours", kind.name)
            rows.setdefault(place, []).append(make_row(claim, kind, results, language))
    whose: tuple[Whose, ...] = ("source", "ours")
    return [
        _Block(who, kind, tuple(rows[who, kind.name])) for who in whose for kind in _KINDS if (who, kind.name) in rows
    ]


def _split(blocks: Sequence[_Block], row_in: float) -> list[list[_Block]]:
    """The same in two columns that are about equally high."""
    places = range(1, len(blocks))
    heights = [max(_measure_height(part, row_in) for part in (blocks[:place], blocks[place:])) for place in places]
    if not heights or min(heights) >= _measure_height(blocks, row_in):
        return [list(blocks)]
    place = 1 + heights.index(min(heights))
    return [list(blocks[:place]), list(blocks[place:])]


def _measure_height(blocks: Sequence[_Block], row_in: float) -> float:
    """Height of a column in inches."""
    headings = 1 + sum(one.whose != other.whose for one, other in itertools.pairwise(blocks))
    each = _TITLE_IN + _TICKS_IN + _GAP_IN
    return headings * _HEADING_IN + sum(each + len(block.rows) * row_in for block in blocks)


def make_claims(results: Results, _samples: Samples, language: Language, form: Format) -> Figure:
    """Draw a row a claim; claims of different metrics never share an axis; to be called inside `theme()`."""
    row_in = _NARROW_ROW_IN if form.is_narrow else _ROW_IN
    blocks = _list_blocks(results, language)
    columns = [blocks] if form.is_narrow else _split(blocks, row_in)
    legend = _arrange_legend(blocks, language, form.width_in * POINTS_PER_INCH - 4)
    body_in = max(_measure_height(column, row_in) for column in columns)
    height_in = body_in + len(legend) * _LEGEND_IN + 0.04
    figure = Figure(figsize=(form.width_in, height_in))
    sheet = panels.add_panel(figure, (0, 0), form.width_in, height_in)
    sheet.set_axis_off()
    sheet.set_xlim(0, form.width_in * POINTS_PER_INCH)
    sheet.set_ylim(0, height_in * POINTS_PER_INCH)
    count = 1 if form.is_narrow else 2
    column_in = (form.width_in - (count - 1) * _BETWEEN_IN) / count
    names = [row.name for block in blocks for row in block.rows]
    name_in = (max(measure_label(name, _SIZE) for name in names) + 2 * _NAME_GAP_PT) / POINTS_PER_INCH
    for number, column in enumerate(columns):
        left_in, top_in = number * (column_in + _BETWEEN_IN), height_in
        before = columns[number - 1][-1].whose if number else None
        for block in column:
            if block is column[0] or block.whose != before:
                text = _WORDS[block.whose][language] if block.whose != before else ""
                _write_heading(sheet, text, left_in, column_in, top_in)
                top_in -= _HEADING_IN
            before = block.whose
            panel_in = column_in - name_in - _SIGN_PT / POINTS_PER_INCH
            rows_in = len(block.rows) * row_in
            title = TextStyle(_SIZE, SEMI_BOLD, colour=QUIET_COLOUR)
            at = ((left_in * POINTS_PER_INCH) + 1, (top_in - _TITLE_IN) * POINTS_PER_INCH + 4)
            write_label(sheet, _WORDS[block.kind.name][language], at, sheet.transData, title)
            corner = (left_in + name_in, top_in - _TITLE_IN - rows_in)
            axes = panels.add_panel(figure, corner, panel_in, rows_in)
            _draw_block(axes, block, name_in * POINTS_PER_INCH - 1)
            top_in -= _TITLE_IN + rows_in + _TICKS_IN + _GAP_IN
    _draw_legend(sheet, legend)
    return figure


def _write_heading(sheet: Axes, text: str, left_in: float, width_in: float, top_in: float) -> None:
    """Who says so, over a rule; without a text the rule alone, where a column goes on."""
    left, right, base = (
        left_in * POINTS_PER_INCH,
        (left_in + width_in) * POINTS_PER_INCH,
        (top_in - 0.2) * POINTS_PER_INCH,
    )
    sheet.plot([left, right], [base, base], color=CONTEXT_COLOUR, linewidth=0.6, gid="rule")
    if text:
        write_label(sheet, text, (left + 1, base + 4), sheet.transData, TextStyle(8.5, SEMI_BOLD))


def _choose_limits(block: _Block) -> tuple[float, float]:
    """Where an axis begins and ends: all numbers, and intervals as far as they do not drown them."""
    numbers = [number for row in block.rows for number in row.numbers]
    margin = max(row.margin for row in block.rows)
    reach = _REACH * max([abs(number) for number in numbers] + [margin])
    lows = [row.interval.low for row in block.rows if row.interval] + numbers
    highs = [row.interval.high for row in block.rows if row.interval] + numbers
    low, high = max(min([*lows, -margin]), -reach), min(max([*highs, margin]), reach)
    # Some air on either side, on the axis as it is drawn; where all is 0, one unit.
    start, end = (math.asinh(value / block.kind.linear) for value in (low, high))
    air = _AIR_SHARE * (end - start) or math.asinh(1 / block.kind.linear)
    return block.kind.linear * math.sinh(start - air), block.kind.linear * math.sinh(end + air)


def _choose_ticks(kind: _Kind, low: float, high: float, width_pt: float) -> list[float]:
    """As many of a kind's ticks as have room for their numbers."""
    start, end = (math.asinh(value / kind.linear) for value in (low, high))
    taken: dict[float, tuple[float, float]] = {}
    for tick in kind.ticks:
        place = (math.asinh(tick / kind.linear) - start) / (end - start) * width_pt
        half = (measure_label(_write_number(tick), _SIZE) + _TICK_GAP_PT) / 2
        if low <= tick <= high and all(place + half <= left or place - half >= right for left, right in taken.values()):
            taken[tick] = (place - half, place + half)
    return sorted(taken)


def _write_number(value: float) -> str:
    return f"{value:g}".replace("-", MINUS)


def _draw_block(axes: Axes, block: _Block, name_pt: float) -> None:
    """One panel: the band, the line at 0, and its rows from the top down, names to the left and signs to the right."""
    low, high = _choose_limits(block)
    axes.set_xscale("asinh", linear_width=block.kind.linear)
    axes.minorticks_off()
    axes.set_xlim(low, high)
    ticks = _choose_ticks(block.kind, low, high, float(axes.bbox.width))
    axes.set_xticks(ticks, labels=[_write_number(tick) for tick in ticks], fontsize=_SIZE)
    axes.tick_params(axis="x", length=0, pad=2)
    axes.set_yticks([])
    axes.set_ylim(len(block.rows) - 0.5, -0.5)
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)
    margin = max(row.margin for row in block.rows)
    if margin:
        axes.axvspan(-margin, margin, color=_BAND_COLOUR, linewidth=0, zorder=0.5, gid="band")
    axes.axvline(0, color=CONTEXT_COLOUR, linewidth=0.8, zorder=1, gid="zero")
    for place, row in enumerate(block.rows):
        _draw_row(axes, row, place, (low, high))
        name = TextStyle(_SIZE, is_level=True, offset_pt=(-name_pt, 0))
        write_label(axes, row.name, (0, place), axes.get_yaxis_transform(), name)
        sign = TextStyle(8.5, SEMI_BOLD, "center", is_level=True, colour=_COLOURS[row.claim.verdict], offset_pt=(9, 0))
        text = _TOO_SMALL if row.claim.is_too_small else _SIGNS[row.claim.verdict]
        write_label(axes, text, (1, place), axes.get_yaxis_transform(), sign)


def _draw_row(axes: Axes, row: Row, place: int, limits: tuple[float, float]) -> None:
    """The interval as a line, cut with an arrow where it leaves the panel, its mean as a dot; or a dot a seed."""
    colour = _COLOURS[row.claim.verdict]
    if row.interval is None:
        for number, value in enumerate(sorted(row.seeds)):
            gid, size, dot = ("seed", 2.6, CONTEXT_COLOUR) if number else ("lowest-seed", 4.0, colour)
            axes.plot(
                [value], [place], "o", color=dot, markersize=size, markeredgewidth=0, gid=gid, zorder=4 - (number > 0)
            )
        return
    low, high = max(row.interval.low, limits[0]), min(row.interval.high, limits[1])
    axes.plot([low, high], [place, place], color=colour, linewidth=1.3, solid_capstyle="butt", gid="interval")
    for end, edge, marker in ((row.interval.low, limits[0], "<"), (row.interval.high, limits[1], ">")):
        if (end < edge) if marker == "<" else (end > edge):
            axes.plot(
                [edge], [place], marker, color=colour, markersize=4, markeredgewidth=0, clip_on=False, gid="beyond"
            )
    axes.plot([row.interval.mean], [place], "o", color=colour, markersize=4.4, markeredgewidth=0, gid="mean", zorder=4)


#: What stands in the legend: the name of a symbol or a sign, and its words.
_Item = tuple[str, str]


def _arrange_legend(blocks: Sequence[_Block], language: Language, width_pt: float) -> list[list[_Item]]:
    """The legend's items, line by line."""
    rows = [row for block in blocks for row in block.rows]
    margin = max(row.margin for row in rows)
    marks = []
    if any(row.interval for row in rows):
        marks += [("mean", _WORDS["legend-mean"][language]), ("interval", _WORDS["legend-interval"][language])]
    if most := max(len(row.seeds) for row in rows):
        key = "seed" if most > 1 else "only-seed"
        marks.append((key, _WORDS[f"legend-{key}"][language]))
    if margin:
        marks.append(("band", _WORDS["legend-band"][language].format(margin=_write_number(round(margin, 6)))))
    signs = [(sign, _WORDS[verdict][language]) for verdict, sign in _SIGNS.items()]
    if any(row.claim.is_too_small for row in rows):
        signs.insert(2, (_TOO_SMALL, _WORDS["too-small"][language]))
    notes = [(key, _WORDS[f"legend-{key}"][language]) for key in ("right", "axes")]
    grouped = [line for group in (marks, [*signs, *notes]) for line in _flow(group, width_pt)]
    return min(grouped, _flow([*marks, *signs, *notes], width_pt), key=len)


def _flow(items: Sequence[_Item], width_pt: float) -> list[list[_Item]]:
    """Items line by line, as many on each as it has room for."""
    lines: list[list[_Item]] = []
    for item in items:
        if not lines or sum(map(_measure_item, [*lines[-1], item])) - _ITEM_GAP_PT > width_pt:
            lines.append([])
        lines[-1].append(item)
    return lines


def _measure_symbol(key: str) -> float:
    return {"right": 0.0, "axes": 0.0, "interval": _SYMBOL_PT + 3, "band": _SYMBOL_PT, "seed": _SYMBOL_PT}.get(
        key, 10.0
    )


def _measure_item(item: _Item) -> float:
    return _measure_symbol(item[0]) + measure_label(item[1], _SIZE) + _ITEM_GAP_PT


def _draw_legend(sheet: Axes, lines: Sequence[Sequence[_Item]]) -> None:
    """What dot, line, band and signs are, below all panels."""
    signs = {sign: _COLOURS[verdict] for verdict, sign in _SIGNS.items()} | {_TOO_SMALL: _COLOURS[Verdict.FAILS]}
    for number, line in enumerate(reversed(lines)):
        x, y = 1.0, 7 + number * _LEGEND_IN * POINTS_PER_INCH
        for key, text in line:
            if key in signs:
                style = TextStyle(8.5, SEMI_BOLD, is_level=True, colour=signs[key])
                write_label(sheet, key, (x, y), sheet.transData, style)
            elif key in ("mean", "only-seed"):
                sheet.plot([x + 3], [y], "o", color=TEXT_COLOUR, markersize=4.4, markeredgewidth=0)
            elif key == "interval":
                sheet.plot([x, x + _SYMBOL_PT - 1], [y, y], color=TEXT_COLOUR, linewidth=1.3)
            elif key == "seed":
                sheet.plot([x + 3], [y], "o", color=TEXT_COLOUR, markersize=4.0, markeredgewidth=0)
                sheet.plot([x + 9], [y], "o", color=CONTEXT_COLOUR, markersize=2.6, markeredgewidth=0)
            elif key == "band":
                sheet.fill([x, x + 11, x + 11, x], [y - 4, y - 4, y + 4, y + 4], color=_BAND_COLOUR, linewidth=0)
            at = (x + _measure_symbol(key), y)
            write_label(sheet, text, at, sheet.transData, TextStyle(_SIZE, is_level=True, colour=TEXT_COLOUR))
            x += _measure_item((key, text))


def describe_claims(results: Results, _samples: Samples, language: Language) -> str:
    """The text alternative of `make_claims`: how many of the claims hold, fail, and cannot be told."""
    parts = []
    for whose in ("source", "ours"):
        found = [
            row.claim.verdict for block in _list_blocks(results, language) if block.whose == whose for row in block.rows
        ]
        if not found:
            continue
        counts = Counter(found)
        holds, fails, open_ = (counts[verdict] for verdict in _SIGNS)
        heading = _WORDS[whose][language]
        if language == "th":
            each = (f"{_WORDS[verdict][language]} {counts[verdict]} ข้อ" for verdict in _SIGNS)
            parts.append(f"{heading} {len(found)} ข้อ {' '.join(each)}")
        else:
            parts.append(f"{heading}, {len(found)} statements: {holds} hold, {fails} fail and {open_} cannot be told.")
    if language == "th":
        return "ผลต่างเฉลี่ยของแต่ละข้อความพร้อมช่วงความเชื่อมั่น 95% และผลการตรวจสอบ " + " ส่วน".join(parts)
    return "The mean difference behind each statement, its 95% interval and the verdict. " + " ".join(parts)


def list_claims_data(results: Results, language: Language) -> FigureData:
    """Each claim's mean difference and interval in its own unit, or the lowest seed's distance from a threshold."""
    rows = []
    for block in _list_blocks(results, language):
        for row in block.rows:
            decimals = block.kind.decimals
            if row.interval:
                ends = (_write_decimal(value, decimals) for value in (row.interval.low, row.interval.high))
                numbers = (_write_decimal(row.interval.mean, decimals), f" {DASH} ".join(ends), DASH)
            else:
                lowest = _write_decimal(min(row.seeds), decimals) if row.seeds else DASH
                numbers = (DASH, DASH, lowest)
            unit = _WORDS[f"unit-{block.kind.unit}"][language]
            rows.append((row.name, *numbers, unit, _WORDS[row.claim.verdict][language]))
    heads = tuple(_WORDS[key][language] for key in ("claim", "mean", "interval", "lowest", "unit", "verdict"))
    return FigureData((), heads, tuple(rows))


def _write_decimal(value: float, decimals: int) -> str:
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", MINUS)


DRAWING: Final = Drawing(
    "claims",
    make_claims,
    describe_claims,
    list_data=list_claims_data,
    shows=lambda results: [setting for study in results.studies for setting in study.settings],
    is_possible=lambda results: any(find_kind(claim) for claim in decide_source_claims(results)),
)
