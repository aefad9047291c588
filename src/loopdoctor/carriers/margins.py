"""Text that stands further right than it was written: an indented paste, a quoted mail, a prefix that nobody knows.

The column where a traceback, or a line with a full logging head, begins tells what stands in front of each line.
Blanks and mail quotes hold until a line lacks them. Any other prefix must look like one (short, with a mark at its
end) and is learned with its numbers left open, so that ``worker 3 > `` and ``worker 12 > `` are the same.
"""

from __future__ import annotations

import re

from msgspec import Struct

from loopdoctor.carriers.logging_heads import logging_head
from loopdoctor.carriers.times import ISO
from loopdoctor.carriers.wrapping import Cut
from loopdoctor.patterns import lazy

_TRACE = (
    r"Traceback \(most recent call last\):\s*$|  \+ Exception Group Traceback \(most recent call last\):\s*$"
    r"|Exception ignored (?:in:?|while) \S"
)
BLANKS = lazy(rf"(?P<margin>(?:[ \t]+|[ \t]*(?:[>•│┃▏][ ]?)+))(?:{_TRACE}|\[?(?P<time>{ISO}))")
# What opens a report and must be followed, behind the same prefix, by what can only be its second line.
_REPORT = (
    r"Task was destroyed but it is pending!\s*$|(?<!\w)[A-Z]\w* exception was never retrieved\s*$"
    r"|(?:(?<=[^\w./\\])(?:[A-Za-z]:\\|[/<.~])|(?<=\s)\w)[\w./\\-]{0,200}\.py:\d+: \w*Warning: "
)
UNKNOWN = lazy(
    rf"(?P<trace>{_TRACE})|(?P<report>{_REPORT})"
    rf"|(?P<frame>  File \"[^\"]+\", line \d+, in \S)|\[?(?P<time>{ISO})"
)
PREFIX = lazy(
    r"[ \t]*\d+(?:\t|  ?|[:.|][ \t]?)$"
    r"|(?!E {2,})[ \t]*[^\s#+*/\\'\"=>|~-][^\"]{0,98}?(?:[\]|>:)}»›•│┃]|\t|\d-|(?:\s[-=]+>?))[ \t]?$"
)
# What opens an exception's last line, whose message may well begin with a time.
EXCEPTION_NAME = lazy(r"(?:[\w<>]+\.)*(?:[^\W\da-z_]\w*|[\w<>]+\.\w+): $")
# Anything may be a prefix that stands before two lines of which the second can only go on with the first.
ANY_PREFIX = lazy(r"(?! *[|+] |  +\S?)[^\"']{1,100}$")
SECOND = lazy(
    r"  File \"|  \| |  \+ |Traceback \(most recent|[\w.]+(?:Error|Exception|Exit)(?:: |$)"
    r"|(?:task|future|source_traceback): |Coroutine created at "
)
CLOCK = lazy(r"\d+(?:[:./hms,-]\d+)+[ms]?")
"""Numbers that tell a time and not which of several writers it is."""

NUMBER = lazy(r"\d+")
SIGNS = ("Exception ignored", "raceback (most", "pending!", "retrieved", "Warning: ")
MAX_PREFIX = 100
MAX_LEARNED = 32
MAX_WORDS = 6


def blank_margin(text: str) -> str:
    """The blanks or quote marks before a line that surely was written at column 0; "" if it is no such line."""
    match = BLANKS.match(text)
    if match is None:
        return ""
    if match["time"] is not None:
        head = logging_head(text[match.end("margin") :])
        return match["margin"] if head is not None and head.time and head.level else ""
    return match["margin"]


def without_margin(text: str, margin: str) -> str | None:
    """The line without the margin; None if it does not have it."""
    if text.startswith(margin):
        return text[len(margin) :]
    bare = text.strip()
    return "" if not bare or bare == margin.strip() else None


Waiting = tuple[int, str, str | None]
"""A line that waits to be understood: number, text, time."""


