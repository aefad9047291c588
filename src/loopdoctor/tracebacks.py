"""Reads a record's lines into the tree of its exceptions: causes, contexts, groups, notes.

Tells the dialects of CPython 3.8-3.14 (Lib/traceback.py): carets, several source lines, repeats, rails of exception
groups, SyntaxErrors, bare exception lines, notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from loopdoctor import grammar
from loopdoctor.model import Frame, Trace

MAX_FRAMES = 400
MAX_NOTES = 20


class _Exception:
    """An exception while its lines are still being read."""

    def __init__(self, link: str, previous: _Exception | None) -> None:
        self.type = ""
        self.message: list[str] = []
        self.frames: list[Frame] = []
        self.link = link if previous is not None else ""
        self.previous = previous
        self.children: list[_Exception] = []

    def add_frame(self, text: str) -> None:
        match = grammar.FRAME.match(text)
        if match and len(self.frames) < MAX_FRAMES:
            self.frames.append(Frame(match["file"], int(match["line"]), (match["function"] or "").strip()))

    def add_source(self, text: str) -> None:
        source = text.strip()
        if not self.frames or self.frames[-1].source or not source.strip("^~ "):
            return
        last = self.frames[-1]
        self.frames[-1] = Frame(last.file, last.line, last.function, source)

    def mark_source(self, source: str) -> None:
        """The line that failed, in an excerpt of several."""
        if self.frames:
            last = self.frames[-1]
            self.frames[-1] = Frame(last.file, last.line, last.function, source.strip())

    def freeze(self) -> Trace:
        """The finished value; chains are unrolled so that a long one needs no deep recursion of ours."""
        chain = [self]
        while chain[-1].previous is not None:
            chain.append(chain[-1].previous)
        frozen: Trace | None = None
        for link in reversed(chain):
            frozen = Trace(
                type=link.type,
                message=link.message[0] if link.message else "",
                frames=tuple(link.frames),
                notes=tuple(link.message[1 : 1 + MAX_NOTES]),
                link=link.link if frozen is not None else "",  # type: ignore[arg-type]
                previous=frozen,
                children=tuple(child.freeze() for child in link.children),
            )
        assert frozen is not None  # noqa: S101 - chain is never empty
        return frozen


class _Level:
    """The exceptions at one depth of an exception group."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.current: _Exception | None = None
        self.link = ""

    def open(self) -> _Exception:
        previous = self.current if self.link else None
        self.current = _Exception(self.link, previous)
        self.link = ""
        return self.current


def _strip_rail(text: str) -> tuple[int, str]:
    """Depth (0 outside a group) and the text behind the rail."""
    match = grammar.RAIL.match(text)
    if match is None:
        return 0, text
    spaces = len(text) - len(text.lstrip(" "))
    return spaces // 2, text[spaces + 2 :]


class _Reader:
    """Takes the lines one by one; ``levels[0]`` is outside every group."""

    def __init__(self) -> None:
        self.levels = [_Level(0)]
        self.rails = False

    def _railed(self) -> bool:
        """Whether rails can be rails though a group's header is missing: they are no frame's source."""
        current = self.levels[0].current
        return len(self.levels) > 1 or current is None or bool(current.type) or not current.frames

    def _level(self, depth: int) -> _Level:
        while len(self.levels) > 1 and self.levels[-1].depth > depth:
            self._close()
        if self.levels[-1].depth < depth and len(self.levels) < 60:
            # A group opens at the depth of its own rail; its exception goes on where the chain outside it stood.
            level = _Level(depth)
            if len(self.levels) == 1 and depth == 1:
                level.link, level.current = self.levels[0].link, self.levels[0].current
            self.levels.append(level)
        return self.levels[-1]

    def _close(self) -> None:
        level = self.levels.pop()
        parent = self.levels[-1]
        if level.current is None:
            return
        if level.depth == 1:
            parent.current, parent.link = level.current, level.link
        elif parent.current is not None:
            parent.current.children.append(level.current)

    def feed(self, text: str) -> None:
        if "raceback (most" in text and (self.rails or "+" in text):
            self.rails = text[:1] in " |+" or not grammar.HEADER.match(text)
        if not (self.rails or self._railed()):
            self._read(self.levels[0], text)
            return
        if "+-----" in text and (glued := grammar.GLUED.match(text)) is not None:
            self.feed(glued["rail"] + glued["note"])
            text = glued["rail"] + glued["mark"]
        if grammar.SEPARATOR.match(text):
            depth = (len(text) - len(text.lstrip(" "))) // 2 + (1 if "+-+" in text else 0)
            self._level(depth - 1)
            self.levels.append(_Level(depth))
            return
        if grammar.RAIL_END.match(text):
            return
        depth, inner = _strip_rail(text)
        self._read(self._level(depth), inner)

    @staticmethod
    def _heads(level: _Level, text: str) -> bool:
        """Whether this is a traceback's header and no source line that looks like one."""
        if "raceback (most recent call last)" not in text or not grammar.HEADER.match(text.lstrip(" +")):
            return False
        current = level.current
        if current is None or level.link:
            return True
        if level.depth and current.type:
            return False  # behind the rails of a member nothing but a link begins another one
        return bool(current.type) or not current.frames or text[:1] not in " \t"

    def _read(self, level: _Level, text: str) -> None:
        stripped = text.strip()
        if not stripped:
            return
        if self._heads(level, text):
            level.open()
            return
        if stripped in grammar.LINKS:
            level.link = grammar.LINKS[stripped]
            return
        current = level.current
        if grammar.FRAME.match(text) and not (level.depth and current is not None and current.type and not level.link):
            if current is None or current.type:
                current = level.open()
            current.add_frame(text)
        elif current is None or level.link:
            # Without its header (a chain through a SyntaxError, a paste that lost its head): an exception line alone.
            split = grammar.split_exception(text)
            if split and (level.link or level.depth or grammar.NAMED_ERROR.match(text)):
                fresh = level.open()
                fresh.type, fresh.message = split[0], [split[1]]
        elif not current.type:
            self._read_open(current, text)
        elif current.message == [""] and (django := grammar.DJANGO_VALUE.match(text)) is not None:
            current.message = [django["message"]]
        else:
            current.message.append(text)

    def _read_open(self, current: _Exception, text: str) -> None:
        """A line of an exception whose last line has not come yet."""
        if marked := grammar.MARKED_SOURCE.match(text):
            current.mark_source(marked["source"])
            return
        split = None if text[0] in " \t\xa0" else grammar.split_exception(text)
        if split is not None:
            current.type, current.message = split[0], [split[1]]
        elif text[0] in " \t\xa0":
            current.add_source(text)

    def finish(self) -> Trace | None:
        while len(self.levels) > 1:
            self._close()
        top = self.levels[0].current
        return top.freeze() if top is not None else None


def parse_trace(lines: Iterable[str]) -> Trace | None:
    """The last exception of these lines with all that it hangs on; None if they hold no traceback."""
    reader = _Reader()
    for text in lines:
        reader.feed(text)
    return reader.finish()


def parse_frames(lines: Sequence[str]) -> tuple[Frame, ...]:
    """The frames of a stack that ends in no exception ("Object created at ...", "Stack ...")."""
    holder = _Exception("", None)
    for text in lines:
        if grammar.FRAME.match(text):
            holder.add_frame(text)
        else:
            holder.add_source(text)
    return tuple(holder.frames)
