"""A record is held against the rules: which of them fit its words, and what they capture."""

from __future__ import annotations

import time

import pytest

from catalogues import TILL, catalogue, flow_of, symptom, traceback
from loopdoctor.catalogue.schema import Catalogue, MarkRule, Signature
from loopdoctor.matching import MAX_WORD, Matcher
from loopdoctor.model import Line, Record, Symptom

SALE = ("/srv/till/sale.py", 31, "ring_up", "till.open()")


def rules_with(*signatures: Signature) -> Catalogue:
    """A catalogue of one symptom."""
    return catalogue((symptom("broken", signatures[0].literal, {}, signatures=signatures),), ())


def found(text: str, rules: Catalogue = TILL) -> list[Symptom]:
    """The symptoms in a text."""
    matcher = Matcher(rules)
    return [hit for item in flow_of(text, matcher) if isinstance(item, Record) for hit in matcher.match(item)]


def ids(text: str, rules: Catalogue = TILL) -> list[str]:
    """Their ids."""
    return [hit.id for hit in found(text, rules)]


def test_a_literal_in_an_exception_line_is_enough() -> None:
    """A signature without pattern fits wherever its literal speaks, and says in which line."""
    (hit,) = found("calm\n" + traceback("RuntimeError: the till is shut", SALE))
    assert (hit.id, hit.line, hit.text) == ("till-shut", 5, "RuntimeError: the till is shut")


def test_a_literal_is_case_sensitive() -> None:
    """As in the prefilter: what it would pass by must not be found here."""
    assert ids(traceback("RuntimeError: The Till Is Shut", SALE)) == []


def test_a_source_line_of_a_frame_never_speaks() -> None:
    """A frame may show code that quotes any message."""
    quoting = ("/srv/till/sale.py", 8, "check", 'assert reason != "the till is shut"')
    assert ids(traceback("AssertionError", quoting)) == []


def test_named_groups_become_captures() -> None:
    """Those that took part only."""
    rules = rules_with(Signature("coins for", pattern=r"(?P<object>\d+) coins for (?P<task>\w+)(?P<library>!)?"))
    (hit,) = found(traceback("ValueError: 12 coins for anna", SALE), rules)
    assert dict(hit.captures) == {"object": "12", "task": "anna"}


def test_a_pattern_must_fit_the_word_that_holds_the_literal() -> None:
    """A literal in one line and the pattern's text in another make no symptom."""
    rules = rules_with(Signature("was dropped", pattern="^OSError: .*was dropped$"))
    assert ids(traceback("OSError: it was dropped", SALE), rules) == ["broken"]
    assert ids("@ERROR OSError: now\n" + traceback("ValueError: it was dropped", SALE), rules) == []


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (traceback("OSError: the till is shut", SALE), True),
        ("OSError: the till is shut\n", False),
        ("@ERROR the till is shut\n", False),
    ],
)
def test_kinds_limit_the_kind_of_record(text: str, fits: bool) -> None:
    """A signature for tracebacks finds nothing in a bare line or a log entry."""
    assert ids(text, rules_with(Signature("the till is shut", kinds=("traceback",)))) == ["broken"] * fits


@pytest.mark.parametrize(("error", "fits"), [("till.ShutError", True), ("ValueError", False)])
def test_exception_limits_the_type(error: str, fits: bool) -> None:
    """The pattern is held against the type of the very line that says the words."""
    rules = rules_with(Signature("the till is shut", exception=r"ShutError$"))
    assert ids(traceback(f"{error}: the till is shut", SALE), rules) == ["broken"] * fits


def test_exception_looks_at_each_link_of_a_chain() -> None:
    """A symptom said by the first exception is found though the last one is of another type."""
    chain = (
        traceback("till.ShutError: the till is shut", SALE)
        + "\nDuring handling of the above exception, another exception occurred:\n\n"
        + traceback("ValueError: no sale", SALE)
    )
    assert ids(chain, rules_with(Signature("the till is shut", exception="ShutError"))) == ["broken"]


