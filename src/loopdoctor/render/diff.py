"""What has changed between two logs, for people and for programs (``diff.schema.json`` beside this file)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from rich.text import Text

from loopdoctor import __version__
from loopdoctor.differences import Change, Differences, Side, per_hour
from loopdoctor.render import View
from loopdoctor.render.json_report import document
from loopdoctor.render.page import Page, plain
from loopdoctor.render.wording import count, frame_place, log_place, percent, times
from loopdoctor.report_file import Failure

SCHEMA_VERSION = 1
_MOST_SAME = 10

Json = dict[str, Any]


def render(found: Differences, format: str, view: View) -> Iterator[str]:  # noqa: A002
    """The differences as text, or as one JSON object."""
    if format == "json":
        yield document(as_json(found))
        return
    page = Page(view)
    _summary(page, found)
    _alone(page, "New", "bold red", found.new, found.bad)
    _changed(page, "More frequent", "bold yellow", found.more, found)
    _alone(page, "Gone", "bold green", found.gone, found.good)
    _changed(page, "Less frequent", "bold green", found.less, found)
    _changed(page, "As often", "bold", found.same[:_MOST_SAME], found, every=len(found.same))
    yield page.take()


def as_json(found: Differences) -> Json:
    """The differences as plain values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "loopdoctor", "version": __version__},
        "good": _side(found.good),
        "bad": _side(found.bad),
        "rate": "hour" if found.by_time else "line",
        "new": [_failure(failure, None, failure, found) for failure in found.new],
        "gone": [_failure(failure, failure, None, found) for failure in found.gone],
        "more": [_change(change, found) for change in found.more],
        "less": [_change(change, found) for change in found.less],
        "same": [_change(change, found) for change in found.same],
    }


def _side(side: Side) -> Json:
    hours = None if side.hours is None else round(side.hours, 4)
    return {"name": side.name, "lines": side.lines, "hours": hours, "failures": len(side.failures)}


def _change(change: Change, found: Differences) -> Json:
    return {**_failure(change.bad, change.good, change.bad, found), "ratio": round(change.ratio, 4)}


def _failure(told: Failure, good: Failure | None, bad: Failure | None, found: Differences) -> Json:
    cause, frame = told.causes[0] if told.causes else None, told.culprit
    return {
        "fingerprint": told.fingerprint,
        "title": _title(told),
        "verdict": told.verdict,
        "cause": {"id": cause.id, "title": cause.title, "confidence": cause.confidence} if cause else None,
        "culprit": {"file": frame.file, "line": frame.line, "function": frame.function} if frame else None,
        "good": _seen(good, found.good) if good else None,
        "bad": _seen(bad, found.bad) if bad else None,
    }


def _seen(failure: Failure, side: Side) -> Json:
    rate = per_hour(failure, side)
    return {
        "occurrences": failure.occurrences,
        "per_hour": None if rate is None else round(rate, 4),
        "first": msgspec.to_builtins(failure.first),
        "last": msgspec.to_builtins(failure.last),
    }


def _summary(page: Page, found: Differences) -> None:
    parts = [(found.new, "new"), (found.gone, "gone"), (found.more, "more frequent"), (found.less, "less frequent")]
    said = [f"{len(items):,} {word}" for items, word in parts if items]
    head = ", ".join(said) or "No difference"
    page.wide(Text.assemble((head, "bold"), " from ", _named(found.good), " to ", _named(found.bad)))
    if not found.by_time and (found.more or found.less or found.same):
        page.wide(Text("Rates are per line: not both logs say from when to when they go.", "dim"))


def _named(side: Side) -> Text:
    long = "" if side.hours is None else f", {_hours(side.hours)}"
    return Text.assemble(plain(side.name), f" ({count(side.lines, 'line')}{long})")


def _alone(page: Page, label: str, style: str, failures: Sequence[Failure], side: Side) -> None:
    if not failures:
        return
    _head(page, label, style, len(failures))
    for failure in failures:
        rate = per_hour(failure, side)
        often = times(failure.occurrences) + ("" if rate is None else f", {_number(rate)} an hour")
        _entry(page, failure, often)


def _changed(
    page: Page, label: str, style: str, changes: Sequence[Change], found: Differences, *, every: int | None = None
) -> None:
    if not changes:
        return
    _head(page, label, style, every or len(changes))
    for change in changes:
        before, after = (f"{one.occurrences:,}" for one in (change.good, change.bad))
        often = f"{before} -> {times(change.bad.occurrences) if after == '1' else f'{after} times'}"
        rates = per_hour(change.good, found.good), per_hour(change.bad, found.bad)
        if rates[0] is not None and rates[1] is not None:
            often += f", {_number(rates[0])} -> {_number(rates[1])} an hour"
        _entry(page, change.bad, f"{often} (x {_number(change.ratio)})")
    if every and every > len(changes):
        page.words(Text(f"and {every - len(changes):,} more; --format json lists them all", "dim"))


def _head(page: Page, label: str, style: str, number: int) -> None:
    page.blank()
    page.wide(Text.assemble((label, style), f" ({number:,})"))


def _entry(page: Page, failure: Failure, often: str) -> None:
    page.words(Text.assemble(plain(_title(failure), "bold"), f", {often}"), first=f"{page.glyphs.bullet} ")
    if failure.causes:
        cause = failure.causes[0]
        page.words(
            Text.assemble(plain(cause.title), f" ({percent(cause.confidence)})  ", plain(cause.id, "dim")), indent=2
        )
    where = plain(f"{frame_place(failure.culprit)}  ", "cyan") if failure.culprit else Text()
    page.words(where + plain(f"{log_place(failure.first)}  {failure.fingerprint}", "dim"), indent=2)


def _title(failure: Failure) -> str:
    root = failure.symptoms[0] if failure.symptoms else None
    return (root.title or root.id) if root else failure.fingerprint


def _hours(hours: float) -> str:
    return f"{hours * 60:.0f} minutes" if hours < 1 else f"{hours:,.1f} hours"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
