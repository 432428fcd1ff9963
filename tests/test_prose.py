"""The words of the article: how the Thai is spaced, that no measured number is typed, and that every case has words."""

from __future__ import annotations

import datetime as dt
import functools
import html
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from jinja2 import Environment

from lrreport.analysis.claims import decide_claims, rank_settings
from lrreport.analysis.summaries import summarise
from lrreport.article.environment import find_templates, make_environment
from lrreport.article.facts import Facts, describe_data
from lrreport.article.pages import compose_part
from lrreport.editions.edition import Edition
from lrreport.figures import list_figures
from lrreport.figures.drawn import DrawnFigure
from lrreport.figures.words import LANGUAGES, Language
from lrreport.results import History, Results
from lrreport.spec import RunSpec, Study
from lrreport.study_files import load_built_in_studies, parse_study
from tests import made_up

TEMPLATES: Final = sorted(
    path for folder in ("sections", "studies", "exercises") for path in (find_templates() / folder).glob("*.html.j2")
)
#: Files whose numbers are not measured, with the reason.
TYPED_NUMBERS_ALLOWED: Final = {"references.html.j2": "volumes, pages and years of publications"}
#: What writes Thai words first, so that Thai may stand before it without a space.
WRITES_THAI: Final = re.compile(r"\s*(?:ref\(|say\.(?:gapped|ended|difference|extremes)\(|gapped\(|name\[)")
BANNED: Final = (
    "ทำการ", "มีการ", "ทำให้เกิดการ", "เอพอค", "ความแม่นยำ", " มัน(?!่น)", "ค่าตั้งต้นการสุ่ม", "ชุดค่า", "ชุดข้อมูลทดสอบ", "ชุดข้อมูลฝึก",
    "อย่างไรก็ตาม", "นอกจากนี้", "ดังนั้น", "ทั้งนี้", "การลดทอน", "หรือไม่หรือไม่",
)  # fmt: skip

_THAI = "ก-\u0e4e"
_PIECES = re.compile(r"(\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\})", re.DOTALL)
_EXPRESSION, _THAI_EXPRESSION, _BARRIER = "\ue100", "\ue101", "\ue102"


def read_prose(source: str) -> str:
    """A template without HTML tags; expressions and Jinja's tags are one placeholder each, which may touch anything."""
    pieces = []
    for piece in _PIECES.split(source):
        if piece.startswith("{{"):
            pieces.append(_THAI_EXPRESSION if WRITES_THAI.match(piece.strip("{}-")) else _EXPRESSION)
        elif piece.startswith("{%"):
            pieces.append(_BARRIER)
        elif not piece.startswith("{#"):
            pieces.append(piece)
    return re.sub(r"<[^>]*>", "", "".join(pieces))


def find_faults(text: str) -> Iterator[str]:
    """Where Thai breaks the rules of spacing and punctuation; each with the words around it."""
    rules = {
        "no space between Thai and Latin": rf"[{_THAI}][A-Za-z0-9]|[A-Za-z0-9%][{_THAI}]",
        "no space before an expression": rf"[{_THAI}]{_EXPRESSION}",
        "no space after an expression": rf"[{_EXPRESSION}{_THAI_EXPRESSION}][{_THAI}]",
        "no space before ๆ": r"[^\s]ๆ",
        "no space after ๆ": rf"ๆ[^\s)”{_BARRIER}]",
        "a space inside brackets": r"\([ \t]|[ \t]\)",
        "a Thai digit": r"[๐-๙]",
        "punctuation that Thai does not use": rf"[{_THAI}][.;:!?]|[{_THAI}] ?[–—]",
        "a banned word": "|".join(BANNED),
    }
    for name, pattern in rules.items():
        for match in re.finditer(pattern, text):
            yield f"{name}: …{text[max(0, match.start() - 25) : match.end() + 25]}…"


