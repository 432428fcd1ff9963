"""What a published edition measured and said, read back from its data files, for the next one to compare with."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lrreport.analysis.verdicts import Verdict
from lrreport.documents import odd_letters, parse_document
from lrreport.errors import OutputError

RESULTS_FILE: Final = "data/results.csv"
RUNS_FILE: Final = "data/runs.json"
CLAIMS_FILE: Final = "data/claims.json"
#: What `read_edition` asks for.
DATA_FILES: Final = (RESULTS_FILE, RUNS_FILE, CLAIMS_FILE)

_MAX_WORDS: Final = 2000
#: JSON takes some 25 times its size in memory.
_MAX_JSON_BYTES: Final = 32_000_000

#: A setting of a study, by the texts that name them.
Name = tuple[str, str]
#: What a claim is about: a study, and one of its settings or all of it.
Subject = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class SeedResult:
    """One run of one setting.

    Attributes:
        accuracy: Test accuracy after the last epoch, a fraction; None of a diverged run.
        epochs: Rows in `results.csv`.
        curves: Digest of these rows: the same digest is the same curves, bit for bit.
    """

    accuracy: float | None
    epochs: int
    curves: str

    @property
    def is_diverged(self) -> bool:
        """Whether the run diverged."""
        return self.accuracy is None


@dataclass(frozen=True, slots=True)
class PublishedEdition:
    """An edition as its data files tell it.

    Attributes:
        digest: Of the edition.
        seeds: In ascending order.
        epochs: Of the longest study.
        is_preview: Whether it was made for a look.
        settings: Every setting of every study, in the article's order.
        results: By setting, then by seed.
        verdicts: By claim id.
        about: What each claim is about.
        versions: By name of the package.
        environments: Where runs were trained, in words.
    """

    digest: str
    seeds: tuple[int, ...]
    epochs: int
    is_preview: bool
    settings: tuple[Name, ...]
    results: Mapping[Name, Mapping[int, SeedResult]]
    verdicts: Mapping[str, str]
    about: Mapping[str, Subject]
    versions: Mapping[str, str]
    environments: frozenset[str]

    @property
    def studies(self) -> tuple[str, ...]:
        """Study ids, in the article's order."""
        return tuple(dict.fromkeys(study for study, _ in self.settings))


def read_edition(manifest: Mapping[str, Any], read: Callable[[str], bytes]) -> PublishedEdition:
    """Read an edition back.

    Args:
        manifest: The content of its `manifest.json`.
        read: The content of a file of the report, by its path in the folder.

    Raises:
        OutputError: A file is not what it should be.
    """
    name = "manifest.json"
    try:
        settings = manifest["settings"]
        digest = check_words(str(manifest["edition"]))
        seeds = tuple(int(seed) for seed in settings["seeds"])
        epochs, is_preview = int(settings["epochs"]), bool(settings["preview"])
        versions = {str(key): str(value) for key, value in manifest["versions"].items()}
        name = CLAIMS_FILE
        claims = parse_document(read(name), _MAX_JSON_BYTES)["claims"]
        verdicts = {str(claim["id"]): str(Verdict(claim["verdict"])) for claim in claims}
        about = {str(claim["id"]): _read_subject(claim) for claim in claims}
        name = RUNS_FILE
        runs = _read_runs(parse_document(read(name), _MAX_JSON_BYTES)["runs"])
        name = RESULTS_FILE
        results = _read_results(read(name).decode(), runs)
        for word in (*versions, *versions.values(), *verdicts, *verdicts.values(), *runs.environments):
            check_words(word)
        for word in (each for pair in (*results, *about.values()) for each in pair if each is not None):
            check_words(word)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, csv.Error) as error:
        raise OutputError(
            "A report's data file is not what it should be",
            where=name,
            got=f"{type(error).__name__}: {error}"[:200],
            expected="what lrreport writes",
            fix="make the report again: lrreport render --out with its folder",
        ) from error
    return PublishedEdition(
        digest=digest,
        seeds=seeds,
        epochs=epochs,
        is_preview=is_preview,
        settings=tuple(results),
        results=results,
        verdicts=verdicts,
        about=about,
        versions=versions,
        environments=frozenset(runs.environments),
    )


def check_words(text: object) -> str:
    """A text that may stand in an article: printed signs, and not too many.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(text, str) or len(text) > _MAX_WORDS or odd_letters(text):
        raise ValueError("something else where a short text should be")
    return text


def _read_subject(claim: Mapping[str, Any]) -> Subject:
    setting = claim["setting"]
    return str(claim["study"]), None if setting is None else str(setting)


@dataclass(frozen=True, slots=True)
class _Runs:
    """What `runs.json` adds: which settings and seeds there are, and which of their runs diverged."""

    served: list[tuple[Name, int]] = field(default_factory=list)
    diverged_after: dict[tuple[Name, int], int] = field(default_factory=dict)
    environments: set[str] = field(default_factory=set)


def _read_runs(entries: list[Any]) -> _Runs:
    runs = _Runs()
    for entry in entries:
        place = entry["environment"]
        runs.environments.add(
            f"TensorFlow {place['tensorflow']}, NumPy {place['numpy']}, {place['cpu_model']}, {place['device']}"
        )
        for served in entry["serves"]:
            study, _, rest = str(served).partition("/")
            setting, _, seed = rest.rpartition("/seed-")
            which = ((study, setting), int(seed))
            runs.served.append(which)
            if entry["status"] == "diverged":
                runs.diverged_after[which] = int(entry["epochs"])
    return runs


def _rows(text: str) -> Iterator[tuple[Name, int, list[str]]]:
    lines = csv.reader(io.StringIO(text))
    if next(lines, [])[:4] != ["study", "setting", "seed", "epoch"]:
        raise ValueError("the columns are not those of results.csv")
    for row in lines:
        study, setting, seed, *numbers = row
        yield (study, setting), int(seed), numbers


def _read_results(text: str, runs: _Runs) -> dict[Name, dict[int, SeedResult]]:
    digests: defaultdict[tuple[Name, int], Any] = defaultdict(hashlib.sha256)
    last: dict[tuple[Name, int], tuple[int, float]] = {}
    order: dict[Name, None] = {}
    for name, seed, (epoch, *curves, accuracy, _key) in _rows(text):
        order.setdefault(name)
        digests[name, seed].update(f"{epoch},{','.join(curves)},{accuracy}\n".encode())
        last[name, seed] = int(epoch), float(accuracy)
        if not 0 <= last[name, seed][1] <= 1:
            raise ValueError(f"an accuracy of {accuracy}")
    for name, _ in runs.served:  # a run that diverged in its first epoch has no row
        order.setdefault(name)
    results: dict[Name, dict[int, SeedResult]] = {name: {} for name in order}
    for name, seed in sorted({*last, *runs.served}):
        epochs, last_accuracy = last.get((name, seed), (0, 0.0))
        # A setting of fewer epochs than its run has may end before the run diverged.
        has_diverged = runs.diverged_after.get((name, seed)) == epochs
        value = None if has_diverged else last_accuracy
        results[name][seed] = SeedResult(value, epochs, digests[name, seed].hexdigest())
    return results
