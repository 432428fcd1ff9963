"""A study file, a cache or a page from a stranger runs nothing, writes nowhere else, and reaches nothing."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import jinja2
import numpy as np
import pikepdf
import pytest

from lrreport.article.environment import find_templates, make_environment
from lrreport.checkpoints import Entry
from lrreport.editions.edition import BLANK_DIGEST
from lrreport.errors import RenderError
from lrreport.figures import Samples
from lrreport.rendering.kept import keep_figures, keep_pdf
from lrreport.rendering.kept_parts import pack_figure
from lrreport.rendering.render_cache import RenderCache
from lrreport.store import Damage, Store
from lrreport.study_files import load_built_in_studies
from tests import made_up
from tests.faults.world import CHOICE, ONE_PAGE, assert_whole, copy_cache, fingerprint, run
from tests.pdf_pages import article
from tests.test_browser import BROWSER
from tests.test_kept_parts import FIGURE
from tests.test_store import SPEC, make_entry, make_inspection

EVIL = """
id = "evil"
[title]
th = '<script>alert(1)</script> {{ 7 * 7 }} </title></style>&amp;'
en = '<script>alert(1)</script> {{ 7 * 7 }} </title></style>&amp;'
[question]
th = '<img src="http://127.0.0.1:9/x" onerror="alert(1)">'
en = '<img src="http://127.0.0.1:9/x" onerror="alert(1)">'
[vary]
momentum = [0.0, 0.5, 0.9, 0.99]
"""
#: As `sitecustomize.py`: ends a process, and every Python process that it starts, with exit code 99 when it starts a
#: program, asks the network, unpickles what our own processes do not send, or writes outside the folders that it was given.
WATCHER = """
import os, sys
allowed = tuple(os.path.realpath(name) + os.sep for name in os.environ["WATCHED"].split(os.pathsep))
tools = ("ldconfig", "gcc", "cc", "ld", "objdump", "fc-list", "uname")  # for libraries, fonts, the processor
ours = ("lrreport", "numpy", "pathlib", "datetime", "copyreg", "multiprocessing")
values = ("frozenset", "set", "bytearray", "complex", "dict", "list", "tuple")
def watch(event, arguments):
    bad = event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "os.system", "os.exec")
    if event == "pickle.find_class":
        module, name = arguments
        bad = module.split(".")[0] not in ours and (module, name in values) != ("builtins", True)
    if event in ("subprocess.Popen", "os.posix_spawn"):
        bad = os.path.basename(str(arguments[0])) not in tools
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR):
        path = os.path.realpath(arguments[0]) if isinstance(arguments[0], str) else "/dev/null"
        # Names relative to a folder that is open already are below it: tests/test_folders.py.
        bad = os.path.isabs(str(arguments[0])) and not (path + os.sep).startswith((*allowed, "/dev/"))
    if event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink"):
        path = os.fsdecode(arguments[1] if event in ("os.rename", "os.link", "os.symlink") else arguments[0])
        bad = os.path.isabs(path) and not (os.path.realpath(path) + os.sep).startswith(allowed)
    if bad:
        os.write(2, f"forbidden: {event} {arguments!r}".encode())
        os._exit(99)
sys.addaudithook(watch)
"""


def run_watched(folder: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a command, with all that it starts, under the watcher; it may write below the folder alone."""
    for name in ("tmp", "hooks"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "hooks" / "sitecustomize.py").write_text(WATCHER)
    modules = os.pathsep.join(filter(None, [str(folder / "hooks"), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, "-m", "lrreport", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder / "tmp"), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder),
             "PYTHONPATH": modules, "WATCHED": str(folder)},
        timeout=300,
    )  # fmt: skip


