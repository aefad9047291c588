"""``scan --follow``: logs that are still being written, through rotations, pauses and signals."""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loopdoctor.errors import LoopdoctorError
from loopdoctor.follow import AGAIN, Follower, follow
from loopdoctor.model import Diagnosis, Report, Update
from loopdoctor.pipeline import Run, scan
from loopdoctor.prefilter import Tally
from loopdoctor.settings import Settings
from loopdoctor.sources import Source

SAMPLES = Path(__file__).resolve().parent.parent / "sample_logs"
CLOSED = (SAMPLES / "ingest-loop-closed" / "app.log").read_text()
UNCLOSED = (SAMPLES / "quote-fetcher-unclosed-session" / "app.log").read_text()
CALM = "".join(f"2026-11-24 10:00:{second:02} INFO job {second} done\n" for second in range(60))
DEADLINE = 20.0


class Live:
    """A followed log: what was told of it so far, and its report once it was stopped."""

    def __init__(self, *paths: str, settings: Settings | None = None) -> None:
        self.stop = threading.Event()
        self.told: list[Update] = []
        self.report: Report | None = None
        self._items = follow(paths, settings or Settings(), self.stop)
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        for item in self._items:
            if isinstance(item, Report):
                self.report = item
            else:
                self.told.append(item)

    def wait(self, until: Callable[[list[Update]], bool]) -> None:
        """Waits until what was told is as it should be; fails if it never is."""
        deadline = time.monotonic() + DEADLINE
        while not until(self.told):
            assert time.monotonic() < deadline, [_name(update) for update in self.told]
            time.sleep(0.02)

    def end(self) -> Report:
        """Stops and gives the report."""
        self.stop.set()
        self._thread.join(DEADLINE)
        assert self.report is not None
        return self.report


def _name(update: Update) -> tuple[int, str, int, bool]:
    incident = update.diagnosis.incident
    return update.number, incident.members[0].symptom.id, incident.occurrences, update.new


