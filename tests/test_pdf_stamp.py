"""The digest of an edition, put on a page that was laid out without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lrreport.article.pdf.check import check_pdf
from lrreport.article.pdf.lay_out import lay_out_pdf
from lrreport.article.pdf.stamp import stamp_digest
from lrreport.editions.edition import BLANK_DIGEST
from lrreport.errors import RenderError
from tests.pdf_pages import article, page, pixels_of, text_of

DIGEST = "a1b2c3d4e5f60798"


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return lay_out_pdf(article("th"), base_folder=tmp_path_factory.mktemp("page"), language="th")


def test_the_digest_is_read_and_nothing_else_changes(laid_out: bytes, tmp_path: Path) -> None:
    """The text is the same but for the digest, and the document still passes its checks."""
    stamped = stamp_digest(laid_out, DIGEST)
    assert text_of(stamped, tmp_path) == text_of(laid_out, tmp_path).replace(BLANK_DIGEST, DIGEST)
    assert check_pdf(stamped, languages=["th"]) == []


def test_it_looks_as_if_it_had_been_laid_out_so(laid_out: bytes, tmp_path: Path) -> None:
    """Every pixel is where a layout with the digest puts it."""
    expected = lay_out_pdf(article("th").replace(BLANK_DIGEST, DIGEST), base_folder=tmp_path, language="th")
    assert pixels_of(stamp_digest(laid_out, DIGEST), tmp_path) == pixels_of(expected, tmp_path)


def test_the_same_digest_gives_the_same_bytes(laid_out: bytes) -> None:
    """Two builds of an edition are equal."""
    assert stamp_digest(laid_out, DIGEST) == stamp_digest(laid_out, DIGEST)


@pytest.mark.parametrize("body", ["<h1>nothing</h1>", f"<h1>x</h1><p>{'<code>0123456789abcdef</code> ' * 2}</p>"])
def test_a_page_without_its_place_is_refused(body: str, tmp_path: Path) -> None:
    """A template that shows no digest, or shows it twice, is named."""
    document = lay_out_pdf(page(body, language="en"), base_folder=tmp_path, language="en")
    with pytest.raises(RenderError, match="no place"):
        stamp_digest(document, DIGEST)


@pytest.mark.parametrize("digest", ["", "A" * 16, "0" * 15, "0" * 17])
def test_only_a_digest_is_stamped(digest: str, laid_out: bytes) -> None:
    """What would not fit into the place is refused."""
    with pytest.raises(RenderError, match="cannot be put"):
        stamp_digest(laid_out, digest)
