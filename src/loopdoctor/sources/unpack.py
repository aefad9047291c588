"""Takes one container after the other off a stream, until logs are left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import IO

from loopdoctor.model import Notice
from loopdoctor.settings import Settings
from loopdoctor.sources.archives import Member, is_tar, is_zip, tar_members, zip_members
from loopdoctor.sources.binary import kind_of_binary
from loopdoctor.sources.decompress import Report, decompress, decompression_of
from loopdoctor.sources.encodings import HEAD, encoding_of, to_utf8
from loopdoctor.sources.stream import Source, Stream
from loopdoctor.stopping import Stop

MAX_ARCHIVES = 3
"""Archives inside each other: artifacts of artifacts have two, an archive that holds itself has no end."""

MAX_LAYERS = 6
"""Archives and compressions inside each other."""

UNCOUNTED = 64 << 20
"""Bytes that any compressed input may grow to, whatever the ratio: a log of one repeated line packs very well."""


class Input:
    """One thing that the user named, or one file of a directory: what its containers share.

    ``size`` is its size on disk (None for a pipe), ``reopen`` opens it as a file in which one can
    go about, if it is one (None: it is none after all). A
    ``guessed`` input was not named by the user, so that nobody minds if it is skipped for being no log.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        notify: Callable[[Notice], None],
        *,
        size: int | None = None,
        reopen: Callable[[], IO[bytes] | None] | None = None,
        guessed: bool = False,
        stop: Stop | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self.size = size
        self.reopen = reopen
        self.guessed = guessed
        self.skipped: list[str] = []
        self.stopped = False
        self._notify = notify
        self._stop = stop
        self._grown = 0
        self._raw = Stream(())

    def sources(self, blocks: Iterable[bytes]) -> Iterator[Source]:
        """The logs within the input's bytes."""
        self._raw = Stream(blocks)
        return _unpack(self.name, self._raw, self, ())

    def report_about(self, name: str) -> Report:
        """A function that tells what went wrong with ``name``; nothing more once a limit or a signal has ended all."""

        def report(kind: str, message: str) -> None:
            if not self.stopped and not (self._stop is not None and self._stop.is_set()):
                self._notify(Notice(kind, message, name))

        return report

    def on_disk(self) -> int:
        """Bytes of the input that have been read so far."""
        return self._raw.taken

    def bounded(self, blocks: Iterator[bytes], report: Report) -> Iterator[bytes]:
        """Unpacked blocks, as long as the input has not grown beyond what is allowed."""
        limit, ratio = self.settings.max_unpacked, self.settings.max_ratio
        for block in blocks:
            self._grown += len(block)
            packed = max(self._raw.taken, self.size or 0)
            if self._grown > limit or self._grown > max(UNCOUNTED, ratio * packed):
                what = f"{limit} bytes" if self._grown > limit else f"{ratio} times its size"
                report("too-large", f"unpacks to more than {what}; what could be read before counts")
                self.stopped = True
            if self.stopped:
                return
            yield block


def unpacked(
    name: str, blocks: Iterable[bytes], settings: Settings, notify: Callable[[Notice], None], *, guessed: bool = False
) -> Iterator[Source]:
    """The logs within bytes that come from no file: what a program has in memory, receives, or lets another write.

    Containers are taken off as from a pipe. What is ``guessed`` to be a log, and is none, is passed over in silence.
    """
    return Input(name, settings, notify, guessed=guessed).sources(blocks)


def _unpack(name: str, stream: Stream, origin: Input, layers: tuple[str, ...]) -> Iterator[Source]:
    head = stream.peek(HEAD)
    report = origin.report_about(name)
    compression = decompression_of(head)
    archive = "tar" if is_tar(head) else "zip" if is_zip(head) else ""
    kind = compression.name if compression is not None else archive
    if kind:
        archives = sum(layer in ("tar", "zip") for layer in layers)
        if len(layers) >= MAX_LAYERS or (archive and archives >= MAX_ARCHIVES):
            report("nested-too-deep", f"{kind} inside {', '.join(reversed(layers))} was not unpacked")
            return
    if compression is not None:
        unpacked = Stream(origin.bounded(decompress(compression, stream, report), report))
        yield from _unpack(name, unpacked, origin, (*layers, kind))
    elif archive:
        for label, member in _members(archive, stream, origin, layers, report):
            yield from _unpack(f"{name}!/{label}", member, origin, (*layers, kind))
            if origin.stopped:
                return
    else:
        yield from _log(name, head, stream, origin, layers)


def _members(archive: str, stream: Stream, origin: Input, layers: tuple[str, ...], report: Report) -> Iterator[Member]:
    if archive == "tar":
        yield from tar_members(stream, report)
        return
    for label, member in zip_members(stream, None if layers else origin.reopen, report):
        yield label, Stream(origin.bounded(member.blocks(), report))


def _log(name: str, head: bytes, stream: Stream, origin: Input, layers: tuple[str, ...]) -> Iterator[Source]:
    member = "tar" in layers or "zip" in layers
    words = "" if encoding_of(head)[0] else kind_of_binary(head)
    if words and (origin.guessed or member):
        origin.skipped.append(f"{name} ({words})")
        return
    if words == "not text":
        origin.report_about(name)("binary", "does not look like text; it is scanned because it was named")
    elif words:
        origin.report_about(name)("binary", f"is no log but {words}, and was skipped")
        return
    yield Source(name, None if member else origin.size, to_utf8(stream), origin.on_disk)
