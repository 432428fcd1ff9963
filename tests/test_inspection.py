"""What a network looks like inside: known answers on weights made by hand, and a file that is believed of its run alone."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import shutil
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrreport.answers import answer
from lrreport.checkpoints import Checkpoint, Entry, Progress
from lrreport.datasets import Dataset
from lrreport.inspection import IMAGES, MOST_ACTIVATIONS, UNITS, Inspection, inspect_network, softmax
from lrreport.inspection_files import MAX_INSPECTION_BYTES, inspection_name, pack_inspection, unpack_inspection
from lrreport.retraining import check_inspection
from lrreport.spec import RunSpec
from lrreport.store import Store
from tests.commands import lrreport
from tests.test_store import make_entry, make_inspection

Arrays = dict[str, np.ndarray]


def images_of(*pixels: Sequence[int]) -> np.ndarray:
    """Images whose first pixels have these values, the others none."""
    images = np.zeros((len(pixels), 28, 28), np.uint8)
    for image, values in zip(images, pixels, strict=True):
        image.reshape(-1)[: len(values)] = values
    return images


def layer(
    number: int, shape: tuple[int, int], weights: dict[tuple[int, int], float], bias: Sequence[float] = ()
) -> Arrays:
    """A layer without any weights but those named."""
    kernel, biases = np.zeros(shape, np.float32), np.zeros(shape[1], np.float32)
    for place, value in weights.items():
        kernel[place] = value
    biases[: len(bias)] = bias
    return {f"weight/{number}/kernel": kernel, f"weight/{number}/bias": biases}


def look(arrays: Arrays, images: np.ndarray, labels: Sequence[int]) -> Inspection:
    found = inspect_network(arrays, images, np.array(labels, np.uint8), epochs=7)
    assert found is not None
    return found


#: e to this power is 9, as much as nine classes without a logit have together.
NINE = math.log(9)
#: Three units: the first answers to the first pixel, the second only to none at all, the third to nothing.
THREE = {
    **layer(0, (784, 3), {(0, 0): 2.0, (0, 1): -1.0, (1, 2): -5.0}, (0.0, 0.5, 0.0)),
    **layer(1, (3, 10), {(0, 4): NINE, (1, 6): 2 * NINE}),
}


def test_a_small_network_by_hand() -> None:
    """Signals, answers and confidences of four images and three units, every field."""
    # Unit 0 gives twice the ink of pixel 0; unit 1 gives 0.5 less that ink, and no less than 0.
    images = images_of((255,), (0,), (0, 255), (51,))
    found = look(THREE, images, (4, 6, 1, 6))
    # Logits: image 0 has 2 ln 9 for class 4: 81 of 90; images 1 and 2 have ln 9 for class 6: 9 of 18; image 3 has
    # 0.4 ln 9 for class 4 and 0.6 ln 9 for class 6.
    last = 9**0.6 / (8 + 9**0.4 + 9**0.6)
    assert (found.epochs, found.right) == (7, 3)
    assert found.answers_i.tolist() == [4, 6, 6, 6]
    assert found.answers_i.dtype == np.int64
    assert found.confidences_i == pytest.approx([0.9, 0.5, 0.5, round(last, 4)], abs=1e-7)
    assert found.confidence_right == pytest.approx((0.9 + 0.5 + last) / 3, abs=1e-6)
    assert found.confidence_wrong == pytest.approx(0.5, abs=1e-6)
    assert found.silent_units == (1,)
    assert found.layer_norms == (round(math.sqrt(4 + 1 + 25), 6), round(math.sqrt(5) * NINE, 6))
    assert found.incoming_ud.shape == (3, 784)
    assert found.incoming_ud.flags.c_contiguous
    assert found.incoming_ud[:, :3].tolist() == [[2, 0, 0], [-1, 0, 0], [0, -5, 0]]
    assert found.activations_h.tolist() == [2.0, 0.0, 0.0]
    expected = [0.0111] * 10
    expected[4] = 0.9
    assert found.shares_k == pytest.approx(expected, abs=1e-7)
    assert {
        array.dtype.name for array in (found.confidences_i, found.incoming_ud, found.activations_h, found.shares_k)
    } == {"float32"}


def test_silent_units_are_counted_layer_by_layer() -> None:
    """A unit is silent that answers 0 to every image: one image wakes it; exactly 0 does not; each layer has a count."""
    arrays = {
        **layer(0, (784, 4), {(0, 0): 1.0, (1, 1): -1.0, (1, 2): 1.0}, (0, 0, 0, -1)),
        **layer(1, (4, 3), {(0, 0): 1.0, (2, 1): -9.0}, (0, 0, 0)),
        **layer(2, (3, 10), {}),
    }
    nothing, first, second = (0, 0), (255, 0), (0, 255)
    assert look(arrays, images_of(nothing), [0]).silent_units == (4, 3)
    assert look(arrays, images_of(nothing, first), [0, 0]).silent_units == (3, 2)
    assert look(arrays, images_of(nothing, second), [0, 0]).silent_units == (3, 3)
    assert look(arrays, images_of(first, second, nothing), [0, 0, 0]).silent_units == (2, 2)


def test_norms_by_hand() -> None:
    """The root of the sum of squares of each kernel, without its bias, to six decimals."""
    arrays = {
        **layer(0, (784, 2), {(0, 0): 3.0, (783, 1): -4.0}, (100.0, 100.0)),
        **layer(1, (2, 10), {(0, 0): 1.0, (1, 9): 1.0}),
    }
    assert look(arrays, images_of((0,)), [0]).layer_norms == (5.0, 1.414214)
    wild = {**arrays, **layer(0, (784, 2), {(0, 0): 3e30, (0, 1): 4e30})}
    assert look(wild, images_of((0,)), [0]).layer_norms[0] == pytest.approx(5e30, rel=1e-6)


def test_a_network_without_a_hidden_layer() -> None:
    """It has no units that could be silent and no activations; what leads to its first classes is shown."""
    arrays = layer(0, (784, 10), {(0, 2): 1.0, (1, 9): -1.0}, [0.0, 0.0, NINE])
    found = look(arrays, images_of((0, 255), (255,)), (2, 2))
    assert found.silent_units == ()
    assert found.activations_h.shape == (0,)
    assert found.layer_norms == (1.414214,)
    assert found.incoming_ud.shape == (10, 784)
    assert (found.incoming_ud[2, 0], found.incoming_ud[9, 1]) == (1.0, -1.0)
    assert (found.right, found.confidence_wrong) == (2, None)
    first, second = 9 / (9 + 8 + math.exp(-1)), 9 * math.e / (9 * math.e + 9)
    assert found.confidence_right == pytest.approx((first + second) / 2, abs=1e-6)
    assert found.shares_k.sum() == pytest.approx(1, abs=1e-3)


def test_where_no_answer_is_of_a_kind_there_is_no_mean() -> None:
    """All right has no confidence of wrong answers, all wrong none of right ones: None, and not 0."""
    arrays = layer(0, (784, 10), {}, [NINE])
    right, wrong = (look(arrays, images_of((0,), (9,)), labels) for labels in ((0, 0), (1, 2)))
    assert (right.right, right.confidence_right, right.confidence_wrong) == (2, 0.5, None)
    assert (wrong.right, wrong.confidence_right, wrong.confidence_wrong) == (0, None, 0.5)


def test_an_undecided_network_answers_the_first_class() -> None:
    """Ten equal logits are a tenth each, and the first of equals is the answer; a hair's breadth decides, as in training."""
    found = look(layer(0, (784, 10), {}), images_of((255,)), [0])
    assert (found.answers_i.tolist(), found.right, found.confidence_right) == ([0], 1, 0.1)
    nearly = look(layer(0, (784, 10), {}, [0, 0, 0, 1e-30]), images_of((255,)), [3])
    assert (nearly.answers_i.tolist(), nearly.right, nearly.confidence_right) == ([3], 1, 0.1)


