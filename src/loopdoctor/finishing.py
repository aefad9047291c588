"""A draft whose lines have all come -> the record: which of its lines speak, and the exceptions they tell."""

from __future__ import annotations

from loopdoctor import grammar, testblocks
from loopdoctor.drafts import Draft
from loopdoctor.model import Line, Record, RecordKind, Trace
from loopdoctor.patterns import lazy
from loopdoctor.tracebacks import parse_frames, parse_trace

QUIET = frozenset({"DEBUG", "INFO", "TRACE", "NOTICE", "SUCCESS"})
RAIL_PREFIX = lazy(r"^ {2,}[|+] ?")


def _word(line: Line, kind: RecordKind) -> str:
    """What a speaking line says: without rails, pytest's margin, or a warning's place."""
    text = RAIL_PREFIX.sub("", line.text) if line.text[:1] == " " else line.text
    if kind == "pytest":
        return testblocks.spoken(text)
    if "Warning: " in text and (match := grammar.WARNING.match(text)):
        return f"{match['category']}: {match['text']}"
    return text.strip()


def finish(draft: Draft, source: str) -> Record:
    """The record that a draft became."""
    lines = draft.lines
    texts = [line.text for line in lines]
    kind = draft.kind
    spoken = [(line.number, _word(line, kind)) for line, role in zip(lines, draft.roles, strict=True) if role == "word"]
    spoken = [(number, word) for number, word in spoken if word]
    if kind == "log" and lines[0].level not in QUIET:
        mentioned = [(number, grammar.mentioned_exception(word)) for number, word in spoken]
        spoken += [(number, word) for number, word in mentioned if word]
    if kind == "pytest":
        trace = testblocks.parse_test(texts)
    elif draft.traced or kind == "exception":
        trace = parse_trace(text for text, role in zip(texts, draft.roles, strict=True) if role != "quoted")
    elif draft.indent and any("raceback (most recent" in text for text in texts):
        trace = parse_trace([text.strip() if "raceback" in text else text[draft.indent + 2 :] for text in texts[1:]])
    else:
        trace = None
    if kind == "stack" and trace is None:
        trace = Trace("", "", parse_frames(texts))
    if trace is not None and any(grammar.DJANGO_TYPE.match(word) for _, word in spoken):
        named = f"{trace.type}: {trace.message}"
        spoken = [(number, named if grammar.DJANGO_TYPE.match(word) else word) for number, word in spoken]
    details = tuple((m["key"], m["repr"]) for text in texts if ": " in text and (m := grammar.DETAIL.match(text)))
    return Record(
        kind=kind,
        source=source,
        start_line=lines[0].number,
        end_line=max(lines[-1].number, lines[-1].last),
        lines=tuple(lines),
        words=tuple(word for _, word in spoken),
        words_at=tuple(number for number, _ in spoken),
        trace=trace,
        details=details,
        truncated=draft.cut or draft.phase in ("frames", "chain"),
        test=draft.test,
    )
