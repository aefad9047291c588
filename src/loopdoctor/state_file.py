"""The file of ``scan --state``: how far each log was read, which failures are known, what is still to be told.

It is written beside itself and renamed, so that it is the old one or the new one at any moment. What a run has found is
in it, as ``pending``, by the same rename that moves the reading places on; it is taken out when it was delivered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from loopdoctor.errors import LoopdoctorError
from loopdoctor.sources.bookmarks import Bookmark

VERSION = 1

MAX_SIZE = 1 << 30

MOST_KNOWN = 10_000
"""Failures that are remembered; beyond that those that were not seen for the longest time are forgotten."""

MOST_FILES = 100_000

KEPT_GONE = 86_400.0 * 7
"""Seconds for which the place in a file is kept that no run has seen: its disk may come back."""


class Known(Struct, frozen=True):
    """A failure that earlier runs have seen: when the first and the last of them did (ISO 8601, UTC), how often."""

    first: str
    last: str
    occurrences: int


class Text(Struct, frozen=True):
    """One report as it is to be written: its format, and the absolute path of its file (None: standard output)."""

    format: str
    path: str | None
    text: str


class Pending(Struct, frozen=True):
    """Reports that may not have been delivered, and the exit status of the run that made them."""

    texts: tuple[Text, ...]
    status: int


class State(Struct, frozen=True):
    """All that a run hands on to the next. ``looked`` is when it looked at the logs, in seconds since 1970."""

    loopdoctor_state: int = VERSION
    runs: int = 0
    looked: float | None = None
    files: tuple[Bookmark, ...] = ()
    known: dict[str, Known] = {}
    pending: Pending | None = None


class _Version(Struct, frozen=True):
    loopdoctor_state: int


def read_state(path: str) -> State:
    """What the run before has left; an empty state if there is no file. Raises LoopdoctorError for anything else."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except FileNotFoundError:
        return State()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise LoopdoctorError("state-unreadable", f"the state cannot be read: {reason}", context=path) from None
    try:
        version = msgspec.json.decode(data, type=_Version).loopdoctor_state
        if version == VERSION:
            return msgspec.json.decode(data, type=State)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        hint = "name another file, or remove this one: then everything is read and told again"
        raise LoopdoctorError(
            "state-broken", f"this is no state of a scan: {str(error)[:200]}", context=path, hint=hint
        ) from None
    message = f"the state is of version {version}, this loopdoctor reads version {VERSION}"
    hint = "remove it: then everything is read and told again"
    raise LoopdoctorError("state-version", message, context=path, hint=hint)


def write_state(state: State, path: str) -> None:
    """Puts the state in the place of the one before, on disk when this returns. Raises LoopdoctorError."""
    target = Path(path).resolve()
    beside = target.with_name(f".{target.name[:100]}.part")  # only who holds the lock writes it
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as out:  # noqa: PTH123 - a descriptor: what logs say is for their owner
            out.write(msgspec.json.encode(state))
            out.flush()
            os.fsync(descriptor)
        beside.replace(target)
        settle(target.parent)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        hint = "nothing was told; the next run reads the same again"
        raise LoopdoctorError(
            "state-unwritable", f"the state cannot be written: {reason}", context=path, hint=hint
        ) from None


def settle(path: Path) -> None:
    """Lets what was renamed, or written, be on disk; where a system cannot do that, it is as safe as it can be."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def lock_of(path: str) -> str:
    """The file that is locked for a state: the state itself is replaced by each run."""
    return f"{path}.lock"


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Keeps other runs with the same state out. The system takes the lock off, however the process ends.

    Raises LoopdoctorError if another run has it, or if there can be no such file.
    """
    try:
        import fcntl
    except ImportError:
        message = "--state needs file locks as Unix has them"
        raise LoopdoctorError("state-unsupported", message, context=path) from None
    try:
        descriptor = os.open(lock_of(path), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise LoopdoctorError("state-unwritable", f"the state cannot be written: {reason}", context=path) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            hint = "let it end, or give each of them a state of its own"
            raise LoopdoctorError(
                "state-locked", "another run works with this state", context=path, hint=hint
            ) from None
        yield
    finally:
        os.close(descriptor)


def bounded_files(files: tuple[Bookmark, ...], now: float) -> tuple[Bookmark, ...]:
    """Without those that no run has seen for a while."""
    kept = [mark for mark in files if now - mark.seen < KEPT_GONE or not mark.seen]
    return tuple(sorted(kept, key=lambda mark: mark.seen)[-MOST_FILES:])


def bounded_known(known: dict[str, Known]) -> dict[str, Known]:
    """The failures that were seen last."""
    latest = sorted(known.items(), key=lambda item: item[1].last)[-MOST_KNOWN:]
    return dict(sorted(latest))
