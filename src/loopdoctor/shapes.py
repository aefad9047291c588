"""The shape of an entry: its bytes without what varies from one time to the next, numbers and addresses.

Two entries of one shape say the same. A shape that is known is told by one match of a pattern made from it, at a tenth
of the cost of taking the varying out of every entry anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b

from loopdoctor.patterns import lazy

HEAD = lazy(rb"^\[?\d{4}[-/]\d\d[-/]\d\d[T ,]\d\d:", re.MULTILINE)
"""What an entry opens with: a date and an hour."""
_TIME = lazy(rb"\[?\d{4}[-/]\d\d[-/]\d\d[T ,]\d\d:[\d:.,]*")

_DIGIT = lazy(rb"\d")
_VARYING = lazy(rb"0x[0-9a-fA-F]+|(?<![A-Za-z_\d])\d+")
# Atomic: no part of a number may be taken for the text behind it.
_ANY = rb"(?>0x[0-9a-fA-F]+|(?<![A-Za-z_\d])\d+)"
_END = rb"(?=\[?\d{4}[-/]\d\d[-/]\d\d[T ,]\d\d:|\Z)"

_LEADS = (24, 7)
"""Bytes behind the time by which patterns are told apart before any is tried: level and logger, or the level alone."""
_LONG = 200
_MAX_PATTERN = 8 << 10
_MAX_PATTERNS = 500
_TRIED = 8
"""Patterns of one lead that are tried, the latest to fit first."""

Pattern = tuple[re.Pattern[bytes], bytes]


def shape_of(entry: bytes) -> bytes:
    """The shape of an entry that opens with a date: all behind its time, with ``0`` for what varies.

    Of a long one a digest, since thousands may be remembered.
    """
    time = _TIME.match(entry)
    shape = _VARYING.sub(b"0", entry[time.end() :] if time else entry)
    return shape if len(shape) <= _LONG else shape[: _LEADS[0]] + blake2b(shape, digest_size=16).digest()


class Shapes:
    """The shapes that are known, ready to be recognised."""

    def __init__(self) -> None:
        self._patterns: dict[bytes, list[Pattern]] = {}
        self._learned = 0

    def learn(self, entry: bytes) -> None:
        """Makes the shape of an entry known."""
        time = _TIME.match(entry)
        if time is None or len(entry) > _MAX_PATTERN or self._learned >= _MAX_PATTERNS:
            return
        text = entry[time.end() :]
        key = next((text[:lead] for lead in _LEADS if _DIGIT.search(text[:lead]) is None), b"")
        pattern = re.compile(b"".join(_pieces(text)) + _END)
        self._patterns.setdefault(key, []).insert(0, (pattern, shape_of(entry)))
        self._learned += 1

    def match(self, data: bytes, at: int) -> tuple[bytes, int] | None:
        """The shape of the entry that begins at ``at`` and where it ends, if that shape is known.

        The entry must be whole: behind it comes the next one's date, or the end of ``data``.
        """
        time = _TIME.match(data, at)
        if time is None:
            return None
        at = time.end()
        for lead in (*_LEADS, 0):
            patterns = self._patterns.get(data[at : at + lead])
            if patterns is None:
                continue
            for rank, (pattern, shape) in enumerate(patterns[:_TRIED]):
                found = pattern.match(data, at)
                if found is not None:
                    if rank:
                        patterns.insert(0, patterns.pop(rank))
                    return shape, found.end()
        return None


def _pieces(text: bytes) -> Iterator[bytes]:
    """A pattern for all texts of the same shape."""
    at = 0
    for varying in _VARYING.finditer(text):
        yield re.escape(text[at : varying.start()])
        yield _ANY
        at = varying.end()
    yield re.escape(text[at:])
