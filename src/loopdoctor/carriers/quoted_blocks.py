"""A quoted text that goes on over many lines: a cell of a CSV export, a string in an SQL dump.

Its quotes are doubled inside it, and a single one ends it: what stands behind belongs to the table.
"""

from __future__ import annotations

from loopdoctor.carriers.blocks import MAX_BLOCK_LINES, Piece
from loopdoctor.carriers.quoting import QUOTES, end_of
from loopdoctor.patterns import lazy

CELL_ENDS = lazy(r"\s*(?:[,;)|\t}\]]|$)")


class QuotedBlock:
    """The lines of one text, from the one that its quote opens on to the one in which it ends."""

    raw = False

    def __init__(self, quote: str, start: int) -> None:
        self.quote = quote
        self.start = start
        self.count = 0
        self.doubled = quote == "'"
        self.done = False

    def feed(self, number: int, text: str) -> tuple[bool, list[Piece]]:
        """Takes lines until the quote is closed."""
        if self.done:
            return False, []
        text, self.start = text[self.start :], 0
        self.count += 1
        if f"File {self.quote * 2}" in text:
            self.doubled = True
        end = self._end(text)
        self.done = end >= 0 or self.count > MAX_BLOCK_LINES
        inner = text[:end] if end >= 0 else text
        if self.doubled:
            inner = inner.replace(self.quote * 2, self.quote)
        return True, [Piece(number, inner, "quoted")]

    def _end(self, text: str) -> int:
        """Where the closing quote stands: quotes of the text itself come in pairs, doubled or one round a word."""
        if text.count(self.quote) % 2 == 0:
            return -1
        end = end_of(text, self.quote)
        return end if CELL_ENDS.match(text, end + 1) else text.rfind(self.quote)

    def close(self) -> list[Piece]:
        """Nothing is held back."""
        return []


def quoted_block(text: str, prefix: str) -> QuotedBlock | None:
    """The block that a quote at the end of ``prefix`` opens, if it is not closed on the same line."""
    quote = prefix[-1:]
    if quote not in QUOTES[:2] or prefix.endswith(quote * 2) or end_of(text, quote, len(prefix)) >= 0 or "\\n" in text:
        return None
    return QuotedBlock(quote, len(prefix))
