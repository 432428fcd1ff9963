"""Every word and number that stands in a figure, in both languages."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from lrreport.spec import Study, Value, format_value

Language: TypeAlias = Literal["th", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("th", "en")

MINUS: Final = "\N{MINUS SIGN}"
TIMES: Final = "\N{MULTIPLICATION SIGN}"
DASH: Final = "\N{EN DASH}"
_SUPERSCRIPTS: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_PLAIN: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", f"0123456789{MINUS}")

_TEXTS: Final[Mapping[str, Mapping[Language, str]]] = {
    "epoch": {"th": "รอบ (epoch)", "en": "Epoch"},
    "accuracy": {"th": "ค่าความถูกต้อง (%)", "en": "Accuracy (%)"},
    "loss": {"th": "ค่าความสูญเสีย", "en": "Loss"},
    "rate": {"th": "อัตราการเรียนรู้", "en": "Learning rate"},
    "train": {"th": "ชุดฝึก", "en": "training data"},
    "test": {"th": "ชุดทดสอบ", "en": "test data"},
    "band": {"th": "ต่ำสุดถึงสูงสุดของค่า seed {n} ค่า", "en": "lowest to highest of {n} seeds"},
    "strip": {"th": "อัตราที่ใช้จริง (แถบล่าง)", "en": "rate in force (strip below)"},
    "stretched": {"th": "{axis}\nขยายช่วงใกล้ 100", "en": "{axis}\nstretched towards 100"},
    "diverged": {"th": "ลู่ออก", "en": "diverged"},
    "n-diverged": {"th": "ลู่ออก {k} จาก {n}", "en": "{k} of {n} diverged"},
    "cut": {"th": "ลดอัตราเมื่อจบรอบนี้", "en": "rate cut at the end of this epoch"},
    "only-setting": {"th": "การตั้งค่าเดียว", "en": "The only setting"},
    "no-callback": {"th": "ไม่ใช้ callback", "en": "no callback"},
    "no-decay": {"th": "ไม่ใช้ decay", "en": "no decay"},
    "test-loss": {"th": "ค่าความสูญเสีย (ทดสอบ)", "en": "test loss"},
    "train-loss": {"th": "ค่าความสูญเสีย (ฝึก)", "en": "train loss"},
    "mean": {"th": "ค่าเฉลี่ย", "en": "mean"},
    "lowest": {"th": "ต่ำสุด", "en": "lowest"},
    "highest": {"th": "สูงสุด", "en": "highest"},
    "data-of": {"th": "ตัวเลขของ{label}", "en": "The numbers of {label}"},
    "this-picture": {"th": "ภาพนี้", "en": "this picture"},
    "ends-percent": {"th": "ค่าความถูกต้องบนชุดทดสอบหลังรอบสุดท้าย (%)", "en": "Test accuracy after the last epoch (%)"},
    "ends": {"th": "ชุดทดสอบหลังรอบสุดท้าย", "en": "Test data after the last epoch"},
    "log-axis": {"th": "{axis} (สเกลลอการิทึม)", "en": "{axis} (log scale)"},
    "uneven-axis": {"th": "{axis} (ระยะห่างไม่เท่ากัน)", "en": "{axis} (uneven steps)"},
    "sorted-axis": {"th": "อันดับของการตั้งค่า เรียงจากดีที่สุด", "en": "Place of the setting, the best first"},
    "seed-mean": {"th": "ค่าเฉลี่ยของการตั้งค่า", "en": "mean of a setting"},
    "in-band": {"th": "ค่าเฉลี่ยอยู่ในแถบของแบบที่ดีที่สุด", "en": "mean in the band of the best"},
    "best-is": {"th": "ดีที่สุดคือ {name} ได้ {value}", "en": "Best: {name}, {value}"},
    "best": {"th": "ดีที่สุด", "en": "the best"},
    "best-band": {"th": "ต่ำสุดถึงสูงสุดของแบบที่ดีที่สุด", "en": "lowest to highest of the best"},
    "whisker": {"th": "ต่ำสุดถึงสูงสุดของค่า seed {n} ค่า", "en": "lowest to highest of {n} seeds"},
    "some-diverged": {"th": "ลู่ออกบางครั้ง", "en": "some seeds diverged"},
    "any-diverged": {"th": "มีการฝึกที่ลู่ออก", "en": "with diverged seeds"},
    "all-diverged": {"th": "ลู่ออกทุกครั้ง", "en": "all seeds diverged"},
    "part": {"th": "รูปที่ {number} จาก {count}", "en": "{number} of {count}"},
    "setting": {"th": "การตั้งค่า", "en": "setting"},
}

#: A setting's value in words, by varied key; a key that is not here is written as it stands in the study file.
_SETTINGS: Final[Mapping[str, Mapping[Language, str]]] = {
    "learning_rate": {"th": "อัตราการเรียนรู้ {value}", "en": "Learning rate {value}"},
    "momentum": {"th": "โมเมนตัม {value}", "en": "Momentum {value}"},
    "decay": {"th": "decay {value}", "en": "Decay {value}"},
    "batch_size": {"th": "ขนาดมินิแบตช์ {value}", "en": "Minibatch {value}"},
    "epochs": {"th": "{value} รอบ", "en": "{value} epochs"},
    "hidden_units": {"th": "ชั้นซ่อน {value} หน่วย", "en": "Hidden units {value}"},
    "plateau.patience": {"th": "ระยะรอ {value} รอบ", "en": "Patience {value}"},
    "plateau.factor": {"th": "ตัวคูณ {value}", "en": "Factor {value}"},
    "plateau.min_delta": {"th": "min_delta {value}", "en": "min_delta {value}"},
    "optimizer": {"th": "{value}", "en": "{value}"},
    "dataset": {"th": "{value}", "en": "{value}"},
    "shuffle": {"th": "{value}", "en": "{value}"},
}
#: What heads an axis of a varied key's values; a key that is not here is written as it stands in the study file.
_KEYS: Final[Mapping[str, Mapping[Language, str]]] = {
    "learning_rate": {"th": "อัตราการเรียนรู้", "en": "Learning rate"},
    "momentum": {"th": "โมเมนตัม", "en": "Momentum"},
    "decay": {"th": "decay", "en": "Decay"},
    "batch_size": {"th": "ขนาดมินิแบตช์", "en": "Minibatch"},
    "epochs": {"th": "จำนวนรอบ", "en": "Epochs"},
    "hidden_units": {"th": "หน่วยในชั้นซ่อน", "en": "Hidden units"},
    "plateau.patience": {"th": "ระยะรอ (รอบ)", "en": "Patience (epochs)"},
    "plateau.factor": {"th": "ตัวคูณ", "en": "Factor"},
    "optimizer": {"th": "optimizer", "en": "Optimizer"},
    "dataset": {"th": "ชุดข้อมูล", "en": "Dataset"},
    "shuffle": {"th": "การสลับภาพ", "en": "Shuffle"},
    "nesterov": {"th": "Nesterov", "en": "Nesterov"},
}
_YES_OR_NO: Final[Mapping[tuple[str, bool], Mapping[Language, str]]] = {
    ("nesterov", True): {"th": "ใช้ Nesterov", "en": "Nesterov"},
    ("nesterov", False): {"th": "ไม่ใช้ Nesterov", "en": "No Nesterov"},
}
_NO_HIDDEN_LAYER: Final[Mapping[Language, str]] = {"th": "ไม่มีชั้นซ่อน", "en": "No hidden layer"}
#: Words of study files as they are written in a text.
NAMES: Final[Mapping[str, str]] = {
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adagrad": "AdaGrad",
    "adam": "Adam",
    "mnist": "MNIST",
    "fashion-mnist": "Fashion-MNIST",
    "every-epoch": "every epoch",
    "once": "once",
}

#: Fashion-MNIST's classes in the order of their labels. Source: the dataset's README.
FASHION_CLASSES: Final[Mapping[Language, tuple[str, ...]]] = {
    "th": (
        "เสื้อยืด",
        "กางเกง",
        "เสื้อสวมหัว",
        "ชุดเดรส",
        "เสื้อโค้ต",
        "รองเท้าแตะ",
        "เสื้อเชิ้ต",
        "รองเท้าผ้าใบ",
        "กระเป๋า",
        "รองเท้าบูต",
    ),
    "en": (
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
}


def say(key: str, language: Language, **values: object) -> str:
    """The text of that key, with its gaps filled.

    >>> say("band", "en", n=3)
    'lowest to highest of 3 seeds'
    """
    return _TEXTS[key][language].format(**values)


def format_number(value: float) -> str:
    """A number as the study files write it, with real superscripts instead of an `e`.

    >>> [format_number(x) for x in (1.0, 0.001, 1e-05, 1e16)]
    ['1', '0.001', '10⁻⁵', '10¹⁶']
    """
    mantissa, e, exponent = format_value(value).partition("e")
    if not e:
        return mantissa.replace("-", MINUS)
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPTS)
    return power if mantissa == "1" else f"{mantissa} {TIMES} {power}"


def format_percent(fraction: float, *, decimals: int = 1) -> str:
    """An accuracy with one decimal, as the alt texts and the panels have it, or with more.

    >>> format_percent(0.97314)
    '97.3%'
    """
    return f"{100 * fraction:.{decimals}f}%"


def split_superscripts(text: str) -> tuple[tuple[str, bool], ...]:
    """Parts of a label, each with whether it is raised; the raised ones in plain digits and a minus sign.

    No font of the figures has U+207B, the superscript minus, so that superscripts are drawn small and raised.

    >>> split_superscripts("at 10⁵ updates")
    (('at 10', False), ('5', True), (' updates', False))
    """
    parts: list[tuple[str, bool]] = []
    for character in text:
        plain = character.translate(_PLAIN)
        is_raised = plain != character
        if parts and parts[-1][1] == is_raised:
            parts[-1] = (parts[-1][0] + plain, is_raised)
        else:
            parts.append((plain, is_raised))
    return tuple(parts)


def format_setting_value(key: str, value: Value, language: Language) -> str:
    """A value of a varied key by itself, as an axis has it.

    >>> format_setting_value("hidden_units", (40, 20), "en"), format_setting_value("nesterov", False, "en")
    ('40×20', 'No Nesterov')
    """
    if isinstance(value, bool) and (key, value) in _YES_OR_NO:
        return _YES_OR_NO[key, value][language]
    if value == ():
        return _NO_HIDDEN_LAYER[language]
    if isinstance(value, tuple):
        return TIMES.join(str(width) for width in value)
    if isinstance(value, bool | str):
        return NAMES.get(str(value), format_value(value))
    return format_number(float(value))


def name_key(key: str, language: Language) -> str:
    """What an axis of that key's values is called."""
    return _KEYS[key][language] if key in _KEYS else key


