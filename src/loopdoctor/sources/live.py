"""Logs that are still being written: a file under all its rotations, and a pipe that gives a line now and then.

The blocks of such a source never wait: an empty one says that there is nothing to read at the moment (or, in a busy
log, that a moment has passed), so that whoever reads can look after other things.
"""

from __future__ import annotations

import codecs
import os
import queue
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from time import monotonic

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Notice
from loopdoctor.sources.archives import is_tar, is_zip
from loopdoctor.sources.binary import kind_of_binary
from loopdoctor.sources.decompress import decompression_of
from loopdoctor.sources.encodings import HEAD, encoding_of
from loopdoctor.sources.files import STDIN, Notify, check_path, matching_paths, open_raw, unreadable
from loopdoctor.sources.stream import BLOCK, Source, read_blocks
from loopdoctor.sources.urls import masked, scheme_of

MOMENT = 0.1
"""Seconds after which a busy source gives an empty block in between."""

GRACE = 0.5
"""Seconds that a renamed file must be quiet before the one in its place is read: its writer may not know it yet."""

TAIL = 64
"""Bytes before the reading place that must still stand there; else the file was truncated and has grown again."""

WAITING = 8
"""Blocks of a pipe that wait to be taken; after a stop no more than those are."""

Stopped = Callable[[], bool]


def live_sources(paths: Sequence[str], notify: Notify, stopped: Stopped) -> list[Source]:
    """The files and pipes that ``paths`` name, each to be read for as long as it is written or until ``stopped()``.

    Raises LoopdoctorError for what is not there, cannot be read or cannot be followed: directories, compressed files.
    """
    for path in paths:
        if scheme_of(path):
            raise _cannot(masked(path), "what is elsewhere cannot be followed", "leave out --follow")
    found = list(dict.fromkeys(path for pattern in paths for path in matching_paths(pattern)))
    return [_live_source(path, notify, stopped) for path in found]


def _live_source(path: str, notify: Notify, stopped: Stopped) -> Source:
    check_path(path)
    if path != STDIN and os.path.isdir(path):  # noqa: PTH112
        raise _cannot(path, "a directory cannot be followed", "name its files: loopdoctor scan --follow DIR/*.log")
    try:
        descriptor = open_raw(path)
    except OSError as error:
        raise unreadable(path, error) from error
    regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
    if regular and path != STDIN:
        head = _read_at(descriptor, 0, HEAD)
        if decompression_of(head) or is_tar(head) or is_zip(head):
            raise _cannot(path, "a compressed file cannot be followed", "nothing is added to it: leave out --follow")
        if kind := kind_of_binary(head):
            raise _cannot(path, f"this is no log: {kind}", "name the log that is being written")
        blocks = Tail(path, descriptor, notify, stopped).blocks()
    else:
        blocks = _pipe_blocks(path, descriptor, notify, stopped)
    return Source(path, None, _with_moments(_to_utf8(blocks)))


def _cannot(path: str, message: str, hint: str) -> LoopdoctorError:
    return LoopdoctorError("input-not-live", message, context=path, hint=hint)


def _read_at(descriptor: int, place: int, size: int) -> bytes:
    os.lseek(descriptor, place, os.SEEK_SET)
    return os.read(descriptor, size)


