"""The data files: what the contract promises of `results.csv`, `runs.json`, `claims.json` and what networks show."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lrreport.analysis.claims import decide_claims
from lrreport.analysis.tables import (
    SETTING_COLUMNS,
    claims_document,
    format_document,
    format_float32,
    format_networks_csv,
    format_results_csv,
    format_settings_csv,
    make_measured_files,
    pack_networks,
    results_frame,
    runs_document,
)
from lrreport.datasets import pinned_digest
from lrreport.editions.published import DATA_FILES, read_edition
from lrreport.inspection import Inspection
from lrreport.keys import run_key
from lrreport.results import History, Results
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies
from tests import made_up
from tests.reports import make_manifest

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
    assert shared == {"learning-rate", "momentum", "optimizers", "image-order"}


def test_frame_types_and_columns() -> None:
    """Curves stay float32, counts are whole numbers, and columns stand in the contract's order."""
    frame = results_frame(small())
    assert list(frame.columns) == HEADER.split(",")
    assert {str(frame[name].dtype) for name in HEADER.split(",")[4:9]} == {"float32"}
    assert str(frame["seed"].dtype) == str(frame["epoch"].dtype) == "int64"
    assert len(frame) == 36 * 2 * EPOCHS


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
    assert len(entries) == 30 * 2
    assert len({entry["key"] for entry in entries}) == len(entries)
    entry = next(item for item in entries if "momentum/0/seed-2" in item["serves"])
    assert entry["serves"] == [
        "learning-rate/0.01/seed-2",
        "momentum/0/seed-2",
        "optimizers/sgd/seed-2",
        "image-order/learning_rate=0.01 shuffle=every-epoch/seed-2",
    ]
    assert entry["dataset"] == {"name": "mnist", "digest": pinned_digest("mnist")}
    assert entry["spec"]["seed"] == 2
    assert entry["spec"]["hidden_units"] == [50]
    assert entry["spec"]["plateau"] is None
    assert (entry["status"], entry["epochs"], entry["diverged_at"], entry["wall_s"]) == ("complete", EPOCHS, None, 1.0)
    assert entry["environment"]["tensorflow"] == "2.21.0"


def test_runs_of_before_are_described_as_before() -> None:
    """The order of images stands in a spec only where it is not the usual one."""
    entries = runs_document(small())["runs"]
    orders = {entry["serves"][0]: entry["spec"].get("shuffle") for entry in entries}
    assert {name.rpartition("/")[0]: order for name, order in orders.items() if order} == {
        **{f"image-order/learning_rate={rate} shuffle=once": "once" for rate in ("1", "0.1", "0.01")},
        "image-order-momentum/once": "once",
    }


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
        assert entry["whose"] == claim.whose
        assert (entry["interval"] is None) == (claim.interval is None)
        if claim.interval:
            assert entry["interval"]["low"] == claim.interval.low


def test_claims_document_says_whose_each_claim_is() -> None:
    """Readers can tell what the source states from what is ours."""
    entries = claims_document(decide_claims(small()))["claims"]
    groups = {
        entry["group"]: {item["whose"] for item in entries if item["group"] == entry["group"]} for entry in entries
    }
    assert groups["momentum-faster"] == {"source"}
    assert groups["adaptive-beats-sgd"] == groups["own-reaches-95"] == groups["own-one-order"] == {"ours"}
    assert groups["plateau-helps"] == {"source", "ours"}


def looked_into(results: Results) -> Results:
    """The same with a look into every run, each with other weights."""
    places = [
        (run_key(setting.run(seed)), setting.epochs)
        for study in results.studies
        for setting in study.settings
        for seed in results.seeds
    ]
    found = {}
    for number, place in enumerate(dict.fromkeys(places)):
        found[place] = Inspection(
            epochs=place[1],
            right=9_000 + number,
            silent_units=(number % 3,),
            layer_norms=(10.5 + number, 3.0),
            confidence_right=0.987654,
            confidence_wrong=0.5,
            answers_i=(np.arange(20) + number) % 10,
            confidences_i=np.full(20, 0.9, np.float32),
            incoming_ud=np.random.default_rng(number).normal(0, 0.1, (10, 784)).astype(np.float32),
            activations_h=np.zeros(50, np.float32),
            shares_k=np.full(10, 0.1, np.float32),
        )
    return replace(results, inspections=found)


NETWORKS_HEADER = "run_key,epochs,right,silent_units,layer_norms,confidence_right,confidence_wrong,answers"


