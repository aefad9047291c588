"""The lanes' part in prefixes that nobody knows: lines wait until others bear out what seems to stand before them."""

from __future__ import annotations

from abc import abstractmethod

from loopdoctor.carriers.blocks import Block
from loopdoctor.carriers.lanes import Lane
from loopdoctor.carriers.margins import blank_margin
from loopdoctor.carriers.prefixes import EXCEPTION_NAME, MAX_LEARNED, SIGNS, believed, prefix_before
from loopdoctor.carriers.quoted_blocks import quoted_block
from loopdoctor.carriers.quoting import QUOTES
from loopdoctor.carriers.speaking import Speaker
from loopdoctor.carriers.wrapping import Cut, Head

MAX_NESTING = 6
MAX_WAITING = 12
STUCK = frozenset(">}`[(")
"""What may open a text of many lines and stand before its first one only."""


class Prefixing(Speaker):
    """What a lane does with a line before which something unknown may stand."""

    @abstractmethod
    def feed(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> None:
        """Takes a line of a lane."""

    @abstractmethod
    def _line(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> None: ...

    @abstractmethod
    def _headed(
        self, lane: Lane, number: int, text: str, time: str | None, depth: int, *, tried: bool = False
    ) -> None: ...

    @abstractmethod
    def _open(self, lane: Lane, block: Block, number: int, text: str, time: str | None, depth: int) -> None: ...

    @abstractmethod
    def _cut(self, lane: Lane, cut: Cut, number: int, text: str, depth: int) -> None: ...

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
        if (pattern := believed([(number, text, time)])) is None:
            return False
        lane.learned.append(pattern)
        return self._known_prefix(lane, number, text, depth)

    def _quoted(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> bool:
        """Whether a quote opens on this line that holds a log of many lines."""
        prefix, reason = prefix_before(text) or ("", "report")
        block = quoted_block(text, prefix) if reason != "report" else None
        if block is None:
            return False
        self._body(lane, number, prefix[:-1], time)
        self._open(lane, block, number, text, time, depth)
        return True

    def _deeper(self, lane: Lane, head: Head, number: int, text: str, time: str | None) -> bool:
        """Whether behind this logging head something more stands before a traceback: then the next lines tell."""
        asked = any(sign in text for sign in SIGNS) or head.name == "logfmt" or not head.text
        if not asked or len(lane.learned) >= MAX_LEARNED:
            return False
        found = prefix_before(text)
        if found is None or (not found[0][len(text) - len(head.text) :].strip(" |") and text.endswith(head.text)):
            return False
        lane.waiting = [(number, text, time)]
        return True

    def _awaited(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> bool:
        """A traceback's header stands behind an unknown prefix: the next lines tell whether they have it too."""
        header = lane.waiting[0]
        prefix, reason = prefix_before(header[1]) or ("", "")
        lane.waiting.append((number, text, time))
        if (pattern := believed(lane.waiting)) is not None:
            # Workers 1, 2 and 3 may well speak in turn: what counts or changes must do so for longer.
            if pattern.counters and len(lane.waiting) < MAX_WAITING // 2:
                return True
            lane.learned.append(pattern)
        elif self._split(prefix, text):
            waiting, lane.waiting = lane.waiting, []
            self._headed(lane, header[0], prefix.rstrip(), header[2], depth, tried=True)
            self._body(lane, header[0], header[1][len(prefix) :], header[2])
            for line in waiting[1:]:
                self._line(lane, *line, depth)
            return True
        elif len(lane.waiting) < MAX_WAITING and reason == "trace":
            return True
        self._release(lane, depth)
        return True

    @staticmethod
    def _split(prefix: str, text: str) -> bool:
        """Whether the words before a header are a message of its own, since the next line stands without them."""
        bare = text.startswith(("  File ", "  | "))
        return bare and prefix.rstrip()[-1:] not in QUOTES and not EXCEPTION_NAME.match(prefix)

    def _release(self, lane: Lane, depth: int) -> None:
        waiting, lane.waiting = lane.waiting, []
        for index, (number, text, time) in enumerate(waiting):
            if index == 0 and not any(known.cut(text) for known in lane.learned):
                prefix, reason = prefix_before(text) or ("", "")
                if prefix[-1:] in STUCK and reason != "report":
                    self._body(lane, number, prefix, time)
                    text = text[len(prefix) :]
                self._headed(lane, number, text, time, depth, tried=True)
            else:
                self.feed(lane, number, text, time, depth)

    def _end_of_waiting(self, lane: Lane, depth: int) -> None:
        """No further line comes that could bear a prefix out."""
        if lane.waiting:
            if (pattern := believed(lane.waiting)) is not None:
                lane.learned.append(pattern)
            self._release(lane, depth)
