"""Tracebacks written into each other without any key come out whole where their text decides, and none is made up."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import WORDS, group_text, lines_of
from loopdoctor.grouping import group
from loopdoctor.interleaving import split_glued
from loopdoctor.model import Line, Record
from loopdoctor.pipeline import read_records
from loopdoctor.settings import Settings

PROGRAM = Path(__file__).parent / "programs" / "fail_apart.py"


class Told(NamedTuple):
    """One failure as a real program printed it."""

    text: str
    exceptions: list[str]
    told: str


def tell(python: str, folder: Path, count: int = 100) -> list[Told]:
    """What that many failing programs print, each with functions of its own."""
    run = [python, str(PROGRAM), "3", str(count), str(folder)]
    out = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    return [Told(**json.loads(line)) for line in out.splitlines()]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    """Failures of this Python."""
    return tell(sys.executable, tmp_path_factory.mktemp("programs"))


def by_line(text: str) -> list[list[str]]:
    """Every line a unit of its own."""
    return [[line] for line in text.splitlines()]


def by_block(text: str) -> list[list[str]]:
    """The units in which ``traceback`` writes: a frame with its source and carets, a link with its blank lines."""
    units: list[list[str]] = []
    for line in text.splitlines():
        if units and (line.startswith("    ") or not line or not units[-1][-1]):
            units[-1].append(line)
        else:
            units.append([line])
    return units


def interleave(rng: random.Random, writers: list[list[list[str]]], burst: float) -> list[str]:
    """Who writes next is drawn before each unit; with the chance ``burst`` the same writer goes on."""
    left = [list(units) for units in writers]
    lines: list[str] = []
    at = -1
    while any(left):
        if at < 0 or not left[at] or rng.random() >= burst:
            at = rng.choice([index for index, units in enumerate(left) if units])
        lines += left[at].pop(0)
    return lines


def records_of(lines: list[str]) -> list[Record]:
    """The records in bare lines."""
    return group_text("\n".join(lines))


def names(records: list[Record]) -> Counter[str]:
    """``Type: message`` of every exception found."""
    traces = (trace for record in records if record.trace for trace in record.trace.walk())
    return Counter(f"{trace.type}: {trace.message}".rstrip(": ") for trace in traces if trace.type)


def bodies(texts: list[list[str]]) -> Counter[tuple[str, ...]]:
    """Each text as its lines without blank ones."""
    return Counter(tuple(line for line in text if line.strip()) for text in texts)


def whole_rate(told: list[Told], split: Callable[[str], list[list[str]]], writers: int, burst: float) -> float:
    """The share of tracebacks that come out whole; that all exceptions are found and none invented is asserted."""
    rng = random.Random(writers)
    whole = total = 0
    for _ in range(100):
        chosen = rng.sample(told, writers)
        records = records_of(interleave(rng, [split(one.text) for one in chosen], burst))
        assert names(records) == Counter(line.rstrip(": ") for one in chosen for line in one.exceptions)
        written = bodies([one.text.splitlines() for one in chosen])
        found = bodies([[line.text for line in record.lines] for record in records])
        whole += (written & found).total()
        total += writers
    return whole / total


def of_kind(told: list[Told], kind: str, *, chained: bool) -> list[Told]:
    """Those that ``print`` or ``thread`` told, and that hang on no other if not ``chained``."""
    return [one for one in told if one.told == kind and (chained or len(one.exceptions) == 1)]


@pytest.mark.parametrize("writers", [2, 3])
@pytest.mark.parametrize(
    ("kind", "chained", "least"), [("print", False, 0.98), ("print", True, 0.97), ("thread", False, 0.97)]
)
def test_tracebacks_of_unlike_programs_written_by_frames(
    told: list[Told], kind: str, chained: bool, least: float, writers: int
) -> None:
    """All exceptions, none invented, and nearly all whole: only what the text leaves open goes astray."""
    assert whole_rate(of_kind(told, kind, chained=chained), by_block, writers, 0.0) >= least


def test_chains_of_threads_written_by_frames(told: list[Told]) -> None:
    """A header may stand below a link or a thread's head: the text does not always decide, and nothing is lost."""
    assert whole_rate(told, by_block, 2, 0.0) >= 0.7


