"""The streams of a command on their way to where its output goes: passed on at once as they are, and kept."""

from __future__ import annotations

import array
import errno
import fcntl
import os
import select
import sys
import termios
import threading
from collections.abc import Sequence
from contextlib import suppress
from time import monotonic

from loopdoctor.running.spool import KEPT, Spool

BLOCK = 64 << 10
PIPE = 1 << 20

QUIET = 0.5
"""Seconds of silence after the command's end until what it left behind is no longer waited for."""

LINGER = 3.0
"""Seconds after its end until a process that never stops writing is left alone."""


class Channel:
    """One stream, or both of them where they go to the same place: their order is then kept as well.

    ``names`` are the descriptors of the command that it serves (1, 2). ``left_open`` says that another process still
    held it when the command had ended and all was quiet, ``gone`` that nobody reads where it goes to, ``failed`` why
    it could not be written there.
    """

    def __init__(self, names: Sequence[int], *, terminal: bool, limit: int = KEPT) -> None:
        self.names = tuple(names)
        self.target = names[0]
        self.terminal = terminal
        self.spool = Spool(limit)
        self.left_open = False
        self.gone = False
        self.failed: OSError | None = None
        self._source, self.theirs = _open_terminal(self.target) if terminal else _open_pipe()

    @property
    def name(self) -> str:
        """What a report calls it."""
        return "<output>" if len(self.names) > 1 else {1: "<stdout>", 2: "<stderr>"}[self.names[0]]

    def resize(self) -> None:
        """Tells the command's terminal how large ours is now."""
        if self.terminal:
            _copy_size(self.target, self._source)

    def start(self, ended: int) -> threading.Thread:
        """Passes on from now until its end, in a thread; ``ended`` becomes readable once the command has ended."""
        os.close(self.theirs)
        pump = threading.Thread(target=self._pump, args=(ended,), name=f"loopdoctor-{self.name}", daemon=True)
        pump.start()
        return pump

    def cancel(self) -> None:
        """Closes it before it was started."""
        os.close(self.theirs)
        os.close(self._source)

    def _pump(self, ended: int) -> None:
        try:
            while self._wait(ended) and (data := self._read()):
                self.spool.write(data)
                _write_all(self.target, data)
            if not self.left_open:
                return
            owed = _waiting(self._source)
            until = monotonic() + LINGER
            self.left_open = False
            while self._more(owed > 0 or monotonic() < until) and (data := self._read()):
                owed -= len(data)
                self.spool.write(data)
                _write_all(self.target, data)
        except BrokenPipeError:
            self.gone = True
        except OSError as error:
            self.failed = error
        finally:
            os.close(self._source)  # if the reader has gone, the command learns of it as it would without us

    def _wait(self, ended: int) -> bool:
        """Waits for more; False if the command has ended, which must not end what it wrote before."""
        ready, _, _ = select.select([self._source, ended], [], [])
        self.left_open = ended in ready
        return not self.left_open

    def _more(self, patient: bool) -> bool:
        """Whether more came within a moment; notes that somebody else still holds the stream if not."""
        self.left_open = not patient or not select.select([self._source], [], [], QUIET)[0]
        return not self.left_open

    def _read(self) -> bytes:
        try:
            return os.read(self._source, BLOCK)
        except OSError as error:
            if error.errno == errno.EIO:  # how Linux says that a terminal has no writer any more
                return b""
            raise


def open_channels(*, terminals: bool, limit: int = KEPT) -> list[Channel]:
    """The channels for standard output and standard error, which must both be open.

    A terminal stays a terminal for the command if ``terminals`` says so: without one, programs leave out their colours
    and progress bars.
    """
    groups = [(1, 2)] if os.path.samestat(os.fstat(1), os.fstat(2)) else [(1,), (2,)]
    channels: list[Channel] = []
    try:
        for names in groups:
            channels.append(Channel(names, terminal=terminals and os.isatty(names[0]), limit=limit))
    except OSError:
        for channel in channels:
            channel.cancel()
        raise
    return channels


def _open_pipe() -> tuple[int, int]:
    ours, theirs = os.pipe()
    if sys.platform == "linux":
        with suppress(OSError):  # the user's pipes together may hold no more
            fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, PIPE)
    return ours, theirs


def _open_terminal(like: int) -> tuple[int, int]:
    """A terminal of the same size and settings, which leaves the bytes as they are: the real one translates them."""
    ours, theirs = os.openpty()
    settings = termios.tcgetattr(like)
    settings[1] &= ~termios.OPOST
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(theirs, termios.TCSANOW, settings)
    _copy_size(like, theirs)
    return ours, theirs


def _copy_size(source: int, target: int) -> None:
    with suppress(OSError):
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(target, termios.TIOCSWINSZ, size)


def _waiting(source: int) -> int:
    """Bytes that can be read at once."""
    count = array.array("i", [0])
    try:
        fcntl.ioctl(source, termios.FIONREAD, count)
    except OSError:
        return PIPE
    return count[0]


def _write_all(target: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[os.write(target, rest) :]
        except BlockingIOError:  # another program has put it into non-blocking mode
            select.select([], [target], [])
