"""HTML -> PDF of one language, by WeasyPrint; then its Thai text is repaired and its structure finished."""

from __future__ import annotations

import hashlib
import io
import logging
import mimetypes
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pikepdf

from lrreport.article.fonts import font_face_css, pdf_font_files
from lrreport.article.line_breaking import find_dictionary
from lrreport.article.pdf.environment import layout_environment
from lrreport.article.pdf.finish import finish_pdf, save_pdf
from lrreport.article.pdf.floats import fill_gaps, has_large_gap, rate_gaps
from lrreport.article.pdf.page_numbers import (
    find_pages,
    find_wrong_page_numbers,
    has_lost_footnotes,
    set_page_numbers,
)
from lrreport.article.pdf.thai_text import repair_text_layer
from lrreport.errors import RenderError
from lrreport.rendering.render_cache import digest_parts
from lrreport.rendering.render_inputs import digest_code, digest_packages, digest_text_libraries

if TYPE_CHECKING:
    from weasyprint import Document
    from weasyprint.urls import URLFetcherResponse

_VARIANT: Final = "pdf/ua-1"
_MESSAGES_SHOWN: Final = 5
#: So often is a page laid out again, at most, to fill gaps before figures, until none is large.
_MOST_LAYOUTS: Final = 4
#: So often, at most, until its page numbers are right; mostly the first time.
_MOST_NUMBERINGS: Final = 5


def lay_out_pdf(html: str, *, base_folder: Path, language: str) -> bytes:
    """Lay out one edition of the article and return its PDF (PDF/UA-1, tagged).

    The fonts' `@font-face` rules for print are added here; a page may have them, too. Nothing is fetched but data
    URLs, our font files and files below `base_folder`. Dates come from the page's `<meta name=dcterms.created>` and
    `dcterms.modified`; the same page gives the same bytes.

    Args:
        html: A whole page, with `<html lang>`, `<title>` and its style sheets inside.
        base_folder: What relative addresses in the page start from.
        language: The page's language, "th" or "en".

    Raises:
        RenderError: WeasyPrint complained about anything, a character has no glyph, an address outside was asked
            for, or the Thai text could not be repaired.
    """
    laid_out = lay_out_unrepaired(html, base_folder=base_folder, language=language)
    with pikepdf.open(io.BytesIO(laid_out)) as pdf:
        repair_text_layer(pdf, pdf_font_files())
        finish_pdf(pdf, language=language)
        return save_pdf(pdf)


def digest_layout_inputs() -> str:
    """Digest of what a layout depends on beside the page: our code, the packages, Pango and its kin, the dictionary."""
    with layout_environment():
        import weasyprint  # noqa: F401, PLC0415 - loads Pango; where fontconfig is ours, as below

        dictionary = find_dictionary()
        words = dictionary.read_bytes() if dictionary else b""
        return digest_parts(
            digest_code("lrreport.article.pdf"),
            digest_packages(),
            digest_text_libraries(),
            hashlib.sha256(words).digest(),
        )


def lay_out_unrepaired(html: str, *, base_folder: Path, language: str = "") -> bytes:
    """Lay out a page and return WeasyPrint's own PDF: the first step of `lay_out_pdf`.

    Args:
        html: A whole page.
        base_folder: What relative addresses in the page start from.
        language: The language with which the page's ids begin; figures float where it is given: see `floats.py`.

    Raises:
        RenderError: WeasyPrint complained about anything, or an address outside was asked for.
    """
    base_folder = base_folder.resolve()
    with layout_environment(), _collected_messages() as messages:
        # WeasyPrint looks at fontconfig when it is imported, so it is imported where that is ours.
        import weasyprint  # noqa: PLC0415
        from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415

        fetcher = LocalFetcher(base_folder)
        fonts = FontConfiguration()
        faces = weasyprint.CSS(string=font_face_css("print", ""), font_config=fonts, url_fetcher=fetcher)

        def lay_out(text: str) -> Document:
            page = weasyprint.HTML(string=text, base_url=f"{base_folder.as_uri()}/", url_fetcher=fetcher)
            return page.render(stylesheets=[faces], font_config=fonts, pdf_variant=_VARIANT)

        html = set_page_numbers(html, {})
        document = lay_out(html)
        if language:
            html, document = _fill_gaps(html, document, lay_out, language)
        document, wrong = _settle(html, document, lay_out)
        laid_out = document.write_pdf(pdf_variant=_VARIANT)
    if fetcher.refused:
        message = "the page asks for something that it may not have"
        raise RenderError(
            message,
            got=_shortened(fetcher.refused),
            expected="data URLs, and files below the page's folder",
            fix="put the file beside the page, or inside it",
        )
    if messages:
        message = "WeasyPrint complained while it laid out the page"
        raise RenderError(message, got=_shortened(messages), expected="not one message")
    if wrong:
        message = "a page number in the PDF is wrong"
        fix = "see how print.css shows page numbers, in the contents above all"
        raise RenderError(message, got=_shortened(wrong), expected="the page to which the link leads", fix=fix)
    return bytes(laid_out)


