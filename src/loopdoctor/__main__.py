"""``python -m loopdoctor`` and the console command: what must hold before anything else is imported, and after all."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress


def main() -> int:
    """Runs the command line in a process of its own; the exit status."""
    _open_closed_descriptors()
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while modules are imported would show where
    from loopdoctor.cli import EXIT_INTERRUPTED
    from loopdoctor.cli import main as run

    try:
        signal.signal(signal.SIGINT, handler)
        return run()
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    finally:
        if handler is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said: nothing is to disturb the exit status


def _open_closed_descriptors() -> None:
    """Started with a closed stream (``>&-``): the next file opened would take its number, and a report its output."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free


if __name__ == "__main__":
    sys.exit(main())
