"""The drawing of the claims: every claim once, on an axis of its metric, its verdict beside it."""

from __future__ import annotations

import functools
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lrreport.analysis.claims import Claim, Verdict, decide_claims
from lrreport.figures.claims import DRAWING, find_kind, is_of_source, make_row, name_claim
from lrreport.figures.drawing import NARROW, NO_SAMPLES, WIDE, Format
from lrreport.figures.theme import theme
from lrreport.figures.words import LANGUAGES, Language
from lrreport.results import History, Results
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies
from tests import made_up

SIGNS = {Verdict.HOLDS: "✓", Verdict.FAILS: "×", Verdict.CANNOT_TELL: "?"}


@functools.cache
def usual_results() -> Results:
    return made_up.results(load_built_in_studies({"epochs": 20}))


@functools.cache
def drawn_claims() -> tuple[Claim, ...]:
    return tuple(claim for claim in decide_claims(usual_results()) if not claim.group.startswith("own-"))


def draw(results: Results, form: Format = WIDE, language: Language = "en") -> Figure:
    with theme():
        figure = DRAWING.make(results, NO_SAMPLES, language, form)
        figure.draw_without_rendering()
        return figure


def texts_of(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def panels_of(figure: Figure) -> list[Axes]:
    return [axes for axes in figure.axes if any(line.get_gid() == "zero" for line in axes.lines)]


def values_of(axes: Axes, gid: str) -> list[float]:
    return [float(value) for line in axes.lines if line.get_gid() == gid for value in np.asarray(line.get_xdata())]


def test_source_and_own_questions_are_told_apart() -> None:
    """The source has 29 claims in the built-in report; the eight others are ours."""
    assert sum(map(is_of_source, drawn_claims())) == 29
    ours = [claim.id for claim in drawn_claims() if not is_of_source(claim)]
    assert len(ours) == 8
    assert {name.partition("/")[0] for name in ours} == {"plateau-helps", "patience-matters", "adaptive-beats-sgd"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_claim_has_a_name_of_its_own(language: Language) -> None:
    """No two rows say the same."""
    names = [name_claim(claim, usual_results(), language) for claim in drawn_claims()]
    assert len(set(names)) == len(names) == 37


@pytest.mark.parametrize("form", [WIDE, NARROW])
def test_every_claim_is_drawn_with_its_verdict(form: Format) -> None:
    """Each name stands once; signs are as many as verdicts, and one more each in the legend."""
    figure = draw(usual_results(), form)
    texts = texts_of(figure)
    for claim in drawn_claims():
        parts = name_claim(claim, usual_results(), "en")
        if "⁻" not in parts:  # superscripts are written apart
            assert texts.count(parts) == 1
    for verdict, sign in SIGNS.items():
        assert texts.count(sign) == 1 + sum(claim.verdict is verdict for claim in drawn_claims())


def test_means_and_intervals_are_the_claims() -> None:
    """Means are those of the claims, accuracies in points; a line covers an interval as far as the panel shows it."""
    figure = draw(usual_results())
    means = sorted(value for axes in panels_of(figure) for value in values_of(axes, "mean"))
    intervals = [(claim, claim.interval) for claim in drawn_claims() if claim.interval]
    expected = []
    for claim, interval in intervals:
        mean = abs(interval.mean) if claim.group == "patience-matters" else interval.mean
        expected.append(mean * (1 if claim.metric == "epochs_to_95" else 100))
    np.testing.assert_allclose(means, sorted(expected), atol=1e-12)
    for axes in panels_of(figure):
        low, high = axes.get_xlim()
        assert all(low <= value <= high for value in values_of(axes, "interval") + values_of(axes, "lowest-seed"))


def test_thresholds_show_the_lowest_seed() -> None:
    """The large dot of 'rate 0.1 ends above 80 %' is its lowest last accuracy less 80, in points."""
    claim = next(item for item in drawn_claims() if item.id == "lr-above-80/0.1")
    study = usual_results().study("learning-rate")
    assert study is not None
    runs = usual_results().of(study.setting("0.1"))
    lowest = min(100 * float(run.history.test_accuracy_t[-1]) for run in runs) - 80
    kind = find_kind(claim)
    assert kind is not None
    assert min(make_row(claim, kind, usual_results(), "en").seeds) == pytest.approx(lowest, abs=1e-4)
    first = panels_of(draw(usual_results()))[0]
    assert any(value == pytest.approx(lowest, abs=1e-4) for value in values_of(first, "lowest-seed"))


def test_metrics_never_share_an_axis() -> None:
    """Thresholds, epochs, swings, accuracies, and accuracies of ours: five panels; only accuracies have a band."""
    panels = panels_of(draw(usual_results()))
    assert len(panels) == 5
    bands = [any(patch.get_gid() == "band" for patch in axes.patches) for axes in panels]
    assert bands == [False, False, False, True, True]


def test_an_interval_that_leaves_the_panel_ends_in_an_arrow() -> None:
    """Two seeds that disagree about the epoch by much have an interval that no panel holds."""

    def make_history(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        if spec.momentum != 0.5:
            return curves
        return made_up.history(RunSpec(learning_rate=0.005 if spec.seed == 1 else 1.0, seed=spec.seed), epochs)

    studies = [study for study in load_built_in_studies({"epochs": 60}) if study.id == "momentum"]
    results = made_up.results(studies, seeds=(1, 2), make_history=make_history)
    axes = panels_of(draw(results))[0]
    beyond = values_of(axes, "beyond")
    assert beyond
    assert set(beyond) <= set(axes.get_xlim())


def test_it_fits_on_one_printed_page() -> None:
    """Half a page in print; a phone scrolls, but no further than a page."""
    width_in, height_in = draw(usual_results()).get_size_inches()
    assert float(width_in) == 6.3
    assert float(height_in) <= 6.5
    for language in LANGUAGES:
        width_in, height_in = draw(usual_results(), NARROW, language).get_size_inches()
        assert float(width_in) == 3.35
        assert float(height_in) <= 8.8


def test_the_text_alternative_counts_the_verdicts() -> None:
    """Those of the source and ours apart."""
    text = DRAWING.describe(usual_results(), NO_SAMPLES, "en")
    for who in (True, False):
        found = [claim.verdict for claim in drawn_claims() if is_of_source(claim) is who]
        holds, fails = found.count(Verdict.HOLDS), found.count(Verdict.FAILS)
        assert f"{len(found)} statements: {holds} hold, {fails} fail and {len(found) - holds - fails} cannot" in text


def test_a_report_without_these_studies_has_no_such_figure() -> None:
    """No claim, no drawing."""
    plateau = usual_results().study("plateau")
    assert plateau is not None
    assert not DRAWING.is_possible(made_up.results([replace(plateau, id="other")]))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["", "optimizers", "learning-rate"])
def test_a_short_report_draws(language: Language, name: str) -> None:
    """One seed and three epochs are enough: nothing can be told, and every row says so."""
    studies = [study for study in load_built_in_studies({"epochs": 3}) if name in ("", study.id)]
    results = made_up.results(studies, seeds=(1,))
    for form in (WIDE, NARROW):
        texts = texts_of(draw(results, form, language))
        assert (texts.count("✓"), texts.count("×")) == (1, 1)  # in the legend
    assert DRAWING.list_data is not None
    assert DRAWING.list_data(results, language).rows
