"""supervisord's own log at level debug, which quotes what its children wrote.

``TIME DEBG 'app' stderr output:`` is followed by what was read from the pipe, as it was read: a chunk may end within
a line, and then goes on after the next such head. supervisord ends each quotation with a newline of its own.
"""

from __future__ import annotations

from loopdoctor.carriers.blocks import Piece
from loopdoctor.patterns import lazy

HEAD = lazy(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) [A-Z]{4} '(?P<name>[^']{1,80})' (?P<stream>stdout|stderr) output:$"
)
OWN = lazy(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:DEBG|TRAC|BLAT|INFO|WARN|ERRO|CRIT) ")
NOT_A_CHILDS = lazy(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:DEBG|TRAC|BLAT|WARN|ERRO|CRIT) ")


class SupervisordBlock:
    """The quotations of one log, from the first head on."""

    raw = False

    def __init__(self) -> None:
        self.key = ""
        self.time: str | None = None
        self.held: tuple[int, str] | None = None
        self.blank: int | None = None

    def feed(self, number: int, text: str) -> tuple[bool, list[Piece]]:
        """Takes a head, a quoted line, or the blank line that ends a whole one."""
        head = HEAD.match(text)
        if head is not None:
            key = f"{head['name']}/{head['stream']}"
            found = self._release(partial=self.blank is None and key == self.key)
            self.key, self.time, self.blank = key, head["time"], None
            return True, found
        ended = self.blank is not None
        if (ended and OWN.match(text)) or NOT_A_CHILDS.match(text):
            return False, self.close()
        found = self._release(partial=False)
        if ended and self.blank is not None:
            found.append(Piece(self.blank, "", "supervisord", self.key, self.time))
        self.blank = None
        if text:
            self.held = (number, text)
        else:
            self.blank = number
        return True, found

    def _release(self, *, partial: bool) -> list[Piece]:
        held, self.held = self.held, None
        return [Piece(*held, "supervisord", self.key, self.time, partial=partial)] if held else []

    def close(self) -> list[Piece]:
        """The last quoted line."""
        return self._release(partial=False)


def supervisord_block(text: str) -> SupervisordBlock | None:
    """The block that a line opens, if it announces what a child wrote."""
    return SupervisordBlock() if " output:" in text and HEAD.match(text) else None
