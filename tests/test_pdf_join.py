"""The bilingual PDF, and that the checks find what they are for."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, String

from lrreport.article.pdf.check import check_pdf
from lrreport.article.pdf.finish import kids, kind_of, named_destinations, save_pdf, walk_structure
from lrreport.article.pdf.join import join_editions
from lrreport.article.pdf.lay_out import lay_out_pdf
from lrreport.errors import RenderError
from tests.pdf_pages import article, page, pixels_of, text_of

_TITLE = "อัตราการเรียนรู้ / The learning rate"


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    """The small article in both languages."""
    folder = tmp_path_factory.mktemp("page")
    return [(name, lay_out_pdf(article(name), base_folder=folder, language=name)) for name in ("th", "en")]


@pytest.fixture(scope="module")
def joined(parts: list[tuple[str, bytes]]) -> bytes:
    """Both editions as one PDF."""
    return join_editions(parts, title=_TITLE)


def test_the_joined_file_passes_its_checks(joined: bytes) -> None:
    """The checks hold for the joined file, not only for its parts."""
    assert check_pdf(joined, languages=["th", "en"]) == []


def test_each_part_says_its_language(joined: bytes) -> None:
    """One document element holds a part for each edition, in order, with its language."""
    with pikepdf.open(io.BytesIO(joined)) as pdf:
        document = pdf.Root.StructTreeRoot.K[0]
        assert kind_of(document) == "/Document"
        assert [(kind_of(part), str(part.Lang)) for part in kids(document)] == [("/Part", "th"), ("/Part", "en")]
        for part in kids(document):
            assert any(kind_of(element) == "/H1" for element in walk_structure(part))


def test_every_page_and_letter_is_kept(parts: list[tuple[str, bytes]], joined: bytes, tmp_path: Path) -> None:
    """The joined file reads and looks as its parts one after the other."""
    texts, pixels = [], []
    for _, part in parts:
        texts.append(text_of(part, tmp_path))
        pixels.append(pixels_of(part, tmp_path))
    assert text_of(joined, tmp_path) == "".join(texts)
    assert pixels_of(joined, tmp_path) == b"".join(pixels)


def test_the_outline_has_both_languages(joined: bytes) -> None:
    """The outline opens with the two languages, and each holds its own headings, which lead to its own pages."""
    with pikepdf.open(io.BytesIO(joined)) as pdf, pdf.open_outline() as outline:
        assert [item.title for item in outline.root] == ["ภาษาไทย", "English"]
        numbers = {opened.obj.objgen: number for number, opened in enumerate(pdf.pages)}
        first = [numbers[item.destination[0].objgen] for item in outline.root]
        assert first[0] == 0 < first[1]
        headings = [item.children[0] for item in outline.root]
        assert [len(heading.children) for heading in headings] == [3, 3]
        assert all(numbers[child.destination[0].objgen] >= first[1] for child in headings[1].children)


def test_links_lead_into_their_own_language(joined: bytes) -> None:
    """Every internal link leads to a page of the part that it stands in."""
    with pikepdf.open(io.BytesIO(joined)) as pdf:
        numbers = {opened.obj.objgen: number for number, opened in enumerate(pdf.pages)}
        second = int(pdf.Root.PageLabels.Nums[2])
        places = named_destinations(pdf)
        assert {"th-s0", "en-s0"} <= places.keys()
        for number, opened in enumerate(pdf.pages):
            for link in opened.obj.get("/Annots", Array()):
                if "/Dest" in link:
                    assert (numbers[places[str(link.Dest)][0].objgen] >= second) == (number >= second)


def test_labels_and_metadata(joined: bytes) -> None:
    """Pages are labelled as they are printed, with the language; the title is the whole's; PDF/UA is declared."""
    with pikepdf.open(io.BytesIO(joined)) as pdf:
        labels = [opened.label for opened in pdf.pages]
        assert labels[0] == "th-1"
        assert "en-1" in labels
        assert str(pdf.docinfo["/Title"]) == _TITLE
        assert pdf.pdf_version == "1.7"
        assert str(pdf.docinfo["/CreationDate"]) == "D:20240102"


def test_joining_is_deterministic(parts: list[tuple[str, bytes]], joined: bytes) -> None:
    """The same parts give the same bytes."""
    assert join_editions(parts, title=_TITLE) == joined


def test_names_may_not_collide(parts: list[tuple[str, bytes]]) -> None:
    """Two parts with the same ids are refused: a link would lead into the wrong language."""
    with pytest.raises(RenderError, match="th-"):
        join_editions([parts[0], parts[0]], title=_TITLE)


def test_there_must_be_something_to_join() -> None:
    """No parts, or a part that is not tagged, is an error."""
    with pytest.raises(RenderError, match="no edition"):
        join_editions([], title=_TITLE)
    empty = io.BytesIO()
    pikepdf.new().save(empty)
    with pytest.raises(RenderError, match="no structure tree"):
        join_editions([("th", empty.getvalue())], title=_TITLE)