@pytest.mark.parametrize(("burst", "least"), [(0.0, 0.1), (0.7, 0.5), (0.9, 0.8)])
def test_tracebacks_written_line_by_line(told: list[Told], burst: float, least: float) -> None:
    """Two source lines below two frames are anybody's; the exceptions are all found, and none is invented."""
    assert whole_rate(of_kind(told, "print", chained=True), by_line, 2, burst) >= least


def test_a_repeated_failure_is_recognised_line_by_line(told: list[Told]) -> None:
    """What stood whole in the log before tells whose a line is, but for carets that would fit either."""
    rng = random.Random(5)
    whole = 0
    for _ in range(60):
        pair = rng.sample(of_kind(told, "print", chained=False), 2)
        before = [line for one in pair for line in one.text.splitlines()]
        records = records_of(before + interleave(rng, [by_line(one.text) for one in pair], 0.0))
        found = bodies([[line.text for line in record.lines] for record in records])
        written = bodies([one.text.splitlines() for one in pair])
        whole += (found & (written + written)).total() - 2
    assert whole / 120 >= 0.85


def _pythons() -> Iterator[str]:
    for path in sorted((Path.home() / ".pyenv" / "versions").glob("3.*")):
        python = shutil.which(str(path / "bin" / "python"))
        if python and not subprocess.run([python, "-c", "import sys; sys.exit(sys.version_info < (3, 8))"]).returncode:
            yield python


@pytest.mark.pythons
def test_tracebacks_of_every_installed_python_written_by_frames(tmp_path: Path) -> None:
    """Carets, several source lines, none: the same holds."""
    for python in _pythons():
        assert whole_rate(of_kind(tell(python, tmp_path), "print", chained=True), by_block, 2, 0.0) >= 0.97


FORKS = """
import os, random, sys, time, traceback
def first(): return second()
def second(): raise LookupError("the first worker broke")
def third(): return fourth()
def fourth(): raise ConnectionError("the second worker broke")
def one(): first()
def two(): third()
class Slow:
    def write(self, text):
        time.sleep(random.random() / 300)
        os.write(2, text.encode())
if os.fork() == 0:
    try: one()
    except Exception: traceback.print_exc(file=Slow())
elif os.fork() == 0:
    try: two()
    except Exception: traceback.print_exc(file=Slow())
else:
    os.wait(), os.wait()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_forked_workers_on_one_stderr(tmp_path: Path) -> None:
    """However they fall into each other, both tracebacks come out whole."""
    program = tmp_path / "forks.py"
    program.write_text(FORKS)
    for _ in range(5):
        log = subprocess.run([sys.executable, str(program)], check=True, capture_output=True, text=True).stderr
        records = group_text(log)
        assert names(records) == Counter(
            ["LookupError: the first worker broke", "ConnectionError: the second worker broke"]
        )
        for record in records:
            own = ["one", "first", "second"] if record.exception == "LookupError" else ["two", "third", "fourth"]
            assert [frame.function for frame in record.frames()] == ["<module>", *own]


OUTER = """\
Traceback (most recent call last):
  File "/srv/till/main.py", line 8, in <module>
    serve()
  File "/srv/till/main.py", line 4, in serve
    raise RuntimeError("Event loop is closed")
RuntimeError: Event loop is closed
"""
INNER = {
    "a warning": "/srv/till/web.py:3: RuntimeWarning: coroutine 'fetch' was never awaited\n  fetch()\n",
    "a warning of debug mode": "/srv/till/web.py:3: RuntimeWarning: coroutine 'fetch' was never awaited\n"
    "Coroutine created at (most recent call last)\n"
    '  File "/srv/till/web.py", line 9, in <module>\n    asyncio.run(main(), debug=True)\n'
    '  File "/srv/till/web.py", line 3, in main\n    fetch()\n  fetch()\n',
    "an unraisable error": "Exception ignored in: <function Link.__del__ at 0x7f>\nTraceback (most recent call last):\n"
    '  File "/srv/till/link.py", line 3, in __del__\n    self.close()\n'
    '  File "/srv/till/link.py", line 7, in close\n    self.ends["far"]\nKeyError: \'far\'\n',
    "a report": "Task was destroyed but it is pending!\ntask: <Task pending name='T' coro=<poll()>>\n",
    "a logged report": "@ERROR Task was destroyed but it is pending!\ntask: <Task pending name='T' coro=<poll()>>\n",
    "a logged traceback": "@ERROR the order broke\nTraceback (most recent call last):\n"
    '  File "/srv/till/order.py", line 3, in order\n    return int(amount)\nValueError: no amount\n',
}


@pytest.mark.parametrize("name", INNER)
def test_a_record_in_the_middle_of_a_traceback(name: str) -> None:
    """Wherever between two frames it stands, both are whole, and come in the order of the log."""
    lines, inner = OUTER.splitlines(), INNER[name].splitlines()
    for at in (3, 5):
        first, second = records_of(lines[:at] + inner + lines[at:] + ["bye"])
        assert [line.text for line in first.lines] == lines
        assert [line.text for line in second.lines] == [line.removeprefix("@ERROR ") for line in inner]


def test_log_lines_in_the_middle_of_a_traceback() -> None:
    """Other threads' entries pass by, and the traceback goes on."""
    lines = OUTER.splitlines()
    (record,) = records_of([*lines[:3], "@INFO one", "@ERROR two", "more of it", *lines[3:5], "@INFO three", lines[5]])
    assert [line.text for line in record.lines] == lines


