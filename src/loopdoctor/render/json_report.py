"""The report for programs: one JSON object, as ``report.schema.json`` beside this file describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from loopdoctor import __version__
from loopdoctor.model import (
    SCHEMA_VERSION,
    Candidate,
    ClueResult,
    Diagnosis,
    FixStep,
    Frame,
    History,
    Ignored,
    Owner,
    Place,
    Record,
    Report,
    Timeline,
    Unexplained,
)
from loopdoctor.render import View
from loopdoctor.render.escape import encodable, json_safe
from loopdoctor.render.quotes import evidence

Json = dict[str, Any]


def render(report: Report, titles: Mapping[str, str], view: View) -> Iterator[str]:
    """The whole document, indented, in one piece; with ``view.why`` each cause has its ``clues``."""
    yield document(as_json(report, titles, why=view.why))


def document(value: Any, *, indent: int = 2) -> str:
    """``value`` as JSON text that ends with a newline; ``indent=-1`` gives it one line."""
    return json_safe(msgspec.json.format(msgspec.json.encode(_encodable(value)), indent=indent).decode()) + "\n"


def record_line(record: Record) -> str:
    """One record as one line of JSON: what the parser grouped, and what it takes it for."""
    head = record.head
    value = {
        "kind": record.kind,
        "start_line": record.start_line,
        "end_line": record.end_line,
        "exception": record.exception or None,
        "message": record.message,
        "stream": record.stream,
        "carrier": head.carrier,
        "source": record.source,
        "time": head.time,
        "level": head.level,
        "test": record.test,
    }
    return document(value, indent=-1)


def as_json(report: Report, titles: Mapping[str, str], *, why: bool = False) -> Json:
    """The report as the plain values of the contract."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "loopdoctor", "version": __version__},
        "inputs": [msgspec.to_builtins(source) for source in report.inputs],
        "incidents": [_incident(diagnosis, titles, why=why) for diagnosis in report.diagnoses],
        "unexplained": [_unexplained(failure) for failure in report.unexplained],
        "notices": [msgspec.to_builtins(notice) for notice in report.notices],
        "ignored": [_ignored(ignored, titles) for ignored in report.ignored],
        "stats": msgspec.to_builtins(report.stats),
    }


def _incident(diagnosis: Diagnosis, titles: Mapping[str, str], *, why: bool) -> Json:
    incident = diagnosis.incident
    return {
        "fingerprint": incident.fingerprint,
        "verdict": diagnosis.verdict,
        "verdict_reason": diagnosis.reason,
        "undecided": diagnosis.undecided,
        "known": diagnosis.known,
        "history": _history(diagnosis.history),
        "occurrences": incident.occurrences,
        "first": _place(incident.first),
        "last": _place(incident.last),
        "timeline": _timeline(incident.timeline),
        "culprit": _frame(incident.culprit),
        "owner": _owner(incident.owner),
        "symptoms": _symptoms(diagnosis, titles),
        "evidence": [msgspec.to_builtins(quote) for quote in evidence(incident)],
        "causes": [_cause(candidate, why=why) for candidate in diagnosis.candidates],
    }


def _history(history: History | None) -> Json | None:
    if history is None:
        return None
    return {
        "new": history.since is None,
        "known_since": history.since,
        "last_seen": history.last,
        "occurrences": history.occurrences,
    }


def _timeline(timeline: Timeline) -> Json | None:
    if not timeline.buckets:
        return None
    return {"width_seconds": timeline.width, "buckets": [list(bucket) for bucket in timeline.buckets]}


def _ignored(ignored: Ignored, titles: Mapping[str, str]) -> Json:
    diagnosis = ignored.diagnosis
    incident = diagnosis.incident
    root = incident.members[0].symptom.id if incident.members else ""
    return {
        "id": ignored.id,
        "reason": ignored.reason or None,
        "fingerprint": incident.fingerprint,
        "title": titles.get(root, root),
        "cause": diagnosis.candidates[0].id if diagnosis.candidates else None,
        "occurrences": incident.occurrences,
        "first": _place(incident.first),
        "last": _place(incident.last),
    }


def _owner(owner: Owner | None) -> Json | None:
    return {"what": owner.what, "made": _frame(owner.made), "switch": owner.switch or None} if owner else None


def _symptoms(diagnosis: Diagnosis, titles: Mapping[str, str]) -> list[Json]:
    """Each symptom once, in the order of the members; a root if any of its members is one."""
    incident = diagnosis.incident
    counts = dict(incident.counts)
    consequence: dict[str, str] = {}
    for member in incident.members:
        known = consequence.get(member.symptom.id)
        consequence[member.symptom.id] = member.consequence if known is None else known and member.consequence
    return [
        {
            "id": symptom,
            "title": titles.get(symptom, symptom),
            "occurrences": counts.get(symptom, 1),
            "consequence": why or None,
        }
        for symptom, why in consequence.items()
    ]


def _cause(candidate: Candidate, *, why: bool) -> Json:
    out: Json = {
        "id": candidate.id,
        "title": candidate.title,
        "confidence": round(min(max(candidate.confidence, 0.0), 1.0), 4),
        "means": candidate.means,
        "for": arguments(candidate.clues, speaks_for=True),
        "against": arguments(candidate.clues, speaks_for=False),
        "settle": candidate.settle,
        "fix": {"steps": [_step(step) for step in candidate.steps]},
        "check": list(candidate.check),
        "prevention": list(candidate.prevention),
        "references": list(candidate.references),
    }
    if why:
        out["clues"] = [msgspec.to_builtins(clue) for clue in candidate.clues]
    return out


def arguments(clues: tuple[ClueResult, ...], *, speaks_for: bool) -> list[str]:
    """What the clues say for a cause, or against it, weightiest first; one that did not hold says what is missing."""
    telling = [clue for clue in clues if (clue.weight > 0 if speaks_for else clue.weight < 0)]
    telling.sort(key=lambda clue: -abs(clue.weight))
    return [clue.says if clue.held else f"not seen: {clue.says}" for clue in telling]


def _step(step: FixStep) -> Json:
    out: Json = {"title": step.title, "text": step.text, "code": step.code}
    if step.wrong:
        out["wrong"] = step.wrong
    return out


def _unexplained(failure: Unexplained) -> Json:
    return {
        "exception": failure.exception,
        "message": failure.message,
        "occurrences": failure.occurrences,
        "first": _place(failure.first),
        "culprit": _frame(failure.culprit),
    }


def _place(place: Place) -> Json:
    return {"source": place.source, "line": place.line, "time": place.time}


def _frame(frame: Frame | None) -> Json | None:
    return {"file": frame.file, "line": frame.line, "function": frame.function} if frame else None


def _encodable(value: Any) -> Any:
    """The same value with every string fit for UTF-8."""
    if isinstance(value, str):
        return value if value.isascii() else encodable(value)
    if isinstance(value, dict):
        return {key: _encodable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    return value
