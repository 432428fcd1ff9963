"""Plans and studies in words, and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from lrreport.console import format_duration
from lrreport.plan import Plan
from lrreport.spec import Study

_SHOWN = 12


def _estimate(plan: Plan, workers: int) -> float | None:
    """Seconds until the last worker ends: groups go to whoever is free."""
    if plan.estimate_s is None or not plan.groups:
        return plan.estimate_s
    rounds = -(-len(plan.groups) // workers)
    return plan.estimate_s / len(plan.groups) * rounds


def describe_plan(plan: Plan, workers: int, *, show_all: bool) -> str:
    """A plan for people: counts, reasons, what is missing, time."""
    misses = plan.misses
    lines = [f"{len(plan.runs)} runs: {len(plan.runs) - len(misses)} in the cache, {len(misses)} to train"]
    for reason, count in Counter(run.reason for run in misses).most_common():
        lines.append(f"  {count:4d}  {reason}")
    shown = plan.runs if show_all else misses[:_SHOWN]
    for run in shown:
        state = f"{run.reason}, from epoch {run.start_epoch + 1}" if run.reason else "cached"
        note = f" ({run.note})" if run.note else ""
        lines.append(f"  {run.name}  {run.epochs} epochs  {state}{note}")
    if not show_all and len(misses) > _SHOWN:
        lines.append(f"  and {len(misses) - _SHOWN} more; -v shows all")
    elsewhere = sum(1 for run in plan.runs if run.reason is None and run.note)
    if elsewhere:
        lines.append(f"{elsewhere} results in the cache come from another environment; -v shows which")
    if misses:
        seconds = _estimate(plan, workers)
        time = f"about {format_duration(seconds)}" if seconds is not None else "not known before the first run here"
        lines.append(f"{len(plan.groups)} groups on {workers} workers; time: {time}")
    return "\n".join(lines)


def plan_document(plan: Plan, workers: int) -> dict[str, Any]:
    """A plan as data."""
    return {
        "runs": [
            {
                "name": run.name,
                "key": run.key,
                "epochs": run.epochs,
                "cached": run.reason is None,
                "reason": str(run.reason) if run.reason else None,
                "start_epoch": run.start_epoch,
                "note": run.note,
            }
            for run in plan.runs
        ],
        "groups": len(plan.groups),
        "workers": workers,
        "estimate_s": _estimate(plan, workers),
    }


def describe_studies(studies: Iterable[Study]) -> str:
    """Studies for people."""
    lines = []
    for study in studies:
        keys = " x ".join(study.varied_keys) or "nothing"
        lines.append(f"{study.id}: {study.title['en']} / {study.title['th']}")
        lines.append(f"  varies {keys}: " + ", ".join(setting.text for setting in study.settings))
    return "\n".join(lines)


def studies_document(studies: Iterable[Study]) -> list[dict[str, Any]]:
    """Studies as data."""
    return [
        {
            "id": study.id,
            "title": dict(study.title),
            "varies": list(study.varied_keys),
            "settings": [{"text": setting.text, "epochs": setting.epochs} for setting in study.settings],
        }
        for study in studies
    ]
