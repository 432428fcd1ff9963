"""TOML that people write by hand: read within bounds, and refused with the line and with what to type instead."""

from __future__ import annotations

import codecs
import re
import reprlib
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from lrreport.documents import odd_letters
from lrreport.errors import UsageError
from lrreport.system.files import read_file

_MAX_BYTES: Final = 100_000
#: The time that `tomllib` takes for a key like a.b.c grows with the square of its parts: minutes for a file full of it.
_MAX_DOTS: Final = 2_000
#: For every key `tomllib` walks through all parts of its table's name: seconds for thousands of keys below a long one.
_MAX_HEADER_DOTS: Final = 8
_MAX_DEPTH: Final = 50
_MAX_INTEGER: Final = 2**63 - 1
_MAX_SHOWN: Final = 80

#: What word processors and keyboards put where TOML wants a straight quote.
_QUOTES: Final = "“”„‟‘’‚‛«»‹›″′´`＂＇〝〞"
#: A string as TOML has it, to its end or, where nothing closes it, as far as it may reach; or a comment. That nothing
#: is tried twice keeps it linear.
_STRING: Final = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"{3,5}|\\?\Z)'
    r"|'''.*?(?:'{3,5}|\Z)"
    r'|"(?:\\[^\n]|[^"\\\n])*"?'
    r"|'[^'\n]*'?"
    r"|#[^\n]*",
    re.DOTALL,
)
_HEADER: Final = re.compile(r"^[ \t]*+\[[^,=\n\]]*+", re.MULTILINE)
#: What TOML has nowhere but in strings and comments, and the control codes, which it has not even there.
_ODD: Final = re.compile(r"[^\t\n -_a-~]")
_HIDEABLE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]")
_COMMA: Final = re.compile(r"(?:=[ \t]*[-+]?\d+|\b0),\d")
_BARE_POINT: Final = re.compile(r"(?<![\w.])[-+]?(?:\.\d+|\d+\.)(?![\w.])")
_POINT_FIX: Final = "write a decimal point as in 0.5, and a large number as in 60000, without a comma"
#: Python refuses integers of some thousands of digits, and does not say where they stand.
_LONG_NUMBER: Final = re.compile(r"(?<!\w)\d[\d_]{399,}")
_LINE: Final = re.compile(r"at line (\d+)")
_SPACE: Final = re.compile(r"[^\S\u00a0]+")

