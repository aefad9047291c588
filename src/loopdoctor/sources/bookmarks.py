"""How far a log has been read, kept between runs: which file it was, told by its identity and its bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import IO, NamedTuple

from msgspec import Struct

from loopdoctor.settings import Settings
from loopdoctor.sources.archives import is_tar, is_zip
from loopdoctor.sources.decompress import decompression_of
from loopdoctor.sources.encodings import encoding_of
from loopdoctor.sources.files import Notify, open_raw
from loopdoctor.sources.stream import BLOCK, Stream, read_blocks
from loopdoctor.sources.unpack import Input
from loopdoctor.stopping import Stop

HEAD = 1024
"""First bytes of a file that must stay what they were; with the time in its lines no two logs begin alike."""

TAIL = 64
"""Bytes before the reading place that must still stand there."""


class Bookmark(Struct, frozen=True, omit_defaults=True):
    """How far one file has been read.

    ``path`` is the name under which the log was asked for, whatever the file is called by now (``moved``).
    ``offset`` and ``lines`` count the log's bytes (unpacked, where ``packed``) and lines before the reading place,
    ``size`` the bytes on disk when it was last seen. ``head`` and ``tail`` are fingerprints of its first ``head_size``
    bytes and of those before the place. ``waits``: it had more, which was held back. ``seen`` is when
    it was there, in seconds since 1970.
    """

    path: str
    device: int
    inode: int
    offset: int = 0
    lines: int = 0
    head: str = ""
    head_size: int = 0
    tail: str = ""
    size: int = 0
    packed: bool = False
    moved: bool = False
    waits: bool = False
    seen: float = 0.0

    @property
    def key(self) -> tuple[int, int]:
        """What tells the file from every other one that is there at the same time."""
        return self.device, self.inode


class File(NamedTuple):
    """A file that is there: ``name`` as the user would write it, ``path`` absolute; ``guessed``: nobody named it."""

    name: str
    path: str
    device: int
    inode: int
    size: int
    modified: float
    packed: bool
    guessed: bool = False

    @property
    def key(self) -> tuple[int, int]:
        """What tells it from every other one."""
        return self.device, self.inode


def look_at(name: str, *, guessed: bool = False) -> File | None:
    """The file of this name as it is now; None if there is no ordinary file that can be read."""
    try:
        if not stat.S_ISREG(os.stat(name).st_mode):  # noqa: PTH116 - opening a pipe waits for its writer
            return None
        with opened(name) as descriptor:
            info = os.fstat(descriptor)
            head = os.pread(descriptor, HEAD, 0)
    except OSError:
        return None
    packed = bool(decompression_of(head) or is_tar(head) or is_zip(head) or encoding_of(head)[0] not in ("", "utf-8"))
    path = os.path.abspath(name)  # noqa: PTH100 - a link is its own name
    return File(name, path, info.st_dev, info.st_ino, info.st_size, info.st_mtime, packed, guessed)


@contextmanager
def opened(path: str) -> Iterator[int]:
    """A descriptor of a file, for a while. Raises OSError."""
    descriptor = open_raw(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def print_of(data: bytes) -> str:
    """A short fingerprint of some bytes."""
    return blake2b(data, digest_size=16).hexdigest() if data else ""


def mark_at(descriptor: int, path: str, offset: int, lines: int) -> Bookmark:
    """The bookmark of an open file that is no container, with all that tells it from others."""
    info = os.fstat(descriptor)
    head = os.pread(descriptor, HEAD, 0)
    tail = os.pread(descriptor, min(TAIL, offset), max(0, offset - TAIL))
    return Bookmark(
        path,
        info.st_dev,
        info.st_ino,
        offset,
        lines,
        print_of(head),
        len(head),
        print_of(tail),
        info.st_size,
    )


def still_fits(descriptor: int, mark: Bookmark) -> bool:
    """Whether an open file holds what had been read of it: False if it was truncated, or is another one."""
    size = os.fstat(descriptor).st_size
    if size < mark.offset or size < mark.head_size:
        return False
    tail = os.pread(descriptor, min(TAIL, mark.offset), max(0, mark.offset - TAIL))
    return print_of(os.pread(descriptor, mark.head_size, 0)) == mark.head and print_of(tail) == mark.tail


def fits(file: File, mark: Bookmark, settings: Settings) -> bool:
    """The same for a file by its name, in a container or not: whether it can be read on from the bookmark."""
    if file.key == mark.key and mark.packed:
        return file.size == mark.size or _text_fits(file, mark, settings)
    if file.packed:
        return _text_fits(file, mark, settings)
    try:
        with opened(file.path) as descriptor:
            info = os.fstat(descriptor)
            return (info.st_dev, info.st_ino) == file.key and still_fits(descriptor, mark)
    except OSError:
        return False


def _text_fits(file: File, mark: Bookmark, settings: Settings) -> bool:
    stream = Stream(text_of(file, settings))
    if print_of(stream.read_exactly(mark.head_size)) != mark.head:
        return False
    left = mark.offset - mark.head_size
    tail = b""
    if left <= 0:  # the head tells it all
        return True
    for block in stream.limited(left):
        tail = (tail + block)[-TAIL:]
        left -= len(block)
    if left:
        return False
    return len(tail) < TAIL or print_of(tail) == mark.tail


def text_of(file: File, settings: Settings) -> Iterator[bytes]:
    """The log in a file, or one after the other all that an archive holds. What fails ends it."""
    try:
        with opened(file.path) as descriptor:
            if not file.packed:
                yield from read_blocks(descriptor)
                return
            origin = container(file, settings, lambda _: None)
            for source in origin.sources(read_blocks(descriptor)):
                yield from source.blocks()
    except OSError:
        return


def container(file: File, settings: Settings, notify: Notify, stop: Stop | None = None) -> Input:
    """A file that is to be unpacked."""

    def reopen() -> IO[bytes]:
        return Path(file.path).open("rb")

    return Input(file.name, settings, notify, size=file.size, reopen=reopen, guessed=file.guessed, stop=stop)


def is_copy(file: File, of: File, settings: Settings) -> bool:
    """Whether a file holds nothing but what another one begins with: a copy that may still be being made."""
    try:
        with opened(of.path) as descriptor:
            at = 0
            for block in text_of(file, settings):
                for start in range(0, len(block), BLOCK):
                    piece = block[start : start + BLOCK]
                    if os.pread(descriptor, len(piece), at) != piece:
                        return False
                    at += len(piece)
    except OSError:
        return False
    return at > 0 or file.packed  # of a container that is being written nothing may be readable yet
