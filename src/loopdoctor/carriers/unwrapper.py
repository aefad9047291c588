"""The way of each line of one source down through its wrappings.

A line may be part of a block of several lines, or have a transport's prefix, a JSON object, a logging head around what
the program wrote. Each transport that is taken off leads into a lane of its own, where the rest is looked at again.
Nothing is configured.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from loopdoctor.carriers.blocks import Block, Piece
from loopdoctor.carriers.decoding import SEPARATOR, WIDE, WRITTEN, broken, numbered, with_plain_indent, without_escapes
from loopdoctor.carriers.escaped import SHORTEST, escaped_lines, marks_in
from loopdoctor.carriers.fast_heads import fast_head
from loopdoctor.carriers.ipython import ipython_block
from loopdoctor.carriers.journal_blocks import journal_block
from loopdoctor.carriers.json_blocks import json_block
from loopdoctor.carriers.json_lines import Entry, entries_of, read_json, salvaged
from loopdoctor.carriers.junit import junit_block
from loopdoctor.carriers.lambda_text import lambda_lines
from loopdoctor.carriers.lanes import MAX_CHILDREN, Lane
from loopdoctor.carriers.levels import UPPER
from loopdoctor.carriers.logfmt import logfmt_head
from loopdoctor.carriers.logging_heads import logging_head
from loopdoctor.carriers.margins import blank_margin, without_margin
from loopdoctor.carriers.markup import CLOSING_TAGS, ENTITY, without_entities
from loopdoctor.carriers.prefixing import MAX_NESTING, Prefixing
from loopdoctor.carriers.reprinted import OPENS
from loopdoctor.carriers.rich_blocks import ends_in_place, rich_block
from loopdoctor.carriers.speaking import BREAK, HEADER
from loopdoctor.carriers.supervisord import supervisord_block
from loopdoctor.carriers.table import cut_bare_time, cut_transport
from loopdoctor.carriers.wrapping import Cut, Head
from loopdoctor.model import Line, Window

INDENTED_STARTS = frozenset("{[╭┌+>=0123456789")
"""What an indented line begins with that may be more than the inside of something: a box, a brace, a time."""

CONTROLS = (b"\x1b", b"\r", b"\0", b"\t", b"\x0b", b"\x0c", b"\x1c", b"\x1d", b"\x1e", b"\x1f")
REPORT_ENDS = ("pending!", "retrieved")
LEVEL_WORDS = tuple(UPPER.split("|"))

LISTS = ("[{", "[\n", '["', "[[")
MAX_SNIFFED = 1000
RAW_FACTOR = 16


def may_be_prefixed(text: str) -> bool:
    """Whether something may stand before the program's text on an indented line: a name in a right-aligned column."""
    return text.count(":") > 2 or text.endswith(REPORT_ENDS) or "Warning: " in text or "==== " in text


def _cell(text: str) -> str:
    """The JSON object in a quoted cell of a table's row."""
    begin = text.index('"{""') + 1
    return text[begin : text.rfind("}") + 1].replace('""', '"')


