"""Records written line by line into each other without any key: which of them wait while others go on.

Two threads or forked workers that print to one stderr leave the lines of two tracebacks mixed. A record that is not
finished when another begins waits, and each further line goes to the one that it fits best (``fitting``). Nothing is
written twice and no record is made up: a wrong guess moves a line from one record to another.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

from loopdoctor.drafts import NEAR, Draft
from loopdoctor.fitting import Lessons, choose
from loopdoctor.grammar import Shape, shape_of
from loopdoctor.model import Line, Record
from loopdoctor.patterns import lazy

MAX_WAIT = 200
"""Lines of the log that a record waits for its next line, however much of others stands between."""

GLUED = lazy(
    r'(?<=[^\s"\'(])(?=Traceback \(most recent call last\):|Exception in thread \S|  File "[^"]+", line \d+, in )'
)

REACHING: frozenset[Shape] = frozenset(
    {"frame", "deep", "repeat", "indented", "rail", "header", "group", "unraisable", "warning"}
)
"""Lines by which the prefilter, too, sees that a record goes on."""

INTERRUPTS: frozenset[Shape] = frozenset({"header", "group", "thread", "unraisable", "warning", "stack", "text"})
"""What may stand in the middle of another's traceback; a test's header and the like never do."""


def split_glued(text: str) -> list[str]:
    """The lines that two writers have left in one, where one began before the other's line break."""
    starts = [0, *(match.start() for match in GLUED.finditer(text))]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def is_glued(text: str, shape: Shape, *, mixed: bool) -> bool:
    """Whether a line is two; where nothing is ``mixed`` yet, only by two headers or heads in one."""
    if shape in ("header", "group", "created", "stack", "dump"):
        return False
    if mixed or shape == "thread" or text.endswith("Traceback (most recent call last):"):
        return GLUED.search(text) is not None
    return False


def is_unfinished(draft: Draft) -> bool:
    """Whether a record is sure to have further lines: a traceback before its last line, a head that promises one."""
    if draft.phase == "head":
        return draft.kind in ("traceback", "unraisable") and not (draft.traced or draft.lines[0].start)
    return draft.phase in ("frames", "chain")


def may_go_on(draft: Draft) -> bool:
    """Whether a record may wait while others are written: it is unfinished, or a link or a source line may come."""
    if draft.phase == "tail":
        return draft.traced
    return is_unfinished(draft) or (draft.phase == "warning" and not (draft.sourced or draft.indent))


class Interleaving:
    """The records of one lane that wait, and what has ended but began after one that waits (``ended``).

    ``limit`` is how many may wait.
    """

    def __init__(self, limit: int, lessons: Lessons) -> None:
        self.limit = limit
        self.lessons = lessons
        self.waiting: list[Draft] = []
        self.blanks: list[Line] = []
        self._quiet = 0  # lines since the last one by which some record went on
        self.ended: list[Record | Line] = []

    def suspend(self, draft: Draft) -> None:
        """Lets a record wait while the one that begins now is written."""
        if not self.waiting:
            self.lessons.learn()
        draft.mixed = True
        self._quiet = 0
        self.waiting.append(draft)

    def overdue(self, current: Draft | None, line: Line, shape: Shape) -> list[Draft]:
        """Takes out and gives the records for which nothing more is to come before ``line``, oldest first."""
        self._quiet += 1
        waiting = self.waiting
        over: list[Draft] = []
        if self._quiet > NEAR or (
            shape not in ("blank", "link")
            and not ((current is not None and is_unfinished(current)) or any(map(is_unfinished, waiting)))
        ):
            over = list(waiting)
        else:
            over = [draft for draft in waiting if line.number > draft.last.number + MAX_WAIT]
            left = len(waiting) - len(over) - self.limit
            if left > 0:
                rest = [draft for draft in waiting if draft not in over]
                over += sorted(rest, key=lambda draft: (is_unfinished(draft), draft.last.number))[:left]
        if over:
            waiting[:] = [draft for draft in waiting if draft not in over]
        return over

    def choose(self, current: Draft | None, line: Line, shape: Shape) -> Draft | None:
        """The open record that a line goes on with best; None if it says nothing to any of them."""
        latest = self.waiting[::-1]
        chosen = choose([current, *latest] if current is not None else latest, line, shape, self.lessons)
        if chosen is not None and shape in REACHING:
            self._quiet = 0
        return chosen

    def resume(self, chosen: Draft, current: Draft | None) -> Draft | None:
        """Lets ``chosen`` go on and ``current`` wait in its place; gives ``current`` back if it is whole."""
        self.waiting.remove(chosen)
        if current is not None and may_go_on(current):
            current.mixed = True
            self.waiting.append(current)
            return None
        return current

    def ordered(self, flow: Iterator[Record | Line], current: Callable[[], Draft | None]) -> Iterator[Record | Line]:
        """What a lane gives, in the order of the log: nothing overtakes an open record that began before it."""
        self.ended += flow
        opened = [draft.lines[0].number for draft in self.waiting]
        if (draft := current()) is not None:
            opened.append(draft.lines[0].number)
        first = min(opened, default=sys.maxsize)
        self.ended.sort(key=_number)
        ripe = bisect_right(self.ended, first, key=_number)
        yield from self.ended[:ripe]
        del self.ended[:ripe]


def _number(item: Record | Line) -> int:
    return item.start_line if isinstance(item, Record) else item.number


class Opened(Protocol):
    """A lane, as far as it is asked for its open records."""

    def opened(self) -> list[Draft]:
        """The open records, the latest first."""
        ...


LaneT = TypeVar("LaneT", bound=Opened)


class Stray(Generic[LaneT]):
    """Where a bare line goes on whose stream is only that of the log entry above it.

    Where heads alone name the thread, bare lines are told to belong to the thread of the last head. Those of a
    traceback that another thread's entry was written into belong to ``home``, the lane in which it began.
    """

    def __init__(self, lessons: Lessons) -> None:
        self.home: LaneT | None = None
        self._lessons = lessons
        self._quiet = 0

    def leave(self, lane: LaneT | None) -> None:
        """Tells that the next line is another lane's."""
        if lane is not None and lane is not self.home and any(map(is_unfinished, lane.opened())):
            self.home, self._quiet = lane, 0

    def lane_of(self, line: Line, lane: LaneT) -> LaneT:
        """``lane``, or ``home`` if the line goes on better there."""
        home = self.home
        assert home is not None  # noqa: S101 - only asked if there is one
        self._quiet += 1
        theirs = home.opened()
        if self._quiet > NEAR or not any(map(is_unfinished, theirs)):
            self.home = None
            return lane
        began = theirs[0].lines[0]
        if lane is home or not line.lent or line.carrier != theirs[0].last.carrier:
            return lane
        if line.stream.rpartition("/")[0] != began.stream.rpartition("/")[0]:
            return lane
        chosen = choose([*lane.opened(), *theirs], line, shape_of(line.text), self._lessons)
        if chosen is None or chosen not in theirs:
            return lane
        self._quiet = 0
        return home
