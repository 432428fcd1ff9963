"""The training engine: many runs in one XLA program, an epoch a call.

TensorFlow is imported in `program.py` and `device.py` and nowhere else in the project, and those are imported only
when something has to be trained.
"""

from typing import Final

#: Stored with every result. It changes whenever the numbers change; tests/engine pins some of them.
ENGINE_VERSION: Final = 2
