"""Kept figures and PDFs: what we made comes back as it was; what anybody else has put there is made again."""

from __future__ import annotations

import base64
import dataclasses
import io
import itertools
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

from lrreport.article.pdf.finish import named_destinations, parent_tree, save_pdf
from lrreport.article.pdf.join import join_editions
from lrreport.article.pdf.lay_out import lay_out_pdf
from lrreport.figures import DRAWINGS, DrawnFigure, FigureData, Samples, draw_figures, list_figures
from lrreport.figures.theme import NARROW_IN, POINTS_PER_INCH
from lrreport.figures.words import LANGUAGES, Language
from lrreport.rendering.kept_parts import check_kept_join, check_kept_pdf, pack_figure, unpack_figure
from lrreport.results import History
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up
from tests.figures.test_network import results_of
from tests.pdf_pages import article

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
LABELS = np.arange(40, dtype=np.uint8) % 10
SAMPLES = Samples(IMAGES, LABELS, IMAGES[::-1], LABELS[::-1])


def png(width: int = 417, height: int = 208, mode: str = "RGBA", **options: Any) -> bytes:
    target = io.BytesIO()
    Image.new(mode, (width, height)).save(target, "PNG", **options)
    return target.getvalue()


#: The figure's name in its texts' ids: of the page, of a phone's page, of print, and of slides.
PREFIXES = {
    "svg": "th-fig-momentum",
    "svg_narrow": "th-fig-momentum--n",
    "svg_print": "th-fig-momentum",
    "svg_standalone": "th-fig-momentum--s",
}
#: The width of a phone's figure, in points.
NARROW = f"{NARROW_IN * POINTS_PER_INCH:.2f}".rstrip("0").rstrip(".")


def svg(form: str = "svg") -> str:
    """A small figure with everything that a figure may hold."""
    prefix, is_standalone, is_narrow = PREFIXES[form], form == "svg_standalone", form == "svg_narrow"
    size = ' xmlns:xlink="http://www.w3.org/1999/xlink" width="100pt" height="50pt"' if is_standalone else ""
    href = "xlink:href" if is_standalone else "href"
    picture = base64.b64encode(png(9, 8, "L")).decode()
    named_by = "th-fig-momentum--title" if is_narrow else f"{prefix}--title"
    title = "" if is_narrow else f'<title id="{prefix}--title">ข้อความ &lt;b&gt; &amp; "ก"</title>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"{size} viewBox="0 0 {f"{NARROW} 75.5" if is_narrow else "100 50"}" '
        f'role="img" aria-labelledby="{named_by}" font-family="\'Sarabun\', \'IBM Plex Sans\'" font-size="8.5px" '
        f'stroke-linejoin="round" stroke-linecap="butt">{title}'
        f'<defs><clipPath id="{prefix}--0"><rect x="0" y="-1.5" width="9" height="9" /></clipPath>'
        f'<path id="{prefix}--1" d="M0 0 0 2.5" stroke="#1f1f1f" /></defs>'
        f'<g clip-path="url(#{prefix}--0)"><use {href}="#{prefix}--1" x="1" y="2" fill="#ffffff" />'
        '</g><path d="M0 0L9 9-.5-7zM1 1" fill="none" stroke-dasharray="1.4,2.31" opacity="0.8" />'
        '<text font-size="7px" text-anchor="end" transform="translate(1 2.5) rotate(-90)">ก &amp; 1</text>'
        f'<image {href}="data:image/png;base64,{picture}" width="9" height="8" transform="matrix(1.41266 0 0 1 3.6 5)" '
        'image-rendering="pixelated" /></svg>'
    )


FIGURE = DrawnFigure(
    name="momentum", language="th", alt='ข้อความ <b> & "ก"', svg=svg(), svg_narrow=svg("svg_narrow"), svg_print=svg(),
    svg_standalone=svg("svg_standalone"), png=png(), width_pt=100.0, height_pt=50.0,
    data=FigureData((("", 1), ("โมเมนตัม", 2)), ("รอบ", "a", "b"), (("1", "98.1", "–"), ("2", "5 × 10⁻⁵", "\u00a0"))),
)  # fmt: skip
PARTS = pack_figure(FIGURE)


