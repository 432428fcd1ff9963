"""Study files: what they mean, and that bad ones are refused with file, line, key and remedy."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lrreport.errors import SpecError
from lrreport.figures import DRAWINGS
from lrreport.keys import run_key
from lrreport.spec import PlateauSpec, RunSpec, format_value
from lrreport.study_files import join_studies, load_built_in_studies, load_study_folder, odd_neighbours, parse_study

HEAD = 'id = "mine"\n[title]\nth = "ของฉัน"\nen = "Mine"\n'


def parse(body: str, **overrides: object):
    return parse_study(HEAD + body, "mine.toml", overrides)


def test_built_in_studies_are_those_of_the_reference() -> None:
    """Eight studies, in the article's order, with the settings that users find in results.csv."""
    assert {study.id: [setting.text for setting in study.settings] for study in load_built_in_studies()} == {
        "learning-rate": ["1", "0.1", "0.01", "0.001", "0.0001", "1e-05", "1e-06", "1e-07"],
        "momentum": ["0", "0.5", "0.9", "0.99"],
        "decay": ["0.1", "0.01", "0.001", "0.0001"],
        "plateau": ["2", "5", "10", "15"],
        "plateau-fast": ["2", "5", "10", "15"],
        "optimizers": ["sgd", "rmsprop", "adagrad", "adam"],
        "image-order": [
            f"learning_rate={rate} shuffle={order}"
            for rate in ("1", "0.1", "0.01")
            for order in ("every-epoch", "once")
        ],
        "image-order-momentum": ["every-epoch", "once"],
    }


def test_settings_that_are_the_same_run_share_a_key() -> None:
    """24 settings of the source are 22 runs: lr 0.01, momentum 0 and plain SGD are one; plateau-fast and one order add 4 each."""
    studies = load_built_in_studies()
    ours = ("plateau-fast", "image-order", "image-order-momentum")
    source = [setting for study in studies if study.id not in ours for setting in study.settings]
    assert (len(source), len({run_key(setting.spec) for setting in source})) == (24, 22)
    older = [setting for study in studies if not study.id.startswith("image-order") for setting in study.settings]
    assert len({run_key(setting.spec) for setting in older}) == 26
    every = [setting for study in studies for setting in study.settings]
    assert len({run_key(setting.spec) for setting in every}) == 30
    added = {run_key(setting.spec) for setting in every} - {run_key(setting.spec) for setting in older}
    assert added == {run_key(setting.spec) for setting in every if setting.spec.shuffle == "once"}


def test_defaults() -> None:
    """What a study file leaves out is Keras's default and the protocol's."""
    (setting,) = parse("[vary]\noptimizer = ['adam']\n").settings
    assert setting.epochs == 50
    assert setting.spec == RunSpec("mnist", (50,), "adam", 0.001, 0.0, False, 0.0, 32, None, 1, "every-epoch")
    (plateau,) = parse("[vary]\nplateau.patience = [3]\n").settings
    assert plateau.spec.plateau == PlateauSpec(3, 0.1, 1e-4)


def test_the_order_of_images_is_set_or_varied() -> None:
    """`shuffle` is a word of two: it stands under [base], or is varied, with a text like that of any other word."""
    (setting,) = parse("[base]\nshuffle = 'once'\n[vary]\nmomentum = [0.5]\n").settings
    assert (setting.spec.shuffle, setting.text) == ("once", "0.5")
    assert setting.spec == RunSpec(momentum=0.5, shuffle="once")
    study = parse("[vary]\nshuffle = ['once', 'every-epoch']\n")
    assert [(item.text, item.spec.shuffle) for item in study.settings] == [("once", "once"), ("every-epoch",) * 2]
    assert study.settings[1].spec == RunSpec()


def test_a_grid_runs_through_its_keys_in_file_order() -> None:
    """Several keys under [vary] are a grid; its text is `key=value` pairs in file order."""
    study = parse(
        "[vary]\nplateau.patience = [2, 5]\nlearning_rate = [0.1]\nplateau.factor = [0.5]\nhidden_units = [[], [40, 20]]\n"
    )
    assert [setting.text for setting in study.settings][:2] == [
        "plateau.patience=2 learning_rate=0.1 plateau.factor=0.5 hidden_units=none",
        "plateau.patience=2 learning_rate=0.1 plateau.factor=0.5 hidden_units=40x20",
    ]
    assert len(study.settings) == 4


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        (0.1, "0.1"),
        (1e-5, "1e-05"),
        (0, "0"),
        (True, "true"),
        ("sgd", "sgd"),
        ((40, 20), "40x20"),
        ((), "none"),
        (60_000, "60000"),
    ],
)
def test_setting_text(value, text: str) -> None:
    """A number is its shortest form without a trailing .0; lists are joined by x."""
    assert format_value(value) == text


