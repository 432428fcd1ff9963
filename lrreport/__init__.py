"""lrreport: how the learning rate shapes a neural network's training, trained, drawn and written up.

From Python: `lrreport.build("reports", seeds=7)` and `lrreport.load_results("reports")`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrreport.api import build, load_results

__version__ = "0.1.0"
__all__ = ["__version__", "build", "load_results"]


def __getattr__(name: str) -> Any:
    """`build` and `load_results`, loaded when they are asked for: what they need takes a second."""
    if name not in __all__:
        raise AttributeError(f"module 'lrreport' has no attribute {name!r}")
    from lrreport import api  # noqa: PLC0415

    return getattr(api, name)
