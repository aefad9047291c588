"""Which stretches of a log can matter: every literal of the catalogue is searched for at once, in blocks of bytes.

``search`` finds the literals, ``sniff`` knows the logs in which a single line says too little, ``cutting`` makes whole
lines and windows of what was found.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice

from loopdoctor.model import Window
from loopdoctor.prefilter.cutting import Cutter
from loopdoctor.prefilter.dense import Dense
from loopdoctor.prefilter.newlines import counter as count_lines
from loopdoctor.prefilter.search import Engine, Search, make_search
from loopdoctor.prefilter.sniff import SNIFFED, reason_for_full
from loopdoctor.prefilter.tally import Tally
from loopdoctor.settings import Settings
from loopdoctor.sources import Source

__all__ = ["EVERY_RECORD", "STRUCTURAL", "Prefilter", "Tally", "count_lines"]

STRUCTURAL = (
    b"(most recent call ",  # tracebacks and stacks of every kind, rich's boxes, faulthandler ("first)")
    b"Exception ignored ",
    b"Exception in thread ",
    b"RuntimeWarning",  # rich breaks a warning's text over several lines, but not this word
    b"ResourceWarning",
    b"_________ ",  # pytest's header of a failed test, which may stand far above the error
    b'"MESSAGE":[',  # journald writes a message with colours or odd bytes as a list of numbers
    b" stderr P ",  # a container runtime has cut the line, perhaps within a literal
    b" stdout P ",
    b"most%20recent%20call",  # the encodings of URLs and of forms
    b"most+recent+call",
)
"""What begins a record, or hides a literal, whatever the catalogue holds.

