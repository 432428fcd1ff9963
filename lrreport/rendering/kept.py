"""Figures and PDFs, made or kept: what an earlier build made of the same inputs is taken from the render cache.

A key is a digest of everything that goes in. A figure is drawn from the runs it shows and no others, so they and the
studies are its data; a PDF's whole page, with every word, style and picture, is its key. What both depend on beside
their data is in `render_inputs.py`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from lrreport.errors import RenderError
from lrreport.figures import Language, Samples, draw_figure, has_images, list_figures, narrow_results
from lrreport.figures.drawing import NO_SAMPLES
from lrreport.figures.drawn import DrawnFigure
from lrreport.keys import canonical
from lrreport.rendering.kept_parts import check_kept_join, check_kept_pdf, pack_figure, unpack_figure
from lrreport.rendering.render_cache import RenderCache, digest_parts
from lrreport.rendering.render_inputs import digest_code, digest_packages
from lrreport.results import CURVES, Results

_PROBLEMS_SHOWN: Final = 3


def keep_figures(
    results: Results,
    samples: Samples,
    language: Language,
    cache: RenderCache,
    *,
    told: Callable[[DrawnFigure, bool], None] = lambda _figure, _is_new: None,
) -> tuple[tuple[DrawnFigure, ...], int]:
    """Every figure of one language, and how many of them had to be drawn.

    Args:
        results: What is drawn.
        samples: The images that figures show.
        language: Of the labels.
        cache: Where figures are kept.
        told: Called with each figure as soon as it is there, and whether it was drawn.

    Raises:
        RenderError: A figure cannot be drawn as it should be.
    """
    code = digest_parts(digest_code("lrreport.figures"), digest_packages())
    images = digest_parts(
        *(part for array in samples for part in (array.tobytes(), repr(array.shape), str(array.dtype)))
    )
    figures = []
    drawn = 0
    for name in list_figures(results):
        own = narrow_results(name, results)
        key = digest_parts("figure", name, language, code, images if has_images(name) else "", _describe_results(own))
        parts = cache.load(key)
        figure = None if parts is None else unpack_figure(parts, name, language)
        if is_new := figure is None:
            if parts is not None:
                cache.drop(key)
            figure = draw_figure(name, own, samples if has_images(name) else NO_SAMPLES, language)
            parts = pack_figure(figure)
            # What would not be taken back is not kept: it would be called damaged in every build.
            if unpack_figure(parts, name, language) is not None:
                cache.save(key, parts)
            drawn += 1
        figures.append(figure)
        told(figure, is_new)
    return tuple(figures), drawn


def _describe_results(results: Results) -> str:
    """Digest of studies, seeds, and the curves and inspections of the runs that are there."""
    studies = [
        [
            study.id,
            sorted(study.title.items()),
            sorted(study.question.items()),
            [[item.varied, item.epochs, canonical(item.spec)] for item in study.settings],
        ]
        for study in results.studies
    ]
    curves = [
        part
        for key, run in sorted(results.runs.items())
        for part in (key, str(run.status), *(getattr(run.history, name).tobytes() for name in CURVES))
    ]
    inside = [part for place, found in sorted(results.inspections.items()) for part in (repr(place), found.content)]
    return digest_parts(json.dumps([studies, results.seeds, results.is_preview], sort_keys=True), *curves, *inside)


def keep_pdf(page: str, language: Language, digest: str, cache: RenderCache) -> tuple[bytes, bool]:
    """One edition's PDF, checked, and whether it had to be laid out.

    What is kept lacks the edition's digest, so that it serves every edition in which this language is the same.

    Args:
        page: As `render_print_page` writes it.
        language: Of the page.
        digest: The edition's, in short.
        cache: Where PDFs are kept.

    Raises:
        RenderError: It cannot be laid out, or is not as it should be.
    """
    from lrreport.article.pdf.lay_out import digest_layout_inputs, lay_out_pdf  # noqa: PLC0415 - loads WeasyPrint
    from lrreport.article.pdf.stamp import stamp_digest  # noqa: PLC0415 - likewise

    key = digest_parts("pdf", language, digest_layout_inputs(), page)
    is_ours = partial(check_kept_pdf, page=page)
    document = _load_pdf(cache, key, is_ours)
    if is_new := document is None:
        with tempfile.TemporaryDirectory(prefix="lrreport-") as folder:
            document = lay_out_pdf(page, base_folder=Path(folder), language=language)
        _check(document, (language,))
        if is_ours(document):
            cache.save(key, {"pdf": document})
    return stamp_digest(document, digest), is_new


def keep_joined_pdf(parts: Sequence[tuple[Language, bytes]], cache: RenderCache) -> tuple[bytes, bool]:
    """The editions' PDFs as one, checked, and whether they had to be joined.

    Raises:
        RenderError: They cannot be joined, or the joined file is not as it should be.
    """
    from lrreport.article.pdf.join import join_editions, title_of  # noqa: PLC0415 - loads pikepdf

    code = digest_parts(digest_code("lrreport.article.pdf"), digest_packages())
    key = digest_parts("joined", code, *(item for part in parts for item in part))
    is_ours = partial(check_kept_join, parts=[document for _, document in parts])
    if (kept := _load_pdf(cache, key, is_ours)) is not None:
        return kept, False
    document = join_editions(parts, title=" · ".join(title_of(document) for _, document in parts))
    _check(document, tuple(language for language, _ in parts))
    if is_ours(document):
        cache.save(key, {"pdf": document})
    return document, True


def _load_pdf(cache: RenderCache, key: str, is_ours: Callable[[bytes], bool]) -> bytes | None:
    """A PDF that was kept, where it is one of ours."""
    if (parts := cache.load(key)) is None:
        return None
    document = parts.get("pdf", b"")
    if is_ours(document):
        return document
    cache.drop(key)
    return None


def _check(document: bytes, languages: tuple[Language, ...]) -> None:
    """Refuse a PDF that lacks anything that a PDF of ours must have.

    Raises:
        RenderError: It does.
    """
    from lrreport.article.pdf.check import check_pdf  # noqa: PLC0415

    if problems := check_pdf(document, languages=languages):
        more = len(problems) - _PROBLEMS_SHOWN
        raise RenderError(
            "A PDF is not as it should be",
            where=", ".join(languages),
            got="; ".join(problems[:_PROBLEMS_SHOWN]) + (f"; and {more} more" if more > 0 else ""),
            fix="look at the templates that were changed last",
        )
