r"""A traceback whose newlines were escaped, so that it stands on one line: ``... call last):\n  File \"x\", line 1``.

Loggers that print values with ``repr`` or write JSON by hand leave such lines. An exception's own last line may quote
one: it stays as it is, since there the newlines belong to the message.
"""

from __future__ import annotations

import re

from loopdoctor.patterns import lazy

MARK = "(most recent call last):\\n"
HEADER = lazy(r"(?P<before>.*?)(?P<header>(?:\w+ )?Traceback \(most recent call last\):\\n)", re.DOTALL)
QUOTING = lazy(r"(?:E {2,}|\s|[\w.]*(?:Error|Exception|Group)\b)")
ESCAPE = lazy(r"\\(?:n|[\"'t])")
PLAIN = {"\\n": "\n", '\\"': '"', "\\'": "'", "\\t": "\t"}


def escaped_lines(text: str) -> list[str] | None:
    """The lines of a text whose traceback stands on one line; None if there is none, or an exception quotes it."""
    match = HEADER.match(text)
    if match is None or QUOTING.match(text):
        return None
    before = match["before"].rstrip(" '\"=({")
    after = ESCAPE.sub(lambda found: PLAIN[found[0]], text[match.start("header") :])
    lines = after.rstrip("\n").split("\n")
    while lines and not lines[-1].strip(" '\"})]"):
        lines.pop()
    return [before, *lines] if before else lines
