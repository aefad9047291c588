"""The report for people: what it says, how it is laid out, and that a log cannot reach the terminal through it."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from rich.cells import cell_len

from loopdoctor.checkout import Checkout
from loopdoctor.model import Notice, Record, Report, Timeline, Unexplained
from loopdoctor.render import View, renderer
from sample_report import CLOSED, FAILED, QUIET, REUSED, TITLES, UNCLOSED, diagnosis, member, record, report
from test_render_json import HOSTILE, hostile_report

GOLDEN = Path(__file__).parent / "golden"
UNDECIDED = report(diagnosis(member("task-destroyed", UNCLOSED), undecided=True, verdict="exit-noise"))
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


def rendered(found: Report, **view: object) -> str:
    """The report laid out for a view with these values."""
    return "".join(renderer("text")(found, TITLES, View(**view)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "found", "view"),
    [
        ("failed-80.txt", FAILED, View(width=80)),
        ("failed-120-ascii.txt", FAILED, View(width=120, ascii=True)),
        ("failed-100-color.txt", FAILED, View(width=100, color=True)),
        ("undecided-80.txt", UNDECIDED, View(width=80, top=1)),
        ("quiet-80.txt", QUIET, View(width=80)),
    ],
)
def test_reports_look_as_agreed(name: str, found: Report, view: View) -> None:
    """A report looks as its golden file does (LOOPDOCTOR_GOLDEN=write makes them anew, to be read before a commit)."""
    text = "".join(renderer("text")(found, TITLES, view))
    golden = GOLDEN / name
    if os.environ.get("LOOPDOCTOR_GOLDEN") == "write":
        golden.write_text(text, encoding="utf-8", newline="\n")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_lines_keep_to_the_width(width: int) -> None:
    """No line is wider than asked for, but code and single words that have no place to break."""
    for line in rendered(FAILED, width=width).split("\n"):
        unbreakable = max((cell_len(word) for word in line.split()), default=0) + 20
        is_code = re.search(r"async|CLIENT =|await", line)
        assert cell_len(line) <= max(width, unbreakable) or is_code, line


def test_paths_are_never_broken() -> None:
    """A long path stays in one piece, so that it can be copied."""
    path = "/srv/a-rather-long-name-of-a-service/releases/2024-11-24/lib/python3.11/billing/invoices.py"
    long = record([f'  File "{path}", line 3, in send', "RuntimeError: Event loop is closed"])
    assert path in rendered(report(diagnosis(member("event-loop-closed", long))), width=60)


def test_colour_only_adds_colour() -> None:
    """Without its colour codes a coloured report is the plain one."""
    bare = re.sub(r"\x1b\[[0-9;]*m", "", rendered(FAILED, width=100, color=True))
    assert [line.rstrip() for line in bare.split("\n")] == rendered(FAILED, width=100).split("\n")


def test_a_plain_report_has_no_codes() -> None:
    """Without colour there is not one escape code in a report."""
    assert "\x1b" not in rendered(FAILED)


def test_ascii_is_ascii() -> None:
    """For a terminal without more letters bars, rails and the catalogue's typography are ASCII."""
    fancy = msgspec.structs.replace(REUSED, settle="Two numbers → “proof” – or not…", title="It’s kept")
    found = report(msgspec.structs.replace(FAILED.diagnoses[0], candidates=(fancy,)))
    text = rendered(found, ascii=True)
    assert text.isascii()
    assert '-> "proof" - or not...' in text


def test_the_worst_comes_first() -> None:
    """Lost work stands before noise, whatever the order of the log."""
    noise = diagnosis(member("task-destroyed", UNCLOSED), verdict="exit-noise")
    lost = diagnosis(member("event-loop-closed", CLOSED))
    text = rendered(report(noise, lost))
    assert text.index("1. Event loop is closed") < text.index("2. Task was destroyed")


def test_the_same_steps_are_told_once() -> None:
    """A second failure with the same cause and steps points to the first one's."""
    text = rendered(
        report(diagnosis(member("event-loop-closed", CLOSED)), diagnosis(member("task-destroyed", UNCLOSED)))
    )
    assert text.count("Make it inside the loop that uses it") == 1
    assert "the steps are those of 1. above" in text


def test_undecided_names_both() -> None:
    """Where the ranking cannot tell, the report says so and names the two."""
    assert "undecided between object-reused-across-loops and test-loop-scope-mismatch" in rendered(UNDECIDED, width=120)


def test_top_limits_the_bars_not_the_list() -> None:
    """``top`` says how many causes get a bar; the others keep their line with the command that explains them."""
    text = rendered(FAILED, top=1)
    assert len(re.findall("[█░]{2,} +[0-9]+%", text)) == 1
    assert "loopdoctor explain test-loop-scope-mismatch  14%  The test runner" in text
    assert "loopdoctor explain test-loop-scope-mismatch\n" in rendered(FAILED, top=2)


def test_consequences_are_told_with_their_reason() -> None:
    """What only followed is listed with its count, its place and why."""
    text = rendered(FAILED, width=120)
    assert "line 161  because of it: Unclosed client session, once\n" in text
    assert "the session was left open because the call that should close it failed" in text


def timed(at: str, lines: list[str], start: int) -> Record:
    """A record that was written at this time."""
    made = record(lines, {0: lines[0]}, start=start)
    return msgspec.structs.replace(made, lines=tuple(msgspec.structs.replace(line, time=at) for line in made.lines))


def test_what_came_when_is_told_in_seconds() -> None:
    """Where the log has times, consequences are told by how long after the root they came."""
    root, later = timed("10:00:00.5", ["RuntimeError: one"], 4), timed("10:00:02.6", ["Unclosed client session"], 90)
    text = rendered(report(diagnosis(member("event-loop-closed", root), member("unclosed-session", later, why="so"))))
    assert "in order   +0.0 s  Event loop is closed" in text
    assert "           +2.1 s  because of it: Unclosed client session, once  line 90\n" in text


