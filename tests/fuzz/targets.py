"""What is fuzzed: each target draws a file as a stranger or a fault may leave it, and reads it as the product does.

A target passes when it gets a value or one of our errors; anything else is a bug, as are a hang and memory above
1 GiB, for which `tests/fuzz/run.py` watches.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from lrreport.analysis.claims import decide_claims
from lrreport.analysis.tables import format_document, make_measured_files
from lrreport.checkpoints import Checkpoint, Entry, Progress
from lrreport.datasets import decoding
from lrreport.datasets.pinned import Part
from lrreport.editions.changes import list_changes
from lrreport.editions.edition_diff import compare_editions
from lrreport.editions.edition_stage import date_edition
from lrreport.editions.published import read_edition
from lrreport.errors import CacheError, DataError, LrreportError, OutputError, SpecError
from lrreport.figures.drawn import DrawnFigure
from lrreport.keys import run_key
from lrreport.last_build import LastBuild, read_last_build, record_last_build
from lrreport.plan import Present, make_plan
from lrreport.publishing.publish import Extent, check_output_folder, is_intact, publish, read_manifest
from lrreport.publishing.report_folder import open_report
from lrreport.publishing.swap import recover
from lrreport.rendering.kept import _from_parts, _to_parts
from lrreport.rendering.render_cache import RenderCache
from lrreport.results import Results
from lrreport.spec import RunSpec
from lrreport.state_files import expected_arrays
from lrreport.store import Damage, Store
from lrreport.study_files import load_built_in_studies, load_study_folder
from tests import made_up
from tests.fuzz.mutations import changed_bytes, changed_json, write_json

Check = Callable[[Any], None]
Target = tuple[st.SearchStrategy[Any], Check]


def _describe(error: LrreportError) -> None:
    """Errors are shown to people: in a few lines, without anything that a terminal would obey."""
    text = str(error)
    assert len(text) < 10_000
    assert all(letter.isprintable() or letter == "\n" for letter in text)


# Study files


def _study_texts() -> list[bytes]:
    folder = resources.files("lrreport") / "studies"
    own = [item.read_bytes() for item in folder.iterdir() if item.name.endswith(".toml")]
    grid = b"""id = "grid"
