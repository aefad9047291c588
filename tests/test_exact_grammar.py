"""Boundaries, kinds, names and messages of records are those that were written, among lines made to mislead."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from loopdoctor.model import Record
from loopdoctor.pipeline import read_records
from loopdoctor.settings import Settings

Grouped = Callable[[str], list[Record]]
PROGRAM = Path(__file__).parent / "programs" / "write_hostile.py"
STYLES = ("plain", "usual", "dashes", "basic", "brackets", "wide", "process", "columns")

FRAMES = 'Traceback (most recent call last):\n  File "/srv/mill/wheel.py", line 8, in turn\n    grind()\n'


def written(
    python: str, folder: Path, style: str, count: int, seed: str = "7"
) -> tuple[Path, list[tuple[object, ...]]]:
    """A log by ``write_hostile.py`` and what stands in it."""
    log, expected = folder / f"{style}.log", folder / f"{style}.json"
    command = [python, "-W", "ignore", str(PROGRAM), seed, str(count), style, str(log), str(expected)]
    subprocess.run(command, check=True, timeout=60)
    known = json.loads(expected.read_text())
    return log, [seen(e["start"], e["end"], e["kind"], e["exception"] or "", e["message"] or "") for e in known]


def seen(start: int, end: int, kind: str, exception: str, message: str) -> tuple[object, ...]:
    """What is compared; the printer in C and ``traceback`` do not make the same suggestions."""
    return start, end, kind, exception, message.split(". Did you mean")[0].strip() if exception else ""


def found(path: Path, settings: Settings | None = None) -> list[tuple[object, ...]]:
    """What ``loopdoctor records`` tells of a log."""
    records = read_records([str(path)], settings or Settings())
    return [seen(r.start_line, r.end_line, r.kind, r.exception, r.message) for r in records]


def pythons() -> list[str]:
    """The interpreters below ``~/.pyenv/versions`` that are recent enough."""
    root = Path.home() / ".pyenv" / "versions"
    versions = sorted(root.glob("3.*")) if root.is_dir() else []
    recent = [path for path in versions if int(path.name.split(".")[1]) >= 8]
    return [str(path / "bin" / "python") for path in recent if shutil.which(str(path / "bin" / "python"))]


@pytest.mark.parametrize("style", STYLES)
def test_what_this_python_prints_is_read_exactly(style: str, tmp_path: Path) -> None:
    """Whatever stands in messages and around them, under every usual format of ``logging``."""
    log, expected = written(sys.executable, tmp_path, style, 60)
    assert found(log) == expected


@pytest.mark.pythons
@pytest.mark.parametrize("python", pythons() or ["none"])
def test_what_every_python_prints_is_read_exactly(python: str, tmp_path: Path) -> None:
    """Carets, rails, notes and suggestions differ from version to version."""
    if python == "none":
        pytest.skip("no further interpreters are installed (looked in ~/.pyenv/versions)")
    for style in ("plain", "usual", "columns"):
        log, expected = written(python, tmp_path, style, 80, seed="8")
        assert found(log) == expected


def test_windows_and_archives_show_every_record(tmp_path: Path) -> None:
    """Also warnings that no rule knows, far apart in a long log whose last line has no end."""
    log, _ = written(sys.executable, tmp_path, "usual", 40, seed="9")
    quiet = "".join(f"2026-01-31 10:00:00,123 INFO mill.wheel: turn {n}\n" for n in range(90))
    lines = [line if " INFO " not in line else quiet + line for line in log.read_text().splitlines(keepends=True)]
    data = "".join(lines).rstrip("\n").encode()
    log.write_bytes(data)
    packed = tmp_path / "usual.log.gz"
    packed.write_bytes(gzip.compress(data))
    whole = found(log, Settings(full=True))
    assert len(whole) >= 36
    assert found(log, Settings(whole_below=0)) == whole
    assert found(packed, Settings(whole_below=0)) == whole


def only(records: list[Record]) -> tuple[int, int, str, str]:
    """The one record that there is: its lines, kind and exception."""
    (record,) = records
    return record.start_line, record.end_line, record.kind, record.exception


def test_source_that_looks_like_a_rail_is_source(grouped: Grouped) -> None:
    """Only below a group's header a line may open with a rail."""
    text = FRAMES.replace("grind()", "+ [][3]") + "      ~~^^^\nIndexError: list index out of range\nready\n"
    assert only(grouped(text)) == (1, 5, "traceback", "IndexError")


def test_source_that_looks_like_a_header_is_source(grouped: Grouped) -> None:
    """A docstring may quote a traceback."""
    text = FRAMES.replace("grind()", "Traceback (most recent call last):") + "mill.Stopped\nready\n"
    assert only(grouped(text)) == (1, 4, "traceback", "mill.Stopped")


def test_an_exception_that_was_never_raised_opens_the_record(grouped: Grouped) -> None:
    """``raise X from Y("...")`` prints Y without frames; the link tells that it belongs to X."""
    link = "\nThe above exception was the direct cause of the following exception:\n\n"
    text = "ready\nmill.wind.calm: no wind\n" + link + FRAMES + "mill.Stopped: for a reason\nready\n"
    assert only(grouped(text)) == (2, 9, "traceback", "mill.Stopped")


def test_a_link_or_a_header_in_a_message_is_message(grouped: Grouped) -> None:
    """What stands behind them tells that they are no more than words."""
    text = (
        "@ERROR stopped\n" + FRAMES + "mill.Stopped: why\n"
        "During handling of the above exception, another exception occurred:\nValueError: not the last line\n"
        "Traceback (most recent call last):\nand so on\n\n  + sum\n@INFO ready\n"
    )
    assert only(grouped(text)) == (1, 11, "traceback", "mill.Stopped")


