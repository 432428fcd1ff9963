"""The identity of a run: a digest of its canonical spec.

Every field of `RunSpec` counts. What only says how much of a run is wanted (the number of epochs) is not in the
spec at all. Data and engine version are recorded inside a cache entry, not in its key, so that `plan` can say
which of the two has changed.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from typing import Any, Final

from lrreport.spec import RunSpec, is_left_out

#: Written into every digest; a change of the canonical form changes it, and with it every key.
_TAG: Final = "lrreport-run-1"
_DIGITS: Final = 20


def canonical(value: Any) -> Any:
    """Bring a value into the one JSON form that is hashed: floats as hexadecimal text, dataclasses by field name.

    A field that came later is left out while it has its default, so that runs of before keep their keys.

    Raises:
        TypeError: The value has no canonical form.
        ValueError: A float is not finite.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            message = f"a spec may not hold {value!r}"
            raise ValueError(message)
        return {"float": (value + 0.0).hex()}
    if isinstance(value, tuple):
        return [canonical(item) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            item.name: canonical(getattr(value, item.name))
            for item in dataclasses.fields(value)
            if not is_left_out(item, value)
        }
    message = f"{type(value).__name__} has no canonical form"
    raise TypeError(message)


def run_key(spec: RunSpec) -> str:
    """The run's key: the first 20 hexadecimal digits of the SHA-256 of its canonical form.

    >>> run_key(RunSpec()) == run_key(RunSpec(learning_rate=0.01, momentum=0))
    True
    """
    text = json.dumps([_TAG, canonical(spec)], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:_DIGITS]
