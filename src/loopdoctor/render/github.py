"""The report for GitHub Actions: an annotation an incident, at the user's own line where the checkout has it.

What a step prints may hold commands to the runner, so every line printed here is a whole command of our own, and
nothing of a log can begin a line or end a command early. ``summary`` is the Markdown for the page of the run.
Source: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from loopdoctor.model import Report
from loopdoctor.render import View
from loopdoctor.render.escape import workflow_data, workflow_property
from loopdoctor.render.outline import Outline, Severity, outlines

# The page of a run shows ten of each level a step; more are dropped without a word. Two of the notices are ours.
# Source: https://github.com/orgs/community/discussions/26680
SHOWN: Mapping[Severity, int] = {"error": 10, "warning": 10, "notice": 8}

_MOST_NOTICES = 5
_TITLE = 200


def render(report: Report, titles: Mapping[str, str], view: View) -> Iterator[str]:
    """One line an incident, the worst first; then what was not shown, and what the reader must know of the scan."""
    left: dict[Severity, int] = dict(SHOWN)
    hidden = 0
    found = outlines(report, titles, view.checkout)
    for outline in found:
        if left[outline.severity]:
            left[outline.severity] -= 1
            yield _annotation(outline)
        else:
            hidden += 1
    if not found:
        yield "::debug::loopdoctor: no asyncio failure found\n"
    if report.notices or report.stats.interrupted:
        yield _notice("About this scan", "\n".join(_about(report)))
    if hidden:
        more = f"{hidden} more {'failure was' if hidden == 1 else 'failures were'} found"
        limit = "GitHub shows ten annotations of a level; the summary of this run and `--format json` have all"
        yield _notice("Not all failures are shown", f"{more}. {limit}.")


def _annotation(outline: Outline) -> str:
    place = f"file={workflow_property(outline.file)},line={outline.line}," if outline.file else ""
    title = workflow_property(outline.headline[:_TITLE])
    return f"::{outline.severity} {place}title={title}::{workflow_data(outline.told)}\n"


def _notice(title: str, message: str) -> str:
    return f"::notice title={workflow_property(f'loopdoctor: {title}')}::{workflow_data(message)}\n"


def _about(report: Report) -> Iterator[str]:
    if report.stats.interrupted:
        yield "The scan was stopped; this is what was found until then."
    for notice in report.notices[:_MOST_NOTICES]:
        place = notice.source if notice.line is None else f"{notice.source}:{notice.line}"
        yield f"{notice.message} ({place})" if place else notice.message
    if len(report.notices) > _MOST_NOTICES:
        yield f"and {len(report.notices) - _MOST_NOTICES} more"
