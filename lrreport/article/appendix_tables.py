"""The tables beside the results: the data, the claims, and where and under which keys the runs were trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import pandas as pd
from markupsafe import Markup, escape

from lrreport.analysis.verdicts import Claim, Verdict
from lrreport.article.facts import DataFacts, Facts
from lrreport.article.filters import MINUS, num, percent_number, points, whole
from lrreport.article.result_tables import keep_ends
from lrreport.article.settings_text import column_value, describe_in_table, name_study
from lrreport.article.tables import HtmlTable
from lrreport.article.words import Language, has_words, say
from lrreport.keys import run_key
from lrreport.results import Results

#: Digits of a run's key that are enough to tell it in print; `runs.json` has all of them.
_KEY_DIGITS: Final = 8
#: More settings of a study than these are counted, not named: a row must fit on a page.
_MOST_SUBJECTS: Final = 24
_FRACTIONS: Final = ("last_test_accuracy", "first_test_accuracy", "swing")

#: The source's claims, in our words, by group.
_STATEMENTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "lr-above-80": {"th": "ได้ความถูกต้องในรอบสุดท้ายเกิน 80%", "en": "ends above 80%"},
    "lr-rest-low": {"th": "ได้ความถูกต้องต่ำกว่าอัตราที่สูงกว่าทั้งสี่ค่า", "en": "ends below each of the four larger rates"},
    "lr-slow-start": {"th": "หลังรอบแรก ความถูกต้องยังต่ำกว่าของอัตรา 0.01", "en": "is below 0.01 after the first epoch"},
    "momentum-faster": {"th": "ถึง 95% เร็วกว่าเมื่อไม่ใช้โมเมนตัม", "en": "reaches 95% sooner than without momentum"},
    "momentum-damps": {"th": "แกว่งน้อยกว่าเมื่อไม่ใช้โมเมนตัม", "en": "swings less than without momentum"},
    "decay-damps": {"th": "แกว่งน้อยกว่าเมื่อไม่ลดทอน", "en": "swings less than without decay"},
    "decay-accurate": {"th": "ได้ความถูกต้องในรอบสุดท้ายเกิน 90%", "en": "ends above 90%"},
    "decay-0.1-slow": {"th": "ได้ความถูกต้องต่ำที่สุดในสี่ค่า", "en": "ends lowest of the four"},
    "plateau-helps": {"th": "ได้ความถูกต้องสูงกว่าเมื่อไม่ใช้ callback", "en": "ends above the same run without the callback"},
    "patience-matters": {"th": "ระยะรอต่างกันให้ผลต่างกัน", "en": "different patiences end differently"},
    "adaptive-beats-sgd": {"th": "ได้ความถูกต้องสูงกว่า SGD", "en": "ends above SGD"},
}


#: Facts of our own, as a sentence about settings, by group.
_OWN_STATEMENTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "own-best-of-study": {"th": "ได้ความถูกต้องสูงกว่าอันดับสองของการทดลอง", "en": "ends above the second of its study"},
    "own-best-setting": {"th": "ได้ความถูกต้องสูงกว่าอันดับสองของทั้งหมด", "en": "ends above the second of all"},
    "own-best-on-edge": {"th": "ค่าที่ดีที่สุดอยู่ริมช่วงที่ลอง", "en": "the best value lies on the edge of those tried"},
    "own-reaches-95": {"th": "ถึง 95%", "en": "gets to 95%"},
    "own-reaches-97": {"th": "ถึง 97%", "en": "gets to 97%"},
    "own-unfinished": {"th": "ยังไต่ขึ้นในช่วงท้าย", "en": "was still rising at the end"},
    "own-overfits": {"th": "ค่าความสูญเสียทดสอบต่ำสุดก่อนรอบสุดท้าย", "en": "test loss lowest before the last epoch"},
    "own-memorises": {"th": "ความถูกต้องของข้อมูลฝึกสูงกว่าเกิน 1 จุด", "en": "train above test accuracy by over 1 point"},
    "own-roughest": {"th": "แกว่งมากกว่าชุดที่แกว่งน้อยที่สุด", "en": "swings more than the calmest of its study"},
    "own-jumps": {"th": "แกว่งมากกว่าอัตรา 0.01", "en": "swings more than rate 0.01"},
    "own-tenth": {
        "th": "ได้ผลเท่าอัตรา 10 เท่าที่ฝึกหนึ่งในสิบของรอบ",
        "en": "gets as far as 10 times the rate in a tenth of the time",
    },
    "own-effective-rate": {
        "th": "เร็วเท่า SGD ที่อัตราหารด้วย 1 ลบโมเมนตัม",
        "en": "as fast as SGD at the rate over 1 − momentum",
    },
    "own-decay-spent": {"th": "จบการฝึกแล้วอัตราเหลือไม่ถึงหนึ่งในร้อย", "en": "leaves less than a hundredth of the rate"},
    "own-plateau-fired": {"th": "callback ลดอัตราอย่างน้อยหนึ่งครั้ง", "en": "the callback cut the rate at least once"},
    "own-cut-calms": {"th": "แกว่งน้อยกว่าเมื่อไม่ใช้ callback", "en": "swings less than without the callback"},
    "own-below-sgd": {"th": "ได้ความถูกต้องต่ำกว่า SGD", "en": "ends below SGD"},
    "own-tuned-sgd": {"th": "ได้ความถูกต้องสูงกว่า Adam ที่ใช้ค่าเริ่มต้น", "en": "ends above Adam at its defaults"},
}


def data_table(data: DataFacts, language: Language) -> HtmlTable:
    """Shapes of the two sets, as their arrays have them."""
    height, width = data.image_shape
    rows = [
        {
            "set": say(key, language),
            "images": whole(count),
            "image-shape": f"{height}\u00a0×\u00a0{width}",
            "share-of-all": percent_number(count / data.total_count, 1),
        }
        for key, count in (("train-set", data.train_count), ("test-set", data.test_count))
    ]
    return _make_table(rows, language, numeric={"images", "image-shape", "share-of-all"}, kind="data")


def class_table(data: DataFacts, language: Language) -> HtmlTable:
    """How many images each class has."""
    rows = [
        {
            "class": item.name[language]
            if item.name[language] == str(item.label)
            else f"{item.label} {item.name[language]}",
            "train-set": whole(item.train),
            "test-set": whole(item.test),
            "share": percent_number(item.train / data.train_count, 1),
        }
        for item in data.classes
    ]
    rows.append(
        {
            "class": say("all-images", language),
            "train-set": whole(data.train_count),
            "test-set": whole(data.test_count),
            "share": percent_number(1, 1),
        }
    )
    return _make_table(rows, language, numeric={"train-set", "test-set", "share"}, kind="classes")


def claims_table(facts: Facts, language: Language) -> HtmlTable:
    """The source's claims with what was measured and the verdict; our own facts stand in the text."""
    rows = [_claim_row(claim, facts.results, language) for claim in facts.claims if claim.group in _STATEMENTS]
    return _make_table(rows, language, numeric={"n"}, kind="claims")


