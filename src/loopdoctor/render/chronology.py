"""An incident in time: the columns of its timeline, and its symptoms in the order in which they came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from loopdoctor.model import Incident, Member, Place, Timeline
from loopdoctor.render.quotes import Identity, identity
from loopdoctor.render.wording import Titles, title_of
from loopdoctor.timeline import WIDTHS, coarser, moment_of

_EPOCH = date(1970, 1, 1).toordinal()
_YEARLESS = (63_072_000, 94_694_400)
"""The seconds of 1972, the year that is lent to times without one."""

_UNITS = ((604_800, "week"), (86_400, "day"), (3_600, "h"), (60, "min"))


class Columns(Struct, frozen=True):
    """A timeline laid out: ``counts`` of every ``width`` seconds from ``start`` on, the empty ones among them."""

    start: int
    width: int
    counts: tuple[int, ...]


def columns(timeline: Timeline, most: int, span: tuple[int, int] | None = None) -> Columns | None:
    """The timeline in at most ``most`` columns; None where there is nothing to show.

    ``span`` (first and last second) is what the columns cover, if not the timeline alone.
    """
    if not timeline.buckets:
        return None
    first, last = span or (timeline.buckets[0][0], timeline.buckets[-1][0])
    for width in WIDTHS:
        start = first - first % width
        number = (last - start) // width + 1
        if width >= timeline.width and number <= most:
            counts = coarser(timeline.buckets, width)
            return Columns(start, width, tuple(counts.get(start + n * width, 0) for n in range(number)))
    return None


def level(number: int, highest: int, levels: int) -> int:
    """Which of ``levels`` steps a count takes, 0 for the lowest: what was seen at all is never the same as nothing."""
    return min(levels - 1, (number * levels - 1) // max(highest, 1))


def spelled(seconds: int) -> str:
    """A duration in its largest whole unit: ``5 min``, ``4 weeks``."""
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            number = seconds // size
            return f"{number} {unit}{'s' if number > 1 and unit in ('week', 'day') else ''}"
    return f"{seconds} s"


def moment(seconds: int) -> str:
    """A start of a bucket as a date and a time, without what the log did not say (see ``timeline.seconds_of``)."""
    if seconds < 86_400:
        return f"{seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    day = date.fromordinal(_EPOCH + seconds // 86_400)
    if era(seconds) == "uptime":
        return f"{seconds:,} s"
    shown = f"{day:%b} {day.day:>2}" if era(seconds) == "yearless" else day.isoformat()
    return f"{shown} {moment(seconds % 86_400)}"


def era(seconds: int) -> str:
    """Which kind of clock a moment is of: they cannot stand on one axis."""
    if seconds < 86_400:
        return "clock"
    if seconds < _YEARLESS[0]:
        return "uptime"
    return "yearless" if seconds < _YEARLESS[1] else "dated"


class Event(Struct, frozen=True):
    """The first record of one symptom. ``after`` is how long after the root it was written, "" if no times tell."""

    after: str
    title: str
    occurrences: int
    place: Place
    consequence: bool
    reason: str
    root: bool


def events(incident: Incident, titles: Titles) -> list[Event]:
    """The records that an incident is made of, by their most telling symptom, each symptom once, in order.

    They are ordered by the log's times where each has one and they differ, else by line.
    """
    firsts: dict[str, Member] = {}
    records: set[Identity] = set()
    for member in incident.members:  # the most telling first
        symptom, record = member.symptom.id, identity(member.symptom.record)
        if symptom not in firsts and record not in records:
            firsts[symptom] = member
            records.add(record)
    members = list(firsts.values())
    gaps = _gaps([moment_of(member.symptom.record.lines) for member in members])
    counts = dict(incident.counts)
    why = f"follows from: {title_of(incident, titles)}"
    told = [
        Event(
            after=_signed(gap) if gaps else "",
            title=titles.get(member.symptom.id, member.symptom.id),
            occurrences=counts.get(member.symptom.id, 1),
            place=Place(member.symptom.record.source, member.symptom.line),
            consequence=bool(member.consequence),
            reason="" if member.consequence == why else member.consequence,
            root=member is incident.members[0],
        )
        for member, gap in zip(members, gaps or [0.0] * len(members), strict=True)
    ]
    order = sorted(range(len(told)), key=lambda n: (gaps[n] if gaps else 0.0, told[n].place.line))
    return [told[n] for n in order]


def _gaps(moments: Sequence[float | None]) -> list[float]:
    """Seconds from the first one given to each; [] where they do not tell an order."""
    known = [moment for moment in moments if moment is not None]
    if len(known) < len(moments) or not known:
        return []
    gaps = [moment - known[0] for moment in known]
    far, near = max(map(abs, gaps)), max(gaps) - min(gaps)
    return gaps if near >= 0.001 and far < 30 * 86_400 else []  # farther: a clock without a date, or another clock


def _signed(gap: float) -> str:
    if abs(gap) < 10:
        return f"{gap:+.3f} s" if 0.0005 <= abs(gap) < 0.1 else f"{gap:+.1f} s"
    if abs(gap) < 600:
        return f"{gap:+.0f} s"
    return f"{gap / 60:+.0f} min" if abs(gap) < 36_000 else f"{gap / 3600:+.1f} h"
