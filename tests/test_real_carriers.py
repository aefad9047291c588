"""What real libraries and tools make of one failure tells the same as the plain log of it.

The carriers here are written by the tools themselves and not by the tests. Each test skips, with the reason, where
its tool or library is absent; CONTRIBUTING names an environment that has them all.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.model import Record
from loopdoctor.pipeline import read_records, scan
from loopdoctor.settings import Settings

pytestmark = pytest.mark.tools

PROGRAM = Path(__file__).parent / "programs" / "log_through.py"
GONE = 77
SETUPS = [
    "basic",
    "python-json-logger",
    "python-json-logger-array",
    "colorlog",
    "uvicorn",
    "gunicorn",
    "celery",
    "celery-task",
    "rich",
    "rich-tracebacks",
    "rich-locals",
    "rich-install",
    "loguru",
    "loguru-plain",
    "loguru-colours",
    "loguru-json",
    "structlog",
    "structlog-colours",
    "structlog-rich",
    "structlog-json",
    "structlog-dicts",
    "structlog-keys",
    "structlog-logfmt",
    "sentry",
]
PAYLOADS = ("chained", "context", "group", "pending", "debug", "never", "warned", "created")

# What a library leaves out cannot come back.
NOT_WRITTEN = {
    ("sentry", "warned"),  # below ERROR it sends no event
    ("sentry", "created"),
    ("rich-install", "never"),  # a traceback alone: the report above it is not part of it
}
NO_SURROUNDING = {"sentry"}  # no line behind the failure tells that the program went on
NO_SOURCE_LINES = {"structlog-dicts"}  # without source lines fewer clues hold: the symptoms are the same, not the cause
NO_MEMBERS_CAUSE = {"rich-tracebacks", "rich-locals", "rich-install", "structlog-rich", "sentry"}

Told = list[tuple[str, frozenset[str]]]
Traces = list[list[tuple[str, str, tuple[str, ...]]]]


def told(log: Path) -> Told:
    """The first cause of each incident with its symptoms."""
    report = scan([str(log)], Settings())
    return sorted(
        (diagnosis.candidates[0].id, frozenset(member.symptom.id for member in diagnosis.incident.members))
        for diagnosis in report.diagnoses
    )


def records(log: Path) -> list[Record]:
    """The failures in a log."""
    return list(read_records([str(log)], Settings()))


def written(log: Path) -> list[list[str]]:
    """The lines of each record, but for blank ones, which the journal does not keep."""
    return [[line.text for line in record.lines if line.text.strip()] for record in records(log)]


def traces(log: Path) -> Traces:
    """Type, message and functions of each exception of each record (a type without its module: some leave it out)."""
    return [
        [
            (trace.type.rpartition(".")[2], trace.message, tuple(frame.function for frame in trace.frames))
            for trace in (record.trace.walk() if record.trace else ())
        ]
        for record in records(log)
    ]


def same_traces(found: Traces, wanted: Traces) -> bool:
    """Whether all exceptions are there; loguru shows more frames, those outside of the ``try`` that caught."""
    return [[(kind, says) for kind, says, _ in one] for one in found] == [
        [(kind, says) for kind, says, _ in one] for one in wanted
    ] and all(
        more[2][-len(less[2]) :] == less[2]
        for one, other in zip(found, wanted, strict=True)
        for more, less in zip(one, other, strict=True)
        if less[2]
    )


@pytest.fixture(scope="module", autouse=True)
def catalogue_loaded_once() -> Iterator[None]:
    """Hundreds of scans: the rules are read once."""
    catalogue = load_catalogue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loopdoctor.pipeline.load_catalogue", lambda rules: catalogue)
        yield


@pytest.fixture(scope="session")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A function from a library's name to the folder of what it wrote; each library runs once."""
    done: dict[str, Path] = {}

    def run(library: str) -> Path:
        if library not in done:
            folder = tmp_path_factory.mktemp(library)
            process = subprocess.run(
                [sys.executable, "-W", "ignore", str(PROGRAM), library, str(folder)],
                capture_output=True,
                text=True,
                check=False,
            )
            if process.returncode == GONE:
                pytest.skip(process.stderr.strip())
            assert process.returncode == 0, process.stderr
            done[library] = folder
        return done[library]

    return run


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("library", SETUPS)
def test_a_failure_reads_the_same_through_every_library(
    library: str, payload: str, logged: Callable[[str], Path]
) -> None:
    """First cause, symptoms and exceptions with their frames are those of the plain log."""
    if (library, payload) in NOT_WRITTEN:
        pytest.skip(f"{library} does not write this")
    plain, log = logged("plain") / f"{payload}.log", logged(library) / f"{payload}.log"
    if library in NO_SURROUNDING | NO_SOURCE_LINES:
        assert [symptoms for _, symptoms in told(log)] == [symptoms for _, symptoms in told(plain)]
    else:
        assert told(log) == told(plain)
    if payload == "group" and library in NO_MEMBERS_CAUSE:
        kinds = [kind for kind, _, _ in traces(log)[0]]
        assert {"ExceptionGroup", "RuntimeError", "OSError"} == set(kinds)
    else:
        assert same_traces(traces(log), traces(plain))