def _append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def _causes(diagnoses: tuple[Diagnosis, ...]) -> list[str]:
    return [diagnosis.candidates[0].id for diagnosis in diagnoses]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An empty log."""
    path = tmp_path / "app.log"
    path.touch()
    return path


def test_an_incident_is_told_while_its_log_goes_on(log: Path) -> None:
    """Told once, within a second or two of its last line, and the report at the end has it too."""
    live = Live(str(log))
    _append(log, CALM)
    _append(log, CLOSED)
    live.wait(bool)
    assert [_name(update) for update in live.told] == [(1, "event-loop-is-closed", 1, True)]
    assert _causes(live.end().diagnoses) == ["loop-closed-with-tasks-running"]


def test_a_record_that_is_written_slowly_stays_whole(log: Path) -> None:
    """Lines that come one by one, with pauses between them, are one record."""
    live = Live(str(log))
    for line in CLOSED.splitlines(keepends=True):
        _append(log, line)
        time.sleep(0.04)
    live.wait(bool)
    report = live.end()
    assert report.diagnoses == scan([str(log)], Settings()).diagnoses
    assert report.unexplained == ()


@pytest.mark.parametrize("seed", range(4))
def test_the_report_is_that_of_a_scan_however_the_text_came(log: Path, seed: int) -> None:
    """Any pieces, cut anywhere, with pauses anywhere: the same diagnoses, counts and places."""
    chance = random.Random(seed)
    logs = [CALM, CLOSED, CALM * 3, UNCLOSED, CALM * 2, CLOSED]
    data = "".join(logs).encode()
    live = Live(str(log))
    while data:
        size = chance.choice([1, 7, 80, 500, 4000])
        with log.open("ab") as file:
            file.write(data[:size])
        data = data[size:]
        if chance.random() < 0.1:
            time.sleep(0.12)
    live.wait(bool)
    report, whole = live.end(), scan([str(log)], Settings())
    assert report.diagnoses == whole.diagnoses
    assert (report.stats.bytes, report.stats.lines) == (whole.stats.bytes, whole.stats.lines)
    assert report.inputs == whole.inputs


def test_rotation_by_rename_loses_nothing(log: Path) -> None:
    """What the writer still writes into the renamed file is read, then the new one from its beginning."""
    live = Live(str(log))
    _append(log, CALM)
    old = log.rename(log.with_name("app.log.1"))
    _append(log, UNCLOSED)
    time.sleep(0.15)
    _append(old, CLOSED)
    live.wait(lambda told: len(told) >= 2)
    report = live.end()
    assert sorted(_causes(report.diagnoses)) == ["loop-closed-with-tasks-running", "resource-not-closed"]
    assert report.stats.bytes == len((CALM + CLOSED + UNCLOSED).encode())


def test_rotation_by_truncation_is_seen(log: Path) -> None:
    """A file that has become shorter is read from its beginning; the line that was cut off stays alone."""
    live = Live(str(log))
    _append(log, CALM + CLOSED + "half a li")
    live.wait(bool)
    log.write_text(UNCLOSED)
    live.wait(lambda told: len(told) >= 2)
    (alone,) = scan([str(log)], Settings()).diagnoses
    before = len((CALM + CLOSED).splitlines()) + 1
    assert live.told[1].diagnosis.incident.first.line == before + alone.incident.first.line


def test_a_truncated_file_that_has_grown_again_is_seen(log: Path) -> None:
    """The size alone does not tell: the bytes before the reading place do."""
    live = Live(str(log))
    _append(log, CALM)
    time.sleep(0.3)
    log.write_text(UNCLOSED + CALM * 2)
    live.wait(bool)
    assert live.end().stats.bytes == len((CALM + UNCLOSED + CALM * 2).encode())


def test_several_logs_are_followed_at_once(tmp_path: Path) -> None:
    """A failure in either is told, with the file's name; a traceback in one does not meet lines of the other."""
    one, other = tmp_path / "one.log", tmp_path / "other.log"
    one.touch()
    other.touch()
    live = Live(str(one), str(other))
    for first, second in zip(CLOSED.splitlines(True), (CALM + UNCLOSED).splitlines(True), strict=False):
        _append(one, first)
        _append(other, second)
    _append(other, UNCLOSED)
    live.wait(lambda told: len(told) >= 2)
    sources = {update.diagnosis.incident.first.source for update in live.told}
    assert sources == {str(one), str(other)}
    assert [Path(item.path).name for item in live.end().inputs] == ["one.log", "other.log"]


def test_a_pipe_is_followed_to_its_end() -> None:
    """When the writer closes the pipe the report comes by itself."""
    reading, writing = os.pipe()
    live = Live(f"/dev/fd/{reading}")
    os.write(writing, CLOSED.encode())
    live.wait(bool)
    os.close(writing)
    os.close(reading)
    deadline = time.monotonic() + DEADLINE
    while live.report is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert live.report is not None
    assert _causes(live.report.diagnoses) == ["loop-closed-with-tasks-running"]


def _fed(run: Run, texts: Iterator[bytes]) -> Iterator[None]:
    return run.read_live(Source("app.log", None, texts), Tally())


def test_repeats_are_told_more_and_more_seldom() -> None:
    """A failure that comes every second for an hour is told some ten times, the last time with its count."""

    def texts() -> Iterator[bytes]:
        for _ in range(3600):
            yield CLOSED.encode()
            for _ in range(6):
                yield b""

    run = Run(Settings(), None)
    follower = Follower(run)
    told = []
    for second, _ in enumerate(_fed(run, texts())):
        told += list(follower.updates(second / 6))
    assert 8 <= len(told) <= 16
    assert [update.new for update in told] == [True] + [False] * (len(told) - 1)
    assert {update.number for update in told} == {1}
    assert told[-1].diagnosis.incident.occurrences > 2000


def test_an_incident_that_is_never_quiet_is_told_all_the_same() -> None:
    """After two seconds of uninterrupted failures the first telling comes, and not before ``AGAIN`` the second."""

    def texts() -> Iterator[bytes]:
        for _ in range(100):
            yield CLOSED.encode() * 2
            yield b""

    run = Run(Settings(), None)
    follower = Follower(run)
    times = [second / 10 for second, _ in enumerate(_fed(run, texts())) for _ in follower.updates(second / 10)]
    assert len(times) == 1
    assert 1.9 <= times[0] < AGAIN


