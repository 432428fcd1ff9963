"""Loading of a dataset: the copy in our cache if it is sound, else the first source that has the right bytes."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from lrreport.atomic import write_atomically
from lrreport.datasets.decoding import decode_npz, decode_path, read_bounded
from lrreport.datasets.pinned import Dataset, make_dataset, pinned_parts
from lrreport.datasets.sources import list_sources
from lrreport.errors import CacheError, DataError

#: Temporary files older than this belong to a process that was killed.
_ABANDONED_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class KeptDataset:
    """What our cache holds of a dataset.

    Attributes:
        name: `mnist` or `fashion-mnist`.
        path: The file, whether or not it is there.
        is_present: Whether it is there.
        problem: Why it cannot be used, in one line; None when every byte is as it should be.
    """

    name: str
    path: Path
    is_present: bool
    problem: str | None

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
        data_path: An `npz` file as Keras has it, or a folder of IDX files. When given, it alone is read, even
            if the cache holds the dataset: who names a path must not get other data.
        report: Takes one line about each source that is tried; a line about damage begins with 'warning: '.

    Raises:
        DataError: No source has the dataset, or the named path has not.
        CacheError: The dataset was found but cannot be kept.
    """
    pinned_parts(name)
    kept_path = _path_in_cache(name, cache_dir)
    if data_path is not None:
        return _load_named(name, data_path, kept_path, report)
    if _is_file(kept_path):
        try:
            return _read_kept(name, kept_path)
        except DataError as error:
            reason = _in_one_line(error)
            report(f"warning: the kept copy of {name} ({kept_path}) is damaged and is fetched again: {reason}")
    return _fetch(name, kept_path, report)


def locate_dataset(name: str, cache_dir: Path) -> Path | None:
    """The file in our cache that holds a dataset, or None; it is not opened."""
    pinned_parts(name)
    path = _path_in_cache(name, cache_dir)
    return path if _is_file(path) else None


def verify_dataset(name: str, cache_dir: Path) -> KeptDataset:
    """Check every byte of the copy in our cache; changes nothing and fetches nothing."""
    pinned_parts(name)
    path = _path_in_cache(name, cache_dir)
    try:
        _read_kept(name, path)
    except DataError as error:
        return KeptDataset(name, path, is_present=_is_file(path), problem=_in_one_line(error))
    return KeptDataset(name, path, is_present=True, problem=None)


def _path_in_cache(name: str, cache_dir: Path) -> Path:
    return cache_dir / "data" / f"{name}.npz"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder above it is closed to us; reading or writing then says so
        return False


def _read_kept(name: str, path: Path) -> Dataset:
    return make_dataset(name, decode_npz(read_bounded(path), str(path)))


def _load_named(name: str, data_path: Path, kept_path: Path, report: Callable[[str], None]) -> Dataset:
    try:
        dataset = make_dataset(name, decode_path(data_path))
    except DataError as error:
        raise DataError(
            error.message,
            where=error.where or str(data_path),
            got=error.got,
            expected=error.expected,
            fix=f"give --data a {name}.npz as Keras has it or a folder with the four original files, "
            "or leave --data out to have them fetched",
        ) from error
    report(f"{name}: {data_path}: checked")
    kept = verify_dataset(name, kept_path.parent.parent)
    if not kept.is_intact:
        if kept.is_present:
            report(f"warning: the kept copy of {name} ({kept_path}) is damaged and is made again: {kept.problem}")
        _keep(dataset, kept_path)
    return dataset


def _fetch(name: str, kept_path: Path, report: Callable[[str], None]) -> Dataset:
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
        _keep(dataset, kept_path)
        report(f"{name}: {source.label}: checked, kept as {kept_path}")
        return dataset
    raise DataError(
        f"The dataset {name} was found nowhere",
        got=f"{len(tried)} sources, tried in this order" + "".join(f"\n    {line}" for line in tried),
        fix=f"on a machine with internet access run 'lrreport data fetch --dataset {name}' and copy the file that "
        f"'lrreport data where' names; then give it here: --data {name}.npz (a folder with the four original "
        "IDX files does too)",
    )


def _keep(dataset: Dataset, path: Path) -> None:
    """Write the copy that later loads read: not compressed, since inflating costs more than reading."""
    packed = io.BytesIO()
    np.savez(
        packed,
        x_train=dataset.train_images,
        y_train=dataset.train_labels,
        x_test=dataset.test_images,
        y_test=dataset.test_labels,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f".{path.name}.*.tmp"):
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                left.unlink(missing_ok=True)
        write_atomically(path, packed.getvalue())
    except OSError as error:
        raise CacheError(
            f"The dataset {dataset.name} was found, but cannot be kept in the cache",
            where=str(path),
            got=error.strerror or str(error),
            fix="make room or make the folder writable, or choose another cache folder with --cache",
        ) from error


def _in_one_line(error: DataError) -> str:
    """An error's message and details in one line, for progress and for lists of what was tried."""
    details = [error.got and f"found {error.got}", error.expected and f"expected {error.expected}"]
    told = [detail for detail in details if detail]
    text = f"{error.message} ({'; '.join(told)})" if told else error.message
    return " ".join(text.split())
