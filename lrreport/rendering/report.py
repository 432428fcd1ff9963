"""From results to the files of a report. The two languages are made side by side, in a process each."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, TypeVar

from numpy.typing import NDArray

from lrreport.analysis.claims import decide_claims
from lrreport.analysis.summaries import rank_settings, summarise
from lrreport.analysis.tables import format_document, make_measured_files
from lrreport.analysis.verdicts import Claim
from lrreport.article.facts import Facts, describe_data
from lrreport.datasets import Dataset, load_dataset
from lrreport.editions.edition import Edition
from lrreport.errors import RenderError
from lrreport.events import Message, Report, message_of
from lrreport.figures.drawn import DrawnFigure
from lrreport.processes import follow_parent
from lrreport.rendering.render_cache import CACHE_FOLDER, RenderCache
from lrreport.request import EditionName, Request
from lrreport.results import Results
from lrreport.worker_messages import listen, speak_through, tell

#: The figure of sample digits takes the first images of each class; they are among these.
_SAMPLE: Final = 2000

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class _Job:
    """One language of a report, for a worker process."""

    facts: Facts
    language: EditionName
    formats: tuple[str, ...]
    templates: Path | None
    cache: Path
    sample_images: NDArray[Any]
    sample_labels: NDArray[Any]


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The figures of one language.

    Attributes:
        figures: In the article's order.
        count: How many of them were drawn; the others were kept from an earlier build.
        print_page: The page that shows them, to be laid out; empty where no PDF is wanted.
        damaged: Paths of kept figures that could not be used.
    """

    figures: tuple[DrawnFigure, ...]
    count: int
    print_page: str
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Pdf:
    """One PDF, whether it was laid out or joined, not kept, and the paths of kept ones that could not be used."""

    document: bytes
    is_new: bool
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A report's files but its manifest, and how much work they were.

    Attributes:
        files: Path relative to the output folder -> content.
        drawn: Figures that were drawn, each in each language.
        kept: Figures that were kept from an earlier build.
        laid_out: PDFs that were laid out or joined.
        kept_pdfs: PDFs that were kept.
    """

    files: dict[str, bytes]
    drawn: int
    kept: int
    laid_out: int
    kept_pdfs: int


def render_report(results: Results, edition: Edition, request: Request, report: Report) -> Rendered:
    """Every file of a report but its manifest. Figures and PDFs whose inputs have not changed are not made again.

    Args:
        results: What was measured.
        edition: Date and digest.
        request: Languages and forms that are wanted.
        report: Told of every step.

    Returns:
        The files, and what was made and what was kept.

    Raises:
        RenderError: A figure, page or PDF cannot be made as it should be.
        DataError: The images, which the first figure shows, cannot be had.
    """
    claims = decide_claims(results)
    files = make_data_files(results, claims, edition)
    dataset = _load_dataset(results, request, report)
    facts = Facts(
        results=results,
        summaries=summarise(results),
        claims=claims,
        ranking=rank_settings(results),
        data=describe_data(dataset.name, dataset.train_labels, dataset.test_labels),
        figures=(),
        edition=edition,
        has_answers=request.answers == "appendix",
        byline=request.byline,
        siblings=frozenset({*files, *_page_names(request)}),
    )
    cache = request.cache / CACHE_FOLDER
    jobs = [
        _Job(
            facts,
            language,
            request.formats,
            request.templates,
            cache,
            dataset.train_images[:_SAMPLE],
            dataset.train_labels[:_SAMPLE],
        )
        for language in request.editions
    ]
    report(Message("figures", f"drawing figures and setting pages: {', '.join(request.editions)}"))
    figures: list[DrawnFigure] = []
    damaged: list[str] = []
    drawn = 0
    with _open_pool(len(jobs), report) as pool:
        layouts = {}
        for job, made_of in [(job, _start(pool, report, _draw, job)) for job in jobs]:
            made = made_of()
            figures.extend(made.figures)
            damaged.extend(made.damaged)
            drawn += made.count
            if made.print_page:
                layouts[job.language] = _start(pool, report, _lay_out, job, made.print_page)
        for figure in figures:
            files[f"figures/{figure.name}.{figure.language}.svg"] = figure.svg_standalone.encode()
            files[f"figures/{figure.name}.{figure.language}.png"] = figure.png
        if "html" in request.formats:
            files.update(_make_web_pages(replace(facts, figures=tuple(figures)), request, report))
        editions = {language: pdf_of() for language, pdf_of in layouts.items()}
    pdfs = {f"lrreport-{language}.pdf": pdf for language, pdf in editions.items()}
    if len(editions) > 1:
        report(Message("pdf", "joining the two editions"))
        pdfs["lrreport.pdf"] = _join_pdfs(editions, cache)
    for name, pdf in pdfs.items():
        files[name] = pdf.document
        damaged.extend(pdf.damaged)
    for path in damaged:
        report(Message("figures", f"damaged in the cache, made again: {path}", is_warning=True))
    RenderCache(cache).prune()
    laid_out = sum(pdf.is_new for pdf in pdfs.values())
    return Rendered(files, drawn, len(figures) - drawn, laid_out, len(pdfs) - laid_out)


def make_data_files(results: Results, claims: Sequence[Claim], edition: Edition) -> dict[str, bytes]:
    """The files under `data/`."""
    edition_document = {
        "schema": 1,
        "digest": edition.digest,
        "date": edition.date.isoformat(),
        "changes": [dict(change) for change in edition.changes],
    }
    return {
        **make_measured_files(results, claims),
        "data/edition.json": format_document(edition_document).encode(),
    }


def _page_names(request: Request) -> set[str]:
    names = set()
    both = len(request.editions) > 1
    if "html" in request.formats:
        names |= {f"{language}.html" for language in request.editions} | ({"index.html"} if both else set())
    if "pdf" in request.formats:
        names |= {f"lrreport-{language}.pdf" for language in request.editions} | ({"lrreport.pdf"} if both else set())
    return names


def _load_dataset(results: Results, request: Request, report: Report) -> Dataset:
    name = results.studies[0].settings[0].spec.dataset
    return load_dataset(
        name, cache_dir=request.cache, data_path=request.data_path, report=lambda text: report(message_of("data", text))
    )


def _begin_worker(sender: Connection) -> None:
    follow_parent()
    speak_through(sender)


@contextmanager
def _open_pool(count: int, report: Report) -> Iterator[ProcessPoolExecutor | None]:
    """A process for each language, since matplotlib and WeasyPrint work in one thread each; none for one language.

    Raises:
        RenderError: A process was ended from outside.
    """
    if count == 1:
        yield None
        return
    context = multiprocessing.get_context("spawn")  # TensorFlow's threads would not survive a fork
    with listen(context, report) as sender:
        pool = ProcessPoolExecutor(count, mp_context=context, initializer=_begin_worker, initargs=(sender,))
        try:
            yield pool
            pool.shutdown(wait=False)  # a worker takes more than a second to end, and nothing waits for that
        except BrokenProcessPool as error:
            raise RenderError(
                "A process that made pages was ended from outside",
                got=str(error),
                fix="see whether the machine ran out of memory, and run the command again",
            ) from error
        except BaseException:
            # The pool would wait for pages that nobody wants any more.
            for worker in multiprocessing.active_children():
                worker.terminate()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _start(
    pool: ProcessPoolExecutor | None, report: Report, work: Callable[..., _Made], *what: object
) -> Callable[[], _Made]:
    """Begin some work in the pool, and return what waits for it; without a pool, it is done when it is waited for."""
    return partial(work, *what, report=report) if pool is None else pool.submit(work, *what).result


@contextmanager
def _without_collection() -> Iterator[None]:
    """Let cyclic garbage lie: looking for it took a sixth of the time of a layout, which is all living objects."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_without_collection()
