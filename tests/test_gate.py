"""Known and ignored failures: what is told of them, and what fails the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from loopdoctor.baselines import MAX_SIZE, baseline_of, baseline_text, read_baseline
from loopdoctor.errors import LoopdoctorError
from loopdoctor.gate import Gate, Ignore, fails
from loopdoctor.model import Diagnosis, Ignored, Place, Report, Stats
from loopdoctor.render import FORMATS, View, renderer
from sample_report import CLOSED, FAILED, UNCLOSED, diagnosis, member, report
from test_cli import Run, run
from test_render_json import VALIDATOR

__all__ = ["run"]


def other(fingerprint: str, time: str | None = "2026-03-01 10:00:00") -> Diagnosis:
    """A diagnosis of an unclosed session, with this fingerprint."""
    told = diagnosis(member("unclosed-session", UNCLOSED))
    first = Place("app.log", 7, time)
    incident = msgspec.structs.replace(told.incident, fingerprint=fingerprint, first=first)
    return msgspec.structs.replace(told, incident=incident)


TWO = report(diagnosis(member("event-loop-closed", CLOSED)), other("1-b"))
FIRST = TWO.diagnoses[0].incident.fingerprint


def text_of(found: Report) -> str:
    """The report for people."""
    return "".join(renderer("text")(found, {}, View(width=90)))


def rendered(name: str, found: Report) -> str:
    """The report in any format."""
    return "".join(renderer(name)(found, {}, View()))


def json_of(found: Report) -> Any:
    """The report for programs, held against its schema."""
    value = json.loads("".join(renderer("json")(found, {}, View())))
    VALIDATOR.validate(value)
    return value


# --- the gate --------------------------------------------------------------------------------------------------------


def test_known_failures_are_told_and_marked() -> None:
    """A failure of the baseline stays in the report, and every format says that it is known."""
    found = Gate({"1-b"}).judge(TWO)
    assert [one["known"] for one in json_of(found)["incidents"]] == [False, True]
    assert "2 asyncio failures, 1 of them known in app.log" in text_of(found)
    assert "known (baseline), 12 times" in text_of(found)


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in {"text", "json", "jsonl", "part"}])
def test_every_format_says_what_is_known(name: str) -> None:
    """No reader takes an accepted failure for a new one, whatever the format."""
    words = {"sarif": '"baselineState": "unchanged"'}.get(name, "nown (baseline)")
    assert words not in rendered(name, TWO)
    assert words in rendered(name, Gate({"1-b"}).judge(TWO))


def test_a_known_failure_is_no_failed_test() -> None:
    """In JUnit XML it is skipped; for tools that have levels it is a notice."""
    text = rendered("junit", Gate({"1-b", FIRST}).judge(TWO))
    assert 'tests="2" failures="0" errors="0"' in text
    assert "<failure" not in text
    results = json.loads(rendered("sarif", Gate({"1-b"}).judge(TWO)))["runs"][0]["results"]
    assert {(one["level"], one["baselineState"]) for one in results} == {("error", "new"), ("note", "unchanged")}


def test_known_failures_fail_nothing() -> None:
    """Only what the baseline does not know fails the command."""
    assert fails(Gate({"1-b"}).judge(TWO).diagnoses, 0.0)
    assert not fails(Gate({"1-b", FIRST}).judge(TWO).diagnoses, 0.0)
    assert not fails(TWO.diagnoses, None)


@pytest.mark.parametrize("wanted", ["1-b", "unclosed-session"])
def test_a_failure_is_ignored_by_fingerprint_and_by_symptom(wanted: str) -> None:
    """What is ignored is counted in one line of the text and listed with its reason in JSON."""
    found = Gate((), [Ignore(wanted, "it is being replaced")]).judge(TWO)
    assert [one.incident.fingerprint for one in found.diagnoses] == [FIRST]
    told = json_of(found)["ignored"]
    assert [(one["id"], one["reason"], one["fingerprint"]) for one in told] == [(wanted, "it is being replaced", "1-b")]
    assert f"Ignored: 1 failure ({wanted} 1)" in text_of(found)
    assert "2. unclosed-session" not in text_of(found)
    assert found.notices == ()


def test_a_cause_ignores_what_it_is_the_first_cause_of() -> None:
    """A cause that is only possible ignores nothing; a reason that nobody gave is null."""
    cause = TWO.diagnoses[0].candidates
    found = Gate((), [Ignore(cause[0].id)]).judge(TWO)
    assert (found.diagnoses, len(found.ignored)) == ((), 2)
    assert json_of(found)["ignored"][0]["reason"] is None
    assert "No asyncio failure found" in text_of(found)
    assert len(Gate((), [Ignore(cause[1].id)]).judge(TWO).diagnoses) == 2


def test_a_symptom_hides_no_other_failure() -> None:
    """An incident with a second root of another kind is told still; a mere consequence does not keep it."""
    both = diagnosis(member("event-loop-closed", CLOSED), member("unclosed-session", UNCLOSED))
    led = diagnosis(member("event-loop-closed", CLOSED), member("unclosed-session", UNCLOSED, why="follows from it"))
    gate = Gate((), [Ignore("event-loop-closed")])
    assert isinstance(gate.see(both), Diagnosis)
    assert isinstance(gate.see(led), Ignored)


def test_an_ignore_that_matched_nothing_is_a_notice() -> None:
    """Who ignores what is long gone, or misspelt, is told."""
    notice = Gate((), [Ignore("unclosed-sesion", "x")]).judge(TWO).notices[-1]
    assert notice.kind == "ignore-unused"
    assert "`unclosed-sesion`" in notice.message


# --- on the command line ---------------------------------------------------------------------------------------------


def test_a_written_baseline_lets_only_new_failures_fail(run: Run, tmp_path: Path) -> None:
    """Accept, then gate: the same log passes, a further failure does not."""
    path = tmp_path / "known.json"
    status, _, err = run("scan", "a.log", "--write-baseline", str(path), "--fail-on", "any", found=FAILED)
    assert status == 0
    assert "the baseline has 1 failure: 1 new, 0 gone" in err
    gated = ("scan", "a.log", "--baseline", str(path), "--fail-on", "any")
    assert run(*gated, found=FAILED)[0] == 0
    status, out, _ = run(*gated, found=TWO)
    assert (status, "1 of them known" in out) == (1, True)


def test_a_json_report_is_a_baseline_too(run: Run, tmp_path: Path) -> None:
    """Yesterday's report of --format json is enough to fail on what is new today."""
    path = tmp_path / "report.json"
    run("scan", "a.log", "-f", "json", "-o", str(path), found=TWO)
    assert run("scan", "a.log", "--baseline", str(path), "--fail-on", "any", found=TWO)[0] == 0


