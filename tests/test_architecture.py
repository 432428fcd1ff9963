"""The architecture holds: imports go one way, TensorFlow stays in the engine, modules stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "lrreport"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: Packages whose modules stand in layers of their own; every other package is one part.
MIXED = {"editions", "publishing", "rendering"}
#: From the ground up: a module may import from its own layer and from those before it.
LAYERS = [
    {"", "errors"},
    {"system"},
    {"documents", "events"},
    {"text_files", "cache"},
    {"library_folders"},
    {"render_cache", "render_inputs"},
    {"spec"},
    {"keys", "study_files", "manifest", "schedules", "rules", "answers"},
    {"inspection"},
    {"results", "groups"},
    {"datasets", "checkpoints", "environment", "last_build"},
    {"state_files", "plausibility", "inspection_files"},
    {"store"},
    {"plan"},
    {"engine"},
    {"execute"},
    {"analysis", "versions"},
    {"figures"},
    {"byline", "edition", "published", "page_texts"},
    {"edition_diff"},
    {"article"},
    {"changes"},
    {"change"},
    {"output_folder"},
    {"publish"},
    {"report_folder"},
    {"request"},
    {"training_stage", "retraining", "edition_digest", "kept_svg", "kept_parts", "kept"},
    {"report", "edition_stage", "growth"},
    {"pipeline"},
    {"contestants"},
    {"bench"},
    {"console"},
    {"doctor", "plan_text", "outcome_text", "cache_survey", "cache_merge", "report_diff"},
    {"cli"},
    {"api"},
    {"__main__"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def part_named(names: list[str]) -> str:
    """The part that a dotted name below `lrreport` belongs to; the empty name is the ground."""
    names = names[1:] if names[0] in MIXED else names
    return "" if not names or names[0] == "__init__" else names[0]


def part_of(module: Path) -> str:
    return part_named([name.removesuffix(".py") for name in module.relative_to(PACKAGE).parts])


def imports_of(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "lrreport":
                yield from (f"lrreport.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    "module",
    [path for path in MODULES if path != PACKAGE / "__init__.py"],
    ids=lambda path: path.relative_to(PACKAGE).as_posix(),
)
def test_imports_go_one_way(module: Path) -> None:
    """No module imports from a layer above its own; the package itself gives `api` to whoever asks for it."""
    if part_of(module) == "studies":
        return
    for name in imports_of(module):
        if name.startswith("lrreport."):
            other = part_named(name.split(".")[1:])
            if other.startswith("__version"):
                continue
            assert LEVEL[other] <= LEVEL[part_of(module)], f"{module.name} imports {name}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_heavy_libraries_stay_where_they_belong(module: Path) -> None:
    """TensorFlow and Keras are imported in the engine alone, the terminal's libraries in CLI and console alone."""
    roots = {name.split(".")[0] for name in imports_of(module)}
    if part_of(module) != "engine":
        assert not roots & {"tensorflow", "keras"}
    if part_of(module) not in ("cli", "console"):
        assert not roots & {"typer", "rich", "click"}
    if part_of(module) != "figures":
        assert "matplotlib" not in roots
    assert "matplotlib.pyplot" not in set(imports_of(module))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_modules_stay_small(module: Path) -> None:
    """A module of 500 lines is split."""
    assert len(module.read_text("utf-8").splitlines()) <= 500