def test_overrides_reach_defaults_and_base_but_not_what_is_varied() -> None:
    """`--epochs` and `--dataset` override a study's default and its [base], not what it varies."""
    assert parse("[base]\nepochs = 20\n[vary]\nmomentum = [0.5]\n", epochs=3).settings[0].epochs == 3
    assert [item.epochs for item in parse("[vary]\nepochs = [5, 7]\n", epochs=3).settings] == [5, 7]
    assert parse("[vary]\nmomentum = [0.5]\n", dataset="fashion-mnist").settings[0].spec.dataset == "fashion-mnist"


REFUSED = {
    "unknown key": ("[base]\nlerning_rate = 0.1\n[vary]\nmomentum = [0.5]\n", "line 6", "lerning_rate"),
    "unknown top-level key": ("[vary]\nmomentum = [0.5]\n[extra]\nx = 1\n", "line 7", "extra"),
    "wrong type": ("[vary]\nmomentum = ['high']\n", "line 6", "momentum"),
    "a bool is no number": ("[vary]\nlearning_rate = [true]\n", "line 6", "learning_rate"),
    "a float is no whole number": ("[vary]\nbatch_size = [32.0]\n", "line 6", "batch_size"),
    "learning rate 0": ("[vary]\nlearning_rate = [0.1, 0.0]\n", "line 6", "learning_rate"),
    "infinite learning rate": ("[vary]\nlearning_rate = [inf]\n", "line 6", "learning_rate"),
    "learning rate beyond float32": ("[vary]\nlearning_rate = [1e39]\n", "line 6", "learning_rate"),
    "negative decay": ("[base]\ndecay = -0.1\n[vary]\nmomentum = [0.5]\n", "line 6", "decay"),
    "patience 0": ("[vary]\nplateau.patience = [0]\n", "line 6", "plateau.patience"),
    "factor 1": ("[base]\nplateau.factor = 1.0\n[vary]\nplateau.patience = [2]\n", "line 6", "plateau.factor"),
    "batch beyond the training set": ("[vary]\nbatch_size = [60001]\n", "line 6", "batch_size"),
    "momentum with adam": ("[base]\noptimizer = 'adam'\nmomentum = 0.9\n[vary]\nepochs = [3]\n", "line 7", "momentum"),
    "nesterov with adam": ("[base]\noptimizer = 'adam'\nnesterov = true\n[vary]\nepochs = [3]\n", "line 7", "nesterov"),
    "nesterov without momentum": ("[vary]\nnesterov = [true]\n", "line 6", "nesterov"),
    "decay with plateau": ("[base]\nplateau.patience = 2\n[vary]\ndecay = [0.1]\n", "line 8", "decay"),
    "the same value twice": ("[vary]\nmomentum = [1, 1.0]\n", "line 5", "vary"),
    "empty list": ("[vary]\nmomentum = []\n", "line 6", "momentum"),
    "not a list": ("[vary]\nmomentum = 0.5\n", "line 6", "momentum"),
    "base and vary": ("[base]\nmomentum = 0.5\n[vary]\nmomentum = [0.9]\n", "line 8", "momentum"),
    "unknown optimizer": ("[vary]\noptimizer = ['sgdd']\n", "line 6", "optimizer"),
    "unknown dataset": ("[base]\ndataset = 'cifar'\n[vary]\nmomentum = [0.5]\n", "line 6", "dataset"),
    "no epochs": ("[vary]\nepochs = [0]\n", "line 6", "epochs"),
    "unknown order": ("[base]\nshuffle = 'never'\n[vary]\nmomentum = [0.5]\n", "line 6", "shuffle"),
    "unknown order among others": ("[vary]\nshuffle = ['once', 'twice']\n", "line 6", "shuffle"),
    "an order is no flag": ("[vary]\nshuffle = [true]\n", "line 6", "shuffle"),
    "the same order twice": ("[vary]\nshuffle = ['once', 'once']\n", "line 5", "vary"),
    "a layer without units": ("[vary]\nhidden_units = [[50, 0]]\n", "line 6", "hidden_units"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_files_are_refused_by_name(name: str) -> None:
    """The error names file, line and key, what was found, and what is allowed; its exit code is 2."""
    body, line, key = REFUSED[name]
    with pytest.raises(SpecError) as caught:
        parse(body)
    error = caught.value
    assert error.exit_code == 2
    assert error.where is not None
    assert "mine.toml" in error.where
    assert line in error.where
    assert key in error.where
    assert error.got
    assert error.expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        'id = "x"\n',
        'id = "Not Allowed"\n[title]\nth="ก"\nen="a"\n',
        "id = \n",
        'id = 3\n[title]\nth="ก"\nen="a"\n',
        'id = "x"\ntitle = 3\n[vary]\nmomentum = [0.5]\n',
        'id = "x"\n[title]\nde = "a"\n[vary]\nmomentum = [0.5]\n',
        'base = 1\nid="x"\n[title]\nth="ก"\nen="a"\n',
        'id="x"\n[title]\nth="ก"\nen="a\\u001b[2J"\n[vary]\nmomentum = [0.5]\n',
        f'id="x"\n[title]\nth="ก"\nen="a"\n[vary]\nepochs = [1{"0" * 30}]\n',
        f'id="x"\n[title]\nth="ก"\nen="a"\n[vary]\nbatch_size = [0x{"f" * 5000}]\n',
        f'id="x"\n[title]\nth="ก"\nen="a"\n{"a." * 49_000}b = 1\n',
        f'id="x"\n[title]\nth="ก"\nen="a"\n[vary]\nx = "[{" " * 90_000}"\ny = 1\n',
    ],
)
def test_broken_heads_are_refused(text: str) -> None:
    """No id, a bad id, a missing language, text that is not TOML: each is a SpecError, never a traceback."""
    with pytest.raises(SpecError):
        parse_study(text, "broken.toml")


