"""What can go wrong, and the exit code that each kind owns.

LrreportError               1   a bug of ours, when raised as itself
├── UsageError              2   the command line asks for what cannot be
│   └── SpecError           2   a study file, or a value in it
├── MissingResultsError     3   `render` needs results that are not in the cache
├── DataError               4   the dataset cannot be found, read or trusted
├── RenderError             5   figures, pages or PDFs
├── CacheError              6   the result cache cannot be read or written
├── OutputError             7   the output folder is not ours, not writable, or full
├── BusyError               8   another build holds the lock
├── InterruptedBuildError   130 Ctrl-C, after the checkpoint is written
└── TerminatedBuildError    143 SIGTERM, after the checkpoint is written

Divergence of a run is a result, not an error.
"""

from __future__ import annotations

from typing import ClassVar, Final

TOO_LITTLE_MEMORY: Final = (
    "give it more memory (`ulimit -v` shows a limit that was set), or work on fewer things at a time: --threads 1, "
    "one --edition"
)


class LrreportError(Exception):
    """One sentence that a stranger understands, and what to do about it.

    Args:
        message: What went wrong, in one sentence.
        where: File, line and key, or the path that was worked on.
        got: What was found.
        expected: What is allowed.
        fix: A command or an edit that helps.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        got: str | None = None,
        expected: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.got = got
        self.expected = expected
        self.fix = fix

    def __str__(self) -> str:
        """Return the message and its details, one a line.

        They quote files, names and keys of strangers: what a terminal would obey is written as an escape.
        """
        details = [
            f"  {name}: {value}"
            for name, value in (
                ("where", self.where),
                ("got", self.got),
                ("expected", self.expected),
                ("fix", self.fix),
            )
            if value is not None
        ]
        return escape_controls("\n".join([self.message, *details]))


def escape_controls(text: str) -> str:
    r"""A text of strangers for a terminal: what a terminal would obey is written as an escape; line ends stay.

    >>> print(escape_controls("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return "".join(letter if letter.isprintable() or letter == "\n" else ascii(letter)[1:-1] for letter in text)


class UsageError(LrreportError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class SpecError(UsageError):
    """A study file, or a value in it, is not allowed."""


class MissingResultsError(LrreportError):
    """Results are missing from the cache, and this command does not train."""

    exit_code = 3


class DataError(LrreportError):
    """The dataset cannot be found, read or trusted."""

    exit_code = 4


class RenderError(LrreportError):
    """Figures, pages or PDFs could not be made as they should be."""

    exit_code = 5


class CacheError(LrreportError):
    """The result cache cannot be read or written."""

    exit_code = 6


class OutputError(LrreportError):
    """The output folder is not ours, not writable, or full."""

    exit_code = 7


class BusyError(LrreportError):
    """Another build holds the lock."""

    exit_code = 8


class InterruptedBuildError(LrreportError):
    """Ctrl-C: what was trained is saved."""

    exit_code = 130


class TerminatedBuildError(LrreportError):
    """SIGTERM: what was trained is saved."""

    exit_code = 143
