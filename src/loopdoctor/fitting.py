"""How well a line goes on with an unfinished record, where several are open in one stream.

What tells two tracebacks apart that were written into each other is the grammar (a source line stands behind its
frame), the program (a frame's function is called by the source line above it; ``raise KeyError(...)`` is followed by a
``KeyError``) and what was seen before (the same frames, whole). Each open record is asked by one function a shape; the
best has the line; where the text does not decide, the one that took a line last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from msgspec import Struct

from loopdoctor import grammar
from loopdoctor.drafts import Draft
from loopdoctor.grammar import Shape
from loopdoctor.model import Line
from loopdoctor.patterns import lazy

MAX_LESSONS = 32
MAX_LESSON = 200
LOOKED_BACK = 12
NO, POOR, FAIR, GOOD, SURE = 0, 2, 4, 6, 8
"""How well a line goes on with a record: not at all, if nobody else will, as any line of its shape, by what the source
line above it says, as it did before. What speaks a little more for it adds one."""

OUTERMOST = frozenset({"<module>", "_bootstrap", "_bootstrap_inner", "_run_module_as_main"})
"""Functions that nothing in a traceback calls: it begins with them (``import`` and ``exec`` apart)."""

RUNS_MODULES = lazy(r"\b(?:import|exec|runpy|_call_with_frames_removed|__import__|_run_code)\b")
INDIRECT = lazy(r"\(\*|\b_?(?:target|func|fn|function|callback|handler|coro|self\._run)\b")
"""Calls of what was handed over: the next frame has another name."""

RAISES = lazy(r"(?:^|[:;] )raise\b\s*(?P<name>[^\W\d][\w.]*)?")
CALL_ONLY = lazy(r"^(?:return |await |yield |\w+ = )*\w+(?:\.\w+)*\(\)$")
"""A source line that does no more than call a function: rarely the last one of a traceback."""

WORD = lazy(r"\w{4,}")
QUOTED = lazy(r"['\"]([^'\"]+)['\"]")
OPERATORS = {"ZeroDivisionError": "/%", "KeyError": "[", "IndexError": "[", "AttributeError": "."}
"""What a source line holds at which these are raised without a ``raise``."""

Place = tuple[str, str]
"""File and line, as printed."""


class LastFrame(Struct, frozen=True):
    """The last frame of an unfinished traceback: where, the source shown for it ("" if none), and its last line."""

    place: Place
    function: str
    source: str
    last: str

    @property
    def pending(self) -> bool:
        """Whether its source line has not come yet."""
        return not self.source


class Lessons:
    """What whole tracebacks of this source have shown: source lines, frame after frame, exception after frame.

    Learned only when the first records are found mixed, from the last ``MAX_LESSONS`` different ones before.
    """

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str, int], list[Line]] = {}
        self._read: set[tuple[str, str, int]] = set()
        self.source: dict[Place, str] = {}
        self.after: set[tuple[Place, Place]] = set()
        self.first: set[Place] = set()
        self.raised: set[tuple[Place, str]] = set()

    def keep(self, lines: list[Line]) -> None:
        """Remembers a whole traceback, if none like it is known."""
        key = lines[-1].text, lines[len(lines) // 2].text, len(lines)
        if key in self._kept or len(lines) > MAX_LESSON:
            return
        if len(self._kept) >= MAX_LESSONS:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = lines

    def learn(self) -> None:
        """Reads what was kept and not read yet."""
        if len(self.after) > 50 * MAX_LESSONS:
            self.source, self.after, self.first, self.raised, self._read = {}, set(), set(), set(), set()
        for key, lines in self._kept.items():
            if key not in self._read:
                self._read.add(key)
                self._learn([line.text for line in lines])

    def _learn(self, texts: Sequence[str]) -> None:
        place: Place | None = None
        for text, following in pairwise([*texts, ""]):
            if frame := grammar.FRAME.match(text):
                here = frame["file"], frame["line"]
                if place is None:
                    self.first.add(here)
                else:
                    self.after.add((place, here))
                place = here
                if following.startswith("    ") and not grammar.FRAME.match(following):
                    self.source[here] = following.strip()
            elif text[:1] not in (" ", "") and place is not None:
                if split := grammar.split_exception(text):
                    self.raised.add((place, split[0]))
                place = None


def last_frame(draft: Draft) -> LastFrame | None:
    """The last frame of the exception that is being told; None before its first."""
    source: list[str] = []
    last = ""
    for line in reversed(draft.lines[-LOOKED_BACK:]):
        text = line.text
        frame = grammar.FRAME.match(text)
        if frame:
            place = frame["file"], frame["line"]
            return LastFrame(place, (frame["function"] or "").strip(), " ".join(reversed(source)), last or text)
        if text[:1] not in " \t\xa0" and text.strip():
            return None
        last = last or text
        if text.strip("^~ \t\xa0"):
            source.append(text.strip())
    return None


def _shows_source(draft: Draft) -> bool:
    """Whether this traceback's frames come with source lines, as far as it has shown any."""
    texts = [line.text for line in draft.lines[-2 * LOOKED_BACK :]]
    whole = [text for text in texts[:-1] if grammar.FRAME.match(text)]
    return not whole or any(text.startswith("    ") for text in texts)


