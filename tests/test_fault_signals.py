"""Signals at any moment: the report is whole or not there, and the exit status says which."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from faults import DEADLINE, ended, leftovers, long_log_fixture, start
from parcel_logs import CLOSED, DESTROYED, calm

__all__ = ["long_log_fixture"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def until_read(process: subprocess.Popen[bytes], data: bytes) -> None:
    """Gives a process its input and waits until it has taken it and waits for more."""
    import fcntl
    import termios

    assert process.stdin is not None
    process.stdin.write(data)
    process.stdin.flush()
    left = bytearray(4)
    for _ in range(1000):
        fcntl.ioctl(process.stdin, termios.FIONREAD, left)
        if not int.from_bytes(left, sys.byteorder):
            return
        time.sleep(0.01)
    pytest.fail("the process does not read")


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("size", [0, 3 << 20], ids=["short", "long"])
def test_a_signal_ends_the_reading_and_what_is_open_is_judged(
    number: signal.Signals, size: int, tmp_path: Path
) -> None:
    """The last record has no end yet; the report holds it, and the status is 128 and the signal's number."""
    target = tmp_path / "report.json"
    process = start("scan", "-", "-o", str(target), "-f", "json", "--fail-on", "any", stdin=subprocess.PIPE)
    until_read(process, calm(size // 60).encode() + DESTROYED.encode() + calm(90).encode() + CLOSED.rstrip().encode())
    process.send_signal(number)
    status, _, _ = ended(process)
    report = json.loads(target.read_bytes())
    assert status == 128 + number
    assert report["stats"]["interrupted"]
    found = {symptom["id"] for incident in report["incidents"] for symptom in incident["symptoms"]}
    assert {"event-loop-is-closed", "task-destroyed-pending"} <= found


def test_a_second_ctrl_c_ends_at_once(long_log: Path) -> None:
    """Whoever does not want the report has it not."""
    process = start("scan", str(long_log), "--full")
    time.sleep(0.6)
    process.send_signal(signal.SIGINT)
    time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    status, _, _ = ended(process)
    assert status in {130, -signal.SIGINT}
    assert time.monotonic() - began < 5


def stopped_at_a_moment(path: Path, number: int, after: float) -> None:
    """Sends a signal to a scan after these seconds: the report is whole or not there, and the status says which."""
    target = path.with_name("report.json")
    process = start("scan", str(path), "-f", "json", "-o", str(target))
    time.sleep(after)
    process.send_signal(number)
    out, err = process.communicate(timeout=DEADLINE)
    status = process.returncode
    if err and status in {-number, 1}:  # it came before the first line of ours was run: the interpreter's own affair
        assert after < 0.1, err
        return
    assert (out, b"Traceback" in err, b"Exception ignored" in err) == (b"", False, False), err
    if status in {0, 128 + number} and target.exists():
        report = json.loads(target.read_bytes())
        assert report["stats"]["interrupted"] == (status != 0)
    else:  # before there was anything to report
        assert status in {-number, 128 + number}, err
    assert leftovers(path.parent, path, target) == []


@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGPIPE])
@pytest.mark.parametrize("after", [0.02, 0.3, 0.6])
def test_a_signal_leaves_a_whole_report_or_none(long_log: Path, number: signal.Signals, after: float) -> None:
    """While it starts, while it reads, while it writes."""
    stopped_at_a_moment(long_log, number, after)


@pytest.mark.slow
@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGPIPE])
@pytest.mark.parametrize("seed", range(75))
def test_a_signal_at_any_moment(long_log: Path, number: signal.Signals, seed: int) -> None:
    """The same at random moments."""
    stopped_at_a_moment(long_log, number, random.Random(f"{number} {seed}").random() * 1.5)


@pytest.mark.parametrize("whole_group", [False, True], ids=["one", "group"])
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_several_processes_too(tmp_path: Path, number: signal.Signals, whole_group: bool) -> None:
    """Sent to one, or by a terminal or a service manager to all: each tells what it has, and the report holds it."""
    for name in "abcd":
        (tmp_path / f"{name}.log").write_text((calm(200) + CLOSED.replace("parcel", name)) * 1400)
    process = start("scan", str(tmp_path), "-f", "json", "--jobs", "2", start_new_session=True)
    time.sleep(0.8)
    (os.killpg if whole_group else os.kill)(process.pid, number)
    status, out, _ = ended(process)
    assert status in {0, 128 + number}
    assert json.loads(out)["stats"]["interrupted"] == (status != 0)