@pytest.mark.parametrize(
    "arrays",
    [
        layer(0, (784, 10), {(0, 0): 3e38, (1, 0): 3e38}),
        layer(0, (784, 10), {(0, 0): 3e38, (1, 0): -3e38, (2, 0): 3e38, (3, 0): -3e38}, [np.inf]),
        layer(0, (784, 10), {}, [np.nan]),
        {**layer(0, (784, 2), {(0, 0): 3e38, (1, 0): 3e38}), **layer(1, (2, 10), {(0, 0): 1.0})},
        {**layer(0, (784, 2), {(0, 0): 3e38, (1, 0): 3e38}), **layer(1, (2, 10), {(0, 0): 1.0, (1, 0): -1.0})},
    ],
)
def test_answers_that_are_not_finite_show_nothing(arrays: Arrays) -> None:
    """One image with a logit that is no number is enough, in whatever layer it began; nobody is warned of it."""
    images = images_of((0,), (255, 255, 255, 255))
    assert inspect_network(arrays, images, np.zeros(2, np.uint8), epochs=1) is None


def test_no_more_is_kept_than_figures_show() -> None:
    """Ten units, 64 activations and 20 answers, the first ones; of all of them right answers and silence are counted."""
    random = np.random.default_rng(5)
    arrays = {
        "weight/0/kernel": random.normal(0, 1, (784, 100)).astype(np.float32),
        "weight/0/bias": np.zeros(100, np.float32),
        "weight/1/kernel": random.normal(0, 0.1, (100, 10)).astype(np.float32),
        "weight/1/bias": np.zeros(10, np.float32),
    }
    images = random.integers(0, 256, (50, 28, 28), dtype=np.uint8)
    logits = answer(arrays, images)
    labels = logits.argmax(axis=1)
    labels[-1] = (labels[-1] + 1) % 10
    found = inspect_network(arrays, images, labels, epochs=1)
    assert found is not None
    assert (len(found.incoming_ud), len(found.activations_h), len(found.answers_i), len(found.confidences_i)) == (
        UNITS, MOST_ACTIVATIONS, IMAGES, IMAGES,
    )  # fmt: skip
    np.testing.assert_array_equal(found.incoming_ud, arrays["weight/0/kernel"][:, :10].T)
    first = np.maximum(images[0].reshape(-1).astype(np.float32) / np.float32(255) @ arrays["weight/0/kernel"], 0)
    np.testing.assert_allclose(found.activations_h, first[:64], atol=1e-3)
    assert found.right == 49
    assert found.answers_i.tolist() == logits.argmax(axis=1)[:20].tolist()
    assert found.shares_k == pytest.approx(softmax(logits)[0], abs=1e-4)


