"""What differs between an edition and the one before it, in sentences of both languages, for the appendix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from lrreport.article.claim_words import claim_statement
from lrreport.article.filters import percent_number, points
from lrreport.article.words import Language, say
from lrreport.editions.edition_diff import Change, Difference, Movement, Sample
from lrreport.editions.published import Subject
from lrreport.figures.words import LANGUAGES
from lrreport.spec import Study

Sentences = dict[str, str]

#: So many verdicts, and so many results, are told one by one; of more the number.
_SHOWN: Final = 8
_POWER: Final = re.compile(r"\b\d+(?:\.\d+)?e-\d+\b")


class _Names:
    """Studies and settings in words; those that the article no longer has by their ids."""

    def __init__(self, studies: Iterable[Study]) -> None:
        self._studies = {study.id: study for study in studies}

    def study(self, study_id: str, language: Language) -> str:
        known = self._studies.get(study_id)
        return known.title[language] if known else study_id

    def setting(self, study_id: str, text: str, language: Language) -> str:
        """`Momentum, setting 0.9`; small numbers in full, since `edition.json` holds text and no markup."""
        plain = _POWER.sub(lambda match: f"{float(match[0]):.12f}".rstrip("0"), text)
        form = "{} การตั้งค่า {}" if language == "th" else "{}, setting {}"
        return form.format(self.study(study_id, language), plain)


def list_changes(difference: Difference, studies: Sequence[Study]) -> tuple[Sentences, ...]:
    """The changes of an edition, each as plain text in both languages.

    Args:
        difference: Between the edition that is replaced and this one.
        studies: Of this one.
    """
    names = _Names(studies)
    found = [
        *_tell_number("seeds", difference.seeds),
        *_tell_number("epochs", difference.epochs),
        *_tell_studies(difference, names),
        *_tell_verdicts(difference, names),
        *_tell_results(difference, names),
        *_tell_versions(difference),
    ]
    if not found:
        found = [
            {
                "th": "ปรับปรุงข้อความหรือหน้าตาของบทความ ผลการทดลองเหมือนเดิม",
                "en": "Texts or pages were revised; the results are the same.",
            }
        ]
    return tuple(found)


def _tell_number(what: str, numbers: tuple[int, int] | None) -> list[Sentences]:
    if numbers is None or numbers[0] == numbers[1]:
        return []
    before, after = numbers
    if what == "seeds":
        direction = "เพิ่มขึ้น" if after > before else "ลดลง"
        return [
            {
                "th": f"จำนวนค่า seed {direction}จาก {before:,} ค่าเป็น {after:,} ค่า",
                "en": f"The number of seeds went from {before:,} to {after:,}.",
            }
        ]
    return [
        {
            "th": f"จำนวนรอบของการทดลองที่ยาวที่สุดเปลี่ยนจาก {before:,} รอบเป็น {after:,} รอบ",
            "en": f"The longest study went from {before:,} to {after:,} epochs.",
        }
    ]


def _tell_studies(difference: Difference, names: _Names) -> list[Sentences]:
    forms = (
        (difference.studies_added, "เพิ่มการทดลอง {}", "New study: {}."),
        (difference.studies_removed, "ตัดการทดลอง {} ออก", "Study left out: {}."),
    )
    told = [
        {"th": thai.format(names.study(study, "th")), "en": english.format(names.study(study, "en"))}
        for studies, thai, english in forms
        for study in studies
    ]
    settings = (
        (difference.settings_added, "เพิ่มการตั้งค่า {}", "New setting: {}."),
        (difference.settings_removed, "ตัดการตั้งค่า {} ออก", "Setting left out: {}."),
    )
    told += [
        {"th": thai.format(names.setting(*name, "th")), "en": english.format(names.setting(*name, "en"))}
        for found, thai, english in settings
        for name in found
    ]
    return told


def _tell_verdicts(difference: Difference, names: _Names) -> list[Sentences]:
    """Claims that have words one by one; of the others, and of what is too much, the number."""
    moved = {change.name for change in difference.subjects}
    turned = [change for change in difference.turned if change.name not in moved]
    told = [
        _tell_verdict(change, difference.about.get(change.name), names)
        for change in turned
        if claim_statement(_group(change), "en")
    ]
    told += [_tell_subject(change, names) for change in difference.subjects if claim_statement(_group(change), "en")]
    told = told[:_SHOWN]
    if more := len(turned) + len(moved) - len(told):
        told.append(
            {
                "th": f"ข้อที่ตรวจสอบเปลี่ยน{'อีก' if told else ''} {more:,} ข้อ ดูผลทุกข้อได้ใน data/claims.json",
                "en": f"{more:,} {'more ' if told else ''}claim{'s' if more > 1 else ''} changed; "
                "data/claims.json has all of them.",
            }
        )
    return told


def _group(change: Change) -> str:
    return change.name.partition("/")[0]


def _tell_verdict(change: Change, about: Subject | None, names: _Names) -> Sentences:
    study, setting = about or ("", None)
    sentences: Sentences = {}
    for language in LANGUAGES:
        subject = names.study(study, language) if setting is None else names.setting(study, setting, language)
        statement = claim_statement(_group(change), language)
        before, after = (say(str(verdict), language) for verdict in (change.before, change.after))
        sentences[language] = (
            f"ผลการตรวจสอบข้อที่ว่า “{subject} {statement}” เปลี่ยนจาก “{before}” เป็น “{after}”"
            if language == "th"
            else f"“{subject}: {statement}” went from “{before}” to “{after}”."
        )
    return sentences


def _tell_subject(change: Change, names: _Names) -> Sentences:
    """A claim that speaks of another setting than before: of the best one, say."""
    sentences: Sentences = {}
    for language in LANGUAGES:
        before, after = (_subject_in_words(text, names, language) for text in (change.before, change.after))
        statement = claim_statement(_group(change), language)
        sentences[language] = (
            f"ข้อที่ว่า “{statement}” เดิมกล่าวถึง {before} ฉบับนี้กล่าวถึง {after}"
            if language == "th"
            else f"“{statement}” was said of “{before}” and is now said of “{after}”."
        )
    return sentences


def _subject_in_words(text: str | None, names: _Names, language: Language) -> str:
    study, slash, setting = (text or "").partition("/")
    return names.setting(study, setting, language) if slash else names.study(study, language)


def _tell_results(difference: Difference, names: _Names) -> list[Sentences]:
    """What moved beyond the noise of seeds one by one; of the rest the number."""
    beyond = difference.beyond_noise
    told = [_tell_movement(movement, names) for movement in beyond[:_SHOWN]]
    if more := len(beyond) - len(told):
        told.append(
            {
                "th": f"ผลของอีก {more:,} แบบเปลี่ยนมากเกินกว่าจะเป็นเพราะค่า seed",
                "en": f"{more:,} more settings moved by more than the seeds explain.",
            }
        )
    untold = sum(movement.interval is None for movement in difference.within_noise)
    if within := len(difference.within_noise) - untold:
        told.append(
            {
                "th": f"ผลของ {within:,} แบบเปลี่ยนไปบ้าง แต่ไม่มากเกินกว่าที่จะเป็นเพราะค่า seed",
                "en": f"The results of {_count_settings(within)} changed, by no more than the seeds explain.",
            }
        )
    if untold:
        told.append(
            {
                "th": f"ผลของ {untold:,} แบบเปลี่ยนไป แต่ค่า seed มีน้อยเกินกว่าจะบอกได้ว่าเป็นเพราะการสุ่มหรือไม่",
                "en": f"The results of {_count_settings(untold)} changed; with so few seeds it cannot be told whether by "
                "more than they explain.",
            }
        )
    return told


def _count_settings(number: int) -> str:
    return "1 setting" if number == 1 else f"{number:,} settings"


def _tell_movement(movement: Movement, names: _Names) -> Sentences:
    before, after = movement.before, movement.after
    thai, english = (names.setting(movement.study, movement.setting, language) for language in ("th", "en"))
    if before.mean is None or after.mean is None or before.n_diverged != after.n_diverged:
        return {
            "th": f"{thai} ลู่ออก {_count_diverged(after, 'จาก')} ค่า seed จากเดิม {_count_diverged(before, 'จาก')} ค่า seed",
            "en": f"{english}: {_count_diverged(after, 'of')} seeds diverged, {_count_diverged(before, 'of')} before.",
        }
    was, now = percent_number(before.mean), percent_number(after.mean)
    difference = points(after.mean - before.mean)
    return {
        "th": f"{thai} ค่าความถูกต้องเฉลี่ยบนชุดทดสอบในรอบสุดท้ายเปลี่ยนจาก {was}% เป็น {now}% ({difference} จุด)",
        "en": f"{english}: the mean test accuracy in the last epoch went from {was}% to {now}% ({difference} points).",
    }


def _count_diverged(sample: Sample, word: str) -> str:
    return f"{sample.n_diverged} {word} {sample.n + sample.n_diverged}"


def _tell_versions(difference: Difference) -> list[Sentences]:
    told: list[Sentences] = []
    if difference.versions:
        thai, english = [], []
        for change in difference.versions:
            if change.before is None:
                thai.append(f"เพิ่ม {change.name} {change.after}")
                english.append(f"{change.name} {change.after} is new")
            elif change.after is None:
                thai.append(f"เลิกใช้ {change.name}")
                english.append(f"{change.name} is gone")
            else:
                thai.append(f"เปลี่ยน {change.name} จาก {change.before} เป็น {change.after}")
                english.append(f"{change.name} from {change.before} to {change.after}")
        told.append(
            {
                "th": f"ซอฟต์แวร์ที่ใช้ต่างจากเดิม ได้แก่ {', '.join(thai)}",
                "en": f"Versions of software: {', '.join(english)}.",
            }
        )
    if difference.environments_added:
        told.append(
            {
                "th": "การฝึกบางครั้งใช้เครื่องหรือซอฟต์แวร์ต่างจากฉบับก่อน ดูรายการในภาคผนวกนี้",
                "en": "Some runs were trained on another machine or with other software than before; "
                "this appendix lists them.",
            }
        )
    return told
