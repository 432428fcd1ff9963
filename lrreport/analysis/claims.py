"""Named facts and whether the results bear them out; the article's words follow these verdicts."""

from __future__ import annotations

from lrreport.analysis.own_claims import decide_own_claims
from lrreport.analysis.source_claims import decide_source_claims
from lrreport.analysis.summaries import RankedSetting, rank_settings
from lrreport.analysis.verdicts import Claim, Evidence, Verdict, join_verdicts, joint
from lrreport.results import Results

__all__ = [
    "Claim",
    "Evidence",
    "RankedSetting",
    "Verdict",
    "decide_claims",
    "join_verdicts",
    "joint",
    "rank_settings",
]


def decide_claims(results: Results) -> tuple[Claim, ...]:
    """Every claim that these results can speak about: the source's, in its order, then our own.

    A claim whose study, settings or reference runs are not among the results is absent.
    """
    return (*decide_source_claims(results), *decide_own_claims(results))
