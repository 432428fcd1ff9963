"""`--grow N`: so many seeds more than the cache holds complete; and what the next edition says of it."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrreport.checkpoints import Entry, Progress
from lrreport.growth import choose_seeds, count_complete_seeds
from lrreport.pipeline import _settle_seeds
from lrreport.plan import Found, Present
from lrreport.request import Growth, Request, choose_studies
from lrreport.spec import RunSpec
from lrreport.store import Damage, Store
from tests.commands import lrreport, preview_command
from tests.made_up import HERE
from tests.publishing import publish_into
from tests.test_store import make_entry

STUDIES = choose_studies(wanted=("momentum",), epochs=3)
PRESENT = Present(HERE, 1, lambda _: "digest")


def complete(spec: RunSpec) -> Entry:
    return make_entry(3, spec=spec)


def held_seeds(**odd: Found) -> int:
    """How many seeds count as complete when seed 3's run with momentum 0.9 is not like the others."""

    def lookup(spec: RunSpec) -> Found:
        if spec.seed == 3 and spec.momentum == 0.9:
            return odd["found"]
        return complete(spec) if spec.seed <= 5 else None

    return count_complete_seeds(STUDIES, lookup, PRESENT, most=20)


def test_complete_is_what_all_runs_have() -> None:
    """A seed counts when every run of every study has it whole: for the article uses the seeds that all its runs have."""
    whole = complete(RunSpec(momentum=0.9, seed=3))
    assert held_seeds(found=whole) == 5
    assert held_seeds(found=dataclasses.replace(whole, progress=Progress.DIVERGED, checkpoint=None)) == 5
    assert held_seeds(found=None) == 2
    assert held_seeds(found=Damage(Path("run.json"), "is empty")) == 2
    assert held_seeds(found=dataclasses.replace(whole, engine_version=2)) == 2
    assert held_seeds(found=dataclasses.replace(make_entry(2, spec=whole.spec), progress=Progress.PARTIAL)) == 2


@given(held=st.integers(0, 30), by=st.integers(1, 10), most=st.integers(1, 25))
def test_the_number_of_seeds(held: int, by: int, most: int) -> None:
    """What the cache holds plus N, at most --max-seeds."""
    counted = count_complete_seeds(
        STUDIES, lambda spec: complete(spec) if spec.seed <= held else None, PRESENT, most=most
    )
    assert counted == min(held, most)
    assert min(counted + by, most) == min(held + by, most)


def test_without_growth_seeds_are_those_that_were_asked_for(tmp_path: Path) -> None:
    """--seeds and its default do not look at the cache; an empty cache grows from nothing."""
    request = Request(STUDIES, (1, 2, 3), tmp_path)
    assert choose_seeds(request, Store(tmp_path), "cpu") == (1, 2, 3)
    growing = dataclasses.replace(request, growth=Growth(by=2, most=20))
    assert choose_seeds(growing, Store(tmp_path), "cpu") == (1, 2)
    assert choose_seeds(dataclasses.replace(request, growth=Growth(5, 4)), Store(tmp_path), "cpu") == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--grow", "1", "--seeds", "3"], "do not go together"),
        (["--max-seeds", "5"], "without --grow"),
        (["--grow", "0"], "grow"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], says: str, tmp_path: Path) -> None:
    """Each is a usage error, before anything is done."""
    for command in (["plan"], ["train"], ["build", "--out", "report"]):
        done = lrreport(*command, *arguments, cwd=tmp_path, LRREPORT_CACHE=str(tmp_path / "cache"))
        assert done.returncode == 2
        assert says in done.stderr


def files_of(report: Path) -> dict[str, bytes]:
    """Every file of a report, but for what a build keeps for itself and its manifest."""
    files = [path for path in report.rglob("*") if path.is_file()]
    found = {path.relative_to(report).as_posix(): path.read_bytes() for path in files}
    return {name: content for name, content in found.items() if name[0] != "." and name != "manifest.json"}


