"""The command line as users meet it: help, plan, errors, exit codes, and what it never loads."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from lrreport.store import Store
from lrreport.study_files import load_built_in_studies
from lrreport.training_stage import has_nvidia_device
from tests.commands import lrreport, preview_command
from tests.test_store import make_entry

#: Runs the command in a fresh interpreter and prints, last, which heavy modules it loaded.
PROBE = """
import sys
from lrreport.cli import main
sys.argv = ["lrreport", *{arguments!r}]
try:
    main()
except SystemExit as end:
    code = end.code or 0
heavy = sorted({{"tensorflow", "keras", "pandas", "matplotlib", "weasyprint", "jinja2"}} & set(sys.modules))
print("LOADED", code, ",".join(heavy))
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["plan"],
        ["plan", "--grow", "1"],
        ["studies"],
        ["build", "--help"],
        ["data", "where"],
        ["cache", "ls"],
        ["cache", "gc"],
        ["cache", "verify"],
        ["diff", "nowhere", "nowhere"],
        ["--version"],
    ],
)
def test_light_commands_load_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    """Help, plan and studies never load TensorFlow, pandas, matplotlib, WeasyPrint or Jinja2."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(arguments=arguments)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LRREPORT_CACHE": str(tmp_path)},
    )
    last = done.stdout.splitlines()[-1].split(" ")
    assert last[0] == "LOADED"
    assert last[2] == ""


@pytest.mark.parametrize("command", ["build", "train", "render", "plan", "studies", "doctor"])
def test_every_command_has_help_with_exit_codes(command: str) -> None:
    """Help says what a command does and how it can end."""
    done = lrreport(command, "--help")
    assert done.returncode == 0
    assert "Exit codes" in done.stdout


def test_plan_of_an_empty_cache(tmp_path: Path) -> None:
    """150 runs are absent, 30 of each of five seeds; nothing is trained, no data is needed, nothing is written."""
    done = lrreport("plan", "--json", "--cache", str(tmp_path / "cache"))
    plan = json.loads(done.stdout)
    assert done.returncode == 0
    assert plan["seeds"] == 5
    assert Counter(run["name"].rpartition("/seed-")[2] for run in plan["runs"]) == dict.fromkeys("12345", 30)
    assert {run["reason"] for run in plan["runs"]} == {"absent"}
    assert plan["estimate_s"] is None
    assert not (tmp_path / "cache").exists()


def test_adding_a_study_plans_only_what_is_new(tmp_path: Path) -> None:
    """With the built-in studies cached, a study file of two settings, one of them known, leaves one run to train."""
    store = Store(tmp_path / "cache")
    for study in load_built_in_studies():
        for setting in study.settings:
            store.write(make_entry(50, spec=setting.spec))
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.toml").write_text(
        'id = "mine"\n[title]\nth = "ของฉัน"\nen = "Mine"\n[vary]\nmomentum = [0.9, 0.95]\n', "utf-8"
    )
    done = lrreport("plan", "--json", "--cache", str(tmp_path / "cache"), "--studies", str(folder), "--seeds", "1")
    reasons = {run["name"]: run["reason"] for run in json.loads(done.stdout)["runs"]}
    # The made-up entries were not trained by this engine on this data: those of the plan say so, none is absent.
    assert [name for name, reason in reasons.items() if reason == "absent"] == ["mine/0.95/seed-1"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["plan", "--study", "nothing"], 2, "no such study"),
        (["plan", "--study", "network"], 2, "no such study"),
        (["plan", "--studies", "nowhere"], 2, "no such folder"),
        (["build"], 2, "--out"),
        (["build", "--out", "/"], 7, "not a place"),
        (["plan", "--epochs", "0"], 2, "epochs"),
        (["build", "--out", "x", "--device", "tpu"], 2, "device"),
    ],
)
def test_bad_usage_is_named(arguments: list[str], code: int, says: str, tmp_path: Path) -> None:
    """Each mistake has its exit code and a message on stderr, and no traceback."""
    done = lrreport(*arguments, cwd=tmp_path, LRREPORT_CACHE=str(tmp_path / "cache"))
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_render_without_results_lists_what_is_missing(tmp_path: Path) -> None:
    """`render` never trains: exit code 3, the missing runs and the remedy."""
    done = lrreport(
        "render",
        "--out",
        "report",
        "--seeds",
        "1",
        "--study",
        "momentum",
        cwd=tmp_path,
        LRREPORT_CACHE=str(tmp_path / "cache"),
    )
    assert done.returncode == 3
    assert "momentum/0.9/seed-1" in done.stderr
    assert "lrreport train" in done.stderr
    assert not (tmp_path / "report").exists()


def test_studies_as_data() -> None:
    """`studies --json` tells ids, titles and settings."""
    listed = json.loads(lrreport("studies", "--json").stdout)
    assert [study["id"] for study in listed] == [
        "learning-rate",
        "momentum",
        "decay",
        "plateau",
        "plateau-fast",
        "optimizers",
        "image-order",
        "image-order-momentum",
    ]
    assert listed[0]["settings"][5] == {"text": "1e-05", "epochs": 50}
    assert listed[6]["settings"][1] == {"text": "learning_rate=1 shuffle=once", "epochs": 50}
    assert listed[6]["title"]["en"] == "The order of the images"


def test_a_study_file_with_a_mistake_ends_before_training(tmp_path: Path) -> None:
    """File, line and key are named, exit code 2, nothing is made."""
    (tmp_path / "bad.toml").write_text('id = "bad"\n[title]\nth = "ก"\nen = "Bad"\n[vary]\nmomentun = [0.9]\n', "utf-8")
    done = lrreport("build", "--out", "report", "--studies", ".", cwd=tmp_path, LRREPORT_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert "bad.toml, line 6, key 'momentun'" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != "cache") == ["bad.toml"]


def test_a_study_with_the_name_of_a_figure_ends_before_training(tmp_path: Path) -> None:
    """Ids of figures are reserved: file, line and key are named, with what is taken, exit code 2."""
    text = 'id = "ravine"\n[title]\nth = "ก"\nen = "Mine"\n[vary]\nshuffle = ["once"]\n'
    (tmp_path / "mine.toml").write_text(text, "utf-8")
    done = lrreport("plan", "--studies", ".", cwd=tmp_path, LRREPORT_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 2
    assert "mine.toml, line 1, key 'id'" in done.stderr
    assert "names of figures" in done.stderr


@pytest.mark.parametrize("group", [[], ["data"], ["cache"]])
def test_the_list_of_commands_cuts_no_sentence(group: list[str]) -> None:
    """On a terminal of 80 columns each command's line is a whole sentence."""
    listed = lrreport(*group, "--help", COLUMNS="80").stdout.split("Commands:\n")[1].splitlines()
    assert listed
    assert all(line.startswith("  ") and line.endswith(".") and not line.endswith("...") for line in listed)


