"""What differs between two output folders: results, verdicts, versions, figures, texts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lrreport.editions.edition_diff import Change, Difference, Movement, compare_editions
from lrreport.editions.page_texts import TextChange, compare_texts, read_texts
from lrreport.editions.published import PublishedEdition, read_edition
from lrreport.publishing.report_folder import PublishedReport, open_report

#: Pages whose texts are compared, with the years that their calendar is ahead: Thai dates count Buddhist years.
_PAGES: Final[Mapping[str, int]] = {"th.html": 543, "en.html": 0}
#: A page of ours has some 2 MB, and is read at 5 MB a second.
_MAX_PAGE_BYTES: Final = 30_000_000
#: What an edition says about the one before it is no text of its own.
_ABOUT_CHANGES: Final = "appendix-changes"


@dataclass(frozen=True, slots=True)
class ReportDifference:
    """Two reports compared.

    Attributes:
        older: The edition in the first folder.
        newer: The edition in the second.
        dates: Of the two editions, as they say themselves.
        editions: What differs in what they measured and decided.
        texts: Paragraphs, captions and tables of the pages.
        figures: Names of figures, each with its digest before and after.
        files: Pages, PDFs and data files that only one of the two has.
    """

    older: PublishedEdition
    newer: PublishedEdition
    dates: tuple[str, str]
    editions: Difference
    texts: tuple[TextChange, ...]
    figures: tuple[Change, ...]
    files: tuple[Change, ...]

    @property
    def is_different(self) -> bool:
        """Whether anything differs but dates and wall times."""
        return bool(self.editions.reasons or self.texts or self.figures or self.files)

    def document(self) -> dict[str, Any]:
        """The comparison as data."""
        found = self.editions

        def documents(items: tuple[Any, ...]) -> list[dict[str, Any]]:
            return [dataclasses.asdict(item) for item in items]

        return {
            "different": self.is_different,
            "old": {"digest": self.older.digest, "date": self.dates[0], "seeds": len(self.older.seeds)},
            "new": {"digest": self.newer.digest, "date": self.dates[1], "seeds": len(self.newer.seeds)},
            "seeds": found.seeds,
            "epochs": found.epochs,
            "studies": {"added": found.studies_added, "removed": found.studies_removed},
            "settings": {
                "added": ["/".join(name) for name in found.settings_added],
                "removed": ["/".join(name) for name in found.settings_removed],
                "epochs_changed": documents(found.lengths),
            },
            "results": {
                "beyond_noise": documents(found.beyond_noise),
                "within_noise": documents(found.within_noise),
            },
            "verdicts": documents(found.verdicts),
            "claims_about_other_settings": documents(found.subjects),
            "versions": documents(found.versions),
            "environments": {"added": found.environments_added, "removed": found.environments_removed},
            "texts": documents(self.texts),
            "figures": documents(self.figures),
            "files": documents(self.files),
        }


def compare_reports(old: Path, new: Path) -> ReportDifference:
    """Compare two output folders, after checking every byte of both.

    Raises:
        OutputError: One of them is no report of ours, or is damaged.
    """
    older, newer = open_report(old), open_report(new)
    before, after = read_edition(older.manifest, older.read), read_edition(newer.manifest, newer.read)
    return ReportDifference(
        older=before,
        newer=after,
        dates=(_date_of(older), _date_of(newer)),
        editions=compare_editions(before, after),
        texts=tuple(
            change
            for page, era in _PAGES.items()
            if page in older.digests and page in newer.digests
            for change in compare_texts(page, _texts_of(older, page, era), _texts_of(newer, page, era))
        ),
        figures=_compare_figures(older.digests, newer.digests),
        files=_compare_files(older.digests, newer.digests),
    )


def _date_of(report: PublishedReport) -> str:
    with suppress(ValueError, KeyError, TypeError, RecursionError):
        return dt.date.fromisoformat(json.loads(report.read("data/edition.json"))["date"]).isoformat()
    return ""


def _texts_of(report: PublishedReport, page: str, era: int) -> dict[str, str]:
    """A page's texts, without what an edition says of itself: its date, and its changes."""
    texts = read_texts(report.read(page, limit=_MAX_PAGE_BYTES).decode(errors="replace"))
    if day := _date_of(report):
        parsed = dt.date.fromisoformat(day)
        written = re.compile(rf"\b{parsed.day} [^\W\d]+\w* {parsed.year + era}\b")
        texts = {name: written.sub("DATE", text) for name, text in texts.items()}
    return {name: text for name, text in texts.items() if not name.startswith((_ABOUT_CHANGES, "appendix-no-changes"))}


