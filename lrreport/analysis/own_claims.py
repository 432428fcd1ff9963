"""Facts of our own that an honest text needs beside the source's claims; their groups begin with `own-`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from lrreport.analysis import metrics
from lrreport.analysis.claim_forms import comparison_claim, find_setting
from lrreport.analysis.comparisons import LAST_TEST_ACCURACY, compare, count_diverged, decide_every
from lrreport.analysis.intervals import FEWEST_SEEDS
from lrreport.analysis.own_comparisons import decide_comparisons
from lrreport.analysis.own_traits import decide_traits
from lrreport.analysis.summaries import rank_settings
from lrreport.analysis.verdicts import Claim, Verdict
from lrreport.results import Results
from lrreport.spec import Setting, Study

OVERFITTING_STUDIES: Final = ("learning-rate", "momentum", "optimizers")


def decide_own_claims(results: Results) -> Iterator[Claim]:
    """Our own facts, in the article's order."""
    for study in results.studies:
        for setting in study.settings:
            if setting.spec.plateau:
                yield _plateau_fired(results, setting)
    for study in results.studies:
        if study.id in OVERFITTING_STUDIES:
            yield from (_overfits(results, setting) for setting in study.settings)
    yield from decide_traits(results)
    yield from decide_comparisons(results)
    for study in results.studies:
        yield from _best(results, (study,), "own-best-of-study", f"own-best-of-study/{study.id}")
    yield from _best(results, results.studies, "own-best-setting", "own-best-setting")


def _plateau_fired(results: Results, setting: Setting) -> Claim:
    """`own-plateau-fired`: the callback cut the rate at least once.

    Holds when it did in every seed, fails when in none, and cannot be told else. It says what happened in these runs,
    not what would happen in others, so one seed tells. Seeds that diverged are left out. A cut at the end of the last
    epoch has no effect and is not seen.
    """
    runs = results.of(setting)
    cuts: list[float | str | None] = [
        None if run.diverged_at else len(metrics.cut_epochs(run.history.learning_rate_t)) for run in runs
    ]
    counted = [count for count in cuts if count is not None]
    min_delta = setting.spec.plateau.min_delta if setting.spec.plateau else 0.0
    waits = [None if run.diverged_at else metrics.longest_wait(run.history.test_loss_t, min_delta) for run in runs]
    return Claim(
        id=f"own-plateau-fired/{setting.study_id}/{setting.text}",
        group="own-plateau-fired",
        study=setting.study_id,
        setting=setting.text,
        metric="plateau_cuts",
        margin=0.0,
        n=len(counted),
        n_diverged=count_diverged(runs),
        verdict=decide_every([count != 0 for count in counted]),
        numbers={"values": cuts, "longest_wait": [*waits]},
    )


def _overfits(results: Results, setting: Setting) -> Claim:
    """`own-overfits`: the test loss is lowest before the last epoch.

    Holds when that is so in every seed, fails when in none, and cannot be told else. It is read as a trait of the
    setting, so fewer than two seeds never tell. Seeds that diverged are left out.
    """
    runs = results.of(setting)
    lowest = [None if run.diverged_at else metrics.lowest_epoch(run.history.test_loss_t) for run in runs]
    counted = [epoch for epoch in lowest if epoch is not None]
    verdict = decide_every([epoch < setting.epochs for epoch in counted])
    return Claim(
        id=f"own-overfits/{setting.study_id}/{setting.text}",
        group="own-overfits",
        study=setting.study_id,
        setting=setting.text,
        metric="lowest_test_loss_epoch",
        margin=0.0,
        n=len(counted),
        n_diverged=count_diverged(runs),
        verdict=verdict if len(counted) >= FEWEST_SEEDS else Verdict.CANNOT_TELL,
        numbers={"values": [*lowest], "epochs": setting.epochs},
    )


def _best(results: Results, studies: Sequence[Study], group: str, claim_id: str) -> Iterator[Claim]:
    """`own-best-setting`: the setting that ranks first beats the one that ranks second, margin 0.

    `own-best-of-study` asks the same within one study. Both were picked by looking at the results, which favours
    'holds' a little. Two that are the same bits fail: neither is better. Absent when fewer than two settings have a
    rank; only the dataset of the first study is asked about.
    """
    ranking = [item for item in rank_settings(replace(results, studies=tuple(studies))) if item.rank is not None]
    here = [item for item in ranking if item.spec.dataset == studies[0].settings[0].spec.dataset]
    if len(here) <= 1:
        return
    best, second = (find_setting(results, *item.names[0]) for item in here[:2])
    if best is None or second is None:  # cannot be: the names come from these studies
        return
    comparison = compare(results.of(best), results.of(second), LAST_TEST_ACCURACY)
    claim = comparison_claim(group, best, comparison, margin=0.0, claim_id=claim_id)
    yield replace(claim, numbers={**claim.numbers, "second": [*here[1].names[0]]})