class Unwrapper(Prefixing):
    """The lanes of one source, and the way of each line down through its wrappings."""

    def window(self, window: Window) -> Iterator[Line]:
        """The lines that a window's bytes give; what is open at its end stays open."""
        root, out, quick = self.root, self.out, self._quick
        data = window.data
        clean = data.isascii() and not any(control in data for control in CONTROLS)
        self.entities = b"&" in data and ENTITY.search(data) is not None
        self.marks = (*marks_in(data), "<br") if self.entities else marks_in(data)
        self.odd = bool(self.marks)
        idle = root.idle
        for number, text in numbered(data, window.first):
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
            text = broken(text).replace("\0", "")
        if lane.waiting and self._awaited(lane, number, text, time, depth):
            return
        self._line(lane, number, text, time, depth)

    def _quick(self, lane: Lane, number: int, text: str, time: str | None) -> Line | None:
        """A line that clearly needs nothing more taken off: an optimisation of what ``_line`` would do with it."""
        if self.odd and self._encoded(text):
            return None
        first = text[:1]
        if first == " ":
            mark = text.lstrip(" ")[:1]
            if (
                mark in INDENTED_STARTS
                or "│" in text
                or HEADER in text
                or "Exception i" in text
                or ends_in_place(mark, text)
                or (mark != "F" and may_be_prefixed(text))
            ):
                return None
        elif first:
            head = fast_head(text, first)
            if head is not None:
                if HEADER in text:
                    return None
                return self._head_line(lane, head, head.text, number, time)
            if not first.isalpha() or ":" in text or "|" in text or "=" in text or " In" in text or HEADER in text:
                return None
            if first.isupper() and text.startswith(LEVEL_WORDS):
                return None
            if ("-" in text and first.islower()) or text.endswith(REPORT_ENDS):
                return None
        if len(text) > self.max_line:
            return None
        return self.bare_line(lane, number, text, time)

    def _line(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> None:
        if "\x1b" in text or "\x9b" in text:
            text = without_escapes(text)
        if text and text[0] in WIDE:
            text = with_plain_indent(text)
        if self.entities and "&" in text:
            text = without_entities(text)
        if text[-1:] == ">" and "</" in text and text.count("<") == text.count("</"):
            text = CLOSING_TAGS.sub("", text)
        if not text.isprintable() and SEPARATOR.search(text):
            text = broken(text)
        if text[:1] == "[" and "[0m" in text:
            text = WRITTEN.sub("", text)
        if lane.margin:
            rest = without_margin(text, lane.margin)
            if rest is None:
                lane.margin = ""
            else:
                text = rest
        if "\n" in text:
            self._parts(lane, number, text, time, depth)
            return
        if lane.learned and depth < MAX_NESTING and self._known_prefix(lane, number, text, depth):
            return
        first = text[:1]
        escaped = self._encoded(text) or HEADER in text
        if not escaped and "\r" not in text and (head := fast_head(text, first)) is not None:
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
        if depth < MAX_NESTING and (cut := cut_transport(text)) is not None:
            self._cut(lane, cut, number, text, depth)
            return
        lane.aligned = None
        if "\r" in text:
            self._parts(lane, number, text, time, depth)
            return
        self._headed(lane, number, text, time, depth)

    def _headed(self, lane: Lane, number: int, text: str, time: str | None, depth: int, *, tried: bool = False) -> None:
        """A line without a transport's prefix: a logging head, or a line of the program's own.

        ``tried`` says that nothing unknown stands before it: the lines behind it were seen.
        """
        escaped = self._encoded(text)
        if (
            escaped
            and "\\n" in text
            and '{"' in text
            and self._json(lane, number, text[text.index('{"') :], time, depth)
        ):
            return
        pairs = logfmt_head(text) if escaped and "=" in text and not lane.quoted else None
        if pairs is not None and ("\n" in pairs.text or any(map(OPENS.match, pairs.extra))):
            self._head(lane, pairs, number, time)
            return
        if escaped and depth < MAX_NESTING and (parts := escaped_lines(text)) is not None:
            for part in parts:
                self.feed(lane, number, part, time, depth + 1)
            return
        if '"{""' in text and self._json(lane, number, _cell(text), time, depth):
            return
        odd = not tried and (text.count('"') % 2 == 1 or text.count("'") % 2 == 1)
        if odd and depth < MAX_NESTING and self._quoted(lane, number, text, time, depth):
            return
        head = logging_head(text)
        if head is None and "=" in text and not lane.quoted:
            head = logfmt_head(text)
        tried = tried or depth >= MAX_NESTING
        if head is not None:
            if tried or not self._deeper(lane, head, number, text, time):
                self._head(lane, head, number, time)
            return
        if depth < MAX_NESTING and (cut := cut_bare_time(text)) is not None:
            self._cut(lane, cut, number, text, depth)
            return
        if not tried and self._prefixed(lane, number, text, time, depth):
            return
        self._body(lane, number, text, time)

    def _encoded(self, text: str) -> bool:
        """Whether something that may stand for a line break stands in a line."""
        if self.entities and "&" in text:
            return True
        return len(text) > SHORTEST and any(mark in text for mark in self.marks)

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
        sniffed = sniffed or (mark != "F" and may_be_prefixed(text))
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
            self._piece(lane, piece, time, depth)
            if piece.last > piece.number and self.out and self.out[-1].number == piece.number:
                self.out[-1] = replace(self.out[-1], last=piece.last)

    def _piece(self, lane: Lane, piece: Piece, time: str | None, depth: int) -> None:
        if piece.entry is not None:
            self._entry(lane, piece.entry, piece.number, time, depth)
            return
        child = self._child(lane, piece.key, piece.name, depth) if piece.key or piece.name else lane
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
        elif text[0] == "d" or (text[0] == "[" and not text.startswith(LISTS) and text.rstrip() != "["):
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

    def _flush(self, lane: Lane, depth: int) -> None:
        """Ends what is open in a lane and in those inside it."""
        if lane.block is not None:
            block, lane.block = lane.block, None
            self._pieces(lane, block.close(), None, depth)
        self._end_of_waiting(lane, depth)
        if lane.pending:
            self.feed(lane, self.out[-1].number if self.out else 1, "", None, depth)
        if lane.filter is not None:
            self.out += lane.filter.close()
            lane.filter = None
        for child in list(lane.children.values()):
            self._flush(child, depth + 1)
