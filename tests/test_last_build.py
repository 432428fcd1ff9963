"""A failed night is seen in the morning; nothing is silent for long; closed streams and missing homes do no harm."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lrreport.console import Console
from lrreport.events import Message, TrainingProgress
from lrreport.last_build import LAST_BUILD, LastBuild, read_last_build, record_beginning, record_last_build
from lrreport.outcome_text import build_document, describe_build, describe_waiting
from lrreport.pipeline import BuildOutcome, _read_waiting
from lrreport.training_stage import TrainingOutcome
from tests.commands import lrreport

ENDED = LastBuild(
    "build", ("build", "--out", "x"), "2026-11-25T02:30:00+00:00", "2026-11-25T02:40:00+00:00", 6, "full", 1
)


def test_a_record_is_read_back(tmp_path: Path) -> None:
    """What is recorded is read; a record that is damaged, or of other types, is none."""
    record_last_build(tmp_path / "cache", ENDED)
    found = read_last_build(tmp_path / "cache")
    assert found is not None
    assert found.describe() == ENDED.describe()
    assert found.has_failed
    path = tmp_path / "cache" / LAST_BUILD
    whole = path.read_text("utf-8")
    for text in ("", "[]", whole[:50], whole.replace('"full"', "7"), whole.replace('"process": 1', '"process": -1')):
        path.write_text(text, "utf-8")
        assert read_last_build(tmp_path / "cache") is None


def test_a_killed_build_leaves_word(tmp_path: Path) -> None:
    """A beginning without an end is told as what it is: at work while its process lives, else killed."""
    record_beginning(tmp_path, "build", ("build",))
    alive = read_last_build(tmp_path)
    assert alive is not None
    assert alive.is_running
    assert "at work" in alive.describe()
    assert not alive.has_failed
    reused = dataclasses.replace(alive, process_start="1")
    assert not reused.is_running, "another process has that number now"
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    record_last_build(tmp_path, LastBuild("build", (), "2026-11-25T02:30:00+00:00", None, None, "", child.pid))
    killed = read_last_build(tmp_path)
    assert killed is not None
    assert killed.has_failed
    assert "never came to its end" in killed.describe()


def test_a_failed_night_is_seen_in_the_morning(tmp_path: Path) -> None:
    """`plan` shows when, command, exit code and message of the last build, as text and as data."""
    cache = str(tmp_path / "cache")
    (tmp_path / "bad.toml").write_text('id = "bad"\n', "utf-8")
    failed = lrreport("build", "--out", "report", "--studies", ".", "--cache", cache, "-q", cwd=tmp_path)
    assert failed.returncode == 2
    plan = lrreport("plan", "--cache", cache)
    assert "last build FAILED: `lrreport build --out report" in plan.stdout
    assert "exit code 2: The study file has no 'title'" in plan.stdout
    last = json.loads(lrreport("plan", "--cache", cache, "--json").stdout)["last_build"]
    assert (last["command"], last["exit_code"], last["has_failed"]) == ("build", 2, True)
    assert last["began"] <= last["finished"]


WRITTEN = BuildOutcome(
    out=Path("x"),
    training=TrainingOutcome(("momentum/0.9/seed-1",), 3, 0, {"absent": 1}),
    seeds=(1, 2),
    is_unchanged=False,
    why=("seeds", "texts"),
    files=20,
    unchanged_files=5,
    drawn=1,
    kept=9,
    laid_out=2,
    kept_pdfs=1,
    waiting=(),
)
UNCHANGED = dataclasses.replace(WRITTEN, training=TrainingOutcome((), 4, 0), is_unchanged=True, why=())


def test_the_last_line_ends_with_who_waits() -> None:
    """Paragraphs that were written for other results are named where somebody looks, also when nothing was written."""
    written = (
        "1 run trained (1 absent), 3 from the cache, 2 seeds; 1 figure drawn, 9 kept; 2 PDFs laid out, 1 kept; "
        "15 of 20 files are new, because seeds and texts or pages changed"
    )
    unchanged = "nothing trained, all 4 runs from the cache, 2 seeds; nothing drawn, all 20 files kept, because nothing has changed"
    for outcome, text in ((WRITTEN, written), (UNCHANGED, unchanged)):
        assert describe_build(outcome) == text
        one = dataclasses.replace(outcome, waiting=("momentum-result",))
        assert describe_build(one) == (
            f"{text}; 1 paragraph was written for other results and waits for its author: momentum-result"
        )
        two = dataclasses.replace(outcome, waiting=("abstract", "momentum-result"))
        assert describe_build(two) == (
            f"{text}; 2 paragraphs were written for other results and wait for their author: abstract, momentum-result"
        )


def test_no_line_is_longer_than_a_dozen_names() -> None:
    """Where nearly everything waits, its number is told, and the first twelve; as data there are all."""
    names = tuple(f"p-{number}" for number in range(13))
    assert describe_waiting(names[:12]).endswith(": " + ", ".join(names[:12]))
    assert describe_waiting(names) == (
        "; 13 paragraphs were written for other results and wait for their author: " + ", ".join(names[:12]) + ", ..."
    )
    assert describe_waiting(()) == ""
    assert build_document(dataclasses.replace(WRITTEN, waiting=names))["waiting"] == [*names]
    assert build_document(WRITTEN)["waiting"] == []


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (["abstract", "momentum-result"], ("abstract", "momentum-result")),
        ([], ()),
        (None, ()),
        ("abstract", ()),
        ({"abstract": 1}, ()),
        (["abstract", 7, None, ["x"]], ("abstract",)),
        (["abstract", "\x1b[2J", "a\nb", "\u202ex", ""], ("abstract",)),
        (["abstract", "x" * 10_000], ("abstract",)),
    ],
)
def test_what_a_manifest_says_of_waiting_is_a_strangers_word(said: object, read: tuple[str, ...]) -> None:
    """It is printed on a terminal: names of paragraphs are taken, and nothing else that stands in their place."""
    assert _read_waiting({"waiting": said}) == read
    assert _read_waiting({}) == ()


def test_nothing_is_silent_for_long() -> None:
    """At every stage a line comes after so many seconds without one; training tells how far it is."""
    stream = io.StringIO()
    console = Console("plain", stream=stream, heartbeat_s=0.1)
    console.report(Message("pdf", "laying out"))
    time.sleep(0.5)
    console.report(TrainingProgress(3, 10, 0, 2, 1.0, None))
    time.sleep(0.3)
    console.close()
    lines = stream.getvalue().splitlines()
    time.sleep(0.3)
    assert stream.getvalue().splitlines() == lines, "a closed console says nothing more"
    assert lines[0] == "pdf: laying out"
    assert lines.count("pdf: still at work, under 1 s") >= 2
    assert "train: still at work, 3 of 10 epochs (30 %), 0 of 2 runs done" in lines


def test_the_heartbeat_in_json_and_in_silence() -> None:
    """JSON lines beat too, with the stage's name; a quiet console tells warnings alone."""
    as_json, quiet = io.StringIO(), io.StringIO()
    for mode, stream, is_quiet in (("json", as_json, False), ("plain", quiet, True), ("none", quiet, False)):
        console = Console(mode, stream=stream, heartbeat_s=0.1, is_quiet=is_quiet)  # type: ignore[arg-type]
        console.report(Message("figures", "drawing"))
        console.report(Message("data", "the kept copy is damaged", is_warning=True))
        time.sleep(0.35)
        console.close()
    events = [json.loads(line) for line in as_json.getvalue().splitlines()]
    assert [event["event"] for event in events[:2]] == ["message", "message"]
    assert {event["stage"] for event in events if event["event"] == "heartbeat"} == {"data"}
    assert quiet.getvalue().splitlines() == ["warning: the kept copy is damaged"] * 2