# --- tools that carry lines -------------------------------------------------------------------------------------------

UNRAISABLE = """\
Exception ignored in: <coroutine object Till.count at 0x7fb1c2d3e4f0>
Traceback (most recent call last):
  File "/opt/till/count.py", line 18, in count
    await self.drawer.close()
RuntimeError: coroutine ignored GeneratorExit"""

PYTEST = """\
============================= test session starts ==============================
collected 1 item

tests/test_till.py F                                                     [100%]

=================================== FAILURES ===================================
_________________________________ test_closes __________________________________

    async def test_closes():
>       await till.close()

tests/test_till.py:6:
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _

    async def close(self):
>       raise RuntimeError("Event loop is closed")
E       RuntimeError: Event loop is closed

till/core.py:22: RuntimeError
=========================== short test summary info ============================
FAILED tests/test_till.py::test_closes - RuntimeError: Event loop is closed
============================== 1 failed in 0.12s ==============================="""

TEXTS = {"unraisable": UNRAISABLE, "pytest": PYTEST}
CARRIED = (*PAYLOADS, *TEXTS)


def tool(*names: str) -> str:
    """The path of a program, whatever directory of the system it is in."""
    for name in names:
        if found := shutil.which(name) or shutil.which(name, path="/lib/systemd:/usr/lib/systemd:/usr/sbin:/sbin"):
            return found
    pytest.skip(f"{names[0]} is not installed")


def beside_python(name: str) -> str:
    """The path of a script of this interpreter's environment."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        pytest.skip(f"{name} is not installed in this environment")
    return str(found)


def run(command: list[str], folder: Path, *, text: str = "", status: tuple[int, ...] = (0,)) -> bytes:
    """Runs a tool and gives what it printed."""
    done = subprocess.run(command, cwd=folder, input=text.encode(), capture_output=True, check=False, timeout=60)
    assert done.returncode in status, done.stderr.decode()
    return done.stdout


def journal(entries: list[str], output: str, folder: Path) -> bytes:
    """A journal of these entries as journalctl prints it."""
    writer, reader = tool("systemd-journal-remote"), tool("journalctl")
    made = b""
    for number, message in enumerate(entries):
        data = message.encode()
        made += (
            f"__REALTIME_TIMESTAMP={1900000000000000 + number}\n__MONOTONIC_TIMESTAMP={100 + number}\n"
            f"_BOOT_ID={'1' * 32}\n_HOSTNAME=galley\nSYSLOG_IDENTIFIER=till\n_PID=311\nPRIORITY=3\n"
            "_SYSTEMD_UNIT=till.service\nMESSAGE\n"
        ).encode() + len(data).to_bytes(8, "little")
        made += data + b"\n\n"
    (folder / "in.export").write_bytes(made)
    run([writer, "-o", str(folder / "till.journal"), str(folder / "in.export")], folder)
    return run([reader, "--file", str(folder / "till.journal"), "--no-pager", "-a", "-o", output], folder)


def journal_writer(output: str, *, whole: bool) -> Callable[[str, Path], bytes]:
    """journalctl's output of a log, one entry a line or one for the whole."""
    return lambda text, folder: journal([text] if whole else text.split("\n"), output, folder)


