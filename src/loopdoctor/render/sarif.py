"""The report as SARIF 2.1.0, for GitHub code scanning and every other reader: one result an incident.

Sources: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html and, for what
code scanning takes, https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from loopdoctor import __version__
from loopdoctor.checkout import Checkout
from loopdoctor.model import Candidate, Frame, Notice, Report
from loopdoctor.render import View
from loopdoctor.render.escape import encodable, visible
from loopdoctor.render.json_report import document
from loopdoctor.render.outline import Outline, Severity, outlines, path_of
from loopdoctor.render.quotes import cut
from loopdoctor.render.step_summary import fix_step

Json = dict[str, Any]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
FINGERPRINT = "loopdoctorIncident/v1"

MAX_RESULTS = 5000
"""Code scanning keeps no more of one run."""

_MOST_RELATED = 20
_DESCRIPTION = 900
_LONGEST = 1024  # of a description, after all escaping
_HELP = 30_000
_LEVELS: Mapping[Severity, str] = {"error": "error", "warning": "warning", "notice": "note"}
_DRIVE = re.compile(r"^[A-Za-z]:/")


def render(report: Report, titles: Mapping[str, str], view: View) -> Iterator[str]:
    """The whole document in one piece."""
    found = outlines(report, titles, view.checkout)
    shown = found[:MAX_RESULTS]
    rules = _rules(shown)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    notices = list(report.notices)
    if len(found) > MAX_RESULTS:
        notices.append(Notice("results-cut", f"{len(found) - MAX_RESULTS} further results were left out"))
    if report.stats.interrupted:
        notices.append(Notice("interrupted", "the scan was stopped; this is what was found until then"))
    run = {
        "tool": {"driver": {"name": "loopdoctor", "version": __version__, "rules": rules}},
        "invocations": [
            {
                "executionSuccessful": not report.stats.interrupted,
                "toolExecutionNotifications": [_notification(notice, view.checkout) for notice in notices],
            }
        ],
        "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the checkout."}}},
        "artifacts": _artifacts(report, shown, view.checkout),
        "results": _results(shown, index, titles, view.checkout),
        "properties": {
            "bytes": report.stats.bytes,
            "lines": report.stats.lines,
            "unexplainedFailures": sum(failure.occurrences for failure in report.unexplained),
        },
    }
    yield document({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rules(found: list[Outline]) -> list[Json]:
    """A rule for each cause that comes first somewhere, told by the first result that has it."""
    rules: dict[str, Json] = {}
    for outline in found:
        if outline.rule not in rules:
            rules[outline.rule] = _rule(outline)
    return list(rules.values())


def _rule(outline: Outline) -> Json:
    cause = outline.cause
    title = outline.title or outline.symptom
    rule: Json = {
        "id": outline.rule,
        "name": "".join(word[:1].upper() + word[1:] for word in re.split(r"\W+", outline.rule))[:200] or "Unknown",
        "shortDescription": {"text": _words(title)[:_LONGEST]},
        "fullDescription": {"text": _words(cause.means if cause and cause.means else title)[:_LONGEST]},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["asyncio", "reliability"], "precision": "medium"},
    }
    if cause is not None:
        rule["help"] = _help(cause)
        links = [link for link in cause.references if re.fullmatch(r"https?://[!-~]+", link)]
        if links:
            rule["helpUri"] = quote(links[0], safe="%/:=&?~#+!$,;'@()*[]")
    return rule


def _help(cause: Candidate) -> Json:
    """How it is mended: the same in plain words and as Markdown."""
    plain = []
    for number, step in enumerate(cause.steps, 1):
        plain.append(f"{number}. {visible(step.title)}")
        plain += [_lines(step.text)] if step.text.strip() else []
        plain += [f"Instead of:\n\n{_lines(step.wrong)}"] if step.wrong.strip() else []
        plain += [f"Write:\n\n{_lines(step.code)}"] if step.code.strip() else []
    plain += [f"Check: {visible(item)}" for item in cause.check]
    plain += [f"Prevent: {visible(item)}" for item in cause.prevention]
    text = "\n\n".join(plain) or visible(cause.title) or visible(cause.id)
    markdown: list[str] = []
    for number, step in enumerate(cause.steps, 1):
        piece = "".join(fix_step(number, step))
        if sum(map(len, markdown)) + len(piece) > _HELP:  # half a fence would swallow what follows
            break
        markdown.append(piece)
    return {"text": _braced(cut(text, _HELP)), **({"markdown": "".join(markdown)} if markdown else {})}


def _results(
    shown: list[Outline], index: Mapping[str, int], titles: Mapping[str, str], checkout: Checkout | None
) -> list[Json]:
    """The results; against a baseline that knows some of them, each says whether it is new."""
    results = [_result(outline, index[outline.rule], titles, checkout) for outline in shown]
    if any(outline.diagnosis.known for outline in shown):
        for outline, result in zip(shown, results, strict=True):
            result["baselineState"] = "unchanged" if outline.diagnosis.known else "new"
    return results


def _result(outline: Outline, rule: int, titles: Mapping[str, str], checkout: Checkout | None) -> Json:
    incident = outline.diagnosis.incident
    return {
        "ruleId": outline.rule,
        "ruleIndex": rule,
        "level": _LEVELS[outline.severity],
        "rank": round(100 * outline.confidence, 1),
        "message": {"text": _words(f"{outline.headline}. {outline.told}", 4 * _DESCRIPTION)},
        "locations": [_culprit(outline) or _in_log(incident.first.source, incident.first.line, 0, checkout)],
        "relatedLocations": _related(outline, titles, checkout),
        "occurrenceCount": max(incident.occurrences, 1),
        "partialFingerprints": {FINGERPRINT: outline.fingerprint},
        "properties": {
            "confidence": round(outline.confidence, 4),
            "verdict": encodable(outline.diagnosis.verdict),
            "undecided": outline.diagnosis.undecided,
            "occurrences": incident.occurrences,
            "candidates": [
                {"id": each.id, "title": each.title, "confidence": round(min(max(each.confidence, 0.0), 1.0), 4)}
                for each in outline.diagnosis.candidates
            ],
        },
    }


def _culprit(outline: Outline) -> Json | None:
    """The user's own line: in the checkout if it is there, else as the log names it."""
    frame = outline.diagnosis.incident.culprit
    if frame is None or not frame.file:
        return None
    where = {"uri": _uri(outline.file), "uriBaseId": ROOT} if outline.file else {"uri": _uri(_slashes(frame))}
    region: Json = {"startLine": outline.line if outline.file else max(frame.line or 1, 1)}
    if frame.source:
        region["snippet"] = {"text": _lines(cut(frame.source, _DESCRIPTION))}
    location: Json = {"physicalLocation": {"artifactLocation": where, "region": region}}
    if frame.function:
        location["logicalLocations"] = [{"name": visible(cut(frame.function, 200)), "kind": "function"}]
    return location


