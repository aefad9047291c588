"""What holds for every cause: it can be argued, told apart, mended, checked, prevented, read up and shown."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.repro import load_pairs

CATALOGUE = load_catalogue()
PAIRS = load_pairs()

OFFICIAL = re.compile(
    r"docs\.python\.org|peps\.python\.org|docs\.\w+\.\w+(?:\.\w+)?|[\w-]+\.readthedocs\.io|[\w-]+\.github\.io"
    r"|www\.(?:python-httpx|psycopg|starlette|djangoproject)\.\w+|fastapi\.tiangolo\.com"
)
CPYTHON_ISSUE = re.compile(r"https://github\.com/python/cpython/(?:issues|pull)/\d+$")

every_cause = pytest.mark.parametrize("cause", sorted(CATALOGUE.causes))


@every_cause
def test_a_cause_can_be_argued(cause: str) -> None:
    """Two clues for it and one against it at least: one whose absence speaks against it counts as well."""
    clues = CATALOGUE.causes[cause].clues
    assert sum(clue.weight > 0 for clue in clues) >= 2
    assert any(clue.weight < 0 or clue.absent < 0 for clue in clues)


@every_cause
def test_a_cause_can_be_told_from_its_neighbours(cause: str) -> None:
    """It has neighbours that exist, says how each is known, and names the one observation that would settle it."""
    rule = CATALOGUE.causes[cause]
    assert rule.settle.strip()
    assert rule.neighbours
    assert {neighbour.id for neighbour in rule.neighbours} <= CATALOGUE.causes.keys() - {cause}
    assert all(neighbour.tell.strip() for neighbour in rule.neighbours)


@every_cause
def test_a_cause_can_be_mended_checked_and_prevented(cause: str) -> None:
    """Steps with code, a check that they helped, a way to prevent it, and what not to do instead."""
    rule = CATALOGUE.causes[cause]
    assert any(variant.right.strip() for step in rule.steps for variant in step.variants)
    assert all(text.strip() for text in (*rule.check, *rule.prevention))
    assert rule.avoid
    assert all(avoid.what.strip() and avoid.why.strip() for avoid in rule.avoid)


@every_cause
def test_a_cause_can_be_read_up(cause: str) -> None:
    """Its references are well-formed addresses, and at least one is official documentation or a CPython issue."""
    references = CATALOGUE.causes[cause].references
    assert len(set(references)) == len(references)
    for url in references:
        parts = urlsplit(url)
        assert parts.scheme == "https", url
        assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]{2,}", parts.netloc), url
        assert re.fullmatch(r"[!-~]+", url), url
    assert any(OFFICIAL.fullmatch(urlsplit(url).netloc) or CPYTHON_ISSUE.match(url) for url in references)


@every_cause
def test_a_cause_can_be_shown(cause: str) -> None:
    """It has a pair of programs, or pairs.yaml says why none can be run here; never both."""
    paired = any(pair.cause == cause for pair in PAIRS.pairs.values())
    assert paired != bool(PAIRS.without.get(cause, "").strip())