@pytest.mark.parametrize(
    "name", sorted({drawing.name for drawing in DRAWINGS} | {"units", "test-digits", "sample-digits"})
)
def test_names_of_figures_are_reserved(name: str) -> None:
    """A study would give its figure the name of another: its id is refused, in file and line, as is every drawing's."""
    with pytest.raises(SpecError) as caught:
        parse_study(HEAD.replace("mine", name) + "[vary]\nmomentum = [0.5]\n", "mine.toml")
    assert caught.value.exit_code == 2
    assert "mine.toml, line 1, key 'id'" in caught.value.where
    assert name in caught.value.got
    parse_study(HEAD.replace("mine", f"{name}-too") + "[vary]\nmomentum = [0.5]\n", "mine.toml")


def test_two_studies_of_one_id_are_refused(tmp_path: Path) -> None:
    """A duplicate id names both files."""
    (tmp_path / "a.toml").write_text(HEAD.replace("mine", "momentum") + "[vary]\nmomentum = [0.1]\n", "utf-8")
    with pytest.raises(SpecError, match="same id") as caught:
        join_studies(load_built_in_studies(), load_study_folder(tmp_path))
    assert "momentum.toml" in str(caught.value)
    assert "a.toml" in str(caught.value)


def test_folders_without_studies_are_refused(tmp_path: Path) -> None:
    """A missing folder, an empty one and a file that is not UTF-8 are named."""
    with pytest.raises(SpecError, match="no such folder"):
        load_study_folder(tmp_path / "none")
    with pytest.raises(SpecError, match="no study"):
        load_study_folder(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'id = "\xe9"\n')
    with pytest.raises(SpecError, match="cannot be read"):
        load_study_folder(tmp_path)


