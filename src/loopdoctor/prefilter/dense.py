"""Stretches in which failures stand so near to one another that windows round them would touch.

There blocks are handed over as they come, cut where an entry begins, with the places of what was found in them: who
reads them knows which entries need no parsing. Elsewhere the ``Cutter`` makes windows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

from loopdoctor.model import Window
from loopdoctor.prefilter.cutting import Cutter
from loopdoctor.prefilter.newlines import counter

SPARSE = 32 << 10
"""Bytes for each literal found, above which a block is not dense."""

MAX_ENTRY = 64 << 10
"""Bytes of an entry; where one is longer, or none begins, lines are left to the ``Cutter``."""


class Dense:
    """Takes the blocks of a source before the ``Cutter`` does. ``head`` finds where the next entry begins (or None)."""

    def __init__(self, name: str, cutter: Cutter, head: Callable[[bytes, int], int | None]) -> None:
        self._name = name
        self._cutter = cutter
        self._head = head
        self._on = False
        self._line = 1
        self._carry = b""
        self._carried: list[int] = []

    def feed(self, block: bytes, newlines: int, hits: Sequence[int], *, ready: bool) -> Iterator[Window]:
        """The windows after this block; ``ready`` says that whoever reads them knows some entries already."""
        if not self._on:
            first = self._begin(block, newlines, hits, ready=ready)
            if first < 0:
                yield from self._cutter.feed(block, newlines, hits)
                return
            before = bisect_right(hits, first)
            yield from self._cutter.feed(block[:first], block.count(b"\n", 0, first), hits[:before])
            yield from self._cutter.leave()
            self._line, self._on = self._cutter.line, True
            block, hits = block[first:], [hit - first for hit in hits[before:]]
        data = self._carry + block
        found = self._carried + [hit + len(self._carry) for hit in hits]
        last = self._last_entry(data) if self._is_dense(block, hits) else -1
        if last < 0:
            yield from self._leave(data, found)
            return
        count = bisect_right(found, last)
        if last:
            yield Window(self._name, self._line, data[:last], hits=tuple(found[:count]))
            self._line += counter()(data[:last])
        self._carry, self._carried = data[last:], [hit - last for hit in found[count:]]

    def finish(self) -> Iterator[Window]:
        """The windows that are left when the source has ended."""
        if self._on:
            yield from self._leave(self._carry, self._carried)
        yield from self._cutter.finish()

    def _is_dense(self, block: bytes, hits: Sequence[int]) -> bool:
        return len(hits) * SPARSE >= len(block) and b"\0" not in block

    def _begin(self, block: bytes, newlines: int, hits: Sequence[int], *, ready: bool) -> int:
        """Where the first entry of a dense block begins; -1 if the block is not dense."""
        if not ready or not newlines or not self._is_dense(block, hits) or not self._cutter.may_leave:
            return -1
        first = self._head(block, block.find(b"\n") + 1)
        return -1 if first is None or first > MAX_ENTRY else first

    def _last_entry(self, data: bytes) -> int:
        """Where the last entry in ``data`` begins; -1 if none does, or if a line is too long to be kept whole."""
        at = len(data)
        while at > 0 and len(data) - at <= MAX_ENTRY:
            at = data.rfind(b"\n", 0, at - 1) + 1
            if self._head(data[at : at + 40], 0) == 0:
                return at if self._cutter.has_no_long_line(data, at) else -1
        return -1

    def _leave(self, data: bytes, hits: list[int]) -> Iterator[Window]:
        self._on, self._carry, self._carried = False, b"", []
        self._cutter.resume(self._line)
        yield from self._cutter.feed(data, data.count(b"\n"), hits)
