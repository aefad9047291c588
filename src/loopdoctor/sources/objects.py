"""One object elsewhere, read by ranges or as one response: what a store and the web have in common.

Both give ``parts`` (from an offset to the end) and ``fetch`` (a range), and tell by ``Changed`` that the object is no
longer the one that was begun. fsspec talks to the servers; retrying is for ``resuming``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

CHUNK = 4 << 20
"""Bytes of one range: a store takes 10 to 50 ms to answer, which less would show; more would be kept in memory."""

PIECE = 1 << 20
"""Bytes taken of a response at once."""


class Changed(Exception):
    """The object was written anew while it was read: what comes now does not belong to what came before."""


class Object(Protocol):
    """One object: ``name`` as it is shown (secrets masked), ``size`` in bytes where it is known."""

    name: str
    size: int | None

    def parts(self, offset: int) -> Iterator[bytes]:
        """The bytes from ``offset`` to the end. Raises ``Changed``, and whatever the library raises."""
        ...

    def fetch(self, start: int, end: int) -> bytes:
        """The bytes of a range, as ``parts``."""
        ...

    def can_seek(self) -> bool:
        """Whether ranges can be had at all, once reading has begun."""
        ...


class StoredObject:
    """An object of S3, Google Cloud Storage or Azure: ranges of ``CHUNK`` bytes.

    s3fs asks for every range of the version that was opened (``If-Match``); the others are looked at again at the end.
    """

    def __init__(self, system: Any, path: str, name: str, size: int | None) -> None:
        self.name = name
        self.size = size
        self._system = system
        self._path = path
        self._first: tuple[Any, ...] | None = None
        self._for_ranges: Any = None

    def _identity(self) -> tuple[Any, ...]:
        info = self._system.info(self._path)
        keys = ("size", "ETag", "etag", "generation", "LastModified", "last_modified", "updated")
        return tuple(info.get(key) for key in keys)

    def parts(self, offset: int) -> Iterator[bytes]:
        """See ``Object``."""
        identity = self._identity()
        if offset and identity != self._first:
            raise Changed
        self._first = identity
        size: int = identity[0] or 0
        self.size = size
        if not size:
            return
        with self._open() as file:
            begun = offset
            while offset < size:
                data = self._read(file, offset, min(offset + CHUNK, size))
                offset += len(data)
                yield data
        if begun + CHUNK < size and self._identity() != identity:
            raise Changed

    def fetch(self, start: int, end: int) -> bytes:
        """See ``Object``."""
        self._for_ranges = self._for_ranges or self._open()  # to open it costs a request
        return self._read(self._for_ranges, start, end)

    def can_seek(self) -> bool:
        """See ``Object``."""
        return self.size is not None

    def _open(self) -> Any:
        return self._system.open(self._path, "rb", block_size=CHUNK, cache_type="none")

    def _read(self, file: Any, start: int, end: int) -> bytes:
        try:
            file.seek(start)
            data: bytes = file.read(end - start)
        except OSError as error:
            if type(error).__name__ == "FileExpired":  # s3fs; a precondition has failed
                raise Changed from None
            raise
        if len(data) != end - start:
            raise ConnectionError("a range came incomplete")
        return data


class WebObject:
    """An object behind HTTP: one response as it streams, gone on with by a range from where it broke.

    A server without ranges sends all of it again, of which the part that is known is passed over.
    """

    def __init__(self, system: Any, url: str, name: str, size: int | None) -> None:
        self.name = name
        self.size = size
        self._system = system
        self._url = url
        self._first: tuple[Any, ...] | None = None
        self._ranges = False

    def parts(self, offset: int) -> Iterator[bytes]:
        """See ``Object``."""
        with self._respond(f"bytes={offset}-" if offset else "") as response:
            partial, identity = self._known(response, offset, again=bool(offset))
            self._first, self.size = identity, identity[0]
            at = offset if partial else 0
            while data := response.read(PIECE):
                passed = min(len(data), max(0, offset - at))
                at += len(data)
                if passed < len(data):
                    yield data[passed:]
            if self.size is not None and at < self.size:
                raise ConnectionError("the response ended too early")

    def fetch(self, start: int, end: int) -> bytes:
        """See ``Object``."""
        got = b""
        with self._respond(f"bytes={start}-{end - 1}") as response:
            partial, _ = self._known(response, start, again=True)
            if not partial:
                raise ConnectionError("the server gives no ranges")
            while len(got) < end - start and (data := response.read(end - start - len(got))):
                got += data
        if len(got) != end - start:
            raise ConnectionError("a range came incomplete")
        return got

    def can_seek(self) -> bool:
        """See ``Object``."""
        return self._ranges and self.size is not None

    def _known(self, response: Any, offset: int, *, again: bool) -> tuple[bool, tuple[Any, ...]]:
        """Whether the response begins at ``offset``, and what identifies the object."""
        headers, status = response.r.headers, response.r.status
        scope, _, total = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        partial = status == 206 and scope.partition("-")[0] == str(offset)
        length = total if status == 206 else headers.get("Content-Length", "")
        self._ranges = partial or headers.get("Accept-Ranges", "") == "bytes"
        size = int(length) if length.isdigit() else None
        identity = size, headers.get("ETag"), headers.get("Last-Modified")
        if again and identity != self._first:
            raise Changed
        if status == 206 and not partial:
            raise ConnectionError("the server sent another range than was asked for")
        return partial, identity

    def _respond(self, scope: str) -> Any:
        # Blocks of no bytes make fsspec stream; a size spares it to ask for one.
        headers = {"Range": scope} if scope else {}
        return contextlib.closing(self._system.open(self._url, "rb", block_size=0, size=-1, headers=headers))
