"""Logs, archives, directories and rules by somebody who means harm: a report in linear time and bounded memory.

Each shape runs in a process of its own, small here; ``slow`` runs measure n, 2n, 4n as ``python tests/linear.py`` does.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import socket
import struct
import tarfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faults import run
from linear import MOST_GROWTH, MOST_MEMORY, SHAPES, cost, growth, measured
from loopdoctor.pipeline import scan
from loopdoctor.settings import Settings
from parcel_logs import CLOSED, calm

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes, sockets and limits of POSIX")

Write = Callable[..., str]


@pytest.mark.parametrize("name", SHAPES)
def test_no_shape_of_a_log_breaks_a_scan(name: str) -> None:
    """A twentieth of what ``linear.py`` measures: status 0, no stage fails, and the memory stays within its bounds."""
    (small,) = measured(SHAPES[name], 0.05, (1,))
    report = json.loads(small.out)
    assert (small.status, small.memory <= MOST_MEMORY) == (0, True)
    assert not {notice["kind"] for notice in report["notices"]} & {"record-failed", "source-failed", "incident-failed"}


@pytest.mark.slow
@pytest.mark.parametrize("name", SHAPES)
def test_twice_the_log_costs_twice_the_time(name: str) -> None:
    """Processor time of n, 2n and 4n, without the start; each at most 2.6 times the one before."""
    start = min(cost(iter(())).seconds for _ in range(3))
    costs = measured(SHAPES[name])
    assert max(growth(costs, start)) <= MOST_GROWTH, costs
    assert max(one.memory for one in costs) <= MOST_MEMORY


UNITS = (
    "\\",
    "\\n",
    '"',
    "'",
    "[",
    "(",
    "{",
    "<",
    "=",
    "a=",
    "/",
    "\x1b[",
    "\r",
    " ",
    "&lt;",
    "%20",
    "<Task ",
    "1 ",
    "|",
)
HEADS = ("", "2026-01-02 03:04:05 ERROR parcel: ", '{"message": "', "Traceback (most recent call last):\n  ", 'msg="')


@pytest.mark.parametrize("unit", UNITS)
def test_a_line_of_one_thing_costs_no_more_than_its_length(unit: str, rules_once: None, write: Write) -> None:
    """60 KB of the same characters behind several heads: a pattern that tries each place anew would take minutes."""
    began = time.process_time()
    for head in HEADS:
        scan([write(f"{head}{unit * (60_000 // len(unit))} Event loop is closed\nnext\n")], Settings())
    assert time.process_time() - began < 10


@pytest.mark.parametrize("mebibytes", [64, pytest.param(4096, marks=pytest.mark.slow)])
def test_a_line_of_gigabytes_takes_no_memory(mebibytes: int) -> None:
    """One line through a pipe, 4 GiB of it in the slow run; its beginning is judged and the cut is told."""
    done = cost("Event loop is closed " + "x" * ((1 << 20) - 21) for _ in range(mebibytes))
    report = json.loads(done.out)
    assert (done.status, report["stats"]["bytes"]) == (0, mebibytes << 20)
    assert done.memory <= MOST_MEMORY
    assert "line-cut" in {notice["kind"] for notice in report["notices"]}


@pytest.mark.slow
def test_ten_million_lines_of_one_byte() -> None:
    """A billion, scaled down a hundred times: every line is counted."""
    done = cost("x\n" * 100_000 for _ in range(100))
    assert (json.loads(done.out)["stats"]["lines"], done.memory <= MOST_MEMORY) == (10_000_000, True)


@pytest.mark.slow
def test_a_million_streams() -> None:
    """A million keys, each with a record that is open: the streams that are kept are bounded."""
    done = cost(SHAPES["stream keys"].pieces(1_000_000))
    assert (done.status, done.memory <= MOST_MEMORY) == (0, True)


# --- archives ---------------------------------------------------------------------------------------------------------

PACK: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstandard.compress,
}


def zipped(data: bytes) -> bytes:
    """A zip with one member."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.log", data)
    return file.getvalue()


def overlapping(data: bytes, members: int) -> bytes:
    """A zip whose many directory entries all point to one member (D. Fifield, "A better zip bomb", WOOT 2019)."""
    whole = zipped(data)
    directory_at = struct.unpack("<I", whole[-6:-2])[0]
    directory = whole[directory_at:-22] * members
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, members, members, len(directory), directory_at, 0)
    return whole[:directory_at] + directory + end


@pytest.mark.parametrize("name", PACK)
def test_a_bomb_is_stopped_and_told(name: str, tmp_path: Path) -> None:
    """100 MiB in some KiB, packed twice: stopped where it has grown too much; in bounded memory; with a notice."""
    bomb = PACK[name](PACK[name](CLOSED.encode() + b"\n" * (100 << 20)))
    path = tmp_path / "bomb"
    path.write_bytes(bomb)
    status, out, _ = run("scan", str(path), "-f", "json")
    report = json.loads(out)
    assert status == 0
    assert report["incidents"]
    if len(bomb) * 2000 < 64 << 20:
        assert [notice["kind"] for notice in report["notices"]] == ["too-large"]


