"""Shows how far a long scan has come: on standard error, on a terminal only, and only if it takes a while."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from loopdoctor.render.escape import visible

if TYPE_CHECKING:
    from loopdoctor.pipeline import ProgressTick

PATIENCE = 0.7
"""Seconds before anything is shown: most scans are over by then, and rich is never imported for them."""


@contextmanager
def meter(*, shown: bool, patience: float = PATIENCE) -> Iterator[Callable[[ProgressTick], None] | None]:
    """A function to give to ``scan``, or None if nothing is to be shown; the bar is wiped away at the end."""
    if not shown:
        yield None
        return
    started = monotonic()
    bar: Any = None
    task: Any = None
    source = ""

    def tick(now: ProgressTick) -> None:
        nonlocal bar, task, source
        if bar is None:
            if monotonic() - started < patience:
                return
            bar = _bar()
            task = bar.add_task("", total=None, source="")
            bar.start()
        if now.source != source:  # each source counts from nothing
            source = now.source
            bar.reset(task, total=now.bytes_total, source=visible(source)[-40:])
        bar.update(task, completed=now.bytes_done, total=now.bytes_total)

    try:
        yield tick
    finally:
        if bar is not None:
            bar.stop()


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    return Progress(
        TextColumn("{task.fields[source]}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
        refresh_per_second=8,
    )
