"""The logs of a workflow run as GitHub gives them: each job as a whole, and again step by step.

    0_build (3.12).txt                  the job
    -2147483648_build (3.12).txt        sometimes: the same in an older form
    build (3.12)/1_Set up job.txt       its steps; not in every archive
    build (3.12)/2_Run tests.txt

The job's own log holds all that its steps hold, so that the others are passed over: a failure is counted once.
Sources: https://github.com/cli/cli/issues/10768, https://github.com/cli/cli/pull/10740
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping

from loopdoctor.patterns import lazy

_NUMBERED = lazy(r"-?\d{1,10}_(?P<name>.+)\.txt")
_STAMP = lazy(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z ")

HEAD = 64
"""Bytes of a log that show its first time stamp."""

LEAST = 0.9
"""Share of its steps' bytes that a job's log must have to hold them all; it usually has some more."""

_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def told_twice(sizes: Mapping[str, int], head: Callable[[str], bytes]) -> frozenset[str]:
    """Which of these files (path with ``/`` -> size) hold what the log of their job holds as well.

    ``head`` gives the first bytes of one. Only logs with GitHub's time stamps, and a job's log that is as large as its
    steps together, are taken for such: elsewhere files are numbered too.
    """
    whole: dict[str, str] = {}
    older: dict[str, list[str]] = defaultdict(list)
    for path in sizes:
        if job := job_of(path):
            if path.rpartition("/")[2].startswith("-"):
                older[job].append(path)
            else:
                whole.setdefault(job, path)
    steps: dict[str, list[str]] = defaultdict(list)
    for path in sizes:
        if job_of(path) and (folder := path.rpartition("/")[0]) in whole:
            steps[folder].append(path)
    twice: set[str] = set()
    for job in steps.keys() | (older.keys() & whole.keys()):
        parts = [*steps[job], *older[job]]
        enough = sizes[whole[job]] >= LEAST * sum(sizes[path] for path in steps[job])
        if enough and all(_is_stamped(head(path)) for path in (whole[job], *parts) if sizes[path]):
            twice.update(parts)
    return frozenset(twice)


def job_of(path: str) -> str:
    """The folder beside a numbered log, in which the steps of that job would be; "" for any other file."""
    folder, slash, name = path.rpartition("/")
    match = _NUMBERED.fullmatch(name)
    return f"{folder}{slash}{match['name']}" if match else ""


def say_twice(count: int) -> str:
    """What to tell of the files that are passed over."""
    return f"{count} logs of single steps were passed over: the log of the whole job beside them holds the same"


def _is_stamped(head: bytes) -> bool:
    return _STAMP.match(head.decode(errors="replace").removeprefix(_MARK)) is not None