@given(st.lists(st.lists(st.floats(-80, 80, width=32), min_size=3, max_size=3), min_size=1, max_size=5))
def test_softmax(rows: list[list[float]]) -> None:
    """Shares add up to 1, are those of the formula, and are largest where the logit is."""
    logits = np.array(rows, np.float32)
    shares = softmax(logits)
    assert shares.sum(axis=1) == pytest.approx(1)
    by_hand = np.exp(logits.astype(np.float64))
    np.testing.assert_allclose(shares, by_hand / by_hand.sum(axis=1, keepdims=True), rtol=1e-9)
    assert shares[np.arange(len(rows)), logits.argmax(axis=1)] == pytest.approx(shares.max(axis=1))


def test_softmax_of_huge_logits() -> None:
    """The largest is taken off first, so that nothing overflows."""
    assert softmax(np.array([[3e38, -3e38, 3e38]], np.float32)).tolist() == [[0.5, 0.0, 0.5]]


def test_every_field_is_part_of_the_content() -> None:
    """Two inspections of one content are the same; whatever else is seen, a figure that was kept of it is drawn again."""
    one = look(THREE, images_of((255,)), [4])
    other: dict[str, Any] = {
        "epochs": 8, "right": 0, "silent_units": (0,), "layer_norms": (1.0, 2.0), "confidence_right": None,
        "confidence_wrong": 0.5, "answers_i": one.answers_i + 1, "confidences_i": one.confidences_i / 2,
        "incoming_ud": one.incoming_ud + 1, "activations_h": one.activations_h + 1, "shares_k": one.shares_k / 2,
    }  # fmt: skip
    assert set(other) == {item.name for item in fields(Inspection)}
    assert look(THREE, images_of((255,)), [4]).content == one.content
    contents = {one.content, *(replace(one, **{name: value}).content for name, value in other.items())}
    assert len(contents) == len(other) + 1


