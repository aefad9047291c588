"""Parts of a scan, put together in any order, give the report of the whole."""

from __future__ import annotations

import json
import random
from functools import cache, reduce
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.catalogue.schema import Catalogue
from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Report
from loopdoctor.parts import NOTHING, Part, decode, encode, merge
from loopdoctor.pipeline import report_of, scan_part, scan_sources
from loopdoctor.render import View, renderer
from loopdoctor.settings import Settings
from loopdoctor.sources import Source

RECORDED = sorted(Path(__file__).parents[1].joinpath("sample_logs").glob("*/*.log"))
QUIET = "2026-05-04 09:{minute:02d}:{second:02d},120 INFO bakery.oven: loaf {number} baked in {number} s\n"
SMALL = Settings(whole_below=0)


@cache
def catalogue() -> Catalogue:
    """The built-in rules, read once."""
    return load_catalogue()


def told(report: Report) -> dict[str, object]:
    """The report as data, without the time that it took."""
    found: dict[str, object] = json.loads("".join(renderer("json")(report, {}, View())))
    found["stats"].pop("seconds")  # type: ignore[attr-defined]
    return found


def log(pieces: list[tuple[Path, int, int]]) -> bytes:
    """Samples, each so many times and with so many quiet lines behind it."""
    quiet = {
        gap: "".join(QUIET.format(minute=at // 60, second=at % 60, number=at) for at in range(gap))
        for *_, gap in pieces
    }
    return b"".join((path.read_bytes() + quiet[gap].encode()) * times for path, times, gap in pieces)


def sources(logs: dict[str, bytes], names: list[str]) -> list[Source]:
    """Some of the logs as sources."""
    return [Source(name, len(logs[name]), iter([logs[name]])) for name in names]


def part_of(logs: dict[str, bytes], names: list[str]) -> Part:
    """What a scan of some of the logs keeps, once written and read."""
    part = scan_part(lambda notify: sources(logs, sorted(names)), SMALL, catalogue=catalogue())
    return decode(encode(part), "test")


pieces = st.lists(
    st.tuples(st.sampled_from(RECORDED), st.sampled_from([1, 2, 9]), st.sampled_from([0, 3, 60, 200])), max_size=4
)


@given(st.lists(pieces, min_size=1, max_size=5), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_any_partition_in_any_order_gives_the_report_of_the_whole(
    contents: list[list[tuple[Path, int, int]]], chance: random.Random
) -> None:
    """Files scanned apart, alone or several together, and merged in any order and grouping: the same report."""
    logs = {f"pod-{at}.log": log(content) for at, content in enumerate(contents)}
    whole = told(scan_sources(lambda notify: sources(logs, sorted(logs)), SMALL, catalogue=catalogue()))
    names = list(logs)
    chance.shuffle(names)
    shares: list[list[str]] = [[] for _ in range(chance.randint(1, len(names)))]
    for name in names:
        chance.choice(shares).append(name)
    parts = [part_of(logs, share) for share in shares]
    assert told(report_of(merge(parts), SMALL, catalogue=catalogue())) == whole
    stepwise = reduce(lambda one, other: merge([other, one]), parts, NOTHING)
    assert encode(stepwise) == encode(merge(parts))
    assert encode(merge([stepwise])) == encode(stepwise)


def test_a_storm_makes_a_small_part() -> None:
    """What is seen again and again is counted: a part does not grow with the log."""
    storms = [{"a.log": log([(RECORDED[0], times, 20)])} for times in (20, 2000)]
    small, large = (len(encode(part_of(storm, ["a.log"]))) for storm in storms)
    assert large < 2 * small


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"[" * 100_000, b'{"loopdoctor_part": 99}', b"\xff"])
def test_what_is_no_part_is_refused(data: bytes) -> None:
    """A file that is something else, or of another version."""
    with pytest.raises(LoopdoctorError, match="no part"):
        decode(data, "x.json")


def test_parts_of_different_rules_are_refused() -> None:
    """Their symptoms would not be the same ones."""
    part = part_of({"a.log": log([(RECORDED[0], 1, 0)])}, ["a.log"])
    with pytest.raises(LoopdoctorError, match="different rules"):
        merge([part, Part("other", part.pieces)])
    with pytest.raises(LoopdoctorError, match="other rules"):
        report_of(Part("other", part.pieces), SMALL, catalogue=catalogue())