def _no_language(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/Lang"]


def _no_mark(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/MarkInfo"]


def _no_title_shown(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/ViewerPreferences"]


def _no_title(pdf: pikepdf.Pdf) -> None:
    del pdf.docinfo["/Title"]


def _no_outline(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/Outlines"]


def _no_structure(pdf: pikepdf.Pdf) -> None:
    del pdf.Root["/StructTreeRoot"]


def _no_claim(pdf: pikepdf.Pdf) -> None:
    pdf.Root.Metadata.write(pdf.Root.Metadata.read_bytes().replace(b"pdfuaid:part", b"pdfuaid:bart"))


def _change(kind: str, key: str) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        for element in walk_structure(pdf.Root.StructTreeRoot):
            if kind_of(element) == kind:
                del element[key]

    return change


def _no_first_heading(pdf: pikepdf.Pdf) -> None:
    for element in walk_structure(pdf.Root.StructTreeRoot):
        if kind_of(element) == "/H1":
            element.S = Name.P


def _fonts(pdf: pikepdf.Pdf) -> list[pikepdf.Object]:
    return [item for item in pdf.objects if isinstance(item, Dictionary) and item.get("/Subtype") == "/Type0"]


def _foreign_font(pdf: pikepdf.Pdf) -> None:
    _fonts(pdf)[0].BaseFont = Name("/ABCDEF+DejaVu-Sans")


def _no_font_file(pdf: pikepdf.Pdf) -> None:
    for font in _fonts(pdf):
        del font.DescendantFonts[0].FontDescriptor["/FontFile2"]


def _empty_unicode(pdf: pikepdf.Pdf) -> None:
    stream = _fonts(pdf)[0].ToUnicode
    stream.write(stream.read_bytes().replace(b"endbfchar", b"<0001> <>\nendbfchar", 1))


def _append(content: bytes) -> Callable[[pikepdf.Pdf], None]:
    def change(pdf: pikepdf.Pdf) -> None:
        stream = pdf.pages[0].obj.Contents
        stream.write(stream.read_bytes() + content)

    return change


def _wrong_parent(pdf: pikepdf.Pdf) -> None:
    owners = pdf.Root.StructTreeRoot.ParentTree.Nums[1]
    owners[0] = owners[1]


def _no_parents(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[0].obj["/StructParents"]


def _undescribed_link(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[0].obj.Annots[0]["/Contents"]


def _dead_link(pdf: pikepdf.Pdf) -> None:
    next(link for link in pdf.pages[0].obj.Annots if "/Dest" in link).Dest = String("nowhere")


def _local_link(pdf: pikepdf.Pdf) -> None:
    next(link for link in pdf.pages[0].obj.Annots if "/A" in link).A.URI = String("file:///tmp/en.html")


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (_no_language, "language"),
        (_no_mark, "tagged"),
        (_no_title_shown, "title"),
        (_no_title, "title"),
        (_no_outline, "outline"),
        (_no_structure, "structure tree"),
        (_no_claim, "PDF/UA-1"),
        (_change("/Figure", "/Alt"), "alternative text"),
        (_change("/TH", "/A"), "scope"),
        (_change("/P", "/K"), "empty"),
        (_no_first_heading, "heading"),
        (_foreign_font, "DejaVu-Sans is not one of ours"),
        (_no_font_file, "not embedded"),
        (_empty_unicode, "missing or incomplete"),
        (_append(b"\nEMC"), "did not begin"),
        (_append(b"\n/Span BMC"), "does not end"),
        (_append(b"\nBT (x) Tj ET"), "outside marked content"),
        (_wrong_parent, "marked content 0"),
        (_no_parents, "parent tree"),
        (_undescribed_link, "not described"),
        (_dead_link, "nowhere"),
        (_local_link, "file of this machine"),
    ],
)
def test_checks_find(damage: Callable[[pikepdf.Pdf], None], problem: str, parts: list[tuple[str, bytes]]) -> None:
    """A PDF that lacks one thing is found out, and the problem is named."""
    with pikepdf.open(io.BytesIO(parts[0][1])) as pdf:
        damage(pdf)
        problems = check_pdf(save_pdf(pdf), languages=["th"])
    assert any(problem in found for found in problems), problems


def test_checks_find_text_in_transparent_blocks(tmp_path: Path) -> None:
    """Transparent text is drawn through a form, where its tags are lost: the checks say so."""
    html = page('<h1>A</h1><p style="opacity:.5">b</p>')
    problems = check_pdf(lay_out_pdf(html, base_folder=tmp_path, language="th"), languages=["th"])
    assert any("transparency" in found for found in problems)


def test_checks_find_a_part_in_the_wrong_language(joined: bytes) -> None:
    """The parts' languages are held against those that were asked for."""
    assert check_pdf(joined, languages=["en", "th"]) != []
