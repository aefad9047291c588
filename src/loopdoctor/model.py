"""The types that cross module borders, in the order in which the pipeline makes them.

    bytes -> Window -> Line -> Record -> Symptom -> Incident -> Diagnosis -> Report

All are frozen ``msgspec.Struct``s: a value, once made, is passed on and never changed. Line numbers are 1-based and
those of the physical file; every range is inclusive.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

SCHEMA_VERSION = 1


class Window(Struct, frozen=True):
    """A run of whole lines that the prefilter thinks can matter.

    ``first`` is the number of its first line, ``data`` its bytes (UTF-8 or what the log holds; UTF-16 is transcoded
    before). ``last_of_source``: nothing follows it in its source. A ``pause`` holds nothing: a log that is still being
    written has no more for a moment. ``hits`` are the offsets behind the literals in a stretch that was not cut.
    """

    source: str
    first: int
    data: bytes
    last_of_source: bool = False
    pause: bool = False
    hits: tuple[int, ...] | None = None


class Line(Struct, frozen=True, gc=False):
    """One line of a program's own output, with every wrapping taken off.

    A wrapping may hold many of these in one physical line (a traceback as a JSON string): they then share ``number``.
    ``stream`` is the key of the lane it belongs to ("" if the carrier gives none); ``start`` says that by the
    carrier's own account a log entry begins here, so no record that is open in that lane can go on; ``text`` is then
    the entry's message, without the time, level and logger that stood before it.
    """

    number: int
    text: str
    source: str = ""
    stream: str = ""
    carrier: str = "plain"
    start: bool = False
    time: str | None = None
    level: str | None = None
    logger: str | None = None
    thread: str | None = None
    lent: bool = False
    """The last part of ``stream`` is only that of the log entry above: the line itself says no process or thread."""
    last: int = 0
    """The physical line on which it ends, where a terminal library folded it over several (else 0)."""


class Frame(Struct, frozen=True):
    """One frame of a traceback: where, in which function, and the source text shown for it ("" if none)."""

    file: str
    line: int | None
    function: str
    source: str = ""


class Trace(Struct, frozen=True):
    """One exception of a traceback and what it hangs on.

    ``link`` says how ``previous`` (the exception printed above it) led here. ``children`` are the members of an
    exception group. ``type`` is the name as Python printed it, "" for a traceback whose last line is missing.
    """

    type: str
    message: str
    frames: tuple[Frame, ...] = ()
    notes: tuple[str, ...] = ()
    link: Literal["", "cause", "context"] = ""
    previous: Trace | None = None
    children: tuple[Trace, ...] = ()

    def walk(self) -> Iterator[Trace]:
        """Every exception of the tree, in the order in which Python prints them (first cause first)."""
        chain: list[Trace] = []
        trace: Trace | None = self
        while trace is not None:  # a chain may be thousands long; groups are nested only a little
            chain.append(trace)
            trace = trace.previous
        for trace in reversed(chain):
            yield trace
            for child in trace.children:
                yield from child.walk()


RecordKind = Literal["traceback", "unraisable", "warning", "asyncio", "pytest", "exception", "log", "stack"]
"""What a record is.

