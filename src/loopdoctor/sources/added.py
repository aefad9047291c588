"""What was added to logs since they were last read, whatever rotation has done to them meanwhile.

A file is known again by its device and inode as long as it holds what was read of it. One that does not was truncated,
or its number was given to another; one that is not there was renamed, copied (``copytruncate``), compressed or deleted.
What it is now called is looked for beside it: by its number, then by its bytes. Whole generations that came and went
between two runs are found by their names and the time of their last line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from loopdoctor.errors import LoopdoctorError
from loopdoctor.model import Notice
from loopdoctor.settings import Settings
from loopdoctor.sources.bookmarks import Bookmark, File, fits, is_copy, look_at, mark_at, opened
from loopdoctor.sources.files import STDIN, Notify, named_files

SLACK = 2.0
"""Seconds by which a file's time may be behind the clock of the run before."""

_ROTATED = re.compile(r"[._-](\d[\d._T:-]*|old|bak|prev|gz|bz2|xz|zst)(\.(gz|bz2|xz|zst|log|txt))*")


class Stretch(NamedTuple):
    """A file to read from where its bookmark is."""

    file: File
    mark: Bookmark


class Plan(NamedTuple):
    """What is to be read, the oldest first, and the bookmarks of what is not.

    ``steady`` is False if files were renamed meanwhile, or one was not found: a second look may tell more.
    """

    stretches: list[Stretch]
    others: list[Bookmark]
    steady: bool


def plan_reading(
    paths: Sequence[str],
    marks: Sequence[Bookmark],
    since: float | None,
    settings: Settings,
    notify: Notify,
    apart: Collection[str] = (),
) -> Plan:
    """Where to read on. ``since`` is when the run before looked, None for the first; ``apart`` are files of our own.

    Raises LoopdoctorError for a path that is not there (one with a bookmark may be, for a moment) or is no file.
    """
    return _Search(marks, since, settings, notify, apart).plan(paths)


class _Search:
    """One look at everything that is there."""

    def __init__(
        self,
        marks: Sequence[Bookmark],
        since: float | None,
        settings: Settings,
        notify: Notify,
        apart: Collection[str],
    ) -> None:
        self._since = since
        self._settings = settings
        self._notify = notify
        self._apart = apart
        self._left = {mark.key: mark for mark in marks}
        self._families = {mark.path for mark in marks}
        self._found: list[Stretch] = []
        self._others: list[Bookmark] = []
        self._keys: set[tuple[int, int]] = set()  # of the files that have their bookmark
        self._taken: dict[str, list[File]] = {}
        self._folders = _Folders()
        self._steady = True

    def plan(self, paths: Sequence[str]) -> Plan:
        """What is to be read."""
        for path in paths:
            self._folders.look(os.path.dirname(os.path.abspath(path)))  # noqa: PTH100, PTH120
        there, asked = self._named(paths)
        fresh = []
        for file in there:
            mark = self._left.get(file.key)
            if mark is not None and fits(file, mark, self._settings):
                self._take(file, mark)
            else:
                fresh.append(file)
        self._follow_away(asked, fresh)
        for path in sorted(asked.keys() - self._families):
            passed = list(self._passed_over(path, asked[path], there))
            self._others += passed
            self._keys.update(mark.key for mark in passed)
        for file in fresh:
            if not self._is_copy(file):
                self._take(file, _unread(file, file.path))
        for path in sorted(asked.keys() & self._families):
            for file in self._generations(path, asked[path]):
                if file.modified >= (self._since or 0.0) - SLACK and not self._is_copy(file):
                    self._take(file, replace(_unread(file, path), moved=True))
        moved = [one for one in self._found if one.mark.moved]
        moved.sort(key=lambda one: one.file.modified)
        stretches = moved + [one for one in self._found if not one.mark.moved]
        keys = {one.file.key for one in stretches}
        others = self._others + [mark for mark in self._left.values() if mark.key not in keys]
        return Plan(stretches, others, self._steady and self._folders.are_unchanged())

    def _named(self, paths: Sequence[str]) -> tuple[list[File], dict[str, str]]:
        """The files that were named, and their absolute paths with the names; one that is gone for a moment as well."""
        there: dict[tuple[int, int], File] = {}
        asked: dict[str, str] = {}
        for path in paths:
            whole = os.path.abspath(path)  # noqa: PTH100 - a link is its own name
            if path != STDIN and whole in self._families and not os.path.lexists(path):
                asked[whole] = path
                continue
            for named in named_files([path], self._notify):
                self._folders.look(os.path.dirname(os.path.abspath(named.path)))  # noqa: PTH100, PTH120
                file = look_at(named.path, guessed=bool(named.within))
                if file is None:
                    self._steady = self._steady and bool(named.within)
                    if not named.within and os.path.lexists(named.path) and not os.path.isfile(named.path):  # noqa: PTH113
                        hint = "name files that stay: what comes through a pipe cannot be read again"
                        message = "cannot be read, or is no ordinary file"
                        raise LoopdoctorError("state-input", message, context=named.path, hint=hint)
                    continue
                if os.path.realpath(file.path) not in self._apart:
                    there.setdefault(file.key, file)
                    asked[file.path] = file.name
        return list(there.values()), asked

    def _take(self, file: File, mark: Bookmark) -> None:
        """Reads on in a file, which has this bookmark from now on."""
        self._left.pop(mark.key, None)
        mark = replace(mark, device=file.device, inode=file.inode, moved=mark.moved or file.path != mark.path)
        if file.packed != mark.packed:
            mark = replace(mark, packed=file.packed, size=-1)
        self._found.append(Stretch(file, mark))
        self._keys.add(file.key)
        self._taken.setdefault(mark.path, []).append(file)

    def _follow_away(self, asked: dict[str, str], fresh: list[File]) -> None:
        """Finds what is no longer where it was."""
        for mark in [mark for mark in self._left.values() if mark.path in asked]:
            beside = self._folders.beside(mark.path, asked[mark.path])
            same = (file for file in beside if file.key == mark.key and fits(file, mark, self._settings))
            file = next(same, None) or self._by_content(mark, [*fresh, *beside])
            if file is not None:
                self._take(file, mark)
                fresh[:] = [one for one in fresh if one.key != file.key]
                continue
            del self._left[mark.key]
            if not mark.moved:
                self._steady = False
                message = "was truncated or is gone, and no copy of it was found: what its end held may be missing"
                self._notify(Notice("rotated-away", message, asked[mark.path]))

    def _by_content(self, mark: Bookmark, files: Sequence[File]) -> File | None:
        if not mark.head_size:
            return None
        candidates = (file for file in files if file.path != mark.path and not self._is_known(file))
        return next((file for file in candidates if fits(file, mark, self._settings)), None)

    def _is_known(self, file: File) -> bool:
        """Whether a bookmark is this file's; the number alone may be that of one that was deleted."""
        if file.key in self._keys:
            return True
        mark = self._left.get(file.key)
        return mark is not None and fits(file, mark, self._settings)

    def _is_copy(self, file: File) -> bool:
        """Whether it is being copied or compressed, and what it is made of can still be read itself."""
        folder, base = os.path.split(file.path)
        origins = (os.path.join(folder, origin) for origin in versions_of(base))  # noqa: PTH118
        others = (other for origin in origins for other in self._taken.get(origin, ()))
        return any(not other.packed and is_copy(file, other, self._settings) for other in others)

    def _generations(self, path: str, name: str) -> Iterator[File]:
        """Files beside a log that are older versions of it, and that no bookmark knows."""
        return (file for file in self._folders.beside(path, name) if not self._is_known(file))

    def _passed_over(self, path: str, name: str, there: Sequence[File]) -> Iterator[Bookmark]:
        """Bookmarks at the end of the older versions of a log that is read for the first time: nobody named them."""
        named = {file.key for file in there}
        for file in self._generations(path, name):
            if file.key in named:
                continue
            if file.packed:
                yield replace(_unread(file, path), size=file.size, moved=True)
                continue
            try:
                with opened(file.path) as descriptor:
                    yield replace(mark_at(descriptor, path, file.size, 0), moved=True)
            except OSError:
                continue


