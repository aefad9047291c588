"""Two reports side by side: which failures are new, gone, more or less frequent, and which stayed as they were.

A failure is the same if its fingerprint is. It is more or less frequent if its rate has changed by half or more, and by
more than chance explains. The rate is per hour where both logs write times, else per line.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from msgspec import Struct

from loopdoctor.report_file import Failure, ReportFile
from loopdoctor.timeline import seconds_of
from loopdoctor.timespan import DATED

RATIO = 1.5
DEVIATIONS = 3.0
"""Standard deviations beyond which a count is no chance: three in a thousand that stay as they are get beyond."""

SHORTEST = 60.0
"""Seconds below which a log is too short to have a rate per hour."""

HOUR = 3_600.0


class Side(Struct, frozen=True):
    """One of the two: its name, its logs' lines and hours (None where their times do not tell), its failures."""

    name: str
    lines: int
    hours: float | None
    failures: tuple[Failure, ...]


class Change(Struct, frozen=True):
    """A failure in both: ``ratio`` is its rate in the second log over that in the first."""

    good: Failure
    bad: Failure
    ratio: float


class Differences(Struct, frozen=True):
    """All failures of both sides, each in one of five lists. ``by_time``: rates are per hour, else per line."""

    good: Side
    bad: Side
    by_time: bool
    new: tuple[Failure, ...]
    gone: tuple[Failure, ...]
    more: tuple[Change, ...]
    less: tuple[Change, ...]
    same: tuple[Change, ...]


def side_of(name: str, report: ReportFile) -> Side:
    """A report as one side of a comparison."""
    return Side(name, sum(source.lines for source in report.inputs), _hours(report), report.incidents)


def compare(good: Side, bad: Side) -> Differences:
    """What has changed from ``good`` to ``bad``, the most frequent first."""
    before, after = _by_fingerprint(good.failures), _by_fingerprint(bad.failures)
    by_time = good.hours is not None and bad.hours is not None
    exposure = (good.hours or 0.0, bad.hours or 0.0) if by_time else (float(good.lines), float(bad.lines))
    more: list[Change] = []
    less: list[Change] = []
    same: list[Change] = []
    for fingerprint in before.keys() & after.keys():
        change = _change(before[fingerprint], after[fingerprint], *exposure)
        changed = _beyond_chance(change, *exposure)
        home = more if changed and change.ratio >= RATIO else less if changed and change.ratio <= 1 / RATIO else same
        home.append(change)
    return Differences(
        good,
        bad,
        by_time,
        new=_often_first(after[one] for one in after.keys() - before.keys()),
        gone=_often_first(before[one] for one in before.keys() - after.keys()),
        more=tuple(sorted(more, key=lambda change: (-change.ratio, change.bad.fingerprint))),
        less=tuple(sorted(less, key=lambda change: (change.ratio, change.bad.fingerprint))),
        same=tuple(sorted(same, key=lambda change: (-change.bad.occurrences, change.bad.fingerprint))),
    )


def per_hour(failure: Failure, side: Side) -> float | None:
    """How often in an hour; None where the log does not tell."""
    return failure.occurrences / side.hours if side.hours else None


def fails(found: Differences, least: float | None) -> bool:
    """Whether a new failure has a first cause of at least this confidence; None: nothing fails."""
    if least is None:
        return False
    return any((failure.causes[0].confidence if failure.causes else 0.0) >= least for failure in found.new)


def _by_fingerprint(failures: Iterable[Failure]) -> dict[str, Failure]:
    found: dict[str, Failure] = {}
    for failure in failures:
        found.setdefault(failure.fingerprint, failure)
    return found


def _often_first(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    return tuple(sorted(failures, key=lambda failure: (-failure.occurrences, failure.fingerprint)))


def _change(good: Failure, bad: Failure, good_size: float, bad_size: float) -> Change:
    before, after = good.occurrences * bad_size, bad.occurrences * good_size
    return Change(good, bad, after / before if before else 1.0)


def _beyond_chance(change: Change, good_size: float, bad_size: float) -> bool:
    """Whether the counts are further apart than two counts of one rate are: the binomial test of two Poisson rates."""
    total, size = change.good.occurrences + change.bad.occurrences, good_size + bad_size
    if not total or not good_size or not bad_size:
        return False
    share = bad_size / size
    return abs(change.bad.occurrences - total * share) > DEVIATIONS * math.sqrt(total * share * (1 - share))


def _hours(report: ReportFile) -> float | None:
    """From the first time of any log to the last of any; None if a log with lines says none, or all say too little."""
    first, last = math.inf, -math.inf
    for source in report.inputs:
        if not source.lines:
            continue
        begins, ends = (seconds_of(time) if time else None for time in (source.first_time, source.last_time))
        if begins is None or ends is None or ends < begins:  # a clock without a date has passed midnight
            return None
        first, last = min(first, begins), max(last, ends)
    if first < DATED <= last:  # some logs write the year and some do not
        return None
    return (last - first) / HOUR if last - first >= SHORTEST else None
