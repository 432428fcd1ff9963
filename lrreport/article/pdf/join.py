"""Two editions -> one bilingual PDF that is tagged as one document.

Page trees are appended by pikepdf; everything that hangs beside them is merged here: structure (one root, a /Part
with its /Lang for each edition, numbers into one parent tree), named places, outline, page labels and metadata.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from lrreport.article.pdf.finish import kids, named_destinations, parent_tree, save_pdf
from lrreport.errors import RenderError

#: What the outline and readers call a part.
_LANGUAGE_NAMES: Final[Mapping[str, str]] = {"th": "ภาษาไทย", "en": "English"}
_KEPT_INFORMATION: Final = ("/Author", "/Creator", "/CreationDate", "/ModDate", "/Producer")
_PDFUA_NAMESPACE: Final = "http://www.aiim.org/pdfua/ns/id/"


def title_of(document: bytes) -> str:
    """The title that a PDF's metadata give it; empty when they give none."""
    with pikepdf.open(io.BytesIO(document)) as pdf:
        return str(pdf.docinfo.get("/Title", ""))


def join_editions(parts: Sequence[tuple[str, bytes]], *, title: str) -> bytes:
    """Join editions, in order, into one tagged PDF; the same parts give the same bytes.

    Named places must differ between the parts (ids in the pages carry the language). Pages are labelled with the
    language and the number printed on them, `th-1` and so on.

    Args:
        parts: Language and finished PDF of each edition; the first one's language is the document's.
        title: The title of the whole.

    Raises:
        RenderError: There are no parts, a part is not tagged, or two parts use the same name for a place or a cell.
    """
    if not parts:
        message = "there is no edition to join"
        raise RenderError(message)
    with ExitStack() as stack:
        joined = stack.enter_context(pikepdf.new())
        sources = [
            _Part(language, stack.enter_context(pikepdf.open(io.BytesIO(data))), joined) for language, data in parts
        ]
        _join_structure(joined, sources)
        _join_names(joined, sources)
        _join_outlines(joined, sources)
        _label_pages(joined, sources)
        _describe(joined, sources, title)
        return save_pdf(joined)


class _Part:
    """One edition inside the joined document: its pages appended, its catalog's trees copied."""

    def __init__(self, language: str, source: pikepdf.Pdf, joined: pikepdf.Pdf) -> None:
        if "/StructTreeRoot" not in source.Root or "/Outlines" not in source.Root:
            message = "an edition's PDF has no structure tree or no outline"
            raise RenderError(message, where=language)
        if "/EmbeddedFiles" in source.Root.get("/Names", Dictionary()):
            message = "an edition's PDF has attachments, which are not carried over"
            raise RenderError(message, where=language, fix="attach files to the joined document")
        self.language = language
        self.information = {name: str(value) for name, value in source.docinfo.items()}
        self.first_page = len(joined.pages)
        self.page_count = len(source.pages)
        # Pages first: what is copied after them then points at their copies.
        for page in source.pages:
            joined.pages.append(page)
        self.structure = joined.copy_foreign(source.Root.StructTreeRoot)
        self.outline = joined.copy_foreign(source.Root.Outlines)
        names = [part for name, place in named_destinations(source).items() for part in (String(name), place)]
        copied = list(joined.copy_foreign(source.make_indirect(Array(names))))
        self.places = dict(zip(map(str, copied[::2]), copied[1::2], strict=True))


def _join_structure(joined: pikepdf.Pdf, parts: Sequence[_Part]) -> None:
    root = joined.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    document = joined.make_indirect(Dictionary(Type=Name.StructElem, S=Name.Document, P=root, K=Array()))
    numbers: list[pikepdf.Object | int] = []
    cells: dict[str, pikepdf.Object] = {}
    next_number = 0
    for part in parts:
        own = parent_tree(part.structure)
        _renumber(joined, part, next_number)
        for number in sorted(own):
            numbers += [number + next_number, own[number]]
        next_number += max(own, default=-1) + 1
        for element in kids(part.structure):
            element.S = Name.Part
            element.Lang = String(part.language)
            element.P = document
            document.K.append(element)
        index = list(part.structure.get("/IDTree", Dictionary(Names=Array())).Names)
        _add_all(cells, dict(zip(map(str, index[::2]), index[1::2], strict=True)), "a table cell")
    root.K = Array([document])
    root.ParentTree = joined.make_indirect(Dictionary(Nums=Array(numbers)))
    root.ParentTreeNextKey = next_number
    if cells:
        root.IDTree = joined.make_indirect(_name_tree(cells))
    joined.Root.StructTreeRoot = root