@pytest.fixture(scope="module")
def evil(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report of a study whose every word is an attack, rendered by a process that is watched."""
    folder = tmp_path_factory.mktemp("evil")
    copy_cache(place, folder / "cache")
    (folder / "studies").mkdir()
    (folder / "studies" / "evil.toml").write_text(EVIL, "utf-8")
    arguments = ["render", "--preview", "--epochs", "2", "--studies", "studies", "--study", "evil", "--edition", "en",
                 "--cache", "cache", "--out", "report"]  # fmt: skip
    done = run_watched(folder, arguments)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_watcher_that_sees(tmp_path: Path) -> None:
    """The watched process of these tests does end when it does what it may not: here, write somewhere else."""
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "allowed").mkdir()
    done = run_watched(tmp_path / "allowed", ["train", "--cache", str(elsewhere), "--study", "momentum"])
    assert done.returncode == 99, done.stderr
    assert "forbidden: os.mkdir" in done.stderr


def without_own_script(page: str) -> str:
    """A page without the one script that its policy lets run: ours, by its digest."""
    (allowed,) = re.findall(r"script-src &#39;sha256-([\w+/]{43}=)&#39;;", page)
    script = (find_templates() / "js" / "page.js").read_text("utf-8")
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() == allowed
    assert page.count(f"<script>{script}</script>") == 1
    return page.replace(f"<script>{script}</script>", "")


def test_titles_are_text(evil: Path) -> None:
    """Tags in a study's title and question are shown as they were typed: in pages, in figures, in PDF metadata."""
    assert_whole(evil / "report")
    page = without_own_script((evil / "report" / "en.html").read_text("utf-8"))
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }} &lt;/title&gt;" in page
    assert "49" not in re.findall(r"<h2[^>]*>(.*?)</h2>", page, re.DOTALL)
    assert not re.search(r"<script\b|<img[^>]+http|<[^>]+\sonerror=", page)
    for path in (evil / "report" / "figures").glob("*.svg"):
        text = path.read_text("utf-8")
        assert not re.search(r"<script\b|\sonerror=|\son\w+=", text), path.name
    with pikepdf.open(evil / "report" / "lrreport-en.pdf") as pdf:
        with pdf.open_metadata() as metadata:
            described = str(metadata)
        assert "<script>" not in described
        titles = [str(item.title) for item in pdf.open_outline().root]
        assert not any("49" in title for title in titles)
        forbidden = ("/JavaScript", "/JS", "/Launch", "/OpenAction", "/URI http://127.0.0.1")
        raw = b"\n".join(
            bytes(item.unparse(resolved=False)) for item in pdf.objects if not isinstance(item, pikepdf.Stream)
        )
        assert not [word for word in forbidden if word.encode() + b" " in raw]
    text = subprocess.run(
        ["pdftotext", "-raw", evil / "report" / "lrreport-en.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "<script>alert(1)</script> {{ 7 * 7 }}" in " ".join(text.split())


def test_templates_are_strict() -> None:
    """Whatever a template prints is escaped, and whatever it lacks is an error."""
    environment = make_environment()
    assert environment.autoescape is True
    assert environment.undefined is jinja2.StrictUndefined
    assert environment.from_string("{{ x }}").render(x="<b>&") == "&lt;b&gt;&amp;"
    with pytest.raises(jinja2.UndefinedError):
        environment.from_string("{{ y }}").render(x=1)


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "http://127.0.0.1:9/x.png", "https://example.org/x.png", "ftp://127.0.0.1/x", "../out.svg",
     "file:///proc/self/environ", "//127.0.0.1/x.png", "link.svg"],
)  # fmt: skip
def test_layout_fetches_our_files_alone(address: str, tmp_path: Path) -> None:
    """A page that asks for a file elsewhere, through a link too, or for the network, fails; nothing of it is read."""
    from lrreport.article.pdf.lay_out import lay_out_unrepaired

    (tmp_path / "page").mkdir()
    (tmp_path / "out.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>", "utf-8")
    (tmp_path / "page" / "link.svg").symlink_to(tmp_path / "out.svg")
    page = f"<!DOCTYPE html><html lang='en'><title>x</title><p>a<img alt='x' src='{address}'></p></html>"
    with pytest.raises(RenderError, match="may not have"):
        lay_out_unrepaired(page, base_folder=tmp_path / "page")


