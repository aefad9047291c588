"""Bytes in order from anything that gives blocks, and what the rest of the program sees of an input."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterable, Iterator

from loopdoctor.stopping import Stop

BLOCK = 256 << 10
"""Bytes asked for at once: with less the cost of a call shows; with more the blocks leave the processor's cache."""


class Source:
    """One log, ready to be read once, from its beginning.

    ``name`` is the path as the user gave it, ``-`` for standard input, ``a.zip!/b.log`` for a member of an archive.
    ``size`` is the number of bytes on disk, None where nobody can know (pipes, members). ``on_disk`` tells how many
    bytes of that have been read so far. A source must be read before ``find_sources`` is asked for the next one.
    ``lines_before`` are those of the log that stand before its beginning, and were read another time.
    """

    def __init__(
        self,
        name: str,
        size: int | None,
        blocks: Iterator[bytes],
        on_disk: Callable[[], int] = lambda: 0,
        *,
        lines_before: int = 0,
    ) -> None:
        self.name = name
        self.size = size
        self.lines_before = lines_before
        self._blocks = blocks
        self._on_disk = on_disk

    @property
    def on_disk(self) -> int:
        """Bytes of the file on disk (of the compressed file, if it is one) that have been read."""
        return self._on_disk()

    def blocks(self) -> Iterator[bytes]:
        """The log, unpacked and in UTF-8 (or whatever single-byte encoding it holds), in blocks of any size."""
        return self._blocks


class Stream:
    """Blocks as a stream that can be read piece by piece and looked ahead into; nothing can be read twice.

    ``taken`` counts the bytes that came out of the blocks so far, looked at or not.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._ahead = b""
        self.taken = 0

    def _fill(self) -> bytes:
        block = next(self._blocks, b"")
        self.taken += len(block)
        return block

    def peek(self, size: int) -> bytes:
        """The next ``size`` bytes, fewer only at the end; they stay unread."""
        while len(self._ahead) < size:
            block = self._fill()
            if not block:
                break
            self._ahead += block
        return self._ahead[:size]

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes, at least one; ``b""`` at the end."""
        data = self._ahead or self._fill()
        self._ahead = data[size:]
        return data[:size]

    def read_exactly(self, size: int) -> bytes:
        """``size`` bytes, fewer only at the end."""
        data = self.peek(size)
        self._ahead = self._ahead[len(data) :]
        return data

    def limited(self, size: int) -> Iterator[bytes]:
        """The next ``size`` bytes in blocks, fewer only at the end."""
        while size and (data := self.read(min(size, BLOCK))):
            size -= len(data)
            yield data

    def blocks(self) -> Iterator[bytes]:
        """All that is left."""
        if self._ahead:
            data, self._ahead = self._ahead, b""
            yield data
        while data := self._fill():
            yield data


def read_blocks(descriptor: int, stop: Stop | None = None) -> Iterator[bytes]:
    """What ``read(2)`` gives until the end or a ``stop``. Raises OSError where the device or file system fails.

    ``os.read`` makes an object a block, and still is as fast as reading into kept buffers: the allocator hands out the
    same few blocks again. Mapping the file would be no faster, and a log that logrotate truncates meanwhile would
    kill the process.
    """
    while stop is None or stop.wait_for(descriptor):
        try:
            block = os.read(descriptor, BLOCK)
        except BlockingIOError:  # another program has put our standard input into non-blocking mode
            select.select([descriptor], [], [])
            continue
        if not block:
            return
        yield block
