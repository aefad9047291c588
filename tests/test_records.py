"""Lines are grouped into the records that were written, no line more and none less."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import group_text, lines_of
from loopdoctor.carriers import GAP
from loopdoctor.grouping import group
from loopdoctor.model import Line, Record
from loopdoctor.pipeline import read_records
from loopdoctor.settings import Settings

Grouped = Callable[[str], list[Record]]
PROGRAM = Path(__file__).parent / "programs" / "raise_everything.py"

TRACEBACK = """\
Traceback (most recent call last):
  File "/srv/till/main.py", line 8, in <module>
    run()
  File "/srv/till/main.py", line 4, in run
    raise RuntimeError("Event loop is closed")
RuntimeError: Event loop is closed
"""


def span(record: Record) -> tuple[int, int]:
    """First and last line."""
    return record.start_line, record.end_line


def test_a_bare_traceback_is_one_record(grouped: Grouped) -> None:
    """From its header to its exception line."""
    (record,) = grouped("hello\n" + TRACEBACK + "bye\n")
    assert span(record) == (2, 7)
    assert (record.kind, record.exception, record.message) == ("traceback", "RuntimeError", "Event loop is closed")


def test_a_logged_traceback_starts_at_its_head(grouped: Grouped) -> None:
    """The logger's own words belong to the record."""
    (record,) = grouped("@INFO before\n@ERROR the till broke\n" + TRACEBACK + "@INFO after\n")
    assert span(record) == (2, 8)
    assert record.words == ("the till broke", "RuntimeError: Event loop is closed")


def test_an_info_line_before_a_traceback_is_not_its_head(grouped: Grouped) -> None:
    """What was printed before an uncaught error has nothing to do with it."""
    (record,) = grouped("@INFO working\n" + TRACEBACK)
    assert span(record) == (2, 7)


def test_a_message_of_several_lines_goes_on_to_the_next_entry(grouped: Grouped) -> None:
    """Where entries have heads, what has none belongs to the entry above."""
    (record,) = grouped("@ERROR failed\n" + TRACEBACK + "second line\n\nfourth line\n@INFO after\n")
    assert span(record) == (1, 10)


def test_a_chain_is_one_record_and_its_first_exception_is_kept(grouped: Grouped) -> None:
    """Cause and context are walked in the order in which they were printed."""
    link = "\nDuring handling of the above exception, another exception occurred:\n\n"
    (record,) = grouped(TRACEBACK + link + TRACEBACK.replace("RuntimeError: Event loop is closed", "shop.Failed"))
    assert record.trace is not None
    assert [trace.type for trace in record.trace.walk()] == ["RuntimeError", "shop.Failed"]
    assert record.trace.link == "context"


def test_asyncio_report_takes_its_details_and_its_traceback(grouped: Grouped) -> None:
    """``future:`` and the traceback belong to the words above them."""
    (record,) = grouped(
        "@ERROR Task exception was never retrieved\nfuture: <Task finished name='Task-2' coro=<poll() done>>\n"
        + TRACEBACK
    )
    assert record.kind == "asyncio"
    assert record.details == (("future", "<Task finished name='Task-2' coro=<poll() done>>"),)
    assert record.exception == "RuntimeError"


def test_a_bare_report_behind_a_traceback_is_a_record_of_its_own(grouped: Grouped) -> None:
    """A symptom's words at the start of a line end the traceback above."""
    first, second = grouped(
        "@ERROR boom\n" + TRACEBACK + "Task was destroyed but it is pending!\ntask: <Task pending name='T'>\n"
    )
    assert span(first) == (1, 7)
    assert (second.kind, *span(second)) == ("asyncio", 8, 9)


def test_an_unknown_bare_head_is_taken_back_from_the_traceback_above(grouped: Grouped) -> None:
    """``task: <...>`` tells that the line before it was the head of a report."""
    first, second = grouped("@ERROR boom\n" + TRACEBACK + "Queue was dropped\ntask: <Task pending name='T'>\n")
    assert span(first) == (1, 7)
    assert second.words[0] == "Queue was dropped"


def test_a_warning_takes_its_source_line_only(grouped: Grouped) -> None:
    """The next line of the program's output is not part of it."""
    (record,) = grouped("/srv/a.py:3: RuntimeWarning: coroutine 'f' was never awaited\n  f()\nready\n")
    assert (record.kind, *span(record)) == ("warning", 1, 2)
    assert record.words == ("RuntimeWarning: coroutine 'f' was never awaited",)


def test_a_debug_warning_takes_where_the_coroutine_was_created(grouped: Grouped) -> None:
    """With asyncio's debug mode the stack stands inside the warning, before its source line."""
    (record,) = grouped(
        "/srv/a.py:3: RuntimeWarning: coroutine 'f' was never awaited\n"
        "Coroutine created at (most recent call last)\n"
        '  File "/srv/a.py", line 9, in <module>\n    asyncio.run(main(), debug=True)\n'
        '  File "/srv/a.py", line 3, in main\n    f()\n  f()\nready\n'
    )
    assert span(record) == (1, 7)


