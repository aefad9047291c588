"""Scans logs that are still being written: tells of an incident when it has been quiet for a moment, and of repeats.

The pipeline is that of ``scan``; the report at the end is the one that a scan of the same text gives.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from loopdoctor.folding import Told, fold, together
from loopdoctor.incidents import Cluster
from loopdoctor.model import Report, Update
from loopdoctor.pipeline import Run
from loopdoctor.prefilter import Tally
from loopdoctor.settings import Settings
from loopdoctor.sources import Source
from loopdoctor.sources.live import live_sources

MOMENT = 0.1
"""Seconds to sleep when nothing came from any source."""

QUIET = 0.3
"""Seconds without a further record after which an incident is told: what a failure leaves behind belongs to it."""

PATIENCE = 2.0
"""Seconds after which an incident is told that is never quiet."""

AGAIN = 10.0
"""Seconds after the first telling before repeats are told; doubled each time, so that a storm is told a few times."""

SELDOM = 600.0
"""Seconds to which that grows."""

ENDED = object()

Clock = Callable[[], float]


class Stop(Protocol):
    """Something that can be asked, from time to time, whether to stop."""

    def is_set(self) -> bool:
        """Whether to stop."""
        ...


class Watched:
    """What was told of one cluster, and what has happened since."""

    def __init__(self, now: float) -> None:
        self.seen = 0
        self.told = 0
        self.number = 0
        self.answer: tuple[str, str] = ("", "")
        self.changed_at = self.waits_since = now
        self.next = now
        self.pause = AGAIN

    def due(self, cluster: Cluster, now: float) -> bool:
        """Whether the cluster has something to tell that may be told now."""
        if cluster.sightings != self.seen:
            if self.seen == self.told:
                self.waits_since = now
            self.seen, self.changed_at = cluster.sightings, now
        if self.seen == self.told or now < self.next:
            return False
        return now - self.changed_at >= QUIET or now - self.waits_since >= PATIENCE

    def tell(self, number: int, now: float) -> None:
        """Notes that all that was seen is told."""
        if self.number:
            self.pause = min(2 * self.pause, SELDOM)
        self.told, self.number, self.next = self.seen, number, now + self.pause


class Follower:
    """The incidents of a live scan, numbered as they come."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._watched: dict[int, Watched] = {}  # by the cluster's id: clusters stay until the end
        self._numbers = 0

    def updates(self, now: float) -> Iterator[Update]:
        """What there is to tell at this time (in seconds of any clock)."""
        clusters = self._run.collector.clusters
        for cluster in clusters[len(self._watched) :]:
            self._watched[id(cluster)] = Watched(now)
        due = [cluster for cluster in clusters if self._watched[id(cluster)].due(cluster, now)]
        if not due:
            return
        margin = self._run.settings.margin
        near = [one for one in clusters if one in due or any(together(one, other, margin) for other in due)]
        for told in fold(self._run.collector, self._run.matcher, self._run.not_judged, near):
            if any(part in due for part in told.parts):
                yield self._update(told, now)
        for cluster in due:  # those that say nothing, or could not be judged
            watched = self._watched[id(cluster)]
            watched.told = watched.seen

    def _update(self, told: Told, now: float) -> Update:
        watched = [self._watched[id(part)] for part in told.parts]
        known = [one for one in watched if one.number]
        new = not known
        self._numbers += new
        number = self._numbers if new else min(one.number for one in known)
        answer = told.diagnosis.candidates[0].id, told.diagnosis.verdict
        changed = any(one.answer != answer for one in known)
        for one in watched:
            one.tell(number, now)
            one.answer = answer
        return Update(number, told.diagnosis, new, changed)


def follow(
    paths: Sequence[str], settings: Settings, stop: Stop, clock: Clock = time.monotonic
) -> Iterator[Update | Report]:
    """Reads what ``paths`` name (files under all their rotations, pipes, ``-``) until every pipe has ended or ``stop``
    is set; yields an ``Update`` whenever there is one, and the ``Report`` of the whole as the last item.

    Raises LoopdoctorError for what cannot be followed or rules that are broken.
    """
    run = Run(settings, None)
    return _items(run, live_sources(paths, run.notify, stop.is_set), stop, clock)


def _items(run: Run, sources: Sequence[Source], stop: Stop, clock: Clock) -> Iterator[Update | Report]:
    follower = Follower(run)
    tallies = [Tally() for _ in sources]
    reading = [run.read_live(source, tally) for source, tally in zip(sources, tallies, strict=True)]
    taken = 0
    while reading:
        reading = [steps for steps in reading if next(steps, ENDED) is not ENDED]
        yield from follower.updates(clock())
        before, taken = taken, sum(tally.bytes for tally in tallies)
        if taken == before and reading and not stop.is_set():
            time.sleep(MOMENT)
    yield run.report()
