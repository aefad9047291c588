"""Sightings that belong together are one incident, told once; what merely stands near is another."""

from __future__ import annotations

from catalogues import TILL, catalogue, cause, collect, feed, incidents, symptom, traceback
from loopdoctor.catalogue.schema import Ask, Catalogue, Clue, MarkAsk, MarkRule
from loopdoctor.folding import fold
from loopdoctor.grouping import group
from loopdoctor.incidents import AROUND, MAX_MEMBERS, SAMPLES, Collector
from loopdoctor.matching import Matcher
from loopdoctor.model import Diagnosis, Line
from loopdoctor.settings import Settings

SALE = ("/srv/till/sale.py", 31, "ring_up", "till.open()")
REFUND = ("/srv/till/refund.py", 12, "refund", "till.open()")
SHUT = traceback("RuntimeError: the till is shut", SALE)
ROLL = traceback("OSError: paper roll is empty", ("/srv/till/printer.py", 5, "print_slip", "feed()"))
CALM = "".join(f"@INFO sale {n} done\n" for n in range(100))


def diagnoses(text: str) -> list[Diagnosis]:
    """The diagnoses of a log under the small catalogue."""
    return [told.diagnosis for told in fold(collect(text), Matcher(TILL))]


def test_a_failure_seen_again_is_counted() -> None:
    """However far apart: same symptom, kind, exception and place are one failure, with its first and last time."""
    (found,) = incidents(SHUT + CALM + SHUT + CALM + SHUT + "@INFO end\n")
    assert found.occurrences == 3
    assert dict(found.counts) == {"till-shut": 3}
    assert (found.first.line, found.last.line) == (1, 209)


def test_the_same_words_from_another_place_far_away_are_another_failure() -> None:
    """Another file and function raised it, and nothing ties it to the first."""
    found = incidents(SHUT + CALM + traceback("RuntimeError: the till is shut", REFUND))
    assert [(one.culprit.function if one.culprit else "") for one in found] == ["ring_up", "refund"]


def test_two_failures_of_different_causes_stay_two() -> None:
    """Also next to each other: no mistake explains both."""
    found = incidents(SHUT + ROLL)
    assert [one.members[0].symptom.id for one in found] == ["till-shut", "roll-empty"]


def test_one_burst_that_one_mistake_explains_is_one() -> None:
    """Two symptoms whose likely causes overlap, within a margin of each other."""
    (found,) = incidents("@ERROR drawer left open\n@INFO calm\n" + SHUT)
    assert dict(found.counts) == {"drawer-open": 1, "till-shut": 1}


def test_the_same_two_far_apart_are_two() -> None:
    """Beyond the margin nothing ties them."""
    assert len(incidents("@ERROR coins were lost\n" + CALM + SHUT)) == 2
    near = "@ERROR coins were lost\n" + "@INFO calm\n" * 3 + SHUT
    assert len(incidents(near)) == 1
    assert len(incidents(near, settings=Settings(margin=2))) == 2


def test_the_most_telling_symptom_is_the_root_and_wreckage_says_what_it_follows_from() -> None:
    """Whichever came first; a consequence carries its reason."""
    (found,) = incidents("@ERROR drawer left open\n" + SHUT)
    told = [(member.symptom.id, member.consequence) for member in found.members]
    assert told == [("till-shut", ""), ("drawer-open", "follows from: till shut")]


def test_a_vaguer_symptom_of_the_same_record_is_a_consequence() -> None:
    """One record that says two things has one root."""
    (found,) = incidents("@ERROR coins were lost\n" + SHUT)
    told = [(member.symptom.id, member.consequence) for member in found.members]
    assert told == [("till-shut", ""), ("coins-lost", "said by the same record as a more telling message")]


def test_wreckage_alone_is_the_root_of_its_own_incident() -> None:
    """What would be a consequence elsewhere is what happened here, and carries no reason."""
    (found,) = incidents("@ERROR drawer left open\n")
    assert [(member.symptom.id, member.consequence) for member in found.members] == [("drawer-open", "")]


def test_a_shared_address_ties_records_that_are_far_apart() -> None:
    """The same object, printed twice in one stream."""
    one = traceback("RuntimeError: the till is shut: <till.Till object at 0x7f00aa55>", SALE)
    other = traceback("OSError: paper roll is empty in <till.Till object at 0x7f00aa55>", REFUND)
    assert len(incidents(one + CALM + other)) == 1
    assert len(incidents(one + CALM + other.replace("aa55", "bb66"))) == 2


