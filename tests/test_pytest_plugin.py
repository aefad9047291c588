"""The pytest plugin: the right cause under the right test, and a run that is otherwise as it would be without it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]
HOMES = Path("~/.cache/loopdoctor/plugin").expanduser()
ENVIRONMENTS = {
    "asyncio-0.21": ["pytest-asyncio==0.21.*", "pytest==7.*"],
    "asyncio-0.23": ["pytest-asyncio==0.23.*", "pytest==8.*"],
    "asyncio-1": ["pytest-asyncio>=1,<2", "pytest"],
    "anyio": ["anyio[trio]", "pytest"],
    "xdist": ["pytest-xdist", "pytest-asyncio>=1,<2", "pytest"],
}
# An installed plugin is there by itself; from a source tree that is not installed it is named.
NAMED = [] if entry_points(group="pytest11", name="loopdoctor") else ["-p", "loopdoctor.pytest_plugin"]

SHOP = '''
import asyncio


class Client:
    """As libraries write them: bound to the loop of its first use."""

    loop = None

    async def fetch(self, key):
        self.loop = self.loop or asyncio.get_running_loop()
        self.loop.call_soon(lambda: None)
        return key


async def notify(order):
    await asyncio.sleep(0)


async def poll():
    await asyncio.sleep(3600)


class Pipe:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        import warnings

        warnings.warn(f"unclosed transport {self!r}", ResourceWarning, source=self)

    def __repr__(self):
        return f"<_SelectorSocketTransport fd={self.name}>"
'''

PLAIN = """
import asyncio
import gc
import socket

from shop import Client, Pipe, notify, poll

CLIENT = Client()


def test_first_order():
    assert asyncio.run(CLIENT.fetch("tea")) == "tea"


def test_second_order():
    assert asyncio.run(CLIENT.fetch("rum")) == "rum"


def test_notifies():
    notify("tea")


def test_polls():
    loop = asyncio.new_event_loop()
    loop.create_task(poll(), name="poller")
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    del loop
    gc.collect()


def test_forgets_a_transport():
    Pipe(7)


def test_is_fine():
    assert asyncio.run(asyncio.sleep(0, "tea")) == "tea"
"""

ASYNCIO = """
import asyncio
import gc

import pytest

from shop import Client, Pipe, notify, poll

asynchronous = pytest.mark.{mark}


@pytest.fixture(scope="session")
def client():
    return Client()


@asynchronous
async def test_first_order(client):
    assert await client.fetch("tea") == "tea"


@asynchronous
async def test_second_order(client):
    assert await client.fetch("rum") == "rum"


@asynchronous
async def test_notifies():
    notify("tea")


def test_polls():
    loop = asyncio.new_event_loop()
    loop.create_task(poll(), name="poller")
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    del loop
    gc.collect()


@asynchronous
async def test_forgets_a_transport():
    Pipe(7)


@asynchronous
async def test_is_fine():
    await asyncio.sleep(0)
