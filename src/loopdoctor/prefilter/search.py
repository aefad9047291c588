"""Searches a block of bytes for many literals at once: by hyperscan, or without it by ``bytes.find``."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, Protocol

Engine = Literal["auto", "hyperscan", "find"]

GATE = 4
"""Bytes of a gate word: with more there are twice as many gates, with fewer they are hit all the time."""


class Search(Protocol):
    """Finds literals. Any thread may ask, several at a time."""

    def ends(self, block: bytes) -> list[int]:
        """The offsets just behind every occurrence of every literal, in ascending order, some perhaps twice."""


def make_search(literals: Sequence[bytes], engine: Engine = "auto") -> Search:
    """The fastest search there is, or the one asked for. Raises ValueError for an empty literal."""
    if not all(literals):
        raise ValueError("an empty literal would be found everywhere")
    if engine != "find":
        try:
            return HyperscanSearch(literals)
        except ImportError:
            if engine == "hyperscan":
                raise
    return FindSearch(literals)


class HyperscanSearch:
    """All literals in one pass of some 2.5 GB/s; other threads run meanwhile."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        import hyperscan

        self._scratch_of = hyperscan.Scratch
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(expressions=list(literals), ids=list(range(len(literals))), flags=0, literal=True)
        self._thread = threading.local()

    def ends(self, block: bytes) -> list[int]:
        """See ``Search``."""
        scratch = getattr(self._thread, "scratch", None)
        if scratch is None:
            scratch = self._thread.scratch = self._scratch_of(self._database)
        found: list[int] = []
        self._database.scan(block, _note_end, context=found, scratch=scratch)
        found.sort()
        return found


def _note_end(number: int, start: int, end: int, flags: int, found: Any) -> None:
    found.append(end)


class FindSearch:
    """Looks for gate words, few pieces of literals of which each literal holds one, and then for the literals there.

    One ``bytes.find`` a literal would read the block once for each of some 600; there are a tenth as many gates. Still
    this takes a second for every 15 MB, 100 times as long as hyperscan (``re`` with an alternation: 30 times longer).
    """

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._gates = _gates(literals)

    def ends(self, block: bytes) -> list[int]:
        """See ``Search``."""
        found = []
        for gate, behind in self._gates:
            at = block.find(gate)
            while at >= 0:
                for before, literal in behind:
                    if at >= before and block.startswith(literal, at - before):
                        found.append(at - before + len(literal))
                at = block.find(gate, at + 1)
        found.sort()
        return found


def _gates(literals: Sequence[bytes]) -> list[tuple[bytes, list[tuple[int, bytes]]]]:
    """Gate words with the literals behind each and the gate's place in them: always the piece that most still need."""
    size = min(GATE, *map(len, literals)) if literals else GATE
    waiting = set(literals)
    pieces = {word: {word[i : i + size] for i in range(len(word) - size + 1)} for word in waiting}
    gates = []
    while waiting:
        votes = Counter(piece for word in waiting for piece in pieces[word])
        gate = max(votes, key=lambda piece: (votes[piece], piece))
        behind = sorted(word for word in waiting if gate in pieces[word])
        waiting -= set(behind)
        gates.append((gate, [(word.find(gate), word) for word in behind]))
    return gates