# Files


ENTRY = make_entry(3)
FOUND = make_inspection(ENTRY)


@pytest.mark.parametrize("hidden", [(), (3,), (50,), (300, 20, 7)])
@pytest.mark.parametrize("epochs", [1, 3])
def test_what_is_packed_is_read(hidden: tuple[int, ...], epochs: int) -> None:
    """Pack then unpack is the identity, for every kind of network, after any epoch that the run has; and it is small."""
    entry = make_entry(3, spec=RunSpec(hidden_units=hidden))
    found = make_inspection(entry, epochs)
    packed = pack_inspection(entry, found)
    again = unpack_inspection(packed, entry, epochs)
    assert again is not None
    assert again.content == found.content
    assert pack_inspection(entry, again) == packed
    assert len(packed) < MAX_INSPECTION_BYTES
    for name in ("answers_i", "confidences_i", "incoming_ud", "activations_h", "shares_k"):
        assert getattr(again, name).dtype == getattr(found, name).dtype
        assert getattr(again, name).shape == getattr(found, name).shape


def test_what_was_looked_into_can_be_kept() -> None:
    """Whatever `inspect_network` makes of a run's own weights is taken back, to the last bit."""
    spec = RunSpec(hidden_units=(12,))
    random = np.random.default_rng(3)
    arrays = {
        "weight/0/kernel": random.normal(0, 0.1, (784, 12)).astype(np.float32),
        "weight/0/bias": np.zeros(12, np.float32),
        "weight/1/kernel": random.normal(0, 0.1, (12, 10)).astype(np.float32),
        "weight/1/bias": np.zeros(10, np.float32),
    }
    images = random.integers(0, 256, (10_000, 28, 28), dtype=np.uint8)
    entry = make_entry(3, spec=spec)
    labels = answer(arrays, images).argmax(axis=1)
    wrong = 10_000 - round(float(entry.history.test_accuracy_t[-1]) * 10_000)
    labels[:wrong] = (labels[:wrong] + 1) % 10
    found = inspect_network(arrays, images, labels, epochs=3)
    assert found is not None
    again = unpack_inspection(pack_inspection(entry, found), entry, 3)
    assert again is not None
    assert again.content == found.content


OTHERS: dict[str, Callable[[Entry], Entry]] = {
    "another run": lambda entry: replace(entry, spec=replace(entry.spec, seed=2)),
    "other data": lambda entry: replace(entry, data_digest="other"),
    "another engine": lambda entry: replace(entry, engine_version=2),
    "another machine": lambda entry: replace(entry, environment=replace(entry.environment, cpu_model="another")),
    "other curves": lambda entry: replace(
        entry, history=replace(entry.history, train_loss_t=np.nextafter(entry.history.train_loss_t, np.float32(9)))
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_it_is_believed_of_its_own_run_alone(name: str) -> None:
    """Of another run, other data, engine or machine, or after one bit of one curve, it is nothing."""
    packed = pack_inspection(ENTRY, FOUND)
    assert unpack_inspection(packed, ENTRY, 3) is not None
    assert unpack_inspection(packed, OTHERS[name](ENTRY), 3) is None


def test_it_is_believed_after_its_own_epoch_alone() -> None:
    """What a run went on to does not change what it was; what has not been trained yet shows nothing."""
    longer = make_entry(5)
    early = make_inspection(longer, 3)
    packed = pack_inspection(longer, early)
    assert unpack_inspection(packed, longer, 3) is not None
    first = replace(longer, history=longer.history.first(3))
    assert unpack_inspection(packed, first, 3) is not None, "the same run, when it had come so far"
    for epochs in (-1, 0, 1, 2, 4, 5, 6, 50):
        assert unpack_inspection(packed, longer, epochs) is None
    diverged = replace(longer, progress=Progress.DIVERGED, checkpoint=None, history=longer.history.first(2))
    assert unpack_inspection(packed, diverged, 3) is None


def signed(document: dict[str, Any], **outer: Any) -> bytes:
    """A file whose checksum fits its content, written as ours are."""
    body = json.dumps(document, sort_keys=True)
    return json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest(), "inspection": body, **outer}).encode()


