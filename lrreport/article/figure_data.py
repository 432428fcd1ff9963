"""What stands around a figure: its numbers folded below it, the picture on the title page, its colours in the dark."""

from __future__ import annotations

import base64
from typing import Final

from markupsafe import Markup

from lrreport.figures.data import FigureData
from lrreport.figures.drawn import DrawnFigure
from lrreport.figures.theme import DARK_COLOURS
from lrreport.figures.words import Language, say, split_superscripts

#: What stands on web pages alone, by the value of `data-web-only`: the list is closed, and everything else that is read
#: on a web page is read in the PDF, too.
WEB_ONLY: Final = ("figure-data",)


def write_figure_data(data: FigureData, label: str, language: Language) -> Markup:
    """A table of a figure's numbers in `<details>`, which scrolls inside itself.

    Args:
        data: The numbers.
        label: The figure's name, "Figure 3" say.
        language: Of the words.
    """
    title = say("data-of", language, label=label)
    heads = Markup("")
    if data.groups:
        cells = Markup("").join(
            Markup('<th scope="colgroup" colspan="{}">{}</th>').format(count, _raise(name))
            if name
            else Markup("<td></td>")
            for name, count in data.groups
        )
        heads = Markup("<tr>{}</tr>").format(cells)
    cells = Markup("").join(Markup('<th scope="col">{}</th>').format(_raise(head)) for head in data.heads)
    heads += Markup("<tr>{}</tr>").format(cells)
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th>{}</tr>').format(
            _raise(row[0]), Markup("").join(Markup("<td>{}</td>").format(_raise(cell)) for cell in row[1:])
        )
        for row in data.rows
    )
    table = Markup("<table><thead>{}</thead><tbody>{}</tbody></table>").format(heads, rows)
    return Markup(
        '<details class="data" data-web-only="{}"><summary>{}</summary>'
        '<div class="scroll" tabindex="0" role="group" aria-label="{}">{}</div></details>'
    ).format(WEB_ONLY[0], title, title, table)


def write_drawing(drawn: DrawnFigure, label: str) -> Markup:
    """A figure on a web page: wide and narrow, of which the style sheet shows one; without a narrow one it scrolls sideways.

    Args:
        drawn: The figure.
        label: Its name, for who scrolls by keyboard.
    """
    # The files are ours, written by matplotlib and cleaned; titles of studies are escaped in them.
    if drawn.svg_narrow:
        form = Markup('<div class="wide">{}</div><div class="narrow">{}</div>')
        return form.format(Markup(drawn.svg), Markup(drawn.svg_narrow))  # noqa: S704
    form = Markup('<div class="scroll" tabindex="0" role="group" aria-label="{}">{}</div>')
    return form.format(label, Markup(drawn.svg))  # noqa: S704


def write_picture(drawn: DrawnFigure | None, caption: Markup, medium: str) -> Markup:
    """The picture on the title page, with its caption; empty where there is no picture.

    Args:
        drawn: The figure, or None.
        caption: What it shows.
        medium: `web` or `print`.
    """
    if drawn is None:
        return Markup("")
    if medium == "print":
        source = "data:image/svg+xml;base64," + base64.b64encode(drawn.svg_print.encode()).decode("ascii")
        picture = Markup('<img src="{}" alt="{}" style="width:{}pt">').format(source, drawn.alt, f"{drawn.width_pt:g}")
        return Markup('<figure class="figure picture">{}<figcaption>{}</figcaption></figure>').format(picture, caption)
    picture = write_drawing(drawn, caption.striptags())
    html = Markup('<figure class="figure picture">{}<figcaption>{}</figcaption></figure>').format(picture, caption)
    if drawn.data is not None:
        label = say("this-picture", drawn.language)
        html += write_figure_data(drawn.data, label, drawn.language)
    return html


def figure_css() -> str:
    """The rules that give figures their colours on a dark page.

    The SVGs carry the colours of paper as attributes, that of most texts on the drawing itself; a style sheet's rules
    come before attributes. The shape of a mark that an SVG uses many times stands, for Chromium, outside of the figure:
    the second selector is for it.
    """
    rules = [
        f'.figure [{what}="{light}"],path[{what}="{light}"]{{{what}:{dark}}}'
        for light, dark in DARK_COLOURS.items()
        for what in ("stroke", "fill")
    ]
    return "\n".join([*rules, ".figure svg image{filter:invert(1) hue-rotate(180deg)}"])


def _raise(text: str) -> Markup:
    """Superscripts as elements: no font of the pages has a raised minus."""
    return Markup("").join(
        Markup("<sup>{}</sup>").format(part) if is_raised else Markup.escape(part)
        for part, is_raised in split_superscripts(text)
    )
