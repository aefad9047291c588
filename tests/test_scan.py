"""From files to a report: the same diagnosis however the log comes, and a report whatever the log holds."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import random
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopdoctor import scan as scanning
from loopdoctor.errors import LoopdoctorError, RuleErrors
from loopdoctor.matching import Matcher
from loopdoctor.model import Diagnosis, Record, Report, Symptom
from loopdoctor.prefilter import Prefilter
from loopdoctor.scan import ProgressTick, read_records, scan
from loopdoctor.settings import Settings
from loopdoctor.sources import Source

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


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a log and gives its path."""

    def write_log(data: str | bytes, name: str = "app.log") -> str:
        path = tmp_path / name
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return str(path)

    return write_log


@pytest.fixture(autouse=True, scope="module")
def _rules_once() -> Iterator[None]:
    """The built-in rules are read from YAML once, not for each scan; a team's own are read as ever."""
    load = scanning.load_catalogue
    built_in = load()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scanning, "load_catalogue", lambda rules: load(rules) if rules else built_in)
        yield


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


# --- whatever the log holds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("full", [False, True])
def test_bytes_that_are_no_text_stop_nothing(write: Write, full: bool) -> None:
    """Undecodable bytes before, in and after a failure: it is found."""
    noise = bytes(range(128, 256)) + b"\n"
    data = noise * 50 + CLOSED.encode().replace(b"parcel", b"p\xe4cel") + noise * 50
    report = scan([write(data)], Settings(whole_below=0, full=full))
    assert roots(report) == ["event-loop-is-closed"]
    assert kinds(report) <= {"binary"}


def test_zero_bytes_are_left_out_and_told(write: Write) -> None:
    """A log that was truncated while it was written begins with zeros; what follows is read."""
    report = scan([write(b"\0" * 70_000 + b"\n" + CLOSED.encode())], Settings())
    assert roots(report) == ["event-loop-is-closed"]
    assert "zero-bytes" in kinds(report)


@pytest.mark.parametrize("whole_below", [0, 1 << 20])
def test_an_endless_line_is_cut_and_told(write: Write, whole_below: int) -> None:
    """Its beginning is read, the records around it are, and a notice says that it was cut."""
    endless = b"Event loop is closed " + b"x" * 3_000_000 + b"\n"
    report = scan([write(DESTROYED.encode() + endless + CLOSED.encode())], Settings(whole_below=whole_below))
    assert {"task-destroyed-pending", "event-loop-is-closed"} <= set(roots(report)) | {
        symptom for one in report.diagnoses for symptom, _ in one.incident.counts
    }
    assert "line-cut" in kinds(report)


def test_a_log_that_ends_within_a_record_shows_what_there_is(write: Write) -> None:
    """Cut off at any line: never an exception; complete but for the last line break, the failure is found."""
    lines = CLOSED.splitlines(keepends=True)
    for count in range(len(lines)):
        cut = scan([write("".join(lines[:count]))], Settings())
        assert cut.diagnoses == ()
    assert roots(scan([write(CLOSED.rstrip("\n"))], Settings())) == ["event-loop-is-closed"]


def test_a_record_without_end_is_cut_and_told(write: Write) -> None:
    """A traceback of endlessly many frames fills no memory."""
    frames = '  File "/srv/parcel/tree.py", line 5, in walk\n    walk(child)\n' * 500
    report = scan([write("Traceback (most recent call last):\n" + frames + CLOSED)], Settings(max_record=200))
    assert "record-cut" in kinds(report)
    assert roots(report) == ["event-loop-is-closed"]


