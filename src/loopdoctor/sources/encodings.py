"""Brings UTF-16 and UTF-32 to UTF-8 and drops byte order marks; every other encoding stays as it is."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from loopdoctor.sources.stream import Stream

HEAD = 1024

# In this order: UTF-32's little-endian mark begins with UTF-16's.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding that a log beginning with ``head`` is in, and the length of its mark; ``""`` for bytes as they are.

    Without a mark, text that is mostly ASCII shows UTF-16 by a zero in every second byte and none in the others (a
    log that begins with a run of zeros, as logrotate's copytruncate leaves it, has them in both).
    """
    for mark, name in BYTE_ORDER_MARKS:
        if head.startswith(mark):
            return name, len(mark)
    pairs = len(head) // 2
    if pairs >= 4:
        even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
        if odd >= 0.8 * pairs and even <= 0.05 * pairs:
            return "utf-16-le", 0
        if even >= 0.8 * pairs and odd <= 0.05 * pairs:
            return "utf-16-be", 0
    return "", 0


def to_utf8(stream: Stream) -> Iterator[bytes]:
    """The stream's blocks in UTF-8. What is no valid UTF-16 or UTF-32 becomes U+FFFD."""
    encoding, mark = encoding_of(stream.peek(HEAD))
    stream.read_exactly(mark)
    if encoding in ("", "utf-8"):
        yield from stream.blocks()
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    for block in stream.blocks():
        if text := decoder.decode(block):
            yield text.encode()
    if text := decoder.decode(b"", final=True):
        yield text.encode()
