"""``--since`` and ``--until``: what counts as when, and which failures are left in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Report
from loopdoctor.pipeline import scan
from loopdoctor.settings import Settings
from loopdoctor.timespan import NEAR, span_of

EAST = timezone(timedelta(hours=2))
NOW = datetime(2026, 3, 1, 12, 30, tzinfo=EAST)

pytestmark = pytest.mark.usefixtures("rules_once")

TRACE = """Traceback (most recent call last):
  File "/srv/till/worker.py", line 9, in {function}
    loop.run_until_complete(handle(job))
  File "/usr/lib/python3.11/asyncio/base_events.py", line 520, in _check_closed
    raise RuntimeError('Event loop is closed')
RuntimeError: Event loop is closed
"""


def entry(time: str, function: str = "sell") -> str:
    """A failure under a head with this time."""
    return f"{time} ERROR till.worker: job failed\n{TRACE.format(function=function)}"


def seen(report: Report) -> int:
    """How often anything was found."""
    return sum(diagnosis.incident.occurrences for diagnosis in report.diagnoses)


Write = Callable[..., str]


def judged(
    path: str, since: str | None = None, until: str | None = None, now: datetime = NOW, **more: object
) -> Report:
    """The report on what a log says of that time."""
    return scan([path], Settings(span=span_of(since, until, now), **more))  # type: ignore[arg-type]


# --- what the options take -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-02-28T10:00:00Z", datetime(2026, 2, 28, 10, tzinfo=UTC)),
        ("2026-02-28T10:00:00+02:00", datetime(2026, 2, 28, 8, tzinfo=UTC)),
        ("10:15", datetime(2026, 3, 1, 10, 15, tzinfo=EAST)),
        ("9:15:30", datetime(2026, 3, 1, 9, 15, 30, tzinfo=EAST)),
        ("2h", NOW - timedelta(hours=2)),
        ("30min", NOW - timedelta(minutes=30)),
        ("30 minutes ago", NOW - timedelta(minutes=30)),
        ("1d12h", NOW - timedelta(hours=36)),
        ("1.5h", NOW - timedelta(minutes=90)),
        ("2W", NOW - timedelta(weeks=2)),
        ("today", datetime(2026, 3, 1, tzinfo=EAST)),
        ("Yesterday", datetime(2026, 2, 28, tzinfo=EAST)),
        ("now", NOW),
        ("1772000000", datetime.fromtimestamp(1772000000, UTC)),
    ],
)
def test_a_time_is_written_in_many_ways(text: str, moment: datetime) -> None:
    """ISO 8601, a clock of today, a name, seconds since 1970, or how long ago."""
    span = span_of(text, None, NOW)
    assert span is not None
    assert span.since == moment.timestamp()


def test_a_date_without_a_zone_is_local() -> None:
    """``2026-03-01`` is midnight of the user's own zone."""
    span = span_of("2026-02-01", "2026-02-01 10:00", NOW)
    assert span is not None
    assert span.since == datetime(2026, 2, 1).astimezone().timestamp()
    assert span.until == datetime(2026, 2, 1, 10).astimezone().timestamp()


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01", "3 parsecs", "h", "5", "-2h", "9" * 400])
def test_what_is_no_time_is_told(text: str) -> None:
    """The error names the option and shows what can be written."""
    with pytest.raises(LoopdoctorError, match=r"--until .* is no time") as caught:
        span_of(None, text, NOW)
    assert "2h" in caught.value.hint


def test_a_span_that_ends_before_it_begins_is_told() -> None:
    """Nothing could lie in it."""
    with pytest.raises(LoopdoctorError, match="is later than"):
        span_of("1h", "2h", NOW)


def test_without_either_there_is_no_span() -> None:
    """A scan of everything costs nothing more."""
    assert span_of(None, None) is None