def _renumber(joined: pikepdf.Pdf, part: _Part, offset: int) -> None:
    """Move the numbers with which a part's pages and annotations point into the parent tree."""
    for page in joined.pages[part.first_page : part.first_page + part.page_count]:
        for holder in (page.obj, *page.obj.get("/Annots", Array())):
            for key in ("/StructParents", "/StructParent"):
                if key in holder:
                    holder[key] = int(holder[key]) + offset


def _join_names(joined: pikepdf.Pdf, parts: Sequence[_Part]) -> None:
    places: dict[str, pikepdf.Object] = {}
    for part in parts:
        _add_all(places, part.places, "a place")
    if places:
        joined.Root.Names = Dictionary(Dests=joined.make_indirect(_name_tree(places)))


def _add_all(target: dict[str, pikepdf.Object], more: Mapping[str, pikepdf.Object], what: str) -> None:
    if twice := sorted(target.keys() & more.keys()):
        message = f"two editions use the same name for {what}, so links cannot tell them apart"
        raise RenderError(message, got=", ".join(twice[:5]), fix="put the language before each id of the page")
    target.update(more)


def _name_tree(items: Mapping[str, pikepdf.Object]) -> Dictionary:
    # Readers search the names in the order of their bytes.
    keys = sorted(items, key=lambda name: bytes(String(name)))
    return Dictionary(Names=Array([part for key in keys for part in (String(key), items[key])]))


def _join_outlines(joined: pikepdf.Pdf, parts: Sequence[_Part]) -> None:
    """Make each part's outline root an entry of the new one; its own entries are its children already."""
    root = joined.make_indirect(Dictionary(Type=Name.Outlines))
    entries = []
    for part in parts:
        entry = part.outline
        if "/Type" in entry:
            del entry["/Type"]
        entry.Title = String(_LANGUAGE_NAMES.get(part.language, part.language))
        page = joined.pages[part.first_page].obj
        entry.Dest = Array([page, Name.XYZ, None, None, None])
        entry.Parent = root
        entries.append(entry)
    for before, after in itertools.pairwise(entries):
        before.Next = after
        after.Prev = before
    root.First, root.Last = entries[0], entries[-1]
    root.Count = len(entries) + sum(int(entry.get("/Count", 0)) for entry in entries)
    joined.Root.Outlines = root
    joined.Root.PageMode = Name.UseOutlines


def _label_pages(joined: pikepdf.Pdf, parts: Sequence[_Part]) -> None:
    labels: list[pikepdf.Object | int] = []
    for part in parts:
        labels += [part.first_page, Dictionary(S=Name.D, P=String(f"{part.language}-"))]
    joined.Root.PageLabels = Dictionary(Nums=Array(labels))


def _describe(joined: pikepdf.Pdf, parts: Sequence[_Part], title: str) -> None:
    joined.Root.Lang = String(parts[0].language)
    joined.Root.MarkInfo = Dictionary(Marked=True)
    joined.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    information = {key: parts[0].information[key] for key in _KEPT_INFORMATION if key in parts[0].information}
    joined.docinfo["/Title"] = String(title)
    for key, value in information.items():
        joined.docinfo[key] = String(value)
    with joined.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        metadata.register_xml_namespace(_PDFUA_NAMESPACE, "pdfuaid")
        metadata["pdfuaid:part"] = "1"
        metadata.load_from_docinfo(joined.docinfo)
        metadata["dc:language"] = sorted(part.language for part in parts)