def test_what_is_kept_stays_bounded() -> None:
    """Thousands of streams and of distinct failures leave bounded tables behind, and what was dropped is told."""

    def texts() -> Iterator[bytes]:
        for number in range(1500):
            lines = CLOSED.replace("ingest", f"ingest{number}").splitlines()
            yield "".join(f"pod-{number}-{number % 7}  | {line}\n" for line in lines).encode()
            yield b""

    run = Run(Settings(max_incidents=50), None)
    for _ in _fed(run, texts()):
        pass
    assert len(run.collector.clusters) <= 50
    assert all(len(cluster.streams) <= 1000 for cluster in run.collector.clusters)
    report = run.report()
    assert sum(diagnosis.incident.occurrences for diagnosis in report.diagnoses) + run.collector.dropped >= 1500


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: path.mkdir(), "a directory cannot be followed"),
        (lambda path: path.write_bytes(gzip.compress(b"line\n")), "a compressed file cannot be followed"),
        (lambda path: path.write_bytes(b"\x7fELF" + bytes(100)), "this is no log"),
        (lambda path: None, "no such file"),
    ],
)
def test_what_cannot_be_followed_is_refused(tmp_path: Path, make: Callable[[Path], object], says: str) -> None:
    """Before anything is read, with the reason and what to do."""
    path = tmp_path / "thing"
    make(path)
    if path.is_dir():
        (path / "app.log").touch()
    with pytest.raises(LoopdoctorError, match=says) as caught:
        follow([str(path)], Settings(), threading.Event())
    assert caught.value.hint


# --- as a user sees it ------------------------------------------------------------------------------------------------


def _command(*arguments: str, **options: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "loopdoctor", "scan", "--follow", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.Popen(command, **pipes)  # type: ignore[call-overload,no-any-return]


def _read_until(process: subprocess.Popen[bytes], words: bytes) -> bytes:
    assert process.stdout is not None
    seen = b""
    while words not in seen and (line := process.stdout.readline()):
        seen += line
    return seen


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_for_the_report(log: Path, number: signal.Signals) -> None:
    """The incident is printed as it comes, the report after the signal, and the exit status is that of a scan."""
    process = _command(str(log))
    _append(log, CLOSED)
    assert b"1. Event loop is closed" in _read_until(process, b"loopdoctor explain")
    process.send_signal(number)
    out, error = process.communicate(timeout=DEADLINE)
    assert b"1 asyncio failure in" in out
    assert (process.returncode, error) == (0, b"")


def test_signals_that_come_at_any_moment_end_it(log: Path) -> None:
    """Also one that comes while the program looks whether it was asked to stop: nothing waits for itself."""
    _append(log, CLOSED)
    processes = [_command(str(log), stderr=subprocess.DEVNULL) for _ in range(4)]
    for process in processes:
        _read_until(process, b"loopdoctor explain")
    for process in processes:
        time.sleep(random.random() / 10)
        process.send_signal(signal.SIGTERM)
    for process in processes:
        out, _ = process.communicate(timeout=DEADLINE)
        assert b"1 asyncio failure in" in out


def test_a_pipe_into_json_prints_one_object(log: Path) -> None:
    """With --format json standard output holds the report alone; what is told meanwhile goes to standard error."""
    process = _command("-", "--format", "json", "--fail-on", "any", stdin=subprocess.PIPE)
    out, error = process.communicate(CLOSED.encode(), timeout=DEADLINE)
    assert [len(incident["causes"]) > 0 for incident in json.loads(out)["incidents"]] == [True]
    assert process.returncode == 1
    assert error == b"" or b"Event loop is closed" in error


def test_a_reader_that_goes_away_ends_it(log: Path) -> None:
    """``| head`` ends a live scan at the next thing it has to tell."""
    process = _command(str(log), stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.close()
    _append(log, CLOSED)
    assert process.wait(DEADLINE) == 0
