"""rich's boxes in a log, alone or in the columns of ``rich.logging.RichHandler``.

RichHandler sets ``[time] LEVEL    message    file.py:12`` in columns: the time only where it changes, the message
folded to its column, the place at the right edge of the message's first line.
"""

from __future__ import annotations

import re

from loopdoctor.carriers.blocks import MAX_BLOCK_LINES, Piece
from loopdoctor.carriers.folding import Numbered, unfolded
from loopdoctor.carriers.json_lines import Entry
from loopdoctor.carriers.levels import LEVELS, UPPER
from loopdoctor.carriers.rich_traceback import TOP, RichTraceback
from loopdoctor.patterns import lazy

HEAD = lazy(
    rf"(?:\[(?P<time>[^\]\[]{{4,30}})\]| {{6,32}}) (?P<level>{UPPER})(?P<pad> +)(?=\S|\s)(?P<rest>.*?)"
    r"(?P<place>\S+\.py(?::\d+)?)? *$"
)
CODE_PLACE = lazy(r"\S+\.\w+:\d+ *$")
LEVEL_WIDTH = 8


class RichBox:
    """A traceback's box that stands alone."""

    raw = False

    def __init__(self, column: int) -> None:
        self.column = column
        self.box = RichTraceback()

    def feed(self, number: int, text: str) -> tuple[bool, list[Piece]]:
        """Takes the box's lines and what rich prints behind it."""
        if text.strip() and not text[: self.column].isspace() and self.column:
            return False, self.close()
        taken, found = self.box.feed(number, text[self.column :])
        return taken, _pieces(found, self.box.last)

    def close(self) -> list[Piece]:
        """What the box still holds."""
        return _pieces(self.box.close(), self.box.last)


class RichColumns:
    """A log of RichHandler's, from a head on as long as lines keep to its columns."""

    raw = False

    def __init__(self) -> None:
        self.column = 0
        self.width = 0
        self.head: tuple[int, re.Match[str]] | None = None
        self.time: str | None = None
        self.lines: list[Numbered] = []
        self.box: RichTraceback | None = None
        self.last = 0
        self.done: list[Numbered] = []

    def feed(self, number: int, text: str) -> tuple[bool, list[Piece]]:
        """Takes a head or a line of the message column."""
        match = HEAD.match(text)
        if match is not None and self._fits(match):
            found = self._finished()
            self._begin(number, text, match)
            self.last = number
            return True, found
        if len(self.lines) + len(self.done) > MAX_BLOCK_LINES:
            return False, self._finished()
        if self.head is None or (text[: self.column].strip() or (not text.strip() and len(text) < self.column)):
            return False, self._finished()
        self._continue(number, text[self.column :])
        self.last = number if text.strip() else self.last
        return True, []

    def _fits(self, match: re.Match[str]) -> bool:
        column = match.start("level") + LEVEL_WIDTH + 1
        if self.head is None:
            return bool(match["time"] and match["place"]) or bool(match["place"] and CODE_PLACE.search(match["place"]))
        return column == self.column

    def _begin(self, number: int, text: str, match: re.Match[str]) -> None:
        self.head = (number, match)
        self.time = match["time"] or self.time
        self.column = match.start("level") + LEVEL_WIDTH + 1
        whole = text.rstrip()
        end = match.start("place") if match["place"] else len(whole)
        if match["place"]:
            self.width = max(1, end - 1 - self.column)
        self.lines = [(number, text[self.column : max(end, self.column)].rstrip())]
        self.box = None
        self.done = []

    def _continue(self, number: int, text: str) -> None:
        if self.box is None and "Traceback (most" in text and TOP.match(text):
            self.done += unfolded(self.lines, self.width)
            self.lines = []
            self.box = RichTraceback()
        if self.box is not None:
            taken, found = self.box.feed(number, text)
            self.done += found
            if taken:
                return
            self.box = None
        self.lines.append((number, text.rstrip()))

    def _finished(self) -> list[Piece]:
        if self.head is None:
            return []
        number, match = self.head
        if self.box is not None:
            self.done += self.box.close()
        lines = [*self.done, *unfolded(self.lines, self.width)]
        while len(lines) > 1 and not lines[-1][1]:
            lines.pop()
        first = lines[0][1] if lines else ""
        entry = Entry(first, time=self.time, level=LEVELS[match["level"]], name="rich")
        self.lines, self.done, self.box = [], [], None
        further = _pieces(lines[1:], self.last)
        return [Piece(number, "", "rich", entry=entry, last=0 if further else self.last), *further]

    def close(self) -> list[Piece]:
        """The last entry."""
        return self._finished()


def _pieces(lines: list[Numbered], last: int) -> list[Piece]:
    """The program's own lines, of which the final one ends on line ``last``."""
    at = max((at for at, (_, text) in enumerate(lines) if text), default=-1)
    return [
        Piece(number, text, "rich", whole=True, last=last if here == at else 0)
        for here, (number, text) in enumerate(lines)
    ]


def rich_block(text: str) -> RichBox | RichColumns | None:
    """The block that a line opens: a box, or a head of RichHandler's with its place at the right."""
    if "Traceback (most" in text:
        top = TOP.match(text)
        return RichBox(len(top["indent"])) if top else None
    if ".py" in text[-40:]:
        match = HEAD.match(text)
        if match is not None and match["place"] and text[: match.start("level")].strip(" []:.,0123456789/-APM") == "":
            return RichColumns() if match["time"] or ":" in match["place"] else None
    return None


def ends_in_place(mark: str, text: str) -> bool:
    """Whether an indented line may be a head of rich's: a level at the left, a file at the right."""
    return mark in "DIWECNST" and mark != "" and ".py" in text[-40:]