def _calls(source: str, function: str) -> bool:
    """Whether a source line calls a function of this name."""
    name = function.rpartition(".")[2]
    return f"{name}(" in source and re.search(rf"(?<!\w){re.escape(name)}\(", source) is not None


def _names(source: str, function: str) -> bool:
    """Whether a source line holds this name, such as that of a property."""
    name = function.rpartition(".")[2]
    return name in source and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", source) is not None


def _tells_frames(draft: Draft) -> bool:
    """Whether frames may come: of a traceback, of a stack, of where a warning's object was made."""
    if draft.phase == "warning":
        return not draft.sourced and any(line.text.endswith("(most recent call last)") for line in draft.lines[1:3])
    return draft.phase in ("frames", "stack")


def fit_frame(draft: Draft, line: Line, lessons: Lessons) -> int:
    """``File "x", line 3, in f``: called by the last frame's source line, or the first of a traceback."""
    if draft.phase == "chain":
        return POOR
    if not _tells_frames(draft):
        return NO
    match = grammar.FRAME.match(line.text)
    if match is None:
        return POOR
    here, function = (match["file"], match["line"]), (match["function"] or "").strip()
    frame = last_frame(draft)
    if frame is None:
        return _fit_first(draft, here, function, lessons)
    if (frame.place, here) in lessons.after:
        return SURE
    near = frame.place[0] == here[0]
    if function in OUTERMOST:
        return FAIR if function == "<module>" and RUNS_MODULES.search(frame.source) else POOR
    if frame.pending:
        return (POOR if _shows_source(draft) else FAIR) + near
    if RAISES.search(frame.source):
        return POOR
    if _calls(frame.source, function):
        return GOOD + near
    if _names(frame.source, function):
        return FAIR + near
    if INDIRECT.search(frame.source):
        return GOOD if _promised(draft, function) else FAIR + 1
    return (FAIR if function.startswith(("<", "__")) else POOR) + near


def _fit_first(draft: Draft, here: Place, function: str, lessons: Lessons) -> int:
    """A frame as the first of a traceback that has shown its header only."""
    of_thread = _of_thread(draft)
    if function.startswith("_bootstrap") or here[0].endswith("threading.py"):
        return GOOD if of_thread else FAIR
    if of_thread:  # unless a chain begins here, at the function that caught its first exception
        return POOR + 1
    if function == "<module>" or here in lessons.first or _promised(draft, function):
        return GOOD
    files = {frame["file"] for line in draft.lines[-MAX_LESSON:] if (frame := grammar.FRAME.match(line.text))}
    if not files:
        return FAIR
    return FAIR + 1 if here[0] in files else FAIR - 1  # a chain: its exceptions come from one place


