"""When it happened: what a log's times mean, and a histogram that is the same however it is put together."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopdoctor.incidents import Cluster
from loopdoctor.model import Line, Timeline
from loopdoctor.pipeline import scan
from loopdoctor.settings import Settings
from loopdoctor.timeline import MAX_BUCKETS, WIDTHS, Moments, coarser, merged, moment_of, seconds_of

NOON = 1_795_348_800  # 2026-11-22 12:00:00 UTC


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-11-22 12:00:00", NOON),
        ("2026-11-22T12:00:00Z", NOON),
        ("2026-11-22 12:00:00,250", NOON + 0.25),
        ("2026-11-22T12:00:00.250000000Z", NOON + 0.25),
        ("2026-11-22T13:00:00.5+01:00", NOON + 0.5),
        ("2026-11-22T07:30:00-0430", NOON),
        ("2026-11-22 13:00:00 CET", NOON),
        ("2026/11/22 12:00:00", NOON),
        ("Sun 2026-11-22 12:00:00 UTC", NOON),
        ("22/Nov/2026 12:00:00", NOON),
        ("22/Nov/2026:12:00:00 +0000", NOON),
        ("22.11.2026 12:00:00", NOON),
        ("11/22/2026 12:00:00 PM", NOON),
        ("Sun, 22 Nov 2026 12:00:00 +0000", NOON),
        ("Nov 22 12:00:00 2026", NOON),
        ("20261122T120000,750", NOON + 0.75),
        ("20261122 12:00:00", NOON),
        ("1795348800", NOON),
        ("1795348800.25", NOON + 0.25),
        ("1795348800250", NOON + 0.25),
        ("1795348800250000", NOON + 0.25),
        ("1795348800250000000", NOON + 0.25),
        ("Nov 22 12:00:00", 91_281_600),
        ("Nov  2 12:00:00.5", 89_553_600.5),
        ("12:00:00", 43_200),
        ("1:00:05,5 PM", 46_805.5),
        ("44007.116687", 44_007.116687),
        ("yesterday", None),
        ("2026-02-30 12:00:00", None),
        ("2026-11-22 25:00:00", None),
        ("12:61:00", None),
        ("", None),
        ("9" * 500, None),
    ],
)
def test_times_are_read_as_logs_write_them(text: str, seconds: float | None) -> None:
    """Every way of writing a time gives its seconds since 1970, and what is no time gives None."""
    assert seconds_of(text) == (seconds if seconds is None else pytest.approx(seconds, abs=1e-6))


@given(st.text(max_size=60) | st.from_regex(re.compile(r"[\d:./ TZ,+-]{1,48}"), fullmatch=True))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_number_or_none(text: str) -> None:
    """No text of a log breaks the reading of times."""
    found = seconds_of(text)
    assert found is None or isinstance(found, float)


def test_a_record_has_the_first_time_of_its_lines() -> None:
    """A traceback's own lines have no time; that of the entry above them counts."""
    lines = [Line(1, "a"), Line(2, "b", time="12:00:00"), Line(3, "c", time="13:00:00")]
    assert moment_of(lines) == 43_200
    assert moment_of(lines[:1]) is None


SIGHTINGS = st.lists(
    st.tuples(
        st.floats(-1e9, 1e12) | st.integers(NOON, NOON + 300).map(float) | st.integers(0, 10**9).map(float),
        st.integers(1, 1000),
    ),
    max_size=400,
)


def of(sightings: list[tuple[float, int]]) -> Timeline:
    """The histogram of these moments."""
    moments = Moments()
    for seconds, times in sightings:
        moments.add(seconds, times)
    return moments.timeline()


@given(SIGHTINGS, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_any_partition_in_any_order_merges_to_the_same(
    sightings: list[tuple[float, int]], chance: random.Random
) -> None:
    """However the moments are shared out, ordered and merged, step by step or at once, the histogram is the same."""
    whole = of(sightings)
    shuffled = list(sightings)
    chance.shuffle(shuffled)
    parts: list[list[tuple[float, int]]] = [[] for _ in range(chance.randint(1, 7))]
    for sighting in shuffled:
        chance.choice(parts).append(sighting)
    timelines = [of(part) for part in parts]
    assert merged(timelines) == whole
    while len(timelines) > 1:
        one = timelines.pop(chance.randrange(len(timelines)))
        other = timelines.pop(chance.randrange(len(timelines)))
        timelines.append(merged([one, other]))
        assert merged([one, other]) == merged([other, one])
    assert merged([Timeline(), timelines[0], Timeline()]) == whole


@given(SIGHTINGS)
@settings(max_examples=80, deadline=None)
def test_a_histogram_is_small_and_aligned_and_counts_all(sightings: list[tuple[float, int]]) -> None:
    """At most ``MAX_BUCKETS`` buckets in order, at multiples of a width of the ladder, and not one moment is lost."""
    made = of(sightings)
    assert len(made.buckets) <= MAX_BUCKETS
    assert sum(times for _, times in made.buckets) == sum(n for at, n in sightings if abs(at) < 253_402_300_800)
    assert list(made.buckets) == sorted(made.buckets)
    assert all(start % made.width == 0 for start, _ in made.buckets)
    finer = WIDTHS[: WIDTHS.index(made.width)] if made.buckets else ()
    starts = [int(at // 1) for at, _ in sightings if abs(at) < 253_402_300_800]
    assert all(len(coarser([(at, 1) for at in starts], width)) > MAX_BUCKETS for width in finer)


def test_every_width_divides_the_next() -> None:
    """Else a coarse histogram could not be told from a fine one."""
    assert all(wide % narrow == 0 for narrow, wide in pairwise(WIDTHS))


def failing(times: list[str]) -> str:
    """A log in which the same call fails at each of these times."""
    return "".join(
        f'{at} ERROR mail: it failed\nTraceback (most recent call last):\n  File "/srv/mail.py", line 4, in send\n'
        "    loop.call_soon(work)\nRuntimeError: Event loop is closed\n"
        for at in times
    )


def test_an_incident_has_its_timeline(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A scan counts each sighting at its moment, samples and repeats alike."""
    log = tmp_path / "app.log"
    log.write_text(failing([f"2026-11-22 12:00:{second:02}" for second in (0, 0, 7, 7, 7, 7, 7, 40)]))
    incident = scan([str(log)], Settings()).diagnoses[0].incident
    assert incident.timeline == Timeline(1, ((NOON, 2), (NOON + 7, 5), (NOON + 40, 1)))
    assert incident.occurrences == 8


def test_a_log_without_times_has_none(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Where no time is written the timeline is the empty one."""
    log = tmp_path / "app.log"
    log.write_text(failing(["---"]))
    incident = scan([str(log)], Settings()).diagnoses[0].incident
    assert incident.timeline == Timeline()


def test_a_cluster_that_takes_over_another_has_both_timelines() -> None:
    """``absorb`` adds, and a twin that goes its own way leaves the first as it was."""
    cluster, other = Cluster(), Cluster()
    for each, at in ((cluster, 5.0), (other, 9.0)):
        each.moments["event-loop-closed"] = Moments()
        each.moments["event-loop-closed"].add(at)
    twin = cluster.twin()
    twin.moments["event-loop-closed"].merge(other.moments["event-loop-closed"].timeline())
    assert twin.moments["event-loop-closed"].timeline() == Timeline(1, ((5, 1), (9, 1)))
    assert cluster.moments["event-loop-closed"].timeline() == Timeline(1, ((5, 1),))
