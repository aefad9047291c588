"""Which further line a record can take, by the grammar of what it is.

One function a phase. Each answers ``TAKE`` (the line is part of the record), ``HOLD`` (it is if more follows, such as a
blank line inside a message), ``END`` (the record ended before this line) or ``FOREIGN`` (the line belongs to somebody
else who writes into the same stream; the record goes on).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from loopdoctor import grammar
from loopdoctor.drafts import NEAR, QUOTES, Draft, Phase
from loopdoctor.grammar import Shape
from loopdoctor.model import Line
from loopdoctor.patterns import lazy

Answer = Literal["take", "hold", "end", "foreign"]
TAKE: Answer = "take"
HOLD: Answer = "hold"
END: Answer = "end"
FOREIGN: Answer = "foreign"

INDENT = " \t\xa0"
SAID: frozenset[Shape] = frozenset({"text", "indented", "rail", "created"})
"""What a line of a message can be that is not a piece of another traceback."""

REPORTED = lazy(r"Warning: Exception (?:ignored|in thread) ")
HINT = lazy(r" *(?:Enable tracemalloc to get|See https://docs\.pytest\.org/)")
"""In pytest's summary: the warnings that hold a traceback, and what stands behind it."""

MARKED = "--> "
"""What stackprinter sets before the line that failed, in the excerpt below a frame."""

MAX_TAIL = 200
MAX_MESSAGE = 1000
"""Lines of one message where heads tell how long it is; a log may have lost them."""

MAX_FOREIGN = 30
MAX_BLANK = 60
OPENERS: frozenset[Shape] = frozenset(
    {"unraisable", "thread", "warning", "test", "section", "captured", "stack", "dump", "header", "group"}
)


def _begin_trace(draft: Draft, line: Line, shape: Shape) -> Answer:
    draft.traced = True
    draft.phase = "frames"
    draft.rails = shape == "group"
    if draft.kind in ("log", "exception"):
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
    if draft.kind in ("unraisable", "asyncio", "traceback") and shape == "text" and not line.start and _bare(line.text):
        draft.traced, draft.phase = True, "tail"  # an exception that was never raised has no frames
        draft.add(line, "word")
        return TAKE
    if shape == "frame":
        draft.traced, draft.phase = True, "frames"
        draft.add(line, "mute")
        return TAKE
    same_entry = line.number == draft.last.number or (draft.headed and draft.tail < MAX_MESSAGE)
    if shape not in OPENERS and (same_entry or _unfinished_repr(draft)):
        draft.tail += 1
        draft.add(line, "word")
        return TAKE
    return END


def _in_frames(draft: Draft, line: Line, shape: Shape) -> Answer:
    """Between a traceback's header and its last line."""
    if shape == "blank":
        return HOLD
    if shape == "rail" and draft.rails:
        return _rail(draft, line)
    if (line.text[0] in INDENT and shape != "group") or shape == "frame" or line.text.startswith(MARKED):
        draft.add(line, "mute")  # a frame or its source, which may look like anything
        return TAKE
    if shape in ("header", "group"):
        return _begin_trace(draft, line, shape) if _own_head(draft.last) else END
    if shape in ("test", "section", "captured", "unraisable") or line.text == "Failed example:":
        return END  # doctest sets a place like a frame's above it
    split = None if shape == "detail" else grammar.split_exception(line.text)
    if split is None or (line.start and not grammar.NAMED_ERROR.match(line.text)):
        return _foreign(draft)
    draft.phase = "tail"
    draft.add(line, "word")
    return TAKE


def _foreign(draft: Draft) -> Answer:
    """A line of somebody else: not too many of them, and not too many on end."""
    if draft.foreign_behind != len(draft.lines):
        draft.foreign_behind, draft.foreign_run = len(draft.lines), 0
    draft.foreign += 1
    draft.foreign_run += 1
    return FOREIGN if draft.foreign <= MAX_FOREIGN and draft.foreign_run < NEAR else END