def test_streams_are_kept_apart() -> None:
    """Another container's failure in the next line is another failure, unless it is known wreckage."""
    matcher = Matcher(TILL)
    collector = Collector(TILL, Settings())
    lines = [
        Line(1, "the till is shut", "a.log", "web", start=True, level="ERROR"),
        Line(2, "coins were lost", "a.log", "bank", start=True, level="ERROR"),
        Line(3, "drawer left open", "a.log", "desk", start=True, level="ERROR"),
    ]
    for record in group(lines, "a.log", matcher.speaks, Settings()):
        collector.add_record(record, matcher.match(record))  # type: ignore[arg-type]
    assert [dict(cluster.counts) for cluster in collector.clusters] == [
        {"till-shut": 1, "drawer-open": 1},
        {"coins-lost": 1},
    ]


def test_sources_are_kept_apart_but_a_repeat_is_a_repeat() -> None:
    """Nothing of another file is near; the very same failure in another file is counted with the first."""
    matcher = Matcher(TILL)
    collector = Collector(TILL, Settings())
    feed(collector, SHUT, matcher, "monday.log")
    feed(collector, "@ERROR coins were lost\n" + ROLL, matcher, "tuesday.log")
    feed(collector, SHUT, matcher, "tuesday.log")
    found = [collector.incident(cluster) for cluster in collector.clusters]
    assert [(one.members[0].symptom.id, one.occurrences) for one in found] == [("till-shut", 2), ("roll-empty", 1)]
    assert (found[0].first.source, found[0].last.source) == ("monday.log", "tuesday.log")


def test_lines_around_a_record_are_kept() -> None:
    """A few ordinary lines of its stream before and after it; other records and what is far away are not among them."""
    before, after = "".join(f"@INFO b{n}\n" for n in range(30)), "".join(f"@INFO a{n}\n" for n in range(30))
    (found,) = incidents(before + SHUT + after)
    around = found.members[0].surrounding
    assert [line.text for line in around.before] == [f"b{n}" for n in range(30 - AROUND, 30)]
    assert [line.text for line in around.after] == [f"a{n}" for n in range(AROUND)]


def test_lines_beyond_the_margin_are_not_around() -> None:
    """A window of the prefilter would not hold them: windowed and full scans must say the same."""
    (found,) = incidents("@INFO old\n" + "\n" * 9 + SHUT + "\n" * 9 + "@INFO late\n", settings=Settings(margin=5))
    assert found.members[0].surrounding.before == ()
    assert found.members[0].surrounding.after == ()


def test_the_culprit_is_the_users_innermost_frame() -> None:
    """Neither Python's own nor an installed package's."""
    frames = [
        ("/usr/lib/python3.11/asyncio/runners.py", 190, "run", "return runner.run(main)"),
        SALE,
        ("/srv/venv/lib/python3.11/site-packages/tillpack/core.py", 7, "open", "self._check()"),
    ]
    (found,) = incidents(traceback("RuntimeError: the till is shut", *frames))
    assert found.culprit is not None
    assert (found.culprit.file, found.culprit.line, found.culprit.function) == SALE[:3]
    assert (found.libraries, found.python) == (("tillpack",), "3.11")
    assert dict(found.names)["function"] == "ring_up"


def test_names_that_a_rule_captured_are_kept() -> None:
    """They fill the steps of the fix."""
    (found,) = incidents("@ERROR sale latte was dropped\n")
    assert dict(found.names)["coroutine"] == "latte"


def test_the_fingerprint_is_that_of_the_failure_not_of_the_run() -> None:
    """Line numbers, addresses and how often it was seen do not matter; the place does."""
    (once,) = incidents(SHUT)
    (later,) = incidents(CALM + SHUT.replace("line 31", "line 44") + SHUT)
    (other,) = incidents(traceback("RuntimeError: the till is shut", REFUND))
    assert once.fingerprint == later.fingerprint
    assert once.fingerprint != other.fingerprint
    assert once.fingerprint.startswith("1-")


def test_marks_of_the_source_and_symptoms_elsewhere_are_known() -> None:
    """Facts far from the failure, and what the other incidents of the same file say."""
    first, second = incidents("@INFO lights went out\n" + CALM + SHUT + ROLL)
    assert [(mark.id, mark.line) for mark in first.marks] == [("lights-out", 1)]
    assert (first.elsewhere, second.elsewhere) == (("roll-empty",), ("till-shut",))