def test_ignores_of_project_and_command_line_add_up(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file gives reasons; the command line adds to it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loopdoctor.toml").write_text("ignore = [{id = '1-b', reason = 'old'}]\n")
    status, out, _ = run("scan", "a.log", "--ignore", FIRST, "--fail-on", "any", "-f", "json", found=TWO)
    assert status == 0
    assert {one["id"]: one["reason"] for one in json.loads(out)["ignored"]} == {FIRST: None, "1-b": "old"}


def test_a_missing_baseline_is_told_before_the_scan(run: Run, tmp_path: Path) -> None:
    """Without it everything would fail: the error says how it is made. It may be missing where it is written again."""
    path = str(tmp_path / "known.json")
    status, _, err = run("scan", "a.log", "--baseline", path)
    assert (status, run.seen) == (2, [])  # type: ignore[attr-defined]
    assert "there is no such baseline" in err
    assert f"--write-baseline {path}" in err
    assert run("scan", "a.log", "--baseline", path, "--write-baseline", path)[0] == 0


def test_an_interrupted_scan_writes_no_baseline(run: Run, tmp_path: Path) -> None:
    """What was not read must not look gone."""
    path = tmp_path / "known.json"
    stopped = msgspec.structs.replace(FAILED, stats=Stats(interrupted=True))
    status, _, err = run("scan", "a.log", "--write-baseline", str(path), found=stopped)
    assert (status, path.exists()) == (130, False)
    assert "the baseline was not written" in err


@pytest.mark.parametrize("there", ['{"schema_version": 1, "incidents": []}', "KEY = 1", "{}"])
def test_no_other_file_is_written_over(run: Run, tmp_path: Path, there: str) -> None:
    """Only a baseline is replaced by a baseline; a report or a source file is left alone."""
    path = tmp_path / "precious"
    path.write_text(there)
    assert run("scan", "a.log", "--write-baseline", str(path))[0] == 2
    assert path.read_text() == there


def test_a_baseline_without_a_place_is_told_before_the_scan(run: Run, tmp_path: Path) -> None:
    """Nobody waits for a scan whose baseline has no place to go."""
    status, _, err = run("scan", "a.log", "--write-baseline", str(tmp_path / "no" / "such"))
    assert (status, run.seen) == (2, [])  # type: ignore[attr-defined]
    assert "the baseline cannot be written" in err


# --- the file --------------------------------------------------------------------------------------------------------


def test_a_baseline_is_sorted_and_says_what_each_failure_is() -> None:
    """One entry a fingerprint, in their order, with title, cause and the day that the log names: fit for a diff."""
    entries = baseline_of(report(other("1-z"), other("1-b", "Mar 01 10:00:00"), other("1-z")), {}, {})
    text = baseline_text(entries)
    assert json.loads(text) == {
        "baseline_version": 1,
        "known": [
            {
                "fingerprint": fingerprint,
                "title": "unclosed-session",
                "cause": "object-reused-across-loops",
                "first_seen": day,
                "reason": "",
            }
            for fingerprint, day in [("1-b", None), ("1-z", "2026-03-01")]
        ],
    }
    assert text.count("\n") > 12


def test_reasons_and_days_outlive_a_new_writing(tmp_path: Path) -> None:
    """What somebody wrote by hand, and when it was first seen, stay; what is gone goes."""
    path = tmp_path / "known.json"
    path.write_text(
        '{"baseline_version": 1, "known": [{"fingerprint": "1-b", "first_seen": "2020-01-01", "reason": "vendor"},'
        ' {"fingerprint": "1-gone", "reason": "x"}]}'
    )
    kept = baseline_of(report(other("1-b")), {"unclosed-session": "Unclosed"}, read_baseline(str(path)))
    assert list(kept) == ["1-b"]
    assert (kept["1-b"].reason, kept["1-b"].first_seen, kept["1-b"].title) == ("vendor", "2020-01-01", "Unclosed")


HOSTILE = {
    "empty": b"",
    "no JSON": b"{",
    "a list": b"[]",
    "no version": b"{}",
    "of tomorrow": b'{"baseline_version": 2, "known": []}',
    "report of tomorrow": b'{"schema_version": 9, "incidents": []}',
    "wrong type": b'{"baseline_version": 1, "known": {"fingerprint": "x"}}',
    "wrong entry": b'{"baseline_version": 1, "known": [{"fingerprint": 7}]}',
    "no fingerprint": b'{"baseline_version": 1, "known": [{}]}',
    "version in words": b'{"baseline_version": "one"}',
    "deep": b'{"baseline_version": 1, "x": ' + b"[" * 200_000,
    "deep in known": b'{"baseline_version": 1, "known": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "no UTF-8": b'{"baseline_version": 1, "known": [{"fingerprint": "\xff"}]}',
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_is_no_baseline_is_an_error(tmp_path: Path, data: bytes) -> None:
    """Whatever stands in the file, the user is told that it is no baseline, and where one comes from."""
    path = tmp_path / "known.json"
    path.write_bytes(data)
    with pytest.raises(LoopdoctorError, match="this is no baseline") as caught:
        read_baseline(str(path))
    assert caught.value.context == str(path)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """A file larger than any baseline is refused."""
    path = tmp_path / "known.json"
    with path.open("wb") as file:
        file.truncate(MAX_SIZE + 1)
    with pytest.raises(LoopdoctorError, match="it is larger than"):
        read_baseline(str(path))


def test_a_directory_is_no_baseline(tmp_path: Path) -> None:
    """What cannot be read is told as such."""
    with pytest.raises(LoopdoctorError, match="the baseline cannot be read"):
        read_baseline(str(tmp_path))
