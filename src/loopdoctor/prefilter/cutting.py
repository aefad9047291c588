"""Cuts searched blocks into windows of whole lines.

What a window holds depends on the log's lines alone, never on how it came in blocks.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator, Sequence

from loopdoctor.model import Window
from loopdoctor.patterns import lazy
from loopdoctor.prefilter.tally import Tally
from loopdoctor.settings import Settings

PIECE = 1 << 20
"""Bytes after which a long stretch is handed over, up to the end of the line."""

FIRST_PIECE = 64 << 10
"""The same for the first pieces of a stretch, each of which is twice as long as the one before: what is learned from
them spares much of the parsing of those behind."""

STRIDE = 16
"""Lines within which a record must show another of its lines to go on: other streams write in between."""

LOOKED_AT = 1000
"""Bytes of a line that are looked at to tell whether a record goes on; a longer one is an entry of its own."""

# Lines that only the middle of a record has: frames, carets, what is indented (source lines), pytest's errors, boxes of
# rich and loguru. Their like is cheap to find, and taking in too much does no harm.
GOES_ON = lazy(
    rb'^[ \t]+\S|File \\?"[^"\n]*", line |^>? *File |\^\^\^|~~~|^[E>] |\xe2\x94\x82|\[Previous line repeated',
    re.MULTILINE,
)


class Cutter:
    """Takes a source's blocks with their hits in order, and gives its windows.

    Between two blocks it keeps the lines that may still be wanted (``held``) and the line that the last block has left
    unfinished (``rest``). As long as no window is open and nothing is found, a block costs next to nothing.
    """

    def __init__(self, name: str, settings: Settings, tally: Tally) -> None:
        self._name = name
        self._tally = tally
        self._margin = settings.margin
        self._need = max(2 * settings.margin + 1, STRIDE)
        self._max_line = settings.max_line
        self._max_lines = sys.maxsize if tally.whole else settings.max_record + 2 * settings.margin
        self._held: deque[tuple[bytes, int, int]] = deque()  # where each ends, and its number of line breaks
        self._held_lines = 0
        self._undecided: list[int] = []  # places of hits in the held lines, if these may still join the open window
        self._line = 1  # number of the first held line
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._rest_hit = False
        self._open = False
        self._parts: list[bytes] = []  # of the open window, not handed over yet
        self._parts_size = 0
        self._parts_lines = 0
        self._piece = PIECE if tally.whole else FIRST_PIECE
        self._first = 1  # number of the first line in parts

    def feed(self, block: bytes, newlines: int, hits: Sequence[int]) -> Iterator[Window]:
        """The windows that are complete after this block; ``hits`` are offsets behind the ends of literals, sorted."""
        if newlines and self._rest_size > self._max_line:  # the end of a line of which nothing more is wanted
            skip = block.find(b"\n")
            block, hits = block[skip:], [max(hit - skip, 1) for hit in hits]
        end = block.rfind(b"\n") + 1 if newlines else 0
        if end:
            if (
                self._tally.whole
                or self._rest_hit
                or hits
                or (self._open and self._held_lines + newlines >= self._need)
            ):
                yield from self._lines(block[:end], end, hits)
            else:
                for part in self._rest:
                    self._hold(part, len(part), 0)
                self._hold(block, end, newlines)
            self._rest, self._rest_size, self._rest_hit = [], 0, False
        if end < len(block):
            room = self._max_line + 1 - self._rest_size
            if room > 0:
                self._rest.append(block[end : end + room])
                self._rest_size += len(self._rest[-1])
            self._rest_hit = self._rest_hit or (bool(hits) and hits[-1] > end)

    def finish(self) -> Iterator[Window]:
        """The windows that are left when the source has ended."""
        if self._rest:
            self._tally.lines += 1
        yield from self._lines(b"", 0, (), final=True)

    @property
    def may_leave(self) -> bool:
        """Whether no unfinished line is longer than what is kept of one."""
        return self._rest_size <= self._max_line

    @property
    def line(self) -> int:
        """The number of the first line that is held, or of the next one that comes."""
        return self._line

    def leave(self) -> Iterator[Window]:
        """All that is held, because others take the blocks from here on: the open window's lines, or a margin.

        Nothing was found in a window with ``hits`` that are empty: it only says what stands before the next one.
        """
        open_window = self._open
        lines = self._take_held()
        first = self._line
        self._line += lines.count(b"\n")
        self._held_lines, self._undecided = 0, []
        if open_window:
            yield from self._add(lines)
            yield from self._hand_over(last=False)
        elif lines:
            yield Window(self._name, first, self._shortened(lines), hits=())
        self._open = False

    def resume(self, line: int) -> None:
        """Takes blocks again, the first line being this one, as if a window were open: something may go on."""
        self._line = self._first = line
        self._open = True

    def has_no_long_line(self, data: bytes, end: int) -> bool:
        """Whether every line up to ``end`` (a line's beginning) is kept whole."""
        at = 0
        while end - at > self._max_line:
            at = data.rfind(b"\n", at, at + self._max_line + 1) + 1
            if at == 0:
                return False
        return True

    def pause(self) -> Iterator[Window]:
        """What is there of the open window, since nothing more comes for a moment; the window stays open."""
        if self._open or self._tally.whole:
            lines = self._take_held()
            self._held_lines, self._undecided = 0, []
            self._line += lines.count(b"\n")
            yield from self._add(lines)
            yield from self._hand_over(last=False)
        yield Window(self._name, self._first, b"", pause=True)

    def _hold(self, part: bytes, end: int, newlines: int) -> None:
        """Keeps lines: all while a window is open, else no more parts of them than the next one needs."""
        self._held.append((part, end, newlines))
        self._held_lines += newlines
        while not self._open and self._held_lines - self._held[0][2] > self._margin:
            newlines = self._held.popleft()[2]
            self._held_lines -= newlines
            self._line += newlines

    def _lines(self, lines: bytes, end: int, hits: Sequence[int], *, final: bool = False) -> Iterator[Window]:
        """Goes through all that is held, the unfinished line, and the lines that end it."""
        rest = b"".join(self._rest)
        held = self._take_held()
        before = len(held) + len(rest)
        places, self._undecided = self._undecided, []
        if self._rest_hit:
            places.append(len(held))
        places += [before + hit - 1 for hit in hits if hit <= end]
        chunk = b"".join((held, rest, lines))
        if self._tally.whole:
            yield from self._add(chunk)
            if final:
                yield from self._hand_over(last=True)
        else:
            yield from self._cut(chunk, places, final=final)

    def _take_held(self) -> bytes:
        """What is held; of the first part, which may be a whole block, only the lines that a margin needs."""
        parts = [part[:end] for part, end, _ in self._held]
        if parts and not self._open:
            newlines = self._held[0][2]
            wanted = self._margin - (self._held_lines - newlines)
            if 0 <= wanted < newlines:
                parts[0] = parts[0][_lines_back(parts[0], len(parts[0]), wanted, 0) :]
                self._line += newlines - wanted
        self._held.clear()
        return b"".join(parts)

    def _cut(self, chunk: bytes, places: Sequence[int], *, final: bool) -> Iterator[Window]:
        """Opens and closes windows within whole lines, the first of which is number ``self._line``."""
        floor = at = 0  # where the last window has ended; where lines have been counted to
        number = self._line
        index = 0
        while self._open or index < len(places):
            start = 0
            if not self._open:
                start = _lines_back(chunk, places[index], self._margin, floor)
                number += chunk.count(b"\n", at, start)
                at = start
                self._first, self._open = number, True
            end, index = self._last_of_record(chunk, start, places, index)
            if not final and not _lines_on(chunk, end, self._need)[1]:  # what comes next may belong to it
                yield from self._add(chunk[start:end])
                self._keep(chunk[end:], number + chunk.count(b"\n", at, end))
                self._undecided = [place - end for place in places[index:]]
                return
            floor, _ = _lines_on(chunk, end, self._margin)
            yield from self._add(chunk[start:floor])
            yield from self._hand_over(last=final and floor == len(chunk))
            self._open = False
        kept = _lines_back(chunk, len(chunk), self._margin, floor)
        self._keep(chunk[kept:], number + chunk.count(b"\n", at, kept))

    def _keep(self, lines: bytes, number: int) -> None:
        self._held_lines = lines.count(b"\n")
        self._held.append((lines, len(lines), self._held_lines))
        self._line = number

    def _last_of_record(self, chunk: bytes, end: int, places: Sequence[int], index: int) -> tuple[int, int]:
        """The end of the last line that a window must hold before its margin, and the first hit behind that line.

        A hit belongs to it if their margins touch; other lines, if they look like those of a record that goes on.
        """
        while True:
            index = bisect_left(places, end, index)
            if index < len(places) and chunk.count(b"\n", end, places[index]) <= 2 * self._margin:
                end = _lines_on(chunk, places[index], 1)[0]
                continue
            starts = _starts(chunk, end, STRIDE)
            going_on = (
                at for at in reversed(starts) if GOES_ON.search(chunk, at, _line_end(chunk, at, at + LOOKED_AT))
            )
            last = next(going_on, None)
            if last is None:
                return end, index
            end = _lines_on(chunk, last, 1)[0]

    def _add(self, lines: bytes) -> Iterator[Window]:
        """Adds whole lines to the open window, and hands over pieces of it that grow too large."""
        if not lines:
            return
        lines = self._shortened(lines)
        if lines.find(b"\0") >= 0:
            self._tally.nul_lines += sum(b"\0" in line for line in lines.split(b"\n"))
        self._parts.append(lines)
        self._parts_size += len(lines)
        self._parts_lines += lines.count(b"\n")
        if self._parts_size <= self._piece and self._parts_lines <= self._max_lines:
            return
        data = b"".join(self._parts)
        at, left = 0, self._parts_lines
        while True:
            end = data.find(b"\n", at + self._piece - 1) + 1 or len(data)
            if left > self._max_lines:
                end = min(end, self._piece_of_lines(data, at, end))
            if end >= len(data):
                break
            left -= data.count(b"\n", at, end)
            yield self._window(data[at:end], last=False)
            self._piece = min(PIECE, 2 * self._piece)
            at = end
        self._parts, self._parts_size, self._parts_lines = [data[at:]], len(data) - at, left

    def _piece_of_lines(self, data: bytes, at: int, end: int) -> int:
        """An end of a line, up to which there are not more lines than a piece may hold."""
        while data.count(b"\n", at, end) > self._max_lines:
            half = data.rfind(b"\n", at, at + (end - at) // 2) + 1
            if half <= at:
                return _lines_on(data, at, self._max_lines)[0]
            end = half
        return end

    def _hand_over(self, *, last: bool) -> Iterator[Window]:
        """The end of the open window."""
        if self._parts:
            yield self._window(b"".join(self._parts), last=last)
        self._parts, self._parts_size, self._parts_lines = [], 0, 0

    def _window(self, data: bytes, *, last: bool) -> Window:
        first = self._first
        self._first += data.count(b"\n")
        self._tally.handed_over += len(data)
        return Window(self._name, first, data, last)

    def _shortened(self, lines: bytes) -> bytes:
        """The lines, those longer than ``max_line`` cut at their end (they keep their line break)."""
        limit = self._max_line
        parts: list[bytes] = []
        done = at = 0
        while len(lines) - at > limit:
            end = lines.rfind(b"\n", at, at + limit + 1)
            if end < 0:  # no line ends here: this one is too long
                end = lines.find(b"\n", at + limit)
                end = len(lines) if end < 0 else end
                parts.append(lines[done : at + limit])
                done = end
                self._tally.cut_lines += 1
            at = end + 1
        return b"".join((*parts, lines[done:])) if parts else lines


def _lines_back(chunk: bytes, place: int, lines: int, floor: int) -> int:
    """The beginning of the line that stands ``lines`` lines before that of ``place``, or ``floor``."""
    start = chunk.rfind(b"\n", floor, place) + 1 or floor
    while lines and start > floor:
        start = chunk.rfind(b"\n", floor, start - 1) + 1 or floor
        lines -= 1
    return start


def _starts(chunk: bytes, place: int, lines: int) -> list[int]:
    """Where each of at most so many lines from ``place`` on begins."""
    starts: list[int] = []
    while len(starts) < lines and place < len(chunk):
        starts.append(place)
        place = chunk.find(b"\n", place) + 1 or len(chunk)
    return starts


def _line_end(chunk: bytes, place: int, limit: int) -> int:
    """The end of the line that ``place`` stands in, without its break, or ``limit`` if that comes first."""
    end = chunk.find(b"\n", place, limit)
    return min(limit, len(chunk)) if end < 0 else end


def _lines_on(chunk: bytes, place: int, lines: int) -> tuple[int, bool]:
    """The end of the ``lines``-th line from ``place`` on, and whether there are so many whole ones."""
    for _ in range(lines):
        end = chunk.find(b"\n", place)
        if end < 0:
            return len(chunk), False
        place = end + 1
    return place, True