def test_networks_table() -> None:
    """One row a run, in the order of runs.json, with what its inspection has; nothing is a number that is a text."""
    results = looked_into(small())
    text = format_networks_csv(results)
    assert text.startswith(NETWORKS_HEADER + "\n")
    assert "\r" not in text
    assert text.endswith("\n")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["run_key"] for row in rows] == [entry["key"] for entry in runs_document(results)["runs"]]
    for row in rows:
        item = results.inspections[row["run_key"], EPOCHS]
        assert (int(row["epochs"]), int(row["right"])) == (EPOCHS, item.right)
        assert tuple(map(int, row["silent_units"].split("+"))) == item.silent_units
        assert tuple(map(float, row["layer_norms"].split("+"))) == item.layer_norms
        assert (float(row["confidence_right"]), float(row["confidence_wrong"])) == (0.987654, 0.5)
        assert [int(digit) for digit in row["answers"]] == item.answers_i.tolist()
    first = text.splitlines()[1].split(",", 1)[1]
    assert first == "3,9000,0,10.5+3,0.987654,0.5,01234567890123456789"


def test_networks_table_of_odd_networks() -> None:
    """Several layers are joined by +, also where a norm is huge; what is missing is empty; a diverged run has no row."""
    results = looked_into(small(diverge=True))
    places = list(results.inspections)
    items = [replace(results.inspections[place]) for place in places]
    deep = replace(items[1], silent_units=(0, 50, 7), layer_norms=(1e22, 0.000001, 0.0, 12.25))
    linear = replace(items[2], silent_units=(), layer_norms=(1.5,), confidence_right=None)
    kept = {places[1]: deep, places[2]: linear, places[3]: replace(items[3], confidence_wrong=None)}
    rows = list(csv.reader(io.StringIO(format_networks_csv(replace(results, inspections=kept)))))
    assert [row[0] for row in rows[1:]] == [key for key, _ in places[1:4]]
    assert rows[1][3:5] == ["0+50+7", "10000000000000000000000+0.000001+0+12.25"]
    assert rows[2][3:7] == ["", "1.5", "", "0.5"]
    assert rows[3][5:7] == ["0.987654", ""]


def test_networks_of_other_lengths_and_of_nobody_are_told_apart() -> None:
    """A run that two studies ask for with other numbers of epochs has two rows; what no study asks for has none."""
    short, long = (load_built_in_studies({"epochs": epochs})[1:2] for epochs in (2, 3))
    both = [
        *short,
        replace(long[0], id="longer", settings=tuple(replace(item, study_id="longer") for item in long[0].settings)),
    ]
    results = looked_into(made_up.results(long, seeds=(1,)))
    results = replace(looked_into(replace(results, studies=tuple(both))), runs=results.runs)
    stranger = {("f" * 20, 3): next(iter(results.inspections.values()))}
    rows = list(
        csv.DictReader(
            io.StringIO(format_networks_csv(replace(results, inspections={**stranger, **results.inspections})))
        )
    )
    assert [row["epochs"] for row in rows] == ["2"] * 4 + ["3"] * 4
    assert [row["run_key"] for row in rows[:4]] == [row["run_key"] for row in rows[4:]]
    arrays = np.load(io.BytesIO(pack_networks(results)))
    assert arrays["epochs"].tolist() == [2] * 4 + [3] * 4


def test_networks_weights() -> None:
    """The weights to the first ten units, run by run in the table's order, as float16, found by the run's key."""
    results = looked_into(small())
    packed = pack_networks(results)
    arrays = np.load(io.BytesIO(packed), allow_pickle=False)
    assert set(arrays) == {"run_key", "epochs", "incoming"}
    rows = list(csv.DictReader(io.StringIO(format_networks_csv(results))))
    assert [key.decode("ascii") for key in arrays["run_key"]] == [row["run_key"] for row in rows]
    assert arrays["run_key"].shape == (60,)
    assert arrays["incoming"].shape == (60, 10, 784)
    assert arrays["incoming"].dtype == np.float16
    for key, epochs, incoming in zip(arrays["run_key"], arrays["epochs"], arrays["incoming"], strict=True):
        item = results.inspections[key.decode("ascii"), int(epochs)]
        np.testing.assert_array_equal(incoming, item.incoming_ud.astype(np.float16))


