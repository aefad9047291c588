"""Output of one program that another logs line by line: each line has a head of its own, but it is one text.

Celery and Airflow log what a task prints, services log the output of a subprocess. A traceback or a pytest run that
comes so must not be torn apart: from its first line on, the lines that go on with it begin no new entry.
"""

from __future__ import annotations

from loopdoctor.carriers.folding import OWN_LINE
from loopdoctor.patterns import lazy

OPENS = lazy(
    r"(?:[A-Z]\w* )?Traceback \(most recent call last\):|  \+ Exception Group Traceback"
    r"|Exception ignored (?:in|while)\b"
    r"|Exception in thread |Stack \(most recent call last\)|\S[^:]*:\d+: \w*Warning: "
    r"|(?:source_traceback|handle_traceback): "
)
SESSION = lazy(r"={3,} test session starts ={3,}")
SESSION_ENDS = lazy(r"={3,} .*\bin \d+(?:\.\d+)?s(?: \([\d:]+\))? ={3,}\s*$")
LAST = lazy(r"(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:: |$)|\w+: |[A-Za-z_]\w*(?:Error|Exception|Warning)")
GOES_ON = (
    "The above exception",
    "During handling of",
    "Traceback (most",
    "RuntimeWarning: Enable",
    "ResourceWarning: Enable",
)


class Reprinted:
    """Whether the heads of a lane go on with a text that began under an earlier one."""

    def __init__(self) -> None:
        self.signature: tuple[str | None, str | None, str] | None = None
        self.last: tuple[str | None, str | None, str] | None = None
        self.session = False
        self.ended = False

    def continues(self, text: str, level: str | None, logger: str | None, key: str) -> bool:
        """Whether this message goes on with the text: one of the same level, logger and thread."""
        last, self.last = self.last, (level, logger, key)
        if text[:1].islower() and OWN_LINE.match(text) and last == self.last:
            self.signature = self.last
            self.ended = False
            return True
        if self.signature is not None and (level, logger, key) == self.signature:
            if self.session:
                self.session = not SESSION_ENDS.match(text)
                return True
            if not text.strip() or text[0] in " \t|+>" or text.startswith(GOES_ON):
                self.ended = False
                return True
            if not self.ended and LAST.match(text):
                self.ended = True
                return True
        self.signature = None
        if (
            "raceback" in text  # cheaper than to try the patterns on every line
            or "Exception i" in text
            or "Warning: " in text
            or "Stack (" in text
            or " test session" in text
        ):
            self.session = bool(SESSION.match(text))
            if self.session or OPENS.match(text):
                self.signature = (level, logger, key)
                self.ended = False
        return False