DOCUMENT: dict[str, Any] = json.loads(json.loads(pack_inspection(ENTRY, FOUND))["inspection"])


def packed_floats(values: Sequence[float]) -> str:
    return base64.b64encode(np.array(values, "<f4").tobytes()).decode()


RIGHT = FOUND.right
LIES: list[tuple[str, Any]] = [
    ("format", 2), ("format", True), ("epochs", 2), ("epochs", 3.0), ("of", "0" * 64), ("of", None),
    ("right", RIGHT + 4), ("right", RIGHT - 4), ("right", float(RIGHT)), ("right", True), ("right", None), ("right", "1"),
    ("right", -1), ("right", 10_001), ("right", 10**30),
    ("silent_units", []), ("silent_units", [1, 1]), ("silent_units", [51]), ("silent_units", [-1]), ("silent_units", [1.0]),
    ("silent_units", [True]), ("silent_units", ["1"]), ("silent_units", "1"), ("silent_units", None), ("silent_units", 25),
    ("layer_norms", [1.5]), ("layer_norms", [1.5, 2.5, 3.5]), ("layer_norms", [1, 2]), ("layer_norms", [-1.5, 2.5]),
    ("layer_norms", [1e999, 2.5]), ("layer_norms", [None, 2.5]), ("layer_norms", 1.5),
    ("confidence_right", 0.09), ("confidence_right", 1.1), ("confidence_right", 1), ("confidence_right", None),
    ("confidence_right", "0.9"), ("confidence_wrong", 0.0), ("confidence_wrong", None), ("confidence_wrong", True),
    ("answers", [0] * 19), ("answers", [0] * 21), ("answers", [[0] * 20]), ("answers", [0] * 19 + [10]),
    ("answers", [0] * 19 + [-1]), ("answers", [0.0] * 20), ("answers", [True] * 20), ("answers", ["0"] * 20),
    ("answers", [10**30] * 20), ("answers", None), ("answers", "0" * 20), ("answers", {"0": 0}),
    ("confidences", packed_floats([0.5] * 19)), ("confidences", packed_floats([0.5] * 19 + [0.0])),
    ("confidences", packed_floats([0.5] * 19 + [1.01])), ("confidences", packed_floats([0.5] * 19 + [np.nan])),
    ("confidences", packed_floats([0.5] * 20) + " "), ("confidences", ""), ("confidences", None), ("confidences", "ก"),
    ("confidences", [0.5] * 20), ("confidences", packed_floats([0.5] * 20)[:-1]),
    ("incoming", packed_floats([0.0] * (9 * 784))), ("incoming", packed_floats([0.0] * (784 * 10 - 1) + [np.inf])),
    ("incoming", 7), ("activations", packed_floats([1.0] * 49)), ("activations", packed_floats([1.0] * 49 + [-1.0])),
    ("activations", packed_floats([1.0] * 64)), ("activations", packed_floats([])),
    ("shares", packed_floats([0.1] * 9)), ("shares", packed_floats([0.1] * 9 + [1.5])), ("shares", packed_floats([0.1] * 9 + [-0.1])),
]  # fmt: skip