class Tail:
    """One file by its name, whatever logrotate does to it: renamed and made anew, or truncated where it stands."""

    def __init__(self, path: str, descriptor: int, notify: Notify, stopped: Stopped) -> None:
        self._path = path
        self._descriptor = descriptor
        self._notify = notify
        self._stopped = stopped
        self._at = 0
        self._before = b""  # the last bytes read, to tell a file that was truncated and has grown again
        self._replaced_at: float | None = None
        self._end: int | None = None

    def blocks(self) -> Iterator[bytes]:
        """What is written, in blocks; an empty block where there is nothing more for now."""
        try:
            while not self._at_its_end():
                try:
                    block = self._read()
                except OSError as error:
                    message = f"reading failed ({error.strerror or error}); what could be read before counts"
                    self._notify(Notice("read-failed", message, self._path))
                    return
                if block:
                    yield block
                elif self._replaced():
                    yield from self._end_line()
                else:
                    yield b""
        finally:
            with suppress(OSError):
                os.close(self._descriptor)

    def _at_its_end(self) -> bool:
        """Whether reading was stopped, and all is read that had been written by then."""
        if not self._stopped():
            return False
        if self._end is None:
            self._end = os.fstat(self._descriptor).st_size
        return self._at >= self._end

    def _read(self) -> bytes:
        """The next bytes; from the file's beginning if it is not the text that was read before."""
        if self._truncated():
            self._at, ending = 0, self._before
            self._before = b""
            if ending and not ending.endswith(b"\n"):
                return b"\n"
        block = _read_at(self._descriptor, self._at, BLOCK)
        if block:
            self._at += len(block)
            self._before = (self._before + block)[-TAIL:]
            if self._replaced_at is not None:
                self._replaced_at = monotonic()
        return block

    def _truncated(self) -> bool:
        size = os.fstat(self._descriptor).st_size
        if size < self._at:
            return True
        if size == self._at or not self._before:
            return False
        return _read_at(self._descriptor, self._at - len(self._before), len(self._before)) != self._before

    def _replaced(self) -> bool:
        """Whether another file has taken the name for a while, and was opened now."""
        try:
            info, own = os.stat(self._path), os.fstat(self._descriptor)  # noqa: PTH116
        except OSError:  # for a moment there may be none
            return False
        if (info.st_dev, info.st_ino) == (own.st_dev, own.st_ino):
            self._replaced_at = None
            return False
        if self._replaced_at is None:
            self._replaced_at = monotonic()
        if monotonic() - self._replaced_at < GRACE:
            return False
        try:
            descriptor = open_raw(self._path)
        except OSError:
            return False
        os.close(self._descriptor)
        self._descriptor, self._at, self._replaced_at = descriptor, 0, None
        return True

    def _end_line(self) -> Iterator[bytes]:
        """The last line of the old file ends there, whatever it ended with."""
        if self._before and not self._before.endswith(b"\n"):
            yield b"\n"
        self._before = b""


def _pipe_blocks(path: str, descriptor: int, notify: Notify, stopped: Stopped) -> Iterator[bytes]:
    """What a pipe gives until its end. A thread waits for it, since not every system can wait for a while only."""
    waiting: queue.Queue[bytes | OSError | None] = queue.Queue(maxsize=WAITING)

    def pump() -> None:
        try:
            for block in read_blocks(descriptor):
                waiting.put(block)
        except OSError as error:
            waiting.put(error)
        waiting.put(None)

    threading.Thread(target=pump, daemon=True, name="loopdoctor-pipe").start()
    left = WAITING
    while left:
        left -= stopped()
        try:
            block = waiting.get_nowait()
        except queue.Empty:
            if stopped():
                return
            yield b""
            continue
        if block is None:
            return
        if isinstance(block, OSError):
            message = f"reading failed ({block.strerror or block}); what could be read before counts"
            notify(Notice("read-failed", message, path))
            return
        yield block


def _to_utf8(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks in UTF-8, told by the first of them: a live log cannot be waited for."""
    first = b""
    for first in blocks:
        if first:
            break
        yield b""
    encoding, mark = encoding_of(first[:HEAD])
    if encoding in ("", "utf-8"):
        yield first[mark:]
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    yield decoder.decode(first[mark:]).encode()
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def _with_moments(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks, and an empty one in between when a moment has passed without one."""
    last = monotonic()
    for block in blocks:
        yield block
        now = monotonic()
        if not block:
            last = now
        elif now - last >= MOMENT:
            last = now
            yield b""