def _fill_gaps(
    html: str, document: Document, lay_out: Callable[[str], Document], language: str
) -> tuple[str, Document]:
    """Lay out a page again until no gap before a figure is large; give the best that was found."""
    best = (html, document)
    for _ in range(_MOST_LAYOUTS):
        if not has_large_gap(best[1]) or (moved := fill_gaps(html, document, language=language)) is None:
            break
        html = set_page_numbers(moved, find_pages(document))
        document = lay_out(html)
        best = min(best, (html, document), key=lambda found: rate_gaps(found[1]))
    return best


def _settle(html: str, document: Document, lay_out: Callable[[str], Document]) -> tuple[Document, list[str]]:
    """Lay out a page again until its page numbers are right and its footnotes in place; give what is still wrong."""
    for _ in range(_MOST_NUMBERINGS):
        if has_lost_footnotes(document):
            html = html.replace('<span class="fn" ', '<span class="fn inline" ')
        elif not (wrong := find_wrong_page_numbers(document)):
            return document, wrong
        html = set_page_numbers(html, find_pages(document))
        document = lay_out(html)
    return document, find_wrong_page_numbers(document)


def _shortened(lines: list[str]) -> str:
    unique = list(dict.fromkeys(lines))
    rest = [f"and {len(unique) - _MESSAGES_SHOWN} more"] if len(unique) > _MESSAGES_SHOWN else []
    return "; ".join([*unique[:_MESSAGES_SHOWN], *rest])


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def _collected_messages() -> Iterator[list[str]]:
    """Collect what WeasyPrint logs at the level of a warning or above, and keep it from being printed."""
    logger = logging.getLogger("weasyprint")
    collector, propagate, level = _Collector(), logger.propagate, logger.level
    logger.addHandler(collector)
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    try:
        yield collector.messages
    finally:
        logger.removeHandler(collector)
        logger.propagate = propagate
        logger.setLevel(level)


class LocalFetcher:
    """Answers WeasyPrint's requests from data URLs, font files and one folder, and notes what it refused.

    Args:
        folder: The folder, resolved, below which files may be read.
    """

    #: Read by WeasyPrint: False makes it log a refusal and go on; `refused` then fails the build with all of them.
    _fail_on_errors = False

    def __init__(self, folder: Path) -> None:
        self.refused: list[str] = []
        self._folder = folder
        self._fonts = frozenset(path.resolve() for path in pdf_font_files().values())

    def __call__(self, url: str) -> URLFetcherResponse:
        """Answer one request.

        Raises:
            ValueError: The address is refused or cannot be read; WeasyPrint expects an ordinary exception.
        """
        from weasyprint.urls import URLFetcherResponse  # noqa: PLC0415

        parts = urllib.parse.urlsplit(url)
        if parts.scheme == "data":
            with urllib.request.urlopen(url) as answer:  # noqa: S310 - a data URL opens no connection
                return URLFetcherResponse(url, body=answer.read(), headers=dict(answer.headers.items()))
        path = Path(urllib.request.url2pathname(parts.path)).resolve() if parts.scheme == "file" else None
        if path is None or not (path in self._fonts or path.is_relative_to(self._folder)):
            self.refused.append(url)
            message = "not a data URL, and not a file below the page's folder"
            raise ValueError(message)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return URLFetcherResponse(url, body=path.read_bytes(), headers={"Content-Type": kind})
