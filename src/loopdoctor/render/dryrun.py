"""A dry run for the author of a rule: what each record went through, and how each incident was weighed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.text import Text

from loopdoctor.model import Judged, Passed, Record, Skipped
from loopdoctor.render import View
from loopdoctor.render.page import Page, plain
from loopdoctor.render.quotes import cut
from loopdoctor.render.weighing import weigh

_MOST_WORDS = 6
_MOST_REFUSALS = 12


def render(steps: Iterable[Passed | Judged | Skipped], view: View) -> Iterator[str]:
    """Each record (carrier, record, symptoms, and the rules that did not hold), then each incident with its sums."""
    page = Page(view)
    number = 0
    for step in steps:
        if isinstance(step, Passed):
            _record(page, step)
        elif isinstance(step, Skipped):
            _skipped(page, step)
        else:
            number += 1
            _incident(page, number, step)
        yield page.take()


def _record(page: Page, step: Passed) -> None:
    record = step.record
    page.wide(plain(f"{record.source}:{record.start_line}-{record.end_line}", "bold cyan"))
    page.label("carrier")
    stream = f", stream {record.stream}" if record.stream else ""
    page.words(plain(f"{record.head.carrier}{stream}"))
    page.label("record")
    said = ": ".join(part for part in (record.exception, cut(record.message, 200)) if part)
    page.words(plain(f"{record.kind}{f'  {said}' if said else ''}"))
    _words(page, record)
    page.label("symptoms")
    if not step.symptoms:
        page.words(Text("none", "yellow"))
    for symptom in step.symptoms:
        captures = "".join(f"  {key}={cut(value, 60)}" for key, value in symptom.captures)
        page.words(Text.assemble(plain(symptom.id, "bold green"), plain(f"  line {symptom.line}{captures}")))
    for index, refusal in enumerate(step.refusals[:_MOST_REFUSALS]):
        if not index:
            page.label("not")
        reason = f"  line {refusal.line}: {cut(refusal.reason, 160)}"
        page.words(Text.assemble(plain(refusal.rule, "bold"), plain(reason, "dim")))
    if len(step.refusals) > _MOST_REFUSALS:
        page.words(Text(f"and {len(step.refusals) - _MOST_REFUSALS} more", "dim"))
    page.blank()


def _words(page: Page, record: Record) -> None:
    page.label("words")
    for number, word in list(zip(record.words_at, record.words, strict=True))[:_MOST_WORDS]:
        page.words(plain(f"{number}: {cut(word, 200)}"))
    if len(record.words) > _MOST_WORDS:
        page.words(Text(f"and {len(record.words) - _MOST_WORDS} more", "dim"))


def _skipped(page: Page, step: Skipped) -> None:
    if step.beyond:
        page.wide(Text(f"{step.beyond:,} further records call up a rule and are not shown.", "yellow"))
    if step.silent:
        page.wide(Text(f"{step.silent:,} records hold no words of the catalogue.", "dim"))


def _incident(page: Page, number: int, step: Judged) -> None:
    diagnosis = step.diagnosis
    incident = diagnosis.incident
    page.blank()
    root = incident.members[0].symptom.id if incident.members else ""
    page.wide(plain(f"incident {number}: {root}, first at {incident.first.source}:{incident.first.line}", "bold"))
    page.rule()
    page.label("symptoms")
    for member in incident.members:
        why = f"  consequence: {member.consequence}" if member.consequence else ""
        page.words(plain(f"{member.symptom.id}  line {member.symptom.line}{why}"))
    for candidate in diagnosis.candidates:
        page.section("cause")
        weigh(page, candidate, step.priors.get(candidate.id))
