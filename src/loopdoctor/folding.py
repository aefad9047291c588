"""Incidents that turn out to have one cause and stand in one burst -> one incident, judged again as a whole.

Whether two symptoms come from one mistake is often known only after both were judged: "Task was destroyed" and
"Unclosed client session" at one exit are two failures after a missing ``close()`` and one after a SIGTERM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from loopdoctor.incidents import Cluster, Collector
from loopdoctor.matching import Matcher
from loopdoctor.model import Diagnosis
from loopdoctor.ranking import diagnose

MAX_PAIRS = 400
HARMLESS = 0.5


def _together(one: Cluster, other: Cluster, margin: int) -> bool:
    """Whether two clusters share a source and a stream, and the stretches in which they were seen touch."""
    if one.first is None or one.last is None or other.first is None or other.last is None:
        return False
    if one.first.source != other.first.source or not one.streams & other.streams:
        return False
    first, second = (one, other) if one.first.start_line <= other.first.start_line else (other, one)
    assert first.last is not None and second.first is not None  # noqa: S101, PT018 - checked above
    return second.first.start_line - first.last.end_line <= margin


def _says_nothing(cluster: Cluster, matcher: Matcher) -> bool:
    """Whether all that was seen is wreckage whose own rules hold it for harmless more often than not."""
    rules = [matcher.catalogue.symptoms[symptom] for symptom in cluster.counts]
    return all(rule.rank == 0 and sum(rule.causes.values()) < HARMLESS for rule in rules)


OnFailure = Callable[[Cluster, Exception], None]


def fold(collector: Collector, matcher: Matcher, on_failure: OnFailure | None = None) -> Iterator[Diagnosis]:
    """The diagnoses of all incidents, those of one cause and one burst told as one, in the order of the log.

    ``on_failure`` is told of an incident that could not be judged; without it the exception goes on to the caller.
    """
    judged: list[tuple[Cluster, Diagnosis]] = []
    for cluster in collector.clusters:
        if _says_nothing(cluster, matcher):
            continue
        try:
            diagnosis = diagnose(collector.incident(cluster), matcher)
        except Exception as error:
            if on_failure is None:
                raise
            on_failure(cluster, error)
            continue
        for at in range(len(judged) - 1, max(-1, len(judged) - 1 - MAX_PAIRS), -1):
            home, known = judged[at]
            same = known.candidates[0].id == diagnosis.candidates[0].id
            if same and _together(home, cluster, collector.settings.margin):
                home.absorb(cluster)
                judged[at] = (home, diagnose(collector.incident(home), matcher))
                break
        else:
            judged.append((cluster, diagnosis))
    for _, diagnosis in judged:
        yield diagnosis
