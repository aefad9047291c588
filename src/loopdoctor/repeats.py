"""Failures seen before are counted in the raw bytes: in a dense log the cost is per distinct failure, not per line.

An *entry* is a line that opens with a date, and the lines after it up to the next such line. One that holds a literal
of the catalogue is told by its bytes without what varies (numbers, addresses). Once an entry of that key has been
parsed a few times and gave each time records that begin and end with it, its like need not be parsed again: they are
counted, and the last of them is parsed at the end of the source, so that an incident's last place is true.

What is not so simple (lines without dates, entries that records reach across, marks) is handed on as it is. Round each
entry that is handed on stand ``margin`` lines as ever: records and their surroundings are those of a full parse.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from loopdoctor.model import Record, Timeline, Window
from loopdoctor.patterns import lazy
from loopdoctor.prefilter import Tally, count_lines
from loopdoctor.shapes import HEAD, Shapes, shape_of
from loopdoctor.timeline import Moments, seconds_of

ZONE = lazy(rb"\[?[\d/-]{10}[T ,]\d\d:\d\d:\d\d(?:[.,]\d+)?(Z|[+-]\d\d:?\d\d)")

ENOUGH = 4
"""Times that an entry must have been parsed before its like are counted: one more than the samples kept of it."""
MAX_KEYS = 2000
MAX_ENTRY = 16 << 10
"""Bytes of an entry that is told by its shape: the last one of each of ``MAX_KEYS`` shapes is kept."""
FARTHEST = 64 << 10
"""Bytes above a hit in which the beginning of its entry is looked for."""

Entry = tuple[int, int, bytes]
"""Offsets of an entry's first byte and of the byte behind it, and its shape (b"" if it cannot be told)."""
Span = tuple[int, int]


def head_from(data: bytes, at: int) -> int | None:
    """Where the next entry begins at or behind the beginning of a line, if one does."""
    found = HEAD.search(data, at)
    return found.start() if found else None


SECOND, MINUTE = 20, 17
"""Bytes of a date and a time up to the second or the minute, with a bracket before it."""


class Counted:
    """Entries of one shape that were counted: how many, when, and the last of them."""

    def __init__(self) -> None:
        self.times = 0
        self.last = Window("", 0, b"")
        self.told_by = SECOND
        self._moments = Moments()

    def add(self, opening: bytes, times: int) -> None:
        """Counts entries that open with these ``told_by`` bytes; whole minutes do once the histogram is no finer."""
        self.times += times
        text = opening.lstrip(b"[")[: SECOND - 1].decode("ascii", "replace")
        text = text if self.told_by == SECOND else f"{text[: MINUTE - 1]}:00"
        seconds = seconds_of(text + self._zone)
        if seconds is None:
            return
        self._moments.add(seconds, times)
        if self._moments.width >= 60:
            self.told_by = MINUTE

    @property
    def when(self) -> Timeline:
        """The moments of all of them."""
        return self._moments.timeline()

    @cached_property
    def _zone(self) -> str:
        found = ZONE.match(self.last.data)
        return found[1].decode() if found else ""


class Kept(NamedTuple):
    """The end of a window from an offset on: its entries, not yet counted, and the number of its lines."""

    window: Window
    at: int
    entries: list[Entry]
    lines: int


