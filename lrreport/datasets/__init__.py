"""MNIST and Fashion-MNIST: found, fetched, checked against pinned digests, loaded.

`pinned` says what the data must be, `decoding` reads files from strangers safely, `sources` knows where the data can
be had, `loading` joins the three and keeps one checked copy in our cache.
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
