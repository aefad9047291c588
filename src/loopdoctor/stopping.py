"""Lets a signal ask for the report instead of killing the program."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any

ASKING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Stop:
    """Whether the report was asked for.

    No ``threading.Event``: a handler that sets one while the same thread is about to look at it waits for itself.
    """

    def __init__(self) -> None:
        self._asked = False

    def is_set(self) -> bool:
        """Whether ``set`` was called."""
        return self._asked

    def set(self) -> None:
        """Asks for the report."""
        self._asked = True


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """What Ctrl-C, SIGTERM and SIGHUP set; a second one of a kind acts as it always does.

    A signal that was ignored before (``nohup``) stays ignored. Off the main thread no signal can be handled.
    """
    stop = Stop()
    before: dict[int, Any] = {}

    def ask(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, before[number])

    if current_thread() is main_thread():
        for number in (getattr(signal, name) for name in ASKING if hasattr(signal, name)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
