"""'Changes since the edition before': what the appendix says, in both languages, and when it says it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from lrreport.analysis.claims import decide_claims
from lrreport.article.claim_words import claim_statement
from lrreport.article.words import Language
from lrreport.editions.changes import list_changes
from lrreport.editions.edition_diff import compare_editions
from lrreport.editions.edition_stage import compare_with_previous, date_edition
from lrreport.publishing.manifest import read_manifest
from lrreport.results import Environment, Results
from lrreport.spec import Study
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up
from tests.publishing import publish_into
from tests.reports import VERSIONS, made_results, make_edition, make_manifest, shifted, write_report
from tests.test_diff import diverging
from tests.test_prose import find_faults

STUDIES = load_built_in_studies({"epochs": 6})
BY_ID = {study.id: study for study in STUDIES}
MOMENTUM = (BY_ID["momentum"],)
MINE = parse_study(
    'id = "mine"\n[title]\nth = "ของฉัน"\nen = "Mine"\n[base]\nepochs = 6\n[vary]\nlearning_rate = [1e-5]\n', "x"
)
RESULTS = made_results(MOMENTUM)


def changes(
    older: Results, newer: Results, studies: Sequence[Study] = MOMENTUM, versions: dict[str, str] = VERSIONS
) -> list[dict[str, str]]:
    difference = compare_editions(make_edition(older), make_edition(newer, versions))
    return list(list_changes(difference, studies))


CASES = {
    "seeds": lambda: changes(RESULTS, made_results(MOMENTUM, (1, 2, 3, 4))),
    "fewer seeds": lambda: changes(RESULTS, made_results(MOMENTUM, (1,))),
    "epochs": lambda: changes(made_results((load_built_in_studies({"epochs": 3})[1],)), RESULTS),
    "studies added": lambda: changes(RESULTS, made_results((*MOMENTUM, MINE)), (*MOMENTUM, MINE)),
    "studies left out": lambda: changes(made_results((*MOMENTUM, MINE)), RESULTS),
    "results and verdicts": lambda: changes(RESULTS, made_results(MOMENTUM, make_history=shifted(0.9, -0.5))),
    "another best": lambda: changes(RESULTS, made_results(MOMENTUM, make_history=shifted(0.99, -0.5))),
    "small rates": lambda: changes(
        made_results(STUDIES), made_results(STUDIES, (1, 2), make_history=shifted(0.0, 0.3)), STUDIES
    ),
    "one seed": lambda: changes(
        made_results(MOMENTUM, (1,)), made_results(MOMENTUM, (1,), make_history=shifted(0.9, -0.5))
    ),
    "divergence": lambda: changes(RESULTS, made_results(MOMENTUM, make_history=diverging)),
    "versions": lambda: changes(RESULTS, RESULTS, versions={"lrreport": "0.2.0", "jinja2": "3.1.6"}),
    "texts": lambda: changes(RESULTS, RESULTS),
}


@pytest.mark.parametrize("case", CASES)
def test_both_languages_say_it_well(case: str) -> None:
    """Each change is a sentence in both languages; the Thai keeps the rules of spacing; none shows a gap."""
    found = CASES[case]()
    assert found
    for change in found:
        assert set(change) == {"th", "en"}
        assert list(find_faults(change["th"])) == [], change["th"]
        assert change["en"].endswith(".")
        assert not any(word in text for text in change.values() for word in ("None", "nan", "{", "<", "e-0"))
        assert not any("\u0e00" <= letter <= "\u0e7f" for letter in change["en"])


def english(case: str) -> str:
    return "\n".join(change["en"] for change in CASES[case]())


def test_what_is_said() -> None:
    """Seeds, studies, verdicts, results, versions: by name, with the numbers before and after."""
    assert english("seeds").splitlines()[0] == "The number of seeds went from 3 to 4."
    assert "The longest study went from 3 to 6 epochs." in english("epochs")
    assert "New study: Mine." in english("studies added")
    assert "Study left out: mine." in english("studies left out")
    moved = english("results and verdicts")
    assert (
        "“Momentum, setting 0.9: reaches 95% sooner than without momentum” went from “holds” to “cannot tell”." in moved
    )
    assert "Momentum, setting 0.9: the mean test accuracy in the last epoch went from" in moved
    assert "(−50.00 points)" in moved
    assert "cannot be told" in english("one seed")
    assert "Momentum, setting 0.99: 2 of 3 seeds diverged, 0 of 3 before." in english("divergence")
    assert "lrreport from 0.1.0 to 0.2.0" in english("versions")
    assert "keras is gone" in english("versions")
    assert english("texts") == "Texts or pages were revised; the results are the same."


def thai(case: str) -> str:
    return "\n".join(change["th"] for change in CASES[case]())


def test_what_is_said_in_thai() -> None:
    """The same, in the words of the article's glossary."""
    assert thai("seeds").splitlines()[0] == "จำนวนค่า seed เพิ่มขึ้นจาก 3 ค่าเป็น 4 ค่า"
    assert thai("fewer seeds").splitlines()[0] == "จำนวนค่า seed ลดลงจาก 3 ค่าเป็น 1 ค่า"
    moved = thai("results and verdicts")
    assert "โมเมนตัม การตั้งค่า 0.9 ค่าความถูกต้องเฉลี่ยบนชุดทดสอบในรอบสุดท้ายเปลี่ยนจาก" in moved
    assert "แต่ค่า seed มีน้อยเกินกว่าจะบอกได้" in thai("one seed")
    assert "โมเมนตัม การตั้งค่า 0.99 ลู่ออก 2 จาก 3 ค่า seed จากเดิม 0 จาก 3 ค่า seed" in thai("divergence")


