"""What a build did, in one line and as data."""

from __future__ import annotations

from typing import Any

from lrreport.pipeline import BuildOutcome
from lrreport.training_stage import TrainingOutcome


def describe_training(outcome: TrainingOutcome) -> str:
    """What was trained, why, and what the cache had."""
    if not outcome.trained:
        return f"nothing trained, all {outcome.cached} runs from the cache"
    details = [f"{count} {reason}" for reason, count in outcome.reasons.items()]
    if outcome.diverged:
        details.append(f"{outcome.diverged} of them diverged")
    runs = "run" if len(outcome.trained) == 1 else "runs"
    return f"{len(outcome.trained)} {runs} trained ({', '.join(details)}), {outcome.cached} from the cache"


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
    seeds = f"{len(outcome.seeds)} seed" + ("" if len(outcome.seeds) == 1 else "s")
    trained = f"{describe_training(outcome.training)}, {seeds}"
    if outcome.is_unchanged:
        return f"{trained}; nothing drawn, all {outcome.files} files kept: nothing has changed"
    return (
        f"{trained}; {outcome.drawn} of {outcome.figures} figures are new, {outcome.files - outcome.kept} of "
        f"{outcome.files} files written, {outcome.kept} kept as they were: {', '.join(outcome.why)}"
    )


def build_document(outcome: BuildOutcome) -> dict[str, Any]:
    """The same as data."""
    return {
        "out": str(outcome.out),
        "unchanged": outcome.is_unchanged,
        "why": list(outcome.why),
        "seeds": len(outcome.seeds),
        "files": outcome.files,
        "kept": outcome.kept,
        "figures": {"total": outcome.figures, "drawn": outcome.drawn},
        **training_document(outcome.training),
    }
