"""What the layout sees of the machine: our fonts, our dictionary, a fixed clock, and nothing else.

Fontconfig and libthai read their settings from environment variables. They are set while a page is laid out and put
back afterwards, so that other parts of the process (matplotlib asks fontconfig for fonts, too) are not affected.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from lrreport.article.fonts import FALLBACK_FAMILY, Face
from lrreport.article.line_breaking import DICTIONARY_VARIABLE, load_terms, write_dictionary
from lrreport.errors import RenderError

#: fontTools stamps the fonts that WeasyPrint instantiates with the current time unless this says otherwise; it says
#: the same in every build, so that the same page gives the same bytes.
_CLOCK: Final = ("SOURCE_DATE_EPOCH", "0")


@contextmanager
def layout_environment() -> Iterator[tuple[str, ...]]:
    """Let fontconfig and libthai see our fonts and our dictionary alone, while the block runs.

    Both stand in a temporary folder, which goes with the block. libthai reads its dictionary at its first use in the
    process and never again, so every layout belongs into such a block. The variables hold for the whole process:
    lay out one page at a time.

    Yields:
        What could not be had, as sentences for the reader of the build's log. Without libdatrie or libthai's
        dictionary the layout still works, with the line breaks that there are.
    """
    with tempfile.TemporaryDirectory(prefix="lrreport-layout-") as name:
        folder = Path(name)
        fontconfig = folder / "fonts.conf"
        fontconfig.write_text(_fontconfig(folder), encoding="utf-8")
        variables = {"FONTCONFIG_FILE": str(fontconfig), **dict([_CLOCK])}
        warnings: tuple[str, ...] = ()
        try:
            write_dictionary(folder, load_terms())
            variables[DICTIONARY_VARIABLE] = str(folder)
        except RenderError as error:
            warnings = (f"lines of Thai text may end inside a loan word: {error.message}",)
        with _variables(variables):
            yield warnings


def layout_warnings() -> tuple[str, ...]:
    """What `layout_environment` cannot have on this machine, as sentences; empty when all is well."""
    with layout_environment() as warnings:
        return warnings


@contextmanager
def _variables(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _fontconfig(folder: Path) -> str:
    """A configuration that knows one folder of fonts: the fallback's, since WeasyPrint warns when there are none.

    All other fonts come from the page's own `@font-face` rules. A character that no font has is then drawn as an
    empty box, which WeasyPrint reports, and not in whatever font the machine happens to have.
    """
    fonts = escape(str(Face(FALLBACK_FAMILY).path.parent))
    return (
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n'
        f"<fontconfig><dir>{fonts}</dir><cachedir>{escape(str(folder / 'cache'))}</cachedir></fontconfig>\n"
    )
