"""`diff`: what differs between two reports is named, and nothing else is."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
from pathlib import Path

import numpy as np
import pytest

from lrreport.analysis.intervals import welch_interval
from lrreport.editions.edition_diff import compare_editions
from lrreport.editions.page_texts import read_texts
from lrreport.editions.report_diff import compare_reports, describe_difference
from lrreport.errors import OutputError
from lrreport.results import History, Results
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies
from tests import made_up
from tests.commands import lrreport
from tests.reports import VERSIONS, made_results, make_edition, shifted, write_report

STUDIES = load_built_in_studies({"epochs": 6})
MOMENTUM = [study for study in STUDIES if study.id == "momentum"]
RESULTS = made_results(MOMENTUM)


def test_the_same_report_is_no_difference(tmp_path: Path) -> None:
    """Exit code 0 for equal reports, also where the date and the wall times are others."""
    slower = dataclasses.replace(
        RESULTS, runs={key: dataclasses.replace(run, wall_s=99.0) for key, run in RESULTS.runs.items()}
    )
    old = write_report(tmp_path / "old", RESULTS)
    new = write_report(tmp_path / "new", slower, day=dt.date(2026, 11, 26))
    done = lrreport("diff", str(old), str(new))
    assert (done.returncode, done.stderr) == (0, "")
    assert "no difference" in done.stdout
    assert json.loads(lrreport("diff", str(old), str(new), "--json").stdout)["different"] is False


def test_every_kind_of_difference_is_named(tmp_path: Path) -> None:
    """Results, verdicts, versions, seeds, studies, texts, figures: each under its name, with exit code 9."""
    old = write_report(tmp_path / "old", RESULTS)
    more = made_results(STUDIES[:3], (1, 2, 3, 4), make_history=shifted(0.9, -0.5))
    new = write_report(
        tmp_path / "new",
        more,
        versions={**VERSIONS, "keras": "3.16.0", "jinja2": "3.1.6"},
        paragraphs={"one": "The first, revised.", "three": "The third."},
        figure=b"<svg></svg>",
    )
    done = lrreport("diff", str(old), str(new), "--json")
    assert done.returncode == 9
    found = json.loads(done.stdout)
    assert found["seeds"] == [3, 4]
    assert found["epochs"] is None
    assert found["studies"] == {"added": ["learning-rate", "decay"], "removed": []}
    assert [item["setting"] for item in found["results"]["beyond_noise"]] == ["0.9"]
    assert found["results"]["beyond_noise"][0]["seeds"] == [1, 2, 3]
    turned = {item["name"]: (item["before"], item["after"]) for item in found["verdicts"] if item["before"]}
    assert turned["momentum-faster/0.9"] == ("holds", "cannot-tell")
    assert {item["name"]: item["after"] for item in found["versions"]} == {"keras": "3.16.0", "jinja2": "3.1.6"}
    texts = {(item["page"], item["id"]): item["after"] for item in found["texts"]}
    assert texts == {
        (page, name): text
        for page in ("th.html", "en.html")
        for name, text in (("one", "The first, revised."), ("two", None), ("three", "The third."))
    }
    assert [item["name"] for item in found["figures"]] == ["momentum.en"]
    text = lrreport("diff", str(old), str(new), "-v").stdout
    assert "momentum-faster/0.9: holds -> cannot-tell" in text
    assert "one (th.html, en.html): changed\n    - The first.\n    + The first, revised." in text
    assert "momentum (en): changed" in text


def test_bits_are_told_apart_from_what_exceeds_the_noise() -> None:
    """One bit of one curve is a movement within the noise of seeds; another mean is one beyond it; the rest is still."""

    def one_bit(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        if spec.momentum != 0.5 or spec.seed != 2:
            return curves
        loss_t = curves.train_loss_t.copy()
        loss_t[0] = np.nextafter(loss_t[0], np.float32(9))
        return dataclasses.replace(curves, train_loss_t=loss_t)

    older = make_edition(RESULTS)
    found = compare_editions(older, make_edition(made_results(MOMENTUM, make_history=one_bit)))
    assert [(item.setting, item.seeds) for item in found.movements] == [("0.5", (2,))]
    assert found.beyond_noise == ()
    found = compare_editions(older, make_edition(made_results(MOMENTUM, make_history=shifted(0.99, -0.02))))
    assert [item.setting for item in found.beyond_noise] == ["0.99"]
    assert found.within_noise == ()


def test_one_seed_never_tells() -> None:
    """With a single seed in either edition a movement is named, and not called larger than noise."""
    one = made_results(MOMENTUM, (1,))
    moved = made_results(MOMENTUM, make_history=shifted(0.9, -0.5))
    for older, newer in ((one, moved), (moved, one)):
        found = compare_editions(make_edition(older), make_edition(newer))
        assert [(item.setting, item.interval) for item in found.movements] == [("0.9", None)]
        assert found.beyond_noise == ()


def diverging(spec: RunSpec, epochs: int) -> History:
    curves = made_up.history(spec, epochs)
    return curves.first(0 if spec.seed == 1 else 2) if spec.momentum == 0.99 and spec.seed < 3 else curves


def test_a_run_that_diverges_in_one_edition_alone() -> None:
    """It counts as moved beyond the noise; a diverged run has no accuracy, also when it has no row at all."""
    found = compare_editions(make_edition(RESULTS), make_edition(made_results(MOMENTUM, make_history=diverging)))
    (movement,) = found.movements
    assert movement.is_beyond_noise
    assert (movement.before.n_diverged, movement.after.n_diverged, movement.after.n) == (0, 2, 1)
    still = compare_editions(*(make_edition(made_results(MOMENTUM, make_history=diverging)) for _ in range(2)))
    assert still.reasons == ()


def test_other_epochs_are_not_compared() -> None:
    """Three epochs against six is no movement of results: the number of epochs is what differs."""
    short = made_results([study for study in load_built_in_studies({"epochs": 3}) if study.id == "momentum"])
    found = compare_editions(make_edition(short), make_edition(RESULTS))
    assert found.epochs == (3, 6)
    assert len(found.lengths) == 4
    assert found.movements == ()


def test_growth_is_not_taken_for_movement() -> None:
    """One seed more of the same kind is called a movement in less than one night of a thousand."""
    generator = np.random.default_rng(20260925)
    flagged = nights = 0
    for _ in range(300):
        values = list(generator.normal(0.97, 0.002, 20))
        for n in range(2, 20):
            interval = welch_interval(values[:n], values[: n + 1])
            assert interval is not None
            flagged += interval.low > 0 or interval.high < 0
            nights += 1
    assert flagged / nights < 0.001


def test_welch_interval() -> None:
    """Known answers: 4 degrees of freedom by the formula; exact samples have no width; one value has none."""
    interval = welch_interval([1, 2, 3], [2, 4, 6, 8])
    assert interval is not None
    half = 2.7764451 * math.sqrt(1 / 3 + 5 / 3)
    assert (interval.mean, interval.low, interval.high) == pytest.approx((3, 3 - half, 3 + half), abs=1e-6)
    assert welch_interval([0.1] * 3, [0.1] * 2).mean == 0  # type: ignore[union-attr]
    assert welch_interval([1e-200, 2e-200], [0.5, 0.5]).is_exact  # type: ignore[union-attr]
    assert welch_interval([0.1], [0.2, 0.3]) is None


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    """No folder, a foreign one, a damaged one, one that points outside: exit code 7, the file, and no traceback."""
    good = write_report(tmp_path / "good", RESULTS)
    bad = write_report(tmp_path / "bad", RESULTS)
    page = bad / "en.html"
    page.write_bytes(page.read_bytes()[:-1] + b"!")
    (tmp_path / "foreign").mkdir()
    for other, says in (("nowhere", "no such folder"), ("foreign", "no report of ours"), ("bad", "en.html")):
        done = lrreport("diff", str(good), str(tmp_path / other))
        assert done.returncode == 7
        assert says in done.stderr
        assert "Traceback" not in done.stderr
    page.unlink()
    with pytest.raises(OutputError, match="not what its manifest says"):
        compare_reports(bad, good)


@pytest.mark.parametrize("path", ["../secret.txt", "/etc/hostname", "data/../../secret.txt"])
def test_a_manifest_cannot_lead_outside(tmp_path: Path, path: str) -> None:
    """A path that leaves the folder is refused before anything is opened."""
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    report = write_report(tmp_path / "report", RESULTS)
    manifest = json.loads((report / "manifest.json").read_bytes())
    manifest["files"].append({"path": path, "size": 6, "sha256": "0" * 64})
    (report / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(OutputError):
        compare_reports(report, report)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("results.csv", "study,setting,seed,epoch\nmomentum,0,1\n"),
        ("results.csv", "a,b\n"),
        ("results.csv", "study,setting,seed,epoch,a,b,c,d,e,f\nmomentum,0,1,1,0,0,0,0,nan,x\n"),
        ("runs.json", '{"runs": [{}]}'),
        ("runs.json", "[" * 100_000),
        ("claims.json", "{}"),
        ("claims.json", "\x00"),
    ],
)
def test_data_files_of_a_stranger(tmp_path: Path, name: str, content: str) -> None:
    """A data file that fits its manifest and is nonsense is named; nothing else happens."""
    import hashlib

    report = write_report(tmp_path / "report", RESULTS)
    (report / "data" / name).write_text(content, "utf-8")
    manifest = json.loads((report / "manifest.json").read_bytes())
    for item in manifest["files"]:
        if item["path"] == f"data/{name}":
            item["size"], item["sha256"] = len(content.encode()), hashlib.sha256(content.encode()).hexdigest()
    (report / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    with pytest.raises(OutputError, match="data file") as caught:
        compare_reports(report, report)
    assert caught.value.where == f"data/{name}"


def test_texts_are_read_by_paragraph() -> None:
    """Ids lose their language; drawings, style and contents are no text; a list belongs to the heading above it."""
    page = """<head><title>x</title></head><body><nav><ol><li>Results</li></ol></nav><main id="main"><p>free</p>
    <h2 id="th-results">Re<wbr>sults</h2><p id="th-p-a">One <b>two</b><br>three</p><ul><li>item</li></ul>
    <figure id="th-fig"><svg><title>t</title><text>drawn</text></svg><figcaption>Caption</figcaption></figure>
    <p>loose</p></main>"""
    assert read_texts(page) == {
        "results": "Re sults",
        "a": "One two three",
        "results, below the heading": "item loose",
        "fig": "Caption",
    }


def test_all_studies_say_what_they_say(tmp_path: Path) -> None:
    """The words for people name each part once, whatever differs."""
    everything: Results = made_results(STUDIES)
    old, new = write_report(tmp_path / "old", RESULTS), write_report(tmp_path / "new", everything)
    text = describe_difference(compare_reports(old, new), show_texts=False)
    assert text.count("studies added:") == 1
    back = describe_difference(compare_reports(new, old), show_texts=False)
    assert back.count("studies left out:") == 1
    assert "gone" in back
