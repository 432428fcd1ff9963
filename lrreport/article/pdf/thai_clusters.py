"""Clusters of Thai glyphs in what a PDF shows, and the stretches of them whose text must be given.

A cluster is a consonant with its marks, drawn with several glyphs. What a PDF shows is a list of items: glyphs, moves
of the pen, and rises of the baseline.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pikepdf import Object

from lrreport.article.pdf.glyph_text import is_thai
from lrreport.errors import RenderError

#: A pen moved by this much or more after a mark (thousandths of the font size) opens a gap that readers take for a
#: space. In Sarabun such moves are either under 30 or above 55.
_GAP: Final = 45.0
_NIKHAHIT, _SARA_AA = "\u0e4d", "\u0e32"
#: Marks above and below a consonant; the shaper keeps them in one cluster with it.
_MARKS: Final = frozenset(
    "\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e3a\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d\u0e4e"
)
#: What the shaper makes of ำ: a ring, perhaps a tone mark, and า.
_SPLIT_SARA_AM: Final = re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32")


@dataclass(frozen=True, slots=True)
class Glyph:
    """A glyph by its index in the font, with the text it stands for."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Move:
    """A move of the pen, to the left, in thousandths of the font size."""

    thousandths: Object


@dataclass(frozen=True, slots=True)
class Rise:
    """A rise of the baseline."""

    operands: Collection[Object]


Item = Glyph | Move | Rise


@dataclass(frozen=True, slots=True)
class _Cluster:
    """A Thai cluster: where its first and last glyph stand among the items, and what it says."""

    first: int
    last: int
    text: str
    has_marks: bool
    moves_next: bool


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of items, from its first to its last glyph, and its text."""

    first: int
    last: int
    text: str


def needed_spans(items: Sequence[Item]) -> list[Span]:
    """Find the stretches of glyphs whose text must be given, from left to right.

    Where a cluster's last mark is shifted, the pen is moved back before the next cluster: readers would see a gap
    there, so the stretch goes on until a cluster ends without a shift. A space after a stretch belongs to it, since
    some readers drop a space that stands alone between two stretches.
    """
    clusters = _clusters(items)
    spans: list[Span] = []
    index = 0
    while index < len(clusters):
        start = cluster = clusters[index]
        index += 1
        if not cluster.has_marks:
            continue
        text = cluster.text
        while cluster.moves_next and index < len(clusters) and _follows(items, cluster, clusters[index]):
            cluster = clusters[index]
            text += cluster.text
            index += 1
        last, spaces = _with_spaces(items, cluster.last)
        spans.append(Span(start.first, last, text + spaces))
    return spans


def _follows(items: Sequence[Item], one: _Cluster, other: _Cluster) -> bool:
    return not any(isinstance(item, Glyph) for item in items[one.last + 1 : other.first])


def _with_spaces(items: Sequence[Item], last: int) -> tuple[int, str]:
    """Find where the spaces after a glyph end, and the spaces."""
    spaces = ""
    for place in range(last + 1, len(items)):
        item = items[place]
        if isinstance(item, Glyph):
            if item.text != " ":
                break
            last, spaces = place, spaces + " "
    return last, spaces


def _clusters(items: Sequence[Item]) -> list[_Cluster]:
    places = [place for place, item in enumerate(items) if isinstance(item, Glyph)]
    texts = [item.text for item in items if isinstance(item, Glyph)]
    clusters = []
    start = 0
    while start < len(places):
        end = _cluster_end(texts, start)
        if is_thai(texts[start]):
            following = places[end] if end < len(places) else len(items)
            text = as_written("".join(texts[start:end]))
            has_marks = end - start > 1
            moves_next = has_marks and _has_gap(items[places[end - 1] : following])
            clusters.append(_Cluster(places[start], places[end - 1], text, has_marks, moves_next))
        start = end
    return clusters


def _cluster_end(texts: Sequence[str], start: int) -> int:
    """Find the index after the last glyph of the cluster that begins at `start`."""
    end = start + 1
    if not is_thai(texts[start]):
        return end
    has_ring = _NIKHAHIT in texts[start]
    while end < len(texts) and texts[end][:1] in _MARKS:
        has_ring = has_ring or _NIKHAHIT in texts[end]
        end += 1
    if has_ring and end < len(texts) and texts[end] == _SARA_AA:
        end += 1
    return end


def as_written(text: str) -> str:
    """Put a cluster's text into the order in which Thai is written and stored.

    >>> as_written("น" + "\u0e4d\u0e49" + "า") == "น้ำ"
    True
    """
    return _SPLIT_SARA_AM.sub("\\1\u0e33", unicodedata.normalize("NFC", text))


def _has_gap(items: Iterable[Item]) -> bool:
    return any(isinstance(item, Move) and abs(float(item.thousandths)) >= _GAP for item in items)


def refuse_lone_mark(items: Sequence[Item]) -> None:
    """Raise if a mark begins a stretch of text: then it was placed without regard to the consonant below it."""
    first = next((item.text for item in items if isinstance(item, Glyph)), "")
    if first[:1] in _MARKS:
        message = "a Thai mark was laid out apart from its consonant, so it stands in the wrong place"
        got = f"U+{ord(first[0]):04X} at the start of a piece of text"
        fix = "in an SVG image, draw the glyphs as paths; elsewhere, keep the letters of a syllable in one element"
        raise RenderError(message, got=got, fix=fix)
