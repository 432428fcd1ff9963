"""From results to the files of a report. The two languages are made side by side, in a process each."""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
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
from lrreport.edition import Edition
from lrreport.errors import RenderError
from lrreport.events import Message, Report, message_of
from lrreport.figures.drawn import DrawnFigure
from lrreport.request import EditionName, Request
from lrreport.results import Results
from lrreport.worker_messages import listen, speak_through, tell

#: The figure of sample digits takes the first images of each class; they are among these.
_SAMPLE: Final = 2000
_PR_SET_PDEATHSIG: Final = 1


@dataclass(frozen=True, slots=True)
class _Job:
    """One language of a report, for a worker process."""

    facts: Facts
    language: EditionName
    formats: tuple[str, ...]
    templates: Path | None
    sample_images: NDArray[Any]
    sample_labels: NDArray[Any]


def render_report(results: Results, edition: Edition, request: Request, report: Report) -> dict[str, bytes]:
    """Every file of a report but its manifest.

    Args:
        results: What was measured.
        edition: Date and digest.
        request: Languages and forms that are wanted.
        report: Told of every step.

    Returns:
        Path relative to the output folder -> content.

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
    jobs = [
        _Job(
            facts,
            language,
            request.formats,
            request.templates,
            dataset.train_images[:_SAMPLE],
            dataset.train_labels[:_SAMPLE],
        )
        for language in request.editions
    ]
    figures: list[DrawnFigure] = []
    report(Message("figures", f"drawing figures and setting pages: {', '.join(request.editions)}"))
    for drawn, made in _run_jobs(jobs, report):
        figures.extend(drawn)
        files.update(made)
    if len(request.editions) > 1:
        files.update(_make_bilingual(replace(facts, figures=tuple(figures)), files, request, report))
    return files


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


def _die_with_parent() -> None:
    """Let a worker end when the build is killed, where the system can (Linux); Ctrl-C is the build's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and os.getppid() != parent.pid:  # killed before we could ask to be told
        os._exit(1)


def _begin_worker(sender: Connection) -> None:
    _die_with_parent()
    speak_through(sender)


def _run_jobs(jobs: list[_Job], report: Report) -> list[tuple[tuple[DrawnFigure, ...], dict[str, bytes]]]:
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


def _render_language(job: _Job, report: Report | None = None) -> tuple[tuple[DrawnFigure, ...], dict[str, bytes]]:
    from lrreport.article.environment import make_environment  # noqa: PLC0415 - loaded in the worker alone
    from lrreport.article.pages import render_page, render_print_page  # noqa: PLC0415
    from lrreport.figures import draw_figures  # noqa: PLC0415

    figures: list[DrawnFigure] = []
    files: dict[str, bytes] = {}
    for figure in draw_figures(job.facts.results, job.sample_images, job.sample_labels, job.language):
        figures.append(figure)
        tell(Message("figures", f"{figure.name}.{figure.language} is drawn", is_detail=True), report)
        files[f"figures/{figure.name}.{figure.language}.svg"] = figure.svg_standalone.encode()
        files[f"figures/{figure.name}.{figure.language}.png"] = figure.png
    tell(Message("figures", f"{job.language}: {len(figures)} figures are drawn"), report)
    facts = replace(job.facts, figures=tuple(figures))
    environment = make_environment(job.templates)
    if "html" in job.formats:
        files[f"{job.language}.html"] = render_page(facts, environment, job.language).encode()
        tell(Message("pages", f"{job.language}.html is made"), report)
    if "pdf" in job.formats:
        from lrreport.article.pdf.lay_out import lay_out_pdf  # noqa: PLC0415

        tell(Message("pdf", f"laying out lrreport-{job.language}.pdf"), report)
        page = render_print_page(facts, environment, job.language)
        with tempfile.TemporaryDirectory(prefix="lrreport-") as folder:
            document = lay_out_pdf(page, base_folder=Path(folder), language=job.language)
        files[f"lrreport-{job.language}.pdf"] = _checked(document, (job.language,))
        tell(Message("pdf", f"lrreport-{job.language}.pdf is made"), report)
    return tuple(figures), files


def _checked(document: bytes, languages: tuple[EditionName, ...]) -> bytes:
    """The PDF itself, once it has everything that a PDF of ours must have.

    Raises:
        RenderError: It has not.
    """
    from lrreport.article.pdf.check import check_pdf  # noqa: PLC0415

    if problems := check_pdf(document, languages=languages):
        raise RenderError(
            "A PDF is not as it should be",
            where=", ".join(languages),
            got="; ".join(problems[:3]) + (f"; and {len(problems) - 3} more" if len(problems) > 3 else ""),  # noqa: PLR2004
            fix="look at the templates that were changed last",
        )
    return document


def _make_bilingual(facts: Facts, files: Mapping[str, bytes], request: Request, report: Report) -> dict[str, bytes]:
    from lrreport.article.environment import make_environment  # noqa: PLC0415
    from lrreport.article.pages import render_bilingual_page  # noqa: PLC0415

    made: dict[str, bytes] = {}
    if "html" in request.formats:
        report(Message("pages", "both languages on one page"))
        made["index.html"] = render_bilingual_page(facts, make_environment(request.templates)).encode()
    if "pdf" in request.formats:
        from lrreport.article.pdf.join import join_editions, title_of  # noqa: PLC0415

        report(Message("pdf", "joining the two editions"))
        parts = [(language, files[f"lrreport-{language}.pdf"]) for language in request.editions]
        title = " · ".join(title_of(document) for _, document in parts)
        made["lrreport.pdf"] = _checked(join_editions(parts, title=title), request.editions)
    return made