@pytest.mark.parametrize(("function", "fits"), [("ring_up", True), ("refund", False)])
def test_frame_must_match_file_and_function_of_one_frame(function: str, fits: bool) -> None:
    """``file:function`` of any frame of the record."""
    rules = rules_with(Signature("the till is shut", frame=rf"sale\.py:{function}$"))
    assert ids(traceback("OSError: the till is shut", SALE), rules) == ["broken"] * fits


def test_any_signature_of_a_rule_is_enough_and_the_rule_is_told_once() -> None:
    """Two signatures that fit two lines are one symptom, at the first of them."""
    rules = rules_with(Signature("the till is shut"), Signature("coins were lost"))
    text = "@ERROR coins were lost\n" + traceback("OSError: the till is shut", SALE)
    assert [(hit.id, hit.line) for hit in found(text, rules)] == [("broken", 1)]


def test_symptoms_come_in_the_order_in_which_the_record_says_them() -> None:
    """The logger's words first, the exception after them."""
    text = "@ERROR coins were lost\n" + traceback("OSError: the till is shut", SALE)
    assert ids(text) == ["coins-lost", "till-shut"]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("the till is shut again\n", True),
        ("we saw that the till is shut again\n", False),
        ("@INFO the till is shut again\n", True),
        ("@INFO a customer wrote: the till is shut again\n", False),
        ("@ERROR order 7 failed: the till is shut again\n", True),
    ],
)
def test_prose_has_the_words_further_on(text: str, fits: bool) -> None:
    """A bare line or an INFO entry must open with the words; an entry of level ERROR may hold them anywhere."""
    assert ids(text) == ["till-shut"] * fits


def test_a_pattern_without_end_is_stopped_and_remembered() -> None:
    """A catastrophic pattern of a team's rule costs its time limit, counts as not fitting, and is named."""
    rules = rules_with(Signature("the till is shut", pattern=r"(a|aa)+$"))
    matcher = Matcher(rules, timeout=0.05)
    (record,) = flow_of(traceback("OSError: " + "a" * 60 + "! the till is shut", SALE), matcher)
    assert isinstance(record, Record)
    started = time.perf_counter()
    assert matcher.match(record) == []
    assert time.perf_counter() - started < 1
    assert matcher.slow == {r"(a|aa)+$"}


def test_only_the_beginning_of_an_endless_line_is_searched() -> None:
    """A pattern sees the first characters of a word; what a rule asks for stands there."""
    matcher = Matcher(TILL)
    assert matcher.search("shut", "x" * (MAX_WORD - 4) + "shut") is not None
    assert matcher.search("shut", "x" * MAX_WORD + "shut") is None


def test_the_prefilter_is_given_every_literal() -> None:
    """Those of symptoms and those of marks, as bytes, none twice."""
    literals = Matcher(TILL).literals
    assert {b"the till is shut", b"paper roll is empty", b"lights went out"} <= set(literals)
    assert literals == sorted(set(literals))


def test_a_line_speaks_if_it_holds_a_symptoms_literal() -> None:
    """Those of marks do not make a record."""
    matcher = Matcher(TILL)
    assert matcher.speaks("12:00 paper roll is empty")
    assert not matcher.speaks("12:00 lights went out")


def test_a_mark_is_a_line_that_fits_its_pattern() -> None:
    """Its named groups become names, such as versions."""
    mark = MarkRule("till-banner", "the till's banner", ("till version",), r"till version (?P<python>\d+\.\d+)")
    matcher = Matcher(catalogue((), (), (mark,)))
    (hit,) = matcher.marks(Line(4, "till version 3.12 starts", "a.log"))
    assert (hit.id, hit.line, hit.source) == ("till-banner", 4, "a.log")
    assert matcher.names_of(hit) == {"python": "3.12"}
    assert list(matcher.marks(Line(5, "till version unknown"))) == []
    assert list(matcher.marks(Line(6, "calm"))) == []
