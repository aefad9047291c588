"""Failures as the logs of a parcel service show them, mixtures of them, and what a report says of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from loopdoctor.model import Diagnosis, Report

Write = Callable[..., str]

CLOSED = """\
Traceback (most recent call last):
  File "/srv/parcel/jobs.py", line 41, in deliver
    asyncio.run(send(parcel))
  File "/usr/lib/python3.12/asyncio/runners.py", line 194, in run
    return runner.run(main)
  File "/usr/lib/python3.12/asyncio/base_events.py", line 687, in run_until_complete
    return future.result()
  File "/srv/parcel/client.py", line 17, in send
    await session.post(url, json=parcel)
  File "/srv/venv/lib/python3.12/site-packages/aiohttp/client.py", line 703, in _request
    conn = await self._connector.connect(req)
  File "/usr/lib/python3.12/asyncio/base_events.py", line 545, in _check_closed
    raise RuntimeError('Event loop is closed')
RuntimeError: Event loop is closed
"""
DESTROYED = """\
Task was destroyed but it is pending!
task: <Task pending name='Task-12' coro=<refresh_rates() running at /srv/parcel/rates.py:23> wait_for=<Future pending>>
"""
NEVER_AWAITED = """\
/srv/parcel/views.py:64: RuntimeWarning: coroutine 'notify_driver' was never awaited
  notify_driver(order)
RuntimeWarning: Enable tracemalloc to get the object allocation traceback
"""
UNCLOSED = """\
Unclosed client session
client_session: <aiohttp.client.ClientSession object at 0x7f2ab3c4d5e0>
"""
OTHER_LOOP = """\
Traceback (most recent call last):
  File "/srv/parcel/api.py", line 52, in track
    async with lock:
  File "/usr/lib/python3.12/asyncio/locks.py", line 15, in __aenter__
    await self.acquire()
RuntimeError: <asyncio.locks.Lock object at 0x7f11aa22bb30 [unlocked]> is bound to a different event loop
"""
NO_LOOP = """\
Exception in thread Thread-3 (poll_scales):
Traceback (most recent call last):
  File "/usr/lib/python3.11/threading.py", line 1045, in _bootstrap_inner
    self.run()
  File "/srv/parcel/scales.py", line 19, in poll_scales
    loop = asyncio.get_event_loop()
RuntimeError: There is no current event loop in thread 'Thread-3 (poll_scales)'.
"""
IGNORED = """\
Exception ignored in: <function BaseSubprocessTransport.__del__ at 0x7f3c9d1e8a40>
Traceback (most recent call last):
  File "/usr/lib/python3.10/asyncio/base_subprocess.py", line 126, in __del__
    self.close()
  File "/usr/lib/python3.10/asyncio/base_events.py", line 515, in _check_closed
    raise RuntimeError('Event loop is closed')
RuntimeError: Event loop is closed
"""
UNKNOWN = """\
Traceback (most recent call last):
  File "/srv/parcel/label.py", line 8, in print_label
    size = SIZES[kind]
KeyError: 'pallet'
"""
PAYLOADS = (CLOSED, DESTROYED, NEVER_AWAITED, UNCLOSED, OTHER_LOOP, NO_LOOP, IGNORED, UNKNOWN)

Write = Callable[..., str]


def calm(count: int, first: int = 0) -> str:
    """Ordinary lines."""
    return "".join(f"parcel {n} left depot {n % 7} in good order\n" for n in range(first, first + count))


STAMPS: dict[str, Callable[[str, int], str]] = {
    "bare": lambda text, at: text,
    "logging": lambda text, at: f"2025-03-04 11:{at // 60 % 60:02}:{at % 60:02},{at % 1000:03} ERROR parcel: {text}",
    "docker": lambda text, at: "".join(
        f"2025-03-04T11:{at // 60 % 60:02}:{at % 60:02}.{n:09}Z {line}\n" for n, line in enumerate(text.splitlines())
    ),
}


def mixture(stamp: str, order: list[int], gaps: list[int]) -> str:
    """The payloads in an order, with so many ordinary lines before each."""
    write = STAMPS[stamp]
    parts: list[str] = []
    at = 0
    for payload, gap in zip(order, gaps, strict=True):
        for line in calm(gap, at).splitlines(keepends=True):
            parts.append(write(line, at).replace("ERROR", "INFO"))
            at += 1
        parts.append(write(PAYLOADS[payload], at))
    return "".join(parts) + write("the depot closes\n", at).replace("ERROR", "INFO")


def told(report: Report) -> list[tuple[Any, ...]]:
    """What a report says of each incident, but for the name of its source."""
    return [
        (
            [(m.symptom.id, m.symptom.line, m.symptom.text, m.consequence) for m in one.incident.members],
            one.incident.counts,
            (one.incident.first.line, one.incident.first.time, one.incident.last.line, one.incident.last.time),
            one.incident.culprit,
            one.incident.fingerprint,
            [(c.id, c.confidence, [(clue.id, clue.held) for clue in c.clues]) for c in one.candidates],
            (one.verdict, one.undecided),
        )
        for one in report.diagnoses
    ]


def unknown(report: Report) -> list[tuple[str, str, int, int]]:
    """The failures that no rule knows: exception, message, count, first line."""
    return [(one.exception, one.message, one.occurrences, one.first.line) for one in report.unexplained]


def roots(report: Report) -> list[str]:
    """The first symptom of each incident."""
    return [one.incident.members[0].symptom.id for one in report.diagnoses]


def only(report: Report) -> Diagnosis:
    """The one diagnosis of a report."""
    (diagnosis,) = report.diagnoses
    return diagnosis


def kinds(report: Report) -> set[str]:
    """The kinds of its notices."""
    return {notice.kind for notice in report.notices}
