"""What a refusal of the system means, and what helps against it: one remedy for each kind."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

_FULL: Final = "free some space there, or choose another folder with {option}"
_QUOTA: Final = (
    "your quota there is used up: delete something of yours, ask for more, or choose another folder with {option}"
)
_READ_ONLY: Final = "it is mounted read-only: mount it writable, or choose another folder with {option}"
_LOCKS: Final = (
    "its file system has no locks, and two commands at once could not be told apart: choose a folder on a local disk "
    "with {option}"
)
_LOOP: Final = "a link stands where a folder or file of ours belongs: move the link away"
_REMEDIES: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _QUOTA,
    errno.EROFS: _READ_ONLY,
    errno.ENOLCK: _LOCKS,
    errno.ENOTSUP: _LOCKS,
    errno.EOPNOTSUPP: _LOCKS,
    errno.ENOSYS: _LOCKS,
    errno.EXDEV: "another file system is mounted inside it: unmount that, or choose another folder with {option}",
    errno.ELOOP: _LOOP,
    errno.ENOTDIR: "a file or a link stands where a folder belongs: move it away, or choose another folder with {option}",
    errno.EEXIST: "something else stands where a folder or file of ours belongs: move it away",
    errno.EISDIR: "a folder stands where a file of ours belongs: move it away",
    errno.ENAMETOOLONG: "choose a folder with a shorter path with {option}",
    errno.EMFILE: "too many files are open: raise the limit with `ulimit -n 1024`",
    errno.ENFILE: "the system has too many files open: try again later",
    errno.EBUSY: "something uses it: try again later, or choose another folder with {option}",
    errno.EIO: "the disk or the connection to it fails: look at the system's log, and choose another folder with {option}",
    errno.ESTALE: "the server has lost the folder: mount it again",
    errno.ENOENT: "it has been removed or moved meanwhile: run the command again",
    errno.EFBIG: "the limit on the size of a file is too small for it: raise it with `ulimit -f unlimited`, or choose "
    "another folder with {option}",
}
_REFUSED: Final = frozenset({errno.EACCES, errno.EPERM})


def find_remedy(error: OSError, place: Path, option: str) -> str:
    """What helps against a refusal.

    Args:
        error: What the system said.
        place: The file or folder that it is about; its owner is named where permissions are lacking.
        option: The option that names another folder, `--out` say.

    >>> find_remedy(OSError(28, "No space left on device"), Path("/srv/report"), "--out")
    'free some space there, or choose another folder with --out'
    """
    if error.errno in _REFUSED:
        return _name_owner(place, option)
    return _REMEDIES.get(error.errno or 0, "choose another folder with {option}").format(option=option)


def _name_owner(place: Path, option: str) -> str:
    """Whose a place is, or the nearest folder above it that can be looked at, and what follows from that."""
    for folder in (place, *place.parents):
        try:
            status = folder.lstat()
        except OSError:
            continue
        uid = os.geteuid() if hasattr(os, "geteuid") else -1
        owner = name_user(status.st_uid)
        if uid in (status.st_uid, 0):
            return (
                f"{folder} is yours, and yet refuses: look at its permissions (ls -ld) and attributes (lsattr -d), "
                f"or choose another folder with {option}"
            )
        return f"{folder} belongs to {owner}, and this command runs as {name_user(uid)}: run it as {owner}, ask {owner} for write permission, or choose another folder with {option}"
    return f"choose another folder with {option}"


def name_user(uid: int) -> str:
    """A user's name, or its number where the system knows no name."""
    try:
        import pwd  # noqa: PLC0415 - only Unix has it

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return f"user {uid}"


def describe_failure(error: OSError) -> str:
    """What the system said, with the file that it is about."""
    text = error.strerror or str(error) or type(error).__name__
    return f"{text}: {error.filename}" if error.filename and not isinstance(error.filename, int) else text