SLIPS = {
    "Thai digits in quotes": (
        "[base]\nlearning_rate = '๐.๑'\n",
        "learning_rate",
        "U+0E50 THAI DIGIT ZERO (๐)",
        "type 0",
    ),
    "a zero-width space": ("[vary]\noptimizer = ['sgd\u200b']\n", "optimizer", "U+200B ZERO WIDTH SPACE", "delete it"),
    "a no-break space": ("[base]\ndataset = 'mnist\u00a0'\n", "dataset", "U+00A0 NO-BREAK SPACE", "a plain space"),
    "curly quotes in quotes": ("[base]\ndataset = '“mnist”'\n", "dataset", "U+201C LEFT DOUBLE", "delete it"),
    "a full-width letter": (
        "[base]\noptimizer = 'ｓgd'\n",
        "optimizer",
        "U+FF53 FULLWIDTH LATIN SMALL LETTER S",
        "type s",
    ),
    "a decimal comma": ("[vary]\nmomentum = [0,5, 2]\n", "momentum", "0.5", "without a comma"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_slips_of_the_keyboard_in_values_are_explained(name: str) -> None:
    """Where a value is of the wrong kind because of what was typed, the character and its remedy are named."""
    body, key, what, advice = SLIPS[name]
    with pytest.raises(SpecError) as caught:
        parse(body)
    assert f"mine.toml, line 6, key '{key}'" in caught.value.where
    assert what in caught.value.fix
    assert advice in caught.value.fix


def test_values_that_are_only_wrong_are_not_explained_away() -> None:
    """A wrong number beside a comment and a title with curly quotes and Thai digits is a wrong number."""
    with pytest.raises(SpecError) as caught:
        parse("[question]\nth = '“๕”'\nen = '“5”'\n[vary]\nmomentum = [0.5, 2] # “0,5” ๕\n")
    assert caught.value.fix == "correct the study file"


@pytest.mark.parametrize(
    ("section", "text", "got"),
    [
        ("title", "ก" * 201, "201 characters"),
        ("title", "a\u202eb", "U+202E RIGHT-TO-LEFT OVERRIDE"),
        ("question", "ก" * 601, "601 characters"),
        ("question", "\u200b", "no letter"),
    ],
)
def test_titles_and_questions_are_held_to_a_length(section: str, text: str, got: str) -> None:
    """What is too long to lay out, or cannot be printed, is refused with its file, line and key."""
    words = f"[{section}]\nth = 'ก'\nen = '''{text}'''\n"
    with pytest.raises(SpecError, match="can be printed") as caught:
        parse_study(f'id = "x"\n{words if section == "title" else HEAD.partition(chr(10))[2] + words}', "mine.toml")
    assert f"key 'en' of [{section}]" in caught.value.where
    assert got in caught.value.got


def test_a_word_of_240_letters_is_a_question() -> None:
    """A word that no line can hold is a matter of layout: the study is read, and the word stays whole."""
    study = parse(f"[question]\nth = '''\n{'ก' * 240}\n  แบบ'''\nen = '{'x' * 240}'\n[vary]\nmomentum = [0.5]\n")
    assert study.question == {"th": "ก" * 240 + " แบบ", "en": "x" * 240}


def test_every_spelling_of_the_ending_is_read_and_look_alikes_are_told(tmp_path: Path) -> None:
    """`.TOML` is read; lock files, hidden files and `.toml.txt` are not, and each is named with the reason."""
    for number, name in enumerate(("b.TOML", "a.toml", "c.Toml")):
        (tmp_path / name).write_text(HEAD.replace("mine", f"mine-{number}") + "[vary]\nmomentum = [0.1]\n", "utf-8")
    odd = {
        "c.toml.txt": "does not end",
        "d.toml~": "does not end",
        "e．toml": "does not end",
        "~$a.toml": "open",
        ".~lock.a.toml#": "open",
        "._a.toml": "begins with a dot",
    }
    for name in (*odd, "notes.txt", ".hidden"):
        (tmp_path / name).write_bytes(b"\xff")
    assert [study.id for study in load_study_folder(tmp_path)] == ["mine-1", "mine-0", "mine-2"]
    told = odd_neighbours(tmp_path)
    assert len(told) == len(odd)
    for name, why in odd.items():
        (sentence,) = (each for each in told if each.startswith(f"{name!r} "))
        assert why in sentence


def test_a_folder_with_look_alikes_alone_says_so(tmp_path: Path) -> None:
    """Whoever's study is called `c.toml.txt` reads that name in the error."""
    (tmp_path / "c.toml.txt").write_text(HEAD, "utf-8")
    with pytest.raises(SpecError, match="holds no study") as caught:
        load_study_folder(tmp_path)
    assert "c.toml.txt" in caught.value.got


def test_a_pipe_in_the_folder_is_refused_at_once(tmp_path: Path) -> None:
    """Nobody waits for the other end of a pipe that is called a study."""
    os.mkfifo(tmp_path / "pipe.toml")
    start = time.perf_counter()
    with pytest.raises(SpecError, match="cannot be read") as caught:
        load_study_folder(tmp_path)
    assert "is no regular file" in caught.value.got
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize("title", ['title = "Mine"', '[title]\nen = "Mine"', '[title]\nth = "Mine"'])
def test_a_title_in_one_language_serves_both(title: str) -> None:
    """As one text, or as a table of one language: the other edition shows it as well."""
    study = parse_study(f'id = "own"\n{title}\n[vary]\nmomentum = [0.5, 0.9]\n', "own.toml")
    assert study.title == {"th": "Mine", "en": "Mine"}
