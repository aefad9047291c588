"""The library: ``from loopdoctor import scan``, whatever the log is given as, and what its documentation shows."""

from __future__ import annotations

import gzip
import io
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import loopdoctor
from loopdoctor import LoopdoctorError, Report, Settings, report_text, scan, to_json

ROOT = Path(__file__).parents[1]
LOG = (
    "09:12:01 INFO quay: lamps on\n"
    "Task was destroyed but it is pending!\n"
    "task: <Task pending name='Task-7' coro=<dim() running at /srv/quay/lamps.py:31> wait_for=<Future pending>>\n"
)
RAW = LOG.encode()


def found(report: Report) -> list[tuple[str, int]]:
    """The first symptom and the line of each incident."""
    return [(one.incident.members[0].symptom.id, one.incident.first.line) for one in report.diagnoses]


GIVEN: dict[str, Callable[[], Any]] = {
    "bytes": lambda: RAW,
    "bytearray": lambda: bytearray(RAW),
    "memoryview": lambda: memoryview(RAW),
    "compressed": lambda: gzip.compress(RAW),
    "utf-16": lambda: LOG.encode("utf-16"),
    "binary file": lambda: io.BytesIO(RAW),
    "text file": lambda: io.TextIOWrapper(io.BytesIO(RAW), "utf-8"),
    "StringIO": lambda: io.StringIO(LOG),
    "lines with ends": lambda: LOG.splitlines(keepends=True),
    "lines without": lambda: LOG.splitlines(),
    "generator of lines": lambda: (line for line in LOG.splitlines()),
    "chunks": lambda: [RAW[at : at + 7] for at in range(0, len(RAW), 7)],
    "chunks with empty ones": lambda: iter([b"", RAW[:40], b"", RAW[40:]]),
}


@pytest.mark.parametrize("kind", GIVEN)
def test_a_log_may_come_as_anything(kind: str) -> None:
    """Bytes, files, lines and chunks give what the same text gives as a file."""
    assert found(scan(GIVEN[kind]())) == [("task-destroyed-pending", 2)]


def test_paths_may_be_of_any_kind(tmp_path: Path) -> None:
    """A path is a string or a Path, a directory too; several are several arguments."""
    (tmp_path / "a.log").write_text(LOG)
    (tmp_path / "b.log").write_text(LOG)
    names = [one.path for one in scan(tmp_path / "a.log", str(tmp_path / "b.log")).inputs]
    assert names == [str(tmp_path / "a.log"), str(tmp_path / "b.log")]
    assert [one.path for one in scan(tmp_path).inputs] == names


def test_sources_of_several_kinds_are_told_apart(tmp_path: Path) -> None:
    """Each source has a name of its own in the report; an open file has that of its path."""
    path = tmp_path / "a.log"
    path.write_text(LOG)
    with path.open("rb") as file:
        report = scan(RAW, path, LOG.splitlines(), RAW, file, io.BytesIO(RAW))
    assert [one.path for one in report.inputs] == [
        *("<bytes>", str(path), "<lines 3>", "<bytes 4>", str(path), "<file 6>")
    ]


def test_a_file_is_read_from_where_it_stands_and_left_open() -> None:
    """The caller's file is the caller's."""
    file = io.BytesIO(b"Unclosed client session\n" + RAW)
    file.readline()
    assert found(scan(file)) == [("task-destroyed-pending", 2)]
    assert not file.closed


