"""The diagnosis in pytest's terminal summary: short, plain text; ``loopdoctor explain`` tells the rest."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence

from loopdoctor.model import Candidate, Diagnosis, Report
from loopdoctor.render.escape import visible

MOST_TESTS = 5
MOST_CODE = 14
WIDEST = 100

_VERDICTS = {"lost-work": "work was lost", "resource-leak": "a resource leaks", "exit-noise": "harmless noise at exit"}


def section_lines(
    report: Report, titles: Mapping[str, str], tests: Mapping[int, Sequence[str]], root: str = "", width: int = 0
) -> Iterator[str]:
    """One paragraph an incident; ``tests`` holds those that each diagnosis concerns, by its place in the report.

    Files below ``root`` are named from there.
    """
    width = width or min(shutil.get_terminal_size().columns, WIDEST)
    if not report.diagnoses:
        yield "no asyncio failure among these"
    for at, diagnosis in enumerate(report.diagnoses):
        if at:
            yield ""
        yield from _paragraph(at + 1, diagnosis, titles, tests.get(at, ()), root, width)


def _paragraph(
    number: int, diagnosis: Diagnosis, titles: Mapping[str, str], tests: Sequence[str], root: str, width: int
) -> Iterator[str]:
    incident = diagnosis.incident
    root = incident.members[0].symptom.id
    times = "once" if incident.occurrences == 1 else f"{incident.occurrences:,} times"
    verdict = _VERDICTS.get(diagnosis.verdict, "")
    yield from _wrapped(f"{number}. ", f"{titles.get(root, root)}, {times}{f': {verdict}' if verdict else ''}", width)
    yield from (f"     {visible(test)}" for test in tests[:MOST_TESTS])
    if not tests:
        yield "     in no test: " + visible(incident.first.source)
    if len(tests) > MOST_TESTS:
        yield f"     and {len(tests) - MOST_TESTS} more"
    if incident.culprit is not None:
        place = incident.culprit
        file = place.file.removeprefix(f"{root}{os.sep}")
        within = f" in {place.function}" if place.function else ""
        yield from _wrapped("   where  ", f"{file}:{place.line}{within}", width)
    if not diagnosis.candidates:
        return
    first = diagnosis.candidates[0]
    yield from _wrapped("   cause  ", f"{first.title} ({round(first.confidence * 100)} %)", width)
    if diagnosis.undecided and len(diagnosis.candidates) > 1:
        other = diagnosis.candidates[1]
        yield from _wrapped("      or  ", f"{other.title} ({round(other.confidence * 100)} %)", width)
    for reason in _reasons(first):
        yield from _wrapped("   why    ", reason, width)
    yield from _fix(first, width)
    yield f"   more   loopdoctor explain {first.id}"


def _reasons(candidate: Candidate) -> list[str]:
    """The two weightiest clues that held; the cause's own meaning where none did."""
    held = sorted((clue for clue in candidate.clues if clue.held and clue.weight > 0), key=lambda clue: -clue.weight)
    return [clue.says for clue in held[:2]] or [candidate.means.partition(". ")[0].strip()]


def _fix(candidate: Candidate, width: int) -> Iterator[str]:
    """The titles of all steps, and the code of the first that has some."""
    shown = False
    for number, step in enumerate(candidate.steps, 1):
        yield from _wrapped(f"   {'fix' if number == 1 else '   '}    {number}. ", step.title, width)
        if step.code and not shown:
            shown = True
            code = textwrap.dedent(step.code).strip("\n").split("\n")
            yield from (f"             {visible(line)}".rstrip() for line in code[:MOST_CODE])
            if len(code) > MOST_CODE:
                yield "             ..."


def _wrapped(lead: str, text: str, width: int) -> list[str]:
    plain = visible(" ".join(text.split()))
    return textwrap.wrap(plain, width, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False)
