"""Windows of a log -> the program's own lines, whatever wraps them.

A line goes down through its wrappings: a block of several lines, a transport's prefix, a JSON object, a logging head.
Each transport that is taken off leads into a lane of its own, where the rest is looked at again. Nothing is
configured and no line's reading depends on lines that were skipped: where the numbers of windows jump, all state
ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from loopdoctor.carriers.blocks import Block, Piece
from loopdoctor.carriers.decoding import numbered, with_plain_indent, without_escapes
from loopdoctor.carriers.escaped import MARK as ESCAPED
from loopdoctor.carriers.escaped import escaped_lines
from loopdoctor.carriers.fast_heads import fast_head
from loopdoctor.carriers.ipython import ipython_block
from loopdoctor.carriers.journal_blocks import journal_block
from loopdoctor.carriers.json_blocks import json_block
from loopdoctor.carriers.json_lines import Entry, entries_of, read_json, salvaged
from loopdoctor.carriers.junit import junit_block
from loopdoctor.carriers.lambda_text import lambda_lines
from loopdoctor.carriers.lanes import MAX_CHILDREN, Lane, joined
from loopdoctor.carriers.levels import UPPER
from loopdoctor.carriers.logfmt import logfmt_head
from loopdoctor.carriers.logging_heads import logging_head
from loopdoctor.carriers.margins import MAX_LEARNED, believed, blank_margin, learned, prefix_before, without_margin
from loopdoctor.carriers.rich_blocks import ends_in_place, rich_block
from loopdoctor.carriers.speaking import BREAK, HEADER, Speaker
from loopdoctor.carriers.supervisord import supervisord_block
from loopdoctor.carriers.table import cut_bare_time, cut_transport
from loopdoctor.carriers.wrapping import Cut, Head
from loopdoctor.model import Line, Notice, Window
from loopdoctor.settings import Settings

GAP = "gap"
"""``Line.carrier`` of the empty line that stands where lines were skipped: no record goes on across it."""

INDENTED_STARTS = frozenset("{[╭┌+>0123456789")
"""What an indented line begins with that may be more than the inside of something: a box, a brace, a time."""

REPORT_ENDS = ("pending!", "retrieved")
LEVEL_WORDS = tuple(UPPER.split("|"))

MAX_SNIFFED = 1000
MAX_NESTING = 6
MAX_WAITING = 12
RAW_FACTOR = 16


def unwrap(windows: Iterable[Window], settings: Settings, notify: Callable[[Notice], None]) -> Iterator[Line]:
    """The lines of one source, in order but for those that wait for the end of a construct of several lines.

    Each window must follow the one before. Never raises on any bytes; what is cut is told to ``notify``.
    """
    following = 0
    unwrapper = Unwrapper("", settings, notify)
    for window in windows:
        if following and window.first != following:
            yield from unwrapper.end()
            yield Line(window.first, "", window.source, carrier=GAP, start=True)
        if unwrapper.source != window.source or (following and window.first != following):
            unwrapper = Unwrapper(window.source, settings, notify)
        following = window.first
        yield from unwrapper.window(window)
        following += window.data.count(b"\n") + (not window.data.endswith(b"\n") and bool(window.data))
    yield from unwrapper.end()


class Unwrapper(Speaker):
    """The lanes of one source, and the way of each line down through its wrappings."""

    def window(self, window: Window) -> Iterator[Line]:
        """The lines that a window's bytes give; what is open at its end stays open."""
        root, out, quick = self.root, self.out, self._quick
        data = window.data
        clean = data.isascii() and not (b"\x1b" in data or b"\r" in data or b"\0" in data or b"\t" in data)
        idle = root.idle
        for number, text in numbered(window.data, window.first):
            if idle and (clean or text.isprintable()) and (line := quick(root, number, text, None)) is not None:
                yield line
                continue
            if len(text) > self.max_line * RAW_FACTOR:
                text = self._shortened(number, text, self.max_line * RAW_FACTOR)
            self.feed(root, number, text, None, 0)
            idle = root.idle
            if out:
                yield from out
                out.clear()

    def end(self) -> list[Line]:
        """Ends everything that is open and gives what is left."""
        self._flush(self.root, 0)
        found = list(self.out)
        self.out.clear()
        return found

    # --- down through the wrappings -----------------------------------------------------------------------------------

    def feed(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> None:
        """Takes a line of a lane: to the block that is open there, or through the next wrapping."""
        if lane.idle and text.isprintable() and (line := self._quick(lane, number, text, time)) is not None:
            self.out.append(line)
            return
        if lane.pending:
            text, lane.pending = lane.pending + text, ""
        block = lane.block
        if block is not None:
            taken, pieces = block.feed(number, text if block.raw else text.replace("\0", ""))
            if not taken:
                lane.block = None
            self._pieces(lane, pieces, time, depth)
            if taken:
                return
        if "\0" in text:
            text = text.replace("\0", "")
        if lane.waiting and self._awaited(lane, number, text, time, depth):
            return
        self._line(lane, number, text, time, depth)

    def _quick(self, lane: Lane, number: int, text: str, time: str | None) -> Line | None:
        """A line that clearly needs nothing more taken off: an optimisation of what ``_line`` would do with it."""
        first = text[:1]
        if first == " ":
            mark = text.lstrip(" ")[:1]
            if (
                mark in INDENTED_STARTS
                or "│" in text
                or HEADER in text
                or "Exception i" in text
                or ends_in_place(mark, text)
            ):
                return None
        elif first:
            head = fast_head(text, first)
            if head is not None:
                return None if HEADER in text or ESCAPED in text else self._head_line(lane, head, head.text, number, time)
            if not first.isalpha() or ":" in text or "|" in text or "=" in text or " In" in text or HEADER in text:
                return None
            if first.isupper() and text.startswith(LEVEL_WORDS):
                return None
            if ("-" in text and first.islower()) or text.endswith(REPORT_ENDS):
                return None
        if len(text) > self.max_line:
            return None
        return Line(number, text, self.source, joined(lane.key, lane.sticky), lane.carrier or "plain", False, time)

    def _line(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> None:
        if "\x1b" in text or "\x9b" in text:
            text = without_escapes(text)
        if text[:1] == "\xa0":
            text = with_plain_indent(text)
        if lane.margin:
            rest = without_margin(text, lane.margin)
            if rest is None:
                lane.margin = ""
            else:
                text = rest
        if "\n" in text:
            self._parts(lane, number, text, time, depth)
            return
        first = text[:1]
        if ESCAPED not in text and "\r" not in text and (head := fast_head(text, first)) is not None:
            self._head(lane, head, number, time)
            return
        between, lane.between = lane.between, False
        if between and not text:
            return
        if first == " " or first == "\t" or first == "":
            self._indented(lane, number, text, time, depth)
            return
        if (first == "{" or first == "[" or first == "d") and self._json(lane, number, text, time, depth):
            return
        block = self._block(text)
        if block is not None:
            self._open(lane, block, number, text, time, depth)
            return
        if depth < MAX_NESTING and lane.learned and self._known_prefix(lane, number, text, depth):
            return
        if depth < MAX_NESTING and (cut := cut_transport(text)) is not None:
            self._cut(lane, cut, number, text, depth)
            return
        lane.aligned = None
        if "\r" in text:
            self._parts(lane, number, text, time, depth)
            return
        self._headed(lane, number, text, time, depth)

    def _headed(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> None:
        """A line without a transport's prefix: a logging head, or a line of the program's own."""
        if ESCAPED in text and '{"' in text and self._json(lane, number, text[text.index('{"') :], time, depth):
            return
        if ESCAPED in text and (parts := escaped_lines(text)) is not None:
            for part in parts:
                self.feed(lane, number, part, time, depth)
            return
        head = logging_head(text)
        if head is None and "=" in text and not lane.quoted:
            head = logfmt_head(text)
        if head is not None:
            self._head(lane, head, number, time)
            return
        if depth < MAX_NESTING and (cut := cut_bare_time(text)) is not None:
            self._cut(lane, cut, number, text, depth)
            return
        if depth < MAX_NESTING and self._prefixed(lane, number, text, time, depth):
            return
        self._body(lane, number, text, time)

    def _indented(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> None:
        """A line that begins with blanks, or is empty: mostly the inside of something."""
        if lane.aligned is not None:
            width, child = lane.aligned
            if not text.strip() or text[:width].isspace():
                self.feed(child, number, text[width:], time, depth + 1)
                return
            lane.aligned = None
        if "\r" in text:
            self._parts(lane, number, text, time, depth)
            return
        mark = text.lstrip(" \t>")[:1]
        block: Block | None
        sniffed = mark in INDENTED_STARTS or HEADER in text or "Exception i" in text or ends_in_place(mark, text)
        if sniffed and len(text) < MAX_SNIFFED:
            block = json_block(text) if mark in "{[" else rich_block(text)
            if block is not None:
                self._open(lane, block, number, text, time, depth)
                return
            if depth < MAX_NESTING and (margin := blank_margin(text)) and not text.startswith("  + "):
                lane.margin = margin
                self._line(lane, number, text, time, depth + 1)
                return
        believable = text != "" and (lane.learned or sniffed or "│" in text)
        if believable and depth < MAX_NESTING and self._prefixed(lane, number, text, time, depth):
            return
        self._body(lane, number, text, time)

    def _parts(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> None:
        for part in lambda_lines(BREAK.split(text)):
            self.feed(lane, number, part, time, depth)

    def _cut(self, lane: Lane, cut: Cut, number: int, text: str, depth: int) -> None:
        child = self._child(lane, cut.key, cut.name, depth)
        lane.aligned = (len(text) - len(cut.rest), child) if cut.aligned and text.endswith(cut.rest) else None
        if cut.partial and len(child.pending) < self.max_line * RAW_FACTOR:
            child.pending += cut.rest
            return
        self.feed(child, number, cut.rest, cut.time, depth + 1)

    def _child(self, lane: Lane, key: str, name: str, depth: int) -> Lane:
        """The lane of a key inside another; beyond a bound the oldest one ends."""
        if len(lane.children) >= MAX_CHILDREN and (key, name) not in lane.children:
            self._flush(lane.children.pop(next(iter(lane.children))), depth + 1)
        return lane.child(key, name)

    @staticmethod
    def _block(text: str) -> Block | None:
        """The construct of several lines that a line opens."""
        first = text[0]
        if first.isdigit():
            return supervisord_block(text)
        if first == "<":
            return junit_block(text)
        if first == "_" or ";i=" in text:
            return journal_block(text)
        if " In" in text or HEADER in text:
            return ipython_block(text) or (rich_block(text) if len(text) < MAX_SNIFFED else None)
        if first in "[╭┌+" and len(text) < MAX_SNIFFED:
            return rich_block(text)
        return None

    def _open(self, lane: Lane, block: Block, number: int, text: str, time: str | None, depth: int) -> None:
        taken, pieces = block.feed(number, text)
        lane.block = block if taken else None
        self._pieces(lane, pieces, time, depth)
        if not taken:
            self._body(lane, number, text, time)

    def _pieces(self, lane: Lane, pieces: list[Piece], time: str | None, depth: int) -> None:
        for piece in pieces:
            if piece.entry is not None:
                self._entry(lane, piece.entry, piece.number, time, depth)
                continue
            child = self._child(lane, piece.key, piece.name, depth)
            if piece.whole:
                self._say(child, piece.number, piece.text, piece.time or time)
            elif piece.partial:
                child.pending += piece.text
            elif depth < MAX_NESTING:
                self.feed(child, piece.number, piece.text, piece.time or time, depth + 1)
            else:
                self._body(child, piece.number, piece.text, piece.time or time)

    # --- JSON ---------------------------------------------------------------------------------------------------------

    def _json(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> bool:
        if text.startswith("data: {"):  # server-sent events
            text = text[6:]
            lane.between = True
        elif text[0] == "d" or (text[0] == "[" and not text.startswith(("[{", "[\n")) and text.rstrip() != "["):
            return False
        ends = text.rstrip()[-1:]
        value = read_json(text) if ends in ("}", "]") else None
        if value is None and ends not in ("}", "]") and len(text) > 200 and '": "' in text:
            value = salvaged(text)
        if value is not None:
            entries = list(entries_of(value))
            for entry in entries:
                self._entry(lane, entry, number, time, depth)
            return bool(entries)
        block = json_block(text)
        if block is not None:
            self._open(lane, block, number, text, time, depth)
        return block is not None

    def _entry(self, lane: Lane, entry: Entry, number: int, time: str | None, depth: int) -> None:
        time = entry.time or time
        if entry.wire and depth < MAX_NESTING:
            child = self._child(lane, entry.key, entry.name, depth)
            if entry.partial and len(child.pending) < self.max_line * RAW_FACTOR:
                child.pending += entry.message
            else:
                self.feed(child, number, entry.message, time, depth + 1)
            return
        head = Head(entry.message, entry.name, time, entry.level, entry.logger, entry.key, extra=entry.trace)
        self._head(lane, head, number, time)

    # --- prefixes that nobody knows -----------------------------------------------------------------------------------

    def _known_prefix(self, lane: Lane, number: int, text: str, depth: int) -> bool:
        for known in lane.learned:
            if (cut := known.cut(text)) is not None:
                self._cut(lane, cut, number, text, depth)
                return True
        return False

    def _prefixed(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> bool:
        if self._known_prefix(lane, number, text, depth):
            return True
        if text and text[0] in ">•│┃▏" and (margin := blank_margin(text)):
            lane.margin = margin
            self._line(lane, number, text, time, depth + 1)
            return True
        found = prefix_before(text)
        if found is None or len(lane.learned) >= MAX_LEARNED:
            return False
        prefix, reason = found
        if reason in ("trace", "report", "any") or any(map(str.isdigit, prefix)):
            lane.waiting = [(number, text, time)]
            return True
        lane.learned.append(learned(prefix))
        return self._prefixed(lane, number, text, time, depth)

    def _awaited(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> bool:
        """A traceback's header stands behind an unknown prefix: the next lines tell whether they have it too."""
        header = lane.waiting[0]
        prefix, reason = prefix_before(header[1]) or ("", "")
        lane.waiting.append((number, text, time))
        if (pattern := believed(lane.waiting)) is not None:
            # Workers 1, 2 and 3 may well speak in turn: a counter must count for longer.
            if pattern.counters and len(lane.waiting) < MAX_WAITING // 2:
                return True
            lane.learned.append(pattern)
        elif text.startswith(("  File ", "  | ")):
            waiting, lane.waiting = lane.waiting, []
            self._body(lane, header[0], prefix.rstrip(), header[2])
            self._body(lane, header[0], header[1][len(prefix) :], header[2])
            for line in waiting[1:]:
                self._line(lane, *line, depth)
            return True
        elif len(lane.waiting) < MAX_WAITING and reason == "trace":
            return True
        self._release(lane, depth)
        return True

    def _release(self, lane: Lane, depth: int) -> None:
        waiting, lane.waiting = lane.waiting, []
        for index, (number, text, time) in enumerate(waiting):
            if index == 0 and not any(known.cut(text) for known in lane.learned):
                self._body(lane, number, text, time)
            else:
                self.feed(lane, number, text, time, depth)

    def _flush(self, lane: Lane, depth: int) -> None:
        """Ends what is open in a lane and in those inside it."""
        if lane.block is not None:
            block, lane.block = lane.block, None
            self._pieces(lane, block.close(), None, depth)
        if lane.waiting:
            if (pattern := believed(lane.waiting)) is not None:
                lane.learned.append(pattern)
            self._release(lane, depth)
        if lane.pending:
            self.feed(lane, self.out[-1].number if self.out else 1, "", None, depth)
        if lane.filter is not None:
            self.out += lane.filter.close()
            lane.filter = None
        for child in list(lane.children.values()):
            self._flush(child, depth + 1)
