"""Where the settings of a large study end: what its maps and lists are drawn from, and their words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from lrreport.figures.forms import Axes, Part, list_values
from lrreport.figures.words import (
    Language,
    format_number,
    format_percent,
    format_setting_value,
    name_key,
    name_settings,
    say,
)
from lrreport.results import Results, Status
from lrreport.spec import Study, Value

PER_CENT: Final = 100.0
#: Values whose ratio of the largest to the smallest is this or more stand on a logarithmic axis.
_WIDE: Final = 30.0
#: How far the steps of an even axis may differ from each other, as a share.
_EVEN: Final = 0.12


@dataclass(frozen=True, slots=True)
class Ending:
    """The last test accuracy of a setting over the seeds that did not diverge, in per cent.

    Attributes:
        place: Of the setting in its study, from 0.
        mean: None where all seeds diverged; likewise `low` and `high`.
        low: Of the seeds.
        high: Likewise.
        n: How many seeds did not diverge.
        n_diverged: How many did.
    """

    place: int
    mean: float | None
    low: float
    high: float
    n: int
    n_diverged: int


def list_endings(results: Results, study: Study) -> tuple[Ending, ...]:
    """The ending of every setting, in file order."""
    return tuple(_end(results, study, place) for place in range(len(study.settings)))


def _end(results: Results, study: Study, place: int) -> Ending:
    runs = results.of(study.settings[place])
    last_r = PER_CENT * np.array(
        [run.history.test_accuracy_t[-1] for run in runs if run.status is Status.COMPLETE and len(run.history)],
        np.float64,
    )
    lost = len(runs) - len(last_r)
    if not len(last_r):
        return Ending(place, None, 0.0, 0.0, 0, lost)
    return Ending(place, float(last_r.mean()), float(last_r.min()), float(last_r.max()), len(last_r), lost)


def find_best(endings: Iterable[Ending]) -> Ending | None:
    """The setting with the highest mean; one with a diverged seed only where every setting has one."""
    known = [ending for ending in endings if ending.mean is not None]
    whole = [ending for ending in known if not ending.n_diverged]
    return max(whole or known, key=lambda ending: ending.mean or 0.0, default=None)


def rank_endings(endings: Iterable[Ending]) -> list[Ending]:
    """The best first; settings with diverged seeds after the others, those without a mean last."""
    return sorted(
        endings, key=lambda ending: (ending.n_diverged > 0, -(ending.mean if ending.mean is not None else -1.0))
    )


def span_of(endings: Iterable[Ending]) -> tuple[float, float]:
    """The lowest and the highest accuracy of any seed, in per cent."""
    known = [ending for ending in endings if ending.mean is not None]
    return min((ending.low for ending in known), default=0.0), max((ending.high for ending in known), default=90.0)


def choose_scale(values: Sequence[Value]) -> str:
    """How numbers stand on an axis: `linear`, `log`, or `uneven`, one after the other whatever lies between them.

    >>> choose_scale([1e-4, 1e-3, 1e-2]), choose_scale([0.0, 0.5, 1.0]), choose_scale([0.0, 1e-5, 0.1])
    ('log', 'linear', 'uneven')
    """
    numbers = np.array(sorted(float(value) for value in values), dtype=np.float64)  # type: ignore[arg-type]
    positive = numbers[numbers > 0]
    if len(positive) and positive[-1] / positive[0] < _WIDE:
        return "linear"
    return "log" if len(positive) == len(numbers) else "uneven"


def has_even_steps(values: Sequence[Value]) -> str:
    """What cells of the same width make of numbers: `linear` or `log` where these have even steps, else `uneven`."""
    numbers = np.array([float(value) for value in values], dtype=np.float64)  # type: ignore[arg-type]
    for name, places in (("linear", numbers), ("log", np.log10(numbers) if (numbers > 0).all() else numbers[:0])):
        steps = np.diff(places)
        if len(steps) and np.ptp(steps) <= _EVEN * abs(steps.mean()):
            return name
    return "uneven" if len(numbers) > 1 else "linear"


def name_axis(key: str, scale: str, language: Language) -> str:
    """The name of an axis, and what is odd about its scale."""
    words = {"log": "log-axis", "uneven": "uneven-axis"}
    return say(words[scale], language, axis=name_key(key, language)) if scale in words else name_key(key, language)


def name_panel(study: Study, axes: Axes, place: int, language: Language) -> str:
    """What all settings of a panel have in common, after one of them; empty where there is one panel only."""
    varied = dict(study.settings[place].varied)
    separator = " " if language == "th" else ", "
    return separator.join(
        f"{name_key(key, language)} {format_setting_value(key, varied[key], language)}"
        if not isinstance(varied[key], bool)
        else format_setting_value(key, varied[key], language)
        for key in axes.others
    )


def describe_large(results: Results, study: Study, part: Part, axes: Axes, language: Language) -> str:
    """The text alternative of a map or a list, with how far its accuracies go, and which is the best."""
    endings = list_endings(results, study)
    shown = [endings[place] for place in part.shown]
    known = [ending.mean for ending in shown if ending.mean is not None]
    names = name_settings(study, language)
    best = find_best(endings)
    lost = sum(ending.n_diverged > 0 for ending in shown)
    some = "" if part.count == 1 else f" ({say('part', language, number=part.number, count=part.count)})"
    ends = _say_ends(known, language)
    winner = ""
    if best is not None and best.mean is not None:
        winner = f"{names[best.place]} {format_percent(best.mean / PER_CENT)}"
    if language == "th":
        kind = "แผนที่ความร้อน" if axes.up else "กราฟจุด"
        winner_text = f" ชุดที่ดีที่สุดของการทดลองคือ {winner}" if winner else ""
        lost_text = f" มี {lost:,} แบบที่การฝึกลู่ออกอย่างน้อยหนึ่งครั้ง" if lost else ""
        return (
            f"{kind}ของค่าความถูกต้องบนชุดทดสอบเมื่อจบรอบสุดท้าย การทดลองเรื่อง {study.title['th']}{some} "
            f"{_say_axes(study, axes, language)} แสดง {len(shown):,} แบบ {ends}{winner_text}{lost_text}"
        )
    kind = "Heat map" if axes.up else "Dots"
    winner_text = f" The best of the study is {winner}." if winner else ""
    lost_text = f" Settings with diverged seeds: {lost:,}." if lost else ""
    return (
        f"{kind} of the test accuracy after the last epoch, study '{study.title['en']}'{some}: "
        f"{_say_axes(study, axes, language)}; {len(shown):,} {'setting' if len(shown) == 1 else 'settings'}, {ends}."
        f"{winner_text}{lost_text}"
    )


def _say_ends(known: Sequence[float], language: Language) -> str:
    if not known:
        return say("all-diverged", language)
    low, high = (format_percent(value / PER_CENT) for value in (min(known), max(known)))
    return f"ค่าเฉลี่ยตั้งแต่ {low} ถึง {high}" if language == "th" else f"means from {low} to {high}"


def _say_axes(study: Study, axes: Axes, language: Language) -> str:
    """Which key stands where, from which value to which."""

    def say_key(key: str) -> str:
        values = list_values(study, key)
        first, last = (format_setting_value(key, value, language) for value in (values[0], values[-1]))
        return f"{name_key(key, language)} {first} {'ถึง' if language == 'th' else 'to'} {last}"

    if not axes.across:
        return "เรียงจากดีที่สุด" if language == "th" else "sorted, the best first"
    if language == "th":
        texts = [f"แกนนอนคือ {say_key(axes.across)}"]
        texts += [f"แกนตั้งคือ {say_key(axes.up)}"] if axes.up else []
        texts += [f"แยกตาม {say_key(key)}" for key in axes.others]
        return " ".join(texts)
    texts = [f"across {say_key(axes.across)}"]
    texts += [f"upwards {say_key(axes.up)}"] if axes.up else []
    texts += [f"a panel for each value of {say_key(key)}" for key in axes.others]
    return ", ".join(texts)


def format_end(value: float | None, decimals: int = 2) -> str:
    """An accuracy in per cent for a table; a dash where there is none."""
    return "–" if value is None else f"{value:.{decimals}f}"


def format_tick(key: str, value: Value, language: Language) -> str:
    """A value below or beside an axis."""
    return format_setting_value(key, value, language) if not isinstance(value, float) else format_number(value)
