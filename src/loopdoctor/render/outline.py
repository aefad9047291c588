"""An incident in a few plain words, and where it is: what the formats for other tools have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct

from loopdoctor.checkout import Checkout
from loopdoctor.model import Candidate, Diagnosis, Frame, Report
from loopdoctor.render.escape import visible
from loopdoctor.render.quotes import cut

Severity = Literal["error", "warning", "notice"]

SURE = 0.5
"""The confidence of a first cause from which on lost work is an error, not a warning."""

_ORDER: Mapping[Severity, int] = {"error": 0, "warning": 1, "notice": 2}
_VERDICTS = {
    "lost-work": "Work was lost",
    "resource-leak": "A resource leaks",
    "exit-noise": "Harmless noise at exit",
}
_WORD = 200
_SENTENCE = 600


class Outline(Struct, frozen=True):
    """One incident. All texts are single harmless lines; whoever prints them escapes them for the format.

    ``rule`` is the id of the first cause (of the root symptom if there is none), ``symptom`` the title of the root
    symptom, ``title`` that of the cause, ``told`` says the rest in sentences. ``file`` is the culprit's own file in
    the checkout, from its root ("" if it is not there), and ``line`` the line in it; ``log`` and ``log_line`` are
    where it was first seen. ``fingerprint`` is unique within the report.
    """

    diagnosis: Diagnosis
    rule: str
    title: str
    symptom: str
    severity: Severity
    confidence: float
    told: str
    fingerprint: str
    file: str
    line: int
    log: str
    log_line: int

    @property
    def cause(self) -> Candidate | None:
        """The first cause."""
        return self.diagnosis.candidates[0] if self.diagnosis.candidates else None

    @property
    def headline(self) -> str:
        """Symptom and cause in one line."""
        if not self.title:
            return self.symptom
        return f"{self.symptom}: {self.title} ({percent(self.confidence)} sure)"


def outlines(report: Report, titles: Mapping[str, str], checkout: Checkout | None) -> list[Outline]:
    """Every incident of the report, the worst first, else in the report's order."""
    seen: dict[str, int] = {}
    found = []
    for diagnosis in report.diagnoses:
        print_ = visible(diagnosis.incident.fingerprint)
        seen[print_] = seen.get(print_, 0) + 1
        # The same failure before and after a stop signal is told as two, and readers drop what they have seen.
        unique = print_ if seen[print_] == 1 else f"{print_}-{seen[print_]}"
        found.append(_outline(diagnosis, titles, checkout, unique))
    return sorted(found, key=lambda outline: _ORDER[outline.severity])


def _outline(diagnosis: Diagnosis, titles: Mapping[str, str], checkout: Checkout | None, fingerprint: str) -> Outline:
    incident = diagnosis.incident
    root = incident.members[0].symptom.id if incident.members else ""
    cause = diagnosis.candidates[0] if diagnosis.candidates else None
    confidence = min(max(cause.confidence, 0.0), 1.0) if cause else 0.0
    file = file_of(incident.culprit, checkout)
    return Outline(
        diagnosis=diagnosis,
        rule=visible(cause.id if cause else root or "unknown"),
        title=visible(cut(cause.title, _SENTENCE)) if cause else "",
        symptom=visible(cut(titles.get(root, root) or "asyncio failure", _WORD)),
        severity=_severity(diagnosis, confidence),
        confidence=confidence,
        told=_told(diagnosis),
        fingerprint=fingerprint,
        file=file,
        line=max((incident.culprit.line or 1) if file and incident.culprit else 1, 1),
        log=path_of(incident.first.source, checkout),
        log_line=max(incident.first.line, 1),
    )


def _severity(diagnosis: Diagnosis, confidence: float) -> Severity:
    if diagnosis.known or diagnosis.verdict == "exit-noise":
        return "notice"
    return "error" if diagnosis.verdict == "lost-work" and confidence >= SURE else "warning"


def _told(diagnosis: Diagnosis) -> str:
    """Verdict, place, count, and the titles of the steps."""
    incident = diagnosis.incident
    sentences = []
    verdict = _VERDICTS.get(diagnosis.verdict, diagnosis.verdict)
    reason = cut(diagnosis.reason.strip(), _SENTENCE)
    if verdict or reason:
        sentences.append(f"{verdict}: {reason}" if verdict and reason else verdict or reason)
    if incident.culprit is not None:
        within = f" in {cut(incident.culprit.function, _WORD)}" if incident.culprit.function else ""
        sentences.append(f"It happens at {place_of(incident.culprit)}{within}")
    times = "once" if incident.occurrences == 1 else f"{incident.occurrences:,} times"
    if diagnosis.known:
        sentences.append("Known (baseline)")
    sentences.append(f"Seen {times}, first at {incident.first.source}:{incident.first.line}")
    if diagnosis.undecided and len(diagnosis.candidates) > 1:
        second = diagnosis.candidates[1]
        sentences.append(f"Undecided: it may as well be {second.id} ({percent(second.confidence)})")
    cause = diagnosis.candidates[0] if diagnosis.candidates else None
    if cause is not None:
        if cause.steps:
            sentences.append("To fix it: " + "; ".join(step.title.rstrip(".") for step in cause.steps))
        sentences.append(f"In full: loopdoctor explain {cause.id}")
    return visible(sentence_by_sentence(sentences))


def sentence_by_sentence(sentences: Iterable[str]) -> str:
    """The sentences in one line, each with its full stop."""
    said = (sentence.strip() for sentence in sentences)
    return " ".join(text if text.endswith((".", "!", "?")) else f"{text}." for text in said if text)


def place_of(frame: Frame) -> str:
    """``file:line`` as the log printed it."""
    return visible(cut(frame.file if frame.line is None else f"{frame.file}:{frame.line}", _WORD * 2))


def file_of(frame: Frame | None, checkout: Checkout | None) -> str:
    """The frame's file in the checkout, from its root; "" if it is not there."""
    if frame is None or checkout is None:
        return ""
    found = checkout.find(frame.file, frame.line, frame.source)
    return found if found is not None and visible(found) == found else ""


def path_of(source: str, checkout: Checkout | None) -> str:
    """A log's path with slashes: from the checkout's root if it lies below it, else as it was given."""
    if source in {"-", "<stdin>", ""}:
        return "stdin"
    below = checkout.relative(source) if checkout is not None else None
    return visible(below if below is not None else source.replace("\\", "/").removeprefix("./"))


def percent(share: float) -> str:
    """A confidence for people."""
    return f"{round(100 * min(max(share, 0.0), 1.0))} %"
