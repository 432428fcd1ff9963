"""Inspections as files beside a run's result: written as JSON with a checksum, read as if a stranger had written them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from lrreport.checkpoints import Entry
from lrreport.documents import parse_document
from lrreport.groups import CLASSES, INPUTS
from lrreport.inspection import IMAGES, MOST_ACTIVATIONS, UNITS, Inspection
from lrreport.results import CURVES
from lrreport.spec import TEST_SIZE

#: A file's name, as `inspection_name` gives it.
INSPECTION_FILE: Final = re.compile(r"inspection-(?P<epochs>\d{1,6})\.json", re.ASCII)
#: A full one takes 45 kB.
MAX_INSPECTION_BYTES: Final = 200_000
_FORMAT: Final = 1
#: Images whose two largest probabilities are nearly equal may be counted otherwise on other hardware.
_ROUNDING: Final = 3
_FLOAT32: Final = np.dtype("<f4")


def inspection_name(epochs: int) -> str:
    """The file's name in a run's folder."""
    return f"inspection-{epochs}.json"


def pack_inspection(entry: Entry, inspection: Inspection) -> bytes:
    """The file's content."""
    document = {
        "format": _FORMAT,
        "of": _digest_origin(entry, inspection.epochs),
        "epochs": inspection.epochs,
        "right": inspection.right,
        "silent_units": list(inspection.silent_units),
        "layer_norms": list(inspection.layer_norms),
        "confidence_right": inspection.confidence_right,
        "confidence_wrong": inspection.confidence_wrong,
        "answers": inspection.answers_i.tolist(),
        "confidences": _pack(inspection.confidences_i),
        "incoming": _pack(inspection.incoming_ud),
        "activations": _pack(inspection.activations_h),
        "shares": _pack(inspection.shares_k),
    }
    body = json.dumps(document, allow_nan=False, sort_keys=True)
    return json.dumps({"sha256": hashlib.sha256(body.encode()).hexdigest(), "inspection": body}).encode()


def unpack_inspection(content: bytes, entry: Entry, epochs: int) -> Inspection | None:
    """Read a file back.

    Args:
        content: Of the file, by whomever it was written.
        entry: The run that it stands beside.
        epochs: After how many epochs of it.

    Returns:
        The inspection; None when the content is not, byte for byte, what `pack_inspection` makes of one of this run after
        so many epochs.
    """
    if not 1 <= epochs <= len(entry.history):
        return None
    try:
        outer = parse_document(content)
        body = outer["inspection"]
        if hashlib.sha256(body.encode()).hexdigest() != outer["sha256"]:
            return None
        document = parse_document(body.encode())
        if (document["format"], document["epochs"], document["of"]) != (
            _FORMAT,
            epochs,
            _digest_origin(entry, epochs),
        ):
            return None
        inspection = _read(document, entry, epochs)
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, binascii.Error):
        return None
    return inspection if pack_inspection(entry, inspection) == content else None


def _read(document: dict[str, Any], entry: Entry, epochs: int) -> Inspection:
    """The inspection of a document.

    Raises:
        ValueError: It says what no inspection of this run can say.
    """
    hidden = entry.spec.hidden_units
    inspection = Inspection(
        epochs=epochs,
        right=document["right"],
        silent_units=tuple(document["silent_units"]),
        layer_norms=tuple(document["layer_norms"]),
        confidence_right=document["confidence_right"],
        confidence_wrong=document["confidence_wrong"],
        answers_i=np.array(document["answers"], np.int64),
        confidences_i=_unpack(document["confidences"], (IMAGES,)),
        incoming_ud=_unpack(document["incoming"], (min(UNITS, (*hidden, CLASSES)[0]), INPUTS)),
        activations_h=_unpack(document["activations"], (min(MOST_ACTIVATIONS, hidden[0]),) if hidden else (0,)),
        shares_k=_unpack(document["shares"], (CLASSES,)),
    )
    said = round(float(entry.history.test_accuracy_t[epochs - 1]) * TEST_SIZE)
    confidences = [value for value in (inspection.confidence_right, inspection.confidence_wrong) if value is not None]
    plausible = (
        _is_whole(inspection.right, TEST_SIZE) and abs(inspection.right - said) <= _ROUNDING,
        len(inspection.silent_units) == len(hidden),
        all(_is_whole(count, width) for count, width in zip(inspection.silent_units, hidden, strict=False)),
        len(inspection.layer_norms) == len(hidden) + 1,
        all(isinstance(norm, float) and 0 <= norm < np.inf for norm in inspection.layer_norms),
        all(isinstance(value, float) and 1 / CLASSES <= value <= 1 for value in confidences),
        (inspection.confidence_right is None) == (inspection.right == 0),
        (inspection.confidence_wrong is None) == (inspection.right == TEST_SIZE),
        inspection.answers_i.shape == (IMAGES,)
        and ((inspection.answers_i >= 0) & (inspection.answers_i < CLASSES)).all(),
        all(isinstance(value, int) and not isinstance(value, bool) for value in document["answers"]),
        ((inspection.confidences_i > 0) & (inspection.confidences_i <= 1)).all(),
        (inspection.activations_h >= 0).all(),
        ((inspection.shares_k >= 0) & (inspection.shares_k <= 1)).all(),
    )
    if not all(plausible):
        message = "an inspection that cannot be"
        raise ValueError(message)
    return inspection


def _is_whole(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _digest_origin(entry: Entry, epochs: int) -> str:
    """What the weights after so many epochs follow from: data, engine, environment, and the curves that came with them."""
    total = hashlib.sha256(repr((entry.key, entry.data_digest, entry.engine_version, entry.environment)).encode())
    for name in CURVES:
        total.update(getattr(entry.history, name)[:epochs].tobytes())
    return total.hexdigest()


def _pack(values: NDArray[np.float32]) -> str:
    return base64.b64encode(np.ascontiguousarray(values, _FLOAT32).tobytes()).decode()


def _unpack(text: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Finite numbers of that shape.

    Raises:
        ValueError: They are not.
    """
    values = np.frombuffer(base64.b64decode(text, validate=True), _FLOAT32).reshape(shape).astype(np.float32)
    if not np.isfinite(values).all():
        message = "numbers that are not finite"
        raise ValueError(message)
    return values
