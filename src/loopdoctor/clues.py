"""The closed set of predicates that a cause file may ask of an incident.

Each is a plain function ``(scene, value) -> Finding``; ``PREDICATES`` is the table. None of them names a library or a
cause: that knowledge is in the rule files.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct

from loopdoctor import grammar
from loopdoctor.catalogue.schema import Ask, FrameAsk, MarkAsk, NearAsk, ObjectAsk, VersionAsk
from loopdoctor.matching import Matcher
from loopdoctor.model import Frame, Incident, Line, Member, Record, Trace
from loopdoctor.patterns import lazy
from loopdoctor.reprs import ObjectRepr
from loopdoctor.subjects import objects_of, user_frames

MAX_QUOTES = 3
RUNNERS = {"run", "run_until_complete", "run_forever"}
RUNNER_FILES = lazy(r"asyncio[\\/](?:runners|base_events)\.py$|uvloop[\\/]")
THREAD_FUNCTIONS = {"_bootstrap_inner", "_bootstrap"}
THREAD_FILES = lazy(r"concurrent[\\/]futures[\\/]thread\.py$|anyio[\\/]_backends[\\/].*thread")
THREAD_NAMED = lazy(r"in thread '(?P<thread>[^']+)'")


class Finding(Struct, frozen=True):
    """Whether a question was answered yes, and the words of the log that answered it."""

    held: bool
    quotes: tuple[str, ...] = ()


NO = Finding(False)


def _found(quotes: Iterable[str]) -> Finding:
    kept = tuple(dict.fromkeys(quote.strip()[:160] for quote in quotes))[:MAX_QUOTES]
    return Finding(bool(kept), kept)


def _every(findings: Iterable[Finding]) -> Finding:
    """Holds if each does; the first that does not ends the asking."""
    quotes: list[str] = []
    for finding in findings:
        if not finding.held:
            return NO
        quotes += finding.quotes
    return Finding(True, tuple(quotes[:MAX_QUOTES]))


class Scene:
    """An incident with what predicates look at, each part worked out once."""

    def __init__(self, incident: Incident, matcher: Matcher) -> None:
        self.incident = incident
        self.matcher = matcher

    @cached_property
    def records(self) -> list[Record]:
        """The distinct records kept of the incident, the root's first."""
        return list({id(m.symptom.record): m.symptom.record for m in self.incident.members}.values())

    @cached_property
    def traces(self) -> list[Trace]:
        """Every exception printed in them."""
        return [trace for record in self.records if record.trace for trace in record.trace.walk()]

    @cached_property
    def objects(self) -> list[ObjectRepr]:
        """Every object printed in their words."""
        return [found for record in self.records for found in objects_of(record)]

    @cached_property
    def words(self) -> list[str]:
        """Every speaking line."""
        return [word for record in self.records for word in record.words]

    def lines(self, side: str) -> list[Line]:
        """The ordinary lines before or after the records."""
        lines: list[Line] = []
        for member in self.incident.members:
            around = member.surrounding
            lines += around.before if side in ("before", "either") else ()
            lines += around.after if side in ("after", "either") else ()
        return list({(line.source, line.number, line.text): line for line in lines}.values())

    @cached_property
    def versions(self) -> dict[str, str]:
        """Versions that marks and paths show, by library name (``python`` included)."""
        found: dict[str, str] = {}
        for mark in self.incident.marks:
            for key, value in self.matcher.names_of(mark).items():
                found.setdefault(key.replace("_", "-"), value)
        if self.incident.python:
            found.setdefault("python", self.incident.python)
        return found


def _frames_at(trace: Trace, at: str) -> list[Frame]:
    frames = list(trace.frames)
    if at == "user":
        return user_frames(frames)
    if at == "innermost":
        return frames[-1:]
    if at == "outermost":
        return frames[:1]
    if at == "innermost-user":
        return user_frames(frames)[-1:]
    return frames


