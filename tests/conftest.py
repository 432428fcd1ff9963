"""What the tests share: the real MNIST, fetched once through the product's own path."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from lrreport.datasets import Dataset, load_dataset
from tests.commands import lrreport, preview_command


@pytest.fixture(scope="session")
def data_cache() -> Path:
    """The cache folder whose datasets the tests read: the user's, or LRREPORT_CACHE."""
    return Path(os.environ.get("LRREPORT_CACHE") or platformdirs.user_cache_dir("lrreport"))


@pytest.fixture(scope="session")
def mnist(data_cache: Path) -> Dataset:
    """The whole of MNIST, verified."""
    return load_dataset("mnist", cache_dir=data_cache, report=lambda _: None)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory, data_cache: Path, mnist: Dataset) -> Path:
    """A folder in which one preview has been built, in `report`."""
    folder = tmp_path_factory.mktemp("build")
    done = lrreport(*preview_command(data_cache), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "report"
    return folder
