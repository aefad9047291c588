"""The Markdown that GitHub shows on the page of a workflow run; ``delivery.append`` puts it into the run's file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loopdoctor.model import FixStep, Report
from loopdoctor.render import View
from loopdoctor.render.commonmark import code, fenced, prose
from loopdoctor.render.outline import Outline, Severity, outlines, percent, place_of
from loopdoctor.render.quotes import cut, quote

MAX_BYTES = 1 << 20
"""What GitHub takes of one step; it shows nothing at all of a longer one.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands (job summaries)
"""

CUT = "\n\nThe summary was cut here: GitHub takes 1 MiB. `loopdoctor scan --format json` has all of it.\n"

_MARKS: Mapping[Severity, str] = {"error": ":x:", "warning": ":warning:", "notice": ":information_source:"}
_MOST = 20
_QUOTE = 2400


def summary(report: Report, titles: Mapping[str, str], view: View) -> Iterator[str]:
    """The summary in pieces, none of which may be cut in two: a head, one an incident (worst first), the rest."""
    found = outlines(report, titles, view.checkout)
    logs = code(report.inputs[0].path) if len(report.inputs) == 1 else f"{len(report.inputs)} logs"
    count = f"{len(found)} asyncio failure{'' if len(found) == 1 else 's'}" if found else "No asyncio failure"
    yield f"## loopdoctor: {count} in {logs}\n\n"
    if report.stats.interrupted:
        yield "The scan was stopped; this is what was found until then.\n\n"
    for number, outline in enumerate(found, 1):
        yield "".join(_incident(number, outline))
    yield "".join(_rest(report))


def _incident(number: int, outline: Outline) -> Iterator[str]:
    incident = outline.diagnosis.incident
    yield f"### {number}. {_MARKS[outline.severity]} {prose(outline.symptom)}\n\n"
    cause = outline.cause
    if cause is not None:
        yield f"**{prose(cause.title)}** ({percent(cause.confidence)} sure)\n\n"
    yield f"{prose(outline.told)}\n\n"
    if incident.culprit is not None:
        where = f"{outline.file}:{outline.line}" if outline.file else place_of(incident.culprit)
        yield f"Where: {code(where)}\n\n"
    if incident.members:
        record = incident.members[0].symptom.record
        yield f"Evidence: {code(f'{record.source}:{record.start_line}')}\n\n"
        yield _block(quote(record, limit=_QUOTE).text, "text")
    if cause is not None and cause.steps:
        yield "<details><summary>How to fix it</summary>\n\n"
        for place, step in enumerate(cause.steps, 1):
            yield from fix_step(place, step)
        yield "</details>\n\n"


def fix_step(number: int, step: FixStep) -> Iterator[str]:
    """One step of a fix with its code, as Markdown."""
    yield f"{number}\\. **{prose(step.title)}**\n\n"
    for paragraph in step.text.split("\n\n"):
        if paragraph.strip():
            yield f"{prose(paragraph)}\n\n"
    if step.wrong:
        yield "Instead of\n\n" + _block(step.wrong, "python")
    if step.code:
        yield ("Write\n\n" if step.wrong else "") + _block(step.code, "python")


def _block(text: str, language: str) -> str:
    return fenced(text.rstrip("\n").split("\n"), language) + "\n\n"


def _rest(report: Report) -> Iterator[str]:
    if report.unexplained:
        yield "### Other failures, which no rule explains\n\n"
        for failure in report.unexplained[:_MOST]:
            said = ": ".join(part for part in (failure.exception, cut(failure.message, 200)) if part)
            at = f"{failure.first.source}:{failure.first.line}"
            yield f"- {code(said or 'traceback without its last line')}, {failure.occurrences} x, "
            yield f"{code(at)}\n"
        yield _more(len(report.unexplained))
    if report.notices:
        yield "### About this scan\n\n"
        for notice in report.notices[:_MOST]:
            place = notice.source if notice.line is None else f"{notice.source}:{notice.line}"
            yield f"- {prose(notice.message)}" + (f" {code(place)}\n" if place else "\n")
        yield _more(len(report.notices))


def _more(count: int) -> str:
    return f"- and {count - _MOST} more\n\n" if count > _MOST else "\n"
