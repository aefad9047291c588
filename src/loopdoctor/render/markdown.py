"""The report to paste into an issue: short, and nothing that a log says becomes markup, a mention or a link."""

from __future__ import annotations

from collections.abc import Iterator

from loopdoctor import __version__
from loopdoctor.catalogue.snippets import language
from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Candidate, ClueResult, Diagnosis, FixStep, Frame, Incident, Place, Report
from loopdoctor.render import View
from loopdoctor.render.chronology import events
from loopdoctor.render.commonmark import code, fenced, prose
from loopdoctor.render.page import paragraphs
from loopdoctor.render.quotes import cut, quote, telling
from loopdoctor.render.wording import (
    VERDICTS,
    Titles,
    count,
    found,
    frame_place,
    ignored,
    likely,
    log_place,
    named,
    often,
    percent,
    read,
    times,
    title_of,
    worst_first,
)

MOST = 60_000
"""Characters; GitHub takes 65,536 in the text of an issue."""

_MOST_QUOTES = 2
_MOST_EVENTS = 6
_MOST_UNEXPLAINED = 10
_QUOTED_LINE = 400
_LANGUAGES = {"shell": "sh"}


def render(report: Report, titles: Titles, view: View) -> Iterator[str]:
    """The report in pieces: a heading with the versions, a section an incident (worst first), the rest in few lines."""
    head = _head(report)
    yield head
    left = MOST - len(head) - 2_000
    reproduced = _reproduced() if report.diagnoses else frozenset()
    worst = worst_first(report.diagnoses)
    told: dict[tuple[str, tuple[FixStep, ...]], int] = {}
    for number, diagnosis in enumerate(worst, 1):
        section = "".join(_section(number, diagnosis, titles, view, told, reproduced))
        left -= len(section)
        if left < 0:
            yield f"\n{count(len(worst) - number + 1, 'more incident')}: see `loopdoctor scan` without `--format`.\n"
            break
        yield section
    yield from _rest(report)


def _head(report: Report) -> str:
    pythons = sorted({d.incident.python for d in report.diagnoses if d.incident.python})
    libraries = dict.fromkeys(name for d in report.diagnoses for name in d.incident.libraries)
    seen = [f"loopdoctor {__version__}", *(f"Python {code(python)}" for python in pythons), *map(code, libraries)]
    where = code(named(report.inputs)) if len(report.inputs) == 1 else named(report.inputs)
    lines = [f"## {found(report)} in {where}", "", f"{', '.join(seen)}; {read(report)}"]
    if report.stats.interrupted:
        lines += ["", "The scan was stopped; this is what was found until then."]
    if report.ignored:
        lines += ["", prose(ignored(report))]
    return "\n".join(lines) + "\n"


def _section(
    number: int,
    diagnosis: Diagnosis,
    titles: Titles,
    view: View,
    told: dict[tuple[str, tuple[FixStep, ...]], int],
    reproduced: frozenset[str],
) -> Iterator[str]:
    incident = diagnosis.incident
    yield f"\n### {number}. {prose(title_of(incident, titles))} ({often(diagnosis)})\n"
    verdict = VERDICTS.get(diagnosis.verdict, "")
    if verdict or diagnosis.reason:
        yield f"\n{': '.join(filter(None, [verdict and f'**{verdict}**', prose(diagnosis.reason)]))}\n"
    yield "\n" + "".join(f"- {line}\n" for line in _facts(incident, titles))
    if diagnosis.candidates:
        yield from _causes(diagnosis, view)
    for member in telling(incident, _MOST_QUOTES):
        record = member.symptom.record
        shown = quote(record, head=2, tail=9, limit=3000)
        lines = [cut(line, _QUOTED_LINE) for line in shown.text.split("\n")]
        yield f"\n{code(log_place(Place(record.source, member.symptom.line)))}:\n\n{fenced(lines)}\n"
    if diagnosis.candidates:
        best = diagnosis.candidates[0]
        yield from _mend(number, best, told)
        yield f"\n{_hint(best, reproduced)}\n"


