"""AWS Lambda's plain text: a failure in one event, its lines joined by carriage returns.

The runtime prints ``[ERROR] KeyError: 'x'``, then the traceback without the last line, which it has told already: it
is added again, so that the traceback is whole.
"""

from __future__ import annotations

from loopdoctor.carriers.decoding import with_plain_indent
from loopdoctor.patterns import lazy

FAILURE = lazy(r"\[ERROR\] (?P<last>[A-Za-z_][\w.]*(?:: .*)?)$")


def lambda_lines(parts: list[str]) -> list[str]:
    """The lines of an event."""
    parts = [with_plain_indent(part) for part in parts]
    failure = FAILURE.match(parts[0])
    if failure is None or len(parts) < 2 or not parts[1].startswith("Traceback (most recent"):
        return parts
    end = len(parts)
    while end > 2 and not parts[end - 1].strip():
        end -= 1
    return [*parts[:end], failure["last"], *parts[end:]] if parts[end - 1][:1] == " " else parts
