"""Records written line by line into each other without any key: which of them wait while others go on.

Two threads or forked workers that print to one stderr leave the lines of two tracebacks mixed. A record that is not
finished when another begins waits, and each further line goes to the one that it fits best (``fitting``). Nothing is
written twice and no record is made up: a wrong guess moves a line from one record to another.
"""

from __future__ import annotations

from collections.abc import Iterator

from loopdoctor.drafts import Draft
from loopdoctor.fitting import Lessons, choose
from loopdoctor.grammar import Shape
from loopdoctor.model import Line, Record
from loopdoctor.patterns import lazy

PATIENCE = 16
"""Lines of the log without a line of any open record after which the waiting ones are given up. The prefilter's windows
are sure to hold no more (``prefilter.cutting.STRIDE``): who waited longer would find more in a scan with ``full``."""

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
    """The records of one lane that wait, and those that have ended but began after one that waits.

    ``limit`` is how many may wait. Records are handed on in the order in which they began.
    """

    def __init__(self, limit: int, lessons: Lessons) -> None:
        self.limit = limit
        self.lessons = lessons
        self.waiting: list[Draft] = []
        self.blanks: list[Line] = []
        self._reach = 0
        self._ended: list[tuple[Record, list[Line]]] = []

    def suspend(self, draft: Draft, line: Line) -> None:
        """Lets a record wait from ``line`` on."""
        if not self.waiting:
            self.lessons.learn()
        draft.mixed = True
        self._reach = line.number
        self.waiting.append(draft)

    def overdue(self, current: Draft | None, line: Line, shape: Shape) -> list[Draft]:
        """Takes out and gives the records for which nothing more is to come before ``line``, oldest first."""
        waiting = self.waiting
        over: list[Draft] = []
        if line.number > self._reach + PATIENCE or (shape not in ("blank", "link") and not (
            (current is not None and is_unfinished(current)) or any(map(is_unfinished, waiting))
        )):
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
            self._reach = line.number
        return chosen

    def resume(self, chosen: Draft, current: Draft | None) -> Draft | None:
        """Lets ``chosen`` go on and ``current`` wait in its place; gives ``current`` back if it is whole."""
        self.waiting.remove(chosen)
        if current is not None and may_go_on(current):
            current.mixed = True
            self.waiting.append(current)
            return None
        return current

    def put(self, record: Record, held: list[Line], current: Draft | None) -> Iterator[Record | Line]:
        """Takes a record that has ended; gives what began before all that are still open."""
        self._ended.append((record, held))
        yield from self.ripe(current)

    def ripe(self, current: Draft | None) -> Iterator[Record | Line]:
        """The ended records that began before all that are still open."""
        if not self._ended:
            return
        opened = [draft.lines[0].number for draft in self.waiting]
        if current is not None:
            opened.append(current.lines[0].number)
        self._ended.sort(key=lambda pair: pair[0].start_line)
        while self._ended and (not opened or self._ended[0][0].start_line <= min(opened)):
            record, held = self._ended.pop(0)
            yield record
            yield from held
