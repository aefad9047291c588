"""Failures that are counted in the raw bytes give the report that a full parse gives."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from loopdoctor.model import Report
from loopdoctor.pipeline import scan, scan_sources
from loopdoctor.render import View, renderer
from loopdoctor.settings import Settings
from loopdoctor.sources import Source

TRACE = """{t} ERROR till.worker: job {n} failed
Traceback (most recent call last):
  File "/srv/till/worker.py", line {m}, in run_job
    loop.run_until_complete(handle(job))
  File "/usr/lib/python3.11/asyncio/base_events.py", line 520, in _check_closed
    raise RuntimeError('Event loop is closed')
RuntimeError: Event loop is closed
"""
PIECES = {
    "trace": TRACE,
    "cut": TRACE.rpartition("RuntimeError")[0],
    "task": "{t} ERROR asyncio: Task was destroyed but it is pending!\n"
    "task: <Task pending name='Task-{n}' coro=<listen() running at /srv/till/listener.py:{m}>>\n",
    "session": "{t} ERROR asyncio: Unclosed client session\n"
    "client_session: <aiohttp.client.ClientSession object at 0x7f{n:06x}>\n",
    "other": "{t} ERROR till: sale {n} refused\nTraceback (most recent call last):\n"
    '  File "/srv/till/sale.py", line {m}, in sell\n    check(item)\nValueError: no price\n',
    "warning": "/srv/till/main.py:{m}: RuntimeWarning: coroutine 'save' was never awaited\n  save()\n",
    "stop": "{t} INFO till: received signal 15\n",
    "info": "{t} INFO till: sold item {n} in {m} ms\n",
    "bare": "{n} items left\n",
}


def compose(parts: list[tuple[str, int, int]]) -> str:
    """A log of pieces, each so many times, with numbers that differ."""
    lines, at = [], 0
    for name, times, gap in parts:
        for _ in range(times):
            at += 1
            time = f"2026-03-01 10:{at // 60 % 60:02d}:{at % 60:02d},{at % 1000:03d}"
            values = {"t": time, "n": at * 7, "m": at % 90 + 1}
            lines.append(PIECES[name].format(**values))
            lines += [PIECES["info"].format(**values)] * gap
    return "".join(lines)


def told(report: Report) -> dict[str, object]:
    """The report as data, without what only the way of reading decides."""
    found: dict[str, object] = json.loads("".join(renderer("json")(report, {}, View())))
    for key in ("inputs", "stats"):
        found.pop(key)
    return found


def both(path: Path, text: str, block: int = 0) -> tuple[Report, Report]:
    """What is found by counting, in small windows and from blocks of a size, and by parsing every line."""
    path.write_text(text)
    data = text.encode()
    blocks = (data[at : at + block] for at in range(0, len(data), block)) if block else iter([data])
    source = Source(str(path), len(data), blocks)
    counted = scan_sources(lambda notify: [source], Settings(whole_below=0, max_record=60))
    return counted, scan([str(path)], Settings(full=True, max_record=60))


parts = st.tuples(st.sampled_from(sorted(PIECES)), st.integers(1, 30), st.sampled_from([0, 0, 1, 5, 60]))


@given(st.lists(parts, min_size=1, max_size=12), st.sampled_from([0, 300, 1000, 4000]))
@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_counting_and_parsing_agree(tmp_path_factory, chosen, block):  # type: ignore[no-untyped-def]
    """Incidents, counts, places, samples and unexplained failures are the same."""
    counted, parsed = both(tmp_path_factory.mktemp("log") / "app.log", compose(chosen), block)
    assert told(counted) == told(parsed)
    assert counted.stats.records == parsed.stats.records


def test_a_storm_is_counted_exactly(tmp_path: Path) -> None:
    """Nothing but failures: each is counted once, and the last place is the last one's."""
    text = compose([("session", 1, 0), ("trace", 1, 0), ("task", 1, 0)] * 400)
    counted, parsed = both(tmp_path / "app.log", text)
    assert told(counted) == told(parsed)
    counts = dict(pair for diagnosis in counted.diagnoses for pair in diagnosis.incident.counts)
    assert counts["unclosed-client-session"] == counts["task-destroyed-pending"] == 400
