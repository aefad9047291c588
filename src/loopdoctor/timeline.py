"""When it happened: a log's own times -> seconds -> a histogram that stays small and can be merged.

A histogram is the same whatever order its moments came in and however they were shared out over histograms that were
merged later: its width is the smallest of ``WIDTHS`` at which all of its moments fit into ``MAX_BUCKETS`` buckets,
every width divides the next, and buckets begin at its multiples. So a coarser one can be told from any finer one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from loopdoctor.model import Line, Timeline
from loopdoctor.patterns import lazy

_WEEK = 7 * 86_400
WIDTHS = (
    *(1, 5, 15, 60, 300, 900, 3_600, 21_600, 86_400),
    *(_WEEK, 4 * _WEEK, 52 * _WEEK, 520 * _WEEK, 5_200 * _WEEK),
)
"""Seconds of a bucket. At the last of them all the years that a date can have fit into ``MAX_BUCKETS``."""

MAX_BUCKETS = 120

_YEARLESS = 1972
"""The year that is lent to times without one: a leap year, and long before any log of a Python that has asyncio."""

_EPOCH = date(1970, 1, 1).toordinal()
_FAR = 253_402_300_800.0  # the year 10000
_LONGEST = 48

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_HOURS = "CET 1 WEST 1 BST 1 CEST 2 EET 2 EEST 3 MSK 3 JST 9 EDT -4 EST -5 CDT -5 CST -6 MDT -6 MST -7 PDT -7 PST -8"
_ZONES = {name: int(ahead) for name, ahead in zip(_HOURS.split()[::2], _HOURS.split()[1::2], strict=True)}
"""Hours that a zone is ahead of UTC, which every other name is taken for."""

_NUMBER = lazy(r"\d{1,19}(?:\.\d{1,9})?")
_FRACTION = lazy(r"(.*(?:(?<!\d{4}):\d\d:\d\d|[-T ]\d{6}))[.,:](\d{1,9})(?!\d)(.*)")
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?: ?(?P<half>[AP]M))?"
_ZONE = r"(?: ?(?P<zone>Z|[A-Z]{3,4}|[+-]\d\d:?\d\d))?"
_FORMS = tuple(
    lazy(form)
    for form in (
        rf"(?:[A-Z][a-z]{{2}} )?(?P<year>\d{{4}})[-/.](?P<month>\d\d)[-/.](?P<day>\d\d)[T _]{{1,2}}{_CLOCK}{_ZONE}",
        rf"(?:[A-Z][a-z]{{2}},? )?(?P<name>[A-Z][a-z]{{2}}) {{1,2}}(?P<day>\d{{1,2}}) {_CLOCK}(?: (?P<year>\d{{4}}))?",
        rf"{_CLOCK}{_ZONE}",
        rf"(?:[A-Z][a-z]{{2}},? )?(?P<day>\d{{1,2}})[-/. ](?:(?P<name>[A-Z][a-z]{{2}})|(?P<month>\d{{1,2}}))[-/. ]"
        rf"(?P<year>\d{{4}}|\d\d)[ :T]{_CLOCK}{_ZONE}",
        rf"(?P<year>\d{{4}})(?P<month>\d\d)(?P<day>\d\d)[-T ](?P<hour>\d\d):?(?P<minute>\d\d):?(?P<second>\d\d){_ZONE}",
    )
)


def seconds_of(text: str) -> float | None:
    """A time as logs write it, in seconds since 1970 UTC; None if it is none, or no moment that a calendar has.

    A time without a zone is read as UTC, one without a year as of 1972, one without a date as of 1 January 1970.
    Bare numbers are seconds, milliseconds, microseconds or nanoseconds by their size; small ones stay as they are
    (seconds since a machine was started).
    """
    if len(text) > _LONGEST:
        return None
    text = text.strip()
    if _NUMBER.fullmatch(text):
        value = float(text)
        for limit, unit in ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6)):
            if value < limit:
                return value / unit
        return value / 1e9
    split = _FRACTION.fullmatch(text)
    if split is None:
        return _whole(text)
    whole = _whole(split[1] + split[3])
    return None if whole is None else whole + float("0." + split[2])


@lru_cache(maxsize=4096)
def _whole(text: str) -> float | None:
    """A time without a fraction of a second. The failures of one second are parsed once."""
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            break
    else:
        return None
    part = match.groupdict()
    try:
        hour, minute, second = _hour(int(part["hour"]), part.get("half")), int(part["minute"]), int(part["second"])
        day = _day(part.get("year"), part.get("name") or part.get("month"), part.get("day"))
        seconds = day * 86_400 + hour * 3_600 + minute * 60 + second - _offset(part.get("zone"))
    except ValueError:
        return None
    return float(seconds) if hour < 24 and minute < 60 and second <= 60 else None  # 60: a leap second


def _hour(hour: int, half: str | None) -> int:
    return hour if half is None else hour % 12 + (12 if half == "PM" else 0)


def _day(year: str | None, month: str | None, day: str | None) -> int:
    """Days since 1970. Raises ValueError for one that no calendar has."""
    if month is None or day is None:
        return 0
    of_year = _MONTHS.index(month.lower()) + 1 if month.isalpha() else int(month)
    of_month = int(day)
    if of_year > 12:  # 11/22/2026, as Americans write it
        of_year, of_month = of_month, of_year
    number = _YEARLESS if year is None else int(year) + (2000 if len(year) == 2 else 0)
    return date(number, of_year, of_month).toordinal() - _EPOCH


def _offset(zone: str | None) -> int:
    """Seconds that a zone is ahead of UTC; a name that nobody knows is none."""
    if zone is None:
        return 0
    if zone[0] not in "+-":
        return _ZONES.get(zone, 0) * 3_600
    size = int(zone[1:3]) * 3_600 + int(zone[-2:]) * 60
    return -size if zone[0] == "-" else size


def moment_of(lines: Iterable[Line]) -> float | None:
    """The first time that these lines were written at, in seconds; None if none of them has one."""
    text = next((line.time for line in lines if line.time), None)
    return None if text is None else seconds_of(text)


class Moments:
    """A histogram that is being filled. It never holds more than ``MAX_BUCKETS`` buckets."""

    def __init__(self) -> None:
        self._rung = 0
        self._counts: dict[int, int] = {}

    @property
    def width(self) -> int:
        """Seconds of a bucket; it never grows less."""
        return WIDTHS[self._rung]

    def add(self, seconds: float, times: int = 1) -> None:
        """Counts what was seen at this moment."""
        if times > 0 and -_FAR < seconds < _FAR:  # false for nan as well
            start = int(seconds // 1)
            self._put(start - start % WIDTHS[self._rung], times)

    def merge(self, other: Timeline) -> None:
        """Counts all that another one has counted."""
        if not other.buckets:
            return
        rung = WIDTHS.index(other.width)
        if rung > self._rung:
            self._widen(rung)
        for start, times in other.buckets:
            self._put(start - start % WIDTHS[self._rung], times)

    def timeline(self) -> Timeline:
        """What has been counted so far, as a value."""
        if not self._counts:
            return Timeline()
        return Timeline(WIDTHS[self._rung], tuple(sorted(self._counts.items())))

    def twin(self) -> Moments:
        """Another one that has counted the same."""
        twin = Moments()
        twin._rung, twin._counts = self._rung, dict(self._counts)
        return twin

    def _put(self, start: int, times: int) -> None:
        self._counts[start] = self._counts.get(start, 0) + times
        while len(self._counts) > MAX_BUCKETS:
            self._widen(self._rung + 1)

    def _widen(self, rung: int) -> None:
        self._rung = rung
        self._counts = coarser(self._counts.items(), WIDTHS[rung])


def coarser(buckets: Iterable[tuple[int, int]], width: int) -> dict[int, int]:
    """The counts of buckets of another width, a multiple of theirs."""
    counts: dict[int, int] = {}
    for start, times in buckets:
        start -= start % width
        counts[start] = counts.get(start, 0) + times
    return counts


def merged(timelines: Iterable[Timeline]) -> Timeline:
    """One histogram of all that these have counted: the same in whatever order and steps they are merged."""
    whole = Moments()
    for timeline in timelines:
        whole.merge(timeline)
    return whole.timeline()