def test_lint_finds_each_fault() -> None:
    """The lint is not blind: a sentence with a fault is named, the same sentence without it is not."""
    faulty = (
        "ค่า0.01 นี้",
        "ใน Kerasมี",
        "ค่า{{ x }} ต่อ",
        "ค่า {{ x }}ต่อ",
        "ต่างๆ กัน",
        "ต่าง ๆกัน",
        "( ก)",
        "๓ รอบ",
        "จบ.",
        "เราทำการฝึก",
    )
    assert [text for text in faulty if not list(find_faults(read_prose(text)))] == []
    good = "ค่า 0.01 ใน Keras ต่าง ๆ กัน (ดู{{ ref('fig:x') }}) <code>lr</code> และ {{ x }} ค่า ซึ่ง{{ say.ended(x) }}"
    assert list(find_faults(read_prose(good))) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_thai_is_spaced_and_spelt_by_the_rules(path: Path) -> None:
    """No template has Thai beside Latin or a number without a space, Thai digits, banned words or foreign punctuation."""
    assert list(find_faults(read_prose(path.read_text("utf-8")))) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_measured_number_is_typed(path: Path) -> None:
    """Decimals, percentages and large numbers come from expressions; what the words say follows the results."""
    typed = re.findall(
        r"\d+\.\d+|\d[\d,]*\s?%|\d,\d{3}|\d{3,}|per cent|percent\b(?!age)|ร้อยละ", read_prose(path.read_text("utf-8"))
    )
    assert typed == [] or path.name in TYPED_NUMBERS_ALLOWED


def test_every_template_can_be_read() -> None:
    """Each template is valid: every bilingual tag has both languages, every verdict its three variants."""
    environment = make_environment()
    root = find_templates()
    for path in TEMPLATES:
        environment.get_template(path.relative_to(root).as_posix())


def test_ids_are_unique() -> None:
    """No two paragraphs, headings, figures, tables, listings or equations of the templates share an id."""
    pattern = re.compile(r'\{%-? (p|h \d|fig|lst|bib) "([^"]+)"|\b(id|equation)(?:=|\()"([^"]+)"')
    found: list[tuple[str, str]] = []
    for path in TEMPLATES:
        for match in pattern.finditer(path.read_text("utf-8")):
            kind = (match[1] or match[3]).split()[0]
            found.append((kind, match[2] or match[4]))
    assert [item for item in found if found.count(item) > 1] == []
    assert len(found) > 100


#: Told within the section of another: the callback's second study, and the order of images.
TOLD_ELSEWHERE: Final = ("plateau-fast", "image-order", "image-order-momentum")


def test_every_study_with_prose_has_its_parts() -> None:
    """A built-in study has an idea, a listing, figure, table, a told result, a box that names the source, and exercises."""
    for study in load_built_in_studies():
        if study.id in TOLD_ELSEWHERE:
            continue
        source = (find_templates() / "studies" / f"{study.id}.html.j2").read_text("utf-8")
        name = re.escape(study.id)
        for part in (
            rf'h 2 "{name}"', r"{% lst ", rf'fig "{name}"', rf'results_table\("{name}"\)', r"{% told ",
            "{% source_box %}", rf'import "exercises/{name}.html.j2"',
        ):  # fmt: skip
            assert re.search(part, source), f"{study.id} lacks {part}"


def stub_figure(name: str, language: Language) -> DrawnFigure:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 1" role="img"><title>-</title></svg>'
    return DrawnFigure(
        name=name,
        language=language,
        alt="-",
        svg=svg,
        svg_narrow=svg,
        svg_print=svg,
        svg_standalone=svg,
        png=b"",
        width_pt=4.0,
        height_pt=1.0,
    )


def state_facts(results: Results, seeds: tuple[int, ...] = (1, 2, 3)) -> Facts:
    """The facts of an article with these results and empty figures."""
    studies = results.studies
    dataset = studies[0].settings[0].spec.dataset
    data = describe_data(dataset, np.arange(60_000) % 10, np.arange(10_000) % 10)
    names = list_figures(results)
    epochs = max(setting.epochs for study in studies for setting in study.settings)
    return Facts(
        results=results,
        summaries=summarise(results),
        claims=decide_claims(results),
        ranking=rank_settings(results),
        data=data,
        figures=[stub_figure(name, language) for name in names for language in LANGUAGES],
        edition=Edition("0123456789abcdef", dt.date(2026, 11, 22), seeds, epochs),
    )


def make_facts(
    studies: tuple[Study, ...],
    *,
    seeds: tuple[int, ...] = (1, 2, 3),
    make_history: Callable[[RunSpec, int], History] = made_up.history,
) -> Facts:
    """The facts of an article with made-up results and empty figures."""
    return state_facts(made_up.results(studies, seeds=seeds, make_history=make_history), seeds)