def test_the_output_of_a_process_can_be_read() -> None:
    """A pipe is read to its end."""
    command = [sys.executable, "-c", f"print({LOG!r})"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert found(scan(running.stdout)) == [("task-destroyed-pending", 2)]


def test_a_path_that_is_not_there_is_an_error() -> None:
    """What the command line would complain of is a LoopdoctorError."""
    with pytest.raises(LoopdoctorError, match="no such file") as caught:
        scan("no-such.log")
    assert caught.value.reference == "input-not-found"


@pytest.mark.parametrize("wrong", [7, None, [3], [Path("a.log")]], ids=str)
def test_what_is_no_source_is_a_type_error(wrong: Any) -> None:
    """A mistake in the call is never taken for an empty log; a list of paths is told how to be given."""
    with pytest.raises(TypeError):
        scan(wrong)


def test_errors_of_the_iterable_come_through() -> None:
    """The caller's own code fails as it would anywhere else."""

    def lines() -> Iterator[str]:
        yield from LOG.splitlines()
        raise ConnectionError("the log server hung up")

    with pytest.raises(ConnectionError, match="hung up"):
        scan(lines())


def test_ctrl_c_comes_through() -> None:
    """A program that scans ends by Ctrl-C as it always does."""

    def lines() -> Iterator[str]:
        yield "one"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan(lines())


def test_text_that_is_no_unicode_is_read() -> None:
    """Bytes that were escaped on decoding come back; a lone surrogate is no reason to fail."""
    broken = RAW + b"lamp \xff\n"
    assert found(scan(broken.decode(errors="surrogateescape").splitlines())) == [("task-destroyed-pending", 2)]
    assert found(scan([*LOG.splitlines(), "\ud83d"])) == [("task-destroyed-pending", 2)]


def test_settings_and_rules_are_kept_to(tmp_path: Path) -> None:
    """Limits hold, and rules of one's own are found in the log and named in the report."""
    rule = tmp_path / "lamp-is-out.yaml"
    rule.write_text(
        "id: lamp-is-out\ntitle: the lamp is out\nlibrary: quay\nmeans: Nobody lit it.\nrank: 3\n"
        "signatures:\n  - literal: the lamp is out\n    pattern: '^quay\\.Dark: the lamp'\n    kinds: [traceback]\n"
        "causes: {use-after-close: 1.0}\n"
        "match: ['quay.Dark: the lamp is out']\nno_match: ['The lamp is out.']\n"
    )
    log = 'Traceback (most recent call last):\n  File "a.py", line 3, in light\nquay.Dark: the lamp is out\n'
    assert found(scan([log])) == []
    report = scan([log], rules=[tmp_path])
    assert found(report) == [("lamp-is-out", 1)]
    assert found(scan([log], settings=Settings(rules=(str(tmp_path),)))) == [("lamp-is-out", 1)]
    assert to_json(report, rules=[tmp_path])["incidents"][0]["symptoms"][0]["title"] == "the lamp is out"
    assert [one.kind for one in scan(["x" * 99], settings=Settings(max_line=50)).notices] == ["line-cut"]


def test_a_report_can_be_written_in_every_format() -> None:
    """The formats are those of the command line; an unknown one is named."""
    report = scan(RAW)
    assert json.loads(report_text(report)) == to_json(report)
    assert to_json(report)["incidents"][0]["first"]["line"] == 2
    assert "Task was destroyed but it is pending!" in report_text(report, "text", width=80)
    with pytest.raises(ValueError, match="'yaml' is not one of text, json"):
        report_text(report, "yaml")


def test_every_public_name_is_there() -> None:
    """``__all__`` names what can be imported, each of it documented."""
    assert set(loopdoctor.__all__) <= set(dir(loopdoctor))
    for name in loopdoctor.__all__:
        assert name.startswith("__") or getattr(loopdoctor, name).__doc__, name
    with pytest.raises(AttributeError, match="no attribute 'scam'"):
        _ = loopdoctor.scam


def test_the_function_stays_whatever_is_imported() -> None:
    """No submodule takes the function's place."""
    code = "import loopdoctor.cli, loopdoctor.pipeline, loopdoctor as x; assert callable(x.scan), x.scan"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def test_the_package_alone_loads_nothing() -> None:
    """``import loopdoctor`` costs nothing until a name is used."""
    code = "import sys, loopdoctor; sys.exit(bool({'msgspec', 'loopdoctor.api'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def examples(page: str) -> list[str]:
    """The Python of a page of the documentation."""
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "number"),
    [(page, number) for page in ("docs/library.md", "README.md") for number in range(len(examples(page)))],
)
def test_what_the_documentation_shows_runs(
    page: str, number: int, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each example finds something and prints it."""
    (tmp_path / "app.log").write_text(LOG)
    monkeypatch.chdir(tmp_path)
    exec(compile(examples(page)[number], page, "exec"), {})
    assert len(capsys.readouterr().out.splitlines()) >= 1


SNIPPET = """
from pathlib import Path
import io
import subprocess
from loopdoctor import Candidate, Diagnosis, LoopdoctorError, Notice, Report, Settings, report_text, scan, to_json

def worst(report: Report) -> Diagnosis | None:
    return max(report.diagnoses, key=lambda one: one.candidates[0].confidence, default=None)

def lines(report: Report) -> list[str]:
    return [line.text for one in report.diagnoses for member in one.incident.members
            for line in member.symptom.record.lines]

report = scan(Path("a.log"), "b.log", b"raw", io.BytesIO(b""), io.StringIO(""), ["line"], [b"chunk"],
              settings=Settings(margin=20), rules=[Path("rules")])
with open("a.log") as text, open("a.log", "rb") as raw:
    scan(text, raw)
with subprocess.Popen(["true"], stdout=subprocess.PIPE) as running:
    assert running.stdout is not None
    scan(running.stdout)
best: Candidate = report.diagnoses[0].candidates[0]
notices: tuple[Notice, ...] = report.notices
print(report_text(report, format="text"), to_json(report)["incidents"], best.confidence + 1)
"""


@pytest.mark.tools
def test_a_users_types_hold(tmp_path: Path) -> None:
    """mypy --strict accepts a program against the installed package, and refuses one that gives no source."""
    pytest.importorskip("mypy")
    root = tmp_path / "site"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", root, ROOT],
        check=True,
        timeout=120,
    )
    assert (root / "loopdoctor" / "py.typed").exists()
    (tmp_path / "right.py").write_text(SNIPPET)
    (tmp_path / "wrong.py").write_text("from loopdoctor import scan\nscan(7).diagnosis\n")

    def check(name: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", name]
        environment = {"MYPYPATH": str(root), "PATH": "/usr/bin:/bin"}
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120)

    done = check("right.py")
    assert done.returncode == 0, done.stdout
    wrong = check("wrong.py").stdout
    assert "[arg-type]" in wrong
    assert '"Report" has no attribute "diagnosis"' in wrong