None is shorter than 10 bytes: hyperscan looks for all of them at half the speed as soon as one is.
"""

EVERY_RECORD = (
    b"Warning: ",
    b"Fatal Python error: ",
    b"= FAILURES =",
    b"= ERRORS =",
    b'"exc_type"',
    b'"stacktrace"',
)
"""What else begins a record, though no rule cares: only those who want to see every record look for it."""

MOST_THREADS = 8
BATCH = 4
"""Blocks that are handed to a thread at once: one by one, handing over takes as long as reading."""

Found = tuple[int, list[int]]


class Prefilter:
    """Searches sources for the catalogue's literals (case-sensitive, without line breaks).

    ``engine`` chooses what searches: ``hyperscan`` (raises ImportError if it is missing), ``find`` (``bytes.find``,
    slow), or whichever there is. Both find the same.
    """

    def __init__(self, literals: Iterable[bytes], settings: Settings, *, engine: Engine = "auto") -> None:
        self._settings = settings
        self._literals = tuple(dict.fromkeys((*literals, *STRUCTURAL)))
        self._engine: Engine = engine
        self._search: Search | None = None

    def windows(
        self,
        source: Source,
        tally: Tally,
        head: Callable[[bytes, int], int | None] = lambda data, at: None,
        ready: Callable[[], bool] = lambda: False,
    ) -> Iterator[Window]:
        """The windows of a source in their order, counting what is read in ``tally``.

        A window holds ``settings.margin`` lines before its first and after its last hit, and more where a record goes
        on. A long stretch is handed over in pieces: a window whose ``first`` is the line after the last one of the
        window before goes on with it. Small sources, and those in which one entry spans lines in a way that only its
        beginning tells, are handed over whole, in pieces of about 1 MiB; ``tally.whole`` then says why.

        ``head`` tells where in a log an entry begins, at or behind an offset. Once whoever reads the windows is
        ``ready`` to pass over some of the entries, stretches full of hits come as they are, with ``Window.hits``.
        """
        blocks = (block for block in source.blocks() if block)
        first: list[bytes] = []
        size = 0
        while size < max(self._settings.whole_below, SNIFFED) and (block := next(blocks, b"")):
            first.append(block)
            size += len(block)
        if self._settings.full:
            tally.whole = "asked for"
        elif size < self._settings.whole_below:
            tally.whole = "small"
        else:
            tally.whole = reason_for_full(b"".join(first)[:SNIFFED])
        dense = Dense(source.name, Cutter(source.name, self._settings, tally), head)
        for block, (newlines, hits) in self._scanned(chain(first, blocks), tally):
            tally.read(len(block), newlines)
            yield from dense.feed(block, newlines, hits, ready=not tally.whole and ready())
        yield from dense.finish()

    def live(self, source: Source, tally: Tally) -> Iterator[Window]:
        """The windows of a log that is still being written, none later than the moment in which they were complete.

        An empty block of the source gives a window that is a ``pause``, after all that could be handed over.
        """
        cutter = Cutter(source.name, self._settings, tally)
        tally.whole = "asked for" if self._settings.full else ""
        seam = max(map(len, self._literals)) - 1
        before = b""
        for block in source.blocks():
            if not block:
                yield from cutter.pause()
                continue
            if not tally.bytes and not tally.whole:
                tally.whole = reason_for_full(block[:SNIFFED])
            across = before + block[:seam] if before else b""
            newlines, hits = _find(self.ends, block, across, len(before))
            before = _end_of(before, block, seam)
            tally.read(len(block), newlines)
            yield from cutter.feed(block, newlines, hits)
        yield from cutter.finish()

    def ends(self, data: bytes) -> list[int]:
        """The offsets just behind every literal in ``data``, in ascending order, some perhaps twice."""
        if self._search is None:
            self._search = make_search(self._literals, self._engine)
        return self._search.ends(data)

    def _scanned(self, blocks: Iterator[bytes], tally: Tally) -> Iterator[tuple[bytes, Found]]:
        """Each block with the number of its line breaks and the offsets at which literals end in it."""
        if tally.whole:
            return ((block, (block.count(b"\n"), [])) for block in blocks)
        if self._search is None:
            self._search = make_search(self._literals, self._engine)
        seam = max(map(len, self._literals)) - 1
        threads = min(MOST_THREADS, self._settings.jobs or os.cpu_count() or 1)
        if self._settings.jobs == 1:
            return _in_turn(blocks, self._search, seam)
        return _ahead(blocks, self._search, seam, max(2, threads))


def _in_turn(blocks: Iterator[bytes], search: Search, seam: int) -> Iterator[tuple[bytes, Found]]:
    """Searches one block after the other, for who is to use one core only."""
    before = b""
    for block in blocks:
        (found,) = _find_all(search.ends, [block], before, seam)
        before = _end_of(before, block, seam)
        yield block, found


def _ahead(blocks: Iterator[bytes], search: Search, seam: int, threads: int) -> Iterator[tuple[bytes, Found]]:
    """Searches the next blocks in other threads while the windows of this one are worked on.

    A literal may begin in the last ``seam`` bytes before a block, and end in its first. One batch more than there are
    threads is read in advance: the search and the reading let other threads run.
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[tuple[list[bytes], Future[list[Found]]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="loopdoctor-search") as pool:
        before = b""
        while batch := list(islice(blocks, BATCH)):
            try:
                waiting.append((batch, pool.submit(_find_all, search.ends, batch, before, seam)))
            except RuntimeError:  # no room for another thread
                found_now = Future[list[Found]]()
                found_now.set_result(_find_all(search.ends, batch, before, seam))
                waiting.append((batch, found_now))
            for block in batch:
                before = _end_of(before, block, seam)
            if len(waiting) > threads + 1:
                batch, found = waiting.popleft()
                yield from zip(batch, found.result(), strict=True)
        while waiting:
            batch, found = waiting.popleft()
            yield from zip(batch, found.result(), strict=True)


def _end_of(before: bytes, block: bytes, seam: int) -> bytes:
    """The last ``seam`` bytes up to the end of a block."""
    return (block if len(block) >= seam else before + block)[-seam:]


def _find_all(ends: Callable[[bytes], list[int]], blocks: Sequence[bytes], before: bytes, seam: int) -> list[Found]:
    """What stands in each of the blocks, which follow ``before``."""
    found = []
    for block in blocks:
        across = before + block[:seam] if before else b""
        found.append(_find(ends, block, across, len(before)))
        before = _end_of(before, block, seam)
    return found


def _find(ends: Callable[[bytes], list[int]], block: bytes, across: bytes, before: int) -> Found:
    """``across`` is the beginning of the block with the ``before`` bytes that stand before it."""
    hits = ends(block)
    if across and (more := [end - before for end in ends(across) if end > before]):
        hits = sorted({*more, *hits})
    return count_lines()(block), hits
