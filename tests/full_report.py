"""The whole report, both languages in every form, of the results that the article's words were written for; made once."""

from __future__ import annotations

import datetime as dt
import fcntl
import functools
import os
import pickle
import tempfile
from pathlib import Path

from lrreport.editions.edition import Edition
from lrreport.rendering.report import Rendered, render_report
from lrreport.request import Request
from tests.full_results import SEEDS, full_results


@functools.cache
def render_full_report(data_path: Path, shared: Path) -> Rendered:
    """Every file of the report, made from a cold cache by the product's own two processes; once for all test processes.

    Args:
        data_path: The file of MNIST.
        shared: The folder above those of all processes of a test run.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return _render(data_path)
    made = shared / "full-report.pickle"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            made.write_bytes(pickle.dumps(_render(data_path)))
        rendered = pickle.loads(made.read_bytes())
    assert isinstance(rendered, Rendered)
    return rendered


def _render(data_path: Path) -> Rendered:
    results = full_results()
    edition = Edition("fedcba9876543210" * 4, dt.date(2026, 11, 22), SEEDS, 50)
    with tempfile.TemporaryDirectory() as cache:
        request = Request(studies=results.studies, seeds=SEEDS, cache=Path(cache), data_path=data_path)
        return render_report(results, edition, request, lambda _: None)
