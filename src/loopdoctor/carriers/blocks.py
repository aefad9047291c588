"""What constructs of several lines have in common: they take lines until they end, and give the lines they held."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from loopdoctor.carriers.json_lines import Entry

MAX_BLOCK_LINES = 20_000
MAX_BLOCK_CHARS = 4 << 20


class Piece(Struct, frozen=True):
    """One line that a block held, or a whole JSON entry: where it stood, and the lane and carrier to go on with."""

    number: int
    text: str
    name: str
    key: str = ""
    time: str | None = None
    entry: Entry | None = None
    partial: bool = False
    whole: bool = False
    """Nothing wraps this text any more: it is the program's own."""

    last: int = 0
    """The line on which it ends, where it was folded over several."""


class Block(Protocol):
    """An open construct of several lines."""

    raw: bool
    """Whether it wants its lines with control characters."""

    def feed(self, number: int, text: str) -> tuple[bool, list[Piece]]:
        """Takes a line: whether it belonged to the block, and what is known now. Not taken means: the block ended."""
        ...

    def close(self) -> list[Piece]:
        """The source or the run of lines ended: what is still held."""
        ...
