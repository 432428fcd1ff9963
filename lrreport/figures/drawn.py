"""From a matplotlib figure to the files that are published."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

from lrreport.errors import RenderError
from lrreport.figures.data import FigureData
from lrreport.figures.page_fit import check_fit
from lrreport.figures.print_svg import merge_glyphs
from lrreport.figures.svg import clean_svg
from lrreport.figures.theme import NARROW_IN, POINTS_PER_INCH
from lrreport.figures.words import Language

PNG_DPI: Final = 300


@dataclass(frozen=True, slots=True)
class DrawnFigure:
    """One figure in one language; the same results give the same bytes.

    Attributes:
        name: `sample-digits`, `decay-curve`, or the id of a study, with a point and a number where it has several.
        language: `th` or `en`.
        alt: What the figure shows, in one to three sentences with its numbers.
        svg: For the pages: text as text in the pages' fonts, no size of its own, ids prefixed by name and language.
        svg_narrow: The same for a phone, named by the title of `svg`; empty where the figure has no such format.
        svg_print: For WeasyPrint: as `svg`, but Thai labels are drawn as glyph paths over invisible text, since
            WeasyPrint misplaces their marks. In English it is the same text as `svg`.
        svg_standalone: For slides: glyphs as paths, a size in points, needs no font.
        png: 300 dots an inch on white.
        width_pt: Width at which it is meant to be printed, in points.
        height_pt: Height likewise.
        data: Its numbers; None for a picture that has none.
    """

    name: str
    language: Language
    alt: str
    svg: str
    svg_narrow: str
    svg_print: str
    svg_standalone: str
    png: bytes
    width_pt: float
    height_pt: float
    data: FigureData | None = None


def save_figure(
    figure: Figure,
    narrow: Figure | None,
    *,
    name: str,
    language: Language,
    alt: str,
    data: FigureData | None = None,
    study: str = "",
) -> DrawnFigure:
    """Write a figure in every form; to be called inside `theme()`.

    Args:
        figure: As it is printed.
        narrow: The same for a phone, or None.
        name: Its name.
        language: `th` or `en`.
        alt: Its text alternative.
        data: Its numbers.
        study: The study that it shows, for messages.

    Raises:
        RenderError: A character has no glyph in the figure's fonts, or the figure does not fit on a page.
    """
    where = ", ".join((*([f"study {study}"] if study else []), f"figure {name}", f"language {language}"))
    prefix = f"{language}-fig-{name}"
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=r"(?s)Glyph .* missing")
        try:
            svg = _write_svg(figure, text_as="none", background="none")
            standalone = _write_svg(figure, text_as="path", background="white")
            png = io.BytesIO()
            figure.savefig(png, format="png", dpi=PNG_DPI, metadata={"Software": None})
            svg_narrow = "" if narrow is None else _write_svg(narrow, text_as="none", background="none")
        except UserWarning as warning:
            raise RenderError(
                "A character of a figure has no glyph in its fonts",
                where=where,
                got=str(warning),
                expected="text in Thai, Latin or Greek letters",
                fix="reword the label, or the study's title",
            ) from warning
    check_fit(figure, where, PNG_DPI)
    if narrow is not None:
        check_fit(narrow, f"{where}, for a phone", POINTS_PER_INCH, NARROW_IN)
    width_in, height_in = figure.get_size_inches()
    return DrawnFigure(
        name=name,
        language=language,
        alt=alt,
        svg=clean_svg(svg, prefix=prefix, title=alt),
        svg_narrow=clean_svg(svg_narrow, prefix=f"{prefix}--n", title=alt, titled_by=prefix) if svg_narrow else "",
        svg_print=clean_svg(merge_glyphs(svg, standalone), prefix=prefix, title=alt),
        svg_standalone=clean_svg(standalone, prefix=f"{prefix}--s", title=alt, is_standalone=True),
        png=png.getvalue(),
        width_pt=round(float(width_in) * POINTS_PER_INCH, 2),
        height_pt=round(float(height_in) * POINTS_PER_INCH, 2),
        data=data,
    )


def _write_svg(figure: Figure, *, text_as: str, background: str) -> str:
    with mpl.rc_context({"svg.fonttype": text_as}):
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None}, facecolor=background)
    return text.getvalue()
