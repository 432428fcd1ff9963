"""Settings in words, with small numbers as real powers of ten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup, escape

from lrreport.article.filters import rate
from lrreport.article.words import Language
from lrreport.figures.words import NAMES
from lrreport.spec import Setting, Study, Value, format_value

#: A varied key as a phrase with its value in it, by language.
_PHRASES: Final[Mapping[str, Mapping[Language, str]]] = {
    "learning_rate": {"th": "อัตราการเรียนรู้ {}", "en": "learning rate {}"},
    "momentum": {"th": "โมเมนตัม {}", "en": "momentum {}"},
    "decay": {"th": "การลดทอน {}", "en": "decay {}"},
    "batch_size": {"th": "มินิแบตช์ละ {} ภาพ", "en": "minibatches of {}"},
    "epochs": {"th": "{} รอบ", "en": "{} epochs"},
    "hidden_units": {"th": "ชั้นซ่อน {} หน่วย", "en": "hidden units {}"},
    "plateau.patience": {"th": "ระยะรอ {} รอบ", "en": "patience {}"},
    "plateau.factor": {"th": "ตัวคูณ {}", "en": "factor {}"},
    "plateau.min_delta": {"th": "min_delta {}", "en": "min_delta {}"},
    "optimizer": {"th": "{}", "en": "{}"},
    "dataset": {"th": "{}", "en": "{}"},
}
#: What heads the column of settings when a study varies that key alone.
_HEADS: Final[Mapping[str, Mapping[Language, str]]] = {
    "learning_rate": {"th": "อัตราการเรียนรู้", "en": "Learning rate"},
    "momentum": {"th": "โมเมนตัม", "en": "Momentum"},
    "decay": {"th": "การลดทอน", "en": "Decay"},
    "batch_size": {"th": "ขนาดมินิแบตช์", "en": "Minibatch"},
    "hidden_units": {"th": "หน่วยในชั้นซ่อน", "en": "Hidden units"},
    "plateau.patience": {"th": "ระยะรอ (รอบ)", "en": "Patience (epochs)"},
    "plateau.factor": {"th": "ตัวคูณ", "en": "Factor"},
    "optimizer": {"th": "ตัวหาค่าเหมาะที่สุด", "en": "Optimizer"},
    "dataset": {"th": "ชุดข้อมูล", "en": "Dataset"},
}
_SETTING: Final[Mapping[Language, str]] = {"th": "ชุดค่า", "en": "Setting"}
_ONLY: Final[Mapping[Language, str]] = {"th": "ชุดค่าเดียว", "en": "the only setting"}
_NESTEROV: Final[Mapping[bool, Mapping[Language, str]]] = {
    True: {"th": "ใช้ Nesterov", "en": "Nesterov"},
    False: {"th": "ไม่ใช้ Nesterov", "en": "no Nesterov"},
}
_NO_HIDDEN_LAYER: Final[Mapping[Language, str]] = {"th": "ไม่มีชั้นซ่อน", "en": "no hidden layer"}


def _write_value(value: Value) -> Markup:
    if isinstance(value, bool | str):
        return escape(NAMES.get(str(value), format_value(value)))
    if isinstance(value, tuple):
        return escape(" × ".join(str(width) for width in value))
    return rate(value)


def _write_pair(key: str, value: Value, language: Language) -> Markup:
    if isinstance(value, bool):
        return escape(_NESTEROV[value][language])
    if value == ():
        return escape(_NO_HIDDEN_LAYER[language])
    phrase = _PHRASES[key][language] if key in _PHRASES else f"{key} {{}}"
    return escape(phrase).format(_write_value(value))


def describe(setting: Setting, language: Language) -> Markup:
    """A setting in words: `momentum 0.9`, of a grid `momentum 0.9, minibatches of 64`."""
    if not setting.varied:
        return escape(_ONLY[language])
    separator = " " if language == "th" else ", "
    return escape(separator).join(_write_pair(key, value, language) for key, value in setting.varied)


def describe_in_table(setting: Setting, language: Language) -> Markup:
    """The same with a capital, where it begins a cell."""
    text = describe(setting, language)
    return text[:1].upper() + text[1:] if text[:1].isascii() and not text.startswith("min_") else text


def column_head(study: Study, language: Language) -> str:
    """What heads the column of a study's settings."""
    keys = study.varied_keys
    return _HEADS[keys[0]][language] if len(keys) == 1 and keys[0] in _HEADS else _SETTING[language]


def column_value(setting: Setting, language: Language) -> Markup:
    """A setting below that head."""
    if len(setting.varied) == 1 and setting.varied[0][0] in _HEADS and setting.varied[0][1] != ():
        return _write_value(setting.varied[0][1])
    return describe_in_table(setting, language)