def test_a_night_of_growth(place: Path, data_cache: Path, tmp_path: Path) -> None:
    """One seed more is trained and published; the edition says so; at the most seeds the next night does nothing."""
    for name in ("cache", "report"):
        shutil.copytree(place / name, tmp_path / name)
    night = [*preview_command(data_cache), "--grow", "1", "--max-seeds", "2"]
    plan = lrreport("plan", "--preview", "--study", "momentum", "--epochs", "2", "--grow", "1", "--cache", "cache",
                    "--json", cwd=tmp_path)  # fmt: skip
    planned = json.loads(plan.stdout)
    assert planned["seeds"] == 2
    assert [run["name"] for run in planned["runs"] if not run["cached"]] == [
        f"momentum/{setting}/seed-2" for setting in ("0", "0.5", "0.9", "0.99")
    ]
    assert planned["estimate_s"] > 0
    before = files_of(tmp_path / "report")
    grown = lrreport(*night, "--json", cwd=tmp_path)
    assert grown.returncode == 0, grown.stderr
    outcome = json.loads(grown.stdout)
    assert (outcome["seeds"], len(outcome["trained"]), outcome["cached"]) == (2, 4, 4)
    assert outcome["reasons"] == {"absent": 4}
    assert "seeds" in outcome["why"]
    after = files_of(tmp_path / "report")
    drawn = {name.partition(".")[0].removeprefix("figures/") for name in after if name.startswith("figures/")}
    assert {"sample-digits", "network", "momentum"} <= drawn
    assert sum(outcome["figures"].values()) == 2 * len(drawn)
    same = {name for name in after if before.get(name) == after[name]}
    assert outcome["unchanged_files"] == len(same)
    assert {f"figures/sample-digits.{end}" for end in ("th.svg", "th.png", "en.svg", "en.png")} <= same
    assert not {"data/results.csv", "data/networks.csv", "data/networks.npz", "figures/momentum.en.svg"} & same
    assert set(before) == set(after)
    assert outcome["waiting"] == [], "a preview has no results that anybody would write about"
    networks = after["data/networks.csv"].decode().splitlines()[1:]
    assert len(networks) == 8, "the weights of every run of both seeds are looked into"
    edition = json.loads((tmp_path / "report" / "data" / "edition.json").read_bytes())
    assert edition["changes"][0]["en"] == "The number of seeds went from 1 to 2."
    assert "went from 1 to 2" in (tmp_path / "report" / "en.html").read_text("utf-8")
    last = grown.stderr.splitlines()[-1]
    assert last.startswith("done: 4 runs trained (4 absent), 4 from the cache, 2 seeds; ")
    assert "because seeds" in last

    still = lrreport(*night, "--json", cwd=tmp_path, SOURCE_DATE_EPOCH="0")
    assert json.loads(still.stdout)["unchanged"] is True
    assert json.loads((tmp_path / "report" / "data" / "edition.json").read_bytes()) == edition
    assert "starting TensorFlow" not in still.stderr

    fewer = lrreport("render", "--preview", "--study", "momentum", "--epochs", "9", "--out", "report", "--cache", "cache",
                     "-q", cwd=tmp_path)  # fmt: skip
    assert fewer.returncode == 3, "nine epochs are not in the cache"
    assert "rests on 2 seeds, and this one will on 1" in fewer.stderr, "a warning, whatever -q says"


def test_a_report_keeps_its_seeds(tmp_path: Path) -> None:
    """A build that is not told how many seeds there are takes those of the report, where they are more; of a preview none."""
    out = tmp_path / "report"
    told: list[str] = []
    request = Request(STUDIES, tuple(range(1, 6)), tmp_path, are_seeds_asked=False)

    def settle(seeds: list[int], request: Request, **settings: object) -> int:
        head = {
            "settings": {"studies": ["momentum"], "editions": ["th"], "formats": ["html"], "seeds": seeds, **settings}
        }
        shutil.rmtree(out, ignore_errors=True)
        publish_into(out, {"th.html": b"page"}, head)
        return len(_settle_seeds(request, out, lambda event: told.append(str(event))).seeds)

    eight = list(range(1, 9))
    assert settle(eight, request) == 8
    assert "rests on 8 seeds, and keeps them" in told.pop()
    assert settle(eight, dataclasses.replace(request, are_seeds_asked=True)) == 5
    assert settle([1, 2], request) == 5
    assert settle(eight, request, preview=True) == 5
    assert settle([1, 1000], request) == 5
    assert settle(list(range(1, 2000)), request) == 5, "no stranger's manifest makes anybody train for ever"
    assert told == []
