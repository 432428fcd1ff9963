"""An edition: one set of results, texts and versions, with its date and what changed in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: What a page that is laid out says in place of its digest, which is stamped on it afterwards: see `pdf/stamp.py`.
#: Every hexadecimal digit once, so that the font's subset has them all.
BLANK_DIGEST: Final = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Edition:
    """What the article says about itself. Nothing here is read from the clock.

    Attributes:
        digest: Of results, texts and versions, in hexadecimal digits; the same digest is the same edition.
        date: When it was first published.
        seeds: The seeds of every run, in ascending order.
        epochs: How many the longest study asks for.
        is_preview: Few epochs and seeds, only for a look; every page says so.
        changes: What differs from the edition that it replaced, each text by language (`th`, `en`); empty at first.
    """

    digest: str
    date: dt.date
    seeds: tuple[int, ...]
    epochs: int
    is_preview: bool = False
    changes: tuple[Mapping[str, str], ...] = ()

    @property
    def is_single_seed(self) -> bool:
        """One seed alone shows no spread; every page says so."""
        return len(self.seeds) == 1

    @property
    def short_digest(self) -> str:
        """Enough of the digest to name the edition in print."""
        return self.digest[: len(BLANK_DIGEST)]
