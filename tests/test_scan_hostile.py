"""A report whatever the log holds, whatever breaks, and whenever Ctrl-C comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopdoctor import pipeline as scanning
from loopdoctor.matching import Matcher
from loopdoctor.model import Record, Symptom
from loopdoctor.pipeline import read_records, scan
from loopdoctor.settings import Settings
from loopdoctor.sources import Source
from parcel_logs import CLOSED, DESTROYED, NEVER_AWAITED, NO_LOOP, OTHER_LOOP, PAYLOADS, Write, calm, kinds, roots

pytestmark = pytest.mark.usefixtures("rules_once")


# --- whatever the log holds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
def test_bytes_that_are_no_text_stop_nothing(write: Write, full: bool) -> None:
    """Undecodable bytes before, in and after a failure: it is found."""
    noise = bytes(range(128, 256)) + b"\n"
    data = noise * 50 + CLOSED.encode().replace(b"parcel", b"p\xe4cel") + noise * 50
    report = scan([write(data)], Settings(whole_below=0, full=full))
    assert roots(report) == ["event-loop-is-closed"]
    assert kinds(report) <= {"binary"}


def test_zero_bytes_are_left_out_and_told(write: Write) -> None:
    """A log that was truncated while it was written begins with zeros; what follows is read."""
    report = scan([write(b"\0" * 70_000 + b"\n" + CLOSED.encode())], Settings())
    assert roots(report) == ["event-loop-is-closed"]
    assert "zero-bytes" in kinds(report)


@pytest.mark.parametrize("whole_below", [0, 1 << 20])
def test_an_endless_line_is_cut_and_told(write: Write, whole_below: int) -> None:
    """Its beginning is read, the records around it are, and a notice says that it was cut."""
    endless = b"Event loop is closed " + b"x" * 3_000_000 + b"\n"
    report = scan([write(DESTROYED.encode() + endless + CLOSED.encode())], Settings(whole_below=whole_below))
    assert {"task-destroyed-pending", "event-loop-is-closed"} <= set(roots(report)) | {
        symptom for one in report.diagnoses for symptom, _ in one.incident.counts
    }
    assert "line-cut" in kinds(report)


def test_a_log_that_ends_within_a_record_shows_what_there_is(write: Write) -> None:
    """Cut off at any line: never an exception; complete but for the last line break, the failure is found."""
    lines = CLOSED.splitlines(keepends=True)
    for count in range(len(lines)):
        cut = scan([write("".join(lines[:count]))], Settings())
        assert cut.diagnoses == ()
    assert roots(scan([write(CLOSED.rstrip("\n"))], Settings())) == ["event-loop-is-closed"]


def test_a_record_without_end_is_cut_and_told(write: Write) -> None:
    """A traceback of endlessly many frames fills no memory."""
    frames = '  File "/srv/parcel/tree.py", line 5, in walk\n    walk(child)\n' * 500
    report = scan([write("Traceback (most recent call last):\n" + frames + CLOSED)], Settings(max_record=200))
    assert "record-cut" in kinds(report)
    assert roots(report) == ["event-loop-is-closed"]


@given(
    data=st.lists(
        st.sampled_from([*PAYLOADS, "\0", "\x1b[31m", "{", '{"message": "', "| ", "\r\n", " " * 70]) | st.text()
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_log_breaks_a_scan(write: Write, data: list[str]) -> None:
    """Failures in pieces between any text: a report, and no stage failed."""
    path = write("".join(data).encode("utf-8", "surrogatepass"))
    for asked in (Settings(whole_below=0), Settings(full=True)):
        assert not kinds(scan([path], asked)) & {"record-failed", "source-failed"}


def test_an_empty_log_has_nothing_to_tell(write: Write) -> None:
    """No failure, no notice, one input of no bytes."""
    report = scan([write("")], Settings())
    assert (report.diagnoses, report.unexplained, report.notices) == ((), (), ())
    assert [(item.bytes, item.lines) for item in report.inputs] == [(0, 0)]


# --- what breaks ------------------------------------------------------------------------------------------------------


def test_a_record_that_breaks_a_stage_is_a_notice_and_the_scan_goes_on(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One record is lost, with its line told; all others are found."""
    match = Matcher.match

    def breaking(self: Matcher, record: Record) -> list[Symptom]:
        if record.kind == "warning":
            raise ValueError("an odd record")
        return match(self, record)

    monkeypatch.setattr(Matcher, "match", breaking)
    report = scan([write(calm(3) + NEVER_AWAITED + calm(50) + CLOSED)], Settings())
    (notice,) = report.notices
    assert (notice.kind, notice.line) == ("record-failed", 4)
    assert "an odd record" in notice.message
    assert roots(report) == ["event-loop-is-closed"]