@pytest.mark.parametrize("case", CASES)
def test_words_of_before_are_gone(case: str) -> None:
    """One thing has one name: what the glossary has replaced stands nowhere."""
    told = thai(case)
    for word in ("ชุดค่า", "ค่าตั้งต้น", "ข้อกล่าวอ้าง", "ข้อมูลทดสอบ", "ข้อมูลฝึก", "ที่ราบสูง"):
        assert word not in told


@pytest.mark.parametrize("language", ["th", "en"])
def test_every_claim_can_be_told(language: Language) -> None:
    """Each group of claims of the whole article has words for its statement, so that a list of changes names what turned."""
    groups = {claim.group for claim in decide_claims(made_results(load_built_in_studies({"epochs": 14})))}
    assert {"own-ground", "own-one-order", "own-tenth", "own-roughest"} <= groups
    statements = {group: claim_statement(group, language) for group in groups}
    assert not [group for group, words in statements.items() if not words]


def test_a_claim_about_another_setting() -> None:
    """Where another setting is the best, the sentence says of which, and gives no verdict of one as the other's."""
    told = english("another best").splitlines()
    moved = [line for line in told if "is now said of" in line]
    assert moved
    assert all("Momentum, setting" in line for line in moved)
    assert not any("second of its study” went from" in line for line in told)


def test_it_stays_short() -> None:
    """However much has changed, the list has no more than so many lines, and says how much it leaves out."""
    found = CASES["small rates"]()
    assert len(found) < 30
    assert "more claims changed; data/claims.json has all of them." in english("small rates")


def test_other_machines_are_named() -> None:
    """Runs of another environment are worth a sentence: last digits differ between machines."""
    elsewhere = Environment("2.22.0", "2.4.6", "another processor", "cpu")
    runs = {
        key: made_up.RunResult(run.spec, run.status, run.history, elsewhere, 1.0) for key, run in RESULTS.runs.items()
    }
    found = changes(RESULTS, Results(RESULTS.studies, RESULTS.seeds, runs))
    assert any("another machine" in change["en"] for change in found)


def publish_edition(folder: Path, results: Results, digest: str, *, first_look: bool = False) -> None:
    """Publish an edition of these results with that digest, as a build does."""
    write_report(folder, results)
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    del files["manifest.json"]
    edition = {"schema": 1, "digest": digest, "date": "2026-01-02", "changes": [{"th": "ก", "en": "A."}]}
    files["data/edition.json"] = json.dumps(edition).encode()
    publish_into(
        folder, files, {**make_manifest(results, digest=digest), "measurements": "m", "first_look": first_look}
    )


def test_date_and_changes_stay_while_the_digest_does(tmp_path: Path) -> None:
    """Of the same edition both are read back; of another they are made: today's date, and what differs."""
    publish_edition(tmp_path, RESULTS, "1" * 64)
    same = date_edition("1" * 64, RESULTS, tmp_path, None)
    assert (same.date.isoformat(), same.changes) == ("2026-01-02", ({"th": "ก", "en": "A."},))
    newer = made_results(MOMENTUM, (1, 2, 3, 4))
    difference, why = compare_with_previous(
        read_manifest(tmp_path), tmp_path, newer, make_manifest(newer, digest="2" * 64)
    )
    assert why[0] == "seeds"
    other = date_edition("2" * 64, newer, tmp_path, difference)
    assert other.date.year >= 2026
    assert other.changes[0]["en"] == "The number of seeds went from 3 to 4."


def test_a_first_look_is_no_edition_before(tmp_path: Path) -> None:
    """What a build published while it went on is not compared with: the report would depend on when it was killed."""
    publish_edition(tmp_path, made_results(MOMENTUM, (1,)), "1" * 64, first_look=True)
    difference, why = compare_with_previous(
        read_manifest(tmp_path), tmp_path, RESULTS, make_manifest(RESULTS, digest="2" * 64)
    )
    assert difference is None
    assert "seeds" in why
    assert date_edition("2" * 64, RESULTS, tmp_path, difference).changes == ()


def test_an_edition_that_cannot_be_read_is_no_reason_to_fail(tmp_path: Path) -> None:
    """Damaged data files, a damaged edition.json: nothing to compare with, and the build goes on."""
    publish_edition(tmp_path, RESULTS, "1" * 64)
    (tmp_path / "data" / "claims.json").write_text("{", "utf-8")
    head = make_manifest(RESULTS, digest="2" * 64)
    assert compare_with_previous(read_manifest(tmp_path), tmp_path, RESULTS, head) == (None, ("unreadable",))
    for text in (
        "{",
        "[]",
        '{"digest": "' + "2" * 64 + '"}',
        '{"digest": "' + "2" * 64 + '", "date": 7}',
        "[" * 100_000,
    ):
        (tmp_path / "data" / "edition.json").write_text(text, "utf-8")
        assert date_edition("2" * 64, RESULTS, tmp_path, None).changes == ()
    assert compare_with_previous(None, tmp_path, RESULTS, head) == (None, ("no-report",))
