"""Windows of a log -> the program's own lines, whatever wraps them: what happens between the windows.

No line's reading depends on lines that were skipped: where the numbers of windows jump, all state ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from loopdoctor.carriers.unwrapper import Unwrapper
from loopdoctor.model import Line, Notice, Window
from loopdoctor.settings import Settings

GAP = "gap"
"""``Line.carrier`` of the empty line that stands where lines were skipped: no record goes on across it."""

PAUSE = "pause"
"""``Line.carrier`` of the empty line that says that a live log has nothing more to give for a moment."""

PATIENCE = 5
"""Pauses after which nothing more is waited for that could belong to what is open."""


def unwrap(windows: Iterable[Window], settings: Settings, notify: Callable[[Notice], None]) -> Iterator[Line]:
    """The lines of one source, in order but for those that wait for the end of a construct of several lines.

    Each window must follow the one before. Never raises on any bytes; what is cut is told to ``notify``.
    """
    following = pauses = 0
    unwrapper = Unwrapper("", settings, notify)
    for window in windows:
        pauses = pauses + 1 if window.pause else 0
        if window.pause:
            if pauses == PATIENCE:
                yield from unwrapper.end()
            yield Line(window.first, "", window.source, carrier=PAUSE)
            continue
        if following and window.first != following:
            yield from unwrapper.end()
            yield Line(window.first, "", window.source, carrier=GAP, start=True)
        if unwrapper.source != window.source or (following and window.first != following):
            unwrapper = Unwrapper(window.source, settings, notify)
        following = window.first
        yield from unwrapper.window(window)
        following += window.data.count(b"\n") + (not window.data.endswith(b"\n") and bool(window.data))
    yield from unwrapper.end()
