"""The plan: what is a hit, what is trained, why, and together with what."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrreport.checkpoints import Entry, Progress
from lrreport.groups import Task, make_groups, shape_for
from lrreport.plan import Present, Reason, decide, make_plan
from lrreport.spec import RunSpec
from lrreport.store import Damage
from lrreport.study_files import load_built_in_studies
from tests.made_up import HERE
from tests.test_store import make_entry

PRESENT = Present(HERE, 1, lambda _: "digest")
ELSEWHERE = dataclasses.replace(HERE, cpu_model="another processor")


def reason_of(found: Entry | Damage | None, *, epochs: int = 3, forced: bool = False) -> tuple[Reason | None, int]:
    run = decide("x", RunSpec(), epochs, found, PRESENT, is_forced=forced)
    return run.reason, run.start_epoch


def entry(**changes: object) -> Entry:
    return dataclasses.replace(make_entry(spec=RunSpec()), **changes)


def test_every_reason_of_the_closed_list() -> None:
    """Each reason is given where the reference says, and a run goes on from its checkpoint only where it may."""
    assert reason_of(entry()) == (None, 3)
    assert reason_of(None) == (Reason.ABSENT, 0)
    assert reason_of(Damage(Path("a/run.json"), "is empty")) == (Reason.CORRUPT, 0)
    assert reason_of(entry(data_digest="other")) == (Reason.OTHER_DATA, 0)
    assert reason_of(entry(engine_version=2)) == (Reason.OTHER_ENGINE, 0)
    assert reason_of(entry(), epochs=5) == (Reason.MORE_EPOCHS, 3)
    assert reason_of(entry(progress=Progress.PARTIAL), epochs=5) == (Reason.INTERRUPTED, 3)
    assert reason_of(entry(environment=ELSEWHERE), epochs=5) == (Reason.OTHER_ENVIRONMENT, 0)
    assert reason_of(entry(), forced=True) == (Reason.FORCED, 0)
    assert {*Reason} == {
        "absent",
        "corrupt",
        "other-data",
        "other-engine",
        "other-environment",
        "more-epochs",
        "interrupted",
        "forced",
    }


def test_hits() -> None:
    """Fewer epochs read a prefix; a diverged run is a result; a complete run from elsewhere is a hit, and named."""
    assert reason_of(entry(), epochs=2) == (None, 2)
    assert reason_of(entry(progress=Progress.DIVERGED, checkpoint=None), epochs=50)[0] is None
    elsewhere = decide("x", RunSpec(), 3, entry(environment=ELSEWHERE), PRESENT, is_forced=False)
    assert elsewhere.reason is None
    assert "another processor" in elsewhere.note


def test_the_whole_program_is_few_groups() -> None:
    """30 runs a seed fill nine groups, and seed 1 comes first."""
    plan = make_plan(load_built_in_studies(), (1, 2, 3), lambda _: None, PRESENT)
    assert len(plan.runs) == 90
    assert [group.seed for group in plan.groups] == [1] * 9 + [2] * 9 + [3] * 9
    assert plan.estimate_s(2) is None


def test_the_orders_of_images_cost_two_groups_a_seed() -> None:
    """The four runs with one order of images are the only ones that their studies add; they train by themselves."""
    plan = make_plan(load_built_in_studies(), (1,), lambda _: None, PRESENT)
    own = [run.name for run in plan.runs if run.name.startswith("image-order")]
    assert own == [
        "image-order/learning_rate=1 shuffle=once/seed-1",
        "image-order/learning_rate=0.1 shuffle=once/seed-1",
        "image-order/learning_rate=0.01 shuffle=once/seed-1",
        "image-order-momentum/once/seed-1",
    ]
    once = [group for group in plan.groups if group.shuffle == "once"]
    assert sorted(len(group.tasks) for group in once) == [1, 3]
    assert sum(group.shuffle == "every-epoch" for group in plan.groups) == 7


def test_the_estimate_comes_from_the_past() -> None:
    """With one seed cached, the time of another is its groups' epochs at the measured pace."""
    plan = make_plan(
        load_built_in_studies(), (1, 2), lambda spec: make_entry(50, spec=spec) if spec.seed == 1 else None, PRESENT
    )
    assert len(plan.misses) == 30
    assert plan.estimate_s(1) == pytest.approx(9 * 50 * 0.25)
    assert plan.estimate_s(3) == pytest.approx(3 * 50 * 0.25)
    assert plan.estimate_s(4) == pytest.approx(3 * 50 * 0.25)
    assert plan.estimate_s(9) == pytest.approx(50 * 0.25)


SPECS = st.builds(
    RunSpec,
    learning_rate=st.sampled_from([0.1, 0.01, 0.001]),
    hidden_units=st.sampled_from([(), (50,), (40, 20), (1,), (300,)]),
    batch_size=st.sampled_from([1, 32, 100]),
    optimizer=st.sampled_from(["sgd", "adam"]),
    seed=st.integers(1, 3),
    shuffle=st.sampled_from(["every-epoch", "once"]),
)


@given(st.lists(st.tuples(SPECS, st.integers(0, 2), st.integers(3, 5)), max_size=40))
def test_groups_hold_every_task_once_and_fit(drawn: list[tuple[RunSpec, int, int]]) -> None:
    """Packing loses nothing, doubles nothing, mixes nothing that may not be mixed, and never overfills a group."""
    tasks = [Task(spec, start, epochs) for spec, start, epochs in drawn]
    groups = make_groups(tasks, "cpu")
    assert sorted(map(repr, tasks)) == sorted(repr(task) for group in groups for task in group.tasks)
    for group in groups:
        assert 1 <= len(group.tasks) <= group.shape.slots
        assert {task.spec.seed for task in group.tasks} == {group.seed}
        assert {task.spec.shuffle for task in group.tasks} == {group.shuffle}
        assert {task.start_epoch for task in group.tasks} == {group.start_epoch}
        assert {shape_for(task.spec, "cpu") for task in group.tasks} == {group.shape}


@given(SPECS)
def test_a_shape_has_room(spec: RunSpec) -> None:
    """Every architecture gets at least one slot, and its columns hold all slots."""
    for device in ("cpu", "gpu"):
        shape = shape_for(spec, device)
        assert shape.slots >= 1
        assert shape.columns >= shape.slots * shape.widths[1]
        assert shape.columns % 16 == 0