def test_exception_ignored_is_unraisable_with_its_traceback(grouped: Grouped) -> None:
    """Also in the words of Python 3.14."""
    for head in (
        "Exception ignored in: <function Link.__del__ at 0x7f>",
        "Exception ignored while calling deallocator <function Link.__del__ at 0x7f>:",
    ):
        (record,) = grouped(head + "\n" + TRACEBACK)
        assert record.kind == "unraisable"
        assert record.words == (head, "RuntimeError: Event loop is closed")


def test_a_remote_traceback_is_part_of_the_exception_that_quotes_it(grouped: Grouped) -> None:
    """Between triple quotes stands the traceback of another process."""
    (record,) = grouped(
        'concurrent.futures.process._RemoteTraceback: \n"""\n' + TRACEBACK + '"""\n\n'
        "The above exception was the direct cause of the following exception:\n\n" + TRACEBACK
    )
    assert record.end_line == 18


def test_pytest_failures_are_one_record_a_test(grouped: Grouped) -> None:
    """``E`` lines speak; the source shown above them does not."""
    records = grouped(
        "=========== FAILURES ===========\n"
        "___________ test_first ___________\n\n    async def test_first():\n"
        '>       raise RuntimeError("Event loop is closed")\nE       RuntimeError: Event loop is closed\n\n'
        "tests/test_till.py:8: RuntimeError\n"
        "___________ test_second ___________\ntests/test_till.py:12: in test_second\n    assert 1 == 2\n"
        "E   assert 1 == 2\n"
        "=========== short test summary info ===========\n"
    )
    assert [record.test for record in records] == ["test_first", "test_second"]
    assert records[0].words == ("RuntimeError: Event loop is closed",)
    assert [frame.function for frame in records[0].frames()] == ["test_first"]
    assert records[1].exception == ""


def test_source_lines_never_speak(grouped: Grouped) -> None:
    """A frame's source line may quote any message."""
    (record,) = grouped(TRACEBACK.replace("RuntimeError: Event loop is closed", "KeyError: 'x'"))
    assert record.words == ("KeyError: 'x'",)


def test_prose_is_no_record(grouped: Grouped) -> None:
    """Ordinary lines pass through as they are."""
    assert grouped("This page is about asyncio.\n\n    pip install thing\n\nFile a bug.\n") == []


def test_a_traceback_without_end_is_kept_and_marked() -> None:
    """The end of the input ends it."""
    (record,) = group_text(TRACEBACK.rpartition("RuntimeError")[0])
    assert record.truncated


def test_skipped_lines_end_what_is_open() -> None:
    """Where the carriers tell of a gap, nothing is joined over it."""
    lines = lines_of(TRACEBACK)
    apart = [*lines[:4], Line(500, "", carrier=GAP, start=True), *(Line(x.number + 500, x.text) for x in lines[4:])]
    records = [item for item in group(apart, "test", lambda text: False, Settings()) if isinstance(item, Record)]
    assert [(record.start_line, record.end_line, record.truncated) for record in records] == [(1, 4, True)]


PIECES = [*TRACEBACK.splitlines(), "", "@INFO x", "@ERROR y", "task: <Task>", "| rail", "  + x"]


@given(st.lists(st.sampled_from(PIECES)))
@settings(max_examples=200, deadline=None)
def test_no_line_is_lost_or_told_twice(texts: list[str]) -> None:
    """Every line comes out once, in a record or as it is."""
    lines = lines_of("\n".join(texts))
    out = []
    for item in group(lines, "test", lambda text: "Event loop is closed" in text, Settings()):
        out += item.lines if isinstance(item, Record) else [item]
    assert sorted(line.number for line in out) == [line.number for line in lines]


def _pythons() -> list[str]:
    found = [sys.executable]
    root = Path.home() / ".pyenv" / "versions"
    if root.is_dir():
        found += [str(path / "bin" / "python") for path in sorted(root.iterdir()) if path.name.startswith("3.")]
    return [python for python in found if shutil.which(python)]


def _supported(python: str) -> bool:
    check = subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info < (3, 8))"], check=False)
    return check.returncode == 0


def _exact(python: str, folder: Path, seed: int) -> None:
    log, expected = folder / "app.log", folder / "expected.json"
    subprocess.run([python, str(PROGRAM), str(seed), "200", str(log), str(expected)], check=True)
    wanted = [(e["start"], e["end"], e["exception"]) for e in json.loads(expected.read_text())]
    got = [(r.start_line, r.end_line, r.exception) for r in read_records([str(log)], Settings())]
    assert got == wanted


def test_random_exceptions_of_this_python_are_grouped_exactly(tmp_path: Path) -> None:
    """Boundaries and names are those that were written, chains, groups, notes and recursion among them."""
    _exact(sys.executable, tmp_path, 20)


@pytest.mark.pythons
@pytest.mark.parametrize("python", _pythons()[1:] or ["none"])
def test_random_exceptions_of_every_installed_python_are_grouped_exactly(python: str, tmp_path: Path) -> None:
    """The same for each interpreter that pyenv has."""
    if python == "none":
        pytest.skip("no further interpreters are installed (looked in ~/.pyenv/versions)")
    if not _supported(python):
        pytest.skip(f"{python} is older than 3.8")
    _exact(python, tmp_path, 21)