"""


class Told:
    """The section of a run: each incident's title, tests and cause's id."""

    def __init__(self, output: str) -> None:
        rest = re.split(r"=+ loopdoctor =+\n", output)
        self.text = re.split(r"\n=+ ", rest[1])[0] if len(rest) > 1 else ""
        self.incidents = [part for part in re.split(r"\n\n(?=\d+\. )", self.text) if re.match(r"\d+\. ", part)]

    def causes_of(self, test: str) -> list[str]:
        """The first causes of the incidents under this test."""
        under = [part for part in self.incidents if re.search(rf"^     \S*::{test}$", part, re.M)]
        return [match[1] for part in under if (match := re.search(r"loopdoctor explain (\S+)", part))]


@pytest.fixture(autouse=True)
def source_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in other directories import this tree."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]))


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """The suite without any asyncio plugin."""
    pytester.makepyfile(shop=SHOP, test_shop=PLAIN)
    pytester.makeini("[pytest]\nfilterwarnings = default::ResourceWarning\n")
    return pytester


def run(suite: pytest.Pytester, *options: str) -> pytest.RunResult:
    """A run in a process of its own."""
    return suite.runpytest_subprocess(*NAMED, "-p", "no:cacheprovider", *options)


def test_each_failure_is_told_under_its_test_with_its_cause(suite: pytest.Pytester) -> None:
    """A client of another loop, a coroutine never awaited, a pending task, a transport left open; a sound test not."""
    told = Told(run(suite, "--loopdoctor").stdout.str())
    assert told.causes_of("test_second_order") == ["object-reused-across-loops"]
    assert told.causes_of("test_notifies") == ["missing-await"]
    assert told.causes_of("test_polls") == ["background-task-outlives-main"]
    assert told.causes_of("test_forgets_a_transport") == ["resource-not-closed"]
    assert "test_is_fine" not in told.text
    assert "test_first_order" not in told.text


@pytest.mark.parametrize("options", [["-q"], ["--tb=short"], ["--tb=no"], ["--tb=line"], ["--tb=native"]])
def test_the_diagnosis_does_not_depend_on_what_the_terminal_shows(suite: pytest.Pytester, options: list[str]) -> None:
    """``--tb`` and ``-q`` leave things out of the terminal, not of the diagnosis; the exit status stays."""
    result = run(suite, "--loopdoctor", *options)
    told = Told(result.stdout.str())
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert told.causes_of("test_second_order") == ["object-reused-across-loops"]
    assert told.causes_of("test_notifies") == ["missing-await"]


def test_the_diagnosis_is_that_of_a_scan_of_the_output(suite: pytest.Pytester) -> None:
    """``loopdoctor scan`` over what ``pytest -rA`` prints finds the same symptoms and the same causes."""
    report = suite.path / "report.json"
    run(suite, "--loopdoctor-report", f"json={report}", "-q")
    log = suite.path / "run.log"
    log.write_text(run(suite, "-rA").stdout.str())
    command = [sys.executable, "-m", "loopdoctor", "scan", str(log), "--format", "json"]
    scanned = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def causes(found: dict[str, list[dict[str, list[dict[str, str]]]]]) -> set[tuple[str, str]]:
        return {(one["symptoms"][0]["id"], one["causes"][0]["id"]) for one in found["incidents"]}

    assert causes(json.loads(report.read_text())) == causes(scanned)


def test_nothing_is_imported_and_nothing_said_unless_asked_for(suite: pytest.Pytester) -> None:
    """Without the option: no section, and no module of loopdoctor but the plugin's own."""
    suite.makeconftest(
        "import sys\n"
        "def pytest_unconfigure():\n"
        "    print(sorted(name for name in sys.modules if name.startswith(('loopdoctor', 'rich', 'msgspec'))))\n"
    )
    result = run(suite)
    assert "= loopdoctor =" not in result.stdout.str()
    assert "['loopdoctor', 'loopdoctor.pytest_plugin']" in result.stdout.str()


def test_a_setting_asks_for_it_in_every_run(suite: pytest.Pytester) -> None:
    """``loopdoctor = true`` in the ini file."""
    suite.makeini("[pytest]\nloopdoctor = true\n")
    assert Told(run(suite).stdout.str()).causes_of("test_notifies") == ["missing-await"]


def test_a_run_without_failures_says_nothing(pytester: pytest.Pytester) -> None:
    """No section where there is nothing to tell."""
    pytester.makepyfile("def test_sum():\n    assert 1 + 1 == 2\n")
    result = run(pytester, "--loopdoctor")
    assert result.ret == pytest.ExitCode.OK
    assert "= loopdoctor =" not in result.stdout.str()


def test_a_failure_that_has_nothing_to_do_with_asyncio_is_left_alone(pytester: pytest.Pytester) -> None:
    """One line says that there is nothing."""
    pytester.makepyfile("def test_sum():\n    assert 1 + 1 == 3\n")
    result = run(pytester, "--loopdoctor")
    result.stdout.fnmatch_lines(["*= loopdoctor =*", "no asyncio failure among these"])


@pytest.mark.parametrize("terminal", [[], ["-p", "no:terminal"]])
def test_reports_are_written_in_any_format_with_a_terminal_or_without(
    suite: pytest.Pytester, terminal: list[str]
) -> None:
    """``--loopdoctor-report FORMAT=FILE``, as often as one likes."""
    result = run(suite, "--loopdoctor-report", "json=a.json", "--loopdoctor-report", "text=a.txt", *terminal)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    found = json.loads((suite.path / "a.json").read_text())
    assert {one["causes"][0]["id"] for one in found["incidents"]} >= {"object-reused-across-loops", "missing-await"}
    assert "asyncio failures in pytest" in (suite.path / "a.txt").read_text()