def _related(outline: Outline, titles: Mapping[str, str], checkout: Checkout | None) -> list[Json]:
    """Where the log says so: one place a record."""
    places: dict[tuple[str, int], Json] = {}
    for member in outline.diagnosis.incident.members:
        record = member.symptom.record
        key = (record.source, record.start_line)
        if key not in places and len(places) < _MOST_RELATED:
            location = _in_log(record.source, record.start_line, record.end_line, checkout)
            said = titles.get(member.symptom.id, member.symptom.id)
            places[key] = {"id": len(places) + 1, "message": {"text": _words(said or "a record")}, **location}
    return list(places.values())


def _in_log(source: str, first: int, last: int, checkout: Checkout | None) -> Json:
    region = {"startLine": max(first, 1)}
    if last > first:
        region["endLine"] = last
    return {"physicalLocation": {"artifactLocation": _log(source, checkout), "region": region}}


def _log(source: str, checkout: Checkout | None) -> Json:
    path = path_of(source, checkout)
    below = checkout is not None and checkout.relative(source) is not None
    return {"uri": _uri(path), "uriBaseId": ROOT} if below else {"uri": _uri(path)}


def _artifacts(report: Report, found: list[Outline], checkout: Checkout | None) -> list[Json]:
    """Every log that was read, and every file that a result is in."""
    artifacts: dict[str, Json] = {}
    for source in report.inputs:
        where = _log(source.path, checkout)
        artifacts.setdefault(
            where["uri"], {"location": where, "length": max(source.bytes, -1), "roles": ["analysisTarget"]}
        )
    for outline in found:
        location = _culprit(outline)
        if location is not None:
            where = location["physicalLocation"]["artifactLocation"]
            artifacts.setdefault(where["uri"], {"location": where, "roles": ["tracedFile"]})
    return list(artifacts.values())


def _notification(notice: Notice, checkout: Checkout | None) -> Json:
    told: Json = {
        "descriptor": {"id": visible(notice.kind)},
        "level": "warning",
        "message": {"text": _words(notice.message)},
    }
    if notice.source:
        told["locations"] = [_in_log(notice.source, notice.line or 1, 0, checkout)]
    return told


def _slashes(frame: Frame) -> str:
    path = visible(cut(frame.file, 1000))
    return path.replace("\\", "/") if "/" not in path or _DRIVE.match(path.replace("\\", "/")) else path


def _uri(path: str) -> str:
    """A path as a URI reference: relative, or ``file:`` where it has a root."""
    path = encodable(path)
    if _DRIVE.match(path):
        return f"file:///{quote(path, safe='/:')}"
    if path.startswith("/"):
        return f"file://{quote('/' + path.lstrip('/'), safe='/')}"
    # Quoted without the colon, so that no first part of a path is read as a scheme.
    return quote(path, safe="/") or "unknown"


def _words(text: str, width: int = _DESCRIPTION) -> str:
    """One line of a message."""
    return _braced(visible(cut(" ".join(text.split()), width))) or "-"


def _braced(text: str) -> str:
    """Text in which a reader finds no placeholder (§3.11.5) and no link (§3.11.6)."""
    return text.replace("{", "{{").replace("}", "}}").replace("](", "\\](")


def _lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.strip("\n").split("\n"))