def console_of(page: Path, profile: Path) -> str:
    """What Chromium writes on its console about a page."""
    assert BROWSER is not None, "Chromium is missing: `make test` installs it"
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
               "--disable-background-networking", "--disable-component-update", "--enable-logging=stderr",
               f"--user-data-dir={profile}", "--virtual-time-budget=10000", "--dump-dom", page.as_uri()]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    return "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def test_the_policy_forbids_and_the_pages_obey(evil: Path, place: Path, tmp_path: Path) -> None:
    """Pages carry a policy that forbids everything but what they hold and one script; Chromium finds nothing against it."""
    policies = set()
    for page in (place / "report" / "index.html", place / "report" / "th.html", evil / "report" / "en.html"):
        head = page.read_text("utf-8")[:2000]
        found = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)">', head)
        assert found is not None
        policies.add(found[1].replace("&#39;", "'"))
        assert head.index("Content-Security-Policy") < head.index("<title")
        assert console_of(page, tmp_path / page.parent.parent.name / page.stem) == ""
    (policy,) = policies
    assert policy.startswith("default-src 'none';")
    assert re.search(r"; script-src 'sha256-[\w+/]{43}=';", policy), "our own script, and none beside it"
    assert "http" not in policy
    # The same policy over an attack: Chromium refuses each part of it, and says so.
    bad = tmp_path / "bad.html"
    bad.write_text(
        f'<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="{policy}"><title>x</title>'
        '<script>document.title = "run"</script><img src="http://127.0.0.1:9/x"><iframe src="https://example.org">'
        "</iframe>",
        "utf-8",
    )
    console = console_of(bad, tmp_path / "bad")
    for what in ("script", "127.0.0.1:9/x", "example.org"):
        assert what in console
    assert console.count("Content Security Policy") >= 3


class Planted:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def sign(folder: Path, state: bytes) -> None:
    """Give an entry another state, with the digests that fit it: a stranger can do that."""
    (path,) = folder.glob("state-3-*.npz")
    path.write_bytes(state)
    run_document = json.loads((folder / "run.json").read_bytes())["run"]
    run_document["state"]["sha256"] = hashlib.sha256(state).hexdigest()
    body = json.dumps(run_document)
    (folder / "run.json").write_text(f'{{"sha256": "{hashlib.sha256(body.encode()).hexdigest()}",\n"run": {body}}}')


def bomb(compression: int) -> bytes:
    """A state whose arrays are as large as a file can say that they are."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as archive:
        for name in make_entry().checkpoint.arrays:
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(
                header, {"descr": "<f4", "fortran_order": False, "shape": (10**9, 10**3)}
            )
            archive.writestr(f"{name}.npy", header.getvalue() + bytes(1000))
    return content.getvalue()


def test_a_stranger_s_state(tmp_path: Path) -> None:
    """Pickles are not loaded, 4 TB are not allocated, a million members not listed: each is damage with a reason."""
    store = Store(tmp_path / "cache")
    store.write(make_entry())
    folder = store.runs / make_entry().key
    pickled = io.BytesIO()
    arrays = {name: np.array([Planted(tmp_path / "planted")], dtype=object) for name in make_entry().checkpoint.arrays}
    np.savez(pickled, **arrays)
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(3000):
            archive.writestr(f"{number}.npy", b"")
    for state in (pickled.getvalue(), bomb(zipfile.ZIP_STORED), bomb(zipfile.ZIP_DEFLATED), many.getvalue(), b"PK"):
        sign(folder, state)
        found = store.read(SPEC)
        assert isinstance(found, Damage), found
        assert found.path.name.startswith("state-3-")
    assert not (tmp_path / "planted").exists()


#: What somebody may make of a kept figure.
FORGED = (
    {"name": "../../x"}, {"language": "th/../.."}, {"alt": 7}, {"width_pt": "100"}, {"png": b"<script>1</script>"},
    {"svg": "<svg"}, {"svg_narrow": FIGURE.svg_narrow + "<p>x</p>"}, {"svg_print": FIGURE.svg + "<p>x</p>"},
    {"svg_standalone": "<svg onload='alert(1)'/>"},
)  # fmt: skip


def test_a_stranger_s_figure(tmp_path: Path) -> None:
    """A kept figure that is another's, or anything but a figure, is drawn again, and the build goes on."""
    cache = RenderCache(tmp_path, key=bytes(32))
    results = made_up.results(load_built_in_studies({"epochs": 3})[1:2])
    images, labels = np.zeros((40, 28, 28), np.uint8), np.arange(40, dtype=np.uint8) % 10
    samples = Samples(images, labels, images, labels)
    sound, drawn = keep_figures(results, samples, "th", cache)
    kept = {path.name: cache.load(path.name) for path in (tmp_path / "render").iterdir()}
    assert len(kept) == drawn == len(sound)
    (own,) = [name for name, parts in kept.items() if json.loads(parts["head"])["name"] == FIGURE.name]
    for change in FORGED:
        cache.save(own, pack_figure(dataclasses.replace(FIGURE, **change)))
        assert keep_figures(results, samples, "th", cache) == (sound, 1), change
    assert [Path(path).name for path in cache.damaged] == [own] * len(FORGED)
    for name in kept.keys() - {own}:
        cache.save(name, pack_figure(FIGURE))
    assert keep_figures(results, samples, "th", cache) == (sound, drawn - 1)
    assert {Path(path).name for path in cache.damaged} == kept.keys()
    assert keep_figures(results, samples, "th", cache) == (sound, 0)