#: The mark of UTF-32 begins with that of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_WIDE: Final = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_READABLE: Final = re.compile(r"[\t\r\n -~\u0e01-\u0e5b]")
_THAI_LETTER: Final = re.compile(r"[\u0e01-\u0e5b]")
_THAI_BYTES: Final = re.compile(rb"[\xa1-\xda\xdf-\xfb]{2,}")
_HIGH_BYTE: Final = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True, slots=True)
class TomlText:
    """A TOML file's name and text, with what its errors are called; finds the line of a key, for messages.

    Attributes:
        name: The file's name, for messages.
        text: Its text; line ends of Windows and of old Macs become those of Unix.
        noun: What the file is called, "study file" say.
        kind: The class of its errors.
        bare: The text with every string and comment blanked out, letter by letter.
    """

    name: str
    text: str
    noun: str
    kind: type[UsageError]
    bare: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", self.text.replace("\r\n", "\n").replace("\r", "\n"))
        object.__setattr__(self, "bare", _STRING.sub(_blank, self.text))

    def statements(self) -> Iterator[tuple[int, str, str]]:
        """Every line that begins a table or sets a key: its number, the table, and the key or an empty text."""
        table, depth = "", 0
        for number, (line, bare) in enumerate(zip(self.text.split("\n"), self.bare.split("\n"), strict=True), start=1):
            if depth <= 0 and bare.lstrip().startswith("["):
                table = re.sub(r"[\s\"'\[]", "", line[: bare.index("]")] if "]" in bare else line)
                yield number, table, ""
            elif depth <= 0 and "=" in bare:
                yield number, table, re.sub(r"[\s\"']", "", line[: bare.index("=")])
            depth += len(re.findall(r"[\[{]", bare)) - len(re.findall(r"[\]}]", bare))

    def line_of(self, section: str | None, key: str | None) -> int:
        """The line on which `key` of `[section]` is set, or the section begins, or 1."""
        wanted = f"{section}.{key}" if section and key else (section or key or "")
        best = 1
        for number, table, name in self.statements():
            full = f"{table}.{name}" if table and name else table or name
            if name and (full == wanted or wanted.startswith(f"{full}.")):
                return number
            if not name and table in (section or key, wanted):
                best = number
        return best

    def at(self, section: str | None, key: str | None) -> str:
        """`file, line N, key 'key' of [section]`, for an error's `where`."""
        return self.place(self.line_of(section, key), section, key)

    def place(self, line: int, section: str | None, key: str | None) -> str:
        """The same for a line that is known."""
        place = f"{self.name}, line {line}"
        if section and key:
            return f"{place}, key '{key[:_MAX_SHOWN]}' of [{section[:_MAX_SHOWN]}]"
        return f"{place}, key '{(key or section or '')[:_MAX_SHOWN]}'" if key or section else place

    def find_slip(self, section: str | None, key: str | None, value: object) -> str | None:
        """What was typed where `key` has a value of the wrong kind, and what to type instead; None for no guess."""
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str) and (found := _ODD.search(text)):
                advice = "delete it" if found[0] in _QUOTES else _advise(found[0])
                return f"{describe_letter(found[0])} stands in it: {advice}" if advice else None
        line = self.bare.split("\n")[self.line_of(section, key) - 1]
        return _POINT_FIX if _COMMA.search(line) else None

    def refuse(self, what: str, line: int | None = None, **details: str) -> UsageError:
        """The error that the file is not as it must be, at a line of it."""
        where = self.name if line is None else self.place(line, None, None)
        return self.kind(f"The {self.noun} {what}", where=where, **details)


def load_toml(path: Path, noun: str, kind: type[UsageError]) -> TomlText:
    """Read a file of UTF-8 text, with or without a byte order mark.

    Args:
        path: The file.
        noun: What it is called in messages.
        kind: The class of its errors.

    Raises:
        UsageError: Of the class `kind`: it is no regular file, too large, cannot be read, or is not UTF-8.
    """
    expected = f"a regular file of UTF-8 text, at most {_MAX_BYTES:,} bytes"
    try:
        content = read_file(path, _MAX_BYTES)
    except (OSError, ValueError) as error:  # a ValueError: a name with a null in it
        got = getattr(error, "strerror", None) or str(error)
        fix = "name another file, or make this one such a file"
        raise kind(f"The {noun} cannot be read", where=str(path), got=got, expected=expected, fix=fix) from error
    try:
        return TomlText(str(path), _decode(content), noun, kind)
    except ValueError as error:
        fix = "save it as UTF-8; in Notepad: 'Save as', 'Encoding: UTF-8'"
        raise kind(f"The {noun} cannot be read", where=str(path), got=str(error), expected=expected, fix=fix) from error


def _decode(content: bytes) -> str:
    """UTF-8, or a ValueError that names what it is instead."""
    found = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if found is None and b"\0" in content:
        texts = ((encoding, content.decode(encoding, "replace")) for encoding in _WIDE)
        found = next((name[:6].upper() for name, text in texts if len(_READABLE.findall(text)) > 0.9 * len(text)), None)
    if found is not None:
        raise ValueError(f"text in {found}")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # UTF-8 with a byte that is damaged looks like Thai of one byte a letter, too.
        guess = content.decode("utf-8", "replace")
        is_damaged = len(_THAI_LETTER.findall(guess)) >= guess.count("\ufffd")
        thai = sum(map(len, _THAI_BYTES.findall(content)))
        if not is_damaged and 2 * thai > len(_HIGH_BYTE.findall(content)):
            raise ValueError("Thai text in the encoding of older Windows, CP874 or TIS-620") from error
        line = content.count(b"\n", 0, error.start) + 1
        raise ValueError(f"byte 0x{content[error.start]:02X} on line {line}, which is not UTF-8") from error


