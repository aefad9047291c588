"""Incident -> ranked candidates: log-priors of its symptoms plus the clues that held or failed.

Nothing here knows a library or a cause. Every clue asked is kept, held or not, so that an answer can be traced to a
line of YAML.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from loopdoctor.catalogue.placeholders import fill
from loopdoctor.catalogue.schema import Cause, Step, Variant
from loopdoctor.clues import Scene, ask, version_fits
from loopdoctor.matching import Matcher
from loopdoctor.model import Candidate, ClueResult, Diagnosis, FixStep, Incident

UNLIKELY = 0.02
"""The prior of a cause that a symptom's rule does not name, next to one that it does."""
SECOND = 0.5
WRECKAGE = 0.15
UNDECIDED = 0.12
MIN_CONFIDENCE = 0.02
TEMPERATURE = 1.0


def symptom_factors(incident: Incident) -> dict[str, float]:
    """How much a symptom's shares count: the root's in full, further telling ones' half, consequences' a little."""
    root = incident.members[0].symptom.id
    consequences = {member.symptom.id for member in incident.members if member.consequence}
    return {
        symptom: 1.0 if symptom == root else WRECKAGE if symptom in consequences else SECOND
        for symptom, _ in incident.counts
    }


def causes_named(incident: Incident, matcher: Matcher) -> list[str]:
    """Every cause that may be behind an incident: wreckage may name some too, but only what speaks is heard."""
    factors = symptom_factors(incident)
    speaking = [symptom for symptom, factor in factors.items() if factor > WRECKAGE] or [incident.members[0].symptom.id]
    return sorted({cause for symptom in speaking for cause in matcher.catalogue.symptoms[symptom].causes})


def weigh_symptoms(incident: Incident, matcher: Matcher) -> dict[str, float]:
    """The log-prior of each cause that any symptom of the incident names."""
    rules = matcher.catalogue.symptoms
    factors = symptom_factors(incident)
    return {
        cause: sum(factor * math.log(rules[symptom].causes.get(cause, UNLIKELY)) for symptom, factor in factors.items())
        for cause in causes_named(incident, matcher)
    }


def weigh_clues(cause: Cause, scene: Scene, names: Mapping[str, str]) -> list[ClueResult]:
    """Every clue of a cause, asked."""
    results = []
    for clue in cause.clues:
        finding = ask(scene, clue.ask)
        weight = clue.weight if finding.held else clue.absent
        results.append(ClueResult(clue.id, finding.held, weight, fill(clue.says, names), finding.quotes))
    return results


def _softmax(scores: Mapping[str, float]) -> dict[str, float]:
    highest = max(scores.values())
    shares = {cause: math.exp((score - highest) / TEMPERATURE) for cause, score in scores.items()}
    total = sum(shares.values())
    return {cause: share / total for cause, share in shares.items()}


def _choose(step: Step, libraries: tuple[str, ...], python: str | None) -> Variant | None:
    """The variant for a library of the incident (innermost first), else the general one, else the first.

    Of several for one library the first that the log's Python can run; unknown Pythons run anything.
    """
    runs = [v for v in step.variants if not (python and v.python) or version_fits(python, v.python)]
    for library in (*reversed(libraries), "asyncio"):
        for variant in runs:
            if variant.library == library:
                return variant
    return next(iter(runs or step.variants), None)


def fill_steps(
    cause: Cause, names: Mapping[str, str], libraries: tuple[str, ...], python: str | None
) -> tuple[FixStep, ...]:
    """The steps of a cause's fix with the log's own names in them, and the code for these libraries."""
    steps = []
    for step in cause.steps:
        variant = _choose(step, libraries, python)
        text = fill(step.text, names)
        if variant and variant.python:
            text = f"{text.rstrip()} (Python {variant.python})"
        if variant and variant.note:
            text = f"{text.rstrip()} {fill(variant.note, names)}"
        steps.append(
            FixStep(
                title=fill(step.title, names),
                text=text,
                code=fill(variant.right, names) if variant else "",
                wrong=fill(variant.wrong, names) if variant else "",
                library=variant.library if variant else "",
            )
        )
    return tuple(steps)


def _verdict(cause: Cause, scene: Scene, names: Mapping[str, str]) -> tuple[str, str]:
    for verdict in cause.verdicts:
        if verdict.when is None or ask(scene, verdict.when).held:
            return verdict.is_, fill(verdict.reason, names)
    return cause.verdicts[-1].is_, fill(cause.verdicts[-1].reason, names)


def diagnose(incident: Incident, matcher: Matcher) -> Diagnosis:
    """Ranks the causes that may be behind an incident."""
    scene = Scene(incident, matcher)
    names = dict(incident.names) | {"count": str(incident.occurrences)}
    # The test runner stands in no frame of the user's, and yet its settings are often what must change.
    libraries = (*(("pytest-asyncio",) if "pytest-asyncio" in scene.versions else ()), *incident.libraries)
    scores = weigh_symptoms(incident, matcher)
    clues: dict[str, list[ClueResult]] = {}
    for cause in list(scores):
        rule = matcher.catalogue.causes[cause]
        clues[cause] = weigh_clues(rule, scene, names)
        scores[cause] += sum(result.weight for result in clues[cause])
    shares = _softmax(scores)
    candidates: list[Candidate] = []
    for cause in sorted(shares, key=lambda c: (-shares[c], c)):
        rule = matcher.catalogue.causes[cause]
        if candidates and (shares[cause] < MIN_CONFIDENCE and len(candidates) >= 3):
            break
        candidates.append(
            Candidate(
                id=cause,
                title=rule.title,
                confidence=round(shares[cause], 4),
                means=fill(rule.means, names),
                clues=tuple(clues[cause]),
                settle=fill(rule.settle, names),
                steps=fill_steps(rule, names, libraries, scene.versions.get("python")),
                check=tuple(fill(text, names) for text in rule.check),
                prevention=tuple(fill(text, names) for text in rule.prevention),
                references=rule.references,
            )
        )
    first = matcher.catalogue.causes[candidates[0].id]
    verdict, reason = _verdict(first, scene, names)
    close = len(candidates) > 1 and candidates[0].confidence - candidates[1].confidence < UNDECIDED
    return Diagnosis(incident, tuple(candidates), verdict, reason, undecided=close)
