"""Where the reports of one scan go: each format to its own file, one of them to standard output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TextIO

from msgspec import Struct

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Report
from loopdoctor.render import FOR_PEOPLE, FORMATS, delivery, renderer, terminal
from loopdoctor.render.escape import runner_safe

Edit = Callable[[str, Report, Mapping[str, Any]], tuple[Report, Mapping[str, Any]]]


class Target(Struct, frozen=True):
    """One report to write: its format, and the file it goes to (None: standard output)."""

    format: str
    path: str | None = None


def targets_of(format: str, output: str | None, reports: Sequence[str]) -> tuple[Target, ...]:  # noqa: A002
    """What ``--format``, ``--output`` and every ``--report FORMAT=FILE`` ask for; standard output stands last.

    ``--report FORMAT=-`` takes the place of the text report on standard output. Raises LoopdoctorError for an unknown
    format, for two reports in one place, and for a file that cannot be made.
    """
    targets = [_target(word) for word in reports]
    first = Target(format, None if output == "-" else output)
    if first != Target("text") or all(target.path for target in targets):
        targets.append(first)
    _check_places(targets)
    for target in targets:
        if target.path is not None:
            delivery.check_target(target.path)
    return tuple(sorted(targets, key=lambda target: target.path is None))


def kept_for(targets: Sequence[Target], redact: bool | None) -> bool:
    """Whether a target wants what can be merged. Raises LoopdoctorError if secrets in it are to be masked."""
    wanted = any(target.format == "part" for target in targets)
    if wanted and redact:
        hint = "leave out --redact, and mask what is made of the merged part: loopdoctor merge --redact"
        raise LoopdoctorError("part-not-masked", "a part holds the log's own words, which cannot be masked", hint=hint)
    return wanted


def on_stdout(targets: Sequence[Target]) -> str:
    """The format that goes to standard output; "" if none does."""
    return next((target.format for target in targets if target.path is None), "")


def deliver(
    report: Report,
    titles: Mapping[str, str],
    targets: Sequence[Target],
    look: Mapping[str, Any],
    failed: Callable[[LoopdoctorError], None],
    edit: Edit | None = None,
    stream: TextIO | None = None,
) -> bool:
    """Writes every report; one that fails is told to ``failed`` and the others are written still. True if all were.

    ``edit`` is what a report and its look go through before they are rendered: what a format must not show is masked.
    ``stream`` takes the place of standard output, for a command that has no say on that.
    """
    written = True
    for target in targets:
        try:
            shown, seen = edit(target.format, report, look) if edit else (report, look)
            _write(shown, titles, target, seen, stream or sys.stdout)
        except LoopdoctorError as error:
            failed(error)
            written = False
    return written


def _write(
    report: Report, titles: Mapping[str, str], target: Target, look: Mapping[str, Any], stream: TextIO | None
) -> None:
    put(target, _pieces(report, titles, target, look, stream), stream)


def _pieces(
    report: Report, titles: Mapping[str, str], target: Target, look: Mapping[str, Any], stream: TextIO | None
) -> Iterable[str]:
    render = renderer(target.format)
    if target.format == "github":
        _summarise(report, titles, look)
    if target.path is not None:
        return render(report, titles, terminal.view_of_file(**look))
    pieces = render(report, titles, terminal.view_of(stream, **look))
    return map(runner_safe, pieces) if target.format in FOR_PEOPLE and terminal.obeyed() else pieces


def rendered(
    report: Report,
    titles: Mapping[str, str],
    targets: Sequence[Target],
    look: Mapping[str, Any],
    edit: Edit | None = None,
) -> Iterator[tuple[Target, str]]:
    """Every report as the text that ``put`` is to write."""
    for target in targets:
        shown, seen = edit(target.format, report, look) if edit else (report, look)
        yield target, "".join(_pieces(shown, titles, target, seen, sys.stdout))


def put(target: Target, pieces: Iterable[str], stream: TextIO | None = None) -> None:
    """Writes what was rendered to its place. Raises LoopdoctorError if that cannot be."""
    stream = stream or sys.stdout
    if target.path is not None:
        delivery.to_file(pieces, target.path)
    elif stream is not None:  # None: started with a closed standard output (>&-)
        encoding = terminal.encoding_of(stream) if target.format in FOR_PEOPLE else "utf-8"
        delivery.to_stream(stream, pieces, encoding)


def _summarise(report: Report, titles: Mapping[str, str], look: Mapping[str, Any]) -> None:
    """Puts the report on the page of the workflow run, where GitHub says which file is shown there."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        from loopdoctor.render.step_summary import CUT, MAX_BYTES, summary

        delivery.append(summary(report, titles, terminal.view_of_file(**look)), path, MAX_BYTES, CUT)


def _target(word: str) -> Target:
    name, equals, path = word.partition("=")
    known = ", ".join(FORMATS)
    if not equals or not path:
        example = f"{name}=report" if name in FORMATS else "json=report.json"
        hint = f"write FORMAT=FILE, such as {example}; formats: {known}"
        raise LoopdoctorError("report-unclear", f"--report {word!r} names no {'file' if name else 'format'}", hint=hint)
    if name not in FORMATS:
        hint = f"formats: {known}"
        raise LoopdoctorError("format-unknown", f"--report {word!r}: there is no format {name!r}", hint=hint)
    return Target(name, None if path == "-" else path)


def _check_places(targets: Sequence[Target]) -> None:
    taken: dict[str, Target] = {}
    for target in targets:
        place = "" if target.path is None else os.path.realpath(target.path)
        other = taken.setdefault(place, target)
        if other is not target:
            where = target.path or "standard output"
            message = f"two reports would go to {where}: {other.format} and {target.format}"
            raise LoopdoctorError("report-twice", message, hint="give each report a file of its own")