def _describe_value(key: str, value: Value, language: Language) -> str:
    text = format_setting_value(key, value, language)
    if isinstance(value, bool) or value == ():
        return text
    if key in _SETTINGS:
        return _SETTINGS[key][language].format(value=text)
    return f"{key} = {text}"


def name_short(study: Study, language: Language) -> tuple[str, tuple[str, ...]]:
    """A heading and short names for labels beside lines: the varied key, and each setting's value alone.

    Where several keys vary, or a value needs words, the heading is empty and the names are those of `name_settings`.
    """
    keys = shown_keys(study)
    names = name_settings(study, language)
    if len(keys) != 1 or keys[0] not in _SETTINGS:
        return "", names
    heading, _, unit = _SETTINGS[keys[0]][language].partition("{value}")
    if not heading.strip():
        return "", names
    short = tuple(name.removeprefix(heading).removesuffix(unit) for name in names)
    return heading.strip(), short


def shown_keys(study: Study) -> tuple[str, ...]:
    """The varied keys that tell the study's settings apart; a key with one value only tells nothing."""
    values = {key: {dict(setting.varied)[key] for setting in study.settings} for key in study.varied_keys}
    return tuple(key for key in study.varied_keys if len(values[key]) > 1) or study.varied_keys


def describe_settings(study: Study, language: Language) -> tuple[tuple[str, ...], ...]:
    """What each setting of a study is, one text for each key that tells them apart, in file order."""
    keys = shown_keys(study)
    if not keys:
        return tuple((say("only-setting", language),) for _ in study.settings)
    return tuple(
        tuple(_describe_value(key, value, language) for key, value in setting.varied if key in keys)
        for setting in study.settings
    )


