"""The Jinja2 environment: where templates are found, and how their mistakes are told."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    FunctionLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)

from lrreport.article.filters import FILTERS
from lrreport.article.listings import Listing, choose_language, choose_shown, fill_in_study, highlight_listing
from lrreport.article.tags import ArticleTags
from lrreport.article.template_files import decode_template, find_templates, list_templates
from lrreport.article.words import Language
from lrreport.errors import LrreportError, RenderError
from lrreport.spec import Study

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


def make_environment(templates: Path | None = None) -> Environment:
    """An environment over our templates.

    Args:
        templates: A folder that is looked at first: a file in it replaces ours of the same name.

    Raises:
        UsageError: There is no such folder, or it holds what `list_templates` refuses.
        RenderError: Our own templates are missing.
    """
    loaders: list[BaseLoader] = [FileSystemLoader(find_templates())]
    if templates is not None:
        known = list_templates(templates)  # what the digest of an edition is made from, and nothing else
        loaders.insert(0, FunctionLoader(lambda name: _load_template(known.get(name))))
    environment = Environment(
        loader=ChoiceLoader(loaders),
        extensions=[ArticleTags],
        undefined=StrictUndefined,
        autoescape=True,
        auto_reload=False,
    )
    environment.filters.update(FILTERS)
    return environment


def _load_template(path: Path | None) -> tuple[str, str, None] | None:
    return None if path is None else (decode_template(path), str(path), None)


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


def has_listing(environment: Environment, name: str) -> bool:
    """Whether there is a file `listings/NAME.py`."""
    assert environment.loader is not None  # make_environment set it; narrows the type
    try:
        environment.loader.get_source(environment, _listing_file(name))
    except TemplateNotFound:
        return False
    return True


def read_listing(environment: Environment, name: str, language: Language, study: Study | None = None) -> str:
    """The whole program `listings/NAME.py`, or the file `listings/NAME` where the name ends in `.toml`.

    Args:
        environment: Of the templates.
        name: Of the listing.
        language: Of its comments.
        study: Whose data, epochs and values it shows; None shows those of the file.

    Raises:
        RenderError: There is no such file.
    """
    return choose_language(_fill_in(environment, name, study), language)


def find_listing(environment: Environment, name: str, language: Language, study: Study | None = None) -> Listing:
    """What the article prints of the same file, highlighted; as `read_listing`.

    Raises:
        RenderError: There is no such file, or a mark in it lacks the other one of its pair.
    """
    return _highlight(name, choose_shown(name, _fill_in(environment, name, study), language))


def _fill_in(environment: Environment, name: str, study: Study | None) -> str:
    source = read_source(environment, _listing_file(name))
    return source if study is None else fill_in_study(source, study)


def _listing_file(name: str) -> str:
    return f"listings/{name if name.endswith('.toml') else f'{name}.py'}"


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
