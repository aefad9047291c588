"""The causes behind an incident are ranked by what its symptoms and clues say, and every clue asked is kept."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogues import TILL, catalogue, cause, incidents, symptom, traceback
from loopdoctor.catalogue.schema import Ask, Catalogue, Clue, Step, Variant, Verdict
from loopdoctor.matching import Matcher
from loopdoctor.model import Candidate, Diagnosis
from loopdoctor.ranking import MIN_CONFIDENCE, diagnose

SALE = ("/srv/till/sale.py", 31, "ring_up", "till.open()")
SHUT = traceback("RuntimeError: the till is shut", SALE)
YES, NO = Ask(message="shut"), Ask(message="open")


def judged(text: str, rules: Catalogue = TILL) -> Diagnosis:
    """The diagnosis of a log's first incident."""
    return diagnose(incidents(text, rules)[0], Matcher(rules))


def shut_by(*clues: Clue, priors: tuple[float, float] = (0.5, 0.5), **more: object) -> Catalogue:
    """A catalogue in which ``early`` has the clues given and ``late`` none."""
    rule = symptom("till-shut", "the till is shut", {"early": priors[0], "late": priors[1]})
    return catalogue([rule], [cause("early", *clues, **more), cause("late")])


def confidence_of(diagnosis: Diagnosis, cause_id: str) -> float:
    """How probable a cause was found; 0 if it is not shown."""
    return next((c.confidence for c in diagnosis.candidates if c.id == cause_id), 0.0)


def first(diagnosis: Diagnosis) -> Candidate:
    """The most probable cause."""
    return diagnosis.candidates[0]


def test_without_clues_the_shares_of_the_symptom_decide() -> None:
    """They are the confidences, most probable first."""
    shown = [(c.id, c.confidence) for c in judged(SHUT).candidates]
    assert shown == [("early-close", pytest.approx(0.6, abs=1e-3)), ("power-cut", pytest.approx(0.4, abs=1e-3))]


def test_a_clue_that_holds_adds_its_weight_in_log_odds() -> None:
    """A weight of 1.5 multiplies the odds by e to the 1.5."""
    even = judged(SHUT, shut_by(Clue("seen", YES, 1.5, "it was seen")))
    odds = confidence_of(even, "early") / confidence_of(even, "late")
    assert odds == pytest.approx(math.exp(1.5), rel=1e-3)


def test_a_clue_that_does_not_hold_adds_its_absent_only() -> None:
    """Nothing by default."""
    silent = judged(SHUT, shut_by(Clue("missed", NO, 1.5, "it was seen")))
    against = judged(SHUT, shut_by(Clue("missed", NO, 1.5, "it was seen", absent=-1.0)))
    assert confidence_of(silent, "early") == pytest.approx(0.5, abs=1e-3)
    assert confidence_of(against, "early") / confidence_of(against, "late") == pytest.approx(math.exp(-1), rel=1e-3)


def test_clues_can_overturn_the_shares() -> None:
    """A likely cause against which the log speaks comes second."""
    rules = shut_by(Clue("other", YES, -3.0, "speaks against it"), priors=(0.8, 0.2))
    assert [c.id for c in judged(SHUT, rules).candidates] == ["late", "early"]


def test_every_clue_asked_is_kept_with_what_it_saw() -> None:
    """Held or not: an answer can be traced to a line of YAML."""
    rules = shut_by(Clue("seen", YES, 1.0, "seen in ${function:-f}"), Clue("missed", NO, 2.0, "not here", absent=-0.5))
    seen, missed = next(c for c in judged(SHUT, rules).candidates if c.id == "early").clues
    assert (seen.id, seen.held, seen.weight, seen.says) == ("seen", True, 1.0, "seen in ring_up")
    assert seen.quotes == ("RuntimeError: the till is shut",)
    assert (missed.id, missed.held, missed.weight, missed.quotes) == ("missed", False, -0.5, ())


def test_a_further_symptom_shifts_the_answer_less_than_the_root() -> None:
    """The root counts in full, a telling symptom beside it by half, a consequence a little."""
    rules = catalogue(
        [
            symptom("till-shut", "the till is shut", {"early": 0.5, "late": 0.5}, rank=2),
            symptom("coins-lost", "coins were lost", {"early": 0.9, "late": 0.1}, rank=2),
            symptom("drawer-open", "drawer left open", {"early": 0.9, "late": 0.1}, wreckage_of=("till-shut",)),
        ],
        [cause("early"), cause("late")],
    )
    alone = confidence_of(judged("@ERROR coins were lost\n", rules), "early")
    beside = confidence_of(judged("@ERROR the till is shut\n@ERROR coins were lost\n", rules), "early")
    after = confidence_of(judged("@ERROR the till is shut\n@ERROR drawer left open\n", rules), "early")
    assert alone > beside > after > 0.5


def test_wreckage_brings_no_cause_of_its_own() -> None:
    """What the root cannot have come from is no candidate because a consequence could."""
    rules = catalogue(
        [
            symptom("till-shut", "the till is shut", {"early": 1.0}, rank=2),
            symptom("drawer-open", "drawer left open", {"early": 0.5, "late": 0.5}, wreckage_of=("till-shut",)),
        ],
        [cause("early"), cause("late")],
    )
    assert [c.id for c in judged("@ERROR the till is shut\n@ERROR drawer left open\n", rules).candidates] == ["early"]


