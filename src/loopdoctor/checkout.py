"""Where in the user's own checkout a file is that a log names: the log was often written elsewhere, under another root.

    /app/src/shop/worker.py, C:\\build\\src\\shop\\worker.py  ->  src/shop/worker.py

What a log names is not trusted: only Python sources inside the root are found and read, never through a link that
leads out of it, so that no log can have another file quoted in a report.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import islice
from pathlib import Path, PurePosixPath

from loopdoctor.patterns import lazy

SOURCES = (".py", ".pyw", ".pyx", ".pyi")
MAX_ENTRIES = 50_000
"""Directory entries looked at before the search is given up: some 0.2 s, and more than most repositories have."""

MAX_DEPTH = 16
MAX_SOURCE = 2 << 20
MAX_PATH = 4096
_WIDEST = 400

# Copies of the sources, and other people's: neither is where the user would mend anything.
_OTHERS = frozenset({"node_modules", "site-packages", "dist-packages", "__pycache__", "build", "dist"})
_NOT_OURS = lazy(
    r"(?:^|[\\/])(?:site|dist)-packages[\\/]|(?:^|[\\/])(?:lib|lib64|Lib)[\\/](?:python|pypy)3?(?:\.\d+)?t?[\\/]"
    r"|[\\/][Pp]ython3?\d*[\\/][Ll]ib[\\/]"
)
_DRIVE = lazy(r"^(?:file:/{2,3})?(?:[A-Za-z]:)?")
_SEPARATORS = lazy(r"[\\/]+")

# The names that so many directories have that the name alone says nothing.
_COMMON = frozenset({"__init__.py", "__main__.py", "main.py", "app.py", "conftest.py", "setup.py", "manage.py"})


def find_checkout(start: str | None = None, environment: Mapping[str, str] | None = None) -> Checkout | None:
    """The checkout that ``start`` (default: the working directory) lies in; None if the directory is gone.

    Under GitHub Actions and GitLab CI it is what they checked out, since the paths in their reports count from there;
    else the nearest directory above that holds ``.git`` or ``pyproject.toml``, else ``start`` itself.
    Sources: https://docs.github.com/en/actions/reference/workflows-and-actions/variables (GITHUB_WORKSPACE),
    https://docs.gitlab.com/ci/variables/predefined_variables/ (CI_PROJECT_DIR).
    """
    environment = os.environ if environment is None else environment
    try:
        folder = Path(start or Path.cwd()).absolute()
    except OSError:
        return None
    for name in ("GITHUB_WORKSPACE", "CI_PROJECT_DIR"):
        given = environment.get(name)
        if given and Path(given).is_dir():
            return Checkout(given)
    for directory in (folder, *folder.parents):
        if (directory / ".git").exists() or (directory / "pyproject.toml").is_file():
            return Checkout(str(directory))
    return Checkout(str(folder))


class Checkout:
    """The Python sources below ``root``. Nothing is read before the first question; answers are kept."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        self._spelled = (os.path.abspath(root), self.root)  # noqa: PTH100
        self._names: dict[str, list[tuple[str, ...]]] | None = None
        self._complete = True
        self._found: dict[tuple[str, int | None, str], str | None] = {}

    def find(self, file: str, line: int | None = None, source: str = "") -> str | None:
        """The checkout's file that a log calls ``file``: its path from the root, with slashes; None if none is sure.

        The file whose path ends as ``file`` does, in most components. Of several that end alike the one counts
        whose ``line`` reads as ``source`` (the text that the traceback shows); where that does not tell them apart
        either, or the name alone is alike and says little, there is no answer.
        """
        key = (file, line, source)
        if key not in self._found:
            self._found[key] = self._find(file, line, source.strip())
        return self._found[key]

    def lines(self, file: str, line: int, around: int = 2) -> list[tuple[int, str]]:
        """Line ``line`` of a file that ``find`` gave and up to ``around`` before and after it, each with its number.

        Line ends are taken off, what is no UTF-8 is replaced, long lines are cut; empty if there is no such line.
        """
        texts = self._read(file)
        if not 1 <= line <= len(texts):
            return []
        first = max(1, line - around)
        return [(first + n, text[:_WIDEST]) for n, text in enumerate(texts[first - 1 : line + around])]

    def relative(self, path: str) -> str | None:
        """A path as it was given on the command line, from the root and with slashes; None if it lies outside."""
        if "\0" in path or len(path) > MAX_PATH:
            return None
        try:
            whole = os.path.realpath(path)
            return Path(whole).relative_to(self.root).as_posix() if os.path.isfile(whole) else None  # noqa: PTH113
        except (OSError, ValueError):
            return None

    def _find(self, file: str, line: int | None, source: str) -> str | None:
        parts = _components(file)
        if not parts:
            return None
        inside = self._below(file)
        if inside is not None and self._ours(inside):
            return inside
        best = self._alike(parts)
        if len(best) > 1 or (best and self._weak(best[0], parts)):
            if not source or line is None:
                best = [] if len(best) > 1 or parts[-1] in _COMMON else best
            else:
                best = [path for path in best if self._says(path, line, source)]
        return "/".join(best[0]) if len(best) == 1 else None

    def _below(self, file: str) -> str | None:
        """An absolute path without the root that it begins with, told by its letters alone.

        The file system is not asked: what a log names may be another machine's share, or a device.
        """
        whole = os.path.normpath(file)
        for root in self._spelled:
            if whole.startswith(root + os.sep):
                return whole[len(root) + 1 :].replace(os.sep, "/")
        return None

    def _alike(self, parts: tuple[str, ...]) -> list[tuple[str, ...]]:
        """The files whose paths have the longest end in common with ``parts``; those that lie in it whole go first."""
        known = self._index().get(parts[-1], [])
        if not self._complete:  # others may be alike that were not seen: only whole paths are sure
            known = [tail for n in range(len(parts)) if self._ours("/".join(tail := parts[n:]))]
        scores = {path: (_common_end(path, parts), _common_end(path, parts) == len(path)) for path in known}
        most = max(scores.values(), default=None)
        return [path for path, score in scores.items() if score == most]

    @staticmethod
    def _weak(path: tuple[str, ...], parts: tuple[str, ...]) -> bool:
        """Only the name is alike, though both stand in directories."""
        return len(path) > 1 and len(parts) > 1 and _common_end(path, parts) == 1

    def _says(self, path: tuple[str, ...], line: int, source: str) -> bool:
        found = self.lines("/".join(path), line, 0)
        return bool(found) and found[0][1].strip()[:_WIDEST] == source[:_WIDEST]

    def _ours(self, path: str) -> bool:
        """Whether ``path``, from the root, is a Python source that lies inside even when all links are followed."""
        if not path.endswith(SOURCES) or _NOT_OURS.search(path) or any(_hidden(part) for part in path.split("/")):
            return False
        return self.relative(os.path.join(self.root, *path.split("/"))) is not None  # noqa: PTH118

    def _read(self, file: str) -> list[str]:
        if "\0" in file or PurePosixPath(file).is_absolute() or ".." in file.split("/") or not self._ours(file):
            return []
        try:
            with Path(self.root, *file.split("/")).open("rb") as stream:
                data = stream.read(MAX_SOURCE + 1)
        except OSError:
            return []
        # A source longer than that was not written by hand; its lines would be numbered right, but for nothing.
        return re.split("\r\n|\r|\n", data.decode("utf-8-sig", "replace")) if len(data) <= MAX_SOURCE else []

    def _index(self) -> dict[str, list[tuple[str, ...]]]:
        """The paths of all sources by name; nearest to the root first, so that a limit drops the deepest."""
        if self._names is not None:
            return self._names
        names: dict[str, list[tuple[str, ...]]] = {}
        seen = 0
        level: list[tuple[str, ...]] = [()]
        while level and self._complete:
            deeper: list[tuple[str, ...]] = []
            for folder in level:
                entries, looked_at = _entries(os.path.join(self.root, *folder), MAX_ENTRIES - seen + 1)  # noqa: PTH118
                seen += looked_at
                for name, is_folder in entries:
                    if is_folder:
                        deeper.append((*folder, name))
                    else:
                        names.setdefault(name, []).append((*folder, name))
                if seen > MAX_ENTRIES:
                    self._complete = False
                    break
            level = [folder for folder in deeper if len(folder) <= MAX_DEPTH]
        self._names = names
        return names


