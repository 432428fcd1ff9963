"""Layout: our fonts and nothing else, our files and nothing else, no complaint unheard, the same bytes again."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from lrreport.article.environment import find_templates
from lrreport.article.fonts import pdf_font_files
from lrreport.article.pdf import lay_out
from lrreport.article.pdf.check import check_pdf
from lrreport.article.pdf.environment import layout_environment
from lrreport.article.pdf.finish import _name_bare_links, kids, kind_of, save_pdf, walk_structure
from lrreport.article.pdf.lay_out import lay_out_pdf
from lrreport.article.pdf.page_numbers import has_lost_footnotes
from lrreport.errors import RenderError
from tests.layouts import lay_out as lay_out_page
from tests.pdf_pages import article, page, text_of


@pytest.fixture(scope="module")
def thai(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The small article in Thai, laid out once."""
    return lay_out_pdf(article("th"), base_folder=tmp_path_factory.mktemp("page"), language="th")


def _fonts(pdf: pikepdf.Pdf) -> set[str]:
    return {
        str(item.BaseFont).split("+")[-1]
        for item in pdf.objects
        if isinstance(item, pikepdf.Dictionary) and item.get("/Subtype") == "/Type0"
    }


def test_the_article_passes_its_checks(thai: bytes) -> None:
    """A finished edition has no problem that the checks know."""
    assert check_pdf(thai, languages=["th"]) == []


def test_only_our_fonts_are_embedded(thai: bytes) -> None:
    """The fonts of a PDF are ours, also where the page asks for Greek, bold and italics."""
    with pikepdf.open(io.BytesIO(thai)) as pdf:
        assert _fonts(pdf) <= pdf_font_files().keys()
        assert {"Sarabun", "Sarabun-Bold", "Sarabun-Semi-Bold", "IBM-Plex-Mono", "IBM-Plex-Sans-Bold"} <= _fonts(pdf)


def test_names_of_every_weight_are_known(tmp_path: Path) -> None:
    """Whatever weight and style a style sheet asks for, in any family, the PDF's font name is in the table."""
    spans = "".join(
        f"<p style=\"font:{style} {weight} 11pt '{family}'\">abc η</p>"
        for family in ("Sarabun", "IBM Plex Mono", "IBM Plex Sans")
        for weight in (100, 300, 400, 500, 600, 700, 900)
        for style in ("normal", "italic")
    )
    pdf = lay_out_pdf(page(f"<h1>A</h1>{spans}"), base_folder=tmp_path, language="th")
    assert check_pdf(pdf, languages=["th"]) == []


def test_the_machine_s_fonts_are_out_of_reach(tmp_path: Path) -> None:
    """A family that the machine may have, but the report does not, is not used."""
    pdf = lay_out_pdf(
        page("<h1>A</h1><p style='font-family:DejaVu Sans,serif'>abc</p>"), base_folder=tmp_path, language="th"
    )
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert _fonts(opened) <= pdf_font_files().keys()


def test_a_missing_glyph_fails(tmp_path: Path) -> None:
    """A character that no font of ours has fails the build, and the message names it."""
    with pytest.raises(RenderError, match=r"U\+4E2D"):
        lay_out_pdf(page("<h1>中</h1>"), base_folder=tmp_path, language="th")


@pytest.mark.parametrize(
    "body",
    [
        '<p style="no-such-property:1">a</p>',
        '<p><a href="#nowhere">a</a></p>',
        "<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'/>\">",
        '<p style="opacity:0.5"><img alt="x" src="missing.png"></p>',
    ],
)
def test_a_complaint_of_weasyprint_fails(body: str, tmp_path: Path) -> None:
    """What WeasyPrint only logs fails the build: bad CSS, a dead link, a missing alternative text, a missing file."""
    with pytest.raises(RenderError, match="WeasyPrint complained"):
        lay_out_pdf(page(f"<h1>A</h1>{body}"), base_folder=tmp_path, language="th")


@pytest.mark.parametrize("address", ["https://example.org/x.png", "file:///etc/hostname", "../outside.svg"])
def test_an_address_outside_is_refused(address: str, tmp_path: Path) -> None:
    """Nothing is fetched from the net or from elsewhere on the disk, and the address is named."""
    (tmp_path / "outside.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", encoding="utf-8")
    folder = tmp_path / "page"
    folder.mkdir()
    with pytest.raises(RenderError, match=address.rsplit("/", 1)[-1]) as caught:
        lay_out_pdf(page(f'<h1>A</h1><img alt="x" src="{address}">'), base_folder=folder, language="th")
    assert "may not have" in caught.value.message


