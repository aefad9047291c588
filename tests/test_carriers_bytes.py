"""Any bytes, in any pieces, in linear time: what ``unwrap`` promises whatever the log."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopdoctor.carriers import GAP, unwrap
from loopdoctor.model import Line, Notice, Window
from loopdoctor.settings import Settings
from test_carriers_payloads import PAYLOADS, own_lines, whole
from test_carriers_transports import WRITERS

FRAGMENTS = [
    *(line for body in PAYLOADS.values() for line in body),
    *(write(PAYLOADS["report"]) for write in WRITERS.values()),
    "2031-03-04 05:06:07,089 ERROR chef: x",
    "{",
    "}",
    "[",
    "]",
    '  "message": "x",',
    '{"log": "',
    'data: {"a": 1}',
    "__CURSOR=s=1;i=1",
    "MESSAGE",
    "MESSAGE=x",
    "",
    "╭──── Traceback (most recent call last) ────╮",
    "│ /a.py:3 in f │",
    "╰─────────────────────╯",
    "│",
    '> File "a", line 1, in b',
    "KeyError                     Traceback (most recent call last)",
    "Cell In[1], line 1",
    "----> 1 x()",
    "---> ",
    "<testsuite><testcase name='a' classname='b'><failure>",
    "]]>",
    "</failure>",
    "<![CDATA[",
    '<a b="',
    "2031-03-04 05:06:07,089 DEBG 'x' stderr output:",
    "\x1b[",
    "\x1b]8;;",
    "\r",
    "\0",
    "\ufeff",
    "\xa0\xa0File",
    "     ",
    ">",
    "| ",
    "Mar  4 05:06:07 h a[1]: #012#011#0",
    '{"a":' * 40,
    "[" * 200,
    'level=ERROR msg="',
    "[x] Traceback (most recent call last):",
    "2031-03-04T05:06:07Z stderr P half",
    '<27>1 2031 h a 1 - [x y="',
    "[05:06:07] ERROR    x      a.py:1",
    "           ERROR    y",
]

LOGS = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=30), max_size=25).map("\n".join)
NOTHING: list[Notice] = []


def in_windows(data: bytes, cuts: list[int]) -> list[Line]:
    """The lines of a log that comes in windows, cut behind the given lines."""
    lines = data.splitlines(keepends=True) if b"\r" not in data else [part + b"\n" for part in data.split(b"\n")]
    if b"\r" in data:
        lines[-1] = lines[-1][:-1]
        lines = [line for line in lines if line]
    borders = [0, *sorted({cut % (len(lines) + 1) for cut in cuts}), len(lines)]
    windows = [
        Window("log", begin + 1, b"".join(lines[begin:end]))
        for begin, end in itertools.pairwise(borders)
        if end > begin
    ]
    return list(unwrap(windows, Settings(), NOTHING.append))


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_it_raise(data: bytes) -> None:
    """Whatever the bytes, lines come out, and their numbers never fall outside the window."""
    last = data.count(b"\n") + 1
    assert all(1 <= line.number <= last for line in own_lines(data))


@given(LOGS)
@settings(max_examples=250, deadline=None)
def test_no_mixture_of_formats_makes_it_raise(log: str) -> None:
    """Formats begun and never ended, one within another, give lines all the same."""
    for line in own_lines(log.encode("utf-8", "replace")):
        assert "\0" not in line.text
        assert "\n" not in line.text
        assert "\x1b" not in line.text


@given(LOGS, st.lists(st.integers(0, 1000), max_size=6))
@settings(max_examples=200, deadline=None)
def test_the_same_lines_come_whatever_the_windows(log: str, cuts: list[int]) -> None:
    """Windows that follow each other without a gap give what one window gives."""
    data = log.encode("utf-8", "replace").replace(b"\x0b", b"").replace(b"\x0c", b"")
    assert in_windows(data, cuts) == own_lines(data)


@given(LOGS, LOGS)
@settings(max_examples=100, deadline=None)
def test_nothing_before_a_gap_changes_what_stands_behind(before: str, after: str) -> None:
    """Where lines were skipped all state ends: the second window is read as if it stood alone."""
    first, second = before.encode("utf-8", "replace"), after.encode("utf-8", "replace")
    lines = list(unwrap([Window("log", 1, first), Window("log", 9000, second)], Settings(), NOTHING.append))
    alone = list(unwrap([Window("log", 9000, second)], Settings(), NOTHING.append))
    gap = next((index for index, line in enumerate(lines) if line.carrier == GAP), None)
    assert gap is not None
    assert lines[gap + 1 :] == alone


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_line_in_another_encoding_costs_only_its_own_letters(encoding: str) -> None:
    """Bytes that are no UTF-8 neither stop the scan nor spoil the lines around them."""
    body = PAYLOADS["chained"]
    data = "crème brûlée\n".encode(encoding) + "\n".join(body).encode() + b"\n" + bytes(range(128, 256)) + b"\n"
    lines = own_lines(data)
    whole(lines, body)
    assert len(lines) == len(body) + 2


def test_a_mark_of_byte_order_and_a_missing_last_newline_change_nothing() -> None:
    """A BOM is dropped and the last line is given though nothing ends it."""
    assert [line.text for line in own_lines(b"\xef\xbb\xbffirst\nlast")] == ["first", "last"]


def test_a_line_beyond_the_bound_is_cut_and_the_reader_told() -> None:
    """A line is kept up to ``max_line``; one notice says that lines were cut, and where."""
    notices: list[Notice] = []
    window = Window("log", 5, b"x" * 5000 + b"\n" + b"y" * 5000 + b"\nshort\n")
    lines = list(unwrap([window], Settings(max_line=100), notices.append))
    assert [len(line.text) for line in lines] == [100, 100, 5]
    assert [(notice.kind, notice.line) for notice in notices] == [("line-cut", 5)]


HOSTILE = {
    "one long word": lambda n: "a" * n,
    "blanks": lambda n: " " * n + "x",
    "brackets": lambda n: "[" * n,
    "braces": lambda n: '{"a":' * (n // 5),
    "tags": lambda n: "<testsuite>" + '<a b="' * (n // 6),
    "escapes": lambda n: "\x1b]" * (n // 2),
    "quotes": lambda n: 'level=ERROR msg="' + '\\"' * (n // 2),
    "pairs": lambda n: "a=b " * (n // 4),
    "colons": lambda n: "a: " * (n // 3),
    "digits": lambda n: "2031-03-04 05:06:07 " * (n // 20),
    "bars": lambda n: "│ └ " * (n // 4),
    "slashes": lambda n: "2031-03-04T05:06:07.089123+00:00 " + "a/" * (n // 2),
    "octal": lambda n: "Mar  4 05:06:07 h a[1]: " + "#012" * (n // 4),
    "json lines": lambda n: '{"message": "x"}\n' * (n // 17),
    "open braces": lambda n: "{\n" * (n // 2),
    "many lanes": lambda n: "".join(f"pod-{i}-1  | x\n" for i in range(n // 14)),
    "headers": lambda n: "[x] Traceback (most recent call last):\n" * (n // 40),
    "arrows": lambda n: "Cell In[1], line 1\n" + "----> 1 x\n" * (n // 10),
    "boxes": lambda n: "╭──── Traceback (most recent call last) ────╮\n" * (n // 46),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_time_grows_no_faster_than_the_log(kind: str) -> None:
    """A text made to be slow takes about four times as long when it is four times as long."""

    def seconds(size: int) -> float:
        data = HOSTILE[kind](size).encode()
        best = 9.0
        for _ in range(2):
            begin = time.perf_counter()
            own_lines(data)
            best = min(best, time.perf_counter() - begin)
        return best

    assert seconds(120_000) < 0.05 + 10 * seconds(30_000)