def test_a_report_that_cannot_be_written_is_told_before_the_run(suite: pytest.Pytester) -> None:
    """Wrong usage: a format that there is not."""
    result = run(suite, "--loopdoctor-report", "tarot=cards")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*no format 'tarot'*"])


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        ("loopdoctor.api.scan = None", "loopdoctor: no diagnosis: TypeError*"),
        ("loopdoctor.testrun.Recorder._keep = None", "loopdoctor: no diagnosis: TypeError*"),
    ],
)
def test_a_fault_of_ours_is_one_line(pytester: pytest.Pytester, breaks: str, says: str) -> None:
    """Never a traceback, and the tests' result stands."""
    pytester.makepyfile("def test_sum():\n    assert 1 + 1 == 3\n")
    pytester.makeconftest(f"import loopdoctor.api, loopdoctor.testrun\n{breaks}\n")
    result = run(pytester, "--loopdoctor")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([says])
    assert "INTERNALERROR" not in result.stdout.str()
    assert "loopdoctor/testrun.py" not in result.stdout.str()


def test_broken_rules_of_a_project_are_told_in_one_line(pytester: pytest.Pytester) -> None:
    """The rules of ``[tool.loopdoctor]`` are read as ``loopdoctor scan`` reads them."""
    pytester.makepyfile("def test_sum():\n    assert 1 + 1 == 3\n")
    (pytester.path / "loopdoctor.toml").write_text('rules = ["nowhere"]\n')
    result = run(pytester, "--loopdoctor")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["loopdoctor: *nowhere*"])


def test_what_a_test_prints_steers_no_terminal(pytester: pytest.Pytester) -> None:
    """Control sequences in a test's own words arrive as text."""
    pytester.makepyfile(
        "import pytest\n"
        "@pytest.mark.parametrize('x', ['\\x1b[2J'], ids=['\\x1b[2J'])\n"
        "def test_loop(x):\n"
        "    raise RuntimeError('Event loop is closed')\n"
    )
    assert "\x1b[2J" not in Told(run(pytester, "--loopdoctor").stdout.str()).text


# --- real plugins, each in an environment of its own ------------------------------------------------------------------


@pytest.fixture(scope="module")
def pytest_of() -> object:
    """Makes an environment if it is not there, and gives its pytest."""

    def find(name: str) -> str:
        home = HOMES / name
        made = home / "made-of"
        wanted = "\n".join(ENVIRONMENTS[name])
        if not made.is_file() or made.read_text() != wanted:
            quiet = [str(home / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
            for command in ([sys.executable, "-m", "venv", str(home)], [*quiet, "-e", str(ROOT), *ENVIRONMENTS[name]]):
                done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
                if done.returncode:
                    pytest.skip(f"no environment {name}: {done.stderr.strip()[-200:]}")
            made.write_text(wanted)
        return str(home / "bin" / "pytest")

    return find


@pytest.mark.tools
@pytest.mark.parametrize(
    ("environment", "mark", "options"),
    [
        ("asyncio-0.21", "asyncio", []),
        ("asyncio-0.21", "asyncio", ["--tb=no", "-q"]),
        ("asyncio-0.23", "asyncio", []),
        ("asyncio-1", "asyncio", []),
        ("asyncio-1", "asyncio", ["--tb=short"]),
        ("anyio", "anyio", []),
        ("xdist", "asyncio", ["-n2"]),
        ("xdist", "asyncio", ["-n2", "--tb=no"]),
        ("xdist", "asyncio", ["-n0"]),
    ],
)
def test_real_suites_are_told_right(
    pytest_of: object, pytester: pytest.Pytester, environment: str, mark: str, options: list[str]
) -> None:
    """The same four mistakes under every maker of loops, and with the tests spread over processes."""
    binary = pytest_of(environment)  # type: ignore[operator]
    suite = ASYNCIO.replace("{mark}", mark)
    if environment == "anyio":
        suite += "\n\n@pytest.fixture\ndef anyio_backend():\n    return 'asyncio'\n"
    pytester.makepyfile(shop=SHOP, test_shop=suite)
    pytester.makeini("[pytest]\nfilterwarnings = default::ResourceWarning\n")
    # With the tests of one file on two workers the second order may be the first one of its process.
    spread = ["--dist=loadfile"] if "-n2" in options else []
    command = [binary, "--loopdoctor", "-p", "no:cacheprovider", *options, *spread]
    path = os.pathsep.join([str(ROOT / "src"), str(pytester.path)])
    done = subprocess.run(
        command, cwd=pytester.path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    told = Told(done.stdout)
    assert done.returncode == 1, done.stdout + done.stderr
    assert told.causes_of("test_second_order") == ["test-loop-scope-mismatch"]
    assert told.causes_of("test_notifies") == ["missing-await"]
    assert told.causes_of("test_polls") == ["background-task-outlives-main"]
    assert told.causes_of("test_forgets_a_transport") == ["resource-not-closed"]
    assert "test_is_fine" not in told.text
