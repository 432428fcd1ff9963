"""From results to the files of a report. The two languages are made side by side, in a process each."""

from __future__ import annotations

import gc
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Self, TypeVar

from lrreport.analysis.claims import decide_claims
from lrreport.analysis.summaries import SettingSummary, rank_settings, summarise
from lrreport.analysis.tables import format_document, make_measured_files
from lrreport.analysis.verdicts import Claim
from lrreport.article.facts import Facts, describe_data
from lrreport.datasets import Dataset, load_dataset
from lrreport.editions.edition import Edition
from lrreport.errors import TOO_LITTLE_MEMORY, RenderError
from lrreport.events import Message, Report, message_of
from lrreport.figures.drawing import Samples
from lrreport.figures.drawn import DrawnFigure
from lrreport.inspection import IMAGES
from lrreport.rendering.render_cache import RenderCache
from lrreport.request import EditionName, Request
from lrreport.results import Results
from lrreport.system.interrupts import stop_if_interrupted
from lrreport.system.processes import Child, ChildLostError, Failed, work_for_parent

#: The figure of sample digits takes the first images of each class; they are among these.
_SAMPLE: Final = 2000
_POLL_S: Final = 0.2
#: A process that makes pages and says nothing for so long hangs: the longest layout that was seen took half a minute.
_SILENCE_S: Final = 1800.0

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class _Job:
    """One language of a report, for a worker process."""

    facts: Facts
    language: EditionName
    formats: tuple[str, ...]
    templates: Path | None
    cache: Path
    samples: Samples


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The figures of one language.

    Attributes:
        figures: In the article's order.
        count: How many of them were drawn; the others were kept from an earlier build.
        print_page: The page that shows them, to be laid out; empty where no PDF is wanted.
        one_page: The summary by itself, likewise.
        damaged: Paths of kept figures that could not be used.
        waiting: Ids of paragraphs that were written for other results.
    """

    figures: tuple[DrawnFigure, ...]
    count: int
    print_page: str
    one_page: str
    damaged: tuple[str, ...]
    waiting: tuple[str, ...]


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
        waiting: Ids of paragraphs that were written for other results, and wait for their author.
    """

    files: dict[str, bytes]
    drawn: int
    kept: int
    laid_out: int
    kept_pdfs: int
    waiting: tuple[str, ...]


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
    summaries = summarise(results)
    files = make_data_files(results, claims, edition) | _make_listing_files(results, summaries, request)
    dataset = _load_dataset(results, request, report)
    facts = Facts(
        results=results,
        summaries=summaries,
        claims=claims,
        ranking=rank_settings(results),
        data=describe_data(dataset.name, dataset.train_labels, dataset.test_labels),
        figures=(),
        edition=edition,
        has_answers=request.answers == "appendix",
        byline=request.byline,
        siblings=frozenset({*files, *_page_names(request)}),
    )
    samples = Samples(
        dataset.train_images[:_SAMPLE],
        dataset.train_labels[:_SAMPLE],
        dataset.test_images[:IMAGES],
        dataset.test_labels[:IMAGES],
    )
    jobs = [
        _Job(facts, language, request.formats, request.templates, request.cache, samples)
        for language in request.editions
    ]
    report(Message("figures", f"drawing figures and setting pages: {', '.join(request.editions)}"))
    figures: list[DrawnFigure] = []
    damaged: list[str] = []
    drawn = 0
    with ExitStack() as stack:
        workers = {job.language: stack.enter_context(_Worker(job, report)) for job in jobs}
        has_one_page = []
        for language, worker in workers.items():
            made = worker.wait_for(_Drawn)
            has_one_page += [language] if made.one_page else []
            figures.extend(made.figures)
            damaged.extend(made.damaged)
            drawn += made.count
            facts.waiting.update(made.waiting)
        for figure in figures:
            files[f"figures/{figure.name}.{figure.language}.svg"] = figure.svg_standalone.encode()
            files[f"figures/{figure.name}.{figure.language}.png"] = figure.png
        if "html" in request.formats:
            files.update(_make_web_pages(replace(facts, figures=tuple(figures)), request, report))
        has_pdf = "pdf" in request.formats
        editions = {language: worker.wait_for(_Pdf) for language, worker in workers.items() if has_pdf}
        one_pages = {language: workers[language].wait_for(_Pdf) for language in has_one_page}
    pdfs = {f"lrreport-{language}.pdf": pdf for language, pdf in editions.items()}
    pdfs |= {f"lrreport-onepage-{language}.pdf": pdf for language, pdf in one_pages.items()}
    if len(editions) > 1:
        report(Message("pdf", "joining the two editions"))
        pdfs["lrreport.pdf"] = _join_pdfs(editions, request.cache)
    for name, pdf in pdfs.items():
        files[name] = pdf.document
        damaged.extend(pdf.damaged)
    if damaged:
        others = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
        text = f"damaged in the cache, or kept by somebody else; made again: {damaged[0]}{others}"
        report(Message("figures", text, is_warning=True))
    RenderCache(request.cache).prune()
    laid_out = sum(pdf.is_new for pdf in pdfs.values())
    is_full = not results.is_preview and not results.is_single_seed
    waiting = tuple(sorted(facts.waiting)) if is_full else ()
    return Rendered(files, drawn, len(figures) - drawn, laid_out, len(pdfs) - laid_out, waiting)


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


