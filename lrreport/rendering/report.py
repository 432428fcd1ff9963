"""From results to the files of a report. The two languages are made side by side, in a process each."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

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


@dataclass(frozen=True, slots=True)
class _Job:
    """One language of a report, for a worker process."""

    facts: Facts
    language: EditionName
    formats: tuple[str, ...]
    templates: Path | None
    cache: RenderCache
    sample_images: NDArray[Any]
    sample_labels: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Made:
    """What a worker made of one language.

    Attributes:
        figures: In the article's order.
        files: Path relative to the output folder -> content.
        drawn: How many figures were drawn; the others were kept from an earlier build.
        laid_out: How many PDFs were laid out; likewise.
        damaged: Paths of kept figures and PDFs that could not be used.
    """

    figures: tuple[DrawnFigure, ...]
    files: dict[str, bytes]
    drawn: int
    laid_out: int
    damaged: tuple[str, ...] = ()


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
    cache = RenderCache(request.cache / CACHE_FOLDER)
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
    figures: list[DrawnFigure] = []
    report(Message("figures", f"drawing figures and setting pages: {', '.join(request.editions)}"))
    drawn = laid_out = 0
    damaged: list[str] = []
    for made in _run_jobs(jobs, report):
        damaged.extend(made.damaged)
        figures.extend(made.figures)
        files.update(made.files)
        drawn, laid_out = drawn + made.drawn, laid_out + made.laid_out
    if len(request.editions) > 1:
        both, joined = _make_bilingual(replace(facts, figures=tuple(figures)), files, request, cache, report)
        files.update(both)
        laid_out += joined
    for path in dict.fromkeys([*damaged, *cache.damaged]):
        report(Message("figures", f"damaged in the cache, made again: {path}", is_warning=True))
    cache.prune()
    pdfs = sum(name.endswith(".pdf") for name in files)
    return Rendered(files, drawn, len(figures) - drawn, laid_out, pdfs - laid_out)


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


def _run_jobs(jobs: list[_Job], report: Report) -> list[Made]:
    """One process a language: matplotlib and WeasyPrint work in one thread each."""
    if len(jobs) == 1:
        return [_render_language(jobs[0], report)]
    context = multiprocessing.get_context("spawn")  # TensorFlow's threads would not survive a fork
    with (
        listen(context, report) as sender,
        ProcessPoolExecutor(len(jobs), mp_context=context, initializer=_begin_worker, initargs=(sender,)) as pool,
    ):
        waiting = [pool.submit(_render_language, job) for job in jobs]
        try:
            return [future.result() for future in waiting]
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
def _render_language(job: _Job, report: Report | None = None) -> Made:
    from lrreport.article.environment import make_environment  # noqa: PLC0415 - loaded in the worker alone
    from lrreport.article.pages import render_page, render_print_page  # noqa: PLC0415
    from lrreport.rendering.kept import keep_figures, keep_pdf  # noqa: PLC0415

    def told(figure: DrawnFigure, is_new: bool) -> None:  # noqa: FBT001 - a callback's two facts
        text = f"{figure.name}.{figure.language} is {'drawn' if is_new else 'kept'}"
        tell(Message("figures", text, is_detail=True), report)

    figures, drawn = keep_figures(
        job.facts.results, job.sample_images, job.sample_labels, job.language, job.cache, told=told
    )
    files: dict[str, bytes] = {}
    for figure in figures:
        files[f"figures/{figure.name}.{figure.language}.svg"] = figure.svg_standalone.encode()
        files[f"figures/{figure.name}.{figure.language}.png"] = figure.png
    tell(Message("figures", f"{job.language}: {drawn} figures drawn, {len(figures) - drawn} kept"), report)
    facts = replace(job.facts, figures=figures)
    environment = make_environment(job.templates)
    laid_out = 0
    if "html" in job.formats:
        files[f"{job.language}.html"] = render_page(facts, environment, job.language).encode()
        tell(Message("pages", f"{job.language}.html is made"), report)
    if "pdf" in job.formats:
        tell(Message("pdf", f"laying out lrreport-{job.language}.pdf"), report)
        page = render_print_page(facts, environment, job.language)
        files[f"lrreport-{job.language}.pdf"], is_new = keep_pdf(page, job.language, job.cache)
        laid_out += is_new
        tell(Message("pdf", f"lrreport-{job.language}.pdf is {'made' if is_new else 'kept'}"), report)
    return Made(figures, files, drawn, laid_out, tuple(job.cache.damaged))


def _make_bilingual(
    facts: Facts, files: Mapping[str, bytes], request: Request, cache: RenderCache, report: Report
) -> tuple[dict[str, bytes], int]:
    """The files of both languages together, and how many PDFs had to be joined for them."""
    from lrreport.article.environment import make_environment  # noqa: PLC0415
    from lrreport.article.pages import render_bilingual_page  # noqa: PLC0415

    made: dict[str, bytes] = {}
    joined = 0
    if "html" in request.formats:
        report(Message("pages", "both languages on one page"))
        made["index.html"] = render_bilingual_page(facts, make_environment(request.templates)).encode()
    if "pdf" in request.formats:
        from lrreport.rendering.kept import keep_joined_pdf  # noqa: PLC0415

        report(Message("pdf", "joining the two editions"))
        parts = [(language, files[f"lrreport-{language}.pdf"]) for language in request.editions]
        made["lrreport.pdf"], is_new = keep_joined_pdf(parts, cache)
        joined += is_new
    return made, joined
