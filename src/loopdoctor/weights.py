"""Fits the shares of symptoms and the weights of clues to labelled logs, and writes them into the rule files.

The model is that of ``ranking``: a cause's score is the sum of the log-shares of the incident's symptoms and of the
weights of the clues that held (or failed); softmax makes confidences of the scores. What is fitted stays near what its
author wrote (a normal prior round it), keeps its sign, and is rounded as an author would: a weight that few cases speak
to hardly moves.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from loopdoctor.catalogue.schema import Catalogue
from loopdoctor.clues import Scene
from loopdoctor.labels import Case, Change, Outcome
from loopdoctor.matching import Matcher
from loopdoctor.model import Report
from loopdoctor.ranking import UNLIKELY, causes_named, symptom_factors, weigh_clues
from loopdoctor.scoring import calibration_error, meant

SPREAD = {"share": 0.35, "weight": 0.5, "absent": 0.3}
"""How far a fitted value may plausibly be from the author's: standard deviations, in log-odds."""

ROUNDS = 250
RATE = 0.05
LARGEST = 4.0
SMALLEST = 0.1
LEAST_SHARE, MOST_SHARE = 0.01, 0.95
FOLDS = 10

Name = tuple[str, str, str]
"""A value of a rule file: ``("share", symptom, cause)``, or ``("weight" | "absent", cause, clue)``."""

Values = dict[Name, float]
"""Fitted values; shares as logarithms."""


class Example(Struct, frozen=True):
    """One labelled incident: for each candidate cause the values that make up its score, each with its factor.

    ``fixed`` is the part of the score that no value can change.
    """

    scenario: str
    right: tuple[str, ...]
    terms: dict[str, tuple[tuple[Name, float], ...]]
    fixed: dict[str, float]


def values_of(catalogue: Catalogue) -> Values:
    """Every value that can be fitted, as the rule files have it."""
    values: Values = {}
    for symptom in catalogue.symptoms.values():
        for cause, share in symptom.causes.items():
            values["share", symptom.id, cause] = math.log(share)
    for rule in catalogue.causes.values():
        for clue in rule.clues:
            values["weight", rule.id, clue.id] = clue.weight
            if clue.absent:
                values["absent", rule.id, clue.id] = clue.absent
    return values


def neutral(catalogue: Catalogue) -> Values:
    """Values that know nothing but the side that each clue is on: equal shares, equal weights."""
    values = values_of(catalogue)
    for name, value in values.items():
        if name[0] == "share":
            values[name] = math.log(0.9 / len(catalogue.symptoms[name[1]].causes))
        else:
            values[name] = math.copysign(1.0 if name[0] == "weight" else 0.3, value)
    return values


def examples_of(case: Case, report: Report, matcher: Matcher) -> Iterator[Example]:
    """The labelled incidents of a case: for each expectation the incident that shows it."""
    for want in case.expectations:
        candidates = meant(report.diagnoses, want)
        if not candidates:
            continue
        best = next((one for one in candidates if one.candidates[0].id in want.causes), candidates[0])
        factors = symptom_factors(best.incident)
        scene = Scene(best.incident, matcher)
        terms: dict[str, tuple[tuple[Name, float], ...]] = {}
        fixed: dict[str, float] = {}
        for cause in causes_named(best.incident, matcher):
            parts: list[tuple[Name, float]] = []
            fixed[cause] = 0.0
            for symptom, factor in factors.items():
                if cause in matcher.catalogue.symptoms[symptom].causes:
                    parts.append((("share", symptom, cause), factor))
                else:
                    fixed[cause] += factor * math.log(UNLIKELY)
            for result in weigh_clues(matcher.catalogue.causes[cause], scene, {}):
                if result.held or result.weight:
                    parts.append((("weight" if result.held else "absent", cause, result.id), 1.0))
            terms[cause] = tuple(parts)
        yield Example(case.scenario, want.causes, terms, fixed)


def _shares(example: Example, values: Mapping[Name, float]) -> dict[str, float]:
    scores = {
        cause: example.fixed[cause] + sum(values[name] * factor for name, factor in parts)
        for cause, parts in example.terms.items()
    }
    highest = max(scores.values())
    raised = {cause: math.exp(score - highest) for cause, score in scores.items()}
    whole = sum(raised.values())
    return {cause: share / whole for cause, share in raised.items()}


