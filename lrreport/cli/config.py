"""`lrreport.toml`: what every command takes where the command line says nothing, so that no night forgets it.

Its keys are the long options without their dashes; a table `[report]` is the byline. Paths are meant from its folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import typer
from typer.core import TyperGroup, TyperOption

from lrreport.cli.options import expand_path
from lrreport.errors import UsageError
from lrreport.text_files import TomlText, load_toml, parse_toml, show

CONFIG: Final = "lrreport.toml"
#: Options whose value is the name of a file or a folder.
_PATHS: Final = frozenset({"out", "studies", "data", "cache", "templates"})
#: What is asked for once, and never every night.
_NOT_KEPT: Final = frozenset({"help", "version", "config", "yes", "install-completion", "show-completion"})
_REPORT: Final = "report"
_BYLINE: Final = "byline"


def find_config(named: Path | None) -> Path | None:
    """The file that was named; or `lrreport.toml` in the working folder, or beside the checkout; None without one."""
    if named is not None:
        return named
    checkout = Path(__file__).resolve().parent.parent.parent
    places = [Path.cwd(), *([checkout] if (checkout / "pyproject.toml").is_file() else [])]
    return next((place / CONFIG for place in places if (place / CONFIG).is_file()), None)


def read_config(path: Path, group: TyperGroup, context: typer.Context) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The defaults that a file gives to the options of all commands, as a `default_map` has them.

    Args:
        path: The file.
        group: The commands.
        context: Of the program.

    Returns:
        For each command the values by parameter; and the keys that the file has.

    Raises:
        UsageError: It cannot be read, has a key that is no option, or a value that its option does not take.
    """
    source = load_toml(path, "configuration", UsageError)
    document = parse_toml(source)
    options: dict[str, list[tuple[tuple[str, ...], TyperOption]]] = {}
    for name, place, option in _list_options(group, ()):
        options.setdefault(name, []).append((place, option))
    defaults: dict[str, Any] = {}
    for key, value in document.items():
        is_report = key == _REPORT and isinstance(value, dict)
        found = options.get(_BYLINE if is_report else key)
        if found is None:
            raise UsageError(
                "The configuration has a key that is no option",
                where=source.at(None, key),
                got=show(key),
                expected=f"one of {', '.join(sorted(options))}, or a table [{_REPORT}]",
                fix="correct or delete it",
            )
        if is_report and _BYLINE in document:
            raise UsageError(
                "The configuration has a byline twice",
                where=source.at(None, _BYLINE),
                fix=f"keep either 'byline' or the table [{_REPORT}]",
            )
        for place, option in found:
            taken = str(path.absolute()) if is_report else _convert(context, source, key, value, option)
            _put(defaults, place, option, taken)
    return defaults, tuple(document)


def _list_options(group: TyperGroup, place: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...], TyperOption]]:
    """The name of each option, the command that has it, and the option."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _list_options(command, (*place, name))
            continue
        for option in command.params:
            if not isinstance(option, TyperOption):
                continue
            names = [text[2:] for text in option.opts if text.startswith("--")]
            for text in set(names) - _NOT_KEPT:
                yield text, (*place, name), option


def _convert(context: typer.Context, source: TomlText, key: str, value: Any, option: TyperOption) -> Any:
    """The value as Typer wants it: the text of a path from the file's folder, a list where an option may be repeated.

    Raises:
        UsageError: The option does not take it.
    """
    values = value if option.multiple and isinstance(value, list) else [value]
    where = source.at(None, key)
    for item in values:
        wanted = bool if option.is_flag else (str, int, float)
        if not isinstance(item, wanted) or (isinstance(item, bool) and not option.is_flag):
            expected = "true or false" if option.is_flag else "a text or a number"
            raise UsageError(
                "The configuration has a value that its option does not take",
                where=where,
                got=show(item),
                expected=expected + (", or a list of them" if option.multiple else ""),
                fix="correct or delete it",
            )
    if option.is_flag:
        return value
    texts = [str(item) for item in values]
    if key in _PATHS or (key == _BYLINE and texts[0].strip().lower().endswith(".toml")):
        try:
            texts = [str(Path(source.name).absolute().parent / expand_path(text)) for text in texts]
        except typer.BadParameter as error:
            raise UsageError("The configuration names no folder", where=where, got=error.message) from error
    taken: list[str] | str = texts if option.multiple else texts[0]
    try:
        option.process_value(context, taken)
    except typer.BadParameter as error:
        raise UsageError(
            "The configuration has a value that its option does not take",
            where=where,
            got=error.message,
            fix="correct or delete it",
        ) from error
    return taken


def _put(defaults: dict[str, Any], place: tuple[str, ...], option: TyperOption, value: Any) -> None:
    for name in place:
        defaults = defaults.setdefault(name, {})
    assert option.name is not None  # Typer gives every option one; narrows the type
    defaults[option.name] = value


def describe_config(context: typer.Context) -> str:
    """Which file gives defaults to this command, and for what; empty without one."""
    found: Mapping[str, Any] = context.find_root().obj or {}
    return f"{found['path']}: {', '.join(found['keys']) or 'no key'}" if found else ""
