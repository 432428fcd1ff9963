"""Study files: TOML in, `Study` out, or an error that names file, line and key."""

from __future__ import annotations

import itertools
import math
import re
import reprlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

from lrreport.documents import odd_letters
from lrreport.errors import SpecError
from lrreport.spec import DEFAULT_EPOCHS, PlateauSpec, RunSpec, Setting, Study, Value

#: Keys of `[base]` and `[vary]`, with what their values must be.
_KEYS: Final[Mapping[str, str]] = {
    "optimizer": "a word",
    "learning_rate": "a number",
    "momentum": "a number",
    "nesterov": "true or false",
    "decay": "a number",
    "batch_size": "a whole number",
    "epochs": "a whole number",
    "hidden_units": "a list of whole numbers",
    "plateau.patience": "a whole number",
    "plateau.factor": "a number",
    "plateau.min_delta": "a number",
    "dataset": "a word",
}
_TOP_LEVEL: Final = ("id", "title", "question", "base", "vary")
_LANGUAGES: Final = ("th", "en")
_MAX_BYTES: Final = 100_000
#: The time that `tomllib` takes for a key like a.b.c grows with the square of its parts: minutes for a file full of it.
_MAX_DOTS: Final = 2_000
_MAX_SETTINGS: Final = 1000
_MAX_TEXT: Final = 2000
_MAX_SHOWN: Final = 80
_MAX_INTEGER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Source:
    """A file's name and text; finds the line of a key, for messages."""

    name: str
    text: str

    def line_of(self, section: str | None, key: str | None) -> int:
        """The line on which `key` of `[section]` is set, or the section begins, or 1."""
        table, best = "", 1
        for number, line in enumerate(self.text.splitlines(), start=1):
            stripped = line.strip()
            if stripped.startswith("["):
                table = re.sub(r"[\s\"']", "", stripped.lstrip("[").partition("]")[0])
                if table in (section or key, f"{section}.{key}"):
                    best = number
                continue
            name = re.sub(r"[\s\"']", "", stripped.split("=", 1)[0]) if "=" in stripped else ""
            full = f"{table}.{name}" if table and name else name
            wanted = f"{section}.{key}" if section and key else (section or key)
            if wanted and full and (full == wanted or wanted.startswith(f"{full}.")):
                return number
        return best

    def at(self, section: str | None, key: str | None) -> str:
        """`file, line N, key [section].key`, for an error's `where`."""
        place = f"{self.name}, line {self.line_of(section, key)}"
        if section and key:
            return f"{place}, key '{key[:_MAX_SHOWN]}' of [{section}]"
        return f"{place}, key '{(key or section or '')[:_MAX_SHOWN]}'" if key or section else place


