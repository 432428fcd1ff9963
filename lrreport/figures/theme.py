"""The one look of every figure: fonts, sizes, colours, and nothing taken from the machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import fontpkg
import matplotlib as mpl
from matplotlib import font_manager

from lrreport.errors import RenderError

#: Width in inches of the text block on A4, at which every figure is printed.
WIDTH_IN: Final = 6.3
#: Width in inches for a phone: what a screen of 355 pixels leaves between its margins, at 96 pixels an inch.
NARROW_IN: Final = 3.35
POINTS_PER_INCH: Final = 72
#: Sarabun carries Thai and Latin; IBM Plex Sans stands behind it for Greek. The pages declare the same names.
FONT_FAMILIES: Final = ("Sarabun", "IBM Plex Sans")
TEXT_PT: Final = 8.5
SMALL_PT: Final = 8.0
SEMI_BOLD: Final = 600

#: A colour a setting. They go back to the set of Okabe and Ito ('Color Universal Design', 2008), which people with any
#: kind of colour blindness tell apart; its light ones are darkened until a thin line has a contrast of 3:1 with paper.
PALETTE: Final = (
    "#0072b2",
    "#d55e00",
    "#009068",
    "#b0628f",
    "#a87900",
    "#3487bd",
    "#6b4fa0",
    "#7d5a3c",
    "#5f6b00",
)
#: Lines of a variable that has an order, from its lowest value to its highest: each has a contrast of 3:1 with paper.
LINE_RAMP: Final = (
    "#52a08a", "#47989a", "#3d91aa", "#3684af", "#3176b0", "#3066ab", "#3255a1", "#324393", "#2f2e79", "#2b1a5e",
)  # fmt: skip
DARK_LINE_RAMP: Final = (
    "#3f7f70", "#3e8688", "#3d8da0", "#4796b8", "#54a0d1", "#69a8e2", "#88afed", "#a7b8f6", "#c6cafb", "#e6dcff",
)  # fmt: skip
#: From low to high accuracy, in a map: numbers on them have a contrast of 4.5:1, on paper and on a dark page.
RAMP: Final = ("#eef4f9", "#d3e4f1", "#b3d1e7", "#8dbbdb", "#6aa8d2", "#1f73ad", "#155a8c", "#0b3c61")
DARK_RAMP: Final = ("#18222c", "#1b2f40", "#1e3d57", "#204a6c", "#24587f", "#4f9fd6", "#86c1ea", "#c4e2f7")
#: The same colours for a dark page, as light as they were dark; and the greys of the figures.
DARK_COLOURS: Final = {
    "#0072b2": "#5fb8f0",
    "#d55e00": "#ff9552",
    "#009068": "#3fd0a3",
    "#b0628f": "#eba0cb",
    "#a87900": "#e6b93d",
    "#3487bd": "#8fcdf7",
    "#6b4fa0": "#bba4f2",
    "#7d5a3c": "#d3a887",
    "#5f6b00": "#c0cc55",
    "#1f1f1f": "#e3e8ee",
    "#3a3a3a": "#cdd5de",
    "#5c5c5c": "#a3afbc",
    "#8a8a8a": "#7d8896",
    "#c9c9c9": "#4a5563",
    "#dddddd": "#2c3540",
    "#9c4f86": "#e39bcd",
    "#ffffff": "#12161b",
    **dict(zip(RAMP, DARK_RAMP, strict=True)),
    **dict(zip(LINE_RAMP, DARK_LINE_RAMP, strict=True)),
}
#: What stands out among all others.
BEST_COLOUR: Final = "#d55e00"
#: Beside colour, so that a print in black and white still tells lines apart.
DASHES: Final = ("-", "--", "-.", ":")
CUT_COLOUR: Final = "#9c4f86"
TEXT_COLOUR: Final = "#1f1f1f"
QUIET_COLOUR: Final = "#5c5c5c"
CONTEXT_COLOUR: Final = "#8a8a8a"
BAND_ALPHA: Final = 0.2

_FACES: Final = (("Sarabun", 400), ("Sarabun", SEMI_BOLD), ("IBM Plex Sans", 400))

_PARAMETERS: Final[dict[Any, Any]] = {
    "font.family": list(FONT_FAMILIES),
    "font.size": TEXT_PT,
    # Mathtext does not shape Thai: a dollar sign in a label must never switch it on.
    "text.parse_math": False,
    "text.color": TEXT_COLOUR,
    "figure.facecolor": "white",
    "figure.dpi": POINTS_PER_INCH,
    "axes.facecolor": "none",
    "axes.edgecolor": "#8a8a8a",
    "axes.linewidth": 0.6,
    "axes.labelcolor": TEXT_COLOUR,
    "axes.labelsize": TEXT_PT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.5,
    "xtick.labelsize": SMALL_PT,
    "ytick.labelsize": SMALL_PT,
    "xtick.labelcolor": TEXT_COLOUR,
    "ytick.labelcolor": TEXT_COLOUR,
    "xtick.color": "#8a8a8a",
    "ytick.color": "#8a8a8a",
    "xtick.major.size": 2.5,
    "xtick.major.width": 0.6,
    "ytick.left": False,
    "xtick.major.pad": 2.5,
    "ytick.major.pad": 2.5,
    "lines.linewidth": 1.1,
    # The element ids of an SVG are hashed with this salt instead of a random one: same results, same bytes.
    "svg.hashsalt": "lrreport",
    "svg.fonttype": "none",
    "svg.image_inline": True,
}


def register_fonts() -> None:
    """Make matplotlib use the packaged fonts, and none of the same name that the machine may have.

    Raises:
        RenderError: A font package is not installed, or lacks a style.
    """
    manager = font_manager.fontManager
    try:
        paths = [str(fontpkg.path(family, weight=weight, nearest=True)) for family, weight in _FACES]
    except fontpkg.FontpkgError as error:
        raise RenderError(
            "The fonts of the figures are not installed",
            got=str(error),
            expected="the packages fontpkg-sarabun and fontpkg-ibm-plex-sans",
            fix="install the locked dependencies again (make report does)",
        ) from error
    manager.ttflist = [entry for entry in manager.ttflist if entry.name not in FONT_FAMILIES or entry.fname in paths]
    known = {entry.fname for entry in manager.ttflist}
    for (family, weight), path in zip(_FACES, paths, strict=True):
        if path in known:
            continue
        manager.addfont(path)
        if family != FONT_FAMILIES[0]:
            # One weight of the fallback is enough; without an entry for the other, matplotlib logs a warning.
            face = next(entry for entry in manager.ttflist if entry.fname == path and entry.weight == weight)
            manager.ttflist.append(replace(face, weight=SEMI_BOLD))


@contextmanager
def theme() -> Iterator[None]:
    """Draw and save inside this context: it sets every parameter, whatever a user's matplotlibrc says."""
    register_fonts()
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_PARAMETERS)
        yield
