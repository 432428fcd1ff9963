"""What differs between an edition and the one before it, in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lrreport.results import Results


def describe_extent(results: Results) -> dict[str, Any]:
    """What `edition.json` remembers of an edition, for the next one to compare with."""
    return {
        "seeds": len(results.seeds),
        "epochs": max(setting.epochs for study in results.studies for setting in study.settings),
        "studies": {study.id: [setting.text for setting in study.settings] for study in results.studies},
        "preview": results.is_preview,
    }


def list_changes(previous: Mapping[str, Any], results: Results) -> tuple[dict[str, str], ...]:
    """Changes against the edition that `edition.json` describes; empty when there was none.

    Args:
        previous: The older edition's document, or an empty one.
        results: Of the new edition.
    """
    older = previous.get("extent")
    if not isinstance(older, Mapping):
        return ()
    newer = describe_extent(results)
    changes = []
    for name, thai, english in (
        ("seeds", "จำนวนค่าตั้งต้นการสุ่ม", "number of seeds"),
        ("epochs", "จำนวนรอบ", "number of epochs"),
    ):
        before, after = older.get(name), newer[name]
        if isinstance(before, int) and before != after:
            changes.append(
                {"th": f"{thai}เปลี่ยนจาก {before} เป็น {after}", "en": f"The {english} went from {before} to {after}."}
            )
    before_studies = older.get("studies")
    known = [str(study_id) for study_id in before_studies] if isinstance(before_studies, Mapping) else []
    changes += [
        {"th": f"เพิ่มการทดลอง {study.title['th']}", "en": f"New study: {study.title['en']}."}
        for study in results.studies
        if study.id not in known
    ]
    changes += [
        {"th": f"นำการทดลอง {study_id} ออก", "en": f"Study left out: {study_id}."}
        for study_id in known
        if results.study(study_id) is None
    ]
    if not changes:
        changes.append(
            {"th": "ปรับปรุงข้อความ ผลลัพธ์ หรือเวอร์ชันของซอฟต์แวร์", "en": "Texts, results or software versions were updated."}
        )
    return tuple(changes)
