"""A run's bits, to compare trainings by."""

from __future__ import annotations

from lrreport.checkpoints import Entry


def bits(entry: Entry) -> bytes:
    """Everything that training leaves of a run."""
    history = entry.history
    curves = (
        history.learning_rate_t,
        history.train_loss_t,
        history.train_accuracy_t,
        history.test_loss_t,
        history.test_accuracy_t,
    )
    parts = [str(entry.progress).encode(), *(curve.tobytes() for curve in curves)]
    if entry.checkpoint is not None:
        saved = entry.checkpoint
        parts.append(repr((saved.learning_rate, saved.best, saved.wait)).encode())
        parts += [name.encode() + array.tobytes() for name, array in sorted(saved.arrays.items())]
    return b"".join(parts)
