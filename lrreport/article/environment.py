"""The Jinja2 environment: where templates are found, and how their mistakes are told."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)

import lrreport
from lrreport.article.filters import FILTERS
from lrreport.article.listings import Listing, highlight_listing
from lrreport.article.tags import ArticleTags
from lrreport.errors import LrreportError, RenderError, UsageError

_SUFFIX: Final = ".j2"
#: What an expression in a template can raise; anything else is a bug of ours and is shown as one.
_TEMPLATE_ERRORS: Final = (
    TemplateError,
    LrreportError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
)


def find_templates() -> Path:
    """The templates that belong to this package: inside the wheel, or beside the package in a checkout.

    Raises:
        RenderError: They are at neither place.
    """
    package = Path(lrreport.__file__).resolve().parent
    for folder in (package / "templates", package.parent / "templates"):
        if (folder / "article.html.j2").is_file():
            return folder
    raise RenderError(
        "The templates of the article are not there",
        expected=f"{package / 'templates'}, or {package.parent / 'templates'} in a checkout",
        fix="install lrreport again, from a wheel or with 'pip install -e .'",
    )


def make_environment(templates: Path | None = None) -> Environment:
    """An environment over our templates.

    Args:
        templates: A folder that is looked at first: a file in it replaces ours of the same name.

    Raises:
        UsageError: There is no such folder.
        RenderError: Our own templates are missing.
    """
    folders = [find_templates()]
    if templates is not None:
        if not templates.is_dir():
            raise UsageError(
                "There is no such folder of templates", where=str(templates), fix="name a folder that exists"
            )
        folders.insert(0, templates)
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        extensions=[ArticleTags],
        undefined=StrictUndefined,
        autoescape=True,
        auto_reload=False,
    )
    environment.filters.update(FILTERS)
    return environment


def render_template(environment: Environment, name: str, values: Mapping[str, Any]) -> str:
    """Render one template.

    Raises:
        RenderError: The template, or a value in it, is wrong; `where` names file and line.
    """
    try:
        return environment.get_template(name).render(values)
    except _TEMPLATE_ERRORS as error:
        raise _explain(error, name) from error


def read_source(environment: Environment, name: str) -> str:
    """The text of a file beside the templates, a style sheet say.

    Raises:
        RenderError: There is no such file.
    """
    try:
        assert environment.loader is not None  # make_environment set it; narrows the type
        return environment.loader.get_source(environment, name)[0]
    except TemplateNotFound as error:
        raise RenderError(
            "A file of the templates is missing", where=name, fix="put it beside the templates"
        ) from error


def find_listing(environment: Environment, name: str) -> Listing:
    """The highlighted listing `listings/NAME.py`, or `listings/NAME` where the name ends in `.toml`."""
    file = name if name.endswith(".toml") else f"{name}.py"
    return _highlight(name, read_source(environment, f"listings/{file}"))


@functools.lru_cache(maxsize=64)
def _highlight(name: str, source: str) -> Listing:
    return highlight_listing(name, source)


def _explain(error: Exception, name: str) -> RenderError:
    if isinstance(error, TemplateSyntaxError):
        where = f"{error.filename or error.name or name}, line {error.lineno}"
        return RenderError("A template is not valid", where=where, got=error.message, fix="correct the template")
    where = _place(error.__traceback__) or name
    if isinstance(error, TemplateNotFound):
        return RenderError("A template is missing", where=where, got=error.message or str(error))
    if isinstance(error, LrreportError):
        where = f"{where}: {error.where}" if error.where else where
        return RenderError(error.message, where=where, got=error.got, expected=error.expected, fix=error.fix)
    return RenderError(
        "A template asks for what is not there",
        where=where,
        got=f"{type(error).__name__}: {error}",
        fix="correct the template",
    )


def _place(traceback: TracebackType | None) -> str | None:
    """File and line of the innermost template: Jinja2 puts them into the traceback."""
    place = None
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if filename.endswith(_SUFFIX):
            place = f"{filename}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
