"""What a teacher puts below the title: course, name, institution; from the command line or from a TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lrreport.errors import UsageError

#: Keys of `[report]`, in the order in which the title page has them.
KEYS: Final = ("course", "name", "institution")
_LANGUAGES: Final = ("th", "en")
_SUFFIX: Final = ".toml"
#: More would push the title page's picture off its page.
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Byline:
    """The lines below the title.

    Attributes:
        lines: One text a line, by language (`th`, `en`).
    """

    lines: tuple[Mapping[str, str], ...] = ()

    def in_language(self, language: str) -> tuple[str, ...]:
        """The lines of one language."""
        return tuple(line[language] for line in self.lines)


def read_byline(text: str) -> Byline:
    """What `--byline` names: a line of text, or a file ending in `.toml` whose `[report]` has its parts.

    Each of `course`, `name` and `institution` is a text for both languages, or a table with `th` and `en`.

    Raises:
        UsageError: The text is empty or too long; there is no such file; or it holds anything else.

    >>> read_byline("Somchai Jaidee").in_language("th")
    ('Somchai Jaidee',)
    """
    if not text.endswith(_SUFFIX):
        return Byline((_check_line(text, "--byline"),))
    path = Path(text)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(
            "The file of the byline cannot be read", where=text, got=error.strerror, fix="name a file that exists"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            "The file of the byline is not valid TOML", where=text, got=str(error), fix="correct it"
        ) from error
    report = document.get("report")
    if not isinstance(report, dict) or not report:
        raise UsageError(
            "The file of the byline has no table [report]", where=text, expected="[report] with " + ", ".join(KEYS)
        )
    if unknown := [key for key in report if key not in KEYS]:
        raise UsageError(
            "The table [report] has a key that nobody reads",
            where=text,
            got=", ".join(unknown),
            expected=", ".join(KEYS),
        )
    return Byline(tuple(_check_line(report[key], f"{text}, report.{key}") for key in KEYS if key in report))


def _check_line(value: Any, where: str) -> dict[str, str]:
    texts = value if isinstance(value, dict) else dict.fromkeys(_LANGUAGES, value)
    is_text = all(isinstance(text, str) and text.strip() and text.isprintable() for text in texts.values())
    if set(texts) != set(_LANGUAGES) or not is_text or max(map(len, texts.values())) > _LONGEST:
        raise UsageError(
            "A line of the byline is not a text",
            where=where,
            got=repr(value),
            expected=f'one line of at most {_LONGEST} characters, or {{ th = "...", en = "..." }}',
        )
    return {language: texts[language].strip() for language in _LANGUAGES}
