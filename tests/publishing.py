"""Publish a report without a build: what the tests of editions, differences and kills begin with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lrreport.publishing.output_folder import Extent, open_output
from lrreport.publishing.publish import publish


def publish_into(out: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any], *, adopt: bool = True) -> None:
    """As a build does: hold the folder, publish, let it go."""
    settings = manifest.get("settings", {})
    extent = Extent(*(tuple(settings.get(name, ())) for name in ("studies", "editions", "formats")))
    with open_output(out, extent, adopt=adopt, wait=False, tell=lambda _: None) as folder:
        publish(folder, files, manifest)