def ask_frame(scene: Scene, value: FrameAsk) -> Finding:
    """At least ``least`` frames of one traceback chain fit."""
    search = scene.matcher.search
    quotes: list[str] = []
    for record in scene.records:
        hits = []
        for trace in record.trace.walk() if record.trace else ():
            for frame in _frames_at(trace, value.at):
                if (
                    (value.file is None or search(value.file, frame.file.replace("\\", "/")))
                    and (value.function is None or search(value.function, frame.function))
                    and (value.source is None or search(value.source, frame.source))
                ):
                    hits.append(f"{frame.file}:{frame.line} in {frame.function}")
        if len(hits) >= value.least:
            quotes += hits
    return _found(quotes)


def ask_message(scene: Scene, value: str) -> Finding:
    """A speaking line fits."""
    return _found(word for word in scene.words if scene.matcher.search(value, word))


def ask_object(scene: Scene, value: ObjectAsk) -> Finding:
    """One printed object fits every pattern."""
    search = scene.matcher.search
    asked = [(getattr(value, key), key) for key in ("kind", "state", "coro", "wait_for", "name")]
    wanted = [(pattern, key) for pattern, key in asked if pattern is not None]
    return _found(
        found.text for found in scene.objects if all(search(pattern, getattr(found, key)) for pattern, key in wanted)
    )


def ask_near(scene: Scene, value: NearAsk) -> Finding:
    """An ordinary line just before or after fits, or the process or thread that its head names."""
    search = scene.matcher.search
    lines = scene.lines(value.side)
    quotes = [line.text for line in lines if search(value.pattern, line.text)]
    return _found(quotes + [line.thread for line in lines if line.thread and search(value.pattern, line.thread)])


def ask_mark(scene: Scene, value: MarkAsk) -> Finding:
    """A mark stands in the source, on the side asked for."""
    first = scene.incident.first.line
    quotes = []
    for mark in scene.incident.marks:
        side = "before" if mark.line < first else "after"
        if mark.id == value.id and value.side in ("anywhere", side):
            quotes.append(mark.text)
    return _found(quotes)


def ask_symptom(scene: Scene, value: tuple[str, ...]) -> Finding:
    """One of these symptoms is in the incident."""
    said = {member.symptom.id: member.symptom.text for member in scene.incident.members}
    return _found(said.get(symptom, symptom) for symptom, _ in scene.incident.counts if symptom in value)


def ask_elsewhere(scene: Scene, value: tuple[str, ...]) -> Finding:
    """One of these symptoms is in another incident of the same source."""
    return _found(symptom for symptom in value if symptom in scene.incident.elsewhere)


def ask_kind(scene: Scene, value: tuple[str, ...]) -> Finding:
    """The root's record is of one of these kinds."""
    kind = scene.incident.members[0].symptom.record.kind
    return Finding(kind in value, (kind,) if kind in value else ())


def _other_thread(scene: Scene) -> list[str]:
    quotes = [
        f"{frame.file}:{frame.line} in {frame.function}"
        for trace in scene.traces
        for frame in trace.frames
        if frame.function in THREAD_FUNCTIONS or THREAD_FILES.search(frame.file)
    ]
    for word in scene.words:
        match = THREAD_NAMED.search(word)
        if (match and match["thread"] != "MainThread") or word.startswith("Exception in thread"):
            quotes.append(word)
    for record in scene.records:
        thread = record.head.thread
        if thread and "main" not in thread.lower() and not thread.isdigit():
            quotes.append(f"thread {thread}")
    return quotes


def ask_thread(scene: Scene, value: str) -> Finding:
    """The failing code ran in the main thread, or in another one."""
    others = _other_thread(scene)
    if value == "other":
        return _found(others)
    return Finding(not others)


def _goes_on(member: Member) -> Iterator[str]:
    """What the program wrote after a record. Of a test that is only its own output: the next one's proves nothing."""
    for line in member.surrounding.after:
        text = line.text
        if member.symptom.record.test and (grammar.TEST_HEADER.match(text) or grammar.SECTION.match(text)):
            return
        yield text


