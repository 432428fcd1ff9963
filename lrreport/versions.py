"""Versions of what shapes the pages."""

from __future__ import annotations

import importlib.metadata
from typing import Final

from lrreport import __version__

_RENDERERS: Final = (
    "fontpkg-ibm-plex-mono",
    "fontpkg-ibm-plex-sans",
    "fontpkg-sarabun",
    "jinja2",
    "latex2mathml",
    "matplotlib",
    "numpy",
    "pandas",
    "pikepdf",
    "pygments",
    "tensorflow",
    "keras",
    "weasyprint",
    "ziamath",
)


def renderer_versions() -> dict[str, str]:
    """Name -> version of lrreport and of every package that a page's bytes depend on."""
    return {"lrreport": __version__, **{name: importlib.metadata.version(name) for name in _RENDERERS}}
