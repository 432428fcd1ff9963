"""What a build did, in one line and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from lrreport.console import count
from lrreport.pipeline import BuildOutcome
from lrreport.training_stage import TrainingOutcome

#: Reasons that are no change of this or that.
_SENTENCES: Final = {
    "no-report": "there was no report",
    "damaged": "files of the report were damaged",
    "unreadable": "the report that was there could not be read",
    "wall-times": "runs were trained again, to the same bits",
}
#: More names than these make no line.
_SHOWN: Final = 12
_WORDS: Final = {"texts": "texts or pages"}


def describe_training(outcome: TrainingOutcome) -> str:
    """What was trained, why, and what the cache had."""
    if not outcome.trained:
        return f"nothing trained, all {outcome.cached} runs from the cache"
    details = [f"{number} {reason}" for reason, number in outcome.reasons.items()]
    if outcome.diverged:
        details.append(f"{outcome.diverged} of them diverged")
    return f"{count(len(outcome.trained), 'run')} trained ({', '.join(details)}), {outcome.cached} from the cache"


def training_document(outcome: TrainingOutcome) -> dict[str, Any]:
    """The same as data."""
    return {
        "trained": list(outcome.trained),
        "reasons": dict(outcome.reasons),
        "cached": outcome.cached,
        "diverged": outcome.diverged,
    }


def describe_build(outcome: BuildOutcome) -> str:
    """What was trained, drawn and kept, and why."""
    trained = f"{describe_training(outcome.training)}, {count(len(outcome.seeds), 'seed')}"
    waiting = describe_waiting(outcome.waiting)
    if outcome.is_unchanged:
        return f"{trained}; nothing drawn, all {outcome.files} files kept, because nothing has changed{waiting}"
    return (
        f"{trained}; {count(outcome.drawn, 'figure')} drawn, {outcome.kept} kept; "
        f"{count(outcome.laid_out, 'PDF')} laid out, {outcome.kept_pdfs} kept; "
        f"{outcome.files - outcome.unchanged_files} of {outcome.files} files are new, "
        f"because {describe_reasons(outcome.why)}{waiting}"
    )


def describe_waiting(waiting: Sequence[str]) -> str:
    """Which paragraphs were written for other results, as the end of a line; empty where there is none.

    >>> describe_waiting(["momentum-result"])
    '; 1 paragraph was written for other results and waits for its author: momentum-result'
    """
    if not waiting:
        return ""
    verb = "was written for other results and waits for its author"
    if len(waiting) > 1:
        verb = "were written for other results and wait for their author"
    shown = [*waiting[:_SHOWN], *(["..."] if len(waiting) > _SHOWN else [])]
    return f"; {count(len(waiting), 'paragraph')} {verb}: {', '.join(shown)}"


def name_entrance(editions: Sequence[str], formats: Sequence[str]) -> str:
    """The file of a report that a reader opens first.

    Args:
        editions: Languages that were written.
        formats: Forms that were written; a page comes before a PDF.

    >>> name_entrance(("th", "en"), ("html", "pdf")), name_entrance(("en",), ("pdf",))
    ('index.html', 'lrreport-en.pdf')
    """
    alone = editions[0] if len(editions) == 1 else ""
    if "html" in formats:
        return f"{alone or 'index'}.html"
    return f"lrreport-{alone}.pdf" if alone else "lrreport.pdf"


def describe_reasons(why: Sequence[str]) -> str:
    """Why there was something to write, as the end of a sentence.

    >>> describe_reasons(["seeds", "results", "texts"]), describe_reasons(["no-report"])
    ('seeds, results and texts or pages changed', 'there was no report')
    """
    if why and why[0] in _SENTENCES:
        return _SENTENCES[why[0]]
    words = [_WORDS.get(reason, reason) for reason in why]
    return f"{', '.join(words[:-1])} and {words[-1]} changed" if len(words) > 1 else f"{words[0]} changed"


def build_document(outcome: BuildOutcome) -> dict[str, Any]:
    """The same as data."""
    return {
        "out": str(outcome.out),
        "unchanged": outcome.is_unchanged,
        "why": list(outcome.why),
        "seeds": len(outcome.seeds),
        "files": outcome.files,
        "unchanged_files": outcome.unchanged_files,
        "figures": {"drawn": outcome.drawn, "kept": outcome.kept},
        "pdfs": {"laid_out": outcome.laid_out, "kept": outcome.kept_pdfs},
        "waiting": list(outcome.waiting),
        **training_document(outcome.training),
    }
