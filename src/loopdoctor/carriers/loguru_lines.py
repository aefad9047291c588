"""loguru's decorated tracebacks -> the lines that CPython prints.

loguru marks the frame that caught (``> File``), sets blank lines between frames, and writes under a source line what
its names held (``│   └ <value>``). With ``diagnose`` off only the mark and the blank lines remain.
"""

from __future__ import annotations

from msgspec.structs import replace

from loopdoctor.model import Line
from loopdoctor.patterns import lazy

VALUE = lazy(r"[ |]*\s[│└]")
MARK = lazy(r"(?P<rail> *(?:\| )?)> (?=File \")")
BLANK = lazy(r"[ |]*$")
FRAME = lazy(r"[ |]*(?:> | {2})File \"")
FINAL = lazy(r"[ |]*(?! )[A-Za-z_][\w.]*(?:: |$)")
HEADER = "raceback (most recent call last)"


class LoguruFilter:
    """A lane's filter from a traceback's header on; it does nothing until loguru's decoration is seen.

    ``plain`` says that the header's next line was no blank one: then this is not loguru, and the filter may go.
    """

    def __init__(self) -> None:
        self.seen = False
        self.after_header = True
        self.plain = False
        self.held: list[Line] = []

    def feed(self, line: Line) -> list[Line]:
        """The lines that can go on now."""
        text = line.text
        if HEADER in text:
            self.after_header = True
            found = [*self.held[:1], line] if self.seen else [*self.held, line]
            self.held = []
            return found
        if BLANK.match(text) and (self.after_header or self.seen):
            self.held.append(line)
            return [] if len(self.held) < 6 else self.close()
        self.plain = self.after_header and not self.seen and not self.held and ">" not in text[:6]
        if FRAME.match(text):
            marked = MARK.match(text)
            if marked is not None:
                line = replace(line, text=f"{marked['rail']}  {text[marked.end() :]}")
            self.seen = self.seen or marked is not None or (self.after_header and bool(self.held))
            found = [] if self.seen else self.held
            self.held = []
            self.after_header = False
            return [*found, line]
        self.after_header = False
        if ("│" in text or "└" in text) and VALUE.match(text):
            self.seen = True
            return []
        held, self.held = self.held, []
        if self.seen and FINAL.match(text) and not text.startswith(("The ", "During ")):
            held = []
        elif self.seen:
            held = held[:1]
        return [*held, line]

    def close(self) -> list[Line]:
        """The blank lines that are held."""
        held, self.held = self.held, []
        return held
