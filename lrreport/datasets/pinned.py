"""What a dataset must be: its four parts, their shapes, and the digests of their bytes."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from lrreport.errors import DataError
from lrreport.spec import TEST_SIZE, TRAIN_SIZE

Bytes = NDArray[np.uint8]

_SIDE: Final = 28


@dataclass(frozen=True, slots=True)
class Part:
    """One of the four arrays of a dataset; both datasets have the same four.

    Attributes:
        key: Its name in Keras's `mnist.npz`.
        file_name: Its name among the original IDX files, without `.gz`.
        shape: What the array measures; its values are uint8.
    """

    key: str
    file_name: str
    shape: tuple[int, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of the decoded array, without any header."""
        return math.prod(self.shape)


PARTS: Final = (
    Part("x_train", "train-images-idx3-ubyte", (TRAIN_SIZE, _SIDE, _SIDE)),
    Part("y_train", "train-labels-idx1-ubyte", (TRAIN_SIZE,)),
    Part("x_test", "t10k-images-idx3-ubyte", (TEST_SIZE, _SIDE, _SIDE)),
    Part("y_test", "t10k-labels-idx1-ubyte", (TEST_SIZE,)),
)

#: SHA-256 of the pixel and label bytes, without any file's header: part by part, for each dataset.
PINNED_DIGESTS: Final[Mapping[str, Mapping[str, str]]] = {
    "mnist": {
        "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
    },
    "fashion-mnist": {
        "x_train": "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
        "y_train": "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
        "x_test": "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
        "y_test": "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
    },
}


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """A dataset whose bytes were checked; its arrays are read-only.

    Attributes:
        name: `mnist` or `fashion-mnist`.
        train_images: uint8 (60000, 28, 28); 0 is background, 255 is full ink.
        train_labels: uint8 (60000,), classes 0 to 9.
        test_images: uint8 (10000, 28, 28).
        test_labels: uint8 (10000,).
        digest: One digest for the whole dataset; see `pinned_digest`.
    """

    name: str
    train_images: Bytes
    train_labels: Bytes
    test_images: Bytes
    test_labels: Bytes
    digest: str


def pinned_parts(name: str) -> Mapping[str, str]:
    """The SHA-256 that each part of a dataset must have, by the part's key.

    Raises:
        DataError: There is no dataset of that name.
    """
    try:
        return PINNED_DIGESTS[name]
    except KeyError as error:
        raise DataError("There is no such dataset", got=repr(name), expected=" or ".join(PINNED_DIGESTS)) from error


def pinned_digest(name: str) -> str:
    """The one digest that stands for a dataset: SHA-256 over its four digests, one a line, in the order of `PARTS`.

    Needs no data, so that a plan can be made before anything is fetched.

    Raises:
        DataError: There is no dataset of that name.

    >>> pinned_digest("mnist")[:12]
    '934aebce81fe'
    """
    pinned = pinned_parts(name)
    text = "".join(f"{pinned[part.key]}\n" for part in PARTS)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def make_dataset(name: str, arrays: Mapping[str, Bytes]) -> Dataset:
    """Check four arrays against the pinned digests and make the dataset of them.

    Args:
        name: `mnist` or `fashion-mnist`.
        arrays: The arrays by the keys of `PARTS`, contiguous, with the shapes that stand there.

    Raises:
        DataError: A part is not what it must be, byte for byte.
    """
    pinned = pinned_parts(name)
    for part in PARTS:
        found = hashlib.sha256(arrays[part.key].data).hexdigest()
        if found != pinned[part.key]:
            raise DataError(
                f"These are not the values of {name}: its part '{part.key}' has another SHA-256",
                got=found,
                expected=pinned[part.key],
            )
    for array in arrays.values():
        array.flags.writeable = False
    return Dataset(
        name,
        train_images=arrays["x_train"],
        train_labels=arrays["y_train"],
        test_images=arrays["x_test"],
        test_labels=arrays["y_test"],
        digest=pinned_digest(name),
    )


def scale_images(images: Bytes) -> NDArray[np.float32]:
    """Bring grey values into [0, 1] and lay each image out as one row.

    $x = p / 255$ for each grey value $p$ of ``images``, divided in float64 and rounded once, to float32.

    Args:
        images: uint8 (N, 28, 28).

    Returns:
        float32 (N, 784), contiguous.

    Raises:
        ValueError: The images are not uint8, so that 255 need not be full ink.

    Source: `x / 255.0` as Keras's own MNIST examples have it.

    >>> scale_images(np.array([[[0, 51], [102, 255]]], np.uint8)).tolist()
    [[0.0, 0.20000000298023224, 0.4000000059604645, 1.0]]
    """
    if images.dtype != np.uint8:
        message = f"grey values must be uint8, not {images.dtype}"
        raise ValueError(message)
    # numerics: a division; multiplying by 1 / 255 rounds differently for 126 of the 256 values
    # (test_scaling_divides). A table holds every quotient, and spares a float64 copy of all images.
    quotients = (np.arange(256, dtype=np.float64) / 255.0).astype(np.float32)
    return quotients[images.reshape(len(images), -1)]