def own_claims_table(facts: Facts, language: Language) -> HtmlTable:
    """Facts of our own: one row a statement, with the settings of which it holds, fails, or cannot be told."""
    rows: list[dict[str, Any]] = []
    for group, statement in _OWN_STATEMENTS.items():
        claims = [claim for claim in facts.claims if claim.group == group]
        if claims:
            row: dict[str, Any] = {"statement": statement[language]}
            for verdict in Verdict:
                row[f"column-{verdict}"] = _subjects(claims, verdict, facts.results, language)
            rows.append(row)
    return _make_table(rows, language, numeric=set(), kind="own-claims")


def _subjects(claims: Sequence[Claim], verdict: Verdict, results: Results, language: Language) -> Markup:
    """The settings whose claims have that verdict, study by study: `Momentum: 0.5, 0.9`."""
    parts: list[Markup] = []
    for study in results.studies:
        found = [claim for claim in claims if claim.study == study.id and claim.verdict is verdict]
        values = [column_value(study.setting(claim.setting), language) for claim in found if claim.setting is not None]
        if values:
            between = " " if language == "th" else ": "
            if (more := len(values) - _MOST_SUBJECTS) > 0:
                values = [*values[:_MOST_SUBJECTS], escape(say("and-more", language, n=f"{more:,}"))]
            parts.append(
                Markup("<i>{}</i>{}{}").format(name_study(study, language), between, Markup(", ").join(values))
            )
        elif found:
            parts.append(Markup("<i>{}</i>").format(name_study(study, language)))
    return Markup("<br>").join(parts) if parts else Markup("–")


