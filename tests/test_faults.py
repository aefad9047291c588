"""The command as a real process, and everything round it fails: disks, logs, pipes, signals, memory, libraries.

Whatever fails, what was found is told where it still can be, the exit status is right, no report is half written, and
nobody is shown a Python traceback. The hundreds of runs at random moments are marked ``slow``.
"""

from __future__ import annotations

import errno
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from faults import ROOT, bounded, ended, leftovers, long_log_fixture, run, short_log_fixture, start
from loopdoctor.render import FORMATS
from parcel_logs import CLOSED, calm

__all__ = ["long_log_fixture", "short_log_fixture"]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits, signals and file systems of POSIX")

NO_SPACE = b"the report cannot be written: no space left on device"
FOUND = b"Event loop is closed"

# A sitecustomize: what stands in BROKEN cannot be imported, and raises what is named there; with JUMPS the clock jumps.
CUSTOM = """
import builtins, os, sys
broken = dict(pair.split("=") for pair in os.environ.get("BROKEN", "").split() )
class Refuses:
    def find_spec(self, name, path=None, target=None):
        if name in broken:
            raise getattr(builtins, broken[name])(f"{name} cannot be loaded here")
sys.meta_path.insert(0, Refuses())
if os.environ.get("JUMPS"):
    import random, time
    time.time = lambda now=time.time: now() + random.choice([-1e8, -3600, 0, 3600, 1e8])
"""


# --- where reports go -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("name", FORMATS)
def test_a_full_device_is_told_and_what_goes_elsewhere_arrives(log: Path, name: str) -> None:
    """Status 2 and a message for the report that could not be written; the one on standard output is whole."""
    status, out, err = run("scan", str(log), "--report", f"{name}=/dev/full")
    assert (status, FOUND in out, NO_SPACE in err) == (2, True, True)
    with Path("/dev/full").open("wb") as full:
        status, _, err = run("scan", str(log), "-f", name, stdout=full)
    assert (status, NO_SPACE in err) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_messages_that_nobody_can_take_change_nothing(log: Path) -> None:
    """Standard error on a full disk: the report comes, with its own status."""
    with Path("/dev/full").open("wb") as full:
        status, out, _ = run("scan", str(log), "--fail-on", "any", stderr=full)
    assert (status, FOUND in out) == (1, True)


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_that_breaks_off_leaves_the_old_one(log: Path, tmp_path: Path, name: str) -> None:
    """Writing fails after some bytes: the former file stays as it was, nothing lies beside it, and it is told."""
    target = tmp_path / "reports" / "report.out"
    target.parent.mkdir()
    target.write_bytes(b"the report of yesterday")
    log.write_text(calm(30) + "".join(CLOSED.replace("parcel", f"parcel{n}") for n in range(20)))
    limit = bounded(FSIZE=100)
    status, _, err = run("scan", str(log), "-f", name, "-o", str(target), preexec_fn=limit)
    assert status == 2
    assert os.strerror(errno.EFBIG).lower().encode() in err
    assert target.read_bytes() == b"the report of yesterday"
    assert leftovers(target.parent, target) == []


@contextmanager
def mounted(place: Path, options: str) -> Iterator[Path]:
    """A small file system of its own; skips where none can be mounted."""
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"cannot mount a tmpfs: {done.stderr.decode().strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_fills_up_leaves_the_old_report(log: Path, tmp_path: Path) -> None:
    """1 MiB of disk with 4 KiB left: the former report stays, and the part of the new one is gone."""
    with mounted(tmp_path / "disk", "size=1m") as disk:
        target = disk / "report.html"
        target.write_bytes(b"the report of yesterday")
        (disk / "ballast").write_bytes(b"x" * ((1 << 20) - (8 << 10)))
        status, _, err = run("scan", str(log), "-f", "html", "-o", str(target))
        assert (status, NO_SPACE in err) == (2, True)
        assert target.read_bytes() == b"the report of yesterday"
        assert leftovers(disk, target) == ["ballast"]


def test_a_read_only_file_system_is_told(log: Path, tmp_path: Path) -> None:
    """The log on it is read, the report for it is refused, standard output has it all the same."""
    with mounted(tmp_path / "disk", "size=1m") as disk:
        (disk / "app.log").write_bytes(log.read_bytes())
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        where = str(disk / "report.json")
        status, out, err = run("scan", str(disk / "app.log"), "--report", f"json={where}", cwd=disk)
        assert (status, FOUND in out, b"read-only file system" in err) == (2, True, True)


# --- logs that change while they are read -----------------------------------------------------------------------------


def truncate(path: Path) -> None:
    """As ``> app.log`` and logrotate's copytruncate do."""
    path.write_bytes(b"")