def attacked(**parts: bytes) -> DrawnFigure | None:
    return unpack_figure({**PARTS, **parts}, "momentum", "th")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_comes_back(language: Language) -> None:
    """A figure of every kind, with seeds that diverged and without, is the same in all its forms when it comes back."""

    def make_history(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        cut = {item.name: getattr(curves, item.name)[:2] for item in dataclasses.fields(History)}
        return History(**cut) if spec.seed == 2 and spec.momentum == 0.9 else curves

    studies = load_built_in_studies({"epochs": 5})
    seen = results_of(*studies, seeds=(1, 2, 3)).inspections
    results = dataclasses.replace(made_up.results(studies, make_history=make_history), inspections=seen)
    drawn = list(draw_figures(results, SAMPLES, language))
    names = [figure.name for figure in drawn]
    assert names == [*list_figures(results)]
    assert {drawing.name for drawing in DRAWINGS} | {study.id for study in studies} == set(names)
    assert {figure.name for figure in drawn if not figure.svg_narrow} == set(), "every figure here has a phone's form"
    for figure in [*drawn, FIGURE]:
        assert unpack_figure(pack_figure(figure), figure.name, figure.language) == figure, figure.name
    assert unpack_figure(pack_figure(drawn[0]), drawn[1].name, language) is None
    assert unpack_figure(pack_figure(drawn[0]), drawn[0].name, "en" if language == "th" else "th") is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_of_large_studies_comes_back(language: Language) -> None:
    """Maps with crossed and framed cells, lists with bands, and curves on several figures are kept, too."""
    grid = "learning_rate = [1.0, 0.1, 0.01]\nmomentum = [0.0, 0.5, 0.9, 0.99]\nbatch_size = [32, 64]"
    rates = f"learning_rate = {[round(0.01 * place, 2) for place in range(1, 15)]}"

    def make_history(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        cut = {item.name: getattr(curves, item.name)[:2] for item in dataclasses.fields(History)}
        is_lost = spec.momentum == 0.99 or (spec.seed == 2 and spec.batch_size == 64) or spec.rate == 0.03
        return History(**cut) if is_lost else curves

    studies = [
        parse_study(f'id = "{name}"\n[title]\nth = "ของเรา"\nen = "Ours"\n[base]\nepochs = 4\n[vary]\n{vary}', name)
        for name, vary in (("grid", grid), ("rates", rates))
    ]
    results = made_up.results(studies, make_history=make_history)
    drawn = list(draw_figures(results, SAMPLES, language))
    assert [figure.name for figure in drawn] == [*list_figures(results)]
    assert [figure.name for figure in drawn if figure.name.startswith(("grid", "rates"))] == [
        "grid", "grid.2", "grid.3", "rates", "rates.2", "rates.3",
    ]  # fmt: skip
    assert {bool(figure.svg_narrow) for figure in drawn} == {True, False}, "maps and lists have no phone's form"
    for figure in drawn:
        assert unpack_figure(pack_figure(figure), figure.name, figure.language) == figure, figure.name


#: What is put in front of an element of the sound figure.
ELEMENTS = {
    "script": "<script>alert(1)</script>",
    "script with a prefix": '<s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script>',
    "script of HTML": '<h:script xmlns:h="http://www.w3.org/1999/xhtml" src="//x.test/x.js" />',
    "capital script": "<SCRIPT>alert(1)</SCRIPT>",
    "style": "<style>@import '//x.test/x.css';</style>",
    "escaped import": "<style>@\\69mport '//x.test/x.css';</style>",
    "style with a prefix": '<s:style xmlns:s="http://www.w3.org/2000/svg">*{fill:url(//x.test)}</s:style>',
    "font face": "<style>@font-face{font-family:Sarabun;src:url(//x.test/x.woff)}</style>",
    "font of SVG": '<font-face-uri href="//x.test/x.svg" />',
    "foreignObject": '<foreignObject width="9" height="9"><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject>',
    "meta refresh": '<meta http-equiv="refresh" content="0;url=//x.test" />',
    "base": '<base href="//x.test/" />',
    "link": '<link rel="stylesheet" href="//x.test/x.css" />',
    "form": '<form action="//x.test"><input name="x" /></form>',
    "iframe": '<iframe src="//x.test" srcdoc="x" />',
    "srcset": '<img srcset="//x.test/x.png 1x" />',
    "object": '<object data="//x.test/x.swf" />',
    "anchor": '<a href="javascript:alert(1)"><rect width="9" height="9" /></a>',
    "set": '<set attributeName="href" to="javascript:alert(1)" />',
    "animate": '<animate attributeName="href" values="//x.test" />',
    "animateMotion": '<animateMotion path="M0 0 1 1" />',
    "discard": '<discard begin="0s" />',
    "handler": '<handler type="application/ecmascript">alert(1)</handler>',
    "filter": '<filter id="x"><feImage href="//x.test/x.png" /></filter>',
    "pattern": '<pattern id="x" href="//x.test/x.svg#x" />',
    "mask": '<mask id="x" />',
    "marker": '<marker id="x" />',
    "symbol": '<symbol id="x" />',
    "switch": "<switch />",
    "view": '<view id="x" />',
    "metadata": "<metadata>x</metadata>",
    "nested svg": '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)" />',
    "second title": "<title>x</title>",
    "text path": '<text><textPath href="#x">x</textPath></text>',
    "image of an SVG": '<image href="data:image/svg+xml;base64,PHN2Zy8+" width="9" height="9" />',
    "image from elsewhere": '<image href="http://x.test/x.png" width="9" height="9" />',
    "image that is none": '<image href="data:image/png;base64,PHNjcmlwdD4=" width="9" height="9" />',
    "use from elsewhere": '<use href="//x.test/x.svg#x" />',
    "use of a picture": '<use href="data:image/svg+xml;base64,PHN2Zy8+" />',
    "use of nothing": "<use />",
    "use of what is not there": '<use href="#th-fig-momentum--9" />',
    "use of another figure": '<use href="#th-fig-decay-1" />',
    "use of a frame": '<use href="#th-fig-momentum--0" />',
    "clip that is not there": '<path d="M0 0" clip-path="url(#th-fig-momentum--9)" />',
    "clip from elsewhere": '<path d="M0 0" clip-path="url(//x.test/x.svg#x)" />',
    "frame outside definitions": '<clipPath id="th-fig-momentum--9" />',
    "definition outside a frame": '<rect x="0" y="0" width="9" height="9" />',
    "identifier twice": '<path id="th-fig-momentum--1" d="M0 0" />',
    "identifier of the page": '<path id="text" d="M0 0" />',
    "identifier of another figure": '<path id="th-fig-decay-1" d="M0 0" />',
    "comment": "<!-- x -->",
    "comment that ends for HTML": "<!--><script>alert(1)</script>-->",
    "CDATA": "<![CDATA[<script>alert(1)</script>]]>",
    "stray text": "x",
    "stray space": " ",
    "instruction": "<?php x ?>",
    "style sheet": '<?xml-stylesheet href="//x.test/x.css"?>',
    "reference to a letter": "<text>&#60;</text>",
    "reference to nothing": "<text>&x;</text>",
    "direction": "<text>\u202ex</text>",
    "control code": "<text>\x1b[2J</text>",
    "no XML": "<text",
    "not closed": "<g>",
    "closed twice": "</g>",
    "other spelling": "<text></text>",
    "elements in a path": "<path d='M0 0'><title>x</title></path>",
    "deep": "<g>" * 3000 + "</g>" * 3000,
    "many": "<g />" * 100_000,
    "many uses": '<use href="#th-fig-momentum--1" />' * 25_000,
}
#: What is put into the last path, beside its own attributes.
ATTRIBUTES = {
    "handler": 'onload="alert(1)"',
    "handler in capitals": 'ONCLICK="alert(1)"',
    "handler with a prefix": 'xmlns:s="http://www.w3.org/2000/svg" s:onload="alert(1)"',
    "events": 'xmlns:ev="http://www.w3.org/2001/xml-events" ev:event="click"',
    "base": 'xml:base="//x.test/"',
    "space": 'xml:space="preserve"',
    "another namespace": 'xmlns="http://www.w3.org/1999/xhtml"',
    "href": 'href="//x.test/"',
    "xlink": 'xlink:href="//x.test/"',
    "style": 'style="fill:url(//x.test/x.svg#x)"',
    "class": 'class="x"',
    "source": 'src="//x.test/x.png" srcset="//x.test/x.png 2x"',
    "fill from elsewhere": 'stroke="url(//x.test/x.svg#x)"',
    "fill with a function": 'stroke="#1f1f1f;background:url(//x.test)"',
    "escaped fill": 'stroke="u\\72l(//x.test)"',
    "cursor": 'cursor="url(//x.test/x.cur),auto"',
    "filter": 'filter="url(#x)"',
    "mask": 'mask="url(#x)"',
    "marker": 'marker-end="url(#x)"',
    "focus": 'tabindex="1"',
    "label": 'aria-label="x"',
    "condition": 'requiredExtensions="x"',
    "finest dashes": 'stroke-width="0.01" stroke-dashoffset="0" stroke-linejoin="miter" stroke="#1f1f1f" '
    'stroke-linecap="square" fill-opacity="1" transform="scale(1e999)"',
    "no number": 'transform="scale(NaN)"',
    "other digits": 'stroke-width="๕"',
    "line break": 'stroke-width="1&#10;"',
    "twice": 'fill="none" fill="none"',
    "many steps": f'transform="{"rotate(1) " * 9999}"',
}
#: What takes the place of a part of the sound figure.
REPLACED = {
    "text after it": ("</svg>", "</svg>x"),
    "line after it": ("</svg>", "</svg>\n"),
    "another root": ("</svg>", "</svg><svg />"),
    "markup after it": ("</svg>", "</svg><script>alert(1)</script>"),
    "markup before it": ("<svg", "<p>x</p><svg"),
    "space before it": ("<svg", " <svg"),
    "mark before it": ("<svg", "\ufeff<svg"),
    "declaration": ("<svg", '<?xml version="1.0" encoding="utf-16"?><svg'),
    "style sheet": ("<svg", '<?xml-stylesheet type="text/css" href="//x.test/x.css"?><svg'),
    "HTML": ("<svg", "<!DOCTYPE html><svg"),
    "external entity": ("<svg", '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg'),
    "external type": ("<svg", '<!DOCTYPE svg SYSTEM "http://x.test/x.dtd"><svg'),
    "default attribute": ("<svg", '<!DOCTYPE svg [<!ATTLIST path onload CDATA "alert(1)">]><svg'),
    "laughs": (
        "<svg",
        '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
        + "]><svg",
    ),
    "no namespace": (' xmlns="http://www.w3.org/2000/svg"', ""),
    "another namespace": ("http://www.w3.org/2000/svg", "http://www.w3.org/1999/xhtml"),
    "one namespace more": ("<svg ", '<svg xmlns:x="http://www.w3.org/1999/xhtml" '),
    "handler": ("<svg ", '<svg onload="alert(1)" '),
    "another element": ("<svg ", "<html "),
    "another size": ('viewBox="0 0 ', 'viewBox="0 0 1e9 '),
    "another corner": ('viewBox="0 0 ', 'viewBox="0 1 '),
    "another title": ("ข้อความ ", "ข้อความ"),
    "markup in the title": ("ข้อความ ", "<b />"),
    "letters of no size": ('font-size="8.5px"', 'font-size="1e9px"'),
    "letters of a function": ('font-size="8.5px"', 'font-size="8.5px;x:url(//x.test)"'),
    "letters of the page": ('font-size="8.5px"', 'font-size="9em"'),
    "title of another figure": ("-title", "-titel"),
    "another font": ("IBM Plex Sans", "x', url(//x.test), 'y"),
    "huge number in a path": ("M0 0L9 9", "M0 0L999999999 9"),
    "infinite number in a path": ("M0 0L9 9", "M0 0L1e999 9"),
    "no number in a path": ("M0 0L9 9", "M0 0LNaN 9"),
    "arc": ("M0 0L9 9", "M0 0A9 9"),
    "finest dashes": ("1.4,2.31", "0.01,0.01"),
    "dashes of nothing": ("1.4,2.31", "0,0"),
    "many dashes": ("1.4,2.31", ",".join(["1.4"] * 99)),
    "picture of another size": ('width="9" height="8" transform', 'width="9" height="5" transform'),
    "picture in other letters": ("data:image/png;base64,iVBOR", "data:image/png;base64,%69VBOR"),
    "picture of text": ("data:image/png;base64", "data:text/html;base64"),
    "text in a group": ("</g>", "x</g>"),
    "text in definitions": ("<defs>", "<defs>x"),
}


#: Elements of ours where ours may be: nothing is attacked there.
HARMLESS = {
    ("frame outside definitions", "</defs>"),
    ("definition outside a frame", "<rect"),
    ("stray text", "</text>"),
    ("stray space", "</text>"),
}


def svg_attacks() -> Iterator[tuple[str, str, str]]:
    """Every attack by its name, as what it replaces in a sound figure, and by what."""
    for name, element in ELEMENTS.items():
        for before in ("<path d", "</defs>", "</g>", "<rect", "</text>", "</svg>"):
            if (name, before) not in HARMLESS:
                yield f"element: {name}", before, element + before
    for name, attribute in ATTRIBUTES.items():
        for after in ("<path d", "<text ", "<use ", "<image ", "<g ", "<rect ", "<clipPath "):
            yield f"attribute: {name}", after, after.replace(" ", f" {attribute} ")
    for name, (old, new) in REPLACED.items():
        yield f"instead: {name}", old, new


#: Attacks on what a phone's text does not have: it is called what the wide one is called.
TITLED = {"instead: another title", "instead: markup in the title"}


@pytest.mark.parametrize("form", PREFIXES)
def test_attacks_in_an_svg(form: str) -> None:
    """Nothing runs, fetches, grows or hides: each attack, wherever it is put, in each of the four texts."""
    sound = PARTS[form].decode()
    passed = []
    for name, old, new in svg_attacks():
        if form == "svg_narrow" and name in TITLED:
            continue
        assert old in sound, name
        changed = re.sub(r"\bth-fig-momentum-(?=\d)", f"{PREFIXES[form]}-", sound.replace(old, new, 1))
        if form == "svg_standalone":
            changed = changed.replace(' href="', ' xlink:href="')
        if attacked(**{form: changed.encode()}) is not None:
            passed.append((name, new))
    assert not passed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (f"{NARROW} 75.5", "100 50"),  # the wide one's size
        (f"{NARROW} 75.5", f"{float(NARROW) + 1:g} 75.5"),
        *((" 75.5", f" {height}") for height in (
            "0", "-75.5", "75.50", "075.5", "7_5", "๗๕", "1e2", "NaN", "inf", "2000.01", "9" * 400, "75.555", "75.5 1", "",
        )),
        ('aria-labelledby="th-fig-momentum--title"', 'aria-labelledby="th-fig-momentum--n--title"'),
        ('stroke-linecap="butt">', 'stroke-linecap="butt"><title id="th-fig-momentum--title">ข้อความ &lt;b&gt; &amp; "ก"</title>'),
        ('stroke-linecap="butt">', 'stroke-linecap="butt"><title>x</title>'),
        ("<defs>", '<defs><title id="th-fig-momentum--title">x</title>'),
        ("momentum--n-", "momentum-"),
        ("momentum--n-", "momentum--s-"),
    ],
)  # fmt: skip
def test_attacks_in_a_phones_svg(old: str, new: str) -> None:
    """It has the width of a phone, a height as it is written, no title of its own, and ids that no other text has."""
    sound = PARTS["svg_narrow"].decode()
    assert old in sound
    assert attacked(svg_narrow=sound.replace(old, new).encode()) is None
    for height in ("75.5", "1", "2000", "0.01", "842.25"):
        assert attacked(svg_narrow=sound.replace(" 75.5", f" {height}").encode()) is not None


