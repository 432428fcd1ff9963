"""Loading of a dataset: the copy in our cache if it is sound, else the first source that has the right bytes."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from lrreport.cache.folder import DATA, DATA_FILE, look_into_cache, open_cache
from lrreport.datasets.decoding import MAX_FILE_BYTES, decode_npz
from lrreport.datasets.given_paths import decode_path
from lrreport.datasets.pinned import PINNED_DIGESTS, Bytes, Dataset, make_dataset, pinned_parts
from lrreport.datasets.sources import DEBIAN_FOLDER, DEBIAN_PACKAGE, list_sources
from lrreport.errors import CacheError, DataError
from lrreport.system.failures import describe_failure, find_remedy
from lrreport.system.folders import Folder

#: Temporary files older than this belong to a process that was killed.
_ABANDONED_S: Final = 3600.0
_TITLES: Final = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST"}
_FROM_DEBIAN: Final = {
    "fashion-mnist": f"on Debian or Ubuntu run 'apt-get install {DEBIAN_PACKAGE}', whose files are found by themselves "
    f"in {DEBIAN_FOLDER}; or "
}


@dataclass(frozen=True, slots=True)
class KeptDataset:
    """What our cache holds of a dataset.

    Attributes:
        name: `mnist` or `fashion-mnist`.
        path: The file, whether or not it is there.
        is_present: Whether it is there.
        problem: Why it cannot be used, in one line; None when every byte is as it should be.
        dataset: What it holds; None where it cannot be used.
    """

    name: str
    path: Path
    is_present: bool
    problem: str | None
    dataset: Dataset | None = None

    @property
    def is_intact(self) -> bool:
        """Whether the file is there and every byte of the dataset is as it should be."""
        return self.problem is None


def load_dataset(
    name: str, *, cache_dir: Path, data_path: Path | None = None, report: Callable[[str], None]
) -> Dataset:
    """Load a dataset, fetching it where it is not in our cache yet; every byte is checked each time.

    Args:
        name: `mnist` or `fashion-mnist`.
        cache_dir: The cache folder; the checked copy is kept as `data/NAME.npz` in it.
        data_path: An `npz` file as Keras has it, or a folder with IDX files in it or below it. When given, it alone
            is read, even if the cache holds the dataset: who names a path must not get other data.
        report: Takes one line about each source that is tried; a line about damage begins with 'warning: '.

    Raises:
        DataError: No source has the dataset, or the named path has not.
        CacheError: The dataset was found but cannot be kept.
    """
    pinned_parts(name)
    kept_path = _path_in_cache(name, cache_dir)
    if data_path is not None:
        return _load_named(name, data_path, cache_dir, report)
    if locate_dataset(name, cache_dir) is not None:
        try:
            return _read_kept(name, cache_dir)
        except DataError as error:
            reason = _in_one_line(error)
            report(f"warning: the kept copy of {name} ({kept_path}) is damaged and is fetched again: {reason}")
    return _fetch(name, cache_dir, report)


def locate_dataset(name: str, cache_dir: Path) -> Path | None:
    """The file in our cache that holds a dataset, or None; it is not opened."""
    pinned_parts(name)
    with _open_data(cache_dir) as folder:
        is_there = folder is not None and folder.has_file(f"{name}.npz")
    return _path_in_cache(name, cache_dir) if is_there else None


def verify_dataset(name: str, cache_dir: Path) -> KeptDataset:
    """Check every byte of the copy in our cache; changes nothing and fetches nothing."""
    pinned_parts(name)
    path = _path_in_cache(name, cache_dir)
    is_present = locate_dataset(name, cache_dir) is not None
    try:
        dataset = _read_kept(name, cache_dir)
    except DataError as error:
        return KeptDataset(name, path, is_present, problem=_in_one_line(error))
    return KeptDataset(name, path, is_present=True, problem=None, dataset=dataset)


def _path_in_cache(name: str, cache_dir: Path) -> Path:
    return cache_dir / DATA / f"{name}.npz"


@contextmanager
def _open_data(cache_dir: Path) -> Iterator[Folder | None]:
    """The cache's folder of images; None where there is none, or a link or a file in its place."""
    root = look_into_cache(cache_dir)
    if root is None:
        yield None
        return
    with root:
        folder = root.find(DATA)
        try:
            yield folder
        finally:
            if folder is not None:
                folder.close()


