"""Lets a signal ask for the report instead of killing the program."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import Any

ASKING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Stop:
    """Whether the report was asked for, and by which signal.

    No ``threading.Event``: a handler that sets one while the same thread is about to look at it waits for itself.
    """

    def __init__(self) -> None:
        self.number = 0
        self.bell = -1
        """A descriptor that can be read from once the report was asked for; -1 where nobody can wait for one."""

    def is_set(self) -> bool:
        """Whether ``set`` was called."""
        return bool(self.number)

    def set(self, number: int = signal.SIGINT) -> None:
        """Asks for the report."""
        self.number = number

    def wait_for(self, descriptor: int) -> bool:
        """Waits until there is something to read, or its end; False if the report was asked for before.

        A handler does not end a ``read`` that waits (PEP 475), and an exception raised in it would come when the bytes
        are already taken; so both are waited for before anything is read.
        """
        if self.bell < 0:
            return not self.is_set()
        waiting = select.poll()
        waiting.register(descriptor, select.POLLIN)
        waiting.register(self.bell, select.POLLIN)
        while not self.is_set():
            if any(ready == descriptor for ready, _ in waiting.poll()):
                return not self.is_set()
        return False


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """What Ctrl-C, SIGTERM and SIGHUP set; a second one of a kind acts as it always does.

    A signal that was ignored before (``nohup``) stays ignored. Off the main thread no signal can be handled. Where
    nothing can be waited for together with a signal (Windows) Ctrl-C raises KeyboardInterrupt as ever.
    """
    stop = Stop()
    before: dict[int, Any] = {}

    def ask(number: int, frame: Any) -> None:
        stop.set(number)
        signal.signal(number, before[number])
        if stop.bell < 0 and callable(before[number]):
            before[number](number, frame)

    if current_thread() is not main_thread():
        yield stop
        return
    with _bell(stop):
        for number in (getattr(signal, name) for name in ASKING if hasattr(signal, name)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.getsignal(number)
                signal.signal(number, ask)
        try:
            yield stop
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@contextmanager
def _bell(stop: Stop) -> Iterator[None]:
    """Every signal writes a byte into a pipe, so that whoever waits for something else wakes up too."""
    if not hasattr(select, "poll"):
        yield
        return
    stop.bell, write = os.pipe()
    os.set_blocking(write, False)
    former = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(former)
        for descriptor in (stop.bell, write):
            os.close(descriptor)
