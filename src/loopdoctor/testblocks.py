"""Reads a failure as pytest tells it (_pytest/_code/code.py: long, short and native style) into exceptions.

test_pool.py:14: in test_second
    await pool.fetch("select 1")
E   RuntimeError: ... attached to a different loop
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from loopdoctor import grammar
from loopdoctor.model import Frame, Trace
from loopdoctor.patterns import lazy
from loopdoctor.tracebacks import MAX_FRAMES, parse_trace

LOCATION = lazy(r"^(?P<file>(?:[A-Za-z]:)?[^\s:][^:]*):(?P<line>\d+): ?(?:in (?P<function>\S+)|(?P<type>[\w.]+))?\s*$")
DEFINITION = lazy(r"^[> ]\s*(?:async )?def (?P<name>\w+)")
CALL = lazy(r"^> {2,}(?P<source>\S.*)$")
SUMMARY = lazy(r"^(?:FAILED|ERROR) (?P<test>\S+::\S.*?) - (?P<words>.+)$")


def spoken(text: str) -> str:
    """The words of a line of a failure, without pytest's ``E`` in the margin."""
    return text[1:].strip() if text[:2] in ("E ", "E") else text.strip()


def parse_test(lines: Sequence[str]) -> Trace | None:
    """The exceptions of one failure, chained as pytest shows them; None if it shows none."""
    trace: Trace | None = None
    link = ""
    part: list[str] = []
    for text in [*lines, grammar.LINK_CAUSE]:
        if text.strip() not in (grammar.LINK_CAUSE, grammar.LINK_CONTEXT):
            part.append(text)
            continue
        trace = _parse_part(part, link, trace) or trace
        link = "cause" if text.strip() == grammar.LINK_CAUSE else "context"
        part = []
    return trace


def _parse_part(lines: Sequence[str], link: str, previous: Trace | None) -> Trace | None:
    native = [text for text in lines if not text.startswith("E ")]
    if any(grammar.HEADER.match(text) or grammar.GROUP_HEADER.match(text) for text in native):
        inner = parse_trace(lines)
        if inner is not None and inner.type:
            return inner if previous is None or inner.previous else replace(inner, link=link, previous=previous)
    frames = _frames(lines)
    type_, message, notes = _exception(lines)
    if not type_ and not frames:
        return None
    return Trace(type_, message, frames, notes, link if previous else "", previous)  # type: ignore[arg-type]


def _exception(lines: Sequence[str]) -> tuple[str, str, tuple[str, ...]]:
    """The exception as the ``E`` lines give it; its type alone may stand only in the last location."""
    marked = [spoken(text) for text in lines if text.startswith("E ")]
    located = next((m["type"] for text in reversed(lines) if (m := LOCATION.match(text)) and m["type"]), "")
    for at, text in enumerate(marked):
        split = grammar.split_exception(text)
        dotted = at == 0 and split is not None and "." in split[0]  # pytest tells the module of all but built-in ones
        if split and (dotted or grammar.NAMED_ERROR.match(text) or split[0].rpartition(".")[2] == located):
            return split[0], split[1], tuple(marked[at + 1 : at + 20])
    if marked:
        return located, marked[0], tuple(marked[1:20])
    plain = next((text for text in lines if grammar.NAMED_ERROR.match(text)), "")
    split = grammar.split_exception(plain) if plain else None
    return (split[0], split[1], ()) if split else (located, "", ())


def _frames(lines: Sequence[str]) -> tuple[Frame, ...]:
    frames: list[Frame] = []
    function = source = ""
    for at, text in enumerate(lines):
        if len(frames) >= MAX_FRAMES:
            break
        if match := LOCATION.match(text):
            following = lines[at + 1].strip() if match["function"] and at + 1 < len(lines) else ""
            frames.append(Frame(match["file"], int(match["line"]), match["function"] or function, following or source))
            function = source = ""
        elif definition := DEFINITION.match(text):
            function = function or definition["name"]
        elif call := CALL.match(text):
            source = call["source"]
    return tuple(frames)
