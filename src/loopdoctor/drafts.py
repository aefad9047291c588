"""A record while its lines are still coming: what it is, what it has taken, and what waits to be taken."""

from __future__ import annotations

from typing import Literal

from loopdoctor.model import Line, RecordKind

Phase = Literal["head", "frames", "tail", "chain", "quoted", "warning", "stack", "test"]
Role = Literal["word", "mute", "quoted"]
"""``word``s speak; of what is ``quoted`` in a message nothing is read."""

QUOTES = ('"""', "'''")
NEAR = 16
"""Lines of its stream within which a record must go on. The prefilter's windows are sure to hold no more
(``prefilter.cutting.STRIDE``): who waited longer would find more in a scan with ``full``."""


class Draft:
    """Lines taken so far, the role of each, and the phase that the record is in."""

    def __init__(self, kind: RecordKind, phase: Phase, *, headed: bool, test: str | None, loose: bool) -> None:
        self.kind: RecordKind = kind
        self.phase: Phase = phase
        self.headed = headed
        self.test = test
        self.loose = loose
        self.lines: list[Line] = []
        self.roles: list[Role] = []
        self.held: list[Line] = []
        self.traced = False
        self.tail = 0
        self.foreign = 0
        self.foreign_run = 0
        self.foreign_behind = 0  # how many lines had been taken when the run began
        self.indent = 0
        self.sourced = False
        self.rails = False
        self.cut = False
        self.mixed = False

    def add(self, line: Line, role: Role) -> None:
        """Takes a line, and with it those that waited for it."""
        for waiting in self.held:
            self.lines.append(waiting)
            self.roles.append("quoted" if waiting.text.strip() else "mute")
        self.held.clear()
        self.lines.append(line)
        self.roles.append(role)

    def take_back(self) -> list[Line]:
        """The lines that waited, if more than blank ones did: they are not this record's, and perhaps another's."""
        if not any(line.text.strip() for line in self.held):
            return []
        held, self.held = self.held, []
        return held

    @property
    def last(self) -> Line:
        """The last line taken."""
        return self.lines[-1]