def test_a_source_that_breaks_the_parser_is_a_notice_and_the_others_are_read(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found before stays, and the next source is scanned."""
    group = scanning.group

    def breaking(lines: Any, source: str, *rest: Any) -> Iterator[Any]:
        for item in group(lines, source, *rest):
            yield item
            if source.endswith("bad.log") and isinstance(item, Record):
                raise RecursionError("too deep")

    monkeypatch.setattr(scanning, "group", breaking)
    report = scan([write(CLOSED + calm(50) + NO_LOOP, "bad.log"), write(OTHER_LOOP, "good.log")], Settings())
    (notice,) = report.notices
    assert (notice.kind, Path(notice.source).name) == ("source-failed", "bad.log")
    assert roots(report) == ["event-loop-is-closed", "bound-to-a-different-loop"]
    assert len(report.inputs) == 2


def sources_that_stop(*blocks: bytes) -> Callable[..., Iterator[Source]]:
    """A stand-in for ``find_sources``: the blocks of one log, and then the user presses Ctrl-C; another log waits."""

    def stopping() -> Iterator[bytes]:
        yield from blocks
        raise KeyboardInterrupt

    def found(*_: Any) -> Iterator[Source]:
        yield Source("-", None, stopping())
        yield Source("next.log", None, iter([OTHER_LOOP.encode()]))

    return found


@pytest.mark.parametrize("whole_below", [0, 1 << 20])
def test_ctrl_c_reports_what_was_found(monkeypatch: pytest.MonkeyPatch, whole_below: int) -> None:
    """Also the failure that came last, with nothing behind it: ``tail -f app.log | loopdoctor scan`` ends so."""
    monkeypatch.setattr(
        scanning, "find_sources", sources_that_stop(calm(100).encode(), DESTROYED.encode() + CLOSED.encode())
    )
    report = scan(["-"], Settings(whole_below=whole_below))
    assert report.stats.interrupted
    assert {symptom for one in report.diagnoses for symptom, _ in one.incident.counts} == {
        "task-destroyed-pending",
        "event-loop-is-closed",
    }
    assert [item.path for item in report.inputs] == ["-"]
    assert report.notices == ()


def test_ctrl_c_in_the_middle_of_the_work_reports_too(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was judged before stays."""
    take = scanning.Run._take

    def interrupted(self: Any, record: Record) -> None:
        if record.kind == "warning":
            raise KeyboardInterrupt
        take(self, record)

    monkeypatch.setattr(scanning.Run, "_take", interrupted)
    report = scan([write(CLOSED + calm(50) + NEVER_AWAITED + calm(50) + OTHER_LOOP)], Settings())
    assert report.stats.interrupted
    assert roots(report) == ["event-loop-is-closed"]


def test_records_stops_at_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was grouped is given, then the interrupt goes on to the command line."""
    monkeypatch.setattr(scanning, "find_sources", sources_that_stop(CLOSED.encode()))
    records = read_records(["-"], Settings())
    assert next(records).exception == "RuntimeError"
    with pytest.raises(KeyboardInterrupt):
        next(records)


def test_an_incident_that_cannot_be_judged_becomes_a_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What else was found is still reported."""
    from loopdoctor import folding

    def broken(*_: object) -> None:
        raise ZeroDivisionError("no sense")

    monkeypatch.setattr(folding, "diagnose", broken)
    log = tmp_path / "app.log"
    log.write_text(DESTROYED)
    assert [notice.kind for notice in scan([str(log)], Settings()).notices] == ["incident-failed"]
