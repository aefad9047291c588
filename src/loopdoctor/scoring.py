"""How well reports agree with labelled logs: found, first, among three, misled, spurious, quiet, calibrated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from loopdoctor.catalogue.load import load_catalogue
from loopdoctor.labels import Answer, Case, Expectation, Score
from loopdoctor.model import Diagnosis, Report
from loopdoctor.pipeline import scan
from loopdoctor.settings import Settings

BINS = 10


def _plain(text: str) -> str:
    return " ".join(text.split()).lower()


def _words(diagnosis: Diagnosis) -> str:
    """All that an incident's kept records say."""
    records = {id(member.symptom.record): member.symptom.record for member in diagnosis.incident.members}
    return _plain("\n".join(line.text for record in records.values() for line in record.lines))


def _likeness(diagnosis: Diagnosis, want: Expectation) -> int:
    """How many of the expected messages and symptoms an incident shows."""
    text = _words(diagnosis)
    symptoms = {symptom for symptom, _ in diagnosis.incident.counts}
    return sum(_plain(message) in text for message in want.messages) + len(symptoms & set(want.symptoms))


def meant(diagnoses: Sequence[Diagnosis], want: Expectation) -> list[Diagnosis]:
    """The incidents that show most of what is expected; of no expectation in words, all."""
    likeness = [_likeness(diagnosis, want) for diagnosis in diagnoses]
    best = max(likeness, default=0)
    wordless = not want.messages and not want.symptoms
    return [one for one, alike in zip(diagnoses, likeness, strict=True) if alike == best and (best or wordless)]


def answers(case: Case, report: Report) -> Iterator[Answer]:
    """The answer to each expectation of a case."""
    texts = [_words(diagnosis) for diagnosis in report.diagnoses]
    had = {symptom for diagnosis in report.diagnoses for symptom, _ in diagnosis.incident.counts}
    for want in case.expectations:
        candidates = meant(report.diagnoses, want)
        found = all(any(_plain(message) in text for text in texts) for message in want.messages)
        found = found and set(want.symptoms) <= had and bool(candidates)
        ranked = [tuple(cause.id for cause in diagnosis.candidates) for diagnosis in candidates]
        at = next((at for at, causes in enumerate(ranked) if causes and causes[0] in want.causes), 0)
        if not ranked:
            yield Answer(case, want, found)
            continue
        yield Answer(case, want, found, ranked[at], candidates[at].candidates[0].confidence)


def spurious(case: Case, report: Report) -> int:
    """Incidents whose first cause no expectation of the case accepts."""
    accepted = {cause for want in case.expectations for cause in want.causes}
    if not case.expectations:
        return 0
    return sum(diagnosis.candidates[0].id not in accepted for diagnosis in report.diagnoses)


def total(judged: Iterable[tuple[Case, Report]]) -> tuple[Score, list[Answer]]:
    """The totals over all cases, and every answer."""
    given: list[Answer] = []
    count: Counter[str] = Counter()
    for case, report in judged:
        given += answers(case, report)
        count["cases"] += 1
        count["spurious"] += spurious(case, report)
        if not case.expectations:
            count["negatives"] += 1
            count["quiet"] += not report.diagnoses
    score = Score(
        cases=count["cases"],
        expected=len(given),
        found=sum(answer.found for answer in given),
        first=sum(answer.first for answer in given),
        among_three=sum(answer.among_three for answer in given),
        misled=sum(answer.misled for answer in given),
        spurious=count["spurious"],
        negatives=count["negatives"],
        quiet=count["quiet"],
        error=calibration_error([(a.confidence, a.first) for a in given if a.confidence is not None]),
    )
    return score, given


def judge(cases: Iterable[Case], rules: Sequence[str] = ()) -> list[tuple[Case, Report]]:
    """Scans every case. Raises LoopdoctorError for a log that cannot be read or rules that are broken."""
    settings = Settings(rules=tuple(rules))
    catalogue = load_catalogue(rules)
    return [(case, scan([case.log], settings, catalogue=catalogue)) for case in cases]


def calibration_error(answers: Sequence[tuple[float, bool]]) -> float:
    """The expected calibration error over ten bins: how far confidences are from the share of right answers."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in answers:
        bins.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, right))
    gaps = (abs(sum(p for p, _ in answers) - sum(right for _, right in answers)) for answers in bins.values())
    return sum(gaps) / len(answers) if answers else 0.0
