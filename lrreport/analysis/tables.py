"""The data files beside the article: `results.csv`, `settings.csv`, `runs.json`, `claims.json` and what networks show, as bytes."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lrreport.analysis.verdicts import Claim
from lrreport.groups import INPUTS
from lrreport.inspection import UNITS, Inspection
from lrreport.keys import run_key
from lrreport.results import Results, RunResult
from lrreport.spec import describe_spec

#: Columns of `results.csv` that come from a run's curves; its history has them with the suffix `_t`.
CURVE_COLUMNS: Final = ("learning_rate", "train_loss", "train_accuracy", "test_loss", "test_accuracy")
#: All columns, in order.
COLUMNS: Final = ("study", "setting", "seed", "epoch", *CURVE_COLUMNS, "run_key")
#: Columns of `networks.csv`, in order; `silent_units` and `layer_norms` have one number a layer, joined by +.
NETWORK_COLUMNS: Final = (
    "run_key", "epochs", "right", "silent_units", "layer_norms", "confidence_right", "confidence_wrong", "answers",
)  # fmt: skip
#: Columns of `settings.csv`, in order: what stands in a study file; hidden layers are joined by x, of plateau the parts.
SETTING_COLUMNS: Final = (
    "study", "setting", "epochs", "dataset", "hidden_units", "optimizer", "learning_rate", "momentum", "nesterov", "decay",
    "batch_size", "shuffle", "patience", "factor", "min_delta",
)  # fmt: skip
#: Of `runs.json` and `claims.json`; a change that breaks a reader raises it.
SCHEMA_VERSION: Final = 1


def results_frame(results: Results) -> pd.DataFrame:
    """One row per study, setting, seed and epoch, with the columns of `results.csv`.

    Studies in the article's order, settings in file order, then seed, then epoch (from 1). A run that serves several
    settings stands in each. A diverged run has rows for the epochs before the first that was not finite.

    Returns:
        `study`, `setting` and `run_key` as text, `seed` and `epoch` as int64, curves as float32.
    """
    rows = [
        (study.id, setting.text, run)
        for study in results.studies
        for setting in study.settings
        for run in results.of(setting)
    ]
    lengths = [len(run.history) for _, _, run in rows]

    def repeat(values: list[Any], kind: type) -> NDArray[Any]:
        return np.repeat(np.array(values, dtype=kind), lengths)

    def join(arrays: list[Any], kind: type) -> NDArray[Any]:
        return np.concatenate([np.empty(0, kind), *arrays], dtype=kind)

    columns: dict[str, Any] = {
        "study": repeat([study for study, _, _ in rows], object),
        "setting": repeat([setting for _, setting, _ in rows], object),
        "seed": repeat([run.spec.seed for _, _, run in rows], np.int64),
        "epoch": join([np.arange(1, length + 1) for length in lengths], np.int64),
    }
    for name in CURVE_COLUMNS:
        columns[name] = join([getattr(run.history, f"{name}_t") for _, _, run in rows], np.float32)
    columns["run_key"] = repeat([run.key for _, _, run in rows], object)
    return pd.DataFrame(columns, columns=list(COLUMNS))


def format_float32(number: np.float32) -> str:
    """The shortest text that reads back as the same float32.

    >>> [format_float32(np.float32(number)) for number in (1, 0.1, 0.97, 1e-5, 0, 2.0**80)]
    ['1', '0.1', '0.97', '1e-05', '0', '1.2089258e+24']
    """
    text = str(number).removesuffix(".0")
    if "e+" not in text:
        return text
    # NumPy changes to powers of ten while plain digits are still shorter: 1.2345679e+08 is 123456790.
    return min(np.format_float_positional(number, trim="-"), text, key=len)


def format_results_csv(results: Results) -> str:
    r"""The text of `results.csv`: a header and a line for each row of `results_frame`, ended by `\n`."""
    frame = results_frame(results)
    columns: list[Iterable[Any]] = [
        [format_float32(number) for number in frame[name].to_numpy()] if name in CURVE_COLUMNS else frame[name].tolist()
        for name in COLUMNS
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue()


def format_settings_csv(results: Results) -> str:
    r"""The text of `settings.csv`: a header and a line for each setting of each study, ended by `\n`.

    What a setting does not have, a callback say, is empty.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, SETTING_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for study in results.studies:
        for setting in study.settings:
            known: dict[str, Any] = {"study": study.id, "setting": setting.text, "epochs": setting.epochs}
            known |= dataclasses.asdict(setting.spec)
            known |= known.pop("plateau") or {}
            known["hidden_units"] = "x".join(map(str, setting.spec.hidden_units))
            known["nesterov"] = str(setting.spec.nesterov).lower()
            writer.writerow({name: known[name] for name in known if name in SETTING_COLUMNS})
    return text.getvalue()


