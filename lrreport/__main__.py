"""`lrreport`, and `python -m lrreport`."""

from __future__ import annotations

import sys

from lrreport.errors import LrreportError
from lrreport.system.interrupts import watch_signals
from lrreport.system.memory import check_address_space


def main() -> None:
    """The command: signals are watched before anything that takes a while, or much memory, is loaded."""
    watch_signals()
    try:
        check_address_space()
    except LrreportError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(error.exit_code)
    from lrreport.cli import main as run  # noqa: PLC0415

    run()


if __name__ == "__main__":
    main()
