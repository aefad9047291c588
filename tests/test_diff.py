"""Two logs side by side: what counts as new, gone, more and less frequent, and what fails."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from loopdoctor import cli
from loopdoctor.differences import Side, compare
from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Place
from loopdoctor.render import diff
from loopdoctor.report_file import CauseSeen, Failure, is_report, read_report

pytestmark = pytest.mark.usefixtures("rules_once")

SCHEMA = json.loads(Path(diff.__file__).with_name("diff.schema.json").read_text("utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

Command = Callable[..., tuple[int, str, str]]
Write = Callable[..., str]


def failure(name: str, occurrences: int, confidence: float = 0.9) -> Failure:
    """A failure with this fingerprint, so often."""
    place = Place("app.log", 1)
    return Failure(name, occurrences, place, place, causes=(CauseSeen("abrupt-stop", "x", confidence),))


def side(*failures: Failure, lines: int = 1000, hours: float | None = None) -> Side:
    """A log with these failures."""
    return Side("app.log", lines, hours, failures)


CLOSED = """{time} ERROR till.worker: job failed
Traceback (most recent call last):
  File "/srv/till/worker.py", line 9, in sell
    loop.run_until_complete(handle(job))
  File "/usr/lib/python3.11/asyncio/base_events.py", line 520, in _check_closed
    raise RuntimeError('Event loop is closed')
RuntimeError: Event loop is closed
"""
UNCLOSED = """{time} ERROR asyncio: Unclosed client session
client_session: <aiohttp.client.ClientSession object at 0x7f00aa>
"""
SOLD = "{time} INFO till: sold item\n"


def log(*kinds: str, hours: int = 4) -> str:
    """A log of so many hours, a line a minute, in which each of these stands once in an hour."""
    lines = []
    for minute in range(hours * 60 + 1):
        time = f"2026-03-01 {minute // 60:02d}:{minute % 60:02d}:00,000"
        lines.append(SOLD.format(time=time))
        for at, kind in enumerate(kinds):
            if minute % 60 == 7 + 45 * at:
                lines.append(kind.format(time=time))
                lines += [SOLD.format(time=time)] * 60
    return "".join(lines)


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the command line in this process: arguments in; status, stdout and stderr out."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["loopdoctor", *arguments])
        status = cli.main()
        out, err = capsys.readouterr()
        return status, out, err

    return run


def told(command: Command, *arguments: str) -> Any:
    """The comparison as a program reads it, held against the schema."""
    value = json.loads(command("diff", *arguments, "-f", "json")[1])
    VALIDATOR.validate(value)
    return value


# --- what has changed ------------------------------------------------------------------------------------------------


def test_a_failure_of_one_side_is_new_or_gone() -> None:
    """The most frequent first."""
    found = compare(side(failure("1-a", 3), failure("1-b", 9)), side(failure("1-c", 1), failure("1-d", 2)))
    assert [one.fingerprint for one in found.gone] == ["1-b", "1-a"]
    assert [one.fingerprint for one in found.new] == ["1-d", "1-c"]
    assert (found.more, found.less, found.same) == ((), (), ())


@pytest.mark.parametrize(
    ("good", "bad", "list_name"),
    [
        (20, 200, "more"),
        (200, 20, "less"),
        (20, 22, "same"),
        (1, 3, "same"),  # may well be chance
        (1000, 1300, "same"),  # no chance, but hardly a change
        (0, 0, "same"),
    ],
)
def test_a_change_is_large_and_no_chance(good: int, bad: int, list_name: str) -> None:
    """By half or more, and by more than chance explains."""
    found = compare(side(failure("1-a", good)), side(failure("1-a", bad)))
    assert [change.bad.occurrences for change in getattr(found, list_name)] == [bad]


def test_rates_are_per_hour_where_both_logs_have_times() -> None:
    """Ten times the failures in ten times the hours is no change; without times the lines count."""
    good, bad = failure("1-a", 20), failure("1-a", 200)
    by_time = compare(side(good, hours=1.0), side(bad, hours=10.0))
    assert (by_time.by_time, by_time.same[0].ratio) == (True, pytest.approx(1.0))
    by_line = compare(side(good, hours=1.0), side(bad, lines=10_000))
    assert (by_line.by_time, by_line.same[0].ratio) == (False, pytest.approx(1.0))
    assert compare(side(good), side(bad)).more[0].ratio == pytest.approx(10.0)


def test_an_empty_log_has_no_rate() -> None:
    """Nothing is divided by nothing."""
    assert compare(side(failure("1-a", 2), lines=0), side(failure("1-a", 9), lines=0)).same


# --- on the command line ---------------------------------------------------------------------------------------------


def test_logs_are_compared(command: Command, write: Write) -> None:
    """What the first log does not have is new, with its cause, its rate and its place."""
    good, bad = write(log(CLOSED), "good.log"), write(log(CLOSED, UNCLOSED), "bad.log")
    value = told(command, good, bad)
    assert [one["title"] for one in value["new"]] == ["Unclosed client session"]
    assert (value["new"][0]["good"], value["new"][0]["bad"]["occurrences"]) == (None, 4)
    assert value["new"][0]["bad"]["per_hour"] == 1.0
    assert [one["title"] for one in value["same"]] == ["Event loop is closed"]
    assert (value["rate"], value["good"]["hours"]) == ("hour", 4.0)
    _, out, err = command("diff", good, bad)
    out = " ".join(out.split())  # long paths break lines
    assert out.startswith(f"1 new from {good}")
    assert "Unclosed client session, 4 times, 1 an hour" in out
    assert "Event loop is closed, 4 -> 4 times, 1 -> 1 an hour (x 1)" in out
    assert err == ""
    assert "Gone (1)" in command("diff", bad, good)[1]


def test_a_json_report_stands_for_its_log(command: Command, write: Write, tmp_path: Path) -> None:
    """Yesterday's report and today's log give what the two logs give."""
    good, bad = write(log(CLOSED), "good.log"), write(log(CLOSED, UNCLOSED), "bad.log")
    kept = str(tmp_path / "kept")
    command("scan", good, "-f", "json", "-o", kept)
    first, second = told(command, good, bad), told(command, kept, bad)
    for value in (first, second):
        del value["good"]["name"]
    assert first == second


def test_the_same_log_has_no_difference(command: Command, write: Write) -> None:
    """Nothing is new in what is compared with itself, and nothing fails."""
    path = write(log(CLOSED, UNCLOSED))
    status, out, _ = command("diff", path, path, "--fail-on", "any")
    assert (status, " ".join(out.split())[:18]) == (0, "No difference from")


@pytest.mark.parametrize(("fail_on", "status"), [("never", 0), ("any", 1), ("certain", 1)])
def test_only_new_failures_fail(command: Command, tmp_path: Path, write: Write, fail_on: str, status: int) -> None:
    """--fail-on asks for the confidence of what is new."""
    good, bad = write(log(CLOSED), "good.log"), write(log(CLOSED, UNCLOSED), "bad.log")
    assert command("diff", good, bad, "--fail-on", fail_on)[0] == status
    assert command("diff", bad, good, "--fail-on", fail_on)[0] == 0


def test_the_comparison_goes_to_a_file(command: Command, write: Write, tmp_path: Path) -> None:
    """--output writes it; a place that is none is told before the scan."""
    path, target = write(log(CLOSED)), tmp_path / "diff.json"
    assert command("diff", path, path, "-f", "json", "-o", str(target)) == (0, "", "")
    VALIDATOR.validate(json.loads(target.read_text("utf-8")))
    assert "no such directory" in command("diff", path, path, "-o", str(tmp_path / "no" / "x"))[2]


def test_what_the_project_ignores_is_not_new(
    command: Command, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ignores of the configuration hold here too."""
    monkeypatch.chdir(tmp_path)
    good, bad = write(log(CLOSED), "good.log"), write(log(CLOSED, UNCLOSED), "bad.log")
    fingerprint = told(command, good, bad)["new"][0]["fingerprint"]
    (tmp_path / "loopdoctor.toml").write_text(f"ignore = {{id = '{fingerprint}', reason = 'x'}}\n")
    assert told(command, good, bad)["new"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("-", "-"), "standard input can be one side only"), (("a.log",), "BAD"), (("no.log", "no.log"), "no.log")],
)
def test_wrong_usage_exits_2(command: Command, arguments: tuple[str, ...], said: str) -> None:
    """Two sides, each of which can be read."""
    status, out, err = command("diff", *arguments)
    assert (status, out) == (2, "")
    assert said in err