def test_overlapping_members_count_each_time(tmp_path: Path) -> None:
    """A thousand entries for the same MiB: unpacked to the limit for all of them together, and no further."""
    path = tmp_path / "bomb.zip"
    path.write_bytes(overlapping(b"\n" * (1 << 20), 1000))
    status, out, _ = run("scan", str(path), "-f", "json")
    report = json.loads(out)
    assert (status, report["stats"]["bytes"] <= 300 << 20) == (0, True)
    assert {notice["kind"] for notice in report["notices"]} & {"too-large", "damaged"}


def test_an_archive_without_end_is_not_entered(tmp_path: Path) -> None:
    """Ten zips inside each other: three are opened, the rest is told."""
    data = CLOSED.encode()
    for _ in range(10):
        data = zipped(data)
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    status, out, _ = run("scan", str(path), "-f", "json")
    assert (status, [notice["kind"] for notice in json.loads(out)["notices"]]) == (0, ["nested-too-deep"])


def test_members_reach_nothing_outside(tmp_path: Path) -> None:
    """Absolute paths, ``..``, links to /etc/passwd, devices, pipes: only the content of real members is read."""
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (
            ("l", tarfile.SYMTYPE),
            ("h", tarfile.LNKTYPE),
            ("d", tarfile.CHRTYPE),
            ("f", tarfile.FIFOTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for name in ("/etc/cron.d/owned", "../../owned"):
            info = tarfile.TarInfo(name)
            info.size = len(CLOSED)
            archive.addfile(info, io.BytesIO(CLOSED.encode()))
    before = sorted(tmp_path.rglob("*"))
    status, out, _ = run("scan", str(path), "-f", "json", cwd=tmp_path)
    report = json.loads(out)
    assert (status, [one["bytes"] for one in report["inputs"]]) == (0, [len(CLOSED)] * 2)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_directory_of_traps_is_read(tmp_path: Path) -> None:
    """Pipes, sockets, loops of links, links out of the tree, files without permission: the log among them is found."""
    (tmp_path / "app.log").write_text(calm(3) + CLOSED)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "out").symlink_to("/proc")
    (tmp_path / "closed.log").write_text(CLOSED)
    (tmp_path / "closed.log").chmod(0)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "s"))
        status, out, _ = run("scan", str(tmp_path), "-f", "json")
    report = json.loads(out)
    assert (status, len(report["incidents"])) == (0, 1)
    assert {Path(one["path"]).name for one in report["inputs"]} <= {"app.log", "closed.log"}


# --- rules of a stranger ----------------------------------------------------------------------------------------------

RULE = """\
id: strange
title: Strange
library: parcel
means: It is strange.
rank: 2
signatures:
  - literal: {literal}
    pattern: '{pattern}'
causes:
  missing-await: 0.9
match:
  - '{example}'
no_match: []
"""


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*,){20}x", "(?:a?){40}a{40}$"])
def test_a_pattern_that_backtracks_for_ever_is_stopped(pattern: str, tmp_path: Path) -> None:
    """Refused when it is loaded, or stopped at its time limit and told: the scan ends, and soon."""
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "strange.yaml").write_text(RULE.format(literal="strange words", pattern=pattern, example="strange words"))
    log = tmp_path / "app.log"
    log.write_text("".join(f"RuntimeError: strange words {'a' * 60}{',' * 60}! {n}\n" for n in range(20)) + CLOSED)
    began = time.monotonic()
    status, out, err = run("scan", str(log), "--rules", str(rules), "-f", "json")
    assert time.monotonic() - began < 20
    assert status in {0, 2}
    assert out or b"error:" in err


# --- any bytes --------------------------------------------------------------------------------------------------------


def pieces_of_bytes() -> Iterator[bytes]:
    """What the fuzzer's targets begin with."""
    yield from (
        CLOSED.encode(),
        b"\x1f\x8b\x08",
        b"PK\x03\x04",
        b"BZh9",
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"\xff\xfe",
    )
    yield from (
        b"\n",
        b"\\n",
        b"\0",
        b"\x1b[",
        b'{"message": "',
        b"  + Exception Group Traceback",
        b'  File "a", line 1',
    )


@given(data=st.lists(st.binary() | st.sampled_from(list(pieces_of_bytes()))).map(b"".join))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_give_a_report(write: Write, rules_once: None, data: bytes) -> None:
    """Nothing is raised, and no stage fails."""
    report = scan([write(data)], Settings())
    assert not {notice.kind for notice in report.notices} & {"record-failed", "source-failed", "incident-failed"}
