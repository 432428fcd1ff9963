"""The wheel carries templates and studies, and renders from where it was installed."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_holds_templates_and_studies(wheel: Path) -> None:
    """Every template, style sheet, listing and study of the checkout is inside."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    templates = {
        f"lrreport/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "templates").rglob("*") if path.is_file()
    }
    studies = {path.relative_to(ROOT).as_posix() for path in (ROOT / "lrreport/studies").glob("*.toml")}
    assert {name for name in templates if "__pycache__" not in name} | studies <= inside


def test_the_installed_wheel_finds_its_own_files(wheel: Path, tmp_path: Path) -> None:
    """Unpacked elsewhere, away from the checkout, it lists its studies and reads its templates."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    program = (
        "import lrreport, lrreport.article.environment as e, lrreport.study_files as s;"
        "print(lrreport.__file__); print(len(s.load_built_in_studies()));"
        "print(e.find_templates()); e.make_environment().get_template('partials/body.html.j2')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
    )
    assert done.returncode == 0, done.stderr
    package, studies, templates = done.stdout.split()
    assert Path(package).is_relative_to(tmp_path / "site")
    assert int(studies) == len(list((ROOT / "lrreport/studies").glob("*.toml")))
    assert Path(templates).is_relative_to(tmp_path / "site")