def _of_thread(draft: Draft) -> bool:
    return draft.lines[0].text.startswith("Exception in thread ")


def _promised(draft: Draft, function: str) -> bool:
    """Whether the record's head names this function: ``Exception in thread Thread-1 (poll):``, ``coro=<poll() ...``."""
    return draft.roles[0] == "word" and any(
        role == "word" and _names(line.text, function)
        for line, role in zip(draft.lines[:LOOKED_BACK], draft.roles, strict=False)
    )


def fit_deep(draft: Draft, line: Line, lessons: Lessons) -> int:
    """A source line, or carets below one: where a frame has just been named, or fitting below what it shows."""
    if draft.phase in ("tail", "test"):
        return POOR
    frame = last_frame(draft) if _tells_frames(draft) else None
    if frame is None:
        return NO
    text = line.text.strip()
    if not text.strip("^~ "):
        if frame.pending or not frame.last.strip("^~ "):
            return NO
        begin, end = len(line.text) - len(line.text.lstrip()), len(line.text.rstrip())
        shown = frame.last
        inside = len(shown) - len(shown.lstrip()) <= begin and end <= len(shown.rstrip()) + 1
        return (SURE if _on_words(shown, begin, end) else FAIR) if inside else NO
    if not frame.pending:
        opened = sum(map(frame.source.count, "([{")) > sum(map(frame.source.count, ")]}"))
        return FAIR if opened else POOR
    known = lessons.source.get(frame.place)
    if known is None:
        return GOOD
    return SURE if known == text else FAIR


def _on_words(shown: str, begin: int, end: int) -> bool:
    """Whether these columns cover whole words of a line, as carets do."""

    def between(column: int) -> bool:
        beside = shown[column - 1 : column + 1]
        return len(beside) < 2 or not (re.fullmatch(r"\w\w", beside))

    return between(begin) and between(end) and shown[begin : begin + 1] != " " and shown[end - 1 : end] != " "


def fit_repeat(draft: Draft, line: Line, lessons: Lessons) -> int:
    """``[Previous line repeated 9 more times]``: behind a frame that is already there twice."""
    if draft.phase != "frames":
        return NO
    frames = [text.text for text in draft.lines[-LOOKED_BACK:] if grammar.FRAME.match(text.text)]
    if not frames:
        return NO
    return GOOD if frames[-1] in frames[:-1] else POOR


def fit_exception(draft: Draft, line: Line, lessons: Lessons) -> int:
    """A traceback's last line: its exception is raised by, or shares a word with, the last frame's source line."""
    split = grammar.split_exception(line.text)
    if split is None or line.start:
        return NO
    named = bool(grammar.NAMED_ERROR.match(line.text))
    if draft.phase == "chain" or (draft.phase == "head" and draft.kind == "unraisable"):
        return POOR if named else NO
    if draft.phase != "frames":
        return NO
    frame = last_frame(draft)
    if frame is None:
        return POOR if named else NO
    if (frame.place, split[0]) in lessons.raised:
        return SURE
    raises = RAISES.search(frame.source)
    name = ((raises["name"] or "") if raises else "").rpartition(".")[2]
    kind, message = split[0].rpartition(".")[2], split[1]
    if name == kind:
        return SURE + _speaks_of(frame.source, message)
    if not named:
        return NO
    if name[:1].isupper() or (frame.pending and _shows_source(draft)):
        return POOR
    if CALL_ONLY.match(frame.source):
        return POOR + 1
    if kind in OPERATORS and not raises:
        fits = any(sign in frame.source for sign in OPERATORS[kind])
        return GOOD + _speaks_of(frame.source, message) if fits else POOR + 1
    return (GOOD if raises else FAIR) + _speaks_of(frame.source, message)


