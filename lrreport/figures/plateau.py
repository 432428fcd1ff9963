"""The rate in force of settings with a plateau callback: a staircase each, with a dot at every cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from matplotlib.axes import Axes

from lrreport.figures.envelopes import FloatArray, pick_epochs
from lrreport.figures.scales import set_log_axis
from lrreport.figures.words import Language, format_range, name_settings, shown_keys
from lrreport.results import Results, RunResult
from lrreport.spec import Study

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "never": {"th": "ไม่ได้ลดอัตราเลย", "en": "never cut"},
    "never-any-patience": {"th": "ไม่ได้ลดอัตราเลย|ทั้ง {n} ระยะรอ", "en": "never cut,|at any of the {n} patiences"},
    "never-any-setting": {"th": "ไม่ได้ลดอัตราเลย|ทั้ง {n} ค่า", "en": "never cut,|in any of the {n} settings"},
    "cuts": {"th": "{name} ลด {times} ครั้ง", "en": "{name} {times} times"},
    "cut-once": {"th": "{name} ลด 1 ครั้ง", "en": "{name} once"},
    "cut-never": {"th": "{name} ไม่ได้ลดเลย", "en": "{name} never"},
}
#: Air above and below the staircases, as a share of their decades.
_AIR: Final = 0.08
_WIDTH: Final = 1.3
_OTHER_WIDTH: Final = 0.6


def is_plateau_study(study: Study) -> bool:
    """Whether any setting of the study cuts its rate on a plateau."""
    return any(setting.spec.plateau is not None for setting in study.settings)


def find_cuts(run: RunResult) -> tuple[int, ...]:
    """The epochs, counted from 1, at whose end a plateau callback cut the rate.

    A cut at the end of the very last epoch changes no curve and is not seen in one. Inverse-time decay lowers the
    rate in every update: that is no cut.
    """
    if run.spec.plateau is None:
        return ()
    rate_t = np.asarray(run.history.learning_rate_t)
    return tuple(int(index) + 1 for index in np.flatnonzero(rate_t[1:] < rate_t[:-1]))


def has_cuts(results: Results, study: Study) -> bool:
    """Whether any run of the study cut its rate."""
    return any(find_cuts(run) for setting in study.settings for run in results.of(setting))


def say_never(study: Study, language: Language) -> list[str]:
    """That no setting of the study cut its rate, on as many lines as it takes."""
    n = len(study.settings)
    is_patience = shown_keys(study) == ("plateau.patience",)
    word = "never" if n == 1 else "never-any-patience" if is_patience else "never-any-setting"
    return _WORDS[word][language].format(n=n).split("|")


def describe_cuts(results: Results, study: Study, language: Language) -> str:
    """How often each setting cut its rate."""
    items = []
    for setting, name in zip(study.settings, name_settings(study, language), strict=True):
        counts = [len(find_cuts(run)) for run in results.of(setting)]
        times = format_range(min(counts), max(counts))
        word = {"0": "cut-never", "1": "cut-once"}.get(times, "cuts")
        items.append(_WORDS[word][language].format(name=name, times=times))
    return ", ".join(items)


def set_rate_axis(axes: Axes, runs: Sequence[RunResult], *, is_labelled: bool = True) -> None:
    """A logarithmic axis that holds every rate of these runs."""
    rates = np.concatenate([np.array([run.spec.rate for run in runs]), *(run.history.learning_rate_t for run in runs)])
    rates = np.log10(rates[rates > 0].astype(np.float64))
    air = _AIR * float(np.ptp(rates)) or 0.5
    set_log_axis(axes, 10 ** float(rates.min() - air), 10 ** float(rates.max() + air), is_labelled=is_labelled)


def choose_seed(groups: Sequence[Sequence[RunResult]]) -> int:
    """The place of the first seed with which any setting cut its rate; of the first where none did.

    Args:
        groups: The runs of each setting, one a seed.
    """
    return next((place for place, runs in enumerate(zip(*groups, strict=True)) if any(map(find_cuts, runs))), 0)


def draw_rates(axes: Axes, runs: Sequence[RunResult], colour: str, bold: int) -> None:
    """The rates of one setting: one seed's as a bold line with a dot at each cut, the other seeds' thin.

    With a callback the rate falls in steps; of a decay, the line goes through the rate at each epoch's end. The artists
    carry the gids `rate-line`, `other-rate-line` and `cut-mark`.

    Args:
        axes: The panel.
        runs: One a seed.
        colour: The setting's.
        bold: The place of the seed that is drawn bold.
    """
    drawn: set[bytes] = set()
    for run in (runs[bold], *runs):
        rate_t = np.asarray(run.history.learning_rate_t, dtype=np.float64)
        if not len(rate_t) or rate_t.tobytes() in drawn:
            continue
        drawn.add(rate_t.tobytes())
        x, y = _trace_rates(run, rate_t)
        is_first = run is runs[bold]
        axes.plot(
            x,
            y,
            drawstyle="default" if run.spec.decay else "steps-pre",
            color=colour,
            linewidth=_WIDTH if is_first else _OTHER_WIDTH,
            alpha=1.0 if is_first else 0.5,
            gid="rate-line" if is_first else "other-rate-line",
            zorder=3 if is_first else 2,
        )
        if is_first and (cuts := find_cuts(run)):
            axes.plot(
                cuts, rate_t[np.array(cuts)], linestyle="none", marker="o", markersize=3.0, markeredgewidth=0,
                color=colour, gid="cut-mark", zorder=4,
            )  # fmt: skip


def _trace_rates(run: RunResult, rate_t: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Points of the line of a rate."""
    if run.spec.decay:
        index_t = pick_epochs(len(rate_t))
        return np.concatenate([[0.0], index_t + 1.0]), np.concatenate([[run.spec.rate], rate_t[index_t]])
    # The rate of epoch e is in force from the end of epoch e - 1 to the end of epoch e: at both ends of each stretch of
    # one rate, a point is enough.
    edges = np.flatnonzero(np.diff(rate_t)) + 1
    x = np.concatenate([[0.0], edges, [float(len(rate_t))]])
    return x, np.concatenate([rate_t[:1], rate_t[edges - 1], rate_t[-1:]])
