"""Signals: handed on to the command once, and died of as it died.

Ctrl-C, and any signal to the process group, reaches the command without us; handed on, it would come twice, and a
second SIGINT ends a program of asyncio in another way than the first. Whether it came to the group a process of ours
in the same group tells (the witness).
"""

from __future__ import annotations

import os
import select
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from subprocess import Popen
from time import monotonic
from types import TracebackType
from typing import Any, NoReturn

HANDED_ON = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH")
    if hasattr(signal, name)
)

MOMENT = 0.1
"""Seconds in which the witness must have seen a signal that came to the group."""

FORGOTTEN = 1.0
"""Seconds after which a signal that only the witness has seen no longer counts."""


class Relay:
    """Takes the signals of this process while it is entered, in the main thread."""

    def __init__(self) -> None:
        self._before: dict[int, Any] = {}
        self._wakeup = -1

    def __enter__(self) -> Relay:
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        for number in (*HANDED_ON, signal.SIGCHLD):
            if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGCHLD:  # nohup: stays ignored
                self._before[number] = signal.signal(number, _nothing)
        self._wakeup = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._witness = Witness()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        signal.set_wakeup_fd(self._wakeup)
        self._witness.close()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._read)
        os.close(self._write)

    def until_ended(self, process: Popen[bytes], resize: Callable[[], None]) -> int:
        """Hands signals on until the command has ended; its exit status, or minus the signal that killed it."""
        while process.poll() is None:
            select.select([self._read], [], [])
            for number in os.read(self._read, 4096):
                if number == signal.SIGWINCH:  # the size must be there before it is asked for; twice does no harm
                    resize()
                    process.send_signal(number)
                elif number in HANDED_ON and not self._witness.saw(number):
                    process.send_signal(number)
        return process.returncode


class Witness:
    """A process in our process group that tells which signals it gets. It holds nothing, and ends when we do."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, float]] = deque()
        self._source, told = os.pipe()
        life, self._life = os.pipe()
        self._process = os.fork()
        if not self._process:
            _witness(life, self._life, told)
        os.close(life)
        os.close(told)

    def saw(self, number: int) -> bool:
        """Whether the signal that has just come to us came to the group."""
        until = monotonic() + MOMENT
        while True:
            self._forget()
            for seen in self._seen:
                if seen[0] == number:
                    self._seen.remove(seen)
                    return True
            left = until - monotonic()
            if left <= 0 or not select.select([self._source], [], [], left)[0]:
                return False
            told = os.read(self._source, 4096)
            if not told:  # it was killed: better a signal too many than one too few
                return False
            self._seen.extend((one, monotonic()) for one in told)

    def _forget(self) -> None:
        while self._seen and monotonic() - self._seen[0][1] > FORGOTTEN:
            self._seen.popleft()

    def close(self) -> None:
        """Ends it."""
        os.close(self._life)
        os.close(self._source)
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)


def _witness(life: int, others: int, told: int) -> NoReturn:
    """The witness itself: the interpreter writes the number of each signal; the end of ``life`` is ours."""
    try:
        os.close(others)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):  # a reader of our output must not wait for the witness
            os.dup2(nowhere, standard)
        os.set_blocking(told, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        os.read(life, 1)
    finally:
        os._exit(0)


def die_of(number: int) -> NoReturn:
    """Ends this process by a signal as the command was ended by it, without a core dump of our own."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    with suppress(OSError, ValueError):  # SIGKILL has no handler
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
    os.kill(os.getpid(), number)
    os._exit(128 + number)  # process 1 of a container does not die of signals


def _nothing(number: int, frame: object) -> None:
    """A handler must be there for the signal to be told of."""