NUMBERED = "a::after { content: attr(data-page) } h2 { break-before: page }"

FLEX = "a { display: flex } a::after { content: target-counter(attr(href), page) } h2 { break-before: page }"


@pytest.mark.parametrize("lines", ["", "a { display: block } a::after { float: right }"])
def test_page_numbers_behind_links_are_right(lines: str, tmp_path: Path) -> None:
    """A reference ahead prints the page on which its section begins."""
    body = '<h1>A</h1><p><a href="#b">B</a></p><h2 id="b">B</h2>'
    pdf = lay_out_pdf(page(body, language="en", css=NUMBERED + lines), base_folder=tmp_path, language="en")
    assert re.search(r"B\s*2", text_of(pdf, tmp_path, "-l", "1"))


def test_a_wrong_page_number_fails(tmp_path: Path) -> None:
    """In a flex box WeasyPrint prints 0 for a number that it is asked for: the build must not."""
    body = '<h1>A</h1><p><a href="#b">B</a></p><h2 id="b">B</h2>'
    with pytest.raises(RenderError, match="page number") as caught:
        lay_out_pdf(page(body, language="en", css=FLEX), base_folder=tmp_path, language="en")
    assert "#b says 0, and is on page 2" in str(caught.value.got)


def test_a_file_beside_the_page_is_read(tmp_path: Path) -> None:
    """Files below the base folder may be used."""
    picture = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M0 0L9 9'/></svg>"
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "a.svg").write_text(picture, encoding="utf-8")
    html = page('<h1>A</h1><img alt="x" src="figures/a.svg">')
    assert check_pdf(lay_out_pdf(html, base_folder=tmp_path, language="th"), languages=["th"]) == []


def test_the_page_s_language_must_be_the_edition_s(tmp_path: Path) -> None:
    """A page in another language than asked for is refused."""
    with pytest.raises(RenderError, match="another language"):
        lay_out_pdf(page("<h1>A</h1>", language="en"), base_folder=tmp_path, language="th")


