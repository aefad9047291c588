"""JSON reports read back: as much of one as a later run compares with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import SCHEMA_VERSION, Frame, Place

MAX_SIZE = 256 << 20
"""Bytes of a file that is read; a report of 2,000 incidents has some 20 MiB."""

SNIFFED = 4 << 10

Count = Annotated[int, Meta(ge=0)]


class Source(Struct, frozen=True):
    """What was read of one log."""

    path: str
    lines: Count = 0
    first_time: str | None = None
    last_time: str | None = None


class SymptomSeen(Struct, frozen=True):
    """A symptom of an incident."""

    id: str
    title: str = ""


class CauseSeen(Struct, frozen=True):
    """A cause of an incident."""

    id: str
    title: str = ""
    confidence: float = 0.0


class Failure(Struct, frozen=True):
    """One incident; the first of its symptoms is the root, the first of its causes the most probable."""

    fingerprint: str
    occurrences: Count
    first: Place
    last: Place
    verdict: str = ""
    culprit: Frame | None = None
    symptoms: tuple[SymptomSeen, ...] = ()
    causes: tuple[CauseSeen, ...] = ()


class ReportFile(Struct, frozen=True):
    """A report of any scan."""

    schema_version: int
    inputs: tuple[Source, ...]
    incidents: tuple[Failure, ...]


def of_document(document: Mapping[str, Any]) -> ReportFile:
    """The same of a report that was never written."""
    return msgspec.convert(document, ReportFile)


def is_report(path: str) -> bool:
    """Whether a file begins as a JSON report of ours does; a log that holds one somewhere does not."""
    try:
        if not Path(path).is_file():
            return False
        with Path(path).open("rb") as file:
            head = file.read(SNIFFED)
    except OSError:
        return False
    return head.lstrip().startswith(b"{") and b'"schema_version"' in head and b'"tool"' in head and b'"inputs"' in head


def read_report(path: str) -> ReportFile:
    """A report that ``--format json`` wrote. Raises LoopdoctorError for what is none, or of another version."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        reason = f"the report cannot be read: {error.strerror or error}"
        raise LoopdoctorError("report-unreadable", reason, context=path) from None
    if len(data) > MAX_SIZE:
        raise _unfit(path, f"it is larger than {MAX_SIZE >> 20} MiB")
    try:
        report = msgspec.json.decode(data, type=ReportFile)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unfit(path, str(error)) from None
    if report.schema_version != SCHEMA_VERSION:
        why = f"it is of version {report.schema_version}, this loopdoctor reads version {SCHEMA_VERSION}"
        raise _unfit(path, why)
    return report


def _unfit(path: str, why: str) -> LoopdoctorError:
    hint = "write it anew: loopdoctor scan ... --format json"
    return LoopdoctorError("report-unfit", f"this report cannot be compared: {why[:200]}", context=path, hint=hint)