def _read_kept(name: str, cache_dir: Path) -> Dataset:
    """The copy in the cache, checked.

    Raises:
        DataError: There is none, or it is not what it should be.
    """
    where = str(_path_in_cache(name, cache_dir))
    with _open_data(cache_dir) as folder:
        if folder is None or folder.status(f"{name}.npz") is None:
            raise DataError("There is no such file", where=where)
        try:
            content = folder.read(f"{name}.npz", MAX_FILE_BYTES)
        except OSError as error:
            raise DataError("The file cannot be read", where=where, got=error.strerror or str(error)) from error
    return make_dataset(name, decode_npz(content, where))


def _load_named(name: str, data_path: Path, cache_dir: Path, report: Callable[[str], None]) -> Dataset:
    try:
        arrays = decode_path(data_path, pinned_parts(name))
        _refuse_other(name, arrays)
        dataset = make_dataset(name, arrays)
    except DataError as error:
        raise DataError(
            error.message,
            where=error.where or str(data_path),
            got=error.got,
            expected=error.expected,
            fix=error.fix
            or f"give --data a {name}.npz as Keras has it or a folder with the four original files, "
            "or leave --data out to have them fetched",
        ) from error
    report(f"{name}: {data_path}: checked")
    kept = verify_dataset(name, cache_dir)
    if not kept.is_intact:
        if kept.is_present:
            report(f"warning: the kept copy of {name} ({kept.path}) is damaged and is made again: {kept.problem}")
        _keep(dataset, cache_dir)
    return dataset


def _refuse_other(name: str, arrays: Mapping[str, Bytes]) -> None:
    """Say so when arrays are another dataset than the one that was asked for.

    Raises:
        DataError: All their labels are those of the other one.
    """
    found = {key: hashlib.sha256(arrays[key].data).hexdigest() for key in ("y_train", "y_test")}
    for other, pinned in PINNED_DIGESTS.items():
        if other != name and found.items() <= pinned.items():
            raise DataError(
                f"This is {_TITLES[other]}, not {_TITLES[name]}",
                fix=f"add --dataset {other}, or give --data the place of {_TITLES[name]}",
            )


def _fetch(name: str, cache_dir: Path, report: Callable[[str], None]) -> Dataset:
    tried = []
    for source in list_sources(name):
        if source.is_remote:
            report(f"{name}: {source.label}: asking")
        try:
            dataset = make_dataset(name, source.read())
        except DataError as error:
            reason = _in_one_line(error)
            tried.append(f"{source.label}: {reason}")
            report(f"{name}: {source.label}: {reason}")
            continue
        _keep(dataset, cache_dir)
        report(f"{name}: {source.label}: checked, kept as {_path_in_cache(name, cache_dir)}")
        return dataset
    raise DataError(
        f"The dataset {name} was found nowhere",
        got=f"{len(tried)} sources, tried in this order" + "".join(f"\n    {line}" for line in tried),
        fix=_FROM_DEBIAN.get(name, "")
        + f"on a machine with internet access run 'lrreport data fetch --dataset {name}' and copy the file that "
        f"'lrreport data where' names; then give it here: --data {name}.npz (a folder with the four original "
        "IDX files does too)",
    )


def _keep(dataset: Dataset, cache_dir: Path) -> None:
    """Write the copy that later loads read: not compressed, since inflating costs more than reading."""
    packed = io.BytesIO()
    np.savez(
        packed,
        x_train=dataset.train_images,
        y_train=dataset.train_labels,
        x_test=dataset.test_images,
        y_test=dataset.test_labels,
    )
    path = _path_in_cache(dataset.name, cache_dir)
    with open_cache(cache_dir) as root:
        try:
            root.make(DATA)
            with root.enter(DATA) as folder:
                folder.remove_temporary(DATA_FILE.fullmatch, since=time.time() - _ABANDONED_S)
                folder.write(path.name, packed.getvalue())
        except OSError as error:
            raise CacheError(
                f"The dataset {dataset.name} was found, but cannot be kept in the cache",
                where=str(path),
                got=describe_failure(error),
                fix=find_remedy(error, path, "--cache"),
            ) from error


def _in_one_line(error: DataError) -> str:
    """An error's message and details in one line, for progress and for lists of what was tried."""
    details = [error.got and f"found {error.got}", error.expected and f"expected {error.expected}"]
    told = [detail for detail in details if detail]
    text = f"{error.message} ({'; '.join(told)})" if told else error.message
    return " ".join(text.split())
