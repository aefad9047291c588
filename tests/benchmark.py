"""How fast a scan is, and how much memory it takes: whole processes, as ratios to what else could be run.

    python tests/benchmark.py [--mib 256] [--runs 3] [--dir DIR]

Needs nothing but an installed loopdoctor. Makes its logs in DIR (a temporary folder): ``sparse`` has a failure every
100,000 lines, ``dense`` one every 50 (an eighth of the size), ``storm`` nothing else (a 32nd), ``four`` is ``sparse``
four times over. ``cat`` is a Python that only reads the same bytes; where ripgrep is installed, it looks for the same
literals as the catalogue does. Absolute times are of this machine alone.
"""

from __future__ import annotations

import argparse
import gzip
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.matching import Matcher

FAILURES = (
    "{t} ERROR asyncio: Task was destroyed but it is pending!\n"
    "task: <Task pending name='Task-{n}' coro=<Kiosk.serve() running at /srv/kiosk/serve.py:{m}> "
    "wait_for=<Future pending cb=[Task.task_wakeup()]>>\n",
    "{t} ERROR kiosk.tickets: ticket {n} was not printed\nTraceback (most recent call last):\n"
    '  File "/srv/kiosk/tickets.py", line {m}, in print_ticket\n    loop.run_until_complete(spool(ticket))\n'
    '  File "/usr/lib/python3.12/asyncio/base_events.py", line 641, in run_until_complete\n    self._check_closed()\n'
    '  File "/usr/lib/python3.12/asyncio/base_events.py", line 520, in _check_closed\n'
    "    raise RuntimeError('Event loop is closed')\nRuntimeError: Event loop is closed\n",
    "{t} ERROR asyncio: Unclosed client session\n"
    "client_session: <aiohttp.client.ClientSession object at 0x7f{n:010x}>\n",
)
ORDINARY = (
    '{t} INFO kiosk.http: 10.0.3.{m} "GET /gates/{n} HTTP/1.1" 200\n',
    "{t} DEBUG kiosk.tickets: ticket {n} printed in {m} ms, paper left 81 %\n",
    "{t} INFO kiosk.store: UPDATE gates SET open = true WHERE id = {n} took {m} ms\n",
    "{t} WARNING kiosk.http: slow answer from gate {n}, connection kept for {m} s\n",
)
READER = "import sys\nf = open(sys.argv[1], 'rb', buffering=0) if len(sys.argv) > 1 else sys.stdin.buffer.raw\n"
READER += "while f.read(1 << 18): pass\n"
RULE = """id: kiosk-{at}
title: {words}
library: kiosk
means: A rule of the benchmark.
rank: 2
signatures:
  - literal: {words}
causes:
  use-after-close: 0.5
match:
  - '{words}'
no_match:
  - 'all is well'
"""
UNZIPPER = "import gzip, sys\nf = gzip.open(sys.argv[1])\nwhile f.read(1 << 18): pass\n"


class Cost(NamedTuple):
    """Wall seconds, and the most MiB that were resident."""

    seconds: float
    mib: float


def make(path: Path, size: int, every: int) -> None:
    """A log of about ``size`` bytes with a failure every so many lines."""
    if path.exists():
        return
    chance = random.Random(11)
    line = written = 0
    with path.open("w", encoding="utf-8") as out:
        while written < size:
            block = []
            for _ in range(5000):
                line += 1
                text = chance.choice(FAILURES if line % every == 0 else ORDINARY)
                when = f"2026-10-05 {line // 36000 % 24:02d}:{line // 600 % 60:02d}:{line // 10 % 60:02d},{line % 10}00"
                block.append(text.format(t=when, n=chance.randrange(10**6), m=chance.randrange(1, 900)))
            written += out.write("".join(block))