def _list_networks(results: Results) -> Iterator[tuple[str, Inspection]]:
    """Key and inspection of each run that has one, in the order of `runs.json`; again for another number of epochs."""
    settings = [setting for study in results.studies for setting in study.settings]
    places = dict.fromkeys(
        (run_key(setting.run(seed)), setting.epochs) for setting in settings for seed in results.seeds
    )
    return ((key, results.inspections[key, epochs]) for key, epochs in places if (key, epochs) in results.inspections)


def format_networks_csv(results: Results) -> str:
    r"""The text of `networks.csv`: a header and a line for each run whose weights were looked into, ended by `\n`.

    What a run does not have is empty: units where there is no hidden layer, a confidence where no answer is of its kind.
    """

    def write(number: float | None) -> str:
        # Plain digits: a number like 1e+16 would hold the sign that joins numbers.
        return "" if number is None else np.format_float_positional(number, trim="-")

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(NETWORK_COLUMNS)
    writer.writerows(
        (
            key,
            item.epochs,
            item.right,
            "+".join(map(str, item.silent_units)),
            "+".join(map(write, item.layer_norms)),
            write(item.confidence_right),
            write(item.confidence_wrong),
            "".join(map(str, item.answers_i.tolist())),
        )
        for key, item in _list_networks(results)
    )
    return text.getvalue()


def pack_networks(results: Results) -> bytes:
    """The content of `networks.npz`: the weights from the pixels to the first units of the first layer, run by run.

    Returns:
        An `npz`, not compressed, the same bytes for the same results, of `run_key` (N,) in ASCII, `epochs` int32 (N,)
        and `incoming` float16 (N, 10, 784). Runs whose first layer has fewer than ten units are not in it. A weight beyond
        65,504, the largest number of its kind, is infinite.
    """
    found = [(key, item) for key, item in _list_networks(results) if len(item.incoming_ud) == UNITS]
    with np.errstate(over="ignore"):
        incoming = [item.incoming_ud.astype("<f2") for _, item in found]
    arrays = {
        "run_key": np.array([key.encode("ascii") for key, _ in found], "S"),
        "epochs": np.array([item.epochs for _, item in found], "<i4"),
        "incoming": np.array(incoming, "<f2").reshape(len(found), UNITS, INPUTS),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.lib.format.write_array(content, array, version=(1, 0), allow_pickle=False)
            # Without a date of its own a member has the first day that the format knows.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), content.getvalue())
    return packed.getvalue()


def runs_document(results: Results) -> dict[str, Any]:
    """The content of `runs.json`: one entry per run that a study of these results needs.

    A run that serves several settings stands once, named by each in `serves`; its `epochs` are those that were
    trained for the longest of them.
    """
    from lrreport.datasets import pinned_digest  # noqa: PLC0415 - reading claims or tables must not need the datasets

    serves: dict[str, list[str]] = {}
    for study in results.studies:
        for setting in study.settings:
            for seed in results.seeds:
                names = serves.setdefault(run_key(setting.run(seed)), [])
                names.append(f"{study.id}/{setting.text}/seed-{seed}")
    digests: dict[str, str] = {
        name: pinned_digest(name) for name in dict.fromkeys(results.runs[key].spec.dataset for key in serves)
    }
    entries = [_run_entry(results.runs[key], names, digests) for key, names in serves.items()]
    return {"schema_version": SCHEMA_VERSION, "runs": entries}


def _run_entry(run: RunResult, serves: list[str], digests: Mapping[str, str]) -> dict[str, Any]:
    spec = describe_spec(run.spec)
    return {
        "key": run.key,
        "serves": serves,
        "spec": {**spec, "hidden_units": list(run.spec.hidden_units)},
        "dataset": {"name": run.spec.dataset, "digest": digests[run.spec.dataset]},
        "status": str(run.status),
        "epochs": len(run.history),
        "diverged_at": run.diverged_at,
        "environment": dataclasses.asdict(run.environment),
        "wall_s": run.wall_s,
    }


def claims_document(claims: Iterable[Claim]) -> dict[str, Any]:
    """The content of `claims.json`: every claim in order, with the numbers that it rests on."""
    return {
        "schema_version": SCHEMA_VERSION,
        "claims": [{**dataclasses.asdict(claim), "verdict": str(claim.verdict)} for claim in claims],
    }


def format_document(document: Mapping[str, Any]) -> str:
    r"""A document as the JSON text of its file, ended by `\n`.

    Raises:
        ValueError: A number is not finite: NaN is not JSON, and a missing number is null.
    """
    return json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def make_measured_files(results: Results, claims: Iterable[Claim]) -> dict[str, bytes]:
    """The data files that hold what was measured: path in the output folder -> content."""
    return {
        "data/results.csv": format_results_csv(results).encode(),
        "data/settings.csv": format_settings_csv(results).encode(),
        "data/runs.json": format_document(runs_document(results)).encode(),
        "data/claims.json": format_document(claims_document(claims)).encode(),
        "data/networks.csv": format_networks_csv(results).encode(),
        "data/networks.npz": pack_networks(results),
    }
