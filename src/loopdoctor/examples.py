"""Holds every symptom's ``match`` and ``no_match`` examples against all rules, through the real pipeline."""

from __future__ import annotations

from loopdoctor.carriers import unwrap
from loopdoctor.catalogue.lint import Problem
from loopdoctor.catalogue.schema import Catalogue
from loopdoctor.grouping import group
from loopdoctor.matching import Matcher
from loopdoctor.model import Notice, Record, Window
from loopdoctor.settings import Settings


def symptoms_in(text: str, matcher: Matcher, settings: Settings) -> set[str]:
    """The ids of the symptoms that a scan of ``text`` finds."""

    def ignore(notice: Notice) -> None:
        """Examples need no notices."""

    window = Window("example", 1, text.encode(), last_of_source=True)
    lines = unwrap([window], settings, ignore)
    found: set[str] = set()
    for item in group(lines, "example", matcher.speaks, settings):
        if isinstance(item, Record):
            found |= {symptom.id for symptom in matcher.match(item)}
    return found


def check_examples(catalogue: Catalogue, settings: Settings | None = None) -> list[Problem]:
    """A problem for each ``match`` that its rule does not find and each ``no_match`` that it does."""
    settings = settings or Settings()
    matcher = Matcher(catalogue, settings.pattern_timeout)
    problems: list[Problem] = []
    for symptom in catalogue.symptoms.values():
        for at, text in enumerate(symptom.match, 1):
            if symptom.id not in symptoms_in(text, matcher, settings):
                problems.append(Problem(symptom.id, f"match example {at} is not found", text.strip()[:200]))
        for at, text in enumerate(symptom.no_match, 1):
            if symptom.id in symptoms_in(text, matcher, settings):
                problems.append(Problem(symptom.id, f"no_match example {at} is found", text.strip()[:200]))
    return problems
