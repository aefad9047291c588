"""What is known of a regular expression before it is compiled."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.patterns import needed

PIECES = st.sampled_from(
    [
        "loop",
        "is",
        " ",
        r"\.",
        r"\d+",
        "(is|was)",
        "(?:gone)?",
        "s?",
        "e*",
        "a{0,2}",
        "[a-z]+",
        "[]x]",
        "^",
        "$",
        ".*",
        "b+",
    ]
)


@pytest.mark.parametrize(
    ("pattern", "piece"),
    [
        (r"^mypool\.Gone: the pool", "mypool.Gone: the pool"),
        ("the loops? is all gone", " is all gone"),
        ("Event loop (is|was) closed", "Event loop "),
        ("closed|gone", ""),
        ("(?i)closed", ""),
        (r"a\x41bcd", ""),
        ("[ab]c{2,3}de", "de"),
    ],
)
def test_the_longest_piece_outside_of_groups_is_needed(pattern: str, piece: str) -> None:
    """Only what every match must hold counts."""
    assert needed(pattern) == piece


@given(st.lists(PIECES, max_size=6).map("".join), st.lists(PIECES, max_size=6).map("".join))
def test_no_match_is_without_the_needed_piece(pattern: str, text: str) -> None:
    """A text without it is never matched, so a pattern need not be compiled for it."""
    if re.search(pattern, text):
        assert needed(pattern) in text


def test_the_examples_of_the_catalogue_hold_what_their_patterns_need() -> None:
    """The same for every pattern of a symptom and every text that any symptom gives as an example."""
    symptoms = load_catalogue().symptoms.values()
    lines = {line for rule in symptoms for text in (*rule.match, *rule.no_match) for line in text.split("\n")}
    patterns = {signature.pattern for rule in symptoms for signature in rule.signatures if signature.pattern}
    without = [(pattern, line) for pattern in patterns for line in lines if needed(pattern) not in line]
    assert not [(pattern, line) for pattern, line in without if re.search(pattern, line)]
