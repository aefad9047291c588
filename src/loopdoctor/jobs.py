"""Several files at once: each is read in a process of its own, and what they gave is put together in their order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from stat import S_ISREG

from msgspec.structs import replace

from loopdoctor.model import Notice, Report
from loopdoctor.parts import decode, encode
from loopdoctor.pipeline import Progress, ProgressTick, Run, scan, scan_part
from loopdoctor.settings import Settings
from loopdoctor.sources import Named, named_files, read_file, tell_skipped

WORTH_IT = 64 << 20
"""Bytes in all files from which on processes are worth their start (0.2 s each)."""

AHEAD = 2
"""Files for each process that are read before what they gave is taken."""

Outcome = tuple[bytes, list[str]]


def read_alone(file: Named, settings: Settings) -> Outcome:
    """One file's part, encoded, and the names of what in it was no log; for a process of its own."""
    skipped: list[str] = []
    part = scan_part(lambda notify: read_file(file, settings, notify, skipped), replace(settings, jobs=1))
    return encode(part), skipped


def scan_files(
    paths: Sequence[str], settings: Settings, *, progress: Progress | None = None, keep: bool = False
) -> Report:
    """``pipeline.scan``, with several files at once where that pays; the report is the same.

    Raises what that raises.
    """
    jobs = settings.jobs or os.cpu_count() or 1
    if jobs == 1 or not _are_worth_it(paths):
        return scan(paths, settings, progress=progress, keep=keep)
    state = Run(settings, progress, keep=keep)
    files = list(named_files(paths, state.notify))
    pool = ProcessPoolExecutor(min(jobs, len(files)), mp_context=get_context("spawn"))
    try:
        _take_each(state, pool, files, jobs * AHEAD)
    except KeyboardInterrupt:
        state.interrupted = True
    finally:
        pool.shutdown(wait=not state.interrupted, cancel_futures=True)
    return state.report()


def _are_worth_it(paths: Sequence[str]) -> bool:
    """Whether the paths are several ordinary files with enough in them."""
    number = size = 0
    for file in named_files(paths, lambda notice: None):
        if file.path == "-":
            return False
        info = os.stat(file.path)  # noqa: PTH116 - the path may be no text
        if not S_ISREG(info.st_mode):
            return False
        number, size = number + 1, size + info.st_size
    return number > 1 and size >= WORTH_IT


def _take_each(state: Run, pool: ProcessPoolExecutor, files: Sequence[Named], ahead: int) -> None:
    skipped: dict[str, list[str]] = {}
    for at, (file, (part, others)) in enumerate(_outcomes(state, pool, files, ahead)):
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
    state: Run, pool: ProcessPoolExecutor, files: Sequence[Named], ahead: int
) -> Iterator[tuple[Named, Outcome]]:
    """What each file gave, in order. Where a process was killed the rest is read here, one after the other."""
    waiting: deque[tuple[Named, Future[Outcome]]] = deque()
    broken = False
    following = iter(files)
    while True:
        while not broken and len(waiting) < ahead and (file := next(following, None)) is not None:
            waiting.append((file, pool.submit(read_alone, file, state.settings)))
        if not waiting:
            break
        file, future = waiting.popleft()
        try:
            outcome = future.result()
        except BrokenProcessPool:
            if not broken:
                message = "a process that read logs was killed; the rest was read without others"
                state.notify(Notice("process-killed", message, file.path))
            broken = True
            outcome = read_alone(file, state.settings)
        yield file, outcome
    for file in following:
        yield file, read_alone(file, state.settings)
