"""Lines of one source -> its records: each line to the lane of its stream, and what waits in vain is ended."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from loopdoctor.carriers import GAP, PATIENCE, PAUSE
from loopdoctor.fitting import Lessons
from loopdoctor.interleaving import Stray
from loopdoctor.model import Line
from loopdoctor.records import MAX_LANES, Flow, Lane
from loopdoctor.settings import Settings


def _end_silent(heard: dict[Lane, int], before: int) -> Iterator[Flow]:
    """Ends what is open in the lanes that have had no line since this one, the longest silent first."""
    while heard:
        lane = next(iter(heard))
        if heard[lane] >= before:
            return
        del heard[lane]
        yield from lane.flush()


def group(lines: Iterable[Line], source: str, speaks: Callable[[str], bool], settings: Settings) -> Iterator[Flow]:
    """Records and, between them, the lines that belong to none, of one source.

    ``speaks(text)`` tells whether a text holds words of the catalogue. Where the carriers say that lines were skipped
    everything open ends (line numbers may jump without that: one entry can span lines); where a live log pauses, what
    has been quiet for ``PATIENCE`` pauses. At most ``MAX_LANES`` streams are kept open; beyond that the oldest ends.
    """
    lanes: dict[str, Lane] = {}
    lessons = Lessons()
    stray: Stray[Lane] = Stray(lessons)
    last: Lane | None = None
    heard: dict[Lane, int] = {}  # the last line of each lane, the longest silent lane first
    silent = 0
    for line in lines:
        if line.carrier == GAP:
            for lane in lanes.values():
                yield from lane.flush()
            continue
        if line.carrier == PAUSE:
            for lane in lanes.values():
                lane.pauses += 1
                if lane.pauses == PATIENCE:
                    yield from lane.flush()
            yield line
            continue
        lane_or_none = lanes.get(line.stream)
        if lane_or_none is None:
            if len(lanes) >= MAX_LANES:
                yield from lanes.pop(next(iter(lanes))).flush()
            lane_or_none = lanes[line.stream] = Lane(source, speaks, settings, lessons)
        lane = lane_or_none
        if lane is not last:
            stray.leave(last)
            last = lane
            heard.pop(lane, None)
        heard[lane] = line.number
        if line.number > silent:  # a scan of windows might not have seen what comes next in a silent stream
            yield from _end_silent(heard, line.number - settings.margin)
            silent = next(iter(heard.values())) + settings.margin
        if stray.home is not None:
            lane = stray.lane_of(line, lane)
        if lane.waiting or lane.mix.ended:
            yield from lane.mix.ordered(lane.feed(line), lane.current)
        else:
            yield from lane.feed(line)
    for lane in lanes.values():
        yield from lane.flush()