@pytest.mark.parametrize(("key", "value"), LIES)
def test_what_cannot_be_is_not_believed(key: str, value: Any) -> None:
    """With a checksum that fits: other counts than the curve says, units that there are not, numbers that are none."""
    assert unpack_inspection(signed(DOCUMENT), ENTRY, 3) is not None
    assert DOCUMENT[key] != value or type(DOCUMENT[key]) is not type(value)
    assert unpack_inspection(signed({**DOCUMENT, key: value}), ENTRY, 3) is None
    missing = {name: item for name, item in DOCUMENT.items() if name != key}
    assert unpack_inspection(signed(missing), ENTRY, 3) is None


def test_other_files_are_nothing() -> None:
    """Cut, flipped, empty, other spellings, other JSON, nested deeply: None, and never an error."""
    sound = pack_inspection(ENTRY, FOUND)
    flipped = bytearray(sound)
    flipped[len(sound) // 2] ^= 1
    body = json.loads(sound)["inspection"]
    files = [
        b"", b"{", b"[]", b"null", b"{}", b"\xff", sound[:-1], sound[: len(sound) // 2], sound + b"\n", b" " + sound,
        bytes(flipped), b"[" * 100_000, b'{"a":' * 100_000, signed(DOCUMENT, more=1), signed({**DOCUMENT, "more": 1}),
        json.dumps({"inspection": body, "sha256": hashlib.sha256(body.encode()).hexdigest()}).encode(),
        json.dumps({"sha256": "0" * 64, "inspection": body}).encode(),
        json.dumps({"sha256": None, "inspection": None}).encode(), json.dumps({"sha256": "", "inspection": {}}).encode(),
        b'{"sha256": "", "inspection": "\\ud800"}', sound.replace(b'"sha256"', b'"sha256": "", "sha256"'),
        pack_inspection(ENTRY, FOUND).replace(b"0.987654", b"0.9876540"),
    ]  # fmt: skip
    for content in files:
        assert unpack_inspection(content, ENTRY, 3) is None, content[:80]


def test_a_count_that_other_rounding_makes_is_taken() -> None:
    """Images whose two largest probabilities are nearly equal may be counted otherwise elsewhere: up to three."""
    for by in (-3, 3):
        assert unpack_inspection(signed({**DOCUMENT, "right": RIGHT + by}), ENTRY, 3) is not None


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(sorted(DOCUMENT)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
        lambda inner: st.lists(inner, max_size=25) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=30,
    ),
)
def test_any_value_in_any_place(key: str, value: Any) -> None:
    """Nothing is an error; what is believed is what would have been written."""
    content = signed({**DOCUMENT, key: value})
    found = unpack_inspection(content, ENTRY, 3)
    assert found is None or pack_inspection(ENTRY, found) == content


def test_the_name_tells_the_epoch() -> None:
    assert [inspection_name(epochs) for epochs in (1, 100_000)] == ["inspection-1.json", "inspection-100000.json"]


# Proof


@pytest.fixture(scope="module")
def trained() -> tuple[Entry, Dataset]:
    """A run with weights, and images that they answer as its curve says."""
    random = np.random.default_rng(9)
    spec = RunSpec(hidden_units=(12,))
    arrays = {
        "weight/0/kernel": random.normal(0, 0.1, (784, 12)).astype(np.float32),
        "weight/0/bias": np.full(12, -1, np.float32),
        "weight/1/kernel": random.normal(0, 0.1, (12, 10)).astype(np.float32),
        "weight/1/bias": np.zeros(10, np.float32),
    }
    images = random.integers(0, 256, (500, 28, 28), dtype=np.uint8)
    labels = answer(arrays, images).argmax(axis=1).astype(np.uint8)
    labels[:30] = (labels[:30] + 1) % 10
    entry = make_entry(3, spec=spec)
    dataset = Dataset("mnist", images, labels, images, labels, "digest")
    return replace(entry, checkpoint=Checkpoint(arrays, 0.01)), dataset


def test_the_truth_is_confirmed(trained: tuple[Entry, Dataset]) -> None:
    """What the weights show is what was kept, also where another machine rounds in its own way; no weights, no proof."""
    entry, dataset = trained
    assert entry.checkpoint is not None
    truth = inspect_network(entry.checkpoint.arrays, dataset.test_images, dataset.test_labels, epochs=3)
    assert truth is not None
    assert check_inspection(entry, truth, dataset) is None
    rounded = replace(
        truth,
        right=truth.right + 5,
        layer_norms=tuple(norm + 1e-6 for norm in truth.layer_norms),
        confidences_i=truth.confidences_i - np.float32(1e-4),
        activations_h=truth.activations_h * np.float32(1.0001),
    )
    assert check_inspection(entry, rounded, dataset) is None
    assert check_inspection(replace(entry, checkpoint=None), truth, dataset) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda truth: {"right": truth.right + 6},
        lambda truth: {"right": truth.right - 6},
        lambda truth: {"silent_units": (truth.silent_units[0] + 1,)},
        lambda truth: {"silent_units": ()},
        lambda truth: {"incoming_ud": np.nextafter(truth.incoming_ud, np.float32(9))},
        lambda truth: {"incoming_ud": truth.incoming_ud[::-1]},
        lambda truth: {"layer_norms": (truth.layer_norms[0] + 0.1, truth.layer_norms[1])},
        lambda truth: {"layer_norms": truth.layer_norms[:1]},
        lambda truth: {"answers_i": (truth.answers_i + (np.arange(20) < 2)) % 10},
        lambda truth: {"confidences_i": truth.confidences_i - np.float32(0.01)},
        lambda truth: {"activations_h": truth.activations_h + np.float32(0.01)},
        lambda truth: {"shares_k": truth.shares_k[::-1]},
    ],
)
def test_a_lie_is_told(trained: tuple[Entry, Dataset], change: Callable[[Inspection], dict[str, Any]]) -> None:
    """Whatever figures draw of a network, the weights have the last word."""
    entry, dataset = trained
    assert entry.checkpoint is not None
    truth = inspect_network(entry.checkpoint.arrays, dataset.test_images, dataset.test_labels, epochs=3)
    assert truth is not None
    problem = check_inspection(entry, replace(truth, **change(truth)), dataset)
    assert problem == "what was kept of its weights is not what they show"