def _entries(folder: str, most: int) -> tuple[list[tuple[str, bool]], int]:
    """The names in ``folder`` that matter (sources, directories), and how many of all were looked at, at most ``most``.

    Links, hidden names and what other people wrote are left out.
    """
    found: list[tuple[str, bool]] = []
    looked_at = 0
    try:
        with os.scandir(folder) as entries:
            for entry in islice(entries, most):
                looked_at += 1
                name = entry.name
                if name == "pyvenv.cfg":
                    return [], looked_at
                is_folder = entry.is_dir(follow_symlinks=False)
                if _hidden(name) or (is_folder and name in _OTHERS):
                    continue
                if is_folder or (name.endswith(SOURCES) and entry.is_file(follow_symlinks=False)):
                    found.append((name, is_folder))
    except OSError:
        return [], looked_at
    return sorted(found), looked_at


def _components(file: str) -> tuple[str, ...]:
    """The parts of a path as Linux, macOS or Windows write it, without root and drive; () if it is no file of ours."""
    if not file.endswith(SOURCES) or len(file) > MAX_PATH or "\0" in file or file.startswith("<"):
        return ()
    if _NOT_OURS.search(file):
        return ()
    parts = [part for part in _SEPARATORS.split(_DRIVE.sub("", file, count=1)) if part not in ("", ".")]
    if ".." in parts:
        parts = parts[len(parts) - parts[::-1].index("..") :]
    return tuple(parts[-MAX_DEPTH - 1 :])


def _common_end(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        count += 1
    return count


def _hidden(name: str) -> bool:
    return name.startswith(".")