def stamped(*options: str) -> Callable[[str, Path], bytes]:
    """moreutils' ts."""
    return lambda text, folder: run([tool("ts"), *options], folder, text=text + "\n")


def honcho(text: str, folder: Path) -> bytes:
    """Two processes of a Procfile; one prints the log, the other something else."""
    (folder / "out.log").write_text(text + "\n")
    (folder / "Procfile").write_text("till: cat out.log; sleep 0.5\nclock: echo tick; sleep 0.5\n")
    return run([beside_python("honcho"), "--no-colour", "start"], folder, status=(0, 1, 143, 241))


def supervisord(text: str, folder: Path) -> bytes:
    """supervisord in the foreground, which logs its children's output at level debug."""
    (folder / "out.log").write_text(text + "\n")
    (folder / "supervisord.conf").write_text(
        f"[supervisord]\nnodaemon=true\nloglevel=debug\nlogfile={folder}/main.log\npidfile={folder}/pid\n"
        f"{'user=root' if os.geteuid() == 0 else ''}\n"
        "[program:till]\ncommand=sh -c 'sleep 0.1; cat out.log; sleep 0.3'\nautorestart=false\nstartsecs=0\n"
        "[program:end]\ncommand=sh -c 'sleep 0.8; kill -TERM $PPID'\nautorestart=false\nstartsecs=0\n"
    )
    run([beside_python("supervisord"), "-c", "supervisord.conf"], folder, status=(0, 2))
    return (folder / "main.log").read_bytes()


def rsyslog(template: str) -> Callable[[str, Path], bytes]:
    """rsyslogd reading a file and writing another."""

    def write(text: str, folder: Path) -> bytes:
        daemon = tool("rsyslogd")
        (folder / "out.log").write_text(text + "\n")
        (folder / "rsyslog.conf").write_text(
            f'global(workDirectory="{folder}")\nmodule(load="imfile" mode="polling" pollingInterval="1")\n'
            f'input(type="imfile" file="{folder}/out.log" tag="till[311]:")\n'
            f'action(type="omfile" file="{folder}/messages" template="{template}")\n'
        )
        process = subprocess.Popen(
            [daemon, "-n", "-f", str(folder / "rsyslog.conf"), "-i", str(folder / "pid")], stderr=subprocess.DEVNULL
        )
        try:
            for _ in range(100):
                try:
                    process.wait(0.1)
                except subprocess.TimeoutExpired:
                    messages = folder / "messages"
                    if messages.exists() and messages.read_bytes().count(b"\n") >= text.count("\n") + 1:
                        break
        finally:
            process.terminate()
            process.wait(10)
        return (folder / "messages").read_bytes()

    return write


JOURNAL = "short short-iso short-precise short-full short-monotonic short-unix with-unit json json-pretty json-sse"
TOOLS: dict[str, Callable[[str, Path], bytes]] = {
    **{f"journal-{output}": journal_writer(output, whole=False) for output in (*JOURNAL.split(), "cat", "export")},
    "journal-verbose": journal_writer("verbose", whole=False),
    **{f"journal-{o}-whole": journal_writer(o, whole=True) for o in (*JOURNAL.split(), "cat", "export", "verbose")},
    "ts": stamped(),
    "ts-since": stamped("-s"),
    "ts-iso": stamped("%Y-%m-%dT%H:%M:%.S"),
    "ts-brackets": stamped("[%Y-%m-%d %H:%M:%S]"),
    "honcho": honcho,
    "supervisord": supervisord,
    "rsyslog": rsyslog("RSYSLOG_TraditionalFileFormat"),
    "rsyslog-iso": rsyslog("RSYSLOG_FileFormat"),
    "rsyslog-5424": rsyslog("RSYSLOG_SyslogProtocol23Format"),
}
LOSES_A_BLANK = {"rsyslog", "rsyslog-iso"}  # its templates write "tag: text" and "tag:  text" with the same two blanks
SLOW_TOOLS = {"supervisord", "rsyslog", "rsyslog-iso", "rsyslog-5424"}


