"""What fits on a page: how tall a figure may be, and the check that nothing of it is cut."""

from __future__ import annotations

from typing import Final

from matplotlib.figure import Figure
from matplotlib.text import Text

from lrreport.errors import RenderError
from lrreport.figures.theme import POINTS_PER_INCH, WIDTH_IN

#: A4 less the margins of the printed page leaves 9.88 inches; a caption of four lines, Thai ones, takes the rest.
MOST_HEIGHT_IN: Final = 8.8
#: Boxes of letters end a little outside of their ink.
_TOLERANCE_PT: Final = 0.5
_SHOWN: Final = 60


def count_rows(row_in: float, between_in: float, around_in: float) -> int:
    """How many rows of panels fit on a page, at least one.

    Args:
        row_in: Height of a row in inches.
        between_in: Distance between rows.
        around_in: What stands above the first and below the last.

    >>> count_rows(2.0, 0.5, 1.0)
    3
    """
    return max(1, int((MOST_HEIGHT_IN + between_in - around_in) / (row_in + between_in) + 1e-9))


def check_fit(figure: Figure, where: str, dpi: float, most_width_in: float = WIDTH_IN) -> None:
    """Measure a figure against the page that it is printed on, and its labels against the figure.

    Args:
        figure: Of its final size; its labels have the places at which it was drawn last.
        where: The study and the figure, for the message.
        dpi: Dots an inch with which it was drawn last.
        most_width_in: Of the page, or of a phone.

    Raises:
        RenderError: The figure is taller or wider than a page has room for, or a label is cut at its edge.
    """
    width_in, height_in = (float(size) for size in figure.get_size_inches())
    if height_in > MOST_HEIGHT_IN + 1e-6 or width_in > most_width_in + 1e-6:
        raise RenderError(
            "A figure does not fit on a page",
            where=where,
            got=f"{width_in:.2f} x {height_in:.2f} inches",
            expected=f"at most {most_width_in:g} x {MOST_HEIGHT_IN:g} inches",
            fix="vary fewer values in that study, or make two studies of it",
        )
    texts = [item for item in figure.findobj(Text) if isinstance(item, Text) and item.get_text().strip()]
    usual, figure.dpi = figure.dpi, dpi
    boxes = [(item, item.get_window_extent()) for item in texts if item.get_visible()]
    figure.dpi = usual
    slack = _TOLERANCE_PT * dpi / POINTS_PER_INCH
    for text, box in boxes:
        outside = (-box.x0, -box.y0, box.x1 - width_in * dpi, box.y1 - height_in * dpi)
        if max(outside) > slack:
            raise RenderError(
                "A label of a figure is cut at its edge",
                where=where,
                got=f"{text.get_text()[:_SHOWN]!r}, {max(outside) * POINTS_PER_INCH / dpi:.1f} points outside",
                expected="every label inside the figure",
                fix="shorten the values of that study, or vary fewer of them",
            )