def parse_toml(source: TomlText) -> dict[str, Any]:
    """Parse a file's text.

    Raises:
        UsageError: Of the class `source.kind`: it is not TOML, or more of it than anybody writes by hand.
    """
    _check_bounds(source)
    try:
        document = tomllib.loads(source.text + "\n")  # so that a mistake in the last line is in a line
    except (ValueError, RecursionError) as error:
        raise _explain(source, error) from error
    _check_integers(source, document)
    return document


def _check_bounds(source: TomlText) -> None:
    if (dots := source.bare.count(".")) > _MAX_DOTS:
        raise source.refuse("holds too many dots", got=f"{dots:,}", expected=f"at most {_MAX_DOTS:,}")
    for header in _HEADER.finditer(source.bare):
        if (dots := header[0].count(".")) > _MAX_HEADER_DOTS:
            line = source.bare.count("\n", 0, header.start()) + 1
            raise source.refuse(
                "has a table in too many tables", line, got=f"{dots} dots", expected=f"at most {_MAX_HEADER_DOTS}"
            )
    if number := _LONG_NUMBER.search(source.bare):
        line = source.bare.count("\n", 0, number.start()) + 1
        raise source.refuse(
            "holds a number that is too long", line, got=f"{len(number[0]):,} digits", fix="write a smaller number"
        )
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", source.bare):
        depth = depth + 1 if bracket[0] in "[{" else max(depth - 1, 0)
        if depth > _MAX_DEPTH:
            raise source.refuse(
                "has too many brackets that are not closed",
                source.bare.count("\n", 0, bracket.start()) + 1,
                got=f"more than {_MAX_DEPTH}, one in another",
                expected=f"at most {_MAX_DEPTH}",
                fix="close each [ with a ]",
            )


def _check_integers(source: TomlText, document: dict[str, Any]) -> None:
    """Refuse integers that TOML need not hold: Python's own have no end, and no float takes them."""
    left: list[tuple[tuple[str, ...], object]] = [((), document)]
    while left:
        path, value = left.pop()
        if isinstance(value, int) and abs(value) > _MAX_INTEGER:
            section, key = (path[0], ".".join(path[1:])) if len(path) > 1 else (None, path[0])
            raise source.kind(
                "A whole number is too large",
                where=source.at(section, key),
                got="more than 64 bits",
                expected=f"{-_MAX_INTEGER} to {_MAX_INTEGER}",
                fix="write a smaller number",
            )
        if isinstance(value, dict):
            left.extend(((*path, key)[:3], item) for key, item in value.items())
        elif isinstance(value, list):
            left.extend((path, item) for item in value)


def _explain(source: TomlText, error: Exception) -> UsageError:
    """What is wrong where `tomllib` gave up, in the words of somebody who typed it."""
    got = str(error)[: 4 * _MAX_SHOWN]
    found = _LINE.search(got)
    first = int(found[1]) if found else 1
    # Without a line the text ended too early: the first odd sign of all was to close what is open.
    lines = source.bare.split("\n")[first - 1 : first if found else None]
    for number, line in enumerate(lines, start=first):
        if odd := _ODD.search(line):
            fix = _advise(odd[0]) or 'put the text between straight quotes, "..."'
            return source.refuse("is not valid TOML", number, got=describe_letter(odd[0]), fix=fix)
    if not found:
        return source.refuse("is not valid TOML", got=got, fix="close every quote and every bracket")
    if got.startswith(("Cannot", "Duplicate")) and (twice := _explain_twice(source, first)):
        return twice
    fix = f"correct line {first}"
    if _COMMA.search(lines[0]):
        fix = _POINT_FIX
    elif point := _BARE_POINT.search(lines[0]):
        fix = f"write a digit on both sides of the point, as in 0.5 and 5.0; not {point[0]}"
    return source.refuse("is not valid TOML", first, got=got, fix=fix)


