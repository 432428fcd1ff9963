"""The render cache: what is kept is what was made, a damaged entry is none, a changed input is another key."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from lrreport.figures import (
    DrawnFigure,
    Language,
    Samples,
    draw_figure,
    has_images,
    list_figures,
    narrow_results,
)
from lrreport.rendering import kept, render_inputs
from lrreport.rendering.kept import keep_figures, keep_joined_pdf, keep_pdf
from lrreport.rendering.render_cache import RenderCache, digest_parts
from lrreport.rendering.render_inputs import digest_code, digest_packages
from lrreport.results import History, Results
from lrreport.spec import RunSpec
from lrreport.study_files import load_built_in_studies
from tests import made_up
from tests.full_results import full_results
from tests.pdf_pages import article, text_of

IMAGES = np.random.default_rng(0).integers(0, 256, (40, 28, 28), dtype=np.uint8)
LABELS = np.arange(40, dtype=np.uint8) % 10
SAMPLES = Samples(IMAGES[:20], LABELS[:20], IMAGES[20:], LABELS[20:])
OTHER_SAMPLES = Samples(IMAGES[19::-1], LABELS[:20], IMAGES[20:], LABELS[20:])
DIGEST = "00112233445566ff"
PARTS = {"one": b"\n\x00text", "two": b""}


@pytest.fixture
def cache(tmp_path: Path) -> RenderCache:
    return RenderCache(tmp_path / "cache")


def place_of(cache: RenderCache, name: str) -> Path:
    return cache.root / "render" / name


def results(**changes: float) -> Results:
    def history(spec: RunSpec, epochs: int) -> History:
        curves = made_up.history(spec, epochs)
        worse = changes.get(f"momentum={spec.momentum}", 1.0)
        return dataclasses.replace(curves, test_accuracy_t=curves.test_accuracy_t * np.float32(worse))

    studies = [study for study in load_built_in_studies({"epochs": 4}) if study.id in ("momentum", "optimizers")]
    return made_up.results(studies, make_history=history)


def test_what_was_saved_is_found(cache: RenderCache) -> None:
    """Parts come back byte for byte, under their key alone."""
    cache.save("a" * 64, PARTS)
    assert cache.load("a" * 64) == PARTS
    assert cache.load("b" * 64) is None
    assert RenderCache(cache.root, key=None).load("a" * 64) is None


@pytest.mark.parametrize("place", [0, 20, 100, -1])
def test_a_damaged_entry_is_none(cache: RenderCache, place: int) -> None:
    """One wrong byte anywhere, or a missing end, and the entry is gone, from the disk too."""
    for damage in ("flip", "cut"):
        cache.save("a" * 64, PARTS)
        path = place_of(cache, "a" * 64)
        content = bytearray(path.read_bytes())
        if damage == "flip":
            content[place] ^= 1
        else:
            del content[place:]
        path.write_bytes(content)
        assert cache.load("a" * 64) is None
        assert not path.exists()


def test_an_entry_under_a_wrong_name_is_none(cache: RenderCache) -> None:
    """A file that somebody renamed is not believed."""
    cache.save("a" * 64, PARTS)
    place_of(cache, "a" * 64).rename(place_of(cache, "b" * 64))
    assert cache.load("b" * 64) is None


def test_the_least_recently_used_goes_first(cache: RenderCache) -> None:
    """Pruning keeps the folder below its limit, keeps what was used last, and clears what a kill left behind."""
    cache = RenderCache(cache.root, limit_bytes=2500)
    for age, letter in enumerate("abc"):
        cache.save(letter * 64, {"x": bytes(1000)})
        os.utime(place_of(cache, letter * 64), (1_000_000 + age, 1_000_000 + age))
    place_of(cache, f".{'d' * 64}.4194305-0123abcd.tmp").write_bytes(b"half")
    assert cache.load("a" * 64) is not None
    assert cache.prune() == 1
    assert sorted(path.name for path in (cache.root / "render").iterdir()) == ["a" * 64, "c" * 64]


def test_nothing_of_others_is_pruned(cache: RenderCache) -> None:
    """Files and folders that bear no name of ours stay, and do not count; so does what a link points to."""
    outside = cache.root.parent / "home"
    outside.mkdir()
    for place in (outside, cache.root / "render"):
        place.mkdir(exist_ok=True, parents=True)
        for name in (".bashrc", "thesis.doc", ".mine.tmp", "A" * 64):
            (place / name).write_bytes(bytes(5000))
    (cache.root / "lrreport-cache.json").write_text('{"generator": "lrreport"}')
    small = RenderCache(cache.root, limit_bytes=100)
    small.save("a" * 64, PARTS)
    assert small.prune() == 1
    assert sorted(path.name for path in (cache.root / "render").iterdir()) == sorted(
        [".bashrc", "thesis.doc", ".mine.tmp", "A" * 64]
    )
    shutil.rmtree(cache.root / "render")
    (cache.root / "render").symlink_to(outside)
    (outside / ("a" * 64)).write_bytes(bytes(5000))
    small.save("b" * 64, PARTS)
    assert small.load("a" * 64) is None
    assert small.prune() == 0
    assert len(list(outside.iterdir())) == 5


def test_another_user_s_entries_are_none(cache: RenderCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is signed with another key, or with none, is dropped; the key is the user's alone, and no cache has it."""
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "me"))
    cache = RenderCache(cache.root)
    cache.save("a" * 64, PARTS)
    (key,) = (tmp_path / "me").rglob("*.key")
    assert key.stat().st_mode & 0o777 == 0o600
    assert not list(cache.root.rglob("*.key"))
    assert RenderCache(cache.root).load("a" * 64) == PARTS
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    assert RenderCache(cache.root).load("a" * 64) is None
    key.chmod(0o644)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "me"))
    assert RenderCache(cache.root).key is None, "somebody else may have read it"