class Repeats:
    """Stands between the windows of one source and their parsing. ``ends`` searches for the catalogue's literals."""

    def __init__(self, ends: Callable[[bytes], list[int]], margin: int) -> None:
        self._ends = ends
        self._margin = margin
        self._shapes = Shapes()
        self._parsed: dict[bytes, int] = {}
        self._unfit: set[bytes] = set()
        self._known: set[bytes] = set()
        self._handed: dict[int, tuple[bytes, int]] = {}  # by the first line: the key, and the last line
        self._counted: dict[bytes, Counted] = {}
        self._next = 0
        self._owed = 0  # lines of the next window that belong to what was handed on of the last one
        self._kept: deque[Kept] = deque()  # lines before the next window, in case that it begins with what is handed on

    def thin(self, windows: Iterable[Window], tally: Tally) -> Iterator[Window]:
        """The windows without the entries that are known; a source that is read whole passes as it is."""
        for window in windows:
            if tally.whole:
                yield window
                continue
            if window.first != self._next:
                self._count_kept()
                self._owed = 0
            if window.hits is None:
                entries = self._entries(window)
            else:
                entries = self._entries_between_heads(window.data, window.hits)
            spans = self._spans(window, entries)
            self._next = window.first + count_lines()(window.data)
            yield from self._cut(window, spans, self._outside(window, entries, spans))

    def ready(self) -> bool:
        """Whether any entry is known, so that there is something to be passed over."""
        return bool(self._known)

    def note(self, record: Record, *, fit: bool) -> None:
        """Learns from a record that was parsed; ``fit`` says that nothing but its text decided what became of it."""
        key, last = self._handed.pop(record.start_line, (b"", 0))
        crossed = [self._handed.pop(line, (b"", 0))[0] for line in range(record.start_line + 1, record.end_line + 1)]
        self._refuse(other for other in crossed if other)
        if not key:
            return
        if not fit or any(crossed) or record.end_line > last:  # behind it may stand a line without any literal
            self._refuse([key])
        elif len(self._parsed) < MAX_KEYS or key in self._parsed:
            self._parsed[key] = times = self._parsed.get(key, 0) + 1
            if times >= ENOUGH and key not in self._unfit and len(self._unfit) < MAX_KEYS:
                self._known.add(key)

    def _refuse(self, keys: Iterable[bytes]) -> None:
        """These must be parsed each time; when too many are, no more become known."""
        for key in keys:
            self._known.discard(key)
            if len(self._unfit) < MAX_KEYS:
                self._unfit.add(key)

    def counted(self) -> Iterator[Counted]:
        """What was only counted, in the order of the log."""
        self._count_kept()
        yield from sorted(self._counted.values(), key=lambda counted: counted.last.first)
        self._counted.clear()

    def _entries(self, window: Window) -> list[Entry]:
        """The entries of a window that hold a literal. The last may go on in the next window: it has no key."""
        data = window.data
        found: list[Entry] = []
        end = 0
        for hit in self._ends(data):
            if hit <= end:
                continue
            start = _head_before(data, hit)
            following = HEAD.search(data, hit)
            end = following.start() if following else len(data)
            whole = start >= 0 and end - start <= MAX_ENTRY and (following is not None or window.last_of_source)
            found.append((max(start, 0), end, shape_of(data[start:end]) if whole else b""))
        return found

    def _entries_between_heads(self, data: bytes, hits: Iterable[int]) -> list[Entry]:
        """The same for a window that begins and ends where an entry does."""
        match = self._shapes.match
        found: list[Entry] = []
        end = 0
        for hit in hits:
            if hit <= end:
                continue
            start = end
            known = match(data, end)
            if known is None or known[1] < hit:
                start = _head_before(data, hit)
                known = match(data, start) if start >= 0 else None
            if known is not None:
                shape, end = known
            else:
                start = max(start, 0)
                following = HEAD.search(data, hit)
                end = following.start() if following else len(data)
                shape = shape_of(data[start:end]) if end - start <= MAX_ENTRY else b""
                if shape in self._known:
                    self._shapes.learn(data[start:end])
            found.append((start, end, shape))
        return found

    def _spans(self, window: Window, entries: list[Entry]) -> list[tuple[int, int]]:
        """What must be parsed: each entry that is not known, with its margin, and what the last window still owes."""
        data = window.data
        known = self._known
        wanted = [(start, end) for start, end, key in entries if key not in known]
        if window.hits is None and len(wanted) == len(entries):
            return [(0, len(data))]  # nothing is spared, and a record may go on beyond the margin
        near = [(_before(data, start, self._margin), _after(data, end, self._margin)) for start, end in wanted]
        if self._owed:
            near.insert(0, (0, _after(data, 0, self._owed)))
        if not near:
            return []
        starts = [start for start, _, _ in entries]
        spans: list[Span] = []
        for start, end in near:
            # A span that begins or ends within an entry takes all of it.
            start = entries[at][0] if (at := _within(entries, starts, start)) is not None else start
            end = entries[at][1] if (at := _within(entries, starts, end)) is not None else end
            if spans and start <= spans[-1][1]:
                spans[-1] = (min(spans[-1][0], start), max(spans[-1][1], end))
            else:
                spans.append((start, end))
        return spans

    def _outside(self, window: Window, entries: list[Entry], spans: list[Span]) -> list[Entry]:
        """The entries outside the spans, all of them known; remembers which ones are handed on."""
        outside: list[Entry] = []
        handed: list[Entry] = []
        within = iter((*spans, (sys.maxsize, sys.maxsize)))
        first, behind = next(within)
        for entry in entries:
            while entry[1] > behind:
                first, behind = next(within)
            if first > entry[0]:
                outside.append(entry)
            elif entry[2]:
                handed.append(entry)
        self._handed.clear()
        for (start, end, key), line in _numbered(handed, window):
            self._handed[line] = key, line + window.data.count(b"\n", start, end - 1)
        return outside

    def _cut(self, window: Window, spans: list[Span], outside: list[Entry]) -> Iterator[Window]:
        """The spans as windows; one at the beginning is led by what was kept of the windows before."""
        data, line, at = window.data, window.first, 0
        lead = b""
        if spans and spans[0][0] == 0:
            lead = b"".join(kept.window.data[kept.at :] for kept in self._kept)
            self._kept.clear()
        elif spans:
            self._count_kept()
        for start, end in spans:
            line += data.count(b"\n", at, start)
            at = start
            whole = window.last_of_source and end == len(data)
            yield Window(window.source, line - lead.count(b"\n"), lead + data[start:end], whole)
            lead = b""
        self._owed = self._margin if spans and spans[-1][1] == len(data) else 0
        at = max(_before(data, len(data), self._margin), spans[-1][1] if spans else 0)
        sure = bisect_left(outside, at, key=lambda entry: entry[0])
        self._count(window, outside[:sure])
        if at < len(data):
            self._kept.append(Kept(window, at, outside[sure:], data.count(b"\n", at)))
        while sum(kept.lines for kept in islice(self._kept, 1, None)) >= self._margin:
            self._count(self._kept[0].window, self._kept.popleft().entries)

    def _count_kept(self) -> None:
        for kept in self._kept:
            self._count(kept.window, kept.entries)
        self._kept.clear()

    def _count(self, window: Window, entries: list[Entry]) -> None:
        """Counts entries, and remembers when they were written and the last of each kind."""
        data = window.data
        latest = {entry[2]: entry for entry in entries}
        for entry, line in _numbered(sorted(latest.values()), window):
            counted = self._counted.get(entry[2])
            if counted is None:
                counted = self._counted[entry[2]] = Counted()
            if line > counted.last.first:
                counted.last = Window(window.source, line, data[entry[0] : entry[1]])
        when: Counter[tuple[Counted, bytes]] = Counter()
        for start, _, key in entries:
            counted = self._counted[key]
            when[counted, data[start : start + counted.told_by]] += 1
        for (counted, opening), times in when.items():
            counted.add(opening, times)


