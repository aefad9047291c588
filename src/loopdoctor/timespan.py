"""``--since`` and ``--until``: which records a scan is to judge, by the times that the log wrote.

A time without a zone is local, whether the log wrote it or the user. One without a date is of today, one without a
year of this year, or of the last where that would lie in the future.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Line, Notice, Record
from loopdoctor.patterns import lazy
from loopdoctor.settings import Span
from loopdoctor.timeline import seconds_of

DAY = 86_400.0
DATED = 94_694_400.0
"""1 January 1973: ``seconds_of`` puts times without a year, or without a date, before it."""

YEARLESS = 63_072_000.0
"""1 January 1972: the year that is lent to times without one."""

NEAR = 200
"""Lines for which the last time seen goes on to hold, where lines between were not read."""

MAX_STREAMS = 4096

_ZONED = lazy(r"(?:Z|[A-Z]{3,4}|[+-]\d\d:?\d\d)$|^\d{9,19}(?:\.\d+)?$")
_NUMBER = lazy(r"\d+(?:\.\d+)?")
_AGO = lazy(r"(?:\d{1,9}(?:\.\d+)?\s*[a-z]+\s*)+?(?:\s+ago)?", re.IGNORECASE)
_PART = lazy(r"(\d{1,9}(?:\.\d+)?)\s*([a-z]+)", re.IGNORECASE)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": DAY, "w": 7 * DAY}
_NAMES = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
}


def span_of(since: str | None, until: str | None, now: datetime | None = None) -> Span | None:
    """The span that the two options name; None if neither does.

    Each is an ISO 8601 date or time, ``HH:MM`` of today, ``today``, ``yesterday``, ``now``, or how long ago: ``2h``,
    ``1d12h``, ``30min ago``. Raises LoopdoctorError for what is no time, and for a span that ends before it begins.
    """
    if since is None and until is None:
        return None
    now = now or datetime.now().astimezone()
    first = -math.inf if since is None else _moment("--since", since, now)
    last = math.inf if until is None else _moment("--until", until, now)
    if first > last:
        raise LoopdoctorError("time-unclear", f"--since {since!r} is later than --until {until!r}")
    ahead = now.utcoffset() or timedelta()
    return Span(first, last, now.timestamp(), ahead.total_seconds())


class Seen:
    """The times met in one source: the last line with a time and that time, in each stream and in any."""

    def __init__(self) -> None:
        self.last: dict[str, tuple[int, float]] = {}
        self.any: tuple[int, float] | None = None
        self.records = self.kept = self.left = 0

    def note(self, line: Line, moment: float) -> None:
        """Remembers a line's time; of very many streams that of the latest."""
        if len(self.last) >= MAX_STREAMS and line.stream not in self.last:
            self.last.pop(next(iter(self.last)))
        self.any = self.last[line.stream] = line.number, moment

    def before(self, record: Record) -> float | None:
        """The last time above a record: in its stream, or else in any."""
        for seen in (self.last.get(record.stream), self.any):
            if seen is not None and record.start_line - seen[0] <= NEAR:
                return seen[1]
        return None


class Period:
    """Tells of each record of a scan whether it lies in the span; notices say where nobody can know.

    A record has the first time written in it, else the last one above it in its stream, else the last one of its
    source. One without any is kept. The cost is one time read for each line that the scan parses anyway (those of one
    second are read once), and that every repeat of a failure is parsed instead of counted in the raw bytes.
    """

    def __init__(self, span: Span, notify: Callable[[Notice], None]) -> None:
        self._span = span
        self._notify = notify
        self._sources: dict[str, Seen] = {}

    def pass_by(self, line: Line) -> None:
        """A line that belongs to no record: its time holds for what follows in its stream."""
        self._note(self._sources.setdefault(line.source, Seen()), line)

    def holds(self, record: Record) -> bool:
        """Whether a record is to be judged."""
        seen = self._sources.setdefault(record.source, Seen())
        seen.records += 1
        before = seen.before(record)
        own = [moment for line in record.lines if (moment := self._note(seen, line)) is not None]
        moment = own[0] if own else before
        if moment is None:
            seen.kept += 1
            return True
        inside = self._span.since <= moment <= self._span.until
        seen.left += not inside
        return inside

    def end_source(self, source: str) -> None:
        """Says what of a source could not be told, and forgets its times."""
        seen = self._sources.pop(source, Seen())
        if seen.any is None and seen.records:
            message = "no line has a time that can be read: --since and --until leave all of it in"
            self._notify(Notice("no-times", message, source))
        elif seen.kept:
            records = "1 record has" if seen.kept == 1 else f"{seen.kept} records have"
            self._notify(Notice("time-unknown", f"{records} no time near: --since and --until leave them in", source))

        if seen.left:
            records = "1 record was" if seen.left == 1 else f"{seen.left} records were"
            message = f"{records} written at another time than --since and --until ask for"
            self._notify(Notice("other-time", message, source))

    def _note(self, seen: Seen, line: Line) -> float | None:
        moment = self._seconds(line.time) if line.time else None
        if moment is not None:
            seen.note(line, moment)
        return moment

    def _seconds(self, text: str) -> float | None:
        """A time of the log in seconds since 1970 UTC; None if it says no time of day (seconds since a start)."""
        seconds = seconds_of(text)
        if seconds is None or (seconds < DATED and _NUMBER.fullmatch(text)):
            return None
        shift = 0.0 if _ZONED.search(text.strip()) else self._span.ahead
        if seconds >= DATED:
            return seconds - shift
        here = self._span.now + self._span.ahead
        if seconds < YEARLESS:
            return seconds + here - here % DAY - shift
        return _of_year(seconds - shift, datetime.fromtimestamp(here, UTC).year, self._span.now)


def _of_year(seconds: float, year: int, now: float) -> float:
    """A time of 1972 in this year, or in the last one if that would lie in the future."""
    lent = datetime.fromtimestamp(seconds, UTC)
    for candidate in (year, year - 1):
        with suppress(ValueError):  # 29 February
            moment = lent.replace(year=candidate).timestamp()
            if moment <= now + DAY:
                return moment
    return seconds


def _moment(option: str, text: str, now: datetime) -> float:
    word = text.strip()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    named = {"now": now, "today": midnight, "yesterday": midnight - timedelta(days=1)}.get(word.lower())
    if named is not None:
        return named.timestamp()
    if _AGO.fullmatch(word) and (ago := _ago(word)) is not None:
        return now.timestamp() - ago
    if _NUMBER.fullmatch(word) and len(word) >= 9 and (seconds := seconds_of(word)) is not None:
        return seconds
    try:
        if re.fullmatch(r"\d{1,2}:\d\d(?::\d\d)?", word):
            parts = [int(part) for part in word.split(":")]
            return midnight.replace(hour=parts[0], minute=parts[1], second=parts[2] if parts[2:] else 0).timestamp()
        found = datetime.fromisoformat(word)
        return (found if found.tzinfo else found.astimezone()).timestamp()
    except (ValueError, OverflowError, OSError):
        hint = "write 2026-03-01T10:00, 2026-03-01, 10:00 (today), or how long ago: 2h, 30min, 1d"
        raise LoopdoctorError("time-unclear", f"{option} {text[:60]!r} is no time", hint=hint) from None


def _ago(word: str) -> float | None:
    """``1d12h`` in seconds; None if a unit is none."""
    total = 0.0
    for amount, unit in _PART.findall(re.sub(r"\s+ago$", "", word, flags=re.IGNORECASE)):
        name = _NAMES.get(unit.lower())
        if name is None:
            return None
        total += float(amount) * _UNITS[name]
    return total