def test_networks_weights_are_the_same_bytes() -> None:
    """Written twice, and on another day, the file is the same; it is not compressed, so that its size follows from N."""
    results = looked_into(small())
    packed = pack_networks(results)
    assert pack_networks(results) == packed
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert [item.filename for item in archive.infolist()] == ["run_key.npy", "epochs.npy", "incoming.npy"]
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {item.compress_type for item in archive.infolist()} == {zipfile.ZIP_STORED}
    assert 0 < len(packed) - 60 * (20 + 4 + 2 * 10 * 784) < 2000


def test_networks_with_few_units_or_wild_weights() -> None:
    """A first layer of nine units has no picture of ten; a weight that float16 cannot hold is infinite, without a warning."""
    results = looked_into(small())
    (one, first), (two, second), *_ = results.inspections.items()
    wild = first.incoming_ud.copy()
    wild[3, 5], wild[4, 6] = 1e6, -1e6
    few = {one: replace(first, incoming_ud=wild), two: replace(second, incoming_ud=second.incoming_ud[:9])}
    arrays = np.load(io.BytesIO(pack_networks(replace(results, inspections=few))))
    assert arrays["run_key"].tolist() == [one[0].encode()]
    assert (arrays["incoming"][0, 3, 5], arrays["incoming"][0, 4, 6]) == (np.inf, -np.inf)
    assert np.isinf(arrays["incoming"]).sum() == 2
    assert len(list(csv.reader(io.StringIO(format_networks_csv(replace(results, inspections=few)))))) == 3


def test_without_a_look_inside_the_files_are_there_and_empty() -> None:
    """Whoever reads them finds the columns and arrays that there always are."""
    files = make_measured_files(small(), [])
    assert list(files) == [
        "data/results.csv",
        "data/settings.csv",
        "data/runs.json",
        "data/claims.json",
        "data/networks.csv",
        "data/networks.npz",
    ]
    assert files["data/networks.csv"].decode() == NETWORKS_HEADER + "\n"
    arrays = np.load(io.BytesIO(files["data/networks.npz"]), allow_pickle=False)
    assert (arrays["run_key"].shape, arrays["epochs"].shape, arrays["incoming"].shape) == ((0,), (0,), (0, 10, 784))
    assert arrays["run_key"].dtype.kind == "S"
    assert arrays["incoming"].dtype == np.float16


def test_what_networks_show_does_not_disturb_what_is_read_back() -> None:
    """An edition is read back from the other three files alone, with and without those of networks, damaged or not."""
    results = small()
    claims = decide_claims(results)
    without, within = make_measured_files(results, claims), make_measured_files(looked_into(results), claims)
    assert {name for name in within if within[name] != without[name]} == {"data/networks.csv", "data/networks.npz"}
    found = [read_edition(make_manifest(results), files.__getitem__) for files in (without, within)]
    for files in (without, within):
        only = {name: files[name] for name in DATA_FILES}
        found.append(read_edition(make_manifest(results), only.__getitem__))
    assert all(edition == found[0] for edition in found)


def test_json_never_holds_nan() -> None:
    """A number that is not finite is refused, not written as something that is not JSON."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        format_document({"loss": float("nan")})


def test_settings_have_every_key() -> None:
    """A row for each setting of each study, in their order, joined to the results by two columns; values as they were set."""
    results = made_up.results(load_built_in_studies({"epochs": 2}), seeds=(1,))
    settings = pd.read_csv(io.StringIO(format_settings_csv(results)), dtype={"setting": str})
    assert tuple(settings.columns) == SETTING_COLUMNS
    joined = pd.read_csv(io.StringIO(format_results_csv(results)), dtype={"setting": str}).merge(
        settings, on=["study", "setting"], how="left", validate="many_to_one", suffixes=("", "_set")
    )
    assert joined["dataset"].notna().all()
    first = joined[(joined["epoch"] == 1) & (joined["study"] == "learning-rate")]
    assert (first["learning_rate"].astype(np.float32) == first["learning_rate_set"].astype(np.float32)).all()
    for study in results.studies:
        rows = settings[settings["study"] == study.id]
        for setting, (_, row) in zip(study.settings, rows.iterrows(), strict=True):
            spec = setting.spec
            assert (row["setting"], row["epochs"], row["optimizer"]) == (setting.text, 2, spec.optimizer)
            assert (row["momentum"], row["decay"], row["shuffle"]) == (spec.momentum, spec.decay, spec.shuffle)
            assert (
                row["hidden_units"] == "x".join(map(str, spec.hidden_units))
                or row["hidden_units"] == spec.hidden_units[0]
            )
            assert (spec.plateau is None) == np.isnan(row["patience"])