def run(command: Sequence[str], fed: Path | None = None) -> Cost:
    """One run; ``fed`` comes through a pipe."""
    feeder: subprocess.Popen[bytes] | None = None
    given: BinaryIO | int = subprocess.DEVNULL
    start = time.perf_counter()
    if fed is not None:
        feeder = subprocess.Popen(["cat", str(fed)], stdout=subprocess.PIPE)
        assert feeder.stdout is not None
        given = feeder.stdout  # type: ignore[assignment]
    child = subprocess.Popen(command, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if feeder is not None and feeder.stdout is not None:
        feeder.stdout.close()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if feeder is not None:
        feeder.wait()
    if child.returncode not in {0, 1}:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    return Cost(seconds, usage.ru_maxrss / 1024)


def median(times: int, measure: Callable[[], Cost]) -> Cost:
    """The median time and the largest memory of several runs."""
    costs = [measure() for _ in range(times)]
    return Cost(statistics.median(cost.seconds for cost in costs), max(cost.mib for cost in costs))


def tell(name: str, size: int, tool: Cost, rivals: dict[str, Cost]) -> None:
    """One line of the table."""
    against = "  ".join(
        f"{rival} {cost.seconds:.2f} s (x {tool.seconds / cost.seconds:.2f})" for rival, cost in rivals.items()
    )
    rate = f"{size / tool.seconds / 1e6:7.0f} MB/s"
    print(f"{name:10} {size / 2**20:7.0f} MiB {tool.seconds:7.2f} s {rate} {tool.mib:5.0f} MiB   {against}")


def many_rules(folder: Path, number: int) -> Path:
    """A directory with so many rules of one's own, none of which is ever met."""
    rules = folder / f"rules-{number}"
    if not rules.exists():
        chance = random.Random(3)
        made = rules / "symptoms" / "kiosk"
        made.mkdir(parents=True)
        for at in range(number):
            words = " ".join(
                "".join(chance.choices("abcdefghijklmnoprstuvw", k=chance.randrange(3, 9))) for _ in range(3)
            )
            (made / f"kiosk-{at}.yaml").write_text(RULE.format(at=at, words=words), "utf-8")
    return rules


def measure_start(tool: Sequence[str], folder: Path, runs: int) -> None:
    """What a short log costs, against the import of the two libraries that the command line is made of."""
    make(folder / "short.log", 1, 7)
    short = folder / "short.log"
    short.write_text("".join(short.read_text("utf-8").splitlines(keepends=True)[:20]), "utf-8")
    base = median(5 * runs, lambda: run([sys.executable, "-c", "import typer, rich.console"]))
    for name, arguments in (("text", ["scan"]), ("json", ["scan", "-f", "json"]), ("--help", []), ("--version", [])):
        command = [*tool, *arguments, str(short)] if arguments else [*tool, name]
        cost = median(5 * runs, lambda command=command: run(command))  # type: ignore[misc]
        ratio = cost.seconds / base.seconds
        print(f"{'start ' + name:16} {1000 * cost.seconds:5.0f} ms   x {ratio:.2f} of the imports alone")


def main() -> None:
    """Makes the logs, runs everything, prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=256)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--dir", type=Path)
    asked = parser.parse_args()
    folder = asked.dir or Path(tempfile.mkdtemp(prefix="loopdoctor-benchmark-"))
    folder.mkdir(parents=True, exist_ok=True)
    tool = [sys.executable, "-m", "loopdoctor"]
    size, runs = asked.mib << 20, asked.runs
    for name, part, every in (("sparse", 1, 100_000), ("dense", 8, 50), ("storm", 32, 1)):
        make(folder / f"{name}.log", size // part, every)
    sparse, four, packed = folder / "sparse.log", folder / "four.log", folder / "sparse.log.gz"
    if not four.exists():
        with four.open("wb") as out:
            for _ in range(4):
                shutil.copyfileobj(sparse.open("rb"), out, 1 << 20)
    if not packed.exists():
        with sparse.open("rb") as log, gzip.open(packed, "wb", 1) as out:
            shutil.copyfileobj(log, out, 1 << 20)
    words = folder / "literals.txt"
    words.write_bytes(b"\n".join(Matcher(load_catalogue()).literals) + b"\n")
    ripgrep = shutil.which("rg")
    for log in (sparse, four, folder / "dense.log", folder / "storm.log"):
        reader = [sys.executable, "-c", READER, str(log)]
        rivals = {"cat": median(runs, lambda reader=reader: run(reader))}  # type: ignore[misc]
        if ripgrep:
            found = [ripgrep, "-c", "-F", "-f", str(words), str(log)]
            rivals["rg"] = median(runs, lambda found=found: run(found))  # type: ignore[misc]
        cost = median(runs, lambda log=log: run([*tool, "scan", "-f", "json", str(log)]))  # type: ignore[misc]
        tell(log.stem, log.stat().st_size, cost, rivals)
    piped = median(runs, lambda: run([*tool, "scan", "-f", "json", "-"], sparse))
    tell("stdin", size, piped, {"cat": median(runs, lambda: run([sys.executable, "-c", READER], sparse))})
    unpacked = median(runs, lambda: run([*tool, "scan", "-f", "json", str(packed)]))
    tell(
        "gz",
        sparse.stat().st_size,
        unpacked,
        {"gzip": median(runs, lambda: run([sys.executable, "-c", UNZIPPER, str(packed)]))},
    )
    for number in (1, 3000):
        rules = many_rules(folder, number)
        scan = [*tool, "scan", "-f", "json", "--rules", str(rules)]
        short = median(runs, lambda scan=scan: run([*scan, os.devnull]))  # type: ignore[misc]
        cost = median(runs, lambda scan=scan: run([*scan, str(sparse)]))  # type: ignore[misc]
        tell(f"{number} rules", size, Cost(cost.seconds - short.seconds, cost.mib), {"reading the rules": short})
    measure_start(tool, folder, runs)
    if asked.dir is None:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
