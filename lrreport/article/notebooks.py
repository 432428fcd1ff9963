"""The listings as files that run: each program whole, with the comments of one language, and the same as a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import nbformat
from jinja2 import Environment
from markupsafe import Markup
from nbformat import v4

from lrreport.analysis.summaries import SettingSummary
from lrreport.article.environment import has_listing, read_listing, render_template
from lrreport.article.listings import EPOCHS
from lrreport.article.settings_text import describe
from lrreport.article.words import Language
from lrreport.results import Results
from lrreport.spec import Study

#: One epoch of a listing in Keras 3.15 on two cores that had other work as well: 3.2 to 4 seconds, 3.8 of them of
#: processor time.
_EPOCH_S: Final = 3.5
#: Minutes are told in steps of these: nobody's machine is ours.
_MINUTES_STEP: Final = 5
#: Parts of a program stand two empty lines apart.
_CELL_GAP: Final = "\n\n\n"
#: Colab opens a notebook of this kernel with Keras and matplotlib at hand: both are in googlecolab/backend-info,
#: `pip-freeze.txt`, of August 2026 (Keras 3.13, TensorFlow 2.20, matplotlib 3.10).
_METADATA: Final[Mapping[str, Any]] = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True, slots=True)
class BestEnd:
    """How the setting of a study ended that ended best.

    Attributes:
        setting: The setting in words.
        accuracy: Mean of the test accuracy over seeds after the last epoch, a fraction.
        epochs: How many epochs that took.
    """

    setting: Markup
    accuracy: float
    epochs: int


def make_listing_files(
    results: Results, summaries: Sequence[SettingSummary], languages: Sequence[Language], environment: Environment
) -> dict[str, bytes]:
    """`listings/LANGUAGE/STUDY.py` and `.ipynb` of every study that has a listing.

    Args:
        results: Whose studies are looked at.
        summaries: One per study and setting.
        languages: Of the report's editions.
        environment: Of the templates.

    Returns:
        Path in the report -> content.
    """
    files: dict[str, bytes] = {}
    for study in results.studies:
        if not has_listing(environment, study.id):
            continue
        for language in languages:
            source = read_listing(environment, study.id, language, study)
            introduction = _introduce(study, source, find_best_end(study, summaries, language), language, environment)
            name = f"listings/{language}/{study.id}"
            files[f"{name}.py"] = source.encode()
            files[f"{name}.ipynb"] = make_notebook(source, introduction).encode()
    return files


def find_best_end(study: Study, summaries: Sequence[SettingSummary], language: Language) -> BestEnd | None:
    """What a study's listing should end at; None where no setting has all seeds."""
    of_text = {item.setting: item for item in summaries if item.study == study.id and item.n_diverged == 0}
    known = [
        BestEnd(describe(setting, language), mean, item.epochs)
        for setting in study.settings
        if (item := of_text.get(setting.text)) is not None and (mean := item.last_test_accuracy.mean) is not None
    ]
    return max(known, key=lambda end: end.accuracy, default=None)


def estimate_minutes(source: str, settings: int) -> int | None:
    r"""About how long a listing trains on two cores, in minutes; None where it does not say for how many epochs.

    >>> estimate_minutes("EPOCHS = 50\n", 8), estimate_minutes("EPOCHS = 1\n", 4), estimate_minutes("", 8)
    (25, 5, None)
    """
    epochs = EPOCHS.search(source)
    if epochs is None:
        return None
    minutes = settings * int(epochs[1]) * _EPOCH_S / 60
    return max(1, round(minutes / _MINUTES_STEP)) * _MINUTES_STEP


def make_notebook(source: str, introduction: str) -> str:
    """A program as a notebook of format 4 without outputs; the same program gives the same bytes.

    Args:
        source: The program, its parts two empty lines apart: each becomes a cell of its own.
        introduction: Markdown for the cell before them.

    Returns:
        JSON, as a notebook's file has it.
    """
    cells = [v4.new_markdown_cell(introduction, id="introduction")]
    parts = source.strip("\n").split(_CELL_GAP)
    cells += [v4.new_code_cell(part, id=f"code-{number}") for number, part in enumerate(parts, start=1)]
    notebook = v4.new_notebook(cells=cells, metadata=_METADATA)
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook)
    return text + "\n"


def _introduce(study: Study, source: str, end: BestEnd | None, language: Language, environment: Environment) -> str:
    values = {
        "lang": language,
        "title": study.title[language],
        "settings": len(study.settings),
        "dataset": study.settings[0].spec.dataset,
        "end": end,
        "minutes": estimate_minutes(source, len(study.settings)),
    }
    return render_template(environment, "listings/notebook.md.j2", values).strip()
