"""Commands for many machines. What one needs is imported when it runs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from loopdoctor.options import (
    Color,
    FailOn,
    Format,
    Output,
    Quiet,
    Redact,
    Reports,
    Rules,
    Top,
    Why,
    Width,
    catalogue_of,
    fails,
    redaction_for,
    rule_directories,
)

if TYPE_CHECKING:
    from loopdoctor.parts import Part

EXIT_FOUND = 1
EXIT_ERROR = 2
MOST = 1 << 30


def merge(
    parts: Annotated[list[str], typer.Argument(metavar="PART ...", help="What `scan --report part=FILE` wrote.")],
    format: Format = "text",  # noqa: A002
    output: Output = None,
    report: Reports = None,
    rules: Rules = None,
    fail_on: FailOn = "never",
    top: Top = 3,
    why: Why = False,
    color: Color = None,
    width: Width = None,
    redact: Redact = None,
    quiet: Quiet = False,
) -> None:
    """Put together what several scans found: the report is that of one scan over all of their logs.

    The order of the parts does not matter: logs are told in the order of their names.

    \b
    loopdoctor scan /logs/a --report part=a.json      on one machine
    loopdoctor scan /logs/b --report part=b.json      on another
    loopdoctor merge a.json b.json
    loopdoctor merge *.json -f part -o all.json       to be merged again

    \b
    Exit status: 0 merged; 1 found something at or above --fail-on; 2 an error.
    """
    from loopdoctor.checkout import find_checkout
    from loopdoctor.parts import merge as put_together
    from loopdoctor.pipeline import report_of
    from loopdoctor.render.messages import say_error, say_notices
    from loopdoctor.render.targets import deliver, kept_for, on_stdout, targets_of
    from loopdoctor.settings import Settings

    targets = targets_of(format, output, report or ())
    whole = put_together(read_part(path) for path in parts)
    catalogue = catalogue_of(rules)
    settings = Settings(rules=tuple(rule_directories(rules)))
    found = report_of(whole, settings, catalogue=catalogue, keep=kept_for(targets, redact))
    titles = {symptom.id: symptom.title for symptom in catalogue.symptoms.values()}
    redaction = redaction_for(redact, {target.format for target in targets})
    look = {"color": color, "width": width, "top": top, "why": why, "checkout": find_checkout()}
    written = deliver(found, titles, targets, look, say_error, redaction.edit if redaction else None)
    if not quiet and on_stdout(targets) not in {"text", "github"}:
        say_notices(redaction.of(found) if redaction and redact else found)
    raise typer.Exit(EXIT_ERROR if not written else EXIT_FOUND if fails(found, fail_on) else 0)


def read_part(path: str) -> Part:
    """The part in a file (``-``: standard input). Raises LoopdoctorError for anything else."""
    from loopdoctor.errors import LoopdoctorError
    from loopdoctor.parts import decode

    try:
        if path == "-":
            data = sys.stdin.buffer.read(MOST + 1)
        else:
            with open(path, "rb") as file:  # noqa: PTH123 - imported for nothing else
                data = file.read(MOST + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise LoopdoctorError("part-unreadable", f"cannot be read ({reason})", context=path) from None
    if len(data) > MOST:
        raise LoopdoctorError("part-broken", "this is too large for a part of a report (1 GiB)", context=path)
    return decode(data, path)