def _show(value: object) -> str:
    """A value in a message, cut short however long or deeply nested it is."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = _MAX_SHOWN
    short.maxlist = short.maxdict = 20
    return short.repr(value)[: 4 * _MAX_SHOWN]


def _check_type(source: _Source, section: str, key: str, value: Any) -> Value:
    kind = _KEYS[key]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "a word": isinstance(value, str),
        "a number": is_number,
        "a whole number": isinstance(value, int) and not isinstance(value, bool),
        "true or false": isinstance(value, bool),
        "a list of whole numbers": isinstance(value, list)
        and all(isinstance(item, int) and not isinstance(item, bool) for item in value),
    }[kind]
    if not fits:
        raise SpecError(
            f"'{key}' has a value of the wrong type", where=source.at(section, key), got=_show(value), expected=kind
        )
    return tuple(value) if isinstance(value, list) else value


def _flatten(source: _Source, section: str, table: Any) -> dict[str, Any]:
    """Turn `[section]` into dotted keys in the order of their lines; refuse unknown ones."""
    if not isinstance(table, dict):
        raise SpecError(
            f"'{section}' must be a table", where=source.at(None, section), got=_show(table), expected=f"[{section}]"
        )
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if key == "plateau" and isinstance(value, dict):
            flat.update({f"plateau.{name}": item for name, item in value.items()})
        else:
            flat[key] = value
    for key in flat:
        if key not in _KEYS:
            raise SpecError(
                f"[{section}] has an unknown key",
                where=source.at(section, key),
                got=_show(key),
                expected="one of " + ", ".join(_KEYS),
            )
    return dict(sorted(flat.items(), key=lambda item: source.line_of(section, item[0])))


def _read_words(source: _Source, key: str, table: Any) -> dict[str, str]:
    """A text in both languages, `[title]` say."""
    if not isinstance(table, dict) or set(table) != set(_LANGUAGES):
        raise SpecError(
            f"'{key}' needs a text in both languages",
            where=source.at(key, None),
            got=_show(sorted(table) if isinstance(table, dict) else table),
            expected="th and en, and nothing else",
        )
    for language, text in table.items():
        if not isinstance(text, str) or not text.strip() or len(text) > _MAX_TEXT:
            raise SpecError(
                f"'{key}.{language}' must be a text that is not empty",
                where=source.at(key, language),
                got=_show(text),
                expected=f"1 to {_MAX_TEXT:,} characters",
            )
    words = {language: " ".join(table[language].split()) for language in _LANGUAGES}
    for language, text in words.items():
        if odd := odd_letters(text):
            raise SpecError(
                f"'{key}.{language}' holds a character that cannot be printed",
                where=source.at(key, language),
                got=f"U+{ord(odd[0]):04X}",
                expected="letters, signs and spaces",
            )
    return words


def make_setting(study_id: str, base: Mapping[str, Value], varied: Mapping[str, Value]) -> Setting:
    """One point of a grid from its dotted keys.

    Raises:
        SpecError: A value or a combination of values is not allowed; `where` is the key.
    """
    values: dict[str, Any] = {**base, **varied}
    epochs = values.pop("epochs", DEFAULT_EPOCHS)
    plateau = {key.removeprefix("plateau."): values.pop(key) for key in list(values) if key.startswith("plateau.")}
    spec = RunSpec(**values, plateau=PlateauSpec(**plateau) if plateau else None)
    return Setting(study_id, tuple(varied.items()), spec, epochs)


def _check_integers(document: Mapping[str, Any]) -> None:
    """Refuse integers that TOML need not hold: Python's own have no end, and no float takes them.

    Raises:
        ValueError: One is beyond 64 bits.
    """
    left: list[object] = [document]
    while left:
        value = left.pop()
        if isinstance(value, int) and abs(value) > _MAX_INTEGER:
            message = "an integer is beyond 64 bits"
            raise ValueError(message)
        if isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, list):
            left.extend(value)


def _read_document(source: _Source) -> dict[str, Any]:
    """The TOML of a study file, with the top-level keys that it may and must have."""
    if (dots := source.text.count(".")) > _MAX_DOTS:
        raise SpecError(
            "The study file holds too many dots", where=source.name, got=f"{dots:,}", expected=f"at most {_MAX_DOTS:,}"
        )
    try:
        document = tomllib.loads(source.text)
        _check_integers(document)
    except (ValueError, RecursionError) as error:  # a ValueError: an integer of thousands of digits
        raise SpecError(
            "The study file is not valid TOML",
            where=source.name,
            got=str(error)[: 4 * _MAX_SHOWN],
            fix="correct the line that is named",
        ) from error
    for key in document:
        if key not in _TOP_LEVEL:
            raise SpecError(
                "The study file has an unknown key",
                where=source.at(None, key),
                got=_show(key),
                expected="one of " + ", ".join(_TOP_LEVEL),
            )
    for key in ("id", "title"):
        if key not in document:
            raise SpecError(
                f"The study file has no '{key}'", where=source.name, expected=f"'{key}'", fix=f"add '{key}'"
            )
    return document


def _read_grid(source: _Source, table: Any, base: Mapping[str, Value]) -> dict[str, list[Value]]:
    """`[vary]`: each key with its values, in file order."""
    grid = _flatten(source, "vary", table)
    for key, values in grid.items():
        if not isinstance(values, list) or not values:
            raise SpecError(
                f"'{key}' under [vary] must be a list that is not empty",
                where=source.at("vary", key),
                got=_show(values),
                expected=f"a list, each item {_KEYS[key]}",
            )
        if key in base:
            raise SpecError(
                f"'{key}' stands under [base] and under [vary]",
                where=source.at("vary", key),
                got=f"[base] {_show(base[key])} and [vary] {_show(values)}",
                expected="one of the two",
            )
    if (count := math.prod(map(len, grid.values()))) > _MAX_SETTINGS:
        raise SpecError(
            "The grid is too large",
            where=source.at("vary", None),
            got=f"{count} settings",
            expected=f"at most {_MAX_SETTINGS}",
        )
    return {key: [_check_type(source, "vary", key, value) for value in values] for key, values in grid.items()}


def parse_study(text: str, name: str, overrides: Mapping[str, Value] | None = None) -> Study:
    """Read one study file.

    Args:
        text: The file's text.
        name: The file's name, for messages.
        overrides: Values of the command line; they replace `[base]` and defaults, never what the study varies.

    Raises:
        SpecError: The text is not TOML, or not a study; nothing has been trained then.
    """
    source = _Source(name, text)
    document = _read_document(source)
    title = _read_words(source, "title", document["title"])
    question = _read_words(source, "question", document["question"]) if "question" in document else {}
    base = {
        key: _check_type(source, "base", key, value)
        for key, value in _flatten(source, "base", document.get("base", {})).items()
    }
    grid = _read_grid(source, document.get("vary", {}), base)
    base.update({key: value for key, value in (overrides or {}).items() if key not in grid})
    try:
        settings = tuple(
            make_setting(str(document["id"]), base, dict(zip(grid, point, strict=True)))
            for point in itertools.product(*grid.values())
        )
        return Study(document["id"], title, settings, question, name)
    except SpecError as error:
        key = error.where or ""
        section = "vary" if key in grid else "base" if key in base else None
        raise SpecError(
            error.message,
            where=source.at(section, key),
            got=error.got,
            expected=error.expected,
            fix="correct the study file",
        ) from error


def load_built_in_studies(overrides: Mapping[str, Value] | None = None) -> tuple[Study, ...]:
    """The studies that come with the package, in the article's order, which is that of their file names."""
    folder = resources.files("lrreport") / "studies"
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda item: item.name)
    return tuple(parse_study(item.read_text("utf-8"), item.name, overrides) for item in files)


