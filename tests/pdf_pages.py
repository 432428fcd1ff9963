"""Pages and words for the PDF tests, and what poppler reads in a PDF."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

from lrreport.editions.edition import BLANK_DIGEST

#: Words that PDF writers get wrong: ำ with and without tone marks, two marks on one letter, tall and tailed letters.
HARD_WORDS = tuple(
    """
    น้ำ ป้ำ ก่ำ ค้ำ ซ้ำ ย้ำ ล้ำ ร่ำ ทำ กำ ปั้น ฝั่ง ฟั่น ปี่ ฝี่ ฟื้น ปู่ ฝุ่น ฟุ้ง ญี่ปุ่น ฐานะ หญ้า
    กุญแจ ปัญญา บัญชี ที่ปรึกษา พารามิเตอร์ ไฮเปอร์พารามิเตอร์ โมเมนตัม เกรเดียนต์ ครั้งที่ ทั้งนี้
    ผู้อ่าน ลู่เข้า รู้จัก เรียนรู้ ที่ราบสูง แม่นยำ สม่ำเสมอ ค่าน้ำหนัก เริ่มต้น ขึ้นอยู่ สิ้นสุด
    เสื้อผ้า เก้าอี้ กี๊ก โน้ต ก๋วยเตี๋ยว เป๊ะ ฤๅษี ฦๅชา ฎีกา ฏัก ปฏิบัติ ศิลป์ สัมพันธ์ องค์ ฯลฯ ๆ เฉลี่ย
    บ่อยๆ กรุ่น ฤทธิ์
    """.split()  # noqa: SIM905 - sixty quoted words would fill the screen
)
_LETTERS = "กขคงจชซญฎฏฐดตทนบปผฝพฟภมยรลวศสหฬอฮ"
_ABOVE_OR_BELOW = ("", "ั", "ิ", "ี", "ึ", "ื", "ุ", "ู")
_TONES = ("", "่", "้", "๊", "๋")


def made_up_words(count: int, *, seed: int) -> tuple[str, ...]:
    """Hard words, and words made of syllables: consonant, vowel above or below, tone mark, ำ or a last consonant."""
    source = random.Random(seed)
    words = list(HARD_WORDS)
    while len(words) < count:
        words.append("".join(_syllable(source) for _ in range(source.randint(1, 3))))
    source.shuffle(words)
    return tuple(words[:count])


def _syllable(source: random.Random) -> str:
    letter, tone, last = source.choice(_LETTERS), source.choice(_TONES), source.choice(_LETTERS)
    forms = (
        letter + source.choice(_ABOVE_OR_BELOW[1:]) + tone + last,
        letter + tone + "ำ",
        letter + tone + "า" + last,
        source.choice("เแโใไ") + letter + tone,
        "เ" + letter + "ี" + tone + "ยว",
    )
    return source.choice(forms)


def page(body: str, *, language: str = "th", css: str = "", head: str = "") -> str:
    """A page of an article: A4, Sarabun, a running header and a page number."""
    rules = (
        "@page{size:A4;margin:24mm;@top-left{content:'หัวกระดาษ'}@bottom-center{content:counter(page)}}"
        "body{font-family:Sarabun;font-size:11pt;line-height:1.6}code{font-family:'IBM Plex Mono',Sarabun}"
    )
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><title>บทความ {language}</title>{head}'
        f"<style>{rules}{css}</style></head><body>{body}</body></html>"
    )


def article(language: str) -> str:
    """A small article with all that the real one has: a digest, sections, a link, a long table, code, a figure."""
    words = "น้ำท่วมที่ราบสูง อัตราการเรียนรู้ η " if language == "th" else "The learning rate η of the first office "
    rows = "".join(f'<tr><th scope="row">{number}</th><td>{number / 8}</td></tr>' for number in range(60))
    sections = "".join(
        f'<h2 id="{language}-s{number}">{words}{number}</h2><p>{words * 12}'
        f'<a href="#{language}-s{2 - number}">{number}</a>, <a href="https://example.org/">example.org</a></p>'
        for number in range(3)
    )
    picture = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><path d='M0 0L9 9' stroke='black'/></svg>"
    return page(
        f'<h1 id="{language}-top">{words}</h1><p>{words}<code>{BLANK_DIGEST}</code></p>'
        f"{sections}<table><caption>{words}</caption>"
        f"<thead><tr><th>a</th><th>b</th></tr></thead><tbody>{rows}</tbody></table>"
        f'<pre><code>print("{words}")</code></pre><p><span></span></p>'
        f'<img alt="{words}" src="data:image/svg+xml,{picture}">',
        language=language,
        css="td,th{border:1px solid #888;font-weight:600}",
        head='<meta name="author" content="A. Writer"><meta name="dcterms.created" content="2024-01-02">',
    )


def text_of(pdf: bytes, folder: Path, *options: str) -> str:
    """What pdftotext reads."""
    path = folder / "read.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", *options, path, "-"], check=True, capture_output=True, encoding="utf-8").stdout


def pixels_of(pdf: bytes, folder: Path) -> bytes:
    """All pages as pixels, by poppler."""
    path = folder / "drawn.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftoppm", "-r", "100", path], check=True, capture_output=True).stdout