def test_log_lines_that_name_their_threads_in_the_middle_of_a_traceback(write: Callable[..., str]) -> None:
    """A head gives its thread's key to the bare lines below; those of the traceback above go back to it."""
    lines = OUTER.splitlines()
    entry = "2025-03-04 05:06:07,890 INFO [{}] till: served"
    log = [entry.format("MainThread"), *lines[:3], entry.format("Thread-1"), *lines[3:5], entry.format("Thread-2")]
    (record,) = read_records([write("\n".join([*log, lines[5], entry.format("Thread-1")]) + "\n")], Settings())
    assert [line.text for line in record.lines] == lines


def test_threads_that_run_alike_but_for_their_function() -> None:
    """The head names the function; until it shows, the frames of both threads read the same."""
    common = ['  File "/py/threading.py", line 1045, in _bootstrap_inner', "    self.run()"]
    common += ['  File "/py/threading.py", line 982, in run', "    self._target(*self._args, **self._kwargs)"]
    header = "Traceback (most recent call last):"
    eat = ['  File "/srv/a.py", line 12, in eat', '    plates["x"]', "KeyError: 'x'"]
    work = ['  File "/srv/a.py", line 8, in work', "    return 1 / 0", "ZeroDivisionError: division by zero"]
    heads = ["Exception in thread Thread-1 (work):", "Exception in thread Thread-2 (eat):"]
    first, second = records_of([*heads, header, header, *common, *common[:2], *eat[:2], *common[2:], *work, eat[2]])
    assert [line.text for line in first.lines] == [heads[0], header, *common, *work]
    assert [line.text for line in second.lines] == [heads[1], header, *common, *eat]


def test_a_traceback_without_its_last_line_ends_before_the_next() -> None:
    """It takes nothing from the one that follows, and is marked."""
    lines = OUTER.splitlines()
    first, second = records_of([*lines[:5], *lines, "bye"])
    assert (first.start_line, first.end_line, first.exception, first.truncated) == (1, 5, "", True)
    assert (second.start_line, second.end_line, second.truncated) == (6, 11, False)


def test_lines_glued_by_two_writers_are_taken_apart() -> None:
    """Where one began before the other's line break, the line is both's."""
    header = "Traceback (most recent call last):"
    assert split_glued(header + header) == [header, header]
    frame, other = '  File "/srv/a.py", line 3, in go', '  File "/srv/b.py", line 4, in run'
    assert split_glued(frame + other) == [frame, other]
    assert split_glued("RuntimeError: " + header) == ["RuntimeError: " + header]
    lines = OUTER.splitlines()
    one, two = records_of([*lines[:5], lines[5] + header, *lines[1:]])
    assert [line.text for line in one.lines] == [line.text for line in two.lines] == lines


def test_two_headers_in_one_line() -> None:
    """Each of the two tracebacks has its own."""
    lines = OUTER.splitlines()
    other = ['  File "/srv/b.py", line 4, in go', '    plates["x"]', "KeyError: 'x'"]
    records = records_of([lines[0] * 2, "", *lines[1:3], *other[:2], *lines[3:5], other[2], lines[5]])
    assert names(records) == Counter(["RuntimeError: Event loop is closed", "KeyError: 'x'"])
    assert {len(record.lines) for record in records} == {4, 6}


def test_a_header_that_nothing_follows_is_no_record() -> None:
    """Two headers on end are two writers', but only one has written on."""
    (record,) = records_of([OUTER.splitlines()[0], *OUTER.splitlines(), "bye"])
    assert (record.start_line, record.end_line) == (2, 7)


