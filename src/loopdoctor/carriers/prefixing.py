"""The lanes' part in prefixes that nobody knows: lines wait until others bear out what seems to stand before them."""

from __future__ import annotations

from abc import abstractmethod

from loopdoctor.carriers.lanes import Lane
from loopdoctor.carriers.margins import EXCEPTION_NAME, MAX_LEARNED, believed, blank_margin, learned, prefix_before
from loopdoctor.carriers.speaking import Speaker
from loopdoctor.carriers.wrapping import Cut

MAX_NESTING = 6
MAX_WAITING = 12


class Prefixing(Speaker):
    """What a lane does with a line before which something unknown may stand."""

    @abstractmethod
    def feed(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> None:
        """Takes a line of a lane."""

    @abstractmethod
    def _line(self, lane: Lane, number: int, text: str, time: str | None, depth: int) -> None: ...

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
        elif text.startswith(("  File ", "  | ")) and not EXCEPTION_NAME.match(prefix):
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

    def _end_of_waiting(self, lane: Lane, depth: int) -> None:
        """No further line comes that could bear a prefix out."""
        if lane.waiting:
            if (pattern := believed(lane.waiting)) is not None:
                lane.learned.append(pattern)
            self._release(lane, depth)
