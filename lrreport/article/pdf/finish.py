"""What accessibility (PDF/UA-1) wants beyond the tags that WeasyPrint writes.

Each step is one function over the open document:

* running headers and footers become artifacts, so that they are not read aloud in the middle of a sentence;
* header cells say whether they head a column or a row;
* footnotes are called so; they and cells have identifiers, unique and indexed;
* structure elements without content go;
* link annotations sit in /Link elements, are printed, and say where they lead.

Source: ISO 14289-1:2014, 7.1, 7.5 and 7.18; PDF 32000-1:2008, 14.6 to 14.8.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from typing import Final

import pikepdf
from pikepdf import Array, Dictionary, Name, ObjectStreamMode, String

from lrreport.errors import RenderError

_PRINT_FLAG: Final = 4
#: Elements that mean nothing without content; an empty cell or list item, on the other hand, keeps a table in shape.
_DROPPED_WHEN_EMPTY: Final = frozenset({"/Span", "/NonStruct", "/P", "/Div", "/Link", "/Caption", "/Sect", "/Art"})
_MARKED_CONTENT: Final = re.compile(rb"/\w+\s+<<\s*/MCID (\d+)\s*>>\s+BDC\b")
_ARTIFACT: Final = b"/Artifact\n<</Type /Pagination>>\nBDC"
_PAGE_WORDS: Final[Mapping[str, str]] = {"th": "ไปยังหน้า {}", "en": "Go to page {}"}


def finish_pdf(pdf: pikepdf.Pdf, *, language: str) -> None:
    """Finish one edition's PDF, in place.

    Args:
        pdf: A tagged document from WeasyPrint.
        language: The document's language.

    Raises:
        RenderError: The document is not tagged, or names another language.
    """
    if "/StructTreeRoot" not in pdf.Root:
        message = "the PDF has no structure tree, so it cannot be made accessible"
        raise RenderError(message)
    if (found := str(pdf.Root.get("/Lang", ""))) != language:
        message = "the page names another language than its edition's"
        raise RenderError(message, got=found or "none", expected=language, fix='write <html lang="..."> on the page')
    root = pdf.Root.StructTreeRoot
    _mark_running_content(pdf)
    _set_scopes(root)
    _index(pdf, {**_name_cells(root, language), **_tag_footnotes(root, language)})
    _tag_links(root)
    _drop_empty(root)
    _describe_links(pdf, language)
    _name_bare_links(root)


def save_pdf(pdf: pikepdf.Pdf) -> bytes:
    """The document's bytes; the same document always gives the same."""
    target = io.BytesIO()
    pdf.save(target, deterministic_id=True, min_version="1.7", object_stream_mode=ObjectStreamMode.generate)
    return target.getvalue()


def kids(element: pikepdf.Object) -> list[pikepdf.Object]:
    """The children of a structure element: elements, references to annotations, and numbers of marked content."""
    children = element.get("/K")
    if children is None:
        return []
    return list(children) if isinstance(children, Array) else [children]


def is_element(item: object) -> bool:
    """Whether a child of a structure element is an element itself."""
    return isinstance(item, Dictionary) and "/S" in item


def kind_of(element: pikepdf.Object) -> str:
    """The type of a structure element, with its slash."""
    return str(element.S)


def walk_structure(element: pikepdf.Object) -> Iterator[pikepdf.Object]:
    """Every structure element below the root or an element, in reading order."""
    for child in kids(element):
        if is_element(child):
            yield child
            yield from walk_structure(child)


def parent_tree(root: pikepdf.Object) -> dict[int, pikepdf.Object]:
    """The parent tree of a structure tree root: what each /StructParents or /StructParent number stands for."""
    numbers = list(root.ParentTree.get("/Nums", Array()))
    return {int(key): value for key, value in zip(numbers[::2], numbers[1::2], strict=True)}


def _mark_running_content(pdf: pikepdf.Pdf) -> None:
    """Turn marked content whose element hangs in no tree into artifacts: WeasyPrint tags margin boxes so."""
    root = pdf.Root.StructTreeRoot
    reachable = {element.objgen for element in walk_structure(root)}
    parents = parent_tree(root)
    for page in pdf.pages:
        owners = parents[int(page.obj.StructParents)]
        running = {number for number, owner in enumerate(owners) if owner is not None and owner.objgen not in reachable}
        if running:
            page.contents_coalesce()
            stream = page.obj.Contents
            stream.write(_as_artifacts(stream.read_bytes(), running))
            for number in running:
                owners[number] = None


def _as_artifacts(content: bytes, numbers: set[int]) -> bytes:
    return _MARKED_CONTENT.sub(lambda match: _ARTIFACT if int(match[1]) in numbers else match[0], content)


