"""Failures seen before are counted in the raw bytes: in a dense log the cost is per distinct failure, not per line.

An *entry* is a line that opens with a date, and the lines after it up to the next such line. One that holds a literal
of the catalogue is told by its bytes without what varies (numbers, addresses). Once an entry of that key has been
parsed a few times and gave each time records that begin and end with it, its like need not be parsed again: they are
counted, and the last of them is parsed at the end of the source, so that an incident's last place is true.

What is not so simple (lines without dates, entries that records reach across, marks) is handed on as it is. Round each
entry that is handed on stand ``margin`` lines as ever: records and their surroundings are those of a full parse.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from loopdoctor.model import Record, Window
from loopdoctor.patterns import lazy
from loopdoctor.prefilter import Tally

HEAD = lazy(rb"^\[?\d{4}[-/]\d\d[-/]\d\d[T ,]\d\d:", re.MULTILINE)
VARYING = lazy(rb"0x[0-9a-fA-F]+|(?<![A-Za-z_\d])\d+")
ENOUGH = 4
"""Times that an entry must have been parsed before its like are counted: one more than the samples kept of it."""
MAX_KEYS = 4000
MAX_ENTRY = 64 << 10

Entry = tuple[int, int, bytes]
"""Offsets of an entry's first byte and of the byte behind it, and its key (b"" if it has none)."""


class Repeats:
    """Stands between the windows of one source and their parsing. ``ends`` searches for the catalogue's literals."""

    def __init__(self, ends: Callable[[bytes], list[int]], margin: int) -> None:
        self._ends = ends
        self._margin = margin
        self._parsed: dict[bytes, int] = {}
        self._unfit: set[bytes] = set()
        self._handed: dict[int, tuple[bytes, int]] = {}  # by the first line: the key, and the last line
        self._skipped: dict[bytes, tuple[int, Window]] = {}
        self._next = 0
        self._owed = 0
        self._carry = b""
        self._carried: list[bytes] = []

    def thin(self, windows: Iterable[Window], tally: Tally) -> Iterator[Window]:
        """The windows without the entries that are known; a source that is read whole passes as it is."""
        for window in windows:
            if tally.whole:
                yield window
                continue
            if window.first != self._next:
                self._owed, self._carry, self._carried = 0, b"", []
            entries = self._entries(window)
            spans = self._spans(window, entries)
            self._next = window.first + window.data.count(b"\n")
            counted = self._count(window, entries, spans)
            yield from self._cut(window, spans, counted)

    def note(self, record: Record, *, fit: bool) -> None:
        """Learns from a record that was parsed; ``fit`` says that nothing but its text decided what became of it."""
        key, last = self._handed.pop(record.start_line, (b"", 0))
        crossed = [self._handed.pop(line, (b"", 0))[0] for line in range(record.start_line + 1, record.end_line + 1)]
        self._unfit.update(other for other in crossed if other)
        if not key:
            return
        if not fit or any(crossed) or record.end_line > last:  # behind it may stand a line without any literal
            self._unfit.add(key)
        elif len(self._parsed) < MAX_KEYS or key in self._parsed:
            self._parsed[key] = self._parsed.get(key, 0) + 1

    def skipped(self) -> Iterator[tuple[Window, int]]:
        """The last entry of each kind that was counted, and how many there were of it, in the order of the log."""
        for times, window in sorted(self._skipped.values(), key=lambda pair: pair[1].first):
            yield window, times
        self._skipped.clear()

    def _known(self, key: bytes) -> bool:
        return bool(key) and self._parsed.get(key, 0) >= ENOUGH and key not in self._unfit

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
            found.append((max(start, 0), end, VARYING.sub(b"0", data[start:end]) if whole else b""))
        return found

    def _spans(self, window: Window, entries: list[Entry]) -> list[tuple[int, int]]:
        """What must be parsed: each entry that is not known, with its margin, and what the last window still owes."""
        data = window.data
        if not any(self._known(key) for _, _, key in entries):
            return [(0, len(data))]  # nothing is spared, and a record may go on beyond the margin
        wanted = []
        if self._owed:
            wanted.append((0, _after(data, 0, self._owed)))
        for start, end, key in entries:
            if not self._known(key):
                wanted.append((_before(data, start, self._margin), _after(data, end, self._margin)))
        spans: list[tuple[int, int]] = []
        for start, end in wanted:
            # A span that begins or ends within an entry takes all of it.
            start = next((first for first, last, _ in entries if first < start < last), start)
            end = next((last for first, last, _ in entries if first < end < last), end)
            if spans and start <= spans[-1][1]:
                spans[-1] = (min(spans[-1][0], start), max(spans[-1][1], end))
            else:
                spans.append((start, end))
        return spans

    def _count(self, window: Window, entries: list[Entry], spans: list[tuple[int, int]]) -> list[tuple[int, bytes]]:
        """Counts the known entries outside the spans, and remembers which entries are handed on."""
        data, line, at = window.data, window.first, 0
        counted = []
        self._handed.clear()
        for start, end, key in entries:
            line += data.count(b"\n", at, start)
            at = start
            if any(first <= start and end <= last for first, last in spans):
                if key:
                    self._handed[line] = key, line + data.count(b"\n", start, end - 1)
                continue
            times = self._skipped[key][0] if key in self._skipped else 0
            self._skipped[key] = (times + 1, Window(window.source, line, data[start:end]))
            counted.append((start, key))
        return counted

    def _uncount(self, keys: Iterable[bytes]) -> None:
        """Takes back what was counted of entries that are handed on after all, as lines before another."""
        for key in keys:
            times, window = self._skipped.pop(key)
            if times > 1:
                self._skipped[key] = (times - 1, window)

    def _cut(self, window: Window, spans: list[tuple[int, int]], counted: list[tuple[int, bytes]]) -> Iterator[Window]:
        """The spans as windows; one at the beginning is led by what the last window kept back for it."""
        data, line, at = window.data, window.first, 0
        carry, carried = self._carry, self._carried
        self._owed, self._carry, self._carried = 0, b"", []
        for start, end in spans:
            line += data.count(b"\n", at, start)
            at = start
            lead = carry if start == 0 else b""
            if lead:
                self._uncount(carried)
            whole = window.last_of_source and end == len(data)
            yield Window(window.source, line - lead.count(b"\n"), lead + data[start:end], whole)
        if spans and spans[-1][1] == len(data):
            self._owed = self._margin
        else:
            kept = max(_before(data, len(data), self._margin), spans[-1][1] if spans else 0)
            self._carry = data[kept:]
            self._carried = [key for start, key in counted if start >= kept]


def _head_before(data: bytes, hit: int) -> int:
    """The offset of the nearest line at or above ``hit`` that opens with a date; -1 if there is none near."""
    start = data.rfind(b"\n", 0, hit - 1) + 1
    while HEAD.match(data, start) is None:
        if start == 0 or hit - start > MAX_ENTRY:
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