def test_samples_are_bounded_and_counts_are_not() -> None:
    """A failure a thousand times is a count of a thousand and a few samples."""
    (found,) = incidents((SHUT + "@INFO calm\n") * 1000)
    assert found.occurrences == 1000
    assert len(found.members) == SAMPLES
    many = [
        traceback("RuntimeError: the till is shut: <T at 0x7f00aa55>", ("/srv/till/a.py", 1, f"f{n}", "g()"))
        for n in range(200)
    ]
    (found,) = incidents("".join(many))
    assert found.occurrences == 200
    assert len(found.members) == MAX_MEMBERS


def test_marks_are_bounded() -> None:
    """The first and the latest of a kind are kept: clues ask what stood before and after."""
    collector = collect("@INFO lights went out\n" * 1000)
    lines = [mark.line for mark in collector.marks["till.log"]]
    assert len(lines) < 10
    assert (lines[0], lines[-1]) == (1, 1000)


def test_incidents_are_bounded_and_the_rest_is_counted() -> None:
    """What is beyond the limit is told by its number."""
    text = "".join(
        traceback("RuntimeError: the till is shut", ("/srv/till/a.py", 1, f"f{n}", "g()")) + CALM for n in range(5)
    )
    collector = collect(text, settings=Settings(max_incidents=3))
    assert (len(collector.clusters), collector.dropped) == (3, 2)


POWER = catalogue(
    symptoms=(
        symptom("printer-dead", "printer is dead", {"cable-loose": 0.9, "power-cut": 0.1}, rank=2),
        symptom("scale-dead", "scale is dead", {"scale-broken": 0.9, "power-cut": 0.1}, rank=2),
    ),
    causes=(
        cause("cable-loose"),
        cause("scale-broken"),
        cause("power-cut", Clue("dark", Ask(mark=MarkAsk("lights-out")), 5.0, "the lights went out")),
    ),
    marks=TILL.marks.values(),
)
DEAD = "@ERROR printer is dead\n@ERROR scale is dead\n"


def test_neighbours_with_one_cause_are_folded_and_judged_again() -> None:
    """Two incidents that no prior ties, but of which a clue shows that the same mistake is behind both."""
    (told,) = fold(collect("@INFO lights went out\n" + CALM + DEAD, POWER), Matcher(POWER))
    found = told.diagnosis
    assert dict(found.incident.counts) == {"printer-dead": 1, "scale-dead": 1}
    assert found.candidates[0].id == "power-cut"
    assert {candidate.id for candidate in found.candidates} == {"power-cut", "cable-loose", "scale-broken"}
    assert (found.incident.first.line, found.incident.last.line) == (102, 103)


def test_neighbours_that_nothing_joins_are_not_folded() -> None:
    """Without that clue each has its own cause."""
    found = fold(collect(CALM + DEAD, POWER), Matcher(POWER))
    assert [one.diagnosis.candidates[0].id for one in found] == ["cable-loose", "scale-broken"]


def test_folding_keeps_what_is_far_apart_or_of_another_cause() -> None:
    """One cause twice, a hundred lines apart, is two incidents; so are two causes side by side."""
    apart = diagnoses(SHUT + CALM + traceback("RuntimeError: the till is shut", REFUND))
    assert [one.candidates[0].id for one in apart] == ["early-close", "early-close"]
    assert len(diagnoses(SHUT + ROLL)) == 2


CLOSING = MarkRule("closing", "the shop closes", ("closing time",), parts=True)
PARTED = Catalogue(TILL.symptoms, TILL.causes, {"closing": CLOSING})


def test_the_same_failure_at_work_and_at_the_end_is_two() -> None:
    """A mark that parts stands between them, such as a stop signal: lost at work is one thing, left over another."""
    at_work, at_end = incidents(SHUT + "@INFO calm\n@INFO closing time\n" + SHUT, PARTED)
    assert (at_work.first.line, at_end.first.line) == (1, 7)
    assert at_work.fingerprint != at_end.fingerprint


def test_what_follows_a_stop_is_one_with_what_it_leaves() -> None:
    """Behind the mark things belong together as ever, and a day of restarts is one incident with its count."""
    day = ("@INFO closing time\n" + SHUT + "@ERROR drawer left open\n" + CALM) * 5
    (found,) = incidents(day, PARTED)
    assert dict(found.counts) == {"till-shut": 5, "drawer-open": 5}