def test_texts_do_not_take_each_others_place() -> None:
    """Each of the four forms is refused where another should be, but for print, which may be what the page has."""
    for (form, own), (other, prefix) in itertools.product(PREFIXES.items(), PREFIXES.items()):
        assert (attacked(**{form: PARTS[other]}) is not None) is (own == prefix), (form, other)
    assert attacked(svg_narrow=b"") == dataclasses.replace(FIGURE, svg_narrow=""), "a map has no phone's form"


def test_uses_cannot_multiply() -> None:
    """Uses of uses, of groups, or of a path as long as a text may be, draw nothing."""
    levels = "".join(
        f'<g id="th-fig-momentum-{n + 2}">' + f'<use href="#th-fig-momentum-{n + 1}" />' * 10 + "</g>" for n in range(7)
    )
    nested = svg().replace("</defs>", f"{levels}</defs>")
    long = svg().replace("M0 0 0 2.5", "M0 0" + " 1" * 100_000)
    use = '<use href="#th-fig-momentum--1" />'
    assert attacked(svg=nested.encode()) is None
    assert attacked(svg=long.encode()) is not None
    assert attacked(svg=long.replace(use, use * 20).replace("</g>", f"{use * 20}</g>").encode()) is None


@pytest.mark.parametrize(
    "text",
    [b"", b"x", b"\xff", svg().encode("utf-16"), svg().encode("utf-16-be"), svg().encode().replace(b"9 9", b"9\x009"),
     b"\xef\xbb\xbf" + svg().encode(), b"<svg/>", b"<" * 1_000_000, svg().encode() * 2, svg().encode() + bytes(10**7),
     b"<g>" * 600_000, b"<svg " + b"a" * 1_000_000 + b"=''/>", b"<svg" + b" a=''" * 300_000 + b"/>",
     svg().encode().replace(b"M0 0L", b"M" + b"9" * 1_900_000), svg().encode().replace(b"M0 0L", b"M" + b"9 9-" * 470_000 + b"x")],
)  # fmt: skip
def test_texts_that_are_none(text: bytes) -> None:
    """Other encodings, no XML, and texts as large as can be are refused, at once."""
    for form in PREFIXES:
        if text or form != "svg_narrow":
            assert attacked(**{form: text}) is None


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(
    width: int, height: int, pixels: bytes, more: bytes = b"", interlaced: int = 0, *, depth: int = 8, colour: int = 6
) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", zlib.compress(pixels, 9)) + chunk(b"IEND", b"")


