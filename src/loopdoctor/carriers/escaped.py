r"""A text of several lines that was written on one, its line breaks encoded: ``... call last):\n  File \"x\", line 1``.

Loggers that print values with ``repr``, JSON written by hand, addresses of web pages, syslog daemons and build services
leave such lines. What stands in for the line breaks is told by what stands round it: the end of a line that nothing
but another line of the same report can follow. An exception's own last line may quote such a text: it stays as it
is, since there the newlines belong to the message.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from itertools import islice
from urllib.parse import unquote, unquote_plus

from msgspec import Struct

from loopdoctor.carriers.quoting import QUOTES, end_of, unescaped, unquoted
from loopdoctor.patterns import lazy

MARKS = {"\\": b"\\", "#0": b"#", "%0A": b"%", "%20": b"%", "|n": b"|", "&#": b"&", **dict.fromkeys("↵⏎␤", b"\xe2")}
"""What must stand in a line for it to be asked, each with a byte that is found fast in a whole window."""

MAX_OPENED = 40
"""Quotes before a line break that are tried as the one that opens its value."""

SHORTEST = 80
"""Characters of a line that may hold several: a report's first line alone has some forty."""

# A row of backslashes is looked at once, from its first: from each of them it would take its length squared.
BREAK = (
    r"(?P<break>(?<!\\)\\+(?:r\\+n|n|012|x0[aA]|u000[aA])|(?:#015)?#012|(?:%0[dD])?%0[aA]"
    r"|\|r\|n|\|n|&#(?:10|xA|xa);|<br ?/?>|[↵⏎␤])"
)
# What can only be the end of a line that others follow, or the beginning of one that stands behind others.
INSIDE = lazy(
    rf"(?:last\):|is pending!|never retrieved|, in [\w.<>|]{{1,80}}|_{{5,}}|={{5,}}|Warning: [^\\#|&<]{{1,160}}"
    rf"|Unclosed [a-z _]{{1,40}}|Exception ignored (?:in|while)\b[^\\#|&]{{1,160}}){BREAK}"
    rf"|{BREAK.replace('break', 'before')}\[?\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d"
)
QUOTING = lazy(r"(?:E {2,}|\s|[\w.]*(?:Error|Exception|Group)\b)")
OPENS = lazy(r"(?:^|[\s=:(\[{,>]|\b[bu])(?P<quote>[\"'`])")
_BEHIND = r"(?=\s+[A-Za-z_@][\w.@/-]{0,60}=|\s*[,;]\s*[\"'\w{]|[\s})\],;>]*$)"
BEHIND = lazy(_BEHIND)
CLOSING = {quote: lazy(rf"(?<!\\){quote}{_BEHIND}") for quote in QUOTES}
"""The quote that ends a value: behind it stands another pair, or only what closes the whole."""

HEADER = lazy(
    r"(?:\w{1,40} )?Traceback \(most recent call last\):|Exception ignored (?:in|while)\b|Task was destroyed but it is"
    r"|\w{1,40} exception was never"
)
PERCENT = lazy(r"(?:Traceback|ignored|destroyed|exception|%20File|\+File|Warning%3A)(?:%20|\+|%22|%3A)|^[^\s%]*%20\S*$")
SPACES = lazy(r"(?:Traceback|ignored|destroyed|exception|File)\+")


def marks_in(data: bytes) -> tuple[str, ...]:
    """Those of the marks that stand in a window."""
    return tuple(mark for mark, byte in MARKS.items() if byte in data and mark.encode() in data)


class Coding(Struct, frozen=True):
    """How a break is written, and what reads a value whose breaks are written so."""

    first: str
    read: Callable[[str], str]


def _octal(text: str) -> str:
    return re.sub(r"#([0-3][0-7]{2})", lambda match: chr(int(match[1], 8)), text)


def _bars(text: str) -> str:
    return re.sub(r"\|(.)", lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), text)


def _markup(text: str) -> str:
    return html.unescape(re.sub(r"<br ?/?>", "\n", text))


CODINGS = (
    Coding("\\", unescaped),
    Coding("#", _octal),
    Coding("|", _bars),
    Coding("%", unquote),
    Coding("&", html.unescape),
    Coding("<", _markup),
    Coding("↵⏎␤", lambda text: re.sub("[↵⏎␤]", "\n", text)),
)


def escaped_lines(text: str) -> list[str] | None:
    """The lines of a text whose breaks are encoded; None if it has none, or an exception quotes them."""
    if "%" in text and PERCENT.search(text):
        return _percent(text)
    match = INSIDE.search(text)
    if match is None or QUOTING.match(text):
        return None
    mark = match["break"] or match["before"]
    start, end, quote = _value(text, match.start("break" if match["break"] else "before"))
    read = next(coding.read for coding in CODINGS if mark[0] in coding.first)
    value = text[start:end]
    inner = unquoted(value, quote) if quote and mark[0] == "\\" else read(value)
    lines = [line.rstrip("\r") for line in inner.rstrip("\r\n").split("\n")]
    while lines and not lines[-1].strip(" '\"})]"):
        lines.pop()
    before = text[: start - len(quote)] if quote else ""
    if not quote and (header := HEADER.search(lines[0])) is not None and header.start():
        before, lines[0] = lines[0][: header.start()], lines[0][header.start() :]
    before = before.removesuffix("b").rstrip(" '\"=({[") if before[-2:] in ("b", "=b", " b") else before.rstrip(" =({[")
    if quote and len(text) - end > 2:
        before += text[end + 1 :]  # the pairs behind the value belong to the entry's head
    return [before, *lines] if before else lines


def _value(text: str, place: int) -> tuple[int, int, str]:
    """Begin and end of the value that holds a place, and the quote round it ("" if the line itself is the value)."""
    for match in islice(OPENS.finditer(text, 0, place), MAX_OPENED):
        quote = match["quote"]
        end = end_of(text, quote, match.end())
        if end < 0 or end > place:
            if not BEHIND.match(text, end + 1) and (closing := CLOSING[quote].search(text, place)) is not None:
                end = closing.start()  # a writer that escapes no quotes
            return match.end(), len(text) if end < 0 else end, quote
    return 0, len(text), ""


def _percent(text: str) -> list[str] | None:
    """A text in an address: the longest part of it that such an encoding can hold."""
    word = max(re.split(r"[\s&?]", text), key=len)
    read = unquote_plus if SPACES.search(word) else unquote
    found = read(word.partition("=")[2] or word)
    return found.rstrip("\r\n").splitlines() if found != word else None
