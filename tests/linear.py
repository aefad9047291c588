"""Measures that no log costs more than its length, nor too much memory: ``python tests/linear.py [NAME ...]``.

For each hostile shape a log of n, 2n and 4n is fed to a real process through a pipe; what the process spends above an
empty log (processor seconds, user and system) must grow no faster than the log. Prints Markdown.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
MOST_GROWTH = 2.6
"""Times that twice the log may cost: 2, and what the clock of a busy machine adds."""
MOST_MEMORY = 200 << 20
FRAME = '  File "/srv/parcel/tree.py", line {}, in walk\n    walk(child)\n'
HEADER = "Traceback (most recent call last):\n"
ENDS = "RuntimeError: Event loop is closed\n"
Pieces = Iterator[str]


class Shape(NamedTuple):
    """A log that harms: its pieces for a size, and that size where it takes about half a second."""

    pieces: Callable[[int], Pieces]
    size: int
    arguments: tuple[str, ...] = ()


class Cost(NamedTuple):
    """What a process took: processor seconds, the most memory in bytes, its exit status, and what it wrote."""

    seconds: float
    memory: int
    status: int
    out: bytes


def one_line(n: int) -> Pieces:
    """One line of n MiB."""
    yield from ("Event loop is closed " + "x" * ((1 << 20) - 21) for _ in range(n))


def one_json_line(n: int) -> Pieces:
    """One line of n KiB that opens as JSON and never ends."""
    yield '{"message": "'
    yield from ("Event loop is closed \\n" + "y" * 1000 for _ in range(n))


def short_lines(n: int) -> Pieces:
    """n thousand lines of one byte."""
    yield from ("x\n" * 1000 for _ in range(n))


def empty_lines(n: int) -> Pieces:
    """n thousand empty lines behind a header."""
    yield HEADER
    yield from ("\n" * 1000 for _ in range(n))


def stream_keys(n: int) -> Pieces:
    """n streams, each with a record that never ends."""
    for number in range(n):
        yield f"pod-{number} | {HEADER}pod-{number} | " + FRAME.format(1).splitlines()[0] + "\n"


def json_streams(n: int) -> Pieces:
    """n streams, told by a key of JSON."""
    for number in range(n):
        yield f'{{"time": "2026-01-02T03:04:05Z", "pod": "p{number}", "message": "Event loop is closed {number}"}}\n'


def deep_json(n: int) -> Pieces:
    """JSON within JSON, n levels deep, three times."""
    for opening, closing in ('{"a":', "}"), ("[", "]"), ('{"message":[', "]}"):
        yield '{"message": "Event loop is closed", "a":' + opening * n + "1" + closing * n + "}\n"


def deep_groups(n: int) -> Pieces:
    """Exception groups within each other."""
    for level in range(n):
        pad = " " * (2 * min(level, 100))
        yield f"{pad}  + Exception Group Traceback (most recent call last):\n"
        yield f"{pad}  | ExceptionGroup: many (1 sub-exception)\n"
        yield f"{pad}  +-+---------------- 1 ----------------\n"
    yield "  | " + ENDS


def many_groups(n: int) -> Pieces:
    """One exception group with n members."""
    yield "  + Exception Group Traceback (most recent call last):\n  | ExceptionGroup: many\n"
    yield "  +-+---------------- 1 ----------------\n"
    for number in range(n):
        yield f"    | {HEADER}    | {FRAME.format(number).splitlines()[0]}\n    | {ENDS}"
        yield f"    +---------------- {number} ----------------\n"


def endless_trace(n: int) -> Pieces:
    """A traceback with n frames."""
    yield HEADER
    yield from (FRAME.format(number) for number in range(n))
    yield ENDS


def endless_chain(n: int) -> Pieces:
    """n exceptions, each the cause of the next."""
    for number in range(n):
        yield HEADER + FRAME.format(number) + ENDS
        yield "\nDuring handling of the above exception, another exception occurred:\n\n"


def headers_only(n: int) -> Pieces:
    """n headers of tracebacks, one after the other."""
    yield from (HEADER for _ in range(n))


def distinct_failures(n: int) -> Pieces:
    """n failures, no two of them alike."""
    for number in range(n):
        yield "Task was destroyed but it is pending!\n"
        yield f"task: <Task pending name='T{number}' coro=<go{number}() running at /a{number}.py:7>>\n"


def unknown_failures(n: int) -> Pieces:
    """n failures that no rule knows, no two of them alike."""
    for number in range(n):
        yield f"{HEADER}{FRAME.format(number)}parcel.Lost{number}: parcel {number} is lost\n"


def deep_reprs(n: int) -> Pieces:
    """A task whose repr holds reprs, n deep."""
    yield "Task was destroyed but it is pending!\ntask: " + "<Task pending name='t' coro=<" * n + ">" * n + "\n"


def odd_times(n: int) -> Pieces:
    """Times that no calendar has."""
    for number in range(n):
        yield f"9999-99-99T99:{number % 99}:99.{number}+99:99 ERROR parcel Event loop is closed\n"
        yield f"{number}999999999999 ERROR parcel Event loop is closed\n"


def escapes(n: int) -> Pieces:
    """Backslashes, quotes and colours in rows."""
    for _ in range(n):
        yield "\\" * 400 + "n" + '"' * 300 + "\x1b[" * 200 + "Event loop is closed\n"


def prefixes(n: int) -> Pieces:
    """Each traceback behind a prefix of its own."""
    for number in range(n):
        yield f"<<{number}:{number * 7}>> {HEADER}<<{number}:{number * 7}>> {FRAME.format(1).splitlines()[0]}\n"


def interleaved(n: int) -> Pieces:
    """Tracebacks written into each other without a key."""
    for number in range(n):
        yield HEADER + HEADER + FRAME.format(number) + FRAME.format(number + 1) + "ValueError: x\n" + ENDS


def mimicry(n: int) -> Pieces:
    """What our own report looks like."""
    for number in range(n):
        yield f"{number}. Event loop is closed   {number} times\n"
        yield "  likely  loopdoctor explain missing-await  99%  never awaited\n"


def wrapped(n: int) -> Pieces:
    """Lines as long as a terminal is wide, as if every one of them went on."""
    yield from (("Traceback (most recent call last) " * 3)[:80] + "\n" for _ in range(n))


def spaces(n: int) -> Pieces:
    """Indentation of any depth behind a header, and blanks that patterns try over and over."""
    for number in range(n):
        yield HEADER + " " * (number % 997) + "File " + " " * 900 + "x" + " " * 900 + "\n"


def pytest_sections(n: int) -> Pieces:
    """n failed tests, none of which ends."""
    yield "=================================== FAILURES ===================================\n"
    for number in range(n):
        yield f"_________________________________ test_{number} _________________________________\n"
        yield f"\n    def test_{number}():\n>       go()\n"


SHAPES = {
    "one line": Shape(one_line, 64),
    "one JSON line": Shape(one_json_line, 64 << 10),
    "short lines": Shape(short_lines, 1000),
    "empty lines": Shape(empty_lines, 400),
    "stream keys": Shape(stream_keys, 10_000),
    "JSON streams": Shape(json_streams, 8_000),
    "deep JSON": Shape(deep_json, 50_000),
    "deep groups": Shape(deep_groups, 5_000),
    "many groups": Shape(many_groups, 5_000),
    "endless traceback": Shape(endless_trace, 20_000),
    "endless chain": Shape(endless_chain, 4_000),
    "headers only": Shape(headers_only, 20_000),
    "distinct failures": Shape(distinct_failures, 4_000),
    "unknown failures": Shape(unknown_failures, 4_000),
    "deep reprs": Shape(deep_reprs, 20_000),
    "odd times": Shape(odd_times, 6_000),
    "escapes": Shape(escapes, 2_000),
    "prefixes": Shape(prefixes, 6_000),
    "interleaved": Shape(interleaved, 3_000),
    "mimicry": Shape(mimicry, 8_000),
    "wrapped": Shape(wrapped, 15_000),
    "spaces": Shape(spaces, 2_000),
    "pytest sections": Shape(pytest_sections, 4_000),
}


def cost(pieces: Iterator[str], *arguments: str) -> Cost:
    """Feeds a log to a process of its own."""
    command = [sys.executable, "-m", "loopdoctor", "scan", "-", "--format", "json", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    read, write = os.pipe()
    feeder = os.fork()
    if not feeder:
        os.close(read)
        try:
            for piece in pieces:
                data = piece.encode()
                while data:
                    data = data[os.write(write, data) :]
        finally:
            os._exit(0)
    os.close(write)
    process = subprocess.Popen(command, stdin=read, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
    os.close(read)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    os.waitpid(feeder, 0)
    return Cost(used.ru_utime + used.ru_stime, _own(used.ru_maxrss << 10), process.returncode, out)


def _own(memory: int) -> int:
    """A child's peak; 0 where it is no more than ours, which counts as the child's until it has become a program."""
    return memory if memory > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10 else 0


def measured(shape: Shape, scale: float = 1.0, sizes: tuple[int, ...] = (1, 2, 4)) -> list[Cost]:
    """What the shape costs in each of these sizes."""
    return [cost(shape.pieces(int(shape.size * scale * size)), *shape.arguments) for size in sizes]


def growth(costs: list[Cost], start: float) -> list[float]:
    """How many times each costs what the one before does, without what every start costs."""
    above = [max(one.seconds - start, 0.02) for one in costs]
    return [later / earlier for earlier, later in pairwise(above)]


def main(names: list[str]) -> int:
    """Prints a table; 1 if a shape grows too fast or takes too much memory."""
    start = min(cost(iter(())).seconds for _ in range(3))
    print(f"| log (start-up of {start:.2f} s taken off) | n | s at n, 2n, 4n | ratios | MiB |\n|---|---|---|---|---|")
    bad = 0
    for name, shape in SHAPES.items():
        if names and name not in names:
            continue
        costs = measured(shape)
        ratios = growth(costs, start)
        memory = max(one.memory for one in costs)
        seconds = ", ".join(f"{max(one.seconds - start, 0):.2f}" for one in costs)
        wrong = max(ratios) > MOST_GROWTH or memory > MOST_MEMORY or any(one.status for one in costs)
        bad += wrong
        grows = ", ".join(f"{ratio:.1f}" for ratio in ratios)
        print(f"| {name} | {shape.size:,} | {seconds} | {grows} | {memory >> 20}{' **!**' * wrong} |", flush=True)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
