"""What each group of claims states of its subject, in words of both languages; lists of changes are made of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lrreport.article.words import Language

#: The source's claims, in our words, by group.
_STATEMENTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "lr-above-80": {"th": "ได้ค่าความถูกต้องในรอบสุดท้ายเกิน 80%", "en": "ends above 80%"},
    "lr-rest-low": {"th": "ได้ค่าความถูกต้องต่ำกว่าอัตราที่สูงกว่าทั้งสี่ค่า", "en": "ends below each of the four larger rates"},
    "lr-slow-start": {"th": "หลังรอบแรก ค่าความถูกต้องยังต่ำกว่าของอัตรา 0.01", "en": "is below 0.01 after the first epoch"},
    "momentum-faster": {"th": "ถึง 95% เร็วกว่าเมื่อไม่ใช้โมเมนตัม", "en": "reaches 95% sooner than without momentum"},
    "momentum-damps": {"th": "แกว่งน้อยกว่าเมื่อไม่ใช้โมเมนตัม", "en": "swings less than without momentum"},
    "decay-damps": {"th": "แกว่งน้อยกว่าเมื่อไม่ใช้ decay", "en": "swings less than without decay"},
    "decay-accurate": {"th": "ได้ค่าความถูกต้องในรอบสุดท้ายเกิน 90%", "en": "ends above 90%"},
    "decay-0.1-slow": {"th": "ได้ค่าความถูกต้องต่ำที่สุดในสี่ค่า", "en": "ends lowest of the four"},
    "plateau-helps": {"th": "ได้ค่าความถูกต้องสูงกว่าเมื่อไม่ใช้ callback", "en": "ends above the same run without the callback"},
    "patience-matters": {"th": "ระยะรอต่างกันให้ผลต่างกัน", "en": "different patiences end differently"},
    "adaptive-beats-sgd": {"th": "ได้ค่าความถูกต้องสูงกว่า SGD", "en": "ends above SGD"},
}


#: Facts of our own, as a sentence about settings, by group.
_OWN_STATEMENTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "own-best-of-study": {"th": "ได้ค่าความถูกต้องสูงกว่าอันดับสองของการทดลอง", "en": "ends above the second of its study"},
    "own-best-setting": {"th": "ได้ค่าความถูกต้องสูงกว่าอันดับสองของทั้งหมด", "en": "ends above the second of all"},
    "own-best-on-edge": {"th": "ค่าที่ดีที่สุดอยู่ริมช่วงที่ลอง", "en": "the best value lies on the edge of those tried"},
    "own-reaches-95": {"th": "ถึง 95%", "en": "gets to 95%"},
    "own-reaches-97": {"th": "ถึง 97%", "en": "gets to 97%"},
    "own-unfinished": {"th": "ยังไต่ขึ้นในช่วงท้าย", "en": "was still rising at the end"},
    "own-overfits": {"th": "ค่าความสูญเสียบนชุดทดสอบต่ำสุดก่อนรอบสุดท้าย", "en": "test loss lowest before the last epoch"},
    "own-memorises": {"th": "ค่าความถูกต้องบนชุดฝึกสูงกว่าเกิน 1 จุด", "en": "train above test accuracy by over 1 point"},
    "own-roughest": {"th": "แกว่งมากกว่าแบบที่แกว่งน้อยที่สุด", "en": "swings more than the calmest of its study"},
    "own-jumps": {"th": "แกว่งมากกว่าอัตรา 0.01", "en": "swings more than rate 0.01"},
    "own-tenth": {
        "th": "ได้ผลเท่าอัตราที่สูงกว่า 10 เท่าซึ่งฝึกเพียงหนึ่งในสิบของจำนวนรอบ",
        "en": "gets as far as 10 times the rate in a tenth of the time",
    },
    "own-ground": {
        "th": "ได้ผลเท่าอัตราคงที่ที่มีระยะทางสะสมเท่ากัน",
        "en": "ends as far as a constant rate on equal ground",
    },
    "own-one-order": {
        "th": "ลำดับภาพเดียวให้ค่าความสูญเสียสูงกว่าสลับใหม่ทุกรอบ",
        "en": "one order of images ends with more loss than a new one each epoch",
    },
    "own-effective-rate": {
        "th": "เร็วเท่า SGD ที่อัตราหารด้วย 1 ลบโมเมนตัม",
        "en": "as fast as SGD at the rate over 1 − momentum",
    },
    "own-decay-spent": {"th": "จบการฝึกแล้วอัตราเหลือไม่ถึงหนึ่งในร้อย", "en": "leaves less than a hundredth of the rate"},
    "own-plateau-fired": {"th": "callback ลดอัตราอย่างน้อยหนึ่งครั้ง", "en": "the callback cut the rate at least once"},
    "own-cut-calms": {"th": "แกว่งน้อยกว่าเมื่อไม่ใช้ callback", "en": "swings less than without the callback"},
    "own-below-sgd": {"th": "ได้ค่าความถูกต้องต่ำกว่า SGD", "en": "ends below SGD"},
    "own-tuned-sgd": {"th": "ได้ค่าความถูกต้องสูงกว่า Adam ตามค่าเริ่มต้น", "en": "ends above Adam at its defaults"},
}


def claim_statement(group: str, language: Language) -> str | None:
    """What a group of claims states of its subject, in words; None where the article has no words of its own for it."""
    words = _STATEMENTS.get(group) or _OWN_STATEMENTS.get(group)
    return words[language] if words else None
