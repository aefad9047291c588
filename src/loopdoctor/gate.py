"""What of a report counts: known failures of a baseline, those that are to be ignored, and what fails the command."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from loopdoctor.model import Diagnosis, Ignored, Notice, Report, Update


class Ignore(Struct, frozen=True):
    """The id of a cause, of a symptom, or a fingerprint that is to be left out, and why."""

    id: str
    reason: str = ""


class Gate:
    """Marks the diagnoses that a baseline knows and sets those apart that are to be ignored."""

    def __init__(self, known: Collection[str] = (), ignores: Iterable[Ignore] = ()) -> None:
        self._known = known
        self._ignores = {ignore.id: ignore for ignore in ignores}

    def see(self, diagnosis: Diagnosis) -> Diagnosis | Ignored:
        """One diagnosis as it is to be told."""
        ignore = self._ignore_of(diagnosis) if self._ignores else None
        if ignore is not None:
            return Ignored(diagnosis, ignore.id, ignore.reason)
        known = diagnosis.incident.fingerprint in self._known
        return msgspec.structs.replace(diagnosis, known=True) if known else diagnosis

    def judge(self, report: Report) -> Report:
        """The report as it is to be told, with a notice for each id to ignore that nothing had."""
        if not self._known and not self._ignores:
            return report
        seen = [self.see(diagnosis) for diagnosis in report.diagnoses]
        ignored = tuple(one for one in seen if isinstance(one, Ignored))
        unused = set(self._ignores) - {one.id for one in ignored}
        return msgspec.structs.replace(
            report,
            diagnoses=tuple(one for one in seen if isinstance(one, Diagnosis)),
            notices=(*report.notices, *map(_unused, sorted(unused))),
            ignored=ignored,
        )

    def _ignore_of(self, diagnosis: Diagnosis) -> Ignore | None:
        """By fingerprint, by first cause, or by symptom: then each root must be one that is ignored."""
        by_id = self._ignores
        causes = [candidate.id for candidate in diagnosis.candidates[:1]]
        for wanted in (diagnosis.incident.fingerprint, *causes):
            if wanted in by_id:
                return by_id[wanted]
        roots = [member.symptom.id for member in diagnosis.incident.members if not member.consequence]
        return by_id[roots[0]] if roots and all(root in by_id for root in roots) else None


def seen_by(gate: Gate, items: Iterable[Update | Report]) -> Iterator[Update | Report]:
    """What a live scan tells, without what is ignored; its report is left as it is."""
    for item in items:
        if isinstance(item, Update):
            seen = gate.see(item.diagnosis)
            if isinstance(seen, Diagnosis):
                yield msgspec.structs.replace(item, diagnosis=seen)
        else:
            yield item


def fails(diagnoses: Sequence[Diagnosis], least: float | None) -> bool:
    """Whether one that is not known has a first cause of at least this confidence; None: nothing fails."""
    if least is None:
        return False
    fresh = (diagnosis for diagnosis in diagnoses if not diagnosis.known)
    return any((one.candidates[0].confidence if one.candidates else 0.0) >= least for one in fresh)


def _unused(wanted: str) -> Notice:
    return Notice("ignore-unused", f"nothing was found that `{wanted}` would ignore")
