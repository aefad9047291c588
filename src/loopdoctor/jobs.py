"""Several files at once: each is read in a process of its own, and what they gave is put together in their order."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from stat import S_ISREG
from typing import Any

from msgspec.structs import replace

from loopdoctor.model import Notice, Report
from loopdoctor.parts import decode, encode
from loopdoctor.pipeline import Progress, ProgressTick, Run, scan, scan_part
from loopdoctor.settings import Settings
from loopdoctor.sources import Named, named_files, read_file, tell_skipped
from loopdoctor.sources.urls import scheme_of
from loopdoctor.stopping import ASKING, Stop

WORTH_IT = 64 << 20
"""Bytes in all files from which on processes are worth their start (0.2 s each)."""

AHEAD = 2
"""Files for each process that are read before what they gave is taken."""

MOMENT = 0.1
"""Seconds after which it is looked whether the report was asked for."""

Outcome = tuple[bytes, list[str]]


class SharedStop(Stop):
    """A stop that one process sets for all of them (``event``), or a signal for the process that it came to."""

    def __init__(self, event: Any) -> None:
        super().__init__()
        self._event = event

    def is_set(self) -> bool:
        """Whether either did."""
        return bool(self.number) or bool(self._event.is_set())


_stop: Stop | None = None


def _begin(event: Any) -> None:
    """What a process does first: a signal, to it or to all, ends the log that it reads, and what it has counts."""
    global _stop
    stop = _stop = SharedStop(event)
    for number in _asking():
        signal.signal(number, lambda number, frame: stop.set(number))
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _asking())


def _asking() -> list[int]:
    return [getattr(signal, name) for name in ASKING if hasattr(signal, name)]


@contextmanager
def _unheard() -> Iterator[None]:
    """Signals wait meanwhile, and in every process started here until it has begun: while it imports it would die."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _asking())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def read_alone(file: Named, settings: Settings, stop: Stop | None = None) -> Outcome:
    """One file's part, encoded, and the names of what in it was no log; for a process of its own."""
    skipped: list[str] = []
    stop = stop or _stop
    part = scan_part(
        lambda notify: read_file(file, settings, notify, skipped, stop), replace(settings, jobs=1), stop=stop
    )
    return encode(part), skipped


def scan_files(
    paths: Sequence[str],
    settings: Settings,
    *,
    progress: Progress | None = None,
    keep: bool = False,
    stop: Stop | None = None,
) -> Report:
    """``pipeline.scan``, with several files at once where that pays; the report is the same.

    Raises what that raises.
    """
    jobs = settings.jobs or os.cpu_count() or 1
    if jobs == 1 or not _are_worth_it(paths):
        return scan(paths, settings, progress=progress, keep=keep, stop=stop)
    state = Run(settings, progress, keep=keep, stop=stop)
    files = list(named_files(paths, state.notify))
    context = get_context("spawn")
    event = context.Event()
    pool = ProcessPoolExecutor(min(jobs, len(files)), mp_context=context, initializer=_begin, initargs=(event,))
    try:
        _take_each(state, pool, event, files, jobs * AHEAD)
        state.interrupted = state.stop.is_set()
    except KeyboardInterrupt:
        state.interrupted = True
    finally:
        pool.shutdown(wait=not state.interrupted or state.stop.is_set(), cancel_futures=True)
    return state.report()


def _are_worth_it(paths: Sequence[str]) -> bool:
    """Whether the paths are several ordinary files with enough in them."""
    if any(map(scheme_of, paths)):
        return False
    number = size = 0
    for file in named_files(paths, lambda notice: None):
        if file.path == "-":
            return False
        info = os.stat(file.path)  # noqa: PTH116 - the path may be no text
        if not S_ISREG(info.st_mode):
            return False
        number, size = number + 1, size + info.st_size
    return number > 1 and size >= WORTH_IT


def _take_each(state: Run, pool: ProcessPoolExecutor, event: Any, files: Sequence[Named], ahead: int) -> None:
    skipped: dict[str, list[str]] = {}
    for at, (file, (part, others)) in enumerate(_outcomes(state, pool, event, files, ahead)):
        read = decode(part, file.path)
        for notice in read.notices:
            state.notify(notice)
        for piece in read.pieces:
            state.replay(piece)
            if state.progress is not None:
                state.progress(ProgressTick(piece.input.path, piece.input.bytes, piece.input.bytes))
        skipped.setdefault(file.within, []).extend(others)
        if at + 1 == len(files) or files[at + 1].within != file.within:
            tell_skipped(file.within or file.path, skipped.pop(file.within), state.notify)


def _outcomes(
    state: Run, pool: ProcessPoolExecutor, event: Any, files: Sequence[Named], ahead: int
) -> Iterator[tuple[Named, Outcome]]:
    """What each file gave, in order. Where a process was killed the rest is read here, one after the other."""
    waiting: deque[tuple[Named, Future[Outcome]]] = deque()
    broken = False
    following = deque(files)
    while True:
        while not (broken or state.stop.is_set()) and len(waiting) < ahead and following:
            try:
                with _unheard():
                    waiting.append((following[0], pool.submit(read_alone, following[0], state.settings)))
            except BrokenProcessPool:  # a process was killed, and nobody has asked for what it was to give yet
                broken = True
                _tell_of_killed(state, following[0])
            else:
                following.popleft()
        if not waiting:
            break
        file, future = waiting.popleft()
        try:
            outcome = _result(state.stop, event, future)
        except CancelledError:
            continue
        except BrokenProcessPool:
            if not broken:
                _tell_of_killed(state, file)
            broken = True
            outcome = read_alone(file, state.settings, state.stop)
        yield file, outcome
    for file in following:
        if state.stop.is_set():
            return
        yield file, read_alone(file, state.settings, state.stop)


def _tell_of_killed(state: Run, file: Named) -> None:
    if not state.stop.is_set():
        message = "a process that read logs was killed; the rest was read without others"
        state.notify(Notice("process-killed", message, file.path))


def _result(stop: Stop, event: Any, future: Future[Outcome]) -> Outcome:
    """What a process gave; after a stop what it has so far, or CancelledError if it had not begun."""
    while not wait([future], MOMENT).done:
        if stop.is_set():
            event.set()
            future.cancel()
    return future.result()