def fit(examples: Sequence[Example], start: Values) -> Values:
    """The most probable values given the examples and the author's own; those that no example touches stay."""
    touched = {name for example in examples for parts in example.terms.values() for name, _ in parts}
    values = dict(start)
    moment: dict[Name, float] = dict.fromkeys(touched, 0.0)
    square: dict[Name, float] = dict.fromkeys(touched, 0.0)
    usable = [example for example in examples if set(example.right) & set(example.terms)]
    for step in range(1, ROUNDS + 1):
        slope: dict[Name, float] = defaultdict(float)
        for example in usable:
            shares = _shares(example, values)
            right = sum(share for cause, share in shares.items() if cause in example.right)
            for cause, parts in example.terms.items():
                wanted = shares[cause] / right if cause in example.right and right > 0 else 0.0
                for name, factor in parts:
                    slope[name] += factor * (shares[cause] - wanted)
        for name in touched:  # Adam, https://arxiv.org/abs/1412.6980
            gradient = slope[name] + (values[name] - start[name]) / SPREAD[name[0]] ** 2
            moment[name] = 0.9 * moment[name] + 0.1 * gradient
            square[name] = 0.99 * square[name] + 0.01 * gradient * gradient
            change = (moment[name] / (1 - 0.9**step)) / (math.sqrt(square[name] / (1 - 0.99**step)) + 1e-8)
            values[name] = _within(name, values[name] - RATE * change, start[name])
    return values


def _within(name: Name, value: float, start: float) -> float:
    """The value as far as it may go: shares stay shares, weights keep the side that their author gave them."""
    if name[0] == "share":
        return min(max(value, min(math.log(LEAST_SHARE), start), start - 1.5), max(math.log(MOST_SHARE), start))
    if start > 0:
        return min(max(value, min(SMALLEST, start)), max(LARGEST, start))
    return max(min(value, max(-SMALLEST, start)), min(-LARGEST, start))


def assess(examples: Iterable[Example], values: Mapping[Name, float]) -> Outcome:
    """How these values answer these examples."""
    first = three = count = 0
    loss = 0.0
    answers = []
    for example in examples:
        shares = _shares(example, values)
        ranked = sorted(shares, key=lambda cause: (-shares[cause], cause))
        count += 1
        first += ranked[0] in example.right
        three += any(cause in example.right for cause in ranked[:3])
        answers.append((shares[ranked[0]], ranked[0] in example.right))
        loss -= math.log(max(sum(share for cause, share in shares.items() if cause in example.right), 1e-9))
    return Outcome(count, first, three, calibration_error(answers), loss / count if count else 0.0)


def cross_validate(examples: Sequence[Example], start: Values) -> tuple[Outcome, Outcome]:
    """Each scenario answered by values that were fitted without it; and the same by the author's own values.

    Honest as to the values only: the clues themselves were written by people who had seen cases.
    """
    scenarios = sorted({example.scenario for example in examples})
    folds = [set(scenarios[at::FOLDS]) for at in range(FOLDS)]
    held_out: list[tuple[Outcome, int]] = []
    for fold in folds:
        train = [example for example in examples if example.scenario not in fold]
        test = [example for example in examples if example.scenario in fold]
        if test:
            held_out.append((assess(test, fit(train, start)), len(test)))
    whole = sum(size for _, size in held_out)
    return (
        Outcome(
            whole,
            sum(outcome.first for outcome, _ in held_out),
            sum(outcome.among_three for outcome, _ in held_out),
            sum(outcome.error * size for outcome, size in held_out) / max(whole, 1),
            sum(outcome.loss * size for outcome, size in held_out) / max(whole, 1),
        ),
        assess(examples, start),
    )


def changes(catalogue: Catalogue, start: Values, fitted: Values) -> list[Change]:
    """What differs after rounding: weights to a tenth, shares to two digits."""
    found = []
    for (kind, rule, inner), before in start.items():
        after = fitted[kind, rule, inner]
        if kind == "share":
            old, new = math.exp(before), round(math.exp(after), 2)
            if abs(new - old) >= 0.02:
                found.append(Change("symptom", rule, f"$.causes.{inner}", round(old, 4), new))
            continue
        at = next(at for at, clue in enumerate(catalogue.causes[rule].clues) if clue.id == inner)
        if abs(round(after, 1) - before) >= 0.1 - 1e-9:
            found.append(Change("cause", rule, f"$.clues[{at}].{kind}", before, round(after, 1)))
    return sorted(found, key=lambda change: (change.kind, change.rule, change.path))
