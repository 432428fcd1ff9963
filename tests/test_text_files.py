"""TOML that people write by hand: whatever they save and type, they are told what to do, at once."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lrreport.errors import SpecError, UsageError
from lrreport.text_files import TomlText, describe_letter, find_fault, join_words, load_toml, parse_toml

TEXT = 'id = "mine"\n[title]\nth = "โมเมนตัม ๒ แบบ"\nen = "“Momentum”"\n'


@contextmanager
def at_once() -> Iterator[None]:
    start = time.perf_counter()
    yield
    assert time.perf_counter() - start < 1


def parse(text: str) -> dict[str, object]:
    return parse_toml(TomlText("mine.toml", text, "study file", SpecError))


def refusal(text: str) -> UsageError:
    with at_once(), pytest.raises(SpecError) as caught:
        parse(text)
    assert caught.value.exit_code == 2
    assert caught.value.where.startswith("mine.toml")
    assert caught.value.fix or caught.value.expected
    assert len(str(caught.value)) < 1000
    return caught.value


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read_with_any_line_ends(encoding: str, end: str, tmp_path: Path) -> None:
    """With a byte order mark or without, and with the line ends of Unix, Windows and old Macs, a file says the same."""
    path = tmp_path / "mine.toml"
    path.write_bytes(TEXT.replace("\n", end).encode(encoding))
    source = load_toml(path, "study file", SpecError)
    assert parse_toml(source) == parse(TEXT)
    assert source.at("title", "en") == f"{path}, line 4, key 'en' of [title]"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (TEXT.encode("utf-16"), "text in UTF-16"),
        (TEXT.encode("utf-16-le"), "text in UTF-16"),
        (TEXT.encode("utf-16-be"), "text in UTF-16"),
        (b"\xfe\xff" + TEXT.encode("utf-16-be"), "text in UTF-16"),
        (TEXT.encode("utf-16-le")[:-1], "text in UTF-16"),
        (TEXT.encode("utf-32"), "text in UTF-32"),
        (TEXT.encode("utf-32-le"), "text in UTF-32"),
        (TEXT.encode("utf-32-be"), "text in UTF-32"),
        (TEXT.encode("cp874"), "CP874"),
        ('th = "โมเมนตัม"'.encode("tis-620"), "TIS-620"),
        ('th = "naïveté"'.encode("latin-1"), "byte 0xEF on line 1"),
        (TEXT.encode()[:60] + b"\xff" + TEXT.encode()[60:], "byte 0x"),
    ],
)
def test_other_encodings_are_named(content: bytes, name: str, tmp_path: Path) -> None:
    """UTF-16, UTF-32 and the old Thai encoding are called by their names, and the remedy is to save as UTF-8."""
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load_toml(path, "study file", UsageError)
    assert name in caught.value.got
    assert caught.value.where == str(path)
    assert "Encoding: UTF-8" in caught.value.fix


def test_only_regular_files_of_some_size_are_read(tmp_path: Path) -> None:
    """A pipe, a device, a folder, a socket, a missing file and one of 60 GB are refused at once, by name."""
    os.mkfifo(tmp_path / "pipe.toml")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "device.toml").symlink_to("/dev/zero")
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    with (tmp_path / "large.toml").open("wb") as file:
        file.truncate(60 * 10**9)
    with socket.socket(socket.AF_UNIX) as server:
        place = os.open(tmp_path, os.O_RDONLY)  # the name of a socket may not be long
        server.bind(f"/proc/self/fd/{place}/socket.toml")
        os.close(place)
        for name in ("pipe", "folder", "device", "loop", "large", "socket", "none"):
            path = tmp_path / f"{name}.toml"
            with at_once(), pytest.raises(SpecError, match="The study file cannot be read") as caught:
                load_toml(path, "study file", SpecError)
            assert caught.value.where == str(path)
            assert caught.value.got


HOSTILE = {
    "brackets": "x = " + "[" * 99_000,
    "brackets in a table": "[vary]\nx = " + "[" * 99_000 + "]" * 900,
    "inline tables": "x = " + "{a=" * 30_000,
    "quotes": '"' * 99_000,
    "quotes on lines": '"\n' * 49_000,
    "single quotes": "'" * 99_000,
    "long quotes that nothing closes": '\\"""\n' * 19_000 + "\\",
    "long single quotes": "x = '''" + "''\n" * 30_000,
    "curly quotes": "x = " + "“" * 30_000,
    "an integer": "x = 1" + "0" * 99_000,
    "an integer with underscores": "x = " + "1_" * 49_000 + "1",
    "a hexadecimal integer": "x = 0x" + "f" * 99_000,
    "an integer of 65 bits": f"[vary]\nx = [1, {2**64}]",
    "a key of many parts": "a." * 49_000 + "b = 1",
    "a table of many parts": "[" + "a." * 1_900 + "b]\n" + "".join(f"k{i} = 1\n" for i in range(9_000)),
    "a quoted table of many parts": "[" + '"a".' * 1_900 + "b]\n" + "".join(f"k{i} = 1\n" for i in range(9_000)),
    "one key twice, late": "".join(f"k{i} = 1\n" for i in range(9_000)) + "k5 = 1\n",
    "equals signs": "= " * 49_000,
    "zeros of a lost block": "\0" * 99_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_refused_at_once(name: str) -> None:
    """Whatever makes a parser slow or deep is refused in less than a second, in a few lines."""
    refusal(HOSTILE[name])