def _own_head(line: Line) -> bool:
    """Whether a header before another one is a head of its own ("Loop thread traceback ..."), not another writer's."""
    text = line.text.strip()
    return bool(grammar.HEADER.match(text)) and (line.start or not text.startswith("Traceback ("))


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
    if shape == "rail" and draft.rails:
        return _rail(draft, line)
    if draft.rails and len(draft.held) < MAX_FOREIGN and shape not in OPENERS and not _group_done(draft):
        return HOLD  # CPython 3.11 and 3.12 print later lines of a member's message without its rail
    if shape == "blank":
        return HOLD if len(draft.held) < MAX_BLANK else END
    if draft.held and draft.held[-1].text.strip():
        return _after_header(draft, line, shape)
    if shape == "link":
        draft.phase = "chain"
        draft.add(line, "mute")
        return TAKE
    if shape in ("header", "group"):
        if line.number == draft.last.number or (draft.headed and not draft.traced):
            return _begin_trace(draft, line, shape)
        return HOLD if draft.headed else END
    if draft.indent and (shape in ("indented", "deep") or HINT.match(line.text)):
        draft.add(line, "quoted")
        return TAKE
    if line.text.strip() in QUOTES and (phase := _behind_quotes(draft)) is not None:
        draft.phase = phase
        draft.add(line, "mute")
        return TAKE
    if shape == "stack" and draft.headed:
        draft.phase = "stack"
        draft.add(line, "quoted")
        return TAKE
    return END if shape in OPENERS else _message(draft, line, shape)


def _behind_quotes(draft: Draft) -> Phase | None:
    """How a record goes on behind triple quotes; None if they are a line of its message."""
    if sum(taken.text.strip() in QUOTES for taken in draft.lines) % 2:
        return "tail"
    if names_only(draft.last.text):
        return "quoted"
    return None if draft.headed or draft.tail else "tail"  # they were opened before the log began


def names_only(text: str) -> bool:
    """Whether an exception's last line has a name and no message, which then follows (between quotes)."""
    split = grammar.split_exception(text.rstrip())
    return split is not None and not split[1]


def _after_header(draft: Draft, line: Line, shape: Shape) -> Answer:
    """Behind a traceback's header that may be a mere line of the message: only a frame makes it a header."""
    if shape != ("rail" if grammar.GROUP_HEADER.match(draft.held[-1].text) else "frame"):
        return _message(draft, line, shape)
    if not draft.last.text.rstrip().endswith(":"):
        return END
    draft.add(line, "quoted")
    return TAKE


def _message(draft: Draft, line: Line, shape: Shape) -> Answer:
    """A further line of the message, or a note; without heads nobody can tell how many there are."""
    if shape in ("frame", "deep", "repeat") and not draft.held:
        draft.add(line, "quoted")
        return TAKE
    most = MAX_MESSAGE if draft.headed else MAX_TAIL
    goes_on = line.number == draft.last.number or draft.headed or draft.loose
    if not goes_on:
        goes_on = not draft.held and (shape == "indented" or line.text[0] in "[(")
    if not goes_on or draft.tail >= most or shape == "detail":
        return END
    draft.tail += 1
    draft.add(line, "word" if shape in SAID else "quoted")
    return TAKE


def _bare(text: str) -> bool:
    """Whether this is an exception's last line, by its name."""
    split = grammar.split_exception(text.rstrip())
    return split is not None and ("." in split[0] or grammar.NAMED_ERROR.match(text) is not None)


def _in_chain(draft: Draft, line: Line, shape: Shape) -> Answer:
    """After "The above exception was ...": the next exception must begin."""
    if shape == "blank":
        return HOLD
    if shape in ("header", "group"):
        return _begin_trace(draft, line, shape)
    apart = not draft.headed or draft.held or draft.roles[-2:] == ["mute", "mute"]  # blank lines round the link
    if shape == "frame" and apart:
        draft.phase = "frames"
        draft.add(line, "mute")
        return TAKE
    if shape == "text" and not line.start and apart and grammar.NAMED_ERROR.match(line.text):
        draft.phase = "tail"
        draft.add(line, "word")
        return TAKE
    if line.start:
        return _foreign(draft)
    if not draft.headed:
        return END
    draft.phase = "tail"  # the link was a line of the message
    draft.roles[-1] = "quoted"
    return _in_tail(draft, line, shape)


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
    if shape == "blank" and not draft.indent:
        return _source(draft, line) if line.text == "  " else END
    if shape == "blank":
        return HOLD
    if draft.indent and shape == "header" and REPORTED.search(draft.lines[0].text):
        draft.traced, draft.phase = True, "frames"
        draft.add(line, "mute")
        return TAKE
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
    return _source(draft, line) if shape == "indented" else END


def _source(draft: Draft, line: Line) -> Answer:
    """The warning's source line, of which there is one."""
    if draft.sourced:
        return END
    draft.sourced = True
    draft.add(line, "mute")
    return TAKE


def _in_stack(draft: Draft, line: Line, shape: Shape) -> Answer:
    """The frames of a stack that ends in no exception; a traceback may follow in the same report."""
    if shape == "dump" and not draft.traced:
        draft.add(line, "mute")
        return TAKE
    if shape in ("frame", "deep", "repeat", "created", "indented") and not draft.held:
        draft.add(line, "quoted" if draft.traced else "mute")
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
