"""Searches a block of bytes for many literals at once: by hyperscan, or without it by ``bytes.find``."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

Engine = Literal["auto", "hyperscan", "find"]

GATE = 4
"""Bytes of a gate for ``bytes.find``: with more there are twice as many, with fewer they are hit all the time."""

NARROW = 8
"""Bytes of a gate for hyperscan: with fewer it compares at more places, with more there are more gates."""

WORTH_IT = 32 << 20
"""Bytes to be read before gates are chosen: the choice takes 30 ms."""

MANY = 64
"""Gates in a block, and literals in a MiB, up to which gates are worth while."""

MOST = 1500
"""Literals beyond which the choice of gates takes longer than they save."""

Gate = tuple[bytes, list[tuple[int, bytes]]]
"""A gate word, and the literals that hold it, each with the place of the gate in it."""
Gates = list[Gate]


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
        except Exception:  # missing, broken, or made for another processor: it fails in any way
            if engine == "hyperscan":
                raise
    return FindSearch(literals)


class HyperscanSearch:
    """All literals in one pass of some 1.6 GB/s; other threads run meanwhile.

    A third of that time is the number of the literals (700). Where much is read and little found, fewer words are
    looked for instead: gates of ``NARROW`` bytes that each literal holds one of and that this log hardly has. Where a
    gate is found the literals are compared; a block with many gates is searched for the literals themselves.
    """

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._literals = list(literals)
        self._all = _Database(self._literals)
        self._narrow: tuple[_Database, Gates] | None = None
        self._scanned = self._found = 0
        self._lock = threading.Lock()

    def ends(self, block: bytes) -> list[int]:
        """See ``Search``."""
        narrow = self._narrow
        if narrow is not None:
            hits = narrow[0].hits(block)
            if len(hits) <= MANY:
                found = [end for number, at in hits for end in _behind(block, at, narrow[1][number])]
                found.sort()
                return found
            self._narrow = None  # the log has changed
        found = [end for _, end in self._all.hits(block)]
        found.sort()
        if len(self._literals) <= MOST:
            self._consider(block, len(found))
        return found

    def _consider(self, block: bytes, found: int) -> None:
        """Goes over to gates once enough was read for the choice to pay, if little was found in it."""
        with self._lock:
            self._scanned += len(block)
            self._found += found
            if self._scanned < WORTH_IT or self._narrow is not None:
                return
            if self._found <= MANY * (self._scanned >> 20):
                gates = rare_gates(self._literals, block)
                self._narrow = _Database([gate for gate, _ in gates]), gates
            self._scanned = self._found = 0


class _Database:
    """A compiled database, with a scratch space for each thread that asks."""

    def __init__(self, words: Sequence[bytes]) -> None:
        import hyperscan

        self._scratch_of = hyperscan.Scratch
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(expressions=list(words), ids=list(range(len(words))), flags=0, literal=True)
        self._thread = threading.local()

    def hits(self, block: bytes) -> list[tuple[int, int]]:
        """The number of each word found, and the offset behind it; as good as in order."""
        scratch = getattr(self._thread, "scratch", None)
        if scratch is None:
            scratch = self._thread.scratch = self._scratch_of(self._database)
        found: list[tuple[int, int]] = []
        self._database.scan(block, _note_hit, context=found, scratch=scratch)
        return found


def _note_hit(number: int, start: int, end: int, flags: int, found: Any) -> None:
    found.append((number, end))


def _behind(block: bytes, end: int, gate: Gate) -> Iterator[int]:
    """Where the literals end that really stand round a gate found in front of ``end``."""
    word, literals = gate
    for before, literal in literals:
        start = end - len(word) - before
        if start >= 0 and block.startswith(literal, start):
            yield start + len(literal)


class FindSearch:
    """Looks for gates, few pieces of literals of which each literal holds one, and then for the literals there.

    One ``bytes.find`` a literal would read the block once for each of some 600; there are a tenth as many gates. Still
    this takes a second for every 15 MB, 100 times as long as hyperscan (``re`` with an alternation: 30 times longer).
    """

    def __init__(self, literals: Sequence[bytes]) -> None:
        self._gates = _gates(literals)

    def ends(self, block: bytes) -> list[int]:
        """See ``Search``."""
        found: list[int] = []
        for gate in self._gates:
            word = gate[0]
            at = block.find(word)
            while at >= 0:
                found += _behind(block, at + len(word), gate)
                at = block.find(word, at + 1)
        found.sort()
        return found


def _gates(literals: Sequence[bytes]) -> Gates:
    """The fewest gates of a few bytes: always the piece that most of the literals still need."""
    size = min(GATE, *map(len, literals)) if literals else GATE
    waiting = set(literals)
    pieces = {word: _pieces(word, size) for word in waiting}
    gates = []
    while waiting:
        votes = Counter(piece for word in waiting for piece in pieces[word])
        gate = max(votes, key=lambda piece: (votes[piece], piece))
        behind = sorted(word for word in waiting if gate in pieces[word])
        waiting -= set(behind)
        gates.append((gate, [(word.find(gate), word) for word in behind]))
    return gates


def rare_gates(literals: Sequence[bytes], sample: bytes) -> Gates:
    """Gates that many literals share and that ``sample`` does not hold; a literal without any is its own gate."""
    votes = Counter(piece for word in literals for piece in _pieces(word, NARROW))
    absent: dict[bytes, bool] = {}
    gates: dict[bytes, list[tuple[int, bytes]]] = {}
    for word in literals:
        chosen = word
        for piece in sorted(_pieces(word, NARROW), key=lambda piece: (-votes[piece], piece)):
            if piece not in absent:
                absent[piece] = piece not in sample
            if absent[piece]:
                chosen = piece
                break
        gates.setdefault(chosen, []).append((word.find(chosen), word))
    return list(gates.items())


def _pieces(word: bytes, size: int) -> set[bytes]:
    return {word[at : at + size] for at in range(max(1, len(word) - size + 1))}
