"""MNIST and Fashion-MNIST: found, fetched, checked against pinned digests, loaded.

`pinned` says what the data must be, `decoding` reads files from strangers safely, `given_paths` looks for them where a
user says they are, `sources` knows where the data can be had, `loading` joins them and keeps one checked copy in our
cache.
"""

from lrreport.datasets.loading import KeptDataset, load_dataset, locate_dataset, verify_dataset
from lrreport.datasets.pinned import PINNED_DIGESTS, Dataset, pinned_digest, scale_images

__all__ = [
    "PINNED_DIGESTS",
    "Dataset",
    "KeptDataset",
    "load_dataset",
    "locate_dataset",
    "pinned_digest",
    "scale_images",
    "verify_dataset",
]