def _draw(job: _Job, report: Report | None = None) -> _Drawn:
    from lrreport.article.environment import make_environment  # noqa: PLC0415 - loaded in the worker alone
    from lrreport.article.pages import render_print_page  # noqa: PLC0415
    from lrreport.rendering.kept import keep_figures  # noqa: PLC0415

    def told(figure: DrawnFigure, is_new: bool) -> None:  # noqa: FBT001 - a callback's two facts
        text = f"{figure.name}.{figure.language} is {'drawn' if is_new else 'kept'}"
        tell(Message("figures", text, is_detail=True), report)

    cache = RenderCache(job.cache)
    figures, drawn = keep_figures(
        job.facts.results, job.sample_images, job.sample_labels, job.language, cache, told=told
    )
    tell(Message("figures", f"{job.language}: {drawn} figures drawn, {len(figures) - drawn} kept"), report)
    facts = replace(job.facts, figures=figures)
    page = render_print_page(facts, make_environment(job.templates), job.language) if "pdf" in job.formats else ""
    return _Drawn(figures, drawn, page, tuple(cache.damaged))


@_without_collection()
def _lay_out(job: _Job, page: str, report: Report | None = None) -> _Pdf:
    from lrreport.rendering.kept import keep_pdf  # noqa: PLC0415 - loaded in the worker alone

    name = f"lrreport-{job.language}.pdf"
    tell(Message("pdf", f"laying out {name}"), report)
    cache = RenderCache(job.cache)
    document, is_new = keep_pdf(page, job.language, job.facts.edition.short_digest, cache)
    tell(Message("pdf", f"{name} is {'made' if is_new else 'kept'}"), report)
    return _Pdf(document, is_new, tuple(cache.damaged))


def _make_web_pages(facts: Facts, request: Request, report: Report) -> dict[str, bytes]:
    """Each language's page, and that of both: here, where the templates are compiled once, while PDFs are laid out."""
    from lrreport.article.environment import make_environment  # noqa: PLC0415 - only where it is needed
    from lrreport.article.pages import render_bilingual_page, render_page  # noqa: PLC0415

    environment = make_environment(request.templates)
    files: dict[str, bytes] = {}
    for language in request.editions:
        files[f"{language}.html"] = render_page(facts, environment, language).encode()
        report(Message("pages", f"{language}.html is made"))
    if len(request.editions) > 1:
        report(Message("pages", "both languages on one page"))
        files["index.html"] = render_bilingual_page(facts, environment).encode()
    return files


def _join_pdfs(parts: Mapping[EditionName, _Pdf], cache_folder: Path) -> _Pdf:
    from lrreport.rendering.kept import keep_joined_pdf  # noqa: PLC0415 - only where it is needed

    cache = RenderCache(cache_folder)
    document, is_new = keep_joined_pdf([(language, pdf.document) for language, pdf in parts.items()], cache)
    return _Pdf(document, is_new, tuple(cache.damaged))
