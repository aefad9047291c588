"""The command line: exit statuses, streams, and that nothing ever ends in a traceback of ours."""

from __future__ import annotations

import io
import json
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from loopdoctor import __version__, cli, rule_commands
from loopdoctor.catalogue.schema import Catalogue
from loopdoctor.errors import LoopdoctorError, RuleErrors
from loopdoctor.model import Report
from loopdoctor.render import delivery, terminal
from sample_report import CLOSED, FAILED, QUIET, REUSED, diagnosis, member, report
from test_render_explain import CATALOGUE

ROOT = Path(__file__).parents[1]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process: arguments in; status, stdout and stderr out.

    ``found`` is what a scan finds (or raises); ``run.seen`` holds what the scan was called with.
    """

    def run_main(*arguments: str, found: Any = FAILED, catalogue: Catalogue = CATALOGUE) -> tuple[int, str, str]:
        def scan(paths: Any, settings: Any, *, progress: Any = None, keep: bool = False, stop: object = None) -> Report:
            if isinstance(found, BaseException):
                raise found
            seen.append((list(paths), settings))
            return found  # type: ignore[no-any-return]

        stand_in = types.SimpleNamespace(scan=scan, read_records=lambda paths, settings: iter([CLOSED]))
        monkeypatch.setitem(sys.modules, "loopdoctor.pipeline", stand_in)  # type: ignore[arg-type]
        monkeypatch.setitem(sys.modules, "loopdoctor.jobs", types.SimpleNamespace(scan_files=scan))  # type: ignore[arg-type]
        for module in (cli, rule_commands):
            monkeypatch.setattr(module, "catalogue_of", lambda rules: catalogue)
        monkeypatch.setattr(sys, "argv", ["loopdoctor", *arguments])
        status = cli.main()
        out, err = capsys.readouterr()
        return status, out, err

    seen: list[Any] = []
    run_main.seen = seen  # type: ignore[attr-defined]
    return run_main


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "LC_ALL", "LOOPDOCTOR_DEBUG", "PYTHONIOENCODING"):
        monkeypatch.delenv(name, raising=False)


# --- exit statuses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fail_on", "confidence", "status"),
    [
        ("never", 0.99, 0),
        ("any", 0.01, 1),
        ("likely", 0.49, 0),
        ("likely", 0.5, 1),
        ("certain", 0.79, 0),
        ("certain", 0.8, 1),
    ],
)
def test_fail_on_asks_for_the_first_cause_s_confidence(run: Run, fail_on: str, confidence: float, status: int) -> None:
    """A diagnosis fails the command from the confidence on that --fail-on names."""
    cause = msgspec.structs.replace(REUSED, confidence=confidence)
    found = report(msgspec.structs.replace(diagnosis(member("event-loop-closed", CLOSED)), candidates=(cause,)))
    assert run("scan", "a.log", "--fail-on", fail_on, found=found)[0] == status


def test_nothing_found_never_fails(run: Run) -> None:
    """A log without a diagnosis exits 0 even under the strictest --fail-on."""
    assert run("scan", "a.log", "--fail-on", "any", found=QUIET)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("scan", "--formt", "x"), "No such option"),
        (("scan", "a", "--format", "yaml"), "'yaml' is not one of text, json"),
        (("scan", "a", "--fail-on", "maybe"), "is not one of any, likely, certain, never"),
        (("scan", "a", "--width", "3"), "--width"),
        (("bogus",), "No such command"),
        (("explain",), "name a cause or a symptom"),
    ],
)
def test_wrong_usage_exits_2_and_says_where_help_is(run: Run, arguments: tuple[str, ...], said: str) -> None:
    """A mistake on the command line is one message with a hint on standard error."""
    status, out, err = run(*arguments)
    assert status == 2
    assert out == ""
    assert err.startswith("error: ")
    assert said in err
    assert "  hint: see `loopdoctor" in err


def test_a_forgotten_scan_is_guessed(run: Run, tmp_path: Path) -> None:
    """`loopdoctor app.log` is told about `loopdoctor scan app.log`."""
    log = tmp_path / "app.log"
    log.write_text("x")
    status, _, err = run(str(log))
    assert status == 2
    assert f"did you mean `loopdoctor scan {log}`?" in err


def test_a_user_s_error_has_message_place_and_hint(run: Run) -> None:
    """A LoopdoctorError is shown as what, where and what to do."""
    error = LoopdoctorError("input-not-found", "there is no such file", context="gone.log", hint="check the path")
    status, out, err = run("scan", "gone.log", found=error)
    assert (status, out) == (2, "")
    assert err == "error: there is no such file [input-not-found]\n  --> gone.log\n  hint: check the path\n"


def test_every_broken_rule_is_told(run: Run) -> None:
    """Broken rules are listed one by one."""
    problems = [LoopdoctorError("rule-broken", f"problem {n}", context=f"r.yaml:{n}:1") for n in range(3)]
    status, _, err = run("scan", "a.log", found=RuleErrors(problems))
    assert status == 2
    assert [line for line in err.split("\n") if line.startswith("error:")] == [
        f"error: problem {n} [rule-broken]" for n in range(3)
    ]


def test_a_bug_of_ours_is_a_message_not_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected exception becomes a short message that says how to report it; LOOPDOCTOR_DEBUG shows it all."""
    status, out, err = run("scan", "a.log", found=ZeroDivisionError("by\x1b zero"))
    assert (status, out) == (2, "")
    assert r"loopdoctor itself failed: ZeroDivisionError: by\x1b zero" in err
    assert "LOOPDOCTOR_DEBUG=1" in err
    assert "Traceback" not in err
    monkeypatch.setenv("LOOPDOCTOR_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run("scan", "a.log", found=ZeroDivisionError("by zero"))


# --- where things go -------------------------------------------------------------------------------------------------


def test_no_path_means_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe no argument is needed."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert run("scan")[0] == 0
    assert run.seen[0][0] == ["-"]  # type: ignore[attr-defined]


def test_no_path_on_a_terminal_is_an_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a pipe the tool does not wait for somebody to type a log."""
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(isatty=lambda: True))
    status, _, err = run("scan")
    assert status == 2
    assert "nothing to read: name a log" in err


def test_settings_carry_the_flags(run: Run) -> None:
    """--rules and --full reach the scan."""
    run("scan", "a.log", "--rules", "r1", "--rules", "r2", "--full")
    paths, settings = run.seen[0]  # type: ignore[attr-defined]
    assert (paths, settings.rules, settings.full) == (["a.log"], ("r1", "r2"), True)


def test_the_report_is_on_stdout_and_notices_on_stderr(run: Run) -> None:
    """A program reads pure JSON from standard output, whatever else there is to say."""
    status, out, err = run("scan", "a.log", "--format", "json")
    assert status == 0
    assert json.loads(out)["incidents"][0]["symptoms"][0]["title"]
    assert err == "notice: a line longer than 256 KiB was cut\n  --> app.log:7\n"


def test_quiet_leaves_only_the_report(run: Run) -> None:
    """--quiet keeps standard error empty; the notices stay in the report."""
    _, out, err = run("scan", "a.log", "--quiet")
    assert err == ""
    assert "a line longer than 256 KiB was cut" in out


def test_output_is_written_whole_and_nothing_else_is_left(run: Run, tmp_path: Path) -> None:
    """--output leaves the report, with the old file's mode, and no half-written neighbour."""
    target = tmp_path / "report.json"
    target.write_text("old")
    target.chmod(0o640)
    status, out, _ = run("scan", "a.log", "-f", "json", "-o", str(target))
    assert (status, out) == (0, "")
    assert json.loads(target.read_text("utf-8"))["schema_version"] == 1
    assert target.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_failed_output_leaves_the_old_file(tmp_path: Path) -> None:
    """If rendering breaks off, the old report is still there and whole."""
    target = tmp_path / "report.txt"
    target.write_text("old")

    def pieces() -> Iterator[str]:
        yield "half"
        raise OSError(28, "No space left on device")

    with pytest.raises(LoopdoctorError, match="no space left on device"):
        delivery.to_file(pieces(), str(target))
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("where", ["missing/report.txt", "."])
def test_an_impossible_output_is_told_before_the_scan(run: Run, tmp_path: Path, where: str) -> None:
    """Nobody waits for a scan whose report has no place to go."""
    status, _, err = run("scan", "a.log", "-o", str(tmp_path / where))
    assert status == 2
    assert "the report cannot be written" in err
    assert run.seen == []  # type: ignore[attr-defined]


def test_a_file_gets_no_colour_unless_asked(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR is about terminals; only --color puts codes into a file."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    target = tmp_path / "report.txt"
    run("scan", "a.log", "-o", str(target))
    assert "\x1b" not in target.read_text("utf-8")
    run("scan", "a.log", "-o", str(target), "--color")
    assert "\x1b[" in target.read_text("utf-8")


@pytest.mark.parametrize(
    ("variables", "flag", "tty", "expected"),
    [
        ({}, None, True, True),
        ({}, None, False, False),
        ({"TERM": "dumb"}, None, True, False),
        ({"NO_COLOR": "1"}, None, True, False),
        ({"NO_COLOR": ""}, None, True, True),
        ({"FORCE_COLOR": "1"}, None, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, None, True, False),
        ({"NO_COLOR": "1"}, True, False, True),
        ({"FORCE_COLOR": "1"}, False, True, False),
    ],
)
def test_colour_follows_flag_environment_and_terminal(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], flag: bool | None, tty: bool, expected: bool
) -> None:
    """The flag decides, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal that can."""
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    stream: Any = types.SimpleNamespace(isatty=lambda: tty)
    assert terminal.colored(stream, flag) is expected


# --- the other commands ----------------------------------------------------------------------------------------------


def test_version(run: Run) -> None:
    """--version prints name and version."""
    assert run("--version") == (0, f"loopdoctor {__version__}\n", "")


@pytest.mark.parametrize("arguments", [("--help",), ("scan", "--help"), ("explain", "-h"), ("rules", "--help")])
def test_help_is_help(run: Run, arguments: tuple[str, ...]) -> None:
    """Help goes to standard output and exits 0."""
    status, out, err = run(*arguments)
    assert (status, err) == (0, "")
    assert "Usage: loopdoctor" in out


def test_the_first_help_shows_examples(run: Run) -> None:
    """Who calls for help sees how the tool is really used."""
    out = run("--help")[1]
    assert "journalctl -u shop | loopdoctor scan" in out
    assert "loopdoctor explain resource-not-closed" in out


def test_records_are_lines_of_json(run: Run) -> None:
    """`records` prints one object a line."""
    status, out, _ = run("records", "a.log")
    assert status == 0
    assert json.loads(out)["kind"] == "traceback"
    assert set(json.loads(out)) == {
        *("kind", "start_line", "end_line", "exception", "message", "stream"),
        *("carrier", "source", "time", "level", "test"),
    }


def test_explain_takes_its_options(run: Run) -> None:
    """Format, library and Python reach the explanation."""
    status, out, err = run("explain", "kept-client", "-f", "markdown", "--library", "httpx", "--python", "3.12")
    assert (status, err) == (0, "")
    assert "httpx.AsyncClient" in out
    assert "run_until_complete" not in out
    assert json.loads(run("explain", "--all", "-f", "json")[1])[0]["kind"] == "cause"


def test_an_unknown_id_is_answered_with_the_nearest(run: Run) -> None:
    """A misspelt id exits 2 and names what was meant."""
    status, out, err = run("explain", "keptclient")
    assert (status, out) == (2, "")
    assert "no cause or symptom is called 'keptclient'" in err
    assert "did you mean `kept-client`?" in err


def test_rules_list_names_every_rule(run: Run) -> None:
    """Causes and symptoms stand one a line, or as JSON."""
    assert "cause    kept-client  A client is kept" in run("rules", "list")[1]
    assert [row["kind"] for row in json.loads(run("rules", "list", "--format", "json")[1])] == ["cause", "symptom"]