PIXELS = bytes(208 * (1 + 4 * 417))


def table_png(depth: int, more: bytes, columns: int | None = None) -> bytes:
    """A picture whose pixels are places in a table of colours."""
    stride = 1 + ((columns or 417) * depth + 7) // 8
    return raw_png(417, 208, bytes(208 * stride), more, depth=depth, colour=3)


PNG_ATTACKS = {
    "nothing": b"",
    "HTML": b"<!DOCTYPE html><script>alert(1)</script>",
    "signature alone": png()[:8],
    "HTML after it": png() + b"<script>alert(1)</script>",
    "another after it": png() * 2,
    "HTML before it": b"<script>alert(1)</script>" + png(),
    "HTML in its end": png()[:-12] + chunk(b"IEND", b"<script>alert(1)</script>"),
    "HTML in a text": raw_png(417, 208, PIXELS, chunk(b"tEXt", b"x\0<script>alert(1)</script>")),
    "private chunk": raw_png(417, 208, PIXELS, chunk(b"prVt", b"x")),
    "colour profile": raw_png(417, 208, PIXELS, chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(10**6)))),
    "moving": raw_png(417, 208, PIXELS, chunk(b"acTL", bytes(8))),
    "no pixels": raw_png(417, 208, b""),
    "too few pixels": raw_png(417, 208, PIXELS[:-1]),
    "too many pixels": raw_png(417, 208, PIXELS + b"x"),
    "bomb of pixels": raw_png(417, 208, bytes(10**8)),
    "bomb of a size": raw_png(50_000, 50_000, bytes(10**6)),
    "size of nothing": raw_png(0, 0, b""),
    "unknown filter": raw_png(417, 208, b"\x09" * len(PIXELS)),
    "interlaced": raw_png(417, 208, PIXELS, interlaced=1),
    "cut": png()[:-1],
    "head alone": png()[:33] + chunk(b"IEND", b""),
    "wrong sum": png()[:-1] + b"\x00",
    "huge chunk": png()[:33] + struct.pack(">I", 0xFFFFFFFF) + png()[37:],
    "many chunks": png()[:33] + chunk(b"IDAT", b"") * 100_000 + png()[33:],
    "another size": png(416, 300),
    "bits": png(mode="1"),
    "few bits without a table": raw_png(417, 208, bytes(208 * (1 + 4 * 53)), depth=1),
    "many bits": raw_png(417, 208, bytes(208 * (1 + 8 * 417)), depth=16),
    "no bits": table_png(0, chunk(b"PLTE", bytes(3))),
    "three bits": table_png(3, chunk(b"PLTE", bytes(3))),
    "no table": table_png(8, b""),
    "table of nothing": table_png(8, chunk(b"PLTE", b"")),
    "table of no whole colours": table_png(8, chunk(b"PLTE", bytes(4))),
    "table of 257 colours": table_png(8, chunk(b"PLTE", bytes(3 * 257))),
    "table of more colours than bits": table_png(1, chunk(b"PLTE", bytes(9))),
    "table twice": table_png(8, chunk(b"PLTE", bytes(3)) * 2),
    "HTML in a table": table_png(8, chunk(b"PLTE", b"<script>alert(1)</script>" * 40)),
    "more alphas than colours": table_png(8, chunk(b"PLTE", bytes(3)) + chunk(b"tRNS", bytes(2))),
    "alphas before colours": table_png(8, chunk(b"tRNS", bytes(1)) + chunk(b"PLTE", bytes(3))),
    "alphas alone": raw_png(417, 208, PIXELS, chunk(b"tRNS", bytes(2))),
    "table that nobody needs": raw_png(417, 208, PIXELS, chunk(b"PLTE", bytes(3))),
    "table and too few pixels": table_png(8, chunk(b"PLTE", bytes(3)), columns=416),
    "table and too few bits": table_png(4, chunk(b"PLTE", bytes(3)), columns=414),
    "after the pixels": png()[:-12] + chunk(b"IDAT", b"<script>alert(1)</script>") + png()[-12:],
}