@given(
    data=st.lists(
        st.sampled_from([*PAYLOADS, "\0", "\x1b[31m", "{", '{"message": "', "| ", "\r\n", " " * 70]) | st.text()
    )
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_log_breaks_a_scan(write: Write, data: list[str]) -> None:
    """Failures in pieces between any text: a report, and no stage failed."""
    path = write("".join(data).encode("utf-8", "surrogatepass"))
    for asked in (Settings(whole_below=0), Settings(full=True)):
        assert not kinds(scan([path], asked)) & {"record-failed", "source-failed"}


def test_an_empty_log_has_nothing_to_tell(write: Write) -> None:
    """No failure, no notice, one input of no bytes."""
    report = scan([write("")], Settings())
    assert (report.diagnoses, report.unexplained, report.notices) == ((), (), ())
    assert [(item.bytes, item.lines) for item in report.inputs] == [(0, 0)]


# --- what breaks ------------------------------------------------------------------------------------------------------


def test_a_record_that_breaks_a_stage_is_a_notice_and_the_scan_goes_on(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One record is lost, with its line told; all others are found."""
    match = Matcher.match

    def breaking(self: Matcher, record: Record) -> list[Symptom]:
        if record.kind == "warning":
            raise ValueError("an odd record")
        return match(self, record)

    monkeypatch.setattr(Matcher, "match", breaking)
    report = scan([write(calm(3) + NEVER_AWAITED + calm(50) + CLOSED)], Settings())
    (notice,) = report.notices
    assert (notice.kind, notice.line) == ("record-failed", 4)
    assert "an odd record" in notice.message
    assert roots(report) == ["event-loop-is-closed"]


def test_a_source_that_breaks_the_parser_is_a_notice_and_the_others_are_read(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found before stays, and the next source is scanned."""
    group = scanning.group

    def breaking(lines: Any, source: str, *rest: Any) -> Iterator[Any]:
        for item in group(lines, source, *rest):
            yield item
            if source.endswith("bad.log") and isinstance(item, Record):
                raise RecursionError("too deep")

    monkeypatch.setattr(scanning, "group", breaking)
    report = scan([write(CLOSED + calm(50) + NO_LOOP, "bad.log"), write(OTHER_LOOP, "good.log")], Settings())
    (notice,) = report.notices
    assert (notice.kind, Path(notice.source).name) == ("source-failed", "bad.log")
    assert roots(report) == ["event-loop-is-closed", "bound-to-a-different-loop"]
    assert len(report.inputs) == 2


def sources_that_stop(*blocks: bytes) -> Callable[..., Iterator[Source]]:
    """A stand-in for ``find_sources``: the blocks of one log, and then the user presses Ctrl-C; another log waits."""

    def stopping() -> Iterator[bytes]:
        yield from blocks
        raise KeyboardInterrupt

    def found(*_: Any) -> Iterator[Source]:
        yield Source("-", None, stopping())
        yield Source("next.log", None, iter([OTHER_LOOP.encode()]))

    return found


@pytest.mark.parametrize("whole_below", [0, 1 << 20])
def test_ctrl_c_reports_what_was_found(monkeypatch: pytest.MonkeyPatch, whole_below: int) -> None:
    """Also the failure that came last, with nothing behind it: ``tail -f app.log | loopdoctor scan`` ends so."""
    monkeypatch.setattr(
        scanning, "find_sources", sources_that_stop(calm(100).encode(), DESTROYED.encode() + CLOSED.encode())
    )
    report = scan(["-"], Settings(whole_below=whole_below))
    assert report.stats.interrupted
    assert {symptom for one in report.diagnoses for symptom, _ in one.incident.counts} == {
        "task-destroyed-pending",
        "event-loop-is-closed",
    }
    assert [item.path for item in report.inputs] == ["-"]
    assert report.notices == ()


def test_ctrl_c_in_the_middle_of_the_work_reports_too(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was judged before stays."""
    take = scanning._Scan._take

    def interrupted(self: Any, record: Record) -> None:
        if record.kind == "warning":
            raise KeyboardInterrupt
        take(self, record)

    monkeypatch.setattr(scanning._Scan, "_take", interrupted)
    report = scan([write(CLOSED + calm(50) + NEVER_AWAITED + calm(50) + OTHER_LOOP)], Settings())
    assert report.stats.interrupted
    assert roots(report) == ["event-loop-is-closed"]


def test_records_stops_at_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was grouped is given, then the interrupt goes on to the command line."""
    monkeypatch.setattr(scanning, "find_sources", sources_that_stop(CLOSED.encode()))
    records = read_records(["-"], Settings())
    assert next(records).exception == "RuntimeError"
    with pytest.raises(KeyboardInterrupt):
        next(records)


# --- prose ------------------------------------------------------------------------------------------------------------

PROSE = {
    "README.md": """\
        # When it breaks

        After `RuntimeError: Event loop is closed` look for a client that was never closed.

        - Task was destroyed but it is pending! means that nobody kept the task.
        * Unclosed client session: close it in the lifespan.
        1. RuntimeError: Event loop is closed

        > RuntimeError: This event loop is already running
        > comes from notebooks.

        | message | meaning |
        |---|---|
        | Task was destroyed but it is pending! | keep a reference |
        """,
    "fix.diff": """\
        --- a/parcel/errors.txt
        +++ b/parcel/errors.txt
        @@ -1,2 +1,3 @@
        -RuntimeError: Event loop is closed
        +Task was destroyed but it is pending!
        +Unclosed client session
         coroutine 'f' was never awaited
        """,
    "chat.txt": """\
        [10:02] anna: since the update the bot says "RuntimeError: Event loop is closed" when it stops
        [10:03] ben: mine says Task was destroyed but it is pending! all the time
        <anna> Unclosed client session
        ben: RuntimeError: There is no current event loop in thread 'MainThread'.
        """,
    "errors.py": """\
        KNOWN = {
            "closed": "RuntimeError: Event loop is closed",
            "pending": "Task was destroyed but it is pending!",
        }

        def explain(error):
            # RuntimeError: Event loop is closed
            if "Event loop is closed" in str(error):
                raise RuntimeError("Event loop is closed") from None
            log.warning("coroutine 'poll' was never awaited")
        """,
    "history.txt": """\
        commit 1a2b3c4d5e
        Author: Anna <anna@parcel.example>

            Fix RuntimeError: Event loop is closed at exit

            The session was left open ("Unclosed client session").
        """,
    "desk.log": """\
        2025-01-06 10:00:00,100 INFO tickets: new ticket 71: "RuntimeError: Event loop is closed"
        2025-01-06 10:00:01,100 INFO search: query='Task was destroyed but it is pending!' hits=3
        10.0.0.7 - - [06/Jan/2025:10:00:03 +0000] "GET /search?q=Event+loop+is+closed HTTP/1.1" 200 512
        2025-01-06 10:00:04,100 DEBUG mail: subject: Unclosed client session
        """,
}


@pytest.mark.parametrize("name", PROSE)
def test_prose_that_quotes_messages_is_no_failure(write: Write, name: str) -> None:
    """A manual, a diff, a chat, code, a history, a log of what users asked: no diagnosis, nothing unexplained."""
    text = "".join(line.removeprefix("        ") for line in PROSE[name].splitlines(keepends=True))
    for asked in (Settings(whole_below=0), Settings(full=True)):
        report = scan([write(text, name)], asked)
        assert roots(report) == []
        assert report.unexplained == ()


# --- what a report says -----------------------------------------------------------------------------------------------


def test_repeats_are_one_incident_with_a_count(write: Write) -> None:
    """With the places and times of the first and the last."""
    text = mixture("logging", [4, 4, 4], [100, 2000, 300])
    incident = only(scan([write(text)], Settings(whole_below=0))).incident
    lines = [n for n, line in enumerate(text.splitlines(), 1) if "Traceback" in line]
    assert incident.occurrences == 3
    assert (incident.first.line, incident.last.line) == (lines[0], lines[-1])
    assert (incident.first.time, incident.last.time) == ("2025-03-04 11:01:40,100", "2025-03-04 11:40:00,400")


def test_failures_of_different_causes_stay_apart(write: Write) -> None:
    """Also when they stand next to each other."""
    report = scan([write(calm(3) + NO_LOOP + OTHER_LOOP + calm(60) + NEVER_AWAITED + calm(3))], Settings())
    assert roots(report) == ["no-current-event-loop", "bound-to-a-different-loop", "coroutine-never-awaited"]
    assert [one.candidates[0].id for one in report.diagnoses] == [
        "wrong-thread",
        "object-reused-across-loops",
        "missing-await",
    ]


def test_consequences_are_marked_with_a_reason(write: Write) -> None:
    """A closed loop and what it leaves behind are one incident: its root first, without reason."""
    wreck = CLOSED + "sys:1: RuntimeWarning: coroutine 'send' was never awaited\n" + DESTROYED
    members = only(scan([write(calm(3) + wreck)], Settings())).incident.members
    assert (members[0].symptom.id, members[0].consequence) == ("event-loop-is-closed", "")
    reasons = {member.symptom.id: member.consequence for member in members[1:]}
    assert reasons["coroutine-never-awaited"] == "follows from: Event loop is closed"
    assert all(reasons.values())


def test_names_from_the_log_are_in_the_steps(write: Write) -> None:
    """The user's own coroutine stands in the code to write, and the culprit is the user's own line."""
    diagnosis = only(scan([write(calm(3) + NEVER_AWAITED)], Settings()))
    best = diagnosis.candidates[0]
    assert best.id == "missing-await"
    assert any("notify_driver" in step.code + step.text for step in best.steps)
    assert diagnosis.incident.culprit is not None
    assert (diagnosis.incident.culprit.file, diagnosis.incident.culprit.line) == ("/srv/parcel/views.py", 64)


def test_failures_that_no_rule_knows_are_listed_with_counts(write: Write) -> None:
    """Folded over their repeats, with the first place and the user's own frame."""
    report = scan([write(calm(10) + UNKNOWN + calm(10) + UNKNOWN * 2)], Settings())
    (failure,) = report.unexplained
    assert (failure.exception, failure.message, failure.occurrences, failure.first.line) == (
        "KeyError",
        "'pallet'",
        3,
        11,
    )
    assert failure.culprit is not None
    assert failure.culprit.function == "print_label"
    assert report.diagnoses == ()


def test_unknown_failures_are_bounded_and_the_rest_is_told(write: Write) -> None:
    """A few hundred kinds are listed; how many more there were stands in a notice."""
    text = "".join(UNKNOWN.replace("KeyError", f"Kind{n:03}Error") for n in range(scanning.MAX_UNEXPLAINED + 5))
    report = scan([write(text)], Settings())
    assert len(report.unexplained) == scanning.MAX_UNEXPLAINED
    (notice,) = report.notices
    assert (notice.kind, notice.message[:2]) == ("unexplained-dropped", "5 ")


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


# --- a team's own rules -----------------------------------------------------------------------------------------------

BUILT_IN = Path(__file__).parents[1] / "rules"


def test_a_teams_rule_overrides_the_built_in_one_by_its_id(write: Write, tmp_path: Path) -> None:
    """The other rules stay."""
    own = tmp_path / "own" / "causes"
    own.mkdir(parents=True)
    text = (BUILT_IN / "causes" / "missing-await.yaml").read_text(encoding="utf-8")
    title = next(line for line in text.splitlines() if line.startswith("title:"))
    (own / "missing-await.yaml").write_text(text.replace(title, "title: Ask Anna about this one"), encoding="utf-8")
    report = scan([write(NEVER_AWAITED + calm(60) + OTHER_LOOP)], Settings(rules=(str(tmp_path / "own"),)))
    assert report.diagnoses[0].candidates[0].title == "Ask Anna about this one"
    assert report.diagnoses[1].candidates[0].id == "object-reused-across-loops"


SYMPTOM = """\
id: depot-locked
title: the depot is locked
library: parcel
means: Nobody had the key.
rank: 2
signatures:
  - literal: depot is locked
causes: {use-after-close: 1.0}
match: ['OSError: depot is locked']
no_match: ['calm']
"""


def test_a_teams_new_symptom_is_found_in_a_large_log(write: Write, tmp_path: Path) -> None:
    """Its literal is searched for with all others."""
    rules = tmp_path / "own" / "symptoms"
    rules.mkdir(parents=True)
    (rules / "depot-locked.yaml").write_text(SYMPTOM, encoding="utf-8")
    text = calm(3000) + UNKNOWN.replace("KeyError: 'pallet'", "OSError: depot is locked") + calm(3000)
    path = write(text)
    assert roots(scan([path], Settings(whole_below=0))) == []
    assert roots(scan([path], Settings(whole_below=0, rules=(str(tmp_path / "own"),)))) == ["depot-locked"]


def test_a_symptom_that_leads_to_no_cause_is_refused(write: Write, tmp_path: Path) -> None:
    """Nothing could be said of it: an error in the rules, told before the scan, never a crash after it."""
    rules = tmp_path / "own" / "symptoms"
    rules.mkdir(parents=True)
    (rules / "depot-locked.yaml").write_text(SYMPTOM.replace("{use-after-close: 1.0}", "{}"), encoding="utf-8")
    with pytest.raises(RuleErrors):
        scan([write("OSError: depot is locked\n")], Settings(rules=(str(tmp_path / "own"),)))


def test_broken_rules_are_an_error_for_the_user(write: Write, tmp_path: Path) -> None:
    """All of them at once, each at its place."""
    rules = tmp_path / "own" / "causes"
    shutil.copytree(BUILT_IN / "causes", rules)
    (rules / "wrong-thread.yaml").write_text("id: [", encoding="utf-8")
    with pytest.raises(RuleErrors) as caught:
        scan([write(CLOSED)], Settings(rules=(str(tmp_path / "own"),)))
    assert "wrong-thread.yaml" in str(caught.value)
