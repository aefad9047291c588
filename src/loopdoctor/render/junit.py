"""The report as JUnit XML, for whatever shows the results of tests: one failed test case an incident.

It keeps to what the strictest of the known schemas allows (all of its attributes, texts only where it has them), since
there is no standard. Sources: https://github.com/windyroad/JUnit-Schema and
https://github.com/jenkinsci/xunit-plugin (junit-10.xsd).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from loopdoctor import __version__
from loopdoctor.model import Report
from loopdoctor.render import View
from loopdoctor.render.escape import visible, xml
from loopdoctor.render.outline import Outline, outlines, place_of
from loopdoctor.render.quotes import cut
from loopdoctor.render.text import incident_page

_WIDTH = 100
_MOST_NOTES = 200
_NAME = 200


def render(report: Report, titles: Mapping[str, str], view: View) -> Iterator[str]:
    """The document in pieces; a report without incidents is one test case that passed."""
    found = outlines(report, titles, view.checkout)
    page = View(width=_WIDTH, top=view.top, why=view.why, checkout=view.checkout)
    known = sum(outline.diagnosis.known for outline in found)
    totals = f'tests="{max(len(found), 1)}" failures="{len(found) - known}" errors="0"'
    seconds = f"{max(report.stats.seconds, 0.0):.3f}"
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n'
    yield (
        f'  <testsuite name="loopdoctor" package="loopdoctor" id="0" {totals} skipped="{known}" time="{seconds}" '
        f'timestamp="{_now()}" hostname="localhost">\n'
    )
    yield "    <properties>\n"
    for name, value in _properties(report):
        yield f'      <property name="{xml(name)}" value="{xml(value)}"/>\n'
    yield "    </properties>\n"
    for number, outline in enumerate(found, 1):
        yield _failed(number, outline, titles, page)
    if not found:
        yield '    <testcase classname="loopdoctor" name="no asyncio failure in the logs" time="0"/>\n'
    yield f"    <system-out>{xml(_notes(report))}</system-out>\n    <system-err></system-err>\n"
    yield "  </testsuite>\n</testsuites>\n"


def _now() -> str:
    """This moment in UTC, in the only form that the schema takes."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    yield "loopdoctor", __version__
    yield "bytes", str(report.stats.bytes)
    yield "lines", str(report.stats.lines)
    for source in report.inputs[:_MOST_NOTES]:
        yield "log", visible(source.path)


def _failed(number: int, outline: Outline, titles: Mapping[str, str], page: View) -> str:
    # The fingerprint keeps two incidents of one cause apart, and is the same in the next run.
    name = cut(f"{outline.symptom}: {outline.title or outline.rule}", _NAME)
    told = incident_page(number, outline.diagnosis, titles, page, {}).strip("\n")
    if outline.diagnosis.known:  # it fails nothing
        named = xml(f"{name} [{outline.fingerprint}], known (baseline)")
        return (
            f'    <testcase classname="loopdoctor.{xml(outline.rule)}" name="{named}" time="0"><skipped/></testcase>\n'
        )
    return (
        f'    <testcase classname="loopdoctor.{xml(outline.rule)}" name="{xml(f"{name} [{outline.fingerprint}]")}" '
        f'time="0">\n'
        f'      <failure type="{xml(outline.rule)}" message="{xml(f"{outline.headline}. {outline.told}")}">'
        f"{xml(told)}\n</failure>\n"
        f"    </testcase>\n"
    )


def _notes(report: Report) -> str:
    """What is no incident: failures that no rule explains, and notices about the scan."""
    lines = []
    if report.stats.interrupted:
        lines.append("The scan was stopped; this is what was found until then.")
    for failure in report.unexplained[:_MOST_NOTES]:
        said = ": ".join(part for part in (failure.exception, cut(failure.message, _NAME)) if part)
        at = f" at {place_of(failure.culprit)}" if failure.culprit else ""
        place = f"{failure.first.source}:{failure.first.line}"
        lines.append(f"unexplained: {said or 'traceback without its last line'}{at}, {place}, {failure.occurrences} x")
    for notice in report.notices[:_MOST_NOTES]:
        place = notice.source if notice.line is None else f"{notice.source}:{notice.line}"
        lines.append(f"notice: {notice.message}" + (f" ({place})" if place else ""))
    left = max(len(report.unexplained) - _MOST_NOTES, 0) + max(len(report.notices) - _MOST_NOTES, 0)
    if left:
        lines.append(f"and {left} more; --format json lists them all")
    return "\n".join(visible(line) for line in lines)
