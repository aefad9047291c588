"""What a report says: causes, counts, consequences, names; of prose nothing; of a team's own rules too."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from loopdoctor.errors import RuleErrors
from loopdoctor.leftovers import MAX_UNEXPLAINED
from loopdoctor.pipeline import scan
from loopdoctor.settings import Settings
from parcel_logs import (
    CLOSED,
    DESTROYED,
    NEVER_AWAITED,
    NO_LOOP,
    OTHER_LOOP,
    UNKNOWN,
    Write,
    calm,
    mixture,
    only,
    roots,
)

pytestmark = pytest.mark.usefixtures("rules_once")


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
    text = "".join(UNKNOWN.replace("KeyError", f"Kind{n:03}Error") for n in range(MAX_UNEXPLAINED + 5))
    report = scan([write(text)], Settings())
    assert len(report.unexplained) == MAX_UNEXPLAINED
    (notice,) = report.notices
    assert (notice.kind, notice.message[:2]) == ("unexplained-dropped", "5 ")


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


def test_a_ctrl_c_is_no_failure_that_wants_an_explanation(tmp_path: Path) -> None:
    """Its traceback is how the program was ended; any other exception that no rule knows is listed."""
    head = 'Traceback (most recent call last):\n  File "/srv/depot/app.py", line 4, in <module>\n    run()\n'
    log = tmp_path / "app.log"
    log.write_text(f"{head}KeyboardInterrupt\nnext\n{head}depot.Jammed: belt 4\n")
    assert [failure.exception for failure in scan([str(log)], Settings()).unexplained] == ["depot.Jammed"]
