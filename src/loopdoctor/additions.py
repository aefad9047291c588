"""Scans what was added to logs since the run before, and says where the next one is to go on.

A log that is being written is read up to a place where nothing is open: the last entry may go on, and what a failure
leaves behind belongs to it. So the end is held back from the first line of the last records that stand near one
another, until the file has been quiet for a moment; the next run begins there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import chain
from time import sleep, time
from typing import NamedTuple

from msgspec.structs import replace

from loopdoctor.carriers import unwrap
from loopdoctor.errors import LoopdoctorError
from loopdoctor.grouping import group
from loopdoctor.model import Notice, Record, Report, Window
from loopdoctor.pipeline import Progress, Run
from loopdoctor.settings import Settings
from loopdoctor.sources import Source
from loopdoctor.sources.added import Plan, Stretch, plan_reading, where_is
from loopdoctor.sources.bookmarks import TAIL, Bookmark, container, mark_at, opened, print_of, still_fits
from loopdoctor.sources.files import unreadable
from loopdoctor.sources.stream import BLOCK, read_blocks
from loopdoctor.sources.unpack import Input
from loopdoctor.stopping import Stop

QUIET = 2.0
"""Seconds without a write after which nothing more is expected to belong to what stands at a log's end."""

HELD = 512 << 10
"""Bytes at a log's end that may be held back."""

TRIES = 20
"""How often a run begins anew because logs were renamed or truncated while it looked or read."""

MOMENT = 0.02
"""Seconds between two tries."""

Pieces = Iterator[bytes]


class Addition(NamedTuple):
    """What was found, and where the next run goes on."""

    report: Report
    marks: tuple[Bookmark, ...]


class _ChangedError(Exception):
    """A log was renamed or truncated while it was read, so nobody can know what was."""


def scan_added(
    paths: Sequence[str],
    marks: Sequence[Bookmark],
    since: float | None,
    settings: Settings,
    *,
    apart: Sequence[str] = (),
    progress: Progress | None = None,
    keep: bool = False,
    stop: Stop | None = None,
) -> Addition:
    """Reads what was added to ``paths`` since ``marks`` were made, at ``since``; ``apart`` are files of our own.

    Raises what ``plan_reading`` raises, and LoopdoctorError for broken rules.
    """
    for left in reversed(range(TRIES)):
        run = Run(settings, progress, keep=keep, stop=stop)
        plan = plan_reading(paths, marks, since, settings, run.notify, apart)
        if plan.steady or not left:
            try:
                return Addition(*_read_all(run, plan))
            except _ChangedError:
                pass
        sleep(MOMENT)
    hint = "run it again; nothing was told, and nothing is lost"
    raise LoopdoctorError("state-restless", "the logs are rotated again and again while they are read", hint=hint)


def _read_all(run: Run, plan: Plan) -> tuple[Report, tuple[Bookmark, ...]]:
    after = list(plan.others)
    for stretch in plan.stretches:
        mark = _read(run, stretch)
        if mark is not None:
            after.append(replace(mark, path=stretch.mark.path, moved=stretch.mark.moved, seen=time()))
        if run.interrupted or run.stop.is_set():
            run.interrupted = True
            break
    return run.report(), tuple(after)


def _read(run: Run, stretch: Stretch) -> Bookmark | None:
    """Scans one stretch; the bookmark behind it, None for a file that is to be looked at as if it were never seen."""
    file, mark = stretch
    try:
        with opened(where_is(file)) as descriptor:
            info = os.fstat(descriptor)
            if (info.st_dev, info.st_ino) != file.key:
                raise _ChangedError
            quiet = _is_quiet(stretch, info.st_size, info.st_mtime)
            if file.packed:
                if not quiet and not mark.head_size:  # it may still be made of another that is there
                    return None
                return _read_packed(run, descriptor, stretch) if quiet and info.st_size != mark.size else mark
            if not still_fits(descriptor, mark):
                raise _ChangedError
            end = _end(run, descriptor, stretch, info.st_size, quiet=quiet)
            return _read_text(run, descriptor, stretch, end)
    except FileNotFoundError:
        raise _ChangedError from None
    except OSError as error:
        if not file.guessed:
            raise unreadable(file.name, error) from error
        run.notify(Notice("unreadable", f"cannot be read ({(error.strerror or str(error)).lower()})", file.name))
        return mark


def _is_quiet(stretch: Stretch, size: int, modified: float) -> bool:
    """Whether nothing was written for a while; where another machine's clock says when, two runs must agree."""
    now, mark = time(), stretch.mark
    unchanged = size == mark.size and now - mark.seen >= QUIET
    return unchanged or now - modified >= QUIET


