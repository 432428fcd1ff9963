"""`lrreport`, and `python -m lrreport`."""

from __future__ import annotations

from lrreport.system.interrupts import watch_signals


def main() -> None:
    """The command: signals are watched before anything that takes a while is loaded."""
    watch_signals()
    from lrreport.cli import main as run  # noqa: PLC0415

    run()


if __name__ == "__main__":
    main()
