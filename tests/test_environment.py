"""Cores, quotas and memory: as many workers as the machine and its limits have room for."""

from __future__ import annotations

import doctest
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType

import pytest

from lrreport import environment, outcome_text
from lrreport.environment import SHARED_BYTES, WORKER_BYTES, Room, measure_room
from tests.faults.world import CHOICE, copy_cache

CORES = len(os.sched_getaffinity(0))
GIB = 1024**3


def make_world(root: Path, files: dict[str, str]) -> Path:
    """A /proc and a /sys with these files."""
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.mark.parametrize(
    ("groups", "files", "quota"),
    [
        ("0::/\n", {"cpu.max": "max 100000\n"}, None),
        ("0::/\n", {"cpu.max": "100000 100000\n"}, 1.0),
        ("0::/\n", {"cpu.max": "150000 100000\n"}, 1.5),
        ("0::/a.slice/b.service\n", {"a.slice/b.service/cpu.max": "max 100000\n", "a.slice/cpu.max": "50000 100000"}, 0.5),
        ("0::/../elsewhere\n", {"cpu.max": "100000 100000\n"}, 1.0),
        ("4:cpu,cpuacct:/docker/c0ffee\n0::/\n", {"cpu,cpuacct/cpu.cfs_quota_us": "-1\n"}, None),
        (
            "4:cpu,cpuacct:/docker/c0ffee\n0::/\n",
            {"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"},
            2.0,
        ),
        (
            "1:cpu:/a/b\n",
            {"cpu/a/cpu.cfs_quota_us": "25000\n", "cpu/a/cpu.cfs_period_us": "50000\n", "cpu/a/b/cpu.cfs_quota_us": "-1"},
            0.5,
        ),
        ("nonsense\n", {"cpu.max": "100000 100000\n"}, None),
    ],
)  # fmt: skip
def test_quotas_of_both_versions(groups: str, files: dict[str, str], quota: float | None, tmp_path: Path) -> None:
    """A service's, a container's and a user's group count, and every group around them; the tightest one decides."""
    inside = {f"sys/fs/cgroup/{name}": content for name, content in files.items()}
    world = make_world(tmp_path, {"proc/self/cgroup": groups, **inside})
    assert measure_room(world).quota == quota


def test_free_memory_is_the_least_of_all_limits(tmp_path: Path) -> None:
    """What the machine has free, and what each group leaves; files that are only kept at hand count as free."""
    world = make_world(
        tmp_path,
        {
            "proc/self/cgroup": "0::/night.service\n",
            "proc/meminfo": f"MemTotal: {8 * GIB // 1024} kB\nMemAvailable: {6 * GIB // 1024} kB\n",
        },
    )
    assert measure_room(world).memory_bytes == 6 * GIB
    group = "sys/fs/cgroup/night.service/memory"
    limits = {f"{group}.max": "max\n", f"{group}.high": f"{4 * GIB}\n", f"{group}.current": f"{2 * GIB}\n"}
    make_world(tmp_path, {**limits, f"{group}.stat": f"anon {GIB}\ninactive_file {GIB}\nactive_file 0\n"})
    assert measure_room(world).memory_bytes == 3 * GIB
    old = "sys/fs/cgroup/memory/memory"
    make_world(
        tmp_path,
        {
            "proc/self/cgroup": "7:memory:/docker/c0ffee\n",
            f"{old}.limit_in_bytes": f"{GIB}\n",
            f"{old}.usage_in_bytes": f"{GIB}\n",
            f"{old}.stat": f"inactive_file 0\ntotal_inactive_file {GIB // 4}\n",
        },
    )
    assert measure_room(world).memory_bytes == GIB // 4
    assert measure_room(tmp_path / "nothing").memory_bytes is None


def test_workers_follow_from_the_room() -> None:
    """As many as cores, quota and memory allow, and never none."""
    assert Room(8).workers == 8
    assert Room(8, quota=1.0).workers == 1
    assert Room(8, quota=1.5).workers == 2
    assert Room(8, quota=0.1).workers == 1
    assert Room(1, quota=4.0).workers == 1
    assert Room(8, memory_bytes=SHARED_BYTES + 3 * WORKER_BYTES).workers == 3
    assert Room(8, memory_bytes=100).workers == 1
    assert "less than one" in Room(8, memory_bytes=100).warn(1)


@pytest.mark.parametrize("module", [environment, outcome_text])
def test_examples(module: ModuleType) -> None:
    """The examples in the docstrings are right."""
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


@contextmanager
def control_group(controller: str, limits: dict[str, str]) -> Iterator[Path]:
    """A real control group with these limits, of whichever version this machine has; skips where it allows none."""
    old, new = Path("/sys/fs/cgroup", controller), Path("/sys/fs/cgroup")
    group = (old if old.is_dir() else new) / f"lrreport-test-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        pytest.skip(f"this system allows no control group: {error}")
    try:
        written = 0
        for name, value in limits.items():
            with suppress(OSError):  # the other version's
                if (group / name).exists():
                    (group / name).write_text(value)
                    written += 1
        if not written:
            pytest.skip(f"this system's control groups cannot limit {controller}")
        yield group
    finally:
        with suppress(OSError):
            group.rmdir()


def run_in(group: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    script = f'echo $$ > {group}/cgroup.procs && exec "$@"'
    command = ["sh", "-c", script, "sh", sys.executable, "-m", "lrreport", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=300)


@pytest.mark.skipif(CORES < 2, reason="a machine with one core has nothing to lose")
def test_the_plan_under_a_real_quota(tmp_path: Path) -> None:
    """With one CPU allowed, `plan` reckons with one worker and says why; an explicit --threads is obeyed."""
    limits = {"cpu.max": "100000 100000", "cpu.cfs_period_us": "100000", "cpu.cfs_quota_us": "100000"}
    with control_group("cpu", limits) as group:
        done = run_in(group, "plan", "--device", "cpu", "--cache", "cache", cwd=tmp_path)
        told = run_in(group, "plan", "--device", "cpu", "--cache", "cache", "--threads", "2", "--json", cwd=tmp_path)
    assert f"on 1 worker (the CPU quota is 1 of {CORES} cores)" in done.stdout, done.stderr
    assert json.loads(told.stdout)["workers"] == 2


@pytest.mark.skipif(CORES < 2, reason="a machine with one core has nothing to lose")
def test_the_plan_under_a_real_limit_of_memory(tmp_path: Path) -> None:
    """With memory for one worker, `plan` reckons with one and says why."""
    limit = str(SHARED_BYTES + WORKER_BYTES + 200_000_000)
    with control_group("memory", {"memory.max": limit, "memory.limit_in_bytes": limit}) as group:
        done = run_in(group, "plan", "--device", "cpu", "--cache", "cache", cwd=tmp_path)
    assert "on 1 worker (memory has room for 1: " in done.stdout, done.stderr


def test_more_threads_than_memory_has_room_for(place: Path, tmp_path: Path) -> None:
    """What was asked for is done, with a warning: two workers, where a real limit has room for one."""
    copy_cache(place, tmp_path / "cache")
    limit = str(SHARED_BYTES + 2 * WORKER_BYTES - 100_000_000)
    train = ["train", *CHOICE[:-1], "3", "--device", "cpu", "--threads", "2", "--cache", "cache", "--progress", "plain"]
    with control_group("memory", {"memory.max": limit, "memory.limit_in_bytes": limit}) as group:
        done = run_in(group, *train, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 groups at a time" in done.stderr
    assert "warning: memory has room for 1: " in done.stderr