def _read_text(run: Run, descriptor: int, stretch: Stretch, end: int) -> Bookmark:
    file, mark = stretch
    last: list[bytes] = []
    before = len(run.inputs)
    if end > mark.offset:
        blocks = _blocks(descriptor, mark.offset, end, last)
        if mark.offset:
            run.read(Source(file.name, None, blocks, lines_before=mark.lines))
        else:
            origin = Input(file.name, run.settings, run.notify, guessed=file.guessed, stop=run.stop)
            for source in origin.sources(blocks):
                run.read(source)
    lines = sum(one.lines for one in run.inputs[before:])
    after = mark_at(descriptor, mark.path, end, mark.lines + lines)
    # Looked at last: what was truncated before this moment shows, and what is truncated later was read in time.
    same = after.size >= end and still_fits(descriptor, mark)
    if last:
        same = same and after.tail == print_of(last[0])
    if not same and not run.stop.is_set():
        raise _ChangedError
    return replace(after, waits=after.size > end)


def _blocks(descriptor: int, at: int, end: int, last: list[bytes]) -> Pieces:
    """The bytes from here to there; once all have been taken, ``last`` holds the last of them."""
    tail = os.pread(descriptor, min(TAIL, at), max(0, at - TAIL))
    while at < end and (block := os.pread(descriptor, min(BLOCK, end - at), at)):
        at += len(block)
        tail = (tail + block)[-TAIL:] if len(block) < TAIL else block[-TAIL:]
        yield block
    last.append(tail)


def _read_packed(run: Run, descriptor: int, stretch: Stretch) -> Bookmark:
    """Scans what a container holds beyond what was read of it, or of the file that it was made of."""
    file, mark = stretch
    info = os.fstat(descriptor)
    origin = container(file, run.settings, run.notify, run.stop)
    left, lines, total = mark.offset, mark.lines, 0
    for source in origin.sources(read_blocks(descriptor, run.stop)):
        passed = [0]
        blocks = _beyond(source.blocks(), left, passed)
        first = next(blocks, b"")
        left -= passed[0]
        total += passed[0]
        if first:
            at = mark.lines if passed[0] else 0
            run.read(Source(source.name, None, chain([first], blocks), lines_before=at))
            total += run.inputs[-1].bytes
            lines += run.inputs[-1].lines
    return replace(mark, offset=max(total, mark.offset), lines=lines, size=info.st_size, packed=True, waits=False)


def _beyond(blocks: Pieces, left: int, passed: list[int]) -> Pieces:
    for block in blocks:
        skipped = min(left, len(block))
        left -= skipped
        passed[0] += skipped
        if len(block) > skipped:
            yield block[skipped:]


def _end(run: Run, descriptor: int, stretch: Stretch, size: int, *, quiet: bool) -> int:
    """Up to where a log may be read now."""
    mark = stretch.mark
    if quiet and mark.moved:
        return size  # nobody will end its last line
    end = _behind_last_line(descriptor, mark.offset, size)
    if quiet or end <= mark.offset:
        return end
    begin = max(mark.offset, end - HELD)
    data = os.pread(descriptor, end - begin, begin)
    if begin > mark.offset:
        skipped = data.find(b"\n") + 1
        begin, data = begin + skipped, data[skipped:]
    opened_at, burst_at = _held_from(run, stretch.file.name, data, reaches_back=begin > mark.offset)
    held = opened_at if begin + burst_at <= mark.offset and mark.waits else burst_at
    return begin + held


def _behind_last_line(descriptor: int, start: int, end: int) -> int:
    while end > start:
        at = max(start, end - BLOCK)
        newline = os.pread(descriptor, end - at, at).rfind(b"\n")
        if newline >= 0:
            return at + newline + 1
        end = at
    return start


def _held_from(run: Run, name: str, data: bytes, *, reaches_back: bool) -> tuple[int, int]:
    """The offsets from which on something is open, and from which on records stand near it and near one another."""
    over = False

    def windows() -> Iterator[Window]:
        nonlocal over
        yield Window(name, 1, data)
        over = True

    lines = unwrap(windows(), run.settings, lambda _: None)
    first_open = data.count(b"\n") + 1
    spans: list[tuple[int, int]] = []
    for item in group(lines, name, run.matcher.speaks, run.settings):
        number = item.start_line if isinstance(item, Record) else item.number
        if over:
            first_open = min(first_open, number)
        if isinstance(item, Record):
            spans.append((item.end_line, number))
    first = first_open
    for end, start in sorted(spans, reverse=True):
        if end < first - run.settings.margin:
            break
        first = min(first, start)
    if reaches_back and first <= run.settings.margin:  # where it began nobody knows
        first = first_open
    if reaches_back and first == 1:  # one record without end
        first = first_open = data.count(b"\n") + 1
    return _offset_of(data, first_open), _offset_of(data, first)


def _offset_of(data: bytes, line: int) -> int:
    at = 0
    for _ in range(line - 1):
        at = data.index(b"\n", at) + 1
    return at
