"""Quotes a record: its own words without the wrapping, long middles left out, every line that speaks kept."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from itertools import islice

from loopdoctor.model import Incident, Line, Member, Quote, Record

HEAD, TAIL = 12, 25
"""Lines kept at the start and at the end of a long record: how it came about, and how it ended."""

MAX_QUOTE = 6 << 10
"""UTF-8 bytes of one quote: enough for a traceback, small enough for a thousand in one report."""

Identity = tuple[str, int, int, str]

_LINE = 1500
_AHEAD = 8


def quote(record: Record, *, head: int = HEAD, tail: int = TAIL, limit: int = MAX_QUOTE) -> Quote:
    """The record's text, at most about ``limit`` bytes, with ``[... n lines ...]`` where lines were left out."""
    text = "\n".join(said for _, said in numbered(record, head=head, tail=tail, limit=limit))
    return Quote(record.source, record.start_line, record.end_line, text)


def numbered(
    record: Record, *, head: int = HEAD, tail: int = TAIL, limit: int = MAX_QUOTE
) -> list[tuple[int | None, str]]:
    """The lines of that quote, each with its number in the log; None for a gap."""
    keep = _kept(record, head, tail)
    width = _LINE
    # First the silent lines go, nearest to the middle first, then long lines are cut: words are what was matched.
    while _size(record.lines, keep, width) > limit and (head > 2 or tail > 2):
        head, tail = head // 2, tail // 2
        keep = _kept(record, head, tail)
    while _size(record.lines, keep, width) > limit and width > 80:
        width = width * 2 // 3
    if _size(record.lines, keep, width) > limit:
        keep = _ends(keep, max(2, limit // 240))
    return list(_with_gaps(record.lines, keep, width))


def evidence(incident: Incident) -> tuple[Quote, ...]:
    """One quote for each record of the incident, in the order of its members; a record seen twice is quoted once."""
    seen: set[Identity] = set()
    quotes = []
    for member in incident.members:
        key = identity(member.symptom.record)
        if key not in seen:
            seen.add(key)
            quotes.append(quote(member.symptom.record))
    return tuple(quotes)


def telling(incident: Incident, most: int) -> list[Member]:
    """The members to quote: the root, then one of each other symptom that is no consequence and has its own record."""
    shown: dict[str, Member] = {}
    records: set[Identity] = set()
    for member in incident.members:
        symptom, key = member.symptom, identity(member.symptom.record)
        if not shown or not (member.consequence or symptom.id in shown or key in records):
            shown[symptom.id] = member
            records.add(key)
    return list(shown.values())[:most]


def identity(record: Record) -> Identity:
    """Names a record: one physical line may hold several (a JSON log), so the place alone does not."""
    return record.source, record.start_line, record.end_line, record.head.text


def _kept(record: Record, head: int, tail: int) -> list[int]:
    """Indexes of the lines to keep, in order."""
    count = len(record.lines)
    speaking = _speaking(record)
    return [i for i in range(count) if i < head or i >= count - tail or i in speaking]


def _speaking(record: Record) -> set[int]:
    """Indexes of the lines that the record's words stand in."""
    words: dict[int, deque[str]] = defaultdict(deque)
    for number, word in zip(record.words_at, record.words, strict=False):
        words[number].append(word.strip())
    shared = Counter(line.number for line in record.lines)
    speaking = set()
    for index, line in enumerate(record.lines):
        queue = words.get(line.number)
        if not queue:
            continue
        # Where one physical line holds many lines (a traceback as a JSON string) the number does not tell them apart;
        # words come in the order of the lines, so looking a few ahead is enough and keeps this linear.
        ahead = next((n for n, word in enumerate(islice(queue, _AHEAD)) if word in line.text), None)
        if ahead is not None:
            for _ in range(ahead + 1):
                queue.popleft()
        if ahead is not None or shared[line.number] == 1:
            speaking.add(index)
    return speaking


def _ends(keep: list[int], most: int) -> list[int]:
    return keep if len(keep) <= most else [*keep[: most // 2], *keep[-(most - most // 2) :]]


def _size(lines: tuple[Line, ...], keep: list[int], width: int) -> int:
    """UTF-8 bytes of these lines, with their line ends."""
    return sum(len(text.encode("utf-8", "replace")) + 1 for _, text in _with_gaps(lines, keep, width)) - 1


def _with_gaps(lines: tuple[Line, ...], keep: list[int], width: int) -> Iterator[tuple[int | None, str]]:
    after = 0
    for index in keep:
        yield from _gap(index - after)
        yield lines[index].number, cut(lines[index].text, width)
        after = index + 1
    yield from _gap(len(lines) - after)


def _gap(missing: int) -> Iterable[tuple[None, str]]:
    return ((None, f"[... {missing} line{'s' if missing > 1 else ''} ...]"),) if missing else ()


def cut(text: str, width: int) -> str:
    """``text``, or its start and end if it is longer than ``width`` characters."""
    if len(text) <= width:
        return text
    end = width // 3
    return f"{text[: width - end]}[... {len(text) - width} characters ...]{text[len(text) - end :]}"