def test_what_is_deep_but_sane_is_read() -> None:
    """Dots and brackets within texts and comments do not count, and nobody's lists come near the bounds."""
    text = f'x = "{"[" * 1000}{"." * 3000}" # {"." * 3000}\ny = {"[" * 40}{"]" * 40}\n[a.b.c.d]\n'
    assert parse(text)["a"] == {"b": {"c": {"d": {}}}}


TYPED = {
    "a Thai digit": ("[vary]\nmomentum = [๐.๕]\n", 2, "U+0E50 THAI DIGIT ZERO (๐)", "type 0"),
    "curly quotes": ("a = 1\nb = “x”\n", 2, "U+201C LEFT DOUBLE QUOTATION MARK (“)", 'straight quote "'),
    "a curly quote at the end": ('a = "x “y” z”\n', 1, "U+201D RIGHT DOUBLE QUOTATION MARK", 'straight quote "'),
    "a curly quote after a long text": ('a = """x\ny”””\n', 2, "U+201D RIGHT DOUBLE", 'straight quote "'),
    "single curly quotes": ("b = ‘x’\n", 1, "U+2018 LEFT SINGLE QUOTATION MARK", 'straight quote "'),
    "a backtick": ("b = `x`\n", 1, "U+0060 GRAVE ACCENT", 'straight quote "'),
    "a no-break space": ("a = 1\n\u00a0b = 2\n", 2, "U+00A0 NO-BREAK SPACE", "a plain space"),
    "a zero-width space": ("a = 1\u200b\n", 1, "U+200B ZERO WIDTH SPACE", "delete it"),
    "a second byte order mark": ("\ufeffa = 1\n", 1, "U+FEFF ZERO WIDTH NO-BREAK SPACE", "delete it"),
    "a full-width equals sign": ("a ＝ 1\n", 1, "U+FF1D FULLWIDTH EQUALS SIGN", "type ="),
    "full-width brackets": ("a = 1\n［vary］\n", 2, "U+FF3B FULLWIDTH LEFT SQUARE BRACKET", "type ["),
    "a full-width digit": ("a = ５\n", 1, "U+FF15 FULLWIDTH DIGIT FIVE", "type 5"),
    "an ideographic comma": ("a = [1、2]\n", 1, "U+3001 IDEOGRAPHIC COMMA", "type ,"),
    "a minus sign": ("a = 1e−5\n", 1, "U+2212 MINUS SIGN", "type -"),
    "a dash": ("a = –5\n", 1, "U+2013 EN DASH", "type -"),
    "Thai without quotes": ("a = โมเมนตัม\n", 1, "U+0E42 THAI CHARACTER SARA O", "between straight quotes"),
    "a control code in a text": ('a = "x\x0by"\n', 1, "U+000B", "delete it"),
    "a decimal comma": ("a = 0,1\n", 1, "line 1", "0.5"),
    "a decimal comma in a list": ("a = 1\nb = [0,5, 0,01]\n", 2, "line 2", "0.5"),
    "no digit before the point": ("a = 1\nb = .5\n", 2, "line 2", "not .5"),
    "no digit after the point": ("a = [5., 6.0]\n", 1, "line 1", "not 5."),
    "a key twice": ("[vary]\nmomentum = [\n1]\n[base]\nx=1\nx = [\n2\n]\n", 6, "on line 5 and on line 6", "delete one"),
    "a table twice": ("[vary]\na = 1\n[base]\n[vary]\n", 4, "on line 1 and on line 4", "delete one"),
    "a quote that is not closed": ('a = 1\nb = "x\n', 2, "line 2", "correct line 2"),
}