def test_a_stranger_s_pdf(tmp_path: Path) -> None:
    """A kept PDF that runs something, has no place for the digest, or is none, is laid out again."""
    cache = RenderCache(tmp_path, key=bytes(32))
    sound, _ = keep_pdf(article("en"), "en", BLANK_DIGEST, cache)
    (path,) = (tmp_path / "render").iterdir()
    script = io.BytesIO()
    with pikepdf.open(io.BytesIO(sound)) as pdf:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        pdf.save(script)
    blank = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(blank)
    for evil in (script.getvalue(), blank.getvalue(), b"%PDF-1.7 no", b""):
        cache.save(path.name, {"pdf": evil})
        assert keep_pdf(article("en"), "en", BLANK_DIGEST, cache) == (sound, True)
        assert keep_pdf(article("en"), "en", BLANK_DIGEST, cache) == (sound, False)
    assert [Path(each).name for each in cache.damaged] == [path.name] * 4


def test_links_in_a_stranger_s_cache(tmp_path: Path) -> None:
    """A run's folder, file or lock that is a link: nothing is written, or removed, where it points to."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "state-1.npz").write_bytes(b"mine")
    (outside / "run.json").write_bytes(b"mine")
    store = Store(tmp_path / "cache")
    store.runs.mkdir(parents=True)
    (store.runs / make_entry().key).symlink_to(outside)
    assert isinstance(store.read(SPEC), Damage)
    store.write(make_entry())
    assert isinstance(store.read(SPEC), Entry)
    inspection = store.runs / make_entry().key / "inspection-3.json"
    inspection.symlink_to(outside / "run.json")
    assert store.read_inspection(make_entry(), 3) is None
    store.write_inspection(make_entry(), make_inspection(make_entry()))
    assert not inspection.is_symlink()
    assert store.read_inspection(make_entry(), 3) is not None
    assert fingerprint(outside) == {"state-1.npz": b"mine", "run.json": b"mine"}

    (tmp_path / "cache" / "lock").symlink_to(outside / "run.json")
    done = run(["train", "--study", "momentum", "--cache", "cache"], tmp_path)
    assert done.returncode == 6, done.stderr
    assert fingerprint(outside) == {"state-1.npz": b"mine", "run.json": b"mine"}


def test_numbers_that_were_never_measured(place: Path, tmp_path: Path) -> None:
    """A result that could be and is not: its weights tell of the last epoch, and training again of the others."""
    cache = copy_cache(place, tmp_path / "cache")
    done = run(["cache", "verify", "--cache", "cache", "--retrain", "9", "--json", "--device", "cpu"], tmp_path)
    assert done.returncode == 0, done.stderr
    proofs = json.loads(done.stdout)["retrained"]
    assert len(proofs) == 4
    assert all(proof["is_bitwise"] and not proof["problem"] for proof in proofs)
    store = Store(cache)
    entry = next(entry for entry in store.entries() if isinstance(entry, Entry))
    better = np.round((entry.history.test_accuracy_t + 0.01) * 10_000) / 10_000
    forged = dataclasses.replace(entry.history, test_accuracy_t=better.astype(np.float32))
    store.write(dataclasses.replace(entry, history=forged))
    done = run(["cache", "verify", "--cache", "cache"], tmp_path)
    assert done.returncode == 6
    assert "its weights answer" in done.stdout
    better[-1] = entry.history.test_accuracy_t[-1]  # the others, which no weights are kept for
    forged = dataclasses.replace(entry.history, test_accuracy_t=better.astype(np.float32))
    store.write(dataclasses.replace(entry, history=forged))
    assert run(["cache", "verify", "--cache", "cache"], tmp_path).returncode == 0
    done = run(["cache", "verify", "--cache", "cache", "--retrain", "9", "--device", "cpu"], tmp_path)
    assert done.returncode == 6
    assert f"{entry.key}: was not measured so: test_accuracy_t, epoch 1" in done.stdout
    assert "do not believe this cache" in done.stderr


def test_results_of_another_machine_are_told(place: Path, tmp_path: Path) -> None:
    """`render`, as `build`, warns where results come from several machines."""
    cache = copy_cache(place, tmp_path / "cache", with_figures=True)
    store = Store(cache)
    entry = next(entry for entry in store.entries() if isinstance(entry, Entry))
    elsewhere = dataclasses.replace(entry.environment, cpu_model="Another processor")
    store.write(dataclasses.replace(entry, environment=elsewhere))
    done = run(["render", *ONE_PAGE, "--out", "report", "--cache", "cache"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "warning: 1 of 4 results come from another environment" in done.stderr
    assert "Another processor" in done.stderr


def test_nothing_is_waited_for(place: Path, tmp_path: Path) -> None:
    """Pipes, endless and sparse files in every place of a cache, a report and the command line: an answer at once."""
    cache = copy_cache(place, tmp_path / "cache", with_figures=True)
    render = ["render", *ONE_PAGE, "--out", "report", "--cache", "cache", "--adopt"]
    assert run(render, tmp_path).returncode == 0
    report = tmp_path / "report"
    key = next(path for path in (cache / "runs").iterdir()).name
    small = (cache / "data" / "mnist.npz", report / "data" / "results.csv")
    for path in small:
        path.unlink()
        with path.open("wb") as file:
            file.truncate(400 * 10**9)
    for path in (cache / "last-build.json", cache / "runs" / key / "run.json", report / "data" / "edition.json",
                 report / "manifest.json", tmp_path / "byline.toml"):  # fmt: skip
        path.unlink(missing_ok=True)
        os.mkfifo(path)
    began = time.monotonic()
    for arguments, codes in (
        (["plan", *CHOICE, "--cache", "cache"], {0}),
        (["cache", "ls", "--cache", "cache"], {0}),
        (["cache", "verify", "--cache", "cache"], {6}),
        (["data", "verify", "--cache", "cache"], {4}),
        (["diff", "report", "report"], {7}),
        ([*render, "--byline", "byline.toml"], {2}),
        ([*render, "--byline", "/dev/zero.toml"], {2}),
        (render, {3}),
        (["render", *ONE_PAGE, "--cache", "cache", "--out", "elsewhere", "--data", "byline.toml"], {3, 4}),
    ):
        done = run(arguments, tmp_path)
        assert done.returncode in codes, (arguments, done.stderr)
        assert "Traceback" not in done.stderr
    assert time.monotonic() - began < 60


def test_a_report_that_lists_one_file_again_and_again(tmp_path: Path) -> None:
    """A manifest with one file 90,000 times, or with 400 GB, is no report of ours, and is not read for minutes."""
    report = tmp_path / "report"
    report.mkdir()
    with (report / "big").open("wb") as file:
        file.truncate(60 * 10**6)
    digest = hashlib.sha256(bytes(60 * 10**6)).hexdigest()
    head = {"generator": "lrreport", "schema": 1, "edition": "a", "settings": {}}
    for files in (
        [{"path": "big", "size": 60 * 10**6, "sha256": digest}] * 90_000,
        [{"path": "big", "size": 400 * 10**9, "sha256": digest}],
        [{"path": f"big{number}", "size": 60 * 10**6, "sha256": digest} for number in range(100)],
    ):
        (report / "manifest.json").write_text(json.dumps({**head, "files": files}))
        began = time.monotonic()
        done = run(["diff", "report", "report"], tmp_path)
        assert done.returncode == 7
        assert "no report of ours" in done.stderr
        assert time.monotonic() - began < 20