traceback   "Traceback (most recent call last)" with all its chain, groups and notes
unraisable  "Exception ignored in ..." (3.14: "Exception ignored while ...") and what follows
warning     ``file:line: Category: text`` and its source line
asyncio     a report of asyncio's own logger or a library's: a head line and its ``task:``, ``future:`` ... lines
pytest      a failure as pytest tells it (``E   ``, ``file:line: in f``), one record a test
exception   a bare exception line without a traceback
log         a log entry (error or warning) that says a symptom's words without any of the above
stack       "Stack (most recent call last)", faulthandler, "Object created at" standing alone
"""


class Record(Struct, frozen=True):
    """One failure as it was written: all of its lines, and what they say.

    ``words`` are the lines that speak (the logger's message, exception lines, notes, ``task:`` lines, a warning's
    text): the only lines that signatures are held against, since a frame's source line may quote anything.
    ``words_at`` holds the line number of each. ``details`` are asyncio's ``key: repr`` lines.
    """

    kind: RecordKind
    source: str
    start_line: int
    end_line: int
    lines: tuple[Line, ...]
    words: tuple[str, ...]
    words_at: tuple[int, ...]
    trace: Trace | None = None
    details: tuple[tuple[str, str], ...] = ()
    truncated: bool = False
    test: str | None = None

    @property
    def head(self) -> Line:
        """The line that opens the record."""
        return self.lines[0]

    @property
    def stream(self) -> str:
        """The lane that the record was read in."""
        return self.lines[0].stream

    @property
    def exception(self) -> str:
        """The type of the last exception printed, as Python prints it; "" if there is none."""
        return self.trace.type if self.trace else ""

    @property
    def message(self) -> str:
        """The last exception's message, or the record's first words."""
        if self.trace and self.trace.type:
            return self.trace.message
        return self.words[0] if self.words else self.lines[0].text

    def frames(self) -> Iterator[Frame]:
        """Every frame of every exception, in printed order."""
        if self.trace:
            for trace in self.trace.walk():
                yield from trace.frames


class Symptom(Struct, frozen=True):
    """One record that says what a symptom rule describes: the rule's id, what it captured, and the line it is in."""

    id: str
    record: Record
    line: int
    text: str
    captures: tuple[tuple[str, str], ...] = ()


class Surrounding(Struct, frozen=True):
    """The ordinary lines of a record's own stream just before and after it (both in the order of the log)."""

    before: tuple[Line, ...] = ()
    after: tuple[Line, ...] = ()


class Mark(Struct, frozen=True):
    """A fact that matters far from the failure: a test header, a server's banner, a stop signal."""

    id: str
    source: str
    stream: str
    line: int
    text: str


class Member(Struct, frozen=True):
    """One symptom's place in an incident: a root, or a consequence and the reason why it is one."""

    symptom: Symptom
    surrounding: Surrounding
    consequence: str = ""


class Place(Struct, frozen=True):
    """Where in the logs: source, line, and the time as the log wrote it."""

    source: str
    line: int
    time: str | None = None


class Owner(Struct, frozen=True):
    """Whose failure it is: ``what`` names the task, coroutine, object, thread or test.

    ``made`` is where it was made, if the log says so; ``switch`` is what would make the next log say it, if not.
    """

    what: str
    made: Frame | None = None
    switch: str = ""


class Timeline(Struct, frozen=True):
    """When something was seen: how often in each bucket of ``width`` seconds, as ``timeline.py`` makes and merges it.

    ``buckets`` are (start, count) in order of time, the empty ones left out; starts are seconds since 1970, whole
    multiples of ``width``. Both are empty where the log writes no times.
    """

    width: int = 0
    buckets: tuple[tuple[int, int], ...] = ()


class Incident(Struct, frozen=True):
    """One failure told once: its symptoms (samples, root first), how often and when it was seen."""

    fingerprint: str
    members: tuple[Member, ...]
    occurrences: int
    first: Place
    last: Place
    counts: tuple[tuple[str, int], ...]
    culprit: Frame | None
    names: tuple[tuple[str, str], ...]
    libraries: tuple[str, ...]
    python: str | None
    marks: tuple[Mark, ...] = ()
    elsewhere: tuple[str, ...] = ()
    owner: Owner | None = None
    timeline: Timeline = Timeline()


class Quote(Struct, frozen=True):
    """A record's own words, without the wrapping, and where they stand."""

    source: str
    line: int
    end_line: int
    text: str


class ClueResult(Struct, frozen=True):
    """A clue that was asked: whether it held, what it added to the cause's score, and what it saw."""

    id: str
    held: bool
    weight: float
    says: str
    quotes: tuple[str, ...] = ()


