"""From when to when a log goes: its first and its last time, however it is read."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from loopdoctor.model import Input
from loopdoctor.pipeline import scan
from loopdoctor.settings import Settings

pytestmark = pytest.mark.usefixtures("rules_once")

Write = Callable[..., str]
SOLD = "2026-03-01 {:02d}:{:02d}:00,000 INFO till: sold item\n"
DAY = "".join(SOLD.format(n // 60, n % 60) for n in range(24 * 60))


def read(path: str, whole_below: int) -> Input:
    """What is told of a log, read whole or in windows."""
    return scan([path], Settings(whole_below=whole_below)).inputs[0]


@pytest.mark.parametrize("whole_below", [0, 1 << 20])
def test_a_log_has_a_first_and_a_last_time(write: Write, whole_below: int) -> None:
    """Lines that nothing is found in count too, in a log that is read whole and in one that is not."""
    told = read(write("till opens\n" + DAY + "till closes\n"), whole_below)
    assert (told.first_time, told.last_time) == ("2026-03-01 00:00:00,000", "2026-03-01 23:59:00,000")


@pytest.mark.parametrize("whole_below", [0, 1 << 20])
@pytest.mark.parametrize("text", ["", "sold\n" * 2000, "\x00\xff\n"], ids=["empty", "no times", "bytes"])
def test_a_log_without_times_has_none(write: Write, whole_below: int, text: str) -> None:
    """None where nothing can be told."""
    told = read(write(text), whole_below)
    assert (told.first_time, told.last_time) == (None, None)


def test_a_compressed_log_has_them_too(tmp_path: Path) -> None:
    """The ends are those of the unpacked text."""
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(DAY.encode()))
    told = read(str(path), 0)
    assert (told.first_time, told.last_time) == ("2026-03-01 00:00:00,000", "2026-03-01 23:59:00,000")
