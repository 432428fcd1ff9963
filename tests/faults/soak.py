"""Kill a build again and again, at random moments and in every stage, then let it finish, and compare.

`tests/faults/test_killed_in_a_row.py` does so eight times, with one edition. By hand, with both: `make soak`, or
`python -m tests.faults.soak --kills 200 --seed 1`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

from lrreport.checkpoints import Entry
from lrreport.datasets import load_dataset
from lrreport.publishing.manifest import is_intact, read_manifest
from lrreport.store import Store
from tests.bits import bits
from tests.faults.world import PROGRAM, wait_until_gone

STUDY = """
id = "ID"
[title]
th = "เล็ก"
en = "ID"
[base]
hidden_units = [10]
epochs = EPOCHS
[vary]
momentum = MOMENTA
"""
#: Runs of different lengths in one group: some are kept while the others still train.
STUDIES = {"short": ("2", "[0.5, 0.6]"), "long": ("4", "[0.9, 0.95]")}
RUNS = 4
STUDY_OPTIONS = ["--studies", "studies", *(word for name in STUDIES for word in ("--study", name))]
#: Stages in the order of a build (PDFs begin first, and end last), with how many seconds after its first sign a kill in it comes at the latest.
STAGES = {"train": 4.0, "checkpoint": 0.02, "figures": 1.5, "pdf": 2.0, "pages": 1.0, "swap": 0.03}
TRAINING = ("train", "checkpoint")
WRITING = ("figures", "pages", "pdf")
#: A build that is let alone has ended after so many seconds, however busy the machine is.
PATIENCE_S = 600.0


@dataclass
class Watched:
    """A build that runs, and what it told."""

    process: subprocess.Popen[str]
    mark: str
    stages: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            event = json.loads(line) if line.startswith("{") else {}
            with self.changed:
                self.told.append(line)
                if event.get("event") != "heartbeat":
                    self.stages.append("train" if event.get("event") == "progress" else event.get("stage", ""))
                self.changed.notify()
        with self.changed:
            self.stages.append("ended")
            self.changed.notify()

    def wait_for(self, stage: str) -> None:
        """Wait until it tells of a stage, or of a later one: what is trained is not trained again."""
        awaited = {*list(STAGES)[list(STAGES).index(stage) :], "ended"}
        with self.changed:
            self.changed.wait_for(lambda: awaited & {*self.stages}, PATIENCE_S)


@dataclass
class World:
    """A folder with a study, and builds in it.

    Attributes:
        options: Of every build, beside those that make it small.
        hits: Kills by the stage that they came in.
    """

    folder: Path
    images: Path
    options: Sequence[str] = ()
    hits: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        (self.folder / "studies").mkdir(parents=True)
        for name, (epochs, momenta) in STUDIES.items():
            text = STUDY.replace("ID", name).replace("EPOCHS", epochs).replace("MOMENTA", momenta)
            (self.folder / "studies" / f"{name}.toml").write_text(text, "utf-8")

    @contextmanager
    def build(self, name: str) -> Iterator[Watched]:
        mark = uuid.uuid4().hex
        command = [*PROGRAM, "build", *STUDY_OPTIONS, *self.options, "--seeds", "1", "--device", "cpu",
                   "--data", str(self.images), "--out", f"{name}/report", "--cache", f"{name}/cache",
                   "--progress", "json"]  # fmt: skip
        environment = {**os.environ, "MARK": mark, "SOURCE_DATE_EPOCH": "1800000000"}
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.folder, env=environment
        ) as process:
            watched = Watched(process, mark)
            listener = threading.Thread(target=watched.listen)
            listener.start()
            try:
                yield watched
            finally:
                process.kill()
                listener.join()

    def finish(self, name: str) -> float:
        """Let a build come to its end; return how long it took."""
        began = time.monotonic()
        with self.build(name) as watched:
            assert watched.process.wait(PATIENCE_S) == 0, "".join(watched.told)
        return time.monotonic() - began

    def kill(self, name: str, stage: str | None, delay_s: float) -> bool:
        """Kill a build so many seconds after it told of a stage, or after its start; False if it ended before."""
        with self.build(name) as watched:
            if stage is not None:
                watched.wait_for(stage)
            time.sleep(delay_s)
            is_alive = watched.process.poll() is None
            watched.process.kill()
            watched.process.wait(PATIENCE_S)
        if is_alive:
            last = [told for told in watched.stages if told not in ("ended", "")][-2:]
            self.hits[stage if stage in last else (last or ["start"])[-1]] += 1
        assert wait_until_gone(watched.mark, 20) == [], "a worker outlives its build"
        self.look(name)
        return is_alive

    def look(self, name: str) -> None:
        """What a reader and the next build find after a kill."""
        report = self.folder / name / "report"
        manifest = read_manifest(report)
        has_journal = (report / ".lrreport" / "journal.json").exists()
        # Between journal and end, files of both stand there; the next command goes on.
        assert has_journal or manifest is None or is_intact(report, manifest), "half a report, and nobody completes it"
        damaged = [entry for entry in Store(self.folder / name / "cache").entries() if not isinstance(entry, Entry)]
        assert damaged == [], damaged

    def compare(self, name: str, calm: str) -> None:
        """Both builds are the same: the cache's bits, and every byte of the report but wall times."""
        entries = [
            {
                entry.key: bits(entry)
                for entry in Store(self.folder / each / "cache").entries()
                if isinstance(entry, Entry)
            }
            for each in (name, calm)
        ]
        assert len(entries[0]) == RUNS
        assert entries[0] == entries[1]
        reports = [without_wall_times(self.folder / each / "report") for each in (name, calm)]
        assert reports[0].keys() == reports[1].keys()
        different = [each for each in reports[0] if reports[0][each] != reports[1][each]]
        assert different == [], different
        assert sorted(path.name for path in (self.folder / name).iterdir()) == ["cache", "report"]
        assert not [path for path in (self.folder / name / "report").iterdir() if path.name.startswith(".")]
        assert not list((self.folder / name / "cache").rglob("*.tmp"))


