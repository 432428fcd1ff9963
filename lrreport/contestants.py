"""What `lrreport bench` lets run against each other: Keras as the source has it, Keras at its best, this engine.

Each contestant is a process of its own, so that none has to live with another's settings of TensorFlow:

    python -m lrreport.contestants NAME CACHE [DATA]

It prints a JSON line when it is ready (compiled and warm), then one for every line that it reads: `seconds` for an
epoch and run, or `gflops`; and its memory so far.
"""

from __future__ import annotations

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from lrreport.datasets import Dataset, load_dataset
from lrreport.engine.packing import used_inputs
from lrreport.environment import available_cores, without_chatter
from lrreport.execute import Crew, Workplace
from lrreport.groups import CLASSES, Task, make_groups
from lrreport.keys import run_key
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies

#: Epochs of one round: enough that beginning and end of a group do not count, as they do not in 50 epochs.
_EPOCHS: Final = 2
#: Questions that the source did not ask.
_OUR_STUDIES: Final = ("plateau-fast", "image-order", "image-order-momentum")


def source_runs() -> tuple[RunSpec, ...]:
    """The 22 distinct runs of the source's studies, with seed 1."""
    studies = [study for study in load_built_in_studies() if study.id not in _OUR_STUDIES]
    return tuple({run_key(item.spec): item.spec for study in studies for item in study.settings}.values())


def needed_flops(dataset: Dataset, widths: tuple[int, ...] = (50, CLASSES)) -> int:
    """Floating-point operations that the mathematics of one epoch of one run needs, the evaluation included.

    Two for each weight and image forward, two for its gradient, two for the gradient of each layer's input but the
    first. Inputs that are zero in every image need none; nor do activations, softmax and update rules, which are small.

    Args:
        dataset: Which images.
        widths: Of the layers after the inputs.
    """
    sizes = (len(used_inputs(dataset.train_images, dataset.test_images)), *widths)
    weights = [fan_in * fan_out for fan_in, fan_out in itertools.pairwise(sizes)]
    forward = 2 * sum(weights)
    training = 2 * forward + 2 * sum(weights[1:])
    return training * len(dataset.train_labels) + forward * len(dataset.test_labels)


def _time_engine(runs: tuple[RunSpec, ...], workplace: Workplace) -> Iterator[float]:
    """These runs in groups, on all cores, as a build trains them."""
    groups = make_groups([Task(spec, 0, _EPOCHS) for spec in runs], workplace.expected_device)
    with Crew(workplace) as crew:
        crew.hire("cpu", min(workplace.threads, len(groups)))
        each = {group.shape: group for group in groups}
        crew.train_everywhere(list(each.values()))
        while True:
            began = time.perf_counter()
            crew.train(groups, read=lambda _spec, _epochs: None, tell=lambda _: None)
            yield (time.perf_counter() - began) / (_EPOCHS * len(runs))


def _rounds(name: str, cache: Path, data_path: Path | None) -> Iterator[float]:
    from lrreport.engine.peers import measure_gemm, time_keras  # noqa: PLC0415 - TensorFlow; the crew does without

    workplace = Workplace(cache, data_path, "cpu", available_cores(), "cpu")

    def dataset() -> Dataset:
        return load_dataset("mnist", cache_dir=cache, data_path=data_path, report=lambda _: None)

    whole_epoch = -(-60_000 // 32)
    contestants: dict[str, Callable[[], Iterator[float]]] = {
        "keras": lambda: time_keras(dataset(), {}),
        "keras-steps": lambda: time_keras(dataset(), {"steps_per_execution": whole_epoch, "jit_compile": False}),
        "keras-steps-jit": lambda: time_keras(dataset(), {"steps_per_execution": whole_epoch, "jit_compile": True}),
        "engine-alone": lambda: _time_engine(source_runs()[2:3], workplace),
        "engine": lambda: _time_engine(source_runs(), workplace),
        "sgemm": measure_gemm,
    }
    return contestants[name]()


def memory_bytes() -> int | None:
    """Memory of this process and its children now, pages that they share counted once; None where nobody tells."""

    def of(process: str) -> int:
        folder = Path("/proc") / process
        text = (folder / "smaps_rollup").read_text("ascii")
        own = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        children = (folder / "task" / process / "children").read_text("ascii").split()
        return own * 1024 + sum(of(child) for child in children)

    try:
        return of(str(Path("/proc/self").resolve().name))
    except (OSError, StopIteration):
        return None


def main() -> None:
    """Run one contestant, as the module's text describes."""
    name, cache, *data = sys.argv[1:]
    with without_chatter():
        rounds = _rounds(name, Path(cache), Path(data[0]) if data else None)
        next(rounds)  # compiles
    sys.stdout.write(json.dumps({"ready": name}) + "\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        line = {"value": next(rounds), "memory_bytes": memory_bytes()}
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    rounds.close()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
