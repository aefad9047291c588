"""Many files on many machines: each is read by a task of dask.distributed, and what they gave is merged there too.

    shards -> read_shard, anywhere -> merged by 16, by 16, ... on the workers -> one part -> the report

The client and the scheduler see names and keys only; the client fetches a single part at the end. Dask does the rest:
it places tasks, starts them again where they fail or their worker dies, and reads again what was lost with a worker.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from msgspec.structs import replace

from loopdoctor import __version__
from loopdoctor.catalogue.load import load_catalogue, name_of_rules
from loopdoctor.errors import LoopdoctorError
from loopdoctor.jobs import read_alone
from loopdoctor.model import Notice, Report
from loopdoctor.parts import decode, encode, merge
from loopdoctor.pipeline import Progress, ProgressTick, Run
from loopdoctor.settings import Settings
from loopdoctor.sources import Named, named_files, tell_skipped
from loopdoctor.sources.urls import masked, scheme_of
from loopdoctor.stopping import Stop

LOCAL = "local"
FAN = 16
"""Parts that one task merges: the tree over 100,000 shards is five deep, and no task needs much memory."""

RETRIES = 2
PATIENCE = 30.0
"""Seconds to wait for the scheduler, and for its first worker."""

BATCH = 2000
"""Shards that the scheduler is given ahead of those that were read: 100,000 at once cost this process 900 MB."""

MOMENT = 0.02
"""Seconds between looks at what has come, and at whether the report was asked for."""

NoLog = tuple[str, str]
"""The directory that was named, and a file in it that is no log."""


class Gathered(NamedTuple):
    """What some shards gave: their part, encoded, and the files that are no logs."""

    part: bytes
    skipped: tuple[NoLog, ...]


class Branch(NamedTuple):
    """A task of the tree: the shards below it, by number, and the tasks that it merges, held until it has done so."""

    future: Any
    level: int
    shards: tuple[int, ...]
    below: tuple[Branch, ...] = ()


def read_shard(file: Named, settings: Settings, version: str) -> Gathered:
    """The task that reads one file. Raises LoopdoctorError on a worker with another version (it may come late)."""
    if version != __version__:
        raise LoopdoctorError("versions-differ", f"the worker has loopdoctor {__version__}, not {version}")
    part, skipped = read_alone(file, settings)
    return Gathered(part, tuple((file.within, name) for name in skipped))


def join(several: Sequence[Gathered]) -> Gathered:
    """The task that merges what some shards gave."""
    whole = merge(decode(one.part, "a part from a worker") for one in several)
    return Gathered(encode(whole), tuple(sorted(name for one in several for name in one.skipped)))


def scan_on_cluster(
    address: str,
    paths: Sequence[str],
    settings: Settings,
    *,
    progress: Progress | None = None,
    keep: bool = False,
    stop: Stop | None = None,
) -> Report:
    """The report on all files within ``paths``, read by the workers of the scheduler at ``address``.

    ``local``: by processes on this machine (``settings.jobs`` of them). Directories and patterns are looked up here,
    files are opened there: both must see them by the same path. The report is that of ``pipeline.scan`` on the same
    files in the order of their names. A file that cannot be read becomes a notice that names it.

    Raises LoopdoctorError if a path names nothing, there is no such cluster, or its workers have another loopdoctor.
    Once ``stop`` is set, or interrupted by Ctrl-C, it reports on what was read until then.
    """
    state = Run(settings, progress, keep=keep, stop=stop)
    here = os.getcwd()  # noqa: PTH109 - a name, for the workers
    if elsewhere := next(filter(scheme_of, paths), ""):
        hint = "leave out --dask, or name files"
        raise LoopdoctorError("usage", "addresses cannot be read on a cluster", context=masked(elsewhere), hint=hint)
    shards = [file._replace(base=here) for file in named_files(paths, state.notify)]
    if any(file.path == "-" for file in shards):
        raise LoopdoctorError("usage", "standard input cannot be read on a cluster", hint="name files")
    theirs = replace(settings, rules=tuple(os.path.abspath(rules) for rules in settings.rules))  # noqa: PTH100
    with connected(address, settings.jobs) as client:
        check_workers(client, theirs.rules, name_of_rules(state.catalogue), address)
        found = Harvest(client, shards, state).gather(theirs)
    take(state, found, shards)
    return state.report()


def take(state: Run, found: Gathered, shards: Sequence[Named]) -> None:
    """Puts the part of the whole into the run that reports."""
    whole = decode(found.part, "the part from the cluster")
    for notice in whole.notices:
        state.notify(notice)
    for piece in whole.pieces:
        state.replay(piece)
    skipped: dict[str, list[str]] = defaultdict(list)
    for within, name in found.skipped:
        skipped[within].append(name)
    for within, names in skipped.items():
        tell_skipped(within or names[0], names, state.notify)


@contextmanager
def connected(address: str, jobs: int) -> Iterator[Any]:
    """A client of the cluster; one of our own is stopped at the end. Raises LoopdoctorError where there is none."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        hint = "pip install 'loopdoctor[dask]'"
        raise LoopdoctorError("dask-missing", "--dask needs packages that are not installed", hint=hint) from None
    try:
        if address == LOCAL:
            cluster = LocalCluster(  # type: ignore[no-untyped-call, unused-ignore]
                n_workers=jobs or os.cpu_count() or 1,
                threads_per_worker=1,
                dashboard_address=None,
                silence_logs=50,
                preload=["loopdoctor.cluster"],
            )
            with cluster, Client(cluster) as client:
                yield client
            return
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        hint = "start one with `dask scheduler`, and workers with `dask worker ADDRESS --nthreads 1`"
        message = f"there is no scheduler that answers ({str(error)[:200] or type(error).__name__})"
        raise LoopdoctorError("cluster-unreachable", message, context=address, hint=hint) from None
    with client:
        yield client


