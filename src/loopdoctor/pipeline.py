"""The pipeline: bytes -> Window -> Line -> Record -> Symptom -> Incident -> Diagnosis -> Report.

Read this first. Each stage is a generator over the one before and knows nothing of the others; this module alone
knows all of them, and is the only place where a record that breaks a stage becomes a notice and the scan goes on.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from loopdoctor.carriers import GAP, PAUSE, unwrap
from loopdoctor.catalogue.load import load_catalogue, name_of_rules
from loopdoctor.catalogue.schema import Catalogue
from loopdoctor.errors import LoopdoctorError
from loopdoctor.extent import Extent
from loopdoctor.folding import fold
from loopdoctor.grouping import group
from loopdoctor.incidents import Cluster, Collector
from loopdoctor.leftovers import Leftovers
from loopdoctor.matching import Matcher
from loopdoctor.model import (
    Input,
    Line,
    Notice,
    Record,
    Report,
    Stats,
    Timeline,
    Window,
)
from loopdoctor.parts import Part, Piece, Role, Tape, encode
from loopdoctor.prefilter import EVERY_RECORD, Prefilter, Tally
from loopdoctor.records import Flow
from loopdoctor.repeats import Repeats, head_from
from loopdoctor.settings import Settings
from loopdoctor.sources import Notify, Source, find_sources
from loopdoctor.stopping import Stop
from loopdoctor.timespan import Period

MAX_NOTICES = 500


class ProgressTick(Struct, frozen=True):
    """How far the scan of a source has come; ``bytes_total`` is None where nobody can know."""

    source: str
    bytes_done: int
    bytes_total: int | None


Progress = Callable[[ProgressTick], None]


class Run:
    """One run: what it has found so far; with ``keep`` also in a form that can be put together with other runs'."""

    def __init__(
        self,
        settings: Settings,
        progress: Progress | None,
        catalogue: Catalogue | None = None,
        *,
        keep: bool = False,
        stop: Stop | None = None,
    ) -> None:
        self.started = time.perf_counter()
        self.settings = settings
        self.progress = progress
        self.catalogue = catalogue or load_catalogue(settings.rules)
        self.matcher = Matcher(self.catalogue, settings.pattern_timeout, vetted=not settings.rules)
        self.prefilter = Prefilter(self.matcher.literals, settings)
        self.collector = Collector(self.catalogue, settings)
        self.inputs: list[Input] = []
        self.notices: list[Notice] = []
        self.notices_dropped = 0
        self.leftovers = Leftovers()
        self.period = Period(settings.span, self.notify) if settings.span else None
        self.records = 0
        self.interrupted = False
        self.keep = keep
        self.tape: Tape | None = None
        self.pieces: list[Piece] = []
        self.stop = stop or Stop()

    def notify(self, notice: Notice) -> None:
        """Keeps a notice; the first ``MAX_NOTICES`` of them, the rest are counted."""
        if len(self.notices) < MAX_NOTICES:
            self.notices.append(notice)
        else:
            self.notices_dropped += 1

    def flow(
        self,
        source: Source,
        tally: Tally,
        carriers: Counter[str],
        repeats: Repeats | None = None,
        extent: Extent | None = None,
    ) -> Iterator[Flow]:
        """bytes -> Window -> Line -> Record, for one source."""
        extent = extent or Extent()
        blocks = extent.watch(self._until_interrupted(source.blocks()))
        bare = Source(source.name, source.size, blocks)
        if repeats is None:
            windows = _behind(source.lines_before, self.prefilter.windows(bare, tally))
        else:
            found = self.prefilter.windows(bare, tally, head_from, repeats.ready)
            windows = repeats.thin(_behind(source.lines_before, found), tally)
        return self._grouped(windows, source, carriers, extent)

    def live_flow(self, source: Source, tally: Tally, carriers: Counter[str], extent: Extent) -> Iterator[Flow]:
        """The same for a source that is still being written, with pauses."""
        watched = Source(source.name, source.size, extent.watch(source.blocks()))
        return self._grouped(self.prefilter.live(watched, tally), source, carriers, extent)

    def _grouped(
        self, windows: Iterator[Window], source: Source, carriers: Counter[str], extent: Extent
    ) -> Iterator[Flow]:
        lines = self._counted(unwrap(windows, self.settings, self.notify), carriers, extent)
        yield from group(lines, source.name, self.matcher.speaks, self.settings)

    def _until_interrupted(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """A signal ends a source like its end: what has come so far is read, what is open is judged (``tail -f |``)."""
        try:
            for block in blocks:
                yield block
                if self.stop.is_set():
                    break
        except KeyboardInterrupt:
            self.interrupted = True
        self.interrupted = self.interrupted or self.stop.is_set()

    def _tally(self, source: Source) -> Tally:
        """A tally that tells of each block how far the source has come: in bytes on disk where they are known."""
        progress = self.progress
        if progress is None:
            return Tally()

        def watch(tally: Tally) -> None:
            done = tally.bytes if source.size is None else source.on_disk
            progress(ProgressTick(source.name, done, source.size))

        return Tally(watch)

    def _counted(self, lines: Iterator[Line], carriers: Counter[str], extent: Extent) -> Iterator[Line]:
        for line in lines:
            if line.text and line.carrier != GAP:
                carriers[line.carrier] += 1
            extent.see(line)
            yield line

    def read(self, source: Source) -> None:
        """Scans one source to its end."""
        # What is counted unread has no time of its own.
        repeats = None if self.period else Repeats(self.prefilter.ends, self.settings.margin)
        self.tape = Tape(self.settings.margin, self.settings.max_record) if self.keep else None
        noticed = len(self.notices)
        tally, carriers, extent = self._tally(source), Counter[str](), Extent()
        flow = self.flow(source, tally, carriers, repeats, extent)
        for _ in self._take_all(source, tally, carriers, flow, extent, repeats):
            pass  # only a live source pauses
        if self.tape is not None:
            self.pieces.append(self.tape.piece(self.inputs[-1], self.notices[noticed:]))
            self.tape = None

    def replay(self, piece: Piece) -> None:
        """Takes what another run has kept of a source, as if it came from the parser."""
        before, notices = self.records, self.notices
        self.notices = []  # what there is to notice was noticed there
        for event in piece.events:
            if event.record is not None:
                self._take(event.record, event.times, event.when)
            elif event.line is not None:
                self._pass(event.line)
        self.notices = notices
        self.records = before + piece.records
        self.inputs.append(piece.input)
        if self.keep:
            self.pieces.append(piece)
        for notice in piece.notices:
            self.notify(notice)
        self.collector.end_source(piece.input.path)

    def part(self) -> Part:
        """All that was kept, once every source has been read."""
        told = {notice for piece in self.pieces for notice in piece.notices}
        others = tuple(notice for notice in self.notices if notice not in told)
        return Part(name_of_rules(self.catalogue), tuple(self.pieces), others)

    def read_live(self, source: Source, tally: Tally) -> Iterator[None]:
        """Scans a source that is still being written; stops at each of its pauses."""
        carriers, extent = Counter[str](), Extent()
        yield from self._take_all(source, tally, carriers, self.live_flow(source, tally, carriers, extent), extent)

    def _take_all(
        self,
        source: Source,
        tally: Tally,
        carriers: Counter[str],
        flow: Iterator[Flow],
        extent: Extent,
        repeats: Repeats | None = None,
    ) -> Iterator[None]:
        try:
            for item in flow:
                if isinstance(item, Line) and item.carrier == PAUSE:
                    yield
                    continue
                fit = self.take(item)
                if repeats is not None and isinstance(item, Record):
                    repeats.note(item, fit=fit)
            if repeats is not None:
                self._take_counted(source, repeats)
        except Exception as error:  # noqa: BLE001 - what was found before, and the other sources, must be reported
            message = f"reading broke off ({type(error).__name__}: {error}); what stands behind is missing"
            self.notify(Notice("source-failed", message, source.name))
        finally:
            carrier = carriers.most_common(1)[0][0] if carriers else "plain"
            if not tally.whole:
                extent.look(lambda windows: unwrap(windows, self.settings, lambda _: None))
            times = extent.first, extent.last
            self.inputs.append(Input(source.name, tally.bytes, tally.lines, carrier, *times))
            for notice in tally.losses(source.name, self.settings.max_line):
                self.notify(notice)
            if self.period is not None:
                self.period.end_source(source.name)
            self.collector.end_source(source.name)

    def take(self, item: Flow) -> bool:
        """Takes what the parser gives next; True for a record whose like may be counted unread.

        With ``settings.span`` records of another time are left out here and not before: the lines round a failure and
        the marks far from it stay what they are. See ``Period`` for the cost.
        """
        if isinstance(item, Record):
            return self._take(item) if self.period is None or self.period.holds(item) else False
        if self.period is not None:
            self.period.pass_by(item)
        self._pass(item)
        return False

    def _pass(self, line: Line) -> None:
        """Takes a line between records."""
        marks = list(self.matcher.marks(line))
        for mark in marks:
            self.collector.add_mark(mark)
        self.collector.add_line(line)
        if self.tape is not None:
            self.tape.add_line(line, marks)

    def _take_counted(self, source: Source, repeats: Repeats) -> None:
        """What was only counted is taken by its last instance, as often as it was seen."""
        for counted in repeats.counted():
            lines = unwrap([counted.last], self.settings, self.notify)
            for item in group(lines, source.name, self.matcher.speaks, self.settings):
                if isinstance(item, Record):
                    self._take(item, counted.times, counted.when)

    def _take(self, record: Record, times: int = 1, when: Timeline | None = None) -> bool:
        """Judges a record; True if nothing but its text decided, so that its like may be counted unread."""
        self.records += times
        if record.truncated and len(record.lines) >= self.settings.max_record:
            message = f"a record is longer than {self.settings.max_record} lines and was cut there"
            self.notify(Notice("record-cut", message, record.source, record.start_line))
        plain = not record.truncated and not any(map(str.isdigit, record.stream))
        role: Role = "again"
        if not self.collector.count_repeat(record, times, when):
            try:
                plain, role = self._judge(record, times, when, plain=plain)
            except Exception as error:  # noqa: BLE001 - one record must never stop the scan
                what = f"a record could not be judged ({type(error).__name__}: {error})"
                self.notify(Notice("record-failed", what, record.source, record.start_line))
                plain, role = False, "silent"
        if self.tape is not None:
            self.tape.add_record(record, role, times, when)
        return plain

    def _judge(self, record: Record, times: int, when: Timeline | None, *, plain: bool) -> tuple[bool, Role]:
        """Takes a record that is no mere repeat: whether its like may be counted unread, and what it was."""
        for line in record.lines:
            for mark in self.matcher.marks(line):
                self.collector.add_mark(mark)
                plain = False
        symptoms = self.matcher.match(record)
        if symptoms:
            self.collector.add_record(record, symptoms, times, when)
            return plain, "new"
        if record.exception and record.kind in ("traceback", "pytest", "unraisable", "asyncio"):
            known = self.leftovers.add(record, times)
            return plain and not any(map(str.isdigit, record.message[:80])), "again" if known and plain else "new"
        for line in record.lines:
            self.collector.add_line(line)
        return False, "silent" if plain else "new"

    def not_judged(self, cluster: Cluster, error: Exception) -> None:
        """One incident that cannot be judged must not take the report of the others with it."""
        message = f"an incident could not be judged ({type(error).__name__}: {error})"
        place = (cluster.first.source, cluster.first.start_line) if cluster.first else ("", None)
        self.notify(Notice("incident-failed", message, *place))

    def report(self) -> Report:
        """Incident -> Diagnosis -> Report."""
        diagnoses = [told.diagnosis for told in fold(self.collector, self.matcher, self.not_judged)]
        if self.collector.dropped:
            message = f"{self.collector.dropped} further incidents were counted but not kept"
            self.notices.append(Notice("incidents-dropped", message))
        if (dropped := self.leftovers.notice()) is not None:
            self.notices.append(dropped)
        for pattern in sorted(self.matcher.slow):
            message = f"a rule's pattern took too long and was skipped: {pattern[:80]}"
            self.notices.append(Notice("pattern-slow", message))
        if self.notices_dropped:
            self.notices.append(Notice("notices-dropped", f"{self.notices_dropped} further notices are not shown"))
        return Report(
            inputs=tuple(self.inputs),
            diagnoses=tuple(diagnoses),
            unexplained=self.leftovers.all(),
            notices=tuple(self.notices),
            stats=Stats(
                bytes=sum(item.bytes for item in self.inputs),
                lines=sum(item.lines for item in self.inputs),
                records=self.records,
                seconds=round(time.perf_counter() - self.started, 3),
                interrupted=self.interrupted,
            ),
            part=encode(self.part()) if self.keep else b"",
        )


def scan(
    paths: Sequence[str],
    settings: Settings,
    *,
    progress: Progress | None = None,
    catalogue: Catalogue | None = None,
    keep: bool = False,
    stop: Stop | None = None,
) -> Report:
    """Reads every source that ``paths`` name (``-`` is standard input) and reports what is wrong and why.

    ``catalogue`` spares a caller who scans often to load it each time; it must be that of ``settings.rules``. With
    ``keep`` the report has its ``part``, which can be merged with others.

    Raises LoopdoctorError for a path that cannot be read or broken rules. Once ``stop`` is set, or interrupted by
    Ctrl-C, it reports what was found so far, with ``stats.interrupted`` set.
    """
    state = Run(settings, progress, catalogue, keep=keep, stop=stop)
    return _read_all(state, lambda notify: find_sources(paths, settings, notify, stop)).report()


def scan_sources(
    open_sources: Callable[[Notify], Iterable[Source]],
    settings: Settings,
    *,
    progress: Progress | None = None,
    catalogue: Catalogue | None = None,
    stop: Stop | None = None,
) -> Report:
    """The same for sources that no path names; ``open_sources`` is given where to tell what was skipped or damaged."""
    return _read_all(Run(settings, progress, catalogue, stop=stop), open_sources).report()


def scan_part(
    open_sources: Callable[[Notify], Iterable[Source]],
    settings: Settings,
    *,
    catalogue: Catalogue | None = None,
    stop: Stop | None = None,
) -> Part:
    """What a scan finds, in the form that can be put together with what others find: see ``parts``."""
    return _read_all(Run(settings, None, catalogue, keep=True, stop=stop), open_sources).part()


def _read_all(state: Run, open_sources: Callable[[Notify], Iterable[Source]]) -> Run:
    try:
        for source in open_sources(state.notify):
            state.read(source)
            if state.interrupted:
                break
    except KeyboardInterrupt:
        state.interrupted = True
    return state


def _behind(lines: int, windows: Iterator[Window]) -> Iterator[Window]:
    """Windows with the numbers that their lines have in a log of which so many lines were read before."""
    return (replace(window, first=window.first + lines) for window in windows) if lines else windows


def read_records(paths: Sequence[str], settings: Settings) -> Iterator[Record]:
    """The records of every source, as the parser grouped them: what ``loopdoctor records`` shows."""
    state = Run(settings, None)
    state.prefilter = Prefilter([*state.matcher.literals, *EVERY_RECORD], settings)
    for source in find_sources(paths, settings, state.notify):
        for item in state.flow(source, Tally(), Counter()):
            if isinstance(item, Record) and _is_failure(item, state.matcher):
                yield item
        if state.interrupted:
            raise KeyboardInterrupt


def _is_failure(record: Record, matcher: Matcher) -> bool:
    """A line that merely holds a word of the catalogue is no failure unless a rule says so."""
    if record.kind == "pytest":
        return bool(record.words)  # a test that passed has its header only, above what it printed
    return len(record.lines) > 1 or record.kind in ("warning", "unraisable") or bool(matcher.match(record))


def report_of(part: Part, settings: Settings, *, catalogue: Catalogue | None = None, keep: bool = False) -> Report:
    """The report on a part: that of one scan over its sources. Raises LoopdoctorError if other rules made it."""
    state = Run(settings, None, catalogue, keep=keep)
    if part.pieces and part.rules != name_of_rules(state.catalogue):
        hint = "read it with the same version of loopdoctor and the same rules of your own"
        raise LoopdoctorError("parts-differ", "the part was made with other rules", hint=hint)
    for notice in part.notices:
        state.notify(notice)
    for piece in part.pieces:
        state.replay(piece)
    return state.report()