def test_details_are_told_to_those_who_ask() -> None:
    """Checkpoints and single figures stand in JSON and with -v, and not in a night's log."""
    for options, told in (({}, False), ({"is_verbose": True}, True)):
        stream = io.StringIO()
        console = Console("plain", stream=stream, **options)
        console.report(Message("checkpoint", "run 1 is kept", is_detail=True))
        console.close()
        assert bool(stream.getvalue()) == told
    stream = io.StringIO()
    console = Console("json", stream=stream)
    console.report(Message("checkpoint", "run 1 is kept", is_detail=True))
    console.close()
    assert json.loads(stream.getvalue())["stage"] == "checkpoint"


def test_messages_that_nobody_reads_stop_nothing() -> None:
    """Whoever read stderr may go: the console goes on without him."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8", buffering=1) as stream:
        console = Console("plain", stream=stream)
        console.report(Message("train", "first"))
        console.report(Message("train", "second"))
        console.close()
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # so that closing it finds somebody


def shell(line: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {line}"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "LRREPORT": f"{sys.executable} -m lrreport", "LRREPORT_CACHE": "cache", **environment},
    )


@pytest.mark.parametrize("streams", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", "| true"])
def test_closed_streams(streams: str, tmp_path: Path) -> None:
    """Without stdout, stderr, stdin or a reader a command does its work and ends well."""
    done = shell(f"$LRREPORT studies --json {streams}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_message_lands_in_a_file(tmp_path: Path) -> None:
    """With stderr closed, the first file that a command opens must not become its stderr."""
    done = shell("$LRREPORT render --out report --study momentum >&- 2>&- <&-", tmp_path)
    assert done.returncode == 3
    assert (tmp_path / "cache" / "lock").read_text("utf-8").count("\n") <= 1
    assert "not in the cache" not in (tmp_path / "cache" / "lock").read_text("utf-8")


def test_a_locale_without_thai(tmp_path: Path) -> None:
    """Where the terminal's encoding has no Thai letters they are written as escapes, and nothing fails."""
    done = shell("$LRREPORT studies", tmp_path, PYTHONIOENCODING="latin-1")
    assert done.returncode == 0
    assert "\\u0e2d" in done.stdout


def test_a_user_without_a_home_is_told() -> None:
    """Without a home folder and without --cache there is no place for a cache: an error that says what to name."""
    if os.geteuid() != 0:
        pytest.skip("only root can become a user whom the system does not know")
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "LRREPORT_CACHE")}
    # Everything is imported before: this user may not be allowed to read the interpreter's folder.
    probe = """
import os
from lrreport.cli.running import cache_folder
from lrreport.errors import CacheError
os.setgid(54321)
os.setuid(54321)
try:
    cache_folder(None)
except CacheError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=environment)
    assert "this user has no home folder" in done.stdout
    assert "LRREPORT_CACHE" in done.stdout
