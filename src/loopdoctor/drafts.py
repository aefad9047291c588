"""A record while its lines are still coming: which further line it can take, by the grammar of what it is.

One function a phase. Each answers ``TAKE`` (the line is part of the record), ``HOLD`` (it is if more follows, such as a
blank line inside a message), ``END`` (the record ended before this line) or ``FOREIGN`` (the line belongs to somebody
else who writes into the same stream; the record goes on).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from loopdoctor import grammar
from loopdoctor.grammar import Shape
from loopdoctor.model import Line, RecordKind

Answer = Literal["take", "hold", "end", "foreign"]
TAKE: Answer = "take"
HOLD: Answer = "hold"
END: Answer = "end"
FOREIGN: Answer = "foreign"

Phase = Literal["head", "frames", "tail", "chain", "quoted", "warning", "stack", "test"]
Role = Literal["word", "mute"]

QUOTES = ('"""', "'''")
MAX_TAIL = 200
MAX_FOREIGN = 30
OPENERS: frozenset[Shape] = frozenset(
    {"unraisable", "thread", "warning", "test", "section", "captured", "stack", "header", "group"}
)


class Draft:
    """Lines taken so far, the role of each, and the phase that the record is in."""

    def __init__(self, kind: RecordKind, phase: Phase, *, headed: bool, test: str | None, loose: bool) -> None:
        self.kind: RecordKind = kind
        self.phase: Phase = phase
        self.headed = headed
        self.test = test
        self.loose = loose
        self.lines: list[Line] = []
        self.roles: list[Role] = []
        self.held: list[Line] = []
        self.traced = False
        self.tail = 0
        self.foreign = 0
        self.indent = 0
        self.sourced = False
        self.rails = False
        self.cut = False

    def add(self, line: Line, role: Role) -> None:
        """Takes a line, and with it the blank ones that waited for it."""
        for blank in self.held:
            self.lines.append(blank)
            self.roles.append("mute")
        self.held.clear()
        self.lines.append(line)
        self.roles.append(role)

    @property
    def last(self) -> Line:
        """The last line taken."""
        return self.lines[-1]


def _begin_trace(draft: Draft, line: Line, shape: Shape) -> Answer:
    draft.traced = True
    draft.phase = "frames"
    draft.rails = draft.rails or shape == "group"
    if draft.kind == "log":
        draft.kind = "traceback"
    draft.add(line, "mute")
    return TAKE


def _unfinished_repr(draft: Draft) -> bool:
    """Whether the last line is a repr that goes on (aiohttp's "Unclosed response" holds newlines)."""
    text = draft.last.text.rstrip()
    return bool(grammar.DETAIL.match(text)) and "<" in text and text.count("<") > text.count(">")


def _in_head(draft: Draft, line: Line, shape: Shape) -> Answer:
    """After a head that speaks: details, then perhaps a traceback."""
    if shape == "blank":
        return HOLD
    if shape in ("header", "group"):
        return _begin_trace(draft, line, shape)
    if shape == "detail":
        draft.kind = "asyncio" if draft.kind in ("log", "exception") else draft.kind
        draft.add(line, "word")
        return TAKE
    if shape in ("created", "stack"):
        draft.phase = "stack"
        draft.add(line, "mute")
        return TAKE
    if draft.kind == "unraisable" and shape == "text" and grammar.NAMED_ERROR.match(line.text):
        draft.traced, draft.phase = True, "tail"
        draft.add(line, "word")
        return TAKE
    if shape == "frame":
        draft.traced, draft.phase = True, "frames"
        draft.add(line, "mute")
        return TAKE
    same_entry = line.number == draft.last.number or (draft.headed and draft.tail < MAX_TAIL and not draft.held)
    if shape not in OPENERS and (same_entry or _unfinished_repr(draft)):
        draft.tail += 1
        draft.add(line, "word")
        return TAKE
    return END


