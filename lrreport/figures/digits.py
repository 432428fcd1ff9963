"""A few images of every class, straight from the training set."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lrreport.errors import RenderError
from lrreport.figures.drawing import Drawing, Format, Samples
from lrreport.figures.theme import SEMI_BOLD, SMALL_PT
from lrreport.figures.words import FASHION_CLASSES, NAMES, Language, format_range, join_words
from lrreport.results import Results
from lrreport.spec import DatasetName

CLASSES: Final = 10
PER_CLASS: Final = 2
_SIDE: Final = 28
_GAP: Final = 4
_SIDE_MARGIN_IN: Final = 0.05
_HEADING_IN: Final = 0.22
_FOOT_IN: Final = 0.05
_BETWEEN_IN: Final = 0.1
#: Classes side by side on a phone where their names are words.
_NAMED_NARROW: Final = 5


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


def make_sample_digits(results: Results, samples: Samples, language: Language, form: Format) -> Figure:
    """Draw sample images, a column for each class; to be called inside `theme()`.

    Ink is dark on white paper, the other way round than the data has it.
    """
    dataset = _dataset(results)
    mosaic = make_mosaic(samples.train_images, samples.train_labels)
    names = class_names(dataset, language)
    is_named = dataset != "mnist"
    # Words are wider than the column of a phone.
    per_row = _NAMED_NARROW if form.is_narrow and is_named else CLASSES
    pitch = _SIDE + _GAP
    image_width_in = form.width_in - 2 * _SIDE_MARGIN_IN
    image_height_in = image_width_in * mosaic.shape[0] / (per_row * pitch - _GAP)
    row_in = image_height_in + _HEADING_IN
    rows = CLASSES // per_row
    height_in = rows * row_in + (rows - 1) * _BETWEEN_IN + _FOOT_IN
    figure = Figure(figsize=(form.width_in, height_in))
    for row, first in enumerate(range(0, CLASSES, per_row)):
        part = mosaic[:, first * pitch : (first + per_row) * pitch - _GAP]
        bottom_in = height_in - (row + 1) * row_in - row * _BETWEEN_IN
        axes = figure.add_axes(
            (
                _SIDE_MARGIN_IN / form.width_in,
                bottom_in / height_in,
                image_width_in / form.width_in,
                image_height_in / height_in,
            )
        )
        axes.set_axis_off()
        # 'none' keeps the pixels as they are: one small image in the SVG, whatever its resolution.
        axes.imshow(255 - part, cmap="gray", vmin=0, vmax=255, interpolation="none", aspect="auto")
        for column, name in enumerate(names[first : first + per_row]):
            axes.annotate(
                name,
                ((column * pitch + _SIDE / 2) / part.shape[1], 1),
                xycoords="axes fraction",
                xytext=(0, 5),
                textcoords="offset points",
                ha="center",
                va="baseline",
                fontsize=SMALL_PT if is_named else SMALL_PT + 1,
                fontweight=400 if is_named else SEMI_BOLD,
                annotation_clip=False,
            )
    return figure


def class_names(dataset: DatasetName, language: Language) -> tuple[str, ...]:
    """The names of the ten classes."""
    if dataset == "fashion-mnist":
        return FASHION_CLASSES[language]
    return tuple(str(label) for label in range(CLASSES))


def _dataset(results: Results) -> DatasetName:
    return results.studies[0].settings[0].spec.dataset if results.studies else "mnist"


def describe_sample_digits(results: Results, samples: Samples, language: Language) -> str:
    """The text alternative of `make_sample_digits`."""
    dataset = _dataset(results)
    counts = [min(PER_CLASS, int(np.count_nonzero(samples.train_labels == label))) for label in range(CLASSES)]
    each = format_range(min(counts), max(counts))
    title = NAMES[dataset]
    names = join_words(class_names(dataset, language), language)
    if language == "th":
        return f"ภาพตัวอย่างจากชุดฝึก {title} คลาสละ {each} ภาพ เรียงคลาสละหนึ่งคอลัมน์ ได้แก่ {names} แสดงเป็นลายเส้นเข้มบนพื้นขาว"
    return (
        f"Sample images from the training set of {title}, {each} of each class, a column for each class: {names}. "
        "Shown dark on white."
    )


DRAWING: Final = Drawing("sample-digits", make_sample_digits, describe_sample_digits, has_images=True)
