"""Members of tar and zip archives, one after the other, as streams. Nothing is ever extracted to disk.

A member's name is only a label: ``../../etc/passwd`` names no file here. Links and devices have no content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING

from loopdoctor.sources.decompress import Report
from loopdoctor.sources.job_logs import HEAD, say_twice, told_twice
from loopdoctor.sources.stream import BLOCK, Stream

if TYPE_CHECKING:
    import zipfile

Member = tuple[str, Stream]

TAR_BLOCK = 512
MAX_TAR_EXTRA = 64 << 10
"""Bytes of a long name or a pax header that are kept; a path of Linux has 4096 at most."""

MAX_SPOOL = 1 << 30
"""Bytes of a zip from a pipe that are kept (in a temporary file, above 16 MiB): its directory stands at its end."""

MAX_ZIP_DIRECTORY = 16 << 20
"""Bytes of a zip's directory: some 200,000 members, which become 20 times as much memory."""


def is_tar(head: bytes) -> bool:
    """Whether data beginning with ``head`` is a tar archive (POSIX or GNU; those before 1988 have no mark)."""
    return head[257:262] == b"ustar"


def is_zip(head: bytes) -> bool:
    """Whether data beginning with ``head`` is a zip archive, be it an empty one."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def tar_members(stream: Stream, report: Report) -> Iterator[Member]:
    """The regular files of a tar archive.

    ``tarfile`` reads single headers only: as a whole it keeps a hostile header of any size in memory.
    """
    import tarfile

    names: dict[str, str] = {}
    extra = (
        tarfile.XHDTYPE,
        tarfile.SOLARIS_XHDTYPE,
        tarfile.XGLTYPE,
        tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    )
    while True:
        header = stream.read_exactly(TAR_BLOCK)
        if len(header) == TAR_BLOCK and not header.strip(b"\0"):
            return
        try:
            info = tarfile.TarInfo.frombuf(header, "utf-8", "replace")
        except tarfile.HeaderError as error:
            kind = "truncated" if len(header) < TAR_BLOCK else "damaged"
            report(kind, f"the tar archive ends too early or is damaged ({error}); the members before count")
            return
        size = names.get("size", "")
        length = int(size) if size and info.type not in extra else max(info.size, 0)
        if info.type in extra:
            names |= _tar_extra(info.type, stream.peek(min(length, MAX_TAR_EXTRA)))
        has_content = info.type in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE, tarfile.GNUTYPE_SPARSE)
        more = header[482] if info.type == tarfile.GNUTYPE_SPARSE else 0
        while more and len(block := stream.read_exactly(TAR_BLOCK)) == TAR_BLOCK:
            more = block[504]
        end = _Body(stream, length)
        if has_content:
            yield names.get("path", info.name), Stream(end.blocks())
        if not end.skip():
            report("truncated", f"the tar archive ends within {info.name!r}; what could be read before counts")
            return
        if info.type not in extra:
            names.clear()


class _Body:
    """The content of one member, which must be passed over whether somebody has read it or not."""

    def __init__(self, stream: Stream, size: int) -> None:
        self._stream = stream
        self._left = size
        self._padding = -size % TAR_BLOCK

    def blocks(self) -> Iterator[bytes]:
        while self._left and (data := self._stream.read(min(self._left, BLOCK))):
            self._left -= len(data)
            yield data

    def skip(self) -> bool:
        """Goes to the next header; says whether the archive was long enough."""
        for _ in self.blocks():
            pass
        return not self._left and len(self._stream.read_exactly(self._padding)) == self._padding


def _tar_extra(kind: bytes, data: bytes) -> dict[str, str]:
    """What an extra header says about the member behind it: ``path`` and ``size``, as far as it says so."""
    import tarfile

    if kind == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.split(b"\0", 1)[0].decode(errors="replace")}
    if kind not in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE):
        return {}
    found = {}
    while data:  # records of the form "30 path=logs/app.log\n", the number being the length of all of it
        number, _, rest = data.partition(b" ")
        if not number.isdigit() or len(number) > 8 or int(number) <= len(number) + 1:
            break
        key, _, value = rest[: int(number) - len(number) - 1].rstrip(b"\n").partition(b"=")
        if key == b"path" or (key == b"size" and value.isdigit() and len(value) < 20):
            found[key.decode()] = value.decode(errors="replace")
        data = data[int(number) :]
    return found


def zip_members(stream: Stream, reopen: Callable[[], IO[bytes] | None] | None, report: Report) -> Iterator[Member]:
    """The files of a zip archive. ``reopen`` opens its own file; without one the stream is kept for the time."""
    import zipfile

    own = reopen() if reopen is not None else None
    with own or _spooled(stream) as file:
        try:
            size = file.seek(0, 2)
            if own is None and size >= MAX_SPOOL:
                report(
                    "too-large", f"a zip archive from a pipe or inside another may have {MAX_SPOOL >> 20} MiB at most"
                )
                return
            if _zip_directory_size(file, size) > MAX_ZIP_DIRECTORY:
                report("too-large", "the zip archive's directory is too large")
                return
            with zipfile.ZipFile(file) as archive:
                twice = _steps_of_jobs(archive)
                if twice:
                    report("steps-of-job", say_twice(len(twice)))
                for info in archive.infolist():
                    if not info.is_dir() and info.filename not in twice:
                        yield info.filename, Stream(_zip_member(archive, info, report))
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            report("damaged", f"the zip archive cannot be read ({error}); what could be read before counts")


def _steps_of_jobs(archive: zipfile.ZipFile) -> frozenset[str]:
    """The members that the log of a whole job tells again, in what GitHub gives for a workflow run."""

    def head(name: str) -> bytes:
        with archive.open(name) as member:
            return member.read(HEAD)

    sizes = {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}
    try:
        return told_twice(sizes, head)
    except Exception:  # noqa: BLE001 - a damaged member is told when it is read
        return frozenset()


def _spooled(stream: Stream) -> IO[bytes]:
    import tempfile

    spool = tempfile.SpooledTemporaryFile(max_size=16 << 20)  # noqa: SIM115 - the caller closes it
    for block in stream.limited(MAX_SPOOL):
        spool.write(block)
    return spool


def _zip_directory_size(file: IO[bytes], size: int) -> int:
    """What the end record (or that of zip64) says; 0 if there is none, which ``zipfile`` will then complain about."""
    file.seek(max(0, size - (64 << 10) - 22))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        return 0
    length = int.from_bytes(tail[at + 12 : at + 16], "little")
    locator = tail[at - 20 : at] if at >= 20 else b""
    if locator.startswith(b"PK\x06\x07"):
        file.seek(min(size, int.from_bytes(locator[8:16], "little")))
        record = file.read(56)
        if record.startswith(b"PK\x06\x06"):
            length = max(length if length != 0xFFFFFFFF else 0, int.from_bytes(record[40:48], "little"))
    return length


def _zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, report: Report) -> Iterator[bytes]:
    import lzma
    import zipfile
    import zlib

    try:
        with archive.open(info) as member:
            while data := member.read(BLOCK):
                yield data
    except NotImplementedError:
        report("unsupported", f"{info.filename!r} is compressed in a way that Python cannot read, and was skipped")
    except RuntimeError:
        report("encrypted", f"{info.filename!r} is encrypted and was skipped")
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        report("damaged", f"{info.filename!r} cannot be read to its end ({error}); what could be read before counts")