def _make_listing_files(results: Results, summaries: Sequence[SettingSummary], request: Request) -> dict[str, bytes]:
    """The files under `listings/`."""
    from lrreport.article.environment import make_environment  # noqa: PLC0415 - only where it is needed
    from lrreport.article.notebooks import make_listing_files  # noqa: PLC0415

    return make_listing_files(results, summaries, request.editions, make_environment(request.templates))


def _page_names(request: Request) -> set[str]:
    names = set()
    both = len(request.editions) > 1
    if "html" in request.formats:
        names |= {f"{language}.html" for language in request.editions} | ({"index.html"} if both else set())
    if "pdf" in request.formats:
        names |= {f"lrreport-{language}.pdf" for language in request.editions} | ({"lrreport.pdf"} if both else set())
        names |= {f"lrreport-onepage-{language}.pdf" for language in request.editions}
    return names


def _load_dataset(results: Results, request: Request, report: Report) -> Dataset:
    name = results.studies[0].settings[0].spec.dataset
    return load_dataset(
        name, cache_dir=request.cache, data_path=request.data_path, report=lambda text: report(message_of("data", text))
    )


class _Worker:
    """A process that makes one language's figures and PDF: matplotlib and WeasyPrint work in one thread each.

    Args:
        job: What it makes.
        report: Told what it tells, from a thread of its own.
    """

    def __init__(self, job: _Job, report: Report) -> None:
        self._report = report
        self._child = Child(_serve, silence_s=_SILENCE_S)
        self._made: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, args=(job,), name=f"listen-{job.language}", daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        """It is at work already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it at once: what it made is here, or nobody wants it any more."""
        self._child.kill()
        self._listener.join(_POLL_S)
        if not self._listener.is_alive():
            self._child.hang_up()

    def wait_for(self, kind: type[_Made]) -> _Made:
        """The next thing that it makes.

        Raises:
            RenderError: It cannot be made; or the process was ended from outside, or does not answer any more.
            InterruptedBuildError: Ctrl-C; likewise TerminatedBuildError.
        """
        while True:
            with suppress(queue.Empty):
                made = self._made.get(timeout=_POLL_S)
                break
            self._child.look_after()
            stop_if_interrupted()
        if isinstance(made, ChildLostError):
            raise RenderError(
                "A process that made pages was ended from outside",
                got=str(made),
                fix=f"see whether memory ran out, and run the command again: {TOO_LITTLE_MEMORY}",
            ) from made
        if isinstance(made, Failed):
            raise made.as_exception()
        assert isinstance(made, kind), made
        return made

    def _listen(self, job: _Job) -> None:
        try:
            self._child.send(job)
            while (told := self._child.receive()) is not None:
                if isinstance(told, Message):
                    self._report(told)
                else:
                    self._made.put(told)
        except ChildLostError as error:
            self._made.put(error)


def _serve(connection: Connection) -> None:
    """In the worker process: make what a job asks for, and send it."""

    def work() -> None:
        job: _Job = connection.recv()
        drawn = _draw(job, connection.send)
        connection.send(drawn)
        if drawn.print_page:
            connection.send(_lay_out(job, drawn.print_page, f"lrreport-{job.language}.pdf", connection.send))
        if drawn.one_page:
            connection.send(_lay_out(job, drawn.one_page, f"lrreport-onepage-{job.language}.pdf", connection.send))
        connection.send(None)
        connection.recv()  # until the build hangs up

    too_little = RenderError("A process that makes pages has too little memory", fix=TOO_LITTLE_MEMORY)
    work_for_parent(connection, work, without_memory=too_little)


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
def _draw(job: _Job, report: Report) -> _Drawn:
    from lrreport.article.environment import make_environment  # noqa: PLC0415 - loaded in the worker alone
    from lrreport.article.pages import render_one_page, render_print_page  # noqa: PLC0415
    from lrreport.rendering.kept import keep_figures  # noqa: PLC0415

    def told(figure: DrawnFigure, is_new: bool) -> None:  # noqa: FBT001 - a callback's two facts
        text = f"{figure.name}.{figure.language} is {'drawn' if is_new else 'kept'}"
        report(Message("figures", text, is_detail=True))

    cache = RenderCache(job.cache)
    figures, drawn = keep_figures(job.facts.results, job.samples, job.language, cache, told=told)
    report(Message("figures", f"{job.language}: {drawn} figures drawn, {len(figures) - drawn} kept"))
    facts = replace(job.facts, figures=figures)
    page = one_page = ""
    if "pdf" in job.formats:
        environment = make_environment(job.templates)
        page = render_print_page(facts, environment, job.language)
        one_page = render_one_page(facts, environment, job.language)
    return _Drawn(figures, drawn, page, one_page, tuple(cache.damaged), tuple(facts.waiting))


@_without_collection()
def _lay_out(job: _Job, page: str, name: str, report: Report) -> _Pdf:
    from lrreport.rendering.kept import keep_pdf  # noqa: PLC0415 - loaded in the worker alone

    report(Message("pdf", f"laying out {name}"))
    cache = RenderCache(job.cache)
    document, is_new = keep_pdf(page, job.language, job.facts.edition.short_digest, cache)
    report(Message("pdf", f"{name} is {'made' if is_new else 'kept'}"))
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
