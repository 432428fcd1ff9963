"""Colours of a study's settings, the best one in a colour of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lrreport.analysis.comparisons import ACCURACY_MARGIN
from lrreport.analysis.metrics import exact
from lrreport.figures.theme import BEST_COLOUR, LINE_RAMP, PALETTE
from lrreport.figures.words import shown_keys
from lrreport.keys import canonical
from lrreport.results import Results, Status
from lrreport.spec import RunSpec, Setting, Study


def identify(spec: RunSpec) -> str:
    """What a setting trains: equal texts are the same runs, whatever study they stand in."""
    return repr(canonical(spec))


def shade_settings(study: Study, best: int | None) -> tuple[str, ...]:
    """The colour of each setting of a study, in file order, for figures of this study alone.

    Values that have an order run from pale to dark, others have colours of the palette.

    Args:
        study: The study.
        best: The place of the setting that stands out, if one does.
    """
    keys = shown_keys(study)
    count = len(study.settings)
    numbers = [dict(setting.varied)[keys[0]] for setting in study.settings] if len(keys) == 1 else []
    if numbers and all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        order = sorted(range(count), key=lambda place: float(str(numbers[place])))
        steps = (len(LINE_RAMP) - 1) / max(1, count - 1)
        colours = {place: LINE_RAMP[round(rank * steps)] for rank, place in enumerate(order)}
    else:
        free = [colour for colour in PALETTE if colour != BEST_COLOUR]
        colours = {place: free[place % len(free)] for place in range(count)}
    if best is not None:
        colours[best] = BEST_COLOUR
    return tuple(colours[place] for place in range(count))


def find_best(results: Results, study: Study, plain: Setting | None = None) -> int | None:
    """The place of the setting whose mean test accuracy after the last epoch leads the next by more than the margin.

    None where none leads so clearly, a seed of the leading one diverged, or `plain`, what they are compared with, ends
    higher.
    """
    ends = [_find_end(results, setting) for setting in study.settings]
    means = sorted(((end, place) for place, end in enumerate(ends) if end is not None), reverse=True)
    is_clear = len(means) > 1 and means[0][0] - means[1][0] > ACCURACY_MARGIN
    plain_end = None if plain is None else _find_end(results, plain)
    return means[0][1] if is_clear and (plain_end is None or plain_end <= means[0][0]) else None


def _find_end(results: Results, setting: Setting) -> float | None:
    """The mean test accuracy of a setting after the last epoch, as a fraction; None where a seed diverged."""
    runs = results.of(setting)
    if not all(run.status is Status.COMPLETE for run in runs):
        return None
    return float(np.mean([exact(run.history.test_accuracy_t[-1]) for run in runs]))


def find_plain(results: Results, study: Study) -> Setting | None:
    """The training at a fixed rate that all settings of a study go back to, when some study of the report has it.

    None where the study itself holds it, or its settings have none in common.
    """
    plain = {identify(_plain(setting.spec)) for setting in study.settings}
    own = {identify(setting.spec) for setting in study.settings}
    if len(plain) != 1 or plain & own:
        return None
    epochs = {setting.epochs for setting in study.settings}
    for other in (setting for item in results.studies for setting in item.settings):
        if identify(other.spec) in plain and epochs == {other.epochs}:
            return other
    return None


def _plain(spec: RunSpec) -> RunSpec:
    """The same training with neither decay nor plateau callback."""
    return replace(spec, plateau=None, decay=0.0)
