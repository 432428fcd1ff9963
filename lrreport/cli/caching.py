"""`cache ls`, `cache verify` and `cache gc`."""

from __future__ import annotations

import datetime
import os
import random
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lrreport.cli.options import (
    AsJson,
    Cache,
    Data,
    DeviceChoiceOption,
    DeviceOption,
    MaxSize,
    Retrain,
    StudyFolder,
    Threads,
    Wait,
    Yes,
    expand_path,
)
from lrreport.cli.running import cache_folder, guard, print_json, print_line, warn_of_neighbours
from lrreport.console import Console, count, format_size
from lrreport.environment import measure_room
from lrreport.errors import CacheError
from lrreport.events import Message
from lrreport.request import choose_studies
from lrreport.spec import DATASET_NAMES, Study

if TYPE_CHECKING:
    from lrreport.cache_survey import CachedRun, Leftover
    from lrreport.datasets import Dataset
    from lrreport.retraining import Proof
    from lrreport.store import Store


def _every_study(folder: Path | None) -> tuple[Study, ...]:
    """Every study that can be asked for, on every dataset that it can be asked for."""
    return tuple(study for name in (None, *DATASET_NAMES) for study in choose_studies(folder=folder, dataset=name))


def _survey(store: Store, studies: Path | None) -> list[CachedRun]:
    from lrreport.cache_survey import survey_runs  # noqa: PLC0415
    from lrreport.training_stage import expected_device, present  # noqa: PLC0415

    return survey_runs(store, _every_study(studies), present(expected_device("auto")))


def _describe_run(run: CachedRun) -> str:
    day = datetime.datetime.fromtimestamp(run.changed, datetime.UTC).astimezone().date()
    note = f"  ({run.note})" if run.note else ""
    name = run.name if run.dataset in ("", "mnist") or not run.is_asked else f"{run.name} on {run.dataset}"
    return (
        f"  {run.key}  {day}  {format_size(run.size_bytes):>8}  {run.state}, {count(run.epochs, 'epoch')}  {name}{note}"
    )


@guard
def list_cache(studies: StudyFolder = None, cache: Cache = None, as_json: AsJson = False) -> None:
    """What the cache holds: every run, which study asks for it, its size; data, and whatever else stands there.

    Example: lrreport cache ls --studies my-studies/

    Exit codes: 0 done, 2 usage or study file, 6 cache.
    """
    from lrreport.cache_survey import measure_parts  # noqa: PLC0415
    from lrreport.store import Store  # noqa: PLC0415

    root = cache_folder(cache)
    runs = _survey(Store(root), studies)
    parts = measure_parts(root)
    total = sum(size for _, size, _ in parts)
    if as_json:
        print_json(
            {
                "cache": str(root),
                "size_bytes": total,
                "runs": [run.document() for run in runs],
                "parts": [{"name": name, "size_bytes": size, "about": about} for name, size, about in parts],
            }
        )
        return
    print_line(f"{root}: {count(len(runs), 'run')}, {format_size(total)} in all")
    for run in (run for run in runs if run.is_asked):
        print_line(_describe_run(run))
    if others := [run for run in runs if not run.is_asked]:
        print_line("asked for by no study file that was read (--studies names more):")
        for run in others:
            print_line(_describe_run(run))
    for name, size, about in parts:
        print_line(f"{name}: {format_size(size)}, {about or 'not ours; left alone'}")