def test_the_same_page_gives_the_same_bytes(thai: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the clock nor the folder nor an earlier layout changes a byte."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert lay_out_pdf(article("th"), base_folder=tmp_path, language="th") == thai


def test_dates_come_from_the_page(thai: bytes) -> None:
    """The PDF's dates are those of the page's meta elements, and there are no others."""
    with pikepdf.open(io.BytesIO(thai)) as pdf:
        assert str(pdf.docinfo["/CreationDate"]) == "D:20240102"
        assert "/ModDate" not in pdf.docinfo


def test_the_environment_is_put_back() -> None:
    """The variables of the layout hold inside the block alone, and its files go with it."""
    before = dict(os.environ)
    with layout_environment():
        configuration = Path(os.environ["FONTCONFIG_FILE"])
        assert "ibm_plex_sans" in configuration.read_text(encoding="utf-8")
    assert dict(os.environ) == before
    assert not configuration.parent.exists()


def test_running_headers_are_not_read_aloud(thai: bytes, tmp_path: Path) -> None:
    """Header and page number are artifacts: on the page, but in no structure element."""
    assert "หัวกระดาษ" in text_of(thai, tmp_path)
    with pikepdf.open(io.BytesIO(thai)) as pdf:
        for opened in pdf.pages:
            content = opened.obj.Contents.read_bytes()
            assert content.count(b"/Pagination") == 2
            numbers = pdf.Root.StructTreeRoot.ParentTree.Nums[1 + 2 * int(opened.obj.StructParents)]
            assert list(numbers).count(None) == 2


def test_header_cells_have_scope_and_unique_identifiers(thai: bytes) -> None:
    """Cells in the head are column headers, cells in the body row headers; identifiers differ and are indexed."""
    with pikepdf.open(io.BytesIO(thai)) as pdf:
        root = pdf.Root.StructTreeRoot
        cells = [element for element in walk_structure(root) if kind_of(element) == "/TH"]
        scopes = [str(cell.A.Scope) for cell in cells]
        assert scopes.count("/Row") == 60
        assert scopes.count("/Column") >= 4  # the head is repeated on the second page
        identifiers = [str(cell.ID) for cell in cells]
        assert len(set(identifiers)) == len(cells)
        assert sorted(identifiers) == [str(name) for name in list(root.IDTree.Names)[::2]]


def test_links_say_where_they_lead(thai: bytes) -> None:
    """A link inside the document names its page, one outside its address; both are printed."""
    with pikepdf.open(io.BytesIO(thai)) as pdf:
        links = [link for opened in pdf.pages for link in opened.obj.get("/Annots", [])]
        words = {str(link.Contents) for link in links}
        assert {"ไปยังหน้า 1", "https://example.org/"} <= words
        assert all(int(link.F) & 4 for link in links)


def test_footnotes_stand_at_the_foot_and_are_notes(tmp_path: Path) -> None:
    """A footnote is on the page of its number, below the text, and is tagged as a note with an identifier."""
    style = (find_templates() / "css" / "print.css").read_text("utf-8")
    filler = "<p>Some words that fill the page, one line after the other, until it ends somewhere near here.</p>" * 36
    body = f'<h1>A</h1>{filler}<p>Call<span class="fn" data-number="1">The note</span> here.</p><p>After it.</p>'
    pdf = lay_out_pdf(page(body, language="en", css=style), base_folder=tmp_path, language="en")
    (sheet,) = (sheet for sheet in text_of(pdf, tmp_path).split("\f") if "Call" in sheet)
    assert sheet.index("Call") < sheet.index("The note")
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        root = opened.Root.StructTreeRoot
        (note,) = (element for element in walk_structure(root) if kind_of(element) == "/Note")
        assert str(note.ID) == "en-note-1"
        assert kind_of(kids(note)[0]) == "/Lbl"
        assert "en-note-1" in [str(name) for name in root.IDTree.Names][::2]
    assert check_pdf(pdf, languages=["en"]) == []


def test_footnotes_that_the_layout_loses_stand_in_the_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where WeasyPrint puts a note on another page than its number, all of them are said in brackets instead."""
    style = (find_templates() / "css" / "print.css").read_text("utf-8")
    body = '<h1>A</h1><p>Call<span class="fn" data-number="1">The note</span> here.</p>'
    monkeypatch.setattr(lay_out, "has_lost_footnotes", lambda document: not _says_inline(document))
    pdf = lay_out_pdf(page(body, language="en", css=style), base_folder=tmp_path, language="en")
    assert "Call (The note) here." in text_of(pdf, tmp_path)
    assert check_pdf(pdf, languages=["en"]) == []


def _says_inline(document: Any) -> bool:
    boxes = (box for sheet in document.pages for box in sheet._page_box.descendants())
    return any("inline" in box.element.get("class", "") for box in boxes if box.element is not None)


def test_a_footnote_on_another_page_is_seen(tmp_path: Path) -> None:
    """A note that is with its number is none that is lost; without the number, it is."""
    style = "@page { size: A5 } .fn { float: footnote } .fn::footnote-call { content: attr(data-number) }"
    body = '<p>Call<span class="fn" data-number="1">The note</span> here.</p>'
    document = lay_out_page(page(body, css=style), tmp_path)
    assert not has_lost_footnotes(document)
    (area,) = (box for box in document.pages[0]._page_box.children if type(box).__name__ == "FootnoteAreaBox")
    area.children = []
    assert has_lost_footnotes(document)


@pytest.mark.parametrize("height", ["1mm", "90mm"])
def test_a_footnote_does_not_divide_a_listing(height: str, tmp_path: Path) -> None:
    """Code that goes on overleaf is read through: no note stands between its lines."""
    style = (
        "@page { size: A5 } .fn { float: footnote } .fn::footnote-call { content: attr(data-number) } pre { margin: 0 }"
    )
    code = "one\n" * 20
    body = (
        f'<p>Call<span class="fn" data-number="1">The note</span>.</p><p style="height: {height}"></p><pre>{code}</pre>'
    )
    document = lay_out_page(page(body, css=style), tmp_path)
    assert len(document.pages) == (1 if height == "1mm" else 2)
    assert has_lost_footnotes(document) is (height == "90mm")


def test_nothing_in_the_structure_is_empty(thai: bytes) -> None:
    """A span without content leaves no element."""
    with pikepdf.open(io.BytesIO(thai)) as pdf:
        empty = [kind_of(element) for element in walk_structure(pdf.Root.StructTreeRoot) if not kids(element)]
    assert empty == []


def test_a_link_that_holds_nothing_is_named(thai: bytes) -> None:
    """A link without words gets those of its annotation; without them, the checks find it."""
    with pikepdf.open(io.BytesIO(thai)) as pdf:
        root = pdf.Root.StructTreeRoot
        link = next(element for element in walk_structure(root) if kind_of(element) == "/Link")
        link.K = pikepdf.Array(
            [child for child in kids(link) if isinstance(child, pikepdf.Dictionary) and "/Obj" in child]
        )
        bare = save_pdf(pdf)
        assert "a link has nothing to read" in check_pdf(bare, languages=["th"])
        _name_bare_links(root)
        assert str(link.Alt)
        assert "a link has nothing to read" not in check_pdf(save_pdf(pdf), languages=["th"])
