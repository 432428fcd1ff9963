"""State files: weights and optimizer slots of a run as an `npz` that NumPy wrote, read as if a stranger had.

What a file may hold follows from its run's spec, array by array. Names, types, shapes and sizes are compared with that
before anything of that size is allocated; nothing is unpickled and nothing is decompressed.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import io
import itertools
import math
import struct
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from lrreport.checkpoints import SLOT_NAMES, Checkpoint
from lrreport.documents import NPY_ERRORS
from lrreport.errors import CacheError
from lrreport.groups import CLASSES, INPUTS, family_of
from lrreport.spec import RunSpec
from lrreport.system.folders import Folder

_FLOAT32: Final = np.dtype(np.float32)
_MAX_NPY_HEADER_BYTES: Final = 4096
#: Room for an array's two zip headers, its name and its npy header.
_OVERHEAD_BYTES: Final = 2048
_END: Final = struct.Struct("<4s4H2LH")
_END_MARK: Final = b"PK\x05\x06"
_ZIP64_MARK: Final = b"PK\x06\x07"
_ZIP64_BYTES: Final = 20


def expected_arrays(spec: RunSpec) -> dict[str, tuple[int, ...]]:
    """Name and shape of every array of a run's checkpoint."""
    widths = (INPUTS, *spec.hidden_units, CLASSES)
    return {
        f"{kind}/{layer}/{part}": shape
        for kind in ("weight", *SLOT_NAMES[family_of(spec)])
        for layer, (fan_in, fan_out) in enumerate(itertools.pairwise(widths))
        for part, shape in (("kernel", (fan_in, fan_out)), ("bias", (fan_out,)))
    }


def pack_arrays(checkpoint: Checkpoint) -> bytes:
    """A checkpoint's arrays as the bytes of an `npz` file, not compressed."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(checkpoint.arrays))
    return buffer.getvalue()


def check_state(folder: Folder, name: str, sha256: str, spec: RunSpec) -> str | None:
    """What is wrong with a state file; None when it is what `run.json` says and what the run needs.

    Args:
        folder: The run's folder.
        name: The file in it.
        sha256: The digest that it must have.
        spec: Its run.

    Raises:
        OSError: It cannot be read.
    """
    expected = expected_arrays(spec)
    if not folder.has_file(name):
        return "is missing"
    try:
        packed = folder.read(name, _largest(expected))
    except OSError as error:
        if error.errno == errno.EFBIG:
            return "is too large"
        raise
    if hashlib.sha256(packed).hexdigest() != sha256:
        return "its checksum does not fit its content"
    try:
        for array_name, values in _read_arrays(io.BytesIO(packed), expected):
            if not np.isfinite(values).all():
                return f"has an array '{array_name}' with something in it that is no finite number"
    except ValueError as error:
        return str(error)
    return None


def _largest(expected: Mapping[str, tuple[int, ...]]) -> int:
    return sum(math.prod(shape) * _FLOAT32.itemsize + _OVERHEAD_BYTES for shape in expected.values())


def _read_arrays(file: IO[bytes], expected: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Name and values of each array, one after the other.

    Raises:
        ValueError: The file does not hold just these arrays.
    """
    _check_directory(file, len(expected))
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if {member.filename for member in members} != {f"{name}.npy" for name in expected}:
                message = "holds other arrays than its run has"
                raise ValueError(message)
            for member in members:
                name = member.filename.removesuffix(".npy")
                size_bytes = math.prod(expected[name]) * _FLOAT32.itemsize
                is_plain = member.compress_type == zipfile.ZIP_STORED and not member.flag_bits & 1
                if not is_plain or not size_bytes < member.file_size <= size_bytes + _MAX_NPY_HEADER_BYTES:
                    message = f"has an array '{name}' of another size than its run has"
                    raise ValueError(message)
                with archive.open(member) as values:
                    _check_header(values, name, expected[name])
                    content = values.read(size_bytes + 1)  # to the end, where zipfile compares the CRC
                    yield name, np.frombuffer(content, np.float32).reshape(expected[name])
    # NotImplementedError: a zip version or method that no npz has; RuntimeError: an encrypted member.
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        struct.error,
        NotImplementedError,
        RuntimeError,
        UnicodeError,
    ) as error:
        message = f"is not an npz file: {error}"
        raise ValueError(message) from error


def _check_directory(file: IO[bytes], count: int) -> None:
    """Refuse a directory of more members than there are arrays before each of them becomes an object."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - _END.size - _ZIP64_BYTES))
    tail = file.read()
    file.seek(0)
    if len(tail) < _END.size + _ZIP64_BYTES:
        message = "is not an npz file: it is too short"
        raise ValueError(message)
    mark, _, _, _, members, directory_bytes, _, comment_bytes = _END.unpack(tail[-_END.size :])
    if mark != _END_MARK or comment_bytes or tail.startswith(_ZIP64_MARK):
        message = "is not an npz file as NumPy writes it"
        raise ValueError(message)
    if members != count or directory_bytes > count * _OVERHEAD_BYTES:
        message = f"holds {members} arrays, and its run has {count}"
        raise ValueError(message)


def _check_header(values: IO[bytes], name: str, shape: tuple[int, ...]) -> None:
    try:
        is_plain = np.lib.format.read_magic(values) == (1, 0)
        found = np.lib.format.read_array_header_1_0(values, _MAX_NPY_HEADER_BYTES) if is_plain else None
    except NPY_ERRORS as error:
        message = f"has an array '{name}' whose header cannot be read"
        raise ValueError(message) from error
    if found != (shape, False, _FLOAT32):
        message = f"has an array '{name}' of another kind than its run has"
        raise ValueError(message)


class Shelf(Protocol):
    """Where state files lie: the store."""

    def read_file(self, key: str, name: str, limit: int) -> bytes:
        """A file of a run's folder, of at most `limit` bytes."""


class StateArrays(Mapping[str, NDArray[np.float32]]):
    """The arrays of a state file that was checked; read when the first of them is asked for.

    A plan looks at every entry and needs no array of any. To another process they go as arrays: it needs no cache.

    Args:
        shelf: Reads the file.
        key: The run's key.
        name: The file.
        sha256: Its digest; compared again when it is read.
        spec: Its run.
    """

    def __init__(self, shelf: Shelf, key: str, name: str, sha256: str, spec: RunSpec) -> None:
        self._shelf = shelf
        self._place = (key, name)
        self._sha256 = sha256
        self._expected = expected_arrays(spec)

    def __reduce__(self) -> tuple[type, tuple[dict[str, NDArray[np.float32]]]]:
        """As plain arrays."""
        return dict, (dict(self),)

    @functools.cached_property
    def _arrays(self) -> dict[str, NDArray[Any]]:
        try:
            packed = self._shelf.read_file(*self._place, _largest(self._expected))
            problem = None if hashlib.sha256(packed).hexdigest() == self._sha256 else "its content"
        except OSError as error:
            packed, problem = b"", error.strerror or str(error)
        if problem is not None:
            raise CacheError(
                "A state in the cache has changed since it was checked",
                where="/".join(self._place),
                got=problem,
                fix="run the same command again; a damaged run is trained again",
            )
        return dict(_read_arrays(io.BytesIO(packed), self._expected))

    def __getitem__(self, name: str) -> NDArray[np.float32]:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._expected)

    def __len__(self) -> int:
        return len(self._expected)
