"""Prefixes that no table lists are told by structure: what stands before two lines of which one goes on the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopdoctor.grouping import group
from loopdoctor.model import Record
from loopdoctor.settings import Settings
from test_carriers_payloads import PAYLOADS, own_lines, whole
from test_carriers_transports import AFTER, HEAD

Prefix = str | Callable[[int], str]

PREFIXES: dict[str, Prefix] = {
    "angle": "<galley> | ",
    "service": "galley-7f9c: ",
    "bracket": "[galley-7f9c] ",
    "words": "galley-6d4f ",
    "equals": "host=galley unit=chef ",
    "assigned": "host=galley unit=chef msg=",
    "arrow": "chef-1 -> ",
    "tabs": "chef\t311\t",
    "plus": "+",
    "slashes": lambda at: f"[2031/03/04 05:06:{at:02}] [stderr] ",
    "time-word": lambda at: f"2031-03-04T05:06:{at:02}Z stderr ",
    "time-tab": lambda at: f"2031-03-04T05:06:{at:02}Z\tchef-1\t",
    "time-name": "2031-03-04 05:06:07+00:00 chef ",
    "numbered": lambda at: f"{at + 1:5}  ",
    "cat": lambda at: f"{at + 1:6}\t",
    "grep": lambda at: f"{at + 1}:",
    "grep-file": lambda at: f"app.log:{at + 1}:",
    "grep-around": lambda at: f"app.log-{at + 1}-",
    "column": "        chef │ ",
}


def wrapped(lines: list[str], prefix: Prefix) -> str:
    """The log with the prefix before each line."""
    made = [(prefix if isinstance(prefix, str) else prefix(at)) + line for at, line in enumerate(lines)]
    return "".join(line.rstrip() + "\n" for line in made)


@pytest.mark.parametrize("prefix", PREFIXES.values(), ids=[*PREFIXES])
@pytest.mark.parametrize("payload", [name for name in PAYLOADS if name != "pytest"])
def test_a_payload_comes_whole_from_behind_a_prefix_that_nobody_knows(payload: str, prefix: Prefix) -> None:
    """Also where the prefix counts the lines, or is a mere word."""
    lines = PAYLOADS[payload]
    whole(own_lines(wrapped([HEAD, *lines, AFTER], prefix)), lines)
    whole(own_lines(wrapped(lines, prefix)), lines)


def test_numbers_that_tell_writers_apart_are_not_taken_for_counters() -> None:
    """Two workers whose names hold numbers keep lanes of their own."""
    chained, report = PAYLOADS["chained"], PAYLOADS["report"]
    log = "".join(f"worker 3 > {one}\nworker 12 > {other}\n" for one, other in zip(chained, report, strict=False))
    log += "".join(f"worker 3 > {one}\n" for one in chained[len(report) :])
    whole(own_lines(log), chained)
    whole(own_lines(log), report)


def test_prose_before_a_quoted_traceback_is_no_prefix() -> None:
    """A line that only names a traceback stays as it is, and so does the next."""
    log = "We saw Traceback (most recent call last):\nand then nothing more.\n"
    assert [line.text for line in own_lines(log)] == log.splitlines()


def found(lines: list[str]) -> list[list[str]]:
    """The records of a log, their lines without trailing blanks, in a fixed order."""
    own = own_lines("".join(line + "\n" for line in lines))
    flow = group(own, "log", lambda text: "Event loop" in text, Settings())
    return sorted([line.text.rstrip() for line in item.lines] for item in flow if isinstance(item, Record))


TAGS: dict[str, Callable[[int], str]] = {
    "compose": lambda stream: f"chef-{stream}  | ",
    "bracket": lambda stream: f"[chef-{stream}] ",
    "journal": lambda stream: f"Mar 04 05:06:07 galley chef[{300 + stream}]: ",
    "cri-pod": lambda stream: f"[pod/chef-{stream}/app] ",
}


@pytest.mark.parametrize("tag", TAGS.values(), ids=[*TAGS])
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_tagged_streams_mixed_in_any_order_give_the_records_that_they_give_apart(
    tag: Callable[[int], str], data: st.DataObject
) -> None:
    """Each stream keeps its own order; between the streams any order may come."""
    names = data.draw(st.lists(st.sampled_from(["chained", "report", "warned", "group"]), min_size=2, max_size=4))
    streams = [[tag(stream) + line for line in [HEAD, *PAYLOADS[name], AFTER]] for stream, name in enumerate(names, 1)]
    order = data.draw(st.permutations([at for at, lines in enumerate(streams) for _ in lines]))
    rest = [iter(lines) for lines in streams]
    mixed = [next(rest[at]) for at in order]
    assert found(mixed) == sorted(record for lines in streams for record in found(lines))
