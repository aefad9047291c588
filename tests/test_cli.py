"""The command line: exit statuses, streams, and that nothing ever ends in a traceback of ours."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from loopdoctor import __version__, cli
from loopdoctor.catalogue.schema import Catalogue, Cause, Clue, Signature, Step, Variant, Verdict
from loopdoctor.catalogue.schema import Symptom as SymptomRule
from loopdoctor.errors import LoopdoctorError, RuleErrors
from loopdoctor.model import Report
from loopdoctor.render import delivery, terminal
from sample_report import CLOSED, FAILED, QUIET, REUSED, diagnosis, member, report

ROOT = Path(__file__).parents[1]

# Runs the real command line in a process of its own over a scan that does what a test needs.
STAND_IN = """
import os, signal, sys, time, types
from sample_report import FAILED, QUIET
import loopdoctor.cli as cli
from msgspec.structs import replace
def scan(paths, settings, *, progress=None):
    {body}
sys.modules["loopdoctor.scan"] = types.SimpleNamespace(scan=scan)
cli._titles = lambda rules: {{}}
sys.exit(cli.main())
"""

CATALOGUE = Catalogue(
    symptoms={
        "loop-closed": SymptomRule(
            id="loop-closed",
            title="Event loop is closed",
            library="asyncio",
            means="Something used a loop after its end.",
            signatures=(Signature(literal="loop is closed"),),
            causes={"kept-client": 0.7},
            match=("RuntimeError: Event loop is closed",),
            no_match=("ValueError: no",),
        )
    },
    causes={
        "kept-client": Cause(
            id="kept-client",
            title="A client is kept",
            means="${object:-The client} was made under another loop.",
            happens="It happens `twice`.",
            clues=(
                Clue(id="two", ask={}, weight=1.0, says="two loops"),  # type: ignore[arg-type]
                Clue(id="one", ask={}, weight=-1.0, says="one loop"),  # type: ignore[arg-type]
            ),
            verdicts=(Verdict("lost-work", "the call failed."),),
            settle="Log the loop.",
            steps=(
                Step(
                    title="Make it anew",
                    text="In the loop.",
                    variants=(
                        Variant(right="asyncio.run(main())", python=">=3.11"),
                        Variant(right="loop.run_until_complete(main())", python="<3.11"),
                        Variant(right="async with httpx.AsyncClient(): ...", wrong="CLIENT = 1", library="httpx"),
                    ),
                ),
            ),
            check=("Run it twice.",),
            prevention=("Do not keep it.",),
            references=("https://docs.python.org/3/",),
        )
    },
    marks={},
)

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command line in this process: arguments in; status, stdout and stderr out.

    ``found`` is what a scan finds (or raises); ``run.seen`` holds what the scan was called with.
    """

    def run_main(*arguments: str, found: Any = FAILED, catalogue: Catalogue = CATALOGUE) -> tuple[int, str, str]:
        def scan(paths: Any, settings: Any, *, progress: Any = None) -> Report:
            if isinstance(found, BaseException):
                raise found
            seen.append((list(paths), settings))
            return found  # type: ignore[no-any-return]

        stand_in = types.SimpleNamespace(scan=scan, read_records=lambda paths, settings: iter([CLOSED]))
        monkeypatch.setitem(sys.modules, "loopdoctor.scan", stand_in)  # type: ignore[arg-type]
        monkeypatch.setattr(cli, "_catalogue", lambda rules: catalogue)
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


def environment(**more: str) -> dict[str, str]:
    """This process's environment without colours, and with our sources on the path."""
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")]), **more}