def test_weights_that_answer_nothing_confirm_nothing(trained: tuple[Entry, Dataset]) -> None:
    """Something was kept of a network whose answers are not finite: it is not what it shows."""
    entry, dataset = trained
    assert entry.checkpoint is not None
    truth = inspect_network(entry.checkpoint.arrays, dataset.test_images, dataset.test_labels, epochs=3)
    assert truth is not None
    arrays = {**entry.checkpoint.arrays, "weight/1/bias": np.full(10, np.inf, np.float32)}
    broken = replace(entry, checkpoint=Checkpoint(arrays, 0.01))
    assert check_inspection(broken, truth, dataset) is not None


def test_verify_asks_the_weights(place: Path, tmp_path: Path) -> None:
    """A real cache is sound with what its build kept of its weights; what was changed there is named, with exit code 6."""
    cache = tmp_path / "cache"
    for part in ("runs", "data"):
        shutil.copytree(place / "cache" / part, cache / part)
    shutil.copy(place / "cache" / "lrreport-cache.json", cache)
    store = Store(cache)
    entries = [entry for entry in store.entries() if isinstance(entry, Entry)]
    assert len(entries) == 4
    kept = {entry.key: store.read_inspection(entry, 2) for entry in entries}
    assert all(kept.values()), "the build looked into every network"
    assert lrreport("cache", "verify", "--cache", str(cache)).returncode == 0

    liar, ruined = entries[0], entries[1]
    truth = kept[liar.key]
    assert truth is not None
    store.write_inspection(liar, replace(truth, silent_units=(truth.silent_units[0] + 1,)))
    (store.runs / ruined.key / "inspection-2.json").write_bytes(b"{")
    done = lrreport("cache", "verify", "--json", "--cache", str(cache))
    assert done.returncode == 6
    found = json.loads(done.stdout)
    assert found["sound_runs"] == 3, "what is no inspection is made again by the next build, and no lie"
    assert found["problems"] == [
        {"path": str(store.runs / liar.key), "problem": "what was kept of its weights is not what they show"}
    ]
