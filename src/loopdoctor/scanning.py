"""Which kind of scan was asked for: one file after the other, several at once, on a cluster, or what was added."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from loopdoctor.errors import LoopdoctorError

if TYPE_CHECKING:
    from loopdoctor.again import Again
    from loopdoctor.model import Report
    from loopdoctor.settings import Settings
    from loopdoctor.stopping import Stop


def begin(
    state: str | None, sources: Sequence[str], *, follow: bool, dask: str | None
) -> AbstractContextManager[Again | None]:
    """The state of ``--state``, locked for this run; None without one. Raises LoopdoctorError for what has none."""
    if state is None:
        return nullcontext()
    for other in [name for name, given in (("--follow", follow), ("--dask", dask)) if given]:
        hint = "leave one of them out: --state reads files of this machine, from where the run before it ended"
        raise LoopdoctorError("state-input", f"--state cannot go with {other}", hint=hint)
    from loopdoctor.again import begin as begin_again

    return begin_again(state, sources)


def run_scan(
    sources: Sequence[str],
    settings: Settings,
    stop: Stop,
    again: Again | None,
    *,
    shown: bool,
    keep: bool,
    dask: str | None,
) -> Report:
    """The report on what ``sources`` name. ``shown``: with progress on standard error. Raises what a scan raises."""
    from loopdoctor.render.progress import meter

    with meter(shown=shown) as progress:
        if again is not None:
            return again.scan(settings, stop, progress=progress, keep=keep)
        if dask:
            from loopdoctor.cluster import scan_on_cluster

            return scan_on_cluster(dask, sources, settings, progress=progress, keep=keep, stop=stop)
        if settings.jobs == 1 or (len(sources) == 1 and not _may_be_several(sources[0])):
            from loopdoctor.pipeline import scan

            return scan(sources, settings, progress=progress, keep=keep, stop=stop)
        from loopdoctor.jobs import scan_files

        return scan_files(sources, settings, progress=progress, keep=keep, stop=stop)


def _may_be_several(path: str) -> bool:
    return os.path.isdir(path) or any(sign in path for sign in "*?[")  # noqa: PTH112
