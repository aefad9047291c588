"""Failures that no rule knows: listed and counted, since what nobody explains is still worth seeing."""

from __future__ import annotations

from loopdoctor import subjects
from loopdoctor.model import Notice, Place, Record, Unexplained

MAX_UNEXPLAINED = 200


class Leftovers:
    """The failures of one scan that no rule knows, each folded over its repeats; of many only the first are kept."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Unexplained] = {}
        self._dropped = 0

    def add(self, record: Record, times: int) -> bool:
        """Counts a record, seen so many times; True if its like was there before."""
        key = (record.exception, record.message[:80])
        known = self._found.get(key)
        if known is not None:
            self._found[key] = Unexplained(
                known.exception, known.message, known.occurrences + times, known.first, known.culprit
            )
        elif len(self._found) < MAX_UNEXPLAINED:
            when = next((line.time for line in record.lines if line.time), None)
            place = Place(record.source, record.start_line, when)
            culprit = subjects.culprit_of(record)
            self._found[key] = Unexplained(record.exception, record.message[:400], times, place, culprit)
        else:
            self._dropped += times
        return known is not None

    def all(self) -> tuple[Unexplained, ...]:
        """Each of them, in the order in which they were first seen."""
        return tuple(self._found.values())

    def notice(self) -> Notice | None:
        """What to say of those that were not kept."""
        if not self._dropped:
            return None
        message = f"{self._dropped} further failures that no rule knows were counted but not kept"
        return Notice("unexplained-dropped", message)
