"""Incidents that turn out to have one cause and stand in one burst -> one incident, judged again as a whole.

Whether two symptoms come from one mistake is often known only after both were judged: "Task was destroyed" and
"Unclosed client session" at one exit are two failures after a missing ``close()`` and one after a SIGTERM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from loopdoctor.incidents import Cluster, Collector
from loopdoctor.matching import Matcher
from loopdoctor.model import Diagnosis
from loopdoctor.ranking import diagnose

MAX_PAIRS = 400
HARMLESS = 0.5


def together(one: Cluster, other: Cluster, margin: int) -> bool:
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


class Told(Struct, frozen=True):
    """What is told as one incident: the clusters that went into it, in the order of the log, and its diagnosis."""

    parts: tuple[Cluster, ...]
    whole: Cluster
    diagnosis: Diagnosis


def fold(
    collector: Collector,
    matcher: Matcher,
    on_failure: OnFailure | None = None,
    clusters: Sequence[Cluster] | None = None,
) -> list[Told]:
    """The diagnoses of all incidents (or of these), those of one cause and one burst told as one, in the log's order.

    ``on_failure`` is told of an incident that could not be judged; without it the exception goes on to the caller.
    """
    told: list[Told] = []
    for cluster in collector.clusters if clusters is None else clusters:
        if _says_nothing(cluster, matcher):
            continue
        try:
            diagnosis = diagnose(collector.incident(cluster), matcher)
        except Exception as error:
            if on_failure is None:
                raise
            on_failure(cluster, error)
            continue
        for at in range(len(told) - 1, max(-1, len(told) - 1 - MAX_PAIRS), -1):
            home = told[at]
            same = home.diagnosis.candidates[0].id == diagnosis.candidates[0].id
            if same and together(home.whole, cluster, collector.settings.margin):
                parts = (*home.parts, cluster)
                whole = home.whole.twin() if len(home.parts) == 1 else home.whole
                whole.absorb(cluster)
                told[at] = Told(parts, whole, diagnose(collector.incident(whole, parts), matcher))
                break
        else:
            told.append(Told((cluster,), cluster, diagnosis))
    return told
