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
    r"|Exception ignored (?:in|while) \S"
)
BLANKS = lazy(rf"(?P<margin>(?:[ \t]+|[ \t]*(?:[>•│┃▏][ ]?)+))(?:{_TRACE}|\[?(?P<time>{ISO}))")
UNKNOWN = lazy(rf"(?P<trace>{_TRACE})|(?P<frame>  File \"[^\"]+\", line \d+, in \S)|\[?(?P<time>{ISO})")
PREFIX = lazy(
    r"[ \t]*\d+(?:\t|  ?|[:.|][ \t]?)$"
    r"|(?!E {2,})[ \t]*[^\s#+*/\\'\"=>|~-][^\"]{0,98}?(?:[\]|>:)}»›•│┃]|\t|\d-|(?:\s[-=]+>?))[ \t]?$"
)
CLOCK = lazy(r"\d+(?:[:./hms,-]\d+)+[ms]?")
"""Numbers that tell a time and not which of several writers it is."""

NUMBER = lazy(r"\d+")
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


class Learned(Struct, frozen=True):
    """A prefix that was seen before a traceback or a head, its numbers left open."""

    pattern: re.Pattern[str]

    def cut(self, text: str) -> Cut | None:
        """The line without the prefix; each wording of it is a lane."""
        match = self.pattern.match(text)
        return (
            Cut("prefix", text[match.end() :], CLOCK.sub("", match[0]).strip(" \t[](){}<>|:-=│┃›»")) if match else None
        )


def prefix_before(text: str) -> tuple[str, str] | None:
    """The unknown prefix of a line and why it was believed ("trace", "frame" or "time"); None if there is none."""
    if text.count(":") < 2 and "Exception ignored" not in text and "raceback (most" not in text:
        return None
    match = UNKNOWN.search(text, 1, MAX_PREFIX + 80)
    if match is None or match.start() > MAX_PREFIX or not PREFIX.match(text[: match.start()]):
        return None
    prefix = text[: match.start()]
    if len(prefix.split()) > MAX_WORDS:
        return None
    if match["time"]:
        head = logging_head(text[match.start() :])
        return (prefix, "time") if head is not None and head.time and head.level else None
    return prefix, "frame" if match["frame"] else "trace"


def learned(prefix: str) -> Learned:
    """The pattern of a prefix."""
    end = len(prefix.rstrip(" \t"))
    parts = [re.escape(part) for part in NUMBER.split(prefix[:end])]
    tail = re.escape(prefix[end:])
    return Learned(re.compile(r"\d+".join(parts) + (f"(?:{tail}|$)" if tail else "")))
