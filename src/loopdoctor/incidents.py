"""Symptoms that belong together -> incidents: one failure told once, its root first, repeats folded into a count.

Two sightings are of one incident if they are the same failure again, if they name the same object or coroutine, if one
is known wreckage of the other and stands near it, or if they stand in one burst and one mistake may explain both.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Sequence
from copy import copy

from msgspec import Struct

from loopdoctor import subjects
from loopdoctor.catalogue.schema import Catalogue
from loopdoctor.kinship import of_one_process, of_other_tests, overlap
from loopdoctor.model import Frame, Incident, Line, Mark, Member, Place, Record, Surrounding, Symptom, Timeline
from loopdoctor.owners import owner_of
from loopdoctor.patterns import lazy
from loopdoctor.settings import Settings
from loopdoctor.timeline import Moments, moment_of

AROUND = 12
SAMPLES = 3
MAX_MEMBERS = 24
VARYING = lazy(r"0x[0-9a-fA-F]+|(?<![A-Za-z_\d])\d+")
MAX_KNOWN = 5000
MAX_SEEN = 1000
MAX_STREAMS = 1000
RECENT = 200
SHARED, WRECKAGE = 3.0, 2.0
ALIKE = 0.45
"""How far the priors of two sightings in one burst must overlap for one mistake to explain both (Bhattacharyya)."""
FINGERPRINT_VERSION = "1"


class Sighting(Struct, frozen=True):
    """One record with its symptoms, and what may tie it to others."""

    record: Record
    symptoms: tuple[Symptom, ...]
    culprit: Frame | None
    keys: frozenset[str]
    fingerprint: tuple[str, ...]


class Sample:
    """A sighting that is kept, with the ordinary lines around it; those after it come later."""

    def __init__(self, sighting: Sighting, before: tuple[Line, ...]) -> None:
        self.sighting = sighting
        self.before = before
        self.after: list[Line] = []

    @property
    def surrounding(self) -> Surrounding:
        """The lines around the record, as far as they have come."""
        return Surrounding(self.before, tuple(self.after))


class Cluster:
    """An incident while the scan goes on."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.counts: Counter[str] = Counter()
        self.seen: Counter[tuple[str, ...]] = Counter()
        self.keys: set[str] = set()
        self.streams: set[str] = set()
        self.causes: dict[str, float] = {}
        self.moments: dict[str, Moments] = {}
        self.first: Record | None = None
        self.last: Record | None = None
        self.sightings = 0

    def meet(self, stream: str) -> None:
        """Remembers a stream that it was seen in; of thousands (one for each job of a day) only the first."""
        if len(self.streams) < MAX_STREAMS:
            self.streams.add(stream)

    def count(self, record: Record, sighting: Sighting, times: int, when: Timeline | None = None) -> None:
        """Counts sightings like this one, the last of which is ``record``; ``when`` they were, if not all with it."""
        if self.last is None or self.last.source != record.source or self.last.start_line <= record.start_line:
            self.last = record
        self.sightings += times
        if len(self.seen) < MAX_SEEN or sighting.fingerprint in self.seen:
            self.seen[sighting.fingerprint] += times
        moment = moment_of(record.lines) if when is None else None
        for symptom in sighting.symptoms:
            self.counts[symptom.id] += times
            moments = self.moments.setdefault(symptom.id, Moments())
            if when is not None:
                moments.merge(when)
            elif moment is not None:
                moments.add(moment, times)

    def add(
        self, sighting: Sighting, sample: Sample, causes: dict[str, float], times: int, when: Timeline | None
    ) -> bool:
        """Counts a sighting; True if it is kept as a sample."""
        record = sighting.record
        self.first = self.first or record
        self.meet(record.stream)
        keep = self.seen[sighting.fingerprint] < SAMPLES and len(self.samples) < MAX_MEMBERS
        self.count(record, sighting, times, when)
        if len(self.keys) < 400:
            self.keys |= sighting.keys
        for cause, prior in causes.items():
            self.causes[cause] = max(prior, self.causes.get(cause, 0.0))
        if keep:
            self.samples.append(sample)
        return keep

    def twin(self) -> Cluster:
        """Another cluster that has seen the same."""
        twin = copy(self)
        twin.samples, twin.counts, twin.seen = list(self.samples), Counter(self.counts), Counter(self.seen)
        twin.keys, twin.streams, twin.causes = set(self.keys), set(self.streams), dict(self.causes)
        twin.moments = {symptom: moments.twin() for symptom, moments in self.moments.items()}
        return twin

    def absorb(self, other: Cluster) -> None:
        """Takes over all that another cluster has seen."""
        assert self.first and self.last and other.first and other.last  # noqa: S101, PT018 - both have a record
        self.first = min(self.first, other.first, key=lambda record: record.start_line)
        self.last = max(self.last, other.last, key=lambda record: record.start_line)
        self.samples = sorted(
            (self.samples + other.samples)[:MAX_MEMBERS], key=lambda sample: sample.sighting.record.start_line
        )
        self.sightings += other.sightings
        self.counts += other.counts
        self.seen += other.seen
        for symptom, moments in other.moments.items():
            self.moments.setdefault(symptom, Moments()).merge(moments.timeline())
        self.keys |= other.keys
        self.streams |= other.streams
        for cause, prior in other.causes.items():
            self.causes[cause] = max(prior, self.causes.get(cause, 0.0))