def test_no_more_records_wait_than_the_limit() -> None:
    """The one that has been quiet for the longest is cut; no line is lost."""
    heads = [line for at in range(9) for line in (f"Exception in thread T-{at}:", "Traceback (most recent call last):")]
    flow = list(group(lines_of("\n".join(heads)), "test", lambda text: False, Settings(max_suspended=2)))
    assert all(isinstance(item, Record) and len(item.lines) == 2 and item.truncated for item in flow)
    assert len(flow) == 9


def test_windows_hold_all_that_a_record_waits_for(told: list[Told], write: Callable[..., str]) -> None:
    """A scan by windows and one of every line group the same."""
    rng = random.Random(8)
    for _ in range(3):
        lines: list[str] = []
        for _ in range(40):
            writers = [rng.choice([by_line, by_block])(one.text) for one in rng.sample(told, rng.randint(1, 4))]
            del writers[0][rng.randint(1, len(writers[0])) :]
            writers.append([[f"2025-03-04 05:06:07,{at} INFO till: served"] for at in range(rng.choice([0, 2, 9]))])
            lines += interleave(rng, writers, rng.choice([0, 0.7, 0.95]))
            lines += ["2025-03-04 05:06:08,000 INFO till: open"] * rng.choice(
                [0, 1, 14, 15, 16, 17, 18, 39, 40, 41, 42, 200]
            )
        path = write("\n".join(lines) + "\n")
        windows, full = (
            [(record.lines, record.trace) for record in read_records([path], chosen)]
            for chosen in (Settings(whole_below=0), Settings(full=True))
        )
        assert windows == full


PIECES = [*OUTER.splitlines(), *(line for text in INNER.values() for line in text.splitlines())]
PIECES += [
    "",
    "During handling of the above exception, another exception occurred:",
    "Exception in thread T-1 (serve):",
]
PIECES += ["  | rail", "plain", "_____ test_it _____", OUTER.splitlines()[0] * 2]
SPOKEN = {"RuntimeError: Event loop is closed", "KeyError: 'far'", "ValueError: no amount"}


@given(st.lists(st.sampled_from(PIECES), max_size=60))
@settings(max_examples=150, deadline=None)
def test_nothing_is_lost_told_twice_or_made_up(texts: list[str]) -> None:
    """Every piece of every line comes out once, and only exceptions that were written, no more often than written."""
    lines = lines_of("\n".join(texts))
    flow = list(group(lines, "test", lambda text: any(word in text for word in WORDS), Settings()))
    out = [line for item in flow for line in (item.lines if isinstance(item, Record) else [item])]
    assert sorted("".join(line.text for line in out)) == sorted("".join(line.text for line in lines))
    assert {line.number for line in out} == {line.number for line in lines}
    found = names([item for item in flow if isinstance(item, Record)])
    written = Counter(line.text for line in lines)
    assert all(count <= written[name] for name, count in found.items() if name in SPOKEN)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_no_exception_is_made_up_of_two(told: list[Told], data: st.DataObject) -> None:
    """Of whatever tracebacks, cut wherever, in whatever order of their units: names found are names written."""
    chosen = data.draw(st.lists(st.sampled_from(told), min_size=2, max_size=5))
    left = [by_line(one.text) for one in chosen]
    left = [units[: data.draw(st.integers(1, len(units)))] for units in left]
    rng = random.Random(data.draw(st.integers(0, 1 << 30)))
    lines = interleave(rng, left, data.draw(st.sampled_from([0.0, 0.5, 0.9])))
    written = Counter(line.rstrip(": ") for line in lines)
    found = names(records_of(lines))
    assert all(count <= written[name] for name, count in found.items())


def test_mixed_lines_take_linear_time(told: list[Told]) -> None:
    """Four writers without end cost no more for each line than for the first ones."""

    def seconds(count: int) -> float:
        rng = random.Random(4)
        writers = [[unit for one in rng.choices(told, k=count) for unit in by_line(one.text)] for _ in range(4)]
        lines = [Line(number, text) for number, text in enumerate(interleave(rng, writers, 0.3), 1)]
        started = time.process_time()
        assert list(group(lines, "test", lambda text: False, Settings()))
        return (time.process_time() - started) / len(lines)

    assert min(seconds(160) for _ in range(2)) < 2.5 * min(seconds(20) for _ in range(2))
