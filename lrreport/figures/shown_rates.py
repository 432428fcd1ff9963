"""Which learning rates the looks inside a network show."""

from __future__ import annotations

from typing import Final

from lrreport.results import Results
from lrreport.spec import Setting

#: Of those that the study has: from too large to hardly any training.
_RATES: Final = (1.0, 0.1, 0.01, 0.001, 1e-5)


def list_shown_rates(results: Results) -> list[Setting]:
    """Settings of the study of rates, the largest first; none where the report lacks it or it varies something else."""
    study = results.study("learning-rate")
    if study is None or study.varied_keys != ("learning_rate",):
        return []
    shown = [setting for setting in study.settings if setting.spec.rate in _RATES]
    return sorted(shown, key=lambda setting: -setting.spec.rate)
