"""A few images of every class, straight from the training set."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lrreport.errors import RenderError
from lrreport.figures.theme import SEMI_BOLD, SMALL_PT, WIDTH_IN
from lrreport.figures.words import FASHION_CLASSES, NAMES, Language, format_range, join_words
from lrreport.spec import DatasetName

CLASSES: Final = 10
PER_CLASS: Final = 4
_SIDE: Final = 28
_GAP: Final = 4
_SIDE_MARGIN_IN: Final = 0.05
_HEADING_IN: Final = 0.22


def make_mosaic(train_images: NDArray[np.uint8], train_labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Put the first images of each class into one column each.

    Args:
        train_images: uint8 of shape (N, 28, 28), 0 for the background.
        train_labels: Classes 0 to 9, shape (N,).

    Returns:
        One grey image, 0 where there is nothing; a class with fewer than `PER_CLASS` images leaves places empty.

    Raises:
        RenderError: Images and labels do not fit together.
    """
    if train_images.shape != (*train_images.shape[:1], _SIDE, _SIDE) or train_labels.shape != train_images.shape[:1]:
        raise RenderError(
            "The sample images do not have the expected shape",
            got=f"images {train_images.shape}, labels {train_labels.shape}",
            expected=f"images (N, {_SIDE}, {_SIDE}) and labels (N,)",
        )
    pitch = _SIDE + _GAP
    mosaic = np.zeros((PER_CLASS * pitch - _GAP, CLASSES * pitch - _GAP), dtype=np.uint8)
    for label in range(CLASSES):
        for row, index in enumerate(np.flatnonzero(train_labels == label)[:PER_CLASS]):
            top, left = row * pitch, label * pitch
            mosaic[top : top + _SIDE, left : left + _SIDE] = train_images[index]
    return mosaic


def make_sample_digits(
    train_images: NDArray[np.uint8], train_labels: NDArray[np.integer], dataset: DatasetName, language: Language
) -> Figure:
    """Draw sample images, a column for each class; to be called inside `theme()`.

    Ink is dark on white paper, the other way round than the data has it.
    """
    mosaic = make_mosaic(train_images, train_labels)
    height, width = mosaic.shape
    image_width_in = WIDTH_IN - 2 * _SIDE_MARGIN_IN
    image_height_in = image_width_in * height / width
    height_in = image_height_in + _HEADING_IN + 0.05
    figure = Figure(figsize=(WIDTH_IN, height_in))
    axes = figure.add_axes(
        (_SIDE_MARGIN_IN / WIDTH_IN, 0.05 / height_in, image_width_in / WIDTH_IN, image_height_in / height_in)
    )
    axes.set_axis_off()
    # 'none' keeps the pixels as they are: one small image in the SVG, whatever its resolution.
    axes.imshow(255 - mosaic, cmap="gray", vmin=0, vmax=255, interpolation="none", aspect="auto")
    for label, name in enumerate(class_names(dataset, language)):
        axes.annotate(
            name,
            ((label * (_SIDE + _GAP) + _SIDE / 2) / width, 1),
            xycoords="axes fraction",
            xytext=(0, 5),
            textcoords="offset points",
            ha="center",
            va="baseline",
            fontsize=SMALL_PT + 1 if dataset == "mnist" else SMALL_PT,
            fontweight=SEMI_BOLD if dataset == "mnist" else 400,
            annotation_clip=False,
        )
    return figure


def class_names(dataset: DatasetName, language: Language) -> tuple[str, ...]:
    """The names of the ten classes."""
    if dataset == "fashion-mnist":
        return FASHION_CLASSES[language]
    return tuple(str(label) for label in range(CLASSES))


def describe_sample_digits(train_labels: NDArray[np.integer], dataset: DatasetName, language: Language) -> str:
    """The text alternative of `make_sample_digits`."""
    counts = [min(PER_CLASS, int(np.count_nonzero(train_labels == label))) for label in range(CLASSES)]
    each = format_range(min(counts), max(counts))
    title = NAMES[dataset]
    names = join_words(class_names(dataset, language), language)
    if language == "th":
        return f"ภาพตัวอย่างจากชุดข้อมูลฝึก {title} คลาสละ {each} ภาพ เรียงคลาสละหนึ่งคอลัมน์ ได้แก่ {names} แสดงเป็นลายเส้นเข้มบนพื้นขาว"
    return (
        f"Sample images from the training set of {title}, {each} of each class, a column for each class: {names}. "
        "Shown dark on white."
    )
