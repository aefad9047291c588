"""Reads objects elsewhere to their end although connections break, a little ahead of whoever takes the bytes."""

from __future__ import annotations

import contextlib
import io
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple, TypeVar

from loopdoctor.sources.objects import Changed, Object
from loopdoctor.sources.stream import BLOCK
from loopdoctor.stopping import Stop

T = TypeVar("T")

ATTEMPTS = 4
"""Attempts that may fail one after the other without a byte between them."""

MAX_BREAKS = 100
"""Breaks of one object in all: a server that gives a byte and hangs up would else be asked for ever."""

PAUSE = 0.5
"""Seconds before the second attempt; twice as long before each further one."""

READ_AHEAD = 1
"""Parts that wait to be taken, beside the one that is being fetched."""

ZIP_WINDOW = 1 << 20
"""Bytes of an archive kept while its members are read, and fetched at once."""


class Failure(NamedTuple):
    """Why an object gives no more: a notice's kind and words that hold nothing of an address or an answer."""

    kind: str
    words: str


class Unreadable(OSError):
    """What cannot be read, in words that may be shown."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.words)
        self.failure = failure


def reason(error: BaseException) -> tuple[str, bool]:
    """What went wrong, and whether it would again. Never the error's own text: it quotes addresses with signatures."""
    chain = _chain(error)
    status = next((number for one in chain if (number := _status(one))), 0)
    # fsspec tells of a web page that there is none whatever has happened; the cause says better.
    plain = not status and not any(_broken(one) for one in chain)
    if status in (401, 403) or (plain and any(isinstance(one, PermissionError) for one in chain)):
        return "access denied", True
    if status in (404, 410) or (plain and any(isinstance(one, FileNotFoundError) for one in chain)):
        return "not found", True
    if status:
        return f"the server answered {status}", status < 500 and status not in (408, 425, 429)
    if any("Credential" in type(one).__name__ or "Authentication" in type(one).__name__ for one in chain):
        return "no credentials that serve were found", True
    if any(isinstance(one, TimeoutError) or "Timeout" in type(one).__name__ for one in chain):
        return "no answer in time", False
    last = chain[-1]
    return f"the connection failed: {type(last).__name__}", isinstance(last, ValueError | TypeError)


def _chain(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in found and len(found) < 8:
        found.append(one)
        one = one.__cause__ or one.__context__
    return found


def _status(error: BaseException) -> int:
    """The status of an answer, where aiohttp, azure-core, gcsfs and botocore keep it."""
    response = getattr(error, "response", None)
    metadata = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    # ``code`` is gcsfs's; aiohttp's errors about a payload that broke off have one too, which no server has sent.
    names = ("status", "status_code", "code") if type(error).__name__ == "HttpError" else ("status", "status_code")
    numbers = [getattr(error, name, None) for name in names]
    for number in (*numbers, metadata.get("HTTPStatusCode")):
        if isinstance(number, int) and 400 <= number < 600:
            return number
    return 0


def _broken(error: BaseException) -> bool:
    """Whether the error is one of a connection (aiohttp's have names of their own)."""
    return isinstance(error, ConnectionError | TimeoutError) or type(error).__name__.startswith(("Client", "Server"))


def again(call: Callable[[], T]) -> T:
    """What ``call`` gives, attempted ``ATTEMPTS`` times. Raises ``Unreadable``."""
    for failed in range(1, ATTEMPTS + 1):
        try:
            return call()
        except Changed:
            raise Unreadable(CHANGED) from None
        except Exception as error:  # noqa: BLE001 - libraries of four makers, each with errors of its own
            words, final = reason(error)
            if final or failed == ATTEMPTS:
                raise Unreadable(Failure("unreadable", words)) from None
            time.sleep(PAUSE * 2 ** (failed - 1))
    raise AssertionError("an attempt succeeds or fails")


CHANGED = Failure("changed", "was written anew while it was read; what could be read before counts")


def resumed(thing: Object) -> Iterator[bytes]:
    """An object from its beginning to its end; after a break it goes on at the byte where it broke.

    Raises ``Unreadable`` for what stays broken, and for what changed after bytes of it were given.
    """
    offset = failed = breaks = 0
    while True:
        try:
            for part in thing.parts(offset):
                offset += len(part)
                failed = 0
                yield part
            return
        except Changed:
            if offset:
                raise Unreadable(CHANGED) from None
            words, final = "written anew again and again", False
        except Exception as error:  # noqa: BLE001 - as above
            words, final = reason(error)
        failed += 1
        breaks += 1
        if final or failed == ATTEMPTS or breaks == MAX_BREAKS:
            if not offset:
                raise Unreadable(Failure("unreadable", f"cannot be read ({words})"))
            raise Unreadable(Failure("read-failed", f"reading failed ({words}); what could be read before counts"))
        time.sleep(PAUSE * 2 ** (failed - 1))


class Reader:
    """An object that a thread reads ahead, as long as somebody takes the parts."""

    def __init__(self, thing: Object) -> None:
        self.object = thing
        self.failure: Failure | None = None
        self._parts: queue.Queue[bytes | None] = queue.Queue(READ_AHEAD)
        self._left = threading.Event()
        # A thread that waits for a server must not hold up the end of the program.
        threading.Thread(target=self._run, daemon=True, name="loopdoctor-remote").start()

    def _run(self) -> None:
        try:
            for part in resumed(self.object):
                if not self._put(part):
                    return
        except Unreadable as error:
            self.failure = error.failure
        except BaseException as error:  # noqa: BLE001 - whoever waits for the parts must not wait for ever
            self.failure = Failure("read-failed", f"reading failed ({type(error).__name__})")
        self._put(None)

    def _put(self, part: bytes | None) -> bool:
        while not self._left.is_set():
            try:
                self._parts.put(part, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def blocks(self, stop: Stop | None = None) -> Iterator[bytes]:
        """The object's bytes, up to a ``stop``; once they have ended ``failure`` says whether they are all."""
        while (part := self._take(stop)) is not None:
            view = memoryview(part)
            for at in range(0, len(part), BLOCK):
                yield bytes(view[at : at + BLOCK])

    def _take(self, stop: Stop | None) -> bytes | None:
        while not self._left.is_set() and (stop is None or not stop.is_set()):
            with contextlib.suppress(queue.Empty):
                return self._parts.get(timeout=0.2)
        return None

    def leave(self) -> None:
        """Ends the thread, at the next part that it would hand over."""
        self._left.set()

    def seekable(self) -> IO[bytes] | None:
        """The object as a file in which one can go about, None where the server gives no ranges."""
        if not self.object.can_seek():
            return None
        self.leave()
        return io.BufferedReader(_RangeFile(self.object), ZIP_WINDOW)


class _RangeFile(io.RawIOBase):
    """A file whose reads are ranges."""

    def __init__(self, thing: Object) -> None:
        self._object = thing
        self._size = thing.size or 0
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        start, end = self._at, min(self._at + len(buffer), self._size)
        if start >= end:
            return 0
        data = again(lambda: self._object.fetch(start, end))
        buffer[: len(data)] = data
        self._at = end
        return len(data)