def jumping(spec: RunSpec, epochs: int) -> History:
    """Curves of which some jump, some overfit, and the plateau callback fires at the fast rate in two of three seeds."""
    curves = made_up.history(spec, epochs)
    epoch_t = np.arange(epochs)
    accuracy_t, loss_t, rate_t = curves.test_accuracy_t.copy(), curves.test_loss_t.copy(), curves.learning_rate_t.copy()
    if spec.rate == 1 or spec.momentum > 0.9:
        accuracy_t[::2] -= np.float32(0.1 + 0.05 * spec.seed)
    if spec.rate >= 0.1 or spec.optimizer == "adam":
        loss_t += np.float32(0.01) * np.abs(epoch_t - 9).astype(np.float32)
    if spec.plateau and spec.rate >= 0.1 and spec.seed > 1:
        rate_t[10 + spec.plateau.patience :] *= np.float32(spec.plateau.factor)
    return History(rate_t, curves.train_loss_t, curves.train_accuracy_t, loss_t, accuracy_t)


def diverging(spec: RunSpec, epochs: int) -> History:
    """Every run of seed 1 diverges at once, those of large rates and momenta always."""
    curves = made_up.history(spec, epochs)
    if spec.seed == 1:
        return curves.first(0)
    return curves.first(epochs // 2) if spec.rate >= 0.1 or spec.momentum >= 0.9 else curves


GRID = """
id = "grid"
[title]
th = "โมเมนตัมกับขนาดมินิแบตช์"
en = "Momentum and minibatch"
[vary]
momentum = [0.0, 0.9]
batch_size = [32, 64]
"""
CASES: Final[dict[str, Callable[[], Facts]]] = {
    "as published": lambda: make_facts(load_built_in_studies()),
    "jumping": lambda: make_facts(load_built_in_studies(), make_history=jumping),
    "one seed": lambda: make_facts(load_built_in_studies(), seeds=(1,)),
    "three epochs": lambda: make_facts(load_built_in_studies({"epochs": 3})),
    "one epoch and seed": lambda: make_facts(load_built_in_studies({"epochs": 1}), seeds=(4,)),
    "other data": lambda: make_facts(load_built_in_studies({"dataset": "fashion-mnist"})),
    "some diverged": lambda: make_facts(load_built_in_studies(), make_history=diverging),
    "all diverged": lambda: make_facts(load_built_in_studies(), seeds=(1,), make_history=diverging),
    "a user's study alone": lambda: make_facts((parse_study(GRID, "grid.toml"),)),
    "a user's study too": lambda: make_facts((*load_built_in_studies(), parse_study(GRID, "grid.toml"))),
}
for _number, _study in enumerate(load_built_in_studies()):
    CASES[f"{_study.id} alone"] = lambda number=_number: make_facts(load_built_in_studies()[number : number + 1])  # type: ignore[misc]


@functools.cache
def _environment() -> Environment:
    """One for all cases: most of the time goes into compiling the templates."""
    return make_environment()


def read_words(facts: Facts, language: Language, environment: Environment | None = None) -> str:
    """The article as plain text, one line a paragraph, item or cell; formulas and code left out."""
    part = compose_part(facts, environment or _environment(), language, "web")
    text = "\n".join(block.html for block in (*part.abstract, *part.blocks))
    text = re.sub(r'<span lang="(?:th|en)">.*?</span>', "0", text)  # what is marked as the other language
    text = re.sub(r"<(svg|pre)\b.*?</\1>", "\n", text, flags=re.DOTALL)
    text = re.sub(r"<math\b.*?</math>", "0", text, flags=re.DOTALL)
    text = re.sub(r'<a class="fn-call".*?</a>', "", text)
    text = re.sub(r"<br>|</(?:li|td|th|h\d|caption|p|div|summary)>", "\n", text)
    return html.unescape(re.sub(r"[ \t]+", " ", re.sub(r"<[^>]*>", "", text)))


def find_gaps(text: str, language: Language) -> list[str]:
    """Where a text shows a gap, breaks a rule of Thai, or is in the wrong language."""
    broken = re.findall(
        r".{0,40}(?:\bNone\b|\bnan\b|\binf\b|Undefined|\(\s*\)| [,;.](?!\w)|[,;] ?\.|\.\.).{0,20}", text
    )
    if language == "th":
        return broken + [fault for fault in find_faults(text) if "punctuation" not in fault]
    return broken + re.findall(rf".{{0,30}}[{_THAI}].{{0,30}}", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_article_has_words_for_every_case(case: str, language: Language) -> None:
    """Whatever the results, studies, seeds and epochs: no gap in the text shows as None, NaN or an empty bracket."""
    text = read_words(CASES[case](), language)
    assert find_gaps(text, language) == []
