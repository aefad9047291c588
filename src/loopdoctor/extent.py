"""From when to when a log goes, as it says itself: the first and the last time written in it.

Where a log is read whole every line passes by anyway. Of a large one only the first and the last few KiB are looked at
besides the windows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from loopdoctor.model import Line, Window

LOOKED_AT = 8 << 10
"""Bytes at either end in which a time is looked for."""

Unwrap = Callable[[Iterable[Window]], Iterator[Line]]


class Extent:
    """The first and the last time of one source, both as it wrote them; None where it wrote none."""

    def __init__(self) -> None:
        self.first: str | None = None
        self.last: str | None = None
        self._head = self._tail = b""

    def watch(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The blocks as they are; what stands at both ends is remembered."""
        for block in blocks:
            if len(self._head) < LOOKED_AT:
                self._head += block[:LOOKED_AT]
            self._tail = (self._tail + block)[-LOOKED_AT:] if len(block) < LOOKED_AT else block[-LOOKED_AT:]
            yield block

    def see(self, line: Line) -> None:
        """A line that passes by, in the order of the log."""
        if line.time:
            self.last = line.time
            if self.first is None:
                self.first = line.time

    def look(self, unwrap: Unwrap) -> None:
        """Looks at the ends of a source of which not every line has passed by."""
        head = self._head.rpartition(b"\n")[0]
        self.first = next((line.time for line in unwrap([Window("", 1, head)]) if line.time), self.first)
        tail = self._tail.partition(b"\n")[2]
        for line in unwrap([Window("", 1, tail, last_of_source=True)]):
            self.last = line.time or self.last
