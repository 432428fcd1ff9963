"""The fixed words of the pages, in both languages: labels, names of columns, notes of the layout.

Prose stands in the templates; here is only what code puts between it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lrreport.figures.words import LANGUAGES, Language

__all__ = ["LANGUAGES", "MONTHS", "REFERENCE_FORMS", "Language", "say"]

_WORDS: Final[Mapping[str, Mapping[Language, str]]] = {
    "fig": {"th": "รูปที่ {number}", "en": "Figure {number}"},
    "tab": {"th": "ตารางที่ {number}", "en": "Table {number}"},
    "eq": {"th": "สมการที่ ({number})", "en": "Equation ({number})"},
    "lst": {"th": "โค้ดที่ {number}", "en": "Listing {number}"},
    "sec": {"th": "หัวข้อ {number}", "en": "Section {number}"},
    "ex": {"th": "แบบฝึกหัดที่ {number}", "en": "Exercise {number}"},
    "answer": {"th": "เฉลยข้อ {number}", "en": "Answer {number}"},
    "answer-folded": {"th": "เฉลย", "en": "Answer"},
    "fn": {"th": "เชิงอรรถ {number}", "en": "Footnote {number}"},
    "unnumbered": {"th": "หัวข้อ {title}", "en": "“{title}”"},
    "bib": {"th": "[{number}]", "en": "[{number}]"},
    "no-value": {"th": "ไม่มีค่า", "en": "no value"},
    "reached-all": {"th": "{median}", "en": "{median}"},
    "reached-some": {"th": "{median} ({reached} จาก {n})", "en": "{median} ({reached} of {n})"},
    "reached-none": {"th": "– (0 จาก {n})", "en": "– (0 of {n})"},
    "holds": {"th": "เป็นจริง", "en": "holds"},
    "fails": {"th": "ไม่เป็นจริง", "en": "fails"},
    "cannot-tell": {"th": "ยังสรุปไม่ได้", "en": "cannot tell"},
    "setting": {"th": "การตั้งค่า", "en": "Setting"},
    "study": {"th": "การทดลอง", "en": "Study"},
    "n": {"th": "จำนวนค่า seed", "en": "Seeds"},
    "n-diverged": {"th": "{n} (ลู่ออก {k})", "en": "{n} ({k} diverged)"},
    "test-accuracy": {"th": "ค่าความถูกต้องบนชุดทดสอบ (%)", "en": "Test accuracy (%)"},
    "train-accuracy": {"th": "ค่าความถูกต้องบนชุดฝึก (%)", "en": "Train accuracy (%)"},
    "swing": {"th": "การแกว่ง (จุด)", "en": "Swing (points)"},
    "epochs-to-95": {"th": "รอบที่ถึง 95%", "en": "Epochs to 95%"},
    "lowest-loss": {"th": "รอบที่ค่าความสูญเสียบนชุดทดสอบต่ำสุด", "en": "Epoch of lowest test loss"},
    "last-epoch": {"th": "รอบสุดท้าย", "en": "the last"},
    "or-last-epoch": {"th": "{epochs} ถึงรอบสุดท้าย", "en": "{epochs} to the last"},
    "lowest-range": {"th": "{low} ถึง {high}", "en": "{low} to {high}"},
    "epochs": {"th": "รอบ", "en": "Epochs"},
    "cuts": {"th": "การลดอัตรา", "en": "Rate cuts"},
    "cuts-none": {"th": "ไม่ลด", "en": "never"},
    "cuts-count": {"th": "{median} ครั้ง (มัธยฐาน)", "en": "{median} cuts (median)"},
    "cuts-at": {"th": "รอบ {epochs}", "en": "epochs {epochs}"},
    "cuts-some": {"th": "รอบ {epochs} ({cut} จาก {n})", "en": "epochs {epochs} ({cut} of {n})"},
    "by-seed": {"th": "; ", "en": "; "},
    "images": {"th": "จำนวนภาพ", "en": "Images"},
    "statement": {"th": "ข้อความ", "en": "Statement"},
    "claim": {"th": "สิ่งที่ต้นฉบับกล่าว", "en": "Claim"},
    "verdict": {"th": "ผลการตรวจสอบ", "en": "Verdict"},
    "last_test_accuracy": {"th": "ความถูกต้องรอบสุดท้าย (จุด)", "en": "last test accuracy (points)"},
    "first_test_accuracy": {"th": "ความถูกต้องหลังรอบแรก (จุด)", "en": "test accuracy after epoch 1 (points)"},
    "epochs_to_95": {"th": "รอบที่ถึง 95%", "en": "epochs to 95%"},
    "plateau_cuts": {"th": "จำนวนครั้งที่ลดอัตรา", "en": "number of rate cuts"},
    "lowest_test_loss_epoch": {"th": "รอบที่ค่าความสูญเสียทดสอบต่ำสุด", "en": "epoch of lowest test loss"},
    "processor": {"th": "หน่วยประมวลผล", "en": "Processor"},
    "threads": {"th": "เธรดต่อโปรแกรม", "en": "Threads per program"},
    "device": {"th": "อุปกรณ์", "en": "Device"},
    "runs": {"th": "จำนวนการฝึก", "en": "Runs"},
    "contents": {"th": "สารบัญ", "en": "Contents"},
    "on-page": {"th": "หน้า", "en": "page"},
    "skip": {"th": "ข้ามไปที่เนื้อหา", "en": "Skip to the text"},
    "languages": {"th": "ภาษา", "en": "Language"},
    "downloads": {"th": "ไฟล์", "en": "Files"},
    "both": {"th": "ไทยคู่อังกฤษ", "en": "Thai and English"},
    "edition": {"th": "ฉบับวันที่ {date}", "en": "Edition of {date}"},
    "digest": {"th": "รหัสฉบับ {digest}", "en": "digest {digest}"},
    "preview": {
        "th": "ฉบับทดลองอ่าน ฝึกเพียง {epochs} รอบ ใช้ค่า seed {seeds} ค่า ตัวเลขในฉบับนี้ยังสรุปอะไรไม่ได้",
        "en": "Preview edition: {epochs} epochs and {seeds} only. Its numbers settle nothing.",
    },
    "preview-short": {"th": "ฉบับทดลองอ่าน", "en": "Preview edition"},
    "single-seed": {
        "th": "ฉบับนี้ใช้ค่า seed ค่าเดียว จึงบอกไม่ได้ว่าถ้าใช้ค่าอื่น ผลจะต่างไปแค่ไหน",
        "en": "This edition rests on a single seed: it cannot show how far results vary from one start to another.",
    },
    "single-seed-short": {"th": "ค่า seed ค่าเดียว", "en": "A single seed"},
    "seeds-one": {"th": "1", "en": "1 seed"},
    "seeds-many": {"th": "{n}", "en": "{n} seeds"},
    "source-box": {"th": "ตรวจแล้วเป็นอย่างไร", "en": "Checked"},
    "takeaway": {"th": "ใจความสำคัญ", "en": "In short"},
    "note": {"th": "หมายเหตุ", "en": "Note"},
    "code-of": {"th": "เนื้อหาของ{label}", "en": "Code: {label}"},
}

#: Month names; Thai dates count the years of the Buddhist era.
MONTHS: Final[Mapping[Language, tuple[str, ...]]] = {
    "th": (
        "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
        "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip

#: What a reference may point at, by the word before its colon.
REFERENCE_FORMS: Final = ("fig", "tab", "eq", "lst", "sec")


def has_words(key: str) -> bool:
    """Whether there are words of that key."""
    return key in _WORDS


def say(key: str, language: Language, **values: object) -> str:
    """The words of that key, with their gaps filled.

    >>> say("fig", "en", number=3)
    'Figure 3'
    """
    return _WORDS[key][language].format(**values)
