"""What a command wrote, kept in a temporary file of bounded size until it is scanned.

A file, and not a queue to the parser: a command whose output is dense with failures must never wait for our parsing,
and what it does next depends on its timing.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

KEPT = 512 << 20
"""Bytes of one stream that are kept: its first half and its latest half."""

BLOCK = 256 << 10


class Spool:
    """The first and the latest bytes of a stream, in a file without a name.

    ``written`` counts all bytes, ``error`` says why nothing more can be kept (a full disk), ``kept_until`` how many
    had come until then.
    """

    def __init__(self, limit: int = KEPT) -> None:
        self._half = limit // 2
        self._file: int | None = None
        self.written = 0
        self.kept_until = 0
        self.error = ""

    def write(self, data: bytes) -> None:
        """Takes the next bytes; never fails."""
        rest = memoryview(data)
        self.written += len(data)
        try:
            while rest and not self.error:
                at, room = self._place()
                count = os.pwrite(self._descriptor(), rest[:room], at)
                self.kept_until += count
                rest = rest[count:]
        except OSError as error:
            self.error = (error.strerror or str(error)).lower()

    @property
    def lost(self) -> int:
        """Bytes that are not kept: those between the two halves, and those after an error."""
        return self.written - min(self.kept_until, 2 * self._half)

    def blocks(self) -> Iterator[bytes]:
        """What is kept, in order. Where bytes are missing in between, the line that they cut is left out."""
        half, end = self._half, self.kept_until
        if end <= 2 * half:
            yield from self._range(0, end)
            return
        yield from self._range(0, half)
        yield b"\n"
        oldest = half + (end - half) % half
        latest = self._joined(oldest)
        for block in latest:  # up to the first line break, which may be blocks away
            _, found, rest = block.partition(b"\n")
            if found:
                yield rest
                break
        yield from latest

    def close(self) -> None:
        """Gives the file back."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _joined(self, oldest: int) -> Iterator[bytes]:
        yield from self._range(oldest, 2 * self._half)
        yield from self._range(self._half, oldest)

    def _place(self) -> tuple[int, int]:
        """Where the next byte goes, and how many have room there in one piece."""
        half, end = self._half, self.kept_until
        if end < half:
            return end, half - end
        offset = (end - half) % half
        return half + offset, half - offset

    def _descriptor(self) -> int:
        if self._file is None:
            with tempfile.TemporaryFile(buffering=0) as file:
                self._file = os.dup(file.fileno())
        return self._file

    def _range(self, at: int, end: int) -> Iterator[bytes]:
        while at < end and (data := os.pread(self._descriptor(), min(BLOCK, end - at), at)):
            at += len(data)
            yield data