def _explain_twice(source: TomlText, line: int) -> UsageError | None:
    """The error of a key or table that stands twice, the second time on `line` or just before it."""
    statements = [item for item in source.statements() if item[0] <= line]
    for number, table, key in statements[:-1]:
        if statements[-1][1:] == (table, key):
            return source.kind(
                f"The {source.noun} defines a {'key' if key else 'table'} twice",
                where=source.place(statements[-1][0], table or None, key or None),
                got=f"on line {number} and on line {statements[-1][0]}",
                expected="each once",
                fix="delete one of the two, or join their values",
            )
    return None


def _blank(found: re.Match[str]) -> str:
    """Blank out a string or comment; of a string that nothing closes, the last odd quote stays: it was to close it."""
    text = found[0]
    if text.startswith("#"):
        return _HIDEABLE.sub(" ", text)
    mark = text[:3] if text.startswith(('"""', "'''")) else text[0]
    hidden = _HIDEABLE.sub("_", text)
    last = max(map(text.rfind, _QUOTES))
    if last < 0 or (text.endswith(mark) and len(text) >= 2 * len(mark)):
        return hidden
    return hidden[:last] + text[last] + hidden[last + 1 :]


def describe_letter(letter: str) -> str:
    r"""A character as people can look it up: its number, its name and, where it can be seen, itself.

    >>> describe_letter("๕"), describe_letter("\u200b")
    ('U+0E55 THAI DIGIT FIVE (๕)', 'U+200B ZERO WIDTH SPACE')
    """
    name = unicodedata.name(letter, "a character without a name")
    return f"U+{ord(letter):04X} {name}" + (f" ({letter})" if letter.isprintable() else "")


def _advise(letter: str) -> str | None:
    """What to type in place of a character that TOML takes inside of texts alone; None for a letter of a text."""
    plain = unicodedata.normalize("NFKC", letter)
    category = unicodedata.category(letter)
    if letter in _QUOTES:
        return 'type the straight quote " in its place'
    if (digit := unicodedata.decimal(letter, None)) is not None:
        return f"type {digit} in its place"
    if category == "Pd" or letter == "\u2212":
        return "type - in its place"
    if letter == "、":
        return "type , in its place"
    if category in ("Zs", "Zl", "Zp"):
        return "type a plain space in its place"
    if not letter.isprintable():
        return "delete it, or type the line anew: it cannot be seen"
    return f"type {plain} in its place" if plain.isascii() else None


def join_words(text: str) -> str:
    r"""A text as a page has it: white space, ends of lines included, is one space; a no-break space stays.

    >>> join_words("  learning\n  rate ")
    'learning rate'
    """
    return _SPACE.sub(" ", text).strip(" ")


def find_fault(text: object, most: int) -> str | None:
    r"""What keeps a value from being a title, a question or a line of a byline, or None.

    Args:
        text: A value from a file or from the command line.
        most: The largest number of characters.

    >>> find_fault("\u200b ", 200)
    'no letter'
    """
    if not isinstance(text, str):
        return f"{show(text)}, which is no text"
    words = join_words(text)
    if len(words) > most:
        return f"{len(words):,} characters: {show(words)}"
    if odd := odd_letters(words):
        return f"{describe_letter(odd[0])}, which cannot be printed"
    return None if any(letter.isprintable() and letter != " " for letter in words) else "no letter"


def show(value: object) -> str:
    """A value in a message, cut short however long or deeply nested it is."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = _MAX_SHOWN
    short.maxlist = short.maxdict = 20
    return short.repr(value)[: 4 * _MAX_SHOWN]
