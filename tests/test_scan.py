"""From files to a report: the same diagnosis however the log comes, in windows or whole."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import tarfile
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopdoctor import pipeline as scanning
from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Report
from loopdoctor.pipeline import ProgressTick, scan
from loopdoctor.prefilter import Prefilter
from loopdoctor.settings import Settings
from parcel_logs import (
    CLOSED,
    DESTROYED,
    OTHER_LOOP,
    PAYLOADS,
    STAMPS,
    UNCLOSED,
    UNKNOWN,
    Write,
    calm,
    mixture,
    told,
    unknown,
)

pytestmark = pytest.mark.usefixtures("rules_once")


# --- whatever the log comes in ----------------------------------------------------------------------------------------


def tarred(data: bytes) -> bytes:
    """A tar archive of one log."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as archive:
        member = tarfile.TarInfo("logs/app.log")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return held.getvalue()


def zipped(data: bytes) -> bytes:
    """A zip archive of one log."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.log", data)
    return held.getvalue()


CONTAINERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": zipped,
    "tgz": tarred,
    "crlf": lambda data: data.replace(b"\n", b"\r\n"),
    "utf-16": lambda data: data.decode().encode("utf-16"),
    "utf-8-sig": lambda data: data.decode().encode("utf-8-sig"),
}
MIXED = calm(60) + DESTROYED + UNCLOSED + calm(60) + CLOSED + calm(60) + OTHER_LOOP + calm(5) + UNKNOWN + calm(60)


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("whole_below", [0, 1 << 20])
def test_a_container_changes_no_diagnosis(write: Write, container: str, whole_below: int) -> None:
    """Compressed, archived, with other line ends or in UTF-16: the report is that of the plain log."""
    asked = Settings(whole_below=whole_below)
    plain = scan([write(MIXED)], asked)
    packed = scan([write(CONTAINERS[container](MIXED.encode()), f"app.{container}")], asked)
    assert len(plain.diagnoses) >= 3
    assert (told(packed), unknown(packed)) == (told(plain), unknown(plain))
    assert packed.notices == ()


@pytest.mark.skipif(os.name == "nt", reason="named pipes of POSIX")
def test_a_pipe_changes_no_diagnosis(write: Write, tmp_path: Path) -> None:
    """A pipe gives small pieces and has no size; nothing else differs."""
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)

    def fill() -> None:
        with Path(pipe).open("wb", buffering=0) as sink:
            data = MIXED.encode()
            for at in range(0, len(data), 997):
                sink.write(data[at : at + 997])

    writer = threading.Thread(target=fill)
    writer.start()
    piped = scan([pipe], Settings(whole_below=0))
    writer.join()
    assert told(piped) == told(scan([write(MIXED)], Settings()))


def test_a_directory_is_each_of_its_files(write: Write, tmp_path: Path) -> None:
    """Each file is an input of its own, and nothing of one is near something of another."""
    write(calm(5) + DESTROYED, "one.log")
    write(UNCLOSED + calm(5), "two.log")
    report = scan([str(tmp_path)], Settings())
    assert [Path(item.path).name for item in report.inputs] == ["one.log", "two.log"]
    assert [Path(one.incident.first.source).name for one in report.diagnoses] == ["one.log", "two.log"]


def test_what_was_read_is_counted(write: Write) -> None:
    """Bytes and lines of each input, and of all."""
    report = scan([write(MIXED), write(CLOSED, "b.log")], Settings())
    assert [(item.bytes, item.lines) for item in report.inputs] == [
        (len(MIXED), MIXED.count("\n")),
        (len(CLOSED), CLOSED.count("\n")),
    ]
    assert report.stats.bytes == len(MIXED) + len(CLOSED)
    assert report.stats.lines == (MIXED + CLOSED).count("\n")
    assert not report.stats.interrupted


def test_a_missing_path_is_an_error_for_the_user() -> None:
    """Before anything is read."""
    with pytest.raises(LoopdoctorError) as caught:
        scan(["/nowhere/app.log"], Settings())
    assert caught.value.reference == "input-not-found"


# --- windows and the full parse -------------------------------------------------------------------------------------


@given(
    stamp=st.sampled_from(sorted(STAMPS)),
    order=st.lists(st.integers(0, len(PAYLOADS) - 1), min_size=1, max_size=6),
    data=st.data(),
)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_scan_of_windows_says_what_the_full_parse_says(
    write: Write, stamp: str, order: list[int], data: st.DataObject
) -> None:
    """Whatever failures stand in whatever order and distance between ordinary lines, with or without stamps."""
    few = st.integers(0, 130)
    gaps = data.draw(st.lists(few | st.just(1500), min_size=len(order), max_size=len(order)), label="gaps")
    path = write(mixture(stamp, order, gaps))
    windowed, full = scan([path], Settings(whole_below=0)), scan([path], Settings(full=True))
    assert told(windowed) == told(full)
    assert unknown(windowed) == unknown(full)
    assert windowed.notices == full.notices == ()


def test_a_large_log_is_read_in_windows_and_says_the_same(write: Write) -> None:
    """Thousands of ordinary lines between failures cost no window; the parse of all of them says no more."""
    chance = random.Random(7)
    order = [chance.randrange(len(PAYLOADS)) for _ in range(30)]
    path = write(mixture("logging", order, [chance.randrange(400, 900) for _ in order]))
    assert Path(path).stat().st_size > Settings().whole_below
    windowed, full = scan([path], Settings()), scan([path], Settings(full=True))
    assert (told(windowed), unknown(windowed)) == (told(full), unknown(full))
    assert len(windowed.diagnoses) >= 4
    assert windowed.stats.lines == full.stats.lines


@pytest.mark.parametrize("encode", [quote, quote_plus])
def test_a_traceback_in_an_url_is_seen_in_a_large_log(write: Write, encode: Callable[[str], str]) -> None:
    """Percent-encoding hides the catalogue's words, but not that there is a traceback."""
    path = write(f"{calm(18_000)}POST /report?body={encode(PAYLOADS[0])}\n{calm(18_000)}".encode())
    assert Path(path).stat().st_size > Settings().whole_below
    windowed, full = scan([path], Settings()), scan([path], Settings(full=True))
    assert told(windowed) == told(full)
    assert windowed.diagnoses