@pytest.mark.parametrize("payload", CARRIED)
@pytest.mark.parametrize("carrier", [*TOOLS])
def test_a_failure_comes_whole_through_every_tool(
    carrier: str, payload: str, logged: Callable[[str], Path], tmp_path: Path
) -> None:
    """The records' lines are those that the program wrote, and so are the first cause and the symptoms."""
    if carrier in SLOW_TOOLS and payload not in ("chained", "group"):
        pytest.skip("starting the daemon takes seconds: two payloads are enough")
    text = TEXTS.get(payload) or (logged("plain") / f"{payload}.log").read_text().rstrip("\n")
    plain, log = tmp_path / "plain.log", tmp_path / "carried.log"
    plain.write_text(text + "\n")
    log.write_bytes(TOOLS[carrier](text, tmp_path))
    if carrier in LOSES_A_BLANK:
        assert [[text.lstrip() for text in one] for one in written(log)] == [
            [text.lstrip() for text in one] for one in written(plain)
        ]
    else:
        assert written(log) == written(plain)
    assert told(log) == told(plain)


# --- programs that run a program --------------------------------------------------------------------------------------

FAILING = """
import asyncio

def drawer():
    raise OSError("drawer stuck")

def close_drawer():
    try:
        drawer()
    except OSError as error:
        raise RuntimeError("Event loop is closed") from error
"""


@pytest.mark.parametrize(
    "options",
    ["--tb=long", "--tb=short", "--tb=native", "--tb=line", "--tb=auto -v", "--tb=short -rA", "-o log_cli=true",
     "--color=yes", "-n2", "--showlocals", "-q --full-trace"],
)  # fmt: skip
def test_pytest_tells_the_exception_in_every_style(options: str, tmp_path: Path) -> None:
    """One incident, with the message that the test failed with; but for ``line`` its frames are there."""
    if "-n" in options and importlib.util.find_spec("xdist") is None:
        pytest.skip("pytest-xdist is not installed")
    (tmp_path / "test_till.py").write_text(f"{FAILING}\n\ndef test_closes():\n    close_drawer()\n")
    output = run([sys.executable, "-m", "pytest", *options.split(), "test_till.py"], tmp_path, status=(1,))
    (tmp_path / "pytest.log").write_bytes(output)
    ((_, symptoms),) = told(tmp_path / "pytest.log")
    assert symptoms == {"event-loop-is-closed"}
    if "line" not in options:
        found = {frame.function for record in records(tmp_path / "pytest.log") for frame in record.frames()}
        assert {"drawer", "close_drawer"} <= found


def test_junit_xml_of_pytest_tells_what_its_output_tells(tmp_path: Path) -> None:
    """The XML report and the terminal's have the same symptoms and causes."""
    (tmp_path / "test_till.py").write_text(f"{FAILING}\n\ndef test_closes():\n    close_drawer()\n")
    output = run([sys.executable, "-m", "pytest", "--junit-xml=report.xml", "test_till.py"], tmp_path, status=(1,))
    (tmp_path / "pytest.log").write_bytes(output)
    assert told(tmp_path / "report.xml") == told(tmp_path / "pytest.log")


@pytest.mark.parametrize("mode", ["Plain", "Context", "Verbose", "Minimal"])
def test_ipython_tells_the_exception_in_every_mode(mode: str, tmp_path: Path) -> None:
    """Each of IPython's traceback modes is read."""
    if importlib.util.find_spec("IPython") is None:
        pytest.skip("IPython is not installed")
    (tmp_path / "till.py").write_text(FAILING + "\nclose_drawer()\n")
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", f"--xmode={mode}", "till.py"]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, env=environment, check=False, timeout=60)
    (tmp_path / "out.log").write_bytes(done.stdout + done.stderr)
    ((_, symptoms),) = told(tmp_path / "out.log")
    assert symptoms == {"event-loop-is-closed"}