@pytest.mark.parametrize("name", PNG_ATTACKS)
def test_attacks_in_a_png(name: str) -> None:
    """A picture is a PNG of the figure's size, whole, with nothing in it but pixels."""
    assert attacked(png=raw_png(417, 208, PIXELS)) is not None
    assert attacked(png=table_png(8, chunk(b"PLTE", bytes(3 * 256)) + chunk(b"tRNS", bytes(256)))) is not None
    assert attacked(png=table_png(2, chunk(b"PLTE", bytes(3 * 4)))) is not None
    assert attacked(png=PNG_ATTACKS[name]) is None
    picture = base64.b64encode(PNG_ATTACKS[name]).decode()
    assert attacked(svg=svg().replace(base64.b64encode(png(9, 8, "L")).decode(), picture).encode()) is None


HEAD = json.loads(PARTS["head"])
ODD: list[Any] = [None, True, False, 0, -1, 100, 1e9, "", "100.0", [], {}, [[]], "x" * 10, ["x"], {"a": 1}, -0.0, 1e308]


@pytest.mark.parametrize("field", HEAD)
def test_values_that_are_none(field: str) -> None:
    """Whatever else stands in the place of a value, or of a part of the data, is refused; so is a value too few."""
    data = HEAD["data"]
    for odd in [*ODD, *({**data, key: odd} for key in data for odd in [*ODD, *([odd] for odd in ODD)])]:
        if field == "data" and odd in (None, {**data, "groups": []}):  # a picture has no data, a short table no groups
            continue
        assert attacked(head=json.dumps({**HEAD, field: odd}, ensure_ascii=False).encode()) is None, odd
    missing = {key: value for key, value in HEAD.items() if key != field}
    assert attacked(head=json.dumps(missing, ensure_ascii=False).encode()) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [("100.0", "NaN"), ("100.0", "Infinity"), ("100.0", "1e999"), ("100.0", "1e2"), ("100.0", "9" * 5000),
     ("momentum", "decay"), ('"th"', '"en"'), ('"th"', '"th/.."'), ("ข้อความ", "ข้อควา\\u001b[2J"), ("ข้อความ", "\\ud800"),
     ("98.1", "98.1\\u202e"), ('["1",', '["1", "2",'), (", 2]", ", 3]"), (", 2]", ", true]"), (", 2]", ", 2.0]"),
     ('{"name"', '{"svg": "x", "name"'), ('{"name"', '{"png": "x", "name"'), ('{"name"', '{"x": 1, "name"'),
     ('{"name"', ' {"name"'), ('"alt"', '"alt": "x", "alt"'), ('"1", "98.1"', "[" * 5000 + "]" * 5000 + ', "98.1"')],
)  # fmt: skip
def test_heads_that_are_none(old: str, new: str) -> None:
    """Numbers that are none, names of others, codes that a terminal obeys, and other spellings are refused."""
    head = PARTS["head"].decode()
    assert old in head
    assert attacked(head=head.replace(old, new, 1).encode()) is None


