"""What a scan of some sources found, in a form that can be put together with what others found elsewhere.

A part holds, source by source, what the parser gave and a report needs: records, the lines round them, marks. What is
seen again and again is counted, so a part grows with the distinct failures and not with the log. Parts are put
together in the order of their sources' names, so neither the order nor the grouping of ``merge`` matters, and the
report on the merged part is that of one scan over all the sources in that order.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from loopdoctor.errors import LoopdoctorError
from loopdoctor.incidents import text_of
from loopdoctor.model import Input, Line, Mark, Notice, Record, Timeline
from loopdoctor.timeline import Moments, moment_of

VERSION = 1
MAX_COUNTED = 4000
KEPT_MARKS = 6

Role = Literal["new", "again", "silent"]
"""What a record was to its scan: told for the first times, counted only, or without any symptom."""


class Event(Struct, frozen=True, omit_defaults=True):
    """A record, seen so many times (the last of which it is), or a line between records."""

    record: Record | None = None
    line: Line | None = None
    times: int = 1
    when: Timeline | None = None


class Piece(Struct, frozen=True):
    """What one source gave. ``records`` is their number, counted ones and silent ones among them."""

    input: Input
    events: tuple[Event, ...]
    records: int
    notices: tuple[Notice, ...] = ()


class Part(Struct, frozen=True, tag_field="loopdoctor_part", tag=VERSION):
    """What was found in some sources, and what is to be said about others. ``rules`` tells which catalogue was used."""

    rules: str
    pieces: tuple[Piece, ...]
    notices: tuple[Notice, ...] = ()


NOTHING = Part("", ())
"""What changes no other part when it is merged with it."""


class _Near(NamedTuple):
    """An event that waits: the how manieth it is, its first and its last line, what it was to the scan."""

    order: int
    first: int
    last: int
    role: Role
    event: Event


class Tape:
    """Takes what a scan takes of one source, and keeps what another scan needs to come to the same answer."""

    def __init__(self, margin: int, max_record: int) -> None:
        self._margin = margin
        self._behind = 2 * margin + max_record  # lines that a record may be given later than what stands before it
        self._next = 0
        self._events: dict[int, Event] = {}  # by the order in which they were taken
        self._near: deque[_Near] = deque()  # what may turn out to stand near a new record
        self._near_until = 0
        self._counted: dict[tuple[str, ...], tuple[Record, int, Moments]] = {}
        self._marked: dict[str, list[int]] = {}
        self.records = 0

    def add_line(self, line: Line, marks: Iterable[Mark] = ()) -> None:
        """A line between records, with the marks that it holds."""
        marks = list(marks)
        self._add(line.number, "new" if marks else "silent", Event(line=line))
        for mark in marks:
            kept = self._marked.setdefault(mark.id, [])
            if len(kept) >= KEPT_MARKS:  # of many, the first and the last few count
                self._events.pop(kept.pop(KEPT_MARKS // 2), None)
            kept.append(self._next - 1)

    def add_record(self, record: Record, role: Role, times: int = 1, when: Timeline | None = None) -> None:
        """A record, and what it was to the scan."""
        self.records += times
        if role == "new":
            first, last = record.start_line - self._margin, record.end_line + self._margin
            apart = deque[_Near]()
            for near in self._near:
                if near.first <= last and near.last >= first:
                    self._events[near.order] = near.event
                else:
                    apart.append(near)
            self._near = apart
            self._near_until = max(self._near_until, record.end_line + self._margin)
        self._add(record.start_line, role, Event(record=record, times=times, when=when))

    def piece(self, told: Input, notices: Iterable[Notice]) -> Piece:
        """All that was kept."""
        self._let_go(None)
        events = [event for _, event in sorted(self._events.items())]
        for record, times, moments in sorted(self._counted.values(), key=lambda seen: seen[0].start_line):
            events.append(Event(record=record, times=times, when=moments.timeline()))
        return Piece(told, tuple(events), self.records, tuple(notices))

    def _add(self, number: int, role: Role, event: Event) -> None:
        if role == "new" or number <= self._near_until:
            self._events[self._next] = event
        else:
            last = event.record.end_line if event.record is not None else number
            self._near.append(_Near(self._next, number, last, role, event))
            self._let_go(number - self._behind)
        self._next += 1

    def _let_go(self, before: int | None) -> None:
        """Forgets lines, and counts records, that stand before this line (None: all)."""
        while self._near and (before is None or self._near[0].first < before):
            near = self._near.popleft()
            if near.role == "again" and near.event.record is not None:
                self._count(near.event.record, near.event.times, near.event.when)

    def _count(self, record: Record, times: int, when: Timeline | None) -> None:
        key = (text_of(record), record.stream, record.message[:80])
        known = self._counted.get(key)
        if known is None and len(self._counted) >= MAX_COUNTED:
            self._events[self._next] = Event(record=record, times=times, when=when)
            self._next += 1
            return
        moments = known[2] if known else Moments()
        moment = moment_of(record.lines)
        if when is not None:
            moments.merge(when)
        elif moment is not None:
            moments.add(moment, times)
        self._counted[key] = record, times + (known[1] if known else 0), moments


def merge(parts: Iterable[Part]) -> Part:
    """One part of several, whatever their order. Raises LoopdoctorError if they come of different rules."""
    parts = list(parts)
    rules = {part.rules for part in parts if part.pieces}
    if len(rules) > 1:
        hint = "scan them with the same version of loopdoctor and the same rules of your own"
        raise LoopdoctorError("parts-differ", "the parts were scanned with different rules", hint=hint)
    pieces = sorted((piece for part in parts for piece in part.pieces), key=lambda piece: piece.input.path)
    notices = sorted({notice for part in parts for notice in part.notices}, key=msgspec.structs.astuple)
    return Part(rules.pop() if rules else "", tuple(pieces), tuple(notices))


def encode(part: Part) -> bytes:
    """A part as JSON, the keys in a fixed order."""
    return msgspec.json.encode(part, order="deterministic")


def decode(data: bytes, name: str) -> Part:
    """The part that ``encode`` wrote. Raises LoopdoctorError for anything else."""
    try:
        return msgspec.json.decode(data, type=Part)
    except (msgspec.DecodeError, RecursionError) as error:
        hint = "a part is written by `loopdoctor scan --report part=FILE`, of the same version"
        raise LoopdoctorError(
            "part-broken", f"this is no part of a report ({error})", context=name, hint=hint
        ) from None