def complete(line: str, cwd: Path) -> list[str]:
    """What bash is offered at the end of a line, as its completion function asks for it."""
    number = str(line.count(" "))
    done = lrreport(cwd=cwd, _LRREPORT_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=number)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def has_known_shell() -> bool:
    """Whether a shell that Typer knows is among the processes above this one."""
    import shellingham

    try:
        return shellingham.detect_shell()[0] in ("bash", "zsh", "fish")
    except shellingham.ShellDetectionFailure:
        return False


@pytest.mark.skipif(not has_known_shell(), reason="Typer cannot tell which shell runs these tests")
def test_completion(tmp_path: Path) -> None:
    """Commands, options, their values and ids of studies are completed; for files bash is left to itself."""
    (tmp_path / "mine").mkdir()
    source = 'id = "more"\n[title]\nth = "ก"\nen = "Mine"\n[vary]\nmomentum = [0.9]\n'
    (tmp_path / "mine" / "more.toml").write_text(source, "utf-8")
    assert complete("lrreport re", tmp_path) == ["render"]
    assert complete("lrreport build --see", tmp_path) == ["--seeds"]
    assert complete("lrreport build --device ", tmp_path) == ["auto", "cpu", "gpu"]
    assert complete("lrreport plan --study mo", tmp_path) == ["momentum"]
    assert complete("lrreport plan --studies mine --study mo", tmp_path) == ["momentum", "more"]
    assert complete("lrreport plan --studies nowhere --study mo", tmp_path) == ["momentum"]
    assert complete("lrreport build --out mi", tmp_path) == []
    shown = lrreport("--show-completion", "bash").stdout
    assert "complete -o default" in shown, "bash completes names of files where we offer nothing"