def ask_position(scene: Scene, value: str) -> Finding:
    """Where in the life of the program: at import, in a finaliser, at exit, in mid-run."""
    if value == "finaliser":
        quotes = [record.words[0] for record in scene.records if record.kind == "unraisable" and record.words]
        dels = [frame for trace in scene.traces for frame in trace.frames if frame.function == "__del__"]
        quotes += [f"{frame.file}:{frame.line} in {frame.function}" for frame in dels]
        return _found(quotes)
    if value == "import":
        inner = [user_frames(trace.frames)[-1:] for trace in scene.traces]
        return _found(f"{f.file}:{f.line} in {f.function}" for own in inner for f in own if f.function == "<module>")
    after = [text for member in scene.incident.members for text in _goes_on(member)]
    return Finding(not after) if value == "exit" else _found(after)


def ask_library(scene: Scene, value: tuple[str, ...]) -> Finding:
    """One of these libraries stands in the frames or words."""
    return _found(name for name in value if name in scene.incident.libraries)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def version_fits(version: str, fits: str) -> bool:
    """Whether a version such as ``3.11.7`` lies in a range such as ``>=3.10,<3.12``."""
    for part in fits.replace(" ", "").split(","):
        match = re.match(r"([<>=!]+)(.*)", part)
        if match is None:
            return False
        wanted = _numbers(match[2])
        if not COMPARE[match[1]](_numbers(version)[: len(wanted)], wanted):
            return False
    return True


def ask_version(scene: Scene, value: VersionAsk) -> Finding:
    """The log shows the version and it fits."""
    shown = scene.versions.get(value.of)
    if shown is None or not version_fits(shown, value.fits):
        return NO
    return Finding(True, (f"{value.of} {shown}",))


def ask_least(scene: Scene, value: int) -> Finding:
    """The incident was seen at least so often."""
    return Finding(scene.incident.occurrences >= value)


def _runs(record: Record) -> int:
    """Event loop runners entered in the record's tracebacks; the frames of one run count once."""
    most = 0
    for trace in record.trace.walk() if record.trace else ():
        count, inside = 0, False
        for frame in trace.frames:
            runner = frame.function.rpartition(".")[2] in RUNNERS and bool(RUNNER_FILES.search(frame.file))
            count += runner and not inside
            inside = runner
        most = max(most, count)
    return most


def ask_loops(scene: Scene, value: int) -> Finding:
    """At least so many loop runners stand in one exception's frames."""
    return Finding(max((_runs(record) for record in scene.records), default=0) >= value)


def ask_all(scene: Scene, value: tuple[Ask, ...]) -> Finding:
    """Every part holds."""
    return _every(ask(scene, part) for part in value)


def ask_any(scene: Scene, value: tuple[Ask, ...]) -> Finding:
    """One part holds."""
    return next((finding for part in value if (finding := ask(scene, part)).held), NO)


def ask_not(scene: Scene, value: Ask) -> Finding:
    """The part does not hold."""
    return Finding(not ask(scene, value).held)


PREDICATES: dict[str, Callable[[Scene, Any], Finding]] = {
    "frame": ask_frame,
    "message": ask_message,
    "object": ask_object,
    "near": ask_near,
    "mark": ask_mark,
    "symptom": ask_symptom,
    "elsewhere": ask_elsewhere,
    "kind": ask_kind,
    "thread": ask_thread,
    "position": ask_position,
    "library": ask_library,
    "version": ask_version,
    "least": ask_least,
    "loops": ask_loops,
    "all": ask_all,
    "any": ask_any,
    "not_": ask_not,
}


def ask(scene: Scene, question: Ask) -> Finding:
    """Answers a question; one with several keys holds if each does."""
    return _every(
        predicate(scene, value)
        for key, predicate in PREDICATES.items()
        if (value := getattr(question, key)) is not None
    )
