"""What a fault or a stranger makes of a sound file: bytes and JSON documents, changed in a few places."""

from __future__ import annotations

import copy
import json
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


@st.composite
def changed_bytes(draw: st.DrawFn, bases: Sequence[bytes]) -> bytes:
    """One of some sound files, changed in 1 to 6 places."""
    content = bytearray(draw(st.sampled_from(bases)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, max(0, len(content) - 1)))
        end = min(len(content), start + draw(st.integers(0, 40)))
        how = draw(st.sampled_from(["flip", "cut", "edge", "insert", "drop", "repeat", "splice", "anywhere"]))
        if how == "flip" and content:
            content[start] ^= 1 << draw(st.integers(0, 7))
        elif how == "cut":
            del content[start:]
        elif how == "edge":
            edge = draw(st.sampled_from(EDGES))
            content[start : start + len(edge)] = edge
        elif how == "insert":
            content[start:start] = draw(st.binary(max_size=20))
        elif how == "drop":
            del content[start:end]
        elif how == "repeat":
            content[start:start] = bytes(content[start:end]) * draw(st.sampled_from([1, 2, 50]))
        elif how == "splice":
            content[start:] = draw(st.sampled_from(bases))[start:]
        else:
            content = bytearray(draw(st.binary(max_size=200)))
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


@st.composite
def changed_json(draw: st.DrawFn, document: dict[str, Any]) -> bytes:
    """The text of a document with 1 to 4 of its values replaced, deleted, renamed or added to."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 4))):
        places = _places(changed)
        if not places:
            break
        *above, last = draw(st.sampled_from(places))
        parent = changed
        for key in above:
            parent = parent[key]
        how = draw(st.sampled_from(["replace", "replace", "replace", "delete", "rename", "swap"]))
        if how == "replace":
            parent[last] = copy.deepcopy(draw(st.sampled_from(ODD)))
        elif how == "delete":
            del parent[last]
        elif how == "rename" and isinstance(parent, dict):
            parent[draw(st.sampled_from(["", "x", "path", "\x1b", "y" * 300]))] = parent.pop(last)
        else:
            other = draw(st.sampled_from(places))
            value: Any = changed
            try:
                for key in other:
                    value = value[key]
            except (KeyError, IndexError, TypeError):
                continue
            parent[last] = copy.deepcopy(value)
    return write_json(changed)


def write_json(document: Any) -> bytes:
    """The text of a document; places marked in `ODD` become what JSON allows and Python would not write."""
    text = json.dumps(document, ensure_ascii=True)
    for number, raw in enumerate(RAW):
        text = text.replace(f'"@@{number}@@"', raw)
    return text.encode()