def test_a_close_call_is_undecided() -> None:
    """Two causes nearly alike: the reader is told so, and each says what would settle it."""
    close = judged(SHUT, shut_by(priors=(0.5, 0.45)))
    clear = judged(SHUT, shut_by(priors=(0.5, 0.1)))
    assert (close.undecided, clear.undecided) == (True, False)
    assert [c.settle for c in close.candidates] == ["Look at /srv/till/sale.py."] * 2


def test_improbable_causes_beyond_the_third_are_not_shown() -> None:
    """Three at least, however improbable."""
    ids = ["a", "b", "c", "d", "e"]
    rule = symptom("till-shut", "the till is shut", {i: (1.0 if i == "a" else 0.001) for i in ids})
    assert [c.id for c in judged(SHUT, catalogue([rule], map(cause, ids))).candidates] == ["a", "b", "c"]
    rule = symptom("till-shut", "the till is shut", dict.fromkeys(ids, 0.2))
    assert len(judged(SHUT, catalogue([rule], map(cause, ids))).candidates) == 5


def test_the_names_of_the_log_are_in_the_texts() -> None:
    """Means, steps and code name the user's function; what the log does not name has words that read well."""
    best = first(judged("@ERROR sale latte was dropped\n" + SHUT))
    assert best.means == "ring_up did it."
    assert best.steps[0].title == "Mend ring_up"
    assert best.steps[0].code == "await latte()"
    assert first(judged("@ERROR coins were lost\n")).means == "some function did it."


def step_shown(text: str, *variants: Variant) -> tuple[str, str]:
    """Library and code of the step that is shown for a log."""
    rules = shut_by(priors=(0.9, 0.1), steps=(Step("Mend it", "Do so.", variants),))
    step = first(judged(text, rules)).steps[0]
    return step.library, step.code


def test_the_variant_for_the_libraries_of_the_log_is_shown() -> None:
    """The innermost library first, else the general one, else the first there is."""
    own, general, other = (
        Variant("own()", library="tillpack"),
        Variant("general()"),
        Variant("other()", library="scales"),
    )
    inside = traceback("RuntimeError: the till is shut", SALE, ("/x/site-packages/tillpack/core.py", 7, "f", "g()"))
    assert step_shown(inside, other, general, own) == ("tillpack", "own()")
    assert step_shown(SHUT, other, own, general) == ("asyncio", "general()")
    assert step_shown(SHUT, other, own) == ("scales", "other()")


def test_the_variant_can_run_on_the_pythons_of_the_log() -> None:
    """Of two for one library, the one for the Python that the paths show; an unknown Python takes the first."""
    new, old = Variant("new()", python=">=3.11"), Variant("old()", python="<3.11")
    on = traceback("RuntimeError: the till is shut", ("/usr/lib/python3.9/asyncio/tasks.py", 1, "f", "g()"))
    assert step_shown(on, new, old)[1] == "old()"
    assert step_shown(on.replace("python3.9", "python3.13"), new, old)[1] == "new()"
    assert step_shown(SHUT, new, old)[1] == "new()"


def test_the_first_verdict_that_fits_is_given() -> None:
    """A verdict without condition fits always; if none fits, the last one is given."""
    verdicts = (
        Verdict("exit-noise", "nothing was lost", NO),
        Verdict("resource-leak", "${function:-f} leaks", YES),
        Verdict("lost-work", "a sale was lost"),
    )
    leak = judged(SHUT, shut_by(priors=(0.9, 0.1), verdicts=verdicts))
    assert (leak.verdict, leak.reason) == ("resource-leak", "ring_up leaks")
    noise = judged(SHUT, shut_by(priors=(0.9, 0.1), verdicts=verdicts[:1]))
    assert noise.verdict == "exit-noise"


@given(
    priors=st.lists(st.floats(0.001, 1.0), min_size=1, max_size=6),
    weights=st.lists(st.floats(-6, 6), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_confidences_are_shares_in_descending_order(priors: list[float], weights: list[float]) -> None:
    """Whatever the rules say: between 0 and 1, none above the one before, together not above 1."""
    ids = [f"c{n}" for n in range(len(priors))]
    causes = [cause(i, *(Clue(f"k{n}", YES, w, "so") for n, w in enumerate(weights[at:]))) for at, i in enumerate(ids)]
    rule = symptom("till-shut", "the till is shut", dict(zip(ids, priors, strict=True)))
    shown = [c.confidence for c in judged(SHUT, catalogue([rule], causes)).candidates]
    assert shown == sorted(shown, reverse=True)
    assert all(0 <= share <= 1 for share in shown)
    assert sum(shown) <= 1 + 1e-3
    assert len(shown) >= min(3, len(ids))
    assert all(share >= MIN_CONFIDENCE - 1e-4 for share in shown[3:])


def test_equal_causes_come_in_the_order_of_their_ids() -> None:
    """A report never depends on the order of files or of dictionaries."""
    for ids in (["b", "a", "c"], ["c", "b", "a"]):
        rule = symptom("till-shut", "the till is shut", dict.fromkeys(ids, 0.3))
        assert [c.id for c in judged(SHUT, catalogue([rule], map(cause, ids))).candidates] == ["a", "b", "c"]
