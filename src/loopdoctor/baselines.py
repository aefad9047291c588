"""Baselines: the failures of a log that are known and accepted, in a file that is kept with the program's sources.

    {"baseline_version": 1,
     "known": [{"fingerprint": "1-...", "title": "...", "cause": "...", "first_seen": "2026-03-01", "reason": ""}]}

Entries are sorted by fingerprint and hold nothing that changes from scan to scan, so that a diff shows what is new and
what is gone. ``reason`` is for people; it is kept when the file is written again. A report of ``--format json`` can be
held against too.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import SCHEMA_VERSION, Diagnosis, Report

BASELINE_VERSION = 1
FAR = 253_402_300_800  # the year 10000
MAX_SIZE = 256 << 20
"""Bytes of a file that is read; a report of 2,000 incidents has some 20 MiB."""


class Entry(Struct, frozen=True):
    """One known failure. All but the fingerprint is for people; ``first_seen`` is a date of the log, if it has any."""

    fingerprint: str
    title: str = ""
    cause: str = ""
    first_seen: str | None = None
    reason: str = ""


class _Incident(Struct, frozen=True):
    fingerprint: str


class _Document(Struct, frozen=True):
    """What a baseline and a report share; either version says which of them it is."""

    baseline_version: int | None = None
    schema_version: int | None = None
    known: tuple[Entry, ...] = ()
    incidents: tuple[_Incident, ...] = ()


Entries = Mapping[str, Entry]


def read_baseline(path: str) -> Entries:
    """The known failures of a baseline, or all failures of a JSON report, by fingerprint.

    Raises LoopdoctorError for a file that is missing, too large or neither of the two.
    """
    document = _read(path)
    entries = document.known if document.schema_version is None else map(_entry_of, document.incidents)
    return {entry.fingerprint: entry for entry in entries}


def read_former(path: str) -> Entries:
    """What a baseline that is about to be written again holds; nothing if it is not there or empty.

    Raises LoopdoctorError for anything else than a baseline: it would be lost.
    """
    if not Path(path).exists() or (Path(path).is_file() and not Path(path).stat().st_size):
        return {}
    document = _read(path)
    if document.schema_version is not None:
        hint = "name a file of its own for the baseline"
        raise LoopdoctorError("baseline-exists", "a report stands there, and would be lost", context=path, hint=hint)
    return {entry.fingerprint: entry for entry in document.known}


def baseline_of(report: Report, titles: Mapping[str, str], former: Entries) -> Entries:
    """What is found now, by fingerprint, with the dates and the reasons of the ``former`` entries."""
    found: dict[str, Entry] = {}
    for diagnosis in report.diagnoses:
        entry = _entry(diagnosis, titles)
        old = former.get(entry.fingerprint)
        if old is not None:
            entry = msgspec.structs.replace(entry, first_seen=old.first_seen or entry.first_seen, reason=old.reason)
        found.setdefault(entry.fingerprint, entry)
    return found


def baseline_text(entries: Entries) -> str:
    """The file, one line a key, sorted."""
    known = [msgspec.to_builtins(entries[fingerprint]) for fingerprint in sorted(entries)]
    data = msgspec.json.encode({"baseline_version": BASELINE_VERSION, "known": known})
    return msgspec.json.format(data, indent=2).decode() + "\n"


def _entry(diagnosis: Diagnosis, titles: Mapping[str, str]) -> Entry:
    incident = diagnosis.incident
    root = incident.members[0].symptom.id if incident.members else ""
    return Entry(
        incident.fingerprint,
        _written(titles.get(root, root)),
        diagnosis.candidates[0].id if diagnosis.candidates else "",
        _date(incident.first.time),
    )


def _entry_of(incident: _Incident) -> Entry:
    return Entry(incident.fingerprint)


def _written(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _date(time: str | None) -> str | None:
    """The day in UTC, or as the log writes it where that names no zone; None if it names no year."""
    from datetime import UTC, datetime

    from loopdoctor.timeline import seconds_of
    from loopdoctor.timespan import DATED

    seconds = seconds_of(time) if time else None
    if seconds is None or not DATED <= seconds < FAR:
        return None
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def _read(path: str) -> _Document:
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        hint = f"write it first: loopdoctor scan ... --write-baseline {path}" if missing else ""
        reason = "there is no such baseline" if missing else f"the baseline cannot be read: {error.strerror or error}"
        raise LoopdoctorError("baseline-not-found", reason, context=path, hint=hint) from None
    if len(data) > MAX_SIZE:
        raise _unfit(path, f"it is larger than {MAX_SIZE >> 20} MiB")
    try:
        document = msgspec.json.decode(data, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unfit(path, str(error)) from None
    version, ours = document.baseline_version, BASELINE_VERSION
    if version is None:
        version, ours = document.schema_version, SCHEMA_VERSION
    if version is None:
        raise _unfit(path, "it has neither a `baseline_version` nor a `schema_version`")
    if version != ours:
        raise _unfit(path, f"it is of version {version}, this loopdoctor reads version {ours}")
    return document


def _unfit(path: str, why: str) -> LoopdoctorError:
    hint = "a baseline is written by --write-baseline FILE, or is a report of --format json"
    return LoopdoctorError("baseline-unfit", f"this is no baseline: {why[:200]}", context=path, hint=hint)