def dask_setup(worker: Any) -> None:
    """What Dask runs in each worker of a local cluster: Ctrl-C is for the client, which asks for what they have."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def about_worker(rules: tuple[str, ...]) -> tuple[str, str]:
    """The version of loopdoctor on a worker, and the name of the rules that it would use."""
    return __version__, name_of_rules(load_catalogue(rules))


def check_workers(client: Any, rules: tuple[str, ...], named: str, address: str) -> None:
    """Raises LoopdoctorError if there is no worker, or one has another loopdoctor or other rules than this process."""
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError:
        message = f"no worker has come to the scheduler within {PATIENCE:.0f} s"
        hint = f"start some: dask worker {address} --nthreads 1"
        raise LoopdoctorError("cluster-empty", message, context=address, hint=hint) from None
    for worker, told in sorted(client.run(about_worker, rules, on_error="return").items()):
        hint = "install loopdoctor there as it is here, and let the workers see the same --rules"
        if isinstance(told, ImportError):
            message = f"loopdoctor {__version__} is not installed on the worker ({told})"
        elif isinstance(told, BaseException):
            message = f"the worker cannot be used ({told})"
        elif told[0] != __version__:
            message = f"the worker has loopdoctor {told[0]}, and this is {__version__}"
        elif told[1] != named:
            message = "the worker has other rules than this machine"
        else:
            continue
        raise LoopdoctorError("workers-differ", message, context=worker, hint=hint)


class Harvest:
    """Hands shards to the cluster and merges what comes, level by level: only parts of a like size meet."""

    def __init__(self, client: Any, shards: Sequence[Named], state: Run) -> None:
        self.client = client
        self.shards = shards
        self.state = state
        self.next = 0
        self.waiting: dict[str, Branch] = {}
        self.ready: dict[int, list[Branch]] = defaultdict(list)
        self.missing = 0
        self.meter = Meter(shards, state.progress)

    def gather(self, settings: Settings) -> Gathered:
        """What all shards gave; on Ctrl-C those that were read until then."""
        from distributed import as_completed

        try:
            completed = as_completed()
            while self._hand_out(settings, completed):
                while not completed.has_ready():
                    if self.state.stop.is_set():
                        raise KeyboardInterrupt
                    time.sleep(MOMENT)
                for done in completed.next_batch(block=False):
                    self._come(self.waiting.pop(done.key))
            return self._root()
        except KeyboardInterrupt:
            self.state.interrupted = True
            return self._so_far()
        finally:
            if self.missing:
                self._tell_missing()

    def _hand_out(self, settings: Settings, completed: Any) -> bool:
        """Gives the scheduler shards and merges; False once all is done."""
        if self.next < len(self.shards) and len(self.waiting) <= BATCH // 2:
            first, self.next = self.next, min(self.next + BATCH, len(self.shards))
            futures = self.client.map(
                read_shard,
                self.shards[first : self.next],
                settings=settings,
                version=__version__,
                key="loopdoctor-read",
                pure=False,
                retries=RETRIES,
            )
            branches = [Branch(future, 0, (number,)) for number, future in enumerate(futures, first)]
        else:
            branches = []
        for branch in [*branches, *self._merges(last=not branches)]:
            self.waiting[branch.future.key] = branch
            completed.add(branch.future)
        return bool(self.waiting)

    def _come(self, branch: Branch) -> None:
        """Takes a task that has ended, well or not."""
        if branch.future.status == "finished":
            self.ready[branch.level].append(branch._replace(below=()))
            if branch.level == 0:
                self.meter.advance(branch.shards[0])
            return
        if self.client.status != "running":
            hint = "what its workers had read is lost; see its log, and scan again"
            raise LoopdoctorError("cluster-lost", "the connection to the scheduler has broken", hint=hint)
        fit = [child for child in branch.below if child.future.status == "finished"]
        if branch.below and len(fit) < len(branch.below):
            # Its worker was lost and a shard could not be read again: the others do without it.
            for child in branch.below:
                if child in fit:
                    self.ready[child.level].append(child)
                else:
                    self._lose(child)
            return
        self._lose(branch)

    def _merges(self, *, last: bool) -> Iterator[Branch]:
        """The merges that can be started now."""
        started = False
        for level in sorted(self.ready):
            while len(self.ready[level]) >= FAN:
                several, self.ready[level] = self.ready[level][:FAN], self.ready[level][FAN:]
                started = True
                yield self._merge(several, level + 1)
        if last and not started and not self.waiting:
            rest = [branch for level in sorted(self.ready) for branch in self.ready[level]]
            if len(rest) > 1:
                self.ready.clear()
                self.ready[rest[-1].level + 1] = rest[FAN:]
                yield self._merge(rest[:FAN], rest[-1].level + 1)

    def _merge(self, several: Sequence[Branch], level: int) -> Branch:
        future = self.client.submit(
            join,
            [branch.future for branch in several],
            pure=False,
            retries=RETRIES,
            priority=10,
        )
        return Branch(future, level, tuple(n for branch in several for n in branch.shards), tuple(several))

    def _root(self) -> Gathered:
        for branches in self.ready.values():
            for branch in branches:
                return Gathered(*branch.future.result())
        return join([])

    def _so_far(self) -> Gathered:
        """What has been read when the user has had enough: fetched as it lies, since the workers are still busy."""
        came = [branch for branches in self.ready.values() for branch in branches]
        for branch in self.waiting.values():
            came += [child for child in branch.below if child.future.status == "finished"]
        self.client.cancel([branch.future for branch in self.waiting.values() if not branch.below], force=True)
        found = join([])
        for at in range(0, len(came), FAN):
            futures = [branch.future for branch in came[at : at + FAN]]
            found = join([found, *self.client.gather(futures, errors="skip", direct=False)])
        return found

    def _lose(self, branch: Branch) -> None:
        for number in branch.shards:
            self.missing += 1
            message = f"could not be read on the cluster ({reason(branch.future)}); what is in it is missing here"
            self.state.notify(Notice("shard-failed", message, self.shards[number].path))

    def _tell_missing(self) -> None:
        message = f"{self.missing} of {len(self.shards)} logs could not be read; the report is on the others"
        self.state.notices.insert(0, Notice("logs-missing", message, ""))


def reason(future: Any) -> str:
    """Why a task has failed, in a few words."""
    error = future.exception() if future.status == "error" else None
    if isinstance(error, LoopdoctorError):
        return error.message
    if type(error).__name__ == "KilledWorker":
        return "every worker that tried has died"
    return f"{type(error).__name__}: {error}"[:300] if error is not None else f"the task was {future.status}"


class Meter:
    """How far all shards have come together: in bytes where this machine sees the files, else their number."""

    def __init__(self, shards: Sequence[Named], progress: Progress | None) -> None:
        self.progress = progress
        self.number = len(shards)
        self.count = self.done = 0
        self.sizes: list[int] | None = None
        if progress is not None:
            with suppress(OSError):  # addresses have no size here
                self.sizes = [os.stat(file.path).st_size for file in shards]  # noqa: PTH116 - it may be no text
            self.total = sum(self.sizes or ())

    def advance(self, number: int) -> None:
        """One more was read."""
        if self.progress is None:
            return
        self.count += 1
        if self.sizes is None:
            self.progress(ProgressTick(f"{self.count} of {self.number} logs", 0, None))
        else:
            self.done += self.sizes[number]
            self.progress(ProgressTick(f"{self.number} logs", self.done, self.total))