def _within(entries: list[Entry], starts: list[int], at: int) -> int | None:
    """The number of the entry in the middle of which an offset lies, if any."""
    number = bisect_right(starts, at) - 1
    return number if number >= 0 and starts[number] < at < entries[number][1] else None


def _numbered(entries: Iterable[Entry], window: Window) -> Iterator[tuple[Entry, int]]:
    """Entries of a window in their order, each with the number of its first line."""
    at, line = 0, window.first
    for entry in entries:
        line += window.data.count(b"\n", at, entry[0])
        at = entry[0]
        yield entry, line


def _head_before(data: bytes, hit: int) -> int:
    """The offset of the nearest line at or above ``hit`` that opens with a date; -1 if there is none near."""
    start = data.rfind(b"\n", 0, hit - 1) + 1
    while HEAD.match(data, start) is None:
        if start == 0 or hit - start > FARTHEST:
            return -1
        start = data.rfind(b"\n", 0, start - 1) + 1
    return start


def _before(data: bytes, at: int, lines: int) -> int:
    """The offset that lies so many lines above the line that begins at ``at``, at the beginning of an entry."""
    for _ in range(lines):
        if at == 0:
            return 0
        at = data.rfind(b"\n", 0, at - 1) + 1
    head = _head_before(data, at + 1)
    return at if head < 0 else head


def _after(data: bytes, at: int, lines: int) -> int:
    """The offset that lies so many lines below ``at``."""
    for _ in range(lines):
        at = data.find(b"\n", at) + 1
        if at == 0:
            return len(data)
    return at