def text_of(record: Record) -> str:
    """A record's text without what differs from one time to the next: numbers and addresses, but not ``step2``."""
    text = "\n".join(line.text for line in record.lines)
    return f"{record.source}\n{record.kind}\n{VARYING.sub('0', text)}"


class Collector:
    """Takes records and ordinary lines in the order of the log and gives the incidents at its end.

    Memory is bounded: at most ``settings.max_incidents`` clusters, each with a bounded number of samples; what is
    beyond that is only counted (``dropped``).
    """

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self.catalogue = catalogue
        self.settings = settings
        self.clusters: list[Cluster] = []
        self.by_fingerprint: dict[tuple[str, ...], Cluster] = {}
        self.before: dict[tuple[str, str], deque[Line]] = {}
        self.waiting: dict[tuple[str, str], list[Sample]] = {}
        self.marks: dict[str, list[Mark]] = {}
        self.known: dict[str, tuple[Cluster, Sighting]] = {}
        self.parted: dict[str, int] = {}  # by source: the line of the last mark that parts failures
        self.dropped = 0

    def add_mark(self, mark: Mark) -> None:
        """Keeps the first and the latest few marks of each kind of a source."""
        if self.catalogue.marks[mark.id].parts:
            self.parted[mark.source] = mark.line
        kept = self.marks.setdefault(mark.source, [])
        same = [at for at, other in enumerate(kept) if other.id == mark.id]
        if len(same) >= 6:
            kept.pop(same[3])
        kept.append(mark)

    def add_line(self, line: Line) -> None:
        """An ordinary line: context of the records before and after it in its stream."""
        if not line.text.strip():
            return
        stream = line.source, line.stream
        ring = self.before.get(stream)
        if ring is None:
            if len(self.before) > 4096:
                self.before.pop(next(iter(self.before)))
            ring = self.before[stream] = deque(maxlen=AROUND)
        ring.append(line)
        waiting = self.waiting.get(stream)
        if waiting:
            for sample in waiting:
                if line.number - sample.sighting.record.end_line <= self.settings.margin:
                    sample.after.append(line)
            self.waiting[stream] = [
                sample
                for sample in waiting
                if len(sample.after) < AROUND and line.number - sample.sighting.record.end_line < self.settings.margin
            ]

    def count_repeat(self, record: Record, times: int = 1, when: Timeline | None = None) -> bool:
        """Counts a record that differs only in its numbers from ones of which enough samples are kept.

        In a storm of failures the cost is then that of telling the text, not of judging it again.
        """
        known = self.known.get(text_of(record))
        if known is None:
            return False
        cluster, sighting = known
        if cluster.seen[sighting.fingerprint] < SAMPLES:
            return False
        cluster.meet(record.stream)
        cluster.count(record, sighting, times, when)
        return True

    def add_record(self, record: Record, symptoms: list[Symptom], times: int = 1, when: Timeline | None = None) -> None:
        """A record with symptoms (seen so many times, then): joins the cluster it belongs to or opens one."""
        root = max(symptoms, key=lambda symptom: self.catalogue.symptoms[symptom.id].rank)
        culprit = subjects.culprit_of(record, root)
        sighting = Sighting(
            record=record,
            symptoms=tuple(symptoms),
            culprit=culprit,
            keys=subjects.keys_of(record),
            fingerprint=self._fingerprint(record, root, culprit),
        )
        causes = self._plausible(sighting)
        cluster = self._find(sighting, causes)
        if cluster is None:
            if len(self.clusters) >= self.settings.max_incidents:
                self.dropped += times
                return
            cluster = Cluster()
            self.clusters.append(cluster)
        if len(self.by_fingerprint) < MAX_KNOWN:
            self.by_fingerprint.setdefault(sighting.fingerprint, cluster)
        if len(self.known) < MAX_KNOWN:
            self.known[text_of(record)] = (cluster, sighting)
        margin = self.settings.margin
        stream = record.source, record.stream
        near = tuple(line for line in self.before.get(stream, ()) if record.start_line - line.number <= margin)
        sample = Sample(sighting, near)
        if cluster.add(sighting, sample, causes, times, when):
            self.waiting.setdefault(stream, []).append(sample)

    def end_source(self, source: str) -> None:
        """Nothing comes after the lines of this source."""
        for kept in (self.before, self.waiting):
            for stream in [stream for stream in kept if stream[0] == source]:
                del kept[stream]

    def _fingerprint(self, record: Record, root: Symptom, culprit: Frame | None) -> tuple[str, ...]:
        captured = dict(root.captures)
        who = culprit.function or captured.get("coroutine", "") if culprit else captured.get("coroutine", "")
        file = culprit.file.replace("\\", "/").rpartition("/")[2] if culprit else ""
        since = record.start_line - self.parted.get(record.source, record.start_line)
        when = "after" if 0 < since <= self.settings.margin else ""
        coroutine = captured.get("coroutine", "")
        return (root.id, record.kind, record.exception.rpartition(".")[2], file, who, coroutine, when)

    def _plausible(self, sighting: Sighting) -> dict[str, float]:
        """The causes that may explain this sighting's most telling symptoms, each with its highest prior."""
        rules = [self.catalogue.symptoms[symptom.id] for symptom in sighting.symptoms]
        highest = max(rule.rank for rule in rules)
        found: dict[str, float] = {}
        for rule in rules:
            if rule.rank == highest:
                for cause, prior in rule.causes.items():
                    found[cause] = max(prior, found.get(cause, 0.0))
        return found

    def _find(self, sighting: Sighting, causes: dict[str, float]) -> Cluster | None:
        known = self.by_fingerprint.get(sighting.fingerprint)
        if known is not None:
            return known
        record = sighting.record
        best, home = 0.0, None
        for cluster in reversed(self.clusters[-RECENT:]):
            if cluster.last is not None and cluster.last.source == record.source:
                tie = self._tie(sighting, cluster, causes)
                if tie > best:
                    best, home = tie, cluster
        return home

    def _tie(self, sighting: Sighting, cluster: Cluster, causes: dict[str, float]) -> float:
        """How strongly a sighting is tied to a cluster; 0 if it is not."""
        record, last = sighting.record, cluster.last
        assert last is not None  # noqa: S101 - a cluster has at least one record
        near = record.start_line - last.end_line <= self.settings.margin
        same_stream = record.stream in cluster.streams
        if last.end_line < self.parted.get(record.source, 0) < record.start_line:
            return 0.0  # one failed before a stop, the other after it
        shared = sighting.keys & cluster.keys
        if shared and same_stream:
            return SHARED
        if not near or of_other_tests(record, last):
            return 0.0
        if self._wreckage(sighting, cluster) and (same_stream or of_one_process(record, last)):
            return WRECKAGE
        shared_priors = overlap(causes, cluster.causes) if same_stream else 0.0
        return shared_priors if shared_priors >= ALIKE else 0.0

    def _wreckage(self, sighting: Sighting, cluster: Cluster) -> bool:
        """Whether this sighting is known wreckage of the cluster, or the cluster of it."""
        rules = self.catalogue.symptoms
        own = {symptom.id for symptom in sighting.symptoms}
        downwards = all(set(rules[i].wreckage_of) & set(cluster.counts) for i in own)
        upwards = all(set(rules[i].wreckage_of) & own for i in cluster.counts)
        return downwards or upwards

    def incident(self, cluster: Cluster, parts: Sequence[Cluster] = ()) -> Incident:
        """A cluster as a finished incident; ``parts`` are those that it was made of, itself among them."""
        source = cluster.first.source if cluster.first else ""
        own = {id(part) for part in (cluster, *parts)}
        elsewhere = {
            symptom
            for other in self.clusters
            if id(other) not in own and other.first and other.first.source == source
            for symptom in other.counts
        }
        return freeze(cluster, self.catalogue, self.marks.get(source, []), elsewhere)


