"""Plans and studies in words, and as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from lrreport.console import count, format_duration
from lrreport.last_build import LastBuild
from lrreport.plan import Plan, PlannedRun
from lrreport.spec import Study

_SHOWN = 12


def describe_plan(
    plan: Plan, seeds: Sequence[int], workers: int, last: LastBuild | None, *, limits: str, show_all: bool
) -> str:
    """A plan for people: counts, reasons, what is missing, time, and how the last build ended.

    Args:
        plan: The plan.
        seeds: That it is for.
        workers: How many groups would be trained at a time.
        last: The last build.
        limits: Why there are no more workers, where something limits them.
        show_all: Whether runs in the cache are listed too, and all that are missing.
    """
    misses = plan.misses
    hits = len(plan.runs) - len(misses)
    lines = [
        f"{count(len(plan.runs), 'run')} with {count(len(seeds), 'seed')}: {hits} in the cache, {len(misses)} to train"
    ]
    for reason, number in Counter(run.reason for run in misses).most_common():
        lines.append(f"  {number:4d}  {reason}")
    shown = plan.runs if show_all else misses[:_SHOWN]
    lines += [_describe_run(run) for run in shown]
    if not show_all and len(misses) > _SHOWN:
        lines.append(f"  and {len(misses) - _SHOWN} more; -v shows all")
    elsewhere = sum(1 for run in plan.runs if run.reason is None and run.note)
    if elsewhere:
        lines.append(f"{elsewhere} results in the cache come from another environment; -v shows which")
    if misses:
        seconds = plan.estimate_s(workers)
        time = (
            f"about {format_duration(seconds)}"
            if seconds is not None
            else "not known: some of these programs were never timed here"
        )
        crew = count(workers, "worker") + (f" ({limits})" if limits else "")
        lines.append(f"{count(len(plan.groups), 'group')} on {crew}; time to train: {time}")
    if last is not None:
        lines.append(f"last build{' FAILED' if last.has_failed else ''}: {last.describe()}")
    return "\n".join(lines)


def _describe_run(run: PlannedRun) -> str:
    note = f" ({run.note})" if run.note else ""
    if run.reason is None:
        return f"  {run.name}  {count(run.epochs, 'epoch')}  hit{note}"
    start = f", from epoch {run.start_epoch + 1}" if run.start_epoch else ""
    return f"  {run.name}  {count(run.epochs, 'epoch')}  {run.reason}{start}{note}"


def plan_document(
    plan: Plan, seeds: Sequence[int], workers: int, last: LastBuild | None, *, limits: str
) -> dict[str, Any]:
    """A plan as data; the arguments are those of `describe_plan`."""
    return {
        "seeds": len(seeds),
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
        "limits": limits,
        "estimate_s": plan.estimate_s(workers),
        "last_build": last.document() if last else None,
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