def _speaks_of(source: str, message: str) -> int:
    """2 if a source line holds what a message quotes, 1 if it holds all of its words, else 0."""
    quoted: list[str] = QUOTED.findall(message)
    if any(part in source for part in quoted):
        return 2
    words: list[str] = WORD.findall(message)
    return int(bool(words) and all(word in source for word in words))


def exchange_heads(chosen: Draft, others: Iterable[Draft], line: Line) -> None:
    """Gives a thread's traceback the head that names its function, once its first own frame comes.

    Until then the tracebacks of two threads read alike (``threading.py``), and either head stands above them.
    """
    match = grammar.FRAME.match(line.text)
    function = (match["function"] or "").strip() if match else ""
    if not function or not _is_anonymous(chosen) or _promised(chosen, function):
        return
    for other in others:
        if other is not chosen and _is_anonymous(other) and _promised(other, function):
            ours, theirs = chosen.lines, other.lines
            for size in range(1, min(len(ours), len(theirs)) + 1):  # the head, or more that both have
                alike = size == 1 or ours[size - 1].text == theirs[size - 1].text
                if not alike:
                    return
                if _is_before(ours[:size], theirs[size:]) and _is_before(theirs[:size], ours[size:]):
                    ours[:size], theirs[:size] = theirs[:size], ours[:size]
                    return


def _is_before(lines: list[Line], others: list[Line]) -> bool:
    return not others or lines[-1].number <= others[0].number


def _is_anonymous(draft: Draft) -> bool:
    """Whether a thread's record has shown no frame but those of ``threading.py``."""
    if not _of_thread(draft) or len(draft.lines) > LOOKED_BACK:
        return False
    frames = (grammar.FRAME.match(line.text) for line in draft.lines)
    return all("threading.py" in frame["file"] for frame in frames if frame)


def fit_link(draft: Draft, line: Line, lessons: Lessons) -> int:
    """ "The above exception was ...": behind a whole exception."""
    return FAIR if draft.phase == "tail" and draft.traced else NO


def fit_header(draft: Draft, line: Line, lessons: Lessons) -> int:
    """ "Traceback ...": behind a link, or a head that nothing but a traceback follows."""
    if line.start:
        return NO
    return FAIR if draft.phase == "chain" or (draft.phase == "head" and not draft.traced) else NO


def fit_rail(draft: Draft, line: Line, lessons: Lessons) -> int:
    """A line of an exception group: where others stand."""
    return FAIR if draft.rails and draft.phase in ("frames", "tail", "chain") else NO


def fit_indented(draft: Draft, line: Line, lessons: Lessons) -> int:
    """A line indented by two: the source line of a warning."""
    return FAIR if draft.phase == "warning" and not (draft.sourced or draft.indent) else NO


def fit_detail(draft: Draft, line: Line, lessons: Lessons) -> int:
    """``task: <...>`` and "Coroutine created at ...": below a report's head."""
    return FAIR if draft.phase in ("head", "warning") and draft.kind not in ("traceback", "unraisable") else NO


FITS: dict[Shape, Callable[[Draft, Line, Lessons], int]] = {
    "frame": fit_frame,
    "deep": fit_deep,
    "repeat": fit_repeat,
    "text": fit_exception,
    "link": fit_link,
    "header": fit_header,
    "group": fit_header,
    "rail": fit_rail,
    "indented": fit_indented,
    "detail": fit_detail,
    "created": fit_detail,
}


def choose(drafts: Sequence[Draft], line: Line, shape: Shape, lessons: Lessons) -> Draft | None:
    """The open record that a line goes on with best; None if with none. ``drafts`` come latest first."""
    fit = FITS.get(shape)
    best: Draft | None = None
    most = NO
    if fit is None:
        return None
    for draft in drafts:
        score = fit(draft, line, lessons)
        if score > most:
            best, most = draft, score
    if best is not None and shape == "frame":
        exchange_heads(best, drafts, line)
    return best