def _verdict_mark(verdict: Verdict, language: Language) -> Markup:
    """A verdict as its sign and word, never as a colour alone."""
    return Markup('<span class="verdict {}">{}\u00a0{}</span>').format(
        verdict.value, say(f"sign-{verdict.value}", language), say(verdict.value, language)
    )


def _claim_row(claim: Claim, results: Results, language: Language) -> dict[str, Any]:
    study = results.study(claim.study)
    colon = ":" if claim.group == "patience-matters" and language == "en" else ""
    subject: Any = study.title[language] if study else claim.study
    if study and claim.setting is not None:
        subject = describe_in_table(study.setting(claim.setting), language)
        if claim.group == "plateau-helps":
            between = " " if language == "th" else ", "
            subject = escape(between).join((study.title[language], subject))
    return {
        "claim": Markup("<b>{}</b>{} {}").format(subject, colon, _STATEMENTS[claim.group][language]),
        "difference": _difference_text(claim, language),
        "n": str(claim.n),
        "verdict": _verdict_mark(claim.verdict, language),
    }


def _difference_text(claim: Claim, language: Language) -> str:
    """The interval that the verdict rests on, or how many seeds the statement is true of."""
    if "above" in claim.numbers:
        return say("of-seeds", language, k=claim.numbers["above"], n=claim.n + claim.n_diverged)
    interval = claim.interval
    if interval is None:
        if "reached" in claim.numbers:
            return say("of-seeds", language, k=claim.numbers["reached"], n=len(_list(claim.numbers["values"])))
        return "–"
    is_fraction = claim.metric in _FRACTIONS
    write: Callable[[float], str] = points if is_fraction else _signed_number
    unit = say("points-unit" if is_fraction else "epochs-unit", language)
    if interval.is_exact:
        return f"{write(interval.mean)} {unit}"
    return f"{write(interval.mean)} [{write(interval.low)}, {write(interval.high)}] {unit}"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _signed_number(value: float) -> str:
    text = num(value)
    return text if text.startswith(MINUS) or text == "0" else f"+{text}"


def environment_table(facts: Facts, language: Language) -> HtmlTable:
    """Where the runs were trained."""
    rows = [
        {
            "processor": environment.cpu_model,
            "device": environment.device.upper(),
            "TensorFlow": environment.tensorflow,
            "NumPy": environment.numpy,
            "threads": str(environment.threads),
            "runs": whole(count),
        }
        for environment, count in facts.environments
    ]
    return _make_table(rows, language, numeric={"runs", "threads"}, kind="environments")


def runs_table(facts: Facts, language: Language) -> HtmlTable:
    """The beginning of every run's key, one row per distinct setting; of very many, the first and the last."""
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for study in facts.results.studies:
        for setting in study.settings:
            keys = [run_key(setting.run(seed)) for seed in facts.results.seeds]
            if keys[0] in seen:
                continue
            seen.add(keys[0])
            codes = Markup(" ").join(Markup("<code>{}</code>").format(key[:_KEY_DIGITS]) for key in keys)
            rows.append(
                {
                    "setting": describe_in_table(setting, language),
                    "study": name_study(study, language),
                    "epochs": whole(setting.epochs),
                    "run-key-head": codes,
                }
            )
    return _make_table(list(keep_ends(rows)), language, numeric={"epochs"}, kind="runs")


def _make_table(rows: list[dict[str, Any]], language: Language, *, numeric: set[str], kind: str) -> HtmlTable:
    """A table whose columns are named in the words; a name that is none of them stands as it is."""
    frame = pd.DataFrame(rows, dtype=object)
    heads = {name: say(name, language) if has_words(name) else name for name in frame.columns}
    return HtmlTable(frame, heads, frozenset(numeric), kind)


def claim_statement(group: str, language: Language) -> str | None:
    """What a group of claims states of its subject, in words; None where the article has no words of its own for it."""
    words = _STATEMENTS.get(group) or _OWN_STATEMENTS.get(group)
    return words[language] if words else None