def test_at_most_six_symptoms_are_told_in_order() -> None:
    """A failure with a long tail keeps its root and five more; the rest is a number."""
    later = [member(f"wreck-{n}", record([f"wreck {n}"], start=200 + n), why="so") for n in range(9)]
    early = [member(f"early-{n}", record([f"early {n}"], start=2 + n), why="so") for n in range(9)]
    text = rendered(report(diagnosis(member("event-loop-closed", CLOSED), *later, *early)))
    assert text.count("because of it: ") == 5
    assert "line 132  Event loop is closed" in text
    assert "and 13 more" in text


def test_a_sparkline_shows_when_it_happened() -> None:
    """One sign a column, higher where more was seen, with what a column stands for."""
    assert re.search(r"\n +█····▂······▃·················▃  a column is 15 s, the highest 7\n", rendered(FAILED))
    assert " #....:......-.................-  a column is 15 s" in rendered(FAILED, ascii=True)
    once = msgspec.structs.replace(FAILED.diagnoses[0].incident, timeline=Timeline(60, ((60, 12),)))
    assert "a column" not in rendered(report(msgspec.structs.replace(FAILED.diagnoses[0], incident=once)))


def test_the_users_own_lines_stand_round_the_culprit(tmp_path: Path) -> None:
    """Where the file is at hand and unchanged its lines are shown; else the one that the traceback shows."""
    (tmp_path / "billing").mkdir()
    file = tmp_path / "billing" / "invoices.py"
    body = "\n" * 38 + "def f():\n    x = 1\n    reply = await CLIENT.post(URL, json=job)\n    return x\n"
    file.write_text(body)
    shown = rendered(FAILED, checkout=Checkout(str(tmp_path)))
    assert "40 │     x = 1\n" in shown
    assert "41 │     reply = await CLIENT.post(URL, json=job)\n" in shown
    file.write_text(body.replace("CLIENT.post", "client.post"))
    changed = rendered(FAILED, checkout=Checkout(str(tmp_path)))
    assert "x = 1" not in changed
    assert "reply = await CLIENT.post(URL, json=job)" in changed


def test_a_clue_does_not_quote_what_is_shown_anyway() -> None:
    """What stands in the evidence or names the culprit is not quoted once more below a clue."""
    quoting = msgspec.structs.replace(REUSED.clues[0], quotes=("RuntimeError: Event loop is closed",))
    found = msgspec.structs.replace(
        FAILED.diagnoses[0], candidates=(msgspec.structs.replace(REUSED, clues=(quoting,)),)
    )
    assert rendered(report(found)).count("│ RuntimeError: Event loop is closed") == 1


def test_nothing_found_says_what_was_read_and_lists_the_rest() -> None:
    """A clean log gets a friendly line, and tracebacks that no rule knows are counted."""
    text = rendered(QUIET)
    assert text.startswith("No asyncio failure found in app.log (1.2 MB, 15,320 lines read)\n")
    assert "KeyError: 'amount', 3 times" in text
    assert "traceback without its last line, once" in text


def test_an_interrupted_scan_says_so() -> None:
    """Whoever pressed Ctrl-C reads that the report is not the whole story."""
    stopped = msgspec.structs.replace(FAILED, stats=msgspec.structs.replace(FAILED.stats, interrupted=True))
    assert "The scan was stopped; this is what was found until then." in rendered(stopped)


def test_long_lists_end_with_a_count() -> None:
    """Hundreds of unknown failures or notices do not bury the report."""
    first = FAILED.diagnoses[0].incident.first
    many = report(
        unexplained=tuple(Unexplained("KeyError", str(n), 1, first) for n in range(90)),
        notices=tuple(Notice("cut", f"line {n} was cut") for n in range(70)),
    )
    text = rendered(many)
    assert "and 70 more" in text
    assert "and 50 more" in text


def test_markup_in_a_log_is_text() -> None:
    """Square brackets, emoji codes and links of rich's markup are printed as they are."""
    said = "[bold red]RuntimeError[/] :smile: [link=http://x]y[/link]"
    text = rendered(report(diagnosis(member("event-loop-closed", record([said])))), color=True)
    assert said in re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert "\x1b]8" not in text


def test_control_characters_are_shown_as_escapes() -> None:
    """An escape sequence, a carriage return or a bidirectional mark in a log is visible and harmless."""
    found = report(diagnosis(member("event-loop-closed", record(["a\x1b[2Jb\rc\u202ed\x9be\udc80f"]))))
    assert r"a\x1b[2Jb\x0dc\u202ed\x9be\udc80f" in rendered(found)


@given(HOSTILE)
@settings(max_examples=150, deadline=None)
def test_hostile_text_stays_data(text: str) -> None:
    """Whatever a log says, a report holds no control character but newlines and its own colour codes."""
    found = hostile_report(text)
    plain = rendered(found, width=80)
    assert not CONTROLS.search(plain)
    plain.encode("utf-8")
    colored = re.sub(r"\x1b\[[0-9;]*m", "", rendered(found, width=80, color=True))
    assert not CONTROLS.search(colored)


def test_an_endless_record_costs_little() -> None:
    """A record of thousands of long lines is quoted in a moment, and short."""
    lines = [f"  note {n} {'x' * 200}" for n in range(4000)]
    found = report(diagnosis(member("event-loop-closed", record(lines, dict(enumerate(lines))))))
    started = time.perf_counter()
    text = rendered(found)
    assert time.perf_counter() - started < 2
    assert len(text) < 20_000
