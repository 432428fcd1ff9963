"""How many seeds a command works with: as many as it names, or a few more than the cache holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lrreport.plan import Found, Present, decide, list_runs
from lrreport.request import Request
from lrreport.spec import RunSpec, Study
from lrreport.store import Store
from lrreport.training_stage import present


def count_complete_seeds(
    studies: Sequence[Study], lookup: Callable[[RunSpec], Found], now: Present, *, most: int
) -> int:
    """The largest k, at most `most`, such that every run of the studies with seeds 1 to k is a hit."""
    for seed in range(1, most + 1):
        for name, spec, epochs in list_runs(studies, (seed,)).values():
            if decide(name, spec, epochs, lookup(spec), now, is_forced=False).reason is not None:
                return seed - 1
    return most


def choose_seeds(request: Request, store: Store, device: str) -> tuple[int, ...]:
    """The seeds of a request; with `--grow N` what the cache holds complete plus N, at most `--max-seeds`.

    Args:
        request: What was asked for.
        store: The result cache; with growth, it is looked at under the lock.
        device: The device class that training would use, `cpu` or `gpu`.
    """
    growth = request.growth
    if growth is None:
        return request.seeds
    held = count_complete_seeds(request.studies, store.read, present(device), most=growth.most)
    return tuple(range(1, min(held + growth.by, growth.most) + 1))