def name_settings(study: Study, language: Language) -> tuple[str, ...]:
    """Each setting of a study on one line, for sentences and labels."""
    separator = " " if language == "th" else ", "
    return tuple(separator.join(texts) for texts in describe_settings(study, language))


def cut_text(text: str, most: int) -> str:
    """A text of at most so many characters, an ellipsis in place of what is cut off.

    Nothing is torn: neither a mark from its letter nor a Thai vowel from the letter that it stands before.

    >>> cut_text("Momentum and more", 10), cut_text("ปีที่แล้ว", 4)
    ('Momentum…', 'ปี…')
    """
    if len(text) <= most:
        return text
    end = most - 1
    while end > 0 and (unicodedata.category(text[end]) in ("Mn", "Mc") or text[end] == "ำ" or text[end - 1] in "เแโใไ"):
        end -= 1
    return text[:end].rstrip(" ,") + "…"


def format_range(low: int, high: int) -> str:
    """One number where both are the same, else both with a dash between them.

    >>> format_range(4, 4)
    '4'
    """
    return f"{low:,}" if low == high else f"{low:,}{DASH}{high:,}"


def describe_seeds(n: int, language: Language) -> str:
    """What lines and bands of a figure are made of."""
    if n == 1:
        return "ใช้ค่า seed ค่าเดียว" if language == "th" else "one seed"
    if language == "th":
        return f"เส้นคือค่าเฉลี่ยและแถบคือช่วงต่ำสุดถึงสูงสุดจากค่า seed {n} ค่า"
    return f"lines are means and bands run from the lowest to the highest of {n} seeds"


def join_words(items: tuple[str, ...], language: Language) -> str:
    """Join the items of an enumeration.

    >>> join_words(("a", "b", "c"), "en"), join_words(("0.1", "0.01"), "th"), join_words(("เสื้อ", "กางเกง"), "th")
    ('a, b and c', '0.1 และ 0.01', 'เสื้อ และกางเกง')
    """
    word = " and "
    if language == "th":  # no space between two Thai words
        word = " และ" if "ก" <= "".join(items[-1:])[:1] <= "๛" else " และ "
    return word.join(part for part in (", ".join(items[:-1]), *items[-1:]) if part)
