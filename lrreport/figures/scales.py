"""The vertical axes of curves: accuracies, stretched towards 100 where they spread, losses and rates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lrreport.figures import panels
from lrreport.figures.envelopes import FloatArray
from lrreport.figures.words import Language, format_number

#: What a reader must be told about the axis of `set_stretched_axis`.
STRETCHED: Final[Mapping[Language, str]] = {"th": "ขยายช่วงใกล้ 100", "en": "stretched towards 100"}
_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "from": {"th": "แกนเริ่มที่ {low}", "en": "axis from {low}"},
    "log": {"th": "สเกลลอการิทึม", "en": "log scale"},
}
#: From this accuracy on, in per cent, an even axis shows what there is to see.
_HIGH: Final = 90.0
#: An even axis shows so many points at least: ten times what two settings must differ by to count.
_LEAST_SPAN: Final = 2.0
#: Of losses: from so much between the lowest and the highest on, the axis is a logarithm.
_DECADE: Final = 10.0
#: An axis does not begin at 0 where so large a share of it would be empty.
_EMPTY: Final = 0.5
_LABEL_PT: Final = 11.5
_MOST_STEPS: Final = 5
#: Errors in per cent, those that a reader knows first: 10 stands for an accuracy of 90.
_ERRORS: Final = (10, 5, 50, 2, 20, 90, 1, 3, 30, 70, 0.5)


def find_span(curves: Sequence[FloatArray], default: tuple[float, float]) -> tuple[float, float]:
    """The lowest and the highest value of curves after the first tenth of their epochs.

    Args:
        curves: One value an epoch.
        default: Where no curve has a value.
    """
    settled = [curve[len(curve) // 10 :] for curve in curves if len(curve)]
    if not settled:
        return default
    return min(float(curve.min()) for curve in settled), max(float(curve.max()) for curve in settled)


def set_accuracy_axis(axes: Axes, curves: Sequence[FloatArray], language: Language, *, is_labelled: bool = True) -> str:
    """An axis on which all that follows the first tenth of the epochs is seen.

    It is stretched towards 100 where some curve stays low: between 90 and 98 per cent there is as much to see as between
    10 and 90.

    Args:
        axes: The panel.
        curves: Accuracies in per cent, one value an epoch.
        language: `th` or `en`.
        is_labelled: Whether its ticks have numbers.

    Returns:
        What a reader must be told about the axis.
    """
    lowest, highest = find_span(curves, (0.0, 90.0))
    if lowest < _HIGH:
        set_stretched_axis(axes, lowest, highest, float(axes.bbox.height), is_labelled=is_labelled)
        return STRETCHED[language]
    lowest = min(lowest, highest - _LEAST_SPAN)
    span = highest - lowest
    most = min(_MOST_STEPS, float(axes.bbox.height) / _LABEL_PT)
    step = next(step for step in (0.5, 1, 2, 5, 10) if span / step <= most)
    # The axis begins at a tick, so that its label can say where.
    first = max(0, math.floor((lowest - 0.02 * span) / step + 1e-9))
    high = min(100.5, highest + 0.08 * span)
    axes.set_ylim(round(step * first, 1), high)
    ticks = [round(step * number, 1) for number in range(first, math.floor(min(high, 100.0) / step + 1e-9) + 1)]
    panels.write_ticks(axes, {tick: f"{tick:g}" for tick in ticks}, is_labelled=is_labelled)
    return _WORDS["from"][language].format(low=f"{ticks[0]:g}")


def set_stretched_axis(
    axes: Axes, lowest: float, highest: float, height_pt: float, *, is_labelled: bool = True
) -> None:
    """An axis of accuracies in per cent that is the logarithm of the error, with labels at round accuracies.

    Args:
        axes: The panel.
        lowest: Lowest accuracy that must be seen.
        highest: Likewise.
        height_pt: Height of the panel in points: as many labels as there is room for.
        is_labelled: Whether its ticks have numbers.
    """
    largest, smallest = 100 - max(lowest, 0.0), max(100 - highest, 0.1)
    axes.set_yscale("function", functions=(_stretch, _shrink))
    axes.set_ylim(100 - 1.15 * largest, 100 - smallest / 1.25)
    axes.minorticks_off()
    bottom, top = (float(_stretch(np.array(end))) for end in axes.get_ylim())
    points = height_pt / (top - bottom)
    chosen: dict[float, float] = {}
    for error in _ERRORS:
        place = (float(_stretch(np.array(100 - error))) - bottom) * points
        if 0 <= place <= height_pt and all(abs(place - other) >= _LABEL_PT for other in chosen.values()):
            chosen[100 - error] = place
    panels.write_ticks(axes, {tick: f"{tick:g}" for tick in sorted(chosen)}, is_labelled=is_labelled)


def _stretch(accuracy: FloatArray) -> FloatArray:
    return -np.log10(np.maximum(100.0 - np.asarray(accuracy, dtype=np.float64), 0.01))


def _shrink(place: FloatArray) -> FloatArray:
    return 100.0 - 10.0 ** -np.asarray(place, dtype=np.float64)


def set_loss_axis(axes: Axes, curves: Sequence[FloatArray], language: Language) -> str:
    """An axis of losses, set for the panel's limits to hold all that follows the first tenth of the epochs.

    It begins at 0; it is a logarithm where losses span more than a decade, and begins higher where half of it would be
    empty.

    Returns:
        What a reader must be told about it.
    """
    lowest, highest = find_span([curve[curve > 0] for curve in curves], (0.0, 1.0))
    if lowest > 0 and highest / lowest > _DECADE:
        set_log_axis(axes, lowest / 1.2, highest * 1.2)
        return _WORDS["log"][language]
    is_high = lowest > _EMPTY * highest
    ceiling = highest + 0.08 * (highest - lowest if is_high else highest)
    locate = MaxNLocator(_MOST_STEPS, steps=[1, 2, 5, 10])
    ticks = [float(f"{tick:.6g}") for tick in locate.tick_values(lowest if is_high else 0, highest)]
    floor = max([tick for tick in ticks if tick <= lowest], default=0.0) if is_high else 0.0
    axes.set_ylim(floor, ceiling)
    panels.write_ticks(axes, {tick: f"{tick:g}" for tick in ticks if floor <= tick <= ceiling}, is_labelled=True)
    return _WORDS["from"][language].format(low=f"{floor:g}") if floor else ""


def set_log_axis(axes: Axes, low: float, high: float, *, is_labelled: bool = True) -> None:
    """A logarithmic axis with as many labels as there is room for, at powers of ten or, where these are few, between them."""
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    axes.minorticks_off()
    room = float(axes.bbox.height) / _LABEL_PT
    powers = range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)
    finer = [
        [
            tick
            for power in range(powers.start - 1, powers.stop + 1)
            for digit in digits
            if low <= (tick := float(f"{digit}e{power}")) <= high
        ]
        for digits in ((1, 2, 5), (1, 3))
    ]
    coarser = [[float(f"1e{power}") for power in powers if power % step == 0] for step in (1, 2, 3, 5, 10, 20, 50)]
    ticks = next((some for some in (*finer, *coarser) if len(some) <= room), [])
    panels.write_ticks(axes, {tick: format_number(tick) for tick in ticks}, is_labelled=is_labelled)
