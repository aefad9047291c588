"""Reports made by hand, so that a rendering can be tested without a scan."""

from __future__ import annotations

from loopdoctor.model import (
    Candidate,
    ClueResult,
    Diagnosis,
    FixStep,
    Frame,
    Incident,
    Input,
    Line,
    Member,
    Notice,
    Owner,
    Place,
    Record,
    Report,
    Stats,
    Surrounding,
    Symptom,
    Timeline,
    Trace,
    Unexplained,
)

TITLES = {
    "event-loop-closed": "Event loop is closed",
    "unclosed-session": "Unclosed client session",
    "task-destroyed": "Task was destroyed but it is pending",
}


def record(lines: list[str], words: dict[int, str] | None = None, *, start: int = 1, source: str = "app.log") -> Record:
    """A record whose lines follow each other from ``start``; ``words`` by offset, default the last line."""
    said = words if words is not None else {len(lines) - 1: lines[-1]}
    return Record(
        kind="traceback",
        source=source,
        start_line=start,
        end_line=start + len(lines) - 1,
        lines=tuple(Line(start + n, text, source=source, stream="web-1") for n, text in enumerate(lines)),
        words=tuple(said.values()),
        words_at=tuple(start + n for n in said),
        trace=Trace("RuntimeError", "Event loop is closed"),
    )


def member(symptom: str, found: Record, *, why: str = "") -> Member:
    """The record as a symptom that stands in its last line; a consequence if ``why`` says so."""
    return Member(Symptom(symptom, found, found.end_line, found.lines[-1].text), Surrounding(), why)


CLOSED = record(
    [
        "invoice 4411 failed",
        "Traceback (most recent call last):",
        '  File "/srv/billing/worker.py", line 88, in handle',
        "    return asyncio.run(send_invoice(job))",
        '  File "/usr/lib/python3.11/asyncio/runners.py", line 190, in run',
        "    return runner.run(main)",
        '  File "/srv/billing/invoices.py", line 41, in send_invoice',
        "    reply = await CLIENT.post(URL, json=job)",
        '  File "/usr/lib/python3/dist-packages/httpx/_client.py", line 1859, in post',
        "    return await self.request(",
        '  File "/usr/lib/python3.11/asyncio/base_events.py", line 520, in _check_closed',
        "    raise RuntimeError('Event loop is closed')",
        "RuntimeError: Event loop is closed",
    ],
    {0: "invoice 4411 failed", 12: "RuntimeError: Event loop is closed"},
    start=120,
)
UNCLOSED = record(
    ["Unclosed client session", "client_session: <aiohttp.client.ClientSession object at 0x7f10>"], start=160
)

FIX = (
    FixStep("Find where `CLIENT` is made", "Look for a module-level client in `/srv/billing/invoices.py`."),
    FixStep(
        "Make it inside the loop that uses it",
        "Create the client in the coroutine that `asyncio.run()` runs, and hand it down as an argument; it is then "
        "closed in the loop that made it.",
        code="async def main():\n    async with httpx.AsyncClient() as client:\n        await send_invoice(client)\n",
        wrong="CLIENT = httpx.AsyncClient()          # module level\n",
    ),
)

REUSED = Candidate(
    id="object-reused-across-loops",
    title="An object made under one event loop is used under another",
    confidence=0.78,
    means="A client, pool or lock was made while one event loop ran and is used while another runs.",
    clues=(
        ClueResult(
            "two-runs",
            True,
            0.8,
            "the failing call was entered through `asyncio.run()`",
            ("asyncio.run(send_invoice(job))",),
        ),
        ClueResult("in-a-client", True, 1.6, "the closed loop is met inside httpx, in an object that it kept"),
        ClueResult("under-tests", True, -1.2, "the log is that of a test run"),
        ClueResult("second-time", False, -0.4, "the first use succeeded"),
        ClueResult("banner", False, 0.0, "a server's banner"),
    ),
    settle="Log `id(asyncio.get_running_loop())` where the client is made and where it fails: two numbers prove it.",
    steps=FIX,
    check=("Handle two jobs in one process; the second must succeed.",),
    prevention=("Never create clients at import time.", "Call `asyncio.run()` once."),
    references=("https://docs.python.org/3/library/asyncio-runner.html",),
)
LOOP_SCOPE = Candidate(
    id="test-loop-scope-mismatch",
    title="The test runner gave fixtures and tests different loops",
    confidence=0.14,
    means="",
    clues=(),
    settle="",
    steps=(),
    check=(),
    prevention=(),
    references=(),
)


def incident(*members: Member, occurrences: int = 12) -> Incident:
    """An incident of these members, first seen at its first record."""
    counts: dict[str, int] = {}
    for each in members:
        counts[each.symptom.id] = counts.get(each.symptom.id, 0) + 1
    counts[members[0].symptom.id] = occurrences
    return Incident(
        fingerprint="5f3a9c01d2e4",
        members=members,
        occurrences=occurrences,
        first=Place(members[0].symptom.record.source, members[0].symptom.record.start_line, "14:02:11"),
        last=Place(members[0].symptom.record.source, 998, "14:09:40"),
        counts=tuple(counts.items()),
        culprit=Frame("/srv/billing/invoices.py", 41, "send_invoice", "reply = await CLIENT.post(URL, json=job)"),
        names=(),
        libraries=("httpx",),
        python="3.11",
        owner=Owner("the httpx.AsyncClient at 0x7f2a90", Frame("/srv/billing/invoices.py", 12, "<module>")),
        timeline=Timeline(1, ((50_531, 7), (50_600, 1), (50_712, 2), (50_980, 2))),
    )


def diagnosis(*members: Member, undecided: bool = False, verdict: str = "lost-work") -> Diagnosis:
    """A diagnosis of these members with two candidates."""
    reason = "the call that met the other loop failed, and so will every later one in this process."
    return Diagnosis(incident(*members), (REUSED, LOOP_SCOPE), verdict, reason, undecided)


def report(
    *diagnoses: Diagnosis, notices: tuple[Notice, ...] = (), unexplained: tuple[Unexplained, ...] = ()
) -> Report:
    """A report about one log."""
    return Report(
        inputs=(Input("app.log", 1_204_300, 15_320, "plain"),),
        diagnoses=diagnoses,
        unexplained=unexplained,
        notices=notices,
        stats=Stats(bytes=1_204_300, lines=15_320, records=27, seconds=0.04),
    )


FAILED = report(
    diagnosis(
        member("event-loop-closed", CLOSED),
        member(
            "unclosed-session", UNCLOSED, why="the session was left open because the call that should close it failed"
        ),
    ),
    notices=(Notice("line-cut", "a line longer than 256 KiB was cut", "app.log", 7),),
    unexplained=(
        Unexplained(
            "KeyError", "'amount'", 3, Place("app.log", 41, "14:00:02"), Frame("/srv/billing/rates.py", 9, "rate")
        ),
    ),
)

QUIET = report(
    unexplained=(
        Unexplained("KeyError", "'amount'", 3, Place("app.log", 41)),
        Unexplained("", "", 1, Place("app.log", 77)),
    )
)
