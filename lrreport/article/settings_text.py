"""Settings in words, with small numbers as real powers of ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup, escape

from lrreport.article.filters import rate
from lrreport.article.words import Language
from lrreport.figures.forms import are_numbers, list_values
from lrreport.figures.words import NAMES, cut_text, name_key, shown_keys
from lrreport.spec import Setting, Study, Value, format_value

#: A varied key as a phrase with its value in it, by language.
_PHRASES: Final[Mapping[str, Mapping[Language, str]]] = {
    "learning_rate": {"th": "อัตราการเรียนรู้ {}", "en": "learning rate {}"},
    "momentum": {"th": "โมเมนตัม {}", "en": "momentum {}"},
    "decay": {"th": "decay {}", "en": "decay {}"},
    "batch_size": {"th": "มินิแบตช์ละ {} ภาพ", "en": "minibatches of {}"},
    "epochs": {"th": "{} รอบ", "en": "{} epochs"},
    "hidden_units": {"th": "ชั้นซ่อน {} หน่วย", "en": "hidden units {}"},
    "plateau.patience": {"th": "ระยะรอ {} รอบ", "en": "patience {}"},
    "plateau.factor": {"th": "ตัวคูณ {}", "en": "factor {}"},
    "plateau.min_delta": {"th": "min_delta {}", "en": "min_delta {}"},
    "optimizer": {"th": "{}", "en": "{}"},
    "dataset": {"th": "{}", "en": "{}"},
    "shuffle": {"th": "สลับภาพ {}", "en": "shuffle {}"},
}
#: What heads the column of settings when a study varies that key alone.
_HEADS: Final[Mapping[str, Mapping[Language, str]]] = {
    "learning_rate": {"th": "อัตราการเรียนรู้", "en": "Learning rate"},
    "momentum": {"th": "โมเมนตัม", "en": "Momentum"},
    "decay": {"th": "decay", "en": "Decay"},
    "batch_size": {"th": "ขนาดมินิแบตช์", "en": "Minibatch"},
    "hidden_units": {"th": "หน่วยในชั้นซ่อน", "en": "Hidden units"},
    "plateau.patience": {"th": "ระยะรอ (รอบ)", "en": "Patience (epochs)"},
    "plateau.factor": {"th": "ตัวคูณ", "en": "Factor"},
    "optimizer": {"th": "optimizer", "en": "Optimizer"},
    "dataset": {"th": "ชุดข้อมูล", "en": "Dataset"},
    "shuffle": {"th": "การสลับภาพ", "en": "Shuffle"},
}
#: So many letters of a title stand where room is short: in tables, lists, the head of a page.
SHORT_TITLE: Final = 60
#: And so many on the one line that the head of a page has for it.
HEAD_TITLE: Final = 44
#: More values than these are told by their number.
_MOST_NAMED: Final = 4
_SETTING: Final[Mapping[Language, str]] = {"th": "การตั้งค่า", "en": "Setting"}
_ONLY: Final[Mapping[Language, str]] = {"th": "การตั้งค่าเดียว", "en": "the only setting"}
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


def name_study(study: Study, language: Language) -> Markup:
    """A study's title where room is short: cut after some words."""
    return escape(cut_text(study.title[language], SHORT_TITLE))


def describe_in_table(setting: Setting, language: Language) -> Markup:
    """The same with a capital, where it begins a cell."""
    text = describe(setting, language)
    return text[:1].upper() + text[1:] if text[:1].isascii() and not text.startswith("min_") else text


def describe_grid(study: Study, language: Language) -> tuple[Markup, ...]:
    """The varied keys of a study with their values, for a sentence: few values one by one, many by their number.

    A key with a single value is left out, unless there is no other.
    """
    return tuple(_describe_key(key, list_values(study, key), language) for key in shown_keys(study))


def _describe_key(key: str, values: Sequence[Value], language: Language) -> Markup:
    name = _name_within(key, language)
    texts = [_write_cell(value, language) for value in values]
    if isinstance(values[0], bool):
        return _join(texts, language)
    if len(values) <= _MOST_NAMED:
        return Markup("{} {}").format(name, _join(texts, language))
    if not are_numbers(values):
        return escape(f"{name} {len(values)} ค่า" if language == "th" else f"{name} ({len(values)} values)")
    if language == "th":
        return Markup("{} {} ค่า ตั้งแต่ {} ถึง {}").format(name, len(values), texts[0], texts[-1])
    return Markup("{} ({} values from {} to {})").format(name, len(values), texts[0], texts[-1])


def _join(texts: Sequence[Markup], language: Language) -> Markup:
    """An enumeration of values."""
    word = " and "
    if language == "th":
        word = " และ" if "ก" <= texts[-1][:1] <= "๛" else " และ "
    return Markup(word).join(part for part in (Markup(", ").join(texts[:-1]), texts[-1]) if part)  # noqa: S704 - ours


def grid_head(study: Study, language: Language) -> str:
    """What heads the column of a study's settings where their values alone stand below it: the keys, one after the other."""
    keys = shown_keys(study)
    if len(keys) <= 1:
        return column_head(study, language)
    return ", ".join([name_key(keys[0], language), *(_name_within(key, language) for key in keys[1:])])


def _name_within(key: str, language: Language) -> str:
    """A key's name within a sentence or a list: in English without its capital, unless that is a person's."""
    name = name_key(key, language)
    return name if language == "th" or key == "nesterov" else name[:1].lower() + name[1:]


def grid_value(study: Study, setting: Setting, language: Language) -> Markup:
    """A setting below that head."""
    keys = shown_keys(study)
    if len(keys) <= 1:
        return column_value(setting, language)
    return Markup(", ").join(_write_cell(value, language) for key, value in setting.varied if key in keys)


def _write_cell(value: Value, language: Language) -> Markup:
    if isinstance(value, bool):
        return escape(_NESTEROV[value][language])
    return escape(_NO_HIDDEN_LAYER[language]) if value == () else _write_value(value)


def column_head(study: Study, language: Language) -> str:
    """What heads the column of a study's settings."""
    keys = study.varied_keys
    return _HEADS[keys[0]][language] if len(keys) == 1 and keys[0] in _HEADS else _SETTING[language]


def column_value(setting: Setting, language: Language) -> Markup:
    """A setting below that head."""
    if len(setting.varied) == 1 and setting.varied[0][0] in _HEADS and setting.varied[0][1] != ():
        return _write_value(setting.varied[0][1])
    return describe_in_table(setting, language)
