"""What holds for every rule of the built-in catalogue, so that a new rule cannot harm the old ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from loopdoctor.carriers import unwrap
from loopdoctor.catalogue.lint import lint
from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.catalogue.schema import Catalogue, Signature
from loopdoctor.examples import check_examples
from loopdoctor.grouping import group
from loopdoctor.matching import Matcher
from loopdoctor.model import Record, Window
from loopdoctor.pipeline import scan
from loopdoctor.settings import Settings

SAMPLES = Path(__file__).resolve().parent.parent / "sample_logs"

# The ids are a contract: reports are stored, compared and filtered by them. More may be added, none renamed.
CAUSES = """
    abrupt-stop async-generator-not-closed async-test-not-run background-task-outlives-main blocking-call-in-loop
    callback-raised cancellation-mishandled child-reaped-elsewhere concurrent-use-of-connection
    coroutine-awaited-twice executor-after-shutdown get-event-loop-misuse lock-misuse loop-closed-with-tasks-running
    loop-shared-across-fork missing-await mixed-loop-runners no-running-loop object-reused-across-loops
    resource-not-closed run-inside-running-loop subprocess-outlives-loop sync-io-in-async-context
    task-exception-ignored task-not-referenced test-loop-scope-mismatch tls-shutdown-race use-after-close
    version-incompatibility windows-proactor-finaliser wrong-loop-type wrong-thread
"""

# A symptom that says only where an error came out, whatever it was: it may stand beside any more telling one.
SAYS_ONLY_WHERE = {"exception-in-callback"}

CATALOGUE = load_catalogue()
MATCHER = Matcher(CATALOGUE)
SYMPTOMS = CATALOGUE.symptoms


def records_in(text: str) -> Iterator[Record]:
    """The records that a scan of a rule's example sees."""
    lines = unwrap([Window("example", 1, text.encode(), last_of_source=True)], Settings(), lambda notice: None)
    return (item for item in group(lines, "example", MATCHER.speaks, Settings()) if isinstance(item, Record))


def guests_in(text: str, owner: str) -> set[str]:
    """The symptoms that other rules than the example's own find in it."""
    return {symptom.id for record in records_in(text) for symptom in MATCHER.match(record)} - {owner}


def share_a_cause(one: str, other: str) -> bool:
    """Whether one mistake may be behind both symptoms."""
    return bool(SYMPTOMS[one].causes.keys() & SYMPTOMS[other].causes.keys())


def declared(one: str, other: str) -> bool:
    """Whether a rule says that one of the symptoms is wreckage of the other."""
    return other in SYMPTOMS[one].wreckage_of or one in SYMPTOMS[other].wreckage_of


def test_lint_finds_nothing() -> None:
    """Rules about rules hold for our own."""
    assert lint(CATALOGUE) == []


def test_every_example_is_found_and_every_counter_example_is_not() -> None:
    """Each rule's examples, both ways, through the real pipeline."""
    assert check_examples(CATALOGUE) == []


def test_a_broken_rule_fails_its_examples() -> None:
    """A misspelt literal misses its example, a signature that is too wide finds its counter-example."""
    rule = SYMPTOMS["unclosed-client-session"]
    misspelt = replace(rule, signatures=(Signature("Unclosed cleint session"),))
    wide = replace(rule, no_match=rule.match)
    for broken, fault in ((misspelt, "match example 1 is not found"), (wide, "no_match example 1 is found")):
        problems = check_examples(Catalogue({broken.id: broken}, {}, {}))
        assert (problems[0].rule, problems[0].message) == (broken.id, fault)


def test_whatever_else_is_found_in_an_example_may_have_the_same_cause() -> None:
    """A rule that fires beside another one shares a cause with it, or one of them is declared wreckage of the other.

    Two symptoms of one record that nothing joins would pull its ranking apart. Either a signature is too wide, or
    ``wreckage_of`` lacks an id.
    """
    beside = {
        (owner, guest)
        for owner, rule in SYMPTOMS.items()
        for text in rule.match
        for guest in guests_in(text, owner) - SAYS_ONLY_WHERE
    }
    assert ("redis-connection-del", "event-loop-is-closed") in beside
    assert sorted(pair for pair in beside if not share_a_cause(*pair) and not declared(*pair)) == []


def test_what_is_found_in_a_counter_example_has_the_form_of_a_failure() -> None:
    """A ``no_match`` may be another rule's failure, but no rule ever fires on prose: on a line without such a form."""
    quoted = [
        (symptom.id, record.words[0])
        for symptom in SYMPTOMS.values()
        for text in symptom.no_match
        for record in records_in(text)
        if record.kind == "log" and record.head.level is None and MATCHER.match(record)
    ]
    assert quoted == []


def test_sentences_about_failures_are_none() -> None:
    """What the catalogue itself says of causes and symptoms is prose, and no rule fires on it as a log's lines."""
    prose = [symptom.means for symptom in SYMPTOMS.values()]
    for cause in CATALOGUE.causes.values():
        prose += [cause.means, cause.happens, cause.settle, *cause.check, *cause.prevention]
        prose += [clue.says for clue in cause.clues] + [step.text for step in cause.steps]
        prose += [avoid.why for avoid in cause.avoid] + [neighbour.tell for neighbour in cause.neighbours]
    assert [text for text in prose if guests_in(text, "")] == []


def test_the_ids_of_causes_are_kept() -> None:
    """None of the ids that reports have shown is gone."""
    assert len(CAUSES.split()) == 32
    assert set(CAUSES.split()) - CATALOGUE.causes.keys() == set()


@pytest.mark.parametrize("cause", sorted(CATALOGUE.causes))
def test_some_symptom_makes_a_cause_its_likeliest(cause: str) -> None:
    """A cause that no symptom puts among its first two could hardly ever be the answer."""
    likeliest = [sorted(symptom.causes, key=lambda c: -symptom.causes[c])[:2] for symptom in SYMPTOMS.values()]
    assert any(cause in first for first in likeliest)


def test_wreckage_goes_round_in_no_circle() -> None:
    """If each of two symptoms were wreckage of the other, neither could be the root."""
    circles = [
        (symptom.id, other)
        for symptom in SYMPTOMS.values()
        for other in symptom.wreckage_of
        if symptom.id in SYMPTOMS[other].wreckage_of
    ]
    assert circles == []


def test_a_literal_stands_in_an_example() -> None:
    """Each signature is shown by at least one of its rule's examples: what no example shows, nobody has seen."""
    unseen = [
        (symptom.id, signature.literal)
        for symptom in SYMPTOMS.values()
        for signature in symptom.signatures
        if not any(signature.literal in text for text in symptom.match)
    ]
    assert unseen == []


def test_in_which_order_the_rules_were_read_decides_nothing() -> None:
    """A wheel has them by id, a source tree by folder: both answer the same."""
    catalogue = load_catalogue()
    symptoms, causes = dict(reversed(catalogue.symptoms.items())), dict(reversed(catalogue.causes.items()))
    turned = Catalogue(symptoms, causes, dict(reversed(catalogue.marks.items())))
    for log in sorted(SAMPLES.glob("*/app.log")):
        one, other = (scan([str(log)], Settings(), catalogue=rules).diagnoses for rules in (catalogue, turned))
        assert [found.candidates for found in one] == [found.candidates for found in other], log
