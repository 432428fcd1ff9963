"""The whole product, small: two settings, two epochs, one seed, from the real images to the published folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lrreport.keys import run_key
from lrreport.spec import RunSpec
from tests.commands import lrreport, preview_command

#: The figures of a report of momentum alone.
FIGURES = ["claims", "momentum", "network", "one-step", "ravine", "sample-digits"]
FILES = sorted(
    [
        "data/claims.json",
        "data/edition.json",
        "data/networks.csv",
        "data/networks.npz",
        "data/results.csv",
        "data/runs.json",
        "data/settings.csv",
        "en.html",
        "index.html",
        "listings/en/momentum.ipynb",
        "listings/en/momentum.py",
        "listings/th/momentum.ipynb",
        "listings/th/momentum.py",
        "lrreport-en.pdf",
        "lrreport-onepage-en.pdf",
        "lrreport-onepage-th.pdf",
        "lrreport-th.pdf",
        "lrreport.pdf",
        "manifest.json",
        "th.html",
        *(
            f"figures/{name}.{language}.{form}"
            for name in FIGURES
            for language in ("en", "th")
            for form in ("png", "svg")
        ),
    ]
)


def test_every_file_is_there(place: Path) -> None:
    """The output folder holds what the reference lists, and the manifest fits every byte of it."""
    out = place / "report"
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == FILES
    manifest = json.loads((out / "manifest.json").read_bytes())
    assert [item["path"] for item in manifest["files"]] == [name for name in FILES if name != "manifest.json"]
    assert manifest["waiting"] == [], "a preview's numbers are no reason to write anything anew"
    for item in manifest["files"]:
        content = (out / item["path"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (item["size"], item["sha256"])


def test_results_have_a_row_per_epoch(place: Path) -> None:
    """results.csv: columns, order and keys as the reference says; accuracies are plausible for two epochs."""
    table = pd.read_csv(place / "report" / "data" / "results.csv", dtype={"setting": str})
    assert ",".join(table.columns) == (
        "study,setting,seed,epoch,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy,run_key"
    )
    assert [(row.setting, row.epoch) for row in table.itertuples()] == [
        (setting, epoch) for setting in ("0", "0.5", "0.9", "0.99") for epoch in (1, 2)
    ]
    assert table.run_key[0] == run_key(RunSpec())
    assert table.test_accuracy.between(0.8, 1).all()


def test_a_second_build_trains_nothing_and_writes_nothing(place: Path, data_cache: Path) -> None:
    """With everything cached and unchanged the files keep their bytes and times, and TensorFlow is not loaded."""
    before = {path: path.stat().st_mtime_ns for path in (place / "report").rglob("*")}
    done = lrreport(*preview_command(data_cache), "-v", cwd=place)
    assert done.returncode == 0
    assert "nothing has changed" in done.stderr
    assert "starting TensorFlow" not in done.stderr
    assert {path: path.stat().st_mtime_ns for path in (place / "report").rglob("*")} == before


def test_render_gives_the_same_bytes(place: Path, data_cache: Path) -> None:
    """The same edition rendered into another folder is the same, byte for byte, made anew or kept; and says which."""
    arguments = [item for item in preview_command(data_cache) if item not in ("--device", "cpu")]
    arguments[0] = "render"
    shutil.rmtree(place / "cache" / "render")
    for folder, says in (
        ("again", "12 figures drawn, 0 kept; 5 PDFs laid out, 0 kept"),
        ("kept", "0 figures drawn, 12 kept; 0 PDFs laid out, 5 kept"),
    ):
        done = lrreport(*(folder if item == "report" else item for item in arguments), cwd=place)
        assert done.returncode == 0, done.stderr
        assert says in done.stderr
        for name in FILES:
            if name != "manifest.json":  # it tells what was trained in which build
                assert (place / folder / name).read_bytes() == (place / "report" / name).read_bytes(), name


def test_a_damaged_report_is_made_again(place: Path, data_cache: Path) -> None:
    """A page that somebody changed is noticed, said on stderr, and made again from the cache."""
    page = place / "again" / "th.html"
    good = page.read_bytes()
    page.write_bytes(good[:1000])
    arguments = [item for item in preview_command(data_cache) if item not in ("--device", "cpu")]
    arguments[0], arguments[arguments.index("report")] = "render", "again"
    done = lrreport(*arguments, "-q", cwd=place)
    assert done.returncode == 0, done.stderr
    assert "damaged" in done.stderr
    assert page.read_bytes() == good


def test_pages_say_that_they_are_previews(place: Path) -> None:
    """Every page of a preview says so; so does one of a single seed."""
    out = place / "report"
    for name, says in (("en.html", "preview"), ("th.html", "ฉบับทดลองอ่าน")):
        assert says in (out / name).read_text("utf-8").lower()
    pages = subprocess.run(
        ["pdftotext", "-raw", out / "lrreport-en.pdf", "-"], capture_output=True, text=True, check=True
    )
    sheets = [sheet for sheet in pages.stdout.split("\f") if sheet.strip()]
    assert len(sheets) > 5
    assert all("preview" in sheet.lower() for sheet in sheets)


@pytest.mark.parametrize(("language", "says"), [("en", "Preview edition"), ("th", "ฉบับทดลองอ่าน")])
def test_the_summary_for_the_wall_says_so_too(language: str, says: str, place: Path) -> None:
    """It is one page, and that page says that it is a preview's."""
    pdf = place / "report" / f"lrreport-onepage-{language}.pdf"
    done = subprocess.run(["pdftotext", "-raw", pdf, "-"], capture_output=True, text=True, check=True)
    (sheet,) = done.stdout.removesuffix("\f").split("\f")
    assert says in sheet


@pytest.mark.parametrize("language", ["en", "th"])
def test_the_listings_are_whole_programs(language: str, place: Path) -> None:
    """Each file compiles, and its notebook holds the same code."""
    folder = place / "report" / "listings" / language
    source = (folder / "momentum.py").read_text("utf-8")
    compile(source, "momentum.py", "exec")
    cells = json.loads((folder / "momentum.ipynb").read_text("utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert code.split() == source.split()


def test_networks_tell_what_the_weights_show(place: Path) -> None:
    """networks.csv has a row for each run, networks.npz its weights, in the same order."""
    data = place / "report" / "data"
    table = pd.read_csv(data / "networks.csv")
    assert list(table.epochs) == [2] * 4
    assert table.right.between(8_000, 10_000).all()
    with np.load(data / "networks.npz") as arrays:
        assert arrays["run_key"].astype(str).tolist() == list(table.run_key)


def test_the_data_files_are_json_without_nan(place: Path) -> None:
    """runs.json and claims.json parse strictly and name what they rest on."""

    def refuse(constant: str) -> None:
        pytest.fail(f"{constant} is not JSON")

    runs = json.loads((place / "report/data/runs.json").read_text("utf-8"), parse_constant=refuse)["runs"]
    assert len(runs) == 4
    assert {run["status"] for run in runs} == {"complete"}
    assert all(run["environment"]["tensorflow"] for run in runs)
    claims = json.loads((place / "report/data/claims.json").read_text("utf-8"), parse_constant=refuse)["claims"]
    assert {"momentum-faster/0.9", "momentum-damps/0.5"} <= {claim["id"] for claim in claims}
    assert {claim["verdict"] for claim in claims} <= {"holds", "fails", "cannot-tell"}