def test_a_folder_that_cannot_be_written_fails_no_build(cache: RenderCache) -> None:
    """Where a file stands in the folder's place, nothing is kept and nothing is raised."""
    cache.save("a" * 64, PARTS)
    shutil.rmtree(cache.root / "render")
    (cache.root / "render").write_text("in the way", "utf-8")
    cache.save("a" * 64, PARTS)
    assert cache.load("a" * 64) is None
    assert cache.prune() == 0


def test_parts_of_a_key_do_not_run_together() -> None:
    """Where one part ends counts, and text is its bytes."""
    assert len({digest_parts("ab", "c"), digest_parts("a", "bc"), digest_parts("abc"), digest_parts("abc", "")}) == 4
    assert digest_parts("ก") == digest_parts("ก".encode())


#: The figures of `results()`.
FIGURES = ("sample-digits", "one-step", "ravine", "claims", "momentum", "optimizers")


def keep(results: Results, cache: RenderCache, samples: Samples = SAMPLES, language: Language = "en") -> list[str]:
    """Names of the figures that had to be drawn."""
    drawn: list[str] = []

    def told(figure: DrawnFigure, is_new: bool) -> None:
        drawn.extend([figure.name] if is_new else [])

    _, count = keep_figures(results, samples, language, cache, told=told)
    assert count == len(drawn)
    return drawn


def test_figures_are_drawn_once(cache: RenderCache) -> None:
    """The second time every figure is kept, equal to what was drawn in every form; the other language is another."""
    first, drawn = keep_figures(results(), SAMPLES, "th", cache)
    assert tuple(figure.name for figure in first) == FIGURES
    assert drawn == len(FIGURES)
    assert all(figure.svg_narrow for figure in first)
    again, drawn = keep_figures(results(), SAMPLES, "th", cache)
    assert drawn == 0
    assert again == first
    assert keep(results(), cache) == list(FIGURES)


def test_only_changed_figures_are_drawn_again(cache: RenderCache) -> None:
    """A curve that changed is drawn again where it is seen, and nowhere else; other images change those that show them."""
    keep(results(), cache)
    assert keep(results(**{"momentum=0.9": 0.5}), cache) == ["claims", "momentum"]
    assert keep(results(**{"momentum=0.0": 0.5}), cache) == ["claims", "momentum", "optimizers"]
    assert keep(results(), cache, OTHER_SAMPLES) == ["sample-digits"]
    assert keep(results(), cache) == []


