"""Compressed streams, known by their first bytes and never by their names, unpacked block by block.

A stream that is cut off or damaged gives all that could be read before, and one notice.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from loopdoctor.patterns import lazy
from loopdoctor.sources.stream import BLOCK, Stream

Report = Callable[[str, str], None]
"""Tells the reader of a report what went wrong with an input: a notice's kind and its message."""


class _Decompressor(Protocol):
    """What the decompressors of ``bz2``, ``lzma`` and ``isal.igzip_lib`` have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _ZlibMember:
    """``zlib``'s decompressor with the manners of the others, for where isal is missing."""

    def __init__(self) -> None:
        import zlib

        self._zlib = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail and not self._zlib.eof

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


class _ZstdFrame:
    """One frame, fed by the KiB: zstandard cannot limit what it gives, and a KiB of packed zeros becomes 32 MiB.

    A frame that needs more than 128 MiB of memory (zstd's own limit for files of unknown origin) is refused.
    """

    STEP = 1 << 10

    def __init__(self) -> None:
        import zstandard

        self._frame = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
        self._data = b""
        self._at = 0

    @property
    def eof(self) -> bool:
        return self._frame.eof

    @property
    def unused_data(self) -> bytes:
        return self._frame.unused_data + self._data[self._at :]

    @property
    def needs_input(self) -> bool:
        return self._at >= len(self._data)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if data:
            self._data, self._at = data, 0
        at, self._at = self._at, self._at + self.STEP
        return self._frame.decompress(self._data[at : self._at])


def _gzip_member() -> Any:
    try:
        from isal import igzip_lib
    except Exception:  # noqa: BLE001 - an installation that is broken fails in any way (SystemError, OSError)
        return _ZlibMember()
    return igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)


def _bz2_stream() -> Any:
    import bz2

    return bz2.BZ2Decompressor()


def _xz_stream() -> Any:
    import lzma

    # 1 GiB is the most that a decoder for files of xz -9 on any machine needs; a hostile header may ask for more.
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=1 << 30)


def _errors() -> tuple[type[Exception], ...]:
    """What the decompressors raise for damaged data. OSError is bz2's."""
    import lzma
    import zlib

    errors: list[Any] = [zlib.error, lzma.LZMAError, EOFError, OSError, ValueError]
    with contextlib.suppress(Exception):
        import zstandard

        errors.append(zstandard.ZstdError)
    with contextlib.suppress(Exception):
        from isal import igzip_lib

        errors.append(igzip_lib.IsalError)
    return tuple(errors)


def _members(
    stream: Stream, make: Callable[[], _Decompressor], magic: re.Pattern[bytes], name: str, report: Report
) -> Iterator[bytes]:
    """Every member of a stream, one after the other (``cat a.gz b.gz``); zeros behind the last are padding."""
    data = b""
    while True:
        member = make()
        while not member.eof:
            if not data and member.needs_input and not (data := stream.read(BLOCK)):
                report("truncated", f"the {name} data ends too early; what could be read before counts")
                return
            out = member.decompress(data, BLOCK)
            data = b""
            if out:
                yield out
        data = member.unused_data
        while not data.lstrip(b"\0"):
            if not (data := stream.read(BLOCK)):
                return
        data = data.lstrip(b"\0")
        while len(data) < 16 and (more := stream.read(BLOCK)):
            data += more
        if not magic.match(data):
            report("trailing-garbage", f"what follows the {name} data is no {name} data and was skipped")
            return


class Decompression(NamedTuple):
    """A way of compressing: its name, how its data begins, and what makes the decompressor of one member."""

    name: str
    magic: re.Pattern[bytes]
    make: Callable[[], _Decompressor]


DECOMPRESSIONS = (
    Decompression("gzip", lazy(rb"\x1f\x8b\x08"), _gzip_member),
    Decompression("bzip2", lazy(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), _bz2_stream),
    Decompression("xz", lazy(rb"\xfd7zXZ\0"), _xz_stream),
    Decompression("zstd", lazy(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), _ZstdFrame),
)


def decompression_of(head: bytes) -> Decompression | None:
    """The compression that data beginning with ``head`` shows, if any."""
    return next((kind for kind in DECOMPRESSIONS if kind.magic.match(head)), None)


def decompress(kind: Decompression, stream: Stream, report: Report) -> Iterator[bytes]:
    """The unpacked blocks, each small enough (``BLOCK``; 32 MiB of zstd) for a bomb to be stopped at any of them."""
    try:
        kind.make()
    except Exception as error:  # noqa: BLE001 - as with isal
        missing = f"{type(error).__name__}: {error}"
        report("unsupported", f"{kind.name} data cannot be read by this installation ({missing}), and was skipped")
        return
    try:
        yield from _members(stream, kind.make, kind.magic, kind.name, report)
    except _errors() as error:
        report("damaged", f"the {kind.name} data is damaged ({error}); what could be read before counts")