@pytest.mark.parametrize("name", TYPED)
def test_what_keyboards_and_word_processors_type_is_named(name: str) -> None:
    """The message names the line, the character by number and name, and what to type instead."""
    text, line, got, fix = TYPED[name]
    error = refusal(text)
    assert f"line {line}" in error.where
    assert got in error.got
    assert fix in error.fix


def test_texts_may_hold_what_numbers_may_not() -> None:
    """Curly quotes, Thai digits and spaces of all kinds within quotes are never complained about, not even beside an error."""
    inside = "a = \"“๕” \u00a0\u200b＝\"\nb = '๕’'\nc = '''“\n๕'''\nd = \"\"\"“\n”\"\"\" # “๕\n"
    assert parse(inside)["b"] == "๕’"
    for line in ('x = "“๕”" y\n', "x = '’' y\n", "x = # “\n"):
        error = refusal(inside + line)
        assert "U+" not in str(error)
        assert "line 7" in error.where


def test_lines_are_found_in_files_as_people_write_them() -> None:
    """Lists over several lines, strings with line ends and separators within them do not shift the line of a key."""
    text = '[title]\nth = """ก\n[base]\nepochs = 3"""\nen = "a\u2028b"\n[vary]\nhidden_units = [\n[40],\n]\n"epochs" = [1]\n'
    source = TomlText("mine.toml", text, "study file", SpecError)
    parse_toml(source)
    lines = [source.line_of("title", "en"), source.line_of("vary", "hidden_units"), source.line_of("vary", "epochs")]
    assert lines == [5, 7, 10]
    assert source.line_of("base", "epochs") == 1


@pytest.mark.parametrize(
    ("text", "got"),
    [
        (3, "no text"),
        (" \u200b\u00a0", "no letter"),
        ("x" * 201, "201 characters"),
        ("a\u202eb", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("a\x1b[2J", "U+001B"),
        ("a\ufeffb", "U+FEFF"),
        ("a\udc80", "U+DC80"),
    ],
)
def test_words_that_no_page_can_print_are_refused(text: object, got: str) -> None:
    """What a terminal might obey, what cannot be seen, and what is too long is no title."""
    assert got in find_fault(text, 200)


@pytest.mark.parametrize("text", ["x" * 200, "ก" * 200, "โมเมน\u200bตัม 0.9", "“๕”\u00a0%", " a\n  b\u3000c "])
def test_words_of_both_languages_are_taken(text: str) -> None:
    """Letters of both languages, signs, and what joins or breaks words; white space becomes one space."""
    assert find_fault(text, 200) is None
    assert find_fault(join_words(text), 200) is None
    assert join_words(" a\n  b\u3000c\u00a0d ") == "a b c\u00a0d"


def test_every_letter_can_be_described() -> None:
    """A character without a name still has its number."""
    for letter in ("\0", "\ue000", "\udc80", "\U0010ffff", "ก"):
        assert describe_letter(letter).startswith(f"U+{ord(letter):04X} ")