class Learned(Struct, frozen=True):
    """A prefix that was seen before a traceback or a head, its numbers left open.

    ``counters`` are the places of those numbers that count the lines (``cat -n``, ``grep -n``): they name no writer.
    """

    pattern: re.Pattern[str]
    counters: frozenset[int] = frozenset()

    def cut(self, text: str) -> Cut | None:
        """The line without the prefix; each wording of it is a lane. A cell of a table loses its quotes."""
        match = self.pattern.match(text)
        if match is None:
            return None
        rest = text[match.end() :]
        if rest[:1] == '"' and rest[-1:] == '"' and match[0][-1:] in (",", ";", "\t") and len(rest) > 1:
            rest = rest[1:-1].replace('""', '"')
        key = match[0]
        for place in sorted(self.counters, reverse=True):
            begin, end = match.span(place)
            key = key[:begin] + key[end:]
        return Cut("prefix", rest, CLOCK.sub("", key).strip(" \t[](){}<>|:-=│┃›»,;"))

    def compared(self, lines: list[Waiting]) -> Learned:
        """The same prefix, once some lines of it have told which of its numbers count lines and name no writer."""
        offsets = [
            [int(value) - number for value in match.groups()]
            for number, text, _ in lines
            if (match := self.pattern.match(text)) is not None
        ]
        if len(offsets) < 2 or lines[0][0] == lines[-1][0]:
            return self
        places = enumerate(zip(*offsets, strict=True), 1)
        return Learned(self.pattern, frozenset(at for at, values in places if len({*values}) == 1))


def prefix_before(text: str) -> tuple[str, str] | None:
    """The unknown prefix of a line and why it was believed; None if there is none.

    "time" and "frame" can be believed at once; after "trace" the next lines must bear it out, after "report" and "any"
    the very next one.
    """
    if text.count(":") < 2 and not any(sign in text for sign in SIGNS):
        return None
    match = UNKNOWN.search(text, 1, MAX_PREFIX + 80)
    if match is None or match.start() > MAX_PREFIX:
        return None
    prefix = text[: match.start()]
    shaped = PREFIX.match(prefix) is not None
    if len(prefix.split()) > MAX_WORDS or not (shaped or ANY_PREFIX.match(prefix)):
        return None
    if match["time"]:
        head = logging_head(text[match.start() :])
        if head is None or not (head.time and head.level):
            return None
        return prefix, "time" if shaped and not EXCEPTION_NAME.match(prefix) else "any"
    if match["frame"]:
        return (prefix, "frame") if shaped else None
    if match["report"]:
        return prefix, "report"
    return prefix, "trace" if shaped and not EXCEPTION_NAME.match(prefix) else "any"


def borne_out(rest: str, reason: str) -> bool:
    """Whether what stands behind a supposed prefix in the next line tells that it is one."""
    if SECOND.match(rest) or (rest[:1] in (" ", "|") and reason in ("trace", "report")):
        return True
    head = logging_head(rest) if reason == "any" and rest[:1].isdigit() else None
    return head is not None and head.time is not None and head.level is not None


def believed(waiting: list[Waiting]) -> Learned | None:
    """The prefix of the first of these lines, if the others bear it out."""
    prefix, reason = prefix_before(waiting[0][1]) or ("", "")
    pattern = learned(prefix)
    if reason not in ("time", "frame"):
        following = waiting[1:] if reason == "trace" else waiting[1:2]
        cuts = [cut for _, text, _ in following if (cut := pattern.cut(text)) is not None]
        if not any(borne_out(cut.rest, reason) for cut in cuts):
            return None
    return pattern.compared(waiting)


def learned(prefix: str) -> Learned:
    """The pattern of a prefix; blanks that pad a number to a width are left open with it."""
    end = len(prefix.rstrip(" \t"))
    *before, last = NUMBER.split(prefix[:end])
    opened = [re.escape(part) if part.strip() or not part else " *" for part in before]
    tail = re.escape(prefix[end:])
    pattern = r"(\d{1,18})".join([*opened, re.escape(last)])
    return Learned(re.compile(pattern + (f"(?:{tail}|$)" if tail else "")))
