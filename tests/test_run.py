"""``loopdoctor run``: a command as it is without us - output, signals, status - and the diagnosis of what it wrote."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")

ROOT = Path(__file__).parents[1]
RUN = (sys.executable, "-m", "loopdoctor", "run")
FAILS = "import sys; sys.stderr.write('Unclosed client session\\n')"


def environment(**more: str) -> dict[str, str]:
    """This process's environment, without what ``run`` or a user would set."""
    ours = ("PYTHON", "LOOPDOCTOR", "_LOOPDOCTOR", "COLUMNS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), **more}


def run(*arguments: str, env: dict[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """``loopdoctor run`` with these arguments."""
    chosen = {"capture_output": True, "timeout": 60, **options}
    return subprocess.run([*RUN, *arguments], env=environment(**(env or {})), **chosen)


def python(code: str) -> tuple[str, ...]:
    """A command that runs this code."""
    return ("--", sys.executable, "-c", code)


@contextmanager
def started(*arguments: str, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """``loopdoctor run`` that is running, in a process group of its own."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True, **options}
    with subprocess.Popen([*RUN, *arguments], env=environment(), **pipes) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def line_of(process: subprocess.Popen[bytes]) -> bytes:
    """The next line of its standard output."""
    assert process.stdout is not None
    return process.stdout.readline()


# --- output --------------------------------------------------------------------------------------------------------


def test_every_byte_goes_where_it_would() -> None:
    """Standard output and standard error stay apart, and no byte is changed, whatever it is."""
    code = "import os; os.write(1, bytes(range(256)) * 9 + b'no end'); os.write(2, b'\\xff\\0err')"
    done = run("--quiet", *python(code))
    assert done.stdout == bytes(range(256)) * 9 + b"no end"
    assert done.stderr == b"\xff\0err"


def test_output_comes_at_once() -> None:
    """A prompt without a line end is there while the command still runs, and its answer is read."""
    with started(*python("x = input('name? '); print('hello', x)"), stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.read(6) == b"name? "
        process.stdin.write(b"lamp\n")
        process.stdin.flush()
        assert line_of(process) == b"hello lamp\n"
        assert process.wait(timeout=30) == 0


def test_two_streams_to_one_place_keep_their_order() -> None:
    """With 2>&1 the lines stand as the command wrote them."""
    code = "import os\nfor n in range(500): os.write(1 + n % 2, b'%d\\n' % n)"
    done = run("--quiet", *python(code), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, capture_output=False)
    assert done.stdout == b"".join(b"%d\n" % n for n in range(500))


def test_a_hundred_megabytes_are_passed_on_and_diagnosed(tmp_path: Path) -> None:
    """Much output costs little time and memory, and its last line is diagnosed."""
    report = tmp_path / "report.json"
    code = (
        "import os, resource, subprocess, sys\n"
        "line = b'09:00:01 INFO quay: lamp lit at the end of the pier\\n' * 20000\n"
        "for _ in range(100): os.write(1, line)\n"
        "os.write(1, b'Unclosed client session\\n')"
    )
    with Path(os.devnull).open("wb") as nowhere:
        began = time.monotonic()
        done = run("-f", "json", "-o", str(report), *python(code), stdout=nowhere, stderr=None, capture_output=False)
        took = time.monotonic() - began
    assert done.returncode == 0
    found = json.loads(report.read_text())
    assert found["incidents"][0]["first"] == {"source": "<stdout>", "line": 2_000_001, "time": None}
    assert took < 20


def test_a_reader_that_goes_ends_the_command_as_ever() -> None:
    """`loopdoctor run -- yes | head -1`: the command dies of SIGPIPE, and so do we."""
    with started("--", "yes") as process:
        assert line_of(process) == b"y\n"
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(timeout=30) == -signal.SIGPIPE


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written_is_told() -> None:
    """A full disk below our output is an error even if the command did not mind."""
    code = "import os, signal, time; signal.signal(signal.SIGPIPE, signal.SIG_IGN); os.write(1, b'x'); time.sleep(.2)"
    with Path("/dev/full").open("wb") as full:
        done = run(*python(code), stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert done.returncode == 2
    assert b"no space left on device" in done.stderr.lower()


def test_what_is_left_behind_is_not_waited_for() -> None:
    """A process that holds the pipe open after the command's end delays us by a moment, and is told."""
    began = time.monotonic()
    done = run("-f", "json", "--", "sh", "-c", "sleep 30 & echo started")
    assert time.monotonic() - began < 15
    assert done.returncode == 0
    assert done.stdout == b"started\n"
    assert {notice["kind"] for notice in json.loads(done.stderr)["notices"]} == {"output-left-open"}


def test_what_is_left_behind_and_soon_done_is_heard() -> None:
    """What a grandchild writes shortly after the command's end is passed on and diagnosed."""
    done = run("--", "sh", "-c", "(sleep .2; echo Unclosed client session) &")
    assert done.stdout == b"Unclosed client session\n"
    assert b"1 asyncio failure in <stdout>" in done.stderr


def test_a_process_that_never_stops_writing_is_left() -> None:
    """A grandchild that floods the pipe cannot keep us."""
    began = time.monotonic()
    assert run("--quiet", "--", "sh", "-c", "while echo y; do sleep .05; done & exit 0").returncode == 0
    assert time.monotonic() - began < 15


def test_closed_standard_streams_are_no_trouble() -> None:
    """`loopdoctor run ... >&- 2>&-` runs the command as ever."""
    command = f"exec {' '.join(RUN)} -- sh -c 'echo lost; exit 5' >&- 2>&-"
    assert subprocess.run(["sh", "-c", command], env=environment(), timeout=30).returncode == 5


# --- the end ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0, 2, 255])
def test_the_exit_status_is_the_commands(status: int) -> None:
    """Whatever the command says stays."""
    assert run("--", "sh", "-c", f"exit {status}").returncode == status


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL", "SIGSEGV"])
def test_a_command_that_is_killed_kills_us(name: str, tmp_path: Path) -> None:
    """The caller sees the same death, and still has the report; no core file is ours."""
    code = (
        f"import os; print('Unclosed client session', flush=True); os.kill(os.getpid(), {int(getattr(signal, name))})"
    )
    done = run("--no-debug", *python(code), cwd=tmp_path)
    assert done.returncode == -getattr(signal, name)
    assert b"1 asyncio failure" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_cannot_be_run(tmp_path: Path) -> None:
    """127 if there is none, 126 if it is no program, 2 if none was named."""
    (tmp_path / "readme").write_text("no program\n")
    absent, plain, none = run("--", "no-such-command"), run("--", str(tmp_path / "readme")), run()
    assert (absent.returncode, plain.returncode, none.returncode) == (127, 126, 2)
    assert b"there is no command 'no-such-command'" in absent.stderr
    assert b"Traceback" not in absent.stderr + plain.stderr + none.stderr


def test_the_double_dash_may_be_left_out() -> None:
    """Options behind the command are the command's."""
    assert run("--quiet", "echo", "--format", "-n", "--").stdout == b"--format -n --\n"


def test_nothing_is_run_if_we_are_called_wrongly(tmp_path: Path) -> None:
    """Broken rules and impossible files are told before the command is started."""
    (tmp_path / "odd.yaml").write_text("id: odd\n")
    for wrong in (("--rules", str(tmp_path)), ("--report", f"json={tmp_path}/no/dir.json"), ("-f", "yaml")):
        done = run(*wrong, "--", "touch", str(tmp_path / "ran"))
        assert (done.returncode, (tmp_path / "ran").exists()) == (2, False), wrong


def test_nothing_goes_through_a_shell(tmp_path: Path) -> None:
    """An argument is what it is."""
    assert run("--quiet", "--", "echo", "$HOME; touch x `id`", cwd=tmp_path).stdout == b"$HOME; touch x `id`\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("status", "expected"), [(0, 1), (3, 3)])
def test_fail_on_turns_only_a_success_into_a_failure(status: int, expected: int) -> None:
    """A failure found is 1 where the command said 0, and never hides what else it said."""
    done = run("--fail-on", "any", *python(f"{FAILS}; sys.exit({status})"))
    assert done.returncode == expected
    assert run("--fail-on", "any", *python("print('calm')")).returncode == 0


# --- signals ---------------------------------------------------------------------------------------------------------

COUNTS = """
import signal, sys, time
got = []
def take(number, _):
    got.append(number)
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
    signal.signal(getattr(signal, name), take)
print("ready", flush=True)
until = time.monotonic() + 20
while not got and time.monotonic() < until:
    time.sleep(0.02)
time.sleep(0.5)
print(*[signal.Signals(number).name for number in got], flush=True)
sys.exit(9)
"""

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("to_group", [False, True], ids=["to us", "to the group"])
def test_a_signal_reaches_the_command_once(name: str, to_group: bool) -> None:
    """Sent to us alone it is handed on; sent to the group, as Ctrl-C is, it has come already."""
    with started("--quiet", *python(COUNTS)) as process:
        assert line_of(process) == b"ready\n"
        (os.killpg if to_group else os.kill)(process.pid, getattr(signal, name))
        assert line_of(process).split() == [name.encode()]
        assert process.wait(timeout=30) == 9


def test_ctrl_c_ends_the_command_and_then_us_with_a_report() -> None:
    """The command dies of its KeyboardInterrupt, we of the same signal, after the report."""
    code = "import time; print('Unclosed client session', flush=True); time.sleep(20)"
    with started(*python(code)) as process:
        assert line_of(process) == b"Unclosed client session\n"
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
        assert process.returncode == -signal.SIGINT
        assert b"KeyboardInterrupt" in err
        assert b"1 asyncio failure" in err


def test_an_ignored_signal_stays_ignored() -> None:
    """Under nohup a hang-up ends neither the command nor us."""
    code = "import signal, time; print(signal.getsignal(signal.SIGHUP).name, flush=True); time.sleep(.6)"
    shell = f"trap '' HUP; exec {' '.join(RUN)} --quiet -- {sys.executable} -c \"{code}\""
    with subprocess.Popen(["sh", "-c", shell], env=environment(), stdout=subprocess.PIPE) as process:
        assert line_of(process) == b"SIG_IGN\n"
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=30) == 0


def test_no_process_is_left() -> None:
    """However we end, what we started of our own ends too."""
    with started("--quiet", *python("import os, time; print(os.getppid(), flush=True); time.sleep(3)")) as process:
        ours = int(line_of(process))
        assert ours == process.pid
        process.kill()
        process.wait(timeout=30)
        time.sleep(0.3)
        left = subprocess.run(["ps", "-o", "args=", "-g", str(process.pid)], capture_output=True, text=True).stdout
        os.killpg(process.pid, signal.SIGKILL)
    assert "loopdoctor" not in left


# --- terminals -------------------------------------------------------------------------------------------------------


def on_a_terminal(*arguments: str, size: tuple[int, int] = (40, 132), keys: bytes = b"") -> tuple[bytes, int]:
    """What a terminal shows of ``loopdoctor run`` in a session of its own, and how it ended."""
    import fcntl
    import pty
    import struct
    import termios

    child, screen = pty.fork()
    if not child:
        os.execve(sys.executable, [*RUN, *arguments], environment(TERM="xterm"))
    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    shown = b""
    with os.fdopen(screen, "r+b", buffering=0) as terminal:
        while True:
            try:
                data = terminal.read(4096)
            except OSError:
                break
            if not data:
                break
            shown += data
            if keys and b"ready" in shown:
                terminal.write(keys)
                keys = b""
    return shown, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_terminal_stays_a_terminal() -> None:
    """The command sees a terminal of our size on both streams, and its lines are not ended twice."""
    code = "import os, sys, time; time.sleep(.3); print(os.isatty(1), os.isatty(2), *os.get_terminal_size(1))"
    shown, status = on_a_terminal("--quiet", *python(code))
    assert (shown, status) == (b"True True 132 40\r\n", 0)


def test_a_terminal_can_be_refused() -> None:
    """With --no-tty it is a pipe."""
    shown, _ = on_a_terminal("--quiet", "--no-tty", *python("import os; print(os.isatty(1), os.isatty(2))"))
    assert shown == b"False False\r\n"


def test_ctrl_c_on_the_keyboard_comes_once() -> None:
    """The terminal's own Ctrl-C reaches the command, once."""
    shown, status = on_a_terminal("--quiet", *python(COUNTS), keys=b"\x03")
    assert status == 9
    assert (shown.count(b"ready"), shown.count(b"SIGINT")) == (1, 1)  # the echo ^C stands before, behind or between


# --- the environment -------------------------------------------------------------------------------------------------

SHOW = "import json, os; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('PYTHON')}))"


def test_python_is_made_talkative_but_what_is_set_stays() -> None:
    """Debug modes are set where the user has said nothing; warnings filters of the user count before ours."""
    plain = json.loads(run("--quiet", *python(SHOW)).stdout)
    assert plain["PYTHONASYNCIODEBUG"] == plain["PYTHONUNBUFFERED"] == plain["PYTHONFAULTHANDLER"] == "1"
    assert int(plain["PYTHONTRACEMALLOC"]) > 1
    assert plain["PYTHONWARNINGS"] == "default"
    own = {"PYTHONASYNCIODEBUG": "", "PYTHONTRACEMALLOC": "3", "PYTHONWARNINGS": "error::ResourceWarning"}
    kept = json.loads(run("--quiet", *python(SHOW), env=own).stdout)
    assert {**kept, **own, "PYTHONWARNINGS": "default,error::ResourceWarning"} == kept
    assert set(json.loads(run("--quiet", "--no-debug", *python(SHOW)).stdout)) == {"PYTHONPATH"}


# --- the diagnosis ---------------------------------------------------------------------------------------------------


def diagnosed(pair: str, report: Path) -> None:
    """Asserts that both programs of a pair are told apart."""
    from loopdoctor.repro import load_pairs

    folder = ROOT / "sample_logs" / pair
    done = run("--report", f"json={report}", "--", sys.executable, str(folder / "broken.py"))
    causes = [one["causes"][0]["id"] for one in json.loads(report.read_text())["incidents"]]
    assert load_pairs().pairs[pair].cause in causes, done.stderr.decode()
    report.unlink()
    fixed = run("--report", f"json={report}", "--", sys.executable, str(folder / "fixed.py"))
    assert fixed.returncode == 0
    found = {one["causes"][0]["id"] for one in json.loads(report.read_text())["incidents"]}
    # In asyncio's debug mode a step of 0.1 s is told, and on a busy machine any step may take that long.
    assert found <= {"blocking-call-in-loop"}, fixed.stderr.decode()


@pytest.mark.parametrize("pair", ["price-cache-at-import", "metrics-flusher-destroyed", "form-handler-nested-run"])
def test_a_failing_program_is_diagnosed(pair: str, tmp_path: Path) -> None:
    """`loopdoctor run -- python broken.py` names the cause that the pair is about; its twin is found sound."""
    diagnosed(pair, tmp_path / "report.json")


@pytest.mark.slow
@pytest.mark.parametrize(
    "pair",
    sorted(
        file.parent.name
        for file in (ROOT / "sample_logs").glob("*/sample.yaml")
        if f"python: {sys.version_info[0]}.{sys.version_info[1]}." in file.read_text()
        and not re.search(r"^(requires: \[\w|needs:|command:|env:|sigterm_after:)", file.read_text(), re.MULTILINE)
    ),
)
def test_every_pair_of_the_standard_library_is_diagnosed(pair: str, tmp_path: Path) -> None:
    """The same for all pairs that this Python can show."""
    diagnosed(pair, tmp_path / "report.json")


def test_a_run_within_a_run_tells_once(tmp_path: Path) -> None:
    """The outer one reports, the inner one writes its files and keeps its status."""
    inner = tmp_path / "inner.json"
    nested = ("--", *RUN, "--fail-on", "any", "--report", f"json={inner}")
    done = run(*nested, *python(FAILS))
    assert done.returncode == 1
    assert done.stderr.count(b"1 asyncio failure in") == 1
    assert len(json.loads(inner.read_text())["incidents"]) == 1


def test_an_inner_run_whose_output_goes_elsewhere_reports(tmp_path: Path) -> None:
    """What the outer run does not see it cannot tell."""
    log = tmp_path / "inner.log"
    command = f"{' '.join(RUN)} -- {sys.executable} -c \"print('Unclosed client session')\" > {log} 2>&1"
    done = run("--quiet", "--", "sh", "-c", command)
    assert (done.returncode, done.stdout) == (0, b"")
    assert b"1 asyncio failure" in log.read_bytes()


def test_a_quiet_command_gets_a_quiet_end() -> None:
    """A command that writes nothing is not commented upon."""
    done = run("--", "true")
    assert (done.stdout, done.stderr) == (b"", b"")
