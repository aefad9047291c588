"""``scan --state`` while its log is written and rotated, and the runs are killed at any moment."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from loopdoctor.additions import QUIET

CALM = "".join(f"2026-11-24 10:00:{second:02} INFO web request {second} answered\n" for second in range(60))


def name_of(number: int) -> str:
    """A word for each number, without digits: numbers count for nothing in a fingerprint."""
    return "job_" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:05}")


def failure(name: str) -> list[str]:
    """A traceback of its own, line by line."""
    return [
        f"2026-11-24 10:01:00 ERROR web {name} failed\n",
        "Traceback (most recent call last):\n",
        f'  File "/srv/app/{name}.py", line 14, in {name}\n',
        "    loop.run_until_complete(fetch())\n",
        '  File "/usr/lib/python3.12/asyncio/base_events.py", line 663, in run_until_complete\n',
        "    self._check_closed()\n",
        '  File "/usr/lib/python3.12/asyncio/base_events.py", line 540, in _check_closed\n',
        "    raise RuntimeError('Event loop is closed')\n",
        "RuntimeError: Event loop is closed\n",
    ]


class Writer(threading.Thread):
    """Writes one failure after the other, in pieces, and rotates its log in every way that there is."""

    def __init__(self, log: Path, seed: int) -> None:
        super().__init__(daemon=True)
        self.log = log
        self.chance = random.Random(seed)
        self.names: list[str] = []
        self.written = 0
        self.rotations: Counter[str] = Counter()
        self.ended = threading.Event()

    def run(self) -> None:
        """Until it is told to end; the last failure is written whole."""
        while not self.ended.is_set():
            self._fail()
            if self.chance.random() < 0.12:
                self._rotate()

    def _fail(self) -> None:
        name = name_of(len(self.names))
        self.names.append(name)
        lines = failure(name)
        cut = self.chance.randrange(1, len(lines))
        half = self.chance.randrange(len(lines[cut]))
        text = "".join(lines)
        at = len("".join(lines[:cut])) + half
        self._write(text[:at])
        time.sleep(self.chance.random() / 20)
        self._write(text[at:] + CALM)
        time.sleep(self.chance.random() / 10)

    def _write(self, text: str) -> None:
        with self.log.open("a") as file:
            file.write(text)
        self.written += len(text)

    def _rotate(self) -> None:
        """What logrotate does: the older ones move on, the oldest are compressed, the log is renamed or truncated."""
        folder, base = self.log.parent, self.log.name
        for number in range(self.rotations.total(), 1, -1):
            older = folder / f"{base}.{number}.gz"
            if older.exists():
                older.rename(folder / f"{base}.{number + 1}.gz")
        first = folder / f"{base}.1"
        if first.exists():
            packed = folder / f"{base}.2.gz"
            with first.open("rb") as plain, gzip.open(packed, "wb") as out:
                shutil.copyfileobj(plain, out)
            info = first.stat()
            os.utime(packed, (info.st_atime, info.st_mtime))
            first.unlink()
        if self.chance.random() < 0.5:
            self.rotations["rename"] += 1
            self.log.rename(first)
            self.log.touch()
        else:
            self.rotations["copytruncate"] += 1
            shutil.copy(self.log, first)
            os.truncate(self.log, 0)


def start(log: Path, number: int) -> subprocess.Popen[bytes]:
    """A run with a report of its own."""
    folder = log.parent.parent
    report = folder / f"report-{number:04}.json"
    command = [sys.executable, "-m", "loopdoctor", "scan", str(log), "--state", str(folder / "state.json")]
    return subprocess.Popen([*command, "-f", "json", "-o", str(report), "--quiet"], stderr=subprocess.PIPE)


def killed_runs(tmp_path: Path, kills: int, seed: int) -> None:
    """Kills so many runs, lets some others end, and holds what all reports tell against what was written."""
    chance = random.Random(seed)
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "app.log"
    log.touch()
    start(log, 0).communicate(timeout=60)  # what was rotated away before the first run is none of its business
    writer = Writer(log, seed)
    writer.start()
    killed = number = 0
    length = 0.5
    while killed < kills:
        number += 1
        process = start(log, number)
        began = time.monotonic()
        if chance.random() < 0.15:
            _, error = process.communicate(timeout=60)
            assert process.returncode == 0, error
            length = max(0.2, time.monotonic() - began)
            continue
        time.sleep(chance.random() * length)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
    writer.ended.set()
    writer.join()
    time.sleep(QUIET + 0.2)
    for _ in range(2):  # the first may only have told what was pending
        number += 1
        _, error = start(log, number).communicate(timeout=60)
        assert not error, error
    reports = [json.loads(path.read_bytes()) for path in sorted(tmp_path.glob("report-*.json"))]
    told: Counter[str] = Counter()
    for report in reports:
        for incident in report["incidents"]:
            told[Path(incident["culprit"]["file"]).stem] += incident["occurrences"]
    assert set(writer.rotations) == {"rename", "copytruncate"}
    assert told == Counter(writer.names)
    assert not [report["unexplained"] for report in reports if report["unexplained"]]
    assert not [report["notices"] for report in reports if report["notices"]]
    assert sum(report["stats"]["bytes"] for report in reports) == writer.written
    print(f"{killed} of {number} runs killed, {len(writer.names)} failures, {writer.written} bytes, {writer.rotations}")


def test_runs_that_are_killed_tell_every_incident_once(tmp_path: Path) -> None:
    """Twenty runs killed at random while the log rotates: each failure in one report, whole; the bytes add up."""
    killed_runs(tmp_path, 20, 5)


@pytest.mark.slow
def test_two_hundred_runs_that_are_killed_tell_every_incident_once(tmp_path: Path) -> None:
    """The same at length."""
    killed_runs(tmp_path, 200, 11)
