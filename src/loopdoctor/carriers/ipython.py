"""IPython's and Jupyter's tracebacks -> the lines that CPython prints.

Reads ``Cell In[3], line 1``, ``File ~/x.py:12, in f(...)``, ``Input In [3], in <cell line: 1>()`` and the older
``<ipython-input-3-...> in f()`` and ``/srv/x.py in f(self)``, each followed by an excerpt whose current line is
marked by ``----> 12``. The rest of the excerpt is left out: it quotes code that did not fail.
"""

from __future__ import annotations

import re

from loopdoctor.carriers.blocks import Piece
from loopdoctor.patterns import lazy

HEADER = lazy(r"(?P<name>[A-Za-z_][\w.]*) {5,}(?:Traceback \(most recent call last\)|Python \d)")
CELL = lazy(r"(?P<file>Cell In ?\[\d+\]|Input In \[\d+\])(?:, line (?P<line>\d+))?(?:, in (?P<function>.+?))?:?$")
FILE = lazy(r"File (?P<file>\S.*?):(?P<line>\d+)(?:, in (?P<function>.+))?$")
OLD = lazy(r"(?P<file><ipython-input-[^>]+>|[~/.\w][^\s:]*\.pyx?|[A-Za-z]:\\\S+) in (?P<function>\S.*)$")
ARROW = lazy(r"-{1,}> (?P<line>\d+)(?: (?P<code>.*))?$")
EXCERPT = lazy(r" *(?:\d+\b|\(\.\.\.\)|$)")
LINKS = ("The above exception", "During handling of")
LAST = lazy(r"[A-Za-z_][\w.]*(?:: |:?$)")
RULE = lazy(r"-{60,}$")


class IPythonBlock:
    """One traceback with its chain."""

    raw = False

    def __init__(self) -> None:
        self.place: tuple[int, re.Match[str]] | None = None
        self.ended = False
        self.blank: int | None = None

    def feed(self, number: int, text: str) -> tuple[bool, list[Piece]]:
        """Takes headers, frames, excerpts and the last line."""
        if HEADER.match(text):
            self.ended = False
            return True, [*self._blank(), _piece(number, "Traceback (most recent call last):")]
        if RULE.match(text) or text.startswith(("A problem occurred executing", "calls leading up")):
            return True, []
        if not self.ended and (place := CELL.match(text) or FILE.match(text) or OLD.match(text)) is not None:
            found = self._frame(None)
            self.place = (number, place)
            self.blank = None
            return True, found
        if self.place is not None and (arrow := ARROW.match(text.lstrip())) is not None:
            found = self._frame(arrow["line"])
            code = (arrow["code"] or "").strip()
            return True, [*found, _piece(number, f"    {code}")] if code else found
        if not text.strip():
            self.blank = number
            return True, []
        if text.startswith(LINKS):
            self.ended = False
            return True, [*self._frame(None), *self._blank(), _piece(number, text), _piece(number, "")]
        if not self.ended and (text[:1] == " " or EXCERPT.match(text)) and not LAST.match(text):
            return True, []
        if not self.ended and LAST.match(text):
            self.ended = True
            self.blank = None
            return True, [*self._frame(None), _piece(number, text)]
        return False, self.close()

    def _frame(self, line: str | None) -> list[Piece]:
        """The frame whose place was read last; older forms tell its line only at the arrow."""
        if self.place is None:
            return []
        (number, match), self.place = self.place, None
        groups = match.groupdict()
        line = line or groups.get("line") or "0"
        function = (groups.get("function") or "<module>").split("(")[0].strip()
        function = "<module>" if function.startswith("<cell") or not function else function.rpartition(".")[2]
        return [_piece(number, f'  File "{match["file"]}", line {line}, in {function}')]

    def _blank(self) -> list[Piece]:
        blank, self.blank = self.blank, None
        return [_piece(blank, "")] if blank is not None else []

    def close(self) -> list[Piece]:
        """A frame whose arrow never came, and the blank line that stood behind."""
        return [*self._frame(None), *self._blank()]


def _piece(number: int, text: str) -> Piece:
    return Piece(number, text, "ipython", whole=True)


def ipython_block(text: str) -> IPythonBlock | None:
    """The block that a line opens: the exception's name at the left, the header at the right; or a cell's place."""
    if ("Traceback (most" in text and HEADER.match(text)) or ("Cell In" in text and (CELL.match(text))):
        return IPythonBlock()
    return None
