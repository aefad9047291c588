"""The command line as a real process: pipes, signals, encodings, terminals, start-up."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]

# Runs the real command line in a process of its own over a scan that does what a test needs.
STAND_IN = """
import os, signal, sys, time, types
from sample_report import FAILED, QUIET
import loopdoctor.cli as cli
from msgspec.structs import replace
def scan(paths, settings, *, progress=None, keep=False, stop=None):
    {body}
sys.modules["loopdoctor.pipeline"] = types.SimpleNamespace(scan=scan)
cli._titles = lambda rules: {{}}
sys.exit(cli.main())
"""


def environment(**more: str) -> dict[str, str]:
    """This process's environment without colours, and with our sources on the path."""
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    return {**kept, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")]), **more}


def process(*arguments: str, body: str = "return FAILED", **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The command line as a process of its own, over a scan with this body."""
    more = options.pop("env", {})
    command = [sys.executable, "-c", STAND_IN.format(body=body), *arguments]
    return subprocess.run(command, env=environment(**more), timeout=30, **{"capture_output": True, **options})


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
def test_a_second_ctrl_c_is_quiet() -> None:
    """Where the scan does not heed the first SIGINT, the next one ends the process with 130 and no traceback."""
    body = "sys.stderr.write('ready'); sys.stderr.flush(); time.sleep(20)"
    command = [sys.executable, "-c", STAND_IN.format(body=body), "scan", "a.log"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stderr is not None
        assert running.stderr.read(5) == b"ready"
        for _ in range(2):
            running.send_signal(signal.SIGINT)
            time.sleep(0.2)
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