@pytest.mark.parametrize("what", ["digest_code", "digest_packages"])
def test_other_code_or_packages_are_other_figures(
    cache: RenderCache, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A changed program or a changed package draws everything again."""
    keep(results(), cache)
    monkeypatch.setattr(kept, what, lambda *_: "other")
    assert keep(results(), cache) == list(FIGURES)


def test_a_figure_needs_no_other_runs() -> None:
    """Drawn from its own runs alone, which its key is made of, a figure is the same: it looks at nothing else."""
    everything = results()
    for name in list_figures(everything):
        own = narrow_results(name, everything)
        assert own.studies == everything.studies
        assert draw_figure(name, own, SAMPLES, "en") == draw_figure(name, everything, SAMPLES, "en")


def test_only_the_figure_of_all_statements_needs_all_runs() -> None:
    """Every other figure of a full report shows a part of the runs: another run's change does not touch it."""
    everything = full_results()
    whole = []
    for name in list_figures(everything):
        own = narrow_results(name, everything)
        assert own.studies == everything.studies
        assert own.runs.items() <= everything.runs.items()
        assert {key for key, _ in own.inspections} == own.runs.keys()
        whole += [name] if own.runs.keys() == everything.runs.keys() else []
    assert whole == ["claims"]


def test_figures_without_images_are_given_none(cache: RenderCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Images reach the figures that have them in their key, and no others."""
    given: dict[str, bool] = {}

    def draw(name: str, results: Results, samples: Samples, language: Language) -> DrawnFigure:
        given[name] = len(samples.test_images) > 0
        return draw_figure(name, results, samples, language)

    monkeypatch.setattr(kept, "draw_figure", draw)
    keep(results(), cache)
    assert given == {name: has_images(name) for name in FIGURES}
    assert given["sample-digits"]


def test_the_code_of_a_key_is_all_that_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change in a module that is imported by way of another changes the digest; one elsewhere does not."""
    monkeypatch.setattr(render_inputs, "_PACKAGE", tmp_path)
    (tmp_path / "figures").mkdir()
    files = {
        "__init__.py": "",
        "figures/__init__.py": "from lrreport.figures import theme\n",
        "figures/theme.py": "def f():\n    import lrreport.words\n",
        "words.py": "from lrreport import deep\n",
        "deep.py": "x = 1\n",
        "other.py": "y = 1\n",
        "figures/colours.txt": "red",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")

    def digest() -> str:
        digest_code.cache_clear()
        return digest_code("lrreport.figures")

    first = digest()
    for name in ("deep.py", "words.py", "figures/theme.py", "figures/colours.txt", "figures/__init__.py"):
        (tmp_path / name).write_text(files[name] + " ", "utf-8")
        assert digest() != first, name
        (tmp_path / name).write_text(files[name], "utf-8")
        assert digest() == first
    (tmp_path / "other.py").write_text("y = 2\n", "utf-8")
    assert digest() == first
    digest_code.cache_clear()


def test_packages_are_all_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of any package is another digest."""
    import importlib.metadata

    first = digest_packages()
    digest_packages.cache_clear()
    monkeypatch.setattr(importlib.metadata, "distributions", list)
    try:
        assert digest_packages() != first
    finally:
        digest_packages.cache_clear()


def test_pdfs_are_laid_out_once(cache: RenderCache, tmp_path: Path) -> None:
    """The same page is the same PDF, kept; one letter more is another; so it is with the joined one."""
    thai, is_new = keep_pdf(article("th"), "th", DIGEST, cache)
    assert is_new
    assert keep_pdf(article("th"), "th", DIGEST, cache) == (thai, False)
    english, is_new = keep_pdf(article("en"), "en", DIGEST, cache)
    other, is_new = keep_pdf(article("en").replace("office", "offices", 1), "en", DIGEST, cache)
    assert is_new
    assert other != english
    joined, is_new = keep_joined_pdf([("th", thai), ("en", english)], cache)
    assert is_new
    assert keep_joined_pdf([("th", thai), ("en", english)], cache) == (joined, False)
    assert keep_joined_pdf([("th", thai), ("en", other)], cache)[1]
    of_next_edition, is_new = keep_pdf(article("th"), "th", DIGEST[::-1], cache)
    assert not is_new
    assert DIGEST[::-1] in text_of(of_next_edition, tmp_path)