@pytest.mark.skipif(not has_known_shell(), reason="Typer cannot tell which shell runs these tests")
def test_completion_that_cannot_be_installed(tmp_path: Path) -> None:
    """A home folder that cannot be written is no traceback."""
    (tmp_path / "file").touch()
    done = lrreport("--install-completion", "bash", HOME=str(tmp_path / "file"), SHELL="/bin/bash")
    assert done.returncode == 2
    assert "lrreport --show-completion bash" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_home_folder_in_a_path(tmp_path: Path) -> None:
    """`~` is expanded where no shell does it: behind `=`, and in a variable."""
    (tmp_path / "cache").mkdir()
    done = lrreport("plan", "--studies=~/nowhere", HOME=str(tmp_path), LRREPORT_CACHE="~/cache")
    assert done.returncode == 2
    assert str(tmp_path / "nowhere") in done.stderr
    done = lrreport("cache", "ls", HOME=str(tmp_path), LRREPORT_CACHE="~/cache")
    assert done.stdout.startswith(str(tmp_path / "cache"))
    done = lrreport("build", "--out=~nobody-of-this-name/r", cwd=tmp_path)
    assert done.returncode == 2
    assert "write the whole path" in done.stderr


def test_the_last_line_on_a_terminal_names_the_file_to_open(place: Path) -> None:
    """The folder alone is on stdout; whoever looks at a terminal reads there what to open."""
    arguments = ["render", "--preview", "--study", "momentum", "--epochs", "2", "--out", "report", "--cache", "cache"]
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "lrreport", *arguments], stdout=subprocess.PIPE, stderr=theirs, check=False, cwd=place
    )
    os.close(theirs)
    told = os.read(ours, 100_000).decode()
    os.close(ours)
    assert done.returncode == 0, told
    assert done.stdout == b"report\n"
    assert told.splitlines()[-1] == "done: open report/index.html"


def doctor(cache: Path, **environment: str) -> tuple[int, dict[str, dict[str, object]]]:
    done = lrreport("doctor", "--device", "cpu", "--json", "--cache", str(cache), **environment)
    assert "Traceback" not in done.stderr
    return done.returncode, {finding["name"]: finding for finding in json.loads(done.stdout)}


def test_doctor_goes_on_where_things_do_not_work(tmp_path: Path) -> None:
    """A cache that is none, a TensorFlow that ends its process, no home folder: each is a finding with its remedy."""
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGILL)\n")
    code, found = doctor(tmp_path, PYTHONPATH=str(tmp_path), HOME=str(tmp_path / "nowhere"))
    assert code == 1
    broken = {name: finding for name, finding in found.items() if not finding["works"]}
    assert broken.keys() == {"device", "cache", "images"}
    assert all(finding["remedy"] for finding in broken.values())
    assert "exit code -4" in str(found["device"]["text"])
    assert "no cache of ours" in str(found["cache"]["text"])
    assert {"home folder", "temporary folder", "signing key", "processors", "memory", "disk"} <= found.keys()


def test_doctor_names_what_tensorflow_says(tmp_path: Path) -> None:
    """A TensorFlow that cannot be imported is told of in its own words; the doctor makes no cache."""
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text("raise ImportError('libcudart.so: cannot open')\n")
    code, found = doctor(tmp_path / "cache", PYTHONPATH=str(tmp_path))
    assert code == 1
    assert "libcudart.so: cannot open" in str(found["device"]["text"])
    assert found["cache"]["works"]
    assert not (tmp_path / "cache").exists()


def test_no_pdf_without_pango(place: Path, tmp_path: Path) -> None:
    """Where the system's libraries are missing, that is said before anything is trained; pages alone go on."""
    (tmp_path / "sitecustomize.py").write_text(
        "import ctypes.util\nfound = ctypes.util.find_library\n"
        "ctypes.util.find_library = lambda name: None if 'pango' in name else found(name)\n"
    )
    build = [*preview_command(Path("nowhere")), "--epochs", "9"]
    refused = lrreport(*build, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert refused.returncode == 5
    assert "the system lacks pango-1.0, pangoft2-1.0" in refused.stderr
    assert "apt-get install libpango-1.0-0" in refused.stderr
    assert not (tmp_path / "report").exists()
    assert not (tmp_path / "cache" / "runs").exists()
    render = ["render", "--preview", "--study", "momentum", "--epochs", "2", "--cache", str(place / "cache"),
              "--out", "report", "--edition", "en", "--format", "html"]  # fmt: skip
    assert lrreport(*render, cwd=tmp_path, PYTHONPATH=str(tmp_path)).returncode == 0


@pytest.mark.skipif(has_nvidia_device(), reason="asks what happens without a GPU")
def test_a_gpu_that_is_not_there(place: Path, data_cache: Path, tmp_path: Path) -> None:
    """`--device gpu` ends with 2 where no GPU works, whether anything is left to train or not."""
    shutil.copytree(place / "cache", tmp_path / "cache")
    build = [
        argument.replace("cpu", "gpu") if argument == "cpu" else argument for argument in preview_command(data_cache)
    ]
    for more in ([], ["--seeds", "2"]):
        done = lrreport(*build, *more, cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert "There is no GPU that works here" in done.stderr
