"""Tracebacks that a maker took apart into JSON objects, told again in CPython's own lines.

Reads structlog's ``dict_tracebacks`` (a list of ``exc_type``, ``exc_value``, ``frames``), Sentry's events
(``exception.values[].stacktrace.frames``) and what has the same shape under other names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from loopdoctor.model import Frame, Trace

CAUSE = "The above exception was the direct cause of the following exception:"
CONTEXT = "During handling of the above exception, another exception occurred:"
HEADER = "Traceback (most recent call last):"
MAX_FRAMES = 2000


def _first(item: dict[str, Any], *names: str) -> Any:
    for name in names:
        if item.get(name) not in (None, ""):
            return item[name]
    return None


def _frames(value: Any) -> tuple[Frame, ...]:
    if isinstance(value, dict):
        value = value.get("frames")
    if not isinstance(value, list):
        return ()
    found = []
    for item in value[:MAX_FRAMES]:
        if not isinstance(item, dict):
            continue
        file = _first(item, "abs_path", "filename", "file", "path", "fileName")
        line = _first(item, "lineno", "line_number", "lineNumber", "line")
        name = _first(item, "name", "function", "method", "methodName")
        source = _first(item, "context_line", "line_text", "code", "source") or (
            item["line"] if isinstance(item.get("line"), str) and isinstance(item.get("lineno"), int) else ""
        )
        if file is not None:
            number = int(line) if isinstance(line, int | float) or str(line).isdecimal() else None
            found.append(Frame(str(file), number, str(name or "<module>"), str(source).strip()))
    return tuple(found)


def _is_exception(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    kind = _first(item, "exc_type", "type", "class", "kind")
    if not isinstance(kind, str):
        return False
    sentry = "value" in item and ("stacktrace" in item or "module" in item)
    return sentry or "exc_value" in item or isinstance(item.get("frames"), list)


def _exception(item: dict[str, Any]) -> Trace:
    value = _first(item, "exc_value", "value", "message")
    notes = _first(item, "exc_notes", "notes", "__notes__")
    frames = _frames(item.get("frames") or item.get("stacktrace") or item.get("stack"))
    children = tuple(
        trace
        for part in (item.get("exceptions") or ())
        if (trace := _chain(part if isinstance(part, list) else [part])) is not None
    )
    return Trace(
        str(_first(item, "exc_type", "type", "class", "kind")),
        "" if value is None else str(value),
        frames,
        tuple(str(note) for note in notes) if isinstance(notes, list) else (),
        children=children,
    )


def _linked(trace: Trace, previous: Trace | None, link: Literal["", "cause", "context"]) -> Trace:
    return Trace(
        trace.type, trace.message, trace.frames, trace.notes, link if previous else "", previous, trace.children
    )


def _chain(items: list[Any]) -> Trace | None:
    """structlog's order: the exception that got out first, then each one's cause or context."""
    items = [item for item in items if _is_exception(item)]
    trace: Trace | None = None
    link: Literal["", "cause", "context"] = ""
    for item in reversed(items):
        trace = _linked(_exception(item), trace, link)
        link = "cause" if item.get("is_cause") else "context"
    return trace


def _values(items: list[Any]) -> Trace | None:
    """Sentry's order: the root first. Its ids say which is a group's member and which a cause."""
    items = [item for item in items if _is_exception(item)]
    marks = [item.get("mechanism") if isinstance(item.get("mechanism"), dict) else {} for item in items]
    by_parent: dict[int, list[int]] = {}
    for index, mark in enumerate(marks):
        if isinstance(mark.get("parent_id"), int) and mark.get("exception_id") != mark["parent_id"]:
            by_parent.setdefault(mark["parent_id"], []).append(index)
    if by_parent:
        roots = [index for index, mark in enumerate(marks) if not isinstance(mark.get("parent_id"), int)]
        return _tree(items, marks, by_parent, roots[-1], 0) if roots else None
    trace: Trace | None = None
    for item in items:
        trace = _linked(_exception(item), trace, "context")
    return trace


def _tree(items: list[Any], marks: list[Any], by_parent: dict[int, list[int]], index: int, depth: int) -> Trace:
    trace = _exception(items[index])
    members: list[Trace] = []
    previous: Trace | None = None
    link: Literal["", "cause", "context"] = ""
    for child in by_parent.get(marks[index].get("exception_id", -1), []) if depth < 8 else []:
        below = _tree(items, marks, by_parent, child, depth + 1)
        source = str(marks[child].get("source", ""))
        if source in ("__cause__", "__context__"):
            previous, link = below, "cause" if source == "__cause__" else "context"
        else:
            members.append(below)
    return Trace(trace.type, trace.message, trace.frames, trace.notes, link, previous, tuple(reversed(members)))


def find_traces(entry: Any, depth: int = 0) -> Iterator[Trace]:
    """Every traceback that an entry holds as objects, outermost first."""
    if depth > 5:
        return
    if isinstance(entry, dict):
        if isinstance(values := entry.get("values"), list) and any(map(_is_exception, values)):
            if (trace := _values(values)) is not None:
                yield trace
            return
        for name, child in entry.items():
            if name not in ("breadcrumbs", "vars", "locals") and isinstance(child, dict | list):
                yield from find_traces(child, depth + 1)
    elif isinstance(entry, list) and any(map(_is_exception, entry)):
        if (trace := _chain(entry)) is not None:
            yield trace
    elif isinstance(entry, list):
        for child in entry[:200]:
            if isinstance(child, dict | list):
                yield from find_traces(child, depth + 1)


def printed(trace: Trace, rail: str = "") -> list[str]:
    """The lines that CPython's traceback module prints for it, exception groups with their rails."""
    lines: list[str] = []
    if trace.previous is not None:
        lines += [*printed(trace.previous, rail), rail.rstrip(), rail + (CAUSE if trace.link == "cause" else CONTEXT)]
        lines.append(rail.rstrip())
    group = bool(trace.children)
    inner = f"{rail}  | " if group and not rail else rail
    if group and not rail:
        lines.append("  + Exception Group Traceback (most recent call last):")
    elif trace.frames:
        lines.append(inner + (HEADER if not group else f"Exception Group {HEADER}"))
    for frame in trace.frames:
        place = f'  File "{frame.file}", line {frame.line if frame.line is not None else 0}, in {frame.function}'
        lines.append(inner + place)
        if frame.source:
            lines.append(f"{inner}    {frame.source}")
    count = f" ({len(trace.children)} sub-exception{'s' if len(trace.children) != 1 else ''})" if group else ""
    if count and "sub-exception" in trace.message:
        count = ""
    last = f"{trace.type}: {trace.message}{count}" if trace.message or count else trace.type
    lines += [inner + part for part in last.split("\n")]
    lines += [inner + part for note in trace.notes for part in note.split("\n")]
    if group:
        lines += _members(trace.children, inner)
    return lines


def _members(children: tuple[Trace, ...], inner: str) -> list[str]:
    margin = inner[: inner.rindex("|")]
    lines = []
    for number, child in enumerate(children, 1):
        opening = f"{margin}+-+" if number == 1 else f"{margin}  +"
        lines.append(f"{opening}---------------- {number} ----------------")
        lines += printed(child, f"{margin}  | ")
    lines.append(f"{margin}  +------------------------------------")
    return lines