def load_study_folder(folder: Path, overrides: Mapping[str, Value] | None = None) -> tuple[Study, ...]:
    """The studies of a user's folder, in the order of their file names.

    Raises:
        SpecError: The folder does not exist, holds no study, or one of its files is not a study.
    """
    if not folder.is_dir():
        raise SpecError(
            "There is no such folder of studies", where=str(folder), fix="name a folder that holds *.toml files"
        )
    paths = sorted(path for path in folder.glob("*.toml") if not path.name.startswith("."))
    if not paths:
        raise SpecError("The folder holds no study", where=str(folder), expected="at least one *.toml file")
    return tuple(parse_study(_read_text(path), str(path), overrides) for path in paths)


def _read_text(path: Path) -> str:
    try:
        if not path.is_file():  # asked before opening: to open a pipe is to wait for its other end
            raise SpecError("The study file is no regular file", where=str(path), expected="a file")
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
        if len(content) > _MAX_BYTES:
            raise SpecError("The study file is too large", where=str(path), expected=f"at most {_MAX_BYTES:,} bytes")
        return content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(
            "The study file cannot be read", where=str(path), got=str(error), expected="UTF-8 text"
        ) from error


def join_studies(*groups: Iterable[Study]) -> tuple[Study, ...]:
    """All studies in order.

    Raises:
        SpecError: Two studies have the same id.
    """
    joined: dict[str, Study] = {}
    for study in itertools.chain(*groups):
        if study.id in joined:
            raise SpecError(
                "Two studies have the same id",
                where=f"{study.source}, key 'id'",
                got=f"'{study.id}', which {joined[study.id].source} has already",
                expected="an id of its own",
            )
        joined[study.id] = study
    return tuple(joined.values())
