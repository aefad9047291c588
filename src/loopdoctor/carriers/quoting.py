r"""Values in quotes, whoever wrote them: with backslashes (JSON, Go, Ruby, Python) or with doubled quotes (CSV, SQL).

Nothing says which of them a value is, but its own quotes do.
"""

from __future__ import annotations

import re

from loopdoctor.patterns import lazy

QUOTES = "\"'`"
ESCAPE = lazy(r"\\(?:u(?P<u>[0-9a-fA-F]{4})|x(?P<x>[0-9a-fA-F]{2})|(?P<o>[0-3][0-7]{2})|(?P<c>.))", re.DOTALL)
NAMED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b", "0": "\0"}
ENDS = {quote: lazy(rf"(?<!\\)(?:\\\\)*(?P<end>{quote})(?!{quote})") for quote in QUOTES}


def _named(match: re.Match[str]) -> str:
    code = match["u"] or match["x"]
    if code:
        return chr(int(code, 16))
    if match["o"]:
        return chr(int(match["o"], 8))
    return NAMED.get(match["c"], match["c"])


def unescaped(text: str) -> str:
    """The text with the escapes of C, JSON and Python read; UTF-8 written byte by byte becomes what it was."""
    if "\\" not in text:
        return text
    found = ESCAPE.sub(_named, text)
    if "\\x" in text or "\\3" in text:
        try:
            return found.encode("latin-1").decode("utf-8")
        except UnicodeError:
            pass
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if "\\ud" in text.lower() else found


def unquoted(value: str, quote: str) -> str:
    """What stood in quotes, by the way in which its own quotes are written."""
    if quote * 2 in value and "\\" + quote not in value:
        return value.replace(quote * 2, quote)
    return unescaped(value) if quote != "`" else value


def end_of(text: str, quote: str, at: int = 0) -> int:
    """Where the quote stands that ends a value which begins at ``at``; -1 if none does."""
    doubled = text.find(quote * 2, at) >= 0
    place = at
    while (match := ENDS[quote].search(text, place)) is not None:
        end = match.start("end")
        if not doubled:
            return end
        begin = end
        while begin > at and text[begin - 1] == quote:
            begin -= 1
        if (end - begin) % 2 == 0:  # those before it are pairs
            return end
        place = end + 1
    return -1
