r"""A traceback whose newlines were escaped, so that it stands on one line: ``... call last):\n  File \"x\", line 1``.

Loggers that print values with ``repr`` or write JSON by hand leave such lines. An exception's own last line may quote
one: it stays as it is, since there the newlines belong to the message.
"""

from __future__ import annotations

import re

from loopdoctor.patterns import lazy

MARK = "\\n"
"""What must stand in a line for this to be asked."""

HEADER = lazy(
    r"(?P<before>.*?)(?P<header>(?:\w{1,40} )?Traceback \(most recent call last\):\\n"
    r"|Exception ignored (?:in|while)\b[^\\]{0,1000}\\n"
    r"|Task was destroyed but it is pending!\\n|\w{1,40} exception was never retrieved\\n)",
    re.DOTALL,
)
QUOTING = lazy(r"(?:E {2,}|\s|[\w.]*(?:Error|Exception|Group)\b)")
# The quote that ends the value: behind it stands another pair, or only what closes the whole.
CLOSING = {
    quote: lazy(rf"(?<!\\){quote}(?=\s+[A-Za-z_@][\w.@/-]{{0,60}}=|\s*,\s*[\"']|[\s}})\],]*$)") for quote in "\"'"
}
ESCAPE = lazy(r"\\(?:n|[\"'t])")
PLAIN = {"\\n": "\n", '\\"': '"', "\\'": "'", "\\t": "\t"}


def escaped_lines(text: str) -> list[str] | None:
    """The lines of a text whose traceback stands on one line; None if there is none, or an exception quotes it."""
    match = HEADER.match(text)
    if match is None or QUOTING.match(text):
        return None
    before = match["before"].rstrip(" '\"=({")
    start = match.start("header")
    closing = CLOSING[quote].search(text, start) if (quote := text[start - 1 : start]) in CLOSING else None
    end = closing.start() if closing else len(text)
    after = ESCAPE.sub(lambda found: PLAIN[found[0]], text[start:end])
    lines = after.rstrip("\n").split("\n")
    while lines and not lines[-1].strip(" '\"})]"):
        lines.pop()
    if closing and len(text) - end > 2:
        before += text[end + 1 :]  # the pairs behind the traceback belong to the entry's head
    return [before, *lines] if before else lines