class FixStep(Struct, frozen=True):
    """A step of a fix, its names filled in from the log. ``code`` is what to write, ``wrong`` what it replaces."""

    title: str
    text: str
    code: str = ""
    wrong: str = ""
    library: str = ""


class Candidate(Struct, frozen=True):
    """A cause that may be behind an incident, with all that speaks for and against it."""

    id: str
    title: str
    confidence: float
    means: str
    clues: tuple[ClueResult, ...]
    settle: str
    steps: tuple[FixStep, ...]
    check: tuple[str, ...]
    prevention: tuple[str, ...]
    references: tuple[str, ...]


class History(Struct, frozen=True):
    """What earlier runs of ``scan --state`` have seen of an incident.

    ``since`` and ``last`` are when a run saw it first and last before this one (ISO 8601, UTC), None if none did;
    ``occurrences`` the total of all runs, this one among them.
    """

    since: str | None
    last: str | None
    occurrences: int


class Diagnosis(Struct, frozen=True):
    """An incident, its candidates, most probable first, the verdict on what was lost; ``known``: to the baseline."""

    incident: Incident
    candidates: tuple[Candidate, ...]
    verdict: str
    reason: str
    undecided: bool = False
    known: bool = False
    history: History | None = None


class Ignored(Struct, frozen=True):
    """A diagnosis that was to be left out: by which id (cause, symptom or fingerprint), and why."""

    diagnosis: Diagnosis
    id: str
    reason: str


class Refusal(Struct, frozen=True):
    """A rule whose literal stands in a record and that does not hold there: which words, and why not."""

    rule: str
    literal: str
    line: int
    reason: str


class Passed(Struct, frozen=True):
    """A record that holds words of the catalogue: the symptoms that it has, and the rules that do not hold, and why."""

    record: Record
    symptoms: tuple[Symptom, ...]
    refusals: tuple[Refusal, ...]


class Judged(Struct, frozen=True):
    """An incident with its diagnosis; ``priors`` are the log-priors that each candidate had before any clue."""

    diagnosis: Diagnosis
    priors: dict[str, float]


class Skipped(Struct, frozen=True):
    """How many records there were beyond the first few hundred, and how many without any word of the catalogue."""

    silent: int
    beyond: int


class Update(Struct, frozen=True):
    """What a scan of a live log has to tell of one incident: that it is there, or that it has come again.

    ``number`` is the incident's for as long as the scan lasts. ``new`` is its first telling; ``changed`` says that
    another cause or verdict is the most probable one than was told before.
    """

    number: int
    diagnosis: Diagnosis
    new: bool
    changed: bool = False


class Unexplained(Struct, frozen=True):
    """A failure that no symptom rule knows, folded over its repeats."""

    exception: str
    message: str
    occurrences: int
    first: Place
    culprit: Frame | None = None


class Notice(Struct, frozen=True):
    """Something the reader of a report must know about the scan itself: what was skipped, cut or not understood."""

    kind: str
    message: str
    source: str = ""
    line: int | None = None


class Input(Struct, frozen=True):
    """What was read of one source; its first and last time as it wrote them, where it wrote any."""

    path: str
    bytes: int
    lines: int
    carrier: str
    first_time: str | None = None
    last_time: str | None = None


class Stats(Struct, frozen=True):
    """Totals of a scan. ``seconds`` is wall time."""

    bytes: int = 0
    lines: int = 0
    records: int = 0
    seconds: float = 0.0
    interrupted: bool = False


class Report(Struct, frozen=True):
    """All that a scan found; ``part``, if it was asked for, is the same as JSON that can be merged (see ``parts``)."""

    inputs: tuple[Input, ...]
    diagnoses: tuple[Diagnosis, ...]
    unexplained: tuple[Unexplained, ...]
    notices: tuple[Notice, ...]
    stats: Stats
    ignored: tuple[Ignored, ...] = ()
    part: bytes = b""
