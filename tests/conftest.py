"""What the tests share: the real MNIST, fetched once through the product's own path."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest

from lrreport.datasets import Dataset, load_dataset


@pytest.fixture(scope="session")
def data_cache() -> Path:
    """The cache folder whose datasets the tests read: the user's, or LRREPORT_CACHE."""
    return Path(os.environ.get("LRREPORT_CACHE") or platformdirs.user_cache_dir("lrreport"))


@pytest.fixture(scope="session")
def mnist(data_cache: Path) -> Dataset:
    """The whole of MNIST, verified."""
    return load_dataset("mnist", cache_dir=data_cache, report=lambda _: None)