@guard
def verify_cache(
    cache: Cache = None,
    retrain: Retrain = None,
    data: Data = None,
    device: DeviceChoiceOption = DeviceOption.AUTO,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Check every byte of every run, whether its numbers can be, what its weights answer and show, and the images.

    With --retrain N, train N runs of one seed again for a few epochs: in the environment that trained them their bits
    must come back, elsewhere nearly the same curves.

    Example: lrreport cache verify --retrain 4

    Exit codes: 0 everything is sound, 6 something is damaged or cannot be; the next build makes what is damaged again.
    """
    from lrreport.store import Store  # noqa: PLC0415

    root = cache_folder(cache)
    store = Store(root)
    sound, problems = _find_problems(store)
    proofs = [] if retrain is None else _retrain(store, retrain, data, device, threads)
    unproven = [
        {"path": str(store.runs / proof.key), "problem": f"was not measured so: {proof.problem}"}
        for proof in proofs
        if proof.problem
    ]
    problems += unproven
    if as_json:
        document = {"cache": str(root), "sound_runs": sound, "problems": problems}
        print_json(document if retrain is None else {**document, "retrained": [asdict(proof) for proof in proofs]})
    else:
        print_line(f"{root}: {count(sound, 'run')} sound, {count(len(problems), 'problem')}")
        for proof in proofs:
            how = "bit by bit" if proof.is_bitwise else "trained elsewhere: first epoch, nearly"
            print_line(f"  {proof.key}: trained again, {count(proof.epochs, 'epoch')} compared ({how})")
        for problem in problems:
            print_line(f"  {problem['path']}: {problem['problem']}")
    if problems:
        again = "nothing has to be done: the next build that needs one says so and makes it again"
        raise CacheError(
            f"The cache holds {count(len(problems), 'damaged item')}",
            where=str(root),
            got="; ".join(problem["path"] for problem in problems[:3]) + ("; ..." if len(problems) > 3 else ""),  # noqa: PLR2004
            fix="do not believe this cache: train into another one, or again with --force" if unproven else again,
        )


def _find_problems(store: Store) -> tuple[int, list[dict[str, str]]]:
    """How many runs are sound, and what is wrong with the others and with the images."""
    from lrreport.checkpoints import Entry  # noqa: PLC0415
    from lrreport.datasets import verify_dataset  # noqa: PLC0415
    from lrreport.retraining import find_lie  # noqa: PLC0415

    problems: list[dict[str, str]] = []
    images: dict[str, Dataset] = {}
    for name in DATASET_NAMES:
        kept = verify_dataset(name, store.root)
        if kept.dataset is not None:
            images[name] = kept.dataset
        elif kept.is_present:
            problems.append({"path": str(kept.path), "problem": kept.problem or ""})
    sound = 0
    for found in store.entries():
        if not isinstance(found, Entry):
            problems.append({"path": str(found.path), "problem": found.reason})
        elif found.spec.dataset in images and (problem := find_lie(store, found, images[found.spec.dataset])):
            problems.append({"path": str(store.runs / found.key), "problem": problem})
        else:
            sound += 1
    return sound, problems


def _retrain(store: Store, number: int, data: Path | None, device: DeviceOption, threads: int | None) -> list[Proof]:
    from lrreport.execute import Workplace  # noqa: PLC0415
    from lrreport.retraining import choose_runs, prove  # noqa: PLC0415
    from lrreport.training_stage import expected_device  # noqa: PLC0415

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    console = Console("plain")
    entries = choose_runs(store, number, random.SystemRandom())
    if not entries:
        console.report(Message("train", "the cache holds no run that this version could train again", is_warning=True))
        return []
    workplace = Workplace(
        store.root, data, device.value, threads or measure_room().workers, expected_device(device.value)
    )
    try:
        return prove(entries, workplace, console.report)
    finally:
        console.close()


@guard
def collect_garbage(
    studies: StudyFolder = None,
    cache: Cache = None,
    max_size: MaxSize = None,
    yes: Yes = False,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """List what no study file asks for any more; delete it with --yes.

    What a built-in study or one of --studies asks for stays, with whatever seed, dataset or number of epochs, and so
    do images and whatever is not ours.

    Example: lrreport cache gc --studies my-studies/ --yes

    Exit codes: 0 done, 2 usage or study file, 6 cache, 8 busy.
    """
    from lrreport.cache.folder import hold_cache, look_into_cache  # noqa: PLC0415
    from lrreport.cache_survey import (  # noqa: PLC0415
        choose_garbage,
        measure_leftover,
        measure_parts,
        parse_size,
        remove_leftover,
    )
    from lrreport.store import Store  # noqa: PLC0415

    root = cache_folder(cache)
    warn_of_neighbours(studies)
    limit = None if max_size is None else parse_size(max_size)
    store = Store(root)
    console = Console("plain")

    def work() -> None:
        runs, leftovers = choose_garbage(root, _survey(store, studies), limit)
        freed = {item.key: store.remove(item.key) for item in runs} if yes else {}
        freed |= {str(item.path): remove_leftover(root, item) for item in leftovers} if yes else {}
        size = sum(size for _, size, _ in measure_parts(root))
        meant = sum(run.size_bytes for run in runs) + sum(item.size_bytes for item in leftovers)
        going = sum(freed.values()) if yes else meant
        if as_json:
            print_json(_garbage_document(root, runs, leftovers, going, size, is_deleted=yes))
        else:
            _tell_garbage(root, runs, leftovers, going, is_deleted=yes)
        # What was deleted is looked for, and not only meant.
        stayed = [item for item in leftovers if yes and measure_leftover(root, item)]
        stayed_runs = [run for run in runs if yes and store.measure(run.key)[0]]
        for path in (*(str(store.runs / run.key) for run in stayed_runs), *(str(item.path) for item in stayed)):
            console.report(Message("cache", f"{path} is still there: something in it is not ours", is_warning=True))
        left = size if yes else size - going
        if limit is not None and left > limit:
            text = f"{root} {'is' if yes else 'would still be'} {format_size(left)} large: the rest is asked for"
            console.report(Message("cache", text, is_warning=True))

    if not yes or look_into_cache(root) is None:
        work()
    else:
        with hold_cache(root, wait=wait, tell=lambda text: console.report(Message("cache", text))):
            work()
    console.close()


def _garbage_document(
    root: Path, runs: list[CachedRun], leftovers: list[Leftover], freed: int, size: int, *, is_deleted: bool
) -> dict[str, Any]:
    return {
        "cache": str(root),
        "deleted": is_deleted,
        "size_bytes": size,
        "freed_bytes": freed,
        "runs": [run.document() for run in runs],
        "files": [{"path": str(item.path), "about": item.about, "size_bytes": item.size_bytes} for item in leftovers],
    }


def _tell_garbage(root: Path, runs: list[CachedRun], leftovers: list[Leftover], size: int, *, is_deleted: bool) -> None:
    if not runs and not leftovers:
        print_line(f"{root}: nothing to delete")
        return
    for run in runs:
        print_line(_describe_run(run))
    for item in leftovers:
        print_line(f"  {item.path}  {format_size(item.size_bytes):>8}  {item.about}")
    what = " and ".join(
        count(number, word) for number, word in ((len(runs), "run"), (len(leftovers), "other")) if number
    )
    if is_deleted:
        print_line(f"{what} deleted, {format_size(size)} freed")
        return
    print_line(f"{what} would go, {format_size(size)}; --yes deletes")
    if runs:
        print_line("no study file that was read asks for them; --studies names more that do")


@guard
def merge_cache(
    other: Annotated[Path, typer.Argument(help="The other cache.", metavar="OTHER", parser=expand_path)],
    cache: Cache = None,
    wait: Wait = False,
    as_json: AsJson = False,
) -> None:
    """Take the runs of another cache that this one lacks, or has not trained as far; each is checked first.

    Nothing is changed in the other one. What is damaged, was trained by another engine or on other images, or whose
    weights answer otherwise than its numbers say, stays there and is named. Whether numbers were measured at all,
    `cache verify --retrain N` tells.

    Example: lrreport cache merge /media/usb/lrreport-cache

    Exit codes: 0 done, 6 cache, 8 busy.
    """
    from lrreport.cache.folder import hold_cache, look_into_cache  # noqa: PLC0415
    from lrreport.cache_merge import merge_runs  # noqa: PLC0415
    from lrreport.datasets import pinned_digest, verify_dataset  # noqa: PLC0415
    from lrreport.engine import ENGINE_VERSION  # noqa: PLC0415
    from lrreport.store import Store  # noqa: PLC0415

    root = cache_folder(cache)
    if look_into_cache(other) is None:
        raise CacheError(
            "There is no such cache", where=str(other), fix="name the folder that the other build was given as --cache"
        )
    if os.path.realpath(other) == os.path.realpath(root):
        raise CacheError("Both caches are one", where=str(root), fix="name another folder")
    console = Console("plain")
    with hold_cache(root, wait=wait, tell=lambda text: console.report(Message("cache", text))):
        kept = {
            name: verify_dataset(name, root).dataset or verify_dataset(name, other).dataset for name in DATASET_NAMES
        }
        images = {name: dataset for name, dataset in kept.items() if dataset is not None}
        merged = merge_runs(Store(root), Store(other), images, engine_version=ENGINE_VERSION, digest_of=pinned_digest)
    for path, problem in merged.refused.items():
        console.report(Message("cache", f"not taken: {path}: {problem}", is_warning=True))
    if as_json:
        print_json({"cache": str(root), **asdict(merged)})
    else:
        print_line(
            f"{root}: {count(len(merged.taken), 'run')} taken, {merged.kept} were here, {len(merged.refused)} not taken"
        )
    console.close()
