"""What a teacher puts below the title: course, name, institution; from the command line or from a TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lrreport.errors import UsageError
from lrreport.text_files import find_fault, join_words, load_toml, parse_toml, show

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

    Each of `course`, `name` and `institution` is a text for both languages, or a table with `th`, `en` or both; what else
    the file holds is not looked at. The suffix may be written in capitals, and `~` stands for the home folder.

    Raises:
        UsageError: The text is empty or too long; there is no such file; or it holds anything else.

    >>> read_byline("Somchai Jaidee").in_language("th")
    ('Somchai Jaidee',)
    """
    if not text.strip().lower().endswith(_SUFFIX):
        return Byline((_check_line(text, "--byline"),))
    try:
        path = Path(text.strip()).expanduser()
    except RuntimeError as error:
        raise UsageError(
            "The file of the byline cannot be read", where=text, got=str(error), fix="write its whole path"
        ) from error
    source = load_toml(path, "file of the byline", UsageError)
    document = parse_toml(source)
    report = document.get("report")
    if not isinstance(report, dict) or not report:
        raise UsageError(
            "The file of the byline has no table [report]",
            where=source.name,
            expected="[report] with " + ", ".join(KEYS),
            fix="write [report] above the keys",
        )
    if (key := next((key for key in report if key not in KEYS), None)) is not None:
        raise UsageError(
            "The file of the byline has a key that nobody reads",
            where=source.at("report", key),
            got=show(key),
            expected="[report] with " + ", ".join(KEYS),
            fix="correct or delete it",
        )
    return Byline(tuple(_check_line(report[key], source.at("report", key)) for key in KEYS if key in report))


def _check_line(value: Any, where: str) -> dict[str, str]:
    texts = value if isinstance(value, dict) else dict.fromkeys(_LANGUAGES, value)
    is_for_both = bool(texts) and set(texts) <= set(_LANGUAGES)
    faults = [fault for text in texts.values() if (fault := find_fault(text, _LONGEST))]
    faults += [f"several lines: {show(text)}" for text in texts.values() if "\n" in str(text).strip()]
    if faults or not is_for_both:
        raise UsageError(
            "A line of the byline is not a text",
            where=where,
            got=faults[0] if is_for_both else show(value),
            expected=f'one line of at most {_LONGEST} characters, or {{ th = "...", en = "..." }}',
            fix="correct or shorten the text",
        )
    return {language: join_words(texts.get(language, next(iter(texts.values())))) for language in _LANGUAGES}
