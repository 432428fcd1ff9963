"""Study files: TOML in, `Study` out, or an error that names file, line and key."""

from __future__ import annotations

import itertools
import math
import unicodedata
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from lrreport.errors import SpecError
from lrreport.spec import DEFAULT_EPOCHS, PlateauSpec, RunSpec, Setting, Study, Value
from lrreport.text_files import TomlText, find_fault, join_words, load_toml, parse_toml, show

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
    "shuffle": "a word",
}
_TOP_LEVEL: Final = ("id", "title", "question", "base", "vary")
_LANGUAGES: Final = ("th", "en")
_MAX_SETTINGS: Final = 1000
#: WeasyPrint takes a minute for a title of 2,000 Thai letters: it breaks it into lines wherever a page names the study.
_MAX_LETTERS: Final[Mapping[str, int]] = {"title": 200, "question": 600}
_NOUN: Final = "study file"
_SUFFIX: Final = ".toml"
#: Begin the files that Microsoft Office and LibreOffice put beside one that is open.
_LOCKS: Final = ("~$", ".~lock.")


def _check_type(source: TomlText, section: str, key: str, value: Any) -> Value:
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
            f"'{key}' has a value of the wrong type",
            where=source.at(section, key),
            got=show(value),
            expected=kind,
            fix=source.find_slip(section, key, value),
        )
    return tuple(value) if isinstance(value, list) else value


def _flatten(source: TomlText, section: str, table: Any) -> dict[str, Any]:
    """Turn `[section]` into dotted keys in the order of their lines; refuse unknown ones."""
    if not isinstance(table, dict):
        raise SpecError(
            f"'{section}' must be a table", where=source.at(None, section), got=show(table), expected=f"[{section}]"
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
                got=show(key),
                expected="one of " + ", ".join(_KEYS),
            )
    return dict(sorted(flat.items(), key=lambda item: source.line_of(section, item[0])))


def _read_words(source: TomlText, key: str, table: Any) -> dict[str, str]:
    """A text in both languages, `[title]` say; one text, or one of one language, serves both."""
    if not isinstance(table, dict):
        texts: dict[str, Any] = dict.fromkeys(_LANGUAGES, table)
    elif table and set(table) <= set(_LANGUAGES):
        texts = {language: table.get(language, next(iter(table.values()))) for language in _LANGUAGES}
    else:
        raise SpecError(
            f"'{key}' needs a text, or one in each language",
            where=source.at(key, None),
            got=show(sorted(table)),
            expected=f'{key} = "...", or [{key}] with th, en or both, and nothing else',
        )
    for language, text in texts.items():
        if fault := find_fault(text, _MAX_LETTERS[key]):
            is_alone = not isinstance(table, dict)
            raise SpecError(
                f"'{key}{'' if is_alone else f'.{language}'}' is not a text that can be printed",
                where=source.at(None, key) if is_alone else source.at(key, language),
                got=fault,
                expected=f"1 to {_MAX_LETTERS[key]} letters, signs and spaces",
                fix="correct or shorten the text",
            )
    return {language: join_words(texts[language]) for language in _LANGUAGES}


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


def _read_document(source: TomlText) -> dict[str, Any]:
    """The TOML of a study file, with the top-level keys that it may and must have."""
    document = parse_toml(source)
    for key in document:
        if key not in _TOP_LEVEL:
            raise SpecError(
                "The study file has an unknown key",
                where=source.at(None, key),
                got=show(key),
                expected="one of " + ", ".join(_TOP_LEVEL),
            )
    for key in ("id", "title"):
        if key not in document:
            raise SpecError(
                f"The study file has no '{key}'", where=source.name, expected=f"'{key}'", fix=f"add '{key}'"
            )
    return document


def _read_grid(source: TomlText, table: Any, base: Mapping[str, Value]) -> dict[str, list[Value]]:
    """`[vary]`: each key with its values, in file order."""
    grid = _flatten(source, "vary", table)
    for key, values in grid.items():
        if not isinstance(values, list) or not values:
            raise SpecError(
                f"'{key}' under [vary] must be a list that is not empty",
                where=source.at("vary", key),
                got=show(values),
                expected=f"a list, each item {_KEYS[key]}",
            )
        if key in base:
            raise SpecError(
                f"'{key}' stands under [base] and under [vary]",
                where=source.at("vary", key),
                got=f"[base] {show(base[key])} and [vary] {show(values)}",
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
    source = TomlText(name, text, _NOUN, SpecError)
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
        value = {**base, **grid, "id": document["id"]}.get(key)
        raise SpecError(
            error.message,
            where=source.at(section, key),
            got=error.got,
            expected=error.expected,
            fix=source.find_slip(section, key, value) or "correct the study file",
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
    paths = sorted(folder / name for name in _list_names(folder) if _is_study(name))
    if not paths:
        raise SpecError(
            "The folder holds no study",
            where=str(folder),
            got="; ".join(odd_neighbours(folder)[:5]) or None,
            expected="at least one *.toml file",
            fix="put a study file into it, as the reference describes it",
        )
    return tuple(parse_study(load_toml(path, _NOUN, SpecError).text, str(path), overrides) for path in paths)


def odd_neighbours(folder: Path) -> list[str]:
    """What stands in a user's folder, looks like a study file and is not read: a sentence for each, to warn with.

    Raises:
        SpecError: The folder cannot be read.
    """
    names = [name for name in _list_names(folder) if _SUFFIX in unicodedata.normalize("NFKC", name).lower()]
    return [f"{name!r} is not read: {_why_not(name)}" for name in sorted(names) if not _is_study(name)]


def _why_not(name: str) -> str:
    if name.startswith(_LOCKS):
        return "a word processor made it, which has the study open"
    if name.startswith("."):
        return "its name begins with a dot"
    return f"its name does not end in {_SUFFIX}; where Windows shows no endings, the real one may follow"


def _is_study(name: str) -> bool:
    return name.lower().endswith(_SUFFIX) and not name.startswith((".", *_LOCKS))


def _list_names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError as error:
        raise SpecError(
            "The folder of studies cannot be read", where=str(folder), got=error.strerror, fix="allow reading it"
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
