"""``scan --state``: one run after the other, each telling what was added since, and nothing twice.

What a run found, and how far it read, become true together by one rename (``state_file``); then the reports are
delivered, and then the state forgets them. A run that was killed in between has left them there, and the next begins
with delivering them: a file is written whole under its own name, so it makes no difference how often; standard output
may have had them already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any

from msgspec.structs import replace

from loopdoctor.additions import scan_added
from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Diagnosis, History, Report
from loopdoctor.pipeline import Progress
from loopdoctor.render.messages import say
from loopdoctor.render.targets import Edit, Target, put, rendered
from loopdoctor.settings import Settings
from loopdoctor.sources.bookmarks import Bookmark
from loopdoctor.sources.files import STDIN
from loopdoctor.sources.urls import scheme_of
from loopdoctor.state_file import (
    Known,
    Pending,
    State,
    Text,
    bounded_files,
    bounded_known,
    lock_of,
    locked,
    read_state,
    settle,
    write_state,
)
from loopdoctor.stopping import Stop

Failed = Callable[[LoopdoctorError], None]


@contextmanager
def begin(path: str, sources: Sequence[str]) -> Iterator[Again]:
    """The state for one run, locked. Raises LoopdoctorError if it cannot be used, and for what is no file here."""
    if STDIN in sources:
        hint = "name the files that are to be read on: scan --state FILE a.log"
        raise LoopdoctorError("state-input", "--state cannot read standard input: nobody can go on in it", hint=hint)
    for remote in [source for source in sources if scheme_of(source)]:
        hint = "scan it without --state, or where its log is written"
        raise LoopdoctorError("state-input", "--state reads files of this machine only", context=remote, hint=hint)
    if not Path(path).absolute().parent.is_dir() or Path(path).is_dir():
        raise LoopdoctorError("state-unwritable", "there can be no such file for the state", context=path)
    with locked(path):
        yield Again(path, read_state(path), sources)


class Again:
    """One run, between the state that the one before has left and the one that it leaves itself."""

    def __init__(self, path: str, state: State, sources: Sequence[str]) -> None:
        self._path = path
        self._state = state
        self._sources = sources
        self._looked = time()
        self._marks: tuple[Bookmark, ...] = ()
        self._known: dict[str, Known] = dict(state.known)

    def resume(self, targets: Sequence[Target], failed: Failed) -> int | None:
        """Delivers what a run before could not, as far as is known.

        The exit status if that was all: where a report of this run would take the place of one of that run, this run
        ends here, so that each can be seen, and the next one reads on.
        """
        pending = self._state.pending
        if pending is None:
            return None
        written = self._deliver(pending, failed)
        taken = {_place(text.path) for text in pending.texts} & {_place(target.path) for target in targets}
        if not written:
            return 2
        if not taken:
            return None
        say("notice", "this is the report of a run that was killed; the next run reads on from there", self._path)
        return pending.status

    def scan(self, settings: Settings, stop: Stop, *, progress: Progress | None, keep: bool) -> Report:
        """What was added since. Raises LoopdoctorError for logs or rules that cannot be read."""
        own = [str(Path(path).resolve()) for path in (self._path, lock_of(self._path))]
        report, self._marks = scan_added(
            self._sources,
            self._state.files,
            self._state.looked,
            settings,
            apart=own,
            progress=progress,
            keep=keep,
            stop=stop,
        )
        return report

    def compare(self, report: Report) -> Report:
        """The report with what earlier runs have seen of each incident."""
        return replace(report, diagnoses=tuple(map(self._with_history, report.diagnoses)))

    def _with_history(self, diagnosis: Diagnosis) -> Diagnosis:
        fingerprint, times = diagnosis.incident.fingerprint, diagnosis.incident.occurrences
        now = datetime.fromtimestamp(self._looked, UTC).isoformat(timespec="seconds")
        before, so_far = self._state.known.get(fingerprint), self._known.get(fingerprint)
        total = times + (so_far.occurrences if so_far else 0)
        self._known[fingerprint] = Known(before.first if before else now, now, total)
        history = History(before.first if before else None, before.last if before else None, total)
        return replace(diagnosis, history=history)

    def deliver(
        self,
        report: Report,
        titles: Mapping[str, str],
        targets: Sequence[Target],
        look: Mapping[str, Any],
        failed: Failed,
        edit: Edit | None,
        status: int,
    ) -> bool:
        """Advances the state and writes every report; True if all were. A run that was stopped does nothing."""
        if report.stats.interrupted:
            say("notice", "the scan was stopped: nothing was told, and the next run reads it all", self._path)
            return True
        report = self.compare(report)
        texts = tuple(
            Text(target.format, str(Path(target.path).absolute()) if target.path else None, text)
            for target, text in rendered(report, titles, targets, look, edit)
        )
        self._state = State(
            runs=self._state.runs + 1,
            looked=self._looked,
            files=bounded_files(self._marks, self._looked),
            known=bounded_known(self._known),
            pending=Pending(texts, status),
        )
        write_state(self._state, self._path)
        return self._deliver(Pending(texts, status), failed)

    def _deliver(self, pending: Pending, failed: Failed) -> bool:
        """Writes what is pending; what could not be written stays so."""
        left = []
        for text in pending.texts:
            try:
                put(Target(text.format, text.path), [text.text])
                if text.path is not None and Path(text.path).is_file():
                    settle(Path(text.path))
                    settle(Path(text.path).resolve().parent)
            except LoopdoctorError as error:
                failed(error)
                left.append(text)
        self._state = replace(self._state, pending=replace(pending, texts=tuple(left)) if left else None)
        write_state(self._state, self._path)
        return not left


def _place(path: str | None) -> str:
    return "" if path is None else str(Path(path).resolve())
