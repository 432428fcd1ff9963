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
import os
import random
import re
import shutil
import tarfile
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pikepdf
from hypothesis import strategies as st

from lrreport.analysis.claims import decide_claims
from lrreport.analysis.tables import format_document, format_networks_csv, make_measured_files, pack_networks
from lrreport.article.pdf.finish import save_pdf
from lrreport.article.pdf.lay_out import lay_out_pdf
from lrreport.byline import KEYS, read_byline
from lrreport.cache.folder import hold_cache
from lrreport.checkpoints import Checkpoint, Entry, Progress
from lrreport.datasets import decoding, given_paths
from lrreport.datasets.pinned import Part
from lrreport.editions.changes import list_changes
from lrreport.editions.edition_diff import compare_editions
from lrreport.editions.edition_stage import date_edition
from lrreport.editions.published import read_edition
from lrreport.errors import CacheError, DataError, LrreportError, OutputError, SpecError, UsageError
from lrreport.figures import DrawnFigure, draw_figure
from lrreport.figures.drawing import NO_SAMPLES
from lrreport.inspection_files import inspection_name, pack_inspection
from lrreport.keys import run_key
from lrreport.last_build import LastBuild, read_last_build, record_last_build
from lrreport.plan import Present, make_plan
from lrreport.publishing.change import recover
from lrreport.publishing.manifest import MANIFEST, is_intact, read_manifest
from lrreport.publishing.output_folder import Extent, check_output_folder
from lrreport.publishing.report_folder import open_report
from lrreport.rendering.kept_parts import check_kept_pdf, pack_figure, unpack_figure
from lrreport.rendering.render_cache import RenderCache
from lrreport.results import Results
from lrreport.spec import RunSpec
from lrreport.state_files import expected_arrays
from lrreport.store import Damage, Store
from lrreport.study_files import load_built_in_studies, load_study_folder, parse_study
from tests import made_up
from tests.fuzz.mutations import changed_bytes, changed_json, write_json
from tests.pdf_pages import article
from tests.publishing import publish_into
from tests.test_kept_parts import FIGURE, svg_attacks
from tests.test_store import make_inspection

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
    st.sampled_from(["sgd", "adam", "mnist", "fashion-mnist", "once", "every-epoch"]), st.lists(st.integers(-1, 5000), max_size=20),
)  # fmt: skip
_KEYS = st.sampled_from([
    "optimizer", "learning_rate", "momentum", "nesterov", "decay", "batch_size", "epochs", "hidden_units",
    "plateau.patience", "plateau.factor", "plateau.min_delta", "plateau", "dataset", "shuffle", "x", '"\\u001b"',
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


# Bylines

_BYLINE = """[report]
course = { th = "การเรียนรู้", en = "Learning" }
name = "สมชาย"
[report.institution]
th = "ก"
en = "“a”"
"""


def read_byline_file(folder: Path) -> Check:
    def check(content: bytes) -> None:
        (folder / "byline.toml").write_bytes(content)
        try:
            byline = read_byline(str(folder / "byline.toml"))
        except UsageError as error:
            _describe(error)
            return
        texts = [text for language in ("th", "en") for text in byline.in_language(language)]
        assert 2 <= len(texts) <= 2 * len(KEYS)
        assert all(text.strip() and len(text) <= 200 and "\n" not in text for text in texts)

    return check


@st.composite
def byline_documents(draw: st.DrawFn) -> bytes:
    """A file that is TOML mostly, with keys and values as a byline has them and others."""
    keys = draw(st.lists(st.sampled_from([*KEYS, "th", "x"]), max_size=4))
    lines = [f"{key} = {_toml(draw(_VALUES))}" for key in keys]
    languages = draw(st.lists(st.sampled_from(["th", "en", "x"])))
    words = [f"{key} = {_toml(draw(st.text(max_size=220)))}" for key in languages]
    return "\n".join(["[report]", *lines, "[report.institution]", *words]).encode("utf-8", errors="replace")


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
    path, (state,) = run / "run.json", run.glob("state-3-*.npz")
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


# What weights show


def read_inspection_file(folder: Path) -> dict[str, Target]:
    """Files beside runs of three kinds of networks, and the values in one of them under a checksum that fits."""
    store = Store(folder / "cache")
    entries = [_entry(RunSpec(hidden_units=hidden, momentum=0.5)) for hidden in ((3,), (), (12, 5))]
    places = []
    for entry in entries:
        store.write(entry)
        store.write_inspection(entry, make_inspection(entry))
        places.append(store.runs / entry.key / inspection_name(3))
    sounds = [path.read_bytes() for path in places]
    text = 'id = "own"\n[title]\nth = "ก"\nen = "Own"\n[base]\nepochs = 3\nmomentum = 0.5\n[vary]\nhidden_units = [[3], [], [12, 5]]\n'
    results = made_up.results([parse_study(text, "own.toml")], seeds=(1,))

    def check(content: bytes) -> None:
        believed = {}
        for entry, path in zip(entries, places, strict=True):
            path.write_bytes(content)
            found = store.read_inspection(entry, 3)
            assert store.read_inspection(entry, 2) is None
            if found is None:
                continue
            assert pack_inspection(entry, found) == content, "only what our writer writes is believed"
            believed[entry.key, 3] = found
        assert len(believed) <= 1, "it belongs to one run"
        shown = dataclasses.replace(results, inspections=believed)
        assert format_networks_csv(shown).count("\n") == 1 + len(believed)
        assert pack_networks(shown)

    def check_signed(body: bytes) -> None:
        digest = hashlib.sha256(body).hexdigest()
        check(json.dumps({"sha256": digest, "inspection": body.decode()}).encode())

    document = json.loads(json.loads(sounds[0])["inspection"])
    values = st.one_of(changed_json(document), changed_json({**document, "incoming": ""}))
    return {
        "inspection-bytes": (st.one_of(changed_bytes(sounds), st.sampled_from(sounds)), check),
        "inspection-values": (st.one_of(values, values, _sorted_values(document)), check_signed),
    }


def _sorted_values(document: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """Values of the right kinds, written as ours are: some of them are believed."""

    def change(seed: int) -> bytes:
        source = random.Random(seed)
        values = {
            "right": document["right"] + source.randint(-5, 5),
            "silent_units": [source.randint(-1, 4)],
            "layer_norms": [source.uniform(-0.1, 10), source.choice([0.0, 1e300, 2.5])],
            "confidence_right": source.choice([None, source.random(), 1.0]),
            "confidence_wrong": source.choice([None, source.random(), 0.1]),
            "answers": [source.randint(0, source.choice([9, 9, 10])) for _ in range(source.choice([19, 20, 20, 20]))],
        }
        names = source.sample(sorted(values), source.randint(1, 3))
        return json.dumps({**document, **{name: values[name] for name in names}}, sort_keys=True).encode()

    return st.integers(0, 2**64 - 1).map(change)


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


def _small_npz(save: Callable[..., None]) -> bytes:
    packed = io.BytesIO()
    save(packed, **_small_arrays())
    return packed.getvalue()


#: Names as they are, as browsers, Kaggle, torchvision and Macs make them, and names that lead elsewhere.
_FOLDERS = ["", "MNIST/raw/", "FashionMNIST/raw/", "a/b/c/", ".git/", *(f"{part.file_name}/" for part in SMALL)]
_ENDINGS = ["", ".gz", " (1).gz", ".GZ", ".gz.gz", ".idx", "\x1b[2J"]
_NAMES = [
    *(part.file_name for part in SMALL),
    "train-images.idx3-ubyte",
    "T10K-LABELS",
    "mnist.npz",
    "x",
    "._x",
    "ก" * 80,
]


def _data_contents() -> list[bytes]:
    plain = [_idx(part) for part in SMALL]
    packed = [gzip.compress(each, mtime=0) for each in plain]
    kinds = [
        b"",
        b"<html>",
        b"version https://git-lfs",
        b"PK\x05\x06" + bytes(18),
        b"PAR1",
        b"\x80\x02",
        b"label,1x1",
        b"{",
    ]
    kinds += [b"\0\0\x08\3\x60\xea\0\0", bytes(257) + b"ustar", gzip.compress(packed[0], mtime=0)]
    return [*plain * 3, *packed * 2, *map(_small_npz, (np.savez, np.savez_compressed)), *kinds]


def data_folders() -> st.SearchStrategy[Mapping[str, bytes | str]]:
    """Some files by their names; a text in place of a content is a link to that path, or a pipe."""
    contents = _data_contents()

    def name_all(seed: int, changed: list[bytes]) -> Mapping[str, bytes | str]:
        source = random.Random(seed)
        files: dict[str, bytes | str] = {}
        if source.random() < 0.5:  # a whole folder, to be disturbed
            files = {part.file_name: _idx(part) for part in SMALL}
        for content in changed:
            name = source.choice(_FOLDERS) + source.choice(_NAMES) + source.choice(_ENDINGS)
            link = source.choice([".", "..", "x", "/dev/zero", "nowhere", name.rpartition("/")[2], "pipe"])
            files[name] = source.choice([content, content, source.choice(contents), link])
        return files

    return st.builds(name_all, st.integers(0, 2**64 - 1), st.lists(changed_bytes(contents), max_size=8))


def read_data_folder(folder: Path) -> Check:
    decoding.PARTS = given_paths.PARTS = SMALL
    pinned = {part.key: hashlib.sha256(bytes(range(part.size_bytes))).hexdigest() for part in SMALL}
    given = folder / "given"

    def check(files: Mapping[str, bytes | str]) -> None:
        given.mkdir()
        for name, content in files.items():
            with contextlib.suppress(OSError):  # a file stands where a folder should
                (given / name).parent.mkdir(parents=True, exist_ok=True)
                if isinstance(content, bytes):
                    (given / name).write_bytes(content)
                elif content == "pipe":
                    os.mkfifo(given / name)
                else:
                    (given / name).symlink_to(content)
        is_whole = all(files.get(part.file_name) == _idx(part) for part in SMALL)
        for path in (given, *(given / name for name in list(files)[:2])):
            try:
                found = given_paths.decode_path(path, pinned)
            except DataError as error:
                assert path != given or not is_whole
                _describe(error)
                continue
            assert {key: array.shape for key, array in found.items()} == {part.key: part.shape for part in SMALL}
            if path == given and is_whole:
                assert {key: hashlib.sha256(array.data).hexdigest() for key, array in found.items()} == pinned
        shutil.rmtree(given)

    return check


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
        publish_into(out, FILES, SETTINGS)
        assert outside.read_bytes() == b"mine"
        assert "notes.txt" in listed or (out / "notes.txt").read_bytes() == b"notes"
        shutil.rmtree(out)
        publish_first(out)

    return json.loads(sound), [sound], check


def publish_first(out: Path) -> None:
    out.parent.mkdir(exist_ok=True)
    publish_into(out, FILES, SETTINGS)


def read_small_files(folder: Path) -> tuple[list[bytes], Check]:
    """The journal of a change, the record of the last build, a lock file, and the mark of a cache."""
    out, cache = folder / "changed" / "reports", folder / "cache"
    publish_first(out)
    record_last_build(cache, LastBuild("build", ("--out", "x"), "2026-01-01", "2026-01-02", 0, "done", 7))
    sounds = [(cache / name).read_bytes() for name in ("last-build.json", "lrreport-cache.json")]
    staged = f"000000-{hashlib.sha256(b'page').hexdigest()}"
    sounds.append(write_json({"schema": 1, "files": [{"path": MANIFEST, "staged": staged, "size": 4}]}))
    sounds.append(b"process 7, since 2026-01-01T00:00:00+00:00: lrreport build\n")

    def check(content: bytes) -> None:
        (cache / "last-build.json").write_bytes(content)
        if (last := read_last_build(cache)) is not None:
            assert last.describe()
        (cache / "lock").write_bytes(content)
        with hold_cache(cache, wait=False, tell=lambda _: None):
            pass
        assert (cache / "lock").read_bytes() in (b"", content)
        (out / ".lrreport").mkdir(exist_ok=True)
        (out / ".lrreport" / "journal.json").write_bytes(content)
        (out / ".lrreport" / staged).write_bytes(b"page")
        recover(out)
        assert (out / "index.html").read_bytes() == b"page"
        assert (out / "manifest.json").read_bytes() == whole

    whole = (out / "manifest.json").read_bytes()
    return sounds, check


# Kept figures and PDFs

_SVG = "{http://www.w3.org/2000/svg}"
_DRAWN = frozenset({"svg", "title", "defs", "g", "path", "use", "text", "clipPath", "rect", "image"})
_ADDRESS = re.compile(r"#[\w-]+|data:image/png;base64,[\w+/]+=*")


def _assert_passive(text: str) -> None:
    """Nothing but drawing, by another parser than the product's."""
    for element in ElementTree.fromstring(text).iter():
        assert element.tag.removeprefix(_SVG) in _DRAWN
        assert element.tag.startswith(_SVG)
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert _ADDRESS.fullmatch(value) if name.endswith("href") else ":" not in value
            assert "url(" not in value.removeprefix("url(#")


def _assert_figure(found: DrawnFigure | None) -> None:
    """A figure that is believed is the one that was asked for, and draws and does nothing else."""
    if found is None:
        return
    assert found.name == "momentum"
    assert found.alt.isprintable()
    for text in filter(None, (found.svg, found.svg_narrow, found.svg_print, found.svg_standalone)):
        _assert_passive(text)


def read_kept_figure(folder: Path) -> dict[str, Target]:
    """Entries of the cache, parts of a figure, the values of its head, and its texts: real ones and attacks."""
    cache = RenderCache(folder / "kept", key=bytes(32))
    name = "a" * 64
    path = folder / "kept" / "render" / name
    parts = pack_figure(FIGURE)
    cache.save(name, parts)
    drawn = draw_figure("momentum", _results(), NO_SAMPLES, "en")
    real = pack_figure(drawn)
    texts = [FIGURE.svg, FIGURE.svg_narrow, drawn.svg, drawn.svg_narrow, drawn.svg_print]
    assert all(texts)
    attacks = [FIGURE.svg.replace(old, new, 1) for _, old, new in svg_attacks() if len(new) < 2000]

    def check(changed: tuple[str, bytes]) -> None:
        part, content = changed
        if part:
            _assert_figure(unpack_figure({**parts, part: content}, "momentum", "th"))
            return
        path.write_bytes(content)
        assert cache.load(name) in (None, parts)

    def check_head(content: bytes) -> None:
        _assert_figure(unpack_figure({**parts, "head": content}, "momentum", "th"))

    def check_svg(content: bytes) -> None:
        for each, language in ((parts, "th"), (real, "en")):
            for form in ("svg", "svg_narrow"):
                _assert_figure(unpack_figure({**each, form: content}, "momentum", language))

    entries = [("", path.read_bytes()), *parts.items()]
    return {
        "kept-bytes": (
            st.one_of([st.tuples(st.just(each), changed_bytes([content])) for each, content in entries]),
            check,
        ),
        "kept-values": (changed_json(json.loads(parts["head"])), check_head),
        "kept-svg": (changed_bytes([text.encode() for text in [*texts * 50, *attacks]]), check_svg),
    }


_ACTIVE = re.compile(rb"/(?:JS|JavaScript|AA|OpenAction|AcroForm|Launch|EmbeddedFiles?|XFA|RichMedia|GoTo[RE])\b")


def read_kept_pdf(folder: Path) -> Target:
    """A small PDF with some bytes changed, or some values of its objects."""
    page = article("en")
    sound = lay_out_pdf(page, base_folder=folder, language="en")
    with pikepdf.open(io.BytesIO(sound)) as pdf:
        pages = len(pdf.pages)
        count = len(pdf.objects)
    names = [pikepdf.Name(f"/{each}") for each in ("S", "JavaScript", "Launch", "Link", "Page", "Type", "x0", "é")]
    odd = [None, True, 0, -1, 2**31, "x", "javascript:1", *names, pikepdf.Array(), pikepdf.Dictionary(S=names[1])]
    keys = ["/A", "/AA", "/S", "/Dest", "/Pg", "/K", "/Kids", "/Nums", "/Names", "/Contents", "/JS", "/Type", "/Count"]

    def change(seed: int) -> bytes:
        source = random.Random(seed)
        with pikepdf.open(io.BytesIO(sound)) as pdf:
            for _ in range(source.randint(1, 3)):
                item = pdf.objects[source.randrange(count)]
                if isinstance(item, pikepdf.Array) and len(item):
                    item[source.randrange(len(item))] = source.choice([*odd, item[0]])
                elif isinstance(item, (pikepdf.Dictionary, pikepdf.Stream)):
                    key = source.choice([*keys, *item.keys()])
                    value = source.choice([*odd, item, pdf.objects[source.randrange(count)]])
                    with contextlib.suppress(KeyError, ValueError, TypeError):  # the stream's own keys
                        item[key] = value
            try:
                return save_pdf(pdf)
            except (pikepdf.PdfError, RuntimeError, ValueError, TypeError, AttributeError):
                return sound

    def check(content: bytes) -> None:
        if check_kept_pdf(content, page):
            with pikepdf.open(io.BytesIO(content)) as pdf:
                assert len(pdf.pages) == pages
                assert not [item for item in pdf.objects if _ACTIVE.search(item.unparse(resolved=False))]

    return st.one_of(changed_bytes([sound]), st.integers(0, 2**64 - 1).map(change)), check


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


def make_target(name: str, folder: Path) -> Target:  # noqa: C901, PLR0912 - one branch a target
    """A target by its name; it works in a folder of its own."""
    if name == "study-bytes":
        return changed_bytes(_study_texts()), read_study(folder)
    if name == "study-values":
        return study_documents(), read_study(folder)
    if name == "byline-bytes":
        sounds = [_BYLINE.encode(), _BYLINE.encode("utf-16"), _BYLINE.encode("cp874", "replace")]
        return changed_bytes(sounds), read_byline_file(folder)
    if name == "byline-values":
        return byline_documents(), read_byline_file(folder)
    if name.startswith("inspection-"):
        return read_inspection_file(folder)[name]
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
        return changed_bytes([_small_npz(np.savez), _small_npz(np.savez_compressed)]), read_npz
    if name == "data-folder":
        return data_folders(), read_data_folder(folder)
    if name == "package":
        return changed_bytes(_packages()).map(lambda plain: gzip.compress(plain, 1, mtime=0)), read_package
    if name.startswith("manifest-"):
        document, sounds, check = read_report(folder)
        return (changed_bytes(sounds) if name == "manifest-bytes" else changed_json(document)), check
    if name == "small-files":
        sounds, check = read_small_files(folder)
        return changed_bytes(sounds), check
    if name == "kept-pdf":
        return read_kept_pdf(folder)
    if name.startswith("kept-"):
        return read_kept_figure(folder)[name]
    files, head, check, check_date = read_older_edition(folder)
    if name == "edition-file":
        return st.one_of(changed_json(_EDITION), changed_bytes([write_json(_EDITION)])), check_date
    texts = [st.tuples(st.just(each), changed_bytes([content])) for each, content in files.items()]
    documents = {each: json.loads(content) for each, content in files.items() if each.endswith(".json")}
    documents["manifest.json"] = head
    values = [st.tuples(st.just(each), changed_json(document)) for each, document in documents.items()]
    return st.one_of(*texts, *values), check


TARGETS = (
    "study-bytes", "study-values", "byline-bytes", "byline-values", "cache-bytes", "cache-values", "cache-state",
    "inspection-bytes", "inspection-values", "idx", "npz", "data-folder",
    "package",
    "manifest-bytes", "manifest-values", "small-files", "kept-bytes", "kept-values",
    "kept-svg", "kept-pdf", "edition-file", "older-edition",
)  # fmt: skip
