"""The table of the appendix: where the runs were trained."""

from __future__ import annotations

from typing import Any

import pandas as pd

from lrreport.article.facts import Facts
from lrreport.article.filters import whole
from lrreport.article.tables import HtmlTable
from lrreport.article.words import Language, has_words, say


def environment_table(facts: Facts, language: Language) -> HtmlTable:
    """Where the runs were trained."""
    rows = [
        {
            "processor": environment.cpu_model,
            "device": environment.device.upper(),
            "TensorFlow": environment.tensorflow,
            "NumPy": environment.numpy,
            "threads": str(environment.threads),
            "runs": whole(count),
        }
        for environment, count in facts.environments
    ]
    return _make_table(rows, language, numeric={"runs", "threads"}, kind="environments")


def _make_table(rows: list[dict[str, Any]], language: Language, *, numeric: set[str], kind: str) -> HtmlTable:
    """A table whose columns are named in the words; a name that is none of them stands as it is."""
    frame = pd.DataFrame(rows, dtype=object)
    heads = {name: say(name, language) if has_words(name) else name for name in frame.columns}
    return HtmlTable(frame, heads, frozenset(numeric), kind)
