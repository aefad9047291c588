"""Bytes of a window -> numbered lines of text: any encoding, no colours, no cursor moves.

Nothing here may raise: what is no UTF-8 is kept as U+FFFD, so that an odd byte costs one character and not the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from loopdoctor.carriers.hard_wraps import rejoined
from loopdoctor.patterns import lazy

# ECMA-48: CSI sequences, then OSC and the other strings up to BEL or ST, then two-byte escapes. None of them may hold
# a newline, so a broken sequence cannot swallow the next line.
ESCAPES = lazy(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x9b[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    r"|\x1b[PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]?"
)
# GitLab's and Travis' marks of a section's begin and end, which their pages fold.
SECTION = lazy(r"(?:section_(?:start|end):\d+:|travis_(?:fold|time):(?:start|end):)[^\r\n]*(?:\r|$)", re.MULTILINE)
# Colours whose escape character somebody wrote out, replaced or lost: ``\x1b[31m``, ``#033[31m``, ``[31m``.
WRITTEN = lazy(
    r"(?:(?<!\\)\\+(?:x1[bB]|u001[bB]|033|e)|#033|\^\[|\ufffd|\u241b)\[[0-9;]{0,20}[A-Za-z]"
    r"|\[\d{1,3}(?:;\d{1,3}){0,4}m(?!\])"
)
WIDE = "\xa0\u2007\u202f\u2002\u2003\u2009\u3000"
"""Blanks of other kinds, which some log stores and pages keep indentation with."""

LEADING_NBSP = lazy(rf"^[ \t]*[{WIDE}][{WIDE} \t]*")
# What Python's own ``splitlines`` takes for the end of a line, and other separators of records.
SEPARATOR = lazy(
    "[\\x0b\\x0c\\x1c-\\x1f\\x85\\u2028\\u2029]"
    r"|(?<=[^\0])\0(?=  File \"|Traceback |\[?\d{4}-\d\d-\d\d)"
)


def without_escapes(text: str) -> str:
    """The text as a terminal would show it, without colours and links."""
    if "\x1b" in text or "\x9b" in text:
        text = ESCAPES.sub("", text)
    return text


def with_plain_indent(text: str) -> str:
    """The text with no-break spaces at its start turned into spaces: some log stores keep indentation only so."""
    match = LEADING_NBSP.match(text)
    return " " * match.end() + text[match.end() :] if match else text


def broken(text: str) -> str:
    """The text with newlines for all that separates lines or records."""
    return SEPARATOR.sub("\n", text.rstrip("\x0b\x0c\x1c\x1d\x1e\x1f\x85\u2028\u2029"))


def decoded(data: bytes) -> str:
    """The bytes as text; each line that is no UTF-8 is decoded on its own, so that its neighbours stay whole."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = "\n".join(line.decode("utf-8", "replace") for line in data.split(b"\n"))
    text = without_escapes(text)
    if ("\\" in text or "^" in text or "#" in text or not data.isascii()) and "[0m" in text:
        text = WRITTEN.sub("", text)
    if "section_" in text or "travis_" in text:
        text = SECTION.sub("", text)
    if "\ufeff" in text:
        text = text.replace("\ufeff", "")
    return text


def numbered(data: bytes, first: int) -> Iterator[tuple[int, str]]:
    """Each line of a window with its number; the carriage return of a CRLF is taken off, a lone one stays."""
    if not data:
        return
    lines = decoded(data).split("\n")
    if data.endswith(b"\n"):
        lines.pop()
    if b"\r" in data:
        lines = [line.rstrip("\r") for line in lines]
    joined = rejoined(lines, first)
    yield from joined if joined is not None else enumerate(lines, first)