def _compare_figures(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """Figures by name and language; the SVG speaks for the PNG, which is drawn from the same numbers."""
    was, now = (
        {name[len("figures/") : -len(".svg")]: digest for name, digest in digests.items() if name.endswith(".svg")}
        for digests in (before, after)
    )
    names = [*was, *(name for name in now if name not in was)]
    return tuple(Change(name, was.get(name), now.get(name)) for name in names if was.get(name) != now.get(name))


def _compare_files(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    """Files that one of the two lacks, but for figures."""
    names = sorted(name for name in before.keys() ^ after.keys() if not name.startswith("figures/"))
    return tuple(Change(name, before.get(name), after.get(name)) for name in names)


def _percent(value: float | None) -> str:
    return "no value" if value is None else f"{100 * value:.2f} %"


def _describe_movement(movement: Movement) -> str:
    parts = []
    for sample in (movement.before, movement.after):
        diverged = f", {sample.n_diverged} diverged" if sample.n_diverged else ""
        parts.append(f"{_percent(sample.mean)} ({sample.n} seeds{diverged})")
    text = f"{movement.study}/{movement.setting}: {' -> '.join(parts)}"
    if movement.interval is not None:
        low, mean, high = (
            100 * value for value in (movement.interval.low, movement.interval.mean, movement.interval.high)
        )
        text += f", {mean:+.2f} [{low:+.2f}, {high:+.2f}] points"
    if movement.seeds:
        text += ", other bits with seed " + ", ".join(map(str, movement.seeds))
    return text


def _describe_change(change: Change) -> str:
    if change.before is None:
        return f"{change.name}: new, {change.after}"
    return f"{change.name}: {change.before} -> {change.after if change.after is not None else 'gone'}"


def _count_claims(changes: Iterable[Change]) -> list[str]:
    """One line a group of claims, with the number of settings that it speaks of; JSON has them one by one."""
    groups = Counter(change.name.partition("/")[0] for change in changes)
    return [f"{group}: {number}" for group, number in groups.items()]


def _presence(before: str | None, after: str | None) -> str:
    if before is None:
        return "new"
    return "gone" if after is None else "changed"


def _describe_figures(changes: Iterable[Change]) -> list[str]:
    """One line a figure, with its languages."""
    found: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        name, _, language = change.name.partition(".")
        found.setdefault((name, _presence(change.before, change.after)), []).append(language)
    return [f"{name} ({', '.join(languages)}): {presence}" for (name, presence), languages in found.items()]


def _describe_texts(changes: Iterable[TextChange], *, show_texts: bool) -> list[str]:
    """One line a paragraph, with the pages that have it; if wanted, what they said and say."""
    found: dict[tuple[str, str], list[TextChange]] = {}
    for change in changes:
        found.setdefault((change.id, _presence(change.before, change.after)), []).append(change)
    lines = []
    for (name, presence), items in found.items():
        lines.append(f"{name} ({', '.join(item.page for item in items)}): {presence}")
        if show_texts:
            for item in items:
                lines += [f"  - {item.before}"] if item.before is not None else []
                lines += [f"  + {item.after}"] if item.after is not None else []
    return lines


def describe_difference(difference: ReportDifference, *, show_texts: bool) -> str:
    """The comparison for people.

    Args:
        difference: What was found.
        show_texts: Also show what the paragraphs said and say.
    """
    found = difference.editions
    lines = [
        f"{name}: edition {edition.digest[:12]} of {day or 'an unknown day'}, {len(edition.seeds)} seeds, "
        f"{edition.epochs} epochs"
        for name, edition, day in (
            ("old", difference.older, difference.dates[0]),
            ("new", difference.newer, difference.dates[1]),
        )
    ]
    parts: tuple[tuple[str, list[str]], ...] = (
        ("seeds", [f"{found.seeds[0]} -> {found.seeds[1]}"] if found.seeds else []),
        ("epochs of the longest study", [f"{found.epochs[0]} -> {found.epochs[1]}"] if found.epochs else []),
        ("studies added", list(found.studies_added)),
        ("studies left out", list(found.studies_removed)),
        ("settings added", ["/".join(name) for name in found.settings_added]),
        ("settings left out", ["/".join(name) for name in found.settings_removed]),
        ("another number of epochs, results not compared", [_describe_change(item) for item in found.lengths]),
        ("verdicts that turned", [_describe_change(item) for item in found.turned]),
        ("claims that are new", _count_claims(item for item in found.verdicts if item.before is None)),
        ("claims that are gone", _count_claims(item for item in found.verdicts if item.after is None)),
        ("claims that are now about another setting", [_describe_change(item) for item in found.subjects]),
        ("results that moved beyond the noise of seeds", [_describe_movement(item) for item in found.beyond_noise]),
        ("results that moved within the noise of seeds", [_describe_movement(item) for item in found.within_noise]),
        ("versions", [_describe_change(item) for item in found.versions]),
        ("runs trained on (new)", list(found.environments_added)),
        ("runs no longer trained on", list(found.environments_removed)),
        ("figures", _describe_figures(difference.figures)),
        ("texts", _describe_texts(difference.texts, show_texts=show_texts)),
        ("files", [f"{item.name}: {_presence(item.before, item.after)}" for item in difference.files]),
    )
    for title, items in parts:
        if items:
            lines += [f"{title}:", *(f"  {item}" for item in items)]
    if not difference.is_different:
        lines.append("no difference in results, verdicts, versions, figures or texts")
    return "\n".join(lines)
