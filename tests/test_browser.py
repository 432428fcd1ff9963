"""The pages in a real browser: nothing sticks out, on a phone or on a desk, in any view, and nothing is asked for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

#: Opens a page in a frame of some width, chooses a view, and writes what it measured into its own title.
HARNESS = """<!doctype html><title>waiting</title>
<iframe src="PAGE" style="width:WIDTHpx;height:900px;border:0"></iframe>
<script>
const frame = document.querySelector("iframe");
frame.onload = () => {
  const inside = frame.contentDocument, views = [...inside.querySelectorAll("input[type=radio]")];
  const widths = [];
  for (const view of views.length ? views : [null]) {
    if (view) view.checked = true;
    widths.push(inside.documentElement.scrollWidth);
  }
  const asked = frame.contentWindow.performance.getEntriesByType("resource").map(entry => entry.name);
  document.title = JSON.stringify({
    views: views.length, widths, asked: asked.filter(name => !name.startsWith("data:")),
    language: inside.documentElement.lang, heading: inside.querySelector("h1").textContent.trim(),
  });
};
</script>"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(("page", "views"), [("index.html", 3), ("th.html", 0), ("en.html", 0)])
def test_nothing_sticks_out(page: str, views: int, width: int, place: Path, tmp_path: Path) -> None:
    """At 390 and 1280 px no view scrolls sideways; all views are there; no request leaves the page."""
    assert BROWSER is not None, "Chromium is missing: `make test` installs it"
    harness = tmp_path / "harness.html"
    address = (place / "report" / page).as_uri()
    harness.write_text(HARNESS.replace("PAGE", address).replace("WIDTH", str(width)), "utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
               "--disable-background-networking", "--disable-component-update", "--disable-sync",
               "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1400,1000",
               "--virtual-time-budget=20000", "--dump-dom", harness.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    title = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
    assert title is not None
    found = json.loads(title[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">"))
    assert found["views"] == views
    assert max(found["widths"]) <= width
    assert found["asked"] == []
    assert found["heading"]