def test_a_traceback_that_a_message_announces_is_message(grouped: Grouped) -> None:
    """A colon before its header says so; without one it was printed by somebody else."""
    inner = FRAMES + "KeyError: 'sack'\n"
    assert only(grouped("@ERROR stopped\n" + FRAMES + "mill.Stopped: remote said:\n" + inner + "@INFO ready\n")) == (
        1, 9, "traceback", "mill.Stopped",
    )  # fmt: skip
    apart = grouped("@ERROR stopped\n" + FRAMES + "mill.Stopped: at once\n" + inner + "@INFO ready\n")
    assert [record.exception for record in apart] == ["mill.Stopped", "KeyError"]


def test_an_entry_keeps_its_stack(grouped: Grouped) -> None:
    """``stack_info`` stands behind ``exc_info`` in the same entry, and is no traceback of its own."""
    stack = 'Stack (most recent call last):\n  File "/srv/mill/wheel.py", line 3, in <module>\n    main()\n'
    assert only(grouped("@ERROR stopped\n" + FRAMES + "mill.Stopped\n" + stack + "@INFO ready\n")) == (
        1, 8, "traceback", "mill.Stopped",
    )  # fmt: skip


def test_notes_that_are_no_list_stick_to_the_rail_behind_them(grouped: Grouped) -> None:
    """CPython 3.11 to 3.13 print them without a line break."""
    group = '  + Exception Group Traceback (most recent call last):\n  |   File "/srv/mill/a.py", line 3, in f\n'
    member = "    | mill.Torn: sack\n    | {'not': 'a list'}"
    text = (
        group + "  | ExceptionGroup: several (2 sub-exceptions)\n  +-+---------------- 1 ----------------\n"
        + member + "    +---------------- 2 ----------------\n" + member + "    +------------------------------------\n"
    )  # fmt: skip
    (record,) = grouped(text + "ready\n")
    assert (record.start_line, record.end_line) == (1, 8)
    assert record.trace is not None
    assert [child.type for child in record.trace.children] == ["mill.Torn", "mill.Torn"]


def test_dumps_of_faulthandler_are_stacks(grouped: Grouped) -> None:
    """All threads of one dump are one record."""
    frame = '  File "/srv/mill/wheel.py", line 8 in turn\n'
    text = f"Thread 0x00007f (most recent call first):\n{frame}\nCurrent thread 0x00008f (most recent call first):\n"
    assert only(grouped("ready\n" + text + frame + "ready\n")) == (2, 6, "stack", "")


def test_unittests_rules_end_a_traceback(grouped: Grouped) -> None:
    """What stands behind them is no message."""
    text = FRAMES + "mill.Stopped: at once\n\n" + "-" * 70 + "\nRan 3 tests in 0.1s\n"
    assert only(grouped("@INFO ready\n@ERROR x\n" + text)) == (2, 6, "traceback", "mill.Stopped")


def test_a_lone_brace_swallows_nothing(write: Callable[..., str]) -> None:
    """What opens like JSON and is none gives its lines back, and those behind it are read."""
    head = "2026-01-31 10:00:00,123 ERROR mill: stopped\n"
    text = head + FRAMES + "mill.Stopped: {\n{\n  sack = 3,\n}\n" + head + FRAMES + "KeyError: 'sack'\n"
    records = list(read_records([write(text)], Settings()))
    assert [(r.start_line, r.end_line, r.exception) for r in records] == [(1, 8, "mill.Stopped"), (9, 13, "KeyError")]


def test_a_time_in_a_message_makes_its_exception_no_prefix(write: Callable[..., str]) -> None:
    """``Stopped: 2026-...`` is not the mark of a writer called Stopped."""
    time = "2026-01-31 10:00:00,123 ERROR mill: stopped\n"
    text = FRAMES + "Stopped: " + time + "ready\n" + FRAMES + "Stopped: at once\n"
    records = list(read_records([write(text)], Settings()))
    assert [(r.start_line, r.end_line, r.exception) for r in records] == [(1, 4, "Stopped"), (6, 9, "Stopped")]


def test_a_failed_doctest_is_one_record(write: Callable[..., str]) -> None:
    """Its place looks like a frame and is none."""
    text = (
        "*" * 70 + '\nFile "/srv/mill/wheel.py", line 5, in mill.wheel.turn\nFailed example:\n    turn(0)\n'
        "Exception raised:\n    Traceback (most recent call last):\n"
        '      File "/srv/mill/wheel.py", line 9, in turn\n        return 1 / n\n'
        "    ZeroDivisionError: division by zero\n" + "*" * 70 + "\n1 items had failures:\n"
    )
    (record,) = read_records([write(text)], Settings())
    assert (record.start_line, record.end_line, record.exception) == (6, 9, "ZeroDivisionError")


def test_a_warning_of_pytests_holds_its_traceback(write: Callable[..., str]) -> None:
    """In the summary all is indented, and blank lines stand between."""
    text = (
        "=============================== warnings summary ===============================\ntest_mill.py::test_turn\n"
        "  /venv/_pytest/unraisable.py:63: PytestUnraisableExceptionWarning: Exception ignored in: <f at 0x7f>\n"
        '  \n  Traceback (most recent call last):\n    File "/srv/mill/test_mill.py", line 9, in __del__\n'
        "      raise KeyError(3)\n  KeyError: 3\n  \n"
        "  Enable tracemalloc to get traceback where the object was allocated.\n"
        "    warnings.warn(pytest.PytestUnraisableExceptionWarning(msg))\n\n-- Docs: https://docs.pytest.org/\n"
    )
    (record,) = read_records([write(text)], Settings())
    assert (record.start_line, record.end_line, record.kind, record.exception) == (3, 11, "unraisable", "KeyError")
