"""`data fetch`, `data verify` and `data where`."""

from __future__ import annotations

import typer

from lrreport.cli.options import Cache, Data, DataName, DatasetOption
from lrreport.cli.running import cache_folder, guard
from lrreport.console import Console
from lrreport.events import message_of


@guard
def fetch_data(dataset: DataName = DatasetOption.MNIST, data: Data = None, cache: Cache = None) -> None:
    """Find or download the images, check every byte, keep them in the cache.

    Example: lrreport data fetch --dataset fashion-mnist

    Exit codes: 0 done, 4 data, 6 cache.
    """
    from lrreport.datasets import load_dataset, locate_dataset  # noqa: PLC0415

    console = Console("auto")
    folder = cache_folder(cache)
    try:
        load_dataset(
            dataset.value,
            cache_dir=folder,
            data_path=data,
            report=lambda text: console.report(message_of("data", text)),
        )
    finally:
        console.close()
    typer.echo(locate_dataset(dataset.value, folder))


@guard
def verify_data(dataset: DataName = DatasetOption.MNIST, cache: Cache = None) -> None:
    """Check every byte of the images in the cache.

    Exit codes: 0 sound, 4 missing or damaged.
    """
    from lrreport.datasets import verify_dataset  # noqa: PLC0415
    from lrreport.errors import DataError  # noqa: PLC0415

    kept = verify_dataset(dataset.value, cache_folder(cache))
    if not kept.is_intact:
        raise DataError(
            f"The images of {dataset.value} in the cache cannot be used",
            where=str(kept.path),
            got=kept.problem or "nothing",
            fix=f"lrreport data fetch --dataset {dataset.value}",
        )
    typer.echo(f"{kept.path}: every byte is as it should be")


@guard
def where_data(dataset: DataName = DatasetOption.MNIST, cache: Cache = None) -> None:
    """Where the images are kept.

    Exit codes: 0 there, 4 not there.
    """
    from lrreport.datasets import locate_dataset  # noqa: PLC0415
    from lrreport.errors import DataError  # noqa: PLC0415

    folder = cache_folder(cache)
    if (path := locate_dataset(dataset.value, folder)) is None:
        raise DataError(
            f"The cache does not hold {dataset.value}",
            where=str(folder),
            fix=f"lrreport data fetch --dataset {dataset.value}",
        )
    typer.echo(path)
