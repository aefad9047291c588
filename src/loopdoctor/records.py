"""Lines -> records: multi-line tracebacks, warnings and asyncio's reports, grouped in one lane a stream.

``group`` passes every line that belongs to no record on as it is, so that later stages see what stood around a
failure. What a line can be is told by ``grammar``, what a record can take by ``drafts``; here is only the lane: which
record is open in a stream, and which earlier lines turn out to be its head.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator

import msgspec

from loopdoctor import drafts, grammar, phases, testblocks
from loopdoctor.drafts import Draft, Role
from loopdoctor.finishing import QUIET, finish
from loopdoctor.fitting import Lessons
from loopdoctor.grammar import Shape
from loopdoctor.interleaving import INTERRUPTS, Interleaving, is_glued, is_unfinished, may_go_on, split_glued
from loopdoctor.model import Line, Record, RecordKind
from loopdoctor.settings import Settings

Flow = Record | Line
MAX_ENTRY = 400
MAX_LANES = 4096


class Lane:
    """One stream: the record that is open in it, and the entry whose lines may yet turn out to be a record's head.

    ``mix`` holds the records that wait because others were written into the middle of them.
    """

    def __init__(self, source: str, speaks: Callable[[str], bool], settings: Settings, lessons: Lessons) -> None:
        self.source = source
        self.speaks = speaks
        self.max_record = settings.max_record
        self.draft: Draft | None = None
        self.mix = Interleaving(settings.max_suspended, lessons)
        self.waiting = self.mix.waiting
        self.entry: list[Line] = []
        self.heads = False
        self.test: str | None = None
        self.told: set[str] = set()
        self.pauses = 0  # of a live log, since the last line

    def feed(self, line: Line) -> Iterator[Flow]:
        """Takes the stream's next line; gives what is finished by it."""
        self.pauses = 0
        text = line.text
        shape = grammar.shape_of(text)
        if text.startswith("Message: ") and (message := grammar.unlogged_message(text)):
            yield from self.flush()
            for at, part in enumerate(message):
                yield from self.feed(msgspec.structs.replace(line, text=part, start=at == 0))
            return
        mixed = self.waiting
        if (mixed or text.endswith("last):") or shape == "thread") and is_glued(text, shape, mixed=bool(mixed)):
            for at, part in enumerate(split_glued(text)):
                if at and self.draft is not None and self.draft.phase == "tail":
                    yield from self._close()
                yield from self.feed(msgspec.structs.replace(line, text=part, start=line.start and at == 0))
            return
        self.heads = self.heads or line.start
        if mixed and (yield from self._choose(line, shape)):
            return
        draft = self.draft
        if draft is not None:
            answer = self._offer(draft, line, shape)
            if answer == "take":
                if self.entry:
                    yield from self._pass_entry()
                return
            if answer == "hold" and len(draft.held) < MAX_ENTRY:
                draft.held.append(line)
                return
            if answer == "hold":
                answer = "end"  # nothing goes on so far below
            if answer == "end" and self._suspends(draft, shape):
                answer = "foreign"  # and no record is open that could be closed
            if answer == "end":
                again = draft.take_back()
                yield from self._close(carve=shape == "detail")
                if again:
                    for waiting in (*again, line):
                        yield from self.feed(waiting)
                    return
        yield from self._open(line, shape)

    def _choose(self, line: Line, shape: Shape) -> Generator[Flow, None, bool]:
        """Makes that open record the current one which ``line`` goes on with. True if it has to wait, being blank."""
        mix = self.mix
        for over in mix.overdue(self.draft, line, shape):
            yield from self._end(over)
        if shape == "blank" and self.waiting and len(mix.blanks) < MAX_ENTRY:
            mix.blanks.append(line)
            return True
        chosen = mix.choose(self.draft, line, shape) if self.waiting else None
        blanks, mix.blanks = mix.blanks, []
        if chosen is not None and (shape == "link" or chosen.phase == "chain"):
            chosen.held += blanks
        else:
            yield from blanks
        if chosen is not None and chosen is not self.draft:
            done = mix.resume(chosen, self.draft)
            self.draft = chosen
            if done is not None:
                yield from self._end(done)
        return False

    def _suspends(self, draft: Draft, shape: Shape, *, speaks: bool = False) -> bool:
        """Whether the open record waits while the one that a line opens is written."""
        if shape not in INTERRUPTS or draft.cut:
            return False
        waits = may_go_on(draft) if self.waiting else is_unfinished(draft) and (speaks or shape != "text")
        if waits:
            self.mix.suspend(draft)
            self.draft = None
        return waits

    def _end(self, draft: Draft) -> Iterator[Flow]:
        """Ends a record that is not the current one any more."""
        if draft.traced and not draft.mixed and draft.phase == "tail":
            self.mix.lessons.keep(draft.lines)
        if draft.mixed and all(map(grammar.HEADER.match, (line.text for line in draft.lines))):
            yield from draft.lines  # nothing ever followed the header
        else:
            draft.cut = draft.cut or (draft.mixed and is_unfinished(draft))
            yield finish(draft, self.source)
        yield from draft.held

    def _offer(self, draft: Draft, line: Line, shape: Shape) -> phases.Answer:
        if draft.phase == "tail" and shape in ("text", "thread") and self._new_report(draft, line):
            return "end"
        if len(draft.lines) >= self.max_record:
            draft.cut = True
            return "end"
        if self.waiting and draft.phase == "tail" and shape in ("header", "group"):
            return "end"
        return phases.offer(draft, line, shape)

    def _new_report(self, draft: Draft, line: Line) -> bool:
        """Whether a bare line behind a finished traceback opens a report of its own."""
        if line.number == draft.last.number and not line.start:
            return False
        if draft.headed and (grammar.NAMED_ERROR.match(line.text) or grammar.DJANGO_VALUE.match(line.text)):
            return False
        return self.speaks(line.text)

    def _close(self, *, carve: bool = False) -> Iterator[Flow]:
        """Ends the open record. With ``carve`` its last line was really the head of the report that comes now."""
        draft = self.draft
        assert draft is not None  # noqa: S101 - only called with an open record
        self.draft = None
        if carve and draft.phase == "tail" and draft.tail and not draft.held:
            self.entry = [draft.lines.pop()]
            draft.roles.pop()
        yield from self._end(draft)

    def current(self) -> Draft | None:
        """The record that is open and takes lines."""
        return self.draft

    def opened(self) -> list[Draft]:
        """All records that are open, the latest first."""
        return [*([] if self.draft is None else [self.draft]), *reversed(self.waiting)]

    def flush(self) -> Iterator[Flow]:
        """Ends what is open: the stream ended, or lines were skipped."""
        if self.waiting or self.mix.ended:
            yield from self.mix.ordered(self._flush(), lambda: None)
        else:
            yield from self._flush()

    def _flush(self) -> Iterator[Flow]:
        while self.waiting:
            yield from self._end(self.waiting.pop(0))
        if self.draft is not None:
            yield from self._close()
        blanks, self.mix.blanks = self.mix.blanks, []
        yield from blanks
        yield from self._pass_entry()

    def _pass_entry(self) -> Iterator[Flow]:
        yield from self.entry
        self.entry = []

    def _open(self, line: Line, shape: Shape) -> Iterator[Flow]:
        """No record takes this line: it opens one, or waits to see whether it is the head of one."""
        if self.draft is not None:  # a foreign line inside an unfinished record
            if shape in ("text", "indented", "blank", "link") and not self._opens_report(line):
                if line.start or self.entry:  # it may be the head of a record of its own
                    yield from self._ordinary(line, shape)
                else:
                    yield line
                return
            if not self._suspends(self.draft, shape, speaks=True):
                self.draft.cut = True
                yield from self._close()
        opener = OPENERS.get(shape)
        if opener is not None:
            yield from opener(self, line, shape)
            return
        yield from self._ordinary(line, shape)

    def _begin(self, line: Line, kind: RecordKind, phase: drafts.Phase, role: Role, head: list[Line]) -> Draft:
        headed = bool(head and head[0].start) or line.start
        draft = Draft(kind, phase, headed=headed, test=self.test, loose=self.heads)
        for earlier in head:
            draft.add(earlier, "word")
        draft.add(line, role)
        self.draft = draft
        return draft

    def _take_head(self, *, detail: bool) -> tuple[list[Line], list[Line]]:
        """Splits the waiting entry into what stays ordinary and the head of the record that begins now."""
        entry, self.entry = self.entry, []
        if not entry:
            return [], []
        if entry[0].start:
            quiet = entry[0].level in QUIET and not detail
            return (entry, []) if quiet else ([], entry)
        last = entry[-1]
        is_head = detail or grammar.shape_of(last.text) == "thread" or self.speaks(last.text)
        return (entry[:-1], [last]) if is_head else (entry, [])

    def _open_trace(self, line: Line, shape: Shape) -> Iterator[Flow]:
        rest, head = ([], []) if line.start else self._take_head(detail=False)
        yield from rest
        yield from self._pass_entry()
        draft = self._begin(line, "traceback", "frames", "mute", head)
        draft.traced = True
        draft.rails = shape == "group"

    def _open_detail(self, line: Line, shape: Shape) -> Iterator[Flow]:
        if line.start or not self.entry:
            yield from self._ordinary(line, shape)
            return
        rest, head = self._take_head(detail=True)
        yield from rest
        self._begin(line, "asyncio", "head", "word", head)

    def _open_unraisable(self, line: Line, shape: Shape) -> Iterator[Flow]:
        yield from self._pass_entry()
        self._begin(line, "unraisable", "head", "word", [])

    def _open_thread(self, line: Line, shape: Shape) -> Iterator[Flow]:
        yield from self._pass_entry()
        if self._opens_report(line) or line.text.startswith(("Exception in thread", "Exception in callback")):
            self._begin(line, "asyncio" if "callback" in line.text else "traceback", "head", "word", [])
        else:
            self.entry = [line]

    def _open_warning(self, line: Line, shape: Shape) -> Iterator[Flow]:
        yield from self._pass_entry()
        match = grammar.WARNING.match(line.text)
        kind: RecordKind = "unraisable" if "Exception ignored " in line.text else "warning"
        draft = self._begin(line, kind, "warning", "word", [])
        draft.indent = len(match["indent"]) if match else 0

    def _open_stack(self, line: Line, shape: Shape) -> Iterator[Flow]:
        rest, head = ([], []) if line.start else self._take_head(detail=False)
        yield from rest
        self._begin(line, "stack", "stack", "mute", head)

    def _open_test(self, line: Line, shape: Shape) -> Iterator[Flow]:
        yield from self._pass_entry()
        match = grammar.TEST_HEADER.match(line.text)
        self.test = match["test"] if match else None
        self.told.add((self.test or "").rpartition(" ")[2])
        self._begin(line, "pytest", "test", "mute", [])

    def _section(self, line: Line, shape: Shape) -> Iterator[Flow]:
        if line.text[0] == "=":
            self.test = None
        yield from self._pass_entry()
        yield line

    def _opens_report(self, line: Line) -> bool:
        return bool(line.text) and self.speaks(line.text)

    def _open_link(self, line: Line, shape: Shape) -> Iterator[Flow]:
        """What stands behind an exception that has no frames: it was never raised, or its frames are quoted."""
        at = next((at for at in range(len(self.entry) - 1, -1, -1) if self.entry[at].text.strip()), -1)
        last = self.entry[at] if at >= 0 else line
        if last.start or not grammar.split_exception(last.text.rstrip()):
            yield from self._ordinary(line, shape)
            return
        entry, self.entry = self.entry, []
        at = 0 if entry[0].start and entry[0].level not in QUIET else at
        yield from entry[:at]
        self._begin(line, "traceback", "chain" if shape == "link" else "quoted", "mute", entry[at:]).traced = True

    def _ordinary(self, line: Line, shape: Shape) -> Iterator[Flow]:
        if line.text.strip() in drafts.QUOTES and self.entry and phases.names_only(self.entry[-1].text):
            yield from self._open_link(line, shape)
            return
        if not line.start and shape == "blank" and self.entry and grammar.split_exception(self.entry[-1].text.rstrip()):
            self.entry.append(line)  # behind it may stand what tells that this was an exception
            return
        if line.start or not (self.entry and self.entry[0].start) or len(self.entry) >= MAX_ENTRY:
            yield from self._pass_entry()
        if match := grammar.UNITTEST_HEAD.match(line.text) or grammar.NODE_ID.match(line.text):
            self.test = match["test"]
        if shape == "text" and self._opens_report(line):
            yield from self._report(line)
            return
        self.entry.append(line)

    def _report(self, line: Line) -> Iterator[Flow]:
        """A line that says a symptom's words: a bare exception line, a report of asyncio's, a log entry."""
        if summary := testblocks.SUMMARY.match(line.text):
            if summary["test"].rpartition("::")[2] not in self.told:
                self.draft = Draft("pytest", "head", headed=False, test=summary["test"], loose=False)
                self.draft.add(line, "word")
                yield from self._close()
            else:
                self.entry.append(line)
            return
        if grammar.NAMED_ERROR.match(line.text) and not line.start:
            logged = bool(self.entry) and self.entry[0].start and self.entry[0].level not in QUIET
            rest, head = self._take_head(detail=False) if logged else (self.entry, [])
            self.entry = []
            yield from rest
            self._begin(line, "exception", "tail", "word", head)
            return
        if self.entry and not line.start and self.entry[0].start and self.entry[0].level not in QUIET:
            rest, head = self._take_head(detail=True)  # a later line of a logged message speaks
            self._begin(line, "log", "head", "word", [*rest, *head])
            return
        yield from self._pass_entry()
        self._begin(line, "log" if line.start else "asyncio", "head", "word", [])


OPENERS: dict[Shape, Callable[[Lane, Line, Shape], Iterator[Flow]]] = {
    "header": Lane._open_trace,
    "group": Lane._open_trace,
    "frame": Lane._open_trace,
    "detail": Lane._open_detail,
    "unraisable": Lane._open_unraisable,
    "thread": Lane._open_thread,
    "warning": Lane._open_warning,
    "stack": Lane._open_stack,
    "dump": Lane._open_stack,
    "link": Lane._open_link,
    "test": Lane._open_test,
    "section": Lane._section,
    "captured": Lane._section,
}
