"""Errors and notices on standard error: what is wrong, where, what to do."""

from __future__ import annotations

import sys

from loopdoctor.errors import LoopdoctorError, RuleErrors
from loopdoctor.model import Report
from loopdoctor.render.delivery import silence
from loopdoctor.render.escape import runner_safe, visible
from loopdoctor.render.terminal import colored, obeyed

_MOST_NOTICES = 10


def say(kind: str, message: str, context: str = "", hint: str = "") -> None:
    """One message. A closed standard error is nobody's fault."""
    bold, end = ("\x1b[1;31m" if kind == "error" else "\x1b[1m", "\x1b[0m") if colored(sys.stderr) else ("", "")
    lines = [f"{bold}{kind}:{end} {visible(message)}"]
    lines += [f"  --> {visible(context)}"] if context else []
    lines += [f"  hint: {visible(hint)}"] if hint else []
    if sys.stderr is None:
        return
    text = "\n".join(lines) + "\n"
    try:
        sys.stderr.write(runner_safe(text) if obeyed() else text)
        sys.stderr.flush()
    except (OSError, ValueError):
        silence(sys.stderr)


def say_error(error: LoopdoctorError) -> None:
    """An error, or each of several."""
    for problem in error.problems if isinstance(error, RuleErrors) else (error,):
        say("error", f"{problem.message} [{problem.reference}]", problem.context, problem.hint)


def say_notices(report: Report) -> None:
    """What the reader of a report must know about the scan; the rest stands in the report."""
    for notice in report.notices[:_MOST_NOTICES]:
        place = notice.source if notice.line is None else f"{notice.source}:{notice.line}"
        say("notice", notice.message, place)
    if len(report.notices) > _MOST_NOTICES:
        say("notice", f"{len(report.notices) - _MOST_NOTICES} more notices stand in the report")