def _members(cluster: Cluster, catalogue: Catalogue) -> list[Member]:
    """The samples' symptoms, the root first, each consequence with its reason."""
    rules = catalogue.symptoms
    present = set(cluster.counts)
    members: list[tuple[tuple[int, int, int], Member]] = []
    for sample in cluster.samples:
        best = max(rules[symptom.id].rank for symptom in sample.sighting.symptoms)
        for symptom in sample.sighting.symptoms:
            rule = rules[symptom.id]
            roots = [rules[other].title for other in rule.wreckage_of if other in present]
            why = f"follows from: {roots[0]}" if roots else ""
            if not why and rule.rank < best:
                why = "said by the same record as a more telling message"
            member = Member(symptom, sample.surrounding, why)
            members.append(((bool(why), -rule.rank, symptom.line), member))
    members.sort(key=lambda pair: pair[0])
    ordered = [member for _, member in members]
    if ordered and ordered[0].consequence:
        ordered[0] = Member(ordered[0].symptom, ordered[0].surrounding)
    return ordered


def _place(record: Record) -> Place:
    return Place(record.source, record.start_line, next((line.time for line in record.lines if line.time), None))


def freeze(cluster: Cluster, catalogue: Catalogue, marks: list[Mark], elsewhere: set[str]) -> Incident:
    """The finished incident."""
    members = _members(cluster, catalogue)
    root = members[0].symptom
    culprits = [sample.sighting.culprit for sample in cluster.samples if root in sample.sighting.symptoms]
    culprit = next((c for c in [*culprits, *(s.sighting.culprit for s in cluster.samples)] if c is not None), None)
    names: dict[str, str] = {}
    for member in members:
        for key, value in subjects.names_of(member.symptom.record, member.symptom, culprit).items():
            names.setdefault(key, value)
    records = {id(member.symptom.record): member.symptom.record for member in members}.values()
    libraries = dict.fromkeys(name for record in records for name in subjects.libraries_of(record))
    pythons = [python for record in records if (python := subjects.python_of(record))]
    identity = "\0".join([FINGERPRINT_VERSION, root.id, *cluster.samples[0].sighting.fingerprint])
    assert cluster.first is not None and cluster.last is not None  # noqa: S101, PT018 - set by the first sighting
    return Incident(
        fingerprint=f"{FINGERPRINT_VERSION}-{hashlib.sha256(identity.encode()).hexdigest()[:16]}",
        members=tuple(members),
        occurrences=cluster.counts[root.id],
        first=_place(cluster.first),
        last=_place(cluster.last),
        counts=tuple(sorted(cluster.counts.items(), key=lambda pair: -pair[1])),
        culprit=culprit,
        names=tuple(names.items()),
        libraries=tuple(libraries),
        python=max(pythons, key=len) if pythons else None,
        marks=tuple(marks),
        elsewhere=tuple(sorted(elsewhere)),
        owner=owner_of(records, names),
        timeline=cluster.moments[root.id].timeline(),
    )
