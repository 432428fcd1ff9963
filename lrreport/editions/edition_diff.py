"""What differs between two editions: results, verdicts, versions, studies, seeds. Pure.

A result has *moved* when the curves of a seed that both editions have are not the same, bit for bit. It has moved
*beyond the noise of seeds* when the 95 % interval of the difference of its two means lies wholly above or below zero
(Welch: two independent samples, last test accuracy), or when a run of a seed that both have diverged in one alone.
Where both editions share seeds, the interval is wider than it need be: it errs on the quiet side. One seed shows no
spread, so it never tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lrreport.analysis.intervals import Interval, welch_interval
from lrreport.editions.published import Name, PublishedEdition, SeedResult, Subject


@dataclass(frozen=True, slots=True)
class Sample:
    """A setting's seeds in one edition.

    Attributes:
        mean: Mean of the last test accuracy over the seeds that did not diverge; None when all did.
        n: How many did not diverge.
        n_diverged: How many did.
    """

    mean: float | None
    n: int
    n_diverged: int


@dataclass(frozen=True, slots=True)
class Movement:
    """A setting whose results are not what they were.

    Attributes:
        study: The study's id.
        setting: The setting's text.
        before: In the older edition.
        after: In the newer.
        seeds: Seeds of both editions whose curves differ.
        interval: Of the difference of the means; None where an edition has fewer than two seeds.
        is_beyond_noise: By the rule above.
    """

    study: str
    setting: str
    before: Sample
    after: Sample
    seeds: tuple[int, ...]
    interval: Interval | None
    is_beyond_noise: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Something that has a name and another value than before.

    Attributes:
        name: Claim id, package or `study/setting`.
        before: None when it is new.
        after: None when it is gone.
    """

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two editions.

    Attributes:
        seeds: Number of seeds before and after; None when it is the same.
        epochs: Epochs of the longest study, likewise.
        studies_added: Ids.
        studies_removed: Ids.
        settings_added: Of studies that both have.
        settings_removed: Likewise.
        lengths: Settings of both that have another number of epochs; their results are not compared.
        movements: Settings whose results moved.
        verdicts: Claims of both whose verdict turned, and claims that are new or gone.
        subjects: Claims that are about another setting than before: which one is best, say.
        about: What each claim of the newer edition is about.
        versions: Packages.
        environments_added: Where runs were trained.
        environments_removed: Likewise.
    """

    seeds: tuple[int, int] | None
    epochs: tuple[int, int] | None
    studies_added: tuple[str, ...]
    studies_removed: tuple[str, ...]
    settings_added: tuple[Name, ...]
    settings_removed: tuple[Name, ...]
    lengths: tuple[Change, ...]
    movements: tuple[Movement, ...]
    verdicts: tuple[Change, ...]
    subjects: tuple[Change, ...]
    about: Mapping[str, Subject]
    versions: tuple[Change, ...]
    environments_added: tuple[str, ...]
    environments_removed: tuple[str, ...]

    @property
    def turned(self) -> tuple[Change, ...]:
        """Claims of both editions whose verdict is another."""
        return tuple(change for change in self.verdicts if change.before is not None and change.after is not None)

    @property
    def beyond_noise(self) -> tuple[Movement, ...]:
        """What moved by more than seeds explain."""
        return tuple(movement for movement in self.movements if movement.is_beyond_noise)

    @property
    def within_noise(self) -> tuple[Movement, ...]:
        """What moved, and not by more than seeds explain as far as one can tell."""
        return tuple(movement for movement in self.movements if not movement.is_beyond_noise)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The kinds of difference, in a word each."""
        kinds = {
            "studies": self.studies_added or self.studies_removed or self.settings_added or self.settings_removed,
            "seeds": self.seeds,
            "epochs": self.epochs or self.lengths,
            "results": self.movements,
            "verdicts": self.verdicts or self.subjects,
            "versions": self.versions,
            "environments": self.environments_added or self.environments_removed,
        }
        return tuple(name for name, found in kinds.items() if found)


def compare_editions(older: PublishedEdition, newer: PublishedEdition) -> Difference:
    """What differs between two editions."""
    both = [name for name in newer.settings if name in older.results]
    new_studies = [study for study in newer.studies if study not in older.studies]
    gone_studies = [study for study in older.studies if study not in newer.studies]
    lengths, movements = [], []
    for name in both:
        before, after = older.results[name], newer.results[name]
        was, now = _length(before), _length(after)
        if was is not None and now is not None and was != now:
            lengths.append(Change("/".join(name), str(was), str(now)))
        elif (movement := _compare_setting(name, before, after)) is not None:
            movements.append(movement)
    return Difference(
        seeds=None if older.seeds == newer.seeds else (len(older.seeds), len(newer.seeds)),
        epochs=None if older.epochs == newer.epochs else (older.epochs, newer.epochs),
        studies_added=tuple(new_studies),
        studies_removed=tuple(gone_studies),
        settings_added=_settings_apart(newer, older, new_studies),
        settings_removed=_settings_apart(older, newer, gone_studies),
        lengths=tuple(lengths),
        movements=tuple(movements),
        verdicts=_compare_values(older.verdicts, newer.verdicts),
        subjects=_compare_values(_about(older, newer), _about(newer, older)),
        about=newer.about,
        versions=_compare_values(older.versions, newer.versions),
        environments_added=tuple(sorted(newer.environments - older.environments)),
        environments_removed=tuple(sorted(older.environments - newer.environments)),
    )


def _about(these: PublishedEdition, others: PublishedEdition) -> dict[str, str]:
    """What claims of both are about, as text."""
    return {claim: "/".join(filter(None, subject)) for claim, subject in these.about.items() if claim in others.about}


def _settings_apart(these: PublishedEdition, others: PublishedEdition, studies: list[str]) -> tuple[Name, ...]:
    return tuple(name for name in these.settings if name not in others.results and name[0] not in studies)


def _compare_values(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Change, ...]:
    names = [*before, *(name for name in after if name not in before)]
    return tuple(
        Change(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )


def _length(seeds: Mapping[int, SeedResult]) -> int | None:
    """Epochs that were asked for: those of any run that did not diverge; None when all did."""
    return next((result.epochs for result in seeds.values() if not result.is_diverged), None)


def _accuracies(seeds: Mapping[int, SeedResult]) -> list[float]:
    return [result.accuracy for result in seeds.values() if result.accuracy is not None]


def _sample(seeds: Mapping[int, SeedResult]) -> Sample:
    values = _accuracies(seeds)
    return Sample(sum(values) / len(values) if values else None, len(values), len(seeds) - len(values))


def _compare_setting(name: Name, before: Mapping[int, SeedResult], after: Mapping[int, SeedResult]) -> Movement | None:
    """How a setting's results moved; None when every common seed has the same bits and the means agree."""
    common = [seed for seed in after if seed in before]
    moved = tuple(seed for seed in common if before[seed].curves != after[seed].curves)
    interval = welch_interval(_accuracies(before), _accuracies(after))
    is_apart = interval is not None and (interval.low > 0 or interval.high < 0)
    is_turned = any(before[seed].is_diverged != after[seed].is_diverged for seed in common)
    if not (moved or is_apart or is_turned):
        return None
    return Movement(*name, _sample(before), _sample(after), moved, interval, is_apart or is_turned)