def test_parts_that_are_none() -> None:
    """A part too few or too many, or none at all, is no figure."""
    assert attacked() == FIGURE
    assert attacked(more=b"") is None
    assert unpack_figure({}, "momentum", "th") is None
    for name in PARTS:
        assert unpack_figure({key: part for key, part in PARTS.items() if key != name}, "momentum", "th") is None
        assert name == "svg_narrow" or attacked(**{name: b""}) is None
        assert attacked(**{name: bytes(3_000_000)}) is None
    for text in (b"[]", b"1", b"null", b"{}", b"\xff", b"[" * 100_000):
        assert attacked(head=text) is None


# PDFs


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> dict[Language, bytes]:
    """Two small articles, laid out."""
    folder = tmp_path_factory.mktemp("pages")
    return {language: lay_out_pdf(article(language), base_folder=folder, language=language) for language in LANGUAGES}


def changed(document: bytes, change: Callable[[pikepdf.Pdf], object]) -> bytes:
    """The document with something done to it, written as ours are."""
    with pikepdf.open(io.BytesIO(document)) as pdf:
        change(pdf)
        return save_pdf(pdf)


def test_our_pdfs_come_back(kept: dict[Language, bytes]) -> None:
    """A PDF is taken for that of its own page, also when it was written anew, and of no other; so is a joined one."""
    for language, document in kept.items():
        assert check_kept_pdf(document, article(language))
        assert check_kept_pdf(changed(document, lambda _: None), article(language))
    assert not check_kept_pdf(kept["th"], article("en"))
    parts = [kept["th"], kept["en"]]
    joined = join_editions([("th", kept["th"]), ("en", kept["en"])], title="x")
    assert check_kept_join(joined, parts)
    assert not check_kept_join(joined, parts[::-1])
    assert not check_kept_join(joined, parts[:1])
    assert not check_kept_join(kept["th"], parts)
    assert not check_kept_pdf(joined, article("th"))


SCRIPT = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def action(**entries: Any) -> Callable[[pikepdf.Pdf], None]:
    """Put an action in the place of a link's destination."""

    def change(pdf: pikepdf.Pdf) -> None:
        note = pdf.pages[0].obj.Annots[0]
        if "/Dest" in note:
            del note["/Dest"]
        note.A = Dictionary(Type=Name.Action, **entries)

    return change


def annotation(**entries: Any) -> Callable[[pikepdf.Pdf], None]:
    """Put an annotation beside the links of a page."""
    return lambda pdf: pdf.pages[0].obj.Annots.append(
        pdf.make_indirect(Dictionary(Type=Name.Annot, Rect=[0, 0, 9, 9], **entries))
    )


def in_catalog(**entries: Any) -> Callable[[pikepdf.Pdf], None]:
    return lambda pdf: [pdf.Root.__setattr__(key, value) for key, value in entries.items()]


def attach(pdf: pikepdf.Pdf) -> None:
    pdf.attachments["x.html"] = b"<script>alert(1)</script>"