# --- which records are left in ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "write_time",
    [
        lambda minute: f"2026-03-01 10:{minute:02d}:00,000",
        lambda minute: f"2026-03-01T08:{minute:02d}:00.000Z",
        lambda minute: f"2026-03-01T13:{minute:02d}:00+0500",
        lambda minute: f"Mar 01 10:{minute:02d}:00",
        lambda minute: f"10:{minute:02d}:00",
        lambda minute: str(int(datetime(2026, 3, 1, 10, minute, tzinfo=EAST).timestamp())),
    ],
    ids=["local", "UTC", "offset", "no year", "no date", "seconds"],
)
def test_only_failures_of_the_span_are_judged(write: Write, write_time: Callable[[int], str]) -> None:
    """Both ends count in, in whatever form and zone the log writes its times."""
    path = write("".join(entry(write_time(minute)) for minute in range(60)))
    assert seen(judged(path)) == 60
    found = judged(path, "10:20", "10:29")
    assert seen(found) == 10
    assert [notice.message for notice in found.notices] == [
        "50 records were written at another time than --since and --until ask for"
    ]


def test_a_time_without_a_year_is_of_the_last_year_rather_than_of_the_future(write: Write) -> None:
    """In January a line of December is a month old."""
    path = write(entry("Dec 31 23:50:00") + entry("Jan 01 00:10:00"))
    assert seen(judged(path, "1h", now=datetime(2026, 1, 1, 0, 20, tzinfo=UTC))) == 2
    assert seen(judged(path, "15min", now=datetime(2026, 1, 1, 0, 20, tzinfo=UTC))) == 1


def test_repeats_of_another_time_are_not_counted(write: Write) -> None:
    """A large log of one failure again and again, which is counted in its bytes otherwise, is judged one by one."""
    lines = [entry(f"2026-03-01 {n // 60:02d}:{n % 60:02d}:00,000") for n in range(12 * 60)]
    path = write("".join(lines))
    assert seen(judged(path, "2026-03-01T00:00:00+02:00", "10:59", whole_below=0)) == 11 * 60
    assert seen(judged(path, "10:00", "10:59", whole_below=0)) == 60


def test_a_failure_without_a_time_has_that_above_it_in_its_stream(write: Write) -> None:
    """A bare traceback happened after the line above it."""
    bare = TRACE.format(function="bare")
    early = "2026-03-01 09:00:00,000 INFO till: opened\n"
    late = "2026-03-01 11:00:00,000 INFO till: sold\n"
    assert seen(judged(write(early + bare), "10:00")) == 0
    assert seen(judged(write(early + late + bare), "10:00")) == 1


def test_a_log_without_times_is_judged_whole(write: Write) -> None:
    """Where no line has a time nothing is left out, and a notice says so."""
    found = judged(write(TRACE.format(function="bare")), "10:00")
    assert seen(found) == 1
    assert [notice.kind for notice in found.notices] == ["no-times"]


def test_seconds_since_a_start_are_no_time_of_day(write: Write) -> None:
    """dmesg's ``[  12.345]`` says nothing about the clock."""
    found = judged(write("[   12.345678] till: opened\n" + TRACE.format(function="bare")), "10:00")
    assert seen(found) == 1


def test_a_failure_far_below_any_time_is_left_in(write: Write) -> None:
    """What cannot be placed is judged, and a notice counts it."""
    log = entry("2026-03-01 09:00:00,000") + "sold\n" * (NEAR + 50) + TRACE.format(function="bare")
    found = judged(write(log), "10:00")
    assert seen(found) == 1
    assert [notice.kind for notice in found.notices] == ["time-unknown", "other-time"]
    assert "1 record has no time near" in found.notices[0].message


def test_what_stands_round_a_failure_stays(write: Write) -> None:
    """A stop signal before the span is still what the failure came after: only failures are left out."""
    stop = "2026-03-01 09:59:59,000 INFO till: received signal 15, shutting down\n"
    log = stop + entry("2026-03-01 10:00:01,000")
    whole, later = judged(write(log)), judged(write(log), "10:00")
    assert [one.candidates for one in later.diagnoses] == [one.candidates for one in whole.diagnoses]