def _set_scopes(element: pikepdf.Object, *, in_head: bool = False) -> None:
    for child in kids(element):
        if not is_element(child):
            continue
        if kind_of(child) == "/TH":
            attributes = child.get("/A") or Dictionary(O=Name.Table)
            attributes.Scope = Name.Column if in_head else Name.Row
            child.A = attributes
        _set_scopes(child, in_head=in_head or kind_of(child) == "/THead")


def _name_cells(root: pikepdf.Object, language: str) -> dict[str, pikepdf.Object]:
    """Give header cells identifiers that are unique in both editions, and return the cells by them.

    WeasyPrint numbers them by element, so that a header that is repeated on the next page has its number twice.
    """
    index: dict[str, pikepdf.Object] = {}
    tables = (element for element in walk_structure(root) if kind_of(element) == "/Table")
    for number, table in enumerate(tables, start=1):
        for cell in walk_structure(table):
            if "/ID" in cell:
                cell.ID = String(f"{language}-{number}-{cell.ID}")
                index[str(cell.ID)] = cell
            attributes = cell.get("/A")
            if isinstance(attributes, Dictionary) and "/Headers" in attributes:
                names = [f"{language}-{number}-{name}" for name in attributes.Headers]
                if names:
                    attributes.Headers = Array([String(name) for name in names])
                else:
                    del attributes["/Headers"]
    return index


def _tag_footnotes(root: pikepdf.Object, language: str) -> dict[str, pikepdf.Object]:
    """Call footnotes notes, and their numbers labels; return the notes by the identifiers that they get.

    WeasyPrint gathers a page's footnotes in an element without meaning, each a span that begins with its number.
    """
    index: dict[str, pikepdf.Object] = {}
    for element in walk_structure(root):
        notes = kids(element)
        if kind_of(element) != "/NonStruct" or not notes or not all(map(_is_footnote, notes)):
            continue
        for note in notes:
            note.S = Name.Note
            note.ID = String(f"{language}-note-{len(index) + 1}")
            index[str(note.ID)] = note
            kids(note)[0].S = Name.Lbl
    return index


def _is_footnote(item: pikepdf.Object) -> bool:
    children = kids(item) if is_element(item) and kind_of(item) == "/Span" else []
    return bool(children) and is_element(children[0]) and kind_of(children[0]) == "/NonStruct"


def _index(pdf: pikepdf.Pdf, elements: Mapping[str, pikepdf.Object]) -> None:
    """Make a tree of elements by their identifiers."""
    if elements:
        names = [part for name in sorted(elements) for part in (String(name), elements[name])]
        pdf.Root.StructTreeRoot.IDTree = pdf.make_indirect(Dictionary(Names=Array(names)))


def _tag_links(root: pikepdf.Object) -> None:
    """Call every element that holds a link annotation a /Link; inside a link WeasyPrint gives them other names."""
    for element in walk_structure(root):
        for child in kids(element):
            if isinstance(child, Dictionary) and "/Obj" in child:
                if child.Obj.get("/Subtype") == Name.Link:
                    element.S = Name.Link
                break


def _drop_empty(element: pikepdf.Object) -> None:
    kept = []
    children = kids(element)
    for child in children:
        if is_element(child):
            _drop_empty(child)
            if kind_of(child) in _DROPPED_WHEN_EMPTY and not kids(child):
                continue
        kept.append(child)
    if len(kept) != len(children):
        element.K = Array(kept)


def _describe_links(pdf: pikepdf.Pdf, language: str) -> None:
    pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages, start=1)}
    targets = {name: pages[place[0].objgen] for name, place in named_destinations(pdf).items()}
    words = _PAGE_WORDS.get(language, _PAGE_WORDS["en"])
    for page in pdf.pages:
        for annotation in page.get("/Annots", Array()):
            if annotation.get("/Subtype") != Name.Link:
                continue
            annotation.F = int(annotation.get("/F", 0)) | _PRINT_FLAG
            if "/Dest" in annotation:
                annotation.Contents = String(words.format(targets[str(annotation.Dest)]))
            elif "/Contents" not in annotation:
                annotation.Contents = String(str(annotation.A.URI))


def _name_bare_links(root: pikepdf.Object) -> None:
    """Give a link that holds nothing to read the words of its annotation.

    Where a line breaks between a link and the page number that follows it, WeasyPrint leaves such a one behind.
    """
    for element in walk_structure(root):
        children = kids(element)
        if kind_of(element) != "/Link" or "/Alt" in element:
            continue
        annotations = [child.Obj for child in children if isinstance(child, Dictionary) and "/Obj" in child]
        if len(annotations) == len(children) and annotations:
            element.Alt = annotations[0].get("/Contents", String(""))


def named_destinations(pdf: pikepdf.Pdf) -> dict[str, pikepdf.Object]:
    """The document's named places, by name: arrays that begin with a page."""
    tree = pdf.Root.get("/Names", Dictionary()).get("/Dests")
    if tree is None:
        return {}
    items = list(tree.Names)
    return {str(name): place for name, place in zip(items[::2], items[1::2], strict=True)}