def _facts(incident: Incident, titles: Titles) -> Iterator[str]:
    if incident.culprit is not None:
        yield f"where: {_frame(incident.culprit)}"
    owner = incident.owner
    if owner is not None:
        made = f", made at {_frame(owner.made)}" if owner.made else ""
        switch = f" ({code(owner.switch)} would show where it was made)" if owner.switch and not owner.made else ""
        yield f"whose: {code(cut(owner.what, 200))}{made}{switch}"
    yield f"seen: {_place(incident.first)}" + (
        "" if incident.first == incident.last else f" to {_place(incident.last)}"
    )
    for event in [event for event in events(incident, titles) if not event.root][:_MOST_EVENTS]:
        why = "because of it" if event.consequence else "also"
        yield f"{why}: {prose(event.title)}, {times(event.occurrences)}{f' ({event.after})' if event.after else ''}"


def _causes(diagnosis: Diagnosis, view: View) -> Iterator[str]:
    best, *others = likely(diagnosis.candidates)
    sure = percent(best.confidence) + (", undecided" if diagnosis.undecided else "")
    yield f"\n**Cause ({sure}):** {prose(best.title)}\n"
    for paragraph in paragraphs(best.means):
        yield f"\n{prose(paragraph)}\n"
    for other in others[: max(view.top - 1, 1 if diagnosis.undecided else 0)]:
        yield f"\nOr ({percent(other.confidence)}): {prose(other.title)}\n"
    telling_clues = sorted(
        (clue for clue in best.clues if clue.weight), key=lambda clue: (clue.weight < 0, -abs(clue.weight))
    )
    if telling_clues:
        yield "\n" + "".join(f"- {_clue(clue)}\n" for clue in telling_clues)


def _clue(clue: ClueResult) -> str:
    return f"{'for' if clue.weight > 0 else 'against'}: {'' if clue.held else 'not seen: '}{prose(clue.says)}"


def _mend(number: int, best: Candidate, told: dict[tuple[str, tuple[FixStep, ...]], int]) -> Iterator[str]:
    before = told.setdefault((best.id, best.steps), number)
    if before != number:
        yield f"\n**To fix it:** the steps are those of {before}. above\n"
        return
    if best.steps:
        yield "\n**To fix it:**\n"
    for step_number, step in enumerate(best.steps, 1):
        lead = f"{step_number}. "
        pad = " " * len(lead)
        yield f"\n{lead}**{prose(step.title) or f'Step {step_number}'}**\n"
        for paragraph in paragraphs(step.text):
            yield f"\n{pad}{prose(paragraph)}\n"
        for note, source in (("Instead of", step.wrong), ("Write" if step.wrong else "", step.code)):
            if source.strip():
                name = language(source)
                yield f"\n{pad}{note}:\n" if note else ""
                yield f"\n{fenced(source.rstrip().split(chr(10)), _LANGUAGES.get(name, name), len(lead))}\n"
    if best.check:
        yield f"\n**To check:** {' '.join(prose(item) for item in best.check)}\n"


def _hint(best: Candidate, reproduced: frozenset[str]) -> str:
    explain = f"`loopdoctor explain {best.id}` tells more."
    if best.id not in reproduced:
        return explain
    return (
        f"**To reproduce:** `loopdoctor repro {best.id}` prints a small program that fails so, and its twin. {explain}"
    )


def _reproduced() -> frozenset[str]:
    """The causes that a small program of this installation shows."""
    from loopdoctor.repro import load_pairs

    try:
        return frozenset(pair.cause for pair in load_pairs().pairs.values())
    except LoopdoctorError:
        return frozenset()


def _rest(report: Report) -> Iterator[str]:
    if report.unexplained:
        total = sum(failure.occurrences for failure in report.unexplained)
        yield f"\n### Other failures that no rule explains ({total:,})\n\n"
        often_first = sorted(report.unexplained, key=lambda failure: -failure.occurrences)
        for failure in often_first[:_MOST_UNEXPLAINED]:
            words = ": ".join(part for part in (failure.exception, failure.message) if part)
            said = code(cut(words, 120)) or "a traceback without its last line"
            yield f"- {said}, {times(failure.occurrences)}, {code(log_place(failure.first))}\n"
        if len(often_first) > _MOST_UNEXPLAINED:
            yield f"- and {len(often_first) - _MOST_UNEXPLAINED:,} more\n"
    if report.notices:
        yield f"\n{count(len(report.notices), 'notice')} about the scan: {code(cut(report.notices[0].message, 200))}\n"


def _frame(frame: Frame) -> str:
    return code(frame_place(frame)) + (f" in {code(frame.function)}" if frame.function else "")


def _place(place: Place) -> str:
    return code(log_place(place)) + (f" ({code(place.time)})" if place.time else "")
