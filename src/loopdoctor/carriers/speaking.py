"""The program's own lines, once all transports are taken off: log entries and what goes on behind their heads."""

from __future__ import annotations

from collections.abc import Callable

from loopdoctor.carriers.blocks import Piece
from loopdoctor.carriers.decoding import with_plain_indent, without_escapes
from loopdoctor.carriers.ipython import ipython_block
from loopdoctor.carriers.lanes import Lane, joined
from loopdoctor.carriers.logging_heads import logging_head
from loopdoctor.carriers.loguru_lines import LoguruFilter
from loopdoctor.carriers.rich_blocks import rich_block
from loopdoctor.carriers.wrapping import Head
from loopdoctor.model import Line, Notice
from loopdoctor.patterns import lazy
from loopdoctor.settings import Settings

BREAK = lazy(r"\r\n?|\n")
HEADER = "raceback (most recent call last)"
INNER = frozenset("0123456789[")
LEVEL_WIDTH = 9
"""Width of the level column in formats that pad it: CRITICAL and one blank."""

LOGGER_TAIL = lazy(r" \[[A-Za-z_][\w.]*\]$")


class Speaker:
    """What is known of one source, and the lines that it has given so far."""

    def __init__(self, source: str, settings: Settings, notify: Callable[[Notice], None]) -> None:
        self.source = source
        self.max_line = settings.max_line
        self.notify = notify
        self.root = Lane()
        self.out: list[Line] = []
        self.told = False
        self.marks: tuple[str, ...] = ()
        self.entities = self.odd = False

    def _head(self, lane: Lane, head: Head, number: int, time: str | None) -> None:
        """The first line of a log entry, and further lines that came with it."""
        lane.quoted = head.quoted
        lane.tail_logger = head.name == "structlog-console" and head.logger is None
        if lane.filter is not None:
            self.out += lane.filter.close()
            lane.filter = None
        message, *others = BREAK.split(head.text) if "\n" in head.text or "\r" in head.text else (head.text,)
        others += [line for text in head.extra for line in text.split("\n")]
        if HEADER in message:
            lane.filter = LoguruFilter()
        self.out.append(self._head_line(lane, head, message, number, time))
        for text in others:
            self._inner(lane, number, with_plain_indent(without_escapes(text)), time)
        if others and lane.block is not None:
            block, lane.block = lane.block, None
            self._say_pieces(lane, block.close(), time)

    def _head_line(self, lane: Lane, head: Head, message: str, number: int, time: str | None) -> Line:
        key = lane.sticky = head.key
        if head.blanks:
            message = self._indented_as_written(lane, head, message)
        if message[:1] in INNER and (inner := logging_head(message)) is not None and inner.time and inner.level:
            # a program's own log, logged again line by line: the inner head tells more
            goes_on = lane.reprinted.continues(message, head.level, head.logger, key)
            stream = joined(joined(lane.key, key), inner.key)
            name = f"{head.name}+{inner.name}"
            carrier = f"{lane.carrier}+{name}" if lane.carrier else name
            lane.sticky = joined(key, inner.key)
            return Line(
                number, inner.text, self.source, stream, carrier, not goes_on, inner.time, inner.level, inner.logger,
                lane.sticky or None,
            )  # fmt: skip
        goes_on = lane.reprinted.continues(message, head.level, head.logger, key)
        if len(message) > self.max_line:
            message = self._shortened(number, message, self.max_line)
        carrier = f"{lane.carrier}+{head.name}" if lane.carrier else head.name
        stream = joined(lane.key, key)
        written = head.time or time
        return Line(
            number, message, self.source, stream, carrier, not goes_on, written, head.level, head.logger, key or None
        )

    @staticmethod
    def _indented_as_written(lane: Lane, head: Head, message: str) -> str:
        """Gives the message back its own indentation: the blanks beyond those that the lane's format puts there."""
        own = 2 if message.startswith(("+ Exception Group Traceback", 'File "')) else 0
        usual = lane.blanks.get(head.level, max(1, LEVEL_WIDTH - len(head.level or "")))
        least = lane.blanks[head.level] = max(1, min(head.blanks - own, usual))
        return " " * (head.blanks - least) + message

    def _inner(self, lane: Lane, number: int, text: str, time: str | None) -> None:
        """A further line of an entry that holds several: only a traceback's dialect can still wrap it."""
        if lane.block is not None:
            taken, pieces = lane.block.feed(number, text)
            self._say_pieces(lane, pieces, time)
            if taken:
                return
            lane.block = None
        block = (rich_block(text) or ipython_block(text)) if HEADER in text else None
        if block is not None:
            lane.block = block
            self._say_pieces(lane, block.feed(number, text)[1], time)
            return
        self._body(lane, number, text, time)

    def _body(self, lane: Lane, number: int, text: str, time: str | None) -> None:
        """A line without a head, in the lane of the last head."""
        if lane.quoted and text.endswith('"') and text.count('"') % 2:
            text = text[:-1]
            lane.quoted = False
        if lane.tail_logger and text.endswith("]"):
            text = LOGGER_TAIL.sub("", text)
        self._say(lane, number, text, time)

    def bare_line(self, lane: Lane, number: int, text: str, time: str | None) -> Line:
        """A line that no head stands before: its stream is the lane's, and that of the process or thread above it."""
        stream = joined(lane.key, lane.sticky)
        return Line(number, text, self.source, stream, lane.carrier or "plain", False, time, lent=lane.sticky != "")

    def _say(self, lane: Lane, number: int, text: str, time: str | None) -> None:
        if len(text) > self.max_line:
            text = self._shortened(number, text, self.max_line)
        line = self.bare_line(lane, number, text, time)
        if lane.filter is None:
            if HEADER not in text:
                self.out.append(line)
                return
            lane.filter = LoguruFilter()
        self.out += lane.filter.feed(line)
        if lane.filter.plain:
            lane.filter = None

    def _say_pieces(self, lane: Lane, pieces: list[Piece], time: str | None) -> None:
        for piece in pieces:
            self._say(lane, piece.number, piece.text, time)

    def _shortened(self, number: int, text: str, limit: int) -> str:
        if not self.told:
            self.told = True
            self.notify(Notice("line-cut", f"lines longer than {limit} characters were cut", self.source, number))
        return text[:limit]