def process(*arguments: str, body: str = "return FAILED", **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The command line as a process of its own, over a scan with this body."""
    more = options.pop("env", {})
    command = [sys.executable, "-c", STAND_IN.format(body=body), *arguments]
    return subprocess.run(command, env=environment(**more), timeout=30, **{"capture_output": True, **options})


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
    monkeypatch.setattr(sys, "stdin", Path(os.devnull).open())
    assert run("scan")[0] == 0
    sys.stdin.close()
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


def test_explain_tells_a_cause_in_full(run: Run) -> None:
    """A cause is told from its meaning to its references, placeholders filled with their defaults."""
    status, out, err = run("explain", "kept-client", "--width", "100")
    assert (status, err) == (0, "")
    for part in ("The client was made under another loop.", "two loops", "one loop", "Log the loop.", "Run it twice."):
        assert part in out
    assert "${" not in out
    assert "For httpx" in out


def test_explain_tells_a_symptom(run: Run) -> None:
    """A symptom names its causes with their shares and shows an example."""
    out = run("explain", "loop-closed")[1]
    assert "70% A client is kept (`kept-client`)" in out
    assert "│ RuntimeError: Event loop is closed" in out


@pytest.mark.parametrize(
    ("choice", "shown", "hidden"),
    [
        (("--library", "httpx"), "httpx.AsyncClient", "run_until_complete"),
        (("--library", "redis", "--python", "3.10"), "run_until_complete", "httpx.AsyncClient"),
        (("--library", "redis", "--python", "3.13"), "asyncio.run(main())", "run_until_complete"),
    ],
)
def test_explain_shows_the_code_asked_for(run: Run, choice: tuple[str, ...], shown: str, hidden: str) -> None:
    """--library and --python choose variants; without one of its own a library gets asyncio's."""
    out = run("explain", "kept-client", *choice)[1]
    assert shown in out
    assert hidden not in out


def test_explain_as_json_is_the_rule(run: Run) -> None:
    """--format json gives the rule as it is written, with its kind."""
    told = json.loads(run("explain", "kept-client", "--format", "json")[1])
    assert (told["kind"], told["id"], told["settle"]) == ("cause", "kept-client", "Log the loop.")
    everything = json.loads(run("explain", "--all", "--format", "json")[1])
    assert [rule["id"] for rule in everything] == ["kept-client", "loop-closed"]


def test_explain_as_markdown_fences_its_code(run: Run) -> None:
    """--format markdown has headings and fenced code with its language."""
    out = run("explain", "kept-client", "--format", "markdown")[1]
    assert out.startswith("## A client is kept\n")
    assert "```python\nasync with httpx.AsyncClient(): ...\n```" in out
    assert out.count("```") % 2 == 0


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


def test_sound_rules_pass_and_broken_ones_exit_2(tmp_path: Path) -> None:
    """`rules lint` of a directory says file, line and column of each mistake and exits 2."""
    rule = tmp_path / "odd.yaml"
    rule.write_text("id: odd\ntitle: Odd\nsignatures: 7\n")
    done = subprocess.run(
        [sys.executable, "-m", "loopdoctor", "rules", "lint", str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
    )
    assert done.returncode == 2
    assert f"--> {rule}:" in done.stderr
    assert "Traceback" not in done.stderr


# --- a real process --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="pipes and signals of POSIX")
def test_a_closed_pipe_ends_quietly() -> None:
    """`loopdoctor scan ... | head -1` exits 0 without a word on standard error."""
    body = "return replace(FAILED, diagnoses=FAILED.diagnoses * 800)"
    command = [sys.executable, "-c", STAND_IN.format(body=body), "scan", "a.log", "--quiet"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(10)
        running.stdout.close()
        err = running.stderr.read()
        assert (running.wait(timeout=30), err) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told() -> None:
    """If standard output cannot be written, that is an error and not a short report."""
    with Path("/dev/full").open("wb") as full:
        done = process("scan", "a.log", stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert done.returncode == 2
    assert b"error: the report cannot be written: no space left on device [output-failed]" in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupted_scan_reports_and_exits_130() -> None:
    """Ctrl-C prints what the scan returned for it and exits 130."""
    body = "return replace(FAILED, stats=replace(FAILED.stats, interrupted=True))"
    done = process("scan", "a.log", "--fail-on", "any", body=body)
    assert done.returncode == 130
    assert b"The scan was stopped" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_anywhere_else_is_quiet() -> None:
    """A SIGINT outside the scan ends the process with 130 and no traceback."""
    body = "sys.stderr.write('ready'); sys.stderr.flush(); time.sleep(20)"
    command = [sys.executable, "-c", STAND_IN.format(body=body), "scan", "a.log"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        assert running.stderr.read(5) == b"ready"
        running.send_signal(signal.SIGINT)
        err = running.stderr.read()
        assert (running.wait(timeout=30), err) == (130, b"")


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}], ids=["C", "ascii"])
def test_a_terminal_without_unicode_gets_ascii(variables: dict[str, str]) -> None:
    """Under LC_ALL=C, or an ASCII stdout, a report is ASCII and nothing fails."""
    body = "return replace(FAILED, inputs=(replace(FAILED.inputs[0], path='caf\\u00e9.log'),))"
    done = process("scan", "a.log", body=body, env=variables)
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    assert b"####" in done.stdout
    assert rb"caf\xe9.log" in done.stdout


def test_json_is_utf_8_whatever_the_terminal_is() -> None:
    """JSON is UTF-8 by its standard, also under an ASCII locale."""
    body = "return replace(FAILED, inputs=(replace(FAILED.inputs[0], path='caf\\u00e9.log'),))"
    done = process("scan", "a.log", "--format", "json", body=body, env={"PYTHONIOENCODING": "ascii"})
    assert json.loads(done.stdout.decode("utf-8"))["inputs"][0]["path"] == "café.log"


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
def test_progress_is_shown_on_a_terminal_only_for_a_long_scan() -> None:
    """On a terminal a scan that takes longer shows bytes; it is wiped away, and standard output knows nothing of it."""
    body = (
        "from types import SimpleNamespace as T\n"
        "    for n in range(40):\n"
        "        progress(T(source='big.log', bytes_done=n * 1000000, bytes_total=40000000)); time.sleep(0.03)\n"
        "    return QUIET"
    )
    main_end, other_end = pty.openpty()
    done = process(
        *("scan", "a.log"),
        body=body,
        stdout=subprocess.PIPE,
        stderr=other_end,
        capture_output=False,
        env={"TERM": "xterm"},
    )
    os.close(other_end)
    shown = b""
    with os.fdopen(main_end, "rb", buffering=0) as screen:
        os.set_blocking(main_end, False)
        for _ in range(20):
            try:
                shown += screen.read(65536) or b""
            except (BlockingIOError, OSError):
                break
            time.sleep(0.01)
    assert done.returncode == 0
    assert b"big.log" in shown
    assert b"MB" in shown
    assert done.stdout.startswith(b"No asyncio failure found")


def test_a_pipe_sees_no_progress() -> None:
    """Where standard error is no terminal, the scan gets no progress function and stays silent."""
    done = process("scan", "a.log", body="assert progress is None; return QUIET")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (("--version",), {"rich", "yaml", "regex", "hyperscan"}),
        (("scan", "a.log", "--format", "json"), {"rich", "yaml", "pygments"}),
        (("scan", "a.log"), {"pygments", "rich.progress", "rich.syntax"}),
    ],
    ids=["version", "json", "text"],
)
def test_a_command_imports_only_what_it_needs(arguments: tuple[str, ...], unwanted: set[str]) -> None:
    """Start-up is short because nothing is loaded that a command does not use."""
    code = STAND_IN.format(body="return FAILED").replace(
        "sys.exit(cli.main())", "cli.main(); sys.stderr.write(' '.join(sys.modules))"
    )
    code = (
        code
        if arguments[0] == "scan"
        else code.split("from sample_report")[0]
        + "\n".join(["import loopdoctor.cli as cli", "cli.main()", "sys.stderr.write(' '.join(sys.modules))"])
    )
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    assert unwanted & set(done.stderr.split()) == set()


@pytest.mark.parametrize("format", ["text", "markdown", "json"])
def test_the_whole_catalogue_can_be_explained(
    format: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every built-in cause and symptom can be told in every format, with no placeholder left."""
    monkeypatch.setattr(sys, "argv", ["loopdoctor", "explain", "--all", "--format", format])
    assert cli.main() == 0
    out = capsys.readouterr().out
    assert "object-reused-across-loops" in out
    assert format == "json" or "${object" not in out


def test_shell_completion_is_offered() -> None:
    """typer's completion works through our entry point."""
    done = subprocess.run(
        [sys.executable, "-m", "loopdoctor"],
        capture_output=True,
        text=True,
        timeout=30,
        env=environment(_LOOPDOCTOR_COMPLETE="complete_bash", COMP_WORDS="loopdoctor sc", COMP_CWORD="1"),
    )
    assert done.stdout.strip() == "scan"