[title]
th = "\xe0\xb8\x81"
en = "Grid"
[question]
th = "\xe0\xb8\x82"
en = "Why?"
[base]
optimizer = "sgd"
learning_rate = 0.1
hidden_units = [40, 20]
[vary]
momentum = [0.0, 0.5]
plateau.patience = [2, 5]
batch_size = [16, 32]
nesterov = [false]
"""
    odd = [b"[" + b" " * 3000, b"a." * 500 + b"b = 1", b"x = " + b"[" * 900 + b"]" * 900, b"n = 1" + b"0" * 5000]
    odd += [b"n = 0x" + b"f" * 5000, b'"\\u001b[2J" = 1', b'[vary]\n"\\u001b" = [1]', b"d = 1979-05-27", b"f = -nan"]
    odd += [b"a." * 49_000 + b"b = 1", b"[" + b"a." * 49_000 + b"b]", b"a." * 1_900 + b"b = 1"]
    return [*own, grid, *odd, *(grid + b"\n" + line for line in odd)]


def read_study(folder: Path) -> Check:
    def check(content: bytes) -> None:
        (folder / "one.toml").write_bytes(content)
        try:
            (study,) = load_study_folder(folder)
        except SpecError as error:
            _describe(error)
            return
        assert 1 <= len({run_key(setting.spec) for setting in study.settings}) <= 1000
        assert all(setting.text.isprintable() and setting.epochs >= 1 for setting in study.settings)

    return check


_VALUES = st.one_of(
    st.integers(), st.integers(-3, 70_000), st.floats(), st.floats(0, 1), st.booleans(), st.text(max_size=10),
    st.sampled_from(["sgd", "adam", "mnist", "fashion-mnist"]), st.lists(st.integers(-1, 5000), max_size=20),
)  # fmt: skip
_KEYS = st.sampled_from([
    "optimizer", "learning_rate", "momentum", "nesterov", "decay", "batch_size", "epochs", "hidden_units",
    "plateau.patience", "plateau.factor", "plateau.min_delta", "plateau", "dataset", "x", '"\\u001b"',
])  # fmt: skip


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return repr(value)


@st.composite
def study_documents(draw: st.DrawFn) -> bytes:
    """A file that is TOML mostly, with keys and values as a study has them and others."""
    lines = [f"id = {_toml(draw(st.one_of(st.just('mine'), _VALUES)))}", "[title]"]
    lines += [f"{language} = {_toml(draw(st.one_of(st.just('ก'), st.text(max_size=30))))}" for language in ("th", "en")]
    for section, values in (("base", _VALUES), ("vary", st.lists(_VALUES, max_size=6))):
        lines.append(f"[{section}]")
        lines += [f"{key} = {_toml(value)}" for key, value in draw(st.dictionaries(_KEYS, values, max_size=4)).items()]
    return "\n".join(lines).encode("utf-8", errors="replace")


# The cache

SPEC = RunSpec(hidden_units=(3,), momentum=0.5)


def _entry(spec: RunSpec = SPEC) -> Entry:
    arrays = {name: np.full(shape, 0.5, np.float32) for name, shape in expected_arrays(spec).items()}
    history = made_up.history(spec, 3)
    return Entry(spec, Progress.PARTIAL, history, Checkpoint(arrays, 0.1, 0.2, 1), made_up.HERE, "digest", 2, 1.5, 0.5)


def _use(found: Entry | Damage | None) -> None:
    """Everything that a command does with what the cache has."""
    if found is None or isinstance(found, Damage):
        assert found is None or found.reason
        return
    with contextlib.suppress(CacheError):
        if found.checkpoint is not None:
            shapes = {name: array.shape for name, array in found.checkpoint.arrays.items()}
            assert shapes == expected_arrays(found.spec)
    present = Present(made_up.HERE, 2, lambda _: "digest")
    studies = load_built_in_studies()[:1]
    for _ in make_plan(studies, [1], lambda _: found, present).runs:
        pass
    result = found.result()
    format_document({"run": {"wall_s": result.wall_s, "environment": dataclasses.asdict(result.environment)}})
    assert all(np.isfinite(getattr(result.history, item.name)).all() for item in dataclasses.fields(result.history))


def _sign(body: bytes) -> bytes:
    return b'{"sha256": "' + hashlib.sha256(body).hexdigest().encode() + b'",\n"run": ' + body + b"}\n"


def read_entry(folder: Path) -> tuple[dict[str, Any], list[bytes], Check, Check, Check]:
    store = Store(folder / "cache")
    store.write(_entry())
    run = store.runs / run_key(SPEC)
    path, state = run / "run.json", run / "state-3.npz"
    sound, arrays = path.read_bytes(), state.read_bytes()
    document = json.loads(sound)["run"]
    compressed = io.BytesIO()
    np.savez_compressed(compressed, **dict(_entry().checkpoint.arrays))
    pickled = io.BytesIO()
    np.savez(pickled, x=np.array([{}], dtype=object))

    def check_raw(content: bytes) -> None:
        path.write_bytes(content)
        _use(store.read(SPEC))
        assert len(list(store.entries())) <= 1

    def check_signed(body: bytes) -> None:
        path.write_bytes(_sign(body))
        _use(store.read(SPEC))

    def check_state(content: bytes) -> None:
        state.write_bytes(content)
        signed = {**document, "state": {**document["state"], "sha256": hashlib.sha256(content).hexdigest()}}
        path.write_bytes(_sign(write_json(signed)))
        _use(store.read(SPEC))

    return document, [sound, arrays, compressed.getvalue(), pickled.getvalue()], check_raw, check_signed, check_state


# Images

SMALL = (
    Part("x_train", "train-images-idx3-ubyte", (6, 4, 4)),
    Part("y_train", "train-labels-idx1-ubyte", (6,)),
    Part("x_test", "t10k-images-idx3-ubyte", (3, 4, 4)),
    Part("y_test", "t10k-labels-idx1-ubyte", (3,)),
)


def _small_arrays() -> dict[str, np.ndarray]:
    return {part.key: np.arange(part.size_bytes, dtype=np.uint8).reshape(part.shape) for part in SMALL}


def _idx(part: Part) -> bytes:
    axes = b"".join(axis.to_bytes(4, "big") for axis in part.shape)
    return bytes([0, 0, 8, len(part.shape)]) + axes + bytes(range(part.size_bytes))


def read_idx(content: bytes) -> None:
    for part in SMALL:
        try:
            assert decoding.decode_idx(content, part, "x").shape == part.shape
        except DataError as error:
            _describe(error)


def read_npz(content: bytes) -> None:
    decoding.PARTS = SMALL  # the same code on a dataset of a hundred bytes
    try:
        assert {key: array.shape for key, array in decoding.decode_npz(content, "x").items()} == {
            part.key: part.shape for part in SMALL
        }
    except DataError as error:
        _describe(error)


def read_package(content: bytes) -> None:
    decoding.PARTS = SMALL
    try:
        decoding.decode_npm_package(content, "x")
    except DataError as error:
        _describe(error)


def _packages() -> list[bytes]:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        for part in SMALL:
            info = tarfile.TarInfo(f"package/data/{part.file_name}")
            info.size = len(_idx(part))
            archive.addfile(info, io.BytesIO(_idx(part)))
    return [plain.getvalue()]


# The output folder

EXTENT = Extent(("tiny",), ("th",), ("html",))
SETTINGS = {"settings": {"studies": ["tiny"], "editions": ["th"], "formats": ["html"]}}
FILES = {"index.html": b"page", "data/results.csv": b"a,b\n"}


def read_report(folder: Path) -> tuple[dict[str, Any], list[bytes], Check]:
    out, outside = folder / "place" / "reports", folder / "outside.txt"
    publish_first(out)
    outside.write_bytes(b"mine")
    sound = (out / "manifest.json").read_bytes()

    def check(content: bytes) -> None:
        (out / "manifest.json").write_bytes(content)
        (out / "notes.txt").write_bytes(b"notes")
        manifest = read_manifest(out)
        if manifest is not None:
            is_intact(out, manifest)
        for read in (lambda: check_output_folder(out, EXTENT, adopt=False), lambda: open_report(out)):
            try:
                read()
            except OutputError as error:
                _describe(error)
        listed = {item["path"] for item in manifest["files"]} if manifest else set()
        publish(out, FILES, SETTINGS)
        assert outside.read_bytes() == b"mine"
        assert "notes.txt" in listed or (out / "notes.txt").read_bytes() == b"notes"
        shutil.rmtree(out)
        publish_first(out)

    return json.loads(sound), [sound], check


def publish_first(out: Path) -> None:
    out.parent.mkdir(exist_ok=True)
    publish(out, FILES, SETTINGS)


def read_small_files(folder: Path) -> tuple[list[bytes], Check]:
    """The journal of a swap, and the record of the last build."""
    out = folder / "swapped" / "reports"
    publish_first(out)
    record_last_build(folder, LastBuild("build", ("--out", "x"), "2026-01-01", "2026-01-02", 0, "done", 7))
    sound = (folder / "last-build.json").read_bytes()

    def check(content: bytes) -> None:
        (folder / "last-build.json").write_bytes(content)
        if (last := read_last_build(folder)) is not None:
            assert last.describe()
        out.rename(out.with_name(".reports.old-0123456789abcdef"))
        out.with_name(".reports.journal").write_bytes(content)
        recover(out)
        assert (out / "index.html").read_bytes() == b"page"

    return [sound, b'{"token": "0123456789abcdef"}'], check


# Kept figures

FIGURE = DrawnFigure("momentum", "th", "ข้อความ", "<svg/>", "<svg/>", "<svg/>", b"png", 100.0, 50.0)


def read_kept_figure(folder: Path) -> tuple[list[bytes], dict[str, Any], Check, Check]:
    cache = RenderCache(folder / "render")
    parts = _to_parts(FIGURE)
    cache.save("key", parts)
    head = json.loads(parts["head"])

    def check(content: bytes) -> None:
        (folder / "render" / "key").write_bytes(content)
        found = cache.load("key")
        if found is not None:
            assert _from_parts(found, "momentum", "th") in (None, FIGURE)

    def check_head(content: bytes) -> None:
        found = _from_parts({**parts, "head": content}, "momentum", "th")
        assert found is None or (found.name, found.language, found.svg) == ("momentum", "th", "<svg/>")

    return [(folder / "render" / "key").read_bytes()], head, check, check_head


# An older edition


def _results() -> Results:
    return made_up.results(load_built_in_studies({"epochs": 3})[1:2], seeds=(1, 2))


def read_older_edition(folder: Path) -> tuple[Mapping[str, bytes], dict[str, Any], Check, Check]:
    results = _results()
    files = {name: bytes(content) for name, content in make_measured_files(results, decide_claims(results)).items()}
    head: dict[str, Any] = {
        "edition": "a" * 64,
        "versions": {"numpy": "2.0"},
        "settings": {"studies": ["momentum"], "editions": ["th"], "formats": ["html"], "seeds": [1, 2], "epochs": 3,
                     "preview": False},
    }  # fmt: skip
    newer = read_edition(head, files.__getitem__)

    def check(changed: tuple[str, bytes]) -> None:
        name, content = changed
        manifest = head
        if name == "manifest.json":
            try:
                manifest = json.loads(content)
            except (ValueError, RecursionError):
                return
        try:
            older = read_edition(manifest, {**files, name: content}.__getitem__)
        except OutputError as error:
            _describe(error)
            return
        for change in list_changes(compare_editions(older, newer), results.studies):
            assert set(change) == {"th", "en"}
            assert all(letter.isprintable() or letter in "\u200b\u00a0" for text in change.values() for letter in text)

    def check_date(content: bytes) -> None:
        (folder / "data").mkdir(exist_ok=True)
        (folder / "data" / "edition.json").write_bytes(content)
        edition = date_edition("a" * 64, results, folder, None)
        for change in edition.changes:
            assert set(change) == {"th", "en"}

    return files, head, check, check_date


_EDITION = {"schema": 1, "digest": "a" * 64, "date": "2026-01-02", "changes": [{"th": "ก", "en": "A."}]}


def make_target(name: str, folder: Path) -> Target:  # noqa: C901 - one branch a target
    """A target by its name; it works in a folder of its own."""
    if name == "study-bytes":
        return changed_bytes(_study_texts()), read_study(folder)
    if name == "study-values":
        return study_documents(), read_study(folder)
    if name.startswith("cache-"):
        document, (sound, *states), raw, signed, state = read_entry(folder)
        return {
            "cache-bytes": (changed_bytes([sound]), raw),
            "cache-values": (changed_json(document), signed),
            "cache-state": (changed_bytes(states), state),
        }[name]
    if name == "idx":
        plain = [_idx(part) for part in SMALL]
        return changed_bytes([*plain, *(gzip.compress(each, mtime=0) for each in plain)]), read_idx
    if name == "npz":
        stored, packed = io.BytesIO(), io.BytesIO()
        np.savez(stored, **_small_arrays())
        np.savez_compressed(packed, **_small_arrays())
        return changed_bytes([stored.getvalue(), packed.getvalue()]), read_npz
    if name == "package":
        return changed_bytes(_packages()).map(lambda plain: gzip.compress(plain, 1, mtime=0)), read_package
    if name.startswith("manifest-"):
        document, sounds, check = read_report(folder)
        return (changed_bytes(sounds) if name == "manifest-bytes" else changed_json(document)), check
    if name == "small-files":
        sounds, check = read_small_files(folder)
        return changed_bytes(sounds), check
    if name.startswith("kept-"):
        sounds, head, check, check_head = read_kept_figure(folder)
        return (changed_bytes(sounds), check) if name == "kept-bytes" else (changed_json(head), check_head)
    files, head, check, check_date = read_older_edition(folder)
    if name == "edition-file":
        return st.one_of(changed_json(_EDITION), changed_bytes([write_json(_EDITION)])), check_date
    texts = [st.tuples(st.just(each), changed_bytes([content])) for each, content in files.items()]
    documents = {each: json.loads(content) for each, content in files.items() if each.endswith(".json")}
    documents["manifest.json"] = head
    values = [st.tuples(st.just(each), changed_json(document)) for each, document in documents.items()]
    return st.one_of(*texts, *values), check


TARGETS = (
    "study-bytes", "study-values", "cache-bytes", "cache-values", "cache-state", "idx", "npz", "package",
    "manifest-bytes", "manifest-values", "small-files", "kept-bytes", "kept-values", "edition-file", "older-edition",
)  # fmt: skip