@pytest.mark.parametrize("stamp", STAMPS)
@pytest.mark.parametrize("payload", range(len(PAYLOADS)))
def test_a_storm_of_one_failure_is_counted_as_the_full_parse_counts_it(write: Write, stamp: str, payload: int) -> None:
    """Repeats that need not be parsed again: same counts, same first and last place."""
    gaps = [90, 5, 200, 90, 200, 45, 1, 45, 0, 0, 200, 90, 90, 0]
    path = write(mixture(stamp, [payload] * len(gaps), gaps))
    windowed, full = scan([path], Settings(whole_below=0)), scan([path], Settings(full=True))
    assert (told(windowed), unknown(windowed)) == (told(full), unknown(full))
    counts = [one.incident.occurrences for one in full.diagnoses] + [one.occurrences for one in full.unexplained]
    assert counts == [len(gaps)]


def test_hyperscan_and_the_slow_search_agree(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no hyperscan the same is found."""
    pytest.importorskip("hyperscan")
    path = write(mixture("docker", list(range(len(PAYLOADS))), [150] * len(PAYLOADS)))

    def with_engine(engine: str) -> Report:
        def made(literals: Any, asked: Settings) -> Prefilter:
            return Prefilter(literals, asked, engine=engine)  # type: ignore[arg-type]

        monkeypatch.setattr(scanning, "Prefilter", made)
        return scan([path], Settings(whole_below=0))

    fast, slow = with_engine("hyperscan"), with_engine("find")
    assert (told(fast), unknown(fast)) == (told(slow), unknown(slow))
    assert len(fast.diagnoses) >= 4


# --- progress ---------------------------------------------------------------------------------------------------------


def test_progress_comes_block_by_block_in_bytes_on_disk(write: Write) -> None:
    """Also from a log without a single hit; a compressed log is measured by what was read of the file."""
    lines = calm(30_000).encode()
    ticks: list[ProgressTick] = []
    path = write(lines)
    scan([path], Settings(), progress=ticks.append)
    assert len(ticks) > 3
    assert {tick.bytes_total for tick in ticks} == {len(lines)}
    assert [tick.bytes_done for tick in ticks] == sorted(tick.bytes_done for tick in ticks)
    assert ticks[-1].bytes_done == len(lines)
    packed = gzip.compress(lines)
    ticks.clear()
    scan([write(packed, "app.log.gz")], Settings(), progress=ticks.append)
    assert (ticks[-1].bytes_done, ticks[-1].bytes_total) == (len(packed), len(packed))
