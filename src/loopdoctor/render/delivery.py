"""Takes what was rendered to where it was asked for: standard output, or files that are whole or not there at all."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from loopdoctor.errors import LoopdoctorError


def to_stdout(pieces: Iterable[str], encoding: str = "utf-8") -> None:
    """Writes to standard output; what ``encoding`` lacks is written as an escape.

    A reader that has gone (``| head``) ends the output quietly. Raises LoopdoctorError if it cannot be written.
    """
    if sys.stdout is not None:  # None: started with a closed standard output (>&-)
        to_stream(sys.stdout, pieces, encoding)


def to_stream(out: TextIO, pieces: Iterable[str], encoding: str) -> bool:
    """Writes to an open stream at once; False if its reader has gone. Raises LoopdoctorError if it fails otherwise."""
    try:
        for piece in pieces:
            if hasattr(out, "buffer"):
                out.buffer.write(piece.encode(encoding, "backslashreplace"))
            else:
                out.write(piece)
        out.flush()
    except BrokenPipeError:
        silence(out)
        return False
    except OSError as error:
        silence(out)
        raise _failed("standard output", error) from None
    return True


def silence(stream: object) -> None:
    """Sends the rest of a broken stream nowhere, so that the interpreter's last flush does not complain.

    Source: https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
        os.close(nowhere)


def check_target(path: str, what: str = "the report") -> None:
    """Raises LoopdoctorError if no file can be made at ``path``: told before a long scan, not after it."""
    target = Path(path)
    if target.is_dir():
        raise LoopdoctorError("output-failed", f"{what} cannot be written: it is a directory", context=path)
    if not target.absolute().parent.is_dir():
        message = f"{what} cannot be written: there is no such directory"
        hint = f"make it first: mkdir -p {target.parent}"
        raise LoopdoctorError("output-failed", message, context=str(target.parent), hint=hint)


def to_file(pieces: Iterable[str], path: str, what: str = "the report") -> None:
    """Writes UTF-8 beside ``path`` and renames: a reader sees the old file or the whole new one.

    What is no ordinary file (``/dev/stderr``, a named pipe) is written to as it is. Raises LoopdoctorError.
    """
    target = Path(path).resolve()
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as out:
                out.writelines(_encoded(pieces))
            return
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        beside = target.with_name(f".{target.name[:100]}.{os.getpid()}.part")
        try:
            with beside.open("wb") as out:
                out.writelines(_encoded(pieces))
            if mode is not None:
                beside.chmod(mode)
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except BrokenPipeError:
        return
    except OSError as error:
        raise _failed(path, error, what) from None


def append(pieces: Iterable[str], path: str, most: int, note: str) -> None:
    """Appends UTF-8 to a file that holds at most ``most`` bytes: whole pieces while they fit, then ``note``.

    Raises LoopdoctorError if it cannot be written.
    """
    try:
        with Path(path).open("ab") as out:
            left = most - out.tell() - len(note.encode())
            for data in _encoded(pieces):
                if len(data) > left:
                    if left >= 0:
                        out.write(note.encode())
                    return
                out.write(data)
                left -= len(data)
    except OSError as error:
        raise _failed(path, error) from None


def to_folder(files: Mapping[str, str], path: str, *, force: bool = False) -> None:
    """Writes text files (name -> text) into a directory, which is made if need be; each is whole or not there.

    Nothing is replaced unless ``force`` says so, and then only what stands under these names in the directory itself:
    a symbolic link is replaced, never followed. Raises LoopdoctorError.
    """
    folder = Path(path)
    there = [name for name in files if os.path.lexists(folder / name)]
    if there and not force:
        hint = "choose another directory, or replace them with --force"
        raise LoopdoctorError("output-exists", f"these are there already: {', '.join(there)}", context=path, hint=hint)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # All of them first, so that a full disk replaces nothing.
        with tempfile.TemporaryDirectory(dir=folder, prefix=".loopdoctor-") as beside:
            for name, text in files.items():
                Path(beside, name).write_text(text, "utf-8", newline="\n")
            for name in files:
                Path(beside, name).replace(folder / name)
    except OSError as error:
        raise _failed(path, error, "the files") from None


def _encoded(pieces: Iterable[str]) -> Iterable[bytes]:
    return (piece.encode("utf-8", "backslashreplace") for piece in pieces)


def _failed(where: str, error: OSError, what: str = "the report") -> LoopdoctorError:
    reason = (error.strerror or str(error)).lower()
    hint = "choose another directory" if what == "the files" else "choose another place for it"
    return LoopdoctorError("output-failed", f"{what} cannot be written: {reason}", context=where, hint=hint)