def remove_page(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[-1]


def remove_page_with_care(pdf: pikepdf.Pdf) -> None:
    """Remove a page that has places, with everything that points at it, and close the gap in the numbers."""
    places = [place[0].objgen for place in named_destinations(pdf).values()]
    index, page = [(index, each.obj) for index, each in enumerate(pdf.pages) if each.obj.objgen in places][-1]
    gone = {int(page.StructParents), *(int(note.StructParent) for note in page.get("/Annots", []))}
    del pdf.pages[index]
    tree = parent_tree(pdf.Root.StructTreeRoot)
    left = sorted(set(tree) - gone)
    new = {old: number for number, old in enumerate(left)}
    pdf.Root.StructTreeRoot.ParentTree.Nums = Array([item for old in left for item in (new[old], tree[old])])
    for each in pdf.pages:
        each.obj.StructParents = new[int(each.obj.StructParents)]
        for note in each.obj.get("/Annots", []):
            note.StructParent = new[int(note.StructParent)]
    for item in pdf.objects:
        if isinstance(item, Dictionary) and "/Pg" in item and item.Pg.objgen == page.objgen:
            item.Pg = pdf.pages[0].obj
        if isinstance(item, Dictionary) and isinstance(item.get("/Dest"), Array) and item.Dest[0].objgen == page.objgen:
            item.Dest[0] = pdf.pages[0].obj
    names = list(pdf.Root.Names.Dests.Names)
    pairs = [pair for pair in zip(names[::2], names[1::2], strict=True) if pair[1][0].objgen != page.objgen]
    pdf.Root.Names.Dests.Names = Array([item for pair in pairs for item in pair])
    there = {str(name) for name, _ in pairs}
    for each in pdf.pages:
        for note in each.obj.get("/Annots", []):
            if "/Dest" in note and str(note.Dest) not in there:
                note.Dest = String(min(there))


def reverse_pages(pdf: pikepdf.Pdf) -> None:
    pdf.pages.reverse()


def repeat_page(pdf: pikepdf.Pdf) -> None:
    pdf.pages.append(pdf.pages[0])


def empty_first_page(pdf: pikepdf.Pdf) -> None:
    pdf.pages[0].Contents = pdf.make_stream(b"")


PDF_ATTACKS: dict[str, Callable[[pikepdf.Pdf], object]] = {
    "script on opening": in_catalog(OpenAction=SCRIPT),
    "place on opening": in_catalog(OpenAction=Array([0, Name.Fit])),
    "script on closing": in_catalog(AA=Dictionary(WC=SCRIPT)),
    "script of a page": lambda pdf: setattr(pdf.pages[0].obj, "AA", Dictionary(O=SCRIPT)),
    "form": in_catalog(AcroForm=Dictionary(Fields=Array())),
    "form of XML": in_catalog(AcroForm=Dictionary(XFA=String("x"))),
    "names of scripts": lambda pdf: setattr(pdf.Root.Names, "JavaScript", Dictionary(Names=[String("x"), SCRIPT])),
    "attachment": attach,
    "associated file": in_catalog(AF=Array()),
    "portfolio": in_catalog(Collection=Dictionary(View=Name.H)),
    "layers": in_catalog(OCProperties=Dictionary(OCGs=Array())),
    "addresses of a base": in_catalog(URI=Dictionary(Base=String("http://x.test/"))),
    "extensions": in_catalog(Extensions=Dictionary(ADBE=Dictionary(ExtensionLevel=3))),
    "signature": in_catalog(Perms=Dictionary(DocMDP=Dictionary())),
    "script of a link": action(S=Name.JavaScript, JS=String("app.alert(1)")),
    "program": action(S=Name.Launch, F=String("/bin/sh")),
    "another file": action(S=Name.GoToR, F=String("x.pdf"), D=Array([0, Name.Fit])),
    "attached file": action(S=Name.GoToE, T=Dictionary()),
    "sent form": action(S=Name.SubmitForm, F=String("http://x.test")),
    "imported data": action(S=Name.ImportData, F=String("x.fdf")),
    "named action": action(S=Name.Named, N=Name.Print),
    "film": action(S=Name.Rendition, OP=0),
    "sound": action(S=Name.Sound, Sound=Dictionary()),
    "hidden action": action(S=Name.URI, URI=String("https://x.test/"), Next=SCRIPT),
    "address of a file": action(S=Name.URI, URI=String("file:///etc/passwd")),
    "address of a script": action(S=Name.URI, URI=String("javascript:alert(1)")),
    "address of an odd letter": action(S=Name.URI, URI=String("https://x.test/\u202e")),
    "address of no text": action(S=Name.URI, URI=7),
    "action of no kind": action(URI=String("https://x.test/")),
    "rich media": annotation(Subtype=Name.RichMedia),
    "screen": annotation(Subtype=Name.Screen),
    "field": annotation(Subtype=Name.Widget, FT=Name.Tx),
    "file in a note": annotation(Subtype=Name.FileAttachment),
    "note": annotation(Subtype=Name.Text, Contents=String("x")),
    "three dimensions": annotation(Subtype=Name("/3D")),
    "link of nobody": annotation(Subtype=Name.Link, Dest=String("en-s0")),
    "link to nowhere": lambda pdf: setattr(pdf.pages[0].obj.Annots[0], "Dest", String("x")),
    "page removed": remove_page,
    "page removed with care": remove_page_with_care,
    "pages reversed": reverse_pages,
    "page twice": repeat_page,
    "page added": lambda pdf: pdf.add_blank_page(),
    "no pages": lambda pdf: [pdf.pages.__delitem__(0) for _ in range(len(pdf.pages))],
    "no structure": lambda pdf: pdf.Root.__delitem__("/StructTreeRoot"),
    "no places": lambda pdf: pdf.Root.__delitem__("/Names"),
    "no metadata": lambda pdf: pdf.Root.__delitem__("/Metadata"),
    "no digest": empty_first_page,
    "bomb": lambda pdf: setattr(pdf.pages[0].Resources.XObject, "x99", pdf.make_stream(bytes(10**8), Subtype=Name.Form)),
    "bomb on a page": lambda pdf: setattr(pdf.pages[0], "Contents", pdf.make_stream(b" " * 10**8)),
    "program of PostScript": lambda pdf: setattr(
        pdf.pages[0].Resources.XObject, "x99", pdf.make_stream(b"x", Type=Name.XObject, Subtype=Name.PS)
    ),
    "stream of a file": lambda pdf: setattr(pdf.pages[0], "Contents", pdf.make_stream(b"", F=String("/etc/passwd"))),
    "another filter": lambda pdf: setattr(
        pdf.pages[0], "Contents", pdf.make_stream(b"3c>", Filter=Name.ASCIIHexDecode)
    ),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::pikepdf.PageCopyWarning")  # of a form that no catalog knows
@pytest.mark.parametrize("name", PDF_ATTACKS)
def test_attacks_in_a_pdf(kept: dict[Language, bytes], name: str) -> None:
    """Nothing runs, leads elsewhere, is attached, added or missing, in an edition and in what is joined of editions."""
    with pikepdf.open(io.BytesIO(kept["en"])) as pdf:
        assert len(pdf.pages) > 1
    assert not check_kept_pdf(changed(kept["en"], PDF_ATTACKS[name]), article("en"))
    joined = join_editions([("th", kept["th"]), ("en", kept["en"])], title="x")
    assert not check_kept_join(changed(joined, PDF_ATTACKS[name]), [kept["th"], kept["en"]])


def encrypted(document: bytes) -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(document)) as pdf:
        pdf.save(target, encryption=pikepdf.Encryption(owner="x", user=""))
    return target.getvalue()


def as_saved(document: bytes, **options: Any) -> bytes:
    target = io.BytesIO()
    with pikepdf.open(io.BytesIO(document)) as pdf:
        pdf.save(target, **options)
    return target.getvalue()


#: How the metadata begin.
XPACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode()


def test_files_that_are_no_pdf_of_ours(kept: dict[Language, bytes]) -> None:
    """What stands around a PDF, is written after it, hides in it, or is none, is refused."""
    sound, page = kept["en"], article("en")
    update = (
        b"\n1 0 obj\n<< /Type /Catalog >>\nendobj\nxref\n0 0\ntrailer\n<< /Size 2 /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
    )
    files = [
        b"", b"x", b"%PDF-1.7\n", b"<!DOCTYPE html>", b"<script>1</script>" + sound, sound + b"<script>1</script>",
        sound + b"\n", sound + update, sound * 2, sound[:-1], sound[: len(sound) // 2], sound[20:], bytes(20_000_000),
        sound.replace(b"%PDF-1.7", b"%PDF-2.0"), sound.replace(b"startxref\n", b"startxref\n1"),
        sound.replace(b"/Filter /FlateDecode", b"/Filter [/FlateDecode]", 1), sound.replace(b" 0 obj", b" 1 obj", 1),
        sound.replace(b"/Length ", b"/Length 1", 1), sound.replace(b"/Type /XRef", b"/Type /XRef /Encrypt 1 0 R"),
        encrypted(sound), as_saved(sound, linearize=True), as_saved(sound, qdf=True),
        as_saved(sound, object_stream_mode=pikepdf.ObjectStreamMode.disable),
        sound.replace(XPACKET, b"<!DOCTYPE x []>".ljust(len(XPACKET))), sound.replace(XPACKET, b"<".ljust(len(XPACKET))),
        sound.replace(b"rdf:Description", b"rdf:Descriptiox"), sound.replace(b"dc:title", b"dc:scrip"),
        sound.replace(b"xmlns:dc=", b"xmlns:ab="),
    ]  # fmt: skip
    assert XPACKET in sound
    assert check_kept_pdf(sound, page)
    for number, document in enumerate(files):
        assert not check_kept_pdf(document, page), number
        assert not check_kept_join(document, [sound]), number


def test_a_figure_of_a_joined_pdf(kept: dict[Language, bytes]) -> None:
    """A joined PDF whose pages are right, and whose drawings or fonts are not those of its editions, is refused."""
    joined = join_editions([("th", kept["th"]), ("en", kept["en"])], title="x")

    def change(pdf: pikepdf.Pdf) -> None:
        form = next(item for item in pdf.objects if isinstance(item, pikepdf.Stream) and "/Length1" in item)
        form.write(form.read_bytes()[:-1])

    assert not check_kept_join(changed(joined, change), [kept["th"], kept["en"]])


def test_a_build_goes_on_without_what_is_no_pdf(tmp_path: Path) -> None:
    """The page itself decides: where an id of the page is no place in the PDF, the PDF is not taken for the page's."""
    page = article("en")
    document = lay_out_pdf(page, base_folder=tmp_path, language="en")
    assert not check_kept_pdf(document, page.replace('<h2 id="en-s1"', '<h2 id="en-s9"'))
