"""Text that stands further right than it was written: an indented paste, a quoted mail.

The column where a traceback, or a line with a full logging head, begins tells what stands in front of each line:
blanks and mail quotes hold until a line lacks them.
"""

from __future__ import annotations

from loopdoctor.carriers.logging_heads import logging_head
from loopdoctor.carriers.times import ISO
from loopdoctor.patterns import lazy

_TRACE = (
    r"Traceback \(most recent call last\):\s*$|  \+ Exception Group Traceback \(most recent call last\):\s*$"
    r"|Exception ignored (?:in:?|while) \S|={5,} (?:test session starts|FAILURES|ERRORS) ={5,}\s*$"
    r"|Task was destroyed but it is pending!\s*$|[A-Z]\w* exception was never retrieved\s*$"
)
BLANKS = lazy(rf"(?P<margin>(?:[ \t]+|[ \t]*(?:[>•│┃▏][ ]?)+))(?:{_TRACE}|\[?(?P<time>{ISO}))")


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