def shrink(path: Path) -> None:
    """Half of it stays."""
    os.truncate(path, path.stat().st_size // 2)


def replace(path: Path) -> None:
    """Another file takes the name."""
    other = path.with_name("other.log")
    other.write_text("a new day\n")
    other.replace(path)


def rotate(path: Path) -> None:
    """As logrotate does without copytruncate."""
    path.rename(path.with_name("long.log.1"))
    path.write_text("a new day\n")


CHANGES = (truncate, shrink, replace, rotate, Path.unlink)


def changed_at_a_moment(path: Path, change: Callable[[Path], Any], after: float) -> None:
    """Scans a log that changes so after these seconds; what was read first must be told."""
    process = start("scan", str(path), "--format", "json")
    time.sleep(after)
    change(path)
    status, out, err = ended(process)
    if status == 2:  # it had changed before it was opened
        assert b"no such file" in err
        return
    report = json.loads(out)
    assert status == 0
    if report["inputs"][0]["bytes"] > 300_000:
        assert report["incidents"]


@pytest.mark.parametrize("change", CHANGES)
def test_a_log_may_change_while_it_is_read(long_log: Path, change: Callable[[Path], Any]) -> None:
    """Cut, shortened, replaced, renamed, removed: a report on what could be read."""
    changed_at_a_moment(long_log, change, 0.4)


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", range(20))
def test_a_log_may_change_at_any_moment(long_log: Path, change: Callable[[Path], Any], seed: int) -> None:
    """The same at random moments."""
    changed_at_a_moment(long_log, change, random.Random(seed).random())


def test_input_that_stalls_and_comes_back_is_one_log() -> None:
    """A pipe that is silent in the middle of a line, and of a record, is waited for."""
    process = start("scan", "-", "--format", "json", stdin=subprocess.PIPE)
    assert process.stdin is not None
    data = CLOSED.encode()
    for piece in (data[:70], data[70:150]):
        process.stdin.write(piece)
        process.stdin.flush()
        time.sleep(0.3)
    status, out, _ = ended(process, data[150:])
    report = json.loads(out)
    assert (status, report["inputs"][0]["bytes"]) == (0, len(data))
    assert [incident["symptoms"][0]["id"] for incident in report["incidents"]] == ["event-loop-is-closed"]


# --- little memory, an odd environment --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["text", "json", "html"])
def test_300_mib_of_address_space_are_enough(long_log: Path, name: str) -> None:
    """Threads, the search's database and the report have room in it."""
    status, out, _ = run("scan", str(long_log), "-f", name, preexec_fn=bounded(AS=300 << 20))
    assert (status, FOUND in out) == (0, True)


@pytest.mark.parametrize(
    "variables",
    [{}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {"TERM": "dumb"}],
    ids=["nothing", "C", "ascii", "dumb"],
)
def test_no_home_and_next_to_no_environment(log: Path, variables: dict[str, str]) -> None:
    """A service's environment: no HOME, no PATH, no locale, no terminal."""
    command = [sys.executable, "-m", "loopdoctor", "scan", str(log)]
    process = subprocess.Popen(
        command, env={"PYTHONPATH": str(ROOT / "src"), **variables}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    status, out, err = ended(process)
    assert (status, FOUND in out, err, b"\x1b" in out) == (0, True, b"", False)


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
def test_closed_streams_cost_nothing_but_what_would_go_there(
    log: Path, closed: tuple[int, ...], tmp_path: Path
) -> None:
    """``<&- >&- 2>&-``: the report in a file is whole, and nothing else has got into it."""
    target = tmp_path / "report.json"

    def close() -> None:
        for descriptor in closed:
            os.close(descriptor)

    status, out, err = run("scan", str(log), "--report", f"json={target}", "--fail-on", "any", preexec_fn=close)
    assert (status, err) == (1, b"")
    assert (FOUND in out) == (1 not in closed)
    assert json.loads(target.read_bytes())["incidents"]


def test_a_closed_standard_input_is_told() -> None:
    """``loopdoctor scan - <&-`` must not read whatever was opened first."""
    status, _, err = run("scan", "-", preexec_fn=lambda: os.close(0))
    assert (status, b"nothing to read" in err) == (2, True)


BROKEN = [
    *(("hyperscan", raises, "") for raises in ("ImportError", "OSError", "SystemError")),
    *(("isal", raises, "gz") for raises in ("ImportError", "OSError")),
    *(("zstandard", raises, packed) for raises in ("ImportError", "OSError") for packed in ("", "gz", "zst")),
]


@pytest.mark.parametrize(("library", "raises", "packed"), BROKEN)
def test_libraries_that_cannot_be_loaded(library: str, raises: str, packed: str, tmp_path: Path) -> None:
    """Missing, or broken in any way: it goes on without, and only what needs zstandard itself is skipped, and told."""
    path = tmp_path / f"app.log.{packed or 'txt'}"
    data = CLOSED.encode() + calm(25_000).encode()
    if packed == "gz":
        import gzip

        data = gzip.compress(data)
    elif packed == "zst":
        import zstandard

        data = zstandard.compress(data)
    path.write_bytes(data)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(CUSTOM)
    where = os.pathsep.join([str(tmp_path / "site"), str(ROOT / "src")])
    status, out, err = run("scan", str(path), env={"PYTHONPATH": where, "BROKEN": f"{library}={raises}"})
    assert status == 0
    if (library, packed) == ("zstandard", "zst"):
        assert b"zstd data cannot be read by this installation" in err
    else:
        assert (FOUND in out, err) == (True, b"")


@pytest.mark.parametrize("more", [(), ("--follow",), ("--since", "2020-01-01")])
def test_a_clock_that_jumps_changes_no_answer(log: Path, more: tuple[str, ...], tmp_path: Path) -> None:
    """Years forth and back with every look at it."""
    (tmp_path / "sitecustomize.py").write_text(CUSTOM)
    where = os.pathsep.join([str(tmp_path), str(ROOT / "src")])
    arguments = ("scan", "-", "-f", "json", *more)
    status, out, _ = run(*arguments, data=log.read_bytes(), env={"PYTHONPATH": where, "JUMPS": "1"})
    assert (status, len(json.loads(out)["incidents"])) == (0, 1)