def _in_frames(draft: Draft, line: Line, shape: Shape) -> Answer:
    """Between a traceback's header and its last line."""
    if shape in ("frame", "deep", "repeat", "indented"):
        draft.add(line, "mute")
        return TAKE
    if shape == "rail":
        return _rail(draft, line)
    if shape == "blank":
        return HOLD
    if shape in ("header", "group"):
        # Two headers on end: the first was a head of its own ("Loop thread traceback ...").
        return _begin_trace(draft, line, shape) if grammar.HEADER.match(draft.last.text.strip()) else END
    if shape in ("test", "section", "captured", "unraisable"):
        return END
    split = grammar.split_exception(line.text)
    if split is None or (line.start and not grammar.NAMED_ERROR.match(line.text)):
        draft.foreign += 1
        return FOREIGN if draft.foreign <= MAX_FOREIGN else END
    draft.phase = "tail"
    draft.add(line, "word")
    return TAKE


def _rail_speaks(text: str) -> bool:
    """Whether what stands behind the rail is an exception line or a note, and no frame or header."""
    inner = text.lstrip(" ")[2:]
    return bool(inner) and inner[0] not in " -+|" and "raceback (most recent call last)" not in inner


def _rail(draft: Draft, line: Line) -> Answer:
    """A line of an exception group; what stands behind the rail may speak."""
    speaks = _rail_speaks(line.text)
    draft.rails = True
    draft.add(line, "word" if speaks else "mute")
    draft.phase = "tail" if speaks else draft.phase
    return TAKE


def _group_done(draft: Draft) -> bool:
    """Whether an exception group has shown its closing line (or has none: it stands without members)."""
    return not grammar.RAIL.match(draft.last.text) or bool(grammar.RAIL_END.match(draft.last.text))


def _in_tail(draft: Draft, line: Line, shape: Shape) -> Answer:
    """After an exception's last line: more of its message, notes, or the next exception of the chain."""
    if shape == "blank":
        return HOLD
    if shape == "link":
        draft.phase = "chain"
        draft.add(line, "mute")
        return TAKE
    if shape == "rail" and draft.rails:
        return _rail(draft, line)
    if shape in ("header", "group") and line.number == draft.last.number and line.start is False:
        return _begin_trace(draft, line, shape)
    if draft.rails and not line.start and len(draft.held) < MAX_FOREIGN and not _group_done(draft):
        return HOLD  # later lines of a member's message stand without its rail
    if line.text.strip() in QUOTES:
        # An odd number so far: the quotes were opened above the traceback, and this closes them.
        opened = sum(taken.text.strip() in QUOTES for taken in draft.lines) % 2
        draft.phase = "tail" if opened else "quoted"
        draft.add(line, "mute")
        return TAKE
    if shape in OPENERS:
        return END
    if shape in ("frame", "deep", "repeat") and not draft.held:
        draft.add(line, "mute")
        return TAKE
    goes_on = line.number == draft.last.number or draft.headed or draft.loose
    if not goes_on:
        goes_on = not draft.held and (shape == "indented" or line.text[0] in "[(")
    if not goes_on or draft.tail >= MAX_TAIL or shape == "detail":
        return END
    draft.tail += 1
    draft.add(line, "word")
    return TAKE


def _in_chain(draft: Draft, line: Line, shape: Shape) -> Answer:
    """After "The above exception was ...": the next exception must begin."""
    if shape == "blank":
        return HOLD
    if shape in ("header", "group"):
        return _begin_trace(draft, line, shape)
    if shape == "frame":
        draft.phase = "frames"
        draft.add(line, "mute")
        return TAKE
    if shape == "rail":
        return _rail(draft, line)
    if shape == "text" and not line.start and grammar.NAMED_ERROR.match(line.text):
        draft.phase = "tail"
        draft.add(line, "word")
        return TAKE
    if line.start:
        draft.foreign += 1
        return FOREIGN if draft.foreign <= MAX_FOREIGN else END
    return END


