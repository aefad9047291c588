"""Finds the inputs that the user named: files, directories, patterns, pipes and standard input."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Notice
from loopdoctor.settings import Settings
from loopdoctor.sources.decompress import Report
from loopdoctor.sources.job_logs import HEAD, job_of, say_twice, told_twice
from loopdoctor.sources.stream import Source, read_blocks
from loopdoctor.sources.unpack import Input
from loopdoctor.sources.urls import scheme_of
from loopdoctor.stopping import Stop

if TYPE_CHECKING:
    from loopdoctor.sources.remote import Remote

STDIN = "-"
SHOWN = 5
PIPE = 1 << 20

Notify = Callable[[Notice], None]


def find_sources(
    paths: Sequence[str], settings: Settings, notify: Notify, stop: Stop | None = None
) -> Iterator[Source]:
    """Every log within ``paths``, in the order given, the files of a directory in the order of their names.

    A path is a file, a directory (searched with all below it), a pattern such as ``logs/**/*.log``, a named pipe, an
    address (``s3://bucket/logs/``, see ``remote``), or ``-`` for standard input. Containers are unpacked by their
    content, whatever they are called. Each source must be read (or left) before the next is asked for. Once ``stop``
    is set every input ends where it is being read.

    Raises LoopdoctorError for a path that is not there or cannot be read, and for a directory without any file: for
    all that can be known at once, before the first source is given.
    """
    found: list[str | Remote] = []
    for path in paths:
        if scheme_of(path):
            from loopdoctor.sources.remote import find_remote

            found.append(find_remote(path))
        else:
            found += _checked([path])
    return _each(found, settings, notify, stop)


class Named(NamedTuple):
    """A file to read; ``within`` is the directory that was named and in which it was found ("": it was named).

    ``base`` is the directory that ``path`` starts from, where that is not the reader's own.
    """

    path: str
    within: str = ""
    base: str = ""


def named_files(paths: Sequence[str], notify: Notify) -> Iterator[Named]:
    """Every file within ``paths``, in the order in which ``find_sources`` reads them; raises what that raises."""
    for path in _checked(paths):
        if path != STDIN and Path(path).is_dir():
            yield from (Named(file, path) for file in _files_below(path, notify))
        else:
            yield Named(path)


def read_file(
    file: Named, settings: Settings, notify: Notify, skipped: list[str], stop: Stop | None = None
) -> Iterator[Source]:
    """The logs in one file; the names of those that turn out to be none, and that nobody named, go to ``skipped``."""
    return _read(file.path, settings, notify, skipped, stop, guessed=bool(file.within), base=file.base)


def tell_skipped(within: str, skipped: Sequence[str], notify: Notify) -> None:
    """Says what in a directory was no log."""
    if skipped:
        more = f", and {len(skipped) - SHOWN} more" if len(skipped) > SHOWN else ""
        files = "1 file that is no log was" if len(skipped) == 1 else f"{len(skipped)} files that are no logs were"
        notify(Notice("binary", f"{files} skipped: {', '.join(skipped[:SHOWN])}{more}", within))


def _checked(paths: Sequence[str]) -> list[str]:
    found = [path for pattern in paths for path in matching_paths(pattern)]
    for path in found:
        check_path(path)
    return found


def _each(paths: Sequence[str | Remote], settings: Settings, notify: Notify, stop: Stop | None) -> Iterator[Source]:
    for path in paths:
        skipped: list[str] = []
        if not isinstance(path, str):
            yield from path.sources(settings, notify, skipped, stop)
            tell_skipped(path.shown, skipped, notify)
            continue
        for file in named_files([path], notify):
            if stop is not None and stop.is_set():
                break
            yield from read_file(file, settings, notify, skipped, stop)
        tell_skipped(path, skipped, notify)


def matching_paths(pattern: str) -> Sequence[str]:
    """The path itself if there is such a file, else what the pattern matches (quoted, or where no shell expands it)."""
    if pattern == STDIN or os.path.lexists(pattern):
        return [pattern]
    if glob.has_magic(pattern):
        if found := sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207 - the pattern may be absolute
            return found
        hint = "no file matches the pattern; quote it only if loopdoctor is to expand it"
    else:
        hint = "check the spelling; use - to read standard input"
    raise LoopdoctorError("input-not-found", "no such file or directory", context=pattern, hint=hint)


def check_path(path: str) -> None:
    """Raises LoopdoctorError if a path is not there, cannot be read, or is a directory without any file."""
    if path == STDIN:
        return
    place = Path(path)
    if not place.exists():
        hint = "the link points to nothing"
        raise LoopdoctorError("input-not-found", "no such file or directory", context=path, hint=hint)
    if not os.access(path, os.R_OK):
        raise unreadable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    if place.is_dir() and next(_files_below(path, lambda _: None), None) is None:
        hint = "name a directory that holds logs, or the logs themselves"
        raise LoopdoctorError("input-empty", "there is no file in this directory", context=path, hint=hint)


def unreadable(path: str, error: OSError) -> LoopdoctorError:
    """What to tell the user of a file that cannot be opened."""
    reason = (error.strerror or str(error)).lower()
    hint = "run loopdoctor as a user who may read it, or pipe it in: sudo cat FILE | loopdoctor scan -"
    return LoopdoctorError("input-unreadable", f"cannot be read ({reason})", context=path, hint=hint)


def _files_below(directory: str, notify: Notify) -> Iterator[str]:
    """Every regular file below a directory once, in the order of the names.

    Links to files are followed, since that is how Kubernetes lays out its logs, but a file that has several names is
    read once; links to directories are not, since they may lead round in a circle or out of the tree. Pipes, sockets
    and devices are passed over: reading them may never end.
    """
    seen: set[tuple[int, int]] = set()
    twice: set[str] = set()
    waiting = [directory]
    while waiting:
        path = waiting.pop()
        try:
            mode = os.lstat(path).st_mode
            if stat.S_ISDIR(mode) or path == directory:
                below = sorted((entry.path for entry in os.scandir(path)), reverse=True)
                if steps := _steps_of_jobs(below):
                    twice |= steps
                    notify(Notice("steps-of-job", say_twice(len(steps)), path))
                waiting += below
                continue
            info = os.stat(path)  # noqa: PTH116 - as above
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ELOOP):
                notify(Notice("unreadable", f"cannot be read ({(error.strerror or str(error)).lower()})", path))
            continue
        key = (info.st_dev, info.st_ino)
        if stat.S_ISREG(info.st_mode) and key not in seen and path not in twice:
            if info.st_ino:  # some file systems of Windows have none
                seen.add(key)
            yield path


def _steps_of_jobs(paths: Sequence[str]) -> set[str]:
    """What the logs of whole jobs among the files of a directory tell again, themselves in its folders: the archive
    that GitHub gives for a workflow run, unpacked."""
    folders = {job_of(path.replace(os.sep, "/")) for path in paths} - {""}
    numbered = [path for path in paths if job_of(path.replace(os.sep, "/"))]
    for folder in folders.intersection(path.replace(os.sep, "/") for path in paths):
        with contextlib.suppress(OSError):
            numbered += [entry.path for entry in os.scandir(folder)]
    if not folders:
        return set()
    real = {path.replace(os.sep, "/"): path for path in numbered if Path(path).is_file()}

    def head(path: str) -> bytes:
        with open(real[path], "rb") as file:  # noqa: PTH123
            return file.read(HEAD)

    try:
        return {real[path] for path in told_twice({path: Path(path).stat().st_size for path in real}, head)}
    except OSError:  # told when it is read
        return set()


def _read(
    path: str,
    settings: Settings,
    notify: Notify,
    skipped: list[str],
    stop: Stop | None,
    *,
    guessed: bool,
    base: str = "",
) -> Iterator[Source]:
    place = path if path == STDIN else os.path.join(base, path)  # noqa: PTH118 - it may be no text
    try:
        descriptor = open_raw(place)
    except OSError as error:
        if not guessed:
            raise unreadable(path, error) from error
        notify(Notice("unreadable", f"cannot be read ({(error.strerror or str(error)).lower()})", path))
        return
    try:
        info = os.fstat(descriptor)
        regular = stat.S_ISREG(info.st_mode)
        if stat.S_ISFIFO(info.st_mode):
            _widen(descriptor)
        origin = Input(
            path,
            settings,
            notify,
            size=info.st_size if regular else None,
            reopen=(lambda: Path(place).open("rb")) if regular and path != STDIN else None,  # noqa: SIM115 - its reader closes it
            guessed=guessed,
            stop=stop,
        )
        yield from origin.sources(_guarded(read_blocks(descriptor, stop), origin.report_about(path)))
        skipped += origin.skipped
    finally:
        if path != STDIN:
            os.close(descriptor)


def open_raw(path: str) -> int:
    """A descriptor that gives bytes as they are. Python's own standard input would buffer, and lock at exit."""
    if path != STDIN:
        return os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
    return 0


def _widen(pipe: int) -> None:
    """Lets a pipe of Linux hold 1 MiB instead of 64 KiB: a quarter less time for the same bytes."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # the user's pipes together may hold no more
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE)


def _guarded(blocks: Iterator[bytes], report: Report) -> Iterator[bytes]:
    """The blocks until the end or until the device fails."""
    try:
        yield from blocks
    except OSError as error:
        report("read-failed", f"reading failed ({error.strerror or error}); what could be read before counts")
