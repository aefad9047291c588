"""Words and orders that every report for people shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rich.filesize import decimal

from loopdoctor.model import Candidate, Diagnosis, Frame, Incident, Input, Place, Report
from loopdoctor.render.escape import visible

Titles = Mapping[str, str]

VERDICTS = {
    "lost-work": "Work was lost",
    "resource-leak": "A resource leaks",
    "exit-noise": "Harmless noise at exit",
}
_SEVERITY = {"lost-work": 0, "": 1, "resource-leak": 2, "exit-noise": 3}
UNLIKELY = 0.01
"""Causes below this confidence are not worth a line."""


def worst_first(diagnoses: Iterable[Diagnosis]) -> list[Diagnosis]:
    """Lost work before leaks before noise; among equals the order of the log."""
    return sorted(diagnoses, key=lambda diagnosis: _SEVERITY.get(diagnosis.verdict, 1))


def title_of(incident: Incident, titles: Titles) -> str:
    """The title of an incident's root symptom."""
    root = incident.members[0].symptom.id if incident.members else incident.fingerprint
    return titles.get(root, root)


def found(report: Report) -> str:
    """``3 asyncio failures, 1 of them known``, or that there is none; with ``--state`` how many are new."""
    if not report.diagnoses:
        return "No asyncio failure found"
    known = sum(diagnosis.known for diagnosis in report.diagnoses)
    every = len(report.diagnoses)
    said = count(every, "asyncio failure")
    if any(diagnosis.history for diagnosis in report.diagnoses):
        new = sum(one.history is not None and one.history.since is None for one in report.diagnoses)
        said += ", new" if new == every else f", {new} of them new" if new else ", seen before"
    return said if not known else f"{said}, known" if known == every else f"{said}, {known} of them known"


def ignored(report: Report) -> str:
    """``Ignored: 3 failures (missing-await 2, abrupt-stop 1)``."""
    ids = Counter(visible(one.id) for one in report.ignored)
    each = ", ".join(f"{name} {number}" for name, number in ids.most_common(8))
    return f"Ignored: {count(len(report.ignored), 'failure')} ({each}{', ...' if len(ids) > 8 else ''})"


def named(inputs: Sequence[Input]) -> str:
    """The one log that was read, or how many there were."""
    if not inputs:
        return "nothing"
    if len(inputs) == 1:
        return "standard input" if inputs[0].path in {"-", "<stdin>"} else inputs[0].path
    return f"{len(inputs)} files"


def read(report: Report) -> str:
    """How much was read."""
    return f"{decimal(report.stats.bytes)}, {count(report.stats.lines, 'line')} read"


def likely(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The first cause, and the others that are worth a line."""
    return [c for index, c in enumerate(candidates) if not index or c.confidence >= UNLIKELY]


def frame_place(frame: Frame) -> str:
    """``file:line``, or the file alone."""
    return frame.file if frame.line is None else f"{frame.file}:{frame.line}"


def log_place(place: Place) -> str:
    """``log:line``."""
    return f"{place.source}:{place.line}"


def percent(share: float) -> str:
    """A share (0 to 1) in whole percents."""
    return f"{round(100 * min(max(share, 0.0), 1.0))}%"


def times(number: int) -> str:
    """``once``, ``12 times``."""
    return "once" if number == 1 else f"{number:,} times"


def often(diagnosis: Diagnosis) -> str:
    """``12 times``, and whether the baseline, or a run before with the same state, knows it."""
    said = times(diagnosis.incident.occurrences)
    history = diagnosis.history
    if history is not None and history.since is None:
        said = f"new, {said}"
    elif history is not None and history.since is not None:
        since = history.since[:16].replace("T", " ")
        said = f"again, {said} ({history.occurrences:,} since {since} UTC)"
    return f"known (baseline), {said}" if diagnosis.known else said


def count(number: int, noun: str) -> str:
    """``1 line``, ``2 lines``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