def without_wall_times(report: Path) -> dict[str, object]:
    """Every file of a report; of `runs.json` and `manifest.json` all but what depends on when and where it ran."""
    found: dict[str, object] = {
        path.relative_to(report).as_posix(): path.read_bytes() for path in report.rglob("*") if path.is_file()
    }
    runs = json.loads((report / "data" / "runs.json").read_bytes())
    for entry in runs["runs"]:
        del entry["wall_s"]
    manifest = json.loads((report / "manifest.json").read_bytes())
    for key in ("measurements", "training_wall_s", "runs"):
        del manifest[key]
    manifest["files"] = [item for item in manifest["files"] if item["path"] != "data/runs.json"]
    return {**found, "data/runs.json": runs, "manifest.json": manifest}


def make_schedule(kills: int, random_source: random.Random) -> list[str | None]:
    """Which stage each kill comes in, None for any moment: training first, then writing, swaps last."""
    swaps, training, anywhere = max(1, kills // 10), max(2, kills // 4), kills // 5
    begin = [TRAINING[number % 2] for number in range(training)]
    then: list[str | None] = [WRITING[number % 3] for number in range(kills - swaps - training - anywhere)]
    then += [None] * anywhere
    random_source.shuffle(begin)
    random_source.shuffle(then)
    return [*begin, *then, *["swap"] * swaps]


def soak(
    folder: Path, images: Path, *, kills: int, seed: int, options: Sequence[str] = (), tell: bool = False
) -> World:
    """Kill one build so many times in a row, let it finish, and compare it with one that was left alone."""
    random_source = random.Random(seed)
    world = World(folder, images, options)
    calm_s = world.finish("calm")
    for number, stage in enumerate(make_schedule(kills, random_source), start=1):
        for _ in range(20):
            latest_s = STAGES[stage] if stage else calm_s / 2
            delay_s = random_source.uniform(0, latest_s)
            if world.kill("disturbed", stage, delay_s):
                break
            # It came to its end before: what it made goes, so that there is something to disturb.
            shutil.rmtree(world.folder / "disturbed" / "report", ignore_errors=True)
        if tell:
            print(f"{number}: {stage or 'any moment'} + {delay_s:.3f} s, hits {dict(world.hits)}", flush=True)  # noqa: T201
    world.finish("disturbed")
    world.compare("disturbed", "calm")
    return world


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--in-a-row", type=int, default=20, help="kills of one build before it may finish")
    options = parser.parse_args()
    hits: Counter[str] = Counter()
    began = time.monotonic()
    cache = Path(os.environ.get("LRREPORT_CACHE") or platformdirs.user_cache_dir("lrreport"))
    load_dataset("mnist", cache_dir=cache, report=lambda text: print(text, file=sys.stderr))  # noqa: T201
    images = cache / "data" / "mnist.npz"
    with tempfile.TemporaryDirectory(prefix="lrreport-soak-") as name:
        place = Path(name)
        for round_number in range(-(-options.kills // options.in_a_row)):
            kills = min(options.in_a_row, options.kills - round_number * options.in_a_row)
            world = soak(
                place / f"round-{round_number}", images, kills=kills, seed=options.seed + round_number, tell=True
            )
            hits += world.hits
            shutil.rmtree(world.folder)
            took = time.monotonic() - began
            sums = f"{hits.total()} kills, {round_number + 1} builds finished, {took:.0f} s: {dict(hits)}"
            print(sums, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