def _in_quoted(draft: Draft, line: Line, shape: Shape) -> Answer:
    """Inside the triple quotes of a remote traceback (concurrent.futures.process, multiprocessing.pool)."""
    if line.text.strip() in QUOTES:
        draft.phase = "tail"
        draft.add(line, "mute")
        return TAKE
    if line.start:
        return END
    speaks = shape in ("text", "thread") and bool(grammar.NAMED_ERROR.match(line.text))
    draft.add(line, "word" if speaks else "mute")
    return TAKE


def _in_warning(draft: Draft, line: Line, shape: Shape) -> Answer:
    """After a warning's first line: where its object was made, the source line, tracemalloc's hint.

    In pytest's summary the whole warning is indented, and so is all that belongs to it.
    """
    if shape == "blank":
        return HOLD if draft.indent else END
    if draft.indent:
        inner = line.text[draft.indent :] if len(line.text) - len(line.text.lstrip()) >= draft.indent else ""
        if not inner or shape == "warning" or shape in ("test", "section", "captured"):
            return END
        draft.add(line, "word" if inner[0] != " " or grammar.NAMED_ERROR.match(inner.strip()) else "mute")
        return TAKE
    if shape == "created" or grammar.TRACEMALLOC.match(line.text):
        draft.add(line, "mute")
        return TAKE
    if shape in ("frame", "deep", "repeat") and not (line.start or draft.held):
        draft.add(line, "mute")
        return TAKE
    if line.number == draft.last.number and not line.start:
        draft.add(line, "mute" if shape == "indented" else "word")
        return TAKE
    if shape == "indented" and not draft.sourced:
        draft.sourced = True
        draft.add(line, "mute")
        return TAKE
    return END


def _in_stack(draft: Draft, line: Line, shape: Shape) -> Answer:
    """The frames of a stack that ends in no exception; a traceback may follow in the same report."""
    if shape in ("frame", "deep", "repeat", "created", "indented"):
        draft.add(line, "mute")
        return TAKE
    if shape == "detail":
        draft.add(line, "word")
        return TAKE
    if shape in ("header", "group") and not draft.held:
        return _begin_trace(draft, line, shape)
    return HOLD if shape == "blank" else END


def _in_test(draft: Draft, line: Line, shape: Shape) -> Answer:
    """Everything up to the next test, section or captured output belongs to the failure that pytest tells."""
    if shape in ("test", "section", "captured"):
        return END
    if shape == "rail":
        draft.add(line, "word" if _rail_speaks(line.text) else "mute")
        return TAKE
    margin = line.text.startswith("E ") or line.text == "E"
    speaks = shape in ("text", "thread", "unraisable", "warning") and line.text[0] not in ">_"
    draft.add(line, "word" if margin or (speaks and not _location(line.text)) else "mute")
    return TAKE


def _location(text: str) -> bool:
    """Whether this is pytest's ``file:line: in f`` or ``file:line: Error``."""
    head, _, rest = text.partition(": ")
    place, _, number = (head if rest else text.rstrip(": ")).rpartition(":")
    return bool(place) and number.isdigit()


PHASES: dict[Phase, Callable[[Draft, Line, Shape], Answer]] = {
    "head": _in_head,
    "frames": _in_frames,
    "tail": _in_tail,
    "chain": _in_chain,
    "quoted": _in_quoted,
    "warning": _in_warning,
    "stack": _in_stack,
    "test": _in_test,
}

SURVIVES_START: frozenset[Phase] = frozenset({"frames", "chain"})
"""The phases in which the next log entry may be somebody else's, written into the middle of this record."""


def offer(draft: Draft, line: Line, shape: Shape) -> Answer:
    """Whether ``draft`` takes ``line``; a carrier's start of an entry ends every record that was whole."""
    if line.start and draft.phase not in SURVIVES_START:
        return END
    return PHASES[draft.phase](draft, line, shape)
