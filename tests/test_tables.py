"""The data files: what the contract promises of `results.csv`, `runs.json` and `claims.json`."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lrreport.analysis.claims import decide_claims
from lrreport.analysis.tables import (
    claims_document,
    format_document,
    format_float32,
    format_results_csv,
    results_frame,
    runs_document,
)
from lrreport.datasets import pinned_digest
from lrreport.results import History, Results
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies
from tests import made_up

EPOCHS = 3
HEADER = "study,setting,seed,epoch,learning_rate,train_loss,train_accuracy,test_loss,test_accuracy,run_key"


def small(*, diverge: bool = False) -> Results:
    """All built-in studies, two seeds, three epochs; on request every rate of 1 breaks off after one epoch."""

    def history(spec: RunSpec, epochs: int) -> History:
        return made_up.history(spec, epochs).first(1 if diverge and spec.rate == 1 else epochs)

    studies = load_built_in_studies({"epochs": EPOCHS})
    return made_up.results(studies, seeds=(1, 2), make_history=history)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@example(0.1)
@example(1.2345679e8)
@example(2.0**-149)
def test_a_number_reads_back_as_the_same_float32(value: float) -> None:
    """Bit for bit, through the decimal text, and no longer than NumPy's own shortest form."""
    number = np.float32(value)
    text = format_float32(number)
    assert np.float32(float(text)).tobytes() == number.tobytes()
    assert len(text) <= min(len(str(number)), len(np.format_float_positional(number, trim="-")))


def test_numbers_look_as_people_write_them() -> None:
    """No digits of float64 noise, no trailing zero."""
    written = [format_float32(np.float32(number)) for number in (1.0, 0.9711, 1e-5, 0.0, 123456792.0)]
    assert written == ["1", "0.9711", "1e-05", "0", "123456790"]


def test_csv_header_lines_and_order() -> None:
    """The header of the contract, LF, and rows by study, setting, seed and epoch."""
    results = small()
    text = format_results_csv(results)
    assert text.startswith(HEADER + "\n")
    assert "\r" not in text
    assert text.endswith("\n")
    rows = list(csv.DictReader(io.StringIO(text)))
    expected = [
        (study.id, setting.text, str(seed), str(epoch))
        for study in results.studies
        for setting in study.settings
        for seed in results.seeds
        for epoch in range(1, EPOCHS + 1)
    ]
    assert [(row["study"], row["setting"], row["seed"], row["epoch"]) for row in rows] == expected
    assert text.encode("utf-8").decode("utf-8") == text


def test_csv_holds_the_curves_bit_for_bit() -> None:
    """Every number of the file is the one of the run that its key names, in each study that the run serves."""
    results = small()
    rows = list(csv.DictReader(io.StringIO(format_results_csv(results))))
    for row in rows:
        history = results.runs[row["run_key"]].history
        for name in ("learning_rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy"):
            stored = getattr(history, f"{name}_t")[int(row["epoch"]) - 1]
            assert np.float32(float(row[name])).tobytes() == stored.tobytes()
    shared = {row["study"] for row in rows if row["run_key"] == rows[2 * 2 * EPOCHS]["run_key"]}
    assert shared == {"learning-rate", "momentum", "optimizers"}


def test_frame_types_and_columns() -> None:
    """Curves stay float32, counts are whole numbers, and columns stand in the contract's order."""
    frame = results_frame(small())
    assert list(frame.columns) == HEADER.split(",")
    assert {str(frame[name].dtype) for name in HEADER.split(",")[4:9]} == {"float32"}
    assert str(frame["seed"].dtype) == str(frame["epoch"].dtype) == "int64"
    assert len(frame) == 28 * 2 * EPOCHS


def test_a_diverged_run_has_fewer_rows_and_its_epoch() -> None:
    """Rows only for the epochs that were finite; `runs.json` says which epoch was not."""
    results = small(diverge=True)
    frame = results_frame(results)
    ones = frame[(frame["study"] == "learning-rate") & (frame["setting"] == "1")]
    assert ones["epoch"].tolist() == [1, 1]
    assert not frame.isna().to_numpy().any()
    first, *_ = runs_document(results)["runs"]
    assert (first["status"], first["epochs"], first["diverged_at"]) == ("diverged", 1, 2)


def test_a_run_that_never_finished_an_epoch_has_no_row() -> None:
    """Divergence within epoch 1 leaves nothing to write, and nothing is invented."""
    studies = load_built_in_studies({"epochs": EPOCHS})[:1]
    results = made_up.results(studies, make_history=lambda spec, epochs: made_up.history(spec, epochs).first(0))
    assert format_results_csv(results) == HEADER + "\n"


def test_rows_are_cut_to_the_setting() -> None:
    """A run that is cached for longer gives a study only as many epochs as it asks for."""
    longer = small()
    short = replace(longer, studies=load_built_in_studies({"epochs": 2})[:1])
    assert set(results_frame(short)["epoch"]) == {1, 2}


def test_runs_document() -> None:
    """One entry a run, with all that the contract names, although a run serves several settings."""
    results = small()
    document: dict[str, Any] = json.loads(format_document(runs_document(results)))
    entries = document["runs"]
    assert len(entries) == 26 * 2
    assert len({entry["key"] for entry in entries}) == len(entries)
    entry = next(item for item in entries if "momentum/0/seed-2" in item["serves"])
    assert entry["serves"] == ["learning-rate/0.01/seed-2", "momentum/0/seed-2", "optimizers/sgd/seed-2"]
    assert entry["dataset"] == {"name": "mnist", "digest": pinned_digest("mnist")}
    assert entry["spec"]["seed"] == 2
    assert entry["spec"]["hidden_units"] == [50]
    assert entry["spec"]["plateau"] is None
    assert (entry["status"], entry["epochs"], entry["diverged_at"], entry["wall_s"]) == ("complete", EPOCHS, None, 1.0)
    assert entry["environment"]["tensorflow"] == "2.21.0"


def test_claims_document_keeps_every_claim() -> None:
    """All fields of all claims, as JSON, in order."""
    claims = decide_claims(small())
    document = json.loads(format_document(claims_document(claims)))
    assert [entry["id"] for entry in document["claims"]] == [claim.id for claim in claims]
    for entry, claim in zip(document["claims"], claims, strict=True):
        assert entry["verdict"] in ("holds", "fails", "cannot-tell")
        assert entry["verdict"] == claim.verdict
        assert (entry["margin"], entry["n"], entry["metric"]) == (claim.margin, claim.n, claim.metric)
        assert entry["numbers"] == claim.numbers
        assert (entry["interval"] is None) == (claim.interval is None)
        if claim.interval:
            assert entry["interval"]["low"] == claim.interval.low


def test_json_never_holds_nan() -> None:
    """A number that is not finite is refused, not written as something that is not JSON."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        format_document({"loss": float("nan")})