def test_ctrl_c_compares_nothing(command: Command, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a log would seem to lack what stands in its other half."""
    stopped = types.SimpleNamespace(stats=types.SimpleNamespace(interrupted=True))
    monkeypatch.setattr("loopdoctor.pipeline.scan", lambda *_, **__: stopped)
    path = write(log(CLOSED))
    assert command("diff", path, path)[:2] == (130, "")


# --- reports that are read back --------------------------------------------------------------------------------------

HOSTILE = {
    "cut off": b'{"schema_version": 1, "tool": {}, "inputs": [',
    "of tomorrow": b'{"schema_version": 9, "tool": {}, "inputs": [], "incidents": []}',
    "wrong type": b'{"schema_version": 1, "tool": {}, "inputs": {}, "incidents": []}',
    "negative": b'{"schema_version": 1, "tool": {}, "inputs": [{"path": "x", "lines": -1}], "incidents": []}',
    "no incidents": b'{"schema_version": 1, "tool": {}, "inputs": []}',
    "deep": b'{"schema_version": 1, "tool": ' + b"[" * 200_000 + b', "inputs": []',
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_report_that_cannot_be_compared_is_an_error(tmp_path: Path, data: bytes) -> None:
    """The user is told what is wrong with it."""
    path = tmp_path / "report.json"
    path.write_bytes(data)
    with pytest.raises(LoopdoctorError, match="this report cannot be compared"):
        read_report(str(path))


def test_a_log_of_json_lines_is_no_report(tmp_path: Path) -> None:
    """A log is scanned even if its lines are JSON."""
    path = tmp_path / "app.json"
    path.write_text('{"message": "schema_version", "level": "info"}\n' * 9)
    assert not is_report(str(path))
    assert not is_report(str(tmp_path))
    assert not is_report("-")


def test_hostile_text_stays_data(tmp_path: Path, command: Command, write: Write) -> None:
    """What a report says reaches no terminal as anything but text."""
    path = tmp_path / "report.json"
    evil = "\x1b]0;x\x07\u202e"
    incident = {
        "fingerprint": evil,
        "occurrences": 10**30 % 10**15,
        "first": {"source": evil, "line": 1, "time": None},
        "last": {"source": evil, "line": 1, "time": None},
        "symptoms": [{"id": evil, "title": evil}],
        "causes": [{"id": evil, "title": evil, "confidence": 7.0}],
        "culprit": {"file": evil, "line": 3, "function": evil},
    }
    document = {
        "schema_version": 1,
        "tool": {"name": "loopdoctor"},
        "inputs": [{"path": evil}],
        "incidents": [incident],
    }
    path.write_text(json.dumps(document))
    out = command("diff", write(log(CLOSED)), str(path))[1]
    assert "\x1b" not in out
    assert "\u202e" not in out