def _unread(file: File, path: str) -> Bookmark:
    return Bookmark(path, file.device, file.inode, size=-1, packed=file.packed)


def where_is(file: File) -> str:
    """The path at which a file is now, if it was renamed as logs are. Raises FileNotFoundError if it is at none."""
    folder = os.path.dirname(file.path)  # noqa: PTH120
    try:
        if os.stat(file.path).st_ino == file.inode:  # noqa: PTH116
            return file.path
    except FileNotFoundError:
        pass
    names = {number: name for name, number in _listed(folder).items()}
    if file.inode not in names:
        raise FileNotFoundError(file.path)
    return os.path.join(folder, names[file.inode])  # noqa: PTH118


class _Folders:
    """The older versions of logs, by the log's path: ``app.log.1`` and ``app-20260301.log`` beside ``app.log``."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, int]] = {}
        self._versions: dict[str, dict[str, list[str]]] = {}
        self._files: dict[str, list[File]] = {}

    def look(self, folder: str) -> None:
        """Lists a folder, once."""
        if folder not in self._seen:
            names = self._seen[folder] = _listed(folder)
            versions: dict[str, list[str]] = {}
            self._versions[folder] = versions
            for name in names:
                for base in versions_of(name):
                    versions.setdefault(base, []).append(name)

    def are_unchanged(self) -> bool:
        """Whether every folder still holds the same files under the same names."""
        return all(_listed(folder) == seen for folder, seen in self._seen.items())

    def beside(self, path: str, name: str) -> Sequence[File]:
        """Those of the log at ``path``, called as the user calls the log. Each is looked at once."""
        folder, base = os.path.split(path)
        self.look(folder)
        if path not in self._files:
            names = self._versions[folder].get(base, ())
            near = os.path.dirname(name)  # noqa: PTH120
            looked = (look_at(os.path.join(near, other), guessed=True) for other in names)  # noqa: PTH118
            self._files[path] = [file for file in looked if file is not None]
        return self._files[path]


def _listed(folder: str) -> dict[str, int]:
    """The files that may be versions of a log, with their numbers."""
    try:
        files = (entry for entry in os.scandir(folder) if _ROTATED.search(entry.name))
        return {file.name: file.inode() for file in sorted(files, key=lambda file: file.name)}
    except OSError:
        return {}


def versions_of(name: str) -> Iterator[str]:
    """Every name that a log may have had before it was renamed to this one."""
    _, dot, extension = name.rpartition(".")
    for at, letter in enumerate(name):
        if at and letter in "._-" and _ROTATED.fullmatch(name, at):
            yield name[:at]
            if dot and extension == "log":
                yield f"{name[:at]}.{extension}"
