"""What a fault or a stranger makes of a sound file: bytes and JSON documents, changed in a few places."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

#: Numbers that counts and sizes are compared with, in either order of bytes.
_EDGES = [0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF]
EDGES = [number.to_bytes(size, order) for number in _EDGES for size in (1, 2, 4, 8) for order in ("big", "little")
         if number < 256**size]  # fmt: skip
#: JSON that Python reads as something that no file of ours holds; `json.dumps` cannot write all of it.
RAW = ["1e999", "-1e999", "NaN", "Infinity", "1" * 5000, "[" * 3000 + "]" * 3000, "-0.0", "1e-320", "9" * 300]
ODD: list[Any] = [
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**200, 0.5, -0.5, 1e308, "", "x", "0", "../../x", "/etc/passwd",
    "\x1b[2J", "\u202e", "\ud800", "a\0b", "<script>", "x" * 5000, [], [[]], {}, {"": 0}, [0] * 1000, [None], ["x"],
    *(f"@@{number}@@" for number in range(len(RAW))),
]  # fmt: skip


_SEEDS = st.integers(0, 2**64 - 1)


def changed_bytes(bases: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """One of some sound files, changed in 1 to 6 places."""
    return _SEEDS.map(lambda seed: _change_bytes(random.Random(seed), bases))


def _change_bytes(source: random.Random, bases: Sequence[bytes]) -> bytes:
    # One seed an input: drawing each choice by itself would take ten times as long as reading the file.
    content = bytearray(source.choice(bases))
    for _ in range(source.randint(1, 6)):
        start = source.randint(0, max(0, len(content) - 1))
        end = min(len(content), start + source.randint(0, 40))
        how = source.choice(["flip", "flip", "cut", "edge", "insert", "drop", "repeat", "splice", "anything"])
        if how == "flip" and content:
            content[start] ^= 1 << source.randint(0, 7)
        elif how == "cut":
            del content[start:]
        elif how == "edge":
            edge = source.choice(EDGES)
            content[start : start + len(edge)] = edge
        elif how == "insert":
            content[start:start] = source.randbytes(source.randint(0, 20))
        elif how == "drop":
            del content[start:end]
        elif how == "repeat":
            content[start:start] = bytes(content[start:end]) * source.choice([1, 2, 50])
        elif how == "splice":
            content[start:] = source.choice(bases)[start:]
        elif source.random() < 0.1:
            content = bytearray(source.randbytes(source.randint(0, 200)))
    return bytes(content)


def _places(value: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a document; of long lists the first places alone."""
    inner = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value[:3]))
        if isinstance(value, list)
        else []
    )
    return [(*above, key) for key, _ in inner] + [path for key, item in inner for path in _places(item, (*above, key))]


def changed_json(document: dict[str, Any]) -> st.SearchStrategy[bytes]:
    """The text of a document with 1 to 4 of its values replaced, deleted, renamed or copied from elsewhere in it."""
    return _SEEDS.map(lambda seed: _change_json(random.Random(seed), document))


def _change_json(source: random.Random, document: dict[str, Any]) -> bytes:
    changed = copy.deepcopy(document)
    for _ in range(source.randint(1, 4)):
        places = _places(changed)
        if not places:
            break
        *above, last = source.choice(places)
        parent = _find(changed, above)
        how = source.choice(["replace", "replace", "replace", "delete", "rename", "copy"])
        if how == "replace":
            parent[last] = copy.deepcopy(source.choice(ODD))
        elif how == "delete":
            del parent[last]
        elif how == "rename" and isinstance(parent, dict):
            parent[source.choice(["", "x", "path", "\x1b", "y" * 300])] = parent.pop(last)
        else:
            parent[last] = copy.deepcopy(_find(changed, source.choice(places)))
    return write_json(changed)


def _find(value: Any, path: Sequence[Any]) -> Any:
    for key in path:
        value = value[key]
    return value


def write_json(document: Any) -> bytes:
    """The text of a document; places marked in `ODD` become what JSON allows and Python would not write."""
    text = json.dumps(document, ensure_ascii=True)
    for number, raw in enumerate(RAW):
        text = text.replace(f'"@@{number}@@"', raw)
    return text.encode()
